"""An image file is split into its picture and the metadata that changes how the picture looks.

Metadata is not content: text, comments, thumbnails and broken EXIF are no reason to refuse a
picture. Only the EXIF orientation and the ICC profile change what a browser shows. They are
read here, and the decoder gets the file without any metadata.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PROFILE = 4_000_000
"""Bytes of an ICC profile, unpacked. Those of printing presses have up to two million."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
"""The chunks of a still picture, https://www.w3.org/TR/png-3/#4Concepts.FormatTypes."""

_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_SOS, _EOI = 0xDA, 0xD9
_APP0, _APP1, _APP2, _ADOBE, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
"""The JPEG markers without a length, ITU-T T.81 B.1.1.3."""

_AVIF_METADATA = re.compile(rb"(infe[\x02\x03].{3}(?:.{4}|.{6}))(?:Exif|mime)", re.DOTALL)
"""The entry of an item of metadata, ISO/IEC 14496-12, 8.11.6."""


@dataclass(frozen=True, slots=True)
class Contents:
    """An image file in parts: `picture` is the file without metadata.

    orientation: 1 to 8, as in EXIF, 1 where the file gives none. profile: the ICC profile, None
    where the file has none or the decoder has to say (AVIF).
    """

    picture: bytes
    orientation: int = 1
    profile: bytes | None = None


def split(data: bytes) -> Contents:
    """Return an image file in parts. Bytes that are no image, or no whole one, stay as they are."""
    if data.startswith(_PNG):
        return _split_png(data)
    if data.startswith(b"\xff\xd8"):
        return _split_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _split_webp(data)
    if data[4:8] == b"ftyp":
        # In place, so that no offset changes. What turns the picture is no metadata here, but
        # the properties `irot` and `imir`, which the decoder knows.
        return Contents(_AVIF_METADATA.sub(rb"\1free", data))
    return Contents(data)


def orientation(exif: bytes) -> int:
    """Return the orientation in EXIF, 1 to 8; 1 where it gives none that can be meant.

    No other tag is read, so that a fault of one does not matter. EXIF is TIFF, see
    https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, page 13.
    """
    exif = exif.removeprefix(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 10:
        return 1
    (start,) = struct.unpack_from(f"{order}L", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for at in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, values = struct.unpack_from(f"{order}HHL", exif, at)
        if tag == 0x0112:
            if values != 1 or kind not in (3, 4):
                return 1
            (found,) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'L'}", exif, at + 8)
            return found if 1 <= found <= 8 else 1
    return 1


def _split_png(data: bytes) -> Contents:
    kept = [_PNG]
    turned, profile = 1, None
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">L", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            break
        if kind in _PNG_PICTURE:
            kept.append(data[at:end])
        elif kind == b"eXIf":
            turned = orientation(data[at + 8 : end - 4])
        elif kind == b"iCCP":
            profile = _unpacked_profile(data[at + 8 : end - 4])
        elif not kind[:1].islower():
            # A critical chunk that is not known: for the decoder to refuse.
            kept.append(data[at:end])
        at = end
        if kind == b"IEND":
            return Contents(b"".join(kept), turned, profile)
    return Contents(b"".join([*kept, data[at:]]), turned, profile)


def _unpacked_profile(chunk: bytes) -> bytes | None:
    """Return the profile in an iCCP chunk: a name, NUL, the method 0, and zlib's bytes."""
    _, _, packed = chunk.partition(b"\0")
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed[1:], MAX_PROFILE)
    except zlib.error:
        return None
    return profile if unpacking.eof else None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment of a JPEG before its first scan.

    The last one is the rest of the file, whatever it is.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker in (_SOS, _EOI):
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            break
        yield marker, at, end
        at = end
    yield _SOS, at, len(data)


def _split_jpeg(data: bytes) -> Contents:
    kept = [data[:2]]
    turned = None
    profiles: dict[int, bytes] = {}
    for marker, start, end in _segments(data):
        body = data[start + 4 : end]
        if marker == _APP1 and body.startswith(_EXIF):
            turned = orientation(body) if turned is None else turned
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            # In pieces, each with its number, https://www.color.org/technotes/ICC-Technote-ProfileEmbedding.pdf
            profiles.setdefault(body[len(_ICC)], body[len(_ICC) + 2 :])
        elif marker in (_APP0, _ADOBE) or not (_APP0 <= marker <= 0xEF or marker == _COMMENT):
            kept.append(data[start:end])
    profile = b"".join(profiles[number] for number in sorted(profiles))
    fits = 0 < len(profile) <= MAX_PROFILE
    return Contents(b"".join(kept), turned or 1, profile if fits else None)


def _split_webp(data: bytes) -> Contents:
    """Take the chunks of metadata out by renaming them: no size changes.

    https://developers.google.com/speed/webp/docs/riff_container
    """
    picture = bytearray(data)
    turned, profile = 1, None
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<L", data, at + 4)
        kind, body = data[at : at + 4], data[at + 8 : at + 8 + length]
        if kind == b"EXIF":
            turned = orientation(body)
        elif kind == b"ICCP" and length <= MAX_PROFILE:
            profile = body
        if kind in (b"EXIF", b"XMP ", b"ICCP"):
            picture[at : at + 4] = b"none"
        elif kind == b"VP8X" and length >= 1:
            picture[at + 8] &= ~0b0010_1100  # says that there are such chunks
        at += 8 + length + length % 2
    return Contents(bytes(picture), turned, profile)
