"""Which versions of Datasette are served, and that all others are refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import datasette as datasette_package
import pytest
from datasette.app import Datasette
from datasette.utils import StartupError
from pages_site import V1, build_archive, open_site

from datasette_newsfeed.pages.compat import version

SUPPORTED = (
    *("0.65", "0.65.2", "0.65.5", "0.65.12", "0.66", "0.66a0", "0.70"),
    *("1.0a39", "1.0a40", "1.0a41", "1.0a100", "1.0b0", "1.0rc1", "1.0", "1.0.1", "1.1a0", "2.0"),
)
REFUSED = (
    *("0.1", "0.9", "0.64.8", "0.65a0", "0.65rc1"),
    *("1.0a0", "1.0a4", "1.0a19", "1.0a20", "1.0a25", "1.0a36", "1.0a37", "1.0a38"),
)


@pytest.mark.parametrize("number", SUPPORTED)
def test_supported(number: str) -> None:
    assert version.is_supported(number)
    version.refuse_unsupported(number)


@pytest.mark.parametrize("number", REFUSED)
def test_all_others_are_refused_in_one_sentence(number: str) -> None:
    assert not version.is_supported(number)
    with pytest.raises(StartupError) as raised:
        version.refuse_unsupported(number)
    message = str(raised.value.args[0])
    assert number in message
    assert "1.0a39" in message
    assert "\n" not in message
    # 1.0a20 does not catch a StartupError where it starts plugins; click says this one.
    assert isinstance(raised.value, click.ClickException)
    assert raised.value.message == message


def test_what_is_no_version_is_an_error() -> None:
    with pytest.raises(ValueError, match="no version"):
        version.read("a version")


def test_this_line_is_told_by_its_version() -> None:
    assert version.is_supported(datasette_package.__version__)
    assert version.is_v1() is V1


async def test_a_site_is_refused_when_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        version.refuse_unsupported("1.0a38")

    monkeypatch.setattr("datasette_newsfeed.pages.compat.refuse_unsupported", refuse)
    with pytest.raises(StartupError, match=r"this is 1\.0a38"):
        await open_site(build_archive(tmp_path / "news.db")).invoke_startup()


if not V1:

    async def test_a_method_of_1_0_does_not_make_0_65_another_line(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`allowed` is planned for 0.66 (simonw/datasette#2638), without all else of 1.0."""

        async def allowed(self: Any, **_: Any) -> bool:
            return True

        monkeypatch.setattr(Datasette, "allowed", allowed, raising=False)
        datasette = open_site(build_archive(tmp_path / "news.db"))
        for path in ("/", "/news", "/news/articles", "/news/articles.atom", "/news/topics"):
            assert (await datasette.client.get(path)).status_code == 200, path
        page = (await datasette.client.get("/news/articles")).text
        assert "newsfeed-card" in page
