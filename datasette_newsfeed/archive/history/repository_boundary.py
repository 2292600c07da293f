"""Whether a repository lies in its own folder: that which has its `.git`, links resolved.

Links and some files of git lead to other repositories. An archive of somebody else's could so
take in the history of a repository beside it, as it could take in records by links.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ...errors import RepositoryError
from ..files import leads_out
from .git import Repository


def check_in_own_folder(repository: Repository) -> None:
    """Raise RepositoryError where a part of a repository lies outside the folder that has it.

    Of hard links nothing can be told.
    """
    folder = _own_folder(repository)
    for place in _places(repository):
        if folder is None or leads_out(place, [folder]):
            raise RepositoryError(
                repository.folder,
                f"its git repository leads out of it, to {os.path.realpath(place)}; name the "
                "repository with --repo to read it",
            )


def _own_folder(repository: Repository) -> str | None:
    """Return the folder by which git found a repository, as git looks: from the inside out."""
    start = Path(os.path.realpath(repository.folder))
    for folder in (start, *start.parents):
        entry = folder / ".git"
        # A file is always followed; a folder that is no repository is passed over.
        if entry.is_file() or _is_same(entry, repository.directory):
            return str(folder)
        if _is_same(folder, repository.directory):  # a bare one
            return str(folder)
    return None


def _is_same(folder: Path, other: str) -> bool:
    return folder.is_dir() and os.path.samefile(folder, other)


def _places(repository: Repository) -> Iterator[str]:
    """Yield what git reads: folders, and the links in them."""
    for folder in repository.git_folders():
        yield folder
        links = (entry for entry in _entries(folder) if entry.is_symlink())
        # Programs alone, which are not run: many have them elsewhere.
        yield from (entry.path for entry in links if entry.name != "hooks")
    for folder in repository.object_folders():
        yield folder
        yield from _links_below(folder)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []  # git cannot read it either


def _links_below(folder: str) -> Iterator[str]:
    """Yield the links below a folder, and below folders that they lead to, each folder once."""
    seen: set[str] = set()
    rest = [folder]
    while rest:
        place = os.path.realpath(rest.pop())
        if place in seen:
            continue
        seen.add(place)
        for entry in _entries(place):
            is_folder = entry.is_dir(follow_symlinks=False)  # asks the system nothing more
            if entry.is_symlink():
                yield entry.path
                is_folder = os.path.isdir(entry.path)
            if is_folder:
                rest.append(entry.path)
