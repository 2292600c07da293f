"""The page about a feed, for people: `/DB/articles.feed`, with any filter.

It says what the feed holds, has its address in each format to copy, tells how to read it, and lists
the latest entries. Datasette selects the rows, as for the feed itself.
"""

from __future__ import annotations

from typing import Any

from datasette.database import QueryInterrupted

from ..access.archives import view_archives
from ..compat import Answer
from ..feeds.builder import FeedBuilder, article_column
from ..feeds.renderer import LATE, can_render, refusal
from ..headers import security_policy
from ..protocols import DatasetteLike, RequestLike
from ..registered_formats import PAGE, feed_formats

VIEW = "newsfeed_feed"
LATEST = 10
"""Entries that the page lists."""


async def render(
    datasette: DatasetteLike,
    columns: Any,
    rows: Any,
    database: Any,
    table: Any,
    query_name: Any,
    request: RequestLike,
) -> Answer | None:
    """Return the page about the feed of some rows; None, which is 404, where there is no feed."""
    views = await view_archives(datasette, request, database)
    if not views or article_column(columns or (), table) is None:
        return None
    builder = FeedBuilder(views, request, database, PAGE)
    try:
        feed = await builder.feed(
            rows[:LATEST],
            columns,
            table=table,
            query_name=query_name,
            next_place=None,
            with_texts=False,
        )
    except QueryInterrupted:
        return refusal(LATE, 503)

    def addresses(*, is_whole: bool) -> list[tuple[str, str]]:
        return [
            (each.name, builder.address_in(each.extension))
            for each in feed_formats(datasette).values()
            if each.whole == is_whole
        ]

    html = await datasette.render_template(
        "newsfeed_feed.html",
        {
            "database": database,
            "feed": feed,
            "formats": addresses(is_whole=False),
            "citations": addresses(is_whole=True),
            "most": datasette.setting("max_returned_rows"),
        },
        request=request,
        view_name=VIEW,
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    headers = {security_policy.HEADER: rules}
    return Answer(html, headers=headers, content_type="text/html; charset=utf-8")


def renderer() -> dict[str, Any]:
    """Return the page as one of Datasette's output renderers."""
    return {"extension": PAGE, "render": render, "can_render": can_render}
