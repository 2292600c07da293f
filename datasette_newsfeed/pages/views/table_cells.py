"""Values in the cells of Datasette's own tables.

CELLS maps columns to the functions that draw them; all others are left to Datasette.
A thumbnail costs no query: the row has what it needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from datasette.database import QueryInterrupted
from datasette.utils import path_from_row_pks
from markupsafe import Markup, escape

from ... import default_metadata, schema
from ...image_urls import absolute_url, image_id, is_relative
from .. import compat
from ..access.archives import Archive, ArchiveView, find_archive, view_archive
from ..links import Links
from ..picture_places import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries import image_rows
from ..text.link_addresses import web_url
from ..text.plain import shorten
from ..text.word_diff import word_diff

THUMBNAIL = (96, 64)
"""Pixels of the box that a thumbnail keeps free while it loads."""

IMAGE_LABEL = ("images", "url", "id")
"""Table, column of the label and of the key: what 0.65 does not give on a row's page."""

THUMBNAIL_WIDTH = 192
"""Pixels asked for: enough for dense screens."""

SHORT_TEXT = 160
"""Characters of a long text in a list of rows."""

LONG_TEXT = 5_000
"""Characters of a changed text in a list of rows, of which the words around changes are shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and its place in a table. `table` is None on pages of SQL queries."""

    datasette: DatasetteLike
    request: RequestLike
    archive: Archive
    table: str | None
    column: str
    row: Any
    value: Any

    @property
    def links(self) -> Links:
        """The addresses of the archive."""
        return Links(self.datasette, self.archive.database)

    @property
    def key(self) -> Any:
        """The value itself, without the label that Datasette may have added."""
        return self.value["value"] if isinstance(self.value, dict) else self.value

    @property
    def label(self) -> str | None:
        """The label that Datasette added, if it did."""
        return str(self.value["label"]) if isinstance(self.value, dict) else None

    def beside(self, column: str) -> Any:
        """Return the value of another column of the row, None if there is no such column."""
        return self.row[column] if column in self.row.keys() else None  # noqa: SIM118

    def is_on_row_page(self) -> bool:
        """Return whether this row has the page for itself."""
        table = next((table for table in schema.TABLES if table.name == self.table), None)
        if table is None or any(self.beside(name) is None for name in table.primary_key):
            return False
        values = {name: _bare(self.beside(name)) for name in table.primary_key}
        path = path_from_row_pks(values, list(table.primary_key), False)
        return compat.asks_for_row(self.request, table.name, path)


def _bare(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) else value


def _thumbnail(source: str | None, alternative: str) -> Markup:
    if source is None:
        return Markup('<span class="newsfeed-thumbnail newsfeed-thumbnail-empty"></span>')
    return Markup(
        '<img class="newsfeed-thumbnail" src="{}" alt="{}" width="{}" height="{}"'
        ' loading="lazy" decoding="async" referrerpolicy="no-referrer">'
    ).format(source, alternative, *THUMBNAIL)


def _link(address: str, content: str | Markup) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, content)


async def _source(cell: Cell, view: ArchiveView, key: str, url: str | None) -> str | None:
    """Return the address of a thumbnail, None to draw none.

    Our own address leads on to the web by itself, so this needs no query; but where
    nothing is shown from the web, what has no copy must not be asked for.
    """
    if not view.has_copies:
        return image_rows.remote_url(view, url)
    if view.shows_remote:
        return cell.links.image(key, THUMBNAIL_WIDTH)
    picture = await image_rows.find_image(view, key)
    return Pictures(view, cell.links).source(picture, THUMBNAIL_WIDTH)


async def draw_image(cell: Cell) -> Markup | None:
    """An `image_id`: the picture, leading to its row."""
    if cell.key is None:
        return None
    view = await view_archive(cell.datasette, cell.request, cell.archive.database)
    if view is None or not view.sees("images"):
        return escape(cell.key)
    if cell.label is None and not cell.is_on_row_page():
        return None  # the visitor asked for keys without labels
    url = cell.label
    if url is None and not view.has_copies:
        url = await image_rows.find_label(view, *IMAGE_LABEL, cell.key)
    source = await _source(cell, view, str(cell.key), url)
    words = cell.beside("title") or cell.beside("name") or "Image"
    return _link(cell.links.row("images", cell.key), _thumbnail(source, str(words)))


async def draw_image_url(cell: Cell) -> Markup | None:
    """The `url` in the table of images: the picture and its address."""
    view = await view_archive(cell.datasette, cell.request, cell.archive.database)
    if view is None:
        return None
    url = str(cell.value)
    address = web_url(absolute_url(url, view.base_url))
    key = cell.beside("id") or await _key_of(cell, view, url)
    source = await _source(cell, view, str(key), url) if key else None
    text = cell.value if cell.is_on_row_page() else shorten(str(cell.value), SHORT_TEXT)
    return Markup('<span class="newsfeed-picture-cell">{}{}</span>').format(
        _thumbnail(source, ""), _link(address, text) if address else text
    )


async def _has_image(view: ArchiveView, key: str) -> bool:
    return view.sees("images") and await image_rows.find_image(view, key) is not None


async def draw_any_image_url(cell: Cell) -> Markup | None:
    """An `image_url` in the answer to a query.

    Anybody can write a link to a query, so only images that the archive has are shown.
    """
    words = str(cell.beside("title") or "Image")
    view = await view_archive(cell.datasette, cell.request, cell.archive.database)
    if view is None or not isinstance(cell.value, str):
        return None
    key = await _key_of(cell, view, cell.value)
    if key is None or (cell.table is None and not await _has_image(view, key)):
        return None
    source = await _source(cell, view, key, cell.value)
    if view.has_copies:
        return _link(cell.links.row("images", key), _thumbnail(source, words))
    address = web_url(absolute_url(cell.value, view.base_url))
    return None if address is None else _link(address, _thumbnail(source, words))


async def _key_of(cell: Cell, view: ArchiveView, url: str) -> str | None:
    """Return the key of an image with this URL, None where the row does not tell.

    It is made from the URL, but for a relative one: of many `cover.png` the one that is meant is
    that of the article in the same row.
    """
    if not is_relative(url):
        return image_id(url)
    article = cell.beside("id")
    return await image_rows.find_lead(view, str(article), url) if article else None


async def draw_long_text(cell: Cell) -> Markup | None:
    """A text that may be long and hold anything: its beginning; all of it on the row's page."""
    if not isinstance(cell.value, str) or not cell.value:
        return None
    if not cell.is_on_row_page():
        return shorten(" ".join(cell.value[: 4 * SHORT_TEXT].split()), SHORT_TEXT)
    if len(cell.value) <= SHORT_TEXT:
        return escape(cell.value)
    return Markup(
        '<details class="newsfeed-long"><summary>{}</summary><pre>{}</pre></details>'
    ).format(shorten(cell.value, SHORT_TEXT), cell.value)


async def draw_versioned(cell: Cell) -> Markup | None:
    """The article of a change or version, which may be removed: its history."""
    return _link(cell.links.history(str(cell.key)), shorten(str(cell.key), SHORT_TEXT))


async def draw_change(cell: Cell) -> Markup | None:
    """The text after a change, with what went and what came marked."""
    if cell.is_on_row_page():
        return await draw_long_text(cell)
    before, after = (str(cell.beside(name) or "")[:LONG_TEXT] for name in ("before", "after"))
    return await asyncio.to_thread(word_diff, before, after)


async def draw_reference(cell: Cell) -> Markup | None:
    """A foreign key. Datasette draws it, where it asks first and adds the label itself."""
    other, key_column = REFERENCES[(str(cell.table), cell.column)]
    if cell.key is None:
        return None
    view = await view_archive(cell.datasette, cell.request, cell.archive.database)
    if view is None or not view.sees(other):
        return escape(cell.key)
    if cell.label is not None or not cell.is_on_row_page():
        return None
    label_column = default_metadata.LABELS.get(other, key_column)
    label = await image_rows.find_label(view, other, label_column, key_column, cell.key)
    link = _link(cell.links.row(other, cell.key), label or cell.key)
    if label is None or label == cell.key:
        return link
    return Markup("{}&nbsp;<em>{}</em>").format(link, cell.key)


def _references() -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    for table in schema.TABLES:
        for column in table.columns:
            if column.references:
                other, _, key = column.references.rstrip(")").partition("(")
                found[(table.name, column.name)] = (other, key)
    return found


REFERENCES = _references()
"""Foreign keys: table and column -> table and column they lead to."""

Draw = Callable[[Cell], Awaitable[Markup | None]]

CELLS: dict[tuple[str | None, str], Draw] = {
    **{
        key: draw_image if other == "images" else draw_reference
        for key, (other, _) in REFERENCES.items()
    },
    ("images", "url"): draw_image_url,
    (None, "image_url"): draw_any_image_url,
    (schema.ARTICLE_LIST, "image_url"): draw_any_image_url,
    ("articles", "body"): draw_long_text,
    ("articles", "featured_content"): draw_long_text,
    ("articles", "extra"): draw_long_text,
    ("related_articles", "extra"): draw_long_text,
    ("article_versions", "article_id"): draw_versioned,
    ("article_changes", "article_id"): draw_versioned,
    ("article_changes", "before"): draw_long_text,
    ("article_changes", "after"): draw_change,
    ("removed_articles", "excerpt"): draw_long_text,
    ("removed_articles", "body"): draw_long_text,
}


def draw_cell(
    datasette: DatasetteLike,
    request: RequestLike,
    database: str | None,
    table: str | None,
    column: str,
    **more: Any,
) -> Callable[[], Awaitable[Markup | None]] | None:
    """Return a call for what a cell shows, None to leave it to Datasette.

    `more` is the row and the value. Datasette makes the call unless another plugin has drawn
    the cell; a coroutine would be left without anybody to await it.
    """
    draw = CELLS.get((table, column))
    if draw is None or database is None or more["value"] in (None, ""):
        return None
    return partial(_draw, draw, datasette, request, database, table, column, **more)


async def _draw(
    draw: Draw,
    datasette: DatasetteLike,
    request: RequestLike,
    database: str,
    table: str | None,
    column: str,
    row: Any,
    value: Any,
) -> Markup | None:
    request = await compat.current_request(datasette, request)
    archive = await find_archive(datasette, request, database)
    if archive is None:
        return None
    try:
        return await draw(Cell(datasette, request, archive, table, column, row, value))
    except QueryInterrupted:  # then Datasette shows the plain value
        return None
