"""Files are read and parsed, in this process or in others.

However many processes read, files come in the order asked for.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from types import ModuleType

from ...errors import RecordError, WorkersError
from ..dialects import DIALECTS, Dialect
from ..sources.source_file import ParsedFile, fingerprint, packed, trusted_time
from .parse import Request, contents, parse

CHUNK = 50
"""Files that another process reads at once: enough to make the way there cheap."""

AHEAD = 2
"""Batches that other processes read while one is being stored."""


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

    def read(self, batches: Iterable[Sequence[Request]]) -> Generator[list[ParsedFile]]:
        """Yield the batches as read. Some are asked for ahead where others read them.

        Raises WorkersError where other processes cannot be had, or do not live.
        """
        if self.workers == 1:
            # No `map`: it takes a StopIteration of the function for the end of the batches.
            for batch in batches:
                yield self.read_all(batch)
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
        self, pool: ProcessPoolExecutor, batches: Iterable[Sequence[Request]]
    ) -> Iterator[list[ParsedFile]]:
        waiting: deque[list[Future[list[ParsedFile]]]] = deque()
        for batch in batches:
            chunks = [batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)]
            with _ctrl_c_held(), _main_unseen():
                waiting.append([pool.submit(self.read_all, chunk) for chunk in chunks])
            if len(waiting) > AHEAD:
                yield _results(waiting.popleft())
        while waiting:
            yield _results(waiting.popleft())

    def read_all(self, requests: Sequence[Request]) -> list[ParsedFile]:
        """Read some files, one after the other."""
        return [self.read_file(request) for request in requests]

    def read_file(self, request: Request) -> ParsedFile:
        """Read a file, unless it is the one known."""
        file = request.file
        try:
            data = contents(file)
        except RecordError as error:
            return ParsedFile(file, error=error)
        unparsed = ParsedFile(
            file,
            sha256=fingerprint(data),
            mtime=trusted_time(file.mtime, self.walked_at),
            text=packed(data) if self.keeps_text else None,
            site=request.site.fingerprint,
        )
        if unparsed.sha256 == request.sha256:
            return replace(unparsed, is_unchanged=True)
        return parse(request, unparsed, data, self.dialects)


def _results(futures: Iterable[Future[list[ParsedFile]]]) -> list[ParsedFile]:
    return [parsed for future in futures for parsed in future.result()]


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


@contextmanager
def _main_unseen() -> Iterator[None]:
    """Start processes that do not import the program that was started.

    A spawned process imports it, as what it shall do may be defined there: all of Datasette with
    its plugins, for nothing. Nor need a script that calls the importer be guarded by `__main__`.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


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
