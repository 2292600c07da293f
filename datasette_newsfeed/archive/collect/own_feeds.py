"""Feeds that datasette-newsfeed itself wrote: what they add to an article is taken away again.

An entry of such a feed leads to a page of the site that serves it; the article is where `via`
or `external_url` says. Its content begins with the lead image and ends with a link to the original.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

from ..dialects.fields import host
from .entries import Entry, EntryImage, Publisher
from .html_text import block_of_html, line_of_text, pixels

GENERATOR = "datasette-newsfeed"

_IMAGE = re.compile(
    r'<p><img src="(?P<src>[^"]*)" alt="(?P<alt>[^"]*)"'
    r'(?: width="(?P<width>\d+)" height="(?P<height>\d+)")?></p>\n?'
)
_HEADING = re.compile(r"(</?h)([3-6])(?=[\s>])")
LOWERED = 2
"""By so many levels are the headings of a text lowered where a page or feed shows it."""

_ORIGINAL = re.compile(r'<p><a href="[^"]*">Read the original</a></p>\Z')


def original(entry: Entry) -> Entry:
    """Return the article of an entry, without what a feed of ours adds to it."""
    text = entry.body or ""
    images = entry.images
    if images and (match := _IMAGE.match(text)):
        text = text[match.end() :]
        first = EntryImage(
            images[0].url,
            pixels(match["width"]),
            pixels(match["height"]),
            line_of_text(html.unescape(match["alt"])),
        )
        images = (first,)
    if entry.original_url:
        text = _ORIGINAL.sub("", text.strip())
    if entry.excerpt and html.unescape(text.strip()) == f"<p>{entry.excerpt}</p>":
        text = ""
    publisher = entry.publisher
    if entry.original_url and not publisher.domain:
        publisher = Publisher(publisher.name, host(entry.original_url))
    return replace(
        entry,
        url=entry.original_url,
        original_url=None,
        body=block_of_html(_HEADING.sub(lambda m: f"{m[1]}{int(m[2]) - LOWERED}", text)),
        images=images[:1],
        enclosures=(),
        type=None,
        publisher=publisher,
    )
