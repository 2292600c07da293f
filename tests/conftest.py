"""What many tests share: the demo newsroom as a database, the real archive if there is one.

Two options: `--long` tries each list whole and each random test often. `--no-skip`, as in .ci/run,
counts a skipped test as failed, unless all it lacks is an archive and none was named.
"""

from __future__ import annotations

import fcntl
import inspect
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import share
from browser import LAUNCH_OPTIONS, find_browser
from click.testing import CliRunner
from datasette import app, hookimpl, plugins
from datasette.app import DatasetteClient
from datasette.plugins import pm
from hypothesis import HealthCheck, Phase, settings
from jinja2 import Environment, FileSystemBytecodeCache
from share import LINE, is_tried

from datasette_newsfeed.pages import other_plugins

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
NO_BROWSER = "no Chrome or Chromium found, and Playwright could not get one"
NO_ARCHIVE = "NEWSFEED_ARCHIVE names no folder of real records"

# Without --long the same cases in every run; a failure of a long one names its case.
_ALL = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
settings.register_profile("short", max_examples=20, derandomize=True, **_ALL)
settings.register_profile("long", max_examples=2000, **_ALL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of these tests."""
    group = parser.getgroup("datasette-newsfeed")
    group.addoption("--long", action="store_true", help="try whole lists, and random cases often")
    group.addoption("--no-skip", action="store_true", help="a skipped test counts as failed")


def pytest_configure(config: pytest.Config) -> None:
    """Set how much is tried, before a test file is imported."""
    share.IS_LONG = config.getoption("--long")
    settings.load_profile("long" if share.IS_LONG else "short")


@pytest.fixture(scope="session")
def datasette_line() -> str:
    """The Datasette line installed here: "0.65" or "1.0"."""
    return LINE


@pytest.fixture(scope="session")
def archive_folders() -> list[Path]:
    """The folders of real records that NEWSFEED_ARCHIVE names; skips without."""
    names = os.environ.get("NEWSFEED_ARCHIVE", "").split(os.pathsep)
    folders = [Path(name) for name in names if name]
    if not folders:
        pytest.skip(NO_ARCHIVE)
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    assert not missing, f"NEWSFEED_ARCHIVE names folders that are not there: {missing}"
    return folders


class CompiledTemplates:
    """A Datasette plugin for the tests: each template is compiled once, not once a site."""

    # Datasette 0.65 takes each plugin for a module.
    __name__ = "compiled-templates"

    def __init__(self, folder: Path) -> None:
        self._cache = FileSystemBytecodeCache(str(folder))

    @hookimpl
    def prepare_jinja2_environment(self, env: Environment) -> None:
        env.bytecode_cache = self._cache


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    plugin = CompiledTemplates(tmp_path_factory.mktemp("templates"))
    pm.register(plugin, "compiled-templates")
    yield
    pm.unregister(plugin)


@pytest.fixture(scope="session", autouse=True)
def _known_plugins() -> Iterator[None]:
    """What Datasette reads of its plugins' packages is read once for each set of them, not four
    times a site."""
    read = plugins.get_plugins
    known: dict[tuple[tuple[str, int], ...], tuple[list[Any], list[dict[str, Any]]]] = {}

    def get_plugins() -> list[dict[str, Any]]:
        there = pm.list_name_plugin()
        key = tuple((name, id(plugin)) for name, plugin in there)
        # With the plugins themselves, so that no other one gets the id of one that is gone.
        if key not in known:
            known[key] = there, read()
        return [dict(each) for each in known[key][1]]

    with pytest.MonkeyPatch.context() as patch:
        for module in (plugins, app, other_plugins):
            patch.setattr(module, "get_plugins", get_plugins)
        yield


@pytest.fixture(autouse=True)
def _one_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of Datasette 1.0 makes the whole application anew for each request: here once."""

    if hasattr(DatasetteClient, "app"):
        application = cache(lambda client: client.ds.app())
        monkeypatch.setattr(DatasetteClient, "app", property(application))


@pytest.fixture(autouse=True)
def _drawn_each_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that replaces a part of the package asks what is drawn then, not what was kept."""
    if "monkeypatch" in inspect.signature(request.function).parameters:
        from datasette_newsfeed.pages.headers import page_cache

        monkeypatch.setattr(page_cache, "cache_of", lambda datasette: None)


@pytest.fixture(scope="session")
def demo_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh import of demo/. Shared by all tests: copy it before you change it."""
    from datasette_newsfeed.cli import newsfeed

    folder = tmp_path_factory.mktemp("demo")
    if "PYTEST_XDIST_WORKER" in os.environ:  # one for all processes of a run
        folder = folder.parents[1] / "demo"
        folder.mkdir(exist_ok=True)
    path, is_made = folder / "demo.db", folder / "made"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made.exists():
            result = CliRunner().invoke(newsfeed, ["import", str(path), str(ROOT / "demo")])
            assert result.exit_code == 0, result.output
            is_made.touch()
    return path


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The Chrome or Chromium to test with; skips without."""
    path = find_browser()
    if path is None:
        pytest.skip(NO_BROWSER)
    return path


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    """A running browser for the tests of one file; skips where it does not start.

    Not for a whole session: while Playwright waits, no other event loop can run.
    """
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=list(LAUNCH_OPTIONS)
            )
        except Error as error:
            pytest.skip(f"{browser_path} does not start: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


# The longest first, so that at the end no process works alone. xdist would take those with
# the most tests first: those in a browser have few.
LONG = (
    *("cloud_run", "other_plugins", "explore_browser", "docs", "page_claims", "history"),
    *("sight", "permissions", "reject", "paging", "page_cache", "accessibility", "text_browser"),
    *("hostile_browser", "fetch", "images_setting", "listing", "story_browser", "search_page"),
    *("cost", "full_text", "collect", "crash", "import", "related", "damaged", "hostile", "text"),
    *("search", "feeds", "pages", "workers", "round_trip", "import_series", "site_browser"),
    *("facets", "facet_index", "parameters", "dialects", "hostile_records"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files that take long first, the others after them in their order.

    Leave out what only the other line has, and what is tried there alone (tests/support/share.py)
    if a run is of everything.
    """
    if not [name for name in config.args if name.partition("::")[0].endswith(".py")]:
        items[:] = [item for item in items if is_tried(item.path.stem)]
    marks = {item: item.get_closest_marker("line") for item in items}
    items[:] = [item for item, mark in marks.items() if mark is None or mark.args == (LINE,)]
    places = {f"test_{name}": place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr)


def _fail_if_skipped(
    report: pytest.TestReport | pytest.CollectReport, config: pytest.Config
) -> None:
    if not config.getoption("--no-skip") or not report.skipped or hasattr(report, "wasxfail"):
        return
    if NO_ARCHIVE not in _reason(report):
        report.longrepr = f"{_reason(report)} (and --no-skip lets nothing skip)"
        report.outcome = "failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    _fail_if_skipped(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    _fail_if_skipped(report, collector.config)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line each what was tried and measured, what was not tested and why."""
    tried: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, what in report.user_properties:
            if name == "cases":
                tried[what[0]] += what[1]
            else:
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {name} {what}")
    for what, count in sorted(tried.items()):
        terminalreporter.write_line(f"{count:,} {what}")
    reasons = [_reason(report) for report in terminalreporter.stats.get("skipped", [])]
    for reason in sorted({reason.removeprefix("Skipped: ") for reason in reasons}):
        count = sum(reason in each for each in reasons)
        terminalreporter.write_line(f"{count} skipped: {reason}")
