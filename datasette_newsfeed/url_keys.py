"""Decides whether two URLs are the same page."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# Already canonical but for the ending slash: most URLs, and w3lib takes its time.
_SIMPLE = re.compile(r"https?://(?:www\.)?([a-z0-9.-]+)((?:/[A-Za-z0-9._-]+)*)/?")
_WEB = re.compile(r"https?://(?:www\.)?(.+)", re.IGNORECASE | re.DOTALL)
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_cid|mc_eid|igshid|ocid)\Z")
_PARAMETER = re.compile(r"[?&]([^=&#]+)")

LONGEST = 8_000
"""Characters. A longer URL, which no server takes, is the same page only if written the same."""


@lru_cache(maxsize=10_000)
def url_key(url: str) -> str | None:
    """Return a key that two spellings of one page's URL share; None if it is no web URL.

    Not told apart: http and https, `www.`, upper case in the host, a default port, a
    fragment, an ending slash, the order of parameters, tracking parameters (utm_*,
    fbclid, ...), and ways to percent-encode. The key is 16 hexadecimal digits of a
    hash (BLAKE2b), because it is stored once for each mention.
    """
    url = url.strip()
    if len(url) > LONGEST:
        return _key(url) if _WEB.match(url) else None
    match = _SIMPLE.fullmatch(url)
    if match:
        page = match[1].rstrip(".") + match[2]
    else:
        canonical = _canonical(url)
        if canonical is None:
            return None
        page = canonical
    return _key(page)


def _key(page: str) -> str:
    return hashlib.blake2b(page.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _canonical(url: str) -> str | None:
    if not _WEB.match(url):
        return None
    # Not before it is needed: with it come the HTTP modules of the standard library.
    from w3lib.url import canonicalize_url, url_query_cleaner

    tracking = [name for name in _PARAMETER.findall(url) if _TRACKING.match(name.lower())]
    try:
        if tracking:
            url = url_query_cleaner(url, tracking, remove=True, unique=False, keep_fragments=True)
        url = canonicalize_url(url, keep_fragments=True)
    except ValueError:  # e.g. a port that is no number, an unclosed [IPv6 host
        return None
    url, mark, fragment = url.partition("#")
    match = _WEB.match(url)
    if not match:
        return None
    # Behind `#!` or `#/` some sites have their pages; any other fragment is a place in one.
    place = f"#{fragment}" if fragment[:1] in ("!", "/") else ""
    host, slash, rest = match[1].partition("/")
    host = host.removesuffix(":80").removesuffix(":443").rstrip(".")
    path, mark, query = rest.partition("?")
    return host + (slash + path).rstrip("/") + mark + query + place
