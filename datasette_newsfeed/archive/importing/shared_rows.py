"""Rows that several records share, and links between articles: recomputed for each batch.

A provider, a topic, an author, an image and `related_id` depend on all files and never on their
order. Each is computed from the facts of the files that remain, and deleted when no file uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from ...many_rows import write_rows
from ...url_keys import url_key
from ..sources.references import FactBook, Facts

_TEMP = """
CREATE TEMP TABLE IF NOT EXISTS batch (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_images (
  id TEXT PRIMARY KEY, width INTEGER, height INTEGER, is_cached INTEGER, url TEXT
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_providers (
  domain TEXT PRIMARY KEY, name TEXT, image_id TEXT) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_names (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_related (
  article_id TEXT, position INTEGER, key TEXT, PRIMARY KEY (article_id, position)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_urls (
  key TEXT, article_id TEXT, PRIMARY KEY (key, article_id)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS batch_meant (
  key TEXT, place INTEGER, article_id TEXT, PRIMARY KEY (key, place)) WITHOUT ROWID
"""

_RECOMPUTE_IMAGES = """
UPDATE images SET (width, height, is_cached, url) = (
  SELECT width, height, is_cached, coalesce(batch_images.url, images.url)
  FROM batch_images WHERE batch_images.id = images.id
) WHERE id IN (SELECT id FROM batch_images)
"""
_UNREFERENCED_IMAGES = """
SELECT id FROM images
WHERE NOT EXISTS (SELECT 1 FROM article_images WHERE image_id = images.id)
  AND NOT EXISTS (SELECT 1 FROM related_articles WHERE image_id = images.id)
  AND NOT EXISTS (SELECT 1 FROM articles WHERE image_id = images.id)
  AND NOT EXISTS (SELECT 1 FROM providers WHERE image_id = images.id)
"""
_UNUSED_IMAGES = _UNREFERENCED_IMAGES + "  AND id IN (SELECT id FROM batch_images)"
# min() = max(): the only name used. Each alone is a look into an index; both in one SELECT
# would be a look at each article of the provider.
_ONLY_NAME = """(
  SELECT iif(min(name) = max(name), min(name), NULL) FROM (
    SELECT min(provider_name) AS name FROM articles WHERE provider_id = {domain}
    UNION ALL SELECT max(provider_name) FROM articles WHERE provider_id = {domain}
    UNION ALL SELECT min(provider_name) FROM related_articles WHERE provider_id = {domain}
    UNION ALL SELECT max(provider_name) FROM related_articles WHERE provider_id = {domain}
  )
)"""
_RECOMPUTE_PROVIDERS = f"""
UPDATE providers SET (name, image_id) = (
  SELECT
    coalesce(
      batch_providers.name, {_ONLY_NAME.format(domain="batch_providers.domain")},
      batch_providers.domain
    ),
    batch_providers.image_id
  FROM batch_providers WHERE batch_providers.domain = providers.domain
) WHERE domain IN (SELECT domain FROM batch_providers)
"""
_DELETE_PROVIDERS = """
DELETE FROM providers WHERE domain IN (
  SELECT domain FROM batch_providers WHERE batch_providers.name IS NULL
    AND NOT EXISTS (SELECT 1 FROM articles WHERE provider_id = domain)
    AND NOT EXISTS (SELECT 1 FROM related_articles WHERE provider_id = domain)
)
"""
_DELETE_NAMES = """
DELETE FROM {table} WHERE name IN batch_names
  AND NOT EXISTS (SELECT 1 FROM {links} WHERE {links}.{column} = {table}.name)
"""
# Published first (null counts as published), then earliest, then the smallest id. Found once
# for each URL, as thousands of articles may have one and name it; the second is for the
# entries of the first.
_MEANT = """
SELECT key, place, id FROM (
  SELECT batch_urls.key, articles.id, row_number() OVER (
    PARTITION BY batch_urls.key ORDER BY articles.published IS 0, articles.published_at = '',
      articles.published_at, articles.id
  ) AS place
  FROM batch_urls JOIN articles ON articles.id = batch_urls.article_id
) WHERE place <= 2
"""
_RECOMPUTE_RELATED = """
UPDATE related_articles SET related_id = (
  SELECT batch_meant.article_id FROM batch_related
    JOIN batch_meant ON batch_meant.key = batch_related.key
  WHERE batch_related.article_id = related_articles.article_id
    AND batch_related.position = related_articles.position
    AND batch_meant.article_id != related_articles.article_id
  ORDER BY batch_meant.place LIMIT 1
)
WHERE (article_id, position) IN (SELECT article_id, position FROM batch_related)
"""


def organizations_of_rows(db: Database, facts: FactBook) -> Iterator[tuple[None, Facts]]:
    """Yield (None, facts) for each provider with a name that only an organization record
    can have given, and none is known."""
    for domain, name, logo in db.execute(_NAMED_PROVIDERS).fetchall():
        if not facts.organizations([domain]):
            yield None, Facts(organization=(domain, name, logo))


_NAMED_PROVIDERS = f"""
SELECT domain, name, image_id FROM providers
WHERE name IS NOT coalesce({_ONLY_NAME.format(domain="providers.domain")}, domain)
"""


def begin(db: Database) -> None:
    """Make the temporary tables that hold the keys of a batch."""
    for statement in _TEMP.split(";"):
        db.execute(statement)


def existing(db: Database, article_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that have a row."""
    begin(db)
    fill(db, "batch", ((id,) for id in article_ids))
    return {row[0] for row in db.execute("SELECT id FROM articles WHERE id IN batch")}


def sweep(db: Database, facts: FactBook) -> None:
    """Settle every provider and every image that no row refers to.

    Needed where a run was interrupted between the commit of its rows and that of its
    facts: then a row may be left that neither knows as its own.
    """
    begin(db)
    domains = [row[0] for row in db.execute("SELECT domain FROM providers")]
    images = {row[0] for row in db.execute(_UNREFERENCED_IMAGES)} | logos(db, domains)
    recompute_providers(db, facts, domains, images)
    recompute_images(db, facts, sorted(images))


def fill(db: Database, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Put the keys of a batch into a temporary table, instead of those before."""
    db.execute(f"DELETE FROM {table}")
    write_rows(db.conn, f"INSERT OR IGNORE INTO {table} VALUES {{values}}", rows)


def logos(db: Database, domains: Iterable[str]) -> set[str]:
    """Return the images that are logos of these providers."""
    fill(db, "batch_names", ((domain,) for domain in domains))
    rows = db.execute(
        "SELECT image_id FROM providers WHERE domain IN batch_names AND image_id IS NOT NULL"
    )
    return {row[0] for row in rows}


def recompute_providers(
    db: Database, facts: FactBook, domains: Sequence[str], images: set[str]
) -> None:
    """Give each provider its name and logo; add the logos they had and have to `images`."""
    said = facts.names_and_logos(domains)
    fill(db, "batch_providers", ((domain, *said[domain]) for domain in domains))
    db.execute(_RECOMPUTE_PROVIDERS)
    db.execute(_DELETE_PROVIDERS)
    images.update(logo for _, logo in said.values() if logo)


def recompute_images(db: Database, facts: FactBook, images: Sequence[str]) -> None:
    """Give each image the size of its largest use, and delete what nobody names."""
    uses = facts.largest_uses(images)
    unknown = (None, None, None, None)
    fill(db, "batch_images", ((image, *uses.get(image, unknown)) for image in images))
    # A logo that is not its provider's chosen one stands in no other row; it is used
    # as long as a file names it.
    unused = [row[0] for row in db.execute(_UNUSED_IMAGES) if row[0] not in uses]
    if unused:
        fill(db, "batch_names", ((image,) for image in unused))
        db.execute("DELETE FROM image_renditions WHERE image_id IN batch_names")
        db.execute("DELETE FROM image_fetches WHERE image_id IN batch_names")
        db.execute("DELETE FROM images WHERE id IN batch_names")
    db.execute(_RECOMPUTE_IMAGES)


def recompute_names(db: Database, table: str, links: str, column: str, names: set[str]) -> None:
    """Delete those of the topics or authors that nothing links to any more."""
    if names:
        fill(db, "batch_names", ((name,) for name in names))
        db.execute(_DELETE_NAMES.format(table=table, links=links, column=column))


def recompute_related(
    db: Database,
    facts: FactBook,
    related: Iterable[tuple[str, int, str]],
    urls: Iterable[str],
) -> None:
    """Find the articles that related entries mean.

    related: (article_id, position, URL) of entries that are new; urls: of articles
    that are new, changed or gone, which others may mean.
    """
    keys = {key for key in map(url_key, urls) if key}
    entries = [(article_id, at, key) for key, article_id, at in facts.related_to(list(keys))]
    keyed = ((article_id, at, url_key(url)) for article_id, at, url in related)
    entries += [(article_id, at, key) for article_id, at, key in keyed if key]
    if entries:
        fill(db, "batch_related", entries)
        fill(db, "batch_urls", facts.articles_at([key for _, _, key in entries]))
        fill(db, "batch_meant", db.execute(_MEANT).fetchall())
        db.execute(_RECOMPUTE_RELATED)
