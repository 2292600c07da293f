"""What pages of large selections cost with the rows of the facet index, and by SQL alone.

Serves a database inside this process, without pages in memory, and prints the processor
time of a page in milliseconds, interleaved, medians. The database is one of `rows.py` or
`archive.py`, whose words and topics it asks for.

    python benchmarks/large_selections.py news.db --runs 5
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote_plus

from datasette.app import Datasette

from datasette_newsfeed.pages import compat

SETTING = {"plugins": {"datasette-newsfeed": {"page_cache_mb": 0}}}
TOPICS_SQL = "select topic from article_topics group by topic order by count(*) desc"


def pages_of(db: Path) -> dict[str, str]:
    """Return query strings by what they select."""
    conn = sqlite3.connect(db)
    topics = [quote_plus(row[0]) for row in conn.execute(TOPICS_SQL)]
    conn.close()
    return {
        "common topic": f"_topic={topics[0]}",
        "rare topic": f"_topic={topics[-1]}",
        "heat band": "heat__gte=75&heat__lt=100",
        "search, common word": "_search=baba",
    }


async def measure(db: Path, runs: int) -> None:
    """Print a row for each page."""
    lines = {"metadata": SETTING} if version("datasette").startswith("0.") else {"config": SETTING}
    settings = {"sql_time_limit_ms": 60_000, "suggest_facets": False}
    site = Datasette([], immutables=[str(db)], settings=settings, **lines)
    await site.invoke_startup()
    by_index = compat.replace_statements
    print(f"| page, Datasette {version('datasette')} | SQL | index |\n|---|--:|--:|")
    for name, query in pages_of(db).items():
        times: dict[str, list[float]] = {"SQL": [], "index": []}
        for _ in range(runs + 1):
            for way, spent in times.items():
                compat.replace_statements = by_index if way == "index" else lambda replace: None
                began = time.process_time()
                answer = await site.client.get(f"/{db.stem}/articles?{query}")
                assert answer.status_code == 200, query
                spent.append((time.process_time() - began) * 1000)
        sql, index = (statistics.median(spent[1:]) for spent in times.values())
        print(f"| {name} | {sql:.0f} | {index:.0f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.database, chosen.runs))
