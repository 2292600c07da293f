"""`newsfeed history`: versions, changes and removed articles, beside a second reading of git."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import import_report, newsfeed, rows, value
from git_archive import START, STEP, GitArchive, as_file, git, record
from history_site import KEY, MOVED, OLD, QUIET, make_history
from random_history import RandomNews
from second_reading import SecondReading, first_reading, whole_history
from share import tries
from ways_of_writing import WRITINGS, Writing

RNG = random.Random(7)
NO_BUNDLE = "NEWSFEED_ARCHIVE names no folder of real records"
KEYS = {
    "heat": "heat",
    "quality": "quality",
    "published": "published",
    "topic": "topics",
    "topic order": "topics",
    "featured_content": "featuredContent",
}


@pytest.fixture(scope="session")
def news_bundle(archive_folders: list[Path]) -> Path:
    """The history of real records, beside the archive that NEWSFEED_ARCHIVE names."""
    for folder in archive_folders:
        bundle = folder.parent / "history" / "news.bundle"
        if bundle.exists():
            return bundle
    pytest.skip(NO_BUNDLE)


def history(db: Path, *arguments: object, status: int = 0) -> dict[str, object]:
    """Run the command, and return its report."""
    outcome = newsfeed("history", db, *arguments, "--json")
    assert outcome.status == status, outcome
    return outcome.report


def small(folder: Path, **files: bytes) -> GitArchive:
    """Return a repository with one commit."""
    archive = GitArchive(folder)
    archive.files = {f"{name}.md": content for name, content in files.items()}
    archive.commit()
    return archive


def test_the_real_history_is_as_another_reading_has_it(tmp_path: Path, news_bundle: Path) -> None:
    expected = json.loads(news_bundle.with_name("news.expected.json").read_text())
    git(tmp_path, "clone", "-q", str(news_bundle), "news")
    db = tmp_path / "news.db"
    import_report(db, tmp_path / "news")
    commits = git(tmp_path / "news", "rev-list", "--reverse", "HEAD").decode().split()
    for at in [*sorted(RNG.sample(range(len(commits)), 3)), -1]:
        git(tmp_path / "news", "update-ref", "--no-deref", "HEAD", commits[at])
        history(db)
    found: dict[str, dict[str, object]] = {}
    for article, versions, first in rows(
        db, "select article_id, sum(1 + repeats), unixepoch(min(committed_at)) "
        "from article_versions group by 1"
    ):  # fmt: skip
        changes: dict[str, dict[str, object]] = {}
        for commit, at, field in rows(
            db,
            "select commit_hash, unixepoch(c.committed_at), field from article_changes c join "
            "article_versions using (article_id, number) where article_id = ? order by number",
            [article],
        ):
            seen = changes.setdefault(commit, {"commit": commit, "time": at, "keys": []})
            seen["keys"] = sorted({*seen["keys"], KEYS[field]})
        found[article] = {
            "versions": versions,
            "first_commit_time": first,
            "changes": list(changes.values()),
        }
    assert found == expected
    assert not rows(db, "select * from removed_articles")


def copied(db: Path, other: Path) -> Path:
    """Copy an archive and its DB-sources."""
    shutil.copy(db, other)
    shutil.copy(f"{db}-sources", f"{other}-sources")
    return other


@pytest.mark.parametrize("writing", WRITINGS, ids=lambda each: each.name)
def test_random_histories_equal_a_second_reading(tmp_path: Path, writing: Writing) -> None:
    rng = random.Random(f"2023 {writing.name}")
    archive = GitArchive(tmp_path / "repo")
    news = RandomNews(archive, rng, writing)
    news.commits(tries(30, 200))
    archive.finish()
    second = SecondReading(news)
    db = tmp_path / "a.db"
    import_report(db, archive.folder / writing.folder, status=None)
    begun = copied(db, tmp_path / "begun.db")
    report = history(db)
    assert min(report["moved"], report["removed"], report["unreadable"]) >= tries(1, 5)
    assert first_reading(db) == second.of("HEAD")
    assert history(db)["commits"] == 0

    # The same in any split of the commits into runs. Each reads all by the configuration of its
    # own newest commit, and begins anew where that is another one than of the run before.
    commits = git(archive.folder, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    runs = [*sorted(rng.sample(range(len(commits) - 1), tries(2, 8))), -1]
    heads = [commits[at].decode() for at in runs]
    split = copied(begun, tmp_path / "split.db")
    for head in heads:
        git(archive.folder, "reset", "-q", "--hard", head)
        history(split)
        assert first_reading(split) == second.of(head)
    assert whole_history(split) == whole_history(db)

    # Of a bare repository, too, where the folder is gone.
    git(tmp_path, "clone", "-q", "--bare", "repo", "bare")
    bare = copied(begun, tmp_path / "bare.db")
    archive.folder.rename(tmp_path / "away")
    notes = []
    for head in heads:
        git(tmp_path / "bare", "update-ref", "refs/heads/main", head)
        notes.append(str(history(bare, "--repo", tmp_path / "bare")["notes"]))
    (tmp_path / "away").rename(archive.folder)
    assert whole_history(bare) == whole_history(db)
    sites = [second.site(head) for head in heads]
    assert ["in another way" in each for each in notes] == [
        before != site for before, site in zip([sites[0], *sites], sites, strict=False)
    ]

    # And where the last commits are rewritten.
    archive.rewind(heads[-2])
    news.commits(5)
    archive.finish()
    assert "read again" in str(history(db)["notes"])
    assert first_reading(db) == second.of("HEAD")


def test_a_killed_run_is_continued(tmp_path: Path) -> None:
    archive = GitArchive(tmp_path / "repo")
    RandomNews(archive, random.Random(3)).commits(120)
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo" / "news", status=None)
    whole = copied(db, tmp_path / "whole.db")
    history(whole)
    # Ten versions a transaction: a run that is killed has some of them. It ends itself, at any
    # moment shortly after a step, as a signal of others may come too late on a busy machine.
    program = (
        "import signal, sys; from datasette_newsfeed.archive.history import run; run.BATCH = 10\n"
        "left, late = int(sys.argv[2]), float(sys.argv[3])\n"
        "def step(*_):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if not left: signal.setitimer(signal.ITIMER_REAL, late)\n"
        "run.read_history(sys.argv[1], on_progress=step)"
    )
    kills = 0
    for _ in range(100):
        moment = [str(RNG.randrange(1, 12)), str(0.0001 + RNG.random() / 500)]
        process = subprocess.run([sys.executable, "-c", program, str(db), *moment])
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGALRM
        kills += 1
        assert value(db, "pragma integrity_check") == "ok"
        assert not rows(db, "pragma foreign_key_check")
        assert rows(Path(f"{db}-sources"), "select * from unfinished_histories")
    history(db)
    assert kills > 2
    assert whole_history(db) == whole_history(whole)
    assert not rows(Path(f"{db}-sources"), "select * from unfinished_histories")


def test_a_rewritten_history_is_read_again(tmp_path: Path) -> None:
    archive = small(tmp_path / "repo", a=as_file(record(RNG, title="First")))
    archive.files["a.md"] = as_file(record(RNG, title="Second"))
    archive.commit()
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo")
    history(db)
    before = whole_history(db)
    git(tmp_path / "repo", "reset", "-q", "--hard", "HEAD~1")
    (tmp_path / "repo" / "a.md").write_bytes(as_file(record(RNG, title="Another")))
    git(tmp_path / "repo", "commit", "-q", "-a", "-m", "other")
    report = history(db)
    assert "was rewritten" in str(report["notes"])
    fresh = tmp_path / "fresh.db"
    import_report(fresh, tmp_path / "repo")
    history(fresh)
    assert whole_history(db) == whole_history(fresh) != before
    # HEAD is a second parent of the merge that follows it: another chain of first parents.
    git(tmp_path / "repo", "checkout", "-q", "-b", "other", "HEAD~1")
    git(tmp_path / "repo", "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path / "repo", "merge", "-q", "-m", "merge", "main")
    assert "was rewritten" in str(history(db)["notes"])


def test_drafts_removals_and_moves_in_another_dialect(tmp_path: Path) -> None:
    def post(title: str, draft: bool = False, date: str = "2020-09-20") -> bytes:
        return (
            f"+++\ntitle = '{title}'\ndate = {date}\ndraft = {str(draft).lower()}\n"
            f"tags = ['a']\n+++\nSome words stand here, and stay as they are.\n"
        ).encode()

    archive = GitArchive(tmp_path / "repo")
    archive.files["hugo.toml"] = b"baseURL = 'https://hugo.example.test/'\n"
    archive.files["content/posts/2020-09-20-a.md"] = post("Secret plan", draft=True)
    archive.files["content/posts/2020-09-20-b.md"] = post("B")
    archive.commit(at=START)
    archive.files["content/posts/2020-09-20-a.md"] = post("A")
    archive.commit(at=START + 20 * 86_400)
    archive.files["content/posts/2020-09-20-c.md"] = archive.files.pop(
        "content/posts/2020-09-20-b.md"
    )
    archive.commit(at=START + 21 * 86_400)
    archive.files["content/posts/2020-09-20-a.md"] = post("A, corrected")
    del archive.files["content/posts/2020-09-20-c.md"]
    archive.commit(at=START + 22 * 86_400)
    archive.finish()
    db = tmp_path / "a.db"
    outcome = newsfeed("import", db, tmp_path / "repo", "--history", "--json")
    assert outcome.status == 0
    assert outcome.report["history"]["totals"]["article_versions"] == 5
    assert rows(db, "select article_id, number, kinds, is_draft from article_versions") == [
        ("2020-09-20-a", 1, "", 1),
        ("2020-09-20-a", 2, "headline, state", 0),
        ("2020-09-20-a", 3, "headline", 0),
        ("2020-09-20-c", 1, "", 0),
        ("2020-09-20-c", 2, "links, renamed", 0),
    ]
    removed = "select id, moved_to, title from removed_articles order by 1"
    assert rows(db, removed) == [
        ("2020-09-20-b", "2020-09-20-c", None),
        ("2020-09-20-c", None, "B"),
    ]
    # What was withdrawn is not published by accident.
    out = tmp_path / "out.db"
    assert newsfeed("prepare", db, out).status == 0
    assert rows(out, "select number, kinds, size from article_versions") == [
        (2, "", 0),
        (3, "headline", 1),
    ]
    assert not rows(out, removed)
    assert b"Secret" not in out.read_bytes()
    assert not rows(out, "select 1 from sqlite_master where name like 'newsfeed_history%'")
    newsfeed("prepare", db, out, "--force", "--with-removed")
    assert rows(out, removed) == rows(db, removed)
    assert whole_history(out) == whole_history(db)
    newsfeed("prepare", db, out, "--force", "--no-history", "--with-removed")
    assert whole_history(out) == {name: [] for name in whole_history(db)}


def test_prepare_tells_changes_from_the_version_before_a_hidden_one(tmp_path: Path) -> None:
    archive = GitArchive(tmp_path / "repo")
    archive.files["hugo.toml"] = b"baseURL = 'https://hugo.example.test/'\n"
    for title, draft in (("One", 0), ("Hidden", 1), ("Two", 0), ("Hidden", 1), ("Two", 0)):
        archive.files["content/posts/2020-01-01-a.md"] = (
            f"+++\ntitle = '{title}'\ndraft = {'true' if draft else 'false'}\n+++\n".encode()
        )
        archive.commit()
    archive.finish()
    db, out = tmp_path / "a.db", tmp_path / "out.db"
    newsfeed("import", db, tmp_path / "repo", "--history")
    assert value(db, "select count(*) from article_versions") == 5
    newsfeed("prepare", db, out)
    assert rows(out, "select number, kinds, repeats from article_versions") == [
        (1, "", 0),
        (3, "headline", 1),
    ]
    assert rows(out, "select number, field, before, after from article_changes") == [
        (3, "title", "One", "Two")
    ]
    assert b"Hidden" not in out.read_bytes()


def test_of_files_with_one_id_the_smallest_path_is_the_article(tmp_path: Path) -> None:
    archive = GitArchive(tmp_path / "repo")
    archive.files["b/x.md"] = as_file(record(RNG, title="Of b"))
    archive.commit()
    archive.files["a/x.md"] = as_file(record(RNG, title="Of a"))
    archive.commit()
    archive.files["b/x.md"] = as_file(record(RNG, title="Of b, unseen"))
    archive.commit()
    del archive.files["a/x.md"]
    archive.commit()
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo")
    history(db)
    titles = "select title from article_versions order by number"
    assert [title for (title,) in rows(db, titles)] == ["Of b", "Of a", "Of b, unseen"]
    assert not rows(db, "select * from removed_articles")


def test_a_file_that_says_the_same_in_another_place_is_compared_in_its_own(tmp_path: Path) -> None:
    # The date of the first is in its path alone: read where the second lies, it is no article.
    archive = GitArchive(tmp_path / "repo")
    archive.files["2020-09-14-walk/pier.md"] = b"# Pier\n\nWords of a walk.\n"
    archive.commit()
    del archive.files["2020-09-14-walk/pier.md"]
    archive.files["walks/pier.md"] = b"---\ntitle: Pier\ndate: 2020-09-14\n---\nWords of a walk.\n"
    archive.commit()
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo")
    history(db)
    versions = "select number, repeats, path, commit_hash, blob from article_versions"
    ((number, repeats, path, commit, blob),) = rows(db, versions)
    assert (number, repeats, path) == (1, 1, "2020-09-14-walk/pier.md")
    assert git(tmp_path / "repo", "rev-parse", f"{commit}:{path}").decode().strip() == blob
    archive.files["walks/pier.md"] = archive.files["walks/pier.md"].replace(b"Pier", b"Quay")
    archive.commit()
    archive.finish()
    history(db)
    assert rows(db, "select number, field, before, after from article_changes") == [
        (2, "title", "Pier", "Quay")
    ]


def test_what_a_broken_file_said_last_takes_the_place_of_a_removed_one(tmp_path: Path) -> None:
    archive = small(tmp_path / "repo")
    for name in ("a", "b"):
        archive.files[f"{name}/x.md"] = as_file(record(RNG, title=f"Of {name}"))
    archive.commit()
    del archive.files["a/x.md"]
    archive.files["b/x.md"] = b"---\ntitle: [unclosed\n---\n"
    archive.commit()
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo", status=None)
    history(db)
    titles = "select title, repeats from article_versions order by number"
    assert rows(db, titles) == [("Of a", 0), ("Of b", 0)]


def test_one_id_in_two_repositories_is_reported(tmp_path: Path) -> None:
    for name, path in (("one", "a/x"), ("two", "b/x")):
        archive = GitArchive(tmp_path / name)
        archive.files = {f"{path}.md": as_file(record(RNG, title=f"Of {name}"))}
        archive.files[f"own-{name}.md"] = as_file(record(RNG))
        archive.commit()
        archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "one", tmp_path / "two", status=None)
    for _ in range(2):  # as long as it is so, also where nothing is new
        notes = [note for note in history(db)["notes"] if "several folders" in note]
        assert len(notes) == 1
        assert "1 articles" in notes[0]
        assert "x: a/x.md, b/x.md" in notes[0]
    assert rows(db, "select title from article_versions where article_id = 'x'") == [("Of one",)]


def test_odd_entries_of_a_tree_do_no_harm(tmp_path: Path) -> None:
    archive = small(
        tmp_path / "repo",
        **{
            "a\nb": as_file(record(RNG, title="Line end")),
            "-n --output=x": as_file(record(RNG, title="Option")),
            ":(top)": as_file(record(RNG, title="Magic")),
            "\udcff": as_file(record(RNG, title="No UTF-8")),
            "%5cx": as_file(record(RNG, title="<script>alert(1)</script> \x1b[31m")),
            "large": b"x" * 10_000_001,
            "binary": bytes(range(256)),
        },
    )
    archive.files["a.txt"] = as_file(record(RNG))
    archive.files["README.md"] = as_file(record(RNG))
    archive.commit()
    del archive.files["large.md"]
    archive.commit()
    archive.finish()
    # Links and submodules, which fast-import takes by their objects.
    target = git(tmp_path / "repo", "hash-object", "-w", "--stdin", data=b"/etc/passwd")
    commit = git(tmp_path / "repo", "rev-parse", "HEAD").decode().strip()
    for mode, each, name in (
        ("120000", target.decode().strip(), "l.md"),
        ("160000", commit, "s.md"),
    ):
        git(tmp_path / "repo", "update-index", "--add", "--cacheinfo", f"{mode},{each},{name}")
    git(tmp_path / "repo", "commit", "-q", "-m", "links")
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo", status=None)
    report = history(db)
    assert report["unreadable"] == 2
    titles = [title for (title,) in rows(db, "select title from article_versions order by 1")]
    assert [title.split(" ")[0] for title in titles] == ["<script>alert(1)</script>", "Line",
                                                        "Magic", "Option"]  # fmt: skip
    assert not rows(db, "select * from removed_articles")
    assert "secured" not in str(whole_history(db))


def test_nothing_that_a_repository_configures_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "was-run"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{marker}'\nexit 1\n")
    script.chmod(0o755)
    archive = small(tmp_path / "repo", a=as_file(record(RNG)))
    archive.files[".gitattributes"] = b"*.md diff=evil filter=evil\n"
    archive.files["a.md"] = as_file(record(RNG))
    archive.commit()
    archive.files["b.md"] = archive.files.pop("a.md")
    archive.commit()
    archive.finish()
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "repo")
    hooks = tmp_path / "repo" / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        shutil.copy(script, hooks / name)
    for key in (
        *("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "core.askPass"),
        *("core.editor", "core.alternateRefsCommand", "diff.external", "diff.evil.textconv"),
        *("diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"),
        *("gpg.program", "credential.helper", "uploadpack.packObjectsHook", "pager.rev-list"),
        *("alias.rev-list", "alias.log"),
    ):
        git(tmp_path / "repo", "config", key, ("!" if "alias" in key else "") + str(script))
    git(tmp_path / "repo", "config", "log.showSignature", "true")
    git(tmp_path / "repo", "config", "diff.orderFile", str(tmp_path / "nowhere"))
    (tmp_path / "repo" / "a.md").write_text("touched")
    report = history(db)
    assert (report["commits"], report["moved"]) == (3, 1)
    assert not marker.exists(), marker.read_text()
    # Missing objects would be fetched by a program of the repository's choice.
    git(tmp_path / "repo", "config", "remote.origin.url", f"ext::{script} %S")
    git(tmp_path / "repo", "config", "remote.origin.promisor", "true")
    outcome = newsfeed("history", db)
    assert outcome.status == 2
    assert "partial clone" in outcome.stderr
    assert not marker.exists(), marker.read_text()


# -- repositories that lead elsewhere -----------------------------------------


def _own(folder: Path, commit: str) -> Path:
    """Make a repository in a folder whose branch stands at a commit that it does not have."""
    git(folder, "init", "-q", "-b", "main")
    (folder / ".git" / "refs" / "heads" / "main").write_text(f"{commit}\n")
    (folder / ".git" / "objects" / "info").mkdir(exist_ok=True)
    return folder / ".git"


def _replace(place: Path, target: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    place.symlink_to(target)


def _with_alternate(folder: Path, commit: str, line: str) -> Path:
    own = _own(folder, commit)
    (own / "objects" / "info" / "alternates").write_text(f"# objects\n{line}\n")
    return own


def _by_alternates_of_alternates(folder: Path, private: Path, commit: str) -> None:
    more = _with_alternate(folder, commit, "../more") / "more"
    (more / "info").mkdir(parents=True)
    (more / "info" / "alternates").write_text(f"{private}/objects\n")


def _by_common_folder(folder: Path, private: Path, commit: str) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / ".git" / "commondir").write_text(f"{private}\n")


def _by_bare_repository(folder: Path, private: Path, commit: str) -> None:
    (folder / "HEAD").write_text(f"{commit}\n")
    (folder / "refs").mkdir()
    (folder / "objects").symlink_to(private / "objects")


def _by_linked_files(folder: Path, private: Path, commit: str) -> None:
    own = _own(folder, commit)
    for file in (private / "objects" / "pack").iterdir():
        (own / "objects" / "pack" / file.name).symlink_to(file)


def _by_common_folder_with_objects_inside(folder: Path, private: Path, commit: str) -> None:
    own = _own(folder, commit)
    shutil.copytree(private / "objects", own / "objects", dirs_exist_ok=True)
    shutil.copytree(own / "refs", private / "common" / "refs")
    (private / "common" / "objects").symlink_to(own / "objects")
    (own / "commondir").write_text(f"{private}/common\n")


def _by_odd_alternate(folder: Path, private: Path, commit: str) -> None:
    """By one whose name git writes in quotes."""
    odd = private / 'a "name" of é\t'
    shutil.copytree(private / "objects", odd)
    _with_alternate(folder, commit, str(odd))


def _by_linked_configuration(folder: Path, private: Path, commit: str) -> None:
    git(folder.parent, "clone", "-q", "--bare", str(private), "clone")
    (folder.parent / "clone").rename(folder / ".git")
    (folder / ".git" / "config").unlink()
    (folder / ".git" / "config").symlink_to(private / "config")


def _below_another_repository(folder: Path, private: Path, commit: str) -> None:
    git(folder.parent, "init", "-q")
    (folder / ".git").symlink_to(private)


LEADING_OUT: dict[str, Callable[[Path, Path, str], object]] = {
    "a link": lambda folder, private, commit: (folder / ".git").symlink_to("../private/.git"),
    "a link in a repository": _below_another_repository,
    "a file": lambda folder, private, commit: (folder / ".git").write_text(f"gitdir: {private}\n"),
    "a common folder": _by_common_folder,
    "a common folder with objects inside": _by_common_folder_with_objects_inside,
    "a linked configuration": _by_linked_configuration,
    "linked objects": lambda folder, private, commit: _replace(
        _own(folder, commit) / "objects", private / "objects"
    ),
    "linked packs": lambda folder, private, commit: _replace(
        _own(folder, commit) / "objects" / "pack", private / "objects" / "pack"
    ),
    "linked pack files": _by_linked_files,
    "an alternate": lambda folder, private, commit: _with_alternate(
        folder, commit, f"{private}/objects"
    ),
    "a relative alternate": lambda folder, private, commit: _with_alternate(
        folder, commit, "../../../private/.git/objects"
    ),
    "a quoted alternate": lambda folder, private, commit: _with_alternate(
        folder, commit, f'"{private}/objec\\164s"'
    ),
    "an alternate with an odd name": _by_odd_alternate,
    "alternates of alternates": _by_alternates_of_alternates,
    "a bare repository": _by_bare_repository,
}


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """The git directory of a repository beside the archive, in which everything is packed."""
    archive = GitArchive(tmp_path / "private")
    for title in ("PIN 4711", "PIN 4712"):
        for path in ("ok.md", "content/deep.md"):
            archive.files[path] = as_file(record(RNG, title=title))
        archive.commit()
    archive.finish()
    git(tmp_path / "private", "repack", "-q", "-a", "-d")
    return tmp_path / "private" / ".git"


@pytest.mark.parametrize(("below", "name"), [("", "ok.md"), ("content", "deep.md")])
@pytest.mark.parametrize("way", LEADING_OUT)
def test_a_repository_outside_is_read_only_if_it_is_named(
    way: str, below: str, name: str, tmp_path: Path, private: Path
) -> None:
    folder, db = tmp_path / "archive", tmp_path / "a.db"
    (folder / below).mkdir(parents=True)
    (folder / below / name).write_bytes(as_file(record(RNG)))
    commit = git(private, "rev-parse", "HEAD").decode().strip()
    LEADING_OUT[way](folder, private, commit)
    assert git(folder, "rev-parse", "HEAD").decode().strip() == commit, "git itself reads it"
    for arguments in (("import", db, folder / below, "--history"), ("history", db)):
        outcome = newsfeed(*arguments)
        assert outcome.status == 2, outcome
        assert str(folder / below) in outcome.stderr
        assert str(private) in outcome.stderr
        assert "--repo" in outcome.stderr
        assert not rows(db, "select * from article_versions")
        assert b"PIN" not in db.read_bytes()
    outcome = newsfeed("import", tmp_path / "c.db", folder / below, "--history", "--json")
    assert (outcome.status, json.loads(outcome.stdout)["added"]) == (2, 1)
    read = newsfeed("import", tmp_path / "b.db", folder / below, "--history", "--follow-links")
    assert (read.status, "2 new commits" in read.stdout) == (0, True), read
    assert "leads out" not in read.stderr
    assert history(db, "--repo", folder)["commits"] == 2


def test_one_repository_outside_does_not_keep_others_from_being_read(
    tmp_path: Path, private: Path
) -> None:
    folder, db = tmp_path / "archive", tmp_path / "a.db"
    folder.mkdir()
    (folder / "mine.md").write_bytes(as_file(record(RNG)))
    (folder / ".git").symlink_to(private)
    small(tmp_path / "good", a=as_file(record(RNG))).finish()
    import_report(db, folder, tmp_path / "good", status=None)
    report = history(db)
    assert report["commits"] == 1
    assert [str(private) in note for note in report["notes"]] == [True]


def test_worktrees_and_submodules_are_read_if_they_are_named(tmp_path: Path, private: Path) -> None:
    git(private.parent, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    small(tmp_path / "outer", a=as_file(record(RNG))).finish()
    git(tmp_path / "outer", "submodule", "--quiet", "add", str(private), "inner")
    for folder in (tmp_path / "tree", tmp_path / "outer" / "inner"):
        db = tmp_path / f"{folder.name}.db"
        import_report(db, folder)
        outcome = newsfeed("history", db)
        assert (outcome.status, "--repo" in outcome.stderr) == (2, True)
        assert history(db, "--repo", folder)["commits"] == 2


def test_a_repository_may_be_spread_below_its_own_folder(tmp_path: Path) -> None:
    small(tmp_path / "repo", a=as_file(record(RNG))).finish()
    folder = (tmp_path / "repo").rename(tmp_path / "moved")
    (tmp_path / "repo").symlink_to(folder)
    own = (folder / ".git").rename(folder / "own")
    (folder / ".git").write_text("gitdir: own\n")
    (own / "objects").rename(folder / "objects")
    (own / "objects").symlink_to("../objects")
    (own / "HEAD").unlink()
    (own / "HEAD").symlink_to("refs/heads/main")
    shutil.rmtree(own / "hooks", ignore_errors=True)
    (own / "hooks").symlink_to(tmp_path)  # programs of somebody's, which are not run
    more = own / "more"
    (more / "info").mkdir(parents=True)
    (folder / "objects" / "info").mkdir(exist_ok=True)
    (folder / "objects" / "info" / "alternates").write_text(f"{more}\n/nowhere/at/all\n")
    for name in ("again", "and-again"):
        (folder / "objects" / name).symlink_to(".")
    (folder / "objects" / "itself").symlink_to("itself")
    below = folder / "content"
    (below / ".git").mkdir(parents=True)  # no repository: git looks further up
    (below / "b.md").write_bytes(as_file(record(RNG)))
    for number, place in enumerate((tmp_path / "repo", below)):
        db = tmp_path / f"{number}.db"
        import_report(db, place, status=None)  # of the loops, 1
        assert history(db)["commits"] == 1


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*arguments: object) -> str:
        outcome = newsfeed("history", *arguments)
        assert outcome.status == 2, outcome
        return outcome.stderr

    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.md").write_bytes(as_file(record(RNG)))
    db = tmp_path / "a.db"
    import_report(db, folder)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "lies in no git repository" in said(db)
    assert newsfeed("import", db, folder, "--history").status == 2
    git(folder, "init", "-q")
    assert "has no commit yet" in newsfeed("history", db).stderr
    assert "no such database" in said(tmp_path / "nowhere.db")
    (tmp_path / "other.db").touch()
    assert "is no news archive" in said(tmp_path / "other.db")
    small(tmp_path / "other", b=as_file(record(RNG))).finish()
    assert "has none of the files that were imported" in said(db, "--repo", tmp_path / "other")
    assert not rows(db, "select * from article_versions")
    if os.geteuid() == 0:
        os.chown(folder / ".git", 65534, 65534)
        os.chown(folder, 65534, 65534)
        assert "belongs to another user" in said(db)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in said(db)


def test_a_shallow_clone_says_what_it_lacks(tmp_path: Path) -> None:
    archive = small(tmp_path / "repo", a=as_file(record(RNG)))
    for _ in range(3):
        archive.files["a.md"] = as_file(record(RNG))
        archive.commit()
    archive.finish()
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{tmp_path}/repo", "shallow")
    db = tmp_path / "a.db"
    import_report(db, tmp_path / "shallow")
    assert "is a shallow clone" in str(history(db)["notes"])
    assert value(db, "select count(*) from article_versions") == 2
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    history(db)
    assert value(db, "select count(*) from article_versions") == 4
    assert value(db, "select min(committed_at) from article_versions") == time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + STEP)
    )


def test_a_bare_repository_is_read_by_the_site_that_it_holds(tmp_path: Path) -> None:
    archive = GitArchive(tmp_path / "repo")
    archive.files["site/hugo.toml"] = (
        b"baseURL = 'https://hugo.example.test/'\n[permalinks]\nposts = '/:year/:slug/'\n"
    )
    for title in ("One", "Two"):
        archive.files["site/content/posts/2020-01-01-a.md"] = (
            f"+++\ntitle = '{title}'\ndate = 2020-01-01\n+++\n".encode()
        )
        archive.commit()
    archive.finish()
    db, other = tmp_path / "a.db", tmp_path / "b.db"
    import_report(db, tmp_path / "repo" / "site")
    git(tmp_path, "clone", "-q", "--bare", "repo", "bare")
    shutil.copy(db, other)
    history(db)
    # Without DB-sources, and without the folder: by the files of the commit.
    history(other, "--repo", tmp_path / "bare")
    changes = "select article_id, number, field, after from article_changes"
    assert rows(db, changes) == rows(other, changes)
    assert ("2020-01-01-a", 2, "title", "Two") in rows(db, changes)


def test_a_part_has_the_history_of_its_articles_alone(tmp_path: Path) -> None:
    db, out = make_history(tmp_path), tmp_path / "out.db"
    ids = "select distinct article_id from article_versions order by 1"
    for options in ((), ("--with-removed",)):
        newsfeed("prepare", db, out, "--force", "--filter", "_topic=Boats", *options)
        assert rows(out, ids) == [(KEY,)]
        assert not rows(out, "select * from removed_articles")
        assert not rows(out, "pragma foreign_key_check")
    newsfeed("prepare", db, out, "--force")
    assert rows(out, ids) == [(KEY,), (MOVED,), (QUIET,)]
    # The id of a moved article was published with it; what was removed was withdrawn.
    assert rows(out, "select id, title from removed_articles") == [(OLD, None)]
