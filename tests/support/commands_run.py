"""Runs each command once when it is read: for the process that tests/support/processes.py forks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from commands import newsfeed, write

RECORD = "---\ntitle: A\nimages: [{url: /a.png}]\n---\nText\n"


def run_each() -> None:
    """Run them in a folder of their own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for id in ("a", "b"):
            write(folder / "records" / f"{id}.md", RECORD)
        newsfeed("import", folder / "a.db", folder / "records")
        newsfeed("relate", folder / "a.db")
        newsfeed("prepare", folder / "a.db", folder / "b.db")
        newsfeed("export", folder / "a.db", folder / "again")


run_each()
