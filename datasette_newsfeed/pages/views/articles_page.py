"""The articles page with cards: its layout, cards, facets and headings.

Datasette selects the rows, filters and facets. This module only presents them differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from datasette.database import QueryInterrupted

from ... import schema
from ...dimensions import BY_NAME, DIMENSIONS, heading
from .. import compat
from ..access.archives import FULL_TEXT, ArchiveView
from ..access.repeated_tables import REPEATED
from ..facets import articles_query
from ..facets.bands import BandFacet
from ..facets.periods import PeriodFacet
from ..filter_description import in_words
from ..filters.conditions import TOPIC
from ..filters.layout import LAYOUTS, STORIES, layout_of, view_of_list
from ..filters.query_string import (
    ARTICLES_QUERY,
    SEARCH,
    SORTS,
    Query,
    is_filter,
    narrows,
    plain_key,
    query_of,
)
from ..links import HEADLINES_OF_STORIES, FeedLink, Links
from ..models import Card, Story
from ..picture_places import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries.cards import find_cards_by_id
from ..queries.counts import has_heat
from ..queries.page_position import find_place
from ..queries.stories import find_stories
from . import timeline
from .chips import Chip, column_of, find_chips
from .chosen_days import Days, begun, days_of, span_of
from .facet_form import FacetForm
from .sort_orders import HOTTEST, Sort, order_of, sorts_of_articles
from .table_cells import REFERENCES

KEPT = (*SORTS, "_layout", "_size")
"""What stays in the address of a list when all filters are taken off."""

_OF_LIST = ("id", "title", "published_at", "type", "heat", "quality", "excerpt", "url")
_PRESENCES = tuple(each.key for each in DIMENSIONS if each.presence and each.key)
LISTED = frozenset((*_OF_LIST, *_PRESENCES, TOPIC))
"""By what `article_list` can be filtered as the articles can."""

TIME = "published_at"
"""The column whose period facet becomes the timeline."""


FROM = "_from"
"""The word by which the address of an article says in which list it was found."""

MOST_FROM = 2_000
LONGEST_FROM = 500
"""Characters of such a query. A longer one is not handed on: each card repeats it."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages before and after this one, and which rows of the list this one shows."""

    first: int | None
    last: int | None
    previous_url: str | None
    next_url: str | None


@dataclass(frozen=True, slots=True)
class CardLinks(Links):
    """The addresses on a list's own cards: an article knows the way back to this list."""

    found_in: str

    def listed(self, key: str) -> str:
        """An article's page, which can lead back to this list where that is not simply all."""
        path = self.row("articles", key)
        return f"{path}?{self.found_in}" if self.found_in else path


@dataclass(frozen=True, slots=True)
class Listing:
    """One list's page as one visitor gets it: its layout, and what the layouts are made of."""

    view: ArchiveView
    request: RequestLike
    layout: str
    table: str = "articles"

    @property
    def is_of_stories(self) -> bool:
        """Return whether this lists stories, not articles."""
        return self.table == STORIES

    @property
    def is_cards(self) -> bool:
        """Return whether cards are shown instead of the table."""
        return self.layout == LAYOUTS[0]

    @property
    def links(self) -> Links:
        """The addresses of this archive."""
        return Links(self.view.datasette, self.view.database)

    @property
    def card_links(self) -> CardLinks:
        """The addresses on the cards of this page."""
        return CardLinks(self.view.datasette, self.view.database, self._found_in)

    @property
    def _found_in(self) -> str:
        pairs = list(query_of(self.request).pairs)
        if place := self.request.args.get("_next"):
            pairs.append(("_next", place))
        here = urlencode(pairs)
        return urlencode({FROM: here}) if 0 < len(here) <= LONGEST_FROM else ""

    @property
    def pictures(self) -> Pictures:
        """Where the images of this page come from."""
        return Pictures(self.view, self.links)

    @property
    def layouts(self) -> list[dict[str, Any]]:
        """The layouts, each with its address and whether it is this one."""
        # `Query.of` would leave out `_next`: another layout shows the same place in the list.
        query = Query.of(self.request).without("_layout")
        if place := self.request.args.get("_next"):
            query = query.plus(("_next", place))
        return [
            {
                "name": name,
                "is_chosen": name == self.layout,
                "url": self.address(query.plus(("_layout", name))),
            }
            for name in LAYOUTS
        ]

    @property
    def search_words(self) -> str:
        """What the page searches for."""
        return self.request.args.get("_search") or ""

    @property
    def search_url(self) -> str | None:
        """The same articles by rank; None without words, or where no full text may be seen."""
        if not self.search_words or not self.view.sees(FULL_TEXT):
            return None
        words, *others = self.search_words, *query_of(self.request).without(*SORTS).pairs
        kept = [pair for pair in others if pair[0] not in (SEARCH, "_searchmode")]
        return self.links.search_of([(SEARCH, words), *kept])

    async def cards(self, rows: Iterable[Mapping[str, Any]]) -> Sequence[Card] | None:
        """Return the Cards of the rows on this page, in their order; None if it took too long."""
        ids = [str(row["id"]) for row in rows]
        try:
            return await find_cards_by_id(self.view, ids)
        except QueryInterrupted:
            return None

    async def stories(self, rows: Iterable[Mapping[str, Any]]) -> Sequence[Story] | None:
        """Return the stories of the rows on this page, in their order; None if it took too long."""
        ids = [str(row["id"]) for row in rows]
        try:
            return await find_stories(self.view, ids)
        except QueryInterrupted:
            return None

    async def leading(self, rows: Iterable[Mapping[str, Any]], count: int) -> Sequence[Card]:
        """Return the first Cards of the page, which cost nothing where it shows them all."""
        shown = list(rows)
        chosen = shown if self.is_cards else shown[:count]
        if self.is_of_stories:
            return [story.headline for story in await self.stories(chosen) or ()][:count]
        return (await self.cards(chosen) or ())[:count]

    def address(self, query: Query) -> str:
        """Return the address of what a query keeps of this list."""
        return address_of(self.links, query, self.table)

    @property
    def feeds(self) -> list[FeedLink]:
        """The feeds of this selection; of stories those of their headlines, whichever are shown."""
        if self.is_of_stories:
            return self.links.feeds(HEADLINES_OF_STORIES)
        # The newest first, whatever the order here: a feed tells of what is new.
        return self.links.feeds(query_of(self.request).without(*SORTS).pairs)

    @property
    def days(self) -> Days | None:
        """The ways to other days than those shown; None on a list of stories."""
        if self.is_of_stories:
            return None
        return days_of(Query.of(self.request), self.address)

    def timeline(self, facets: Iterable[Mapping[str, Any]]) -> timeline.Timeline | None:
        """Return the bars over the cards, from the period facet where the page has one."""
        query = Query.of(self.request)
        for facet in facets:
            if facet["type"] == PeriodFacet.type and column_of(facet) == TIME:
                return timeline.of_facet(facet, span_of(query), begun(query, self.address))
        return None

    @property
    def compare_url(self) -> str | None:
        """The comparison over time that begins with this list; None on a list of stories."""
        if self.is_of_stories:
            return None
        pairs = Query.of(self.request).pairs
        return self.links.compare([[pair for pair in pairs if narrows(*pair)]])

    def facets(self, facets: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
        """Return the facets that have values, in an order that does not change with their counts.

        A value is named only for who may see what names it: 1.0 sees to that itself,
        0.65 takes the labels from any table.
        """
        found = [self._covered(facet) for facet in facets or () if _tells(facet)]
        if compat.keeps_facet_order(self.view.datasette):
            return found
        places = {each.name: place for place, each in enumerate(DIMENSIONS)}
        return sorted(found, key=lambda facet: places.get(column_of(facet), len(places)))

    def _covered(self, facet: Mapping[str, Any]) -> Mapping[str, Any]:
        dimension = BY_NAME.get(column_of(facet))
        if dimension is not None and dimension.name_of is not str:
            named = [
                {**each, "label": dimension.name_of(str(each["value"]))}
                for each in facet["results"]
            ]
            return {**facet, "results": named}
        named_by = REFERENCES.get((self.table, column_of(facet)))
        if facet["type"] != "column" or named_by is None or self.view.sees(named_by[0]):
            return facet
        return {**facet, "results": [{**each, "label": each["value"]} for each in facet["results"]]}

    async def chips(self, facets: Iterable[Mapping[str, Any]]) -> list[Chip]:
        """Return all that narrows this list down, each with the address without it."""
        return await find_chips(self.view, self.request, facets, self.address)

    async def title(self) -> str:
        """Return what the page shows, in words: "Articles about Portals in May 2021"."""
        if self.is_of_stories:
            return STORIES.capitalize()
        with_order = order_of(query_of(self.request)) != [HOTTEST]
        return await in_words(self.view, self.request, with_order=with_order)

    async def sorts(self) -> list[Sort]:
        """Return the orders to choose from."""
        chosen = order_of(query_of(self.request))
        return sorts_of_articles(
            Query.of(self.request),
            chosen,
            self.address,
            has_heat=chosen == [HOTTEST] or await has_heat(self.view),
            search_url=self.search_url,
        )

    @property
    def clear_url(self) -> str:
        """The address without anything that narrows the list down, in the same order."""
        query = Query.of(self.request)
        return self.address(Query(tuple(pair for pair in query.pairs if pair[0] in KEPT)))

    async def pages(
        self, rows: Iterable[Mapping[str, Any]], query: Mapping[str, Any], next_url: str | None
    ) -> Pages:
        """Return the pages around this one; without numbers where these take too long to find.

        `query` is Datasette's statement for the rows of this page, with its parameters.
        """
        shown = len(list(rows))
        if not self.request.args.get("_next"):
            return Pages(1 if shown else None, shown, None, next_url)
        page = compat.later_page(query["sql"], self.table, "id")
        if page is None:
            return Pages(None, None, self.address(Query.of(self.request)), next_url)
        size = shown if next_url else int(query["sql"].rpartition(" ")[2]) - 1
        try:
            before, place = await find_place(
                self.view, self.table, page, query.get("params") or {}, size
            )
        except QueryInterrupted:
            return Pages(None, None, None, next_url)
        here = Query.of(self.request)
        previous = self.address(here if place is None else here.plus(("_next", place)))
        return Pages(before + 1, before + shown, previous, next_url)

    @property
    def csv_url(self) -> str | None:
        """The CSV with providers and topics of the same selection.

        In the order that the address asks for, if that list has its column. None of stories, of a
        query that is none of that list, and where the visitor may not see what it shows.
        """
        if self.is_of_stories or not self.view.sees(*REPEATED[schema.ARTICLE_LIST]):
            return None
        given = dict.fromkeys(parse_qsl(self.request.query_string, keep_blank_values=True))
        sorts = [(key, value) for key, value in given if key in SORTS and value in _OF_LIST]
        filters = [pair for pair in given if is_filter(pair[0])]
        if any(plain_key(key).partition("__")[0] not in LISTED for key, _ in filters):
            query = articles_query.query_for(self.view, filters)
            if query is None:
                return None
            filters = [(ARTICLES_QUERY, query)]
        urls = self.view.datasette.urls
        path = urls.table(self.view.database, schema.ARTICLE_LIST, format="csv")
        # Datasette streams pages of the default size unless the address says otherwise.
        form = (("_size", "max"), ("_stream", "on"), ("_dl", "on"))
        return f"{path}?{urlencode([*filters, *sorts, *form])}"

    @property
    def form(self) -> FacetForm:
        """The form that chooses several values of a facet at once."""
        return FacetForm(self.request, self.links.select())

    def heading(self, facet: Mapping[str, Any]) -> str:
        """Return what readers call a facet."""
        return heading(column_of(facet))


def back_to_list(links: Links, request: RequestLike, key: str) -> str | None:
    """Return the address of the list that an article was found in, at the article; None without.

    It stands in the article's own address, as a query; nothing else of it is believed.
    """
    given = request.args.get(FROM)
    pairs = parse_qsl(given, keep_blank_values=True) if given and len(given) <= MOST_FROM else []
    if not pairs:
        return None
    path = links.search() if any(name == "q" for name, _ in pairs) else links.table("articles")
    return f"{path}?{urlencode(pairs)}#{quote(f'a-{key}')}"


def address_of(links: Links, query: Query, table: str = "articles", path: str | None = None) -> str:
    """Return the address of a table, or of another page, with a query."""
    path = path or links.table(table)
    return f"{path}?{urlencode(query.pairs)}" if query.pairs else path


def _tells(facet: Mapping[str, Any]) -> bool:
    """Return whether a facet has a value; that none of the rows has one is no news.

    Nor is it, of some facets, that all rows have the same one.
    """
    values = facet["results"]
    dimension = BY_NAME.get(column_of(facet))
    if dimension is not None and dimension.is_shown_if_several and len(values) < 2:
        return any(each["selected"] for each in values)
    is_blank = len(values) == 1 and values[0]["value"] == "" and not values[0]["selected"]
    return bool(values) and not (facet["type"] in (PeriodFacet.type, BandFacet.type) and is_blank)


async def find_listing(
    datasette: DatasetteLike, request: RequestLike, database: str | None, table: str | None
) -> Listing | None:
    """Return how a page of articles or stories is laid out; None for any other page."""
    view = await view_of_list(datasette, request, database, table)
    if view is None or table is None:
        return None
    return Listing(view, request, layout_of(datasette, request, view.database), table)
