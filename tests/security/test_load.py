"""Many readers at once while an import runs: no error, no memory lost, and how long they wait.

A short form here; `make load` reads for five minutes with 50 readers and prints the
waiting times beside those of plain Datasette on the same database and machine. Times are
printed, never asserted: they say something of the machine.
"""

from __future__ import annotations

import http.client
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import serve
from commands import content, import_report, write
from share import IS_LONG, tries
from test_import_series import Disk, differences

SECONDS = tries(3, 300)
READERS = tries(8, 50)
RECORDS = 400
OURS = (
    *("/", "/news", "/news/articles", "/news/articles?_topic=AI", "/news/articles?_layout=table"),
    *("/news/articles/piece-0007", "/news/-/newsfeed/search?q=title", "/news/topics"),
    *("/news/providers", "/news/articles.atom", "/news/articles.json?_facet_topic=topics"),
    "/news/article_list.csv?_size=50",
)
PLAIN = ("/", "/news", "/news/articles", "/news/articles?_facet=provider_id", "/news/topics")
MOST_GROWTH = 60_000
"""Kilobytes that a server may grow by once it is warm; what leaks grows with each request."""


@dataclass
class Readings:
    """What readers met: seconds by page, and what was no answer."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.seconds.values()))

    def line(self, page: str | None = None) -> str:
        times = self.seconds[page] if page else [t for ts in self.seconds.values() for t in ts]
        if len(times) < 2:
            return f"{len(times)} answers"
        cuts = statistics.quantiles(times, n=100)
        return f"{len(times):6,} answers, median {cuts[49]:.3f} s, p99 {cuts[98]:.3f} s"


def read(url: str, pages: tuple[str, ...], until: float, number: int, found: Readings) -> None:
    """One reader: a connection, page after page."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    turn = number
    while time.monotonic() < until:
        page = pages[turn % len(pages)]
        turn += 1
        began = time.monotonic()
        try:
            connection.request("GET", page)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            found.errors.append(f"{page}: {error!r}")
            connection.close()
            continue
        found.seconds[page].append(time.monotonic() - began)
        if answer.status != 200:
            found.errors.append(f"{page}: {answer.status} {body[:300]!r}")
    connection.close()


def read_together(url: str, pages: tuple[str, ...], seconds: float, readers: int) -> Readings:
    found = Readings()
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=read, args=(url, pages, until, number, found))
        for number in range(readers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def memory_of(url: str) -> int:
    """Resident kilobytes of the server that listens there."""
    port = urlsplit(url).port
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if b"serve" in arguments and str(port).encode() in arguments:
                for line in (process / "status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        return int(line.split()[1])
        except OSError:  # it has just ended
            continue
    raise AssertionError(f"no server at {url}")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    disk = Disk(tmp_path_factory.mktemp("load") / "records", "load")
    for number in range(RECORDS):
        disk.put(disk.root / f"piece-{number:04}.md", disk.article())
    write(disk.root / "topic.md", "---\ntitle: A title about AI\ntopics: [AI]\n---\n")
    return disk


@pytest.fixture
def db(disk: Disk, tmp_path: Path) -> Path:
    import_report(tmp_path / "news.db", disk.root, status=None)
    return tmp_path / "news.db"


class Importer:
    """Writes records and imports them, again and again, as a cron job would."""

    def __init__(self, disk: Disk, db: Path) -> None:
        self.disk, self.db = disk, db
        self.runs = 0
        self.faults: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Importer:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        command = [sys.executable, "-m", "sqlite_utils", "newsfeed", "import", str(self.db)]
        while not self._stopping.is_set():
            for _ in range(40):
                number = self.disk.random.randrange(RECORDS)
                self.disk.put(self.disk.root / f"piece-{number:04}.md", self.disk.article())
            done = subprocess.run(
                [*command, str(self.disk.root)], capture_output=True, text=True, check=False
            )
            self.runs += 1
            if done.returncode:
                self.faults.append(done.stderr)
            self._stopping.wait(1)


def test_readers_while_imports_run(
    db: Path, disk: Disk, tmp_path: Path, record_property: Any
) -> None:
    with serve(db) as url:
        read_together(url, OURS, SECONDS / 3, READERS)  # caches are filled, modules loaded
        before = memory_of(url)
        with Importer(disk, db) as importer:
            found = read_together(url, OURS, SECONDS, READERS)
        growth = memory_of(url) - before
    assert found.errors == []
    assert importer.faults == []
    assert importer.runs > 0
    assert found.count > len(OURS)
    assert growth < MOST_GROWTH, f"{growth:,} kB more after {found.count:,} answers"
    import_report(db, disk.root, status=None)
    import_report(tmp_path / "fresh.db", disk.root, status=None)
    assert differences(content(db), content(tmp_path / "fresh.db")) == {}
    record_property("cases", ("answers while imports ran", found.count))
    if IS_LONG:
        print(f"\n{READERS} readers, {SECONDS:.0f} s, {importer.runs} imports meanwhile")
        print(f"ours, all pages: {found.line()}; memory {growth:+,} kB from {before:,} kB")
        for page in OURS:
            print(f"  {page:45} {found.line(page)}")
        _beside_plain(db, tmp_path)


def _beside_plain(db: Path, tmp_path: Path) -> None:
    """The same pages of the same database, with and without the plugin, in turns."""
    copies = {name: tmp_path / name / "news.db" for name in ("ours", "plain")}
    for copy in copies.values():
        copy.parent.mkdir()
        shutil.copy(db, copy)
    with serve(copies["ours"]) as ours, serve(copies["plain"], plugins=False) as plain:
        readings = {"ours": Readings(), "plain": Readings()}
        for _ in range(3):
            for name, url in (("ours", ours), ("plain", plain)):
                found = read_together(url, PLAIN, 10, READERS)
                assert found.errors == []
                for page, seconds in found.seconds.items():
                    readings[name].seconds[page] += seconds
    print("beside plain Datasette, no import meanwhile, in turns of 10 s:")
    for page in PLAIN:
        for name in ("ours", "plain"):
            print(f"  {page:35} {name:5} {readings[name].line(page)}")
