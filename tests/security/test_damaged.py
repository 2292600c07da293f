"""A database that is crafted or damaged: others are served as ever, and it as far as it goes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import facet_archive
import pytest
from commands import import_report, record, write
from datasette.app import Datasette

from datasette_newsfeed import facet_index
from datasette_newsfeed.pages.access import archives


@pytest.mark.parametrize("table", ["image_base", "image_renditions", "image_fetches"])
async def test_a_broken_virtual_table_stops_no_server(table: str, tmp_path: Path) -> None:
    for name in ("news", "other"):
        write(tmp_path / "r" / "a.md", record("A harbour"))
        import_report(tmp_path / f"{name}.db", tmp_path / "r")
    with closing(sqlite3.connect(tmp_path / "news.db")) as conn:
        columns = [row[1] for row in conn.execute(f"pragma table_info({table})")]
        conn.execute(f"drop table {table}")
        conn.execute(f"create virtual table {table} using fts5({', '.join(columns)})")
        conn.execute("pragma writable_schema = on")
        conn.execute(f"delete from sqlite_master where name glob '{table}_*'")
        conn.commit()
    site = Datasette([str(tmp_path / "news.db"), str(tmp_path / "other.db")])
    # Datasette itself cannot list the tables of such a file; what is ours does not add to that.
    assert await archives.find_archive(site, None, "news") is None
    assert await archives.find_archive(site, None, "other") is not None


@pytest.mark.parametrize(
    "damage",
    [
        "update newsfeed_facet_index set rows = x'00ff'",
        "update newsfeed_facet_index set rows = 'text'",
        "update newsfeed_facet_index_state set facets = '{'",
        "update newsfeed_facet_index_state set probes = 'no'",
        "update newsfeed_facet_index_state set probes = '5'",
    ],
)
async def test_a_damaged_facet_index_is_not_used(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "news.db"
    facet_archive.build(path, 50)
    with closing(sqlite3.connect(path)) as conn:
        facet_index.build(conn)
        conn.execute(damage)
        conn.commit()
    site = facet_archive.open_site(path)
    page = await site.client.get("/news/articles?_facet=type")
    assert page.status_code == 200
    assert "timed out" not in page.text
