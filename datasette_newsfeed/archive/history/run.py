"""The history of an archive: one run of `newsfeed history`.

A batch of commits is one transaction, with the commit that it leads to: wherever a run is cut
off, the next one goes on after the last whole commit. DB-sources has the folders whose history
is not read to its end.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ... import schema
from ...errors import RepositoryError
from ..database import (
    as_archive_error,
    check_archive,
    header,
    open_archive,
    require_archive_file,
    transaction,
)
from ..dialects import DIALECTS, Dialect
from ..importing.remembered_options import remember
from ..importing.sites import Sites
from ..sources.store import Sources, faults, sources_path
from .git import Commit, NoRepository, Repository
from .repository_boundary import check_in_own_folder
from .repository_paths import as_path, best_prefix, reading, write_configuration
from .rows import HistoryRows
from .versions import Counts, Reader, Versions

READING = 2
"""Of the rules by which versions are made: histories read by others are read again."""

BATCH = 2000
"""Versions and commits a transaction."""

_UNFINISHED = """
CREATE TABLE IF NOT EXISTS unfinished_histories (
  folder TEXT PRIMARY KEY, -- relative to that of this database
  head TEXT NOT NULL       -- the commit up to which it was to be read
) WITHOUT ROWID
"""

Progress = Callable[[int, int], None]


@dataclass
class HistoryReport:
    """What a run read, and what the tables hold after it."""

    counts: Counts = field(default_factory=Counts)
    totals: dict[str, int] = field(default_factory=dict)
    repositories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return the report as one line."""
        counts, totals = self.counts, self.totals
        said = [
            f"{counts.commits:,} new commits: {counts.versions:,} versions read",
            f"{counts.repeats:,} of them say nothing new",
            f"{counts.removed:,} articles removed",
            f"{counts.moved:,} moved",
        ]
        return (
            f"{', '.join(said)}. In all {totals['article_versions']:,} versions kept, with "
            f"{totals['article_changes']:,} changes, and {totals['removed_articles']:,} "
            "removed or moved articles"
        )

    def data(self) -> dict[str, Any]:
        """Return the report for JSON."""
        counts = self.counts
        return {
            "repositories": self.repositories,
            "commits": counts.commits,
            "versions": counts.versions,
            "repeats": counts.repeats,
            "unreadable": counts.unreadable,
            "left_out": counts.left_out,
            "removed": counts.removed,
            "moved": counts.moved,
            "totals": self.totals,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class _Task:
    """A folder of the archive, its name in the database, and where it lies in a repository."""

    repository: Repository
    root: str
    name: str
    prefix: str


def read_history(
    database: str | Path,
    repository: str | None = None,
    dialects: Sequence[Dialect] = DIALECTS,
    on_progress: Progress = lambda done, total: None,
    follow_links: bool = False,
) -> HistoryReport:
    """Read what changed in the files of an archive from the repository that they lie in.

    `repository` names another one, which may be bare. One that is not named is only read where
    it lies in its own folder, or by `follow_links`. Raises RepositoryError where none can be
    read, ArchiveError where the database is no news archive.
    """
    named, database = database, os.path.realpath(database)
    counter, _ = header(database)
    require_archive_file(database, named)
    check_archive(database, named)
    if not sources_path(database).exists():
        if repository is None:
            raise NoRepository(
                str(named), "DB-sources is not there, which knows its folders; give --repo"
            )
        try:
            return _read(database, named, None, repository, dialects, on_progress, follow_links)
        except sqlite3.DatabaseError as error:
            raise as_archive_error(named, error) from error
    sources = Sources(database, shown=sources_path(named))
    with closing(sources), faults(sources, named):
        is_as_left = counter == sources.change_counter()
        try:
            return _read(database, named, sources, repository, dialects, on_progress, follow_links)
        finally:
            if is_as_left:
                sources.note_change_counter(header(database)[0])


def _read(
    database: str,
    named: str | Path,
    sources: Sources | None,
    repository: str | None,
    dialects: Sequence[Dialect],
    on_progress: Progress,
    follow_links: bool,
) -> HistoryReport:
    report = HistoryReport()
    tasks = list(_tasks(sources, repository, report.notes, str(named), follow_links))
    db = open_archive(database, named)
    with closing(db.conn):
        with transaction(db):
            rows = HistoryRows(db)
        run = _Run(db, rows, sources, dialects, report, on_progress)
        for task in tasks:
            run.read(task)
        if run.was_cleared:  # and so those of the folders before
            for task in tasks:
                run.read(task)
        report.repositories = list(dict.fromkeys(report.repositories))
        report.totals = rows.totals()
        if several := rows.in_several_folders():
            report.notes.append(_several(several))
    if report.counts.unreadable:
        report.notes.append(
            f"{report.counts.unreadable:,} versions of files cannot be read, and are passed over: "
            + "; ".join(report.counts.examples)
        )
    return report


def _tasks(
    sources: Sources | None,
    named: str | None,
    notes: list[str],
    database: str,
    follow_links: bool,
) -> Iterator[_Task]:
    """Yield the folders of the archive with their repositories; note those that are not read.

    Raises RepositoryError where there is none at all.
    """
    roots = sources.roots() if sources else []
    if named is not None:
        yield from _tasks_of(Repository(named), sources, roots)
        return
    if not roots:
        raise NoRepository(database, "no folder was imported yet; give --repo")
    lacking: list[RepositoryError] = []
    found = False
    for root in roots:
        try:
            repository = Repository(root)
            if not follow_links:
                check_in_own_folder(repository)
            prefix = repository.prefix
        except RepositoryError as error:
            lacking.append(error)
            continue
        found = True
        yield _Task(repository, root, sources.name_of(root) if sources else "", prefix)
    if not found:
        raise lacking[0]
    notes.extend(str(error) for error in lacking)


def _tasks_of(
    repository: Repository, sources: Sources | None, roots: Sequence[str]
) -> Iterator[_Task]:
    """Yield the folders of the archive that lie in a repository, else the one most like it."""
    top = repository.top
    inside = [root for root in roots if top and _is_below(root, top)]
    for root in inside:
        below = os.path.relpath(root, top or "").replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        yield _Task(repository, root, sources.name_of(root) if sources else "", prefix)
    if inside:
        return
    head = repository.head()
    best = ("", 0, "")
    if head and sources:
        paths = [path for path, _, _ in repository.files(head)]
        is_known = False
        for root in roots:
            known = [
                path
                for file, _, path in sources.db.execute("SELECT file, id, path FROM sources")
                if file and path and _is_below(sources.file_of(file), root)
            ]
            is_known |= bool(known)
            prefix, count = best_prefix(paths, known)
            if count > best[1]:
                best = (prefix, count, root)
        if is_known and not best[1]:
            raise RepositoryError(
                repository.folder,
                "its newest commit has none of the files that were imported; name the repository "
                "that they are of",
            )
    root = best[2]
    name = sources.name_of(root) if sources and root else ""
    yield _Task(repository, root, name, best[0])


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


class _Run:
    """The reading of the histories of one run."""

    def __init__(
        self,
        db: Database,
        rows: HistoryRows,
        sources: Sources | None,
        dialects: Sequence[Dialect],
        report: HistoryReport,
        on_progress: Progress,
    ) -> None:
        self._db = db
        self._rows = rows
        self._sources = sources
        self._dialects = dialects
        self._report = report
        self._on_progress = on_progress
        self.was_cleared = False

    def read(self, task: _Task) -> None:
        """Read the history of one folder, from where the last run ended."""
        repository = task.repository
        self._report.repositories.append(repository.directory)
        head = repository.head()
        if head is None:
            self._report.notes.append(f"{repository.folder}: has no commit yet")
            return
        with ExitStack() as stack:
            lookups = stack.enter_context(repository.blobs())
            root, sites = self._sites(task, stack, head)
            places = _places(repository, head, task.prefix)
            by = reading(sites, root, places, self._given(task), self._version(repository))
            last = self._start(task, head, by)
            if last is None and (cut := repository.shallow()):
                self._report.notes.append(_lacks(repository, cut))
            if last == head:
                return
            self._note_unfinished(task.name, head)
            reader = Reader(root, task.prefix, sites, self._dialects, lookups)
            versions = Versions(self._rows, task.name, task.prefix, reader, self._report.counts)
            blobs = stack.enter_context(repository.blobs())
            commits = stack.enter_context(closing(repository.commits(last, head, task.prefix)))
            self._write(task, by, versions.read(commits, blobs), repository.count(last, head))
            self._note_unfinished(task.name, None)

    def _sites(self, task: _Task, stack: ExitStack, head: str) -> tuple[str, Sites]:
        """Return the folder that the files lie in, and the sites in it."""
        root = task.root
        if task.repository.top and not root:
            root = os.path.join(task.repository.top, *task.prefix.split("/")).rstrip(os.sep)
        elif task.repository.is_bare and not (root and os.path.isdir(root)):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            top = os.path.realpath(folder)
            with task.repository.blobs() as blobs:
                write_configuration(task.repository, head, blobs, os.path.join(top, "tree"))
            root = os.path.join(top, "tree", *task.prefix.split("/")).rstrip(os.sep)
        return root, Sites([root], {root: self._given(task)})

    def _given(self, task: _Task) -> Mapping[str, Any]:
        if not (self._sources and task.root):
            return {}
        with transaction(self._db):
            return remember(self._db, self._sources, [task.root], {})[task.root]

    def _version(self, repository: Repository) -> str:
        names = [each.name for each in self._dialects]
        return f"{READING} {schema.SCHEMA_VERSION} {names} {repository.shallow()}"

    def _start(self, task: _Task, head: str, by: str) -> str | None:
        """Return the commit after which to go on; None to begin, after all rows are removed."""
        state = self._rows.state(task.name)
        if state is None:
            return None
        last, read_by = state
        if read_by == by and task.repository.continues(last, head):
            return last
        reason = "was rewritten" if read_by == by else "is read in another way now"
        self._report.notes.append(
            f"{task.repository.folder}: its history {reason}, and is read again from its beginning"
        )
        self.was_cleared = True
        with transaction(self._db):
            self._rows.clear()
        return None

    def _write(self, task: _Task, by: str, commits: Iterator[Commit], total: int) -> None:
        done = 0
        self._on_progress(0, total)
        ended = False
        while not ended:
            with transaction(self._db):
                size, last = 0, None
                for last in commits:
                    size += 1 + len(last.entries)
                    done += 1
                    if size >= BATCH:
                        break
                else:
                    ended = True
                if last:
                    self._rows.note(task.name, last.id, by)
            self._on_progress(done, total)

    def _note_unfinished(self, folder: str, head: str | None) -> None:
        if self._sources is None:
            return
        with self._sources.db.atomic():
            self._sources.db.execute(_UNFINISHED)
            self._sources.db.execute("DELETE FROM unfinished_histories WHERE folder = ?", [folder])
            if head:
                self._sources.db.execute(
                    "INSERT INTO unfinished_histories VALUES (?, ?)", [folder, head]
                )


def _places(repository: Repository, head: str, prefix: str) -> Iterator[str]:
    for place in repository.folders(head, prefix):
        path = as_path(place)
        if path and path.startswith(prefix):
            yield path.removeprefix(prefix)


def _several(articles: Sequence[tuple[str, str]]) -> str:
    shown = "; ".join(f"{article}: {files}" for article, files in articles[:3])
    return (
        f"{len(articles):,} articles have files in several folders ({shown}): their history is "
        "that of the file with the smallest path; rename the others"
    )


def _lacks(repository: Repository, cut: str) -> str:
    return (
        f"{repository.folder}: is a shallow clone; its history begins at "
        f"{', '.join(each[:12] for each in cut.split()[:3])}, and what was before is not known. "
        "git fetch --unshallow brings the rest"
    )
