"""Pages from memory: what is kept, for whom, for how long; and the same bytes as without it."""

from __future__ import annotations

import asyncio
import gzip
import os
import random
import re
import sqlite3
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils import StartupError
from pages_site import LEAD_URL, ODD, STORY, V1, build_archive, open_site
from share import tries

from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages import compat
from datasette_newsfeed.pages.access.archives import find_archive
from datasette_newsfeed.pages.access.database_state import DatabaseStates, FileState
from datasette_newsfeed.pages.headers import encodings, page_cache
from datasette_newsfeed.pages.headers.answer_store import AnswerStore, KeptAnswer

LONG_AGO = 1_700_000_000


@dataclass(frozen=True)
class Got:
    """An answer, its body unpacked."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: bytes


async def ask(
    app: Any,
    path: str,
    *headers: tuple[str, str],
    method: str = "GET",
    scheme: str = "http",
    host: str = "localhost",
    **more: Any,
) -> Got:
    """Ask an application as a server does."""
    path, _, query = path.partition("?")
    started: list[dict[str, Any]] = []
    pieces: list[bytes] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            assert started, "a body before its headers"
            pieces.append(message.get("body", b""))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    from urllib.parse import unquote

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "client": ("127.0.0.1", 1234),
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in (("host", host), *headers)
        ],
        **more,
    }
    await app(scope, receive, send)
    (start,) = started
    found = {key.decode().lower(): value.decode() for key, value in start["headers"]}
    # A server sends no body after HEAD, whatever it is given.
    sent = b"".join(pieces) if method != "HEAD" else b""
    is_packed = found.get("content-encoding") == "gzip" and sent
    return Got(start["status"], found, gzip.decompress(sent) if is_packed else sent, sent)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("page_cache") / "news.db")


@contextmanager
def registered(plugin: Any) -> Iterator[None]:
    pm.register(plugin, plugin.__name__)
    try:
        yield
    finally:
        pm.unregister(plugin)


def age(*paths: Path) -> None:
    """Let files be as they are for a long time: what has just changed is not kept."""
    for path in paths:
        for name in (path, Path(f"{path}-wal")):
            if name.exists():
                os.utime(name, (LONG_AGO, LONG_AGO))


# -- what is kept -----------------------------------------------------------------

HTML = (("content-type", "text/html; charset=utf-8"), ("cache-control", "max-age=5"))
BODY = b"<p>" + b"kites " * 400


class Drawn:
    """An application that counts how often it is asked."""

    def __init__(self, *headers: tuple[str, str], status: int = 200, pieces: int = 1) -> None:
        self.status, self.pieces = status, pieces
        self.headers = [(name.encode(), value.encode()) for name, value in headers or HTML]
        self.times = 0
        self.seen: list[dict[bytes, bytes]] = []
        self.body = BODY

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.times += 1
        self.seen.append(dict(scope["headers"]))
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for number in range(self.pieces):
            more = number < self.pieces - 1
            await send({"type": "http.response.body", "body": self.body, "more_body": more})


def site_of(archive: Path, **settings: Any) -> Any:
    return open_site(archive, immutable=True, **settings)


KEPT = [
    "/",
    "/news",
    "/news/articles",
    "/news/articles?_topic=AI&_facet=type",
    f"/news/articles/{STORY}",
    "/news/articles.atom",
    "/news/article_list.json",
    "/news/article_list.json?_articles=type%3Dvideo",
    f"/news/articles/{STORY}?_from=_where%3Dheat%253E3%26_next%3D5",
    "/news/-/newsfeed/search?q=kites",
    "/news/-/newsfeed/search?q=sql%3Da%3Db",
]
PAST = [
    "/news?sql=select+1",
    "/news/articles?_where=published_at+<+datetime('now')",
    "/news/articles?%5Fwhere=1",
    "/news/-/newsfeed/compare?s=heat%3D1&s=_where%3Dpublished_at%2B%253C%2Bdatetime('now')",
    "/news/article_list?_articles=type%3Dvideo%26_where%3Drandom()",
    "/news/article_list?_articles=%255Fwhere%3Drandom()",
    "/news/articles.csv?_stream=1",
    "/news/articles?_trace=1",
    "/news/what_time_is_it",
    "/news/-/query?sql=select+1",
    "/news/articles/-/drop",
    "/-/versions",
    "/elsewhere",
    "/_memory",
]


@pytest.mark.parametrize("path", KEPT + PAST)
async def test_addresses_that_are_kept(archive: Path, path: str) -> None:
    drawn = Drawn()
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    first, second = await ask(app, path), await ask(app, path)
    assert drawn.times == (1 if path in KEPT else 2)
    assert first.body == second.body == BODY
    if path in KEPT:
        assert first == second
        assert (await ask(app, path, method="HEAD")).headers == first.headers
        assert drawn.times == 1
    await ask(app, path, method="POST")
    await ask(app, path, host="other.example")
    await ask(app, path, scheme="https")
    assert drawn.times == (4 if path in KEPT else 5)


PERSONAL: list[tuple[tuple[tuple[str, str], ...], dict[str, Any]]] = [
    ((("cookie", "ds_actor=x"),), {}),
    ((("cookie", "theme=dark"),), {}),
    ((("authorization", "Bearer x"),), {}),
    ((), {"actor": {"id": "root"}}),
]


@pytest.mark.parametrize(("headers", "more"), PERSONAL)
async def test_who_is_somebody_goes_past(archive: Path, headers: Any, more: Any) -> None:
    drawn = Drawn()
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    await ask(app, "/news/articles")
    await ask(app, "/news/articles", *headers, **more)
    assert drawn.times == 2
    drawn.body = b"other"
    assert (await ask(app, "/news/articles")).body == BODY


ANSWERS = [
    (Drawn(), True),
    (Drawn(*HTML, ("vary", "Cookie, Authorization, Host")), True),
    (Drawn(*HTML, ("etag", '"given"')), True),
    (Drawn(("content-type", "text/csv"), pieces=3), True),
    (Drawn(*HTML, pieces=2), False),
    (Drawn(*HTML, ("set-cookie", "a=b")), False),
    (Drawn(*HTML, ("vary", "Accept-Language")), False),
    (Drawn(*HTML, ("vary", "*")), False),
    (Drawn(*HTML, ("content-encoding", "br")), False),
    (Drawn(HTML[0], ("cache-control", "private, no-store")), False),
    (Drawn(HTML[0], ("cache-control", "no-cache")), False),
    (Drawn(status=404), False),
    (Drawn(status=302), False),
    (Drawn(status=500), False),
]


@pytest.mark.parametrize(("drawn", "is_kept"), ANSWERS)
async def test_answers_that_are_kept(archive: Path, drawn: Drawn, is_kept: bool) -> None:
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    drawn.times = 0
    for _ in range(3):
        answer = await ask(app, "/news/articles")
        assert answer.status == drawn.status
        assert answer.body == BODY * drawn.pieces
        assert ("set-cookie" in answer.headers) == (b"set-cookie" in dict(drawn.headers))
    assert drawn.times == (1 if is_kept else 3)


async def test_one_that_is_too_large_is_not_kept_and_all_together_are_bounded(
    archive: Path,
) -> None:
    setting = {"plugins": {"datasette-newsfeed": {"page_cache_mb": 0.1}}}
    site = site_of(archive, metadata=setting)
    drawn = Drawn()
    app = page_cache.serve_from_memory(site, drawn)
    cache = page_cache.cache_of(site)
    assert cache is not None
    for number in range(60):
        await ask(app, f"/news/articles?_next={number}")
        await ask(app, "/news/articles?_next=first")
        assert 0 < cache.answers.bytes <= 100_000
    assert drawn.times == 61  # what is asked for again and again stays
    assert len(cache.answers) > 10
    drawn.body = b"x" * 12_500
    await ask(app, "/news/topics")
    await ask(app, "/news/topics")
    assert drawn.times == 63


def test_what_an_answer_takes_is_counted_again_when_it_is_packed() -> None:
    store = AnswerStore(100_000)
    answer = KeptAnswer([], b"a" * 9_000, '"x"', None, "text/html")
    store.put("key", answer)
    before = store.bytes
    asyncio.run(answer.pack("gzip"))
    store.put("key", answer)
    assert store.bytes == answer.size == before + len(answer.packed["gzip"].body)  # type: ignore[union-attr]
    store.drop("key")
    assert (store.bytes, len(store)) == (0, 0)


# -- conditions and encodings -------------------------------------------------------


async def test_304_is_given_without_drawing(archive: Path) -> None:
    drawn = Drawn()
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    etag = (await ask(app, "/news/articles")).headers["etag"]
    packed = await ask(app, "/news/articles", ("accept-encoding", "gzip, br"))
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == f"W/{etag}"
    assert packed.body == BODY
    assert len(packed.sent) == int(packed.headers["content-length"]) < len(BODY)
    for accepted, given in (("", etag), ("gzip", f"W/{etag}")):
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = await ask(
                app, "/news/articles", ("if-none-match", known), ("accept-encoding", accepted)
            )
            assert (answer.status, answer.sent) == (304, b"")
            assert answer.headers["etag"] == given
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers["cache-control"] == "max-age=5"
            assert not answer.headers.keys() & {"content-type", "content-length"}
        other = await ask(app, "/news/articles", ("if-none-match", '"other"'))
        assert (other.status, other.body) == (200, BODY)
    assert drawn.times == 1


@pytest.mark.parametrize("settings", [{}, {"page_cache_mb": 0}], ids=["memory", "drawn"])
@pytest.mark.parametrize("path", ["/news/articles", "/news/articles.atom"])
async def test_not_modified_repeats_what_rfc_9110_names(
    archive: Path, path: str, settings: dict[str, int]
) -> None:
    """15.4.5: and no header more, such as the policy, which the client has with the page."""
    app = open_site(
        archive, immutable=True, metadata={"plugins": {"datasette-newsfeed": settings}}
    ).app()
    page = await ask(app, path)
    known = await ask(app, path, ("if-none-match", page.headers["etag"]))
    assert known.status == 304
    assert "content-security-policy" in page.headers
    repeated = {"cache-control", "etag", "vary", "last-modified"} & page.headers.keys()
    assert known.headers == {name: page.headers[name] for name in repeated}


async def test_who_asks_first_with_conditions_has_the_whole_answer_kept(archive: Path) -> None:
    drawn = Drawn(*HTML, ("etag", '"known"'), ("last-modified", "Sat, 02 Mar 2024 07:00:00 GMT"))
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    first = await ask(app, "/news/articles", ("if-none-match", '"known"'))
    assert (first.status, first.body) == (304, b"")
    assert b"if-none-match" not in drawn.seen[0]
    assert (await ask(app, "/news/articles")).body == BODY
    for since, status in (
        ("Sat, 02 Mar 2024 07:00:00 GMT", 304),
        ("Fri, 01 Mar 2024 07:00:00 GMT", 200),
    ):
        answer = await ask(app, "/news/articles", ("if-modified-since", since))
        assert answer.status == status
        both = ("if-none-match", '"other"'), ("if-modified-since", since)
        assert (await ask(app, "/news/articles", *both)).status == 200
    assert drawn.times == 1


ACCEPTED = [
    ("", None),
    ("gzip", "gzip"),
    ("GZIP;q=0.5, deflate", "gzip"),
    ("br, *", "gzip"),
    ("gzip;q=0", None),
    ("*;q=0", None),
    ("identity", None),
    ("identity;q=1, gzip;q=0.5", None),
    ("gzip;q=x", None),
    ("gzip;q=7", None),
    ("deflate, br", None),
    ("gzip," * 200, None),
]


@pytest.mark.parametrize(("accepted", "encoding"), ACCEPTED)
def test_the_encoding_is_one_that_is_taken(
    accepted: str, encoding: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encodings, "PACKERS", {"gzip": encodings.PACKERS["gzip"]})
    encodings.chosen.cache_clear()
    assert encodings.chosen(accepted.encode()) == encoding
    encodings.chosen.cache_clear()


def test_only_text_is_packed_and_packed_alike_each_time() -> None:
    assert encodings.is_packable("application/atom+xml; charset=utf-8", 2_000)
    assert encodings.is_packable("application/json", 2_000)
    assert not encodings.is_packable("text/html", 200)
    assert not encodings.is_packable("image/png", 2_000_000)
    assert encodings.pack("gzip", BODY) == encodings.pack("gzip", BODY)
    assert encodings.pack("gzip", os.urandom(2_000)) is None


# -- many at once ---------------------------------------------------------------------


async def test_of_many_who_wait_one_has_it_drawn(archive: Path) -> None:
    drawn = Drawn()
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    answers = await asyncio.gather(*(ask(app, "/news/articles") for _ in range(50)))
    assert drawn.times == 1
    assert {answer.body for answer in answers} == {BODY}


async def test_a_failure_is_neither_kept_nor_shared(archive: Path) -> None:
    class Failing(Drawn):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if self.times < 3:
                self.times += 1
                await asyncio.sleep(0)
                raise ZeroDivisionError
            await super().__call__(scope, receive, send)

    drawn = Failing()
    site = site_of(archive)
    await find_archive(site, None, "news")
    app = page_cache.serve_from_memory(site, drawn)
    done = await asyncio.gather(
        *(ask(app, "/news/articles") for _ in range(4)), return_exceptions=True
    )
    assert [type(each) for each in done].count(ZeroDivisionError) == 3
    assert (await ask(app, "/news/articles")).body == BODY
    assert drawn.times == 5
    cache = page_cache.cache_of(site)
    assert cache is not None
    assert not cache.waiting


async def test_nobody_waits_for_the_reader_of_a_stream(archive: Path) -> None:
    drawn = Drawn(("content-type", "text/csv"), pieces=2)
    app = page_cache.serve_from_memory(site_of(archive), drawn)
    gate = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await gate.wait()
            await send(message)

        await app(scope, receive, sending)

    first = asyncio.create_task(ask(slow, "/news/articles.csv"))
    await asyncio.sleep(0.01)
    second = await asyncio.wait_for(ask(app, "/news/articles.csv"), 5)
    gate.set()
    assert (await first).body == second.body == BODY * 2


# -- databases that change ---------------------------------------------------------------


def change(path: Path, title: str, journal: str = "delete") -> None:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode={journal}")
    with db:
        db.execute("update articles set title = ? where id = ?", [title, STORY])
    db.close()


@pytest.mark.parametrize("journal", ["delete", "wal"])
async def test_a_commit_is_seen_at_once(tmp_path: Path, journal: str) -> None:
    path = build_archive(tmp_path / "news.db")
    change(path, "A title of before", journal)
    reader = sqlite3.connect(path)  # so that the log stays
    reader.execute("select 1 from articles").fetchall()
    site = open_site(path)
    app = site.app()
    address = f"/news/articles/{STORY}"
    for number in range(6):
        age(path)
        pages = [await ask(app, address) for _ in range(3)]
        expected = f"A title of {number - 1}" if number else "A title of before"
        assert all(expected in page.body.decode() for page in pages)
        assert len({page.body for page in pages}) == 1
        assert pages[1].headers["etag"] == pages[2].headers["etag"]
        known = await ask(app, address, ("if-none-match", pages[1].headers["etag"]))
        assert known.status == 304
        change(path, f"A title of {number}", journal)
        # Just changed: drawn each time, and never of before.
        now = await ask(app, address, ("if-none-match", pages[1].headers["etag"]))
        assert now.status == 200
        assert f"A title of {number}" in now.body.decode()
    reader.close()


async def test_a_commit_while_it_is_drawn_leaves_nothing_behind(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    age(path)

    class Writing(Drawn):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            change(path, f"During {self.times}")
            age(path)
            await super().__call__(scope, receive, send)

    drawn = Writing()
    app = page_cache.serve_from_memory(open_site(path), drawn)
    for _ in range(3):
        await ask(app, "/news/articles")
    assert drawn.times == 3


def test_a_state_is_none_where_nothing_is_sure(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    state = FileState(str(path))
    before = state.read()
    assert before is not None
    assert state.read() == before
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("begin exclusive")
    assert state.read() is None  # locked
    db.execute("commit")
    db.close()
    assert state.read() == before
    change(path, "Another")
    assert state.read() not in (None, before)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    assert state.read() is None  # another file of this name
    assert FileState(str(path)).read() is not None
    for content in (b"not a database" * 100, b""):
        damaged = tmp_path / f"damaged-{len(content)}.db"
        damaged.write_bytes(content)
        assert (FileState(str(damaged)).read() is None) == bool(content)
    assert FileState(str(tmp_path / "none.db")).read() is None


async def test_a_site_with_what_cannot_be_told_keeps_no_front_page(archive: Path) -> None:
    site = site_of(archive)
    assert DatabaseStates().read(site, ["news"]) is not None
    assert DatabaseStates().read(site, ["none"]) is None
    assert DatabaseStates().read(site, ["_memory"]) is None
    drawn = Drawn()
    app = page_cache.serve_from_memory(site, drawn)
    await ask(app, "/")
    await ask(app, "/")
    assert drawn.times == 1
    site.add_memory_database("changes_in_memory")
    await ask(app, "/")
    await ask(app, "/")
    assert drawn.times == 3


SLOW = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"


async def test_where_sql_was_cut_short_it_is_kept_for_its_age_alone(archive: Path) -> None:
    site = site_of(archive)

    class Interrupted(Drawn):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            with pytest.raises(Exception, match="interrupted"):
                await site.get_database("news").execute(SLOW, custom_time_limit=1)
            await super().__call__(scope, receive, send)

    drawn = Interrupted()
    app = compat.remember_request(site, page_cache.serve_from_memory(site, drawn))
    await ask(app, "/news/articles")
    await ask(app, "/news/articles")
    assert drawn.times == 1
    cache = page_cache.cache_of(site)
    assert cache is not None
    ((answer, _),) = cache.answers._answers.values()
    assert answer.until is not None
    assert 0 < answer.until - time.monotonic() <= 5
    answer.until = time.monotonic() - 1
    await ask(app, "/news/articles")
    assert drawn.times == 2


@pytest.mark.line("1.0")
async def test_metadata_and_grants_of_1_0_may_change(archive: Path) -> None:
    site = site_of(archive)
    await site.invoke_startup()
    app = site.app()
    before = await ask(app, "/news")
    assert await ask(app, "/news") == before
    await site.set_database_metadata("news", "description", "Words that came later")
    after = await ask(app, "/news")
    assert b"Words that came later" in after.body
    assert await ask(app, "/news") == after


@pytest.mark.line("1.0")
async def test_without_permission_checks_nothing_is_kept_or_given(archive: Path) -> None:
    site = site_of(
        archive, metadata={"databases": {"news": {"tables": {"topics": {"allow": False}}}}}
    )
    await site.invoke_startup()
    app = site.app()
    open_page = await site.client.get("/news/articles", skip_permission_checks=True)
    assert "Tidal power" in open_page.text
    closed = await ask(app, "/news/articles")
    assert b"Tidal power" not in closed.body
    assert b"Tidal power" not in (await ask(app, "/news/articles")).body
    assert (
        await site.client.get("/news/articles", skip_permission_checks=True)
    ).text == open_page.text


# -- settings and other plugins -------------------------------------------------------------


class Named:
    def __init__(self, name: str) -> None:
        self.__name__ = name


class Drawing(Named):
    @hookimpl
    def extra_body_script(self, request: Any) -> str:
        return "/* " + request.headers.get("accept-language", "") + " */"


class Knowing(Named):
    @hookimpl
    def actor_from_request(self, request: Any) -> Any:
        async def found() -> Any:
            who = request.headers.get("x-who") or request.args.get("_who")
            return {"id": who} if who else None

        return found


class Baking(Named):
    """Sets a cookie, as datasette-themes does, around everything of ours."""

    @hookimpl
    def asgi_wrapper(self, datasette: Any) -> Any:
        def wrapped(app: Any) -> Any:
            async def baking(scope: Any, receive: Any, send: Any) -> None:
                async def sending(message: dict[str, Any]) -> None:
                    if (
                        message["type"] == "http.response.start"
                        and b"theme" in scope["query_string"]
                    ):
                        number = len(made)
                        made.append(number)
                        cookie = (b"set-cookie", f"theme={number}".encode())
                        message = {**message, "headers": [*message["headers"], cookie]}
                    await send(message)

                await app(scope, receive, sending)

            return baking

        made: list[int] = []
        return wrapped


async def test_a_plugin_that_draws_turns_it_off_unless_it_is_asked_for(archive: Path) -> None:
    with registered(Drawing("drawing")):
        assert page_cache.cache_of(site_of(archive)) is None
        setting = {"plugins": {"datasette-newsfeed": {"page_cache_mb": 8}}}
        site = site_of(archive, metadata=setting)
        app = site.app()
        for language in ("de", "en", "de"):
            header = ("accept-language", language)
            pages = [await ask(app, "/news", header) for _ in range(2)]
            assert pages[0] == pages[1]
            assert f"/* {language} */" in pages[0].body.decode()
        cache = page_cache.cache_of(site)
        assert cache is not None
        assert len(cache.answers) == 2
        assert all(each.until is not None for each, _ in cache.answers._answers.values())
    assert page_cache.cache_of(site_of(archive)) is not None


async def test_a_plugin_that_knows_who_asks_is_asked_first(archive: Path) -> None:
    with registered(Knowing("knowing")):
        drawn = Drawn()
        app = page_cache.serve_from_memory(site_of(archive), drawn)
        for _ in range(2):
            await ask(app, "/news/articles")
        assert drawn.times == 1
        await ask(app, "/news/articles", ("x-who", "nell"))
        await ask(app, "/news/articles?_who=nell")
        await ask(app, "/news/articles?_who=nell")
        assert drawn.times == 4


async def test_what_other_plugins_add_to_an_answer_is_not_frozen(archive: Path) -> None:
    with registered(Baking("baking")):
        app = site_of(archive).app()
        cookies = [(await ask(app, "/news?theme=1")).headers["set-cookie"] for _ in range(3)]
        assert cookies == ["theme=0", "theme=1", "theme=2"]


class Packing:
    """Packs what comes through it, and writes that into the very list it was given.

    So does asgi-gzip, which datasette-gzip puts around the application.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        packer = zlib.compressobj(wbits=31)

        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                assert b"content-encoding" not in dict(headers), "packed twice"
                headers[:] = [each for each in headers if each[0] != b"content-length"]
                headers.append((b"content-encoding", b"gzip"))
            else:
                message["body"] = packer.compress(message["body"])
                if not message.get("more_body"):
                    message["body"] += packer.flush()
            await send(message)

        await self.app(scope, receive, sending)


@pytest.mark.parametrize("pieces", [1, 3])
async def test_what_packs_an_answer_around_it_changes_nothing_that_is_kept(
    archive: Path, pieces: int
) -> None:
    drawn = Drawn(("content-type", "text/plain"), ("cache-control", "max-age=5"), pieces=pieces)
    app = Packing(page_cache.serve_from_memory(site_of(archive), drawn))
    for _ in range(3):
        got = await ask(app, "/news/articles")
        assert got.body == BODY * pieces
        assert "content-length" not in got.headers
        known = await ask(app, "/news/articles", ("if-none-match", got.headers.get("etag", "-")))
        assert known.status == (304 if "etag" in got.headers else 200)
    assert drawn.times == 1


async def test_templates_of_the_users_own_turn_it_off(archive: Path, tmp_path: Path) -> None:
    assert page_cache.cache_of(site_of(archive, template_dir=str(tmp_path))) is None
    assert page_cache.cache_of(site_of(archive, cache_headers=False)) is None


@pytest.mark.parametrize("value", [-1, "64", True, 1e9, [64]])
async def test_a_setting_that_says_nothing_is_refused(archive: Path, value: Any) -> None:
    site = site_of(archive, metadata={"plugins": {"datasette-newsfeed": {"page_cache_mb": value}}})
    with pytest.raises(StartupError, match="page_cache_mb"):
        await site.invoke_startup()
    assert page_cache.cache_of(site) is None


# -- the same bytes as without it --------------------------------------------------------------

REQUESTS = tries(180, 10_000)
IMAGE = image_id(LEAD_URL)
POOL = (
    *("/", "/.json", "/news", "/news.json", "/other", "/news/articles", "/news/article_list"),
    *("/news/articles?_layout=table", "/news/articles?_facet=type&_facet_topic=topics"),
    *("/news/articles?_topic=Tidal+power&_sort=title", "/news/articles?type=video&_size=1"),
    *(f"/news/articles/{STORY}", f"/news/articles/{STORY}.json", f"/news/articles/{quote(ODD)}"),
    *("/news/topics", "/news/providers", "/news/providers/strait~2Eexample", "/news/images.json"),
    *("/news/articles.atom?_topic=Tidal+power", "/news/articles.rss", "/news/articles.jsonfeed"),
    *("/news/articles.csv", "/news/articles.csv?_stream=1", "/news/articles.json?_shape=array"),
    *("/news/-/newsfeed/search?q=kites", f"/news/-/newsfeed/image/{IMAGE}/320", "/news/nothing"),
    *(f"/news/-/newsfeed/image/{IMAGE}/x", "/news/articles?_where=id>'2'", "/news/articles/"),
    *(
        "/news/articles/none",
        "/other/articles?_size=2",
        "/-/versions.json",
        "/news/articles?theme=1",
    ),
    *("/news/articles?_who=nell", "/news/articles?_size=x", "/news/articles?_ttl=0"),
)
DENIED = {"databases": {"news": {"tables": {"topics": {"allow": {"id": "nell"}}}}}}
SITES: tuple[dict[str, Any], ...] = (
    {"immutable": True},
    {},
    {"metadata": DENIED},
    {"immutable": True, "settings": {"base_url": "/below/", "default_cache_ttl": 60}},
    {"metadata": {"plugins": {"datasette-newsfeed": {"site_url": "https://news.example"}}}},
    {"immutable": True, "metadata": DENIED, "settings": {"force_https_urls": True}},
)
# How long queries took, and what keeps forms from being forged: said anew by each drawing.
_TIMES = re.compile(rb'"query_ms": [\d.e+-]+|Queries took [\d.]+ms|name="csrftoken" value="[^"]*"')
_OF_TRANSPORT = {"content-length", "content-encoding", "etag", "vary", "set-cookie"}
# Where nothing was kept, "not modified" does not say for how long the answer may be.
_OF_ANSWER = {"cache-control", "content-type"}


def with_setting(options: dict[str, Any], megabytes: float) -> dict[str, Any]:
    metadata = dict(options.get("metadata") or {})
    plugins = dict(metadata.get("plugins") or {})
    ours = {**(plugins.get("datasette-newsfeed") or {}), "page_cache_mb": megabytes}
    return {**options, "metadata": {**metadata, "plugins": {**plugins, "datasette-newsfeed": ours}}}


def comparable(answer: Got) -> tuple[Any, ...]:
    left_out = _OF_TRANSPORT | (_OF_ANSWER if answer.status == 304 else set())
    headers = {key: value for key, value in answer.headers.items() if key not in left_out}
    varies = {part.strip().lower() for part in answer.headers.get("vary", "").split(",")}
    return (
        answer.status,
        _TIMES.sub(b"", answer.body),
        headers,
        varies - {"accept-encoding"} if answer.status != 304 else {},
        "set-cookie" in answer.headers,
    )


def count_patiently(db: Any) -> None:
    """Let Datasette count the rows of tables for its front page however busy the machine is.

    It gives each count 10 ms, and shows no numbers if one of them takes longer.
    """
    count = db.table_counts

    async def counting(limit: int = 10) -> Any:
        return await count(60_000)

    db.table_counts = counting


class Fuzz:
    """Two servers of the same files, one of them without memory, asked the same."""

    def __init__(self, paths: list[Path], options: dict[str, Any], seed: int) -> None:
        self.paths = paths
        self.random = random.Random(seed)
        self.is_immutable = bool(options.get("immutable"))
        self.base = (options.get("settings") or {}).get("base_url", "/").rstrip("/")
        megabytes = self.random.choice([0.5, 64])
        self.sites = [
            open_site(*paths, secret="s", **with_setting(options, size)) for size in (megabytes, 0)
        ]
        for site in self.sites:
            for db in site.databases.values():
                count_patiently(db)
        self.apps = [site.app() for site in self.sites]
        self.known: dict[str, bytes] = {}
        self.etags: dict[str, list[str]] = {}
        self.answered: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = []
        self.seen: Counter[str] = Counter()

    def request(self) -> tuple[str, dict[str, Any], list[tuple[str, str]]]:
        """Return a path, the rest of a request, and its headers."""
        chance = self.random
        if self.answered and chance.random() < 0.15:
            # As a browser asks that has the page: all is the same but the ETag.
            return chance.choice(self.answered)
        path = chance.choice(POOL) if chance.random() < 0.6 else chance.choice(POOL[:12])
        bare, _, query = path.partition("?")
        pairs = query.split("&") if query else []
        chance.shuffle(pairs)
        path = self.base + bare + ("?" + "&".join(pairs) if pairs else "")
        headers: list[tuple[str, str]] = []
        kind = chance.random()
        if kind < 0.08:
            actor = {"a": {"id": chance.choice(["nell", "root"])}}
            headers.append(("cookie", f"ds_actor={self.sites[0].sign(actor, 'actor')}"))
        elif kind < 0.12:
            headers.append(("cookie", chance.choice(["theme=dark", "ds_actor=broken", "a=b"])))
        elif kind < 0.16:
            headers.append(("authorization", "Bearer dstok_none"))
        elif kind < 0.19:
            headers.append(("x-who", "nell"))
        if chance.random() < 0.5:
            headers.append(("accept-encoding", chance.choice(["gzip", "br, gzip;q=0.5", "br"])))
        known = self.etags.get(path, [])
        if known and chance.random() < 0.6:
            headers.append(("if-none-match", chance.choice([*known[-3:], '"other"'])))
        if chance.random() < 0.1:
            headers.append(("if-modified-since", "Sat, 02 Mar 2024 07:00:00 GMT"))
        rest = {
            "method": chance.choices(["GET", "HEAD", "POST"], [90, 8, 2])[0],
            "scheme": chance.choice(["http", "http", "https"]),
            "host": chance.choice(["localhost", "localhost", "a.example", "b.example:81"]),
        }
        return path, rest, headers

    async def write(self) -> None:
        """Change a database, or what 1.0 knows of it; sometimes it is long ago at once."""
        if self.is_immutable or self.random.random() < 0.2:
            if V1:
                words = f"Described {self.random.random()}"
                for site in self.sites:
                    await site.set_database_metadata("news", "description", words)
            return
        change(self.random.choice(self.paths), f"Title {self.random.random()}")
        if self.random.random() < 0.8:
            age(*self.paths)

    async def compare(self) -> None:
        """Ask both once, and compare."""
        path, rest, headers = self.request()
        kept, drawn = [await ask(app, path, *headers, **rest) for app in self.apps]
        self.seen[f"{rest['method']} {kept.status}"] += 1
        given = dict(headers).get("if-none-match")
        where = (path, rest, headers)
        if kept.status == 304 and drawn.status == 200:
            # Pages of a database that changes have an ETag only where they are kept.
            assert given is not None, where
            plain = [each for each in headers if not each[0].startswith("if-")]
            drawn = await ask(self.apps[1], path, *plain, **{**rest, "method": "GET"})
            assert self.known[given.removeprefix("W/")] == _TIMES.sub(b"", drawn.body), where
            return
        for pause in (0, 0, 6):
            # Counts of the front page and suggestions have limits of their own, of some
            # milliseconds: drawn again they may be there; what lacks them is kept for 5 seconds.
            if comparable(kept) == comparable(drawn):
                break
            self.seen["again"] += 1
            await asyncio.sleep(pause)
            if pause:
                kept = await ask(self.apps[0], path, *headers, **rest)
            drawn = await ask(self.apps[1], path, *headers, **rest)
        assert comparable(kept) == comparable(drawn), where
        if "etag" in drawn.headers and "etag" in kept.headers and b"query_ms" not in drawn.body:
            bare = [each.headers["etag"].removeprefix("W/") for each in (kept, drawn)]
            assert bare[0] == bare[1] or not self.is_immutable, where
        if kept.status == 200 and rest["method"] == "GET" and "etag" in kept.headers:
            etag = kept.headers["etag"]
            self.etags.setdefault(path, []).append(etag)
            plain = [each for each in headers if not each[0].startswith("if-")]
            self.answered.append((path, rest, [*plain, ("if-none-match", etag)]))
            body = _TIMES.sub(b"", kept.body)
            assert self.known.setdefault(etag.removeprefix("W/"), body) == body, where


@pytest.mark.parametrize("number", range(len(SITES)))
async def test_no_byte_differs_from_a_server_without_it(
    tmp_path: Path, number: int, record_property: Any
) -> None:
    paths = [build_archive(tmp_path / "news.db"), build_archive(tmp_path / "other.db")]
    age(*paths)
    count = REQUESTS // len(SITES)
    with registered(Knowing("knowing")), registered(Baking("baking")):
        fuzz = Fuzz(paths, SITES[number], number)
        for site in fuzz.sites:
            await site.invoke_startup()
        for turn in range(count):
            if turn % 40 == 39:
                await fuzz.write()
            await fuzz.compare()
        cache = page_cache.cache_of(fuzz.sites[0])
        assert cache is not None
        assert len(cache.answers) > 5
    assert fuzz.seen["GET 304"]
    record_property("cases", ("requests compared with a server without memory", count))
