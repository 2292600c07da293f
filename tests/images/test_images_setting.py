"""Where the images of pages come from: the setting `images`, and the site they belong to.

The browser's own log of requests says whether a page asks anybody else. Knows no way
in which images come into the database.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, serve
from pages_site import (
    FOLLOWER,
    LEAD_URL,
    RELATIVE_URL,
    REMOTE_URL,
    STORY,
    VIDEO,
    build_archive,
    open_site,
)
from playwright.sync_api import Browser
from share import share

from datasette_newsfeed.image_urls import absolute_url, image_id

BODY_IMAGE = "https://elsewhere.example/in-the-text.png"
PAGES = (
    "/",
    "/news",
    "/news/articles",
    "/news/articles?_layout=table",
    f"/news/articles/{STORY}",
    f"/news/articles/{FOLLOWER}",
    f"/news/articles/{VIDEO}",
    "/news/images",
    f"/news/images/{image_id(REMOTE_URL)}",
    f"/news/images/{image_id(LEAD_URL)}",
    "/news/article_list",
    "/news/article_images",
    "/news/related_articles",
    "/news/providers",
    "/news/providers/strait~2Eexample",
    "/news/topics",
    "/news/-/newsfeed/search?q=kites",
)
FEEDS = tuple(f"/news/articles.{extension}" for extension in ("atom", "rss", "jsonfeed"))


def _archive(folder: Path, base_url: str | None = None) -> Path:
    path = build_archive(folder / "news.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "update articles set body = body || ? where id = ?",
            [f"\n\n![In the text]({BODY_IMAGE}) [![](/x.png)](/page)", STORY],
        )
        if base_url:
            db.execute("insert into image_base values (?)", [base_url])
        db.commit()
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _archive(tmp_path_factory.mktemp("setting"))


def _settings(images: object) -> dict[str, Any]:
    return {"plugins": {"datasette-newsfeed": {"images": images}}}


async def _page(path: Path, address: str, images: object = None) -> str:
    datasette = open_site(path, metadata=_settings(images) if images else None)
    response = await datasette.client.get(address, follow_redirects=True)
    assert response.status_code == 200, address
    return str(response.text)


def _sources(page: str) -> set[str]:
    return set(re.findall(r'(?:src|srcset)="([^"]*)"', page.replace("&#34;", '"')))


@pytest.mark.parametrize("images", [None, "both", "neither", 7])
async def test_stored_else_remote_unless_a_setting_says_otherwise(
    archive: Path, images: object
) -> None:
    page = await _page(archive, "/news/articles?_layout=cards", images)
    sources = " ".join(_sources(page))
    assert f"image/{image_id(LEAD_URL)}/640?v=" in sources
    assert REMOTE_URL.replace(" ", "%20") in sources or REMOTE_URL in sources
    assert f"image/{image_id(REMOTE_URL)}" not in sources


async def test_dense_screens_choose_among_the_copies(archive: Path) -> None:
    page = await _page(archive, "/news/articles")
    (choices,) = {s for s in _sources(page) if " 320w" in s and image_id(LEAD_URL) in s}
    assert [each.rpartition(" ")[2] for each in choices.split(", ")] == ["320w", "640w", "1280w"]
    assert all(
        f"/{width}?v=" in each
        for width, each in zip((320, 640, 1280), choices.split(", "), strict=True)
    )


@pytest.mark.parametrize("address", share([*PAGES, *FEEDS]))
async def test_stored_images_alone(archive: Path, address: str) -> None:
    page = await _page(archive, address, "stored")
    if "feed" in address.rpartition(".")[2] or address.endswith(("atom", "rss")):
        assert "<img" not in page or f"/newsfeed/image/{image_id(LEAD_URL)}" in page
        for url in (REMOTE_URL, REMOTE_URL.replace(" ", "%20")):
            assert url not in page
        assert f'src=\\"{BODY_IMAGE}' not in page
        assert f'src="{BODY_IMAGE}' not in page
        assert f"src=&quot;{BODY_IMAGE}" not in page
    else:
        assert not [source for source in _sources(page) if "://" in source]


async def test_an_image_in_the_text_becomes_a_link(archive: Path) -> None:
    stored = await _page(archive, f"/news/articles/{STORY}", "stored")
    assert f'<a href="{BODY_IMAGE}" rel="noopener noreferrer external">In the text</a>' in stored
    assert (
        '<a href="https://strait.example/page" rel="noopener noreferrer external">Image' in stored
    )
    both = await _page(archive, f"/news/articles/{STORY}")
    assert f'<img src="{BODY_IMAGE}"' in both


@pytest.mark.parametrize("images", ["both", "stored", "remote"])
async def test_an_image_in_the_text_is_a_copy_where_there_is_one(
    tmp_path: Path, images: str
) -> None:
    """Under whatever spelling; also in feeds, there with the host. What only another record
    names is another image."""
    path = build_archive(tmp_path / "news.db")
    spaced, slashed, other = "img/a quay.png", "img/a%2Fb.png", "img/other.png"
    with closing(sqlite3.connect(path)) as db:
        for place, url in enumerate([spaced, "img/a/b.png", slashed, other], 50):
            db.execute("insert into images (id, url) values (?, ?)", (image_id(url), url))
            db.execute(
                "insert into image_renditions select ?, width, height, type, sha256, original_type,"
                " original_width, original_height, original_size, content from image_renditions"
                " where image_id = ? limit 1",
                (image_id(url), image_id(LEAD_URL)),
            )
            db.execute(
                "insert into article_images (article_id, position, image_id) values (?, ?, ?)",
                (FOLLOWER if url == other else STORY, place, image_id(url)),
            )
        body = (
            f"![Kite]({LEAD_URL}) ![Quay](img/a%20quay.png) ![B]({slashed}) ![Other]({other})"
            f" ![None]({BODY_IMAGE})"
        )
        db.execute("update articles set body = ? where id = ?", (body, STORY))
        db.commit()
    own = re.compile(r"/news/-/newsfeed/image/([0-9a-f]{20})/\d+")
    page = (await _page(path, f"/news/articles/{STORY}", images)).partition("newsfeed-body")[2]
    page = page.partition("</div>")[0]
    named = [image_id(url) for url in (LEAD_URL, spaced, slashed)]
    copies = [] if images == "remote" else named
    assert own.findall(page) == copies
    assert (f'<img src="{BODY_IMAGE}"' in page) is (images != "stored")
    assert (f'<img src="{LEAD_URL}"' in page) is (images == "remote")
    assert (f'<a href="{BODY_IMAGE}"' in page) is (images == "stored")
    feed = json.loads(await _page(path, "/news/articles.jsonfeed", images))
    html = next(item for item in feed["items"] if STORY in item["url"])["content_html"]
    found = re.findall(r'<img src="http://localhost/news/-/newsfeed/image/(\w+)/\d+\?v=', html)
    assert found == copies


@pytest.mark.parametrize("table", ["images", "image_renditions", ""])
async def test_who_may_not_see_the_copies_gets_no_address_of_them(
    tmp_path: Path, table: str
) -> None:
    path = build_archive(tmp_path / "news.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("update articles set body = ? where id = ?", (f"![Kite]({LEAD_URL})", STORY))
        db.commit()
    rule = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
    page = (await open_site(path, metadata=rule).client.get(f"/news/articles/{STORY}")).text
    assert ('<img src="/news/-/newsfeed/image/' in page) is (table == "")


async def test_remote_images_alone(archive: Path) -> None:
    for address in share(PAGES, 1):
        assert "/newsfeed/image/" not in await _page(archive, address, "remote"), address
    assert LEAD_URL in " ".join(_sources(await _page(archive, "/news/articles", "remote")))
    assert LEAD_URL in await _page(archive, "/news/articles.jsonfeed", "remote")


async def test_a_table_shows_only_what_is_there(archive: Path) -> None:
    page = await _page(archive, "/news/articles?_layout=table", "stored")
    sources = " ".join(_sources(page))
    assert f"image/{image_id(LEAD_URL)}/320?v=" in sources
    assert f"image/{image_id(REMOTE_URL)}" not in sources
    assert "newsfeed-thumbnail-empty" in page


async def test_the_route_leads_nowhere_else(archive: Path) -> None:
    path = f"/news/-/newsfeed/image/{image_id(REMOTE_URL)}/320"
    datasette = open_site(archive, metadata=_settings("stored"))
    response = await datasette.client.get(path)
    assert response.status_code == 404
    assert "location" not in response.headers


async def test_images_without_a_host_belong_to_the_site(archive: Path, tmp_path: Path) -> None:
    here = _archive(tmp_path, "https://news.example/archive/")
    wanted = "https://news.example/assets/images/local.png"
    for address in (
        "/news/articles",
        f"/news/articles/{VIDEO}",
        "/news/images",
        "/news/article_list",
    ):
        assert wanted not in await _page(archive, address)
    for address in ("/news/articles", f"/news/articles/{VIDEO}", "/news/articles.jsonfeed"):
        assert wanted in await _page(here, address), address
    assert f'href="{wanted}"' in await _page(here, "/news/images")
    route = await open_site(here).client.get(f"/news/-/newsfeed/image/{image_id(RELATIVE_URL)}/320")
    assert (route.status_code, route.headers["location"]) == (302, wanted)


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("/a/b.png", "https://news.example/a/b.png"),
        ("//cdn.example/b.png", "https://cdn.example/b.png"),
        ("https://other.example/b.png", "https://other.example/b.png"),
        ("beside.png", "beside.png"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("//[half", "//[half"),
        ("", ""),
    ],
)
def test_absolute(url: str, absolute: str) -> None:
    assert absolute_url(url, "https://news.example/archive/index.html") == absolute
    assert absolute_url(url, None) == url


# -- as the browser sees it ---------------------------------------------------


def _strangers(
    browser: Browser, archive: Path, folder: Path, line: str, images: str, paths: Sequence[str]
) -> list[str]:
    """Open each page and scroll by every image; return what was asked of anybody else."""
    file = folder / f"{images}.json"
    file.write_text(json.dumps(_settings(images)), encoding="utf-8")
    option = "--metadata" if line == "0.65" else "--config"
    with serve(archive, option, file) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        visit = Visit(page, url)
        for path in paths:
            visit.open(path)
            visit.see_everything()
            if images == "stored":
                assert visit.each("img", "filter(e => !e.naturalWidth).map(e => e.src)") == [], path
        page.close()
    return visit.strangers


@pytest.mark.browser
def test_no_page_asks_anybody_else(
    browser: Browser, archive: Path, tmp_path: Path, datasette_line: str
) -> None:
    assert _strangers(browser, archive, tmp_path, datasette_line, "stored", share(PAGES)) == []


@pytest.mark.browser
def test_and_this_would_be_noticed(
    browser: Browser, archive: Path, tmp_path: Path, datasette_line: str
) -> None:
    pages = ("/news/articles", f"/news/articles/{STORY}")
    asked = set(_strangers(browser, archive, tmp_path, datasette_line, "both", pages))
    assert {REMOTE_URL.replace(" ", "%20"), BODY_IMAGE} <= asked
