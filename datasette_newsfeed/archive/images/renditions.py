"""The bytes of an image become copies in several widths, as rows of image_renditions.

Each copy is re-encoded, turned as EXIF says, and without metadata, so that nothing else of the
original is published. The format is recognised by the bytes alone.
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
from ..sources.source_file import fingerprint
from .image_metadata import Contents, split
from .image_metadata import orientation as exif_orientation

WIDTHS = (160, 480, 960)
"""Pixels: a thumbnail in a table, a card, a card on a dense screen or an article."""

MAX_IMAGE_BYTES = 30_000_000
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

RENDERING = f"2 {WIDTHS}"
"""By what rules a copy is made. The number is raised when the same file gives another picture;
then the next import makes the copies of the archive's own files again."""

_COLOUR_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
"""How an ICC profile calls the channels of a mode of Pillow."""


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

    Raises ImageError, and nothing else, where the bytes are no image of FORMATS, too large a
    one, or one that cannot be decoded.
    """
    from PIL import Image, UnidentifiedImageError

    if len(data) > MAX_IMAGE_BYTES:
        raise ImageError(f"{len(data):,} bytes are too many for an image")
    try:
        with warnings.catch_warnings():
            # Of metadata, and of sizes; our own limit is checked below.
            warnings.simplefilter("ignore")
            return _render(split(data), len(data))
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(f"is no image of {', '.join(FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise ImageError("has too many pixels for an image") from error
    except Exception as error:
        # Pillow raises whatever its decoders meet: struct.error, RuntimeError, MemoryError ...
        raise ImageError(f"is a broken image ({_in_words(error)})") from error


def _in_words(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words[:200] if words else type(error).__name__


def _render(contents: Contents, original_size: int) -> list[Rendition]:
    from PIL import Image

    opened = Image.open(io.BytesIO(contents.picture), formats=FORMATS)
    width, height = opened.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{width:,} × {height:,} pixels are too many for an image")
    original_type = Image.MIME[opened.format or ""]
    profile = contents.profile or opened.info.get("icc_profile")
    orientation = contents.orientation
    if opened.format == "AVIF":  # as the decoder read it from the picture's properties
        orientation = exif_orientation(opened.info.get("exif", b""))
    # JPEG can be read at a fraction of its size; of no use to other formats.
    opened.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))
    opened.load()
    return [
        Rendition(*size, original_type, width, height, original_size, content)
        for size, content in _copies(_plain(opened), profile, orientation)
    ][::-1]


def _plain(opened: Any) -> Any:
    """Return a picture as L, LA, RGB, RGBA or CMYK, 8 bits a channel."""
    mode = opened.mode
    if mode in ("L", "RGB") and not opened.has_transparency_data:
        return opened
    if mode in ("LA", "RGBA", "CMYK"):
        return opened
    if mode.startswith("I"):
        return _eight_bits(opened)
    if mode == "1" and not opened.has_transparency_data:
        return opened.convert("L")
    return opened.convert("RGBA" if opened.has_transparency_data else "RGB")


def _eight_bits(grey: Any) -> Any:
    """Return a picture of 16-bit grey as L, or LA where one value means transparent.

    Pillow itself takes every value above 255 for white.
    """
    wide = grey.convert("I")
    picture = wide.point([value >> 8 for value in range(65_536)], "L")
    clear = grey.info.get("transparency")
    if isinstance(clear, int) and 0 <= clear < 65_536:
        opaque = [255] * 65_536
        opaque[clear] = 0
        picture.putalpha(wide.point(opaque, "L"))
    return picture


def _copies(
    picture: Any, profile: bytes | None, orientation: int
) -> Iterable[tuple[tuple[int, int], bytes]]:
    """Yield size and bytes of a picture in each width, the widest first.

    Colours and orientation are applied to the widest copy and not to the original, which may
    be fifty times as large; the others are made from the one before, which takes half the
    time and shows no difference.
    """
    from PIL import Image

    is_sideways = orientation >= 5
    width, height = picture.size[::-1] if is_sideways else picture.size
    sizes = sorted({_fitting(width, height, wanted) for wanted in WIDTHS}, reverse=True)
    upright = sizes[0][::-1] if is_sideways else sizes[0]
    if upright != picture.size:
        picture = picture.resize(upright, Image.Resampling.LANCZOS)
    picture = _turned(_coloured(picture, profile), orientation)
    for size in sizes:
        if size != picture.size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        picture.save(stream, "WEBP", quality=QUALITY, method=EFFORT, exif=b"", icc_profile=b"")
        yield size, stream.getvalue()


def _turned(picture: Any, orientation: int) -> Any:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _coloured(picture: Any, profile: bytes | None) -> Any:
    """Return a picture as RGB or RGBA in sRGB, which is what a browser takes a copy for.

    A profile that is broken, or that is for other channels, is passed over, as browsers do.
    """
    has_alpha = picture.mode in ("LA", "RGBA")
    opaque = picture.convert(picture.mode.removesuffix("A")) if has_alpha else picture
    converted = _in_srgb(opaque, profile) if profile else None
    if converted is None:
        return picture.convert("RGBA" if has_alpha else "RGB")
    if has_alpha:
        converted.putalpha(picture.getchannel("A"))
    return converted


def _in_srgb(picture: Any, profile: bytes) -> Any | None:
    from PIL import ImageCms

    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _COLOUR_SPACES.get(picture.mode):
            return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


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
