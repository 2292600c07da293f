"""Whether stories and similar articles fit the articles: kept in DB-sources."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

VERSION = 2
"""Of the rule: what an older one found is stale."""
CURRENT, STALE = "current", "stale"

_TABLE = "CREATE TABLE IF NOT EXISTS relating (version INTEGER NOT NULL, state TEXT NOT NULL)"


class RelateState:
    """Whether the last run of `newsfeed relate` saw all that the archive holds.

    It is stale before the first article changes, and current after the last row was written.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        with db.atomic():
            db.execute(_TABLE)
        row = db.execute("SELECT version, state FROM relating").fetchone()
        self.is_current = row == (VERSION, CURRENT)

    def mark_stale(self) -> None:
        """Commit that the articles are about to change."""
        if self.is_current:
            self._mark(STALE)

    def mark_current(self) -> None:
        """Commit that the rows fit the articles."""
        self._mark(CURRENT)

    def _mark(self, state: str) -> None:
        self._db.execute("DELETE FROM relating")
        self._db.execute("INSERT INTO relating VALUES (?, ?)", [VERSION, state])
        if self._db.conn.in_transaction:
            self._db.commit()
        self.is_current = state == CURRENT


def is_known_stale(sources: Path) -> bool:
    """Tell whether DB-sources says that stories and similar articles are out of date.

    False where it says nothing: it is not there, or `relate` never ran.
    """
    if not sources.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{sources.resolve().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT version, state FROM relating").fetchone()
    except sqlite3.DatabaseError:  # an import is running, or nothing was ever compared
        return False
    return row not in (None, (VERSION, CURRENT))
