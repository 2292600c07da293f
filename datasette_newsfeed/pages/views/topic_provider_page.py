"""The page of a topic, a provider, an author or an image: its articles over time, its newest."""

from __future__ import annotations

from datasette.database import QueryInterrupted
from markupsafe import Markup

from ...dimensions import BY_NAME, FILTERED_BY, TOPICS
from ..access.archives import ArchiveView
from ..facets.breakdown import parts_by_month
from ..facets.periods import Period, count_by_month
from ..links import Links
from ..protocols import RequestLike
from ..queries import cards, counts, image_rows
from . import timeline
from .front_page import rows_of_parts
from .newest import dimension_of, newest_of
from .rendering import draw

PARTS = 8
"""Providers of a topic, topics of a provider."""

DIVIDED_BY = {
    TOPICS.rows.table: (BY_NAME["provider_id"], "Providers by {}"),
    BY_NAME["provider_id"].rows.table: (TOPICS, "Topics by {}"),
}
"""What the articles of a row are divided by, and how that is called."""


async def draw_selection(
    view: ArchiveView, request: RequestLike, table: str, key: str
) -> Markup | None:
    """Return the panel of a row; None for who may not see what it tells."""
    newest = await newest_of(view, request, table, key)
    if newest is None:
        return None
    links = Links(view.datasette, view.database)
    return await draw(
        view,
        request,
        "_newsfeed_topic_provider_page.html",
        table=table,
        key=key,
        provider=await counts.find_provider(view, key) if table == "providers" else None,
        picture=await image_rows.find_image(view, key) if table == "images" else None,
        cards=newest.cards,
        count=newest.count,
        timeline=await _timeline_of(view, request, table, key),
        multiples=await _multiples_of(view, request, table, key, newest.count),
        title_of_multiples=DIVIDED_BY[table][1] if table in DIVIDED_BY else "",
        most_parts=PARTS,
        all_url=_all(links, table, key, has_more=newest.count > len(newest.cards)),
        feeds=links.feeds_of(table, key),
    )


def _all(links: Links, table: str, key: str, *, has_more: bool) -> str | None:
    if table in FILTERED_BY:
        return links.table("articles", **{FILTERED_BY[table]: key})
    # A table of Datasette, which is worth a way where the page does not show all of them.
    is_table = table == "authors" and has_more
    return links.table("article_authors", author=key) if is_table else None


async def _timeline_of(
    view: ArchiveView, request: RequestLike, table: str, key: str
) -> timeline.Timeline | None:
    """Return a provider's or topic's numbers over time; None if they take too long to count."""
    dimension = dimension_of(table)
    if dimension is None:
        return None
    key_of_filter = dimension.key
    links = Links(view.datasette, view.database)

    def link(period: Period) -> str:
        bounds = {"published_at__gte": period.range.lower, "published_at__lt": period.range.upper}
        filters = {name: bound for name, bound in bounds.items() if bound is not None}
        return links.table("articles", **{key_of_filter: key}, **filters)

    try:
        counts = await count_by_month(view, request, dimension, key)
        if counts is None:
            counts = await cards.count_by_month(view, cards.SELECTIONS[table], key)
    except QueryInterrupted:
        return None
    return timeline.of_months(counts, link)


async def _multiples_of(
    view: ArchiveView, request: RequestLike, table: str, key: str, count: int
) -> timeline.SmallMultiples | None:
    """Return a topic's providers over time, or a provider's topics; None for other rows."""
    within = dimension_of(table)
    if within is None or table not in DIVIDED_BY:
        return None
    by, _ = DIVIDED_BY[table]
    try:
        parts = await parts_by_month(view, request, by, PARTS, within=within, key=key, total=count)
        rows = await rows_of_parts(view, by, parts)
    except QueryInterrupted:
        return None
    links = Links(view.datasette, view.database)
    narrowed = [
        (name, links.table("articles", **{within.key: key, by.key: part.key}), n, months)
        for part, (name, _, n, months) in zip(parts, rows, strict=True)
    ]
    return timeline.small_multiples(narrowed, has_one_scale=True)
