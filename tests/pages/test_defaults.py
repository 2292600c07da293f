"""What Datasette shows of an archive that nobody configured, and that the user's word wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import FOLLOWER, STORY, V1, VIDEO, build_archive, open_site, text_of

from datasette_newsfeed import default_metadata, schema
from datasette_newsfeed.pages import compat


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("defaults") / "news.db")


async def _html(datasette: Any, path: str) -> str:
    response = await datasette.client.get(path, follow_redirects=True)
    assert response.status_code == 200, response.text
    return str(response.text)


def test_the_defaults_speak_of_tables_and_columns_that_exist() -> None:
    columns = {table.name: table.column_names for table in schema.TABLES}
    found = default_metadata.of_database("news")["tables"]
    assert set(found) == {*columns, schema.ARTICLE_LIST, *default_metadata.CLOSED}
    assert set(default_metadata.HIDDEN) | set(default_metadata.SIZES) | set(
        default_metadata.FACETS
    ) <= set(columns)
    for name, label in default_metadata.LABELS.items():
        assert label in columns[name]
    for name, table in found.items():
        assert set(table.get("columns", ())) <= set(columns.get(name, ()))
        if name in default_metadata.CLOSED:
            assert table == {"hidden": True, "allow": False}
            continue
        assert table["title"]
        assert table.get("description") or name == "articles"


@pytest.mark.asyncio
async def test_titles_and_descriptions(archive: Path) -> None:
    datasette = open_site(archive)
    database = text_of(await _html(datasette, "/news"))
    assert "news: a news archive" in database
    assert default_metadata.DESCRIPTION in database
    articles = text_of(await _html(datasette, "/news/articles"))
    assert "Articles" in articles
    assert schema.ARTICLES.description not in articles  # no words of a database above the news
    assert "how much the news is reported" in articles


@pytest.mark.asyncio
async def test_newest_first(archive: Path) -> None:
    response = await open_site(archive).client.get("/news/articles.json?_shape=array")
    ids = [row["id"] for row in response.json()]
    assert ids[:2] == [STORY, FOLLOWER]
    assert ids[-1] == "undated"


@pytest.mark.asyncio
async def test_labels_are_names_not_keys(archive: Path) -> None:
    path = "/news/related_articles.json?_shape=array&_labels=on"
    row = (await open_site(archive).client.get(path)).json()[0]
    assert row["article_id"]["label"] == "Tidal kites & the quiet strait"
    assert row["provider_id"]["label"] == "Harbour News"
    assert row["image_id"]["label"].startswith("https://images.example.org/")


@pytest.mark.asyncio
async def test_join_tables_are_hidden(archive: Path) -> None:
    page = await _html(open_site(archive), "/news")
    for name in default_metadata.HIDDEN:
        assert f'<a href="/news/{name}">' not in page
    for name in ("articles", "providers", "topics", "related_articles"):
        assert f'<a href="/news/{name}">{name}</a>' in page


@pytest.mark.asyncio
async def test_the_users_metadata_wins(archive: Path) -> None:
    articles = {
        "title": "Our own articles",
        "description": "Our own words",
        "columns": {"heat": "our own heat"},
        "sort": "title",
        "facets": ["provider_name"],
        "size": 2,
        "label_column": "id",
    }
    tables = {"articles": articles, "topics": {"hidden": True}, "article_topics": {"hidden": False}}
    metadata = {"databases": {"news": {"title": "Our own news", "tables": tables}}}
    datasette = open_site(archive, metadata=metadata)
    database = await _html(datasette, "/news")
    assert "Our own news" in database
    assert '<a href="/news/topics">topics</a>' not in database
    assert '<a href="/news/article_topics">article_topics</a>' in database
    page = await _html(datasette, "/news/articles")
    for words in ("Our own articles", "Our own words", "our own heat", "facet-provider_name"):
        assert words in page
    assert "facet-provider_id" not in page
    assert schema.ARTICLES.description not in page
    assert "the file&#39;s name without suffix" in page  # a column of which the user says nothing
    response = await datasette.client.get("/news/articles.json?_shape=array")
    assert [row["id"] for row in response.json()] == ["2024-03-03-hostile", VIDEO]
    response = await datasette.client.get("/news/related_articles.json?_shape=array&_labels=on")
    assert response.json()[0]["article_id"]["label"] == STORY


@pytest.mark.asyncio
async def test_the_users_own_metadata_is_left_as_it_was(archive: Path) -> None:
    metadata: dict[str, Any] = {"databases": {"news": {"tables": {"topics": {"size": 3}}}}}
    datasette = open_site(archive, metadata=metadata)
    first = await _html(datasette, "/news/topics")
    second = await _html(datasette, "/news/topics")
    assert first.count("<tr") == second.count("<tr") == 4


@pytest.mark.asyncio
async def test_what_datasette_merges_into_the_defaults_is_not_kept(archive: Path) -> None:
    datasette = open_site(archive)
    await datasette.invoke_startup()
    first = compat.metadata_065(datasette, None, None)
    if V1:
        assert first == {}
        return
    first["databases"]["news"]["tables"]["articles"]["columns"]["heat"] = "changed"
    second = compat.metadata_065(datasette, None, None)
    described = second["databases"]["news"]["tables"]["articles"]["columns"]["heat"]
    assert described.startswith("how much")
    # Of a text that Datasette asks for alone, nothing else.
    for key in ("title", "description"):
        text = second["databases"]["news"][key]
        assert compat.metadata_065(datasette, key, "news") == {"databases": {"news": {key: text}}}
    for key in (None, "databases", "queries"):
        assert compat.metadata_065(datasette, key, "news") == compat.metadata_065(
            datasette, None, None
        )
        assert compat.metadata_065(datasette, key, "another") == {}
    # Asked for each permission: what is closed is so by its hook.
    assert compat.metadata_065(datasette, "allow", "news") == {}
    assert compat.metadata_065(datasette, "tables", "news") == {}


@pytest.mark.asyncio
async def test_settings_of_other_plugins_stay_in_force(archive: Path) -> None:
    metadata = {"plugins": {"some-plugin": {"colour": "green"}}}
    datasette = open_site(archive, metadata=metadata)
    await datasette.invoke_startup()
    assert datasette.plugin_config("some-plugin", database="news") == {"colour": "green"}


@pytest.mark.asyncio
async def test_other_databases_are_left_alone(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    db = sqlite_utils.Database(path)
    db.table("articles").insert_all(
        [{"id": 1, "title": "b", "published_at": "2020"}, {"id": 2, "title": "a", "heat": None}]
    )
    db.table("topics").insert({"name": "x", "image_url": "https://images.example.org/a.png"})
    datasette = open_site(archive, path)
    for page in ("/other", "/other/articles", "/other/articles/1", "/other/topics"):
        html = await _html(datasette, page)
        assert "newsfeed" not in html
        assert "news archive" not in html
        assert "<img" not in html
    response = await datasette.client.get("/other/articles.json?_shape=array")
    assert [row["id"] for row in response.json()] == [1, 2]
    assert "newsfeed-front" in await _html(datasette, "/news")


@pytest.mark.asyncio
async def test_two_archives_keep_apart(archive: Path, tmp_path: Path) -> None:
    second = build_archive(tmp_path / "second.db", renditions=False)
    db = sqlite_utils.Database(second)
    db.table("articles").update(STORY, {"title": "Only in the second"})
    db.table("unrelated").insert({"id": 1, "title": "beside the archive"})
    db.close()
    datasette = open_site(archive, second)
    front = await _html(datasette, "/")
    assert front.count('class="newsfeed newsfeed-front"') == 2
    assert "Only in the second" in await _html(datasette, "/second")
    page = await _html(datasette, "/news")
    assert "Only in the second" not in page
    assert "/second" not in page
    assert "/second/-/newsfeed/image" not in await _html(datasette, "/second/articles")
    assert "beside the archive" in await _html(datasette, "/second/unrelated/1")
