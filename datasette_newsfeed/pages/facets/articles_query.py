"""`?_articles=QUERY` on `article_list`: the articles that their own page shows with that query.

The list has fewer columns than the articles, and no full text. With this it has every filter of
the articles page, those of other plugins, too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.database import QueryInterrupted
from datasette.filters import FilterArguments, Filters
from datasette.utils.asgi import BadRequest, Forbidden

from ... import schema
from .. import compat
from ..access.archives import ArchiveView, view_archive
from ..filters import conditions
from ..filters.conditions import LONGEST_SAID
from ..filters.query_string import ARTICLES_QUERY, is_filter
from ..protocols import DatasetteLike, RequestLike
from ..sql_conditions import is_condition, with_parameters
from .selection import MOST_CONDITIONS, Pairs, Selection, filters_of_columns, select

LIST = schema.ARTICLE_LIST
LONGEST = 4_000
"""Characters of such a query."""

FEW = 5_000
"""A selection of fewer articles is found first, and sorted. Of others SQLite looks along the order
of the list for the next that are selected."""

FEW_SQL = "select count(*) from (select 1 from articles where {condition} limit {most})"
IN_SQL = "{list}.id in (select id from articles where {condition})"
EXISTS_SQL = "exists (select 1 from articles where articles.id = {list}.id and ({condition}))"

ROW_NAMES = ("rowid", "oid", "_rowid_")

_BIND = "newsfeed_articles_"


async def filters_from_request(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> FilterArguments | None:
    """Return what our words ask of `article_list`, None if nothing.

    Raises what `conditions.from_request` does, BadRequest for a query of articles that cannot be
    read, and Forbidden where the visitor may not see what one of its filters is about.
    """
    # The other filters come last: they note of which table the rows are read.
    nested = await _nested(datasette, request, database)
    found = await conditions.from_request(datasette, request, database, LIST)
    if nested is None or found is None:
        return nested or found
    return FilterArguments(
        [*nested.where_clauses, *found.where_clauses],
        {**nested.params, **found.params},
        [*nested.human_descriptions, *found.human_descriptions],
    )


def query_for(view: ArchiveView, filters: Iterable[tuple[str, str]]) -> str | None:
    """Return the query of a list of articles as the value of `_articles`; None if it is none."""
    query = urlencode(list(filters))
    try:
        _pairs(view, query)
    except BadRequest:
        return None
    return query


async def _nested(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> FilterArguments | None:
    queries = request.args.getlist(ARTICLES_QUERY)
    view = await view_archive(datasette, request, database) if queries else None
    if view is None:
        return None
    if len(queries) > 1:
        raise BadRequest(f"{ARTICLES_QUERY} is one query; it holds all filters, joined by &")
    if not view.sees(conditions.ARTICLES):
        raise Forbidden(f"{ARTICLES_QUERY} needs permission to view {conditions.ARTICLES}")
    selection = await select(view, request, _pairs(view, queries[0]))
    params = {f"{_BIND}{name}": value for name, value in selection.params.items()}
    condition = with_parameters(_condition(selection), f"{_BIND}{{}}".format)
    form = IN_SQL if await _are_few(view, request, condition, params) else EXISTS_SQL
    said = queries[0][:LONGEST_SAID] + ("…" if len(queries[0]) > LONGEST_SAID else "")
    return FilterArguments(
        [form.format(list=LIST, condition=condition)],
        params,
        [f"it is one of the articles with {said}"],
    )


def _pairs(view: ArchiveView, query: str) -> Pairs:
    """Return the filters of a query string of the articles page.

    A filter of a column that articles have not would be one of the list around them.
    """
    if len(query) > LONGEST:
        raise BadRequest(f"{ARTICLES_QUERY} is longer than {LONGEST:,} characters")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_CONDITIONS)
    except ValueError as error:
        raise BadRequest(f"More than {MOST_CONDITIONS} filters at once") from error
    pairs = [pair for pair in dict.fromkeys(pairs) if is_filter(pair[0])]
    columns = {each.lower() for each in (*view.columns[conditions.ARTICLES], *ROW_NAMES)}
    for column, _, _ in Filters(filters_of_columns(pairs)).selections():
        if column.lower() not in columns:
            raise BadRequest(f"{conditions.ARTICLES} has no column {column[:LONGEST_SAID]}")
    return pairs


def _condition(selection: Selection) -> str:
    """Return the condition of a selection; raises BadRequest where it is more than conditions."""
    for clause in selection.clauses:
        if not is_condition(clause):
            raise BadRequest(f"This is no condition alone: {clause[:LONGEST_SAID]}")
    return selection.joined


async def _are_few(view: ArchiveView, request: RequestLike, condition: str, params: Any) -> bool:
    """Return whether a condition selects few articles. Found once for all pages of a stream."""
    known = compat.notes(request)
    key = ("few", view.database, condition, str(params))
    if key not in known:
        sql = FEW_SQL.format(condition=condition, most=FEW)
        try:
            ((count,),) = await view.ask(sql, params)
        except QueryInterrupted:
            count = 0
        except sqlite3.DatabaseError as error:
            raise BadRequest(f"These filters cannot be asked for: {error}") from error
        known[key] = count < FEW
    return bool(known[key])
