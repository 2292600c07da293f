"""Stories on the pages: beside an article, on a card, on their own page, in lists and feeds.

Five articles of three providers tell one news, a sixth is like the first; each test says
what a reader finds where. The demo's own stories are walked through in test_story_browser.py.
"""

from __future__ import annotations

import asyncio
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from commands import import_report, newsfeed, record, write
from datasette.utils import tilde_encode
from pages_site import open_site, text_of

from datasette_newsfeed import schema
from datasette_newsfeed.pages.access.archives import ArchiveView
from datasette_newsfeed.pages.queries import cards, similar_reasons
from datasette_newsfeed.pages.queries import stories as story_queries
from datasette_newsfeed.pages.views import articles_page, sitemap

FIRST, LEAD, THIRD, FOURTH, LAST = (
    "2024-05-01-flood-watch",
    "2024-05-02-the-river-rises",
    "2024-05-02-third",
    "2024-05-03-fourth",
    "2024-05-04-last a/b",
)
LIKE, ALONE = "2020-01-01-an-older-flood", "2024-05-05-alone"
WAY = f"/news/stories/{FIRST}"
COMPUTED = "computed"


def _article(key: str, title: str, time: str, provider: str, **more: Any) -> dict[str, Any]:
    row = {"id": key, "title": title, "published_at": time, "provider_id": provider}
    return {**row, "story_id": FIRST, "is_headline": 0, "excerpt": f"Of {title}", **more}


ARTICLES = [
    _article(FIRST, "Flood watch", "2024-05-01T06:00:00Z", "weather.example"),
    _article(
        *(LEAD, "The river rises", "2024-05-02T06:00:00Z", "quay.example"),
        is_headline=1,
        excerpt="Of the Ashel at Harlebridge",
    ),
    _article(THIRD, "Third", "2024-05-02T18:00:00Z", "gazette.example"),
    _article(FOURTH, "Fourth", "2024-05-03T06:00:00Z", "quay.example"),
    _article(LAST, "Last", "2024-05-05T06:00:00Z", "gazette.example"),
    _article(
        *(LIKE, "An older flood", "2020-01-01", "quay.example"),
        story_id=None,
        is_headline=1,
        excerpt="Harlebridge and the Ashel",
    ),
    _article(ALONE, "Alone", "2024-05-05", "quay.example", story_id=None, is_headline=1),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("stories") / "news.db")


def build(path: Path) -> Path:
    db = sqlite_utils.Database(path)
    schema.create(db)
    names = {"weather.example": "Weather", "quay.example": "Quay", "gazette.example": "Gazette"}
    db.table("providers").insert_all({"domain": key, "name": name} for key, name in names.items())
    db.table("articles").insert_all(ARTICLES)
    times = {"first_published_at": "2024-05-01T06:00:00Z", "last_published_at": "2024-05-05"}
    db.table("stories").insert({"id": FIRST, "headline_id": LEAD, "size": 5, **times})
    db.table("topics").insert({"name": "Floods"})
    for place, (key, related) in enumerate([(LEAD, THIRD), (THIRD, LEAD), (LAST, LEAD)]):
        row = {"article_id": key, "position": place, "title": f"Named {related}"}
        db.table("related_articles").insert({**row, "related_id": related})
    for key in (LEAD, ALONE):
        db.table("article_topics").insert({"article_id": key, "topic": "Floods", "position": 0})
    # The fourth is of the story, and stands above.
    db.table("similar_articles").insert_all(
        {"article_id": LEAD, "position": place, "similar_id": key, "score": 0.5}
        for place, key in enumerate((FOURTH, LIKE, ALONE))
    )
    db.close()
    return path


async def get(datasette: Any, path: str, **more: Any) -> str:
    response = await datasette.client.get(path, follow_redirects=True, **more)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


def part(page: str, name: str) -> str:
    """One section of an article's page; empty where it is not there."""
    _, found, rest = page.partition(f'<section class="newsfeed-{name}"')
    return rest.partition("</section>")[0] if found else ""


def titles(page: str) -> list[str]:
    """The titles of the cards of a page."""
    return re.findall(r'<h\d class="newsfeed-card-title"><a[^>]*>([^<]*)</a>', page)


def articles_path(key: str) -> str:
    return f"/news/articles/{tilde_encode(key)}"


# -- the article's page -------------------------------------------------------


async def test_the_four_lists_in_their_order_and_no_article_twice(archive: Path) -> None:
    page = await get(open_site(archive), articles_path(LEAD))
    names = ("fellows", "related", "similar", "mentions")
    places = [page.index(f'<section class="newsfeed-{name}"') for name in names]
    assert places == sorted(places)
    assert titles(part(page, "fellows")) == ["Last", "Fourth", "Third", "Flood watch"]
    assert titles(part(page, "related")) == []
    assert "1 article above, marked “Related”" in text_of(part(page, "related"))
    assert titles(part(page, "similar")) == ["An older flood", "Alone"]
    assert titles(part(page, "mentions")) == []
    beside = page[places[0] :].partition('<p class="export-links">')[0].partition(".json")[0]
    links = re.findall(r'href="(/news/articles/[^"?.]+)"', beside)
    assert len(links) == len(set(links)) == 6


async def test_what_mentions_it_is_marked_where_it_stands(archive: Path) -> None:
    page = await get(open_site(archive), articles_path(LEAD))
    assert text_of(part(page, "fellows")).count("Mentions this") == 2
    assert text_of(part(page, "fellows")).count("Related Mentions this") == 1
    assert "Mentioned in 2 articles above" in text_of(part(page, "mentions"))
    page = await get(open_site(archive), articles_path(THIRD))
    assert text_of(part(page, "mentions")).count("article above, marked") == 1


async def test_what_is_computed_says_so_and_what_the_archive_says_does_not(archive: Path) -> None:
    page = await get(open_site(archive), articles_path(LEAD))
    assert COMPUTED in text_of(part(page, "fellows"))
    assert COMPUTED in text_of(part(page, "similar"))
    assert COMPUTED not in text_of(part(page, "related"))
    assert COMPUTED not in text_of(part(page, "mentions"))


async def test_the_reason_stands_at_each_one_that_is_alike(archive: Path) -> None:
    similar = text_of(part(await get(open_site(archive), articles_path(LEAD)), "similar"))
    assert "In both: “Ashel, Harlebridge”" in similar
    assert "In both: topic Floods" in similar
    denied = {"databases": {"news": {"tables": {"topics": {"allow": False}}}}}
    page = await get(open_site(archive, metadata=denied), articles_path(LEAD))
    similar = text_of(part(page, "similar"))
    assert "In both: “Ashel, Harlebridge”" in similar
    assert "Floods" not in page
    assert titles(part(page, "similar")) == ["An older flood"]


async def test_one_word_is_a_reason_where_both_write_a_name(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db")
    with sqlite_utils.Database(path).conn as connection:
        connection.execute("delete from article_topics")
        for word, is_listed in (("Ashel", True), ("ashel", False)):
            text = f"Only of the {word} 7"
            connection.execute("update articles set excerpt = ? where id = ?", [text, LIKE])
            connection.commit()
            page = await get(open_site(path), articles_path(LEAD))
            assert ("In both: “Ashel”" in text_of(page)) == is_listed


async def test_others_of_the_story_are_found_beyond_those_that_are_related(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for n in range(30):
        key = f"2024-06-01-n{n:02}"
        db.table("articles").insert(_article(key, f"More {n}", "2024-06-01", "quay.example"))
        if n < 20:
            row = {"article_id": FIRST, "position": n, "title": key, "related_id": key}
            db.table("related_articles").insert(row)
    db.table("stories").update(FIRST, {"size": 35})
    db.close()
    page = await get(open_site(path), articles_path(FIRST))
    fellows = titles(part(page, "fellows"))
    assert fellows == [f"More {n}" for n in range(12)]
    assert len(titles(part(page, "related"))) == 8
    assert "Also related: 12 articles above, marked “Related”" in text_of(part(page, "related"))
    assert "All 35 articles of this story" in part(page, "fellows")


# -- cards --------------------------------------------------------------------


async def test_a_headlines_card_counts_the_others_and_leads_to_them(archive: Path) -> None:
    datasette = open_site(archive)
    page = await get(datasette, "/news/articles?is_headline=1")
    assert titles(page) == ["Alone", "The river rises", "An older flood"]
    (link,) = re.findall(rf'<a [^>]*href="{WAY}"[^>]*>.*?</a>', page)
    assert text_of(link) == "and 4 more on: The river rises, (computed)"
    page = await get(datasette, "/news/articles?is_headline=0")
    assert text_of(page).count("one of 5") == 4


async def test_the_facet_has_words_for_its_values(archive: Path) -> None:
    page = await get(open_site(archive), "/news/articles")
    facet = page.partition('data-column="is_headline"')[2].partition("</section>")[0]
    assert "Stories Other reports 4 Headlines 3" in text_of(facet)
    assert "is_headline=1" in facet


# -- the story's page ---------------------------------------------------------


async def test_a_story_over_time_and_by_provider(archive: Path) -> None:
    page = await get(open_site(archive), WAY)
    panel = page[page.index('class="newsfeed newsfeed-story"') :].partition("</section>")[0]
    assert titles(panel) == ["Flood watch", "The river rises", "Third", "Fourth", "Last"]
    words = text_of(panel)
    assert words.index("5 articles 1 May 2024 – 5 May 2024") < words.index("By provider")
    assert COMPUTED in words
    voices = words.partition("By provider")[2].partition("In order of time")[0]
    assert re.sub(r"\b[A-Z] (?=[A-Z])", "", voices).strip() == (
        "Weather 1 May 2024, 06:00 UTC Quay 2 May 2024, 06:00 UTC 2 articles"
        " Gazette 2 May 2024, 18:00 UTC 2 articles"
    )
    assert re.findall(r'cx="([\d.]+)%"', panel) == ["0.0", "25.0", "50.0", "37.5", "100.0"]
    assert panel.count("Leads the story") == 1
    assert "one of 5" not in words
    assert "and 4 more" not in words
    assert 'href="/news/articles?story_id=2024-05-01-flood-watch"' in panel


@pytest.mark.parametrize("key", [LEAD, LAST])
async def test_any_members_id_leads_to_the_story(archive: Path, key: str) -> None:
    datasette = open_site(archive)
    for more in ("", "?_x=1"):
        answer = await datasette.client.get(f"/news/stories/{tilde_encode(key)}{more}")
        assert (answer.status_code, answer.headers["location"]) == (302, WAY + more)
    answer = await datasette.client.get(f"/news/stories/{tilde_encode(key)}.json")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{WAY}.json")


async def test_an_article_without_a_story_is_shown_itself_and_what_is_none_is_not_found(
    archive: Path,
) -> None:
    datasette = open_site(archive)
    answer = await datasette.client.get(f"/news/stories/{ALONE}")
    assert answer.headers["location"] == articles_path(ALONE)
    for path in ("/news/stories/nothing", f"/news/providers/{LEAD}", f"/other/stories/{LEAD}"):
        assert (await datasette.client.get(path)).status_code == 404


async def test_only_who_sees_stories_is_led_to_them(archive: Path) -> None:
    for table in ("stories", "articles"):
        denied = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
        datasette = open_site(archive, metadata=denied)
        path = f"/news/stories/{LEAD}"
        answer = await datasette.client.get(path)
        assert answer.status_code in (403, 404)
        editor = {"ds_actor": datasette.sign({"a": {"id": "editor"}}, "actor")}
        assert (await datasette.client.get(path, cookies=editor)).headers["location"] == WAY


async def test_articles_at_one_time_or_at_none(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for time, places in (("2024-05-01T00:00:00Z", ["50.0"] * 5), ("no time", []), ("", [])):
        db.execute("update articles set published_at = ?", [time])
        db.conn.commit()
        page = await get(open_site(path), WAY)
        assert re.findall(r'cx="([\d.]+)%"', page) == places
        assert len(titles(page)) == 5
    db.close()


async def test_a_long_story_says_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_queries, "STORY_LIMIT", 1)
    page = await get(open_site(build(tmp_path / "news.db")), WAY)
    assert titles(page) == ["Flood watch"]
    assert "These are the first 1." in page
    assert '<h1 class="newsfeed-headline" id="newsfeed-story">The river rises</h1>' in page


# -- the list of stories ------------------------------------------------------


async def test_the_list_of_stories_by_their_headlines(archive: Path) -> None:
    datasette = open_site(archive)
    page = await get(datasette, "/news/stories")
    words = text_of(page[page.index('<section class="newsfeed newsfeed-stories') :])
    assert (
        "The river rises 5 articles 1 May 2024 – 5 May 2024 Weather, Quay, Gazette"
        " Of the Ashel at Harlebridge" in words
    )
    assert COMPUTED in words
    assert f'<a href="{WAY}">The river rises</a>' in page
    table = await get(datasette, "/news/stories?_layout=table")
    assert "newsfeed-hit" not in table
    assert "rows-and-columns" in table
    assert "No story matches" in await get(datasette, "/news/stories?size__gt=5")


async def test_stories_that_take_too_long_say_so(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasette.database import QueryInterrupted

    async def late(*_: Any) -> Any:
        raise QueryInterrupted(ValueError("late"), "select 1", {})

    monkeypatch.setattr(articles_page, "find_stories", late)
    assert "These stories took too long to load" in await get(open_site(archive), "/news/stories")


async def test_no_query_for_a_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for n in range(40):
        key = f"s{n:02}"
        db.table("articles").insert(_article(key, f"S {n}", "2024-01-01", "", story_id=key))
        times = dict.fromkeys(("first_published_at", "last_published_at"), "2024-01-01")
        db.table("stories").insert({"id": key, "headline_id": key, "size": 2, **times})
    db.close()
    datasette = open_site(path)
    asked = []
    plain = ArchiveView.ask

    async def counting(self: ArchiveView, sql: str, values: Any = ()) -> Any:
        asked[-1].append(sql)
        return await plain(self, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", counting)
    for size in (1, 41):
        asked.append([])
        page = await get(datasette, f"/news/stories?_size={size}")
        assert page.count('<li class="newsfeed-hit">') == size
    assert len(asked[0]) == len(asked[1])


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small story among many articles that have none: SQLite takes it for a large one."""
    path = tmp_path_factory.mktemp("lopsided") / "news.db"
    db = sqlite_utils.Database(build(path))
    row = _article("", "Many", "", "quay.example", story_id=None)
    db.table("articles").insert_all(
        {**row, "id": f"n{n}", "published_at": f"20{n % 25:02}-01-01"} for n in range(3000)
    )
    times = dict.fromkeys(("first_published_at", "last_published_at"), "2024-01-01")
    db.table("stories").insert_all(
        {"id": f"s{n}", "headline_id": f"n{n}", "size": 2, **times} for n in range(500)
    )
    db.execute("analyze")
    db.close()
    return path


@pytest.mark.parametrize(
    "sql",
    [
        story_queries.STORIES_SQL.format(places="?"),
        story_queries.MEMBERS_SQL,
        story_queries.PROVIDERS_SQL.format(
            name="providers.name", providers=story_queries._NAMED[1], places="?, ?"
        ),
        story_queries.PLACE_SQL,
        story_queries.NEWEST_SQL,
        cards.OF_SAME_STORY.ids_sql,
        similar_reasons.LISTED_SQL,
        similar_reasons.TEXTS_SQL,
        similar_reasons.DOCUMENT_FREQUENCY_SQL,
        similar_reasons.TOPICS_SQL,
    ],
)
def test_every_query_of_stories_is_served_by_an_index(lopsided: Path, sql: str) -> None:
    """Whatever an archive holds, a page reads what it shows and no table from end to end."""
    db = sqlite_utils.Database(lopsided)
    some = {"ids": '["a"]', "words": '["a"]', "most": 3}
    values: Any = {"key": FIRST, "limit": 9, **some} if ":" in sql else ["a"] * sql.count("?")
    plan = [row[3] for row in db.execute(f"explain query plan {sql}", values).fetchall()]
    db.close()
    assert plan
    # The newest stories are read off their index; a list of keys is no table.
    known = ("SUBQUERY", "(subquery", "json_each", "articles_fts VIRTUAL TABLE INDEX")
    scans = [s for s in plan if s.startswith("SCAN") and not any(each in s for each in known)]
    assert [step for step in scans if "idx_stories_last_published_at" not in step] == []


# -- feeds, previews, the front page, robots ----------------------------------


@pytest.mark.parametrize(
    ("query", "words", "shown"),
    [
        ("is_headline=1", "Headlines", ["Alone", "The river rises", "An older flood"]),
        (
            f"story_id={FIRST}",
            "Articles on the story “The river rises”",
            ["Last", "Fourth", "Third", "The river rises", "Flood watch"],
        ),
        ("is_headline=1&story_id__notblank=1", "Headlines of stories", ["The river rises"]),
        (
            "is_headline=0&title=Third",
            'Other reports where title = "Third"',
            ["Third"],
        ),
        ("story_id=gone", "Articles on the story “gone”", []),
    ],
)
async def test_a_feed_of_headlines_and_of_a_story(
    archive: Path, query: str, words: str, shown: list[str]
) -> None:
    feed = ET.fromstring(await get(open_site(archive), f"/news/articles.atom?{query}"))
    atom = "{http://www.w3.org/2005/Atom}"
    assert (feed.findtext(f"{atom}title") or "").startswith(f"{words} – ")
    assert [entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry")] == shown


async def test_the_pages_offer_these_feeds(archive: Path) -> None:
    datasette = open_site(archive)
    for path, query in (
        (WAY, f"story_id={FIRST}"),
        ("/news/stories", "is_headline=1&amp;story_id__notblank=1"),
        ("/news/articles?is_headline=1", "is_headline=1"),
    ):
        page = await get(datasette, path)
        address = f'href="/news/articles.atom?{query}"'
        head, _, body = page.partition("<body")
        assert address in head, path
        assert address.replace(".atom", ".feed") in body, path


async def test_a_story_as_a_preview_and_as_data(archive: Path) -> None:
    page = await get(open_site(archive), WAY)
    assert f'<link rel="canonical" href="http://localhost{WAY}">' in page
    assert '<meta property="og:title" content="The river rises">' in page
    assert 'content="The river rises · Flood watch · Third"' in page
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page)[1])  # type: ignore[index]
    assert data["@type"] == "CollectionPage"
    items = data["mainEntity"]
    assert items["numberOfItems"] == 5
    addresses = [item["url"] for item in items["itemListElement"]]
    assert addresses[0] == f"http://localhost{articles_path(FIRST)}"
    assert addresses[4] == f"http://localhost{articles_path(LAST)}"
    page = await get(open_site(archive), "/news/stories?_layout=table&_sort_desc=last_published_at")
    assert '<link rel="canonical" href="http://localhost/news/stories">' in page
    assert '<meta property="og:title" content="Stories">' in page


async def test_the_front_page_leads_to_the_stories(archive: Path, tmp_path: Path) -> None:
    page = await get(open_site(archive), "/")
    assert '<a href="/news/stories"><strong>1</strong> story</a>' in page
    for table in ("stories", "articles"):
        denied = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
        page = await get(open_site(archive, metadata=denied), "/")
        assert 'href="/news/stories"><strong>' not in page


async def test_robots_find_the_stories(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasette = open_site(archive)
    await datasette.invoke_startup()
    paths = await sitemap.find_paths(datasette, None)
    assert paths[2:5] == ["/news/articles", "/news/stories", WAY]
    assert len(paths) == len(set(paths)) == 5 + len(ARTICLES)
    for most in (3, 4, 5, 6):
        monkeypatch.setattr(sitemap, "MOST", most)
        assert len(await sitemap.find_paths(datasette, None)) == most


# -- where the site stands, and archives of any age ---------------------------


async def test_behind_a_base_url(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/a/"})
    answer = await datasette.client.get(f"/news/stories/{LEAD}")
    assert answer.headers["location"] == f"/a{WAY}"
    for path in (WAY, "/news/stories", "/news/articles?is_headline=1", articles_path(LEAD)):
        page = await get(datasette, path)
        assert f'href="/a{WAY}"' in page or path == WAY
        assert 'href="/news/' not in page


async def test_several_databases_and_an_immutable_one(archive: Path, tmp_path: Path) -> None:
    other = build(tmp_path / "b.c.db")
    datasette = open_site(archive, other, immutable=True)
    for name in ("news", "b~2Ec"):
        page = await get(datasette, f"/{name}/stories/{LEAD}")
        assert "Leads the story" in page
        assert f'href="/{name}/articles/{FIRST}"' in page
        page = await get(datasette, f"/{name}/stories")
        assert f'href="/{name}/stories/{FIRST}"' in page


async def test_an_archive_of_an_older_version_has_none_and_works(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.table("stories").drop()
    db.table("similar_articles").drop()
    for index in ("story_id", "is_headline_published_at", "language"):
        db.execute(f"drop index idx_articles_{index}")
    later = set(schema.ARTICLES.column_names) - set(schema.ARTICLES.first_column_names)
    db.table("articles").transform(types={}, drop=later)
    db.execute("pragma user_version = 1")
    columns = tuple(column.name for column in db.table("articles").columns)
    assert columns == schema.ARTICLES.first_column_names
    db.close()
    datasette = open_site(path)
    for address in ("/", "/news", "/news/articles", articles_path(LEAD)):
        page = await get(datasette, address)
        # SQLite leaves the comment of the column before in the statement that Datasette prints.
        page = re.sub(r'<pre class="wrapped-sql">.*?</pre>', "", page, flags=re.S)
        assert "The river rises" in page
        assert COMPUTED not in page
        assert "stories" not in page
    assert (await datasette.client.get(f"/news/stories/{LEAD}")).status_code in (400, 404)
    assert len(await sitemap.find_paths(datasette, None)) == 3 + len(ARTICLES)


def test_a_part_that_is_published_has_the_stories_of_that_part(tmp_path: Path) -> None:
    """From files to pages, through each command."""
    text = "The tide of Harle broke the eastern lock gate on Tuesday and flooded nine cellars."
    for n, name in enumerate(("quay", "gazette", "radio")):
        front = f'provider:\n  name: {name}\n  domain: {name}.example\nexcerpt: "{text}"\n'
        heading = f"Lock gate of Harle breaks, nine cellars flooded {n}"
        when = f"publishedDateTime: 2024-05-0{n + 1}T00:00:00Z"
        write(tmp_path / "r" / f"2024-05-0{n + 1}-{name}.md", record(heading, f"{when}\n{front}"))
    import_report(tmp_path / "news.db", tmp_path / "r")
    chosen = ("--filter", "published_at__gte=2024-05-02")
    assert newsfeed("prepare", tmp_path / "news.db", tmp_path / "part.db", *chosen).status == 0
    for name, count in (("news", 3), ("part", 2)):
        datasette = open_site(tmp_path / f"{name}.db", immutable=True)
        page = asyncio.run(get(datasette, f"/{name}/stories/2024-05-03-radio"))
        assert len(titles(page)) == count


async def test_only_who_has_a_story_looks_for_others_of_it(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where hardly any has one, SQLite goes through all articles to find them."""
    asked: list[str] = []
    ask = ArchiveView.ask

    async def noted(view: ArchiveView, sql: str, values: Any = ()) -> Any:
        asked.append(sql)
        return await ask(view, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", noted)
    datasette = open_site(archive)
    looked = {}
    for key in (LEAD, ALONE):
        asked.clear()
        assert (await datasette.client.get(f"/news/articles/{key}")).status_code == 200
        looked[key] = any(cards.OF_SAME_STORY.condition in sql for sql in asked)
    assert looked == {LEAD: True, ALONE: False}
