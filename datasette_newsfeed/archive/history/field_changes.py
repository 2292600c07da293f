"""What differs between two versions of one article, as changes of its columns and lists.

Line ends are no difference, nor is the order of keys. `secured` is in no record.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ...changes import EXTRA, FIELDS, LISTS, ORDER, Change
from ..records import Article, Image, Provider, RelatedArticle

_COLUMNS = tuple(
    field
    for fields in FIELDS.values()
    for field in fields
    if field not in ("provider_id", "provider_name", "logo")
)


def field_changes(before: Article, after: Article) -> list[Change]:
    """Return the changes that lead from one version of an article to the next, ids aside."""
    if before == after:
        return []
    found = [
        Change(name, old, new)
        for name in _COLUMNS
        if (old := _text(getattr(before, name))) != (new := _text(getattr(after, name)))
    ]
    olds, news = _of_provider(before.provider), _of_provider(after.provider)
    found += [Change(name, olds[name], news[name]) for name in olds if olds[name] != news[name]]
    for name in LISTS:
        found += _of_list(name, _items(name, before), _items(name, after))
    old_extra, new_extra = _extra(before), _extra(after)
    for key in [*old_extra, *(key for key in new_extra if key not in old_extra)]:
        old, new = old_extra.get(key), new_extra.get(key)
        if old != new:
            found.append(Change(f"{EXTRA}{key}", old, new))
    return found


def _of_list(name: str, before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old != new:
            yield Change(name, old, new)
    old_order = [key for key in before if key in after]
    new_order = [key for key in after if key in before]
    if old_order != new_order:
        yield Change(name + ORDER, _json(old_order), _json(new_order))


def _items(name: str, article: Article) -> dict[str, str]:
    """Return the items of a list as texts, by what an item keeps when it changes."""
    if name == "topic":
        return _keyed((topic, topic) for topic in article.topics)
    if name == "author":
        authors = article.provider.authors if article.provider else ()
        return _keyed((author, author) for author in authors)
    if name == "image":
        return _keyed((image.url, _image(image)) for image in article.images)
    return _keyed((other.url or other.title or "", _related(other)) for other in article.related)


def _keyed(items: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return items by their keys; the second of a key is another one."""
    found: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for key, item in items:
        seen[key] += 1
        key = key if seen[key] == 1 else f"{key} ({seen[key]})"
        found[key] = item if isinstance(item, str) else _json({"key": key, **item})
    return found


def _image(image: Image) -> dict[str, Any]:
    return _without_none(
        url=image.url,
        width=image.width,
        height=image.height,
        is_cached=image.is_cached,
        title=_text(image.title),
        attribution=_text(image.attribution),
    )


def _related(other: RelatedArticle) -> dict[str, Any]:
    provider = other.provider
    return _without_none(
        title=_text(other.title),
        excerpt=_text(other.excerpt),
        published_at=other.published_at,
        url=other.url,
        amp_url=other.amp_url,
        cdn_amp_url=other.cdn_amp_url,
        type=other.type,
        quality=other.quality,
        provider=_without_none(domain=provider.domain, name=provider.name) if provider else None,
        logo=_image(provider.logo) if provider and provider.logo else None,
        image=_image(other.image) if other.image else None,
        extra=dict(other.extra) or None,
    )


def _of_provider(provider: Provider | None) -> dict[str, str | None]:
    if provider is None:
        return {"provider_id": None, "provider_name": None, "logo": None}
    return {
        "provider_id": provider.domain,
        "provider_name": provider.name,
        "logo": _json(_image(provider.logo)) if provider.logo else None,
    }


def _extra(article: Article) -> dict[str, str]:
    return {key: _json(value, sort_keys=True) for key, value in article.extra.items()}


def _without_none(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _json(value: Any, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=sort_keys)


def _text(value: Any) -> str | None:
    """Return a value as text: numbers as SQLite writes them, line ends as LF."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    text = str(value)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
