"""What happens once, when Datasette starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from datasette.utils import StartupError

from .. import default_metadata
from . import compat, other_plugins
from .access.archives import find_archive
from .headers import frames, page_cache
from .protocols import DatasetteLike


@contextmanager
def _said(setting: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise StartupError(f"datasette-newsfeed: {setting}: {error}") from None


async def start(datasette: DatasetteLike) -> None:
    """Check the settings, and give each archive its titles, order, labels and facets.

    Raises StartupError, which ends `datasette serve` with its message, where Datasette's version
    is not supported or a setting cannot be read.
    """
    compat.refuse_unsupported()
    with _said(compat.site_url.SETTING):
        compat.site_url.check(datasette)
    with _said(page_cache.SETTING):
        page_cache.check(datasette)
    for database in datasette.databases:
        with _said(frames.SETTING):
            frames.read(compat.setting(datasette, database, frames.SETTING))
    await apply_defaults(datasette)


async def _columns_of(db: Any, table: str) -> list[str]:
    """Return the columns of a table or view; none where it is not there or cannot be read."""
    try:
        columns: list[str] = await db.table_columns(table)
    except sqlite3.DatabaseError:
        return []  # as of a view on nothing: its own page says what is wrong
    return columns


async def apply_defaults(datasette: DatasetteLike) -> None:
    """Give each archive that is there when Datasette starts its titles, order, labels, facets."""
    for database in list(datasette.databases):
        archive = await find_archive(datasette, None, database)
        if archive:
            given = default_metadata.of_database(
                database,
                has_fetches=archive.has_fetches,
                columns=archive.columns,
                hides_references=not other_plugins.fails_on_hidden_references(),
            )
            for table in default_metadata.SIZES:
                # Datasette refuses to show more rows on a page than one answer may have.
                most = datasette.setting("max_returned_rows")
                given["tables"][table]["size"] = min(given["tables"][table]["size"], most)
            for table in default_metadata.LONG_TEXTS:
                # The existing columns: some of ours may be missing, others may be added.
                columns = await _columns_of(datasette.get_database(database), table)
                if columns:
                    allowed = default_metadata.sortable_columns(table, columns)
                    given["tables"][table]["sortable_columns"] = allowed
            await compat.apply_defaults(datasette, database, given)
