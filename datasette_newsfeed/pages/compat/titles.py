"""The titles and descriptions of databases and stored queries."""

from __future__ import annotations

from typing import Any

from .request import noted
from .version import is_v1


async def database_text(datasette: Any, database: str, key: str) -> str | None:
    """Return the title or description that the user, or else our defaults, give a database."""
    if is_v1():
        # A query of the internal database; title and description stand on many parts of a page.
        known = noted()
        place = ("database_metadata", id(datasette), database)
        if place not in known:
            known[place] = await datasette.get_database_metadata(database)
        text = known[place].get(key)
    else:
        text = datasette.metadata(key, database=database, fallback=False)
    return None if text is None else str(text)


async def query_title(datasette: Any, database: str, name: str, actor: Any) -> str | None:
    """Return the title of a stored query, None if it has none."""
    if is_v1():
        query = await datasette.get_query(database, name)
        return query.title if query else None
    query = await datasette.get_canned_query(database, name, actor)
    return (query or {}).get("title")
