"""The newest articles of a topic, provider, author or image, and how many it has.

From the facet index where it knows them: SQLite sorts all articles of a topic for the newest
twelve, and counts each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...dimensions import DIMENSIONS, Dimension
from .. import compat
from ..access.archives import ArchiveView, find_archive
from ..facets.indexed_counts import find_newest
from ..facets.periods import condition_of
from ..models import Card
from ..protocols import RequestLike
from ..queries import cards
from ..queries.common_topics import is_common_topic


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest articles of a row, and how many it has."""

    cards: tuple[Card, ...]
    count: int


def dimension_of(table: str) -> Dimension | None:
    """Return by what articles are filtered that belong to a row of a table; None by nothing."""
    return next((each for each in DIMENSIONS if each.key and each.rows.table == table), None)


async def newest_of(view: ArchiveView, request: RequestLike, table: str, key: str) -> Newest | None:
    """Return the newest articles of a row, asked for once in a request.

    None for a table whose rows have none, and for who may not see what they tell. Raises
    QueryInterrupted where it takes too long.
    """
    known = compat.notes(request)
    note = ("newest", view.database, table, key)
    if note not in known:
        found = await _newest_of(view, request, table, key)
        known[note] = found
    newest: Newest | None = known[note]
    return newest


async def _newest_of(
    view: ArchiveView, request: RequestLike, table: str, key: str
) -> Newest | None:
    chosen = cards.SELECTIONS.get(table)
    if chosen is None or not view.sees("articles", *chosen.needs):
        return None
    archive = await find_archive(view.datasette, request, view.database)
    dimension = dimension_of(table)
    if archive and archive.has_facet_index and dimension is not None:
        where, params = condition_of(dimension, key)
        page = await find_newest(view.datasette, view.database, where, params, cards.LIST_LIMIT)
        if page is not None and len(page.newest) == min(page.count, cards.LIST_LIMIT):
            return Newest(await cards.find_cards_by_row(view, page.newest), page.count)
    if archive and table == "topics" and await is_common_topic(view.datasette, archive, key):
        chosen = cards.OF_COMMON_TOPIC
    newest = await cards.find_newest(view, chosen, key)
    return Newest(newest, await cards.count_articles(view, chosen, key))
