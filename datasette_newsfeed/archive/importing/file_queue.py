"""The files of one run: found, still to be read, and the outcome of each.

They are kept in a temporary table of DB-sources, so that a run over a million files takes no more
memory than one over a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ...many_rows import write_rows
from ..files import File

if TYPE_CHECKING:
    from ..sources.store import Sources

_FOUND = """
CREATE TEMP TABLE found (
  file TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime INTEGER NOT NULL,
  site TEXT NOT NULL,     -- fingerprint of the site that it belongs to
  outcome TEXT            -- null: still to be read
) WITHOUT ROWID
"""

# The order of reading, made once it is known what is to be read: without it, each batch
# would look at all files.
_TO_READ = "CREATE INDEX temp.to_read ON found (path, file) WHERE outcome IS NULL"

_NEXT = """
SELECT file, path, size, mtime FROM found
WHERE outcome IS NULL AND (path, file) > (?, ?) ORDER BY path, file LIMIT ?
"""


class FoundFiles:
    """The files of this run, in the connection of DB-sources."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._db = sources.db
        self._db.execute(_FOUND)

    def add(self, files: Iterable[tuple[File, str]]) -> None:
        """Remember the files that a run has found, with the fingerprints of their sites."""
        with self._db.atomic():
            write_rows(
                self._db.conn,
                "INSERT OR IGNORE INTO found (file, path, size, mtime, site) VALUES {values}",
                (
                    (self._sources.name_of(f.file), f.path, f.size, f.mtime, site)
                    for f, site in files
                ),
            )

    def mark_unchanged(self, schema_version: int) -> None:
        """Settle the files of this run that have the size and time they had."""
        with self._db.atomic():
            self._db.execute(
                """
                UPDATE found SET outcome = 'unchanged' WHERE EXISTS (
                  SELECT 1 FROM sources
                  WHERE sources.file = found.file AND sources.size = found.size
                    AND sources.mtime = found.mtime AND sources.sha256 IS NOT NULL
                    AND sources.schema_version = :version
                    AND coalesce(sources.site, '') = found.site
                    AND (sources.text IS NOT NULL OR NOT :keeps_text)
                )
                """,
                {"version": schema_version, "keeps_text": self._sources.keeps_text},
            )
            if not self._sources.keeps_text:
                self._db.execute(
                    "UPDATE sources SET text = NULL "
                    "WHERE text IS NOT NULL AND file IN (SELECT file FROM found)"
                )
            self._db.execute(_TO_READ)

    def to_read(self) -> tuple[int, int]:
        """Return how many files of this run are still to be read, and their bytes."""
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM found WHERE outcome IS NULL"
        ).fetchone()
        return row[0], row[1]

    def batches(self, limit: int, most_bytes: int) -> Iterator[list[File]]:
        """Yield the files to read, by path, so that the first of two ids wins.

        At most `limit` files at once, and not many more than `most_bytes`, but one at least.
        """
        last = File("", "", 0, 0)
        while True:
            files: list[File] = []
            total = 0
            after = [last.path, last.file and self._sources.name_of(last.file), limit]
            for name, path, size, mtime in self._db.execute(_NEXT, after):
                last = File(self._sources.file_of(name), path, size, mtime)
                files.append(last)
                total += size
                if total >= most_bytes:
                    break
            if not files:
                return
            yield files

    def note(self, outcomes: Mapping[str, str]) -> None:
        """Remember what became of files, by file."""
        name_of = self._sources.name_of
        with self._db.atomic():
            self._db.conn.executemany(
                "UPDATE found SET outcome = ? WHERE file = ?",
                ((outcome, name_of(file)) for file, outcome in outcomes.items()),
            )

    def counts(self) -> dict[str, int]:
        """Return how many files of this run came out how."""
        return dict(
            self._db.execute("SELECT outcome, count(*) FROM found GROUP BY outcome").fetchall()
        )

    def outcome_of(self, file: str) -> tuple[bool, str | None]:
        """Return whether this run has found a file, and what became of it so far."""
        row = self._db.execute(
            "SELECT outcome FROM found WHERE file = ?", [self._sources.name_of(file)]
        ).fetchone()
        return (False, None) if row is None else (True, row[0])
