"""Numbers over time become bars: pure first, then on the pages that show them."""

from __future__ import annotations

import html
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlite_utils
from facet_archive import PROVIDERS, TOPICS, build, open_site

from datasette_newsfeed.pages.access.archives import ArchiveView
from datasette_newsfeed.pages.facets.periods import DAY, MONTH, YEAR, Period
from datasette_newsfeed.pages.facets.ranges import Range
from datasette_newsfeed.pages.queries import cards
from datasette_newsfeed.pages.views import timeline
from datasette_newsfeed.pages.views.timeline import MOST_BARS, Timeline, of_facet, of_months, parse


def value(name: str, count: int = 1, selected: bool = False) -> dict[str, Any]:
    """One value of a period facet, as Datasette hands it to a page."""
    link = {"toggle_url": f"/news/articles?period={name}", "selected": selected}
    return {"value": name, "label": name, "count": count, **link}


def facet(*values: dict[str, Any]) -> dict[str, Any]:
    return {"name": "published_at", "type": "period", "results": list(values)}


def drawn(line: Timeline | None) -> list[tuple[str, int]]:
    assert line is not None
    return [(bar.label, bar.count) for bar in line.bars]


def link(period: Period) -> str:
    return f"/{period.value}"


# -- names of periods ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("2021", Period(YEAR, date(2021, 1, 1))),
        ("2021-04", Period(MONTH, date(2021, 4, 1))),
        ("2021-04-21", Period(DAY, date(2021, 4, 21))),
        ("0001", Period(YEAR, date(1, 1, 1))),
        ("9999-12-31", Period(DAY, date(9999, 12, 31))),
    ],
)
def test_a_period_is_read_from_its_name(name: str, period: Period) -> None:
    assert parse(name) == period
    assert period.value == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "0000", "2021-13", "2021-02-30", "2021-4", "20210421", "2021-W16", "21-04-2021"),
        *("２０２１", "٢٠٢١", "-2021", "2021-01-01..2022-01-01", "no date", "null", "20 21"),
        *("2021\n", "'; --", "<b>1"),
    ],
)
def test_nothing_else_is_a_period(name: str) -> None:
    assert parse(name) is None


# -- the bars -----------------------------------------------------------------


def test_a_gap_is_a_bar_of_zero_without_a_link() -> None:
    line = of_facet(facet(value("2020-11", 2), value("2021-02", 4)))
    assert drawn(line) == [
        *(("November 2020", 2), ("December 2020", 0), ("January 2021", 0), ("February 2021", 4)),
    ]
    assert line is not None
    assert line.unit == MONTH
    assert [bar.url for bar in line.bars][1:3] == [None, None]
    assert line.bars[0].url == "/news/articles?period=2020-11"
    assert line.most == 4


def test_days_go_over_the_end_of_february() -> None:
    line = of_facet(facet(value("2024-02-28"), value("2024-03-01")))
    assert drawn(line) == [("28 February 2024", 1), ("29 February 2024", 0), ("1 March 2024", 1)]


def test_the_bars_stand_side_by_side_on_the_ground() -> None:
    line = of_facet(facet(value("2021", 3), value("2022", 300), value("2023", 100), value("2025")))
    assert line is not None
    assert line.width == 5 * timeline.STEP
    assert line.height == timeline.HEIGHT
    assert 0 < line.bar_width < timeline.STEP
    assert [bar.x for bar in line.bars] == [place * timeline.STEP for place in range(5)]
    assert [bar.height for bar in line.bars] == [3.0, 100.0, 33.33, 0.0, 3.0]
    for bar in line.bars:
        assert bar.y + bar.height == pytest.approx(line.height)
        assert len(str(bar.y)) <= 5  # not 66.66999999999999


def test_the_order_is_that_of_time() -> None:
    line = of_facet(facet(value("2023"), value("2021"), value("2022")))
    assert [label for label, _ in drawn(line)] == ["2021", "2022", "2023"]


def test_the_range_chosen_is_no_bar_among_its_parts() -> None:
    chosen = value("2021-04", 9, selected=True)
    line = of_facet(facet(chosen, value("2021-04-03", 4), value("2021-04-05", 5)))
    assert drawn(line) == [("3 April 2021", 4), ("4 April 2021", 0), ("5 April 2021", 5)]
    assert line is not None
    assert line.unit == DAY


def test_what_has_no_date_is_no_bar() -> None:
    chosen = value("2019-01-01..2030-01-01", 7, selected=True)
    line = of_facet(facet(chosen, value("2021"), value("2022"), value("", 7)))
    assert drawn(line) == [("2021", 1), ("2022", 1)]


@pytest.mark.parametrize(
    "values",
    [
        (),
        (value("2021"),),
        (value(""),),
        (value("2021-04", selected=True),),
        (value("2021", selected=True), value("2021-04")),
    ],
)
def test_fewer_than_two_periods_are_no_timeline(values: tuple[dict[str, Any], ...]) -> None:
    assert of_facet(facet(*values)) is None


@pytest.mark.parametrize(("last", "is_drawn"), [(MOST_BARS, True), (MOST_BARS + 1, False)])
def test_a_timeline_has_so_many_bars_at_most(last: int, is_drawn: bool) -> None:
    line = of_facet(facet(value("0001"), value(f"{last:04}")))
    assert (line is not None) is is_drawn
    if line:
        assert len(line.bars) == MOST_BARS


def test_the_years_end() -> None:
    assert drawn(of_facet(facet(value("9997"), value("9999")))) == [
        *(("9997", 1), ("9998", 0), ("9999", 1)),
    ]
    days = of_facet(facet(value("9999-12-30"), value("9999-12-31")))
    assert drawn(days) == [("30 December 9999", 1), ("31 December 9999", 1)]


def test_a_gap_of_ages_is_filled_no_further_than_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []
    plain = timeline._next

    def counting(period: Period) -> Period | None:
        steps.append(period)
        return plain(period)

    monkeypatch.setattr(timeline, "_next", counting)
    assert of_facet(facet(value("0001-01-01"), value("9999-12-31"))) is None
    assert MOST_BARS <= len(steps) <= MOST_BARS + 2


def test_the_axis_is_that_of_the_days_chosen() -> None:
    found = facet(value("2021-02", 4))
    assert drawn(of_facet(found, Range("2021-01-01", "2021-04-01"))) == [
        *(("January 2021", 0), ("February 2021", 4), ("March 2021", 0)),
    ]
    assert drawn(of_facet(found, Range("2021-01-20", "2021-02-03"))) == [
        *(("January 2021", 0), ("February 2021", 4)),
    ]
    # Half a range says nothing, nor one that holds nothing.
    for chosen in (Range("2021-01-01"), Range("2021-04-01", "2021-01-01"), Range("soon", "later")):
        assert of_facet(found, chosen) is None
    assert of_facet(facet(), Range("2021-01-01", "2021-04-01")) is None
    # More than can be drawn: then only what there is.
    years = facet(value("2001"), value("2003"))
    assert drawn(of_facet(years, Range("1801-01-01", "2101-01-01"))) == [
        *(("2001", 1), ("2002", 0), ("2003", 1)),
    ]


def test_odd_values_are_passed_over() -> None:
    line = of_facet(facet(value("2021"), value("<script>"), value("0000"), value("2022")))
    assert drawn(line) == [("2021", 1), ("2022", 1)]


# -- from counts by month -----------------------------------------------------


def test_months_of_a_few_years_stay_months() -> None:
    line = of_months([("2020-12", 3), ("2021-02", 1)], link)
    assert drawn(line) == [("December 2020", 3), ("January 2021", 0), ("February 2021", 1)]
    assert line is not None
    assert [bar.url for bar in line.bars] == ["/2020-12", None, "/2021-02"]


def test_two_months_side_by_side_are_no_days() -> None:
    line = of_months([("2021-02", 3), ("2021-03", 1)], link)
    assert line is not None
    assert line.unit == MONTH


@pytest.mark.parametrize(("last", "unit"), [("2022-12", MONTH), ("2023-01", YEAR)])
def test_more_than_three_years_are_years(last: str, unit: str) -> None:
    line = of_months([("2020-01", 3), ("2020-05", 4), (last, 1)], link)
    assert line is not None
    assert line.unit == unit
    assert sum(bar.count for bar in line.bars) == 8
    if unit == YEAR:
        assert drawn(line) == [("2020", 7), ("2021", 0), ("2022", 0), ("2023", 1)]
        assert line.bars[0].url == "/2020"


def test_no_months_are_no_timeline() -> None:
    assert of_months([], link) is None
    assert of_months([("2021-04", 3)], link) is None
    odd = [("", 3), ("2021", 9), ("2021-4-", 9), ("yesterd", 9), ("2021-00", 9)]
    assert of_months(odd, link) is None
    assert drawn(of_months([*odd, ("2021-04", 1), ("2021-05", 2)], link)) == [
        *(("April 2021", 1), ("May 2021", 2)),
    ]


# -- on the pages -------------------------------------------------------------


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build(tmp_path_factory.mktemp("timeline") / "news.db")
    db = sqlite_utils.Database(path)
    for number, key in enumerate([row["id"] for row in db.table("articles").rows]):
        later = f"{2031 + number % 2}-05-05T00:00:00Z"
        db.table("articles").update(key, {"updated_at": later})
    for number, published_at in enumerate(["soon", "about 2021-04-01", "0"]):
        row = {"id": f"odd-{number}", "title": "Odd", "published_at": published_at}
        db.table("articles").insert({**row, "provider_id": PROVIDERS[0]})
        db.table("article_topics").insert(
            {"article_id": f"odd-{number}", "topic": TOPICS[0], "position": 0}
        )
    db.close()
    return path


BAR = re.compile(
    r'<a href="([^"]+)"[^>]* class="newsfeed-bar"[^>]*><title>([^<]+): ([\d,]+)</title>'
)
CELL = re.compile(r'<tr><th scope="row">([^<]+)</th><td>([\d,]+)</td></tr>')


def bars_of(page: str) -> dict[str, tuple[str, int]]:
    """The bars of a page's timeline that have a link: name -> address, count."""
    drawing = page.partition('class="newsfeed-timeline-bars"')[2].partition("</figure>")[0]
    found = {label: (html.unescape(url), int(n)) for url, label, n in BAR.findall(drawing)}
    in_words = {label: int(n) for label, n in CELL.findall(drawing)}
    assert {label: n for label, n in in_words.items() if n} == {
        label: n for label, (_, n) in found.items()
    }
    return found


def published(path: Path, where: str = "1", *values: object) -> list[str]:
    db = sqlite_utils.Database(path)
    rows = [row["published_at"] for row in db.table("articles").rows_where(where, list(values))]
    db.close()
    return rows


async def get(datasette: Any, url: str) -> Any:
    """Follow a link, with or without its host."""
    parts = urlsplit(url)
    response = await datasette.client.get(f"{parts.path}?{parts.query}")
    assert response.status_code == 200, url
    return response


async def rows_behind(datasette: Any, url: str) -> int:
    parts = urlsplit(url)
    found = await get(datasette, f"{parts.path}.json?{parts.query}&_shape=array&_size=max")
    return len(found.json())


@pytest.mark.parametrize("filters", ["", "_topic=Harbour&", "_search=ferry&", "heat__gt=20&"])
async def test_each_bar_of_the_articles_leads_to_as_many_as_it_says(
    news: Path, filters: str
) -> None:
    datasette = open_site(news)
    page = (await datasette.client.get(f"/news/articles?{filters}_sort=title")).text
    bars = bars_of(page)
    assert len(bars) == 6  # 2017 to 2022
    for url, count in bars.values():
        assert await rows_behind(datasette, url) == count


async def test_a_bar_leads_on_to_its_parts(news: Path) -> None:
    datasette = open_site(news)
    bars = bars_of((await datasette.client.get("/news/articles")).text)
    days = Counter(text[:10] for text in published(news))
    assert bars["2021"][1] == sum(n for day, n in days.items() if day[:5] == "2021-")
    months = bars_of((await get(datasette, bars["2021"][0])).text)
    assert months["April 2021"][1] == sum(n for day, n in days.items() if day[:8] == "2021-04-")
    in_april = bars_of((await get(datasette, months["April 2021"][0])).text)
    assert in_april["1 April 2021"][1] == days["2021-04-01"]
    assert "newsfeed-timeline" not in (await get(datasette, in_april["1 April 2021"][0])).text


async def test_the_timeline_is_that_of_the_articles_own_dates(news: Path) -> None:
    path = "/news/articles?_facet_period=updated_at"
    page = (await open_site(news).client.get(f"{path}&_facet=published_at")).text
    assert list(bars_of(page)) == ["2017", "2018", "2019", "2020", "2021", "2022"]
    without = open_site(news, tables={"articles": {"facets": ["type"]}})
    page = (await without.client.get(path)).text
    assert "2031" in page  # among the facets
    assert "newsfeed-timeline" not in page
    assert "newsfeed-timeline" not in (await without.client.get("/news/articles")).text


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (f"providers/{PROVIDERS[0].replace('.', '~2E')}", f"provider_id = '{PROVIDERS[0]}'"),
        (
            f"topics/{TOPICS[0]}",
            f"id in (select article_id from article_topics where topic = '{TOPICS[0]}')",
        ),
    ],
)
async def test_numbers_over_time_of_a_row(news: Path, row: str, where: str) -> None:
    datasette = open_site(news)
    bars = bars_of((await datasette.client.get(f"/news/{row}")).text)
    dates = [text for text in published(news, where) if re.match(r"\d{4}-", text)]
    assert {label: n for label, (_, n) in bars.items()} == Counter(text[:4] for text in dates)
    assert len(bars) == 6
    for label, (url, count) in bars.items():
        bounds = parse_qs(urlsplit(url).query)
        assert bounds["published_at__gte"] == [f"{label}-01-01"]
        assert bounds["published_at__lt"] == [f"{int(label) + 1}-01-01"]
        assert await rows_behind(datasette, url) == count


async def test_dates_that_are_not_full_are_in_no_month(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", articles=0)
    db = sqlite_utils.Database(path)
    times = ["2021", "2021-04", "2021-04-2", "2021-04-21", "2021-04-22T00:00:00Z", "", "soon"]
    for published_at in times:
        row = {"id": published_at or "none", "title": "x", "published_at": published_at}
        db.table("articles").insert({**row, "provider_id": PROVIDERS[0]})
    db.close()
    datasette = open_site(path)
    await datasette.invoke_startup()
    view = ArchiveView(datasette, "news", frozenset({"articles", "providers"}), has_copies=False)
    of_provider = cards.SELECTIONS["providers"]
    assert await cards.count_by_month(view, of_provider, PROVIDERS[0]) == [("2021-04", 2)]
    assert await cards.count_by_month(view, of_provider, "nobody") == []
    less = ArchiveView(datasette, "news", frozenset({"articles"}), has_copies=False)
    assert await cards.count_by_month(less, of_provider, PROVIDERS[0]) == []


@pytest.mark.parametrize(("name", "key"), [("topics", "name"), ("providers", "domain")])
async def test_the_last_year_has_no_end(tmp_path: Path, name: str, key: str) -> None:
    path = build(tmp_path / "news.db", articles=0)
    db = sqlite_utils.Database(path)
    db.table(name).insert({key: "late"})
    for month in (11, 12):
        row = {"id": f"n{month}", "title": "Late", "published_at": f"9999-{month}-05T00:00:00Z"}
        row |= {"provider_id": "late"} if name == "providers" else {}
        db.table("articles").insert(row)
        if name == "topics":
            db.table("article_topics").insert(
                {"article_id": f"n{month}", "topic": "late", "position": 0}
            )
    db.close()
    datasette = open_site(path)
    bars = bars_of((await datasette.client.get(f"/news/{name}/late")).text)
    assert "published_at__lt" not in bars["December 9999"][0]
    for url, count in bars.values():
        assert await rows_behind(datasette, url) == count == 1


async def test_the_panel_stays_if_counting_the_months_takes_too_long(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasette.database import QueryInterrupted

    plain = ArchiveView.ask

    async def ask(self: ArchiveView, sql: str, values: Any = ()) -> Any:
        if " as month" in sql:
            raise QueryInterrupted(None, sql, values)
        return await plain(self, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", ask)
    page = (await open_site(news).client.get(f"/news/topics/{TOPICS[0]}")).text
    assert "newsfeed-newest" in page
    assert 'class="newsfeed-card' in page
    assert "newsfeed-timeline" not in page
