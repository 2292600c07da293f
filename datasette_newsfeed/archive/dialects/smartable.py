"""The first format: one file maps the keys of docs/records.md to an Article or an Organization.

Values are converted where their meaning is clear: a number given as text, one topic instead of a
list, a date without a time. Any other value raises a RecordError that names the key. `secured` is
dropped here, at whatever depth: only DB-sources keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ...errors import RecordError
from ...languages import language_code
from ..dates import leading_date
from ..records import Article, Image, Organization, Provider, RelatedArticle
from . import column_keys, drafts
from .article_ids import article_id
from .document import Document, Site
from .fields import normal
from .json_values import json_value
from .left_out import LeftOut
from .secrets import check_secrets
from .values import Plain, flag, moment, name, size, text, whole, wrong

T = TypeVar("T")

PARTS = ("provider", "images", "related")
"""The keys that hold mappings; what of these has no column stays under its key."""


OWN_KEYS = frozenset(
    [
        "publishedDateTime",
        "updatedDateTime",
        "originalUrl",
        "webUrl",
        "ampWebUrl",
        "cdnAmpWebUrl",
        "featuredContent",
        "secured",
    ]
)
"""Keys that only records of this dialect have; other sites have `heat` and `quality` as well."""

KEYS = {
    "title": "title",
    "name": "title",
    "excerpt": "excerpt",
    "publishedDateTime": "published_at",
    "updatedDateTime": "updated_at",
    "webUrl": "web_url",
    "originalUrl": "original_url",
    "ampWebUrl": "amp_url",
    "cdnAmpWebUrl": "cdn_amp_url",
    "category": "category",
    "type": "type",
    "quality": "quality",
    "heat": "heat",
    "published": "published",
    "language": "language",
    "featuredContent": "featured_content",
    "topics": "topics",
    "provider": "provider",
    "images": "images",
    "related": "related_articles",
}
"""The column or the table that each key is for."""

_OF_GENERATORS = (
    *("layout", "aliases", "keywords", "status", "slug", "permalink", "lang", "canonicalUrl"),
    *("tags", "categories", "series", "taxonomies", "author", "authors", "byline"),
    *("description", "summary", "image", "cover", "featuredImage", "coverImage", "heroImage"),
    "last_update",
)
_OTHER_KEYS = (
    *_OF_GENERATORS,
    *(*column_keys.TITLE, *column_keys.PUBLISHED_AT, *column_keys.UPDATED_AT),
    *(*drafts.DRAFT_FLAGS, *drafts.PUBLISHED_FLAGS),
)
FOREIGN_KEYS = frozenset(map(normal, _OTHER_KEYS)) - frozenset(map(normal, KEYS))
"""Keys by which a record is one of another dialect. Words that any record may have, such as
`source` or `lead`, say nothing: here they stay in `extra`."""

_OF_PROVIDERS = frozenset(("domain", "authors", "images"))

SUFFIXES = (".md", ".markdown")
FOREIGN_FOLDERS = frozenset(("_posts", "_drafts", "drafts"))


class Smartable:
    """The dialect of docs/records.md: the first format, and what `newsfeed collect` writes.

    A record without a key of any other dialect, in YAML and below no site, is one of these.
    """

    name = "smartable"

    def claims(self, document: Document, site: Site) -> bool:
        """Tell by the keys; where they say nothing, a record is one of this dialect."""
        if document.mapping.keys() & OWN_KEYS or _is_organization(document.mapping):
            return True
        if document.syntax != "yaml" or document.is_open or site.generator is not None:
            return False
        if document.suffix not in SUFFIXES or FOREIGN_FOLDERS & set(document.folders):
            return False
        has_parts = _has_parts(document.mapping)
        return has_parts or FOREIGN_KEYS.isdisjoint(map(normal, document.mapping))

    def read(self, document: Document, site: Site) -> Article | Organization | LeftOut:
        """Return what a record says. Raises RecordError with the key at fault."""
        if document.repeated:
            first = document.repeated[0]
            raise RecordError(f"the key `{first.key}` stands twice; remove one", place=first.place)
        return adapt(document.mapping, document.body, article_id(document.path))


def _has_parts(mapping: Mapping[str, Any]) -> bool:
    """Tell whether a record has a provider or related articles as only this dialect writes them."""
    provider, related = mapping.get("provider"), mapping.get("related")
    others = related if isinstance(related, list) else [related]
    return (isinstance(provider, Mapping) and not _OF_PROVIDERS.isdisjoint(provider)) or any(
        isinstance(each, Mapping) and not OWN_KEYS.isdisjoint(each) for each in others
    )


def _is_organization(mapping: Mapping[str, Any]) -> bool:
    # Grav has a mapping of categories and tags below that key.
    return bool(mapping.get("taxonomy") == "organization")


def adapt(mapping: Mapping[str, Any], body: str, key: str) -> Article | Organization:
    """Return what a file says. `key` is the id of its article.

    Raises RecordError with the key at fault.
    """
    check_secrets(mapping, body)
    fields = _Fields(mapping)
    if _is_organization(mapping):
        return _organization(fields)
    title = fields.take("title", text)
    if not title:
        title = fields.take("name", text)
    if not title:
        raise RecordError("neither a title nor a name; add one", place="title")
    provider = fields.nested("provider", _provider)
    images = fields.listed("images", _image)
    return Article(
        id=key,
        title=title,
        published_at=fields.take("publishedDateTime", moment) or _date_of(key),
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
        language=fields.take("language", _language) if _is_text(mapping.get("language")) else None,
        extra=fields.rest(),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _language(value: Any, place: str) -> str | None:
    """Return a language's code in its usual form, any other text as written."""
    found = name(value, place)
    return found and (language_code(found) or found)


def _date_of(key: str) -> str:
    day = leading_date(key)
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


def _reference(value: Any, place: str) -> tuple[RelatedArticle, Any]:
    mapping = _mapping(value, place, "a mapping with title and webUrl")
    fields = _Fields(mapping, place)
    url = fields.take("webUrl", text) or fields.take("originalUrl", text)
    provider = fields.nested("provider", _provider_without_authors)
    # The row has a place for one image; the others stay in `extra`.
    images = fields.listed("images", _bare_image, at_most=1)
    reference = RelatedArticle(
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
    authors = json_value(value["authors"])
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
        value = self._left.pop(key, None)
        if not value and (value is None or value in ("", [])):
            return None
        return convert(value, self._prefix + key)

    def _pop(self, key: str) -> Any:
        """Return what stands under a key and take it away; None for nothing at all."""
        value = self._left.pop(key, None)
        return value if value or value not in ("", []) else None

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
                rest = json_value(item)
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
        return json_value(self._left) if self._left else {}


def _mapping(value: Any, place: str, expected: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise wrong(value, place, expected)
    return value
