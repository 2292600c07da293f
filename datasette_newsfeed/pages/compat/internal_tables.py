"""SQL that tells Datasette 1.0 what our defaults say, in the tables of its internal database.

Knows those tables alone (simonw/datasette#2341: plugins may write them), not what is told.
"""

from __future__ import annotations

INTO = {
    1: "INSERT OR IGNORE INTO metadata_databases (database_name, key, value) VALUES (?, ?, ?)",
    2: "INSERT OR IGNORE INTO metadata_resources (database_name, resource_name, key, value)"
    " VALUES (?, ?, ?, ?)",
    3: "INSERT OR IGNORE INTO metadata_columns"
    " (database_name, resource_name, column_name, key, value) VALUES (?, ?, ?, ?, ?)",
}
"""By how many names say where: of a database, its table, its column.

What the user's metadata says stands there already and stays.
"""
