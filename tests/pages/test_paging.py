"""Following "next" from the first page shows each row once, whatever the order and the filters.

Archives of random rows, full of equal values, nulls and reals, are read as a browser, a script, a
spreadsheet and a feed reader do, in every order that may be asked for.
"""

from __future__ import annotations

import csv
import html
import io
import random
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from datasette.app import Datasette
from datasette.utils import PrefixedUrlString
from facet_archive import open_site
from share import share
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.pages.feeds.feed import entry_id

ROWS = 70
SIZE = 7
LONG_TEXTS = {
    "articles": ("excerpt", "body", "featured_content", "extra"),
    "related_articles": ("excerpt", "extra"),
    "article_list": ("excerpt",),
}
UNREAD = 0.2310683059354426
"""A number that SQLite reads from this spelling as another one, 0.23106830593544259."""

TIMES = ("", "2021-04-21T00:00:00Z", "2021-04-22T00:00:00Z", "2021-04-22T19:15:00Z")
NUMBERS = (None, None, -1, 0, 3, 50, 50, 100, 0.5, 2.5, 1e-7, 123456.789, UNREAD)
TITLES = ("Ferry late", "ferry late", "Färry, late", "", "$null", "~2C", "a,b&c=d#e", "Tide")
TOPICS = ("Harbour", "Rail & Road", "Ärzte", "50% less", "lone")
PROVIDERS = ("a.example", "b.example", "c.example")
FILTERS = (
    {},
    {"_topic": "Harbour"},
    {"_topic": "Rail & Road", "heat__gte": "0"},
    {"_search": "ferry"},
    {"_search": "late", "provider_id": "a.example"},
    {"provider_id__isblank": "1"},
    {"published_at__gte": "2021-04-21T12:00", "type__notnull": "1"},
    {"heat__notblank": "1", "title__contains": "late"},
    {"_related": "1"},
    {"_where": "quality is not null or id like '%3%'"},
    {"type__in": "article,video", "_facet_topic": "topics", "_facet": "provider_id"},
)


def _article(number: int, dice: random.Random) -> dict[str, Any]:
    def any_of(*values: Any) -> Any:
        return dice.choice(values)

    return {
        "id": f"2021-04-21-{dice.choice(('ferry', 'Tide', 'ä', 'x,y'))}-{number:03}",
        "title": dice.choice(TITLES),
        "image_id": any_of(None, "image-1", "image-2"),
        "provider_id": any_of(None, *PROVIDERS),
        "provider_name": any_of(None, "A", "B"),
        "published_at": dice.choice(TIMES),
        "type": any_of(None, "", "article", "video"),
        "category": any_of(None, "news"),
        "heat": dice.choice(NUMBERS),
        "quality": dice.choice(NUMBERS),
        "published": any_of(None, 0, 1),
        "excerpt": "The ferry is late",
        "body": "Long text",
        "url": any_of(None, "https://a.example/x", "https://a.example/x?y=z&a,b"),
        "updated_at": any_of(None, *TIMES),
        "extra": any_of(None, '{"a": 1}'),
        "is_headline": any_of(0, 1),
    }


def build(path: Path, seed: int, rows: int = ROWS) -> Path:
    """Create an archive of random articles; return its path."""
    dice = random.Random(seed)
    db = Database(path)
    schema.create(db)
    db.table("images").insert_all(
        {"id": f"image-{n}", "url": f"https://a.example/{n % 2}", "width": dice.choice(NUMBERS)}
        for n in range(40)
    )
    db.table("providers").insert_all({"domain": name, "name": "Same"} for name in PROVIDERS)
    db.table("topics").insert_all({"name": name} for name in TOPICS)
    db.table("articles").insert_all([_article(n, dice) for n in range(rows)])
    # In another order than that of their keys.
    ids = [row["id"] for row in db.query("select id from articles order by title desc, url")]
    db.table("article_topics").insert_all(
        {"article_id": key, "topic": topic, "position": dice.randrange(2)}
        for key in ids
        for topic in dice.sample(TOPICS, dice.randrange(4))
    )
    for table, more in (
        (
            "related_articles",
            lambda: {"title": dice.choice(TITLES), "quality": dice.choice(NUMBERS)},
        ),
        (
            "similar_articles",
            lambda: {
                "similar_id": dice.choice(ids),
                "score": dice.choice((0.5, 1.25, UNREAD, dice.random())),
            },
        ),
    ):
        db.table(table).insert_all(
            {"article_id": key, "position": place, **more()}
            for key in ids[: len(ids) // 2]
            for place in range(dice.choice((0, 1, 2)))
        )
    db.table("stories").insert_all(
        {
            "id": key,
            "headline_id": key,
            "size": dice.choice((2, 3)),
            "first_published_at": dice.choice(TIMES),
            "last_published_at": dice.choice(TIMES),
        }
        for key in ids[::2]
    )
    members = ids[::3]
    for key in members:
        db.execute("update articles set story_id = ? where id = ?", [dice.choice(ids[::2]), key])
    db.conn.commit()
    db.close()
    return path


# -- four ways to read a list -------------------------------------------------


async def get(site: Datasette, address: str) -> Any:
    response = await site.client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code} {response.text[:500]}"
    return response


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def address(table: str, extension: str, *queries: dict[str, Any]) -> str:
    merged = {key: value for query in queries for key, value in query.items()}
    return f"/news/{table}{extension}?{urlencode(merged)}"


def key_of(table: str, row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in keys_of(table))


def keys_of(table: str) -> tuple[str, ...]:
    return next((each.primary_key for each in schema.TABLES if each.name == table), ("id",))


async def pages(site: Datasette, first: str, next_url: Any) -> AsyncIterator[Any]:
    """Yield the pages from the first on; `next_url` finds the address of the next in one."""
    seen = set()
    url: str | None = first
    while url:
        assert url not in seen, f"{url} leads back to itself"
        seen.add(url)
        page = await get(site, url)
        yield page
        found = next_url(page)
        url = path_of(html.unescape(found)) if found else None


async def by_json(site: Datasette, table: str, *queries: dict[str, Any]) -> list[tuple[str, ...]]:
    first = address(table, ".json", {"_shape": "objects", "_size": SIZE}, *queries)
    found = pages(site, first, lambda page: page.json()["next_url"])
    return [key_of(table, row) async for page in found for row in page.json()["rows"]]


async def by_csv(site: Datasette, table: str, *queries: dict[str, Any]) -> list[tuple[str, ...]]:
    page = await get(site, address(table, ".csv", {"_stream": "on"}, *queries))
    return [key_of(table, row) for row in csv.DictReader(io.StringIO(page.text))]


NEXT_PAGE = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>Next page')
ROW = re.compile(r'<td class="col-id[^"]*"[^>]*>(?:<a [^>]*>)?([^<]*)<')


async def by_html(site: Datasette, table: str, *queries: dict[str, Any]) -> list[tuple[str, ...]]:
    """The rows of a table whose key is `id`, in the plain layout, as a browser shows them."""
    first = address(table, "", {"_layout": "table", "_size": SIZE}, *queries)
    found = pages(site, first, lambda page: next(iter(NEXT_PAGE.findall(page.text)), None))
    return [(html.unescape(key),) async for page in found for key in ROW.findall(page.text)]


async def by_feed(site: Datasette, *queries: dict[str, Any]) -> list[str]:
    """The entries of a feed, whose ids are made from those of articles."""
    first = address("articles", ".jsonfeed", {"_size": SIZE}, *queries)
    found = pages(site, first, lambda page: page.json().get("next_url"))
    return [entry["id"] async for page in found for entry in page.json()["items"]]


def entries(keys: list[tuple[str, ...]]) -> list[str]:
    return [entry_id(key) for (key,) in keys]


async def all_keys(site: Datasette, table: str, *queries: dict[str, Any]) -> set[tuple[str, ...]]:
    """The rows on one page that has room for all of them, where order does not matter."""
    page = await get(site, address(table, ".json", {"_shape": "array", "_size": 1000}, *queries))
    return {key_of(table, row) for row in page.json()}


# -- the archives -------------------------------------------------------------


def orders_of(path: Path, table: str) -> list[dict[str, str]]:
    """Every order that may be asked for, the default one too."""
    with sqlite3.connect(path) as conn:
        columns = [row[1] for row in conn.execute(f"pragma table_info({table})")]
    columns = [column for column in columns if column not in LONG_TEXTS.get(table, ())]
    return [{}, *({word: column} for column in columns for word in ("_sort", "_sort_desc"))]


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("paging") / "news.db", seed=1)


@pytest.fixture
def site(news: Path) -> Datasette:
    # A page of a streamed CSV has as many rows as one answer may have.
    return open_site(news, settings={"suggest_facets": False})


@pytest.fixture
def small_site(news: Path) -> Datasette:
    return open_site(news, settings={"max_returned_rows": SIZE, "default_page_size": SIZE})


TABLES = (
    "articles",
    "stories",
    "article_list",
    "providers",
    "images",
    "article_topics",
    "related_articles",
    "similar_articles",
)


@pytest.mark.parametrize("table", TABLES)
async def test_json_in_every_order(site: Datasette, news: Path, table: str) -> None:
    whole = await all_keys(site, table)
    assert len(whole) > 2
    for order in share(orders_of(news, table)):
        found = await by_json(site, table, order, {"_nofacet": 1})
        assert len(found) == len(set(found)), f"{order} repeats rows"
        assert set(found) == whole, f"{order} loses rows"


@pytest.mark.parametrize("filters", FILTERS[1:], ids=lambda filters: urlencode(filters))
async def test_json_under_filters(site: Datasette, news: Path, filters: dict[str, str]) -> None:
    whole = await all_keys(site, "articles", filters)
    assert len(whole) > SIZE
    dice = random.Random(str(filters))
    for order in share(dice.sample(orders_of(news, "articles"), 12)):
        found = await by_json(site, "articles", filters, order)
        assert len(found) == len(set(found)), f"{order} repeats rows"
        assert set(found) == whole, f"{order} loses rows"


def in_order(path: Path, table: str, order: dict[str, str]) -> list[tuple[str, ...]]:
    """What plain SQL finds, equal rows by their keys."""
    keys = keys_of(table)
    columns = [
        f"{column} desc" if word == "_sort_desc" else column for word, column in order.items()
    ]
    with sqlite3.connect(path) as conn:
        sql = f"select {', '.join(keys)} from {table} order by {', '.join([*columns, *keys])}"
        return [tuple(map(str, row)) for row in conn.execute(sql)]


SOME_ORDERS = (
    {"_sort_desc": "published_at"},
    {"_sort": "published_at"},
    {"_sort": "heat"},
    {"_sort_desc": "heat"},
    {"_sort_desc": "quality"},
    {"_sort": "title"},
    {"_sort": "type"},
    {"_sort_desc": "type"},
    {"_sort_desc": "is_headline"},
    {"_sort_desc": "story_id"},
    {"_sort": "provider_name"},
)


@pytest.mark.parametrize("order", share(SOME_ORDERS), ids=urlencode)
async def test_each_way_to_read_a_list(
    site: Datasette, small_site: Datasette, news: Path, order: dict[str, str]
) -> None:
    wanted = in_order(news, "articles", order)
    assert await by_json(site, "articles", order, {"_nofacet": 1}) == wanted
    assert await by_csv(small_site, "articles", order) == wanted
    assert await by_html(site, "articles", order, {"_nofacet": 1}) == wanted
    assert await by_feed(site, order) == entries(wanted)


@pytest.mark.parametrize(
    "filters", [{"_topic": "Harbour"}, {"_search": "late", "heat__gte": "0"}], ids=urlencode
)
async def test_each_way_to_read_a_selection(
    site: Datasette, small_site: Datasette, filters: dict[str, str]
) -> None:
    whole = await all_keys(site, "articles", filters)
    for order in ({}, {"_sort_desc": "heat"}, {"_sort": "title"}):
        wanted = await by_json(site, "articles", filters, order)
        assert len(wanted) == len(whole)
        assert set(wanted) == whole
        assert await by_csv(small_site, "articles", filters, order) == wanted
        assert await by_html(site, "articles", filters, order) == wanted
        assert await by_feed(site, filters, order) == entries(wanted)


@pytest.mark.parametrize("columns", ["title", "heat,title"])
async def test_when_the_sort_column_is_not_shown(site: Datasette, news: Path, columns: str) -> None:
    shown = [("_col", column) for column in columns.split(",")]
    for order in ({"_sort_desc": "quality"}, {"_sort": "quality"}):
        query = urlencode([*shown, *order.items(), ("_shape", "objects"), ("_size", SIZE)])
        found = pages(site, f"/news/articles.json?{query}", lambda page: page.json()["next_url"])
        keys = [(row["id"],) async for page in found for row in page.json()["rows"]]
        assert keys == in_order(news, "articles", order)


@pytest.mark.parametrize(
    "order", [{"_sort_desc": "quality"}, {"_sort": "provider_id"}], ids=urlencode
)
async def test_with_labels(site: Datasette, news: Path, order: dict[str, str]) -> None:
    found = await by_json(site, "articles", order, {"_labels": "on"})
    assert found == in_order(news, "articles", order)


# -- what is not touched, what is refused ---------------------------------------


@pytest.mark.parametrize("column", LONG_TEXTS["articles"])
async def test_long_texts_are_no_order(site: Datasette, column: str) -> None:
    for word in ("_sort", "_sort_desc"):
        for extension in ("", ".json", ".csv", ".atom"):
            page = await site.client.get(f"/news/articles{extension}?{word}={column}")
            assert page.status_code == 400, (extension, page.status_code)
            assert f"articles cannot be sorted by {column}" in page.text
    page = await get(site, "/news/articles?_layout=table")
    assert "_sort=title" in page.text
    assert f"_sort={column}" not in page.text
    assert f'<option value="{column}">Sort by' not in page.text


async def test_a_column_that_the_configuration_names_is_an_order(news: Path) -> None:
    tables = {"articles": {"sortable_columns": ["excerpt"], "facets": []}}
    site = open_site(news, tables=tables)
    assert (await get(site, "/news/articles.json?_sort=excerpt&_nofacet=1")).json()["rows"]
    assert (await site.client.get("/news/articles.json?_sort=title")).status_code == 400


async def test_columns_and_tables_of_others(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", seed=3)
    db = Database(path)
    db.execute("alter table articles add column mood text")
    db.execute("update articles set mood = substr(title, 1, 1)")
    db.execute("create table notes (text text, mark real)")  # without a key
    dice = random.Random(1)
    notes = [{"text": f"note {n}", "mark": dice.choice(NUMBERS)} for n in range(50)]
    db.table("notes").insert_all(notes)
    db.conn.commit()
    db.close()
    site = open_site(path)
    for order in ({"_sort": "mood"}, {"_sort_desc": "mood"}):
        found = await by_json(site, "articles", order, {"_nofacet": 1})
        assert found == in_order(path, "articles", order)
    for order in ({"_sort": "mark"}, {"_sort_desc": "mark"}, {}):
        first = address("notes", ".json", {"_shape": "objects", "_size": SIZE}, order)
        found = pages(site, first, lambda page: page.json()["next_url"])
        texts = [row["text"] async for page in found for row in page.json()["rows"]]
        assert sorted(texts) == sorted(note["text"] for note in notes)


async def test_a_condition_with_or_ends(site: Datasette) -> None:
    where = {"_where": "quality is not null or id like '%3%'"}
    for order in ({}, {"_sort": "heat"}, {"_sort_desc": "heat"}, {"_sort_desc": "published_at"}):
        found = await by_json(site, "articles", where, order)
        assert len(found) == len(set(found))
        assert set(found) == await all_keys(site, "articles", where)


async def statements(site: Datasette, database: str, *addresses: str) -> list[str]:
    """The SQL that a database is asked, page after page."""
    await site.invoke_startup()
    db = site.get_database(database)
    asked = []
    execute = db.execute

    async def noting(sql: str, *args: Any, **options: Any) -> Any:
        asked.append(sql)
        return await execute(sql, *args, **options)

    db.execute = noting
    for each in addresses:
        await get(site, each)
    return asked


async def test_other_databases_are_left_alone(news: Path, tmp_path: Path) -> None:
    """A table of the same name and columns, in a database that is no archive."""
    other = tmp_path / "other.db"
    with sqlite3.connect(news) as conn:
        conn.execute("attach ? as other", [str(other)])
        conn.execute("create table other.articles as select * from articles")
    site = open_site(news, other)
    asked = await statements(site, "other", "/other/articles.json?_sort_desc=heat&_size=5")
    rows = [sql for sql in asked if sql.endswith("limit 6")]
    assert rows
    assert all(sql.endswith("order by heat desc limit 6") for sql in rows)
    await get(site, "/news/articles.json?_sort_desc=heat")
    execute = vars(site.get_database("other"))["execute"]
    assert execute.__name__ == "noting", "our own watch, and nothing put over it"


async def test_only_the_statement_of_the_rows_is_completed(site: Datasette) -> None:
    asked = await statements(
        site, "news", "/news/articles.json?_sort_desc=heat&_size=5&_facet=type"
    )
    rows = [sql for sql in asked if "order by heat" in sql]
    assert len(rows) == 1
    assert rows[0].endswith(" order by heat desc, id limit 6")
    own = "select id, heat from articles order by heat desc limit 6"
    page = "/news/-/query.json" if hasattr(site, "allowed") else "/news.json"
    asked = await statements(site, "news", f"{page}?{urlencode({'sql': own})}")
    assert own in asked


# -- behind a proxy that keeps the prefix ---------------------------------------

PREFIX = "/prefix/"


@pytest.fixture
def prefixed(news: Path) -> Datasette:
    return open_site(news, settings={"base_url": PREFIX})


@pytest.mark.parametrize(
    "path",
    [
        "articles?_size=7",
        "articles?_size=7&_layout=table&_search=late&_facet=category",
        "stories?_size=7",
        "article_list?_size=7&_facet=type",
    ],
)
async def test_links_have_the_prefix_once(prefixed: Datasette, path: str) -> None:
    # The client puts the prefix before the path, as such a proxy leaves it there.
    page = await get(prefixed, f"/news/{path}")
    own = {html.unescape(each) for each in re.findall(r'href="([^"]*)"', page.text)}
    own = {path_of(each) for each in own if urlsplit(each).netloc in ("", "localhost")}
    lists = {each for each in own if f"/news/{path.partition('?')[0]}?" in each}
    assert NEXT_PAGE.findall(page.text)
    assert len(lists) > 5
    for each in own - {""}:
        assert each.startswith(("#", PREFIX)), each
        assert not each.startswith(PREFIX + PREFIX[1:]), each
    for each in random.Random(1).sample(sorted(lists), 5):
        found = await prefixed.client.get(PrefixedUrlString(each))
        assert found.status_code == 200, each


async def test_next_has_the_prefix_once(prefixed: Datasette, news: Path) -> None:
    first = f"{PREFIX}news/articles.json?_shape=objects&_size={SIZE}&_sort_desc=heat"
    keys = []
    url: str | None = first
    while url:
        page = await prefixed.client.get(PrefixedUrlString(url))
        assert page.status_code == 200, url
        keys += [(row["id"],) for row in page.json()["rows"]]
        found = page.json()["next_url"]
        url = path_of(found) if found else None
    assert keys == in_order(news, "articles", {"_sort_desc": "heat"})
    page = await get(prefixed, "/news/articles.json?_facet=provider_id&_extra=facet_results")
    assert "/prefix/prefix/" not in page.text


async def test_a_number_that_sqlite_reads_otherwise(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", seed=4)
    with sqlite3.connect(path) as conn:
        conn.execute("update articles set heat = ?, quality = ?", [UNREAD, -UNREAD])
    site = open_site(path)
    for column in ("heat", "quality"):
        for order in ({"_sort": column}, {"_sort_desc": column}):
            found = await by_json(site, "articles", order, {"_nofacet": 1})
            assert found == in_order(path, "articles", order)
