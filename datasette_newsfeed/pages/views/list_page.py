"""A list made by hand: `/DB/-/newsfeed/list?id=…&id=…`, at most 100 articles in the order given.

The list is its address: there are no accounts. Title and note are the words of whoever made the
link; the page says so, shows them as plain text and asks robots not to index it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from ..access.archives import ArchiveView, view_requested
from ..feeds.citations import in_line
from ..headers import security_policy
from ..links import Links
from ..models import Card
from ..picture_places import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries.cards import find_cards_by_id
from ..queries.suggestions import find_article_at
from ..registered_formats import PAGE, feed_formats

VIEW = "newsfeed_list"
MOST = 100
"""Articles of a list."""

LONGEST_ID = 500
LONGEST_TITLE = 200
LONGEST_NOTE = 2_000
"""Characters."""

LONGEST_QUERY = 20_000
"""Characters of the address: a hundred ids fit in."""

_ENTITY = re.compile(r"&(?=#?\w+;)")

PASTED = "ids"
"""The field of the form: ids or addresses of articles, one a line."""


async def show_list(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer the page of a list: 404 without an archive, 400 for more than it takes."""
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles"):
        raise NotFound("There is no news archive here")
    database = view.database
    if len(request.query_string) > LONGEST_QUERY:
        return Response.text("This list is too long", status=400)
    given = parse_qsl(request.query_string, keep_blank_values=True)
    ids = list(dict.fromkeys(value for key, value in given if key == "id" and value))
    title = in_line(dict(given).get("title"))[:LONGEST_TITLE]
    note = _lines(dict(given).get("note"))[:LONGEST_NOTE]
    links = Links(datasette, database)
    pasted = [value for key, value in given if key == PASTED]
    try:
        if pasted:
            ids = await _found(view, links, [*ids, *" ".join(pasted).split()])
        if len(ids) > MOST or any(len(key) > LONGEST_ID for key in ids):
            return Response.text(f"A list has at most {MOST} articles", status=400)
        if pasted:
            return Response.redirect(links.list_of(ids, title, note))
        cards = await find_cards_by_id(view, ids)
    except QueryInterrupted:
        return Response.text("This list took too long to read", status=503)
    return await _page(view, request, ids, cards, title, note)


def _lines(text: str | None) -> str:
    return "\n".join(filter(None, map(in_line, (text or "").splitlines())))


async def _found(view: ArchiveView, links: Links, pasted: Sequence[str]) -> list[str]:
    """The ids of what was pasted: ids, addresses of articles here, or where they were published."""
    own = urlsplit(links.table("articles")).path + "/"
    found = []
    for text in pasted[: MOST + 1]:  # one more than a list takes is refused
        path = urlsplit(text).path if _is_address(text) or text.startswith("/") else ""
        if own in path:
            key = path.rpartition(own)[2]
            found.append(tilde_decode(key))
        else:
            known = await find_article_at(view, text) if _is_address(text) else None
            found.append(known or text)
    return list(dict.fromkeys(key[: LONGEST_ID + 1] for key in found))


def _is_address(text: str) -> bool:
    if not text.startswith(("http://", "https://")):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False


async def _page(
    view: ArchiveView,
    request: RequestLike,
    ids: Sequence[str],
    cards: Sequence[Card],
    title: str,
    note: str,
) -> Response:
    datasette, database = view.datasette, view.database
    links = Links(datasette, database)
    shown = [str(card.id) for card in cards]
    html = await datasette.render_template(
        "newsfeed_list.html",
        {
            "database": database,
            "links": links,
            "pictures": Pictures(view, links),
            "cards": cards,
            "missing": [key for key in ids if key not in set(shown)],
            "title": title,
            "note": note.split("\n") if note else [],
            "ids": ids,
            "field": PASTED,
            "longest_title": LONGEST_TITLE,
            "longest_note": LONGEST_NOTE,
            "most": MOST,
            "forms": _forms(links, datasette, shown) if shown else [],
            "markdown": _markdown(datasette, request, links, cards, title, note),
            "address": datasette.absolute_url(request, links.list_of(shown, title, note)),
        },
        request=request,
        view_name=VIEW,
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    return Response.html(html, headers={security_policy.HEADER: rules})


def _forms(links: Links, datasette: DatasetteLike, ids: Sequence[str]) -> list[tuple[str, str]]:
    """The same articles in other forms: name and address. Those follow the order of the articles
    page, the newest first."""
    query = "?" + urlencode({"id__in": json.dumps(ids, ensure_ascii=False)})
    urls = datasette.urls
    found = [("Feed", str(urls.table(links.database_name, "articles", format=PAGE)) + query)]
    csv = str(urls.table(links.database_name, "article_list", format="csv")) + query
    found.append(("CSV", csv))
    return found + [
        (each.name, str(urls.table(links.database_name, "articles", format=each.extension)) + query)
        for each in feed_formats(datasette).values()
        if each.whole
    ]


def _markdown(
    datasette: DatasetteLike,
    request: RequestLike,
    links: Links,
    cards: Sequence[Card],
    title: str,
    note: str,
) -> str:
    """The list as Markdown, to be pasted."""
    host = str(datasette.absolute_url(request, "/")).removesuffix("/")
    lines = [f"# {_escaped(title)}", ""] if title else []
    lines += [_escaped(note), ""] if note else []
    for card in cards:
        facts = [card.provider_name or "", card.published_at[:10]]
        said = ", ".join(_escaped(fact) for fact in facts if fact)
        address = f"{host}{links.article(str(card.id))}"
        lines.append(f"- [{_escaped(card.title)}]({address}){f', {said}' if said else ''}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Plain text as Markdown has it."""
    marked = "".join(f"\\{each}" if each in "\\`*_[]#|~!" else each for each in text)
    # A plain "&" stays: what is pasted into a letter is read as it is.
    return _ENTITY.sub("&amp;", marked).replace("<", "&lt;")
