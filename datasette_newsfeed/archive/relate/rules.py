"""When articles are like one another, and when they tell the same news: the numbers.

All are whole numbers in millionths of the product of two equal vectors, ONE. They were fitted
to `benchmarks/related/samples.yml` and to the odd topics of ECB+: see docs/related.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .vectors import ONE, Vectors, log2

DAY = 86_400
WEEK = 7 * DAY

# Similar articles.
MOST_SIMILAR = 10
"""Articles listed for each one."""
MOST_HOLDERS = 200
"""A term of more articles finds none: so the time grows with the number of articles."""
LEAST_LIKE = 30_000
NEARNESS = 2_000
"""Added for the same moment, in ten thousandths; half of that after a week."""
SCORE = 10_000
"""The score of equal texts; what is stored is a fraction of it."""

# Stories.
MOST_APART = 5 * DAY
"""News is told within days."""
MOST_SPAN = 7 * DAY
"""Seconds from a story's first article to its last."""
PER_DAY = 70_000
LEAST_ALIKE = 30_000
"""Less says nothing."""
MOST_NEAR = 12
NEAR_SHARE = 45
"""The profile of an article: the 12 most like it, of at least 45 % of the likeness of the first."""
LEAST_SHARED = 50_000
BAR = 50_000
BAR_DOUBLING = 15_000
"""What two profiles must share: more by so much where twice as many articles come in a day."""
EVIDENCE = 1_600_000
"""What two texts must share: so many terms of mean weight."""
MOST_CROWDED = 250
"""A term of more articles in five days finds no story."""

Pair = tuple[int, int, int]
"""Two items, the later first, and how surely they tell the same news."""
Listed = list[tuple[int, int]]
"""(score, number) of the articles most like one, the most alike first."""


def score(product: int, one: int | None, other: int | None) -> int:
    """Return how alike two articles are, of SCORE and NEARNESS."""
    found = product * SCORE // ONE
    if one is None or other is None:
        return found
    return found + NEARNESS * WEEK // (WEEK + abs(one - other))


@dataclass(slots=True)
class Items:
    """What becomes stories, in order of time: articles, or groups of copies of one text.

    times: seconds since 1970. providers: a number each, -1 for several. sizes: the terms of
    each. links: how many of two, the later first, name the other as related.
    """

    vectors: Vectors
    times: Sequence[int]
    providers: Sequence[int]
    sizes: Sequence[int]
    links: Mapping[tuple[int, int], int]
    bars: list[int] = field(init=False)
    evidence: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Work out what each item needs for a story."""
        self.bars = []
        for time in self.times:
            near = bisect_right(self.times, time + DAY) - bisect_left(self.times, time - DAY)
            self.bars.append(BAR + BAR_DOUBLING * log2(near) // 16)
        self.evidence = [EVIDENCE // max(size, 1) for size in self.sizes]

    def windows(self) -> list[int]:
        """Return for each item the first that it may share a story with."""
        return [bisect_left(self.times, time - MOST_APART) for time in self.times]

    def crowded(self) -> Iterator[tuple[int, int, set[int]]]:
        """Yield the first item of five days and the next one's, and the terms of too many."""
        here, start = self.vectors.starts, 0
        while start < len(self.times):
            period = self.times[start] // MOST_APART
            end = bisect_left(self.times, (period + 1) * MOST_APART, start)
            if end - start > MOST_CROWDED:
                counts = Counter(self.vectors.terms[here[start] : here[end]])
                yield start, end, {term for term, n in counts.items() if n > MOST_CROWDED}
            start = end

    def may_join(self, one: int, other: int) -> bool:
        """Tell whether two items are of different providers: one tells a piece of news once."""
        provider = self.providers[one]
        return provider < 0 or provider != self.providers[other]

    def surety(self, one: int, other: int, shared: int, alike: int) -> int:
        """Return how far two items are above what one story needs; below it, less than 0.

        shared: the product of their profiles; alike: that of their texts, less the days between.
        """
        return min(
            shared - ((self.bars[one] + self.bars[other]) >> 1),
            2 * alike - self.evidence[one] - self.evidence[other],
        )

    def unlike(self, number: int) -> int:
        """Return what an item adds to twice the surety of a pair that shares nothing, negated."""
        return max(self.bars[number], 2 * self.evidence[number])
