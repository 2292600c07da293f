"""Facet by bands of a number: `?_facet_band=COLUMN`, on any column of numbers.

An archive's heat and quality have fixed bands: below 0, steps of 25, from 100 open.
Other columns get round steps that fit the rows in view. Text is no number here.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any, ClassVar

from ...dimensions import BAND, of_kind
from .base import quoted
from .counted_rows import Rows
from .ranges import Count, Counts, Range, RangeFacet

FIXED = of_kind(BAND)
FIXED_EDGES = tuple(map(Decimal, (0, 25, 50, 75, 100)))
FIXED_TABLES = ("articles", "article_list", "related_articles")

ABOUT = 8
"""About how many round steps cover the numbers in view."""
MOST_EDGES = ABOUT + 3
LARGEST = 1.7976931348623157e308

NUMBERS = f"typeof(number) in ('integer', 'real') and number between -{LARGEST} and {LARGEST}"

ENDS_SQL = f"""\
select min(number) as lowest, max(number) as highest
from (select {{column}} as number from ({{rows}}) as rows_in_view)
where {NUMBERS}"""

BLANK, OTHER = -1, -2
COUNTS_SQL = f"""\
select
  case
    when number is null or number = '' then {BLANK}
    when not ({NUMBERS}) then {OTHER}
    {{bands}}
  end as band,
  count(*) as n
from (select {{column}} as number from ({{rows}}) as rows_in_view)
group by 1"""


def round_step(width: Decimal, *, whole: bool) -> Decimal:
    """Return the smallest of 1, 2, 5, 10, ... (or 0.1, 0.2, ...) that is not below a width."""
    if width <= 0:
        return Decimal(1)
    power = Decimal(10) ** width.adjusted()
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= width)
    return max(step, Decimal(1)) if whole else step


def round_edges(lowest: float, highest: float, *, whole: bool) -> tuple[Decimal, ...]:
    """Return the edges of round bands, from the one below `lowest` to the one above `highest`.

    There are at most MOST_EDGES. The last may be beyond all numbers that SQLite has.
    """
    low, high = Decimal(lowest), Decimal(highest)
    # Numbers far from 0 lie apart: a smaller step would lead from a number to itself.
    apart = Decimal(math.ulp(max(abs(float(lowest)), abs(float(highest)))))
    step = round_step(max((high - low) / ABOUT, apart * 2), whole=whole)
    if low == high:
        step = max(step, Decimal(1))
    first = (low / step).to_integral_value(ROUND_FLOOR) * step
    edges = [first]
    while to_number(edges[-1]) <= min(highest, math.nextafter(LARGEST, 0)):
        edges.append(first + step * len(edges))
    return tuple(edges)


def to_number(edge: Decimal) -> float:
    """Return an edge as SQLite would read it from the address."""
    if _fits(edge):
        return int(edge) if edge == edge.to_integral_value() else float(edge)
    return max(-LARGEST, min(float(edge), LARGEST))


def to_text(edge: Decimal) -> str:
    """Return an edge as the address needs it: in plain digits, for 0.65 reads no 1e+06.

    Beyond 64 bits it must be no integer: Datasette answers 500 to that.
    """
    if not _fits(edge):
        return repr(to_number(edge))
    text = format(edge + 0, "f")  # there is no -0
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fits(edge: Decimal) -> bool:
    return abs(edge) < 2**63


def in_words(span: Range, *, whole: bool) -> str:
    """Return a band in words; the last number is included where numbers are whole."""
    if span.lower is None:
        return f"below {span.upper}"
    if span.upper is None:
        return f"from {span.lower}"
    try:
        last = int(span.upper) - 1 if whole else None
        first = int(span.lower)
    except ValueError:
        last = None
    if last is None or last < first:
        return f"{span.lower} to under {span.upper}"
    return span.lower if first == last else f"{span.lower} to {last}"


Span = tuple[Decimal | None, Decimal | None]


def _spans(edges: Sequence[Decimal], *, open_ended: bool) -> list[Span]:
    """The bands between edges, and if open at the ends those before and after them."""
    ends = [None] if open_ended else []
    return list(pairwise([*ends, *edges, *ends]))


FIXED_SPANS = _spans(FIXED_EDGES, open_ended=True)


def _fixed_band(value: Any) -> int:
    """The band of a value of heat or quality, as COUNTS_SQL finds it."""
    if value is None or value == "":
        return BLANK
    if not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return OTHER
    return bisect(FIXED_EDGES, value)


class BandFacet(RangeFacet):
    """Bands of a number with their rows."""

    type = "band"
    offers: ClassVar[Mapping[str, Sequence[str]]] = {
        "articles": FIXED,
        "article_list": FIXED,
        "related_articles": ("quality",),
    }
    blank_label = "no value"
    _whole = False

    async def count_ranges(self, name: str, chosen: Range) -> Counts:
        """Count the rows of each band; the bands of most columns fit the rows in view."""
        self._whole = await self._is_whole(name)
        if name in FIXED and self.table in FIXED_TABLES and await self.in_archive():
            spans = FIXED_SPANS
            tally = await self.tally(name)
        else:
            column = f"rows_in_view.{quoted(name)}"
            spans = await self._round_spans(column, await self.rows())
            tally = None
        if tally:
            counted = tally.counts_by(name, "band", _fixed_band)
        else:
            counted = await self._count(name, spans)
        ranges = [
            Range(*(bound if bound is None else to_text(bound) for bound in s)) for s in spans
        ]
        return Counts(
            sum(counted.values()),
            counted.get(BLANK, 0),
            [
                Count(span, str(span), counted[number])
                for number, span in enumerate(ranges)
                if number in counted
            ],
        )

    async def _count(self, name: str, spans: Sequence[Span]) -> dict[int, int]:
        rows = await self.rows()
        whens, params = [], {}
        for number, (_, upper) in enumerate(spans):
            if upper is None:
                whens.append(f"else {number}")
            else:
                whens.append(f"when number < :newsfeed_edge_{number} then {number}")
                params[f"edge_{number}"] = to_number(upper)
        column = f"rows_in_view.{quoted(name)}"
        sql = COUNTS_SQL.format(column=column, rows=rows.sql, bands="\n    ".join(whens))
        return {row["band"]: row["n"] for row in await self.count(sql, rows, **params)}

    def words(self, name: str, span: Range) -> str:
        """Return a band in words."""
        return in_words(span, whole=self._whole)

    def place(self, bound: str) -> Any:
        """Return a bound as a number, the order of bounds; None if it is not a number."""
        try:
            number = float(bound)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    async def _is_whole(self, name: str) -> bool:
        """By the declared type, read as SQLite reads it: INT makes whole numbers."""
        details = await self.ds.get_database(self.database).table_column_details(self.table)
        return any(column.name == name and "INT" in column.type.upper() for column in details)

    async def _round_spans(self, column: str, rows: Rows) -> list[Span]:
        ends = (await self.count(ENDS_SQL.format(column=column, rows=rows.sql), rows))[0]
        if ends["lowest"] is None:
            return []
        edges = round_edges(ends["lowest"], ends["highest"], whole=self._whole)
        spans = _spans(edges, open_ended=False)
        if to_number(edges[-1]) <= ends["highest"]:  # no number is above the highest there is
            spans[-1] = (spans[-1][0], None)
        return spans
