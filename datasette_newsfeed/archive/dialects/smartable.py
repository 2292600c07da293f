"""A mapping becomes an Article or an Organization: the one file that spells the archive's keys.

Knows neither files nor tables. What a key holds is read as meant: a number given as
text, one topic instead of a list, a date without time. What cannot be meant is a
RecordError that names the key. `secured` is dropped here, at whatever depth: it
goes no further than the file kept as read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import repeat
from typing import Any, TypeVar

from ...errors import RecordError
from ..dates import leading_date
from ..records import Article, Image, Organization, Provider, Reference
from .values import NATIVE, Plain, flag, moment, name, size, text, whole, written, wrong

T = TypeVar("T")

PARTS = ("provider", "images", "related")
"""The keys that hold mappings; what of these has no column stays under its key."""

_SECRET = "secured"
_MOST_COMPARED = 200_000_000
"""The most characters that are searched for a record's secrets: some tenths of a second."""

_LEAST_SECRET = 16
"""A payload has a block of ciphertext at least; a shorter word may stand anywhere."""


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


def _date_of(stem: str) -> str:
    day = leading_date(stem)
    return f"{day}T00:00:00Z" if day else ""


def _organization(fields: _Fields) -> Organization:
    domain = fields.take("_id", name)
    if not domain:
        raise RecordError("missing; an organization's _id is its domain", place="_id")
    organization_name = fields.take("name", name) or fields.take("title", name)
    if not organization_name:
        raise RecordError("neither a title nor a name; add one", place="name")
    logo = _first(fields.listed("images", _image))
    return Organization(_domain(domain), organization_name, logo)


def _provider(value: Any, place: str) -> tuple[Provider | None, Any]:
    if isinstance(value, str):
        provider_name = _bare(value, place, "a mapping with name and domain", name)
        return (Provider(name=provider_name) if provider_name else None), None
    fields = _Fields(_mapping(value, place, "a mapping with name and domain"), place)
    domain = fields.take("domain", name)
    provider_name = fields.take("name", name)
    authors = fields.listed("authors", _author)
    # A logo needs a provider row to stand in; without a domain there is none.
    logos = fields.listed("images", _bare_image, at_most=1) if domain else []
    provider = Provider(
        _domain(domain) if domain else None,
        provider_name,
        _first(logos),
        tuple(author for author in authors if author),
    )
    return (provider if provider != Provider() else None), fields.rest()


def _bare(
    value: str, place: str, expected: str, convert: Callable[[Any, str], str | None]
) -> str | None:
    """Return text that stands for a whole mapping; `false` or `5` cannot be meant so."""
    if isinstance(value, Plain) and not isinstance(value.value(), str):
        raise wrong(value, place, expected)
    return convert(value, place)


def _domain(written: str) -> str:
    return written.strip().lower()


def _author(value: Any, place: str) -> tuple[str | None, Any]:
    if isinstance(value, str):
        return name(value, place), None
    fields = _Fields(_mapping(value, place, "a name"), place)
    return fields.take("name", name), fields.rest()


def _topics(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        topic = name(value, place)
        return (topic,) if topic else ()
    topics = [name(topic, f"{place}[{i}]") for i, topic in enumerate(value) if topic is not None]
    return tuple(dict.fromkeys(topic for topic in topics if topic))


def _image(value: Any, place: str) -> tuple[Image | None, Any]:
    if isinstance(value, str):
        url = _bare(value, place, "a mapping with url", text)
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
    # The row has a place for one image; the others stay in `extra`.
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
        image=_first(images),
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


def _first(images: list[Image | None]) -> Image | None:
    return next((image for image in images if image), None)


def _bare_image(value: Any, place: str) -> tuple[Image | None, Any]:
    """Return an image that stands in a row without a place for its words: they are left over."""
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
        value = self._pop(key)
        return None if value is None else convert(value, self._prefix + key)

    def _pop(self, key: str) -> Any:
        """Return what stands under a key and take it away; None for nothing at all."""
        value = self._left.pop(key, None)
        return None if value in ("", []) else value

    def nested(self, key: str, convert: Callable[[Any, str], tuple[T | None, Any]]) -> T | None:
        value = self._pop(key)
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
        value = self._pop(key)
        if value is None:
            return []
        is_list = isinstance(value, list)
        found: list[T] = []
        rests: list[Any] = []
        count = 0
        for position, item in enumerate(value if is_list else [value]):
            rest: Any = None
            if at_most is not None and count >= at_most:
                rest = plain(item)
            elif item is not None:
                place = f"{self._prefix}{key}" + (f"[{position}]" if is_list else "")
                converted, rest = convert(item, place)
                found.append(converted)
                count += bool(converted)
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
    if isinstance(value, NATIVE):
        return _json_value(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if not _is_secret(key)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _json_value(value: Any) -> bool | int | float | str:
    """Return a value of a typed syntax as JSON has it: what it has not is text."""
    is_number = isinstance(value, int | float) and -(2.0**63) <= value < 2.0**63
    return value if is_number else written(value)


def _check_secrets(mapping: Mapping[str, Any]) -> None:
    """Refuse a record that says its secret a second time, as by an alias (`note: *s`)."""
    secrets: set[str] = set()
    texts: list[tuple[str, str]] = []
    # Each mapping and list once, a list with the key that it stands under.
    left: list[tuple[Any, str, bool]] = [(mapping, "", False)]
    for value, under, is_secret in left:
        items = value.items() if isinstance(value, dict) else zip(repeat(under), value)
        for key, item in items:
            if not isinstance(item, str):
                if isinstance(item, dict | list):
                    left.append((item, key, is_secret or _is_secret(key)))
            elif len(item) >= _LEAST_SECRET:
                if is_secret or _is_secret(key):
                    secrets.add(item)
                else:
                    texts.append((key, item))
    if not secrets:
        return
    characters = sum(map(len, secrets)) + sum(len(text) for _, text in texts)
    if len(secrets) * characters > _MOST_COMPARED:
        raise RecordError(
            f"{len(secrets):,} of them are too many beside so much text; split the record",
            place=_SECRET,
        )
    shortest = min(map(len, secrets))
    for key, said in texts:
        if len(said) >= shortest and any(text in said for text in secrets):
            raise RecordError(f"repeats what `{_SECRET}` holds; remove it here", place=key)


def _is_secret(key: str) -> bool:
    # Most keys are plainly none.
    return len(key) >= len(_SECRET) and key.strip().lower() == _SECRET


def _mapping(value: Any, place: str, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise wrong(value, place, expected)
    return value
