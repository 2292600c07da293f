"""What the rows of a list's first, second and last pages cost, as Datasette asks and completed.

Makes Datasette's own statements, completes them as the pages do, and runs both in Python's
`sqlite3`: milliseconds of processor time, medians of interleaved runs, as a Markdown table.
Knows no page.

    python benchmarks/paging.py news.db --runs 5
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import time
from pathlib import Path
from statistics import median
from typing import Any

from datasette.app import Datasette

from datasette_newsfeed.pages import compat
from datasette_newsfeed.pages.filters import table_order

ROWS = 51
ORDERS = (
    *("published_at desc", "published_at", "heat desc", "heat", "quality desc", "title"),
    *("type", "type desc", "is_headline desc", "provider_id", "provider_name"),
    *("image_id", "image_id desc", "story_id desc", "updated_at desc"),
)


async def _row_order(path: Path) -> compat.RowOrder:
    """Return what the pages complete the order of articles with."""
    taken: list[compat.RowOrder] = []
    complete_next = compat.complete_next
    compat.complete_next = lambda db, order: taken.append(order)
    datasette = Datasette([str(path)])
    request = type("Request", (), {"args": {}})
    await table_order.make_total(datasette, request, path.stem, "articles")
    compat.complete_next = complete_next
    compat.close(datasette)
    return taken[0]


def _later(column: str, desc: str, value: Any) -> str:
    """Datasette's condition of the rows after one."""
    after = "((id > :p0))"
    if value is None:
        null = f"({column} is null and {after})"
        return null if desc else f"({column} is not null or {null})"
    sign, null = ("<", f" or {column} is null") if desc else (">", "")
    return f"({column} {sign} :p1{null} or ({column} = :p1 and {after}))"


def _statements(conn: sqlite3.Connection, order: str) -> list[tuple[str, dict[str, Any]]]:
    """Datasette's statements for the first page, the second, and that after 9 of 10 articles."""
    column, _, desc = order.partition(" ")
    names = ", ".join(row[1] for row in conn.execute("pragma table_info(articles)"))
    found: list[tuple[str, dict[str, Any]]] = [
        (f"select {names} from articles order by {order} limit {ROWS}", {})
    ]
    count = conn.execute("select count(*) from articles").fetchone()[0]
    for place in (ROWS - 2, count * 9 // 10):
        sql = f"select {column}, id from articles order by {order}, id limit 1 offset {place}"
        value, key = conn.execute(sql).fetchone()
        where = _later(column, desc, value)
        params = {"p0": key, **({} if value is None else {"p1": str(value)})}
        sql = f"select {names} from articles where {where} order by {order}, id limit {ROWS}"
        found.append((sql, params))
    return found


def _ms(conn: sqlite3.Connection, sql: str, params: Any) -> float:
    start = time.process_time()
    conn.execute(sql, params).fetchall()
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("database", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    row_order = asyncio.run(_row_order(args.database))
    conn = sqlite3.connect(args.database)
    print(f"SQLite {sqlite3.sqlite_version}\n")
    print("| order | first | completed | second | completed | at 9/10 | completed |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for order in ORDERS:
        cells = []
        for sql, params in _statements(conn, order):
            changed = row_order.complete(sql, params) or (sql, params)
            times = [(_ms(conn, sql, params), _ms(conn, *changed)) for _ in range(args.runs)]
            cells += [f"{median(column):.1f}" for column in zip(*times, strict=True)]
        print(f"| `{order}` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
