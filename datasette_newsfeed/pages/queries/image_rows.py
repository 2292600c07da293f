"""Images, their stored copies, and the labels of rows.

The address of an image is returned only if it is http(s) and the site shows images from
elsewhere. The query also returns which copies are stored, so that no second one is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...image_urls import absolute_url, image_id
from ..access.archives import ArchiveView
from ..models import Copy, Picture
from ..text.link_addresses import LONGEST_ADDRESS, web_url

FINGERPRINT = 12
"""Hexadecimal digits of a copy's SHA-256: enough to tell it from those before it."""

LONGEST_WIDTH = 6
"""Digits."""

_IS_COPY = """(typeof(content) = 'blob' and typeof(width) = 'integer' and typeof(sha256) = 'text'
  and length(sha256) = 64 and sha256 not glob '*[^0-9a-f]*')"""
"""A row that is no such copy is ignored: its hash is sent in a header."""

# Width and hash precede the content in a row, so that no copy is read for this.
_COPIES = f"""(
  select group_concat(width || ' ' || substr(sha256, 1, {FINGERPRINT}))
  from image_renditions where image_id = {{image}}.id and {_IS_COPY}
)"""

IMAGE_SQL = f"""
select images.id as image_id, substr(images.url, 1, {LONGEST_ADDRESS + 1}) as image_url,
  images.width as image_width, images.height as image_height, {{image_stored}} as image_stored
from images where images.id = :key"""

MOST_OWN = 100
"""Images of one record that are looked for in its text."""

OWN_SQL = f"""
select article_images.article_id, images.id as image_id,
  substr(images.url, 1, {LONGEST_ADDRESS + 1}) as image_url,
  images.width as image_width, images.height as image_height, {{image_stored}} as image_stored
from article_images join images on images.id = article_images.image_id
where article_images.article_id in ({{places}}) and article_images.position < {MOST_OWN}"""

LEAD_SQL = """
select images.id from articles join images on images.id = articles.image_id
where articles.id = :article and images.url = :url"""

# The smallest copy that is wide enough, else the widest.
RENDITION_SQL = f"""
select width, type, sha256, length(content) as size from image_renditions
where image_id = :key and {_IS_COPY}
order by width >= :width desc, case when width >= :width then width else -width end
limit 1"""

CONTENT_SQL = """
select content from image_renditions
where image_id = :key and width = :width and sha256 = :sha256"""

# SQLite stores the length of a blob before it: no copy is read for this.
COPIES_SQL = f"""
select image_id, width, height, type, length(content) as size from image_renditions
where image_id in ({{places}}) and {_IS_COPY} order by image_id, width"""

LABEL_SQL = 'select "{label}" from "{table}" where "{key}" = :key'


def stored(view: ArchiveView, image: str) -> str:
    """Return the SQL that tells which copies of an image are stored: `picture` reads it."""
    return _COPIES.format(image=image) if view.has_copies else "null"


def picture(view: ArchiveView, row: Any, prefix: str, **more: Any) -> Picture | None:
    """Return the Picture in the columns `PREFIX_id`, `PREFIX_url` ..., None where there is none."""
    if row[f"{prefix}_id"] is None or not view.sees("images"):
        return None
    return Picture(
        id=row[f"{prefix}_id"],
        url=remote_url(view, row[f"{prefix}_url"]),
        width=row[f"{prefix}_width"],
        height=row[f"{prefix}_height"],
        copies=_copies(row[f"{prefix}_stored"]),
        **more,
    )


def _copies(text: str | None) -> tuple[tuple[int, str], ...]:
    pairs = (each.partition(" ") for each in (text or "").split(","))
    # Other programs may have written what is no width.
    return tuple(
        sorted(
            (int(width), fingerprint)
            for width, _, fingerprint in pairs
            if width.isascii() and width.isdecimal() and len(width) <= LONGEST_WIDTH
        )
    )


def remote_url(view: ArchiveView, url: str | None) -> str | None:
    """Return where an image is on the web; None if nowhere, or if the site does not show it."""
    if url is None or not view.shows_remote:
        return None
    return web_url(absolute_url(url, view.base_url))


async def find_image(view: ArchiveView, key: str) -> Picture | None:
    """Return an image, None if there is none with this key."""
    sql = IMAGE_SQL.format(image_stored=stored(view, "images"))
    rows = await view.ask(sql, {"key": key})
    return picture(view, rows[0], "image") if rows else None


async def find_own(view: ArchiveView, articles: Sequence[str]) -> dict[tuple[str, str], Picture]:
    """Return the images that the records of these articles name, by the key of the article and
    a hash of the image's URL as written (`image_id`)."""
    if not articles or not view.sees("images", "article_images"):
        return {}
    places = ", ".join("?" for _ in articles)
    sql = OWN_SQL.format(image_stored=stored(view, "images"), places=places)
    found = {}
    for row in await view.ask(sql, articles):
        image = picture(view, row, "image")
        if image is not None:
            found[row["article_id"], image_id(row["image_url"])] = image
    return found


async def find_lead(view: ArchiveView, article: str, url: str) -> str | None:
    """Return the key of an article's lead image if that has this URL, else None."""
    if not view.sees("articles"):
        return None
    rows = await view.ask(LEAD_SQL, {"article": article, "url": url})
    return str(rows[0][0]) if rows else None


async def find_rendition(view: ArchiveView, key: str, width: int) -> Any:
    """Return width, type, sha256 and size of the copy nearest to a width, None without any."""
    rows = await view.ask(RENDITION_SQL, {"key": key, "width": width}) if view.has_copies else []
    return rows[0] if rows else None


async def find_content(view: ArchiveView, key: str, copy: Any) -> bytes | None:
    """Return the bytes of such a copy, None if it was renewed just now."""
    values = {"key": key, "width": copy["width"], "sha256": copy["sha256"]}
    rows = await view.ask(CONTENT_SQL, values)
    return bytes(rows[0]["content"]) if rows else None


async def find_copies(view: ArchiveView, keys: Sequence[str]) -> dict[str, tuple[Copy, ...]]:
    """Return the stored copies of these images, by the key of the image, the narrowest first."""
    found: dict[str, tuple[Copy, ...]] = {}
    if keys and view.has_copies:
        sql = COPIES_SQL.format(places=", ".join("?" for _ in keys))
        for row in await view.ask(sql, keys):
            copy = Copy(row["width"], row["height"], row["type"], row["size"])
            found[row["image_id"]] = (*found.get(row["image_id"], ()), copy)
    return found


async def find_label(view: ArchiveView, table: str, label: str, key: str, value: str) -> str | None:
    """Return what a row of another table is called. The names are those of the schema."""
    rows = await view.ask(LABEL_SQL.format(label=label, table=table, key=key), {"key": value})
    return None if not rows or rows[0][0] is None else str(rows[0][0])
