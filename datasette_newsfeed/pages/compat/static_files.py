"""The addresses of this plugin's static files, with a hash of their content."""

from __future__ import annotations

import functools
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..protocols import DatasetteLike

_PLUGIN = "datasette_newsfeed"
_FOLDER = Path(__file__).resolve().parents[2] / "static"

_addresses: WeakKeyDictionary[Any, dict[str, str]] = WeakKeyDictionary()


def static_url(datasette: DatasetteLike, name: str) -> str:
    """Return the address of a file of static/, with `base_url`; it changes with the content.

    Browsers keep the answer of Datasette 1.0 to its own form (`datasette.static()`) for good.
    """
    known = _addresses.setdefault(datasette, {})
    if name not in known:
        known[name] = _static_url(datasette, name)
    return known[name]


def _static_url(datasette: DatasetteLike, name: str) -> str:
    static = getattr(datasette, "static", None)
    if static is not None:
        # It looks through the metadata of all plugins for its file: 2 ms a call.
        return static(name, plugin=_PLUGIN)  # type: ignore[no-any-return]
    address: str = datasette.urls.static_plugins(_PLUGIN, name)
    return address + "?" + _fingerprint(name)


@functools.cache
def _fingerprint(name: str) -> str:
    return sha256((_FOLDER / name).read_bytes()).hexdigest()[:8]
