"""What pages about many articles cost with the facet index, and by SQL alone, without facets.

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
from typing import Any
from urllib.parse import quote_plus

from datasette.app import Datasette
from datasette.utils import tilde_encode

from datasette_newsfeed import facet_index

SETTING = {"plugins": {"datasette-newsfeed": {"page_cache_mb": 0}}}
FAR_SQL = """
select published_at from articles order by published_at desc
limit 1 offset (select count(*) * 9 / 10 from articles)"""
TOPICS_SQL = "select topic from article_topics group by topic order by count(*) desc"


def pages_of(db: Path) -> dict[str, str]:
    """Return addresses by what they show."""
    conn = sqlite3.connect(db)
    topics = [row[0] for row in conn.execute(TOPICS_SQL)]
    (last,) = conn.execute(FAR_SQL).fetchone()
    conn.close()
    articles, plain = f"/{db.stem}/articles", "_nofacet=1"
    return {
        "cards": f"{articles}?{plain}",
        "+ common topic": f"{articles}?{plain}&_topic={quote_plus(topics[0])}",
        "+ rare topic": f"{articles}?{plain}&_topic={quote_plus(topics[-1])}",
        "+ heat band": f"{articles}?{plain}&heat__gte=75&heat__lt=100",
        "+ search, common word": f"{articles}?{plain}&_search=baba",
        "after nine tenths": f"{articles}?{plain}&_next={quote_plus(last)},zzz",
        "topics": f"/{db.stem}/topics",
        "providers": f"/{db.stem}/providers",
        "a common topic": f"/{db.stem}/topics/{tilde_encode(topics[0])}",
        "a rare topic": f"/{db.stem}/topics/{tilde_encode(topics[-1])}",
        "front page": "/",
    }


async def measure(db: Path, runs: int) -> None:
    """Print a row for each page."""
    lines = {"metadata": SETTING} if version("datasette").startswith("0.") else {"config": SETTING}
    settings = {"sql_time_limit_ms": 60_000, "suggest_facets": False}
    # One each: an index that was read is kept.
    sites = {
        way: Datasette([], immutables=[str(db)], settings=settings, **lines)
        for way in ("SQL", "index")
    }
    for site in sites.values():
        await site.invoke_startup()
    reads: dict[str, Any] = {"SQL": _without_index, "index": facet_index.current}
    print(f"| page, Datasette {version('datasette')} | SQL | index |\n|---|--:|--:|")
    for name, address in pages_of(db).items():
        times: dict[str, list[float]] = {way: [] for way in sites}
        for _ in range(runs + 1):
            for way, site in sites.items():
                facet_index.current = reads[way]
                began = time.process_time()
                answer = await site.client.get(address)
                assert answer.status_code == 200, address
                times[way].append((time.process_time() - began) * 1000)
        sql, index = (statistics.median(spent[1:]) for spent in times.values())
        print(f"| {name} | {sql:.0f} | {index:.0f} |", flush=True)


def _without_index(*args: object) -> None:
    """Read no facet index, as in an archive that has none."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.database, chosen.runs))
