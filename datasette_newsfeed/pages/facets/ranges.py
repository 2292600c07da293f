"""What facets of ranges have in common: each value is a range with two bounds of a column.

The chosen range comes first. The link of a value replaces both bounds, `COLUMN__gte` and
`COLUMN__lt`. These are filters of Datasette, which use an index of the column if there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ..filters.query_string import Query
from .base import NewsFacet, Value


@dataclass(frozen=True, slots=True)
class Range:
    """From `lower` up to, not including, `upper`, as the address writes them; None is open."""

    lower: str | None = None
    upper: str | None = None

    def __str__(self) -> str:
        """Write it with two dots."""
        return f"{self.lower or ''}..{self.upper or ''}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a range holds; `value` names it in the results."""

    range: Range
    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Counts:
    """All rows, those without a value, and the ranges with rows, in order."""

    rows: int
    blank: int
    ranges: list[Count]


class RangeFacet(NewsFacet):
    """Ranges of a column, in order, none cut off; rows without a value at the end."""

    blank_label: ClassVar[str]

    async def applies(self, name: str) -> bool:
        """Return whether the table has such a column."""
        return name in await self.ds.get_database(self.database).table_columns(self.table)

    async def count_ranges(self, name: str, chosen: Range) -> Counts:
        """Count the rows in view; ranges may reach beyond the chosen one, they are trimmed."""
        raise NotImplementedError

    def words(self, name: str, span: Range) -> str:
        """Return a range in words."""
        raise NotImplementedError

    def value(self, name: str, span: Range) -> str:
        """Return what names a range in the results."""
        return str(span)

    def place(self, bound: str) -> Any:
        """Return the sort key of a bound, None if it is not a bound."""
        raise NotImplementedError

    async def values(self, name: str) -> tuple[list[Value], bool]:
        """Return what is chosen, then the other ranges, then the rows without a value."""
        query = self.query()
        keys = (f"{name}__gte", f"{name}__lt")
        unbound = query.without(*keys)
        chosen = self._chosen(query, *keys)
        counts = await self.count_ranges(name, chosen)
        shown = []
        if chosen != Range():
            value, words = self.value(name, chosen), self.words(name, chosen)
            shown.append(Value(value, words, counts.rows, True, unbound))
        blank_key = f"{name}__isblank"
        blank_is_chosen = bool(query.all(blank_key))
        if blank_is_chosen:
            off = query.without(blank_key)
            shown.append(Value("", self.blank_label, counts.rows, True, off))
        for each in counts.ranges:
            span = self._trimmed(each.range, chosen)
            if not self._equal(span, chosen):
                bounds = zip(keys, (span.lower, span.upper), strict=True)
                link = unbound.plus(*((key, bound) for key, bound in bounds if bound is not None))
                shown.append(Value(each.value, self.words(name, span), each.rows, False, link))
        if counts.blank and not blank_is_chosen:
            # The bounds stay: "before" a date holds an empty text, but not NULL.
            on = query.plus((blank_key, "1"))
            shown.append(Value("", self.blank_label, counts.blank, False, on))
        return shown, False

    def _chosen(self, query: Query, lower_key: str, upper_key: str) -> Range:
        """The range that the address asks for; the narrowest, where it gives several bounds."""
        lower = self._last(query.all(lower_key), max)
        upper = self._last(query.all(upper_key), min)
        return Range(lower, upper)

    def _last(self, bounds: list[str], which: Any) -> str | None:
        given = [bound for bound in bounds if bound]
        ordered = [bound for bound in given if self.place(bound) is not None]
        if ordered:
            narrowest: str = which(ordered, key=self.place)
            return narrowest
        return given[0] if given else None

    def _trimmed(self, span: Range, chosen: Range) -> Range:
        """The part of a range within the chosen one: what its count counts."""
        lower, upper = span.lower, span.upper
        if chosen.lower is not None and self.place(chosen.lower) is not None:
            lower = self._last([*([lower] if lower else []), chosen.lower], max)
        if chosen.upper is not None and self.place(chosen.upper) is not None:
            upper = self._last([*([upper] if upper else []), chosen.upper], min)
        return Range(lower, upper)

    def _equal(self, one: Range, other: Range) -> bool:
        return [bound and self.place(bound) for bound in (one.lower, one.upper)] == [
            bound and self.place(bound) for bound in (other.lower, other.upper)
        ]
