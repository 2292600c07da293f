"""HTTP caching: ETags, "not modified" answers, and how long an answer may be kept.

Each answer gets a hash of its bytes as its ETag (RFC 9110). A client that sends it again gets
304 in a few bytes. An immutable database cannot change while it is served: browsers and
shared caches may keep its pages for as long as Datasette's setting `default_cache_ttl` says.
Two servers of the same database give the same bytes and therefore the same ETag. A page on
which a query took too long is not cached at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Any

from datasette.utils.asgi import Request

from .. import compat, other_plugins
from ..access.archives import find_archive, requested_databases
from ..protocols import DatasetteLike, RequestLike

Header = tuple[bytes, bytes]

LASTING = "lasting"
"""What is noted of a request when its page is one that may be kept."""

STALE_TIMES = 10
"""A cache may go on giving what it has for so many times its age, while it asks for news."""

_OF_KNOWN = frozenset(
    (
        *(b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary"),
        *(b"last-modified", b"set-cookie"),
    )
)
_MAX_AGE = re.compile(rb"max-age=(\d+)")
_JSON = b"application/json"
# How long the queries took, as the JSON of Datasette 0.65 says it. Quotes inside a value are
# escaped, so this is found nowhere else.
_DURATION = re.compile(rb', "query_ms": [\d.e+-]+')


def fingerprint(body: bytes) -> str:
    """Return the ETag of an answer: 128 bits of its SHA-256, in quotes."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def fingerprint_of_json(body: bytes) -> str:
    """Return the ETag of JSON whatever time it says that its queries took.

    That makes it a weak one (RFC 9110, 8.8.1): the same in meaning, if not in bytes.
    """
    lasting, times = _DURATION.subn(b"", body)
    return f"W/{fingerprint(lasting)}" if times else fingerprint(body)


def etag_of(headers: Iterable[Header], body: bytes) -> str:
    """Return the ETag of an answer by its bytes; the names of its headers are in lower case."""
    is_json = any(key == b"content-type" and value.startswith(_JSON) for key, value in headers)
    return fingerprint_of_json(body) if is_json else fingerprint(body)


def is_known(request: RequestLike, etag: str, modified: datetime | None = None) -> bool:
    """Return whether the visitor has this very answer."""
    headers = request.headers
    return has_match(headers.get("if-none-match"), headers.get("if-modified-since"), etag, modified)


def has_match(
    none_match: str | None, since_text: str | None, etag: str | None, modified: datetime | None
) -> bool:
    """Return whether what a visitor says to have is this answer, by the two headers' values.

    The ETag counts first (RFC 9110, 13.2.2), and is compared weakly (13.1.2).
    """
    if none_match is not None:
        known = [each.strip().removeprefix("W/") for each in none_match.split(",")]
        return etag is not None and (etag.removeprefix("W/") in known or known == ["*"])
    since = read_time(since_text)
    return since is not None and modified is not None and modified <= since


def read_time(text: str | None) -> datetime | None:
    """Return a time as headers write it, None if it is none."""
    try:
        time = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def http_time(time: datetime) -> str:
    """Return a time in UTC as headers write it."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


async def is_lasting(datasette: DatasetteLike, request: RequestLike) -> bool:
    """Return whether a page is made of immutable databases alone, an archive among them."""
    known = compat.notes(request)
    if LASTING not in known:
        known[LASTING] = await _is_made_of_lasting(datasette, request)
    answer: bool = known[LASTING]
    return answer


async def _is_made_of_lasting(datasette: DatasetteLike, request: RequestLike) -> bool:
    databases = datasette.databases
    asked = requested_databases(datasette, request.scope)
    # What is in memory changes, whatever Datasette calls it.
    if not asked or any(databases[n].is_mutable or databases[n].path is None for n in asked):
        return False
    return await _is_of_archive(datasette, request)


async def _is_of_archive(datasette: DatasetteLike, request: RequestLike) -> bool:
    for name in requested_databases(datasette, request.scope):
        if await find_archive(datasette, request, name):
            return True
    return False


async def variables(datasette: DatasetteLike, request: RequestLike) -> dict[str, Any]:
    """Return what the templates of a page want: whether it may be kept, and a way to say no."""

    def late() -> str:
        compat.note_late(request)
        return ""

    return {"newsfeed_is_lasting": await is_lasting(datasette, request), "newsfeed_late": late}


def keep_pages(datasette: DatasetteLike, app: compat.App) -> compat.App:
    """Wrap the application so that pages of immutable archives may be kept."""

    async def keeping(scope: compat.Scope, receive: Any, send: Any) -> None:
        is_read = scope.get("type") == "http" and scope.get("method") in ("GET", "HEAD")
        if not is_read or other_plugins.has_page(datasette, scope):
            await app(scope, receive, send)
            return
        await app(scope, receive, _Keeper(datasette, scope, send))

    return keeping


class _Keeper:
    """Sits between the application and the server, for one answer."""

    def __init__(self, datasette: DatasetteLike, scope: compat.Scope, send: Any) -> None:
        self.datasette = datasette
        self.scope = scope
        self.request = Request(scope, None)
        self.send = send
        self.start: dict[str, Any] | None = None

    async def __call__(self, message: dict[str, Any]) -> None:
        """Hold the start of an answer back until its body is there, if that comes in one piece."""
        if message["type"] == "http.response.start" and message["status"] == 200:
            if may_be_shared(message["headers"]):
                if await is_lasting(self.datasette, self.request):
                    self.start = message
                    return
                if await _is_of_archive(self.datasette, self.request):
                    message = {**message, "headers": self._with_vary(_lowered(message))}
        elif message["type"] == "http.response.start" and message["status"] == 304:
            # Of feeds and images, which know what the visitor has before they are drawn.
            headers = _lowered(message)
            if may_be_shared(headers):
                if await is_lasting(self.datasette, self.request):
                    headers = self._for_caches(headers)
                elif await _is_of_archive(self.datasette, self.request):
                    headers = self._with_vary(headers)
            message = {**message, "headers": headers_of_known(headers)}
        elif message["type"] == "http.response.body" and self.start is not None:
            start, self.start = self.start, None
            start, message = self._finish(start, message)
            await self.send(start)
        await self.send(message)

    def _finish(
        self, start: dict[str, Any], message: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        headers = _lowered(start)
        if compat.is_late(self.request):
            headers = [*_without(headers, b"cache-control"), (b"cache-control", b"no-store")]
            return {**start, "headers": headers}, message
        headers = self._for_caches(headers)
        body = message.get("body", b"")
        if message.get("more_body") or not body or any(key == b"etag" for key, _ in headers):
            return {**start, "headers": headers}, message
        etag = etag_of(headers, body)
        headers.append((b"etag", etag.encode()))
        if is_known(self.request, etag):
            start = {**start, "status": 304, "headers": headers_of_known(headers)}
            return start, {**message, "body": b""}
        return {**start, "headers": headers}, message

    def _for_caches(self, headers: list[Header]) -> list[Header]:
        """Return the headers with how long the answer may be kept, and what it depends on."""
        return self._with_vary(self._with_age(headers))

    def _with_vary(self, headers: list[Header]) -> list[Header]:
        """Return the headers with what the answer depends on."""
        if compat.site_url.is_fixed(self.datasette):
            return headers
        return varying(headers, b"Host")

    def _with_age(self, headers: list[Header]) -> list[Header]:
        given = b", ".join(value for key, value in headers if key == b"cache-control")
        stated = _MAX_AGE.fullmatch(given)
        # Datasette says nothing or a maximal age; what says more is of somebody who means it.
        if not self.datasette.cache_headers or (given and not stated):
            return headers
        age = int(stated[1]) if stated else int(self.datasette.setting("default_cache_ttl"))
        if age == 0:
            return headers
        words = f"public, max-age={age}, stale-while-revalidate={age * STALE_TIMES}"
        return [*_without(headers, b"cache-control"), (b"cache-control", words.encode())]


def _lowered(start: Mapping[str, Any]) -> list[Header]:
    return [(key.lower(), value) for key, value in start["headers"]]


def headers_of_known(headers: Iterable[Header]) -> list[Header]:
    """Return those headers of an answer that "not modified" repeats; lower-case names.

    A client has the others with the answer itself (RFC 9110, 15.4.5).
    """
    return [
        (key, value)
        for key, value in headers
        if key in _OF_KNOWN or key.startswith(b"access-control-")
    ]


def max_age(control: str) -> int:
    """Return the seconds for which a Cache-Control header lets an answer be kept; 0 for none."""
    found = _MAX_AGE.search(control.encode("latin-1"))
    return int(found[1]) if found else 0


def _without(headers: Iterable[Header], *names: bytes) -> list[Header]:
    return [(key, value) for key, value in headers if key not in names]


def varying(headers: list[Header], name: bytes) -> list[Header]:
    """Headers that tell caches that the answer depends on a header of the request as well."""
    given = [value for key, value in headers if key == b"vary"]
    if any(name.lower() == part.strip().lower() for part in b",".join(given).split(b",")):
        return headers
    return [*_without(headers, b"vary"), (b"vary", b", ".join([*given, name]))]


def may_be_shared(headers: Iterable[Header]) -> bool:
    """Return whether an answer is the same for all who ask without credentials."""
    # Datasette marks whatever depends on who asks, and sees to `Vary`.
    return not any(
        (key.lower() == b"cache-control" and (b"private" in value or b"no-store" in value))
        or key.lower() == b"set-cookie"
        for key, value in headers
    )
