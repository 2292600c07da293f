"""`newsfeed prepare`: the database to publish, and the one it comes from untouched."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import (
    PROGRAMS,
    SAMPLES,
    assert_sound,
    content,
    found,
    import_report,
    newsfeed,
    program,
    record,
    rows,
    sources_of,
    value,
    write,
)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "records"
    for number in range(40):
        lines = [f"topics: [T{number % 3}]", f"publishedDateTime: 2024-01-{number % 28 + 1:02}"]
        write(folder / f"{number:03}.md", record(f"Boat number {number} word{number}", *lines))
    return folder


@pytest.fixture
def db(tmp_path, folder):
    """A database with a history: rows were updated and removed, pages are free."""
    db = tmp_path / "news.db"
    import_report(db, folder)
    for number in range(0, 40, 3):
        (folder / f"{number:03}.md").unlink()
    write(folder / "001.md", record("Boat number 1 changed"))
    import_report(db, folder, "--prune")
    return db


@pytest.fixture
def out(tmp_path):
    return tmp_path / "publish" / "out.db"


@pytest.fixture(autouse=True)
def _place_for_it(out):
    out.parent.mkdir(exist_ok=True)


def test_ready_to_publish(db, out):
    outcome = newsfeed("prepare", db, out)
    assert outcome.status == 0, outcome
    assert [path.name for path in out.parent.iterdir()] == ["out.db"]
    # Opened as a site opens it, from a folder where nothing can be written.
    uri = out.as_uri() + "?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("pragma freelist_count").fetchone() == (0,)
        measured = {table for (table,) in connection.execute("select tbl from sqlite_stat1")}
        assert {"articles", "article_topics"} <= measured
    header = out.read_bytes()[18:20]
    assert header == b"\x01\x01", "no write-ahead log is announced"
    assert content(out) == content(db)
    assert value(out, "pragma user_version") == value(db, "pragma user_version")
    assert_sound(out)


def test_full_text_fits_the_rows_after_vacuum(db, out):
    """VACUUM may number rows again: full text must not point at the numbers of before."""
    newsfeed("prepare", db, out)
    titles = dict(rows(out, "select id, title from articles"))
    assert len(titles) == 26
    for id, title in titles.items():
        assert found(out, f'"{title}"') == [id]
    assert found(out, "word3") == []
    assert len(found(out, "boats")) == 26


def test_the_database_itself_is_untouched(db, out):
    before = db.read_bytes(), db.stat().st_mtime_ns, sources_of(db).read_bytes()
    newsfeed("prepare", db, out)
    assert (db.read_bytes(), db.stat().st_mtime_ns, sources_of(db).read_bytes()) == before
    names = {path.name for path in db.parent.iterdir()}
    assert names == {"news.db", "news.db-sources", "records", "publish"}


def test_rows_that_only_the_write_ahead_log_holds(db, out):
    """A user may have switched the log on; what stands in it is published as well."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("update articles set title = 'Only in the log' where id = '002'")
        connection.commit()
        assert db.with_name("news.db-wal").stat().st_size > 0
        assert newsfeed("prepare", db, out).status == 0
        assert value(out, "select title from articles where id = '002'") == "Only in the log"
        assert out.read_bytes()[18:20] == b"\x01\x01"
        assert [path.name for path in out.parent.iterdir()] == ["out.db"]


def test_never_overwrites(db, out):
    with closing(sqlite3.connect(out)) as connection:
        connection.execute("create table boats (name text)")
    other = out.read_bytes()
    outcome = newsfeed("prepare", db, out)
    assert outcome.status != 0
    assert "--force" in outcome.stderr
    assert out.read_bytes() == other
    assert newsfeed("prepare", db, out, "--force").status == 0
    assert content(out) == content(db)
    assert newsfeed("prepare", db, out, "--force").status == 0
    assert [path.name for path in out.parent.iterdir()] == ["out.db"]


@pytest.mark.parametrize("way", ["same", "relative", "symbolic", "hard"])
def test_never_over_itself(db, out, way, monkeypatch):
    before = content(db)
    target = db
    if way == "relative":
        monkeypatch.chdir(db.parent)
        target = Path("news.db")
    elif way == "symbolic":
        target = out
        out.symlink_to(db)
    elif way == "hard":
        target = out
        os.link(db, out)
    for arguments in ((), ("--force",)):
        outcome = newsfeed("prepare", db, target, *arguments)
        if way in ("same", "relative", "symbolic") or not arguments:
            assert outcome.status != 0
            assert outcome.stderr
    assert content(db) == before
    assert import_report(db, db.parent / "records")["parsed"] == 0


BESIDE = [f"{database}{log}" for database in ("news.db", "news.db-sources")
          for log in ("", "-wal", "-shm", "-journal")][1:]  # fmt: skip


def test_a_name_like_that_of_a_part_of_a_database(db, out):
    """Beside a text file no OUT belongs to a database; one that cannot be written is reported."""
    plain = out.with_name("plain")
    plain.write_text("no database")
    assert newsfeed("prepare", db, out.with_name("plain-sources")).status == 0
    for target in (plain / "out.db", out.with_name("o" * 300)):
        outcome = newsfeed("prepare", db, target)
        assert (outcome.status, "cannot be written" in outcome.stderr) == (2, True), outcome


@pytest.mark.parametrize("way", ["same", "relative", "symbolic", "hard", "linked database",
                                 "hard linked database", "another database's"])  # fmt: skip
def test_never_over_a_file_of_the_database(db, out, way, monkeypatch):
    """DB-sources has what no other file has; SQLite would take OUT for a log of the database."""
    source = db
    if way == "linked database":
        source = out.with_name("link.db")
        source.symlink_to(db)
    elif way == "hard linked database":
        source = out.with_name("hard.db")
        os.link(db, source)
    elif way == "another database's":
        source = out.with_name("other.db")
        shutil.copy(db, source)
    monkeypatch.chdir(out.parent)
    for number, name in enumerate(BESIDE):
        file = target = db.with_name(name)
        if way == "relative":
            target = Path("..") / name
        elif way == "symbolic":
            target = out.with_name(f"link-{number}")
            target.symlink_to(file)
        elif way == "hard":
            target = out.with_name(f"hard-{number}")
            file.touch()
            os.link(file, target)
        before = _files(db.parent)
        for options in ((), ("--force",)):
            outcome = newsfeed("prepare", source, target, *options)
            assert (outcome.status, "name another OUT" in outcome.stderr) == (2, True), name
        assert _files(db.parent) == before


def _files(folder):
    return {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_force_overwrites_databases_alone(db, out):
    """A slip of the fingers: `prepare --force news.db articles.md`."""
    write(out, "somebody else's")
    refused = "is no SQLite database; name another OUT"
    outcome = newsfeed("prepare", db, out, "--force")
    assert (outcome.status, refused in outcome.stderr) == (2, True)
    assert out.read_text() == "somebody else's"
    pipe = out.with_name("pipe")
    os.mkfifo(pipe)
    assert refused in newsfeed("prepare", db, pipe, "--force").stderr
    assert pipe.is_fifo()
    out.write_bytes(b"")
    assert newsfeed("prepare", db, out, "--force").status == 0
    assert content(out) == content(db)


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_programs(name, db, out):
    outcome = program(name, "prepare", db, out)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert content(out) == content(db)
    assert program(name, "prepare", db).status == 2


def test_nothing_to_prepare(tmp_path, out):
    assert newsfeed("prepare", tmp_path / "none.db", out).status != 0
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("create table boats (name text)")
        connection.commit()
    outcome = newsfeed("prepare", other, out)
    assert outcome.status != 0
    assert "other.db" in outcome.stderr
    assert not out.exists()
    assert not (tmp_path / "none.db").exists()


def test_a_failed_run_leaves_no_half_file(db, out):
    outcome = newsfeed("prepare", db, out.parent / "no-such-folder" / "out.db")
    assert outcome.status != 0
    assert "Traceback" not in outcome.stderr
    assert list(out.parent.iterdir()) == []


def test_report_as_data(db, out):
    outcome = newsfeed("prepare", db, out, "--json")
    assert outcome.status == 0
    assert isinstance(outcome.report, dict)


def test_everything_of_the_samples(tmp_path, out):
    db = tmp_path / "samples.db"
    import_report(db, SAMPLES)
    assert newsfeed("prepare", db, out).status == 0
    assert content(out) == content(db)
    assert found(out, "storm") == found(db, "storm") != []
