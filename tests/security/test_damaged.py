"""A database that is crafted or damaged: others are served as ever, and it as far as it goes."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import Any

import facet_archive
import pytest
from commands import import_report, newsfeed, record, write
from datasette.app import Datasette
from datasette.utils import tilde_encode
from pyroaring import BitMap
from share import IS_LONG, share

from datasette_newsfeed import facet_index, schema
from datasette_newsfeed.pages import compat
from datasette_newsfeed.pages.access import archives, column_types


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
    news, other = [await archives.find_archive(site, None, name) for name in ("news", "other")]
    assert news is not None
    assert other is not None
    assert table not in news.tables


# What else may have the name of a table: none of it has rows of its own.
STAND_INS = {
    "view on nothing": "create view {} as select * from nowhere",
    "full text of nothing": "create virtual table {} using fts5(one, two, content='nowhere')",
    "other columns": "create table {} (other)",
}
# Datasette itself reads what a foreign key of articles leads to.
CANNOT_BE_READ = {
    "view on nothing": ("articles", "images", "providers", "stories"),
    "full text of nothing": ("articles",),
    "other columns": (),
}
PLACES = [*(table.name for table in schema.TABLES), "article_list"]


@pytest.mark.parametrize("kind", STAND_INS)
async def test_what_is_no_table_stops_nothing(kind: str, demo_db: Path, tmp_path: Path) -> None:
    shutil.copy(demo_db, tmp_path / "other.db")
    for name in share(PLACES, first=list(STAND_INS).index(kind)):
        path = tmp_path / name / "damaged.db"
        path.parent.mkdir()
        shutil.copy(demo_db, path)
        with closing(sqlite3.connect(path)) as conn:
            is_there = conn.execute("select type from sqlite_master where name = ?", [name])
            for (what,) in is_there.fetchall():
                conn.execute(f"drop {what} {name}")
            conn.execute(STAND_INS[kind].format(name))
            conn.commit()
        site = Datasette([str(path), str(tmp_path / "other.db")])
        await site.invoke_startup()
        for page in ("/", "/other", "/other/articles", "/other/articles.atom"):
            assert (await site.client.get(page)).status_code == 200, (name, page)
        page = await site.client.get("/damaged/articles")
        assert (page.status_code == 200) == (name not in CANNOT_BE_READ[kind]), name
        assert (await site.client.get("/damaged")).status_code == 200, name


@pytest.mark.parametrize(
    "damage",
    [
        "update newsfeed_facet_index set rows = x'00ff'",
        "update newsfeed_facet_index set rows = 'text'",
        "update newsfeed_facet_index_state set facets = '{'",
        "update newsfeed_facet_index_state set probes = 'no'",
        "update newsfeed_facet_index_state set probes = '5'",
        "update newsfeed_facet_index_state set probes = '[[1e99, 2], [[], {}]]'",
        "update newsfeed_facet_index_state set facets = '[[]]'",
        "update newsfeed_facet_index_state set build = 5",
        "update newsfeed_facet_index_state set seq = 'x'",
        "alter table newsfeed_facet_index rename column rows to lines",
        "update newsfeed_facet_index set rows = every_number()",
        "update newsfeed_facet_index set rows = every_number() where facet <> ''",
    ],
)
async def test_a_damaged_facet_index_is_not_used(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "news.db"
    facet_archive.build(path, 50)
    with closing(sqlite3.connect(path)) as conn:
        conn.create_function("every_number", 0, every_number)
        facet_index.build(conn)
        conn.execute(damage)
        assert facet_index.current(conn) is None
        conn.commit()
    site = facet_archive.open_site(path)
    page = await site.client.get("/news/articles?_facet=type")
    assert page.status_code == 200
    assert "timed out" not in page.text
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("update articles set type = 'another' where rowid = 1")
        assert facet_index.keep(conn)
        assert facet_index.current(conn) is not None


def every_number() -> bytes:
    """All numbers of 32 bits as a set: some kilobytes, and gigabytes once worked with."""
    rows = BitMap()
    rows.add_range(0, 2**32)
    rows.run_optimize()
    return bytes(rows.serialize())


TRIGGERS = "select name from sqlite_master where type = 'trigger'"
FULL_TEXTS = (
    "create table articles_fts (title, excerpt, body)",
    "create view articles_fts as select title, excerpt, body from articles",
    "create virtual table articles_fts using fts4(title, excerpt, body)",
    "create virtual table articles_fts using rtree(title, excerpt, body)",
    "create virtual table articles_fts using fts5(title, content='nothing')",
)


@pytest.mark.parametrize("sql", FULL_TEXTS)
async def test_a_full_text_that_is_none_is_not_searched(sql: str, tmp_path: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A harbour"))
    import_report(tmp_path / "news.db", tmp_path / "r")
    with closing(sqlite3.connect(tmp_path / "news.db")) as conn:
        for (name,) in conn.execute(TRIGGERS).fetchall():
            conn.execute(f"drop trigger [{name}]")
        conn.execute("drop table articles_fts")
        conn.execute(sql)
        conn.commit()
    site = Datasette([str(tmp_path / "news.db")])
    for path in ("/", "/news", "/news/articles", "/news/articles/a", "/news/articles.atom"):
        assert (await site.client.get(path)).status_code == 200, path
    assert (await site.client.get("/news/-/newsfeed/search?q=harbour")).status_code in (200, 404)


# -- values of other types ----------------------------------------------------

VALUES = {
    "blank": "''",
    "blob": "x'fffe00ff'",
    "large": "1e300",
    "infinite": "9e999",
    "greatest": "9223372036854775807",
    "least": "-9223372036854775808",
    "text": "'no number <b>'",
    "no UTF-8": "cast(x'ff41' as text)",
}
WITHOUT_ROWID = frozenset(table.name for table in schema.TABLES if not table.rowid)
FERRY = "2023-08-09-battery-ferry-sterna-makes-first-run-to-solmoy"
PAGES = (
    "/",
    "/damaged",
    "/damaged/articles",
    f"/damaged/articles/{FERRY}",
    "/damaged/articles.atom",
    "/damaged/articles.jsonfeed",
    "/damaged/articles.bib",
    "/damaged/articles.csljson",
    "/damaged/-/newsfeed/search?q=ferry",
    "/damaged/stories",
    "/damaged/stories/{story}",
    "/damaged/topics/{topic}",
    "/damaged/providers/{provider}",
    "/damaged/-/newsfeed/image/{image}/320",
)


def columns() -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield what is changed at once: each column, in the short form those of some tables.

    But stories are left out as soon as one of several columns is wrong.
    """
    each = [
        (table.name, column.name)
        for table in schema.TABLES
        for column in table.columns
        if column.name not in table.primary_key
    ]
    if IS_LONG:
        yield from ((pair,) for pair in each)
    else:
        yield tuple(pair for pair in each if pair[0] == "articles")
        yield tuple(pair for pair in each if pair[0] != "articles")
        yield from ((pair,) for pair in each if pair[0] == "stories")


SOME = ("where rowid % 2 = 0", "where rowid % 2 = 1")
"""Every other row: what is wrong with all of them may be left out as a whole."""


def damaged(
    good: Path, path: Path, pairs: tuple[tuple[str, str], ...], value: str, where: str = ""
) -> Path:
    """Copy an archive, with a value in these columns of all or some rows."""
    for suffix in ("", "-sources"):
        shutil.copy(f"{good}{suffix}", f"{path}{suffix}")
    with closing(sqlite3.connect(path)) as conn:
        triggers = conn.execute("select name, sql from sqlite_master where type = 'trigger'")
        resting = triggers.fetchall()
        for name, _ in resting:
            conn.execute(f"drop trigger [{name}]")
        for table, column in pairs:
            here = where if table not in WITHOUT_ROWID else ""
            conn.execute(f"update or ignore {table} set {column} = {value} {here}")
        for _, sql in resting:
            conn.execute(sql)
        conn.commit()
    return path


def pages_of(path: Path) -> list[str]:
    """The pages of an archive, of one story, topic, provider and image of it."""
    with closing(sqlite3.connect(path)) as conn:
        found = {
            name: conn.execute(f"select {column} from {table} order by 1 limit 1").fetchone()[0]
            for name, table, column in (
                ("story", "stories", "id"),
                ("topic", "topics", "name"),
                ("provider", "providers", "domain"),
                ("image", "image_renditions", "image_id"),
            )
        }
    return [
        page.format(**{key: tilde_encode(value) for key, value in found.items()}) for page in PAGES
    ]


async def test_rows_of_a_sound_archive_stay_as_they_are(
    demo_db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(rows: Sequence[Any], names: Sequence[str]) -> list[Any]:
        found = column_types.typed(rows, names)
        changed = [tuple(one) for one, other in zip(rows, found, strict=True) if one is not other]
        assert not changed, names
        return found

    monkeypatch.setattr(archives, "typed", typed)
    site = Datasette([str(demo_db)])
    for page in pages_of(demo_db):
        response = await site.client.get(page.replace("/damaged", "/demo"))
        assert response.status_code == 200, page


@pytest.mark.parametrize("kind", share(VALUES))
async def test_values_of_other_types(kind: str, demo_db: Path, tmp_path: Path) -> None:
    pages = pages_of(demo_db)
    rows = ("", SOME[1]) if IS_LONG else ("", *SOME)
    for number, (pairs, where) in enumerate(product(columns(), rows)):
        # A file and a site of its own: to a connection that is open, a copy in the place of
        # another one with as many changes is the same database.
        path = tmp_path / str(number) / "damaged.db"
        path.parent.mkdir()
        damaged(demo_db, path, pairs, VALUES[kind], where)
        site = Datasette([str(path)], settings={"sql_time_limit_ms": 60_000})
        for page in pages:
            response = await site.client.get(page)
            assert response.status_code in (200, 302, 404), (page, pairs, where)
            assert page == "/" or response.status_code == 200 or "/image/" in page, (page, pairs)
        assert "newsfeed-front" in (await site.client.get("/")).text, pairs
        compat.close(site)


@pytest.mark.parametrize("kind", share(VALUES, first=1))
def test_commands_and_values_of_other_types(kind: str, demo_db: Path, tmp_path: Path) -> None:
    """A command says what is wrong, or does its work; it raises nothing."""
    write(tmp_path / "r" / "a.md", record("A harbour"))
    for pairs in columns():
        path = damaged(demo_db, tmp_path / "damaged.db", pairs, VALUES[kind])
        newsfeed("metadata", path)
        newsfeed("relate", path)
        newsfeed("import", path, tmp_path / "r")
        newsfeed("images", path, "--limit", 0)
        newsfeed("prepare", "--force", "--allow-stale", path, tmp_path / "out.db")
        newsfeed("prepare", "--force", "--filter", "heat__gte=1", path, tmp_path / "out.db")


@pytest.mark.parametrize("kind", share(VALUES))
def test_sources_with_values_of_other_types(kind: str, demo_db: Path, tmp_path: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A harbour"))
    path = tmp_path / "damaged.db"
    with closing(sqlite3.connect(f"{demo_db}-sources")) as conn:
        names = "select tables.name, columns.name from sqlite_master as tables, "
        names += "pragma_table_info(tables.name) as columns where tables.type = 'table'"
        pairs = [pair for pair in conn.execute(names) if not pair[0].startswith("sqlite_")]
    for table in dict.fromkeys(table for table, _ in pairs):
        for suffix in ("", "-sources"):
            shutil.copy(f"{demo_db}{suffix}", f"{path}{suffix}")
        with closing(sqlite3.connect(f"{path}-sources")) as conn:
            for column in (column for name, column in pairs if name == table):
                with suppress(sqlite3.Error):
                    conn.execute(f"update or ignore {table} set {column} = {VALUES[kind]}")
            conn.commit()
        newsfeed("import", path, tmp_path / "r")
        newsfeed("export", path, tmp_path / "exported")


def test_a_bomb_in_the_sources_is_reported(tmp_path: Path) -> None:
    """A gigabyte of zeros, in a megabyte: neither export nor import unpacks it."""
    write(tmp_path / "r" / "a.md", record("A harbour"))
    write(tmp_path / "r" / "b.md", record("A ferry"))
    import_report(tmp_path / "news.db", tmp_path / "r")
    packing = zlib.compressobj(9)
    bomb = b"".join(packing.compress(bytes(10_000_000)) for _ in range(20)) + packing.flush()
    with closing(sqlite3.connect(tmp_path / "news.db-sources")) as conn:
        conn.execute("update sources set text = ? where article_id = 'a'", [bomb])
        conn.execute("update sources set schema_version = 1")
        conn.commit()
    tracemalloc.start()
    exported = newsfeed("export", tmp_path / "news.db", tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert exported.status == 1
    assert "a.md" in exported.stderr
    assert "10,000,000" in exported.stderr
    assert (tmp_path / "out" / "b.md").read_bytes() == (tmp_path / "r" / "b.md").read_bytes()
    assert peak < 60_000_000
    assert newsfeed("import", tmp_path / "news.db", tmp_path / "r").status == 0


@pytest.mark.parametrize(
    "query",
    ["title=\udcff", "_topic=\0", "heat__in=[", "_where=)", "_through=5", "heat=1&_x=\ud800"],
)
def test_a_filter_that_is_none_is_refused(query: str, tmp_path: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A harbour"))
    import_report(tmp_path / "news.db", tmp_path / "r")
    outcome = newsfeed("prepare", tmp_path / "news.db", tmp_path / "out.db", "--filter", query)
    assert outcome.status == 2
    assert not (tmp_path / "out.db").exists()
