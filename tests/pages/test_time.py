"""Earlier and later from an article, and from the days of a list to others."""

from __future__ import annotations

import html
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import facet_archive
import pytest
from datasette.utils import tilde_encode
from pages_site import SCRIPT, open_site

from datasette_newsfeed.pages.facets.periods import a_year_before, shifted
from datasette_newsfeed.pages.facets.ranges import Range
from datasette_newsfeed.pages.queries import neighbours

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facet_archive.build(tmp_path_factory.mktemp("time") / "news.db", 120)


async def get(datasette: Any, path: str, status: int = 200) -> Any:
    answer = await datasette.client.get(path)
    assert answer.status_code == status, answer.text[:300]
    return answer


def around(page: str) -> dict[str, tuple[str | None, str | None]]:
    """The articles before and after one, by what they have in common."""
    nav = page.partition('<nav class="newsfeed-around"')[2].partition("</nav>")[0]
    found = {}
    for row in nav.split("<li>")[1:]:
        name = html.unescape(re.findall(r'around-name" href="[^"]*">([^<]*)<', row)[0])
        sides = [
            re.findall(rf'newsfeed-{side}" rel="\w+" href="[^"]*/([^"/]*)"', row)
            for side in ("earlier", "later")
        ]
        found[name] = tuple(html.unescape(each[0]) if each else None for each in sides)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("few", [1_000, 3])
async def test_earlier_and_later_are_the_next_in_the_list(
    news: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(neighbours, "FEW", few)
    db = sqlite3.connect(news)
    order = [
        (key, provider)
        for key, provider in db.execute(
            "select id, provider_id from articles where published_at > ''"
            " order by published_at desc, id"
        )
    ]
    topics: dict[str, list[str]] = {}
    for key, topic in db.execute("select article_id, topic from article_topics order by position"):
        topics.setdefault(key, []).append(topic)
    names = dict(db.execute("select domain, coalesce(name, domain) from providers"))
    db.close()

    def beside(keys: list[str], key: str) -> tuple[str | None, str | None]:
        place = keys.index(key)
        earlier = keys[place + 1] if place + 1 < len(keys) else None
        return earlier, keys[place - 1] if place else None

    datasette = open_site(news)
    for key, provider in order[::9]:
        expected = {}
        if provider:
            same = [each for each, own in order if own == provider]
            expected[names[provider]] = beside(same, key)
        for topic in topics.get(key, [])[:3]:
            same = [each for each, _ in order if topic in topics.get(each, [])]
            expected[topic] = beside(same, key)
        page = (await get(datasette, f"/news/articles/{tilde_encode(key)}")).text
        found = around(page)
        found.pop("This story", None)
        encoded = {
            name: tuple(side and tilde_encode(side) for side in sides)
            for name, sides in expected.items()
            if any(sides)
        }
        assert found == encoded, key


async def test_an_article_that_takes_too_long_is_shown_without_them(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "MOST_TOPICS", 0)
    key = sqlite3.connect(news).execute("select id from articles limit 1").fetchone()[0]
    page = (await get(open_site(news), f"/news/articles/{tilde_encode(key)}")).text
    assert len(around(page)) <= 2


@pytest.mark.parametrize(
    ("span", "before", "after", "year"),
    [
        ("2021-03-01..2021-04-01", "2021-02-01..2021-03-01", "2021-04-01..2021-05-01", "2020"),
        ("2021..2022", "2020-01-01..2021-01-01", "2022-01-01..2023-01-01", "2020"),
        ("2021-01-01..2021-04-01", "2020-10-01..2021-01-01", "2021-04-01..2021-07-01", "2020"),
        ("2020-02-29..2020-03-01", "2020-02-28..2020-02-29", "2020-03-01..2020-03-02", "2019"),
        ("2021-05-03..2021-05-10", "2021-04-26..2021-05-03", "2021-05-10..2021-05-17", "2020"),
    ],
)
async def test_days_before_and_after_and_a_year_before(
    span: str, before: str, after: str, year: str
) -> None:
    lower, _, upper = span.partition("..")
    given = Range(lower, upper)
    assert str(shifted(given, -1)) == before
    assert str(shifted(given, 1)) == after
    assert str(a_year_before(given)).startswith(year)
    if span == "2020-02-29..2020-03-01":
        assert str(a_year_before(given)) == "2019-02-28..2019-03-01"


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        (None, "2021-01-01"),
        ("2021-01-01", None),
        ("soon", "2021-01-01"),
        ("2021-02-01", "2021-01-01"),
        ("0001-01-01", "0002-01-01"),
    ],
)
async def test_no_way_from_what_is_no_range(lower: str | None, upper: str | None) -> None:
    assert shifted(Range(lower, upper), -1) is None
    assert a_year_before(Range(lower, upper)) is None


async def test_no_way_beyond_the_last_year() -> None:
    assert shifted(Range("9998-01-01", "9999-01-01"), 2) is None
    assert shifted(Range("9999-12-01", "9999-12-31"), 1) is None


async def test_a_list_leads_to_other_days_and_keeps_its_filters(news: Path) -> None:
    datasette = open_site(news)
    query = "published_at__gte=2021-03-01&published_at__lt=2021-04-01&_topic=Harbour&type=video"
    page = (await get(datasette, f"/news/articles?{query}&_next=1")).text
    nav = page.partition('class="newsfeed-periods"')[2].partition("</p>")[0]
    ways = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', nav)
    assert [words for _, words in ways] == [
        "Previous: February 2021",
        "Next: April 2021",
        "A year before: March 2020",
    ]
    for address, _ in ways:
        pairs = dict(parse_qsl(urlsplit(html.unescape(address)).query))
        assert pairs["_topic"] == "Harbour"
        assert pairs["type"] == "video"
        assert "_next" not in pairs
        await get(datasette, html.unescape(address))
    form = page.partition('<form class="newsfeed-days"')[2].partition("</form>")[0]
    assert re.findall(r'type="date" name="(\w+)" value="([^"]*)"', form) == [
        ("_from_day", "2021-03-01"),
        ("_to_day", "2021-03-31"),
    ]
    assert 'type="hidden" name="type" value="video"' in form
    page = (await get(datasette, "/news/articles")).text
    assert 'class="newsfeed-periods"' not in page
    assert 'name="_from_day" value=""' in page
    assert "newsfeed-days" not in (await get(datasette, "/news/stories")).text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("_from_day=2021-05-03&_to_day=2021-05-09", ("2021-05-03", "2021-05-10")),
        ("_from_day=2021-05-09&_to_day=2021-05-03", ("2021-05-03", "2021-05-10")),
        ("_from_day=2021-05-03&_to_day=", ("2021-05-03", "2021-05-04")),
        ("_from_day=&_to_day=2021-05-03", ("2021-05-03", "2021-05-04")),
        ("_from_day=9999-12-31", ("9999-12-31", None)),
        ("_from_day=&_to_day=&published_at__gte=2020", (None, None)),
    ],
)
async def test_the_form_leads_to_the_days_asked_for(
    news: Path, query: str, kept: tuple[str | None, str | None]
) -> None:
    answer = await open_site(news).client.get(f"/news/-/newsfeed/days?_topic=A%26B&{query}&_next=3")
    assert answer.status_code == 302
    there = urlsplit(answer.headers["location"])
    assert there.path == "/news/articles"
    bounds = zip(("published_at__gte", "published_at__lt"), kept, strict=True)
    expected = {"_topic": "A&B", **{key: bound for key, bound in bounds if bound}}
    assert dict(parse_qsl(there.query)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "_from_day=soon",
        "_from_day=2021-02-30",
        f"_to_day={SCRIPT}",
        "_from_day=2021-01-01&_from_day=2021-01-02&_to_day=2021-01-03",
        "x=" + "x" * 20_000,
    ],
)
async def test_odd_days_are_refused_in_words(news: Path, query: str) -> None:
    answer = await open_site(news).client.get(f"/news/-/newsfeed/days?{query}")
    assert answer.status_code == 400
    assert SCRIPT not in answer.text
    assert len(answer.text) < 100


async def test_nobody_is_led_to_what_they_may_not_see(news: Path) -> None:
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    path = "/news/-/newsfeed/days?_from_day=2021-01-01"
    await get(open_site(news, metadata=denied), path, 404)
    await get(open_site(news), path.replace("/news/", "/nothing/"), 404)
