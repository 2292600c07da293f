"""Facets of any numbers: infinities, the ends of 64 bits, numbers one step apart, text, bytes."""

from __future__ import annotations

import math
import random
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import sqlite_utils
from pages_site import open_site
from share import IS_LONG

from datasette_newsfeed.pages.facets import bands

NUMBERS = (
    *("null", "''", "'text'", "'1e5'", "'nan'", "x'00ff'", "0", "-0.0", "1", "-1", "2.5", "100"),
    *("9e999", "-9e999", "1e308", "-1e308", "1.7976931348623157e308", "5e-324", "1e-300"),
    *("9223372036854775807", "-9223372036854775808", "9223372036854775808.0", "1e22", "1e28"),
    *("1e29", "1.0000000000000002e29", "1.989e30", "9007199254740993", "0.1", "0.3"),
)
"""What a column of numbers may hold, as SQL writes it."""

BOUNDS = ("1e29", "1e308", "1e999", "-1e999", "inf", "nan", "9223372036854775807", "text", "0")


def _number(dice: random.Random) -> float:
    match dice.randrange(4):
        case 0:
            found = struct.unpack("d", dice.randbytes(8))[0]
            return float(found) if math.isfinite(found) else 0.0
        case 1:
            return dice.choice((0.0, 5e-324, 1e308, -1e308, bands.LARGEST, 2.0**63, 1e28, 1e29))
        case 2:
            return dice.randint(-(2**63), 2**63 - 1)
        case _:
            return dice.gauss(0, 10.0 ** dice.randint(-20, 20))


def test_there_are_few_edges_between_any_numbers(record_property: Any) -> None:
    dice = random.Random(5)
    tries = 20_000 if IS_LONG else 4_000
    for _ in range(tries):
        low, high = sorted((_number(dice), _number(dice)))
        match dice.randrange(3):
            case 0:
                high = low
            case 1:
                high = max(low, min(math.nextafter(float(low), math.inf), bands.LARGEST))
        for whole in (True, False):
            edges = bands.round_edges(low, high, whole=whole)
            numbers = [bands.to_number(edge) for edge in edges]
            assert 2 <= len(edges) <= bands.MOST_EDGES, (low, high)
            assert numbers == sorted(set(numbers)), (low, high, numbers)
            assert numbers[0] <= low, (low, high, numbers)
            assert high < numbers[-1] or numbers[-1] == bands.LARGEST, (low, high, numbers)
            assert Decimal(low) >= edges[0]
    record_property("cases", ("ranges of numbers", 2 * tries))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is no archive: the same values in columns of each declared type."""
    path = tmp_path_factory.mktemp("numbers") / "plain.db"
    db = sqlite_utils.Database(path)
    db.execute("create table stars (id integer primary key, r real, i integer, t text, n)")
    for value in NUMBERS:
        db.execute(f"insert into stars (r, i, t, n) values ({', '.join([value] * 4)})")
    db.conn.commit()
    db.close()
    return path


async def facet_of(site: Any, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    path = f"/plain/stars.json?{urlencode([*pairs, ('_nosuggest', '1')])}"
    response = await site.client.get(path)
    assert response.status_code == 200, (path, response.text)
    found = response.json()["facet_results"]
    facets: list[dict[str, Any]] = list(found.get("results", found).values())
    return next(facet for facet in facets if facet["type"] == "band")


@pytest.mark.asyncio
@pytest.mark.parametrize("column", ["r", "i", "t", "n"])
async def test_facets_of_any_numbers_end(plain: Path, column: str) -> None:
    """Each row alone, among its neighbours, and above and below each bound."""
    site = open_site(plain)
    rows = len(NUMBERS)
    selections = [[], *([("id__exact", str(n))] for n in range(1, rows + 1))]
    selections += [[("id__gte", str(n)), ("id__lte", str(n + 3))] for n in range(1, rows)]
    selections += [[(f"{column}__{op}", to)] for op in ("gt", "lt", "gte") for to in BOUNDS]
    for selection in selections:
        asked = [("_facet_band", column), ("_facet_period", column), ("_facet", column)]
        facet = await facet_of(site, [*selection, *asked])
        assert len(facet["results"]) <= bands.MOST_EDGES + 2, selection
        assert sum(value["count"] for value in facet["results"]) <= 2 * rows, selection


@pytest.mark.asyncio
@pytest.mark.parametrize("column", ["r", "i"])
async def test_a_band_keeps_as_many_rows_as_it_counts(plain: Path, column: str) -> None:
    """Of all rows but infinities and text, which no bounds of numbers keep out."""
    site = open_site(plain)
    for first in range(1, len(NUMBERS) + 1):
        if NUMBERS[first - 1][0] in "nx'" or "9e999" in NUMBERS[first - 1]:
            continue
        rows = [("id__in", f"{first},8,25")]
        facet = await facet_of(site, [*rows, ("_facet_band", column)])
        assert sum(value["count"] for value in facet["results"]) == len({first, 8, 25})
        for value in facet["results"]:
            kept = parse_qsl(urlsplit(value["toggle_url"]).query)
            again = await facet_of(site, kept)
            assert again["results"][0]["count"] == value["count"], (kept, value)
