"""Selections beside one another over time: how many articles each has in each period.

The facet index counts where the archive has one; else SQL does. Both give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ... import facet_index_schema
from ..access.archives import ArchiveView
from ..filters.conditions import ARTICLES
from ..protocols import RequestLike
from .comparison_units import first_day
from .counted_rows import Rows
from .indexed_counts import Tally, find_tally
from .periods import COUNTS_SQL, DAY, to_date
from .selection import Selection

MOST_TYPICAL = 3
FEWEST_OF_PROVIDER = 2
"""Articles by which a provider can be typical of a selection."""

_PROVIDERS_SQL = "select provider_id, count(*) as n from ({rows}) group by provider_id"


@dataclass(frozen=True, slots=True)
class Counted:
    """A selection in numbers: all of its articles, those of each period by its first day, those
    without a full date."""

    total: int
    periods: Mapping[date, int]

    @property
    def undated(self) -> int:
        """How many of its articles are in no period."""
        return self.total - sum(self.periods.values())


@dataclass(frozen=True, slots=True)
class Typical:
    """A provider that a selection has more of than all articles have."""

    key: str
    count: int


async def count(selection: Selection, unit: str) -> Counted:
    """Return a selection in numbers. Raises QueryInterrupted past Datasette's time limit."""
    return await _count(selection.view, selection.request, selection.rows, unit)


async def count_all(view: ArchiveView, request: RequestLike, unit: str) -> Counted:
    """Return all articles in numbers."""
    return await _count(view, request, _all_rows(), unit)


def _all_rows() -> Rows:
    return Rows(f"select * from {ARTICLES} ", {})


async def _count(view: ArchiveView, request: RequestLike, rows: Rows, unit: str) -> Counted:
    tally = await find_tally(view.datasette, request, view.database, rows)
    days: Mapping[Any, int]
    if tally is not None and facet_index_schema.DAY in tally.index.facets:
        days, total = _indexed(tally, unit), len(tally.rows)
    else:
        sql = COUNTS_SQL.format(column="rows_in_view.published_at", rows=rows.sql)
        days = {row["day"]: row["n"] for row in await view.ask(sql, rows.params)}
        total = sum(days.values())
    periods: dict[date, int] = {}
    for text, n in days.items():
        if n and (day := text if isinstance(text, date) else to_date(text)):
            first = first_day(day, unit)
            periods[first] = periods.get(first, 0) + n
    return Counted(total, periods)


def _indexed(tally: Tally, unit: str) -> Mapping[Any, int]:
    if unit == DAY:
        return tally.counts(facet_index_schema.DAY)

    def group(text: str | None) -> date | None:
        day = to_date(text)
        return first_day(day, unit) if day else None

    return tally.counts_by(facet_index_schema.DAY, f"compared by {unit}", group)


async def providers_of(selection: Selection) -> Mapping[str, int]:
    """Return how many articles of a selection each provider has."""
    return await _providers(selection.view, selection.request, selection.rows)


async def providers_of_all(view: ArchiveView, request: RequestLike) -> Mapping[str, int]:
    """Return how many articles each provider has."""
    return await _providers(view, request, _all_rows())


async def _providers(view: ArchiveView, request: RequestLike, rows: Rows) -> Mapping[str, int]:
    tally = await find_tally(view.datasette, request, view.database, rows)
    if tally is not None and "provider_id" in tally.index.facets:
        found = tally.counts("provider_id")
    else:
        asked = await view.ask(_PROVIDERS_SQL.format(rows=rows.sql), rows.params)
        found = {row["provider_id"]: row["n"] for row in asked}
    return {key: n for key, n in found.items() if key and n}


def typical(here: Mapping[str, int], everywhere: Mapping[str, int]) -> list[Typical]:
    """Return the providers that a selection has most of beyond their share of all articles.

    None of a selection of one provider, of which it says nothing.
    """
    if len(here) < 2:
        return []
    size, total = sum(here.values()), sum(everywhere.values())
    found = []
    for key, n in here.items():
        expected = everywhere.get(key, n) * size / total
        if n >= FEWEST_OF_PROVIDER and n > expected:
            found.append((n * math.log(n / expected), Typical(key, n)))
    found.sort(key=lambda each: (-each[0], each[1].key))
    return [each for _, each in found[:MOST_TYPICAL]]
