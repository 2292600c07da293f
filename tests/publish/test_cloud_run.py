"""The demo on Cloud Run as far as it goes without a cloud: published, built, run and visited.

The commands of docs/publish.md run with a stand-in for `gcloud`; the Dockerfile that they send is
replayed in a fresh environment, on the SQLite of the image, with the plugin from a wheel
that no registry has. Knows the demo's tables, none of its articles.

Not one test here may be async: while Playwright runs, its own loop is the running one.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import container
import old_sqlite
import pytest
from browser import Visit
from commands import import_report
from container import HOST, Answer, Container, Image, Publication
from datasette.utils import tilde_encode
from playwright.sync_api import Browser, Request, Route, expect
from share import share

from datasette_newsfeed import schema

ROOT = Path(__file__).resolve().parents[2]
SITE = f"https://{HOST}"
MEGABYTE = 1_000_000
MEMORY = 512 * 1024 * 1024
"""What Cloud Run gives a container that asks for nothing."""


@pytest.fixture(scope="module")
def library() -> Path:
    try:
        return old_sqlite.get_library()
    except old_sqlite.NotHere as error:
        pytest.skip(f"no SQLite {old_sqlite.VERSION} to serve with: {error}")


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory, datasette_line: str) -> Publication:
    folder = tmp_path_factory.mktemp("publish")
    import_report(folder / "news.db", ROOT / "demo")
    shutil.copy(ROOT / "metadata.yml", folder)
    source = container.source_of_plugin(tmp_path_factory.mktemp("plugin") / "source")
    # The demo's metadata speaks of a database `demo`.
    words = {
        "/path/to/datasette-newsfeed": str(source),
        "public.db": "demo.db",
        # The demo's own metadata is published; a test of the documents publishes this.
        "> metadata.yml": "> printed.yml",
    }
    return container.publish(folder, datasette_line, words)


@pytest.fixture(scope="module")
def image(
    publication: Publication, library: Path, tmp_path_factory: pytest.TempPathFactory
) -> Image:
    return container.build(publication.context, tmp_path_factory.mktemp("image"), library)


@pytest.fixture(scope="module")
def server(image: Image) -> Iterator[Container]:
    with container.run(image) as running:
        yield running


def _ask(db: Path, sql: str) -> Any:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchone()[0]


@pytest.fixture(scope="module")
def article(image: Image) -> str:
    sql = """select article_id from related_articles join articles on articles.id = article_id
      where related_id <> '' and articles.image_id in (select image_id from image_renditions)
      order by articles.published_at desc"""
    return str(_ask(image.folder / "demo.db", sql))


@pytest.fixture(scope="module")
def topic(image: Image) -> str:
    sql = "select topic from article_topics group by topic order by count(*) desc"
    return str(_ask(image.folder / "demo.db", sql))


@pytest.fixture(scope="module")
def pages(article: str, topic: str) -> dict[str, str]:
    return {
        "front": "/",
        "database": "/demo",
        "cards": "/demo/articles",
        "facets": "/demo/articles?_facet_topic=topics&_facet_period=published_at&_facet_band=heat"
        "&_facet_presence=image",
        "selection": f"/demo/articles?_topic={quote(topic)}&heat__gte=0",
        "table": "/demo/articles?_layout=table",
        "article": f"/demo/articles/{article}",
        "topic": f"/demo/topics/{tilde_encode(topic)}",
        "search": "/demo/-/newsfeed/search?q=harbour",
        "query": "/demo/providers_in_numbers",
        "view": "/demo/article_list",
    }


PAGES = (
    "front",
    "database",
    "cards",
    "facets",
    "selection",
    "table",
    "article",
    "topic",
    "search",
    "query",
    "view",
)
FEEDS = {
    "atom": "application/xml",
    "rss": "application/xml",
    "jsonfeed": "application/feed+json",
}
DATA = {"json": "application/json", "csv": "text/"}


# -- what reaches the cloud ---------------------------------------------------


def test_the_commands_of_the_readme_reach_the_last_step(publication: Publication) -> None:
    steps = [" ".join(call.split()[:3]) for call in publication.calls]
    assert steps == [
        "config get-value project",
        "services enable artifactregistry.googleapis.com",
        "artifacts repositories describe",
        "builds submit --tag",
        "run deploy --allow-unauthenticated",
    ]
    assert re.search(r"--image \S+/datasette-news news\b", publication.calls[-1])


def test_what_is_sent_is_the_site_and_nothing_else(publication: Publication) -> None:
    files = [p for p in publication.context.rglob("*") if p.is_file()]
    names = sorted(path.relative_to(publication.context).as_posix() for path in files)
    assert names[:3] == ["Dockerfile", "demo.db", "metadata.json"]
    assert re.fullmatch(r"plugins/datasette_newsfeed-[\d.]+-py3-none-any\.whl", names[3])
    assert len(names) == 4


def test_the_image_is_the_one_whose_sqlite_is_replayed(publication: Publication) -> None:
    """If this fails, Datasette took another image: pages may use the SQL of its SQLite."""
    first, *_ = (publication.context / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert first == "FROM python:3.11.0-slim-bullseye"


def test_it_runs_on_the_sqlite_and_the_datasette_of_the_image(
    server: Container, datasette_line: str
) -> None:
    versions = json.loads(server.get("/-/versions.json").body)
    assert versions["sqlite"]["version"] == old_sqlite.VERSION
    assert versions["datasette"]["version"].startswith(datasette_line)
    plugins = json.loads(server.get("/-/plugins.json").body)
    plugins = plugins if isinstance(plugins, list) else plugins["plugins"]
    assert "datasette-newsfeed" in [plugin["name"] for plugin in plugins]


# -- what readers see ---------------------------------------------------------


class PublicVisit(Visit):
    """A window on the site under its public address, which the load balancer passes on."""

    server: Container

    def _on_route(self, route: Route, request: Request) -> None:
        url = urlsplit(request.url)
        if f"{url.scheme}://{url.netloc}" != SITE:
            self.strangers.append(request.url)
            route.abort()
            return
        answer = self.server.get(url._replace(scheme="", netloc="", fragment="").geturl())
        route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.body)


@pytest.fixture
def visit(browser: Browser, server: Container) -> Iterator[Callable[[str], Visit]]:
    """Opens a page; in the end none may have asked a stranger or got an answer of 400 and above."""
    visits: list[PublicVisit] = []

    def open_page(path: str) -> Visit:
        visits.append(PublicVisit(browser.new_page(), SITE))
        visits[-1].server = server
        visits[-1].open(path)
        return visits[-1]

    yield open_page
    for each in visits:
        each.page.close()
    for each in visits:
        each.assert_clean()


LINKS = "a[href], link[href], area[href], img[src], script[src], iframe[src], form[action]"


@pytest.mark.browser
@pytest.mark.parametrize("name", share(PAGES))
def test_each_page_is_there_with_its_images_and_leads_to_https_only(
    visit: Callable[[str], Visit], pages: dict[str, str], name: str
) -> None:
    here = visit(pages[name])
    here.see_everything()
    here.page.wait_for_load_state("networkidle")  # this process answers one request at a time
    assert here.broken_images() == []
    links = here.each(LINKS, "map(e => String(e.href || e.src || e.action))")
    assert links
    assert [link for link in links if link.startswith("http:")] == []


@pytest.mark.browser
def test_from_the_front_page_through_a_facet_to_an_article_and_by_search(
    visit: Callable[[str], Visit],
) -> None:
    here = visit("/").page
    every = re.compile(r"^All [\d,]+ articles, newest first$")
    here.get_by_role("link", name=every).first.click()
    expect(here).to_have_url(re.compile(rf"^{SITE}/demo/articles"))
    cards = here.locator(".newsfeed-card")
    expect(cards.locator("img").first).to_be_visible()
    on_a_page = cards.count()
    facet = here.locator("#facet-topics li a").first
    expected = int(facet.locator(".newsfeed-facet-count").inner_text().replace(",", ""))
    facet.click()
    expect(here).to_have_url(re.compile(rf"^{SITE}/demo/articles\?.*_topic="))
    expect(cards).to_have_count(min(expected, on_a_page))
    # A video's page has a frame that the browser warns of: tests/browser/test_explore_browser.py.
    text = cards.filter(has_not=here.locator(".newsfeed-mark-video"))
    text.locator("a[href*='/demo/articles/']").first.click()
    expect(here.locator(".newsfeed-article")).to_have_count(1)
    here.goto(f"{SITE}/demo/-/newsfeed/search")
    here.locator("#newsfeed-q").fill("harbour")
    here.locator("#newsfeed-q").press("Enter")
    expect(here).to_have_url(f"{SITE}/demo/-/newsfeed/search?q=harbour")
    expect(here.locator(".newsfeed-hit-title").first).to_be_visible()


@pytest.mark.parametrize("extension", FEEDS)
@pytest.mark.parametrize("selection", ["", "?_topic={topic}", "?_search=nothingcalledthis"])
def test_each_feed_is_there_and_speaks_of_https_only(
    server: Container, extension: str, selection: str, topic: str
) -> None:
    answer = server.get(f"/demo/articles.{extension}{selection.format(topic=quote(topic))}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(FEEDS[extension])
    if extension == "jsonfeed":
        assert json.loads(answer.body)["version"].startswith("https://jsonfeed.org/")
    else:
        ElementTree.fromstring(answer.body)
    assert f"{SITE}/demo/articles".encode() in answer.body
    assert f"http://{HOST}".encode() not in answer.body


@pytest.mark.parametrize("extension", DATA)
def test_the_data_is_there(server: Container, extension: str) -> None:
    answer = server.get(f"/demo/articles.{extension}?_size=3")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(DATA[extension])
    assert f"http://{HOST}".encode() not in answer.body


EXPLORED = (
    "?_facet_topic=topics&_topic={topic}",
    "?_facet_topic=topics&_search=harbour&_related=1",
    "?_facet_topic=topics&_related=0&published=1",
    "?_facet_period=published_at&published_at__gte=2024-01-01&published_at__lt=2025-01-01",
    "?_facet_period=published_at&published_at__gte=2024-03-01&published_at__lt=2024-04-01",
    "?_facet_period=published_at&_topic={topic}",
    "?_facet_band=heat&_facet_band=quality&heat__gte=25&heat__lt=50",
    "?_facet_presence=image&_facet_presence=related&_topic={topic}",
    "?_facet_presence=image&image_id__isblank=1",
    "?_facet=type&_facet=provider_id&_search=harbour",
    "?_sort=title&_size=7",
    "?_sort_desc=heat&_size=7&heat__lt=0",
    "?_search=nothingcalledthis",
)


@pytest.fixture(scope="module")
def newer(image: Image) -> Iterator[Container]:
    """The same image on the SQLite that this Python has."""
    environment = {k: v for k, v in image.environment.items() if k != "LD_PRELOAD"}
    with container.run(replace(image, environment=environment)) as running:
        yield running


def unhurried(ask: Callable[[], bool]) -> bool:
    """Whether this is so by the fifth time: where much else runs, a page lacks a suggested facet.

    Datasette leaves out those that it did not find in 50 milliseconds.
    """
    for _ in range(5):
        if ask():
            return True
        time.sleep(0.5)
    return False


def test_its_sqlite_finds_what_a_newer_one_finds(
    server: Container, newer: Container, pages: dict[str, str], topic: str
) -> None:
    """SQL that this SQLite does not know or reads in another way: facets went missing so."""
    paths = [f"/demo/articles{each.format(topic=quote(topic))}" for each in EXPLORED]
    tables = [f"/demo/{table.name}" for table in schema.TABLES]
    for path in share([*pages.values(), *paths, *tables]):

        def are_one(path: str = path) -> bool:
            old, new = server.get(path), newer.get(path)
            assert old.status == new.status == 200, path
            return old.body == new.body

        assert unhurried(are_one), path


# -- more than one ------------------------------------------------------------


@pytest.fixture(scope="module")
def replica(image: Image) -> Iterator[Container]:
    with container.run(image) as running:
        yield running


def test_two_containers_give_the_same_bytes_and_fingerprints(
    server: Container, replica: Container, pages: dict[str, str], datasette_line: str
) -> None:
    paths = [*pages.values(), *(f"/demo/articles.{each}" for each in (*FEEDS, *DATA))]
    for path in paths:

        def are_one(path: str = path) -> bool:
            one, other = server.get(path), replica.get(path)
            assert one.status == other.status == 200, path
            assert "public" in one.headers["cache-control"], path
            bodies = {_lasting(each.body, path, datasette_line) for each in (one, other)}
            return len(bodies) == 1 and one.headers.get("etag") == other.headers.get("etag")

        assert unhurried(are_one), path


def _lasting(body: bytes, path: str, line: str) -> bytes:
    """The JSON of Datasette 0.65 says how long its queries took: all of it but that."""
    if line == "0.65" and path.endswith(".json"):
        return re.sub(rb'"query_ms": [\d.e+-]+', b"", body)
    return body


@pytest.mark.parametrize("kind", ["cards", "article", "search", ".atom", ".json"])
def test_what_one_container_gave_the_other_knows(
    server: Container, replica: Container, pages: dict[str, str], kind: str
) -> None:
    path = pages.get(kind, f"/demo/articles{kind}")

    def is_known() -> bool:
        tag = server.get(path).headers["etag"]
        again: Answer = replica.get(path, {"If-None-Match": tag})
        return (again.status, again.body, again.headers["etag"]) == (304, b"", tag)

    assert unhurried(is_known)


# -- what it costs ------------------------------------------------------------


def test_it_is_content_with_what_cloud_run_gives(
    server: Container, pages: dict[str, str], record_property: Callable[[str, object], None]
) -> None:
    for path in pages.values():
        assert server.get(path).status == 200
    assert server.peak_memory() < MEMORY
    record_property("peak memory", f"{server.peak_memory() / MEGABYTE:.0f} MB")
    record_property("start to first page", f"{server.cold_start:.2f} s")
