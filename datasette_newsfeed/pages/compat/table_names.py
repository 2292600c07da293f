"""How the names of a database's tables are written there, for the permission checks of 0.65."""

from __future__ import annotations

from typing import Any

from datasette.database import Results

from .request import Method, noted, wrap_once

SPELLING_SQL = (
    "select name from sqlite_master where type in ('table', 'view') and name = ? collate nocase"
)
"""What 0.65.5 asks a database before each check of a table: how the name is written there."""

NAMES_SQL = "select name from sqlite_master where type in ('table', 'view')"


def spell_by_one_query(db: Any) -> None:
    """Read from now on all names of a database at the first SPELLING_SQL of a request.

    Each asked for alone is a turn of a thread: some sixty on a front page.
    """
    wrap_once(db, "execute", _spelling)


def _spelling(execute: Method) -> Method:
    async def spelling(sql: str, params: Any = None, *args: Any, **options: Any) -> Any:
        if sql != SPELLING_SQL or len(params) != 1 or not params[0].isascii():
            return await execute(sql, params, *args, **options)
        known = noted()
        key = ("spelling", id(execute))  # of this database
        if key not in known:
            names = await execute(NAMES_SQL)
            known[key] = {name.lower(): name for (name,) in names.rows if name.isascii()}
        name = known[key].get(params[0].lower())
        if name is None:
            return await execute(sql, params, *args, **options)
        return Results([(name,)], False, (("name",),))

    return spelling
