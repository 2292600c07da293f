"""Whatever was done before: stories and similar articles are those of a run over everything.

Articles come, change and go at random in batches, as an import writes them; after each
batch the rows are compared with those of a fresh database into which the same articles
were written in another order. Few words and topics, so that lists overflow, words turn
from rare to common and back, and stories join and fall apart. NEWSFEED_SEEDS tries more.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.archive.database import transaction
from datasette_newsfeed.archive.relate import nearest, run, similar_rows, story_rows, term_index
from datasette_newsfeed.archive.relate.cache import BEHIND, CURRENT, GistBook

SEEDS = int(os.environ.get("NEWSFEED_SEEDS", "6"))
STEPS = 8
NAMES = [f"{a}{b}" for a in ("Corv", "Stern", "Ott", "Hjord", "Elsin") for b in ("ane", "um", "ik")]
PLAIN = ["harbour", "museum", "opens", "announces", "report", "March", "2026", "new", "the"]
TOPICS = ["Harbour", "Tides", "AI"]
ANSWERS = (
    "SELECT * FROM stories",
    "SELECT id, is_headline, story_id FROM articles",
    "SELECT * FROM similar_articles",
)

Articles = dict[str, dict[str, Any]]


def make_key(dice: random.Random) -> str:
    number = dice.randint(0, 120)
    return f"article {'zéĀ𐐀'[number % 4]}{number}"


def make_article(dice: random.Random) -> dict[str, Any]:
    """An article in a few made-up words, close in time to others, that may name another."""
    title = dice.sample(NAMES, dice.randint(1, 5)) + dice.sample(PLAIN, 2)
    at = f"2026-03-{dice.randint(1, 9):02}T{dice.randint(0, 23):02}:00:00Z"
    return {
        "title": " ".join(title),
        "excerpt": " ".join(dice.choices(NAMES[:6] + PLAIN, k=8)) if dice.random() < 0.7 else None,
        "published_at": dice.choice([at] * 9 + ["", "2026"]),
        "provider_name": dice.choice(["One", "Two", "Three", None]),
        "web_url": f"https://paper.example/{dice.randint(1, 40)}" if dice.random() < 0.7 else None,
        "heat": dice.choice([-1, 10, 20, None]),
        "quality": dice.choice([10, 20, None]),
        "published": dice.choice([0, 1, None]),
        "topics": dice.sample(TOPICS, dice.randint(0, 2)),
        "related": [f"https://paper.example/{dice.randint(1, 40)}"] if dice.random() < 0.4 else [],
    }


@contextmanager
def archive(encoding: str = "UTF-8") -> Iterator[Database]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        db = Database(connection)
        schema.create(db)
        db.execute("PRAGMA foreign_keys = ON")
        yield db


def put(db: Database, articles: Articles) -> None:
    """Write articles as an import does: rows are changed in place, never replaced."""
    for key, article in articles.items():
        row = {name: value for name, value in article.items() if name not in ("topics", "related")}
        db.table("articles").upsert({"id": key, **row}, pk="id")
        for table in ("article_topics", "related_articles"):
            db.execute(f"DELETE FROM {table} WHERE article_id = ?", [key])
        for position, topic in enumerate(article["topics"]):
            db.execute("INSERT OR IGNORE INTO topics VALUES (?)", [topic])
            db.execute("INSERT INTO article_topics VALUES (?, ?, ?)", [key, topic, position])
        for position, url in enumerate(article["related"]):
            db.table("related_articles").insert(
                {"article_id": key, "position": position, "title": "x", "url": url}
            )


def remove(db: Database, keys: list[str]) -> None:
    story_rows.remove(db, keys)
    similar_rows.remove(db, keys)
    for key in keys:
        for table in ("article_topics", "related_articles"):
            db.execute(f"DELETE FROM {table} WHERE article_id = ?", [key])
        db.execute("DELETE FROM articles WHERE id = ?", [key])


def answers(db: Database) -> list[list[tuple[Any, ...]]]:
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    # In the order of Python, which is not that of SQLite in every encoding.
    return [sorted(db.execute(sql).fetchall(), key=lambda row: row[:2]) for sql in ANSWERS]


def fresh(articles: Articles, dice: random.Random) -> list[list[tuple[Any, ...]]]:
    with archive() as db:
        shuffled = list(articles)
        dice.shuffle(shuffled)
        with transaction(db):
            put(db, {key: articles[key] for key in shuffled})
        run.relate_anew(db)
        return answers(db)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_series_ends_like_one_run(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:  # a small archive in as many steps as a large one
        monkeypatch.setattr(run, "BATCH", 9)
        monkeypatch.setattr(nearest, "BLOCK", 7)
        monkeypatch.setattr(similar_rows, "STEP", 5)
        monkeypatch.setattr(story_rows, "TIES", 2)
        monkeypatch.setattr(term_index, "IN_MEMORY", 900)
    dice = random.Random(f"related {seed}")
    articles: Articles = {}
    seen_stories = small_runs = 0
    # Whose keys SQLite puts in another order than Python.
    encoding = "UTF-16le" if seed % 3 == 1 else "UTF-8"
    with archive(encoding) as db, closing(sqlite3.connect(":memory:")) as connection:
        book = GistBook(Database(connection))
        for step in range(STEPS):
            # Large batches are worked out anew, small ones are not: both are tried.
            count = dice.choice([0, 1, 2, 5]) if step % 4 else 40
            new = {make_key(dice): make_article(dice) for _ in range(count)}
            gone = dice.sample(sorted(articles), min(len(articles), dice.choice([0, 0, 1, 3])))
            new = {key: article for key, article in new.items() if key not in gone}
            # As an import: what is known falls behind before the rows change.
            book.fall_behind()
            book.doubt(gone)
            with transaction(db):
                put(db, new)
                remove(db, gone)
            articles = {k: a for k, a in {**articles, **new}.items() if k not in gone}
            if dice.random() < 0.2:
                continue  # --no-relate
            was_behind = book.state == BEHIND
            related = run.relate(db, book)
            small_runs += was_behind and related.compared < len(articles)
            assert book.state == CURRENT
            found = answers(db)
            assert found == fresh(articles, dice), f"step {step}"
            seen_stories += len(found[0])
            assert run.relate(db, book).compared == 0
            assert answers(db) == found
    assert seen_stories > 3
    assert small_runs > 0


def test_rows_are_left_alone_where_nothing_changed() -> None:
    """A run writes only what differs: triggers, full text and freshness hang on it."""
    dice = random.Random("still")
    articles = {f"article-{n}": make_article(dice) for n in range(60)}
    with archive() as db, closing(sqlite3.connect(":memory:")) as connection:
        book = GistBook(Database(connection))
        with transaction(db):
            put(db, articles)
        run.relate(db, book)
        before = db.conn.total_changes
        run.relate(db, book)
        assert db.conn.total_changes == before
