"""Which tables an actor may see. Knows no table by name."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Awaitable, Callable
from typing import Any

from datasette.utils.asgi import Forbidden

from .asked import noted
from .line import is_v1

Hides = Callable[[Any, Any, str], Awaitable[bool]]
"""Whether a view of a database is to be hidden from an actor: (datasette, actor, database)."""

_is_asking: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "newsfeed_is_asking", default=False
)


async def may_view_table(datasette: Any, actor: Any, database: str, table: str) -> bool:
    """Tell whether the actor may see a table; not for views that `refused_views` refuses."""
    allowed: bool
    if is_v1(datasette):
        from datasette.resources import TableResource

        resource = TableResource(database, table)
        token = _is_asking.set(True)
        try:
            allowed = await datasette.allowed(action="view-table", resource=resource, actor=actor)
        finally:
            _is_asking.reset(token)
    else:
        # Not `check_visibility`: that asks everything twice, to tell what others may not see.
        place = [("view-table", (database, table)), ("view-database", database), "view-instance"]
        try:
            await datasette.ensure_permissions(actor, place)
            allowed = True
        except Forbidden:
            allowed = False
    return allowed


async def refused_views(sql: str, view: str, hides: Hides, datasette: Any, actor: Any) -> Any:
    """Answer `permission_resources_sql` of 1.0 with the databases whose view `hides` refuses.

    `sql` gives the rules for :newsfeed_view in :newsfeed_databases, a JSON list. Found out
    once a request: 1.0 asks for each of its checks, and does not say what that is about.
    `hides` asks by `may_view_table`, whose checks are of no such view.
    """
    if _is_asking.get():
        return None
    known = noted()
    key = ("refused_views", view, json.dumps(actor, sort_keys=True, default=str))
    if key not in known:
        known[key] = [
            name for name in list(datasette.databases) if await hides(datasette, actor, name)
        ]
    if not known[key]:
        return None
    from datasette.permissions import PermissionSQL

    return PermissionSQL(
        sql=sql,
        params={"newsfeed_view": view, "newsfeed_databases": json.dumps(known[key])},
    )
