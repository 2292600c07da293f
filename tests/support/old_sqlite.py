"""The SQLite of the image that `datasette publish cloudrun` builds: 3.34, as Debian compiles it.

`python tests/support/old_sqlite.py` gets its source (npm's better-sqlite3 7.1.2 carries it),
compiles it into build/, once, and prints the library. Preloaded, it takes the place
of the SQLite that Python was linked to. Knows neither Datasette nor this project.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "3.34.0"
PACKAGE = "better-sqlite3@7.1.2"
SOURCE = "package/deps/sqlite3.tar.gz"
LIBRARY = ROOT / "build" / "sqlite" / f"libsqlite3-{VERSION}.so"
DOWNLOAD_SECONDS, COMPILE_SECONDS = 120, 300
# Debian bullseye's sqlite3 is 3.34.1, built with these (its debian/rules and configure).
OPTIONS = (
    "SQLITE_ENABLE_COLUMN_METADATA",
    "SQLITE_ENABLE_DBSTAT_VTAB",
    "SQLITE_ENABLE_FTS3",
    "SQLITE_ENABLE_FTS3_PARENTHESIS",
    "SQLITE_ENABLE_FTS3_TOKENIZER",
    "SQLITE_ENABLE_FTS4",
    "SQLITE_ENABLE_FTS5",
    "SQLITE_ENABLE_JSON1",
    "SQLITE_ENABLE_LOAD_EXTENSION",
    "SQLITE_ENABLE_PREUPDATE_HOOK",
    "SQLITE_ENABLE_RTREE",
    "SQLITE_ENABLE_SESSION",
    "SQLITE_ENABLE_STMTVTAB",
    "SQLITE_ENABLE_UNLOCK_NOTIFY",
    "SQLITE_ENABLE_UPDATE_DELETE_LIMIT",
    "SQLITE_LIKE_DOESNT_MATCH_BLOBS",
    "SQLITE_MAX_SCHEMA_RETRY=25",
    "SQLITE_MAX_VARIABLE_NUMBER=250000",
    "SQLITE_OMIT_LOOKASIDE",
    "SQLITE_SECURE_DELETE",
    "SQLITE_SOUNDEX",
    "SQLITE_THREADSAFE=1",
    "SQLITE_USE_URI",
)


class NotHere(Exception):
    """This machine cannot make the library; the text says what it lacks."""


def get_library() -> Path:
    """Return the path of the library, compiled now if it was not before. Raises NotHere."""
    if LIBRARY.exists():
        return LIBRARY
    if sys.platform != "linux":
        raise NotHere("a library can be preloaded on Linux only")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise NotHere("no gcc to compile SQLite with")
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    with (
        (LIBRARY.parent / "lock").open("w") as lock,
        tempfile.TemporaryDirectory(dir=LIBRARY.parent) as name,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if LIBRARY.exists():  # by now: another process was compiling it
            return LIBRARY
        folder = Path(name)
        _get_source(folder)
        made = folder / LIBRARY.name
        command = [compiler, "-shared", "-fPIC", "-O1", "-w", *(f"-D{each}" for each in OPTIONS)]
        _run([*command, "-o", made, folder / "sqlite3.c", "-lm", "-ldl", "-lpthread"], folder)
        os.replace(made, LIBRARY)
    return LIBRARY


def _get_source(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NotHere(f"no npm to get SQLite's source with (it is inside {PACKAGE})")
    _run([npm, "pack", "--silent", PACKAGE], folder)
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as outer, tarfile.open(fileobj=outer.extractfile(SOURCE)) as inner:
        inner.extract(inner.getmember("sqlite3.c"), folder, filter="data")


def _run(command: list[str | Path], folder: Path) -> None:
    limit = DOWNLOAD_SECONDS if "pack" in command else COMPILE_SECONDS
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"{command[0]} took more than {limit} seconds") from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no word why"]
        raise NotHere(f"{Path(command[0]).name} failed: {last[0]}")


if __name__ == "__main__":
    try:
        print(get_library())
    except NotHere as error:
        sys.exit(f"No SQLite {VERSION}: {error}")
