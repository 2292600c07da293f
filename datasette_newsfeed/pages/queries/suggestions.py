"""What a search offers beside its hits: rows by name, an article by its address, a spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from ...dimensions import DIMENSIONS
from ...full_text import query, spelling
from ...full_text.letter_folding import fold
from ...full_text.tables import ADDRESSES, TABLE, WORDS
from ...full_text.words_and_addresses import URL_COLUMNS, address_key, kept_word, words_in
from ..access.archives import ArchiveView
from ..access.database_state import file_state

MOST_NAMES = 20_000
"""Names of one table that are compared with what is looked for. Of more, only an equal one is
found."""

MOST_SHOWN = 5
MOST_CORRECTED = 8
"""Words of a query that are looked up, each by itself."""
MOST_TRIED = 3
"""Spellings of one word that are tried together with the other words."""

MOST_COUNTED = 10_000

_EXISTS = "select name from sqlite_master where type = 'table' and name in (?, ?)"
_FOUND = f"select 1 from {TABLE} where {TABLE} match :words limit 1"
_CANDIDATES = f"""
select word, sum(articles) as n from {WORDS}
where word in (select value from json_each(:candidates)) group by word"""
_WRITTEN = f"""
select written from {WORDS} where word = :word order by articles desc, written limit 1"""

_ADDRESS = re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]\S*)?", re.I)
# Of several, the one that a related article with this URL would lead to.
_AT_ADDRESS = f"""
select articles.id, {", ".join(f"articles.{column}" for column in URL_COLUMNS)}
from {ADDRESSES} join articles on articles.rowid = {ADDRESSES}.article
where {ADDRESSES}.address = :address
order by coalesce(articles.published, 1) desc, articles.published_at = '', articles.published_at,
  articles.id
limit 20"""

KINDS = {
    "topics": ("Topic", "name"),
    "providers": ("Provider", "name"),
    "authors": ("Author", "name"),
}
"""The tables whose rows are found by name: what a row is called, and the column of its name."""
_KEYS = {"topics": "name", "providers": "domain", "authors": "name"}
_TABLES = {each.rows.table: each.tables for each in DIMENSIONS if each.rows.table in KINDS}
_COUNTS = {
    each.rows.table: each.rows.condition.format(bind="key")
    for each in DIMENSIONS
    if each.rows.table in KINDS
}


@dataclass(frozen=True, slots=True)
class Named:
    """A topic, a provider or an author that has the name looked for.

    count: its articles; MOST_COUNTED + 1 stands for any number above.
    """

    table: str
    key: str
    name: str
    count: int = 0

    @property
    def kind(self) -> str:
        """What readers call such a row."""
        return KINDS[self.table][0]

    @property
    def count_in_words(self) -> str:
        """Return the number of its articles."""
        if self.count > MOST_COUNTED:
            return f"more than {MOST_COUNTED:,} articles"
        return f"{self.count:,} article{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class _Names:
    """The rows of a table, by each word of their names; `is_cut` where there are more."""

    rows: tuple[tuple[Named, tuple[tuple[str, ...], ...]], ...]
    by_word: dict[str, list[int]]
    is_cut: bool

    def find(self, words: tuple[str, ...]) -> Iterator[tuple[int, Named]]:
        """Yield the rows of which a name has these words in this order, with what it has more."""
        for number in self.by_word.get(words[0], ()):
            row, names = self.rows[number]
            lengths = [len(name) for name in names if _has(name, words)]
            if lengths:
                yield min(lengths) - len(words), row


def _has(name: Sequence[str], words: Sequence[str]) -> bool:
    size = len(words)
    return any(name[start : start + size] == words for start in range(len(name) - size + 1))


_known: WeakKeyDictionary[Any, dict[tuple[str, str], tuple[object, _Names]]] = WeakKeyDictionary()


async def find_named(view: ArchiveView, words: str) -> list[Named]:
    """Return the topics, providers and authors whose name has these words, the nearest first.

    None for a query with more than words. Raises QueryInterrupted past Datasette's time limit.
    """
    read = query.read(words)
    plain = [group for group in read.groups if not group.unwanted]
    if len(plain) != 1 or len(read.groups) != 1 or any(t.is_prefix for t in plain[0].wanted):
        return []
    looked_for = tuple(fold(" ".join(term.text for term in plain[0].wanted)).split())
    if not looked_for:
        return []
    found: list[tuple[int, Named]] = []
    for table in KINDS:
        if view.sees(table, *_TABLES[table]):
            names = await _names(view, table)
            found += names.find(looked_for)
            if names.is_cut:
                found += [(0, row) for row in await _equal(view, table, words)]
    order = list(KINDS)
    found.sort(key=lambda each: (each[0], order.index(each[1].table), each[1].name))
    rows = list(dict.fromkeys(row for _, row in found))[:MOST_SHOWN]
    return [await _counted(view, row) for row in rows]


async def _counted(view: ArchiveView, row: Named) -> Named:
    sql = f"select 1 from articles where {_COUNTS[row.table]} limit {MOST_COUNTED + 1}"
    count = (await view.ask(f"select count(*) from ({sql})", {"key": row.key}))[0][0]
    return Named(row.table, row.key, row.name, count)


async def _names(view: ArchiveView, table: str) -> _Names:
    """Return the names of a table, read once for each state of the file."""
    db = view.datasette.get_database(view.database)
    state = file_state(db)
    kept = _known.setdefault(view.datasette, {})
    place = (view.database, table)
    if state is None or place not in kept or kept[place][0] != state:
        sql = f"select {_KEYS[table]} as key, name from {table} limit {MOST_NAMES + 1}"
        rows = await view.ask(sql)
        kept[place] = (state, _index(table, rows))
    return kept[place][1]


def _index(table: str, rows: Sequence[Any]) -> _Names:
    found = []
    by_word: dict[str, list[int]] = {}
    # A name may be a blob in a crafted file, which is none.
    kept = [row for row in rows[:MOST_NAMES] if row["key"] is not None]
    for number, row in enumerate(kept):
        named = Named(table, row["key"], row["name"] or row["key"])
        names = {tuple(fold(each[:1_000]).split()) for each in (named.key, named.name)}
        found.append((named, tuple(sorted(names))))
        for word in {word for name in names for word in name}:
            by_word.setdefault(word, []).append(number)
    return _Names(tuple(found), by_word, len(rows) > MOST_NAMES)


async def _equal(view: ArchiveView, table: str, words: str) -> list[Named]:
    sql = f"select {_KEYS[table]} as key, name from {table} where {_KEYS[table]} = :name"
    rows = await view.ask(sql, {"name": words.strip()})
    return [Named(table, row["key"], row["name"] or row["key"]) for row in rows if row["key"]]


def is_address(text: str) -> bool:
    """Return whether a text may be the address of a page, with its scheme or without."""
    return _ADDRESS.fullmatch(text) is not None


async def find_article_at(view: ArchiveView, address: str) -> str | None:
    """Return the id of the article with the URL of this page, in whichever spelling of it."""
    url = address if "://" in address else f"https://{address}"
    key = address_key(url)
    if key is None or ADDRESSES not in await _lookups(view):
        return None
    for row in await view.ask(_AT_ADDRESS, {"address": key}):
        # Rows may have other numbers or other URLs since the importer saw them.
        if any(row[column] and address_key(row[column]) == key for column in URL_COLUMNS):
            return str(row["id"])
    return None


async def _lookups(view: ArchiveView) -> set[str]:
    """Return which of the tables for this there are: an older version has made none."""
    return {row["name"] for row in await view.ask(_EXISTS, (WORDS, ADDRESSES))}


async def find_spelling(view: ArchiveView, words: str) -> str | None:
    """Return a query with each word that no article has replaced by the likeliest one that it is
    a slip of, as articles write it; None where every word is found or nothing is alike.
    """
    if WORDS not in await _lookups(view):
        return None
    corrected = words
    for word in _plain_words(words)[:MOST_CORRECTED]:
        if await _is_found(view, query.Term(word).fts5):
            continue
        spelled = [await _written(view, each) for each in await _spellings(view, word)]
        if not spelled:
            continue
        texts = [_replaced(corrected, word, each) for each in spelled]
        good = [text for text in texts if await _is_found(view, query.to_fts5(text))]
        corrected = (good or texts)[0]
    return corrected if corrected != words else None


def _plain_words(words: str) -> list[str]:
    """Return the words that an article must have, as typed, each once; no beginnings of words."""
    terms = (term for group in query.read(words).groups for term in group.wanted)
    found = (word for term in terms if not term.is_prefix for word in words_in(term.text))
    return list(dict.fromkeys(found))


async def _is_found(view: ArchiveView, fts5: str) -> bool:
    return not fts5 or bool(await view.ask(_FOUND, {"words": fts5}))


async def _spellings(view: ArchiveView, typed: str) -> list[str]:
    """Return the words that one may be a slip of, the likeliest first."""
    word = kept_word(typed)
    candidates = json.dumps(sorted(spelling.edits(word))) if word else "[]"
    rows = await view.ask(_CANDIDATES, {"candidates": candidates})
    ranked = spelling.ranked(word, ((row["word"], row["n"]) for row in rows))
    # Not all that other programs wrote or removed since is counted.
    found = [each for each in ranked[: 2 * MOST_TRIED] if await _is_found(view, f'"{each}"')]
    return found[:MOST_TRIED]


async def _written(view: ArchiveView, word: str) -> str:
    """Return a word as most articles write it."""
    rows = await view.ask(_WRITTEN, {"word": word})
    return (rows[0]["written"] if rows else "") or word


def _replaced(words: str, word: str, by: str) -> str:
    return re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", lambda _: by, words)


def parts_of(words: str) -> list[str]:
    """Return queries that ask for less: without what is not wanted, without one word, one word."""
    found: list[str] = []
    for group in query.read(words).groups[:2]:
        terms = [_typed(term) for term in group.wanted][:MOST_CORRECTED]
        if group.unwanted and terms:
            found.append(" ".join(terms))
        if len(terms) > 2:
            found += [" ".join(_without(terms, place)) for place in range(len(terms))]
        if len(terms) > 1:
            found += terms
    return [each for each in dict.fromkeys(found) if each != words]


def _without(terms: Sequence[str], place: int) -> Iterable[str]:
    return (*terms[:place], *terms[place + 1 :])


def _typed(term: query.Term) -> str:
    """Return a term as it is typed."""
    if term.is_prefix and term.text.endswith("*") and " " not in term.text:
        return term.text
    if " " in term.text or term.is_prefix:
        return f'"{term.text}"{"*" if term.is_prefix else ""}'
    return term.text
