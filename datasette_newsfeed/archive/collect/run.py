"""One run of `newsfeed collect`: sources in, record files out, and what became of each entry."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import ArchiveError, FetchError, SourceError
from ..images.http_client import Endpoint, Limits, can_fetch
from . import feed_download
from .bounded_parsing import MAX_SOURCE_BYTES, NoFeed
from .entries import Entry, Feed
from .formats import read_source
from .record_files import Folder, entry_key, has_content, other_key

Progress = Callable[[int, int], None]
"""Called with the steps done so far and in all; STEPS for each source."""

STEPS = 1_000
STANDARD_INPUT = "-"
OUTCOMES = ("added", "updated", "unchanged", "repeated", "rejected")
"""What becomes of an entry."""


@dataclass(slots=True)
class CollectReport:
    """What became of the sources and entries of a run.

    entries: those read: added, updated, unchanged, repeated (in another source, or twice in one)
    or rejected. left_out: what a source holds that is no article, by reason. not_modified:
    sources that did not change since the last run, so that they were not read.
    """

    sources: int = 0
    not_modified: int = 0
    entries: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    errors: list[SourceError] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return {
            "sources": self.sources,
            "not_modified": self.not_modified,
            "entries": self.entries,
            **{name: self.outcomes[name] for name in OUTCOMES},
            "formats": dict(sorted(self.formats.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "errors": [{"source": each.source, "reason": each.reason} for each in self.errors],
        }

    def notes(self) -> list[str]:
        """Return what was left out, a line for each reason."""
        return [f"{count:,} left out: {reason}" for reason, count in sorted(self.left_out.items())]

    def summary(self) -> str:
        """Return the counts as one line."""
        said = [
            f"{self.outcomes[name]:,} {name}"
            for name in OUTCOMES
            if self.outcomes[name] or name in OUTCOMES[:3]
        ]
        sources = f"{self.sources:,} source{'s' * (self.sources != 1)}"
        entries = "1 entry" if self.entries == 1 else f"{self.entries:,} entries"
        line = f"{entries} of {sources}: {', '.join(said)}"
        if self.not_modified:
            line += f"; {self.not_modified:,} not modified since the last run"
        return line


def is_there(source: str) -> bool:
    """Tell whether a source can be asked for or opened."""
    return source == STANDARD_INPUT or feed_download.is_address(source) or os.path.exists(source)


def collect(
    folder: str | Path,
    sources: Sequence[str],
    *,
    site: str | None = None,
    drafts: bool = False,
    on_error: Callable[[SourceError], None] = lambda error: None,
    on_progress: Progress = lambda done, total: None,
    limits: Limits | None = None,
    own_endpoints: frozenset[Endpoint] = frozenset(),
) -> CollectReport:
    """Write the entries of feeds and dumps as record files into a folder.

    site: the address of the site where a source does not say it. drafts: take posts of exports
    that were not published. A source that cannot be collected is reported, all others are
    collected. `limits` and `own_endpoints` are for tests: see `open_web`. Raises ArchiveError
    where the folder cannot be used.
    """
    if site is not None and not _is_site(site):
        raise ArchiveError(site, "is no address of a site, such as https://news.example/")
    run = _Run(Folder(folder), site, drafts, on_error, on_progress)
    run.limits, run.own_endpoints = limits, own_endpoints
    run.all(sources)
    return run.report


def _is_site(site: str) -> bool:
    try:
        parts = urlsplit(site)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class _Run:
    """One run over the sources, in their order."""

    limits: Limits | None = None
    own_endpoints: frozenset[Endpoint] = frozenset()

    def __init__(
        self,
        folder: Folder,
        site: str | None,
        drafts: bool,
        on_error: Callable[[SourceError], None],
        on_progress: Progress,
    ) -> None:
        self.report = CollectReport()
        self._folder = folder
        self._site = site
        self._drafts = drafts
        self._on_error = on_error
        self._on_progress = on_progress
        self._state = feed_download.State(folder.path, f"{site or ''}\0{drafts}")
        self._written: set[str] = set()
        self._listed: set[str] = set()
        self._left: deque[str] = deque()

    def all(self, sources: Sequence[str]) -> None:
        """Collect every source once."""
        self._left.extend(dict.fromkeys(sources))
        while self._left:
            self._progress(0)
            if feed_download.is_address(self._left[0]):
                self._collect_addresses()
            else:
                self._collect_file(self._left.popleft())
        self._progress(0)

    def _progress(self, steps: int) -> None:
        done = self.report.sources * STEPS + steps
        self._on_progress(done, (self.report.sources + len(self._left)) * STEPS + steps)

    def _fault(self, source: str, reason: str) -> None:
        error = SourceError(source, reason)
        self.report.errors.append(error)
        self._on_error(error)

    # -- sources --------------------------------------------------------------

    def _collect_file(self, source: str) -> None:
        try:
            data = _read_file(source)
        except OSError as error:
            self._fault(source, f"cannot be read: {error.strerror or error}")
        except NoFeed as error:
            self._fault(source, str(error))
        else:
            self._collect(source, data, None)
        self.report.sources += 1

    def _collect_addresses(self) -> None:
        asked: list[str] = []
        while (
            self._left
            and feed_download.is_address(self._left[0])
            and len(asked) < feed_download.AT_ONCE
        ):
            asked.append(self._left.popleft())
        if not can_fetch():
            for address in asked:
                self._fault(
                    feed_download.shown(address),
                    "asking the web needs further libraries: "
                    "pip install 'datasette-newsfeed[images]'",
                )
            self.report.sources += len(asked)
            return
        replies = feed_download.fetch(asked, self._state, self.limits, self.own_endpoints)
        for address, reply in zip(asked, replies, strict=True):
            if isinstance(reply, FetchError):
                self._fault(feed_download.shown(address), reply.reason)
            elif reply.content is None:
                self.report.not_modified += 1
            elif self._collect(
                feed_download.shown(address), reply.content, feed_download.base_of(address), address
            ):
                self._state.keep(address, reply)
            self.report.sources += 1
        self._state.save()

    def _collect(self, source: str, data: bytes, base: str | None, address: str = "") -> bool:
        """Write the entries of a source; tell whether all of it could be collected."""
        try:
            feed = read_source(data, base=base, site=self._site, drafts=self._drafts)
        except NoFeed as error:
            self._fault(source, str(error))
            return False
        self.report.formats[feed.format] += 1
        self.report.left_out.update(feed.left_out)
        if feed.feeds:
            return self._enlist(source, feed, address)
        return self._write(source, feed)

    def _enlist(self, source: str, feed: Feed, address: str) -> bool:
        """Put the feeds of a list before the sources that are left."""
        if address in self._listed:
            self._fault(source, "is a list of feeds within another; name it itself")
            return False
        new = [each for each in feed.feeds if each not in self._listed]
        self._listed.update(new)
        self._left.extendleft(reversed(new))
        return False  # a list is always read: what it names may have changed

    # -- entries --------------------------------------------------------------

    def _write(self, source: str, feed: Feed) -> bool:
        report = self.report
        is_whole = True
        for number, (key, entry) in enumerate(self._keyed(feed)):
            if number % 100 == 99:
                self._progress(STEPS * number // len(feed.entries))
            if key in self._written:
                report.outcomes["repeated"] += 1
                continue
            self._written.add(key)
            try:
                report.outcomes[self._folder.write(key, entry)] += 1
            except ValueError as error:
                report.outcomes["rejected"] += 1
                self._fault(source, f"“{(entry.title or key)[:80]}”: {error}")
                is_whole = False
        return is_whole

    def _keyed(self, feed: Feed) -> Iterator[tuple[str, Entry]]:
        """Yield the entries with the keys of their files, in the order of the feed.

        Of several versions of an entry the newest counts. Different entries with one id get
        keys of their own; the earliest has that of the id, so that a new one renames none.
        """
        groups: dict[str, list[Entry]] = {}
        for entry in feed.entries:
            if has_content(entry):
                groups.setdefault(entry_key(entry, feed.site), []).append(entry)
                self.report.entries += 1
            else:
                self.report.left_out["empty"] += 1
        for key, entries in groups.items():
            kept = _different(entries)
            self.report.outcomes["repeated"] += len(entries) - len(kept)
            yield key, kept[0]
            for entry in kept[1:]:
                yield other_key(key, entry), entry


def _different(entries: Sequence[Entry]) -> list[Entry]:
    """Return one of each entry of one id: the newest version of it; the earliest entry first."""
    if len(entries) == 1:
        return list(entries)
    kept: list[Entry] = []
    for entry in sorted(entries, key=_order):
        for i, other in enumerate(kept):
            if entry.title == other.title or (entry.id and entry.url and entry.url == other.url):
                if _version(entry) > _version(other):
                    kept[i] = entry
                break
        else:
            kept.append(entry)
    return kept


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.published or "", entry.url or "", entry.title or ""


def _version(entry: Entry) -> str:
    return entry.updated or entry.published or ""


def _read_file(source: str) -> bytes:
    if source == STANDARD_INPUT:
        data = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
    else:
        mode = os.stat(source).st_mode
        if stat.S_ISDIR(mode):
            raise NoFeed("is a folder; name the files in it")
        if not stat.S_ISREG(mode):
            raise NoFeed("is no regular file")
        with open(source, "rb") as stream:
            data = stream.read(MAX_SOURCE_BYTES + 1)
    if len(data) > MAX_SOURCE_BYTES:
        raise NoFeed(f"has more than {MAX_SOURCE_BYTES:,} bytes")
    return data
