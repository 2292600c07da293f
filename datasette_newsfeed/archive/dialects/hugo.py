"""Hugo: YAML, TOML or JSON front matter, sections, page bundles, languages.

https://gohugo.io/content-management/front-matter/
"""

from __future__ import annotations

from typing import Any

from ...languages import language_code
from .document import Document, Site
from .fields import Fields, path
from .generic import COLUMNS, PUBLISHED_AT, UPDATED_AT, Generic
from .permalinks import urlize


class Hugo(Generic):
    """The dialect of Hugo's content folder."""

    name = "hugo"
    generators = frozenset(("hugo",))
    default_permalink = "/:sections/:slugorcontentbasename/"

    def speaks(self, document: Document) -> bool:
        """TOML between `+++`, or JSON that begins the file."""
        return document.syntax == "toml" or (document.syntax == "json" and not document.fence)

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Hugo's own order of dates: https://gohugo.io/configuration/front-matter/."""
        dates = ("date", "publishdate", "pubdate", "published", *PUBLISHED_AT)
        return {
            **COLUMNS,
            "published_at": (*dates, "params.date"),
            "updated_at": ("lastmod", "modified", *UPDATED_AT),
        }

    def slug(self, document: Document, fields: Fields, title: str) -> str:
        """The key `slug`, else the title: https://gohugo.io/configuration/permalinks/."""
        return urlize(fields.peek(("slug",), path) or title)

    def filename(self, document: Document) -> str:
        """The name of the file or of its bundle, without a language."""
        name = document.stem
        if name.split(".")[0].lower() == "index" and document.folders:
            return document.folders[-1]
        return name.partition(".")[0] if language_code(name.rpartition(".")[2]) else name

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """The folders below `content`, without that of a page bundle and of a language."""
        folders = super().sections(document, site)
        if document.stem.split(".")[0].lower() == "index":
            folders = folders[:-1]
        if folders and folders[0] in site.languages:
            folders = folders[1:]
        return folders

    def built_address(
        self, document: Document, site: Site, fields: Fields, *about: Any
    ) -> str | None:
        """None for a translation, whose address depends on settings of its language."""
        language = self._language(document, site, Fields(document.mapping), ("lang",))
        main = site.language
        if site.languages and main and language and language.split("-")[0] != main.split("-")[0]:
            return None
        return super().built_address(document, site, fields, *about)
