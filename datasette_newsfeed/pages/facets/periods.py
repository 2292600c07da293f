"""Facet by time: `?_facet_period=COLUMN`, on any column of ISO dates or timestamps.

The values are years, months or days, whichever suits the range in view, in order of time.
Only full dates count, by the day as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from ... import facet_index_schema
from ...dimensions import Dimension
from ..access.archives import ArchiveView
from ..filters.conditions import TOPIC, TOPIC_BIND
from ..protocols import RequestLike
from .base import quoted
from .counted_rows import Rows
from .indexed_counts import find_tally
from .ranges import Count, Counts, Range, RangeFacet

MOST_DAYS = 31
"""A range of so many days is shown day by day."""
MOST_MONTHS = 36
"""A range of so many months is shown month by month, a longer one year by year."""

DAY, MONTH, YEAR = "day", "month", "year"
LENGTHS = {YEAR: 4, MONTH: 7, DAY: 10}
"""How much of a date names a period."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

COUNTS_SQL = """\
select
  case
    when moment is null or moment = '' then ''
    when moment glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' then substr(moment, 1, 10)
  end as day,
  count(*) as n
from (select {column} as moment from ({rows}) as rows_in_view)
group by 1"""

FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def to_date(text: str | None) -> date | None:
    """Return a date written in full, None for anything else."""
    if text is None or not FULL_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a month or a day."""

    unit: str
    first: date

    @classmethod
    def around(cls, day: date, unit: str) -> Period:
        """Return the period of that unit in which a day lies."""
        if unit == YEAR:
            return cls(unit, day.replace(month=1, day=1))
        return cls(unit, day.replace(day=1) if unit == MONTH else day)

    @classmethod
    def of(cls, span: Range) -> Period | None:
        """Return the period that a range is, None if it is none."""
        first = to_date(span.lower)
        if first is not None:
            for unit in LENGTHS:
                period = cls.around(first, unit)
                if period.range == span:
                    return period
        return None

    @property
    def value(self) -> str:
        """Its name: 2021, 2021-04 or 2021-04-21."""
        return self.first.isoformat()[: LENGTHS[self.unit]]

    @property
    def words(self) -> str:
        """It in words: 2021, April 2021 or 21 April 2021."""
        words = [str(self.first.year)]
        if self.unit != YEAR:
            words.insert(0, MONTHS[self.first.month - 1])
        if self.unit == DAY:
            words.insert(0, str(self.first.day))
        return " ".join(words)

    @property
    def range(self) -> Range:
        """Its first day, up to that of the next one; no bound after the last year there is."""
        try:
            if self.unit == DAY:
                following = self.first + timedelta(days=1)
            elif self.unit == MONTH:
                following = (self.first + timedelta(days=31)).replace(day=1)
            else:
                following = self.first.replace(year=self.first.year + 1)
        except (OverflowError, ValueError):  # the year 9999
            return Range(self.first.isoformat())
        return Range(self.first.isoformat(), following.isoformat())


DAYS_OF_THREE_MONTHS = 63
"""Days from the first of a month to the first of the third, at most. 31 days may touch three
months; where four or more are in view, no day is shown."""


def first_of_month(day: str | None) -> str | None:
    """Return the month of a full date, as its first day; an empty text as it is, else None."""
    return f"{day[:7]}-01" if day and to_date(day) else day if day == "" else None


def unit_between(first: date, last: date) -> str:
    """Return the unit that suits a range of days, both included."""
    if (last - first).days < MOST_DAYS:
        return DAY
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return MONTH if months <= MOST_MONTHS else YEAR


def unit_in_view(days: Iterable[date], chosen: Range) -> str:
    """Return the unit for these days: by the range chosen, else by the days themselves."""
    first, end = first_day(chosen.lower), first_day(chosen.upper)
    if first is not None and end is not None and first < end:
        unit = unit_between(first, end - timedelta(days=1))
        if unit != YEAR:
            return unit
    days = list(days)
    return unit_between(min(days), max(days)) if days else YEAR


def first_day(bound: str | None) -> date | None:
    """The day at which a bound lies: a year or a month begins with its first day."""
    return to_date(bound and bound + {4: "-01-01", 7: "-01"}.get(len(bound), ""))


def _bound_in_words(bound: str) -> str:
    day = first_day(bound)
    if day is not None:
        whole = DAY if day.day > 1 else MONTH if day.month > 1 else YEAR
        return Period({4: YEAR, 7: MONTH}.get(len(bound), whole), day).words
    try:
        moment = datetime.fromisoformat(bound)
    except ValueError:
        return f"“{bound}”"
    # Times are stored in UTC and compared as text: another zone is not what is asked for.
    is_utc = moment.tzinfo in (None, UTC)
    return f"{Period(DAY, moment.date()).words}, {moment:%H:%M} UTC" if is_utc else f"“{bound}”"


def period_of(span: Range) -> Period | None:
    """Return the period that a range is, its bounds written in full or not; None if it is none."""
    first, end = first_day(span.lower), first_day(span.upper)
    if first is None or end is None:
        return Period.of(span)
    return Period.of(Range(first.isoformat(), end.isoformat()))


def in_words(span: Range) -> str:
    """Return a range in words, its last day included: "February 2021 to April 2021".

    A bound that is a year or a month counts as its first day, which keeps the same full dates.
    """
    period = period_of(span)
    if period is not None:
        return period.words
    first, end = first_day(span.lower), first_day(span.upper)
    if first is None or end is None or first >= end:
        words = [f"from {_bound_in_words(span.lower)}"] if span.lower else []
        words += [f"before {_bound_in_words(span.upper)}"] if span.upper else []
        return " and ".join(words)
    last = end - timedelta(days=1)
    unit = DAY
    if first.day == end.day == 1:
        unit = YEAR if first.month == end.month == 1 else MONTH
    return f"{Period.around(first, unit).words} to {Period.around(last, unit).words}"


class PeriodFacet(RangeFacet):
    """Years, months or days with their rows."""

    type = "period"
    offers: ClassVar[Mapping[str, Sequence[str]]] = {
        "articles": ("published_at",),
        "article_list": ("published_at",),
        "related_articles": ("published_at",),
    }
    blank_label = "no date"

    async def count_ranges(self, name: str, chosen: Range) -> Counts:
        """Count the rows day by day, and add the days up to what is shown."""
        counted, total = await self._count(name)
        days = {day: n for text, n in counted.items() if (day := to_date(text)) is not None}
        unit = unit_in_view(days, chosen)
        periods: dict[Period, int] = {}
        for day in sorted(days):
            period = Period.around(day, unit)
            periods[period] = periods.get(period, 0) + days[day]
        return Counts(
            total,
            counted.get("", 0),
            [Count(period.range, period.value, n) for period, n in periods.items()],
        )

    async def _count(self, name: str) -> tuple[Mapping[str | None, int], int]:
        """Return the rows of each day, by the first of the month where no day will be shown."""
        tally = await self.tally(facet_index_schema.DAY) if name == "published_at" else None
        if tally is None:
            rows = await self.rows()
            sql = COUNTS_SQL.format(column=f"rows_in_view.{quoted(name)}", rows=rows.sql)
            counted = {row["day"]: row["n"] for row in await self.count(sql, rows)}
            return counted, sum(counted.values())
        months = tally.counts_by(facet_index_schema.DAY, "month", first_of_month)
        firsts = sorted(first for first in map(to_date, months) if first is not None)
        if firsts and (firsts[-1] - firsts[0]).days < DAYS_OF_THREE_MONTHS:
            return tally.counts(facet_index_schema.DAY), len(tally.rows)
        return months, len(tally.rows)

    def words(self, name: str, span: Range) -> str:
        """Return a range of time in words."""
        return in_words(span)

    def value(self, name: str, span: Range) -> str:
        """Return the name of a period, else both bounds."""
        period = Period.of(span)
        return period.value if period else str(span)

    def place(self, bound: str) -> Any:
        """Return the bound itself: dates are in the order of their text."""
        return bound


def rows_of(dimension: Dimension, key: str) -> Rows:
    """Return the articles of a provider or topic, as the facet index knows them."""
    where, params = condition_of(dimension, key)
    return Rows(f"select id from articles where {where}", params)


def condition_of(dimension: Dimension, key: str) -> tuple[str, dict[str, str]]:
    """Return the condition of these articles and its parameters, as the facet index knows them."""
    # The binds of Datasette's own filters and of ours: the index knows conditions by their text.
    bind = f"{TOPIC_BIND}0" if dimension.key == TOPIC else "p0"
    return dimension.rows.condition.format(bind=bind), {bind: key}


async def count_by_month(
    view: ArchiveView, request: RequestLike, dimension: Dimension, key: str
) -> list[tuple[str, int]] | None:
    """Return how many articles of a provider or topic each month has, by the facet index.

    In order, as (`2021-04`, 12); None where SQL must count them.
    """
    if not view.sees("articles", *dimension.tables):
        return None
    tally = await find_tally(view.datasette, request, view.database, rows_of(dimension, key))
    if tally is None or facet_index_schema.DAY not in tally.index.facets:
        return None
    months = tally.counts_by(facet_index_schema.DAY, "month", first_of_month)
    return sorted((first[:7], n) for first, n in months.items() if first)
