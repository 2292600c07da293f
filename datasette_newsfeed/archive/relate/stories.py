"""Which articles tell the same news: copies of a text first, then clusters of the rest."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from math import sqrt

from . import rules
from .articles import Articles
from .clusters import Items, Pair, clusters, components
from .nearest import nearest
from .vectors import ONE, Vectors, log2, unit


def stories(articles: Articles) -> Iterator[list[int]]:
    """Yield the articles of each story, by number."""
    groups = copies(articles)
    items = _items(articles, groups)
    alone = set(range(len(groups)))
    news = _news(articles, groups, items.times)
    for cluster in clusters(same_news(news, items), items):
        alone.difference_update(cluster)
        yield [number for item in cluster for number in groups[item]]
    yield from (groups[item] for item in sorted(alone) if len(groups[item]) > 1)


def copies(articles: Articles) -> list[list[int]]:
    """Return all dated articles in order of time; those of one page, and copies of a text, as one.

    A copy has another provider. Articles are compared with the first one that shares two of the
    three smallest hashes of their terms: so the time grows with the number of articles.
    """
    dated = sorted((time, n) for n, time in enumerate(articles.times) if time is not None)
    pairs: list[tuple[int, int]] = []
    old: dict[int, int] = {}
    new: dict[int, int] = {}
    began = dated[0][0] if dated else 0
    for place, (time, number) in enumerate(dated):
        if time > began + rules.MOST_APART:
            old, new, began = new, {}, time
        pages = [-page for page in articles.pages[2 * number : 2 * number + 2] if page]
        for key in (*pages, *_text_keys(articles, number)):
            first = new.get(key, old.get(key, place))
            is_near = first < place and time - dated[first][0] <= rules.MOST_APART
            if is_near and (key < 0 or _is_copy(articles, dated[first][1], number)):
                pairs.append((first, place))
            else:
                new[key] = place
    groups: dict[int, list[int]] = {}
    for place, first in enumerate(components(pairs, len(dated))):
        groups.setdefault(first, []).append(dated[place][1])
    return list(groups.values())


def _text_keys(articles: Articles, number: int) -> Iterator[int]:
    if articles.sizes[number] >= rules.LEAST_TERMS:
        hashes = sorted([articles.hashes[term] for term in articles.vectors.terms_of(number)])
        yield from (one << 32 | other for one, other in combinations(hashes[:3], 2))


def _is_copy(articles: Articles, one: int, other: int) -> bool:
    if articles.providers[one] == articles.providers[other]:
        return False
    terms = articles.vectors.terms_of
    both = len(set(terms(one)).intersection(terms(other)) - articles.topics)
    every = articles.sizes[one] + articles.sizes[other] - both
    return rules.COPY * both >= (rules.COPY - 1) * every


def _items(articles: Articles, groups: Sequence[Sequence[int]]) -> Items:
    times = [articles.times[group[0]] or 0 for group in groups]
    providers = [{articles.providers[each] for each in group} for group in groups]
    bars = []
    for time in times:
        near = bisect_right(times, time + rules.DAY) - bisect_left(times, time - rules.DAY)
        bars.append(rules.BAR + rules.BAR_DOUBLING * log2(near) // 16)
    return Items(
        times,
        [min(each) if len(each) == 1 else -1 for each in providers],
        bars,
        [rules.EVIDENCE // max(articles.sizes[group[0]], 1) for group in groups],
    )


def _news(articles: Articles, groups: Sequence[Sequence[int]], times: Sequence[int]) -> Vectors:
    """Return the vector of each item without topics, and without what five days are full of."""
    found, start = Vectors(weights=array("H")), 0
    is_text = bytearray(b"\1") * len(articles.holders)
    for topic in articles.topics:
        is_text[topic] = 0
    while start < len(groups):
        end = bisect_left(times, (times[start] // rules.MOST_APART + 1) * rules.MOST_APART, start)
        numbers = [group[0] for group in groups[start:end]]
        kept = is_text
        if len(numbers) > rules.MOST_CROWDED:
            counts = Counter(chain.from_iterable(map(articles.vectors.terms_of, numbers)))
            kept = is_text.copy()
            for term, count in counts.items():
                if count > rules.MOST_CROWDED:
                    kept[term] = 0
        found.take(articles.vectors, numbers, kept)
        start = end
    return found


def same_news(vectors: Vectors, items: Items) -> Iterator[Pair]:
    """Yield pairs of items, the later first, with how far they are above what one story needs."""
    alike = nearest(
        *(vectors, items.times, items.providers),
        lambda product, gap: product - gap * rules.PER_DAY // rules.DAY,
        least=rules.LEAST_ALIKE,
        most=rules.MOST_ALIKE,
        reach=rules.MOST_APART,
    )
    shared = nearest(
        *(_profiles(alike), items.times, items.providers),
        lambda product, gap: product,
        least=rules.LEAST_SHARED,
        most=rules.MOST_ALIKE,
        reach=rules.MOST_APART,
    )
    bars, evidence = items.bars, items.evidence
    for one in range(len(items.times)):
        texts = dict(alike.row(one))
        for other, product in shared.row(one):
            if other < one:
                text = 2 * texts.get(other, 0) - evidence[one] - evidence[other]
                yield one, other, min(product - (bars[one] + bars[other]) // 2, text)


def _profiles(alike: Vectors) -> Vectors:
    """Return, for each item, itself and the items most like it as a vector."""
    profiles = Vectors()
    for number in range(len(alike)):
        listed = list(alike.row(number))[: rules.MOST_NEAR]
        most = listed[0][1] if listed else 0
        kept = [each for each in listed if each[1] * 100 >= rules.NEAR_SHARE * most]
        kept.append((number, int(sqrt(most * ONE)) or 1))
        weights = unit([weight for _, weight in kept])
        profiles.append([item for item, _ in kept], weights)
    return profiles
