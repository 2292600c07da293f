"""Stories and similar articles of a whole archive: `newsfeed relate`.

A function of the articles alone: the same rows whatever was done before, with numpy and
without. Nothing is kept between runs but whether the rows are up to date.
"""

from __future__ import annotations

import os
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlite_utils import Database

from ... import facet_index, schema
from ...errors import ArchiveError
from ...terms import MOST_TEXT, Vocabulary
from ..database import (
    as_archive_error,
    check_archive,
    header,
    open_archive,
    require_archive_file,
    transaction,
)
from ..sources.store import Sources, faults, sources_path
from ..urls import url_key
from . import loops, rows
from .clusters import clusters
from .copies import Group, groups
from .rows import Progress, Related
from .rules import Items
from .state import RelateState
from .vectors import IS_TOPIC, Vectors, weigh

MOST_WITHOUT_NUMPY = 10_000
"""Articles that are compared in plain Python, in about half a minute."""
TOPIC_SHARE = 3
"""A topic of more than one in three articles says nothing."""
_BREAK = "\x1f"
_ARTICLES = """
SELECT id, substr(title, 1, {most}),
  substr(coalesce(nullif(excerpt, ''), body, ''), 1, {most}), {language},
  published_at, coalesce(provider_id, provider_name, ''), web_url, original_url,
  (SELECT group_concat(topic, char(31)) FROM article_topics WHERE article_id = articles.id)
FROM articles ORDER BY {order}
"""
_LINKS = """
SELECT article_id, related_id FROM related_articles WHERE related_id IS NOT NULL
"""
_COUNT = "SELECT count(*) FROM articles"


def relate_archive(
    database: str | Path, *, again: bool = False, on_progress: Progress = lambda done, total: None
) -> Related:
    """Find the stories of a database and the articles most like each one.

    `again` works them out even where they are up to date. Raises ArchiveError where it is no
    news archive, or too large to do without numpy and scipy.
    """
    named, database = database, os.path.realpath(database)
    counter, version = header(database)
    require_archive_file(database, named)
    check_archive(database, named)
    if not sources_path(database).exists():
        try:
            return _open_and_relate(database, named, None, on_progress)
        except sqlite3.DatabaseError as error:
            raise as_archive_error(named, error) from error
    sources = Sources(database, shown=sources_path(named))
    with closing(sources), faults(sources, named):
        state = RelateState(sources.db)
        is_as_left = counter == sources.change_counter()
        if again or not is_as_left or version != schema.SCHEMA_VERSION:
            state.mark_stale()
        related = _open_and_relate(database, named, state, on_progress)
        if is_as_left:
            sources.note_change_counter(header(database)[0])
        return related


def _open_and_relate(
    database: str, named: str | Path, state: RelateState | None, on_progress: Progress
) -> Related:
    db = open_archive(database, named)
    with closing(db.conn):
        if reason := cannot_relate(db):
            raise ArchiveError(str(named), reason)
        related = relate(db, state, on_progress)
        with transaction(db):
            facet_index.keep(db.conn)
        return related


def has_numpy() -> bool:
    """Tell whether what the extra `[relate]` installs is there."""
    return all(find_spec(name) for name in ("numpy", "scipy"))


def cannot_relate(db: Database) -> str | None:
    """Return why the articles cannot be compared, and what to do; None where they can."""
    count = db.execute(_COUNT).fetchone()[0]
    if has_numpy() or count <= MOST_WITHOUT_NUMPY:
        return None
    return (
        f"comparing {count:,} articles needs numpy and scipy: "
        "pip install 'datasette-newsfeed[relate]', then run newsfeed relate"
    )


def relate(
    db: Database,
    state: RelateState | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Related:
    """Bring stories and similar articles up to date; does nothing where they are."""
    if state is not None and state.is_current:
        return rows.totals(db, compared=0)
    corpus = _read(db, on_progress)
    vectors = weigh(corpus.marked, corpus.holders)
    products: Any = loops
    if has_numpy():
        from . import matrix

        products = matrix
    with transaction(db):
        rows.write_stories(db, corpus.ids, _stories(db, corpus, vectors, products))
        lists = products.similar(vectors, corpus.holders, corpus.times)
        rows.write_similar(db, corpus.ids, lists, on_progress)
    if state is not None:
        state.mark_current()
    return rows.totals(db, compared=len(corpus.ids))


@dataclass(slots=True)
class _Corpus:
    """The articles of an archive, in order of their ids."""

    ids: list[str] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    providers: list[str] = field(default_factory=list)
    marked: Vectors = field(default_factory=Vectors)
    holders: list[int] = field(default_factory=list)
    topics: set[int] = field(default_factory=set)
    """The terms that are topics: they make articles alike, but tell no news."""
    hashes: Sequence[int] = ()
    pages: array[int] = field(default_factory=lambda: array("Q"))
    """A hash of each of an article's URLs, two an article; 0: none."""


def _read(db: Database, on_progress: Progress) -> _Corpus:
    corpus = _Corpus()
    vocabulary = Vocabulary()
    count = db.execute(_COUNT).fetchone()[0]
    has_language = "language" in db.table("articles").columns_dict
    rows.create_function(db)
    is_utf8 = db.execute("PRAGMA encoding").fetchone()[0] == "UTF-8"
    sql = _ARTICLES.format(
        most=MOST_TEXT,
        language="language" if has_language else "NULL",
        order="id" if is_utf8 else "utf8(id)",
    )
    topics_of: dict[str, int] = Counter(
        dict(db.execute("SELECT topic, count(*) FROM article_topics GROUP BY topic"))
    )
    known: dict[str, str] = {}
    for row in db.execute(sql):
        article_id, title, lead, language, published_at, provider, *urls, topics = row
        marks = vocabulary.read(title, lead, language or None)
        for topic in topics.split(_BREAK) if topics else ():
            if topics_of[topic] * TOPIC_SHARE <= count:
                number = vocabulary.number(f"#{topic}")
                marks[number] = IS_TOPIC
                corpus.topics.add(number)
        corpus.ids.append(article_id)
        corpus.times.append(seconds(published_at))
        corpus.providers.append(known.setdefault(provider, provider))
        corpus.marked.append(marks.items())
        corpus.holders.extend([0] * (len(vocabulary.numbers) - len(corpus.holders)))
        for term in marks:
            corpus.holders[term] += 1
        keys = {key for url in urls if url and (key := url_key(url))}
        corpus.pages.extend(sorted(int(key, 16) for key in keys))
        corpus.pages.extend([0] * (2 - len(keys)))
        if len(corpus.ids) % 1000 == 0:
            on_progress(len(corpus.ids), 2 * count)
    terms = vocabulary.numbers
    corpus.hashes = array("I", (crc32(term.encode("utf-8", "replace")) for term in terms))
    return corpus


def seconds(published_at: str) -> int | None:
    """Return a time in seconds since 1970, None where it is no full date."""
    try:
        time = datetime.fromisoformat(published_at)
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _stories(db: Database, corpus: _Corpus, vectors: Vectors, products: Any) -> Iterator[list[int]]:
    """Yield the articles of each story, by number."""

    def hashes_of(number: int) -> list[int]:
        return [corpus.hashes[term] for term in corpus.marked.terms_of(number)]

    found = groups(corpus.times, corpus.providers, _shared_pages(corpus.pages), hashes_of)
    items = _items(db, corpus, vectors, found)
    left = set(range(len(found)))
    for cluster in clusters(products.same_news(items), items):
        left.difference_update(cluster)
        yield [number for item in cluster for number in found[item].members]
    for item in sorted(left):
        if len(found[item].members) > 1:
            yield found[item].members


def _shared_pages(pages: Sequence[int]) -> dict[int, list[int]]:
    """Return the URLs of articles that share one, by number."""
    shared: dict[int, list[int]] = {}
    order = sorted(range(len(pages)), key=pages.__getitem__)
    for before, place in pairwise(order):
        if pages[place] and pages[before] == pages[place]:
            for each in (before, place):
                urls = shared.setdefault(each // 2, [])
                if pages[place] not in urls:
                    urls.append(pages[place])
    return shared


def _items(db: Database, corpus: _Corpus, vectors: Vectors, found: Sequence[Group]) -> Items:
    item_of = {number: item for item, group in enumerate(found) for number in group.members}
    codes: dict[str, int] = {}
    linked: set[tuple[int, int]] = set()
    numbers: dict[str, int] | None = None
    for article_id, related_id in db.execute(_LINKS):
        if numbers is None:
            numbers = {id: number for number, id in enumerate(corpus.ids)}
        one, other = item_of.get(numbers[article_id]), item_of.get(numbers[related_id])
        if one is not None and other is not None and one != other:
            linked.add((one, other))
    chosen = Vectors()
    for group in found:
        row = vectors.row(group.members[0])
        chosen.append((term, weight) for term, weight in row if term not in corpus.topics)
    return Items(
        chosen,
        [group.time for group in found],
        [
            codes.setdefault(min(group.providers), len(codes)) if len(group.providers) == 1 else -1
            for group in found
        ],
        [
            sum(term not in corpus.topics for term in corpus.marked.terms_of(group.members[0]))
            for group in found
        ],
        Counter((max(pair), min(pair)) for pair in linked),
    )
