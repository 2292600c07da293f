"""Answers of news APIs that people keep as files: NewsAPI and its like, the Guardian, GDELT."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..dates import DateError, read_date
from ..dialects.fields import host
from .entries import Entry, EntryImage, Feed, Publisher
from .html_text import (
    absolute,
    block_of_html,
    block_of_text,
    excerpt_and_body,
    first_image,
    line_of_html,
    line_of_text,
    unique,
)

_CUT = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+\d+ chars\]\s*\Z")
_NAMES = re.compile(r"\s*(?:,|;|\s&\s|\band\b)\s*")
_BYLINE = re.compile(r"\A\s*by\s+", re.IGNORECASE)
_COMPACT = re.compile(r"(\d{8})T?(\d{6})Z?", re.ASCII)


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list, an empty one for any other value."""
    return value if isinstance(value, list) else []


def moment(value: Any) -> str | None:
    """Return a time or day as a record writes it; None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        read = read_date(value.strip())
        return read.utc[:10] if read.is_day else read.utc
    except DateError:
        return None


def _share(items: list[Any], *keys: str) -> bool:
    """Tell whether most items are objects with all of some keys."""
    fitting = sum(isinstance(each, dict) and all(key in each for key in keys) for each in items)
    return bool(items) and fitting * 2 > len(items)


# -- NewsAPI ------------------------------------------------------------------


def _news_lists(value: Any) -> Iterator[tuple[str | None, list[Any]]]:
    """Yield the lists of articles with the category that they stand under, if any."""
    top = mapping(value)
    categories = top.get("categories")
    if isinstance(value, list):
        yield None, value
    if isinstance(top.get("articles"), list):
        yield None, top["articles"]
    if isinstance(categories, dict):
        yield from ((name, listed(each)) for name, each in categories.items())


def is_newsapi(value: Any) -> bool:
    """Tell whether a document has articles as NewsAPI and its like give them."""
    lists = [items for _, items in _news_lists(value) if items]
    return bool(lists) and all(_share(items, "title", "url", "publishedAt") for items in lists)


def read_newsapi(value: Any) -> Feed:
    """Return the articles, https://newsapi.org/docs/endpoints/everything."""
    feed = Feed("answer of NewsAPI")
    for category, items in _news_lists(value):
        for item in items:
            entry = _newsapi_entry(mapping(item))
            if entry.title == "[Removed]" or (host(entry.url) or "") == "removed.com":
                feed.leave_out("removed by the API")
            elif entry.title or entry.url:
                feed.entries.append(replace(entry, category=line_of_text(category)))
            else:
                feed.leave_out("neither title nor address")
    return feed


def _newsapi_entry(item: Mapping[str, Any]) -> Entry:
    url = absolute(item.get("url"), None)
    source = item.get("source")
    name = line_of_text(source) or line_of_text(mapping(source).get("name"))
    image = absolute(item.get("urlToImage") or item.get("image"), url)
    content = item.get("content")
    content = _CUT.sub(" …", content) if isinstance(content, str) else None
    return Entry(
        id=url,
        title=line_of_html(item.get("title")),
        url=url,
        published=moment(item.get("publishedAt")),
        excerpt=line_of_html(item.get("description")),
        body=block_of_html(content),
        language=line_of_text(item.get("language") or item.get("lang")),
        authors=_names(item.get("author")),
        publisher=Publisher(name, host(url)),
        images=(EntryImage(image),) if image else (),
    )


def _names(value: Any) -> tuple[str, ...]:
    """Return authors from one text: several names, the address of a page, or nothing."""
    text = line_of_html(value)
    if not text or text.lower() in ("null", "none"):
        return ()
    found = []
    for name in _NAMES.split(_BYLINE.sub("", text)):
        if name.lower().startswith(("http://", "https://", "www.")):
            continue  # NewsAPI gives the address of a page for some
        if "@" in name and " " not in name:
            continue
        found.append(name)
    return unique(line_of_text(name) for name in found)


# -- the Guardian -------------------------------------------------------------


def is_guardian(value: Any) -> bool:
    """Tell whether a document is an answer of the Guardian's API."""
    return _share(_guardian_items(value), "webTitle", "webUrl")


def _guardian_items(value: Any) -> list[Any]:
    answer = mapping(mapping(value).get("response"))
    return listed(answer.get("results")) or [answer.get("content")]


def read_guardian(value: Any) -> Feed:
    """Return the articles, https://open-platform.theguardian.com/documentation/search."""
    feed = Feed("answer of the Guardian's API")
    for item in map(mapping, _guardian_items(value)):
        feed.entries.append(_guardian_entry(item, mapping(item.get("fields"))))
    return feed


def _guardian_entry(item: Mapping[str, Any], fields: Mapping[str, Any]) -> Entry:
    url = absolute(item.get("webUrl"), None)
    published = moment(item.get("webPublicationDate"))
    updated = moment(fields.get("lastModified"))
    excerpt, body = excerpt_and_body(
        _text(fields.get("trailText") or fields.get("standfirst")),
        _text(fields.get("body")) or block_of_text(fields.get("bodyText")),
    )
    image = absolute(fields.get("thumbnail"), url)
    lead = EntryImage(image) if image else first_image(body, url)
    return Entry(
        id=url or line_of_text(item.get("id")),
        title=line_of_html(fields.get("headline")) or line_of_html(item.get("webTitle")),
        url=url,
        published=published,
        updated=updated if updated and updated > (published or "") else None,
        excerpt=excerpt,
        body=body,
        category=line_of_text(item.get("sectionName")),
        type=line_of_text(item.get("type")),
        language=line_of_text(fields.get("lang")),
        topics=_tags(item, "keyword"),
        authors=_tags(item, "contributor") or _names(fields.get("byline")),
        publisher=Publisher(
            line_of_text(fields.get("publication")) or "The Guardian",
            host(url) or "theguardian.com",
        ),
        images=(lead,) if lead else (),
    )


def _tags(item: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    tags = map(mapping, listed(item.get("tags")))
    return unique(line_of_text(tag.get("webTitle")) for tag in tags if tag.get("type") == kind)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


# -- GDELT --------------------------------------------------------------------


def is_gdelt(value: Any) -> bool:
    """Tell whether a document is a list of articles of GDELT's DOC API."""
    return _share(listed(mapping(value).get("articles")), "url", "seendate")


_LANGUAGES = {
    "english": "en", "spanish": "es", "french": "fr", "german": "de", "italian": "it",
    "portuguese": "pt", "russian": "ru", "chinese": "zh", "japanese": "ja", "korean": "ko",
    "arabic": "ar", "turkish": "tr", "dutch": "nl", "polish": "pl", "ukrainian": "uk",
    "greek": "el", "romanian": "ro", "swedish": "sv", "czech": "cs", "hungarian": "hu",
    "hebrew": "he", "hindi": "hi", "indonesian": "id", "vietnamese": "vi", "persian": "fa",
    "bulgarian": "bg", "danish": "da", "finnish": "fi", "norwegian": "no", "thai": "th",
    "croatian": "hr", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "catalan": "ca",
    "bengali": "bn", "urdu": "ur", "tamil": "ta", "albanian": "sq", "macedonian": "mk",
    "lithuanian": "lt", "latvian": "lv", "estonian": "et",
}  # fmt: skip
"""The names by which GDELT gives languages, and their codes."""


def read_gdelt(value: Any) -> Feed:
    """Return the articles, https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/.

    The time is when GDELT saw the article: it knows no other.
    """
    feed = Feed("answer of GDELT")
    for item in map(mapping, value["articles"]):
        url = absolute(item.get("url"), None)
        image = absolute(item.get("socialimage"), url)
        language = line_of_text(item.get("language"))
        domain = line_of_text(item.get("domain")) or host(url)
        written = str(item.get("seendate") or "")
        match = _COMPACT.fullmatch(written)
        feed.entries.append(
            Entry(
                id=url,
                title=line_of_html(item.get("title")),
                url=url,
                published=moment(f"{match[1]}T{match[2]}Z" if match else written),
                language=_LANGUAGES.get((language or "").lower(), language),
                publisher=Publisher(None, domain.removeprefix("www.") if domain else None),
                images=(EntryImage(image),) if image else (),
                more={"sourceCountry": c} if (c := line_of_text(item.get("sourcecountry"))) else {},
            )
        )
    return feed
