"""A feed as JSON Feed 1.1, see https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import json
from typing import Any

from .feed import Entry, Feed
from .xml_elements import GENERATOR

VERSION = "https://jsonfeed.org/version/1.1"


def write(feed: Feed) -> bytes:
    """Return the feed as a JSON document in UTF-8."""
    document = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        "description": feed.description,
        "next_url": feed.next_url,
        "authors": [{"name": feed.publisher}],
        # An extension, as the specification has it: so `newsfeed collect` knows a feed of ours.
        "_newsfeed": {"generator": GENERATOR},
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(_given(document), ensure_ascii=False, indent=1).encode("utf-8")


def _item(entry: Entry) -> dict[str, Any]:
    names = entry.authors or ((entry.publisher,) if entry.publisher else ())
    item = {
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.source_url,
        "title": entry.title,
        # Obligatory, even if there is nothing to say.
        "content_html": entry.content or "",
        "summary": entry.summary,
        "date_published": entry.published or None,
        "date_modified": entry.updated or None,
        "authors": [{"name": name} for name in names] or None,
        "tags": list(entry.categories) or None,
        "language": entry.language,
    }
    if entry.image:
        image = entry.image
        item["image"] = image.url
        if image.type:
            attachment = {
                "url": image.url,
                "mime_type": image.type,
                "title": image.title,
                "size_in_bytes": image.size,
            }
            item["attachments"] = [_given(attachment)]
    return _given(item)


def _given(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}
