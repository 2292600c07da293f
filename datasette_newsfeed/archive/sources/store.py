"""DB-sources: the files as they were read, with the size, time and hash of each.

It makes imports incremental and exports exact, and is the only place that holds `secured`. The
table `found` is temporary: the files of the current run.

After a crash it may lag behind the archive, but is never ahead of it: the fingerprint of a file
is deleted before its rows change, and written after they are committed.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ...errors import ArchiveError, BusyError, VersionError
from ...many_rows import write_rows
from ..database import CACHE_KIB, as_archive_error, as_disk_error
from ..files import File, outermost, path_below, relative, relative_folder, root_of
from .image_files import TAKEN_SCHEMA, TakenImages
from .references import FACTS_SCHEMA, FactBook, Facts
from .source_file import ParsedFile, StoredFile, trusted_time, unpacked

SOURCES_VERSION = 2

SOURCES = "-sources"
"""The suffix that makes the name of DB-sources from that of its database."""

_SCHEMA = """
CREATE TABLE state (change_counter INTEGER NOT NULL);
INSERT INTO state VALUES (0);
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  file TEXT UNIQUE,       -- relative to the folder of this database; null: not known (any more)
  path TEXT,              -- below its root
  size INTEGER,           -- bytes
  mtime INTEGER,          -- nanoseconds since 1970; null: too fresh to be trusted
  sha256 TEXT,            -- null: to be read again
  schema_version INTEGER, -- of the tables that it was read into
  article_id TEXT,        -- null: names a provider
  text BLOB,              -- the whole file as read, compressed with zlib
  site TEXT               -- fingerprint of what its site and the user say of it
);
CREATE INDEX idx_sources_article_id ON sources (article_id);
CREATE TABLE roots (folder TEXT PRIMARY KEY) WITHOUT ROWID; -- relative to that of this database
"""

# From version 1 to 2. What the tables then lack comes with the files, which are all read again.
_TO_VERSION_2 = """
CREATE TABLE roots (folder TEXT PRIMARY KEY) WITHOUT ROWID;
ALTER TABLE sources ADD COLUMN site TEXT;
ALTER TABLE image_uses ADD COLUMN url TEXT;
CREATE INDEX idx_image_uses_url ON image_uses (image_id, url) WHERE url IS NOT NULL;
ALTER TABLE image_files ADD COLUMN rendering TEXT NOT NULL DEFAULT '';
"""


def sources_path(database: str | Path) -> Path:
    """Return the path of DB-sources: `news.db-sources` beside `news.db`."""
    return Path(f"{database}{SOURCES}")


class Sources:
    """DB-sources, open for one program at a time."""

    def __init__(
        self,
        database: str | Path,
        *,
        folder: str | None = None,
        keep_text: bool = True,
        shown: str | Path | None = None,
    ) -> None:
        """Open or create it, and hold it until closed.

        Files are named relative to `folder`, by default that of the database; errors
        call this one `shown`, by default its path.
        Raises BusyError where another import or export holds it, VersionError
        where a newer version made it, ArchiveError where it is something else.
        """
        self.path = sources_path(database)
        self._shown = str(shown or self.path)
        self.folder = folder or os.path.realpath(self.path.parent)
        self.keeps_text = keep_text
        self.db = Database(_open(self.path))
        self.facts = FactBook(self.db)
        self.taken = TakenImages(self.db)
        try:
            # Held until closed: of two importers the second is told to wait.
            self.db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.db.execute("PRAGMA foreign_keys = ON")
            self.db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            # What is given up (a text no longer kept) is gone from the file, too.
            self.db.execute("PRAGMA secure_delete = ON")
            self.db.execute("BEGIN EXCLUSIVE")
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version > SOURCES_VERSION:
                raise VersionError(
                    self._shown,
                    "made by a newer datasette-newsfeed; upgrade with pip install -U",
                )
            self.is_new = version == 0
            if self.is_new:
                if self.db.table_names():
                    raise ArchiveError(self._shown, "is no DB-sources; move it away")
                self._run(_SCHEMA + FACTS_SCHEMA + TAKEN_SCHEMA)
            elif not {"sources", "state"} <= set(self.db.table_names()):
                raise ArchiveError(self._shown, "is no DB-sources; move it away")
            elif version == 1:
                self._run(_TO_VERSION_2)
                self._note_roots(self._roots_of_sources())
            if version < SOURCES_VERSION:
                self.db.execute(f"PRAGMA user_version = {SOURCES_VERSION}")
            self.db.commit()
        except sqlite3.DatabaseError as error:
            self.close()
            raise self.fault(error) from error
        except ArchiveError:
            self.close()
            raise

    def _run(self, statements: str) -> None:
        # One by one: `executescript` would commit.
        for statement in re.sub(r"--.*", "", statements).split(";"):
            if statement.strip():
                self.db.execute(statement)

    def fault(self, error: sqlite3.DatabaseError) -> ArchiveError:
        """Return what SQLite says of this file as an error that says what to do."""
        if "locked" in str(error):
            return BusyError(self._shown, "another import or export is running; wait until it ends")
        return as_disk_error(self._shown, error) or ArchiveError(
            self._shown, f"{error}; move it away, the next import makes it anew"
        )

    def is_damaged(self) -> bool:
        """Tell whether this file, and not the archive, is what SQLite cannot read."""
        try:
            return bool(self.db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        except sqlite3.DatabaseError:
            return True

    def close(self) -> None:
        """Let it go; what is not committed is undone."""
        self.db.conn.close()

    # Names

    def name_of(self, file: str) -> str:
        """Return how this database calls a file: relative to its own folder."""
        return relative(file, self.folder)

    def file_of(self, name: str) -> str:
        """Return the file that this database calls by that name. Raises ArchiveError for none."""
        if not isinstance(name, str):
            raise ArchiveError(
                self._shown, "is damaged; move it away, the next import makes it anew"
            )
        return os.path.normpath(os.path.join(self.folder, name))

    # Roots

    def roots(self) -> list[str]:
        """Return the outermost folders that were imported so far."""
        rows = self.db.execute("SELECT folder FROM roots").fetchall()
        return sorted(self.file_of(row[0]) for row in rows)

    def add_roots(self, folders: Iterable[str]) -> None:
        """Remember folders as roots; one inside another is part of that one.

        Files below a root that is part of another one now get their path below that, and are
        to be read again: keys come from paths.
        """
        before = self.roots()
        after = outermost([*before, *folders])
        if after != before:
            with self.db.atomic():
                self._note_roots(after)

    def forget_roots(self) -> None:
        """Forget the roots below which no file is known."""
        used = {root_of(self.file_of(row[0]), self.roots()) for row in self._files()}
        with self.db.atomic():
            self._note_roots([root for root in self.roots() if root in used])

    def _files(self) -> Iterator[tuple[str, int, str]]:
        yield from self.db.execute("SELECT file, id, path FROM sources WHERE file IS NOT NULL")

    def _note_roots(self, roots: Iterable[str]) -> None:
        roots = outermost(roots)
        self.db.execute("DELETE FROM roots")
        self.db.conn.executemany(
            "INSERT INTO roots VALUES (?)",
            ((relative_folder(root, self.folder) or root,) for root in roots),
        )
        moved = []
        for name, source, path in self._files():
            file = self.file_of(name)
            root = root_of(file, roots)
            below = path if root is None else path_below(file, root)
            if below != path:
                moved.append((below, source))
        self.db.conn.executemany(
            "UPDATE sources SET path = ?, schema_version = 0 WHERE id = ?", moved
        )

    def _roots_of_sources(self) -> list[str]:
        """Return the folders that were imported, as the paths of version 1 tell."""
        found = set()
        for name, _, path in self._files():
            root = self.file_of(name).removesuffix(path.replace("/", os.sep))
            found.add(root.rstrip(os.sep) or os.sep)
        return outermost(found)

    # What is known

    def known_below(self, file: str) -> Iterator[str]:
        """Yield the known files at or below a path."""
        start = relative_folder(file, self.folder) or file
        if start.strip("./"):
            names: Iterable[Sequence[Any]] = self.db.execute(
                "SELECT file FROM sources "
                "WHERE file = ?1 OR (file >= ?1 || '/' AND file < ?1 || '0')",
                [start],
            )
        else:  # this folder or one above, by which no name of a file begins
            names = self._files()
        for row in names:
            known = self.file_of(row[0])
            if root_of(known, [file]):
                yield known

    def is_as_known(self, file: File, schema_version: int, site: str) -> bool:
        """Tell whether a file was read as a record, and has the size, time and site of then."""
        return bool(
            self.db.execute(
                "SELECT 1 FROM sources WHERE file = ? AND size = ? AND mtime = ? "
                "AND sha256 IS NOT NULL AND schema_version = ? AND coalesce(site, '') = ?",
                [self.name_of(file.file), file.size, file.mtime, schema_version, site],
            ).fetchone()
        )

    def missing(self) -> Iterator[StoredFile]:
        """Yield the known files that this run has not found."""
        yield from self._sources(
            "WHERE file IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM found WHERE found.file = sources.file) ORDER BY id"
        )

    def by_file(self, files: Iterable[str]) -> dict[str, StoredFile]:
        """Return the known ones of these files."""
        found = self._in("file", [self.name_of(file) for file in files])
        return {stored.file: stored for stored in found if stored.file is not None}

    def by_article(self, article_ids: Sequence[str]) -> dict[str, list[StoredFile]]:
        """Return the files that hold these ids: one each, but after an interrupted run."""
        holders: dict[str, list[StoredFile]] = {}
        for source in self._in("article_id", article_ids):
            holders.setdefault(source.article_id or "", []).append(source)
        return holders

    def organizations(self, domains: Sequence[str]) -> list[StoredFile]:
        """Return the organization records of these domains."""
        return self._in("id", self.facts.organizations(domains))

    def outdated(
        self, schema_version: int, after: int, limit: int
    ) -> list[tuple[StoredFile, bytes | None]]:
        """Return files of another schema that this run has not found, with their text.

        `after` is the id of the last one seen; a text that is damaged is None.
        """
        rows = self.db.execute(
            "SELECT id, file, path, sha256, article_id, schema_version, site, text FROM sources "
            "WHERE schema_version != ? AND text IS NOT NULL AND id > ? AND NOT EXISTS "
            "(SELECT 1 FROM found WHERE found.file = sources.file) ORDER BY id LIMIT ?",
            [schema_version, after, limit],
        ).fetchall()
        return [(self._stored(*row[:7]), _unpacked(row[7])) for row in rows]

    def was_interrupted(self) -> bool:
        """Tell whether a file was left distrusted: by a run that did not end."""
        return bool(
            self.db.execute(
                "SELECT 1 FROM sources WHERE sha256 IS NULL AND file IS NOT NULL LIMIT 1"
            ).fetchone()
        )

    def compare(self, article_ids: Iterable[str]) -> tuple[list[str], bool]:
        """Return the articles that no file here holds, and whether every trusted file
        has its article."""
        with self.db.atomic():
            self.db.execute("CREATE TEMP TABLE IF NOT EXISTS stored (id TEXT PRIMARY KEY)")
            self.db.execute("DELETE FROM stored")
            self.db.conn.executemany("INSERT INTO stored VALUES (?)", ((i,) for i in article_ids))
        unknown = self.db.execute(
            "SELECT id FROM stored WHERE id NOT IN "
            "(SELECT article_id FROM sources WHERE article_id IS NOT NULL) ORDER BY id"
        ).fetchall()
        astray = self.db.execute(
            "SELECT 1 FROM sources WHERE sha256 IS NOT NULL AND article_id IS NOT NULL "
            "AND article_id NOT IN stored LIMIT 1"
        ).fetchone()
        return [row[0] for row in unknown], astray is None

    def texts(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield path and compressed text of each file; None where it was not kept.

        `unpacked()` makes it the whole file again.
        """
        yield from self.db.execute(
            "SELECT path, text FROM sources "
            "WHERE path IS NOT NULL AND (text IS NOT NULL OR sha256 IS NOT NULL) ORDER BY path, id"
        )

    def _in(self, column: str, values: Sequence[str] | Sequence[int]) -> list[StoredFile]:
        found: list[StoredFile] = []
        for start in range(0, len(values), 500):
            some = values[start : start + 500]
            marks = ", ".join("?" * len(some))
            found.extend(self._sources(f"WHERE {column} IN ({marks})", some))
        return found

    def _sources(
        self, where: str, values: Sequence[str] | Sequence[int] = ()
    ) -> Iterator[StoredFile]:
        for row in self.db.execute(
            f"SELECT id, file, path, sha256, article_id, schema_version, site FROM sources {where}",
            list(values),
        ):
            yield self._stored(*row)

    def _stored(self, id: int, name: str | None, *rest: Any) -> StoredFile:
        return StoredFile(id, None if name is None else self.file_of(name), *rest)

    # What is remembered

    def adopt(self, rows: Iterable[tuple[str | None, Facts]]) -> None:
        """Take in what the rows tell of files that are not known: (article_id, facts)."""
        for article_id, facts in rows:
            cursor = self.db.execute("INSERT INTO sources (article_id) VALUES (?)", [article_id])
            self.facts.write([(int(cursor.lastrowid or 0), facts)])

    def invalidate(self, parsed: Sequence[ParsedFile], removed: Sequence[StoredFile]) -> None:
        """Commit that these files are to be read again, before their rows change."""
        with self.db.atomic():
            write_rows(
                self.db.conn,
                "INSERT INTO sources (file, path, article_id) VALUES {values} "
                "ON CONFLICT (file) DO UPDATE SET sha256 = NULL, size = NULL, mtime = NULL",
                ((self.name_of(p.file.file), p.file.path, p.article_id) for p in parsed),
            )
            self.db.conn.executemany(
                "UPDATE sources SET sha256 = NULL, size = NULL, mtime = NULL WHERE id = ?",
                ((stored.id,) for stored in removed),
            )

    def invalidate_all(self) -> None:
        """Commit that every file is to be read again."""
        with self.db.atomic():
            self.db.execute("UPDATE sources SET sha256 = NULL, size = NULL, mtime = NULL")
            # What was learnt from rows is learnt from them again.
            self.db.execute("DELETE FROM sources WHERE file IS NULL")

    def change_counter(self) -> int:
        """Return SQLite's change counter of the archive as the last run left it."""
        counter = self.db.execute("SELECT change_counter FROM state").fetchone()[0]
        # Of a damaged file: then all is read again, as after a change by another program.
        return counter if isinstance(counter, int) else 2**63

    def note_change_counter(self, counter: int) -> None:
        """Remember how a run leaves the archive."""
        with self.db.atomic():
            self.db.execute("UPDATE state SET change_counter = ?", [counter])

    def keep_text(self, parsed: Iterable[ParsedFile]) -> None:
        """Keep the text of files that were read before without keeping it."""
        if self.keeps_text:
            with self.db.atomic():
                self.db.conn.executemany(
                    "UPDATE sources SET text = ? WHERE file = ? AND text IS NULL",
                    ((p.text, self.name_of(p.file.file)) for p in parsed),
                )

    def touch(self, files: Sequence[File], walked_at: int) -> None:
        """Remember the new time of files that did not change otherwise."""
        with self.db.atomic():
            self.db.conn.executemany(
                "UPDATE sources SET size = ?, mtime = ? WHERE file = ?",
                ((f.size, trusted_time(f.mtime, walked_at), self.name_of(f.file)) for f in files),
            )

    def write(
        self, parsed: Sequence[ParsedFile], removed: Sequence[StoredFile], schema_version: int
    ) -> None:
        """Write files and facts into the open transaction; the caller commits."""
        self.db.conn.executemany(
            "DELETE FROM sources WHERE id = ?", ((stored.id,) for stored in removed)
        )
        self.db.conn.executemany(
            "UPDATE sources SET path = ?2, size = ?3, "
            "mtime = ?4, sha256 = ?5, schema_version = ?6, article_id = ?7, text = ?8, site = ?9 "
            "WHERE file = ?1",
            (
                (
                    self.name_of(p.file.file),
                    p.file.path,
                    p.file.size,
                    p.mtime,
                    p.sha256,
                    schema_version,
                    p.article_id,
                    p.text if self.keeps_text else None,
                    p.site,
                )
                for p in parsed
            ),
        )
        known = self.by_file(p.file.file for p in parsed)
        self.facts.write([(known[p.file.file].id, p.references) for p in parsed])


@contextmanager
def faults(sources: Sources, archive: str | Path) -> Iterator[None]:
    """Say of which of the two files SQLite complains, the archive or its DB-sources."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if sources.is_damaged():
            raise sources.fault(error) from error
        raise as_archive_error(archive, error) from error


def _unpacked(text: bytes) -> bytes | None:
    try:
        return unpacked(text)
    except zlib.error:
        return None


def _close_to_others(path: Path) -> None:
    """Let nobody but the owner read a file, which is made if it is not there.

    What cannot be done, as for a file of somebody else, is left to SQLite to say.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with suppress(OSError):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & 0o077:
            os.chmod(path, mode & ~0o077)


def _open(path: Path) -> sqlite3.Connection:
    # SQLite gives its journal the mode of the file.
    _close_to_others(path)
    try:
        return sqlite3.connect(path, timeout=5)
    except sqlite3.OperationalError as error:
        raise ArchiveError(str(path), f"{error}; is the folder there and writable?") from error
