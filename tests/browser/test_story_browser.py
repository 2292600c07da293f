"""The way through the demo's stories in a real browser: by mouse, on a phone, by keyboard.

From the headlines to a card that says "and N more", to the story, to one of its articles
and back. Knows the demo's tables, none of its stories.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import LAUNCH_OPTIONS, Visit, serve
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

WIDE, PHONE = 1280, 360
Open = Callable[..., Visit]


@dataclass(frozen=True)
class Told:
    """A story as the database has it: its members in order of time."""

    key: str
    headline: str
    members: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"/demo/stories/{self.key}"


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=list(LAUNCH_OPTIONS)
            )
        except Error as error:
            pytest.skip(f"{browser_path} does not start: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Open]:
    """Opens a page in a window of a width; in the end nothing may have gone wrong in any."""
    visits: list[Visit] = []

    def go(path: str, width: int = WIDE, **options: object) -> Visit:
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        visits.append(Visit(page, site))
        visits[-1].open(path)
        return visits[-1]

    yield go
    for each in visits:
        each.page.close()
    for each in visits:
        each.assert_clean()


@pytest.fixture(scope="module")
def story(demo_db: Path) -> Told:
    """The largest story that its first article does not lead."""
    with closing(sqlite3.connect(demo_db)) as db:
        key, headline = db.execute(
            "select id, headline_id from stories where id <> headline_id order by size desc, id"
        ).fetchone()
        sql = "select id from articles where story_id = ? order by published_at, id"
        members = tuple(row[0] for row in db.execute(sql, [key]))
    return Told(key, headline, members)


def _card(page: Page, key: str) -> str:
    # Behind a question mark is the way back to a narrowed list.
    link = f'a:is([href$="/articles/{key}"], [href*="/articles/{key}?"])'
    return f".newsfeed-card:has(.newsfeed-card-title {link})"


def _walk(here: Visit, story: Told) -> None:
    """From the articles to the headlines, the story, its last article and back."""
    page = here.page
    filters = page.get_by_role("button", name="Filters")
    if filters.is_visible():
        filters.click()
    page.get_by_role("link", name=re.compile(r"^Headlines \d")).click()
    expect(page).to_have_url(re.compile(r"[?&]is_headline=1"))
    for key in story.members:
        expect(page.locator(_card(page, key))).to_have_count(int(key == story.headline))
    more = page.locator(f"{_card(page, story.headline)} .newsfeed-mark-story")
    expect(more).to_contain_text(f"and {len(story.members) - 1} more")
    expect(more).to_contain_text("computed")
    more.click()
    expect(page).to_have_url(re.compile(rf"{re.escape(story.path)}$"))
    links = page.locator(".newsfeed-course .newsfeed-card-title a")
    expect(links).to_have_count(len(story.members))
    shown = links.evaluate_all("links => links.map(link => link.pathname.split('/').pop())")
    assert tuple(shown) == story.members
    expect(page.locator(".newsfeed-story")).to_contain_text("computed")
    links.last.click()
    expect(page).to_have_url(re.compile(rf"/articles/{re.escape(story.members[-1])}$"))
    page.get_by_role("link", name=re.compile(r"^All \d+ articles of this story")).click()
    expect(page).to_have_url(re.compile(rf"{re.escape(story.path)}$"))
    page.get_by_role("link", name="All stories").click()
    expect(page.locator(f'.newsfeed-hit-title a[href$="{story.path}"]')).to_be_visible()


def test_from_the_headlines_to_a_story_to_a_member_and_back(visit: Open, story: Told) -> None:
    _walk(visit("/demo/articles?_size=max"), story)


def test_a_phone_without_javascript_does_the_same(visit: Open, story: Told) -> None:
    _walk(visit("/demo/articles?_size=max", PHONE, java_script_enabled=False), story)


def test_the_keyboard_alone_leads_from_a_card_to_the_story_and_to_an_article(
    visit: Open, story: Told
) -> None:
    page = visit(f"/demo/articles?story_id={story.key}&is_headline=1&_nofacet=1").page
    for selector, address in (
        (".newsfeed-mark-story", story.path),
        (".newsfeed-course .newsfeed-card-title a", f"/articles/{story.members[0]}"),
    ):
        page.locator(selector).first.wait_for()
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches('{selector}')"):
                break
        style = "getComputedStyle(document.activeElement.closest('.newsfeed-card') || 0)"
        outlines = page.evaluate(
            f"[getComputedStyle(document.activeElement).outlineStyle, {style}.outlineStyle]"
        )
        assert "solid" in outlines
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{address}")


def test_any_members_address_shows_the_story(visit: Open, story: Told) -> None:
    for key in story.members:
        here = visit(f"/demo/stories/{key}")
        expect(here.page).to_have_url(re.compile(rf"{re.escape(story.path)}$"))


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_images_come_and_nothing_reaches_beyond_the_window(
    visit: Open, story: Told, width: int
) -> None:
    here = visit("", width)
    for path in (story.path, "/demo/stories", f"/demo/articles/{story.headline}"):
        here.open(path)
        assert here.broken_images() == []
        assert here.overflowing(".newsfeed, .newsfeed *") == []
        wide, seen = here.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= seen, path
