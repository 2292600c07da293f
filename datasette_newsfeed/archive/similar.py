"""The articles most like each one, whenever they were published. Knows gists, no tables.

How alike two articles are is told by the words they share, a little by their topics and
by the time between them. Words that too many articles of the archive hold tell nothing
and are left out: that keeps the time in proportion to the number of articles.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappush, heappushpop
from math import sqrt

from .gists import Gist
from .words import FULL

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


def most_holders(articles: int) -> int:
    """Return how many articles may hold a word that still tells something.

    An eighth of the archive, and at most 200. It changes when the archive doubles, not
    with each article: then all is worked out anew.
    """
    eighth = (1 << max(articles.bit_length() - 1, 0)) // 8
    return max(FEWEST_HOLDERS, min(MOST_HOLDERS, eighth))


class SimilarIndex:
    """All articles of an archive by their words; numbers stand for articles and for words.

    Articles are added in the order of their ids, so that of two equally alike the smaller
    number is the smaller id.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._vocabulary: dict[str, int] = {}
        self._words: list[array[int]] = []
        self._weights: list[bytes] = []
        self._norms: list[int] = []
        self._topics: list[tuple[str, ...]] = []
        self._topic_sets: list[frozenset[str]] = []
        self._known_topics: dict[tuple[str, ...], tuple[tuple[str, ...], frozenset[str]]] = {}
        self._times: list[int | None] = []
        self._holders: array[int] = array("I")
        self._places: list[tuple[array[int], bytearray] | None] = []

    def __len__(self) -> int:
        """Return the number of articles."""
        return len(self.ids)

    def add(self, gist: Gist) -> None:
        """Take in the next article."""
        self._numbers[gist.id] = len(self.ids)
        self.ids.append(gist.id)
        told = telling(gist)
        self._words.append(array("I", self._number(told)))
        self._weights.append(bytes(told.values()))
        self._norms.append(sum(w * w for w in told.values()))
        # Equal ones are kept once: most articles share their topics with others.
        topics, as_set = self._known_topics.setdefault(
            gist.topics, (gist.topics, frozenset(gist.topics))
        )
        self._topics.append(topics)
        self._topic_sets.append(as_set)
        self._times.append(gist.at)
        for word in self._words[-1]:
            self._holders[word] += 1

    def _number(self, keys: Iterable[str]) -> Iterator[int]:
        for each in keys:
            number = self._vocabulary.setdefault(each, len(self._vocabulary))
            if number == len(self._holders):
                self._holders.append(0)
            yield number

    def holders(self, key: str) -> int:
        """Return how many articles hold a word or topic."""
        number = self._vocabulary.get(key)
        return 0 if number is None else self._holders[number]

    def fill(self) -> None:
        """Make ready to be asked for any article, after the last was added."""
        self._empty_places()
        for number in range(len(self)):
            self._place(number)

    def _empty_places(self) -> None:
        most = most_holders(len(self))
        self._places = [
            (array("I"), bytearray()) if 2 <= holders <= most else None for holders in self._holders
        ]

    def _place(self, number: int) -> None:
        for word, weight in zip(self._words[number], self._weights[number], strict=True):
            place = self._places[word]
            if place is not None:
                place[0].append(number)
                place[1].append(weight)

    def all_nearest(self) -> Iterator[tuple[str, list[tuple[float, str]]]]:
        """Yield, for each article, (score, id) of those most like it, the most alike first.

        Each pair is looked at once.
        """
        self._empty_places()
        nearest: list[list[int]] = [[] for _ in self.ids]
        floors = [0.0] * len(self)
        """The worst score in each full list: what cannot reach it need not be worked out."""
        for number in range(len(self)):
            mine = nearest[number]
            for score, other in self._scores(number, floors):
                floors[number] = _keep(mine, score, other)
                floors[other] = _keep(nearest[other], score, number)
            self._place(number)
        for number, found in enumerate(nearest):
            yield self.ids[number], self._in_order(found)

    def nearest(self, article_id: str) -> list[tuple[float, str]]:
        """Return (score, id) of the articles most like one; after `fill`."""
        found: list[int] = []
        for score, other in self._scores(self._numbers[article_id]):
            _keep(found, score, other)
        return self._in_order(found)

    def alike(self, article_id: str) -> Iterator[tuple[float, str]]:
        """Yield (score, id) of every article that is like one at all; after `fill`."""
        for score, other in self._scores(self._numbers[article_id]):
            yield score, self.ids[other]

    def holding(self, keys: Collection[str]) -> set[str]:
        """Return the articles that hold one of these words or topics, however many there are."""
        wanted = {self._vocabulary[each] for each in keys if each in self._vocabulary}
        return {
            id
            for id, held in zip(self.ids, self._words, strict=True)
            if not wanted.isdisjoint(held)
        }

    def shared(self, one: Gist, other_id: str) -> list[str]:
        """Return the words of an article that another shares and that tell something."""
        theirs = set(self._words[self._numbers[other_id]])
        most = most_holders(len(self))
        found = []
        for each in sorted(one.weights, key=lambda each: (-one.weights[each], each)):
            word = self._vocabulary[each]
            if word in theirs and self._holders[word] <= most:
                found.append(one.forms[each])
        return found

    def topics(self, article_id: str) -> tuple[str, ...]:
        """Return the topics of an article."""
        return self._topics[self._numbers[article_id]]

    def _scores(
        self, number: int, floors: Sequence[float] | None = None
    ) -> Iterator[tuple[float, int]]:
        """Yield score and number of the articles placed that are like this one.

        Not those that reach neither their own floor nor that of this one.
        """
        products: dict[int, int] = {}
        for word, weight in zip(self._words[number], self._weights[number], strict=True):
            place = self._places[word]
            if place is not None:
                for other, theirs in zip(*place, strict=True):
                    products[other] = products.get(other, 0) + weight * theirs
        products.pop(number, None)
        norm = self._norms[number]
        # A little less than what counts: rounding must not decide.
        least = norm * (LEAST_SCORE - 0.001) ** 2
        norms = self._norms
        for other, product in products.items():
            if product * product >= least * norms[other]:
                likeness = product / sqrt(norm * norms[other])
                if floors is not None and likeness + _MOST_ADDED < min(
                    floors[number], floors[other]
                ):
                    continue
                if likeness >= LEAST_SCORE:
                    yield self._score(likeness, number, other), other

    def _score(self, likeness: float, one: int, other: int) -> float:
        mine, theirs = self._topic_sets[one], self._topic_sets[other]
        both = mine & theirs
        if both:
            likeness += TOPICS * len(both) / max(len(mine), len(theirs))
        here, there = self._times[one], self._times[other]
        if here is not None and there is not None:
            likeness += NEARNESS * WEEK / (WEEK + abs(here - there))
        return round(likeness, 4)

    def _in_order(self, found: Sequence[int]) -> list[tuple[float, str]]:
        ranks = (divmod(rank, _NUMBERS) for rank in sorted(found, reverse=True))
        return [(parts / _PARTS, self.ids[_NUMBERS - 1 - rest]) for parts, rest in ranks]


def _keep(nearest: list[int], score: float, other: int) -> float:
    """Keep the best in a heap, the worst first; of equals the smaller number is the better.

    Score and number stand in one whole number: ten for each article would else take most
    of the memory. Returns the worst score of a full heap, else 0.
    """
    rank = round(score * _PARTS) * _NUMBERS + _NUMBERS - 1 - other
    if len(nearest) < MOST_SIMILAR:
        heappush(nearest, rank)
        return nearest[0] // _NUMBERS / _PARTS if len(nearest) == MOST_SIMILAR else 0.0
    if rank > nearest[0]:
        heappushpop(nearest, rank)
    return nearest[0] // _NUMBERS / _PARTS


def telling(gist: Gist) -> dict[str, int]:
    """Return what two articles can share, and what it weighs: words, and topics like names."""
    return {**gist.weights, **{f"#{topic}": FULL for topic in gist.topics}}
