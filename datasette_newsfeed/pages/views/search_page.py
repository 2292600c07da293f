"""The search page: what a query finds, by rank or by time, under every filter of articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.database import QueryInterrupted
from datasette.utils import path_with_replaced_args
from datasette.utils.asgi import BadRequest, NotFound, Response

from ...full_text import query
from .. import compat
from ..access.archives import FULL_TEXT, ArchiveView, view_requested
from ..facets.selection import Selection, facets_of, request_for, select
from ..filters.query_string import SEARCH, Query, narrows
from ..headers import security_policy
from ..links import Links
from ..picture_places import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries import search, suggestions
from ..queries.search import (
    NEWEST,
    ORDERS,
    Chosen,
    Hit,
    Slice,
    count_articles,
    hits_of,
    one_line,
    ordered_ids,
    ranked_ids,
)
from .articles_page import FROM, KEPT, LONGEST_FROM, CardLinks, Listing, Pages
from .chosen_days import BEGUN, WORDS
from .facet_form import FacetForm
from .sort_orders import Sort, order_of, sorts_of_search

VIEW = "newsfeed_search"
PAGE = 20
"""Articles on one page."""
MOST_PAGES = 50
"""Further on nobody reads, and each page costs more than the one before."""
LONGEST = 300
"""Characters of what is looked for."""

PLACE = "page"
SHOWN = ("_facet", "_sort", BEGUN)
"""How words begin that say how the articles are shown, not which."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what a search finds.

    count: MOST_RANKED + 1 may stand for any number above, then `has_more_than_count`.
    order: None is by rank.
    """

    hits: tuple[Hit, ...] = ()
    count: int = 0
    has_more_than_count: bool = False
    order: tuple[str, str] | None = None
    is_too_many_to_rank: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Another search that finds something: its words, how many articles, its address."""

    words: str
    count: int
    url: str


class SearchForm(FacetForm):
    """The form of the facets on the search page, whose query has the words as `q`."""

    def query_besides(self, facets: Iterable[Mapping[str, Any]]) -> str:
        """Return the query of the search page without the values that the form has boxes for."""
        pairs = parse_qsl(super().query_besides(facets), keep_blank_values=True)
        words = [(WORDS, self.request.args.get(SEARCH) or "")]
        return urlencode([*words, *(pair for pair in pairs if pair[0] != SEARCH)])


class SearchListing(Listing):
    """The search page as a list of articles: chips, facets and timeline as on their own page.

    Its request is one for the articles page; its addresses are those of the search page.
    """

    def address(self, query: Query) -> str:
        """Return the address of what a query keeps of this search."""
        return self.links.search_of(query.pairs)

    @property
    def clear_url(self) -> str:
        """The address of the words alone, in the same order."""
        pairs = Query.of(self.request).pairs
        return self.address(Query(tuple(pair for pair in pairs if pair[0] in (SEARCH, *KEPT))))

    @property
    def form(self) -> FacetForm:
        """The form that chooses several values of a facet at once."""
        return SearchForm(self.request, self.links.select())


async def show_search(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/search?q=`: 404 without an archive that the visitor may see."""
    view = await view_requested(datasette, request)
    if view is None or not view.sees("articles", FULL_TEXT):
        raise NotFound("There is no news archive to search here")
    database = view.database
    compat.forget_prefix(request)
    if _page_number(request.args.get(PLACE)) is None:
        return Response.text(f"page is a number from 1 to {MOST_PAGES}", status=400)
    typed = request.args.get(WORDS) or request.args.get(SEARCH) or ""
    if key := await _article_at(view, typed):
        return Response.redirect(Links(datasette, database).article(key))
    try:
        context = await _Search(view, request, _words(typed)).context()
    except sqlite3.OperationalError as error:
        # As of `_where`, or of filters beyond SQLite's limits.
        return Response.text(f"These filters cannot be used: {error}", status=400)
    html = await datasette.render_template(
        "newsfeed_search.html", context, request=request, view_name=VIEW
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    return Response.html(html, headers={security_policy.HEADER: rules})


async def _article_at(view: ArchiveView, typed: str) -> str | None:
    """Return the id of the article whose address was typed, None where it is none or too late."""
    address = typed.strip()
    if not suggestions.is_address(address):
        return None
    try:
        return await suggestions.find_article_at(view, address)
    except QueryInterrupted:
        return None


class _Search:
    """One search as one visitor asks for it."""

    def __init__(self, view: ArchiveView, request: RequestLike, words: str) -> None:
        self._view = view
        self._words = words
        self._links = Links(view.datasette, view.database)
        self._page = _page_number(request.args.get(PLACE)) or 1
        pairs = Query.of(request).without(WORDS, SEARCH, PLACE, "_searchmode").pairs
        kept = [pair for pair in pairs if narrows(*pair) or pair[0].startswith(SHOWN)]
        self._filters = tuple(pair for pair in kept if narrows(*pair))
        self._query = Query((*([(SEARCH, words)] if words else []), *kept))
        page_pairs = [(WORDS, words), *kept] if words else kept
        self._request = request_for(request, request.path, page_pairs)

    async def context(self) -> dict[str, Any]:
        """Return what the template draws. Raises BadRequest for what cannot be asked for."""
        view, words = self._view, self._words
        order = self._order()
        selection = await select(view, self._request, self._query.pairs)
        has_words = not query.read(words).is_empty
        is_asked = has_words or bool(self._filters)
        found, is_late = Found(), False
        named: list[suggestions.Named] = []
        try:
            if is_asked:
                found = await self._found(selection, order, has_words)
            if has_words and self._page == 1:
                named = await suggestions.find_named(view, words)
        except QueryInterrupted:
            is_late = True
        listing = SearchListing(view, selection.request, "cards")
        facets: list[dict[str, Any]] = []
        late_facets: list[str] = []
        if is_asked and not is_late and (found.count or self._filters):
            facets, late_facets = await facets_of(selection, self._request, found.count)
        return {
            **self._way(found),
            "database": view.database,
            "links": self._links,
            "pictures": Pictures(view, self._links),
            "listing": listing,
            "path_with_replaced_args": path_with_replaced_args,
            "request": self._request,
            "sorted_facet_results": facets,
            "late_facets": late_facets,
            "words": words,
            # The masthead has none then.
            "newsfeed_has_search": True,
            "has_no_words": bool(words) and not has_words,
            "is_asked": is_asked,
            "longest": LONGEST,
            "found": found,
            "named": named,
            "sorts": self._sorts(found, has_words) if found.count else [],
            "is_late": is_late,
            "most": PAGE * MOST_PAGES,
            "most_ranked": search.MOST_RANKED,
            **(await self._help(has_words) if is_asked and not is_late and not found.count else {}),
        }

    def _way(self, found: Found) -> dict[str, Any]:
        """Return the addresses of this search: its form, its neighbours, its articles as a list."""

        def page(number: int) -> str:
            return self._search_url(Query((*self._query.pairs, (PLACE, str(number)))))

        number = self._page
        return {
            "address": self._links.search(),
            "kept": [pair for pair in self._query.pairs if pair[0] != SEARCH],
            "narrow_url": self._articles_url(),
            "hit_links": CardLinks(self._view.datasette, self._view.database, self._found_in()),
            "pages": Pages(
                (number - 1) * PAGE + 1,
                (number - 1) * PAGE + len(found.hits),
                page(number - 1) if number > 1 else None,
                page(number + 1) if number * PAGE < found.count and number < MOST_PAGES else None,
            ),
        }

    def _found_in(self) -> str:
        """The word in an article's address that leads back to this page."""
        place = ((PLACE, str(self._page)),) if self._page > 1 else ()
        pairs = (*self._query.pairs, *place)
        # The word says that it was a search, even one of no words.
        kept = [pair for pair in pairs if pair[0] != SEARCH]
        here = urlencode([(WORDS, self._words), *kept])
        return urlencode({FROM: here}) if len(here) <= LONGEST_FROM else ""

    def _search_url(self, of: Query) -> str:
        return self._links.search_of(of.pairs)

    def _articles_url(self) -> str:
        path = self._links.table("articles")
        pairs = [pair for pair in self._query.pairs if not pair[0].startswith("_facet")]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def _order(self) -> tuple[str, str] | None:
        asked = order_of(self._query)
        if len(asked) > 1 or (asked and asked[0] not in ORDERS):
            known = ", ".join(f"{key}={column}" for key, column in ORDERS)
            raise BadRequest(f"A search is in the order of rank, or of one of {known}")
        return asked[0] if asked else None

    def _sorts(self, found: Found, has_words: bool) -> list[Sort]:
        has_rank = has_words and not found.is_too_many_to_rank
        return sorts_of_search(self._query, found.order, self._search_url, has_rank=has_rank)

    async def _found(
        self, selection: Selection, order: tuple[str, str] | None, has_words: bool
    ) -> Found:
        view = self._view
        chosen = await _chosen(selection)
        count = await count_articles(view, chosen)
        has_more = chosen.count is None and count > search.MOST_RANKED
        part = Slice(PAGE, (self._page - 1) * PAGE)
        is_too_many = has_words and count > search.MOST_RANKED
        if order is None and (is_too_many or not has_words):
            order = NEWEST
        if order is None:
            ids = await ranked_ids(view, chosen, self._words, part)
        else:
            ids = await ordered_ids(view, chosen, order, part)
        hits = await hits_of(view, ids, self._words)
        return Found(
            hits,
            min(count, search.MOST_RANKED) if has_more else count,
            has_more,
            order,
            is_too_many,
        )

    async def _help(self, has_words: bool) -> Mapping[str, Any]:
        """Return what is offered where nothing was found: a spelling, less words, no filters."""
        view, words = self._view, self._words
        found: dict[str, Any] = {"spelling": None, "offers": [], "unfiltered": None}
        if not has_words:
            return found
        try:
            if self._filters:
                found["unfiltered"] = await self._offer(words, Query(()))
            if not found["unfiltered"]:
                spelled = await suggestions.find_spelling(view, words)
                found["spelling"] = spelled and await self._offer(spelled, self._rest())
            for less in suggestions.parts_of(words):
                if len(found["offers"]) < suggestions.MOST_SHOWN:
                    offer = await self._offer(less, self._rest())
                    found["offers"] += [offer] if offer else []
        except QueryInterrupted:
            pass  # what was found until then
        return found

    def _rest(self) -> Query:
        return self._query.without(SEARCH)

    async def _offer(self, words: str, rest: Query) -> Offer | None:
        """Return a search for other words if it finds anything."""
        other = Query(((SEARCH, words), *rest.pairs))
        selection = await select(self._view, self._request, other.pairs)
        count = await count_articles(self._view, await _chosen(selection))
        return Offer(words, count, self._search_url(other)) if count else None


async def _chosen(selection: Selection) -> Chosen:
    tally = await selection.tally()
    if tally is None:
        return Chosen(selection.where, selection.params)
    return Chosen(selection.where, selection.params, tally.rows, len(tally.rows))


def _words(text: str) -> str:
    """Return what is looked for. Too much is cut between words, for half a word is another."""
    words = one_line(text).strip()
    if len(words) <= LONGEST:
        return words
    return words[: LONGEST + 1].rpartition(" ")[0] or words[:LONGEST]


def _page_number(text: str | None) -> int | None:
    if not text:
        return 1
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return None
    number = int(text)
    return number if 1 <= number <= MOST_PAGES else None
