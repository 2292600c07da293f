"""Which file holds which id, where several lay claim to one. Knows no YAML and no tables.

The smallest relative path wins, in any order of import; the others are reported. A
file that is gone holds nothing, and one that is still to be read will have its say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...errors import RecordError
from ..files import File, Folders
from ..records import Article, Organization
from ..sources.source_file import Reading, Source
from ..sources.store import Sources
from .file_queue import FoundFiles


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A file that was read, what it says, and what was known of it."""

    reading: Reading
    record: Article | Organization
    known: Source | None


@dataclass(slots=True)
class Batch:
    """Some files on their way; `outcomes` goes by the name that DB-sources gives a file."""

    records: list[ReadRecord] = field(default_factory=list)
    gone: list[Source] = field(default_factory=list)
    touched: list[File] = field(default_factory=list)
    seen: list[Reading] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)


class Claims:
    """The ids of one run."""

    def __init__(
        self,
        sources: Sources,
        found: FoundFiles,
        folders: Folders,
        reject: Callable[[RecordError], None],
    ) -> None:
        self._sources = sources
        self._found = found
        self._folders = folders
        self._reject = reject

    def settle(self, batch: Batch) -> list[ReadRecord]:
        """Return the records to write; whoever loses an id goes to `batch.gone`."""
        sources = self._sources
        owners = sources.by_article(
            [r.reading.article_id for r in batch.records if r.reading.article_id]
        )
        own_turn = {sources.name_of(record.reading.file) for record in batch.records}
        own_turn |= {source.file for source in batch.gone if source.file}
        winners: dict[str, ReadRecord] = {}
        organizations: list[ReadRecord] = []
        for record in batch.records:
            article_id = record.reading.article_id
            if article_id is None:
                organizations.append(record)
                continue
            rival = winners.get(article_id)
            if rival:
                first, second = sorted((rival, record), key=_precedence)
                winners[article_id] = first
                self._lose(batch, second, first.reading.file)
                continue
            winners[article_id] = record
            for owner in owners.get(article_id, ()):
                if owner.file in own_turn:
                    continue
                if self._holds(owner, batch):
                    if self._precedes(owner, record):
                        self._lose(batch, record, sources.file_of(owner.file or ""))
                        del winners[article_id]
                        break
                    batch.outcomes[owner.file or ""] = "rejected"
                    self._twice(article_id, sources.file_of(owner.file or ""), record.reading.file)
                batch.gone.append(owner)
        return [*winners.values(), *organizations]

    def left_behind(
        self, organizations: Sequence[Organization], leaving: Sequence[Source]
    ) -> list[Source]:
        """Return other records of these organizations whose files are not there any more."""
        known = {source.id for source in leaving}
        sources = self._sources.organizations([named.domain for named in organizations])
        return [s for s in sources if s.id not in known and not self._is_there(s)]

    def _precedes(self, owner: Source, record: ReadRecord) -> bool:
        return (owner.path or "", owner.sha256 or "") <= _precedence(record)

    def _is_there(self, source: Source) -> bool:
        if source.file is None:
            return False
        is_found, _ = self._found.outcome_of(source.file)
        file = self._sources.file_of(source.file)
        return is_found or (not self._folders.covers(file) and os.path.lexists(file))

    def _lose(self, batch: Batch, loser: ReadRecord, winner: str) -> None:
        self._twice(loser.reading.article_id or "", loser.reading.file, winner)
        batch.outcomes[self._sources.name_of(loser.reading.file)] = "rejected"
        if loser.known:
            batch.gone.append(loser.known)

    def _twice(self, article_id: str, loser: str, winner: str) -> None:
        shown = self._folders.shown
        self._reject(
            RecordError(
                f"{shown(winner)} has the same id, {article_id}, and the smaller path; "
                "rename one of them",
                place="id",
                path=shown(loser),
            )
        )

    def _holds(self, owner: Source, batch: Batch) -> bool:
        """Tell whether a file is there to hold its id, and settled in this run or outside it."""
        if owner.file is None or not self._is_there(owner):
            return False
        is_found, outcome = self._found.outcome_of(owner.file)
        if is_found:
            return (outcome or batch.outcomes.get(owner.file)) is not None
        # Outside this run, and its rows may be lost: then it has no say until it is read.
        return owner.sha256 is not None


def _precedence(record: ReadRecord) -> tuple[str, str]:
    return record.reading.path, record.reading.sha256
