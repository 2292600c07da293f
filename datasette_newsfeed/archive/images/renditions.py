"""An image's bytes become copies in a few widths, and rows. Knows neither files nor the web.

What is stored is drawn anew, turned as EXIF says and without it, so that nothing
else of the original comes along. Only the bytes themselves say what they are.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from sqlite_utils import Database

from ...errors import ImageError
from ..sources.store import fingerprint

WIDTHS = (160, 480, 960)
"""Pixels: a thumbnail in a table, a card, a card on a dense screen or an article."""

MAX_BYTES = 30_000_000
MAX_PIXELS = 50_000_000
"""What a photograph may have; anything larger is taken for a decompression bomb."""

MAX_SIDE = 16_383
"""Pixels. WebP holds no more (https://developers.google.com/speed/webp/faq)."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""No SVG: it is a document that may hold scripts, and is never stored."""

QUALITY = 72
EFFORT = 2
"""Of WebP, 0 to 6. The next steps save 6 % of the bytes and take twice the time."""

TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class Rendition:
    """A copy of an image in one width; `content` is WebP."""

    width: int
    height: int
    original_type: str
    original_width: int
    original_height: int
    original_size: int
    content: bytes


def can_render() -> bool:
    """Tell whether Pillow, of the extra `images`, is installed."""
    return find_spec("PIL") is not None


def render(data: bytes) -> list[Rendition]:
    """Return an image in each of WIDTHS, the narrowest first, never wider than it is.

    Raises ImageError where the bytes are no image of FORMATS, or too large a one.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise ImageError(f"{len(data):,} bytes are too many for an image")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a bomb up to twice its own limit; ours is checked below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = opened.size
        if width * height > MAX_PIXELS:
            raise ImageError(f"{width:,} × {height:,} pixels are too many for an image")
        original_type = Image.MIME[opened.format or ""]
        # JPEG can be read at a fraction of its size; of no use to other formats.
        opened.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))
        turned = ImageOps.exif_transpose(opened)
        picture = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
        return [
            Rendition(*size, original_type, width, height, len(data), content)
            for size, content in _copies(picture)
        ][::-1]
    except UnidentifiedImageError as error:
        raise ImageError(f"is no image of {', '.join(FORMATS)}") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"is a broken image ({error})") from error


def _copies(picture: Any) -> Iterable[tuple[tuple[int, int], bytes]]:
    """Yield size and bytes of a picture in each width, the widest first: the others
    are made from the one before, which takes half the time and shows no difference."""
    from PIL import Image

    sizes = {_fitting(picture.width, picture.height, wanted) for wanted in WIDTHS}
    for size in sorted(sizes, reverse=True):
        if size != picture.size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        picture.save(stream, "WEBP", quality=QUALITY, method=EFFORT)
        yield size, stream.getvalue()


def _fitting(width: int, height: int, wanted: int) -> tuple[int, int]:
    """Return the size of a copy `wanted` wide; narrower where its height were too much."""
    scale = min(1.0, wanted / width, MAX_SIDE / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def store(db: Database, found: Mapping[str, Sequence[Rendition]], gone: Iterable[str] = ()) -> None:
    """Replace the copies of these images, drop those of others, in the open transaction."""
    db.conn.executemany(
        "DELETE FROM image_renditions WHERE image_id = ?",
        ((image_id,) for image_id in [*gone, *sorted(found)]),
    )
    db.table("image_renditions").insert_all(
        [_row(image_id, rendition) for image_id, copies in found.items() for rendition in copies]
    )


def _row(image_id: str, rendition: Rendition) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "width": rendition.width,
        "height": rendition.height,
        "type": TYPE,
        "sha256": fingerprint(rendition.content),
        "original_type": rendition.original_type,
        "original_width": rendition.original_width,
        "original_height": rendition.original_height,
        "original_size": rendition.original_size,
        "content": rendition.content,
    }
