"""The panels above Datasette's own pages: cards, an article, topics and providers in numbers.

Queries return models and templates draw them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from datasette.database import QueryInterrupted
from datasette.utils import urlsafe_components
from markupsafe import Markup

from ...dimensions import BY_NAME, TOPICS
from .. import compat
from ..access.archives import ArchiveView, view_archive
from ..facets.breakdown import count_by_value
from ..headers import http_caching
from ..links import Links
from ..models import FullArticle
from ..picture_places import Pictures
from ..protocols import DatasetteLike, RequestLike
from ..queries import cards, counts, full_articles, stories
from ..queries.neighbours import Neighbours, find_neighbours
from ..text.markdown import html_of_markdown
from ..text.players import find_player
from ..text.sanitizer import NO_COPIES
from . import assets, head, template_filters
from .articles_page import back_to_list, find_listing
from .citation import cite
from .front_page import draw_front
from .head import is_page_of, kind_of
from .history_page import ON_ARTICLE, draw_history
from .masthead import find_masthead, find_only, name_of
from .rendering import draw, draw_late
from .story_page import Course
from .topic_provider_page import draw_selection

LARGEST = {
    "topics": (counts.find_topics, TOPICS, 60),
    "providers": (counts.find_providers, BY_NAME["provider_id"], 30),
}
"""The lists that begin with those of most articles: what finds them, and how many."""


def add_to_templates(env: Any, datasette: DatasetteLike) -> None:
    """Give the templates our filters, and Datasette 0.65 our partial."""
    env.filters.update(template_filters.FILTERS)
    compat.add_templates(env, datasette)


# -- panels -------------------------------------------------------------------


async def draw_home(datasette: DatasetteLike, request: RequestLike) -> Markup | None:
    """Return the panel of the front page: each archive that the visitor may see."""
    has_names = await find_only(datasette, request) is None
    panels = []
    for database in list(datasette.databases):
        view = await view_archive(datasette, request, database)
        panels.append(await draw_front(view, request, is_named=has_names) if view else None)
    return Markup("").join(panel for panel in panels if panel) or None


async def draw_database(
    datasette: DatasetteLike, request: RequestLike, database: str
) -> Markup | None:
    """Return the panel of a database's page."""
    view = await view_archive(datasette, request, database)
    return await draw_front(view, request, is_named=False) if view else None


async def draw_table(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str
) -> Markup | None:
    """Return the panel of a table's page: layouts of a list, topics or providers in numbers.

    Numbers only above the whole table: above a selection they would speak of something else.
    """
    listing = await find_listing(datasette, request, database, table)
    if listing:
        if listing.is_cards:
            return None  # the page itself has it
        return await draw(listing.view, request, "_newsfeed_layouts.html", listing=listing)
    view = await _view_of_tallies(datasette, request, database, table)
    if view is None:
        return None
    try:
        find, by, limit = LARGEST[table]
        found, total = await find(view, limit, await count_by_value(view, request, by))
    except QueryInterrupted:
        return await draw_late(view, request)
    return await draw(
        view,
        request,
        f"_newsfeed_{table}.html",
        tallies=found,
        total=total,
    )


async def _view_of_tallies(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str
) -> ArchiveView | None:
    """Return the archive of the whole list of topics or providers; None for any other page, and
    for who may not see the numbers."""
    if table not in LARGEST or request.query_string:
        return None
    view = await view_archive(datasette, request, database)
    _, by, _ = LARGEST[table]
    return view if view is not None and view.sees("articles", table, *by.tables) else None


async def draw_row(
    datasette: DatasetteLike, request: RequestLike, database: str, table: str, key: str
) -> Markup | None:
    """Return the panel of a row's page: the article, the story, or a row's newest articles."""
    if table not in ("articles", "stories", *cards.SELECTIONS):
        return None
    view = await view_archive(datasette, request, database)
    if view is None:
        return None
    try:
        if table == "articles":
            return await _draw_article(view, request, key)
        if table == "stories":
            return await _draw_story(view, request, key)
        return await draw_selection(view, request, table, key)
    except QueryInterrupted:
        return await draw_late(view, request)


async def _draw_article(view: ArchiveView, request: RequestLike, key: str) -> Markup | None:
    article = await full_articles.find_full_article(view, key)
    if article is None:
        return None
    pictures = Pictures(view, Links(view.datasette, view.database))
    copies, drawn, neighbours = await asyncio.gather(
        pictures.copies_in({key: article.body}),
        draw_history(view, key, ON_ARTICLE),
        _neighbours_of(view, article),
    )
    return await draw(
        view,
        request,
        "_newsfeed_article.html",
        article=article,
        cite=cite(view, request, article),
        drawn=drawn,
        neighbours=neighbours,
        back=back_to_list(Links(view.datasette, view.database), request, key),
        # To read a long text takes long: it must not hold up other visitors.
        body=await asyncio.to_thread(
            html_of_markdown,
            article.body,
            article.card.url,
            with_images=view.shows_remote,
            copies=copies.get(key, NO_COPIES),
        ),
        player=await asyncio.to_thread(find_player, article.featured_content),
    )


async def _neighbours_of(view: ArchiveView, article: FullArticle) -> list[Neighbours]:
    """What is before and after an article; nothing if it takes too long to find."""
    try:
        return await find_neighbours(view, article.card)
    except QueryInterrupted:
        return []


async def _draw_story(view: ArchiveView, request: RequestLike, key: str) -> Markup | None:
    story = await stories.find_story(view, key)
    if story is None:
        return None
    return await draw(
        view,
        request,
        "_newsfeed_story.html",
        story=story,
        course=Course(story),
        feeds=Links(view.datasette, view.database).feeds_of("stories", key),
    )


ROWS = ("articles", "stories", "topics", "providers", "authors")
"""The tables whose rows have a page for readers."""


async def _is_page(
    datasette: DatasetteLike, request: RequestLike, kind: str | None, database: str, table: str
) -> bool:
    """Return whether one of Datasette's pages is one for readers, which folds Datasette's own."""
    if kind == "table":
        return await _view_of_tallies(datasette, request, database, table) is not None
    if kind == "row" and table not in ROWS:
        return False
    view = await view_archive(datasette, request, database) if kind in ("row", "database") else None
    return view is not None and view.sees("articles", *([table] if kind == "row" else ()))


async def _front_variables(
    datasette: DatasetteLike, request: RequestLike
) -> dict[str, str | set[str]]:
    """Return which databases the front page shows as archives, and what the only one is called."""
    views = [await view_archive(datasette, request, name) for name in list(datasette.databases)]
    only = await find_only(datasette, request)
    return {
        "newsfeed_archives": {view.database for view in views if view and view.sees("articles")},
        "newsfeed_name": await name_of(datasette, only.database) if only else "",
    }


# -- where 0.65 has no hook for panels ----------------------------------------


async def template_variables(
    datasette: DatasetteLike,
    request: RequestLike,
    view_name: str | None,
    template: str | None,
    database: str | None,
    table: str | None,
) -> dict[str, Any]:
    """Return how the articles page is laid out, what a page says of itself, the panel for 0.65."""
    panel = None
    listing = None
    if view_name == "table" and is_page_of(template, "table"):
        listing = await find_listing(datasette, request, database, table)
    if compat.needs_partial(datasette) and request is not None:
        if view_name == "index":
            panel = await draw_home(datasette, request)
        elif view_name == "database" and is_page_of(template, "database"):
            panel = await draw_database(datasette, request, str(database))
        elif view_name == "table" and is_page_of(template, "table"):
            panel = await draw_table(datasette, request, str(database), str(table))
        elif view_name == "row":
            key = ",".join(urlsafe_components(request.url_vars["pks"]))
            panel = await draw_row(datasette, request, str(database), str(table), key)
    found: dict[str, Any] = {"newsfeed_panel": panel, "newsfeed_listing": listing}
    kind = kind_of(template)
    if request is not None:
        found["newsfeed_is_page"] = await _is_page(
            datasette, request, kind, str(database), str(table)
        )
        if kind == "index":
            found |= await _front_variables(datasette, request)
        elif kind == "database" and found["newsfeed_is_page"]:
            found["newsfeed_name"] = await name_of(datasette, str(database))
        found |= await http_caching.variables(datasette, request)
        found |= await head.variables(datasette, request, template, database, table, listing)
        found["newsfeed_dark"] = await assets.dark_stylesheet(datasette, request, database)
        found["newsfeed_masthead"] = await find_masthead(
            datasette,
            request,
            database,
            table=table,
            kind=kind,
            has_cards=listing is not None and listing.is_cards,
        )
    if listing:
        # 1.0 forgets the words in its own search box.
        found["search"] = listing.search_words
    return found
