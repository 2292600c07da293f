"""The setting `site_url`: the address that readers know the site by.

    plugins:
      datasette-newsfeed:
        site_url: https://news.example.org

Absolute addresses on pages and in feeds, Datasette's own included, are made of the Host header,
which is whatever the visitor sends. With this setting they do not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from .settings import setting

SETTING = "site_url"

_ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?/?", re.I)

Origin = tuple[str, str]
"""Scheme and host, the host with its port where it has one."""

_origins: WeakKeyDictionary[Any, Origin | None] = WeakKeyDictionary()


def read(value: Any) -> Origin | None:
    """Return scheme and host of a value of the setting, None without one.

    Raises ValueError, with what is wrong with it.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not _ORIGIN.fullmatch(value):
        raise ValueError(
            f"{value!r} is no address of a site: write https://news.example.org, without a path"
            " (a path is Datasette's setting base_url)"
        )
    parts = urlsplit(value)
    return parts.scheme, parts.netloc


def check(datasette: Any) -> None:
    """Raise ValueError as `read` does where the setting is wrong."""
    read(setting(datasette, None, SETTING))


def _origin(datasette: Any) -> Origin | None:
    if datasette not in _origins:
        try:
            _origins[datasette] = read(setting(datasette, None, SETTING))
        except ValueError:  # said at startup
            _origins[datasette] = None
    return _origins[datasette]


def is_fixed(datasette: Any) -> bool:
    """Return whether absolute addresses do not depend on what a visitor sends."""
    return _origin(datasette) is not None


def replaced(datasette: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return scheme and headers of a request as if it had named the site; empty without setting.

    Only of requests that read. What writes is left as it is: Datasette 1.0 compares Host and
    Origin there.
    """
    origin = _origin(datasette)
    if origin is None or scope.get("method") not in ("GET", "HEAD"):
        return {}
    scheme, host = origin
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers") or ()
    others = [(key, value) for key, value in headers if key.lower() != b"host"]
    return {"scheme": scheme, "headers": [(b"host", host.encode("ascii")), *others]}
