"""The tables of histories: written one commit after the other, in the transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from ... import schema
from ...changes import Change, kinds_of, size_of
from ..records import Article, Provider

STATE, FILES = schema.HISTORY_STATE

_SCHEMA = (
    f"""
CREATE TABLE IF NOT EXISTS {STATE} (
  folder TEXT PRIMARY KEY,   -- relative to the folder of this database
  last_commit TEXT NOT NULL, -- up to which the history is read
  reading TEXT NOT NULL      -- fingerprint of how files are read, and of where a clone was cut off
) WITHOUT ROWID
""",
    f"""
CREATE TABLE IF NOT EXISTS {FILES} (
  folder TEXT NOT NULL,
  path TEXT NOT NULL,        -- below the folder
  article_id TEXT NOT NULL,
  blob TEXT NOT NULL,        -- the last that could be read
  PRIMARY KEY (folder, path)
) WITHOUT ROWID
""",
    f"CREATE INDEX IF NOT EXISTS idx_{FILES}_article_id ON {FILES} (article_id, path)",
)
_LAST_SECOND = 253_402_300_799


@dataclass(slots=True)
class LastVersion:
    """The last version of an article: `is_there` tells whether a file still holds it."""

    article_id: str
    number: int
    path: str
    blob: str
    is_draft: bool
    is_there: bool
    removed_at: str | None
    article: Article | None = None


def utc(seconds: int) -> str:
    """Return a time of git as the tables have it; what no calendar has becomes its end."""
    moment = datetime.fromtimestamp(max(0, min(seconds, _LAST_SECOND)), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


class HistoryRows:
    """The rows of the histories of one database."""

    def __init__(self, db: Database) -> None:
        """Create the tables that remember how far a history is read."""
        self._db = db
        for statement in _SCHEMA:
            db.execute(statement)

    # How far it is read

    def state(self, folder: str) -> tuple[str, str] | None:
        """Return up to which commit a folder's history is read, and how its files were read."""
        found: tuple[str, str] | None = self._db.execute(
            f"SELECT last_commit, reading FROM {STATE} WHERE folder = ?", [folder]
        ).fetchone()
        return found

    def note(self, folder: str, commit: str, reading: str) -> None:
        """Remember up to which commit a folder's history is read."""
        self._db.execute(
            f"INSERT INTO {STATE} VALUES (?1, ?2, ?3) "
            "ON CONFLICT (folder) DO UPDATE SET last_commit = ?2, reading = ?3",
            [folder, commit, reading],
        )

    def clear(self) -> None:
        """Forget all histories: a rewritten one cannot be told from the others' rows."""
        for table in (*(table.name for table in schema.HISTORY_TABLES), STATE, FILES):
            self._db.execute(f"DELETE FROM {table}")

    # Files

    def article_of(self, folder: str, path: str) -> str | None:
        """Return the id of the article that a file holds."""
        row = self._db.execute(
            f"SELECT article_id FROM {FILES} WHERE folder = ? AND path = ?", [folder, path]
        ).fetchone()
        return row[0] if row else None

    def put_file(self, folder: str, path: str, article_id: str, blob: str) -> None:
        """Remember that a file holds an article."""
        self._db.execute(
            f"INSERT OR REPLACE INTO {FILES} VALUES (?, ?, ?, ?)", [folder, path, article_id, blob]
        )

    def drop_file(self, folder: str, path: str) -> None:
        """Remember that a file is gone, or holds no article."""
        self._db.execute(f"DELETE FROM {FILES} WHERE folder = ? AND path = ?", [folder, path])

    def holder(self, article_id: str) -> tuple[str, str, str] | None:
        """Return folder, path and blob of the file that holds an article: of the smallest path."""
        found: tuple[str, str, str] | None = self._db.execute(
            f"SELECT folder, path, blob FROM {FILES} WHERE article_id = ? "
            "ORDER BY path, folder LIMIT 1",
            [article_id],
        ).fetchone()
        return found

    def in_several_folders(self) -> list[tuple[str, str]]:
        """Return the articles that files of several folders hold now, each with its files."""
        folders = self._db.execute(f"SELECT count(*) FROM {STATE}").fetchone()[0]
        if folders < 2:
            return []
        return self._db.execute(
            f"SELECT article_id, group_concat(path, ', ') FROM {FILES} "
            "GROUP BY article_id HAVING min(folder) != max(folder) ORDER BY article_id"
        ).fetchall()

    # Versions

    def last(self, article_id: str) -> LastVersion | None:
        """Return the last version of an article, None where it has none."""
        row = self._db.execute(
            "SELECT number, path, blob, is_draft FROM article_versions "
            "WHERE article_id = ? ORDER BY number DESC LIMIT 1",
            [article_id],
        ).fetchone()
        if row is None:
            return None
        gone = self._db.execute(
            "SELECT removed_at FROM removed_articles WHERE id = ?", [article_id]
        ).fetchone()
        removed_at = gone[0] if gone else None
        number, path, blob, is_draft = row
        is_there = removed_at is None
        return LastVersion(article_id, number, path, blob, bool(is_draft), is_there, removed_at)

    def add(
        self,
        version: LastVersion,
        article: Article,
        commit: str,
        committed_at: str,
        changes: Sequence[Change],
    ) -> None:
        """Add a version, with what changed since the one before it."""
        provider = article.provider or Provider()
        self._db.execute(
            "INSERT INTO article_versions VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
            [
                *(version.article_id, version.number, committed_at, commit, kinds_of(changes)),
                *(size_of(changes), committed_at, version.is_draft, article.title, provider.domain),
                *(version.path, version.blob),
            ],
        )
        self._db.conn.executemany(
            "INSERT INTO article_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(version.article_id, version.number, position, committed_at, change.kind),
                    *(change.field, change.size, provider.domain, change.before, change.after),
                )
                for position, change in enumerate(changes)
            ),
        )

    def repeat(self, version: LastVersion, committed_at: str) -> None:
        """Count a commit that says the same as the last version."""
        self._db.execute(
            "UPDATE article_versions SET repeats = repeats + 1, last_committed_at = ? "
            "WHERE article_id = ? AND number = ?",
            [committed_at, version.article_id, version.number],
        )

    # Removed and moved articles

    def remove(
        self, version: LastVersion, article: Article | None, commit: str, removed_at: str
    ) -> None:
        """Keep what an article said that no file holds any more."""
        provider = (article.provider if article else None) or Provider()
        said = article or Article(version.article_id, "")
        self._db.execute(
            "INSERT OR REPLACE INTO removed_articles "
            f"VALUES (?, NULL, {', '.join('?' * 13)}, {_SEEN}, ?, ?)",
            [
                *(version.article_id, said.title or None, provider.domain, provider.name),
                *(said.published_at, said.type, said.category, said.heat, said.quality),
                *(said.published, said.excerpt, said.body, said.url),
                json.dumps(said.topics, ensure_ascii=False),
                *(version.article_id, version.article_id, removed_at, commit),
            ],
        )

    def restore(self, article_id: str) -> None:
        """Forget that an article was removed."""
        self._db.execute("DELETE FROM removed_articles WHERE id = ?", [article_id])

    def move(self, old: str, new: str, commit: str, moved_at: str) -> None:
        """Give the history of an article to the id that its file has now."""
        execute = self._db.execute
        execute("PRAGMA defer_foreign_keys = ON")
        execute("UPDATE article_versions SET article_id = ? WHERE article_id = ?", [new, old])
        execute("UPDATE article_changes SET article_id = ? WHERE article_id = ?", [new, old])
        execute("UPDATE removed_articles SET moved_to = ? WHERE moved_to = ?", [new, old])
        # The id may have been that of an article that moved away.
        execute("DELETE FROM removed_articles WHERE id = ?", [new])
        execute(
            "INSERT OR REPLACE INTO removed_articles "
            "(id, moved_to, first_seen_at, last_seen_at, removed_at, commit_hash) "
            f"VALUES (?, ?, {_SEEN}, ?, ?)",
            [old, new, new, new, moved_at, commit],
        )

    def totals(self) -> dict[str, int]:
        """Return the rows of the tables of histories, and how many commits they stand for."""
        counts = {
            name: self._db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("article_versions", "article_changes", "removed_articles")
        }
        repeats = self._db.execute("SELECT coalesce(sum(repeats), 0) FROM article_versions")
        return {**counts, "repeats": repeats.fetchone()[0]}


_SEEN = (
    "(SELECT committed_at FROM article_versions WHERE article_id = ? ORDER BY number LIMIT 1), "
    "(SELECT last_committed_at FROM article_versions WHERE article_id = ? "
    "ORDER BY number DESC LIMIT 1)"
)
