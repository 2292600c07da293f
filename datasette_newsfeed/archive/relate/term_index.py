"""The words of every article as numbers, in a file that nobody sees. Knows gists, not scores.

A million articles hold more words than a process should: in memory is only where each
article stands, and which word has which number. The file is a temporary one, and a small
archive never gets one.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from struct import Struct
from types import TracebackType
from typing import Self

from ...errors import DiskError
from .term_vectors import Gist
from .words import FULL

IN_MEMORY = 16_000_000
"""Bytes of words until which there is no file: those of some forty thousand articles."""

_HEAD = Struct("<IIIIqB")
"""Of an entry: bytes of the id, words, topics among them, norm, time, whether there is a time."""
_WORD_SIZE = array("I").itemsize


class Entry:
    """An article in numbers; the last of its words are its topics.

    number: its place in the order of the ids; weights: what each word weighs; norm: the
    sum of their squares; at: seconds since 1970, None without a full date.
    """

    __slots__ = ("_name", "_topics", "at", "norm", "number", "weights", "words")

    def __init__(self, number: int, head: tuple[int, ...], rest: bytes) -> None:
        """Take an entry apart, as `WordFile.add` put it together."""
        name_size, count, topics, norm, at, has_time = head
        words_end = name_size + count * _WORD_SIZE
        self.number = number
        self.norm = norm
        self.at = at if has_time else None
        self.words = array("I", rest[name_size:words_end])
        self.weights = rest[words_end:]
        self._name = rest[:name_size]
        self._topics = topics

    @property
    def id(self) -> str:
        """The id of the article."""
        return self._name.decode("utf-8")

    @property
    def topics(self) -> frozenset[int]:
        """The numbers of its topics."""
        return frozenset(self.words[len(self.words) - self._topics :])


class WordFile:
    """Entries of articles, added in the order of their ids, and how many of them hold each word."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (closed by __exit__)
        self._starts: array[int] = array("Q")
        self._end = 0
        self._vocabulary: dict[str, int] = {}
        self._holders: array[int] = array("I")

    def __enter__(self) -> Self:
        """Return this file, which is gone at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the file."""
        with suppress(OSError):  # of a full disk, which was told of when it was written
            self._file.close()

    def __len__(self) -> int:
        """Return the number of articles."""
        return len(self._starts)

    def add(self, gist: Gist) -> None:
        """Take in the next article. Raises DiskError where the file cannot grow."""
        told = telling(gist)
        words = array("I", self._numbers(told))
        name = gist.id.encode("utf-8")
        norm = sum(w * w for w in told.values())
        head = _HEAD.pack(
            *(len(name), len(words), len(gist.topics), norm, gist.at or 0, gist.at is not None)
        )
        entry = b"".join((head, name, words.tobytes(), bytes(told.values())))
        with _disk_faults():
            self._file.seek(self._end)
            self._file.write(entry)
        self._starts.append(self._end)
        self._end += len(entry)
        for word in words:
            self._holders[word] += 1

    def _numbers(self, keys: Iterable[str]) -> Iterator[int]:
        for each in keys:
            number = self._vocabulary.setdefault(each, len(self._vocabulary))
            if number == len(self._holders):
                self._holders.append(0)
            yield number

    def word(self, key: str) -> int | None:
        """Return the number of a word or topic, None where no article holds it."""
        return self._vocabulary.get(key)

    def holders(self, key: str) -> int:
        """Return how many articles hold a word or topic."""
        number = self._vocabulary.get(key)
        return 0 if number is None else self._holders[number]

    def are_held(self, fewest: int, most: int) -> bytearray:
        """Return for each word's number whether so many articles hold it: 1 or 0."""
        return bytearray(fewest <= holders <= most for holders in self._holders)

    def entry(self, number: int) -> Entry:
        """Return one article."""
        self._seek(number)
        return self._next(number)

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """Yield the articles from a number on; nothing else may be read meanwhile."""
        if start < len(self):
            self._seek(start)
        for number in range(start, len(self)):
            yield self._next(number)

    def _seek(self, number: int) -> None:
        with _disk_faults():  # what was written last goes to the disk now
            self._file.seek(self._starts[number])

    def _next(self, number: int) -> Entry:
        with _disk_faults():
            head = _HEAD.unpack(self._file.read(_HEAD.size))
            return Entry(number, head, self._file.read(head[0] + head[1] * (_WORD_SIZE + 1)))

    def number(self, article_id: str) -> int | None:
        """Return the number of an article, None where there is no such article."""
        first, last = 0, len(self)
        while first < last:
            middle = (first + last) // 2
            if self.entry(middle).id < article_id:
                first = middle + 1
            else:
                last = middle
        return first if first < len(self) and self.entry(first).id == article_id else None

    def holding(self, keys: Collection[str]) -> set[int]:
        """Return the articles that hold one of these words or topics, however many there are."""
        wanted = {self._vocabulary[each] for each in keys if each in self._vocabulary}
        if not wanted:
            return set()
        return {each.number for each in self.entries() if not wanted.isdisjoint(each.words)}


@contextmanager
def _disk_faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror or error}; make room, or set TMPDIR to a folder with more"
        raise DiskError("temporary files", reason) from error


def telling(gist: Gist) -> dict[str, int]:
    """Return what two articles can share, and what it weighs: words, and topics like names."""
    return {**gist.weights, **{topic_key(topic): FULL for topic in gist.topics}}


def topic_key(topic: str) -> str:
    """Return what stands for a topic among the words, of which none has such a sign."""
    return f"#{topic}"
