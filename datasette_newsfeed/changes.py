"""What a change of an article is: its kind, its size, and the net of several changes.

The importer of histories, the pages and `newsfeed prepare` share it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS = {
    "headline": "Headline",
    "text": "Text",
    "topics": "Topics",
    "images": "Images",
    "related": "Related articles",
    "provider": "Provider and authors",
    "links": "Addresses",
    "dates": "Dates",
    "rating": "Heat and quality",
    "state": "Withdrawn or restored",
    "renamed": "Renamed",
    "other": "Other",
}
"""The kinds of changes, in the order in which they are named, with their headings."""

RATING = "rating"
"""The kind of heat, quality and front page: computed again and again, so no edit."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "headline": ("title",),
    "text": ("excerpt", "body", "featured_content"),
    "provider": ("provider_id", "provider_name", "logo"),
    "links": ("web_url", "original_url", "amp_url", "cdn_amp_url"),
    "dates": ("published_at", "updated_at"),
    "rating": ("heat", "quality", "published"),
    "other": ("type", "category", "language"),
}
"""The columns of articles that are compared, by the kind of their changes."""

LISTS = {"topic": "topics", "author": "provider", "image": "images", "related": "related"}
"""What an article has several of, and the kind of its changes."""

ORDER = " order"
"""After the name of a list: its items are the same in another order."""

EXTRA = "extra."
"""Before the name of a key that has no column."""

DRAFT, REMOVED, ID = "draft", "removed", "id"
"""Fields of changes that are no column: a draft or not, removed until now, the id."""

_KIND = {field: kind for kind, fields in FIELDS.items() for field in fields}
_KIND |= LISTS | {name + ORDER: kind for name, kind in LISTS.items()}
_KIND |= {DRAFT: "state", REMOVED: "state", ID: "renamed"}

# Chinese, Japanese and Korean are written without blanks: each character is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one field, or of one item of a list: what stood there before and after.

    Items of a list that came have no `before`, those that went no `after`.
    """

    field: str
    before: str | None
    after: str | None

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return _KIND.get(self.field, "other")

    @property
    def size(self) -> int:
        """The words that only one of the two texts has, at least 1."""
        before, after = (Counter(_WORD.findall(text or "")) for text in (self.before, self.after))
        return max(1, (before - after).total() + (after - before).total())


def kinds_of(changes: Iterable[Change]) -> str:
    """Return the kinds of some changes as one text, in the order of KINDS."""
    found = {change.kind for change in changes}
    return ", ".join(kind for kind in KINDS if kind in found)


def size_of(changes: Iterable[Change]) -> int:
    """Return the words that some changes changed; heat and quality are not counted."""
    return sum(change.size for change in changes if change.kind != RATING)


def net(steps: Iterable[Change]) -> list[Change]:
    """Return what several changes, in the order of time, come to; what was undone is left out."""
    found: dict[tuple[str, str | None], Change] = {}
    for change in steps:
        key = (change.field, _item(change) if change.field in LISTS else None)
        before = found.pop(key, None)
        merged = Change(change.field, before.before if before else change.before, change.after)
        if merged.before != merged.after:
            found[key] = merged
    return list(found.values())


def _item(change: Change) -> str:
    """Return which item of a list a change is of."""
    value = change.after if change.after is not None else change.before or ""
    match = _KEY.match(value) if change.field in ("image", "related") else None
    return match[0] if match else value


_KEY = re.compile(r'\{"key": "(?:[^"\\]|\\.)*"')
"""How the JSON of an item of a list begins: with the key that it keeps when it changes."""
