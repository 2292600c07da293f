"""What all our facets have in common: parameters, counts, links, time limits.

A subclass states when it applies and what it counts. It uses only the class that it extends,
so that it works on 0.65 and 1.0. Templates draw the results.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from datasette.database import QueryInterrupted
from datasette.facets import Facet
from datasette.utils.sqlite import sqlite3

from ..access.archives import find_archive
from ..filters.conditions import ARTICLES
from ..filters.query_string import Query, most_links
from .counted_rows import Rows, page_rows
from .indexed_counts import Tally, find_tally

KINDS = ("column", "date", "array", "topic", "period", "band", "presence")
"""Who keeps a name that two facets would have: the first of these."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet; `link` is the query that chooses it or, if chosen, takes it off."""

    value: str
    label: str
    count: int
    selected: bool
    link: Query


def quoted(name: str) -> str:
    """Return a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _name(config: Any) -> str | None:
    """The text that a facet was asked for by, in any of the forms Datasette has for it."""
    if isinstance(config, dict):
        config = config.get("column") or config.get("simple")
    return config if isinstance(config, str) else None


def _with_queries(page: str, queries: Iterable[Query]) -> list[str]:
    """The addresses of a page with queries, of which dozens differ in little."""
    encoded: dict[tuple[str, str], str] = {}
    addresses = []
    for query in queries:
        for pair in query.pairs:
            if pair not in encoded:
                encoded[pair] = urlencode([pair])
        pairs = "&".join([encoded[pair] for pair in query.pairs])
        addresses.append(f"{page}?{pairs}" if pairs else page)
    return addresses


class NewsFacet(Facet):
    """A facet by its name: `?_facet_TYPE=NAME`, or `- TYPE: NAME` in a metadata file."""

    type: ClassVar[str]
    offers: ClassVar[Mapping[str, Sequence[str]]]
    """The names to suggest, for each table of an archive."""

    async def applies(self, name: str) -> bool:
        """Return whether this table has such a facet and the visitor may see all it counts."""
        raise NotImplementedError

    async def values(self, name: str) -> tuple[list[Value], bool]:
        """Return the values to show, and whether there are more."""
        raise NotImplementedError

    async def suggest(self) -> list[dict[str, Any]]:
        """Return links to the facets of this table that are not shown yet. Counts nothing."""
        names = [name for name in self.offers.get(self.table, ()) if name not in self._requested()]
        if not names or not await self.in_archive():
            return []
        offered = [name for name in names if await self.applies(name)]
        here = self.query()
        links = self._addresses(here.plus((f"_facet_{self.type}", name)) for name in offered)
        return [
            {"name": name, "type": self.type, "toggle_url": link}
            for name, link in zip(offered, links, strict=True)
        ]

    async def facet_results(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the facets asked for, and the names of those that took too long."""
        results: list[dict[str, Any]] = []
        timed_out: list[str] = []
        if self.request.url_vars.get("format") == "csv":
            # 1.0 would count again for each page of a streamed CSV, which shows no facets.
            return results, timed_out
        for name, removable in self._requested().items():
            if not await self.applies(name):
                continue
            try:
                values, truncated = await self.values(name)
            except (QueryInterrupted, sqlite3.OperationalError):
                # Datasette has logged the SQL and its error; the page names the missing facet.
                timed_out.append(f"{name} ({self.type})")
            else:
                results.append(self._result(name, removable, values, truncated))
        return results, timed_out

    # -- for the facets -------------------------------------------------------

    def query(self) -> Query:
        """Return the query of this page."""
        return Query.of(self.request)

    async def in_archive(self) -> bool:
        """Return whether the database is a news archive."""
        return await find_archive(self.ds, self.request, self.database) is not None

    async def rows(self) -> Rows:
        """Return the rows of this page's filters, on whichever page of them we are."""
        return await page_rows(self)

    async def tally(self, facet: str) -> Tally | None:
        """Return those rows to be counted by this facet of the index; None where SQL must."""
        if self.table != ARTICLES or not await self.in_archive():
            return None
        found = await find_tally(self.ds, self.request, self.database, await self.rows())
        return found if found and facet in found.index.facets else None

    async def count(self, sql: str, rows: Rows, **params: Any) -> list[Any]:
        """Run the SQL of a count within the time that Datasette gives a facet."""
        results = await self.ds.execute(
            self.database,
            sql,
            {**rows.params, **{f"newsfeed_{key}": value for key, value in params.items()}},
            truncate=False,
            custom_time_limit=self.ds.setting("facet_time_limit_ms"),
        )
        counted: list[Any] = results.rows
        return counted

    # -- the rest -------------------------------------------------------------

    def _requested(self) -> dict[str, bool]:
        """The names asked for, each once, and whether it can be taken off: not if configured."""
        asked: dict[str, bool] = {}
        for each in self.get_configs():
            name = _name(each["config"])
            if name:
                asked[name] = asked.get(name, True) and each["source"] == "request"
        return asked

    def _shown_as(self, name: str) -> str:
        """A facet's name in the results: its own where another kind shows the same column."""
        for kind in KINDS[: KINDS.index(self.type)]:
            other = copy.copy(self)
            other.type = kind  # type: ignore[misc]  # this copy's alone
            if name in other._requested():
                return f"{name}_{self.type}"
        return name

    def _addresses(self, queries: Iterable[Query]) -> list[str]:
        """The addresses of this page with other queries."""
        return _with_queries(str(self.ds.absolute_url(self.request, self._path())), queries)

    def _path(self) -> str:
        # Datasette adds base_url, so the path must be without: see its own doubled links.
        path = self.request.scope.get("route_path") or self.request.path
        return str(self.ds.urls.path(path))

    def _result(
        self, name: str, removable: bool, values: list[Value], truncated: bool
    ) -> dict[str, Any]:
        off = self.query().without_pair(f"_facet_{self.type}", name)
        most = most_links(self.query())
        truncated = truncated or len(values) > most
        values = values[:most]
        addresses = self._addresses(each.link for each in values)
        return {
            "name": self._shown_as(name),
            "type": self.type,
            "hideable": removable,
            "toggle_url": _with_queries(self._path(), [off])[0],
            "truncated": truncated,
            "results": [
                {
                    "value": each.value,
                    "label": each.label,
                    "count": each.count,
                    "toggle_url": address,
                    "selected": each.selected,
                }
                for each, address in zip(values, addresses, strict=True)
            ],
        }
