"""Who may see what. Knows permissions, not what stands in the tables.

Datasette asks for each page's own table alone; our pages join several, so each
is asked for before anything of it is shown. Answers are kept for one request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import compat


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


async def viewable(
    datasette: Any, request: Any, database: str, tables: Iterable[str]
) -> frozenset[str]:
    """Return those of the tables that the visitor may see."""
    return frozenset(
        [table for table in tables if await may_view(datasette, request, database, table)]
    )
