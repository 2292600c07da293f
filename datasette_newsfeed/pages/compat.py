"""The only place that asks which Datasette this is: 0.65 or 1.0. Knows no news.

What both lines do alike is called directly elsewhere; what they do differently
has one name here.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from datasette.plugins import pm
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Forbidden, Request, Response
from markupsafe import Markup

from . import told
from .links import FEEDS

TEMPLATES_065 = Path(__file__).resolve().parent.parent / "templates_065"
NOTES = "newsfeed_notes"
LATE = "late"
PLUGIN = "datasette-newsfeed"
"""The name below which our settings stand."""

SPARED = tuple(f".{extension}" for extension in FEEDS)

Scope = MutableMapping[str, Any]
Hides = Callable[[Any, Any, str], Awaitable[bool]]
"""Whether a view of a database is to be hidden from an actor: (datasette, actor, database)."""

App = Callable[[Scope, Any, Any], Awaitable[None]]

_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar(
    "newsfeed_scope", default=None
)
_is_asking: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "newsfeed_is_asking", default=False
)
_metadata: WeakKeyDictionary[Any, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def is_v1(datasette: Any) -> bool:
    """Tell 1.0 from 0.65."""
    return hasattr(datasette, "allowed")


# -- one request --------------------------------------------------------------


def remember_request(datasette: Any, app: App) -> App:
    """Wrap the application so that cells know the request, which only 1.0 hands them.

    Also gives each request a notebook: see `notes`.
    """

    async def remembering(scope: Scope, receive: Any, send: Any) -> None:
        if scope.get("type") != "http":
            await app(scope, receive, send)
            return
        if not _names_host(scope):
            refusal = Response.text("The Host header names no host.", status=400)
            await refusal.asgi_send(send)
            return
        scope = {**scope, NOTES: {}, "query_string": _spare_query(datasette, scope)}
        token = _scope.set(scope)
        try:
            await app(scope, receive, send)
        finally:
            _scope.reset(token)

    return remembering


def _names_host(scope: Scope) -> bool:
    """Tell whether addresses can be made for whoever asks (RFC 9112, 3.2: else 400)."""
    for key, value in scope.get("headers") or ():
        if key.lower() == b"host":
            try:
                return urlsplit(f"//{value.decode('latin-1')}").port != 0
            except ValueError:  # as of "[half an address"
                return False
    return True


def _spare_query(datasette: Any, scope: Scope) -> bytes:
    """The query of a request, for 0.65 without what feeds do not need and it counts for them."""
    query: bytes = scope.get("query_string") or b""
    if is_v1(datasette) or not scope["path"].endswith(SPARED):
        return query
    return b"&".join(part for part in (query, b"_nofacet=1&_nosuggest=1&_nocount=1") if part)


async def current_request(datasette: Any, request: Any) -> Any:
    """Return the request given, else the one that is being answered, else None.

    The one being answered is as it came in, before Datasette found out who asks.
    So that is found out here as well, once a request.
    """
    scope = _scope.get()
    if request is not None or scope is None:
        return request
    coming = Request(scope, None)
    known = notes(coming)
    if "actor" not in known:
        known["actor"] = await _find_actor(datasette, coming)
    return Request({**scope, "actor": known["actor"]}, None)


async def _find_actor(datasette: Any, request: Any) -> Any:
    for found in pm.hook.actor_from_request(datasette=datasette, request=request):
        actor = await await_me_maybe(found)
        if actor:
            return actor
    return request.scope.get("actor")


def notes(request: Any) -> dict[Any, Any]:
    """Return what was noted while this request is answered; without one, an empty notebook."""
    if request is None:
        return {}
    notebook: dict[Any, Any] = request.scope.setdefault(NOTES, {})
    return notebook


def note_late(request: Any) -> None:
    """Note that a part of this page took too long, so that no cache keeps it."""
    notes(request)[LATE] = True


def is_late(request: Any) -> bool:
    """Tell whether a part of this page took too long."""
    return LATE in notes(request)


def asks_for_row(request: Any, table: str, row_path: str) -> bool:
    """Tell whether a request is for this row's own page."""
    from datasette.utils import tilde_decode

    if request is None:
        return False
    parts = request.path.rstrip("/").split("/")[-2:]
    return [tilde_decode(part) for part in parts] == [table, tilde_decode(row_path)]


def close(datasette: Any) -> None:
    """Let go of a Datasette that was opened for one question."""
    if is_v1(datasette):
        datasette.close()
        return
    for database in datasette.databases.values():
        database.close()
    if datasette.executor is not None:
        datasette.executor.shutdown()


# -- permissions --------------------------------------------------------------


async def may_view_table(datasette: Any, actor: Any, database: str, table: str) -> bool:
    """Tell whether the actor may see a table; not for views that `refused_views` refuses."""
    allowed: bool
    if is_v1(datasette):
        from datasette.resources import TableResource

        resource = TableResource(database, table)
        token = _is_asking.set(True)
        try:
            allowed = await datasette.allowed(action="view-table", resource=resource, actor=actor)
        finally:
            _is_asking.reset(token)
    else:
        # Not `check_visibility`: that asks everything twice, to tell what others may not see.
        place = [("view-table", (database, table)), ("view-database", database), "view-instance"]
        try:
            await datasette.ensure_permissions(actor, place)
            allowed = True
        except Forbidden:
            allowed = False
    return allowed


async def refused_views(sql: str, view: str, hides: Hides, datasette: Any, actor: Any) -> Any:
    """Answer `permission_resources_sql` of 1.0 with the databases whose view `hides` refuses.

    `sql` gives the rules for :newsfeed_view in :newsfeed_databases, a JSON list. Found out
    once a request: 1.0 asks for each of its checks, and does not say what that is about.
    `hides` asks by `may_view_table`, whose checks are of no such view.
    """
    if _is_asking.get():
        return None
    scope = _scope.get()
    known: dict[Any, Any] = {} if scope is None else scope[NOTES]
    key = ("refused_views", view, json.dumps(actor, sort_keys=True, default=str))
    if key not in known:
        known[key] = [
            name for name in list(datasette.databases) if await hides(datasette, actor, name)
        ]
    if not known[key]:
        return None
    from datasette.permissions import PermissionSQL

    return PermissionSQL(
        sql=sql,
        params={"newsfeed_view": view, "newsfeed_databases": json.dumps(known[key])},
    )


# -- templates ----------------------------------------------------------------


def add_templates(env: Any, datasette: Any) -> None:
    """Put the partial that stands in for the `top_` hooks before the templates of 0.65."""
    if is_v1(datasette):
        return
    paths = env.loader.loaders[0].searchpath  # the user's, the plugins', Datasette's own
    if str(TEMPLATES_065) not in paths:
        paths.insert(len(paths) - 1, str(TEMPLATES_065))


async def render(datasette: Any, request: Any, template: str, context: Mapping[str, Any]) -> Markup:
    """Return one of our templates as HTML, without what Datasette adds for a whole page."""
    env = datasette.get_jinja_environment(request) if is_v1(datasette) else datasette.jinja_env
    return Markup(await env.get_template(template).render_async(dict(context)))


def needs_partial(datasette: Any) -> bool:
    """Tell whether panels are drawn by our partial because there are no `top_` hooks."""
    return not is_v1(datasette)


def keeps_facet_order(datasette: Any) -> bool:
    """Tell whether facets stand in the order of the configuration, not of their numbers."""
    return is_v1(datasette)


class Answer(Response):
    """A response that keeps its status.

    0.65 gives the answer of a renderer the status of the SQL query behind it, so that
    "still the same" and "not like that" would both become "here it is".
    """

    @property
    def status(self) -> int:
        """The status that it was made with."""
        return self._status

    @status.setter
    def status(self, status: int) -> None:
        self._status: int = getattr(self, "_status", status)


# -- settings -----------------------------------------------------------------


def setting(datasette: Any, database: str, key: str) -> Any:
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


# -- defaults -----------------------------------------------------------------

METADATA_KEYS = ("title", "description")


def _fresh(value: Any) -> Any:
    """A copy of nested dicts: Datasette 0.65 merges the user's metadata into what it is given."""
    return {k: _fresh(v) for k, v in value.items()} if isinstance(value, dict) else value


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
    if is_v1(datasette):
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


def metadata_065(datasette: Any, key: str | None, database: str | None) -> dict[str, Any]:
    """Return what the defaults say of a key of Datasette 0.65's metadata, nested dicts fresh.

    It asks many times a page and copies what it gets; for a permission, with `tables`,
    it looks only at what says `allow`.
    """
    if key not in (None, "databases", "queries", "tables", *METADATA_KEYS):
        return {}
    found = _metadata.get(datasette) or {}
    if database is not None:
        found = {name: defaults for name, defaults in found.items() if name == database}
    if key == "tables":
        found = {name: {"tables": _allows(each["tables"])} for name, each in found.items()}
    return {"databases": _fresh(found)} if found else {}


def _allows(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"allow": each["allow"]} for name, each in tables.items() if "allow" in each}


async def database_text(datasette: Any, database: str, key: str) -> str | None:
    """Return the title or description that the user, or else our defaults, give a database."""
    if is_v1(datasette):
        text = (await datasette.get_database_metadata(database)).get(key)
    else:
        text = datasette.metadata(key, database=database, fallback=False)
    return None if text is None else str(text)


async def query_title(datasette: Any, database: str, name: str, actor: Any) -> str | None:
    """Return the title of a stored query, None if it has none."""
    if is_v1(datasette):
        query = await datasette.get_query(database, name)
        return query.title if query else None
    query = await datasette.get_canned_query(database, name, actor)
    return (query or {}).get("title")


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
            conn.executemany(told.INTO[len(place)], rows)

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
