"""Who may see what. Knows permissions, not what stands in the tables.

Datasette asks for each page's own table alone; our pages join several, so each
is asked for before anything of it is shown. Answers are kept for one request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any

from .. import schema
from . import compat

QUERIES = {schema.DEAD_LINKS: schema.DEAD_LINKS_TABLES}
"""Our own queries, and the tables that each shows something of."""


def actor_of(request: Any) -> Any:
    """Return who asks, or None."""
    return None if request is None else request.scope.get("actor")


async def may_view(datasette: Any, request: Any, database: str, table: str) -> bool:
    """Tell whether the visitor may see a table."""
    known = compat.notes(request)
    key = ("may_view", database, table)
    if key not in known:
        known[key] = await compat.may_view_table(datasette, actor_of(request), database, table)
    answer: bool = known[key]
    return answer


def may_run(
    datasette: Any, actor: Any, action: str, resource: Any
) -> Awaitable[bool | None] | None:
    """Return False where a query of ours would show tables that the actor may not see.

    For 0.65, which asks for the query alone; None leaves it to Datasette.
    """
    if action != "view-query" or not isinstance(resource, tuple) or resource[1] not in QUERIES:
        return None
    return _may_run(datasette, actor, *resource)


async def _may_run(datasette: Any, actor: Any, database: str, query: str) -> bool | None:
    for table in QUERIES[query]:
        if not await compat.may_view_table(datasette, actor, database, table):
            return False
    return None


async def viewable(
    datasette: Any, request: Any, database: str, tables: Iterable[str]
) -> frozenset[str]:
    """Return those of the tables that the visitor may see."""
    return frozenset(
        [table for table in tables if await may_view(datasette, request, database, table)]
    )
