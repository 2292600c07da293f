"""Write the full text index from the rows of `articles`. See `tables` for the protocol.

All functions work in the transaction of their caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .plain_text import plain_text
from .tables import (
    COLUMNS,
    CREATE,
    CREATE_LOG,
    CREATE_LOG_INDEX,
    EVERY_ARTICLE,
    LOG,
    START_WRITING,
    STOP_WRITING,
    TABLE,
    TRIGGERS,
)
from .terms import indexed

Row = tuple[int, str | None, str | None, str | None]
"""Row number, title, excerpt and body, as `articles` has them."""

ROWS_AT_ONCE = 1_000
"""Rows whose texts are in memory at once while all are indexed."""

_NAMES = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO {TABLE} (rowid, {_NAMES}) VALUES (?, ?, ?, ?)"
_DELETE = f"INSERT INTO {TABLE} ({TABLE}, rowid, {_NAMES}) VALUES ('delete', ?, ?, ?, ?)"
_COMMAND = f"INSERT INTO {TABLE} ({TABLE}) VALUES (?)"
_ALL = f"SELECT rowid, {_NAMES} FROM articles WHERE rowid > ? ORDER BY rowid LIMIT {ROWS_AT_ONCE}"
_OF_IDS = f"SELECT rowid, {_NAMES} FROM articles WHERE id IN ({{ids}})"


def searchable_texts(title: str | None, excerpt: str | None, body: str | None) -> list[str]:
    """Return the texts of an article by which it is found, as its page shows them."""
    return [title or "", plain_text(excerpt), plain_text(body, is_markdown=True)]


def is_complete(conn: sqlite3.Connection) -> bool:
    """Return whether the tables and triggers are there, as this version makes them."""
    return _existing(conn) == {TABLE: CREATE, LOG: CREATE_LOG, **TRIGGERS}


def create(conn: sqlite3.Connection) -> None:
    """Create what is missing or differs. The index of another version goes; see `keep`."""
    existing = _existing(conn)
    for name in existing.keys() & TRIGGERS.keys():
        conn.execute(f"DROP TRIGGER {name}")
    if existing.get(TABLE) != CREATE:
        conn.execute(f"DROP TABLE IF EXISTS {TABLE}")
        conn.execute(CREATE)
    if existing.get(LOG) != CREATE_LOG:
        conn.execute(f"DROP TABLE IF EXISTS {LOG}")
        conn.execute(CREATE_LOG)
        conn.execute(CREATE_LOG_INDEX)
    elif existing.keys() & TRIGGERS.keys() != TRIGGERS.keys():
        # What was written without a trigger is not known: nothing in the index is to be trusted.
        conn.execute(_COMMAND, ["delete-all"])
    for sql in TRIGGERS.values():
        conn.execute(sql)


def is_current(conn: sqlite3.Connection) -> bool:
    """Return whether the index is up to date. Writes nothing."""
    if _rows(conn, f"SELECT 1 FROM {LOG} LIMIT 1"):
        return False
    return _indexed(conn) == int(_rows(conn, "SELECT count(*) FROM articles")[0][0])


def keep(conn: sqlite3.Connection) -> None:
    """Update the index with what other programs wrote, or rebuild it."""
    apply_log(conn)
    if not is_current(conn):
        rebuild(conn)


def rebuild(conn: sqlite3.Connection) -> None:
    """Rebuild the index from all articles."""
    empty(conn)
    after = -(2**63)
    while rows := _rows(conn, _ALL, [after]):
        _insert(conn, rows)
        after = rows[-1][0]


def empty(conn: sqlite3.Connection) -> None:
    """Remove everything from the index; the articles are left as they are."""
    conn.execute(_COMMAND, ["delete-all"])
    conn.execute(f"DELETE FROM {LOG}")


def optimize(conn: sqlite3.Connection) -> None:
    """Merge the index into one piece, the smallest and the fastest to read."""
    conn.execute(_COMMAND, ["optimize"])


def apply_log(conn: sqlite3.Connection) -> None:
    """Index the logged rows that other programs wrote, without their markup."""
    logged: list[Row] = _rows(conn, f"SELECT article, {_NAMES} FROM {LOG} ORDER BY article, rowid")
    if not logged:
        return
    numbers = sorted({row[0] for row in logged if row[0] is not None})
    as_written = {number for number, title, *_ in logged if title is None}
    outdated: dict[int, list[Row]] = {}
    for row in logged:
        if row[1] is not None:
            outdated.setdefault(row[0], []).append(row)
    select = f"SELECT rowid, {_NAMES} FROM articles WHERE rowid = ?"
    for number in numbers:
        current = _rows(conn, select, [number])
        # A term goes for a row as a whole: what stays is taken out with the rest, and put back.
        _delete(conn, outdated.get(number, ()))
        if number in as_written:
            conn.executemany(_DELETE, (_as_written(row) for row in current))
        else:
            _delete(conn, current)
        _insert(conn, current)
    conn.execute(f"DELETE FROM {LOG}")


@contextmanager
def following(conn: sqlite3.Connection, ids: str) -> Iterator[None]:
    """Index the changes that are made to some articles meanwhile: added, changed, removed.

    ids: SQL that selects their ids, the same before and after. An article whose texts stay
    the same costs nothing.
    """
    apply_log(conn)
    before = set(_rows(conn, _OF_IDS.format(ids=ids)))
    conn.execute(START_WRITING)
    yield
    conn.execute(STOP_WRITING)
    after = set(_rows(conn, _OF_IDS.format(ids=ids)))
    _delete(conn, sorted(before - after, key=_number))
    _insert(conn, sorted(after - before, key=_number))


def _number(row: Row) -> int:
    return row[0]


def _insert(conn: sqlite3.Connection, rows: Iterable[Row]) -> None:
    conn.executemany(_INSERT, map(_entry, rows))


def _delete(conn: sqlite3.Connection, rows: Iterable[Row]) -> None:
    conn.executemany(_DELETE, map(_entry, rows))


def _entry(row: Row) -> tuple[Any, ...]:
    """What the index is given for a row; the same to take it out again."""
    number, *texts = row
    title, *others = map(indexed, searchable_texts(*texts))
    return number, f"{title} {EVERY_ARTICLE}", *others


def _as_written(row: Row) -> tuple[Any, ...]:
    number, title, *others = row
    return number, f"{title} {EVERY_ARTICLE}", *others


def _indexed(conn: sqlite3.Connection) -> int:
    """Count the articles that are indexed by the rules of this version."""
    sql = f"SELECT count(*) FROM {TABLE} WHERE {TABLE} MATCH ?"
    return int(_rows(conn, sql, [f'"{EVERY_ARTICLE}"'])[0][0])


def _existing(conn: sqlite3.Connection) -> dict[str, str]:
    names = (TABLE, LOG, *TRIGGERS)
    marks = ", ".join("?" * len(names))
    sql = f"SELECT name, sql FROM sqlite_master WHERE name IN ({marks})"
    return dict(_rows(conn, sql, names))


def _rows(conn: sqlite3.Connection, sql: str, params: Sequence[Any] = ()) -> list[Any]:
    cursor = conn.cursor()
    cursor.row_factory = None  # whatever the connection makes of its rows
    return cursor.execute(sql, params).fetchall()
