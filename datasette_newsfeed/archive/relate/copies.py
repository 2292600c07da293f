"""Copies of one text, and records of one page: each becomes one item, whatever their number.

A copy has four of five terms of the first one, and another provider. Only articles that share
two of the three smallest hashes of their terms are compared, each with the first article of
its kind: so the time grows with the number of articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import combinations

from .rules import MOST_APART

LEAST_TERMS = 6
"""Shorter texts are alike by chance."""
COPY = 5
"""A copy shares all but one in so many of the terms of both."""


@dataclass(slots=True)
class Group:
    """Articles that are one page or copies of one text; the first is the earliest."""

    members: list[int]
    time: int
    providers: set[str] = field(default_factory=set)


def groups(
    times: Sequence[int | None],
    providers: Sequence[str],
    pages: Mapping[int, Sequence[int]],
    hashes_of: Callable[[int], Sequence[int]],
) -> list[Group]:
    """Return the groups of all dated articles, single ones too, in order of time.

    pages: what stands for the URLs of articles that share one; hashes_of: a hash of each of
    an article's terms.
    """
    dated = sorted((time, number) for number, time in enumerate(times) if time is not None)
    found: list[Group] = []
    old: dict[int, Group] = {}
    new: dict[int, Group] = {}
    began = dated[0][0] if dated else 0
    for time, number in dated:
        if time > began + MOST_APART:
            old, new, began = new, {}, time
        hashes = hashes_of(number)
        keys = [-1 - page for page in pages.get(number, ())]
        texts = list(_keys(hashes))
        known = {
            key: group
            for key in (*keys, *texts)
            if (group := new.get(key) or old.get(key)) and time - group.time <= MOST_APART
        }
        group = next((known[key] for key in keys if key in known), None)
        if group is None:
            for other in {id(known[key]): known[key] for key in texts if key in known}.values():
                is_other = providers[number] not in other.providers
                if is_other and _is_copy(hashes, hashes_of(other.members[0])):
                    group = other
                    break
        if group is None:
            group = Group([], time)
            found.append(group)
        group.members.append(number)
        group.providers.add(providers[number])
        for key in (*keys, *texts):
            if key not in known:
                new[key] = group
    return found


def _keys(hashes: Sequence[int]) -> Iterator[int]:
    if len(hashes) >= LEAST_TERMS:
        for one, other in combinations(nsmallest(3, hashes), 2):
            yield one << 32 | other


def _is_copy(one: Sequence[int], other: Sequence[int]) -> bool:
    both = len(set(one) & set(other))
    return COPY * both >= (COPY - 1) * (len(one) + len(other) - both)
