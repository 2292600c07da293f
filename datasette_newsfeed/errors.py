"""The exceptions of this package.

    NewsfeedError
    ├── RecordError        one file cannot be imported; the others can
    ├── SourceError        a feed or dump, or an entry of it, cannot be collected; the others can
    ├── ArchiveError       a database cannot be used as asked
    │   ├── BusyError      another program is writing to it
    │   ├── DiskError      the disk is full, or fails
    │   └── VersionError   a newer datasette-newsfeed made it
    ├── RepositoryError    a git repository cannot be read
    ├── WorkersError       other processes cannot help
    ├── OptionError        an option of a command that cannot be meant
    ├── SelectionError     a filter that chooses no articles that could be meant
    ├── ExportError        a file cannot be written back
    └── ImageError         bytes that are no image to be kept
        └── FetchError     an image cannot be had from the web

Every error carries its subject as attributes and says what to do.
"""

from __future__ import annotations

from collections.abc import Callable


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

    def __reduce__(self) -> tuple[Callable[..., RecordError], tuple[str, str, str]]:
        """Go to another process whole: an exception's own way drops what is no argument."""
        return _record_error, (self.reason, self.place, self.path)


def _record_error(reason: str, place: str, path: str) -> RecordError:
    return RecordError(reason, place=place, path=path)


class SourceError(NewsfeedError):
    """A feed or dump that is not collected, or an entry of it.

    source: the file or address as the user gave it; reason: what is wrong, in words.
    """

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"{source}: {reason}")


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


class RepositoryError(NewsfeedError):
    """A git repository that is not read; `folder` names it."""

    def __init__(self, folder: str, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        super().__init__(f"{folder}: {reason}")


class WorkersError(NewsfeedError):
    """Processes that were to help cannot be had, or came to an end; what is stored is whole."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}; run again with --workers 1")


class OptionError(NewsfeedError):
    """An option whose value cannot be meant; `option` names it."""

    def __init__(self, option: str, reason: str) -> None:
        self.option = option
        self.reason = reason
        super().__init__(f"{option}: {reason}")


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


class ImageError(NewsfeedError):
    """Bytes that are no image to be kept; `reason` says why, in words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class FetchError(ImageError):
    """An image that cannot be had from the web.

    outcome: one of schema.OUTCOMES; status: of HTTP, None where nobody answered;
    may_pass: whether asking again soon may help; wait: the seconds to wait before,
    where the server says it; is_unreachable: no connection came about.
    """

    def __init__(
        self,
        outcome: str,
        reason: str,
        *,
        status: int | None = None,
        may_pass: bool = False,
        wait: float | None = None,
        is_unreachable: bool = False,
    ) -> None:
        self.outcome = outcome
        self.status = status
        self.may_pass = may_pass
        self.wait = wait
        self.is_unreachable = is_unreachable
        super().__init__(reason)

    def after_redirect(self) -> FetchError:
        """Return this error for an address to which another one redirects."""
        return FetchError(
            self.outcome,
            f"redirects to an address that {self.reason}",
            status=self.status,
            may_pass=self.may_pass,
            wait=self.wait,
        )
