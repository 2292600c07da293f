"""The conditions of a page's filters, one by one, and those that the facet index can answer.

A filter that Datasette or this plugin writes is recognised by its exact text. Any other is
left to SQL.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap

from ... import facet_index, facet_index_schema, schema
from ...dimensions import RELATED, TOPICS
from ...facet_index import FacetIndex
from ..filters.conditions import TOPIC_BIND


@dataclass(frozen=True, slots=True)
class Known:
    """The rows of a condition. `is_column`: one on a column, which SQL finds by an index."""

    rows: BitMap
    is_column: bool = False


_QUOTED = re.compile(r'"(\w+)"|\[(\w+)\]')
_COMPARED = r"(?:=|!=|>=|<=|>|<|(?:not )?like|glob) :\w+"
_LISTED = r"(?:not )?in \(:\w+(?:, :\w+)*\)"
_ON_COLUMN = re.compile(rf"(\w+) (?:{_COMPARED}|{_LISTED}|is (?:not )?null)")
_BLANK = re.compile(r"\((\w+) is null or \1 = ''\)|\((\w+) is not null and \2 != ''\)")
_EQUAL = re.compile(r"(\w+) = :(\w+)")
_RANGE = re.compile(r"published_at (>=|<=|>|<) :(\w+)")
_FULL_TEXT = re.compile(
    r"rowid in \((select rowid from articles_fts where \w+ match (?:escape_fts\(:\w+\)|:\w+))\)"
)
_TEXTS = {column.name for column in schema.ARTICLES.columns if column.type == "TEXT"}


class Clock:
    """The time limit of some queries: a connection that is past it is interrupted.

    SQLite looks at it every so many steps. A look needs Python's lock, so that it makes a query
    that shares the process with others a hundred times slower; so there are few where a row
    costs little, and as many as Datasette has where it may cost anything.
    """

    SELDOM = 200_000
    OFTEN = 1_000

    def __init__(self, milliseconds: int) -> None:
        self._end = time.perf_counter() + milliseconds / 1000

    def watch(self, conn: sqlite3.Connection, steps: int = OFTEN) -> None:
        """Look at the time every so many steps of this connection from now on."""
        conn.set_progress_handler(self._is_over, steps)

    def check(self) -> None:
        """Raise what an interrupted query raises if the time is over."""
        if self._is_over():
            raise sqlite3.OperationalError("interrupted")

    def _is_over(self) -> bool:
        return time.perf_counter() > self._end


MOST_UNCERTAIN = 150_000
"""Rows that are looked at one by one; past that, SQL does as well by itself."""


class Conditions:
    """What the index knows of the conditions of one page."""

    def __init__(
        self,
        conn: sqlite3.Connection,
        index: FacetIndex,
        params: Mapping[str, Any],
        clock: Clock,
    ) -> None:
        self._conn = conn
        self._clock = clock
        self._index = index
        self._params = params
        self._topics = {
            clause.format(bind=bind): topic
            for bind, topic in params.items()
            if bind.startswith(TOPIC_BIND)
            for clause in (TOPICS.rows.common, TOPICS.rows.condition)
        }

    def find(self, condition: str) -> Known | None:
        """Return the rows of a condition, None where the index does not know them."""
        self._clock.check()  # a page may have hundreds of them
        facets = self._index.facets
        if condition in self._topics and facet_index_schema.TOPIC in facets:
            return Known(self._index.rows(facet_index_schema.TOPIC, self._topics[condition]))
        if condition in (RELATED.value_sql, f"not {RELATED.value_sql}"):
            there = int(condition == RELATED.value_sql)
            return Known(self._index.rows(facet_index_schema.RELATED, there), is_column=True)
        plain = _QUOTED.sub(lambda match: match[1] or match[2], condition)
        if match := _FULL_TEXT.fullmatch(plain):
            self._clock.watch(self._conn)
            inner = match[1].replace("select rowid", "select rowid as n", 1)
            found = facet_index.rows_of(self._conn, inner, self._params)
            return Known(found & self._index.articles)
        return self._on_column(condition, plain)

    def among(self, rows: BitMap, condition: str) -> BitMap:
        """Return those of these rows for which a condition holds, looked at one by one."""
        return facet_index.rows_of(
            self._conn,
            "select rowid as n from articles "
            f"where rowid in (select value from json_each(:newsfeed_rows)) and ({condition})",
            {**self._params, "newsfeed_rows": json.dumps(list(rows))},
        )

    def _on_column(self, condition: str, plain: str) -> Known | None:
        if match := _RANGE.fullmatch(plain):
            return self._range(condition, match[1], self._params.get(match[2]))
        match = _BLANK.fullmatch(plain) or _ON_COLUMN.fullmatch(plain)
        column = match and (match[1] or match[2])
        if column == "image_id" and match is not None and match.re is _BLANK:
            return Known(self._index.rows(facet_index_schema.IMAGE, int(match[1] is None)), True)
        if column not in facet_index_schema.COLUMNS or column not in self._index.facets:
            return None
        equal = _EQUAL.fullmatch(plain)
        if equal and column in _TEXTS and isinstance(self._params.get(equal[2]), str):
            return Known(self._index.rows(column, self._params[equal[2]]), is_column=True)
        sets = self._index.facets[column]
        values = _values_with(column, list(sets), condition, self._params, self._clock)
        return Known(BitMap.union(BitMap(), *(sets[value] for value in values)), is_column=True)

    def _range(self, condition: str, sign: str, bound: Any) -> Known | None:
        """By days: those before and after the day of the bound are in or out as a whole."""
        if not isinstance(bound, str | int):
            return None
        bound, above = str(bound), sign[0] == ">"
        edge = bound[:10] if len(bound) >= 10 else None
        inside, uncertain = [BitMap()], [BitMap()]
        for day, rows in self._index.facets[facet_index_schema.DAY].items():
            if day is None or (day == edge and (len(bound) > 10 or sign in (">", "<="))):
                uncertain.append(rows)
            elif (day >= bound) == above:
                inside.append(rows)
        open_rows = BitMap.union(*uncertain)
        if len(open_rows) > MOST_UNCERTAIN:
            return None
        found = BitMap.union(*inside)
        if open_rows:
            found |= self.among(open_rows, condition)
        return Known(found, is_column=True)


def _values_with(
    column: str, values: list[Any], condition: str, params: Mapping[str, Any], clock: Clock
) -> list[Any]:
    """Return the values for which a condition holds: SQLite itself compares them, as a column."""
    kind = next(each.type for each in schema.ARTICLES.columns if each.name == column)
    conn = sqlite3.connect(":memory:")
    try:
        clock.watch(conn)
        conn.execute(f"create table articles (place integer primary key, {column} {kind})")
        conn.executemany("insert into articles values (?, ?)", enumerate(values))
        found = conn.execute(f"select place from articles where {condition}", params).fetchall()
    finally:
        conn.close()
    return [values[place] for (place,) in found]
