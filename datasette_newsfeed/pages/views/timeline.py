"""Bars from counts over time: consecutive years, months or days, including those with zero.

The functions are pure. A template draws the bars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..facets.periods import DAY, MONTH, YEAR, Period, to_date, unit_between

MOST_BARS = 120
"""More are no picture any more; archives of two centuries show no timeline."""

# The measures of the drawing, which is scaled to its place.
HEIGHT = 100
BAR_WIDTH = 8
STEP = 10
"""From the beginning of one bar to that of the next."""
LOWEST = 3.0
"""The least height of a bar whose count is not zero, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: its name in words, its count, its link if it has articles, its place."""

    label: str
    count: int
    url: str | None
    x: int
    height: float

    @property
    def y(self) -> float:
        """Where the bar begins, from the top of the drawing."""
        return round(HEIGHT - self.height, 2)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars in order of time; `unit` is year, month or day."""

    unit: str
    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        """Of the drawing."""
        return STEP * len(self.bars)

    @property
    def bar_width(self) -> int:
        """Of one bar, without the gap."""
        return BAR_WIDTH

    @property
    def most(self) -> int:
        """The highest count."""
        return max(bar.count for bar in self.bars)

    @property
    def height(self) -> int:
        """Of the drawing."""
        return HEIGHT


@dataclass(frozen=True, slots=True)
class _Entry:
    count: int
    url: str | None


_NOTHING = _Entry(0, None)


def of_facet(facet: Mapping[str, Any]) -> Timeline | None:
    """Return the timeline of a period facet's result; None if there are too few bars or many."""
    entries = {
        period: _Entry(value["count"], value["toggle_url"])
        for value in facet["results"]
        # The range chosen now holds all of the others: it is no bar among them.
        if not value["selected"] and (period := parse(str(value["value"])))
    }
    return _draw(entries)


def of_months(counts: Iterable[tuple[str, int]], link: Callable[[Period], str]) -> Timeline | None:
    """Return the timeline of counts by month (`2021-04`), as years if there are many."""
    months = [(period, n) for name, n in counts if (period := parse(name)) and period.unit == MONTH]
    if not months:
        return None
    first = min(period.first for period, _ in months)
    last = max(period.first for period, _ in months)
    # Not by day, which the counts do not tell.
    unit = YEAR if unit_between(first, last) == YEAR else MONTH
    entries: dict[Period, _Entry] = {}
    for month, count in months:
        period = Period.around(month.first, unit)
        before = entries[period].count if period in entries else 0
        entries[period] = _Entry(before + count, link(period))
    return _draw(entries)


def parse(name: str) -> Period | None:
    """Return the period that is named 2021, 2021-04 or 2021-04-21; None for anything else."""
    unit, rest = {4: (YEAR, "-01-01"), 7: (MONTH, "-01"), 10: (DAY, "")}.get(len(name), ("", ""))
    first = to_date(name + rest) if unit else None
    return Period(unit, first) if first else None


def _draw(entries: Mapping[Period, _Entry]) -> Timeline | None:
    """Draw periods of one unit."""
    periods = _fill_gaps(sorted(entries, key=lambda period: period.first))
    if not 2 <= len(periods) <= MOST_BARS:
        return None
    most = max(entry.count for entry in entries.values())
    bars = []
    for place, period in enumerate(periods):
        entry = entries.get(period, _NOTHING)
        height = max(LOWEST, round(HEIGHT * entry.count / most, 2)) if entry.count else 0.0
        bars.append(Bar(period.words, entry.count, entry.url, place * STEP, height))
    return Timeline(periods[0].unit, tuple(bars))


def _fill_gaps(periods: list[Period]) -> list[Period]:
    filled: list[Period] = []
    for period in periods:
        while filled and (following := _next(filled[-1])) and following.first < period.first:
            filled.append(following)
            if len(filled) > MOST_BARS:
                return filled
        filled.append(period)
    return filled


def _next(period: Period) -> Period | None:
    following = to_date(period.range.upper)
    return Period(period.unit, following) if following else None
