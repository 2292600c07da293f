"""Feeds are asked for on the web, with the guards of `newsfeed images`, and only if they changed.

What a server said of a feed's version is kept in FOLDER, in `.newsfeed-collect.json`, under a
hash of the address: an address may hold the key of an API.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import DiskError, FetchError
from ..files import replace_file
from ..images.http_client import Endpoint, Limits, Reply, Web, open_web

STATE = ".newsfeed-collect.json"
STATE_VERSION = 1
"""Of the records that are written: under another one, every feed is read again."""

MAX_FEED_BYTES = 20_000_000
MAX_STATE = 10_000_000
AT_ONCE = 8
"""Hosts asked at once, each for one feed at a time."""

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "application/json;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
LIMITS = Limits(bytes=MAX_FEED_BYTES)
_LONGEST_VALIDATOR = 1_000


def is_address(source: str) -> bool:
    """Tell whether a source is an address of the web rather than a file."""
    return source.lower().startswith(("http://", "https://"))


def shown(address: str) -> str:
    """Return an address for a message: without its query, which may hold a key."""
    head, mark, _ = address.partition("?")
    return f"{head}?…" if mark else head


def base_of(address: str) -> str:
    """Return the address against which relative ones are resolved, without query."""
    return address.partition("#")[0].partition("?")[0]


def fetch(
    addresses: Sequence[str],
    state: State,
    limits: Limits | None = None,
    own_endpoints: frozenset[Endpoint] = frozenset(),
) -> list[Reply | FetchError]:
    """Ask for feeds, and return what came of each, in the order given.

    A reply without content did not change since it was collected. `limits` and `own_endpoints`
    are for tests: see `open_web`.
    """
    return asyncio.run(_fetch(addresses, state, limits or LIMITS, own_endpoints))


async def _fetch(
    addresses: Sequence[str], state: State, limits: Limits, own_endpoints: frozenset[Endpoint]
) -> list[Reply | FetchError]:
    hosts: dict[str, asyncio.Lock] = {}

    async def ask(web: Web, address: str) -> Reply | FetchError:
        async with hosts.setdefault(_host(address), asyncio.Lock()):
            try:
                return await web.get(address, *state.validators(address))
            except FetchError as error:
                return error

    async with open_web(limits, AT_ONCE, own_endpoints, accept=ACCEPT) as web:
        return list(await asyncio.gather(*(ask(web, address) for address in addresses)))


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


class State:
    """Of each address collected, the validators of its last answer (RFC 9110, 8.8).

    asked_how: what else decides what is written, as the options of the command.
    """

    def __init__(self, folder: Path, asked_how: str) -> None:
        self._path = folder / STATE
        self._asked_how = asked_how
        self._kept = _read(self._path)

    def _key(self, address: str) -> str:
        return sha256(f"{self._asked_how}\0{address}".encode("utf-8", "surrogatepass")).hexdigest()

    def validators(self, address: str) -> tuple[str | None, str | None]:
        """Return ETag and Last-Modified, None for what is not known."""
        kept = self._kept.get(self._key(address), {})
        return kept.get("etag"), kept.get("last_modified")

    def keep(self, address: str, reply: Reply) -> None:
        """Remember what a server said of the version that was collected."""
        said = {"etag": reply.etag, "last_modified": reply.last_modified}
        found = {k: v for k, v in said.items() if v and len(v) <= _LONGEST_VALIDATOR}
        if found:
            self._kept[self._key(address)] = found
        elif reply.content is not None:
            self._kept.pop(self._key(address), None)

    def save(self) -> None:
        """Write the file, if it differs. Raises DiskError."""
        document = {"version": STATE_VERSION, "feeds": self._kept}
        data = (json.dumps(document, indent=1, sort_keys=True) + "\n").encode("ascii")
        try:
            if not self._kept and not self._path.exists():
                return
            if not self._path.exists() or self._path.read_bytes() != data:
                replace_file(self._path, data)
        except OSError as error:
            raise DiskError(str(self._path), f"cannot be written: {error.strerror}") from error


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return what a file of this program's says; nothing where it is none."""
    try:
        if not path.is_file() or os.path.getsize(path) > MAX_STATE:
            return {}
        document: Any = json.loads(path.read_bytes())
        if document["version"] != STATE_VERSION:
            return {}
        return {
            str(key): {name: each[name] for name in ("etag", "last_modified") if _fits(each, name)}
            for key, each in document["feeds"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}  # asking again is all that is lost


def _fits(each: Any, name: str) -> bool:
    value = each.get(name)
    return isinstance(value, str) and value.isascii() and value.isprintable()
