"""Commits become versions: which article each file holds, and what its new version changes.

An article is what the file with the smallest path says, as in an import. Each version is compared
with the last one that could be read, so that it does not matter where a run began.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from ...changes import DRAFT, ID, REMOVED, Change
from ..dialects import Dialect
from ..dialects.left_out import DRAFT as IS_DRAFT
from ..files import MAX_RECORD_BYTES, File
from ..importing.parse import Request, parse
from ..importing.sites import FoundSite, Sites
from ..records import Article
from ..sources.source_file import ParsedFile
from .field_changes import field_changes
from .git import Blobs, Commit, Entry
from .repository_paths import as_path, is_record
from .rows import HistoryRows, LastVersion, utc

AHEAD = 1000
"""The most blobs that are asked for at once."""

_KEPT_BYTES = 50_000_000
_KEPT = 20_000


@dataclass
class Counts:
    """What the commits of a run held. `versions` are those of files that could be read."""

    commits: int = 0
    versions: int = 0
    repeats: int = 0
    unreadable: int = 0
    left_out: int = 0
    removed: int = 0
    moved: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """What a version of a file says: an article, or none; `fault` is why it cannot be read."""

    article: Article | None = None
    is_draft: bool = False
    fault: str | None = None
    size: int = 0


class Reader:
    """Reads versions of files as an import would, with the sites of today."""

    def __init__(
        self, root: str, below: str, sites: Sites, dialects: Sequence[Dialect], blobs: Blobs
    ) -> None:
        """`root` is the folder of the archive, `below` the folder that its paths begin at."""
        self._root = root
        self._below = below
        self._sites = sites
        self._dialects = dialects
        self._blobs = blobs
        self._drafts: dict[tuple[int, bool], FoundSite] = {}

    def read(self, path: str, data: bytes | int | None) -> Said:
        """Return what a version of a file says."""
        if data is None:
            return Said(fault="git has no such object")
        if isinstance(data, int):
            return Said(fault=f"{data:,} bytes are too many for a record")
        file = os.path.join(self._root, *path.split("/"))
        site = self._sites.of(file)
        found = self._parse(path, file, data, self._with_drafts(site, False))
        is_draft = found.left_out == IS_DRAFT
        if is_draft:
            found = self._parse(path, file, data, self._with_drafts(site, True))
        if found.error:
            return Said(fault=str(found.error), size=len(data))
        article = found.record if isinstance(found.record, Article) else None
        return Said(article, is_draft, size=len(data))

    def read_blob(self, path: str, blob: str) -> Said:
        """Return what a version of a file says, by its blob."""
        (data,) = self._blobs.read([blob], MAX_RECORD_BYTES)
        return self.read(path, data)

    def _parse(self, path: str, file: str, data: bytes, site: FoundSite) -> ParsedFile:
        found = File(file, path, len(data), 0)
        request = Request(found, None, site, self._sites.path_of(file, path))
        return parse(request, ParsedFile(found), data, self._dialects)

    def _with_drafts(self, site: FoundSite, takes: bool) -> FoundSite:
        """Return a site that takes drafts or does not: which ones they were is always told."""
        key = id(site), takes
        if key not in self._drafts:
            self._drafts[key] = replace(site, site=replace(site.site, takes_drafts=takes))
        return self._drafts[key]


class Versions:
    """The versions of the articles of one folder, written commit by commit."""

    def __init__(
        self,
        rows: HistoryRows,
        folder: str,
        prefix: str,
        reader: Reader,
        counts: Counts,
    ) -> None:
        self._rows = rows
        self._folder = folder
        self._prefix = prefix.encode("utf-8", "surrogateescape")
        self._reader = reader
        self._counts = counts
        self._known: OrderedDict[str, tuple[LastVersion, int]] = OrderedDict()
        self._bytes = 0

    def read(self, commits: Iterable[Commit], blobs: Blobs) -> Iterator[Commit]:
        """Write what commits did, and yield each one after that."""
        commits = iter(commits)
        while some := _some(commits):
            wanted = [
                entry.after for commit in some for entry in commit.entries if self._wants(entry)
            ]
            contents = blobs.read([blob for blob in wanted if blob], MAX_RECORD_BYTES)
            for commit in some:
                self._take(commit, contents)
                yield commit
            for _ in contents:  # none: it waits for the thread that asked
                pass

    def _wants(self, entry: Entry) -> bool:
        return bool(entry.after) and self._path(entry.path) is not None

    def _path(self, path: bytes) -> str | None:
        """Return the path of a record file below the archive's folder, None of any other."""
        if not path.startswith(self._prefix) or not is_record(path):
            return None
        return as_path(path[len(self._prefix) :])

    def _take(self, commit: Commit, contents: Iterator[bytes | int | None]) -> None:
        self._counts.commits += 1
        affected: dict[str, None] = {}
        said: dict[str, Said] = {}
        renames: list[tuple[str, str]] = []
        gone: list[str] = []
        for entry in commit.entries:
            path, old_path = self._path(entry.path), self._path(entry.old_path)
            if entry.before and old_path and (entry.path != entry.old_path or not entry.after):
                gone.append(old_path)
        old_ids = {path: self._rows.article_of(self._folder, path) for path in gone}
        for path in gone:
            affected |= self._drop(path)
        for entry in commit.entries:
            path, old_path = self._path(entry.path), self._path(entry.old_path)
            if entry.after and path:
                found = self._reader.read(path, next(contents))
                self._count(commit, path, found)
                said[path] = found
                affected |= self._put(path, entry.after, found)
                if len(said) > AHEAD:  # of a commit with more it is read again
                    said[path] = replace(found, article=None)
                if entry.path != entry.old_path and old_path and found.article:
                    old_id = old_ids.get(old_path)
                    if old_id and old_id != found.article.id:
                        renames.append((old_id, found.article.id))
        at = utc(commit.time)
        for old, new in renames:
            if self._rows.holder(old) is None and self._last(new) is None and self._last(old):
                self._move(old, new, commit, at)
        for article_id in sorted(affected):
            self._settle(article_id, said, commit, at)

    def _count(self, commit: Commit, path: str, found: Said) -> None:
        counts = self._counts
        if found.fault:
            counts.unreadable += 1
            if len(counts.examples) < 3:
                counts.examples.append(f"{commit.id[:12]}: {path}: {found.fault}")
        elif found.article is None:
            counts.left_out += 1
        else:
            counts.versions += 1

    def _drop(self, path: str) -> dict[str, None]:
        old = self._rows.article_of(self._folder, path)
        if old is None:
            return {}
        self._rows.drop_file(self._folder, path)
        return {old: None}

    def _put(self, path: str, blob: str, found: Said) -> dict[str, None]:
        """Note what a file holds now; return the articles that this may concern."""
        if found.fault:
            # What it held last stays until it can be read again.
            return {}
        if found.article is None:
            return self._drop(path)
        affected = {found.article.id: None}
        old = self._rows.article_of(self._folder, path)
        if old and old != found.article.id:
            affected[old] = None
        self._rows.put_file(self._folder, path, found.article.id, blob)
        return affected

    def _settle(self, article_id: str, said: dict[str, Said], commit: Commit, at: str) -> None:
        """Write the version of an article that a commit leads to, if it says something new."""
        holder = self._rows.holder(article_id)
        last = self._last(article_id)
        if holder is None:
            if last and last.is_there:
                self._remove(last, commit, at)
            return
        folder, path, blob = holder
        if folder != self._folder:
            return  # of another repository, and its history
        found = said.get(path)
        is_news = found is not None and not found.fault
        if found is None or found.article is None:  # of another commit, or the last readable
            found = self._reader.read_blob(path, blob)
        article = found.article
        if article is None:
            return
        if last is None:
            last = LastVersion(article_id, 0, path, blob, found.is_draft, True, None)
            self._rows.restore(article_id)
            self._write(last, article, [], commit, at, found.size)
            return
        changes = self._changes(last, found)
        if changes:
            last.is_draft, last.is_there, last.removed_at = found.is_draft, True, None
            last.path, last.blob = path, blob
            self._rows.restore(article_id)
            self._write(last, article, changes, commit, at, found.size)
        elif is_news:
            self._rows.repeat(last, at)
            self._counts.repeats += 1

    def _changes(self, last: LastVersion, found: Said) -> list[Change]:
        before = last.article
        if before is None:
            before = self._reader.read_blob(last.path, last.blob).article
        assert found.article is not None
        changes = []
        if not last.is_there:
            changes.append(Change(REMOVED, last.removed_at, None))
        if last.is_draft != found.is_draft:
            changes.append(Change(DRAFT, str(int(last.is_draft)), str(int(found.is_draft))))
        if before is not None:
            changes += field_changes(before, found.article)
            if before.id != found.article.id:
                changes.insert(0, Change(ID, before.id, found.article.id))
        return changes

    def _write(
        self,
        last: LastVersion,
        article: Article,
        changes: Sequence[Change],
        commit: Commit,
        at: str,
        size: int,
    ) -> None:
        last.number += 1
        last.article = article
        self._rows.add(last, article, commit.id, at, changes)
        self._keep(last, size)

    def _remove(self, last: LastVersion, commit: Commit, at: str) -> None:
        if last.article is None:
            last.article = self._reader.read_blob(last.path, last.blob).article
        self._rows.remove(last, last.article, commit.id, at)
        last.is_there, last.removed_at = False, at
        self._counts.removed += 1

    def _move(self, old: str, new: str, commit: Commit, at: str) -> None:
        self._rows.move(old, new, commit.id, at)
        last, size = self._known.pop(old)
        self._bytes -= size
        last.article_id = new
        self._keep(last, size)
        self._counts.moved += 1

    # What is remembered of articles, so that a version is not read twice

    def _last(self, article_id: str) -> LastVersion | None:
        if article_id in self._known:
            self._known.move_to_end(article_id)
            return self._known[article_id][0]
        last = self._rows.last(article_id)
        if last:
            self._keep(last, 0)
        return last

    def _keep(self, last: LastVersion, size: int) -> None:
        _, before = self._known.pop(last.article_id, (last, 0))
        self._known[last.article_id] = last, size
        self._bytes += size - before
        while len(self._known) > _KEPT or (self._bytes > _KEPT_BYTES and len(self._known) > 1):
            _, (_, freed) = self._known.popitem(last=False)
            self._bytes -= freed


def _some(commits: Iterator[Commit]) -> list[Commit]:
    """Return the next commits, as many as have about so many entries."""
    found: list[Commit] = []
    entries = 0
    for commit in islice(commits, AHEAD):
        found.append(commit)
        entries += len(commit.entries)
        if entries >= AHEAD:
            break
    return found
