"""Compare: every number is SQL's, in picture, table, CSV and JSON; what may be asked, by whom."""

from __future__ import annotations

import csv
import html
import io
import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import pytest
from datasette.database import QueryInterrupted
from facet_archive import TOPICS, TYPES, WORDS, build
from pages_site import SCRIPT, STORY, V1, build_archive, open_site, text_of

from datasette_newsfeed import facet_index
from datasette_newsfeed.full_text import index
from datasette_newsfeed.pages.facets import comparison
from datasette_newsfeed.pages.facets import comparison_units as units


@pytest.fixture(scope="module", params=["sql", "index"])
def news(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build(tmp_path_factory.mktemp(f"compare-{request.param}") / "news.db", articles=400)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("begin")
        index.keep(conn)
        if request.param == "index":
            facet_index.build(conn)
        conn.commit()
    return path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("compare") / "news.db")


def path_of(*selections: str, kind: str = "", **more: str) -> str:
    pairs = [*(("s", each) for each in selections), *more.items()]
    return f"/news/-/newsfeed/compare{kind}?{urlencode(pairs)}"


# No limit that a busy machine may reach.


async def get(datasette: Any, path: str, status: int = 200) -> Any:
    response = await datasette.client.get(path)
    assert response.status_code == status, (path, response.text[:300])
    return response


SELECTIONS = (
    *(
        (
            {"_topic": topic},
            f"id in (select article_id from article_topics where topic = '{topic}')",
        )
        for topic in TOPICS[:4]
    ),
    *(({"type": kind}, f"type = '{kind}'") for kind in TYPES),
    *(({"_search": word}, f"title || ' ' || excerpt like '%{word}%'") for word in WORDS[:5]),
    ({"heat__gte": "50"}, "heat >= 50"),
    ({"published_at__gte": "2019-01-01"}, "published_at >= '2019-01-01'"),
    (
        {"provider_id": "harbour.example", "type": "video"},
        "provider_id = 'harbour.example' and type = 'video'",
    ),
    ({}, "1"),
    ({"title__contains": "no such title"}, "0"),
)


def named(day: str, unit: str) -> str:
    if unit == "week":
        year, week, _ = date.fromisoformat(day).isocalendar()
        return f"{year}-W{week:02}"
    return day[: {"day": 10, "month": 7, "year": 4}[unit]]


def by_sql(db: Path, condition: str, unit: str) -> tuple[int, Counter[str]]:
    with closing(sqlite3.connect(db)) as conn:
        found = conn.execute(f"select published_at from articles where {condition}").fetchall()
    return len(found), Counter(named(at[:10], unit) for (at,) in found if at)


@pytest.mark.parametrize("unit", units.UNITS)
async def test_every_number_is_that_of_sql(news: Path, unit: str) -> None:
    datasette = open_site(news)
    dice = random.Random(unit)
    _, every = by_sql(news, "1", unit)
    for _ in range(6):
        chosen = dice.sample(SELECTIONS, dice.randrange(1, 7))
        queries = [urlencode(pairs) for pairs, _ in chosen]
        expected = [by_sql(news, condition, unit) for _, condition in chosen]
        data = (await get(datasette, path_of(*queries, kind=".json", by=unit))).json()
        assert [each["count"] for each in data["selections"]] == [total for total, _ in expected]
        assert [each["without_date"] for each in data["selections"]] == [
            total - sum(counts.values()) for total, counts in expected
        ]
        for row in data["periods"]:
            assert row["values"] == [counts[row["period"]] for _, counts in expected]
            assert row["all"] == every[row["period"]]
        periods = [row["period"] for row in data["periods"]]
        assert {period for _, counts in expected for period in counts} <= set(periods)
        assert len(periods) == len(set(periods))
        # The same as CSV, and as shares.
        text = (await get(datasette, path_of(*queries, kind=".csv", by=unit))).text
        lines = list(csv.reader(io.StringIO(text)))[1:]
        assert lines == [
            [row["period"], *map(str, row["values"]), str(row["all"])] for row in data["periods"]
        ]
        path = path_of(*queries, kind=".json", by=unit, **{"as": "share"})
        shares = (await get(datasette, path)).json()
        for row, share in zip(data["periods"], shares["periods"], strict=True):
            assert share["values"] == [
                round(n / row["all"], 6) if row["all"] else 0.0 for n in row["values"]
            ]


async def test_picture_and_table_have_the_numbers_of_json(news: Path) -> None:
    datasette = open_site(news)
    queries = ("_topic=Harbour", "_search=ferry", "title__contains=nothing")
    data = (await get(datasette, path_of(*queries, kind=".json", by="month"))).json()
    page = (await get(datasette, path_of(*queries, by="month"))).text
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>(.*?)</tr>', page)
    table = [[int(text_of(cell)) for cell in re.findall(r"<td>(.*?)</td>", row)] for _, row in rows]
    assert table == [row["values"] for row in data["periods"]]
    titles = re.findall(r"<title>([^<:]*): (\d+)</title>", page)
    drawn = [int(n) for _, n in titles]
    size = len(table)
    assert [
        list(each)
        for each in zip(*(drawn[n * size : (n + 1) * size] for n in range(3)), strict=True)
    ] == table
    # Zeros are drawn, and the highest bar is as high as the picture.
    assert 'class="newsfeed-bar-none"' in page
    assert 'height="100.0"' in page
    assert data["sentence"] in text_of(page)
    # Each number leads to its articles.
    links = re.findall(r'<td><a href="([^"]*)">(\d+)</a>', page)
    for address, n in random.Random(3).sample(links, 6):
        path = html.unescape(address).replace("?", ".json?") + "&_shape=array&_size=max"
        assert len((await get(datasette, path)).json()) == int(n)


def test_periods_follow_one_another() -> None:
    dice = random.Random(5)
    for unit in units.UNITS:
        day = date(2020, 1, 1) + timedelta(days=dice.randrange(2_000))
        firsts = list(units.axis([units.first_day(day, unit), day + timedelta(400)], unit))
        for one, other in pairwise(firsts):
            assert units.first_day(other - timedelta(days=1), unit) == one
            assert units.name_of(one, unit) < units.name_of(other, unit)
    assert units.name_of(date(2021, 1, 1), "week") == "2020-W53"
    assert units.following(date.max, "day") is None
    assert units.following(units.first_day(date.max, "week"), "week") is None
    assert list(units.axis([], "day")) == []


def test_what_is_typical_is_more_than_a_share() -> None:
    everywhere = {"a": 80, "b": 10, "c": 10}
    assert comparison.typical({"a": 8, "b": 8, "c": 1}, everywhere) == [comparison.Typical("b", 8)]
    assert comparison.typical({"c": 1}, everywhere) == []
    assert comparison.typical({}, {}) == []


async def test_one_click_starts_it_and_another_adds(archive: Path) -> None:
    datasette = open_site(archive)
    for page, query in (
        ("/news/articles", ""),
        ("/news/articles?type=article&_sort_desc=heat&_facet=type&_layout=cards", "type=article"),
        ("/news/-/newsfeed/search?q=kites&type=article", "_search=kites&type=article"),
        ("/news/topics/Harbours", "_topic=Harbours"),
        ("/news/providers/strait~2Eexample", "provider_id=strait.example"),
    ):
        text = (await get(datasette, page)).text.partition('<details class="newsfeed-data"')[0]
        # Once, whatever the page holds, beside the menus of Datasette's own page.
        found = re.findall(r'<a [^>]*?href="([^"]*/compare\?[^"]*)">Compare over time', text)
        assert [html.unescape(address) for address in found] == [path_of(query)], page
        assert "newsfeed-sentence" in (await get(datasette, path_of(query))).text
    added = await get(datasette, path_of("type=video", add="kites over", by="year"), 302)
    assert added.headers["location"] == path_of("type=video", "_search=kites+over", by="year")
    for text, query in {
        "https://this.example/news/articles?_topic=A&_sort=heat": "_topic=A",
        "/news/-/newsfeed/search?q=kite&page=2": "_search=kite",
        "type=video": "type=video",
        "1 + 1 = 2": "_search=1+%2B+1+%3D+2",
        "harbours": "_topic=Harbours",
        " The Strait Observer": "provider_id=strait.example",
        "Observer": "_search=Observer",
    }.items():
        response = await get(datasette, f"/news/-/newsfeed/compare?{urlencode({'add': text})}", 302)
        assert response.headers["location"] == path_of(query), text


def offered(page: str) -> dict[str, list[str]]:
    """What one click adds: its name -> the queries that are then compared."""
    part = page.partition("newsfeed-offered")[2].partition("</ul>")[0]
    found = re.findall(r'href="([^"]*)"><span aria-hidden="true">\+ </span>([^<]*)<', part)
    return {
        html.unescape(name): [
            v for k, v in parse_qsl(urlsplit(html.unescape(url)).query) if k == "s"
        ]
        for url, name in found
    }


async def test_what_one_click_adds(news: Path, archive: Path) -> None:
    datasette = open_site(news)
    page = (await get(datasette, path_of("_topic=Harbour&type=video", by="year"))).text
    found = offered(page)
    assert "Harbour" not in found
    assert len(found) == min(len(TOPICS) - 1, 8)
    for name, queries in found.items():
        # Another topic under the same filters, in the same periods.
        assert dict(parse_qsl(queries[1])) == {"_topic": name, "type": "video"}
        assert queries[0] == "_topic=Harbour&type=video"
    assert "by=year" in page.partition("newsfeed-offered")[2].partition("</ul>")[0]
    of_provider = offered((await get(datasette, path_of("provider_id=harbour.example"))).text)
    assert all(queries[1].startswith("provider_id=") for queries in of_provider.values())
    assert of_provider
    for queries in offered((await get(datasette, path_of("_search=ferry"))).text).values():
        assert queries[1].startswith("_topic=")
    full = path_of(*(f"heat__gte={n}" for n in range(6)))
    assert offered((await get(datasette, full)).text) == {}
    # Nobody is offered what they may not see.
    for table in ("topics", "article_topics"):
        metadata = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
        page = (await get(open_site(archive, metadata=metadata), path_of("type=article"))).text
        assert offered(page) == {}


async def test_what_takes_too_long_is_named_and_the_others_are_shown(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = comparison.count

    async def late(selection: Any, unit: str) -> Any:
        if "video" in selection.request.query_string:
            raise QueryInterrupted(None, "", {})
        return await count(selection, unit)

    monkeypatch.setattr("datasette_newsfeed.pages.views.compare_page.count", late)
    datasette = open_site(archive)
    page = (await get(datasette, path_of("type=video", "type=article", by="year"))).text
    assert "“Articles of type video” took too long to count." in text_of(page)
    assert "<svg" in page
    data = (await get(datasette, path_of("type=video", "type=article", kind=".json"))).json()
    assert data["selections"][0]["count"] is None
    assert {row["values"][0] for row in data["periods"]} == {None}


LONG = "x" * 9_000


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("s=", 200),
        ("by=fortnight", 400),
        ("as=money", 400),
        ("&".join(f"s=type%3D{n}" for n in range(7)), 400),
        (f"s={LONG}{LONG}", 400),
        (f"s=type%3D{LONG}", 200),
        (f"s={LONG}", 200),
        ("s=_where%3Dnonsense(", 400),
        ("s=id__in%3D[", 400),
        ("s=_related%3D2", 400),
        ("s=heat__gte%3D99999999999999999999", 400),
        ("s=_through%3D{", 400),
        ("s=%26%26&s=%ff", 200 if V1 else 400),
        ("s=%00", 400),
        ("s=_sort%3Dnothing&s=_next%3Dx%26_size%3D-1", 200),
        ("by=day&by=&as=share&as=count&s=&x=y", 200),
    ],
)
async def test_odd_addresses_are_answered_in_words(archive: Path, query: str, status: int) -> None:
    datasette = open_site(archive)
    for kind in ("", ".csv", ".json"):
        response = await get(datasette, f"/news/-/newsfeed/compare{kind}?{query}", status)
        assert len(response.text) < 400_000
        if status == 400:
            assert len(text_of(response.text).split()) > 3
    assert (await datasette.client.get("/news/-/newsfeed/compare.xml?s=")).status_code == 404


@pytest.mark.parametrize("payload", [SCRIPT, '"><img src=x onerror=pwn()>', "javascript:pwn()"])
async def test_what_is_asked_for_stays_text(archive: Path, payload: str) -> None:
    datasette = open_site(archive)
    for query in (f"type={payload}", f"_search={payload}", f"_topic={payload}", f"x__{payload}=1"):
        response = await datasette.client.get(path_of(query, f"title__contains={payload}"))
        if response.status_code == 400:
            assert response.headers["content-type"].startswith("text/plain")
            continue
        main = response.text.partition("<main")[2].partition("</main>")[0]
        assert "<script" not in main.lower()
        assert not re.search(r"<img[^>]*onerror", main)
        assert not re.search(r'(?:href|src|action)="\s*javascript:', main)


async def test_who_may_not_see_the_articles_compares_none(archive: Path) -> None:
    rule = {"allow": {"id": "editor"}}
    for table, status in (("articles", 404), ("article_topics", 403)):
        metadata = {"databases": {"news": {"tables": {table: rule}}}}
        datasette = open_site(archive, metadata=metadata)
        for kind in ("", ".csv", ".json"):
            await get(datasette, path_of("_topic=A", kind=kind), status)
        editor = {"ds_actor": datasette.sign({"a": {"id": "editor"}}, "actor")}
        response = await datasette.client.get(path_of("_topic=A"), cookies=editor)
        assert response.status_code == 200
    assert (
        await open_site(archive).client.get(f"/nothing/-/newsfeed/compare?s={quote_plus(STORY)}")
    ).status_code == 404


async def test_a_name_that_is_no_text_is_no_name(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    conn = sqlite3.connect(path)
    conn.execute("insert into topics (name) values (x'ff00')")
    conn.commit()
    conn.close()
    datasette = open_site(path)
    added = await get(datasette, path_of(add="harbours"), 302)
    assert added.headers["location"] == path_of("_topic=Harbours")
    await get(datasette, "/news/-/newsfeed/search?q=harbours")
