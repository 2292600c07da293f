"""What readers learn of images that could not be fetched: facet, filter and query."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pages_site import (
    FOLLOWER,
    HOSTILE,
    LEAD_URL,
    LOGO_URL,
    REMOTE_URL,
    SCRIPT,
    SCRIPT_URL,
    build_archive,
    open_site,
)

from datasette_newsfeed import default_metadata, schema
from datasette_newsfeed.image_urls import image_id

QUERY = f"/news/{schema.DEAD_LINKS}.json?_shape=array"
FACET = "/news/articles?_facet_presence=dead_image"
DEAD = {
    REMOTE_URL: ("gone", "404 Not Found", 404),
    SCRIPT_URL: ("refused", SCRIPT, None),
    LOGO_URL: ("failed", "takes too long", None),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("dead") / "news.db")
    found = {LEAD_URL: ("stored", None, 200), **DEAD}
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "insert into image_fetches (image_id, url, outcome, reason, status, fetched_at)"
            " values (?, ?, ?, ?, ?, '2026-01-02T03:04:05Z')",
            ((image_id(url), url, *end) for url, end in found.items()),
        )
        db.commit()
    return path


async def _get(path: Path, address: str, **more: Any) -> Any:
    datasette = open_site(path, **more)
    return await datasette.client.get(address, follow_redirects=True)


async def _ids(path: Path, address: str) -> set[str]:
    response = await _get(path, address)
    assert response.status_code == 200
    return {row["id"] for row in response.json()}


async def test_the_filter(archive: Path) -> None:
    start = "/news/articles.json?_shape=array"
    every = await _ids(archive, start)
    dead = await _ids(archive, f"{start}&_dead_image=1")
    assert dead == {FOLLOWER, HOSTILE}
    assert await _ids(archive, f"{start}&_dead_image=0") == every - dead
    refused = await _get(archive, f"{start}&_dead_image=2")
    assert (refused.status_code, "_dead_image is 1 or 0" in refused.text) == (400, True)
    page = (await _get(archive, "/news/articles?_dead_image=1&_layout=table")).text
    assert "it has dead images" in page
    feed = (await _get(archive, "/news/articles.jsonfeed?_dead_image=1")).json()
    assert feed["title"].startswith("Articles with a dead image")


async def test_the_facet_counts_and_leads_to_the_filter(archive: Path) -> None:
    found = (
        await _get(archive, "/news/articles.json?_facet_presence=dead_image&_extra=facet_results")
    ).json()
    facets = found["facet_results"]
    facet = facets.get("results", facets)["dead_image"]
    counts = {value["label"]: value["count"] for value in facet["results"]}
    assert counts == {"has dead image": 2, "no dead image": 4}
    links = [value["toggle_url"] for value in facet["results"]]
    assert ["_dead_image=1" in link for link in links] == [True, False]
    page = (await _get(archive, f"{FACET}&_dead_image=1")).text
    assert "Dead images" in page


async def test_without_fetches_nothing_is_dead(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    every = await _ids(path, "/news/articles.json?_shape=array")
    assert await _ids(path, "/news/articles.json?_shape=array&_dead_image=1") == set()
    assert await _ids(path, "/news/articles.json?_shape=array&_dead_image=0") == every
    assert "dead_image" not in (await _get(path, "/news/articles?_layout=table")).text
    assert (await _get(path, QUERY)).status_code == 404
    with closing(sqlite3.connect(path)) as db:
        # As an older version made it.
        db.execute("drop table image_fetches")
        db.execute("drop table image_base")
        db.commit()
    assert await _ids(path, "/news/articles.json?_shape=array&_dead_image=1") == set()
    assert (await _get(path, FACET)).status_code == 200


async def test_dead_links_by_provider(archive: Path) -> None:
    response = await _get(archive, QUERY)
    assert response.status_code == 200
    found = [(row["provider"], row["dead_link"], row["outcome"]) for row in response.json()]
    assert found == [
        (SCRIPT, SCRIPT_URL, "refused"),
        ("Harbour News", REMOTE_URL, "gone"),
        ("The Strait Observer", LOGO_URL, "failed"),
    ]
    by_link = {row["dead_link"]: row for row in response.json()}
    # A logo belongs to its provider, not to an article; its copy outlasts the link.
    assert (by_link[LOGO_URL]["articles"], by_link[LOGO_URL]["has_copy"]) == (0, 1)
    assert (by_link[REMOTE_URL]["articles"], by_link[REMOTE_URL]["has_copy"]) == (2, 0)
    page = (await _get(archive, f"/news/{schema.DEAD_LINKS}")).text
    assert "Dead links of images, by provider" in page
    assert SCRIPT not in page


@pytest.mark.parametrize("table", schema.DEAD_LINKS_TABLES)
async def test_the_query_tells_nothing_of_a_table_that_is_not_to_be_seen(
    archive: Path, table: str
) -> None:
    news = {"tables": {table: {"allow": {"id": "editor"}}}, "allow_sql": {"id": "editor"}}
    metadata = {"databases": {"news": news}}
    response = await _get(archive, QUERY, metadata=metadata)
    assert response.status_code == 403
    assert REMOTE_URL not in response.text
    datasette = open_site(archive, metadata=metadata)
    cookie = datasette.sign({"a": {"id": "editor"}}, "actor")
    response = await datasette.client.get(QUERY, cookies={"ds_actor": cookie})
    assert response.status_code == 200
    assert REMOTE_URL in response.text


@pytest.mark.parametrize("table", ["article_images", "image_fetches"])
async def test_facet_and_filter_neither(archive: Path, table: str) -> None:
    metadata = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
    response = await _get(archive, "/news/articles.json?_dead_image=1", metadata=metadata)
    assert response.status_code == 403
    page = (await _get(archive, f"{FACET}&_layout=table", metadata=metadata)).text
    assert "has dead image" not in page


async def test_a_users_own_query_of_that_name_wins(archive: Path) -> None:
    own = {"sql": "select 'mine' as provider", "title": "Mine"}
    metadata = {"databases": {"news": {"queries": {schema.DEAD_LINKS: own}}}}
    assert (await _get(archive, QUERY, metadata=metadata)).json() == [{"provider": "mine"}]


def test_the_query_runs_on_an_old_sqlite() -> None:
    assert "->>" not in schema.DEAD_LINKS_SQL
    assert set(default_metadata.QUERIES) == {schema.DEAD_LINKS}
    assert default_metadata.of_database("x")["queries"] == {}
