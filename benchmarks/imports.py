"""How long an import takes, beside reading the same YAML with PyYAML's C loader alone.

Each run imports a folder into a new database and imports it again unchanged, in processes
of their own, so that memory is that of one import. Stories and similar articles are left
out of these, for nobody else has them; `--relate` adds them, once. Runs are interleaved,
medians printed. `--workers N` adds an import with so many readers; `--others`, once for
they take their time, markdown-to-sqlite and an importer by sqlite-utils
(plain_importer.py). Of workers the processor seconds are those of all processes, the
memory that of the largest.
Knows the command line alone.

    python benchmarks/imports.py FOLDER --runs 3 --workers 2 --others --relate
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

PARSE = """
import sys, yaml
from pathlib import Path
for path in Path(sys.argv[1]).rglob("*.md"):
    text = path.read_text(encoding="utf-8")
    yaml.load(text.split("---\\n", 2)[1], Loader=yaml.CSafeLoader)
"""


def run(*command: str) -> tuple[float, float, float]:
    """Run Python; return wall seconds, processor seconds and peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    took = time.perf_counter() - start
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


# It takes files, not folders, and more of them than a command line does.
MARKDOWN = """
import sys
from pathlib import Path
from markdown_to_sqlite.cli import cli
cli([sys.argv[1], "articles", *sorted(map(str, Path(sys.argv[2]).rglob("*.md")))])
"""

LOADER = "PyYAML's C loader alone"
IMPORT = "import"
AGAIN = "import again, nothing changed"
RELATE = "stories and similar articles after it (`newsfeed relate`)"
Times = tuple[float, float, float]


def others(folder: Path, place: str) -> dict[str, list[Times]]:
    """Import the folder as others do, each once."""
    here = Path(__file__).parent
    plain = (str(here / "plain_importer.py"), f"{place}/plain.db", str(folder))
    together = (str(here / "plain_importer.py"), f"{place}/together.db", str(folder))
    markdown = ("-c", MARKDOWN, f"{place}/markdown.db", str(folder))
    return {
        "markdown-to-sqlite (one table, no full text)": [run(*markdown)],
        "sqlite-utils, record by record": [run(*plain)],
        "sqlite-utils, record by record, one transaction": [run(*together, "--one-transaction")],
    }


def measure(
    folder: Path, runs: int, workers: int, relate: bool
) -> tuple[dict[str, list[Times]], str]:
    """Return the times of each kind of run, and the sizes of the databases in words."""
    times: dict[str, list[Times]] = {}
    sizes = ""
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            db = f"{place}/news.db"
            newsfeed = ("-m", "datasette", "newsfeed")
            importing = (*newsfeed, "import", "--no-relate")
            command = (*importing, db, str(folder))
            times.setdefault(LOADER, []).append(run("-c", PARSE, str(folder)))
            times.setdefault(IMPORT, []).append(run(*command))
            times.setdefault(AGAIN, []).append(run(*command))
            sizes = f"DB {_mb(db)} MB, DB-sources {_mb(f'{db}-sources')} MB"
            if workers > 1:
                more = (*importing, f"{place}/more.db", str(folder), "--workers", str(workers))
                times.setdefault(f"import --workers {workers}", []).append(run(*more))
            if relate and RELATE not in times:
                times[RELATE] = [run(*newsfeed, "relate", db)]
    return times, sizes


def _mb(path: str) -> str:
    return f"{os.path.getsize(path) / 1e6:,.0f}"


def main() -> None:
    """Print the table of one folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--relate", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    files = sum(1 for _ in folder.rglob("*.md"))
    times, sizes = measure(folder, arguments.runs, arguments.workers, arguments.relate)
    if arguments.others:
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            times |= others(folder, place)
    floor = median(cpu for _, cpu, _ in times[LOADER])
    print(f"{files:,} files; {sizes}\n")
    print("| | seconds | processor seconds | files/s | of the loader | peak memory, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, found in times.items():
        wall, cpu, memory = (median(each[place] for each in found) for place in range(3))
        print(
            f"| {name} | {wall:,.1f} | {cpu:,.1f} | {files / wall:,.0f} | {cpu / floor:.2f} "
            f"| {memory:,.0f} |"
        )


if __name__ == "__main__":
    main()
