"""Search by rank: articles that hold the words, the best first. Knows no page's other content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from datasette.utils import escape_fts

from ..access.archives import FULL_TEXT, Sight
from ..models import Card
from ..text.plain import plain_text
from .cards import find_cards_by_id

START, END = "\x02", "\x03"
"""Around what was found. A record that holds them itself has a wrong word marked, no more."""

MOST_COUNTED = 10_000
"""Articles. Counting the rest takes time and helps nobody."""

# A word in the title says more of an article than one in its body.
HITS_SQL = f"""
select
  articles.id,
  highlight(articles_fts, 0, char({ord(START)}), char({ord(END)})) as title,
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
    """Return the articles with all of the words, by rank; whatever the words, no syntax is bad.

    The words are those of `one_line`. Raises QueryInterrupted past Datasette's time limit.
    """
    match = escape_fts(words)
    if not match or not sight.sees("articles", FULL_TEXT):
        return Hits((), 0)
    rows = await sight.ask(HITS_SQL, {"words": match, "limit": limit, "offset": offset})
    count = int((await sight.ask(COUNT_SQL, {"words": match}))[0][0])
    found = {row["id"]: row for row in rows}
    hits = tuple(_hit(card, found[card.id]) for card in await find_cards_by_id(sight, list(found)))
    return Hits(hits, min(count, MOST_COUNTED), count > MOST_COUNTED)


def _hit(card: Card, row: Any) -> Hit:
    title = parts(row["title"]) or (Part(card.title, False),)
    return Hit(card, title, _snippet(row["excerpt"], row["body"]))


def _snippet(excerpt: str | None, body: str | None) -> tuple[Part, ...]:
    """Return the excerpt, or that piece of the body where the words stand if only it has them."""
    from_excerpt, from_body = parts(plain_text(excerpt)), parts(plain_text(body))
    has_hit = any(part.is_hit for part in from_body)
    if has_hit and not any(part.is_hit for part in from_excerpt):
        return from_body
    return from_excerpt or from_body


def parts(marked: str | None) -> tuple[Part, ...]:
    """Return a marked text as pieces, with what was found apart."""
    pieces = re.split(f"([{START}{END}])", one_line(marked or ""))
    found: list[Part] = []
    is_hit = False
    for piece in pieces:
        if piece in (START, END):
            is_hit = piece == START
        elif piece:
            found.append(Part(piece, is_hit))
    return tuple(found)


def one_line(text: str) -> str:
    """Return text in one line, without the NUL at which full text search would end."""
    return re.sub(r"[\s\0]+", " ", text)
