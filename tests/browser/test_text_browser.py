"""Texts and pictures in a real browser: tables that scroll, posters, copies that fit their place.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from browser import serve
from pages_site import rendition
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page
from share import share

from datasette_newsfeed import schema
from datasette_newsfeed.image_urls import image_id

pytestmark = pytest.mark.browser

WIDTHS = (160, 480, 960)
"""Pixels of the stored copies of each picture, which is 1600 wide and 900 high."""

COLUMNS = ("Municipality", "Inhabitants", "Harbour", "Temperature", "Precipitation", "Remarks")
TABLE = "\n".join(
    ("| " + " | ".join(row) + " |")
    for row in (COLUMNS, ("---",) * 6, *(COLUMNS[::-1] for _ in range(3)))
)
HTML_ROW = "<tr>" + "".join(f"<td>{cell}" for cell in COLUMNS)
HTML_TABLE = f"<table>{3 * HTML_ROW}</table>"
POSTER = "https://pictures.example/missing.jpg"
VIDEO = '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>'


def build(path: Path) -> Path:
    """Twelve articles with pictures, the first with tables, one with a video without poster."""
    db = sqlite_utils.Database(path)
    schema.create(db)
    db.table("providers").insert({"domain": "strait.example", "name": "The Strait Observer"})
    for number in range(12):
        key = f"2024-03-{20 - number:02}-kite"
        url = f"https://pictures.example/{number}.png"
        if number == 1:
            url = POSTER
        else:
            copies = [rendition(url, width, width * 9 // 16) for width in WIDTHS]
            db.table("image_renditions").insert_all(copies)
        db.table("images").insert({"id": image_id(url), "url": url, "width": 1600, "height": 900})
        row = dict.fromkeys(schema.ARTICLES.column_names)
        row |= {"id": key, "title": f"A kite over the strait, number {number}", "is_headline": 1}
        row |= {"published_at": f"2024-03-{20 - number:02}T07:00:00Z", "image_id": image_id(url)}
        row |= {"provider_id": "strait.example", "excerpt": "A kite pulls power out of the tide."}
        row |= {"body": f"{TABLE}\n\nBetween.\n\n{HTML_TABLE}"} if number == 0 else {}
        row |= {"featured_content": VIDEO} if number == 1 else {}
        db.table("articles").insert(row)
        pictures = [{"article_id": key, "position": 0, "image_id": image_id(url)}]
        db.table("article_images").insert_all(pictures)
    fellows = [{"article_id": "2024-03-20-kite", "position": n} for n in range(4)]
    for number, each in enumerate(fellows):
        related = dict.fromkeys(schema.RELATED_ARTICLES.column_names)
        related |= {**each, "related_id": f"2024-03-{17 - number}-kite", "title": "Kites again"}
        db.table("related_articles").insert(related)
    db.close()
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(build(tmp_path_factory.mktemp("text") / "news.db")) as url:
        yield url


def open_page(browser: Browser, url: str, width: int, scale: float = 1) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, device_scale_factor=scale, reduced_motion="reduce"
    )
    page.goto(url)
    return page


@pytest.mark.parametrize("width", [360, 1400])
def test_a_wide_table_scrolls_and_keeps_its_words_whole(
    browser: Browser, site: str, width: int
) -> None:
    page = open_page(browser, f"{site}/news/articles/2024-03-20-kite", width)
    frames = page.locator(".newsfeed-body .newsfeed-scroll")
    assert frames.count() == 2
    for number in range(2):
        frame = frames.nth(number)
        cells: list[dict[str, Any]] = frame.evaluate(
            """frame => [...frame.querySelectorAll("th, td")].map(cell => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return {words: cell.textContent, lines: range.getClientRects().length};
            })"""
        )
        assert [cell for cell in cells if cell["lines"] != 1] == []
        box = frame.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        if width == 360:
            assert frame.evaluate("frame => frame.scrollWidth > frame.clientWidth")
            frame.focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_function("frame => frame.scrollLeft > 0", arg=frame.element_handle())
    page.close()


def test_a_missing_poster_is_no_broken_icon(browser: Browser, site: str) -> None:
    """The player's frame looks the same as without any poster, but for its words."""
    page = browser.new_page(viewport={"width": 700, "height": 900})
    page.route("https://pictures.example/**", lambda route: route.abort())
    page.goto(f"{site}/news/articles/2024-03-19-kite")
    page.wait_for_timeout(300)
    frame = page.locator("iframe.newsfeed-player")
    broken = frame.screenshot()
    page.frame_locator("iframe.newsfeed-player").locator("img").evaluate("image => image.remove()")
    assert _differing(frame.screenshot(), broken) < 100  # pixels, of round edges
    page.close()


def _differing(one: bytes, other: bytes) -> int:
    """How many pixels of two screenshots differ visibly."""
    images = [Image.open(BytesIO(each)).convert("L") for each in (one, other)]
    visible = ImageChops.difference(*images).point(lambda level: 255 * (level > 24))
    return visible.tobytes().count(255)


MEASURED = """async () => {
    const images = [...document.querySelectorAll(".newsfeed-picture img[srcset]")];
    for (const image of images) {
        image.loading = "eager";
        await image.decode().catch(() => null);
    }
    return images.map(image => {
        const box = image.getBoundingClientRect();
        return {
            sizes: image.sizes,
            shown: Math.max(box.width, box.height * 16 / 9) * devicePixelRatio,
            copy: Number(/\\/(\\d+)\\?/.exec(image.currentSrc)[1]),
        };
    });
}"""


@pytest.mark.parametrize("width", share([360, 560, 620, 800, 1100, 1400, 1900]))
def test_a_picture_is_as_large_as_the_place_it_has(browser: Browser, site: str, width: int) -> None:
    paths = ("/", "/news/articles", "/news/articles/2024-03-20-kite")
    paths += ("/news/providers/strait~2Eexample", "/news/-/newsfeed/search?q=kite")
    count = 0
    for scale in (1, 2):
        for path in paths:
            page = open_page(browser, site + path, width, scale)
            measured = page.evaluate(MEASURED)
            page.close()
            for image in measured:
                wanted = next((w for w in WIDTHS if w >= image["shown"] * 0.95), WIDTHS[-1])
                assert image["copy"] >= wanted, (path, scale, image)
            count += len(measured)
    assert count >= 40
