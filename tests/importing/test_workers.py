"""`import --workers`: other processes read the files, and nothing else differs.

The same rows, the same words, the same exit status; and no process is left behind,
however the run ends. Knows the command line and what it leaves behind.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from commands import assert_sound, content, dump, newsfeed, record, sources_of, write

from datasette_newsfeed.archive.files import File
from datasette_newsfeed.archive.importing import importer, workers
from datasette_newsfeed.errors import RecordError

SOME = 60
MANY = 2000


def made(root: Path, seed: str) -> None:
    """Records of which some share an id, some are broken, some are no records."""
    dice = random.Random(seed)
    for n in range(SOME):
        path = root / dice.choice(("", "a", "b/deep")) / f"piece-{dice.randrange(SOME)}.md"
        text = dice.choice(
            (
                record(f"Piece {n}", f"webUrl: https://paper.example/{n % 9}", "topics: [Tides]"),
                record(f"Piece {n}", "related:", f"- webUrl: https://paper.example/{n % 9}"),
                "---\ntitle: [\n---\n",
                "---\ntitle: x\nheat: warm\n---\n",
                "no front matter\n",
                f"---\ntaxonomy: organization\n_id: paper.example\nname: Paper {n}\n---\n",
                b"---\ntitle: \xff\n---\n",
            )
        )
        write(path, text)
        os.utime(path, (1_700_000_000 + n, 1_700_000_000 + n))


def import_both(places: tuple[Path, Path], root: Path, *arguments: object) -> None:
    """Import with one process and with two others; what they say and leave is the same."""
    said = []
    for place, processes in zip(places, (1, 2), strict=True):
        place.mkdir(exist_ok=True)
        outcome = newsfeed("import", place / "news.db", root, *arguments, "--workers", processes)
        assert_sound(place / "news.db")
        said.append((outcome, dump(place / "news.db"), dump(sources_of(place / "news.db"))))
    assert said[0] == said[1]


def test_the_same_rows_and_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH", 7)
    monkeypatch.setattr(workers, "CHUNK", 3)
    root = tmp_path / "records"
    # Of one depth, so that they call the files the same.
    places = (tmp_path / "one", tmp_path / "two")
    for seed in ("first", "second"):
        made(root, seed)
        import_both(places, root)
    # Touched, moved to where an id is another's, and gone.
    for path in sorted(root.glob("*.md")):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    for path in sorted((root / "a").glob("*.md"))[:5]:
        path.rename(root / "b/deep" / path.name)
    for path in sorted((root / "b/deep").glob("*.md"))[-4:]:
        path.unlink()
    import_both(places, root, "--prune")
    import_both(places, root, "--without-text")


def test_an_unchanged_file_that_lost_its_row_meanwhile_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fingerprint was asked ahead, and it had its article then."""
    monkeypatch.setattr(importer, "BATCH", 1)
    root, places = tmp_path / "records", (tmp_path / "one", tmp_path / "two")
    write(root / "b/same.md", record("The first"))
    import_both(places, root)
    write(root / "a/same.md", record("The second"))
    os.utime(root / "b/same.md", (1_600_000_000, 1_600_000_000))
    import_both(places, root)


def test_an_error_goes_to_another_process_whole() -> None:
    import pickle

    error = RecordError("is wrong", place="images[0].width", path="a.md")
    other = pickle.loads(pickle.dumps(error))
    assert (str(other), other.place, other.path) == (str(error), error.place, error.path)


# -- what a process loads -----------------------------------------------------

LOADED = "sorted({name.partition('.')[0] for name in __import__('sys').modules})"


def test_a_process_that_reads_loads_nothing_that_writes(tmp_path: Path) -> None:
    """Neither what stores and compares, nor Datasette: so it starts in a fraction of the time."""
    path = write(tmp_path / "a.md", record("A", "webUrl: https://paper.example/a"))
    file = File(str(path), "a.md", path.stat().st_size, 0)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=workers._begin) as pool:
        with workers._main_unseen():
            (seen,) = pool.submit(workers.Readers(0).read_all, [workers.Request(file)]).result()
        loaded = set(pool.submit(eval, LOADED).result())
    assert seen.record is not None
    assert "yaml" in loaded
    heavy = {"sqlite_utils", "sqlite3", "click", "datasette", "snowballstemmer", "w3lib", "PIL"}
    assert loaded & heavy == set()


def test_a_script_that_imports_need_not_be_guarded(tmp_path: Path) -> None:
    """It is not run again by each process, as multiprocessing would have it."""
    write(tmp_path / "records" / "a.md", record("A"))
    script = write(
        tmp_path / "script.py",
        "from datasette_newsfeed.archive.importing.importer import import_archive\n"
        "print('started')\n"
        "from datasette_newsfeed.archive.importing.options import ImportOptions\n"
        "options = ImportOptions(workers=2, relate=False)\n"
        "report = import_archive('news.db', ['records'], options)\n"
        "print(report.added)\n",
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "started\n1\n", "")


# -- the end of a run ---------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    for n in range(MANY):
        write(root / f"{n % 10}/piece-{n:05}.md", record(f"Piece {n}", body="words " * 50))
    return root


@pytest.fixture
def start(many: Path, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start an import with two workers in a session of its own, and wait until both work."""
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "datasette", "newsfeed", "import"]
        process = subprocess.Popen(
            [*command, str(tmp_path / "news.db"), str(many), "--workers", "2"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell's job in the background ignores Ctrl-C, and hands that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        until(lambda: len(workers_of(process)) == 2)
        return process

    yield run
    for process in started:
        for left in members(process.pid):
            os.kill(left, signal.SIGKILL)
        process.communicate()


def until(holds: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def members(session: int) -> list[int]:
    """The processes of a session."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                state = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # gone meanwhile
                continue
            if int(state[3]) == session and state[0] != "Z":
                found.append(int(place.name))
    return found


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    found = []
    for pid in members(process.pid):
        try:
            said = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"spawn_main" in said:
            found.append(pid)
    return found


proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@proc
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_run_ends_no_process_is_left(
    way: signal.Signals, start: Callable[[], subprocess.Popen[str]], many: Path, tmp_path: Path
) -> None:
    # The shell sends Ctrl-C to all of them, other signals go to the one named.
    send = os.killpg if way == signal.SIGINT else os.kill
    process = start()
    send(process.pid, way)
    _, said = process.communicate(timeout=120)
    assert process.returncode != 0
    assert way != signal.SIGINT or "Traceback" not in said
    until(lambda: not members(process.pid), 10)
    after = newsfeed("import", tmp_path / "news.db", many)
    assert after.status == 0
    assert_sound(tmp_path / "news.db")
    newsfeed("import", tmp_path / "fresh.db", many)
    assert content(tmp_path / "news.db") == content(tmp_path / "fresh.db")


def test_ctrl_c_waits_until_a_process_is_started() -> None:
    """Whichever thread the system hands it to: else a process begins without its orders."""
    other = threading.Thread(target=time.sleep, args=(0.5,))
    other.start()
    started = []

    def start() -> None:
        with workers._ctrl_c_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            started.append(True)

    # A job in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            start()
    finally:
        signal.signal(signal.SIGINT, before)
    assert started
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    other.join()


@proc
def test_a_worker_that_dies_is_told_of(
    start: Callable[[], subprocess.Popen[str]], many: Path, tmp_path: Path
) -> None:
    process = start()
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "--workers 1" in said
    assert "Traceback" not in said
    until(lambda: not members(process.pid), 10)
    assert newsfeed("import", tmp_path / "news.db", many).status == 0
    assert_sound(tmp_path / "news.db")


def test_where_no_process_can_be_had_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(workers, "ProcessPoolExecutor", refuse)
    write(tmp_path / "records/one.md", record("One"))
    outcome = newsfeed("import", tmp_path / "news.db", tmp_path / "records", "--workers", "2")
    assert outcome.status == 1
    assert "Function not implemented" in outcome.stderr
    assert "--workers 1" in outcome.stderr
