"""A feed as Atom (RFC 4287), with paging links (RFC 5005)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..models import Enclosure
from .feed import UNKNOWN_TIME, Entry, Feed, xml_text
from .xml_elements import GENERATOR, add, add_media, document

NAMESPACES = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}


def write(feed: Feed) -> bytes:
    """Return the feed as an Atom document in UTF-8."""
    root = ET.Element("feed", NAMESPACES)
    add(root, "id", feed.url)
    add(root, "title", feed.title)
    add(root, "subtitle", feed.description)
    add(root, "updated", feed.updated)
    _link(root, "self", feed.self_url, "application/atom+xml")
    _link(root, "alternate", feed.url, "text/html")
    _link(root, "first", feed.first_url, "application/atom+xml")
    _link(root, "next", feed.next_url, "application/atom+xml")
    # An entry names its own author; this is for an entry without one.
    _person(root, feed.publisher)
    add(root, "generator", GENERATOR)
    for entry in feed.entries:
        _add_entry(root, entry)
    return document(root, feed.stylesheet)


def _add_entry(root: ET.Element, entry: Entry) -> None:
    element = ET.SubElement(root, "entry", {"xml:lang": entry.language} if entry.language else {})
    add(element, "id", entry.id)
    add(element, "title", entry.title)
    add(element, "updated", entry.updated or UNKNOWN_TIME)
    if entry.published:
        add(element, "published", entry.published)
    _link(element, "alternate", entry.url, "text/html")
    _link(element, "via", entry.source_url)
    for name in entry.authors or (entry.publisher,):
        _person(element, name)
    for category in entry.categories:
        ET.SubElement(element, "category", {"term": xml_text(category)})
    if entry.summary:
        add(element, "summary", entry.summary)
    if entry.content:
        add(element, "content", entry.content, type="html")
    if entry.image:
        _add_image(element, entry.image)


def _add_image(element: ET.Element, image: Enclosure) -> None:
    length = {} if image.size is None else {"length": str(image.size)}
    title = {"title": xml_text(image.title)} if image.title else {}
    _link(element, "enclosure", image.url, image.type, **length, **title)
    add_media(element, image)


def _person(parent: ET.Element, name: str | None) -> None:
    if name:
        add(ET.SubElement(parent, "author"), "name", name)


def _link(
    parent: ET.Element, rel: str, href: str | None, kind: str | None = None, **more: str
) -> None:
    if href is not None:
        attributes = {"rel": rel, "href": xml_text(href), **more}
        ET.SubElement(parent, "link", {**attributes, "type": kind} if kind else attributes)
