"""Hooks of our own: the example of docs/plugin-hooks.md runs, and wrong entries are refused."""

from __future__ import annotations

import importlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from commands import import_report, write
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils import StartupError
from feed_reader import FORMATS
from pages_site import STORY, build_archive, open_site, text_of

from datasette_newsfeed import registered_dialects as dialect_registry
from datasette_newsfeed.archive.dialects import DIALECTS
from datasette_newsfeed.errors import OptionError
from datasette_newsfeed.pages.registered_formats import RESERVED, feed_formats

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "plugin-hooks.md"
# What an installed plugin looks like to the commands: any entry beside our own.
ENTRY = SimpleNamespace(name="bulletin")
EXAMPLE = {
    "extension": "plain",
    "name": "Plain",
    "media_type": "text/plain",
    "write": lambda feed: feed.title,
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("hooks") / "news.db")


@contextmanager
def registered(*results: Any) -> Iterator[None]:
    """Have plugins that return these."""
    plugins = []
    for number, result in enumerate(results):

        @hookimpl
        def register_newsfeed_feed_formats(datasette: Any, result: Any = result) -> Any:
            return result

        # Datasette 0.65 takes each plugin for a module.
        plugin: Any = ModuleType(f"formats-{number}")
        plugin.register_newsfeed_feed_formats = register_newsfeed_feed_formats
        pm.register(plugin, plugin.__name__)
        plugins.append(plugin)
    try:
        yield
    finally:
        for plugin in plugins:
            pm.unregister(plugin)


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Any]:
    """A site with the plugin of the document, as `--plugins-dir` loads it."""
    source, _ = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "reading_list.py").write_text(source, "utf-8")
    before = set(pm.get_plugins())
    try:
        yield lambda path: open_site(path, plugins_dir=str(folder))
    finally:
        for plugin in set(pm.get_plugins()) - before:
            pm.unregister(plugin)


async def test_the_example_of_the_document(archive: Path, example: Any) -> None:
    datasette = example(archive)
    path = "/news/articles.readinglist"
    answer = await datasette.client.get(f"{path}?_topic=Harbours")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text == (
        "# Articles about Harbours – news: a news archive\n\n"
        "- [A film of the harbour](http://localhost/news/articles/2024-03-02-harbour-film)"
        " (youtube.com)\n"
    )
    known = {"If-None-Match": answer.headers["etag"]}
    again = await datasette.client.get(f"{path}?_topic=Harbours", headers=known)
    assert again.status_code == 304
    page = (await datasette.client.get("/news/articles?_topic=Harbours")).text
    assert f'title="Articles about Harbours (Reading list)" href="{path}?_topic=Harbours"' in page
    topic = (await datasette.client.get("/news/topics/Harbours")).text
    (people,) = re.findall(r'href="([^"]*)">Subscribe</a>', topic)
    page = (await datasette.client.get(people)).text
    assert "Atom Open Atom RSS Open RSS JSON Feed Open JSON Feed Reading list" in text_of(page)
    assert f'readonly value="http://localhost{path}?_topic=Harbours"' in page


BUILT_IN = [*FORMATS, "bib", "ris", "csljson"]


async def test_built_in_formats_go_through_the_hook(archive: Path) -> None:
    (ours, *_) = pm.hook.register_newsfeed_feed_formats(datasette=open_site(archive))
    feeds = [each["extension"] for each in ours if not each.get("whole")]
    assert feeds == list(FORMATS)
    assert [each["extension"] for each in ours] == BUILT_IN


async def test_the_order_is_ours_then_by_extension(archive: Path) -> None:
    second = {**EXAMPLE, "extension": "b", "write": lambda feed: b"bytes"}
    with registered({**EXAMPLE, "extension": "c"}, [second, {**EXAMPLE, "extension": "a"}], None):
        datasette = open_site(archive)
        assert list(feed_formats(datasette)) == [*BUILT_IN, "a", "b", "c"]
        assert (await datasette.client.get("/news/articles.b")).content == b"bytes"
        assert (await datasette.client.get("/news/articles.c")).text == "news: a news archive"
    assert list(feed_formats(open_site(archive))) == BUILT_IN


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({**EXAMPLE, "extension": "atom"}, "two plugins register the extension 'atom'"),
        ([EXAMPLE, EXAMPLE], "two plugins register the extension 'plain'"),
        *(({**EXAMPLE, "extension": each}, "cannot be an extension") for each in RESERVED),
        *(
            ({**EXAMPLE, "extension": each}, "cannot be an extension")
            for each in ("a.b", "a/b", "a-b", "A", "1", "ä", "-a", "a b")
        ),
        ({**EXAMPLE, "extension": ""}, "extension is no text"),
        ({**EXAMPLE, "extension": None}, "extension is no text"),
        ({**EXAMPLE, "name": " "}, "name is no text"),
        ({**EXAMPLE, "media_type": "text/plain\r\nX-A: b"}, "media_type is no text"),
        ({**EXAMPLE, "write": "a function"}, "write of .plain is no function"),
        ({**EXAMPLE, "more": 1}, "a format is a dictionary of extension, name, media_type, write"),
        ({"extension": "plain"}, "a format is a dictionary"),
        ("plain", "a format is a dictionary"),
        ([["plain"]], "a format is a dictionary"),
    ],
)
def test_what_is_no_format_is_refused_at_the_start(archive: Path, result: Any, words: str) -> None:
    with registered(result), pytest.raises(StartupError, match=re.escape(words)):
        open_site(archive)


async def test_a_format_is_closed_where_articles_are(archive: Path) -> None:
    with registered(EXAMPLE):
        metadata = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
        datasette = open_site(archive, metadata=metadata)
        answer = await datasette.client.get("/news/articles.plain")
        assert answer.status_code in (403, 404)
        page = (await datasette.client.get(f"/news/articles/{STORY}.plain")).text
        assert "Tidal kites" not in page


def test_the_commands_import_no_datasette() -> None:
    """`sqlite-utils` loads this package at each call: what it costs is paid by all of them."""
    code = "import sys, datasette_newsfeed.cli; print('datasette' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_version() -> None:
    from importlib.metadata import version

    from datasette_newsfeed.cli import newsfeed

    result = CliRunner().invoke(newsfeed, ["--version"])
    assert (result.exit_code, result.output) == (
        0,
        f"newsfeed, version {version('datasette-newsfeed')}\n",
    )


# -- dialects -----------------------------------------------------------------------------


@pytest.fixture
def bulletin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The plugin of the document's second example, as one that is installed."""
    _, source = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)
    (tmp_path / "bulletin_plugin.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = importlib.import_module("bulletin_plugin")
    pm.register(plugin)
    monkeypatch.setattr(dialect_registry, "entry_points", lambda group: [ENTRY])
    yield plugin
    pm.unregister(plugin)
    sys.modules.pop("bulletin_plugin")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_dialect_of_another_plugin(bulletin: Any, tmp_path: Path, workers: int) -> None:
    record = "---\ntitle: Ferries\nissue: 7\nissued: 2024-03-01\n---\nText\n"
    write(tmp_path / "bulletin" / "7.md", record)
    write(tmp_path / "bulletin" / "2024-03-02-post.md", "---\ntitle: B\nlayout: post\n---\n")
    environment = {"PYTHONPATH": str(tmp_path)}
    db = tmp_path / "news.db"
    arguments = ("--workers", workers) if workers > 1 else ()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        report = import_report(db, tmp_path / "bulletin", *arguments)
    assert report["dialects"] == {"bulletin": 1, "front matter": 1}
    with closing(sqlite3.connect(db)) as connection:
        rows = connection.execute("select id, published_at, extra from articles order by id")
        assert rows.fetchall() == [
            ("2024-03-02-post", "2024-03-02T00:00:00Z", '{"layout": "post"}'),
            ("7", "2024-03-01T00:00:00Z", '{"issue": 7}'),
        ]


def test_the_built_in_dialects_go_through_the_hook(bulletin: Any) -> None:
    names = [each.name for each in dialect_registry.registered_dialects()]
    assert names == ["bulletin", *(each.name for each in DIALECTS)]


@pytest.mark.parametrize("entry", [object(), "bulletin", DIALECTS[0]])
def test_what_is_no_dialect_is_refused(entry: Any, bulletin: Any) -> None:
    @hookimpl
    def register_newsfeed_dialects() -> Any:
        return entry

    plugin: Any = ModuleType("no-dialect")
    plugin.register_newsfeed_dialects = register_newsfeed_dialects
    pm.register(plugin)
    try:
        with pytest.raises(OptionError):
            dialect_registry.registered_dialects()
    finally:
        pm.unregister(plugin)
