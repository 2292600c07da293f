"""Articles as term vectors of one length, in whole numbers.

A term weighs by how rare it is in this archive: more as a name or a number, more in the
title. Weights are whole numbers, so that the product of two vectors is the same in whatever
order it is summed, on every machine.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import sqrt

UNIT = 1000
"""The length of a vector; ONE is the product of two equal ones."""
ONE = UNIT * UNIT
MOST_WEIGHT = 320
"""No single term says more: the shorter a text, the less one shared term proves."""
IS_TOPIC = 4
FACTORS = (10, 13, 25, 30, 60)
"""By marks (`terms.IN_TITLE`, `terms.IS_NAME`, a topic): what a term weighs beside others."""
PRIOR = 100
"""Articles without any of the terms that are counted in, so that a small archive has rare ones."""


@dataclass(slots=True)
class Vectors:
    """Sparse vectors, one after the other: vector i has the terms from starts[i] to starts[i+1]."""

    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    terms: array[int] = field(default_factory=lambda: array("i"))
    weights: array[int] = field(default_factory=lambda: array("i"))

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self.starts) - 1

    def row(self, number: int) -> Iterable[tuple[int, int]]:
        """Return the terms of a vector with their weights."""
        here = slice(self.starts[number], self.starts[number + 1])
        return zip(self.terms[here], self.weights[here], strict=True)

    def terms_of(self, number: int) -> array[int]:
        """Return the terms of a vector."""
        return self.terms[self.starts[number] : self.starts[number + 1]]

    def append(self, row: Iterable[tuple[int, int]]) -> None:
        """Append a vector."""
        for term, weight in row:
            self.terms.append(term)
            self.weights.append(weight)
        self.starts.append(len(self.terms))


def log2(numerator: int, denominator: int = 1) -> int:
    """Return the logarithm of a fraction of at least 1 in sixteenths, rounded down.

    Exact, unlike math.log2, whose last digit depends on the machine.
    """
    return (numerator**16 // denominator**16).bit_length() - 1


def unit(values: Sequence[int], counted: int | None = None) -> list[int]:
    """Return a vector in the same direction of length UNIT, in whole numbers.

    counted: how many of the values, from the first on, make up its length; None: all.
    """
    length = sqrt(sum([value * value for value in values[:counted]]))
    return [round(UNIT * value / length) for value in values] if length else [0] * len(values)


def weigh(vectors: Vectors, holders: Sequence[int]) -> None:
    """Replace marks by weights: 0 for terms of one article.

    Topics, which come last in a row, are beyond its length. holders: how many articles hold
    each term.
    """
    total = len(vectors) + PRIOR

    @cache
    def by_mark(count: int) -> tuple[int, ...]:
        rarity = log2(total, count) / 16
        return tuple(int(factor * rarity * sqrt(rarity)) for factor in FACTORS)

    for number in range(len(vectors)):
        row = list(vectors.row(number))
        text = sum([mark != IS_TOPIC for _, mark in row])
        weights = unit([by_mark(holders[term])[mark] for term, mark in row], text)
        vectors.weights[vectors.starts[number] : vectors.starts[number + 1]] = array(
            "i",
            [
                min(weight, MOST_WEIGHT) if holders[term] > 1 else 0
                for (term, _), weight in zip(row, weights, strict=True)
            ],
        )
