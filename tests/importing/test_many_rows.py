"""Rows written many at once are those that one statement a row writes."""

from __future__ import annotations

import sqlite3

import pytest

from datasette_newsfeed.many_rows import MOST_VALUES, write_rows

SQL = "INSERT OR IGNORE INTO t (a, b, c) VALUES {values}"
WHOLE = MOST_VALUES // 3


@pytest.mark.parametrize("count", [0, 1, WHOLE - 1, WHOLE, WHOLE + 1, 2 * WHOLE, 2 * WHOLE + 7])
def test_every_row_is_written_once_and_in_order(count: int) -> None:
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE t (a, b, c)")
    rows = [(number, f"{number}", None) for number in range(count)]
    write_rows(conn, SQL, iter(rows))
    assert conn.execute("SELECT a, b, c FROM t ORDER BY rowid").fetchall() == rows


def test_a_row_of_more_values_than_a_statement_should_have_is_one_statement() -> None:
    conn = sqlite3.connect(":memory:")
    names = ", ".join(f"c{number}" for number in range(MOST_VALUES + 1))
    conn.execute(f"CREATE TABLE t ({names})")
    row = tuple(range(MOST_VALUES + 1))
    write_rows(conn, "INSERT INTO t VALUES {values}", [row, row])
    assert conn.execute("SELECT * FROM t").fetchall() == [row, row]
