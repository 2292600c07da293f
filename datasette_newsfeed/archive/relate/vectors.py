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
from itertools import compress
from math import isqrt, sqrt

UNIT = 1000
"""The length of a vector; ONE is the product of two equal ones."""
ONE = UNIT * UNIT
MOST_WEIGHT = 320
"""No single term says more: the shorter a text, the less one shared term proves."""
IS_TOPIC = 4
FACTORS = (10, 13, 25, 30, 60)
"""What a term weighs beside others by its marks: IN_TITLE and IS_NAME of `vocabulary`, a topic."""
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

    def terms_of(self, number: int) -> array[int]:
        """Return the terms of a vector."""
        return self.terms[self.starts[number] : self.starts[number + 1]]

    def weights_of(self, number: int) -> array[int]:
        """Return the weights of a vector's terms."""
        return self.weights[self.starts[number] : self.starts[number + 1]]

    def row(self, number: int) -> Iterable[tuple[int, int]]:
        """Return the terms of a vector with their weights."""
        return zip(self.terms_of(number), self.weights_of(number), strict=True)

    def append(self, terms: Iterable[int], weights: Iterable[int]) -> None:
        """Append a vector."""
        self.terms.extend(terms)
        self.weights.extend(weights)
        self.starts.append(len(self.terms))

    def take(self, other: Vectors, numbers: Iterable[int], kept: Sequence[int]) -> None:
        """Append vectors of another one, but of their terms only those that are `kept`."""
        for number in numbers:
            terms = other.terms_of(number)
            chosen = [kept[term] for term in terms]
            self.append(compress(terms, chosen), compress(other.weights_of(number), chosen))


def log2(numerator: int, denominator: int = 1) -> int:
    """Return the logarithm of a fraction of at least 1 in sixteenths, rounded down.

    Exact, unlike math.log2, whose last digit depends on the machine.
    """
    return (numerator**16 // denominator**16).bit_length() - 1


def unit(values: Sequence[int], counted: int | None = None) -> list[int]:
    """Return a vector in the same direction of length UNIT, in whole numbers.

    counted: how many of the values, from the first on, make up its length; None: all.
    """
    length = isqrt(sum([value * value for value in values[:counted]])) or 1
    half = length // 2
    return [(UNIT * value + half) // length for value in values]


def weigh(marked: Vectors, holders: Sequence[int], sizes: Sequence[int]) -> Vectors:
    """Return vectors of weights for those of marks, without the terms of a single article.

    holders: how many articles hold each term. sizes: how many terms of each vector, from the
    first on, make up its length; those behind are topics.
    """
    total = len(marked) + PRIOR
    found = Vectors(weights=array("H"))

    @cache
    def by_mark(count: int) -> tuple[int, ...]:
        rarity = log2(total, count) / 16
        return tuple(int(factor * rarity * sqrt(rarity)) for factor in FACTORS)

    values = [by_mark(count) if count else () for count in holders]
    shared = bytearray(count > 1 for count in holders)
    for number, size in enumerate(sizes):
        terms = marked.terms_of(number)
        row = zip(terms, marked.weights_of(number), strict=True)
        weights = unit([values[term][mark] for term, mark in row], size)
        kept = [shared[term] for term in terms]
        found.append(
            compress(terms, kept), [min(each, MOST_WEIGHT) for each in compress(weights, kept)]
        )
    return found
