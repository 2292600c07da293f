"""What this plugin does to work beside other plugins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from datasette.plugins import get_plugins, pm

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


PACKING = frozenset({"datasette_gzip"})
"""Plugins that pack every answer themselves."""

QUIET = frozenset(
    {
        *("actor_from_request", "actors_from_ids", "asgi_wrapper", "forbidden", "handle_exception"),
        *("prepare_connection", "prepare_jinja2_environment", "publish_subcommand", "skip_csrf"),
        *("register_actions", "register_commands", "register_events", "register_permissions"),
        *("register_magic_parameters", "register_routes", "register_token_handler", "shutdown"),
        *("startup", "track_event", "write_wrapper", "register_newsfeed_dialects"),
    }
)
"""Hooks whose plugins add nothing to a page of an archive; each other hook of Datasette may.

What a SQL function or a magic parameter returns may be another thing each time: it is on pages
of SQL, which are not kept. Pages of `register_routes` are the other plugin's.
"""

OURS = __name__.partition(".")[0]
DATASETTE = "datasette"


def _others() -> list[Any]:
    """The plugins that are neither Datasette's nor ours."""
    return [plugin for plugin in pm.get_plugins() if _name(plugin) not in (OURS, DATASETTE)]


def _name(plugin: Any) -> str:
    return str(getattr(plugin, "__name__", type(plugin).__module__)).partition(".")[0]


def _hooks(plugin: Any) -> set[str]:
    """The hooks of Datasette and of ours that a plugin implements; not those of other plugins."""
    return {
        hook.name
        for hook in pm.get_hookcallers(plugin) or ()
        if hook.spec is not None
        and hook.spec.namespace.__name__.partition(".")[0] in (OURS, DATASETTE)
    }


def draws_on_pages() -> bool:
    """Return whether another plugin may add to a page what is not of the archive."""
    return any(_hooks(plugin) - QUIET or (templates_of(plugin) is not None) for plugin in _others())


def templates_of(plugin: Any) -> str | None:
    """Return the folder of templates that a plugin has, as Datasette finds it."""
    for found in get_plugins():
        if found["name"] == getattr(plugin, "__name__", None):
            path: str | None = found["templates_path"]
            return path
    return None


def asks_who_reads() -> bool:
    """Return whether another plugin says who a visitor is."""
    return any("actor_from_request" in _hooks(plugin) for plugin in _others())


def packs_answers() -> bool:
    """Return whether another plugin sends answers packed."""
    return any(_name(plugin) in PACKING for plugin in _others())


def looks_at_rows(datasette: DatasetteLike) -> bool:
    """Return whether another plugin is asked for each page whether its format fits the rows."""
    return any(
        can_render is not None and _package(can_render) not in (OURS, DATASETTE)
        for _, can_render in datasette.renderers.values()
    )


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
