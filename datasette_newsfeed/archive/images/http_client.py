"""Fetches one image or feed over HTTP, within bounds of time, memory and redirects.

Nothing else sends a request. A request ends as bytes, as "not modified", or as a
FetchError with its reason (`http_errors`). No proxy, no cookies and no credentials are used: see
docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...errors import FetchError
from .connections import Resolver, transport
from .http_errors import as_fetch_error, refusal
from .public_addresses import checked, is_public_text
from .renditions import MAX_IMAGE_BYTES

if TYPE_CHECKING:
    import httpx

Endpoint = tuple[str, int]
"""A network address and a port."""

IMAGES = "image/webp,image/*;q=0.9,*/*;q=0.1"
"""What is asked for, as the header Accept says it."""

PIECE = 65_536
"""Bytes read at once, and unpacked at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image or feed may cost. Times are in seconds."""

    connect: float = 10.0
    silence: float = 15.0
    total: float = 60.0
    bytes: int = MAX_IMAGE_BYTES
    redirects: int = 5
    attempts: int = 3
    wait_initial: float = 1.0
    wait_most: float = 60.0
    """The longest that a server may ask us to wait, with Retry-After."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came: the bytes, or None where the image did not change since it was last asked for."""

    status: int
    content: bytes | None
    etag: str | None = None
    last_modified: str | None = None


def can_fetch() -> bool:
    """Tell whether the libraries of the extra `images` are installed."""
    return all(find_spec(name) for name in ("httpx", "stamina", "PIL"))


class Web:
    """A client for many images. Use it inside `open_web`."""

    def __init__(self, client: httpx.AsyncClient, limits: Limits, resolver: Resolver) -> None:
        self._client = client
        self._limits = limits
        self._resolver = resolver

    async def get(self, url: str, etag: str | None, last_modified: str | None) -> Reply:
        """Return an image's bytes, or that it did not change. Raises FetchError.

        What may pass is tried again, after the time that the server asks for or else
        after a growing one.
        """
        import stamina

        checked(url)
        limits = self._limits
        attempts = stamina.retry_context(
            on=_backoff,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.wait_initial,
            wait_max=limits.wait_most,
            wait_jitter=limits.wait_initial,
        )
        async for attempt in attempts:
            with attempt, as_fetch_error():
                async with asyncio.timeout(limits.total):
                    return await self._ask(url, etag, last_modified)
        raise AssertionError("stamina returns or raises")

    async def _ask(self, url: str, etag: str | None, last_modified: str | None) -> Reply:
        headers = {}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        request = self._client.build_request("GET", url, headers=headers)
        for hop in range(self._limits.redirects + 1):
            try:
                with as_fetch_error():
                    # Each is checked as if it stood in the record.
                    await self._check(str(request.url))
                    response = await self._client.send(request, stream=True)
            except FetchError as error:
                if hop == 0:
                    raise
                raise error.after_redirect() from error
            try:
                if response.next_request is None:
                    return await self._read(response, bool(headers))
                request = response.next_request
            finally:
                await response.aclose()
        raise FetchError("failed", f"redirects more than {self._limits.redirects} times")

    async def _check(self, url: str) -> None:
        """Refuse a URL before anything is sent; connections go to the addresses found here."""
        parts = checked(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        await self._resolver.addresses(parts.hostname or "", port, self._limits.connect)

    async def _read(self, response: httpx.Response, is_conditional: bool) -> Reply:
        status = response.status_code
        etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
        if status == 304 and is_conditional:
            return Reply(status, None, etag, modified)
        if status != 200:
            retry_after = response.headers.get("retry-after")
            raise refusal(status, retry_after, self._limits.wait_most)
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limits.bytes:
            raise self._too_much()
        content = bytearray()
        async for piece in _plain(response):
            content += piece
            if len(content) > self._limits.bytes:
                raise self._too_much()
        return Reply(status, bytes(content), etag, modified)

    def _too_much(self) -> FetchError:
        return FetchError("unfit", f"has more than {self._limits.bytes:,} bytes", status=200)


async def _plain(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a body in small pieces, unpacked: a few bytes of gzip may hold gigabytes."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        async for piece in response.aiter_raw(PIECE):
            yield piece
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError("unfit", f"is packed as {encoding}, which was not asked for", status=200)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    async for packed in response.aiter_raw(PIECE):
        rest = packed
        while rest:
            try:
                piece = unpacker.decompress(rest, PIECE)
            except zlib.error as error:
                raise FetchError("unfit", f"is packed wrongly: {error}", status=200) from error
            yield piece
            rest = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise FetchError("failed", "ends too early", status=200, may_pass=True)


def _backoff(error: BaseException) -> bool | timedelta:
    """Tell stamina whether to ask again, and after how long."""
    if not isinstance(error, FetchError) or not error.may_pass:
        return False
    return True if error.wait is None else timedelta(seconds=error.wait)


@asynccontextmanager
async def open_web(
    limits: Limits,
    concurrency: int,
    own_endpoints: frozenset[Endpoint] = frozenset(),
    *,
    accept: str = IMAGES,
) -> AsyncIterator[Web]:
    """Open a client for `concurrency` images at once, or for files of other media types.

    `own_endpoints` are of test servers on this machine: the only way to reach an
    address that is not public, and no command, setting or record leads here.
    """
    import httpx
    import stamina

    def admits(address: str, port: int) -> bool:
        return (address, port) in own_endpoints or is_public_text(address)

    resolver = Resolver(admits)
    client = httpx.AsyncClient(
        headers={
            "User-Agent": f"datasette-newsfeed/{version('datasette-newsfeed')}",
            "Accept": accept,
            "Accept-Encoding": "identity",
        },
        timeout=httpx.Timeout(limits.silence, connect=limits.connect),
        # Nothing of the environment: a proxy would connect where we cannot look.
        transport=transport(resolver, concurrency),
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
    hooks: Any = stamina.instrumentation.get_on_retry_hooks()
    # It would log each retry on standard error, in the middle of the progress bar.
    stamina.instrumentation.set_on_retry_hooks(())
    try:
        async with client:
            yield Web(client, limits, resolver)
    finally:
        stamina.instrumentation.set_on_retry_hooks(hooks)
