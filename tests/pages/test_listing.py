"""The articles page as cards: which layout, which cards in which order, and what stays."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlite_utils
from datasette import hookimpl
from datasette.database import QueryInterrupted
from datasette.plugins import pm
from datasette.utils import tilde_encode
from facet_archive import build
from pages_site import (
    ARTICLES,
    FOLLOWER,
    STORY,
    build_archive,
    open_site,
    text_of,
)
from share import share

from datasette_newsfeed.pages.access.archives import ArchiveView
from datasette_newsfeed.pages.queries import cards
from datasette_newsfeed.pages.views import page_metadata

T = TypeVar("T")

TITLE = re.compile(r'<h3 class="newsfeed-card-title"><a href="([^"]*)">(.*?)</a>', re.S)
ODD_KEYS = [
    "a/b/c",
    "../../etc",
    "dots.and.more.json",
    "~tilde~2F",
    "per%20cent%2F",
    "q?x=1&y=2#z",
    "quotes'\"<b>",
    "комма, и ещё",
    "日本語",
    "👩‍🚀",
    " space ",
    "plus+plus",
    "-",
    "x" * 300,
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("listing") / "news.db")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("many") / "news.db", articles=160)


@contextmanager
def registered(plugin: T) -> Iterator[T]:
    """Have Datasette use a plugin until the end of the block."""
    pm.register(plugin)
    try:
        yield plugin
    finally:
        pm.unregister(plugin)


async def get(datasette: Any, path: str, **more: Any) -> str:
    response = await datasette.client.get(path, follow_redirects=True, **more)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


def titles(page: str) -> list[str]:
    """The titles of the cards on a page, in order."""
    return [html.unescape(title) for _, title in TITLE.findall(page)]


def layout_of(page: str) -> str:
    """Which layout a page has; fails if it has both or none."""
    found = {
        "cards": 'class="newsfeed newsfeed-listing' in page,
        "table": 'class="rows-and-columns">' in page,
    }
    (layout,) = [name for name, is_there in found.items() if is_there]
    # With cards, the way to the table is in the fold.
    assert ('class="newsfeed-data-ways"' in page) == (layout == "cards")
    assert ('<span aria-current="true">Table</span>' in page) == (layout == "table")
    return layout


def links(page: str, path: str = "/news/articles") -> list[str]:
    """The links of a page to the articles with any filter, without their host."""
    body = page.partition("<body")[2].partition("<footer")[0]
    found = [urlsplit(html.unescape(url)) for url in re.findall(r'href="([^"]*)"', body)]
    return [f"{url.path}?{url.query}" for url in found if url.path == path and url.query]


# -- which layout -------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "layout"),
    [
        *(("", "cards"), ("_layout=cards", "cards"), ("_layout=table", "table")),
        *(("_layout=", "cards"), ("_layout=Table", "cards"), ("_layout=%00", "cards")),
        *(("_layout=<script>", "cards"), ("_layout=table&_layout=cards", "table")),
    ],
)
async def test_the_address_chooses(archive: Path, query: str, layout: str) -> None:
    assert layout_of(await get(open_site(archive), f"/news/articles?{query}")) == layout


def of_all(value: Any) -> dict[str, Any]:
    return {"plugins": {"datasette-newsfeed": value}}


def of_database(value: Any, **more: Any) -> dict[str, Any]:
    return {"databases": {"news": {**of_all(value), **more}}}


TABLE, CARDS = {"layout": "table"}, {"layout": "cards"}


@pytest.mark.parametrize(
    ("metadata", "layout"),
    [
        (of_all(TABLE), "table"),
        (of_all(CARDS), "cards"),
        (of_database(TABLE), "table"),
        ({**of_all(TABLE), **of_database(CARDS)}, "cards"),
        ({**of_all(CARDS), **of_database(TABLE)}, "table"),
        # A block for the database that says nothing of this setting.
        ({**of_all(TABLE), "databases": {"news": {"title": "News"}}}, "table"),
        ({**of_all(TABLE), **of_database({"other": 1})}, "table"),
        ({**of_all(TABLE), "databases": {"news": {"plugins": {"another-plugin": {}}}}}, "table"),
        ({**of_all(TABLE), "databases": {"other": of_all(CARDS)}}, "table"),
        *((of_all(value), "cards") for value in ({"layout": "grid"}, {"layout": None}, {})),
        *((of_all(value), "cards") for value in ({"layout": ["table"]}, {"layout": {"a": 1}})),
        *((of_all(value), "cards") for value in (None, "layout", ["layout"], 7)),
    ],
)
async def test_a_setting_chooses_and_the_address_wins(
    archive: Path, metadata: dict[str, Any], layout: str
) -> None:
    datasette = open_site(archive, metadata=metadata)
    assert layout_of(await get(datasette, "/news/articles")) == layout
    assert layout_of(await get(datasette, "/news/articles?_layout=nonsense")) == layout
    for other in ("cards", "table"):
        assert layout_of(await get(datasette, f"/news/articles?_layout={other}")) == other


async def test_two_archives_each_with_its_own(archive: Path, tmp_path: Path) -> None:
    other = build_archive(tmp_path / "other.db")
    datasette = open_site(archive, other, metadata=of_database(TABLE))
    assert layout_of(await get(datasette, "/news/articles")) == "table"
    assert layout_of(await get(datasette, "/other/articles")) == "cards"
    cards_of_other = await get(datasette, "/other/articles")
    assert "/news/" not in cards_of_other.partition('class="newsfeed ')[2].partition("<footer")[0]


async def test_what_is_no_archive_is_left_alone(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "plain.db"
    db = sqlite_utils.Database(path)
    db.table("articles").insert({"id": "1", "title": "A table of this name"}, pk="id")
    db.close()
    datasette = open_site(archive, path, metadata=of_all(CARDS))
    for page in ("/plain/articles", "/plain/articles?_layout=cards", "/plain/articles?_search=x"):
        text = await get(datasette, page)
        assert 'class="newsfeed ' not in text
        assert "A table of this name" in text
    for page in ("/news/providers?_layout=cards", "/news/article_list?_layout=cards"):
        assert "newsfeed-listing" not in await get(datasette, page)


async def test_the_links_to_the_layouts_keep_all_else(news: Path) -> None:
    query = "_topic=Harbour&heat__gt=1&_sort=title&_size=5&title__not=&_facet=category"
    datasette = open_site(news)
    page = await get(datasette, f"/news/articles?{query}")
    following = next(url for url in links(page) if "_next=" in url)
    for here in (f"/news/articles?{query}", following):
        wanted = parse_qs(urlsplit(here).query, keep_blank_values=True)
        page = await get(datasette, here)
        (to_table,) = [url for url in links(page) if "_layout=table" in url]
        asked = parse_qs(urlsplit(to_table).query, keep_blank_values=True)
        assert asked == {**wanted, "_layout": ["table"]}
        table = await get(datasette, to_table)
        assert layout_of(table) == "table"
        (back,) = [url for url in links(table) if "_layout=cards" in url]
        again = await get(datasette, back)
        assert titles(again) == titles(page) != []


@pytest.mark.parametrize("layout", ["cards", "table"])
async def test_every_link_of_the_page_keeps_the_layout(news: Path, layout: str) -> None:
    metadata = of_all({"layout": "table" if layout == "cards" else "cards"})
    datasette = open_site(news, metadata=metadata)
    page = await get(datasette, f"/news/articles?_layout={layout}&_size=5&_topic=Harbour")
    # The links to the layouts themselves, and those of the page to the table's own description.
    other = "table" if layout == "cards" else "cards"
    for url in links(page):
        asked = parse_qs(urlsplit(url).query)["_layout"]
        assert asked in ([layout], [other])
        if asked == [other]:
            assert f'href="{html.escape(url)}">{other.capitalize()}</a>' in page
    assert f'<input type="hidden" name="_layout" value="{layout}">' in page


# -- which cards --------------------------------------------------------------

SORTS = [
    *("", "_sort=published_at", "_sort_desc=published_at", "_sort=title", "_sort_desc=title"),
    *("_sort=heat", "_sort_desc=heat", "_sort=id", "_sort_desc=provider_id", "_sort=quality"),
]
FILTERS = ["", "_topic=Harbour", "_search=ferry", "type=video&heat__gt=9", "heat__gt=2"]


@pytest.mark.parametrize(("sort", "filters"), share(itertools.product(SORTS, FILTERS)))
async def test_the_cards_are_the_rows_in_their_order(news: Path, sort: str, filters: str) -> None:
    datasette = open_site(news)
    path = f"/news/articles?{sort}&{filters}&_size=12"
    seen = 0
    while path:
        rows = (await datasette.client.get(f"{path}&_shape=objects".replace("?", ".json?"))).json()
        page = await get(datasette, path)
        assert titles(page) == [row["title"] for row in rows["rows"]]
        assert len(rows["rows"]) <= 12
        seen += 1
        following = [url for url in links(page) if "_next=" in url and "_layout" not in url]
        path = following[0] if following and seen < 3 else ""
    assert seen > 1 or filters.startswith("type")


async def test_all_that_one_page_can_hold(tmp_path: Path) -> None:
    datasette = open_site(build(tmp_path / "news.db", articles=1000))
    page = await get(datasette, "/news/articles?_size=max&_nofacet=1")
    assert len(set(titles(page))) == 1000


@pytest.mark.parametrize(
    "query",
    [
        *("_nocol=title", "_nocol=title&_nocol=heat&_nocol=image_id", "_col=heat", "_col=id"),
        *("_shape=array", "_shape=arrayfirst", "_labels=off", "_labels=on", "_json=extra"),
        *("_extra=count", "_trace=1", "_nofacet=1", "_nocount=1", "_nosuggest=1", "_ttl=5"),
    ],
)
async def test_what_is_meant_for_others_leaves_the_cards_alone(archive: Path, query: str) -> None:
    datasette = open_site(archive)
    plain = titles(await get(datasette, "/news/articles"))
    assert len(plain) == len(ARTICLES)
    assert titles(await get(datasette, f"/news/articles?{query}")) == plain


async def test_json_and_csv_know_no_layout(archive: Path) -> None:
    datasette = open_site(archive)
    for path in (
        *("/news/articles.json?_shape=array&", "/news/articles.json?_shape=objects&"),
        *(
            "/news/articles.csv?",
            "/news/articles.csv?_stream=1&",
            "/news/articles.json?_shape=array&_nl=on&",
        ),
        "/news/articles.csv?_col=title&_nocol=heat&",
    ):
        answers = []
        for layout in ("", "_layout=cards", "_layout=table"):
            text = await get(datasette, path + layout)
            assert "newsfeed" not in text
            answers.append(json.dumps(json.loads(text)["rows"]) if "objects" in path else text)
        assert len(set(answers)) == 1
        assert STORY in answers[0] or "Tidal kites" in answers[0]


@pytest.mark.parametrize(
    "filters", ["title=nothing", "_topic=nothing", "_search=zzzz", "published_at__gte=2999"]
)
async def test_nothing_found_is_said(archive: Path, filters: str) -> None:
    page = await get(open_site(archive), f"/news/articles?{filters}")
    assert titles(page) == []
    assert "No article matches" in text_of(page)
    assert layout_of(page) == "cards"


@pytest.mark.parametrize("key", share(ODD_KEYS))
async def test_a_card_leads_to_its_article_whatever_its_key(tmp_path: Path, key: str) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.table("articles").insert(
        {"id": key, "title": "An odd key", "published_at": "2031-01-01T00:00:00Z"}
    )
    db.table("article_topics").insert({"article_id": key, "topic": "Tidal power", "position": 0})
    db.close()
    datasette = open_site(path)
    page = await get(datasette, "/news/articles")
    address, title = TITLE.findall(page)[0]
    assert title == "An odd key"
    assert html.unescape(address) == f"/news/articles/{tilde_encode(key)}"
    story = await get(datasette, html.unescape(address))
    assert '<h1 class="newsfeed-headline" id="newsfeed-headline">An odd key</h1>' in story
    card = page.partition("An odd key")[2].partition("</article>")[0]
    assert ">Tidal power</a>" in card


async def test_cards_that_take_too_long_say_so(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasette = open_site(archive)
    await get(datasette, "/news/articles")

    async def late(self: ArchiveView, sql: str, values: Any = ()) -> Any:
        raise QueryInterrupted(None, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", late)
    page = await get(datasette, "/news/articles?_topic=Harbours")
    assert "These articles took too long to load" in text_of(page)
    assert "No article matches" not in page
    to_table = '<a href="/news/articles?_topic=Harbours&amp;_layout=table">See them as a table</a>'
    assert to_table in page


async def test_cards_by_id(archive: Path) -> None:
    datasette = open_site(archive)
    await datasette.invoke_startup()
    view = ArchiveView(datasette, "news", frozenset({"articles"}), has_copies=False)
    found = await cards.find_cards_by_id(view, [STORY, "undated", "nobody", FOLLOWER])
    assert [card.id for card in found] == [STORY, "undated", FOLLOWER]
    assert await cards.find_cards_by_id(view, []) == ()
    unseeing = ArchiveView(datasette, "news", frozenset({"topics"}), has_copies=False)
    assert await cards.find_cards_by_id(unseeing, [STORY]) == ()


# -- how many queries ---------------------------------------------------------


CARDS = "as pictures"


class Tracer:
    """A plugin that notes every statement that SQLite runs."""

    __name__ = "tracer"  # as 0.65 asks of plugins

    def __init__(self) -> None:
        self.statements: list[str] = []

    @hookimpl
    def prepare_connection(self, conn: Any) -> None:
        conn.set_trace_callback(self.statements.append)

    def heard(self) -> list[str]:
        """What ran since the last time, without what goes on in every time limit."""
        found = [
            text
            for text in self.statements
            if re.match(r"\s*(select|with)\b", text, re.I) and " from " in f" {text} ".lower()
        ]
        self.statements.clear()
        return found


@pytest.fixture
def tracer() -> Iterator[Tracer]:
    plugin = Tracer()
    pm.register(plugin)
    yield plugin
    pm.unregister(plugin)


async def test_one_query_for_each_kind_of_thing(news: Path, tracer: Tracer) -> None:
    datasette = open_site(news, metadata={"plugins": {"datasette-newsfeed": {"page_cache_mb": 0}}})
    counts: dict[tuple[str, int], int] = {}
    for layout in ("cards", "table"):
        for size in (1, 2, 50):
            path = f"/news/articles?_layout={layout}&_size={size}&_nofacet=1&_nosuggest=1"
            await get(datasette, path)
            tracer.heard()
            page = await get(datasette, path)
            heard = tracer.heard()
            counts[layout, size] = len(heard)
            if layout == "cards":
                assert len(titles(page)) == size
                ours = [text for text in heard if "as pictures" in text]
                assert len(ours) == 1
                of_topics = [text for text in heard if "as topic from article_topics" in text]
                assert len(of_topics) == 1
    assert counts["cards", 1] == counts["cards", 2] == counts["cards", 50]
    assert counts["cards", 50] <= counts["table", 50] + 2


async def test_the_table_costs_no_cards_but_those_of_its_preview(
    news: Path, tracer: Tracer
) -> None:
    datasette = open_site(news)
    for path, most in (
        ("/news/articles?_layout=table", page_metadata.LEADING),
        *(("/news/articles.json?_shape=array", 0), ("/news/articles.csv", 0)),
        ("/news/articles.csv?_stream=1", 0),
    ):
        await get(datasette, path)
        heard = tracer.heard()
        assert heard
        asked = [text.rpartition("where articles.id in (")[2] for text in heard if CARDS in text]
        assert [text.partition(")")[0].count(",") + 1 for text in asked] == [most] * (most > 0)


async def test_a_list_of_newest_costs_the_same_for_any_number(
    tmp_path: Path, tracer: Tracer
) -> None:
    counts = []
    for number in (2, 200):
        (tmp_path / str(number)).mkdir()
        datasette = open_site(build(tmp_path / str(number) / "news.db", articles=number))
        path = "/news/providers/harbour~2Eexample"
        await get(datasette, path)
        tracer.heard()
        page = await get(datasette, path)
        counts.append(len(tracer.heard()))
        assert "newsfeed-newest" in page
    assert abs(counts[1] - counts[0]) <= 1  # no topics to ask for where there are no cards


# -- facets beside the cards --------------------------------------------------


async def test_facets_under_the_words_of_readers(news: Path) -> None:
    query = "_facet=category&_facet=heat&_facet_presence=related"
    page = await get(open_site(news), f"/news/articles?{query}")
    headings = re.findall(r'class="newsfeed-facet-name">\s*([\w ]+?)\s*(?:<|$)', page, re.M)
    assert set(headings) == {
        *("Topics", "Providers", "Types", "Time", "Heat", "Images", "Related articles"),
        "Stories",  # none of these articles has a category: there is nothing to choose
    }
    assert headings.count("Heat") == 2  # its values, and their bands
    assert "published_at_period" not in "".join(headings)


async def test_facets_stand_in_one_order_whatever_they_count(news: Path) -> None:
    datasette = open_site(news)
    orders = set()
    for filters in ("", "type=video", "_topic=Harbour", "_search=ferry&heat__gt=20"):
        page = await get(datasette, f"/news/articles?{filters}")
        orders.add(tuple(re.findall(r'class="newsfeed-facet" id="facet-([^"]*)"', page)))
    assert len(orders) == 1
    assert len(orders.pop()) == 7


@pytest.mark.parametrize("layout", ["cards", "table"])
async def test_a_facet_that_took_too_long_is_named(
    news: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    from datasette_newsfeed.pages.facets.base import NewsFacet

    async def late(self: Any, sql: str, rows: Any, **params: Any) -> Any:
        raise QueryInterrupted(None, sql, params)

    monkeypatch.setattr(NewsFacet, "count", late)
    page = await get(open_site(news), f"/news/articles?_layout={layout}")
    assert layout_of(page) == layout
    assert "newsfeed-timeline" not in page
    for name in ("topics (topic)", "published_at (period)", "heat (band)"):
        assert name in text_of(page)


class Cells:
    """A plugin that notes which cells Datasette makes."""

    __name__ = "cells"

    def __init__(self) -> None:
        self.columns: set[str] = set()

    @hookimpl
    def render_cell(self, column: str, table: str | None) -> None:
        if table in ("articles", "stories"):
            self.columns.add(column)


@pytest.fixture
def cells() -> Iterator[Cells]:
    with registered(Cells()) as plugin:
        yield plugin


OWN_TABLES = {
    "table.html": '{% extends "default:table.html" %}',
    "_table-news-articles.html": '{% for row in display_rows %}<p>{{ row["url"] }}</p>{% endfor %}',
    "table-news-articles.html": '{% extends "default:table.html" %}',
}


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/demo/articles", "/demo/articles?_sort=heat", "/demo/stories"])
async def test_a_page_of_cards_makes_no_cell_of_the_table(
    demo_db: Path, cells: Cells, path: str
) -> None:
    """Neither does it read what would stand in them; all else about the rows is as before."""
    datasette = open_site(demo_db)
    page = await get(datasette, path)
    assert cells.columns == set()
    table = await get(datasette, f"{path}{'&' if '?' in path else '?'}_layout=table")
    assert cells.columns
    form = re.compile(r'<option value="([^"]+)"')
    assert sorted(form.findall(page)) == sorted(form.findall(table))


@pytest.mark.asyncio
@pytest.mark.parametrize("name", OWN_TABLES)
async def test_a_template_of_the_users_has_all_cells(
    archive: Path, cells: Cells, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(OWN_TABLES[name], encoding="utf-8")
    page = await get(open_site(archive, template_dir=str(tmp_path)), "/news/articles")
    assert {"url", "provider_id", "published_at"} <= cells.columns
    if name.startswith("_"):
        assert f"<p>{html.escape(ARTICLES[0]['url'])}</p>" in page


@pytest.mark.asyncio
async def test_pages_of_cards_lead_to_each_article_once(news: Path) -> None:
    """Their rows have no cells, but the values by which the next page is found."""
    datasette = open_site(news)
    for order in ("_sort_desc=published_at", "_sort=heat", "_sort=provider_id", "_sort=id"):
        found: list[str] = []
        path = f"/news/articles?{order}&_size=50"
        while path:
            page = await get(datasette, path)
            found += [address for address, _ in TITLE.findall(page)]
            following = re.search(r'rel="next" href="([^"]+)"', page)
            place = urlsplit(html.unescape(following[1])) if following else None
            path = f"{place.path}?{place.query}" if place else ""
        paths = [urlsplit(address).path for address in found]
        assert len(set(paths)) == len(paths) == 160, order


def without_keys(db: Path) -> Path:
    """The same rows in tables of which nothing is a key."""
    conn = sqlite3.connect(db)
    conn.execute("pragma legacy_alter_table = on")  # views stay as they are
    for table in ("articles", "stories"):
        conn.execute(f"create table copied as select * from {table}")
        conn.execute(f"drop table {table}")
        conn.execute(f"alter table copied rename to {table}")
    conn.commit()
    conn.close()
    return db


@pytest.mark.asyncio
async def test_lists_of_tables_without_a_key_are_drawn(tmp_path: Path, demo_db: Path) -> None:
    shutil.copy(demo_db, tmp_path / "demo.db")
    datasette = open_site(without_keys(tmp_path / "demo.db"))
    assert len(TITLE.findall(await get(datasette, "/demo/articles"))) == 50
    assert "newsfeed-hit-title" in await get(datasette, "/demo/stories")


class Looks:
    """A plugin with a format for rows that have titles."""

    __name__ = "looks"

    @hookimpl
    def register_output_renderer(self) -> Any:
        def can_render(rows: Any) -> bool:
            return any(row["title"] for row in rows)

        return {"extension": "titles", "render": lambda: None, "can_render": can_render}


class Asks:
    """A plugin that reads articles while Datasette prepares the page."""

    __name__ = "asks"

    def __init__(self) -> None:
        self.titles: list[str] = []

    @hookimpl(trylast=True)
    def filters_from_request(self, datasette: Any, database: str, table: str) -> Any:
        async def ask() -> None:
            sql = "select id, title from articles where title > :t order by id limit 2"
            rows = await datasette.get_database(database).execute(sql, {"t": ""})
            self.titles += [row["title"] for row in rows.rows]

        return ask


@pytest.mark.asyncio
async def test_a_format_of_another_plugin_sees_the_values_of_rows(demo_db: Path) -> None:
    with registered(Looks()):
        page = await get(open_site(demo_db), "/demo/articles")
    assert "articles.titles" in page
    assert len(TITLE.findall(page)) == 50


@pytest.mark.asyncio
async def test_a_statement_of_another_plugin_is_its_own(demo_db: Path) -> None:
    with registered(Asks()) as asks:
        page = await get(open_site(demo_db), "/demo/articles")
    assert len(asks.titles) == 2
    assert all(asks.titles)
    assert len(TITLE.findall(page)) == 50


@pytest.mark.asyncio
async def test_an_archive_without_stories_has_its_articles(tmp_path: Path, demo_db: Path) -> None:
    shutil.copy(demo_db, tmp_path / "demo.db")
    conn = sqlite3.connect(tmp_path / "demo.db")
    conn.execute("drop table stories")
    conn.commit()
    conn.close()
    assert len(TITLE.findall(await get(open_site(tmp_path / "demo.db"), "/demo/articles"))) == 50
