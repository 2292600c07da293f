"""Stories as rows: each one, and for each article which it belongs to and whether it leads.

Writes only what differs. Knows ties and tables, not how a tie is found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlite_utils import Database

from ..sources.references import chunks
from .cache import Changes, GistBook
from .clusters import Member, Story, group, make_story
from .same_story import Tie
from .term_vectors import seconds

Places = dict[str, tuple[str | None, int]]
"""By article id: its story, if any, and whether it leads one, or itself."""

TIES = 10_000
"""So many ties at a time, where every story is made anew."""

# Each takes a list of keys at once; `v` is its one column.
_MEMBERS = """
SELECT id, published_at, heat, quality, published
FROM (SELECT column1 AS v FROM {values}) JOIN articles ON articles.id = v
"""
_PLACES = """
SELECT id, story_id, is_headline
FROM (SELECT column1 AS v FROM {values}) JOIN articles ON articles.id = v
"""
# Of what is in no story each leads itself.
_BEGIN_ALL = """
DROP TABLE IF EXISTS temp.in_stories;
CREATE TEMP TABLE in_stories (article_id TEXT PRIMARY KEY) WITHOUT ROWID
"""
_END_ALL = """
UPDATE articles SET story_id = NULL, is_headline = 1
WHERE (story_id IS NOT NULL OR is_headline IS NOT 1) AND id NOT IN in_stories;
DELETE FROM stories WHERE id NOT IN (SELECT story_id FROM articles WHERE story_id IS NOT NULL);
DROP TABLE temp.in_stories
"""
_STORIES = """
SELECT id, headline_id, size, first_published_at, last_published_at
FROM (SELECT column1 AS v FROM {values}) JOIN stories ON stories.id = v
"""


def write(db: Database, book: GistBook, changes: Changes) -> None:
    """Write the stories of what changed into the open transaction."""
    if changes.are_all:
        _write_all(db, book)
        return
    articles, ties = book.component(changes.new | changes.touched)
    stories = _make_stories(db, ties)
    wanted: Places = dict.fromkeys(articles - changes.gone, (None, 1))
    before = _settle(db, wanted, stories) - {story.id for story in stories}
    db.conn.executemany("DELETE FROM stories WHERE id = ?", ((id,) for id in before))


def _write_all(db: Database, book: GistBook) -> None:
    for statement in _BEGIN_ALL.split(";\n"):
        db.execute(statement)
    for ties in book.tie_lists(TIES):
        stories = _make_stories(db, ties)
        _settle(db, {}, stories)
        db.conn.executemany(
            "INSERT INTO in_stories VALUES (?)",
            ((id,) for story in stories for id in story.members),
        )
    for statement in _END_ALL.split(";\n"):
        db.execute(statement)


def remove(db: Database, article_ids: Collection[str]) -> None:
    """Take apart the stories of articles that are about to go, in the open transaction.

    What is left of them becomes stories again in the next run.
    """
    broken = {row[1] for row in chunks(db, _PLACES, sorted(article_ids)) if row[1]}
    for story in sorted(broken):
        db.execute(
            "UPDATE articles SET story_id = NULL, is_headline = 1 WHERE story_id = ?", [story]
        )
        db.execute("DELETE FROM stories WHERE id = ?", [story])


def _make_stories(db: Database, ties: list[Tie]) -> list[Story]:
    tied = {id for tie in ties for id in (tie.one, tie.other)}
    members = {row[0]: _member(*row) for row in chunks(db, _MEMBERS, sorted(tied))}
    times = {each.id: seconds(each.published_at) or 0 for each in members.values()}
    return [make_story([members[id] for id in ids]) for ids in group(ties, times)]


def _member(
    id: str, published_at: str, heat: int | None, quality: int | None, published: int | None
) -> Member:
    return Member(id, published_at, heat, quality, None if published is None else bool(published))


def _settle(db: Database, wanted: Places, stories: Collection[Story]) -> set[str]:
    """Make these the stories of their articles, and put the `wanted` at their places.

    Returns the stories that these articles had before.
    """
    wanted = dict(wanted)
    for story in stories:
        wanted.update({id: (story.id, int(id == story.headline_id)) for id in story.members})
    places = {id: (story_id, is_headline) for id, story_id, is_headline in _places(db, wanted)}
    rows = {
        story.id: (
            story.id,
            story.headline_id,
            len(story.members),
            story.first_published_at,
            story.last_published_at,
        )
        for story in stories
    }
    known = set(chunks(db, _STORIES, sorted(rows)))
    db.table("stories").upsert_all(
        (
            {
                "id": row[0],
                "headline_id": row[1],
                "size": row[2],
                "first_published_at": row[3],
                "last_published_at": row[4],
            }
            for row in rows.values()
            if row not in known
        ),
        pk="id",
    )
    db.conn.executemany(
        "UPDATE articles SET story_id = ?, is_headline = ? WHERE id = ?",
        ((*place, id) for id, place in wanted.items() if places.get(id, place) != place),
    )
    return {story_id for story_id, _ in places.values() if story_id}


def _places(db: Database, articles: Iterable[str]) -> Iterable[tuple[str, str | None, int]]:
    yield from chunks(db, _PLACES, sorted(articles))
