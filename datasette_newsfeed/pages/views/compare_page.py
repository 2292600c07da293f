"""The page that shows up to six selections over time, and the same numbers as CSV and JSON."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from datasette.database import QueryInterrupted
from datasette.utils.asgi import BadRequest, NotFound, Response

from ...dimensions import BY_NAME, FILTERED_BY, TOPICS
from .. import compat
from ..access.archives import ArchiveView, view_requested
from ..facets.breakdown import count_by_value
from ..facets.comparison import (
    Counted,
    Typical,
    count,
    count_all,
    providers_of,
    providers_of_all,
    typical,
)
from ..facets.comparison_units import UNITS, axis, following, name_of, words_of
from ..facets.periods import DAY, MONTH, YEAR
from ..facets.selection import Selection, select
from ..filter_description import in_words
from ..filters.query_string import SEARCH, narrows
from ..headers import security_policy
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries.counts import find_providers, find_topics
from ..queries.image_rows import find_label
from ..queries.suggestions import find_named
from ..text.plain import cut
from .timeline import BAR_WIDTH, HEIGHT, STEP, Bar

VIEW = "newsfeed_compare"

MOST_SELECTIONS = 6
LONGEST = 10_000
"""Characters of the query string."""
LONGEST_TITLE = 200
MOST_DRAWN = 400
"""Periods in picture and table. CSV and JSON have all."""
MOST_PERIODS = 40_000
"""Days of a century. Articles of one archive further apart are not compared by day."""
MOST_OFFERED = 8
"""Topics or providers that one click adds."""
DAYS_UNTIL, MONTHS_UNTIL = 62, 120
"""Up to so many days a comparison is by day, up to so many months by month, else by year."""

PROVIDERS = BY_NAME["provider_id"]

COUNT, SHARE = "count", "share"
SELECTION, UNIT, MEASURE, ADD = "s", "by", "as", "add"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A selection: its title, address, query, numbers; None for those that took too long."""

    title: str
    query: str
    url: str
    off_url: str
    counted: Counted | None
    bars: tuple[Bar, ...] = ()
    providers: tuple[tuple[str, str, int], ...] = ()
    """Name, address and number of articles of those that are typical of it."""


async def show_comparison(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/compare?s=…&s=…`, `.csv` and `.json`.

    404 without an archive that the visitor may see, 400 in words for what cannot be compared.
    """
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles"):
        raise NotFound("There is no news archive here")
    database = view.database
    compat.forget_prefix(request)
    try:
        comparison = _Comparison(view, request)
        if comparison.is_added:
            await comparison.add()
            return Response.redirect(comparison.address())
        kind = request.url_vars.get("format")
        if kind == ".csv":
            return Response(await comparison.csv(), content_type="text/csv; charset=utf-8")
        if kind == ".json":
            return Response.json(await comparison.data())
        context = await comparison.context()
    except BadRequest as error:
        return Response.text(str(error), status=400)
    except sqlite3.OperationalError as error:
        return Response.text(f"A selection cannot be read: {error}", status=400)
    html = await datasette.render_template(
        "newsfeed_compare.html", context, request=request, view_name=VIEW
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    return Response.html(html, headers={security_policy.HEADER: rules})


class _Comparison:
    """What one address asks to compare."""

    def __init__(self, view: ArchiveView, request: RequestLike) -> None:
        if len(request.query_string) > LONGEST:
            raise BadRequest(f"The address is longer than {LONGEST:,} characters")
        self._view, self._request = view, request
        self._links = Links(view.datasette, view.database)
        given = request.args.getlist(SELECTION)
        self._added = [text for text in request.args.getlist(ADD) if text.strip()]
        self._queries = list(dict.fromkeys(map(_pairs, given)))
        self._check_number()
        self._unit = request.args.get(UNIT) or ""
        if self._unit and self._unit not in UNITS:
            raise BadRequest(f"{UNIT} is one of {', '.join(UNITS)}")
        self._measure = request.args.get(MEASURE) or COUNT
        if self._measure not in (COUNT, SHARE):
            raise BadRequest(f"{MEASURE} is {COUNT} or {SHARE}")

    @property
    def is_added(self) -> bool:
        """Return whether something was typed that is to be added."""
        return bool(self._added)

    async def add(self) -> None:
        """Add what was typed: the topic or provider of that name, else the words or the address."""
        found = [await self._read(text) for text in self._added[: MOST_SELECTIONS + 1]]
        self._queries = list(dict.fromkeys([*self._queries, *found]))
        self._check_number()

    def _check_number(self) -> None:
        if len(self._queries) > MOST_SELECTIONS:
            raise BadRequest(f"At most {MOST_SELECTIONS} selections can be compared")

    async def _read(self, text: str) -> Pairs:
        try:
            named = await find_named(self._view, text)
        except QueryInterrupted:
            named = []
        for row in named:
            if row.table in FILTERED_BY and row.name.casefold() == text.strip().casefold():
                return ((FILTERED_BY[row.table], row.key),)
        return _pairs(_typed(text))

    def address(
        self,
        *,
        queries: Sequence[Pairs] | None = None,
        extension: str = "",
        unit: str = "",
        measure: str = "",
    ) -> str:
        """Return the address of this comparison, or of one that differs in something."""
        chosen = {UNIT: unit or self._unit, MEASURE: measure or self._measure}
        others = {key: value for key, value in chosen.items() if value and value != COUNT}
        kept = self._queries if queries is None else queries
        return self._links.compare(kept, extension, **others)

    async def csv(self) -> str:
        """Return a row for each period and a column for each selection."""
        numbers = await self._numbers()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(["period", *(each.title for each in numbers.selections), "all articles"])
        for first in numbers.periods:
            row = [self._number(each.counted, numbers.all, first) for each in numbers.selections]
            every = numbers.all.periods.get(first, 0)
            writer.writerow([name_of(first, numbers.unit), *row, every])
        return text.getvalue()

    async def data(self) -> dict[str, Any]:
        """Return the same for programs, with the totals."""
        numbers = await self._numbers()
        return {
            "by": numbers.unit,
            "as": self._measure,
            "sentence": self._sentence(numbers),
            "selections": [
                {
                    "title": each.title,
                    "query": each.query,
                    "url": each.url,
                    "count": each.counted.total if each.counted else None,
                    "without_date": each.counted.undated if each.counted else None,
                }
                for each in numbers.selections
            ],
            "periods": [
                {
                    "period": name_of(first, numbers.unit),
                    "values": [
                        self._number(each.counted, numbers.all, first)
                        for each in numbers.selections
                    ],
                    "all": numbers.all.periods.get(first, 0),
                }
                for first in numbers.periods
            ],
        }

    async def context(self) -> dict[str, Any]:
        """Return what the page draws."""
        numbers = await self._numbers()
        is_drawn = 0 < len(numbers.periods) <= MOST_DRAWN
        firsts = numbers.periods if is_drawn else ()
        return {
            "database": self._view.database,
            "links": self._links,
            "selections": await self._drawn(numbers, firsts),
            "late": [each.title for each in numbers.selections if each.counted is None],
            "periods": [words_of(first, numbers.unit) for first in firsts],
            "unit": numbers.unit,
            "has_periods": bool(numbers.periods),
            "is_drawn": is_drawn,
            "most_drawn": MOST_DRAWN,
            "is_full": len(self._queries) >= MOST_SELECTIONS,
            "offers": await self._offers(),
            "sentence": self._sentence(numbers),
            "is_share": self._measure == SHARE,
            "width": STEP * len(firsts),
            "bar_width": BAR_WIDTH,
            "height": HEIGHT,
            "units": [(each, self.address(unit=each), each == numbers.unit) for each in UNITS],
            "measures": [
                (label, self.address(measure=each), each == self._measure)
                for each, label in ((COUNT, "Number"), (SHARE, "Share of all"))
            ],
            "action": self._links.compare(()),
            "hidden": [
                *((SELECTION, urlencode(pairs)) for pairs in self._queries),
                *((k, v) for k, v in ((UNIT, self._unit), (MEASURE, self._measure)) if v),
            ],
            "csv_url": self.address(extension=".csv"),
            "json_url": self.address(extension=".json"),
        }

    async def _numbers(self) -> _Numbers:
        selections = [await select(self._view, self._request, each) for each in self._queries]
        unit = self._unit or MONTH
        counted = [await self._counted(each, unit) for each in selections]
        if not self._unit:
            unit = _fitting([first for each in counted if each for first in each.periods])
            if unit != MONTH:
                counted = [await self._counted(each, unit) for each in selections]
        try:
            every = await count_all(self._view, self._request, unit)
        except QueryInterrupted as error:
            raise BadRequest("The articles of this archive took too long to count") from error
        firsts = {first for each in counted if each for first in each.periods}
        days = (max(firsts) - min(firsts)).days if firsts else 0
        if unit == DAY and days > MOST_PERIODS:
            raise BadRequest(f"More than {MOST_PERIODS:,} days; {UNIT}={MONTH} or {YEAR} is less")
        found = [
            Compared(
                cut(await in_words(self._view, selection.request), LONGEST_TITLE) or "Articles",
                urlencode(pairs),
                self._links.articles_of(pairs),
                self.address(queries=[other for other in self._queries if other != pairs]),
                numbers,
            )
            for pairs, selection, numbers in zip(self._queries, selections, counted, strict=True)
        ]
        return _Numbers(unit, tuple(axis(firsts, unit)), found, every, selections)

    async def _counted(self, selection: Selection, unit: str) -> Counted | None:
        try:
            return await count(selection, unit)
        except QueryInterrupted:
            return None

    def _number(self, counted: Counted | None, every: Counted, first: date) -> float | int | None:
        if counted is None:
            return None
        n = counted.periods.get(first, 0)
        if self._measure == COUNT:
            return n
        total = every.periods.get(first, 0)
        return round(n / total, 6) if total else 0.0

    def _sentence(self, numbers: _Numbers) -> str:
        what = "articles" if self._measure == COUNT else "articles as a share of all of the archive"
        without = sum(each.counted.undated for each in numbers.selections if each.counted)
        said = (
            f"Counted are {what}, by the {numbers.unit} (UTC) in which they were published; "
            "an article in several selections counts in each."
        )
        if without:
            said += f" {without:,} without a full date {'is' if without == 1 else 'are'} in none."
        return said

    async def _drawn(self, numbers: _Numbers, firsts: Sequence[date]) -> list[Compared]:
        values = [
            [self._number(each.counted, numbers.all, first) or 0 for first in firsts]
            for each in numbers.selections
        ]
        most = max((n for row in values for n in row), default=0)
        everywhere = await self._everywhere()
        return [
            Compared(
                each.title,
                each.query,
                each.url,
                each.off_url,
                each.counted,
                tuple(self._bar(numbers, place, pairs, n, most) for place, n in enumerate(row))
                if each.counted
                else (),
                await self._typical(selection, everywhere),
            )
            for each, pairs, selection, row in zip(
                numbers.selections, self._queries, numbers.asked, values, strict=True
            )
        ]

    def _bar(self, numbers: _Numbers, place: int, pairs: Pairs, n: float, most: float) -> Bar:
        first = numbers.periods[place]
        upper = following(first, numbers.unit)
        bounds = [("published_at__gte", first.isoformat())]
        bounds += [("published_at__lt", upper.isoformat())] if upper else []
        return Bar.at(
            place,
            words_of(first, numbers.unit),
            n,
            most,
            self._links.articles_of((*pairs, *bounds)) if n else None,
            is_share=self._measure == SHARE,
        )

    async def _offers(self) -> list[tuple[str, str]]:
        """What one click adds, by name and address: topics, or providers where one was added last.

        The other filters of what was added last are kept, if that has a topic or a provider.
        """
        if len(self._queries) >= MOST_SELECTIONS:
            return []
        last = self._queries[-1] if self._queries else ()
        by = PROVIDERS if any(key == PROVIDERS.key for key, _ in last) else TOPICS
        find = find_providers if by is PROVIDERS else find_topics
        rest = [pair for pair in last if pair[0] != by.key]
        kept = rest if len(rest) < len(last) else []
        try:
            known = await count_by_value(self._view, self._request, by)
            found, _ = await find(self._view, MOST_OFFERED + MOST_SELECTIONS, known)
        except QueryInterrupted:
            return []
        asked = {frozenset(pairs) for pairs in self._queries}
        offers = [(tally.name, (*kept, (by.key, tally.key))) for tally in found]
        return [
            (name, self.address(queries=[*self._queries, pairs]))
            for name, pairs in offers
            if frozenset(pairs) not in asked
        ][:MOST_OFFERED]

    async def _everywhere(self) -> Mapping[str, int]:
        if not self._view.sees("providers"):
            return {}
        try:
            return await providers_of_all(self._view, self._request)
        except QueryInterrupted:
            return {}

    async def _typical(
        self, selection: Selection, everywhere: Mapping[str, int]
    ) -> tuple[tuple[str, str, int], ...]:
        if not everywhere:
            return ()
        try:
            found = typical(await providers_of(selection), everywhere)
        except QueryInterrupted:
            return ()
        return tuple([(await self._name(e), self._links.provider(e.key), e.count) for e in found])

    async def _name(self, provider: Typical) -> str:
        found = await find_label(self._view, "providers", "name", "domain", provider.key)
        return cut(found or provider.key, LONGEST_TITLE) or provider.key


@dataclass(frozen=True, slots=True)
class _Numbers:
    """All numbers of a comparison: its unit, the first days of its periods, what is compared."""

    unit: str
    periods: tuple[date, ...]
    selections: list[Compared]
    all: Counted
    asked: list[Selection]


def _pairs(query: str) -> Pairs:
    """Return what of a selection's query chooses articles."""
    pairs = dict.fromkeys(parse_qsl(query.rpartition("?")[2], keep_blank_values=True))
    named = ((SEARCH if key == "q" else key, value) for key, value in pairs)
    return tuple((key, value) for key, value in named if key != "page" and narrows(key, value))


def _typed(text: str) -> str:
    """Return the query of what is added: an address of a list or search, a query, or words."""
    text = text.strip()
    if "?" in text or text.startswith(("http://", "https://")):
        return urlsplit(text).query
    key, equals, _ = text.partition("=")
    if equals and key.isascii() and key.replace("_", "").isalnum():
        return text
    return urlencode([(SEARCH, text)])


def _fitting(firsts: Sequence[date]) -> str:
    """Return the unit that suits the months of a comparison."""
    if not firsts:
        return MONTH
    days = (max(firsts) - min(firsts)).days
    if days < DAYS_UNTIL:
        return DAY
    return MONTH if days < MONTHS_UNTIL * 31 else YEAR
