"""The full text index as SQL: the FTS5 table, its triggers, and the log of foreign changes.

`articles_fts` is declared to have its content in `articles`, so that Datasette and sqlite-utils
find it and so that its columns read as the article's. What is indexed are the terms of the
text without markup (see `index_terms`), which no SQL can make: the importer writes them.

Other programs may write to `articles`, too. For them the triggers index the text as it is.
For most text that is the same; the other rows are logged in `newsfeed_search` until
the next command of this package indexes them properly:

- a row with a number alone says that the row of that number is indexed as it is written;
- a row with texts says that the index still holds the terms of these texts for that number.

Two more tables are looked up when a search is answered (see `words_and_addresses`): the words of
the archive as they are written, for "did you mean", and the addresses of the articles. The
importer keeps them, too. A trigger takes away the count of all articles, so that after another
program's changes the next command makes both anew.
"""

from __future__ import annotations

from collections.abc import Mapping

TABLE = "articles_fts"
LOG = "newsfeed_search"
WORDS = "newsfeed_search_words"
ADDRESSES = "newsfeed_search_addresses"
CLOSED = (LOG, WORDS, ADDRESSES)
"""What visitors may not see: tables that can hold texts of articles."""

COLUMNS = ("title", "excerpt", "body")

TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
"""English stems; accents do not matter; marks of Indic and Thai letters are letters.
See https://sqlite.org/fts5.html#tokenizers"""

EVERY_ARTICLE = "\ue001"
"""A term that each article has, so that `-word` alone can be answered. Its number is that of the
rules by which text becomes terms: change it with them, and every index is rebuilt."""

CREATE = f"""CREATE VIRTUAL TABLE [{TABLE}] USING FTS5 (
    {", ".join(f"[{column}]" for column in COLUMNS)},
    tokenize="{TOKENIZER}",
    content=[articles]
)"""

CREATE_LOG = f"""CREATE TABLE {LOG} (
  article INTEGER, -- rowid; null while the importer writes terms itself
  title TEXT, -- as still indexed; null: the row is indexed as it is written
  excerpt TEXT,
  body TEXT
)"""
CREATE_LOG_INDEX = f"CREATE INDEX idx_{LOG}_article ON {LOG} (article)"

CREATE_WORDS = f"""CREATE TABLE {WORDS} (
  word TEXT NOT NULL, -- as it is compared; empty: all articles
  written TEXT NOT NULL, -- as articles write it; empty: as it is compared
  articles INTEGER NOT NULL, -- that write it so
  PRIMARY KEY (word, written)
) WITHOUT ROWID"""
CREATE_ADDRESSES = f"""CREATE TABLE {ADDRESSES} (
  address INTEGER NOT NULL, -- the key of a URL
  article INTEGER NOT NULL, -- rowid
  PRIMARY KEY (address, article)
) WITHOUT ROWID"""
UNCOUNT = f"DELETE FROM {WORDS} WHERE word = ''"

WRITING = f"EXISTS (SELECT 1 FROM {LOG} WHERE article IS NULL)"
START_WRITING = f"INSERT INTO {LOG} (article) VALUES (NULL)"
STOP_WRITING = f"DELETE FROM {LOG} WHERE article IS NULL"

# Text in which nothing is markup and nothing is folded: indexed as it is, it has its own terms.
_PLAIN = " a-zA-Z0-9.,;:!?''\"()%$@/+=\n\t\r-"


def _is_plain(row: str) -> str:
    text = " || ".join(f"coalesce({row}.{column}, '')" for column in COLUMNS)
    return f"({text}) NOT GLOB '*[^{_PLAIN}]*'"


def _values(row: str) -> str:
    # The term of every article is last in the title, where it shifts no other term.
    first, *rest = (f"{row}.{column}" for column in COLUMNS)
    return ", ".join((f"{row}.rowid", f"{first} || ' {EVERY_ARTICLE}'", *rest))


_NAMES = ", ".join(COLUMNS)
_IS_LOGGED = f"EXISTS (SELECT 1 FROM {LOG} WHERE article = old.rowid AND title IS NULL)"
_OLD = ", ".join(f"old.{column}" for column in COLUMNS)

_INDEX_NEW = f"""
  INSERT INTO [{TABLE}] (rowid, {_NAMES}) VALUES ({_values("new")});
  INSERT INTO {LOG} (article) SELECT new.rowid WHERE NOT ({_is_plain("new")});"""
_REMOVE_OLD = f"""
  INSERT INTO {LOG} (article, {_NAMES}) SELECT old.rowid, {_OLD}
    WHERE NOT ({_is_plain("old")} OR {_IS_LOGGED});
  INSERT INTO [{TABLE}] ({TABLE}, rowid, {_NAMES}) SELECT 'delete', {_values("old")}
    WHERE {_is_plain("old")} OR {_IS_LOGGED};
  DELETE FROM {LOG} WHERE article = old.rowid AND title IS NULL;"""
_UNCOUNT = f"\n  {UNCOUNT};"
_IS_CHANGED = " OR ".join(f"new.{name} IS NOT old.{name}" for name in ("rowid", *COLUMNS))

TRIGGERS: Mapping[str, str] = {
    "articles_ai": f"CREATE TRIGGER articles_ai AFTER INSERT ON articles "
    f"WHEN NOT {WRITING} BEGIN{_INDEX_NEW}{_UNCOUNT}\nEND",
    "articles_ad": f"CREATE TRIGGER articles_ad AFTER DELETE ON articles "
    f"WHEN NOT {WRITING} BEGIN{_REMOVE_OLD}{_UNCOUNT}\nEND",
    "articles_au": f"CREATE TRIGGER articles_au AFTER UPDATE ON articles "
    f"WHEN ({_IS_CHANGED}) AND NOT {WRITING} BEGIN{_REMOVE_OLD}{_INDEX_NEW}{_UNCOUNT}\nEND",
}
