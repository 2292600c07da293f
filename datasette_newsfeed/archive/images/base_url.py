"""The site to which image URLs without a host belong.

It is given once with `import --base-url` and kept in the database, so that pages, fetches and
later imports need not be told.
"""

from __future__ import annotations

from sqlite_utils import Database

from ...errors import ArchiveError, FetchError
from ..database import transaction
from .public_addresses import checked


def base_of(db: Database) -> str | None:
    """Return the base URL of an archive, None if it has none."""
    row = db.execute("SELECT base_url FROM image_base").fetchone()
    return None if row is None else str(row[0])


def check_base(base_url: str) -> None:
    """Raise ArchiveError where this can be no base URL; an empty one says that there is none."""
    try:
        if base_url:
            checked(base_url)
    except FetchError as error:
        raise ArchiveError("--base-url", f"{base_url} {error.reason}") from error


def set_base(db: Database, base_url: str) -> None:
    """Make a URL the base of the archive; an empty one takes it away. Writes nothing else."""
    if base_url == (base_of(db) or ""):
        return
    with transaction(db):
        db.execute("DELETE FROM image_base")
        if base_url:
            db.execute("INSERT INTO image_base (base_url) VALUES (?)", [base_url])
