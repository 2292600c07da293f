"""The committed demo.db is what demo/ says now. Knows no record of it.

Compared are rows, not bytes: the bytes of a resized image depend on the version
of the imaging library, those of a database on that of SQLite.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import Visit, serve

from datasette_newsfeed import schema

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo.db"
MOST_BYTES = 5_000_000
# What Pillow made of an image; its size in pixels and where it came from stay.
MADE_BY_PILLOW = {"content", "sha256"}
STALE = "demo.db is not what demo/ says: run `make demo-db`"


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)


def _rows(path: Path, table: schema.Table) -> Counter[tuple[object, ...]]:
    columns = [name for name in table.column_names if name not in MADE_BY_PILLOW]
    with closing(_open(path)) as db:
        return Counter(db.execute(f"select {', '.join(columns)} from {table.name}"))


def _layout(path: Path) -> set[tuple[object, ...]]:
    with closing(_open(path)) as db:
        return set(db.execute("select type, name, sql from sqlite_master where sql is not null"))


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda table: table.name)
def test_the_committed_rows_are_those_of_a_fresh_import(demo_db: Path, table: schema.Table) -> None:
    committed, fresh = _rows(DEMO, table), _rows(demo_db, table)
    assert (committed - fresh, fresh - committed) == (Counter(), Counter()), STALE


def test_the_committed_layout_is_that_of_a_fresh_import(demo_db: Path) -> None:
    assert _layout(DEMO) >= _layout(demo_db), STALE


def test_every_article_of_the_demo_newsroom_is_there(demo_db: Path) -> None:
    assert _rows(DEMO, schema.ARTICLES).total() >= 75


def test_every_image_is_in_the_database_and_none_is_empty() -> None:
    with closing(_open(DEMO)) as db:
        missing = db.execute(
            "select url from images where id not in (select image_id from image_renditions)"
        ).fetchall()
        small = db.execute("select image_id from image_renditions where length(content) < 100")
        assert (missing, small.fetchall()) == ([], [])


def test_the_demo_is_small_and_sound() -> None:
    assert DEMO.stat().st_size < MOST_BYTES
    with closing(_open(DEMO)) as db:
        assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert db.execute("pragma foreign_key_check").fetchall() == []
    # https://sqlite.org/fileformat2.html#file_format_version_numbers: 2 would be WAL
    assert DEMO.read_bytes()[18:20] == b"\x01\x01"


@pytest.mark.browser
def test_every_image_is_shown_with_the_network_cut(browser: Browser) -> None:
    with closing(_open(DEMO)) as db:
        ids = db.execute("select id from articles order by published_at desc limit 4").fetchall()
        stored = db.execute("select count(distinct image_id) from image_renditions").fetchone()[0]
    lists = ["", *(f"/{table}?_size=200" for table in ("articles", "images", "related_articles"))]
    with serve(DEMO) as url:
        visit = Visit(browser.new_page(), url)
        shown = set()
        for path in (*lists, "/providers", *(f"/articles/{id}" for (id,) in ids)):
            visit.open(f"/demo{path}")
            assert visit.broken_images("img") == [], path
            shown |= set(visit.each("img", "map(e => e.currentSrc.split('/').slice(-2)[0])"))
        assert len(shown) >= stored
        assert visit.strangers == []
        visit.page.close()
