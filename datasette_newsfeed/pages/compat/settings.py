"""Settings of this plugin, and the default metadata of an archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from . import internal_tables
from .version import is_v1

PLUGIN = "datasette-newsfeed"
"""The key of our settings in the metadata."""

_metadata: WeakKeyDictionary[Any, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def setting(datasette: Any, database: str | None, key: str) -> Any:
    """Return a setting of ours, for the database or else for all; None where there is none.

    1.0 does not fall back to the setting for all by itself.
    """
    for config in (
        datasette.plugin_config(PLUGIN, database=database),
        datasette.plugin_config(PLUGIN),
    ):
        if isinstance(config, dict) and key in config:
            return config[key]
    return None


def internal_path(datasette: Any) -> str | None:
    """Return the file of Datasette 1.0's internal database: metadata, and what plugins grant."""
    if not is_v1():
        return None
    path: str = datasette.get_internal_database().path
    return path


def close(datasette: Any) -> None:
    """Let go of a Datasette that was opened for one question."""
    if is_v1():
        datasette.close()
        return
    for database in datasette.databases.values():
        database.close()
    if datasette.executor is not None:
        datasette.executor.shutdown()


METADATA_KEYS = ("title", "description")


def _copied(value: Any) -> Any:
    """A copy of nested dicts: Datasette 0.65 merges the user's metadata into what it is given."""
    return {k: _copied(v) for k, v in value.items()} if isinstance(value, dict) else value


def _without_conflict(table: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, Any]:
    """Our keys for a table, less a sort order that would meet another one of the user's."""
    sorts = {"sort", "sort_desc"}
    return {k: v for k, v in table.items() if not (k in sorts and sorts & set(users))}


def _tables(config: Any, database: str) -> dict[str, Any]:
    databases = (config or {}).get("databases") or {}
    tables: dict[str, Any] = (databases.get(database) or {}).get("tables") or {}
    return tables


async def apply_defaults(datasette: Any, database: str, defaults: Mapping[str, Any]) -> None:
    """Make `defaults` (shaped as in a metadata file) those of a database; the user's keys win."""
    if is_v1():
        await _apply_metadata(datasette, database, defaults)
        await _apply_queries(datasette, database, defaults["queries"])
        _apply_config(datasette, database, defaults)
        return
    users = _tables(datasette._metadata_local, database)
    tables = {
        name: _without_conflict(table, users.get(name) or {})
        for name, table in defaults["tables"].items()
    }
    _metadata.setdefault(datasette, {})[database] = {**defaults, "tables": tables}


def metadata_065(
    datasette: Any, key: str | None, database: str | None, table: str | None = None
) -> dict[str, Any]:
    """Return what the defaults say of a key of Datasette 0.65's metadata, nested dicts fresh.

    It asks many times a page and copies what it gets. For each permission it asks for `tables`, to
    see who is allowed: `repeated_tables.refuse_derived` answers for those that are closed.
    """
    if key not in (None, "databases", "queries", *METADATA_KEYS):
        return {}
    found = _metadata.get(datasette) or {}
    if database is not None:
        found = {name: defaults for name, defaults in found.items() if name == database}
    if key in METADATA_KEYS and table is None:
        found = {name: {key: each[key]} for name, each in found.items() if key in each}
    return {"databases": _copied(found)} if found else {}


async def sortable_columns(datasette: Any, database: str, table: str) -> list[str] | None:
    """Return the columns that the configuration lets a table be sorted by; None for all."""
    config = await table_config(datasette, database, table)
    columns: list[str] | None = config.get("sortable_columns")
    return columns


async def table_config(datasette: Any, database: str, table: str) -> Mapping[str, Any]:
    """Return what the configuration says of a table: its facets, their size, its full text."""
    if is_v1():
        found: Mapping[str, Any] = await datasette.table_config(database, table)
    else:
        found = datasette.table_metadata(database, table)
    return found


def facet_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a table as facet classes take it."""
    return {"table_config" if is_v1() else "metadata": config}


def ordered_facets(
    results: list[dict[str, Any]], config: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return facets in the order of the table page: 1.0 has those of the configuration first."""
    by_size = sorted(results, key=lambda each: (len(each["results"]), each["name"]), reverse=True)
    if not is_v1():
        return by_size
    configured = [
        each if isinstance(each, str) else next(iter(each.values()))
        for each in config.get("facets") or ()
    ]
    places = {name: place for place, name in enumerate(configured) if isinstance(name, str)}
    return sorted(by_size, key=lambda each: places.get(each["name"], len(places)))


async def _apply_queries(
    datasette: Any, database: str, queries: Mapping[str, Mapping[str, str]]
) -> None:
    for name, query in queries.items():
        if await datasette.get_query(database, name) is None:
            # Not trusted: it shows nothing to who may not ask for the same in SQL.
            await datasette.add_query(
                database,
                name,
                query["sql"],
                title=query["title"],
                description=query["description"],
                source="plugin",
            )


async def _apply_metadata(datasette: Any, database: str, defaults: Mapping[str, Any]) -> None:
    places: dict[tuple[str, ...], Mapping[str, Any]] = {(database,): defaults}
    for name, table in defaults["tables"].items():
        places[database, name] = table
        for column, description in table.get("columns", {}).items():
            places[database, name, column] = {"description": description}

    def write(conn: Any) -> None:
        # One write for all: a call of Datasette's for each takes longer than the whole start.
        for place, texts in places.items():
            rows = [(*place, key, texts[key]) for key in METADATA_KEYS if key in texts]
            conn.executemany(internal_tables.INTO[len(place)], rows)

    await datasette.get_internal_database().execute_write_fn(write)


def _apply_config(datasette: Any, database: str, defaults: Mapping[str, Any]) -> None:
    # There is no call for these: the loaded configuration itself is completed.
    if datasette.config is None:
        datasette.config = {}
    databases = datasette.config.setdefault("databases", {})
    if database not in databases:
        # A block for a database hides the settings that plugins have at the top.
        databases[database] = {"plugins": dict(datasette.config.get("plugins") or {})}
    tables = databases[database].setdefault("tables", {})
    for name, table in defaults["tables"].items():
        users = tables.setdefault(name, {})
        for key, value in _without_conflict(table, users).items():
            if key not in (*METADATA_KEYS, "columns"):
                users.setdefault(key, value)


async def has_column_types(datasette: Any, database: str, table: str) -> bool:
    """Return whether 1.0 was told of types of a table's columns, which see each value."""
    ask = getattr(datasette, "get_column_types", None)
    return ask is not None and bool(await ask(database, table))
