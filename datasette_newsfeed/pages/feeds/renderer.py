"""The feeds: a page's address with `.atom`, `.rss` or `.jsonfeed`. Knows no article.

Datasette finds the rows as for the page itself, so that every filter works; here
they become a document, which is sent only to those who do not have it yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datasette.database import QueryInterrupted

from ..access.archives import changed_at, look_across
from ..compat import Answer
from ..headers import security_policy
from ..headers.caching import fingerprint, http_time, is_known
from ..links import FEEDS
from . import atom, jsonfeed, rss
from .builder import Edition, article_column
from .feed import Feed

WRITERS: dict[str, Callable[[Feed], bytes]] = {
    "atom": atom.write,
    "rss": rss.write,
    "jsonfeed": jsonfeed.write,
}

WANTED = (
    "A feed needs a column with the keys of articles: article_id, or id of articles, "
    "of a view or of an SQL query."
)
FAILED = "The SQL of this feed fails. Its page, the same address without the format, says why."
LATE = "This selection took too long to read. Try fewer filters."


async def can_render(
    datasette: Any, columns: Any, database: Any, table: Any, request: Any, view_name: Any
) -> bool:
    """Tell whether a page offers its feeds: lists of articles that the visitor may see."""
    if view_name == "row" or article_column(columns, table) is None:
        return False
    return bool(await look_across(datasette, request, database))


def _renderer(extension: str) -> Callable[..., Any]:
    async def render(
        datasette: Any,
        columns: Any,
        rows: Any,
        database: Any,
        table: Any,
        query_name: Any,
        request: Any,
        data: Any,
    ) -> Answer | None:
        sights = await look_across(datasette, request, database)
        if not sights:
            return None  # 404, as for any other extension that is not known
        if not columns:  # an answer without rows has columns all the same
            return _refusal(FAILED, 400)
        if rows and article_column(columns, table) is None:
            return _refusal(WANTED, 400)
        try:
            feed = await Edition(sights, request, database, extension).feed(
                rows,
                columns,
                table=table,
                query_name=query_name,
                next_place=data.get("next"),
            )
        except QueryInterrupted:
            return _refusal(LATE, 503)
        return _answer(datasette, request, database, extension, WRITERS[extension](feed))

    return render


def _refusal(words: str, status: int) -> Answer:
    headers = {"X-Content-Type-Options": "nosniff"}
    return Answer(words, status=status, headers=headers, content_type="text/plain; charset=utf-8")


def _answer(datasette: Any, request: Any, database: str, extension: str, document: bytes) -> Answer:
    headers = {"ETag": fingerprint(document), "X-Content-Type-Options": "nosniff"}
    headers[security_policy.HEADER] = security_policy.NOTHING
    changed = changed_at(datasette, database)
    if changed is not None:
        headers["Last-Modified"] = http_time(changed)
    kind = f"{FEEDS[extension][1]}; charset=utf-8"
    if is_known(request, headers["ETag"], changed):
        return Answer("", status=304, headers=headers, content_type=kind)
    return Answer(document, headers=headers, content_type=kind)


RENDERERS = [
    {"extension": extension, "render": _renderer(extension), "can_render": can_render}
    for extension in WRITERS
]
