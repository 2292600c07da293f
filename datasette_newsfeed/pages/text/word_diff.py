"""What changed between two texts, word by word, as HTML that can be read and heard.

Words that came are `ins`, words that went `del`, each with a word for screen readers. Long
stretches that stayed are cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import chain

from markupsafe import Markup

MOST_CHARACTERS = 100_000
"""Of each text: what is beyond is not compared."""

MOST_PAIRS = 1_000_000
"""Words of one text times words of the other that are compared; above that all of them changed."""

CONTEXT = 12
"""Words that are shown beside a change."""

MOST_SHOWN = 2_000
"""Words of one change that are shown."""

_TOKEN = re.compile(r"\s+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|[^\w\s]")
_CUT = Markup(' <span class="newsfeed-cut">…</span> ')
_DELETED = Markup('<del><span class="newsfeed-unseen">removed: </span>{}</del>')
_INSERTED = Markup('<ins><span class="newsfeed-unseen">added: </span>{}</ins>')

Step = tuple[str, Sequence[str], Sequence[str]]


def word_diff(before: str | None, after: str | None) -> Markup:
    """Return both texts in one: what went, what came, and the words around them."""
    parts: list[Markup] = []
    steps = list(_steps(before or "", after or ""))
    for number, (kind, old, new) in enumerate(steps):
        if kind == "equal":
            parts.append(_stayed(old, is_first=number == 0, is_last=number == len(steps) - 1))
            continue
        if old:
            parts.append(_marked(_DELETED, old))
        if new:
            parts.append(_marked(_INSERTED, new))
    return Markup("").join(parts)


def two_sides(before: str | None, after: str | None) -> tuple[Markup, Markup]:
    """Return the text before with what went marked, and the one after with what came."""
    left: list[Markup] = []
    right: list[Markup] = []
    steps = list(_steps(before or "", after or ""))
    for number, (kind, old, new) in enumerate(steps):
        if kind == "equal":
            stayed = _stayed(old, is_first=number == 0, is_last=number == len(steps) - 1)
            left.append(stayed)
            right.append(stayed)
            continue
        if old:
            left.append(_marked(_DELETED, old))
        if new:
            right.append(_marked(_INSERTED, new))
    return Markup("").join(left), Markup("").join(right)


def _steps(before: str, after: str) -> Iterable[Step]:
    old = _TOKEN.findall(before[:MOST_CHARACTERS])
    new = _TOKEN.findall(after[:MOST_CHARACTERS])
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    yield from _if_any("equal", old[:start], new[:start])
    if len(inner_old) * len(inner_new) > MOST_PAIRS:
        yield "replace", inner_old, inner_new
    else:
        matcher = SequenceMatcher(None, inner_old, inner_new, autojunk=False)
        for kind, i, j, k, m in matcher.get_opcodes():
            yield kind, inner_old[i:j], inner_new[k:m]
    yield from _if_any("equal", old[len(old) - end :], new[len(new) - end :])


def _if_any(kind: str, old: Sequence[str], new: Sequence[str]) -> Iterable[Step]:
    return [(kind, old, new)] if old else []


def _stayed(tokens: Sequence[str], *, is_first: bool, is_last: bool) -> Markup:
    most = 2 * CONTEXT
    if is_first and len(tokens) > most:
        return _CUT + "".join(tokens[-most:])
    if is_last and len(tokens) > most:
        return Markup("") + "".join(tokens[:most]) + _CUT
    if len(tokens) > 2 * most:
        return Markup("") + "".join(tokens[:most]) + _CUT + "".join(tokens[-most:])
    return Markup("") + "".join(tokens)


def _marked(mark: Markup, tokens: Sequence[str]) -> Markup:
    shown = "".join(chain(tokens[:MOST_SHOWN], ["…"] if len(tokens) > MOST_SHOWN else []))
    return mark.format(shown)
