"""What readers call the fields of changes, and how their values read."""

from __future__ import annotations

import json

from ...changes import EXTRA, ORDER
from .plain import shorten

LONGEST_NAME = 100
"""Characters of a key of a record that are shown."""

FIELDS = {
    "title": "Headline",
    "excerpt": "Excerpt",
    "body": "Text",
    "featured_content": "Player",
    "published_at": "Published",
    "updated_at": "Updated",
    "provider_id": "Provider",
    "provider_name": "Provider's name",
    "logo": "Provider's logo",
    "web_url": "Address",
    "original_url": "Original address",
    "amp_url": "AMP address",
    "cdn_amp_url": "Cached AMP address",
    "heat": "Heat",
    "quality": "Quality",
    "published": "On the front page",
    "type": "Type",
    "category": "Category",
    "language": "Language",
    "topic": "Topic",
    "author": "Author",
    "image": "Image",
    "related": "Related article",
    "draft": "Draft",
    "removed": "Removed since",
    "id": "Key",
}


def field_name(field: str) -> str:
    """Return what readers call a field."""
    if field.startswith(EXTRA):
        return shorten(field.removeprefix(EXTRA), LONGEST_NAME)
    if field.endswith(ORDER):
        return f"Order of {field.removesuffix(ORDER)}s"
    return FIELDS.get(field, shorten(field, LONGEST_NAME))


def in_words(field: str, text: str | None) -> str | None:
    """Return a value of a change as readers see it: of an image or related article its name."""
    if text is None or not (field in ("image", "related", "logo") or field.endswith(ORDER)):
        return text
    try:
        found = json.loads(text)
    except ValueError:  # cut off, as it is too long
        return text
    if isinstance(found, list):
        return ", ".join(map(str, found))
    if not isinstance(found, dict):
        return text
    named = [str(found[key]) for key in ("title", "url") if found.get(key)]
    size = [f"{found['width']} × {found['height']}"] if {"width", "height"} <= found.keys() else []
    return " · ".join([*named, *size]) or text
