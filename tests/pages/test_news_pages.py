"""The front page by news, the pages of topics and providers, and the page about a feed."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from datasette.app import Datasette
from datasette.utils import tilde_encode
from pages_site import (
    HOSTILE,
    LEAD_URL,
    SCRIPT,
    STORY,
    build_archive,
    open_site,
    rendition,
    text_of,
)

from datasette_newsfeed import facet_index, schema
from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.facets import breakdown
from datasette_newsfeed.pages.views import timeline

pytestmark = pytest.mark.asyncio

PICTURE = image_id(LEAD_URL)


async def get(datasette: Datasette, path: str) -> str:
    answer = await datasette.client.get(path)
    assert answer.status_code == 200, (path, answer.text[:300])
    return str(answer.text)


def _article(key: str, day: str, heat: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "title": f"Title {key}",
        "published_at": f"{day}T08:00:00Z" if day else "",
        "heat": heat,
        "is_headline": 1,
        "provider_id": "a.example",
        **more,
    }


def build(path: Path, articles: list[dict[str, Any]], stories: dict[str, list[str]]) -> Path:
    """Write an archive; stories by the key of their headline."""
    db = sqlite_utils.Database(path)
    schema.create(db)
    db.table("images").insert({"id": PICTURE, "url": LEAD_URL, "width": 1600, "height": 900})
    db.table("image_renditions").insert(rendition(LEAD_URL, 640, 360))
    names = {"a.example": "Alpha Post", "b.example": "Beta Times"}
    db.table("providers").insert_all({"domain": k, "name": v} for k, v in names.items())
    db.table("topics").insert_all({"name": each} for each in ("Sea", SCRIPT))
    rows = {each["id"]: dict(each) for each in articles}
    for headline, members in stories.items():
        for key in members:
            rows[key] |= {"story_id": members[0], "is_headline": int(key == headline)}
    columns = dict.fromkeys(schema.ARTICLES.column_names)
    db.table("articles").insert_all([{**columns, **row} for row in rows.values()])
    for headline, members in stories.items():
        days = sorted(rows[key]["published_at"] for key in members)
        db.table("stories").insert(
            {
                "id": members[0],
                "headline_id": headline,
                "size": len(members),
                "first_published_at": days[0],
                "last_published_at": days[-1],
            }
        )
    db.table("article_topics").insert_all(
        {"article_id": key, "topic": topic, "position": position}
        for key in rows
        for position, topic in enumerate(("Sea", SCRIPT))
    )
    db.close()
    return path


def lead_of(page: str) -> str:
    lead = page.partition('<li class="newsfeed-lead">')[2]
    return re.split(r"<li>\s*<article|<ul class=\"newsfeed-numbers", lead)[0]


NEWS = [
    _article("old-hot", "2021-01-02", 300, image_id=PICTURE),
    _article("first", "2021-03-04", 20, provider_id="b.example", provider_name="Beta Times"),
    _article("second", "2021-03-05", 90, image_id=PICTURE),
    _article("third", "2021-03-06", 10),
    _article("quiet", "2021-03-07", 95),
    _article("newest", "2021-03-08", None),
    _article("undated", "", 400, image_id=PICTURE),
]


async def test_the_hottest_story_of_the_latest_days_leads_with_its_reports(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", NEWS, {"third": ["first", "second", "third"]})
    page = await get(open_site(path), "/news")
    lead = lead_of(page)
    # Its headline has no picture: the hottest report that has one leads.
    assert re.findall(r'newsfeed-card-title"><a href="([^"]*)"', lead) == ["/news/articles/second"]
    assert "newsfeed-card-words" not in lead
    reports = lead.partition("Other reports")[2]
    assert re.findall(r'href="/news/articles/(\w+)"', reports) == ["first", "third"]
    assert "Beta Times" in text_of(reports)
    assert '<a href="/news/stories/first">All 3 articles of this story</a>' in reports
    rest = page.partition(reports)[2]
    assert re.findall(r'newsfeed-card-title"><a href="/news/articles/([^"]*)"', rest) == [
        "newest",
        "quiet",
        "old-hot",
        "undated",
    ]


@pytest.mark.parametrize(
    ("articles", "lead"),
    [
        # No story: the hottest of the latest days with a picture.
        ([each for each in NEWS if each["id"] != "first"], "second"),
        # No picture in these days: the hottest.
        ([each for each in NEWS if each["id"] != "second"], "quiet"),
        # Nothing has a heat: the newest.
        ([_article("one", "2021-01-01"), _article("two", "2021-01-02")], "two"),
        # Nothing has a date, or the date is none: nothing leads, all are listed.
        ([_article("one", "")], None),
        ([{**_article("one", ""), "published_at": "soon"}], None),
        ([{**_article("one", ""), "published_at": "0001-01-02T00:00:00Z"}], None),
        ([], None),
    ],
)
async def test_what_leads_where_there_is_no_story(
    tmp_path: Path, articles: list[dict[str, Any]], lead: str | None
) -> None:
    page = await get(open_site(build(tmp_path / "news.db", articles, {})), "/news")
    found = re.findall(r'newsfeed-card-title"><a href="/news/articles/([^"]*)"', lead_of(page))
    assert found == ([lead] if lead else [])
    for each in articles:
        assert page.count(f'href="/news/articles/{each["id"]}"') <= 1


async def test_the_front_page_has_topics_and_providers_over_time(tmp_path: Path) -> None:
    page = await get(open_site(build(tmp_path / "news.db", NEWS, {})), "/news")
    text = text_of(page)
    assert "Sea 7 articles" in text
    assert "Alpha Post 6 articles" in text
    assert "Beta Times 1 article" in text
    assert SCRIPT not in page
    assert "Articles by month, January 2021 – March 2021" in text
    denied = {"databases": {"news": {"tables": {"topics": {"allow": False}}}}}
    page = await get(open_site(tmp_path / "news.db", metadata=denied), "/news")
    assert "Sea 7 articles" not in text_of(page)
    assert "/news/topics/Sea" not in page
    assert "Alpha Post 6 articles" in text_of(page)


@pytest.mark.parametrize("has_index", [True, False])
async def test_providers_of_a_topic_and_topics_of_a_provider_by_month(
    tmp_path: Path, has_index: bool
) -> None:
    path = build(tmp_path / "news.db", NEWS, {})
    if has_index:
        db = sqlite_utils.Database(path)
        assert facet_index.build(db.conn)
        db.conn.commit()
        db.close()
    datasette = open_site(path)
    page = await get(datasette, "/news/topics/Sea")
    figure = page.partition('<figure class="newsfeed-multiples">')[2].partition("</figure>")[0]
    text = text_of(figure)
    assert "Providers by month, January 2021 – March 2021 (highest: 4 a month)" in text
    assert "Alpha Post 6 articles" in text
    assert "Month Alpha Post Beta Times" in text
    assert "January 2021 1 0 February 2021 0 0 March 2021 4 1" in text
    assert 'href="/news/articles?_topic=Sea&amp;provider_id=a.example"' in figure
    page = await get(datasette, "/news/providers/a~2Eexample")
    assert "Topics by month" in text_of(page)
    assert 'href="/news/articles?provider_id=a.example&amp;_topic=Sea"' in page
    assert SCRIPT not in page
    # Feeds are on top, before the articles.
    assert page.index("/news/articles.feed?provider_id=a.example") < page.index("newsfeed-cards")


async def test_without_an_index_only_few_articles_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasette = open_site(build(tmp_path / "news.db", NEWS, {}))
    assert "newsfeed-multiples" in await get(datasette, "/news/topics/Sea")
    monkeypatch.setattr(breakdown, "MOST_COUNTED", 6)
    assert "newsfeed-multiples" not in await get(datasette, "/news/topics/Sea")
    monkeypatch.setattr(breakdown, "MOST_COUNTED", 7)
    monkeypatch.setattr(breakdown, "MOST_ROWS", 1)
    assert "newsfeed-multiples" not in await get(datasette, "/news/topics/Sea")


async def test_rows_of_bars_have_one_axis_and_one_scale() -> None:
    rows = [
        ("a", "/a", 9, [("2020-11", 4), ("2021-02", 1)]),
        ("b", "/b", 2, [("2021-01", 2)]),
        ("nothing", "/n", 0, []),
    ]
    found = timeline.small_multiples(rows, has_one_scale=True)
    assert found is not None
    assert found.periods == ("November 2020", "December 2020", "January 2021", "February 2021")
    assert [row.numbers for row in found.rows] == [(4, 0, 0, 1), (0, 0, 2, 0), (0, 0, 0, 0)]
    assert found.table[0] == ("November 2020", ["4", "0", "0"])
    assert [row.path for row in found.rows] == [
        "M0 100v-100h8V100M30 100v-25h8V100",
        "M20 100v-50h8V100",
        "",
    ]
    assert [row.highest for row in found.rows] == [
        "highest: 4 in November 2020",
        "highest: 2 in January 2021",
        "",
    ]
    own = timeline.small_multiples(rows, has_one_scale=False)
    assert own is not None
    assert own.rows[1].path == "M20 100v-100h8V100"
    assert timeline.small_multiples(rows[1:2], has_one_scale=True) is None
    assert timeline.small_multiples([], has_one_scale=True) is None


async def test_a_card_without_a_picture_is_set_in_words_and_its_language_is_marked(
    tmp_path: Path,
) -> None:
    articles = [
        _article("plain", "2021-01-02", language="es"),
        _article("pictured", "2021-01-01", image_id=PICTURE, language='"><script>'),
    ]
    datasette = open_site(build(tmp_path / "news.db", articles, {}))
    page = await get(datasette, "/news/articles")
    plain = re.findall(r"<article class=\"newsfeed-card.*?</article>", page, re.S)
    assert ["newsfeed-card-words" in each for each in plain] == [True, False]
    assert "newsfeed-letter" not in plain[0].partition("newsfeed-byline")[0]
    assert '<h3 class="newsfeed-card-title" lang="es">' in plain[0]
    assert " lang=" not in plain[1]
    page = await get(datasette, "/news/articles/plain")
    assert 'id="newsfeed-headline" lang="es">' in page


# -- the page about a feed ------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("feeds") / "news.db")


async def test_the_page_about_a_feed(archive: Path) -> None:
    datasette = open_site(archive)
    page = await get(datasette, "/news/articles.feed?_topic=Tidal+power&_facet=type&_layout=table")
    text = text_of(page)
    assert "Subscribe: Articles about Tidal power – news: a news archive" in text
    for extension in ("atom", "rss", "jsonfeed"):
        address = f"http://localhost/news/articles.{extension}?_topic=Tidal+power"
        assert f'readonly value="{address}"' in page
        assert (
            await datasette.client.get(address.removeprefix("http://localhost"))
        ).status_code == 200
    assert re.findall(r'<li><a href="http://localhost/news/articles/([^"]*)"', page) == [
        STORY,
        "2024-03-04-kites-again",
        HOSTILE,
    ]
    assert SCRIPT not in page
    answer = await datasette.client.get("/news/articles.feed")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert 'name="robots" content="noindex"' in answer.text
    assert 'href="/news/articles.feed"' in await get(datasette, "/news")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/news/articles.feed?_topic=Nothing", 200),
        ("/news/article_list.feed", 200),
        ("/news/articles.feed?_related=x", 400),
        ("/news/topics.feed", 404),
        ("/news/articles.feed?_topic=" + "x" * 10_000, 200),
        (f"/news/articles.feed?title__contains={SCRIPT}", 200),
    ],
)
async def test_odd_addresses_of_the_page_about_a_feed(
    archive: Path, path: str, status: int
) -> None:
    answer = await open_site(archive).client.get(path)
    assert answer.status_code == status
    assert SCRIPT not in answer.text
    assert len(answer.text) < 250_000


async def test_browsers_show_a_feed_by_its_style_sheet(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/archive/"})
    for extension in ("atom", "rss"):
        answer = await datasette.client.get(f"/news/articles.{extension}")
        assert answer.headers["content-type"] == "application/xml; charset=utf-8"
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        sheet = re.findall(r'<\?xml-stylesheet type="text/css" href="([^"]*)"\?>', answer.text)
        assert len(sheet) == 1
        assert sheet[0].startswith("/archive/-/static")
        found = await datasette.client.get(sheet[0].removeprefix("/archive"))
        assert "This is a feed" in found.text
    answer = await datasette.client.get("/news/articles.jsonfeed")
    assert "style" not in answer.headers["content-security-policy"].replace("style-src 'self'", "")


async def test_a_row_says_that_only_the_largest_parts_are_drawn(demo_db: Path) -> None:
    datasette = open_site(demo_db)
    sql = """
select topic, count(distinct provider_id) from article_topics
  join articles on articles.id = article_id group by topic"""
    counts = dict(sqlite3.connect(demo_db).execute(sql).fetchall())
    assert min(counts.values()) < 8
    for topic in (min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)):
        page = await get(datasette, f"/demo/topics/{tilde_encode(topic)}")
        assert ("the 8 with most articles" in page) == (counts[topic] >= 8), topic
