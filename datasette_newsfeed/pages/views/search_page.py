"""The search page: the articles that match, the best first."""

from __future__ import annotations

from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from ...full_text import query
from ..access.archives import FULL_TEXT, view_archive
from ..headers import security_policy
from ..links import Links
from ..pictures import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries.search import Hits, find_hits, one_line

VIEW = "newsfeed_search"
PAGE = 20
"""Articles on one page."""
MOST_PAGES = 50
"""Further on nobody reads, and each page costs more than the one before."""
LONGEST = 300
"""Characters of what is looked for."""


async def show_search(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/search?q=`: 404 without an archive that the visitor may see."""
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"])).name
    except KeyError as error:
        raise NotFound("Database not found") from error
    view = await view_archive(datasette, request, database)
    if view is None or not view.sees("articles", FULL_TEXT):
        raise NotFound("There is no news archive to search here")
    words = _words(request.args.get("q"))
    number = _page_number(request.args.get("page"))
    if number is None:
        return Response.text(f"page is a number from 1 to {MOST_PAGES}", status=400)
    links = Links(datasette, database)
    is_late = False
    try:
        found = await find_hits(view, words, PAGE, (number - 1) * PAGE)
    except QueryInterrupted:
        found, is_late = Hits((), 0), True
    address = links.search()

    def page(of: int) -> str:
        return links.search(q=words, page=str(of))

    html = await datasette.render_template(
        "newsfeed_search.html",
        {
            "database": database,
            "links": links,
            "pictures": Pictures(view, links),
            "words": words,
            "has_no_words": query.read(words).is_empty,
            "longest": LONGEST,
            "found": found,
            "is_late": is_late,
            "most": PAGE * MOST_PAGES,
            "first": (number - 1) * PAGE + 1,
            "address": address,
            "narrow_url": links.table("articles", _search=words),
            "previous_url": page(number - 1) if number > 1 else None,
            "next_url": page(number + 1)
            if number * PAGE < found.count and number < MOST_PAGES
            else None,
        },
        request=request,
        view_name=VIEW,
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    return Response.html(html, headers={security_policy.HEADER: rules})


def _words(text: str | None) -> str:
    """Return what is looked for. Too much is cut between words, for half a word is another."""
    words = one_line(text or "").strip()
    if len(words) <= LONGEST:
        return words
    return words[: LONGEST + 1].rpartition(" ")[0] or words[:LONGEST]


def _page_number(text: str | None) -> int | None:
    if not text:
        return 1
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return None
    number = int(text)
    return number if 1 <= number <= MOST_PAGES else None
