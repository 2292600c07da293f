"""Full text search by rank: the articles that match, the best first."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...full_text import query
from ...full_text.index import searchable_texts
from ...full_text.marks import Span, best_piece, find_marks
from ...full_text.terms import join_lines
from ..access.archives import FULL_TEXT, ArchiveView, is_archive
from ..models import Card
from .cards import find_cards_by_id

MOST_READ = 50_000
"""Characters of a text in which words are marked. An article is found by its later ones, too."""

SNIPPET_LENGTH = 240
"""Characters of a text shown around what was found."""

MOST_COUNTED = 10_000
"""Articles. Counting the rest takes time and helps nobody."""

# A word in the title says more of an article than one in its body.
HITS_SQL = f"""
select
  articles.id, articles.title,
  substr(articles.excerpt, 1, {MOST_READ}) as excerpt,
  substr(articles.body, 1, {MOST_READ}) as body
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


async def find_hits(view: ArchiveView, words: str, limit: int, offset: int) -> Hits:
    """Return the articles that a query finds, by rank; `words` as typed, in any syntax or none.

    Raises QueryInterrupted past Datasette's time limit.
    """
    match = query.to_fts5(words)
    if query.read(words).is_empty or not view.sees("articles", FULL_TEXT):
        return Hits((), 0)
    rows = await view.ask(HITS_SQL, {"words": match, "limit": limit, "offset": offset})
    count = int((await view.ask(COUNT_SQL, {"words": match}))[0][0])
    texts = [_texts(row) for row in rows]
    db = view.datasette.get_database(view.database)
    marks = await db.execute_fn(lambda conn: find_marks(texts, match))
    found = {
        row["id"]: (each, places) for row, each, places in zip(rows, texts, marks, strict=True)
    }
    cards = await find_cards_by_id(view, list(found))
    hits = tuple(_hit(card, *found[card.id]) for card in cards)
    return Hits(hits, min(count, MOST_COUNTED), count > MOST_COUNTED)


def _texts(row: Any) -> list[str]:
    texts = searchable_texts(row["title"], row["excerpt"], row["body"])
    return [one_line(join_lines(text)).strip() for text in texts]


def _hit(card: Card, texts: list[str], marks: list[list[Span]]) -> Hit:
    title, excerpt, body = texts
    shown = parts(title, marks[0]) if title else (Part(card.title, False),)
    # The part of the body with the words, if only the body has them.
    in_body = (marks[2] and not marks[1]) or not excerpt
    snippet = (body, marks[2]) if in_body else (excerpt, marks[1])
    return Hit(card, shown, parts(*snippet, length=SNIPPET_LENGTH))


def parts(text: str, marks: Sequence[Span], length: int | None = None) -> tuple[Part, ...]:
    """Return a text in pieces, with what was found apart; at most about `length` characters."""
    start, end = (0, len(text)) if length is None else best_piece(text, marks, length)
    found: list[Part] = [Part("…", False)] if start else []
    place = start
    for first, last in marks:
        if first < start or last > end:
            continue
        found += [Part(text[place:first], False)] * (first > place)
        found.append(Part(text[first:last], True))
        place = last
    found += [Part(text[place:end], False)] * (end > place)
    return (*found, Part("…", False)) if end < len(text) else tuple(found)


def one_line(text: str) -> str:
    """Return text in one line, without control characters."""
    return re.sub(r"[\s\0-\x1f\x7f]+", " ", text)


def take_over_escape_fts(conn: sqlite3.Connection) -> None:
    """Let Datasette's `?_search=` read queries as we do, where a connection is of an archive.

    Datasette calls its SQL function `escape_fts` for that. Connections to other databases
    keep Datasette's.
    """
    if is_archive(conn):
        conn.create_function("escape_fts", 1, query.to_fts5, deterministic=True)
