"""The image files that were stored, with size and time of each when it was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from .references import chunks

TAKEN_SCHEMA = """
CREATE TABLE image_files (
  image_id TEXT PRIMARY KEY,
  file TEXT NOT NULL,     -- relative to the folder of this database
  size INTEGER NOT NULL,
  mtime INTEGER,
  sha256 TEXT NOT NULL,
  rendering TEXT NOT NULL DEFAULT '' -- by what rules its copies were made
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image file as it was when it was taken."""

    file: str
    size: int
    mtime: int | None
    sha256: str
    rendering: str


class TakenImages:
    """The image files, in the connection of DB-sources and its transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def known(self, image_ids: Sequence[str]) -> dict[str, ImageFile]:
        """Return the files taken for these images."""
        return {row[0]: ImageFile(*row[1:]) for row in chunks(self._db, _IMAGE_FILES, image_ids)}

    def write(self, taken: Mapping[str, ImageFile], gone: Iterable[str]) -> None:
        """Remember the files taken, forget those that are gone."""
        with self._db.atomic():
            self._db.conn.executemany(
                "INSERT OR REPLACE INTO image_files "
                "(image_id, file, size, mtime, sha256, rendering) VALUES (?, ?, ?, ?, ?, ?)",
                ((id, f.file, f.size, f.mtime, f.sha256, f.rendering) for id, f in taken.items()),
            )
            self._db.conn.executemany(
                "DELETE FROM image_files WHERE image_id = ?", ((id,) for id in gone)
            )

    def forget_unnamed(self) -> None:
        """Forget the files of images that no record names any more."""
        with self._db.atomic():
            self._db.execute(
                "DELETE FROM image_files WHERE image_id NOT IN (SELECT image_id FROM image_uses)"
            )


# Takes a list of keys at once; `v` is its one column.
_IMAGE_FILES = """
SELECT image_id, file, size, mtime, sha256, rendering FROM (SELECT column1 AS v FROM {values})
JOIN image_files ON image_files.image_id = v
"""
