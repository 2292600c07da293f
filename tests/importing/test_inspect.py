"""`newsfeed inspect`, the options that say how records are read, and what DB remembers of them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import import_report, newsfeed, write

POST = "---\ntitle: A\nlayout: post\ndate: 2024-03-01 10:00\nlede: Short\n---\nText\n"


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    write(folder / "2024-03-01-a.md", POST)
    write(folder / "2024-03-02-b.md", POST.replace("title: A", "title: B\ndraft: true"))
    write(folder / "README.md", "# Read me")
    return folder


def stored(db: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchall()


def test_inspect_says_what_an_import_reads(posts: Path) -> None:
    outcome = newsfeed("inspect", posts, "--json")
    found = json.loads(outcome.stdout)
    (group,) = found["dialects"]
    assert (group["dialect"], group["articles"]) == ("front matter", 1)
    assert group["keys"]["date"]["columns"] == {"published_at": 1}
    assert group["keys"]["layout"]["columns"] == {"extra": 1}
    assert found["left_out"]["draft"]["files"] == 1
    said = newsfeed("inspect", posts)
    assert said.status == 0
    assert "front matter: 1 article" in said.stdout
    assert "left out: 1 (draft), for example 2024-03-02-b.md" in said.stdout
    assert not list(posts.parent.glob("*.db*"))


def test_options_are_remembered_for_their_path(posts: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    options = ("--site", "https://pier.test.pier", "--provider", "Pier News", "--drafts")
    import_report(db, posts, *options, "--timezone", "Europe/Paris", "--map", "lede=category")
    sql = "select published_at, provider_id, category from articles order by id"
    rows = [("2024-03-01T09:00:00Z", "pier.test.pier", "Short")] * 2
    assert stored(db, sql) == rows
    write(posts / "2024-03-01-a.md", POST + "More\n")
    import_report(db, posts)
    assert stored(db, sql) == rows
    report = import_report(db, posts, "--no-drafts", "--prune")
    assert (report["left_out"], report["removed"]) == (
        {"draft": 1, "README, LICENSE and their like": 1},
        0,
    )
    assert stored(db, "select id from articles") == [("2024-03-01-a",)]
    other = tmp_path / "other"
    write(other / "2024-03-03-c.md", POST)
    import_report(db, other)
    assert stored(db, "select provider_id from articles where id = '2024-03-03-c'") == [(None,)]


@pytest.mark.parametrize(
    "options",
    [
        ("--dialect", "wordperfect"),
        ("--site", "pier"),
        ("--timezone", "Pier/Quay"),
        ("--map", "lede"),
        ("--map", "lede=nothing"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(
    options: tuple[str, ...], posts: Path, tmp_path: Path
) -> None:
    for command in (("import", tmp_path / "news.db", posts), ("inspect", posts)):
        outcome = newsfeed(*command, *options)
        assert (outcome.status, options[0] in outcome.stderr) == (2, True)


def test_a_folder_without_records_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    write(tmp_path / "feeds" / "a.xml", "<rss/>")
    write(tmp_path / "feeds" / "notes.md", "Only text")
    outcome = newsfeed("import", tmp_path / "news.db", tmp_path / "feeds")
    assert outcome.status == 1
    assert "1 .xml" in outcome.stderr
    assert "newsfeed inspect" in outcome.stderr
