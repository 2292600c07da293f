"""Makes the database to publish: a compact copy that can be opened as immutable.

The original is only read.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from ... import facet_index, schema
from ...errors import ArchiveError
from ...full_text import index
from ..database import as_archive_error, as_disk_error, is_database, require_archive
from ..relate.run import cannot_relate, relate
from ..relate.state import is_known_stale
from ..sources.store import SOURCES, sources_path
from .history import keep_history
from .subset import headlines, keep_only

_BESIDE = ("-journal", "-wal", "-shm")
_PART = ".newsfeed-prepare-"
"""Between the name of OUT and the number of the process that writes it."""

# How SQLite's files beside a database begin: https://www.sqlite.org/fileformat2.html for
# journal and write-ahead log, https://www.sqlite.org/walformat.html for the index of the latter.
_JOURNAL = bytes.fromhex("d9d505f920a163d7")
_LOGS = (
    _JOURNAL,
    *(bytes.fromhex(magic) for magic in ("377f0682", "377f0683")),
    (3_007_000).to_bytes(4, "little"),
    (3_007_000).to_bytes(4, "big"),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The database written: bytes, rows by table, and how much of it are copies of images."""

    size: int
    rows: dict[str, int]
    images_size: int


def prepare_archive(
    database: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    chosen: Collection[str] | None = None,
    headlines_only: bool = False,
    allow_stale: bool = False,
    with_history: bool = True,
    with_removed: bool = False,
) -> Prepared:
    """Write the database to publish, prove that it opens immutable, and describe it.

    chosen: the ids of the articles to publish, None for all. headlines_only: of these,
    no article of which its record says that another one leads the story. allow_stale:
    also where stories and similar articles are older than the articles. with_history: also what
    changed in the articles; with_removed: of that, also what was withdrawn or never published.

    Raises ArchiveError where DB is no news archive, nothing is left to publish, OUT
    is there already and `force` is not given or it is no database, OUT is DB or a file
    of it, or stories are stale and `allow_stale` is not.
    """
    source, target = Path(database), Path(out)
    if not source.exists():
        raise ArchiveError(str(source), "no such database")
    # Beside OUT until it is proved, so that a failed run leaves the old one.
    part = target.with_name(f"{target.name}{_PART}{os.getpid()}")
    try:
        _check_out(source, target, force)
        if chosen is None and not headlines_only and not allow_stale:
            _check_current(source)
        _remove_parts(target)
        histories = with_history, with_removed
        _write(source, part, chosen, headlines_only, allow_stale, histories)
        rows, images_size = _prove(part)
        # What a killed server left beside the old OUT would be replayed over the new one.
        for suffix in _BESIDE:
            _remove_log(Path(f"{target}{suffix}"))
        os.replace(part, target)
    except sqlite3.DatabaseError as error:
        # The original is only read: what cannot be written is OUT.
        raise as_disk_error(target, error) or as_archive_error(source, error) from error
    except OSError as error:
        raise ArchiveError(str(out), f"cannot be written: {error.strerror or error}") from error
    finally:
        for suffix in ("", *_BESIDE):
            with suppress(OSError):  # of a name that cannot be one it is said above
                Path(f"{part}{suffix}").unlink()
    return Prepared(target.stat().st_size, rows, images_size)


def _check_out(source: Path, target: Path, force: bool) -> None:
    """Raise ArchiveError where OUT belongs to a database, or must not be overwritten."""
    if _is_same(source, target):
        raise ArchiveError(str(target), "is the database itself; name another OUT")
    if owner := _owner(source, target):
        raise ArchiveError(str(target), f"belongs to {owner}; name another OUT")
    if not target.exists():
        return
    if not force:
        raise ArchiveError(str(target), "is there already; --force overwrites it")
    if not is_database(target):
        raise ArchiveError(str(target), "is no SQLite database; name another OUT")


def _owner(source: Path, target: Path) -> Path | None:
    """Return the database that OUT belongs to: as its DB-sources, or as a log of either."""
    real = Path(os.path.realpath(source))
    # Import and SQLite name these files by where a link to the database leads.
    for database in {source, real}:
        if any(_is_same(file, target) for file in _files_of(database)):
            return source
    # The same by name: of a hard link to the database, and of any other database.
    named = Path(os.path.realpath(target))
    for ending in (*_BESIDE, SOURCES):
        owner = Path(str(named).removesuffix(ending))
        if owner != named and owner.is_file() and is_database(owner):
            return owner
    return None


def _files_of(database: Path) -> Iterator[Path]:
    """Yield the paths of the files beside a database that belong to it, there or not."""
    sources = sources_path(database)
    yield sources
    for suffix in _BESIDE:
        yield Path(f"{database}{suffix}")
        yield Path(f"{sources}{suffix}")


def _is_same(file: Path, other: Path) -> bool:
    """Tell whether two paths are one file, by whatever links; also where it is not there yet."""
    if file.exists() and other.exists():
        return os.path.samefile(file, other)
    return os.path.realpath(file) == os.path.realpath(other)


def _remove_parts(target: Path) -> None:
    """Remove what earlier runs of this left behind that were killed."""
    endings = "|".join(_BESIDE)
    named = re.compile(rf"{re.escape(target.name + _PART)}([0-9]{{1,10}})(?:{endings})?")
    for left in target.parent.iterdir():
        match = named.fullmatch(left.name)
        if match and left.is_file() and not _is_running(int(match[1])):
            left.unlink(missing_ok=True)


def _remove_log(file: Path) -> None:
    """Remove a log of SQLite; refuse where a file of that name is something else."""
    try:
        with open(file, "rb") as stream:
            beginning = stream.read(len(_JOURNAL))
    except FileNotFoundError:
        return
    # A journal that ended has zeros, or nothing, at its beginning.
    if beginning.strip(b"\0") and not beginning.startswith(_LOGS):
        raise ArchiveError(
            str(file), "SQLite would take it for a part of OUT, and it is none; move it away"
        )
    file.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # somebody else's, but there
    return True


def _check_current(source: Path) -> None:
    """Raise ArchiveError where stories and similar articles are older than the articles."""
    if is_known_stale(sources_path(source)):
        raise ArchiveError(
            str(source),
            "its stories and similar articles are older than its articles; run newsfeed relate, "
            "or give --allow-stale",
        )


def _relate(db: Database, source: Path, allow_stale: bool) -> None:
    """Find the stories and similar articles of a part, or leave them out if that is allowed."""
    reason = cannot_relate(db)
    if reason is None:
        relate(db)
    elif not allow_stale:
        raise ArchiveError(str(source), f"{reason}; --allow-stale leaves stories out")


def _write(
    source: Path,
    part: Path,
    chosen: Collection[str] | None,
    headlines_only: bool,
    allow_stale: bool,
    histories: tuple[bool, bool],
) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as connection:
        require_archive(source, Database(connection))
        # VACUUM INTO copies what is committed, the write-ahead log included.
        connection.execute("VACUUM INTO ?", [str(part)])
    with closing(sqlite3.connect(part)) as connection:
        db = Database(connection)
        db.execute("PRAGMA journal_mode = DELETE")
        schema.create(db)
        if chosen is not None or headlines_only:
            kept = headlines(db) if headlines_only else set(chosen or ())
            kept = kept if chosen is None else kept.intersection(chosen)
            if not kept:
                raise ArchiveError(str(source), "has no such articles: nothing to publish")
            if keep_only(db, kept):
                _relate(db, source, allow_stale)
        with_history, with_removed = histories
        is_part = chosen is not None or headlines_only
        keep_history(db, with_history=with_history, with_removed=with_removed, is_part=is_part)
        # What readers see stays; when and how it was fetched is for who publishes.
        for name in {schema.IMAGE_FETCHES.name} & set(db.table_names()):
            db.execute(f"DELETE FROM {name}")
        # Full text refers to rows by number, and VACUUM may renumber them: so it is
        # emptied, the space given back, and built after that. So does the facet index.
        with db.atomic():
            index.empty(connection)
            facet_index.drop(connection)
        db.vacuum()
        with db.atomic():
            index.rebuild(connection)
            index.optimize(connection)
            facet_index.keep(connection)
        db.analyze()


def _prove(part: Path) -> tuple[dict[str, int], int]:
    """Open the copy as Datasette will, check it, count its rows and the bytes of its images."""
    uri = f"{part.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        db = Database(connection)
        for check in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {check}").fetchall()
            if found not in ([], [("ok",)]):
                raise ArchiveError(
                    str(part), f"{check} finds {len(found)} faults; import into a new database"
                )
        existing = set(db.table_names())
        rows = {t.name: db.table(t.name).count for t in schema.TABLES if t.name in existing}
        return rows, _images_size(db) if schema.IMAGE_RENDITIONS.name in existing else 0


def _images_size(db: Database) -> int:
    sql = f"SELECT coalesce(sum(length(content)), 0) FROM {schema.IMAGE_RENDITIONS.name}"
    return int(db.execute(sql).fetchone()[0])
