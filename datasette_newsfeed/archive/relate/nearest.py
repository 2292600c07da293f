"""The articles most like each one, whenever they were published. Knows gists, no tables.

How alike two articles are is told by the words they share, a little by their topics and
by the time between them. Words that too many articles of the archive hold tell nothing
and are left out: that keeps the number of pairs in proportion to that of articles. A block
of articles at a time is compared with all others, of which no more is in memory than the
ten best so far.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappush, heappushpop
from math import sqrt

from .term_index import Entry, WordFile, topic_key
from .term_vectors import Gist

MOST_SIMILAR = 10
"""Articles listed for each one."""
LEAST_SCORE = 0.03
"""Likeness by what they share, 0 to 1; below this two articles merely use the same language."""
TOPICS = 0.1
NEARNESS = 0.2
"""Added for the same topics, and for the same day; half of that after a week."""
WEEK = 7 * 86_400
_MOST_ADDED = TOPICS + NEARNESS + 0.001
_PARTS = 10_000
"""A score has four decimals."""
_NUMBERS = 1 << 40
"""More than there are articles."""

MOST_HOLDERS = 200
FEWEST_HOLDERS = 12

BLOCK = 25_000
"""Articles whose words are in memory at a time."""

Listed = list[tuple[float, int]]
"""(score, number) of the articles most like one, the most alike first."""


def most_holders(articles: int) -> int:
    """Return how many articles may hold a word that still tells something.

    An eighth of the archive, and at most 200. It changes when the archive doubles, not
    with each article: then all is worked out anew.
    """
    eighth = (1 << max(articles.bit_length() - 1, 0)) // 8
    return max(FEWEST_HOLDERS, min(MOST_HOLDERS, eighth))


class SimilarIndex(WordFile):
    """All articles of an archive by their words; numbers stand for articles.

    Articles are added in the order of their ids, so that of two equally alike the smaller
    number is the smaller id. Asked only after the last was added.
    """

    def all_nearest(self) -> Iterator[tuple[int, Listed]]:
        """Yield, for each article in order, those most like it. Each pair is looked at once."""
        lists = _Lists(len(self))
        floors = array("d", bytes(8 * len(self)))
        # The worst score in each full list: what cannot reach it need not be worked out.
        for start in range(0, len(self), BLOCK):
            self._compare_block(start, lists, floors)
        for number in range(len(self)):
            yield number, _in_order(lists.read(number))

    def _compare_block(self, start: int, lists: _Lists, floors: array[float]) -> None:
        """Compare each article of a block with those of it that come before, and each later
        one with all of the block."""
        end = min(start + BLOCK, len(self))
        block = _Block(self._telling_words())
        theirs = [lists.read(number) for number in range(start, end)]
        for entry in self.entries(start):
            number = entry.number
            mine = theirs[number - start] if number < end else lists.read(number)
            for score, position in block.alike(entry, floors, start):
                floors[number] = _keep(mine, score, start + position)
                floors[start + position] = _keep(theirs[position], score, number)
            if number < end:
                block.add(entry)
            else:
                lists.write(number, mine)
        for number in range(start, end):
            lists.write(number, theirs[number - start])

    def nearest(
        self, numbers: Sequence[int], on_pair: Callable[[float, int, int], None] | None = None
    ) -> Iterator[tuple[int, Listed]]:
        """Yield, for each of some articles, those most like it.

        `on_pair` is called with the score, one of these articles and any that is like it at all.
        """
        for start in range(0, len(numbers), BLOCK):
            some = numbers[start : start + BLOCK]
            block = _Block(self._telling_words())
            for number in some:
                block.add(self.entry(number))
            found: list[list[int]] = [[] for _ in some]
            for entry in self.entries():
                for score, position in block.alike(entry):
                    if some[position] != entry.number:
                        _keep(found[position], score, entry.number)
                        if on_pair:
                            on_pair(score, some[position], entry.number)
            yield from ((number, _in_order(each)) for number, each in zip(some, found, strict=True))

    def _telling_words(self) -> bytearray:
        return self.are_held(2, most_holders(len(self)))

    def told_by(self, gist: Gist) -> list[tuple[int, str]]:
        """Return the words of an article that tell something, by number and as written, those
        that weigh most first."""
        most = most_holders(len(self))
        return [
            (number, gist.forms[each])
            for each in sorted(gist.weights, key=lambda each: (-gist.weights[each], each))
            if self.holders(each) <= most and (number := self.word(each)) is not None
        ]

    def topics_of(self, gist: Gist) -> list[tuple[int, str]]:
        """Return the topics of an article, by number and name."""
        numbered = ((self.word(topic_key(topic)), topic) for topic in gist.topics)
        return [(number, topic) for number, topic in numbered if number is not None]


class _Block:
    """Some articles by their words, each at a position of its own."""

    def __init__(self, telling: bytearray) -> None:
        self._telling = telling
        self._places: dict[int, tuple[array[int], bytearray]] = {}
        self._norms: list[int] = []
        self._times: list[int | None] = []
        self._topics: list[frozenset[int]] = []
        self._known_topics: dict[frozenset[int], frozenset[int]] = {}

    def add(self, entry: Entry) -> None:
        """Take an article in at the next position."""
        position = len(self._norms)
        self._norms.append(entry.norm)
        self._times.append(entry.at)
        # Equal ones are kept once: many articles share their topics with others.
        topics = entry.topics
        self._topics.append(self._known_topics.setdefault(topics, topics))
        for word, weight in zip(entry.words, entry.weights, strict=True):
            if self._telling[word]:
                place = self._places.get(word)
                if place is None:
                    place = self._places[word] = (array("I"), bytearray())
                place[0].append(position)
                place[1].append(weight)

    def alike(
        self, entry: Entry, floors: Sequence[float] | None = None, start: int = 0
    ) -> Iterator[tuple[float, int]]:
        """Yield score and position of the articles that are like one.

        With `floors`, by number, of which this block's begin at `start`: not those that
        reach neither their own floor nor that of the one.
        """
        products: dict[int, int] = {}
        find = self._places.get
        for word, weight in zip(entry.words, entry.weights, strict=True):
            place = find(word)
            if place is not None:
                for other, theirs in zip(*place, strict=True):
                    products[other] = products.get(other, 0) + weight * theirs
        if not products:
            return
        norm, norms, number = entry.norm, self._norms, entry.number
        topics = entry.topics
        # Most share but a word: they are sorted out by whole numbers.
        least = norm * (LEAST_SCORE - 0.001) ** 2
        for other, product in products.items():
            if product * product >= least * norms[other]:
                likeness = product / sqrt(norm * norms[other])
                if floors is not None and likeness + _MOST_ADDED < min(
                    floors[number], floors[start + other]
                ):
                    continue
                if likeness >= LEAST_SCORE:
                    yield self._score(likeness, entry.at, topics, other), other

    def _score(self, likeness: float, at: int | None, mine: frozenset[int], other: int) -> float:
        theirs = self._topics[other]
        both = mine & theirs
        if both:
            likeness += TOPICS * len(both) / max(len(mine), len(theirs))
        there = self._times[other]
        if at is not None and there is not None:
            likeness += NEARNESS * WEEK / (WEEK + abs(at - there))
        return round(likeness, 4)


class _Lists:
    """The best so far of every article, ten whole numbers each."""

    def __init__(self, articles: int) -> None:
        self._ranks = array("q", [-1]) * (articles * MOST_SIMILAR)

    def read(self, number: int) -> list[int]:
        """Return the list of an article, a heap as `_keep` makes it."""
        start = number * MOST_SIMILAR
        return [rank for rank in self._ranks[start : start + MOST_SIMILAR] if rank >= 0]

    def write(self, number: int, ranks: Sequence[int]) -> None:
        """Keep the list of an article."""
        start = number * MOST_SIMILAR
        self._ranks[start : start + len(ranks)] = array("q", ranks)


def _keep(nearest: list[int], score: float, other: int) -> float:
    """Keep the best in a heap, the worst first; of equals the smaller number is the better.

    Score and number stand in one whole number: that takes the least memory. Returns the
    worst score of a full heap, else 0.
    """
    rank = round(score * _PARTS) * _NUMBERS + _NUMBERS - 1 - other
    if len(nearest) < MOST_SIMILAR:
        heappush(nearest, rank)
        return nearest[0] // _NUMBERS / _PARTS if len(nearest) == MOST_SIMILAR else 0.0
    if rank > nearest[0]:
        heappushpop(nearest, rank)
    return nearest[0] // _NUMBERS / _PARTS


def _in_order(found: Sequence[int]) -> Listed:
    ranks = (divmod(rank, _NUMBERS) for rank in sorted(found, reverse=True))
    return [(parts / _PARTS, _NUMBERS - 1 - rest) for parts, rest in ranks]


def best(found: Iterable[tuple[float, int]]) -> Listed:
    """Return the most alike of these, in order."""
    return sorted(found, key=lambda each: (-each[0], each[1]))[:MOST_SIMILAR]
