"""What changed in an article over time, as `newsfeed history` found it in git."""

from __future__ import annotations

import json
from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ... import schema
from ...changes import Change, net
from ..access.archives import ArchiveView

MOST_VERSIONS = 500
"""The most versions of an article that its pages name."""

MOST_CHANGES = 200
"""The most changes that one page shows; of each text so many characters: """
MOST_CHARACTERS = 20_000

FACTS_SQL = """
select count(*) as versions, cast(min(committed_at) as text) as since,
  cast(max(last_committed_at) as text) as last_seen,
  cast(total(number > 1 and kinds not in ('', 'rating')) as integer) as edits,
  cast(total(cast(repeats as integer)) as integer) as repeats
from article_versions where article_id = :key"""

VERSIONS_SQL = f"""
select cast(number as integer) as number, cast(committed_at as text) as committed_at,
  cast(coalesce(kinds, '') as text) as kinds, cast(size as integer) as size, is_draft
from article_versions where article_id = :key order by number desc limit {MOST_VERSIONS}"""

CHANGES_SQL = f"""
select cast(number as integer) as number, cast(field as text) as field,
  substr(cast(before as text), 1, {MOST_CHARACTERS}) as before,
  substr(cast(after as text), 1, {MOST_CHARACTERS}) as after
from article_changes
where article_id = :key and number > :above and number <= :most and kind <> 'rating'
order by number desc, position limit {MOST_CHANGES}"""

STEPS_SQL = f"""
select cast(field as text), substr(cast(before as text), 1, {MOST_CHARACTERS}),
  substr(cast(after as text), 1, {MOST_CHARACTERS})
from article_changes where article_id = :key and number > :low and number <= :high
order by number, position limit 5000"""

RATINGS_SQL = f"""
select field, cast(committed_at as text) as committed_at, cast(before as text) as before,
  cast(after as text) as after
from article_changes
where article_id = :key and field in ('heat', 'quality')
order by number limit {2 * MOST_VERSIONS}"""

ROWS_SQL = f"""
select cast(article_id as text) as article_id, cast(number as integer) as number,
  cast(committed_at as text) as committed_at, cast(field as text) as field,
  substr(cast(before as text), 1, {MOST_CHARACTERS}) as before,
  substr(cast(after as text), 1, {MOST_CHARACTERS}) as after
from json_each(:keys) as asked join article_changes
  on article_id = json_extract(asked.value, '$[0]')
  and number = json_extract(asked.value, '$[1]') and position = json_extract(asked.value, '$[2]')
order by asked.key"""

TITLE_SQL = """
select cast(title as text) as title, 1 as is_there from articles where id = :key
union all select cast(title as text), 0 from removed_articles
where id = :key and moved_to is null limit 1"""

MOVED_SQL = """
select cast(moved_to as text) as moved_to from removed_articles
where id = :key and moved_to is not null"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an article, with its changes as far as they are shown."""

    number: int
    committed_at: str
    kinds: tuple[str, ...]
    size: int
    is_draft: bool
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """Heat or quality over time: its values with their times, the first where it began."""

    name: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an article's versions: the latest first; edits are changes that are read."""

    key: str
    title: str
    since: str
    last_seen: str
    edits: int
    commits: int
    versions: tuple[Version, ...]
    curves: tuple[Curve, ...]
    is_there: bool

    @property
    def edited(self) -> tuple[Version, ...]:
        """The versions with an edit, the latest first."""
        return tuple(each for each in self.versions if each.changes)


def can_see(view: ArchiveView) -> bool:
    """Tell whether the archive has histories that the visitor may see."""
    return view.sees(*schema.HISTORY_NEEDS)


async def find_history(view: ArchiveView, key: str, most_edits: int) -> History | None:
    """Return the history of an article with the changes of its latest edits; None without one."""
    if not can_see(view):
        return None
    (facts,), titles = await gather(
        view.ask(FACTS_SQL, {"key": key}), view.ask(TITLE_SQL, {"key": key})
    )
    if not facts["versions"] or not titles:
        return None
    rows = await view.ask(VERSIONS_SQL, {"key": key})
    edits = [row["number"] for row in rows if row["kinds"] not in ("", "rating")][:most_edits]
    changes: dict[int, list[Change]] = {}
    if edits:
        bounds = {"key": key, "above": edits[-1] - 1, "most": edits[0]}
        for row in await view.ask(CHANGES_SQL, bounds):
            change = Change(row["field"], row["before"], row["after"])
            changes.setdefault(row["number"], []).append(change)
    versions = tuple(
        Version(
            row["number"],
            row["committed_at"] or "",
            tuple(filter(None, row["kinds"].split(", "))),
            row["size"] or 0,
            bool(row["is_draft"]),
            tuple(changes.get(row["number"], ())),
        )
        for row in rows
    )
    return History(
        key,
        titles[0]["title"] or key,
        facts["since"] or "",
        facts["last_seen"] or "",
        facts["edits"],
        facts["versions"] + facts["repeats"],
        versions,
        await _curves(view, key, facts["since"] or "", facts["last_seen"] or ""),
        bool(titles[0]["is_there"]),
    )


async def _curves(view: ArchiveView, key: str, since: str, last: str) -> tuple[Curve, ...]:
    found: dict[str, list[tuple[str, int]]] = {}
    for row in await view.ask(RATINGS_SQL, {"key": key}):
        points = found.setdefault(row["field"], [])
        if not points and (first := _number(row["before"])) is not None:
            points.append((since, first))
        if (value := _number(row["after"])) is not None:
            points.append((row["committed_at"], value))
    return tuple(
        Curve(name, (*points, (last, points[-1][1])))
        for name, points in sorted(found.items())
        if len(points) > 1
    )


def _number(text: str | None) -> int | None:
    try:
        return int((text or "")[:20])
    except ValueError:
        return None


async def find_between(view: ArchiveView, key: str, low: int, high: int) -> list[Change]:
    """Return what the versions after one, up to another, come to."""
    rows = await view.ask(STEPS_SQL, {"key": key, "low": low, "high": high})
    return net(Change(*row) for row in rows)


async def find_new_id(view: ArchiveView, key: str) -> str | None:
    """Return the id that an article of this id has now, None where it was not renamed."""
    if not can_see(view):
        return None
    rows = await view.ask(MOVED_SQL, {"key": key})
    return rows[0]["moved_to"] if rows else None


async def find_changes(view: ArchiveView, keys: Sequence[Sequence[Any]]) -> list[Any]:
    """Return changes by their keys (article_id, number, position), in that order."""
    if not can_see(view):
        return []
    return await view.ask(ROWS_SQL, {"keys": json.dumps([list(key) for key in keys])})
