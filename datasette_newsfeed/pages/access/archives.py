"""Which databases are news archives, and what a visitor may see of one.

An archive is recognised by its tables and columns, which are read once for each state of its
file. Permissions are checked once per request.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from datasette.database import QueryInterrupted
from datasette.utils import sqlite_timelimit, tilde_decode
from datasette.utils.asgi import NotFound

from ... import facet_index_schema, schema
from .. import compat
from ..protocols import DatasetteLike, RequestLike
from . import permissions
from .column_types import typed
from .database_state import file_state
from .query_batch import QueryBatch, Values
from .table_structure import keep_structure


@dataclass(frozen=True, slots=True)
class Archive:
    """A database that is a news archive.

    tables: those that pages read something from, the full text among them. columns: those of each
    table, of which an archive that another version made has fewer or more. base_url: the site to
    which image URLs without a host belong.
    """

    database: str
    tables: tuple[str, ...]
    columns: Mapping[str, Collection[str]]
    has_facet_index: bool
    base_url: str | None

    @property
    def has_copies(self) -> bool:
        """Return whether there are stored images."""
        return schema.IMAGE_RENDITIONS.name in self.tables

    @property
    def has_fetches(self) -> bool:
        """Return whether it is known what became of the images on the web."""
        return schema.IMAGE_FETCHES.name in self.tables

    def knows(self, dimension: str) -> bool:
        """Return whether the rows are there that tell of a dimension: of images, of histories."""
        needs = {
            "dead_image": self.has_fetches,
            "changed": schema.ARTICLE_VERSIONS.name in self.tables,
        }
        return needs.get(dimension, True)


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """One archive as one visitor may see it.

    has_copies: there are stored images to be shown; shows_remote: others are shown
    from where they are on the web.
    """

    datasette: DatasetteLike
    database: str
    tables: frozenset[str]
    has_copies: bool
    shows_remote: bool = True
    base_url: str | None = None
    request: RequestLike | None = None
    columns: Mapping[str, Collection[str]] = field(
        default_factory=lambda: schema.COLUMNS, compare=False
    )
    """The columns that each table has, whether or not the visitor may see the table."""
    batch: QueryBatch = field(init=False, compare=False, repr=False)
    """Rows by query: a panel and the head of its page need the same."""

    def __post_init__(self) -> None:
        """Begin without an answer."""
        batch = QueryBatch(self.datasette.get_database(self.database))
        object.__setattr__(self, "batch", batch)

    def sees(self, *tables: str) -> bool:
        """Return whether the visitor may see all of these tables."""
        return self.tables.issuperset(tables)

    def has(self, table: str, *columns: str) -> bool:
        """Return whether a table has these columns, which an older version may not have made."""
        return set(columns) <= set(self.columns.get(table, ()))

    async def ask(self, sql: str, values: Values = ()) -> list[Any]:
        """Return the rows of a query, which runs once per request.

        Those asked for at the same time run in one turn of a thread. Raises QueryInterrupted past
        Datasette's time limit.
        """
        try:
            return await self.batch.rows(sql, values)
        except QueryInterrupted:
            compat.note_late(self.request)
            raise


# Of tables with rows of their own: views and virtual tables, of which anything may be asked and any
# query may fail, have no root page (https://www.sqlite.org/schematab.html).
COLUMNS_SQL = """
select tables.name as table_name, columns.name as column_name
from sqlite_master as tables, pragma_table_info(tables.name) as columns
where tables.type = 'table' and tables.rootpage > 0 and tables.name in ({names})"""

# What comes later than the articles, if at all: by the table that tells whether it is there. Of a
# history in which nothing was removed the other tables are part all the same.
_LATER: Mapping[str, Sequence[schema.Table]] = {
    schema.IMAGE_RENDITIONS.name: (schema.IMAGE_RENDITIONS,),
    schema.IMAGE_FETCHES.name: (schema.IMAGE_FETCHES,),
    schema.ARTICLE_VERSIONS.name: schema.HISTORY_TABLES,
}
_FILLED_SQL = {name: f"select 1 from {name} limit 1" for name in _LATER}
BASE_SQL = "select base_url from image_base limit 1"

DETECTION_LIMIT_MS = 10_000

IMAGES = ("both", "stored", "remote")
"""The setting `images`: stored ones, else those on the web; or only one of the two."""

_log = logging.getLogger(__name__)

ACROSS = "_memory"
"""Where Datasette answers queries across databases."""

UNLISTED = frozenset((ACROSS, "_internal"))
"""Databases of Datasette's own, of which its front page has no tables."""

FULL_TEXT = f"{schema.ARTICLES.name}_fts"
FULL_TEXT_SQL = f"""
select 1 from sqlite_master where type = 'table' and name = '{FULL_TEXT}'
and lower(sql) like 'create virtual table%using fts5%'"""
MATCH_SQL = f"select rowid from {FULL_TEXT} where {FULL_TEXT} match 'a' limit 1"
TABLE_SQL = "select 1 from sqlite_master where type = 'table' and name = ?"

_archives: WeakKeyDictionary[Any, dict[str, tuple[object, Archive | None]]] = WeakKeyDictionary()


async def find_archive(
    datasette: DatasetteLike, request: RequestLike | None, database: str
) -> Archive | None:
    """Return the archive in a database, else None. Reads its tables once per state of the file."""
    known = compat.notes(request)
    key = ("archive", database)
    if key not in known:
        db = datasette.get_database(database)
        state = file_state(db)
        found = _archives.setdefault(datasette, {})
        if state is None or database not in found or found[database][0] != state:
            try:
                archive = await _detect_archive(db, database)
            except sqlite3.DatabaseError as error:
                # Such as a view or virtual table of a name of ours that is broken: its own pages
                # say so, and all other databases are served.
                _log.warning("%s is not shown as a news archive: %s", database, error)
                archive = None
            if archive is not None:
                keep_structure(db)
            found[database] = (state, archive)
        known[key] = found[database][1]
    seen: Archive | None = known[key]
    return seen


def requested_databases(datasette: DatasetteLike, scope: Mapping[str, Any]) -> list[str]:
    """Return the databases that a request is for: one, or for the front page all it lists."""
    path = scope.get("raw_path") or scope["path"].encode()
    path = path.partition(b"?")[0].decode("ascii", "replace")
    base = datasette.setting("base_url")
    first = path.removeprefix(base).lstrip("/").partition("/")[0].partition(".")[0]
    databases = datasette.databases
    if first:
        route = tilde_decode(first)
        return [name for name, db in databases.items() if (db.route or name) == route]
    return [name for name in databases if name not in UNLISTED]


def is_archive(conn: sqlite3.Connection) -> bool:
    """Return whether a connection is to a news archive, and not to one that cannot be read."""
    try:
        columns = _columns(conn, schema.CORE_TABLES)
    except sqlite3.DatabaseError:
        return False  # Datasette itself says what is wrong with a file when it is asked for it
    return schema.is_archive(columns)


async def _detect_archive(db: Any, database: str) -> Archive | None:
    def ask(conn: sqlite3.Connection) -> Archive | None:
        # Not the time limit of a page's queries: each of these reads a few rows, and where a
        # machine is busy the site is no less an archive. A crafted file ends here, too.
        with sqlite_timelimit(conn, DETECTION_LIMIT_MS):
            return _read_archive(conn, database)

    archive: Archive | None = await db.execute_fn(ask)
    return archive


def _read_archive(conn: sqlite3.Connection, database: str) -> Archive | None:
    columns = _columns(conn, schema.TABLES)
    if not schema.is_archive(columns):
        return None
    usable = schema.usable_tables(columns)
    empty = {
        table.name
        for head, tables in _LATER.items()
        if head not in usable or conn.execute(_FILLED_SQL[head]).fetchone() is None
        for table in tables
    }
    # What is empty is as good as not there, and need not be asked for on each page.
    tables = [name for name in usable if name not in empty]
    if _has_full_text(conn):
        tables.append(FULL_TEXT)
    has_facet_index = conn.execute(TABLE_SQL, [facet_index_schema.NAME]).fetchone() is not None
    base_url = None
    if schema.IMAGE_BASE.name in usable:
        cursor = conn.execute(BASE_SQL)
        names = [column[0] for column in cursor.description]
        base_url = next((row[0] for row in typed(cursor.fetchmany(1), names)), None)
    return Archive(database, tuple(tables), columns, has_facet_index, base_url)


def _columns(conn: sqlite3.Connection, tables: Iterable[schema.Table]) -> dict[str, list[str]]:
    """Return the columns of those of these tables that a database has."""
    names = [table.name for table in tables]
    sql = COLUMNS_SQL.format(names=", ".join("?" for _ in names))
    columns: dict[str, list[str]] = {}
    for table, column in conn.execute(sql, names):
        columns.setdefault(table, []).append(column)
    return columns


def _has_full_text(conn: sqlite3.Connection) -> bool:
    """Return whether articles can be searched: a table of that name may be no full text."""
    if conn.execute(FULL_TEXT_SQL).fetchone() is None:
        return False
    try:
        conn.execute(MATCH_SQL).fetchone()
    except sqlite3.DatabaseError:
        return False
    return True


async def view_archive(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> ArchiveView | None:
    """Return what the visitor may see of a database, None if it is not an archive."""
    known = compat.notes(request)
    key = ("view", database)
    if key not in known:
        # 1.0 draws the parts of a page side by side: noted only when all of it is known.
        known[key] = await _view_archive(datasette, request, database)
    view: ArchiveView | None = known[key]
    return view


async def view_requested(datasette: DatasetteLike, request: RequestLike) -> ArchiveView | None:
    """Return what the visitor may see of the archive that a page of ours is asked about.

    None for a database that is no archive; raises NotFound for an address of no database.
    """
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"])).name
    except KeyError as error:
        raise NotFound("Database not found") from error
    return await view_archive(datasette, request, database)


async def view_archives(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> list[ArchiveView]:
    """Return the archives whose articles the pages of a database can name and the visitor may see.

    That is the database itself; for queries across databases (`--crossdb`) it is each archive.
    """
    is_across = datasette.crossdb and database == ACROSS
    names = list(datasette.databases) if is_across else [database]
    views = [await view_archive(datasette, request, name) for name in names]
    return [view for view in views if view is not None and view.sees(schema.ARTICLES.name)]


async def view_tables(
    datasette: DatasetteLike, request: RequestLike, database: str, *tables: str
) -> ArchiveView | None:
    """Return what the visitor may see of these tables alone, None if this is not an archive.

    For what is requested a dozen times per page, such as images: checking every table costs
    more than all the rest of the answer.
    """
    archive = await find_archive(datasette, request, database)
    return await _make_view(datasette, request, archive, tables) if archive else None


async def _view_archive(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> ArchiveView | None:
    archive = await find_archive(datasette, request, database)
    if archive is None:
        return None
    return await _make_view(datasette, request, archive, archive.tables)


async def _make_view(
    datasette: DatasetteLike, request: RequestLike, archive: Archive, names: Iterable[str]
) -> ArchiveView:
    database = archive.database
    tables = await permissions.viewable(datasette, request, database, names)
    has_copies = archive.has_copies and {"images", "image_renditions"} <= tables
    images = images_from(datasette, database)
    return ArchiveView(
        datasette,
        database,
        tables,
        has_copies=has_copies and images != "remote",
        shows_remote=images != "stored",
        base_url=archive.base_url,
        request=request,
        columns=archive.columns,
    )


def images_from(datasette: DatasetteLike, database: str) -> str:
    """Return the setting `images`: one of IMAGES; the default if the value is unknown."""
    wanted = compat.setting(datasette, database, "images")
    return wanted if wanted in IMAGES else IMAGES[0]
