"""What the user says of the records below a PATH, remembered in the database for each PATH.

`newsfeed_imports` has the options that were given, never what was guessed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from ...errors import OptionError
from ..dialects import DIALECTS, Dialect
from ..dialects.column_keys import COLUMNS
from ..dialects.site_configuration import address, timezone
from ..sources.store import Sources

TABLE = "newsfeed_imports"

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
  path TEXT PRIMARY KEY,  -- relative to the folder of this database
  options TEXT NOT NULL   -- JSON
) WITHOUT ROWID
"""


def site_options(
    *,
    dialect: str | None = None,
    site: str | None = None,
    provider: str | None = None,
    zone: str | None = None,
    permalink: str | None = None,
    keys: Iterable[str] = (),
    drafts: bool | None = None,
    dialects: Iterable[Dialect] = DIALECTS,
) -> dict[str, Any]:
    """Return options of a command as fields of a Site; what was not given is left out.

    Raises OptionError with the option that cannot be meant.
    """
    names = sorted({each.name for each in dialects})
    if dialect is not None and dialect not in names:
        raise OptionError("--dialect", f"{dialect} is none; known are {', '.join(names)}")
    if site is not None and address(site) is None:
        raise OptionError("--site", f"{site} is no address; write it as https://news.example.net")
    if zone is not None and timezone(zone) is None:
        raise OptionError("--timezone", f"{zone} is none; write it as Europe/Paris")
    columns = {}
    for each in keys:
        key, mark, column = each.partition("=")
        if not (key and mark) or column not in COLUMNS:
            raise OptionError(
                "--map", f"{each}: write it as KEY=COLUMN; columns are {', '.join(COLUMNS)}"
            )
        columns[key] = column
    found = {
        "dialect": dialect,
        "address": address(site) if site else None,
        "name": provider,
        "timezone": zone,
        "permalinks": {"": permalink} if permalink else None,
        "columns": columns or None,
        "takes_drafts": drafts,
    }
    return {key: value for key, value in found.items() if value is not None}


def given_before(
    database: str | Path, sources: Sources, roots: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return what was given for each root in earlier runs, of a database that is only read."""
    roots = list(roots)
    path = Path(database)
    if path.exists():
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if Database(connection).table(TABLE).exists():
                return _stored(connection, sources, roots)
    return {root: {} for root in roots}


def remember(
    db: Database, sources: Sources, roots: Iterable[str], given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return what is known to be given for each root, after adding what is given now."""
    db.execute(_SCHEMA)
    found = {}
    for root, before in _stored(db.conn, sources, roots).items():
        name = sources.name_of(root)
        found[root] = {**before, **given}
        if found[root] != before:
            options = json.dumps(found[root], ensure_ascii=False, sort_keys=True)
            db.execute(
                f"INSERT INTO {TABLE} VALUES (?1, ?2) "
                "ON CONFLICT (path) DO UPDATE SET options = ?2",
                [name, options],
            )
    return found


def _stored(
    connection: sqlite3.Connection, sources: Sources, roots: Iterable[str]
) -> dict[str, dict[str, Any]]:
    stored = dict(connection.execute(f"SELECT path, options FROM {TABLE}").fetchall())
    return {root: json.loads(stored.get(sources.name_of(root), "{}")) for root in roots}
