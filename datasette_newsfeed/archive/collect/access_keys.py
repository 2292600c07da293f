"""Keys and tokens of an API in addresses: taken out before anything is written."""

from __future__ import annotations

import re

_KEY = re.compile(
    r"(?<=[?&;])(?:x-)?(?:api|access|auth|subscription)[-_]?(?:key|token)=[^&#;]*[&;]?",
    re.IGNORECASE,
)


def without_keys(url: str) -> str:
    """Return an address without the key of an API in its query."""
    if "=" not in url or not _KEY.search(url):
        return url
    head, mark, anchor = url.partition("#")
    return _KEY.sub("", head).rstrip("?&;") + mark + anchor
