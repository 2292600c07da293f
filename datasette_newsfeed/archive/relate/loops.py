"""Products of term vectors in plain Python, where numpy and scipy are not installed.

Does what `matrix` does, in the same whole numbers; the time of both grows with the number
of pairs that share a term, but here each pair takes some hundred times as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import sqrt

from . import rules
from .rules import Items, Pair
from .vectors import ONE, Vectors, unit


def similar(
    vectors: Vectors, holders: Sequence[int], times: Sequence[int | None]
) -> Iterator[tuple[int, rules.Listed]]:
    """Yield, for each article in order, those most like it with their scores."""
    common = {term for term, count in enumerate(holders) if count > rules.MOST_HOLDERS}
    found: list[list[tuple[int, int]]] = [[] for _ in range(len(vectors))]
    for number, products in _products(_without(vectors, [(0, len(vectors), common)])):
        for other, product in products.items():
            if product >= rules.LEAST_LIKE:
                score = rules.score(product, times[number], times[other])
                found[number].append((-score, other))
                found[other].append((-score, number))
    for number, listed in enumerate(found):
        best = sorted(listed)[: rules.MOST_SIMILAR]
        yield number, [(-score, other) for score, other in best]


def same_news(items: Items) -> Iterator[Pair]:
    """Yield pairs of items, the later first, with how surely they tell the same news."""
    likeness: dict[tuple[int, int], int] = {}
    times, windows = items.times, items.windows()
    for number, products in _products(_without(items.vectors, items.crowded()), windows):
        for other, product in products.items():
            if product >= rules.LEAST_ALIKE and items.may_join(number, other):
                apart = times[number] - times[other]
                alike = product - apart * rules.PER_DAY // rules.DAY
                alike = alike * (2 + items.links.get((number, other), 0)) // 2
                if alike >= rules.LEAST_ALIKE:
                    likeness[number, other] = alike
    for number, products in _products(_profiles(likeness, len(times)), windows):
        for other, product in products.items():
            if product >= rules.LEAST_SHARED and items.may_join(number, other):
                alike = likeness.get((number, other), 0)
                yield number, other, items.surety(number, other, product, alike)


def _profiles(likeness: dict[tuple[int, int], int], count: int) -> Vectors:
    """Return, for each item, the items most like it as a vector."""
    near: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for (one, other), alike in likeness.items():
        near[one].append((-alike, other))
        near[other].append((-alike, one))
    profiles = Vectors()
    for number, listed in enumerate(near):
        listed.sort()
        most = -listed[0][0] if listed else 0
        kept = [
            (other, -alike)
            for alike, other in listed[: rules.MOST_NEAR]
            if -alike * 100 >= rules.NEAR_SHARE * most
        ]
        kept.append((number, int(sqrt(most * ONE)) or 1))
        profiles.append(
            (other, weight)
            for (other, _), weight in zip(kept, unit([alike for _, alike in kept]), strict=True)
        )
    return profiles


def _without(vectors: Vectors, crowded: Iterable[tuple[int, int, set[int]]]) -> Vectors:
    """Return vectors without some terms of those from one number to another."""
    left_out: dict[int, set[int]] = {}
    for start, end, terms in crowded:
        left_out.update(dict.fromkeys(range(start, end), terms))
    found = Vectors()
    for number in range(len(vectors)):
        terms = left_out.get(number, set())
        found.append((term, weight) for term, weight in vectors.row(number) if term not in terms)
    return found


def _products(
    vectors: Vectors, lows: Sequence[int] | None = None
) -> Iterator[tuple[int, dict[int, int]]]:
    """Yield, for each vector, its products with those before it, from number lows[i] on."""
    postings: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number in range(len(vectors)):
        low = lows[number] if lows else 0
        found: dict[int, int] = defaultdict(int)
        for term, weight in vectors.row(number):
            others, weights = postings[term]
            for other, theirs in zip(reversed(others), reversed(weights), strict=True):
                if other < low:
                    break
                found[other] += weight * theirs
            others.append(number)
            weights.append(weight)
        yield number, found
