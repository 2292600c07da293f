"""Front matter as most generators share it: `date`, `tags`, `author`, `description`, `image`.

One ordered mapping with synonyms. The dialects of single generators inherit it, and change
only what their documentation says otherwise. docs/archives.md describes the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import urljoin

from ...errors import RecordError
from ...languages import language_code
from ..dates import WrittenDate, leading_date
from ..records import Article, Image, Provider
from . import bodies, column_keys, drafts, permalinks, restructured_text
from .article_ids import article_id, path_date, path_language, slug
from .bylines import one_name
from .document import Document, Site
from .fields import (
    Fields,
    Fit,
    byline,
    host,
    image,
    local_day,
    moment,
    names,
    path,
    text,
    url,
    whole,
    words,
)
from .left_out import (
    DRAFT,
    EXCLUDED,
    NOT_DATED,
    NOT_READ,
    OF_ARTICLES,
    OF_TEMPLATES,
    PAGE,
    TEMPLATE,
    LeftOut,
)
from .secrets import check_secrets

SEPARATORS = re.compile(r"[,;|]")
_PATH_DATE = re.compile(r"(?:^|/)((?:19|20)[0-9]{2}[-/][0-9]{1,2}[-/][0-9]{1,2})(?![0-9])")
# As Hugo, Jekyll and Eleventy write them where a value was to come in.
_TEMPLATE_TITLE = re.compile(r"\{\{.*\}\}|<%.*%>|\$\{.*\}", re.S)


@dataclass(slots=True)
class Reading:
    """A document while it is read: what was found out of it so far."""

    document: Document
    site: Site
    fields: Fields
    written: WrittenDate | None = None
    """The date that its keys give."""
    title: str = ""
    topics: tuple[str, ...] = ()

    @property
    def day(self) -> datetime | None:
        """The date as the site shows it in an address: in its own zone, or that of the path."""
        if self.written is not None:
            day: datetime = local_day(self.written, self.site.zone)
            return day
        told = path_date(self.document.path)
        return datetime.fromisoformat(told).replace(tzinfo=UTC) if told else None

    @property
    def language(self) -> str | None:
        """The language that the file's suffix or a folder tells."""
        return path_language(self.document.path, self.site.languages)


class Generic:
    """The dialect of records that no other dialect claims."""

    name: ClassVar[str] = "front matter"
    splits_topics_at: ClassVar[re.Pattern[str]] = SEPARATORS
    titles_from_name: ClassVar[bool] = False
    """Its sites take the words of a file's name where a record has no title."""
    generators: ClassVar[frozenset[str]] = frozenset()
    """The generators whose sites are written so; without any, it is the dialect of all others."""
    default_permalink: ClassVar[str | None] = None
    """How its sites build addresses where the configuration has no pattern."""

    def claims(self, document: Document, site: Site) -> bool:
        """Tell whether a file is written so, by the site's generator or by its own syntax."""
        if not self.generators:
            return True
        return site.generator in self.generators if site.generator else self.speaks(document)

    def speaks(self, document: Document) -> bool:
        """Tell whether a file without a known site is written so, by its syntax and its folder."""
        return True

    def read(self, document: Document, site: Site) -> Article | LeftOut:
        """Return the article of a file, or why the file holds none to import.

        Raises RecordError where the file should be an article and cannot be.
        """
        check_secrets(document.mapping, document.body)
        reason = self.reason_to_leave_out(document, site)
        fields = Fields(document.mapping)
        is_draft = self.is_draft(fields, document)
        if reason is None and is_draft and not site.takes_drafts:
            reason = DRAFT
        if reason is not None:
            return LeftOut(reason, document.repeated)
        return self.article(Reading(document, site, fields))

    # -- what is no article ---------------------------------------------------------

    def reason_to_leave_out(self, document: Document, site: Site) -> str | None:
        """Return why a file holds no article, whatever its keys say; None where it may."""
        folders = {folder.lower() for folder in document.folders}
        if folders & NOT_READ or _is_below(document.path, site.excluded):
            return EXCLUDED
        if folders & OF_TEMPLATES and not folders & {"content", "posts", "_posts"}:
            return TEMPLATE
        if any(
            _TEMPLATE_TITLE.search(str(document.mapping.get(key) or ""))
            for key in ("title", "date")
        ):
            return TEMPLATE
        if not document.mapping and not self.is_dated(document, site):
            return NOT_DATED
        return PAGE if self.is_page(document, site) else None

    def is_page(self, document: Document, site: Site) -> bool:
        """Tell whether a file is a page of its site rather than an article: it has no date.

        Its layout says that it is one, or its site is known and its folder is none of articles.
        """
        fields = Fields(document.mapping)
        if (
            fields.peek(self.columns()["published_at"], moment(site.zone))
            or path_date(document.path)
            or _date_of_address(document)
        ):
            return False
        kind = fields.peek(("layout", "type"), text)
        if kind in ("page", "home", "archive"):
            return True
        folders = {folder.lower() for folder in document.folders}
        return site.generator is not None and not folders & OF_ARTICLES

    def is_dated(self, document: Document, site: Site) -> bool:
        """Tell whether a file without front matter is an article: by its path or its folder."""
        return path_date(document.path) is not None or _is_below(document.path, site.content)

    def is_draft(self, fields: Fields, document: Document) -> bool:
        """Tell whether the site does not publish a record yet. Takes what says so."""
        return drafts.is_draft(fields, document)

    # -- the article ----------------------------------------------------------------

    def article(self, reading: Reading) -> Article:
        """Return the article that the fields, the body and the path make."""
        document, site, fields = reading.document, reading.site, reading.fields
        columns = self.columns_of(site)
        reading.written = fields.take(columns["published_at"], moment(site.zone))
        updated = fields.take(columns["updated_at"], moment(site.zone))
        reading.title, body = self._title(reading, columns["title"])
        found = _unique(fields, columns["topics"], self.splits_topics_at)
        reading.topics = self.topics(found)
        language = self._language(reading, columns["language"])
        if document.syntax == "rst":
            body = restructured_text.html_of(body)
        readable = bodies.readable(body, document.suffix)
        web_url, original_url = self._addresses(reading, columns)
        lead = fields.take(columns["image"], image)
        return Article(
            id=article_id(document.path, _folders_of_language(reading)),
            title=reading.title,
            published_at=_published_at(reading),
            provider=self._provider(reading, columns["authors"], web_url),
            type=fields.take(columns["type"], text),
            category=fields.take(columns["category"], text),
            heat=fields.take(columns["heat"], whole),
            quality=fields.take(columns["quality"], whole),
            excerpt=fields.take(columns["excerpt"], text),
            body=readable.text or None,
            original_url=original_url,
            web_url=web_url,
            updated_at=updated.utc if updated else None,
            featured_content=readable.player,
            topics=reading.topics,
            images=_images(lead, readable.images, site),
            language=language,
            extra=fields.rest(),
        )

    def columns_of(self, site: Site) -> dict[str, Sequence[str]]:
        """Return the keys of each column, those that the user named first."""
        found: dict[str, Sequence[str]] = dict(self.columns())
        for key, column in site.columns.items():
            found[column] = (key, *found.get(column, ()))
        return found

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the keys of each column, in order of trust."""
        return column_keys.COLUMNS

    def topics(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Return the topics of an article, without those that only its site uses."""
        return found

    def _title(self, reading: Reading, columns: Sequence[str]) -> tuple[str, str]:
        title, body = reading.fields.take(columns, text), reading.document.body
        if title is None:
            title, body = bodies.first_heading(body)
        if title is None and self.titles_from_name:
            name = slug(reading.document.path)
            title = words(re.sub(r"[-_\s]+", " ", name).strip().capitalize())
        if title is None:
            raise RecordError(
                "no title: neither a key `title` nor a heading in the text; add one", place="title"
            )
        return title, body

    def _language(self, reading: Reading, columns: Sequence[str]) -> str | None:
        def code(value: Any) -> Fit | None:
            found = language_code(value) if isinstance(value, str) else None
            return Fit(found) if found else None

        return reading.fields.take(columns, code) or reading.language or reading.site.language

    def _provider(
        self, reading: Reading, columns: Sequence[str], web_url: str | None
    ) -> Provider | None:
        """Return the provider with the authors: those of the first keys that name any."""
        site, fields = reading.site, reading.fields
        first = [key for key in columns if key in column_keys.MAIN_AUTHORS or key in site.columns]
        named = [each for names in fields.take_all(first, byline) for each in names]
        if not named:
            named = list(fields.take(columns, byline) or ())
        # An id of the site's data file, with or without the sign of an account.
        authors = [
            site.authors.get(name) or site.authors.get(name.lstrip("@")) or one_name(name)
            for name in named
        ]
        domain = host(site.address) or host(web_url)
        name = site.name or (domain if not site.address else None)
        if not (domain or name or authors):
            return None
        unique = tuple({each.casefold(): each for each in reversed(authors) if each}.values())
        return Provider(domain, name or domain, None, unique[::-1])

    # -- addresses ------------------------------------------------------------------

    def _addresses(
        self, reading: Reading, columns: dict[str, Sequence[str]]
    ) -> tuple[str | None, str | None]:
        """Return the article's own address, and the one where it appeared first."""
        fields = reading.fields
        own = host(reading.site.address)
        web_url = original_url = None
        for key in (*columns["url"], *column_keys.ADDRESS):
            given = fields.peek((key,), url)
            if given is None:
                continue
            is_own = host(given) == own if own else key in column_keys.CANONICAL
            if is_own and web_url is None:
                web_url = fields.take((key,), url)
            elif not is_own and original_url is None and key != "redirect_to":
                original_url = fields.take((key,), url)
        original_url = fields.take(columns["original_url"], url) or original_url
        if web_url is None and reading.site.address:
            web_url = self.built_address(reading)
        return web_url, original_url

    def built_address(self, reading: Reading) -> str | None:
        """Return the address that the site builds from a record, None where that is not known."""
        address = self.base_address(reading)
        if address is None:
            return None
        given = self.own_path(reading)
        if given and not re.search(r"[:{]", given):
            return permalinks.resolve(address, self.finished(given))
        pattern = given or self.pattern(reading)
        if not pattern:
            return None
        parts = self.parts(reading)
        found = permalinks.expand(pattern, parts) if parts else None
        return permalinks.resolve(address, self.served(found, reading)) if found else None

    def base_address(self, reading: Reading) -> str | None:
        """Return the address below which a record's path lies, None where it is not known."""
        return reading.site.address

    def own_path(self, reading: Reading) -> str | None:
        """Return the path, or the pattern of one, that the record itself gives."""
        fields = reading.fields
        found = (fields.peek((key,), path) for key in ("permalink", "url", "path"))
        return next((each for each in found if each), None)

    def pattern(self, reading: Reading) -> str | None:
        """Return the pattern with which the site builds the address of a record."""
        sections = self.sections(reading)
        patterns = reading.site.permalinks
        own = patterns.get(sections[0]) if sections else None
        return own or patterns.get("") or self.default_permalink

    def parts(self, reading: Reading) -> permalinks.Parts | None:
        """Return what a pattern is made of, None where a part cannot be known."""
        return permalinks.Parts(
            slug=self.slug(reading),
            title=self.title_in_address(reading),
            filename=self.filename(reading),
            own_slug=self.own_slug(reading),
            day=reading.day,
            sections=self.sections(reading),
            categories=self.categories(reading),
            language=reading.language,
        )

    def own_slug(self, reading: Reading) -> str | None:
        """Return the slug that the record gives."""
        given = reading.fields.peek(column_keys.SLUG, path)
        return str(given).strip("/") if given else None

    def slug(self, reading: Reading) -> str:
        """Return the part of an address that names the article."""
        return self.own_slug(reading) or slug(reading.document.path)

    def title_in_address(self, reading: Reading) -> str:
        """Return what the word `:title` of a pattern stands for."""
        return self.slug(reading)

    def filename(self, reading: Reading) -> str:
        """Return the name of the file as an address holds it."""
        return reading.document.stem

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """Return the folders of a file below the folder of the site's content."""
        folders = reading.document.folders
        for content in sorted(reading.site.content, key=len, reverse=True):
            parts = PurePosixPath(content).parts
            if parts and folders[: len(parts)] == parts:
                return folders[len(parts) :]
        return folders[1:] if folders[:1] == ("content",) else folders

    def categories(self, reading: Reading) -> tuple[str, ...]:
        """Return the categories that an address may hold, as it holds them."""
        return ()

    def finished(self, given: str) -> str:
        """Return the path of a page that its record gives as its site serves it."""
        return given

    def served(self, built: str, reading: Reading) -> str:
        """Return a path that a pattern made as the site serves it."""
        return built


def _unique(fields: Fields, columns: Iterable[str], split: re.Pattern[str]) -> tuple[str, ...]:
    """Return the names under several keys, each once, without regard to case."""
    found = [name for value in fields.take_all(columns, names(split.split)) for name in value]
    return tuple({name.casefold(): name for name in reversed(found)}.values())[::-1]


def _folders_of_language(reading: Reading) -> list[str]:
    """Return the languages that a folder of the path may be named for."""
    own = Fields(reading.document.mapping).peek(column_keys.LANGUAGE, text)
    return [*sorted(reading.site.languages), *([own] if isinstance(own, str) else [])]


def _published_at(reading: Reading) -> str:
    if reading.written is not None:
        return reading.written.utc
    day = path_date(reading.document.path) or _date_of_address(reading.document)
    return f"{day}T00:00:00Z" if day else ""


def _date_of_address(document: Document) -> str | None:
    """Return the day in a path that the record gives, such as `2021/03/01/pier`."""
    fields = Fields(document.mapping)
    for value in (
        fields.peek((key,), path) or fields.peek((key,), url) for key in column_keys.ADDRESS
    ):
        match = _PATH_DATE.search(value) if value else None
        if match and (day := leading_date(match[1])):
            return day
    return None


def _images(lead: Image | None, in_text: Sequence[Image], site: Site) -> tuple[Image, ...]:
    found = [lead] if lead else list(in_text[:1])
    return tuple(_with_host(each, site) for each in found)


def _with_host(found: Image, site: Site) -> Image:
    """Return an image whose path begins at the site's root with the address of the site."""
    if not site.address or not found.url.startswith("/") or found.url.startswith("//"):
        return found
    try:
        address = urljoin(site.address, found.url)
    except ValueError:
        return found
    return Image(
        *(address, found.width, found.height, found.is_cached, found.title, found.attribution)
    )


def _is_below(file: str, folders: Sequence[str]) -> bool:
    parts = PurePosixPath(file).parts
    return any(
        parts[: len(wanted)] == wanted
        for wanted in (PurePosixPath(folder.strip("/")).parts for folder in folders)
        if wanted
    )
