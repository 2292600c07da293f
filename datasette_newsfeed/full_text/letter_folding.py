"""How letters are compared: without case, accents and form, as SQLite's unicode61 does and further.

`Łódź`, `lodz` and `ＬＯＤＺ` are one term. Letters that Unicode does not take apart stand in a
list.
"""

from __future__ import annotations

import re
import unicodedata

_HAN_LINES = re.compile(
    r"(?<=[\u3040-\u30ff\u3400-\u9fff])[ \t]*\n[ \t]*(?=[\u3040-\u30ff\u3400-\u9fff])"
)

_LETTERS = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ĸ": "k",
    "ŋ": "n",
    "ƒ": "f",
    "ƀ": "b",
    "ɨ": "i",
    "ʉ": "u",
    "ɓ": "b",
    "ɗ": "d",
    "ɖ": "d",
    "ə": "ə",
    "ƙ": "k",
    "ƴ": "y",
    "ʻ": " ",
    "ʼ": " ",
}
"""Letters that Unicode does not take apart, as they are spelled without them."""

DROPPED_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f"
    "\U000e0100-\U000e01ef"
)
"""Marks that may be left out in writing: accents, Hebrew and Arabic vowels, variants of a glyph.
The marks of other scripts (Indic, Thai ...) are letters to their readers and stay."""

_DROPPED = re.compile(f"[{DROPPED_MARKS}]")

_ACCENTED = ("LATIN", "GREEK")
_BARE = {"ё": "е", "ѐ": "е", "ѝ": "и"}


class _Folding(dict[int, str]):
    """What each character is compared as; worked out once a character, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _fold_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" or _DROPPED.match(character):
        return ""  # soft hyphens and their like are not seen
    if category[0] == "M":
        return character
    if category[0] not in "LN":
        return " "
    return "".join(_fold_letter(each) for each in character.casefold())


def _fold_letter(letter: str) -> str:
    if _DROPPED.match(letter):
        return ""
    if letter in _LETTERS or letter in _BARE:
        return _LETTERS.get(letter) or _BARE[letter]
    if not unicodedata.name(letter, "").startswith(_ACCENTED):
        return letter
    base = unicodedata.normalize("NFD", letter)[0]
    return _LETTERS.get(base, base)


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return text as it is compared: only letters, digits and spaces."""
    if text.isascii():
        return text.lower().translate(_FOLDING)
    if "\n" in text:
        text = join_lines(text)
    return unicodedata.normalize("NFKC", text).translate(_FOLDING)


def join_lines(text: str) -> str:
    """Return text without the line ends within Chinese and Japanese, where they are no spaces."""
    return _HAN_LINES.sub("", text)
