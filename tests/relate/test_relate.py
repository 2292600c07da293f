"""`newsfeed relate`: what it writes, says and leaves alone, beside import and prepare."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import (
    assert_sound,
    content,
    dump,
    import_report,
    newsfeed,
    record,
    rows,
    sources_of,
    write,
)

from datasette_newsfeed.archive.relate import nearest, run

BARRAGE = "2026-03-02-barrage"
GATES = "2026-03-02-gates"
CALLS = [f"2026-03-0{day}-call" for day in (2, 4)]
STORIES = "select id, headline_id, size from stories order by id"
PLACES = "select id, story_id, is_headline from articles order by id"
SIMILAR = "select article_id, similar_id from similar_articles"


def article(title: str, at: str, provider: str, excerpt: str, *more: str) -> str:
    return record(
        title,
        f"publishedDateTime: 2026-03-{at}:00:00Z",
        f"excerpt: {json.dumps(excerpt)}",
        f"provider: {{name: {provider}, domain: {provider}.example}}",
        *more,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two reports of one event, a monthly call that is announced twice, and other news."""
    folder = tmp_path / "records"
    lead = "Engineers of Tidewright closed the last gate of the Solmoy barrage at noon."
    title = "Tidewright and Corvane raise the Solmoy barrage"
    write(
        folder / f"{BARRAGE}.md", article(title, "02T08", "wire", lead, "heat: 10", "topics: [Sea]")
    )
    write(
        folder / f"{GATES}.md",
        article(
            "Solmoy barrage: Tidewright closes last gate",
            "02T15",
            "post",
            lead,
            "heat: 30",
            "topics: [Sea]",
        ),
    )
    for key, guest in zip(CALLS, ("charts", "forms"), strict=True):
        text = f"Join the monthly call. This month we look at {guest} and answer your questions."
        title = f"Loomworks community call: {guest}"
        write(folder / f"{key}.md", article(title, f"{key[8:10]}T09", "loom", text))
    write(
        folder / "2026-03-03-derby.md",
        article("Herons win the derby", "03T20", "kick", "Lund scored."),
    )
    return folder


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


def related(db: Path, *arguments: str) -> dict[str, Any]:
    outcome = newsfeed("relate", db, "--json", *arguments)
    assert outcome.status == 0, outcome
    return outcome.report


def test_an_import_relates(folder: Path, db: Path) -> None:
    import_report(db, folder)
    assert rows(db, STORIES) == [(BARRAGE, GATES, 2)]
    assert dict((id, place) for id, *place in rows(db, PLACES)) == {
        BARRAGE: [BARRAGE, 0],
        GATES: [BARRAGE, 1],
        **{key: [None, 1] for key in (*CALLS, "2026-03-03-derby")},
    }
    assert {(BARRAGE, GATES), (GATES, BARRAGE), tuple(CALLS)} <= set(rows(db, SIMILAR))
    assert_sound(db)


def test_relate_is_what_an_import_does_at_its_end(folder: Path, db: Path, tmp_path: Path) -> None:
    import_report(db, folder, "--no-relate")
    assert rows(db, STORIES) == rows(db, SIMILAR) == []
    assert related(db) == {
        "articles": 5,
        "compared": 5,
        "stories": 1,
        "in_stories": 2,
        "similar": len(rows(db, SIMILAR)),
    }
    import_report(tmp_path / "other.db", folder)
    assert content(db) == content(tmp_path / "other.db")
    before = dump(db)
    assert related(db)["compared"] == 0
    assert dump(db) == before
    line = newsfeed("relate", db).stdout
    assert line.startswith("5 articles, 0 compared: 2 of them in 1 stories, ")


def test_an_import_without_relate_leaves_rows_that_fit(folder: Path, db: Path) -> None:
    import_report(db, folder)
    (folder / f"{BARRAGE}.md").unlink()
    import_report(db, folder, "--prune", "--no-relate")
    assert rows(db, STORIES) == []
    assert (GATES, None, 1) in rows(db, PLACES)
    assert_sound(db)
    assert related(db)["stories"] == 0


@pytest.mark.parametrize("fault", ["gone", "torn"])
def test_a_story_falls_apart_with_its_articles(folder: Path, db: Path, fault: str) -> None:
    import_report(db, folder)
    if fault == "gone":
        (folder / f"{GATES}.md").unlink()
        import_report(db, folder, "--prune")
    else:
        write(folder / f"{GATES}.md", "---\ntitle: [\n---\n")
        import_report(db, folder, "--prune", status=1)
    assert rows(db, STORIES) == []
    assert all(GATES not in pair for pair in rows(db, SIMILAR))
    assert_sound(db)


def test_who_leads_follows_the_records(folder: Path, db: Path) -> None:
    import_report(db, folder)
    path = folder / f"{BARRAGE}.md"
    path.write_text(path.read_text().replace("heat: 10", "heat: 90"))
    import_report(db, folder)
    assert rows(db, STORIES) == [(BARRAGE, BARRAGE, 2)]
    assert (GATES, BARRAGE, 0) in rows(db, PLACES)


def test_without_sources_and_after_another_program(folder: Path, db: Path) -> None:
    import_report(db, folder)
    expected = content(db)
    sources_of(db).unlink()
    assert related(db)["compared"] == 5
    assert content(db) == expected
    assert not sources_of(db).exists()
    import_report(db, folder)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("delete from similar_articles")
        connection.execute("update articles set is_headline = 1")
        connection.commit()
    assert related(db)["compared"] == 5
    assert content(db) == expected


def test_a_database_of_the_version_before(folder: Path, db: Path) -> None:
    import_report(db, folder)
    expected = content(db)
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript(
            """
            drop table similar_articles; drop index idx_articles_story_id;
            drop index idx_articles_is_headline_published_at;
            alter table articles drop column story_id; alter table articles drop column is_headline;
            drop index idx_articles_language;
            alter table articles drop column language;
            drop table stories; pragma user_version = 1;
            """
        )
    shutil.copy(db, f"{db}.old")
    outcome = newsfeed("prepare", db, f"{db}.out", "--filter", "_topic=Sea")
    assert outcome.status == 0, outcome
    assert related(db)["stories"] == 1
    assert content(db) == expected
    shutil.copy(f"{db}.old", db)
    import_report(db, folder)
    assert content(db) == expected


@pytest.mark.parametrize(
    ("made", "words"),
    [(None, "no such database"), ("text", "not a database"), ("other", "no news archive")],
)
def test_what_is_no_archive_is_left_alone(tmp_path: Path, made: str | None, words: str) -> None:
    path = tmp_path / "other.db"
    if made == "text":
        path.write_text("hello " * 200)
    elif made == "other":
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript("create table t (x); pragma user_version = 1")
    before = path.read_bytes() if made else b""
    outcome = newsfeed("relate", path)
    assert outcome.status != 0
    assert words in outcome.stderr
    assert "other.db" in outcome.stderr
    assert (path.read_bytes() if path.exists() else b"") == before
    assert sorted(tmp_path.iterdir()) == ([path] if made else [])


def test_without_numpy_a_large_archive_keeps_what_it_has(
    folder: Path, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_report(db, folder)
    before = rows(db, STORIES), rows(db, SIMILAR)
    monkeypatch.setattr(nearest, "has_numpy", lambda: False)
    monkeypatch.setattr(run, "MOST_WITHOUT_NUMPY", 5)
    text = "Of a heron that nobody saw."
    write(folder / "2026-03-06-new.md", article("Heron seen", "06T09", "kick", text))
    outcome = newsfeed("import", db, folder)
    assert outcome.status == 0
    assert "pip install 'datasette-newsfeed[relate]'" in outcome.stderr
    assert (rows(db, STORIES), rows(db, SIMILAR)) == before
    outcome = newsfeed("relate", db)
    assert outcome.status != 0
    assert "pip install 'datasette-newsfeed[relate]'" in outcome.stderr
    out = tmp_path / "out.db"
    outcome = newsfeed("prepare", db, out)
    assert outcome.status != 0
    assert "--allow-stale" in outcome.stderr
    assert not out.exists()
    assert newsfeed("prepare", db, out, "--allow-stale").status == 0
    assert rows(out, STORIES) == before[0]
    monkeypatch.setattr(run, "MOST_WITHOUT_NUMPY", 6)
    assert related(db)["compared"] == 6
    assert newsfeed("prepare", db, out, "--force").status == 0


def test_similar_articles_of_the_version_before(folder: Path, db: Path) -> None:
    import_report(db, folder)
    expected = content(db)
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript(
            """
            alter table similar_articles add column shared_words text not null default 'x';
            alter table similar_articles add column shared_topics text not null default 'y';
            pragma user_version = 2;
            """
        )
    import_report(db, folder)
    assert content(db) == expected
    assert_sound(db)


def test_a_dry_run_leaves_them_as_they_are(folder: Path, db: Path) -> None:
    import_report(db, folder)
    before = dump(db)
    (folder / f"{GATES}.md").unlink()
    import_report(db, folder, "--prune", "--dry-run")
    assert dump(db) == before


def test_a_file_read_again_unchanged_compares_nothing(folder: Path, db: Path) -> None:
    import_report(db, folder)
    before = dump(db)
    os.utime(folder / f"{GATES}.md", (1, 1))
    import_report(db, folder)
    assert related(db)["compared"] == 0
    assert dump(db) == before


def test_a_published_part_tells_nothing_of_the_rest(folder: Path, db: Path, tmp_path: Path) -> None:
    secret = "zebra"
    for number in range(3):
        title = f"{secret.title()} {secret} of the Solmoy barrage"
        text = "Engineers of Tidewright closed the last gate of the Solmoy barrage."
        path = folder / f"2026-03-05-{secret}{number}.md"
        write(path, article(title, "02T20", f"z{number}", text))
    import_report(db, folder)
    assert [size for *_, size in rows(db, STORIES)] == [5]
    out = tmp_path / "out.db"
    outcome = newsfeed("prepare", db, out, "--filter", "_topic=Sea")
    assert outcome.status == 0, outcome
    assert {row[0] for row in rows(out, PLACES)} == {BARRAGE, GATES}
    assert rows(out, STORIES) == [(BARRAGE, GATES, 2)]
    assert set(rows(out, SIMILAR)) == {(BARRAGE, GATES), (GATES, BARRAGE)}
    assert secret.encode() not in out.read_bytes().lower()
    assert_sound(out)
    # Nothing was found, so nothing is.
    import_report(tmp_path / "plain.db", folder, "--no-relate")
    newsfeed("prepare", tmp_path / "plain.db", out, "--force", "--filter", "_topic=Sea")
    assert rows(out, STORIES) == rows(out, SIMILAR) == []


def test_an_export_knows_nothing_of_them(folder: Path, db: Path, tmp_path: Path) -> None:
    import_report(db, folder)
    assert newsfeed("export", db, tmp_path / "out").status == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*.md")}
    assert written == {path.name: path.read_bytes() for path in folder.glob("*.md")}


# -- real records -------------------------------------------------------------------

REAL_STORIES = {
    # Each was read: what the articles report is said beside them.
    (
        # An app service leaves preview, as its maker and three sites tell it within a day.
        "2020-11-16-reshape-the-future-of-work-with-microsoft-dataverse-for-teamsnow-generally-available",
        "2020-11-17-microsoft-announces-general-availability-of-new-power-apps-and-dataverse-for-teams",
        "2020-11-17-microsoft-teams-enhances-users-productivity-with-power-apps-integration-and-more",
        "2020-11-17-microsoft-teams-power-apps-and-dataverse-integrations-leave-preview",
    ),
    (
        # What was announced for one product at one conference: its maker and two sites.
        "2020-09-22-achieve-your-app-development-goals-with-power-platform-and-azure",
        "2020-09-23-as-low-code-competition-grows-microsoft-integrates-power-apps-with-github-and-teams",
        "2020-09-24-microsofts-low-code-power-apps-leans-on-azure-cloud",
    ),
    (
        # One study, as a university and a magazine print it.
        "2020-04-23-reducing-the-carbon-footprint-of-artificial-intelligence",
        "2020-04-24-reducing-ais-carbon-footprint",
    ),
}


def test_the_stories_of_real_records(tmp_path: Path, archive_folders: list[Path]) -> None:
    """Which stories are found. No monthly call and no series of release notes is one."""
    db = tmp_path / "real.db"
    import_report(db, *archive_folders, status=None)
    found: dict[str, list[str]] = {}
    in_stories = "select id, story_id from articles where story_id is not null order by 1"
    for key, story in rows(db, in_stories):
        found.setdefault(story, []).append(key)
    there = {row[0] for row in rows(db, "select id from articles")}
    expected = {members for members in REAL_STORIES if there.issuperset(members)}
    assert {tuple(members) for members in found.values()} == expected
    series = ("community-call", "release-wave", "release-notes", "whats-new")
    for members in found.values():
        assert not any(word in key for key in members for word in series)
