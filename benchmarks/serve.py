"""How far one server carries an archive: requests a second, waiting times, memory, start.

Serves DB as a published site does (immutable, inspected) on one core and asks for its
pages from another, with `wrk` (on Debian: `apt install wrk`). Prints Markdown. Knows
only that the database is an archive; run it with the Python whose Datasette is meant:

    .venv/3.11/0.65/bin/python benchmarks/serve.py DB

Each page is asked of two servers in turn, of which one keeps nothing in memory
(`page_cache_mb: 0`). The processor time that a request costs the server is taken too: on a
machine with other work it says more than the requests a second. With `--nginx` the same
answers are also served as files by nginx (on Debian: `apt install nginx-light`). Nothing but
this machine is asked.
"""

from __future__ import annotations

import argparse
import contextlib
import json
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _settings(folder: Path, megabytes: int) -> list[str]:
    """Return the options that set `page_cache_mb`, as both lines of Datasette take them."""
    path = folder / f"settings-{megabytes}.json"
    setting = {"plugins": {"datasette-newsfeed": {"page_cache_mb": megabytes}}}
    path.write_text(json.dumps(setting), encoding="utf-8")
    return ["-m" if version("datasette").startswith("0.") else "-c", str(path)]


@contextlib.contextmanager
def serve(db: Path, inspected: Path, core: int, megabytes: int = 64) -> Iterator[Server]:
    """Serve a database on one core, until the end of the block."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    options = ["-i", str(db), "--inspect-file", str(inspected), "--port", str(port)]
    options += _settings(inspected.parent, megabytes)
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


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; default_type text/html; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }} }}
"""


@contextlib.contextmanager
def serve_files(folder: Path, core: int) -> Iterator[Server]:
    """Serve the files below FOLDER/files with nginx on one core."""
    port = _free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")
    process = subprocess.Popen(
        ["nginx", "-c", str(configuration), "-e", str(folder / "error.log")],
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (found := children.read_text(encoding="ascii").split()):
            time.sleep(0.05)
        yield Server(int(found[0]), f"http://127.0.0.1:{port}", 0.0)
    finally:
        process.terminate()
        process.wait()


def _get(url: str) -> tuple[bytes, str | None]:
    """Return the body of an answer and its ETag."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as response:
        return response.read(), response.headers.get("ETag")


@dataclass(frozen=True)
class Load:
    """What `wrk` measured: requests a second, milliseconds, answers that were no success."""

    rate: float
    p50: float
    p99: float
    requests: int
    failed: int


def load(url: str, seconds: float, core: int, *headers: str) -> Load:
    """Let READERS ask for a page again and again, each as soon as it was answered."""
    given = [part for header in headers for part in ("-H", header)]
    command = ["wrk", "-t1", f"-c{READERS}", f"-d{seconds}s", "--latency", "--timeout", "60s"]
    done = subprocess.run(
        [*command, *given, url],
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


def measure(db: Path, seconds: int, *, with_nginx: bool) -> None:
    """Measure one database, and print it."""
    *_, asking = sorted(os.sched_getaffinity(0))
    serving = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx serves as another user
        inspected = folder / "inspect.json"
        command = [*DATASETTE, "inspect", str(db), "--inspect-file", str(inspected)]
        subprocess.run(command, check=True)
        starts = []
        for _ in range(STARTS):
            with serve(db, inspected, serving) as server:
                starts.append(server.start)
        print(f"\nDatasette {version('datasette')}, {db.name}, {db.stat().st_size / 1e6:.0f} MB")
        print(f"Start to first page: {statistics.median(starts):.2f} s (median of {STARTS})\n")
        print("| page | served | KB | requests/s | p50 ms | p99 ms | CPU ms a request |")
        print("|---|---|--:|--:|--:|--:|--:|")
        with (
            serve(db, inspected, serving, 0) as drawing,
            serve(db, inspected, serving) as keeping,
            serve_files(folder, serving) if with_nginx else contextlib.nullcontext() as files,
        ):
            for page, path in pages_of(db):
                body, etag = _get(keeping.address + path)
                url = keeping.address + path
                known = f"If-None-Match: {etag}"
                _measure(drawing, page, "drawn", drawing.address + path, seconds, asking)
                _measure(keeping, page, "memory", url, seconds, asking)
                _measure(keeping, page, "gzip", url, seconds, asking, "Accept-Encoding: gzip")
                _measure(drawing, page, "304", drawing.address + path, seconds, asking, known)
                _measure(keeping, page, "304, memory", url, seconds, asking, known)
                if files is not None:
                    place = folder / "files" / "page.html"
                    place.parent.mkdir(exist_ok=True)
                    place.write_bytes(body)
                    _measure(files, page, "nginx", f"{files.address}/page.html", seconds, asking)
            print(f"\nMost memory: drawn {drawing.memory() / 1000:.0f} MB,", end=" ")
            print(f"with pages in memory {keeping.memory() / 1000:.0f} MB")


def _measure(
    server: Server, page: str, served: str, url: str, seconds: int, core: int, *headers: str
) -> None:
    _get(url)
    before = server.seconds()
    found = load(url, seconds, core, *headers)
    cost = (server.seconds() - before) * 1000 / max(found.requests, 1)
    size = len(_get(url)[0]) / 1000
    figures = f"{size:.0f} | {found.rate:.0f} | {found.p50:.1f} | {found.p99:.1f} | {cost:.3f}"
    print(f"| {page} | {served} | {figures} |", flush=True)
    if found.failed:
        print(f"{url}: {found.failed} answers were errors", file=sys.stderr)


def main() -> None:
    """Read the arguments and measure each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="+", type=Path, metavar="DB")
    parser.add_argument("--seconds", type=int, default=10, help="for each row")
    parser.add_argument("--nginx", action="store_true", help="also serve the pages as files")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; on Debian: apt install wrk")
    for db in chosen.databases:
        measure(db, chosen.seconds, with_nginx=chosen.nginx)


if __name__ == "__main__":
    main()
