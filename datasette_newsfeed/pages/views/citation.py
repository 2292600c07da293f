"""How an article is cited: in words to copy, for reference managers, as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...html_tags import parts
from ..access.archives import ArchiveView, view_archive
from ..compat import Answer
from ..feeds.citations import in_line
from ..feeds.feed import rfc3339
from ..headers import security_policy
from ..links import FeedLink, Links
from ..models import Card, FullArticle
from ..protocols import DatasetteLike, RequestLike
from ..queries.full_articles import find_bodies, find_full_articles
from ..text.addresses import LONGEST_ADDRESS, uri
from ..text.markdown import MARKDOWN_LIMIT, html_of_markdown

MARKDOWN = "md"
"""The extension of an article as Markdown."""

WAYBACK = "https://web.archive.org/web/{day}/{url}"
"""What the Wayback Machine kept nearest to a day."""

_MARKUP = re.compile(r"([\\`*_\[\]#|~])")


@dataclass(frozen=True, slots=True)
class Citation:
    """An article as it is cited: its address here, and where to get the citation in other forms.

    wayback: its page at the Wayback Machine, nearest to the day; None without address or day.
    """

    address: str
    formats: Sequence[FeedLink]
    markdown: str
    wayback: str | None


def cite(view: ArchiveView, request: RequestLike, article: FullArticle) -> Citation:
    """Return how an article is cited."""
    links = Links(view.datasette, view.database)
    key = str(article.card.id)
    return Citation(
        str(view.datasette.absolute_url(request, links.article(key))),
        links.citations_of(key),
        links.row("articles", key, extension=MARKDOWN),
        wayback_url(article.card),
    )


def wayback_url(card: Card) -> str | None:
    """Return where the Wayback Machine has the original as it was on its day."""
    published = rfc3339(card.published_at)
    if card.url is None or not published:
        return None
    url = WAYBACK.format(day=published[:10].replace("-", ""), url=uri(card.url))
    return url if len(url) <= LONGEST_ADDRESS else None


def meta_of(article: FullArticle, address: str) -> list[tuple[str, str]]:
    """Return the `<meta>` tags by which Zotero and others read a page: name and content."""
    card = article.card
    published = rfc3339(card.published_at)
    given = [
        ("z:itemType", "videoRecording" if card.is_video else "newspaperArticle"),
        ("citation_title", card.title),
        *(("citation_author", name) for name in article.authors),
        ("citation_journal_title", card.provider_name),
        ("citation_publication_date", published[:10].replace("-", "/")),
        ("citation_language", card.lang),
        ("citation_public_url", uri(card.url) if card.url else address),
        ("citation_abstract_html_url", address),
    ]
    return [(name, in_line(value)) for name, value in given if in_line(value)]


# -- Markdown -------------------------------------------------------------------


def can_render(table: Any, view_name: Any, database: Any) -> bool:
    """Return whether a page offers itself as Markdown: an article's alone."""
    return bool(view_name == "row" and table == "articles")


async def render(
    datasette: DatasetteLike,
    rows: Any,
    database: Any,
    table: Any,
    view_name: Any,
    request: RequestLike,
) -> Answer | None:
    """Return an article as Markdown with front matter; None, which is 404, for anything else."""
    view = await view_archive(datasette, request, database)
    if view is None or not rows or not can_render(table, view_name, database):
        return None
    key = str(rows[0]["id"])
    found = await find_full_articles(view, [key])
    if not found:
        return None
    bodies = await find_bodies(view, [key], MARKDOWN_LIMIT + 1)
    address = str(datasette.absolute_url(request, Links(datasette, database).article(key)))
    headers = {
        "X-Content-Type-Options": "nosniff",
        security_policy.HEADER: security_policy.NOTHING,
    }
    return Answer(
        write(found[0], bodies.get(key), address),
        headers=headers,
        content_type="text/markdown; charset=utf-8",
    )


def write(article: FullArticle, body: str | None, address: str) -> str:
    """Return an article as Markdown. HTML in its text is sanitised, as on its page."""
    card = article.card
    front = {
        "title": in_line(card.title),
        "authors": [in_line(name) for name in article.authors],
        "provider": in_line(card.provider_name),
        "date": rfc3339(card.published_at),
        "url": card.url,
        "archived": address,
        "topics": [in_line(topic) for topic in card.topics],
        "language": card.lang,
    }
    # JSON is YAML as well, and needs no rules for what must be quoted.
    lines = [
        f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items() if value
    ]
    title = _MARKUP.sub(r"\\\1", in_line(card.title)).replace("<", "&lt;")
    text = _safe(body, card.url) if body else in_line(card.excerpt)
    return "\n".join(["---", *lines, "---", "", f"# {title}", "", text.strip(), ""])


def _safe(body: str, url: str | None) -> str:
    """Return a text as it is; as sanitised HTML, which is Markdown too, where it has tags."""
    if any(not isinstance(part, str) for part in parts(body[:MARKDOWN_LIMIT], is_cut=True)):
        return str(html_of_markdown(body, url, is_page=False) or "")
    return body[:MARKDOWN_LIMIT].replace("\r\n", "\n").replace("\r", "\n")


def renderer() -> dict[str, Any]:
    """Return Markdown as one of Datasette's output renderers."""
    return {"extension": MARKDOWN, "render": render, "can_render": can_render}
