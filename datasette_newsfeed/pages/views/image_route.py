"""Serve stored images: choose the copy for a place on a page and return it.

The address of an image is permanent, but its content may be renewed (fetched again, scaled
again): such an answer may be cached for a day. Pages use the address with the hash of a copy,
whose content never changes.
"""

from __future__ import annotations

from typing import Any

from datasette.utils import tilde_decode
from datasette.utils.asgi import Response

from ..access.archives import ArchiveView, view_tables
from ..headers import security_policy
from ..headers.http_caching import is_known
from ..links import VERSION
from ..protocols import DatasetteLike, RequestLike
from ..queries import image_rows
from ..text.link_addresses import uri

TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
"""What is served under its own type. No SVG: it can hold scripts."""

MAX_AGE = 86_400
FOREVER = 31_536_000
"""Seconds: without and with the right fingerprint. No cache keeps anything for over a year."""

REDIRECT_MAX_AGE = 300
"""Seconds: a copy may be stored any time, and is wanted then."""

TABLES = ("images", "image_renditions")
"""What a visitor must be allowed to see before any image is given."""

WIDEST = 10_000
"""Pixels. No copy is wider; larger numbers are a mistake."""


def _refusal(status: int, words: str) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", security_policy.HEADER: security_policy.NOTHING}
    return Response.text(words, status=status, headers=headers)


async def serve_image(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/image/ID/WIDTH`: the copy, else a way to the original."""
    if request.method not in ("GET", "HEAD"):
        return _refusal(405, "An image can only be looked at.")
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"])).name
    except KeyError:
        return _refusal(404, "There is no such database.")
    view = await view_tables(datasette, request, database, *TABLES)
    if view is None:
        return _refusal(404, "This database is no news archive.")
    width_text = request.url_vars["width"]
    if not (width_text.isascii() and width_text.isdigit() and 0 < len(width_text) <= 5):
        return _refusal(400, "The width is a number of pixels.")
    width = int(width_text)
    if not 0 < width <= WIDEST:
        return _refusal(400, f"The width is between 1 and {WIDEST} pixels.")
    if not view.sees(*TABLES):
        return _refusal(403, "You may not see the images of this archive.")
    # For signed-in actors, Datasette itself turns this into "private, no-store".
    headers = {
        "Cache-Control": f"public, max-age={MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
        security_policy.HEADER: security_policy.NOTHING,
    }
    return await _answer(view, request, width, headers)


async def _give(
    view: ArchiveView, request: RequestLike, key: str, copy: Any, headers: dict[str, str]
) -> Response:
    """Answer with a copy. Its bytes are read only if they are sent."""
    asked = request.args.get(VERSION) or ""
    if len(asked) == image_rows.FINGERPRINT and copy["sha256"].startswith(asked):
        headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    headers["ETag"] = f'"{copy["sha256"]}"'
    if is_known(request, headers["ETag"]):
        return Response("", status=304, headers=headers, content_type=copy["type"])
    headers["Content-Length"] = str(copy["size"])
    if request.method == "HEAD":
        return Response(b"", headers=headers, content_type=copy["type"])
    content = await image_rows.find_content(view, key, copy)
    if content is None:
        return _refusal(503, "This image was renewed just now; ask again.")
    return Response(content, headers=headers, content_type=copy["type"])


async def _answer(
    view: ArchiveView, request: RequestLike, width: int, headers: dict[str, str]
) -> Response:
    key = tilde_decode(request.url_vars["image"])
    picture = await image_rows.find_image(view, key)
    if picture is None:
        return _refusal(404, "There is no such image.")
    copy = await image_rows.find_rendition(view, key, width)
    if copy is not None and copy["type"] in TYPES:
        return await _give(view, request, key, copy, headers)
    if picture.url is None:
        return _refusal(404, "No copy of this image is stored, and it has no address on the web.")
    headers["Cache-Control"] = f"public, max-age={REDIRECT_MAX_AGE}"
    headers["Location"] = uri(picture.url)
    headers["Referrer-Policy"] = "no-referrer"
    return Response("", status=302, headers=headers, content_type="text/plain; charset=utf-8")
