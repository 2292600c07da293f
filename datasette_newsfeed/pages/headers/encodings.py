"""Content encodings: what a client takes, and answers packed accordingly (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Callable
from functools import lru_cache

LEAST = 1_000
"""Bytes. Less is not worth packing."""

LONGEST_HEADER = 500
"""Bytes. Nobody takes so many encodings; a longer list counts as none."""

_TEXT = ("text/", "image/svg")
_TEXT_ENDINGS = ("json", "xml", "javascript")


def _gzip(body: bytes) -> bytes:
    # Without the time, so that every server packs alike.
    return gzip.compress(body, 6, mtime=0)


def _packers() -> dict[str, Callable[[bytes], bytes]]:
    """What can be packed, the best first; zstd comes with Python 3.14."""
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        return {"gzip": _gzip}
    return {"zstd": lambda body: bytes(zstd.compress(body, 10)), "gzip": _gzip}


PACKERS = _packers()


def is_packable(media_type: str, size: int) -> bool:
    """Return whether an answer gets smaller by packing: text that is not tiny."""
    kind = media_type.partition(";")[0].strip().lower()
    return size >= LEAST and (kind.startswith(_TEXT) or kind.endswith(_TEXT_ENDINGS))


@lru_cache(maxsize=256)
def chosen(accepted: bytes) -> str | None:
    """Return the encoding for an Accept-Encoding header; None for bytes as they are."""
    if not accepted or len(accepted) > LONGEST_HEADER:
        return None
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    every = weights.get("*", 0.0)
    usable = {name: weights.get(name, every) for name in PACKERS}
    best = max(usable.values())
    if best <= 0 or weights.get("identity", 0.0) > best:
        return None
    return next(name for name, weight in usable.items() if weight == best)


def _weight(parameters: str) -> float:
    key, _, value = parameters.partition("=")
    if key.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def pack(encoding: str, body: bytes) -> bytes | None:
    """Return a body packed, None where that makes it no smaller."""
    packed = PACKERS[encoding](body)
    return packed if len(packed) < len(body) else None
