"""Reduces a copy of an archive to chosen articles: deletes all that none of them needs.

A related article that was not chosen keeps what its record says of it: title, excerpt and URL.
Stories and similar articles were computed for the whole archive, and are deleted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlite_utils import Database

from ... import schema
from ...schema import Table
from ...url_keys import url_key

SHARED = (schema.TOPICS, schema.AUTHORS, schema.PROVIDERS, schema.IMAGES)
"""Rows that go when nothing uses them; providers before the images that are their logos."""

_HEADLINES = """
SELECT id FROM articles WHERE coalesce(published, 1) != 0 AND coalesce(heat, 0) >= 0"""

_NO_STORIES = """
UPDATE articles SET story_id = NULL, is_headline = 1 WHERE story_id IS NOT NULL"""

_CHOSEN = "CREATE TEMP TABLE chosen (id TEXT PRIMARY KEY) WITHOUT ROWID"

# Whom an entry means where the article that it meant was not chosen: as in an archive
# of the chosen ones alone, published first, then earliest, then the smallest id.
_AGAIN = """
UPDATE related_articles SET related_id = (
  SELECT id FROM chosen_urls JOIN articles USING (id)
  WHERE key = url_key(related_articles.url) AND id != related_articles.article_id
  ORDER BY published IS 0, published_at = '', published_at, id LIMIT 1
)
WHERE related_id IS NOT NULL AND related_id NOT IN (SELECT id FROM chosen)"""
_CHOSEN_URLS = """
CREATE TEMP TABLE chosen_urls AS
SELECT key, id FROM (
  SELECT key, id, row_number() OVER (
    PARTITION BY key ORDER BY published IS 0, published_at = '', published_at, id
  ) AS place
  FROM (
    SELECT url_key(url) AS key, id FROM articles WHERE url_key(url) IS NOT NULL
    UNION SELECT url_key(original_url), id FROM articles WHERE url_key(original_url) IS NOT NULL
  ) JOIN articles USING (id)
) WHERE place <= 2"""


def headlines(db: Database) -> set[str]:
    """Return the articles of which no record says that another one leads the story."""
    return {row[0] for row in db.execute(_HEADLINES)}


def keep_only(db: Database, ids: Iterable[str]) -> bool:
    """Remove every other article, and the rows that only those used.

    Full text is left to be rebuilt: its triggers rest meanwhile. Ids without an
    article are passed over. Returns whether there were stories or similar articles: those of
    the part are to be found then.
    """
    db.conn.create_function("url_key", 1, _key, deterministic=True)
    was_related = False
    with db.atomic():
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        resting = triggers.fetchall()
        for name, _ in resting:
            db.execute(f"DROP TRIGGER [{name}]")
        for computed in schema.COMPUTED_TABLES:
            was_related |= db.execute(f"DELETE FROM {computed.name}").rowcount > 0
        db.execute(_NO_STORIES)
        db.execute(_CHOSEN)
        db.conn.executemany("INSERT OR IGNORE INTO chosen VALUES (?)", ((id,) for id in ids))
        db.execute("DELETE FROM articles WHERE id NOT IN (SELECT id FROM chosen)")
        for table, column in _belonging(schema.ARTICLES):
            db.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM articles)")
        db.execute(_CHOSEN_URLS)
        db.execute("CREATE INDEX chosen_urls_key ON chosen_urls (key)")
        db.execute(_AGAIN)
        for shared in SHARED:
            _drop_unused(db, shared)
        for _, sql in resting:
            db.execute(sql)
    return was_related


def _drop_unused(db: Database, table: Table) -> None:
    (key,) = table.primary_key
    used = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {user} WHERE {user}.{column} = {table.name}.{key})"
        for user, column in _using(table)
    )
    db.execute(f"DELETE FROM {table.name} WHERE {used}")
    for owned, column in _belonging(table):
        db.execute(f"DELETE FROM {owned} WHERE {column} NOT IN (SELECT {key} FROM {table.name})")


def _belonging(table: Table) -> Iterator[tuple[str, str]]:
    """The tables whose rows are part of a row of this one: their key begins with it."""
    return ((t, c) for t, c, is_first in _references(table) if is_first)


def _using(table: Table) -> Iterator[tuple[str, str]]:
    """The columns that use a row of this table, and so keep it."""
    return ((t, c) for t, c, is_first in _references(table) if not is_first)


def _references(table: Table) -> Iterator[tuple[str, str, bool]]:
    for other in schema.TABLES:
        for column in other.columns:
            if column.references and column.references.partition("(")[0] == table.name:
                yield other.name, column.name, other.primary_key[0] == column.name


def _key(url: object) -> str | None:
    return url_key(url) if isinstance(url, str) else None
