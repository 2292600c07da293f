"""Where the form of the facets goes: several values at once become the address of a list."""

from __future__ import annotations

from urllib.parse import parse_qsl

from datasette.utils.asgi import NotFound, Response

from ..access.archives import FULL_TEXT, view_requested
from ..filters.query_string import Query, merged
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from .articles_page import address_of
from .chosen_days import FIELDS, with_days

QUERY = "query"
"""The field with the query of the page that the form stands on, but for the values with a box."""

MOST_VALUES = 200
"""Values that a form may choose; further ones are left out."""


async def redirect_to_selection(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/select?query=...&provider_id=a&provider_id=b` with a redirect.

    It leads to the articles, or to the search where the query has its `q`. Of the fields for days
    it reads those of `chosen_days`. 404 without an archive that the visitor may see, 400 for
    what is no date.
    """
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles"):
        raise NotFound("There is no news archive here")
    database = view.database
    fields = Query(tuple(parse_qsl(request.query_string, keep_blank_values=True)))
    given = [pair for pair in fields.pairs if pair[1] and pair[0] not in (QUERY, *FIELDS)]
    rest = parse_qsl(request.args.get(QUERY) or "", keep_blank_values=True)
    is_search = any(key == "q" for key, _ in rest) and view.sees(FULL_TEXT)
    if is_search:
        rest = [pair for pair in rest if pair[0] != "page"]
    query = with_days(merged(rest, given[:MOST_VALUES]), fields)
    if isinstance(query, str):
        return Response.text(query, status=400)
    links = Links(datasette, database)
    if is_search:
        return Response.redirect(address_of(links, query, path=links.search()))
    return Response.redirect(address_of(links, query))
