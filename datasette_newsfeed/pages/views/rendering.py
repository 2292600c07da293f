"""A part of a page, drawn by one of our templates for one visitor."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from .. import compat
from ..access.archives import ArchiveView
from ..links import Links
from ..picture_places import Pictures
from ..protocols import RequestLike


async def draw(view: ArchiveView, request: RequestLike, template: str, **context: Any) -> Markup:
    """Return a template drawn, with the addresses and images of an archive in its context."""
    links = Links(view.datasette, view.database)
    return await compat.render(
        view.datasette,
        request,
        template,
        {"view": view, "links": links, "pictures": Pictures(view, links), **context},
    )


async def draw_late(view: ArchiveView, request: RequestLike) -> Markup:
    """Return what stands in place of a part that took too long."""
    return await draw(view, request, "_newsfeed_late.html")
