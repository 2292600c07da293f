"""Pairs become stories: clusters by average link, the surest pairs first.

Two clusters become one where the mean surety of all pairs across is not below 0; a pair that
was not found counts as one that shares nothing. A story has articles of several providers
and lasts at most seven days.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from .rules import MOST_SPAN

Pair = tuple[int, int, int]
"""Two items, and how far they are above what one story needs; below it, less than 0."""


class Items(NamedTuple):
    """What becomes stories, in order of time: articles, or groups of copies of one text.

    times: seconds since 1970. providers: a number each, -1 for several. bars: what two profiles
    must share, evidence: what two texts must share, as the mean of both.
    """

    times: Sequence[int]
    providers: Sequence[int]
    bars: Sequence[int]
    evidence: Sequence[int]


def clusters(pairs: Iterable[Pair], items: Items) -> Iterator[list[int]]:
    """Yield the clusters of two items and more; the same in whatever order the pairs come."""
    ones, others, sureties = array("i"), array("i"), array("i")
    for one, other, sure in pairs:
        ones.append(one)
        others.append(other)
        sureties.append(sure)
    strong = ((a, b) for a, b, sure in zip(ones, others, sureties, strict=True) if sure >= 0)
    firsts = components(strong, len(items.times))
    # Clusters do not reach beyond what sure pairs lead to, so each component stands alone.
    parts: dict[int, list[Pair]] = {}
    for pair in zip(ones, others, sureties, strict=True):
        if firsts[pair[0]] == firsts[pair[1]]:
            parts.setdefault(firsts[pair[0]], []).append(pair)
    for first in sorted(parts):
        yield from _Clustering(parts.pop(first), items).found()


def components(pairs: Iterable[tuple[int, int]], count: int) -> Sequence[int]:
    """Return, for each number below `count`, the smallest that pairs lead to from it."""
    above = array("i", range(count))

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    for one, other in pairs:
        first, second = sorted((top(one), top(other)))
        above[second] = first
    return array("i", map(top, range(count)))


class _Clustering:
    """One component on its way to clusters; a cluster is called by one of its items.

    Sums are kept twice as large, and above what pairs that share nothing have: so that only
    pairs that were found are added up.
    """

    def __init__(self, pairs: Sequence[Pair], items: Items) -> None:
        members = {each for one, other, _ in pairs for each in (one, other)}
        self._members = {each: [each] for each in members}
        self._unlike = {each: max(items.bars[each], 2 * items.evidence[each]) for each in members}
        self._first = {each: items.times[each] for each in members}
        self._last = dict(self._first)
        self._provider = {each: items.providers[each] for each in members}
        self._sums: dict[int, dict[int, int]] = {each: {} for each in members}
        for one, other, sure in pairs:
            above = 2 * sure + self._unlike[one] + self._unlike[other]
            self._sums[one][other] = self._sums[other][one] = above

    def found(self) -> Iterator[list[int]]:
        """Yield the clusters of two items and more."""
        pairs = ((one, other) for one, sums in self._sums.items() for other in sums if one < other)
        queue = [(-self._mean(*pair), *pair) for pair in pairs if self._mean(*pair) >= 0]
        heapify(queue)
        while queue:
            mean, one, other = heappop(queue)
            if one not in self._sums or other not in self._sums[one]:
                continue
            if -mean != self._mean(one, other) or not self._may_join(one, other):
                continue
            self._join(one, other)
            for third in self._sums[one]:
                if (mean := self._mean(one, third)) >= 0:
                    heappush(queue, (-mean, min(one, third), max(one, third)))
        yield from (sorted(each) for each in self._members.values() if len(each) > 1)

    def _mean(self, one: int, other: int) -> float:
        here, there = len(self._members[one]), len(self._members[other])
        unlike = there * self._unlike[one] + here * self._unlike[other]
        return (self._sums[one][other] - unlike) / (here * there)

    def _may_join(self, one: int, other: int) -> bool:
        first = min(self._first[one], self._first[other])
        last = max(self._last[one], self._last[other])
        provider = self._provider[one]
        return last - first <= MOST_SPAN and (provider < 0 or provider != self._provider[other])

    def _join(self, one: int, other: int) -> None:
        """Make two clusters one, called `one`."""
        self._members[one] += self._members.pop(other)
        self._unlike[one] += self._unlike.pop(other)
        self._first[one] = min(self._first[one], self._first[other])
        self._last[one] = max(self._last[one], self._last[other])
        self._provider[one] = -1
        sums = self._sums[one]
        for third, above in self._sums.pop(other).items():
            del self._sums[third][other]
            if third != one:
                sums[third] = self._sums[third][one] = sums.get(third, 0) + above
