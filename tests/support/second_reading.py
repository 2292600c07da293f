"""A second reading of a history, which shares nothing with the importer.

It checks out nothing, parses nothing and compares nothing step by step, but lists all files of
every commit, looks up what was written into each, and compares neighbours.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from git_archive import git
from random_history import RandomNews

LISTS = ("topic", "author", "image")
Changes = set[tuple[str, str | None, str | None]]
History = tuple[list[Any], list[Any]]


class SecondReading:
    """Reads what one made at random; what git says of a commit is asked once."""

    def __init__(self, news: RandomNews) -> None:
        self._news = news
        self._folder = news.archive.folder
        self._blobs: dict[str, bytes] = {}
        self._trees: dict[str, dict[str, str]] = {}
        self._moves: dict[tuple[str, str], dict[str, str]] = {}

    def of(self, head: str) -> History:
        """Return the versions and the removed articles up to a commit, by its configuration."""
        site = self.site(head)
        return _History(site, self).read(self._commits(head))

    def _commits(self, head: str) -> list[tuple[str, str]]:
        said = git(self._folder, "log", "--first-parent", "--format=%H %ct", "--reverse", head)
        lines = (line.split() for line in said.decode().splitlines())
        return [(commit, _time(int(seconds))) for commit, seconds in lines]

    def site(self, head: str) -> int:
        """Return the number of the configuration that a commit has."""
        if not self._news.writing.configuration:
            return 0
        return self._news.sites[
            git(self._folder, "show", f"{head}:{self._news.writing.configuration}")
        ]

    def tree(self, commit: str) -> dict[str, str]:
        """Return the regular record files of a commit below the imported folder: path, blob."""
        if commit in self._trees:
            return self._trees[commit]
        found = self._trees[commit] = {}
        for line in git(self._folder, "ls-tree", "-r", "-z", commit).decode().split("\0")[:-1]:
            described, _, path = line.partition("\t")
            mode, kind, blob = described.split()
            is_file = kind == "blob" and mode.startswith("100")
            if is_file and path.startswith(self._news.writing.folder) and path.endswith(".md"):
                found[path] = blob
        return found

    def moves(self, old: str, new: str) -> dict[str, str]:
        """Return the files that a commit renamed, with their paths before."""
        if (old, new) not in self._moves:
            said = git(
                *(self._folder, "diff", "--name-status", "-z", "-M50%", "-l1000"),
                *("--diff-filter=R", old, new),
            )
            parts = said.decode().split("\0")[:-1]
            self._moves[old, new] = {parts[at + 2]: parts[at + 1] for at in range(0, len(parts), 3)}
        return self._moves[old, new]

    def said(self, path: str, blob: str, site: int) -> tuple[bool, Any]:
        """Return whether a file can be read, and which article it holds, None for none."""
        if blob not in self._blobs:
            self._blobs[blob] = git(self._folder, "cat-file", "blob", blob)
        keys = self._news.written[path, self._blobs[blob]]
        return keys is not None, keys and self._news.writing.said(keys, site)


class _History:
    def __init__(self, site: int, git_says: SecondReading) -> None:
        self._site = site
        self._git = git_says
        self._versions: dict[str, list[list[Any]]] = {}
        self._said: dict[str, dict[str, Any]] = {}
        self._removed: dict[str, tuple[str | None, str, str | None]] = {}
        self._there: dict[str, str] = {}  # article: file
        self._good: dict[str, Any] = {}  # file: the article that it held when last readable

    def read(self, commits: list[tuple[str, str]]) -> History:
        parent, tree = "", {}
        for commit, at in commits:
            before, tree = tree, self._git.tree(commit)
            moved = self._git.moves(parent, commit) if parent else {}
            parent = commit
            held = dict(self._good)
            news = set()  # files with something that can be read
            for path, blob in tree.items():
                if before.get(path) != blob:
                    is_readable, article = self._git.said(path, blob, self._site)
                    if is_readable:
                        self._good[path] = article
                        news.add(path)
            self._good = {path: said for path, said in self._good.items() if path in tree}
            now: dict[str, str] = {}
            for path, article in sorted(self._good.items(), reverse=True):
                if article:
                    now[article[0]] = path
            for path in sorted(moved.keys() & news):
                old, new = held.get(moved[path]), self._good[path]
                if old and new and old[0] not in now and new[0] not in self._versions:
                    self._move(old[0], new[0], at)
            for article_id in sorted({*self._there, *now}):
                self._settle(article_id, now.get(article_id), news, commit, at)
            self._there = now
        versions = [
            (article, number, *row, sorted(changes, key=str))
            for article, rows in sorted(self._versions.items())
            for number, (*row, changes) in enumerate(rows, 1)
        ]
        return versions, sorted((article, *gone) for article, gone in self._removed.items())

    def _move(self, old: str, new: str, at: str) -> None:
        if old not in self._there:
            return
        self._versions[new] = self._versions.pop(old)
        self._said[new] = {**self._said.pop(old), "id": old}
        self._removed = {
            article: (new if to == old else to, *rest)
            for article, (to, *rest) in self._removed.items()
        }
        self._removed.pop(new, None)
        self._removed[old] = (new, at, None)
        self._there[new] = self._there.pop(old)

    def _settle(self, article: str, path: str | None, news: set[str], commit: str, at: str) -> None:
        if path is None:
            self._removed[article] = (None, at, self._said[article]["title"])
            return
        values = {"draft": "0", **self._good[path][1], "id": article}
        version = [
            *(at, commit, 0, at, int(values["draft"]), values["title"]),
            *(values.get("provider_id"), path.removeprefix(self._git._news.writing.folder)),
        ]
        if article not in self._versions:
            self._removed.pop(article, None)
            self._versions[article] = [[*version, set()]]
        else:
            changes = _compared(self._said[article], values)
            if article not in self._there:
                changes.add(("removed", self._removed.pop(article)[1], None))
            last = self._versions[article][-1]
            if changes:
                self._versions[article].append([*version, changes])
            elif path in news:
                last[2] += 1
                last[3] = at
        self._said[article] = values


def _compared(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    found: Changes = set()
    for name in {*before, *after} - {*LISTS}:
        if before.get(name) != after.get(name):
            found.add((name, _plain(before.get(name)), _plain(after.get(name))))
    for name in LISTS:
        olds, news = before.get(name, {}), after.get(name, {})
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


def first_reading(db: Path) -> History:
    """Return the versions and the removed articles as the tables have them."""
    with closing(sqlite3.connect(db)) as connection:
        changes: dict[tuple[str, int], list[Any]] = {}
        for article, number, *change in connection.execute(
            "select article_id, number, field, before, after from article_changes"
        ):
            for at in (1, 2):
                text = change[at]
                if text and change[0].startswith(("extra.", "image", "topic ", "author ")):
                    change[at] = _plain(json.loads(text))
            changes.setdefault((article, number), []).append(tuple(change))
        versions = [
            (*row, sorted(changes.pop((row[0], row[1]), []), key=str))
            for row in connection.execute(
                "select article_id, number, committed_at, commit_hash, repeats, last_committed_at,"
                " is_draft, title, provider_id, path from article_versions order by 1, 2"
            )
        ]
        assert not changes
        removed = connection.execute(
            "select id, moved_to, removed_at, title from removed_articles order by id"
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
