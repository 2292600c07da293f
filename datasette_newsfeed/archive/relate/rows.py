"""Stories and similar articles as rows. Only what differs is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from .rules import HEADLINE_FIRST
from .vectors import ONE, Vectors

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do in all: each article counts twice."""

STEP = 1000
_TOTALS = """
SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM stories),
  (SELECT coalesce(sum(size), 0) FROM stories), (SELECT count(*) FROM similar_articles)
"""
_PLACES = """
CREATE TEMP TABLE places (article_id TEXT PRIMARY KEY, story INTEGER) WITHOUT ROWID
"""
# utf8(): in the same order whatever the encoding of the database.
# A story has the id of its earliest article.
_WANTED = f"""
CREATE TEMP TABLE wanted AS
SELECT articles.id AS article_id, published_at,
  first_value(articles.id) OVER (
    PARTITION BY story ORDER BY published_at, utf8(articles.id)
  ) AS story_id,
  first_value(articles.id) OVER (
    PARTITION BY story ORDER BY {HEADLINE_FIRST}
  ) AS headline_id
FROM temp.places JOIN articles ON articles.id = places.article_id;
CREATE UNIQUE INDEX temp.idx_wanted ON wanted (article_id)
"""
_STORIES = """
INSERT INTO stories (id, headline_id, size, first_published_at, last_published_at)
SELECT * FROM (
  SELECT story_id, headline_id, count(*), min(published_at), max(published_at)
  FROM wanted GROUP BY story_id, headline_id
  EXCEPT SELECT id, headline_id, size, first_published_at, last_published_at FROM stories
) WHERE true
ON CONFLICT (id) DO UPDATE SET headline_id = excluded.headline_id, size = excluded.size,
  first_published_at = excluded.first_published_at, last_published_at = excluded.last_published_at
"""
_MOVED = """
SELECT wanted.story_id, coalesce(article_id = headline_id, 1), id
FROM articles LEFT JOIN wanted ON article_id = id
WHERE articles.story_id IS NOT wanted.story_id
  OR is_headline IS NOT coalesce(article_id = headline_id, 1)
"""
_GONE = "DELETE FROM stories WHERE id NOT IN (SELECT story_id FROM wanted)"
_LISTS = """
SELECT article_id, position, similar_id, score FROM similar_articles
WHERE article_id IN (SELECT value FROM json_each(?))
"""
_SIMILAR = """
INSERT INTO similar_articles (article_id, position, similar_id, score) VALUES (?, ?, ?, ?)
"""
_GONE_SIMILAR = "DELETE FROM similar_articles WHERE article_id = ? AND position = ?"


@dataclass(frozen=True, slots=True)
class Related:
    """What the archive has after a run, and how many articles were compared."""

    articles: int
    compared: int
    stories: int
    in_stories: int
    similar: int


def totals(db: Database, compared: int) -> Related:
    """Return what the archive has."""
    articles, stories, in_stories, similar = db.execute(_TOTALS).fetchone()
    return Related(articles, compared, stories, in_stories, similar)


def create_function(db: Database) -> None:
    """Give SQL the function `utf8`, the bytes of a text: SQLite sorts by those of its encoding."""
    db.conn.create_function("utf8", 1, lambda text: text.encode("utf-8", "surrogatepass"))


def write_stories(db: Database, ids: Sequence[str], stories: Iterable[Collection[int]]) -> None:
    """Write stories, each the numbers of its articles, into the open transaction."""
    create_function(db)
    db.execute(_PLACES)
    places = ((ids[each], story) for story, members in enumerate(stories) for each in members)
    db.conn.executemany("INSERT INTO temp.places VALUES (?, ?)", places)
    for statement in _WANTED.split(";\n"):
        db.execute(statement)
    db.execute(_STORIES)
    moved = db.execute(_MOVED).fetchall()
    db.conn.executemany("UPDATE articles SET story_id = ?, is_headline = ? WHERE id = ?", moved)
    db.execute(_GONE)
    for table in ("places", "wanted"):
        db.execute(f"DROP TABLE temp.{table}")


def write_similar(db: Database, ids: Sequence[str], lists: Vectors, on_progress: Progress) -> None:
    """Write the list of each article, in order, into the open transaction."""
    is_first = not db.execute("SELECT 1 FROM similar_articles LIMIT 1").fetchone()
    if is_first:  # an index is made faster than it is kept
        db.execute("DROP INDEX IF EXISTS idx_similar_articles_similar_id")
    for start in range(0, len(ids), STEP):
        some = ids[start : start + STEP]
        known = set() if is_first else set(db.execute(_LISTS, [json.dumps(some)]))
        made = [
            (key, at, ids[other], round(score / ONE, 4))
            for number, key in enumerate(some, start)
            for at, (other, score) in enumerate(lists.row(number))
        ]
        gone = (row[:2] for row in known.difference(made))
        db.conn.executemany(_GONE_SIMILAR, gone)
        db.conn.executemany(_SIMILAR, [row for row in made if row not in known])
        on_progress(len(ids) + start + len(some), 2 * len(ids))
    db.table("similar_articles").create_index(["similar_id"], if_not_exists=True)


def remove(db: Database, article_ids: Collection[str]) -> None:
    """Take articles that are about to go out of lists, and their stories apart."""
    keys = [(each,) for each in article_ids]
    for column in ("article_id", "similar_id"):
        db.conn.executemany(f"DELETE FROM similar_articles WHERE {column} = ?", keys)
    broken = set()
    for key in keys:
        broken.update(db.execute("SELECT story_id FROM articles WHERE id = ?", key).fetchall())
    for story in broken - {(None,)}:
        db.execute("UPDATE articles SET story_id = NULL, is_headline = 1 WHERE story_id = ?", story)
        db.execute("DELETE FROM stories WHERE id = ?", story)
