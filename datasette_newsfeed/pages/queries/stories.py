"""A story with its articles, and the story of an article. Knows no page's other content."""

from __future__ import annotations

from ...record import Story
from ..sight import Sight
from .cards import find_cards_by_id

STORY_LIMIT = 100

STORY_SQL = """
select id, headline_id, size, first_published_at, last_published_at from stories
where id = :key"""

MEMBERS_SQL = """
select id from articles where story_id = :key order by published_at, id limit :limit"""

PLACE_SQL = "select story_id from articles where id = :key"


async def find_story(sight: Sight, key: str) -> Story | None:
    """Return a story with its articles, the earliest first; None if there is none such."""
    if not sight.sees("articles", "stories"):
        return None
    rows = await sight.ask(STORY_SQL, {"key": key})
    if not rows:
        return None
    members = await sight.ask(MEMBERS_SQL, {"key": key, "limit": STORY_LIMIT})
    cards = await find_cards_by_id(sight, [row["id"] for row in members])
    headlines = [card for card in cards if card.id == rows[0]["headline_id"]]
    headlines = headlines or list(await find_cards_by_id(sight, [rows[0]["headline_id"]]))
    return Story(
        rows[0]["id"],
        headlines[0],
        rows[0]["size"],
        rows[0]["first_published_at"],
        rows[0]["last_published_at"],
        cards,
    )


async def find_place(sight: Sight, key: str) -> tuple[bool, str | None]:
    """Return whether there is an article with this id, and its story if it has one."""
    if not sight.sees("articles", "stories"):
        return False, None
    rows = await sight.ask(PLACE_SQL, {"key": key})
    return (True, rows[0]["story_id"]) if rows else (False, None)
