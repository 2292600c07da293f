"""What a date in a file may look like, and which time it means.

`FORMS` is the complete list; docs/records.md prints it. A text in no form of the list is a
DateError, never a guess: the order of day and month in `04/05/2021`, or the unit of a number
of seconds, is not in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import partial

EXPECTED = "a date such as 2021-04-21 or 2021-04-21T19:15:00Z"

_MONTH_NAMES = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
_MONTHS = {"sept": 9} | {
    name[:length]: number
    for number, name in enumerate(_MONTH_NAMES.lower().split("|"), 1)
    for length in (3, len(name))
}

# https://www.rfc-editor.org/rfc/rfc822#section-5: the zones that mail and feeds may name.
_RFC_822_HOURS = {
    name: hours
    for standard, hours in (("est", -5), ("cst", -6), ("mst", -7), ("pst", -8))
    for name, hours in ((standard, hours), (f"{standard[0]}dt", hours + 1))
}
_UTC_NAMES = ("z", "ut", "utc", "gmt")
_EARLIEST_OFFSET = timedelta(hours=-12)
_LATEST_OFFSET = timedelta(hours=14)

# Parts of the patterns.
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?:[ ]?(?P<half>[AP]M))?"
)
_OFFSET = r"[+-][0-9]{1,2}(?::?[0-9]{2})?"
# Go writes `+0200 CEST`; the offset says it all.
_ZONE_NAMES = "|".join(name.upper() for name in (*_UTC_NAMES[1:], *_RFC_822_HOURS))
_ISO_ZONE = (
    rf"(?:(?P<zone>Z|(?:UTC|GMT)?{_OFFSET}|{_ZONE_NAMES})(?:(?<=[0-9])[ ](?-i:[A-Z]{{3,5}}))?)"
)
_FEED_ZONE = (
    rf"(?P<zone>Z|{_ZONE_NAMES}"
    r"|(?:GMT|UTC)?[+-][0-9]{2}:?[0-9]{2})(?:[ ]+\([^()]*\))?"
)
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Mon|Tue|Wed|Thu|Fri|Sat|Sun)"

_compile = partial(re.compile, flags=re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """A way of writing dates: what it is called, examples for the documents, its pattern."""

    name: str
    examples: tuple[str, ...]
    pattern: re.Pattern[str]


FORMS = (
    Form(
        "ISO 8601 and YAML: year, month, day; then hours and minutes, seconds, an offset",
        (
            *("2021-04-21", "2021-4-1", "2021.04.21", "2021/04/21 9:15", "2021-04-21 9:15 PM"),
            *("2021-04-21T19:15:00.5Z", "2021-04-21 19:15:00 +0200"),
        ),
        _compile(
            r"(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
            rf"(?:(?:T|,?[ \t]+){_CLOCK}[ \t]*{_ISO_ZONE}?)?"
        ),
    ),
    Form(
        "ISO 8601, basic: the same without marks between the numbers",
        ("20210421", "20210421T191500Z"),
        _compile(
            r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
            r"(?:T(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?:[.,][0-9]+)?"
            rf"(?P<zone>Z|{_OFFSET})?)?"
        ),
    ),
    Form(
        "RFC 822 and HTTP, as in feeds: day, month in English, year",
        ("Wed, 21 Apr 2021 19:15:00 GMT", "21 Apr 21 19:15 -0500", "21 April 2021"),
        _compile(
            rf"(?:{_WEEKDAY},?[ ]+)?{_DAY}(?P<mark>[ -])[ ]*{_MONTH}\.?(?P=mark)[ ]*"
            rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}(?=[ ]+[0-9]))"
            rf"(?:[ ]+{_CLOCK}(?:[ ]*{_FEED_ZONE})?)?"
        ),
    ),
    Form(
        "month in English, day, year",
        ("April 21, 2021", "April 21st, 2021 7:15 PM", "Wed Apr 21 2021 19:15:00 GMT+0200"),
        _compile(
            rf"(?:{_WEEKDAY},?[ ]+)?{_MONTH}\.?[ ]+{_DAY}(?:[ ]*,)?[ ]+"
            rf"(?P<year>[0-9]{{4}})(?:,?[ ]+{_CLOCK}(?:[ ]*{_FEED_ZONE})?)?"
        ),
    ),
    Form(
        "C's asctime, and Unix date: the year last",
        ("Wed Apr 21 19:15:00 2021", "Wed Apr 21 19:15:00 UTC 2021"),
        _compile(
            rf"{_WEEKDAY}[ ]+{_MONTH}[ ]+(?P<day>[0-9]{{1,2}})[ ]+{_CLOCK}"
            rf"(?:[ ]+{_FEED_ZONE})?[ ]+(?P<year>[0-9]{{4}})"
        ),
    ),
)
"""Every form that is read, the most frequent first."""

_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LEADING = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")

# Texts that are often meant as dates, for the words of the error.
_NUMBER = re.compile(r"([0-9]{10})([0-9]{3})?(?:\.[0-9]*)?")
_DAY_OR_MONTH_FIRST = re.compile(r"[0-9]{1,2}([./ -])[0-9]{1,2}\1[0-9]{2,4}(?![0-9]).*", re.S)
_DAY_WITH_ZONE = re.compile(rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}[ ]?(?:Z|{_OFFSET})")


class DateError(ValueError):
    """A value that is no date in a known form; its text is a hint for who wrote it, or empty."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as a file gives it.

    `time` has a zone. Of a day without a time of day (`is_day`) it is midnight UTC, whatever
    the zone of the site: so the day stays that day.
    """

    time: datetime
    is_day: bool = False

    @property
    def utc(self) -> str:
        """The time in UTC to the second, `2021-04-21T19:15:00Z`; what is below is cut off.

        Raises DateError outside the years 1 to 9999.
        """
        try:
            time = self.time.astimezone(UTC)
        except OverflowError as error:
            raise DateError("in UTC its year is not 1 to 9999") from error
        return f"{time.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def read_date(value: object, zone: tzinfo = UTC) -> WrittenDate:
    """Return the date that a value means: a text in one of FORMS, a datetime or a date.

    A time without an offset is one of `zone`: where its clocks went back and it came twice,
    the first; where they went forward over it, as many minutes later. Raises DateError.
    """
    if isinstance(value, datetime):
        return WrittenDate(value if value.tzinfo else value.replace(tzinfo=zone))
    if isinstance(value, date):
        return _day(value)
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise DateError("")
        written = value.strip()
        if _UTC_TIME.fullmatch(written):
            return WrittenDate(datetime.fromisoformat(written))
        for form in FORMS:
            if match := form.pattern.fullmatch(written):
                return _date_of(match, zone)
    except DateError:
        raise
    except ValueError as error:  # 30 February, or a number of thousands of digits
        raise DateError(str(error)) from error
    raise DateError(_hint(written))


def leading_date(name: str) -> str | None:
    """Return the day with which the name of a file or a path begins, `2021-04-01`, if any.

    `2021-04-01-title`, `2021-4-1-title` and `2021/04/01/title` have one.
    """
    match = _LEADING.match(name)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4])).isoformat()
    except ValueError:  # 2021-13-45 is a name, not a date
        return None


def _day(value: date) -> WrittenDate:
    return WrittenDate(datetime(value.year, value.month, value.day, tzinfo=UTC), is_day=True)


def _date_of(match: re.Match[str], zone: tzinfo) -> WrittenDate:
    parts = match.groupdict()
    year, month = int(parts["year"]), parts["month"].lower()
    if len(parts["year"]) == 2:
        # https://www.rfc-editor.org/rfc/rfc2822#section-4.3
        year += 2000 if year < 50 else 1900
    day = date(year, _MONTHS.get(month) or int(month), int(parts["day"]))
    if parts["hour"] is None:
        return _day(day)
    written = parts["zone"]
    hour = int(parts["hour"])
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} {half} is no hour")
        hour = hour % 12 + 12 * (half.lower() == "pm")
    return WrittenDate(
        datetime(
            *(day.year, day.month, day.day),
            *(hour, int(parts["minute"]), int(parts["second"] or 0)),
            tzinfo=_zone(written.lower()) if written else zone,
        )
    )


def _zone(written: str) -> tzinfo:
    if written in _UTC_NAMES:
        return UTC
    if written in _RFC_822_HOURS:
        return timezone(timedelta(hours=_RFC_822_HOURS[written]))
    digits = written.lstrip("gmtuc").replace(":", "")
    hours, minutes = int(digits[1:3]), int(digits[3:] or 0)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if digits[0] == "-" else 1)
    if minutes > 59 or not _EARLIEST_OFFSET <= offset <= _LATEST_OFFSET:
        # As of `19:15-20:30`, the hours of an event.
        raise ValueError(f"{written} is no offset from UTC")
    return timezone(offset)


def _hint(written: str) -> str:
    """Return what to say of a text that is no date."""
    if match := _NUMBER.fullmatch(written):
        time = datetime.fromtimestamp(int(match[1]), UTC)
        unit = "milliseconds" if match[2] else "seconds"
        return f"if it counts the {unit} since 1970, write {WrittenDate(time).utc}"
    if _DAY_OR_MONTH_FIRST.fullmatch(written):
        return "write the year first, then the month"
    if _DAY_WITH_ZONE.fullmatch(written):
        return "a day has no offset: remove it, or add a time"
    return ""
