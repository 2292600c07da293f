"""Whatever was done before: stories and similar articles are those of a run over everything.

Articles come, change and go at random in batches, as an import writes them; after each
batch the rows are compared with those of a fresh database into which the same articles
were written in another order, and that were compared without numpy. Few words and topics,
so that lists overflow, words turn from rare to common and back, and stories join and fall
apart. `--long` tries more.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from share import tries
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.archive.database import transaction
from datasette_newsfeed.archive.relate import nearest, rows, rules, run
from datasette_newsfeed.archive.relate.state import RelateState

SEEDS = tries(6, 100)
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
    with transaction(db):
        _put(db, articles)
        find_related(db)


def _put(db: Database, articles: Articles) -> None:
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
    rows.remove(db, keys)
    for key in keys:
        for table in ("article_topics", "related_articles"):
            db.execute(f"DELETE FROM {table} WHERE article_id = ?", [key])
        db.execute("UPDATE related_articles SET related_id = NULL WHERE related_id = ?", [key])
        db.execute("DELETE FROM articles WHERE id = ?", [key])


def find_related(db: Database) -> None:
    rows.create_function(db)
    db.execute(
        "UPDATE related_articles SET related_id = (SELECT id FROM articles "
        "WHERE web_url = url AND id != article_id ORDER BY utf8(id) LIMIT 1)"
    )


def answers(db: Database) -> list[list[tuple[Any, ...]]]:
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    # In the order of Python, which is not that of SQLite in every encoding.
    return [sorted(db.execute(sql).fetchall(), key=lambda row: row[:2]) for sql in ANSWERS]


def fresh(
    articles: Articles, dice: random.Random, monkeypatch: pytest.MonkeyPatch
) -> list[list[tuple[Any, ...]]]:
    with archive() as db, monkeypatch.context() as patch:
        patch.setattr(nearest, "has_numpy", lambda: False)
        shuffled = list(articles)
        dice.shuffle(shuffled)
        put(db, {key: articles[key] for key in shuffled})
        run.relate(db)
        return answers(db)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_series_ends_like_one_run(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:  # a small archive in as many steps as a large one
        monkeypatch.setattr(nearest, "MOST_PRODUCTS", 50)
        monkeypatch.setattr(nearest, "LEAST_BLOCK", 3)
        monkeypatch.setattr(rows, "STEP", 5)
        monkeypatch.setattr(rules, "MOST_HOLDERS", 20)
        monkeypatch.setattr(rules, "MOST_CROWDED", 15)
    dice = random.Random(f"related {seed}")
    articles: Articles = {}
    seen_stories = 0
    # Whose keys SQLite puts in another order than Python.
    encoding = "UTF-16le" if seed % 3 == 1 else "UTF-8"
    with archive(encoding) as db, closing(sqlite3.connect(":memory:")) as connection:
        state = RelateState(Database(connection))
        for step in range(STEPS):
            count = dice.choice([0, 1, 2, 5]) if step % 4 else 40
            new = {make_key(dice): make_article(dice) for _ in range(count)}
            gone = dice.sample(sorted(articles), min(len(articles), dice.choice([0, 0, 1, 3])))
            new = {key: article for key, article in new.items() if key not in gone}
            state.mark_stale()
            with transaction(db):
                remove(db, gone)
            put(db, new)
            articles = {k: a for k, a in {**articles, **new}.items() if k not in gone}
            if dice.random() < 0.2:
                continue  # --no-relate
            run.relate(db, state)
            assert state.is_current
            found = answers(db)
            assert found == fresh(articles, dice, monkeypatch), f"step {step}"
            seen_stories += len(found[0])
            assert run.relate(db, state).compared == 0
            assert answers(db) == found
    assert seen_stories > 3


def test_rows_are_left_alone_where_nothing_changed() -> None:
    """A run writes only what differs: triggers, full text and HTTP caches hang on it."""
    dice = random.Random("still")
    articles = {f"article-{n}": make_article(dice) for n in range(60)}
    with archive() as db:
        put(db, articles)
        run.relate(db)
        assert db.execute("SELECT count(*) FROM similar_articles").fetchone()[0] > 100
        db.execute("CREATE TABLE changes (name TEXT)")
        for table in ("articles", "stories", "similar_articles"):
            for event in ("INSERT", "UPDATE", "DELETE"):
                db.execute(
                    f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table} "
                    f"BEGIN INSERT INTO changes VALUES ('{table}'); END"
                )
        run.relate(db)
        assert db.execute("SELECT * FROM changes").fetchall() == []
