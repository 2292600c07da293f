"""What a batch costs does not grow with the archive. Counts steps, and never time.

SQLite tells the steps of its virtual machine; records that join a large archive must not
need many more of them than those that join a small one.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import assert_sound, newsfeed, record, value, write

from datasette_newsfeed.archive.importing import importer

PROVIDER = (
    "provider:",
    "  domain: paper.example",
    "  name: The Paper",
    "  images:",
    '  - url: "https://paper.example/logo.png"',
    "    width: 50",
    "    height: 50",
    "topics: [Tides]",
)


def steps_of_batch(place: Path, articles: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """The steps, in hundreds, of a batch of one record beside so many of its provider."""
    for n in range(articles):
        write(place / f"records/{n:05}.md", record(f"Piece {n}", *PROVIDER))
    assert newsfeed("import", place / "news.db", place / "records").status == 0
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    connect = sqlite3.connect

    def counting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_progress_handler(count, 100)
        return connection

    counts = []
    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", counting)
        patched.setattr(importer, "BATCH", 1)
        # A run looks at the archive as a whole, too; batches are what one has more of.
        for late in (1, 11):
            for n in range(late):
                write(place / f"late-{late}/{late}-{n}.md", record(f"Late {n}", *PROVIDER))
            steps[0] = 0
            late_files = place / f"late-{late}"
            # Stories are computed from all articles, and are not what is counted here.
            assert newsfeed("import", place / "news.db", late_files, "--no-relate").status == 0
            counts.append(steps[0])
    assert value(place / "news.db", "select count(*) from articles") == articles + 12
    return (counts[1] - counts[0]) / 10


def test_a_record_joins_a_large_archive_as_easily_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = steps_of_batch(tmp_path / "small", 100, monkeypatch)
    large = steps_of_batch(tmp_path / "large", 1500, monkeypatch)
    assert large < 1.5 * small, (small, large)


def test_the_full_text_of_a_batch_is_written_down_once(tmp_path: Path) -> None:
    """FTS5 keeps a transaction's words in memory, unless a statement for each row makes it flush.

    Read from its own tables, https://sqlite.org/fts5.html#fts5_data_structures
    """
    for n in range(50):
        write(tmp_path / f"records/{n}.md", record(f"Piece {n}", body="one two three"))
    assert newsfeed("import", tmp_path / "news.db", tmp_path / "records").status == 0
    assert value(tmp_path / "news.db", "select count(distinct segid) from articles_fts_idx") == 1
    assert_sound(tmp_path / "news.db")


def steps_of_import(
    place: Path, own: str, named: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int]:
    """The steps, in hundreds, of an import of so many records that name others, and of an edit."""
    for n in range(count):
        related = [
            f"  - {{title: R{m}, webUrl: {named.format((n + m + 1) % count)}}}" for m in range(20)
        ]
        lines = (f"webUrl: {own.format(n)}", "related:", *related)
        write(place / f"records/{n:05}.md", record(f"Piece {n}", *lines))
    steps = [0]

    def count_steps() -> int:
        steps[0] += 1
        return 0

    connect = sqlite3.connect

    def counting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_progress_handler(count_steps, 100)
        return connection

    found = []
    with monkeypatch.context() as patched:
        patched.setattr(sqlite3, "connect", counting)
        for _ in range(2):
            steps[0] = 0
            assert (
                newsfeed("import", place / "news.db", place / "records", "--no-relate").status == 0
            )
            found.append(steps[0])
            write(place / "records/00007.md", record("Another", *lines))
    return found[0], found[1]


def test_records_of_one_address_that_name_it_cost_no_more_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, each = "https://a.example/x", "https://a.example/{}"
    same = steps_of_import(tmp_path / "same", one, one, 400, monkeypatch)
    other = steps_of_import(tmp_path / "other", each, each, 400, monkeypatch)
    assert same[0] < 2 * other[0], (same, other)
    linked = "select count(distinct related_id) from related_articles"
    assert value(tmp_path / "same/news.db", linked) == 2, "the first, and for itself the second"
    assert value(tmp_path / "other/news.db", linked) == 399, "one was written over"
    # An edit settles 8,000 entries in place of 20: some hundred steps each.
    assert same[1] < same[0], (same, other)


def folder_each(n: int) -> str:
    return f"2021-03-{n:04}-piece/index.md"


SHAPES: dict[str, tuple[Callable[[int], str], Callable[[int], list[str]]]] = {
    "a folder for each": (folder_each, lambda n: []),
    "one id": (lambda n: f"d{n}/piece.md", lambda n: []),
    "a site for each": (lambda n: f"s{n}/content/posts/p{n}.md", lambda n: []),
    "one provider, many names": (
        lambda n: f"{n}.md",
        lambda n: [f"provider: {{domain: a.example, name: Name {n}}}"],
    ),
    "one image, many sizes": (
        lambda n: f"{n}.md",
        lambda n: [f"images: [{{url: 'https://a.example/i.png', width: {n + 1}, height: 9}}]"],
    ),
    "a key of its own for each": (lambda n: f"{n}.md", lambda n: [f"key{n}: 1"]),
    "all name one": (
        lambda n: f"{n}.md",
        lambda n: [
            f"webUrl: https://a.example/{n}",
            "related: [{title: R, webUrl: 'https://a.example/0'}]",
        ],
    ),
}
"""Archives that look as others do: where a record is, and what it says."""


def calls_of_import(place: Path, shape: str, count: int) -> float:
    """The calls of functions, of Python's and those in C, that a record takes in an import."""
    path, lines = SHAPES[shape]
    for n in range(count):
        write(place / "records" / path(n), record(f"Piece {n}", *lines(n)))
    calls = 0

    def counting(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        newsfeed("import", place / "news.db", place / "records", "--no-relate")
    finally:
        sys.setprofile(None)
    return calls / count


@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_of_a_large_archive_takes_as_many_calls(shape: str, tmp_path: Path) -> None:
    small, large = [calls_of_import(tmp_path / str(n), shape, n) for n in (50, 200)]
    assert large < 1.3 * small, (small, large)
