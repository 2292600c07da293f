"""The order of a table page, completed so that "next" leads to each row exactly once.

Both lines of Datasette continue after the last row of a page by (sort column, primary key), but
they add the key to `order by` only where the address has `_next`: line 422 of `views/table.py` in
0.65.5, line 2208 in 1.0a41 (`order_by = f"{order_by}, {order_by_pks}"`). So the first page has
equal values in the order of whatever plan SQLite chose, and the second one leaves rows out and
repeats others. No hook reaches `order by`, and an index on (column, key) helps only until a filter
makes SQLite choose another plan. So the statement that reads the rows of a page is completed where
it runs, in `Database.execute`: one statement a request, of the table that is shown, in a database
that `complete_next` was called for.

The statement of a later page selects the same rows in the same order as before, but:

- Its position comes as text, and SQLite reads some numbers otherwise than Python writes them
  (0.2310683059354426 becomes 0.23106830593544259), so that rows were lost or repeated. It is
  passed as a number.
- `a < :p or a is null or (a = :p and ...)` makes SQLite fetch all rows that remain in three parts
  and sort them. It gets a form that no index serves, which takes one pass over the table.
- The other conditions are put into brackets: `?_where=a or b` otherwise keeps the rows of `a` on
  each page, without end.

A feed needs no more than the keys of its rows. Its statement reads these and the column that the
rows are sorted by, and null for all others, whatever `_col` says: fifty records may have 500 MB.

Nor does a page of cards, whose table is not drawn. Its rows are `KeyRow`s: Datasette makes a cell
of each value that a row gives when it is iterated over, a thousand for fifty articles, and asks
all plugins about each.

Of a view Datasette asks for a later page by `offset`, for which SQLite computes all columns of all
rows before it. Their keys alone are found first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasette.utils import escape_sqlite

from ..sql_conditions import is_condition
from .request import Method, noted, wrap_once

Params = Mapping[str, Any]

_NOTE = "row_order"
_REPLACE = "row_replacement"
_NAME = r'\w+|\[[^\]]*\]|"(?:[^"]|"")*"'
_FIRST_PAGE = re.compile(
    rf"""(?P<where>.*)order\ by\ (?P<column>{_NAME})(?P<desc>\ desc)?
    (?P<limit>\ limit\ \d+(?:\ offset\ \d+)?)""",
    re.DOTALL | re.VERBOSE,
)
_LATER_PAGE = re.compile(
    # The position is the last condition; those before it may be of the address.
    rf"""where\ (?:(?P<others>.+)\ and\ )?
    (?P<position>
      (?:\((?P<column>{_NAME})\ (?:
        [<>]\ :(?P<value>p\d+)(?:\ or\ (?P=column)\ is\ null)?\ or\ \((?P=column)\ =\ :(?P=value)
        | (?P<ascending>is\ not\ null\ or\ \((?P=column)\ is\ null)
        | is\ null
      )\ and\ )?
      (?P<after>\((?:\([^()]*\)(?:\s+or\s+)?)+\)|rowid\ >\ :p\d+)
      (?(value)\)\)|(?(ascending)\)\)|(?(column)\))))
    )
    \ order\ by\ (?P<order>(?P<first>{_NAME})(?P<desc>\ desc)?[^()]*?)(?P<limit>\ limit\ \d+)""",
    re.DOTALL | re.VERBOSE,
)
_COLUMNS = re.compile(rf"select (?:{_NAME})(?:, (?:{_NAME}))*")
_WHOLE_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class RowOrder:
    """What decides the order of a table's rows besides the column that they are sorted by.

    keys: the columns that tell rows apart. numbers: the columns of a numeric type. not_null: those
    that are never null. scanned: those with so few different values that reading the whole table
    takes less time than following their index and sorting the rows of one value. read: the only
    columns that are wanted, None for all. columns: those of the table, where its rows are drawn
    without cells; only the statement for all of them is the page's then. is_view: it has one key,
    by which the rows of a page are found before their columns are computed.
    """

    table: str
    keys: tuple[str, ...]
    numbers: frozenset[str] = frozenset()
    not_null: frozenset[str] = frozenset()
    scanned: frozenset[str] = frozenset()
    read: frozenset[str] | None = None
    columns: tuple[str, ...] = ()
    is_view: bool = False

    @property
    def has_cells(self) -> bool:
        """Return whether the rows are drawn as a table."""
        return not self.columns

    def complete(self, sql: str, params: Params) -> tuple[str, Params] | None:
        """Return Datasette's statement for a page of this table, completed; None for any other."""
        columns, table, rest = sql.partition(f" from {escape_sqlite(self.table)} ")
        if not columns.startswith("select "):
            return None
        if self.columns and columns != f"select {', '.join(map(escape_sqlite, self.columns))}":
            return None  # of another plugin
        narrowed = self._narrowed(columns, rest)
        if page := _LATER_PAGE.fullmatch(rest):
            changed, params = self._later_page(page, params)
        elif page := _FIRST_PAGE.fullmatch(rest):
            plus = "+" if page["column"] in self.scanned else ""
            order = self._order(page["column"], page["desc"], plus)
            changed = f"{page['where']}order by {order}{page['limit']}"
            where = page["where"].removeprefix("where ")
            if self.is_view and (not where or is_condition(where)):
                (key,) = map(escape_sqlite, self.keys)
                found = f"select {key} from {escape_sqlite(self.table)} {changed}"
                changed = f"where {key} in ({found}) order by {order}"
        elif narrowed != columns:
            changed = rest
        else:
            return None
        return f"{narrowed}{table}{changed}", params

    def _narrowed(self, columns: str, rest: str) -> str:
        """Return the beginning of the statement, with null for each column that is not wanted."""
        if self.read is None or not _COLUMNS.fullmatch(columns):
            return columns
        order = rest.rpartition("order by ")[2]
        kept = {*re.findall(_NAME, order), *map(escape_sqlite, self.read)}
        names = re.findall(_NAME, columns.removeprefix("select "))
        wanted = (name if name in kept else f"null as {name}" for name in names)
        return f"select {', '.join(wanted)}"

    def _order(self, column: str, desc: str | None, plus: str) -> str:
        keys = [key for key in map(escape_sqlite, self.keys) if key != column]
        return ", ".join([f"{plus}{column}{desc or ''}", *keys])

    def _later_page(self, page: re.Match[str], params: Params) -> tuple[str, Params]:
        column, value = page["column"], page["value"]
        position, order = page["position"], page["order"]
        if value in params:
            position, plus = self._position(page)
            order = self._order(column, page["desc"], plus)
            if column in self.numbers:
                params = {**params, value: _as_number(params[value])}
        others = f"({page['others']}) and " if page["others"] else ""
        return f"where {others}{position} order by {order}{page['limit']}", params

    def _position(self, page: re.Match[str]) -> tuple[str, str]:
        """Return the condition of the rows that follow, and the plus that keeps off an index."""
        column, value, after = page["column"], page["value"], page["after"]
        equal = f"({column} = :{value} and {after})"
        is_scanned = column in self.scanned
        if not page["desc"]:
            condition = f"({column} > :{value} or {equal})"
            return (f"+{condition}", "+") if is_scanned else (condition, "")
        if column in self.not_null:
            # The first half finds the place in an index.
            condition = f"({column} <= :{value} and ({column} < :{value} or {after}))"
            return condition, "+" if is_scanned else ""
        return f"ifnull({column} < :{value} or {equal}, 1)", "+"


class KeyRow:
    """A row that answers for each column, and has no cells: to iterate over it gives nothing."""

    __slots__ = ("_row",)

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getitem__(self, key: str | int) -> Any:
        """Return the value of a column."""
        return self._row[key]

    def __iter__(self) -> Iterator[Any]:
        """Return no cell."""
        return iter(())

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._row)

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._row.keys())


def _as_number(text: Any) -> Any:
    """Return a real as Python reads it; what is none, or is whole, as it is given."""
    if not isinstance(text, str) or _WHOLE_NUMBER.fullmatch(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


@dataclass(frozen=True, slots=True)
class LaterPage:
    """What the statement of a later page is made of: its conditions, position, order backwards.

    before: the condition of the rows before the page; before_apart: the same as conditions of which
    a row fulfils one, each served by an index of the column.
    """

    others: str | None
    before: str
    before_apart: tuple[str, ...]
    column: str
    key: str
    backwards: str


def later_page(sql: str, table: str, key: str) -> LaterPage | None:
    """Return the parts of Datasette's statement for a later page, sorted by one column.

    None for a first page, or one that is sorted by the key alone.
    """
    _, _, rest = sql.partition(f" from {escape_sqlite(table)} ")
    page = _LATER_PAGE.fullmatch(rest)
    column = page and page["column"]
    if page is None or not column or column == escape_sqlite(key):
        return None
    back = "" if page["desc"] else " desc"
    backwards = f"{column}{back}, {escape_sqlite(key)} desc"
    before = f"not ifnull(({page['position']}), 0)"
    apart: tuple[str, ...] = (before,)
    if page["value"] and page["desc"]:
        value = f":{page['value']}"
        before = f"{column} >= {value} and not ({column} = {value} and {page['after']})"
        apart = (f"{column} > {value}", f"{column} = {value} and not {page['after']}")
    return LaterPage(page["others"], before, apart, column, key, backwards)


Replace = Callable[[str, Params], Awaitable[tuple[str, Params] | None]]
"""Returns another statement with the same result as one that takes longer; else None."""


def replace_statements(replace: Replace) -> None:
    """Let `replace` see each statement of this request on a database of `complete_next`."""
    noted()[_REPLACE] = replace


def complete_next(db: Any, order: RowOrder) -> None:
    """Complete the next statement by which this request reads a page of a table from `db`."""
    noted()[_NOTE] = order
    wrap_once(db, "execute", _completing)


def _completing(execute: Method) -> Method:
    async def completing(sql: str, params: Any = None, *args: Any, **options: Any) -> Any:
        notes = noted()
        wanted = notes.get(_NOTE)
        has_cells = True
        if wanted is not None and isinstance(params, Mapping):
            completed = wanted.complete(sql, params)
            if completed is not None:
                del notes[_NOTE]
                sql, params = completed
                has_cells = wanted.has_cells
        replace = notes.get(_REPLACE)
        if replace is not None and isinstance(params, Mapping):
            sql, params = await replace(sql, params) or (sql, params)
        results = await execute(sql, params, *args, **options)
        if not has_cells:
            results.rows = [KeyRow(row) for row in results.rows]
        return results

    return completing
