"""Search by rank: articles that hold the words, the best first. Knows no page's other content."""

from __future__ import annotations

import re
from dataclasses import dataclass

from datasette.utils import escape_fts
from datasette.utils.sqlite import sqlite3

from ...record import Card
from ..sight import Sight
from .cards import find_cards_by_id

START, END = "\x02", "\x03"
"""Around what was found. No text of a record holds them: see `plain`."""

MOST_COUNTED = 10_000

# A word in the title says more of an article than one in its body.
HITS_SQL = f"""
select
  articles.id,
  snippet(articles_fts, 0, char({ord(START)}), char({ord(END)}), '…', 64) as title,
  snippet(articles_fts, 1, char({ord(START)}), char({ord(END)}), '…', 40) as excerpt,
  snippet(articles_fts, 2, char({ord(START)}), char({ord(END)}), '…', 40) as body
from articles_fts join articles on articles.rowid = articles_fts.rowid
where articles_fts match :words
order by bm25(articles_fts, 8.0, 3.0, 1.0), articles.published_at desc, articles.id
limit :limit offset :offset"""

COUNT_SQL = f"""
select count(*) from (
  select 1 from articles_fts where articles_fts match :words limit {MOST_COUNTED + 1}
)"""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `is_hit` if it is what was looked for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found, with the words in their place."""

    card: Card
    title: tuple[Part, ...]
    snippet: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found; `count` is a lower bound where `has_more_than_count`."""

    hits: tuple[Hit, ...]
    count: int
    has_more_than_count: bool = False


async def find_hits(sight: Sight, words: str, limit: int, offset: int) -> Hits:
    """Return the articles with all of the words, by rank. No text is bad syntax.

    Raises QueryInterrupted past Datasette's time limit.
    """
    match = escape_fts(words)
    if not match.strip() or not sight.sees("articles"):
        return Hits((), 0)
    values = {"words": match, "limit": limit, "offset": offset}
    try:
        rows = await sight.ask(HITS_SQL, values)
        count = int((await sight.ask(COUNT_SQL, {"words": match}))[0][0])
    except sqlite3.OperationalError as error:
        # Quoted words that hold nothing but punctuation: nothing can be found by them.
        if "fts5" not in str(error):
            raise
        return Hits((), 0)
    cards = {card.id: card for card in await find_cards_by_id(sight, [row["id"] for row in rows])}
    hits = tuple(
        Hit(cards[row["id"]], parts(row["title"]), _snippet(row["excerpt"], row["body"]))
        for row in rows
        if row["id"] in cards
    )
    return Hits(hits, min(count, MOST_COUNTED), count > MOST_COUNTED)


def _snippet(excerpt: str | None, body: str | None) -> tuple[Part, ...]:
    """Return the excerpt, or that piece of the body where the words stand if only it has them."""
    from_excerpt, from_body = parts(excerpt), parts(body)
    has_hit = any(part.is_hit for part in from_body)
    if has_hit and not any(part.is_hit for part in from_excerpt):
        return from_body
    return from_excerpt or from_body


def parts(marked: str | None) -> tuple[Part, ...]:
    """Return a marked text as pieces, with what was found apart."""
    pieces = re.split(f"([{START}{END}])", plain(marked or ""))
    found: list[Part] = []
    is_hit = False
    for piece in pieces:
        if piece in (START, END):
            is_hit = piece == START
        elif piece:
            found.append(Part(piece, is_hit))
    return tuple(found)


def plain(text: str) -> str:
    """Return text in one line."""
    return re.sub(r"[^\S\x02\x03]+", " ", text)
