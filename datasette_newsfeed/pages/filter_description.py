"""A selection of articles in words: "Articles about AI in April 2021"."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from datasette.filters import Filters

from .access.archives import Sight
from .facets import bands, periods
from .facets.ranges import Range
from .filters.conditions import DEAD_IMAGE, RELATED, TOPIC, chosen
from .filters.query_string import SEARCH, SORTS, query_of
from .queries.pictures import find_label
from .queries.stories import find_title

ALL = "Articles"
"""What a list is called that nothing narrows down."""

HEADLINES = {"1": "Headlines", "0": "Other reports"}

TIME = "published_at"
NUMBERS = ("heat", "quality")
IMAGE_WORDS = {"image_id__notblank": "with an image", "image_id__isblank": "without an image"}
RELATED_WORDS = {"1": "with related articles", "0": "without related articles"}
BLANK_WORDS = {
    "published_at__isblank": "without a date",
    "published_at__notblank": "with a date",
    **IMAGE_WORDS,
}
ORDERS = {("_sort", TIME): "oldest first", ("_sort_desc", "heat"): "highest heat first"}
DEAD_IMAGE_WORDS = {"1": "with a dead image", "0": "without a dead image"}


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
    """One thing that narrows a list down: of which column, in words, by which pairs."""

    column: str
    words: str
    pairs: tuple[tuple[str, str], ...]


async def conditions(sight: Sight, pairs: Iterable[tuple[str, str]]) -> list[Condition]:
    """Return what narrows a list of articles down, in the order of the address.

    Two bounds of a time or a number are one condition; the order of the rows is none.
    """
    left = _Phrases([pair for pair in pairs if pair[0] not in (*SORTS, "_searchmode")])
    found: dict[int, Condition] = {}
    for column in (TIME, *NUMBERS):
        before = list(left.pairs)
        if span := left.take_range(column):
            words = periods.in_words(span) if column == TIME else bands.in_words(span, whole=True)
            taken = tuple(pair for pair in before if pair not in left.pairs)
            found[before.index(taken[0])] = Condition(column, words, taken)
    for place, (key, value) in enumerate(left.pairs, len(found)):
        column, words = await _condition_in_words(sight, key, value)
        found[place] = Condition(column, words, ((key, value),))
    return list(found.values())


async def _condition_in_words(sight: Sight, key: str, value: str) -> tuple[str, str]:
    """Return the column of a filter and its words: ("provider_id", "The Strait Observer")."""
    column, _, operator = key.partition("__")
    flags = {RELATED: RELATED_WORDS, DEAD_IMAGE: DEAD_IMAGE_WORDS}
    if key in flags:
        return key.removeprefix("_"), flags[key].get(value, value)
    if key in BLANK_WORDS:
        return "image" if key in IMAGE_WORDS else column, BLANK_WORDS[key]
    if key.startswith("_"):
        return {TOPIC: "topics", SEARCH: SEARCH, "_where": "_where"}.get(key, key), value
    if operator == "in" and column in ("provider_id", "type", "id"):
        values = _one_of(value)
        if column == "provider_id":
            values = [await _name_of_provider(sight, each) for each in values]
        return column, f"a list of {len(values)}" if column == "id" else _listed(values, "or")
    if operator not in ("", "exact"):
        words = str(Filters([(key, value)]).human_description_en())
        return column, words.removeprefix(f"where {column} ") or f"{operator} {value}"
    if column == "provider_id":
        return column, await _name_of_provider(sight, value)
    if column == "story_id":
        return column, await find_title(sight, value) or value
    return column, value


async def in_words(sight: Sight, request: Any) -> str:
    """Return a selection of articles in words: "Articles about AI in April 2021"."""
    left = _Phrases(list(query_of(request).pairs))
    left.take("_searchmode")
    words = [_what_in_words(left)]
    if stories := left.take("story_id", "story_id__exact"):
        titles = [await find_title(sight, each) or each for each in stories]
        words.append(f"on the story {_listed(f'“{each}”' for each in titles)}")
    if left.take("story_id__notblank"):
        words.append("of stories")
    if topics := chosen(request, TOPIC):
        left.take(TOPIC)
        words.append(f"about {_listed(topics)}")
    if providers := left.take("provider_id", "provider_id__exact"):
        names = [await _name_of_provider(sight, each) for each in providers]
        words.append(f"from {_listed(names)}")
    for value in left.take("provider_id__in"):
        names = [await _name_of_provider(sight, each) for each in _one_of(value)]
        words.append(f"from {_listed(names, 'or')}")
    if types := left.take("type", "type__exact"):
        words.append(f"of type {_listed(types)}")
    words += [f"of type {_listed(_one_of(value), 'or')}" for value in left.take("type__in")]
    words += [f"from a list of {len(_one_of(value))}" for value in left.take("id__in")]
    if span := left.take_range(TIME):
        words.append(_time_in_words(span))
    for column in NUMBERS:
        if span := left.take_range(column):
            words.append(f"with {column} {bands.in_words(span, whole=True)}")
    words += [phrase for key, phrase in BLANK_WORDS.items() if left.take(key)]
    words += [RELATED_WORDS[each] for each in left.take(RELATED) if each in RELATED_WORDS]
    dead = left.take(DEAD_IMAGE)
    words += [DEAD_IMAGE_WORDS[each] for each in dead if each in DEAD_IMAGE_WORDS]
    if searches := left.take(SEARCH):
        words.append(f"with the words {_listed(f'“{each}”' for each in searches)}")
    return " ".join(words) + _rest_in_words(left)


def _what_in_words(left: _Phrases) -> str:
    places = [value for key, value in left.pairs if key in ("is_headline", "is_headline__exact")]
    if len(places) != 1 or places[0] not in HEADLINES:
        return ALL
    return HEADLINES[left.take("is_headline", "is_headline__exact")[0]]


async def _name_of_provider(sight: Sight, key: str) -> str:
    if not sight.sees("providers"):
        return key
    return await find_label(sight, "providers", "name", "domain", key) or key


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


def _one_of(value: str) -> list[str]:
    """Return the values of a filter `__in`, read as Datasette reads them: JSON or commas."""
    try:
        found = json.loads(value) if value.startswith("[") else value.split(",")
    except ValueError:
        found = [value]
    return [str(each).strip() for each in found] or [""]


def _time_in_words(span: Range) -> str:
    words = periods.in_words(span)
    period = periods.period_of(span)
    if period is not None:
        return f"{'on' if period.unit == periods.DAY else 'in'} {words}"
    return words if words.startswith(("from ", "before ")) else f"from {words}"
