"""Exploring the demo newsroom in a real browser: facets, time, words, pages, and back.

What a page shows must be what SQL says, whether it was reached by mouse, by keyboard,
without JavaScript or by an address somebody sent. Knows the demo's tables, none of
its articles.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

import http.client
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from browser import ROOT, Visit, serve
from click.testing import CliRunner
from datasette.utils import tilde_decode, tilde_encode
from pages_site import build_archive
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect
from share import share

from datasette_newsfeed.cli import newsfeed

pytestmark = pytest.mark.browser

WIDE, PHONE = 1280, 360
# Ten cards say as much as fifty, in a fifth of the time.
PAGE = 10
ARTICLES = f"/demo/articles?_size={PAGE}"
Open = Callable[..., Visit]

# The player's frame needs both, and what it asks for comes from another site.
SANDBOX = "allow-scripts and allow-same-origin"


@pytest.fixture(scope="module")
def site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Open]:
    """Opens a page in a window of its own; in the end nothing may have gone wrong in any."""
    visits: list[Visit] = []

    def open_page(path: str, width: int = WIDE, base: str = site, **more: Any) -> Visit:
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)
        page.set_default_timeout(15_000)
        visits.append(Visit(page, base))
        if path:
            visits[-1].open(path)
        return visits[-1]

    yield open_page
    for each in visits:
        each.page.context.close()
    for each in visits:
        each.complaints = [words for words in each.complaints if SANDBOX not in words]
        each.assert_clean()


# -- what SQL says ------------------------------------------------------------


def _ask(db: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql, values).fetchall()


@dataclass
class Selection:
    """Articles as a reader narrows them down, and the SQL of it."""

    db: Path
    topics: list[str] = field(default_factory=list)
    month: str | None = None
    words: str | None = None

    def _where(self) -> tuple[str, list[Any]]:
        parts, values = ["1"], []
        for topic in self.topics:
            parts.append("id in (select article_id from article_topics where topic = ?)")
            values.append(topic)
        if self.month:
            parts.append("substr(published_at, 1, 7) = ?")
            values.append(self.month)
        if self.words:
            parts.append("rowid in (select rowid from articles_fts where articles_fts match ?)")
            values.append(f'"{self.words}"')
        return " and ".join(parts), values

    def ids(self, page: int = 1) -> list[str]:
        where, values = self._where()
        sql = f"select id from articles where {where} order by published_at desc, id limit ?, ?"
        return [row[0] for row in _ask(self.db, sql, *values, PAGE * (page - 1), PAGE)]

    def count(self) -> int:
        where, values = self._where()
        return int(_ask(self.db, f"select count(*) from articles where {where}", *values)[0][0])

    def by_topic(self) -> dict[str, int]:
        where, values = self._where()
        sql = f"""select topic, count(*) from article_topics
            where article_id in (select id from articles where {where}) group by topic"""
        return dict(_ask(self.db, sql, *values))

    def by_type(self) -> dict[str, int]:
        where, values = self._where()
        return dict(
            _ask(self.db, f"select type, count(*) from articles where {where} group by 1", *values)
        )

    def by_time(self) -> list[int]:
        """The counts of the months, or of the days once a month is chosen."""
        where, values = self._where()
        sql = f"""select count(*) from articles where {where}
            group by substr(published_at, 1, ?) order by substr(published_at, 1, ?)"""
        length = 10 if self.month else 7
        return [row[0] for row in _ask(self.db, sql, *values, length, length)]


def _shown_ids(here: Visit) -> list[str]:
    hrefs = here.page.locator(".newsfeed-cards .newsfeed-card-title a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    # Behind the question mark is the way back to this list.
    return [tilde_decode(href.partition("?")[0].rpartition("/")[2]) for href in hrefs]


def _shown_counts(here: Visit, facet: str) -> dict[str, int]:
    rows = here.page.locator(f"#facet-{facet} li")
    labels = rows.locator(".newsfeed-facet-label").all_text_contents()
    counts = rows.locator(".newsfeed-facet-count").all_text_contents()
    return {
        label.strip(): int(count.replace(",", ""))
        for label, count in zip(labels, counts, strict=True)
    }


def _assert_shows(here: Visit, selection: Selection, page: int = 1) -> None:
    """Rows, their number, the facets and the bars are those that SQL says."""
    count = selection.count()
    summary = here.page.locator(".newsfeed-listing-count").inner_text()
    assert re.match(rf"{count:,} articles?\b", summary), summary
    shown = selection.ids(page)
    assert _shown_ids(here) == shown
    if count > PAGE:
        first = PAGE * (page - 1) + 1
        place = f"{first}–{first + len(shown) - 1} of {count:,}"
        expect(here.page.locator(".newsfeed-pages")).to_contain_text(place)
    assert _shown_counts(here, "topics") == selection.by_topic()
    if page == 1:  # on the others Datasette's own facets count what is left from there on
        assert _shown_counts(here, "type") == selection.by_type()
    bars = here.page.locator(".newsfeed-timeline tbody td").all_text_contents()
    if bars:  # a single period is no picture
        assert [int(bar) for bar in bars if bar != "0"] == selection.by_time()


Steps = tuple[str, str, str, str]


def _steps(db: Path) -> Steps:
    """Two topics, a month and a word that leave some articles at each step."""
    for first, month, second, title in _ask(
        db,
        """select one.topic, substr(published_at, 1, 7), other.topic, articles.title
        from articles join article_topics as one on one.article_id = articles.id
          join article_topics as other on other.article_id = articles.id
        where one.topic <> other.topic and published_at <> ''
        order by (select count(*) from articles as same
            join article_topics on article_topics.article_id = same.id
            where substr(same.published_at, 1, 7) = substr(articles.published_at, 1, 7)
              and article_topics.topic = one.topic) desc, articles.id, other.topic""",
    ):
        if words := re.findall(r"\b[a-z]{5,}\b", title):
            return first, month, second, words[0]
    raise AssertionError("no article here has two topics")


@pytest.fixture(scope="module")
def steps(demo_db: Path) -> Steps:
    return _steps(demo_db)


MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _in_words(month: str) -> str:
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def _facet_link(page: Page, facet: str, label: str) -> Locator:
    name = page.locator(".newsfeed-facet-label", has_text=re.compile(f"^{re.escape(label)}$"))
    return page.locator(f"#facet-{facet} li a").filter(has=name)


def _follow(link: Locator) -> None:
    """Click and wait for the page that comes: the one before has the same elements."""
    with link.page.expect_navigation():
        link.click()


def _search(page: Page, words: str) -> None:
    if not page.get_by_label("Search:").is_visible():
        page.locator(".newsfeed-data > summary").click()  # Datasette's own form
    page.get_by_label("Search:").fill(words)
    with page.expect_navigation():
        page.get_by_label("Search:").press("Enter")


# -- the way through ----------------------------------------------------------


def _walk(here: Visit, db: Path) -> Selection:
    """Facets, time, another topic, words; return what is left in the end."""
    first, month, second, word = _steps(db)
    here.open(ARTICLES)
    page = here.page
    trail = [Selection(db)]
    _assert_shows(here, trail[-1])

    _follow(_facet_link(page, "topics", first))
    trail.append(Selection(db, [first]))
    _assert_shows(here, trail[-1])

    _follow(_facet_link(page, "published_at", _in_words(month)))
    trail.append(Selection(db, [first], month))
    _assert_shows(here, trail[-1])
    by_facet = page.url
    page.go_back()
    _assert_shows(here, trail[-2])
    _follow(page.locator(f'.newsfeed-bar[aria-label^="{_in_words(month)}:"]'))
    assert page.url == by_facet
    _assert_shows(here, trail[-1])

    _follow(_facet_link(page, "topics", second))
    trail.append(Selection(db, [first, second], month))
    _assert_shows(here, trail[-1])

    _search(page, word)
    trail.append(Selection(db, [first, second], month, word))
    _assert_shows(here, trail[-1])
    assert trail[-1].count() > 0
    assert page.get_by_label("Search:").input_value() == word

    last = page.url
    # All the way back.
    for selection in reversed(trail[:-1]):
        page.go_back()
        _assert_shows(here, selection)
    page.goto(last)
    return trail[-1]


def test_the_way_through_facets_time_words_and_back_agrees_with_sql(
    visit: Open, demo_db: Path
) -> None:
    here = visit("")
    left = _walk(here, demo_db)
    # Somebody opens the address that was sent.
    _assert_shows(visit(here.page.url.removeprefix(here.url)), left)


@pytest.fixture(scope="module")
def real_db(archive_folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("real") / "demo.db"
    result = CliRunner().invoke(newsfeed, ["import", str(path), *map(str, archive_folders)])
    assert result.exit_code == 0, result.output
    return path


def test_the_way_through_real_records_agrees_with_sql(visit: Open, real_db: Path) -> None:
    with serve(real_db) as url:
        here = visit("", base=url)
        left = _walk(here, real_db)
        friend = visit(here.page.url.removeprefix(url), base=url)
        _assert_shows(friend, left)
        for each in (here, friend):
            each.page.goto("about:blank")
            # Its pictures lie on the web, where this visit may not go.
            each.strangers.clear()
            each.complaints.clear()


def _after(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"


def test_what_is_chosen_is_taken_off_one_by_one_in_any_order(
    visit: Open, demo_db: Path, steps: Steps
) -> None:
    first, month, second, word = steps
    filters = [
        ("_topic", first),
        ("_topic", second),
        ("published_at__gte", f"{month}-01"),
        ("published_at__lt", f"{_after(month)}-01"),
        ("_search", word),
    ]
    here = visit(f"{ARTICLES}&{urlencode(filters)}")
    page = here.page
    _assert_shows(here, Selection(demo_db, [first, second], month, word))
    chosen = page.locator(".newsfeed-chip")
    assert chosen.count() == 4

    _follow(chosen.filter(has_text=first))
    _assert_shows(here, Selection(demo_db, [second], month, word))
    _follow(chosen.filter(has_text=_in_words(month)))
    _assert_shows(here, Selection(demo_db, [second], None, word))
    _follow(chosen.filter(has_text="Words"))
    _assert_shows(here, Selection(demo_db, [second]))
    # The same in the panel.
    _follow(page.locator("#facet-topics .newsfeed-chosen a"))
    _assert_shows(here, Selection(demo_db))
    assert chosen.count() == 0
    assert parse_qsl(urlsplit(page.url).query) == [("_size", str(PAGE))]


def test_the_next_page_goes_on_where_the_first_one_ends_under_the_same_counts(
    visit: Open, demo_db: Path
) -> None:
    here = visit(ARTICLES)
    everything = Selection(demo_db)
    assert everything.count() > 2 * PAGE
    _follow(here.page.get_by_role("link", name="Next"))
    _assert_shows(here, everything, page=2)
    _follow(here.page.get_by_role("link", name="Previous"))
    _assert_shows(here, everything)
    _follow(here.page.get_by_role("link", name="Next"))
    _assert_shows(visit(here.page.url.removeprefix(here.url)), everything, page=2)
    here.page.go_back()
    _assert_shows(here, everything)


def test_several_values_are_chosen_at_once_and_an_article_leads_back_to_its_place(
    visit: Open, demo_db: Path, steps: Steps
) -> None:
    first, _, second, _ = steps
    here = visit(ARTICLES)
    page = here.page
    for topic in (first, second):
        page.get_by_role("checkbox", name=f"Topics: {topic}", exact=True).check()
    _follow(page.get_by_role("button", name="Apply"))
    found = Selection(demo_db, [first, second])
    _assert_shows(here, found)
    assert page.get_by_role("checkbox", name=f"Topics: {first}", exact=True).is_checked()
    key = found.ids()[-1]
    _follow(page.locator(f'.newsfeed-card-title a[href*="/articles/{tilde_encode(key)}"]'))
    _follow(page.get_by_role("link", name="Back to the list"))
    _assert_shows(here, found)
    expect(page.locator(f'[id="a-{key}"]')).to_be_in_viewport()


def test_the_search_page_leads_to_the_same_words_among_the_facets_and_back(
    visit: Open, demo_db: Path, steps: Steps
) -> None:
    word = steps[3]
    here = visit("/demo/-/newsfeed/search")
    page = here.page
    page.get_by_label("Words to look for").fill(word)
    # One field: that of the masthead is not on this page.
    _follow(page.get_by_role("button", name="Search"))
    found = Selection(demo_db, words=word)
    expect(page.get_by_role("status")).to_contain_text(f"{found.count()} article")
    assert page.locator(".newsfeed-hit").count() == min(found.count(), 20)
    assert {words.lower() for words in page.locator("mark").all_text_contents()} >= {word}
    _follow(page.get_by_role("link", name="As a list of articles"))
    assert _shown_counts(here, "topics") == found.by_topic()
    assert _shown_counts(here, "type") == found.by_type()
    _follow(page.get_by_role("link", name="Best match"))
    expect(page.get_by_label("Words to look for")).to_have_value(word)


def test_the_table_stays_a_table_through_links_form_and_pages(visit: Open, demo_db: Path) -> None:
    here = visit("/demo/articles?_size=2")
    page = here.page
    table = page.locator("table.rows-and-columns")
    page.locator(".newsfeed-data > summary").click()
    _follow(page.get_by_role("link", name="Table", exact=True))
    expect(table).to_be_visible()
    _follow(page.locator("#facet-type a").first)
    expect(table).to_be_visible()
    _follow(page.get_by_role("link", name="Next page"))
    expect(table).to_be_visible()
    _search(page, "the")
    expect(table).to_be_visible()
    _follow(table.locator("th.col-title a").first)
    expect(table).to_be_visible()
    kept = parse_qsl(urlsplit(page.url).query)
    assert ("_layout", "table") in kept
    assert ("_search", "the") in kept
    _follow(page.get_by_role("navigation", name="Layout").get_by_role("link", name="Cards"))
    expect(page.locator(".newsfeed-card").first).to_be_visible()
    assert ("_search", "the") in parse_qsl(urlsplit(page.url).query)


# -- images -------------------------------------------------------------------

SHIFTS = """window.shifts = [];
new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(e => e.value)))
    .observe({type: "layout-shift", buffered: true});"""


def _articles(db: Path, condition: str) -> str:
    (key,) = _ask(
        db, f"select id from articles where {condition} order by published_at desc limit 1"
    )[0]
    return f"/demo/articles/{tilde_encode(key)}"


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_slow_images_move_nothing(visit: Open, demo_db: Path, width: int) -> None:
    here = visit("", width)
    page = here.page
    page.add_init_script(SHIFTS)

    held: list[Route] = []
    is_open = threading.Event()

    def hold(route: Route) -> None:
        if is_open.is_set():
            route.fallback()
        else:
            held.append(route)

    page.route("**/newsfeed/image/**", hold)
    image = "image_id in (select image_id from image_renditions)"
    for path in ("/demo/articles?_size=12", _articles(demo_db, f"{image} and excerpt <> ''")):
        is_open.clear()
        page.goto(here.url + path, wait_until="domcontentloaded")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        page.wait_for_timeout(100)
        assert held  # and all else is painted: what moved before was not moved by an image
        # A fold that a script opens moves what is below it.
        page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        page.wait_for_timeout(100)
        page.evaluate("window.shifts.length = 0")
        is_open.set()
        while held:
            held.pop().fallback()
        assert here.broken_images(".newsfeed img") == []
        page.wait_for_timeout(100)
        assert page.evaluate("window.shifts") == []


def test_a_card_whose_image_does_not_come_is_a_card_without_a_hole(visit: Open) -> None:
    here = visit("/demo/articles?image_id__notblank=1&_size=9")
    boxes = "map(e => e.getBoundingClientRect()).map(box => [box.width, box.height])"
    whole = here.each(".newsfeed-card", boxes)
    page = here.page
    page.route("**/newsfeed/image/**", lambda route: route.abort())
    page.route("**/newsfeed/image/*/480?*", lambda route: route.fulfill(status=404, body="gone"))
    page.reload()
    here.see_everything()
    assert here.each(".newsfeed-card", boxes) == whole
    broken = ".newsfeed-card .newsfeed-picture:has(img)"
    assert len(here.broken_images(f"{broken} img")) == page.locator(broken).count() > 0
    for picture in page.locator(broken).all()[:3]:
        # Stripes or a ground, and a letter on it: neither nothing nor the browser's own sign.
        with Image.open(BytesIO(picture.screenshot())) as shot:
            colours = shot.convert("RGB").getcolors(1 << 20)
            middle = shot.convert("L").crop(
                (shot.width // 3, shot.height // 4, shot.width * 2 // 3, shot.height * 3 // 4)
            )
        assert len(colours) > 10
        darkest, lightest = middle.getextrema()
        assert lightest - darkest > 40, "no letter"
    here.complaints.clear()  # that they did not come was the point


# -- a player, and who is asked for anything ------------------------------------


def test_a_player_asks_nobody_until_it_is_clicked_and_then_says_only_from_which_site(
    visit: Open, demo_db: Path
) -> None:
    here = visit("")
    asked: dict[str, str | None] = {}
    here.page.on(
        "request",
        lambda request: asked.setdefault(request.url, request.headers.get("referer")),
    )
    here.open(_articles(demo_db, "featured_content like '%youtube%' and image_id <> ''"))
    here.see_everything()
    assert here.strangers == []
    frame = here.page.frame_locator(".newsfeed-player")
    expect(frame.locator("img")).to_be_visible()
    frame.get_by_role("link", name="Play here").click()
    here.page.wait_for_timeout(300)
    player = here.strangers.pop()
    assert urlsplit(player).hostname == "www.youtube-nocookie.com"
    assert asked[player] == f"{here.url}/"
    here.complaints = [words for words in here.complaints if "ERR_FAILED" not in words]


def test_the_search_page_asks_nobody_outside(visit: Open) -> None:
    here = visit("/demo/-/newsfeed/search?q=the")
    assert here.broken_images() == []


# -- keyboard -----------------------------------------------------------------

# Numbers what of ours can be reached, and writes down what has the focus and whether that shows.
WATCH = """() => {
    const all = [...document.querySelectorAll(
        ":is(.newsfeed, .newsfeed-masthead) :is(a[href], input, button, select, summary, iframe)")];
    const controls = all.filter(e => e.tabIndex >= 0 && e.checkVisibility());
    const outlined = each => each && getComputedStyle(each).outlineStyle !== "none"
        && parseFloat(getComputedStyle(each).outlineWidth) >= 2;
    window.reached = new Set();
    window.unseen = [];
    document.addEventListener("focusin", ({target}) => {
        if (!controls.includes(target)) return;
        window.reached.add(target);
        const reach = target.querySelector(".newsfeed-bar-reach");
        const shows = outlined(target) || outlined(target.closest(".newsfeed-card"))
            || (reach && getComputedStyle(reach).stroke !== "none");
        if (!shows) window.unseen.push(target.outerHTML.slice(0, 90));
    });
    return controls.length;
}"""
FOUND = """() => [window.reached.size, window.unseen]"""
# Holds the focus where Tab leads to what a selector says, however often it is pressed.
HOLD = """selector => {
    window.isHeld = false;
    document.addEventListener("focusin", ({target}) => {
        window.isHeld ||= Element.prototype.matches.call(target, selector);
    });
    document.addEventListener("keydown", event => {
        if (event.key === "Tab" && window.isHeld) event.preventDefault();
    }, {capture: true});
}"""
AT_ONCE = 12


def _tab(page: Page) -> None:
    for _ in range(AT_ONCE):
        page.keyboard.press("Tab")


def _tab_to(page: Page, selector: str) -> None:
    page.evaluate(HOLD, selector)
    for _ in range(240 // AT_ONCE):
        _tab(page)
        if page.evaluate("window.isHeld"):
            return
    raise AssertionError(f"Tab does not lead to {selector}")


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("/demo/articles?_size=3&_search=the&type=article", WIDE),
        ("/demo/articles?_size=3&_search=the", PHONE),
        ("/demo/-/newsfeed/search?q=ferry", WIDE),
    ],
)
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(
    visit: Open, path: str, width: int
) -> None:
    page = visit(path, width).page
    controls = page.evaluate(WATCH)
    assert controls > 5
    reached, unseen = 0, []
    for _ in range((controls + 80) // AT_ONCE):
        _tab(page)
        reached, unseen = page.evaluate(FOUND)
        if reached == controls:
            break
    assert reached == controls
    assert unseen == []


def test_everything_can_be_done_with_the_keyboard_alone(visit: Open, demo_db: Path) -> None:
    phone = visit("/demo/articles?_size=3", PHONE).page
    expect(phone.locator(".newsfeed-facet").first).to_be_hidden()
    _tab_to(phone, ".newsfeed-open-filters")
    phone.keyboard.press("Space")
    expect(phone.locator(".newsfeed-facet").first).to_be_visible()
    phone.keyboard.press("Escape")
    expect(phone.locator(".newsfeed-facet").first).to_be_hidden()
    phone.keyboard.press("Space")
    _tab_to(phone, "#facet-topics a")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**_topic=*")
    _tab_to(phone, ".newsfeed-chip")
    phone.keyboard.press("Enter")
    phone.wait_for_url(lambda url: "_topic" not in url)

    page = visit("/demo/articles?_size=3").page
    _tab_to(page, ".newsfeed-skip")
    expect(page.locator(".newsfeed-skip").first).to_be_in_viewport()
    page.keyboard.press("Enter")
    _tab_to(page, ".newsfeed-card-title a")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/demo/articles/\d"))
    page.go_back()
    _tab_to(page, ".newsfeed-data > summary")
    page.keyboard.press("Enter")
    _tab_to(page, ".newsfeed-data-ways a")
    page.keyboard.press("Enter")
    page.wait_for_url("**_layout=table*")
    page.go_back()
    _tab_to(page, ".newsfeed-bar")
    page.keyboard.press("Enter")
    page.wait_for_url("**published_at__gte=*")

    here = visit(_articles(demo_db, "featured_content like '%youtube%'"))
    for _ in range(40):
        here.page.keyboard.press("Tab")
        # What has the focus within a frame tells only the frame so.
        if here.page.evaluate("document.activeElement.className") == "newsfeed-player":
            break
    here.page.keyboard.press("Enter")  # the link within has the focus
    here.page.wait_for_timeout(300)
    assert [urlsplit(url).hostname for url in here.strangers] == ["www.youtube-nocookie.com"]
    here.strangers.clear()
    here.complaints = [words for words in here.complaints if "ERR_FAILED" not in words]


def test_topics_are_compared_by_the_keyboard_alone(visit: Open) -> None:
    """Playwright sees where the focus is; the page itself may have no script."""
    page = visit("/demo/topics/Food", java_script_enabled=False).page

    def follow(link: Locator) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if link.evaluate("element => element === document.activeElement"):
                break
        expect(link).to_be_focused()
        with page.expect_navigation():
            page.keyboard.press("Enter")

    follow(page.get_by_role("link", name="Compare over time"))
    follow(page.get_by_role("link", name="Ocean Science", exact=True))
    table = page.locator(".newsfeed-comparison")
    expect(table.locator("thead th")).to_have_text(
        ["Month", "Articles about Food", "Articles about Ocean Science"]
    )
    # The bars are no Tab stops: each number of the table leads where its bar does.
    assert page.locator('.newsfeed-bar:not([tabindex="-1"])').count() == 0
    number = table.locator("td a").first
    count = number.text_content()
    follow(number)
    expect(page.locator(".newsfeed-listing-count")).to_contain_text(f"{count} article")


@pytest.mark.parametrize("width", share([PHONE, WIDE]))
def test_two_bars_choose_a_range(visit: Open, width: int) -> None:
    """From the first month to the last one, without a script."""
    page = visit("/demo/articles?_size=3", width, java_script_enabled=False).page
    for name in ("March 2024: 1", "From March 2024 until", "May 2024: "):
        if width == PHONE:
            page.get_by_role("button", name="Filters").click()
        _follow(page.get_by_role("link", name=name).first)
    heading = page.get_by_role("heading", level=1).first
    expect(heading).to_have_text("Articles from March 2024 to May 2024")


# -- no JavaScript, a phone, the dark -------------------------------------------


def test_a_phone_without_javascript_does_all_of_it(
    visit: Open, demo_db: Path, steps: Steps
) -> None:
    first, month, _, word = steps
    here = visit(ARTICLES, PHONE, java_script_enabled=False)
    page = here.page
    facets = page.locator(".newsfeed-facet")
    _assert_shows(here, Selection(demo_db))
    for facet in facets.all():
        expect(facet).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    for facet in facets.all():
        expect(facet).to_be_visible()
    _follow(_facet_link(page, "topics", first))
    expect(page.get_by_role("button", name="Filters")).to_contain_text("1")
    page.get_by_role("button", name="Filters").click()
    _follow(page.locator(f'.newsfeed-bar[aria-label^="{_in_words(month)}:"]'))
    _assert_shows(here, Selection(demo_db, [first], month))
    _search(page, word)
    _assert_shows(here, Selection(demo_db, [first], month, word))
    _follow(page.locator(".newsfeed-chip", has_text=first))
    _follow(page.locator(".newsfeed-chip", has_text="Words"))
    _assert_shows(here, Selection(demo_db, [], month))
    _follow(page.locator(".newsfeed-chip"))
    _follow(page.get_by_role("link", name="Next"))
    _assert_shows(here, Selection(demo_db), page=2)

    here.open(_articles(demo_db, "featured_content like '%youtube%'"))
    page.frame_locator(".newsfeed-player").get_by_role("link", name="Play here").click()
    page.wait_for_timeout(300)
    assert [urlsplit(url).hostname for url in here.strangers] == ["www.youtube-nocookie.com"]
    here.strangers.clear()
    here.complaints = [words for words in here.complaints if "ERR_FAILED" not in words]


def test_no_page_scrolls_sideways_on_a_phone(visit: Open, demo_db: Path, steps: Steps) -> None:
    here = visit("", PHONE)
    for path in (
        "/",
        "/demo",
        f"{ARTICLES}&{urlencode({'_topic': steps[0], '_search': 'the'})}",
        "/demo/articles?_layout=table&_size=5",
        _articles(demo_db, "featured_content like '%youtube%'"),
        f"/demo/topics/{tilde_encode(steps[0])}",
        "/demo/-/newsfeed/search?q=the",
        "/demo/-/newsfeed/search?q=" + "w" * 200,
    ):
        here.open(path)
        if "_topic" in path:
            here.page.get_by_role("button", name="Filters").click()
        width, seen = here.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert width <= seen, path


def test_pages_follow_the_readers_preference_and_a_database_without_archive_does_not(
    visit: Open,
) -> None:
    grounds = {}
    pages = ("/", "/demo/-/newsfeed/search?q=the", "/demo/articles?_size=1", "/demo/images")
    for scheme in ("light", "dark"):
        here = visit("", color_scheme=scheme)
        for path in pages:
            here.open(path)
            grounds[scheme, path] = here.page.evaluate(
                """["body", "header", ".newsfeed-masthead"].map(each =>
                    getComputedStyle(document.querySelector(each)).backgroundColor)"""
            )
    for path in pages:
        light, dark = grounds["light", path], grounds["dark", path]
        assert all(one != other for one, other in zip(light, dark, strict=True)), path


def test_keys_lead_to_the_search_and_through_the_list(visit: Open) -> None:
    page = visit("/demo/articles?_size=5").page
    at = "document.activeElement.getAttribute('href') ?? document.activeElement.name"
    titles = page.locator(".newsfeed-card-title a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    for key, expected in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert page.evaluate(at) == titles[expected]
    page.keyboard.press("/")
    assert page.evaluate(at) == "q"
    page.keyboard.type("j/k?")  # in the field they are letters
    expect(page.locator("[data-newsfeed-search]")).to_have_value("j/k?")
    expect(page.locator(".newsfeed-keys")).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.locator(".newsfeed-keys")).to_be_visible()
    expect(page.locator(".newsfeed-keys")).to_contain_text("Next article")
    page.keyboard.press("Escape")
    expect(page.locator(".newsfeed-keys")).to_be_hidden()


def test_the_script_is_small() -> None:
    script = ROOT / "datasette_newsfeed" / "static" / "newsfeed.js"
    assert len(script.read_bytes()) <= 6 * 1024


# -- other sites --------------------------------------------------------------


TABLE_OF_THE_USER = """{% extends "default:table.html" %}
{% block content %}<p class="of-the-user">My own table page</p>{{ super() }}{% endblock %}"""

SETTINGS = """
plugins:
  datasette-newsfeed:
    layout: table
"""


@pytest.fixture(scope="module")
def busy_site(
    demo_db: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[str]:
    """Two archives, a table of the same name that is none, the user's own table.html."""
    folder = tmp_path_factory.mktemp("busy")
    second = build_archive(folder / "second.db")
    other = folder / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("create table articles (id integer primary key, price, title)")
        connection.execute("insert into articles values (1, 3, 'a hat'), (2, 4, 'a coat')")
        connection.commit()
    (folder / "templates").mkdir()
    (folder / "templates" / "table.html").write_text(TABLE_OF_THE_USER, encoding="utf-8")
    settings = folder / "metadata.yml"
    settings.write_text(SETTINGS, encoding="utf-8")
    with serve(
        demo_db, second, other, "--template-dir", folder / "templates", "-m", settings
    ) as url:
        yield url


def _own_links(here: Visit) -> list[str]:
    """The paths to which links and forms of ours lead within this Datasette."""
    found: list[str] = here.each(
        ".newsfeed :is(a[href], form)",
        "map(e => new URL(e.getAttribute('href') ?? e.action, location))"
        ".filter(u => u.origin === location.origin).map(u => u.pathname)",
    )
    return found


def test_archives_beside_each_other_and_beside_other_tables_keep_to_themselves(
    visit: Open, busy_site: str, demo_db: Path
) -> None:
    here = visit(f"{ARTICLES}&_layout=cards", base=busy_site)
    page = here.page
    expect(page.locator(".of-the-user")).to_be_visible()
    assert _shown_ids(here) == Selection(demo_db).ids()
    _follow(page.locator(".newsfeed-topic").first)
    expect(page.locator(".newsfeed-card").first).to_be_visible()
    assert {link.split("/")[1] for link in _own_links(here)} == {"demo"}

    here.open("/second/articles?_layout=cards&_search=kites")
    assert _shown_ids(here)
    assert _shown_counts(here, "topics") == {"Tidal power": 2, "R&D": 1}
    assert {link.split("/")[1] for link in _own_links(here)} == {"second"}

    here.open("/second/articles")  # as the site's own setting has it
    expect(page.locator("table.rows-and-columns")).to_be_visible()

    here.open("/other/articles?_layout=cards")
    expect(page.locator(".of-the-user")).to_be_visible()
    expect(page.locator("table.rows-and-columns")).to_be_visible()
    assert here.each("[class*=newsfeed]", "length") == 0
    assert here.each("link[href*=newsfeed]", "length") == 0
    # Pictures of the second archive lie elsewhere, and one nowhere.
    here.strangers.clear()
    here.complaints.clear()


class _Prefixed(BaseHTTPRequestHandler):
    """Passes on what lies below /x/, without the /x, as proxies do."""

    def do_GET(self) -> None:
        target = urlsplit(self.server.target)  # type: ignore[attr-defined]
        if not self.path.startswith("/x/"):
            self.send_error(404)
            return
        with closing(http.client.HTTPConnection(target.netloc, timeout=30)) as connection:
            headers = {"Host": self.headers["Host"], "Connection": "close"}
            connection.request("GET", self.path.removeprefix("/x"), headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "Location"):
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def prefixed_site(demo_db: Path, browser: Browser) -> Iterator[str]:
    with serve(demo_db, "--setting", "base_url", "/x/") as url:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Prefixed)
        server.target = url  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


def test_below_a_prefix_every_address_of_ours_has_it_once(
    visit: Open, prefixed_site: str, demo_db: Path, steps: Steps
) -> None:
    first, month, second, _ = steps
    here = visit(f"/x{ARTICLES}", base=prefixed_site)
    page = here.page
    _follow(_facet_link(page, "topics", first))
    _follow(page.locator(f'.newsfeed-bar[aria-label^="{_in_words(month)}:"]'))
    _follow(_facet_link(page, "topics", second))
    _follow(page.locator(".newsfeed-chip", has_text=_in_words(month)))
    _assert_shows(here, Selection(demo_db, [first, second]))
    _search(page, "the")
    _follow(page.get_by_role("link", name="Best match"))
    _follow(page.get_by_role("link", name="As a list of articles"))
    for path in (
        "/x/",
        f"/x{_articles(demo_db, 'image_id is not null')}",
        f"/x/demo/topics/{tilde_encode(first)}",
    ):
        here.open(path)
        assert here.broken_images(".newsfeed img") == []
        paths = _own_links(here)
        assert paths
        assert [each for each in paths if not re.match(r"/x/(?!x/)", each)] == []
