"""Takes the pictures of the README from the demo newsroom: `make shots`.

Knows which pages are worth a picture, nothing of how they are made.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from browser import LAUNCH_OPTIONS, ROOT, Visit, find_browser, serve
from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = ROOT / "docs" / "images"
SIZE = {"width": 1200, "height": 900}
COLOURS = 256
# An article with an image, a text and as many related articles as any.
BEST = """
select articles.id from articles
  join related_articles on related_articles.article_id = articles.id
where articles.body is not null and articles.image_id is not null
  and related_articles.related_id is not null
group by articles.id order by count(*) desc, articles.published_at desc limit 1"""

LARGEST = "select id from stories order by size desc, last_published_at desc limit 1"


def shots(demo: Path) -> dict[str, str]:
    """The pages to show, by the name of their picture."""
    with closing(sqlite3.connect(f"{demo.as_uri()}?mode=ro", uri=True)) as db:
        (article,) = db.execute(BEST).fetchone()
        (story,) = db.execute(LARGEST).fetchone()
    return {
        "articles": "/demo/articles",
        "front": "/demo",
        "article": f"/demo/articles/{article}",
        "story": f"/demo/stories/{story}",
    }


def shrink(picture: Path) -> None:
    """Write a picture again with a palette: a third of the bytes in every clone."""
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


def main() -> int:
    """Take all pictures. Returns 1 where there is no browser."""
    path = find_browser()
    if path is None:
        print("No Chrome or Chromium here", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    demo = ROOT / "demo.db"
    with sync_playwright() as playwright, serve(demo, "-m", ROOT / "metadata.yml") as url:
        browser = playwright.chromium.launch(executable_path=path, args=list(LAUNCH_OPTIONS))
        for name, address in shots(demo).items():
            visit = Visit(browser.new_page(viewport=SIZE, color_scheme="light"), url)
            visit.open(address)
            visit.see_everything()
            picture = FOLDER / f"{name}.png"
            visit.page.screenshot(path=picture)
            shrink(picture)
            print(picture.relative_to(ROOT), f"{picture.stat().st_size:,} bytes")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
