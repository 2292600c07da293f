"""JSON Feed 1 and 1.1, https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..dialects.fields import host
from . import own_feeds
from .entries import Enclosure, Entry, EntryImage, Feed, Publisher
from .html_text import (
    absolute,
    block_of_text,
    clean,
    excerpt_and_body,
    first_image,
    first_words,
    line_of_text,
    unique,
    with_links,
)
from .news_apis import listed, mapping, moment

VERSIONS = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")


def is_one(value: Any) -> bool:
    """Tell whether a JSON document is a JSON Feed."""
    version = str(mapping(value).get("version") or "").replace("//www.", "//")
    return version.startswith(VERSIONS) and isinstance(value.get("items"), list)


def read_feed(value: Mapping[str, Any], base: str | None = None) -> Feed:
    """Return the feed of a JSON document."""
    home = absolute(value.get("home_page_url"), base) or absolute(value.get("feed_url"), base)
    is_own = mapping(value.get("_newsfeed")).get("generator") == own_feeds.GENERATOR
    icon = absolute(value.get("icon"), home) or absolute(value.get("favicon"), home)
    publisher = Publisher(line_of_text(value.get("title")), host(home or base), icon)
    feed = Feed("JSON Feed", site=host(home or base) or publisher.name or "")
    authors = () if is_own else _authors(value)
    for item in value["items"]:
        if not isinstance(item, dict):
            feed.leave_out("no object")
            continue
        entry = _entry(item, home or base, is_own)
        if is_own:
            entry = own_feeds.original(entry)
        else:
            entry = replace(
                entry,
                publisher=publisher,
                authors=entry.authors or authors,
                language=entry.language or line_of_text(value.get("language")),
            )
        feed.entries.append(entry)
    return feed


def _entry(item: Mapping[str, Any], base: str | None, is_own: bool) -> Entry:
    url = absolute(item.get("url"), base)
    outside = absolute(item.get("external_url"), base)
    published, updated = moment(item.get("date_published")), moment(item.get("date_modified"))
    if published is None and not is_own:
        published, updated = updated, None
    if updated and published and updated <= published:
        updated = None
    content = item.get("content_html") or block_of_text(item.get("content_text"))
    content = content if isinstance(content, str) else None
    summary = item.get("summary") if isinstance(item.get("summary"), str) else None
    if is_own:
        excerpt, body = clean(summary or "").strip() or None, content
    else:
        escaped = html.escape(summary, quote=False) if summary else None
        excerpt, body = excerpt_and_body(escaped, content)
    enclosures = tuple(_attachments(item, base))
    images = [absolute(item.get(key), url or base) for key in ("image", "banner_image")]
    found = [EntryImage(each) for each in unique(images)]
    found += [EntryImage(e.url) for e in enclosures if (e.type or "").startswith("image/")]
    if not found and not is_own and (image := first_image(body, url or outside)):
        found = [image]
    others = tuple(e for e in enclosures if not (e.type or "").startswith("image/"))
    kinds = {(each.type or "").partition("/")[0] for each in others}
    return Entry(
        id=line_of_text(str(item["id"])) if item.get("id") is not None else None,
        title=line_of_text(item.get("title")) if is_own else _title(item, excerpt, body),
        url=url or outside,
        original_url=outside,
        published=published,
        updated=updated,
        excerpt=excerpt,
        body=body if is_own else with_links(body, others),
        type=next((kind for kind in ("video", "audio") if kind in kinds), None),
        language=line_of_text(item.get("language")),
        topics=unique(line_of_text(tag) for tag in listed(item.get("tags"))),
        authors=_authors(item),
        images=tuple(dict.fromkeys(found)),
        enclosures=others,
    )


def _title(item: Mapping[str, Any], excerpt: str | None, body: str | None) -> str | None:
    """Return the title, plain text in which entities were not meant, else the first words."""
    title = item.get("title")
    found = line_of_text(html.unescape(title)) if isinstance(title, str) else None
    return found or first_words(body) or first_words(excerpt)


def _authors(value: Mapping[str, Any]) -> tuple[str, ...]:
    people = listed(value.get("authors")) or [value.get("author")]
    return unique(line_of_text(mapping(person).get("name")) for person in people)


def _attachments(item: Mapping[str, Any], base: str | None) -> list[Enclosure]:
    found = []
    for each in listed(item.get("attachments")):
        given = mapping(each)
        url = absolute(given.get("url"), base)
        if url:
            size, seconds = given.get("size_in_bytes"), given.get("duration_in_seconds")
            found.append(
                Enclosure(
                    url,
                    line_of_text(given.get("mime_type")),
                    size if isinstance(size, int) and 0 < size < 10**15 else None,
                    _seconds(seconds),
                )
            )
    return found


def _seconds(value: Any) -> str | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.0f}" if is_number and 0 < value < 1_000_000 else None
