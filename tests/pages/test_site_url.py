"""Addresses that do not depend on what a visitor sends, and caches that are told of the others.

Every page and feed is asked for under a host that somebody made up. With the setting `site_url`
that host stands nowhere; without it, no answer that a cache may keep is without `Vary: Host`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from datasette import Response, hookimpl
from datasette.database import Database
from datasette.plugins import pm
from datasette.utils import StartupError
from pages_site import STORY, V1, build_archive, open_site

EVIL = "made-up.example"
SITE = "https://news.example.org"
SETTING = {"plugins": {"datasette-newsfeed": {"site_url": SITE}}}
QUERY = ("/news/-/query" if V1 else "/news") + "?sql=select+id+from+articles&_size=1"
PATHS = (
    *("/", "/news", "/news/articles", "/news/articles?_size=2", "/news/articles?_layout=table"),
    *(f"/news/articles/{STORY}", "/news/topics", "/news/providers/strait~2Eexample"),
    *("/news/articles.atom", "/news/articles.rss?_size=2", "/news/articles.jsonfeed?_size=2"),
    *("/news/articles.json?_size=2&_facet=type", "/news/articles.csv", QUERY),
    "/news/-/newsfeed/search?q=kites",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("site_url") / "news.db")


async def ask(
    site: Any, path: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Any:
    answer = await site.client.get(path, headers={"host": EVIL, **(headers or {})})
    assert answer.status_code == status, path
    return answer


@pytest.mark.parametrize("immutable", [True, False])
async def test_with_the_setting_no_address_is_of_the_visitors_host(
    archive: Path, immutable: bool
) -> None:
    site = open_site(archive, immutable=immutable, metadata=SETTING)
    named = 0
    for path in PATHS:
        answer = await ask(site, path)
        assert EVIL not in answer.text, path
        assert "host" not in answer.headers.get("vary", "").lower().split(", "), path
        named += SITE in answer.text
    assert named > len(PATHS) // 2


@pytest.mark.parametrize("immutable", [True, False])
async def test_without_it_caches_are_told(archive: Path, immutable: bool) -> None:
    site = open_site(archive, immutable=immutable, settings={"default_cache_ttl": 3600})
    shared = 0
    for path in PATHS:
        headers = (await ask(site, path)).headers
        if "max-age" in headers.get("cache-control", ""):
            shared += 1
            vary = [each.strip().lower() for each in headers["vary"].split(",")]
            assert vary.count("host") == 1, path
            assert "cookie" in vary, path
            if etag := headers.get("etag"):
                known = await ask(site, path, 304, {"if-none-match": etag})
                assert known.headers["vary"] == headers["vary"], path
    assert shared > len(PATHS) // 2


async def test_a_front_page_with_a_database_in_memory_is_no_lasting_one(archive: Path) -> None:
    site = open_site(archive, immutable=True, settings={"default_cache_ttl": 3600})
    lasting = (await ask(site, "/")).headers
    assert "public" in lasting["cache-control"]
    site.add_database(Database(site, memory_name="beside", is_mutable=False), name="beside")
    for path, is_lasting in (("/", False), ("/news/articles", True)):
        headers = (await ask(site, path)).headers
        assert ("etag" in headers) == is_lasting, path
        assert ("public" in headers.get("cache-control", "")) == is_lasting, path


async def test_what_writes_is_left_as_it_is(archive: Path) -> None:
    """1.0 compares Host and Origin of what writes: neither may be another's."""
    from datasette_newsfeed.pages.compat import site_url

    site = open_site(archive, metadata=SETTING)
    await site.invoke_startup()
    scope = {"method": "POST", "scheme": "http", "headers": [(b"host", b"localhost")]}
    assert site_url.replaced(site, scope) == {}
    scope["method"] = "GET"
    assert site_url.replaced(site, scope)["scheme"] == "https"


WRONG = (
    *("news.example.org", "//news.example.org", "ftp://news.example.org", "https://"),
    *("https://news.example.org/path", "https://a b", "https://a@b.example", "https://a.example?x"),
    *("https://a.example\n", "javascript:alert(1)", "", 1, True, ["https://a.example"], {"a": 1}),
)


@pytest.mark.parametrize("value", WRONG, ids=repr)
async def test_a_wrong_value_is_said_at_startup(archive: Path, value: Any) -> None:
    metadata = {"plugins": {"datasette-newsfeed": {"site_url": value}}}
    with pytest.raises(StartupError, match="site_url: "):
        await open_site(archive, metadata=metadata).invoke_startup()


# -- pages of other plugins ------------------------------------------------------

PLUGIN_HEADERS = {
    "nothing": {},
    "short": {"cache-control": "max-age=7"},
    "shared": {"cache-control": "public, s-maxage=9"},
    "none": {"cache-control": "no-cache"},
}


class _Pages:
    """A plugin with pages of its own below an archive, each with another Cache-Control."""

    __name__ = "other-pages"

    @hookimpl
    def register_routes(self) -> Any:
        async def page(request: Any) -> Response:
            return Response.html("hello", headers=dict(PLUGIN_HEADERS[request.url_vars["kind"]]))

        return [(r"^/news/-/other/(?P<kind>\w+)$", page)]


@pytest.fixture
def other_pages() -> Iterator[None]:
    pm.register(_Pages(), "other-pages")
    yield
    pm.unregister(name="other-pages")


async def test_pages_of_other_plugins_keep_their_own_headers(
    archive: Path, other_pages: None
) -> None:
    site = open_site(archive, immutable=True, settings={"default_cache_ttl": 3600})
    for kind, expected in PLUGIN_HEADERS.items():
        answer = await site.client.get(f"/news/-/other/{kind}")
        assert answer.headers.get("cache-control") == expected.get("cache-control"), kind
        assert "etag" not in answer.headers
    answer = await site.client.get("/news/articles")
    assert answer.headers["cache-control"].startswith("public, max-age=3600")


# -- images of a crafted link ----------------------------------------------------


@pytest.mark.parametrize("renditions", [True, False])
async def test_a_link_to_a_query_shows_no_image_of_another_site(
    tmp_path: Path, renditions: bool
) -> None:
    path = build_archive(tmp_path / "news.db", renditions=renditions)
    db = sqlite_utils.Database(path)
    url = db.execute("select url from images where url like 'https%kite.png'").fetchone()[0]
    db.close()
    site = open_site(path)
    start = "/news/-/query" if V1 else "/news"
    for given in ("https://evil.example/t.png", "//evil.example/t.png", "/evil/t.png"):
        page = (await site.client.get(start, params={"sql": f"select '{given}' as image_url"})).text
        images = [part.partition(">")[0] for part in page.split("<img")[1:]]
        assert images == [], given
    page = (await site.client.get(start, params={"sql": f"select '{url}' as image_url"})).text
    assert page.count('class="newsfeed-thumbnail"') == 1
