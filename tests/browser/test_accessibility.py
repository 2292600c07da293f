"""What axe-core finds on our pages, held against Datasette's own pages of the same database.

Nothing inside our markup, nothing on Datasette's pages that plain Datasette does
not have there, and on pages of our own only what stands in Datasette's base.html.
Knows no content and no design.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import ROOT, serve
from datasette.utils import tilde_encode
from history_site import KEY, make_history
from playwright.sync_api import Browser, expect
from share import share

pytestmark = pytest.mark.browser

# Each fault: rule, tag and classes of the element, whether it stands in our markup.
AXE = """async () => {
    // An element of Datasette 1.0 has a list called `matches`, where axe expects the function.
    for (const element of document.querySelectorAll("*")) {
        if (typeof element.matches !== "function") {
            Object.defineProperty(element, "matches", {value: Element.prototype.matches});
        }
    }
    const {violations} = await axe.run({elementRef: true});
    return violations.flatMap(({id, nodes}) => nodes.map(({element, target, html}) => {
        const place = target.length > 1 ? document.querySelector(target[0]) : element;
        // `region` names the largest element with no landmark in it: ours divides .content.
        const part = id === "region" && element.closest(".content") || element;
        const name = [part.localName, ...part.classList].join(".");
        return {
            rule: id, html,
            name: target.length > 1 ? `${target[0]} > ${name}` : name,
            ours: Boolean(place.closest("[class*=newsfeed]:not(body)")),
        };
    }));
}"""

Look = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db) as url:
        yield url


@pytest.fixture(scope="module")
def plain_site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db, plugins=False) as url:
        yield url


@pytest.fixture(scope="module")
def look(browser: Browser) -> Look:
    """Returns the faults that axe-core finds on a page, frames included."""

    def look_at(url: str, width: int = 1280, scheme: Any = "light") -> list[dict[str, Any]]:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        try:
            response = page.goto(url, wait_until="load")
            assert response is not None
            assert response.status == 200, url
            for frame in page.frames:
                frame.evaluate(AXE_SCRIPT)
            faults: list[dict[str, Any]] = page.evaluate(AXE)
            return faults
        finally:
            page.close()

    return look_at


@pytest.fixture(scope="module")
def pages(demo_db: Path) -> dict[str, str]:
    with closing(sqlite3.connect(demo_db)) as connection:

        def most(sql: str) -> str:
            return tilde_encode(str(connection.execute(sql).fetchone()[0]))

        video = most(
            "select id from articles where featured_content like '%youtube%' and image_id <> ''"
        )
        provider = most("select provider_id from articles group by 1 order by count(*) desc")
        topic = most("select topic from article_topics group by 1 order by count(*) desc")
        article = most(
            "select article_id from related_articles where related_id <> '' group by 1"
            " order by count(*) desc"
        )
        story = most("select id from stories order by size desc, id")
    return {
        "home": "/",
        "database": "/demo",
        # A few rows: fifty of the same kind take axe-core six seconds.
        "cards": "/demo/articles?_size=9",
        "chosen": "/demo/articles?_size=9&_search=the&type=article",
        "nothing": "/demo/articles?_size=9&title=No+article+is+called+so",
        "table": "/demo/articles?_size=9&_layout=table",
        "article": f"/demo/articles/{article}",
        "video": f"/demo/articles/{video}",
        "provider": f"/demo/providers/{provider}",
        "topic": f"/demo/topics/{topic}",
        "story": f"/demo/stories/{story}",
        "stories": "/demo/stories",
        "headlines": "/demo/articles?_size=9&is_headline=1&story_id__notblank=1",
        "topics": "/demo/topics",
        "providers": "/demo/providers",
        "until": "/demo/articles?_size=3&published_at__gte=2022-09-01&published_at__lt=2025-09-01"
        "&_from_period=2024-03",
        "compare": "/demo/-/newsfeed/compare?s=_search%3Dferry&s=type%3Dvideo",
        "compare nothing": "/demo/-/newsfeed/compare",
        "list": f"/demo/-/newsfeed/list?id={video}&id={article}&title=A+list&note=Of+two",
        "no list": "/demo/-/newsfeed/list",
        "feed": "/demo/articles.feed?type=video",
    }


SCHEMES = ("light", "dark")
WIDE_ONES = [(1400, "light"), (1400, "dark")]

HISTORY_PAGES = {
    "changes": "/news/article_changes",
    "changed": f"/news/articles/{KEY}",
    "history": f"/news/-/newsfeed/history?id={KEY}",
    "versions": f"/news/-/newsfeed/history?id={KEY}&from=1&to=3",
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with serve(make_history(tmp_path_factory.mktemp("history"))) as url:
        yield url


def _names(faults: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(fault["rule"], fault["name"]) for fault in faults}


@pytest.mark.parametrize(
    "name",
    share(
        [
            *("home", "cards", "database", "table", "article", "video", "provider", "topic"),
            *("story", "stories", "headlines", "topics", "providers", "until"),
        ]
    ),
)
def test_a_page_has_no_fault_that_plain_datasette_has_not(
    look: Look, site: str, plain_site: str, pages: dict[str, str], name: str
) -> None:
    found = look(site + pages[name])
    assert [fault for fault in found if fault["ours"]] == []
    if found:
        plain = look(plain_site + pages[name].replace("&_layout=table", ""))
        assert _names(found) <= _names(plain)


@pytest.mark.parametrize("name", ["chosen", "article", "story", "stories", "topics", "until"])
def test_our_part_of_a_page_has_no_fault_on_a_phone(
    look: Look, site: str, pages: dict[str, str], name: str
) -> None:
    assert [fault for fault in look(site + pages[name], width=360) if fault["ours"]] == []


@pytest.mark.parametrize(
    ("query", "scheme"), [("", "light"), ("?q=the&page=2", "light"), ("?q=the", "dark")]
)
def test_the_search_page_has_no_fault(look: Look, site: str, query: str, scheme: str) -> None:
    found = look(f"{site}/demo/-/newsfeed/search{query}", scheme=scheme)
    assert _names(found) == set()


@pytest.mark.parametrize(
    "width", share([(360, "light"), (360, "dark"), (800, "dark"), (800, "light"), *WIDE_ONES])
)
def test_the_comparison_has_no_fault(
    look: Look, site: str, pages: dict[str, str], width: tuple[int, str]
) -> None:
    found = look(site + pages["compare"], *width)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["compare nothing", "list", "no list", "feed"])
def test_a_page_of_our_own_has_no_fault(
    look: Look, site: str, pages: dict[str, str], name: str, scheme: str
) -> None:
    width = 360 if (scheme == "dark") == (name in ("list", "feed")) else 1280
    assert look(site + pages[name], width, scheme) == []


@pytest.mark.parametrize(
    ("name", "scheme"), share([(name, each) for name in HISTORY_PAGES for each in SCHEMES])
)
def test_what_changed_has_no_fault(look: Look, history: str, name: str, scheme: str) -> None:
    width = 360 if scheme == "dark" else 1280
    found = look(history + HISTORY_PAGES[name], width, scheme)
    assert [each for each in found if each["ours"]] == []


def test_the_table_of_changes_does_not_widen_the_page(browser: Browser, history: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{history}/news/article_changes")
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    page.close()


@pytest.mark.parametrize(
    "name",
    [
        *("nothing", "table"),
        *share(["home", "cards", "article", "topic", "stories", "database", "topics", "until"]),
    ],
)
def test_in_the_dark_everything_can_be_read(
    look: Look, site: str, pages: dict[str, str], name: str
) -> None:
    """What Datasette itself draws as well, whose colours are replaced."""
    found = look(site + pages[name], scheme="dark")
    assert [each for each in found if each["ours"] or each["rule"] == "color-contrast"] == []


CONTRAST = """() => {
    const luminance = (colour) => {
        const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
        const [r, g, b] = parts.map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const link = document.activeElement, style = getComputedStyle(link);
    const shades = [luminance(style.color), luminance(style.backgroundColor)];
    const ratio = (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
    return [link.textContent, ratio];
}"""
"""The contrast of what has the focus, as WCAG 2.2 has it (1.4.3)."""


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_links_that_skip_can_be_read(
    browser: Browser, site: str, pages: dict[str, str], scheme: Any
) -> None:
    """axe does not look at them: without the focus they are not seen."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto(site + pages["cards"])
    for words in ("Skip to the articles", "Skip to the filters"):
        page.locator(".newsfeed-skip", has_text=words).focus()
        text, ratio = page.evaluate(CONTRAST)
        assert text == words
        assert ratio >= 4.5, words
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#newsfeed-filters$"))
    page.close()


def test_axe_finds_what_is_there_to_be_found(look: Look, plain_site: str) -> None:
    """A search for faults that finds none anywhere would prove nothing."""
    assert ("label", "input.filter-value") in _names(look(f"{plain_site}/demo/articles?_size=1"))


# -- colours ------------------------------------------------------------------

CSS = ROOT / "datasette_newsfeed" / "static" / "newsfeed.css"
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|lab|color)\(", re.I)


def test_every_colour_is_a_variable() -> None:
    css = re.sub(r"/\*.*?\*/", "", CSS.read_text(encoding="utf-8"), flags=re.S)
    lines = [line.strip() for line in css.splitlines() if COLOUR.search(line)]
    assert lines
    assert [line for line in lines if not line.startswith("--newsfeed-")] == []
