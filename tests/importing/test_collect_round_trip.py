"""Our own feeds, collected, imported and served again, give the entries that they had."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import DEMO, import_report, newsfeed
from feed_reader import FORMATS, read_feed
from pages_site import open_site

HERE = "http://localhost"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # As served, with its stored images.
    return DEMO.parent / "demo.db"


async def documents(database: Path, extension: str) -> list[bytes]:
    """Return all pages of the feed of a database."""
    datasette = open_site(database)
    path: str | None = f"/{database.stem}/articles.{extension}"
    found = []
    while path:
        answer = await datasette.client.get(path)
        assert answer.status_code == 200
        found.append(answer.content)
        following = read_feed(extension, answer.content).next_url
        path = following and following.removeprefix(HERE)
    return found


def comparable(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry without its id and what only says where it is on this site."""
    content = re.sub(rf'"{HERE}[^"]*"', '"HERE"', entry["content"])
    kept = {key: entry[key] for key in entry if key not in ("id", "url", "content", "enclosures")}
    # White space between blocks is nothing; a link to a page of this site is an address on it.
    return {**kept, "content": re.sub(r">\s+<", "><", content).strip()}


@pytest.mark.parametrize("extension", FORMATS)
async def test_entries_are_equal_after_a_round(demo: Path, tmp_path: Path, extension: str) -> None:
    first = await documents(demo, extension)
    sources = []
    for number, document in enumerate(first):
        sources.append(tmp_path / f"{number}.{extension}")
        sources[-1].write_bytes(document)
    folder, again = tmp_path / "records", tmp_path / "again.db"
    outcome = newsfeed("collect", folder, *sources, "--json")
    assert outcome.status == 0, outcome
    report = import_report(again, folder)
    before = [each for document in first for each in read_feed(extension, document).entries]
    assert report["added"] == outcome.report["added"] == len(before) > 50
    after = {
        entry["title"]: entry
        for document in await documents(again, extension)
        for entry in read_feed(extension, document).entries
    }
    assert len(after) == len({entry["title"] for entry in before})
    for entry in before:
        assert comparable(after[entry["title"]]) == comparable(entry)
        images = [urlsplit(url).netloc for url, *_ in after[entry["title"]]["enclosures"]]
        assert set(images) <= {"localhost"}
