"""For each of many sparse vectors those most like it.

One product of sparse matrices with numpy and scipy, plain loops without them. All numbers are
whole, so that both find the same, and so does every machine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from .vectors import Vectors

MOST_PRODUCTS = 2_000_000
"""Products that are in memory at a time, however many vectors share a term."""
LEAST_BLOCK, MOST_BLOCK = 500, 20_000
"""Vectors that are compared with the same others."""

Array = Any
"""An array of numpy or a matrix of scipy."""
Columns = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
"""For each vector its time, its group, and from which number to which it is compared."""
Score = Callable[[Any, Any], Any]
"""(product of two vectors, seconds between them) -> how alike they are: of numbers or arrays."""


def has_numpy() -> bool:
    """Tell whether what the extra `[relate]` installs is there."""
    return all(find_spec(name) for name in ("numpy", "scipy"))


def nearest(
    vectors: Vectors,
    times: Sequence[int],
    groups: Sequence[int],
    score: Score,
    *,
    least: int,
    most: int,
    reach: int | None = None,
) -> Vectors:
    """Return for each vector the numbers of those most like it with their scores, the best first.

    That is at most `most`, of equal ones the first, with a product and a score of at least
    `least`. Vectors of one group are not compared (a number below 0 is no group), nor are
    those more than `reach` seconds apart; with it, `times` must be in order.
    """
    lows, highs = [0] * len(times), [len(times)] * len(times)
    if reach is not None:
        lows = [bisect_left(times, time - reach) for time in times]
        highs = [bisect_right(times, time + reach) for time in times]
    find = _by_matrices if has_numpy() else _by_loops
    return find(vectors, (times, groups, lows, highs), score, least, most)


def _by_loops(vectors: Vectors, items: Columns, score: Score, least: int, most: int) -> Vectors:
    times, groups, lows, highs = items
    postings: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for number in range(len(vectors)):
        for term, weight in vectors.row(number):
            postings[term][0].append(number)
            postings[term][1].append(weight)
    found = Vectors()
    for number, group in enumerate(groups):
        products: dict[int, int] = defaultdict(int)
        for term, weight in vectors.row(number):
            others, weights = postings[term]
            here = slice(bisect_left(others, lows[number]), bisect_left(others, highs[number]))
            for other, theirs in zip(others[here], weights[here], strict=True):
                products[other] += weight * theirs
        near = []
        for other, product in products.items():
            if product >= least and other != number and (group < 0 or group != groups[other]):
                alike = score(product, abs(times[number] - times[other]))
                if alike >= least:
                    near.append((-alike, other))
        near = sorted(near)[:most]
        found.append([other for _, other in near], [-alike for alike, _ in near])
    return found


def _by_matrices(vectors: Vectors, items: Columns, score: Score, least: int, most: int) -> Vectors:
    import numpy
    from scipy import sparse

    terms, weights = numpy.asarray(vectors.terms), numpy.array(vectors.weights, numpy.int32)
    shape = (len(vectors), int(terms.max(initial=0)) + 1)
    matrix = sparse.csr_matrix((weights, terms, vectors.starts), shape)
    at, group, low, high = (numpy.array(each, numpy.int64) for each in items)
    lows, highs = items[2:]
    found = Vectors()
    start, window = 0, (0, 0)
    columns: Array = None
    while start < len(vectors):
        # A block as long as its window: at most every second product is in vain.
        block = min(max(LEAST_BLOCK, highs[start] - lows[start]), MOST_BLOCK)
        end = min(start + block, len(vectors))
        if columns is None or window != (lows[start], highs[end - 1]):
            window = lows[start], highs[end - 1]
            columns = matrix[slice(*window)].T.tocsr()
        for place, product in _products(matrix[start:end], columns):
            kept = product.data >= least
            rows = numpy.repeat(numpy.arange(product.shape[0]), numpy.diff(product.indptr))[kept]
            rows += start + place
            others = product.indices[kept].astype(numpy.int64) + window[0]
            alike = score(product.data[kept].astype(numpy.int64), abs(at[rows] - at[others]))
            kept = (alike >= least) & (others != rows)
            kept &= (low[rows] <= others) & (others < high[rows])
            kept &= (group[rows] < 0) | (group[rows] != group[others])
            rows, others, alike = _best(rows[kept], others[kept], alike[kept], most)
            counts = numpy.bincount(rows - start - place, minlength=product.shape[0])
            found.starts.extend((len(found.terms) + numpy.cumsum(counts)).tolist())
            found.terms.frombytes(others.astype(numpy.int32).tobytes())
            found.weights.frombytes(alike.astype(numpy.int32).tobytes())
        start = end
    return found


def _products(rows: Array, columns: Array) -> Iterator[tuple[int, Array]]:
    """Yield the products of rows with columns, some rows at a time, with the first one's number."""
    import numpy

    work = numpy.cumsum(numpy.diff(columns.indptr)[rows.indices], dtype=numpy.int64)
    work = numpy.concatenate(([0], work))[rows.indptr]
    start, count = 0, rows.shape[0]
    while start < count:
        end = int(numpy.searchsorted(work, work[start] + MOST_PRODUCTS, "right")) - 1
        end = min(max(end, start + 1), count)
        yield start, rows[start:end] @ columns
        start = end


def _best(rows: Array, others: Array, values: Array, most: int) -> tuple[Array, Array, Array]:
    """Return the greatest so many of each row, in order; of equal ones the smaller others."""
    import numpy

    if not len(rows):
        return rows, others, values
    first, wide = rows[0], [int(each.max()).bit_length() for each in (values, others)]
    high = (1 << wide[0]) - 1
    # One number each: sorted ten times as fast as by three keys.
    keys = numpy.sort((((rows - first) << wide[0] | high - values) << wide[1]) | others)
    rows = keys >> sum(wide)
    kept = numpy.arange(len(rows)) - numpy.searchsorted(rows, rows) < most
    keys, rows = keys[kept], rows[kept]
    return rows + first, keys & ((1 << wide[1]) - 1), high - (keys >> wide[1] & high)
