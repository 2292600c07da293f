"""A request and its response: the actor, and notes taken while the page is made."""

from __future__ import annotations

import contextvars
import functools
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.tracer import trace_child_tasks
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Request, Response

from ..registered_formats import PAGE, feed_formats
from . import site_url
from .version import is_v1

NOTES = "newsfeed_notes"
LATE = "late"
INTERRUPTED = "interrupted"

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
Method = Callable[..., Awaitable[Any]]
"""One of a database, such as `execute`."""
Wrap = Callable[[Method], Method]

_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar(
    "newsfeed_scope", default=None
)


def remember_request(datasette: Any, app: App) -> App:
    """Wrap the application so that cells know the request, which only 1.0 hands them.

    Also gives each request a notebook: see `notes`.
    """

    async def remembering(scope: Scope, receive: Any, send: Any) -> None:
        if scope.get("type") != "http":
            await app(scope, receive, send)
            return
        scope = {**scope, **site_url.replaced(datasette, scope)}
        if not _names_host(scope):
            refusal = Response.text("The Host header names no host.", status=400)
            await refusal.asgi_send(send)
            return
        scope = {**scope, NOTES: {}, "query_string": _spare_query(datasette, scope)}
        token = _scope.set(scope)
        try:
            # Queries run in tasks of their own are those of this request for `?_trace=1`.
            with trace_child_tasks():
                await app(scope, receive, send)
        finally:
            _scope.reset(token)

    return remembering


def _names_host(scope: Scope) -> bool:
    """Return False if the Host header cannot be parsed (RFC 9112, 3.2: answer 400)."""
    for key, value in scope.get("headers") or ():
        if key.lower() == b"host":
            try:
                return urlsplit(f"//{value.decode('latin-1')}").port != 0
            except ValueError:  # as of "[half an address"
                return False
    return True


def _spare_query(datasette: Any, scope: Scope) -> bytes:
    """The query of a request: for a format that holds a whole selection with the most rows there
    are, for 0.65 without what feeds do not need and it counts for them."""
    query: bytes = scope.get("query_string") or b""
    extension = scope["path"].rpartition(".")[2]
    formats = feed_formats(datasette)
    parts = [query]
    if extension in formats and formats[extension].whole and b"_size=" not in query:
        parts.append(b"_size=max")
    if not is_v1() and (extension == PAGE or extension in formats):
        parts.append(b"_nofacet=1&_nosuggest=1&_nocount=1")
    return b"&".join(part for part in parts if part)


def asks_for_feed(datasette: Any, request: Any) -> bool:
    """Return whether a request is for rows as a feed."""
    return request.url_vars.get("format") in feed_formats(datasette)


def forget_prefix(request: Any) -> None:
    """Take base_url off the path of a request for a table, as a proxy that strips it does.

    Both lines put base_url before `request.path` in the addresses of the next page and of facets
    (`path_with_replaced_args` and its like in `datasette.utils`, then `urls.path`). Behind a proxy
    that keeps the prefix, that path has it already, and they would have it twice. The view of this
    request was found before, so nothing is routed by the path that is changed here.
    """
    route_path = request.scope.get("route_path")
    if route_path is not None:
        request.scope["path"] = unquote(route_path)
        request.scope["raw_path"] = route_path.encode("latin-1")


async def current_request(datasette: Any, request: Any) -> Any:
    """Return the request given, else the one that is being answered, else None.

    The one being answered is as it came in, before Datasette found out who asks.
    So that is found out here as well, once per request.
    """
    scope = _scope.get()
    if request is not None or scope is None:
        return request
    known = scope[NOTES]
    if "request" not in known:
        actor = await _find_actor(datasette, Request(scope, None))
        known["request"] = Request({**scope, "actor": actor}, None)
    return known["request"]


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
    """Return whether a part of this page took too long."""
    return LATE in notes(request)


def watch_interruptions(db: Any) -> None:
    """Note from now on of each request whether SQL was interrupted while it was answered.

    Datasette leaves out what took too long (a count, a suggestion of a facet), mostly without a
    word: the next answer may have it.
    """
    for name in ("execute", "execute_fn"):
        wrap_once(db, name, _watched)


def wrap_once(db: Any, name: str, wrap: Wrap) -> None:
    """Replace a method of a database by what `wrap` makes of it, unless it has done so already.

    Others may wrap it in turn: `functools.wraps` hands on what was noted of it.
    """
    method = getattr(db, name)
    mark = f"newsfeed{wrap.__name__}"
    if not hasattr(method, mark):
        wrapped = functools.wraps(method)(wrap(method))
        setattr(wrapped, mark, True)
        setattr(db, name, wrapped)


def _watched(method: Method) -> Method:
    async def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            return await method(*args, **kwargs)
        except QueryInterrupted:
            noted()[INTERRUPTED] = True
            raise

    return watched


def was_interrupted(request: Any) -> bool:
    """Return whether SQL was interrupted: only of databases given to `watch_interruptions`."""
    return INTERRUPTED in notes(request)


async def has_actor(datasette: Any, scope: Scope) -> bool:
    """Return whether any plugin takes this request for one of an actor."""
    actors = [
        await await_me_maybe(found)
        for found in pm.hook.actor_from_request(datasette=datasette, request=Request(scope, None))
    ]
    return any(actors)


def noted() -> dict[Any, Any]:
    """Return what was noted for the request that is being answered; else an empty notebook."""
    scope = _scope.get()
    return {} if scope is None else scope[NOTES]


def asks_for_row(request: Any, table: str, row_path: str) -> bool:
    """Return whether a request is for this row's own page."""
    from datasette.utils import tilde_decode

    if request is None:
        return False
    parts = request.path.rstrip("/").split("/")[-2:]
    return [tilde_decode(part) for part in parts] == [table, tilde_decode(row_path)]


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
