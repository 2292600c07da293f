"""What cannot be imported is reported with path, place and reason; the rest is imported.

Every case puts one bad file beside a good one. Cases that could hang or eat memory run
in a process of their own, with a time limit and a limit of memory.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
from pathlib import Path

import pytest
from commands import (
    assert_sound,
    counted,
    import_report,
    newsfeed,
    program,
    record,
    rows,
    value,
    write,
)

from datasette_newsfeed.archive.dialects import Site
from datasette_newsfeed.archive.dialects.smartable import Smartable
from datasette_newsfeed.archive.importing import front_matter
from datasette_newsfeed.errors import RecordError

SECONDS = 30
MEMORY = 1 << 30

BROKEN = {
    # name: (the file, the place that the report must name, as a regular expression)
    "unclosed list": ("---\ntitle: [1, 2\nheat: 3\n---\n", r"line [2-4]"),
    "unclosed quote": ('---\ntitle: "no end\nheat: 3\n---\n', r"line [2-4]"),
    "tab as indent": ('---\ntitle: "A"\ncategory: news\n\theat: 3\n---\n', r"line 4"),
    "tab as indent, CRLF": ('---\r\ntitle: "A"\r\nexcerpt: b\r\n\theat: 3\r\n---\r\n', r"line 4"),
    "tab as indent, BOM": ('\ufeff---\ntitle: "A"\nexcerpt: b\n\theat: 3\n---\n', r"line 4"),
    "colon in plain text": ("---\ntitle: one: two\n---\n", r"line 2"),
    "undefined alias": ("---\ntitle: A\nexcerpt: *nobody\n---\n", r"line 3"),
    "invalid escape": ('---\ntitle: "\\q"\n---\n', r"line 2"),
    "surrogate escape": ('---\ntitle: "\\ud800"\n---\n', r"line 2|title"),
    "unclosed front matter": ('---\ntitle: "A"\nheat: 3\n', r".*"),
    "no mapping but a list": ("---\n- title\n- heat\n---\n", r".*"),
    "no mapping but a word": ("---\ntitle\n---\n", r".*"),
    "empty front matter": ("---\n---\n", r"title"),
    "only comments": ("---\n# title: none\n---\n", r"title"),
    "no title, no name": ("---\ncategory: news\nheat: 3\n---\n", r"title"),
    "empty title": ('---\ntitle: ""\n---\n', r"title"),
    "blank title": ('---\ntitle: "  "\n---\n', r"title"),
    "null title": ("---\ntitle:\nheat: 3\n---\n", r"title"),
    "duplicate key": ('---\ntitle: "A"\nheat: 1\nheat: 2\n---\n', r"line 4|heat"),
    "python object": ("---\ntitle: !!python/object/apply:os.getcwd []\n---\n", r"line 2"),
    "unknown tag": ("---\ntitle: !secret A\n---\n", r"line 2"),
    "impossible date": ("---\ntitle: A\npublishedDateTime: 2021-13-45\n---\n", r"line 3|publ.*"),
    "impossible hour": (
        "---\ntitle: A\npublishedDateTime: 2021-01-01T25:00:00Z\n---\n",
        r"line 3|publishedDateTime",
    ),
    "before all time": (
        "---\ntitle: A\npublishedDateTime: 0001-01-01T00:00:00+14:00\n---\n",
        r"line 3|publishedDateTime",
    ),
    "word for a date": (record("A", "publishedDateTime: yesterday"), r"publishedDateTime"),
    "list for a date": (record("A", "publishedDateTime: [2021-01-01]"), r"publishedDateTime"),
    "list for a title": ("---\ntitle: [A, B]\n---\n", r"title"),
    "mapping for a title": ("---\ntitle: {A: B}\n---\n", r"title"),
    "mapping for an excerpt": (record("A", "excerpt: {A: B}"), r"excerpt"),
    "word for heat": (record("A", "heat: hot"), r"heat"),
    "list for heat": (record("A", "heat: [1]"), r"heat"),
    "huge heat": (record("A", "heat: 99999999999999999999"), r"heat"),
    "endless heat": (record("A", "heat: " + "9" * 5000), r"heat|line 3"),
    "infinite heat": (record("A", "heat: .inf"), r"heat"),
    "no number heat": (record("A", "heat: .nan"), r"heat"),
    "word for quality": (record("A", "quality: good"), r"quality"),
    "word for published": (record("A", "published: perhaps"), r"published"),
    "list for a url": (record("A", "webUrl: [a, b]"), r"webUrl"),
    "list for a domain": (record("A", "provider: {domain: [a]}"), r"provider\.domain"),
    "mapping for topics": (record("A", "topics: {a: b}"), r"topics(\[0\])?"),
    "list within topics": (record("A", "topics: [AI, [B]]"), r"topics\[1\]"),
    "list for an image url": (record("A", "images: [{url: [a]}]"), r"images\[0\]\.url"),
    "word for a width": (
        record("A", "images: [{url: /a}, {url: /b, width: wide}]"),
        r"images\[1\]\.width",
    ),
    "huge width": (
        record("A", "images: [{url: /a, width: 99999999999999999999}]"),
        r"images\[0\]\.width",
    ),
    "word for related": (record("A", "related: everything"), r"related(\[0\])?"),
    "word among related": (record("A", "related: [{title: B}, C]"), r"related\[1\]"),
    "word for a related quality": (
        record("A", "related: [{title: B, quality: good}]"),
        r"related\[0\]\.quality",
    ),
    "word for a related date": (
        record("A", "related: [{title: B, publishedDateTime: soon}]"),
        r"related\[0\]\.publishedDateTime",
    ),
    "word for a related width": (
        record("A", "related: [{title: B}, {images: [{url: /a, width: wide}]}]"),
        r"related\[1\]\.images\[0\]\.width",
    ),
    "word for a logo's height": (
        record("A", "provider: {domain: a.example, images: [{url: /a, height: tall}]}"),
        r"provider\.images\[0\]\.height",
    ),
    "organization without domain": ("---\ntaxonomy: organization\nname: A\n---\n", r"_id"),
    "list for an organization's domain": (
        "---\ntaxonomy: organization\n_id: [a]\n---\n",
        r"_id",
    ),
    "NUL in the front matter": (b'---\ntitle: "A"\nheat: \x00\n---\n', r".*"),
    "control characters": (b'---\ntitle: "A \x07\x1b[31m"\n---\n', r".*"),
    "Latin-1": ('---\ntitle: "café"\n---\n'.encode("latin-1"), r".*"),
    "UTF-16": ('---\ntitle: "A"\n---\n'.encode("utf-16"), r".*"),
    "UTF-8 cut in the body": (b'---\ntitle: "A"\n---\nbody \xe2\x82', r".*"),
    "binary junk": (random.Random(7).randbytes(20_000), r".*"),
    "binary junk after three dashes": (b"---\n" + random.Random(8).randbytes(20_000), r".*"),
    "nothing but NUL": (bytes(4096), r".*"),
    "a list that holds itself": ("---\ntitle: A\nnotes: &a [*a]\n---\n", r"line 3|notes.*"),
    "a mapping that holds itself": ("---\ntitle: A\nnotes: &a {b: *a}\n---\n", r"line 3|notes.*"),
}


LINES = {
    # name: (the file, the line at fault as an editor counts)
    "control character": ('---\ntitle: A\nexcerpt: "\x07"\n---\n', 3),
    "control character of C1": ('---\n# one\n# two\ntitle: "a\x92b"\n---\n', 4),
    "control character below": ("---\ntitle: A\n\n\nx: y\x7f\n---\n", 5),
    "no character": ("---\ntitle: A\nx: a\ufffeb\n---\n", 3),
    "below a line separator": ('---\ntitle: "a\u2028b\u2029c"\nheat: x: y\n---\n', 3),
    "below a next line": ('---\ntitle: "a\x85b"\nheat: x: y\n---\n', 3),
    "below letters of several bytes": ("---\ntitle: é😀\u2028\nx: @a\n---\n", 3),
    "key twice, a mapping": ("---\nprovider:\n  name: a\nprovider:\n  name: b\nx: y\n---\n", 4),
    "key twice, a list": ("---\na:\n- 1\n- 2\na:\n- 3\n- 4\nc: d\n---\n", 5),
    "key twice, below a line separator": ('---\ntitle: "\u2028"\na: 1\na: 2\n---\n', 4),
    "list as key": ("---\ntitle: A\n? [a,\n  b]\n: c\n---\n", 3),
    "merge of a list": ("---\ntitle: A\n<<:\n- 1\n- 2\nx: y\n---\n", 3),
    "alias of nobody": ('---\ntitle: "\u2028"\nheat: *x\n---\n', 3),
    "quote that is not closed": ('---\na: b\ntitle: "abc\nheat: 3\nx: y\n---\n', 3),
    "key without a colon": ("---\ntitle: A\nheat 3\nx: y\n---\n", 3),
    "quote within quotes": ("---\na: b\ntitle: 'It's here'\nx: y\n---\n", 3),
    "tab as indent": ("---\ntitle: A\ncategory: news\n\theat: 3\n---\n", 4),
    "blank lines above": ("\n\n---\n\n\ntitle: A\nheat: x: y\n---\n", 7),
    "not closed": ("\n\n---\ntitle: A\n", 3),
    "NUL": ("---\ntitle: A\u2028\nx: \0\n---\n", 3),
    "not UTF-8": (b"---\ntitle: A\xe2\x80\xa8\nx: \xe9\n---\n", 3),
}


def read_record(data: bytes) -> object:
    return Smartable().read(front_matter.read(data), Site())


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("case", LINES)
def test_the_line_at_fault(case, ends):
    text, line = LINES[case]
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(RecordError) as caught:
        read_record(b"\xef\xbb\xbf" + data.replace(b"\n", ends.encode()))
    assert caught.value.place == f"line {line}", caught.value


def test_the_lines_of_old_mac_files():
    with pytest.raises(RecordError) as caught:
        front_matter.read(b"---\ntitle: A\rexcerpt: b\rheat: x: y\n---\n")
    assert caught.value.place == "line 4"


def test_where_a_bracket_was_opened_is_said():
    with pytest.raises(RecordError, match=r"begun in line 2") as caught:
        front_matter.read(b"---\ntopics: [a, b\nheat: 3\nx: y\n---\n")
    assert caught.value.place == "line 3"


def test_a_control_character_is_named():
    """It shows nothing in an editor, so its code is said."""
    with pytest.raises(RecordError, match=r"U\+0092"):
        front_matter.read('---\ntitle: "It\x92s"\n---\n'.encode())


@pytest.mark.parametrize("case", BROKEN)
def test_rejected(case, tmp_path):
    text, place = BROKEN[case]
    db = tmp_path / "news.db"
    bad = write(tmp_path / "records" / "bad.md", text)
    write(tmp_path / "records" / "good.md", record("Good"))
    report = import_report(db, tmp_path / "records", status=1)
    assert (report["added"], report["rejected"], report["skipped"]) == (1, 1, 0)
    (error,) = report["errors"]
    assert Path(error["path"]).name == bad.name
    assert re.fullmatch(place, error["place"]), error
    assert error["reason"].strip()
    assert rows(db, "select id, title from articles") == [("good", "Good")]
    assert_sound(db)


def test_all_text_counts_that_aliases_repeat_and_that_comes_after(monkeypatch):
    monkeypatch.setattr(front_matter, "MAX_FRONT_MATTER_CHARACTERS", 100)
    text = "---\na: &a {}\nb: [*a, *a]\nc: {}\n---\n"
    assert front_matter.read(text.format("x" * 20, "y" * 30).encode()) is not None
    with pytest.raises(RecordError, match="100 characters"):
        front_matter.read(text.format("x" * 20, "y" * 60).encode())


def test_one_line_an_error_on_standard_error(tmp_path):
    """For people: `path: place: reason`, and nothing that moves the cursor of a terminal."""
    db = tmp_path / "news.db"
    for number, (text, _) in enumerate(BROKEN.values()):
        write(tmp_path / "records" / f"bad-{number:02}.md", text)
    write(tmp_path / "records" / "bad-new\nline\x1b[31m.md", "---\ntitle: [\n---\n")
    write(tmp_path / "records" / "good.md", record("Good"))
    outcome = newsfeed("import", db, tmp_path / "records")
    assert outcome.status == 1
    lines = outcome.stderr.rstrip("\n").split("\n")
    assert len(lines) == len(BROKEN) + 1
    for line in lines:
        assert re.match(r"\S*bad-.*?\.md: .+", line), line
        assert line.isprintable(), line
    counts = {"read": len(BROKEN) + 2, "added": 1, "rejected": len(BROKEN) + 1}
    assert counted(outcome.stdout) == counts


def test_rejected_again_while_it_is_broken(tmp_path):
    db = tmp_path / "news.db"
    write(tmp_path / "records" / "bad.md", "---\ntitle: [\n---\n")
    write(tmp_path / "records" / "good.md", record("Good"))
    first = import_report(db, tmp_path / "records", status=1)
    second = import_report(db, tmp_path / "records", status=1)
    assert second["errors"] == first["errors"]
    assert (second["rejected"], second["unchanged"]) == (1, 1)
    write(tmp_path / "records" / "bad.md", record("Mended"))
    assert import_report(db, tmp_path / "records")["added"] == 1


# Odd things that may be either read or rejected, but never end the run

ODD = {
    "image without url": record("A", "images: [{width: 5}]"),
    "number among images": record("A", "images: [{url: /a}, 5]"),
    "number for images": record("A", "images: 5"),
    "number for provider": record("A", "provider: 7"),
    "NUL in the body": b'---\ntitle: "A"\n---\nbody \x00 more',
    "NUL in the title": '---\ntitle: "A\\0B"\n---\n',
    "image as text": record("A", "images: https://pictures.example/a.jpg"),
    "image as mapping": record("A", "images: {url: https://pictures.example/a.jpg}"),
    "provider as text": record("A", "provider: Quay Press"),
    "author as text": record("A", "provider: {domain: a.example, authors: [The desk]}"),
    "authors as text": record("A", "provider: {domain: a.example, authors: The desk}"),
    "domain as number": record("A", "provider: {domain: 1.5, name: 7}"),
    "title as number": "---\ntitle: 2020\n---\n",
    "title as date": "---\ntitle: 2020-01-01\n---\n",
    "title as boolean": "---\ntitle: yes\n---\n",
    "keys that are no text": record(
        "A", "1: one", "true: two", "2020-01-01: three", "? [a, b]\n: 4"
    ),
    "sets and binary": record("A", "seen: !!set {a, b}", "raw: !!binary aGVsbG8="),
    "ordered mapping": record("A", "items: !!omap [a: 1, b: 2]"),
    "not a number": record("A", "price: .nan", "prices: [.inf, -.inf]"),
    "fractional heat": record("A", "heat: 4.0"),
    "half a heat": record("A", "heat: 4.5"),
    "heat as boolean": record("A", "heat: true"),
    "published as number": record("A", "published: 1"),
    "negative width": record("A", "images: [{url: /a, width: -5, height: 0}]"),
    "related without anything": record("A", "related: [{}, {title: B}]"),
    "related within related": record("A", "related: [{title: B, related: [{title: C}]}]"),
    "a URL that is none": record(
        "A", "webUrl: 'http://[::1'", "related: [{webUrl: 'http://[::1'}]"
    ),
    "a URL with spaces": record("A", "webUrl: ' https://a.example/b c '"),
    "a port that is none": record("A", "webUrl: 'https://a.example:port/'"),
    "two documents": '---\ntitle: "A"\n--- \ntitle: "B"\n---\n',
    "YAML 1.1 numbers": record("A", "heat: 0x1F", "quality: 1_000", "length: 190:20:30"),
    "merge keys": "---\nbase: &b {heat: 3}\n<<: *b\ntitle: A\n---\n",
    "long title": record("long " * 100_000),
    "many topics": record("A", f"topics: [{', '.join(f't{n}' for n in range(2000))}]"),
    "many related": record("A", "related:", *["  - {title: B}"] * 2000),
    "old Mac line ends": b'---\rtitle: "A"\r---\r',
    "only two dashes": b"--\ntitle: A\n--\n",
    "four dashes": b"----\ntitle: A\n----\n",
    "dots at the end": b"---\ntitle: A\n...\n",
    "empty file": b"",
    "only dashes": b"---",
    "JSON in front": b'---\n{"title": "A"}\n---\n',
}


@pytest.mark.parametrize("case", ODD)
def test_odd_things_do_not_end_the_run(case, tmp_path):
    db = tmp_path / "news.db"
    write(tmp_path / "records" / "odd.md", ODD[case])
    write(tmp_path / "records" / "zz-good.md", record("Good"))
    report = import_report(db, tmp_path / "records", status=None)
    assert report["added"] + report["rejected"] + report["skipped"] == 2
    assert value(db, "select title from articles where id = 'zz-good'") == "Good"
    assert_sound(db)
    again = import_report(db, tmp_path / "records", status=None)
    assert again["errors"] == report["errors"]
    assert again["added"] == again["updated"] == 0


def test_extra_is_json_for_every_reader(tmp_path):
    """SQLite's own JSON functions read it, also where YAML has values that JSON has not."""
    db = tmp_path / "news.db"
    for number, text in enumerate(ODD.values()):
        write(tmp_path / "records" / f"{number}.md", text)
    import_report(db, tmp_path / "records", status=None)
    for table in ("articles", "related_articles"):
        sql = f"select count(*) from {table} where extra is not null and not json_valid(extra)"
        assert value(db, sql) == 0


# Files that are heavy, or no files


def in_own_process(folder: Path) -> dict:
    outcome = program(
        "sqlite_utils",
        "import",
        folder.parent / "news.db",
        folder,
        "--json",
        timeout=SECONDS,
        memory=MEMORY,
    )
    assert "Traceback" not in outcome.stderr
    assert outcome.status in (0, 1), outcome
    report = outcome.report
    assert report["added"] >= 1
    assert (
        value(folder.parent / "news.db", "select title from articles where id = 'good'") == "Good"
    )
    return report


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "records" / "good.md", record("Good"))
    return tmp_path / "records"


def the_error(report: dict, name: str) -> dict:
    """The one error of the report; it is about the file of that name."""
    (error,) = report["errors"]
    assert Path(error["path"]).name == name
    assert error["reason"].strip()
    assert report["rejected"] == 1
    return error


def laughs(open_: str, close: str) -> str:
    lines = ["---", "title: Ha", f"a0: &a0 {open_.replace('%', 'k0')}x{close}"]
    for n in range(1, 12):
        inner = ", ".join(f"k{i}: *a{n - 1}" if open_ == "{" else f"*a{n - 1}" for i in range(9))
        lines.append(f"a{n}: &a{n} {open_}{inner}{close}")
    return "\n".join([*lines, "---", ""])


ALIAS_BOMBS = {
    "lists": laughs("[", "]"),
    "mappings": laughs("{", "}").replace("a0: &a0 {x}", "a0: &a0 {k: x}"),
    "merges": "\n".join(
        [
            "---",
            "title: Ha",
            "m0: &m0 {k: x}",
            *(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 12)),
            "---",
            "",
        ]
    ),
    "related": "\n".join(
        [
            "---",
            "title: Ha",
            f"x: &x [{', '.join(['{title: A}'] * 1000)}]",
            f"y: &y [{', '.join(['*x'] * 1000)}]",
            f"z: [{', '.join(['*y'] * 1000)}]",
            "related: *x",
            "---",
            "",
        ]
    ),
    "long text": "\n".join(
        [
            "---",
            f"title: &t {'T' * 100_000}",
            f"notes: [{', '.join(['*t'] * 20_000)}]",
            "---",
            "",
        ]
    ),
}


@pytest.mark.parametrize("case", ALIAS_BOMBS)
def test_alias_bomb(case, folder):
    write(folder / "bomb.md", ALIAS_BOMBS[case])
    the_error(in_own_process(folder), "bomb.md")


@pytest.mark.parametrize("depth", [2_000, 100_000])
@pytest.mark.parametrize("kind", ["[", "{a: ", "- "])
def test_deep_nesting(kind, depth, folder):
    end = {"[": "]", "{a: ": "}", "- ": ""}[kind]
    write(folder / "deep.md", f"---\ntitle: Deep\nnotes:\n  {kind * depth}x{end * depth}\n---\n")
    the_error(in_own_process(folder), "deep.md")


def test_some_nesting_is_fine(folder):
    write(folder / "deep.md", f"---\ntitle: Deep\nnotes: {'[' * 20}x{']' * 20}\n---\n")
    assert import_report(folder.parent / "news.db", folder)["added"] == 2


def test_file_of_50_megabytes(folder):
    with (folder / "large.md").open("wb") as file:
        file.truncate(50 << 20)
    the_error(in_own_process(folder), "large.md")


def test_record_of_50_megabytes(folder):
    with (folder / "large.md").open("w") as file:
        file.write("---\ntitle: Large\n---\n")
        for _ in range(50):
            file.write("long text " * 104_858)
    error = the_error(in_own_process(folder), "large.md")
    assert re.search(r"MB|bytes|large|big", error["reason"])


def test_directory_loop(folder):
    write(folder / "deep" / "er" / "inner.md", record("Inner"))
    (folder / "deep" / "er" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "self").symlink_to(folder / "self")
    report = in_own_process(folder)
    assert report["added"] == 2
    assert rows(folder.parent / "news.db", "select id from articles order by 1") == [
        ("good",),
        ("inner",),
    ]


def test_directory_loop_is_reported(folder):
    write(folder / "deep" / "inner.md", record("Inner"))
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    outcome = newsfeed("import", folder.parent / "news.db", folder)
    assert outcome.status == 1
    assert re.fullmatch(r"\S+loop: [^\n]+\n", outcome.stderr)


def test_named_pipe(folder):
    os.mkfifo(folder / "pipe.md")
    report = in_own_process(folder)
    assert [Path(error["path"]).name for error in report["errors"]] in ([], ["pipe.md"])


def test_device_and_socket(folder):
    (folder / "endless.md").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may not be long
        listener.bind("socket.md")
        os.chdir(here)
        in_own_process(folder)


def test_unreadable_files(folder):
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    write(folder / "folder.md" / "inner.md", record("Inner"))
    locked = write(folder / "locked.md", record("Locked"))
    locked.chmod(0)
    may_read = os.access(locked, os.R_OK)  # as root
    report = in_own_process(folder)
    names = sorted(Path(error["path"]).name for error in report["errors"])
    assert names == (["gone.md"] if may_read else ["gone.md", "locked.md"])
    # A folder whose name ends in .md is a folder.
    titles = [title for (title,) in rows(folder.parent / "news.db", "select title from articles")]
    assert sorted(titles) == ["Good", "Inner", *(["Locked"] if may_read else [])]


def test_name_that_is_no_utf_8(folder):
    os.close(os.open(os.fsencode(folder) + b"/caf\xe9.md", os.O_CREAT))
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text(record("Café"))
    report = in_own_process(folder)
    assert (report["added"], report["rejected"]) in ((2, 0), (1, 1))
    assert_sound(folder.parent / "news.db")


def test_name_that_is_all_suffix(folder):
    write(folder / ".md", record("No name"))
    report = in_own_process(folder)
    assert value(folder.parent / "news.db", "select count(*) from articles where id = ''") == 0
    assert report["rejected"] <= 1


def test_hostile_text_is_only_text(folder):
    """SQL, HTML and format strings in every place come out as they went in."""
    hostile = "'; drop table articles; -- <script>alert(1)</script> {0} %s \\\\ ?1"
    lines = [
        f"excerpt: &h {json.dumps(hostile)}",
        "type: *h",
        "topics: [*h]",
        "provider: {name: *h, domain: quay.example, authors: [{name: *h}]}",
        "images: [{url: *h, title: *h}]",
    ]
    write(folder / "hostile.md", record("Hostile", *lines))
    db = folder.parent / "news.db"
    import_report(db, folder)
    assert_sound(db)
    for sql in (
        "select excerpt from articles where id = 'hostile'",
        "select type from articles where id = 'hostile'",
        "select name from topics",
        "select name from providers",
        "select name from authors",
        "select url from images",
    ):
        assert value(db, sql) == hostile, sql
