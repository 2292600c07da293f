"""One value of a record, read as meant: a text, a number, a truth value, a time.

Knows no keys: each function is told the place of its value, and what cannot be meant
is a RecordError that names it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

from ...errors import RecordError

_TRUE = frozenset(("true", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "no", "n", "off", "0"))
_WHOLE = re.compile(r"[+-]?\d+(?:_\d+)*(?:\.0*)?")
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# The looser spellings of https://yaml.org/type/timestamp.html
_LOOSE_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d*)?"
    r"[ \t]*(?:(Z|z)|([+-])(\d\d?)(?::?(\d\d))?)?)?"
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
    """Return text as written; None where it is blank."""
    if not isinstance(value, str):
        raise wrong(value, place, "text")
    if "\0" in value:
        raise RecordError("holds a NUL character; remove it", place=place)
    return str(value) if value.strip() else None


def whole(value: Any, place: str) -> int | None:
    """Return a whole number, given as a number or as text, within 64 bits."""
    if not isinstance(value, str):
        raise wrong(value, place, "a whole number")
    digits = value.strip()
    if not digits:
        return None
    # Longer than any 64-bit number: not even converted.
    if not _WHOLE.fullmatch(digits) or len(digits) > 40:
        raise wrong(value, place, "a whole number")
    number = int(digits.partition(".")[0])
    if not -(2**63) <= number < 2**63:
        raise RecordError(f"{number} does not fit into 64 bits", place=place)
    return number


def size(value: Any, place: str) -> int | None:
    """Return pixels; None where the number says nothing (0 or below)."""
    number = whole(value, place)
    return number if number and number > 0 else None


def flag(value: Any, place: str) -> bool | None:
    """Return a truth value, however YAML spells it."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        if not word:
            return None
    raise wrong(value, place, "true or false")


def moment(value: Any, place: str) -> str | None:
    """Return a time as UTC, `2021-04-21T19:15:00Z`; no offset means UTC, no time midnight."""
    if not isinstance(value, str):
        raise wrong(value, place, "a time such as 2021-04-21T19:15:00Z")
    written = value.strip()
    if not written:
        return None
    try:
        found = _parse_time(written)
        if _UTC_TIME.fullmatch(written):
            return written
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong(value, place, "a time such as 2021-04-21T19:15:00Z") from error
    return found.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _parse_time(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        match = _LOOSE_TIME.fullmatch(written)
        if match is None:
            raise
    year, month, day, hour, minute, second, _, sign, hours, minutes = match.groups()
    offset = f"{sign}{int(hours):02}:{minutes or '00'}" if sign else "+00:00"
    return datetime.fromisoformat(
        f"{year}-{int(month):02}-{int(day):02}"
        f"T{int(hour or 0):02}:{minute or '00'}:{second or '00'}{offset}"
    )


def wrong(value: Any, place: str, expected: str) -> RecordError:
    """Return the error of a value that is not what was expected."""
    if isinstance(value, str):
        found = f"“{value[:40]}…”" if len(value) > 40 else f"“{value}”"
    else:
        found = "a mapping" if isinstance(value, dict) else "a list"
    return RecordError(f"expected {expected}, found {found}", place=place)
