"""From the days chosen to those before, after and a year before, and to any days by a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from datasette.utils.asgi import NotFound, Response

from ..access.archives import view_requested
from ..facets.periods import a_year_before, first_day, in_words, period_of, shifted, to_date
from ..facets.ranges import Range
from ..filters.query_string import Query
from ..links import Links
from ..protocols import DatasetteLike, RequestLike

LOWER, UPPER = "published_at__gte", "published_at__lt"
FIRST, LAST = "_from_day", "_to_day"
"""The fields of the form."""

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
    """The ways from the days chosen; the form: its address, fields to keep, first and last day."""

    ways: tuple[Way, ...]
    action: str
    kept: tuple[tuple[str, str], ...]
    first: str
    last: str


def days_of(query: Query, links: Links, address: Callable[[Query], str]) -> Days | None:
    """Return the ways from the days that a query of articles chooses; None from a very long one."""
    if len(query) > LONGEST:
        return None
    rest = query.without(LOWER, UPPER)
    span = Range(_only(query.all(LOWER)), _only(query.all(UPPER)))
    ways = []
    for name, found, rel in (
        ("Previous", shifted(span, -1), "prev"),
        ("Next", shifted(span, 1), "next"),
        ("A year before", a_year_before(span), ""),
    ):
        if found is not None:
            ways.append(Way(name, in_words(found), address(_with(rest, found)), rel))
    ends = _ends(span)
    return Days(tuple(ways), links.days(), rest.pairs, *ends)


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


async def lead_to_days(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/days` by a redirect to the articles of some days.

    `_from_day` and `_to_day` are the first and the last; with one of them it is that day. All other
    pairs are kept. 404 without an archive that the visitor may see, 400 for what is no date.
    """
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles"):
        raise NotFound("There is no news archive here")
    database = view.database
    if len(request.query_string) > LONGEST:
        return Response.text("This address is too long", status=400)
    pairs = tuple(dict.fromkeys(parse_qsl(request.query_string, keep_blank_values=True)))
    query = Query(pairs)
    rest = query.without(FIRST, LAST, LOWER, UPPER, "_next")
    span = _span(query)
    if isinstance(span, str):
        return Response.text(span, status=400)
    links = Links(datasette, database)
    return Response.redirect(links.articles_of(_with(rest, span).pairs))


def _span(query: Query) -> Range | str:
    """The days that a form asks for, or what is wrong with them."""
    given = [text for key in (FIRST, LAST) for text in query.all(key) if text.strip()]
    days = [to_date(text) for text in given]
    if len(given) > 2 or not all(days):
        return f"{FIRST} and {LAST} are dates such as 2021-05-03"
    found = sorted(day for day in days if day)
    if not found:
        return Range()
    try:
        return Range(found[0].isoformat(), (found[-1] + timedelta(days=1)).isoformat())
    except OverflowError:  # the last day there is
        return Range(found[0].isoformat())
