"""Articles with their text, and one article with all that its own page shows.

What a record says of a related article comes first; what it left out, that
article itself tells where it is in the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..access.archives import Sight
from ..models import Card, FullArticle, Picture, Resemblance
from ..text.addresses import web_url
from ..text.plain import plain_text
from .cards import (
    BEGINNING,
    MENTIONING,
    OF_SAME_STORY,
    card,
    count_articles,
    find_cards,
    find_cards_by_id,
    story_columns,
)
from .pictures import picture, stored

RELATED_LIMIT = 24
FELLOW_LIMIT = 12
SIMILAR_LIMIT = 6
MENTION_LIMIT = 12

TEXTS_SQL = """
select id, body, updated_at, category, quality, provider_name, original_url, url,
  amp_url, cdn_amp_url, featured_content
from articles where id in ({places})"""

AUTHORS_SQL = """
select article_id, author from article_authors
where article_id in ({places}) order by article_id, position"""

IMAGES_SQL = """
select images.id as image_id, images.url as image_url,
  images.width as image_width, images.height as image_height, {image_stored} as image_stored,
  article_images.title, article_images.attribution
from article_images join images on images.id = article_images.image_id
where article_images.article_id = :key order by article_images.position limit 12"""

RELATED_SQL = """
select
  articles.id, coalesce(related_articles.title, articles.title) as title,
  coalesce(nullif(related_articles.published_at, ''), articles.published_at) as published_at,
  coalesce(related_articles.url, articles.url) as url,
  coalesce(related_articles.excerpt, articles.excerpt) as excerpt,
  {beginning} as beginning,
  coalesce(related_articles.type, articles.type) as type,
  articles.heat,
  providers.domain as provider_id, providers.name as provider_name,
  coalesce(related_articles.provider_name, articles.provider_name) as credited_as,
  pictures.id as image_id, pictures.url as image_url,
  pictures.width as image_width, pictures.height as image_height,
  {image_stored} as image_stored,
  logos.id as logo_id, logos.url as logo_url,
  logos.width as logo_width, logos.height as logo_height,
  {logo_stored} as logo_stored,
  0 as related_count,
  {story}
from related_articles
  left join articles on articles.id = related_articles.related_id
  left join providers
    on providers.domain = coalesce(related_articles.provider_id, articles.provider_id)
  left join images as pictures
    on pictures.id = coalesce(related_articles.image_id, articles.image_id)
  left join images as logos on logos.id = providers.image_id
where related_articles.article_id = :key
order by related_articles.position limit :limit"""

SIMILAR_SQL = """
select similar_id, shared_words, shared_topics from similar_articles
where article_id = :key order by position"""

# Two entries may mean one article of this archive, which is shown once.
RELATED_COUNT_SQL = """
select count(distinct coalesce(related_id, position)) from related_articles
where article_id = :key"""


async def find_full_articles(sight: Sight, ids: Sequence[str]) -> tuple[FullArticle, ...]:
    """Return these articles with their text and authors, in the order given; four queries.

    What stands around an article on its own page is left out: see `find_full_article`.
    """
    cards = await find_cards_by_id(sight, ids)
    keys = [card.id for card in cards if card.id is not None]
    if not keys:
        return ()
    places = ", ".join("?" for _ in keys)
    rows = await sight.ask(TEXTS_SQL.format(places=places), keys)
    texts = {row["id"]: row for row in rows}
    authors: dict[str, list[str]] = {}
    if sight.sees("authors", "article_authors"):
        for key, author in await sight.ask(AUTHORS_SQL.format(places=places), keys):
            authors.setdefault(key, []).append(author)
    return tuple(
        _full_article(card, texts[card.id], authors.get(card.id or "", ())) for card in cards
    )


def _full_article(card: Card, row: Any, authors: Iterable[str]) -> FullArticle:
    return FullArticle(
        card=card,
        body=row["body"],
        updated_at=row["updated_at"],
        category=row["category"],
        quality=row["quality"],
        credited_as=row["provider_name"],
        original_url=web_url(row["original_url"]) or web_url(row["url"]),
        amp_url=web_url(row["amp_url"]) or web_url(row["cdn_amp_url"]),
        featured_content=row["featured_content"],
        authors=tuple(authors),
    )


async def find_full_article(sight: Sight, key: str) -> FullArticle | None:
    """Return an article with all that its page shows; None without such an article."""
    found = await find_full_articles(sight, [key])
    if not found:
        return None
    related, related_count = await _find_related(sight, key)
    above = {key, *(card.id for card in related)}
    same_story: tuple[Card, ...] = ()
    if found[0].card.story_id is not None:
        # Where few articles have a story, SQLite looks for its others through all of them.
        same_story = await find_cards(sight, OF_SAME_STORY, FELLOW_LIMIT + len(related), key)
    fellows = tuple(card for card in same_story if card.id not in above)[:FELLOW_LIMIT]
    above |= {card.id for card in same_story}
    return replace(
        found[0],
        pictures=await _find_pictures(sight, key),
        related=related,
        related_count=related_count,
        fellows=fellows,
        similar=await _find_similar(sight, key, above),
        mentions=await find_cards(sight, MENTIONING, MENTION_LIMIT, key),
        mention_count=await count_articles(sight, MENTIONING, key),
    )


async def _find_pictures(sight: Sight, key: str) -> tuple[Picture, ...]:
    if not sight.sees("images", "article_images"):
        return ()
    sql = IMAGES_SQL.format(image_stored=stored(sight, "images"))
    found = (
        picture(
            sight,
            row,
            "image",
            title=plain_text(row["title"]),
            attribution=plain_text(row["attribution"]),
        )
        for row in await sight.ask(sql, {"key": key})
    )
    return tuple(each for each in found if each is not None)


async def _find_related(sight: Sight, key: str) -> tuple[tuple[Card, ...], int]:
    if not sight.sees("related_articles"):
        return (), 0
    sql = RELATED_SQL.format(
        image_stored=stored(sight, "pictures"),
        logo_stored=stored(sight, "logos"),
        story=story_columns(sight),
        beginning=BEGINNING.format(
            excerpt="coalesce(related_articles.excerpt, articles.excerpt)",
        ),
    )
    rows = await sight.ask(sql, {"key": key, "limit": RELATED_LIMIT})
    count = int((await sight.ask(RELATED_COUNT_SQL, {"key": key}))[0][0])
    related: dict[str | int, Card] = {}
    for number, row in enumerate(rows):
        # Two entries may mean one article of this archive.
        related.setdefault(row["id"] or number, card(sight, row))
    return tuple(related.values()), count


async def _find_similar(sight: Sight, key: str, shown: set[str | None]) -> tuple[Resemblance, ...]:
    if not sight.sees("similar_articles"):
        return ()
    rows = await sight.ask(SIMILAR_SQL, {"key": key})
    reasons = {row["similar_id"]: row for row in rows if row["similar_id"] not in shown}
    chosen = list(reasons)[:SIMILAR_LIMIT]
    topics = sight.sees("topics", "article_topics")
    return tuple(
        Resemblance(
            card,
            reasons[card.id]["shared_words"],
            reasons[card.id]["shared_topics"] if topics else "",
        )
        for card in await find_cards_by_id(sight, chosen)
    )
