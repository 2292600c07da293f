"""Repositories of invented records: `GitArchive` writes commits by `git fast-import`."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

START = 1_600_000_000
STEP = 3_600
WORDS = (
    *("harbour", "lantern", "ferry", "council", "bridge", "winter", "market", "signal"),
    *("orchard", "engine", "harvest", "museum", "railway", "storm", "archive", "violin"),
)
TOPICS = ("Harbour", "Trains", "Weather", "Music", "Boats")


def git(folder: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """Run git in a folder, and return what it prints."""
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


class GitArchive:
    """A bare or whole repository that grows commit by commit. `files` is what HEAD holds."""

    def __init__(self, folder: Path, *, branch: str = "main") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", branch)
        git(folder, "config", "user.name", "Test")
        git(folder, "config", "user.email", "test@example.test")
        self.folder = folder
        self.branch = branch
        self.files: dict[str, bytes | tuple[str, str]] = {}
        self.time = START
        self._stream: list[bytes] = []
        self._written: dict[str, bytes | tuple[str, str]] = {}
        self._is_whole = False
        self.is_empty = True

    def commit(self, *, merge: str | None = None, branch: str | None = None, at: int = 0) -> None:
        """Note what changed in `files` as a commit; `merge` is a branch to merge."""
        self.time += STEP
        ref = f"refs/heads/{branch or self.branch}"
        who = f"Test <test@example.test> {at or self.time} +0000"
        lines = [f"commit {ref}\ncommitter {who}\ndata 1\nx\n".encode()]
        if not self.is_empty and not self._stream:
            lines.append(f"from {ref}^0\n".encode())
        if merge:
            lines.append(f"merge refs/heads/{merge}\n".encode())
        if self._is_whole:
            lines.append(b"deleteall\n")
        lines += [b"D " + _quoted(path) + b"\n" for path in self._written if path not in self.files]
        for path, content in self.files.items():
            if self._written.get(path) != content:
                if isinstance(content, tuple):
                    lines.append(f"M {content[0]} {content[1]} ".encode() + _quoted(path) + b"\n")
                else:
                    lines.append(b"M 100644 inline " + _quoted(path) + b"\n")
                    lines.append(b"data %d\n" % len(content) + content + b"\n")
        self._written, self._is_whole = dict(self.files), False
        self._stream.append(b"".join(lines))
        self.is_empty = False

    def forget(self) -> None:
        """Write all files again in the next commit, whatever the one before has."""
        self._written, self._is_whole = {}, True

    def rewind(self, commit: str) -> None:
        """Go on from an older commit: what followed it is rewritten."""
        self._stream.append(f"reset refs/heads/{self.branch}\nfrom {commit}\n".encode())
        self.forget()

    def fork(self, branch: str) -> None:
        """Begin another branch where this one stands."""
        self._stream.append(f"reset refs/heads/{branch}\nfrom refs/heads/{self.branch}\n".encode())

    def finish(self) -> None:
        """Write the commits noted so far, and put the working tree where HEAD is."""
        git(self.folder, "fast-import", "--quiet", "--force", data=b"".join(self._stream))
        self._stream = []
        git(self.folder, "reset", "-q", "--hard")


def _quoted(path: str) -> bytes:
    data = path.encode("utf-8", "surrogateescape")
    return b'"' + re.sub(rb'["\\\n]', lambda m: b"\\%03o" % m[0][0], data) + b'"'


def record(rng: random.Random, **keys: Any) -> dict[str, Any]:
    """Return the keys of an invented record."""
    return {
        "title": " ".join(rng.sample(WORDS, 4)),
        "excerpt": " ".join(rng.choices(WORDS, k=12)),
        "publishedDateTime": "2020-09-14T08:00:00Z",
        "webUrl": f"https://{rng.choice(WORDS)}.example.test/{rng.randrange(10**6)}",
        "type": "article",
        "heat": rng.randrange(100),
        "quality": rng.randrange(100),
        "provider": {"name": "The Lantern", "domain": "lantern.example.test"},
        "topics": rng.sample(TOPICS, 2),
        "images": [{"url": f"https://lantern.example.test/{rng.choice(WORDS)}.png", "width": 10}],
        "secured": f"{rng.randrange(10**20):020}{rng.randrange(10**20):020}",
        "body": "\n\n".join(" ".join(rng.choices(WORDS, k=20)) for _ in range(3)),
        **keys,
    }


def as_file(keys: dict[str, Any], *, crlf: bool = False) -> bytes:
    """Return a record as a file: Markdown with front matter."""
    front = {key: value for key, value in keys.items() if key != "body"}
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    text = f"---\n{text}---\n\n{keys.get('body', '')}\n"
    return (text.replace("\n", "\r\n") if crlf else text).encode()
