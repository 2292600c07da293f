"""Repositories of invented records, and a second reading of their history.

`GitArchive` writes commits by `git fast-import`. `second_reading` shares nothing with the importer:
it checks out nothing and compares nothing step by step, but lists all files of every commit, reads
each with PyYAML, and compares neighbours.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

START = 1_600_000_000
STEP = 3_600
WORDS = (
    *("harbour", "lantern", "ferry", "council", "bridge", "winter", "market", "signal"),
    *("orchard", "engine", "harvest", "museum", "railway", "storm", "archive", "violin"),
)
TOPICS = ("Harbour", "Trains", "Weather", "Music", "Boats")


def git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """Run git in a folder, and return what it prints."""
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


class GitArchive:
    """A bare or whole repository that grows commit by commit. `files` is what HEAD holds."""

    def __init__(self, folder: Path, *, branch: str = "main") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", branch)
        git(folder, "config", "user.name", "Test")
        git(folder, "config", "user.email", "test@example.test")
        self.folder = folder
        self.branch = branch
        self.files: dict[str, bytes | tuple[str, str]] = {}
        self.time = START
        self._stream: list[bytes] = []
        self._written: dict[str, bytes | tuple[str, str]] = {}
        self.is_empty = True

    def commit(self, *, merge: str | None = None, branch: str | None = None, at: int = 0) -> None:
        """Note what changed in `files` as a commit; `merge` is a branch to merge."""
        self.time += STEP
        ref = f"refs/heads/{branch or self.branch}"
        who = f"Test <test@example.test> {at or self.time} +0000"
        lines = [f"commit {ref}\ncommitter {who}\ndata 1\nx\n".encode()]
        if not self.is_empty and not self._stream:
            lines.append(f"from {ref}^0\n".encode())
        if merge:
            lines.append(f"merge refs/heads/{merge}\n".encode())
        lines += [b"D " + _quoted(path) + b"\n" for path in self._written if path not in self.files]
        for path, content in self.files.items():
            if self._written.get(path) != content:
                if isinstance(content, tuple):
                    lines.append(f"M {content[0]} {content[1]} ".encode() + _quoted(path) + b"\n")
                else:
                    lines.append(b"M 100644 inline " + _quoted(path) + b"\n")
                    lines.append(b"data %d\n" % len(content) + content + b"\n")
        self._written = dict(self.files)
        self._stream.append(b"".join(lines))
        self.is_empty = False

    def forget(self) -> None:
        """Write all files again in the next commit."""
        self._written = {}

    def fork(self, branch: str) -> None:
        """Begin another branch where this one stands."""
        self._stream.append(f"reset refs/heads/{branch}\nfrom refs/heads/{self.branch}\n".encode())

    def finish(self) -> None:
        """Write the commits noted so far, and put the working tree where HEAD is."""
        git(self.folder, "fast-import", "--quiet", "--force", data=b"".join(self._stream))
        self._stream = []
        git(self.folder, "reset", "-q", "--hard")


def _quoted(path: str) -> bytes:
    data = path.encode("utf-8", "surrogateescape")
    return b'"' + re.sub(rb'["\\\n]', lambda m: b"\\%03o" % m[0][0], data) + b'"'


def record(rng: random.Random, **keys: Any) -> dict[str, Any]:
    """Return the keys of an invented record."""
    return {
        "title": " ".join(rng.sample(WORDS, 4)),
        "excerpt": " ".join(rng.choices(WORDS, k=12)),
        "publishedDateTime": "2020-09-14T08:00:00Z",
        "webUrl": f"https://{rng.choice(WORDS)}.example.test/{rng.randrange(10**6)}",
        "type": "article",
        "heat": rng.randrange(100),
        "quality": rng.randrange(100),
        "provider": {"name": "The Lantern", "domain": "lantern.example.test"},
        "topics": rng.sample(TOPICS, 2),
        "images": [{"url": f"https://lantern.example.test/{rng.choice(WORDS)}.png", "width": 10}],
        "secured": f"{rng.randrange(10**20):020}{rng.randrange(10**20):020}",
        "body": "\n\n".join(" ".join(rng.choices(WORDS, k=20)) for _ in range(3)),
        **keys,
    }


def as_file(keys: dict[str, Any], *, crlf: bool = False) -> bytes:
    """Return a record as a file: Markdown with front matter."""
    front = {key: value for key, value in keys.items() if key != "body"}
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    text = f"---\n{text}---\n\n{keys.get('body', '')}\n"
    return (text.replace("\n", "\r\n") if crlf else text).encode()


class RandomNews:
    """Random commits to an archive: edits, noise, renames, removals, merges, broken files."""

    def __init__(self, archive: GitArchive, rng: random.Random, folder: str = "news/") -> None:
        self.archive = archive
        self.rng = rng
        self.folder = folder
        self.records: dict[str, dict[str, Any]] = {}
        self.gone: dict[str, dict[str, Any]] = {}
        self.number = 0

    def commits(self, count: int) -> None:
        """Add commits; every seventh or so is a merge of a branch with one of its own."""
        for _ in range(count):
            for _ in range(self.rng.randrange(1, 4)):
                self._change()
            if self.rng.random() < 0.15 and not self.archive.is_empty:
                self.number += 1
                self.archive.fork(f"side-{self.number}")
                self.archive.commit(branch=f"side-{self.number}")
                # The merge brings it to the first parent, which has none of it yet.
                self.archive.forget()
                self.archive.commit(merge=f"side-{self.number}")
            else:
                self.archive.commit()

    def _change(self) -> None:  # noqa: C901 one case after the other
        rng, records = self.rng, self.records
        if len(records) < 8 or rng.random() < 0.1:
            self.number += 1
            odd = ("", " a blank", "-ä", "-'quoted\"", "-星", "-%41", "$(x)")[rng.randrange(7)]
            name = f"{self.folder}2020-09-{self.number:04}-{rng.choice(WORDS)}{odd}.md"
            self._put(name, record(rng))
            return
        name = rng.choice(sorted(records))
        keys = dict(records[name])
        match rng.randrange(14):
            case 0 | 1:
                keys["title"] = " ".join(rng.sample(WORDS, 4))
            case 2 | 3:
                words = str(keys["body"]).split(" ")
                words[rng.randrange(len(words))] = rng.choice(WORDS)
                keys["body"] = " ".join(words)
            case 4:
                keys["topics"] = rng.sample(keys["topics"] or TOPICS, len(keys["topics"] or "ab"))
                if rng.random() < 0.7:
                    keys["topics"] = rng.sample(TOPICS, rng.randrange(4))
            case 5:
                keys["heat"], keys["quality"] = rng.randrange(100), rng.randrange(100)
            case 6:
                keys["secured"] = f"{rng.randrange(10**20):020}{rng.randrange(10**20):020}"
            case 7:
                self.archive.files[name] = as_file(keys, crlf=True)
                return
            case 8:
                keys["ratings"] = {"stars": rng.randrange(5), "note": "<b>&amp; "}
            case 9:
                keys["images"] = [*keys["images"][-2:], {"url": f"/{rng.choice(WORDS)}.png"}]
            case 10:
                del records[name], self.archive.files[name]
                self.gone[name] = keys
                return
            case 11 if self.gone:
                name = rng.choice(sorted(self.gone))
                keys = self.gone.pop(name)
            case 12:
                self.number += 1
                del records[name], self.archive.files[name]
                name = f"{self.folder}2020-10-{self.number:04}-moved.md"
            case _:
                self.archive.files[name] = b"---\ntitle: [unclosed\n---\n"
                return
        self._put(name, keys)

    def _put(self, name: str, keys: dict[str, Any]) -> None:
        self.records[name] = keys
        self.archive.files[name] = as_file(keys)


# A second reading

COLUMNS = {
    "title": "title",
    "excerpt": "excerpt",
    "publishedDateTime": "published_at",
    "webUrl": "web_url",
    "type": "type",
    "heat": "heat",
    "quality": "quality",
    "body": "body",
}
KNOWN = {*COLUMNS, "provider", "topics", "images", "secured"}
Changes = set[tuple[str, str | None, str | None]]


def _file(data: bytes) -> dict[str, Any] | None:
    text = data.decode().replace("\r\n", "\n")
    _, front, body = text.split("---\n", 2)
    try:
        keys = yaml.load(front, yaml.BaseLoader)
    except yaml.YAMLError:
        return None
    return {**keys, "body": body.strip("\n")}


def _values(keys: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says, as the columns and lists of the archive's tables have it."""
    said: dict[str, Any] = {
        column: str(keys[key]) for key, column in COLUMNS.items() if keys.get(key)
    }
    said |= {
        f"extra.{key}": json.loads(json.dumps(value))
        for key, value in keys.items()
        if key not in KNOWN
    }
    topics = [str(topic) for topic in keys.get("topics") or []]
    said["topic"] = {topic: topic for topic in topics}
    images: dict[str, Any] = {}
    for image in keys.get("images") or []:
        again = sum(str(key).split(" (")[0] == image["url"] for key in images) + 1
        key = image["url"] if again == 1 else f"{image['url']} ({again})"
        images[key] = {"key": key, **image}
    said["image"] = images
    return said


def _compared(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    found: Changes = set()
    for name in {*before, *after} - {"topic", "image"}:
        if before.get(name) != after.get(name):
            found.add((name, _plain(before.get(name)), _plain(after.get(name))))
    for name in ("topic", "image"):
        olds, news = before[name], after[name]
        for key in {*olds, *news}:
            if olds.get(key) != news.get(key):
                found.add((name, _plain(olds.get(key)), _plain(news.get(key))))
        old_order = [key for key in olds if key in news]
        new_order = [key for key in news if key in olds]
        if old_order != new_order:
            found.add((f"{name} order", _plain(old_order), _plain(new_order)))
    return found


def _plain(value: Any) -> str | None:
    """Return a value so that both readings write it alike: JSON without types and order."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(_texts(value), sort_keys=True)


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def second_reading(  # noqa: C901 the whole of a plain reading, from top to bottom
    folder: Path, below: str = "news/"
) -> tuple[list[Any], list[Any]]:
    """Return the versions and the removed articles of a history, read a second way."""
    lines = git(folder, "log", "--first-parent", "--format=%H %ct", "--reverse").decode().split()
    blobs: dict[str, bytes] = {}
    versions: dict[str, list[list[Any]]] = {}
    said: dict[str, dict[str, Any]] = {}
    removed: dict[str, tuple[str | None, str]] = {}
    there: dict[str, str] = {}  # article: file
    good: dict[str, dict[str, Any]] = {}  # file: what could be read of it
    tree: dict[str, str] = {}
    parent = ""
    for commit, seconds in zip(lines[::2], lines[1::2], strict=True):
        at = _time(int(seconds))
        before, tree = tree, _tree(folder, commit, below)
        moved = _renamed(folder, parent, commit) if parent else {}
        parent = commit
        touched = {path for path, blob in tree.items() if before.get(path) != blob}
        unread = set()
        for path in touched:
            if tree[path] not in blobs:
                blobs[tree[path]] = git(folder, "cat-file", "blob", tree[path])
            keys = _file(blobs[tree[path]])
            if keys is not None:
                good[path] = _values(keys)
            else:
                unread.add(path)
        good = {path: values for path, values in good.items() if path in tree}
        now = {}
        for path in sorted(good, reverse=True):
            now[path.rpartition("/")[2].removesuffix(".md")] = path
        for path, old_path in moved.items():
            old, new = (each.rpartition("/")[2].removesuffix(".md") for each in (old_path, path))
            if old in there and old not in now and new in now and new not in versions:
                versions[new], said[new] = versions.pop(old), {**said.pop(old), "id": old}
                removed = {k: (new if to == old else to, when) for k, (to, when) in removed.items()}
                removed[old] = (new, at)
                there[new] = there.pop(old)
        for article in sorted({*there, *now}):
            if article not in now:
                removed[article] = (None, at)
                continue
            path = now[article]
            values = {**good[path], "id": article}
            if article not in versions:
                removed.pop(article, None)
                versions[article] = [[at, commit, set(), 0]]
            else:
                changes = _compared(said[article], values)
                if article not in there:
                    changes.add(("removed", removed.pop(article)[1], None))
                if changes:
                    versions[article].append([at, commit, changes, 0])
                elif path in touched - unread:
                    versions[article][-1][3] += 1
            said[article] = values
        there = now
    listed = [
        (article, number, at, commit, repeats, sorted(changes, key=str))
        for article, rows in sorted(versions.items())
        for number, (at, commit, changes, repeats) in enumerate(rows, 1)
    ]
    return listed, sorted((article, *gone) for article, gone in removed.items())


def _tree(folder: Path, commit: str, below: str) -> dict[str, str]:
    found = {}
    for line in git(folder, "ls-tree", "-r", "-z", commit).decode().split("\0")[:-1]:
        described, _, path = line.partition("\t")
        mode, kind, blob = described.split()
        is_file = kind == "blob" and mode.startswith("100")
        if is_file and path.startswith(below) and path.endswith(".md"):
            found[path] = blob
    return found


def _renamed(folder: Path, old: str, new: str) -> dict[str, str]:
    said = git(
        folder, "diff", "--name-status", "-z", "-M50%", "-l1000", "--diff-filter=R", old, new
    )
    parts = said.decode().split("\0")[:-1]
    return {parts[at + 2]: parts[at + 1] for at in range(0, len(parts), 3)}


def first_reading(db: Path) -> tuple[list[Any], list[Any]]:
    """Return the versions and the removed articles as the tables have them."""
    with closing(sqlite3.connect(db)) as connection:
        changes: dict[tuple[str, int], list[Any]] = {}
        for article, number, *change in connection.execute(
            "select article_id, number, field, before, after from article_changes"
        ):
            for at in (1, 2):
                text = change[at]
                if text and change[0].startswith(("extra.", "image", "topic ")):
                    change[at] = json.dumps(_texts(json.loads(text)), sort_keys=True)
            changes.setdefault((article, number), []).append(tuple(change))
        versions = [
            (*row, sorted(changes.pop((row[0], row[1]), []), key=str))
            for row in connection.execute(
                "select article_id, number, committed_at, commit_hash, repeats "
                "from article_versions order by 1, 2"
            )
        ]
        assert not changes
        removed = connection.execute(
            "select id, moved_to, removed_at from removed_articles order by id"
        ).fetchall()
        assert connection.execute("pragma foreign_key_check").fetchall() == []
    return versions, removed


def whole_history(db: Path) -> dict[str, list[Any]]:
    """Return every row of the tables of histories."""
    with closing(sqlite3.connect(db)) as connection:
        return {
            table: connection.execute(f"select * from {table} order by 1, 2, 3").fetchall()
            for table in ("article_versions", "article_changes", "removed_articles")
        }
