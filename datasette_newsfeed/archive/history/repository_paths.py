"""Where the files of an archive lie in a repository, and by which configuration they are read."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from ..files import APPLE_DOUBLE, SUFFIXES
from ..importing.sites import MAX_CONFIGURATION_BYTES, MAX_FILES, Sites
from .git import Blobs, Repository

_CONFIGURATION = (".toml", ".yaml", ".yml", ".json", ".py", ".js", ".cjs", ".mjs", ".ts")


def is_record(path: bytes) -> bool:
    """Tell whether an import would look at a file of that path."""
    name = path.rpartition(b"/")[2].lower()
    return name.endswith(_SUFFIXES) and not name.startswith(APPLE_DOUBLE.encode())


_SUFFIXES = tuple(suffix.encode() for suffix in SUFFIXES)


def as_path(path: bytes) -> str | None:
    """Return a path of git as text; None where it is none, or leads out of its folder."""
    with suppress(UnicodeDecodeError):
        text = path.decode()
        if not {"", ".", "..", ".git"} & set(text.lower().split("/")) and "\\" not in text:
            return text
    return None


def best_prefix(paths: Iterable[bytes], known: Iterable[str]) -> tuple[str, int]:
    """Return below which folder of a repository most of the known paths lie, and how many."""
    wanted = set(known)
    names = {path.rpartition("/")[2] for path in wanted}
    found: Counter[str] = Counter()
    for each in paths:
        path = as_path(each)
        if path is None or path.rpartition("/")[2] not in names:
            continue
        parts = path.split("/")
        for start in range(len(parts)):
            if "/".join(parts[start:]) in wanted:
                found["".join(f"{part}/" for part in parts[:start])] += 1
    if not found:
        return "", 0
    return min(found.items(), key=lambda item: (-item[1], len(item[0]), item[0]))


def write_configuration(repository: Repository, head: str, blobs: Blobs, folder: str) -> None:
    """Write the files of a commit that may configure a site into a folder.

    Of a bare repository, which has no files of its own.
    """
    chosen = []
    for path, blob, size in repository.files(head):
        text = as_path(path)
        if text and text.lower().endswith(_CONFIGURATION) and size <= MAX_CONFIGURATION_BYTES:
            chosen.append((text, blob))
        if len(chosen) >= MAX_FILES:
            break
    os.makedirs(os.path.join(folder, ".git"))
    contents = blobs.read([blob for _, blob in chosen], MAX_CONFIGURATION_BYTES)
    for (name, _), data in zip(chosen, contents, strict=True):
        file = os.path.join(folder, *name.split("/"))
        # Two paths of a tree may differ in nothing that this file system tells apart.
        with suppress(OSError):
            os.makedirs(os.path.dirname(file), exist_ok=True)
            if isinstance(data, bytes):
                with open(file, "xb") as stream:
                    stream.write(data)


def reading(
    sites: Sites, folder: str, places: Iterator[str], known: Mapping[str, Any], version: str
) -> str:
    """Return the fingerprint of all by which files are read: of sites, options and versions."""
    fingerprints = {sites.of(os.path.join(folder, "x")).fingerprint}
    fingerprints |= {sites.of(os.path.join(folder, place, "x")).fingerprint for place in places}
    said = repr((sorted(fingerprints), sorted(known.items(), key=str), version))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()
