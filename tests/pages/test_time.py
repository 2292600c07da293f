"""Earlier and later from an article, and from the days of a list to others."""

from __future__ import annotations

import html
import re
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import facet_archive
import pytest
from datasette.utils import tilde_encode
from pages_site import SCRIPT, open_site

from datasette_newsfeed.pages.facets.date_ranges import (
    a_year_before,
    axis_around,
    parts_of,
    shifted,
    whole_of,
)
from datasette_newsfeed.pages.facets.periods import Period
from datasette_newsfeed.pages.facets.ranges import Range
from datasette_newsfeed.pages.queries import neighbours
from datasette_newsfeed.pages.views.timeline import parse

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
        "Quarter: January 2021 to March 2021",
    ]
    for address, _ in ways:
        pairs = dict(parse_qsl(urlsplit(html.unescape(address)).query))
        assert pairs["_topic"] == "Harbour"
        assert pairs["type"] == "video"
        assert "_next" not in pairs
        await get(datasette, html.unescape(address))
    form = page.partition('<fieldset class="newsfeed-days"')[2].partition("</fieldset>")[0]
    assert re.findall(r'type="date" name="(\w+)" value="([^"]*)"', form) == [
        ("_from_day", "2021-03-01"),
        ("_to_day", "2021-03-31"),
    ]
    page = (await get(datasette, "/news/articles")).text
    assert 'class="newsfeed-periods"' not in page
    assert 'name="_from_day" value=""' in page
    assert "newsfeed-days" not in (await get(datasette, "/news/stories")).text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("_from_day=2021-05-03&_to_day=2021-05-09", ("2021-05-03", "2021-05-10")),
        ("_from_day=2021-05-09&_to_day=2021-05-03", ("2021-05-03", "2021-05-10")),
        ("_from_day=2021-05-03&_to_day=", ("2021-05-03", None)),
        ("_from_day=&_to_day=2021-05-03", (None, "2021-05-04")),
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


# -- quarters, and ranges by the bars ---------------------------------------------


@pytest.mark.parametrize(
    ("span", "whole"),
    [
        ("2024-02-29..2024-03-01", "month 2024-02-01..2024-03-01"),
        ("2021-02-01..2021-03-01", "quarter 2021-01-01..2021-04-01"),
        ("2021-12..2022-01", "quarter 2021-10-01..2022-01-01"),
        ("2021-10-01..2022-01-01", "year 2021-01-01..2022-01-01"),
        ("2021-07..2021-10", "year 2021-01-01..2022-01-01"),
        ("9999-12-01..", None),
        ("9999-01-01..9999-04-01", "year 9999-01-01.."),
        ("2021-02-01..2021-05-01", None),  # three months that are no quarter
        ("2021-01-01..2022-01-01", None),
        ("2021-01-01..", None),
        ("soon..later", None),
    ],
)
async def test_what_a_range_is_a_part_of(span: str, whole: str | None) -> None:
    lower, _, upper = span.partition("..")
    found = whole_of(Range(lower or None, upper or None))
    assert (f"{found[0]} {found[1]}" if found else None) == whole


async def test_a_year_has_four_quarters() -> None:
    assert [str(each) for each in parts_of(Range("2021-01-01", "2022-01-01"))] == [
        *("2021-01-01..2021-04-01", "2021-04-01..2021-07-01"),
        *("2021-07-01..2021-10-01", "2021-10-01..2022-01-01"),
    ]
    assert len(parts_of(Range("9999-01-01"))) == 3  # the last one has no end
    assert parts_of(Range("2021-01-01", "2021-02-01")) == []
    assert parts_of(Range("2021-01-01", "2023-01-01")) == []


@pytest.mark.parametrize(
    ("name", "axis"),
    [
        ("2021-03-15", "2021-02-28..2021-03-31"),
        ("2021-03", "2019-09-01..2022-09-01"),
        ("2021", ".."),
        ("0001-01-01", ".."),
        ("0001-01", ".."),
        ("9999-12", "9998-06-01.."),
    ],
)
async def test_the_days_around_a_period(name: str, axis: str) -> None:
    period = parse(name)
    assert isinstance(period, Period)
    assert str(axis_around(period)) == axis


def bars(page: str) -> dict[str, dict[str, str]]:
    """The bars of a timeline that have a link: name -> what the link asks for."""
    drawing = page.partition('class="newsfeed-timeline-bars"')[2].partition("</svg>")[0]
    found = re.findall(r'<a href="([^"]+)" aria-label="([^":]+): ', drawing)
    return {name: dict(parse_qsl(urlsplit(html.unescape(url)).query)) for url, name in found}


def begin_of(page: str) -> str:
    return html.unescape(re.findall(r'newsfeed-begin" href="([^"]*)"', page)[0])


@pytest.mark.parametrize(
    "path", ["/news/articles?_topic=Harbour", "/news/-/newsfeed/search?q=ferry"]
)
async def test_two_bars_choose_all_between_them(news: Path, path: str) -> None:
    datasette = open_site(news)
    month = "&published_at__gte=2021-03-01&published_at__lt=2021-04-01"
    page = (await get(datasette, path + month)).text
    assert "From March 2021 until …" in page
    here = (await get(datasette, begin_of(page))).text
    drawing = here.partition('class="newsfeed-timeline-bars"')[2].partition("</svg>")[0]
    # Any of the months around, those without articles too, each reached by a keyboard.
    assert len(bars(here)) == 36
    assert 'tabindex="-1"' not in drawing
    assert "March 2021" in drawing.partition("newsfeed-bar-chosen")[2].partition("</title>")[0]
    for name, first, end in (
        ("May 2021", "2021-03-01", "2021-06-01"),
        ("October 2020", "2020-10-01", "2021-04-01"),
        ("March 2021", "2021-03-01", "2021-04-01"),
    ):
        asked = dict(bars(here)[name])
        assert asked.pop("published_at__gte") == first
        assert asked.pop("published_at__lt") == end
        assert asked == dict(parse_qsl(urlsplit(path).query)), name
    cancel = re.findall(r'until …: choose a bar. <a href="([^"]*)">Cancel</a>', here)
    assert dict(parse_qsl(urlsplit(html.unescape(cancel[0])).query)) == bars(here)["March 2021"]


async def test_the_axis_is_that_of_the_days_chosen(news: Path) -> None:
    """A month without articles at its end is drawn as well."""
    datasette = open_site(news)
    query = "published_at__gte=2021-01-01&published_at__lt=2021-07-01&id__contains=zzz"
    assert "newsfeed-timeline" not in (await get(datasette, f"/news/articles?{query}")).text
    key, at = (
        sqlite3.connect(news)
        .execute("select id, published_at from articles where published_at like '2021-%' limit 1")
        .fetchone()
    )
    query = f"published_at__gte=2021-01-01&published_at__lt=2022-01-01&id={key}"
    page = (await get(datasette, f"/news/articles?{query}")).text
    names = re.findall(r"<title>(\w+ 2021): ([01])</title>", page)
    assert len(names) == 12
    assert [name for name, n in names if n == "1"] == [Period("month", day_of(at)).words]


def day_of(moment: str) -> date:
    return date.fromisoformat(moment[:10])


@pytest.mark.parametrize("given", [SCRIPT, "2021-13", "", "soon", "0000", "x" * 5_000])
async def test_what_is_no_period_begins_no_range(news: Path, given: str) -> None:
    query = urlencode({"_from_period": given})
    page = (await get(open_site(news), f"/news/articles?{query}")).text
    assert "until …" not in page
    assert SCRIPT not in page
    assert 'class="newsfeed-bar"' in page


async def test_bars_do_not_repeat_a_very_long_address(news: Path) -> None:
    query = urlencode({"_from_period": "2021-03", "title__not": "x" * 1_000})
    page = (await get(open_site(news), f"/news/articles?{query}")).text
    assert "until …" not in page


HARBOUR = {"_topic": "Harbour", "published_at__gte": "2021-03", "published_at__lt": "2021-04"}


@pytest.mark.parametrize(
    ("fields", "bounds"),
    [
        ("_from_day=2021-03-01&_to_day=2021-03-31", ("2021-03", "2021-04")),
        ("_from_day=2021-03-02&_to_day=2021-03-31", ("2021-03-02", "2021-04-01")),
        ("_from_day=&_to_day=", (None, None)),
        ("", ("2021-03", "2021-04")),
    ],
)
async def test_one_form_chooses_days_and_values(
    news: Path, fields: str, bounds: tuple[str | None, str | None]
) -> None:
    """Neither undoes the other, and days that were not touched stay the month that they were."""
    datasette = open_site(news)
    for rest, path in (
        (HARBOUR, "/news/articles"),
        ({"q": "ferry", **HARBOUR}, "/news/-/newsfeed/search"),
    ):
        page = (await get(datasette, f"{path}?{urlencode(rest)}")).text
        form = page.partition('/-/newsfeed/select" method="get">')[2].partition("</form>")[0]
        query = html.unescape(re.findall(r'name="query" value="([^"]*)"', form)[0])
        assert 'class="newsfeed-days"' in form
        given = f"{urlencode({'query': query})}&_topic=Harbour&type=video&{fields}"
        answer = await datasette.client.get(f"/news/-/newsfeed/select?{given}")
        there = urlsplit(answer.headers["location"])
        assert there.path == path
        found = dict(parse_qsl(there.query))
        assert (found.pop("published_at__gte", None), found.pop("published_at__lt", None)) == bounds
        assert found == {
            **{key: value for key, value in rest.items() if not key.startswith("published")},
            "type": "video",
        }


async def test_what_is_no_day_is_refused_by_the_form_of_the_facets(news: Path) -> None:
    path = f"/news/-/newsfeed/select?query=type%3Dvideo&_from_day={SCRIPT}"
    answer = await open_site(news).client.get(path)
    assert answer.status_code == 400
    assert SCRIPT not in answer.text


async def test_the_form_of_a_search_leads_back_to_it(news: Path) -> None:
    path = "/news/-/newsfeed/days?q=ferry&type=video&_from_day=2021-05-03"
    answer = await open_site(news).client.get(path)
    there = urlsplit(answer.headers["location"])
    assert there.path == "/news/-/newsfeed/search"
    assert dict(parse_qsl(there.query)) == {
        "q": "ferry",
        "type": "video",
        "published_at__gte": "2021-05-03",
    }
    denied = {"databases": {"news": {"tables": {"articles_fts": {"allow": False}}}}}
    answer = await open_site(news, metadata=denied).client.get(path)
    assert urlsplit(answer.headers["location"]).path == "/news/articles"
