"""The masthead: the name of an archive, its lists, the search field, on every page of it."""

from __future__ import annotations

from dataclasses import dataclass

from datasette.database import QueryInterrupted

from ...default_metadata import TITLE
from .. import compat
from ..access.archives import FULL_TEXT, ArchiveView, view_archive
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries.counts import find_filled

SETTING = "masthead"
"""False turns the masthead off."""

LISTS = ("articles", "stories", "topics", "providers")
"""The tables that it leads to, in this order, where they are not empty."""

LONGEST_WORDS = 300
"""Characters of what was searched for, which the field shows again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A list of the archive. current: "page" on the list itself, "true" on a page of one of it."""

    label: str
    url: str
    current: str | None


@dataclass(frozen=True, slots=True)
class Masthead:
    """What the masthead of one page shows. search_url: None without a full text to be seen.

    list_url: the page of lists made by hand.
    """

    name: str
    url: str
    entries: tuple[Entry, ...]
    list_url: str | None
    search_url: str | None
    words: str
    skip_to: str
    skip_words: str


async def find_masthead(
    datasette: DatasetteLike,
    request: RequestLike | None,
    database: str | None,
    *,
    table: str | None = None,
    kind: str | None = None,
    has_cards: bool = False,
) -> Masthead | None:
    """Return the masthead of a page, None for one that is of no archive or has it turned off.

    `kind` is that of Datasette's page, such as "index" or "row"; `has_cards`: it is a list of them.
    """
    if request is None:
        return None
    view = await _find_view(datasette, request, database, kind)
    if view is None or compat.setting(datasette, view.database, SETTING) is False:
        return None
    try:
        filled = await find_filled(view, LISTS)
    except QueryInterrupted:
        filled = LISTS
    links = Links(datasette, view.database)
    found = "q" if request.args.get("q") is not None else "_search"
    return Masthead(
        name=await name_of(datasette, view.database),
        url=links.database(),
        entries=tuple(
            Entry(name.capitalize(), links.table(name), _current(name, table, kind))
            for name in filled
            if view.sees(name)
        ),
        list_url=links.list_of() if view.sees("articles") else None,
        search_url=links.search() if view.sees("articles", FULL_TEXT) else None,
        words=(request.args.get(found) or "")[:LONGEST_WORDS],
        skip_to="newsfeed-articles" if has_cards else "newsfeed-content",
        skip_words=f"Skip to the {table}" if has_cards else "Skip to the content",
    )


async def name_of(datasette: DatasetteLike, database: str) -> str:
    """Return what readers call an archive: its title, else the name of its database."""
    title = await compat.database_text(datasette, database, "title")
    # The title that nobody wrote is longer than a name has to be.
    return database if title in (None, "", TITLE.format(database=database)) else str(title)


def _current(name: str, table: str | None, kind: str | None) -> str | None:
    if name != table:
        return None
    return "true" if kind == "row" else "page"


async def _find_view(
    datasette: DatasetteLike, request: RequestLike, database: str | None, kind: str | None
) -> ArchiveView | None:
    """Return the archive of a page; of the front page the only one that there is to be seen."""
    if database is not None:
        if database not in datasette.databases:
            return None
        view = await view_archive(datasette, request, database)
        return view if view is not None and view.tables else None
    return await find_only(datasette, request) if kind == "index" else None


async def find_only(datasette: DatasetteLike, request: RequestLike) -> ArchiveView | None:
    """Return the archive of a site that serves nothing else; None for who sees no articles."""
    names = [name for name, db in datasette.databases.items() if db.path is not None]
    view = await view_archive(datasette, request, names[0]) if len(names) == 1 else None
    return view if view is not None and view.sees("articles") else None
