"""The articles page for readers: order, pages, several values, the way back, the fold."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import sqlite_utils
from facet_archive import build
from pages_site import SCRIPT, STORY, build_archive, open_site, text_of

TITLE = re.compile(r'<h3 class="newsfeed-card-title"><a href="([^"]*)">(.*?)</a>', re.S)
NUMBERS = re.compile(r"<span>([\d,]+)–([\d,]+) of ([\d,]+)</span>")
SELECT = "/news/-/newsfeed/select"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("page") / "news.db")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("pages") / "news.db", articles=160)


async def _get(datasette: Any, path: str) -> str:
    path = path.removeprefix("http://localhost")
    response = await datasette.client.get(path, follow_redirects=True)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


def _link(page: str, relation: str) -> str | None:
    found = re.search(rf'rel="{relation}" href="([^"]*)"', page)
    return html.unescape(found[1]) if found else None


def _keys(page: str) -> list[str]:
    return [urlsplit(html.unescape(url)).path for url, _ in TITLE.findall(page)]


# Heat is a number of few values and null for some: in its order many rows are equal.
@pytest.mark.parametrize(
    "query",
    [
        "_size=30",
        "_size=30&_sort_desc=heat",
        "_size=30&_sort=heat",
        "_size=30&_topic=Harbour",
        "_size=30&_where=heat>20 or heat is null",
    ],
)
async def test_previous_leads_back_through_the_same_pages(news: Path, query: str) -> None:
    datasette = open_site(news)
    path: str | None = f"/news/articles?{query}"
    forth, last = [], 0
    while path:
        page = await _get(datasette, path)
        keys = _keys(page)
        numbers = NUMBERS.search(page)
        if numbers:
            first, end, _ = (int(each.replace(",", "")) for each in numbers.groups())
            assert (first, end) == (last + 1, last + len(keys))
            last = end
        forth.append(keys)
        path, here = _link(page, "next"), page
    assert len(forth) > 1
    back = [_keys(here)]
    while path := _link(here, "prev"):
        here = await _get(datasette, path)
        back.append(_keys(here))
    assert back[::-1] == forth
    assert "_next" not in (_link(await _get(datasette, f"/news/articles?{query}"), "prev") or "")


async def test_orders_are_buttons(news: Path, archive: Path) -> None:
    datasette = open_site(news)
    page = await _get(datasette, "/news/articles?_topic=Harbour&_search=ferry")
    buttons = page.partition('aria-label="Order"')[2].partition("</ul>")[0]
    assert text_of(f"<ul>{buttons}") == "> Newest Hottest Best match"
    assert 'aria-current="true">Newest' in buttons
    (hottest,) = re.findall(r'href="([^"]*_sort_desc=heat[^"]*)"', buttons)
    page = await _get(
        datasette,
        urlsplit(html.unescape(hottest)).path + "?" + urlsplit(html.unescape(hottest)).query,
    )
    assert 'aria-current="true">Hottest' in page
    # Said once, by the button.
    assert "highest heat first" not in text_of(
        page.partition("<body")[2].partition('<details class="newsfeed-data')[0]
    )
    db = sqlite_utils.Database(archive)
    assert db.execute("select count(*) from articles where heat >= 0").fetchone()[0]


async def test_there_is_no_hottest_without_heat(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    sqlite_utils.Database(path).execute("update articles set heat = null").connection.commit()
    assert "Hottest" not in await _get(open_site(path), "/news/articles")


@pytest.mark.parametrize(
    ("rest", "chosen", "expected"),
    [
        ("", [("provider_id", "b"), ("provider_id", "a")], [("provider_id__in", "a,b")]),
        ("", [("provider_id", "a")], [("provider_id", "a")]),
        ("", [("type", "a,b"), ("type", "c")], [("type__in", '["a,b", "c"]')]),
        ("", [("_topic", "B"), ("_topic", "A")], [("_topic", "A"), ("_topic", "B")]),
        (
            "heat__gte=25&_next=x&_sort_desc=heat",
            [("type", "video")],
            [("heat__gte", "25"), ("_sort_desc", "heat"), ("type", "video")],
        ),
        ("_search=a%26b", [], [("_search", "a&b")]),
    ],
)
async def test_several_values_become_one_address(
    archive: Path, rest: str, chosen: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    path = f"{SELECT}?{urlencode([('query', rest), *chosen])}"
    response = await open_site(archive).client.get(path)
    assert response.status_code == 302
    address = urlsplit(response.headers["location"])
    assert (address.scheme, address.netloc, address.path) == ("", "", "/news/articles")
    assert parse_qsl(address.query, keep_blank_values=True) == expected


@pytest.mark.parametrize(
    "query", ["//evil.example", "https://evil.example/", "\r\nset-cookie: a=b", SCRIPT, "q=//evil"]
)
async def test_the_form_leads_nowhere_else(archive: Path, query: str) -> None:
    response = await open_site(archive).client.get(f"{SELECT}?query={quote(query)}")
    assert response.status_code == 302
    assert response.headers["location"].startswith(("/news/articles", "/news/-/newsfeed/search?"))
    assert "set-cookie" not in response.headers
    assert "\n" not in response.headers["location"]


async def test_the_form_is_for_who_sees_articles(archive: Path) -> None:
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    assert (await open_site(archive, metadata=denied).client.get(SELECT)).status_code == 404
    assert (await open_site(archive).client.get("/other/-/newsfeed/select")).status_code == 404


async def test_what_a_form_shows_as_chosen_is_what_the_address_says(archive: Path) -> None:
    datasette = open_site(archive)
    asked = "provider_id__in=strait.example,harbour.example,gone.example&_topic=Tidal+power"
    page = await _get(datasette, f"/news/articles?{asked}")
    form = page.partition('class="newsfeed-facets"')[2].partition("</form>")[0]
    checked = re.findall(r'name="([^"]*)" value="([^"]*)"[^>]* checked', form)
    assert sorted(checked) == [
        ("_topic", "Tidal power"),
        ("provider_id", "harbour.example"),
        ("provider_id", "strait.example"),
    ]
    (rest,) = re.findall(r'name="query" value="([^"]*)"', form)
    # A value without a box stays chosen.
    assert parse_qsl(html.unescape(rest)) == [("provider_id__in", "gone.example")]
    again = await datasette.client.get(
        f"{SELECT}?{urlencode([('query', html.unescape(rest)), *checked])}"
    )
    assert sorted(parse_qsl(urlsplit(again.headers["location"]).query)) == [
        ("_topic", "Tidal power"),
        ("provider_id__in", "gone.example,harbour.example,strait.example"),
    ]


async def test_an_article_leads_back_to_its_place_in_the_list(news: Path) -> None:
    datasette = open_site(news)
    first = await _get(datasette, "/news/articles?_topic=Harbour&_size=5")
    page = await _get(datasette, str(_link(first, "next")))
    url, _ = TITLE.findall(page)[1]
    article = await _get(datasette, html.unescape(url))
    (back,) = re.findall(r'newsfeed-back"><a href="([^"]*)"', article)
    address = urlsplit(html.unescape(back))
    assert address.path == "/news/articles"
    place = await _get(datasette, f"{address.path}?{address.query}")
    assert html.unescape(url).partition("?")[0] in _keys(place)
    assert f'id="{address.fragment}"' in place
    # The whole list is a click away anyhow, and the article's own address stays the plain one.
    assert "_from" not in TITLE.findall(await _get(datasette, "/news/articles"))[0][0]
    assert "_from" not in re.findall(r'rel="canonical" href="([^"]*)"', article)[0]


@pytest.mark.parametrize(
    "given", ["//evil.example", "javascript:alert(1)", "a=" + "x" * 3000, SCRIPT, ""]
)
async def test_the_way_back_leads_nowhere_else(archive: Path, given: str) -> None:
    page = await _get(open_site(archive), f"/news/articles/{STORY}?_from={quote(given)}")
    assert all(
        back.startswith("/news/articles?")
        for back in re.findall(r'newsfeed-back"><a href="([^"]*)"', page)
    )


async def test_datasettes_own_page_is_in_one_fold(archive: Path) -> None:
    datasette = open_site(archive)
    for path in ("/news/articles", f"/news/articles/{STORY}", "/news/topics/Harbours"):
        page = await _get(datasette, path)
        before, fold = page.split('<details class="newsfeed-data">')
        assert "<summary>Data</summary>" in fold
        assert ("export-links" if path == "/news/articles" else "This data as") in fold
        assert "This data as" not in before
        assert before.count('class="newsfeed-card-title"') == page.count(
            'class="newsfeed-card-title"'
        )
    page = await _get(datasette, "/news/articles?_topic=Tidal+power")
    assert "/news/article_list.csv?_topic=Tidal+power" in page
    # Other tables, and the table layout, are as they were.
    for path in ("/news/images", "/news/articles?_layout=table", "/news/article_topics"):
        assert "newsfeed-data" not in await _get(datasette, path)


@pytest.mark.line("1.0")
async def test_what_other_plugins_put_on_top_is_there_once(archive: Path) -> None:
    from datasette import hookimpl
    from datasette.plugins import pm

    class Top:
        @hookimpl
        def top_table(self) -> str:
            return "<p>On top of it</p>"

        @hookimpl
        def top_row(self) -> str:
            return "<p>On top of it</p>"

    plugin = Top()
    pm.register(plugin)
    try:
        for path in ("/news/articles", f"/news/articles/{STORY}", "/news/images"):
            page = await _get(open_site(archive), path)
            assert page.count("On top of it") == 1, path
            assert "On top of it" in page.partition('<details class="newsfeed-data')[0]
    finally:
        pm.unregister(plugin)
