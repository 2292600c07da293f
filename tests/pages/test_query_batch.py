"""Queries of one request: each runs once, and those asked for together in one turn of a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from datasette.database import QueryInterrupted
from datasette.utils import sqlite_timelimit
from pages_site import STORY, build_archive, open_site

from datasette_newsfeed.pages.access import query_batch
from datasette_newsfeed.pages.access.query_batch import QueryBatch

ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n"


class Counted:
    """A database that counts how often a thread is asked for something."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.ds = db.ds
        self.name = db.name
        self.turns: list[str] = []

    async def execute(self, *asked: Any) -> Any:
        self.turns.append("one")
        return await self.db.execute(*asked)

    async def execute_fn(self, ask: Any) -> Any:
        self.turns.append("several")
        return await self.db.execute_fn(ask)


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Counted]:
    datasette = open_site(build_archive(tmp_path / "news.db"), settings={"sql_time_limit_ms": 200})
    await datasette.invoke_startup()
    yield Counted(datasette.get_database("news"))


@pytest.mark.asyncio
async def test_what_is_asked_for_together_takes_one_turn(db: Counted) -> None:
    batch = QueryBatch(db)
    found = await asyncio.gather(
        batch.rows("select 1"),
        batch.rows("select :x, 3", {"x": 2}),
        batch.rows("select ?", ["four"]),
    )
    assert [[tuple(row) for row in rows] for rows in found] == [[(1,)], [(2, 3)], [("four",)]]
    assert db.turns == ["several"]
    await batch.rows("select 5")
    assert db.turns == ["several", "one"]


@pytest.mark.asyncio
async def test_the_same_query_runs_once(db: Counted) -> None:
    batch = QueryBatch(db)
    first, second = await asyncio.gather(
        batch.rows("select :x", {"x": 1}), batch.rows("select :x", {"x": 1})
    )
    assert first is second is await batch.rows("select :x", {"x": 1})
    assert db.turns == ["one"]
    assert (await batch.rows("select :x", {"x": 2}))[0][0] == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_query_that_fails_fails_alone_and_may_be_asked_again(
    db: Counted, is_alone: bool
) -> None:
    batch = QueryBatch(db)
    asked = [batch.rows(ENDLESS), *([] if is_alone else [batch.rows("select 1")])]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found[0], QueryInterrupted)
    assert is_alone or isinstance(found[1], list)
    with pytest.raises(QueryInterrupted):
        await batch.rows(ENDLESS)
    wrong = await asyncio.gather(
        batch.rows("select * from nothing"), batch.rows("select 2"), return_exceptions=True
    )
    assert isinstance(wrong[0], sqlite3.OperationalError)
    assert isinstance(wrong[1], list)


@pytest.mark.asyncio
async def test_each_query_has_the_time_limit_for_itself(
    db: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []

    @contextmanager
    def noting(conn: sqlite3.Connection, limit: int) -> Iterator[None]:
        limits.append(limit)
        with sqlite_timelimit(conn, limit):
            yield

    monkeypatch.setattr(query_batch, "sqlite_timelimit", noting)
    batch = QueryBatch(db)
    found = await asyncio.gather(*(batch.rows(f"select {number}") for number in range(5)))
    assert [rows[0][0] for rows in found] == list(range(5))
    assert limits == [200] * 5


@pytest.mark.asyncio
async def test_who_waits_no_longer_takes_nothing_from_the_others(db: Counted) -> None:
    batch = QueryBatch(db)
    leaving, staying, leaving_too = [
        asyncio.ensure_future(batch.rows(sql)) for sql in ("select 1", "select 2", "select 2")
    ]
    await asyncio.sleep(0)
    leaving_too.cancel()
    assert (await staying)[0][0] == 2
    assert (await leaving)[0][0] == 1
    assert leaving_too.cancelled()


@pytest.mark.asyncio
async def test_who_asks_first_may_leave(db: Counted) -> None:
    """Whenever: the others get their rows, and what is asked later as well."""
    for pauses in (0, 1, 2):
        batch = QueryBatch(db)
        first = asyncio.ensure_future(batch.rows("select 1"))
        second = asyncio.ensure_future(batch.rows("select 2"))
        for _ in range(pauses):
            await asyncio.sleep(0)
        first.cancel()
        assert (await asyncio.wait_for(second, 10))[0][0] == 2
        assert (await asyncio.wait_for(batch.rows("select 3"), 10))[0][0] == 3


@pytest.mark.asyncio
async def test_what_is_no_value_for_sqlite_fails_alone(db: Counted) -> None:
    batch = QueryBatch(db)
    found = await asyncio.gather(
        batch.rows("select 1"), batch.rows("select ?", [2**70]), return_exceptions=True
    )
    assert isinstance(found[0], list)
    assert isinstance(found[1], OverflowError)


@pytest.mark.asyncio
async def test_queries_of_tasks_are_among_those_of_the_page(tmp_path: Path) -> None:
    """`?_trace=1` tells which statements a page runs."""
    datasette = open_site(build_archive(tmp_path / "news.db"), settings={"trace_debug": True})
    page = (await datasette.client.get(f"/news/articles/{STORY}?_trace=1")).text
    for table in ("similar_articles", "article_authors", "related_articles", "stories"):
        assert f"from {table}" in page or f"join {table}" in page, table
