"""What search engines are told, through datasette-sitemap and datasette-block-robots."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from pages_site import ARTICLES, build_archive, open_site

from datasette_newsfeed.pages.views import sitemap

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("sitemap") / "news.db")


async def locations(datasette: Any) -> list[str]:
    response = await datasette.client.get("/sitemap.xml")
    assert response.status_code == 200
    return [element.text or "" for element in ET.fromstring(response.text).iter(f"{NAMESPACE}loc")]


async def test_every_article_once_and_each_is_its_own_canonical_page(archive: Path) -> None:
    datasette = open_site(archive)
    found = await locations(datasette)
    assert found[:3] == [f"http://localhost{path}" for path in ("/", "/news", "/news/articles")]
    assert len(found) == len(set(found)) == 3 + len(ARTICLES)
    for url in found:
        page = await datasette.client.get(url.removeprefix("http://localhost"))
        assert page.status_code == 200
        assert f'<link rel="canonical" href="{url}">' in page.text


async def test_behind_a_base_url_and_https(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/a/", "force_https_urls": True})
    assert all(url.startswith("https://localhost/a/") for url in await locations(datasette))


async def test_the_newest_first_and_no_more_than_a_sitemap_holds(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "MOST", 5)
    found = await locations(open_site(archive))
    newest = [article["id"] for article in ARTICLES[:2]]
    assert [url.rpartition("/")[2] for url in found[3:]] == newest


async def test_nothing_that_one_may_not_see(archive: Path) -> None:
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    assert await locations(open_site(archive, metadata=denied)) == ["http://localhost/"]


async def test_robots_are_shown_the_way(archive: Path) -> None:
    metadata = {"plugins": {"datasette-block-robots": {"disallow": ["/-/"]}}}
    robots = await open_site(archive, metadata=metadata).client.get("/robots.txt")
    assert "Disallow: /-/" in robots.text
    assert "Sitemap: http://localhost/sitemap.xml" in robots.text
