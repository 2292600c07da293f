"""Which format a document has: decided by its content, never by its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..dialects.fields import host
from . import ghost, json_feed, news_apis, opml, wordpress, xml_feeds
from .bounded_parsing import NoFeed, XmlDocument, read_document
from .entries import Feed

KNOWN = (
    "RSS, Atom, JSON Feed, OPML, an export of WordPress or Ghost, or an answer of NewsAPI, the "
    "Guardian or GDELT"
)


def read_source(
    data: bytes, *, base: str | None = None, site: str | None = None, drafts: bool = False
) -> Feed:
    """Return the feed that some bytes are. Raises NoFeed where they are none.

    base: the address that they came from. site: the address of the site where the source does
    not say it. drafts: whether posts that were not published are taken.
    """
    document = read_document(data)
    if isinstance(document, XmlDocument):
        feed = _xml(document, base or site, drafts)
    else:
        feed = _json(document, base or site, site, drafts)
    if site:
        _complete(feed, site)
    return feed


def _xml(document: XmlDocument, base: str | None, drafts: bool) -> Feed:
    name = document.root.rpartition(":")[2].lower()
    if name == "opml":
        return opml.read_feed(document)
    if wordpress.is_one(document):
        return wordpress.read_feed(document, drafts=drafts)
    if name not in xml_feeds.ROOTS:
        raise NoFeed(f"is XML, but no feed: its root is <{document.root}>")
    if not xml_feeds.can_read():
        raise NoFeed("needs a further library: pip install 'datasette-newsfeed[collect]'")
    return xml_feeds.read_feed(document, base)


def _json(value: Any, base: str | None, site: str | None, drafts: bool) -> Feed:
    if json_feed.is_one(value):
        return json_feed.read_feed(value, base)
    if ghost.is_one(value):
        return ghost.read_feed(value, site, drafts=drafts)
    for is_one, read in (
        (news_apis.is_guardian, news_apis.read_guardian),
        (news_apis.is_gdelt, news_apis.read_gdelt),
        (news_apis.is_newsapi, news_apis.read_newsapi),
    ):
        if is_one(value):
            return read(value)
    raise NoFeed(f"is JSON, but no feed that is known ({KNOWN})")


def _complete(feed: Feed, site: str) -> None:
    """Give the site to entries whose source does not say who published them."""
    for i, entry in enumerate(feed.entries):
        if entry.publisher.domain is None:
            publisher = replace(entry.publisher, domain=host(site))
            feed.entries[i] = replace(entry, publisher=publisher)
