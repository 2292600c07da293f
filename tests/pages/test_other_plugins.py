"""Beside other plugins: every page of ours works, and so does what they are installed for.

The plugins stand in an environment of their own that the Makefile makes from
tests/support/other_plugins/LINE.txt, above the packages of this one. Which of two plugins is loaded
first is chance for a user: here ours is the first, and the last. In the short form all are
loaded together; `make matrix` (`--long`) also loads each by itself.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import answers, free_port
from playwright.sync_api import Browser
from share import IS_LONG, LINE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "support" / "other_plugins"
ENVIRONMENT = Path(sys.prefix) / "plugins"
V1 = LINE == "1.0"
OURS = "datasette-newsfeed"
QUERY = "/demo/-/query" if V1 else "/demo"
OTHER_QUERY = QUERY.replace("demo", "other")
STORY_SQL = "select id, title, published_at from articles order by published_at desc limit 5"
ATOM_SQL = (
    "select 'urn:x:' || {key} as atom_id, {title} as atom_title, 'Words' as atom_content,"
    " '2024-03-05T00:00:00Z' as atom_updated from {table} limit 3"
)


def plugins_of_line() -> list[str]:
    """Return the plugins that this line is tried beside."""
    lines = (FOLDER / f"{LINE}.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition("==")[0] for line in lines if line and not line.startswith("#")]


# -- what is asked for ----------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A request, and what its answer must and must not hold."""

    path: str
    patterns: tuple[str, ...] = ()
    status: int = 200
    not_there: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    not_beside: str = ""

    def faults(self, answer: dict[str, Any]) -> list[str]:
        """Return what is wrong with the answer."""
        text = answer["text"]
        if answer["status"] != self.status:
            words = " ".join(re.sub(r"(?s)<head>.*?</head>|<[^>]*>", " ", text).split())
            return [f"{self.path}: {answer['status']} instead of {self.status}: {words[:200]}"]
        found = [f"lacks {each}" for each in self.patterns if not re.search(each, text)]
        found += [f"holds {each}" for each in self.not_there if re.search(each, text)]
        given = answer["headers"]
        found += [
            f"header {name} is {given.get(name)}"
            for name, pattern in self.headers
            if not re.search(pattern, given.get(name, ""))
        ]
        return [f"{self.path}: {each}" for each in found]


def query(path: str, **words: str) -> str:
    return f"{path}?{urlencode(words)}"


CARDS = ('class="newsfeed-card', 'class="newsfeed-timeline', 'class="newsfeed-facet"')
HEAD = ('property="og:title"', 'rel="canonical"')
FEEDS = ('type="application/atom\\+xml"', 'type="application/feed\\+json"')
PAGES = (
    Asked("/", ("newsfeed-front", *HEAD, *FEEDS, "other")),
    Asked("/demo", ("newsfeed-front", *HEAD, *FEEDS)),
    Asked("/demo/articles", (*CARDS, *HEAD, *FEEDS)),
    Asked("/demo/articles?_layout=table", ("rows-and-columns", *HEAD, "newsfeed-layouts")),
    Asked("/demo/articles?type=video", CARDS),
    Asked("/demo/articles/2025-12-05-terns-4-am", ("newsfeed-full", *HEAD)),
    Asked("/demo/topics", ("newsfeed-topics",)),
    Asked("/demo/providers", ("newsfeed-providers",)),
    Asked("/demo/stories", ("newsfeed-stories", "newsfeed-mark")),
    Asked("/demo/-/newsfeed/search?q=harbour", ("newsfeed-hit", "<mark>")),
    Asked("/demo/articles.atom", ("<feed", "<entry>")),
    Asked("/demo/articles.rss", ("<rss", "<item>")),
    Asked("/demo/articles.jsonfeed", ('"items"',)),
    Asked("/demo/articles.json", ('"published_at"', '"rows"')),
    Asked("/demo/articles.csv", ("published_at",)),
    Asked(query(QUERY, sql=STORY_SQL), (*FEEDS, "published_at")),
    Asked(query(f"{QUERY}.atom", sql=STORY_SQL), ("<feed", "<entry>")),
    Asked("/other", ("notes",), not_there=("newsfeed",)),
    Asked("/other/notes", ("A note",), not_there=("newsfeed",)),
    Asked("/demo/article_topics", ("rows-and-columns",)),
    Asked("/demo/related_articles", ("rows-and-columns",)),
)
"""What must work beside any plugin."""

BODY_SQL = "select id, body from articles where body is not null limit 2"
JSON_IMAGE = """select '{"img_src": "https://images.example/a.png"}' as image_url"""
MCP = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "matrix", "version": "1"},
    },
}

FEATURES: dict[str, tuple[Asked, ...]] = {
    "datasette-graphql": (
        Asked(
            query(
                "/graphql/demo",
                query="{articles(first:2){nodes{title article_topics_list{totalCount}}}}",
            ),
            ('"title"', '"totalCount"'),
            more={"headers": {"accept": "application/json"}},
            # It asks for the rows by their plain address, and does not follow where that leads.
            not_beside="datasette-hashed-urls",
        ),
    ),
    "datasette-atom": (
        Asked(
            query(
                f"{OTHER_QUERY}.atom", sql=ATOM_SQL.format(key="id", title="text", table="notes")
            ),
            ("<feed", "urn:x:1", "A note"),
        ),
        Asked(
            query(f"{QUERY}.atom", sql=ATOM_SQL.format(key="id", title="title", table="articles")),
            ("<feed", "urn:x:20", "Datasette</generator>"),
        ),
        Asked(
            query(QUERY, sql=ATOM_SQL.format(key="id", title="title", table="articles")),
            (r"\.atom\?",),
            # Ours writes neither of these of such a query.
            not_there=(r'href="[^"]*\.jsonfeed\?',),
        ),
        Asked("/other/notes.atom", ("atom_id",), status=400),
    ),
    "datasette-search-all": (
        Asked("/", ('id="search-all-q"', "newsfeed-front", *HEAD, *FEEDS)),
        Asked("/-/search?q=harbour", ("articles",)),
    ),
    "datasette-themes": (
        Asked("/demo/articles?_theme_preview=dark", ("datasette_themes/dark.css",)),
        Asked("/-/themes", ("Solarized",)),
    ),
    "datasette-vega": (Asked("/demo/articles", (r"datasette_vega/main\.[0-9a-f]+\.js",)),),
    "datasette-gzip": (
        Asked("/demo/articles", headers=(("content-encoding", "gzip"), ("etag", "."))),
        Asked("/demo/articles.atom", headers=(("content-encoding", "gzip"), ("etag", "."))),
    ),
    "datasette-cors": (
        Asked(
            "/demo/articles.atom",
            more={"headers": {"origin": "https://reader.example"}},
            headers=(("access-control-allow-origin", r"\*"),),
        ),
    ),
    "datasette-hashed-urls": (
        Asked(
            "/demo/articles",
            (r"/demo-[0-9a-f]{7}/articles",),
            headers=(("cache-control", "31536000"),),
        ),
        Asked("/demo/articles.atom", (r"/demo-[0-9a-f]{7}/articles",), not_there=("_nosuggest",)),
    ),
    "datasette-sitemap": (
        Asked("/sitemap.xml", (r"/demo(-[0-9a-f]{7})?/articles/2025",)),
        Asked("/robots.txt", ("sitemap",)),
    ),
    "datasette-llms-txt": (
        Asked("/llms.txt", ("demo",)),
        # A plugin that gives databases other addresses is not known to this one.
        Asked("/demo/llms.txt", ("articles",), not_beside="datasette-hashed-urls"),
    ),
    "datasette-mcp": (
        Asked(
            "/-/mcp",
            ("serverInfo",),
            more={"json": MCP, "headers": {"accept": "application/json, text/event-stream"}},
        ),
    ),
    "datasette-auth-tokens": (Asked("/demo/authors", status=403),)
    if V1
    else (
        Asked("/demo/authors", status=403),
        Asked(
            "/demo/authors",
            more={"headers": {"authorization": "Bearer token-of-the-matrix"}},
        ),
    ),
    "datasette-comments": (Asked("/demo/articles/2025-12-05-terns-4-am", ("datasette-comments",)),),
    "datasette-copyable": (Asked("/demo/articles.copyable", ("<textarea",)),),
    "datasette-render-markdown": (
        Asked("/demo/articles?_layout=table", ('<div style="white-space: normal"><p>',)),
    ),
    "datasette-json-html": (
        Asked(query(QUERY, sql=JSON_IMAGE), ('<img src="https://images.example/a.png">',)),
    ),
    "datasette-spotify-embed": (
        Asked(
            query(QUERY, sql="select 'spotify:track:abc' as song"),
            (r"https://open\.spotify\.com/embed/track/abc",),
            headers=(("content-security-policy", r"frame-src [^;]*https://open\.spotify\.com"),),
        ),
    ),
}
"""What each plugin is installed for, beside an archive."""

METADATA: dict[str, Any] = {
    "plugins": {
        "datasette-newsfeed": {"frames": ["https://open.spotify.com"]},
        "datasette-cors": {"allow_all": True},
        "datasette-render-markdown": {"columns": ["body"]},
        "datasette-auth-tokens": {
            "tokens": [{"token": "token-of-the-matrix", "actor": {"id": "editor"}}]
        },
    },
    "permissions": {"datasette-comments-readonly": True},
    "databases": {"demo": {"tables": {"authors": {"allow": {"id": "editor"}}}}},
}

NEEDS = {"datasette-comments": ("datasette-user-profiles",)}
"""What a plugin fails without, which pip does not load by itself."""


# -- a site in a process of its own ---------------------------------------------


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of the environment with the other plugins; skips without."""
    path = ENVIRONMENT / "bin" / "python"
    if not path.exists():
        pytest.skip(f"{ENVIRONMENT} is not there: make test-{LINE} or make matrix-{LINE} makes it")
    return path


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The demo, and a database that is no archive."""
    other = tmp_path_factory.mktemp("other") / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("create table notes (id integer primary key, text text)")
        db.execute("insert into notes (text) values ('A note'), ('Another')")
        db.commit()
    return [str(ROOT / "demo.db"), str(other)]


def orders(names: list[str]) -> Iterator[list[str]]:
    """Ours first and the others backwards; the others, ours last."""
    yield [OURS, *reversed(names)]
    yield [*names, OURS]


HASHED = "datasette-hashed-urls"
HEADERS = [HASHED, "datasette-gzip", "datasette-cors", "datasette-sitemap", "datasette-search-all"]
"""What changes addresses and headers."""


def rows() -> list[list[str]]:
    """The plugins that are loaded together: in the long form all, and each alone."""
    names = plugins_of_line()
    some = [name for name in names if name != HASHED]
    if not IS_LONG:
        return [some]
    return [names, some, HEADERS, *([each, *NEEDS.get(each, ())] for each in names)]


CASES = [order for names in rows() for order in orders(names)]
if not IS_LONG:
    CASES.append([*HEADERS, OURS])


def case_name(order: list[str]) -> str:
    place = "ours first" if order[0] == OURS else "ours last"
    names = [name.removeprefix("datasette-") for name in order if name != OURS]
    count = f"{len(names)} plugins" if len(names) > 2 else names[-1 if order[0] == OURS else 0]
    return f"{count}, {place}"


def run(python: Path, order: list[str], databases: list[str], asked: list[Asked]) -> dict[str, Any]:
    """Return what the site answers."""
    wanted = {
        "databases": databases,
        "metadata": METADATA,
        "requests": [{"path": each.path, **each.more} for each in asked],
    }
    done = subprocess.run(
        [python, "-W", "always::RuntimeWarning", FOLDER / "site.py", *order],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "stderr": done.stderr}


@pytest.mark.parametrize("order", CASES, ids=case_name)
def test_our_pages_and_their_features(
    python: Path, databases: list[str], order: list[str], record_property: Any
) -> None:
    asked = [*PAGES]
    for name in order:
        asked += [each for each in FEATURES.get(name, ()) if each.not_beside not in order]
    found = run(python, order, databases, asked)
    assert found["version"].startswith("0.65" if LINE == "0.65" else "1.0")
    assert len(found["plugins"]) == len(order)
    faults = [
        fault
        for each, answer in zip(asked, found["answers"], strict=True)
        for fault in each.faults(answer)
    ]
    assert not faults, "\n".join(faults)
    assert "never awaited" not in found["stderr"], found["stderr"]
    record_property("cases", ("pages asked for beside other plugins", len(asked)))


# -- in a browser ---------------------------------------------------------------

SEEN = (
    *("/", "/demo/articles?_size=9", "/demo/articles/2025-12-05-terns-4-am", "/demo/topics"),
    *("/demo/stories", "/demo/providers", "/demo/-/newsfeed/search?q=harbour"),
)
THEMES = ("dark", "solarized", "rct", "sepia", "vercel")
PALE = """async () => {
    for (const element of document.querySelectorAll("*")) {
        if (typeof element.matches !== "function") {
            Object.defineProperty(element, "matches", {value: Element.prototype.matches});
        }
    }
    const {violations} = await axe.run({elementRef: true, runOnly: ["color-contrast"]});
    return violations.flatMap(({nodes}) => nodes)
        .filter(({element}) => element && element.closest(".newsfeed"))
        .map(({any, html}) => `${any[0].data.contrastRatio}: ${html}`);
}"""


@pytest.fixture(scope="module")
def themed_site(python: Path, databases: list[str], browser: Browser) -> Iterator[str]:
    """A site with themes and charts, on a port of its own."""
    port = free_port()
    wanted = {"databases": databases, "metadata": {}, "port": port}
    plugins = [OURS, "datasette-themes", "datasette-vega"]
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            [python, FOLDER / "site.py", *plugins],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(json.dumps(wanted))
        process.stdin.close()
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not answers(f"{url}/-/versions.json"):
            output.seek(0)
            assert process.poll() is None, output.read()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield url
        process.terminate()


@pytest.mark.browser
@pytest.mark.parametrize("theme", THEMES if IS_LONG else THEMES[:1])
def test_our_text_is_read_in_every_theme(themed_site: str, browser: Browser, theme: str) -> None:
    """A contrast of 4.5 : 1, of 3 : 1 for large text (WCAG 2.2, 1.4.3)."""
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        context.add_cookies([{"name": "ds_theme", "value": theme, "url": themed_site}])
        page = context.new_page()
        for path in SEEN if IS_LONG else SEEN[1:3] if scheme == "light" else SEEN[-1:]:
            page.goto(themed_site + path, wait_until="load")
            page.evaluate(AXE_SCRIPT)
            if faults := page.evaluate(PALE):
                found[f"{scheme} {path}"] = faults
        context.close()
    assert found == {}


@pytest.mark.browser
def test_charts_are_drawn_on_cards_too(themed_site: str, browser: Browser) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/demo/articles", "/demo/articles?_layout=table", "/demo/stories", "/demo/topics"):
        page.goto(themed_site + path, wait_until="load")
        assert complaints == [], path
        fold = page.locator("details.newsfeed-data > summary")
        if fold.count():  # charts are drawn where Datasette's table is
            fold.click()
        assert page.get_by_text("Show charting options").is_visible(), path
    page.close()
