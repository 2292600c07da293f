"""What can go wrong, as a tree. Knows no files, no databases, no pages.

    NewsfeedError
    ├── RecordError        one file cannot be imported; the others can
    ├── ArchiveError       a database cannot be used as asked
    │   ├── BusyError      another program is writing to it
    │   ├── DiskError      the disk is full, or fails
    │   └── VersionError   a newer datasette-newsfeed made it
    ├── SelectionError     a filter that chooses no articles that could be meant
    └── ExportError        a file cannot be written back

Every error carries its subject as attributes and says what to do.
"""

from __future__ import annotations


class NewsfeedError(Exception):
    """The root: anything this package raises on purpose."""


class RecordError(NewsfeedError):
    """A file that is not imported.

    path: the file as the user may find it; place: the key (`images[0].width`)
    or line (`line 3`) at fault, empty if it is the file as a whole; reason: what
    is wrong and what was expected, in words.
    """

    def __init__(self, reason: str, *, place: str = "", path: str = "") -> None:
        self.path = path
        self.place = place
        self.reason = reason
        super().__init__(": ".join(part for part in (path, place, reason) if part))

    def at(self, path: str) -> RecordError:
        """Return this error with the path of its file."""
        return RecordError(self.reason, place=self.place, path=path)


class ArchiveError(NewsfeedError):
    """A database that cannot be used as asked; `path` names it."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class BusyError(ArchiveError):
    """Another program holds the database: wait for it, then run again."""


class DiskError(ArchiveError):
    """The disk is full or fails: make room, then run again; nothing is half written."""


class VersionError(ArchiveError):
    """A newer version of datasette-newsfeed made the database: upgrade."""


class SelectionError(NewsfeedError):
    """A filter that cannot be used; `query` is it as given."""

    def __init__(self, query: str, reason: str) -> None:
        self.query = query
        self.reason = reason
        super().__init__(f"{query}: {reason}")


class ExportError(NewsfeedError):
    """A file that is not written back; `path` is relative to the folder."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")
