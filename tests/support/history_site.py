"""A small archive with a history, for tests of pages: hostile texts, a rename, a removal."""

from __future__ import annotations

import random
from pathlib import Path

from commands import import_report, newsfeed
from git_archive import GitArchive, as_file, record

KEY = "2020-09-10-harbour"
MOVED = "2020-09-11-ferry"
OLD = "2020-09-11-boat"
QUIET = "2020-09-12-museum"
REMOVED = "2020-09-12-orchard"
EVIL = "<img src=x onerror=alert(1)>"


def make_history(folder: Path) -> Path:
    """Return a database of an imported repository, with its history."""
    rng = random.Random(5)
    archive = GitArchive(folder / "repo")
    first = record(
        rng, title="Harbour opens in spring", publishedDateTime="2020-09-01T08:00:00Z", heat=10
    )
    for key in (KEY, OLD, QUIET, REMOVED):
        archive.files[f"{key}.md"] = as_file({**first, "webUrl": f"https://n.example.test/{key}"})
    archive.commit()
    first |= {"webUrl": f"https://n.example.test/{KEY}"}
    for change in (
        {"title": "Harbour opens in autumn"},
        {"heat": 40},
        {"body": f"The ferry sails. {EVIL}", "topics": ["Boats", EVIL]},
        {"heat": 30, "quality": 3, "images": [{"url": "https://n.example.test/new.png"}]},
    ):
        first |= change
        archive.files[f"{KEY}.md"] = as_file(first)
        archive.commit()
    archive.files[f"{MOVED}.md"] = archive.files.pop(f"{OLD}.md")
    del archive.files[f"{REMOVED}.md"]
    archive.commit()
    archive.finish()
    db = folder / "news.db"
    import_report(db, folder / "repo")
    assert newsfeed("history", db).status == 0
    return db
