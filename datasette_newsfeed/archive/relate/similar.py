"""Which articles are like one another, whenever they were published."""

from __future__ import annotations

from . import rules
from .articles import Articles
from .nearest import nearest
from .vectors import Vectors


def similar(articles: Articles) -> Vectors:
    """Return for each article the numbers of those most like it with their scores."""
    rare, holders = Vectors(), articles.holders
    for number in range(len(articles.ids)):
        row = articles.vectors.row(number)
        rare.append((t, w) for t, w in row if w and holders[t] <= rules.MOST_HOLDERS)
    # Without a date, an article is far from all others.
    times = [-(n + 1) << 38 if time is None else time for n, time in enumerate(articles.times)]
    return nearest(
        *(rare, times, [-1] * len(times)),
        lambda product, gap: product + rules.NEARNESS * rules.WEEK // (rules.WEEK + gap),
        least=rules.LEAST_LIKE,
        most=rules.MOST_SIMILAR,
    )
