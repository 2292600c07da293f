"""Zola: TOML front matter with `[taxonomies]` and `[extra]`; `path` may hold the date.

https://www.getzola.org/documentation/content/page/
"""

from __future__ import annotations

from .document import Document, Site
from .fields import Fields
from .generic import Generic
from .permalinks import slugify

_OWN_KEYS = frozenset(("path", "taxonomies", "extra", "template", "in_search_index", "aliases"))
_HUGO_KEYS = frozenset(("tags", "categories", "lastmod", "publishDate", "menu", "params"))


class Zola(Generic):
    """The dialect of Zola's content folder."""

    name = "zola"
    generators = frozenset(("zola",))
    default_permalink = "/:sections/:slug/"

    def speaks(self, document: Document) -> bool:
        """TOML with a key that only Zola has."""
        keys = document.mapping.keys()
        return document.syntax == "toml" and bool(keys & _OWN_KEYS) and not keys & _HUGO_KEYS

    def slug(self, document: Document, fields: Fields, title: str) -> str:
        """Zola's slugs are plain letters, digits and hyphens."""
        return slugify(super().slug(document, fields, title))

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """The folders below `content`, without that of a page with its images."""
        folders = super().sections(document, site)
        return folders[:-1] if document.stem.split(".")[0].lower() == "index" else folders

    def finished(self, given: str) -> str:
        """Zola's pages are folders."""
        return given if given.endswith("/") else f"{given}/"
