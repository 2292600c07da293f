"""Words that differ from one another by a single slip: a letter more, less, wrong or swapped.

Only the edits are made here; which of them are words is looked up in the archive's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from .letter_folding import fold
from .words_and_addresses import LONGEST_WORD, SHORTEST_WORD

LATIN = "abcdefghijklmnopqrstuvwxyz"
_BLOCK = 128
"""Letters of other scripts that are tried: those near the letters of the word, in Unicode."""


@lru_cache(maxsize=256)
def _letters_near(start: int) -> str:
    found = map(chr, range(start, start + _BLOCK))
    return "".join(letter for letter in found if letter.isalpha() and fold(letter) == letter)


def alphabet_of(word: str) -> str:
    """Return the letters that a slip in a word may have brought in or left out."""
    letters = {*"0123456789"} & set(word)
    found = "0123456789" if letters else ""
    if any(letter in LATIN for letter in word):
        found += LATIN
    blocks = {ord(each) // _BLOCK for each in word if not each.isascii()}
    return found + "".join(_letters_near(block * _BLOCK) for block in sorted(blocks)[:2])


def edits(word: str) -> dict[str, str]:
    """Return what a word may be a slip of: each candidate with the kind of the slip.

    word: as it is compared. The kinds are `swapped`, `missing`, `extra` and `wrong`.
    """
    if not SHORTEST_WORD <= len(word) <= LONGEST_WORD:
        return {}
    found: dict[str, str] = {}
    letters = alphabet_of(word)
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    for head, tail in halves:
        if tail:
            found.update({head + letter + tail[1:]: "wrong" for letter in letters})
    for head, tail in halves:
        found.update({head + letter + tail: "missing" for letter in letters})
    found.update({head + tail[1:]: "extra" for head, tail in halves if tail})
    found.update(
        {head + tail[1] + tail[0] + tail[2:]: "swapped" for head, tail in halves if len(tail) > 1}
    )
    found.pop(word, None)
    return found


LIKELY: Mapping[str, float] = {"swapped": 4.0, "missing": 1.5, "extra": 1.5, "wrong": 1.0}


def ranked(word: str, candidates: Iterable[tuple[str, int]]) -> list[str]:
    """Return candidates, each a word with the number of its articles, the likeliest first."""
    kinds = edits(word)

    def likelihood(candidate: tuple[str, int]) -> float:
        other, count = candidate
        first = 3.0 if other[0] == word[0] else 1.0
        return LIKELY[kinds[other]] * first * math.sqrt(count)

    known = [each for each in candidates if each[0] in kinds]
    return [each for each, _ in sorted(known, key=lambda each: (-likelihood(each), each[0]))]
