"""Runs the commands as a user does, and reads what they leave behind.

Knows the command line and the tables of the contract, nothing of the code behind
them: `newsfeed` runs a command in this process (fast), `program` in one of its own,
under `datasette` or `sqlite-utils`.
"""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from datasette_newsfeed.full_text import index

PROGRAMS = ("datasette", "sqlite_utils")
SAMPLES = Path(__file__).parent / "samples"
DEMO = Path(__file__).parents[2] / "demo"

KEYS = {
    # The contract's tables with the columns that order their rows.
    "articles": "id",
    "providers": "domain",
    "topics": "name",
    "article_topics": "article_id, topic",
    "authors": "name",
    "article_authors": "article_id, position",
    "images": "id",
    "article_images": "article_id, position",
    "related_articles": "article_id, position",
    "stories": "id",
    "similar_articles": "article_id, position",
    "article_list": "id",
}
RENDITIONS = (
    "select image_id, width, height, type, sha256, original_type, original_width,"
    " original_height, original_size from image_renditions order by image_id, width"
)


@dataclass(frozen=True)
class Outcome:
    """What a command gave back."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """The object that --json printed."""
        return json.loads(self.stdout)


def newsfeed(*arguments: object) -> Outcome:
    """Run `newsfeed ARGUMENTS` in this process; an unexpected exception is raised."""
    from datasette_newsfeed.cli import newsfeed as group

    result = CliRunner().invoke(group, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def program(
    name: str,
    *arguments: object,
    timeout: float = 60,
    memory: int | None = None,
    cwd: object = None,
) -> Outcome:
    """Run `python -m NAME newsfeed ARGUMENTS`, with at most `memory` bytes of addresses."""

    def limit() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    done = subprocess.run(
        [sys.executable, "-m", name, "newsfeed", *map(str, arguments)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        preexec_fn=limit,
        cwd=cwd,
    )
    return Outcome(
        done.returncode,
        done.stdout.decode("utf-8"),
        done.stderr.decode("utf-8", "backslashreplace"),
    )


def counted(summary: str) -> dict[str, int]:
    """Return the counts of a summary line, without those that are zero."""
    assert re.fullmatch(r"\d[\d,]* read: \d[\d,]* \w+(, \d[\d,]* [\w ]+)*\n", summary), summary
    parts = re.findall(r"(\d[\d,]*) (?:[\w ]+ )?(\w+)(?=[:,\n])", summary)
    counts = {name: int(number.replace(",", "")) for number, name in parts}
    return {name: number for name, number in counts.items() if number}


def import_report(db: Path, *arguments: object, status: int | None = 0) -> dict[str, Any]:
    """Import with --json, expect the exit status (None: any), return the report."""
    outcome = newsfeed("import", db, *arguments, "--json")
    assert status is None or outcome.status == status, outcome
    report = outcome.report
    parts = ("added", "updated", "unchanged", "rejected")
    assert report["read"] == sum(report[part] for part in parts), report
    is_empty = not report["read"] and not report["removed"]
    assert bool(report["errors"]) <= (outcome.status == 1) <= bool(report["errors"] or is_empty)
    return report


@contextmanager
def reading(db: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read, and close it: nothing of ours holds a lock afterwards."""
    with closing(sqlite3.connect(db.absolute().as_uri() + "?mode=ro", uri=True)) as connection:
        yield connection


def rows(db: Path, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with reading(db) as connection:
        return connection.execute(sql, parameters).fetchall()


def value(db: Path, sql: str, parameters: Any = ()) -> Any:
    """Return the first value of the first row; there is exactly one row."""
    ((first, *_),) = rows(db, sql, parameters)
    return first


def content(db: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every contract table in the order of its keys, without image bytes."""
    with reading(db) as connection:
        tables = {
            table: connection.execute(f"select * from {table} order by {key}").fetchall()
            for table, key in KEYS.items()
        }
        tables["image_renditions"] = connection.execute(RENDITIONS).fetchall()
        return tables


def dump(db: Path) -> list[str]:
    """Return everything the database holds as SQL, rowids and indexes included."""
    with reading(db) as connection:
        return list(connection.iterdump())


def assert_sound(db: Path) -> None:
    """Keys, pages and full text are in order (the last is asked of a copy)."""
    with reading(db) as connection, closing(sqlite3.connect(":memory:")) as copy:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        connection.backup(copy)
        copy.execute("insert into articles_fts(articles_fts) values ('integrity-check')")
        assert copy.execute("select count(*) from newsfeed_search").fetchall() == [(0,)]
        indexed, looked_up = _indexed_terms(copy), _looked_up(copy)
        index.rebuild(copy)
        assert _indexed_terms(copy) == indexed
        assert _looked_up(copy) == looked_up


def _looked_up(connection: sqlite3.Connection) -> list[Any]:
    """Return the words and the addresses that a search looks up."""
    return [
        row
        for table in ("newsfeed_search_words", "newsfeed_search_addresses")
        for row in connection.execute(f"select * from {table} order by 1, 2")
    ]


def _indexed_terms(connection: sqlite3.Connection) -> list[Any]:
    """Return every term of the full text with its places, and the sizes that rank by it."""
    connection.execute(
        "create virtual table if not exists temp.terms "
        "using fts5vocab(main, articles_fts, instance)"
    )
    terms = connection.execute("select term, doc, col, offset from temp.terms order by 1, 2, 3, 4")
    sizes = connection.execute("select id, sz from articles_fts_docsize order by 1")
    return [*terms, *sizes]


def sources_of(db: Path) -> Path:
    """Return the path of DB-sources."""
    return db.with_name(db.name + "-sources")


def found(db: Path, words: str) -> list[str]:
    """Return the ids of the articles that full text search finds."""
    sql = (
        "select articles.id from articles join articles_fts on articles_fts.rowid = articles.rowid"
        " where articles_fts match ? order by 1"
    )
    return [row[0] for row in rows(db, sql, (words,))]


def record(title: object = "A title", *lines: str, body: str = "") -> str:
    """Return a small record: its title as a quoted text, then further lines of front matter."""
    return "\n".join(["---", f"title: {json.dumps(title)}", *lines, "---", body])


def write(path: Path, text: str | bytes) -> Path:
    """Write a file, and its folders; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path
