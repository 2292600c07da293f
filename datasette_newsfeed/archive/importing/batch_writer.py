"""The records of a batch become rows, and those of files that are gone go, in one transaction.

DB-sources is told before and after, so that it never knows more than the rows hold.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence

from sqlite_utils import Database

from ... import schema
from ...errors import RecordError
from ..database import transaction
from ..files import Folders
from ..records import Article, Organization
from ..relate.state import RelateState
from ..sources.source_file import ParsedFile, StoredFile
from ..sources.store import Sources
from . import article_rows, shared_rows
from .duplicate_ids import Duplicate, resolve
from .file_queue import FoundFiles
from .unknown_keys import Unplaced


class BatchWriter:
    """Writes the batches of one run; `unplaced` counts the keys that no column is for."""

    def __init__(
        self,
        db: Database,
        sources: Sources,
        state: RelateState,
        folders: Folders,
        found: FoundFiles,
        reject: Callable[[RecordError], None],
    ) -> None:
        self._db = db
        self._sources = sources
        self._state = state
        self._folders = folders
        self._found = found
        self._reject = reject
        self.unplaced = Unplaced()

    def write(
        self,
        parsed: Sequence[ParsedFile],
        known: Mapping[str, StoredFile],
        gone: Sequence[StoredFile] = (),
        decided: Collection[str] = (),
    ) -> dict[str, str]:
        """Write the records of parsed files, and return what became of files, by file.

        known: the files as stored, by file; gone: stored files whose rows go; decided: the files
        of this batch of which the run knows the outcome. The outcome is "added", "updated", or
        "rejected" for a file that another one took the id from: that may be one of an earlier run.
        """
        holders, stale = self._owners(parsed, gone, decided)
        resolution = resolve(parsed, known, holders)
        outcomes = {each.file: "rejected" for each in resolution.duplicates}
        for duplicate in resolution.duplicates:
            self._reject(self._error(duplicate))
        gone = [*gone, *stale, *resolution.gone]
        if resolution.winners or gone:
            self._store(resolution.winners, known, gone, outcomes)
        return outcomes

    def _store(
        self,
        winners: Sequence[ParsedFile],
        known: Mapping[str, StoredFile],
        gone: list[StoredFile],
        outcomes: dict[str, str],
    ) -> None:
        sources, db = self._sources, self._db
        articles = [w.record for w in winners if isinstance(w.record, Article)]
        organizations = [w.record for w in winners if isinstance(w.record, Organization)]
        self.unplaced.note(articles)
        ids = [article.id for article in articles]
        # A file that names a provider now may have been an article: that one goes.
        before = [known[w.file.file] for w in winners if w.file.file in known]
        gone = gone + self._left_behind(organizations, [*gone, *before])
        left = [*gone, *before]
        removed = self._unclaimed(left, set(ids))
        self._state.mark_stale()
        sources.invalidate(winners, gone)
        with sources.db.atomic():
            said = sources.facts.before([stored.id for stored in left])
            sources.write(winners, gone, schema.SCHEMA_VERSION)
            with transaction(db):
                existing = shared_rows.existing(db, ids)
                article_rows.write(db, sources.facts, articles, organizations, removed, said)
        for winner in winners:
            is_article = winner.article_id is not None
            is_old = winner.article_id in existing if is_article else winner.file.file in known
            outcomes[winner.file.file] = "updated" if is_old else "added"

    def _owners(
        self, parsed: Sequence[ParsedFile], gone: Sequence[StoredFile], decided: Collection[str]
    ) -> tuple[dict[str, list[StoredFile]], list[StoredFile]]:
        """Return the other stored files with the ids of a batch: those that hold them, by id, and
        those that do not, because they are gone or are still to be read."""
        ids = [each.article_id for each in parsed if each.article_id]
        own = {each.file.file for each in parsed} | {stored.file for stored in gone}
        holders: dict[str, list[StoredFile]] = {}
        stale = []
        for article_id, owners in self._sources.by_article(ids).items():
            for owner in owners:
                if owner.file is None or owner.file not in own:
                    if self._holds(owner, decided):
                        holders.setdefault(article_id, []).append(owner)
                    else:
                        stale.append(owner)
        return holders, stale

    def _holds(self, owner: StoredFile, decided: Collection[str]) -> bool:
        """Tell whether a file is there, and its outcome known, in this run or outside it."""
        if owner.file is None or not self._is_there(owner.file):
            return False
        is_found, outcome = self._found.outcome_of(owner.file)
        if is_found:
            return outcome is not None or owner.file in decided
        # Outside this run, and its rows may be lost: then it holds nothing until it is read.
        return owner.sha256 is not None

    def _is_there(self, file: str) -> bool:
        is_found, _ = self._found.outcome_of(file)
        return is_found or (not self._folders.covers(file) and os.path.lexists(file))

    def _left_behind(
        self, organizations: Sequence[Organization], own: Sequence[StoredFile]
    ) -> list[StoredFile]:
        """Return records of these organizations, but their own, whose files are not there any more.

        Those of their own may be read from the text kept, and their files be gone, too.
        """
        known = {stored.id for stored in own}
        records = self._sources.organizations([named.domain for named in organizations])
        return [
            stored
            for stored in records
            if stored.id not in known and not (stored.file and self._is_there(stored.file))
        ]

    def _unclaimed(self, left: Sequence[StoredFile], written: set[str]) -> list[str]:
        """Return the ids of articles that no other file holds: after an interrupted move
        two files may."""
        leaving = {stored.id for stored in left}
        ids = {stored.article_id for stored in left if stored.article_id} - written
        holders = self._sources.by_article(sorted(ids))
        return sorted(id for id in ids if all(s.id in leaving for s in holders.get(id, ())))

    def _error(self, duplicate: Duplicate) -> RecordError:
        winner = self._folders.shown(duplicate.winner)
        return RecordError(
            f"{winner} has the same id, {duplicate.article_id}, and the smaller path; "
            "rename one of them",
            place="id",
            path=self._folders.shown(duplicate.file),
        )
