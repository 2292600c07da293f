"""Choose the image for a place, and serve the stored ones. Knows no page.

The address of an image is promised for good, so what stands behind it may be
renewed (fetched again, drawn anew): a copy from there may be kept for a day. Pages give
the address with the copy's fingerprint, and what comes from there never changes.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from datasette.utils import tilde_decode
from datasette.utils.asgi import Response

from ..record import Enclosure, Picture
from . import policy
from .freshness import is_known
from .links import VERSION, Links
from .markup import uri
from .queries import pictures
from .sight import Sight, glance

TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
"""What is served under its own type. No SVG: it can hold scripts."""

MAX_AGE = 86_400
FOREVER = 31_536_000
"""Seconds: without and with the right fingerprint. No cache keeps anything for over a year."""

REDIRECT_MAX_AGE = 300
"""Seconds: a copy may be stored any time, and is wanted then."""

TABLES = ("images", "image_renditions")
"""What a visitor must be allowed to see before any image is given."""

TEXT_WIDTH = 960
"""Pixels: an image within a text is as wide as the text."""

WIDEST = 10_000
"""Pixels. No copy is wider; larger numbers are a mistake."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The images of one archive as one visitor gets them."""

    sight: Sight
    links: Links

    def source(self, picture: Picture | None, width: int) -> str | None:
        """Return the address of an image about `width` pixels wide, None to draw none."""
        if picture is None:
            return None
        if not picture.copies:
            return picture.url
        wide = [copy for copy in picture.copies if copy[0] >= width]
        return self.links.image(picture.id, *(wide[0] if wide else picture.copies[-1]))

    def choices(self, picture: Picture | None) -> str | None:
        """Return the `srcset` of a stored image, None where there is nothing to choose from."""
        if picture is None or len(picture.copies) < 2:
            return None
        return ", ".join(
            f"{self.links.image(picture.id, *copy)} {copy[0]}w" for copy in picture.copies
        )

    async def enclosures(
        self, request: Any, chosen: Iterable[Picture | None]
    ) -> dict[str, Enclosure]:
        """Return the images that can be shown elsewhere, by their keys; one query for all."""
        wanted = {picture.id: picture for picture in chosen if picture is not None}
        copies = await pictures.find_copies(self.sight, list(wanted))
        found = {}
        for key, picture in wanted.items():
            if key in copies:
                copy = copies[key][-1]
                path = self.links.image(key, copy.width)
                url = str(self.sight.datasette.absolute_url(request, path))
                kind, size = copy.type, copy.size
                found[key] = Enclosure(url, kind, size, copy.width, copy.height, picture.title)
            elif picture.url is not None:
                found[key] = _elsewhere(picture, picture.url)
        return found

    async def copies_in(self, texts: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
        """Return where the stored copies are of the images that records name, by their keys.

        texts, and what is returned: by the ids of the articles; only of those whose text has
        an image. What another record names is another one: `img/a.png` is so elsewhere.
        """
        if not self.sight.has_copies:
            return {}
        wanted = [article for article, text in texts.items() if text and "![" in text]
        found: dict[str, dict[str, str]] = {}
        for (article, key), image in (await pictures.find_own(self.sight, wanted)).items():
            path = self.source(image, TEXT_WIDTH) if image.copies else None
            if path:
                found.setdefault(article, {})[key] = path
        return found


def _elsewhere(picture: Picture, url: str) -> Enclosure:
    kind = mimetypes.guess_type(urlsplit(url).path)[0] or ""
    return Enclosure(
        uri(url),
        kind if kind.startswith("image/") else None,
        width=picture.width,
        height=picture.height,
        title=picture.title,
    )


def _refusal(status: int, words: str) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", policy.HEADER: policy.NOTHING}
    return Response.text(words, status=status, headers=headers)


async def serve_image(datasette: Any, request: Any) -> Response:
    """Answer `/DB/-/newsfeed/image/ID/WIDTH`: the copy, else a way to the original."""
    if request.method not in ("GET", "HEAD"):
        return _refusal(405, "An image can only be looked at.")
    try:
        database = datasette.get_database(route=tilde_decode(request.url_vars["database"])).name
    except KeyError:
        return _refusal(404, "There is no such database.")
    sight = await glance(datasette, request, database, *TABLES)
    if sight is None:
        return _refusal(404, "This database is no news archive.")
    width_text = request.url_vars["width"]
    if not (width_text.isascii() and width_text.isdigit() and 0 < len(width_text) <= 5):
        return _refusal(400, "The width is a number of pixels.")
    width = int(width_text)
    if not 0 < width <= WIDEST:
        return _refusal(400, f"The width is between 1 and {WIDEST} pixels.")
    if not sight.sees(*TABLES):
        return _refusal(403, "You may not see the images of this archive.")
    # For whoever signed in, Datasette itself turns this into "private, no-store".
    headers = {
        "Cache-Control": f"public, max-age={MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
        policy.HEADER: policy.NOTHING,
    }
    return await _answer(sight, request, width, headers)


async def _give(
    sight: Sight, request: Any, key: str, copy: Any, headers: dict[str, str]
) -> Response:
    """Answer with a copy. Its bytes are read only if they are sent."""
    asked = request.args.get(VERSION) or ""
    if len(asked) == pictures.FINGERPRINT and copy["sha256"].startswith(asked):
        headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    headers["ETag"] = f'"{copy["sha256"]}"'
    if is_known(request, headers["ETag"]):
        return Response("", status=304, headers=headers, content_type=copy["type"])
    headers["Content-Length"] = str(copy["size"])
    if request.method == "HEAD":
        return Response(b"", headers=headers, content_type=copy["type"])
    content = await pictures.find_content(sight, key, copy)
    if content is None:
        return _refusal(503, "This image was renewed just now; ask again.")
    return Response(content, headers=headers, content_type=copy["type"])


async def _answer(sight: Sight, request: Any, width: int, headers: dict[str, str]) -> Response:
    key = tilde_decode(request.url_vars["image"])
    picture = await pictures.find_image(sight, key)
    if picture is None:
        return _refusal(404, "There is no such image.")
    copy = await pictures.find_rendition(sight, key, width)
    if copy is not None and copy["type"] in TYPES:
        return await _give(sight, request, key, copy, headers)
    if picture.url is None:
        return _refusal(404, "No copy of this image is stored, and it has no address on the web.")
    headers["Cache-Control"] = f"public, max-age={REDIRECT_MAX_AGE}"
    headers["Location"] = uri(picture.url)
    headers["Referrer-Policy"] = "no-referrer"
    return Response("", status=302, headers=headers, content_type="text/plain; charset=utf-8")
