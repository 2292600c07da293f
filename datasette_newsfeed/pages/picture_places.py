"""Which copy of an image a place on a page gets, and where it is served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from .access.archives import ArchiveView
from .links import Links
from .models import Enclosure, Picture
from .protocols import RequestLike
from .queries import image_rows
from .text.link_addresses import uri

_HAS_IMAGE = re.compile(r"!\[|<img", re.IGNORECASE)

PLACES = {
    "card": (640, "(max-width: 36rem) 18rem, (max-width: 40rem) 95vw, 26rem"),
    "first": (640, "(max-width: 40rem) 95vw, 26rem"),
    "lead": (1280, "(max-width: 36rem) 95vw, (max-width: 60rem) 60vw, 75vw"),
    "small": (640, "(max-width: 36rem) 18rem, (max-width: 72rem) 24rem, 18rem"),
    "figure": (1280, "(max-width: 60rem) 95vw, 56rem"),
    "gallery": (640, "24rem"),
    "hit": (320, "12rem"),
}
"""Where a page shows an image: the width of the copy for a browser that does not choose, and
`sizes`, which says to all others how wide the image is there. A box that is higher than the
image is wide shows a part of it, so the image is wider than its box. static/newsfeed.css lays
these places out."""

TYPES_BY_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "image/jpeg"),
    **dict.fromkeys((".png", ".apng"), "image/png"),
    **dict.fromkeys((".tif", ".tiff"), "image/tiff"),
    **{f".{name}": f"image/{name}" for name in ("gif", "webp", "avif", "bmp", "heic", "heif")},
    ".jxl": "image/jxl",
    ".svg": "image/svg+xml",
    ".ico": "image/vnd.microsoft.icon",
}
"""The types of images elsewhere, by the end of their address
(https://www.iana.org/assignments/media-types/). `mimetypes` reads the table of the machine: a
feed, and so its ETag, would differ between servers."""

TEXT_WIDTH = 960
"""Pixels: an image within a text is as wide as the text."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The images of one archive as one visitor gets them."""

    view: ArchiveView
    links: Links

    def source(self, picture: Picture | None, width: int) -> str | None:
        """Return the address of an image about `width` pixels wide, None to draw none."""
        if picture is None:
            return None
        if not picture.copies:
            return picture.url
        wide = [copy for copy in picture.copies if copy[0] >= width]
        return self.links.image(picture.id, *(wide[0] if wide else picture.copies[-1]))

    def at(self, picture: Picture | None, place: str) -> str | None:
        """Return the address of an image for one of PLACES, None to draw none."""
        return self.source(picture, PLACES[place][0])

    def sizes(self, place: str) -> str:
        """Return the `sizes` of one of PLACES."""
        return PLACES[place][1]

    def choices(self, picture: Picture | None) -> str | None:
        """Return the `srcset` of a stored image, None where there is nothing to choose from."""
        if picture is None or len(picture.copies) < 2:
            return None
        return ", ".join(
            f"{self.links.image(picture.id, *copy)} {copy[0]}w" for copy in picture.copies
        )

    async def enclosures(
        self, request: RequestLike, chosen: Iterable[Picture | None]
    ) -> dict[str, Enclosure]:
        """Return the images that can be shown elsewhere, by their keys; one query for all."""
        wanted = {picture.id: picture for picture in chosen if picture is not None}
        copies = await image_rows.find_copies(self.view, list(wanted))
        found = {}
        for key, picture in wanted.items():
            if key in copies:
                copy = copies[key][-1]
                path = self.links.image(key, copy.width)
                url = str(self.view.datasette.absolute_url(request, path))
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
        if not self.view.has_copies:
            return {}
        wanted = [article for article, text in texts.items() if text and _HAS_IMAGE.search(text)]
        found: dict[str, dict[str, str]] = {}
        for (article, key), image in (await image_rows.find_own(self.view, wanted)).items():
            path = self.source(image, TEXT_WIDTH) if image.copies else None
            if path:
                found.setdefault(article, {})[key] = path
        return found


def _elsewhere(picture: Picture, url: str) -> Enclosure:
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    return Enclosure(
        uri(url),
        TYPES_BY_SUFFIX.get(suffix),
        width=picture.width,
        height=picture.height,
        title=picture.title,
    )
