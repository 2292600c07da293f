"""Files become readings, in this process or in others. Knows no database and no tables.

A reading is what is to be remembered of a file, with the record that it holds or the
reason why there is none. However many processes read, readings come in the order asked for.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait

from ...errors import RecordError, WorkersError
from ..dialects import DIALECTS, Dialect, LeftOut, dialect_of, reason_of_name
from ..dialects.document import Document, Repetition
from ..files import File
from ..records import Article, Organization, with_image_paths
from ..sources.store import Reading, fingerprint, packed, trusted_time
from .article_rows import facts_of
from .front_matter import MAX_BYTES, read
from .sites import NOT_FOUND, FoundSite

CHUNK = 50
"""Files that another process reads at once: enough to make the way there cheap."""

AHEAD = 2
"""Batches that other processes read while one is being stored."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file to read; one that has this SHA-256 is not even parsed."""

    file: File
    sha256: str | None = None
    site: FoundSite = NOT_FOUND
    path: str = ""
    """The path below the site, else below its root."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a file: `reading` is None where it could not be read.

    Without record and error it has no front matter, or is unchanged.
    """

    file: File
    reading: Reading | None = None
    record: Article | Organization | None = None
    error: RecordError | None = None
    is_unchanged: bool = False
    is_parsed: bool = False
    left_out: str | None = None
    """Why the file holds no article to import."""
    dialect: str | None = None
    repeated: tuple[Repetition, ...] = ()


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads the files of one run: as many processes as `workers`, but for 1 this one.

    `walked_at` is when the files were found, in nanoseconds since 1970; without
    `keeps_text` the files themselves are not handed on.
    """

    walked_at: int
    keeps_text: bool = True
    workers: int = 1
    dialects: Sequence[Dialect] = DIALECTS

    def read(self, batches: Iterable[Sequence[Asked]]) -> Generator[list[Seen]]:
        """Yield the batches as read. Some are asked for ahead where others read them.

        Raises WorkersError where other processes cannot be had, or do not live.
        """
        if self.workers == 1:
            yield from map(self.see_all, batches)
            return
        # Not forked: a child of this process would inherit its open databases.
        context = multiprocessing.get_context("spawn")
        try:
            pool = ProcessPoolExecutor(self.workers, context, initializer=_begin)
        except (ImportError, NotImplementedError, OSError) as error:
            raise WorkersError(f"no other processes can be had here ({error})") from error
        try:
            yield from self._read_by(pool, batches)
        except BrokenProcessPool as error:
            raise WorkersError("a process that reads files came to a sudden end") from error
        finally:
            pool.shutdown(cancel_futures=True)

    def _read_by(
        self, pool: ProcessPoolExecutor, batches: Iterable[Sequence[Asked]]
    ) -> Iterator[list[Seen]]:
        waiting: deque[list[Future[list[Seen]]]] = deque()
        for batch in batches:
            chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
            with _ctrl_c_held():
                waiting.append([pool.submit(self.see_all, chunk) for chunk in chunks])
            if len(waiting) > AHEAD:
                yield _results(waiting.popleft())
        while waiting:
            yield _results(waiting.popleft())

    def see_all(self, asked: Sequence[Asked]) -> list[Seen]:
        """Read some files, one after the other."""
        return [self.see(each) for each in asked]

    def see(self, asked: Asked) -> Seen:
        """Read a file, unless it is the one known."""
        file = asked.file
        try:
            data = contents(file)
        except RecordError as error:
            return Seen(file, error=error)
        sha256 = fingerprint(data)
        time_read = trusted_time(file.mtime, self.walked_at)
        text = packed(data) if self.keeps_text else None
        reading = Reading(
            *(file.file, file.path, file.size, time_read, sha256, None, text),
            site=asked.site.fingerprint,
        )
        if sha256 == asked.sha256:
            return Seen(file, reading, is_unchanged=True)
        return self.parsed(asked, reading, data)

    def parsed(self, asked: Asked, reading: Reading, data: bytes) -> Seen:
        """Return the reading with what its bytes say, in the dialect that they are written in."""
        file = asked.file
        document: Document | None = None
        try:
            document = read(data, asked.path or reading.path)
            if reason := reason_of_name(document):
                return Seen(file, reading, left_out=reason)
            dialect = dialect_of(document, asked.site.site, self.dialects)
            record = dialect.read(document, asked.site.site)
        except RecordError as error:
            return Seen(file, reading, error=error, is_parsed=_has_front_matter(document))
        seen = Seen(
            *(file, reading),
            is_parsed=_has_front_matter(document),
            dialect=dialect.name,
            repeated=document.repeated,
        )
        if isinstance(record, LeftOut):
            return replace(seen, left_out=record.reason)
        record = with_image_paths(record, reading.path)
        article_id = record.id if isinstance(record, Article) else None
        reading = replace(reading, article_id=article_id, facts=facts_of(record))
        return replace(seen, reading=reading, record=record)


def _has_front_matter(document: Document | None) -> bool:
    return document is None or document.syntax != "none"


def _results(futures: Iterable[Future[list[Seen]]]) -> list[Seen]:
    return [seen for future in futures for seen in future.result()]


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Hold Ctrl-C back for a moment: a process that is started then never gets it, and need
    not be told of it while it still imports its modules."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    # A thread beside this one may get it all the same; Python then interrupts the main one.
    is_main = threading.current_thread() is threading.main_thread() and handler is not None
    if is_main:
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if is_main:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _begin() -> None:
    """Begin a process that reads: who started it is interrupted, and when it is gone, so is
    this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def contents(file: File) -> bytes:
    """Return the bytes of a file. Raises RecordError where it is too large or cannot be read."""
    if file.size > MAX_BYTES:
        raise RecordError(
            f"{file.size:,} bytes are too many for a record; the limit is {MAX_BYTES:,}"
        )
    try:
        with open(file.file, "rb") as stream:
            # As much as it had: room for the largest would have to be made for each.
            data = stream.read(file.size + 1)
            return data if len(data) <= file.size else data + stream.read(MAX_BYTES - file.size)
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror or error}") from error
