"""Brings stories and similar articles up to date with the archive: one run of `newsfeed relate`.

What changed since the last run becomes gists, ties and scores anew, the rest stays. The
rows are the same as those of a run over everything. Knows neither files nor the rules by
which articles are compared.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ... import facet_index, schema
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
from . import similar_rows, story_rows
from .cache import CURRENT, UNSURE, Changes, GistBook
from .same_story import MOST_SECONDS, find_ties
from .similar_rows import Progress
from .term_index import telling
from .term_vectors import MOST_TEXT, Gist, make_gist

BATCH = 1000
"""Articles that are compared with the book at a time."""

_BREAK = "\x1f"
_ARTICLES = f"""
SELECT id, title, coalesce(nullif(excerpt, ''), substr(body, 1, {MOST_TEXT})), published_at,
  coalesce(provider_id, provider_name), web_url, original_url, heat, quality, published,
  (SELECT group_concat(topic, char(31)) FROM article_topics WHERE article_id = articles.id),
  (SELECT group_concat(url, char(31)) FROM related_articles WHERE article_id = articles.id)
FROM articles ORDER BY id
"""
_TOTALS = """
SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM stories),
  (SELECT coalesce(sum(size), 0) FROM stories), (SELECT count(*) FROM similar_articles)
"""


@dataclass(frozen=True, slots=True)
class Related:
    """What the archive has after a run, and how many articles were compared anew."""

    articles: int
    compared: int
    stories: int
    in_stories: int
    similar: int


def relate_archive(
    database: str | Path, *, again: bool = False, on_progress: Progress = lambda done, total: None
) -> Related:
    """Find the stories of a database and the articles most like each one.

    `again` works everything out anew. Raises ArchiveError where it is no news archive.
    """
    named, database = database, os.path.realpath(database)
    counter, version = header(database)
    require_archive_file(database, named)
    check_archive(database, named)
    if not sources_path(database).exists():
        try:
            with _passing_book() as book:
                return _open_and_relate(database, named, book, on_progress)
        except sqlite3.DatabaseError as error:
            raise as_archive_error(named, error) from error
    sources = Sources(database, shown=sources_path(named))
    with closing(sources), faults(sources, named):
        book = GistBook(sources.db)
        is_as_left = counter == sources.change_counter()
        if again or not is_as_left or version != schema.SCHEMA_VERSION:
            book.set_state(UNSURE)
        related = _open_and_relate(database, named, book, on_progress)
        if is_as_left:
            sources.note_change_counter(header(database)[0])
        return related


def _open_and_relate(
    database: str, named: str | Path, book: GistBook, on_progress: Progress
) -> Related:
    db = open_archive(database, named)
    with closing(db.conn):
        related = relate(db, book, on_progress)
        with transaction(db):
            facet_index.keep(db.conn)
        return related


@contextmanager
def _passing_book() -> Iterator[GistBook]:
    with closing(sqlite3.connect("")) as connection:
        yield GistBook(Database(connection))


def relate_anew(db: Database) -> Related:
    """Find the stories of an open archive and the articles most like each; nothing is kept."""
    with _passing_book() as book:
        return relate(db, book)


def relate(
    db: Database, book: GistBook, on_progress: Progress = lambda done, total: None
) -> Related:
    """Bring stories and similar articles up to date; does nothing where the book is current."""
    compared = 0
    if book.state != CURRENT:
        is_unsure = book.state == UNSURE
        # Until both are committed nobody knows whether book and archive fit.
        book.set_state(UNSURE)
        changes = _take_in(db, book, is_unsure)
        compared = book.count() if changes.are_all else changes.compared
        _find_ties(book, changes)
        if changes.are_all or changes.ids:
            with transaction(db):
                story_rows.write(db, book, changes)
                similar_rows.write(db, book, changes, on_progress)
        book.set_state(CURRENT)
    articles, stories, in_stories, similar = db.execute(_TOTALS).fetchone()
    return Related(articles, compared, stories, in_stories, similar)


def _take_in(db: Database, book: GistBook, is_unsure: bool) -> Changes:
    """Compare the archive with the book, make gists where they differ, and say where."""
    changes = Changes(book.count(), are_all=is_unsure)
    rows = db.execute(_ARTICLES)
    while batch := rows.fetchmany(BATCH):
        ids = [row[0] for row in batch]
        book.see(ids)
        known = book.fingerprints(ids)
        found = [(row, new) for row in batch if (new := _fingerprint(row)) != known.get(row[0])]
        _note(book, changes, changed=[row[0] for row, _ in found])
        for row, fingerprint in found:
            book.write(_gist(row), fingerprint)
    gone = book.unseen()
    _note(book, changes, gone=gone)
    book.remove(gone)
    return changes


def _note(
    book: GistBook, changes: Changes, *, changed: Sequence[str] = (), gone: Sequence[str] = ()
) -> None:
    """Note what differs, and what the book says that it was."""
    changes.compared += len(changed)
    changes.add(changed, gone)
    if not changes.are_all:
        for gist in book.gists([*changed, *gone]):
            changes.was.update(telling(gist).keys())


def _fingerprint(row: tuple[Any, ...]) -> str:
    return blake2b(repr(row).encode("utf-8", "replace"), digest_size=9).hexdigest()


def _gist(row: tuple[Any, ...]) -> Gist:
    article_id, title, lead, published_at, provider, web_url, original_url, *_, topics, urls = row
    return make_gist(
        article_id,
        title=title,
        lead=lead,
        published_at=published_at,
        provider=provider,
        topics=topics.split(_BREAK) if topics else (),
        own_urls=_url_keys((web_url, original_url)),
        related_urls=_url_keys(urls.split(_BREAK) if urls else ()),
    )


def _url_keys(urls: Iterable[str | None]) -> list[str]:
    keys = (url_key(url) for url in urls if url)
    return [key for key in keys if key]


def _find_ties(book: GistBook, changes: Changes) -> None:
    """Find the ties of what changed anew."""
    if changes.are_all:
        book.drop_ties()
        book.write_ties(find_ties(book.gists_in_time(book.span())))
    else:
        changes.touched = {id for tie in book.ties_of(changes.ids) for id in (tie.one, tie.other)}
        book.drop_ties(changes.ids)
        times = sorted(gist.at for gist in book.gists(changes.new) if gist.at is not None)
        book.write_ties(find_ties(book.gists_in_time(_spans(times)), changes.new))


def _spans(times: Iterable[int]) -> list[tuple[int, int]]:
    """Return the spans of time in which something may be tied to articles of these times."""
    spans: list[tuple[int, int]] = []
    for time in times:
        start, end = time - MOST_SECONDS, time + MOST_SECONDS
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
