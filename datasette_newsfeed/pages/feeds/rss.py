"""A feed as RSS 2.0, with authors, full text, images and paging as its usual modules have them.

See https://www.rssboard.org/rss-specification and, for the modules,
https://www.rssboard.org/rss-profile.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET

from .feed import Entry, Feed, xml_text
from .xml_elements import GENERATOR, add, add_media, document

NAMESPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}
DOCS = "https://www.rssboard.org/rss-specification"
MEDIA_TYPE = "application/rss+xml"


def write(feed: Feed) -> bytes:
    """Return the feed as an RSS document in UTF-8."""
    root = ET.Element("rss", {"version": "2.0", **NAMESPACES})
    channel = ET.SubElement(root, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.url)
    add(channel, "description", feed.description)
    for rel, url in (("self", feed.self_url), ("first", feed.first_url), ("next", feed.next_url)):
        _link(channel, rel, url)
    if feed.entries:
        add(channel, "lastBuildDate", rfc822(feed.updated))
    add(channel, "generator", GENERATOR)
    add(channel, "docs", DOCS)
    for entry in feed.entries:
        _add_item(channel, entry)
    return document(root, feed.stylesheet)


def _add_item(channel: ET.Element, entry: Entry) -> None:
    item = ET.SubElement(channel, "item")
    add(item, "title", entry.title)
    add(item, "link", entry.url)
    add(item, "guid", entry.id, isPermaLink="false")
    if entry.published:
        add(item, "pubDate", rfc822(entry.published))
    if entry.updated and entry.updated != entry.published:
        add(item, "atom:updated", entry.updated)
    if entry.source_url:
        ET.SubElement(item, "atom:link", {"rel": "via", "href": xml_text(entry.source_url)})
    for name in entry.authors or (entry.publisher,):
        if name:
            # RSS's own <author> is an address of mail.
            add(item, "dc:creator", name)
    for category in entry.categories:
        add(item, "category", category)
    if entry.language:
        add(item, "dc:language", entry.language)
    if entry.summary:
        # Readers take a description for HTML.
        add(item, "description", escape(entry.summary, quote=False))
    if entry.content:
        add(item, "content:encoded", entry.content)
    if entry.image:
        if entry.image.type:
            # All three are obligatory; 0 is what one writes for an unknown size.
            size = str(entry.image.size or 0)
            given = {"url": xml_text(entry.image.url), "length": size, "type": entry.image.type}
            ET.SubElement(item, "enclosure", given)
        add_media(item, entry.image)


def rfc822(time: str) -> str:
    """Return a time of RFC 3339 as RSS writes it."""
    return format_datetime(datetime.fromisoformat(time), usegmt=True)


def _link(channel: ET.Element, rel: str, url: str | None) -> None:
    if url is not None:
        given = {"rel": rel, "href": xml_text(url), "type": MEDIA_TYPE}
        ET.SubElement(channel, "atom:link", given)
