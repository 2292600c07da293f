"""From the days chosen to those before, after and a year before, to a longer or shorter range, and
to any days by the form of the facets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from datasette.utils.asgi import NotFound, Response

from ..access.archives import FULL_TEXT, view_requested
from ..facets.date_ranges import (
    QUARTER,
    a_year_before,
    axis_around,
    parts_of,
    shifted,
    whole_of,
)
from ..facets.periods import DAY, MONTH, YEAR, Period, first_day, in_words, period_of, to_date
from ..facets.ranges import Range
from ..filters.query_string import Query, most_links
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from .timeline import MOST_BARS, Start, parse

LOWER, UPPER = "published_at__gte", "published_at__lt"
FIRST, LAST = "_from_day", "_to_day"
"""The fields of the form."""

FIELDS = (FIRST, LAST)

BEGUN = "_from_period"
"""The word for one end of a range, such as 2021-03, whose other end a bar of the timeline is."""

WORDS = "q"
"""The word by which the form knows that it came from the search page."""

LONGEST = 10_000
"""Characters of a query that is led to other days."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to other days: what it is called, the days in words, the address."""

    name: str
    words: str
    url: str
    rel: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """The ways from the days chosen, and the first and last of them for the form.

    begin: where the days chosen become one end of a range.
    """

    ways: tuple[Way, ...]
    begin: Way | None
    first: str
    last: str

    @property
    def has_ways(self) -> bool:
        """Return whether it leads from days that were chosen to others."""
        return bool(self.ways or self.begin)


def days_of(query: Query, address: Callable[[Query], str]) -> Days | None:
    """Return the ways from the days that a query of articles chooses; None from a very long one."""
    if len(query) > LONGEST:
        return None
    rest = query.without(LOWER, UPPER)
    span = span_of(query)
    larger = whole_of(span)
    ways = [
        Way(name, in_words(found), address(_with(rest, found)), rel)
        for name, found, rel in (
            ("Previous", shifted(span, -1), "prev"),
            ("Next", shifted(span, 1), "next"),
            ("A year before", a_year_before(span), ""),
            *(((larger[0].capitalize(), larger[1], ""),) if larger else ()),
            *((QUARTER.capitalize(), part, "") for part in parts_of(span)),
        )
        if found is not None
    ]
    begin = None
    if not query.all(BEGUN) and (period := _first_period(span)):
        pairs = _with(rest, axis_around(period)).plus((BEGUN, period.value))
        begin = Way(f"From {period.words} until …", "", address(pairs))
    return Days(tuple(ways), begin, *_ends(span))


def span_of(query: Query) -> Range:
    """Return the days that a query of articles chooses; without bounds where it says none or
    several."""
    return Range(_only(query.all(LOWER)), _only(query.all(UPPER)))


def begun(query: Query, address: Callable[[Query], str]) -> Start | None:
    """Return the end of a range that a query begins with; None where there is none, and where
    the query is so long that the bars of a timeline may not repeat it."""
    period = parse(_only(query.all(BEGUN)) or "")
    if period is None or most_links(query) < MOST_BARS:
        return None
    rest = query.without(LOWER, UPPER, BEGUN)

    def link(one: Period, other: Period) -> str:
        first, last = sorted((one, other), key=lambda each: each.first)
        ends = [each.range.upper for each in (first, last)]
        upper = None if None in ends else max(end for end in ends if end)
        return address(_with(rest, Range(first.range.lower, upper)))

    return Start(period, link, link(period, period))


def _first_period(span: Range) -> Period | None:
    """The year, the month or the day with which the days chosen begin; None without both bounds."""
    first, end = first_day(span.lower), first_day(span.upper)
    if first is None or end is None or first >= end:
        return None
    is_first = [each.day == 1 for each in (first, end)]
    unit = DAY
    if all(is_first):
        unit = YEAR if first.month == end.month == 1 else MONTH
    return Period.around(first, unit)


def _only(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def _ends(span: Range) -> tuple[str, str]:
    """The first and the last day of a range, as a field for dates has them; empty for none."""
    first, end = first_day(span.lower), first_day(span.upper)
    if period := period_of(span):
        first, end = period.first, to_date(period.range.upper)
    try:
        last = end - timedelta(days=1) if end else None
    except OverflowError:
        last = None
    return (first.isoformat() if first else "", last.isoformat() if last else "")


def _with(query: Query, span: Range) -> Query:
    bounds = ((LOWER, span.lower), (UPPER, span.upper))
    return query.plus(*((key, bound) for key, bound in bounds if bound))


def with_days(query: Query, fields: Query) -> Query | str:
    """Return a query with the days of a form's fields, or what is wrong with them.

    As it is where they are those that it chooses already: a month stays one.
    """
    if not any(fields.all(key) for key in FIELDS):
        return query
    span = _span(fields)
    if isinstance(span, str):
        return span
    now = span_of(query)
    if _ends(span) == _ends(now):
        return query
    return _with(query.without(LOWER, UPPER, BEGUN), span)


async def lead_to_days(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/days` by a redirect to the articles, or the search, of some days.

    `_from_day` and `_to_day` are the first and the last; without one of them there is no bound. All
    other pairs are kept. 404 without an archive that the visitor may see, 400 for what is no date.
    """
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles"):
        raise NotFound("There is no news archive here")
    database = view.database
    if len(request.query_string) > LONGEST:
        return Response.text("This address is too long", status=400)
    pairs = tuple(dict.fromkeys(parse_qsl(request.query_string, keep_blank_values=True)))
    query = Query(pairs)
    rest = query.without(FIRST, LAST, LOWER, UPPER, BEGUN, "_next")
    span = _span(query)
    if isinstance(span, str):
        return Response.text(span, status=400)
    links = Links(datasette, database)
    pairs = _with(rest, span).pairs
    is_search = bool(query.all(WORDS)) and view.sees(FULL_TEXT)
    return Response.redirect(links.search_of(pairs) if is_search else links.articles_of(pairs))


def _span(query: Query) -> Range | str:
    """The days that a form asks for, or what is wrong with them."""
    given = [[text for text in query.all(key) if text.strip()] for key in FIELDS]
    days = [[to_date(text) for text in texts] for texts in given]
    if any(len(each) > 1 or not all(each) for each in days):
        return f"{FIRST} and {LAST} are dates such as 2021-05-03"
    first, last = (each[0] if each else None for each in days)
    if first and last and last < first:
        first, last = last, first
    try:
        end = last + timedelta(days=1) if last else None
    except OverflowError:  # the last day there is
        end = None
    return Range(first.isoformat() if first else None, end.isoformat() if end else None)
