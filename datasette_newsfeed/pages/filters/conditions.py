"""The query parameters that this plugin adds: `_topic`, `_related`, `_dead_image`.

`?_topic=AI&_topic=Robotics` keeps the articles that have all of these topics,
`?_related=1` those that name related articles, `?_related=0` those that name none,
`?_dead_image=1` those of which an image could not be fetched, `?_dead_image=0` the others.
They work on the articles of a news archive and on its `article_list`, and are ignored elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from datasette.filters import FilterArguments
from datasette.utils.asgi import BadRequest, Forbidden

from ... import schema
from ...dimensions import DIMENSIONS, TOPICS, Dimension
from .. import compat
from ..access import permissions
from ..access.archives import find_archive
from ..protocols import DatasetteLike, RequestLike
from ..queries.common_topics import is_common_topic
from ..sql_conditions import is_condition
from . import table_order
from .layout import needs_no_cells
from .query_string import ARTICLES_QUERY

ARTICLES = schema.ARTICLES.name
TOPIC = TOPICS.key
TOPIC_TABLES = TOPICS.tables
"""What a visitor must be allowed to see before topics filter or count anything."""
NUMERIC = ("__gt", "__gte", "__lt", "__lte")
"""How filters end that Datasette gives digits to as a number."""

LONGEST_SAID = 200
"""Characters of what is wrong, in words."""

TOPIC_BIND = "newsfeed_topic_"

PRESENCES: Mapping[str, Dimension] = {
    each.key: each for each in DIMENSIONS if each.presence and each.key
}
"""The filters whose value is 1 or 0, by their keys."""

_NEVER = "1 = 0"


async def from_request(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str
) -> FilterArguments | None:
    """Return what our words ask of a table, None if nothing.

    Raises BadRequest for what Datasette itself would trip over, and Forbidden, as its
    own `_through` does, where the visitor may not see the tables that hold the answer:
    the remaining rows would reveal it.
    """
    archive = await find_archive(datasette, request, database)
    if archive is None:
        return None
    compat.forget_prefix(request)
    await table_order.make_total(
        datasette,
        request,
        database,
        table,
        has_cells=not await needs_no_cells(datasette, request, database, table),
    )
    wrong = next(_wrong(request, table), None)
    if wrong:
        raise BadRequest(wrong)
    if table not in (ARTICLES, schema.ARTICLE_LIST):
        return None
    topics = chosen(request, TOPIC)
    asked = [(key, value) for key in PRESENCES for value in chosen(request, key)]
    if not (topics or asked):
        return None
    _check(asked)
    # Where no image was fetched, as on a published site, none is dead, and where no history was
    # read, none is changed: a shared link keeps its meaning.
    known = {
        key: (_NEVER, ()) if not archive.knows(each.name) else (each.value_sql, each.tables)
        for key, each in PRESENCES.items()
    }
    needs: dict[str, tuple[str, ...]] = {TOPIC: TOPIC_TABLES} if topics else {}
    needs |= {key: known[key][1] for key, _ in asked}
    for key, tables in needs.items():
        if not await may_view_all(datasette, request, database, tables):
            raise Forbidden(f"{key} needs permission to view {' and '.join(tables)}")
    clauses, params, words = [], {}, []
    for number, topic in enumerate(topics):
        bind = f"{TOPIC_BIND}{number}"
        common = await is_common_topic(datasette, archive, topic)
        clauses.append((TOPICS.rows.common if common else TOPICS.rows.condition).format(bind=bind))
        params[bind] = topic
        words.append(f'topic is "{topic}"')
    for key, value in asked:
        condition, _ = known[key]
        clauses.append(condition if value == "1" else f"not {condition}")
        no = "" if value == "1" else "no "
        words.append(f"it has {no}{PRESENCES[key].heading.lower()}")
    if table != ARTICLES:
        for column in ("id", "published_at"):
            of_articles, here = f"articles.{column}", f"{table}.{column}"
            clauses = [clause.replace(of_articles, here) for clause in clauses]
    return FilterArguments(clauses, params, words)


def _wrong(request: RequestLike, table: str) -> Iterator[str]:
    """Yield what no table can be asked for, or not this one, in words."""
    yield from (f"{key} is a number beyond 64 bits" for key, n in _numbers(request) if not _fits(n))
    yield from (f"{key} is neither a name nor JSON" for key, t in _facets(request) if _torn(t))
    for sql in request.args.getlist("_where"):
        if "\0" in sql or not is_condition(sql):
            yield f"_where is no condition alone: {sql[:LONGEST_SAID]}"
    if table == ARTICLES and request.args.get(ARTICLES_QUERY):
        yield f"{ARTICLES_QUERY} is for {schema.ARTICLE_LIST}; give its filters themselves"


def _check(asked: Iterable[tuple[str, str]]) -> None:
    """Raise BadRequest for a value that is neither 1 nor 0."""
    for word, value in asked:
        if value not in ("0", "1"):
            raise BadRequest(f"{word} is 1 or 0")


def _numbers(request: RequestLike) -> Iterator[tuple[str, str]]:
    """Yield the filters of columns whose values Datasette takes for whole numbers."""
    for key in request.args:
        if key.endswith(NUMERIC) and not key.startswith("_"):
            yield from ((key, value) for value in request.args.getlist(key) if value.isdigit())


def _fits(digits: str) -> bool:
    # Some digits, as ², are none to those who read numbers.
    return digits.isdecimal() and len(digits) <= 400 and int(digits) < 2**63


def _facets(request: RequestLike) -> Iterator[tuple[str, str]]:
    """Yield the facets that an address asks for."""
    for key in request.args:
        if key.startswith("_facet"):
            yield from ((key, value) for value in request.args.getlist(key))


def _torn(text: str) -> bool:
    """Return whether a facet begins as JSON does, for then Datasette reads it so, and is none."""
    try:
        return text.startswith("{") and not isinstance(json.loads(text), dict)
    except ValueError:
        return True


def chosen(request: RequestLike, word: str) -> list[str]:
    """Return the values that an address gives for a word: each once, none blank."""
    return [value for value in dict.fromkeys(request.args.getlist(word)) if value.strip()]


async def may_view_all(
    datasette: DatasetteLike, request: RequestLike, database: str, tables: tuple[str, ...]
) -> bool:
    """Return whether the visitor may see every one of the tables."""
    return await permissions.viewable(datasette, request, database, tables) == set(tables)
