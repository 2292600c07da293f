"""The key and the address of an image, as both the importer and the pages need them."""

from __future__ import annotations

import hashlib
from urllib.parse import urljoin


def absolute_url(url: str, base_url: str | None) -> str:
    """Return an image's URL with the host of the site that wrote it, if it is `/like/this`.

    Any other stays as it is, and so does each where the site is not known.
    """
    if not base_url or not url.startswith("/"):
        return url
    try:
        return urljoin(base_url, url)
    except ValueError:  # as of "//[half an address"
        return url


def image_id(url: str) -> str:
    """Return the key of an image: 20 hexadecimal digits of its URL as written.

    A hash (BLAKE2b, 80 bits), because a URL is no key that fits into another URL.
    """
    return hashlib.blake2b(url.encode("utf-8"), digest_size=10).hexdigest()
