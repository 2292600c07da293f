"""Whether a list of articles or stories is shown as cards or as Datasette's table."""

from __future__ import annotations

from datasette.utils import tilde_decode

from .. import compat, other_plugins
from ..access.archives import ArchiveView, view_archive
from ..protocols import DatasetteLike, RequestLike

LAYOUTS = ("cards", "table")
"""The first is the default, where no setting of the plugin says otherwise."""

STORIES = "stories"
LISTS = ("articles", STORIES)
"""What is listed as cards, for who sees articles as well."""


async def view_of_list(
    datasette: DatasetteLike, request: RequestLike, database: str | None, table: str | None
) -> ArchiveView | None:
    """Return the archive whose articles or stories a page lists; None for any other page."""
    if table not in LISTS or database is None or request is None:
        return None
    view = await view_archive(datasette, request, database)
    return view if view is not None and view.sees("articles", table) else None


def layout_of(datasette: DatasetteLike, request: RequestLike, database: str) -> str:
    """Return one of LAYOUTS: the address says which, else the setting `layout`."""
    wanted = request.args.get("_layout")
    if wanted not in LAYOUTS:
        wanted = compat.setting(datasette, database, "layout")
    return wanted if wanted in LAYOUTS else LAYOUTS[0]


async def needs_no_cells(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str
) -> bool:
    """Return whether a request is for a page of cards that draws no cell of Datasette's table.

    A template of the user's may do so, and other plugins may look at the values of rows.
    """
    if request.url_vars.get("format") or not _is_path_of(request, table):
        return False
    if any(key in request.args for key in ("_col", "_nocol")):
        return False
    view = await view_of_list(datasette, request, database, table)
    return (
        view is not None
        and layout_of(datasette, request, database) == LAYOUTS[0]
        and compat.draws_by_ours(datasette, request, database, table)
        and not other_plugins.looks_at_rows(datasette)
        and not await compat.has_column_types(datasette, database, table)
    )


def _is_path_of(request: RequestLike, table: str) -> bool:
    """Return whether a path ends with the table: 1.0 draws single rows of it below."""
    last: str = tilde_decode(request.path.rstrip("/").rpartition("/")[2])
    return last == table
