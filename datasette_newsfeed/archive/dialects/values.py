"""Converts one value of a record: to text, a number, a truth value or a time.

Each function takes the name of the key, and raises a RecordError with that name if the value
cannot be converted.
"""

from __future__ import annotations

import re
from datetime import date, time
from functools import lru_cache
from typing import Any
from unicodedata import normalize

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

from ...errors import RecordError
from ..dates import EXPECTED, DateError, read_date

NATIVE = (bool, int, float, date, time)
"""Types of which a syntax other than YAML has values of its own. A datetime is a date."""

TRUE = frozenset(("true", "yes", "y", "on", "1"))
FALSE = frozenset(("false", "no", "n", "off", "0"))
_WHOLE = re.compile(r"[+-]?\d+(?:_\d+)*(?:\.0*)?")
# Characters that show nothing: white space, controls, what Unicode calls default ignorable
# (https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point), the empty Braille
# pattern, and the marks of interlinear annotations.
_VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_RESOLVER = Resolver()
_CONSTRUCTOR = SafeConstructor()

MAX_NUMBER = 40
"""The most characters of a number."""


class Plain(str):
    """A scalar without quotes: text as written, which may be meant as something else."""

    __slots__ = ()

    def value(self) -> str | int | float | bool:
        """Return what YAML 1.1 takes it for: a number, a truth value, or the text.

        Times stay text, for JSON has none. So do `1:30` (a duration, which YAML 1.1
        takes for ninety), and numbers that do not fit into 64 bits.
        """
        text = str(self)
        tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        kind = tag.rpartition(":")[2]
        if kind not in ("int", "float", "bool") or (kind != "bool" and ":" in text):
            return text
        if len(text) > MAX_NUMBER:
            return text
        node = yaml.ScalarNode(tag, text)
        try:
            if kind == "bool":
                return bool(_CONSTRUCTOR.construct_yaml_bool(node))
            number = (
                _CONSTRUCTOR.construct_yaml_int(node)
                if kind == "int"
                else _CONSTRUCTOR.construct_yaml_float(node)
            )
        except (ValueError, ConstructorError):
            return text
        # What does not fit is no number to those who read JSON.
        return number if -(2.0**63) <= number < 2.0**63 else text


def text(value: Any, place: str) -> str | None:
    """Return text as written; None where it is blank: where no character of it shows."""
    if not isinstance(value, str):
        if not isinstance(value, NATIVE):
            raise wrong(value, place, "text")
        value = written(value)
    if "\0" in value:
        raise RecordError("holds a NUL character; remove it", place=place)
    return str(value) if _VISIBLE.search(value) else None


def is_visible(text: str) -> bool:
    """Tell whether a character of a text shows."""
    return _VISIBLE.search(text) is not None


def name(value: Any, place: str) -> str | None:
    """Return a text that is a key of a row, in Unicode's form NFC.

    So one name is one row, whether `é` was written as one character or as two.
    """
    found = text(value, place)
    return found if found is None else normalize("NFC", found)


def whole(value: Any, place: str) -> int | None:
    """Return a whole number, given as a number or as text, within 64 bits."""
    if not isinstance(value, str):
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return _in_64_bits(value, place)
        raise wrong(value, place, "a whole number")
    digits = value.strip()
    if not digits:
        return None
    # Longer than any 64-bit number: not even converted.
    number = _whole_number(digits) if len(digits) <= MAX_NUMBER else None
    if number is None:
        raise wrong(value, place, "a whole number")
    return _in_64_bits(number, place)


@lru_cache(maxsize=4096)  # Asked of each size and rank, and records have the same ones.
def _whole_number(digits: str) -> int | None:
    """Return the number that is written, None where it is no whole one."""
    return int(digits.partition(".")[0]) if _WHOLE.fullmatch(digits) else None


def _in_64_bits(number: int, place: str) -> int:
    if not -(2**63) <= number < 2**63:
        raise RecordError("the number does not fit into 64 bits", place=place)
    return number


def size(value: Any, place: str) -> int | None:
    """Return pixels; None where the number says nothing (0 or below)."""
    number = whole(value, place)
    return number if number and number > 0 else None


def flag(value: Any, place: str) -> bool | None:
    """Return a truth value, however YAML spells it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        if not word:
            return None
    raise wrong(value, place, "true or false")


def moment(value: Any, place: str) -> str | None:
    """Return a date of `dates.FORMS` as UTC, `2021-04-21T19:15:00Z`; a day is its midnight."""
    if isinstance(value, str) and not _VISIBLE.search(value):
        return None
    try:
        return read_date(value).utc
    except DateError as error:
        raise wrong(value, place, EXPECTED, str(error)) from error


def written(value: date | time | float) -> str:
    """Return a value of a typed syntax (TOML, JSON) as YAML would spell it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    try:
        return str(value)
    except ValueError:  # beyond the thousands of digits that Python writes
        return hex(int(value))


def wrong(value: Any, place: str, expected: str, hint: str = "") -> RecordError:
    """Return the error of a value that is not what was expected."""
    if isinstance(value, NATIVE):
        value = written(value)
    if isinstance(value, str):
        found = f"“{value[:40]}…”" if len(value) > 40 else f"“{value}”"
    else:
        found = "a mapping" if isinstance(value, dict) else "a list"
    reason = f"expected {expected}, found {found}"
    return RecordError(f"{reason}; {hint}" if hint else reason, place=place)
