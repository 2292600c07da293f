"""Write the full text index from the rows of `articles`. See `tables` for the protocol.

All functions work in the transaction of their caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from . import words_and_addresses
from .index_terms import indexed
from .plain_text import plain_text
from .tables import (
    ADDRESSES,
    COLUMNS,
    CREATE,
    CREATE_ADDRESSES,
    CREATE_LOG,
    CREATE_LOG_INDEX,
    CREATE_WORDS,
    EVERY_ARTICLE,
    LOG,
    START_WRITING,
    STOP_WRITING,
    TABLE,
    TRIGGERS,
    WORDS,
)
from .words_and_addresses import WordCounts

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
_LOOKUPS = {WORDS: CREATE_WORDS, ADDRESSES: CREATE_ADDRESSES}


def searchable_texts(title: object, excerpt: object, body: object) -> list[str]:
    """Return the texts of an article by which it is found, as its page shows them.

    What another program wrote and is no text is not searched.
    """
    title, excerpt, body = (
        each if isinstance(each, str) else None for each in (title, excerpt, body)
    )
    return [title or "", plain_text(excerpt), plain_text(body, is_markdown=True)]


def is_complete(conn: sqlite3.Connection) -> bool:
    """Return whether the tables and triggers are there, as this version makes them."""
    return _existing(conn) == {TABLE: CREATE, LOG: CREATE_LOG, **_LOOKUPS, **TRIGGERS}


def create(conn: sqlite3.Connection) -> None:
    """Create what is missing or differs. The index of another version goes; see `keep`."""
    existing = _existing(conn)
    is_unknown = False
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
        is_unknown = True
    for name, sql in _LOOKUPS.items():
        if existing.get(name) != sql:
            conn.execute(f"DROP TABLE IF EXISTS {name}")
            conn.execute(sql)
            is_unknown = True
    if is_unknown:
        words_and_addresses.uncount(conn)
    for sql in TRIGGERS.values():
        conn.execute(sql)


def is_current(conn: sqlite3.Connection) -> bool:
    """Return whether the index is up to date. Writes nothing."""
    if _rows(conn, f"SELECT 1 FROM {LOG} LIMIT 1"):
        return False
    count = _count(conn)
    return words_and_addresses.is_complete(conn, count) and _indexed(conn) == count


def keep(conn: sqlite3.Connection) -> None:
    """Update the index with what other programs wrote, or rebuild it."""
    apply_log(conn)
    count = _count(conn)
    if _indexed(conn) != count:
        rebuild(conn)
    elif not words_and_addresses.is_complete(conn, count):
        words_and_addresses.empty(conn)
        words = WordCounts(conn)
        for rows in _all_rows(conn):
            for _, *written in rows:
                words.add(searchable_texts(*written))
        words.write()


def rebuild(conn: sqlite3.Connection) -> None:
    """Rebuild the index from all articles."""
    empty(conn)
    words = WordCounts(conn)
    for rows in _all_rows(conn):
        _insert(conn, rows, words)
    words.write()


def _all_rows(conn: sqlite3.Connection) -> Iterator[list[Row]]:
    """Yield all articles, some at a time, and note their addresses."""
    after = -(2**63)
    while rows := _rows(conn, _ALL, [after]):
        yield rows
        span = (after, rows[-1][0])
        found = words_and_addresses.addresses(conn, "rowid > ? AND rowid <= ?", span)
        words_and_addresses.change_addresses(conn, set(), found)
        after = rows[-1][0]


def empty(conn: sqlite3.Connection) -> None:
    """Remove everything from the index; the articles are left as they are."""
    conn.execute(_COMMAND, ["delete-all"])
    conn.execute(f"DELETE FROM {LOG}")
    words_and_addresses.empty(conn)


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
    # What another program wrote was not counted: see `keep`.
    words_and_addresses.uncount(conn)
    conn.execute(f"DELETE FROM {LOG}")


@contextmanager
def following(conn: sqlite3.Connection, ids: str) -> Iterator[None]:
    """Index the changes that are made to some articles meanwhile: added, changed, removed.

    ids: SQL that selects their ids, the same before and after. An article whose texts stay
    the same costs nothing.
    """
    apply_log(conn)
    before = set(_rows(conn, _OF_IDS.format(ids=ids)))
    where = f"id IN ({ids})"
    old_addresses = words_and_addresses.addresses(conn, where)
    conn.execute(START_WRITING)
    yield
    conn.execute(STOP_WRITING)
    after = set(_rows(conn, _OF_IDS.format(ids=ids)))
    words = WordCounts(conn)
    _delete(conn, sorted(before - after, key=_number), words)
    _insert(conn, sorted(after - before, key=_number), words)
    words.write()
    words_and_addresses.change_addresses(
        conn, old_addresses, words_and_addresses.addresses(conn, where)
    )


def _number(row: Row) -> int:
    return row[0]


def _insert(conn: sqlite3.Connection, rows: Iterable[Row], words: WordCounts | None = None) -> None:
    count = words.add if words else _uncounted
    conn.executemany(_INSERT, (_entry(row, count) for row in rows))


def _delete(conn: sqlite3.Connection, rows: Iterable[Row], words: WordCounts | None = None) -> None:
    count = words.remove if words else _uncounted
    conn.executemany(_DELETE, (_entry(row, count) for row in rows))


def _uncounted(texts: list[str]) -> None:
    """Count no words: those of all articles will be counted anew."""


def _entry(row: Row, count: Callable[[list[str]], None]) -> tuple[Any, ...]:
    """What the index is given for a row; the same to take it out again. Its words are counted."""
    number, *written = row
    texts = searchable_texts(*written)
    count(texts)
    title, *others = map(indexed, texts)
    return number, f"{title} {EVERY_ARTICLE}", *others


def _as_written(row: Row) -> tuple[Any, ...]:
    number, title, *others = row
    return number, f"{title} {EVERY_ARTICLE}", *others


def _count(conn: sqlite3.Connection) -> int:
    return int(_rows(conn, "SELECT count(*) FROM articles")[0][0])


def _indexed(conn: sqlite3.Connection) -> int:
    """Count the articles that are indexed by the rules of this version."""
    sql = f"SELECT count(*) FROM {TABLE} WHERE {TABLE} MATCH ?"
    return int(_rows(conn, sql, [f'"{EVERY_ARTICLE}"'])[0][0])


def _existing(conn: sqlite3.Connection) -> dict[str, str]:
    names = (TABLE, LOG, *_LOOKUPS, *TRIGGERS)
    marks = ", ".join("?" * len(names))
    sql = f"SELECT name, sql FROM sqlite_master WHERE name IN ({marks})"
    return dict(_rows(conn, sql, names))


def _rows(conn: sqlite3.Connection, sql: str, params: Sequence[Any] = ()) -> list[Any]:
    cursor = conn.cursor()
    cursor.row_factory = None  # whatever the connection makes of its rows
    return cursor.execute(sql, params).fetchall()
