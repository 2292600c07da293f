"""SQL that writes our defaults to the tables of Datasette 1.0's internal database.

Plugins may write to these tables (simonw/datasette#2341).
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

Values from the user's metadata are there already and are kept.
"""
