"""Which tables a visitor may see.

Datasette checks only the table of its own page. Our pages join several tables, so each is
checked before any of its data is shown. The results are kept for one request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any

from ... import schema
from .. import compat
from ..protocols import DatasetteLike, RequestLike

QUERIES = {schema.DEAD_LINKS: schema.DEAD_LINKS_TABLES}
"""Our own queries, and the tables that each shows something of."""


def actor_of(request: RequestLike) -> Any:
    """Return who asks, or None."""
    return None if request is None else request.scope.get("actor")


def may_run(
    datasette: DatasetteLike, actor: Any, action: str, resource: Any
) -> Awaitable[bool | None] | None:
    """Return False where a query of ours would show tables that the actor may not see.

    For 0.65, which asks for the query alone; None leaves it to Datasette.
    """
    if action != "view-query" or not isinstance(resource, tuple) or resource[1] not in QUERIES:
        return None
    return _may_run(datasette, actor, *resource)


async def _may_run(datasette: DatasetteLike, actor: Any, database: str, query: str) -> bool | None:
    tables = QUERIES[query]
    seen = await compat.viewable(datasette, actor, database, tables)
    return None if seen.issuperset(tables) else False


async def viewable(
    datasette: DatasetteLike, request: RequestLike, database: str, tables: Iterable[str]
) -> frozenset[str]:
    """Return those of the tables that the visitor may see; none where the database is hidden."""
    actor = actor_of(request)
    if not await compat.may_view_database(datasette, actor, database):
        return frozenset()
    return await compat.viewable(datasette, actor, database, tables)
