"""Draw the pictures of the demo newsroom.

The records in ``articles/`` and ``organizations/`` name images and their sizes;
this script draws each of them. Every picture is an illustration put together
from shapes, gradients and a little noise, in the colours of one light (dawn,
storm, night ...). Nothing is photographed, copied or downloaded.

    python demo/make_images.py            draw the images that are missing
    python demo/make_images.py --all      draw all of them again
    python demo/make_images.py --check    draw nothing; exit 1 if one is missing
                                          or has another size than a record says

How it works, from the bottom of the file upwards: ``PAINTERS`` finds the painter
by the first words of a file name ("ferry-", "aurora-"); a painter is a function
that draws one kind of scene; it uses the parts above it (a sky, waves, a house);
and those use ``Scene``, which knows the canvas. A painter is told the light and
the variant by the name too, and all its chances come from a hash of the name:
the same name gives the same bytes, as long as Pillow stays the same.

Needs Pillow and python-frontmatter. It does not know the database, and it does
not delete pictures that no record names any more.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import math
import posixpath
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import frontmatter
from PIL import Image, ImageChops, ImageDraw, ImageFilter

DEMO = Path(__file__).resolve().parent
SCALE = 3  # painters draw three times larger than the file; shrinking smooths the edges
QUALITY = 75  # of WebP, to start with
LARGEST = 33_000  # bytes; a picture that needs more is saved at a lower quality

Colour = str | tuple[int, ...]
Point = tuple[float, float]


# ---------------------------------------------------------------- colours and light


def rgba(colour: Colour, alpha: float | None = None) -> tuple[int, int, int, int]:
    """Four channels of 0 to 255 for "#rrggbb" or a tuple; `alpha` is 0 to 1."""
    if isinstance(colour, str):
        colour = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    opacity = 255 if len(colour) == 3 else colour[3]
    if alpha is not None:
        opacity = round(255 * alpha)
    return colour[0], colour[1], colour[2], max(0, min(255, opacity))


def mix(one: Colour, other: Colour, share: float) -> tuple[int, int, int, int]:
    """The colour at `share` (0 to 1) of the way from one to the other."""
    share = max(0.0, min(1.0, share))
    pairs = zip(rgba(one), rgba(other), strict=True)
    red, green, blue, alpha = (round(a + (b - a) * share) for a, b in pairs)
    return red, green, blue, alpha


@dataclass(frozen=True)
class Light:
    """The colours that one time of day or weather gives to everything."""

    sky: tuple[str, ...]  # from the zenith to the horizon
    glow: str  # the sun, the moon and their halo
    sea: tuple[str, str]  # at the horizon, at our feet
    land: tuple[str, str]  # far, near
    ink: str  # the darkest shapes
    paper: str  # the lightest shapes
    sun: float | None  # height above the horizon as a share of the sky, None: hidden
    lamps: bool = False  # windows are lit, stars are out


LIGHTS = {
    "dawn": Light(
        ("#33487f", "#8a7fae", "#eda58c", "#ffe1a6"),
        "#ffdf9e",
        ("#f0b795", "#1f4566"),
        ("#9d86a8", "#3f4d70"),
        "#1b2844",
        "#fff1dc",
        0.12,
    ),
    "day": Light(
        ("#3f93cc", "#86c4e4", "#d9eeee"),
        "#fffbe6",
        ("#8fcbd0", "#17607f"),
        ("#9dbfc4", "#55876b"),
        "#1d3b4c",
        "#fffdf5",
        0.75,
    ),
    "evening": Light(
        ("#41639a", "#a9a6c0", "#f6c69a", "#ffe6b3"),
        "#ffe2a4",
        ("#e3bd9c", "#34607a"),
        ("#9aa2b0", "#4d6d58"),
        "#22363f",
        "#fff3dd",
        0.22,
    ),
    "gold": Light(
        ("#d98546", "#f3b65c", "#ffe7a8", "#fff6d6"),
        "#fff4c4",
        ("#ffe0a0", "#3f6a70"),
        ("#d9a56a", "#6f6a4a"),
        "#3a2c2a",
        "#fff8e2",
        0.2,
    ),
    "dusk": Light(
        ("#22275c", "#5f4688", "#d8718a", "#ffb27c"),
        "#ffc48c",
        ("#d9868a", "#1d2450"),
        ("#7a5a8c", "#2f2c58"),
        "#171637",
        "#ffe8d4",
        0.06,
        True,
    ),
    "night": Light(
        ("#060c26", "#10224f", "#27497d"),
        "#e8eeff",
        ("#2a4a78", "#050b20"),
        ("#1b2f59", "#0e1a38"),
        "#070d20",
        "#f3f0e2",
        0.7,
        True,
    ),
    "storm": Light(
        ("#18222c", "#3b4b57", "#7f8f94", "#a9b3ad"),
        "#d5dcd2",
        ("#6c8186", "#12252e"),
        ("#59696f", "#26353d"),
        "#0f1a21",
        "#eef3ee",
        None,
        True,
    ),
    "mist": Light(
        ("#a9bcc6", "#cfd8d8", "#f1eadb"),
        "#fff7e2",
        ("#d5dcd8", "#7f9aa2"),
        ("#b9c6c8", "#5d747a"),
        "#33484f",
        "#fbf8ef",
        0.35,
    ),
    "deep": Light(
        ("#3fb3bd", "#0f6f8c", "#073d5e", "#031a33"),
        "#c9fff2",
        ("#2a9aab", "#03182e"),
        ("#0f5a78", "#06304c"),
        "#021226",
        "#e5fff8",
        None,
    ),
}

WINDOW = "#ffd37a"
RED, ORANGE, YELLOW, GREEN = "#d6453d", "#ee8a3c", "#f6c445", "#4f9a6b"
TEAL, BLUE, PLUM, CREAM = "#2f8f93", "#2f6ea8", "#7a4a7f", "#fbf1dc"
PAINTS = (RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, PLUM, CREAM)


# ---------------------------------------------------------------- the canvas


class Scene:
    """A canvas of `w` by `h` pixels of the final picture; drawn on at SCALE times that."""

    def __init__(self, name: str, size: tuple[int, int], usual_light: str = "day") -> None:
        self.name = name
        self.words = name.split("-")
        self.w, self.h = size
        self.u = min(size) / 450  # what one pixel of a usual picture is here
        self.random = Random(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
        light = next((word for word in reversed(self.words) if word in LIGHTS), usual_light)
        self.light = LIGHTS[light]
        self.image = Image.new("RGB", (self.w * SCALE, self.h * SCALE))
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def chance(self, low: float, high: float) -> float:
        """A number between the two, the same one for the same picture."""
        return self.random.uniform(low, high)

    def has(self, *words: str) -> bool:
        """Whether the file's name holds one of the words."""
        return any(word in self.words for word in words)

    # Shapes. Positions and lengths are pixels of the final picture.

    def poly(self, points: Sequence[Point], colour: Colour, alpha: float | None = None) -> None:
        """A filled polygon."""
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=rgba(colour, alpha))

    def line(
        self,
        points: Sequence[Point],
        colour: Colour,
        width: float = 1.0,
        alpha: float | None = None,
    ) -> None:
        """A line through the points."""
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        thick = max(1, round(width * SCALE))
        self.draw.line(scaled, fill=rgba(colour, alpha), width=thick, joint="curve")

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: Colour,
        alpha: float | None = None,
        corner: float = 0.0,
    ) -> None:
        """A filled rectangle, its corners rounded by `corner` pixels."""
        box = (x * SCALE, y * SCALE, (x + max(width, 0)) * SCALE, (y + max(height, 0)) * SCALE)
        self.draw.rounded_rectangle(box, corner * SCALE, fill=rgba(colour, alpha))

    def disc(
        self,
        x: float,
        y: float,
        rx: float,
        colour: Colour,
        alpha: float | None = None,
        ry: float | None = None,
    ) -> None:
        """A filled circle, or an ellipse if `ry` is given."""
        ry = rx if ry is None else ry
        box = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        self.draw.ellipse(box, fill=rgba(colour, alpha))

    def ring(
        self,
        x: float,
        y: float,
        rx: float,
        colour: Colour,
        width: float = 1.0,
        alpha: float | None = None,
        ry: float | None = None,
        arc: tuple[float, float] = (0, 360),
    ) -> None:
        """The outline of a circle or ellipse, or a part of it (degrees, clockwise)."""
        ry = rx if ry is None else ry
        box = ((x - rx) * SCALE, (y - ry) * SCALE, (x + rx) * SCALE, (y + ry) * SCALE)
        thick = max(1, round(width * SCALE))
        self.draw.arc(box, arc[0], arc[1], fill=rgba(colour, alpha), width=thick)

    def fill(self, points: Sequence[Point], *stops: Colour) -> None:
        """A polygon filled with a gradient from its top to its bottom."""
        xs, ys = [p[0] * SCALE for p in points], [p[1] * SCALE for p in points]
        left, top = max(0, math.floor(min(xs))), max(0, math.floor(min(ys)))
        right = min(self.image.width, math.ceil(max(xs)) + 1)
        bottom = min(self.image.height, math.ceil(max(ys)) + 1)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        moved = [(x - left, y - top) for x, y in zip(xs, ys, strict=True)]
        ImageDraw.Draw(mask).polygon(moved, fill=255)
        colours = gradient((right - left, bottom - top), stops)
        mask = ImageChops.multiply(mask, colours.getchannel("A"))
        self.image.paste(colours.convert(self.image.mode), (left, top), mask)

    def slab(
        self, x: float, y: float, width: float, height: float, top: Colour, bottom: Colour
    ) -> None:
        """A rectangle filled with a gradient from top to bottom."""
        self.fill([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], top, bottom)

    def ball(self, x: float, y: float, r: float, colour: Colour, ry: float | None = None) -> None:
        """A disc with a lit and a shaded side, so that it looks round."""
        ry = r if ry is None else ry
        for step in range(6):
            share = step / 5
            shade = mix(mix(colour, "#000000", 0.28), mix(colour, "#ffffff", 0.3), share)
            away = 0.3 * share
            self.disc(
                x - r * away,
                y - ry * away,
                r * (1 - 0.62 * share),
                shade,
                None,
                ry * (1 - 0.62 * share),
            )

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1) -> None:
        """Light added around a point; the canvas must not be a layer."""
        r = max(2, round(radius * SCALE))
        left, top = round(x * SCALE) - r, round(y * SCALE) - r
        fall = Image.radial_gradient("L").point(
            [round(255 * strength * max(0, 1 - d / 180) ** 2) for d in range(256)]  # 181: the edge
        )
        mask = fall.resize((2 * r, 2 * r), Image.Resampling.BILINEAR)
        below = self.image.crop((left, top, left + 2 * r, top + 2 * r))
        lit = ImageChops.screen(below, Image.new("RGB", below.size, rgba(colour)[:3]))
        self.image.paste(lit, (left, top), mask)

    def veil(self, top: float, bottom: float, colour: Colour, *alphas: float) -> None:
        """A band of haze across the picture; its opacities run from top to bottom."""
        stops = [rgba(colour, alpha) for alpha in alphas]
        self.fill([(0, top), (self.w, top), (self.w, bottom), (0, bottom)], *stops)

    @contextmanager
    def layer(self, blur: float = 0.0, alpha: float = 1.0, turn: float = 0.0) -> Iterator[None]:
        """Draw what follows on a sheet of its own, laid over the picture at the end."""
        below, self.image = self.image, Image.new("RGBA", self.image.size, (0, 0, 0, 0))
        below_draw, self.draw = self.draw, ImageDraw.Draw(self.image)
        yield
        sheet, self.image, self.draw = self.image, below, below_draw
        if turn:
            sheet = sheet.rotate(turn, Image.Resampling.BICUBIC)
        if blur:
            soft = sheet.convert("RGBa").filter(ImageFilter.GaussianBlur(blur * SCALE))
            sheet = soft.convert("RGBA")
        mask = sheet.getchannel("A").point([round(v * alpha) for v in range(256)])
        if self.image.mode == "RGB":
            self.image.paste(sheet.convert("RGB"), (0, 0), mask)
        else:
            sheet.putalpha(mask)
            self.image.alpha_composite(sheet)

    def noise(self, across: int, down: int, octaves: int = 4) -> Image.Image:
        """Soft noise in the size of the canvas, with about that many lumps."""
        size = (self.w, self.h)
        total: Image.Image | None = None
        for octave in range(octaves):
            cells = (max(2, across << octave), max(2, down << octave))
            grains = Image.frombytes("L", cells, self.random.randbytes(cells[0] * cells[1]))
            lumps = grains.resize(size, Image.Resampling.BICUBIC)
            total = lumps if total is None else Image.blend(total, lumps, 0.5 / (1 + octave * 0.4))
        assert total is not None
        return total.resize(self.image.size, Image.Resampling.BICUBIC)

    def mirror(self, y: float, depth: float, strength: float = 0.6, ripple: float = 3.0) -> None:
        """Let the water below `y` reflect what stands above it."""
        line, deep = round(y * SCALE), round(depth * SCALE)
        deep = min(deep, line, self.image.height - line)
        above = self.image.crop((0, line - deep, self.image.width, line))
        flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        flipped = flipped.filter(ImageFilter.GaussianBlur(1.2 * SCALE))
        water = Image.new("RGB", flipped.size)
        row, phase = SCALE, self.chance(0, 6)
        for top in range(0, deep, row):
            far = top / max(1, deep)
            wave = math.sin(phase + 26 * far**0.6) + math.sin(phase * 2 + 61 * far**0.7)
            shift = round(ripple * SCALE * (0.2 + far) * wave)
            strip = flipped.crop((0, top, flipped.width, top + row))
            water.paste(ImageChops.offset(strip, shift, 0), (0, top))
        fade = gradient((1, deep), [rgba("#ffffff", strength), rgba("#ffffff", strength * 0.15)])
        mask = fade.getchannel("A").resize(water.size)
        self.image.paste(water, (0, line), mask)

    def finish(self) -> Image.Image:
        """The picture in its final size, with a soft edge and some grain."""
        picture = self.image.resize((self.w, self.h), Image.Resampling.LANCZOS)
        edge = Image.radial_gradient("L").point([round(max(0, d - 120) * 0.36) for d in range(256)])
        edge = edge.resize(picture.size, Image.Resampling.BILINEAR)
        picture.paste(
            Image.composite(Image.new("RGB", picture.size, rgba(self.light.ink)[:3]), picture, edge)
        )
        grains = Image.frombytes("L", picture.size, self.random.randbytes(self.w * self.h))
        grains = grains.filter(ImageFilter.GaussianBlur(0.7)).point(
            [max(0, min(255, round(128 + (v - 128) * 0.2))) for v in range(256)]
        )
        rough = ImageChops.overlay(picture, Image.merge("RGB", (grains, grains, grains)))
        return Image.blend(picture, rough, 0.8)


def gradient(size: tuple[int, int], stops: Sequence[Colour]) -> Image.Image:
    """An RGBA image that runs through the colours from top to bottom."""
    width, height = max(1, size[0]), max(1, size[1])
    column = Image.new("RGBA", (1, height))
    for y in range(height):
        place = y / max(1, height - 1) * (len(stops) - 1)
        start = min(int(place), len(stops) - 1)
        end = min(start + 1, len(stops) - 1)
        column.putpixel((0, y), mix(stops[start], stops[end], place - start))
    return column.resize((width, height))


# The parts and painters are mostly lists of places; they are set by hand to stay short.
# fmt: off

# ---------------------------------------------------------------- parts: sky and land


def ridge(s: Scene, y: float, height: float, length: float, sharp: bool = False) -> list[Point]:
    """A wavy line across the picture: the edge of a hill or, if sharp, of a wave."""
    parts = [(s.chance(0.7, 1.4) * k, s.chance(0, 6.3), 1 / k**0.9) for k in (1, 2.1, 4.3, 9.1)]
    points = []
    for step in range(0, s.w + 12, 5):
        total = 0.0
        for pace, phase, weight in parts:
            value = math.sin(step / length * 6.283 * pace + phase)
            total += weight * (1 - 2 * abs(value) if sharp else value)
        points.append((float(step), y - height * total / 1.9))
    return points


def ground(s: Scene, edge: list[Point], *colours: Colour, down_to: float | None = None) -> None:
    """Fill everything below a line."""
    bottom = s.h if down_to is None else down_to
    s.fill([*edge, (s.w + 12, bottom), (0, bottom)], *colours)


def sky(s: Scene, horizon: float, sun_x: float | None = None, cloudy: float = 0.6) -> float:
    """The sky down to the horizon with sun or moon, stars and clouds; where the sun is."""
    light = s.light
    s.slab(0, 0, s.w, s.h, light.sky[-1], light.sky[-1])
    s.fill([(0, 0), (s.w, 0), (s.w, horizon + 1), (0, horizon + 1)], *light.sky)
    sun_x = s.w * s.chance(0.2, 0.8) if sun_x is None else sun_x
    if light.lamps and light.sun is not None:
        for _ in range(round(s.w * horizon / 1500)):
            bright, size = s.chance(0.15, 0.9), s.chance(0.3, 0.95)
            s.disc(s.chance(0, s.w), s.chance(0, 1) ** 1.5 * horizon, size, light.paper, bright)
    if light.sun is not None:
        sun_y = horizon * (1 - light.sun)
        s.glow(sun_x, sun_y, horizon * 1.3, light.glow, 0.55)
        s.glow(sun_x, sun_y, horizon * 0.45, light.glow, 0.75)
        s.disc(sun_x, sun_y, (13 if light.lamps else 17) * s.u, light.glow)
    clouds(s, horizon, cloudy)
    return sun_x


def clouds(s: Scene, horizon: float, cover: float) -> None:
    """Clouds from noise: the more cover, the more of the sky they fill."""
    light = s.light
    level = 255 * (0.72 - 0.34 * cover)
    heights = gradient((1, s.image.height), [rgba("#ffffff", 0.9), rgba("#ffffff", 0.55)])
    heights.paste((0, 0, 0, 0), (0, round(horizon * SCALE), 1, s.image.height))
    fall = heights.getchannel("A").resize(s.image.size)
    pale = mix(light.paper, light.sky[-1], 0.35)
    if light.lamps:
        pale = mix(light.sky[-1], light.sky[0], 0.45)
    for colour, strength in ((pale, 0.85), (mix(light.paper, light.glow, 0.4), 0.3)):
        lumps = s.noise(3, 8)
        mask = lumps.point([max(0, min(255, round((v - level) * 3.2 * strength))) for v in
                            range(256)])
        mask = ImageChops.multiply(mask, fall)
        s.image.paste(rgba(colour)[:3], (0, 0, *s.image.size), mask)


def fog(s: Scene, top: float, bottom: float, colour: Colour, strength: float) -> None:
    """A drifting bank of fog between two heights."""
    height = max(1, round((bottom - top) * SCALE))
    stops = [rgba("#ffffff", 0), rgba("#ffffff", strength), rgba("#ffffff", 0)]
    fall = gradient((1, height), stops).getchannel("A").resize((s.image.width, height))
    lumps = s.noise(3, 5).crop((0, 0, s.image.width, height))
    lumps = lumps.point([min(255, round(40 + v * 1.25)) for v in range(256)])
    mask = ImageChops.multiply(fall, lumps)
    sheet = Image.new("RGB", mask.size, rgba(colour)[:3])
    s.image.paste(sheet, (0, round(top * SCALE)), mask)


def hills(s: Scene, y: float, rows: int = 3, height: float = 34) -> None:
    """Ranges of hills, the nearest at `y`, each farther one paler."""
    far, near = s.light.land
    for row in range(rows):
        share = row / max(1, rows - 1)
        up = (1 - share) * height * 0.9 * s.u
        edge = ridge(s, y - up - height * 0.4 * s.u, height * s.u * (0.5 + share * 0.3),
                     s.w * s.chance(0.55, 0.9))
        colour = mix(mix(far, s.light.sky[-1], 0.35), near, share)
        ground(s, edge, mix(colour, s.light.glow, 0.12), mix(colour, s.light.sky[-1], 0.3))


def birds(s: Scene, x: float, y: float, count: int, spread: float = 90) -> None:
    """A few gulls, each two strokes."""
    colour = mix(s.light.ink, s.light.sky[1], 0.25)
    for _ in range(count):
        bx, by = x + s.chance(-1, 1) * spread * s.u, y + s.chance(-0.5, 0.5) * spread * s.u
        wing = s.chance(5, 10) * s.u
        tilt = s.chance(-0.25, 0.25) * wing
        s.line([(bx - wing, by - wing * 0.45 + tilt), (bx - wing * 0.4, by - wing * 0.5), (bx, by),
                (bx + wing * 0.4, by - wing * 0.5), (bx + wing, by - wing * 0.35 - tilt)], colour,
               1.3 * s.u)


def tree(s: Scene, x: float, y: float, size: float, colour: Colour) -> None:
    """A round tree on a thin trunk."""
    s.rect(x - size * 0.06, y - size * 0.5, size * 0.12, size * 0.5, mix(s.light.ink, colour, 0.3))
    for dx, dy, r in ((-0.2, -0.6, 0.28), (0.2, -0.62, 0.27), (0, -0.85, 0.32)):
        s.disc(x + dx * size, y + dy * size, r * size, colour)
    s.disc(x - 0.1 * size, y - 0.95 * size, 0.16 * size, mix(colour, s.light.glow, 0.3))


# ---------------------------------------------------------------- parts: water


def sea(s: Scene, horizon: float, sun_x: float, swell: float = 5, bottom: float | None = None,
        rows: int = 11) -> None:
    """Water from the horizon to us: rows of waves and the path of the sun."""
    light, bottom = s.light, float(s.h) if bottom is None else bottom
    far, near = light.sea
    s.slab(0, horizon, s.w, bottom - horizon, far, near)
    if light.sun is not None:
        glitter(s, sun_x, horizon, bottom)
    for row in range(rows):
        share = (row + 1) / rows
        y = horizon + (bottom - horizon) * share**1.7
        edge = ridge(s, y, swell * s.u * share, s.w * (0.12 + 0.4 * share), sharp=True)
        colour = mix(far, near, share**0.8)
        ground(s, edge, rgba(mix(colour, light.paper, 0.16), 0.55), rgba(colour, 0.0),
               down_to=min(bottom, y + 70 * s.u * share))
        s.line(edge, mix(light.glow, far, 0.3), 0.5 + 0.9 * share, 0.10 + 0.22 * share)


def glitter(s: Scene, x: float, top: float, bottom: float, strength: float = 0.75) -> None:
    """The broken reflection of a light on water."""
    with s.layer(blur=0.5):
        for _ in range(520):
            share = s.chance(0, 1) ** 1.4
            y = top + (bottom - top) * share
            wide = (9 + 75 * share) * s.u
            dx = s.random.gauss(0, 0.55) * wide
            length = (2 + 13 * share) * s.u * s.chance(0.4, 1.2)
            alpha = strength * s.chance(0.25, 1) * (1 - 0.6 * share)
            s.disc(x + dx, y, length, s.light.glow, alpha, (0.45 + 1.1 * share) * s.u)
    s.glow(x, top, (bottom - top) * 0.8, s.light.glow, 0.3)


def spray(s: Scene, x: float, y: float, width: float, height: float, strength: float = 1) -> None:
    """Water thrown up from a point: soft clouds first, then drops."""
    white = s.light.paper
    for blur, count, size in ((7.0, 90, 15.0), (2.2, 190, 6.5), (0.0, 330, 1.5)):
        with s.layer(blur=blur * s.u, alpha=0.8 * strength):
            for _ in range(count):
                up = s.chance(0, 1) ** 1.25
                lean = s.random.gauss(0, 0.23) * width * (0.3 + up) + 0.12 * width * up
                r = size * s.u * s.chance(0.3, 1.1) * (1 - 0.55 * up)
                s.disc(x + lean, y - up * height, r, white, s.chance(0.35, 0.95) * (1 - 0.5 * up))


def underwater(s: Scene, rays: int = 9, floor: bool = True) -> None:
    """The sea from inside: light from above, dust in the water, a bed of sand and stones."""
    light = s.light
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], *light.sky)
    s.glow(s.w * s.chance(0.35, 0.65), -0.1 * s.h, s.h * 0.9, light.glow, 0.7)
    with s.layer(blur=7 * s.u, alpha=0.4):
        middle = s.w * s.chance(0.4, 0.6)
        for _ in range(rays):
            x, wide = s.chance(0, s.w), s.chance(8, 38) * s.u
            lean = (x - middle) * 0.9
            s.fill([(x, -10), (x + wide, -10), (x + wide * 2.6 + lean, s.h * 0.9),
                    (x + lean, s.h * 0.9)], rgba(light.glow, 0.7), rgba(light.glow, 0.0))
    if floor:
        for share in (0.0, 0.5, 1.0):
            edge = ridge(s, s.h * (0.88 + 0.06 * share), 16 * s.u, s.w * 0.6)
            colour = mix(light.land[0], light.ink, 0.25 + 0.6 * share)
            ground(s, edge, mix(colour, light.glow, 0.1), colour)


def motes(s: Scene, count: int = 120) -> None:
    """Dust and plankton drifting in front of everything."""
    for _ in range(count):
        s.disc(s.chance(0, s.w), s.chance(0, s.h), s.chance(0.3, 1.3) * s.u, s.light.glow,
               s.chance(0.08, 0.45))


def bubbles(s: Scene, x: float, y: float, count: int, height: float) -> None:
    """A string of bubbles rising from a point."""
    for _ in range(count):
        up = s.chance(0, 1)
        r = s.chance(1, 4.5) * s.u * (0.5 + up)
        bx, by = x + s.random.gauss(0, 7 * s.u) * (0.4 + up), y - up * height
        s.disc(bx, by, r, s.light.glow, 0.14)
        s.ring(bx, by, r, s.light.glow, 0.7, 0.7)
        s.disc(bx - r * 0.35, by - r * 0.35, r * 0.22, s.light.paper, 0.9)


def fish(s: Scene, x: float, y: float, length: float, colour: Colour, alpha: float = 1) -> None:
    """A small fish swimming to the right (to the left if the length is negative)."""
    s.disc(x, y, abs(length) * 0.5, colour, alpha, abs(length) * 0.17)
    s.poly([(x - length * 0.4, y), (x - length * 0.72, y - length * 0.17), (x - length * 0.64, y),
            (x - length * 0.72, y + length * 0.17)], colour, alpha)


def shoal(s: Scene, x: float, y: float, count: int, size: float, colour: Colour) -> None:
    """A shoal of fish around a point, all heading the same way."""
    way = s.random.choice((-1, 1))
    for _ in range(count):
        fish(s, x + s.random.gauss(0, 6 * size), y + s.random.gauss(0, 2.2 * size),
             way * size * s.chance(0.7, 1.2), colour, s.chance(0.5, 0.95))


def seal(s: Scene, x: float, y: float, size: float, colour: Colour) -> None:
    """A seal gliding to the left."""
    back = [(0.0, 0.0), (0.12, -0.1), (0.3, -0.13), (0.6, -0.17), (1.0, -0.12), (1.4, -0.02),
            (1.62, -0.09), (1.66, -0.03), (1.5, 0.03), (1.64, 0.11), (1.36, 0.08), (0.9, 0.12),
            (0.66, 0.13), (0.76, 0.3), (0.52, 0.16), (0.25, 0.09), (0.06, 0.06)]
    s.fill([(x + dx * size, y + dy * size) for dx, dy in back], mix(colour, s.light.glow, 0.35),
           colour)
    s.disc(x + 0.12 * size, y - 0.02 * size, 0.02 * size, s.light.ink)


# ---------------------------------------------------------------- parts: what people make


def person(s: Scene, x: float, y: float, size: float, colour: Colour,
           head: Colour = "#c98f6b") -> None:
    """A small figure standing at (x, y)."""
    s.poly([(x - size * 0.12, y), (x - size * 0.17, y - size * 0.72),
            (x + size * 0.17, y - size * 0.72), (x + size * 0.12, y), (x + size * 0.02, y),
            (x, y - size * 0.36), (x - size * 0.02, y)], mix(colour, s.light.ink, 0.6))
    s.rect(x - size * 0.18, y - size * 0.78, size * 0.36, size * 0.42, colour, None, size * 0.12)
    hair = ("#3a2a22", "#6b4a2a", "#b9904a", "#2a2a30")[int(x) % 4] if head == "#c98f6b" else head
    s.disc(x, y - size * 0.915, size * 0.118, hair)
    s.disc(x + size * 0.012, y - size * 0.885, size * 0.094, head)


def house(s: Scene, x: float, y: float, width: float, height: float, wall: Colour,
          roof: Colour) -> None:
    """A house with a gable or a long roof; its windows are lit if the light has lamps."""
    light = s.light
    s.slab(x, y - height, width, height, mix(wall, light.glow, 0.12), mix(wall, light.ink, 0.22))
    rise = height * s.chance(0.35, 0.6)
    if s.random.random() < 0.55:
        top = [(x - width * 0.07, y - height), (x + width / 2, y - height - rise),
               (x + width * 1.07, y - height)]
    else:
        rise *= 0.7
        top = [(x - width * 0.06, y - height), (x + width * 0.14, y - height - rise),
               (x + width * 0.86, y - height - rise), (x + width * 1.06, y - height)]
    s.fill(top, mix(roof, light.glow, 0.15), roof)
    if s.random.random() < 0.6:
        s.rect(x + width * 0.68, y - height - rise, width * 0.13, rise * 0.7,
               mix(roof, light.ink, 0.4))
    columns, rows = max(1, round(width / (9 * s.u))), max(1, round(height / (13 * s.u)))
    for row in range(rows):
        for column in range(columns):
            wx = x + width * (column + 0.5) / columns - 1.7 * s.u
            wy = y - height + height * (row + 0.3) / rows
            pane(s, wx, wy, 3.4 * s.u, 5 * s.u)


def pane(s: Scene, x: float, y: float, width: float, height: float) -> None:
    """A window, dark by day; in the dark about half of them are lit."""
    if s.light.lamps and s.random.random() < 0.55:
        s.rect(x, y, width, height, mix(WINDOW, "#ff9a4a", s.chance(0, 0.5)), s.chance(0.75, 1))
    else:
        s.rect(x, y, width, height, mix(s.light.ink, s.light.sky[1], 0.25), 0.75)


WALLS = ("#e9dcc3", "#d9a58a", "#c9c6b8", "#b8574c", "#e4c27e", "#8fa9a6", "#f2ece0")


def town(s: Scene, y: float, left: float, right: float, size: float, dim: float = 0.3,
         spire: bool = False) -> None:
    """A row of houses between two places; `dim` mixes them with the light's shadow."""
    light, x = s.light, left
    if light.lamps:
        dim = max(dim, 0.78 if light.sun is not None else 0.68)
    spire_at = left + (right - left) * s.chance(0.3, 0.7)
    while x < right:
        width = size * s.chance(0.55, 1.15)
        if spire and x <= spire_at < x + width:
            stone = mix("#b9ad98", light.land[1], dim)
            s.slab(x, y - size * 2.1, size * 0.42, size * 2.1, stone, mix(stone, light.ink, 0.3))
            s.poly([(x - 2, y - size * 2.1), (x + size * 0.21, y - size * 3.5),
                    (x + size * 0.42 + 2, y - size * 2.1)], mix("#4c6b6b", light.ink, dim))
            pane(s, x + size * 0.15, y - size * 1.8, size * 0.12, size * 0.25)
        wall = mix(s.random.choice(WALLS), light.land[1], dim)
        roof = mix(s.random.choice(("#a3523f", "#6b4a45", "#56606b")), light.ink, dim * 0.8)
        house(s, x, y, width, size * s.chance(0.6, 1.35), wall, roof)
        x += width * s.chance(0.98, 1.1)


def lamp_post(s: Scene, x: float, y: float, height: float, on: bool = True) -> None:
    """A street lamp with its circle of light."""
    s.rect(x - 1.1 * s.u, y - height, 2.2 * s.u, height, s.light.ink)
    s.line([(x, y - height), (x + 8 * s.u, y - height - 3 * s.u)], s.light.ink, 2 * s.u)
    if on:
        s.glow(x + 9 * s.u, y - height, 40 * s.u, WINDOW, 0.8)
        s.disc(x + 9 * s.u, y - height - 1 * s.u, 2.6 * s.u, "#fff3cf")


def rotor(s: Scene, x: float, y: float, radius: float, angle: float, colour: Colour,
          swept: float = 0.12) -> None:
    """A rotor of three blades, with the disc it sweeps."""
    s.disc(x, y, radius, s.light.paper, swept * 0.5)
    s.ring(x, y, radius, s.light.paper, 0.8, swept)
    for blade in range(3):
        a = math.radians(angle + blade * 120)
        ax, ay, nx, ny = math.cos(a), math.sin(a), -math.sin(a), math.cos(a)
        outline = [(0.05, -0.04), (0.24, -0.11), (0.6, -0.07), (0.97, -0.025), (1.0, 0.01),
                   (0.6, 0.03), (0.22, 0.05), (0.05, 0.04)]
        place = [(x + radius * (d * ax + o * nx), y + radius * (d * ay + o * ny))
                 for d, o in outline]
        s.fill(place, mix(colour, s.light.paper, 0.35), colour)
    s.ball(x, y, radius * 0.13, mix(colour, YELLOW, 0.3))


def tidal_tower(s: Scene, x: float, surface: float, floor: float, size: float) -> None:
    """A tide turbine: a tower with a deck above the water and two rotors below it."""
    wide, paint = size * 0.15, mix(YELLOW, s.light.land[1], 0.12)
    s.slab(x - wide / 2, surface - size * 0.7, wide, floor - surface + size * 0.7, paint,
           mix(paint, s.light.ink, 0.55))
    s.rect(x - wide / 2, surface - size * 0.7, wide * 0.35, floor - surface + size * 0.7,
           s.light.paper, 0.28)
    s.rect(x - wide / 2, surface - size * 0.16, wide, size * 0.1, s.light.ink, 0.75)
    s.rect(x - size * 0.3, surface - size * 0.74, size * 0.6, size * 0.08, s.light.ink)
    s.rect(x - size * 0.16, surface - size * 0.96, size * 0.3, size * 0.22,
           mix(s.light.paper, s.light.land[1], 0.25))
    s.rect(x - size * 0.12, surface - size * 0.91, size * 0.1, size * 0.08, s.light.ink, 0.8)
    for k in range(5):
        px = x - size * 0.3 + size * 0.6 * k / 4
        s.line([(px, surface - size * 0.74), (px, surface - size * 0.86)], s.light.ink, 0.8)
    s.line([(x - size * 0.3, surface - size * 0.86), (x + size * 0.3, surface - size * 0.86)],
           s.light.ink, 0.8)
    s.line([(x + size * 0.1, surface - size * 0.96), (x + size * 0.1, surface - size * 1.25)],
           s.light.ink, 1)
    s.disc(x + size * 0.1, surface - size * 1.26, max(1.2, size * 0.025), RED)
    arm, deep = size * 0.98, surface + size * 0.86
    s.slab(x - arm, deep - size * 0.05, 2 * arm, size * 0.1, paint, mix(paint, s.light.ink, 0.5))
    for side in (-1, 1):
        rotor(s, x + side * arm, deep, size * 0.72, s.chance(0, 120),
              mix(CREAM, s.light.sea[1], 0.3))


def small_boat(s: Scene, x: float, y: float, size: float, hull: Colour) -> None:
    """A fishing boat with a wheelhouse."""
    light = s.light
    s.fill([(x - size, y - size * 0.3), (x + size * 0.75, y - size * 0.22),
            (x + size, y - size * 0.42), (x + size * 0.72, y + size * 0.06),
            (x - size * 0.85, y + size * 0.06)], mix(hull, light.paper, 0.15),
           mix(hull, light.ink, 0.4))
    s.rect(x - size * 0.55, y - size * 0.72, size * 0.6, size * 0.45,
           mix(CREAM, light.land[1], 0.25))
    s.rect(x - size * 0.6, y - size * 0.78, size * 0.7, size * 0.08, mix(hull, light.ink, 0.3))
    for k in range(2):
        pane(s, x - size * (0.48 - 0.28 * k), y - size * 0.64, size * 0.18, size * 0.17)
    s.line([(x + size * 0.2, y - size * 0.25), (x + size * 0.2, y - size * 1.3)], light.ink,
           1.3 * s.u)
    s.line([(x + size * 0.2, y - size * 1.2), (x + size * 0.9, y - size * 0.4)], light.ink,
           0.7 * s.u)


def sail(s: Scene, x: float, y: float, size: float, colour: Colour, lean: float = 0.0) -> None:
    """A sailing boat with main sail and jib."""
    light, tip = s.light, (x + lean * size, y - size * 1.6)
    s.fill([tip, (x - size * 0.62, y - size * 0.16), (x - size * 0.02, y - size * 0.12)],
           mix(colour, light.paper, 0.4), colour)
    s.fill([(tip[0] + size * 0.03, tip[1] + size * 0.2), (x + size * 0.06, y - size * 0.14),
            (x + size * 0.5, y - size * 0.12)], mix(light.paper, colour, 0.25),
           mix(light.paper, light.land[0], 0.3))
    s.line([tip, (x, y)], light.ink, 0.9 * s.u)
    s.fill([(x - size * 0.65, y - size * 0.1), (x + size * 0.62, y - size * 0.12),
            (x + size * 0.42, y + size * 0.06), (x - size * 0.5, y + size * 0.06)],
           mix(light.paper, light.ink, 0.2), mix(light.ink, light.sea[1], 0.3))


def ferry(s: Scene, x: float, y: float, length: float, hull: Colour, stripe: Colour) -> None:
    """A double-ended car ferry seen from the side; x is its middle, y the water line."""
    light, half = s.light, length / 2
    shade = 0.12 if not light.lamps else 0.55
    white = mix(CREAM, light.land[1], shade)
    hull = mix(hull, light.ink, shade * 0.6)
    deck = y - length * 0.1
    s.fill([(x - half, deck - length * 0.015), (x + half, deck - length * 0.015),
            (x + half * 0.93, y + 2), (x - half * 0.93, y + 2)], mix(hull, light.paper, 0.14),
           mix(hull, light.ink, 0.35))
    s.rect(x - half * 0.985, deck, length * 0.985, length * 0.014, stripe)
    s.slab(x - half * 0.82, deck - length * 0.085, length * 0.82, length * 0.075, white,
           mix(white, light.ink, 0.15))
    for k in range(13):
        px = x - half * 0.76 + length * 0.76 * k / 13
        s.rect(px, deck - length * 0.065, length * 0.036, length * 0.034,
               WINDOW if light.lamps else mix(light.ink, light.sky[1], 0.3), None, length * 0.006)
    s.slab(x - half * 0.56, deck - length * 0.15, length * 0.56, length * 0.066, white,
           mix(white, light.ink, 0.1))
    for k in range(16):
        px = x - half * 0.52 + length * 0.53 * k / 16
        s.rect(px, deck - length * 0.132, length * 0.02, length * 0.026,
               WINDOW if light.lamps else mix(light.ink, light.sky[1], 0.3))
    s.rect(x - half * 0.6, deck - length * 0.155, length * 0.6, length * 0.01, stripe)
    s.poly([(x - half * 0.17, deck - length * 0.155), (x - half * 0.2, deck - length * 0.205),
            (x + half * 0.2, deck - length * 0.205), (x + half * 0.17, deck - length * 0.155)],
           white)
    s.rect(x - half * 0.185, deck - length * 0.196, length * 0.185, length * 0.024,
           mix(light.ink, light.sky[1], 0.35))
    s.line([(x, deck - length * 0.2), (x, deck - length * 0.29)], light.ink, 1.4 * s.u)
    s.line([(x - length * 0.025, deck - length * 0.262), (x + length * 0.025,
                        deck - length * 0.262)], light.ink, 1.2 * s.u)
    for side in (-1, 1):
        px = x + side * half * 0.7
        s.line([(px, deck - length * 0.085), (px, deck - length * 0.13)], light.ink, 1.1 * s.u)
        s.rect(px - length * 0.022, deck - length * 0.105, length * 0.044, length * 0.02, ORANGE,
               None, length * 0.009)


def wake(s: Scene, x: float, y: float, length: float) -> None:
    """Foam along a ship's water line."""
    with s.layer(blur=1.2 * s.u, alpha=0.8):
        for _ in range(150):
            s.disc(x + s.chance(-0.56, 0.56) * length, y + abs(s.random.gauss(0, 3)) * s.u,
                   s.chance(2, 9) * s.u, s.light.paper, s.chance(0.2, 0.75),
                   s.chance(0.6, 1.7) * s.u)


def quay_crane(s: Scene, x: float, y: float, size: float, colour: Colour,
               raised: bool = False) -> None:
    """A container crane: a portal on legs, a boom over the water to the left, stays."""
    thick = size * 0.035
    beam = y - size * 0.62
    apex = (x + size * 0.06, y - size * 1.02)
    for px in (x - size * 0.14, x + size * 0.16):
        s.line([(px, y), (px, beam)], colour, thick)
    s.line([(x - size * 0.14, y - size * 0.24), (x + size * 0.16, y - size * 0.24)], colour, thick)
    s.line([(x - size * 0.14, y), (x + size * 0.16, y - size * 0.24)], colour, thick * 0.4)
    s.line([(x + size * 0.16, y - size * 0.24), (x - size * 0.14, beam)], colour, thick * 0.5)
    s.line([(x - size * 0.14, beam), (x + size * 0.42, beam)], colour, thick * 1.2)
    tip = (x - size * 0.42, beam - size * 0.62) if raised else (x - size * 0.74, beam)
    s.line([(x - size * 0.14, beam), tip], colour, thick * 1.1)
    s.line([(x - size * 0.14, beam), apex, (x + size * 0.16, beam)], colour, thick * 0.8)
    for part in (0.55, 0.97):
        end = (x - size * 0.14 + (tip[0] - x + size * 0.14) * part, beam + (tip[1] - beam) * part)
        s.line([apex, end], colour, thick * 0.3)
    s.line([apex, (x + size * 0.4, beam)], colour, thick * 0.3)
    s.rect(x + size * 0.2, beam - size * 0.09, size * 0.16, size * 0.09,
           mix(colour, s.light.paper, 0.12))
    if not raised:
        cx = x - size * s.chance(0.35, 0.62)
        s.rect(cx - size * 0.03, beam + size * 0.01, size * 0.06, size * 0.05,
               mix(colour, s.light.ink, 0.4))
        drop = size * s.chance(0.15, 0.3)
        for dx in (-0.02, 0.02):
            s.line([(cx + dx * size, beam), (cx + dx * size, beam + drop)], colour, thick * 0.2)
        s.rect(cx - size * 0.075, beam + drop, size * 0.15, size * 0.06,
               s.random.choice(PAINTS[:6]))
    if s.light.lamps or s.light.sun == LIGHTS["dawn"].sun:
        s.glow(apex[0], apex[1], size * 0.08, RED, 0.9)


def containers(s: Scene, x: float, y: float, columns: int, rows: int, width: float,
               dim: float) -> None:
    """Stacks of containers, the lowest standing on `y`, of different heights."""
    height = width * 0.42
    for column in range(columns):
        for row in range(s.random.randint(max(1, rows - 2), rows)):
            paint = mix(s.random.choice(PAINTS), s.light.land[1], dim)
            cx, cy = x + column * width * 1.02, y - (row + 1) * height * 1.03
            s.slab(cx, cy, width, height, mix(paint, s.light.glow, 0.14),
                   mix(paint, s.light.ink, 0.2))
            for rib in range(1, 7):
                s.rect(cx + width * rib / 7, cy + height * 0.12, 0.5 * s.u, height * 0.76,
                       s.light.ink, 0.2)


def tram(s: Scene, x: float, y: float, length: float, slope: float = 0.0,
         paint: Colour = RED) -> None:
    """A tram of three cars; x, y is the middle of its wheels, `slope` the rise per pixel."""
    light = s.light
    dim = 0.1 if not light.lamps else 0.35

    def part(x0: float, y0: float, x1: float, y1: float, *colours: Colour) -> None:
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        s.fill([(x + px * length, y + (py - px * slope) * length) for px, py in corners], *colours)

    body, cream = mix(paint, light.ink, dim), mix(CREAM, light.land[1], dim)
    for car in (-1, 0, 1):
        left, right = car * 0.335 - 0.16, car * 0.335 + 0.16
        part(left - 0.01, -0.125, right + 0.01, -0.03, light.ink, light.ink)
        part(left, -0.15, right, -0.02, mix(cream, light.paper, 0.3), cream)
        part(left, -0.07, right, -0.02, mix(body, light.paper, 0.12), mix(body, light.ink, 0.25))
        part(left + 0.008, -0.165, right - 0.008, -0.15, mix(light.ink, light.sky[1], 0.3),
             light.ink)
        for k in range(5):
            wx = left + 0.02 + k * 0.059
            glass = (WINDOW if light.lamps or s.has("evening") else mix(light.sky[0], light.ink,
                                0.45))
            part(wx, -0.133, wx + 0.046, -0.083, mix(glass, light.paper, 0.35), glass)
        for k in (0.25, 0.75):
            wx = x + (left + (right - left) * k) * length
            s.disc(wx, y - 0.012 * length - (wx - x) * slope, 0.014 * length, light.ink)
    top = (x, y - 0.165 * length)
    s.line([top, (x + 0.035 * length, y - 0.2 * length), (x, y - 0.235 * length)], light.ink,
           1.4 * s.u)


def book(s: Scene, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    """The spine of a book that stands on `y`."""
    s.slab(x, y - height, width, height, mix(colour, "#ffffff", 0.12), mix(colour, "#000000", 0.25))
    s.rect(x + width * 0.78, y - height, width * 0.22, height, "#000000", 0.18)
    s.rect(x + width * 0.1, y - height, width * 0.12, height, "#ffffff", 0.16)
    for part in (0.12, 0.18, 0.8):
        s.rect(x, y - height * (1 - part), width, max(1.0, height * 0.016), "#f3dca0", 0.8)


def pencil(s: Scene, x: float, y: float, width: float, height: float, colour: Colour) -> None:
    """A pencil with its point up, cut off at `y`."""
    point = width * 1.5
    top = y - height
    for k, shade in enumerate((-0.16, 0.06, 0.3)):
        tone = mix(colour, "#ffffff", shade) if shade > 0 else mix(colour, "#000000", -shade)
        s.rect(x + width * k / 3, top + point, width / 3 + 0.4, height - point, tone)
    s.fill([(x, top + point), (x + width / 6, top + point - 4 * s.u), (x + width / 3, top + point),
            (x + width / 2, top + point - 4 * s.u), (x + width * 2 / 3, top + point),
            (x + width * 5 / 6, top + point - 4 * s.u), (x + width, top + point),
            (x + width / 2, top)], "#f3d9ae", "#d9ac74")
    s.poly([(x + width / 2, top), (x + width * 0.36, top + point * 0.3),
            (x + width * 0.64, top + point * 0.3)], mix(colour, "#000000", 0.25))


# ---------------------------------------------------------------- painters


def storm(s: Scene) -> None:
    """A sea wall with a lamp and a house behind it; a breaker goes up against the wall."""
    light, horizon = s.light, s.h * 0.46
    sun = sky(s, horizon, s.w * 0.2, 1.0)
    with s.layer(blur=14 * s.u, alpha=0.55):
        for _ in range(9):
            s.disc(s.chance(0, s.w), s.chance(0, horizon * 0.6), s.chance(60, 150) * s.u,
                   light.sky[0], 0.7, s.chance(15, 34) * s.u)
    sea(s, horizon, sun, 30, rows=9)
    town(s, s.h * 0.56, s.w * 0.66, s.w * 1.05, 54 * s.u, 0.5)
    wall = [(s.w * 0.46, s.h), (s.w * 0.53, s.h * 0.57), (s.w, s.h * 0.53), (s.w, s.h)]
    s.fill(wall, mix(light.land[0], light.paper, 0.2), light.land[1], light.ink)
    s.line([(s.w * 0.53, s.h * 0.575), (s.w, s.h * 0.535)], light.paper, 5 * s.u, 0.55)
    for k in range(1, 6):
        y = s.h * (0.57 + 0.08 * k)
        s.line([(s.w * (0.53 - 0.0128 * k), y), (s.w, y - s.h * 0.03)], light.ink, 1.4 * s.u, 0.4)
        for j in range(7):
            x = s.w * (0.56 + 0.075 * j + (0.03 if k % 2 else 0))
            s.line([(x, y - s.h * 0.015), (x - 3 * s.u, y + s.h * 0.055)], light.ink, 1.2 * s.u,
                   0.35)
    for k in range(3):
        lamp_post(s, s.w * (0.66 + 0.13 * k), s.h * (0.565 - 0.011 * k), 74 * s.u)
    crest = [(-0.02, 1.0), (-0.02, 0.74), (0.1, 0.68), (0.22, 0.6), (0.33, 0.55), (0.42, 0.56),
             (0.49, 0.62), (0.47, 0.72), (0.5, 0.86), (0.56, 1.0)]
    s.fill([(s.w * x, s.h * y) for x, y in crest], mix(light.sea[0], light.paper, 0.3),
           mix(light.sea[0], light.sea[1], 0.5), light.sea[1])
    for k in range(9):
        low = 0.03 * k
        s.line([(s.w * (x + 0.3 * low), s.h * (y + low + 0.02)) for x, y in crest[1:7]],
               light.paper, s.chance(0.6, 2.2) * s.u, s.chance(0.12, 0.4))
    spray(s, s.w * 0.49, s.h * 0.8, 420 * s.u, s.h * 0.74)
    spray(s, s.w * 0.56, s.h * 0.62, 360 * s.u, s.h * 0.42, 0.9)
    spray(s, s.w * 0.4, s.h * 0.6, 330 * s.u, s.h * 0.16, 0.8)
    edge = ridge(s, s.h * 0.9, 22 * s.u, s.w * 0.5, sharp=True)
    ground(s, edge, mix(light.paper, light.sea[0], 0.35), light.sea[1])
    rain(s, 150)


def rain(s: Scene, count: int) -> None:
    """Rain driven to the left."""
    for _ in range(count):
        x, y, long = s.chance(0, s.w * 1.1), s.chance(0, s.h), s.chance(9, 26) * s.u
        s.line([(x, y), (x - long * 0.45, y + long)], s.light.paper, 0.7 * s.u, s.chance(0.1, 0.35))


def ferry_scene(s: Scene) -> None:
    """The battery ferry: crossing, charging at the quay, or the wake seen from her bow."""
    if s.has("charging"):
        charging(s)
        return
    if s.has("bow"):
        crossing(s)
        return
    light, horizon = s.light, s.h * 0.5
    sun = sky(s, horizon, s.w * 0.76)
    hills(s, horizon + 1, 3, 46)
    if s.has("solmoy"):
        town(s, horizon + 3, s.w * 0.04, s.w * 0.36, 19 * s.u, 0.25, spire=True)
    sea(s, horizon, sun, 5)
    small = s.has("sunday")
    long, x, y = s.w * (0.36 if small else 0.56), s.w * (0.34 if small else 0.52), s.h * 0.68
    s.disc(x, y + 5 * s.u, long * 0.5, light.ink, 0.35, 9 * s.u)
    ferry(s, x, y, long, "#2b6d8f" if not small else "#8a3b46", YELLOW)
    wake(s, x, y + 3 * s.u, long)
    wake(s, x - long * 0.3, y + 7 * s.u, long * 0.9)
    birds(s, x - long * 0.4, s.h * 0.3, 7)
    if small:
        s.slab(s.w * 0.74, s.h * 0.84, s.w * 0.26, s.h * 0.05, light.land[0], light.ink)
        for k in range(4):
            s.rect(s.w * (0.76 + 0.07 * k), s.h * 0.87, 7 * s.u, s.h * 0.13, light.ink)
        person(s, s.w * 0.82, s.h * 0.845, 58 * s.u, light.ink, light.ink)
        person(s, s.w * 0.87, s.h * 0.845, 42 * s.u, light.ink, light.ink)
        lamp_post(s, s.w * 0.95, s.h * 0.845, 95 * s.u)


def charging(s: Scene) -> None:
    """The ferry at the quay by night, a charging arm on the tower at her side."""
    light, horizon = s.light, s.h * 0.52
    sun = sky(s, horizon, s.w * 0.16, 0.35)
    hills(s, horizon + 1, 2, 40)
    town(s, horizon + 2, s.w * 0.3, s.w * 1.02, 30 * s.u, 0.8, spire=True)
    sea(s, horizon, sun, 3)
    x, y, long = s.w * 0.4, s.h * 0.68, s.w * 0.66
    ferry(s, x, y, long, "#2b6d8f", YELLOW)
    tower = s.w * 0.82
    s.rect(tower, s.h * 0.36, 26 * s.u, s.h * 0.34, mix(light.land[0], light.paper, 0.25), None,
           4 * s.u)
    for k in range(6):
        s.rect(tower + 6 * s.u, s.h * (0.39 + 0.04 * k), 14 * s.u, 6 * s.u, "#6df0b0", 0.9)
    s.glow(tower + 13 * s.u, s.h * 0.48, 120 * s.u, "#4fe0a0", 0.7)
    plug = (x + long * 0.36, y - long * 0.13)
    s.line([(tower + 4 * s.u, s.h * 0.4), (tower - 40 * s.u, s.h * 0.42), plug], light.paper,
           6 * s.u)
    s.glow(*plug, 60 * s.u, "#8affc8", 1)
    s.disc(*plug, 5 * s.u, "#d8fff0")
    s.mirror(y + 4 * s.u, s.h * 0.28, 0.55)
    s.slab(s.w * 0.74, s.h * 0.69, s.w * 0.3, s.h * 0.31, mix(light.land[0], light.paper, 0.12),
           light.ink)
    s.rect(s.w * 0.74, s.h * 0.69, s.w * 0.3, 6 * s.u, YELLOW, 0.7)
    person(s, s.w * 0.93, s.h * 0.7, 62 * s.u, ORANGE)
    lamp_post(s, s.w * 0.77, s.h * 0.69, 120 * s.u)


def crossing(s: Scene) -> None:
    """The way ahead as it is seen from the ferry's bow."""
    light, horizon, mid = s.light, s.h * 0.44, s.w * 0.5
    sun = sky(s, horizon, s.w * 0.55)
    hills(s, horizon + 1, 3, 52)
    sea(s, horizon, sun, 6)
    deck = mix("#2b6d8f", light.ink, 0.35)
    s.fill([(mid, s.h * 0.68), (s.w * 0.95, s.h), (s.w * 0.05, s.h)], mix(deck, light.paper, 0.45),
           deck)
    for side in (-1, 1):
        rail = [(mid + side * s.w * 0.5 * k, s.h * (0.6 + 0.26 * k)) for k in (0, 0.4, 0.8, 1.2)]
        s.line(rail, light.ink, 5 * s.u)
        s.line([(x, y + 26 * s.u) for x, y in rail], light.ink, 3 * s.u)
        for k in range(1, 9):
            px, py = mid + side * s.w * 0.07 * k, s.h * (0.6 + 0.0364 * k)
            s.line([(px, py), (px, py + 52 * s.u)], light.ink, 3.2 * s.u)
    s.line([(mid, s.h * 0.4), (mid, s.h * 0.7)], light.ink, 5 * s.u)
    s.poly([(mid, s.h * 0.41), (mid + 62 * s.u, s.h * 0.44), (mid, s.h * 0.49)], RED)
    birds(s, s.w * 0.28, s.h * 0.22, 5)


def clinic_boat(s: Scene) -> None:
    """A white boat with a red cross lies at an island's pier; somebody waits."""
    light, horizon = s.light, s.h * 0.48
    sun = sky(s, horizon, s.w * 0.2)
    hills(s, horizon + 1, 3, 50)
    town(s, horizon + 3, s.w * 0.62, s.w * 1.02, 26 * s.u, 0.2, spire=True)
    sea(s, horizon, sun, 4)
    x, y, long = s.w * 0.4, s.h * 0.76, s.w * 0.5
    s.disc(x, y + 6 * s.u, long * 0.5, light.ink, 0.3, 8 * s.u)

    def at(px: float, py: float) -> Point:
        return x + px * long, y - py * long

    s.fill([at(-0.5, 0.13), at(0.3, 0.13), at(0.52, 0.2), at(0.42, -0.01), at(-0.46, -0.01)],
           light.paper, mix(light.paper, light.ink, 0.22))
    s.poly([at(-0.49, 0.09), at(0.475, 0.09), at(0.46, 0.055), at(-0.48, 0.055)], TEAL)
    s.fill([at(-0.38, 0.13), at(-0.36, 0.27), at(0.16, 0.27), at(0.24, 0.13)], light.paper,
           mix(light.paper, light.ink, 0.12))
    s.fill([at(-0.12, 0.27), at(-0.1, 0.37), at(0.08, 0.37), at(0.15, 0.27)], light.paper,
           light.paper)
    s.poly([at(-0.075, 0.355), at(-0.08, 0.295), at(0.115, 0.295), at(0.075, 0.355)],
           mix(light.ink, light.sky[0], 0.5))
    for k in range(4):
        px, py = at(-0.33 + 0.065 * k, 0.235)
        s.disc(px, py, long * 0.018, mix(light.ink, light.sky[0], 0.5))
    cx, cy = at(0.04, 0.2)
    s.rect(cx - long * 0.045, cy - long * 0.015, long * 0.09, long * 0.03, RED)
    s.rect(cx - long * 0.015, cy - long * 0.045, long * 0.03, long * 0.09, RED)
    s.line([at(-0.04, 0.37), at(-0.04, 0.56)], light.ink, 2 * s.u)
    s.poly([at(-0.05, 0.55), at(-0.16, 0.535), at(-0.05, 0.49)], light.paper)
    s.line([at(-0.06, 0.52), at(-0.13, 0.52)], RED, 3 * s.u)
    s.disc(*at(0.02, 0.385), 4 * s.u, BLUE)
    person(s, *at(-0.43, 0.13), 40 * s.u, GREEN)
    s.mirror(y + 3 * s.u, s.h * 0.2, 0.35)
    wake(s, x, y + 4 * s.u, long)
    pier = s.h * 0.72
    s.slab(s.w * 0.7, pier, s.w * 0.3, 12 * s.u, "#b58c62", "#7a5a3f")
    for k in range(5):
        s.rect(s.w * (0.715 + 0.065 * k), pier + 10 * s.u, 9 * s.u, s.h * 0.3, "#5d4734")
    for k, colour in enumerate((RED, YELLOW, PLUM)):
        person(s, s.w * (0.77 + 0.055 * k), pier + 3, (64 - 14 * (k == 1)) * s.u, colour)
    birds(s, s.w * 0.7, s.h * 0.2, 6)


def lighthouse(s: Scene) -> None:
    """A lighthouse on its rock in heavy weather, its beam over the sea."""
    light, horizon = s.light, s.h * 0.6
    sun = sky(s, horizon, s.w * 0.3, 1.0)
    x, top, base = s.w * 0.6, s.h * 0.22, s.h * 0.7
    s.veil(0, s.h * 0.6, light.ink, 0.75, 0.5, 0.0)
    with s.layer(blur=9 * s.u, alpha=0.7):
        for reach, wide in ((-s.w, 0.17), (s.w, 0.12)):
            s.poly([(x, top), (x + reach, top - s.h * wide * 0.4), (x + reach, top + s.h * wide)],
                   "#fff0b8", 0.6)
    sea(s, horizon, sun, 24, rows=9)
    rock = [(0.28, 0.88), (0.36, 0.75), (0.44, 0.7), (0.5, 0.67), (0.7, 0.67), (0.78, 0.72),
            (0.9, 0.76), (1.02, 0.8), (1.02, 1.0), (0.2, 1.0)]
    s.fill([(s.w * px, s.h * py) for px, py in rock], mix(light.land[0], light.ink, 0.45),
           light.ink)
    for px, py in rock[1:8]:
        s.poly([(s.w * px, s.h * py), (s.w * (px + 0.07), s.h * (py + 0.03)),
                (s.w * (px + 0.02), s.h * (py + 0.09))], light.land[0], 0.5)
    wide = s.w * 0.105
    for band in range(6):
        upper, lower = band / 6, (band + 1) / 6
        w0, w1 = wide * (0.62 + 0.38 * upper), wide * (0.62 + 0.38 * lower)
        y0, y1 = top + (base - top) * upper + 26 * s.u, top + (base - top) * lower + 26 * s.u
        colour = RED if band % 2 == 0 else CREAM
        s.fill([(x - w0, y0), (x + w0, y0), (x + w1, y1), (x - w1, y1)],
               mix(colour, light.land[1], 0.2), mix(colour, light.land[1], 0.32))
        s.poly([(x + w0 * 0.3, y0), (x + w0, y0), (x + w1, y1), (x + w1 * 0.3, y1)], light.ink, 0.3)
    for k in range(3):
        s.rect(x - 5 * s.u, top + (96 + 84 * k) * s.u, 10 * s.u, 18 * s.u, WINDOW, None, 4 * s.u)
    s.rect(x - wide * 0.85, top + 20 * s.u, wide * 1.7, 9 * s.u, light.ink)
    s.rect(x - wide * 0.42, top - 26 * s.u, wide * 0.84, 48 * s.u, "#fff3c8")
    for k in (-0.42, -0.14, 0.14, 0.42):
        s.line([(x + wide * k, top - 26 * s.u), (x + wide * k, top + 22 * s.u)], light.ink, 2 * s.u)
    s.poly([(x - wide * 0.55, top - 26 * s.u), (x, top - 62 * s.u),
            (x + wide * 0.55, top - 26 * s.u)], mix(RED, light.ink, 0.4))
    s.glow(x, top, 190 * s.u, "#ffe9a6", 0.95)
    house(s, s.w * 0.76, s.h * 0.745, 74 * s.u, 44 * s.u, "#8d9696", "#4a4f58")
    spray(s, s.w * 0.32, s.h * 0.86, 380 * s.u, s.h * 0.3)
    edge = ridge(s, s.h * 0.93, 24 * s.u, s.w * 0.7, sharp=True)
    ground(s, edge, mix(light.paper, light.sea[0], 0.4), light.sea[1])
    rain(s, 130)


def regatta(s: Scene) -> None:
    """A field of sails rounding a buoy, the farthest ones small."""
    light, horizon = s.light, s.h * 0.44
    sun = sky(s, horizon, s.w * 0.82)
    hills(s, horizon + 1, 3, 40)
    town(s, horizon + 2, s.w * 0.02, s.w * 0.3, 17 * s.u, 0.3, spire=True)
    sea(s, horizon, sun, 6)
    boats = sorted((s.chance(0, 1) ** 1.5, (k + 0.5) / 24) for k in range(24))
    for near, place in boats:
        y = horizon + s.h * (0.05 + 0.42 * near)
        size = (17 + 74 * near) * s.u
        colour = mix(s.random.choice((CREAM, CREAM, RED, YELLOW, TEAL, ORANGE, BLUE)),
                     light.sky[-1], 0.2 * (1 - near))
        s.disc(s.w * place, y + size * 0.1, size * 0.75, light.ink, 0.16, size * 0.07)
        sail(s, s.w * place, y, size, colour, 0.16)
    sail(s, s.w * 0.3, s.h * 0.86, 150 * s.u, CREAM, 0.2)
    sail(s, s.w * 0.68, s.h * 0.8, 118 * s.u, YELLOW, 0.2)
    wake(s, s.w * 0.28, s.h * 0.87, 190 * s.u)
    wake(s, s.w * 0.66, s.h * 0.81, 150 * s.u)
    x, y = s.w * 0.5, s.h * 0.95
    s.disc(x, y + 4 * s.u, 30 * s.u, light.ink, 0.3, 7 * s.u)
    s.poly([(x - 22 * s.u, y), (x - 9 * s.u, y - 58 * s.u), (x + 9 * s.u, y - 58 * s.u),
            (x + 22 * s.u, y)], ORANGE)
    s.rect(x - 17 * s.u, y - 26 * s.u, 34 * s.u, 9 * s.u, CREAM)
    birds(s, s.w * 0.5, s.h * 0.16, 5)


def lanterns(s: Scene) -> None:
    """Paper lanterns drift on the bay, a warm light under each."""
    light, horizon = s.light, s.h * 0.4
    sun = sky(s, horizon, s.w * 0.78, 0.4)
    hills(s, horizon + 1, 2, 44)
    town(s, horizon + 3, -9, s.w * 1.02, 26 * s.u, 0.6, spire=True)
    sea(s, horizon, sun, 2)
    s.mirror(horizon + 3, s.h * 0.2, 0.5, 2)
    places = sorted((s.chance(0, 1) ** 1.6, s.chance(-0.03, 1.03)) for _ in range(150))
    places += [(0.96, 0.16), (1.0, 0.52), (0.9, 0.83)]
    for near, across in places:
        x, y = s.w * across, horizon + 12 * s.u + (s.h * 0.5) * near
        size = (1.6 + 27 * near**1.6) * s.u
        warm = mix("#ffcf6b", "#ff8a4a", s.chance(0, 1))
        s.glow(x, y - size, size * 4.2 + 6 * s.u, warm, 0.42)
        if size < 5 * s.u:
            s.rect(x - size * 0.5, y - size * 1.4, size, size * 1.4, mix(warm, "#ffffff", 0.35))
            continue
        for k in range(5):
            s.disc(x + s.chance(-0.5, 0.5) * size, y + size * (0.3 + 0.32 * k),
                   size * (0.9 - 0.13 * k), warm, 0.34 - 0.06 * k, size * 0.09)
        s.disc(x, y + size * 0.05, size * 0.95, mix(light.ink, PLUM, 0.3), None, size * 0.16)
        s.slab(x - size * 0.68, y - size * 1.75, size * 1.36, size * 1.75,
               mix(warm, "#ffffff", 0.3), warm)
        s.disc(x, y - size * 0.6, size * 0.36, "#fff6d0", 0.85, size * 0.62)
        for k in (-0.68, 0.0, 0.62):
            s.rect(x + k * size, y - size * 1.75, size * 0.07, size * 1.75, "#a4532f", 0.75)
        s.rect(x - size * 0.72, y - size * 1.82, size * 1.44, size * 0.12, "#8a3f2a")


def harbour(s: Scene) -> None:
    """The container quay with its cranes; with a ship, or with the boats of the old basin."""
    light, horizon = s.light, s.h * 0.56
    sun = sky(s, horizon, s.w * 0.3)
    hills(s, horizon + 1, 2, 34)
    sea(s, horizon, sun, 3)
    quay = s.h * 0.68
    tint = mix(light.land[1], light.ink, 0.25)
    if s.has("bulletin"):
        town(s, s.h * 0.585, s.w * 0.0, s.w * 0.5, 30 * s.u, 0.25, spire=True)
        quay_crane(s, s.w * 0.86, s.h * 0.64, 210 * s.u, mix(RED, light.ink, 0.2))
    else:
        paints = (RED, RED, RED) if s.has("dawn") else (TEAL, TEAL)
        for k, paint_of in enumerate(paints):
            shade = mix(paint_of, light.ink, 0.35 if s.has("dawn") else 0.1)
            place = s.w * ((0.4, 0.66, 0.92) if s.has("dawn") else (0.74, 0.93))[k]
            quay_crane(s, place, quay, (262 - 10 * k) * s.u, shade, raised=k == 1 and s.has("dawn"))
    containers(s, s.w * 0.56, quay, 9, 3, 40 * s.u, 0.3 if s.has("dawn") else 0.1)
    s.slab(s.w * 0.3, quay, s.w * 0.7, s.h * 0.12, mix(tint, light.paper, 0.25), tint)
    for k in range(9):
        s.rect(s.w * (0.33 + 0.08 * k), quay + 7 * s.u, 9 * s.u, s.h * 0.09, light.ink, 0.6)
    if s.has("ship"):
        container_ship(s, s.w * 0.36, s.h * 0.8, s.w * 0.62)
    elif s.has("dawn"):
        container_ship(s, s.w * 0.14, s.h * 0.72, s.w * 0.4)
    s.mirror(s.h * 0.8, s.h * 0.2, 0.5)
    if s.has("bulletin"):
        for k, hull in enumerate((BLUE, RED, GREEN, YELLOW)):
            small_boat(s, s.w * (0.12 + 0.215 * k), s.h * (0.9 - 0.035 * (k % 2)), 66 * s.u, hull)
            wake(s, s.w * (0.12 + 0.215 * k), s.h * (0.905 - 0.035 * (k % 2)), 110 * s.u)
    birds(s, s.w * 0.3, s.h * 0.2, 7)


def container_ship(s: Scene, x: float, y: float, length: float) -> None:
    """A loaded container ship seen from the side; x is its middle, y the water line."""
    light, half = s.light, length / 2
    deck = y - length * 0.11
    containers(s, x - half * 0.62, deck + 2, 11, 4, length * 0.066, 0.15)
    s.fill([(x - half, deck), (x + half * 0.86, deck), (x + half * 1.02, deck - length * 0.035),
            (x + half * 0.9, y), (x - half * 0.96, y)], mix(BLUE, light.ink, 0.3),
           mix(BLUE, light.ink, 0.7))
    s.poly([(x - half * 0.965, y - 5 * s.u), (x + half * 0.91, y - 5 * s.u), (x + half * 0.9, y),
            (x - half * 0.96, y)], mix(RED, light.ink, 0.3))
    white = mix(CREAM, light.land[1], 0.2)
    s.slab(x - half * 0.93, deck - length * 0.19, length * 0.12, length * 0.19, white,
           mix(white, light.ink, 0.2))
    for k in range(4):
        s.rect(x - half * 0.91, deck - length * (0.17 - 0.04 * k), length * 0.1, length * 0.014,
               mix(light.ink, light.sky[0], 0.3))
    s.rect(x - half * 0.99, deck - length * 0.2, length * 0.15, length * 0.022, white)
    s.rect(x - half * 0.86, deck - length * 0.27, length * 0.045, length * 0.07,
           mix(ORANGE, light.ink, 0.2))


def tidal(s: Scene) -> None:
    """The turbines of the sound above the water line, or one rotor as a diver meets it."""
    if s.has("dive"):
        dive(s)
        return
    horizon = s.h * 0.46
    sun = sky(s, horizon, s.w * (0.3 if s.has("dawn") else 0.7))
    hills(s, horizon + 1, 3, 52)
    sea(s, horizon, sun, 5)
    places = ((0.86, 0.52, 30), (0.7, 0.54, 38), (0.52, 0.57, 50), (0.3, 0.62, 70))
    if s.has("full"):
        places = ((0.1, 0.5, 25), (0.25, 0.52, 32), (0.42, 0.54, 40), (0.9, 0.53, 36), *places[2:3])
    for across, down, size in places:
        above(s, s.w * across, s.h * down, size * 1.25 * s.u)
    above(s, s.w * 0.72, s.h * 0.74, 150 * s.u)
    x = s.w * (0.24 if s.has("full") else 0.36)
    small_boat(s, x, s.h * 0.84, 62 * s.u, RED)
    wake(s, x, s.h * 0.85, 120 * s.u)
    s.mirror(s.h * 0.86, s.h * 0.14, 0.3)
    birds(s, s.w * 0.55, s.h * 0.22, 8)


def above(s: Scene, x: float, surface: float, size: float) -> None:
    """The part of a tide turbine that stands out of the water, a shimmer of its rotors below."""
    light, wide = s.light, size * 0.2
    paint = mix(YELLOW, light.land[1], 0.12)
    for side in (-1, 1):
        for k in range(4):
            s.ring(x + side * size * 0.8, surface + size * 0.22, size * (0.2 + 0.13 * k),
                   light.paper, 1.3 * s.u, 0.34 - 0.07 * k, size * (0.05 + 0.034 * k))
    s.slab(x - wide / 2, surface - size * 0.72, wide, size * 0.74, paint,
           mix(paint, light.ink, 0.3))
    s.rect(x - wide / 2, surface - size * 0.14, wide, size * 0.16, light.ink, 0.7)
    s.rect(x + wide * 0.2, surface - size * 0.72, wide * 0.3, size * 0.74, light.ink, 0.2)
    s.rect(x - size * 0.38, surface - size * 0.78, size * 0.76, size * 0.08,
           mix(light.ink, paint, 0.15))
    s.rect(x - size * 0.2, surface - size * 1.06, size * 0.4, size * 0.28,
           mix(CREAM, light.land[1], 0.2))
    s.rect(x - size * 0.24, surface - size * 1.1, size * 0.48, size * 0.06, RED)
    for k in range(3):
        s.rect(x - size * (0.15 - 0.115 * k), surface - size * 0.98, size * 0.08, size * 0.09,
               light.ink, 0.75)
    for k in range(7):
        px = x - size * 0.37 + size * 0.74 * k / 6
        s.line([(px, surface - size * 0.78), (px, surface - size * 0.9)], light.ink, 0.009 * size)
    s.line([(x - size * 0.37, surface - size * 0.9), (x + size * 0.37, surface - size * 0.9)],
           light.ink, 0.01 * size)
    s.line([(x + size * 0.14, surface - size * 1.1), (x + size * 0.14, surface - size * 1.5)],
           light.ink, 0.016 * size)
    s.disc(x + size * 0.14, surface - size * 1.5, size * 0.028, "#ff5a4a")
    wake(s, x, surface + 1, wide * 2.2)


def dive(s: Scene) -> None:
    """A great rotor in deep water and the lamp of a diver in front of it."""
    light = s.light
    underwater(s)
    paint = mix(YELLOW, light.land[1], 0.25)
    x, y, r = s.w * 0.62, s.h * 0.46, s.h * 0.4
    s.slab(x - 26 * s.u, y, 52 * s.u, s.h, paint, mix(paint, light.ink, 0.75))
    s.ball(x, y, 62 * s.u, mix(paint, light.ink, 0.2))
    rotor(s, x, y, r, 40, mix(CREAM, light.land[1], 0.3), 0.2)
    for k in range(3):
        s.ring(x, y, r * (0.55 + 0.2 * k), light.paper, 1.4 * s.u, 0.16, None,
               (200 + 30 * k, 300 + 20 * k))
    shoal(s, s.w * 0.24, s.h * 0.3, 40, 10 * s.u, mix(light.paper, light.sky[1], 0.3))
    dx, dy = s.w * 0.24, s.h * 0.66
    with s.layer(blur=5 * s.u, alpha=0.45):
        s.fill([(dx + 40 * s.u, dy - 8 * s.u), (s.w * 0.56, s.h * 0.3), (s.w * 0.62, s.h * 0.62)],
               light.glow, light.glow)
    diver(s, dx, dy, 56 * s.u)
    motes(s, 160)


def diver(s: Scene, x: float, y: float, size: float) -> None:
    """A diver swimming to the right with a lamp."""
    suit = s.light.ink
    s.line([(x - size * 0.7, y + size * 0.34), (x - size * 0.2, y + size * 0.12),
            (x + size * 0.3, y)], suit, size * 0.26)
    s.line([(x - size * 0.7, y + size * 0.34), (x - size * 1.3, y + size * 0.36)], suit,
           size * 0.13)
    s.line([(x - size * 0.7, y + size * 0.34), (x - size * 1.25, y + size * 0.62)], suit,
           size * 0.13)
    for fy in (0.34, 0.62):
        s.poly([(x - size * 1.2, y + size * fy), (x - size * 1.75, y + size * (fy - 0.08)),
                (x - size * 1.75, y + size * (fy + 0.14))], YELLOW)
    s.line([(x - size * 0.45, y + size * 0.02), (x + size * 0.16, y - size * 0.2)], ORANGE,
           size * 0.19)
    s.disc(x + size * 0.42, y - size * 0.06, size * 0.2, suit)
    s.disc(x + size * 0.5, y - size * 0.04, size * 0.12, "#9fe6e0")
    s.line([(x + size * 0.2, y + size * 0.06), (x + size * 0.72, y + size * 0.2)], suit, size * 0.1)
    s.glow(x + size * 0.78, y + size * 0.2, size * 0.6, "#fff5c8", 1)
    bubbles(s, x + size * 0.45, y - size * 0.3, 16, size * 2.4)


def sound_section(s: Scene) -> None:
    """The sound cut open: a turbine's tower above, its rotors, seals and fish below."""
    light, surface = LIGHTS["day"], s.h * 0.27
    deep, s.light = s.light, light
    sun = sky(s, surface, s.w * 0.75)
    hills(s, surface + 1, 3, 40)
    small_boat(s, s.w * 0.2, surface + 6 * s.u, 46 * s.u, RED)
    s.light = deep
    s.fill([(0, surface + 6), (s.w, surface + 6), (s.w, s.h), (0, s.h)], *deep.sky)
    s.glow(sun, surface, s.h * 0.5, deep.glow, 0.5)
    with s.layer(blur=6 * s.u, alpha=0.3):
        for k in range(7):
            x = s.w * (0.02 + 0.16 * k)
            s.fill([(x, surface), (x + 26 * s.u, surface), (x + 10 * s.u, s.h),
                    (x - 70 * s.u, s.h)], rgba(deep.glow, 0.7), rgba(deep.glow, 0))
    for share in (0.0, 0.5, 1.0):
        edge = ridge(s, s.h * (0.86 + 0.05 * share), 16 * s.u, s.w * 0.7)
        ground(s, edge, mix(deep.land[0], deep.ink, 0.3 + 0.5 * share),
               mix(deep.land[0], deep.ink, 0.5 + 0.5 * share))
    tidal_tower(s, s.w * 0.5, surface + 6 * s.u, s.h * 0.92, s.w * 0.255)
    edge = ridge(s, surface + 6 * s.u, 3 * s.u, s.w * 0.3)
    s.line(edge, light.paper, 3 * s.u, 0.8)
    for side in (-1, 1):
        for k in range(4):
            s.ring(s.w * (0.5 + side * 0.25), surface + s.w * 0.225, s.w * (0.2 + 0.025 * k),
                   deep.paper, 1.4 * s.u, 0.16, None, (40 + 20 * k, 110 + 20 * k))
    shoal(s, s.w * 0.72, s.h * 0.76, 34, 10 * s.u, mix(deep.paper, deep.sky[1], 0.25))
    seal(s, s.w * 0.12, s.h * 0.74, 105 * s.u, "#3a5a6a")
    seal(s, s.w * 0.3, s.h * 0.83, 64 * s.u, "#34505f")
    bubbles(s, s.w * 0.14, s.h * 0.72, 9, 90 * s.u)
    motes(s, 110)


def control_cabin(s: Scene) -> None:
    """Seen from inside a cabin at dusk: desk, screens and, through the window, the sound."""
    light, horizon = s.light, s.h * 0.42
    sun = sky(s, horizon, s.w * 0.66)
    hills(s, horizon + 1, 3, 46)
    sea(s, horizon, sun, 3)
    for across, down, size in ((0.2, 0.5, 62), (0.4, 0.475, 40), (0.53, 0.46, 28),
                        (0.86, 0.48, 44)):
        above(s, s.w * across, s.h * down, size * s.u)
    frame = mix(light.ink, light.land[0], 0.12)
    s.rect(0, 0, s.w, 26 * s.u, frame)
    for across in (0.0, 0.3, 0.64, 0.98):
        s.rect(s.w * across - 8 * s.u, 0, 18 * s.u, s.h * 0.66, frame)
    s.slab(0, s.h * 0.62, s.w, s.h * 0.38, mix(frame, light.glow, 0.14), light.ink)
    s.rect(0, s.h * 0.62, s.w, 5 * s.u, light.glow, 0.4)
    for k, (across, wide) in enumerate(((0.05, 0.2), (0.28, 0.2), (0.74, 0.21))):
        x, y, w, h = s.w * across, s.h * 0.56, s.w * wide, s.h * 0.22
        s.glow(x + w / 2, y + h / 2, w * 0.8, "#4fd0c8", 0.35)
        s.rect(x - 5 * s.u, y - 5 * s.u, w + 10 * s.u, h + 10 * s.u, light.ink, None, 6 * s.u)
        s.slab(x, y, w, h, "#0d3f4c", "#082530")
        for j in range(1, 4):
            s.line([(x, y + h * j / 4), (x + w, y + h * j / 4)], "#4fd0c8", 0.6 * s.u, 0.3)
        if k == 1:
            for j in range(6):
                cx, cy = x + w * (0.2 + 0.3 * (j % 3)), y + h * (0.3 + 0.42 * (j // 3))
                s.ring(cx, cy, 15 * s.u, "#4fd0c8", 2 * s.u, 0.7)
                if j == 0:
                    rotor(s, cx, cy, 13 * s.u, 20, "#7df0a8")
            continue
        curve = [(x + w * j / 40, y + h * (0.55 - 0.3 * math.sin(j / 40 * 7 + k) * j / 40)) for j in
                 range(41)]
        s.line(curve, "#7df0a8" if k == 0 else YELLOW, 2.4 * s.u)
    for k in range(26):
        x, y = s.w * (0.06 + 0.0352 * k), s.h * (0.88 + 0.04 * (k % 2))
        s.disc(x, y, 5 * s.u, s.random.choice(("#7df0a8", YELLOW, RED, "#4fd0c8")), 0.85)
    x, y = s.w * 0.58, s.h * 0.99
    s.disc(x, y - 158 * s.u, 31 * s.u, light.ink)
    s.poly([(x - 72 * s.u, y + 9), (x - 58 * s.u, y - 104 * s.u), (x - 20 * s.u, y - 128 * s.u),
            (x + 20 * s.u, y - 128 * s.u), (x + 58 * s.u, y - 104 * s.u), (x + 72 * s.u, y + 9)],
           light.ink)
    s.ring(x, y - 158 * s.u, 33 * s.u, light.glow, 2.4 * s.u, 0.5, None, (285, 20))


def glider(s: Scene) -> None:
    """A yellow underwater glider with its wings, tail and aerial."""
    light = s.light
    underwater(s)
    shoal(s, s.w * 0.2, s.h * 0.28, 26, 10 * s.u, mix(light.paper, light.sky[1], 0.4))
    with s.layer(turn=9):
        x, y, long = s.w * 0.52, s.h * 0.5, s.w * 0.44
        s.fill([(x - long * 0.02, y - 8 * s.u), (x + long * 0.1, y - 8 * s.u),
                (x - long * 0.14, y - 120 * s.u), (x - long * 0.19, y - 120 * s.u)],
               mix(YELLOW, light.land[0], 0.3), mix(YELLOW, light.ink, 0.2))
        s.rect(x - long / 2, y - 31 * s.u, long, 62 * s.u, mix(YELLOW, light.ink, 0.25), None,
               31 * s.u)
        s.rect(x - long * 0.495, y - 30 * s.u, long * 0.985, 40 * s.u, YELLOW, None, 20 * s.u)
        s.rect(x - long * 0.46, y - 24 * s.u, long * 0.9, 9 * s.u, "#fff0a8", 0.8, 4 * s.u)
        s.rect(x + long * 0.3, y - 31 * s.u, 9 * s.u, 62 * s.u, light.ink, 0.8)
        s.rect(x - long * 0.3, y - 31 * s.u, 9 * s.u, 62 * s.u, light.ink, 0.8)
        s.disc(x + long * 0.42, y - 6 * s.u, 9 * s.u, light.ink)
        s.disc(x + long * 0.425, y - 9 * s.u, 3 * s.u, light.glow)
        s.fill([(x - long * 0.04, y + 10 * s.u), (x + long * 0.1, y + 10 * s.u),
                (x - long * 0.2, y + 150 * s.u), (x - long * 0.26, y + 150 * s.u)],
               mix(YELLOW, light.paper, 0.2), mix(YELLOW, light.ink, 0.35))
        s.poly([(x - long * 0.44, y - 20 * s.u), (x - long * 0.36, y - 24 * s.u),
                (x - long * 0.52, y - 92 * s.u), (x - long * 0.58, y - 92 * s.u)], RED)
        s.line([(x - long * 0.5, y), (x - long * 0.72, y - 6 * s.u)], light.ink, 4 * s.u)
        s.disc(x - long * 0.72, y - 6 * s.u, 6 * s.u, RED)
    bubbles(s, s.w * 0.26, s.h * 0.55, 20, 170 * s.u)
    motes(s, 160)


def coast(s: Scene, side: float) -> list[Point]:
    """A ragged coast line from the top to the bottom of a map; `side` is where it runs."""
    parts = [(s.chance(1, 3) * k, s.chance(0, 6), 0.1 / k) for k in (1, 2.6, 6, 14)]
    points = []
    for step in range(81):
        share = step / 80
        x = side + sum(w * math.sin(share * 3 * pace + phase) for pace, phase, w in parts) * 0.5
        points.append((s.w * x, s.h * share))
    return points


def weather_map(s: Scene) -> None:
    """A map: a deep low with isobars and fronts, or the currents of a bay."""
    bay = s.has("currents")
    water, land = ("#bfe0e2", "#e9dfbf") if bay else ("#34506b", "#8a9a7a")
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], water, mix(water, "#123248", 0.25))
    for k in range(1, 9):
        s.line([(s.w * k / 9, 0), (s.w * k / 9, s.h)], "#ffffff", 0.8 * s.u, 0.2)
        s.line([(0, s.h * k / 6), (s.w, s.h * k / 6)], "#ffffff", 0.8 * s.u, 0.2)
    line = coast(s, 0.8 if not bay else 0.78)
    for grow in (30, 20, 10):
        s.poly([(x - grow * s.u, y) for x, y in line] + [(s.w, s.h), (s.w, 0)], "#ffffff", 0.1)
    s.fill([*line, (s.w, s.h), (s.w, 0)], land, mix(land, "#5a6a50", 0.35))
    s.line(line, mix(land, "#2a3a30", 0.6), 1.8 * s.u)
    for across, down, r in ((0.63, 0.74, 15), (0.68, 0.8, 9), (0.6, 0.82, 6)):
        s.disc(s.w * across, s.h * down, r * s.u, land, None, r * 0.7 * s.u)
    for _ in range(7):
        x, y = s.w * s.chance(0.86, 0.97), s.h * s.chance(0.06, 0.94)
        s.disc(x, y, 4 * s.u, "#ffffff")
        s.ring(x, y, 4 * s.u, "#3a3a3a", 1.4 * s.u)
    if bay:
        currents(s)
        return
    cx, cy = s.w * 0.37, s.h * 0.48
    for k in range(1, 11):
        r = (14 + 25 * k + k * k * 1.1) * s.u
        ring = []
        for a in range(0, 361, 4):
            t = math.radians(a)
            wob = 1 + 0.05 * math.sin(2 * t + 0.7) + 0.045 * k / 10 * math.sin(3 * t + k * 0.22)
            ring.append((cx + r * 1.25 * wob * math.cos(t), cy + r * 0.8 * wob * math.sin(t)))
        s.line(ring, "#f4efdf", (2.6 if k % 5 == 0 else 1.5) * s.u, 0.8)
    s.glow(cx, cy, 150 * s.u, "#7a2a2a", 0.9)
    warm = [(cx + s.w * (0.02 + 0.3 * t), cy + s.h * (0.03 + 0.15 * t + 0.22 * t * t)) for t in (0,
                        0.2, 0.4, 0.6, 0.8, 1)]
    cold = [(cx + s.w * (0.01 + 0.12 * t - 0.2 * t * t), cy + s.h * (0.05 + 0.5 * t)) for t in (0,
                        0.2, 0.4, 0.6, 0.8, 1)]
    front(s, warm, "#ff6a55", bumps=True)
    front(s, cold, "#6fb6ff", bumps=False)
    stroke = [((cx + (px - 2) * 7 * s.u), (cy + (py - 2) * 9 * s.u)) for px, py in LETTERS["L"][0]]
    s.disc(cx, cy, 34 * s.u, "#a3262a")
    s.line(stroke, "#ffffff", 7 * s.u)
    for k in range(16):
        wind = math.radians(k * 22.5 + 12)
        for ring_at in (150, 235):
            x, y = (cx + 1.25 * ring_at * s.u * math.cos(wind),
                    cy + 0.8 * ring_at * s.u * math.sin(wind))
            arrow(s, x, y, math.degrees(wind) - 105, 26 * s.u, "#ffe08a")


def front(s: Scene, line: list[Point], colour: Colour, bumps: bool) -> None:
    """A weather front: a line with the bumps of warm or the teeth of cold air."""
    s.line(line, colour, 5 * s.u)
    for (x0, y0), (x1, y1) in pairwise(line):
        mx, my, dx, dy = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0), (y1 - y0)
        long = math.hypot(dx, dy)
        dx, dy = dx / long * 12 * s.u, dy / long * 12 * s.u
        if bumps:
            a = math.degrees(math.atan2(dy, dx))
            box = [((mx + o * 12 * s.u) * SCALE, (my + o * 12 * s.u) * SCALE) for o in (-1, 1)]
            s.draw.pieslice([*box[0], *box[1]], a + 180, a + 360, fill=rgba(colour))
        else:
            tip = (mx + dy * 1.7, my - dx * 1.7)
            s.poly([(mx - dx, my - dy), (mx + dx, my + dy), tip], colour)


def arrow(s: Scene, x: float, y: float, angle: float, length: float, colour: Colour) -> None:
    """A small arrow; the angle is in degrees, 0 to the right, clockwise."""
    a = math.radians(angle)
    dx, dy = math.cos(a) * length / 2, math.sin(a) * length / 2
    s.line([(x - dx, y - dy), (x + dx * 0.5, y + dy * 0.5)], colour, length * 0.11)
    s.poly([(x + dx, y + dy), (x + dx * 0.2 - dy * 0.5, y + dy * 0.2 + dx * 0.5),
            (x + dx * 0.2 + dy * 0.5, y + dy * 0.2 - dx * 0.5)], colour)


def currents(s: Scene) -> None:
    """Paths of drifting lanterns around the eddies of a bay, with an arrow on each."""
    eddies = ((0.28, 0.4, 1), (0.55, 0.62, -1), (0.16, 0.82, -1))
    for _ in range(46):
        x, y, path = s.chance(0.0, 0.72), s.chance(0.02, 0.98), []
        for _ in range(46):
            vx, vy = 0.35, -0.12
            for ex, ey, turn in eddies:
                dx, dy = (x - ex) * 1.78, y - ey
                pull = turn * math.exp(-(dx * dx + dy * dy) / 0.07) * 7
                vx, vy = vx - dy * pull, vy + dx * pull
            x, y = x + vx * 0.005, y + vy * 0.009
            if x > 0.74:
                break
            path.append((s.w * x, s.h * y))
        if len(path) < 12:
            continue
        colour = s.random.choice((BLUE, TEAL, BLUE, ORANGE))
        s.line(path, colour, 2.4 * s.u, 0.75)
        (x0, y0), (x1, y1) = path[-2], path[-1]
        arrow(s, x1, y1, math.degrees(math.atan2(y1 - y0, x1 - x0)), 18 * s.u, colour)
        if colour == ORANGE:
            s.glow(*path[0], 20 * s.u, "#ffb84a", 0.6)
            s.rect(path[0][0] - 5 * s.u, path[0][1] - 7 * s.u, 10 * s.u, 13 * s.u, "#ff9a3c", None,
                   2 * s.u)
    x, y = s.w * 0.92, s.h * 0.15
    s.disc(x, y, 36 * s.u, CREAM)
    s.ring(x, y, 36 * s.u, "#3a4a50", 2 * s.u)
    for a in range(0, 360, 90):
        t = math.radians(a)
        s.poly([(x + 31 * s.u * math.cos(t), y + 31 * s.u * math.sin(t)),
                (x + 7 * s.u * math.cos(t + 0.8), y + 7 * s.u * math.sin(t + 0.8)),
                (x + 7 * s.u * math.cos(t - 0.8), y + 7 * s.u * math.sin(t - 0.8))],
               RED if a == 270 else "#3a4a50")


def tide_chart(s: Scene) -> None:
    """The tide of a week as a curve over seven columns, with the moon's phases."""
    paper, ink = "#f7f0df", "#1d3b4c"
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], paper, mix(paper, "#cfe0dc", 0.6))
    left, right, top, bottom = s.w * 0.06, s.w * 0.97, s.h * 0.2, s.h * 0.9
    day = (right - left) / 7
    for k in range(7):
        if k % 2 == 0:
            s.rect(left + day * k, top, day, bottom - top, "#2f6ea8", 0.07)
        s.line([(left + day * k, top), (left + day * k, bottom)], ink, 1 * s.u, 0.3)
        x, y, r, phase = left + day * (k + 0.5), s.h * 0.11, 21 * s.u, -1 + k / 3
        s.disc(x, y, r + 2 * s.u, ink)
        s.disc(x, y, r, "#ffe9a8")
        if abs(phase) > 0.05:
            shade = [(x + r * math.sin(math.radians(a)), y - r * math.cos(math.radians(a))) for a in
                     range(0, 181, 6)]
            inner = 1 - 1.5 * abs(phase)
            shade += [(x + inner * r * math.sin(math.radians(a)),
                       y - r * math.cos(math.radians(a))) for a in range(180, -1, -6)]
            s.poly([(2 * x - px, py) for px, py in shade] if phase > 0 else shade, ink)
    for k in range(6):
        y = top + (bottom - top) * k / 5
        s.line([(left, y), (right, y)], ink, 0.9 * s.u, 0.28)
        s.rect(left - 20 * s.u, y - 2 * s.u, 12 * s.u, 4 * s.u, ink, 0.6)

    def level(t: float) -> float:
        spring = 0.62 + 0.36 * math.cos((t - 3.5) / 7 * 4.6)
        return 0.52 - 0.46 * spring * math.cos(t * 12.14 + 0.9) * (1 + 0.06 * math.cos(t * 6.07))

    curve = [(left + day * 7 * k / 420, top + (bottom - top) * level(k / 60)) for k in range(421)]
    s.fill([*curve, (right, bottom), (left, bottom)], "#6fc0c8", "#1f5f86")
    for low in (0.06, 0.14, 0.24):
        s.line([(x, min(bottom, y + (bottom - y) * low + 3)) for x, y in curve], "#ffffff",
               1.6 * s.u, 0.3)
    s.line(curve, ink, 4 * s.u)
    for k in range(1, 420):
        (_, y0), (x, y), (_, y1) = curve[k - 1 : k + 2]
        if (y0 > y <= y1) or (y0 < y >= y1):
            s.disc(x, y, 7.5 * s.u, RED if y0 > y else ORANGE)
            s.disc(x, y, 3.5 * s.u, paper)
    x = left + day * 2.52
    s.line([(x, top), (x, bottom)], RED, 2.4 * s.u, 0.8)
    s.poly([(x - 9 * s.u, top - 12 * s.u), (x + 9 * s.u, top - 12 * s.u), (x, top + 2 * s.u)], RED)
    small_boat(s, left + day * 5.06, top + (bottom - top) * level(5.06) - 2 * s.u, 34 * s.u, RED)
    s.line([(left, bottom), (right, bottom)], ink, 2.5 * s.u)


def kelp(s: Scene) -> None:
    """A forest of kelp in the light from above; fish, a seal or a diver in between."""
    light = s.light
    underwater(s, 12)
    for depth in (0, 1, 2):
        count = (12, 8, 5)[depth]
        colour = mix(("#3f8f7a", "#5f8f3a", "#6f7a22")[depth], light.sky[2],
                     (0.62, 0.3, 0.05)[depth])
        for k in range(count):
            x = s.w * ((k + s.chance(0.1, 0.9)) / count)
            if depth == 2 and 0.34 < x / s.w < 0.66:
                continue
            strand(s, x, (0.5 + 0.34 * depth) * s.u, colour)
        if depth == 0:
            shoal(s, s.w * 0.64, s.h * 0.3, 40, 8 * s.u, mix(light.paper, light.sky[1], 0.35))
        if depth == 1 and s.has("station"):
            s.slab(s.w * 0.5 - 6 * s.u, s.h * 0.5, 12 * s.u, s.h * 0.45, YELLOW,
                   mix(YELLOW, light.ink, 0.6))
            s.ball(s.w * 0.5, s.h * 0.47, 27 * s.u, YELLOW)
            s.rect(s.w * 0.5 - 40 * s.u, s.h * 0.66, 80 * s.u, 46 * s.u,
                   mix(CREAM, light.sky[1], 0.3), None, 5 * s.u)
            for j in range(3):
                s.disc(s.w * 0.5 + (j - 1) * 23 * s.u, s.h * 0.66 + 23 * s.u, 8 * s.u, light.ink)
            diver(s, s.w * 0.32, s.h * 0.56, 42 * s.u)
        elif depth == 1:
            seal(s, s.w * 0.4, s.h * 0.52, 120 * s.u, "#4a5f60")
    shoal(s, s.w * 0.36, s.h * 0.78, 12, 13 * s.u, ORANGE)
    motes(s, 150)


def strand(s: Scene, x: float, size: float, colour: Colour) -> None:
    """One plant of kelp from the sea bed up, its leaves to both sides."""
    sway, phase, top = s.chance(14, 34) * size, s.chance(0, 6), s.h * s.chance(-0.1, 0.25)
    stem = [(x + sway * math.sin(phase + 3.4 * k / 24) * k / 24,
             s.h + (top - s.h) * k / 24) for k in range(25)]
    for k in range(2, 25):
        px, py = stem[k]
        way = -1 if k % 2 else 1
        long, drop = s.chance(46, 84) * size, s.chance(-20, 14) * size
        tip = (px + way * long, py - 26 * size + drop)
        s.fill([(px, py - 3), (px + way * long * 0.4, py - 25 * size), tip,
                (px + way * long * 0.45, py - 5 * size)], mix(colour, s.light.glow,
                            0.3 * (1 - py / s.h)), colour)
        s.disc(px + way * 4 * size, py - 3 * size, 4.6 * size, mix(colour, YELLOW, 0.35))
    s.line(stem, mix(colour, s.light.ink, 0.25), 4.5 * size)


def aurora(s: Scene) -> None:
    """Curtains of green light over a town by the water, or over a lighthouse."""
    light, horizon = s.light, s.h * 0.7
    s.light = Light(**{**vars(light), "sun": 0.0})
    s.fill([(0, 0), (s.w, 0), (s.w, horizon), (0, horizon)], "#040a1c", "#0b2140", "#1c4a5c")
    for _ in range(230):
        s.disc(s.chance(0, s.w), s.chance(0, horizon), s.chance(0.3, 1.1), light.paper,
               s.chance(0.2, 0.9))
    for blur, alpha in ((12, 1.0), (5, 0.9), (2, 0.8)):
        with s.layer(blur=blur * s.u, alpha=alpha):
            for band, (base, colour) in enumerate(((0.36, "#8a5fd0"), (0.5, "#3fe08a"),
                                (0.62, "#5ff0b0"))):
                phase, pace = 1.7 * band + len(s.name), 0.0062 / s.u
                for x in range(-20, s.w + 20, 4):
                    foot = horizon * (base + 0.11 * math.sin(x * pace + phase) + 0.04 *
                                      math.sin(x * pace * 3.1 + phase))
                    ray = math.sin(x * 0.13 + phase) * math.sin(x * 0.037 + phase * 2)
                    tall = horizon * (0.3 + 0.12 * ray + 0.08 * math.sin(x * pace * 2 + phase))
                    glow = 0.62 + 0.34 * ray
                    s.fill([(x, foot - tall), (x + 5, foot - tall), (x + 5, foot), (x, foot)],
                           rgba("#7a5fd8", 0), rgba(colour, glow * 0.5), rgba(colour, glow))
    hills(s, horizon + 1, 2, 44)
    sea(s, horizon, s.w * 0.5, 2)
    if s.has("ternholm"):
        x, y = s.w * 0.7, horizon
        s.poly([(x - 130 * s.u, y + 16 * s.u), (x - 50 * s.u, y - 20 * s.u),
                (x + 60 * s.u, y - 22 * s.u), (s.w, y - 8 * s.u), (s.w, y + 16 * s.u)], light.ink)
        s.poly([(x - 15 * s.u, y - 18 * s.u), (x - 9 * s.u, y - 116 * s.u),
                (x + 9 * s.u, y - 116 * s.u), (x + 15 * s.u, y - 18 * s.u)],
               mix(CREAM, light.ink, 0.55))
        s.rect(x - 12 * s.u, y - 90 * s.u, 24 * s.u, 22 * s.u, mix(RED, light.ink, 0.4))
        s.rect(x - 7 * s.u, y - 132 * s.u, 14 * s.u, 17 * s.u, "#fff0b8")
        s.glow(x, y - 124 * s.u, 90 * s.u, "#ffe9a6", 0.9)
        house(s, x + 40 * s.u, y - 18 * s.u, 44 * s.u, 24 * s.u, "#3a4660", "#20283c")
    else:
        town(s, horizon + 4, -8, s.w, 30 * s.u, 0.82, spire=True)
    s.mirror(horizon + 4, s.h * 0.28, 0.7)
    s.slab(0, s.h * 0.94, s.w, s.h * 0.06, light.ink, light.ink)
    for k, tall in enumerate((46, 40, 30, 44)):
        person(s, s.w * (0.2 + 0.045 * k), s.h * 0.945, tall * s.u, "#0b1428", "#0b1428")


def bridge(s: Scene) -> None:
    """The riveted arch of Ashel Bridge over the river, a town on either side."""
    light, horizon = s.light, s.h * 0.6
    sun = sky(s, horizon, s.w * 0.44)
    hills(s, horizon + 1, 3, 60)
    town(s, horizon + 4, -8, s.w * 0.2, 34 * s.u, 0.4, spire=True)
    town(s, horizon + 4, s.w * 0.82, s.w, 36 * s.u, 0.4)
    sea(s, horizon, sun, 2)
    left, right, deck, mid = s.w * 0.12, s.w * 0.88, s.h * 0.5, s.w * 0.5
    steel = mix(light.ink, light.land[1], 0.2)

    def arch(x: float, rise: float, foot: float) -> float:
        share = (x - mid) / ((right - left) / 2)
        return foot - rise * (1 - share * share)

    xs = [left + (right - left) * k / 26 for k in range(27)]
    upper = [(x, arch(x, s.h * 0.36, s.h * 0.58)) for x in xs]
    lower = [(x, arch(x, s.h * 0.32, s.h * 0.61)) for x in xs]
    s.rect(0, deck, s.w, 10 * s.u, steel)
    s.line([(0, deck - 14 * s.u), (s.w, deck - 14 * s.u)], steel, 1.6 * s.u)
    for k in range(81):
        s.line([(s.w * k / 80, deck - 14 * s.u), (s.w * k / 80, deck)], steel, 1 * s.u)
    for k in range(1, 26):
        x, y = lower[k]
        s.line([(x, y), (x, deck)], steel, 2 * s.u)
        s.line([lower[k], upper[k]], steel, 2.4 * s.u)
        s.line([lower[k], upper[k + 1 if k < 13 else k - 1]], steel, 1.8 * s.u)
    s.line(upper, steel, 8 * s.u)
    s.line(lower, steel, 7 * s.u)
    for x, y in upper[1:-1]:
        s.disc(x, y, 2 * s.u, light.glow, 0.8)
    for x, way in ((left, -1), (right, 1)):
        stone = mix("#a89a86", light.land[1], 0.5)
        s.fill([(x - 24 * s.u, s.h * 0.42), (x + 24 * s.u, s.h * 0.42), (x + 32 * s.u, s.h * 0.68),
                (x - 32 * s.u, s.h * 0.68)], stone, mix(stone, light.ink, 0.5))
        s.rect(x - 29 * s.u, s.h * 0.405, 58 * s.u, 10 * s.u, stone)
        s.slab(x + way * s.w * 0.1 - s.w * 0.1, s.h * 0.53, s.w * 0.2, s.h * 0.1, stone,
               mix(stone, light.ink, 0.5))
    if s.has("ashel") and s.words[0] == "ashel":
        for k in range(9):
            lamp_post(s, s.w * (0.2 + 0.075 * k), deck, 34 * s.u)
    tram(s, s.w * 0.42, deck + 1, s.w * 0.17)
    s.mirror(s.h * 0.66, s.h * 0.34, 0.6)
    if s.words[0] == "bridge":
        small_boat(s, s.w * 0.6, s.h * 0.84, 58 * s.u, BLUE)
        wake(s, s.w * 0.6, s.h * 0.85, 90 * s.u)
    birds(s, s.w * 0.72, s.h * 0.16, 6)


def skyline(s: Scene) -> None:
    """A town in rows up the hill, mirrored in the water; or a long rope works."""
    light, horizon = s.light, s.h * 0.62
    sun = sky(s, horizon, s.w * 0.22, 0.5)
    hills(s, horizon - 60 * s.u, 3, 60)
    for row in range(4):
        y = horizon - (3 - row) * 32 * s.u
        ground(s, ridge(s, y - 6 * s.u, 8 * s.u, s.w), mix(light.land[1], light.ink, 0.3))
        town(s, y + 6 * s.u, s.chance(-30, 0), s.w, (25 + 8 * row) * s.u, 0.86 - 0.06 * row,
             spire=row in (0, 2))
    if s.has("ropewalk"):
        brick, y = mix("#a4573f", light.ink, 0.35), horizon + 8 * s.u
        s.slab(s.w * 0.06, y - 74 * s.u, s.w * 0.8, 74 * s.u, brick, mix(brick, light.ink, 0.4))
        for k in range(16):
            x = s.w * (0.06 + 0.05 * k)
            s.poly([(x, y - 74 * s.u), (x, y - 106 * s.u), (x + s.w * 0.05, y - 74 * s.u)],
                   mix(brick, light.ink, 0.25))
            s.rect(x + 9 * s.u, y - 54 * s.u, 20 * s.u, 34 * s.u, WINDOW if k % 5 else light.ink,
                   0.9, 9 * s.u)
        s.slab(s.w * 0.9, y - 190 * s.u, 24 * s.u, 190 * s.u, mix(brick, light.paper, 0.1), brick)
        with s.layer(blur=7 * s.u, alpha=0.5):
            for k in range(14):
                s.disc(s.w * 0.915 - 9 * k * s.u, y - (198 + 9 * k) * s.u, (9 + 2.2 * k) * s.u,
                       light.paper, 0.5)
        coil = s.h * 0.9
        s.slab(0, s.h * 0.87, s.w, s.h * 0.2, mix(light.land[1], light.ink, 0.4), light.ink)
    sea_top = horizon + 8 * s.u
    far, near = light.sea
    s.slab(0, sea_top, s.w, s.h - sea_top, far, near)
    s.mirror(sea_top, s.h * 0.4, 0.75, 4)
    glitter(s, sun, sea_top, s.h, 0.4)
    if s.has("ropewalk"):
        s.slab(0, s.h * 0.9, s.w, s.h * 0.1, mix(light.land[1], light.ink, 0.3), light.ink)
        for k, across in enumerate((0.14, 0.3, 0.78)):
            for j in range(5):
                r = (50 - 3 * j) * s.u
                s.disc(s.w * across, coil - 13 * j * s.u, r, mix("#c9a063", light.ink,
                                    0.3 + 0.07 * (j % 2)), None, r * 0.26)
                s.ring(s.w * across, coil - 13 * j * s.u, r, light.ink, 2 * s.u, 0.5, r * 0.26)
            s.disc(s.w * across, coil - 54 * s.u, 20 * s.u, light.ink, 0.8, 5 * s.u)
            lamp_post(s, s.w * (across + 0.09), s.h * 0.91, 110 * s.u, on=k != 1)
    else:
        for across in (0.3, 0.55, 0.82):
            small_boat(s, s.w * across, s.h * (0.8 + 0.06 * across), 40 * s.u, PLUM)


def fog_scene(s: Scene) -> None:
    """A valley full of fog: hill tops, a bridge's arch and a spire stand out of it."""
    light = s.light
    sky(s, s.h * 0.55, s.w * 0.7)
    for row in range(5):
        y = s.h * (0.4 + 0.13 * row)
        colour = mix(light.land[0], light.land[1], row / 4)
        ground(s, ridge(s, y, 34 * s.u, s.w * s.chance(0.5, 0.8)), colour,
               mix(colour, light.paper, 0.7))
        if row in (2, 4):
            for _ in range(34):
                x = s.chance(0, s.w)
                fir(s, x, y + s.chance(-4, 22) * s.u, s.chance(22, 40) * s.u * (0.6 + 0.2 * row),
                    mix(colour, light.ink, 0.25))
        if row == 2:
            for k in range(4):
                x0 = s.w * (0.1 + 0.14 * k)
                s.ring(x0 + s.w * 0.07, y + 62 * s.u, s.w * 0.066, light.land[1], 9 * s.u, None,
                       66 * s.u, (180, 360))
            s.rect(s.w * 0.04, y - 10 * s.u, s.w * 0.66, 10 * s.u, light.land[1])
            tram(s, s.w * 0.4, y - 10 * s.u, 130 * s.u)
        if row == 3:
            town(s, y + 34 * s.u, s.w * 0.56, s.w * 0.95, 40 * s.u, 0.45, spire=True)
        fog(s, y - 6 * s.u, y + 120 * s.u, light.paper, 1.0)
        fog(s, y + 10 * s.u, y + 90 * s.u, light.paper, 0.85)
    birds(s, s.w * 0.3, s.h * 0.2, 5)


def fir(s: Scene, x: float, y: float, size: float, colour: Colour) -> None:
    """A fir of three tiers."""
    for k in range(3):
        low = y - size * 0.3 * k
        wide = size * (0.3 - 0.07 * k)
        s.poly([(x - wide, low), (x, low - size * 0.55), (x + wide, low)], colour)


def tram_scene(s: Scene) -> None:
    """Line 4: on the viaduct, between the evening hills, or the track ahead of the driver."""
    if s.has("drivers"):
        drivers_view(s)
        return
    light = s.light
    sky(s, s.h * 0.6, s.w * 0.2)
    hills(s, s.h * 0.6, 3, 90)
    slope = 0.09 if s.has("viaduct") else 0.16
    x, y = s.w * 0.5, s.h * (0.5 if s.has("viaduct") else 0.72)

    def rail(px: float) -> float:
        return y - (px - x) * slope

    if s.has("viaduct"):
        town(s, s.h * 0.73, -9, s.w * 0.9, 34 * s.u, 0.25, spire=True)
        ground(s, ridge(s, s.h * 0.76, 16 * s.u, s.w * 0.8), mix(light.land[1], light.glow, 0.2),
               light.land[1])
        stone = "#c9b894"
        s.fill([(0, rail(0) + 2), (s.w, rail(s.w) + 2), (s.w, s.h), (0, s.h)], rgba(stone, 0),
               rgba(stone, 0))
        pier, span = 20 * s.u, s.w / 6
        for k in range(-1, 7):
            left = span * k + span * 0.3
            low = s.h * (0.93 - 0.03 * k)
            arch = [(left, low), (left, rail(left) + 2), (left + span, rail(left + span) + 2),
                    (left + span, low), (left + span - pier, low)]
            middle, r = left + span / 2, span / 2 - pier / 2
            for a in range(0, 181, 10):
                t = math.radians(a)
                arch.append((middle + r * math.cos(t) - pier * 0.0,
                             rail(middle) + 92 * s.u - r * 0.95 * math.sin(t)))
            arch += [(left + pier, low)]
            s.fill(arch, mix(stone, light.paper, 0.25), mix(stone, light.land[1], 0.45))
        s.line([(0, rail(0) + 6 * s.u), (s.w, rail(s.w) + 6 * s.u)], "#e4d6b4", 9 * s.u)
        for _ in range(16):
            tree(s, s.chance(0, s.w), s.h * s.chance(0.9, 1.0), s.chance(40, 70) * s.u,
                 mix(GREEN, light.land[1], s.chance(0, 0.7)))
    else:
        town(s, s.h * 0.66, s.w * 0.06, s.w * 0.5, 30 * s.u, 0.35, spire=True)
        edge = [(float(px), rail(px) + 3) for px in range(0, s.w + 12, 6)]
        ground(s, edge, mix(light.land[1], light.glow, 0.35), light.land[1],
               mix(light.land[1], light.ink, 0.4))
        for _ in range(9):
            px = s.chance(0, s.w)
            tree(s, px, rail(px) + s.chance(60, 130) * s.u, s.chance(50, 85) * s.u,
                 mix(GREEN, light.ink, s.chance(0.2, 0.5)))
    for k in range(6):
        px = s.w * (0.04 + 0.19 * k)
        s.line([(px, rail(px) + 2), (px, rail(px) - 108 * s.u)], light.ink, 2.6 * s.u)
        s.line([(px, rail(px) - 104 * s.u), (px + 26 * s.u, rail(px) - 102 * s.u)], light.ink,
               1.8 * s.u)
    wire = s.w * 0.6 * 0.235
    s.line([(0, rail(0) - wire), (s.w, rail(s.w) - wire)], light.ink, 1 * s.u)
    s.line([(0, rail(0)), (s.w, rail(s.w))], light.ink, 2.4 * s.u)
    tram(s, x, y, s.w * 0.6, slope)
    birds(s, s.w * 0.8, s.h * 0.14, 6)


def drivers_view(s: Scene) -> None:
    """The rails climbing the hill as the tram's driver sees them."""
    light, horizon = s.light, s.h * 0.4
    sky(s, horizon, s.w * 0.8)
    hills(s, horizon + 22 * s.u, 3, 80)
    ground(s, [(0.0, s.h * 0.46), (float(s.w), s.h * 0.46)], mix(light.land[1], light.glow, 0.25),
           light.land[1])
    vanish = (s.w * 0.54, s.h * 0.4)
    for side, far, near in ((-1, 0.03, 0.62), (1, 0.03, 0.62)):
        for k in range(7, -1, -1):
            near_by = (1 - k / 8) ** 1.8
            x = vanish[0] + side * s.w * (far + (near - far) * near_by)
            y = vanish[1] + (s.h * 0.42) * near_by + 8 * s.u
            size = (22 + 190 * near_by) * s.u
            wide = size * 0.8
            if s.random.random() < 0.75:
                wall = mix(s.random.choice(WALLS), light.land[1], 0.15)
                house(s, x if side > 0 else x - wide, y, wide, size, wall,
                      s.random.choice(("#a3523f", "#6b4a45")))
            else:
                tree(s, x + side * wide * 0.4, y, size * 0.9, GREEN)
    bed = [(vanish[0] - 4, vanish[1]), (vanish[0] + 4, vanish[1]), (s.w * 0.92, s.h),
           (s.w * 0.08, s.h)]
    s.fill(bed, "#a9a595", "#8f8b7c")
    for k in range(26):
        near_by = (k / 25) ** 2.2
        y, half = vanish[1] + s.h * 0.6 * near_by, s.w * 0.3 * near_by + 3
        mid = vanish[0] + (s.w * 0.5 - vanish[0]) * near_by
        s.rect(mid - half, y, half * 2, 2 + 12 * s.u * near_by, "#5d4734", 0.85)
    for side in (-1, 1):
        s.poly([vanish, (s.w * (0.5 + side * 0.215), s.h), (s.w * (0.5 + side * 0.235), s.h)],
               "#3c4a55")
        s.poly([vanish, (s.w * (0.5 + side * 0.22), s.h), (s.w * (0.5 + side * 0.227), s.h)],
               light.paper)
    for k in range(5):
        near_by = (k / 5 + 0.06) ** 1.6
        x, y = vanish[0] + s.w * 0.42 * near_by, vanish[1] + s.h * 0.42 * near_by
        tall = (30 + 330 * near_by) * s.u
        s.line([(x, y), (x, y - tall)], light.ink, (1 + 5 * near_by) * s.u)
        s.line([(x, y - tall * 0.94), (x - s.w * 0.36 * near_by, y - tall * 0.9)], light.ink,
               (0.8 + 3 * near_by) * s.u)
    s.line([vanish, (s.w * 0.5, 0)], light.ink, 1.4 * s.u)
    frame = mix(light.ink, "#000000", 0.3)
    s.poly([(0, s.h), (0, s.h * 0.87), (s.w * 0.5, s.h * 0.84), (s.w, s.h * 0.87), (s.w, s.h)],
           frame)
    for x0, x1 in ((0.0, 0.035), (1.0, 0.965)):
        s.poly([(s.w * x0, 0), (s.w * (x1 + (x1 - x0) * 0.6), 0), (s.w * x1, s.h), (s.w * x0, s.h)],
               frame)
    s.rect(0, 0, s.w, 14 * s.u, frame)
    s.ring(s.w * 0.3, s.h * 0.955, 34 * s.u, light.paper, 3 * s.u, 0.8, None, (150, 390))
    s.line([(s.w * 0.3, s.h * 0.955), (s.w * 0.3 + 20 * s.u, s.h * 0.91)], RED, 3.4 * s.u)
    for k, colour in enumerate((GREEN, YELLOW, RED, CREAM)):
        s.disc(s.w * (0.46 + 0.045 * k), s.h * 0.94, 8 * s.u, colour)
    s.rect(s.w * 0.72, s.h * 0.87, 13 * s.u, s.h * 0.13, "#56606b")
    s.ball(s.w * 0.728, s.h * 0.87, 17 * s.u, RED)
    s.line([(s.w * 0.5, s.h * 0.84), (s.w * 0.34, s.h * 0.5)], frame, 4 * s.u)
    s.line([(s.w * 0.38, s.h * 0.62), (s.w * 0.31, s.h * 0.38)], frame, 7 * s.u)


def isometric(s: Scene) -> None:  # noqa: C901 - one pass over the map, kind by kind
    """A town seen from above at an angle: blocks, trees, streets; sea wall, benches or lamps."""
    light, tile = s.light, 46 * s.u
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#cfe6e2", "#a9d2d0")

    def at(a: float, b: float, up: float = 0.0) -> Point:
        return s.w / 2 + (a - b) * tile, s.h * 0.1 + (a + b) * tile * 0.5 - up * tile

    def flat(a: float, b: float, da: float, db: float, colour: Colour, up: float = 0.0) -> None:
        s.poly([at(a, b, up), at(a + da, b, up), at(a + da, b + db, up), at(a, b + db, up)], colour)

    def block(a: float, b: float, da: float, db: float, tall: float, colour: Colour,
              low: float = 0.0) -> None:
        top = low + tall
        s.poly([at(a, b + db, low), at(a + da, b + db, low), at(a + da, b + db, top),
                at(a, b + db, top)], colour)
        s.poly([at(a + da, b, low), at(a + da, b + db, low), at(a + da, b + db, top),
                at(a + da, b, top)], mix(colour, light.ink, 0.3))
        flat(a, b, da, db, mix(colour, "#ffffff", 0.35), top)

    def panes(a: float, b: float, size: float, tall: float) -> None:
        for row in range(max(1, round(tall * 2))):
            up = 0.2 + 0.46 * row
            for k in range(3):
                o = a + size * (0.14 + 0.28 * k)
                s.poly([at(o, b + size, up), at(o + 0.13, b + size, up),
                        at(o + 0.13, b + size, up + 0.24), at(o, b + size, up + 0.24)], "#35566b")
                o = b + size * (0.14 + 0.28 * k)
                s.poly([at(a + size, o, up), at(a + size, o + 0.13, up),
                        at(a + size, o + 0.13, up + 0.24), at(a + size, o, up + 0.24)], "#22384a")

    cells = 17 if s.h < s.w else 22
    wall_at = cells * 0.5 if s.has("budget") else 99
    for total in range(-cells, cells * 2):
        for a in range(-cells, cells * 2):
            b = total - a
            x, y = at(a, b)
            if not (-3 * tile < x < s.w + 3 * tile and -3 * tile < y < s.h + 5 * tile):
                continue
            if a > wall_at - 4 and s.has("budget"):
                flat(a, b, 1, 1, mix(TEAL, "#ffffff", 0.17 if (a + b) % 2 else 0.2))
                if a == math.floor(wall_at) - 3:
                    block(a, b, 0.55, 1, 0.9, "#b9b3a6")
                    block(a + 0.1, b, 0.2, 1, 0.25, "#d6d0c2", 0.9)
                elif s.random.random() < 0.12:
                    s.line([at(a + 0.3, b + 0.5), at(a + 0.8, b + 0.3)], "#ffffff", 2 * s.u, 0.7)
                continue
            if a % 4 == 0 or b % 4 == 0:
                flat(a, b, 1, 1, "#b9b6ad")
                if a % 4 == 0 and b % 4 and b % 2:
                    flat(a + 0.46, b + 0.2, 0.08, 0.6, "#fff8e2")
                if b % 4 == 0 and a % 4 and a % 2:
                    flat(a + 0.2, b + 0.46, 0.6, 0.08, "#fff8e2")
                if s.random.random() < 0.14:
                    block(a + 0.28, b + 0.3, 0.5, 0.32, 0.24, s.random.choice(PAINTS))
                elif s.random.random() < 0.2:
                    person(s, *at(a + 0.1, b + 0.8), 19 * s.u, s.random.choice(PAINTS))
                continue
            park = s.random.random() < (0.62 if s.has("benches") else 0.24)
            flat(a, b, 1, 1, "#9cc27d" if park else "#e2dcc8")
            if park:
                if s.random.random() < (0.6 if s.has("benches") else 0.15):
                    block(a + 0.2, b + 0.35, 0.62, 0.2, 0.16, "#b0703c")
                    block(a + 0.2, b + 0.3, 0.62, 0.06, 0.36, "#8a5530")
                else:
                    tree(s, *at(a + 0.5, b + 0.6), s.chance(40, 58) * s.u,
                         mix(GREEN, YELLOW, s.chance(0, 0.3)))
                continue
            tall, size = s.chance(0.7, 2.3), 0.86
            block(a + 0.06, b + 0.06, size, size, tall, s.random.choice(WALLS))
            panes(a + 0.06, b + 0.06, size, tall)
            roof = s.random.choice(("#c0604a", "#c0604a", "#7d8a93", "#8a5a55", "#5f8f7a"))
            a0, b0, ridge_up = a, b, tall + 0.46
            s.poly([at(a0, b0 + 1, tall), at(a0 + 0.5, b0 + 1, ridge_up),
                    at(a0 + 0.5, b0, ridge_up), at(a0, b0, tall)], mix(roof, "#ffffff", 0.25))
            s.poly([at(a0 + 1, b0 + 1, tall), at(a0 + 0.5, b0 + 1, ridge_up),
                    at(a0 + 0.5, b0, ridge_up), at(a0 + 1, b0, tall)], mix(roof, light.ink, 0.12))
            s.poly([at(a0, b0 + 1, tall), at(a0 + 0.5, b0 + 1, ridge_up), at(a0 + 1, b0 + 1, tall)],
                   mix(roof, CREAM, 0.6))
            if s.has("streets") and s.random.random() < 0.25:
                pin(s, *at(a + 0.5, b + 0.5, tall + 0.5), 19 * s.u)


def pin(s: Scene, x: float, y: float, size: float) -> None:
    """A coin above a roof: something the residents have chosen."""
    s.poly([(x - size * 0.4, y - size), (x + size * 0.4, y - size), (x, y)], RED)
    s.disc(x, y - size * 1.5, size * 0.95, RED)
    s.disc(x, y - size * 1.5, size * 0.68, YELLOW)
    s.ring(x, y - size * 1.5, size * 0.68, "#a8791c", 1.6 * s.u)
    s.rect(x - size * 0.1, y - size * 1.9, size * 0.2, size * 0.8, "#a8791c")


def market(s: Scene) -> None:
    """Stalls with striped awnings and crates of fruit; or one basket, close."""
    light = s.light
    sky(s, s.h * 0.5)
    town(s, s.h * 0.62, -9, s.w, 74 * s.u, 0.3, spire=True)
    s.slab(0, s.h * 0.62, s.w, s.h * 0.38, "#c9bda4", "#9a8a72")
    for _ in range(60):
        y = s.h * (0.64 + 0.36 * s.chance(0, 1))
        s.disc(s.chance(0, s.w), y, s.chance(6, 20) * s.u, light.ink, 0.07, 3 * s.u)
    count = 4 if s.has("port") else 3
    for k in range(count):
        wide = s.w / count * 0.88
        stall(s, s.w * (k + 0.06) / count, s.h * 0.86, wide, (RED, TEAL, YELLOW, BLUE)[k % 4])
    for k, across in enumerate((0.05, 0.26, 0.48, 0.53, 0.74, 0.97)):
        if s.has("basket") and 0.3 < across < 0.6:
            continue
        person(s, s.w * across, s.h * (0.93 + 0.03 * (k % 2)), (128 - 22 * (k % 3 == 1)) * s.u,
               PAINTS[(k * 3 + 1) % 7])
    if s.has("basket"):
        basket(s, s.w * 0.5, s.h * 0.98, s.w * 0.23)


def stall(s: Scene, x: float, y: float, width: float, colour: Colour) -> None:
    """A market stall with an awning and crates; y is its foot."""
    top, table = y - 190 * s.u, y - 74 * s.u
    for px in (x + 4 * s.u, x + width - 8 * s.u):
        s.rect(px, top, 5 * s.u, y - top, "#6b4a34")
    s.slab(x, top + 40 * s.u, width, table - top - 40 * s.u, rgba("#33261f", 0.55),
           rgba("#33261f", 0.25))
    stripes = 8
    for k in range(stripes):
        x0, x1 = (x - 8 * s.u + (width + 16 * s.u) * k / stripes,
                  x - 8 * s.u + (width + 16 * s.u) * (k + 1) / stripes)
        tone = colour if k % 2 == 0 else CREAM
        inset = width * 0.07
        t0, t1 = (x + inset + (width - 2 * inset) * k / stripes,
                  x + inset + (width - 2 * inset) * (k + 1) / stripes)
        s.fill([(t0, top - 26 * s.u), (t1, top - 26 * s.u), (x1, top + 34 * s.u),
                (x0, top + 34 * s.u)], mix(tone, "#ffffff", 0.15), mix(tone, "#000000", 0.08))
        s.disc((x0 + x1) / 2, top + 34 * s.u, (x1 - x0) / 2, mix(tone, "#000000", 0.1), None,
               11 * s.u)
    s.slab(x, table, width, 14 * s.u, "#a9764a", "#8a5a36")
    s.slab(x + 6 * s.u, table + 14 * s.u, width - 12 * s.u, y - table - 14 * s.u,
           mix(colour, "#4a3626", 0.6), "#3f2d20")
    crates = 3
    for k in range(crates):
        cx, wide = x + width * (k + 0.06) / crates, width / crates * 0.88
        fruit = s.random.choice((RED, ORANGE, YELLOW, "#8fb04a", PLUM, "#9fb4bd"))
        for row in range(3):
            for j in range(7 - row):
                fx = cx + wide * (j + 0.5 + row * 0.5) / 7
                s.ball(fx, table - 24 * s.u - row * 9 * s.u, wide / 11,
                       mix(fruit, "#ffffff", s.chance(0, 0.18)))
        s.slab(cx, table - 24 * s.u, wide, 24 * s.u, "#c99a62", "#a87a48")
        s.line([(cx, table - 12 * s.u), (cx + wide, table - 12 * s.u)], "#7a5534", 1.6 * s.u)


def basket(s: Scene, x: float, y: float, width: float) -> None:
    """A woven basket with pears, bread, greens and a mackerel; y is its foot."""
    half, top = width / 2, y - width * 0.52
    s.disc(x, y, half * 1.15, "#3f2d20", 0.4, 12 * s.u)
    s.ring(x, top, half * 0.86, "#8a5a30", 9 * s.u, None, width * 0.56, (180, 360))
    for k in range(5):
        lean = -0.5 + 0.24 * k
        s.fill([(x + lean * half, top), (x + (lean - 0.34) * half, top - width * 0.33),
                (x + (lean + 0.1) * half, top - width * 0.4), (x + (lean + 0.3) * half, top)],
               "#7fb04f", "#3f7a3f")
    s.rect(x + half * 0.12, top - width * 0.4, width * 0.16, width * 0.5, "#b87a3c", None,
           width * 0.08)
    for k in range(4):
        s.line([(x + half * 0.2, top - width * (0.3 - 0.08 * k)),
                (x + half * 0.38, top - width * (0.34 - 0.08 * k))], "#f0cf95", 4 * s.u)
    with s.layer():
        fish(s, x + half * 0.64, top - width * 0.08, width * 0.42, "#5d8296")
        s.disc(x + half * 0.94, top - width * 0.1, 3 * s.u, s.light.ink)
    for k in range(6):
        px, py = x + (-0.78 + 0.26 * k) * half, top - (9 + 9 * (k % 2)) * s.u
        tone = ("#c9c04a", RED, "#d9b84a", ORANGE, "#b8c04a", RED)[k]
        s.ball(px, py, width * 0.085, tone)
        if k % 2 == 0:
            s.ball(px, py - width * 0.08, width * 0.048, tone)
        s.line([(px, py - width * 0.1), (px + 4 * s.u, py - width * 0.15)], "#5d4734", 3 * s.u)
    s.fill([(x - half, top), (x + half, top), (x + half * 0.8, y), (x - half * 0.8, y)], "#c99a5a",
           "#8a5a30")
    for row in range(7):
        for j in range(13):
            wide = 2 * half * (1 - 0.2 * row / 7)
            px = x - wide / 2 + wide * (j + (0.5 if row % 2 else 0)) / 13.5
            s.rect(px, top + (y - top) * row / 7 + 2, wide / 22, (y - top) / 8.5, "#6b4422", 0.5,
                   3 * s.u)
    s.rect(x - half * 1.06, top - 7 * s.u, width * 1.06, 15 * s.u, "#d9ad6c", None, 7 * s.u)


def books(s: Scene) -> None:
    """Shelves of books, a lamp, and between them a model lighthouse."""
    wood = "#7a4f33"
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#3a2620", "#2a1b18")
    shelves, gap = 3, s.h * 0.315
    for row in range(shelves):
        foot, x = s.h * 0.31 + row * gap, 8 * s.u
        while x < s.w - 14 * s.u:
            if row == 1 and s.w * 0.4 < x < s.w * 0.56:
                x = s.w * 0.56
                continue
            wide, tall = s.chance(13, 32) * s.u, gap * s.chance(0.6, 0.86)
            colour = mix(s.random.choice((*PAINTS, "#33506b", "#8a3b46", "#6b7a4a")), "#3a2620",
                         s.chance(0, 0.35))
            book(s, x, foot, wide, tall, colour)
            x += wide + (s.chance(10, 30) * s.u if s.random.random() < 0.05 else 1)
        s.slab(0, foot, s.w, 15 * s.u, mix(wood, "#ffffff", 0.18), wood)
        s.slab(0, foot + 15 * s.u, s.w, 16 * s.u, rgba("#000000", 0.45), rgba("#000000", 0))
    x, foot = s.w * 0.485, s.h * 0.31 + gap
    s.glow(x, foot - 100 * s.u, 260 * s.u, "#ffdf9a", 0.75)
    for k in range(5):
        w0, w1 = (13 + 2.4 * k) * s.u, (15.4 + 2.4 * k) * s.u
        y0 = foot - (84 - 17 * k) * s.u
        s.fill([(x - w0, y0), (x + w0, y0), (x + w1, y0 + 17 * s.u), (x - w1, y0 + 17 * s.u)],
               RED if k % 2 == 0 else CREAM, mix(RED if k % 2 == 0 else CREAM, "#3a2620", 0.2))
    s.rect(x - 19 * s.u, foot - 88 * s.u, 38 * s.u, 5 * s.u, "#2a2a30")
    s.rect(x - 9 * s.u, foot - 108 * s.u, 18 * s.u, 20 * s.u, "#fff3c8")
    s.poly([(x - 13 * s.u, foot - 107 * s.u), (x, foot - 123 * s.u),
            (x + 13 * s.u, foot - 107 * s.u)], "#8a3b46")
    s.glow(x, foot - 98 * s.u, 70 * s.u, "#fff0c0", 1)


def helix(s: Scene) -> None:
    """A double helix; behind it the moon going down and the sun coming up over a curve."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#141a3f", "#33407f", "#c97f8a", "#ffd9a0")
    for _ in range(120):
        s.disc(s.chance(0, s.w), s.h * s.chance(0, 0.55), s.chance(0.4, 1.3), "#ffffff",
               s.chance(0.2, 0.8))
    s.glow(s.w * 0.14, s.h * 0.22, 120 * s.u, "#e8eeff", 0.6)
    bow = [(math.sin(a / 9), math.cos(a / 9)) for a in range(29)]
    crescent = [(-px, py) for px, py in bow] + [(-0.45 * px, py) for px, py in reversed(bow)]
    s.poly([(s.w * 0.14 + px * 36 * s.u, s.h * 0.22 + py * 36 * s.u) for px, py in crescent],
           "#f3f0e2")
    s.glow(s.w * 0.87, s.h * 0.84, 280 * s.u, "#fff0c0", 0.95)
    s.disc(s.w * 0.87, s.h * 0.84, 54 * s.u, "#fff6dd")
    edge = ridge(s, s.h * 0.9, 20 * s.u, s.w * 0.6)
    ground(s, edge, "#5a4a6f", "#2a2a4f")
    turn = 2.3

    def at(k: float, side: int) -> tuple[float, float, float]:
        angle = k * math.tau * turn + (math.pi if side else 0)
        return (s.w * (-0.03 + 1.06 * k), s.h * (0.62 - 0.2 * k) + s.h * 0.21 * math.sin(angle),
                math.cos(angle))

    for k in range(47):
        t = k / 46
        (x0, y0, _), (x1, y1, _) = at(t, 0), at(t, 1)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        pair = ((RED, YELLOW), (TEAL, CREAM), (YELLOW, TEAL), (CREAM, RED))[k % 4]
        s.line([(x0, y0), middle], mix(pair[0], "#33407f", 0.15), 5 * s.u)
        s.line([middle, (x1, y1)], mix(pair[1], "#33407f", 0.15), 5 * s.u)
    beads = sorted((at(k / 150, side)[2], k, side) for k in range(151) for side in (0, 1))
    for z, k, side in beads:
        x, y, _ = at(k / 150, side)
        s.ball(x, y, (9 + 3.6 * z) * s.u, mix("#f2a65a" if side else "#5fb8c9", "#1a2148",
                            0.3 - 0.28 * z))


def microscope(s: Scene) -> None:
    """What the microscope shows: one great round diatom, or many in chains."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#04161c", "#020c12")
    cx, cy = s.w / 2, s.h / 2
    field = min(s.w, s.h) * 0.485 if s.w == s.h else s.w * 0.62
    s.disc(cx, cy, field, "#0d4a55")
    s.glow(cx, cy, field * 1.3, "#4fd0b8", 0.6)
    for _ in range(46):
        a, d = s.chance(0, 6.283), field * s.chance(0.2, 0.97)
        s.disc(cx + d * math.cos(a), cy + d * math.sin(a), s.chance(1, 6) * s.u, "#bff5e0",
               s.chance(0.1, 0.35))
    if s.has("chains"):
        for _ in range(11):
            x, y, a = s.chance(0, s.w), s.chance(0, s.h), s.chance(-0.5, 0.5)
            size = s.chance(15, 28) * s.u
            for k in range(s.random.randint(4, 10)):
                px, py = (x + k * size * 1.25 * math.cos(a), y + k * size * 1.25 *
                          math.sin(a + 0.06 * k))
                cell(s, px, py, size, a)
        for across, down, r in ((0.2, 0.3, 66), (0.72, 0.68, 84), (0.87, 0.2, 44)):
            diatom(s, s.w * across, s.h * down, r * s.u)
    else:
        diatom(s, cx, cy, field * 0.74)
    if s.w == s.h:
        s.ring(cx, cy, field, "#0a2a30", 12 * s.u)
        s.ring(cx, cy, field * 0.985, "#9fe6d8", 2 * s.u, 0.5)


def cell(s: Scene, x: float, y: float, size: float, angle: float) -> None:
    """One box of a chain of diatoms, hairs at its corners."""
    dx, dy = math.cos(angle), math.sin(angle)
    box = [(x + (p * dx - q * dy) * size * 0.56, y + (p * dy + q * dx) * size * 0.8)
           for p, q in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    s.fill(box, rgba("#d9f58a", 0.55), rgba("#6fc06a", 0.6))
    s.line([*box, box[0]], "#f0ffd8", 2.2 * s.u, 0.9)
    s.disc(x, y, size * 0.28, "#a8791c", 0.7)
    for (bx, by), way in zip(box, ((-1, -1), (1, -1), (1, 1), (-1, 1)), strict=True):
        s.line([(bx, by), (bx + way[0] * size * 0.3, by + way[1] * size * 0.9)], "#f0ffd8", 1 * s.u,
               0.6)


def diatom(s: Scene, x: float, y: float, r: float) -> None:
    """A diatom of glass: rings of windows in a round shell."""
    s.glow(x, y, r * 1.5, "#bff5e0", 0.5)
    s.disc(x, y, r, "#e9dfa0", 0.35)
    s.ring(x, y, r, "#f6ffe9", r * 0.035)
    s.ring(x, y, r * 0.93, "#f6ffe9", r * 0.012, 0.8)
    for k in range(48):
        a = math.tau * k / 48
        s.line([(x + r * math.cos(a), y + r * math.sin(a)), (x + r * 1.09 * math.cos(a),
                            y + r * 1.09 * math.sin(a))], "#f6ffe9", r * 0.012, 0.8)
    for ring_of in range(1, 9):
        count, d = ring_of * 6, r * 0.103 * ring_of
        for k in range(count):
            a = math.tau * (k / count) + ring_of * 0.12
            px, py, size = x + d * math.cos(a), y + d * math.sin(a), r * 0.042
            tone = mix(mix("#ffd37a", "#6fe0c0", ring_of / 8), "#8a6fd0",
                       0.5 + 0.5 * math.sin(a * 2 + 1))
            six = [(px + size * math.cos(a + j * math.tau / 6),
                    py + size * math.sin(a + j * math.tau / 6)) for j in range(6)]
            s.poly(six, tone, 0.85)
            s.disc(px - size * 0.25, py - size * 0.25, size * 0.3, "#ffffff", 0.7)
    s.disc(x, y, r * 0.06, "#fff6d0", 0.95)


def museum(s: Scene) -> None:
    """Lost things in lit cases: a glove, keys, an umbrella, a shoe, a suitcase, a clock."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#4a3f5c", "#2f2a44")
    s.slab(0, s.h * 0.86, s.w, s.h * 0.14, "#7a5a48", "#4a3530")
    for k in range(3):
        for row in range(2):
            x, y, w, h = s.w * (0.055 + 0.31 * k), s.h * (0.07 + 0.39 * row), s.w * 0.27, s.h * 0.34
            s.rect(x - 7 * s.u, y - 7 * s.u, w + 14 * s.u, h + 14 * s.u, "#2a1d1a", None, 4 * s.u)
            s.slab(x, y, w, h, "#f6e2b4", "#caa877")
            s.glow(x + w / 2, y, w * 0.9, "#fff3cf", 0.5)
            lost_thing(s, x + w / 2, y + h * 0.86, w * 0.34, row * 3 + k)
            s.rect(x + w * 0.36, y + h * 0.9, w * 0.28, h * 0.06, "#fffdf5")
            s.poly([(x + w * 0.62, y), (x + w * 0.82, y), (x + w * 0.5, y + h),
                    (x + w * 0.3, y + h)], "#ffffff", 0.14)
    person(s, s.w * 0.345, s.h * 0.98, 180 * s.u, TEAL)
    person(s, s.w * 0.435, s.h * 0.985, 120 * s.u, RED)


def lost_thing(s: Scene, x: float, y: float, r: float, kind: int) -> None:
    """One of the things that somebody lost, standing on `y`."""
    ink = "#2a2a38"
    if kind == 0:
        s.rect(x - r * 0.42, y - r * 0.95, r * 0.8, r * 0.95, RED, None, r * 0.2)
        for k in range(4):
            s.rect(x + r * (-0.42 + 0.205 * k), y - r * (1.55 - 0.1 * abs(k - 1.5)), r * 0.18,
                   r * 0.9, RED, None, r * 0.09)
        s.line([(x + r * 0.3, y - r * 0.4), (x + r * 0.68, y - r * 0.9)], RED, r * 0.2)
        s.rect(x - r * 0.46, y - r * 0.24, r * 0.88, r * 0.24, CREAM)
    elif kind == 1:
        s.poly([(x - r, y - r * 0.8), (x, y - r * 1.6), (x + r, y - r * 0.8)], BLUE)
        for k in range(4):
            s.disc(x - r * 0.75 + r * 0.5 * k, y - r * 0.8, r * 0.25,
                   mix(BLUE, ink, 0.25 * (k % 2)), None, r * 0.16)
        s.line([(x, y - r * 1.7), (x, y - r * 0.16)], ink, r * 0.07)
        s.ring(x - r * 0.16, y - r * 0.16, r * 0.17, ink, r * 0.07, None, None, (0, 180))
    elif kind == 2:
        s.ring(x, y - r * 1.2, r * 0.34, "#8a6a1f", r * 0.1)
        for lean in (-0.42, 0.05, 0.5):
            tip = (x + lean * r, y - r * 0.12)
            s.line([(x + lean * r * 0.25, y - r * 0.9), tip], ink, r * 0.1)
            s.line([tip, (tip[0] + r * 0.2, tip[1] - r * 0.04)], ink, r * 0.09)
            s.line([(tip[0], tip[1] - r * 0.2), (tip[0] + r * 0.16, tip[1] - r * 0.24)], ink,
                   r * 0.08)
    elif kind == 3:
        s.rect(x - r, y - r * 1.1, r * 2, r * 1.1, "#9a5f34", None, r * 0.12)
        s.ring(x, y - r * 1.1, r * 0.3, ink, r * 0.1, None, None, (180, 360))
        for k in (-0.6, 0.46):
            s.rect(x + k * r, y - r * 1.1, r * 0.14, r * 1.1, "#5d3a22")
        s.disc(x + r * 0.1, y - r * 0.5, r * 0.2, TEAL)
    elif kind == 4:
        s.disc(x, y - r * 0.8, r * 0.8, "#c9a24a")
        s.disc(x, y - r * 0.8, r * 0.66, CREAM)
        for k in range(12):
            a = math.tau * k / 12
            s.disc(x + r * 0.54 * math.cos(a), y - r * 0.8 + r * 0.54 * math.sin(a), r * 0.045, ink)
        s.line([(x + r * 0.3, y - r * 0.66), (x, y - r * 0.8), (x - r * 0.1, y - r * 1.3)], ink,
               r * 0.07)
    else:
        s.fill([(x - r * 0.9, y), (x - r * 0.9, y - r * 1.2), (x - r * 0.3, y - r * 1.2),
                (x - r * 0.2, y - r * 0.5), (x + r * 0.8, y - r * 0.34), (x + r * 0.95, y)], YELLOW,
               "#d9a12f")
        s.rect(x - r * 0.93, y - r * 0.1, r * 1.9, r * 0.1, ink)
        s.rect(x - r * 0.93, y - r * 1.24, r * 0.66, r * 0.12, ink)


def pencils(s: Scene) -> None:
    """A row of coloured pencils; above it a kite on its string, or the sun over a school."""
    light = s.light
    sky(s, s.h * 0.95, s.w * (0.82 if s.has("kite") else 0.5))
    if s.has("kite"):
        x, y, r = s.w * 0.3, s.h * 0.26, 92 * s.u
        for quarter, colour in enumerate((RED, YELLOW, TEAL, BLUE)):
            ends = ((0, -1), (0.7, -0.1), (0, 1.25), (-0.7, -0.1))
            one, two = ends[quarter], ends[(quarter + 1) % 4]
            s.poly([(x, y - 0.1 * r), (x + one[0] * r, y + one[1] * r),
                    (x + two[0] * r, y + two[1] * r)], colour)
        s.line([(x, y - r), (x, y + 1.25 * r)], light.ink, 2 * s.u)
        s.line([(x - 0.7 * r, y - 0.1 * r), (x + 0.7 * r, y - 0.1 * r)], light.ink, 2 * s.u)
        tail = [(x + 22 * s.u * math.sin(k / 3), y + 1.25 * r + k * 5 * s.u) for k in range(18)]
        s.line(tail, light.ink, 1.6 * s.u)
        for k in range(3, 18, 4):
            s.ball(tail[k][0], tail[k][1], 7 * s.u, s.random.choice(PAINTS[:5]))
        s.line([(x, y), (s.w * 0.6, s.h * 0.62), (s.w * 0.9, s.h * 0.86)], light.ink, 1.3 * s.u)
        s.ring(x, y - 0.1 * r, 150 * s.u, light.paper, 3 * s.u, 0.9, None, (20, 62))
        s.line([(x + 60 * s.u, y - 0.1 * r), (s.w * 0.74, y - 0.1 * r)], light.paper, 3 * s.u, 0.9)
        s.line([(s.w * 0.74, y - 0.1 * r), (s.w * 0.74, s.h * 0.74)], light.paper, 3 * s.u, 0.9)
    else:
        hills(s, s.h * 0.62, 3, 40)
        brick = "#c9785a"
        s.slab(s.w * 0.24, s.h * 0.36, s.w * 0.52, s.h * 0.5, mix(brick, "#ffffff", 0.15), brick)
        s.poly([(s.w * 0.22, s.h * 0.36), (s.w * 0.29, s.h * 0.24), (s.w * 0.71, s.h * 0.24),
                (s.w * 0.78, s.h * 0.36)], "#6b4a45")
        s.rect(s.w * 0.455, s.h * 0.12, s.w * 0.09, s.h * 0.3, brick)
        s.poly([(s.w * 0.44, s.h * 0.12), (s.w * 0.5, s.h * 0.03), (s.w * 0.56, s.h * 0.12)],
               "#6b4a45")
        s.disc(s.w * 0.5, s.h * 0.2, 27 * s.u, CREAM)
        s.ring(s.w * 0.5, s.h * 0.2, 27 * s.u, light.ink, 3 * s.u)
        s.line([(s.w * 0.5 - 13 * s.u, s.h * 0.2 - 7 * s.u), (s.w * 0.5, s.h * 0.2),
                (s.w * 0.5, s.h * 0.2 - 19 * s.u)], light.ink, 3 * s.u)
        for k in range(7):
            if k != 3:
                s.rect(s.w * (0.265 + 0.069 * k), s.h * 0.42, s.w * 0.045, s.h * 0.13, "#bfe0e8")
                s.line([(s.w * (0.2875 + 0.069 * k), s.h * 0.42),
                        (s.w * (0.2875 + 0.069 * k), s.h * 0.55)], CREAM, 3 * s.u)
    count = 22
    for k in range(count):
        wave = 0.5 + 0.5 * math.sin(k * 0.62 + (0 if s.has("kite") else 2))
        colour = (RED, ORANGE, YELLOW, "#8fb04a", GREEN, TEAL, BLUE, PLUM)[k * 8 // count]
        pencil(s, s.w * k / count + 2, s.h + 4, s.w / count - 4,
               s.h * (0.2 + 0.2 * wave + s.chance(0, 0.05)), colour)


def pool(s: Scene) -> None:
    """Winter swimmers in a tidal pool at dawn, steam over the water, snow on the rim."""
    light, horizon = s.light, s.h * 0.4
    sun = sky(s, horizon, s.w * 0.7)
    hills(s, horizon + 1, 3, 44)
    sea(s, horizon, sun, 3, bottom=s.h * 0.56)
    s.fill([(0, s.h * 0.5), (s.w, s.h * 0.5), (s.w, s.h), (0, s.h)], mix(light.sea[0], TEAL, 0.55),
           mix(TEAL, light.sea[1], 0.75))
    s.slab(0, s.h * 0.485, s.w, s.h * 0.035, light.paper, mix(light.paper, light.land[0], 0.35))
    s.rect(0, s.h * 0.52, s.w, s.h * 0.025, mix(light.land[1], light.ink, 0.2))
    for k in range(4):
        x = s.w * (0.04 + 0.075 * k)
        s.slab(x, s.h * 0.36, s.w * 0.065, s.h * 0.13, (RED, CREAM, TEAL, YELLOW)[k],
               mix((RED, CREAM, TEAL, YELLOW)[k], light.ink, 0.3))
        s.poly([(x - 5 * s.u, s.h * 0.365), (x + s.w * 0.0325, s.h * 0.29),
                (x + s.w * 0.065 + 5 * s.u, s.h * 0.365)], light.paper)
        s.rect(x + s.w * 0.022, s.h * 0.405, s.w * 0.022, s.h * 0.085, light.ink, 0.6)
    for row in range(9):
        edge = ridge(s, s.h * (0.56 + 0.05 * row), 3 * s.u, s.w * 0.15)
        s.line(edge, light.glow, (0.8 + 0.2 * row) * s.u, 0.35)
    glitter(s, sun, s.h * 0.55, s.h, 0.5)
    for x, y, size, cap in ((0.3, 0.66, 22, RED), (0.46, 0.63, 18, YELLOW), (0.58, 0.73, 30, TEAL),
                        (0.22, 0.84, 40, ORANGE), (0.8, 0.66, 21, PLUM)):
        px, py, r = s.w * x, s.h * y, size * s.u
        for k in range(3):
            s.ring(px, py + r * 0.9, r * (1.5 + 0.8 * k), light.paper, 1.6 * s.u, 0.5 - 0.13 * k,
                   r * (0.3 + 0.18 * k))
        s.disc(px, py + r * 0.9, r * 1.1, "#c98f6b", None, r * 0.34)
        s.disc(px, py, r * 0.78, "#c98f6b")
        s.rect(px - r * 0.82, py - r * 0.9, r * 1.64, r * 0.8, cap, None, r * 0.4)
        s.rect(px - r * 0.86, py - r * 0.32, r * 1.72, r * 0.26, mix(cap, "#ffffff", 0.35), None,
               r * 0.12)
        s.ball(px, py - r * 1.02, r * 0.26, CREAM)
    person(s, s.w * 0.9, s.h * 0.5, 92 * s.u, BLUE)
    for rail in (0.655, 0.7):
        s.line([(s.w * rail, s.h * 0.66), (s.w * rail, s.h * 0.44),
                (s.w * (rail + 0.012), s.h * 0.43)], light.paper, 4 * s.u)
    for k in range(4):
        s.line([(s.w * 0.655, s.h * (0.5 + 0.045 * k)), (s.w * 0.7, s.h * (0.5 + 0.045 * k))],
               light.paper, 3 * s.u)
    fog(s, s.h * 0.46, s.h * 0.8, light.paper, 0.75)
    for _ in range(60):
        s.disc(s.chance(0, s.w), s.chance(0, s.h), s.chance(1, 2.6) * s.u, "#ffffff", 0.7)


def stadium(s: Scene) -> None:
    """A floodlit pitch between full stands; at night the final, in training nearly empty."""
    light = LIGHTS["dusk"] if s.has("training") else LIGHTS["night"]
    s.light, horizon = light, s.h * 0.4
    sky(s, horizon, s.w * 0.5, 0.5)
    full, behind = not s.has("training"), s.has("herons")
    stand = mix(light.land[1], "#000000", 0.2)
    s.fill([(0, s.h * 0.22), (s.w * 0.2, s.h * 0.27), (s.w * 0.8, s.h * 0.27), (s.w, s.h * 0.22),
            (s.w, s.h * 0.56), (0, s.h * 0.56)], stand, mix(stand, light.ink, 0.4))
    s.poly([(0, s.h * 0.19), (s.w * 0.2, s.h * 0.245), (s.w * 0.8, s.h * 0.245), (s.w, s.h * 0.19),
            (s.w, s.h * 0.23), (s.w * 0.8, s.h * 0.275), (s.w * 0.2, s.h * 0.275), (0, s.h * 0.23)],
           mix(light.paper, light.land[1], 0.5))
    for row in range(11):
        y = s.h * (0.3 + 0.021 * row)
        for k in range(90):
            x = s.w * (k + 0.5 * (row % 2) + s.chance(-0.2, 0.2)) / 89
            if s.random.random() > (0.94 if full else 0.06):
                continue
            team = (TEAL, CREAM, TEAL, BLUE) if x < s.w * 0.5 else (RED, YELLOW, RED, ORANGE)
            s.disc(x, y + s.chance(-1, 1), 4.3 * s.u, mix(s.random.choice(team), light.ink,
                                s.chance(0.05, 0.45)), None, 5 * s.u)
    grass = "#3f9a54"
    s.fill([(0, s.h * 0.53), (s.w, s.h * 0.53), (s.w, s.h), (0, s.h)], mix(grass, "#ffffff", 0.12),
           mix(grass, "#06240f", 0.35))
    for k in range(-8, 8, 2):
        s.poly([(s.w * (0.5 + 0.075 * k), s.h * 0.53), (s.w * (0.5 + 0.075 * (k + 1)), s.h * 0.53),
                (s.w * (0.5 + 0.19 * (k + 1)), s.h), (s.w * (0.5 + 0.19 * k), s.h)], "#ffffff",
               0.09)
    for k in range(9):
        s.rect(s.w * k / 9, s.h * 0.525, s.w / 9 - 2, s.h * 0.03, PAINTS[(k * 3) % 7], 0.85)
    chalk = "#f3fff0"
    s.line([(0, s.h * 0.585), (s.w, s.h * 0.585)], chalk, 2.4 * s.u)
    s.ring(s.w * 0.5, s.h * 0.74, 120 * s.u, chalk, 3 * s.u, 0.9, 38 * s.u)
    s.line([(s.w * 0.5, s.h * 0.585), (s.w * 0.5, s.h)], chalk, 3 * s.u, 0.9)
    if not behind:
        for k in range(14 if full else 7):
            x, y = s.w * s.chance(0.06, 0.94), s.h * s.chance(0.64, 0.96)
            size = (34 + 62 * (y / s.h - 0.6)) * s.u * 1.25
            s.disc(x + 14 * s.u, y, size * 0.4, "#06240f", 0.4, size * 0.07)
            person(s, x, y, size, (TEAL, RED)[k % 2] if full else (ORANGE, YELLOW)[k % 2])
        ball = (s.w * 0.56, s.h * 0.69)
        s.ball(*ball, 7 * s.u, "#ffffff")
        if not full:
            for k in range(7):
                x, y = s.w * (0.16 + 0.09 * k), s.h * (0.9 - 0.02 * k)
                s.poly([(x - 9 * s.u, y), (x, y - 24 * s.u), (x + 9 * s.u, y)], ORANGE)
    else:
        goal_end(s)
    for x in (0.08, 0.92) if behind else (0.06, 0.35, 0.65, 0.94):
        top = s.h * (0.06 if x in (0.06, 0.94, 0.08, 0.92) else 0.1)
        s.line([(s.w * x, top), (s.w * x, s.h * 0.28)], light.ink, 6 * s.u)
        s.rect(s.w * x - 34 * s.u, top - 17 * s.u, 68 * s.u, 34 * s.u, light.ink, None, 3 * s.u)
        for k in range(8):
            s.disc(s.w * x + (-24 + 16 * (k % 4)) * s.u, top + (-8 + 16 * (k // 4)) * s.u,
                   6.4 * s.u, "#fffbe6")
        s.glow(s.w * x, top, 210 * s.u, "#eef4ff", 0.8)


def goal_end(s: Scene) -> None:
    """The goal from behind, a ball in the net, and the heads and scarves in front of us."""
    left, right, top, foot = s.w * 0.3, s.w * 0.7, s.h * 0.47, s.h * 0.72
    for k in range(25):
        x = left + (right - left) * k / 24
        s.line([(x, top), (x + (x - s.w * 0.5) * 0.12, foot + 22 * s.u)], "#ffffff", 1 * s.u, 0.5)
    for k in range(11):
        y = top + (foot + 22 * s.u - top) * k / 10
        wide = (right - left) * (0.5 + 0.06 * k / 10)
        s.line([(s.w * 0.5 - wide, y), (s.w * 0.5, y + 3 * s.u), (s.w * 0.5 + wide, y)], "#ffffff",
               1 * s.u, 0.5)
    s.line([(left, foot), (left, top), (right, top), (right, foot)], "#ffffff", 7 * s.u)
    s.ball(s.w * 0.62, s.h * 0.55, 13 * s.u, "#ffffff")
    person(s, s.w * 0.42, foot, 110 * s.u, YELLOW)
    for row in range(3):
        for k in range(15):
            x, y = (s.w * (k + 0.5 * (row % 2)) / 14, s.h * (0.86 + 0.08 * row) + s.chance(-8,
                                8) * s.u)
            r = (19 + 6 * row) * s.u
            coat = mix(s.random.choice((TEAL, CREAM, TEAL, BLUE)), s.light.ink, 0.45 - 0.1 * row)
            s.rect(x - r * 1.35, y + r * 0.6, r * 2.7, s.h * 0.3, coat, None, r)
            if s.random.random() < 0.4:
                for side in (-1, 1):
                    s.line([(x + side * r, y + r), (x + side * r * 1.5, y - r * 1.6)], coat,
                           r * 0.5)
                s.rect(x - r * 1.9, y - r * 2, r * 3.8, r * 0.7, TEAL)
                for j in range(4):
                    s.rect(x - r * 1.9 + j * r, y - r * 2, r * 0.5, r * 0.7, CREAM)
            s.disc(x, y, r * 0.85, mix(s.random.choice(("#3a2a22", "#6b4a2a", "#b9904a")),
                                s.light.ink, 0.4))


def table(s: Scene) -> None:
    """A laid table seen from above: bowls of soup, bread, a ladle, mussels."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#b98a5a", "#9a6a40")
    for k in range(9):
        y = s.h * k / 8.5
        s.line([(0, y), (s.w, y)], "#6b4526", 2 * s.u, 0.7)
        for _ in range(9):
            x, long = s.chance(0, s.w), s.chance(40, 170) * s.u
            gy = y + s.chance(8, 46) * s.u
            s.line([(x, gy), (x + long, gy + s.chance(-2, 2) * s.u)], "#7a5230", 1 * s.u, 0.3)
    if s.has("chowder"):
        bowl(s, s.w * 0.48, s.h * 0.5, 206 * s.u, "#f3e3b8")
        spoon(s, s.w * 0.88, s.h * 0.5, 150 * s.u)
        bread(s, s.w * 0.14, s.h * 0.86, 66 * s.u)
        mussel(s, s.w * 0.87, s.h * 0.9, 30 * s.u)
        mussel(s, s.w * 0.95, s.h * 0.84, 26 * s.u)
        return
    for k in range(11):
        s.rect(s.w * (0.28 + 0.04 * k), 0, s.w * 0.04 + 1, s.h, (CREAM, RED)[k % 2],
               0.9 if k % 2 == 0 else 0.75)
    bowl(s, s.w * 0.24, s.h * 0.34, 128 * s.u, "#d9763a")
    bowl(s, s.w * 0.77, s.h * 0.36, 128 * s.u, "#d9763a")
    bowl(s, s.w * 0.5, s.h * 0.78, 112 * s.u, "#e9c46a")
    spoon(s, s.w * 0.505, s.h * 0.3, 112 * s.u, "#e0b23c")
    bread(s, s.w * 0.17, s.h * 0.81, 84 * s.u)
    for x, y, r in ((0.75, 0.8, 30), (0.83, 0.87, 27), (0.86, 0.76, 25), (0.78, 0.92, 22)):
        mussel(s, s.w * x, s.h * y, r * s.u)
    s.disc(s.w * 0.94, s.h * 0.66, 31 * s.u, "#d9eef0", 0.7)
    s.disc(s.w * 0.94, s.h * 0.66, 23 * s.u, "#f6d98a", 0.85)


def bowl(s: Scene, x: float, y: float, r: float, soup: Colour) -> None:
    """A bowl of soup from above."""
    with s.layer(blur=8 * s.u, alpha=0.5):
        s.disc(x + 10 * s.u, y + 13 * s.u, r * 1.04, "#2a1608")
    s.ball(x, y, r, "#e9e4d8")
    s.disc(x, y, r * 0.99, "#f3efe4")
    s.ring(x, y, r * 0.93, BLUE, r * 0.03)
    s.disc(x, y, r * 0.82, mix(soup, "#5d3a1a", 0.35))
    s.disc(x + r * 0.02, y + r * 0.03, r * 0.79, soup)
    for _ in range(26):
        a, d = s.chance(0, 6.283), r * 0.68 * s.chance(0, 1) ** 0.5
        px, py, kind = x + d * math.cos(a), y + d * math.sin(a), s.random.random()
        if kind < 0.35:
            size = r * s.chance(0.07, 0.12)
            s.rect(px - size, py - size, size * 2, size * 1.7, mix("#fff3d0", soup, 0.15), None,
                   size * 0.4)
            s.rect(px - size, py + size * 0.4, size * 2, size * 0.3, "#a87a3c", 0.35, size * 0.15)
        elif kind < 0.6:
            s.ball(px, py, r * s.chance(0.05, 0.08), ORANGE)
        else:
            s.disc(px, py, r * 0.05, "#5f9a4a", 0.95, r * 0.026)
            s.disc(px + r * 0.04, py - r * 0.03, r * 0.03, "#7fb85a", 0.95)
    mussel(s, x + r * 0.1, y - r * 0.16, r * 0.19)
    mussel(s, x - r * 0.26, y + r * 0.2, r * 0.17)
    s.ring(x, y, r * 0.7, "#ffffff", r * 0.025, 0.4, None, (200, 260))


def mussel(s: Scene, x: float, y: float, r: float) -> None:
    """An open mussel."""
    for side in (-1, 1):
        s.disc(x + side * r * 0.55, y, r * 0.62, "#232a44", None, r)
        s.disc(x + side * r * 0.55, y, r * 0.48, "#8f9ac0", None, r * 0.84)
    s.disc(x - r * 0.5, y + r * 0.1, r * 0.34, ORANGE, None, r * 0.55)


def spoon(s: Scene, x: float, y: float, long: float, colour: Colour = "#c9ccd0") -> None:
    """A spoon or a ladle lying upright."""
    s.rect(x - long * 0.04 + 5, y - long * 0.5 + 7, long * 0.08, long * 1.4, "#2a1608", 0.35,
           long * 0.04)
    s.rect(x - long * 0.04, y - long * 0.5, long * 0.08, long * 1.4, colour, None, long * 0.04)
    s.ball(x, y - long * 0.62, long * 0.22, colour, long * 0.3)
    s.disc(x, y - long * 0.6, long * 0.15, mix(colour, "#3a2a10", 0.3), None, long * 0.22)


def bread(s: Scene, x: float, y: float, r: float) -> None:
    """A round loaf with its cuts."""
    with s.layer(blur=6 * s.u, alpha=0.5):
        s.disc(x + 7 * s.u, y + 9 * s.u, r, "#2a1608")
    s.ball(x, y, r, "#b8763a")
    for k in (-0.4, 0.0, 0.4):
        s.line([(x - r * 0.55, y + k * r + r * 0.14), (x + r * 0.55, y + k * r - r * 0.14)],
               "#f0d3a0", r * 0.1)


def robot(s: Scene) -> None:
    """A robot: a beach walker's portrait, one with a crab, a knot tier, a hospital trolley."""
    if s.has("corridor"):
        corridor(s)
    elif s.has("workshop"):
        workshop(s)
    else:
        light, horizon = s.light, s.h * (0.42 if s.has("portrait") else 0.36)
        sun = sky(s, horizon, s.w * 0.8)
        hills(s, horizon + 1, 2, 40)
        sea(s, horizon, sun, 3, bottom=s.h * 0.66)
        beach(s, s.h * 0.58)
        if s.has("portrait"):
            sandpiper(s, s.w * 0.5, s.h * 0.9, 272 * s.u, TEAL)
        elif s.words[0] == "robots":
            for x, y, size, colour in ((0.12, 0.64, 66, RED), (0.34, 0.66, 76, YELLOW),
                                (0.56, 0.65, 70, PLUM), (0.86, 0.7, 92, BLUE),
                                (0.24, 0.9, 170, TEAL), (0.66, 0.94, 200, ORANGE)):
                sandpiper(s, s.w * x, s.h * y, size * s.u, colour)
            for k in range(3):
                person(s, s.w * (0.42 + 0.04 * k), s.h * 0.74, (58 - 9 * (k % 2)) * s.u, PAINTS[k])
        else:
            sandpiper(s, s.w * 0.32, s.h * 0.88, 230 * s.u, ORANGE)
            crab(s, s.w * 0.73, s.h * 0.84, 84 * s.u)
        birds(s, s.w * 0.2, s.h * 0.16, 4)
        s.light = light


def beach(s: Scene, top: float) -> None:
    """Sand from the water's edge to us, with wrack, shells and stones."""
    sand = mix("#ecd3a0", s.light.sky[-1], 0.15)
    edge = ridge(s, top + 20 * s.u, 9 * s.u, s.w * 0.9)
    ground(s, [(x, y - 7 * s.u) for x, y in edge], s.light.paper, s.light.paper,
           down_to=top + 60 * s.u)
    ground(s, edge, mix(sand, s.light.sea[1], 0.25), sand, mix(sand, "#a87a4a", 0.3))
    for _ in range(240):
        x, y = s.chance(0, s.w), s.chance(top + 36 * s.u, s.h)
        s.disc(x, y, s.chance(0.6, 2.6) * s.u, "#7a5a3a", s.chance(0.1, 0.5), 1.1 * s.u)
    for _ in range(34):
        x, y = s.chance(0, s.w), top + s.chance(50, 80) * s.u
        wrack = [(x + 5 * k * s.u, y + 4 * s.u * math.sin(k * 2 + x)) for k in range(6)]
        s.line(wrack, "#4a5a34", s.chance(2, 4) * s.u, 0.8)
    for _ in range(12):
        x, y, r = s.chance(0, s.w), s.chance(top + 90 * s.u, s.h), s.chance(4, 9) * s.u
        s.ball(x, y, r, s.random.choice((CREAM, "#b9b3a6", "#d9a58a")), r * 0.6)


def sandpiper(s: Scene, x: float, y: float, size: float, colour: Colour) -> None:
    """A walking beach robot like a wader: thin legs, a round body, a beak with a gripper."""
    ink, light = "#2a3440", s.light
    s.disc(x + size * 0.08, y, size * 0.42, light.ink, 0.3, size * 0.05)
    for hip, knee, foot in ((-0.14, -0.3, -0.2), (-0.02, 0.02, 0.1), (0.1, 0.0, -0.04),
                        (0.18, 0.34, 0.3)):
        s.line([(x + hip * size, y - size * 0.5), (x + knee * size, y - size * 0.25),
                (x + foot * size, y)], ink, size * 0.03)
        s.disc(x + knee * size, y - size * 0.25, size * 0.028, colour)
        s.rect(x + (foot - 0.04) * size, y - size * 0.02, size * 0.1, size * 0.03, ink, None,
               size * 0.012)
    s.ball(x, y - size * 0.6, size * 0.3, CREAM, size * 0.22)
    s.fill([(x - size * 0.26, y - size * 0.66), (x - size * 0.5, y - size * 0.74),
            (x - size * 0.24, y - size * 0.52)], colour, mix(colour, ink, 0.3))
    s.rect(x - size * 0.2, y - size * 0.7, size * 0.36, size * 0.18, colour, None, size * 0.07)
    for k in range(3):
        s.disc(x + (-0.12 + 0.1 * k) * size, y - size * 0.61, size * 0.025,
               ("#7df0a8", YELLOW, CREAM)[k])
    s.line([(x + size * 0.2, y - size * 0.7), (x + size * 0.27, y - size * 0.92)], ink, size * 0.06)
    s.ball(x + size * 0.29, y - size * 1.0, size * 0.15, CREAM)
    s.disc(x + size * 0.34, y - size * 1.02, size * 0.07, ink)
    s.disc(x + size * 0.345, y - size * 1.025, size * 0.05, "#8fe6f0")
    s.disc(x + size * 0.36, y - size * 1.04, size * 0.018, "#ffffff")
    s.poly([(x + size * 0.42, y - size * 1.02), (x + size * 0.68, y - size * 0.9),
            (x + size * 0.41, y - size * 0.96)], colour)
    s.poly([(x + size * 0.41, y - size * 0.95), (x + size * 0.66, y - size * 0.86),
            (x + size * 0.38, y - size * 0.91)], mix(colour, ink, 0.35))
    s.line([(x + size * 0.26, y - size * 1.13), (x + size * 0.22, y - size * 1.28)], ink,
           size * 0.018)
    s.disc(x + size * 0.22, y - size * 1.29, size * 0.03, RED)


def crab(s: Scene, x: float, y: float, r: float) -> None:
    """A crab that lifts its claws."""
    shell = "#d9583a"
    s.disc(x, y + r * 0.6, r * 1.4, s.light.ink, 0.3, r * 0.14)
    for side in (-1, 1):
        for k in range(3):
            s.line([(x + side * r * 0.7, y + r * 0.1 * k), (x + side * r * (1.25 + 0.1 * k),
                                y - r * (0.1 - 0.16 * k)), (x + side * r * (1.45 - 0.08 * k),
                                y + r * 0.6)], mix(shell, "#3a1a10", 0.15), r * 0.11)
        s.line([(x + side * r * 0.7, y - r * 0.2), (x + side * r * 1.2, y - r * 0.6),
                (x + side * r * 1.1, y - r)], shell, r * 0.16)
        s.ball(x + side * r * 1.08, y - r * 1.2, r * 0.33, shell)
        s.poly([(x + side * r * 1.08, y - r * 1.15), (x + side * r * 0.98, y - r * 1.62),
                (x + side * r * 1.24, y - r * 1.6)], s.light.sky[-1])
        s.line([(x + side * r * 0.25, y - r * 0.5), (x + side * r * 0.28, y - r * 0.85)], shell,
               r * 0.09)
        s.disc(x + side * r * 0.28, y - r * 0.9, r * 0.14, "#ffffff")
        s.disc(x + side * r * 0.25, y - r * 0.9, r * 0.07, "#1a1a22")
    s.ball(x, y, r, shell, r * 0.64)
    s.ring(x, y + r * 0.1, r * 0.3, "#5d1f14", r * 0.07, None, r * 0.2, (20, 160))


def corridor(s: Scene) -> None:
    """A hospital corridor; a trolley on wheels waits for somebody with a stick."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#e3efec", "#c3d9d6")
    vx, vy = s.w * 0.5, s.h * 0.4
    s.fill([(0, s.h), (vx - s.w * 0.08, vy + s.h * 0.1), (vx + s.w * 0.08, vy + s.h * 0.1),
            (s.w, s.h)], "#bfe0dc", "#6fa8a6")
    s.fill([(0, 0), (s.w, 0), (vx + s.w * 0.08, vy - s.h * 0.13),
            (vx - s.w * 0.08, vy - s.h * 0.13)], "#ffffff", "#d6e6e4")
    s.rect(vx - s.w * 0.08, vy - s.h * 0.13, s.w * 0.16, s.h * 0.23, "#fff6d6")
    s.line([(vx, vy - s.h * 0.13), (vx, vy + s.h * 0.1)], "#a9c6c4", 3 * s.u)
    for side in (-1, 1):
        for near in (0.16, 0.34, 0.62):
            x0, x1 = (vx + side * s.w * (0.08 + 0.42 * near), vx + side * s.w *
                      (0.08 + 0.42 * (near + 0.1 + 0.12 * near)))
            t0, t1 = vy - s.h * (0.1 + 0.2 * near), vy - s.h * (0.1 + 0.2 * (near + 0.14))
            b0, b1 = (vy + s.h * (0.1 + 0.5 * near), vy + s.h *
                      (0.1 + 0.5 * (near + 0.1 + 0.12 * near)))
            s.poly([(x0, t0), (x1, t1), (x1, b1), (x0, b0)], "#7fb0c0" if side < 0 else "#e0a878")
            s.disc(x0 + (x1 - x0) * 0.2, (t0 + b0) / 2 + 8 * s.u, 3.4 * s.u, "#fffdf5")
        s.line([(vx + side * s.w * 0.08, vy + s.h * 0.04), (vx + side * s.w * 0.5, vy + s.h * 0.3)],
               TEAL, 4 * s.u)
    for k in range(4):
        half = (14 + 34 * k) * s.u
        s.rect(vx - half, vy - s.h * (0.16 + 0.068 * k), half * 2, (4 + 5 * k) * s.u, "#fffbe6")
    x, y, r = s.w * 0.34, s.h * 0.93, 100 * s.u
    s.disc(x, y, r * 1.2, "#1d3b4c", 0.3, 14 * s.u)
    s.slab(x - r, y - r * 1.5, r * 2, r * 1.36, "#fffdf5", "#c9d6d8")
    s.rect(x - r, y - r * 0.5, r * 2, r * 0.3, TEAL)
    for k in range(3):
        s.rect(x - r * 0.86, y - r * (1.4 - 0.29 * k), r * 1.72, r * 0.23, "#dfe9ea", None, 4 * s.u)
        s.rect(x - r * 0.2, y - r * (1.33 - 0.29 * k), r * 0.4, r * 0.07, "#7a929a", None, 3 * s.u)
    for k in (-0.7, 0.7):
        s.disc(x + k * r, y - r * 0.06, r * 0.17, "#2a3440")
        s.disc(x + k * r, y - r * 0.06, r * 0.07, "#b9c6c8")
    s.rect(x - r * 0.1, y - r * 1.9, r * 0.2, r * 0.42, "#7a929a")
    s.rect(x - r * 0.55, y - r * 2.4, r * 1.1, r * 0.62, "#2a3440", None, r * 0.16)
    for k in (-0.24, 0.24):
        s.disc(x + k * r, y - r * 2.12, r * 0.11, "#8fe6f0")
    s.ring(x, y - r * 2.08, r * 0.2, "#8fe6f0", 3 * s.u, None, None, (30, 150))
    s.rect(x - r * 0.3, y - r * 1.66, r * 0.6, r * 0.2, "#d9eef0")
    px = s.w * 0.66
    s.disc(px, s.h * 0.9, 60 * s.u, "#1d3b4c", 0.25, 9 * s.u)
    person(s, px, s.h * 0.9, 215 * s.u, PLUM)
    s.line([(px + 34 * s.u, s.h * 0.63), (px + 66 * s.u, s.h * 0.9)], "#6b4a34", 6 * s.u)


def workshop(s: Scene) -> None:
    """Two robot arms tie a thick rope into a knot; coils hang on the wall behind them."""
    s.fill([(0, 0), (s.w, 0), (s.w, s.h), (0, s.h)], "#53677a", "#394a5c")
    for k in range(12):
        s.line([(s.w * k / 11, 0), (s.w * k / 11, s.h * 0.78)], "#2a3848", 2 * s.u, 0.6)
    for k in range(5):
        x, y = s.w * (0.1 + 0.2 * k), s.h * 0.2
        s.disc(x, y - 46 * s.u, 5 * s.u, "#1d2a36")
        for j in range(4):
            s.ring(x, y, (48 - 6 * j) * s.u, mix(("#d9b070", RED, "#d9b070", TEAL, CREAM)[k],
                                "#2a2018", 0.12 * (j % 2) + 0.1), 6 * s.u)
    s.glow(s.w * 0.5, s.h * 0.5, 270 * s.u, "#ffe6b0", 0.6)
    s.slab(0, s.h * 0.78, s.w, s.h * 0.22, "#a9764a", "#6b4526")
    rope = "#e3c088"
    knot = [(math.sin(t) + 2 * math.sin(2 * t), math.cos(t) - 2 * math.cos(2 * t),
             -math.sin(3 * t)) for t in (math.tau * k / 240 for k in range(241))]
    cx, cy, r = s.w * 0.5, s.h * 0.52, 44 * s.u
    for side in (-1, 1):
        tail = [(cx + side * (70 + 14 * k) * s.u, cy + 76 * s.u + 70 * s.u * math.sin(min(1.57,
                            k / 10))) for k in range(24)]
        s.line(tail, mix(rope, "#3a2a18", 0.5), 23 * s.u)
        s.line(tail, rope, 18 * s.u)
    for _, k in sorted((knot[k][2], k) for k in range(240)):
        (x0, y0, z), (x1, y1, _) = knot[k], knot[k + 1]
        one, two = (cx + x0 * r, cy + y0 * r * 0.86), (cx + x1 * r, cy + y1 * r * 0.86)
        s.disc(*one, 12.5 * s.u, mix(rope, "#3a2a18", 0.6))
        s.disc(*one, 10 * s.u, mix(rope, "#3a2a18", 0.22 - 0.2 * z + (0.2 if k % 6 < 2 else 0)))
        s.disc(*two, 5 * s.u, mix(rope, "#ffffff", 0.2 + 0.15 * z))
    for side, colour in ((-1, ORANGE), (1, TEAL)):
        base, elbow = ((s.w * (0.5 + 0.38 * side), s.h * 0.84),
                       (s.w * (0.5 + 0.33 * side), s.h * 0.4))
        wrist = (s.w * (0.5 + 0.17 * side), s.h * 0.42)
        s.rect(base[0] - 48 * s.u, base[1] - 22 * s.u, 96 * s.u, 40 * s.u, "#2a3440", None, 9 * s.u)
        for one, two, wide in ((base, elbow, 33), (elbow, wrist, 25)):
            s.line([one, two], mix(colour, "#1d2a36", 0.35), wide * s.u)
            s.line([(one[0] - 4 * s.u, one[1] - 3 * s.u), (two[0] - 4 * s.u, two[1] - 3 * s.u)],
                   colour, wide * 0.66 * s.u)
        for joint, size in ((base, 29), (elbow, 25), (wrist, 17)):
            s.ball(*joint, size * s.u, "#56656f")
        for up in (-1, 1):
            s.line([wrist, (wrist[0] - side * 22 * s.u, wrist[1] + up * 24 * s.u),
                    (wrist[0] - side * 48 * s.u, wrist[1] + up * 13 * s.u)], "#2a3440", 8 * s.u)

# fmt: on


# ---------------------------------------------------------------- which painter

Painter = Callable[[Scene], None]

# The first words of a file name -> who paints it, and the light if the name has none.
PAINTERS: dict[str, tuple[Painter, str]] = {
    "ashel-bridge": (bridge, "dusk"),
    "aurora": (aurora, "night"),
    "books": (books, "evening"),
    "bridge": (bridge, "day"),
    "clinic-boat": (clinic_boat, "day"),
    "container-ship": (harbour, "day"),
    "corvane-sound-rotors-below": (sound_section, "deep"),
    "ferry": (ferry_scene, "day"),
    "fog": (fog_scene, "mist"),
    "harbour-bulletin": (harbour, "day"),
    "helix": (helix, "deep"),
    "isometric-town": (isometric, "day"),
    "kelp-forest": (kelp, "deep"),
    "lanterns": (lanterns, "dusk"),
    "lighthouse": (lighthouse, "day"),
    "market": (market, "day"),
    "microscope": (microscope, "deep"),
    "museum": (museum, "evening"),
    "pencils": (pencils, "day"),
    "pool": (pool, "dawn"),
    "port-elsinge-cranes": (harbour, "dawn"),
    "regatta": (regatta, "day"),
    "robot": (robot, "day"),
    "robots": (robot, "dawn"),
    "skyline": (skyline, "night"),
    "stadium": (stadium, "night"),
    "storm": (storm, "storm"),
    "table": (table, "gold"),
    "ternholm-control-cabin": (control_cabin, "dusk"),
    "tidal": (tidal, "day"),
    "tide-chart": (tide_chart, "day"),
    "tram": (tram_scene, "day"),
    "underwater-glider": (glider, "deep"),
    "weather-map": (weather_map, "day"),
}


def paint(name: str, size: tuple[int, int]) -> Image.Image:
    """The picture of that name (no folder, no suffix); LookupError if nobody paints it."""
    fitting = [prefix for prefix in PAINTERS if f"{name}-".startswith(f"{prefix}-")]
    if not fitting:
        raise LookupError(f"no painter for {name}; PAINTERS needs its first words")
    painter, usual_light = PAINTERS[max(fitting, key=len)]
    scene = Scene(name, size, usual_light)
    painter(scene)
    return scene.finish()


# ---------------------------------------------------------------- logos

LETTERS: dict[
    str, tuple[tuple[Point, ...], ...]
] = {  # strokes on a square of 0 to 4, the y axis downwards
    "A": (((0, 4), (2, 0), (4, 4)), ((0.9, 2.6), (3.1, 2.6))),
    "C": (((4, 0.6), (2.8, 0), (1.2, 0), (0, 1.2), (0, 2.8), (1.2, 4), (2.8, 4), (4, 3.4)),),
    "E": (((4, 0), (0, 0), (0, 4), (4, 4)), ((0, 2), (3, 2))),
    "G": (
        (
            (4, 0.6),
            (2.8, 0),
            (1.2, 0),
            (0, 1.2),
            (0, 2.8),
            (1.2, 4),
            (2.8, 4),
            (4, 3),
            (4, 2.2),
            (2.4, 2.2),
        ),
    ),
    "I": (((2, 0), (2, 4)), ((0.8, 0), (3.2, 0)), ((0.8, 4), (3.2, 4))),
    "M": (((0, 4), (0, 0), (2, 2.6), (4, 0), (4, 4)),),
    "H": (((0, 0), (0, 4)), ((4, 0), (4, 4)), ((0, 2), (4, 2))),
    "L": (((0, 0), (0, 4), (3.6, 4)),),
    "Q": (
        ((1.2, 0), (2.8, 0), (4, 1.2), (4, 2.8), (2.8, 4), (1.2, 4), (0, 2.8), (0, 1.2), (1.2, 0)),
        ((2.4, 2.6), (4.2, 4.4)),
    ),
    "S": (
        (
            (3.9, 0.5),
            (2.8, 0),
            (1.2, 0),
            (0.2, 1),
            (1.1, 1.9),
            (2.9, 2.1),
            (3.9, 3),
            (2.8, 4),
            (1.2, 4),
            (0.1, 3.5),
        ),
    ),
    "T": (((0, 0), (4, 0)), ((2, 0), (2, 4))),
    "W": (((0, 0), (1, 4), (2, 1), (3, 4), (4, 0)),),
    "R": (((0, 4), (0, 0), (2.6, 0), (3.7, 1), (2.6, 2.1), (0, 2.1)), ((1.8, 2.1), (3.8, 4))),
    "U": (((0, 0), (0, 2.8), (1.2, 4), (2.8, 4), (4, 2.8), (4, 0)),),
}
# Several of the newsroom's domains begin alike: these marks show a letter of a later word.
INITIALS = {
    "coast-radio.example": "R",
    "corvane-gazette.example": "G",
    "corvane-institute.example": "I",
    "elsinge-university.example": "U",
    "evrenne-matin.example": "M",
    "saltandspoon.example": "S",
    "solmoy-avis.example": "A",
    "assembly.marenholt.example": "C",
}
GROUNDS = ("#1f4e6b", "#7a2f3b", "#2f5d50", "#4a3f74", "#a4532f", "#1d6f78", "#30405c", "#8a6a1f")


def logo(domain: str, size: tuple[int, int]) -> Image.Image:
    """A provider's mark: an initial on a shape, both chosen by the domain."""
    s = Scene(domain, size)
    s.rect(0, 0, s.w, s.h, "#ffffff")
    mark = hashlib.sha256(domain.encode()).digest()
    ground_colour = GROUNDS[mark[0] % len(GROUNDS)]
    accent = (YELLOW, ORANGE, "#8fd0c8")[mark[1] % 3]
    paper, w, shape = rgba(CREAM), s.w / 96, mark[2] % 4
    if shape == 0:
        s.disc(s.w / 2, s.h / 2, 46 * w, ground_colour)
    elif shape == 1:
        s.rect(3 * w, 3 * w, 90 * w, 90 * w, ground_colour, None, 20 * w)
    elif shape == 2:
        s.poly(
            [(4 * w, 4 * w), (92 * w, 4 * w), (92 * w, 58 * w), (48 * w, 94 * w), (4 * w, 58 * w)],
            ground_colour,
        )
    else:
        s.poly(
            [
                (48 * w + 47 * w * math.cos(a * 1.0472), 48 * w + 47 * w * math.sin(a * 1.0472))
                for a in range(6)
            ],
            ground_colour,
        )
    initial = INITIALS.get(domain, domain[0].upper())
    strokes = LETTERS.get(initial)
    if strokes is None:
        raise LookupError(f"no letter for {domain}; LETTERS needs {initial}")
    for dx, dy, colour in ((2.2, 2.2, mix(ground_colour, "#000000", 0.4)), (0, 0, paper)):
        for stroke in strokes:
            points = [((33 + 7.5 * x + dx) * w, (26 + 7.5 * y + dy) * w) for x, y in stroke]
            s.line(points, colour, 6 * w)
            for x, y in (points[0], points[-1]):
                s.disc(x, y, 3 * w, colour)
    waves = [((28 + k) * w, (68 + 2.2 * math.sin(k / 40 * 12.57)) * w) for k in range(41)]
    s.line(waves, accent, 4 * w)
    return s.image.resize(size, Image.Resampling.LANCZOS)


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class Wanted:
    """A picture that a record names: its file and its size in pixels."""

    path: Path
    size: tuple[int, int]
    record: str


def image_lists(record: dict[str, object]) -> Iterator[object]:
    """The values of all `images` keys of a record: its own, its provider's, its related ones'."""
    yield record.get("images")
    provider = record.get("provider")
    if isinstance(provider, dict):
        yield provider.get("images")
    related = record.get("related")
    for entry in related if isinstance(related, list) else []:
        if isinstance(entry, dict):
            yield from image_lists(entry)


def wanted() -> list[Wanted]:
    """The pictures below demo/ that the records name, each once; ValueError if they disagree."""
    found: dict[Path, Wanted] = {}
    for file in sorted([*DEMO.glob("articles/*.md"), *DEMO.glob("organizations/*.md")]):
        record = frontmatter.loads(file.read_text(encoding="utf-8-sig")).metadata
        for images in image_lists(record):
            for image in images if isinstance(images, list) else []:
                url = str(image.get("url", "")) if isinstance(image, dict) else ""
                if not url or url.startswith(("http:", "https:", "//")):
                    continue
                folder = "" if url.startswith("/") else file.parent.relative_to(DEMO).as_posix()
                place = posixpath.normpath(posixpath.join(folder, url.lstrip("/")))
                if place.startswith("..") or "width" not in image or "height" not in image:
                    raise ValueError(f"{file.name}: {url} lies outside demo/ or has no size")
                one = Wanted(DEMO / place, (image["width"], image["height"]), file.name)
                other = found.setdefault(one.path, one)
                if other.size != one.size:
                    raise ValueError(f"{place}: {other.record} and {one.record} differ in its size")
    return [found[path] for path in sorted(found)]


def encode(picture: Image.Image, suffix: str) -> bytes:
    """The bytes of the file: PNG of few colours for marks, WebP of at most LARGEST bytes."""
    if suffix == ".png":
        out = io.BytesIO()
        picture.quantize(48, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        return out.getvalue()
    for quality in range(QUALITY, 30, -4):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= LARGEST:
            break
    return out.getvalue()


def save(one: Wanted) -> int:
    """Draw the picture, write its file and return the number of its bytes."""
    if one.path.suffix == ".png":
        picture = logo(one.path.stem.rpartition("-")[0], one.size)
    else:
        picture = paint(one.path.stem, one.size)
    content = encode(picture, one.path.suffix)
    one.path.parent.mkdir(parents=True, exist_ok=True)
    one.path.write_bytes(content)
    return len(content)


def fault(one: Wanted) -> str | None:
    """What is wrong with the picture's file, if anything."""
    if not one.path.exists():
        return "missing"
    with Image.open(one.path) as picture:
        if picture.size != one.size:
            return f"is {picture.width}x{picture.height}, not {one.size[0]}x{one.size[1]}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw or check; the number of the process's exit."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the demo newsroom.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="draw all again, not only the missing")
    what.add_argument("--check", action="store_true", help="draw nothing, name what is missing")
    options = parser.parse_args(arguments)
    pictures = wanted()
    if options.check:
        faults = [(one, fault(one)) for one in pictures]
        for one, message in faults:
            if message:
                print(f"{one.path.relative_to(DEMO)} ({one.record}): {message}", file=sys.stderr)
        return 1 if any(message for _, message in faults) else 0
    for one in pictures:
        if options.all or not one.path.exists():
            print(f"{one.path.relative_to(DEMO)}: {save(one)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
