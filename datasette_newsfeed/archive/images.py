"""Image files beside the records become renditions in the database.

Knows files, pixels and the tables of images, neither YAML nor Datasette. A file is
taken only from inside the folders given, links resolved, and only if its own bytes
say that it is an image; what is stored is drawn anew, so that nothing else of the
file comes along.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlite_utils import Database

from ..errors import RecordError
from .database import transaction
from .folders import Folders
from .sources import Sources, fingerprint, trusted_time
from .taken import ImageFile

WIDTHS = (160, 480, 960)
"""Pixels: a thumbnail in a table, a card, a card on a dense screen or an article."""

MAX_BYTES = 30_000_000
MAX_PIXELS = 50_000_000
"""What a photograph may have; anything larger is taken for a decompression bomb."""

_ADVICE = "mend the file, or the record that names it"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
QUALITY = 72

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


@dataclass(frozen=True, slots=True)
class Rendition:
    """A copy of an image in one width; `content` is WebP."""

    width: int
    height: int
    original_type: str
    original_width: int
    original_height: int
    original_size: int
    content: bytes


def can_take() -> bool:
    """Tell whether Pillow, the extra `images`, is installed."""
    return find_spec("PIL") is not None


def render(data: bytes) -> list[Rendition]:
    """Return an image in each of WIDTHS, never wider than it is.

    Raises RecordError where the bytes are no image of FORMATS, or too large a one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise RecordError(f"{len(data):,} bytes are too many for an image; {_ADVICE}")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a bomb up to twice its own limit; ours is checked below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise RecordError(f"{width} × {height} pixels are too many for an image; {_ADVICE}")
        original_type = Image.MIME[opened.format or ""]
        turned = ImageOps.exif_transpose(opened)
        has_alpha = turned.has_transparency_data
        picture = turned.convert("RGBA" if has_alpha else "RGB")
    except UnidentifiedImageError as error:
        raise RecordError(
            f"is no image of {', '.join(FORMATS)}; mend the file or the record that names it"
        ) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecordError(
            f"is a broken image ({error}); mend the file or the record that names it"
        ) from error
    found = []
    for wanted in sorted({min(width, picture.width) for width in WIDTHS}):
        scaled = picture
        if wanted < picture.width:
            tall = max(1, round(picture.height * wanted / picture.width))
            scaled = picture.resize((wanted, tall), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        scaled.save(stream, "WEBP", quality=QUALITY, method=4)
        found.append(
            Rendition(
                scaled.width,
                scaled.height,
                original_type,
                width,
                height,
                len(data),
                stream.getvalue(),
            )
        )
    return found


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
        return image, [] if unchanged else render(data)

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
        rows = [_row(id, rendition) for id, (_, found) in kept.items() for rendition in found]
        anew = {row["image_id"] for row in rows}
        table = self._db.table("image_renditions")
        with transaction(self._db):
            self._db.conn.executemany(
                "DELETE FROM image_renditions WHERE image_id = ?",
                ((image_id,) for image_id in [*gone, *sorted(anew)]),
            )
            table.insert_all(rows)
        # After the rows: it may know less than they hold, never more.
        self._sources.taken.write({id: file for id, (file, _) in kept.items()}, gone)


def _below(file: str, root: str) -> bool:
    """Tell whether a file, links resolved, lies below the folder that was given."""
    return file.startswith(os.path.realpath(root).rstrip(os.sep) + os.sep)


def _row(image_id: str, rendition: Rendition) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "width": rendition.width,
        "height": rendition.height,
        "type": "image/webp",
        "sha256": fingerprint(rendition.content),
        "original_type": rendition.original_type,
        "original_width": rendition.original_width,
        "original_height": rendition.original_height,
        "original_size": rendition.original_size,
        "content": rendition.content,
    }
