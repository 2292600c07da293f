"""Several hundred attacks in every text of an archive, on every page, in a real browser.

Nothing of theirs may run, be asked for, or change what a page is made of. The pages hold
no element and no attribute that the same archive with harmless words does not show.
`--long` gives each attack each column and opens every page, not some.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
import sqlite_utils
from browser import LOOPBACK, serve
from datasette.utils import tilde_encode
from payloads import EVIL, PAYLOADS, PLAYERS
from playwright.sync_api import Browser, Page, Request, Route, expect
from share import IS_LONG, share

from datasette_newsfeed import schema
from datasette_newsfeed.html_scanner import INLINE
from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.text.sanitizer import ALLOWED_ELEMENTS

pytestmark = pytest.mark.browser

PICTURES = "pictures.example"
"""The host of images in payloads: those may be asked for, by an image alone."""
RAN = "a script of theirs ran"
SHARE = 1 if IS_LONG else 9
"""Of so many attacks one has an article to itself; all of them stand in some column of some."""
STEP = 1 if IS_LONG else 20
VIDEO = "<iframe src='https://www.youtube.com/embed/abcdefghijk'></iframe>"
LISTS = (
    *("/", "/news", "/news/articles?_size=max", "/news/articles?_size=max&_layout=table"),
    *("/news/topics", "/news/providers", "/news/authors?_size=max", "/news/images?_size=max"),
    *("/news/article_images?_size=max", "/news/related_articles?_size=max"),
    "/news/article_list?_size=max",
    "/news/articles?_facet=title&_facet=category&_facet=type&_facet=provider_name"
    "&_facet_presence=related&_facet_band=quality&_facet_size=max",
    *("/news/-/newsfeed/search?q=pwn", "/news/-/newsfeed/search?q=script"),
    "/news/-/newsfeed/search?q=script+pwn+xylograph",  # no article has all: which parts match
    *("/news/stories?_size=max", "/news/similar_articles?_size=max"),
)


def build(path: Path, texts: list[str], step: int = 1) -> Path:
    """An archive with an article for each step; from column to column other texts stand in it."""
    db = sqlite_utils.Database(path)
    schema.create(db)

    def text(number: int, column: int) -> str:
        return texts[(number * step + 7 * column) % len(texts)]

    def full(table: schema.Table, number: int, **more: Any) -> dict[str, Any]:
        row = {
            column.name: text(number, place) if column.type == "TEXT" else None
            for place, column in enumerate(table.columns)
            if not column.references
        }
        return {**row, **more}

    with db.atomic():
        ids = keys(texts, step)
        for number, key in enumerate(ids):
            picture = text(number, 4).replace("evil", "pictures")
            here = {"article_id": key, "position": 0}
            db.table("images").insert(
                {"id": image_id(picture), "url": picture, "width": 9, "height": 9}, ignore=True
            )
            provider = {"domain": key, "name": text(number, 1), "image_id": image_id(picture)}
            db.table("providers").insert(provider)
            for table, at in (("topics", 2), ("authors", 3)):
                db.table(table).insert({"name": text(number, at)}, ignore=True)
            article = full(schema.ARTICLES, number, id=key, image_id=image_id(picture))
            article |= {"provider_id": key, "heat": number % 120, "quality": number % 50}
            article["published_at"] = f"2021-{number % 12 + 1:02}-01T00:00:00Z"
            # Two neighbours tell one story.
            article |= {"story_id": ids[number - number % 2], "is_headline": number % 2}
            if number % 2 or number == len(ids) - 1:
                row = full(schema.STORIES, number, id=article["story_id"], headline_id=key)
                db.table("stories").insert({**row, "size": 2})
            row = full(schema.SIMILAR_ARTICLES, number, **here, similar_id=ids[0])
            db.table("similar_articles").insert({**row, "score": 0.5})
            article["featured_content"] = PLAYERS[number % len(PLAYERS)] if number % 4 else VIDEO
            db.table("articles").insert(article)
            db.table("article_topics").insert({**here, "topic": text(number, 2)})
            db.table("article_authors").insert({**here, "author": text(number, 3)})
            row = full(schema.ARTICLE_IMAGES, number, **here, image_id=image_id(picture))
            db.table("article_images").insert(row)
            for place, related in enumerate((None, key)):
                row = full(schema.RELATED_ARTICLES, number, article_id=key, position=place)
                row |= {"provider_id": key, "image_id": image_id(picture), "related_id": related}
                db.table("related_articles").insert(row)
    db.close()
    return path


def keys(texts: list[str], step: int = 1) -> list[str]:
    return [f"{number:03} {text}" for number, text in enumerate(texts[::step])]


ALLOWED = "".join(
    (
        "<p><a href='https://a.example/'>a</a>, <a href='https://a.example/' title=a>b</a>",
        *(f"<{name}>x</{name}>" for name in sorted(ALLOWED_ELEMENTS & INLINE - {"a", "img"})),
        "<abbr title=x>x</abbr><br><wbr><hr><div>x</div><pre>x</pre><blockquote>x</blockquote>",
        "<ol start=3><li>x</ol><ul><li>x</ul><dl><dt>x<dd>x</dl><h1>x</h1><h3>x</h3><h4>x</h4>",
        "<h2>x</h2><h6>x</h6><figure><img src='https://pictures.example/d.png' alt=x title=x>",
        "<figcaption>x</figcaption></figure><details><summary>x</summary>x</details>",
        "<table><caption>x</caption><thead><tr><th colspan=2>x<th rowspan=2>x</thead><tbody><tr>",
        "<td colspan=2>x<td rowspan=2>x</tbody><tfoot><tr><td>x</tfoot></table>",
    )
)
"""Everything that a text may be made of."""


class Watch:
    """A window that notes what ran, what was asked for and what the browser complains of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.faults: list[str] = []
        page.add_init_script(f"window.pwn = () => console.log('{RAN}')")
        page.route("**/*", self._on_route)
        page.on("dialog", lambda dialog: (self.faults.append("a dialog"), dialog.dismiss()))
        page.on("popup", lambda _: self.faults.append("a window opened"))
        page.on("download", lambda _: self.faults.append("a download began"))
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", self._on_console)

    def _on_route(self, route: Route, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host in LOOPBACK:
            route.continue_()
            return
        # What is no valid host of ours came from an image's address as well.
        if EVIL in request.url.replace(PICTURES, "") and request.resource_type != "image":
            self.faults.append(f"asked for {request.url}")
        elif EVIL in host or request.resource_type != "image":
            self.faults.append(f"asked for {request.url} as {request.resource_type}")
        route.abort()

    def _on_console(self, message: Any) -> None:
        if message.text == RAN:
            self.faults.append(RAN)
        # Each script that a policy stops, and each address that it does, is one too many.
        if "Content Security Policy" in message.text or "Refused" in message.text:
            self.faults.append(message.text)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path, wait_until="load")
        assert self.page.url.startswith(self.url), self.page.url

    def materials(self) -> set[str]:
        """The elements and attributes of the page, `a[href]`, Datasette's own included.

        Those in the text of an article apart: HTML is allowed there that is nowhere else.
        """
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("*")].flatMap(element => {
                const place = element.parentElement?.closest(".newsfeed-body") ? "text " : "";
                const name = place + element.localName;
                return [name, ...[...element.attributes].map(a => `${name}[${a.name}]`)];
            })"""
        )
        return set(found)

    def is_whole(self) -> bool:
        """Whether the page ends as Datasette ends it, and everything stands inside."""
        whole: bool = self.page.evaluate(
            """() => {
                const parts = [...document.body.children].map(e => e.localName);
                return document.doctype !== null && parts[0] === "div" && parts[1] === "footer" &&
                    document.querySelectorAll("footer.ft").length === 1;
            }"""
        )
        return whole


Site = tuple[str, list[str]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    path = build(tmp_path_factory.mktemp("hostile") / "news.db", PAYLOADS, SHARE)
    with serve(path, *SETTINGS) as url:
        yield url, keys(PAYLOADS, SHARE)


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same with every kind of harmless text: words, Markdown, addresses."""
    samples = [
        "script pwn words",
        "# A heading\n\n*one* **two** ~~three~~ `four`\n\n> five\n\n1. six\n\n- seven\n\n---\n",
        '[a](https://a.example/ "b") ![c](https://pictures.example/c.png "d") <https://e.example>',
        "| f |\n|---|\n| g |\n\n```h\ni\n```\n\n    j\n\nline  \nbreak",
        "https://pictures.example/k.png",
        ALLOWED,
    ]
    texts = [f"{samples[n % len(samples)]} {n}".strip() for n in range(60)]
    path = build(tmp_path_factory.mktemp("harmless") / "news.db", texts)
    with serve(path, *SETTINGS) as url:
        yield url, keys(texts)


SETTINGS = ("--setting", "max_returned_rows", "1000")


@contextmanager
def watching(browser: Browser, url: str) -> Iterator[Watch]:
    page = browser.new_page()
    try:
        yield Watch(page, url)
    finally:
        page.close()


@pytest.fixture(scope="module")
def materials(browser: Browser, harmless: Site) -> set[str]:
    """What the pages are made of where nobody attacks them."""
    url, ids = harmless
    found: set[str] = set()
    with watching(browser, url) as watch:
        pages = [f"/news/articles/{tilde_encode(key)}" for key in ids[:6]]
        pages += [f"/news/providers/{tilde_encode(ids[0])}", f"/news/topics/{tilde_encode('x')}"]
        for path in (*LISTS, *pages, *rows_of(ids[0])):
            watch.open(path)
            found |= watch.materials()
        assert watch.faults == []
    return found


def rows_of(key: str) -> list[str]:
    """The pages of the other rows around an article."""
    return [
        f"/news/providers/{tilde_encode(key)}",
        f"/news/related_articles/{tilde_encode(key)},1",
        f"/news/article_images/{tilde_encode(key)},0",
        f"/news/similar_articles/{tilde_encode(key)},0",
        # Leads to the story, whichever of its articles this is.
        f"/news/stories/{tilde_encode(key)}",
    ]


def test_the_watch_sees_what_runs(browser: Browser, harmless: Site) -> None:
    """Most of the attacks work where nobody escapes them: each of these kinds is noticed."""
    url, _ = harmless
    for attack in (
        "<img src=x onerror=pwn()>",
        "<details open ontoggle=pwn()>x</details>",
        "<iframe srcdoc='<script>parent.pwn()</script>'></iframe>",
        "<link rel=stylesheet href=//evil.example/a.css>",
        "<img src=//evil.example/a.png>",
        "<iframe src=//evil.example/></iframe>",
    ):
        with watching(browser, url) as watch:
            watch.open("/news/topics")
            before = watch.materials()
            watch.page.evaluate(
                "attack => { document.querySelector('main, section.content').innerHTML = attack }",
                attack,
            )
            for _ in range(100):  # a busy server is late to say that there is no such image
                watch.page.wait_for_timeout(100)
                if watch.faults:
                    break
            assert watch.faults, attack
            if "ontoggle" in attack or "srcdoc" in attack:
                assert watch.materials() - before, attack
    with watching(browser, url) as watch:
        watch.open("/news/topics")
        watch.page.evaluate("document.body.innerHTML = '</main><footer>'")
        assert not watch.is_whole()


def test_lists(browser: Browser, hostile: Site, materials: set[str], record_property: Any) -> None:
    url, ids = hostile
    with watching(browser, url) as watch:
        for path in share(LISTS):
            watch.open(path)
            assert watch.faults == [], path
            assert watch.materials() - materials == set(), path
            assert watch.is_whole(), path
        watch.open(LISTS[2])
        cards = watch.page.evaluate("document.querySelectorAll('.newsfeed-card').length")
        assert cards == len(ids)
    record_property("cases", ("attacks on lists in the browser", len(PAYLOADS) * len(share(LISTS))))


def test_articles(
    browser: Browser, hostile: Site, materials: set[str], record_property: Any
) -> None:
    url, ids = hostile
    visited = ids[::STEP]
    with watching(browser, url) as watch:
        for number, key in enumerate(visited):
            paths = [f"/news/articles/{tilde_encode(key)}"]
            paths += rows_of(key) if number % 4 == 0 else []
            for path in paths:
                watch.open(path)
                assert watch.faults == [], path
                assert watch.materials() - materials == set(), path
                assert watch.is_whole(), path
    record_property("cases", ("attacks on pages of articles in the browser", 20 * len(visited)))


def test_what_an_address_asks_for(
    browser: Browser, hostile: Site, materials: set[str], record_property: Any
) -> None:
    """What is looked for and filtered by stands on the page as well."""
    url, _ = hostile
    count = 0
    with watching(browser, url) as watch:
        for payload in share(PAYLOADS[::STEP]):
            words = quote_plus(payload)
            for path in (
                f"/news/-/newsfeed/search?q={words}",
                f"/news/articles?_topic={words}&category={words}&_nosuggest=1",
            ):
                watch.open(path)
                assert watch.faults == [], path
                assert watch.materials() - materials == set(), path
                assert watch.is_whole(), path
                count += 1
    record_property("cases", ("attacks in addresses in the browser", count))


FEED_TEXTS = """([address, kind]) => fetch(address).then(r => r.text()).then(text => {
    if (kind === "jsonfeed") return JSON.parse(text).items.map(item => item.content_html);
    const document = new DOMParser().parseFromString(text, "application/xml");
    if (document.querySelector("parsererror")) throw new Error("no XML");
    const names = kind === "atom" ? ["content", "summary"] : ["encoded", "description"];
    return names.flatMap(name => [...document.getElementsByTagNameNS("*", name)])
        .filter(e => e.localName !== "summary").map(e => e.textContent);
})"""


@pytest.mark.parametrize("kind", ["atom", "rss", "jsonfeed"])
def test_feeds_in_a_careless_reader(
    kind: str, browser: Browser, hostile: Site, record_property: Any
) -> None:
    """A reader that puts the HTML of a feed into its own page as it stands runs nothing."""
    url, ids = hostile
    with watching(browser, url) as watch:
        watch.open("/news/topics")
        texts = watch.page.evaluate(FEED_TEXTS, [f"/news/articles.{kind}?_size=max", kind])
        assert len(texts) >= len(ids)
        watch.page.evaluate(
            """texts => { for (const text of texts) {
                const place = document.createElement("div");
                place.dataset.feed = "1";
                place.innerHTML = text;
                document.body.append(place);
            } }""",
            texts,
        )
        watch.page.wait_for_timeout(500)
        # A reader loads the images of the entries, and of their bodies.
        faults = [fault for fault in watch.faults if not fault.endswith(" as image")]
        assert faults == []
        wrong = "script, iframe, object, embed, form, style, link, base, meta"
        found = watch.page.evaluate(
            """wrong => [...document.body.children].flatMap(
                e => e.dataset.feed ? [...e.querySelectorAll(wrong)].map(e => e.outerHTML) : [])""",
            wrong,
        )
        assert found == []
    record_property("cases", (f"attacks on the {kind} feed", len(texts)))


def test_a_video_plays_under_the_policy(browser: Browser, harmless: Site) -> None:
    """The policy lets the player in that a visitor asks for, and no other."""
    url, ids = harmless
    page = browser.new_page()
    asked: list[str] = []

    def answer(route: Route, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if host in LOOPBACK:
            route.continue_()
        elif request.resource_type == "document":
            asked.append(host)
            route.fulfill(status=200, content_type="text/html", body="<p id=playing>playing</p>")
        else:
            route.abort()

    page.route("**/*", answer)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{url}/news/articles/{tilde_encode(ids[0])}")
    frame = page.frame_locator("iframe.newsfeed-player")
    frame.locator("a").click()
    expect(frame.locator("#playing")).to_be_visible()
    page.evaluate(
        "document.querySelector('iframe.newsfeed-player').outerHTML ="
        " '<iframe src=https://evil.example/></iframe>'"
    )
    page.wait_for_timeout(300)
    page.close()
    assert asked == ["www.youtube-nocookie.com"]
    assert any("Content Security Policy" in text for text in complaints)


def test_scripts_on_our_own_page_run_only_if_they_are_the_sites(
    browser: Browser, harmless: Site
) -> None:
    url, _ = harmless
    with watching(browser, url) as watch:
        watch.open("/news/-/newsfeed/search?q=pwn")
        assert watch.faults == []
        watch.page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "pwn()";
                document.body.append(script);
                document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=pwn()>");
            }"""
        )
        watch.page.wait_for_timeout(300)
        assert watch.faults
        assert RAN not in watch.faults
