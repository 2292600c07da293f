"""`?_topic=` and `?_related=`: what they keep, how they read, and who may not ask.

Every answer is compared with what plain SQL finds in the generated archive.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import facet_archive
import pytest
from datasette.app import Datasette
from facet_archive import open_site

from datasette_newsfeed import facet_index
from datasette_newsfeed.pages.access.archives import find_archive
from datasette_newsfeed.pages.filters import conditions
from datasette_newsfeed.pages.queries.common_topics import is_common_topic

RARE, COMMON = "Small topic 40", "Harbour"


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facet_archive.build(tmp_path_factory.mktemp("filters") / "news.db", 600)


async def ids(site: Datasette, query: list[tuple[str, str]], path: str = "/news/articles") -> set:
    query = [*query, ("_shape", "array"), ("_size", "max"), ("_col", "id")]
    response = await site.client.get(f"{path}.json?{urlencode(query)}")
    assert response.status_code == 200, response.text
    return {row["id"] for row in response.json()}


def articles_with(path: Path, *topics: str) -> set[str]:
    db = sqlite3.connect(path)
    found = {row[0] for row in db.execute("select id from articles")}
    for topic in topics:
        sql = "select article_id from article_topics where topic = ?"
        found &= {row[0] for row in db.execute(sql, [topic])}
    db.close()
    return found


@pytest.mark.parametrize(
    "topics",
    [
        (COMMON,),
        (RARE,),
        (COMMON, "Weather"),
        (COMMON, "Weather", "Rail & Road"),
        ('The "Old" Mill',),
        ("50% less",),
        ("Ärzte", COMMON),
        ("nothing is about this",),
        ("harbour",),  # case matters
        ("' or 1=1 --",),
    ],
)
async def test_topics_combine_with_and(news: Path, topics: tuple[str, ...]) -> None:
    expected = articles_with(news, *topics)
    assert await ids(open_site(news), [("_topic", topic) for topic in topics]) == expected


def test_the_topics_of_these_tests_are_there(news: Path) -> None:
    everything = articles_with(news)
    assert 0 < len(articles_with(news, RARE)) < len(everything) * 0.08
    assert len(articles_with(news, COMMON)) > len(everything) * 0.08
    assert articles_with(news, COMMON, "Weather", "Rail & Road")
    assert articles_with(news, 'The "Old" Mill')


async def test_blank_and_repeated_topics_change_nothing(news: Path) -> None:
    site = open_site(news)
    assert await ids(site, [("_topic", ""), ("_topic", "  ")]) == articles_with(news)
    twice = [("_topic", COMMON), ("_topic", ""), ("_topic", COMMON)]
    assert await ids(site, twice) == articles_with(news, COMMON)


async def test_topics_combine_with_what_else_filters(news: Path) -> None:
    db = sqlite3.connect(news)
    sql = """select id from articles where type = 'video' and heat >= 25 and title like '%tide%'
      and id in (select article_id from article_topics where topic = ?)"""
    expected = {row[0] for row in db.execute(sql, [COMMON])}
    db.close()
    assert expected
    query = [
        ("_topic", COMMON),
        ("type", "video"),
        ("heat__gte", "25"),
        ("title__contains", "tide"),
    ]
    assert await ids(open_site(news), query) == expected
    searched = [*query[:3], ("_search", "tide"), ("title__contains", "tide")]
    assert await ids(open_site(news), searched) == expected


async def test_related(news: Path) -> None:
    db = sqlite3.connect(news)
    related = {row[0] for row in db.execute("select article_id from related_articles")}
    db.close()
    site, everything = open_site(news), articles_with(news)
    assert related
    assert related != everything
    assert await ids(site, [("_related", "1")]) == related
    assert await ids(site, [("_related", "0")]) == everything - related
    assert await ids(site, [("_related", "1"), ("_related", "0")]) == set()
    assert await ids(site, [("_related", "")]) == everything
    refused = await site.client.get("/news/articles?_related=perhaps")
    assert (refused.status_code, "_related is 1 or 0" in refused.text) == (400, True)


async def test_the_list_for_a_spreadsheet_keeps_the_same(news: Path) -> None:
    site = open_site(news)
    topics = f"_topic={COMMON}", f"_topic={RARE}"
    for query in (*topics, "_related=0", f"{topics[0]}&_related=1"):
        text = {}
        for table in ("articles", "article_list"):
            answer = await site.client.get(f"/news/{table}.csv?{query}&_col=id&_size=max")
            assert answer.status_code == 200, answer.text
            text[table] = {line.split(",")[0] for line in answer.text.splitlines()[1:]}
        assert text["article_list"] == text["articles"]
        assert 0 < len(text["articles"]) < len(articles_with(news))


async def test_the_page_says_what_is_kept(news: Path) -> None:
    page = (await open_site(news).client.get("/news/articles?_topic=50%25+less&_related=0")).text
    assert "topic is &#34;50% less&#34;" in page
    assert "it has no related articles" in page
    hostile = await open_site(news).client.get(
        "/news/articles?_topic=%3Cscript%3Ealert(1)%3C/script%3E"
    )
    assert hostile.status_code == 200
    assert "<script>alert(1)" not in hostile.text


async def test_the_filter_form_keeps_the_topics(news: Path) -> None:
    page = (await open_site(news).client.get("/news/articles?_topic=Harbour&_topic=Weather")).text
    for topic in ("Harbour", "Weather"):
        assert f'<input type="hidden" name="_topic" value="{topic}">' in page


@pytest.mark.parametrize("stored", [False, True])
async def test_common_topics_are_asked_row_by_row(news: Path, tmp_path: Path, stored: bool) -> None:
    """By the share that the facet index has, else by looking at the links."""
    path = Path(shutil.copy(news, tmp_path / "news.db"))
    if stored:
        with closing(sqlite3.connect(path)) as conn, conn:
            assert facet_index.build(conn)
    site = open_site(path)
    archive = await find_archive(site, None, "news")
    assert archive is not None
    assert archive.has_facet_index is stored
    assert await is_common_topic(site, archive, COMMON) is True
    assert await is_common_topic(site, archive, RARE) is False
    assert await is_common_topic(site, archive, "nothing is about this") is False


async def test_both_shapes_keep_the_same_rows(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (True, False):

        async def always(datasette: Any, archive: Any, topic: str, answer: bool = answer) -> bool:
            return answer

        monkeypatch.setattr(conditions, "is_common_topic", always)
        for topic in (COMMON, RARE):
            assert await ids(open_site(news), [("_topic", topic)]) == articles_with(news, topic)


@pytest.mark.parametrize(
    ("hidden", "query", "status"),
    [
        ("article_topics", "_topic=Harbour", 403),
        ("topics", "_topic=Harbour", 403),
        ("related_articles", "_topic=Harbour", 200),
        ("related_articles", "_related=1", 403),
        ("article_topics", "_related=1", 200),
        ("article_topics", "_topic=", 200),
        ("article_topics", "type=video", 200),
    ],
)
@pytest.mark.parametrize("extension", ["", ".json", ".csv"])
async def test_what_a_visitor_may_not_see_does_not_filter(
    news: Path, hidden: str, query: str, status: int, extension: str
) -> None:
    site = open_site(news, tables={hidden: {"allow": {"id": "editor"}}})
    path = f"/news/articles{extension}?{query}"
    assert (await site.client.get(path)).status_code == status
    editor = {"ds_actor": site.sign({"a": {"id": "editor"}}, "actor")}
    assert (await site.client.get(path, cookies=editor)).status_code == 200


async def test_other_tables_know_no_topics(news: Path, tmp_path: Path) -> None:
    """A table of the same name in a database that is no archive, and another of an archive."""
    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("create table articles (id text primary key, topic text)")
    db.execute("create table article_topics (article_id text, topic text)")
    db.execute("insert into articles values ('one', 'Harbour'), ('two', 'Weather')")
    db.commit()
    db.close()
    site = open_site(news, other)
    query = [("_topic", "Harbour"), ("_related", "1")]
    assert await ids(site, query, "/other/articles") == {"one", "two"}
    providers = await site.client.get("/news/providers.json?_topic=Harbour&_shape=array")
    assert len(providers.json()) == len(facet_archive.PROVIDERS)


async def test_each_archive_has_its_own_topics(news: Path, tmp_path: Path) -> None:
    second = facet_archive.build(tmp_path / "second.db", 50, seed=2)
    site = open_site(news, second)
    query = [("_topic", "Weather")]
    assert await ids(site, query) == articles_with(news, "Weather")
    assert await ids(site, query, "/second/articles") == articles_with(second, "Weather")
