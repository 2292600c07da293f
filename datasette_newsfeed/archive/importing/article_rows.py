"""Writes articles as rows.

One call writes one batch in the transaction of its caller. Rows that several articles share are
written by `shared_rows` in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from sqlite_utils import Database

from ...full_text import index
from ...many_rows import write_rows
from ...url_keys import url_key
from ..records import Article, Image, Organization, Provider
from ..relate import rows as related_rows
from ..sources.references import NOTHING_BEFORE, Before, FactBook, Facts
from . import shared_rows

_CHILDREN = ("article_topics", "article_authors", "article_images", "related_articles")

_OLD_IMAGES = """
SELECT image_id FROM article_images WHERE article_id IN batch
UNION SELECT image_id FROM related_articles WHERE article_id IN batch AND image_id IS NOT NULL
"""
_OLD_PROVIDERS = """
SELECT provider_id FROM articles WHERE id IN batch AND provider_id IS NOT NULL
UNION
SELECT provider_id FROM related_articles WHERE article_id IN batch AND provider_id IS NOT NULL
"""
_OLD_URLS = """
SELECT web_url FROM articles WHERE id IN batch AND web_url IS NOT NULL
UNION SELECT original_url FROM articles WHERE id IN batch AND original_url IS NOT NULL
"""


def facts_of_rows(db: Database, article_ids: Sequence[str]) -> Iterator[tuple[str, Facts]]:
    """Yield (article_id, facts) for each of these articles, as far as its rows still tell."""
    for article_id in article_ids:
        row = db.execute(
            "SELECT web_url, original_url FROM articles WHERE id = ?", [article_id]
        ).fetchone()
        urls = [(row[0], -1), (row[1], -1)]
        urls += db.execute(
            "SELECT url, position FROM related_articles WHERE article_id = ?", [article_id]
        ).fetchall()
        images = db.execute(_ROW_IMAGES, {"id": article_id}).fetchall()
        keyed = ((url_key(url), position) for url, position in urls if isinstance(url, str))
        yield (
            article_id,
            Facts(
                urls=tuple((key, position) for key, position in keyed if key),
                images=tuple(images),
            ),
        )


_ROW_IMAGES = """
SELECT images.id, domain,
  CAST(min(1.0 * coalesce(width, 0) * coalesce(height, 0), 9e18) AS INTEGER),
  width, height, is_cached, NULL
FROM (
  SELECT image_id AS id, '' AS domain FROM article_images WHERE article_id = :id
  UNION SELECT image_id, '' FROM related_articles WHERE article_id = :id
  UNION SELECT providers.image_id, domain FROM articles
    JOIN providers ON domain = provider_id WHERE articles.id = :id
  UNION SELECT providers.image_id, domain FROM related_articles
    JOIN providers ON domain = provider_id WHERE article_id = :id
) AS used JOIN images ON images.id = used.id
"""


def write(
    db: Database,
    facts: FactBook,
    articles: Sequence[Article],
    organizations: Sequence[Organization],
    removed: Sequence[str],
    before: Before = NOTHING_BEFORE,
) -> None:
    """Write a batch into the open transaction.

    `facts` holds those of these records already; `removed` are ids of articles
    to delete; `before` is what the files of the batch said until now.
    """
    shared_rows.begin(db)
    shared_rows.fill(
        db, "batch", [(article.id,) for article in articles] + [(id,) for id in removed]
    )
    providers = {row[0] for row in db.execute(_OLD_PROVIDERS)} | before.domains
    images = {row[0] for row in db.execute(_OLD_IMAGES)} | before.images
    images |= shared_rows.logos(db, providers)
    topics = _linked(db, "article_topics", "topic")
    authors = _linked(db, "article_authors", "author")
    urls = {row[0] for row in db.execute(_OLD_URLS)}
    with index.following(db.conn, "SELECT id FROM batch"):
        _delete(db, removed)
        _insert_parents(db, articles, organizations)
        _insert_articles(db, articles)
    named = [p for article in articles for p in article.providers]
    providers |= {p.domain for p in named if p.domain} | {o.domain for o in organizations}
    images |= {image.id for image in _images(articles, organizations)}
    shared_rows.recompute_providers(db, facts, sorted(providers), images)
    shared_rows.recompute_images(db, facts, sorted(images))
    shared_rows.recompute_names(db, "topics", "article_topics", "topic", topics)
    shared_rows.recompute_names(db, "authors", "article_authors", "author", authors)
    urls |= {url for a in articles for url in (a.web_url, a.original_url) if url}
    related = (
        (article.id, position, other.url)
        for article in articles
        for position, other in enumerate(article.related)
        if other.url
    )
    shared_rows.recompute_related(db, facts, related, urls)


def _images(articles: Iterable[Article], organizations: Iterable[Organization]) -> list[Image]:
    found: list[Image | None] = [organization.logo for organization in organizations]
    for article in articles:
        found += article.images
        found += [other.image for other in article.related]
        found += [provider.logo for provider in article.providers if provider.domain]
    return [image for image in found if image]


def _linked(db: Database, table: str, column: str) -> set[str]:
    rows = db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE article_id IN batch")
    return {row[0] for row in rows}


def _delete(db: Database, removed: Sequence[str]) -> None:
    for table in _CHILDREN:
        db.execute(f"DELETE FROM {table} WHERE article_id IN batch")
    if removed:
        related_rows.remove(db, removed)
        shared_rows.fill(db, "batch_names", ((id,) for id in removed))
        db.execute("UPDATE related_articles SET related_id = NULL WHERE related_id IN batch_names")
        db.execute("DELETE FROM articles WHERE id IN batch_names")


def _insert_parents(
    db: Database, articles: Sequence[Article], organizations: Sequence[Organization]
) -> None:
    images = {image.id: image.url for image in _images(articles, organizations)}
    domains = {o.domain for o in organizations}
    domains |= {p.domain for article in articles for p in article.providers if p.domain}
    topics = {topic for article in articles for topic in article.topics}
    authors = {
        author for article in articles if article.provider for author in article.provider.authors
    }
    _insert(db, "images", ({"id": id, "url": url} for id, url in sorted(images.items())))
    _insert(db, "providers", ({"domain": domain} for domain in sorted(domains)))
    _insert(db, "topics", ({"name": name} for name in sorted(topics)))
    _insert(db, "authors", ({"name": name} for name in sorted(authors)))


def _insert(db: Database, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows of equal keys, but those whose key is there."""
    rows = iter(rows)
    first = next(rows, None)
    if first is not None:
        statement = f"INSERT OR IGNORE INTO {table} ({', '.join(first)}) VALUES {{values}}"
        write_rows(db.conn, statement, (tuple(row.values()) for row in chain([first], rows)))


def _upsert_articles(db: Database, articles: Sequence[Article]) -> None:
    """Write articles, in place of those with their ids, by one statement for all.

    Where a statement can fail halfway, SQLite first makes FTS5 write down what it has in
    memory: a statement an article is a segment of the full text an article.
    """
    if not articles:
        return
    rows = [_article_row(article) for article in articles]
    names = ", ".join(rows[0])
    db.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS batch_articles AS SELECT {names} FROM articles LIMIT 0"
    )
    shared_rows.fill(db, "batch_articles", (tuple(row.values()) for row in rows))
    sets = ", ".join(f"{name} = excluded.{name}" for name in rows[0] if name != "id")
    db.execute(
        f"INSERT INTO articles ({names}) SELECT {names} FROM batch_articles WHERE true "
        f"ORDER BY batch_articles.rowid ON CONFLICT (id) DO UPDATE SET {sets}"
    )


def _insert_articles(db: Database, articles: Sequence[Article]) -> None:
    _upsert_articles(db, articles)
    _insert(
        db,
        "article_topics",
        (
            {"article_id": article.id, "topic": topic, "position": position}
            for article in articles
            for position, topic in enumerate(article.topics)
        ),
    )
    _insert(
        db,
        "article_authors",
        (
            {"article_id": article.id, "position": position, "author": author}
            for article in articles
            if article.provider
            for position, author in enumerate(article.provider.authors)
        ),
    )
    _insert(
        db,
        "article_images",
        (
            {
                "article_id": article.id,
                "position": position,
                "image_id": image.id,
                "title": image.title,
                "attribution": image.attribution,
            }
            for article in articles
            for position, image in enumerate(article.images)
        ),
    )
    _insert(db, "related_articles", (row for article in articles for row in _related_rows(article)))


def _article_row(article: Article) -> dict[str, Any]:
    provider = article.provider or Provider()
    return {
        "id": article.id,
        "title": article.title,
        "image_id": article.images[0].id if article.images else None,
        "provider_id": provider.domain,
        "provider_name": provider.name,
        "published_at": article.published_at,
        "type": article.type,
        "category": article.category,
        "heat": article.heat,
        "quality": article.quality,
        "published": article.published,
        "excerpt": article.excerpt,
        "body": article.body,
        "url": article.url,
        "original_url": article.original_url,
        "web_url": article.web_url,
        "amp_url": article.amp_url,
        "cdn_amp_url": article.cdn_amp_url,
        "updated_at": article.updated_at,
        "featured_content": article.featured_content,
        "extra": _json(article.extra),
        "language": article.language,
    }


def _related_rows(article: Article) -> Iterator[dict[str, Any]]:
    for position, other in enumerate(article.related):
        provider = other.provider or Provider()
        yield {
            "article_id": article.id,
            "position": position,
            "title": other.title,
            "excerpt": other.excerpt,
            "published_at": other.published_at,
            "url": other.url,
            "amp_url": other.amp_url,
            "cdn_amp_url": other.cdn_amp_url,
            "type": other.type,
            "quality": other.quality,
            "provider_id": provider.domain,
            "provider_name": provider.name,
            "image_id": other.image.id if other.image else None,
            "extra": _json(other.extra),
        }


def _json(extra: Any) -> str | None:
    return json.dumps(extra, ensure_ascii=False) if extra else None
