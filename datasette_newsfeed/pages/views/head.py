"""The template variables of a page's head: preview and feeds, by the kind of page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from datasette.database import QueryInterrupted
from datasette.utils import urlsafe_components

from ..access.archives import ArchiveView, view_archive
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries import cards, counts, full_articles, stories
from . import page_metadata
from .articles_page import Listing
from .newest import newest_of
from .page_metadata import Preview

KINDS = ("index", "database", "table", "row", "query")
"""Of Datasette's pages, by the name of their template."""

Rows = Iterable[Mapping[str, Any]]
Find = Callable[[Rows], Awaitable[Preview | None]]
"""From the rows of a page to what it says of itself."""


async def variables(
    datasette: DatasetteLike,
    request: RequestLike,
    template: str | None,
    database: str | None,
    table: str | None,
    listing: Listing | None,
) -> dict[str, Any]:
    """Return the variables that the head of a page wants, none for a page that is not ours."""
    kind = kind_of(template)
    if kind == "index":
        return {"newsfeed_front_preview": _unless_late(lambda _: _of_front(datasette, request))}
    view = await view_archive(datasette, request, database) if kind and database else None
    if view is None:
        return {}
    if kind == "database":
        return {"newsfeed_preview": _unless_late(lambda _: _of_database(view, request))}
    if kind == "row" and table:
        key = ",".join(urlsafe_components(request.url_vars["pks"]))
        return {"newsfeed_preview": _unless_late(lambda _: _of_row(view, request, table, key))}
    if listing and listing.is_of_stories:
        return {
            "newsfeed_preview": _unless_late(lambda rows: page_metadata.of_stories(listing, rows))
        }
    if listing:
        return {
            "newsfeed_preview": _unless_late(lambda rows: page_metadata.of_listing(listing, rows))
        }
    # The template shows them where Datasette offers the page in these formats.
    return {"newsfeed_feeds": Links(datasette, view.database).feeds_of_page(request)}


def is_page_of(template: str | None, kind: str) -> bool:
    """Return whether a page is of this kind.

    Its template tells: Datasette gives pages of SQL queries the view name of another kind.
    """
    return kind_of(template) == kind


def kind_of(template: str | None) -> str | None:
    """Return the kind of Datasette's page that a template draws, None for another page."""
    # A user's own may be called `table-demo-articles.html`.
    name = (template or "").rpartition("/")[2].removesuffix(".html").partition("-")[0]
    return name if name in KINDS else None


def _unless_late(find: Find) -> Find:
    """A page that took too long has no head of ours."""

    found: list[Preview | None] = []

    async def draw(rows: Rows) -> Preview | None:
        if not found:  # the title asks for it, and the rest of the head
            try:
                found.append(await find(rows))
            except QueryInterrupted:
                found.append(None)
        return found[0]

    return draw


async def _of_front(datasette: DatasetteLike, request: RequestLike) -> Preview | None:
    found = []
    for database in list(datasette.databases):
        view = await view_archive(datasette, request, database)
        if view is not None and view.sees("articles"):
            found.append((view, await cards.find_newest(view)))
    return await page_metadata.of_front(found, request)


async def _of_database(view: ArchiveView, request: RequestLike) -> Preview | None:
    if not view.sees("articles"):
        return None
    return await page_metadata.of_database(view, request, await cards.find_newest(view))


async def _of_row(view: ArchiveView, request: RequestLike, table: str, key: str) -> Preview | None:
    if table == "articles":
        article = await full_articles.find_full_article(view, key)
        return await page_metadata.of_article(view, request, article) if article else None
    if table == "stories":
        story = await stories.find_story(view, key)
        return await page_metadata.of_story(view, request, story) if story else None
    newest = await newest_of(view, request, table, key)
    if newest is None:
        return None
    provider = await counts.find_provider(view, key) if table == "providers" else None
    name = provider.name if provider else key
    return await page_metadata.of_selection(view, request, table, key, name, newest.cards)
