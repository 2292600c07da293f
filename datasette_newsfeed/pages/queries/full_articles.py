"""Articles with their text, and one article with all that its own page shows.

What a record says of a related article comes first. What it leaves out is taken from that
article, if it is in the archive.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..access.archives import ArchiveView
from ..models import Card, FullArticle, Picture
from ..text.link_addresses import LONGEST_ADDRESS, web_url
from ..text.markdown import LONGEST_PLAIN
from ..text.plain import LONGEST_NAME, LONGEST_TITLE, MARKUP_LIMIT, cut, is_short_name, plain_text
from .cards import (
    BEGINNING,
    MENTIONING,
    OF_SAME_STORY,
    bounded,
    card,
    count_articles,
    drawn,
    find_cards,
    find_cards_by_id,
    key_within,
    story_columns,
)
from .image_rows import picture, stored
from .similar_reasons import find_similar

RELATED_LIMIT = 24
FELLOW_LIMIT = 12
MENTION_LIMIT = 12

MOST_TOPICS = 100
MOST_AUTHORS = 50
"""Of one article, on its own page and in feeds."""

LONGEST_CAPTION = 1_000
"""Characters of the title or the attribution of an image."""

FACTS_SQL = f"""
select
  id, updated_at, quality, {bounded("category", "category", LONGEST_NAME)},
  {bounded("provider_name", "provider_name", LONGEST_NAME)},
  {bounded("original_url", "original_url", LONGEST_ADDRESS)},
  {bounded("url", "url", LONGEST_ADDRESS)}, {bounded("amp_url", "amp_url", LONGEST_ADDRESS)},
  {bounded("cdn_amp_url", "cdn_amp_url", LONGEST_ADDRESS)},
  {bounded("featured_content", "featured_content", MARKUP_LIMIT)}
from articles where id in ({{places}})"""

BODIES_SQL = "select id, substr(body, 1, ?) as body from articles where id in ({places})"

AUTHORS_SQL = f"""
select article_id, author from (
  select
    article_id, author, position,
    row_number() over (partition by article_id order by position) as place
  from article_authors where article_id in ({{places}}) and {is_short_name("author")}
)
where place <= {MOST_AUTHORS} order by article_id, position"""

IMAGES_SQL = f"""
select images.id as image_id, {bounded("images.url", "image_url", LONGEST_ADDRESS)},
  images.width as image_width, images.height as image_height, {{image_stored}} as image_stored,
  {bounded("article_images.title", "title", MARKUP_LIMIT)},
  {bounded("article_images.attribution", "attribution", MARKUP_LIMIT)}
from article_images join images on images.id = article_images.image_id
where article_images.article_id = :key order by article_images.position limit 12"""


def _named_or_found(column: str, limit: int) -> str:
    """The SQL of what a record says of a related article, else what that article says itself."""
    return bounded(f"coalesce(related_articles.{column}, articles.{column})", column, limit)


RELATED_SQL = f"""
select
  articles.id, {_named_or_found("title", LONGEST_TITLE)},
  coalesce(nullif(related_articles.published_at, ''), articles.published_at) as published_at,
  {_named_or_found("url", LONGEST_ADDRESS)},
  {_named_or_found("excerpt", MARKUP_LIMIT)},
  {{beginning}} as beginning,
  {_named_or_found("type", LONGEST_NAME)},
  articles.heat,
  {key_within("providers.domain", "provider_id")},
  {bounded("providers.name", "provider_name", LONGEST_NAME)},
  substr(
    coalesce(related_articles.provider_name, articles.provider_name), 1, {LONGEST_NAME + 1}
  ) as credited_as,
  pictures.id as image_id, {bounded("pictures.url", "image_url", LONGEST_ADDRESS)},
  pictures.width as image_width, pictures.height as image_height,
  {{image_stored}} as image_stored,
  logos.id as logo_id, {bounded("logos.url", "logo_url", LONGEST_ADDRESS)},
  logos.width as logo_width, logos.height as logo_height,
  {{logo_stored}} as logo_stored,
  0 as related_count,
  {{story}}
from related_articles
  left join articles on articles.id = related_articles.related_id
  left join providers
    on providers.domain = coalesce(related_articles.provider_id, articles.provider_id)
  left join images as pictures
    on pictures.id = coalesce(related_articles.image_id, articles.image_id)
  left join images as logos on logos.id = providers.image_id
where related_articles.article_id = :key
order by related_articles.position limit :limit"""

# Two entries may mean one article of this archive, which is shown once.
RELATED_COUNT_SQL = """
select count(distinct coalesce(related_id, position)) from related_articles
where article_id = :key"""


async def find_full_articles(view: ArchiveView, ids: Sequence[str]) -> tuple[FullArticle, ...]:
    """Return these articles with their authors, in the order given; four queries.

    Their texts are left out, for they may be long: see `find_bodies`. So is what surrounds
    an article on its own page: see `find_full_article`.
    """
    if not ids or not view.sees("articles"):
        return ()
    places = ", ".join("?" for _ in ids)
    cards, rows, authors = await gather(
        find_cards_by_id(view, ids, most_topics=MOST_TOPICS),
        view.ask(FACTS_SQL.format(places=places), ids),
        _find_authors(view, ids),
    )
    facts = {row["id"]: row for row in rows}
    return tuple(
        _full_article(card, facts[card.id], authors.get(card.id, ()))
        for card in cards
        if card.id in facts
    )


async def _find_authors(view: ArchiveView, keys: Sequence[str]) -> dict[str, list[str]]:
    authors: dict[str, list[str]] = {}
    if view.sees("authors", "article_authors"):
        places = ", ".join("?" for _ in keys)
        for key, author in await view.ask(AUTHORS_SQL.format(places=places), keys):
            authors.setdefault(key, []).append(author)
    return authors


def _full_article(card: Card, row: Any, authors: Iterable[str]) -> FullArticle:
    return FullArticle(
        card=card,
        updated_at=row["updated_at"],
        category=cut(row["category"], LONGEST_NAME),
        quality=row["quality"],
        credited_as=cut(row["provider_name"], LONGEST_NAME),
        original_url=web_url(row["original_url"]) or web_url(row["url"]),
        amp_url=web_url(row["amp_url"]) or web_url(row["cdn_amp_url"]),
        featured_content=row["featured_content"],
        authors=tuple(authors),
    )


async def find_bodies(view: ArchiveView, ids: Sequence[str], longest: int) -> dict[str, str]:
    """Return the texts of articles that have one, by id, each up to so many characters."""
    if not ids or not view.sees("articles"):
        return {}
    sql = BODIES_SQL.format(places=", ".join("?" for _ in ids))
    return {row["id"]: row["body"] for row in await view.ask(sql, [longest, *ids]) if row["body"]}


async def find_full_article(view: ArchiveView, key: str) -> FullArticle | None:
    """Return an article with all that its page shows; None without such an article."""
    found = await find_full_articles(view, [key])
    if not found:
        return None
    # Where few articles have a story, SQLite looks for its others through all of them.
    most_fellows = 0 if found[0].card.story_id is None else FELLOW_LIMIT
    bodies, pictures, (related, related_count), fellows, mentions, mention_count = await gather(
        find_bodies(view, [key], LONGEST_PLAIN + 1),
        _find_pictures(view, key),
        _find_related(view, key),
        find_cards(view, OF_SAME_STORY, most_fellows, key),
        find_cards(view, MENTIONING, MENTION_LIMIT, key),
        count_articles(view, MENTIONING, key),
    )
    above = {key, *(card.id for card in (*related, *fellows))}
    return replace(
        found[0],
        body=bodies.get(key),
        pictures=pictures,
        related=related,
        related_count=related_count,
        fellows=fellows,
        similar=await find_similar(view, key, above),
        mentions=mentions,
        mention_count=mention_count,
    )


async def _find_pictures(view: ArchiveView, key: str) -> tuple[Picture, ...]:
    if not view.sees("images", "article_images"):
        return ()
    sql = IMAGES_SQL.format(image_stored=stored(view, "images"))
    found = (
        picture(
            view,
            row,
            "image",
            title=plain_text(row["title"], LONGEST_CAPTION),
            attribution=plain_text(row["attribution"], LONGEST_CAPTION),
        )
        for row in await view.ask(sql, {"key": key})
    )
    return tuple(each for each in found if each is not None)


async def _find_related(view: ArchiveView, key: str) -> tuple[tuple[Card, ...], int]:
    if not view.sees("related_articles"):
        return (), 0
    sql = RELATED_SQL.format(
        image_stored=stored(view, "pictures"),
        logo_stored=stored(view, "logos"),
        story=story_columns(view),
        beginning=BEGINNING.format(
            excerpt="coalesce(related_articles.excerpt, articles.excerpt)",
        ),
    )
    rows, counts = await gather(
        view.ask(sql, {"key": key, "limit": RELATED_LIMIT}),
        view.ask(RELATED_COUNT_SQL, {"key": key}),
    )
    once: dict[str | int, Any] = {}
    for number, row in enumerate(rows):
        # Two entries may mean one article of this archive.
        once.setdefault(row["id"] or number, row)
    chosen = once.values()
    return await drawn(chosen, lambda: tuple(card(view, row) for row in chosen)), counts[0][0]
