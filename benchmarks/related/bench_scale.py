"""How many seconds `newsfeed relate` takes, on made-up articles.

    make bench-related-scale

Each size runs in a process of its own, so that its peak of memory is its own. Articles
come at 55 a day from 300 providers; one in three is one of several reports of one event,
half of whose words it shares. Words are drawn by Zipf's law from 60,000.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

A_DAY = 55
WORDS, TOPICS, PROVIDERS = 60_000, 200, 300
FIRST_DAY = datetime(2019, 1, 1)
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "or")]


def vocabulary(dice: random.Random) -> list[str]:
    """Made-up words, each once."""
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))] = None
    return list(words)


def articles(count: int, seed: int = 7, start: int = 0) -> Iterator[dict[str, Any]]:
    """Yield rows of articles with their topics."""
    words = vocabulary(random.Random(1))
    reach = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
    dice = random.Random(seed)
    events: list[tuple[list[str], int]] = []
    for number in range(start, start + count):
        at = FIRST_DAY + timedelta(days=number / A_DAY)
        events = [event for event in events if event[1] > number - 2 * A_DAY]
        own = dice.choices(words, cum_weights=reach, k=28)
        if dice.random() < 0.33:
            if not events or dice.random() < 0.35:
                events.append((dice.choices(words[300:], k=14), number))
            told = dice.choice(events)[0]
            own = [*dice.sample(told, 10), *own[:18]]
        title = own[:9]
        dice.shuffle(title)
        yield {
            "id": f"{at:%Y-%m-%d}-{number}",
            "title": " ".join(title).capitalize(),
            "excerpt": " ".join([*own[9:], "with the", *title[:4]]),
            "published_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "provider_id": f"paper-{dice.randrange(PROVIDERS)}.example",
            "topics": {f"Topic {int(TOPICS * dice.random() ** 2)}" for _ in range(3)},
        }


def store(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write articles straight into the tables: imports are measured elsewhere."""
    from sqlite_utils import Database

    from datasette_newsfeed import schema

    db = Database(path)
    schema.create(db)
    with db.atomic():
        for row in rows:
            topics = row.pop("topics")
            db.execute("INSERT OR IGNORE INTO providers (domain) VALUES (?)", [row["provider_id"]])
            db.execute(
                "INSERT INTO articles (id, title, excerpt, published_at, provider_id) "
                "VALUES (:id, :title, :excerpt, :published_at, :provider_id)",
                row,
            )
            for position, topic in enumerate(sorted(topics)):
                db.execute("INSERT OR IGNORE INTO topics VALUES (?)", [topic])
                db.execute(
                    "INSERT INTO article_topics VALUES (?, ?, ?)", [row["id"], topic, position]
                )
    db.conn.close()


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Return seconds of processor time and megabytes of a run."""
    from datasette_newsfeed.archive.relate.run import relate_archive

    path = folder / f"{count}.db"
    store(path, articles(count))
    start, busy = time.perf_counter(), time.process_time()
    related = relate_archive(path)
    return {
        "articles": count,
        "seconds": round(time.perf_counter() - start, 1),
        "of processor": round(time.process_time() - busy, 1),
        "peak MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "stories": related.stories,
        "in stories": related.in_stories,
        "similar": related.similar,
    }


def main() -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--here", action="store_true", help="measure in this process")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        if arguments.here:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(measure(size, Path(folder))))
        else:
            subprocess.run([sys.executable, __file__, "--here", str(size)], check=True)


if __name__ == "__main__":
    main()
