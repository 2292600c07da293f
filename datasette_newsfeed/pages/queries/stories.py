"""Stories with their articles, and the story of an article."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from typing import Any

from ..access.archives import ArchiveView
from ..models import Card, Story
from ..text.plain import LONGEST_NAME, LONGEST_TITLE, cut
from .cards import find_cards_by_id

STORY_LIMIT = 100
"""Articles of a story on its own page."""

STORIES_SQL = """
select id, headline_id, size, first_published_at, last_published_at from stories
where id in ({places})"""

# Where most articles have no story, SQLite takes stories for large, and would rather read the
# whole table in order of time. The inner SELECT and the `+` make it find the
# members first.
MEMBERS_SQL = """
select id from articles
where id in (select id from articles where story_id = :key)
order by +published_at, id limit :limit"""

# The first to write comes first. Articles without a domain are grouped by provider name.
PROVIDERS_SQL = f"""
select
  articles.story_id,
  substr(
    coalesce({{name}}, articles.provider_name, articles.provider_id), 1, {LONGEST_NAME + 1}
  ) as name
from articles {{providers}}
where articles.story_id in ({{places}})
group by articles.story_id, coalesce(articles.provider_id, articles.provider_name)
order by min(articles.published_at), articles.provider_id"""
_NAMED = ("providers.name", "left join providers on providers.domain = articles.provider_id")
_UNNAMED = ("null", "")

PLACE_SQL = """
select stories.id from articles left join stories on stories.id = articles.story_id
where articles.id = :key"""

TITLE_SQL = f"""
select substr(articles.title, 1, {LONGEST_TITLE + 1})
from stories join articles on articles.id = stories.headline_id
where stories.id = :key"""

NEWEST_SQL = "select id from stories order by last_published_at desc, id limit :limit"


async def find_stories(view: ArchiveView, keys: Sequence[str]) -> tuple[Story, ...]:
    """Return these stories without their articles, in the order given; four queries."""
    if not keys or not view.sees("articles", "stories"):
        return ()
    places = ", ".join("?" for _ in keys)
    told, providers = await gather(
        view.ask(STORIES_SQL.format(places=places), keys), _find_providers(view, keys)
    )
    rows = {row["id"]: row for row in told}
    found = await find_cards_by_id(view, [row["headline_id"] for row in rows.values()])
    headlines = {card.id: card for card in found}
    return tuple(
        _story(rows[key], headlines[rows[key]["headline_id"]], (), providers.get(key, ()))
        for key in keys
        if key in rows and rows[key]["headline_id"] in headlines
    )


async def find_newest(view: ArchiveView, limit: int) -> tuple[Story, ...]:
    """Return so many stories without their articles, those with the newest articles first."""
    return await find_stories(view, await find_newest_ids(view, limit))


def _story(row: Any, headline: Card, cards: Sequence[Card], providers: Sequence[str] = ()) -> Story:
    return Story(
        id=row["id"],
        headline=headline,
        size=row["size"] or 0,
        first_published_at=row["first_published_at"] or "",
        last_published_at=row["last_published_at"] or "",
        cards=tuple(cards),
        providers=tuple(providers),
    )


async def _find_providers(view: ArchiveView, keys: Sequence[str]) -> dict[str, list[str]]:
    name, joined = _NAMED if view.sees("providers") else _UNNAMED
    places = ", ".join("?" for _ in keys)
    sql = PROVIDERS_SQL.format(name=name, providers=joined, places=places)
    found: dict[str, list[str]] = {}
    for key, provider in await view.ask(sql, keys):
        if provider:
            found.setdefault(key, []).append(cut(provider, LONGEST_NAME) or "")
    return found


async def find_story(view: ArchiveView, key: str | None, *, most: int = 0) -> Story | None:
    """Return a story with its articles, the earliest first; None if there is none such.

    most: how many articles are read; 0 for as many as its own page shows.
    """
    if key is None or not view.sees("articles", "stories"):
        return None
    rows, members = await gather(
        view.ask(STORIES_SQL.format(places="?"), [key]),
        view.ask(MEMBERS_SQL, {"key": key, "limit": most or STORY_LIMIT}),
    )
    if not rows:
        return None
    cards = await find_cards_by_id(view, [row["id"] for row in members])
    headline_id = rows[0]["headline_id"]
    headlines = [card for card in cards if card.id == headline_id]
    # It may be one of those that the page does not show.
    headlines += () if headlines else await find_cards_by_id(view, [headline_id])
    return _story(rows[0], headlines[0], cards) if headlines else None


async def find_place(view: ArchiveView, key: str) -> tuple[bool, str | None]:
    """Return whether there is an article with this id, and its story if it has one."""
    if not view.sees("articles", "stories"):
        return False, None
    rows = await view.ask(PLACE_SQL, {"key": key})
    return (True, rows[0]["id"]) if rows else (False, None)


async def find_title(view: ArchiveView, key: str) -> str | None:
    """Return what a story is called: the title of its headline."""
    if not view.sees("articles", "stories"):
        return None
    rows = await view.ask(TITLE_SQL, {"key": key})
    return cut(str(rows[0][0]), LONGEST_TITLE) if rows else None


async def find_newest_ids(view: ArchiveView, limit: int) -> list[str]:
    """Return the keys of so many stories, the one with the newest article first."""
    if not view.sees("articles", "stories"):
        return []
    return [row["id"] for row in await view.ask(NEWEST_SQL, {"limit": max(limit, 0)})]
