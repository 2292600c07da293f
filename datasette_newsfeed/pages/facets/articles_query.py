"""`?_articles=QUERY` on `article_list`: the articles that their own page shows with that query.

The list has fewer columns than the articles, and no full text. With this it has every filter of
the articles page, those of other plugins, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from datasette.filters import FilterArguments
from datasette.utils.asgi import BadRequest

from ... import schema
from ..access.archives import view_archive
from ..filters.conditions import ARTICLES
from ..protocols import DatasetteLike, RequestLike
from .selection import MOST_CONDITIONS, select

KEY = "_articles"
_BIND = "newsfeed_articles_"
_LONGEST_SAID = 200


async def from_request(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> FilterArguments | None:
    """Return what the queries keep of `article_list`, None without one.

    Raises BadRequest for a query that cannot be read, and Forbidden where the visitor may not see
    what a filter is about.
    """
    queries = request.args.getlist(KEY)
    view = await view_archive(datasette, request, database) if queries else None
    if view is None:
        return None
    clauses: list[str] = []
    params: dict[str, Any] = {}
    for number, query in enumerate(queries):
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_CONDITIONS)
        except ValueError as error:
            raise BadRequest(f"More than {MOST_CONDITIONS} filters at once") from error
        selection = await select(view, request, pairs)
        where, values = _renamed(selection.where, selection.params, f"{_BIND}{number}_")
        clauses.append(f"{schema.ARTICLE_LIST}.id in (select id from {ARTICLES} where {where})")
        params |= values
    if len(clauses) > MOST_CONDITIONS:
        raise BadRequest(f"More than {MOST_CONDITIONS} filters at once")
    words = [f"the articles page shows it with {query[:_LONGEST_SAID]}" for query in queries]
    return FilterArguments(clauses, params, words)


def _renamed(where: str, params: Mapping[str, Any], bind: str) -> tuple[str, dict[str, Any]]:
    """Return a condition with other names of its parameters: those of the list are the same."""
    names = "|".join(sorted(map(re.escape, params), key=len, reverse=True))
    if names:
        where = re.sub(rf":({names})\b", rf":{bind}\1", where)
    return where, {f"{bind}{name}": value for name, value in params.items()}
