"""One database a year, all in one Datasette: as an archive goes on beyond one file.

Each year is imported and prepared by itself, both are served immutable, with queries
across them (`--crossdb`). Knows the demo's folders and that it has these years.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from commands import DEMO, import_report, newsfeed, rows, value
from datasette.app import Datasette
from pages_site import V1, open_site, text_of

YEARS = (2024, 2025)
NEWEST_OF_ALL = """\
select id, title, published_at from [news2024].articles
union all select id, title, published_at from [news2025].articles
order by published_at desc, id"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The demo's articles of each year, in a database of their own."""
    folder = tmp_path_factory.mktemp("years")
    for year in YEARS:
        records = folder / str(year)
        for name in ("assets", "organizations"):
            shutil.copytree(DEMO / name, records / name)
        (records / "articles").mkdir()
        for path in DEMO.glob(f"articles/{year}-*.md"):
            shutil.copy(path, records / "articles")
        import_report(folder / f"{year}.db", records)
        assert newsfeed("prepare", folder / f"{year}.db", _path(folder, year)).status == 0
    return {year: _path(folder, year) for year in YEARS}


def _path(folder: Path, year: int) -> Path:
    return folder / f"news{year}.db"


@pytest.fixture
def site(archives: dict[int, Path]) -> Datasette:
    files = [str(path) for path in archives.values()]
    return Datasette([], immutables=files, crossdb=True)


async def _get(site: Datasette, path: str, **query: str) -> str:
    response = await site.client.get(f"{path}?{urlencode(query)}" if query else path)
    assert response.status_code == 200, response.text
    text: str = response.text
    return text


async def test_the_front_page_shows_each_year_with_its_numbers_and_newest(
    site: Datasette, archives: dict[int, Path]
) -> None:
    page = await _get(site, "/")
    for year, path in archives.items():
        count = value(path, "select count(*) from articles")
        newest = value(path, "select id from articles order by published_at desc, id desc limit 1")
        assert f'href="/news{year}/articles"' in page
        assert f"/news{year}/articles/{newest}" in page
        assert f"{count} articles" in text_of(page)


@pytest.mark.parametrize("year", YEARS)
async def test_cards_and_facets_are_those_of_the_year(
    site: Datasette, archives: dict[int, Path], year: int
) -> None:
    page = await _get(site, f"/news{year}/articles", _size="max")
    cards = re.findall(rf'href="/news{year}/articles/([^"?/]+)"', page)
    assert set(cards) == {key for (key,) in rows(archives[year], "select id from articles")}
    for other in set(YEARS) - {year}:
        assert f"/news{other}/" not in page
    facets = await _facets(site, f"/news{year}/articles.json")
    counts = {each["value"]: each["count"] for each in facets["topics"]["results"]}
    sql = "select topic, count(*) from article_topics group by topic"
    assert counts == dict(rows(archives[year], sql))
    for name in ("provider_id", "published_at", "heat", "image"):
        assert facets[name]["results"], name


async def _facets(site: Datasette, path: str) -> dict[str, dict[str, list[dict[str, object]]]]:
    extra = {"_extra": "facet_results"} if V1 else {}
    found = json.loads(await _get(site, path, _facet_size="max", **extra))["facet_results"]
    facets: dict[str, dict[str, list[dict[str, object]]]] = found["results"] if V1 else found
    return facets


@pytest.mark.parametrize("year", YEARS)
async def test_a_selection_of_a_year_is_a_feed_of_its_own(
    site: Datasette, archives: dict[int, Path], year: int
) -> None:
    topic = value(
        archives[year],
        "select topic from article_topics group by topic order by count(*) desc limit 1",
    )
    feed = json.loads(await _get(site, f"/news{year}/articles.jsonfeed", _topic=topic))
    sql = "select count(*) from article_topics where topic = ?"
    assert len(feed["items"]) == value(archives[year], sql, [topic])
    for item in feed["items"]:
        assert f"/news{year}/articles/" in item["url"]


async def test_an_article_has_one_id_in_the_feeds_whichever_database_it_is_in(
    site: Datasette, demo_db: Path
) -> None:
    """So an archive may be parted into years later, and no reader sees an article anew."""
    whole = Datasette([str(demo_db)])
    ids = await _ids_by_title(whole, demo_db.stem)
    for year in YEARS:
        of_year = await _ids_by_title(site, f"news{year}")
        assert of_year.items() <= ids.items()


async def _ids_by_title(site: Datasette, database: str) -> dict[str, str]:
    feed = json.loads(await _get(site, f"/{database}/articles.jsonfeed", _size="max"))
    return {item["title"]: item["id"] for item in feed["items"]}


async def test_one_query_finds_the_newest_of_all_years(
    site: Datasette, archives: dict[int, Path]
) -> None:
    path = "/_memory/-/query.json" if V1 else "/_memory.json"
    found = json.loads(await _get(site, path, sql=NEWEST_OF_ALL, _shape="array"))
    times = [row["published_at"] for row in found]
    assert times == sorted(times, reverse=True)
    for year, db in archives.items():
        count = value(db, "select count(*) from articles")
        assert sum(time.startswith(str(year)) for time in times) == count


async def _feed_of_all(site: Datasette, extension: str) -> str:
    path = "/_memory/-/query" if V1 else "/_memory"
    return await _get(site, f"{path}.{extension}", sql=NEWEST_OF_ALL)


async def test_one_feed_of_all_years_leads_to_each_article_where_it_is(
    site: Datasette, archives: dict[int, Path]
) -> None:
    feed = json.loads(await _feed_of_all(site, "jsonfeed"))
    expected = []
    for year, db in archives.items():
        keys = rows(db, "select published_at, id from articles")
        expected += [(at, key, f"http://localhost/news{year}/articles/{key}") for at, key in keys]
    expected.sort(key=lambda each: each[1])
    expected.sort(key=lambda each: each[0], reverse=True)
    assert [item["url"] for item in feed["items"]] == [url for _, _, url in expected]
    assert all(f"news{year}" in feed["title"] for year in YEARS)
    images = [item["image"] for item in feed["items"] if "image" in item]
    for year in YEARS:
        assert any(f"/news{year}/-/newsfeed/image/" in image for image in images)
    for extension in ("atom", "rss"):
        root = ElementTree.fromstring(await _feed_of_all(site, extension))
        entries = [each for each in root.iter() if each.tag.endswith(("}entry", "item"))]
        assert len(entries) == len(expected)


async def test_the_feed_of_all_years_has_nothing_of_a_year_that_the_reader_may_not_see(
    archives: dict[int, Path],
) -> None:
    hidden = {"databases": {"news2024": {"tables": {"articles": {"allow": False}}}}}
    site = open_site(*archives.values(), immutable=True, crossdb=True, metadata=hidden)
    page = await _feed_of_all(site, "jsonfeed")
    assert "/news2024/" not in page
    assert len(json.loads(page)["items"]) == value(archives[2025], "select count(*) from articles")


async def test_a_page_of_each_year_and_the_front_page_may_be_kept(site: Datasette) -> None:
    for path in ("/", *(f"/news{year}/articles" for year in YEARS)):
        response = await site.client.get(path)
        assert "public" in response.headers["cache-control"], path
        assert response.headers["etag"], path
