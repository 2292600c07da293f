"""Writes the files of DB-sources back into a folder, byte for byte."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import ArchiveError, ExportError
from .files import replace_file
from .sources.source_file import unpacked
from .sources.store import Sources, sources_path


@dataclass(slots=True)
class ExportReport:
    """How many files were written or are there already, and which were not."""

    written: int = 0
    unchanged: int = 0
    errors: list[ExportError] = field(default_factory=list)


def export_archive(
    database: str | Path,
    folder: str | Path,
    *,
    force: bool = False,
    on_error: Callable[[ExportError], None] = lambda error: None,
) -> ExportReport:
    """Write every file kept in DB-sources below `folder`, byte for byte.

    A file that differs is overwritten only by `force`. Nothing is written outside
    the folder, whatever a path holds and wherever links in the folder lead. Raises
    ArchiveError where there is nothing to export from.
    """
    database = os.path.realpath(database)
    if not sources_path(database).exists():
        raise ArchiveError(
            str(sources_path(database)),
            "not found; it holds the files as read and lies beside the database",
        )
    report = ExportReport()
    written: set[str] = set()
    with closing(Sources(database)) as sources:
        root = Path(os.path.realpath(folder))
        try:
            _make_folder(root)
        except OSError as error:
            raise ArchiveError(str(folder), f"cannot be made: {error.strerror}") from error
        for path, text in _texts(sources):
            try:
                if text is None:
                    raise ExportError(path, "its text was not kept (--without-text)")
                data = _unpacked(path, text)
                if path in written:
                    raise ExportError(path, "another file with this path was exported already")
                written.add(path)
                if _write(root, path, data, force):
                    report.written += 1
                else:
                    report.unchanged += 1
            except ExportError as error:
                report.errors.append(error)
                on_error(error)
    return report


def _texts(sources: Sources) -> Iterator[tuple[str, bytes | None]]:
    try:
        yield from sources.texts()
    except sqlite3.DatabaseError as error:
        raise sources.fault(error) from error


def _unpacked(path: str, text: bytes) -> bytes:
    try:
        return unpacked(text)
    except zlib.error as error:
        raise ExportError(path, f"is damaged in DB-sources: {error}") from error


def _write(root: Path, path: str, data: bytes, force: bool) -> bool:
    """Write one file; return False where it is there already, the same."""
    target = _target(root, path)
    try:
        if os.path.lexists(target):
            if target.is_symlink() or not target.is_file():
                raise ExportError(path, "there is something else of this name; move it away")
            if target.read_bytes() == data:
                return False
            if not force:
                raise ExportError(path, "the file there differs; --force overwrites it")
        _make_folder(target.parent)
        replace_file(target, data)
    except OSError as error:
        raise ExportError(path, f"cannot be written: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the name
        raise ExportError(path, f"is no file name: {error}") from error
    return True


def _target(root: Path, path: str) -> Path:
    """Return where a path lies below the root, or raise ExportError."""
    parts = PurePosixPath(path).parts
    unsafe = (
        not parts
        or PurePosixPath(path).is_absolute()
        or ".." in parts
        or "\0" in path
        # What other systems take for a drive or a separator.
        or (os.name == "nt" and any(c in path for c in ':\\<>"|?*'))
    )
    if unsafe:
        raise ExportError(path, "leads outside the folder; not written")
    target = root.joinpath(*parts)
    # Links inside the folder may lead out of it.
    if not Path(os.path.realpath(target.parent)).is_relative_to(root):
        raise ExportError(path, "a link leads outside the folder; not written")
    return target


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, however many: `Path.mkdir` and `os.makedirs` recurse."""
    missing: list[str] = []
    place = str(folder)
    while not os.path.isdir(place):
        missing.append(place)
        above = os.path.dirname(place)
        if above == place:
            break
        place = above
    for each in reversed(missing):
        os.mkdir(each)
