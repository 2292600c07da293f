"""Datasette's own facets on the tables of an archive: the same results, faster.

The column facet of an archive's articles is counted by the facet index, and has the same
counts on each page of a list. Suggestions read some rows only. Other tables are left to
Datasette.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.database import QueryInterrupted, Results
from datasette.facets import ArrayFacet, ColumnFacet, DateFacet, Facet
from datasette.utils.asgi import Request
from datasette.utils.sqlite import sqlite3

from ... import facet_index_schema, schema
from ..access.archives import find_archive
from ..filters.query_string import plain_key
from ..protocols import DatasetteLike, RequestLike
from .filter_sql import Rows, page_rows
from .indexed_counts import find_tally

SAMPLE = 1000
"""Rows by which suggestions are made. 0.65 looks at all of them, three times a column."""

TABLES = frozenset(table.name for table in schema.TABLES)


class _Sampled(Facet):
    """Suggestions by the first rows of a table; on 0.65 those take a second at a million."""

    async def suggest(self) -> Any:
        if self.table not in TABLES or not await find_archive(self.ds, self.request, self.database):
            return await super().suggest()
        sampled = copy.copy(self)
        sampled.sql = f"select * from (select * from {self.table} limit {SAMPLE})"
        sampled.params = {}
        return await super(_Sampled, sampled).suggest()


class NewsColumnFacet(_Sampled, ColumnFacet):
    """Values of a column with their rows."""

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the facets asked for, and the names of those that took too long."""
        is_ours = self.table == schema.ARTICLES.name and await find_archive(
            self.ds, self.request, self.database
        )
        if not is_ours:
            found: tuple[list[dict[str, Any]], list[str]] = await super().facet_results()
            return found
        results: list[dict[str, Any]] = []
        timed_out: list[str] = []
        rows = await page_rows(self)
        for config in self.get_configs():
            alone = copy.copy(self)
            alone.request = _with_plain_keys(self.request)
            alone.get_configs = lambda config=config: [config]
            alone.sql = rows.sql
            column = config["config"].get("column") or config["config"].get("simple")
            try:
                counted = await self._counted(column, rows)
            except (QueryInterrupted, sqlite3.OperationalError):
                timed_out.append(column)
                continue
            if counted is not None:
                alone.ds = _Counted(self.ds, counted)
            done, late = await super(NewsColumnFacet, alone).facet_results()
            results += done
            timed_out += late
        return results, timed_out

    async def _counted(self, column: str, rows: Rows) -> list[Mapping[str, Any]] | None:
        if column not in facet_index_schema.COLUMNS:
            return None
        tally = await find_tally(self.ds, self.request, self.database, rows)
        if tally is None or column not in tally.index.facets:
            return None
        counts = [(v, n) for v, n in tally.counts(column).items() if v is not None]
        counts.sort(key=lambda each: (-each[1], *_place(each[0])))
        return [{"value": v, "count": n} for v, n in counts[: self.get_facet_size() + 1]]


def _with_plain_keys(request: RequestLike) -> Any:
    """Return the request with `type=video` where its address has `type__exact=video`.

    Datasette's filter form writes the longer one, by which 0.65 recognises no value as chosen.
    """
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    plain = [(plain_key(key), value) for key, value in pairs]
    if plain == pairs:
        return request
    query = urlencode(list(dict.fromkeys(plain))).encode()
    return Request({**request.scope, "query_string": query}, None)


def _place(value: Any) -> tuple[int, Any]:
    """Where SQLite sorts a value: numbers, texts, then the rest."""
    kinds: Iterable[Any] = ((int, float), str, bytes)
    return next(n for n, kind in enumerate(kinds) if isinstance(value, kind)), value


class _Counted:
    """A Datasette whose next query is answered already."""

    def __init__(self, datasette: DatasetteLike, rows: list[Mapping[str, Any]]) -> None:
        self._datasette = datasette
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)

    async def execute(self, *_: Any, **__: Any) -> Results:
        """Return the rows that were counted."""
        return Results(self._rows, False, (("value",), ("count",)))


class NewsDateFacet(_Sampled, DateFacet):
    """Days with their rows."""


class NewsArrayFacet(_Sampled, ArrayFacet):
    """Items of JSON arrays with their rows."""


REPLACES: Mapping[type[Facet], type[Facet]] = {
    ColumnFacet: NewsColumnFacet,
    DateFacet: NewsDateFacet,
    ArrayFacet: NewsArrayFacet,
}
"""Which classes of Datasette's own these take the place of."""


def replaced(classes: Iterable[type[Facet]]) -> list[type[Facet]]:
    """Return facet classes, with ours in the place of Datasette's own."""
    return [REPLACES.get(each, each) for each in classes]
