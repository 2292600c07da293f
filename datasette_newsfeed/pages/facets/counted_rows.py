"""The rows that a facet counts: all that match the filters, whichever page is shown.

Datasette passes the SQL of its filters to facets. From the second page on it adds the
position of that page, so that counts would shrink from page to page. That last condition
is removed here, if it is exactly what Datasette writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils import compound_keys_after_sql, escape_sqlite


@dataclass(frozen=True, slots=True)
class Rows:
    """The SQL of some rows of one table, with all its columns, and its parameters."""

    sql: str
    params: Mapping[str, Any]

    @property
    def are_all(self) -> bool:
        """Whether no filter is in force: these are all rows of the table."""
        return " where " not in self.sql


def _keysets(columns: Iterable[str], keys: Sequence[str], count: int) -> Iterable[str]:
    """Yield each condition by which Datasette may begin a page; `count` parameters are in all."""

    def after(taken: int) -> str:
        begin = count - taken - max(len(keys), 1)
        return compound_keys_after_sql(list(keys), begin) if keys else f"rowid > :p{begin}"

    yield after(0)
    unsorted, value = after(0), f":p{count - 1}"
    after_value = after(1)
    for name in (*columns, "rowid"):
        column = escape_sqlite(name)
        yield f"({column} is null and {unsorted})"
        yield f"({column} is not null or ({column} is null and {unsorted}))"
        same = f"({column} = {value} and {after_value})"
        yield f"({column} > {value} or {same})"
        yield f"({column} < {value} or {column} is null or {same})"


def all_pages(rows: Rows, columns: Iterable[str], keys: Sequence[str]) -> Rows:
    """Return the rows without the place where a page begins; the same rows if none is found.

    columns, keys: those of the table, the keys empty where it has only a rowid.
    """
    sql = rows.sql.rstrip()
    for keyset in _keysets(columns, keys, len(rows.params)):
        for joint in (" and ", " where "):
            if sql.endswith(joint + keyset):
                return Rows(sql.removesuffix(joint + keyset) + " ", rows.params)
    return rows


async def page_rows(facet: Any) -> Rows:
    """Return the rows of the filters that a facet was made for, on whichever page of them."""
    rows = Rows(facet.sql, facet.params if isinstance(facet.params, Mapping) else {})
    if not facet.request.args.get("_next"):
        return rows
    db = facet.ds.get_database(facet.database)
    columns = await db.table_columns(facet.table)
    return all_pages(rows, columns, await db.primary_keys(facet.table))
