"""Hugo: YAML, TOML or JSON front matter, sections, page bundles, languages.

https://gohugo.io/content-management/front-matter/
"""

from __future__ import annotations

from ...languages import language_code
from .article_ids import slug
from .column_keys import COLUMNS, PUBLISHED_AT, UPDATED_AT
from .document import Document, Site
from .fields import Fields, flag, text
from .generic import Generic, Reading
from .permalinks import resolve, urlize


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

    def is_draft(self, fields: Fields, document: Document) -> bool:
        """Also a page that is not rendered: https://gohugo.io/content-management/build-options/."""
        options = ("build.render", "_build.render")
        is_rendered = fields.peek(options, flag)
        is_never = fields.peek(options, text) == "never" or is_rendered is False
        return super().is_draft(fields, document) or is_never

    def own_slug(self, reading: Reading) -> str | None:
        """The key `slug`; of a name whose date Hugo takes off, the rest of it."""
        given = super().own_slug(reading)
        name = self.filename(reading)
        if not given and reading.site.has_dated_names and (rest := slug(name)) != name:
            given = rest
        return urlize(given) if given else None

    def slug(self, reading: Reading) -> str:
        """The slug, else the title: https://gohugo.io/configuration/permalinks/."""
        return self.own_slug(reading) or urlize(reading.title)

    def title_in_address(self, reading: Reading) -> str:
        """The title, whatever the slug."""
        return urlize(reading.title)

    def filename(self, reading: Reading) -> str:
        """The name of the file or of its bundle, without a language."""
        document = reading.document
        name = document.stem
        if _is_index(document) and document.folders:
            return urlize(document.folders[-1])
        base, _, suffix = name.rpartition(".")
        return urlize(base if base and _is_language(suffix, reading.site) else name)

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """The folders below `content`, without that of a page bundle and of a language."""
        folders = super().sections(reading)
        if _is_index(reading.document):
            folders = folders[:-1]
        if folders and folders[0] in reading.site.languages:
            folders = folders[1:]
        return tuple(urlize(folder) for folder in folders)

    def base_address(self, reading: Reading) -> str | None:
        """The address of the site, for a translation with the code of its language.

        https://gohugo.io/configuration/languages/
        """
        site, language = reading.site, reading.language or reading.site.language
        address = site.address
        suffix = reading.document.stem.partition(".")[2]
        if suffix and _is_index(reading.document) and not _is_language(suffix, site):
            return None  # A file of the bundle, not its page.
        code = _code(language, site)
        if not (address and code):
            return address
        is_main = _code(site.language, site) == code
        return address if is_main and not site.is_language_in_path else resolve(address, f"{code}/")

    def served(self, built: str, reading: Reading) -> str:
        """With `uglyURLs` a file: https://gohugo.io/configuration/ugly-urls/."""
        section = next(iter(self.sections(reading)), "")
        is_ugly = {"", section} & reading.site.ugly_sections
        return f"{built.rstrip('/')}.html" if is_ugly else f"{built.rstrip('/')}/"


def _is_index(document: Document) -> bool:
    return document.stem.split(".")[0].lower() == "index"


def _is_language(suffix: str, site: Site) -> bool:
    """Tell whether Hugo takes the end of a file's name for a language: the site names it."""
    code = language_code(suffix)
    main = site.language or "en"
    return code is not None and (_code(code, site) is not None or code == main)


def _code(language: str | None, site: Site) -> str | None:
    """Return a language as the configuration writes it, None where it names no such."""
    found = (each for each in sorted(site.languages) if language_code(each) == language)
    return next((each.lower() for each in found), None) if language else None
