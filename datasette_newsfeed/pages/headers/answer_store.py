"""Answers in memory: each with its encodings, all of them bounded in bytes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from ..access.database_state import State
from . import encodings
from .http_caching import headers_of_known

Header = tuple[bytes, bytes]

OVERHEAD = 1_500
"""Bytes that an answer takes beside its own: key, headers, objects."""

LARGEST_PART = 8
"""One answer may take so small a part of the memory: larger ones are drawn each time."""


@dataclass(frozen=True, slots=True)
class Representation:
    """An answer as it is sent; known: the headers of "not modified"."""

    body: bytes
    headers: list[Header]
    known: list[Header]


@dataclass(slots=True)
class KeptAnswer:
    """A whole answer to GET. `etag` is that of its bytes as they were drawn.

    names, state: the databases that it is made of, and their state then. until: seconds of the
    monotonic clock, None for as long as the state is the same.
    """

    headers: list[Header]
    body: bytes
    etag: str | None
    modified: datetime | None
    media_type: str
    names: tuple[str, ...] = ()
    state: State = ()
    until: float | None = None
    is_kept: bool = False
    packed: dict[str, Representation | None] = field(default_factory=dict)
    plain: Representation = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what most clients get."""
        self.plain = self._represent(self.body, ())

    def identify(self, etag: str) -> None:
        """Give it an ETag."""
        self.etag = etag
        self.plain = self._represent(self.body, ())

    def _represent(self, body: bytes, more: tuple[Header, ...]) -> Representation:
        headers = [*self.headers, *more]
        if self.etag is not None:
            # Packed by another zlib the bytes differ: what says the same has a weak ETag
            # (RFC 9110, 8.8.1), and other bytes never have the same strong one.
            weak = "W/" if more and not self.etag.startswith("W/") else ""
            headers.append((b"etag", f"{weak}{self.etag}".encode()))
        known = headers_of_known(headers)
        headers.append((b"content-length", str(len(body)).encode()))
        return Representation(body, headers, known)

    @property
    def size(self) -> int:
        """The bytes it takes, about."""
        packed = sum(len(each.body) for each in self.packed.values() if each is not None)
        return len(self.body) + packed + OVERHEAD

    @property
    def is_packable(self) -> bool:
        """Return whether there may be packed representations."""
        return encodings.is_packable(self.media_type, len(self.body))

    async def pack(self, encoding: str) -> Representation:
        """Return it in an encoding, packed once, in a thread."""
        if encoding not in self.packed:
            body = await asyncio.to_thread(encodings.pack, encoding, self.body)
            more = (b"content-encoding", encoding.encode())
            self.packed[encoding] = None if body is None else self._represent(body, (more,))
        return self.packed[encoding] or self.plain


class AnswerStore:
    """Answers by key, the least recently used dropped where they take more than `most` bytes.

    largest: the bytes that one answer may take.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.largest = most // LARGEST_PART
        self.bytes = 0
        self._answers: OrderedDict[Hashable, tuple[KeptAnswer, int]] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self._answers)

    def get(self, key: Hashable) -> KeptAnswer | None:
        """Return an answer, from now on the most recently used one."""
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, answer: KeptAnswer, spare: int = 0) -> None:
        """Keep an answer, or count it again after it was packed; `spare`: bytes of its key."""
        self.drop(key)
        size = answer.size + spare
        if size > self.largest:
            return
        self._answers[key] = (answer, size)
        self.bytes += size
        while self.bytes > self.most:
            _, (_, dropped) = self._answers.popitem(last=False)
            self.bytes -= dropped

    def drop(self, key: Hashable) -> None:
        """Forget an answer."""
        if key in self._answers:
            self.bytes -= self._answers.pop(key)[1]

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()
        self.bytes = 0
