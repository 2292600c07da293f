"""`article_list?_articles=QUERY`: the CSV with topics of any list of articles."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlite_utils
from datasette import hookimpl
from datasette.filters import FilterArguments
from datasette.plugins import pm
from facet_archive import build
from pages_site import open_site

from datasette_newsfeed.pages.facets import articles_query


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build(tmp_path_factory.mktemp("pages") / "news.db", articles=160)
    db = sqlite_utils.Database(path)
    db.execute("alter table articles add column Notes text")
    db.execute("update articles set Notes = 'n' where rowid % 3 = 0")
    db.conn.commit()
    db.close()
    return path


@pytest.fixture(params=[0, 5_000], ids=["many", "few"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Selections are taken for large ones, or for small ones."""
    monkeypatch.setattr(articles_query, "FEW", request.param)


async def _get(datasette: Any, path: str) -> str:
    path = path.removeprefix("http://localhost")
    response = await datasette.client.get(path, follow_redirects=True)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


CSV = re.compile(r'href="([^"]*/article_list\.csv\?[^"]*)"')


class _OddTitles:
    """A plugin of somebody else, with a filter of its own."""

    __name__ = "odd_titles"

    @hookimpl
    def filters_from_request(self, request: Any, table: Any) -> Any:
        if table == "articles" and request.args.get("_odd_titles"):
            return FilterArguments(["length(title) % :p0 = 1"], {"p0": 2}, ["titles are odd"])
        return None


@pytest.fixture
def odd_titles() -> Iterator[None]:
    plugin = _OddTitles()
    pm.register(plugin)
    yield
    pm.unregister(plugin)


@pytest.mark.parametrize(
    "query",
    [
        *("_topic=Harbour", "published_at__gte=2021-03-01&heat__gt=10", "provider_id={provider}"),
        *("provider_id__in={provider},none.example", "_topic=Harbour&provider_id={provider}"),
        *("_search=harbour", "_search=harbour&provider_id={provider}&_sort=published_at"),
        *("is_headline=1&_sort_desc=heat", "_where=heat>20&type=video", "_sort=provider_id"),
        *("language__isblank=1", "title__contains=':p0'&provider_id={provider}", "rowid__lt=9"),
        *('_through={"table":"article_topics","column":"topic","value":"Harbour"}', "_related=0"),
        *("_where=title<>':p0 \"' and heat>:p0&heat__gt=3", "Type__not=video", "_odd=1"),
        *(
            "_where=heat>90 or type='video'&heat__lte=50",
            "_where=type='video' or heat>90&_where=heat<50",
            "_where=(heat>90) or (type='video')&heat__lte=50",
            "_odd_titles=1",
            "_odd_titles=1&_related=0",
        ),
        *("_search=&heat__gt=2", "_search_title=", "Notes=n", "notes__contains=n", "oid__lt=5"),
        *("_search_title=harbour", "_search=harb*&_searchmode=raw", "body__contains=tide"),
    ],
)
async def test_the_csv_has_the_articles_of_its_page(
    news: Path, query: str, odd_titles: None, few: None
) -> None:
    datasette = open_site(news)
    db = sqlite_utils.Database(news)
    provider = next(db.query("select provider_id as id from articles group by 1 limit 1"))["id"]
    query = query.format(provider=provider) if "{provider}" in query else query
    page = await _get(datasette, f"/news/articles?{query}")
    found = CSV.search(page)
    assert found, query
    rows = list(csv.DictReader(io.StringIO(await _get(datasette, html.unescape(found[1])))))
    shown = await _get(datasette, f"/news/articles.json?_shape=array&_size=max&{query}")
    listed = [row["id"] for row in json.loads(shown)]
    if query == "_sort=provider_id":  # which the list has not: it is in its own order
        listed.sort(key=[row["id"] for row in rows].index)
    assert [row["id"] for row in rows] == listed
    assert all("topics" in row for row in rows)


async def test_the_csv_of_articles_has_all_pages(news: Path) -> None:
    datasette = open_site(news, settings={"max_returned_rows": 7, "default_page_size": 7})
    for query in (
        "is_headline=1",
        "is_headline=1&_sort=heat",
        "_where=heat>3 or 1&_sort_desc=type",
    ):
        found = CSV.search(await _get(datasette, f"/news/articles?{query}"))
        assert found
        rows = list(csv.DictReader(io.StringIO(await _get(datasette, html.unescape(found[1])))))
        where = "is_headline" if "is_headline" in query else "1"
        db = sqlite_utils.Database(news)
        ids = {row["id"] for row in db["articles"].rows_where(where, select="id")}
        assert len(rows) == len(ids) > 7
        assert {row["id"] for row in rows} == ids


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("provider_id__gte%00=1", 400), ("_through=%7B", 400), ("a=1&" * 300, 400)),
        *(("heat__gt=1&" * 150, 200), ("provider=x", 400), ("topics__contains=a", 400)),
        *(("x" * 4_001, 400), ("_articles=provider_id%3Dx", 400), ("_where=1", 403)),
        *(("_related=2", 400), ("heat__gt=" + "9" * 30, 400), ("_x__exact=1", 400)),
        *(("_sort=nothing&_next=5&_layout=cards", 200), ("", 200)),
    ],
)
async def test_a_query_of_the_list_is_asked_as_its_page_would_be(
    news: Path, query: str, status: int
) -> None:
    datasette = open_site(news, metadata={"databases": {"news": {"allow_sql": False}}})
    path = f"/news/article_list.csv?{urlencode({'_articles': query})}"
    answer = await datasette.client.get(path)
    assert answer.status_code == status, answer.text[:300]


@pytest.mark.parametrize(
    "sql",
    [
        *("1 --", "(", "1) or (1", "nonsense", "1;", "/*", "/* x */ 1 --", "\0", "'", "[a", ""),
        *("1) or id in (select id from article_list where 1", "1 limit 1", "1 union select 1"),
    ],
)
async def test_what_is_no_condition_is_no_fault_of_the_server(news: Path, sql: str) -> None:
    path = f"/news/article_list.json?{urlencode({'_articles': urlencode({'_where': sql})})}"
    answer = await open_site(news).client.get(path)
    assert answer.status_code == 400, answer.text[:300]


@pytest.mark.parametrize(
    "sql", ["1) or id in (select id from article_list where 1", "heat > 3 -- x", "1 /* x"]
)
async def test_the_bracket_of_a_page_is_closed_by_itself(news: Path, sql: str) -> None:
    query = urlencode({"_where": sql, "_size": 7, "_stream": 1})
    answer = await open_site(news).client.get(f"/news/article_list.csv?{query}")
    assert answer.status_code == 400, answer.text[:300]


@pytest.mark.parametrize(
    "query", ["foo=foo", f"_theirs={'x' * 5_000}", f"language__in={'x,' * 4_000}"]
)
async def test_no_link_leads_to_what_is_refused(news: Path, query: str) -> None:
    assert not CSV.search(await _get(open_site(news), f"/news/articles?{query}"))


async def test_what_a_filter_is_about_must_be_seen(news: Path) -> None:
    denied = {"tables": {"related_articles": {"allow": False}}}
    datasette = open_site(news, metadata={"databases": {"news": denied}})
    through = '_through={"table":"related_articles","column":"position","value":"0"}'
    for query, status in (("_related=1", 403), (through, 403), ("heat__gt=3", 200)):
        answer = await datasette.client.get(
            f"/news/article_list.json?{urlencode({'_articles': query})}"
        )
        assert answer.status_code == status, (query, answer.text[:300])


async def test_there_is_one_query_of_articles_and_only_on_the_list(news: Path) -> None:
    datasette = open_site(news)
    for path in ("article_list.json?_articles=a&_articles=b", "articles.json?_articles=heat%3D1"):
        assert (await datasette.client.get(f"/news/{path}")).status_code == 400


async def test_the_feed_of_a_list_keeps_its_query(news: Path) -> None:
    datasette = open_site(news)
    query = urlencode({"_articles": urlencode({"id__not": "x" * 600, "type": "video"})})
    whole = json.loads(await _get(datasette, "/news/articles.jsonfeed?type=video"))["items"]
    found = json.loads(await _get(datasette, f"/news/article_list.jsonfeed?{query}"))["items"]
    keys = [each["id"] for each in whole]
    assert [each["id"] for each in found[: len(keys)]] == keys != []
    assert query in html.unescape(await _get(datasette, f"/news/article_list.feed?{query}"))


@pytest.mark.parametrize(
    "sort", ["_sort_desc=topics", "_sort=provider", "_sort=image_url", "_sort="]
)
async def test_a_page_of_the_list_is_found_by_its_keys(news: Path, sort: str) -> None:
    datasette = open_site(news)
    found: list[str] = []
    path: str | None = f"/news/article_list.json?{sort}&_size=40&_where=heat>3&_shape=objects"
    while path:
        page = json.loads(await _get(datasette, path))
        found += [row["id"] for row in page["rows"]]
        path = page["next_url"]
    key, _, column = sort.partition("=")
    order = f"{column}{' desc' if 'desc' in key else ''}, id" if column else "published_at desc, id"
    db = sqlite_utils.Database(news)
    assert found == [row["id"] for row in db["article_list"].rows_where("heat>3", order_by=order)]
