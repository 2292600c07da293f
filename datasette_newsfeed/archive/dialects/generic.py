"""Front matter as most generators share it: `date`, `tags`, `author`, `description`, `image`.

One ordered mapping with synonyms. The dialects of single generators inherit it, and change
only what their documentation says otherwise. docs/archives.md describes the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import urljoin

from ...errors import RecordError
from ...languages import language_code
from ..dates import WrittenDate, leading_date
from ..records import Article, Image, Provider
from . import bodies, permalinks, restructured_text
from .article_ids import article_id, path_date, path_language, slug
from .document import (
    DRAFT,
    EXCLUDED,
    NOT_DATED,
    PAGE,
    TEMPLATE,
    Document,
    LeftOut,
    Site,
)
from .fields import (
    Fields,
    Fit,
    flag,
    host,
    image,
    local_day,
    moment,
    names,
    normal,
    path,
    text,
    url,
    whole,
    without_links,
    words,
)
from .secrets import check_secrets

TITLE = ("title", "name", "headline", "seo_title")
PUBLISHED_AT = (
    *("date", "publishDate", "pubDate", "published_at", "published", "published_on"),
    *("datePublished", "published_date", "post_date", "posted", "created", "createdAt"),
    *("created_on", "dateCreated", "creation_date", "first_published"),
)
UPDATED_AT = (
    *("updated", "lastmod", "modified", "updated_at", "updated_on", "updatedDate", "date_updated"),
    *("last_modified_at", "last_modified", "dateModified", "modified_at", "date_modified"),
    *("last_update.date", "last_updated", "revised"),
)
TOPICS = (
    *("tags", "topics", "categories", "category", "series", "tag", "topic", "subjects"),
    *("taxonomies.tags", "taxonomies.topics", "taxonomies.categories", "taxonomies.category"),
    "taxonomies.series",
)
AUTHORS = (
    *("authors", "author", "byline", "taxonomies.authors", "taxonomies.author", "extra.authors"),
    *("extra.author", "by", "writer", "writers", "contributors", "authorTitle"),
)
EXCERPT = (
    *("excerpt", "description", "summary", "abstract", "teaser", "spoiler", "blurb", "deck"),
    *("dek", "standfirst", "lede", "lead", "intro", "subtitle", "meta.description"),
    *("seo.description", "extra.description", "params.description"),
)
IMAGE = (
    *("image", "cover", "cover_image", "coverImage", "hero", "hero_image", "heroImage"),
    *("featured_image", "feature_image", "featured", "feature", "primary_image", "lead_image"),
    *("thumbnail", "thumb", "banner", "banner_image", "header_image", "header.image"),
    *("header.overlay_image", "header.teaser", "photo", "picture", "teaser_image", "card_image"),
    *("og_image", "ogImage", "social_image", "socialImage", "share_image", "twitter_image"),
    *("twitterImg", "images", "extra.image", "extra.cover", "extra.cover_image"),
    *("params.image", "params.cover", "preview_image", "img"),
)
LANGUAGE = ("lang", "language", "locale", "language_code", "languageCode")
CANONICAL = ("canonical_url", "canonical", "canonicalUrl")
ADDRESS = ("permalink", "url", "path", "link", "external_url", "externalUrl", "redirect_to")
ORIGINAL = ("source_url", "original_url", "original", "source", "via", "link")
SLUG = ("slug",)
STATUS = ("status", "visibility")
HIDDEN = frozenset(("draft", "private", "pending", "unpublished"))

COLUMNS = {
    "title": TITLE,
    "published_at": PUBLISHED_AT,
    "updated_at": UPDATED_AT,
    "topics": TOPICS,
    "authors": AUTHORS,
    "excerpt": EXCERPT,
    "image": IMAGE,
    "language": LANGUAGE,
    "url": CANONICAL,
    "original_url": ORIGINAL,
    "type": (),
    "category": (),
    "heat": (),
    "quality": (),
}
"""The keys that each column is taken from, in this order; `--map KEY=COLUMN` puts one first."""

_FOREIGN = frozenset(
    [
        "date",
        "tags",
        "author",
        "authors",
        "byline",
        "layout",
        "draft",
        "categories",
        "slug",
        "description",
        "summary",
        "image",
        "cover",
        "permalink",
        "aliases",
        "pubdate",
        "lang",
        "publishdate",
        "publishedat",
        "lastmod",
        "updated",
        "series",
        "keywords",
        "canonicalurl",
        "featuredimage",
        "coverimage",
        "heroimage",
        "modified",
        "created",
        "status",
    ]
)


def is_foreign_key(key: str) -> bool:
    """Tell whether a key is one of this dialect, and none of the first format."""
    return normal(key) in _FOREIGN


SEPARATORS = re.compile(r"[,;|]")
_AUTHORS = re.compile(r"\s*(?:;|\||,(?!\s*(?:Jr|Sr|Ph\.?D|M\.?D|I{2,3}|IV)\b)|\s&\s|\band\b)\s*")
_PATH_DATE = re.compile(r"(?:^|/)((?:19|20)[0-9]{2}[-/][0-9]{1,2}[-/][0-9]{1,2})(?![0-9])")
_DRAFTS = frozenset(("_drafts", "drafts"))
_TEMPLATES = frozenset(("_layouts", "layouts", "_includes", "includes", "templates", "archetypes"))
_NOT_READ = frozenset(("node_modules", "_site", "vendor", "bower_components"))
# As Hugo, Jekyll and Eleventy write them where a value was to come in.
_TEMPLATE_TITLE = re.compile(r"\{\{.*\}\}|<%.*%>|\$\{.*\}", re.S)


class Generic:
    """The dialect of records that no other dialect claims."""

    name: ClassVar[str] = "front matter"
    splits_topics_at: ClassVar[re.Pattern[str]] = SEPARATORS
    titles_from_name: ClassVar[bool] = False
    """Its sites take the words of a file's name where a record has no title."""
    generators: ClassVar[frozenset[str]] = frozenset()
    """The generators whose sites are written so."""
    default_permalink: ClassVar[str | None] = None
    """How its sites build addresses where the configuration has no pattern."""

    def claims(self, document: Document, site: Site) -> bool:
        """Tell whether a file is written so, by the site's generator or by its own syntax."""
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
        return self.article(document, site, fields)

    # -- what is no article ---------------------------------------------------------

    def reason_to_leave_out(self, document: Document, site: Site) -> str | None:
        """Return why a file holds no article, whatever its keys say; None where it may."""
        folders = {folder.lower() for folder in document.folders}
        if folders & _NOT_READ or _is_below(document.path, site.excluded):
            return EXCLUDED
        if folders & _TEMPLATES and not folders & {"content", "posts", "_posts"}:
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
        """Tell whether a file is a page of its site rather than an article: it has no date."""
        fields = Fields(document.mapping)
        kind = fields.peek(("layout", "type"), text)
        is_dated = fields.peek(PUBLISHED_AT, moment(site.zone)) or path_date(document.path)
        return kind in ("page", "home", "archive") and not is_dated

    def is_dated(self, document: Document, site: Site) -> bool:
        """Tell whether a file without front matter is an article: by its path or its folder."""
        return path_date(document.path) is not None or _is_below(document.path, site.content)

    def is_draft(self, fields: Fields, document: Document) -> bool:
        """Tell whether the site does not publish a record yet. Takes what says so."""
        draft = fields.take(("draft",), flag)
        published = fields.take(("published", "publish"), flag)
        status = fields.peek(STATUS, text)
        hidden = isinstance(status, str) and status.strip().lower() in HIDDEN
        if hidden:
            fields.take(STATUS, text)
        is_below = any(folder.lower() in _DRAFTS for folder in document.folders)
        return bool(draft or published is False or hidden or is_below)

    # -- the article ----------------------------------------------------------------

    def article(self, document: Document, site: Site, fields: Fields) -> Article:
        """Return the article that the fields, the body and the path make."""
        keys = self.keys(site)
        written = fields.take(keys["published_at"], moment(site.zone))
        updated = fields.take(keys["updated_at"], moment(site.zone))
        title, body = self._title(document, fields, keys["title"])
        topics = self._names(fields, keys["topics"], self.splits_topics_at)
        topics = self.topics(topics)
        language = self._language(document, site, fields, keys["language"])
        if document.syntax == "rst":
            body = restructured_text.html_of(body)
        readable = bodies.readable(body, document.suffix)
        web_url, original_url = self._addresses(document, site, fields, written, title, topics)
        lead = fields.take(keys["image"], image)
        return Article(
            id=article_id(document.path, self._language_names(document, site)),
            title=title,
            published_at=self._published_at(document, written, web_url),
            provider=self._provider(fields, site, keys["authors"], web_url),
            type=fields.take(keys["type"], text),
            category=fields.take(keys["category"], text),
            heat=fields.take(keys["heat"], whole),
            quality=fields.take(keys["quality"], whole),
            excerpt=fields.take(keys["excerpt"], text),
            body=readable.text or None,
            original_url=original_url,
            web_url=web_url,
            updated_at=updated.utc if updated else None,
            featured_content=readable.player,
            topics=topics,
            images=self._images(lead, readable.images, site, web_url),
            language=language,
            extra=fields.rest(),
        )

    def keys(self, site: Site) -> dict[str, Sequence[str]]:
        """Return the keys of each column, those that the user named first."""
        found: dict[str, Sequence[str]] = dict(self.columns())
        for key, column in site.columns.items():
            found[column] = (key, *found.get(column, ()))
        return found

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the keys of each column, in order of trust."""
        return COLUMNS

    def topics(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Return the topics of an article, without those that only its site uses."""
        return found

    def _title(self, document: Document, fields: Fields, keys: Sequence[str]) -> tuple[str, str]:
        title, body = fields.take(keys, text), document.body
        if title is None:
            title, body = bodies.first_heading(body)
        if title is None and self.titles_from_name:
            title = words(re.sub(r"[-_\s]+", " ", slug(document.path)).strip().capitalize())
        if title is None:
            raise RecordError(
                "no title: neither a key `title` nor a heading in the text; add one", place="title"
            )
        return title, body

    def _names(
        self, fields: Fields, keys: Iterable[str], split: re.Pattern[str] | None
    ) -> tuple[str, ...]:
        found = [name for value in fields.take_all(keys, names(split)) for name in value]
        return tuple({name.casefold(): name for name in reversed(found)}.values())[::-1]

    def _language_names(self, document: Document, site: Site) -> list[str]:
        """Return the languages that a folder of the path may be named for."""
        own = Fields(document.mapping).peek(LANGUAGE, text)
        return [*sorted(site.languages), *([own] if isinstance(own, str) else [])]

    def _language(
        self, document: Document, site: Site, fields: Fields, keys: Sequence[str]
    ) -> str | None:
        def code(value: Any) -> Fit | None:
            found = language_code(value) if isinstance(value, str) else None
            return Fit(found) if found else None

        told = path_language(document.path, site.languages)
        return fields.take(keys, code) or told or site.language

    def _published_at(
        self, document: Document, written: WrittenDate | None, web_url: str | None
    ) -> str:
        if written is not None:
            return written.utc
        day = path_date(document.path) or self._date_of_address(document)
        return f"{day}T00:00:00Z" if day else ""

    def _date_of_address(self, document: Document) -> str | None:
        fields = Fields(document.mapping)
        for value in (fields.peek((key,), path) or fields.peek((key,), url) for key in ADDRESS):
            match = _PATH_DATE.search(value) if value else None
            if match and (day := leading_date(match[1])):
                return day
        return None

    def _provider(
        self, fields: Fields, site: Site, keys: Sequence[str], web_url: str | None
    ) -> Provider | None:
        named = self._names(fields, keys, _AUTHORS)
        # An id of the site's data file, with or without the sign of an account.
        known = (site.authors.get(name) or site.authors.get(name.lstrip("@")) for name in named)
        authors = [each or without_links(name) for each, name in zip(known, named, strict=True)]
        domain = host(site.address) or host(web_url)
        name = site.name or (domain if not site.address else None)
        if not (domain or name or authors):
            return None
        unique = tuple(dict.fromkeys(author for author in authors if author))
        return Provider(domain, name or domain, None, unique)

    # -- addresses ------------------------------------------------------------------

    def _addresses(
        self,
        document: Document,
        site: Site,
        fields: Fields,
        written: WrittenDate | None,
        title: str,
        topics: tuple[str, ...],
    ) -> tuple[str | None, str | None]:
        """Return the article's own address, and the one where it appeared first."""
        own = host(site.address)
        web_url = original_url = None
        for key in (*self.keys(site)["url"], *ADDRESS):
            given = fields.peek((key,), url)
            if given is None:
                continue
            is_own = host(given) == own if own else key in CANONICAL
            if is_own and web_url is None:
                web_url = fields.take((key,), url)
            elif not is_own and original_url is None and key != "redirect_to":
                original_url = fields.take((key,), url)
        original_url = fields.take(self.keys(site)["original_url"], url) or original_url
        if web_url is None and site.address:
            day = local_day(written, site.zone) or _midnight(path_date(document.path))
            web_url = self.built_address(document, site, fields, day, title, topics)
        return web_url, original_url

    def built_address(
        self,
        document: Document,
        site: Site,
        fields: Fields,
        day: Any,
        title: str,
        topics: tuple[str, ...],
    ) -> str | None:
        """Return the address that the site builds from a record, None where that is not known."""
        address = site.address or ""
        given = next(
            (value for key in ("permalink", "url", "path") if (value := fields.peek((key,), path))),
            None,
        )
        if given and not re.search(r"[:{]", given):
            return permalinks.resolve(address, self.finished(given))
        sections = self.sections(document, site)
        pattern = given or site.permalinks.get(sections[0] if sections else "")
        pattern = pattern or site.permalinks.get("") or self.default_permalink
        if not pattern:
            return None
        parts = permalinks.Parts(
            slug=self.slug(document, fields, title),
            title=title,
            filename=self.filename(document),
            own_slug=self.own_slug(fields),
            day=day,
            sections=sections,
            categories=self.categories(document, topics),
            language=path_language(document.path, site.languages),
        )
        found = permalinks.expand(pattern, parts)
        return permalinks.resolve(address, found) if found else None

    def own_slug(self, fields: Fields) -> str | None:
        """Return the slug that the record gives."""
        given = fields.peek(SLUG, path)
        return str(given).strip("/") if given else None

    def slug(self, document: Document, fields: Fields, title: str) -> str:
        """Return the part of an address that names the article."""
        return self.own_slug(fields) or slug(document.path)

    def filename(self, document: Document) -> str:
        """Return the name of the file as an address holds it."""
        return document.stem

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """Return the folders of a file below the folder of the site's content."""
        folders = document.folders
        return folders[1:] if folders[:1] == ("content",) else folders

    def categories(self, document: Document, topics: tuple[str, ...]) -> tuple[str, ...]:
        """Return the categories that an address may hold."""
        return ()

    def finished(self, given: str) -> str:
        """Return the path of a page as its site serves it."""
        return given

    # -- images ---------------------------------------------------------------------

    def _images(
        self,
        lead: Image | None,
        in_text: Sequence[Image],
        site: Site,
        web_url: str | None,
    ) -> tuple[Image, ...]:
        found = [lead] if lead else list(in_text[:1])
        return tuple(self._with_host(each, site) for each in found if each)

    def _with_host(self, found: Image, site: Site) -> Image:
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


def _midnight(day: str | None) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
