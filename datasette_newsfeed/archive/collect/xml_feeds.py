"""RSS 0.9x, 1.0 (RDF) and 2.0, Atom, and podcasts, read with feedparser."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from ..dates import DateError, read_date
from ..dialects.fields import host
from . import own_feeds
from .bounded_parsing import NoFeed, XmlDocument
from .entries import MOST_ENTRIES, Enclosure, Entry, EntryImage, Feed, Publisher
from .html_text import (
    absolute,
    block_of_text,
    clean,
    excerpt_and_body,
    first_image,
    first_words,
    line_of_html,
    line_of_text,
    pixels,
    unique,
    with_links,
)

ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
EPOCH = "1970-01-01T00:00:00Z"
"""What programs write that have no time."""

_TEMPLATE = re.compile(r"\{\{|\{%|<%|\$\{")
_MAIL = re.compile(
    r"\s*[^\s@()<>]+@[^\s@()<>]+\s*\(([^()]+)\)\s*|\s*([^<>@]+?)\s*<[^<>\s]+@[^<>\s]+>\s*"
)
_MAIL_ALONE = re.compile(r"<?[^\s@()<>]+@[^\s@()<>]+>?")
_YOUTUBE = re.compile(r"[\w-]{6,20}", re.ASCII)


def can_read() -> bool:
    """Tell whether the library of the extra `collect` is installed."""
    return find_spec("feedparser") is not None


def read_feed(document: XmlDocument, base: str | None = None) -> Feed:
    """Return the feed of an XML document. Raises NoFeed where it is none.

    base: the address that it came from, for relative addresses.
    """
    found = _parsed(document, base)
    if not found.version and not found.entries:
        raise NoFeed("is no feed that is known")
    if len(found.entries) > MOST_ENTRIES:
        raise NoFeed(f"has more than {MOST_ENTRIES:,} entries")
    if not document.is_well_formed:
        _refuse_template(found)
    reader = _Reader(found, base)
    feed = Feed(_format(found), site=reader.site)
    for entry in found.entries:
        feed.entries.append(reader.entry(entry))
    return feed


def _parsed(document: XmlDocument, base: str | None) -> Any:
    import feedparser

    headers = {"content-type": "application/xml; charset=utf-8"}
    if base:
        headers["content-location"] = base
    try:
        return feedparser.parse(
            io.BytesIO(document.text.encode("utf-8")),
            sanitize_html=False,  # pages do that
            resolve_relative_uris="xml:base" in document.text,
            response_headers=headers,
        )
    except Exception as error:
        # Which errors XML that is not well-formed may lead to is written nowhere.
        raise NoFeed(f"cannot be read as a feed: {type(error).__name__}") from error


def _format(found: Any) -> str:
    version = str(found.version)
    name = "Atom" if version.startswith("atom") else "RSS"
    return f"{name} feed"


def _refuse_template(found: Any) -> None:
    links = [str(found.feed.get("link", ""))]
    links += [str(entry.get("link") or entry.get("id") or "") for entry in found.entries]
    if any(map(_TEMPLATE.search, links[:1])) or (
        len(links) > 1 and all(map(_TEMPLATE.search, links[1:]))
    ):
        raise NoFeed("is a template, no feed")


class _Reader:
    """Reads the entries of one feed."""

    def __init__(self, found: Any, base: str | None) -> None:
        feed = found.feed
        self._is_own = feed.get("generator") == own_feeds.GENERATOR
        self._is_atom = str(found.version).startswith("atom")
        self._home = absolute(feed.get("link"), base) or base
        self._language = line_of_text(feed.get("language"))
        self._authors = () if self._is_own else _authors(feed)
        self.site = host(self._home) or line_of_text(feed.get("title")) or ""
        image = feed.get("image") or {}
        self._publisher = Publisher(
            line_of_html(feed.get("title")),
            host(self._home),
            absolute(image.get("href") or feed.get("logo"), self._home),
        )

    def entry(self, found: Any) -> Entry:
        """Return one entry."""
        base = self._home
        url = absolute(found.get("link"), base)
        published, updated = self._times(found)
        excerpt, body = self._texts(found)
        enclosures = tuple(_enclosures(found, url or base))
        video = self._video(found)
        entry = Entry(
            id=line_of_text(found.get("id")),
            title=self._title(found),
            url=url,
            original_url=_linked(found, "via", base),
            published=published,
            updated=updated,
            excerpt=excerpt,
            body=body,
            type=_type(enclosures, video),
            language=self._language_of(found),
            player=video,
            topics=_topics(found),
            authors=_authors(found) or self._authors,
            publisher=self._publisher_of(found),
            images=tuple(_images(found, url or base)),
            enclosures=tuple(each for each in enclosures if not _is_image(each)),
        )
        return own_feeds.original(entry) if self._is_own else _completed(entry)

    def _title(self, found: Any) -> str | None:
        value = found.get("title")
        if self._is_own or (self._is_atom and _kind(found, "title") == "text/plain"):
            # Atom says that it is no HTML; many escape it twice all the same.
            text = value if self._is_own else html.unescape(str(value or ""))
            return line_of_text(text)
        return line_of_html(value)

    def _texts(self, found: Any) -> tuple[str | None, str | None]:
        summary = found.get("summary")
        content = next(
            (each for each in found.get("content", ()) if each.get("value")), {"value": None}
        )
        text = content["value"]
        if summary == text:
            summary = None
        if self._is_own:
            kind = _kind(found, "summary")
            words = summary if kind == "text/plain" else html.unescape(summary or "")
            return (clean(words).strip() or None) if words else None, text
        if content.get("type") == "text/plain" and text:
            text = block_of_text(text)
        if self._is_atom and summary and _kind(found, "summary") == "text/plain":
            summary = html.escape(summary, quote=False)
        return excerpt_and_body(summary, text)

    def _times(self, found: Any) -> tuple[str | None, str | None]:
        published = _time(found, "published") or (None if self._is_own else _time(found, "created"))
        updated = _time(found, "updated")
        if published is None and not self._is_own:
            return updated, None
        is_later = updated is not None and updated > (published or "") and len(updated) > 10
        return published, updated if is_later else None

    def _language_of(self, found: Any) -> str | None:
        for key in ("content", "title_detail", "summary_detail"):
            detail = found.get(key)
            detail = detail[0] if isinstance(detail, list) and detail else detail
            if isinstance(detail, Mapping) and detail.get("language"):
                return line_of_text(detail["language"])
        return line_of_text(found.get("language")) or self._language

    def _publisher_of(self, found: Any) -> Publisher:
        source = found.get("source") or {}
        name = line_of_html(source.get("title"))
        link = absolute(source.get("link") or source.get("href"), None)
        if name and host(link):
            return Publisher(name, host(link))
        return Publisher() if self._is_own else self._publisher

    def _video(self, found: Any) -> str | None:
        key = found.get("yt_videoid")
        if isinstance(key, str) and _YOUTUBE.fullmatch(key):
            return f'<iframe src="https://www.youtube.com/embed/{key}"></iframe>'
        return None


def _completed(entry: Entry) -> Entry:
    images = entry.images
    if not images and (image := first_image(entry.body, entry.url)):
        images = (image,)
    return replace(
        entry,
        # Before the links to its files are added to the text.
        title=entry.title or first_words(entry.body) or first_words(entry.excerpt),
        images=images,
        body=with_links(entry.body, entry.enclosures),
    )


def _kind(found: Any, key: str) -> str:
    return str((found.get(f"{key}_detail") or {}).get("type") or "")


def _time(found: Any, key: str) -> str | None:
    """Return a time; feedparser reads those that are in none of our forms."""
    if key not in found:  # `get` would answer with another one
        return None
    written = found[key]
    try:
        read = read_date(str(written).strip())
        time = read.utc
        time = time[:10] if read.is_day else time
    except DateError:
        parsed = found.get(f"{key}_parsed")
        if parsed is None:
            return None
        try:
            time = f"{datetime(*parsed[:6]).isoformat()}Z"
        except (ValueError, TypeError, OverflowError):
            return None
    return None if time in (EPOCH, EPOCH[:10]) else time


def _authors(found: Any) -> tuple[str, ...]:
    people = [person for person in found.get("authors") or [] if person]
    if len(people) == 1 and people[0].get("email") and found.get("author"):
        # feedparser takes an address for shorter than it is where its domain ends in a long name.
        people = [{"name": found["author"]}]
    return unique(_without_mail(line_of_text(person.get("name"))) for person in people)


def _without_mail(name: str | None) -> str | None:
    """Return the name of `ada@quay.example (Ada Moor)`; None for an address alone."""
    if name is None or _MAIL_ALONE.fullmatch(name):
        return None
    match = _MAIL.fullmatch(name)
    return line_of_text(html.unescape(match[1] or match[2] if match else name))


def _topics(found: Any) -> tuple[str, ...]:
    return unique(
        line_of_html(tag.get("label") or tag.get("term"))
        for tag in found.get("tags") or ()
        if isinstance(tag, Mapping)
    )


def _linked(found: Any, rel: str, base: str | None) -> str | None:
    for link in found.get("links") or ():
        if link.get("rel") == rel:
            return absolute(link.get("href"), base)
    return None


def _enclosures(found: Any, base: str | None) -> list[Enclosure]:
    enclosures: list[Enclosure] = []
    duration = line_of_text(found.get("itunes_duration"))
    given = [link for link in found.get("links") or () if link.get("rel") == "enclosure"]
    given += [
        {"href": media.get("url"), "type": media.get("type"), "length": media.get("filesize")}
        for media in found.get("media_content") or ()
        if not _is_image_media(media)
    ]
    for link in given:
        url = absolute(link.get("href"), base)
        if url and url not in [each.url for each in enclosures]:
            kind = line_of_text(link.get("type")) or _kind_by_name(url)
            is_sound = not (kind or "").startswith("image/")
            size = _size(link.get("length"))
            enclosures.append(Enclosure(url, kind, size, duration if is_sound else None))
    return enclosures


def _size(value: object) -> int | None:
    text = str(value or "")
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 16 else None


_KINDS = {
    **dict.fromkeys(("mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac"), "audio"),
    **dict.fromkeys(("mp4", "m4v", "webm", "mov", "ogv"), "video"),
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp", "avif"), "image"),
}


def _kind_by_name(url: str) -> str | None:
    suffix = urlsplit(url).path.rpartition(".")[2].lower()
    return f"{_KINDS[suffix]}/{suffix}" if suffix in _KINDS else None


def _is_image(enclosure: Enclosure) -> bool:
    return (enclosure.type or "").startswith("image/")


def _is_image_media(media: Mapping[str, Any]) -> bool:
    if media.get("medium"):
        return bool(media["medium"] == "image")
    kind = str(media.get("type") or _kind_by_name(str(media.get("url") or "")) or "image/")
    return kind.startswith("image/")


def _images(found: Any, base: str | None) -> list[EntryImage]:
    given: list[Mapping[str, Any]] = [
        media for media in found.get("media_content") or () if _is_image_media(media)
    ]
    given += [{"url": each.url} for each in _enclosures(found, base) if _is_image(each)]
    given += list(found.get("media_thumbnail") or ())
    image = found.get("image")
    if isinstance(image, Mapping):
        given.append({"url": image.get("href")})
    images: dict[str, EntryImage] = {}
    for each in given:
        url = absolute(each.get("url"), base)
        if url and url not in images:
            images[url] = EntryImage(url, pixels(each.get("width")), pixels(each.get("height")))
    return list(images.values())[:1] if found.get("yt_videoid") else list(images.values())[:20]


def _type(enclosures: tuple[Enclosure, ...], video: str | None) -> str | None:
    kinds = [(each.type or "").partition("/")[0] for each in enclosures]
    if video or "video" in kinds:
        return "video"
    return "audio" if "audio" in kinds else None
