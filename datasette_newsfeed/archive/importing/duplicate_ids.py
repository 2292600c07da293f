"""Which file holds which id, where several claim one: that of the smallest path, in any order.

Paths are those below a root. The decision is a value; nothing is written or reported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..sources.source_file import ParsedFile, StoredFile


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A file that is not imported, because another one has the same id and the smaller path."""

    article_id: str
    file: str
    winner: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is to be done with the files of a batch.

    winners: the files whose records are to be written; duplicates: those that lost their id;
    gone: what DB-sources knew of those, and of the files from which a winner takes its id.
    """

    winners: tuple[ParsedFile, ...]
    duplicates: tuple[Duplicate, ...]
    gone: tuple[StoredFile, ...]


def resolve(
    parsed: Iterable[ParsedFile],
    known: Mapping[str, StoredFile],
    holders: Mapping[str, Sequence[StoredFile]],
) -> Resolution:
    """Decide which of some files, and of the stored ones with the same ids, have their ids.

    known: the parsed files as they were stored, by file; holders: the other stored files that
    hold an id now, by id. Of equal paths the smaller SHA-256 wins, then the stored file.
    Files without an article claim no id, and win.
    """
    winners: list[ParsedFile] = []
    claims: dict[str, list[ParsedFile]] = {}
    for each in parsed:
        if each.article_id is None:
            winners.append(each)
        else:
            claims.setdefault(each.article_id, []).append(each)
    duplicates: list[Duplicate] = []
    gone: list[StoredFile] = []
    for article_id, claimants in claims.items():
        first = min(claimants, key=_order)
        stored = holders.get(article_id, ())
        holder = min(stored, key=_stored_order, default=None)
        if holder is None or _order(first) < _stored_order(holder):
            winner = first.file.file
            winners.append(first)
        else:
            winner = holder.file or ""
        for loser in claimants:
            if loser.file.file != winner:
                duplicates.append(Duplicate(article_id, loser.file.file, winner))
                if loser.file.file in known:
                    gone.append(known[loser.file.file])
        for other in stored:
            if other.file != winner:
                duplicates.append(Duplicate(article_id, other.file or "", winner))
                gone.append(other)
    return Resolution(tuple(winners), tuple(duplicates), tuple(gone))


def _order(parsed: ParsedFile) -> tuple[str, str]:
    return parsed.file.path, parsed.sha256


def _stored_order(stored: StoredFile) -> tuple[str, str]:
    return stored.path or "", stored.sha256 or ""
