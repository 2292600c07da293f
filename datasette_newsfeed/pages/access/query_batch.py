"""The rows of the queries that one request asks of an archive.

Each query runs once a request. Queries that are asked for at the same time, as by
`asyncio.gather`, run one after another in one turn of a thread: to hand over to a thread and back
takes longer than most of them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from datasette.database import QueryInterrupted
from datasette.tracer import trace
from datasette.utils import sqlite_timelimit

from .column_types import typed

Values = Mapping[str, Any] | Sequence[Any]
Question = tuple[str, Values]


class QueryBatch:
    """Rows by query, for one request and one database."""

    def __init__(self, db: Any) -> None:
        self._db = db
        self._known: dict[Hashable, asyncio.Future[list[Any]]] = {}
        self._waiting: list[tuple[Question, asyncio.Future[list[Any]]]] = []
        self._turn: asyncio.Task[None] | None = None
        self._turns: set[asyncio.Task[None]] = set()

    async def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """Return the rows of a query.

        Raises QueryInterrupted past Datasette's time limit, which each query has for itself, and
        sqlite3.DatabaseError for what SQLite cannot do; then the query runs again if asked again.
        """
        given = tuple(values.items()) if isinstance(values, Mapping) else tuple(values)
        key = (sql, given)
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = asyncio.get_running_loop().create_future()
            self._waiting.append(((sql, values), answer))
            if self._turn is None:
                # It begins when all have asked who are ready to, and ends whoever of them leaves.
                self._turn = asyncio.create_task(self._take_turn())
                self._turns.add(self._turn)  # the loop itself keeps none
                self._turn.add_done_callback(self._end_turn)
        try:
            return answer.result() if answer.done() else await asyncio.shield(answer)
        except BaseException:
            self._known.pop(key, None)
            raise

    async def _take_turn(self) -> None:
        waiting, self._waiting, self._turn = self._waiting, [], None
        answers = [answer for _, answer in waiting]
        try:
            found = await self._ask([question for question, _ in waiting])
        except BaseException as error:
            _deliver(answers, [error] * len(answers))
            raise
        _deliver(answers, found)

    def _end_turn(self, turn: asyncio.Task[None]) -> None:
        self._turns.discard(turn)
        if not turn.cancelled():
            turn.exception()  # it was delivered to who asked

    async def _ask(self, questions: Sequence[Question]) -> list[list[Any] | BaseException]:
        if len(questions) == 1:
            results = await self._db.execute(*questions[0])
            return [typed(results.rows, results.columns)]
        limit = self._db.ds.sql_time_limit_ms

        def ask(conn: sqlite3.Connection) -> list[list[Any] | BaseException]:
            return [_answer(conn, *question, limit) for question in questions]

        with ExitStack() as traces:
            for sql, values in questions:
                traces.enter_context(
                    trace("sql", database=self._db.name, sql=sql.strip(), params=values)
                )
            found: list[list[Any] | BaseException] = await self._db.execute_fn(ask)
        return found


def _deliver(
    answers: Sequence[asyncio.Future[list[Any]]], found: Sequence[list[Any] | BaseException]
) -> None:
    for answer, result in zip(answers, found, strict=True):
        if isinstance(result, BaseException):
            answer.set_exception(result)
            answer.exception()  # seen, even if nobody waits for it any more
        else:
            answer.set_result(result)


def _answer(
    conn: sqlite3.Connection, sql: str, values: Values, limit: int
) -> list[Any] | BaseException:
    """Return the rows of a query, or what it ended with."""
    try:
        with sqlite_timelimit(conn, limit):
            cursor = conn.execute(sql, values)
            rows = cursor.fetchall()
        return typed(rows, [column[0] for column in cursor.description])
    except sqlite3.DatabaseError as error:
        is_late = error.args == ("interrupted",)
        failed: BaseException = QueryInterrupted(error, sql, values) if is_late else error
        return failed
    except (sqlite3.Error, OverflowError, ValueError) as error:
        return error  # of a number beyond 64 bits, a half character: of this query alone
