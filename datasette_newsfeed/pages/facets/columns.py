"""Datasette's own facets on the tables of an archive: the same results, faster.

The column facet of an archive's articles is counted by the facet index, and has the same
counts on each page of a list. Suggestions read some rows only. Other tables are left to
Datasette.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from datasette.database import QueryInterrupted, Results
from datasette.facets import ArrayFacet, ColumnFacet, DateFacet, Facet
from datasette.utils import path_with_added_args
from datasette.utils.asgi import Request
from datasette.utils.sqlite import sqlite3

from ... import facet_index_schema, schema
from ..access.archives import file_state, find_archive
from ..filters.query_string import plain_key
from ..protocols import RequestLike
from ..text.plain import LONGEST_NAME, cut
from .filter_sql import Rows, page_rows
from .indexed_counts import find_tally

SAMPLE = 1000
"""Rows by which suggestions are made. 0.65 looks at all of them, three times a column."""

SQLITE_ERROR = 1
"""The code of an error in a statement or its functions (https://www.sqlite.org/rescode.html)."""

TABLES = frozenset(table.name for table in schema.TABLES)


Suggestion = Mapping[str, Any]

_suggestions: WeakKeyDictionary[Any, dict[tuple[str, str, str], tuple[object, list[Suggestion]]]]
_suggestions = WeakKeyDictionary()


class _Sampled(Facet):
    """Suggestions by the first rows of a table; on 0.65 those take a second at a million.

    What the filters of a page leave is not looked at, so they are found once for each state of
    the file: some seventy queries on each page of articles else.
    """

    parameter: ClassVar[str]
    """That of an address with one more of these facets."""

    async def suggest(self) -> list[dict[str, Any]]:
        """Return links to the facets of this table that are not shown yet."""
        if self.table not in TABLES or not await find_archive(self.ds, self.request, self.database):
            found: list[dict[str, Any]] = await super().suggest()
            return found
        shown = {each["config"]["simple"] for each in self.get_configs()}
        return [
            {**each, "toggle_url": self._toggle_url(each["name"])}
            for each in await self._suggestions()
            if each["name"] not in shown
        ]

    async def _suggestions(self) -> list[Suggestion]:
        state = file_state(self.ds.get_database(self.database))
        if state is None or "_facet_size" in self.request.args:
            return (await self._find(self.row_count))[0]
        kept = _suggestions.setdefault(self.ds, {})
        key = (self.database, self.table, self.type)
        if key not in kept or kept[key][0] != state:
            found, is_whole = await self._find(None)
            if is_whole:
                kept[key] = (state, found)
        else:
            found = kept[key][1]
        if self.row_count is None or self.row_count > self.get_facet_size():
            return found
        # Datasette suggests no column that has as many values as the page has rows: some of these.
        return (await self._find(self.row_count, [each["name"] for each in found]))[0]

    async def _find(
        self, row_count: int | None, columns: list[str] | None = None
    ) -> tuple[list[Suggestion], bool]:
        """Return the suggestions of these or all columns, and whether no query was cut off."""
        sampled = copy.copy(self)
        sampled.sql = f"select * from (select * from {self.table} limit {SAMPLE})"
        sampled.params = {}
        sampled.row_count = row_count
        sampled.get_configs = list
        sampled.ds = watched = _Watched(self.ds)
        if columns is not None:
            sampled.get_columns = _answering(columns)
        found = await super(_Sampled, sampled).suggest()
        return found, not watched.was_cut_off

    def _toggle_url(self, name: str) -> str:
        path = self.ds.urls.path(path_with_added_args(self.request, {self.parameter: name}))
        url: str = self.ds.absolute_url(self.request, path)
        return url


def _answering(answer: Any) -> Callable[..., Awaitable[Any]]:
    async def method(*_: Any) -> Any:
        return answer

    return method


class _Other:
    """A Datasette, but for its queries."""

    def __init__(self, datasette: Any) -> None:
        self._datasette = datasette

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)


class _Watched(_Other):
    """A Datasette that notes whether one of its queries would have another result later."""

    was_cut_off = False

    async def execute(self, *args: Any, **options: Any) -> Results:
        """Return what Datasette does. Raises what Datasette does."""
        try:
            return await self._datasette.execute(*args, **options)
        except QueryInterrupted:
            self.was_cut_off = True
            raise
        except sqlite3.OperationalError as error:
            # Text that is no JSON is an error of that kind; a locked database is none.
            if getattr(error, "sqlite_errorcode", None) != SQLITE_ERROR:
                self.was_cut_off = True
            raise


class NewsColumnFacet(_Sampled, ColumnFacet):
    """Values of a column with their rows."""

    parameter = "_facet"

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the facets asked for, and the names of those that took too long."""
        if self.table not in TABLES or not await find_archive(self.ds, self.request, self.database):
            found: tuple[list[dict[str, Any]], list[str]] = await super().facet_results()
            return found
        if self.table == schema.ARTICLES.name:
            results, timed_out = await self._of_articles()
        else:
            results, timed_out = await super().facet_results()
        return [_bounded(each) for each in results], timed_out

    async def _of_articles(self) -> tuple[list[dict[str, Any]], list[str]]:
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


def _bounded(facet: dict[str, Any]) -> dict[str, Any]:
    """Return a facet without values longer than a page shows, unless they are chosen."""
    results = [
        {**each, "label": cut(each["label"], LONGEST_NAME)}
        if isinstance(each["label"], str)
        else each
        for each in facet["results"]
        if each["selected"] or len(str(each["value"])) <= LONGEST_NAME
    ]
    return {**facet, "results": results}


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


class _Counted(_Other):
    """A Datasette whose next query is answered already."""

    def __init__(self, datasette: Any, rows: list[Mapping[str, Any]]) -> None:
        super().__init__(datasette)
        self._rows = rows

    async def execute(self, *_: Any, **__: Any) -> Results:
        """Return the rows that were counted."""
        return Results(self._rows, False, (("value",), ("count",)))


class NewsDateFacet(_Sampled, DateFacet):
    """Days with their rows."""

    parameter = "_facet_date"


class NewsArrayFacet(_Sampled, ArrayFacet):
    """Items of JSON arrays with their rows."""

    parameter = "_facet_array"


REPLACES: Mapping[type[Facet], type[Facet]] = {
    ColumnFacet: NewsColumnFacet,
    DateFacet: NewsDateFacet,
    ArrayFacet: NewsArrayFacet,
}
"""Which classes of Datasette's own these take the place of."""


def replaced(classes: Iterable[type[Facet]]) -> list[type[Facet]]:
    """Return facet classes, with ours in the place of Datasette's own."""
    return [REPLACES.get(each, each) for each in classes]
