"""Tables and views that repeat what others hold: who may not see those may not see these."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ... import default_metadata, schema
from .. import compat
from ..protocols import DatasetteLike
from .archives import FULL_TEXT, find_archive

_CORE = tuple(table.name for table in schema.CORE_TABLES)

REPEATED: Mapping[str, Sequence[str]] = {
    schema.ARTICLE_LIST: ("articles", "providers", "article_topics", "topics", "images"),
    "stories": ("articles",),
    "similar_articles": ("articles", "article_topics", "topics"),
    "image_fetches": ("images",),
    "image_renditions": ("images",),
    # The records as they were, with all that they name.
    **{table.name: _CORE for table in schema.HISTORY_TABLES},
}
"""Tables and views with data of other tables: seeing them needs permission for all of those."""

_REPEATED = tuple(dict.fromkeys(itertools.chain.from_iterable(REPEATED.values())))
_CLOSED = frozenset(default_metadata.CLOSED)

REFUSED_SQL = """
select json_extract(value, '$[0]') as parent, json_extract(value, '$[1]') as child, 0 as allow,
  'shows tables that may not be seen' as reason
from json_each(:newsfeed_refused)"""


async def refused_tables(datasette: DatasetteLike, actor: Any, database: str) -> list[str]:
    """Return the tables and views of a database that repeat what this actor may not see.

    Found for each state of the file: the archive may have come after Datasette started.
    """
    if database not in datasette.databases or await find_archive(datasette, None, database) is None:
        return []
    seen = await compat.viewable(datasette, actor, database, _REPEATED)
    refused = [name for name, tables in REPEATED.items() if not seen.issuperset(tables)]
    return [*refused, *default_metadata.CLOSED]


def refuse_derived(datasette: DatasetteLike, actor: Any, action: str, resource: Any) -> Any:
    """Return, for 0.65, a call that says no to what shows a denied table another way.

    That is also the full text of articles, which 1.0 sees to itself.
    """
    if action != "view-table" or resource is None:
        return None
    database, name = resource
    if compat.is_asking() and name not in _CLOSED:
        return None
    is_full_text = name.startswith(FULL_TEXT)
    if name not in REPEATED and name not in _CLOSED and not is_full_text:
        return None

    async def refuse() -> bool | None:
        if database not in datasette.databases:
            return None
        if await find_archive(datasette, None, database) is None:
            return None
        tables = (schema.ARTICLES.name,) if is_full_text else REPEATED.get(name, ())
        seen = await compat.viewable(datasette, actor, database, tables)
        return None if name not in _CLOSED and seen.issuperset(tables) else False

    return refuse


def refused_lists(datasette: DatasetteLike, actor: Any, action: str) -> Any:
    """Return, for 1.0, which tables are refused; None for all other actions."""
    if action != "view-table":
        return None
    return compat.refused_tables(REFUSED_SQL, refused_tables, datasette, actor)
