"""What leads the front page: the news of the latest days of an archive.

The latest days end with the newest article of the archive, not today: an archive of 2021 has its
front page of 2021, and the page depends on the database alone.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ..access.archives import ArchiveView
from ..models import Card, Story
from .cards import find_cards_by_id
from .stories import find_story

DAYS = (7, 31)
"""Whose news may lead. Where no story is of the shorter time, one of the longer time leads."""

MOST_READ = 500
"""The newest articles that are looked at."""

MOST_REPORTS = 12
"""Articles of the story that leads."""

MOST_TRIED = 8
"""The hottest articles among which one with a picture is looked for."""

LATEST_SQL = """
select id, substr(published_at, 1, 10) as day, heat, {story} as story_id,
  image_id is not null as has_image
from articles where published_at > '' order by published_at desc, id limit :limit"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The hottest articles of the latest days, and the hottest story among them.

    cards: those that may lead, the hottest first.
    """

    cards: tuple[Card, ...] = ()
    story: Story | None = None


async def find_latest(view: ArchiveView) -> Latest:
    """Return what may lead the front page; nothing where no article has a date."""
    if not view.sees("articles"):
        return Latest()
    story = "story_id" if view.sees("stories") and view.has("articles", "story_id") else "null"
    found = await view.ask(LATEST_SQL.format(story=story), {"limit": MOST_READ})
    newest = _day(found[0]["day"]) if found else None
    if newest is None:
        return Latest()
    firsts = [(newest - timedelta(days=days - 1)).isoformat() for days in DAYS]
    rows = [row for row in found if row["day"] >= firsts[0]]
    # Where the source rates nothing, the newest is as good as any.
    hottest = sorted(rows, key=lambda row: -_heat(row))
    with_image = [row for row in hottest if row["has_image"]]
    tried = [row["id"] for row in (with_image or hottest)[:MOST_TRIED]]
    spans = ([row for row in found if row["day"] >= first] for first in firsts)
    key = next((key for span in spans if (key := _hottest_story(span))), None)
    cards, hottest_story = await gather(
        find_cards_by_id(view, tried), find_story(view, key, most=MOST_REPORTS)
    )
    return Latest(cards, hottest_story)


def _day(text: str | None) -> date | None:
    """Return a date, None for what is none or lies so early that no days are before it."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day - date.min > timedelta(days=DAYS[-1]) else None


def _heat(row: Any) -> int:
    heat = row["heat"]
    return heat if isinstance(heat, int) else -1


def _hottest_story(rows: Sequence[Any]) -> str | None:
    """The story with the hottest article; of equal ones the one with most articles, the newest."""
    heats: dict[str, list[int]] = {}
    for row in rows:
        if row["story_id"] is not None:
            heats.setdefault(row["story_id"], []).append(_heat(row))
    # `rows` begin with the newest, and of equal ones `max` takes the first.
    return max(heats, key=lambda key: (max(heats[key]), len(heats[key])), default=None)
