"""A selection of articles in words: "Articles about AI in April 2021"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from datasette.filters import Filters

from ..dimensions import BAND, BY_NAME, DIMENSIONS, HEADLINES, PERIOD, TOPICS, Dimension, of_pair
from .access.archives import ArchiveView
from .facets import bands, periods
from .facets.ranges import Range
from .filters.conditions import chosen
from .filters.query_string import SORTS, listed_values, query_of
from .protocols import RequestLike
from .queries.image_rows import find_label
from .queries.stories import find_title

ALL = "Articles"
"""What a list is called that nothing narrows down."""

RANGES = tuple(each for each in DIMENSIONS if each.facet in (PERIOD, BAND))
"""Whose two bounds are one condition."""
QUOTED = ("story_id", "_search")
ONE_BY_ONE = ("story_id", "topics", "_search")
"""Of which no filter `__in` has a phrase."""
ORDERS = {("_sort", "published_at"): "oldest first", ("_sort_desc", "heat"): "highest heat first"}


@dataclass(frozen=True, slots=True)
class _Phrases:
    """The pairs of a query that were not put into words yet."""

    pairs: list[tuple[str, str]]

    def take(self, *keys: str) -> list[str]:
        """Return the values of these keys, which are then in words; none if one is blank."""
        values = [value for key, value in self.pairs if key in keys]
        if not all(values):
            return []
        self.pairs[:] = [pair for pair in self.pairs if pair[0] not in keys]
        return values

    def take_range(self, column: str) -> Range | None:
        """Return the range that two bounds of a column make, None if there is not one alone."""
        keys = [f"{column}__gte", f"{column}__lt"]
        bounds = [[value for key, value in self.pairs if key == each] for each in keys]
        if any(len(each) > 1 for each in bounds) or not self.take(*keys):
            return None
        return Range(*(each[0] if each else None for each in bounds))


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that narrows a list down: by which dimension, in words, by which pairs."""

    name: str
    words: str
    pairs: tuple[tuple[str, str], ...]


async def conditions(view: ArchiveView, pairs: Iterable[tuple[str, str]]) -> list[Condition]:
    """Return what narrows a list of articles down, in the order of the address.

    Two bounds of a time or a number are one condition; the order of the rows is none.
    """
    left = _Phrases([pair for pair in pairs if pair[0] not in (*SORTS, "_searchmode")])
    found: dict[int, Condition] = {}
    for dimension in RANGES:
        before = list(left.pairs)
        if span := left.take_range(dimension.column):
            taken = tuple(pair for pair in before if pair not in left.pairs)
            words = _range_in_words(dimension, span)
            found[before.index(taken[0])] = Condition(dimension.name, words, taken)
    for place, (key, value) in enumerate(left.pairs, len(found)):
        name, words = await _condition_in_words(view, key, value)
        found[place] = Condition(name, words, ((key, value),))
    return list(found.values())


async def _condition_in_words(view: ArchiveView, key: str, value: str) -> tuple[str, str]:
    """Return the name of a filter's dimension and its words: ("type", "article or video")."""
    dimension, flag = of_pair(key, value) or (None, None)
    if dimension is not None and flag is not None:
        return dimension.name, flag.phrase
    if dimension is not None and key == dimension.key:
        return dimension.name, await _name(view, dimension, value)
    column, _, operator = key.partition("__")
    if key.startswith("_"):
        return key, value
    if operator == "in" and dimension is not None and dimension.phrase:
        values = listed_values(value)
        if column == "id":
            return column, f"a list of {len(values)}"
        return column, _listed([await _name(view, dimension, each) for each in values], "or")
    if operator not in ("", "exact"):
        words = str(Filters([(key, value)]).human_description_en())
        return column, words.removeprefix(f"where {column} ") or f"{operator} {value}"
    return column, await _name(view, dimension, value) if dimension else value


async def in_words(view: ArchiveView, request: RequestLike, *, with_order: bool = True) -> str:
    """Return a selection of articles in words: "Articles about AI in April 2021"."""
    pairs = [each for each in query_of(request).pairs if with_order or each[0] not in SORTS]
    left = _Phrases(pairs)
    left.take("_searchmode")
    words = [_what_in_words(left)]
    for dimension in DIMENSIONS:
        words += await _dimension_in_words(view, request, dimension, left)
    return " ".join(words) + _rest_in_words(left)


async def _dimension_in_words(
    view: ArchiveView, request: RequestLike, dimension: Dimension, left: _Phrases
) -> list[str]:
    """Return the phrases of one dimension, and take what they say from the pairs left."""
    words = []
    if dimension in RANGES:
        if span := left.take_range(dimension.column):
            in_range = _range_in_words(dimension, span)
            words.append(dimension.phrase.format(in_range) if dimension.phrase else _time(span))
    elif dimension.phrase:
        # A list of ids is counted, not listed; a single one stays a filter of Datasette's.
        keys = () if dimension.name == "id" else (dimension.key, f"{dimension.key}__exact")
        if values := left.take(*keys):
            if dimension is TOPICS:
                values = chosen(request, dimension.key)
            names = [await _name(view, dimension, each) for each in values]
            quoted = [f"“{each}”" for each in names] if dimension.name in QUOTED else names
            if quoted:  # none where all are blanks
                words.append(dimension.phrase.format(_listed(quoted)))
        for value in () if dimension.name in ONE_BY_ONE else left.take(f"{dimension.key}__in"):
            names = [await _name(view, dimension, each) for each in listed_values(value)]
            listed = str(len(names)) if dimension.name == "id" else _listed(names, "or")
            words.append(dimension.phrase.format(listed))
    for key in dict.fromkeys(flag.key for flag in dimension.all_flags):
        values = left.take(key)
        held = (f for value in values for f in dimension.all_flags if f.holds(key, value))
        words += dict.fromkeys(flag.phrase for flag in held)
    return words


def _what_in_words(left: _Phrases) -> str:
    headline = BY_NAME["is_headline"]
    keys = (headline.key, f"{headline.key}__exact")
    values = [value for key, value in left.pairs if key in keys]
    if len(values) != 1 or values[0] not in HEADLINES:
        return ALL
    return HEADLINES[left.take(*keys)[0]]


async def _name(view: ArchiveView, dimension: Dimension, value: str) -> str:
    """Return what readers call a value: providers and stories by their rows."""
    if dimension.name == "provider_id":
        return await _name_of_provider(view, value)
    if dimension.name == "story_id":
        return await find_title(view, value) or value
    return dimension.name_of(value)


async def _name_of_provider(view: ArchiveView, key: str) -> str:
    if not view.sees("providers"):
        return key
    return await find_label(view, "providers", "name", "domain", key) or key


def _rest_in_words(left: _Phrases) -> str:
    """Whatever has no phrase of its own, as Datasette itself would say it."""
    words = ""
    ordered = [(key, left.take(key)) for key in SORTS]
    # Datasette has no words of its own for these either.
    others = len([key for key, _ in left.pairs if key.startswith("_")])
    filters = [pair for pair in left.pairs if not pair[0].startswith("_")]
    if filters:
        words += " " + str(Filters(sorted(filters)).human_description_en())
    if others:
        words += f", under {others} further condition{'s' if others > 1 else ''}"
    for key, columns in ordered:
        for column in columns:
            plain = f"sorted by {column}{' descending' if key == '_sort_desc' else ''}"
            words += f", {ORDERS.get((key, column), plain)}"
    return words


def _listed(words: Iterable[str], joint: str = "and") -> str:
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def _range_in_words(dimension: Dimension, span: Range) -> str:
    if dimension.facet == PERIOD:
        return periods.in_words(span)
    return bands.in_words(span, whole=True)


def _time(span: Range) -> str:
    words = periods.in_words(span)
    period = periods.period_of(span)
    if period is not None:
        return f"{'on' if period.unit == periods.DAY else 'in'} {words}"
    return words if words.startswith(("from ", "before ")) else f"from {words}"
