"""Similar articles as rows, with the words and topics that they share.

After the first run only the lists that a change can reach are made anew. Knows scores and
tables, not how a score is made.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice

from sqlite_utils import Database

from ..sources.references import chunks
from .cache import Changes, GistBook
from .nearest import MOST_SIMILAR, Listed, SimilarIndex, best, most_holders
from .term_index import telling
from .term_vectors import Gist

Progress = Callable[[int, int], None]
"""Called with the articles listed so far and the articles to list in all; those that new ones
turn out to enter come to the latter in the end."""

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
_FULL = """
SELECT article_id, min(score) FROM (SELECT column1 AS v FROM {values})
JOIN similar_articles ON similar_articles.article_id = v GROUP BY article_id
HAVING count(*) >= MOST
""".replace("MOST", str(MOST_SIMILAR))
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
    with SimilarIndex() as index:
        for gist in book.all_gists():
            index.add(gist)
        if changes.are_all or most_holders(changes.articles_before) != most_holders(len(index)):
            db.execute("DELETE FROM similar_articles")
            lists = (listed for _, listed in index.all_nearest())
            told = zip(book.all_gists(), lists, strict=True)
            _insert(db, told, index, lambda done: on_progress(done, len(index)))
        else:
            _update(db, book, index, changes, on_progress)


def remove(db: Database, article_ids: Collection[str]) -> None:
    """Delete the rows of articles that are about to go, in the open transaction."""
    for column in ("article_id", "similar_id"):
        db.conn.executemany(
            f"DELETE FROM similar_articles WHERE {column} = ?",
            ((each,) for each in article_ids),
        )


def _update(
    db: Database, book: GistBook, index: SimilarIndex, changes: Changes, on_progress: Progress
) -> None:
    """Make the lists that changes reach anew, and put new articles into those of others."""
    new = _numbers(index, changes.new)
    worst = _worst(db, index)
    known = _reached(db, book, index, changes, worst) | new
    entering: dict[int, Listed] = {}

    def enter(score: float, one: int, other: int) -> None:
        if one in new and other not in known and score >= worst[other]:
            entering.setdefault(other, []).append((score, one))

    reached = sorted(known)
    made = index.nearest(reached, enter)
    for done in range(STEP, len(reached) + STEP, STEP):
        _replace(db, book, index, list(islice(made, STEP)))
        on_progress(min(done, len(reached)), len(reached))
    others = sorted(entering.items())
    total = len(reached) + len(others)
    for start in range(0, len(others), STEP):
        _replace(db, book, index, _entered(db, index, others[start : start + STEP]))
        on_progress(min(len(reached) + start + STEP, total), total)


def _numbers(index: SimilarIndex, article_ids: Iterable[str]) -> set[int]:
    """Return the numbers of articles; those that are gone have none."""
    numbers = (index.number(each) for each in article_ids)
    return {number for number in numbers if number is not None}


def _reached(
    db: Database, book: GistBook, index: SimilarIndex, changes: Changes, worst: Sequence[float]
) -> set[int]:
    """Return the articles, besides the new ones, whose lists are to be made anew.

    Those that list what changed, or did and have room now; that hold a word which became
    too common to tell anything, or no longer is.
    """
    most = most_holders(len(index))
    was, now = changes.was, Counter[str]()
    for gist in book.gists(changes.new):
        now.update(telling(gist).keys())

    def told_before(key: str) -> bool:
        return index.holders(key) - now[key] + was[key] <= most

    turned = {key for key in {*now, *was} if told_before(key) != (index.holders(key) <= most)}
    listing = (row[0] for row in chunks(db, _LISTING, sorted(changes.ids)))
    alike_before = index.holding({key for key in was if told_before(key)})
    with_room = {number for number in alike_before if not worst[number]}
    return _numbers(index, listing) | index.holding(turned) | with_room


def _worst(db: Database, index: SimilarIndex) -> array[float]:
    """Return by number the worst score of each full list, 0 where there is room."""
    worst = array("d", bytes(8 * len(index)))
    entries = index.entries()
    while some := {entry.id: entry.number for entry in islice(entries, STEP)}:
        for article_id, score in chunks(db, _FULL, list(some)):
            worst[some[article_id]] = score
    return worst


def _entered(
    db: Database, index: SimilarIndex, entering: Collection[tuple[int, Listed]]
) -> list[tuple[int, Listed]]:
    """Return the lists that differ after new articles entered them."""
    numbers = {index.entry(number).id: number for number, _ in entering}
    before: dict[int, Listed] = {number: [] for number, _ in entering}
    for article_id, score, similar_id in chunks(db, _LISTED, list(numbers)):
        number = index.number(similar_id)
        assert number is not None, similar_id  # else the list would be reached
        before[numbers[article_id]].append((score, number))
    after = [(number, best({*before[number], *listed})) for number, listed in entering]
    return [(number, listed) for number, listed in after if listed != before[number]]


def _replace(
    db: Database, book: GistBook, index: SimilarIndex, made: Collection[tuple[int, Listed]]
) -> None:
    """Put lists, in the order of their articles, in place of those there were."""
    ids = [index.entry(number).id for number, _ in made]
    db.conn.executemany(
        "DELETE FROM similar_articles WHERE article_id = ?", ((each,) for each in ids)
    )
    told = zip(book.gists(ids), (listed for _, listed in made), strict=True)
    _insert(db, told, index, lambda done: None)


def _insert(
    db: Database,
    told: Iterable[tuple[Gist, Listed]],
    index: SimilarIndex,
    on_progress: Callable[[int], None],
) -> None:
    """Insert the list of each gist's article."""
    rows: list[tuple[str, int, str, float, str, str]] = []
    for done, (gist, listed) in enumerate(told, 1):
        rows += _rows(gist, listed, index)
        if done % STEP == 0:
            db.conn.executemany(_INSERT, rows)
            rows.clear()
            on_progress(done)
    db.conn.executemany(_INSERT, rows)


def _rows(
    gist: Gist, listed: Listed, index: SimilarIndex
) -> Iterator[tuple[str, int, str, float, str, str]]:
    words, topics = index.told_by(gist), index.topics_of(gist)
    for position, (score, number) in enumerate(listed):
        other = index.entry(number)
        theirs = frozenset(other.words)
        shared = [form for word, form in words if word in theirs][:MOST_WORDS]
        same = [name for topic, name in topics if topic in theirs]
        yield gist.id, position, other.id, score, ", ".join(shared), ", ".join(same)
