"""The metadata of a page for chats, search engines and feed readers.

It consists of a title and a description, an image, the canonical address, the feeds, and the
same facts as JSON-LD (https://schema.org).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ... import default_metadata
from .. import compat, filter_description
from ..access.archives import ArchiveView
from ..filters.query_string import STORIES_SORT, query_of
from ..links import FeedLink, Links
from ..models import Card, Enclosure, FullArticle, Story
from ..picture_places import Pictures
from ..protocols import RequestLike
from ..text.link_addresses import uri, web_url
from ..text.plain import plain_text
from .articles_page import Listing
from .citation import meta_of

LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 300
"""Characters. Programs that show previews cut far earlier; an address may hold any number."""

LEADING = 3
"""How many articles of a list its description names."""

LARGE = 280
"""Pixels: an image at least so wide may be shown large."""

SCHEMA = "https://schema.org"

# The properties of an article, see https://ogp.me/#type_article.
ARTICLE_WORDS = ("published_time", "modified_time", "section", "author", "tag")


@dataclass(frozen=True, slots=True)
class Preview:
    """A page in short. Addresses are absolute, texts plain, `data` is JSON-LD.

    kind: "article" or "website", as Open Graph has it. facts: the properties of an
    article there, (name, value), in order.
    """

    title: str
    site: str
    url: str
    kind: str = "website"
    description: str | None = None
    image: Enclosure | None = None
    feeds: Sequence[FeedLink] = ()
    facts: Sequence[tuple[str, str]] = ()
    data: Mapping[str, Any] | None = None
    citation: Sequence[tuple[str, str]] = ()
    """The `<meta>` tags of an article that reference managers read: name and content."""

    @property
    def heading(self) -> str:
        """What the page is called in a tab of the browser and among bookmarks."""
        return self.title if self.title == self.site else f"{self.title} – {self.site}"

    @property
    def feed_title(self) -> str:
        """What its feeds are called: the selection, or for an article all of the archive."""
        return self.site if self.kind == "article" else self.title

    @property
    def is_large(self) -> bool:
        """Whether the image is fit to be shown large, as far as is known."""
        return self.image is not None and (self.image.width or LARGE) >= LARGE


async def of_front(
    archives: Sequence[tuple[ArchiveView, Sequence[Card]]], request: RequestLike
) -> Preview | None:
    """Return the preview of the front page, from its archives with their newest articles."""
    found = [await of_database(view, request, cards) for view, cards in archives]
    if not found:
        return None
    here = _Here(archives[0][0], request)
    return replace(
        found[0],
        title=_cut(", ".join(preview.title for preview in found), LONGEST_TITLE) or found[0].title,
        url=here.absolute(str(here.view.datasette.urls.instance())),
        description=found[0].description if len(found) == 1 else None,
        feeds=[feed for preview in found for feed in preview.feeds],
    )


async def of_database(view: ArchiveView, request: RequestLike, newest: Sequence[Card]) -> Preview:
    """Return the preview of an archive's own page, from its newest articles."""
    here = _Here(view, request)
    site = await here.site()
    about = await compat.database_text(view.datasette, view.database, "description")
    return Preview(
        title=site,
        site=site,
        url=here.absolute(here.links.database()),
        description=plain_text(about, LONGEST_DESCRIPTION) or default_metadata.DESCRIPTION,
        image=await here.image_of(newest),
        feeds=here.links.feeds(),
    )


async def of_listing(listing: Listing, rows: Iterable[Mapping[str, Any]]) -> Preview | None:
    """Return the preview of an articles page: its selection in words, its first articles."""
    here = _Here(listing.view, listing.request)
    cards = await listing.leading(rows, LEADING)
    words = await filter_description.in_words(listing.view, listing.request)
    query = query_of(listing.request)
    feeds = listing.feeds
    if place := listing.request.args.get("_next"):
        query = query.plus(("_next", place))
    url = here.absolute(listing.address(query))
    title = _cut(words, LONGEST_TITLE) or filter_description.ALL
    description = _titles(cards)
    site = await here.site()
    return Preview(
        title=title,
        site=site,
        url=url,
        description=description,
        image=await here.image_of(cards),
        feeds=feeds,
        data=_given(
            {
                "@context": SCHEMA,
                "@type": "CollectionPage",
                "name": title,
                "description": description,
                "url": url,
                "isPartOf": {"@type": "WebSite", "name": site},
            }
        ),
    )


async def of_stories(listing: Listing, rows: Iterable[Mapping[str, Any]]) -> Preview:
    """Return the preview of a page of stories: its first headlines."""
    here = _Here(listing.view, listing.request)
    headlines = await listing.leading(rows, LEADING)
    query = query_of(listing.request, STORIES_SORT)
    if place := listing.request.args.get("_next"):
        query = query.plus(("_next", place))
    return Preview(
        title=default_metadata.TITLES[listing.table],
        site=await here.site(),
        url=here.absolute(listing.address(query)),
        description=_titles(headlines),
        image=await here.image_of(headlines),
        feeds=listing.feeds,
    )


async def of_story(view: ArchiveView, request: RequestLike, story: Story) -> Preview:
    """Return the preview of a story's page: its headline, and what its articles are called."""
    here = _Here(view, request)
    title = _cut(story.headline.title, LONGEST_TITLE) or "Untitled"
    url = here.absolute(here.links.story(story.id))
    others = [card for card in story.cards if card.id != story.headline.id]
    description = _titles([story.headline, *others])
    image = await here.image_of([story.headline, *others])
    site = await here.site()
    return Preview(
        title=title,
        site=site,
        url=url,
        description=description,
        image=image,
        feeds=here.links.feeds_of("stories", story.id),
        data=_given(
            {
                "@context": SCHEMA,
                "@type": "CollectionPage",
                "name": title,
                "description": description,
                "url": url,
                "image": [image.url] if image else None,
                "isPartOf": {"@type": "WebSite", "name": site},
                "mainEntity": {
                    "@type": "ItemList",
                    "itemListOrder": f"{SCHEMA}/ItemListOrderAscending",
                    "numberOfItems": story.size,
                    "itemListElement": [
                        {
                            "@type": "ListItem",
                            "position": position,
                            "url": here.absolute(here.links.article(str(card.id))),
                        }
                        for position, card in enumerate(story.cards, 1)
                    ],
                },
            }
        ),
    )


async def of_selection(
    view: ArchiveView, request: RequestLike, table: str, key: str, name: str, newest: Sequence[Card]
) -> Preview:
    """Return the preview of a provider's, topic's, author's or image's page, from its newest."""
    here = _Here(view, request)
    return Preview(
        title=_cut(name, LONGEST_TITLE) or default_metadata.TITLES[table],
        site=await here.site(),
        url=here.absolute(here.links.row(table, key)),
        description=_titles(newest),
        image=await here.image_of(newest),
        feeds=here.links.feeds_of(table, key),
    )


async def of_article(view: ArchiveView, request: RequestLike, article: FullArticle) -> Preview:
    """Return the preview of an article's page."""
    here = _Here(view, request)
    card = article.card
    url = here.absolute(here.links.article(str(card.id)))
    title = _cut(card.title, LONGEST_TITLE) or "Untitled"
    description = _cut(card.excerpt, LONGEST_DESCRIPTION)  # plain text already
    image = await here.image_of([card])
    published, modified = _time(card.published_at), _time(article.updated_at)
    facts: dict[str, list[str | None]] = {
        "published_time": [published],
        "modified_time": [modified],
        "section": [article.category],
        "author": [*article.authors] or [card.provider_name],
        "tag": list(card.topics),
    }
    return Preview(
        title=title,
        site=await here.site(),
        url=url,
        kind="article",
        description=description,
        image=image,
        feeds=here.links.feeds(),
        citation=meta_of(article, url),
        facts=[(name, value) for name in ARTICLE_WORDS for value in facts[name] if value],
        data=_given(
            {
                "@context": SCHEMA,
                "@type": _kind_of_work(card.type),
                "headline": title,
                "description": description,
                "url": url,
                "mainEntityOfPage": url,
                "isBasedOn": uri(card.url) if card.url else None,
                "datePublished": published,
                "dateModified": modified,
                "image": [image.url] if image else None,
                "author": _authors(article),
                "publisher": _publisher(card),
                "articleSection": article.category,
                "keywords": list(card.topics) or None,
            }
        ),
    )


def _kind_of_work(kind: str | None) -> str:
    """Return the schema.org type of a record by its own `type`.

    A record that says nothing is an article; of a course or a person only this much is certain.
    """
    known = {"article": "NewsArticle", "news": "NewsArticle", "": "Article"}
    return known.get((kind or "").strip().lower(), "CreativeWork")


def _authors(article: FullArticle) -> list[dict[str, Any]] | None:
    found = [{"@type": "Person", "name": name} for name in article.authors]
    publisher = _publisher(article.card)
    return found or ([publisher] if publisher else None)


def _publisher(card: Card) -> dict[str, Any] | None:
    if not card.provider_name:
        return None
    url = web_url(f"https://{card.provider_id}") if card.provider_id else None
    is_host = url is not None and urlsplit(url).netloc == card.provider_id
    return _given(
        {
            "@type": "Organization",
            "name": card.provider_name,
            "url": uri(url) if url and is_host else None,
        }
    )


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


def _cut(text: str | None, limit: int) -> str | None:
    """Text in one line, cut at a word where it is too long. It is no HTML: nothing is taken out."""
    line = " ".join((text or "").split())
    if len(line) <= limit:
        return line or None
    return f"{line[:limit].rpartition(' ')[0] or line[:limit]} …"


def _titles(cards: Sequence[Card]) -> str | None:
    return _cut(" · ".join(card.title for card in cards[:LEADING]), LONGEST_DESCRIPTION)


def _time(value: str | None) -> str | None:
    """Return a time unchanged, None if it is not a time."""
    try:
        datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return value


@dataclass(frozen=True, slots=True)
class _Here:
    """One archive as seen from one request: what becomes absolute here."""

    view: ArchiveView
    request: RequestLike

    @property
    def links(self) -> Links:
        return Links(self.view.datasette, self.view.database)

    async def site(self) -> str:
        title = await compat.database_text(self.view.datasette, self.view.database, "title")
        return _cut(title, LONGEST_TITLE) or self.view.database

    def absolute(self, path: str) -> str:
        return str(self.view.datasette.absolute_url(self.request, path))

    async def image_of(self, cards: Sequence[Card]) -> Enclosure | None:
        """The image of the first article that has one to show."""
        pictures = Pictures(self.view, self.links)
        images = [card.image for card in cards if card.image]
        found = await pictures.enclosures(self.request, images)
        return next((found[image.id] for image in images if image.id in found), None)
