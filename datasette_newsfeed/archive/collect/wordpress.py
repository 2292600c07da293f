"""Exports of WordPress (WXR): an RSS document with the posts, pages and files of a site.

https://developer.wordpress.org/plugins/wordpress-org/wxr/ has no grammar; the names here are
those of `export_wp()`, versions 1.0 to 1.2.
"""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from ..dialects.fields import host
from .bounded_parsing import NoFeed, XmlDocument
from .entries import MOST_ENTRIES, Entry, EntryImage, Feed, Publisher
from .html_text import absolute, block_of_html, first_image, line_of_html, line_of_text, unique
from .news_apis import moment

_PARTS = ("nav_menu_item", "revision", "custom_css", "customize_changeset", "oembed_cache")
_DRAFTS = ("draft", "pending", "future", "auto-draft")
NAMESPACE = "wordpress.org/export/"
MARK = "wxr_version>"

_BLOCK = re.compile(
    r"\s*</?(?:p|div|h[1-6]|ul|ol|li|table|blockquote|figure|pre|hr|iframe|section|form)\b",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"\[caption\b[^\]]{0,500}\](.{0,5000}?)\[/caption\]", re.DOTALL)
_CAPTION_PARTS = re.compile(r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.DOTALL)
_EMBED = re.compile(
    r"\[(?:embed|video|audio)\b[^\]]{0,500}\]\s*(https?://[^\s\[\]<>\"]{1,2000})\s*\[/\w+\]"
)
_OTHER = re.compile(r"\[/?(?:gallery|playlist|audio|video|embed|caption)\b[^\]]{0,2000}\]")
_COMMENT = re.compile(r"<!--\s*/?wp:[^>]{0,20000}-->")
_MORE = re.compile(r"<!--\s*(?:more|nextpage)\b[^>]{0,200}-->")


def is_one(document: XmlDocument) -> bool:
    """Tell whether an XML document is an export of WordPress."""
    return MARK in document.text and any(NAMESPACE in name for name in document.namespaces)


def read_feed(document: XmlDocument, *, drafts: bool = False) -> Feed:
    """Return the published posts of an export. Raises NoFeed where it is not well-formed."""
    site = _Site()
    feed = Feed("export of WordPress")
    waiting: list[tuple[Entry, str | None]] = []
    try:
        for _, element in ET.iterparse(io.BytesIO(document.text.encode("utf-8"))):
            name = _name(element)
            if name == "item":
                _take(_Item(element), site, feed, waiting, drafts)
                element.clear()
            elif name == "author" and NAMESPACE in element.tag:
                item = _Item(element)
                login = item.text("author_login")
                if login:
                    site.people[login] = line_of_text(item.text("author_display_name")) or login
            elif name in ("title", "link", "language", "base_blog_url"):
                site.facts.setdefault(name, element.text or "")
    except ET.ParseError as error:
        raise NoFeed(f"is an export of WordPress that is not well-formed: {error}") from error
    publisher, language = site.publisher(), line_of_text(site.facts.get("language"))
    feed.site = publisher.domain or ""
    for entry, image in waiting:
        feed.entries.append(site.completed(entry, image, publisher, language))
    return feed


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


class _Item:
    """The texts of an element's own children, by name, without their namespace."""

    def __init__(self, element: ET.Element) -> None:
        self.element = element
        self._texts: dict[str, str] = {}
        for child in element:
            name = _name(child)
            if name == "encoded":
                name = "excerpt" if "excerpt" in child.tag else "content"
            self._texts.setdefault(name, child.text or "")

    def text(self, name: str) -> str:
        return self._texts.get(name, "").strip()

    def meta(self, key: str) -> str | None:
        """Return a value of the item's metadata."""
        for child in self.element:
            if _name(child) == "postmeta":
                pair = _Item(child)
                if pair.text("meta_key") == key:
                    return pair.text("meta_value")
        return None

    def topics(self) -> tuple[str, ...]:
        return unique(
            line_of_html(child.text)
            for child in self.element
            if _name(child) == "category"
            and child.get("domain") in (None, "category", "post_tag", "tag")
            and child.get("nicename") != "uncategorized"
        )


class _Site:
    """What an export says of its site: name, address, people, files."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.files: dict[str, str] = {}

    def publisher(self) -> Publisher:
        home = absolute(self.facts.get("base_blog_url"), None) or absolute(
            self.facts.get("link"), None
        )
        return Publisher(line_of_html(self.facts.get("title")), host(home))

    def completed(
        self, entry: Entry, image: str | None, publisher: Publisher, language: str | None
    ) -> Entry:
        lead = absolute(self.files.get(image or ""), entry.url)
        found = EntryImage(lead) if lead else first_image(entry.body, entry.url)
        return replace(
            entry,
            publisher=publisher,
            language=language,
            authors=tuple(self.people.get(name, name) for name in entry.authors),
            images=(found,) if found else (),
        )


def _take(
    item: _Item, site: _Site, feed: Feed, waiting: list[tuple[Entry, str | None]], drafts: bool
) -> None:
    kind, status = item.text("post_type") or "post", item.text("status") or "publish"
    if kind == "attachment":
        site.files[item.text("post_id")] = item.text("attachment_url") or item.text("guid")
    elif kind == "page":
        feed.leave_out("page")
    elif kind in (
        "nav_menu_item",
        "revision",
        "custom_css",
        "customize_changeset",
    ) or kind.startswith("wp_"):
        feed.leave_out("part of the site's theme")
    elif status in ("trash", "auto-draft", "inherit") or (status != "publish" and not drafts):
        feed.leave_out(
            "draft" if status in ("draft", "pending", "future", "auto-draft") else status
        )
    elif len(waiting) >= MOST_ENTRIES:
        raise NoFeed(f"has more than {MOST_ENTRIES:,} entries")
    else:
        waiting.append((_entry(item, kind), item.meta("_thumbnail_id")))


def _entry(item: _Item, kind: str) -> Entry:
    published = _time(item, "post_date")
    updated = _time(item, "post_modified")
    body = None if item.text("post_password") else block_of_html(paragraphs(item.text("content")))
    return Entry(
        id=line_of_text(item.text("guid")) or line_of_text(item.text("post_id")),
        title=line_of_html(item.text("title")),
        url=absolute(item.text("link"), None),
        published=published,
        updated=updated if updated and updated > (published or "") else None,
        excerpt=line_of_html(item.text("excerpt")),
        body=body,
        type=None if kind == "post" else kind,
        topics=item.topics(),
        authors=unique([line_of_text(item.text("creator"))]),
    )


def _time(item: _Item, name: str) -> str | None:
    """Return the time in UTC, else that of RSS, else the local one: its zone is not in the file."""
    written = [item.text(f"{name}_gmt")]
    if name == "post_date":
        written.append(item.text("pubDate"))
    for text in (*written, item.text(name)):
        if text and not text.startswith("0000") and "-0001" not in text and (found := moment(text)):
            return found
    return None


def paragraphs(text: str) -> str:
    """Return the text of a post as WordPress shows it: blank lines separate paragraphs.

    Captions become figures, embedded addresses links; the comments of blocks are left out.
    """
    text = _MORE.sub("\n\n", _COMMENT.sub("", text.replace("\r\n", "\n")))
    text = _CAPTION.sub(lambda match: _figure(match[1]), text)
    text = _EMBED.sub(lambda match: _link(match[1]), text)
    text = _OTHER.sub("", text)
    if re.search(r"<p[\s>]", text):
        return text
    found = []
    for part in re.split(r"\n[ \t]*\n\s*", text):
        if part.strip():
            is_block = _BLOCK.match(part) is not None
            found.append(
                part if is_block else "<p>" + part.strip().replace("\n", "<br>\n") + "</p>"
            )
    return "\n".join(found)


def _figure(inner: str) -> str:
    match = _CAPTION_PARTS.match(inner)
    if match is None:
        return inner
    words = match[2].strip()
    return f"<figure>{match[1]}<figcaption>{words}</figcaption></figure>"


def _link(address: str) -> str:
    shown = html.escape(html.unescape(address))
    return f'<a href="{shown}">{shown}</a>'
