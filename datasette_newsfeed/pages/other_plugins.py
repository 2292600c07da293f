"""What this plugin does to work beside other plugins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from datasette.plugins import pm

from .protocols import DatasetteLike, RequestLike

FAILING_ON_HIDDEN_REFERENCES = frozenset({"datasette_graphql"})
"""Plugins by the name of their module.

datasette-graphql (2.2, 3.0a1) makes types of the tables that are not hidden, and for each
foreign key to one of them a field of the other table's type, which a hidden one has not: every
page of the database is then an error.
"""


def fails_on_hidden_references() -> bool:
    """Return whether a plugin is loaded that fails where a hidden table has a foreign key."""
    return any(
        getattr(plugin, "__name__", None) in FAILING_ON_HIDDEN_REFERENCES
        for plugin in pm.get_plugins()
    )


THEMES = "datasette_themes"
THEME_COOKIE = "ds_theme"
THEME_PREVIEW = "_theme_preview"
"""How datasette-themes (0.1) is told which theme a page has."""


def has_theme(request: RequestLike | None) -> bool:
    """Return whether datasette-themes gives this page its colours: chosen, or as a preview."""
    if request is None or not any(
        getattr(plugin, "__name__", None) == THEMES for plugin in pm.get_plugins()
    ):
        return False
    return bool(request.args.get(THEME_PREVIEW) or request.cookies.get(THEME_COOKIE))


OURS = __name__.partition(".")[0]
DATASETTE = "datasette"

_routes: WeakKeyDictionary[Any, list[re.Pattern[str]]] = WeakKeyDictionary()


def has_page(datasette: DatasetteLike, scope: Mapping[str, Any]) -> bool:
    """Return whether a request is for a page of another plugin, which decides on its headers.

    Datasette looks for pages of plugins before its own, by the path without `base_url`.
    """
    if datasette not in _routes:
        _routes[datasette] = [
            re.compile(pattern)
            for routes in pm.hook.register_routes(datasette=datasette)
            for pattern, view in routes
            if _package(view) not in (OURS, DATASETTE)
        ]
    raw_path = scope.get("raw_path") or scope["path"].encode()
    path = raw_path.partition(b"?")[0].decode("ascii", "replace")
    path = "/" + path.removeprefix(datasette.setting("base_url")).lstrip("/")
    return any(pattern.match(path) for pattern in _routes[datasette])


def _package(view: Any) -> str:
    return str(getattr(view, "__module__", "")).partition(".")[0]
