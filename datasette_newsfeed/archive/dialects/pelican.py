"""Pelican: `Key: value` lines above Markdown, or the fields of reStructuredText.

https://docs.getpelican.com/en/latest/content.html
"""

from __future__ import annotations

from .document import Document, Site
from .fields import Fields, path
from .generic import COLUMNS, Generic
from .permalinks import slugify


class Pelican(Generic):
    """The dialect of Pelican's articles."""

    name = "pelican"
    generators = frozenset(("pelican",))
    default_permalink = "/{slug}.html"

    def speaks(self, document: Document) -> bool:
        """`Key: value` lines, or reStructuredText."""
        return document.syntax in ("lines", "rst")

    def columns(self) -> dict[str, tuple[str, ...]]:
        """`summary` stands before all other excerpts."""
        return {**COLUMNS, "excerpt": ("summary", *COLUMNS["excerpt"])}

    def slug(self, document: Document, fields: Fields, title: str) -> str:
        """The key `slug`, else the title: https://docs.getpelican.com (SLUGIFY_SOURCE)."""
        given = fields.peek(("slug",), path)
        return str(given) if given else slugify(title)

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """Pelican has one pattern for all articles."""
        return ()
