"""Search by rank: what is found, in which order, and that no words are an error."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import pytest
import sqlite_utils
from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode
from facet_archive import build
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_site import ARTICLES, SCRIPT, STORY, build_archive, open_site, text_of
from share import tries

from datasette_newsfeed.full_text import index
from datasette_newsfeed.pages.access.archives import FULL_TEXT, ArchiveView
from datasette_newsfeed.pages.queries import search
from datasette_newsfeed.pages.queries.search import Part, parts
from datasette_newsfeed.pages.views.search_page import LONGEST, MOST_PAGES, PAGE

HIT = re.compile(r'<h2 class="newsfeed-hit-title"><a href="([^"]*)">(.*?)</a></h2>', re.S)
COUNT = re.compile(r'class="newsfeed-count" role="status">(?:(.*?) articles?[,.]|No article)', re.S)

RANKED = {
    "in-title": ("Lanterns over the weir", "Nothing else.", "A short body."),
    "in-excerpt": ("Of evenings", "Lanterns everywhere.", "A short body."),
    "in-body": ("Of mornings", "Nothing else.", "Here are lanterns, of glass. " + "Words. " * 60),
    "in-none": ("Of noons", "Nothing else.", "A short body."),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("search") / "news.db")
    db = sqlite_utils.Database(path)
    for number, (key, (title, excerpt, body)) in enumerate(reversed(RANKED.items())):
        row = {"id": key, "title": title, "excerpt": excerpt, "body": body}
        db.table("articles").insert({**row, "published_at": f"2023-01-0{number + 1}T00:00:00Z"})
    with db.atomic():
        index.keep(db.conn)
    db.close()
    return path


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("many") / "news.db", articles=160)


def path_of(words: str, database: str = "news", **more: object) -> str:
    rest = "".join(f"&{key}={quote_plus(str(value))}" for key, value in more.items())
    return f"/{database}/-/newsfeed/search?q={quote_plus(words)}{rest}"


async def find(datasette: Any, words: str, **more: object) -> str:
    response = await datasette.client.get(path_of(words, **more))
    assert response.status_code == 200, (words, response.text)
    return str(response.text)


def keys(page: str) -> list[str]:
    """The articles found, in order, as in their addresses."""
    return [
        urlsplit(html.unescape(address)).path.rpartition("/")[2] for address, _ in HIT.findall(page)
    ]


def count(page: str) -> str:
    found = COUNT.search(page)
    assert found, text_of(page)
    return " ".join((found[1] or "0").split())


def snippet(page: str) -> str:
    return page.partition('class="newsfeed-snippet">')[2].partition("</p>")[0]


# -- what is found ------------------------------------------------------------


async def test_a_word_in_the_title_says_more_than_one_in_the_body(archive: Path) -> None:
    page = await find(open_site(archive), "lantern")  # of one stem
    assert keys(page) == ["in-title", "in-excerpt", "in-body"]
    assert count(page) == "3"
    assert "<mark>Lanterns</mark> over the weir" in page


async def test_of_equals_the_newest_comes_first(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", articles=0)
    db = sqlite_utils.Database(path)
    for key, published_at in (("c", "2020"), ("a", "2021"), ("b", "2021"), ("d", "2022")):
        db.table("articles").insert({"id": key, "title": "Alike", "published_at": published_at})
    db.close()
    assert keys(await find(open_site(path), "alike")) == ["d", "a", "b", "c"]


async def test_the_snippet_is_where_the_words_are(archive: Path) -> None:
    datasette = open_site(archive)
    page = await find(datasette, "glass")
    assert keys(page) == ["in-body"]
    assert "lanterns, of <mark>glass</mark>." in snippet(page)
    assert "Nothing else" not in snippet(page)
    assert snippet(await find(datasette, "everywhere")) == "Lanterns <mark>everywhere</mark>."
    assert snippet(await find(datasette, "weir")) == "Nothing else."


async def test_a_snippet_is_text_not_markup(archive: Path) -> None:
    page = await find(open_site(archive), "tide quietly")
    assert keys(page) == [STORY]
    shown = html.unescape(snippet(page))
    assert shown == "A kite pulls power ‘out of the <mark>tide</mark>’. <mark>Quietly</mark>."


async def test_all_words_are_needed_and_phrases_stay_together(archive: Path) -> None:
    datasette = open_site(archive)
    assert keys(await find(datasette, "lanterns glass")) == ["in-body"]
    assert keys(await find(datasette, '"over the weir"')) == ["in-title"]
    assert keys(await find(datasette, '"weir the over"')) == []
    assert keys(await find(datasette, "lanterns unheard-of")) == []
    assert keys(await find(datasette, "LÁNTERNS  WEIR")) == ["in-title"]


async def test_a_long_title_is_shown_whole(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", articles=0)
    title = " ".join(f"word{number}" for number in range(150))
    db = sqlite_utils.Database(path)
    db.table("articles").insert({"id": "long", "title": title, "published_at": ""})
    db.table("articles").insert(
        {"id": "none", "title": "", "published_at": "", "url": "https://a.example/", "body": "Moth"}
    )
    db.close()
    page = await find(open_site(path), "word149")
    assert text_of(HIT.findall(page)[0][1]) == title
    # A link needs a text.
    assert HIT.findall(await find(open_site(path), "moth")) == [
        ("/news/articles/none?_from=q%3Dmoth#:~:text=Moth", "https://a.example/")
    ]


def test_marked_texts_fall_into_parts() -> None:
    assert parts("a b c", [(2, 3)]) == (Part("a ", False), Part("b", True), Part(" c", False))
    assert parts("ab", [(0, 1), (1, 2)]) == (Part("a", True), Part("b", True))
    assert parts("", []) == ()
    assert parts("a", []) == (Part("a", False),)
    long = "word " * 100 + "lantern and glass " + "word " * 100
    start, *middle, end = parts(long, [(500, 507), (512, 517)], length=60)
    assert start == end == Part("…", False)
    assert [part.text for part in middle if part.is_hit] == ["lantern", "glass"]
    assert sum(len(part.text) for part in middle) <= 60
    assert all(text.strip() in long for text in [part.text for part in middle])


class Markup(HTMLParser):
    """Every tag of a page, and the text within <mark>."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked: list[str] = []
        self._depth = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._depth += tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "mark"

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.marked.append(data)


@pytest.mark.parametrize("words", ["hostile", "script", "alert", "script quotes"])
async def test_what_is_found_is_escaped_around_every_mark(archive: Path, words: str) -> None:
    page = await find(open_site(archive), words)
    assert keys(page)
    found = Markup(page.partition('class="newsfeed-hits"')[2].partition("</ol>")[0])
    assert {word.lower() for word in found.marked} == set(words.split())
    assert SCRIPT not in page
    for tag, attributes in found.tags:
        assert tag in {"li", "article", "a", "span", "div", "h2", "p", "mark", "time", "img"}
        assert not [name for name in attributes if name.startswith("on")]


async def test_a_record_with_our_own_marks_is_still_escaped(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", articles=0)
    db = sqlite_utils.Database(path)
    title = f"\x02\x02<img src=x onerror=alert(1)>\x03 moth \x03\x02{SCRIPT}"
    row = {"id": "x", "title": title, "excerpt": title, "body": title, "published_at": ""}
    db.table("articles").insert(row)
    db.close()
    page = await find(open_site(path), "moth")
    assert keys(page) == ["x"]
    assert SCRIPT not in page
    assert "<img" not in page
    assert "\x02" not in page
    assert "\x03" not in page


@pytest.mark.parametrize("words", [SCRIPT, '"><img src=x onerror=alert(1)>', "' onfocus=alert(1)"])
async def test_the_words_themselves_are_escaped(archive: Path, words: str) -> None:
    page = await find(open_site(archive), words)
    inside = Markup(page.partition("newsfeed-results")[2].partition("<footer")[0])
    assert "script" not in [tag for tag, _ in inside.tags]
    assert not [names for _, names in inside.tags if {"onerror", "onfocus"} & set(names)]
    boxes = [names for tag, names in inside.tags if names.get("name") == "q"]
    assert {each["value"] for each in boxes} == {words}
    (box,) = [names for names in boxes if names["type"] == "search"]
    assert box["maxlength"] == str(LONGEST)


# -- no words are an error ----------------------------------------------------

ODD_WORDS = [
    *('"', '""', '" "', '"lanterns', 'lanterns"', 'a"b"c', '"""', "'", "''", "`"),
    *("AND", "OR", "NOT", "lanterns AND", "OR lanterns", "NOT NOT", "a AND OR b", "and or not"),
    *("NEAR", "NEAR(", "NEAR(a b)", "NEAR(a b, 2)", "NEAR/2", '"a" NEAR "b"'),
    *("(", ")", "()", "(a", "a)", "((((", "(a OR b) NOT c"),
    *("*", "**", "lant*", "*lant", '"lant"*', "^", "^lanterns", "^^", "a ^ b"),
    *(":", "title:lanterns", "nothing:lanterns", "{title body}:x", "- title : x", "title:"),
    *(
        "-",
        "--",
        "-lanterns",
        "lanterns -weir",
        "+",
        "a+b",
        "a + b",
        "|",
        "&&",
        ";",
        "\\",
        "%",
        "_",
    ),
    *("\0", "lan\0terns", '"lan\0terns', "\0\0 a", "a\nb", '"a\nOR"', '"a\n', "\t", "\x02\x03"),
    *("!!!", "...", "?", "#@$", "👍", "👩‍🚀 lanterns", "日本語", "新闻 lanterns", "ไทย", "ﬁ", "İ"),
    *("\u202elanterns", "\ufeff", "\u200b", "\ud800".encode("utf-8", "replace").decode(), "rowid"),
    *("articles_fts", "lanterns; drop table articles", "1", "0", "-1", "null", "x" * 10_000),
    *("a " * 5_000, '"' * 10_000, "(" * 10_000, "lanterns " * 1_000, '" ' * 3_333),
]


@pytest.mark.parametrize("words", ODD_WORDS, ids=lambda words: ascii(words)[:24])
async def test_no_words_are_an_error(archive: Path, words: str) -> None:
    datasette = open_site(archive)
    page = await find(datasette, words)
    assert "no such" not in page
    assert "syntax" not in page
    if "newsfeed-count" in page:
        assert count(page).isdigit()
        assert len(keys(page)) == int(count(page))
    if "As a list of articles" in page:
        # The same words lead on without an error, to the same articles.
        (address,) = re.findall(r'href="([^"]*)">As a list of articles', page)
        parts = urlsplit(html.unescape(address))
        rows = await datasette.client.get(f"{parts.path}.json?{parts.query}&_shape=array")
        assert rows.status_code == 200
        assert sorted(row["id"] for row in rows.json()) == sorted(map(tilde_decode, keys(page)))


@pytest.mark.parametrize("path", ["/news/-/newsfeed/search", path_of(""), path_of("  \t\n \0")])
async def test_without_words_nothing_is_looked_for(archive: Path, path: str) -> None:
    response = await open_site(archive).client.get(path)
    assert response.status_code == 200
    assert "newsfeed-count" not in response.text
    assert "Finds articles with all of these words" in text_of(response.text)


@pytest.mark.parametrize("words", ['"', "-", "👍 !!", "***"])
async def test_without_a_letter_nothing_is_looked_for(archive: Path, words: str) -> None:
    page = await find(open_site(archive), words)
    assert "newsfeed-count" not in page
    assert "There is no letter and no digit to search for." in text_of(page)


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=%", "q=a&q=b", "q=a;b", "Q=a", "q[]=a", "q"])
async def test_odd_queries_are_no_error(archive: Path, query: str) -> None:
    response = await open_site(archive).client.get(f"/news/-/newsfeed/search?{query}")
    assert response.status_code == 200


SYNTAX = st.text(st.sampled_from("\"'()*^:-+{}|,. \n\t\0abANDORNEAR\x02\x03é新\\"), max_size=40)


@given(words=st.one_of(SYNTAX, st.text(max_size=40)))
@settings(max_examples=tries(50, 2000))
async def test_any_words_at_all(archive: Path, words: str) -> None:
    page = await find(open_site(archive), words)
    if keys(page):
        assert len(keys(page)) <= int(count(page))


# -- paging and counting ------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        *(
            "0",
            "-1",
            "+1",
            "1.5",
            "1e1",
            " 1",
            "one",
            "٣",
            "²",
            "1" * 30,
            "1" * 5_000,
            "%31",
            "1;2",
            "01x",
        ),
        *(str(MOST_PAGES + 1), "<script>", "\0"),
    ],
)
async def test_a_page_that_is_no_page_is_refused_in_words(archive: Path, page: str) -> None:
    response = await open_site(archive).client.get(path_of("lanterns", page=page))
    assert response.status_code == 400
    assert response.text == f"page is a number from 1 to {MOST_PAGES}"
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("page", ["", "1", "01", str(MOST_PAGES)])
async def test_a_page_may_be_empty(archive: Path, page: str) -> None:
    found = await find(open_site(archive), "lanterns", page=page)
    assert count(found) == "3"
    assert len(keys(found)) == (0 if page == str(MOST_PAGES) else 3)


async def test_page_by_page_all_are_found_once(news: Path) -> None:
    datasette = open_site(news)
    path = path_of("bridge")
    pages: list[list[str]] = []
    while path:
        response = await datasette.client.get(path)
        found = keys(response.text)
        assert f'<ol class="newsfeed-hits" start="{len(pages) * PAGE + 1}">' in response.text
        assert (">Previous<" in response.text) is bool(pages)
        pages.append(found)
        following = re.search(r'rel="next" href="([^"]*)"', response.text)
        path = html.unescape(following[1]) if following else ""
    db = sqlite_utils.Database(news)
    sql = """select articles.id from articles join articles_fts
        on articles_fts.rowid = articles.rowid where articles_fts match 'bridge'"""
    expected = sorted(row[0] for row in db.execute(sql))
    db.close()
    assert len(expected) > 2 * PAGE
    assert [len(page) for page in pages[:-1]] == [PAGE] * (len(pages) - 1)
    assert sorted(key for page in pages for key in page) == expected
    assert count(response.text) == str(len(expected))


async def test_the_last_page_leads_no_further(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasette_newsfeed.pages.views import search_page as page_of_search

    monkeypatch.setattr(page_of_search, "MOST_PAGES", 2)
    page = await find(open_site(news), "bridge", page=2)
    assert ">Next<" not in page
    assert ">Previous<" in page
    assert len(keys(page)) == PAGE
    # What is not listed is said, and only then.
    assert f"The first {2 * PAGE} are listed." in text_of(page)
    monkeypatch.setattr(page_of_search, "MOST_PAGES", MOST_PAGES)
    assert "are listed" not in text_of(await find(open_site(news), "bridge"))


@pytest.mark.parametrize("most", [50, 10_000])
async def test_very_many_are_listed_by_time_and_not_counted_to_the_end(
    news: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(search, "MOST_RANKED", most)
    page = await find(open_site(news), "bridge")
    in_words = count(page)
    assert in_words == "More than 50" if most == 50 else int(in_words) > 50
    assert ("More than 50 are listed by time" in text_of(page)) is (most == 50)
    newest = keys(await find(open_site(news), "bridge", _sort_desc="published_at"))
    assert (keys(page) == newest) is (most == 50)


# -- where it leads -----------------------------------------------------------


@pytest.mark.parametrize("words", ["bridge", '"river tide"', "ferry -lamp", "lamp* tide", "TRAM"])
async def test_narrowing_down_starts_from_the_same_articles(news: Path, words: str) -> None:
    datasette = open_site(news)
    page = await find(datasette, words)
    (address,) = re.findall(r'href="([^"]*)">As a list of articles', page)
    path = html.unescape(address)
    rows = await datasette.client.get(path.replace("?", ".json?") + "&_shape=array&_size=max")
    assert len(rows.json()) == int(count(page)) > 0
    listed = (await datasette.client.get(path)).text
    (back,) = re.findall(r'href="([^"]*)">Best match<', listed)
    assert keys((await datasette.client.get(html.unescape(back))).text) == keys(page)
    assert f'value="{html.escape(words)}"'.replace("&quot;", "&#34;") in listed


async def test_words_beyond_the_longest_are_left_out_everywhere(archive: Path) -> None:
    page = await find(open_site(archive), "lanterns " * 60)
    words = "lanterns " * (LONGEST // len("lanterns "))
    assert f'value="{words.strip()}"' in page
    assert count(page) == "3"
    (address,) = re.findall(r'href="([^"]*)">As a list of articles', page)
    assert html.unescape(address) == f"/news/articles?_search={quote_plus(words.strip())}"


@pytest.mark.parametrize(
    ("length", "kept"), [(LONGEST, LONGEST), (LONGEST + 1, LONGEST), (5_000, LONGEST)]
)
async def test_one_endless_word_is_cut(archive: Path, length: int, kept: int) -> None:
    page = await find(open_site(archive), "x" * length)
    assert f'value="{"x" * kept}"' in page


async def test_behind_a_base_url(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/a/b/"})
    page = await find(datasette, "kites")
    inside = Markup(page.partition("newsfeed-results")[2].partition("<footer")[0])
    addresses = [
        names[name] or ""
        for _, names in inside.tags
        for name in ("href", "src", "action")
        if name in names
    ]
    ours = [address for address in addresses if address.startswith("/")]
    assert len(ours) > 4
    assert all(address.startswith("/a/b/news/") for address in ours)
    assert not [address for address in ours if "/a/b/a/b" in address]


async def test_two_archives_are_searched_apart(archive: Path, tmp_path: Path) -> None:
    other = build_archive(tmp_path / "other one.db")
    datasette = open_site(archive, other)
    assert count(await find(datasette, "lanterns")) == "3"
    page = await find(datasette, "lanterns", database=quote("other one").replace("%20", "~20"))
    assert count(page) == "0"


# -- who may search, and where ------------------------------------------------


async def status(datasette: Any, path: str, **more: Any) -> int:
    response = await datasette.client.get(path, **more)
    assert "Lanterns over" not in response.text or response.status_code == 200
    return int(response.status_code)


def denying(table: str) -> dict[str, Any]:
    return {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}


@pytest.mark.parametrize(
    "metadata",
    [
        denying("articles"),
        denying(FULL_TEXT),
        {"databases": {"news": {"allow": {"id": "editor"}}}},
        {"allow": {"id": "editor"}},
    ],
)
async def test_who_may_not_see_the_articles_finds_none(
    archive: Path, metadata: dict[str, Any]
) -> None:
    datasette = open_site(archive, metadata=metadata)
    assert await status(datasette, path_of("lanterns")) in (403, 404)
    assert await status(datasette, path_of("lanterns", page="x")) in (403, 404)
    visitor = {"ds_actor": datasette.sign({"a": {"id": "visitor"}}, "actor")}
    assert await status(datasette, path_of("lanterns"), cookies=visitor) in (403, 404)
    editor = {"ds_actor": datasette.sign({"a": {"id": "editor"}}, "actor")}
    response = await datasette.client.get(path_of("lanterns"), cookies=editor)
    assert keys(response.text) == ["in-title", "in-excerpt", "in-body"]


async def test_no_way_leads_to_a_search_one_may_not_use(archive: Path) -> None:
    path = "/news/articles?_search=lanterns"
    assert ">Best match<" in (await open_site(archive).client.get(path)).text
    datasette = open_site(archive, metadata=denying(FULL_TEXT))
    assert ">Best match<" not in (await datasette.client.get(path)).text


async def test_where_there_is_nothing_to_search(archive: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.db"
    db = sqlite_utils.Database(plain)
    db.table("articles").insert({"id": "1", "title": "Lanterns over"}, pk="id")
    db.table("articles").enable_fts(["title"])
    db.close()
    bare = build_archive(tmp_path / "bare.db")
    db = sqlite_utils.Database(bare)
    db.table("articles").disable_fts()
    db.close()
    datasette = open_site(archive, plain, bare)
    for database in ("plain", "nothing", "bare", "_memory", "_internal", "..", "~2F"):
        assert await status(datasette, path_of("lanterns", database=database)) in (403, 404)
    # Without full text all the rest stays.
    page = await datasette.client.get("/bare/articles?_search=kites")
    assert page.status_code == 200
    assert ">Best match<" not in page.text


async def test_a_search_that_takes_too_long_says_so(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(self: ArchiveView, sql: str, values: Any = ()) -> Any:
        raise QueryInterrupted(None, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", late)
    page = await find(open_site(archive), "lanterns")
    assert "took too long" in text_of(page)
    assert 'value="lanterns"' in page
    assert "As a list of articles" not in page


async def test_an_archive_without_articles(tmp_path: Path) -> None:
    datasette = open_site(build(tmp_path / "news.db", articles=0))
    assert count(await find(datasette, "lanterns")) == "0"
    assert len(ARTICLES) > 0
