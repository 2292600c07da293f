"""The facets: what they count, where their values lead, when they stand aside.

One test counts everything again in plain Python, for random combinations of
filters, and follows the links. The others hold the words, the order, the edges
and what a visitor may not see. Knows the pages only as JSON and a few words of HTML.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import facet_archive
import pytest
from datasette.database import Database, QueryInterrupted
from facet_archive import open_site
from share import IS_LONG

from datasette_newsfeed import default_metadata
from datasette_newsfeed.pages.access.database_state import file_state
from datasette_newsfeed.pages.facets import FACETS, bands, columns, periods
from datasette_newsfeed.pages.facets.base import NewsFacet
from datasette_newsfeed.pages.facets.counted_rows import Rows, all_pages
from datasette_newsfeed.pages.facets.ranges import Range

Pairs = list[tuple[str, str]]
OURS: Pairs = [
    ("_facet_topic", "topics"),
    ("_facet_period", "published_at"),
    ("_facet_band", "heat"),
    ("_facet_band", "quality"),
    ("_facet_presence", "image"),
    ("_facet_presence", "related"),
]
PLAIN = {"articles": {"facets": []}}


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facet_archive.build(tmp_path_factory.mktemp("facets") / "news.db", 400)


def site_of(*paths: Path, **more: Any) -> Any:
    return open_site(*paths, **{"tables": PLAIN, **more})


async def read(site: Any, query: Pairs, path: str = "/news/articles") -> dict[str, Any]:
    response = await site.client.get(f"{path}.json?{urlencode(query)}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def facets(site: Any, query: Pairs, path: str = "/news/articles") -> dict[str, Any]:
    results: dict[str, Any] = (await read(site, query, path))["facet_results"]
    return results.get("results", results) if "timed_out" in results else results


def counts(facet: dict[str, Any]) -> dict[str, int]:
    return {each["value"]: each["count"] for each in facet["results"]}


def labels(facet: dict[str, Any]) -> list[str]:
    return [each["label"] for each in facet["results"]]


def chosen(facet: dict[str, Any]) -> list[str]:
    return [each["value"] for each in facet["results"] if each["selected"]]


def link_of(facet: dict[str, Any], value: str) -> Pairs:
    link = next(each["toggle_url"] for each in facet["results"] if each["value"] == value)
    return parse_qsl(urlsplit(link).query, keep_blank_values=True)


async def ids(site: Any, query: Pairs, path: str = "/news/articles") -> set[str]:
    query = [pair for pair in query if pair[0] not in ("_size", "_shape")]
    query += [("_shape", "array"), ("_size", "max"), ("_col", "id")]
    return {row["id"] for row in await read(site, query, path)}


# -- counted again ------------------------------------------------------------


def load(path: Path) -> list[dict[str, Any]]:
    """Every article with its topics, and whether it has related ones."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    articles = [dict(row) for row in db.execute("select * from articles")]
    related = {row[0] for row in db.execute("select article_id from related_articles")}
    topics: dict[str, set[str]] = {}
    for row in db.execute("select article_id, topic from article_topics"):
        topics.setdefault(row["article_id"], set()).add(row["topic"])
    db.close()
    for article in articles:
        article["topics"] = topics.get(article["id"], set())
        article["related"] = article["id"] in related
    return articles


def keeps(article: dict[str, Any], key: str, value: str) -> bool:
    """Whether one filter of an address keeps an article, said in Python."""
    column, _, lookup = key.rpartition("__")
    if key == "_topic":
        return value in article["topics"]
    if key == "_related":
        return article["related"] == (value == "1")
    if key == "_search":
        return value in f"{article['title']} {article['excerpt']}".lower().split()
    if lookup in ("isblank", "notblank"):
        return (article[column] in (None, "")) == (lookup == "isblank")
    if lookup in ("gte", "lt"):
        held = article[column]
        bound = int(value) if column in ("heat", "quality") else value
        return held is not None and (held >= bound if lookup == "gte" else held < bound)
    return bool(article[key] == value)


def kept(articles: list[dict[str, Any]], query: Pairs) -> list[dict[str, Any]]:
    view = ("_facet", "_sort", "_size", "_next")
    asked = [pair for pair in query if not pair[0].startswith(view)]
    return [each for each in articles if all(keeps(each, *pair) for pair in asked)]


def band_of(number: int | None) -> str:
    if number is None:
        return ""
    if number < 0:
        return "..0"
    low = min(number // 25 * 25, 100)
    return f"{low}..{low + 25 if low < 100 else ''}"


def check_topics(facet: dict[str, Any], rows: list[dict[str, Any]], query: Pairs) -> None:
    picked = list(dict.fromkeys(value for key, value in query if key == "_topic"))
    expected = Counter(topic for row in rows for topic in row["topics"])
    found = counts(facet)
    assert chosen(facet) == list(found)[: len(picked)] == picked
    others = list(found)[len(picked) :]
    ranking = sorted((t for t in expected if t not in picked), key=lambda t: (-expected[t], t))
    assert others == ranking[:30]
    assert facet["truncated"] == (len(ranking) > 30)
    assert found == {topic: expected[topic] for topic in [*picked, *others]}


def check_ranges(
    facet: dict[str, Any], rows: list[dict[str, Any]], values: Counter[str], blank_is_chosen: bool
) -> None:
    for each in facet["results"]:
        if each["selected"]:
            assert each["count"] == len(rows)
    rest = {each["value"]: each["count"] for each in facet["results"] if not each["selected"]}
    picked = chosen(facet)
    assert [each["selected"] for each in facet["results"]] == sorted(
        (each["selected"] for each in facet["results"]), reverse=True
    )
    # The chosen one stands for itself, so it is not repeated below.
    expected = {value: n for value, n in values.items() if n and value not in picked}
    if blank_is_chosen:
        expected.pop("", None)
    assert rest == expected


def check_periods(facet: dict[str, Any], rows: list[dict[str, Any]], query: Pairs) -> None:
    shown = [each["value"] for each in facet["results"] if not each["selected"] and each["value"]]
    length = len(shown[0]) if shown else 10
    assert shown == sorted(shown)
    values = Counter((row["published_at"] or "")[:length] for row in rows)
    check_ranges(facet, rows, values, ("published_at__isblank", "1") in query)


def check_bands(
    facet: dict[str, Any], rows: list[dict[str, Any]], query: Pairs, column: str
) -> None:
    shown = [each["value"] for each in facet["results"] if not each["selected"] and each["value"]]
    assert shown == sorted(shown, key=lambda value: int(value.partition("..")[0] or -1))
    values = Counter(band_of(row[column]) for row in rows)
    check_ranges(facet, rows, values, (f"{column}__isblank", "1") in query)


def check_presence(facet: dict[str, Any], rows: list[dict[str, Any]], has: str, lacks: str) -> None:
    expected = Counter("1" if keeps(row, *parse_qsl(has)[0]) else "0" for row in rows)
    picked = chosen(facet)
    found = counts(facet)
    assert found == {
        value: expected[value] for value in ("1", "0") if expected[value] or value in picked
    }


def random_query(dice: random.Random, articles: list[dict[str, Any]]) -> Pairs:
    """Some filters, as a visitor might have clicked or typed them."""
    sample = dice.choice(articles)
    moment = sample["published_at"] or "2020-01-01T00:00:00Z"
    year, month, day = moment[:4], int(moment[5:7]), moment[:10]
    other = dice.choice(articles)["published_at"][:10] or "2019-06-15"
    following = f"{year}-{month + 1:02}-01" if month < 12 else f"{int(year) + 1}-01-01"
    low = dice.choice([-1, 0, 10, 25, 50, 75])
    choices: list[Pairs] = [
        [("_topic", dice.choice(facet_archive.TOPICS[:6]))],
        [("_topic", dice.choice(sorted(sample["topics"]) or ["nothing at all"]))],
        [("_topic", topic) for topic in sorted(sample["topics"])[:2]],
        [("provider_id", sample["provider_id"] or "ridge.example")],
        [("type", sample["type"] or "")],
        [("published_at__gte", f"{year}-01-01"), ("published_at__lt", f"{int(year) + 1}-01-01")],
        [("published_at__gte", f"{year}-{month:02}-01"), ("published_at__lt", following)],
        [("published_at__gte", min(day, other)), ("published_at__lt", max(day, other))],
        [("published_at__gte", day)],
        [("published_at__lt", day)],
        [("published_at__isblank", "1")],
        [("heat__gte", str(low)), ("heat__lt", str(low + dice.choice([10, 25, 60])))],
        [("heat__lt", "0")],
        [("heat__gte", "100")],
        [("heat__isblank", "1")],
        [("quality__gte", "25"), ("quality__lt", "50")],
        [("image_id__notblank", "1")],
        [("image_id__isblank", "1")],
        [("_related", dice.choice("01"))],
        [("_search", dice.choice(facet_archive.WORDS))],
    ]
    picked = dice.sample(choices, dice.choice([0, 1, 1, 2, 2, 3]))
    pairs = [pair for each in picked for pair in each]
    if ("heat__isblank", "1") in pairs or ("published_at__isblank", "1") in pairs:
        pairs = [pair for pair in pairs if not pair[0].endswith(("__gte", "__lt"))]
    seen: dict[tuple[str, str], None] = {}
    for key, value in pairs:  # one bound of a kind, for the sake of the expected values
        if key == "_topic" or key not in [name for name, _ in seen]:
            seen[(key, value)] = None
    return list(seen)


SELECTIONS = 200 if IS_LONG else 40
SORTS = ("_sort=id", "_sort_desc=heat", "_sort=heat", "_sort_desc=published_at", "_sort=type", "")


async def test_counts_and_links_of_random_filters(news: Path) -> None:
    """Each count is what Python counts, on every page; each link shows what it says."""
    dice = random.Random(20)
    articles = load(news)
    site = site_of(news)
    pages = links = 0
    for _ in range(SELECTIONS):
        filters = random_query(dice, articles)
        rows = kept(articles, filters)
        sort = parse_qsl(dice.choice(SORTS))
        query = [*filters, *OURS, *sort]
        if dice.random() < 0.5:
            place = await read(site, [*filters, *sort, ("_size", str(dice.choice([3, 20])))])
            if place.get("next"):
                query.append(("_next", place["next"]))
                pages += 1
        found = await facets(site, query)
        note = urlencode(query)
        assert list(found) == [name for _, name in OURS], note
        check_topics(found["topics"], rows, filters)
        if not _is_trimmed(filters, "published_at"):
            check_periods(found["published_at"], rows, filters)
        for column in ("heat", "quality"):
            if not _is_trimmed(filters, column):
                check_bands(found[column], rows, filters, column)
        check_presence(found["image"], rows, "image_id__notblank=1", "image_id__isblank=1")
        check_presence(found["related"], rows, "_related=1", "_related=0")
        for facet in found.values():
            for each in dice.sample(facet["results"], min(2, len(facet["results"]))):
                link = parse_qsl(urlsplit(each["toggle_url"]).query, keep_blank_values=True)
                assert "_next" not in dict(link), note
                shown = await ids(site, link)
                assert shown == {row["id"] for row in kept(articles, link)}, each
                if each["selected"]:
                    assert shown >= {row["id"] for row in rows}, each
                else:
                    assert len(shown) == each["count"], each
                    assert shown <= {row["id"] for row in rows}, each
                    links += 1
    assert pages > SELECTIONS // 5
    assert links > SELECTIONS * 25 // 4


def _is_trimmed(filters: Pairs, column: str) -> bool:
    """Whether a range was typed that is no value of the facet: its ends are then trimmed."""
    asked = dict(filters)
    lower, upper = asked.get(f"{column}__gte"), asked.get(f"{column}__lt")
    if lower is None and upper is None:
        return False
    if column == "published_at":
        return True  # test_a_typed_range_trims_its_ends and the links hold those
    return f"{lower or ''}..{upper or ''}" not in {band_of(n) for n in range(-1, 101)}


@pytest.mark.parametrize("extension", ["csv", "csv?_stream=1&"])
async def test_json_and_csv_hold_exactly_the_rows(news: Path, extension: str) -> None:
    dice = random.Random(5)
    articles = load(news)
    site = site_of(news)
    for _ in range(12):
        query = random_query(dice, articles)
        expected = {row["id"] for row in kept(articles, query)}
        assert await ids(site, [*query, *OURS]) == expected
        words = urlencode([*query, *OURS, ("_size", "max")])
        url = (
            f"/news/articles.{extension}{words}"
            if "?" in extension
            else f"/news/articles.csv?{words}"
        )
        rows = list(csv.DictReader(io.StringIO((await site.client.get(url)).text)))
        assert len(rows) == len(expected)
        assert {row["id"] for row in rows} == expected


# -- periods ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "unit"),
    [
        ("2021-04-21", "2021-04-21", "day"),
        ("2021-04-01", "2021-04-30", "day"),
        ("2021-04-20", "2021-05-20", "day"),
        ("2021-04-20", "2021-05-21", "month"),
        ("2021-01-01", "2021-12-31", "month"),
        ("2019-01-31", "2021-12-01", "month"),
        ("2018-12-31", "2021-12-01", "year"),
        ("0001-01-01", "9999-12-31", "year"),
    ],
)
def test_the_unit_suits_the_range(first: str, last: str, unit: str) -> None:
    assert periods.unit_between(date.fromisoformat(first), date.fromisoformat(last)) == unit


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        ("2021-01-01", "2022-01-01", "2021"),
        ("2021-04-01", "2021-05-01", "April 2021"),
        ("2021-12-01", "2022-01-01", "December 2021"),
        ("2021-04-21", "2021-04-22", "21 April 2021"),
        ("2019-01-01", "2022-01-01", "2019 to 2021"),
        ("2021-02-01", "2021-05-01", "February 2021 to April 2021"),
        ("2021-02-03", "2021-05-10", "3 February 2021 to 9 May 2021"),
        ("2021-01-01", None, "from 2021"),
        ("2021-04-01", None, "from April 2021"),
        (None, "2021-04-21", "before 21 April 2021"),
        ("9999-01-01", None, "9999"),
        ("2022-01-01", "2021-01-01", "from 2022 and before 2021"),
        ("2021-04-21T10:00", "zebra", "from 21 April 2021, 10:00 UTC and before “zebra”"),
        ("2021-02-31", None, "from “2021-02-31”"),
        ("2021-01", "2021-04", "January 2021 to March 2021"),
        ("2021-01", "2021-02-01", "January 2021"),
        ("2021", "2022", "2021"),
        ("2021-03", None, "from March 2021"),
        (None, "2021", "before 2021"),
        ("2021-01", None, "from January 2021"),
        ("2021-04-21T10:00:00+02:00", None, "from “2021-04-21T10:00:00+02:00”"),
    ],
)
def test_periods_in_words(lower: str | None, upper: str | None, words: str) -> None:
    assert periods.in_words(Range(lower, upper)) == words


async def test_years_then_months_then_days_and_back(news: Path) -> None:
    site = site_of(news)
    query: Pairs = [("_facet_period", "published_at")]
    years = (await facets(site, query))["published_at"]
    assert list(counts(years)) == ["2017", "2018", "2019", "2020", "2021", "2022", ""]
    assert labels(years)[-1] == "no date"
    months = (await facets(site, link_of(years, "2021")))["published_at"]
    assert chosen(months) == ["2021"]
    assert list(counts(months))[:3] == ["2021", "2021-01", "2021-02"]
    assert labels(months)[:2] == ["2021", "January 2021"]
    assert counts(months)["2021"] == counts(years)["2021"]
    into_april = link_of(months, "2021-04")
    assert [pair for pair in into_april if pair[0].startswith("published_at")] == [
        ("published_at__gte", "2021-04-01"),
        ("published_at__lt", "2021-05-01"),
    ]
    days = (await facets(site, into_april))["published_at"]
    assert chosen(days) == ["2021-04"]
    expected = {row["published_at"][:10] for row in load(news)}
    assert list(counts(days))[1:] == sorted(day for day in expected if day[:7] == "2021-04")
    day = (await facets(site, link_of(days, "2021-04-01")))["published_at"]
    assert list(counts(day)) == ["2021-04-01"]
    assert chosen(day) == ["2021-04-01"]
    assert link_of(day, "2021-04-01") == query


async def test_a_chosen_year_shows_months_even_with_one_row(tmp_path: Path) -> None:
    path = tmp_path / "few.db"
    db = sqlite3.connect(path)
    db.execute("create table walks (id integer primary key, day text)")
    db.executemany("insert into walks (day) values (?)", [["2020-02-29"], ["2021-04-21"]])
    db.commit()
    db.close()
    query = [("day__gte", "2021-01-01"), ("day__lt", "2022-01-01"), ("_facet_period", "day")]
    facet = (await facets(site_of(path, tables=None), query, "/few/walks"))["day"]
    assert labels(facet) == ["2021", "April 2021"]


async def test_a_typed_range_trims_its_ends(news: Path) -> None:
    """A month that is half in view leads to that half, whose rows it counts."""
    site, articles = site_of(news), load(news)
    typed = [("published_at__gte", "2020-11-10"), ("published_at__lt", "2021-04-15")]
    facet = (await facets(site, [*typed, ("_facet_period", "published_at")]))["published_at"]
    assert labels(facet)[0] == "10 November 2020 to 14 April 2021"
    assert chosen(facet) == ["2020-11-10..2021-04-15"]
    assert labels(facet)[-1] == "1 April 2021 to 14 April 2021"
    assert counts(facet)["2021-04"] == len(
        [row for row in articles if "2021-04-01" <= row["published_at"] < "2021-04-15"]
    )
    for value, count in counts(facet).items():
        if value not in chosen(facet):
            assert len(await ids(site, link_of(facet, value))) == count


async def test_no_period_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "days.db"
    db = sqlite3.connect(path)
    db.execute("create table days (id integer primary key, day timestamp)")
    years = [[f"{year}-06-01T10:00:00+02:00"] for year in range(1900, 1990)]
    odd = ["9999-12-31", None, "", "soon", "2021", "1234567890", "2021-02-30", "12-01-2021"]
    db.executemany("insert into days (day) values (?)", [*years, *([each] for each in odd)])
    db.commit()
    db.close()
    site = site_of(path, tables=None)
    query = [("_facet_period", "day"), ("_facet_size", "3")]
    facet = (await facets(site, query, "/days/days"))["day"]
    assert list(counts(facet)) == [*(str(year) for year in range(1900, 1990)), "9999", ""]
    assert facet["truncated"] is False
    assert counts(facet)[""] == 2
    for value in ("1900", "9999", ""):
        # Text that is no date, such as "soon", lies beyond the last year.
        expected = counts(facet)[value] + (1 if value == "9999" else 0)
        assert len(await ids(site, link_of(facet, value), "/days/days")) == expected


async def test_blank_rows_within_a_bound(tmp_path: Path) -> None:
    """An empty text lies before every date, NULL does not: the link keeps the bound."""
    path = tmp_path / "days.db"
    db = sqlite3.connect(path)
    db.execute("create table days (id integer primary key, day text)")
    db.executemany("insert into days (day) values (?)", [[""], [None], ["2020-05-05"]])
    db.commit()
    db.close()
    site = site_of(path, tables=None)
    query = [("day__lt", "2021-01-01"), ("_facet_period", "day")]
    facet = (await facets(site, query, "/days/days"))["day"]
    assert labels(facet) == ["before 2021", "5 May 2020", "no date"]
    assert counts(facet)[""] == 1
    assert len(await ids(site, link_of(facet, ""), "/days/days")) == 1


# -- bands --------------------------------------------------------------------


async def test_heat_and_quality_have_fixed_bands(news: Path) -> None:
    found = await facets(site_of(news), [("_facet_band", "heat"), ("_facet_band", "quality")])
    assert labels(found["heat"]) == [
        "below 0",
        "0 to 24",
        "25 to 49",
        "50 to 74",
        "75 to 99",
        "from 100",
        "no value",
    ]
    assert labels(found["quality"])[0] == "below 0"
    for value, bounds in {
        "..0": [("heat__lt", "0")],
        "25..50": [("heat__gte", "25"), ("heat__lt", "50")],
        "100..": [("heat__gte", "100")],
        "": [("heat__isblank", "1")],
    }.items():
        link = link_of(found["heat"], value)
        assert [pair for pair in link if pair[0].startswith("heat")] == bounds


async def test_another_band_replaces_both_bounds(news: Path) -> None:
    site = site_of(news)
    query = [("heat__gte", "10"), ("heat__lt", "60"), ("_facet_band", "heat")]
    facet = (await facets(site, query))["heat"]
    assert labels(facet) == ["10 to 59", "10 to 24", "25 to 49", "50 to 59"]
    assert chosen(facet) == ["10..60"]
    assert link_of(facet, "25..50")[-2:] == [("heat__gte", "25"), ("heat__lt", "50")]
    assert len(link_of(facet, "25..50")) == 3
    assert link_of(facet, "50..75")[-2:] == [("heat__gte", "50"), ("heat__lt", "60")]
    assert link_of(facet, "10..60") == [("_facet_band", "heat")]


@pytest.mark.parametrize(
    ("lowest", "highest", "whole", "edges"),
    [
        (0, 79, True, "0 10 20 30 40 50 60 70 80"),
        (3, 4, True, "3 4 5"),
        (5, 5, True, "5 6"),
        (5, 5.0, False, "5 6"),
        (-1, 1, False, "-1 -0.5 0 0.5 1 1.5"),
        (0.1, 0.3, False, "0.1 0.15 0.2 0.25 0.3 0.35"),
        (-30, 1000, True, "-200 0 200 400 600 800 1000 1200"),
    ],
)
def test_round_edges(lowest: float, highest: float, whole: bool, edges: str) -> None:
    found = bands.round_edges(lowest, highest, whole=whole)
    assert " ".join(map(bands.to_text, found)) == edges


def test_round_edges_enclose_any_numbers() -> None:
    dice = random.Random(3)
    for _ in range(500):
        ends = sorted(dice.uniform(-1, 1) * 10 ** dice.randint(-8, 18) for _ in range(2))
        edges = [float(edge) for edge in bands.round_edges(*ends, whole=False)]
        assert edges[0] <= ends[0]
        assert ends[1] < edges[-1]
        assert 2 <= len(edges) <= 12
        assert edges == sorted(set(edges))


@pytest.mark.parametrize(
    ("edge", "text"),
    [("1E+6", "1000000"), ("0.50", "0.5"), ("-0.0", "0"), ("100", "100"), ("2E+300", "2e+300")],
)
def test_edges_are_plain_digits(edge: str, text: str) -> None:
    assert bands.to_text(Decimal(edge)) == text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that is no archive: prices of every sort."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    dice = random.Random(8)
    db = sqlite3.connect(path)
    db.execute(
        'create table "the things" (id integer primary key, "price (€)" real, stock integer,'
        ' "odd ""name" numeric, heat integer, note text)'
    )
    for number in range(200):
        price = dice.choice([None, round(dice.uniform(-3, 9), 2), 2.5])
        odd = dice.choice([None, "", "many", b"x", 3, 4.25, 1e300, -(2**63)])
        note = dice.choice(["1", "2", None])
        db.execute(
            'insert into "the things" values (?, ?, ?, ?, ?, ?)',
            [number, price, dice.randrange(5000), odd, number % 90, note],
        )
    db.commit()
    db.close()
    return path


@pytest.mark.parametrize("column", ["price (€)", "stock", 'odd "name', "heat", "note"])
async def test_bands_of_any_column(shop: Path, column: str) -> None:
    """Every number is in one band, and each link shows as many rows as it says, down and down."""
    site, path = site_of(shop, tables=None), "/shop/the~20things"
    db = sqlite3.connect(shop)
    quoted = column.replace('"', '""')
    numbers = [
        row[0]
        for row in db.execute(
            f"""select "{quoted}" from "the things"
            where typeof("{quoted}") in ('integer', 'real')"""
        )
    ]
    db.close()
    query: Pairs = [("_facet_band", column)]
    for _ in range(12):
        facet = (await facets(site, query, path))[column]
        rest = [each for each in facet["results"] if not each["selected"]]
        assert len(rest) <= 12
        if query == [("_facet_band", column)]:
            assert sum(each["count"] for each in rest if each["value"]) == len(numbers)
        for each in rest:
            assert len(await ids(site, link_of(facet, each["value"]), path)) == each["count"]
        if not rest or not rest[0]["value"]:
            break
        query = link_of(facet, rest[0]["value"])
    else:
        pytest.fail("choosing a band never came to an end")


# -- topics and presence ------------------------------------------------------


async def test_chosen_topics_are_never_cut_off(news: Path) -> None:
    rare = facet_archive.TOPICS[-1]
    for filters in ([("_topic", rare)], [("_topic", rare), ("_topic", "nothing is about this")]):
        for size in ("0", "1"):
            query = [*filters, ("_facet_topic", "topics"), ("_facet_size", size)]
            facet = (await facets(site_of(news), query))["topics"]
            assert chosen(facet) == [value for _, value in filters]
            assert len(facet["results"]) <= len(filters) + int(size)


async def test_a_chosen_topic_is_counted_among_equals(news: Path) -> None:
    """One article: all its topics have the same count, and the chosen one is the last by name."""
    article = max(load(news), key=lambda each: len(each["topics"]))
    topic = max(article["topics"])
    assert len(article["topics"]) > 2
    query = [("id", article["id"]), ("_topic", topic), ("_facet_topic", "topics")]
    facet = (await facets(site_of(news), [*query, ("_facet_size", "0")]))["topics"]
    assert counts(facet) == {topic: 1}
    assert facet["truncated"]


async def test_what_is_chosen_stays_in_sight_without_rows(news: Path) -> None:
    query = [*OURS, ("id", "none such"), ("_topic", "Harbour"), ("image_id__notblank", "1")]
    query += [("_related", "0"), ("heat__lt", "0"), ("published_at__isblank", "1")]
    found = await facets(site_of(news), query)
    assert {name: counts(facet) for name, facet in found.items()} == {
        "topics": {"Harbour": 0},
        "published_at": {"": 0},
        "heat": {"..0": 0},
        "quality": {},
        "image": {"1": 0},
        "related": {"0": 0},
    }
    for name, value, taken in (
        ("published_at", "", ("published_at__isblank", "1")),
        ("image", "1", ("image_id__notblank", "1")),
        ("related", "0", ("_related", "0")),
    ):
        assert chosen(found[name]) == [value]
        assert link_of(found[name], value) == [pair for pair in query if pair != taken]


async def test_topics_are_taken_off_one_by_one(news: Path) -> None:
    query = [("_topic", "Harbour"), ("_facet_topic", "topics"), ("_topic", "Weather")]
    facet = (await facets(site_of(news), query))["topics"]
    assert link_of(facet, "Harbour") == query[1:]
    assert link_of(facet, "Weather") == query[:2]
    other = "Rail & Road"
    assert link_of(facet, other) == [*query, ("_topic", other)]


async def test_links_keep_blank_filters(news: Path) -> None:
    """`?type=` keeps the rows whose type is empty; a link that loses it would lie."""
    site = site_of(news)
    facet = (await facets(site, [("type", ""), ("_facet_presence", "image")]))["image"]
    assert ("type", "") in link_of(facet, "1")
    assert len(await ids(site, link_of(facet, "1"))) == counts(facet)["1"]


# -- standing aside -----------------------------------------------------------


async def test_unknown_names_are_passed_over(news: Path) -> None:
    query: Pairs = [
        *(
            (f"_facet_{kind.type}", name)
            for kind in FACETS
            for name in ("", "nothing", "[1]", "a'b")
        ),
        ("_facet_period", '{"simple": 5}'),
        ("_facet_band", '{"column": ["heat"]}'),
        ("_facet_band", "{}"),
        ("_facet_topic", "images"),
        ("_facet_presence", "heat"),
    ]
    site = site_of(news)
    assert await facets(site, query) == {}
    assert (await site.client.get(f"/news/articles?{urlencode(query)}")).status_code == 200


@pytest.mark.parametrize(
    "filters",
    [
        "heat__gte=abc",
        "heat__gte=nan&heat__lt=inf",
        "heat__gte=1e999",
        "heat__gte=&heat__lt=",
        "published_at__gte=%00&published_at__lt=~",
        "published_at__lt=2021-13-45&published_at__gte=2021-02-31",
        "published_at__gte=99999-01-01",
        "published_at__gte=2021&published_at__gte=2022&heat__lt=1&heat__lt=99",
        "_next=zzz",
        "_next=a,b,c&_sort=heat",
        "heat__isblank=1&heat__gte=5&published_at__isblank=&published_at__lt=2020-01-01",
    ],
)
async def test_odd_filters_break_nothing(news: Path, filters: str) -> None:
    site = site_of(news)
    plain = (await site.client.get(f"/news/articles.json?{filters}")).status_code
    address = f"{filters}&{urlencode(OURS)}"
    for extension in ("", ".json"):
        answer = await site.client.get(f"/news/articles{extension}?{address}")
        assert answer.status_code == plain


async def test_a_configured_facet_is_shown_once_and_stays(news: Path) -> None:
    configured = default_metadata.FACETS["articles"]
    site = site_of(news, tables={"articles": {"facets": configured}})
    found = await facets(site, OURS)
    names = ["topics", "provider_id", "type", "published_at", "heat", "is_headline", "image"]
    # One of languages is drawn where there are several.
    assert sorted(found) == sorted([*names, "language", "quality", "related"])
    configured_names = {name for name, facet in found.items() if not facet["hideable"]}
    assert configured_names == {*names, "language"}
    assert found["quality"]["hideable"]
    hide = parse_qsl(urlsplit(found["quality"]["toggle_url"]).query)
    assert hide == [pair for pair in OURS if pair != ("_facet_band", "quality")]
    again = await facets(site, [("_facet_band", "quality"), ("_facet_band", "quality")])
    assert sorted(again) == sorted([*names, "language", "quality"])
    page = (await site.client.get("/news/articles")).text
    for name in names:
        assert page.count(f'id="facet-{name}"') == 1, name


async def test_two_facets_of_one_column_do_not_collide(news: Path) -> None:
    query = [
        ("_facet", "heat"),
        ("_facet_band", "heat"),
        ("_facet_date", "published_at"),
        ("_facet_period", "published_at"),
        ("_facet_band", "quality"),
        ("_facet_period", "quality"),
    ]
    found = await facets(site_of(news), query)
    assert {name: facet["type"] for name, facet in found.items()} == {
        "heat": "column",
        "heat_band": "band",
        "published_at": "date",
        "published_at_period": "period",
        "quality": "period",
        "quality_band": "band",
    }
    assert all(name == facet["name"] for name, facet in found.items())


async def test_the_keys_of_a_result_are_datasettes(news: Path) -> None:
    found = await facets(site_of(news), [*OURS, ("_facet", "type")])
    core = found.pop("type")
    for facet in found.values():
        assert set(facet) == set(core)
        for each in facet["results"]:
            assert set(each) == set(core["results"][0])


@pytest.mark.parametrize(
    ("hidden", "gone"),
    [
        ("article_topics", {"topics"}),
        ("topics", {"topics"}),
        ("related_articles", {"related"}),
        ("images", set()),
    ],
)
async def test_no_facet_of_what_a_visitor_may_not_see(
    news: Path, hidden: str, gone: set[str]
) -> None:
    tables = {hidden: {"allow": {"id": "editor"}}, "articles": {"facets": [{"topic": "topics"}]}}
    site = site_of(news, tables=tables)
    everything = {name for _, name in OURS}
    assert set(await facets(site, OURS)) == everything - gone
    page = await site.client.get("/news/articles")
    assert ('id="facet-topics"' in page.text) == ("topics" not in gone)
    offered = await site.client.get("/news/articles.json?_extra=suggested_facets")
    names = {each["name"] for each in offered.json()["suggested_facets"]}
    assert not names & gone
    editor = {"ds_actor": site.sign({"a": {"id": "editor"}}, "actor")}
    answer = await site.client.get(f"/news/articles.json?{urlencode(OURS)}", cookies=editor)
    results = answer.json()["facet_results"]
    assert set(results["results"] if "timed_out" in results else results) == everything


async def test_other_databases_have_only_ranges(news: Path, tmp_path: Path) -> None:
    """A table of the same name with other columns; our columns by name are no archive either."""
    path = tmp_path / "other.db"
    db = sqlite3.connect(path)
    db.execute(
        "create table articles (id integer primary key, heat integer, image_id, published_at)"
    )
    db.execute("create table article_topics (article_id, topic)")
    db.execute("insert into article_topics values (1, 'Harbour')")
    db.executemany(
        "insert into articles values (?, ?, 'x', '2020-01-01')", [(n, n * 3) for n in range(1, 9)]
    )
    db.commit()
    db.close()
    site = site_of(news, path)
    found = await facets(site, OURS, "/other/articles")
    assert set(found) == {"published_at", "heat"}
    assert labels(found["heat"])[0] != "0 to 24"
    offered = await site.client.get("/other/articles.json?_extra=suggested_facets")
    assert not {"topic", "period", "band", "presence"} & {
        each.get("type") for each in offered.json()["suggested_facets"]
    }


async def test_each_archive_counts_its_own_rows(news: Path, tmp_path: Path) -> None:
    second = facet_archive.build(tmp_path / "second.db", 60, seed=9)
    site = site_of(news, second)
    for path, name in ((news, "news"), (second, "second")):
        found = await facets(site, [*OURS, ("_topic", "Weather")], f"/{name}/articles")
        rows = kept(load(path), [("_topic", "Weather")])
        assert counts(found["topics"])["Weather"] == len(rows)
        assert sum(counts(found["published_at"]).values()) == len(rows)


async def test_views_and_other_tables_of_an_archive(news: Path) -> None:
    site = site_of(news)
    listed = await facets(site, OURS, "/news/article_list")
    assert set(listed) == {"published_at", "heat", "quality"}
    related = await facets(site, OURS, "/news/related_articles")
    assert set(related) == {"published_at", "quality"}
    assert labels(related["quality"])[0] == "below 0"


async def test_our_facets_are_offered_until_they_are_shown(news: Path) -> None:
    site = site_of(news)

    async def offered(*shown: tuple[str, str]) -> dict[tuple[str, str], str]:
        query: Pairs = [("_extra", "suggested_facets"), ("_topic", "Harbour"), *shown]
        suggested = (await read(site, query))["suggested_facets"]
        return {
            (f"_facet_{each['type']}", each["name"]): each["toggle_url"]
            for each in suggested
            if "type" in each
        }

    all_offers = await offered()
    assert set(OURS) <= set(all_offers)
    link = parse_qsl(urlsplit(all_offers[("_facet_topic", "topics")]).query)
    assert ("_facet_topic", "topics") in link
    assert ("_topic", "Harbour") in link
    rest = await offered(*OURS[:3])
    assert set(OURS) & set(rest) == set(OURS[3:])


@pytest.mark.parametrize(
    "error", [QueryInterrupted(Exception(), "", {}), sqlite3.OperationalError("interrupted")]
)
async def test_a_facet_that_took_too_long_is_named(
    news: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def too_long(*args: Any, **more: Any) -> Any:
        raise error

    monkeypatch.setattr(NewsFacet, "count", too_long)
    site = site_of(news)
    page = (await site.client.get(f"/news/articles?{urlencode(OURS)}")).text
    names = [f"{name} ({key.removeprefix('_facet_')})" for key, name in OURS]
    assert f"These facets timed out: {', '.join(names)}" in page


@pytest.mark.filterwarnings("ignore:coroutine")  # Datasette leaves the rest of the page unasked
async def test_other_errors_are_not_hidden(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: Any, **more: Any) -> Any:
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr(NewsFacet, "count", broken)
    answer = await site_of(news).client.get("/news/articles.json?_facet_topic=topics")
    assert answer.status_code >= 400


async def test_a_facet_keeps_to_the_time_limit(news: Path) -> None:
    slow = """(with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)
      select count(*) from n) > 0"""
    site = site_of(news, settings={"facet_time_limit_ms": 10})
    query = [("_where", slow), *OURS, ("_nosuggest", "1")]
    page = (await site.client.get(f"/news/articles?{urlencode(query)}")).text
    assert "These facets timed out: topics (topic), published_at (period)" in page


async def test_a_csv_waits_for_no_facet(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*args: Any, **more: Any) -> Any:
        raise sqlite3.DatabaseError("this was not to be asked")

    monkeypatch.setattr(NewsFacet, "count", broken)
    site = site_of(news)
    for address in ("articles.csv?_stream=1&", "articles.csv?"):
        answer = await site.client.get(f"/news/{address}{urlencode(OURS)}")
        assert answer.text.startswith("id,")


@pytest.mark.parametrize("base_url", ["/", "/prefix/"])
async def test_links_below_a_base_url(news: Path, base_url: str) -> None:
    site = site_of(news, settings={"base_url": base_url})
    answer = await site.client.get(f"/news/articles.json?{urlencode(OURS)}")
    results = answer.json()["facet_results"]
    for facet in (results["results"] if "timed_out" in results else results).values():
        assert urlsplit(facet["toggle_url"]).path == f"{base_url}news/articles.json"
        for each in facet["results"]:
            assert urlsplit(each["toggle_url"]).path == f"{base_url}news/articles.json"


# -- the rows of all pages ----------------------------------------------------

START = "select id, heat from articles where "


@pytest.mark.parametrize(
    ("sql", "params", "expected"),
    [
        (f"{START}((id > :p0))", 1, "select id, heat from articles "),
        (f'{START}"heat" > :p0 and ((id > :p1)) ', 2, f'{START}"heat" > :p0 '),
        (
            f'{START}"heat" > :p0 and '
            "(heat < :p2 or heat is null or (heat = :p2 and ((id > :p1)))) ",
            3,
            f'{START}"heat" > :p0 ',
        ),
        (
            f"{START}(heat > :p1 or (heat = :p1 and ((id > :p0)))) ",
            2,
            "select id, heat from articles ",
        ),
        (f"{START}(heat is null and ((id > :p0))) ", 1, "select id, heat from articles "),
        (
            f"{START}(heat is not null or (heat is null and ((id > :p0)))) ",
            1,
            "select id, heat from articles ",
        ),
    ],
)
def test_the_place_in_the_paging_is_taken_off(sql: str, params: int, expected: str) -> None:
    rows = Rows(sql, {f"p{number}": "" for number in range(params)})
    assert all_pages(rows, ["id", "heat"], ["id"]).sql == expected


@pytest.mark.parametrize(
    "condition",
    [
        '"heat" > :p0',
        '"id" > :p0',
        "((id > :p1))",  # a parameter of another filter
        "(heat < :p0 or heat is null)",
        "owner = :p0",
        "(owner = :p0 and ((id > :p0)))",
    ],
)
def test_no_filter_is_taken_off(condition: str) -> None:
    rows = Rows(f"{START}{condition} ", {"p0": ""})
    assert all_pages(rows, ["id", "heat"], ["id"]) is rows


async def test_a_place_that_does_not_fit_takes_no_filter_off(news: Path) -> None:
    """With too few parts Datasette adds no condition; the last one is then a real filter."""
    site = site_of(news)
    query = [("position__gt", "0"), ("_facet_band", "quality")]
    first = await facets(site, query, "/news/related_articles")
    odd = await facets(site, [*query, ("_next", "x")], "/news/related_articles")
    assert counts(odd["quality"]) == counts(first["quality"])
    assert sum(counts(first["quality"]).values()) > 0


async def test_tables_without_a_key_and_with_two(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "loose.db"
    db = sqlite3.connect(path)
    db.execute("create table loose (number integer)")
    db.executemany("insert into loose values (?)", [[n % 40] for n in range(100)])
    db.commit()
    db.close()
    site = site_of(news, path)
    for address, column in (("/loose/loose", "number"), ("/news/related_articles", "quality")):
        query: Pairs = [("_facet_band", column)]
        first = await facets(site, query, address)
        for sort in ([], [("_sort", column)], [("_sort_desc", column)]):
            place = (await read(site, [*sort, ("_size", "7")], address))["next"]
            second = await facets(site, [*query, *sort, ("_next", place)], address)
            assert counts(second[column]) == counts(first[column])


SUGGESTED = (
    "articles?",
    "articles?_facet=type&_facet_date=published_at",
    "articles?_topic=Harbour&_facet=provider_id",
    "articles?heat__gt=90&type=video",
    "articles?heat__gt=100000",
    "articles?_facet_size=2",
    "articles?_size=2",
    "topics?",
    "article_topics?topic=Harbour",
    "stories?",
    "article_list?",
)


async def suggested(site: Any, address: str) -> list[dict[str, Any]]:
    path, _, query = address.partition("?")
    return (await read(site, [("_extra", "suggested_facets"), *parse_qsl(query)], f"/news/{path}"))[
        "suggested_facets"
    ]


async def test_suggestions_are_the_same_from_memory(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(columns, "file_state", lambda _: None)
        each_time = site_of(news)
        expected = {address: await suggested(each_time, address) for address in SUGGESTED}
    assert "type" in {each["name"] for each in expected["articles?"]}
    assert "type" not in {each["name"] for each in expected[SUGGESTED[1]]}
    site = site_of(news)
    order = [*SUGGESTED, *SUGGESTED[::-1]]
    for address in order:
        assert await suggested(site, address) == expected[address], address


async def test_suggestions_are_found_again_when_the_file_has_changed(tmp_path: Path) -> None:
    site = site_of(facet_archive.build(tmp_path / "news.db", 60))
    before = {each["name"] for each in await suggested(site, "articles?")}
    with sqlite3.connect(tmp_path / "news.db") as db:
        db.execute("update articles set category = 'alike' || (rowid % 2)")
    db.close()
    after = {each["name"] for each in await suggested(site, "articles?")}
    assert after - before == {"category"}


async def test_suggestions_that_were_cut_off_are_not_kept(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(news)
    expected = await suggested(site_of(news), "articles?")
    execute = site.execute
    cut_off: list[str] = []

    async def cutting(database: str, sql: str, *args: Any, **options: Any) -> Any:
        if "type as value, count(*) as n" in sql and not cut_off:
            cut_off.append(sql)
            raise QueryInterrupted(Exception("interrupted"), sql, {})
        return await execute(database, sql, *args, **options)

    monkeypatch.setattr(site, "execute", cutting)
    await suggested(site, "articles?")
    assert cut_off
    assert await suggested(site, "articles?") == expected
    cut_off.clear()
    # Now they are kept: nothing is asked that could be cut off.
    assert await suggested(site, "articles?") == expected
    assert not cut_off


async def test_long_values_are_not_listed_and_hide_no_others(tmp_path: Path) -> None:
    path = facet_archive.build(tmp_path / "news.db", 120)
    long_values = [f"{number} " + "x" * 400 for number in range(40)]
    with sqlite3.connect(path) as db:
        ids = [key for (key,) in db.execute("select id from articles order by id")]
        for place, key in enumerate(ids):
            category = long_values[place // 2] if place < 80 else f"short {place}"
            extra = json.dumps([long_values[place % 40], "short"])
            sql = "update articles set category = ?, title = ?, extra = ? where id = ?"
            db.execute(sql, [category, category, extra, key])
    db.close()
    site = site_of(path)
    for address in (
        "articles?_facet=category",
        "articles?_facet=title",
        "article_list?_facet=title",
    ):
        page, _, query = address.partition("?")
        (facet,) = (await facets(site, parse_qsl(query), f"/news/{page}")).values()
        assert len(facet["results"]) == 30, address
        assert all(each["value"].startswith("short") for each in facet["results"]), address
    (facet,) = (await facets(site, [("_facet_array", "extra")])).values()
    assert [each["value"] for each in facet["results"]] == ["short"]


def test_immutable_databases_of_one_name_are_told_apart(news: Path, tmp_path: Path) -> None:
    site = site_of(news)
    one, other = (
        Database(site, path=str(path), is_mutable=False) for path in (news, tmp_path / "news.db")
    )
    assert file_state(one) == file_state(one)
    assert file_state(one) != file_state(other)


async def test_an_odd_facet_is_no_error_of_ours(news: Path) -> None:
    site = site_of(news)
    query = urlencode([("_facet", '{"column": "type", "simple": ["x"]}')])
    assert (await site.client.get(f"/news/articles?{query}")).status_code == 200
