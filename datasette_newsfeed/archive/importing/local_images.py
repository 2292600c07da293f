"""Image files that records name become copies in the database.

A file is taken only from inside the folders imported, links resolved. What is named and not
there is said, and so are two files that records of two folders name by one path.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from ...errors import ImageError, RecordError
from ...image_urls import has_scheme, path_below
from ..database import transaction
from ..files import LEADS_OUT, Folders
from ..images import renditions
from ..images.base_url import base_of
from ..images.renditions import MAX_IMAGE_BYTES, RENDERING, Rendition, render
from ..sources.image_files import ImageFile
from ..sources.source_file import fingerprint, trusted_time
from ..sources.store import Sources
from .image_paths import find_file, forget_names

BATCH = 20
"""Images a transaction: each costs far more to resize than to commit."""

MOST_NAMED = 20
"""Missing files that are named one by one."""

# The rest of what is on the web is left out in Python.
_CANDIDATES = """
SELECT id, url FROM images
WHERE url NOT LIKE 'http://%' AND url NOT LIKE 'https://%' AND id > ? ORDER BY id LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an image is: `file` is None where none is there.

    record: a file that names it. is_covered: this run is to look at it. others: files of other
    roots with the same path. leads_out: there is a link to a file outside its root.
    """

    file: str | None
    record: str
    is_covered: bool
    others: tuple[str, ...] = ()
    leads_out: bool = False


@dataclass(slots=True)
class Missing:
    """Image files that records of this run name, and that are not there."""

    count: int = 0
    named: list[str] = field(default_factory=list)
    on_a_site: int = 0
    example: str = ""

    def add(self, url: str, record: str, leads_out: bool = False) -> None:
        """Count an image; `record` is the file that names it, as the user would write it.

        leads_out: a link to a file outside the folder imported.
        """
        if leads_out:
            self.count += 1
            if len(self.named) < MOST_NAMED:
                self.named.append(f"{record}: images: {_short(url)} is {LEADS_OUT}")
            return
        if url.startswith("/"):
            # Most are not files but pages of a site that nobody has named yet.
            self.on_a_site += 1
            self.example = self.example or url
            return
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(f"{record}: images: the file {_short(url)} is not there")

    def in_words(self) -> list[str]:
        """Return what to say of them, a sentence each."""
        said = list(self.named)
        if self.count > len(said):
            said.append(f"{self.count - len(said):,} more image files are not taken")
        if self.on_a_site:
            said.append(
                f"{self.on_a_site:,} image URLs such as {_short(self.example)} lead to no file "
                "below the folders imported; if they belong to a site, name it with --base-url"
            )
        return said


def _short(url: str) -> str:
    return url if len(url) <= 200 else f"{url[:200]}…"


class LocalImages:
    """The image files of one import: looked at, taken, or given up."""

    def __init__(
        self,
        db: Database,
        sources: Sources,
        folders: Folders,
        walked_at: int,
        report: Callable[[RecordError], None],
    ) -> None:
        self._db = db
        self._sources = sources
        self._folders = folders
        self._walked_at = walked_at
        self._report = report
        self._has_site = base_of(db) is not None
        self.missing = Missing()
        forget_names()

    def count(self) -> int:
        """Return how many images lie beside the records of this run."""
        return sum(place.file is not None for rows in self._local() for _, place in rows)

    def take(self, prune: bool) -> int:
        """Store what is new or changed, and return how many images that were.

        With `prune`, the renditions of files that are gone or broken go.
        """
        taken = 0
        for rows in self._local():
            ids = [image_id for image_id, _ in rows]
            known = self._sources.taken.known(ids)
            stored = self._stored(ids)
            batch: dict[str, tuple[ImageFile, list[Rendition]] | None] = {}
            for image_id, place in rows:
                before = known.get(image_id)
                if place.file is None:
                    if before and self._folders.covers(self._sources.file_of(before.file)):
                        batch[image_id] = None
                    continue
                try:
                    self._compare(place.file, place.others)
                    found = self._read(place.file, before, image_id in stored)
                except RecordError as error:
                    self._report(error.at(self._folders.shown(place.file)))
                    if before:
                        batch[image_id] = None
                else:
                    if found:
                        batch[image_id] = found
                        taken += bool(found[1])
                if len(batch) >= BATCH:
                    self._store(batch, prune)
                    batch = {}
            self._store(batch, prune)
        self._sources.taken.forget_unnamed()
        return taken

    def _local(self) -> Iterator[list[tuple[str, _Place]]]:
        """Yield the images that this run is to look at: key and place."""
        after = ""
        while rows := self._db.execute(_CANDIDATES, [after, 500]).fetchall():
            after = rows[-1][0]
            # Other programs may have written what is no text.
            texts = [row for row in rows if isinstance(row[1], str)]
            local = [row for row in texts if not has_scheme(row[1]) and not row[1].startswith("//")]
            places = ((image_id, url, self._place(image_id, url)) for image_id, url in local)
            found = [(image_id, url, place) for image_id, url, place in places if place.is_covered]
            for _, url, place in found:
                if place.file is None and not (self._has_site and url.startswith("/")):
                    self.missing.add(url, self._folders.shown(place.record), place.leads_out)
            yield [(image_id, place) for image_id, _, place in found]

    def _place(self, image_id: str, url: str) -> _Place:
        """Return where an image is: in the smallest root whose records name it and that has it."""
        files: dict[str, None] = {}
        first = ""
        is_covered = leads_out = False
        roots: dict[str, str] = {}
        for name, path, written in self._sources.facts.files_naming(image_id):
            record = self._sources.file_of(name)
            if self._folders.covers(record):
                is_covered = True
                first = first or record
            root = record.removesuffix(path.replace("/", os.sep))
            roots.setdefault(root, url if written is None else path_below(written, path))
        for root in sorted(roots, key=self._sources.name_of):
            address = roots[root].lstrip("/")
            file = find_file(root, address, self._folders.follow_links)
            if file is not None:
                files[file] = None
            elif is_covered and not leads_out:
                leads_out = find_file(root, address, follow_links=True) is not None
        found = list(files)
        return _Place(found[0] if found else None, first, is_covered, tuple(found[1:]), leads_out)

    def _compare(self, file: str, others: Sequence[str]) -> None:
        """Report files of other roots that have the same path and other bytes."""
        for other in others:
            if _bytes(other) != _bytes(file):
                winner = self._folders.shown(file)
                self._report(
                    RecordError(
                        f"another image than {winner}, which has the same path below the folder "
                        "imported and is shown in the place of both; import a folder above the "
                        "two, or rename one",
                        path=self._folders.shown(other),
                    )
                )

    def _read(
        self, file: str, before: ImageFile | None, is_stored: bool
    ) -> tuple[ImageFile, list[Rendition]] | None:
        """Return the file as it is now, with renditions if it changed; None if it did not."""
        name = self._sources.name_of(file)
        try:
            state = os.stat(file)
        except OSError as error:
            raise RecordError(f"cannot be read: {error.strerror or error}") from error
        same = (
            before is not None
            and is_stored
            and (before.file, before.size, before.rendering) == (name, state.st_size, RENDERING)
        )
        if same and before and before.mtime == state.st_mtime_ns:
            return None
        data = _bytes(file)
        sha256 = fingerprint(data)
        mtime = trusted_time(state.st_mtime_ns, self._walked_at)
        image = ImageFile(name, state.st_size, mtime, sha256, RENDERING)
        unchanged = same and before and before.sha256 == sha256
        try:
            return image, [] if unchanged else render(data)
        except ImageError as error:
            raise RecordError(
                f"{error.reason}; mend the file, or the record that names it"
            ) from error

    def _stored(self, image_ids: Sequence[str]) -> set[str]:
        marks = ", ".join("?" * len(image_ids))
        rows = self._db.execute(
            f"SELECT DISTINCT image_id FROM image_renditions WHERE image_id IN ({marks})",
            list(image_ids),
        )
        return {row[0] for row in rows}

    def _store(
        self, batch: dict[str, tuple[ImageFile, list[Rendition]] | None], prune: bool
    ) -> None:
        gone = [image_id for image_id, found in batch.items() if found is None and prune]
        kept = {image_id: found for image_id, found in batch.items() if found}
        copies = {image_id: found[1] for image_id, found in kept.items() if found[1]}
        with transaction(self._db):
            renditions.store(self._db, copies, gone)
            # Not of the web any more, and not to be asked for there.
            self._db.conn.executemany(
                "DELETE FROM image_fetches WHERE image_id = ?", ((id,) for id in copies)
            )
        # After the rows: it may know less than they hold, never more.
        self._sources.taken.write({id: file for id, (file, _) in kept.items()}, gone)


def _bytes(file: str) -> bytes:
    """Return a file's bytes, but no more than are needed to see that they are too many."""
    try:
        with open(file, "rb") as stream:
            return stream.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror or error}") from error
