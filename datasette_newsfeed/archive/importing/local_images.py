"""Image files beside the records become renditions in the database.

Knows files and the tables of images, neither pixels nor YAML. A file is taken only
from inside the folders given, links resolved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from sqlite_utils import Database

from ...errors import ImageError, RecordError
from ..database import transaction
from ..files import Folders
from ..images import renditions
from ..images.renditions import MAX_BYTES, Rendition, render
from ..sources.image_files import ImageFile
from ..sources.store import Sources, fingerprint, trusted_time

BATCH = 20
"""Images a transaction: each costs far more to resize than to commit."""

# Whoever asks for such an image means a file of the archive, not one of the web.
_LOCAL = r"""
SELECT id, url FROM images
WHERE url NOT LIKE '%://%' AND url NOT LIKE '//%' AND url NOT LIKE 'data:%' AND id > ?
ORDER BY id LIMIT ?
"""


UNCHANGED = ""
"""In the place of a file: it is not for this run to look at it."""


class ImageShelf:
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

    def count(self) -> int:
        """Return how many images lie beside the records of this run."""
        return sum(
            1 for rows in self._local() for row in rows if self._find(*row) not in (None, UNCHANGED)
        )

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
            for image_id, url in rows:
                before = known.get(image_id)
                file = self._find(image_id, url)
                if file == UNCHANGED:
                    continue
                if file is None:
                    if before and self._folders.covers(self._sources.file_of(before.file)):
                        batch[image_id] = None
                    continue
                try:
                    found = self._read(file, before, image_id in stored)
                except RecordError as error:
                    self._report(error.at(self._folders.shown(file)))
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
        return taken

    def _local(self) -> Iterator[list[tuple[str, str]]]:
        after = ""
        while rows := self._db.execute(_LOCAL, [after, 500]).fetchall():
            after = rows[-1][0]
            yield rows

    def _find(self, image_id: str, url: str) -> str | None:
        """Return the file that a URL means: `/x` below the folder given, `x` beside the record.

        Of several records with one URL, that with the smallest path whose file is there
        decides; UNCHANGED where that record is not of this run.
        """
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
        for name, record_path in self._sources.facts.files_naming(image_id):
            record = self._sources.file_of(name)
            if not path or "\0" in path:
                continue
            root = record.removesuffix(record_path.replace("/", os.sep))
            start = root if path.startswith("/") else os.path.dirname(record)
            file = os.path.realpath(os.path.join(start, path.lstrip("/")))
            if not _below(file, root) or not os.path.isfile(file):
                continue
            return file if self._folders.covers(record) else UNCHANGED
        return None

    def _read(
        self, file: str, before: ImageFile | None, is_stored: bool
    ) -> tuple[ImageFile, list[Rendition]] | None:
        """Return the file as it is now, with renditions if it changed; None if it did not."""
        name = self._sources.name_of(file)
        try:
            state = os.stat(file)
            same = before and (before.file, before.size) == (name, state.st_size) and is_stored
            if same and before and before.mtime == state.st_mtime_ns:
                return None
            with open(file, "rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise RecordError(f"cannot be read: {error.strerror or error}") from error
        sha256 = fingerprint(data)
        mtime = trusted_time(state.st_mtime_ns, self._walked_at)
        image = ImageFile(name, state.st_size, mtime, sha256)
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


def _below(file: str, root: str) -> bool:
    """Tell whether a file, links resolved, lies below the folder that was given."""
    return file.startswith(os.path.realpath(root).rstrip(os.sep) + os.sep)
