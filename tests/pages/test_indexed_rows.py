"""Rows and numbers of pages by the facet index: the same as those of SQL, whatever is asked."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import facet_archive
import pytest
from datasette.database import Database
from datasette.utils import tilde_encode
from facet_archive import PROVIDERS, TOPICS, TYPES, WORDS, open_site
from share import LINE, tries

from datasette_newsfeed import facet_index
from datasette_newsfeed.pages.facets import indexed_counts

SELECTIONS = tries(40, 1_000)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The same archive, with an index and without."""
    found = []
    for name in ("with", "without"):
        path = facet_archive.build(tmp_path_factory.mktemp(name) / "news.db", 700, seed=11)
        if name == "with":
            with closing(sqlite3.connect(path)) as conn, conn:
                conn.execute("begin")
                assert facet_index.build(conn)
        found.append(open_site(path))
    return found[0], found[1]


def selection(dice: random.Random) -> list[tuple[str, str]]:
    filters = [
        ("_topic", dice.choice(TOPICS[:9])),
        ("provider_id", dice.choice(PROVIDERS)),
        ("type", dice.choice(TYPES)),
        ("heat__gte", str(dice.choice([-1, 0, 25, 75]))),
        ("heat__lt", str(dice.choice([0, 50, 100]))),
        ("published_at__gte", dice.choice(["2019", "2021-04-01", "2021-04-01T12:00:00Z"])),
        ("published_at__lt", dice.choice(["2019-06-01", "2021-04-02"])),
        ("image_id__notblank", "1"),
        ("image_id__isblank", "1"),
        ("_related", dice.choice("01")),
        ("_search", dice.choice(WORDS)),
        ("type__not", dice.choice(TYPES)),
        ("title__contains", dice.choice(WORDS)),
        ("_where", "heat > 3 or quality > 3"),
        ("type__in", "article,video"),
    ]
    pairs = dice.sample(filters, dice.choice([1, 1, 2, 3]))
    more = [("_size", str(dice.choice([1, 7, 50]))), ("_sort_desc", "published_at")]
    more += dice.sample([("_sort", "title"), ("_nocount", "1"), ("_col", "title")], 1)
    if ("_sort", "title") in more:
        more.remove(("_sort_desc", "published_at"))
    return pairs + more


async def read(site: Any, pairs: list[tuple[str, str]]) -> tuple[Any, ...]:
    """Two pages of a selection, and its number."""
    extra = [("_extra", "count")] if LINE == "1.0" else []
    path = f"/news/articles.json?{urlencode([*pairs, *extra])}"
    first = (await site.client.get(path)).json()
    if first.get("ok") is False:
        return (first.get("error"),)
    found = [first["rows"], first.get("count", first.get("filtered_table_rows_count"))]
    if first.get("next"):
        following = await site.client.get(f"{path}&{urlencode({'_next': first['next']})}")
        found.append(following.json()["rows"])
    return tuple(found)


@pytest.mark.parametrize("walked", [0, 60, 20_000])
async def test_rows_and_numbers_are_those_of_sql(
    sites: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, walked: int
) -> None:
    monkeypatch.setattr(indexed_counts, "WALKED", walked)
    monkeypatch.setattr(indexed_counts, "LOOKED_UP", 150)
    asked: list[str] = []
    db = sites[0].get_database("news")
    execute_fn = db.execute_fn

    async def noting(fn: Any) -> Any:
        if fn.__qualname__.startswith("find_newest"):
            asked.append(fn.__qualname__)
        return await execute_fn(fn)

    monkeypatch.setattr(db, "execute_fn", noting)
    dice = random.Random(walked)
    for _ in range(SELECTIONS // 3):
        pairs = selection(dice)
        assert await read(sites[0], pairs) == await read(sites[1], pairs), pairs
    assert len(asked) > SELECTIONS // 6


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that sites run which were not asked before: others keep their `execute`."""
    found: list[str] = []
    execute = Database.execute

    async def noting(self: Database, sql: str, *args: Any, **more: Any) -> Any:
        found.append(sql)
        return await execute(self, sql, *args, **more)

    monkeypatch.setattr(Database, "execute", noting)
    return found


async def test_counts_and_sorts_of_known_selections_are_not_sqls(
    sites: tuple[Any, Any], ran: list[str]
) -> None:
    site = open_site(Path(sites[0].get_database("news").path))
    await site.client.get("/news/articles.json?_topic=Harbour&type=video&_size=5&_extra=count")
    rows = [sql for sql in ran if sql.endswith("limit 6")]
    assert ["rowid in (" in sql for sql in rows] == [True], [s for s in ran if "limit" in s]
    assert not [sql for sql in ran if "count(*)" in sql and "from articles where" in sql]


def panel_of(page: str) -> str:
    """What a page shows above Datasette's own table, without the time that it took."""
    return page.partition('class="newsfeed newsfeed-')[2].partition("<table")[0]


def counted_by_sql(ran: list[str]) -> list[str]:
    """The statements that go through all articles, or all of a topic or provider."""
    return [
        sql
        for sql in ran
        if re.search(r"group by (topic|provider_id)\b|count\(distinct (topic|provider_id)\)", sql)
        or "count(*) from article_topics where topic = :key" in sql
        or ("order by published_at desc, id limit :limit" in sql and " = :key" in sql)
    ]


@pytest.mark.parametrize("walked", [0, 20_000])
async def test_pages_of_topics_and_providers_are_those_of_sql(
    sites: tuple[Any, Any], ran: list[str], monkeypatch: pytest.MonkeyPatch, walked: int
) -> None:
    """The lists with the largest of them, and the page of each: newest articles and numbers."""
    monkeypatch.setattr(indexed_counts, "WALKED", walked)
    with_index, without = (open_site(Path(site.get_database("news").path)) for site in sites)
    rows = [f"topics/{tilde_encode(topic)}" for topic in (*TOPICS, "Nothing")]
    rows += [f"providers/{tilde_encode(provider)}" for provider in PROVIDERS]
    is_counted = False
    for path in ("topics", "providers", *rows):
        ran.clear()
        by_index = await with_index.client.get(f"/news/{path}")
        assert not counted_by_sql(ran), path
        ran.clear()
        by_sql = await without.client.get(f"/news/{path}")
        is_counted = is_counted or bool(counted_by_sql(ran))
        assert by_index.status_code == by_sql.status_code
        assert panel_of(by_index.text) == panel_of(by_sql.text), path
    assert is_counted


async def test_a_later_page_is_counted_along_the_index(
    sites: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows before a page, by date the newest first: ranges of the index on the date."""
    plans: list[str] = []
    execute = Database.execute

    async def noting(self: Database, sql: str, params: Any = None, *args: Any, **more: Any) -> Any:
        if "published_at >" in sql and "count(*)" in sql:
            plan = await execute(self, f"explain query plan {sql}", params)
            plans.extend(row["detail"] for row in plan.rows)
        return await execute(self, sql, params, *args, **more)

    monkeypatch.setattr(Database, "execute", noting)
    site = open_site(Path(sites[1].get_database("news").path))
    await site.client.get("/news/articles?_size=5&_nofacet=1&_next=2019-03-01T00:00:00Z,zzz")
    searches = [each for each in plans if "idx_articles_published_at" in each]
    assert searches
    assert not [each for each in plans if each.startswith("SCAN articles")], plans
