"""Stories and similar articles of a whole archive: `newsfeed relate`.

A function of the articles alone: the same rows whatever was done before, with numpy and
without. Nothing is kept between runs but whether the rows are up to date.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from ... import facet_index, schema
from ...errors import ArchiveError
from ..database import (
    as_archive_error,
    check_archive,
    header,
    open_archive,
    require_archive_file,
    transaction,
)
from ..sources.store import Sources, faults, sources_path
from . import nearest, rows
from .articles import COUNT_SQL, read_articles
from .rows import Progress, Related
from .similar import similar
from .state import RelateState
from .stories import stories

MOST_WITHOUT_NUMPY = 10_000
"""Articles that are compared in plain Python, in about half a minute."""


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


def cannot_relate(db: Database) -> str | None:
    """Return why the articles cannot be compared, and what to do; None where they can."""
    count = db.execute(COUNT_SQL).fetchone()[0]
    if nearest.has_numpy() or count <= MOST_WITHOUT_NUMPY:
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
    articles = read_articles(db, on_progress)
    with transaction(db):
        rows.write_stories(db, articles.ids, stories(articles))
        rows.write_similar(db, articles.ids, similar(articles), on_progress)
    if state is not None:
        state.mark_current()
    return rows.totals(db, compared=len(articles.ids))
