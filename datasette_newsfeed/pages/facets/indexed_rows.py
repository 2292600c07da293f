"""The rows of a page of articles and their number, from the facet index where it knows them.

Of a selection with hundreds of thousands of articles SQLite counts each and sorts them for the
fifty newest. The index knows the selection as a set: how large it is, and by that whether its
newest are found sooner along the order of dates or by looking all of them up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasette.database import QueryInterrupted
from datasette.filters import FilterArguments

from .. import compat
from ..access.archives import find_archive
from ..filters import conditions
from ..protocols import DatasetteLike, RequestLike
from .indexed_counts import Page, find_newest

MOST = 1_001
"""Rows of a page: Datasette's largest by default, and one more to see whether there is another."""


_COUNT = re.compile(
    r"""select\ count\(\*\)\ from\ (?:\(select\ \*\ from\ )?(?P<table>\S+)
    \ where\ (?P<where>.+?)\ (?:limit\ (?P<limit>\d+)\))?""",
    re.DOTALL | re.VERBOSE,
)
_NEWEST = re.compile(
    r"""(?P<columns>select\ .+?)\ from\ (?P<table>\S+)\ where\ (?P<where>.+?)
    \ order\ by\ published_at\ desc,\ id\ limit\ (?P<limit>\d+)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What Datasette asks for a page of a table: how many rows there are, or the newest of them.

    columns: the beginning of the statement, up to `from`; None where it counts. limit: how many
    rows it wants, or counts at most.
    """

    table: str
    where: str
    columns: str | None
    limit: int | None


def read_statement(sql: str) -> Statement | None:
    """Return what a statement asks, as `complete` leaves it; None for any other."""
    if found := _COUNT.fullmatch(sql):
        limit = found["limit"]
        return Statement(found["table"], found["where"], None, int(limit) if limit else None)
    if found := _NEWEST.fullmatch(sql):
        return Statement(found["table"], found["where"], found["columns"], int(found["limit"]))
    return None


async def filters_from_request(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str
) -> FilterArguments | None:
    """Return what `conditions.from_request` does, and let the index find rows and number."""
    found = await conditions.from_request(datasette, request, database, table)
    archive = await find_archive(datasette, request, database)
    if archive is None or not archive.has_facet_index or table != conditions.ARTICLES:
        return found
    pages: dict[Any, Page | None] = {}

    async def replace(sql: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        asked = read_statement(sql)
        if asked is None or asked.table != conditions.ARTICLES:
            return None
        # The rows are asked for first, and their number of the same selection afterwards; what it
        # says of them is of the same moment.
        most = min(asked.limit or 1, MOST) if asked.columns else 1
        key = asked.where.strip()
        if key not in pages:
            try:
                pages[key] = await find_newest(datasette, database, key, params, most)
            except QueryInterrupted:
                pages[key] = None
        page = pages[key]
        if page is None:
            return None
        if asked.columns is None:
            count = page.count if asked.limit is None else min(page.count, asked.limit)
            return f'select {count} as "count(*)"', {}
        if asked.limit is None or (len(page.newest) < min(asked.limit, page.count)):
            return None
        rows = ", ".join(map(str, page.newest[: asked.limit]))
        return (
            f"{asked.columns} from articles where rowid in ({rows})"
            f" order by published_at desc, id limit {asked.limit}",
            params,
        )

    compat.replace_statements(replace)
    return found
