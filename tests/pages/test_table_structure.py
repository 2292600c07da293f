"""What Datasette asks of tables, kept as long as the file does not change."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import build_archive, open_site

from datasette_newsfeed.pages.access import table_structure

PATHS = ("/", "/news", "/news/articles", "/news/topics", "/news/article_list.json")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return build_archive(tmp_path / "news.db")


async def asked(datasette: Any, path: str) -> int:
    """How many turns of a thread a page takes."""
    db = datasette.get_database("news")
    method = "_execute_fn" if hasattr(db, "_execute_fn") else "execute_fn"
    turns = 0
    run = getattr(db, method)

    async def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal turns
        turns += 1
        return await run(*args, **kwargs)

    setattr(db, method, counting)
    response = await datasette.client.get(path)
    setattr(db, method, run)
    assert response.status_code == 200
    return turns


@pytest.mark.parametrize("immutable", [True, False])
async def test_a_second_page_asks_less(archive: Path, immutable: bool) -> None:
    datasette = open_site(archive, immutable=immutable, metadata={"plugins": {}})
    await datasette.invoke_startup()
    tables = len(await datasette.get_database("news").table_names())
    await datasette.client.get("/")
    # Of one that may change Datasette counts the rows of each table.
    assert await asked(datasette, "/?again") < tables + (0 if immutable else tables)


async def test_a_change_is_seen_at_once(archive: Path) -> None:
    datasette = open_site(archive)
    await datasette.invoke_startup()
    db = datasette.get_database("news")
    for mode in ("delete", "wal"):
        with sqlite3.connect(archive) as own:
            own.execute(f"pragma journal_mode={mode}")
        assert not await db.table_exists(f"late_{mode}")
        assert await db.table_columns(f"late_{mode}") == []
        with sqlite3.connect(archive) as own:
            own.execute(f"create table late_{mode} (id integer primary key, place text)")
        assert await db.table_exists(f"late_{mode}")
        assert await db.table_columns(f"late_{mode}") == ["id", "place"]
        assert await db.primary_keys(f"late_{mode}") == ["id"]
        assert f"late_{mode}" in await db.table_names()
        # As Datasette itself writes.
        await db.execute_write(f"alter table late_{mode} add column seen text", block=True)
        assert await db.table_columns(f"late_{mode}") == ["id", "place", "seen"]
        own.close()


@pytest.mark.parametrize("immutable", [True, False])
async def test_answers_are_those_of_datasette(archive: Path, immutable: bool) -> None:
    datasette = open_site(archive, immutable=immutable)
    await datasette.invoke_startup()
    db = datasette.get_database("news")
    for name in filter(lambda each: hasattr(db, each), table_structure.METHODS):
        is_of_all = name.endswith(("names", "keys", "dependencies")) and "primary" not in name
        for table in [()] if is_of_all else [("articles",), ("article_list",), ("none_such",)]:
            true = await getattr(type(db), name)(db, *table)
            first = await getattr(db, name)(*table)
            assert first == true, name
            # Who changes an answer changes none of the next.
            for each in first.values() if isinstance(first, dict) else [first]:
                if isinstance(each, list):
                    each[:1] = []
            if isinstance(first, dict):
                first.clear()
            assert await getattr(db, name)(*table) == true, name
    hidden = await db.hidden_table_names()
    assert sorted(hidden) == sorted(await type(db).hidden_table_names(db))


async def test_names_of_no_tables_take_no_room_without_end(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_structure, "MOST", 10)
    datasette = open_site(archive, immutable=True)
    await datasette.invoke_startup()
    db = datasette.get_database("news")
    kept = db.table_exists.__closure__
    for number in range(40):
        assert not await db.table_exists(f"no{number}")
    answers = next(each.cell_contents for each in kept if hasattr(each.cell_contents, "_found"))
    assert len(answers._found) <= 10


async def test_of_other_databases_nothing_is_kept(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite_utils.Database(other).table("plain").insert({"id": 1})
    datasette = open_site(archive, other)
    datasette.add_memory_database("in_memory")
    await datasette.invoke_startup()
    for path in PATHS:
        assert (await datasette.client.get(path)).status_code == 200
    assert "table_columns" in vars(datasette.get_database("news"))
    for name in ("other", "in_memory"):
        assert "table_columns" not in vars(datasette.get_database(name))


@pytest.mark.line("1.0")
async def test_an_index_made_later_is_closed_with_its_table(archive: Path) -> None:
    denied = {"databases": {"news": {"tables": {"notes": {"allow": False}}}}}
    with sqlite3.connect(archive) as own:
        own.execute("create table notes (id integer primary key, text text)")
        own.execute("insert into notes (text) values ('unseen words')")
    datasette = open_site(archive, metadata=denied)
    assert (await datasette.client.get("/news/notes")).status_code == 403
    with sqlite3.connect(archive) as own:
        own.execute("create virtual table found using fts5(text, content='notes')")
        own.execute("insert into found (found) values ('rebuild')")
    own.close()
    for path in ("/news/found", "/news/found_data", "/news/found.json"):
        answer = await datasette.client.get(path)
        assert answer.status_code == 403, path
        assert "unseen" not in answer.text
