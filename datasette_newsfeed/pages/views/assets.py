"""Our style sheets and script: their addresses, and on which pages they are."""

from __future__ import annotations

from .. import compat, other_plugins
from ..access.archives import find_archive
from ..protocols import DatasetteLike, RequestLike


async def is_of_archive(
    datasette: DatasetteLike, request: RequestLike | None, database: str | None
) -> bool:
    """Return whether a page is of an archive, or the front page above one."""
    names = [database] if database is not None else list(datasette.databases)
    for name in names:
        if name in datasette.databases and await find_archive(datasette, request, name):
            return True
    return False


async def stylesheets(
    datasette: DatasetteLike, request: RequestLike | None, database: str | None
) -> list[str]:
    """Return our style sheet for the pages of an archive and for the front page above one."""
    request = await compat.current_request(datasette, request)
    if not await is_of_archive(datasette, request, database):
        return []
    return [compat.static_url(datasette, "newsfeed.css")]


async def scripts(
    datasette: DatasetteLike, request: RequestLike | None, database: str | None
) -> list[dict[str, object]]:
    """Return our script for the same pages. As a module: it runs when the page is there."""
    request = await compat.current_request(datasette, request)
    if not await is_of_archive(datasette, request, database):
        return []
    return [{"url": compat.static_url(datasette, "newsfeed.js"), "module": True}]


async def dark_stylesheet(
    datasette: DatasetteLike, request: RequestLike | None, database: str | None
) -> str | None:
    """Return the address of the dark colours, None where a theme decides on the colours."""
    if not await is_of_archive(datasette, request, database):
        return None
    if other_plugins.has_theme(request):
        return None
    return compat.static_url(datasette, "newsfeed-dark.css")
