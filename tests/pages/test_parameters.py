"""Every parameter that we read, given what it is not: 400 with words, or nothing; never 500.

And SQL in each of them changes no answer but its own. `--long` tries every value
in every format.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from pages_site import STORY, build_archive, open_site
from share import IS_LONG

STEP = 1 if IS_LONG else 5
"""Of so many values the short form tries one for each parameter, another one for the next."""
SQL = [
    *(
        "'",
        "''",
        '"',
        "\\'",
        "' or '1'='1",
        "' or 1=1 --",
        "x' union select 1,2,3 --",
        ";",
        "--",
        "/*",
    ),
    *("'; drop table articles; --", "1; drop table articles", "') or ('1'='1", '" or ""="'),
    *(
        "' union select sql from sqlite_master --",
        "(select count(*) from articles)",
        "randomblob(1e9)",
    ),
    *(
        "1 and 1=like('a', randomblob(1e8))",
        "x' || (select title from articles) || '",
        "`x`",
        "[x]",
    ),
    *(
        ":p0",
        "?1",
        "@x",
        "$x",
        ":newsfeed_limit",
        "char(0)",
        "0x41",
        "x'41'",
        "load_extension('x')",
    ),
]
ODD = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1.5",
        "1e9",
        "1e400",
        "nan",
        "inf",
        "-inf",
        "９",
        "99999999999999999999",
    ),
    *("9" * 400, "null", "true", "[]", "{}", '["a"]', '{"a": 1}', "{", "[", "a" * 5000, "%", "%00"),
    *(
        "\0",
        "\n",
        "\r\nX-A: b",
        "\u202e",
        "\ud7ff",
        "é",
        "👩‍👩‍👧",
        "../../etc/passwd",
        "2021-13-45",
    ),
    *(
        "2021-02-30",
        "9999-12-31",
        "0000-00-00",
        "*",
        "a*",
        "AND",
        "NEAR(",
        '"a',
        "a OR",
        "title:x",
        "^a",
    ),
]
VALUES = [*SQL, *ODD]

OURS = [
    *("_topic", "_related", "_layout", "_facet_topic", "_facet_period", "_facet_band"),
    *("_facet_presence", "published_at__gte", "published_at__lt", "heat__gte", "heat__lt"),
    *("published_at__isblank", "provider_id", "_search", "image_id__notblank"),
]
FORMATS = ("", ".atom", ".rss", ".jsonfeed", ".json", ".csv")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("parameters") / "news.db")


async def ask(datasette: Any, path: str) -> Any:
    answer = await datasette.client.get(path)
    assert answer.status_code in (200, 302, 304, 400, 403, 404), (path, answer.text[:300])
    if answer.status_code == 400:
        assert len(answer.text.strip()) > 10, path
    return answer


async def count(datasette: Any) -> int:
    answer = await datasette.client.get("/news/articles.json?_shape=array&_nofacet=1")
    return len(answer.json())


@pytest.mark.parametrize("parameter", OURS)
async def test_parameters_of_the_articles_page(
    archive: Path, parameter: str, record_property: Any
) -> None:
    datasette = open_site(archive)
    everything = await count(datasette)
    chance = random.Random(parameter)
    tried = 0
    values = VALUES[OURS.index(parameter) % STEP :: STEP]
    for number, value in enumerate(values):
        formats = FORMATS if STEP == 1 else [chance.choice(FORMATS)]
        for extension in formats:
            path = f"/news/articles{extension}?{parameter}={quote_plus(value)}&_nosuggest=1"
            if number % 5 == 0:
                path += "&_facet_topic=topics&_next=1,x"
            await ask(datasette, path)
            tried += 1
    assert await count(datasette) == everything == 6
    record_property("cases", ("odd values of parameters", tried))


async def test_sql_selects_nothing_more(archive: Path) -> None:
    """An attack finds what its own text finds: nothing."""
    datasette = open_site(archive)
    for value in SQL:
        for parameter in ("_topic", "provider_id"):
            path = f"/news/articles.json?_shape=array&{parameter}={quote_plus(value)}"
            answer = await ask(datasette, path)
            assert answer.status_code == 200, path
            assert answer.json() == [], path


async def test_parameters_of_the_search(archive: Path, record_property: Any) -> None:
    datasette = open_site(archive)
    everything = await count(datasette)
    for value in VALUES:
        answer = await ask(datasette, f"/news/-/newsfeed/search?q={quote_plus(value)}")
        assert answer.status_code == 200, value
        answer = await ask(datasette, f"/news/-/newsfeed/search?q=kites&page={quote_plus(value)}")
        is_page = value.strip() in ("",) and value == ""
        assert answer.status_code == (200 if is_page else 400), value
        await ask(datasette, f"/news/-/newsfeed/search?q=kites&{quote_plus(value)}=1")
    assert await count(datasette) == everything
    record_property("cases", ("odd values of parameters", 3 * len(VALUES)))


async def test_parts_of_an_address(archive: Path, record_property: Any) -> None:
    datasette = open_site(archive)
    everything = await count(datasette)
    for value in VALUES:
        part = quote(value, safe="") or "%20"
        for path in (
            f"/news/-/newsfeed/image/{part}/320",
            f"/news/-/newsfeed/image/x/{part}",
            f"/{part}/-/newsfeed/search?q=x",
            f"/{part}/-/newsfeed/image/x/320",
            f"/news/articles/{part}",
            f"/news/topics/{part}",
            f"/news/providers/{part}",
            f"/news/-/newsfeed/{part}",
        ):
            await ask(datasette, path)
    assert await count(datasette) == everything
    record_property("cases", ("odd parts of addresses", 8 * len(VALUES)))


@pytest.mark.parametrize(
    "header", ["If-None-Match", "If-Modified-Since", "Host", "X-Forwarded-Host"]
)
async def test_headers(archive: Path, header: str) -> None:
    datasette = open_site(archive, immutable=True)
    for value in VALUES[::STEP]:
        if (
            not value.isascii()
            or not value.isprintable()
            or (header == "Host" and not value.strip())
        ):
            continue
        for path in (
            "/news/articles.atom",
            f"/news/articles/{STORY}",
            "/news/-/newsfeed/search?q=a",
        ):
            answer = await datasette.client.get(path, headers={header: value})
            assert answer.status_code in (200, 304, 400), (path, value, answer.text[:300])
            assert "evil" not in answer.headers.get("location", "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods(archive: Path, method: str) -> None:
    datasette = open_site(archive)
    for path in (
        "/news/-/newsfeed/search?q=a",
        "/news/-/newsfeed/image/x/320",
    ):
        answer = await datasette.client.request(method, path)
        assert answer.status_code in (200, 400, 403, 404, 405), (path, answer.text[:300])
    assert await count(datasette) == 6
