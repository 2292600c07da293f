"""Where in a text the words of a query are, to mark them and to cut a piece around them.

The index holds text without markup, so that FTS5's own `highlight` and `snippet`, which
read the articles as they are written, would count other words. The few texts of a page are
therefore indexed once more, in memory, and the terms that FTS5 marks there are led back to
their places.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from .index_terms import clusters, is_dense, terms_in
from .letter_folding import DROPPED_MARKS, fold
from .tables import EVERY_ARTICLE, TOKENIZER

Span = tuple[int, int]
"""A piece of a text, from and to so many characters."""

Term = tuple[str, int, int]
"""A term, with its place in a text."""

_START, _END = "\x02", "\x03"
_OPEN = re.compile(r'([^\s"]+)"\*')
_EXACT = re.compile(r'[^\s"()*]+(?!"\*)(?=[\s"])')
_CHUNK = re.compile(r"\S+")
_PLAIN_TERM = re.compile(r"[a-z0-9]+")
# Characters that only together are compared as one: é of two, 가 of Jamo, half-width ｶﾞ.
_ATOM = re.compile(
    f".[{DROPPED_MARKS}\u00ad\u1160-\u11ff\u200b-\u200f\u2060\ufeff\uff9e\uff9f]*", re.S
)


def find_marks(texts: Sequence[Sequence[str]], fts5: str) -> list[list[list[Span]]]:
    """Return the places of what an FTS5 expression matches: for each article, for each text.

    Each article has as many texts. One that the expression does not match has no places.
    """
    if not texts:
        return []
    located = [[list(located_terms(text)) for text in article] for article in texts]
    columns = [f"c{number}" for number in range(len(texts[0]))]
    found: list[list[list[Span]]] = [[[] for _ in columns] for _ in texts]
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(
            f'create virtual table t using fts5({", ".join(columns)}, tokenize="{TOKENIZER}")'
        )
        conn.executemany(
            f"insert into t (rowid, {', '.join(columns)}) "
            f"values ({', '.join('?' * (len(columns) + 1))})",
            (
                (number, *(_indexed(place, terms) for place, terms in enumerate(article)))
                for number, article in enumerate(located)
            ),
        )
        marks = ", ".join(
            f"highlight(t, {place}, char({ord(_START)}), char({ord(_END)}))"
            for place in range(len(columns))
        )
        for number, *marked in conn.execute(
            f"select rowid, {marks} from t where t match ?", [fts5]
        ):
            found[number] = [
                _merged(_marked(each, terms, fts5))
                for each, terms in zip(marked, located[number], strict=True)
            ]
    return found


def _indexed(place: int, terms: list[Term]) -> str:
    text = " ".join(term for term, _, _ in terms)
    return f"{text} {EVERY_ARTICLE}" if place == 0 else text


def located_terms(text: str) -> Iterator[Term]:
    """Yield (term, start, end) for the terms of a text, with their places in it."""
    for chunk in _CHUNK.finditer(text):
        start, piece = chunk.start(), chunk[0]
        if piece.isascii():
            for match in _PLAIN_TERM.finditer(piece.lower()):
                yield match[0], start + match.start(), start + match.end()
            continue
        folded: list[str] = []
        places: list[Span] = []
        for atom in _ATOM.finditer(piece):
            characters = fold(atom[0])
            folded.append(characters)
            places += [(start + atom.start(), start + atom.end())] * len(characters)
        for term, first, end in terms_in("".join(folded)):
            yield term, places[first][0], places[end - 1][1]


def _marked(text: str, terms: list[Term], fts5: str) -> Iterator[Span]:
    """Yield the places of the terms between the marks of FTS5."""
    exact, begun = set(_EXACT.findall(fts5)), set(_OPEN.findall(fts5))
    is_marked = False
    following = [*terms[1:], ("", 0, 0)]
    for piece, (term, start, end), after in zip(text.split(" "), terms, following, strict=False):
        if is_marked or _START in piece:
            # One character alone was found at the beginning of a pair.
            is_half = is_dense(term) and term not in exact and clusters(term)[0] in begun
            yield start, after[1] if is_half and start < after[1] < end else end
        if _START in piece or _END in piece:
            is_marked = piece.rfind(_START) > piece.rfind(_END)


def _merged(spans: Iterator[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def best_piece(text: str, marks: Sequence[Span], length: int) -> Span:
    """Return the piece of a text, at most about `length` characters, with the most marks in it.

    It begins and ends between words where there are any; without marks it is the beginning.
    """
    if len(text) <= length:
        return 0, len(text)
    best, most = 0, 0
    near = length * 2 // 3
    for number, (start, _) in enumerate(marks):
        following = marks[number : number + 40]
        inside = {text[s:e].lower() for s, e in following if e <= start + near}
        if len(inside) > most:
            best, most = start, len(inside)
    start = max(0, min(best - length // 3, len(text) - length)) if most else 0
    end = min(len(text), start + length)
    if start:
        space = text.find(" ", start, min(best, start + 30))
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", max(start, end - 30), end)
        last = max((e for s, e in marks if s < end), default=0)
        end = space if space >= last else end
    return start, end
