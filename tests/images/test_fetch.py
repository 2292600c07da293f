"""`newsfeed images`: what a rotten web does to it, and what it must never do itself."""

from __future__ import annotations

import ast
import asyncio
import json
import random
import resource
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from commands import PROGRAMS, assert_sound, newsfeed, program, record, rows, value, write
from odd_images import FAULTY_EXIF
from PIL import WebPImagePlugin
from processes import fork_server
from share import tries
from small_web import Canary, SmallWeb, packed_bomb, picture, small_web

from datasette_newsfeed.archive.images import fetch as fetch_module
from datasette_newsfeed.archive.images import http_client as web_room
from datasette_newsfeed.archive.images import public_addresses, renditions
from datasette_newsfeed.archive.images.fetch import FetchReport, fetch_images
from datasette_newsfeed.archive.images.http_client import Limits, Web
from datasette_newsfeed.archive.sources import change_counter
from datasette_newsfeed.archive.sources.store import Sources
from datasette_newsfeed.image_urls import image_id

PACKAGE = Path(fetch_module.__file__).parent.parent.parent
QUICK = Limits(
    connect=2.0,
    silence=1.0,
    total=2.0,
    bytes=2_000_000,
    attempts=2,
    wait_initial=0.02,
    wait_most=1.5,
)
MONTH = timedelta(days=30)
OUTCOMES = "select url, outcome, status, reason from image_fetches"
CONTENT = """
select images.url, fetches.url, outcome, reason, status, etag, last_modified,
  (select group_concat(width || 'x' || height || ' ' || sha256) from
    (select * from image_renditions where image_id = images.id order by width))
from images left join image_fetches as fetches on fetches.image_id = images.id
order by images.id"""

Fetch = Callable[..., FetchReport]


@pytest.fixture(scope="module")
def _server() -> Iterator[SmallWeb]:
    packed_bomb()  # takes its time
    with small_web() as web:
        yield web


@pytest.fixture
def web(_server: SmallWeb) -> SmallWeb:
    _server.asked.clear()
    _server.seen.clear()
    _server.versions.clear()
    _server.most_busy = 0
    return _server


@pytest.fixture
def canary() -> Iterator[Canary]:
    canary = Canary()
    yield canary
    canary.close()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


@pytest.fixture
def fetch(db: Path, web: SmallWeb) -> Fetch:
    def run(**more: Any) -> FetchReport:
        settings: dict[str, Any] = {"max_age": MONTH, "limits": QUICK, **more}
        return fetch_images(db, own_endpoints=frozenset({web.endpoint}), **settings)

    return run


def _import(db: Path, *urls: str, arguments: tuple[object, ...] = ()) -> None:
    """Import an article for each image; the first is the newest."""
    folder = db.parent / "records"
    for number, url in enumerate(urls):
        day = f"publishedDateTime: 2024-{12 - number // 28:02}-{28 - number % 28:02}"
        text = record(f"Article {number}", day, f"images: [{{url: {json.dumps(url)}}}]")
        write(folder / f"{number:04}.md", text)
    outcome = newsfeed("import", db, folder, *arguments)
    assert outcome.status == 0, outcome


def _outcomes(db: Path) -> dict[str, tuple[Any, ...]]:
    return {url: tuple(rest) for url, *rest in rows(db, OUTCOMES)}


def _stored(db: Path) -> set[str]:
    sql = "select url from images where id in (select image_id from image_renditions)"
    return {url for (url,) in rows(db, sql)}


# -- what comes of an image ---------------------------------------------------

ROTTEN = {
    "/image/1": ("stored", 200, None),
    "/untyped": ("stored", 200, None),
    "/packed/ok": ("stored", 200, None),
    "/once/500": ("stored", 200, None),
    "/once/429/1": ("stored", 200, None),
    "/to?url=/image/9": ("stored", 200, None),
    "/nowhere": ("gone", 404, "404 Not Found"),
    "/status/410": ("gone", 410, "410 Gone"),
    "/status/403": ("failed", 403, "403 Forbidden"),
    "/status/500": ("failed", 500, "500 Internal Server Error"),
    "/status/304": ("failed", 304, "304 Not Modified"),
    "/status/299": ("failed", 299, "299, which is no standard answer"),
    "/status/429/9999": (
        "failed",
        429,
        "429 Too Many Requests; wants us to wait longer than we do",
    ),
    "/silent": ("failed", None, "takes too long"),
    "/drip": ("failed", None, "takes too long"),
    "/rude": ("failed", None, "ends too early, or is no HTTP"),
    "/noise": ("failed", None, "ends too early, or is no HTTP"),
    "/truncated": ("failed", None, "ends too early, or is no HTTP"),
    "/loop/0": ("failed", None, "redirects more than 5 times"),
    "/wrong/html": ("unfit", 200, "is no image of JPEG, PNG, WEBP, GIF, AVIF"),
    "/wrong/svg": ("unfit", 200, "is no image of JPEG, PNG, WEBP, GIF, AVIF"),
    "/wrong/empty": ("unfit", 200, "is no image of JPEG, PNG, WEBP, GIF, AVIF"),
    "/wrong/bomb": ("unfit", 200, "10,000 × 10,000 pixels are too many for an image"),
    "/packed/bomb": ("unfit", 200, "has more than 2,000,000 bytes"),
    "/packed/br": ("unfit", 200, "is packed as br, which was not asked for"),
    "/endless": ("unfit", 200, "has more than 2,000,000 bytes"),
    "/large": ("unfit", 200, "has more than 2,000,000 bytes"),
    "/to?url=ftp://127.0.0.1/a": (
        "refused",
        None,
        "redirects to an address that is neither http nor https",
    ),
    "/to?url=http://me:secret@127.0.0.1/": (
        "refused",
        None,
        "redirects to an address that holds a name or password",
    ),
}
"""What stands on the small web, and how it ends."""

NO_PUBLIC_NAME = "has a host name that is not known to lead to public addresses (or no network?)"
NO_SERVER = {
    "http://nobody.invalid/a.png": ("failed", None, NO_PUBLIC_NAME),
    "http://me:secret@example.org/a.png": ("refused", None, "holds a name or password"),
    "ftp://example.org/a.png": ("refused", None, "is neither http nor https"),
    "data:image/png;base64,AAAA": ("refused", None, "is neither http nor https"),
    "http://[half/a.png": ("refused", None, "is no URL"),
    "http://example.org:99999/a.png": ("refused", None, "is no URL"),
}


def test_each_ends_as_a_row_with_its_reason_and_the_rest_is_fetched(
    db: Path, web: SmallWeb, fetch: Fetch
) -> None:
    expected = {**{web.url(path): end for path, end in ROTTEN.items()}, **NO_SERVER}
    last = web.url("/image/99")
    _import(db, *expected, last)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    report = fetch()
    assert time.monotonic() - started < 30
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 100, f"{grown:.0f} MB"
    assert _outcomes(db) == {**expected, last: ("stored", 200, None)}
    assert report.wanted == len(expected) + 1
    assert report.outcomes.total() == report.wanted
    assert _stored(db) == {
        url for url, (outcome, *_) in expected.items() if outcome == "stored"
    } | {last}
    assert value(db, "select count(*) from image_renditions where type != 'image/webp'") == 0
    assert_sound(db)


def test_a_truncated_image_is_none(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/wrong/cut"))
    fetch()
    ((outcome, status, reason),) = _outcomes(db).values()
    assert (outcome, status) == ("unfit", 200)
    assert reason.startswith("is a broken image")


def test_a_fault_of_metadata_ends_no_run(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    urls = [
        web.url(f"/odd/{kind}/{number}")
        for kind in ("JPEG", "PNG", "WEBP")
        for number in range(len(FAULTY_EXIF))
    ]
    _import(db, *urls)
    fetch()
    assert set(_outcomes(db).values()) == {("stored", 200, None)}
    assert _stored(db) == set(urls)


def test_whatever_the_decoder_raises_the_run_goes_on(
    db: Path, web: SmallWeb, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = WebPImagePlugin.WebPImageFile.load

    def fail(self: Any) -> Any:
        if self.size == (64, 32):
            raise RuntimeError("no such codec")
        return load(self)

    monkeypatch.setattr(WebPImagePlugin.WebPImageFile, "load", fail)
    _import(db, web.url("/image/1"), web.url("/odd/WEBP/0"), web.url("/image/2"))
    fetch()
    assert [outcome for outcome, *_ in _outcomes(db).values()].count("stored") == 2
    assert _outcomes(db)[web.url("/odd/WEBP/0")] == (
        "unfit",
        200,
        "is a broken image (no such codec)",
    )


def test_asked_again_as_often_as_it_may_help(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, *map(web.url, ("/status/500", "/status/404", "/status/429/9999", "/wrong/html")))
    fetch()
    assert web.asked == {
        "/status/500": QUICK.attempts,
        "/status/404": 1,
        "/status/429/9999": 1,
        "/wrong/html": 1,
    }


def test_waits_as_long_as_the_server_asks(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/once/429/1"))
    started = time.monotonic()
    fetch()
    assert time.monotonic() - started >= 1
    assert _stored(db) == {web.url("/once/429/1")}


def test_a_host_that_is_gone_does_not_hold_up_the_run(
    db: Path, web: SmallWeb, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    check = Web._check

    async def noting(self: Web, url: str) -> None:
        names.append(url)
        await check(self, url)

    monkeypatch.setattr(Web, "_check", noting)
    urls = [f"http://gone.invalid/{number}.png" for number in range(40)]
    _import(db, *urls, web.url("/image/1"))
    fetch()
    asked = [name for name in names if "gone.invalid" in name]
    assert len(asked) == fetch_module.GIVEN_UP_AFTER * QUICK.attempts
    outcomes = _outcomes(db)
    assert {outcomes[url] for url in urls} == {("failed", None, NO_PUBLIC_NAME)}
    assert _stored(db) == {web.url("/image/1")}


def test_one_host_is_asked_for_one_image_at_a_time(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, *(web.url(f"/slow/0.02/{number}") for number in range(30)))
    assert fetch(concurrency=8).outcomes["stored"] == 30
    assert web.most_busy == 1


def test_what_is_sent(db: Path, web: SmallWeb, fetch: Fetch, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    _import(db, web.url("/once/500"), web.url("/image/2"), web.url("/to?url=/image/3"))
    assert fetch().outcomes["stored"] == 3
    for _, headers in web.seen:
        assert headers["user-agent"].startswith("datasette-newsfeed/")
        assert headers["accept-encoding"] == "identity"
        assert not {"cookie", "referer", "authorization"} & set(headers)


# -- what must never be asked -------------------------------------------------

SPELLINGS = (
    *("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1"),
    *("127.0.1", "0", "0.0.0.0", "127.9.9.9", "LOCALHOST", "localhost.", "%31%32%37.0.0.1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "①②⑦.⓪.⓪.①", "127。0。0。1"),
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]"),
    *("224.0.0.1", "[ff02::1]", "100.64.0.1", "255.255.255.255", "192.0.0.192", "168.63.129.16"),
)


@pytest.mark.parametrize("way", ["straight", "redirected", "unchecked name"])
def test_no_spelling_of_an_address_leads_inside(
    db: Path,
    web: SmallWeb,
    canary: Canary,
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    urls = [f"http://{spelling}:{canary.port}/secret.png" for spelling in SPELLINGS]
    if way == "redirected":
        urls = [web.url(f"/to?url={url.replace('%', '%25')}") for url in urls]
    if way == "unchecked name":

        async def unchecking(self: Web, url: str) -> None:
            """As if a name had meant something else when it was looked up first."""

        monkeypatch.setattr(Web, "_check", unchecking)
    _import(db, *urls)
    fetch(limits=Limits(connect=1, silence=1, total=2, attempts=1))
    for url, (outcome, status, reason) in _outcomes(db).items():
        assert outcome in ("refused", "failed"), url
        assert status is None, url
        # Some spellings are unknown to the system, or to HTTP.
        ends = ("is no URL", "to no URL", "no public address", NO_PUBLIC_NAME, "cannot be reached")
        assert reason.endswith(ends), (url, reason)
    assert _outcomes(db).keys() == set(urls)
    spelled = {spelling: _outcomes(db)[url] for spelling, url in zip(SPELLINGS, urls, strict=True)}
    for known in ("127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
        assert spelled[known][0] == "refused", known
    assert spelled["localhost"][0] == "failed"
    assert canary.visits == 0
    assert _stored(db) == set()


def test_what_a_name_means_is_looked_up_once(
    db: Path, web: SmallWeb, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a connection goes to the address that was checked, whatever the name means by then."""
    asked: list[object] = []
    getaddrinfo = asyncio.BaseEventLoop.getaddrinfo

    async def rebinding(self: Any, host: Any, port: Any, **more: Any) -> Any:
        asked.append(host)
        # The test server at first, then a machine of the inner network.
        address = "127.0.0.1" if asked.count(host) == 1 else "10.0.0.1"
        return await getaddrinfo(self, address, port, **more)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", rebinding)
    url = web.url("/image/1").replace("127.0.0.1", "rebinding.example")
    assert "rebinding.example" in url
    _import(db, url)
    fetch(limits=Limits(connect=2, silence=2, total=4, attempts=1))
    assert _outcomes(db)[url][0] == "stored", _outcomes(db)
    assert asked.count("rebinding.example") == 1


def _answer(*addresses: str) -> Callable[[], Any]:
    return lambda: [(0, socket.SOCK_STREAM, 6, "", (each, 80)) for each in addresses]


def _raising(error: Exception) -> Callable[[], Any]:
    def lookup() -> Any:
        raise error

    return lookup


LOOKUPS: dict[str, Callable[[], Any]] = {
    "unknown": _raising(socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
    "unknown for now": _raising(socket.gaierror(socket.EAI_AGAIN, "Temporary failure")),
    "no name": _raising(UnicodeError("label too long")),
    "without addresses": _answer(),
    "inner": _answer("10.0.0.1"),
    "this machine": _answer("127.0.0.1", "::1"),
    "both": _answer("8.8.8.8", "192.168.1.1"),
    "slow": lambda: None,
}


@pytest.mark.parametrize("way", ["straight", "redirected"])
def test_nothing_tells_which_names_are_known_inside(
    db: Path, web: SmallWeb, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whoever writes records and sees the tables would find out the names of a network."""
    asked: Counter[str] = Counter()
    names = {f"{case.replace(' ', '-')}.example": lookup for case, lookup in LOOKUPS.items()}
    getaddrinfo = asyncio.BaseEventLoop.getaddrinfo

    async def looking_up(self: Any, host: Any, port: Any, **more: Any) -> Any:
        if host not in names:
            return await getaddrinfo(self, host, port, **more)
        asked[host] += 1
        if host.startswith("slow"):
            await asyncio.sleep(60)
        return names[host]()

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", looking_up)
    # More of a host than are asked for before it is given up.
    count = fetch_module.GIVEN_UP_AFTER + 1 if way == "straight" else 2
    urls = [f"http://{name}/{number}.png" for name in names for number in range(count)]
    if way == "redirected":
        urls = [web.url(f"/to?url={url}") for url in urls]
    _import(db, *urls)
    told = "redirects to an address that " * (way == "redirected") + NO_PUBLIC_NAME
    for _ in range(2):
        asked.clear()
        fetch(limits=replace(QUICK, connect=0.3))
        seen = rows(db, "select distinct outcome, status, reason, etag from image_fetches")
        assert seen == [("failed", None, told, None)]
        assert value(db, "select count(*) from image_fetches") == len(urls)
        looked_up = min(count, fetch_module.GIVEN_UP_AFTER)
        assert asked == dict.fromkeys(names, looked_up * QUICK.attempts), "given up as early"


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "193.0.6.139", "2001:4860:4860::8888", "2606:4700::1111"),
        *("::ffff:8.8.8.8", "64:ff9b::808:808"),
    ],
)
def test_public(address: str) -> None:
    assert public_addresses.is_public(ip_address(address))
    assert public_addresses.is_public_text(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
        *("255.255.255.255", "192.0.0.192", "192.88.99.1", "168.63.129.16"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::127.0.0.1"),
        *("::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "2001:db8::1"),
        *("2001:0:4136:e378:8000:63bf:80ff:fffe", "100::1", "no address", ""),
    ],
)
def test_not_public(address: str) -> None:
    assert not public_addresses.is_public_text(address)


def test_no_command_setting_or_record_reaches_the_switch_of_these_tests(
    db: Path, web: SmallWeb
) -> None:
    """Only an argument of a Python function does, and the commands do not pass it."""
    _import(db, web.url("/image/1"))
    outcome = newsfeed("images", db)
    assert outcome.status == 0
    assert _outcomes(db) == {web.url("/image/1"): ("refused", None, "leads to no public address")}
    assert web.asked == {}
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "own_endpoints" in path.read_text(encoding="utf-8")
    }
    assert users == {
        *("archive/images/http_client.py", "archive/images/fetch.py"),
        *("archive/collect/feed_download.py", "archive/collect/run.py"),
    }
    assert "os.environ" not in Path(web_room.__file__).read_text(encoding="utf-8")


def test_a_database_that_is_no_archive_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("create table t (a)")
    before = path.read_bytes()
    outcome = newsfeed("images", path)
    assert outcome.status != 0
    assert "is no news archive; make one with `newsfeed import`" in outcome.stderr
    assert path.read_bytes() == before


def test_only_three_modules_know_http() -> None:
    speaking = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if {name.partition(".")[0] for name in names} & {"httpx", "httpcore", "stamina"}:
                speaking.add(path.relative_to(PACKAGE).as_posix())
    names = ("http_client.py", "http_errors.py", "connections.py")
    assert speaking == {f"archive/images/{name}" for name in names}


# -- again and again ----------------------------------------------------------


def test_the_second_run_asks_nothing_again(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, *map(web.url, ("/image/1", "/nowhere", "/wrong/html", "/status/500")))
    fetch()
    web.asked.clear()
    report = fetch()
    # What failed may have passed.
    assert web.asked == {"/status/500": QUICK.attempts}
    assert report.wanted == 1


def test_asked_whether_it_changed(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/kept/a"), web.url("/kept/b"), web.url("/image/1"))
    fetch()
    before = rows(db, CONTENT)
    web.versions["/kept/b"] = 1
    report = fetch(max_age=timedelta(0))
    assert (report.wanted, report.unchanged, dict(report.outcomes)) == (3, 1, {"stored": 2})
    after = rows(db, CONTENT)
    changed = {old[0] for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {web.url("/kept/a"), web.url("/kept/b")}
    copies, status = len(before[0]) - 1, 4
    for old, new in zip(before, after, strict=True):
        if old[0] == web.url("/kept/a"):
            assert (old[status], new[status]) == (200, 304)
        assert (old[copies] != new[copies]) == (old[0] == web.url("/kept/b"))
    sent = [headers for path, headers in web.seen if path == "/kept/a"]
    assert "if-none-match" not in sent[0]
    assert sent[1]["if-none-match"] == '"v0"'
    assert sent[1]["if-modified-since"] == "Wed, 01 Jan 2025 10:00:00 GMT"


def test_an_image_outlasts_its_link(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/once/500"), web.url("/kept/a"))
    fetch()
    copies = rows(db, "select * from image_renditions order by 1, 2")
    assert len(copies) == 6
    with small_web() as other:
        # The same records, and a server that knows nothing any more.
        sql = "update image_fetches set fetched_at = '2020-01-01T00:00:00Z'"
        _execute(db, sql)
        gone = frozenset({other.endpoint})
        fetch_images(db, max_age=MONTH, limits=QUICK, own_endpoints=gone)
    assert {outcome for outcome, *_ in _outcomes(db).values()} == {"refused"}
    assert rows(db, "select * from image_renditions order by 1, 2") == copies
    # And the copy is asked for with what is known of it when it is there again.
    assert value(db, "select etag from image_fetches where etag is not null") == '"v0"'


def _execute(db: Path, sql: str) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(db)) as connection:
        connection.execute(sql)
        connection.commit()


def test_only_missing_and_limit(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    urls = [web.url(f"/image/{number}") for number in range(6)]
    _import(db, *urls)
    # The newest first.
    assert fetch(limit=2).wanted == 2
    assert _stored(db) == set(urls[:2])
    assert fetch(limit=1).wanted == 1
    assert _stored(db) == set(urls[:3])
    web.asked.clear()
    assert fetch(only_missing=True, max_age=timedelta(0)).wanted == 3
    assert set(web.asked) == {f"/image/{number}" for number in (3, 4, 5)}
    assert _stored(db) == set(urls)


def test_images_of_articles_related_articles_and_providers(
    db: Path, web: SmallWeb, fetch: Fetch
) -> None:
    names = ("lead", "second", "related", "logo", "related-logo", "organization")
    urls = {name: web.url(f"/kept/{name}") for name in names}
    folder = db.parent / "records"
    write(
        folder / "a.md",
        record(
            "An article",
            f"images: [{{url: '{urls['lead']}'}}, {{url: '{urls['second']}'}}]",
            f"provider: {{name: A, domain: a.example, images: [{{url: '{urls['logo']}'}}]}}",
            "related:",
            "- title: Another",
            "  webUrl: https://b.example/x",
            f"  images: [{{url: '{urls['related']}'}}]",
            "  provider:",
            "    domain: b.example",
            f"    images: [{{url: '{urls['related-logo']}'}}]",
        ),
    )
    write(
        folder / "c.example.md",
        record(
            "C",
            "taxonomy: organization",
            "_id: c.example",
            f"images: [{{url: '{urls['organization']}'}}]",
        ),
    )
    assert newsfeed("import", db, folder).status == 0
    fetch()
    assert _stored(db) == set(urls.values())
    (folder / "a.md").unlink()
    assert newsfeed("import", db, folder, "--prune").status == 0
    assert _stored(db) == {urls["organization"]}
    assert set(_outcomes(db)) == {urls["organization"]}
    assert_sound(db)


def test_files_of_the_archive_come_first(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    file = db.parent / "records" / "assets" / "here.png"
    write(file, picture(1, "PNG", (50, 40)))
    _import(
        db, "/assets/here.png", "/kept/there", "beside.png", arguments=("--base-url", web.url("/"))
    )
    assert fetch().wanted == 1
    assert _outcomes(db) == {web.url("/kept/there"): ("stored", 200, None)}
    # The key is that of the URL as written.
    key = image_id("/kept/there")
    assert value(db, "select count(*) from image_renditions where image_id = ?", (key,)) == 3
    # Once the file is gone it is an image of the web; once it is back, it is not.
    file.unlink()
    newsfeed("import", db, db.parent / "records", "--prune")
    assert fetch().wanted == 1
    assert _outcomes(db)[web.url("/assets/here.png")][0] == "gone"
    write(file, picture(2, "PNG", (50, 40)))
    newsfeed("import", db, db.parent / "records")
    assert set(_outcomes(db)) == {web.url("/kept/there")}
    assert fetch().wanted == 0


def test_an_import_remembers_the_site_of_the_images(db: Path) -> None:
    sql = "select base_url from image_base"
    _import(db, "/a.png", arguments=("--base-url", "https://news.example/"))
    _import(db, "/a.png")
    assert rows(db, sql) == [("https://news.example/",)]
    _import(db, "/a.png", arguments=("--base-url", "https://other.example/"))
    assert rows(db, sql) == [("https://other.example/",)]
    for wrong in ("ftp://x/", "news.example", "/", "https://me:pw@news.example/", "http://[x/"):
        outcome = newsfeed("import", db, db.parent / "records", "--base-url", wrong)
        assert outcome.status == 2, wrong
        assert "--base-url" in outcome.stderr
    assert rows(db, sql) == [("https://other.example/",)]
    _import(db, "/a.png", arguments=("--base-url", ""))
    assert rows(db, sql) == []


# -- killed -------------------------------------------------------------------

KILLS = tries(3, 300)
"""`make crash` kills more often."""


def fetch_slowly(db: str, endpoint: tuple[str, int]) -> None:
    """What runs in the process that is to be killed."""
    fetch_module.BATCH = 3
    limits = Limits(connect=1, silence=1, total=2, attempts=2, wait_initial=0.01)
    fetch_images(db, max_age=timedelta(days=1), limits=limits, own_endpoints=frozenset({endpoint}))


def test_killed_at_any_moment_and_run_again(
    tmp_path: Path, web: SmallWeb, record_property: Any
) -> None:
    paths = [f"/slow/0.01/{number}" for number in range(40)]
    paths += ["/kept/a", "/nowhere", "/wrong/html", "/status/500", "/wrong/bomb"]
    plain, disturbed = tmp_path / "plain" / "news.db", tmp_path / "disturbed" / "news.db"
    for db in (plain, disturbed):
        db.parent.mkdir()
        _import(db, *map(web.url, paths))
    fetch_images(plain, max_age=MONTH, limits=QUICK, own_endpoints=frozenset({web.endpoint}))

    server = fork_server()

    def start() -> Any:
        process = server.Process(target=fetch_slowly, args=(str(disturbed), web.endpoint))
        process.start()
        return process

    sql = "select count(*) from image_fetches"
    chance = random.Random("kill images")
    before = disturbed.read_bytes()
    kills = 0
    while kills < KILLS:
        disturbed.write_bytes(before)
        marks = (1, 5, 14, 25, 36) if kills == 0 else sorted(chance.sample(range(1, 44), 5))
        for wanted in marks:
            process = start()
            deadline = time.monotonic() + 60
            while value(disturbed, sql) < wanted and process.is_alive():
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(chance.choice((0, chance.uniform(0, 0.05))))
            process.kill()
            process.join()
            kills += process.exitcode == -signal.SIGKILL
            assert_sound(disturbed)
            # Whole images only: copies and outcome come together.
            assert _stored(disturbed) == {
                url for url, (outcome, *_) in _outcomes(disturbed).items() if outcome == "stored"
            }
        process = start()
        process.join(60)
        assert process.exitcode == 0
        assert rows(disturbed, CONTENT) == rows(plain, CONTENT)
    record_property("cases", ("kills of images", kills))


# -- what the next import and `relate` find -----------------------------------


def test_it_leaves_the_archive_as_the_import_left_it(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/image/1"), web.url("/nowhere"))
    assert change_counter.is_as_left(db)
    fetch()
    assert change_counter.is_as_left(db)
    assert newsfeed("relate", db, "--json").report["compared"] == 0


def test_it_hides_no_other_writer(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    def write_meanwhile(done: int, total: int) -> None:
        with closing(sqlite3.connect(db)) as other:
            other.execute("update articles set title = 'Another title'")
            other.commit()

    _import(db, web.url("/image/1"), web.url("/nowhere"))
    fetch(on_progress=write_meanwhile)
    assert not change_counter.is_as_left(db)
    _import(db, web.url("/image/1"), web.url("/nowhere"))
    with closing(sqlite3.connect(db)) as other:
        other.execute("update articles set title = 'A third title'")
        other.commit()
    fetch(max_age=timedelta(0))
    assert not change_counter.is_as_left(db)


def test_it_runs_beside_an_import(db: Path, web: SmallWeb, fetch: Fetch) -> None:
    _import(db, web.url("/image/1"))
    with closing(Sources(db)):
        assert fetch().outcomes["stored"] == 1
    assert not change_counter.is_as_left(db)


# -- the command --------------------------------------------------------------


WHY = "The table image_fetches says of each image why it was not stored.\n"


def test_one_line_sums_up(db: Path, web: SmallWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    _import(db, *map(web.url, ("/image/1", "/kept/a", "/nowhere", "/wrong/html")))

    def fetching_here(database: Any, **more: Any) -> FetchReport:
        here = frozenset({web.endpoint})
        return fetch_images(database, **more, limits=QUICK, own_endpoints=here)

    monkeypatch.setattr(fetch_module, "fetch_images", fetching_here)
    outcome = newsfeed("images", db)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (
        0,
        "4 asked for: 2 stored, 0 unchanged, 1 gone, 1 unfit\n",
        WHY,
    )
    assert newsfeed("images", db).stdout == "0 asked for: 0 stored, 0 unchanged\n"
    assert newsfeed("images", db, "--json", "--max-age", "0", "--limit", "2").report == {
        "asked": 2,
        "unchanged": 1,
        "stored": 1,
        "gone": 0,
        "failed": 0,
        "refused": 0,
        "unfit": 0,
        "hostless": 0,
    }


def test_images_whose_site_is_not_known_are_told_of(db: Path) -> None:
    _import(db, "/a.png", "/b.png", "beside.png")
    outcome = newsfeed("images", db)
    assert (outcome.status, outcome.stdout) == (0, "0 asked for: 0 stored, 0 unchanged\n")
    assert outcome.stderr.startswith("2 images have a URL without a host")
    assert "--base-url" in outcome.stderr
    _import(db, "/a.png", "/b.png", "beside.png", arguments=("--base-url", "http://127.0.0.1:9/"))
    outcome = newsfeed("images", db)
    assert (outcome.stdout, outcome.stderr) == (
        "2 asked for: 0 stored, 0 unchanged, 2 refused\n",
        WHY,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_programs(name: str, db: Path) -> None:
    _import(db, "http://127.0.0.1:9/a.png")
    outcome = program(name, "images", db)
    assert (outcome.status, outcome.stderr) == (0, WHY)
    assert outcome.stdout == "1 asked for: 0 stored, 0 unchanged, 1 refused\n"


def test_wrong_use(db: Path, tmp_path: Path) -> None:
    outcome = newsfeed("images", db)
    assert outcome.status == 2
    assert "newsfeed import" in outcome.stderr
    write(tmp_path / "text.db", "no database" * 100)
    assert newsfeed("images", tmp_path / "text.db").status == 2
    _import(db, "/a.png")
    for wrong in (("--limit", "0"), ("--max-age", "-1"), ("--concurrency", "0")):
        assert newsfeed("images", db, *wrong).status == 2


def test_without_the_libraries_it_says_which(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _import(db, "/a.png")
    monkeypatch.setattr(fetch_module, "can_fetch", lambda: False)
    outcome = newsfeed("images", db)
    assert outcome.status == 2
    assert "datasette-newsfeed[images]" in outcome.stderr


def test_prepare_keeps_the_copies_and_drops_how_they_came(
    db: Path, web: SmallWeb, fetch: Fetch
) -> None:
    _import(db, web.url("/image/1"), web.url("/nowhere"))
    fetch()
    out = db.parent / "out.db"
    outcome = newsfeed("prepare", db, out, "--json")
    size = value(db, "select sum(length(content)) from image_renditions")
    assert outcome.report["images_size"] == size > 0
    assert f"{size:,} are stored images" in newsfeed("prepare", db, out, "--force").stdout
    assert rows(out, "select * from image_fetches") == []
    copies = "select * from image_renditions order by 1, 2"
    assert rows(out, copies) == rows(db, copies) != []
    assert web.endpoint[0].encode() not in out.read_bytes().replace(
        web.url("/image/1").encode(), b""
    ).replace(web.url("/nowhere").encode(), b"")


def test_widths_are_for_cards_and_thumbnails() -> None:
    assert renditions.WIDTHS == (160, 480, 960)
