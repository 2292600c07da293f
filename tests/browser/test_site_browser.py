"""The demo newsroom in a real browser, as `datasette demo.db` shows it: no metadata file.

Each page must show its images without any network, keep to the window, and leave
nothing in the browser's console. Knows the demo's tables, none of its articles.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browser import Visit, serve
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser

WIDE, PHONE = 1280, 360
Open = Callable[..., Visit]

# The newest article that relates to another one of the archive, which says so too.
PAIR = """
select there.article_id, there.related_id
from related_articles as there
  join related_articles as back
    on back.article_id = there.related_id and back.related_id = there.article_id
  join articles on articles.id = there.article_id
where there.article_id <> there.related_id
order by articles.published_at desc limit 1"""


@pytest.fixture(scope="module")
def site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Open]:
    """Opens a page in a window of a width; in the end nothing may have gone wrong in any."""
    visits: list[Visit] = []

    def open_page(path: str, width: int = WIDE) -> Visit:
        page = browser.new_page(viewport={"width": width, "height": 900})
        visits.append(Visit(page, site))
        visits[-1].open(path)
        return visits[-1]

    yield open_page
    for each in visits:
        each.page.close()
    for each in visits:
        each.assert_clean()


def _pair(db: Path) -> tuple[str, str]:
    with closing(sqlite3.connect(db)) as connection:
        found: tuple[str, str] = connection.execute(PAIR).fetchone()
        return found


@pytest.fixture(scope="module")
def pages(demo_db: Path) -> dict[str, str]:
    article, _ = _pair(demo_db)
    with closing(sqlite3.connect(demo_db)) as connection:
        (topic,) = connection.execute(
            "select topic from article_topics group by topic order by count(*) desc limit 1"
        ).fetchone()
        (provider,) = connection.execute(
            "select provider_id from articles group by provider_id order by count(*) desc limit 1"
        ).fetchone()
    return {
        "home": "/",
        "database": "/demo",
        "articles": "/demo/articles",
        "article": f"/demo/articles/{article}",
        "providers": "/demo/providers",
        "provider": f"/demo/providers/{provider.replace('.', '~2E')}",
        "topics": "/demo/topics",
        "topic": f"/demo/topics/{topic.replace(' ', '+')}",
        "images": "/demo/images",
    }


PAGES = (
    "home",
    "database",
    "articles",
    "article",
    "providers",
    "provider",
    "topics",
    "topic",
    "images",
)
WITHOUT_IMAGES = ("topics",)


def test_from_the_front_page_to_an_article_and_on_to_a_related_one_and_back(
    visit: Open, demo_db: Path
) -> None:
    first, second = _pair(demo_db)
    here = visit("/")
    every = re.compile(r"^All [\d,]+ articles, newest first$")
    here.page.get_by_role("link", name=every).first.click()
    expect(here.page).to_have_url(re.compile(r"/demo/articles\b"))
    here.page.locator(f'a[href$="/demo/articles/{first}"]').first.click()
    expect(here.page).to_have_url(re.compile(rf"/demo/articles/{re.escape(first)}$"))
    expect(here.page.locator(".newsfeed-article img").first).to_be_visible()

    related = here.page.locator(".newsfeed-related")
    card = related.locator(
        ".newsfeed-card",
        has=here.page.locator(f'.newsfeed-card-title a[href$="/articles/{second}"]'),
    )
    expect(card.locator("time").first).to_be_visible()
    expect(card.locator(".newsfeed-provider")).to_be_visible()
    card.locator(f'a[href$="/articles/{second}"]').click()
    expect(here.page).to_have_url(re.compile(rf"/demo/articles/{re.escape(second)}$"))

    back = here.page.locator(f'.newsfeed-related a[href$="/articles/{first}"]')
    back.click()
    expect(here.page).to_have_url(re.compile(rf"/demo/articles/{re.escape(first)}$"))


@pytest.mark.parametrize("name", PAGES)
def test_every_image_is_displayed_without_any_network_and_moves_nothing(
    visit: Open, pages: dict[str, str], name: str
) -> None:
    here = visit(pages[name])
    boxes = "map(e => e.getBoundingClientRect()).map(box => [box.width, box.height])"
    before = here.each(".newsfeed img", boxes)
    assert here.broken_images() == []
    assert here.each(".newsfeed img", boxes) == before
    if name not in WITHOUT_IMAGES:
        assert here.each("img", "length")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_ours_reaches_beyond_a_phone(
    visit: Open, pages: dict[str, str], name: str
) -> None:
    here = visit(pages[name], width=PHONE)
    assert here.each("[class^=newsfeed]", "length")
    # A wide table scrolls within a box of its own; that box keeps to the window.
    assert here.overflowing(".newsfeed, .newsfeed *:not(.newsfeed-scroll *)") == []
    assert here.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("table", ["article_changes", "related_articles", "images"])
def test_the_definition_of_a_table_keeps_to_a_phone(visit: Open, table: str) -> None:
    here = visit(f"/demo/{table}", width=PHONE)
    assert here.page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


COVERED = """
() => {
  const covered = [];
  for (const each of document.querySelectorAll("a[href], button, input:not([type=hidden])")) {
    if (!each.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (getComputedStyle(each).clipPath !== "none") continue; // unseen until it has the focus
    if (each.closest("details:not([open]) > :not(summary)")) continue;
    each.scrollIntoView({block: "center"});
    const boxes = [...each.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    const isHit = (box) => {
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return hit && (each.contains(hit) || hit.contains(each) && hit.closest("label"));
    };
    const seen = boxes.filter((box) => box.right > 0 && box.left < innerWidth);
    if (seen.length && !seen.some(isHit)) covered.push(each.outerHTML.slice(0, 200));
  }
  return covered;
}"""
"""Links and buttons whose middle belongs to something else. The bars of a timeline, which SVG
draws, are no boxes."""


@pytest.mark.parametrize("width", [PHONE, 800, 900, 1100, 1400])
@pytest.mark.parametrize(
    "path",
    [
        *("/demo", "/demo/articles", "/demo/topics", "/demo/-/newsfeed/search?q=the"),
        "/demo/articles?published_at__gte=2024-01-01&published_at__lt=2025-01-01",
        "/demo/articles?published_at__gte=2024-01-01&published_at__lt=2025-01-01"
        "&_from_period=2024-04",
    ],
)
def test_nothing_lies_over_a_link(visit: Open, path: str, width: int) -> None:
    page = visit(path, width).page
    found = page.evaluate(COVERED)
    assert [each for each in found if "newsfeed-skip" not in each] == []


def test_a_list_keeps_its_words_and_loses_what_is_removed(visit: Open) -> None:
    page = visit("/demo/articles").page
    first, second = (page.locator("[data-newsfeed-id]").nth(place) for place in (0, 1))
    first.click()
    second.click()
    link = page.locator("[data-newsfeed-list]")
    expect(link).to_have_text("List (2)")
    link.click()
    page.get_by_text("Change this list").click()
    page.get_by_label("Title").fill("Two of them")
    page.get_by_label("Note").fill("A & b")
    page.get_by_role("button", name="Show the list").click()
    expect(page.locator("h1")).to_have_text("Two of them")
    # From elsewhere the same list, with its words.
    expect(link).to_have_attribute("href", re.compile("title=Two"))
    page.goto(page.url.partition("/demo/")[0] + "/demo/topics")
    page.locator("[data-newsfeed-list]").click()
    expect(page.locator("h1")).to_have_text("Two of them")
    expect(page.locator(".newsfeed-note")).to_have_text("A & b")
    expect(page.locator(".newsfeed-list > li")).to_have_count(2)
    remove = page.locator(".newsfeed-list [data-newsfeed-id]").first
    # The script has run: before, it is a link to a list of this article.
    expect(remove).to_have_attribute("aria-pressed", "true")
    remove.click()
    expect(page.locator(".newsfeed-list > li")).to_have_count(1)
    expect(page.locator("[data-newsfeed-list]")).to_have_text("List (1)")
    expect(page.locator("h1")).to_have_text("Two of them")


def test_the_front_page_of_several_archives_adds_to_the_list_of_each(
    browser: Browser, demo_db: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    shutil.copy(demo_db, other)
    with serve(demo_db, other) as url:
        page = browser.new_page()
        page.goto(url)
        add = page.locator("[data-newsfeed-id][href^='/other/']").first
        add.click()
        expect(add).to_have_attribute("aria-pressed", "true")
        page.goto(f"{url}/other/articles")
        expect(page.locator("[data-newsfeed-list]")).to_have_text("List (1)")
        page.goto(f"{url}/demo/articles")
        expect(page.locator("[data-newsfeed-list]")).to_have_text("List")
        page.close()


def test_days_and_values_are_chosen_by_one_button(visit: Open) -> None:
    page = visit("/demo/articles").page
    page.locator('.newsfeed-facets input[type="checkbox"]').first.check()
    page.get_by_label("From", exact=True).fill("2024-01-01")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**published_at__gte=2024-01-01**")
    expect(page.locator(".newsfeed-facets input:checked")).to_have_count(1)


def test_a_word_that_was_searched_for_is_marked_in_the_article(visit: Open) -> None:
    page = visit("/demo/-/newsfeed/search?q=passengers").page
    page.locator(".newsfeed-hit-title a").first.click()
    page.wait_for_url("**/demo/articles/**")
    # What a browser marks is no place in the page, and is nothing to its scripts.
    assert page.evaluate("location.hash") == ""
    expect(page.get_by_text("Back to the list")).to_be_visible()
