"""The images that a run of `newsfeed images` fetches, and the outcome of each.

The queue is a temporary table, so a run over a million images takes no more memory than one over
a thousand. The copies of an image and its outcome are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from ... import schema
from ...image_urls import absolute_url, has_scheme
from ..database import transaction
from . import renditions
from .base_url import base_of
from .renditions import Rendition

CACHE_KIB = 8_192
"""Memory for pages of the database."""

_WANTED = """
CREATE TEMP TABLE wanted (
  position INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  image_id TEXT NOT NULL,
  url TEXT NOT NULL,
  etag TEXT,
  last_modified TEXT
)
"""
_INDEX = "CREATE INDEX temp.idx_wanted_host ON wanted (host, position)"

# Logos first, they stand on every card; then images of articles, the newest first.
_CANDIDATES = """
WITH used (image_id, rank, published_at) AS (
  SELECT image_id, 0, '' FROM providers WHERE image_id IS NOT NULL
  UNION ALL
  SELECT article_images.image_id, 1, articles.published_at
    FROM article_images JOIN articles ON articles.id = article_images.article_id
  UNION ALL
  SELECT related_articles.image_id, 2, articles.published_at
    FROM related_articles JOIN articles ON articles.id = related_articles.article_id
    WHERE related_articles.image_id IS NOT NULL
),
ranked AS (
  SELECT image_id, min(rank) AS rank, max(published_at) AS published_at FROM used GROUP BY 1
)
SELECT images.id, images.url, image_fetches.url, image_fetches.outcome,
  image_fetches.fetched_at, image_fetches.etag, image_fetches.last_modified,
  EXISTS (SELECT 1 FROM image_renditions WHERE image_id = images.id)
FROM ranked JOIN images ON images.id = ranked.image_id
  LEFT JOIN image_fetches ON image_fetches.image_id = images.id
ORDER BY ranked.rank, ranked.published_at DESC, images.id
"""

_HOSTLESS = """
SELECT count(*) FROM images WHERE url LIKE '/%'
  AND NOT EXISTS (SELECT 1 FROM image_renditions WHERE image_id = images.id)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image to ask for; etag and last_modified only where a copy is stored already."""

    position: int
    image_id: str
    url: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one image. `copies` are None where those that are stored stay."""

    image_id: str
    url: str
    outcome: str
    copies: Sequence[Rendition] | None = None
    reason: str | None = None
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether the server said that the copy stored is still that of its image."""
        return self.outcome == "stored" and self.copies is None


class Fetches:
    """The fetches of one run, in the database of an archive."""

    def __init__(self, db: Database) -> None:
        self._db = db
        # Time goes into waiting for the web, not for the disk: no need of the memory of an import.
        db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")

    def data_version(self) -> int:
        """Return what is another number once anybody else has written to the database."""
        version: int = self._db.execute("PRAGMA data_version").fetchone()[0]
        return version

    def list_wanted(
        self, *, max_age: timedelta, only_missing: bool = False, limit: int | None = None
    ) -> int:
        """List the images to ask for, and return how many they are.

        Those never asked for, those that failed, and those asked for longer than
        `max_age` ago. An image that the import took from a file is left alone.
        """
        before = _time(datetime.now(UTC) - max_age)
        self._db.execute("DROP TABLE IF EXISTS temp.wanted")
        self._db.execute(_WANTED)
        base = base_of(self._db)
        reading = self._db.execute(_CANDIDATES)
        wanted = (
            row
            for candidate in reading
            if (row := _wanted(candidate, base, before, only_missing)) is not None
        )
        count = 0
        for row in islice(wanted, limit):
            self._db.execute(
                "INSERT INTO wanted (host, image_id, url, etag, last_modified) "
                "VALUES (?, ?, ?, ?, ?)",
                row,
            )
            count += 1
        reading.close()
        self._db.execute(_INDEX)
        self._db.commit()
        return count

    def count_hostless(self) -> int:
        """Return how many images cannot be asked for until the site they belong to is known."""
        if base_of(self._db):
            return 0
        return int(self._db.execute(_HOSTLESS).fetchone()[0])

    def hosts(self) -> Iterator[str]:
        """Yield the hosts of the list, that of its first image first."""
        rows = self._db.execute("SELECT host FROM wanted GROUP BY host ORDER BY min(position)")
        yield from (row[0] for row in rows.fetchall())

    def next_of(self, host: str, after: int, count: int) -> list[Wanted]:
        """Return the next images of a host behind a position."""
        rows = self._db.execute(
            "SELECT position, image_id, url, etag, last_modified FROM wanted "
            "WHERE host = ? AND position > ? ORDER BY position LIMIT ?",
            [host, after, count],
        )
        return [Wanted(*row) for row in rows]

    def write(self, batch: Sequence[Fetched]) -> None:
        """Store copies and outcomes. An image that an import took away meanwhile is passed over."""
        ids = [fetched.image_id for fetched in batch]
        with transaction(self._db):
            marks = ", ".join("?" * len(ids))
            rows = self._db.execute(f"SELECT id FROM images WHERE id IN ({marks})", ids)
            existing = {row[0] for row in rows}
            found = [fetched for fetched in batch if fetched.image_id in existing]
            renditions.store(
                self._db, {each.image_id: each.copies for each in found if each.copies}
            )
            now = _time(datetime.now(UTC))
            self._db.table(schema.IMAGE_FETCHES.name).upsert_all(
                [_row(fetched, now) for fetched in found], pk="image_id"
            )


def _wanted(
    candidate: Sequence[Any], base: str | None, before: str, only_missing: bool
) -> tuple[Any, ...] | None:
    image_id, written, asked, outcome, fetched_at, etag, last_modified, is_stored = candidate
    url = absolute_url(written, base)
    # Without a host it is a file of the archive; with copies and no fetch, one that was taken.
    if not has_scheme(url) or (is_stored and outcome is None and not has_scheme(written)):
        return None
    if is_stored and only_missing:
        return None
    if asked == url and outcome != "failed" and fetched_at > before:
        return None
    if not is_stored or asked != url:
        etag = last_modified = None
    return _host(url), image_id, url, etag, last_modified


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _row(fetched: Fetched, now: str) -> dict[str, Any]:
    return {
        "image_id": fetched.image_id,
        "url": fetched.url,
        "outcome": fetched.outcome,
        "reason": fetched.reason,
        "status": fetched.status,
        "fetched_at": now,
        "etag": fetched.etag,
        "last_modified": fetched.last_modified,
    }


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
