"""`newsfeed export`: the files come back byte for byte, and nothing else is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import (
    DEMO,
    PROGRAMS,
    SAMPLES,
    content,
    import_report,
    newsfeed,
    program,
    record,
    sources_of,
    write,
)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def records_below(folder: Path) -> dict[str, bytes]:
    """The records among the files: Markdown with front matter."""
    return {
        name: text
        for name, text in files_below(folder).items()
        if name.endswith(".md") and text.removeprefix(b"\xef\xbb\xbf").startswith(b"---")
    }


@pytest.fixture
def db(tmp_path):
    return tmp_path / "news.db"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "records"
    write(folder / "2024" / "one.md", record("One"))
    write(folder / "two.md", record("Two").replace("\n", "\r\n"))
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize("source", [SAMPLES, DEMO], ids=["samples", "demo"])
def test_byte_for_byte(source, db, out, tmp_path):
    import_report(db, source)
    assert newsfeed("export", db, out).status == 0
    expected = records_below(source)
    exported = files_below(out)
    assert {name: exported.get(name) for name in expected} == expected
    # What is more than the records can only be a README that was kept as well.
    assert all(files_below(source).get(name) == text for name, text in exported.items())
    import_report(tmp_path / "again.db", out, status=0)
    first, second = content(db), content(tmp_path / "again.db")
    first.pop("image_renditions")  # their pictures lie beside the records
    second.pop("image_renditions")
    assert first == second


def test_real_archive_byte_for_byte(archive_folders, db, out, tmp_path):
    import_report(db, *archive_folders)
    outcome = newsfeed("export", db, out, "--json")
    assert outcome.status == 0
    expected = [p.read_bytes() for folder in archive_folders for p in folder.rglob("*.md")]
    assert sorted(files_below(out).values()) == sorted(expected)
    names = {p.name for folder in archive_folders for p in folder.rglob("*.md")}
    assert {Path(name).name for name in files_below(out)} == names
    import_report(tmp_path / "again.db", out)
    assert content(tmp_path / "again.db") == content(db)


def test_subfolders_come_back(folder, db, out):
    import_report(db, folder)
    assert newsfeed("export", db, out).status == 0
    assert files_below(out) == files_below(folder)


def test_several_folders_come_back(tmp_path, db, out):
    write(tmp_path / "a" / "one.md", record("One"))
    write(tmp_path / "b" / "two.md", record("Two"))
    write(tmp_path / "c" / "d" / "three.md", record("Three"))
    import_report(db, tmp_path / "a", tmp_path / "b", tmp_path / "c" / "d" / "three.md")
    assert newsfeed("export", db, out).status == 0
    titles = sorted(text.split(b'"')[1] for text in files_below(out).values())
    assert titles == [b"One", b"Three", b"Two"]
    import_report(tmp_path / "again.db", out)
    assert content(tmp_path / "again.db") == content(db)


def test_the_last_state_is_exported(folder, db, out):
    import_report(db, folder)
    write(folder / "two.md", record("Two, edited"))
    (folder / "2024" / "one.md").unlink()
    import_report(db, folder, "--prune")
    assert newsfeed("export", db, out).status == 0
    assert files_below(out) == files_below(folder)


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_programs(name, folder, db, out):
    import_report(db, folder)
    outcome = program(name, "export", db, out)
    assert outcome.status == 0
    assert files_below(out) == files_below(folder)
    assert program(name, "export", db).status == 2
    assert program(name, "export", db.parent / "none.db", out).status != 0


def test_never_overwrites(folder, db, out):
    import_report(db, folder)
    other = write(out / "two.md", "somebody else's notes")
    outcome = newsfeed("export", db, out)
    assert outcome.status == 1
    assert "two.md" in outcome.stderr
    assert "--force" in outcome.stderr
    assert other.read_text() == "somebody else's notes"
    assert (out / "2024" / "one.md").exists(), "all others are written"
    assert newsfeed("export", db, out, "--force").status == 0
    assert files_below(out) == files_below(folder)


def test_the_same_file_is_left_as_it_is(folder, db, out):
    import_report(db, folder)
    assert newsfeed("export", db, out).status == 0
    for path in out.rglob("*.md"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    assert newsfeed("export", db, out).status == 0
    assert {p.stat().st_mtime for p in out.rglob("*.md")} == {1_600_000_000.0}
    # Also into the folder where the files came from.
    assert newsfeed("export", db, folder).status == 0
    assert sorted(files_below(folder)) == sorted(files_below(out))


def test_never_overwrites_a_folder_or_a_link(folder, db, out, tmp_path):
    import_report(db, folder)
    (out / "two.md").mkdir(parents=True)
    target = write(tmp_path / "target.txt", "not yours")
    (out / "2024").mkdir()
    (out / "2024" / "one.md").symlink_to(target)
    for arguments in ((), ("--force",)):
        outcome = newsfeed("export", db, out, *arguments)
        assert outcome.status == 1 or arguments
        assert "two.md" in outcome.stderr
        assert (out / "two.md").is_dir()
        assert target.read_text() == "not yours"


def poison(db: Path, path: str) -> int:
    """Give every stored path of DB-sources another value; return how many columns it took."""
    changed = 0
    with closing(sqlite3.connect(sources_of(db))) as connection:
        tables = connection.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
        ).fetchall()
        for (table,) in tables:
            for column in connection.execute(f"pragma table_info('{table}')").fetchall():
                name = column[1]
                changed += connection.execute(
                    f'update or ignore "{table}" set "{name}" = ? where "{name}" like ?',
                    (path, "%two%"),
                ).rowcount
        connection.commit()
    return changed


HOSTILE = [
    "../outside.md",
    "2024/../../outside.md",
    "./../outside.md",
    "..",
    ".",
    "",
    "/",
    "link/outside.md",
    "link/../../outside.md",
    "\x00.md",
    "a\x00/../../outside.md",
    "..\\outside.md",
    "x" * 5000 + ".md",
    "2024/one.md/inner.md",
]


@pytest.mark.parametrize("path", [*HOSTILE, "ABSOLUTE"])
@pytest.mark.parametrize("force", [False, True])
def test_never_outside(folder, db, tmp_path, path, force):
    """Whatever DB-sources holds, nothing is written or changed outside FOLDER."""
    import_report(db, folder)
    outside = tmp_path / "outside"
    write(outside / "kept.md", "kept")
    out = tmp_path / "parent" / "out"
    out.mkdir(parents=True)
    (out / "link").symlink_to(outside, target_is_directory=True)
    (out / "outside.md").symlink_to(outside / "through.md")
    assert poison(db, str(outside / "outside.md") if path == "ABSOLUTE" else path) >= 1
    outcome = newsfeed("export", db, out, *(["--force"] if force else []))
    assert outcome.status in (0, 1)
    assert files_below(outside) == {"kept.md": b"kept"}
    assert [p.name for p in (tmp_path / "parent").iterdir()] == ["out"]
    assert {p.name for p in tmp_path.iterdir() if p.suffix == ".md"} == set()
    assert sorted(files_below(folder)) == ["2024/one.md", "two.md"]


def test_ids_cannot_lead_outside(db, tmp_path, out):
    """A file name may hold what means a path elsewhere."""
    name = "..\\..\\evil.md"
    write(tmp_path / "records" / name, record("Backslashes"))
    import_report(db, tmp_path / "records")
    newsfeed("export", db, out)
    assert list(files_below(out)) in ([name], [])
    assert not (tmp_path / "evil.md").exists()


def test_folder_that_is_none(folder, db, out):
    import_report(db, folder)
    write(out, "a file")
    outcome = newsfeed("export", db, out)
    assert outcome.status == 2
    assert out.read_text() == "a file"


def test_two_organizations_of_one_file_name(tmp_path, db, out):
    """Their ids differ, so both are imported; neither may be lost on the way back."""
    for name in ("one", "two"):
        text = f"---\ntaxonomy: organization\n_id: {name}.example\nname: {name}\n---\n"
        write(tmp_path / name / "organization.md", text)
    import_report(db, tmp_path / "one", tmp_path / "two")
    outcome = newsfeed("export", db, out)
    exported = list(files_below(out).values())
    assert len(exported) == 2 or (outcome.status == 1 and "organization.md" in outcome.stderr)


def test_without_text_there_is_nothing_to_export(folder, db, out):
    import_report(db, folder, "--without-text")
    outcome = newsfeed("export", db, out)
    assert outcome.status == 1
    assert "--without-text" in outcome.stderr
    assert not out.exists() or files_below(out) == {}
    # The text comes with the next import that is asked to keep it.
    import_report(db, folder)
    assert newsfeed("export", db, out).status == 0
    assert files_below(out) == files_below(folder)


def test_without_sources(folder, db, out):
    import_report(db, folder)
    sources_of(db).unlink()
    outcome = newsfeed("export", db, out)
    assert outcome.status != 0
    assert "news.db-sources" in outcome.stderr
    assert not sources_of(db).exists(), "asking creates nothing"


def test_damaged_text_is_reported(folder, db, out):
    """A stored file that does not fit its own fingerprint is not written as if it did."""
    import_report(db, folder)
    with closing(sqlite3.connect(sources_of(db))) as connection:
        damaged = 0
        for (table,) in connection.execute(
            "select name from sqlite_master where type = 'table'"
        ).fetchall():
            for column in connection.execute(f"pragma table_info('{table}')").fetchall():
                damaged += connection.execute(
                    f'update "{table}" set "{column[1]}" = ? where typeof("{column[1]}") = ?',
                    (b"damaged", "blob"),
                ).rowcount
        connection.commit()
    assert damaged >= 2
    outcome = newsfeed("export", db, out)
    assert outcome.status == 1
    assert "two.md" in outcome.stderr
    assert not out.exists() or files_below(out) == {}


def test_report_as_data(folder, db, out):
    import_report(db, folder)
    write(out / "two.md", "other")
    outcome = newsfeed("export", db, out, "--json")
    assert outcome.status == 1
    (error,) = outcome.report["errors"]
    assert error["path"].endswith("two.md")
    assert error["reason"]


def test_export_changes_nothing_in_the_database(folder, db, out):
    import_report(db, folder)
    before = db.read_bytes(), sources_of(db).read_bytes()
    newsfeed("export", db, out)
    assert (db.read_bytes(), sources_of(db).read_bytes()) == before
    names = {path.name for path in db.parent.iterdir()}
    assert names == {"news.db", "news.db-sources", "records", "out"}


def test_exported_then_imported_over_the_same_database(folder, db, out):
    """The copies are other files with the same ids: the first ones stay."""
    import_report(db, folder)
    newsfeed("export", db, out)
    shutil.rmtree(folder)
    import_report(db, out)
    before = content(db)
    import_report(db, out, "--prune")
    assert content(db) == before
