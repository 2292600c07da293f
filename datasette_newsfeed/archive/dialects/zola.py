"""Zola: TOML front matter with `[taxonomies]` and `[extra]`; `path` may hold the date.

https://www.getzola.org/documentation/content/page/
"""

from __future__ import annotations

from .document import Document
from .generic import Generic, Reading
from .permalinks import Parts, is_transliterable, resolve, slugify

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

    def base_address(self, reading: Reading) -> str | None:
        """The address of the site, for a translation with the code of its language."""
        site, language = reading.site, reading.language
        if not (site.address and language) or language == site.language:
            return site.address
        return resolve(site.address, f"{language}/")

    def slug(self, reading: Reading) -> str:
        """Zola's slugs are plain letters, digits and hyphens."""
        return slugify(super().slug(reading).replace(".", "-").replace("_", "-"))

    def parts(self, reading: Reading) -> Parts | None:
        """None where Zola's own table of letters is needed for the slug."""
        return super().parts(reading) if is_transliterable(super().slug(reading)) else None

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """The folders below `content`, without that of a page with its images."""
        folders = super().sections(reading)
        is_index = reading.document.stem.split(".")[0].lower() == "index"
        return folders[:-1] if is_index else folders

    def finished(self, given: str) -> str:
        """Zola's pages are folders."""
        return given if given.endswith("/") else f"{given}/"
