"""The setting `frames`: which sites a page may show in frames, and be shown by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasette.utils import StartupError
from pages_site import build_archive, open_site

from datasette_newsfeed.pages.headers.frames import Frames, read

SPOTIFY, EXAMPLE = "https://open.spotify.com", "*.example.org"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("frames") / "news.db")


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (None, Frames()),
        ([], Frames()),
        ({}, Frames()),
        (SPOTIFY, Frames((SPOTIFY,), (SPOTIFY,))),
        ([SPOTIFY, EXAMPLE], Frames((SPOTIFY, EXAMPLE), (SPOTIFY, EXAMPLE))),
        ({"show": [SPOTIFY]}, Frames((SPOTIFY,), ())),
        ({"show": SPOTIFY, "shown_by": [EXAMPLE]}, Frames((SPOTIFY,), (EXAMPLE,))),
        ("http://localhost:8001", Frames(*[("http://localhost:8001",)] * 2)),
    ],
)
def test_what_it_allows(value: Any, allowed: Frames) -> None:
    assert read(value) == allowed


WRONG = (
    *("*", "'unsafe-inline'", "https://a.example; script-src *", "a b", "https://a.example/ b"),
    *(
        "javascript:alert(1)",
        "data:",
        "https:",
        "a.example\nx",
        "https://é.example",
        "",
        "-",
        "a,b",
    ),
    *(1, True, 1.5, [1], [None], [["https://a.example"]], {"show": 1}, {"by": []}),
)


@pytest.mark.parametrize("value", WRONG, ids=repr)
async def test_a_wrong_value_is_said_at_startup(archive: Path, value: Any) -> None:
    metadata = {"plugins": {"datasette-newsfeed": {"frames": value}}}
    with pytest.raises(StartupError, match="frames: ") as raised:
        await open_site(archive, metadata=metadata).invoke_startup()
    assert "\n" not in str(raised.value)


async def _policy(site: Any, path: str) -> dict[str, list[str]]:
    header = (await site.client.get(path)).headers["content-security-policy"]
    parts = [part.split() for part in header.split("; ")]
    return {part[0]: part[1:] for part in parts}


async def test_on_pages(archive: Path, tmp_path: Path) -> None:
    other = build_archive(tmp_path / "other.db", renditions=False)
    setting = {"show": [SPOTIFY], "shown_by": [EXAMPLE]}
    ours = {"plugins": {"datasette-newsfeed": {"frames": setting}}}
    site = open_site(archive, other, metadata={"databases": {"news": ours}})
    for path in ("/news/articles", "/news", "/news/articles/undated", "/"):
        policy = await _policy(site, path)
        assert SPOTIFY in policy["frame-src"], path
        assert "https://player.vimeo.com" in policy["frame-src"], path
        assert policy["frame-ancestors"] == ["'self'", EXAMPLE], path
    policy = await _policy(site, "/other/articles")
    assert SPOTIFY not in policy["frame-src"]
    assert policy["frame-ancestors"] == ["'self'"]
    search = await _policy(site, "/news/-/newsfeed/search?q=kites")
    assert search["frame-ancestors"] == ["'self'", EXAMPLE]
    assert search["default-src"] == ["'none'"]
    feed = await site.client.get("/news/articles.atom")
    assert "frame-ancestors 'none'" in feed.headers["content-security-policy"]


async def test_for_all_databases(archive: Path) -> None:
    site = open_site(archive, metadata={"plugins": {"datasette-newsfeed": {"frames": SPOTIFY}}})
    assert SPOTIFY in (await _policy(site, "/news/articles"))["frame-src"]
    assert SPOTIFY in (await _policy(site, "/"))["frame-ancestors"]
