"""One source file: what is known of it from an earlier run, and what a run has read.

A process that only parses files imports this, so it imports nothing that writes a database.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from .references import NOTHING_SAID, Facts

FRESH_NS = 2_000_000_000
"""A file changed less than this before it was read may change again unseen: file
systems keep time in steps (FAT: two seconds). Its time is not trusted yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a file from an earlier run."""

    id: int
    file: str | None
    path: str | None
    sha256: str | None
    article_id: str | None
    schema_version: int | None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: what is to be remembered of it.

    `text` is the whole file, `packed()`, or None where it is not to be kept.
    """

    file: str
    path: str
    size: int
    mtime: int | None
    sha256: str
    article_id: str | None
    text: bytes | None
    facts: Facts = NOTHING_SAID
    site: str = ""


def fingerprint(data: bytes) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def packed(data: bytes) -> bytes:
    """Return a file's bytes as they are kept: compressed with zlib."""
    return zlib.compress(data)


def unpacked(text: bytes) -> bytes:
    """Return a file as read from its compressed text; raises zlib.error where that is damaged."""
    return zlib.decompress(text)


def trusted_time(mtime: int, walked_at: int) -> int | None:
    """Return the file's time, or None where it changed too shortly before it was read."""
    return mtime if mtime < walked_at - FRESH_NS else None
