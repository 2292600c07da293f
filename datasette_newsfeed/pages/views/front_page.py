"""The front page of an archive by news: what leads, the newest, stories, topics, providers."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from dataclasses import dataclass

from datasette.database import QueryInterrupted
from markupsafe import Markup

from ... import schema
from ...dimensions import BY_NAME, TOPICS, Dimension
from ..access.archives import ArchiveView
from ..facets.breakdown import Part, parts_by_month
from ..links import Links
from ..models import Card, Story
from ..picture_places import Pictures
from ..protocols import RequestLike
from ..queries import cards, counts, stories
from ..queries.front_page_lead import Latest, find_latest
from . import timeline
from .masthead import name_of
from .rendering import draw, draw_late

NEWEST = 4
"""Beside what leads; on a wide screen they fill the space of four. With those that lead or are
named as reports of it, no more than `cards.NEWEST_LIMIT`."""
STORIES = 5
TOPICS_SHOWN = 12
PROVIDERS_SHOWN = 10
REPORTS = 6
"""Other reports of the story that leads, named beside it."""

PROVIDERS = BY_NAME["provider_id"]


@dataclass(frozen=True, slots=True)
class Lead:
    """What leads: an article and, if it is of a story, that story with its other reports."""

    card: Card
    story: Story | None = None

    @property
    def reports(self) -> tuple[Card, ...]:
        """The first of the other reports."""
        others = self.story.cards if self.story else ()
        return tuple(card for card in others if card.id != self.card.id)[:REPORTS]

    @property
    def more(self) -> int:
        """How many reports the story has beside the article and `reports`."""
        return self.story.size - 1 - len(self.reports) if self.story else 0

    @property
    def ids(self) -> set[str | None]:
        """The articles that it names."""
        return {self.card.id, *(card.id for card in self.reports)}


def choose_lead(latest: Latest, pictures: Pictures) -> Lead | None:
    """Return the hottest article with a picture: of the hottest story, if that has one."""
    if latest.story is not None:
        of_story = sorted(latest.story.cards, key=lambda card: -_heat(card))
        own = [card for card in of_story if card.id == latest.story.headline.id] + of_story
        shown = next((card for card in own if _has_picture(card, pictures)), None)
        if shown or not any(_has_picture(card, pictures) for card in latest.cards):
            return Lead(shown or latest.story.headline, latest.story)
    hottest = next((card for card in latest.cards if _has_picture(card, pictures)), None)
    chosen = hottest or (latest.cards[0] if latest.cards else None)
    return Lead(chosen) if chosen else None


def _heat(card: Card) -> int:
    return card.heat if card.heat is not None else -1


def _has_picture(card: Card, pictures: Pictures) -> bool:
    return pictures.at(card.image, "lead") is not None


async def draw_front(view: ArchiveView, request: RequestLike, *, is_named: bool) -> Markup | None:
    """Return the panel of a front page; None for who may not see articles.

    is_named: its name stands above it, as one of several archives.
    """
    if not view.sees("articles"):
        return None
    links = Links(view.datasette, view.database)
    try:
        numbers, newest, latest, told, changes_url, title = await gather(
            counts.find_numbers(view),
            cards.find_newest(view),
            find_latest(view),
            stories.find_newest(view, STORIES + 1),
            _changes_url(view, links),
            name_of(view.datasette, view.database),
        )
    except QueryInterrupted:
        return await draw_late(view, request)
    topics, providers = await gather(
        _draw_parts(view, request, TOPICS, TOPICS_SHOWN, numbers.articles),
        _draw_parts(view, request, PROVIDERS, PROVIDERS_SHOWN, numbers.articles),
    )
    lead = choose_lead(latest, Pictures(view, links))
    shown = lead.ids if lead else set()
    leading = lead.story.id if lead and lead.story else None
    return await draw(
        view,
        request,
        "_newsfeed_front.html",
        numbers=numbers,
        lead=lead,
        cards=[card for card in newest if card.id not in shown][:NEWEST],
        stories=[story for story in told if story.id != leading][:STORIES],
        topics=topics,
        providers=providers,
        is_named=is_named,
        feeds=links.feeds(),
        changes_url=changes_url,
        title=title,
    )


async def _changes_url(view: ArchiveView, links: Links) -> str | None:
    """The list of what changed over time; None without a history, and for who may not see it."""
    name = schema.ARTICLE_CHANGES.name
    try:
        is_there = view.sees(*schema.HISTORY_NEEDS) and await counts.find_filled(view, [name])
    except QueryInterrupted:
        return None
    return links.table(name) if is_there else None


async def _draw_parts(
    view: ArchiveView, request: RequestLike, by: Dimension, limit: int, total: int
) -> timeline.SmallMultiples | None:
    """The topics or providers with most articles, over time; None without numbers."""
    try:
        parts = await parts_by_month(view, request, by, limit, total=total)
        rows = await rows_of_parts(view, by, parts)
    except QueryInterrupted:
        return None
    return timeline.small_multiples(rows, has_one_scale=False)


async def rows_of_parts(
    view: ArchiveView, by: Dimension, parts: Sequence[Part]
) -> list[tuple[str, str, int, timeline.Months]]:
    """Return topics or providers as rows of small multiples: each with its name and its page."""
    names = (
        await counts.find_provider_names(view, [part.key for part in parts])
        if by is PROVIDERS
        else {}
    )
    links = Links(view.datasette, view.database)
    return [
        (names.get(part.key, part.key), links.row(by.rows.table, part.key), part.count, part.months)
        for part in parts
    ]
