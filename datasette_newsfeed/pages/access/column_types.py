"""The types of what pages read from an archive, whatever its file holds.

SQLite keeps any value in any column: a file that is crafted, or that another program wrote, may
have a blob for a title and a text for a number. What pages compute with has the type of its column
in the schema, or is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from datasette.utils import CustomRow

from ... import schema

_PLACES = ("image_", "logo_", "story_", "lead_", "value_")
"""What queries put before the name of a column, to say whose it is."""


MOST = 2**53
"""Numbers from here on are no width, no heat and no count; not every one is a float's, either."""


def _text(value: Any) -> str | None:
    return None if isinstance(value, bytes) else str(value)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and abs(value) < MOST
    return value if is_number else None


def _any_but_blob(value: Any) -> Any:
    return None if isinstance(value, bytes) else value


def _content(value: Any) -> bytes | None:
    return value if isinstance(value, bytes) else None


_OF_TYPE: Mapping[str, Callable[[Any], Any]] = {
    "TEXT": _text,
    "INTEGER": _number,
    "REAL": _number,
    "BLOB": _content,
}


def _types() -> dict[str, str]:
    """Return the type of each name of a column, of those that mean one type in all tables.

    Names of tables are left out: queries call their counts so.
    """
    found: dict[str, set[str]] = {}
    for table in schema.TABLES:
        for column in table.columns:
            found.setdefault(column.name, set()).add(column.type)
    tables = {table.name for table in schema.TABLES}
    return {
        name: next(iter(types))
        for name, types in found.items()
        if len(types) == 1 and name not in tables
    }


_TYPES = _types()


_IS_TYPE: Mapping[Any, frozenset[type]] = {
    _text: frozenset((str, type(None))),
    _number: frozenset((int, float, type(None))),
    _content: frozenset((bytes, type(None))),
    _any_but_blob: frozenset((str, int, float, type(None))),
}
"""Of which Python types the values are that a reader leaves as they are, but for large numbers."""


def _is_typed(reader: Callable[[Any], Any], values: tuple[Any, ...]) -> bool:
    """Return whether the values of a column are what is read of them."""
    if not _IS_TYPE[reader].issuperset(map(type, values)):
        return False
    return reader is not _number or all(value is None or -MOST < value < MOST for value in values)


@lru_cache(maxsize=256)
def _readers(names: tuple[str, ...]) -> tuple[Callable[[Any], Any], ...]:
    return tuple(_OF_TYPE.get(_TYPES.get(name, ""), _any_but_blob) for name in map(_own, names))


def _own(name: str) -> str:
    if name in _TYPES:
        return name
    place = next((each for each in _PLACES if name.startswith(each)), "")
    return name.removeprefix(place)


def typed(rows: Iterable[Any], names: Iterable[str]) -> list[Any]:
    """Return rows of a query as their columns' types; those that are so are the same objects."""
    rows, names = list(rows), tuple(names)
    readers = _readers(names)
    if all(map(_is_typed, readers, zip(*rows, strict=True))):
        return rows
    found = []
    for row in rows:
        values = tuple(row)
        read = tuple(
            None if value is None else reader(value)
            for reader, value in zip(readers, values, strict=True)
        )
        is_same = all(map(_is, read, values))
        found.append(row if is_same else CustomRow(names, dict(zip(names, read, strict=True))))
    return found


def _is(one: Any, other: Any) -> bool:
    return one is other
