"""The change counter by which DB-sources sees that another program wrote to the database.

A command that writes nothing that DB-sources depends on restores it afterwards.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ...errors import ArchiveError
from ..database import header
from .store import Sources, sources_path


def is_as_left(database: str | Path) -> bool:
    """Tell whether the database is as DB-sources knows it; False where that cannot be told.

    To be called while this process has the database not open, as `header` says.
    """
    if not sources_path(database).exists():
        return False
    try:
        with closing(Sources(database)) as sources:
            return sources.change_counter() == header(database)[0]
    except ArchiveError:
        return False  # in use, or damaged: the next import says so, and compares all itself


def leave(database: str | Path) -> None:
    """Note that the database as it is now is the one that DB-sources knows.

    To be called while this process has the database not open. Where another import
    holds DB-sources, nothing is noted, and the next one compares all itself.
    """
    try:
        with closing(Sources(database)) as sources:
            sources.note_change_counter(header(database)[0])
    except ArchiveError:
        return
