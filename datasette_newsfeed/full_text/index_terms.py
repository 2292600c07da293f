"""Text as the terms of the full text index.

Letters are compared as in `letter_folding`. Scripts that do not separate words (Chinese,
Japanese, Thai, Khmer ...), and Korean, whose words carry their particles, are indexed by pairs of
characters: of 地震速報 the terms are 地震, 震速, 速報 and the last character, 報. So every part of
a title can be found. All else is split at what is neither letter nor digit, as SQLite's unicode61
does; it makes the English stems, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from .letter_folding import fold

DENSE = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Myanmar
    "\u1100-\u11ff"  # Hangul Jamo
    "\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"  # Khmer, Tai Le, New Tai Lue, Tai Tham
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303c"  # CJK radicals and signs
    "\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff"  # kana, Bopomofo, Jamo
    "\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf"  # Han, Yi
    "\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U000323af"
)
"""Characters indexed by pairs, as ranges of a regular expression."""

_DENSE = re.compile(f"[{DENSE}]")
_RUN = re.compile(f"[{DENSE}]+|[^{DENSE}\\s]+")


def is_dense(text: str) -> bool:
    """Return whether a text holds characters that are indexed by pairs."""
    return not text.isascii() and _DENSE.search(text) is not None


@cache
def _cluster() -> re.Pattern[str]:
    """A character with the marks on it: Thai ดิ is one, of two code points."""
    marks = "".join(
        chr(code)
        for code in (*range(0x0E00, 0x10A0), *range(0x1780, 0x1AB0), *range(0xA9E0, 0xAA80))
        if unicodedata.category(chr(code))[0] == "M"
    )
    return re.compile(f".[{marks}]*")


def clusters(run: str) -> list[str]:
    """Return the characters of a dense run, each with its marks."""
    return _cluster().findall(run)


def runs(folded: str) -> Iterator[tuple[str, int, bool]]:
    """Yield (run, start, is_dense) for the stretches of one kind in folded text."""
    for match in _RUN.finditer(folded):
        yield match[0], match.start(), _DENSE.match(match[0]) is not None


def terms_in(folded: str) -> Iterator[tuple[str, int, int]]:
    """Yield (term, start, end) for the terms of folded text, in order, places in that text."""
    for run, start, dense in runs(folded):
        if not dense:
            yield run, start, start + len(run)
            continue
        signs = clusters(run)
        for sign, following in zip(signs, [*signs[1:], ""], strict=True):
            yield sign + following, start, start + len(sign) + len(following)
            start += len(sign)


def indexed(text: str) -> str:
    """Return what the index is given of a plain text: its terms, with spaces between."""
    if text.isascii():
        return text  # SQLite's own tokenizer finds the same terms
    folded = fold(text)
    if not is_dense(folded):
        return folded
    return " ".join(term for term, _, _ in terms_in(folded))
