"""How long an import takes, beside reading the same YAML with PyYAML's C loader alone.

Each run imports a folder into a new database and imports it again unchanged, in processes
of their own, so that memory is that of one import. Runs are interleaved, medians printed.
Knows the command line alone.

    python benchmarks/imports.py FOLDER --runs 3
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


def main() -> None:
    """Print the table of one folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folder = arguments.folder
    files = sum(1 for _ in folder.rglob("*.md"))
    names = ("PyYAML's C loader alone", "import", "import again, nothing changed")
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    sizes = (0, 0)
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            db = f"{place}/news.db"
            command = ("-m", "datasette", "newsfeed", "import", db, str(folder))
            times[names[0]].append(run("-c", PARSE, str(folder)))
            times[names[1]].append(run(*command))
            times[names[2]].append(run(*command))
            sizes = (os.path.getsize(db), os.path.getsize(f"{db}-sources"))
    floor = median(cpu for _, cpu, _ in times[names[0]])
    print(f"{files:,} files; DB {sizes[0] / 1e6:,.0f} MB, DB-sources {sizes[1] / 1e6:,.0f} MB\n")
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
