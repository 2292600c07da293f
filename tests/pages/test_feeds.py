"""The feeds: valid, of the same articles as their page, the same in all three formats.

One test asks for random selections; the others hold titles, times, images, paging,
what is not sent again, and what a visitor may not see.
"""

from __future__ import annotations

import html
import mimetypes
import os
import random
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import facet_archive
import pytest
from feed_reader import FORMATS, key_of, read_feed
from pages_site import (
    FOLLOWER,
    HOSTILE,
    LEAD_URL,
    ODD,
    SCRIPT,
    STORY,
    VIDEO,
    build_archive,
    open_site,
)
from share import IS_LONG
from test_facets import SORTS, load, random_query
from test_hostile import Page
from test_hostile import archive as hostile_archive  # noqa: F401 - a fixture

from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages import picture_places
from datasette_newsfeed.pages.access import archives
from datasette_newsfeed.pages.feeds.feed import UNKNOWN_TIME, entry_id
from datasette_newsfeed.pages.feeds.formats import BUILT_IN
from datasette_newsfeed.pages.models import Picture

MEDIA_TYPES = {each["extension"]: each.get("sent_as", each["media_type"]) for each in BUILT_IN}
COMBINATIONS = 200 if IS_LONG else 24


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facet_archive.build(tmp_path_factory.mktemp("feeds") / "news.db", 400)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("feeds") / "news.db")


async def get(datasette: Any, path: str, status: int = 200, **more: Any) -> Any:
    response = await datasette.client.request("GET", path, follow_redirects=True, **more)
    assert response.status_code == status, response.text
    return response


async def read(datasette: Any, path: str, **more: Any) -> Any:
    """Return a feed, after all rules of its format were held against it."""
    extension = urlsplit(path).path.rpartition(".")[2]
    response = await get(datasette, path, **more)
    assert response.headers["content-type"] == f"{MEDIA_TYPES[extension]}; charset=utf-8"
    return read_feed(extension, response.content)


CARD = re.compile(r'class="newsfeed-card.*?href="([^"]*)"', re.S)


def shown(page: str) -> list[str]:
    """The keys of the articles whose cards stand on a page, in order."""
    listing = page.partition('id="newsfeed-articles"')[2].partition("</section>")[0]
    return [key_of(html.unescape(url)) for url in CARD.findall(listing)]


# -- any selection ------------------------------------------------------------


async def test_random_selections_are_valid_feeds_of_their_page(news: Path) -> None:
    dice = random.Random(4)
    articles = load(news)
    datasette = open_site(news)
    sizes = []
    pages = 0
    for _ in range(COMBINATIONS):
        query = [*random_query(dice, articles), *parse_qsl(dice.choice(SORTS))]
        if dice.random() < 0.3:
            query.append(("_size", str(dice.choice([1, 7, 20]))))
        words = urlencode([*query, ("_nofacet", "1"), ("_nosuggest", "1")])
        expected = shown((await get(datasette, f"/news/articles?{words}")).text)
        found = [await read(datasette, f"/news/articles.{e}?{urlencode(query)}") for e in FORMATS]
        for feed in found:
            assert feed.ids == expected, query
            assert feed.title == found[0].title
            assert [each["id"] for each in feed.entries] == [entry_id(key) for key in expected]
        sizes.append(len(expected))
        if found[0].next_url and dice.random() < 0.5:
            pages += 1
            following = urlsplit(found[0].next_url)
            page = f"/news/articles?{following.query}&_nofacet=1&_nosuggest=1"
            later = await read(datasette, f"{following.path}?{following.query}")
            assert later.ids == shown((await get(datasette, page)).text)
            # Among equals, Datasette's first page has another order than its second.
            assert ("_sort", "id") not in query or not set(later.ids) & set(expected), query
    assert 0 in sizes
    assert max(sizes) == 50
    assert pages > COMBINATIONS // 20


async def test_the_three_formats_say_the_same(archive: Path) -> None:
    datasette = open_site(archive)
    atom, rss, jsonfeed = [await read(datasette, f"/news/articles.{e}") for e in FORMATS]
    assert len(atom.entries) == 6
    for one, two, three in zip(atom.entries, rss.entries, jsonfeed.entries, strict=True):
        for key in ("id", "url", "source_url", "title", "content", "categories", "published"):
            assert one[key] == two[key] == three[key], key
        # Readers of RSS take a description for HTML.
        assert html.unescape(two["summary"] or "") == (one["summary"] or "")
        assert (one["summary"] or None) == three["summary"]
        assert two["updated"] in (one["updated"], None)
        assert one["updated"] == (three["updated"] or UNKNOWN_TIME)
        assert [url for url, *_ in one["enclosures"]][:1] == (
            [url for url, *_ in two["enclosures"]] or [url for url, *_ in one["enclosures"]][:1]
        )
        assert two["enclosures"] == [
            (url, kind, size or 0) for url, kind, size in three["enclosures"]
        ]


async def test_an_entry_in_full(archive: Path) -> None:
    feed = await read(open_site(archive), "/news/articles.jsonfeed")
    (entry,) = [each for each in feed.entries if each["url"].endswith(STORY)]
    image = f"http://localhost/news/-/newsfeed/image/{image_id(LEAD_URL)}/1280"
    size = len(sqlite3.connect(archive).execute(
        "select content from image_renditions where width = 1280"
    ).fetchone()[0])  # fmt: skip
    assert entry["title"] == "Tidal kites & the quiet strait"
    assert entry["source_url"] == "https://strait.example/kites?a=1&b=2"
    assert entry["summary"] == "A kite pulls power ‘out of the tide’. Quietly."
    assert entry["published"] == "2024-03-05T08:30:00Z"
    assert entry["updated"] == "2024-03-05T10:00:00Z"
    assert entry["authors"] == ["Nell Strand"]
    assert entry["categories"] == ["Tidal power", "R&D"]
    assert entry["enclosures"] == [(image, "image/png", size)]
    assert "<strong>pull</strong>" in entry["content"]
    # What the text links to, it links to from anywhere.
    assert 'href="https://strait.example/plans?x=1&amp;y=2"' in entry["content"]
    assert f'<img src="{image}"' in entry["content"]
    (other,) = [each for each in feed.entries if each["url"].endswith(FOLLOWER)]
    assert other["authors"] == ["Harbour News"]
    assert other["enclosures"] == [
        ("https://images.example.org/only%20there.jpg", "image/jpeg", None)
    ]


def _forget_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a machine without any table of media types. Debian's knows WebP, others do not."""
    types = mimetypes.MimeTypes()
    types.types_map = ({}, {})
    monkeypatch.setattr(mimetypes, "_db", types)


@pytest.mark.parametrize("extension", FORMATS)
async def test_a_feed_is_the_same_whatever_types_the_machine_knows(
    archive: Path, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(archive)
    path = f"/news/articles.{extension}"
    before = await get(site, path)
    _forget_types(monkeypatch)
    after = await get(site, path)
    assert after.headers["etag"] == before.headers["etag"]
    assert after.content == before.content


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://a.example/x.webp", "image/webp"),
        ("https://a.example/x.AVIF?v=1#y", "image/avif"),
        ("https://a.example/x.jpeg", "image/jpeg"),
        ("https://a.example/x.svg", "image/svg+xml"),
        ("https://a.example/x", None),
        ("https://a.example/x.html", None),
        ("https://a.example/x?file=y.png", None),
    ],
)
def test_the_type_of_an_image_elsewhere(
    address: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forget_types(monkeypatch)
    assert picture_places._elsewhere(Picture(id="x", url=address), address).type == kind


@pytest.mark.parametrize("extension", FORMATS)
async def test_hostile_articles_make_harmless_feeds(archive: Path, extension: str) -> None:
    feed = await read(open_site(archive), f"/news/articles.{extension}")
    (entry,) = [each for each in feed.entries if each["url"].endswith(HOSTILE)]
    assert entry["title"] == f'"Quotes" {SCRIPT}'
    assert entry["source_url"] is None
    assert entry["enclosures"] == []
    content = Page(entry["content"])
    assert content.faults == []
    assert {tag for tag, _ in content.tags} <= {"p", "img", "a"}
    (odd,) = [each for each in feed.entries if each["title"] == "An odd key"]
    assert key_of(odd["url"]) == ODD
    (undated,) = [each for each in feed.entries if each["title"] == "Nobody knows when"]
    assert undated["published"] is None


@pytest.mark.parametrize("extension", FORMATS)
async def test_every_payload_in_every_text(hostile_archive: Path, extension: str) -> None:  # noqa: F811
    feed = await read(open_site(hostile_archive), f"/news/articles.{extension}?_size=max")
    assert len(feed.entries) > 40
    for entry in feed.entries:
        assert Page(entry["content"]).faults == []


# -- what is not sent, and not sent again -------------------------------------


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("query", ["_topic=Nothing", "heat__gt=9999", "_search=xyzzy"])
async def test_no_articles_are_a_valid_feed(archive: Path, extension: str, query: str) -> None:
    feed = await read(open_site(archive), f"/news/articles.{extension}?{query}")
    assert feed.entries == []
    assert feed.next_url is None


@pytest.mark.parametrize("extension", FORMATS)
async def test_whoever_has_it_is_told_so(tmp_path: Path, extension: str) -> None:
    path = build_archive(tmp_path / "news.db")
    then = datetime.now(UTC) - timedelta(days=3)
    os.utime(path, (then.timestamp(), then.timestamp()))
    datasette = open_site(path)
    address = f"/news/articles.{extension}?_topic=Harbours"
    first = await get(datasette, address)
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert modified == format_datetime(then.replace(microsecond=0), usegmt=True)
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"other", W/{etag.removeprefix("W/")}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = await get(datasette, address, 304, headers=headers)
        assert again.content == b""
        assert again.headers["etag"] == etag
    earlier = format_datetime(then - timedelta(hours=1), usegmt=True)
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": earlier},
        {"If-Modified-Since": "yesterday"},
    ):
        assert (await get(datasette, address, headers=headers)).content == first.content
    db = sqlite3.connect(path)
    db.execute("update articles set title = 'New words' where id = ?", [VIDEO])
    db.commit()
    db.close()
    changed = await get(datasette, address, headers={"If-None-Match": etag})
    assert b"New words" in changed.content
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize("extension", FORMATS)
async def test_ids_do_not_depend_on_where_the_site_stands(
    archive: Path, tmp_path: Path, extension: str
) -> None:
    other = build_archive(tmp_path / "other.db")
    settings = {"base_url": "/elsewhere/", "force_https_urls": True}
    here = await read(open_site(archive), f"/news/articles.{extension}")
    there = await read(open_site(other, settings=settings), f"/other/articles.{extension}")
    assert [each["id"] for each in here.entries] == [each["id"] for each in there.entries]
    assert here.entries[0]["url"] != there.entries[0]["url"]


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("is_stripped", [True, False])
async def test_addresses_behind_a_proxy(archive: Path, extension: str, is_stripped: bool) -> None:
    settings = {"base_url": "/archive/", "force_https_urls": True}
    datasette = open_site(archive, settings=settings)
    feed = await read(
        datasette,
        f"/news/articles.{extension}?_size=2&_topic=Tidal+power",
        avoid_path_rewrites=is_stripped,
    )
    base = "https://localhost/archive/news"
    assert feed.url == f"{base}/articles?_topic=Tidal+power"
    assert feed.self_url == f"{base}/articles.{extension}?_topic=Tidal+power&_size=2"
    assert feed.next_url.startswith(f"{feed.self_url}&_next=")
    assert feed.entries[0]["url"] == f"{base}/articles/{STORY}"
    assert feed.entries[0]["enclosures"][0][0].startswith(f"{base}/-/newsfeed/image/")
    assert "http://" not in str(feed)


# -- titles -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("", "news: a news archive"),
        ("_topic=AI&_topic=Robotics", "Articles about AI and Robotics"),
        ("provider_id=strait.example", "Articles from The Strait Observer"),
        ("type=video", "Articles of type video"),
        ("published_at__gte=2021-04-01&published_at__lt=2021-05-01", "Articles in April 2021"),
        ("published_at__gte=2021-04-01&published_at__lt=2021-04-02", "Articles on 1 April 2021"),
        ("published_at__gte=2021-01-01&published_at__lt=2022-01-01", "Articles in 2021"),
        ("heat__lt=0", "Articles with heat below 0"),
        ("heat__gte=25&heat__lt=50", "Articles with heat 25 to 49"),
        ("image_id__notblank=1", "Articles with an image"),
        ("_related=0", "Articles without related articles"),
        ("_search=tidal+kites", "Articles with the words “tidal kites”"),
        ("title__contains=kite", 'Articles where title contains "kite"'),
        ("published_at__isblank=1", "Articles without a date"),
        ("id__in=a,b,c", "Articles from a list of 3"),
        ('id__in=["a"]', "Articles from a list of 1"),
        (
            "provider_id__in=strait.example,harbour.example",
            "Articles from The Strait Observer or Harbour News",
        ),
        ("type__in=video,article", "Articles of type video or article"),
        ("_sort_desc=heat", "Articles, highest heat first"),
        ("_sort=published_at", "Articles, oldest first"),
        ("_sort_desc=title", "Articles, sorted by title descending"),
        ("_where=heat+>+3", "Articles, under 1 further condition"),
    ],
)
async def test_the_title_says_the_selection(archive: Path, query: str, title: str) -> None:
    feed = await read(open_site(archive), f"/news/articles.atom?{query}")
    assert feed.title.removesuffix(" – news: a news archive") == title


# -- other lists --------------------------------------------------------------


def _query_path(line: str, extension: str, sql: str) -> str:
    base = "/news" if line == "0.65" else "/news/-/query"
    return f"{base}.{extension}?{urlencode({'sql': sql})}"


@pytest.mark.parametrize("extension", FORMATS)
async def test_any_query_with_keys_of_articles(
    archive: Path, datasette_line: str, extension: str
) -> None:
    datasette = open_site(archive)
    for sql, expected in [
        ("select id from articles order by id limit 2", None),
        ("select article_id, topic from article_topics order by article_id desc, topic", None),
        ("select 'nobody' as id", []),
        ("select null as id", []),
        (f"select '{VIDEO}' as id union all select 7", [VIDEO]),
    ]:
        feed = await read(datasette, _query_path(datasette_line, extension, sql))
        if expected is None:
            rows = sqlite3.connect(archive).execute(sql).fetchall()
            expected = list(dict.fromkeys(row[0] for row in rows))
        assert feed.ids == expected
        assert feed.title == "Articles of a query – news: a news archive"
    refused = await get(
        datasette, _query_path(datasette_line, extension, "select 1 as one"), status=400
    )
    assert "article_id" in refused.text
    # A query that fails is no feed without articles.
    await get(datasette, _query_path(datasette_line, extension, "select nope"), status=400)


@pytest.mark.parametrize("extension", FORMATS)
async def test_whoever_has_the_feed_of_a_query_is_told_so(
    archive: Path, datasette_line: str, extension: str
) -> None:
    datasette = open_site(archive)
    path = _query_path(datasette_line, extension, "select id from articles")
    etag = (await get(datasette, path)).headers["etag"]
    again = await get(datasette, path, status=304, headers={"If-None-Match": etag})
    assert again.content == b""


@pytest.mark.parametrize("extension", FORMATS)
async def test_a_stored_query_is_called_by_its_title(archive: Path, extension: str) -> None:
    sql = "select id from articles where heat > :least order by heat desc"
    queries = {"hot": {"sql": sql, "title": "What was hot"}}
    datasette = open_site(archive, metadata={"databases": {"news": {"queries": queries}}})
    feed = await read(datasette, f"/news/hot.{extension}?least=1")
    assert feed.ids == [STORY]
    assert feed.title == "What was hot – news: a news archive"
    assert feed.url == "http://localhost/news/hot?least=1"


@pytest.mark.parametrize("extension", FORMATS)
async def test_views_and_join_tables(archive: Path, extension: str) -> None:
    datasette = open_site(archive)
    assert len((await read(datasette, f"/news/article_list.{extension}")).ids) == 6
    topics = await read(datasette, f"/news/article_topics.{extension}?topic=Tidal+power")
    assert set(topics.ids) == {STORY, FOLLOWER, HOSTILE}


@pytest.mark.parametrize("extension", FORMATS)
async def test_what_is_no_list_of_articles_is_no_feed(archive: Path, extension: str) -> None:
    datasette = open_site(archive)
    for path in ("images", "providers"):
        response = await datasette.client.get(f"/news/{path}.{extension}")
        assert response.status_code == 400
        assert "article_id" in response.text


# -- who may see what ---------------------------------------------------------


@pytest.mark.parametrize("extension", FORMATS)
async def test_a_feed_tells_no_more_than_a_page(archive: Path, extension: str) -> None:
    for table, secret in [
        ("images", "/image/"),
        ("image_renditions", "/-/newsfeed/image/"),
        ("topics", "R&amp;D" if extension != "jsonfeed" else "R&D"),
        ("article_authors", "Nell Strand"),
        ("authors", "Nell Strand"),
        ("providers", "Harbour News"),
    ]:
        metadata = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
        response = await get(open_site(archive, metadata=metadata), f"/news/articles.{extension}")
        assert secret not in response.text
        assert len(read_feed(extension, response.content).entries) == 6


@pytest.mark.parametrize("extension", FORMATS)
async def test_no_articles_no_feed(archive: Path, datasette_line: str, extension: str) -> None:
    metadata = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    datasette = open_site(archive, metadata=metadata)
    await get(datasette, f"/news/articles.{extension}", status=403)
    for path in (
        f"/news/article_topics.{extension}",
        _query_path(datasette_line, extension, "select 'a' as id"),
    ):
        response = await datasette.client.get(path)
        assert response.status_code in (403, 404, 500)
        assert "Tidal" not in response.text


# -- caches -------------------------------------------------------------------

PAGES = (
    *("/", "/news", "/news/articles", "/news/articles?_topic=Tidal+power"),
    *(f"/news/articles/{STORY}", "/news/topics", "/news/providers/strait~2Eexample"),
    *("/news/-/newsfeed/search?q=kites", "/news/articles.atom", "/news/articles.rss"),
)


async def test_two_servers_of_one_database_are_one_to_a_cache(archive: Path) -> None:
    one, two = [open_site(archive, immutable=True) for _ in range(2)]
    for path in PAGES:
        first, second = await get(one, path), await get(two, path)
        assert first.content == second.content, path
        assert first.headers["etag"] == second.headers["etag"]
        known = {"If-None-Match": second.headers["etag"]}
        assert (await get(one, path, 304, headers=known)).content == b""


async def test_how_long_a_page_may_be_kept(archive: Path) -> None:
    kept = open_site(archive, immutable=True, settings={"default_cache_ttl": 3600})
    for path in PAGES:
        given = (await get(kept, path)).headers["cache-control"]
        assert given == "public, max-age=3600, stale-while-revalidate=36000", path
    # One that changes is never called lasting, nor one for a visitor alone.
    changing = open_site(archive, settings={"default_cache_ttl": 60})
    for path in PAGES[:3]:
        headers = (await get(changing, path)).headers
        assert "stale" not in headers.get("cache-control", "")
    signed_in = {"cookies": {"ds_actor": kept.sign({"a": {"id": "root"}}, "actor")}}
    metadata = {"databases": {"news": {"allow": {"id": "root"}}}}
    private = open_site(archive, immutable=True, metadata=metadata, secret="s")
    signed_in = {"cookies": {"ds_actor": private.sign({"a": {"id": "root"}}, "actor")}}
    for path in ("/news/articles", "/news/articles.atom"):
        assert "public" not in (await get(private, path, **signed_in)).headers.get(
            "cache-control", ""
        )


async def test_a_page_that_took_too_long_is_not_kept(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasette = open_site(archive, immutable=True, settings={"sql_time_limit_ms": 1_000})
    await get(datasette, "/news/articles")
    slow = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"

    async def late(self: archives.ArchiveView, sql: str, values: Any = ()) -> Any:
        return await ask(self, slow, ())

    ask = archives.ArchiveView.ask
    monkeypatch.setattr(archives.ArchiveView, "ask", late)
    page = await get(datasette, "/news/articles/" + STORY)
    assert page.headers["cache-control"] == "no-store"
    feed = await get(datasette, "/news/articles.atom", status=503)
    assert "took too long" in feed.text
