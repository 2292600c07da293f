"""One run of `newsfeed import`: files become rows.

The files found are compared with DB-sources. Those that changed are read in batches, ordered by
path. A batch is one transaction: the fingerprints of its files are deleted, its rows and facts
written, the rows committed, then the facts. If a run is interrupted, the database holds whole
articles only, and the next run reads the files of the unfinished batch again.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlite_utils import Database

from ... import facet_index, schema
from ...errors import RecordError
from ..database import check_archive, copy_database, header, open_archive, transaction
from ..files import File, Folders
from ..images.base_url import check_base, set_base
from ..images.renditions import can_render
from ..relate.rows import Related
from ..relate.run import cannot_relate
from ..relate.run import relate as relate_articles
from ..relate.state import RelateState
from ..sources.source_file import ParsedFile, StoredFile, fingerprint, packed
from ..sources.store import Sources, faults, sources_path
from . import article_rows, shared_rows
from .batch_writer import BatchWriter
from .file_queue import FoundFiles
from .local_images import LocalImages
from .options import ImportListener, ImportOptions, Silent
from .parse import Request, parse
from .pruning import check_records_left
from .reading_report import Dialects
from .remembered_options import remember
from .sites import Sites
from .unknown_keys import Unplaced
from .workers import Readers

BATCH = 1000
BATCH_BYTES = 20_000_000
"""Files and bytes a transaction: enough to make its commit cheap, few enough for the memory."""

DEFAULTS = ImportOptions()
SILENT = Silent()


@dataclass(slots=True)
class Report:
    """What became of the files of a run; `parsed` counts those whose YAML was read."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    skipped: int = 0
    removed: int = 0
    parsed: int = 0
    images: int = 0
    related: Related | None = None
    unplaced: Unplaced = field(default_factory=Unplaced)
    dialects: Dialects = field(default_factory=Dialects)
    errors: list[RecordError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """The record files seen: all but those without front matter."""
        return self.added + self.updated + self.unchanged + self.rejected


def import_archive(
    database: str | Path,
    paths: Iterable[str | Path],
    options: ImportOptions = DEFAULTS,
    listener: ImportListener = SILENT,
) -> Report:
    """Read the files below `paths` into the database, and return what became of them.

    Creates the database if need be. Raises ArchiveError where the database cannot be used,
    WorkersError where other processes cannot.
    """
    with _rare_collections():
        return _import_or_try(database, list(paths), options, listener)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles more seldom: a batch has many objects, and no cycles.

    By Python's own thresholds it takes a tenth of an import.
    """
    before = gc.get_threshold()
    gc.set_threshold(20_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _import_or_try(
    database: str | Path,
    paths: Sequence[str | Path],
    options: ImportOptions,
    listener: ImportListener,
) -> Report:
    check_base(options.base_url or "")
    # A link to a database is that database, and has the same DB-sources.
    database = os.path.realpath(database)
    if options.prune and not options.allow_empty:
        check_records_left(database, paths, options)
    if not options.dry_run:
        return _import(database, database, paths, options, listener)
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "dry-run.db")
        for original, target in ((database, copy), (sources_path(database), sources_path(copy))):
            if os.path.exists(original):
                copy_database(original, target)
        return _import(copy, database, paths, replace(options, relate=False), listener)


def _import(
    database: str | Path,
    named: str | Path,
    paths: Sequence[str | Path],
    options: ImportOptions,
    listener: ImportListener,
) -> Report:
    # Before anything is made or opened: of the one named, for a copy has a counter of its own.
    counter, version = header(named)
    check_archive(database, named)
    folder = os.path.dirname(os.path.realpath(named))
    sources = Sources(
        database, folder=folder, keep_text=options.keep_text, shown=sources_path(named)
    )
    with closing(sources), faults(sources, named):
        known = sources.change_counter()
        if counter < known or version < schema.SCHEMA_VERSION:
            # Lost, put back from an older copy, or made by an older version.
            sources.invalidate_all()
        db = open_archive(database, named)
        with closing(db.conn):
            if options.base_url is not None:
                set_base(db, options.base_url)
            state = RelateState(sources.db)
            if counter != known or version != schema.SCHEMA_VERSION:
                state.mark_stale()
            run = _Run(db, sources, state, paths, options, listener)
            run.learn(is_as_left=counter == known)
            report = run.run()
            if options.relate:
                if reason := None if state.is_current else cannot_relate(db):
                    report.notes.append(f"stories and similar articles are out of date: {reason}")
                else:
                    report.related = relate_articles(db, state, listener.compared)
            with transaction(db):
                facet_index.keep(db.conn)
        sources.note_change_counter(header(database)[0])
        return report


class _Run:
    """One import, from the walk to the last commit."""

    def __init__(
        self,
        db: Database,
        sources: Sources,
        state: RelateState,
        paths: Sequence[str | Path],
        options: ImportOptions,
        listener: ImportListener,
    ) -> None:
        self._db = db
        self._sources = sources
        self._options = options
        self._listener = listener
        self._report = Report()
        self._folders = Folders(paths, self._reject, sources.roots(), options.follow_links)
        sources.add_roots(self._folders.bases)
        self._found = FoundFiles(sources)
        self._writer = BatchWriter(db, sources, state, self._folders, self._found, self._reject)
        self._report.unplaced = self._writer.unplaced
        with transaction(db):
            remembered = remember(db, sources, self._folders.roots, options.site)
        self._sites = Sites(self._folders.roots, remembered, self._reject, options.follow_links)
        self._walked_at = 0

    def run(self) -> Report:
        interrupted = self._sources.was_interrupted()
        self._walk()
        self._readers = Readers(
            *(self._walked_at, self._sources.keeps_text, self._options.workers),
            dialects=self._options.dialects,
        )
        self._found.mark_unchanged(schema.SCHEMA_VERSION)
        self._make_way()
        self._read_changed()
        self._read_outdated()
        if self._options.prune:
            self._remove_missing()
        if interrupted:
            with transaction(self._db):
                shared_rows.sweep(self._db, self._sources.facts)
        counts = self._found.counts()
        report = self._report
        report.added = counts.get("added", 0)
        report.updated = counts.get("updated", 0)
        report.unchanged = counts.get("unchanged", 0)
        report.skipped = counts.get("skipped", 0)
        report.rejected = counts.get("rejected", 0) + self._folders.faulty_files
        self._take_images()
        report.notes.extend(report.dialects.in_words())
        if unplaced := report.unplaced.in_words():
            report.notes.append(unplaced)
        return report

    def _reject(self, error: RecordError) -> None:
        self._report.errors.append(error)
        self._listener.error(error)

    def learn(self, is_as_left: bool) -> None:
        """Learn from the rows what DB-sources does not tell: it was lost, or is of another time.

        `is_as_left`: nobody wrote to the database since the last run.
        """
        sources, db = self._sources, self._db
        if is_as_left and not sources.is_new:
            return
        ids = (row[0] for row in db.execute("SELECT id FROM articles"))
        unknown, is_complete = sources.compare(ids)
        if not is_complete:
            sources.invalidate_all()
            unknown, _ = sources.compare(row[0] for row in db.execute("SELECT id FROM articles"))
        if not unknown:
            return
        with sources.db.atomic():
            sources.adopt(article_rows.facts_of_rows(db, unknown))
            sources.adopt(shared_rows.organizations_of_rows(db, sources.facts))
        self._report.notes.append(
            f"DB-sources does not know the files of {len(unknown):,} articles; --prune spares "
            "those whose files are not found below the paths given"
        )

    def _take_images(self) -> None:
        images = LocalImages(self._db, self._sources, self._folders, self._walked_at, self._reject)
        if can_render():
            self._report.images = images.take(self._options.prune)
        elif count := images.count():
            self._report.notes.append(
                f"{count:,} image{'s' * (count != 1)} beside the records not taken; "
                "pip install 'datasette-newsfeed[images]' and import again"
            )
        self._report.notes.extend(images.missing.in_words())

    def _walk(self) -> None:
        self._walked_at = time.time_ns()
        batch: list[tuple[File, str]] = []
        for file in self._folders.files():
            batch.append((file, self._sites.of(file.file).fingerprint))
            if len(batch) >= 1000:
                self._found.add(batch)
                batch.clear()
        self._found.add(batch)

    def _read_changed(self) -> None:
        _, total = self._found.to_read()
        done = 0
        self._listener.progress(0, total)
        with closing(self._readers.read(self._requests())) as batches:
            for batch in batches:
                self._take(batch)
                done += sum(parsed.file.size for parsed in batch)
                self._listener.progress(done, total)

    def _requests(self) -> Iterator[list[Request]]:
        """Yield the files to read, each with its fingerprint if that spares the rest."""
        for files in self._found.batches(BATCH, BATCH_BYTES):
            known = self._sources.by_file(file.file for file in files)
            yield [self._request(file, known.get(file.file)) for file in files]

    def _request(self, file: File, stored: StoredFile | None = None) -> Request:
        site = self._sites.of(file.file)
        path = self._sites.path_of(file.file, file.path)
        return Request(file, _current(stored, site.fingerprint), site, path)

    def _make_way(self) -> None:
        """Give the facet index up before more changes than it can catch up with."""
        files, _ = self._found.to_read()
        if files > facet_index.MOST_FILES and facet_index.exists(self._db.conn):
            with transaction(self._db):
                facet_index.drop(self._db.conn)

    def _take(self, batch: Sequence[ParsedFile]) -> None:
        """Take the files of a batch as they were read."""
        sources = self._sources
        # Asked again: what was stored meanwhile may have taken an id away from a file.
        known = sources.by_file(each.file.file for each in batch)
        outcomes: dict[str, str] = {}
        unchanged, parsed, gone = [], [], []
        for each in batch:
            stored = known.get(each.file.file)
            if each.is_unchanged:
                if _current(stored, each.site) == each.sha256:
                    unchanged.append(each)
                    outcomes[each.file.file] = "unchanged"
                    continue
                each = self._readers.read_file(self._request(each.file))
            outcomes[each.file.file] = self._outcome(each)
            if each.record:
                parsed.append(each)
            elif stored and self._options.prune:
                gone.append(stored)
        sources.touch([each.file for each in unchanged], self._walked_at)
        sources.keep_text(unchanged)
        outcomes |= self._writer.write(parsed, known, gone, outcomes)
        self._found.note(outcomes)

    def _outcome(self, parsed: ParsedFile) -> str:
        report = self._report
        report.parsed += parsed.is_parsed
        report.dialects.note(parsed)
        if parsed.error:
            self._reject(parsed.error.at(self._folders.shown(parsed.file.file)))
            return "rejected"
        return "added" if parsed.record else "skipped"

    def _read_outdated(self) -> None:
        """Read again, from the text kept, files of another schema outside the paths."""
        after = 0
        while rest := self._sources.outdated(schema.SCHEMA_VERSION, after, BATCH):
            known = {stored.file: stored for stored, _ in rest if stored.file}
            parsed = []
            for stored, data in rest:
                after = stored.id
                if data is None:
                    fault = "its text in DB-sources is damaged; import its folder again"
                    self._reject(RecordError(fault, path=stored.path or ""))
                    continue
                file = File(stored.file or "", stored.path or "", len(data), 0)
                request = self._request(file)
                unparsed = ParsedFile(
                    file,
                    sha256=fingerprint(data),
                    text=packed(data),
                    site=request.site.fingerprint,
                )
                found = parse(request, unparsed, data, self._readers.dialects)
                self._report.parsed += found.is_parsed
                if found.error:
                    self._reject(found.error.at(file.file))
                elif found.record:
                    parsed.append(found)
            self._writer.write(parsed, known)

    def _remove_missing(self) -> None:
        missing = [
            stored
            for stored in self._sources.missing()
            if stored.file and self._folders.covers(stored.file)
        ]
        for start in range(0, len(missing), BATCH):
            some = missing[start : start + BATCH]
            self._writer.write([], {}, some)
            self._report.removed += len(some)
        self._sources.forget_roots()


def _current(stored: StoredFile | None, site: str) -> str | None:
    """Return the fingerprint of a file whose rows are those of this version and of its site."""
    is_current = (
        stored and stored.schema_version == schema.SCHEMA_VERSION and (stored.site or "") == site
    )
    return stored.sha256 if stored and is_current else None
