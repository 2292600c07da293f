"""Bytes become copies: their sizes, what is turned, stripped and refused. Knows no database."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pages_site import png
from PIL import Image
from small_web import bomb

from datasette_newsfeed.archive.images.renditions import (
    MAX_BYTES,
    MAX_SIDE,
    WIDTHS,
    Rendition,
    render,
)
from datasette_newsfeed.errors import ImageError

ORIENTATION, ARTIST = 0x0112, 0x013B


def _bytes(image: Image.Image, kind: str, **more: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **more)
    return stream.getvalue()


def _opened(rendition: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(rendition.content))


def _sizes(data: bytes) -> list[tuple[int, int]]:
    return [(rendition.width, rendition.height) for rendition in render(data)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_copy_in_each_width_and_what_the_original_was(kind: str) -> None:
    data = _bytes(Image.new("RGB", (2400, 1600), (200, 30, 30)), kind)
    found = render(data)
    assert [each.width for each in found] == list(WIDTHS)
    for each in found:
        image = _opened(each)
        assert (image.format, image.size) == ("WEBP", (each.width, each.height))
        assert each.height == round(each.width * 1600 / 2400)
        original = (each.original_width, each.original_height, each.original_size)
        assert original == (2400, 1600, len(data))
        assert each.original_type == f"image/{kind.lower()}"
        red, green, blue = image.convert("RGB").getpixel((each.width // 2, each.height // 2))
        assert red > 150 > 80 > max(green, blue)


def test_never_wider_than_the_original() -> None:
    assert _sizes(png(300, 200)) == [(160, 107), (300, 200)]
    assert _sizes(png(1, 1)) == [(1, 1)]


def test_turned_as_exif_says_and_without_it() -> None:
    image = Image.new("RGB", (2000, 1000), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 1000, 1000))  # red on the left
    exif = image.getexif()
    exif[ORIENTATION] = 6  # the left is the top
    exif[ARTIST] = "Somebody who does not want to be named"
    for each in render(_bytes(image, "JPEG", exif=exif, comment=b"secret words")):
        assert each.height == each.width * 2
        turned = _opened(each).convert("RGB")
        top, bottom = (turned.getpixel((each.width // 2, each.height * n // 4)) for n in (1, 3))
        assert top[0] > 200 > 60 > top[2]
        assert bottom[2] > 200 > 60 > bottom[0]
        assert dict(_opened(each).getexif()) == {}
        assert b"Somebody" not in each.content
        assert b"secret" not in each.content


def test_taller_than_the_format_can_hold() -> None:
    found = _sizes(png(700, 40_000))
    assert found[-1] == (round(700 * MAX_SIDE / 40_000), MAX_SIDE)
    assert all(height <= MAX_SIDE for _, height in found)


def test_transparent_stays_transparent() -> None:
    for each in render(_bytes(Image.new("RGBA", (600, 600), (0, 0, 0, 0)), "PNG")):
        assert _opened(each).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no image"),
        (b"<!DOCTYPE html><title>Not found</title>", "no image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "no image"),
        (b"%PDF-1.4 ", "no image"),
        (b"BM" + bytes(100), "no image"),
        (png(100, 100)[:200], "broken"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "image"),
        (bomb(), "10,000 × 10,000 pixels are too many"),
        (bytes(MAX_BYTES + 1), "bytes are too many"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        render(data)
