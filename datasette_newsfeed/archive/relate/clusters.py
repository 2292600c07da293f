"""Ties become stories: which articles belong together, and which of them leads. Knows no tables.

A story is a connected component of ties, guarded against chains: that one report is like
a second and the second like a third does not make the first and the third one story.
Decided by the ties and the records alone, in any order.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .same_story import DAY, Tie

MOST_SPAN = 7 * DAY
"""Seconds from a story's first article to its last."""

LEAST_PART = 3
"""Two groups become one story where more than one in three of the pairs across are tied."""


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story, with what its record says of its place in it."""

    id: str
    published_at: str
    heat: int | None = None
    quality: int | None = None
    published: bool | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that tell the same news; `id` is that of the earliest."""

    id: str
    headline_id: str
    members: tuple[str, ...]
    first_published_at: str
    last_published_at: str


class _Group:
    """Articles on their way to become a story."""

    def __init__(self, article: str, time: int) -> None:
        self.members = {article}
        self.first = self.last = time
        self.centres = {article}
        """The members that are tied to all others."""
        self.ties: Counter[int] = Counter()
        """How many ties lead to which other group, by the identity of that."""


def components(pairs: Iterable[tuple[int, int]], count: int) -> array[int]:
    """Return, for each number below `count`, the smallest that pairs lead to from it."""
    above = array("Q", range(count))

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    for one, other in pairs:
        first, second = sorted((top(one), top(other)))
        above[second] = first
    for number in range(count):
        above[number] = top(number)
    return above


def group(ties: Iterable[Tie], times: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return the groups that ties make, each in the order of ids; `times` in seconds.

    The surest ties join first. A tie does not join where the group would last longer than
    MOST_SPAN, nor where it is a mere link of a chain: either more than a third of the
    pairs across are tied, or one article is tied to all the others. So what no tie leads
    to makes no difference: connected ties can be grouped by themselves.
    """
    ties = sorted(ties, key=lambda tie: (-tie.strength, tie.one, tie.other))
    tied: dict[str, set[str]] = {}
    for tie in ties:
        tied.setdefault(tie.one, set()).add(tie.other)
        tied.setdefault(tie.other, set()).add(tie.one)
    groups = {each: _Group(each, times[each]) for each in tied}
    by_identity = {id(each): each for each in groups.values()}
    for tie in ties:
        one, other = groups[tie.one], groups[tie.other]
        one.ties[id(other)] += 1
        other.ties[id(one)] += 1
    for tie in ties:
        one, other = groups[tie.one], groups[tie.other]
        if one is other:
            continue
        large, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
        centres = {each for each in large.centres if small.members <= tied[each]}
        centres |= {each for each in small.centres if large.members <= tied[each]}
        if _belong_together(large, small, centres):
            _join(large, small, by_identity)
            large.centres = centres
            groups.update(dict.fromkeys(small.members, large))
    found = {id(each): each for each in groups.values()}
    return sorted(tuple(sorted(g.members)) for g in found.values() if len(g.members) > 1)


def _belong_together(one: _Group, other: _Group, centres: set[str]) -> bool:
    if max(one.last, other.last) - min(one.first, other.first) > MOST_SPAN:
        return False
    pairs = len(one.members) * len(other.members)
    return bool(centres) or one.ties[id(other)] * LEAST_PART > pairs


def _join(large: _Group, small: _Group, by_identity: Mapping[int, _Group]) -> None:
    large.members |= small.members
    large.first = min(large.first, small.first)
    large.last = max(large.last, small.last)
    for identity, count in small.ties.items():
        third = by_identity[identity]
        del third.ties[id(small)]
        if third is not large:
            third.ties[id(large)] += count
            large.ties[identity] += count


def make_story(members: Sequence[Member]) -> Story:
    """Return the story of its members: the key and times of the earliest, and its headline."""
    in_time = sorted(members, key=lambda each: (each.published_at, each.id))
    return Story(
        in_time[0].id,
        min(members, key=_precedence).id,
        tuple(each.id for each in in_time),
        in_time[0].published_at,
        in_time[-1].published_at,
    )


def _precedence(member: Member) -> tuple[bool, int, int, str, str]:
    """Published first, then the greater heat, then the greater quality, then the earlier."""
    heat = 0 if member.heat is None else member.heat
    quality = -1 if member.quality is None else member.quality
    return member.published is False, -heat, -quality, member.published_at, member.id
