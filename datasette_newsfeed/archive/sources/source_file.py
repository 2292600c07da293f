"""One source file: what is known of it from an earlier run, and what a run has read.

A process that only parses files imports this, so it imports nothing that writes a database.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from ...errors import RecordError
from ..dialects.document import Repetition
from ..files import MAX_RECORD_BYTES, File
from ..records import Article, Organization
from .references import NOTHING_SAID, Facts

MTIME_GRANULARITY_NS = 2_000_000_000
"""A file changed less than this before it was read may change again unseen: file
systems keep time in steps (FAT: two seconds). Its time is not trusted yet."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A source file as DB-sources knows it from an earlier run.

    `file` is None where only the rows of the archive tell of it; `site` is the fingerprint of
    what its site and the user said of it.
    """

    id: int
    file: str | None
    path: str | None
    sha256: str | None
    article_id: str | None
    schema_version: int | None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A source file as this run has read it.

    sha256: empty where it could not be read; mtime: None where it changed too shortly before;
    text: the whole file, `packed()`, or None where it is not to be kept; site: as in StoredFile;
    is_unchanged: it has the SHA-256 that was known, so it was not parsed; left_out: why it holds
    no article to import. With neither record nor error nor left_out it is unchanged.
    """

    file: File
    sha256: str = ""
    mtime: int | None = None
    text: bytes | None = None
    site: str = ""
    record: Article | Organization | None = None
    references: Facts = NOTHING_SAID
    error: RecordError | None = None
    is_unchanged: bool = False
    is_parsed: bool = False
    left_out: str | None = None
    dialect: str | None = None
    repeated: tuple[Repetition, ...] = ()

    @property
    def article_id(self) -> str | None:
        """The id of its article; None where it holds none, but names a provider."""
        return self.record.id if isinstance(self.record, Article) else None


def fingerprint(data: bytes) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def packed(data: bytes) -> bytes:
    """Return a file's bytes as they are kept: compressed with zlib."""
    return zlib.compress(data)


def unpacked(text: bytes) -> bytes:
    """Return a file as read from its compressed text.

    Raises zlib.error where that is damaged, or larger than a file that is read may be.
    """
    if not isinstance(text, bytes):
        raise zlib.error("its text is no compressed text")
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(text, MAX_RECORD_BYTES + 1)
    if len(data) > MAX_RECORD_BYTES:
        raise zlib.error(f"its text has more than {MAX_RECORD_BYTES:,} bytes")
    if not unpacking.eof:
        raise zlib.error("its text is cut off")
    return data


def trusted_time(mtime: int, walked_at: int) -> int | None:
    """Return the file's time, or None where it changed too shortly before it was read."""
    return mtime if mtime < walked_at - MTIME_GRANULARITY_NS else None
