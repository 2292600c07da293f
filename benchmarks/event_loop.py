"""How long pages hold the event loop at a time, in which no other visitor is answered.

Serves archives of the worst records that are known (`tests/security/test_cost.py`) and one of
ordinary ones, within this process, and notes the processor time of each step of the event loop.
Beside
them stands plain Datasette with a table of as many rows. Prints Markdown; run it with the Python
whose Datasette is meant:

    .venv/3.11/0.65/bin/python benchmarks/event_loop.py [NAME...]

Each NAME is that of an archive; without one all are measured, which takes half an hour.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TURNS = 2

# 0.65 loads every plugin but in tests; 1.0 those that DATASETTE_LOAD_PLUGINS names.
WITHOUT_PLUGINS = """
import runpy, sys
sys._called_from_test = True
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
PATHS = (
    "/",
    "/news/articles?_size=50",
    "/news/articles?_size=50&_layout=table",
    "/news/articles/a01",
    "/news/articles.atom?_size=50",
    "/news/articles.jsonfeed?_size=50",
)
PLAIN_PATH = "/news/articles?_size=50"


def archives() -> dict[str, dict[str, Any]]:
    """Return the values of the articles of each archive, by its name."""
    sys.path[:0] = [str(ROOT / "tests" / each) for each in ("support", "security")]
    from test_cost import LARGE, WORST

    ordinary = {"body": "A *word* and [a link](https://a.example/). " * 100, "excerpt": "Words."}
    bodies = {f"text of {name}": {"body": text[:100_000]} for name, text in WORST.items()}
    return {"ordinary": ordinary, **bodies, **LARGE}


def hold(database: str, paths: list[str]) -> dict[str, float]:
    """Return the longest step of the event loop in ms for each path, the least of some turns."""
    from datasette.app import Datasette

    longest = 0.0
    run = asyncio.events.Handle._run

    def measured(self: asyncio.events.Handle) -> None:
        nonlocal longest
        start = time.thread_time()
        run(self)
        longest = max(longest, time.thread_time() - start)

    async def ask() -> dict[str, float]:
        nonlocal longest
        site = Datasette([database])
        found: dict[str, float] = {}
        await site.client.get("/-/versions.json")
        for turn in range(TURNS):
            for path in paths:
                longest = 0.0
                response = await site.client.get(path)
                assert response.status_code == 200, (path, response.status_code)
                if turn:  # the first compiles the templates
                    found[path] = min(found.get(path, 1e9), 1_000 * longest)
        return found

    asyncio.events.Handle._run = measured  # type: ignore[method-assign]
    try:
        return asyncio.run(ask())
    finally:
        asyncio.events.Handle._run = run  # type: ignore[method-assign]


def child(database: Path, paths: tuple[str, ...], *, plain: bool = False) -> dict[str, float]:
    """Return what `hold` finds in a process of its own, without any plugin if `plain`."""
    environment = {**os.environ, "DATASETTE_LOAD_PLUGINS": ""} if plain else dict(os.environ)
    start = ["-c", WITHOUT_PLUGINS, __file__] if plain else [__file__]
    done = subprocess.run(
        [sys.executable, *start, "--hold", str(database), *paths],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(names: list[str]) -> None:
    """Measure these archives, or all, and print a table."""
    from test_cost import build

    print(f"Datasette {version('datasette')}: longest step of the event loop, ms\n")
    print("| archive | plain table | " + " | ".join(PATHS) + " |")
    print("|---" * (len(PATHS) + 2) + "|")
    for name, values in archives().items():
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            database = build(Path(folder) / "news.db", **dict(values))
            plain = child(database, (PLAIN_PATH,), plain=True)[PLAIN_PATH]
            ours = child(database, PATHS)
        cells = " | ".join(f"{ours[path]:.0f}" for path in PATHS)
        print(f"| {name} | {plain:.0f} | {cells} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hold"]:
        print(json.dumps(hold(sys.argv[2], sys.argv[3:])))
    else:
        sys.path[:0] = [str(ROOT / "tests" / each) for each in ("support", "security")]
        main(sys.argv[1:])
