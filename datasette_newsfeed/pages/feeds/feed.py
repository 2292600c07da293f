"""A feed and its entries, as all formats need them.

Every text is fit for XML, every address absolute, every time RFC 3339 in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from ..models import Enclosure

NAMESPACE = uuid5(NAMESPACE_URL, "datasette-newsfeed:article")
"""Of the ids of articles. Never to be changed: readers would see every article as new."""

UNKNOWN_TIME = "1970-01-01T00:00:00Z"
"""For an article without any date, where a format insists on one."""

# XML 1.0 has no way to write these, not even escaped (production 2, Char).
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in a feed.

    url: its page here. source_url: where it was published. summary: plain text.
    content: safe HTML. published: empty where unknown; updated: never before published.
    """

    id: str
    title: str
    url: str
    source_url: str | None = None
    published: str = ""
    updated: str = ""
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    categories: tuple[str, ...] = ()
    image: Enclosure | None = None
    language: str | None = None
    """A language code, RFC 5646."""
    key: str = ""
    """The article's key in its archive."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Some articles, in the order of their page.

    url: that page. self_url: this feed; next_url: its older part; first_url: its
    beginning, where this is a later part. publisher: the archive. stylesheet: a path on this
    server; browsers show a feed by it, feed readers ignore it.
    """

    title: str
    publisher: str
    description: str
    url: str
    self_url: str
    first_url: str | None = None
    next_url: str | None = None
    entries: tuple[Entry, ...] = ()
    stylesheet: str = ""

    @property
    def updated(self) -> str:
        """The newest time of any entry; a time long ago where there is none."""
        return max((entry.updated for entry in self.entries if entry.updated), default=UNKNOWN_TIME)


def entry_id(article_id: str) -> str:
    """Return the id of an article in every feed: a URN made from its key alone (RFC 9562, v5).

    Not its address: that changes with the host and the name of the database, and a
    feed reader would show every article again.
    """
    return uuid5(NAMESPACE, article_id).urn


def xml_text(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def rfc3339(value: str | None) -> str:
    """Return a time as RFC 3339 in UTC, empty if it is none."""
    try:
        time = datetime.fromisoformat(value or "")
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        plain = time.astimezone(UTC).replace(tzinfo=None)
        return f"{plain.isoformat(timespec='seconds')}Z"
    except (ValueError, OverflowError):
        return ""
