"""How long the pages of an archive take, and the same facets by other means.

Serves a database inside this process, on the Datasette that is installed, and prints
Markdown tables. Beside the facets by the index: the same facets by one SQL query each,
their time limit lifted, and DuckDB on a copy in memory. Runs are interleaved, medians
printed. Beside the pages: their bare SQL, and the same rows on Datasette without any plugin,
a table and no cards, in a process of its own. Knows pages by their addresses.

    python benchmarks/pages.py news.db --runs 5
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import unquote

import duckdb
from datasette.app import Datasette
from datasette.plugins import get_plugins
from datasette.utils import escape_fts

from datasette_newsfeed import facet_index_schema
from datasette_newsfeed.default_metadata import SIZES
from datasette_newsfeed.pages.facets import FACETS, indexed_counts
from datasette_newsfeed.pages.facets.columns import NewsColumnFacet

FILTERS: dict[str, tuple[str, str]] = {
    "none": ("", "true"),
    "date from 2022": ("published_at__gte=2022-01-01", "published_at >= '2022-01-01'"),
    "date, within a day": (
        "published_at__gte=2022-01-01T12:00:00Z",
        "published_at >= '2022-01-01T12:00:00Z'",
    ),
    "one month": (
        "published_at__gte=2022-03-01&published_at__lt=2022-04-01",
        "published_at >= '2022-03-01' and published_at < '2022-04-01'",
    ),
    "common topic": ("_topic={common}", "id in (select article_id from links where topic = ?)"),
    "rare topic": ("_topic={rare}", "id in (select article_id from links where topic = ?)"),
    "two topics": (
        "_topic={common}&_topic={rare}",
        "id in (select article_id from links where topic = ?) "
        "and id in (select article_id from links where topic = ?)",
    ),
    "provider": ("provider_id={provider}", "provider_id = ?"),
    "provider + date": (
        "provider_id={provider}&published_at__gte=2022-01-01",
        "provider_id = ? and published_at >= '2022-01-01'",
    ),
    "heat 75 to 99": ("heat__gte=75&heat__lt=100", "heat >= 75 and heat < 100"),
    "heat + with an image": (
        "heat__gte=75&heat__lt=100&image_id__notblank=1",
        "heat >= 75 and heat < 100 and image_id != ''",
    ),
    "search, common word": ("_search=baba", ""),
    "search + topic": ("_search=baba&_topic={common}", ""),
    "topic + title contains": (
        "_topic={rare}&title__contains=gor",
        "id in (select article_id from links where topic = ?) and title ilike '%gor%'",
    ),
    "title contains": ("title__contains=gor", "title ilike '%gor%'"),
}
"""Each filter as an address, and as SQL for DuckDB; that has no such full text."""

# Datasette 0.65 loads none where it believes that its own tests call it, 1.0 only those named.
WITHOUT_PLUGINS = """
import runpy, sys
sys._called_from_test = True
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

EMPTY = "an empty page of Datasette (no rows)"
CARDS = SIZES["articles"]
SEARCHES = ("+ search, rare word", "+ search, common word")

COUNTED = (facet_index_schema.TOPIC, "provider_id", "type", facet_index_schema.DAY, "heat", "image")
"""The default facets, as the index calls them."""

SQL_FACETS = (
    "select topic, count(*) from article_topics where article_id in (select id from ({rows}))"
    " group by 1",
    "select provider_id, count(*) from ({rows}) group by 1",
    "select type, count(*) from ({rows}) group by 1",
    "select substr(published_at, 1, 10), count(*) from ({rows}) group by 1",
    "select heat, count(*) from ({rows}) group by 1",
    "select image_id is not null, count(*) from ({rows}) group by 1",
)

DUCK_FACETS = (
    "select topic, count(*) from links where article_id in (select id from found) group by 1",
    "select provider_id, count(*) from found group by 1",
    "select type, count(*) from found group by 1",
    "select substr(published_at, 1, 7), count(*) from found group by 1",
    "select heat // 25, count(*) from found group by 1",
    "select image_id is not null, count(*) from found group by 1",
)


class Clock:
    """How long all facets of a page took together."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        for kind in (*FACETS, NewsColumnFacet):
            self._watch(kind)

    def _watch(self, kind: Any) -> None:
        counted: Callable[[Any], Awaitable[Any]] = kind.facet_results

        async def timed(facet: Any) -> Any:
            start = time.perf_counter()
            try:
                return await counted(facet)
            finally:
                self.spans.append((start, time.perf_counter()))

        kind.facet_results = timed

    def read(self) -> float:
        """Return the milliseconds since the last reading, from the first start to the last end."""
        spans, self.spans = self.spans, []
        return 1000 * (max(end for _, end in spans) - min(start for start, _ in spans))


@dataclass(frozen=True)
class Page:
    """What a site answered."""

    status: int
    text: str


class Site:
    """A Datasette in this process, its application made once as a server makes it.

    `datasette.client` makes it anew for each page, which takes the longer the more plugins
    there are.
    """

    def __init__(self, path: Path, settings: dict[str, int]) -> None:
        self.datasette = Datasette([str(path)], settings=settings)
        self._app: Any = None

    async def start(self) -> None:
        """Start it, as a server does before its first page."""
        await self.datasette.invoke_startup()
        self._app = self.datasette.app()

    async def ask(self, address: str) -> Page:
        """Return a page."""
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
            "asgi": {"version": "3.0"},
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Page(sent[0]["status"], body.decode())


class Bench:
    """A database served twice: with its index, and as if it had none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with sqlite3.connect(path) as conn:
            by_topic = "select topic from article_topics group by 1 order by count(*)"
            topics = [row[0] for row in conn.execute(by_topic)]
            by_provider = "select provider_id from articles group by 1 order by count(*) desc"
            self.names = {
                "common": topics[-1],
                "rare": topics[0],
                "provider": conn.execute(by_provider).fetchone()[0],
            }
        # Datasette's own limit of 1,000 ms a query is lifted, so that what exceeds it is seen.
        settings = {"facet_time_limit_ms": 200, "sql_time_limit_ms": 20_000}
        patient = {"facet_time_limit_ms": 120_000, "sql_time_limit_ms": 120_000}
        self.site = Site(path, settings)
        self.patient = Site(path, patient)
        self.clock = Clock()
        self.database = path.stem
        self.duck: Any = None
        self.plain = sqlite3.connect(path)
        self.plain.create_function("escape_fts", 1, escape_fts)

    def _duck(self) -> Any:
        conn = sqlite3.connect(self.path)
        duck = duckdb.connect()
        duck.execute(
            "create table articles (id integer, title text, provider_id text, published_at text, "
            "type text, heat integer, image_id text)"
        )
        duck.execute("create table links (article_id integer, topic text)")
        articles = "select rowid, title, provider_id, published_at, type, heat, image_id "
        self._fill(duck, "articles", conn.execute(f"{articles} from articles"))
        links = "select articles.rowid, topic from article_topics join articles on id = article_id"
        self._fill(duck, "links", conn.execute(links))
        conn.close()
        return duck

    @staticmethod
    def _fill(duck: Any, table: str, rows: Any) -> None:
        import csv
        import tempfile

        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file:
            csv.writer(file).writerows(rows)
            file.flush()
            duck.execute(
                f"insert into {table} select * from read_csv(?, header=false)", [file.name]
            )

    def duck_ms(self, condition: str, binds: list[str]) -> float:
        """Return the milliseconds in which DuckDB answers the same questions."""
        start = time.perf_counter()
        self.duck.execute(
            f"create or replace temp table found as select * from articles where {condition}", binds
        )
        for sql in DUCK_FACETS:
            self.duck.execute(sql).fetchall()
        return 1000 * (time.perf_counter() - start)

    async def page_ms(self, address: str, site: Site | None = None) -> tuple[float, Page]:
        """Return the milliseconds of a page, and the page."""
        start = time.perf_counter()
        page = await (site or self.site).ask(f"/{self.database}{address}")
        took = 1000 * (time.perf_counter() - start)
        assert page.status == 200, (address, page.status)
        return took, page

    async def statements(self, address: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the SQL that no page of these rows can do without: the rows, and their count."""
        path, _, query = address.partition("?")
        if path not in ("/articles", "/articles.atom"):
            return []
        told = await self.page_ms(f"/articles.json?{query}&_nofacet=1&_extra=query", self.patient)
        sql, params = json.loads(told[1].text)["query"].values()
        found = sql[sql.index(" from ") : sql.rindex(" order by ")]
        # Of more than these, Datasette 1.0 says that there are more.
        most = "" if version("datasette").startswith("0.") else " limit 10001"
        counted = f"select count(*) from (select 1{found}{most})"
        return [(sql, params)] if "atom" in path else [(sql, params), (counted, params)]

    def bare_ms(self, statements: list[tuple[str, dict[str, Any]]]) -> float:
        """Return the milliseconds of SQL in Python's sqlite3 alone."""
        start = time.perf_counter()
        for sql, params in statements:
            self.plain.execute(sql, params).fetchall()
        return 1000 * (time.perf_counter() - start)

    def forget(self) -> None:
        """Let no set be there from the run before."""
        for shelves in indexed_counts._shelves.values():
            for shelf in shelves.values():
                shelf.sets.clear()

    async def facets(self, runs: int) -> None:
        """Print how long the default facets take under each filter."""
        print(
            "| filter | rows | facets, ms | one SQL a facet, ms | DuckDB, ms "
            "| facets, processor ms | timed out |"
        )
        print("|---|---:|---:|---:|---:|---:|---|")
        find = indexed_counts._find
        self.duck = self._duck()
        for name, (query, condition) in FILTERS.items():
            query = query.format(**{k: v.replace(" ", "+") for k, v in self.names.items()})
            address = f"/articles?{query}&_nosuggest=1&_layout=table"
            names = [
                value for key, value in self.names.items() if "{" + key + "}" in FILTERS[name][0]
            ]
            times: dict[str, list[float]] = {"index": [], "sql": [], "duck": [], "busy": []}
            late: set[str] = set()
            for run in range(runs):
                self.forget()
                busy = [time.process_time()]
                _, response = await self.page_ms(address)
                busy.append(time.process_time())
                times["index"].append(self.clock.read())
                # The page waits for other SQL in that time: what the facets add to its work.
                await self.page_ms(f"{address}&_nofacet=1")
                busy.append(time.process_time())
                times["busy"].append(1000 * (2 * busy[1] - busy[0] - busy[2]))
                if "timed out" in response.text:
                    late.add(response.text.partition("timed out: ")[2].partition("<")[0])
                if condition:
                    times["duck"].append(self.duck_ms(condition, names))
                if run == 0:  # seconds each; once is enough to tell them apart
                    indexed_counts._find = _none  # type: ignore[assignment]
                    try:
                        await self.page_ms(address, self.patient)
                    except AssertionError:
                        times["sql"].append(float("nan"))
                        self.clock.spans.clear()
                    else:
                        times["sql"].append(self.clock.read())
                    indexed_counts._find = find
            rows = await self._count(query)
            cells = [f"{median(t):,.1f}" if t else "" for t in times.values()]
            print(f"| {name} | {rows:,} | {' | '.join(cells)} | {', '.join(late)} |", flush=True)

    async def counting(self, runs: int) -> None:
        """Print how long the index takes alone: to find the rows of a filter, and to count them.

        Whoever counts, a page has its labels and links to draw as well.
        """
        print("\n| filter | found and counted by the index, ms | by SQL, ms |\n|---|---:|---:|")
        find = indexed_counts._find
        asked: list[tuple[Any, str, Any]] = []

        async def noted(datasette: Any, database: str, rows: Any) -> Any:
            asked[:] = [(datasette, database, rows)]
            return await find(datasette, database, rows)

        for name, (query, _) in FILTERS.items():
            query = query.format(**{k: v.replace(" ", "+") for k, v in self.names.items()})
            indexed_counts._find = noted  # type: ignore[assignment]
            self.forget()
            await self.page_ms(f"/articles?{query}&_nosuggest=1&_layout=table")
            indexed_counts._find = find
            self.clock.spans.clear()
            times = []
            for _ in range(runs):
                self.forget()
                start = time.perf_counter()
                tally = await find(*asked[0])
                assert tally is not None
                for facet in COUNTED:
                    tally.counts(facet)
                times.append(1000 * (time.perf_counter() - start))
            rows = asked[0][2]
            start = time.perf_counter()
            for sql in SQL_FACETS:
                self.plain.execute(sql.format(rows=rows.sql), dict(rows.params)).fetchall()
            by_sql = 1000 * (time.perf_counter() - start)
            print(f"| {name} | {median(times):,.2f} | {by_sql:,.1f} |", flush=True)

    async def _count(self, query: str) -> int:
        for shelves in indexed_counts._shelves.values():
            for shelf in shelves.values():
                for rows in reversed(shelf.sets.values()):
                    return len(rows)
                if shelf.index:
                    return len(shelf.index.articles)
        return -1

    async def pages(self, runs: int) -> None:
        """Print how long the pages take that visitors open."""
        key = (
            sqlite3.connect(self.path)
            .execute("select id from articles order by published_at desc limit 1 offset 1000")
            .fetchone()[0]
        )
        names = {k: v.replace(" ", "+") for k, v in self.names.items()}
        quiet = "_nosuggest=1"
        addresses = {
            EMPTY: f"/providers?domain=none&_nofacet=1&{quiet}",
            "cards, no facets": f"/articles?_nofacet=1&{quiet}",
            "cards, default facets": f"/articles?{quiet}",
            "+ common topic": f"/articles?_topic={names['common']}&{quiet}",
            "+ rare topic": f"/articles?_topic={names['rare']}&{quiet}",
            "+ date range": f"/articles?{FILTERS['one month'][0]}&{quiet}",
            "+ heat band": f"/articles?heat__gte=75&heat__lt=100&{quiet}",
            SEARCHES[0]: f"/articles?_search=zanmarlo&{quiet}",
            SEARCHES[1]: f"/articles?_search=baba&{quiet}",
            "with suggestions": "/articles",
            "article": f"/articles/{key}",
            "feed": "/articles.atom",
            "topic, common": f"/topics/{self.names['common'].replace(' ', '~20')}",
            "topics": "/topics",
            "front page": "",
        }
        # What a Datasette without the plugin can answer, with the same rows in the same order.
        plain = {name: addresses[name] for name in (EMPTY, "article")}
        for name in ("cards, no facets", "+ date range", "+ heat band", *SEARCHES):
            plain[name] = f"{addresses[name]}&_nofacet=1&_sort_desc=published_at&_size={CARDS}"
        first = await self.page_ms(f"/articles?{quiet}")
        far = await self._far()
        addresses["far page"] = far
        times: dict[str, list[float]] = {name: [] for name in addresses}
        bare: dict[str, list[float]] = {name: [] for name in addresses}
        by_itself = self._alone_ms(plain, runs)
        statements = {name: await self.statements(each) for name, each in addresses.items()}
        for _ in range(runs):
            for name, address in addresses.items():
                self.forget()
                try:
                    times[name].append((await self.page_ms(address))[0])
                except AssertionError as error:
                    print(f"({name}: {error})")
                    times[name].append(float("nan"))
                self.clock.spans.clear()
                bare[name].append(self.bare_ms(statements[name]))
        print(f"\nfirst page of the process: {first[0]:,.0f} ms\n")
        print("| page | ms | its bare SQL, ms | Datasette alone, ms |\n|---|---:|---:|---:|")
        for name, took in times.items():
            sql = f"{median(bare[name]):,.0f}" if statements[name] else ""
            alone = f"{by_itself[name]:,.0f}" if name in by_itself else ""
            print(f"| {name} | {median(took):,.0f} | {sql} | {alone} |")

    def _alone_ms(self, addresses: dict[str, str], runs: int) -> dict[str, float]:
        """Return the milliseconds of these pages on Datasette without any plugin."""
        done = subprocess.run(
            [
                *(sys.executable, "-c", WITHOUT_PLUGINS, __file__, str(self.path)),
                *("--alone", "--runs", str(runs)),
            ],
            input=json.dumps(addresses),
            env={**os.environ, "DATASETTE_LOAD_PLUGINS": ""},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found: dict[str, float] = json.loads(done.stdout)
        return found

    async def alone(self, runs: int) -> None:
        """Print the milliseconds of the pages whose addresses are read, as JSON."""
        assert not any("newsfeed" in plugin["name"] for plugin in get_plugins())
        times: dict[str, list[float]] = {}
        addresses = json.load(sys.stdin)
        for _ in range(runs + 1):
            for name, address in addresses.items():
                times.setdefault(name, []).append((await self.page_ms(address))[0])
        print(json.dumps({name: median(took[1:]) for name, took in times.items()}))

    async def _far(self) -> str:
        found = (
            sqlite3.connect(self.path)
            .execute(
                "select id, published_at from articles order by published_at desc, id limit 1 "
                "offset (select count(*) / 2 from articles)"
            )
            .fetchone()
        )
        return f"/articles?_next={found[1].replace(':', '~3A')},{found[0]}&_nosuggest=1"

    async def four_visitors(self) -> None:
        """Print whether four visitors at once lose a facet."""
        lost = asked = 0
        for name in FILTERS:
            query = FILTERS[name][0].format(
                **{k: v.replace(" ", "+") for k, v in self.names.items()}
            )
            self.forget()
            answers = await asyncio.gather(
                *(
                    self.site.ask(
                        f"/{self.database}/articles?{query}&_nosuggest=1&_facet_size={size}"
                    )
                    for size in range(10, 14)
                )
            )
            asked += len(answers)
            lost += sum("timed out" in answer.text for answer in answers)
        print(f"\nfour visitors at once: {lost} of {asked} pages lost a facet")


async def _none(*_: Any) -> None:
    return None


async def main() -> None:
    """Print all tables of one database."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    bench = Bench(arguments.database)
    if arguments.alone:
        await bench.site.start()
        await bench.alone(arguments.runs)
        return
    print(
        f"Datasette {version('datasette')}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, pyroaring {version('pyroaring')}, "
        f"DuckDB {duckdb.__version__}\n"
    )
    await bench.site.start()
    await bench.patient.start()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await bench.pages(arguments.runs)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\npeak memory of these pages: {after / 1024:,.0f} MB, {before / 1024:,.0f} before\n")
    await bench.facets(arguments.runs)
    await bench.counting(arguments.runs)
    await bench.four_visitors()


if __name__ == "__main__":
    asyncio.run(main())
