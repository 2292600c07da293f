"""The XML elements that Atom and RSS have in common."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from ..models import Enclosure
from .feed import xml_text

GENERATOR = "datasette-newsfeed"
"""What made the feed."""


def add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    """Add an element with a text, fit for XML."""
    ET.SubElement(parent, tag, attributes).text = xml_text(text)


def add_media(element: ET.Element, image: Enclosure) -> None:
    """Add an image as Media RSS has it, which many readers take their thumbnail from."""
    facts = {"type": image.type, "fileSize": image.size, "width": image.width}
    given = {key: str(value) for key, value in {**facts, "height": image.height}.items() if value}
    media = ET.SubElement(
        element, "media:content", {"url": xml_text(image.url), "medium": "image", **given}
    )
    if image.title:
        add(media, "media:title", image.title)


def document(root: ET.Element, stylesheet: str) -> bytes:
    """Return an XML document in UTF-8, with the style sheet by which browsers show it.

    See https://www.w3.org/TR/xml-stylesheet/.
    """
    given = f'<?xml-stylesheet type="text/css" href={quoteattr(xml_text(stylesheet))}?>\n'
    parts = ["<?xml version='1.0' encoding='utf-8'?>\n", given if stylesheet else ""]
    return "".join(parts).encode("utf-8") + bytes(ET.tostring(root, encoding="utf-8"))
