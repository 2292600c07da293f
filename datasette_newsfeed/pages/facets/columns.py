"""Datasette's own facets on the tables of an archive: the same results, faster.

The column facet of an archive's articles is counted by the facet index, and has the same
counts on each page of a list. Suggestions read some rows only. Values longer than a page shows are
not listed. Tables of other databases are left to Datasette.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from datasette.database import QueryInterrupted, Results
from datasette.facets import ArrayFacet, ColumnFacet, DateFacet, Facet
from datasette.utils import escape_sqlite, path_with_added_args
from datasette.utils.asgi import Request
from datasette.utils.sqlite import sqlite3

from ... import facet_index_schema, schema
from ..access.archives import find_archive
from ..access.database_state import file_state
from ..filters.query_string import plain_key
from ..protocols import RequestLike
from ..text.plain import LONGEST_NAME, cut, is_short_name
from .counted_rows import Rows, page_rows
from .indexed_counts import find_tally

SAMPLE = 1000
"""Rows by which suggestions are made. 0.65 looks at all of them, three times a column."""

SQLITE_ERROR = 1
"""The code of an error in a statement or its functions (https://www.sqlite.org/rescode.html)."""

SHORT_SQL = "select * from ({rows}) where {condition}"
"""Longer values are left out before the most frequent ones are chosen."""

TABLES = frozenset((*(table.name for table in schema.TABLES), schema.ARTICLE_LIST))


Suggestion = Mapping[str, Any]

_suggestions: WeakKeyDictionary[Any, dict[tuple[str, str, str], tuple[object, list[Suggestion]]]]
_suggestions = WeakKeyDictionary()


class _Sampled(Facet):
    """Suggestions by the first rows of a table; on 0.65 those take a second at a million.

    What the filters of a page leave is not looked at, so they are found once for each state of
    the file: some seventy queries on each page of articles else.
    """

    parameter: ClassVar[str]
    """The query parameter that adds such a facet."""

    async def suggest(self) -> list[dict[str, Any]]:
        """Return links to the facets of this table that are not shown yet."""
        if self.table == schema.ARTICLE_LIST or not await self._is_ours():
            found: list[dict[str, Any]] = await super().suggest()
            return found
        shown = [each["config"]["simple"] for each in self.get_configs()]
        return [
            {**each, "toggle_url": self._toggle_url(each["name"])}
            for each in await self._suggestions()
            if each["name"] not in shown
        ]

    async def _is_ours(self) -> bool:
        """Return whether this is a table of an archive."""
        if self.table not in TABLES:
            return False
        return await find_archive(self.ds, self.request, self.database) is not None

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
        is_large = self.row_count is None or self.row_count > self.get_facet_size()
        if is_large or self.type != ColumnFacet.type:
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


class _Delegate:
    """Delegates to a Datasette, except for its queries."""

    def __init__(self, datasette: Any) -> None:
        self._datasette = datasette

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)


class _Watched(_Delegate):
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
        if not await self._is_ours():
            found: tuple[list[dict[str, Any]], list[str]] = await super().facet_results()
            return found
        is_of_articles = self.table == schema.ARTICLES.name
        results: list[dict[str, Any]] = []
        timed_out: list[str] = []
        rows = await page_rows(self) if is_of_articles else Rows(self.sql, self.params)
        for config in self.get_configs():
            alone = copy.copy(self)
            alone.request = _with_plain_keys(self.request)
            alone.get_configs = lambda config=config: [config]
            column = config["config"].get("column") or config["config"].get("simple")
            try:
                counted = await self._counted(column, rows) if is_of_articles else None
            except (QueryInterrupted, sqlite3.OperationalError):
                timed_out.append(column)
                continue
            if counted is not None:
                alone.ds = _Counted(self.ds, counted)
            alone.sql = rows.sql
            if isinstance(column, str):
                condition = is_short_name(escape_sqlite(column))
                alone.sql = SHORT_SQL.format(rows=rows.sql, condition=condition)
            done, late = await super(NewsColumnFacet, alone).facet_results()
            results += map(_with_short_labels, done)
            timed_out += late
        return results, timed_out

    async def _counted(self, column: str, rows: Rows) -> list[Mapping[str, Any]] | None:
        if column not in facet_index_schema.COLUMNS:
            return None
        tally = await find_tally(self.ds, self.request, self.database, rows)
        if tally is None or column not in tally.index.facets:
            return None
        counts = [
            (value, count)
            for value, count in tally.counts(column).items()
            if value is not None and _is_short(value)
        ]
        counts.sort(key=lambda each: (-each[1], *_place(each[0])))
        return [{"value": v, "count": n} for v, n in counts[: self.get_facet_size() + 1]]


def _is_short(value: Any) -> bool:
    return len(str(value)) <= LONGEST_NAME


def _with_short_labels(facet: dict[str, Any]) -> dict[str, Any]:
    """Return a facet whose labels are no longer than a page shows."""
    results = [
        {**each, "label": cut(each["label"], LONGEST_NAME)}
        if isinstance(each["label"], str)
        else each
        for each in facet["results"]
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


class _Counted(_Delegate):
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

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the facets asked for, and the names of those that took too long."""
        facets, timed_out = await super().facet_results()
        if await self._is_ours():
            for facet in facets:
                facet["results"] = [each for each in facet["results"] if _is_short(each["value"])]
        return facets, timed_out


REPLACES: Mapping[type[Facet], type[Facet]] = {
    ColumnFacet: NewsColumnFacet,
    DateFacet: NewsDateFacet,
    ArrayFacet: NewsArrayFacet,
}
"""Which classes of Datasette's own these take the place of."""


def replaced(classes: Iterable[type[Facet]]) -> list[type[Facet]]:
    """Return facet classes, with ours in the place of Datasette's own."""
    return [REPLACES.get(each, each) for each in classes]
