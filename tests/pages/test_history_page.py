"""What changed in an article, on its page, on that of its history, in lists and feeds."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest
from history_site import EVIL, KEY, MOVED, OLD, QUIET, REMOVED, make_history
from pages_site import open_site, text_of

from datasette_newsfeed import schema

HISTORY = "/news/-/newsfeed/history"
CORE = [table.name for table in schema.CORE_TABLES]


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_history(tmp_path_factory.mktemp("history"))


async def test_the_page_of_an_article_says_what_changed(news: Path) -> None:
    client = open_site(news).client
    page = (await client.get(f"/news/articles/{KEY}")).text
    assert "Changed 3 times since 13 September 2020" in text_of(page)
    assert re.search(r"<del><span[^>]*>removed: </span>spring</del>", page)
    assert re.search(r"<ins><span[^>]*>added: </span>autumn</ins>", page)
    assert EVIL not in page
    assert "newsfeed-history" not in (await client.get(f"/news/articles/{QUIET}")).text


async def test_any_two_versions_are_shown_side_by_side(news: Path) -> None:
    client = open_site(news).client
    page = (await client.get(f"{HISTORY}?id={KEY}")).text
    assert "Changed 3 times since 13 September 2020, in 5 commits" in text_of(page)
    assert "Heat: 10 to 30" in page
    assert page.count("<option") == 10
    assert EVIL not in page
    both = text_of((await client.get(f"{HISTORY}?id={KEY}&from=5&to=1")).text)
    assert "Versions 1 and 5" in both
    assert "Headline Harbour opens in removed: spring Harbour opens in added: autumn" in both
    # Heat went from 10 by 40 to 30: that is one change.
    assert "Heat removed: 10 added: 30" in both
    assert "They say the same" in (await client.get(f"{HISTORY}?id={KEY}&from=2&to=2")).text
    gone = await client.get(f"{HISTORY}?id={REMOVED}")
    assert "No longer in the archive" in gone.text
    for query in ("", "?id=", "?id=nowhere"):
        assert (await client.get(f"{HISTORY}{query}")).status_code == 404
    for query in ("from=x&to=1", "from=-1&to=99", "from=²&to=1", f"from={'9' * 30}&to=1"):
        assert (await client.get(f"{HISTORY}?id={KEY}&{query}")).status_code == 200


async def test_changes_are_a_list_with_facets_and_a_feed(news: Path) -> None:
    client = open_site(news).client
    page = (await client.get("/news/article_changes")).text
    for facet in ("kind", "provider_id", "committed_at", "size"):
        assert re.search(rf"facet[^>]*{facet}", page), facet
    assert "<ins>" in page
    assert EVIL not in page
    answer = await client.get("/news/article_changes.json?kind=headline&_shape=array")
    found = answer.json()
    assert [(row["before"], row["after"]) for row in found] == [
        ("Harbour opens in spring", "Harbour opens in autumn")
    ]
    feed = await client.get("/news/article_changes.atom?kind=headline")
    entries = ElementTree.fromstring(feed.text).findall("{*}entry")
    assert [entry.findtext("{*}title") for entry in entries] == [
        "Headline changed: Harbour opens in autumn"
    ]
    assert f"{HISTORY}?id={KEY}&from=1&to=2" in str(entries[0].find("{*}link").attrib)
    own = (await client.get(f"/news/article_changes.atom?article_id={KEY}&kind__not=rating")).text
    ids = [entry.findtext("{*}id") for entry in ElementTree.fromstring(own).findall("{*}entry")]
    assert len(ids) == len(set(ids)) == 3
    assert EVIL not in own


async def test_the_front_page_leads_to_what_changed(news: Path, demo_db: Path) -> None:
    way = '<a class="newsfeed-way" href="/{}/article_changes">What changed</a>'
    for path in ("/", "/news"):
        page = (await open_site(news).client.get(path)).text
        assert page.count(way.format("news")) == 1, path
    for table in ("article_changes", "article_versions", "articles"):
        denied = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
        assert "What changed" not in (await open_site(news, metadata=denied).client.get("/")).text
    assert "What changed" not in (await open_site(demo_db).client.get("/")).text


async def test_articles_are_filtered_by_what_changed(news: Path) -> None:
    client = open_site(news).client

    async def ids(query: str, table: str = "articles") -> list[str]:
        answer = await client.get(f"/news/{table}.json?_shape=array&{query}")
        assert answer.status_code == 200, answer.text
        return sorted(row["id"] for row in answer.json())

    for table in ("articles", "article_list"):
        assert await ids("_changed=1", table) == [KEY, MOVED]
        assert await ids("_changed=0", table) == [QUIET]
    page = text_of((await client.get("/news/articles?_facet_presence=changed")).text)
    assert "Changed after publication" in page
    assert "changed 2" in page
    assert "changed after publication" in text_of(
        (await client.get("/news/articles?_changed=1")).text
    )
    assert (await client.get("/news/articles?_changed=2")).status_code == 400


async def test_an_old_id_leads_to_the_new_one(news: Path) -> None:
    client = open_site(news).client
    for ending in ("", ".json"):
        answer = await client.get(f"/news/articles/{OLD}{ending}")
        assert (answer.status_code, answer.headers["location"]) == (
            302,
            f"/news/articles/{MOVED}{ending}",
        )
    assert (await client.get(f"/news/articles/{REMOVED}")).status_code == 404


@pytest.mark.parametrize("denied", CORE)
async def test_nothing_is_told_to_who_may_not_see_what_it_quotes(news: Path, denied: str) -> None:
    tables = {denied: {"allow": False}}
    client = open_site(news, metadata={"databases": {"news": {"tables": tables}}}).client
    for name in ("article_versions", "article_changes", "removed_articles"):
        assert (await client.get(f"/news/{name}.json")).status_code == 403
        assert (await client.get(f"/news/{name}.atom")).status_code == 403
    assert (await client.get(f"{HISTORY}?id={KEY}")).status_code == 404
    assert (await client.get("/news/articles?_changed=1")).status_code == 403
    assert "newsfeed-history" not in (await client.get(f"/news/articles/{KEY}")).text
    assert (await client.get(f"/news/articles/{OLD}")).status_code in (403, 404)
    for name in schema.HISTORY_STATE:
        assert (await client.get(f"/news/{name}.json")).status_code == 403


async def test_an_archive_without_a_history_has_nothing_of_it(demo_db: Path) -> None:
    client = open_site(demo_db).client
    assert (await client.get("/demo/-/newsfeed/history?id=x")).status_code == 404
    assert (await client.get("/demo/articles.json?_changed=1&_shape=array")).json() == []


async def test_rows_of_any_type_break_no_page(news: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    shutil.copy(news, db)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.executescript("""
            update article_versions set kinds = x'ff00', size = 'many', repeats = 'x', path = 1,
              committed_at = x'ff', last_committed_at = 7, title = 8 where number > 1;
            update article_changes set field = x'fe', before = x'00ff', after = 9.5,
              committed_at = 'yesterday', size = 'x', kind = 5 where position = 0;
            update article_changes set before = '999999999999999999999999', committed_at = ''
              where field = 'heat';
        """)
    client = open_site(db).client
    for path in (
        *(f"/news/articles/{KEY}", f"{HISTORY}?id={KEY}", f"{HISTORY}?id={KEY}&from=1&to=5"),
        *("/news/article_changes", "/news/article_changes.atom", "/news/article_versions"),
        *("/news/articles?_changed=1", "/news/article_changes.rss", "/news/removed_articles"),
    ):
        assert (await client.get(path)).status_code == 200, path


@pytest.mark.asyncio
async def test_a_history_in_which_nothing_was_removed(news: Path, tmp_path: Path) -> None:
    """Empty tables of a history are part of it: only an archive without versions has none."""
    path = tmp_path / "news.db"
    shutil.copy(news, path)
    conn = sqlite3.connect(path)
    conn.execute("delete from removed_articles")
    conn.commit()
    conn.close()
    datasette = open_site(path)
    assert 'class="newsfeed-history"' in (await datasette.client.get(f"/news/articles/{KEY}")).text
    assert (await datasette.client.get(f"/news/-/newsfeed/history?id={KEY}")).status_code == 200
    assert "What changed" in (await datasette.client.get("/news")).text
    assert "<entry>" in (await datasette.client.get("/news/article_changes.atom")).text
