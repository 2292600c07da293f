"""Ranges of days beside a range: as long before or after, a year before, what it is a part of.

A quarter is three months from January, April, July or October.
"""

from __future__ import annotations

from datetime import date, timedelta

from .periods import DAY, MONTH, MOST_DAYS, MOST_MONTHS, YEAR, Period, first_day, period_of
from .ranges import Range

QUARTER, MONTHS_OF_A_QUARTER = "quarter", 3


def _months_later(day: date, months: int) -> date:
    """Return the day so many months later; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = 31
    while last:
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            if not 1 <= year <= 9999:
                raise
            last -= 1
    raise ValueError(day)


def shifted(span: Range, steps: int) -> Range | None:
    """Return the range of the same length before (-1) or after (1) a range of full days.

    Of months it is as many months, else as many days. None where a bound is missing or no date.
    """
    first, end = first_day(span.lower), first_day(span.upper)
    if first is None or end is None or first >= end:
        return None
    try:
        if first.day == end.day == 1:
            months = steps * ((end.year - first.year) * 12 + end.month - first.month)
            found = _months_later(first, months), _months_later(end, months)
        else:
            found = first + steps * (end - first), end + steps * (end - first)
    except (OverflowError, ValueError):  # beyond the years 1 and 9999
        return None
    return Range(found[0].isoformat(), found[1].isoformat())


def a_year_before(span: Range) -> Range | None:
    """Return the same days of the year before; None where a bound is missing or no date."""
    first, end = first_day(span.lower), first_day(span.upper)
    if first is None or end is None or first >= end:
        return None
    try:
        found = _months_later(first, -12), _months_later(end - timedelta(days=1), -12)
        return Range(found[0].isoformat(), (found[1] + timedelta(days=1)).isoformat())
    except (OverflowError, ValueError):
        return None


def _of_months(first: date, months: int) -> Range | None:
    """The range of so many months from the first day of one; None beyond the last year."""
    try:
        return Range(first.isoformat(), _months_later(first, months).isoformat())
    except ValueError:
        return None


def _quarter_of(span: Range) -> date | None:
    """The first day of the quarter that a range is, None if it is none."""
    first = first_day(span.lower)
    if first is None or first.day != 1 or first.month % MONTHS_OF_A_QUARTER != 1:
        return None
    quarter = _of_months(first, MONTHS_OF_A_QUARTER)
    end = first_day(span.upper)
    return first if quarter and end and quarter.upper == end.isoformat() else None


def parts_of(span: Range) -> list[Range]:
    """Return the four quarters of a year, none of any other range."""
    period = period_of(span)
    if period is None or period.unit != YEAR:
        return []
    firsts = [period.first.replace(month=month) for month in range(1, 13, MONTHS_OF_A_QUARTER)]
    found = [_of_months(first, MONTHS_OF_A_QUARTER) for first in firsts]
    return [quarter for quarter in found if quarter]


def whole_of(span: Range) -> tuple[str, Range] | None:
    """Return what a range is a part of, by its name: of a day its month, of a month its quarter,
    of a quarter its year; None for any other range."""
    if quarter := _quarter_of(span):
        return YEAR, Period.around(quarter, YEAR).range
    period = period_of(span)
    if period is None or period.unit == YEAR:
        return None
    if period.unit == DAY:
        return MONTH, Period.around(period.first, MONTH).range
    month = period.first.month
    first = period.first.replace(month=month - (month - 1) % MONTHS_OF_A_QUARTER)
    quarter_range = _of_months(first, MONTHS_OF_A_QUARTER)
    return (QUARTER, quarter_range) if quarter_range else None


def axis_around(period: Period) -> Range:
    """Return the days around a period of which a timeline shows each in the unit of the period.

    The last year has an open end, and so has each year: years are shown however many they are.
    """
    try:
        if period.unit == DAY:
            before = timedelta(days=MOST_DAYS // 2)
            first = period.first - before
            return Range(first.isoformat(), (first + timedelta(days=MOST_DAYS)).isoformat())
        if period.unit == MONTH:
            first = _months_later(period.first, -(MOST_MONTHS // 2))
            return _of_months(first, MOST_MONTHS) or Range(first.isoformat())
    except (OverflowError, ValueError):  # beyond the years 1 and 9999
        pass
    return Range()
