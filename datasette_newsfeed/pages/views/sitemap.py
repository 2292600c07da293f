"""The pages that search engines should read, for the plugin datasette-sitemap.

Each page is listed once. Selections are practically endless, so they are not listed: their
pages name their canonical address.
"""

from __future__ import annotations

from datasette.database import QueryInterrupted

from ..access.archives import view_archive
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries import stories
from ..queries.cards import find_newest_ids

MOST = 50_000
"""Addresses in one sitemap, https://www.sitemaps.org/protocol.html; the newest articles come
first."""

MOST_STORIES = 5_000
"""Of these, at most; the newest."""


async def find_paths(datasette: DatasetteLike, request: RequestLike) -> list[str]:
    """Return the paths of the pages that the visitor, most likely a robot, may see."""
    paths = [str(datasette.urls.instance())]
    for database in list(datasette.databases):
        view = await view_archive(datasette, request, database)
        if view is None or not view.sees("articles"):
            continue
        links = Links(datasette, database)
        paths += [links.database(), links.table("articles")]
        try:
            newest = await stories.find_newest_ids(view, min(MOST_STORIES, MOST - len(paths) - 1))
            if newest:
                paths += [links.table("stories"), *(links.story(key) for key in newest)]
            ids = await find_newest_ids(view, MOST - len(paths))
        except QueryInterrupted:
            continue
        paths += [links.article(key) for key in ids]
    return paths
