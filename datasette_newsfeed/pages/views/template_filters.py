"""The filters of our templates: dates, times and numbers in words."""

from __future__ import annotations

from datetime import datetime

from ..facets.periods import DAY, Period


def _read(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value or "")
    except ValueError:
        return None


def day(value: str | None) -> str:
    """Return the day of a time in words, `2 May 2021`; other text unchanged."""
    time = _read(value)
    return Period(DAY, time.date()).words if time else value or ""


def moment(value: str | None) -> str:
    """Return a time to the minute in words, `2 May 2021, 14:05 UTC`."""
    time = _read(value)
    return f"{day(value)}, {time:%H:%M} UTC" if time else value or ""


def counted(number: int, thing: str) -> str:
    """Return a number of things in words, `1 article` or `1,234 articles`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def machine_time(value: str | None) -> str | None:
    """Return a time as `datetime=` wants it, None if it is none."""
    return value if _read(value) else None


FILTERS = {
    "newsfeed_day": day,
    "newsfeed_moment": moment,
    "newsfeed_time": machine_time,
    "newsfeed_count": counted,
}
