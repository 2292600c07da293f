"""What other plugins need of us."""

from __future__ import annotations

from datasette.plugins import pm

FAILING_ON_HIDDEN_REFERENCES = frozenset({"datasette_graphql"})
"""Plugins by the name of their module.

datasette-graphql (2.2, 3.0a1) makes types of the tables that are not hidden, and for each
foreign key to one of them a field of the other table's type, which a hidden one has not: every
page of the database is then an error.
"""


def fails_on_hidden_references() -> bool:
    """Tell whether a plugin is loaded that fails where a hidden table has a foreign key."""
    return any(
        getattr(plugin, "__name__", None) in FAILING_ON_HIDDEN_REFERENCES
        for plugin in pm.get_plugins()
    )
