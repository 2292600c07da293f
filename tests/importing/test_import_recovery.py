"""Databases that were lost, put back, moved or left half written: the next import mends them.

Each case ends with the rows of a fresh import of the same files.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import assert_sound, content, import_report, newsfeed, rows, write

from datasette_newsfeed.archive.importing import importer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


def record(title: str, more: str = "") -> str:
    return f"---\ntitle: {title}\n{more}---\n"


def with_logo(size: int) -> str:
    logo = f"{{url: 'https://p.example/{size}.png', width: {size}, height: {size}}}"
    return record(f"Logo {size}", f"provider: {{domain: p.example, images: [{logo}]}}\n")


def organization(name: str) -> str:
    return f"---\ntaxonomy: organization\n_id: o.example\nname: {name}\n---\n"


def assert_fresh(db: Path, *folders: Path) -> None:
    assert_sound(db)
    fresh = db.parent / "fresh.db"
    import_report(fresh, *folders, status=None)
    assert content(db) == content(fresh)


def forget(db: Path) -> None:
    for file in db.parent.glob(f"{db.name}*"):
        if not file.name.endswith("-sources"):
            file.unlink()


def test_lost_database_one_of_two_folders(root: Path, db: Path) -> None:
    write(root / "a" / "1.md", with_logo(10))
    write(root / "b" / "2.md", with_logo(100))
    import_report(db, root / "a", root / "b")
    forget(db)
    import_report(db, root / "a")
    assert_fresh(db, root / "a")


def test_lost_database_more_than_a_batch(
    root: Path, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH", 3)
    for size in range(1, 12):
        write(root / f"{size:02}.md", with_logo(size))
    import_report(db, root)
    forget(db)
    import_report(db, root)
    assert_fresh(db, root)


def test_lost_sources_then_lost_database(root: Path, db: Path) -> None:
    write(root / "a" / "1.md", with_logo(10))
    write(root / "b" / "2.md", with_logo(100))
    import_report(db, root)
    Path(f"{db}-sources").unlink()
    import_report(db, root / "a")
    forget(db)
    import_report(db, root / "a")
    assert_fresh(db, root / "a")


def test_older_copy_put_back_and_written_to(root: Path, db: Path, tmp_path: Path) -> None:
    write(root / "1.md", record("One"))
    import_report(db, root)
    shutil.copy(db, tmp_path / "copy.db")
    write(root / "2.md", record("Two"))
    import_report(db, root)
    shutil.copy(tmp_path / "copy.db", db)
    with closing(sqlite3.connect(db)) as connection:
        for n in range(60):
            connection.execute(f"create table t{n} (a)")
            connection.execute(f"drop table t{n}")
            connection.commit()
    import_report(db, root)
    assert_fresh(db, root)


def test_a_lost_database_holds_no_ids(root: Path, db: Path) -> None:
    write(root / "a" / "x.md", record("A"))
    write(root / "z" / "x.md", record("Z"))
    import_report(db, root / "a")
    forget(db)
    import_report(db, root / "z")
    assert rows(db, "select title from articles") == [("Z",)]


def test_the_smallest_path_wins_however_paths_are_typed(root: Path, db: Path) -> None:
    write(root / "a" / "x.md", record("A"))
    write(root / "b" / "x.md", record("B"))
    for order in ([root, root / "b"], [root / "b", root], [root / "b" / "x.md", root]):
        for path in order:
            import_report(db, path, status=None)
        assert rows(db, "select title from articles") == [("A",)], order
        forget(db)
        Path(f"{db}-sources").unlink()


def test_an_organization_is_named_by_the_smallest_path(root: Path, db: Path) -> None:
    write(root / "a" / "z.md", organization("A"))
    write(root / "b" / "a.md", organization("B"))
    import_report(db, root / "a")
    import_report(db, root / "b")
    import_report(db, root, "--prune")
    assert_fresh(db, root)


def test_a_moved_organization_leaves_nothing_behind(root: Path, db: Path) -> None:
    write(root / "a" / "z.md", organization("Old"))
    import_report(db, root / "a")
    (root / "a").rename(root / "b")
    write(root / "b" / "z.md", organization("New"))
    import_report(db, root / "b", "--prune")
    assert rows(db, "select name from providers") == [("New",)]


def test_an_organization_is_read_again_though_its_file_is_gone(root: Path, db: Path) -> None:
    """From the text kept: the file is outside the paths, and nobody said to prune it."""
    write(root / "a" / "z.md", organization("Kept"))
    write(root / "b" / "1.md", record("One", "provider: {domain: o.example}\n"))
    import_report(db, root / "a")
    (root / "a" / "z.md").unlink()
    with closing(sqlite3.connect(f"{db}-sources")) as connection, connection:
        connection.execute("update sources set schema_version = 0")
    import_report(db, root / "b")
    assert ("o.example", "Kept") in rows(db, "select domain, name from providers")
    assert newsfeed("export", db, root / "out").status == 0
    assert len(list((root / "out").rglob("z.md"))) == 1


def test_a_dry_run_sees_what_the_import_would(root: Path, db: Path) -> None:
    write(root / "1.md", record("One"))
    import_report(db, root)
    write(root / "2.md", record("Two"))
    import_report(db, root)
    dry = import_report(db, root, "--dry-run")
    assert (dry["unchanged"], dry["updated"], dry["parsed"]) == (2, 0, 0)


def test_texts_of_a_lost_database_are_exported(root: Path, db: Path, tmp_path: Path) -> None:
    write(root / "a" / "1.md", record("One"))
    write(root / "b" / "2.md", record("Two"))
    import_report(db, root)
    forget(db)
    import_report(db, root / "a")
    assert newsfeed("export", db, tmp_path / "out").status == 0
    assert len(list((tmp_path / "out").rglob("*.md"))) == 2


def test_prepare_leaves_nothing_to_replay(root: Path, db: Path, tmp_path: Path) -> None:
    write(root / "1.md", record("Old"))
    import_report(db, root)
    out = tmp_path / "out.db"
    assert newsfeed("prepare", db, out).status == 0
    server = sqlite3.connect(out)  # it dies and leaves its log
    server.execute("pragma journal_mode = wal")
    server.execute("update articles set excerpt = 'by hand'")
    server.commit()
    leftover = Path(f"{out}-wal").read_bytes()
    server.close()
    write(root / "1.md", record("New"))
    import_report(db, root)
    Path(f"{out}-wal").write_bytes(leftover)
    assert newsfeed("prepare", db, out, "--force").status == 0
    assert not Path(f"{out}-wal").exists()
    assert rows(out, "select title, excerpt from articles") == [("New", None)]


def test_a_link_to_nowhere_is_no_empty_folder(root: Path, db: Path, tmp_path: Path) -> None:
    write(tmp_path / "disk" / "1.md", record("One"))
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "disk")
    import_report(db, root, "--follow-links")
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    report = import_report(db, root, "--prune", "--follow-links", status=1)
    assert "linked" in report["errors"][0]["path"]
    assert rows(db, "select count(*) from articles") == [(1,)]


def test_prune_refuses_a_path_that_never_was(root: Path, db: Path) -> None:
    write(root / "1.md", record("One"))
    import_report(db, root)
    assert newsfeed("import", db, root.with_name("typo"), "--prune").status == 2
    (root / "1.md").unlink()
    outcome = newsfeed("import", db, root / "1.md", "--prune")
    assert outcome.status == 2
    assert "is gone" in outcome.stderr
    assert rows(db, "select count(*) from articles") == [(1,)]
    assert newsfeed("import", db, root / "1.md", "--prune", "--allow-empty").status == 0
    assert rows(db, "select count(*) from articles") == [(0,)]


def test_a_link_to_the_database_is_the_database(root: Path, db: Path, tmp_path: Path) -> None:
    write(root / "1.md", record("One"))
    import_report(db, root)
    (tmp_path / "link.db").symlink_to(db)
    assert import_report(tmp_path / "link.db", root)["unchanged"] == 1
    assert not (tmp_path / "link.db-sources").exists()


def test_full_text_that_lost_a_trigger_is_made_again(root: Path, db: Path) -> None:
    write(root / "1.md", record("Lighthouse"))
    import_report(db, root)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("drop trigger articles_ai")
    write(root / "2.md", record("Harbour"))
    import_report(db, root)
    found = "select count(*) from articles_fts where articles_fts match 'harbour OR lighthouse'"
    assert rows(db, found) == [(2,)]


def test_a_refused_database_gets_no_sources(root: Path, tmp_path: Path) -> None:
    write(root / "1.md", record("One"))
    letter = tmp_path / "letter.txt"
    write(letter, "This is a letter, not a database. " * 50)
    assert newsfeed("import", letter, root).status == 2
    assert not Path(f"{letter}-sources").exists()


def test_many_large_files_are_many_batches(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasette_newsfeed.archive.files import Folders
    from datasette_newsfeed.archive.importing.file_queue import FoundFiles
    from datasette_newsfeed.archive.sources.store import Sources

    for n in range(4):
        write(root / f"{n}.md", record("One") + "x" * 1000)
    with closing(Sources(root.parent / "large.db")) as sources:
        found = FoundFiles(sources)
        found.add((file, "") for file in Folders([root], lambda error: None).files())
        assert [len(files) for files in found.batches(100, 2000)] == [2, 2]


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("price: 0x" + "f" * 5000, '{"price": "0x' + "f" * 5000 + '"}'),
        ("n: 123456789012345678901234567890", '{"n": "123456789012345678901234567890"}'),
        ("n: 12", '{"n": 12}'),
        ("n: .inf", '{"n": ".inf"}'),
    ],
)
def test_numbers_that_fit_are_numbers(line: str, extra: str, root: Path, db: Path) -> None:
    write(root / "1.md", record("One", line + "\n"))
    import_report(db, root)
    assert rows(db, "select extra from articles") == [(extra,)]


def test_the_first_line_of_a_body_keeps_its_indentation(root: Path, db: Path) -> None:
    write(root / "1.md", record("One") + "\n    code\n\nprose\n")
    import_report(db, root)
    assert rows(db, "select body from articles") == [("    code\n\nprose",)]


def test_the_line_of_a_fault_is_that_of_the_file(root: Path, db: Path) -> None:
    write(root / "1.md", "\n---\n\n\n\ntitle: x\ntitle: y\n---\n")
    report = import_report(db, root, status=1)
    assert report["errors"][0]["place"] == "line 7"


@pytest.mark.parametrize("line", ["images: false", "images: 5", "provider: false"])
def test_what_cannot_be_meant_is_reported(line: str, root: Path, db: Path) -> None:
    write(root / "1.md", record("One", line + "\n"))
    assert import_report(db, root, status=1)["rejected"] == 1


def test_a_logo_behind_an_image_without_url(root: Path, db: Path) -> None:
    images = "[{width: 3}, {url: 'https://p.example/l.png'}]"
    write(root / "1.md", record("One", f"provider: {{domain: p.example, images: {images}}}\n"))
    import_report(db, root)
    assert rows(db, "select url from images") == [("https://p.example/l.png",)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x?id=1&id=2&utm_source=x", "https://a.example/x?id=1&id=3", False),
        ("https://a.example/x?id=1&id=2&utm_source=x", "https://a.example/x?id=1&id=2", True),
        ("https://g.example/f/#!t/A", "https://g.example/f/#!t/B", False),
        ("https://g.example/f/#top", "http://www.g.example/f", True),
        ("https://a.example./x", "https://a.example/x/", True),
    ],
)
def test_urls_of_one_page(one: str, other: str, same: bool, root: Path, db: Path) -> None:
    write(root / "1.md", record("One", f"webUrl: '{one}'\n"))
    write(root / "2.md", record("Two", f"related: [{{title: One, webUrl: '{other}'}}]\n"))
    import_report(db, root)
    assert rows(db, "select related_id is not null from related_articles") == [(same,)]


def test_damaged_sources_are_named(root: Path, db: Path) -> None:
    for n in range(200):
        write(root / f"{n}.md", record(f"Title {n}"))
    import_report(db, root)
    sources = Path(f"{db}-sources")
    whole = sources.read_bytes()
    sources.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    write(root / "0.md", record("Other"))
    outcome = newsfeed("import", db, root)
    assert outcome.status != 0
    assert "news.db-sources" in outcome.stderr
    assert "move it away" in outcome.stderr
