"""Commands that are killed, starved, locked out or run twice, and a site that is read meanwhile.

Whatever happens: whole articles only, DB-sources never ahead of the database, a clear
message, and the next run finishes. COMMANDS lists what is tried: a new command is one
line. `--long` kills each of them 300 times instead of a few.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from commands import assert_sound, content, import_report, newsfeed, rows, sources_of, write
from pages_site import V1, open_site
from processes import fork_server
from share import share, tries
from test_import_series import Disk, differences, pieces

RUNS = tries(3, 300)
SHARES = (0.01, 0.9) if RUNS < 10 else (0.01, 0.3, 0.6, 0.9, 1.0, 1.02, 1.1)
"""Of the larger file's size: where the disk is full."""
RECORDS = 60
BATCH = 7
NOBODY = 65534


@dataclass
class Place:
    """A folder with records, the database made of what they were before, and what comes out."""

    folder: Path
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, set[str]] = field(default_factory=dict)

    @property
    def records(self) -> Path:
        return self.folder / "records"

    @property
    def db(self) -> Path:
        return self.folder / "news.db"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def restore(self) -> None:
        """Put everything back as it was before the command."""
        for name in ("news.db", "news.db-sources"):
            shutil.copy(self.folder / "kept" / name, self.folder / name)
            (self.folder / f"{name}-journal").unlink(missing_ok=True)
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.copytree(self.folder / "kept" / "out", self.out)


@dataclass(frozen=True)
class Command:
    """A command under test: its arguments, and what holds of it once it has run to its end."""

    name: str
    arguments: Callable[[Place], list[object]]
    finished: Callable[[Place], None]


def holds_new(place: Place) -> None:
    assert differences(content(place.db), place.new) == {}


def holds_old(place: Place) -> None:
    assert differences(content(place.db), place.old) == {}


def is_published(place: Place) -> None:
    holds_old(place)
    assert_sound(place.out / "public.db")
    assert differences(content(place.out / "public.db"), place.old) == {}
    assert {path.name for path in place.out.glob("*public*")} == {"public.db"}


def is_exported(place: Place) -> None:
    holds_old(place)
    found = {path.name: path.read_text() for path in place.out.rglob("*.md")}
    assert len(found) >= RECORDS
    assert [
        path
        for path in place.out.rglob("*")
        if path.name.endswith(".part") or ".newsfeed-prepare-" in path.name
    ] == []


COMMANDS = (
    Command("import", lambda p: ["import", p.db, p.records, "--prune"], holds_new),
    Command("prepare", lambda p: ["prepare", p.db, p.out / "public.db", "--force"], is_published),
    Command("relate", lambda p: ["relate", p.db, "--again"], holds_old),
    Command("export", lambda p: ["export", p.db, p.out, "--force"], is_exported),
)


def by_command(first: int) -> pytest.MarkDecorator:
    shared = share(COMMANDS, first)
    return pytest.mark.parametrize("command", shared, ids=lambda command: command.name)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Records, imported; then half of them written again, some gone, some new."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        place = Place(Path(folder))
        disk = Disk(place.records, "crash")
        for number in range(RECORDS):
            disk.put(place.records / f"piece-{number:02}.md", disk.article())
        disk.write_organization()
        write(place.records / "picture.md", "---\ntitle: P\nimages: [{url: /p.png}]\n---\n")
        from pages_site import png

        (place.records / "p.png").write_bytes(png(300, 200))
        import_report(place.db, place.records, status=None)
        kept = place.folder / "kept"
        (kept / "out").mkdir(parents=True)
        assert newsfeed("prepare", place.db, kept / "out" / "public.db").status == 0
        for path in (place.db, sources_of(place.db)):
            shutil.copy(path, kept)
        place.old = content(place.db)
        old_texts = {path.name: path.read_text() for path in place.records.glob("*.md")}
        for number in range(0, RECORDS, 2):
            disk.put(place.records / f"piece-{number:02}.md", disk.article())
        for number in range(1, RECORDS, 9):
            (place.records / f"piece-{number:02}.md").unlink()
        for number in range(5):
            disk.put(place.records / f"new-{number:02}.md", disk.article())
        import_report(place.folder / "fresh.db", place.records, status=None)
        place.new = content(place.folder / "fresh.db")
        for texts in (old_texts, {p.name: p.read_text() for p in place.records.glob("*.md")}):
            for name, text in texts.items():
                place.texts.setdefault(name, set()).add(text)
        yield place


# A command in a process of its own, quickly


def limit_files(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run_command(arguments: list[str], size: int | None, user: int | None, sending: Any) -> None:
    """What runs in the process: the command, its output sent back if it comes to its end."""
    import sqlite3

    from datasette_newsfeed.archive.importing import importer
    from datasette_newsfeed.cli import newsfeed as group

    importer.BATCH = BATCH
    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **more: connect(*a, **{**more, "timeout": 0.5})  # type: ignore
    said = io.StringIO()
    status: Any = 0
    if user is not None:
        os.setuid(user)
    if size is not None:
        limit_files(size)
    try:
        with redirect_stderr(said), redirect_stdout(said):
            group(arguments, standalone_mode=True)
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001  # the test looks at it
        status = "exception"
        said.write(traceback.format_exc())
    sending.send((status, said.getvalue()))


Run = Callable[..., "Running"]


@dataclass
class Running:
    """A command on its way."""

    process: Any
    receiving: Any

    def kill(self) -> bool:
        """End it with SIGKILL; return whether it was still running."""
        self.process.kill()
        self.process.join(30)
        return bool(self.process.exitcode == -signal.SIGKILL)

    def end(self) -> tuple[Any, str]:
        """Wait for its exit status and what it said."""
        assert self.receiving.poll(120)
        result: tuple[Any, str] = self.receiving.recv()
        self.process.join(30)
        return result


@pytest.fixture(scope="module")
def start() -> Run:
    server = fork_server()

    def run(*arguments: object, size: int | None = None, user: int | None = None) -> Running:
        receiving, sending = server.Pipe(duplex=False)
        process = server.Process(
            target=run_command, args=([str(a) for a in arguments], size, user, sending)
        )
        process.start()
        return Running(process, receiving)

    return run


# What must hold at any moment


def assert_whole(place: Place) -> None:
    """Whole articles only, and every file that DB-sources trusts has its rows."""
    with closing(sqlite3.connect(place.db)) as db:  # takes a journal back, as any reader does
        db.execute("select count(*) from articles").fetchone()
    assert_sound(place.db)
    old = pieces(place.folder / "kept" / "news.db")
    new = pieces(place.folder / "fresh.db")
    now = pieces(place.db)
    for id, piece in now.items():
        assert piece in (old.get(id), new.get(id)), f"half an article: {id}"
    with closing(sqlite3.connect(sources_of(place.db))) as sources:
        trusted = sources.execute(
            "select article_id, path, text from sources"
            " where sha256 is not null and article_id is not null and file is not null"
        ).fetchall()
    for id, path, text in trusted:
        assert zlib.decompress(text).decode() in place.texts[Path(path).name]
        is_new = (place.records / path).exists() and (
            zlib.decompress(text) == (place.records / path).read_bytes()
        )
        expected = new if is_new else old
        assert now.get(id) in (
            expected.get(id),
            old.get(id) if old.get(id) == new.get(id) else None,
        )


@by_command(0)
def test_killed_at_any_moment(
    command: Command, place: Place, start: Run, record_property: Any
) -> None:
    chance = random.Random(f"kill {command.name}")
    place.restore()
    began = time.monotonic()
    status, said = start(*command.arguments(place)).end()
    whole = time.monotonic() - began
    assert status in (0, 1), said
    command.finished(place)
    killed = 0
    for turn in range(RUNS * 3 + 10):
        if killed == RUNS:
            break
        place.restore()
        running = start(*command.arguments(place))
        time.sleep(chance.uniform(0, whole * 1.1))
        if not running.kill():
            whole *= 0.7  # the first run had a busier machine, or files that nobody had read
            continue
        killed += 1
        assert_whole(place)
        if (place.out / "public.db").exists():
            assert_sound(place.out / "public.db")
        status, said = start(*command.arguments(place)).end()
        assert status in (0, 1), (turn, said)
        command.finished(place)
        assert {p.name for p in place.folder.glob("news.db*")} == {"news.db", "news.db-sources"}
    assert killed >= max(1, RUNS // 2)
    record_property("cases", (f"kills of {command.name}", killed))


@by_command(1)
def test_the_disk_is_full(command: Command, place: Place, start: Run, record_property: Any) -> None:
    """No file may grow beyond a size: SQLite is told so as by a full disk."""
    place.restore()
    largest = max(p.stat().st_size for p in (place.db, sources_of(place.db)))
    count = 0
    sizes = {int(largest * share) for share in SHARES}
    for size in sorted({*sizes, 100}):
        place.restore()
        status, said = start(*command.arguments(place), size=size).end()
        assert status in (0, 1), (size, said)
        if status == 1:
            assert "Traceback" not in said
            assert "full" in said or "too large" in said or "rejected" in said, said
            assert "Usage:" not in said
            count += 1
        assert_whole(place)
        status, said = start(*command.arguments(place)).end()
        assert status in (0, 1), said
        command.finished(place)
    assert count
    record_property("cases", (f"full disks for {command.name}", count))


@by_command(0)
def test_nothing_may_be_written(command: Command, place: Place, start: Run) -> None:
    """Files and folder belong to somebody else: said in words, and nothing changes."""
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    place.restore()
    before = {path: path.read_bytes() for path in (place.db, sources_of(place.db))}
    status, said = start(*command.arguments(place), user=NOBODY).end()
    assert status in (1, 2), said
    assert "Traceback" not in said
    assert str(place.folder) in said or "piece-00.md: cannot be written" in said
    assert "writ" in said or "permission" in said.lower(), said
    for path, data in before.items():
        assert path.read_bytes() == data
    assert_whole(place)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name == "import"], ids=["import"])
@pytest.mark.parametrize("which", ["database", "sources"])
def test_somebody_else_holds_a_lock(which: str, command: Command, place: Place, start: Run) -> None:
    place.restore()
    held = place.db if which == "database" else sources_of(place.db)
    with closing(sqlite3.connect(held, isolation_level=None)) as other:
        other.execute("begin exclusive")
        status, said = start(*command.arguments(place)).end()
        assert status == 1, said
        assert "wait until it ends" in said
        assert "Traceback" not in said
        other.execute("rollback")
    assert_whole(place)
    assert start(*command.arguments(place)).end()[0] in (0, 1)
    command.finished(place)


def test_two_at_once(place: Place, start: Run, record_property: Any) -> None:
    """Of two importers one waits or is told to; what they leave is that of one."""
    refused = 0
    for _ in range(max(3, RUNS // 3)):
        place.restore()
        arguments = COMMANDS[0].arguments(place)
        results = [running.end() for running in [start(*arguments), start(*arguments)]]
        for status, said in results:
            assert status in (0, 1), said
            assert "Traceback" not in said
            refused += "another" in said
        assert_whole(place)
        status, said = start(*arguments).end()
        holds_new(place)
    record_property("cases", ("two imports at once", max(3, RUNS // 3)))


# A site that is read, and written to, meanwhile


PAGES = (
    *("/", "/news", "/news/articles", "/news/articles?_layout=table", "/news/articles.json"),
    *("/news/articles/piece-00", "/news/articles/piece-02", "/news/articles/new-00"),
    *("/news/-/newsfeed/search?q=title", "/news/articles.atom", "/news/topics", "/news/providers"),
    "/news/article_list.csv",
)


async def read_until(datasette: Any, running: Running, errors: list[Any]) -> int:
    count = 0
    while running.process.is_alive() or count < len(PAGES):
        for path in PAGES:
            answer = await datasette.client.get(path)
            if answer.status_code not in (200, 404) or (
                answer.status_code == 404 and "/new-" not in path and "/piece-" not in path
            ):
                errors.append((path, answer.status_code, answer.text[:500]))
            count += 1
    return count


async def test_a_site_is_read_while_an_import_runs(
    place: Place, start: Run, record_property: Any
) -> None:
    """No visitor meets an error, and none meets half an article."""
    count, errors = 0, []
    whole = {*pieces(place.folder / "kept" / "news.db").values()}
    whole |= {*pieces(place.folder / "fresh.db").values()}
    for _ in range(max(2, RUNS // 10)):
        place.restore()
        datasette = open_site(place.db)
        await datasette.invoke_startup()
        await datasette.client.get("/")
        running = start(*COMMANDS[0].arguments(place))
        count += await read_until(datasette, running, errors)
        status, said = running.end()
        assert status in (0, 1), said
        assert errors == []
        answer = await datasette.client.get("/news/articles.json?_shape=array&_size=max")
        assert {row["id"] for row in answer.json()} == {row[0] for row in place.new["articles"]}
        holds_new(place)
    record_property("cases", ("pages read while an import runs", count))


def test_snapshots_while_an_import_runs(place: Place, start: Run, record_property: Any) -> None:
    """What a reader sees at one moment is whole, at every moment."""
    whole = {*pieces(place.folder / "kept" / "news.db").values()}
    whole |= {*pieces(place.folder / "fresh.db").values()}
    count = 0
    place.restore()
    running = start(*COMMANDS[0].arguments(place))
    while running.process.is_alive():
        target = place.folder / "snapshot.db"
        target.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(place.db, timeout=30)) as reader,
            closing(sqlite3.connect(target)) as copy,
        ):
            reader.backup(copy)
        assert {*pieces(target).values()} <= whole
        assert rows(target, "pragma foreign_key_check") == []
        count += 1
    status, said = running.end()
    assert status in (0, 1), said
    holds_new(place)
    record_property("cases", ("snapshots while an import runs", count))


async def write_while_an_import_runs(place: Place, start: Run) -> None:
    """Rows of another table, written through the site: both come to their end."""
    place.restore()
    with closing(sqlite3.connect(place.db)) as db:
        db.execute("create table notes (id integer primary key, words text)")
    datasette = open_site(place.db)
    datasette.root_enabled = True
    cookies = {"ds_actor": datasette.sign({"a": {"id": "root"}}, "actor")}
    running = start(*COMMANDS[0].arguments(place))
    written = 0
    while running.process.is_alive() or written < 5:
        answer = await datasette.client.post(
            "/news/notes/-/insert", json={"row": {"words": "x"}}, cookies=cookies
        )
        written += answer.status_code == 201
        assert answer.status_code == 201 or "locked" in answer.text, answer.text
        await asyncio.sleep(0.01)
    status, said = running.end()
    assert "Traceback" not in said
    assert status in (0, 1), said
    if status == 1 and "another program" in said:
        status, said = start(*COMMANDS[0].arguments(place)).end()
    holds_new(place)
    assert rows(place.db, "select count(*) from notes") == [(written,)]
    assert_sound(place.db)


if V1:  # 0.65 has no write API, and no test may skip
    test_the_write_api_writes_while_an_import_runs = write_while_an_import_runs
