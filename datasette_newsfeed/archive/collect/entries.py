"""A feed and its entries, as every format is read: what a record file can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_ENTRIES = 100_000
"""Entries of one source."""


@dataclass(frozen=True, slots=True)
class EntryImage:
    """An image; sizes are in pixels."""

    url: str
    width: int | None = None
    height: int | None = None
    title: str | None = None
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that belongs to an entry, such as the sound of a podcast.

    size: bytes; duration: as the feed writes it, `31:38` or seconds.
    """

    url: str
    type: str | None = None
    size: int | None = None
    duration: str | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who published an entry: a site with its name, host and logo."""

    name: str | None = None
    domain: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a feed or dump has it.

    id: as the source gives it. title, excerpt and names: plain text. body: HTML, one block without
    blank lines. published, updated: `2021-04-21T19:15:00Z`, or a day `2021-04-21`. player: HTML of
    an embedded video. more: what a record keeps although no column holds it.
    """

    id: str | None = None
    title: str | None = None
    url: str | None = None
    original_url: str | None = None
    published: str | None = None
    updated: str | None = None
    excerpt: str | None = None
    body: str | None = None
    category: str | None = None
    type: str | None = None
    language: str | None = None
    player: str | None = None
    topics: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    publisher: Publisher = Publisher()
    images: tuple[EntryImage, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Feed:
    """The entries of a source.

    format: its name for the report. site: the host or address that ids without a scheme are
    unique in. left_out: how many entries were not taken, by reason. feeds: the addresses that a
    list of feeds names; it has no entries of its own.
    """

    format: str
    entries: list[Entry] = field(default_factory=list)
    site: str = ""
    left_out: dict[str, int] = field(default_factory=dict)
    feeds: list[str] = field(default_factory=list)

    def leave_out(self, reason: str) -> None:
        """Count an entry that is not taken."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
