"""One run of `newsfeed images`: images are fetched, re-encoded and stored.

Several hosts are asked at once, and one image of a host at a time. This module only sets the
order: `http_client` fetches, `renditions` re-encodes, `fetch_queue` stores.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ...errors import ArchiveError, FetchError, ImageError
from ..database import as_archive_error, check_archive, open_archive
from ..sources import change_counter
from .fetch_queue import Fetched, Fetches, Wanted
from .http_client import Endpoint, Limits, Web, can_fetch, open_web
from .renditions import Rendition, render

BATCH = 20
"""Images a transaction."""

BATCH_SECONDS = 2.0
"""What is fetched is stored after this time at the latest, however slow the rest."""

TURN = 25
"""Images of one host before another one has its turn."""

DRAWING = 2
"""Images drawn at once. Each may take a few hundred megabytes while it is."""

GIVEN_UP_AFTER = 3
"""Images of one host in a row for which no connection came about. A host that is gone
would otherwise hold a run up for hours."""

Progress = Callable[[int, int], None]
"""Called with the images done so far and the images to ask for in all."""


@dataclass(slots=True)
class FetchReport:
    """What became of the images of a run.

    unchanged: stored ones that still are the same. hostless: images that were not asked
    for because the site they belong to is not known.
    """

    wanted: int = 0
    hostless: int = 0
    unchanged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def count(self, fetched: Fetched) -> None:
        """Count one image."""
        if fetched.is_unchanged:
            self.unchanged += 1
        else:
            self.outcomes[fetched.outcome] += 1


def fetch_images(
    database: str | Path,
    *,
    max_age: timedelta,
    only_missing: bool = False,
    limit: int | None = None,
    concurrency: int = 8,
    on_progress: Progress = lambda done, total: None,
    limits: Limits | None = None,
    own_endpoints: frozenset[Endpoint] = frozenset(),
) -> FetchReport:
    """Fetch and keep the images of an archive, and return what became of them.

    What was fetched before is asked for again if that was longer than `max_age` ago,
    and then only transferred if it changed. Killed at any moment, the next run goes on.
    `limits` and `own_endpoints` are for tests: see `open_web`. Raises ArchiveError
    where the database cannot be used.
    """
    path = os.path.realpath(database)
    if not os.path.exists(path):
        raise ArchiveError(str(database), "no such database; make one with `newsfeed import`")
    if not can_fetch():
        raise ArchiveError(
            str(database),
            "fetching images needs further libraries: pip install 'datasette-newsfeed[images]'",
        )
    check_archive(path, database, is_one=True)
    was_as_left = change_counter.is_as_left(path)
    db = open_archive(path, database)
    with closing(db.conn):
        try:
            fetches = Fetches(db)
            version = fetches.data_version()
            run = _Run(fetches, concurrency, on_progress, limits or Limits(), own_endpoints)
            run.report.wanted = fetches.list_wanted(
                max_age=max_age, only_missing=only_missing, limit=limit
            )
            run.report.hostless = fetches.count_hostless()
            asyncio.run(run.run())
            is_alone = fetches.data_version() == version
        except sqlite3.DatabaseError as error:
            raise as_archive_error(database, error) from error
    if was_as_left and is_alone:
        change_counter.leave(path)
    return run.report


@dataclass(slots=True)
class _Host:
    """Where a run stands with a host: the last image asked for, and how often in a row
    no connection came about, for which reason."""

    name: str
    after: int = 0
    misses: int = 0
    reason: str = ""


class _Run:
    """One run, from the list to the last commit."""

    def __init__(
        self,
        fetches: Fetches,
        concurrency: int,
        on_progress: Progress,
        limits: Limits,
        own_endpoints: frozenset[Endpoint],
    ) -> None:
        self.report = FetchReport()
        self._fetches = fetches
        self._concurrency = concurrency
        self._on_progress = on_progress
        self._limits = limits
        self._own_endpoints = own_endpoints
        self._turns: deque[_Host] = deque()
        # Bounded: who fetches waits for who stores.
        self._done: asyncio.Queue[Fetched | None] = asyncio.Queue(BATCH)

    async def run(self) -> None:
        """Fetch and store all that is wanted."""
        if not self.report.wanted:
            return
        self._turns.extend(map(_Host, self._fetches.hosts()))
        self._on_progress(0, self.report.wanted)
        with ThreadPoolExecutor(DRAWING) as drawing:
            async with open_web(self._limits, self._concurrency, self._own_endpoints) as web:
                await asyncio.gather(self._store(), self._fetch_all(web, drawing))

    async def _fetch_all(self, web: Web, drawing: ThreadPoolExecutor) -> None:
        count = min(self._concurrency, len(self._turns))
        await asyncio.gather(*(self._take_turns(web, drawing) for _ in range(count)))
        await self._done.put(None)

    async def _take_turns(self, web: Web, drawing: ThreadPoolExecutor) -> None:
        """Serve one host after the other; none is ever served by two."""
        while self._turns:
            host = self._turns.popleft()
            images = self._fetches.next_of(host.name, host.after, TURN)
            for wanted in images:
                await self._done.put(await self._fetch(web, drawing, host, wanted))
            if len(images) == TURN:
                host.after = images[-1].position
                self._turns.append(host)

    async def _fetch(
        self, web: Web, drawing: ThreadPoolExecutor, host: _Host, wanted: Wanted
    ) -> Fetched:
        try:
            if host.misses >= GIVEN_UP_AFTER:
                raise FetchError("failed", host.reason, is_unreachable=True)
            reply = await web.get(wanted.url, wanted.etag, wanted.last_modified)
            copies: list[Rendition] | None = None
            if reply.content is not None:
                loop = asyncio.get_running_loop()
                copies = await loop.run_in_executor(drawing, render, reply.content)
        except FetchError as error:
            host.misses = host.misses + 1 if error.is_unreachable else 0
            host.reason = error.reason
            return _failed(wanted, error.outcome, error.reason, error.status)
        except ImageError as error:
            return _failed(wanted, "unfit", error.reason, 200)
        host.misses = 0
        is_same = copies is None
        return Fetched(
            wanted.image_id,
            wanted.url,
            "stored",
            copies,
            status=reply.status,
            # A server need not repeat with 304 what it said before.
            etag=reply.etag or (wanted.etag if is_same else None),
            last_modified=reply.last_modified or (wanted.last_modified if is_same else None),
        )

    async def _store(self) -> None:
        """Write what is done, a batch a transaction."""
        batch: list[Fetched] = []
        done = 0
        is_over = False
        while not is_over:
            try:
                async with asyncio.timeout(BATCH_SECONDS if batch else None):
                    fetched = await self._done.get()
            except TimeoutError:
                is_full = True
            else:
                is_over = fetched is None
                if fetched is not None:
                    batch.append(fetched)
                    self.report.count(fetched)
                is_full = len(batch) >= BATCH
            if batch and (is_full or is_over):
                self._fetches.write(batch)
                done += len(batch)
                self._on_progress(done, self.report.wanted)
                batch = []


def _failed(wanted: Wanted, outcome: str, reason: str, status: int | None) -> Fetched:
    return Fetched(
        wanted.image_id,
        wanted.url,
        outcome,
        reason=reason,
        status=status,
        # Of the copy that stays.
        etag=wanted.etag,
        last_modified=wanted.last_modified,
    )
