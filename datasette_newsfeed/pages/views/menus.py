"""Entries for menus of Datasette: the jump menu of 1.0, the actions of a table and of a row."""

from __future__ import annotations

from typing import Any

from datasette.database import QueryInterrupted

from .. import compat
from ..access.archives import view_archive
from ..filters.query_string import query_of
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries.jump import find_places
from ..registered_formats import PAGE, feed_formats

MOST_ARCHIVES = 10
"""Archives of a site that the jump menu looks through."""

LONGEST_WORDS = 100

Action = dict[str, str]


async def jump_items(datasette: DatasetteLike, request: RequestLike) -> list[Any]:
    """Return the topics, providers and stories that have the words typed in their name."""
    words = " ".join((request.args.get("q") or "").split())[:LONGEST_WORDS]
    if not words:
        return []
    found = []
    count = 0
    for database in list(datasette.databases):
        view = await view_archive(datasette, request, database)
        if view is None or not view.sees("articles"):
            continue
        count += 1
        if count > MOST_ARCHIVES:
            break
        links = Links(datasette, database)
        try:
            places = await find_places(view, words)
        except QueryInterrupted:
            continue
        found += [
            compat.jump_item(
                each.name, links.row(each.table, each.key), f"{database}: {each.kind}", words
            )
            for each in places
        ]
    return found


async def table_actions(
    datasette: DatasetteLike, request: RequestLike | None, database: str, table: str
) -> list[Action]:
    """Return what can be done with the articles of a list: subscribe, cite."""
    if table != "articles" or request is None:
        return []
    view = await view_archive(datasette, request, database)
    if view is None or not view.sees("articles"):
        return []
    links = Links(datasette, database)
    pairs = query_of(request).pairs
    found = [("Subscribe to these articles", PAGE)]
    found += [
        (f"Cite these articles: {each.name}", each.extension)
        for each in feed_formats(datasette).values()
        if each.whole
    ]
    chosen = [
        {"href": links.articles_as(extension, pairs), "label": label} for label, extension in found
    ]
    return [*chosen, {"href": links.compare([pairs]), "label": "Compare over time"}]


async def row_actions(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str, key: str
) -> list[Action]:
    """Return what can be done with an article: cite, list; with a topic, provider, story:
    subscribe."""
    view = await view_archive(datasette, request, database)
    if view is None or not view.sees("articles", table):
        return []
    links = Links(datasette, database)
    if table == "articles":
        found = [("Add to a list", links.list_of([key]))]
        found += [(f"Cite: {each.name}", each.url) for each in links.citations_of(key)]
        found.append(("As Markdown", links.row(table, key, extension="md")))
    else:
        found = [("Subscribe", each.page) for each in links.feeds_of(table, key)[:1]]
        if compare := links.compare_of(table, key):
            found.append(("Compare over time", compare))
    return [{"href": address, "label": label} for label, address in found]
