"""What a visitor types, read as a query: the one place that knows the syntax of searching.

    wind farm          articles with both words, in any form (`farms`)
    "wind farm"        with these words next to one another
    -farm              without a word, or -"a phrase"
    wind OR solar      with one or the other; `a b OR c` is (a and b) or c
    farm*              with words that begin so

Everything else is text: no input is an error. Chinese, Japanese, Korean and Thai words are
found within other words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from . import prefix_search
from .index_terms import clusters, runs, terms_in
from .letter_folding import fold
from .tables import EVERY_ARTICLE

LONGEST = 1_000
"""Characters of a query; the rest is not read."""

MOST_TERMS = 64
"""Words and phrases of a query; the rest is not read. SQLite's own limit is a depth of 256."""

_QUOTES = str.maketrans(dict.fromkeys("“”„‟＂«»", '"') | {"＊": "*", "－": "-", "−": "-"})
_PART = re.compile(
    r"(?P<without>(?<![^\s(])-)?"
    r'(?:"(?P<phrase>[^"]*)(?:"|$)(?P<more>\*?)|(?P<word>[^\s"]+))'
)
_NOTHING = '""'
"""An expression of FTS5 that matches no row."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase, as it was typed. is_prefix: longer words count, too."""

    text: str
    is_prefix: bool = False

    @property
    def fts5(self) -> str:
        """The term as an expression of FTS5; empty where it holds no letter and no digit."""
        tokens, is_open = _tokens(fold(self.text))
        if not tokens:
            return ""
        phrase = _quoted(" ".join(tokens), self.is_prefix or is_open)
        found = [phrase]
        if self.is_prefix and len(tokens) == 1 and tokens[0].isascii():
            found += map(_quoted, prefix_search.words_of_shorter_stems(tokens[0]))
        # Rows that another program wrote, or an older version, are indexed as they are written.
        if _as_sqlite_folds(self.text) != tokens:
            found.append(_quoted(self.text.replace('"', " "), self.is_prefix or is_open))
        return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


@dataclass(frozen=True, slots=True)
class Group:
    """What one article must have to be found, and what it must not have."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    @property
    def fts5(self) -> str:
        """The group as an expression of FTS5; empty where nothing in it can be searched."""
        wanted = [term for term in (each.fts5 for each in self.wanted) if term]
        unwanted = [term for term in (each.fts5 for each in self.unwanted) if term]
        if not wanted and not unwanted:
            return ""
        expression = " AND ".join(dict.fromkeys(wanted)) or _quoted(EVERY_ARTICLE)
        if unwanted:
            return f"(({expression}) NOT ({' OR '.join(dict.fromkeys(unwanted))}))"
        return f"({expression})"


@dataclass(frozen=True, slots=True)
class Query:
    """A query as read: an article is found if it fits any of the groups."""

    text: str
    groups: tuple[Group, ...]

    @property
    def fts5(self) -> str:
        """The query as an expression of FTS5, valid whatever was typed; see `to_fts5`."""
        return " OR ".join(filter(None, (group.fts5 for group in self.groups))) or _NOTHING

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for: no letter and no digit."""
        return not any(group.fts5 for group in self.groups)


@lru_cache(maxsize=256)
def read(text: str) -> Query:
    """Return a query as a visitor typed it. Never fails."""
    text = text[:LONGEST].replace("\0", " ").translate(_QUOTES)
    parts = list(_PART.finditer(text))[:MOST_TERMS]
    groups = _groups(parts)
    if not groups:
        # An operator with nothing to work on is a word.
        groups = [Group(tuple(Term(part[0]) for part in parts))] if parts else []
    return Query(text, tuple(groups))


def to_fts5(text: str | None) -> str:
    """Return the FTS5 expression (https://sqlite.org/fts5.html#full_text_query_syntax) of a
    query as typed. It takes the place of Datasette's SQL function `escape_fts`.
    """
    return read(text).fts5 if isinstance(text, str) else _NOTHING


def _groups(parts: list[re.Match[str]]) -> list[Group]:
    groups: list[Group] = []
    wanted: list[Term] = []
    unwanted: list[Term] = []
    for part in parts:
        if part["word"] == "OR" and not part["without"]:
            groups.append(Group(tuple(wanted), tuple(unwanted)))
            wanted, unwanted = [], []
        elif part["word"] != "AND" or part["without"]:
            (unwanted if part["without"] else wanted).append(_term(part))
    groups.append(Group(tuple(wanted), tuple(unwanted)))
    return [group for group in groups if group.fts5]


def _term(part: re.Match[str]) -> Term:
    if part["word"] is None:
        return Term(part["phrase"], bool(part["more"]))
    word = part["word"].rstrip(").,;:!?")
    return Term(word, word.endswith("*"))


def _tokens(folded: str) -> tuple[list[str], bool]:
    """Return a phrase as terms of the index, and whether the last one may go on.

    A dense run at the end of a phrase may go on in the text: 地震 is a pair of 地震速報. One
    followed by something else in the phrase ends there in the text, too.
    """
    tokens: list[str] = []
    is_open = False
    stretches = list(runs(folded))
    for number, (run, _, is_dense) in enumerate(stretches, 1):
        is_open = False
        if not is_dense:
            tokens.append(run)
            continue
        found = [term for term, _, _ in terms_in(run)]
        if number == len(stretches):
            is_open = len(clusters(run)) == 1
            found = found if is_open else found[:-1]
        tokens += found
    return tokens, is_open


def _as_sqlite_folds(text: str) -> list[str]:
    """The tokens that SQLite's unicode61 makes by itself of a text."""
    if not text.isascii():
        text = unicodedata.normalize("NFD", text.lower())
        text = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", text))
    return re.sub(r"[\W_]+", " ", text.lower()).split()


def _quoted(text: str, is_prefix: bool = False) -> str:
    return f'"{text}"*' if is_prefix else f'"{text}"'
