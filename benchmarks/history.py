"""Measures `newsfeed history` on a generated repository: processor time and memory.

    python benchmarks/history.py VERSIONS [ARTICLES]

Writes records by `git fast-import`, one version a commit, in which two of three versions only
change what is encrypted or the heat. Prints what reading all of them costs, and a run with nothing
new.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

WORDS = [f"word{number}" for number in range(2000)]
FILES_A_COMMIT = 4


def main() -> None:
    """Generate, import, read, read again."""
    versions = int(sys.argv[1])
    articles = int(sys.argv[2]) if len(sys.argv) > 2 else max(100, versions // 20)
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repo"
        subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True)
        stream = subprocess.Popen(
            ["git", "fast-import", "--quiet"], cwd=repository, stdin=subprocess.PIPE
        )
        assert stream.stdin
        for part in _commits(versions, articles):
            stream.stdin.write(part)
        stream.stdin.close()
        assert stream.wait() == 0
        subprocess.run(["git", "reset", "-q", "--hard"], cwd=repository, check=True)
        database = Path(folder) / "news.db"
        _run("import", str(database), str(repository), "--no-relate")
        _run("history", str(database))
        _run("history", str(database))
        print(f"{database.stat().st_size:,} bytes")


def _run(*arguments: str) -> None:
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "sqlite_utils", "newsfeed", *arguments])
    # With its own git processes; the one that made the repository takes more than any of these.
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, arguments
    print(
        f"{arguments[0]}: {used.ru_utime + used.ru_stime:.1f} s of a core, "
        f"{time.monotonic() - start:.1f} s, {used.ru_maxrss // 1024} MiB",
        flush=True,
    )


def _commits(versions: int, articles: int) -> Iterator[bytes]:
    rng = random.Random(1)
    records = [_record(rng) for _ in range(articles)]
    done = number = 0
    while done < versions:
        number += 1
        who = f"committer T <t@t> {1_600_000_000 + number * 60} +0000"
        yield f"commit refs/heads/main\n{who}\ndata 1\nx\n".encode()
        for _ in range(min(FILES_A_COMMIT, versions - done)):
            at = done if done < articles else rng.randrange(articles)
            records[at] = _changed(rng, records[at]) if done >= articles else records[at]
            data = _file(records[at])
            yield f"M 100644 inline {at % 100:02}/2020-01-01-article-{at:07}.md\n".encode()
            yield b"data %d\n" % len(data) + data + b"\n"
            done += 1


def _record(rng: random.Random) -> dict[str, str]:
    return {
        "title": " ".join(rng.choices(WORDS, k=8)),
        "excerpt": " ".join(rng.choices(WORDS, k=40)),
        "heat": "10",
        "secured": f"{rng.getrandbits(800):x}",
        "body": " ".join(rng.choices(WORDS, k=60)),
    }


def _changed(rng: random.Random, record: dict[str, str]) -> dict[str, str]:
    match rng.randrange(6):
        case 0:
            return {**record, "title": " ".join(rng.choices(WORDS, k=8))}
        case 1:
            return {**record, "body": record["body"].replace("1", "2", 1)}
        case 2 | 3:
            return {**record, "heat": str(rng.randrange(100))}
    return {**record, "secured": f"{rng.getrandbits(800):x}"}


def _file(record: dict[str, str]) -> bytes:
    return f"""---
category: news
title: "{record["title"]}"
excerpt: "{record["excerpt"]}"
publishedDateTime: 2020-01-01T08:00:00Z
webUrl: "https://news.example.test/{record["title"][:20].replace(" ", "-")}"
type: article
quality: 50
heat: {record["heat"]}
published: true
provider:
  name: The Lantern
  domain: lantern.example.test
topics:
  - Harbour
  - Trains
images:
  - url: https://lantern.example.test/{record["title"][:6]}.png
    width: 1200
    height: 630
secured: "{record["secured"]}"
---

{record["body"]}
""".encode()


if __name__ == "__main__":
    main()
