"""Opens an archive's database for writing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from .. import schema
from ..errors import ArchiveError, BusyError, DiskError, VersionError
from ..full_text import index

_MAGIC = b"SQLite format 3\0"

CACHE_KIB = 65_536
"""Memory for pages of a database that is written to. Keys of images are hashes, so a batch
touches pages all over their indexes; with SQLite's own 2 MB each would be read again."""


def check_archive(database: str | Path, shown: str | Path, *, is_one: bool = False) -> None:
    """Refuse a database before anything is made beside it; see `open_archive`.

    is_one: also one that is no news archive. It is opened to be written to: what a killed
    program left behind is put in order first.
    """
    if not os.path.exists(database):
        return
    db = _open(database, shown, check_only=True)
    with closing(db.conn):
        if is_one:
            require_archive(shown, db)


def require_archive(shown: str | Path, db: Database) -> None:
    """Raise ArchiveError where a database is no news archive, or cannot be read."""
    try:
        columns = {table.name: list(table.columns_dict) for table in db.tables}
    except sqlite3.DatabaseError as error:
        raise as_archive_error(shown, error) from error
    if not schema.is_archive(columns):
        raise ArchiveError(str(shown), "is no news archive; make one with `newsfeed import`")


def served_name(database: str | Path) -> str:
    """Return the name under which Datasette serves an archive: its file's, without suffix.

    Raises ArchiveError where the file is no news archive.
    """
    require_archive_file(database, database)
    return Path(database).stem


def require_archive_file(database: str | Path, shown: str | Path) -> None:
    """Raise ArchiveError where a file is not there or is no news archive; it is only read."""
    path = Path(database)
    if not path.exists():
        raise ArchiveError(str(shown), "no such database")
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        require_archive(shown, Database(connection))


def open_archive(database: str | Path, shown: str | Path | None = None) -> Database:
    """Open an archive to write to it, with its tables as this version has them.

    Errors call it `shown`, by default its path.

    Raises ArchiveError where the file is no database or holds other tables of the
    same names, VersionError where a newer version made it, BusyError where
    another program is writing to it.
    """
    return _open(database, shown or database, check_only=False)


def _open(database: str | Path, shown: str | Path, check_only: bool) -> Database:
    try:
        connection = sqlite3.connect(database, timeout=30)
    except sqlite3.OperationalError as error:
        raise ArchiveError(str(shown), f"{error}; is the folder there and writable?") from error
    db = Database(connection)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        _check_tables(shown, db)
        if version > schema.SCHEMA_VERSION and "articles" in db.table_names():
            raise VersionError(
                str(shown), "made by a newer datasette-newsfeed; upgrade with pip install -U"
            )
        if not check_only:
            schema.create(db)
            if not index.is_current(connection):
                # Other programs wrote to the articles, without knowing our terms.
                with transaction(db):
                    index.keep(connection)
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise as_archive_error(shown, error) from error
    except ArchiveError:
        connection.close()
        raise
    return db


def copy_database(original: str | Path, target: str | Path) -> None:
    """Make `target` what is committed of a database, which is only read."""
    uri = f"{Path(original).resolve().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=30)) as here,
            closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there)
    except sqlite3.DatabaseError as error:
        raise as_archive_error(original, error) from error


def header(database: str | Path) -> tuple[int, int]:
    """Return change counter and schema version of a database file; (0, 0) where it is none.

    Read from the file (https://www.sqlite.org/fileformat2.html#the_database_header),
    for no SQL tells the counter. To be called while this process has the database not
    open: closing a file takes SQLite's locks on it away.
    """
    try:
        with open(database, "rb") as stream:
            head = stream.read(100)
    except FileNotFoundError:
        return 0, 0
    except OSError as error:
        raise ArchiveError(str(database), f"cannot be read: {error.strerror}") from error
    if len(head) < 100 or not head.startswith(_MAGIC):
        return 0, 0
    return int.from_bytes(head[24:28], "big"), int.from_bytes(head[60:64], "big")


def is_database(path: str | Path) -> bool:
    """Tell whether a file begins as those of SQLite, or is empty, as a new one is.

    Raises ArchiveError where it cannot be read.
    """
    if not os.path.isfile(path):  # not to wait for a pipe
        return False
    try:
        with open(path, "rb") as stream:
            head = stream.read(len(_MAGIC))
    except OSError as error:
        raise ArchiveError(str(path), f"cannot be read: {error.strerror}") from error
    return head in (b"", _MAGIC)


def as_disk_error(database: str | Path, error: sqlite3.DatabaseError) -> ArchiveError | None:
    """Return what SQLite says of a disk or its permissions, None where it says something else.

    By the primary result code, see https://www.sqlite.org/rescode.html
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return DiskError(
            str(database), f"{error}; the disk is full or fails: make room, then run again"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ArchiveError(str(database), f"{error}; is it, and its folder, there and writable?")
    return None


def as_archive_error(database: str | Path, error: sqlite3.DatabaseError) -> ArchiveError:
    """Return what SQLite says of a database as an error that says what to do."""
    if "locked" in str(error):
        return BusyError(str(database), "another program is writing to it; wait until it ends")
    if fault := as_disk_error(database, error):
        return fault
    if isinstance(error, sqlite3.IntegrityError):
        return ArchiveError(
            str(database), f"{error}; its rows were changed by hand: import into a new database"
        )
    return ArchiveError(str(database), str(error))


def _check_tables(database: str | Path, db: Database) -> None:
    """Refuse a database whose tables of our names are not ours."""
    existing = set(db.table_names())
    for table in schema.TABLES:
        if table.name in existing:
            columns = {column.name for column in db.table(table.name).columns}
            missing = [name for name in table.first_column_names if name not in columns]
            if missing:
                raise ArchiveError(
                    str(database),
                    f"has another table named {table.name} (without {', '.join(missing)}); "
                    "import into a database of its own",
                )


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """A transaction that takes the right to write at once, and so cannot lose it later."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.commit()
