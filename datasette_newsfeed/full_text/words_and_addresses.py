"""What a search looks up beside the index: the archive's words as written, and its addresses.

Both are functions of all articles. Each article adds the words of its searchable texts, each
once, and the keys of its URLs; the importer adds and removes what changes. The word "" counts
all articles, and so tells whether the others are complete.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from ..many_rows import write_rows
from ..url_keys import url_key
from .index_terms import is_dense
from .letter_folding import fold
from .tables import ADDRESSES, UNCOUNT, WORDS

SHORTEST_WORD, LONGEST_WORD = 3, 32
"""Letters of a word that is kept. Shorter ones differ by one letter from too many others."""

MOST_COUNTED = 200_000
"""Words that are counted in memory before they are written, while all articles are read."""

URL_COLUMNS = ("url", "original_url", "web_url", "amp_url", "cdn_amp_url")

Form = tuple[str, str]
"""A word as it is compared, and as it is written; "" where that is the same."""

Address = tuple[int, int]
"""The key of a URL and the number of its article."""

EVERY: Form = ("", "")

_TOKEN = re.compile(r"[^\W_]+")
_ADD = f"""INSERT INTO {WORDS} (word, written, articles) VALUES {{values}}
ON CONFLICT (word, written) DO UPDATE SET articles = articles + excluded.articles"""
_DROP = f"DELETE FROM {WORDS} WHERE word = ? AND written = ? AND articles <= 0"
_ADDRESSES_OF = f"SELECT rowid, {', '.join(URL_COLUMNS)} FROM articles WHERE "


def words_in(text: str) -> Iterator[str]:
    """Yield the words of a plain text as they are written, in order."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace("\u00ad", ""))
    yield from _TOKEN.findall(text)


@lru_cache(maxsize=100_000)
def kept_word(written: str) -> str:
    """Return a word as it is compared; "" for one that no suggestion is made of."""
    word = fold(written)
    is_kept = (
        SHORTEST_WORD <= len(word) <= LONGEST_WORD >= len(written)
        and any(map(str.isalpha, word))
        and " " not in word
        and not is_dense(word)
    )
    return word if is_kept else ""


def forms_of(texts: Iterable[str]) -> set[Form]:
    """Return what an article with these plain texts adds to the words."""
    found = {written for text in texts for written in words_in(text)}
    forms = {(word, "" if word == each else each) for each in found if (word := kept_word(each))}
    return forms | {EVERY}


class WordCounts:
    """Changes of the numbers of articles by word, until they are written."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._counts: Counter[Form] = Counter()

    def add(self, texts: Iterable[str]) -> None:
        """Count an article with these plain texts."""
        self._counts.update(forms_of(texts))
        if len(self._counts) > MOST_COUNTED:
            self.write()

    def remove(self, texts: Iterable[str]) -> None:
        """Take an article away that was counted."""
        self._counts.subtract(forms_of(texts))

    def write(self) -> None:
        """Write what was counted; a word that no article has any more goes."""
        changed = sorted((form, n) for form, n in self._counts.items() if n)
        write_rows(self._conn, _ADD, ((*form, n) for form, n in changed))
        self._conn.executemany(_DROP, (form for form, n in changed if n < 0))
        self._counts.clear()


def is_complete(conn: sqlite3.Connection, articles: int) -> bool:
    """Return whether so many articles are counted, none of them written by another program."""
    sql = f"SELECT articles FROM {WORDS} WHERE word = '' AND written = ''"
    row = conn.execute(sql).fetchone()
    return (row[0] if row else 0) == articles


def empty(conn: sqlite3.Connection) -> None:
    """Remove all words and addresses."""
    conn.execute(f"DELETE FROM {WORDS}")
    conn.execute(f"DELETE FROM {ADDRESSES}")


def uncount(conn: sqlite3.Connection) -> None:
    """Let the next command make the words and addresses anew."""
    conn.execute(UNCOUNT)


def address_key(url: str) -> int | None:
    """Return the key of a page's URL as a number of 64 bits, None if it is no web URL."""
    key = url_key(url)
    return int.from_bytes(bytes.fromhex(key), "big", signed=True) if key else None


def addresses(conn: sqlite3.Connection, where: str, params: Sequence[Any] = ()) -> set[Address]:
    """Return the addresses of the articles that a condition chooses."""
    cursor = conn.cursor()
    cursor.row_factory = None
    return {
        (key, number)
        for number, *urls in cursor.execute(_ADDRESSES_OF + where, params)
        for url in set(urls)
        if isinstance(url, str) and (key := address_key(url)) is not None
    }


def change_addresses(conn: sqlite3.Connection, before: set[Address], after: set[Address]) -> None:
    """Remove the addresses that some articles had and add those that they have."""
    conn.executemany(
        f"DELETE FROM {ADDRESSES} WHERE address = ? AND article = ?", sorted(before - after)
    )
    write_rows(conn, f"INSERT OR IGNORE INTO {ADDRESSES} VALUES {{values}}", sorted(after - before))
