"""OPML: a list of feeds, http://opml.org/spec2.opml. Only its addresses are taken."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from .bounded_parsing import NoFeed, XmlDocument
from .entries import Feed
from .html_text import clean

MOST_FEEDS = 1_000
"""Feeds of one list."""


def read_feed(document: XmlDocument) -> Feed:
    """Return the addresses of the feeds, each once. Raises NoFeed."""
    try:
        root = ET.fromstring(document.text)
    except ET.ParseError as error:
        raise NoFeed(f"is OPML that is not well-formed: {error}") from error
    feed = Feed("list of feeds (OPML)")
    for outline in root.iter("outline"):
        names = {name.lower(): value for name, value in outline.attrib.items()}
        address = clean(names.get("xmlurl", "")).strip()
        if address and address not in feed.feeds:
            if address.lower().startswith(("http://", "https://")):
                feed.feeds.append(address)
            else:
                feed.leave_out("no address of the web")
    if len(feed.feeds) > MOST_FEEDS:
        raise NoFeed(f"names more than {MOST_FEEDS:,} feeds")
    if not feed.feeds and not feed.left_out:
        raise NoFeed("is OPML that names no feed")
    return feed
