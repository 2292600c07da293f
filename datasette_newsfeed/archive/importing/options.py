"""What an import is asked to do, and who listens to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...errors import RecordError
from ..dialects import DIALECTS, Dialect


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of one import, as the command line has them.

    prune: remove the rows of files that are gone from the paths, or can no longer be imported;
    dry_run: leave no trace; keep_text: keep the files themselves in DB-sources; base_url: of the
    site to which images such as `/a.png` belong, None to leave it as it is; workers: how many
    other processes read the files, if more than one; relate: find stories and similar articles at
    the end; follow_links: take links that lead out of the paths; allow_empty: prune also where a
    path is gone or holds no records; site: fields of a Site, as `remembered_options.site_options`
    returns them, which DB remembers; dialects: in the order in which they are asked.
    """

    prune: bool = False
    dry_run: bool = False
    keep_text: bool = True
    base_url: str | None = None
    workers: int = 1
    relate: bool = True
    follow_links: bool = False
    allow_empty: bool = False
    site: Mapping[str, Any] = field(default_factory=dict)
    dialects: Sequence[Dialect] = DIALECTS


class ImportListener(Protocol):
    """Who follows an import while it runs."""

    def error(self, error: RecordError) -> None:
        """Take a file that is not imported."""

    def progress(self, done: int, total: int) -> None:
        """Take the bytes read so far, and the bytes to read in all."""

    def compared(self, done: int, total: int) -> None:
        """Take the articles compared so far for stories, and those to compare in all."""


class Silent:
    """A listener that does nothing; what happened is in the report."""

    def error(self, error: RecordError) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int) -> None:
        """Do nothing."""

    def compared(self, done: int, total: int) -> None:
        """Do nothing."""
