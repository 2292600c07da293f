"""The keys of a front matter, taken column by column; what no column takes is left for `extra`.

Sites spell one thing in many ways: `publishDate`, `publish_date`, `pubDate`. A column has an
ordered list of names, without regard to case, hyphens and underscores; the first whose value
fits is taken. A value that does not fit is never a fault: it stays where it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, TypeVar
from unicodedata import normalize
from urllib.parse import urlsplit

from ..dates import DateError, WrittenDate, read_date
from ..records import Image
from .bylines import names_in
from .json_values import json_value
from .values import FALSE, TRUE, Plain, is_visible

T = TypeVar("T")

_NAMES = ("name", "title", "label", "slug", "id", "value")
_ADDRESSES = ("src", "url", "path", "image", "light", "href", "file", "feature", "filename")
_BESIDE_NAMES = re.compile(r"\]\(|\(\s*(?:@|https?:)|<")
_FILE_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,5}$")


@dataclass(frozen=True, slots=True)
class Fit:
    """A value read as a column means it, and what of it the column does not hold."""

    value: Any
    rest: Any = None


class Fields:
    """The keys of one front matter. A name may lead into mappings: `last_update.date`."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._left: dict[str, Any] = dict(mapping)

    def take(self, names: Iterable[str], fit: Callable[[Any], Fit | None]) -> Any:
        """Return the first value of these names that fits, and take it away; else None."""
        for name in names:
            for holder, key in self._places(name):
                found = None if holder[key] is None else fit(holder[key])
                if found is None:
                    continue
                if found.rest is None:
                    del holder[key]
                else:
                    holder[key] = found.rest
                return found.value
        return None

    def take_all(self, names: Iterable[str], fit: Callable[[Any], Fit | None]) -> list[Any]:
        """Return the values of all these names that fit, and take them away."""
        return [value for name in names if (value := self.take((name,), fit)) is not None]

    def peek(self, names: Iterable[str], fit: Callable[[Any], Fit | None]) -> Any:
        """Return what `take` would, and leave it."""
        for name in names:
            for holder, key in self._places(name):
                if holder[key] is not None and (found := fit(holder[key])) is not None:
                    return found.value
        return None

    def rest(self) -> dict[str, Any]:
        """Return what was not taken, as JSON values, without secrets."""
        found = json_value(self._left)
        assert isinstance(found, dict)
        return {key: value for key, value in found.items() if value not in ({}, None)}

    def _places(self, name: str) -> Iterator[tuple[dict[str, Any], str]]:
        first, _, inner = name.partition(".")
        wanted = normal(first)
        for key in [key for key in self._left if normal(key) == wanted]:
            if not inner:
                yield self._left, key
            elif isinstance(mapping := self._left[key], dict):
                # A copy: aliases of YAML may show one mapping in two places.
                self._left[key] = copied = dict(mapping)
                wanted_inner = normal(inner)
                for each in [each for each in copied if normal(each) == wanted_inner]:
                    yield copied, each


def normal(key: str) -> str:
    """Return a key in the form in which it is compared."""
    return key.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


def words(value: Any) -> str | None:
    """Return a scalar as text, None where it is blank, a truth value, or no scalar."""
    if isinstance(value, str):
        found = str(value).strip()
        return found if is_visible(found) and "\0" not in found else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) and math.isfinite(value):
        return str(value)
    return value.isoformat() if isinstance(value, date) else None


def text(value: Any) -> Fit | None:
    """Read a text."""
    if isinstance(value, Plain) and isinstance(value.value(), bool):
        return None
    found = words(value)
    return Fit(found) if found else None


def flag(value: Any) -> Fit | None:
    """Read a truth value, however YAML spells it."""
    if isinstance(value, bool):
        return Fit(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE or word in FALSE:
            return Fit(word in TRUE)
    return None


def whole(value: Any) -> Fit | None:
    """Read a whole number within 64 bits."""
    found: Any = value.value() if isinstance(value, Plain) else value
    if isinstance(found, bool) or not isinstance(found, int) or not -(2**63) <= found < 2**63:
        return None
    return Fit(found)


def moment(zone: tzinfo) -> Callable[[Any], Fit | None]:
    """Return a reader of dates; a time without an offset is one of `zone`."""

    def read(value: Any) -> Fit | None:
        if isinstance(value, dict | list | bool):
            return None
        try:
            found = read_date(value, zone)
            _ = found.utc
        except (DateError, OverflowError):
            return None
        return Fit(found)

    return read


def names(split: Callable[[str], Iterable[str]] | None) -> Callable[[Any], Fit | None]:
    """Return a reader of names: a list of texts or mappings, or one text cut by `split`."""

    def read(value: Any) -> Fit | None:
        found: list[str] = []
        is_whole = True
        left = [value]
        # Nested, as Hexo's categories are; the depth of a front matter is bounded.
        while left:
            item = left.pop(0)
            if isinstance(item, list):
                left[:0] = item
            elif isinstance(item, dict):
                if name := next((w for key in _NAMES if (w := words(item.get(key)))), None):
                    found.append(normalize("NFC", name))
                    is_whole = is_whole and len(item) == 1
                elif any(isinstance(each, list) for each in item.values()):
                    left[:0] = list(item.values())
                    is_whole = False
                elif item:
                    is_whole = False
            elif item is not None and not isinstance(item, bool) and text(item):
                said = words(item) or ""
                parts = split(said) if split and item is value else [said]
                found.extend(normalize("NFC", part.strip().strip("\"'")) for part in parts)
            elif item is not None and item != "":
                is_whole = False
        # Each once without regard to case, as it is written first.
        unique = {name.casefold(): name for name in reversed(found) if is_visible(name)}
        return Fit(tuple(unique.values())[::-1], None if is_whole else value) if unique else None

    return read


def byline(value: Any) -> Fit | None:
    """Read the names of authors: a list, or a text with several.

    What stands beside the names (links, accounts, employers) stays where it was.
    """
    found = names(names_in)(value)
    if found is None or found.rest is not None:
        return found
    items = value if isinstance(value, list) else [value]
    is_plain = not any(isinstance(item, str) and _BESIDE_NAMES.search(item) for item in items)
    return found if is_plain else Fit(found.value, value)


def image(value: Any) -> Fit | None:
    """Read an image: an address or a path, a mapping with one, or the first of a list."""
    if isinstance(value, list):
        for item in value:
            if item is not None and not isinstance(item, list) and (found := image(item)):
                return Fit(found.value, None if len(value) == 1 and not found.rest else value)
        return None
    if isinstance(value, dict):
        for key in _ADDRESSES:
            if key in value and (address := _image_address(value[key])):
                title = words(value.get("alt")) or words(value.get("title"))
                credit = words(value.get("caption")) or words(value.get("credit"))
                used = {key, *(("alt",) if value.get("alt") else ())}
                rest = None if not (value.keys() - used) else value
                return Fit(Image(address, title=title, attribution=credit), rest)
        return None
    address = _image_address(value)
    return Fit(Image(address)) if address else None


def _image_address(value: Any) -> str | None:
    """Return text that can be the address or the path of an image; ids and words are none."""
    found = words(value) if isinstance(value, str) else None
    if found is None or len(found) > 4000 or any(each.isspace() for each in found.strip()):
        found = found if found and _FILE_SUFFIX.search(found) and len(found) <= 4000 else None
    if found is None or found.startswith(("data:", "{", "<")):
        return None
    return found if "/" in found or _FILE_SUFFIX.search(found) else None


def url(value: Any) -> Fit | None:
    """Read an address with scheme and host, http or https."""
    found = words(value) if isinstance(value, str) else None
    if not found or any(each.isspace() for each in found):
        return None
    try:
        parts = urlsplit(found)
    except ValueError:
        return None
    return Fit(found) if parts.scheme in ("http", "https") and parts.hostname else None


def path(value: Any) -> Fit | None:
    """Read the path of a page on its own site, without scheme and host."""
    found = words(value) if isinstance(value, str) else None
    if not found or any(each.isspace() for each in found) or re.match(r"[A-Za-z][\w+.-]*:", found):
        return None
    if isinstance(value, Plain) and isinstance(value.value(), bool):
        return None
    return Fit(found) if not found.startswith("//") else None


def host(address: str | None) -> str | None:
    """Return the host of an address in small letters, without `www.`; None where it has none."""
    try:
        found = urlsplit(address or "").hostname
    except ValueError:
        return None
    return found.removeprefix("www.") if found else None


def local_day(written: WrittenDate | None, zone: tzinfo) -> Any:
    """Return the date as its site shows it: a day as it is, a time in the site's zone."""
    if written is None:
        return None
    return written.time if written.is_day else written.time.astimezone(zone)
