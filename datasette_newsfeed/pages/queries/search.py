"""Full text search: the articles that match, by rank or by time, with the words in their place."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pyroaring import BitMap

from ...full_text import query
from ...full_text.highlights import Span, best_piece, find_marks
from ...full_text.index import searchable_texts
from ...full_text.letter_folding import join_lines
from ...full_text.plain_text import plain_text
from ..access.archives import ArchiveView, is_archive
from ..models import Card
from .cards import find_cards_by_id

MOST_READ = 50_000
"""Characters of a text in which words are marked. An article is found by its later ones, too."""

SNIPPET_LENGTH = 240
"""Characters of a text shown around what was found."""

MOST_RANKED = 50_000
"""Articles. More of them are listed by time: to rank them takes long and says little."""

READ_AT_ONCE = 2_000
"""Rows that are looked at, in their order, until a page is full."""

ORDERS = {
    ("_sort_desc", "published_at"): "published_at desc",
    ("_sort", "published_at"): "published_at",
    ("_sort_desc", "heat"): "heat desc",
}
"""In which order a search may be listed, beside that of rank, as the articles page names it."""
NEWEST = ("_sort_desc", "published_at")

# A word in the title says more of an article than one in its body. The conditions of filters
# stand where `articles` is the only table: they name its columns without it.
_RANKED = """
select newsfeed_id
from (
  select rowid as newsfeed_row, id as newsfeed_id, published_at as newsfeed_time
  from articles where {where}
) join (
  select rowid as newsfeed_match, bm25(articles_fts, 8.0, 3.0, 1.0) as newsfeed_rank
  from articles_fts where articles_fts match :newsfeed_words {among}
) on newsfeed_match = newsfeed_row
order by newsfeed_rank, newsfeed_time desc, newsfeed_id
limit :newsfeed_limit offset :newsfeed_offset"""

_AMONG = "and +rowid in (select value from json_each(:newsfeed_rows))"

_ORDERED = """
select id from articles where {where} order by {order}, id
limit :newsfeed_limit offset :newsfeed_offset"""

_IN_ORDER = "select rowid, id from articles order by {order}, id"

_COUNT = """
select count(*) from (select 1 from articles where {where} limit :newsfeed_limit)"""

_TEXTS = f"""
select
  id, title,
  substr(excerpt, 1, {MOST_READ}) as excerpt,
  substr(body, 1, {MOST_READ}) as body
from articles where id in (select value from json_each(:ids))"""


# Emphasis over several lines, which the index leaves as it is. Not `lib/**/*.js`.
_EMPHASIS = re.compile(
    r"(?<![^\s(\[“\"'])(\*{1,3}|__?)(?=[^\s*_])([^*_]{1,500}?)(?<=[^\s*_])\1(?![\w/.*])"
)


MOST_MARKED = 4
LONGEST_MARKED = 100
"""Words, and characters of one, that the address of an article found tells a browser to mark."""


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

    @property
    def fragment(self) -> str:
        """The end of an address at which a browser goes to the words and marks them; empty without.

        https://wicg.github.io/scroll-to-text-fragment/: browsers that do not know it pass over it.
        """
        texts = {part.text.casefold(): part.text for part in self.snippet if part.is_hit}
        found = [
            quote(text, safe="").replace("-", "%2D")
            for text in texts.values()
            if text.strip() and len(text) <= LONGEST_MARKED
        ][:MOST_MARKED]
        return f"#:~:{'&'.join(f'text={text}' for text in found)}" if found else ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The articles that filters and words keep: their condition, and their rows where known."""

    where: str
    params: Mapping[str, Any]
    rows: BitMap | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list: `limit` articles after the first `offset`."""

    limit: int
    offset: int = 0


async def count_articles(view: ArchiveView, chosen: Chosen) -> int:
    """Return how many articles are chosen; MOST_RANKED + 1 may stand for any number above."""
    if chosen.count is not None:
        return chosen.count
    sql = _COUNT.format(where=chosen.where)
    values = {**chosen.params, "newsfeed_limit": MOST_RANKED + 1}
    return int((await view.ask(sql, values))[0][0])


async def ranked_ids(view: ArchiveView, chosen: Chosen, words: str, part: Slice) -> list[str]:
    """Return the ids of chosen articles that words find, the best first, equals by time.

    Raises QueryInterrupted past Datasette's time limit.
    """
    values = {
        **chosen.params,
        "newsfeed_words": query.to_fts5(words),
        "newsfeed_limit": part.limit,
        "newsfeed_offset": part.offset,
    }
    if chosen.rows is None:
        sql = _RANKED.format(among="", where=chosen.where)
    else:
        sql = _RANKED.format(among=_AMONG, where="1")
        values = {**values, "newsfeed_rows": json.dumps(list(chosen.rows))}
    return [row["newsfeed_id"] for row in await view.ask(sql, values)]


async def ordered_ids(
    view: ArchiveView, chosen: Chosen, order: tuple[str, str], part: Slice
) -> list[str]:
    """Return the ids of chosen articles in one of ORDERS, equals by id."""
    rows, column = chosen.rows, ORDERS[order]
    if rows is not None and (chosen.count or 0) > MOST_RANKED:
        # Most of the newest are among them: to look is faster than to sort.
        return await _first_among(view, rows, column, part)
    where, values = chosen.where, dict(chosen.params)
    if rows is not None:
        where = "rowid in (select value from json_each(:newsfeed_rows))"
        values = {"newsfeed_rows": json.dumps(list(rows))}
    values |= {"newsfeed_limit": part.limit, "newsfeed_offset": part.offset}
    return [row["id"] for row in await view.ask(_ORDERED.format(where=where, order=column), values)]


async def _first_among(view: ArchiveView, rows: BitMap, column: str, part: Slice) -> list[str]:
    def walk(conn: sqlite3.Connection) -> list[str]:
        cursor = conn.cursor()
        cursor.row_factory = None
        cursor.execute(_IN_ORDER.format(order=column))
        found: list[str] = []
        while len(found) < part.offset + part.limit:
            some = cursor.fetchmany(READ_AT_ONCE)
            if not some:
                break
            found += [key for number, key in some if number in rows]
        return found[part.offset : part.offset + part.limit]

    ids: list[str] = await view.datasette.get_database(view.database).execute_fn(walk)
    return ids


async def hits_of(view: ArchiveView, ids: Sequence[str], words: str) -> tuple[Hit, ...]:
    """Return articles by their ids, in that order, with the words marked in title and snippet."""
    if not ids:
        return ()
    rows = await view.ask(_TEXTS, {"ids": json.dumps(list(ids))})
    texts = [_texts(row) for row in rows]
    db = view.datasette.get_database(view.database)
    match = query.to_fts5(words)
    marks = await db.execute_fn(lambda conn: find_marks(texts, match))
    found = {
        row["id"]: (each, places) for row, each, places in zip(rows, texts, marks, strict=True)
    }
    cards = await find_cards_by_id(view, list(ids))
    return tuple(_hit(card, *found[card.id]) for card in cards if card.id in found)


def _texts(row: Any) -> list[str]:
    title, excerpt, body = searchable_texts(row["title"], row["excerpt"], row["body"])
    # An excerpt is searched as it is written; its links and marks are not for readers.
    texts = (title, plain_text(excerpt, is_markdown=True), body)
    return [_EMPHASIS.sub(r"\2", one_line(join_lines(text))).strip() for text in texts]


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
