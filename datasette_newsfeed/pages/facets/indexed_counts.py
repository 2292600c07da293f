"""The rows of a page's filters as one set, computed once for all facets of the page.

The set comes from the facet index, if the archive has one that is up to date. Else there is
no set, and each facet counts by SQL.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from datasette.database import QueryInterrupted
from pyroaring import BitMap

from ... import facet_index
from ...facet_index import FacetIndex
from .. import compat
from ..protocols import DatasetteLike, RequestLike
from ..sql_conditions import split
from .counted_rows import Rows
from .index_conditions import MOST_UNCERTAIN, Clock, Conditions, Known

BUDGET = 5
"""The set is found once for all facets of a page, within the time of so many of them."""

MOST_KEPT = 32
"""Row sets that are kept for the next page of the same filters; 125 kB each at a million."""

_SELECT = re.compile(r"select .+? from \[?articles\]? ?(?:where (?P<where>.*))?", re.S)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tally:
    """Some rows of an archive, to be counted by any of the facets that the index has."""

    index: FacetIndex
    rows: BitMap

    def counts(self, facet: str) -> dict[Any, int]:
        """Return how many of the rows each value of a facet has."""
        return self._counts(self.index.facets[facet])

    def counts_by(
        self, facet: str, name: Hashable, group: Callable[[Any], Hashable]
    ) -> dict[Any, int]:
        """Return the same for groups of values; `name` is that of the grouping."""
        return self._counts(self.index.grouped(facet, name, group))

    def _counts(self, sets: Mapping[Any, BitMap]) -> dict[Any, int]:
        if self.rows is self.index.articles:
            return {value: len(members) for value, members in sets.items()}
        return facet_index.counts(sets, self.rows)


@dataclass(frozen=True, slots=True)
class Page:
    """How many articles a selection has, and the row numbers of its newest, in their order."""

    count: int
    newest: tuple[int, ...]


@dataclass(slots=True)
class _Shelf:
    """What is kept of one database: its index as last seen, and row sets found by it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    index: FacetIndex | None = None
    sets: OrderedDict[Hashable, BitMap] = field(default_factory=OrderedDict)
    has_warned: bool = False

    def open(self, conn: sqlite3.Connection, database: str) -> FacetIndex | None:
        """Return the index as the transaction of this connection sees it."""
        with self.lock:
            found = facet_index.current(conn, self.index)
            if found is not None and self.index is not None and found is not self.index:
                self.sets.clear()
            self.index = found
            is_untrusted = found is None and facet_index.exists(conn)
            if is_untrusted and not self.has_warned:
                _log.warning(
                    "The facet index of %s does not agree with its tables any more; facets are "
                    "counted by SQL until the next `newsfeed import`",
                    database,
                )
            self.has_warned = is_untrusted
            return found

    def kept(self, key: Hashable) -> BitMap | None:
        """Return a set that was found before."""
        with self.lock:
            if key in self.sets:
                self.sets.move_to_end(key)
            return self.sets.get(key)

    def keep(self, key: Hashable, rows: BitMap) -> None:
        """Keep a set, and let the one go that nobody asked for longest."""
        with self.lock:
            self.sets[key] = rows
            if len(self.sets) > MOST_KEPT:
                self.sets.popitem(last=False)


_shelves: WeakKeyDictionary[Any, dict[str, _Shelf]] = WeakKeyDictionary()


async def find_tally(
    datasette: DatasetteLike, request: RequestLike, database: str, rows: Rows
) -> Tally | None:
    """Return these rows of articles to be counted, None where SQL must count them.

    Asked by every facet of a page, found once. Raises QueryInterrupted where it takes too long.
    """
    known = compat.notes(request)
    key = ("tally", database, rows.sql, tuple(sorted(rows.params.items())))
    if key not in known:
        known[key] = asyncio.ensure_future(_find(datasette, database, rows))
    found: Tally | None = await known[key]
    return found


async def _find(datasette: DatasetteLike, database: str, rows: Rows) -> Tally | None:
    select = _SELECT.fullmatch(rows.sql.strip())
    parts = split(select["where"]) if select and select["where"] else []
    if select is None or parts is None:
        return None
    shelf = _shelf_of(datasette, database)
    limit = _limit(datasette)

    def ask(conn: sqlite3.Connection) -> Tally | None:
        with _within(conn, limit, rows) as clock, _snapshot(conn):
            index = shelf.open(conn, database)
            if index is None:
                return None
            key = _key(index, select["where"], rows.params)
            found = shelf.kept(key)
            if found is None:
                found = _rows(conn, index, parts, rows.params, clock)
                shelf.keep(key, found)
            return Tally(index, found)

    tally: Tally | None = await datasette.get_database(database).execute_fn(ask)
    return tally


def _shelf_of(datasette: DatasetteLike, database: str) -> _Shelf:
    return _shelves.setdefault(datasette, {}).setdefault(database, _Shelf())


def _limit(datasette: DatasetteLike) -> int:
    return min(
        BUDGET * int(datasette.setting("facet_time_limit_ms")),
        int(datasette.setting("sql_time_limit_ms")),
    )


def _key(index: FacetIndex, where: str | None, params: Mapping[str, Any]) -> Hashable:
    return (index.build, index.seq, (where or "").strip(), tuple(sorted(params.items())))


WALKED = 20_000
"""Rows. Where so many of the newest articles are likely to hold a page of a selection, they are
looked through one by one, some microseconds each; else the selection's own are looked up."""

LOOKED_UP = 20_000
"""Rows that are looked up and sorted. For more, Datasette's own statement does as well."""

NEWEST_SQL = "select rowid from articles order by published_at desc, id"
AMONG_SQL = (
    "select rowid from articles where rowid in (select value from json_each(?))"
    " order by published_at desc, id limit ?"
)


async def find_newest(
    datasette: DatasetteLike, database: str, where: str, params: Mapping[str, Any], most: int
) -> Page | None:
    """Return the newest `most` articles of a selection and its size, from the facet index.

    None where the index does not know each of its conditions; its newest are none where SQL finds
    them as fast. Raises QueryInterrupted where it takes too long.
    """
    parts = split(where)
    if not parts:
        return None
    shelf = _shelf_of(datasette, database)

    def ask(conn: sqlite3.Connection) -> Page | None:
        with (
            _within(conn, _limit(datasette), Rows(where, params)) as clock,
            _snapshot(conn),
        ):
            index = shelf.open(conn, database)
            if index is None:
                return None
            key = _key(index, where, params)
            found = shelf.kept(key)
            if found is None:
                conditions = Conditions(conn, index, params, clock)
                known = [conditions.find(part) for part in parts]
                if None in known:
                    return None
                sets = [each.rows for each in known if each is not None]
                found = BitMap.intersection(index.articles, *sets)
                shelf.keep(key, found)
            return Page(len(found), tuple(_newest(conn, found, len(index.articles), most)))

    page: Page | None = await datasette.get_database(database).execute_fn(ask)
    return page


def _newest(conn: sqlite3.Connection, found: BitMap, total: int, most: int) -> list[int]:
    """Return the newest of some rows; none where neither way of finding them pays."""
    if len(found) * WALKED >= total * most:
        newest = []
        # Where the selection lies further back than an even spread would have it, there is an end.
        for (row,) in conn.execute(f"{NEWEST_SQL} limit {WALKED * 2}"):
            if row in found:
                newest.append(row)
                if len(newest) == most:
                    return newest
    if len(found) > LOOKED_UP:
        return []
    rows = conn.execute(AMONG_SQL, [json.dumps(list(found)), most])
    return [row for (row,) in rows]


@contextmanager
def _within(conn: sqlite3.Connection, limit: int, rows: Rows) -> Iterator[Clock]:
    """Stop after so many milliseconds, with the exception of Datasette's own limit."""
    clock = Clock(limit)
    clock.watch(conn, Clock.SELDOM)
    try:
        yield clock
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        raise QueryInterrupted(error, rows.sql, rows.params) from error
    finally:
        conn.set_progress_handler(None, 0)


@contextmanager
def _snapshot(conn: sqlite3.Connection) -> Iterator[None]:
    """Read index and rows of one moment."""
    conn.execute("begin")
    try:
        yield
    finally:
        conn.rollback()


def _rows(
    conn: sqlite3.Connection,
    index: FacetIndex,
    parts: list[str],
    params: Mapping[str, Any],
    clock: Clock,
) -> BitMap:
    if not parts:
        return index.articles
    conditions = Conditions(conn, index, params, clock)
    known: dict[str, Known] = {}
    for part in parts:
        found = conditions.find(part)
        if found is not None:
            known[part] = found
    rows = BitMap.intersection(index.articles, *(each.rows for each in known.values()))
    rest = [part for part in parts if part not in known]
    if not rest or not rows:
        return rows
    # What the index does not know may cost anything by row, such as `body like` a long pattern.
    clock.watch(conn)
    if len(rows) <= MOST_UNCERTAIN and not all(each.is_column for each in known.values()):
        return conditions.among(rows, _joined(rest))
    # Columns have indexes of their own: SQL finds the rest faster among their rows.
    rest += [part for part, each in known.items() if each.is_column]
    sql = f"select rowid as n from articles where {_joined(rest)}"
    return rows & facet_index.rows_of(conn, sql, params)


def _joined(parts: list[str]) -> str:
    return " and ".join(f"({part})" for part in parts)
