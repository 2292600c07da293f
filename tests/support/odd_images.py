"""Image files with odd metadata, made byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

ORIENTATION = 0x0112


def image_bytes(image: Image.Image, kind: str, **more: Any) -> bytes:
    """Return an image as a file of a format."""
    stream = io.BytesIO()
    image.save(stream, kind, **more)
    return stream.getvalue()


def faulty_exif(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """Return EXIF of some entries (tag, type, count, value or offset), the orientation 6 last."""
    turned = (ORIENTATION, 3, 1, struct.pack(f"{order}HH", 6, 0))
    rows = [
        struct.pack(f"{order}HHL", tag, kind, count) + value[:4].ljust(4, b"\0")
        for tag, kind, count, value in (*entries, turned)
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HL", 42, 8)
    return b"Exif\0\0" + head + struct.pack(f"{order}H", len(rows)) + b"".join(rows) + bytes(4)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def with_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    return data[:33] + png_chunk(kind, content) + data[33:]


FAULTY_EXIF = {
    "a description that is a fraction": faulty_exif((0x010E, 5, 1, b"\x08\0\0\0")),
    "a resolution that is text": faulty_exif((0x011A, 2, 3, b"72\0")),
    "a sub-directory outside of the file": faulty_exif((0x8769, 4, 1, b"\xff\xff\xff\x7f")),
    "a sub-directory that is text": faulty_exif((0x8769, 2, 4, b"abc\0")),
    "more values than the file has bytes": faulty_exif((0x0132, 3, 2**31, b"\x08\0\0\0")),
    "an unknown type": faulty_exif((0x0132, 77, 1, b"abcd")),
    "text where a date is": faulty_exif((0x9003, 3, 1, b"\xff\xff")),
    "signed fractions below zero": faulty_exif((0x010F, 10, 1, b"\x08\0\0\0")),
    "big endian": faulty_exif((0x010E, 5, 1, b"\0\0\0\x08"), order=">"),
}


def turned(kind: str, exif: bytes) -> bytes:
    """Return a picture of 64 × 32 pixels, red on the left and blue on the right, with EXIF."""
    image = Image.new("RGB", (64, 32), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 32, 32))
    if kind == "PNG":
        return with_chunk(image_bytes(image, kind), b"eXIf", exif.removeprefix(b"Exif\0\0"))
    return image_bytes(image, kind, exif=exif)
