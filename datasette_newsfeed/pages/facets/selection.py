"""The articles that a query string selects, on pages that are not Datasette's table page.

Conditions come from where Datasette's own table page has them: its filters of columns, and the
hook `filters_from_request`, with `_search`, `_where`, `_through`, this plugin's filters and those
of other plugins. Facets are the registered classes. Nothing is read a second time here.
"""

from __future__ import annotations

import inspect
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from datasette.filters import Filters
from datasette.plugins import pm
from datasette.utils import await_me_maybe, tilde_encode
from datasette.utils.asgi import BadRequest, Request

from .. import compat
from ..access.archives import ArchiveView
from ..filters.conditions import ARTICLES
from ..protocols import RequestLike
from .counted_rows import Rows
from .indexed_counts import Tally, find_tally

Pairs = Sequence[tuple[str, str]]

_OR = re.compile(r"\bor\b", re.I)

MOST_CONDITIONS = 200
"""Conditions of one selection. SQLite's own limit is an expression of depth 1,000."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Some articles of an archive as one visitor may see them.

    request: one for the articles page with this query string.
    """

    view: ArchiveView
    request: RequestLike
    clauses: tuple[str, ...]
    params: Mapping[str, Any]

    @property
    def where(self) -> str:
        """The condition of these articles as SQL; of a clause `a or b` all of it holds."""
        return " and ".join(map(_closed, self.clauses)) or "1"

    @property
    def joined(self) -> str:
        """The condition as Datasette's page writes it, where `a or b` takes others apart."""
        return " and ".join(self.clauses) or "1"

    @property
    def rows(self) -> Rows:
        """Its articles with all their columns, written as Datasette's table page writes it."""
        where = f"where {self.where} " if self.clauses else ""
        return Rows(f"select * from {ARTICLES} {where}", self.params)

    async def tally(self) -> Tally | None:
        """Return its articles by the facet index, None where SQL must find them.

        Raises QueryInterrupted where that takes too long.
        """
        view = self.view
        return await find_tally(view.datasette, self.request, view.database, self.rows)


def request_for(request: RequestLike, path: str, pairs: Iterable[tuple[str, str]]) -> RequestLike:
    """Return a request of the same visitor for another path and query string of this server."""
    found: RequestLike = Request(
        {
            **request.scope,
            "path": path,
            "raw_path": path.encode(),
            "route_path": path,
            "query_string": urlencode(list(pairs)).encode(),
        },
        None,
    )
    return found


async def select(view: ArchiveView, request: RequestLike, pairs: Pairs) -> Selection:
    """Return the articles that the query of an articles page selects.

    Raises BadRequest for a query that cannot be read, and Forbidden where the visitor may not
    see what a filter is about.
    """
    if any("\0" in key for key, _ in pairs):
        raise BadRequest("The name of a filter holds a character that no name has")
    database = view.database
    path = f"/{tilde_encode(database)}/{ARTICLES}"
    articles = request_for(request, path, pairs)
    try:
        clauses, params = Filters(filters_of_columns(pairs)).build_where_clauses(ARTICLES)
        for found in await _answers(
            pm.hook.filters_from_request(
                request=articles, table=ARTICLES, database=database, datasette=view.datasette
            )
        ):
            if found:
                clauses.extend(found.where_clauses)
                params.update(found.params)
    except (ValueError, KeyError, TypeError) as error:
        # As of a list that is no JSON, or of a `_through` without a table.
        raise BadRequest(f"A filter cannot be read: {_said(error)}") from error
    if len(clauses) > MOST_CONDITIONS:
        raise BadRequest(f"More than {MOST_CONDITIONS} filters at once")
    return Selection(view, articles, tuple(clauses), params)


def filters_of_columns(pairs: Pairs) -> list[tuple[str, str]]:
    """Return the pairs that Datasette takes for filters of columns, in its order."""
    return sorted((key, value) for key, value in pairs if not key.startswith("_") or "__" in key)


async def _answers(given: Sequence[Any]) -> list[Any]:
    """Return what a hook answers; after an error nothing is left that nobody waits for."""
    try:
        return [await await_me_maybe(each) for each in given]
    finally:
        for each in given:
            if inspect.iscoroutine(each):
                each.close()


def _closed(clause: str) -> str:
    """Return a condition that may be joined by `and`: of `_where=a or b` all of it."""
    is_open = _OR.search(clause) and not clause.lstrip().startswith("(")
    return f"({clause})" if is_open else clause


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return "it is no JSON"
    return f"{type(error).__name__}: {error}"[:200]


async def facets_of(
    selection: Selection, request: RequestLike, count: int | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the facets of a selection in the order of Datasette, and the names of those that
    took too long. Their links are of the page that `request` is for.

    count: how many articles are selected, None where nobody counted them.
    """
    view, rows = selection.view, selection.rows
    datasette = view.datasette
    is_asked = any(key.startswith("_facet") for key in request.args)
    if not datasette.setting("allow_facet") and is_asked:
        raise BadRequest("_facet= is not allowed")
    if request.args.get("_nofacet"):
        return [], []
    config = await compat.table_config(datasette, view.database, ARTICLES)
    results: dict[str, dict[str, Any]] = {}
    late: list[str] = []
    for each in itertools.chain.from_iterable(pm.hook.register_facet_classes()):
        facet = each(
            datasette,
            request,
            view.database,
            sql=rows.sql,
            params=rows.params,
            table=ARTICLES,
            row_count=count,
            **compat.facet_config(config),
        )
        found, timed_out = await facet.facet_results()
        for result in found:
            name, number = result["name"], 1
            while name in results:
                number += 1
                name = f"{result['name']}_{number}"
            results[name] = result
        late += timed_out
    return compat.ordered_facets(list(results.values()), config), late
