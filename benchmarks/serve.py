"""How far one server carries an archive: requests a second, waiting times, memory, start.

Serves DB as a published site does (immutable, inspected) on one core and asks for its
pages from another, with `wrk` (on Debian: `apt install wrk`). Prints Markdown. Knows
only that the database is an archive; run it with the Python whose Datasette is meant:

    .venv/3.11/0.65/bin/python benchmarks/serve.py DB

The processor time that a request costs the server is taken too: on a machine with
other work it says more than the requests a second. Nothing but this machine is asked.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

READERS = 8
STARTS = 5
TICKS = os.sysconf("SC_CLK_TCK")
DATASETTE = [sys.executable, "-m", "datasette"]
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}

PAGES = """
select 'Front page' as name, '/' as path
union all select 'Articles as cards, six facets', '/{db}/articles'
union all select 'One topic, six facets', '/{db}/articles?_topic=' || replace(topic, ' ', '+')
  from (select topic from article_topics group by topic order by count(*) desc limit 1)
union all select 'Article', '/{db}/articles/' || id
  from (select id from articles where body <> '' order by published_at desc limit 1)
union all select 'Search', '/{db}/-/newsfeed/search?q=' || word
  from (select substr(title, 1, instr(title || ' ', ' ') - 1) as word from articles
    where instr(title, ' ') > 4 order by published_at desc limit 1)
union all select 'Atom feed', '/{db}/articles.atom'
union all select 'JSON', '/{db}/articles.json?_shape=array'
union all select 'Stored image', '/{db}/-/newsfeed/image/' || image_id || '/' || width
  from (select image_id, width from image_renditions order by width limit 1)
"""


@dataclass(frozen=True)
class Server:
    """A running `datasette serve`; start: seconds from its start to its first front page."""

    process: int
    address: str
    start: float

    def memory(self) -> int:
        """Return the most kilobytes that it has had at one time."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        return int(re.findall(r"^VmHWM:\s+(\d+)", status, re.M)[0])

    def seconds(self) -> float:
        """Return the processor time it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / TICKS


@contextlib.contextmanager
def serve(db: Path, inspected: Path, core: int) -> Iterator[Server]:
    """Serve a database on one core, until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = ["-i", str(db), "--inspect-file", str(inspected), "--port", str(port)]
    began = time.monotonic()
    process = subprocess.Popen(
        [*DATASETTE, "serve", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        while True:
            try:
                _get(f"{address}/")
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"datasette does not serve {db}") from None
                time.sleep(0.01)
        yield Server(process.pid, address, time.monotonic() - began)
    finally:
        process.terminate()
        process.wait()


def _get(url: str) -> tuple[int, str | None]:
    """Return the bytes of an answer and its ETag."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as response:
        return len(response.read()), response.headers.get("ETag")


@dataclass(frozen=True)
class Load:
    """What `wrk` measured: requests a second, milliseconds, answers that were no success."""

    rate: float
    p50: float
    p99: float
    requests: int
    failed: int


def load(url: str, readers: int, seconds: int, core: int, etag: str | None = None) -> Load:
    """Let so many readers ask for a page again and again, each as soon as it was answered."""
    header = ["-H", f"If-None-Match: {etag}"] if etag else []
    command = ["wrk", "-t1", f"-c{readers}", f"-d{seconds}s", "--latency", "--timeout", "60s"]
    done = subprocess.run(
        [*command, *header, url],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )

    def milliseconds(share: str) -> float:
        found = re.findall(rf"^\s*{share}%\s+([\d.]+)(us|ms|s|m)\s*$", done.stdout, re.M)
        if not found:
            raise RuntimeError(
                f"{url}: no answer in {seconds} s; ask for more --seconds\n{done.stdout}"
            )
        value, unit = found[0]
        return float(value) * UNITS[unit]

    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return Load(
        rate=float(re.findall(r"Requests/sec: +([\d.]+)", done.stdout)[0]),
        p50=milliseconds("50"),
        p99=milliseconds("99"),
        requests=int(re.findall(r"(\d+) requests in", done.stdout)[0]),
        failed=int(failed[0]) if failed else 0,
    )


def pages_of(db: Path) -> list[tuple[str, str]]:
    """Return name and path of the pages to ask for."""
    with contextlib.closing(sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)) as found:
        return found.execute(PAGES.format(db=db.stem)).fetchall()


def measure(db: Path, seconds: int) -> None:
    """Measure one database, and print it."""
    *_, asking = sorted(os.sched_getaffinity(0))
    serving = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        inspected = Path(folder) / "inspect.json"
        command = [*DATASETTE, "inspect", str(db), "--inspect-file", str(inspected)]
        subprocess.run(command, check=True)
        starts = []
        for _ in range(STARTS):
            with serve(db, inspected, serving) as server:
                starts.append(server.start)
        print(f"\nDatasette {version('datasette')}, {db.name}, {db.stat().st_size / 1e6:.0f} MB")
        print(f"Start to first page: {statistics.median(starts):.2f} s (median of {STARTS})\n")
        print("| page | KB | requests/s | p50 ms | p99 ms | alone p50 ms | CPU ms a request |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        with serve(db, inspected, serving) as server:
            for name, path in pages_of(db):
                size, etag = _get(server.address + path)
                _measure_page(server, name, path, size, seconds, asking)
                if name.startswith("Articles") and etag:
                    _measure_page(server, "  known already (304)", path, 0, seconds, asking, etag)
            print(f"\nMost memory: {server.memory() / 1000:.0f} MB")


def _measure_page(
    server: Server,
    name: str,
    path: str,
    size: int,
    seconds: int,
    core: int,
    etag: str | None = None,
) -> None:
    url = server.address + path
    alone = load(url, 1, seconds, core, etag)
    before = server.seconds()
    many = load(url, READERS, seconds, core, etag)
    cost = (server.seconds() - before) * 1000 / max(many.requests, 1)
    figures = f"{many.rate:.0f} | {many.p50:.0f} | {many.p99:.0f} | {alone.p50:.0f} | {cost:.1f}"
    print(f"| {name} | {size / 1000:.0f} | {figures} |", flush=True)
    if alone.failed or many.failed:
        print(f"{url}: {alone.failed + many.failed} answers were errors", file=sys.stderr)


def main() -> None:
    """Read the arguments and measure each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="+", type=Path, metavar="DB")
    parser.add_argument("--seconds", type=int, default=15, help="for each page, twice")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; on Debian: apt install wrk")
    for db in chosen.databases:
        measure(db, chosen.seconds)


if __name__ == "__main__":
    main()
