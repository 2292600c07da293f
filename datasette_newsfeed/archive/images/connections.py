"""Connects to addresses that were checked: what a host name means is looked up once.

A name may mean a public address when it is looked at and an inner one a moment later. So the
addresses that were checked are kept, and connections are made to these and to no others.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ...errors import FetchError

if TYPE_CHECKING:
    import httpx

NOT_PUBLIC = "leads to no public address"
"""Of an address itself, which tells no more than the record."""

NAME_NOT_PUBLIC = "has a host name that is not known to lead to public addresses (or no network?)"
"""Of a name that is not known as well as of one that is known here alone. What is said of a name is
stored in the database that is served, and would tell whoever writes records which names there are
inside this network. So all that a lookup may come to is one error, and is tried again alike."""

NAMES_KEPT = 1_000
SECONDS_KEPT = 60.0

Admits = Callable[[str, int], bool]
"""Whether a network address may be connected to at a port."""


class Resolver:
    """What host names mean, as far as all of it may be connected to."""

    def __init__(self, admits: Admits) -> None:
        self._admits = admits
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}

    async def addresses(self, host: str, port: int, timeout: float | None) -> list[str]:
        """Return the addresses of a host, the same ones for a minute.

        Raises FetchError where one of them is not admitted, or the name is not known after
        `timeout` seconds.
        """
        now = time.monotonic()
        looked_up, found = self._known.get((host, port), (now - SECONDS_KEPT, []))
        if now - looked_up < SECONDS_KEPT:
            return found
        try:
            async with asyncio.timeout(timeout):
                answer = await asyncio.get_running_loop().getaddrinfo(
                    host, port, type=socket.SOCK_STREAM
                )
        except (OSError, UnicodeError) as error:
            raise _not_public(host) from error
        found = list(dict.fromkeys(str(place[0]) for *_, place in answer))
        if not found or not all(self._admits(address, port) for address in found):
            raise _not_public(host)
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        self._known[host, port] = now, found
        return found


def _not_public(host: str) -> FetchError:
    """Return what is said of an address that is not public, and of any name without public ones."""
    if _is_address(host):
        return FetchError("refused", NOT_PUBLIC)
    return FetchError("failed", NAME_NOT_PUBLIC, may_pass=True, is_unreachable=True)


def _is_address(host: str) -> bool:
    """Tell whether a host is an address in any spelling of the system's; no name is looked up."""
    try:
        return bool(socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST))
    except (OSError, UnicodeError):
        return False


def transport(resolver: Resolver, concurrency: int) -> httpx.AsyncHTTPTransport:
    """Return a transport that connects to what the resolver admits, through no proxy."""
    import httpcore
    import httpx

    class Backend(httpcore.AsyncNetworkBackend):
        """Connects to the first address of a host that answers."""

        def __init__(self) -> None:
            self._plain = httpcore.AnyIOBackend()

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.AsyncNetworkStream:
            addresses = await resolver.addresses(host, port, timeout)
            for address in addresses[:-1]:
                try:
                    return await self._plain.connect_tcp(
                        address, port, timeout, local_address, socket_options
                    )
                except (httpcore.ConnectError, httpcore.ConnectTimeout):
                    continue
            return await self._plain.connect_tcp(
                addresses[-1], port, timeout, local_address, socket_options
            )

        async def sleep(self, seconds: float) -> None:
            await self._plain.sleep(seconds)

    found = httpx.AsyncHTTPTransport(trust_env=False)
    # httpx has no parameter for this. tests/images/test_fetch.py sees that connections go this way.
    found._pool = httpcore.AsyncConnectionPool(
        ssl_context=httpx.create_ssl_context(trust_env=False),
        max_connections=concurrency,
        max_keepalive_connections=concurrency,
        keepalive_expiry=5.0,
        network_backend=Backend(),
    )
    return found
