"""What an archive, its files and its options may never do: tell a secret, take in what lies
elsewhere, remove what nobody asked to be removed. See docs/trust.md.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from commands import import_report, newsfeed, record, rows, sources_of, value, write
from test_local_images import picture

from datasette_newsfeed.archive.files import Folders
from datasette_newsfeed.archive.importing import pruning, workers

SECRET = "QUFBQUFBQUFBQUFBQUFBQQ==;YmJiYmJi"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


# -- secrets ------------------------------------------------------------------

TOLD = {
    "a short text by an alias": ("secured: &s 'hunter2 pass'\nnote: *s", "hunter2"),
    "an alias as a key": (f"secured: &s '{SECRET}'\nnote: {{? *s : x}}", SECRET),
    "an alias as a short key": ("secured: &s hunter2\n? *s\n: x", "hunter2"),
    "a key of an alias": (f"secured: &s {{'{SECRET}': 1}}\nnote: *s", SECRET),
    "a key merged": (f"secured: &s {{'{SECRET}': 1}}\n<<: *s", SECRET),
    "a short key merged": ("secured: &s {hunter2: 1}\nnote: {<<: *s}", "hunter2"),
    "a list merged": ("secured: [&s {hunter2: 1}]\nnote: {<<: [*s]}", "hunter2"),
    "an alias in a list": ("secured: &s [hunter2]\nnote: [[*s]]", "hunter2"),
    "the anchor elsewhere": ("note: &s hunter2\nsecured: *s", "hunter2"),
    "the anchor elsewhere, merged": ("note: &s {hunter2: 1}\nsecured: {<<: *s}", "hunter2"),
    "deeper": ("items: [{name: a, secured: {deep: [&s hunter2]}}]\nnote: *s", "hunter2"),
    "a key written again": (f"secured: '{SECRET}'\n'{SECRET}': x", SECRET),
    "a key within, written again": (f"secured: {{'{SECRET}': 1}}\nnote: '{SECRET}'", SECRET),
    "in another case": ("Secured: &s hunter2\nnote: *s", "hunter2"),
    "a part of a key": (f"secured: '{SECRET}'\n'a {SECRET} b': x", SECRET),
    "a key twice": (f"secured: {{'{SECRET}': 1, '{SECRET}': 2}}", SECRET),
    "an alias without anchor": ("secured: [*hunter2]", "hunter2"),
    "a number": ("secured: &s 4711\nnote: *s\n", "4711"),
    "blank front matter of Hugo": (f"secured: &s '{SECRET}'\ntags: [*s]\ndate: 2024-01-01", SECRET),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_secret_is_told_nowhere(case: str, tmp_path: Path, db: Path) -> None:
    front, secret = TOLD[case]
    write(tmp_path / "r" / "2024-01-01-a.md", f"---\ntitle: A\n{front}\n---\nText\n")
    write(tmp_path / "r" / "2024-01-01-good.md", record("Good"))
    outcome = newsfeed("import", db, tmp_path / "r")
    assert (outcome.status, value(db, "select count(*) from articles")) == (1, 1)
    assert secret not in outcome.stdout + outcome.stderr
    assert secret.encode() not in db.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        f"---\ntitle: A\nsecured: '{SECRET}'\n---\nbefore {SECRET} after",
        f'+++\ntitle = "A"\nsecured = {{"{SECRET}" = 1, "{SECRET}" = 2}}\n+++\nText',
        f'+++\ntitle = "A"\nsecured = "{SECRET}"\n"{SECRET}" = 1\n+++\nText',
        f'{{"title": "A", "secured": "{SECRET}", "{SECRET}": 1}}\nText',
        f'{{"title": "A", "secured": {{"{SECRET}": 1}}, "note": ["{SECRET}"]}}\nText',
    ],
)
def test_a_secret_is_told_nowhere_in_any_syntax(text: str, tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "2024-01-01-a.md", text)
    outcome = newsfeed("import", db, tmp_path / "r")
    assert outcome.status == 1
    assert SECRET not in outcome.stdout + outcome.stderr
    assert SECRET.encode() not in db.read_bytes()


@pytest.mark.parametrize(
    "front",
    [
        "secured: {publishedDateTime: x}\npublishedDateTime: 2024-01-01T00:00:00Z",
        "base: &b {secured: hunter2}\nmerged: {<<: *b, open: 1}",
        "secured: [&s hunter2, *s]",
        "note: &n words\nother: *n\nsecured: hunter2",
    ],
)
def test_what_tells_nothing_is_imported(front: str, tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "2024-01-01-a.md", f"---\ntitle: A\n{front}\n---\nText\n")
    import_report(db, tmp_path / "r")
    assert b"hunter2" not in db.read_bytes()


def test_inspect_shows_no_secret(tmp_path: Path) -> None:
    write(
        tmp_path / "2024-01-01-a.md",
        f"---\ntitle: A\nsecured: 'https://{SECRET}'\n"
        f"note: {{deep: [{{secured: {SECRET}}}]}}\n---\n",
    )
    for options in ([], ["--json"]):
        outcome = newsfeed("inspect", tmp_path, *options)
        assert outcome.status == 0
        assert "secured" in outcome.stdout
        assert SECRET not in outcome.stdout + outcome.stderr


def test_only_the_owner_may_read_the_sources(tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A"))
    before = os.umask(0o022)
    try:
        import_report(db, tmp_path / "r")
        assert stat.S_IMODE(sources_of(db).stat().st_mode) == 0o600
        assert stat.S_IMODE(db.stat().st_mode) == 0o644, "the database is to be served"
        sources_of(db).chmod(0o664)
        import_report(db, tmp_path / "r")
    finally:
        os.umask(before)
    assert stat.S_IMODE(sources_of(db).stat().st_mode) == 0o600


# -- links --------------------------------------------------------------------


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """An archive with links out of it, into it, and to nowhere near."""
    archive = tmp_path / "archive"
    write(archive / "in" / "good.md", record("Good"))
    private = write(tmp_path / "private" / "diary.md", record("PIN 4711"))
    write(tmp_path / "private" / "deep" / "more.md", record("PIN 4712"))
    (archive / "x.md").symlink_to(private)
    (archive / "folder").symlink_to(tmp_path / "private")
    (archive / "in" / "relative.md").symlink_to("../../private/diary.md")
    (archive / "again").symlink_to(archive / "in")
    (archive / "same.md").symlink_to("in/good.md")
    (archive / "chain").symlink_to("folder")
    return archive


def test_a_link_out_of_the_archive_is_not_followed(linked: Path, db: Path) -> None:
    report = import_report(db, linked, status=1)
    assert rows(db, "select id, title from articles order by id") == [
        ("good", "Good"),
        ("same", "Good"),
    ]
    assert {Path(error["path"]).name for error in report["errors"]} == {
        *("x.md", "folder", "relative.md", "chain"),
    }
    assert all("--follow-links" in error["reason"] for error in report["errors"])
    outcome = newsfeed("inspect", linked)
    assert "4711" not in outcome.stdout
    assert "x.md" in outcome.stderr


def test_links_are_followed_where_that_is_meant(linked: Path, db: Path) -> None:
    import_report(db, linked, "--follow-links")
    ids = {row[0] for row in rows(db, "select id from articles")}
    assert ids == {"good", "same", "x", "relative", "diary", "more"}
    # Not meant any more: what was taken in so goes, as in a new database.
    import_report(db, linked, "--prune", status=1)
    assert {row[0] for row in rows(db, "select id from articles")} == {"good", "same"}


def test_a_link_to_another_path_given_leads_not_out(linked: Path, db: Path) -> None:
    report = import_report(db, linked, linked.parent / "private")
    assert report["added"] == 6


def test_a_link_typed_as_path_is_meant(linked: Path, db: Path) -> None:
    link = linked.parent / "typed"
    link.symlink_to(linked.parent / "private")
    assert import_report(db, link)["added"] == 2


def test_images_and_configurations_are_not_taken_through_links(tmp_path: Path, db: Path) -> None:
    picture(tmp_path / "elsewhere" / "a.png")
    write(
        tmp_path / "elsewhere" / "hugo.toml", 'title = "PIN 4711"\nbaseURL = "https://p.example/"'
    )
    posts = tmp_path / "site" / "content" / "posts"
    write(posts / "2024-01-01-a.md", "---\ntitle: A\nimages: [{url: a.png}]\n---\n")
    write(posts / "2024-01-02-b.md", "---\ntitle: B\ndate: 2024-01-02\n---\n")
    (posts / "a.png").symlink_to(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "site" / "hugo.toml").symlink_to(tmp_path / "elsewhere" / "hugo.toml")
    outcome = newsfeed("import", db, tmp_path / "site")
    assert outcome.stderr.count("--follow-links") == 2
    assert value(db, "select count(*) from image_renditions") == 0
    assert b"4711" not in db.read_bytes()
    import_report(db, tmp_path / "site", "--follow-links")
    assert value(db, "select count(*) from image_renditions") > 0
    assert "PIN 4711" in {row[0] for row in rows(db, "select name from providers")}


def test_a_configuration_that_is_no_file_is_not_waited_for(tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "2024-01-01-a.md", record("A"))
    os.mkfifo(tmp_path / "r" / "_config.yml")
    assert newsfeed("import", db, tmp_path / "r").status == 1
    assert value(db, "select count(*) from articles") == 1


# -- what is removed ----------------------------------------------------------


def test_prune_spares_what_cannot_be_meant(tmp_path: Path, db: Path) -> None:
    disk, other = tmp_path / "disk", tmp_path / "other"
    write(disk / "a.md", record("A"))
    write(other / "b.md", record("B"))
    import_report(db, disk, other)
    before = db.read_bytes(), sources_of(db).read_bytes()
    disk.rename(tmp_path / "unmounted")
    for state in ("gone", "empty", "only another folder"):
        if state == "empty":
            disk.mkdir()
        elif state == "only another folder":
            (disk / "lost+found").mkdir()
            write(disk / "lost+found" / "notes.txt", "words")
        for paths in ([disk], [disk, other], [other, disk]):
            outcome = newsfeed("import", db, *paths, "--prune", "--json")
            assert outcome.status == 2, (state, paths)
            assert str(disk) in outcome.stderr
            assert (db.read_bytes(), sources_of(db).read_bytes()) == before
    assert import_report(db, disk, other, "--prune", "--allow-empty")["removed"] == 1
    # What is empty now and always was is no matter.
    assert import_report(db, disk, other, "--prune")["removed"] == 0


NOTES = "# Notes\nNo front matter.\n"

EMPTIED: dict[str, Callable[[Path], object]] = {
    "only a file without front matter": lambda folder: write(folder / "README.md", NOTES),
    "only files that can be no record": lambda folder: [
        write(folder / "broken.md", "---\ntitle: [\n---\n"),
        (folder / "folder.md").symlink_to("nowhere.md"),
    ],
    "a folder that cannot be read": lambda folder: (folder / "linked").symlink_to("nowhere"),
    "a draft": lambda folder: write(folder / "new.md", record("New", "draft: true")),
    "the same files without what they held": lambda folder: [
        write(folder / f"{number}.md", "") for number in range(5)
    ],
    "the same files that cannot be read": lambda folder: [
        (folder / f"{number}.md").symlink_to("/proc/self/mem") for number in range(5)
    ],
}


@pytest.fixture
def five(tmp_path: Path) -> Path:
    """A folder of five records."""
    folder = tmp_path / "five"
    for number in range(5):
        write(folder / f"{number}.md", record(f"Number {number}"))
    return folder


def _empty(folder: Path) -> None:
    for file in folder.glob("*.md"):
        file.unlink()


@pytest.mark.parametrize("place", ["beside", "in it", "below it"])
@pytest.mark.parametrize("case", EMPTIED)
def test_prune_spares_a_folder_without_records(case: str, place: str, five: Path) -> None:
    """What only looks like a record does not confirm that the others are to be removed."""
    db = {"beside": five.parent, "in it": five, "below it": five / "deep"}[place] / "news.db"
    db.parent.mkdir(exist_ok=True)
    import_report(db, five)
    before = db.read_bytes(), sources_of(db).read_bytes()
    _empty(five)
    EMPTIED[case](five)
    for options in ([], ["--dry-run"], ["--follow-links"]):
        outcome = newsfeed("import", db, five, "--prune", *options)
        assert outcome.status == 2, outcome
        assert f"{five} holds no record files now" in outcome.stderr
        assert "--allow-empty" in outcome.stderr
        assert (db.read_bytes(), sources_of(db).read_bytes()) == before
    report = import_report(db, five, "--prune", "--allow-empty", status=None)
    assert report["removed"] + report["skipped"] + report["rejected"] >= 5
    assert value(db, "select count(*) from articles") == 0


@pytest.mark.parametrize("name", ["five.txt", "five.md", "five"])
def test_prune_spares_a_path_that_became_a_plain_file(name: str, five: Path, db: Path) -> None:
    folder = five.rename(five.with_name(name))
    import_report(db, folder)
    _empty(folder)
    folder.rmdir()
    write(folder, NOTES)
    outcome = newsfeed("import", db, folder, "--prune")
    assert (outcome.status, "--allow-empty" in outcome.stderr) == (2, True), outcome
    assert value(db, "select count(*) from articles") == 5


@pytest.mark.parametrize("left", ["0.md", "new.md", "deep/new.md"])
@pytest.mark.parametrize("is_known_by_time", [True, False])
def test_prune_goes_on_where_one_record_is_left(
    left: str, is_known_by_time: bool, five: Path, db: Path
) -> None:
    for file in five.glob("*.md"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    import_report(db, five)
    kept = (five / "0.md").read_bytes()
    _empty(five)
    write(five / "README.md", NOTES)
    write(five / left, kept.decode())
    if is_known_by_time:
        os.utime(five / left, (1_000_000_000, 1_000_000_000))
    report = import_report(db, five, "--prune")
    assert (report["skipped"], report["removed"]) == (1, 4 if left == "0.md" else 5)
    assert value(db, "select count(*) from articles") == 1


def test_prune_looks_at_a_record_as_the_import_does(five: Path, db: Path) -> None:
    """By the options given now and before, by links, and for each PATH."""
    import_report(db, five, "--drafts")
    _empty(five)
    write(five / "new.md", record("New", "draft: true"))
    assert newsfeed("import", db, five, "--prune", "--no-drafts").status == 2
    assert import_report(db, five, "--prune")["removed"] == 5, "--drafts is remembered"
    elsewhere = write(five.parent / "elsewhere" / "other.md", record("Elsewhere"))
    (five / "new.md").unlink()
    (five / "new.md").symlink_to(elsewhere)
    assert newsfeed("import", db, five, "--prune").status == 2
    assert import_report(db, five, "--prune", "--follow-links")["updated"] == 1
    assert import_report(db, five, elsewhere.parent, "--prune")["read"] == 2
    (five / "new.md").unlink()
    for paths in ([five, elsewhere.parent], [elsewhere.parent, five]):
        outcome = newsfeed("import", db, *paths, "--prune")
        assert (outcome.status, str(five) in outcome.stderr) == (2, True)


def test_prune_looks_at_many_paths_at_once(
    five: Path, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file may be a PATH of its own, as `*.md` is: the paths are not all read for each."""
    paths = sorted(five.glob("*.md"))
    import_report(db, *paths)
    made: list[object] = []
    monkeypatch.setattr(pruning, "Folders", lambda *given: made.append(given) or Folders(*given))
    assert import_report(db, *paths, "--prune")["unchanged"] == len(paths)
    assert len(made) == 1


def test_prune_reads_no_file_to_find_that_one_is_left(
    five: Path, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large archive is not read twice: one file that is as it was is enough."""
    for file in five.glob("*.md"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    import_report(db, five)
    for number in range(20):
        write(five / f"-{number}.md", NOTES)
    read: list[str] = []
    monkeypatch.setattr(workers, "contents", lambda file: read.append(file.path) or b"")
    assert import_report(db, five, "--prune")["skipped"] == 20
    assert len(read) == 20


def test_prepare_removes_its_own_files_alone(tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A"))
    import_report(db, tmp_path / "r")
    out = tmp_path / "out"
    out.mkdir()
    kept = {
        f"public.db{ending}": "mine"
        for ending in (
            *(".2024.partners.txt", ".².part", ".2024.part", ".2024.part-wal", ".999999.part"),
            *(".newsfeed-prepare-", ".newsfeed-prepare-²", ".newsfeed-prepare-9x"),
            *(".newsfeed-prepare-999999999.txt", ".newsfeed-prepare-99999999999"),
        )
    }
    for name, text in kept.items():
        write(out / name, text)
    own = [f"public.db.newsfeed-prepare-999999999{e}" for e in ("", "-wal", "-shm", "-journal")]
    for name in own:
        write(out / name, "of a run that was killed")
    (out / "public.db.newsfeed-prepare-999999998").mkdir()
    assert newsfeed("prepare", db, out / "public.db").status == 0
    assert {path.name for path in out.iterdir() if path.is_file()} == {*kept, "public.db"}
    assert all((out / name).read_text() == "mine" for name in kept)


@pytest.mark.parametrize("ending", ["-wal", "-journal", "-shm"])
def test_prepare_removes_logs_of_sqlite_alone(ending: str, tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A"))
    import_report(db, tmp_path / "r")
    beside = write(tmp_path / f"public.db{ending}", "my notes")
    outcome = newsfeed("prepare", db, tmp_path / "public.db")
    assert outcome.status == 2
    assert "move it away" in outcome.stderr
    assert beside.read_text() == "my notes"
    assert not (tmp_path / "public.db").exists()
    beside.write_bytes(b"")
    assert newsfeed("prepare", db, tmp_path / "public.db").status == 0
    assert not beside.exists()


def test_export_of_deep_folders_goes_on(tmp_path: Path, db: Path) -> None:
    write(tmp_path / "r" / "a.md", record("A"))
    write(tmp_path / "r" / "z.md", record("Z"))
    import_report(db, tmp_path / "r")
    deep = "b/" * 1_900 + "deep.md"
    beyond = "c/" * 2_100 + "deep.md"
    with closing(sqlite3.connect(sources_of(db))) as sources:
        for path in (deep, beyond):
            sources.execute(
                "insert into sources (path, sha256, text) values (?, 'x', ?)",
                [path, zlib.compress(b"deep")],
            )
        sources.commit()
    outcome = newsfeed("export", db, tmp_path / "out")
    assert outcome.status == 1
    assert outcome.stdout.startswith("3 written"), outcome
    assert (tmp_path / "out" / deep).read_bytes() == b"deep"
    assert (tmp_path / "out" / "z.md").exists()
    for place in sorted(Path(tmp_path / "out").glob("b"), reverse=True):
        _remove_deep(place)
    assert not (tmp_path / "out" / "c").exists() or _remove_deep(tmp_path / "out" / "c")


def _remove_deep(place: Path) -> bool:
    """Remove a chain of folders, which is too deep for pytest."""
    subprocess.run(["rm", "-rf", str(place)], check=True)
    return not place.exists()
