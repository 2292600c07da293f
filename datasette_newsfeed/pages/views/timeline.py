"""Bars from counts over time: consecutive years, months or days, including those with zero.

The functions are pure. A template draws the bars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from ..facets.periods import DAY, LENGTHS, MONTH, YEAR, Period, first_day, to_date, unit_between
from ..facets.ranges import Range

MOST_BARS = 120
"""More are no picture any more; archives of two centuries show no timeline."""

# The measures of the drawing, which is scaled to its place.
HEIGHT = 100
BAR_WIDTH = 8
STEP = 10
"""From the beginning of one bar to that of the next."""
LOWEST = 3.0
"""The least height of a bar whose count is not zero, so that it can be seen."""

ALL_TIME = Range()

MOST_NAMES = 4_096
"""Names of periods that are parsed only once: each row of bars has those of the others."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One period: its name in words, its number, its link if it has one, its place.

    count: of articles, or their share of all articles where `is_share`.
    """

    label: str
    count: float
    url: str | None
    x: int
    height: float
    is_share: bool = False
    is_chosen: bool = False

    @classmethod
    def at(
        cls,
        place: int,
        label: str,
        count: float,
        most: float,
        url: str | None = None,
        *,
        is_share: bool = False,
        is_chosen: bool = False,
    ) -> Bar:
        """Return the bar at a place of the axis, as high as its count is beside the highest."""
        height = _height(count, most)
        return cls(label, count, url, place * STEP, height, is_share, is_chosen)

    @property
    def shown(self) -> str:
        """Its number as a page shows it."""
        return f"{self.count:.1%}" if self.is_share else f"{self.count:,}"

    @property
    def y(self) -> float:
        """Where the bar begins, from the top of the drawing."""
        return round(HEIGHT - self.height, 2)


def _height(count: float, most: float) -> float:
    return max(LOWEST, round(HEIGHT * count / most, 2)) if count else 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars in order of time; `unit` is year, month or day.

    start: the period that a range begins or ends with whose other end is still to be chosen, in
    words; each bar then leads to that range. end_url: the address without that choice.
    """

    unit: str
    bars: tuple[Bar, ...]
    start: str = ""
    end_url: str = ""

    @property
    def width(self) -> int:
        """Of the drawing."""
        return STEP * len(self.bars)

    @property
    def bar_width(self) -> int:
        """Of one bar, without the gap."""
        return BAR_WIDTH

    @property
    def most(self) -> float:
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


@dataclass(frozen=True, slots=True)
class Row:
    """One of several things over time: its name, its link, its articles, those of each period.

    path: its bars, as the path of an SVG. highest: the period with most of its articles, in words.
    """

    name: str
    url: str
    count: int
    numbers: tuple[int, ...]
    path: str
    highest: str


@dataclass(frozen=True, slots=True)
class SmallMultiples:
    """Rows of bars over one axis, so that they can be compared; `unit` is year, month or day."""

    unit: str
    periods: tuple[str, ...]
    rows: tuple[Row, ...]
    most: int
    """The highest count of any row; 0 where each row has a scale of its own."""

    @property
    def width(self) -> int:
        """Of the drawing of a row."""
        return STEP * len(self.periods)

    @property
    def height(self) -> int:
        """Of the drawing of a row."""
        return HEIGHT

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """The numbers of all rows in each period, as a page shows them."""
        columns = zip(*(row.numbers for row in self.rows), strict=True)
        shown = ([f"{n:,}" for n in numbers] for numbers in columns)
        return list(zip(self.periods, shown, strict=True))


Months = Iterable[tuple[str, int]]
"""How many articles each month has, as (`2021-04`, 12)."""


def small_multiples(
    rows: Iterable[tuple[str, str, int, Months]], *, has_one_scale: bool
) -> SmallMultiples | None:
    """Return bars over one axis, of rows of (name, link, count, months); None without two bars."""
    given = [(name, url, count, tuple(months)) for name, url, count, months in rows]
    unit, periods = _axis({month for _, _, _, months in given for month, _ in months})
    if not 2 <= len(periods) <= MOST_BARS:
        return None
    summed = [_by_period(months, periods) for _, _, _, months in given]
    highest = max(map(max, summed))
    words = tuple(period.words for period in periods)
    drawn = []
    for (name, url, count, _), numbers in zip(given, summed, strict=True):
        most = max(numbers)
        said = f"highest: {most:,} in {words[numbers.index(most)]}" if most else ""
        path = _path(numbers, highest if has_one_scale else most)
        drawn.append(Row(name, url, count, numbers, path, said))
    return SmallMultiples(unit, words, tuple(drawn), highest if has_one_scale else 0)


def _path(numbers: Iterable[int], most: int) -> str:
    """Return bars as one path: an element for each would be most of a page."""
    return "".join(
        f"M{place * STEP} {HEIGHT}v-{_height(n, most):g}h{BAR_WIDTH}V{HEIGHT}"
        for place, n in enumerate(numbers)
        if n
    )


def _axis(months: Iterable[str]) -> tuple[str, list[Period]]:
    """All periods from the first to the last of some months, in the unit that suits them."""
    found = [period for name in months if (period := parse(name)) and period.unit == MONTH]
    if not found:
        return MONTH, []
    first, last = min(each.first for each in found), max(each.first for each in found)
    unit = YEAR if unit_between(first, last) == YEAR else MONTH
    ends = [Period.around(each, unit) for each in (first, last)]
    return unit, _fill_gaps(list(dict.fromkeys(ends)))


def _by_period(months: Months, periods: Sequence[Period]) -> tuple[int, ...]:
    """The number of each of some periods, years or months."""
    counts = dict.fromkeys((period.value for period in periods), 0)
    length = LENGTHS[periods[0].unit]
    for month, n in months:
        name = month[:length]
        if name in counts and parse(month):
            counts[name] += n
    return tuple(counts.values())


@dataclass(frozen=True, slots=True)
class Start:
    """One end of a range whose other end is chosen by a bar.

    span_link gives the address of the range between two periods; end_url: without that choice.
    """

    period: Period
    span_link: Callable[[Period, Period], str]
    end_url: str


def of_facet(
    facet: Mapping[str, Any], chosen: Range = ALL_TIME, start: Start | None = None
) -> Timeline | None:
    """Return the timeline of a period facet's result; None if there are too few bars or many.

    Where days are chosen the axis is theirs, with what has no articles at its ends.
    """
    entries = {
        period: _Entry(value["count"], value["toggle_url"])
        for value in facet["results"]
        # The range chosen now holds all of the others: it is no bar among them.
        if not value["selected"] and (period := parse(str(value["value"])))
    }
    return _draw(entries, chosen, start)


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
    return _parse(name) if len(name) <= LENGTHS[DAY] else None


@lru_cache(MOST_NAMES)
def _parse(name: str) -> Period | None:
    unit, rest = {4: (YEAR, "-01-01"), 7: (MONTH, "-01"), 10: (DAY, "")}.get(len(name), ("", ""))
    first = to_date(name + rest) if unit else None
    return Period(unit, first) if first else None


def _draw(
    entries: Mapping[Period, _Entry], chosen: Range = ALL_TIME, start: Start | None = None
) -> Timeline | None:
    """Draw periods of one unit."""
    ends = _ends(entries, chosen)
    periods = _fill_gaps(_in_order({*entries, *ends}))
    if ends and len(periods) > MOST_BARS:
        periods = _fill_gaps(_in_order(entries))
    if not 2 <= len(periods) <= MOST_BARS:
        return None
    most = max(entry.count for entry in entries.values())
    bars = []
    for place, period in enumerate(periods):
        entry = entries.get(period, _NOTHING)
        url = start.span_link(start.period, period) if start else entry.url
        is_chosen = start is not None and start.period == period
        bars.append(Bar.at(place, period.words, entry.count, most, url, is_chosen=is_chosen))
    begun = (start.period.words, start.end_url) if start else ("", "")
    return Timeline(periods[0].unit, tuple(bars), *begun)


def _in_order(periods: Iterable[Period]) -> list[Period]:
    return sorted(periods, key=lambda period: period.first)


def _ends(entries: Iterable[Period], chosen: Range) -> list[Period]:
    """The first and the last period of the days chosen, in the unit of those with articles."""
    unit = next((period.unit for period in entries), None)
    first, end = first_day(chosen.lower), first_day(chosen.upper)
    if unit is None or first is None or end is None or first >= end:
        return []
    return [Period.around(day, unit) for day in (first, end - timedelta(days=1))]


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
