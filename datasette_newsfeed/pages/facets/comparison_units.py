"""The units that selections are compared by: days, weeks, months, years; their names and order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from .periods import DAY, LENGTHS, MONTH, YEAR, Period, to_date

WEEK = "week"
UNITS = (DAY, WEEK, MONTH, YEAR)
"""The periods that articles are counted by. A week begins on Monday, named as in ISO 8601."""


def first_day(day: date, unit: str) -> date:
    """Return the first day of the period in which a day lies."""
    if unit == WEEK:
        return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return Period.around(day, unit).first


def following(first: date, unit: str) -> date | None:
    """Return the first day of the next period; None after the last one there is."""
    if unit == WEEK:
        try:
            return first + timedelta(days=7 - first.weekday())
        except OverflowError:
            return None
    return to_date(Period(unit, first).range.upper)


def axis(firsts: Iterable[date], unit: str) -> Iterator[date]:
    """Yield the first day of each period from the first to the last, those without articles too."""
    known = sorted(firsts)
    place: date | None = known[0] if known else None
    while place is not None and place <= known[-1]:
        yield place
        place = following(place, unit)


def name_of(first: date, unit: str) -> str:
    """Return a period as data names it: 2021, 2021-05, 2021-W18 or 2021-05-03."""
    if unit == WEEK:
        year, week, _ = first.isocalendar()
        return f"{year:04}-W{week:02}"
    return first.isoformat()[: LENGTHS[unit]]


def words_of(first: date, unit: str) -> str:
    """Return a period in words: "May 2021", "week of 3 May 2021"."""
    if unit == WEEK:
        return f"week of {Period(DAY, first).words}"
    return Period(unit, first).words
