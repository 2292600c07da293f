"""A mapping becomes an Article or an Organization: the one file that spells the archive's keys.

Knows neither files nor tables. What a key holds is read as meant: a number given as
text, one topic instead of a list, a date without time. What cannot be meant is a
RecordError that names the key. `secured` is dropped here, at whatever depth: it
goes no further than the file kept as read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from ..errors import RecordError
from ..record import Article, Image, Organization, Provider, Reference
from .reader import Plain

T = TypeVar("T")

_SECRET = "secured"
_TRUE = frozenset(("true", "yes", "on", "1"))
_FALSE = frozenset(("false", "no", "off", "0"))
_WHOLE = re.compile(r"[+-]?\d+(?:\.0*)?")
# The looser spellings of https://yaml.org/type/timestamp.html
_LOOSE_TIME = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d*)?"
    r"[ \t]*(?:(Z|z)|([+-])(\d\d?)(?::?(\d\d))?)?"
)
_DATED_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?!\d)")


def adapt(mapping: Mapping[str, Any], body: str, stem: str) -> Article | Organization:
    """Return what a file says. `stem` is the file's name without suffix.

    Raises RecordError with the key at fault.
    """
    _check_secrets(mapping)
    fields = _Fields(mapping)
    if mapping.get("taxonomy") == "organization":
        return _organization(fields)
    title = fields.take("title", text)
    if not title:
        title = fields.take("name", text)
    if not title:
        raise RecordError("neither a title nor a name; add one", place="title")
    provider = fields.nested("provider", _provider)
    images = fields.listed("images", _image)
    return Article(
        id=stem,
        title=title,
        published_at=fields.take("publishedDateTime", moment) or _date_of(stem),
        provider=provider,
        type=fields.take("type", text),
        category=fields.take("category", text),
        heat=fields.take("heat", whole),
        quality=fields.take("quality", whole),
        published=fields.take("published", flag),
        excerpt=fields.take("excerpt", text),
        body=body or None,
        original_url=fields.take("originalUrl", text),
        web_url=fields.take("webUrl", text),
        amp_url=fields.take("ampWebUrl", text),
        cdn_amp_url=fields.take("cdnAmpWebUrl", text),
        updated_at=fields.take("updatedDateTime", moment),
        featured_content=fields.take("featuredContent", text),
        topics=fields.take("topics", _topics) or (),
        images=tuple(image for image in images if image),
        related=tuple(fields.listed("related", _reference)),
        extra=fields.rest(),
    )


def text(value: Any, place: str) -> str | None:
    """Return text as written; None where it is blank."""
    if not isinstance(value, str):
        raise _wrong(value, place, "text")
    if "\0" in value:
        raise RecordError("holds a NUL character; remove it", place=place)
    return str(value) if value.strip() else None


def whole(value: Any, place: str) -> int | None:
    """Return a whole number, given as a number or as text, within 64 bits."""
    if not isinstance(value, str):
        raise _wrong(value, place, "a whole number")
    digits = value.strip().replace("_", "")
    if not digits:
        return None
    # Longer than any 64-bit number: not even converted.
    if not _WHOLE.fullmatch(digits) or len(digits) > 40:
        raise _wrong(value, place, "a whole number")
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
    raise _wrong(value, place, "true or false")


def moment(value: Any, place: str) -> str | None:
    """Return a time as UTC, `2021-04-21T19:15:00Z`; no offset means UTC, no time midnight."""
    if not isinstance(value, str):
        raise _wrong(value, place, "a time such as 2021-04-21T19:15:00Z")
    written = value.strip()
    if not written:
        return None
    try:
        found = _parse_time(written)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(value, place, "a time such as 2021-04-21T19:15:00Z") from error
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
        f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second or '00'}{offset}"
    )


def _date_of(stem: str) -> str:
    match = _DATED_NAME.match(stem)
    if match is None:
        return ""
    try:
        return f"{date.fromisoformat(match[1]).isoformat()}T00:00:00Z"
    except ValueError:  # 2021-13-45 is a name, not a date
        return ""


def _organization(fields: _Fields) -> Organization:
    domain = fields.take("_id", text)
    if not domain:
        raise RecordError("missing; an organization's _id is its domain", place="_id")
    name = fields.take("name", text) or fields.take("title", text)
    if not name:
        raise RecordError("neither a title nor a name; add one", place="name")
    logos = [image for image in fields.listed("images", _image) if image]
    return Organization(_domain(domain), name, logos[0] if logos else None)


def _provider(value: Any, place: str) -> tuple[Provider | None, Any]:
    if isinstance(value, str):
        name = text(value, place)
        return (Provider(name=name) if name else None), None
    fields = _Fields(_mapping(value, place, "a mapping with name and domain"), place)
    domain = fields.take("domain", text)
    name = fields.take("name", text)
    authors = fields.listed("authors", _author)
    # A logo needs a provider row to stand in; without a domain there is none.
    logos = fields.listed("images", _image, at_most=1) if domain else []
    provider = Provider(
        _domain(domain) if domain else None,
        name,
        logos[0] if logos else None,
        tuple(author for author in authors if author),
    )
    return (provider if provider != Provider() else None), fields.rest()


def _domain(written: str) -> str:
    return written.strip().lower()


def _author(value: Any, place: str) -> tuple[str | None, Any]:
    if isinstance(value, str):
        return text(value, place), None
    fields = _Fields(_mapping(value, place, "a name"), place)
    return fields.take("name", text), fields.rest()


def _topics(value: Any, place: str) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    names = [text(topic, f"{place}[{i}]") for i, topic in enumerate(found) if topic is not None]
    return tuple(dict.fromkeys(name for name in names if name))


def _image(value: Any, place: str) -> tuple[Image | None, Any]:
    if isinstance(value, str):
        url = text(value, place)
        return (Image(url) if url else None), None
    mapping = _mapping(value, place, "a mapping with url")
    fields = _Fields(mapping, place)
    url = fields.take("url", text)
    if not url:  # nothing to show, but nothing lost either
        return None, _Fields(mapping, place).rest()
    image = Image(
        url,
        fields.take("width", size),
        fields.take("height", size),
        fields.take("isCached", flag),
        fields.take("title", text),
        fields.take("attribution", text),
    )
    return image, fields.rest()


def _reference(value: Any, place: str) -> tuple[Reference, Any]:
    mapping = _mapping(value, place, "a mapping with title and webUrl")
    fields = _Fields(mapping, place)
    url = fields.take("webUrl", text) or fields.take("originalUrl", text)
    provider = fields.nested("provider", _provider_without_authors)
    # The row has a place for one image; the others stay in `extra`, and so do the
    # title and attribution of the first.
    images = fields.listed("images", _bare_image, at_most=1)
    reference = Reference(
        title=fields.take("title", text),
        excerpt=fields.take("excerpt", text),
        published_at=fields.take("publishedDateTime", moment),
        url=url,
        amp_url=fields.take("ampWebUrl", text),
        cdn_amp_url=fields.take("cdnAmpWebUrl", text),
        type=fields.take("type", text),
        quality=fields.take("quality", whole),
        provider=provider,
        image=images[0] if images else None,
        extra=fields.rest(),
    )
    return reference, None


def _provider_without_authors(value: Any, place: str) -> tuple[Provider | None, Any]:
    provider, rest = _provider(value, place)
    if provider is None or not provider.authors:
        return provider, rest
    authors = plain(value["authors"])
    return Provider(provider.domain, provider.name, provider.logo), {
        **(rest or {}),
        "authors": authors,
    }


def _bare_image(value: Any, place: str) -> tuple[Image | None, Any]:
    image, rest = _image(value, place)
    if image is None or (image.title is None and image.attribution is None):
        return image, rest
    words = {"title": image.title, "attribution": image.attribution}
    kept = {key: word for key, word in words.items() if word}
    return Image(image.url, image.width, image.height, image.is_cached), {**(rest or {}), **kept}


class _Fields:
    """The keys of one mapping, taken one by one; `rest()` is what nobody took."""

    def __init__(self, mapping: Mapping[str, Any], place: str = "") -> None:
        self._left = dict(mapping)
        self._prefix = f"{place}." if place else ""

    def take(self, key: str, convert: Callable[[Any, str], T | None]) -> T | None:
        value = self._left.pop(key, None)
        return None if value is None else convert(value, self._prefix + key)

    def nested(self, key: str, convert: Callable[[Any, str], tuple[T | None, Any]]) -> T | None:
        value = self._left.pop(key, None)
        if value is None:
            return None
        found, rest = convert(value, self._prefix + key)
        if rest:
            self._left[key] = rest
        return found

    def listed(
        self,
        key: str,
        convert: Callable[[Any, str], tuple[T, Any]],
        at_most: int | None = None,
    ) -> list[T]:
        """Return the converted items; one item may stand without its list.

        What is left of the items stays under the key, each at its position.
        """
        value = self._left.pop(key, None)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        found: list[T] = []
        rests: list[Any] = []
        for position, item in enumerate(items):
            if at_most is not None and len(found) >= at_most:
                rests.append(plain(item))
            elif item is not None:
                converted, rest = convert(item, f"{self._prefix}{key}[{position}]")
                found.append(converted)
                rests.append(rest or {})
        if any(rests):
            self._left[key] = rests
        return found

    def rest(self) -> dict[str, Any]:
        """Return the keys that were not taken, as JSON values, without secrets."""
        found = plain(self._left)
        assert isinstance(found, dict)
        return found


def plain(value: Any) -> Any:
    """Return a value of the reader as JSON has it, without `secured` at any depth."""
    if isinstance(value, Plain):
        return value.value()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if not _is_secret(key)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _check_secrets(mapping: Mapping[str, Any]) -> None:
    """Refuse a record that says its secret a second time, as by an alias (`note: *s`)."""
    texts = list(_texts(mapping, ""))
    # A payload has a block of ciphertext at least; a short word may stand anywhere.
    secrets = {text for key, text in texts if _is_secret(key) and len(text) >= 16}
    for key, text in texts if secrets else ():
        if not _is_secret(key) and any(secret in text for secret in secrets):
            raise RecordError(f"repeats what `{_SECRET}` holds; remove it here", place=key)


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text with its key; all below a secret key is under that key."""
    if isinstance(value, str):
        yield key, str(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, key if _is_secret(key) else name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)


def _is_secret(key: str) -> bool:
    return key.strip().lower() == _SECRET


def _mapping(value: Any, place: str, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(value, place, expected)
    return value


def _wrong(value: Any, place: str, expected: str) -> RecordError:
    if isinstance(value, str):
        found = f"“{value[:40]}…”" if len(value) > 40 else f"“{value}”"
    else:
        found = "a mapping" if isinstance(value, dict) else "a list"
    return RecordError(f"expected {expected}, found {found}", place=place)
