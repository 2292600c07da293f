"""Whether two articles tell the same news, from the two alone. Knows no tables, no third article.

The rule is a line through three numbers: how alike the texts are, how many names they
share, how far apart they were published. It was fitted to `benchmarks/related/samples.yml`;
docs/related.md tells how well it does on others.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import sqrt

from .term_vectors import Gist

DAY = 86_400
MOST_SECONDS = 5 * DAY
"""News is told within days; whatever is further apart is other news."""

LEAST_SHARED = 2
MOST_SHARED = 6
SHARED_NAME = 0.2
PER_DAY = 0.3
ENOUGH = (0.9, 0.5, 0.25)
"""Likeness of the texts, plus 0.2 a shared name, less 0.3 a day: what is enough where
neither record, one, or both name the other as related. Named alone is not enough: an
archive lists what else happened on that day, too."""

SAME_PAGE = 2.0
"""The strength of a tie between two records of one URL."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Two articles that tell the same news, the smaller id first; more strength is surer."""

    one: str
    other: str
    strength: float


def find_tie(one: Gist, other: Gist) -> Tie | None:
    """Return the tie of two articles, None where they tell different news."""
    if one.at is None or other.at is None or one.id == other.id:
        return None
    apart = abs(one.at - other.at)
    if apart > MOST_SECONDS:
        return None
    first, second = (one.id, other.id) if one.id < other.id else (other.id, one.id)
    if _share(one.own_urls, other.own_urls):
        return Tie(first, second, SAME_PAGE)
    if one.provider and one.provider == other.provider:
        # A provider tells a piece of news once; what looks like it is a series or a form.
        return None
    named = _share(one.related_urls, other.own_urls) + _share(other.related_urls, one.own_urls)
    shared = len(one.names & other.names)
    if shared < (1 if named else LEAST_SHARED):
        return None
    score = likeness(one, other) + SHARED_NAME * min(shared, MOST_SHARED)
    strength = round(score - PER_DAY * apart / DAY - ENOUGH[named], 4)
    return Tie(first, second, strength) if strength >= 0 else None


def _share(here: tuple[str, ...], there: tuple[str, ...]) -> bool:
    return bool(here and there) and not set(here).isdisjoint(there)


def likeness(one: Gist, other: Gist) -> float:
    """Return the cosine of two texts as vectors, 0 to 1; the same in either order, to the bit."""
    here, there = one.weights, other.weights
    product = sum(here[each] * there[each] for each in here.keys() & there.keys())
    return product / sqrt(one.norm * other.norm) if product else 0.0


def _least_shared(apart: int) -> float:
    """Return how many names articles that do not name each other share at least, if they
    are that many seconds apart: even two equal texts need so many."""
    return (ENOUGH[0] - 1 + PER_DAY * apart / DAY) / SHARED_NAME - 0.001


def find_ties(gists: Iterable[Gist], wanted: Collection[str] | None = None) -> Iterator[Tie]:
    """Yield the ties among articles that come in order of time; `wanted`: only those of these.

    Only articles at most MOST_SECONDS apart are looked at, and of those only the ones that
    share names or pages: so the time grows with the number of articles.
    """
    window = _Window()
    for gist in gists:
        if gist.at is None:
            continue
        window.move_to(gist.at - MOST_SECONDS)
        is_wanted = wanted is None or gist.id in wanted
        for other in window.candidates(gist, is_wanted):
            tie = find_tie(gist, other)
            if tie:
                yield tie
        window.add(gist, is_wanted)


class _Window:
    """The articles of the last days, by what they may share with the next one."""

    def __init__(self) -> None:
        self._gists: deque[Gist] = deque()
        self._all = _Places()
        self._wanted = _Places()
        self._first = 0
        """The number of the oldest article still in the window."""

    def add(self, gist: Gist, is_wanted: bool) -> None:
        number = self._first + len(self._gists)
        self._gists.append(gist)
        self._all.add(gist, number)
        if is_wanted:
            self._wanted.add(gist, number)

    def move_to(self, start: int) -> None:
        while self._gists and (self._gists[0].at or 0) < start:
            gist = self._gists.popleft()
            self._all.remove(gist, self._first)
            self._wanted.remove(gist, self._first)
            self._first += 1

    def candidates(self, gist: Gist, is_wanted: bool) -> Iterator[Gist]:
        """Yield the articles that can be tied to one: all of them if it is wanted itself."""
        places = self._all if is_wanted else self._wanted
        named = places.naming(gist)
        for number, shared in places.sharing(gist).items():
            if shared >= LEAST_SHARED and number not in named:
                other = self._gists[number - self._first]
                if shared >= _least_shared((gist.at or 0) - (other.at or 0)):
                    yield other
        for number in named:
            yield self._gists[number - self._first]


class _Places:
    """Which articles hold a name, have a URL, name a URL: numbers, the oldest first."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], deque[int]] = {}

    def add(self, gist: Gist, number: int) -> None:
        for key in _keys(gist):
            self._by_key.setdefault(key, deque()).append(number)

    def remove(self, gist: Gist, number: int) -> None:
        for key in _keys(gist):
            numbers = self._by_key.get(key)
            if numbers and numbers[0] == number:
                numbers.popleft()
                if not numbers:
                    del self._by_key[key]

    def sharing(self, gist: Gist) -> Counter[int]:
        """Return how many names each article shares with one."""
        shared: Counter[int] = Counter()
        for name in gist.names:
            shared.update(self._by_key.get(("name", name), ()))
        return shared

    def naming(self, gist: Gist) -> set[int]:
        """Return the articles of the same URL, and those that name one or are named by it."""
        found: set[int] = set()
        for url in gist.own_urls:
            found.update(self._by_key.get(("own", url), ()))
            found.update(self._by_key.get(("related", url), ()))
        for url in gist.related_urls:
            found.update(self._by_key.get(("own", url), ()))
        return found


def _keys(gist: Gist) -> Iterator[tuple[str, str]]:
    yield from (("name", name) for name in gist.names)
    yield from (("own", url) for url in gist.own_urls)
    yield from (("related", url) for url in gist.related_urls)
