"""Products of term vectors as products of sparse matrices, with numpy and scipy.

Does what `loops` does, in the same whole numbers. About MOST_PRODUCTS products are in memory
at a time, however many articles share a term.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy
from scipy import sparse

from . import rules
from .rules import Items, Pair
from .vectors import ONE, UNIT, Vectors

MOST_PRODUCTS = 4_000_000
LEAST_BLOCK = 500
SEGMENT = 20_000
"""Items whose profiles are in memory at a time, besides those of one moment."""

Array = Any
"""An array of numpy or a matrix of scipy."""
Products = tuple[Array, Array, Array]
"""Rows, columns, and the products of both."""


def similar(
    vectors: Vectors, holders: Sequence[int], times: Sequence[int | None]
) -> Iterator[tuple[int, rules.Listed]]:
    """Yield, for each article in order, those most like it with their scores."""
    counts = numpy.array(holders or [0], numpy.int64)
    articles = _matrix(vectors, (counts > 1) & (counts <= rules.MOST_HOLDERS))
    are_dated = numpy.array([time is not None for time in times], bool)
    at = numpy.array([time or 0 for time in times], numpy.int64)
    done = 0
    for end, (rows, others, products) in _blocks(articles, articles.T.tocsr(), rules.LEAST_LIKE):
        kept = rows != others
        rows, others = rows[kept], others[kept]
        scores = products[kept] * rules.SCORE // ONE
        near = rules.NEARNESS * rules.WEEK // (rules.WEEK + numpy.abs(at[rows] - at[others]))
        scores += numpy.where(are_dated[rows] & are_dated[others], near, 0)
        rows, scores, others = _best(rows, scores, others, rules.MOST_SIMILAR)
        bounds: Array = numpy.searchsorted(rows, numpy.arange(done, end + 1)).tolist()
        listed = list(zip(scores.tolist(), others.tolist(), strict=True))
        for number in range(done, end):
            here = slice(bounds[number - done], bounds[number - done + 1])
            yield number, listed[here]
        done = end


def same_news(items: Items) -> Iterator[Pair]:
    """Yield pairs of items, the later first, with how surely they tell the same news."""
    matrix = _matrix(items.vectors)
    _drop_crowded(matrix, items)
    arrays = _Arrays(items)
    times = arrays.times
    start = 0
    while start < len(times):
        last = times[min(start + SEGMENT, len(times)) - 1]
        # All of one moment together, and what the profiles of those that may join are made of.
        end, after, first = (
            int(numpy.searchsorted(times, time))
            for time in (
                *(last + 1, last + rules.MOST_APART + 1),
                times[start] - 2 * rules.MOST_APART,
            )
        )
        alike = _alike(matrix[first:after], arrays, first)
        profiles = _profiles(alike, after - first)
        for rows, others, shared in _window_products(
            profiles, arrays.windows[first:after] - first, rules.LEAST_SHARED, start - first
        ):
            kept = (rows < end - first) & arrays.may_join(rows + first, others + first)
            rows, others, shared = rows[kept], others[kept], shared[kept]
            likeness = _looked_up(alike, rows, others, after - first)
            sure = arrays.surety(rows + first, others + first, shared, likeness)
            yield from zip(
                (rows + first).tolist(), (others + first).tolist(), sure.tolist(), strict=True
            )
        start = end


class _Arrays:
    """What Items knows, as arrays."""

    def __init__(self, items: Items) -> None:
        self.times, self.providers, self.bars, self.evidence, self.windows = (
            numpy.array(each, numpy.int64)
            for each in (
                *(items.times, items.providers, items.bars, items.evidence),
                items.windows(),
            )
        )
        links = sorted((one, other, number) for (one, other), number in items.links.items())
        self.links: Products = tuple(numpy.array(links, numpy.int64).reshape(-1, 3).T)

    def may_join(self, ones: Array, others: Array) -> Array:
        provider = self.providers[ones]
        return (provider < 0) | (provider != self.providers[others])

    def surety(self, ones: Array, others: Array, shared: Array, alike: Array) -> Array:
        return numpy.minimum(
            shared - ((self.bars[ones] + self.bars[others]) >> 1),
            2 * alike - self.evidence[ones] - self.evidence[others],
        )


def _matrix(vectors: Vectors, is_used: Array | None = None) -> Array:
    starts = numpy.array(vectors.starts, numpy.int64)
    terms = numpy.array(vectors.terms, numpy.int32)
    weights = numpy.array(vectors.weights, numpy.int32)
    if is_used is not None:
        kept = is_used[terms]
        starts = numpy.concatenate(([0], numpy.cumsum(kept)))[starts]
        terms, weights = terms[kept], weights[kept]
    shape = (len(vectors), int(terms.max(initial=0)) + 1)
    return sparse.csr_matrix((weights, terms, starts), shape)


def _drop_crowded(matrix: Array, items: Items) -> None:
    """Take crowded terms out of the articles of their days."""
    for start, end, terms in items.crowded():
        here = slice(matrix.indptr[start], matrix.indptr[end])
        is_crowded = numpy.isin(matrix.indices[here], list(terms))
        matrix.data[here][is_crowded] = 0
    matrix.eliminate_zeros()


def _blocks(
    rows: Array, columns: Array, least: int, first: int = 0
) -> Iterator[tuple[int, Products]]:
    """Yield the products of rows with columns that are at least so much, some rows at a time.

    Each comes with the row after its last; rows count from `first`.
    """
    work = numpy.concatenate(([0], numpy.cumsum(numpy.diff(columns.indptr)[rows.indices])))
    work = work[rows.indptr]
    start, count = 0, rows.shape[0]
    while start < count:
        end = int(numpy.searchsorted(work, work[start] + MOST_PRODUCTS, "right")) - 1
        end = min(max(end, start + 1), count)
        found = rows[start:end] @ columns
        kept = found.data >= least
        places = numpy.repeat(numpy.arange(start, end), numpy.diff(found.indptr))[kept]
        products = found.data[kept].astype(numpy.int64)
        yield end + first, (places + first, found.indices[kept].astype(numpy.int64), products)
        start = end


def _window_products(
    matrix: Array, windows: Array, least: int, start: int = 0
) -> Iterator[Products]:
    """Yield the products, at least so much, of each row with the rows from windows[i] on."""
    count = matrix.shape[0]
    while start < count:
        low = int(windows[start])
        # A block as long as its window: at most every second product is in vain.
        end = min(start + max(LEAST_BLOCK, start - low), count)
        turned = matrix[low:end].T.tocsr()
        for _, (rows, others, products) in _blocks(matrix[start:end], turned, least, start):
            others += low
            kept = (others < rows) & (others >= windows[rows])
            yield rows[kept], others[kept], products[kept]
        start = end


def _alike(part: Array, arrays: _Arrays, first: int) -> Products:
    """Return how alike the items of a part are, as far as they are; rows count from `first`."""
    found: list[Products] = []
    windows = numpy.maximum(arrays.windows[first : first + part.shape[0]] - first, 0)
    for rows, others, products in _window_products(part, windows, rules.LEAST_ALIKE):
        apart = arrays.times[rows + first] - arrays.times[others + first]
        alike = products - apart * rules.PER_DAY // rules.DAY
        links = _looked_up(arrays.links, rows + first, others + first, len(arrays.times))
        alike = alike * (2 + links) // 2
        kept = (alike >= rules.LEAST_ALIKE) & arrays.may_join(rows + first, others + first)
        found.append((rows[kept], others[kept], alike[kept]))
    ones, others, alike = (numpy.concatenate(each) for each in zip(*found, strict=True))
    order = numpy.lexsort((others, ones))
    return ones[order], others[order], alike[order]


def _looked_up(known: Products, rows: Array, others: Array, width: int) -> Array:
    """Return the products of pairs, 0 where there is none; known ones in order of both."""
    ones, seconds, values = known
    if not len(ones):
        return numpy.zeros(len(rows), numpy.int64)
    keys, wanted = ones * width + seconds, rows * width + others
    at = numpy.minimum(numpy.searchsorted(keys, wanted), len(keys) - 1)
    return numpy.where(keys[at] == wanted, values[at], 0)


def _profiles(alike: Products, count: int) -> Array:
    """Return, for each item, the items most like it as a row."""
    ones, others, values = alike
    rows, columns = numpy.concatenate((ones, others)), numpy.concatenate((others, ones))
    values = numpy.concatenate((values, values))
    rows, values, columns = _best(rows, values, columns, rules.MOST_NEAR)
    most: Array = numpy.zeros(count, numpy.int64)
    numpy.maximum.at(most, rows, values)
    kept = values * 100 >= rules.NEAR_SHARE * most[rows]
    every = numpy.arange(count)
    own = numpy.maximum(numpy.sqrt(most * ONE).astype(numpy.int64), 1)
    rows, columns = (
        numpy.concatenate((rows[kept], every)),
        numpy.concatenate((columns[kept], every)),
    )
    values = numpy.concatenate((values[kept], own))
    # Sums of whole numbers below 2**53: exact.
    length = numpy.sqrt(numpy.bincount(rows, (values * values).astype(float), count))
    weights = numpy.rint(UNIT * values / length[rows]).astype(numpy.int32)
    return sparse.csr_matrix((weights, (rows, columns)), (count, count))


def _best(rows: Array, values: Array, others: Array, most: int) -> tuple[Array, Array, Array]:
    """Return the greatest so many of each row, in order; of equal ones the smaller others."""
    wide = [int(each.max(initial=0)).bit_length() for each in (values, others)]
    high = (1 << wide[0]) - 1
    # One number each: sorted ten times as fast as by three keys.
    keys = numpy.sort(((rows << wide[0] | high - values) << wide[1]) | others)
    rows = keys >> sum(wide)
    kept = numpy.arange(len(rows)) - numpy.searchsorted(rows, rows) < most
    keys, rows = keys[kept], rows[kept]
    values = high - (keys >> wide[1] & high)
    return rows, values, keys & ((1 << wide[1]) - 1)
