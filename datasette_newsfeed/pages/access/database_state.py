"""Whether a database has changed since: what answers made of it are kept by.

SQLite tells a connection of every commit of any other connection or process
(`PRAGMA data_version`, https://www.sqlite.org/pragma.html#pragma_data_version). One connection for
each file asks for nothing else. What the file system says of the file and its write-ahead log is
part of the state: a file that was put in the place of another is noticed by that.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .. import compat
from ..protocols import DatasetteLike

State = tuple[tuple[int, ...], ...]
"""Compares equal as long as none of the databases has changed."""

IMMUTABLE = (0,)


class FileState:
    """The state of one file, read on a connection of its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def read(self) -> tuple[int, ...] | None:
        """Return the state; None if it cannot be told, as of a file that is locked or damaged.

        It is None for good once another file has this name: Datasette's connections may still
        read the first.
        """
        try:
            status = os.stat(self._path)
            file = (status.st_dev, status.st_ino)
            if self._file is None:
                self._file = file
            if self._file != file:
                return None
            return (self._version(), status.st_mtime_ns, status.st_size, *self._log())
        except (OSError, sqlite3.Error):
            return None

    def _log(self) -> tuple[int, ...]:
        try:
            status = os.stat(f"{self._path}-wal")
        except FileNotFoundError:
            return ()
        return (status.st_mtime_ns, status.st_size)

    def _version(self) -> int:
        if self._connection is None:
            # Never waits: this is asked on the event loop.
            self._connection = sqlite3.connect(
                f"{Path(self._path).absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=0,
                isolation_level=None,
                check_same_thread=False,
            )
            weakref.finalize(self, self._connection.close)
        # All rows: only then the read lock is given back.
        ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
        return int(version)


class DatabaseStates:
    """The states of a site's databases."""

    def __init__(self) -> None:
        self._files: dict[str, FileState] = {}

    def read(self, datasette: DatasetteLike, names: Iterable[str]) -> State | None:
        """Return the state of what answers of these databases are made of; None if unknown.

        On Datasette 1.0 that is also its internal database, which holds metadata and what plugins
        grant.
        """
        databases = datasette.databases
        state = []
        for name in names:
            db = databases.get(name)
            if db is None or db.path is None:
                return None
            found = self._of_file(db.path) if db.path and db.is_mutable else IMMUTABLE
            if found is None:
                return None
            state.append(found)
        internal = compat.internal_path(datasette)
        if internal is not None:
            found = self._of_file(internal)
            if found is None:
                return None
            state.append(found)
        return tuple(state)

    def _of_file(self, path: str) -> tuple[int, ...] | None:
        key = str(path)
        if key not in self._files:
            self._files[key] = FileState(key)
        return self._files[key].read()


def is_settled(datasette: DatasetteLike, names: Iterable[str]) -> bool:
    """Return whether no database has changed in the last seconds.

    For that time Datasette 1.0 may not know of a new table, and feeds do not say when they changed.
    """
    return all(
        not datasette.databases[name].is_mutable or changed_at(datasette, name) is not None
        for name in names
    )


def file_state(db: Any) -> object:
    """Return a value that changes when the file does; None if there is no file."""
    if db.path is None:
        return None
    return _state_of_files(db) if db.is_mutable else ("immutable", db.path)


def _state_of_files(db: Any) -> tuple[tuple[int, int] | None, ...]:
    states: list[tuple[int, int] | None] = []
    for path in (db.path, f"{db.path}-wal") if db.path else ():
        try:
            status = os.stat(path)
        except FileNotFoundError:
            states.append(None)
        else:
            states.append((status.st_mtime_ns, status.st_size))
    return tuple(states)


def changed_at(datasette: DatasetteLike, database: str) -> datetime | None:
    """Return when a database's file changed, None if there is none or it changes just now."""
    states = _state_of_files(datasette.get_database(database))
    latest = max((mtime for mtime, _ in filter(None, states)), default=None)
    if latest is None:
        return None
    # To the second, as headers have it; a second that goes on says nothing yet.
    changed = datetime.fromtimestamp(latest // 1_000_000_000, UTC)
    return changed if changed < datetime.now(UTC) - timedelta(seconds=2) else None
