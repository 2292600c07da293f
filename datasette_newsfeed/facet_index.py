"""The facet index: for each value of a facet the set of its articles, as compressed bitmaps.

The importer writes it and the facets read it. An article is identified by its row number
(`articles.rowid`). One table holds the sets, a second one the state in which they were left,
a third one the numbers of the rows that changed since then. Triggers fill the third table in
the transaction of the change, whichever program makes it.

A reader that reads the three tables in one transaction has exact sets, or learns that it has
not: a trigger was dropped, too many rows changed, or rows were renumbered. Facets are then
counted by SQL until the next import rebuilds the index. docs/performance.md has its costs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyroaring import BitMap

from .facet_index_schema import CREATE, LOG, NAME, STATE, TABLES, TOPIC, TRIGGERS, VALUES, VERSION

PAYS_FROM = 20_000
"""Articles. Plain SQL is fast enough below, also for several visitors at once."""

MOST_CHANGES = 50_000
"""Changes that are applied to the index. Rebuilding it is as fast for more than that."""

MOST_FILES = MOST_CHANGES // 10
"""Files that an import may read again and still update the index: each changes several rows."""

MOST_VALUES = 50_000
"""Values of one facet. One with more is left to SQL: its index would outgrow the articles."""

MOST_ROWS = 2**32
"""Row numbers beyond do not fit into a bitmap."""

PARSED_AT_ONCE = 500_000
"""Characters of row numbers."""

PROBES = 16
"""Rows whose numbers are compared with those of the time when the index was made."""

Sets = Mapping[Any, BitMap]

_DAMAGED = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What values of other types and damaged sets or JSON raise, wherever they are read."""


@dataclass(frozen=True)
class FacetIndex:
    """The sets of one state of an archive. Nobody changes a set: a change makes another one."""

    build: str
    seq: int
    articles: BitMap
    facets: Mapping[str, Sets]
    _groups: dict[tuple[str, Hashable], Sets] = field(default_factory=dict)

    def rows(self, facet: str, value: Any) -> BitMap:
        """Return the articles with a value; nobody may change them."""
        return self.facets[facet].get(value) or BitMap()

    def grouped(self, facet: str, name: Hashable, group: Callable[[Any], Hashable]) -> Sets:
        """Return the articles by `group(value)`; worked out once for each `name`."""
        key = (facet, name)
        if key not in self._groups:
            members: dict[Any, list[BitMap]] = {}
            for value, rows in self.facets[facet].items():
                members.setdefault(group(value), []).append(rows)
            self._groups[key] = {
                value: BitMap.union(*rows) if len(rows) > 1 else rows[0]
                for value, rows in members.items()
            }
        return self._groups[key]

    def after(self, conn: sqlite3.Connection, seq: int, numbers: BitMap) -> FacetIndex:
        """Return the index after rows of these numbers changed, were added or went."""
        if not numbers:
            return FacetIndex(self.build, seq, self.articles, self.facets)
        facets = {
            facet: {
                value: rows - numbers if rows.intersect(numbers) else rows
                for value, rows in sets.items()
            }
            for facet, sets in self.facets.items()
        }
        there, added = BitMap(), _values_of(conn, facets, numbers)
        for facet, value, number in added:
            if facet is None:
                there.add(number)
                continue
            rows = facets[facet].get(value)
            if rows is None or rows is self.facets[facet].get(value):
                rows = facets[facet][value] = BitMap(rows or ())
            rows.add(number)
        kept = {facet: {v: r for v, r in sets.items() if r} for facet, sets in facets.items()}
        return FacetIndex(self.build, seq, (self.articles - numbers) | there, kept)


def counts(sets: Sets, rows: BitMap) -> dict[Any, int]:
    """Return how many of these rows each value has; values without any are left out."""
    found = {value: members.intersection_cardinality(rows) for value, members in sets.items()}
    return {value: n for value, n in found.items() if n}


def rows_of(conn: sqlite3.Connection, sql: str, params: Any = ()) -> BitMap:
    """Return the row numbers that a query selects, in one column named `n`.

    As one text and not as rows: that is seven times as fast, and the thread does not wait
    for other Python at every row. Raises OverflowError for numbers that fit no bitmap.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    text = cursor.execute(f"select group_concat(n) from ({sql})", params).fetchone()[0]
    return _parsed(text)


def _parsed(text: str | None) -> BitMap:
    found, start = BitMap(), 0
    # Some at once: as Python's numbers they take ten times the room.
    while text and start < len(text):
        end = text.find(",", start + PARSED_AT_ONCE)
        end = len(text) if end < 0 else end
        found.update(json.loads(f"[{text[start:end]}]"))
        start = end + 1
    return found


# -- reading ------------------------------------------------------------------


def current(conn: sqlite3.Connection, known: FacetIndex | None = None) -> FacetIndex | None:
    """Return the index as it is now, None where there is none to be trusted.

    To be called in a transaction, together with what is to agree with it. `known` is the
    index as it was found before: what has not changed is not read again. An index that is
    damaged is not trusted.
    """
    try:
        return _current(conn, known)
    except _DAMAGED:
        return None
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        return None


def _current(conn: sqlite3.Connection, known: FacetIndex | None) -> FacetIndex | None:
    state = _state(conn)
    if state is None:
        return None
    build, stored_seq, seq, triggers = state
    if triggers != len(TRIGGERS) or not build.startswith(f"{VERSION}:"):
        return None
    if known is not None and known.build == build and stored_seq <= known.seq <= seq:
        return known if known.seq == seq else _caught_up(conn, known, seq)
    if seq - stored_seq > MOST_CHANGES or not _is_sound(conn, stored_seq):
        return None
    return _caught_up(conn, _load(conn), seq)


def _is_damage(error: sqlite3.Error) -> bool:
    """Tell other columns, and values that are none of a statement, from a time limit or a lock."""
    return isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError) or (
        str(error).startswith(("no such column", "no such table"))
    )


def exists(conn: sqlite3.Connection) -> bool:
    """Return whether there is an index, trusted or not."""
    names = {row[0] for row in _rows(conn, "select name from sqlite_master where type = 'table'")}
    return names.issuperset(TABLES)


def _state(conn: sqlite3.Connection) -> tuple[str, int, int, int] | None:
    if not exists(conn):
        return None
    found = _rows(
        conn,
        f"select build, seq, coalesce((select max(seq) from {LOG}), 0), "
        "(select count(*) from sqlite_master where type = 'trigger' "
        f"and name glob '{NAME}_*') from {STATE}",
    )
    if len(found) != 1:
        return None
    build, stored_seq, seq, triggers = found[0]
    return build, stored_seq, max(seq, stored_seq), triggers


def _rows(conn: sqlite3.Connection, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
    cursor = conn.cursor()
    cursor.row_factory = None  # whatever the connection makes of its rows
    return cursor.execute(sql, params).fetchall()


def _is_sound(conn: sqlite3.Connection, stored_seq: int) -> bool:
    """Return whether the triggers are ours and rows have the numbers they had."""
    sql = "select name, sql from sqlite_master where type = 'trigger' and name glob ?"
    if dict(_rows(conn, sql, [f"{NAME}_*"])) != TRIGGERS:
        return False
    probes = json.loads(_rows(conn, f"select probes from {STATE}")[0][0])
    changed = f"select 1 from {LOG} where seq > ? and n = ? limit 1"
    for number, key in probes:
        found = _rows(conn, "select id from articles where rowid = ?", [number])
        if found != [(key,)] and not _rows(conn, changed, [stored_seq, number]):
            return False
    return True


def _caught_up(conn: sqlite3.Connection, index: FacetIndex, seq: int) -> FacetIndex | None:
    if seq - index.seq > MOST_CHANGES:
        return None
    if seq == index.seq:
        return index
    try:
        numbers = rows_of(conn, f"select distinct n from {LOG} where seq > ?", [index.seq])
    except OverflowError:
        return None
    return index.after(conn, seq, numbers)


def _load(conn: sqlite3.Connection) -> FacetIndex:
    """Return the index as stored. Raises ValueError for sets that cannot be of these articles.

    A set of all numbers takes 20 bytes of a file, and gigabytes once it is worked with.
    """
    build, seq, names = _rows(conn, f"select build, seq, facets from {STATE}")[0]
    count = _rows(conn, "select count(*) from articles")[0][0]
    found = _rows(conn, f"select rows from {NAME} where facet = ''")
    articles = BitMap.deserialize(found[0][0]) if found else BitMap()
    if len(articles) > count + MOST_CHANGES:
        raise ValueError(f"{NAME} has more articles than there are")
    facets: dict[str, dict[Any, BitMap]] = {name: {} for name in json.loads(names)}
    cursor = conn.cursor()
    cursor.row_factory = None
    for facet, value, packed in cursor.execute(f"select facet, value, rows from {NAME}"):
        if facet in facets:
            rows = BitMap.deserialize(packed)
            if not rows.issubset(articles):
                raise ValueError(f"{NAME} has articles in a set that it has not")
            facets[facet][value] = rows
    return FacetIndex(build, seq, articles, facets)


def _value_sql(facet: str) -> str:
    return VALUES[facet]


def _values_of(
    conn: sqlite3.Connection, facets: Iterable[str], numbers: BitMap
) -> Iterator[tuple[str | None, Any, int]]:
    """Yield (facet, value, row number) for these rows, and with facet None that they are there."""
    names = [facet for facet in facets if facet in VALUES]
    places = {"numbers": json.dumps(list(numbers))}
    chosen = "rowid in (select value from json_each(:numbers))"
    values = "".join(f", {_value_sql(facet)}" for facet in names)
    for number, *found in _rows(conn, f"select rowid{values} from articles where {chosen}", places):
        yield None, None, number
        yield from zip(names, found, [number] * len(names), strict=True)
    if TOPIC in facets:
        sql = (
            "select topic, articles.rowid from articles cross join article_topics "
            f"on article_id = articles.id where articles.{chosen}"
        )
        for topic, number in _rows(conn, sql, places):
            yield TOPIC, topic, number


# -- writing ------------------------------------------------------------------


def keep(conn: sqlite3.Connection) -> bool:
    """Bring the stored index up to date, in the open transaction; tell whether there is one.

    An archive too small to need one gets none. Changes are applied where possible, else
    the index is rebuilt.
    """
    if not exists(conn):
        number = _rows(conn, f"select count(*) from (select 1 from articles limit {PAYS_FROM})")
        return number[0][0] >= PAYS_FROM and build(conn)
    try:
        is_kept = _keep_changes(conn)
    except _DAMAGED:
        is_kept = False
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        is_kept = False
    return is_kept or build(conn)


def _keep_changes(conn: sqlite3.Connection) -> bool:
    """Apply what changed to the stored index; return False where it is to be rebuilt."""
    state = _state(conn)
    if state is None or not _can_catch_up(conn, state):
        return False
    if state[1] == state[2]:
        return True
    before = _load(conn)
    after = _caught_up(conn, before, state[2])
    if after is None:
        return False
    _store_changes(conn, before, after)
    return True


def _can_catch_up(conn: sqlite3.Connection, state: tuple[str, int, int, int]) -> bool:
    build, stored_seq, seq, triggers = state
    return (
        build.startswith(f"{VERSION}:")
        and triggers == len(TRIGGERS)
        and seq - stored_seq <= MOST_CHANGES
        and _is_sound(conn, stored_seq)
    )


def drop(conn: sqlite3.Connection) -> None:
    """Remove the index, in the open transaction: nothing slows a large import down then."""
    for (name,) in _rows(
        conn, "select name from sqlite_master where type = 'trigger' and name glob ?", [f"{NAME}_*"]
    ):
        conn.execute(f'drop trigger "{name}"')
    for table in TABLES:
        conn.execute(f"drop table if exists {table}")


def build(conn: sqlite3.Connection) -> bool:
    """Rebuild the index in the open transaction. Return False if row numbers do not fit one."""
    drop(conn)
    low, high = _rows(conn, "select min(rowid), max(rowid) from articles")[0]
    if low is not None and (low < 0 or high >= MOST_ROWS):
        return False
    for statement in CREATE.split(";"):
        conn.execute(statement)
    facets = [facet for facet in (*VALUES, TOPIC) if _build_facet(conn, facet)]
    articles = rows_of(conn, "select rowid as n from articles")
    _insert(conn, [("", None, articles)])
    conn.execute(
        f"insert into {STATE} (build, seq, facets, probes) "
        f"values ('{VERSION}:' || lower(hex(randomblob(8))), 0, ?, ?)",
        [json.dumps(facets), _probes(conn, articles)],
    )
    for sql in TRIGGERS.values():
        conn.execute(sql)
    return True


def _build_facet(conn: sqlite3.Connection, facet: str) -> bool:
    if facet == TOPIC:
        # Along the index by topic, each article looked up by its key.
        sql = """select topic, group_concat(articles.rowid) from article_topics
          cross join articles on articles.id = article_topics.article_id group by topic"""
    else:
        sql = f"select {_value_sql(facet)}, group_concat(rowid) from articles group by 1"
    cursor = conn.cursor()
    cursor.row_factory = None
    for written, (value, text) in enumerate(cursor.execute(sql)):
        if written == MOST_VALUES:
            conn.execute(f"delete from {NAME} where facet = ?", [facet])
            return False
        _insert(conn, [(facet, value, _parsed(text))])
    return True


def _insert(conn: sqlite3.Connection, sets: Iterable[tuple[str, Any, BitMap]]) -> None:
    def row(facet: str, value: Any, rows: BitMap) -> tuple[str, Any, int, bytes]:
        packed = rows.copy()
        packed.run_optimize()
        return facet, value, len(packed), packed.serialize()

    conn.executemany(
        f"insert into {NAME} (facet, value, n, rows) values (?, ?, ?, ?)",
        (row(*each) for each in sets),
    )


def _probes(conn: sqlite3.Connection, articles: BitMap) -> str:
    places = {len(articles) * step // PROBES for step in range(PROBES)} | {len(articles) - 1}
    numbers = [articles[place] for place in sorted(places) if 0 <= place < len(articles)]
    sql = "select rowid, id from articles where rowid in (select value from json_each(?))"
    return json.dumps(_rows(conn, f"{sql} order by 1", [json.dumps(numbers)]))


def _store_changes(conn: sqlite3.Connection, before: FacetIndex, after: FacetIndex) -> None:
    old = {("", None): before.articles}
    new = {("", None): after.articles}
    for sets, index in ((old, before), (new, after)):
        sets.update(
            {(f, v): rows for f, found in index.facets.items() for v, rows in found.items()}
        )
    changed = [key for key in old if new.get(key) is not old[key]]
    conn.executemany(f"delete from {NAME} where facet = ? and value is ?", changed)
    _insert(conn, [(*key, rows) for key, rows in new.items() if old.get(key) is not rows])
    # The last entry stays: numbers go on from it, and no state is taken for another.
    conn.execute(f"delete from {LOG} where seq < ?", [after.seq])
    conn.execute(
        f"update {STATE} set seq = ?, probes = ?", [after.seq, _probes(conn, after.articles)]
    )
