"""Records that attack the reader: each is imported as it is meant or refused with a reason.

In bounded time and memory: every case runs in a process of its own, with RLIMIT_CPU and
RLIMIT_AS set. `--long` also lets hypothesis damage 2,000 good records.
"""

from __future__ import annotations

import json
import resource
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import DEMO, SAMPLES, assert_sound, import_report, record, rows, value, write
from hypothesis import given
from hypothesis import strategies as st
from processes import fork_server
from share import IS_LONG, share, tries

SECONDS, MEMORY = 20, 1 << 30
"""Of the processor's time and of addresses, for one record of at most 10 MB."""
LARGE = tries(1_500_000, 9_900_000)
"""Bytes: in the long form a little less than the limit for a record."""
READ, REFUSED, SKIPPED = "added", "rejected", "skipped"


def front(*lines: str, body: str = "") -> str:
    return "\n".join(["---", "title: A", *lines, "---", body])


def listed(name: str, item: str, count: int) -> str:
    return front(f"{name}: [{', '.join([item] * count)}]")


def numbered(item: str, count: int) -> str:
    return ", ".join(item.format(n) for n in range(count))


def aliases(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return front(*lines)


LOGOS = "provider: {{domain: a.example, images: [{}]}}"
SECRETS = numbered("{{secured: 'aaaaaaaaaaaaaaaa{:04}'}}", 1000)

# What it is: (the record, what becomes of it)
HEAVY: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "alias bomb, doubled": (lambda: aliases(64, 2), REFUSED),
    "alias bomb, wide": (lambda: aliases(8, 90), REFUSED),
    "alias of a long text": (
        lambda: front(f"x: &x {'y' * 1_000_000}", f"z: [{', '.join(['*x'] * 500)}]"),
        REFUSED,
    ),
    "merge bomb": (
        lambda: front(
            "m0: &m0 {k: x}",
            *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 20)}]}}" for n in range(1, 20)),
        ),
        REFUSED,
    ),
    "many anchors": (lambda: front(f"x: [{numbered('&a{} b', 190_000)}]"), READ),
    "deep lists": (lambda: front(f"x: {'[' * 4_000_000}"), REFUSED),
    "deep mappings": (lambda: front(f"x: {'{a: ' * 2_000_000}"), REFUSED),
    "deep block lists": (lambda: front(f"x:\n  {'- ' * 4_000_000}"), REFUSED),
    "deep keys": (lambda: front("? " * 4_000_000), REFUSED),
    "related a million deep": (lambda: front("related: " + "[{related: " * 800_000), REFUSED),
    "related a million wide": (lambda: listed("related", "{t: 1}", 1_000_000), REFUSED),
    "related 60,000 wide": (lambda: listed("related", "{title: B}", 60_000), READ),
    "10,000 topics": (lambda: front(f"topics: [{numbered('topic {}', 10_000)}]"), READ),
    "190,000 topics": (lambda: front(f"topics: [{numbered('t{}', 190_000)}]"), READ),
    "60,000 logos without address": (
        lambda: front(LOGOS.format(", ".join(["{w: 1}"] * 60_000))),
        READ,
    ),
    "60,000 authors": (
        lambda: front(f"provider: {{authors: [{numbered('{{name: N{}}}', 60_000)}]}}"),
        READ,
    ),
    "60,000 images": (lambda: front(f"images: [{numbered('{{url: /{}.png}}', 60_000)}]"), READ),
    "99,000 keys": (lambda: front(*(f"k{n}: 1" for n in range(99_000))), READ),
    "key of megabytes": (lambda: front(f"? {'k' * LARGE}\n: 1"), READ),
    "quoted key of megabytes": (lambda: front(f"? '{'k' * LARGE}'\n: 1"), READ),
    "title of megabytes": (lambda: f"---\ntitle: {'t' * LARGE}\n---\n", READ),
    "excerpt of megabytes": (lambda: front(f"excerpt: {'word ' * (LARGE // 5)}"), READ),
    "body of megabytes": (lambda: front(body="word " * (LARGE // 5)), READ),
    "body of dashes": (lambda: front(body="---\n" * (LARGE // 4)), READ),
    "blank lines before the end": (lambda: front("\n" * LARGE), READ),
    "comments": (lambda: front(*["# c"] * (LARGE // 4)), READ),
    "one line of dashes": (lambda: "-" * LARGE, REFUSED),
    "dashes and spaces": (lambda: "---" + " " * LARGE + "x", SKIPPED),
    "whole number of megabytes": (lambda: front(f"heat: {'1' * LARGE}"), REFUSED),
    "number of megabytes": (lambda: front(f"price: {'1' * LARGE}"), READ),
    "number with lines": (lambda: front(f"price: {'1_' * (LARGE // 2)}"), READ),
    "number to the base 60": (lambda: front(f"price: {'1:' * (LARGE // 2)}1"), READ),
    "time of megabytes": (
        lambda: front(f"publishedDateTime: '2020-01-01T00:00:00.{'1' * LARGE}'"),
        READ,
    ),
    "time with many spaces": (
        lambda: front(f"publishedDateTime: '2020-01-01{' ' * LARGE}1'"),
        REFUSED,
    ),
    "address of megabytes": (
        lambda: front(f"webUrl: https://a.example/{'a/' * (LARGE // 2)}"),
        READ,
    ),
    "address with a long host": (
        lambda: front(f"webUrl: https://{'ü' * (LARGE // 2)}.example/"),
        READ,
    ),
    "address with many parameters": (
        lambda: front(
            f"webUrl: 'https://a.example/?{'&'.join(f'utm_{n}=1' for n in range(LARGE // 14))}'"
        ),
        READ,
    ),
    "address escaped many times": (
        lambda: front(f"webUrl: https://a.example/{'%25' * 3_000_000}"),
        READ,
    ),
    "60,000 odd addresses": (
        lambda: front(
            f"related: [{numbered('{{webUrl: https://ü{}.example/?utm_a=1&b=2#!c}}', 60_000)}]"
        ),
        READ,
    ),
    "1,000 secrets beside 9 MB": (
        lambda: front(f"x: [{SECRETS}]", f"excerpt: {'a' * 9_000_000}"),
        REFUSED,
    ),
    "a secret beside 9 MB": (
        lambda: front("secured: 'aaaaaaaaaaaaaaaab'", f"excerpt: {'a' * 9_000_000}"),
        READ,
    ),
    "entity bomb": (
        lambda: front(body='<!DOCTYPE x [<!ENTITY a "b">]>' + "&a;" * (LARGE // 10)),
        READ,
    ),
    "NUL bytes": (lambda: b"---\ntitle: A\n" + bytes(1_000_000), REFUSED),
    "bytes that are no UTF-8": (lambda: b"---\ntitle: A\n---\n" + b"\xff" * LARGE, REFUSED),
}

MEANT: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    # name: (lines, SQL, what it gives)
    "javascript address": (
        "webUrl: 'javascript:alert(1)'",
        "select url from articles",
        ("javascript:alert(1)",),
    ),
    "data address": (
        "webUrl: 'data:text/html,x'",
        "select url from articles",
        ("data:text/html,x",),
    ),
    "address with line breaks": (
        'webUrl: "https://a.example/\\r\\nSet-Cookie: a=b"',
        "select url from articles",
        ("https://a.example/\r\nSet-Cookie: a=b",),
    ),
    "bidi address": (
        'webUrl: "https://\\u202elpmaxe.a/"',
        "select url from articles",
        ("https://\u202elpmaxe.a/",),
    ),
    "homograph address": (
        "webUrl: https://аррӏе.example/",
        "select url from articles",
        ("https://аррӏе.example/",),
    ),
    "markup": (
        "excerpt: '<script>alert(1)</script>'",
        "select excerpt from articles",
        ("<script>alert(1)</script>",),
    ),
    "number beyond 64 bits": (
        "price: 99999999999999999999",
        "select extra from articles",
        ('{"price": "99999999999999999999"}',),
    ),
    "infinite number": ("price: .inf", "select extra from articles", ('{"price": ".inf"}',)),
    "no number": ("price: .nan", "select extra from articles", ('{"price": ".nan"}',)),
    "tiny number": ("price: 1e-400", "select extra from articles", ('{"price": "1e-400"}',)),
    "largest heat": ("heat: 9223372036854775807", "select heat from articles", (2**63 - 1,)),
    "smallest heat": ("heat: -9223372036854775808", "select heat from articles", (-(2**63),)),
    "size beyond pixels": (
        "images: [{url: /a.png, width: 9223372036854775807, height: 9223372036854775807}]",
        "select width, height from images",
        (2**63 - 1, 2**63 - 1),
    ),
    "first year": (
        "publishedDateTime: 0001-01-02",
        "select published_at from articles",
        ("0001-01-02T00:00:00Z",),
    ),
    "last year": (
        "publishedDateTime: 9999-12-31T23:59:59Z",
        "select published_at from articles",
        ("9999-12-31T23:59:59Z",),
    ),
    "SQL": (
        'topics: ["\'); drop table articles; --"]',
        "select name from topics",
        ("'); drop table articles; --",),
    ),
    "quoted merge key": ("'<<': [1]", "select extra from articles", ('{"<<": [1]}',)),
    "words of a logo": (
        "provider: {domain: a.example, images: [{url: /a.png, title: Logo}]}",
        "select extra from articles",
        ('{"provider": {"images": [{"title": "Logo"}]}}',),
    ),
}

REFUSALS: dict[str, tuple[str | bytes, str]] = {
    # name: (lines, what is named)
    "year 0": ("publishedDateTime: 0000-01-01", "publishedDateTime"),
    "year 99999": ("publishedDateTime: 99999-01-01", "publishedDateTime"),
    "before the first year": ("publishedDateTime: 0001-01-01T00:00:00+14:00", "publishedDateTime"),
    "after the last year": ("publishedDateTime: 9999-12-31T23:59:59-14:00", "publishedDateTime"),
    "30 February": ("publishedDateTime: 2021-02-30", "publishedDateTime"),
    "heat beyond 64 bits": ("heat: 9223372036854775808", "heat"),
    "infinite heat": ("heat: .inf", "heat"),
    "heat with digits of another script": ("heat: Ⅷ", "heat"),
    "NUL in a text": ('excerpt: "a\\0b"', "excerpt"),
    "NUL in a key of ours": ('provider: {name: "a\\0"}', "provider.name"),
    "lone surrogate": ('excerpt: "\\ud83d"', "line 3"),
    "duplicate key": ("heat: 1\nheat: 2", "line 4"),
    "duplicate key, quoted": ("heat: 1\n'heat': 2", "line 4"),
    "object": ("x: !!python/object/apply:os.system [id]", "line 3"),
    "object by name": ("x: !!python/name:os.system", "line 3"),
    "module": ("x: !!python/module:os", "line 3"),
    "tag of one's own": ("x: !include /etc/passwd", "line 3"),
    "binary": ("x: !!binary aGVsbG8=", "line 3"),
    "set": ("x: !!set {a}", "line 3"),
    "list as key": ("? [a]\n: b", "line"),
    "alias that holds itself": ("x: &x [*x]", "line 3"),
    "alias of nobody": ("x: *y", "line 3"),
    "control character": ("excerpt: \x07", ""),
    "directive": ("%YAML 9.9", ""),
}


def import_limited(folder: str, sending: Any) -> None:
    """What runs in the process: an import within limits, and what it took."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    report = import_report(Path(folder) / "news.db", Path(folder) / "records", status=None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    sending.send((report, used.ru_utime + used.ru_stime, used.ru_maxrss))


@pytest.fixture(scope="module")
def limited() -> Callable[[Path], tuple[dict[str, Any], float, int]]:
    server = fork_server()

    def run(folder: Path) -> tuple[dict[str, Any], float, int]:
        receiving, sending = server.Pipe(duplex=False)
        process = server.Process(target=import_limited, args=(str(folder), sending))
        process.start()
        sending.close()
        try:
            found: tuple[dict[str, Any], float, int] = receiving.recv()
        except EOFError:
            process.join(10)
            pytest.fail(f"the import ended with {process.exitcode}")
        process.join(10)
        return found

    return run


SLOW = ("60,000 images", "60,000 odd addresses", "190,000 topics", "99,000 keys", "60,000 authors")
SLOW += ("related 60,000 wide", "quoted key of megabytes", "many anchors", "alias bomb, wide")
"""Read as they should be, only slowly: for the long form."""


@pytest.mark.parametrize("case", share(case for case in HEAVY if IS_LONG or case not in SLOW))
def test_a_heavy_record(case: str, limited: Any, tmp_path: Path, record_property: Any) -> None:
    make, outcome = HEAVY[case]
    write(tmp_path / "records" / "heavy.md", make())
    write(tmp_path / "records" / "good.md", record("Good"))
    report, seconds, kilobytes = limited(tmp_path)
    counts = {name: report[name] for name in (READ, REFUSED, SKIPPED)}
    assert counts == {READ: 1, REFUSED: 0, SKIPPED: 0} | {outcome: 2 if outcome == READ else 1}, (
        report["errors"]
    )
    assert_sound(tmp_path / "news.db")
    for error in report["errors"]:
        assert error["reason"].strip()
        assert len(error["reason"]) + len(error["place"]) < 1000
    record_property("cases", ("heavy records", 1))
    record_property("took", (case, round(seconds, 2), kilobytes // 1024))


@pytest.mark.parametrize("case", share(MEANT))
def test_read_as_it_is_meant(case: str, tmp_path: Path) -> None:
    lines, sql, expected = MEANT[case]
    write(tmp_path / "a.md", front(lines))
    import_report(tmp_path / "news.db", tmp_path / "a.md")
    assert rows(tmp_path / "news.db", sql) == [expected]
    assert_sound(tmp_path / "news.db")


@pytest.mark.parametrize("case", share(REFUSALS))
def test_refused_with_a_reason(case: str, tmp_path: Path) -> None:
    lines, place = REFUSALS[case]
    write(tmp_path / "a.md", front(str(lines)))
    report = import_report(tmp_path / "news.db", tmp_path / "a.md", status=1)
    (error,) = report["errors"]
    assert error["place"].startswith(place), error
    assert error["reason"].strip()


NAMES = (
    *("..", "...", ". .", " ", "a b", "~", "-", "--help", "%2e%2e", "a%00b", "CON", "nul.txt"),
    *("a\nb", "a\tb", "\x1b[31m", "\u202egpj", "é", "a'b", 'a"b', "a;b", "a,b", "a?b#c", "a\\b"),
    *("<script>alert(1)</script>".replace("/", "∕"), "{{7*7}}", "*", "[a]", "a.md", ".hidden", "𝒳"),
)


async def test_names_that_are_no_names(tmp_path: Path) -> None:
    """The name is the key: of a row, of a file on the way back, of a page's address."""
    from datasette.utils import tilde_encode
    from pages_site import open_site

    for name in NAMES:
        write(tmp_path / "records" / f"{name}.md", record("Title of a name"))
    db = tmp_path / "news.db"
    assert import_report(db, tmp_path / "records")["added"] == len(NAMES)
    assert {id for (id,) in rows(db, "select id from articles")} >= {"..", "a\nb", "--help"}
    datasette = open_site(db)
    for (id,) in rows(db, "select id from articles"):
        answer = await datasette.client.get(f"/news/articles/{tilde_encode(id)}")
        assert answer.status_code == 200, id
        assert 'class="newsfeed newsfeed-full"' in answer.text, id


# Good records, damaged

GOOD = [
    path.read_bytes()
    for folder in (SAMPLES, DEMO / "articles")
    for path in sorted(folder.glob("*.md"))
    if path.name != "README.md"
]
PIECES = st.sampled_from(
    [
        *(b"---\n", b"\n", b"\r", b": ", b"- ", b"[", b"]", b"{", b"}", b"'", b'"', b"&a ", b"*a"),
        *(
            b"!!",
            b"!!str ",
            b"|",
            b">-",
            b"#",
            b"%",
            b"@",
            b"`",
            b"<<",
            b"? ",
            b"\t",
            b"\0",
            b"\xff",
        ),
        *(
            b"\xef\xbb\xbf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\\ud800",
            b"\\x00",
            b"\x85",
            b"\x1b",
        ),
        *(
            b"\xe2\x80\xa8",
            b"null",
            b"~",
            b"title: ",
            b"related:\n",
            b"secured: ",
            b"9" * 30,
            b"...\n",
        ),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(GOOD))[:4000])
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 0, 1, 3, 20])))
        data[start:end] = draw(st.one_of(PIECES, st.binary(max_size=4)))
    return bytes(data)


@given(st.lists(damaged(), min_size=10, max_size=10))
def test_damaged_records(files: list[bytes]) -> None:
    """Neither an exception nor silence: read, refused with a reason, or no record at all."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number, data in enumerate(files):
            write(place / "records" / f"{number}.md", data)
        report = import_report(place / "news.db", place / "records", status=None)
        assert report["read"] + report["skipped"] == len(files)
        for error in report["errors"]:
            assert error["reason"].strip()
            assert json.dumps(error)
        assert_sound(place / "news.db")
        assert value(place / "news.db", "select count(*) from articles") <= len(files)
        shutil.rmtree(place / "records")


def test_the_corpus_has_no_name_twice() -> None:
    names = [*HEAVY, *MEANT, *REFUSALS]
    assert len(names) == len(set(names)) > 80
