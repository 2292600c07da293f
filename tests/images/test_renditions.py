"""Bytes become copies: their sizes, what is turned, stripped and refused. Knows no database."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from odd_images import FAULTY_EXIF, ORIENTATION, image_bytes, turned, with_chunk
from pages_site import png
from PIL import Image, ImageCms, ImageFile, ImageOps
from small_web import bomb

from datasette_newsfeed.archive.images.renditions import (
    MAX_IMAGE_BYTES,
    MAX_SIDE,
    WIDTHS,
    Rendition,
    render,
)
from datasette_newsfeed.errors import ImageError

ARTIST = 0x013B


def _opened(rendition: Rendition) -> Image.Image:
    return Image.open(io.BytesIO(rendition.content))


def _sizes(data: bytes) -> list[tuple[int, int]]:
    return [(rendition.width, rendition.height) for rendition in render(data)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_a_copy_in_each_width_and_what_the_original_was(kind: str) -> None:
    data = image_bytes(Image.new("RGB", (2400, 1600), (200, 30, 30)), kind)
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
    for each in render(image_bytes(image, "JPEG", exif=exif, comment=b"secret words")):
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
    for each in render(image_bytes(Image.new("RGBA", (600, 600), (0, 0, 0, 0)), "PNG")):
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
        (bytes(MAX_IMAGE_BYTES + 1), "bytes are too many"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        render(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("fault", FAULTY_EXIF)
def test_a_fault_of_exif_is_none_of_the_picture(kind: str, fault: str) -> None:
    data = turned(kind, FAULTY_EXIF[fault])
    (copy,) = render(data)
    assert (copy.width, copy.height) == (32, 64)
    shown = _opened(copy).convert("RGB")
    assert shown.getpixel((16, 5))[0] > 200 > shown.getpixel((16, 58))[0]


@pytest.mark.parametrize("turn", range(2, 9))
@pytest.mark.parametrize("size", [(60, 40), (2400, 1000)])
def test_each_orientation_is_that_of_pillow(turn: int, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    image.paste((0, 255, 0), (size[0] // 2, 0, size[0], size[1] // 2))
    exif = image.getexif()
    exif[ORIENTATION] = turn
    data = image_bytes(image, "PNG", exif=exif)
    right = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    for copy in render(data):
        shown = _opened(copy).convert("RGB")
        for x, y in ((1, 1), (3, 1), (1, 3), (3, 3)):
            want = right.getpixel((right.width * x // 4, right.height * y // 4))
            have = shown.getpixel((copy.width * x // 4, copy.height * y // 4))
            assert max(abs(a - b) for a, b in zip(want, have, strict=True)) < 40


def test_any_length_of_text_in_a_png() -> None:
    words = zlib.compress(b"words " * 400_000)
    data = png(40, 30)
    for kind, content in (
        (b"zTXt", b"Comment\0\0" + words),
        (b"iTXt", b"Comment\0\1\0\0\0" + words),
        (b"tEXt", b"Comment\0" + b"words " * 400_000),
        (b"zTXt", b"Comment\0\0not zlib"),
        (b"iCCP", b"A profile\0\0" + words),
        (b"pHYs", b"short"),
    ):
        assert [each.width for each in render(with_chunk(data, kind, content))] == [40]


def _profile() -> bytes:
    """Return an ICC profile whose red is sRGB's green and the other way about."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *((kind, "RGB") for kind in ("JPEG", "PNG", "WEBP", "AVIF")),
        *((kind, "RGBA") for kind in ("PNG", "WEBP", "AVIF")),
        ("PNG", "P"),
    ],
)
def test_colours_are_those_of_the_profile(kind: str, mode: str) -> None:
    image = Image.new("RGB", (300, 200), (220, 30, 30)).convert(mode)
    for copy in render(image_bytes(image, kind, icc_profile=_profile())):
        shown = _opened(copy)
        red, green, _ = shown.convert("RGB").getpixel((50, 50))
        assert green > 180 > 80 > red
        assert "icc_profile" not in shown.info


def test_a_profile_in_pieces() -> None:
    """JPEG takes 64 kB a segment; the rest is padding that no tag leads to."""
    profile = _profile() + bytes(200_000)
    profile = struct.pack(">L", len(profile)) + profile[4:]
    data = image_bytes(Image.new("RGB", (50, 50), (220, 30, 30)), "JPEG", icc_profile=profile)
    red, green, _ = _opened(render(data)[0]).convert("RGB").getpixel((20, 20))
    assert green > 180 > 80 > red


@pytest.mark.parametrize(
    "profile",
    [b"no profile", _profile()[:200], _profile()[:130] + b"\xff" * 300, bytes(5_000_000)],
    # The bytes hold the time at which they were made; all processes must collect the same names.
    ids=["text", "cut off", "no tags", "zeros"],
)
def test_a_profile_that_cannot_be_applied_is_passed_over(profile: bytes) -> None:
    for mode in ("RGB", "L"):
        data = image_bytes(Image.new("RGB", (50, 50), (200, 200, 200)).convert(mode), "PNG")
        data = with_chunk(data, b"iCCP", b"A profile\0\0" + zlib.compress(profile))
        assert _opened(render(data)[0]).convert("RGB").getpixel((20, 20)) == (200, 200, 200)


def test_a_profile_of_other_channels_is_passed_over() -> None:
    data = image_bytes(Image.new("L", (50, 50), 200), "PNG", icc_profile=_profile())
    assert _opened(render(data)[0]).convert("RGB").getpixel((20, 20)) == (200, 200, 200)


def _grey(values: list[int]) -> Image.Image:
    """Return a picture of 16-bit grey, a column of 8 pixels a value."""
    row = b"".join(struct.pack("<H", value) * 8 for value in values)
    return Image.frombytes("I;16", (8 * len(values), 8), row * 8)


def test_sixteen_bits_of_grey() -> None:
    values = [0, 255, 256, 16_000, 32_768, 50_000, 65_535]
    shown = _opened(render(image_bytes(_grey(values), "PNG"))[0]).convert("RGB")
    for column, value in enumerate(values):
        found = shown.getpixel((column * 8 + 4, 4))
        assert max(abs(each - value / 257) for each in found) < 8


def test_one_value_of_sixteen_bits_is_transparent() -> None:
    values = [32_768, 32_770, 65_535]  # two of them are one in eight bits
    shown = _opened(render(image_bytes(_grey(values), "PNG", transparency=32_768))[0])
    alphas = [shown.convert("RGBA").getpixel((column * 8 + 4, 4))[3] for column in range(3)]
    assert alphas[0] < 20 < 235 < min(alphas[1:])


def _samples(kind: str) -> list[bytes]:
    """Return small pictures with metadata of all sorts."""
    image = Image.radial_gradient("L").resize((48, 36)).convert("RGB")
    exif = image.getexif()
    exif[ORIENTATION], exif[ARTIST], exif[0x010E], exif[0x011A] = 6, "Nobody", "A gradient", 72.0
    exif.get_ifd(0x8769)[0x9003] = "2021:04:21 19:15:00"
    more: dict[str, Any] = {} if kind == "GIF" else {"exif": exif, "icc_profile": _profile()}
    found = [image_bytes(image, kind, **more), image_bytes(image.convert("L"), kind)]
    if kind == "JPEG":
        found.append(image_bytes(image, "MPO", save_all=True, append_images=[image], exif=exif))
    else:
        more = {} if kind == "AVIF" else {"loop": 0}
        found.append(
            image_bytes(image, kind, save_all=True, append_images=[image.rotate(90)], **more)
        )
    return found


def _mutant(random: Random, data: bytes) -> bytes:
    """Return a picture with some bytes changed, doubled or taken away."""
    mutant = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 5, 20])):
        at = random.randrange(len(mutant) - 8)
        length = random.randrange(1, 40)
        match random.randrange(5):
            case 0:
                mutant[at] = random.randrange(256)
            case 1:
                mutant[at : at + 4] = random.choice([bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"])
            case 2 if len(mutant) > 200:
                del mutant[at : at + length]
            case 3:
                mutant[at:at] = mutant[at : at + length]
            case _:
                mutant[at] ^= 1 << random.randrange(8)
    return bytes(mutant)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_whatever_the_bytes_the_run_goes_on(kind: str) -> None:
    """A short form: ten thousand mutants a format were tried."""
    samples = _samples(kind)
    for seed in range(200):
        random = Random(seed)
        with suppress(ImageError):
            assert render(_mutant(random, random.choice(samples)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_whatever_the_metadata_the_picture_is_shown(kind: str) -> None:
    image = Image.new("RGB", (48, 36), (200, 200, 200))
    for seed in range(100):
        random = Random(seed)
        exif = bytearray(FAULTY_EXIF["big endian"] + b"MM\0*\0\0\0\x08 and more")
        profile = bytearray(_profile())
        for part in (exif, profile):
            for _ in range(5):
                part[random.randrange(6, len(part))] = random.randrange(256)
        data = image_bytes(image, kind, exif=bytes(exif), icc_profile=bytes(profile))
        assert {render(data)[0].width, render(data)[0].height} == {48, 36}


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("x"), KeyError("y"), Exception()])
def test_any_exception_of_the_decoder_is_a_fault_of_the_image(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: Any) -> None:
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(ImageError, match="broken"):
        render(png(10, 10))
