"""Lists the record files below the paths given.

A folder is walked once, however many links lead to it. A folder that cannot be read is reported,
so that its files are not taken for deleted.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import RecordError

MAX_RECORD_BYTES = 10_000_000
"""The largest file that is read. The largest real record seen has 20 kB."""

SUFFIXES = (".md", ".markdown", ".mdx", ".rst", ".html")

LEADS_OUT = "a link that leads out of the PATH given; --follow-links follows it"

APPLE_DOUBLE = "._"
"""How the names begin of the files in which macOS keeps attributes of others, on disks and in
archives that have no place for them: `._x.md` of `x.md`. They hold no text."""


@dataclass(frozen=True, slots=True)
class File:
    """A record file: where it lies, its path below its root, size and time.

    `mtime` is in nanoseconds since 1970.
    """

    file: str
    path: str
    size: int
    mtime: int


def suffixes_below(paths: Iterable[str | Path], at_most: int = 100_000) -> dict[str, int]:
    """Return how many files of each suffix are below some paths, the most frequent first.

    Looks at so many files `at_most`.
    """
    counts: Counter[str] = Counter()
    for path in paths:
        for folder, _, names in os.walk(path):
            counts.update(Path(name).suffix.lower() or "without suffix" for name in names)
            if counts.total() > at_most or not folder:
                break
    return dict(counts.most_common(8))


class Folders:
    """The files below some paths.

    After `files()` is exhausted, `unread` names the folders that could not be
    read: nothing may be concluded from the absence of a file below them.
    """

    def __init__(
        self,
        paths: Iterable[str | Path],
        report: Callable[[RecordError], None],
        known: Iterable[str] = (),
        follow_links: bool = False,
    ) -> None:
        """`known` are the roots of earlier runs: a path inside one is part of it.

        A link that leads out of all the paths is reported, and only taken by `follow_links`.
        """
        self._report = report
        self.follow_links = follow_links
        self._seen: set[tuple[int, int]] = set()
        typed = {os.path.realpath(path): os.fspath(path) for path in paths}
        self.roots = outermost(typed)
        # The root of a file given by itself is its folder.
        folders = [root for root in self.roots if os.path.isdir(root)]
        folders += [os.path.dirname(root) for root in self.roots if os.path.isfile(root)]
        self.bases = outermost([*known, *folders])
        self._typed = {root: typed[root] for root in self.roots}
        self.unread: list[str] = []
        self.faulty_files = 0

    def covers(self, file: str) -> bool:
        """Tell whether a file lies below one of the paths, and where it can be seen."""
        return any(_below(file, root) for root in self.roots) and not any(
            _below(file, folder) for folder in self.unread
        )

    def shown(self, file: str) -> str:
        """Return a file's path as the user would write it."""
        for root, typed in self._typed.items():
            if _below(file, root):
                shown = os.path.join(typed, os.path.relpath(file, root)) if file != root else typed
                return shown.encode("utf-8", "backslashreplace").decode("utf-8")
        return file

    def files(self) -> Iterator[File]:
        """Yield the record files below the paths, each once."""
        for root in self.roots:
            yield from self._at(root)

    def files_below(self, path: str) -> Iterator[File]:
        """Yield the record files at or below one of the paths, links resolved.

        Each time all of them: for whoever needs no more than the first few.
        """
        self._seen.clear()
        return self._at(path)

    def _at(self, root: str) -> Iterator[File]:
        if os.path.isdir(root):
            yield from self._folder(root)
        elif os.path.lexists(root) and not os.path.basename(root).startswith(APPLE_DOUBLE):
            found = self._file(root, path_below(root, root_of(root, self.bases) or root))
            if found:
                yield found

    def _folder(self, root: str) -> Iterator[File]:
        base = root_of(root, self.bases) or root
        # Links are followed after everything else, so that a file is known by its
        # own path and not by that of a link to its folder.
        self._seen.add(_identity(root))
        # A link above the root is a loop as well: the root lies below it.
        parents = [root, *(str(parent) for parent in Path(root).parents)]
        plain = [(root, frozenset(map(_identity, parents)))]
        linked: list[tuple[str, frozenset[tuple[int, int]]]] = []
        while plain or linked:
            folder, above = plain.pop() if plain else linked.pop(0)
            for entry in self._entries(folder):
                if self._leads_out(entry):
                    continue
                identity = self._folder_identity(entry)
                if identity is None:
                    found = self._record_file(entry, base)
                    if found:
                        yield found
                elif identity in above:
                    self._fault(
                        entry.path,
                        "a directory loop: this link leads to a folder above it; remove the link",
                    )
                elif identity not in self._seen:
                    if entry.is_symlink():
                        # A folder below one of the paths is walked by its own path.
                        if leads_out(entry.path, self.roots):
                            linked.append((entry.path, above | {identity}))
                    else:
                        self._seen.add(identity)
                        plain.append((entry.path, above | {identity}))
            if linked and not plain:
                # Only now: the folder may have been walked by its own path meanwhile.
                linked = [(path, above) for path, above in linked if self._first_visit(path)]

    def _leads_out(self, entry: os.DirEntry[str]) -> bool:
        """Tell whether an entry is a link out of the paths; report one to a record or folder."""
        if self.follow_links or not entry.is_symlink() or not leads_out(entry.path, self.roots):
            return False
        is_record = entry.name.lower().endswith(SUFFIXES)
        if not os.path.exists(entry.path) or entry.name.startswith(APPLE_DOUBLE):
            return False
        if os.path.isdir(entry.path):
            self._fault(entry.path, LEADS_OUT)
        elif is_record:
            self._fault_of_file(entry.path, LEADS_OUT)
        return True

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as listing:
                return sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.unread.append(folder)
            self._fault(folder, _words(error))
            return []

    def _folder_identity(self, entry: os.DirEntry[str]) -> tuple[int, int] | None:
        """Return which folder an entry is; None if it is none, or none that is there."""
        try:
            return _identity(entry.path) if entry.is_dir() else None
        except OSError as error:
            self.unread.append(entry.path)
            self._fault(entry.path, _words(error))
            return None

    def _record_file(self, entry: os.DirEntry[str], root: str) -> File | None:
        if entry.name.startswith(APPLE_DOUBLE):
            return None
        if entry.name.lower().endswith(SUFFIXES):
            # No `os.path.relpath`, which costs as much as the look at the file.
            return self._file(entry.path, entry.path.removeprefix(root.rstrip(os.sep) + os.sep))
        if entry.is_symlink() and not os.path.exists(entry.path):
            # It may have led to a folder: on a disk that is not there now.
            self.unread.append(entry.path)
            self._fault(entry.path, "a link that leads nowhere; mend or remove it")
        return None

    def _first_visit(self, folder: str) -> bool:
        identity = _identity(folder)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True

    def _fault(self, file: str, reason: str) -> None:
        self._report(RecordError(reason, path=self.shown(file)))

    def _fault_of_file(self, file: str, reason: str) -> None:
        self.faulty_files += 1
        self._fault(file, reason)

    def _file(self, file: str, path: str) -> File | None:
        try:
            path.encode("utf-8")
        except UnicodeEncodeError:
            self._fault_of_file(file, "the file's name is not UTF-8; rename it")
            return None
        try:
            found = os.stat(file)
        except OSError as error:
            self._fault_of_file(file, _words(error))
            return None
        if not stat.S_ISREG(found.st_mode):
            self._fault_of_file(file, "not a regular file")
            return None
        return File(file, path.replace(os.sep, "/"), found.st_size, found.st_mtime_ns)


def leads_out(file: str, roots: Iterable[str]) -> bool:
    """Tell whether a file, links resolved, lies in none of these folders."""
    real = os.path.realpath(file)
    return not any(_below(real, root) for root in roots)


def _identity(folder: str) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def root_of(file: str, roots: Iterable[str]) -> str | None:
    """Return which of these folders a file lies below, None if none."""
    return next((root for root in roots if _below(file, root)), None)


def path_below(file: str, root: str) -> str:
    """Return a file's path below a folder, with slashes."""
    return file.removeprefix(root.rstrip(os.sep) + os.sep).replace(os.sep, "/")


def outermost(roots: Iterable[str]) -> list[str]:
    """Return those of the folders that lie in no other one, sorted."""
    unique = sorted(set(roots), key=len)
    kept: list[str] = []
    for root in unique:
        if not any(_below(root, outer) for outer in kept):
            kept.append(root)
    return sorted(kept)


def _words(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"


@lru_cache(maxsize=4096)  # asked ten times for each file of a batch
def relative(file: str, folder: str) -> str:
    """Return the path of a file as seen from a folder, with slashes; on another drive as it is."""
    head, name = os.path.split(file)
    above = relative_folder(head, folder)
    if above is None:
        return file
    return name if above == "." else f"{above}/{name}"


@lru_cache(maxsize=4096)  # the same for each file of a folder, and asked several times for each
def relative_folder(place: str, folder: str) -> str | None:
    """Return the path of a folder as seen from another, None where it is on another drive."""
    try:
        return Path(os.path.relpath(place, folder)).as_posix()
    except ValueError:
        return None


def replace_file(target: Path, data: bytes) -> None:
    """Write beside the file and rename: a file is whole or not there. Raises OSError.

    Always beside it under the same name: what a run left that was killed, the next one takes.
    """
    mark = hashlib.sha256(target.name.encode()).hexdigest()[:8]
    beside = target.with_name(f".{target.name[:60]}.{mark}.part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def nothing_read(paths: Sequence[str]) -> str:
    """Return what to say where no record was found: what is there, and what to do."""
    suffixes = suffixes_below(paths)
    there = ", ".join(f"{count:,} {suffix}" for suffix, count in suffixes.items()) or "no files"
    return (
        f"Nothing to import in {', '.join(paths)}: found {there}. Records are Markdown or "
        "reStructuredText with front matter, or Markdown whose path holds a date: "
        "`newsfeed inspect` says how each file is read. Feeds and dumps become records by "
        "`newsfeed collect`."
    )
