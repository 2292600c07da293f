"""Similar articles as rows, with the words and topics that they share.

After the first run only the lists that a change can reach are made anew. Knows scores and
tables, not how a score is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

from sqlite_utils import Database

from .facts import chunks
from .gistbook import Changes, GistBook
from .gists import Gist
from .similar import MOST_SIMILAR, SimilarIndex, most_holders, telling

Progress = Callable[[int, int], None]
"""Called with the articles listed so far and the articles to list in all."""
Listed = list[tuple[float, str]]
"""(score, id) of the articles most like one, the most alike first."""

MOST_WORDS = 5
"""Shared words that are named; the topics are all named."""
STEP = 1000

# Each takes a list of keys at once; `v` is its one column.
_LISTING = """
SELECT DISTINCT article_id FROM (SELECT column1 AS v FROM {values})
JOIN similar_articles ON similar_articles.similar_id = v
"""
_LISTED = """
SELECT article_id, score, similar_id FROM (SELECT column1 AS v FROM {values})
JOIN similar_articles ON similar_articles.article_id = v ORDER BY article_id, position
"""
_LENGTHS = "SELECT article_id, count(*) FROM similar_articles GROUP BY article_id"
_WORST = """
SELECT article_id, min(score) FROM similar_articles GROUP BY article_id HAVING count(*) >= ?
"""
_INSERT = """
INSERT INTO similar_articles
  (article_id, position, similar_id, score, shared_words, shared_topics)
VALUES (?, ?, ?, ?, ?, ?)
"""


def write(
    db: Database,
    book: GistBook,
    changes: Changes,
    on_progress: Progress = lambda done, total: None,
) -> None:
    """Write the lists that changes can reach into the open transaction."""
    index = SimilarIndex()
    for gist in book.all_gists():
        index.add(gist)
    reached = None if changes.are_all else _reached(db, book, index, changes)
    if reached is None:
        db.execute("DELETE FROM similar_articles")
        lists: Iterable[tuple[str, Listed]] = index.all_nearest()
        total, gists = len(index), book.all_gists()
    else:
        index.fill()
        made = {each: index.nearest(each) for each in sorted(reached)}
        made.update(_entered(db, index, changes.new, reached))
        db.conn.executemany(
            "DELETE FROM similar_articles WHERE article_id = ?", ((each,) for each in made)
        )
        lists, total = sorted(made.items()), len(made)
        gists = book.gists(made)
    _insert(db, gists, index, lists, lambda done: on_progress(done, total))


def remove(db: Database, article_ids: Collection[str]) -> None:
    """Delete the rows of articles that are about to go, in the open transaction."""
    for column in ("article_id", "similar_id"):
        db.conn.executemany(
            f"DELETE FROM similar_articles WHERE {column} = ?",
            ((each,) for each in article_ids),
        )


def _reached(
    db: Database, book: GistBook, index: SimilarIndex, changes: Changes
) -> set[str] | None:
    """Return the articles whose lists are to be made anew, None for all.

    Those that changed; that list one of these, or did and have room now; that hold a word
    which became too common to tell anything, or no longer is.
    """
    most = most_holders(len(index))
    if most != most_holders(changes.articles_before):
        return None
    now: Counter[str] = Counter()
    for gist in book.gists(changes.new):
        now.update(telling(gist).keys())
    was: Counter[str] = Counter()
    for gist in changes.old.values():
        was.update(telling(gist).keys())

    def told_before(key: str) -> bool:
        return index.holders(key) - now[key] + was[key] <= most

    turned = {key for key in {*now, *was} if told_before(key) != (index.holders(key) <= most)}
    reached = changes.new | index.holding(turned)
    reached |= {row[0] for row in chunks(db, _LISTING, sorted(changes.ids))}
    lengths = dict(db.execute(_LENGTHS).fetchall())
    alike_before = index.holding({key for key in was if told_before(key)})
    reached |= {each for each in alike_before if lengths.get(each, 0) < MOST_SIMILAR}
    return reached - changes.gone


def _entered(
    db: Database, index: SimilarIndex, new: Collection[str], reached: Collection[str]
) -> dict[str, Listed]:
    """Return the lists of other articles that new ones enter."""
    worst = {row[0]: row[1] for row in db.execute(_WORST, [MOST_SIMILAR])}
    entering: dict[str, Listed] = {}
    for each in sorted(new):
        for score, other in index.alike(each):
            if other not in reached and score >= worst.get(other, 0):
                entering.setdefault(other, []).append((score, each))
    before: dict[str, Listed] = {each: [] for each in entering}
    for article_id, score, other in chunks(db, _LISTED, sorted(entering)):
        before[article_id].append((score, other))
    after = {
        each: sorted({*before[each], *listed}, key=lambda one: (-one[0], one[1]))[:MOST_SIMILAR]
        for each, listed in entering.items()
    }
    return {each: listed for each, listed in after.items() if listed != before[each]}


def _insert(
    db: Database,
    gists: Iterable[Gist],
    index: SimilarIndex,
    lists: Iterable[tuple[str, Listed]],
    on_progress: Callable[[int], None],
) -> None:
    """Insert lists; `gists` are those of the same articles in the same order."""
    rows: list[tuple[str, int, str, float, str, str]] = []
    for done, (gist, (article_id, listed)) in enumerate(zip(gists, lists, strict=True), 1):
        for position, (score, other) in enumerate(listed):
            words = ", ".join(index.shared(gist, other)[:MOST_WORDS])
            theirs = index.topics(other)
            topics = ", ".join(topic for topic in gist.topics if topic in theirs)
            rows.append((article_id, position, other, score, words, topics))
        if done % STEP == 0:
            db.conn.executemany(_INSERT, rows)
            rows.clear()
            on_progress(done)
    db.conn.executemany(_INSERT, rows)
