"""Pages from memory: whole answers of archives, given again without being drawn.

An answer to GET is kept if it was made of databases alone: asked for without cookie,
Authorization or actor, answered with 200 for everybody, of an address that runs no SQL of the
visitor's. It is given as long as none of its databases has changed (access/database_state.py).
Who has it already gets 304 at once, who takes gzip gets it as it was packed the first time, and
of many who wait for one page one has it drawn.

The setting `page_cache_mb` says how much is kept, 0 nothing. Where another plugin draws on pages,
nothing is kept unless the setting is there: the plugin may draw what only it knows of. Then an
answer is kept for its `max-age`, for requests with the same headers.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from datasette.utils import tilde_decode
from datasette.utils.asgi import Request

from ... import schema
from .. import compat, other_plugins
from ..access import database_state
from ..access.archives import find_archive, requested_databases
from ..protocols import DatasetteLike
from . import encodings
from .answer_store import AnswerStore, Header, KeptAnswer, Representation
from .http_caching import etag_of, has_match, max_age, may_be_shared, read_time, varying

SETTING = "page_cache_mb"
DEFAULT = 64
MOST = 65_536
"""The largest value of the setting."""

LONGEST_WAIT = 30
"""Seconds. Who has waited so long for the page that another visitor asked for draws it himself."""

VARYING = frozenset({"cookie", "authorization", "host", "accept-encoding", ""})
"""What an answer may depend on: all of it is in the key, or keeps a request away from here."""

OF_SQL = frozenset({"sql", "_where", "_trace", "_stream"})
"""Parameters with SQL of the visitor's, whose answer may be another each time, or for no page."""

NESTING = ("_articles", "s")
"""Parameters whose values are query strings: of `article_list`, and of the comparison."""

STREAMED = ("text/csv", "text/plain")

_CREDENTIALS = (b"cookie", b"authorization")
_CONDITIONS = (b"if-none-match", b"if-modified-since")
_NEUTRAL = frozenset(
    {*_CONDITIONS, b"host", b"accept-encoding", b"connection", b"cache-control", b"pragma"}
)


def read(value: Any) -> int | None:
    """Return a value of the setting in bytes, None without one.

    Raises ValueError, with what is wrong with it.
    """
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MOST:
        raise ValueError(f"{value!r} is no number of megabytes: 0 to {MOST:,}, 0 keeps nothing")
    return int(value * 1_000_000)


def check(datasette: DatasetteLike) -> None:
    """Raise ValueError as `read` does where the setting is wrong."""
    read(compat.setting(datasette, None, SETTING))


class PageCache:
    """What one site keeps. Holds no Datasette, whose end is that of this."""

    def __init__(self, most: int, *, is_guarded: bool) -> None:
        self.answers = AnswerStore(most)
        self.states = database_state.DatabaseStates()
        self.waiting: dict[object, _Drawing] = {}
        self.is_guarded = is_guarded
        self.asks_who_reads = other_plugins.asks_who_reads()
        self.packs = not other_plugins.packs_answers()
        self.databases: Any = lambda: None

    def find(self, datasette: DatasetteLike, key: object) -> KeptAnswer | None:
        """Return the answer if it still is one."""
        if self.databases() is not datasette.databases:
            # Datasette copies them when one comes or goes.
            self.answers.clear()
            self.databases = weakref.ref(datasette.databases)
        found = self.answers.get(key)
        if found is None:
            return None
        is_over = found.until is not None and found.until < time.monotonic()
        if is_over or self.states.read(datasette, found.names) != found.state:
            self.answers.drop(key)
            return None
        return found


_caches: WeakKeyDictionary[Any, PageCache | None] = WeakKeyDictionary()


def cache_of(datasette: DatasetteLike) -> PageCache | None:
    """Return what a site keeps its answers in; None if it keeps none."""
    if datasette not in _caches:
        _caches[datasette] = _new_cache(datasette)
    return _caches[datasette]


def _new_cache(datasette: DatasetteLike) -> PageCache | None:
    try:
        given = read(compat.setting(datasette, None, SETTING))
    except ValueError:  # said at startup
        given = 0
    # Templates of the user's are read again when they change.
    is_guarded = other_plugins.draws_on_pages() or bool(datasette.template_dir)
    if given is None:
        given = 0 if is_guarded else DEFAULT * 1_000_000
    if given == 0 or not datasette.cache_headers:
        return None
    return PageCache(given, is_guarded=is_guarded)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request says that an answer may depend on."""

    key: object
    size: int
    none_match: str | None
    since: str | None
    accepted: bytes
    is_head: bool


def _read_request(cache: PageCache, scope: compat.Scope) -> _Asked | None:
    """What is asked; None if it is not for everybody."""
    if scope.get("actor"):
        return None
    hosts: list[bytes] = []
    none_match = since = None
    accepted = b""
    others: list[Header] = []
    for given, value in scope["headers"]:
        name = given.lower()
        if name == b"host":
            hosts.append(value)
        elif name == b"accept-encoding":
            accepted = value
        elif name in _CREDENTIALS:
            return None
        elif name == b"if-none-match":
            none_match = value.decode("latin-1")
        elif name == b"if-modified-since":
            since = value.decode("latin-1")
        elif cache.is_guarded and name not in _NEUTRAL:
            others.append((name, value))
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string") or b""
    key = (scope.get("scheme"), tuple(hosts), scope.get("root_path"), path, query)
    size = len(path) + len(query) + sum(map(len, hosts))
    if cache.is_guarded:
        client = (scope.get("client") or ("",))[0]
        key = (*key, tuple(others), client)  # type: ignore[assignment]
        size += sum(len(name) + len(value) for name, value in others)
    return _Asked(key, size, none_match, since, accepted, scope["method"] == "HEAD")


async def _databases_of(datasette: DatasetteLike, scope: compat.Scope) -> tuple[str, ...]:
    """The databases that an answer is made of; none if they do not tell all of it."""
    query = (scope.get("query_string") or b"").decode("latin-1")
    if _holds_sql(query):
        return ()
    if other_plugins.has_page(datasette, scope):
        return ()
    names = requested_databases(datasette, scope)
    path = scope.get("raw_path") or scope["path"].encode()
    path = path.partition(b"?")[0].decode("ascii", "replace")
    parts = path.removeprefix(datasette.setting("base_url")).strip("/").split("/")
    is_front = parts[0].partition(".")[0] == ""
    if any(datasette.databases[name].path is None for name in names):
        return ()  # what is in memory changes, and is named on the front page as well
    archives = [name for name in names if await find_archive(datasette, None, name) is not None]
    if not archives or (not is_front and not await _is_of_tables(datasette, archives[0], parts)):
        return ()
    return tuple(names)


def _holds_sql(query: str) -> bool:
    """Return whether a query string, or a query of articles in it, holds a word of OF_SQL."""
    pairs = parse_qsl(query, keep_blank_values=True)
    nested = (parse_qsl(value, keep_blank_values=True) for key, value in pairs if key in NESTING)
    return any(key in OF_SQL for key, _ in chain(pairs, *nested))


async def _is_of_tables(datasette: DatasetteLike, database: str, parts: list[str]) -> bool:
    """Whether an address below a database is of a table of ours: its own page, rows, our pages.

    Another view or a stored query may say what time it is.
    """
    if len(parts) == 1:
        return True
    archive = await find_archive(datasette, None, database)
    if parts[1] == "-":
        return parts[2:3] == ["newsfeed"]
    tables = (schema.ARTICLE_LIST, *(archive.columns if archive else ()))
    return tilde_decode(parts[1].partition(".")[0]) in tables and parts[2:3] != ["-"]


class _Drawing:
    """A page that is being drawn, for all who wait for it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[KeptAnswer | None] = self.loop.create_future()

    def end(self, answer: KeptAnswer | None) -> None:
        """Let all go on, with the answer or to ask for themselves."""
        if not self._answer.done():
            self._answer.set_result(answer)

    async def answer(self) -> KeptAnswer | None:
        """Return what was drawn, if it could be kept."""
        done, _ = await asyncio.wait([self._answer], timeout=LONGEST_WAIT)
        return self._answer.result() if done else None


class _Collector:
    """Sits between the application and the server for an answer that may be kept.

    What comes in one piece is held back until it is known whether the visitor has it. A stream
    goes on as it comes, and a copy of it is taken.
    """

    def __init__(self, send: Any, largest: int, drawing: _Drawing, *, packs: bool) -> None:
        self._send = send
        self._largest = largest
        self._drawing = drawing
        self._packs = packs
        self._start: dict[str, Any] | None = None
        self._pieces: list[bytes] | None = None
        self._held = 0
        self.is_sent = False
        self.is_for_everybody = False
        self.answer: KeptAnswer | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        """Take a message of the application's."""
        if message["type"] == "http.response.start":
            await self._begin(message)
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        if not self.is_sent and not message.get("more_body"):
            self._pieces = [message.get("body", b"")]
            self._end()
            return
        await self._pass_on(message)

    async def _begin(self, message: dict[str, Any]) -> None:
        headers: list[Header] = [(key.lower(), value) for key, value in message["headers"]]
        if message["status"] == 200:
            self.is_for_everybody = _is_for_everybody(headers)
            if not self.is_for_everybody:
                # Held back all the same: it was drawn without the visitor's conditions.
                self._drawing.end(None)
            elif self._packs and encodings.is_packable(_value(headers, b"content-type"), 1 << 30):
                headers = varying(headers, b"Accept-Encoding")
            self._start = {**message, "headers": headers}
            self._pieces = []
            return
        self._drawing.end(None)
        self.is_sent = True
        await self._send(message)

    async def _pass_on(self, message: dict[str, Any]) -> None:
        """A piece of a stream. Nobody waits for its end: it comes as fast as its reader reads."""
        start = self._start or {}
        if not self.is_sent:
            self._drawing.end(None)
            self.is_sent = True
            kind = _value(start["headers"], b"content-type")
            if not (self.is_for_everybody and kind.startswith(STREAMED)):
                self._pieces = None
            await self._send({**start, "headers": list(start["headers"])})  # see `_start`
        if self._pieces is not None:
            piece = message.get("body", b"")
            self._pieces.append(piece)
            self._held += len(piece)
            if self._held > self._largest:
                self._pieces = None
        await self._send(message)
        if not message.get("more_body") and self._pieces is not None:
            self._end()

    def _end(self) -> None:
        headers = (self._start or {})["headers"]
        body = b"".join(self._pieces or ())
        self.answer = KeptAnswer(
            [each for each in headers if each[0] not in (b"etag", b"content-length")],
            body,
            _value(headers, b"etag") or None,
            read_time(_value(headers, b"last-modified") or None),
            _value(headers, b"content-type"),
        )


def _is_for_everybody(headers: list[Header]) -> bool:
    """Return whether an answer depends on nothing but what the key has."""
    varies = _value(headers, b"vary").lower().split(",")
    control = _value(headers, b"cache-control")
    return (
        may_be_shared(headers)
        and "no-cache" not in control
        and not _value(headers, b"content-encoding")
        and VARYING.issuperset(name.strip() for name in varies)
    )


def _value(headers: Iterable[Header], name: bytes) -> str:
    return b", ".join(value for key, value in headers if key == name).decode("latin-1")


def serve_from_memory(datasette: DatasetteLike, app: compat.App) -> compat.App:
    """Wrap the application so that answers of archives are given from memory."""

    async def serving(scope: compat.Scope, receive: Any, send: Any) -> None:
        asked = cache = None
        if scope.get("type") == "http" and scope["method"] in ("GET", "HEAD"):
            cache = cache_of(datasette)
            if cache is not None and not compat.skips_checks(datasette):
                asked = _read_request(cache, scope)
        if cache is None or asked is None:
            await app(scope, receive, send)
            return
        if cache.asks_who_reads and await compat.has_actor(datasette, scope):
            await app(scope, receive, send)
            return
        found = cache.find(datasette, asked.key)
        if found is not None:
            await _give(cache, found, asked, send)
        elif asked.is_head:
            await app(scope, receive, send)
        else:
            await _draw(datasette, cache, asked, app, (scope, receive, send))

    return serving


async def _draw(
    datasette: DatasetteLike,
    cache: PageCache,
    asked: _Asked,
    app: compat.App,
    call: tuple[compat.Scope, Any, Any],
) -> None:
    """Have an answer drawn, or wait for somebody who has; keep it if it may be."""
    scope, receive, send = call
    names = await _databases_of(datasette, scope)
    state = cache.states.read(datasette, names) if names else None
    if state is None:
        await app(scope, receive, send)
        return
    found = cache.find(datasette, asked.key)
    if found is not None:  # drawn for another visitor in the meantime
        await _give(cache, found, asked, send)
        return
    key = (asked.key, state)
    drawing = cache.waiting.get(key)
    if drawing is not None and drawing.loop is asyncio.get_running_loop():
        answer = await drawing.answer()
        if answer is None:
            await app(scope, receive, send)
        else:
            await _give(cache, answer, asked, send)
        return
    for name in names:
        compat.watch_interruptions(datasette.databases[name])
    drawing = cache.waiting[key] = _Drawing()
    collector = _Collector(send, cache.answers.largest, drawing, packs=cache.packs)
    headers = [each for each in scope["headers"] if each[0].lower() not in _CONDITIONS]
    try:
        await app({**scope, "headers": headers}, receive, collector)
        answer = collector.answer
        if answer is not None:
            answer.names, answer.state = names, state
            answer.is_kept = collector.is_for_everybody and _keep(
                datasette, cache, asked, scope, answer
            )
            # A stream went out without an ETag, and has none later: all servers answer alike.
            if answer.is_kept and answer.etag is None and not collector.is_sent:
                answer.identify(etag_of(answer.headers, answer.body))
            drawing.end(answer if answer.is_kept else None)
    finally:
        drawing.end(None)
        if cache.waiting.get(key) is drawing:
            del cache.waiting[key]
    if answer is not None and not collector.is_sent:
        await _give(cache, answer, asked, send)


def _keep(
    datasette: DatasetteLike,
    cache: PageCache,
    asked: _Asked,
    scope: compat.Scope,
    answer: KeptAnswer,
) -> bool:
    """Keep an answer, and return whether it is kept."""
    request = Request(scope, None)
    if compat.is_late(request) or not database_state.is_settled(datasette, answer.names):
        return False
    if cache.is_guarded or compat.was_interrupted(request):
        # What a cache before the site may do as well.
        age = max_age(_value(answer.headers, b"cache-control"))
        if not age:
            return False
        answer.until = time.monotonic() + age
    if cache.states.read(datasette, answer.names) != answer.state:
        return False
    if answer.size + asked.size > cache.answers.largest:
        return False
    cache.answers.put(asked.key, answer, asked.size)
    return True


async def _give(cache: PageCache, answer: KeptAnswer, asked: _Asked, send: Any) -> None:
    """Send an answer as the visitor takes it, or that he has it."""
    form = answer.plain
    if cache.packs and answer.is_packable and answer.is_kept:
        encoding = encodings.chosen(asked.accepted)
        if encoding is not None:
            form = await _packed(cache, answer, asked, encoding)
    if has_match(asked.none_match, asked.since, answer.etag, answer.modified):
        await send(_start(304, form.known))
        await send({"type": "http.response.body", "body": b""})
        return
    await send(_start(200, form.headers))
    await send({"type": "http.response.body", "body": b"" if asked.is_head else form.body})


def _start(status: int, headers: list[Header]) -> dict[str, Any]:
    """Return the first message of an answer, with a list of its own.

    What stands around the application may write into it, as datasette-gzip does.
    """
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


async def _packed(
    cache: PageCache, answer: KeptAnswer, asked: _Asked, encoding: str
) -> Representation:
    is_new = encoding not in answer.packed
    form = await answer.pack(encoding)
    if is_new and cache.answers.get(asked.key) is answer:
        cache.answers.put(asked.key, answer, asked.size)
    return form
