"""Pelican: `Key: value` lines above Markdown, or the fields of reStructuredText.

https://docs.getpelican.com/en/latest/content.html
"""

from __future__ import annotations

from ...languages import language_code
from .column_keys import COLUMNS, LANGUAGE
from .document import Document
from .fields import Fields, path, text
from .generic import Generic, Reading
from .permalinks import Parts, is_transliterable, slugify


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

    def own_path(self, reading: Reading) -> str | None:
        """The key `url`, which a path of Pelican's own pattern may be, too."""
        given: str | None = reading.fields.peek(("url",), path)
        return given

    def slug(self, reading: Reading) -> str:
        """The key `slug`, else the title, or the file's name (SLUGIFY_SOURCE)."""
        given = reading.fields.peek(("slug",), path)
        return str(given) if given else slugify(self._source(reading))

    def _source(self, reading: Reading) -> str:
        return reading.document.stem if reading.site.has_slugs_of_names else reading.title

    def parts(self, reading: Reading) -> Parts | None:
        """None for a translation, and where Pelican's own table of letters is needed."""
        given = reading.fields.peek(("slug",), path)
        if not given and not is_transliterable(self._source(reading)):
            return None
        written = Fields(reading.document.mapping).peek(LANGUAGE, text)
        language = language_code(written) if written else None
        if language and reading.site.language and language != reading.site.language:
            return None
        return super().parts(reading)

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """Pelican has one pattern for all articles."""
        return ()

    def categories(self, reading: Reading) -> tuple[str, ...]:
        """The category, else the folder of the file (USE_FOLDER_AS_CATEGORY), else the default."""
        own = Fields(reading.document.mapping).peek(("category",), text)
        folders = super().sections(reading)
        found = own or (folders[-1] if folders else reading.site.default_category)
        return (slugify(found),) if found and is_transliterable(found) else ()
