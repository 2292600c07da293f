"""What `--prune` refuses: to remove all that is known below a path where no record is found.

So it is where a disk is not mounted, or a folder was emptied by mistake. Nothing is written here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from ... import schema
from ...errors import OptionError
from ..files import File, Folders
from ..sources.store import Sources, faults, sources_path
from .options import ImportOptions
from .parse import Request
from .remembered_options import given_before
from .sites import Sites
from .workers import Readers


def knows_files_below(database: str | Path, paths: Iterable[str | Path]) -> bool:
    """Tell whether DB-sources knows files at or below each of the paths."""
    database = os.path.realpath(database)
    if not sources_path(database).exists():
        return False
    with closing(Sources(database)) as sources, faults(sources, database):
        return all(any(sources.known_below(os.path.realpath(path))) for path in paths)


def check_records_left(
    database: str | Path, paths: Iterable[str | Path], options: ImportOptions
) -> None:
    """Raise OptionError where files are known below a path, and none is read as a record now.

    What lies below a folder that cannot be read does not count: it is spared anyway.
    """
    paths = list(paths)
    if not sources_path(database).exists():
        return
    with closing(Sources(database)) as sources, faults(sources, database):
        left = _RemainingRecords(database, sources, paths, options)
        for path in paths:
            root = os.path.realpath(path)
            if not any(sources.known_below(root)):
                continue
            if not left.holds_record(root) and left.would_lose(root):
                raise OptionError("--prune", _refusal(path))


def _refusal(path: str | Path) -> str:
    state = "is gone"
    if os.path.exists(path):
        state = "holds no record files now (newsfeed inspect says how each file is read)"
    return (
        f"{path} {state}, and the files known below it would all be removed; is its disk "
        "mounted? --allow-empty removes them"
    )


class _RemainingRecords:
    """What is left below the paths of an import, as the import will find it."""

    def __init__(
        self,
        database: str | Path,
        sources: Sources,
        paths: Iterable[str | Path],
        options: ImportOptions,
    ) -> None:
        self._sources = sources
        links = options.follow_links
        self._folders = Folders(paths, lambda error: None, sources.roots(), links)
        roots = self._folders.roots
        given = given_before(database, sources, roots)
        merged = {root: {**given[root], **options.site} for root in roots}
        self._sites = Sites(roots, merged, follow_links=links)
        self._readers = Readers(walked_at=0, keeps_text=False, dialects=options.dialects)

    def holds_record(self, path: str) -> bool:
        """Tell whether a file at or below a path is read as a record; ends with the first one."""
        # No file need be read if one is as it was: that is so in all but the rarest archive.
        return any(map(self._is_as_known, self._files(path))) or any(
            map(self._is_record, self._files(path))
        )

    def would_lose(self, path: str) -> bool:
        """Tell whether files are known below a path that lie in no folder that cannot be read."""
        return any(map(self._folders.covers, self._sources.known_below(path)))

    def _files(self, path: str) -> Iterator[File]:
        return self._folders.files_below(path)

    def _is_as_known(self, file: File) -> bool:
        site = self._sites.of(file.file).fingerprint
        return self._sources.is_as_known(file, schema.SCHEMA_VERSION, site)

    def _is_record(self, file: File) -> bool:
        path = self._sites.path_of(file.file, file.path)
        request = Request(file, site=self._sites.of(file.file), path=path)
        return self._readers.read_file(request).record is not None
