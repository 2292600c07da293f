"""Which tables an actor may see.

A page of ours shows data of a dozen tables. They are checked together, once per request.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from .request import noted
from .table_names import spell_by_one_query
from .version import is_v1

Refuse = Callable[[Any, Any, str], Awaitable[list[str]]]
"""Which tables and views of a database an actor may not see: (datasette, actor, database)."""

FEW = 2
"""So many questions about one table each cost 1.0 less than one about all of them."""

_is_asking: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "newsfeed_is_asking", default=False
)


async def viewable(
    datasette: Any, actor: Any, database: str, tables: Iterable[str]
) -> frozenset[str]:
    """Return those of the tables that the actor may see; not for what `refused_tables` refuses."""
    tables = tuple(tables)
    key = ("viewable", id(datasette), database, _name_of(actor), skips_checks(datasette))
    known: dict[str, bool] = noted().setdefault(key, {})
    unknown = [table for table in tables if table not in known]
    if unknown:
        ask = _ask_v1 if is_v1() else _ask_065
        token = _is_asking.set(True)
        try:
            known |= await ask(datasette, actor, database, unknown)
        finally:
            _is_asking.reset(token)
    return frozenset(table for table in tables if known[table])


def skips_checks(datasette: Any) -> bool:
    """Return whether 1.0 skips permission checks; its answers are then used for that time only."""
    if not is_v1():
        return False
    from datasette import permissions

    skips = getattr(permissions, "_skip_permission_checks", None)
    return bool(skips is not None and skips.get())


def _name_of(actor: Any) -> str | None:
    return None if actor is None else json.dumps(actor, sort_keys=True, default=str)


async def _ask_065(datasette: Any, actor: Any, database: str, tables: list[str]) -> dict[str, bool]:
    """What `ensure_permissions` would say of each table, its database and all, in that order.

    That asks for the database and for all once a table; `check_visibility` asks for each
    another time, to tell what others may not see.
    """
    found = {}
    elsewhere: bool | None = None
    if database in datasette.databases:
        spell_by_one_query(datasette.get_database(database))
    for table in tables:
        answer = await datasette.permission_allowed(
            actor, "view-table", resource=(database, table), default=None
        )
        if answer is None:
            if elsewhere is None:
                elsewhere = await may_view_database(datasette, actor, database)
            answer = elsewhere
        found[table] = bool(answer)
    return found


async def may_view_database(datasette: Any, actor: Any, database: str) -> bool:
    """Return whether the actor may see a database's page, and its name on the front page.

    On 1.0 tables may be open where their database is not.
    """
    key = ("may_view_database", id(datasette), database, _name_of(actor), skips_checks(datasette))
    known = noted()
    if key not in known:
        known[key] = await (_may_view_v1 if is_v1() else _may_view_database)(
            datasette, actor, database
        )
    answer: bool = known[key]
    return answer


async def _may_view_v1(datasette: Any, actor: Any, database: str) -> bool:
    from datasette.resources import DatabaseResource

    return bool(
        await datasette.allowed(
            action="view-database", resource=DatabaseResource(database), actor=actor
        )
    )


async def _may_view_database(datasette: Any, actor: Any, database: str) -> bool:
    for action, resource in (("view-database", database), ("view-instance", None)):
        answer = await datasette.permission_allowed(actor, action, resource=resource, default=None)
        if answer is not None:
            return bool(answer)
    return True


async def _pays(datasette: Any, database: str, count: int) -> bool:
    """Return whether one question about all tables costs less than one for each of so many.

    For each full text of the database 1.0 asks about the table that it is of.
    """
    if count <= FEW or database not in datasette.databases:
        return False
    of_others = await datasette.get_database(database).derived_table_dependencies()
    return count > FEW + len(set(of_others.values()))


async def _ask_v1(datasette: Any, actor: Any, database: str, tables: list[str]) -> dict[str, bool]:
    from datasette.resources import TableResource

    found: dict[str, bool] = {}
    if await _pays(datasette, database, len(tables)):
        # Not by `allowed_resources`: its parameter `limit` may be one of a plugin's rule.
        allowed = await datasette.allowed_resources_sql(
            action="view-table", actor=actor, parent=database
        )
        rows = await datasette.get_internal_database().execute(*allowed)
        found = {row["child"]: True for row in rows.rows}
    for table in tables:
        # What is not among them is refused, or new: Datasette looks for new tables at
        # most once a second.
        if table not in found:
            found[table] = await datasette.allowed(
                action="view-table", resource=TableResource(database, table), actor=actor
            )
    return found


def is_asking() -> bool:
    """Return whether `viewable` asks just now: what it asks is not for our own hooks to answer."""
    return _is_asking.get()


async def refused_tables(sql: str, refuse: Refuse, datasette: Any, actor: Any) -> Any:
    """Answer `permission_resources_sql` of 1.0 with the tables that `refuse` names.

    `sql` gives the rules for :newsfeed_refused, a JSON list of database and table. Found out
    once a request: 1.0 asks for each of its checks, and does not say what that is about.
    `refuse` asks by `viewable`, whose checks are of none of these tables.
    """
    if is_asking():
        return None
    known = noted()
    key = ("refused_tables", _name_of(actor))
    if key not in known:
        known[key] = [
            (database, table)
            for database in list(datasette.databases)
            for table in await refuse(datasette, actor, database)
        ]
    if not known[key]:
        return None
    from datasette.permissions import PermissionSQL

    return PermissionSQL(sql=sql, params={"newsfeed_refused": json.dumps(known[key])})
