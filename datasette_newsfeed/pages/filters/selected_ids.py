"""Which articles an address of the articles page selects, according to Datasette itself.

A part of an archive that is published therefore holds what its page showed, with every
filter of Datasette, of this plugin and of others.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.app import Datasette
from datasette.filters import Filters

from ... import schema
from ...dimensions import DIMENSIONS
from ...errors import SelectionError
from .. import compat
from .query_string import selects

# Nobody waits for a page here.
PATIENT = {"sql_time_limit_ms": 3_600_000, "max_returned_rows": 100_000_000}


def chosen_articles(database: str | Path, query: str) -> list[str]:
    """Return the ids of the articles that a query string keeps, `?_topic=AI&heat__gte=50`.

    A whole address will do. What only says how a page looks is ignored.
    Raises SelectionError where the query names a column that is not there, or
    Datasette refuses it.
    """
    try:
        query.encode()
    except UnicodeEncodeError as error:  # bytes of a command line that are no text
        raise SelectionError(query, "is not UTF-8; write it percent-encoded") from error
    pairs = [
        pair
        for pair in parse_qsl(query.rpartition("?")[2].partition("#")[0], keep_blank_values=True)
        if selects(*pair) and pair[0] not in ("_sort", "_sort_desc")
    ]
    if not pairs:
        raise SelectionError(query, "chooses nothing; try _topic=..., heat__gte=50, _search=...")
    for key, value in pairs:
        _check_column(query, key)
        _check_operator(query, key, value)
    return asyncio.run(_ask(Path(database), query, pairs))


def _check_column(query: str, key: str) -> None:
    # Datasette takes a column that is not there for a text, and finds no rows.
    column = key.partition("__")[0]
    if key.startswith("_") or column in schema.ARTICLES.column_names:
        return
    meant = next((each.key for each in DIMENSIONS if each.key == f"_{column}"), None)
    hint = f"; did you mean {meant}?" if meant else f": {', '.join(schema.ARTICLES.column_names)}"
    raise SelectionError(query, f"articles have no column {column}{hint}")


def _check_operator(query: str, key: str, value: str) -> None:
    # Datasette passes over an operator that it does not know, and keeps every row.
    if key.startswith("_"):
        return
    try:
        clauses, _ = Filters([(key, value)]).build_where_clauses("articles")
    except ValueError:  # as of a list that is no JSON: Datasette has the words for it
        return
    if not clauses:
        raise SelectionError(query, f"{key} chooses nothing; try __gte, __lt, __contains or __in")


async def _ask(database: Path, query: str, pairs: list[tuple[str, str]]) -> list[str]:
    datasette = Datasette([str(database)], settings=PATIENT)
    name = next(name for name, db in datasette.databases.items() if db.path == str(database))
    words = urlencode([*pairs, ("_col", "id"), ("_size", "max"), ("_shape", "arrayfirst")])
    path = datasette.urls.table(name, schema.ARTICLES.name, format="json")
    try:
        response = await datasette.client.get(f"{path}?{words}")
        found: Any = response.json()
    except (ValueError, sqlite3.Error) as error:  # a page of an error, not JSON; a broken database
        raise SelectionError(query, f"Datasette cannot answer it: {error}") from error
    finally:
        compat.close(datasette)
    if response.status_code != 200 or not isinstance(found, list):
        said = found.get("error") if isinstance(found, dict) else None
        raise SelectionError(query, said or f"Datasette answers {response.status_code}")
    return [str(key) for key in found]
