"""The feeds: a page's address with the extension of a feed format, as `.atom`.

Datasette selects the rows as for the page itself, so every filter works. They become a
document, which is sent only to clients that do not have it yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from datasette.database import QueryInterrupted

from ..access.archives import view_archives
from ..access.database_state import changed_at
from ..compat import Answer
from ..headers import security_policy
from ..headers.http_caching import fingerprint, http_time, is_known
from ..protocols import DatasetteLike, RequestLike
from ..registered_formats import FeedFormat, feed_formats
from ..text.link_addresses import uri
from .builder import FeedBuilder, article_column

WANTED = (
    "A feed needs a column with the keys of articles: article_id, or id of articles, "
    "of a view or of an SQL query."
)
FAILED = "The SQL of this feed fails. Its page, the same address without the format, says why."
LATE = "This selection took too long to read. Try fewer filters."


async def can_render(
    datasette: DatasetteLike,
    columns: Any,
    database: Any,
    table: Any,
    request: RequestLike,
    view_name: Any,
) -> bool:
    """Return whether a page offers its feeds: lists of articles that the visitor may see."""
    if view_name == "row" or article_column(columns, table) is None:
        return False
    return bool(await view_archives(datasette, request, database))


def _renderer(feed_format: FeedFormat) -> Callable[..., Any]:
    async def render(
        datasette: DatasetteLike,
        columns: Any,
        rows: Any,
        database: Any,
        table: Any,
        query_name: Any,
        request: RequestLike,
        data: Any,
    ) -> Answer | None:
        views = await view_archives(datasette, request, database)
        if not views:
            return None  # 404, as for any other extension that is not known
        if not columns:  # an answer without rows has columns all the same
            return refusal(FAILED, 400)
        if rows and article_column(columns, table) is None:
            return refusal(WANTED, 400)
        try:
            feed = await FeedBuilder(views, request, database, feed_format.extension).feed(
                rows,
                columns,
                table=table,
                query_name=query_name,
                next_place=data.get("next"),
                with_texts=not feed_format.whole,
            )
        except QueryInterrupted:
            return refusal(LATE, 503)
        # A feed may have megabytes: to write it must not hold up other visitors.
        document = await asyncio.to_thread(feed_format.document, feed)
        return _answer(datasette, request, database, feed_format, document, feed.next_url)

    return render


def refusal(words: str, status: int) -> Answer:
    """Return an answer in words instead of a feed."""
    headers = {"X-Content-Type-Options": "nosniff"}
    return Answer(words, status=status, headers=headers, content_type="text/plain; charset=utf-8")


def _answer(
    datasette: DatasetteLike,
    request: RequestLike,
    database: str,
    feed_format: FeedFormat,
    document: bytes,
    next_url: str | None,
) -> Answer:
    headers = {"ETag": fingerprint(document), "X-Content-Type-Options": "nosniff"}
    headers[security_policy.HEADER] = security_policy.FEED
    if feed_format.whole and next_url:  # it is cut at max_returned_rows (RFC 8288)
        headers["Link"] = f'<{uri(next_url)}>; rel="next"'
    changed = changed_at(datasette, database)
    if changed is not None:
        headers["Last-Modified"] = http_time(changed)
    kind = f"{feed_format.sent_as or feed_format.media_type}; charset=utf-8"
    if is_known(request, headers["ETag"], changed):
        return Answer("", status=304, headers=headers, content_type=kind)
    return Answer(document, headers=headers, content_type=kind)


def renderers(datasette: DatasetteLike) -> list[dict[str, Any]]:
    """Return the feed formats of a site as Datasette's output renderers."""
    return [
        {"extension": each.extension, "render": _renderer(each), "can_render": can_render}
        for each in feed_formats(datasette).values()
    ]
