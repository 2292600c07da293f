"""Exports of Ghost, https://ghost.org/docs/migration/custom/: posts joined with tags and users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..dialects.fields import host
from .entries import Entry, EntryImage, Feed, Publisher
from .html_text import (
    absolute,
    block_of_html,
    first_image,
    line_of_html,
    line_of_text,
    unique,
)
from .news_apis import listed, mapping, moment

SITE_MARK = "__GHOST_URL__"
"""What stands for the site's own address in an export."""


def _data(value: Any) -> Mapping[str, Any]:
    top = mapping(value)
    inner = mapping(next(iter(listed(top.get("db"))), None)) or top
    return mapping(inner.get("data"))


def is_one(value: Any) -> bool:
    """Tell whether a JSON document is an export of Ghost."""
    posts = listed(_data(value).get("posts"))
    return any("slug" in mapping(post) and "status" in mapping(post) for post in posts)


def read_feed(value: Any, site: str | None, *, drafts: bool = False) -> Feed:
    """Return the published posts of an export. An export does not name its site.

    Pages are no articles. Posts for members alone are taken without their text.
    """
    data = _data(value)
    settings = {
        str(s.get("key")): s.get("value") for s in map(mapping, listed(data.get("settings")))
    }
    site = site or absolute(settings.get("url"), None)
    posts = _Posts(data, site, line_of_text(settings.get("title")))
    feed = Feed("export of Ghost", site=host(site) or "ghost")
    for post in map(mapping, listed(data.get("posts"))):
        if post.get("type", "post") != "post" or post.get("page") in (1, True):
            feed.leave_out("page")
        elif post.get("status", "published") not in ("published", "sent") and not drafts:
            feed.leave_out("draft")
        else:
            feed.entries.append(posts.entry(post))
    return feed


class _Posts:
    """The posts of an export with what other tables say of them."""

    def __init__(self, data: Mapping[str, Any], site: str | None, name: str | None) -> None:
        self._site = site.rstrip("/") + "/" if site else None
        self._publisher = Publisher(name, host(site))
        self._tags = _joined(data, "posts_tags", "tag_id", "tags")
        self._authors = _joined(data, "posts_authors", "author_id", "users")
        self._users = {str(u.get("id")): u for u in map(mapping, listed(data.get("users")))}
        self._meta = {
            str(m.get("post_id")): m for m in map(mapping, listed(data.get("posts_meta")))
        }

    def entry(self, post: Mapping[str, Any]) -> Entry:
        """Return one post."""
        key = str(post.get("id"))
        meta = self._meta.get(key, {})
        canonical = absolute(post.get("canonical_url"), self._site)
        slug = line_of_text(post.get("slug"))
        url = absolute(slug + "/", self._site) if slug and self._site else None
        is_public = post.get("visibility", "public") == "public"
        body = block_of_html(self._resolved(post.get("html"))) if is_public else None
        published = moment(post.get("published_at"))
        updated = moment(post.get("updated_at"))
        authors = self._authors.get(key) or [self._users.get(str(post.get("author_id")), {})]
        # Names that begin with # are for the site's own use.
        names = [line_of_text(tag.get("name")) for tag in self._tags.get(key, [])]
        image = self._image(post, meta) or first_image(body, url)
        return Entry(
            id=line_of_text(post.get("uuid")) or key,
            title=line_of_text(post.get("title")),
            url=url or canonical,
            original_url=canonical,
            published=published,
            updated=updated if updated and updated > (published or "") else None,
            excerpt=line_of_text(post.get("custom_excerpt")),
            body=body,
            language=line_of_text(post.get("locale")),
            topics=unique(name for name in names if name and not name.startswith("#")),
            authors=unique(line_of_text(author.get("name")) for author in authors),
            publisher=self._publisher,
            images=(image,) if image else (),
        )

    def _image(self, post: Mapping[str, Any], meta: Mapping[str, Any]) -> EntryImage | None:
        written = self._resolved(post.get("feature_image") or post.get("image"))
        # Without a site, a path below the folder: that of the export's own content folder.
        url = absolute(written, self._site) or (
            written if written and written.startswith("/content/") else None
        )
        if url is None:
            return None
        alt = line_of_text(meta.get("feature_image_alt"))
        caption = line_of_html(meta.get("feature_image_caption"))
        return EntryImage(url, title=alt, attribution=caption)

    def _resolved(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return None
        return value.replace(SITE_MARK, (self._site or "").rstrip("/"))


def _joined(
    data: Mapping[str, Any], table: str, column: str, other: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of another table for each post, in their order."""
    rows = {str(row.get("id")): row for row in map(mapping, listed(data.get(other)))}
    found: dict[str, list[Mapping[str, Any]]] = {}
    links: Iterable[Mapping[str, Any]] = map(mapping, listed(data.get(table)))
    for link in sorted(links, key=_order):
        row = rows.get(str(link.get(column)))
        if row is not None:
            found.setdefault(str(link.get("post_id")), []).append(row)
    return found


def _order(link: Mapping[str, Any]) -> int:
    order = link.get("sort_order")
    return order if isinstance(order, int) else 0
