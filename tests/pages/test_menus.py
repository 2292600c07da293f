"""Menus of Datasette: the jump menu of 1.0, the actions of tables and rows."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from datasette.utils import tilde_encode
from pages_site import SCRIPT, STORY, V1, build_archive, open_site

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("menus") / "news.db")


async def items(datasette: Any, words: str) -> dict[str, str]:
    answer = await datasette.client.get("/-/jump.json", params={"q": words})
    assert answer.status_code == 200, answer.text
    found = answer.json()["matches"]
    return {each["name"]: each["url"] for each in found if each["type"] == "news"}


def actions(page: str) -> dict[str, str]:
    """The entries of the menus of a page: their address by their label."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>\s*([^<]+?)\s*<', page)
    return {html.unescape(label): html.unescape(address) for address, label in found}


async def test_the_jump_menu_leads_to_topics_and_providers(archive: Path) -> None:
    datasette = open_site(archive)
    if not V1:
        assert (await datasette.client.get("/-/jump.json")).status_code == 404
        return
    assert await items(datasette, "tidal p") == {
        "Tidal power": f"/news/topics/{tilde_encode('Tidal power')}"
    }
    assert await items(datasette, "strait") == {
        "The Strait Observer": "/news/providers/strait~2Eexample"
    }
    assert await items(datasette, "R&D") == {"R&D": f"/news/topics/{tilde_encode('R&D')}"}
    for words in ("", "%", "_", "\\", "'", '"', "x" * 10_000, SCRIPT, "\x00"):
        found = await items(datasette, words)
        assert len(found) <= 16, words
    assert not await items(datasette, "%")
    assert not await items(datasette, "")
    denied = {"databases": {"news": {"tables": {"topics": {"allow": False}}}}}
    assert not await items(open_site(archive, metadata=denied), "tidal p")
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    assert not await items(open_site(archive, metadata=denied), "strait")


async def test_the_menu_of_the_articles_cites_the_selection(archive: Path) -> None:
    datasette = open_site(archive)
    answer = await datasette.client.get("/news/articles?_topic=Tidal+power&_layout=table")
    found = actions(answer.text)
    assert found["Cite these articles: BibTeX"] == "/news/articles.bib?_topic=Tidal+power"
    assert found["Subscribe to these articles"] == "/news/articles.feed?_topic=Tidal+power"
    there = await datasette.client.get(found["Compare over time"])
    assert there.status_code == 200
    assert "Tidal power" in there.text
    assert "Cite these articles: BibTeX" not in actions(
        (await datasette.client.get("/news/providers")).text
    )


async def test_the_menu_of_a_row(archive: Path) -> None:
    datasette = open_site(archive)
    path = f"/news/articles/{tilde_encode(STORY)}"
    found = actions((await datasette.client.get(path)).text)
    if not V1:  # it has no such menu
        assert "Cite: BibTeX" not in found
        return
    assert found["Cite: BibTeX"] == f"{path}.bib"
    assert found["Add to a list"] == f"/news/-/newsfeed/list?id={STORY}"
    found = actions((await datasette.client.get("/news/providers/strait~2Eexample")).text)
    assert found["Subscribe"] == "/news/articles.feed?provider_id=strait.example"
    assert (await datasette.client.get(found["Compare over time"])).status_code == 200
