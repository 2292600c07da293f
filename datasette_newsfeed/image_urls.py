"""The key and the address of an image, as both the importer and the pages need them."""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from urllib.parse import urljoin

# A scheme with its host, or one that never has a host. Any other colon is part of a file's name.
_SCHEME = re.compile(
    r"[a-z][a-z0-9+.-]*://|(?:about|blob|cid|data|file|javascript|mailto|urn):", re.IGNORECASE
)


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


def has_scheme(url: str) -> bool:
    """Return whether an image's URL says by itself where the image is: on the web, or in itself."""
    return _SCHEME.match(url) is not None


def is_relative(url: str) -> bool:
    """Return whether an image's URL is relative to the file that holds it, as `../a.png` is."""
    return not url.startswith("/") and not has_scheme(url)


def path_below(url: str, record_path: str) -> str:
    """Return the path below the archive to which a relative URL leads.

    record_path: of the file that holds it, below the archive. `.` and `..` are resolved in the
    part before a `?` or `#`, and the path is in NFC. Whether the file is there does not matter,
    and nothing is percent-decoded: a key comes from the record alone.
    """
    mark = re.search(r"[?#]", url)
    end = mark.start() if mark else len(url)
    folder = posixpath.dirname(record_path)
    path = posixpath.normpath(posixpath.join(folder, url[:end])) if end else f"{folder}/"
    return unicodedata.normalize("NFC", path.removeprefix("./") + url[end:])


def image_id(url: str) -> str:
    """Return the key of an image: 20 hexadecimal digits of its URL as written.

    Of a relative URL: of the path below the archive that it leads to, see `path_below`. A hash
    (BLAKE2b, 80 bits), because a URL is no key that fits into another URL.
    """
    return hashlib.blake2b(url.encode("utf-8"), digest_size=10).hexdigest()
