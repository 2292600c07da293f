"""Which articles are like one another, whenever they were published."""

from __future__ import annotations

from array import array

from . import rules
from .articles import Articles
from .nearest import nearest
from .vectors import Vectors


def similar(articles: Articles) -> Vectors:
    """Return for each article the numbers of those most like it with their scores."""
    rare = Vectors(weights=array("H"))
    is_rare = bytearray(count <= rules.MOST_HOLDERS for count in articles.holders)
    rare.take(articles.vectors, range(len(articles.ids)), is_rare)
    # Without a date, an article is far from all others.
    times = [-(n + 1) << 38 if time is None else time for n, time in enumerate(articles.times)]
    return nearest(
        *(rare, times, [-1] * len(times)),
        lambda product, gap: product + rules.NEARNESS * rules.WEEK // (rules.WEEK + gap),
        least=rules.LEAST_LIKE,
        most=rules.MOST_SIMILAR,
    )
