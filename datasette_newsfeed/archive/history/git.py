"""Reading a git repository by `git` itself, without running anything that its configuration names.

Only plumbing that reads objects is called: no command looks at the index or at files of the
working tree, so no filter, text conversion, hook or file system monitor has an occasion. What
could still run something is switched off, and no transport is allowed: nothing is fetched.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from ...errors import RepositoryError

OLDEST = (2, 31)
"""The oldest git that compares a merge with its first parent alone."""

SIMILARITY = "50%"
RENAMES = 1000
"""A file is a renamed one if it is so similar; in a commit with more than this many files that
came and this many that went, only those that did not change are recognised."""

LARGE = 16_000_000
"""Objects of so many bytes are passed through by git, and never held in its memory."""

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES")
_OFF = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.gitProxy": "false",
    "core.askPass": "false",
    "core.alternateRefsCommand": "false",
    "core.attributesFile": os.devnull,
    "core.bigFileThreshold": str(LARGE),
    "credential.helper": "",
    "diff.external": "",
    "diff.orderFile": os.devnull,
    "gc.auto": "0",
    "gpg.program": "false",
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "uploadpack.packObjectsHook": "false",
}
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """What a commit did to one file: a path, its blob before and after, None where there is none.

    `old_path` is another path if the file was renamed.
    """

    path: bytes
    old_path: bytes
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, its time in seconds since 1970, and what it did to the files asked for."""

    id: str
    time: int
    entries: tuple[Entry, ...]


class Repository:
    """A repository that may be read. `folder` is any folder in it, or a bare repository."""

    def __init__(self, folder: str) -> None:
        """Raises RepositoryError where there is none, or it may not be read, or git is missing."""
        self.folder = folder
        self._environment = _environment()
        self._check_version()
        try:
            found = self._line("rev-parse", "--absolute-git-dir")
        except RepositoryError as error:
            raise self._refused(str(error)) from error
        self.directory = found
        self.is_bare = self._line("rev-parse", "--is-bare-repository") == "true"
        self._check_whole()

    def _check_version(self) -> None:
        try:
            found = re.search(r"(\d+)\.(\d+)", self._line("version"))
        except FileNotFoundError as error:
            if not os.path.isdir(self.folder):
                raise RepositoryError(self.folder, "no such folder") from error
            raise RepositoryError(
                self.folder, "git is not installed, and reads the history; install it"
            ) from error
        except NotADirectoryError as error:
            raise RepositoryError(self.folder, "is a file; name the folder") from error
        if found and (int(found[1]), int(found[2])) < OLDEST:
            raise RepositoryError(
                self.folder, f"this needs git {OLDEST[0]}.{OLDEST[1]} or newer, not {found[0]}"
            )

    def _refused(self, reason: str) -> RepositoryError:
        if "dubious ownership" in reason or "unsafe repository" in reason:
            return RepositoryError(
                self.folder,
                "its repository belongs to another user, and git does not read it; clone it as "
                "yourself, or trust it: git config --global --add safe.directory FOLDER",
            )
        if "not a git repository" in reason:
            return NoRepository(self.folder, "lies in no git repository; name one with --repo")
        return RepositoryError(self.folder, reason.removeprefix(f"{self.folder}: "))

    def _check_whole(self) -> None:
        """Refuse a partial clone: its texts would have to be fetched one by one."""
        asked = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$"
        if self._run("config", "--includes", "--get-regexp", asked, allowed=(0, 1)).strip():
            raise RepositoryError(
                self.folder,
                "is a partial clone, and the files that it lacks are not fetched; clone the "
                "repository without --filter",
            )

    @property
    def prefix(self) -> str:
        """The path of the folder in its repository, with a slash at its end; "" for the whole."""
        if self.is_bare:
            return ""
        return self._line("rev-parse", "--show-prefix")

    @property
    def top(self) -> str | None:
        """The folder of the working tree, links resolved; None of a bare repository."""
        return (
            None if self.is_bare else os.path.realpath(self._line("rev-parse", "--show-toplevel"))
        )

    def git_folders(self) -> list[str]:
        """Return the folders that hold what is no object: its own, and that of all worktrees."""
        return [self.directory, self._path("rev-parse", "--git-common-dir")]

    def object_folders(self) -> list[str]:
        """Return the folders that objects are read from: its own, alternates, and theirs."""
        found = [self._path("rev-parse", "--git-path", "objects")]
        for line in self._run("count-objects", "-v").splitlines():
            key, _, path = line.partition(b": ")
            if key == b"alternate":
                found.append(os.path.join(self.folder, os.fsdecode(_unquoted(path))))
        return found

    def _path(self, *arguments: str) -> str:
        return os.path.join(self.folder, self._line(*arguments))

    def head(self) -> str | None:
        """Return the commit that the repository stands at; None where there is none yet."""
        found = self._run("rev-parse", "--quiet", "--verify", "HEAD^{commit}", allowed=(0, 1, 128))
        return found.decode().strip() or None

    def shallow(self) -> str:
        """Return the commits at which a shallow clone was cut off, as one text; "" of a whole."""
        if self._line("rev-parse", "--is-shallow-repository") != "true":
            return ""
        path = self._path("rev-parse", "--git-path", "shallow")
        with suppress(OSError), open(path, encoding="ascii", errors="replace") as stream:
            return " ".join(sorted(stream.read().split()))
        return "shallow"

    def folders(self, head: str, prefix: str) -> Iterator[bytes]:
        """Yield the folders of a commit below a prefix."""
        places = ("--", prefix) if prefix else ()
        yield from self._tokens("ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree",
                                head, *places)  # fmt: skip

    def files(self, head: str) -> Iterator[tuple[bytes, str, int]]:
        """Yield the regular files of a commit: path, blob, bytes."""
        for token in self._tokens("ls-tree", "-r", "-l", "-z", "--full-tree", head):
            described, _, path = token.partition(b"\t")
            mode, kind, blob, size = described.split()
            if kind == b"blob" and mode.startswith(b"100") and size.isdigit():
                yield path, blob.decode(), int(size)

    def continues(self, last: str, head: str) -> bool:
        """Tell whether a commit is another one's first parent, or that one's, or the commit."""
        if last == head:
            return True
        known = self._run("cat-file", "-t", last, allowed=(0, 128)).strip() == b"commit"
        if not known:
            return False
        lines = self._tokens("rev-list", "--first-parent", "--reverse", "--parents",
                             f"{last}..{head}", separator=b"\n")  # fmt: skip
        with closing(lines):
            first = next(lines, b"").decode().split()
        return len(first) > 1 and first[1] == last

    def count(self, last: str | None, head: str) -> int:
        """Return how many commits there are after one, along first parents."""
        return int(self._line("rev-list", "--count", "--first-parent", _range(last, head)))

    def commits(self, last: str | None, head: str, prefix: str) -> Generator[Commit]:
        """Yield the commits after one, along first parents, with what each did below a prefix."""
        listing = ["rev-list", "--first-parent", "--reverse", _range(last, head)]
        comparing = [
            *("diff-tree", "--stdin", "-r", "--root", "--raw", "--no-abbrev", "-z", "--always"),
            *("--diff-merges=first-parent", f"-M{SIMILARITY}", f"-l{RENAMES}"),
            *("--no-ext-diff", "--no-textconv", "--no-color", "--no-relative"),
            *("--ignore-submodules=none", "--format=%x01%H %ct"),
            *(("--", f":(top,literal){prefix}") if prefix else ()),
        ]
        with (
            self._started(listing) as lister,
            self._started(comparing, stdin=lister.stdout) as comparer,
        ):
            # Only the other program may hold it: it ends when that one does.
            _pipe(lister.stdout).close()
            yield from _commits(_split(_pipe(comparer.stdout), b"\0"))
            for process in (comparer, lister):
                self._check_ended(process, "diff-tree")

    @contextmanager
    def blobs(self) -> Iterator[Blobs]:
        """Open a process that reads blobs."""
        with self._started(["cat-file", "--batch"], stdin=subprocess.PIPE) as process:
            yield Blobs(process, self.folder)

    # Processes

    def _command(self, arguments: Sequence[str]) -> list[str]:
        settings = [part for key, value in _OFF.items() for part in ("-c", f"{key}={value}")]
        return ["git", "--no-pager", *settings, *arguments]

    @contextmanager
    def _started(self, arguments: Sequence[str], **given: Any) -> Iterator[subprocess.Popen[bytes]]:
        # Warnings, such as that of too many renames, would fill a pipe that nobody reads.
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen(
                self._command(arguments),
                **{"stdin": subprocess.DEVNULL, **given},
                stdout=subprocess.PIPE,
                stderr=nowhere,
                cwd=self.folder,
                env=self._environment,
                bufsize=_CHUNK,
                # Ctrl-C is for this process, which ends the others.
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.kill()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError, ValueError):
                    if stream:
                        stream.close()
            process.wait()

    def _check_ended(self, process: subprocess.Popen[bytes], name: str) -> None:
        if process.wait() != 0:
            raise RepositoryError(
                self.folder, f"git {name} ended with status {process.returncode}; try git fsck"
            )

    def _run(self, *arguments: str, allowed: Sequence[int] = (0,)) -> bytes:
        done = subprocess.run(
            self._command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=self.folder,
            env=self._environment,
            check=False,
        )
        if done.returncode not in allowed:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = lines[0].removeprefix("fatal: ") if lines else f"status {done.returncode}"
            raise RepositoryError(self.folder, f"git {arguments[0]}: {reason}")
        return done.stdout

    def _line(self, *arguments: str) -> str:
        return os.fsdecode(self._run(*arguments)).rstrip("\n")

    def _tokens(self, *arguments: str, separator: bytes = b"\0") -> Generator[bytes]:
        with self._started(arguments) as process:
            yield from _split(_pipe(process.stdout), separator)
            self._check_ended(process, arguments[0])


class NoRepository(RepositoryError):
    """A folder that lies in no repository."""


class Blobs:
    """A process that answers with the contents of blobs, in the order asked for."""

    def __init__(self, process: subprocess.Popen[bytes], folder: str) -> None:
        self._asked, self._answers = _pipe(process.stdin), _pipe(process.stdout)
        self._folder = folder

    def read(self, ids: Sequence[str], most: int) -> Iterator[bytes | int | None]:
        """Yield what blobs hold: of a larger one than `most` its bytes, of none there None."""
        # Asked beside the reading: neither pipe holds all of it.
        asking = threading.Thread(target=self._ask, args=(ids,), daemon=True)
        asking.start()
        for _ in ids:
            yield self._answer(most)
        asking.join()

    def _ask(self, ids: Iterable[str]) -> None:
        # The other end may be gone: who reads says so.
        with suppress(OSError, ValueError):
            self._asked.write("".join(f"{each}\n" for each in ids).encode())
            self._asked.flush()

    def _answer(self, most: int) -> bytes | int | None:
        head = self._answers.readline().split()
        if not head:
            raise RepositoryError(self._folder, "git cat-file came to a sudden end; try git fsck")
        if len(head) != 3 or not head[2].isdigit():
            return None
        size = int(head[2])
        if size <= most:
            data = self._answers.read(size + 1)
            if len(data) != size + 1:
                raise RepositoryError(self._folder, "git cat-file was cut off; try git fsck")
            return data[:-1] if head[1] == b"blob" else None
        left = size + 1
        while left:
            passed = len(self._answers.read(min(left, _CHUNK)))
            if not passed:
                raise RepositoryError(self._folder, "git cat-file was cut off; try git fsck")
            left -= passed
        return size


def _environment() -> dict[str, str]:
    """Return the environment of git: none of the variables that lead it elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _unquoted(path: bytes) -> bytes:
    """Return a path as it is; git writes one with odd characters in quotes, as C does."""
    if not path.startswith(b'"'):
        return path
    return path[1:-1].decode("unicode_escape").encode("latin-1")


def _range(last: str | None, head: str) -> str:
    return f"{last}..{head}" if last else head


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _split(stream: IO[bytes], separator: bytes) -> Iterator[bytes]:
    """Yield what stands between separators, as it comes."""
    rest = b""
    while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]
        *parts, rest = (rest + chunk).split(separator)
        yield from parts
    if rest:
        yield rest


def _commits(tokens: Iterator[bytes]) -> Iterator[Commit]:
    """Read the output of diff-tree: a header for each commit, then its entries."""
    head: list[str] | None = None
    entries: list[Entry] = []
    for token in tokens:
        if token.startswith(b"\x01"):
            if head:
                yield Commit(head[0], int(head[1]), tuple(entries))
            head, entries = token[1:].decode("ascii").split(), []
        elif fields := token.lstrip(b"\n").lstrip(b":").split():
            old_mode, new_mode, before, after, status = (each.decode() for each in fields)
            old_path = next(tokens)
            path = next(tokens) if status[0] in "RC" else old_path
            is_old, is_new = old_mode.startswith("100"), new_mode.startswith("100")
            if is_old or is_new:
                entries.append(
                    Entry(path, old_path, before if is_old else None, after if is_new else None)
                )
    if head:
        yield Commit(head[0], int(head[1]), tuple(entries))
