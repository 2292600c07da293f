"""Which file of an archive an image's address leads to."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

LONGEST = 4_096
"""Bytes. No longer path can be opened."""


def find_file(root: str, address: str, follow_links: bool = False) -> str | None:
    """Return the file below a folder that an address leads to, links resolved, None if none.

    The address is one below the folder. A file of that very name comes first, so a name may
    hold `#`, `?` or `%20`. Else the address is taken for a URL: it is percent-decoded, and what
    follows `?` or `#` is left out. Names are the same in any Unicode normal form. A file outside
    the folder, through `..` or a link, is none; with `follow_links` one that a link in the folder
    leads to is, by the path of that link.
    """
    inside = os.path.realpath(root).rstrip(os.sep) + os.sep
    for path in dict.fromkeys(_spellings(address)):
        if not path or "\0" in path or len(path) > LONGEST:
            continue
        found = _existing(root, path)
        if found is not None:
            file = os.path.realpath(found)
            if follow_links and not file.startswith(inside):
                file = os.path.normpath(os.path.join(inside, os.path.relpath(found, root)))
            if file.startswith(inside) and os.path.isfile(file):
                return file
    return None


def _spellings(address: str) -> Iterator[str]:
    yield address
    yield _decoded(address)
    path = address.partition("#")[0].partition("?")[0]
    yield path
    yield _decoded(path)


def _decoded(address: str) -> str:
    # As file names are: a byte that is no UTF-8 may be part of one.
    return os.fsdecode(unquote_to_bytes(address))


def _existing(root: str, path: str) -> str | None:
    exact = os.path.join(root, path.lstrip("/"))
    if path.isascii() or os.path.isfile(exact):
        return exact
    place = root
    for name in path.split("/"):
        if name in ("", "."):
            continue
        exact = os.path.join(place, name)
        if name != ".." and not os.path.lexists(exact):
            other = _names(place).get(_normal(name))
            if other is None:
                return None
            exact = os.path.join(place, other)
        place = exact
    return place


@lru_cache(maxsize=32)
def _names(folder: str) -> dict[str, str]:
    """Return the names in a folder by their normal form; the smallest of several."""
    try:
        names = sorted(os.listdir(folder), reverse=True)
    except OSError:
        return {}
    return {_normal(name): name for name in names if not name.isascii()}


def forget_names() -> None:
    """Forget what folders hold: to be called when a run begins."""
    _names.cache_clear()


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
