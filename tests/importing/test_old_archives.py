"""A database of an older version: shown with what its columns allow, updated by the next import."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import old_archive
import pytest
from commands import assert_sound, content, import_report, newsfeed, rows, value
from datasette.utils import tilde_encode
from pages_site import open_site, text_of

from datasette_newsfeed import schema
from datasette_newsfeed.pages.access.archives import find_archive
from datasette_newsfeed.schema import Column, Table

STORY = "2023-03-15-tidewright-starts-first-of-six-tidal-turbines-in-corvane-sound"
LEAD = "2023-03-15-the-sea-switches-on-first-rotor-turns-under-corvane-sound"
PROVIDER = "tidewire.example"
LATER = [(table, column) for table in schema.TABLES for column in table.columns if column.since > 1]
TIMES = re.compile(r'[\d.]+ms|"query_ms": [\d.]+')
IDS = {
    "articles": "id",
    "providers": "domain",
    "topics": "name",
    "authors": "name",
    "images": "id",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return old_archive.schema_2(tmp_path)


def without(db: Path, table: Table, column: Column) -> None:
    """Take a column away, with all that stands on it."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("pragma foreign_keys = off")
        for columns in table.indexes:
            if column.name in columns:
                connection.execute(f"drop index idx_{table.name}_{'_'.join(columns)}")
        connection.execute(f"alter table {table.name} drop column {column.name}")
        connection.commit()


async def pages(datasette: Any, paths: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        response = await datasette.client.get(path)
        assert response.status_code == 200, (path, response.text[-2000:])
        found[path] = response.text
    return found


PATHS = [
    *("/", "/news", "/news/articles", "/news/articles?_layout=table", "/news/providers"),
    *("/news/topics", "/news/topics/Tidal+Energy", f"/news/providers/{tilde_encode(PROVIDER)}"),
    *("/news/images", "/news/authors", "/news/article_list.csv", "/news/articles.json?_facet=type"),
    *("/news/articles.atom", "/news/articles.rss", "/news/articles.jsonfeed"),
    *(f"/news/articles/{LEAD}", "/news/articles?_topic=Tidal+Energy&_related=0"),
    "/news/articles?_facet_period=published_at&_facet_band=quality&_facet_presence=related",
]


async def test_every_page_of_schema_2(archive: Path) -> None:
    assert value(archive, "pragma user_version") == 2
    assert "language" not in columns_of(archive, "articles")
    datasette = open_site(archive)
    found = await pages(datasette, PATHS)
    listing = text_of(found["/news/articles"])
    assert "Tidewright starts first of six tidal turbines" in listing
    assert "Not the headline" in listing
    assert "Other reports" in listing
    assert "Similar articles" in text_of(found[f"/news/articles/{LEAD}"])
    assert "Other reports" in text_of(found[f"/news/articles/{LEAD}"])
    assert "/-/newsfeed/image/" in found["/news/articles"]
    for path in ("/news/stories", f"/news/stories/{STORY}", "/news/stories?_layout=table"):
        assert "sea switches on" in (await datasette.client.get(path)).text, path


async def test_its_full_text_is_searched(archive: Path) -> None:
    datasette = open_site(archive)
    for path in ("/news/articles?_search=turbine", "/news/-/newsfeed/search?q=turbine"):
        response = await datasette.client.get(path)
        assert response.status_code == 200, path
        assert "Tidewright" in text_of(response.text), path


@pytest.mark.parametrize(("table", "column"), LATER, ids=lambda each: each.name)
async def test_any_later_column_may_be_missing(
    tmp_path: Path, table: Table, column: Column
) -> None:
    """What needs the column is not shown; all else is."""
    folder = old_archive.records(tmp_path / "records")
    db = tmp_path / "news.db"
    import_report(db, folder)
    without(db, table, column)
    datasette = open_site(db)
    found = await pages(datasette, PATHS)
    assert "Tidewright" in found["/news/articles"]
    names = (await find_archive(datasette, None, "news")).tables
    if column.name == "story_id":
        assert "stories" not in names
        assert "Other reports" not in found[f"/news/articles/{LEAD}"]
    else:
        assert "stories" in names
        assert "Other reports" in found[f"/news/articles/{LEAD}"]
        assert (await datasette.client.get(f"/news/stories/{STORY}")).status_code == 200
    # Which articles are alike needs none of them.
    assert "Similar articles" in found[f"/news/articles/{LEAD}"]
    assert ("Other reports" in found["/news/articles"]) == (column.name != "is_headline")


def columns_of(db: Path, table: str) -> list[str]:
    return [row[1] for row in rows(db, f"pragma table_info({table})")]


def test_the_next_import_brings_it_up_to_date(archive: Path, tmp_path: Path) -> None:
    folder = old_archive.records(tmp_path / "records")
    before = {table: rows(archive, f"select {key} from {table}") for table, key in IDS.items()}
    report = import_report(archive, folder)
    assert (report["read"], report["updated"], report["errors"]) == (31, 31, [])
    fresh = tmp_path / "fresh.db"
    import_report(fresh, folder)
    assert value(archive, "pragma user_version") == schema.SCHEMA_VERSION
    assert content(archive) == content(fresh)
    names = "select type, name from sqlite_master where name not like 'sqlite_%' order by 1, 2"
    assert rows(archive, names) == rows(fresh, names)
    tables = [name for kind, name in rows(fresh, names) if kind in ("table", "view")]
    assert "newsfeed_search" in tables
    for table in tables:
        assert columns_of(archive, table) == columns_of(fresh, table), table
    for table, key in IDS.items():
        now = rows(archive, f"select {key} from {table}")
        if table != "images":
            assert sorted(now) == sorted(before[table]), table
    # A relative address has the key of the path that it leads to; an absolute one keeps its own.
    absolute = "select id from images where url like 'http%' order by 1"
    assert {key for (key,) in rows(archive, absolute)} <= {key for (key,) in before["images"]}
    assert value(archive, "select count(*) from image_renditions") == 10
    assert_sound(archive)
    again = import_report(archive, folder)
    assert (again["unchanged"], again["updated"]) == (31, 0)


async def test_after_that_it_looks_as_a_fresh_one_does(archive: Path, tmp_path: Path) -> None:
    folder = old_archive.records(tmp_path / "records")
    import_report(archive, folder)
    (tmp_path / "other").mkdir()
    fresh = tmp_path / "other" / "news.db"
    import_report(fresh, folder)
    shown = []
    for db in (archive, fresh):
        found = await pages(open_site(db), PATHS)
        plain = {path: TIMES.sub("", text_of(page)) for path, page in found.items()}
        # The comments of the tables' own SQL are those of the version that made them.
        shown.append({path: text.partition("CREATE TABLE")[0] for path, text in plain.items()})
    assert shown[0] == shown[1]


def test_it_can_be_published_as_it_is(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    assert newsfeed("prepare", archive, out).status == 2  # this version relates differently
    assert newsfeed("prepare", archive, out, "--allow-stale").status == 0
    assert value(out, "select count(*) from articles") == 18
    assert newsfeed("relate", archive).status == 0
    part = tmp_path / "part.db"
    assert newsfeed("prepare", archive, part, "--headlines-only").status == 0
    assert 0 < value(part, "select count(*) from articles") < 18


def test_it_can_be_exported_as_it_is(archive: Path, tmp_path: Path) -> None:
    folder = old_archive.records(tmp_path / "records")
    assert newsfeed("export", archive, tmp_path / "out").status == 0
    for path in folder.rglob("*.md"):
        (copy,) = (tmp_path / "out").rglob(path.name)
        assert copy.read_bytes() == path.read_bytes()
