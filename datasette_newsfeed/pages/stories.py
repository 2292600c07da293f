"""Where a story is found: by the id of any of its articles. Knows no HTML and no SQL.

A story's key is the id of its earliest article. An earlier one may come to the archive
later: so the id of each member leads to the story.
"""

from __future__ import annotations

from typing import Any

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from .links import Links
from .queries.stories import find_place
from .sight import look


async def lead_to_story(datasette: Any, request: Any, exception: Exception) -> Response | None:
    """Return the way to the story of an article, where a page of that key was not found.

    An article that no story has, or has no longer, is shown itself.
    """
    if not isinstance(exception, NotFound) or request is None:
        return None
    parts = request.url_vars
    if parts.get("table") != "stories" or not parts.get("pks"):
        return None
    database = tilde_decode(parts.get("database") or "")
    if database not in datasette.databases:
        return None
    sight = await look(datasette, request, database)
    if sight is None:
        return None
    key = tilde_decode(parts["pks"])
    is_there, story = await find_place(sight, key)
    if not is_there:
        return None
    links = Links(datasette, database)
    return Response.redirect(links.story(story) if story else links.article(key))
