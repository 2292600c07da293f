"""How an article is cited: in words to copy, and for reference managers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..access.archives import ArchiveView
from ..feeds.citations import in_line
from ..feeds.feed import rfc3339
from ..links import FeedLink, Links
from ..models import Card, FullArticle
from ..protocols import RequestLike
from ..text.link_addresses import LONGEST_ADDRESS, uri
from .markdown_export import EXTENSION

WAYBACK = "https://web.archive.org/web/{day}/{url}"
"""What the Wayback Machine kept nearest to a day."""


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
        links.row("articles", key, extension=EXTENSION),
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
