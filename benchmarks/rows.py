"""The same kind of archive as in `archive`, put straight into the tables.

To look at the pages of a million articles without writing and importing a million files:
the same words, providers and topics as often, six years, related lists. Knows no files.

    python benchmarks/rows.py news.db 1000000
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive import (
    FIRST_DAY,
    PROVIDER_WEIGHTS,
    PROVIDERS,
    SECONDS,
    SEED,
    TOPIC_WEIGHTS,
    TOPICS,
    TYPES,
    WORD_WEIGHTS,
    WORDS,
)
from sqlite_utils import Database

from datasette_newsfeed import facet_index, schema
from datasette_newsfeed.full_text import index

IMAGES = 500
COLUMNS = (
    *("id", "title", "image_id", "provider_id", "provider_name", "published_at", "type"),
    *("category", "heat", "quality", "published", "excerpt", "url", "web_url"),
)


def _articles(count: int, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in range(count):
        at = FIRST_DAY + timedelta(seconds=(number + dice.random()) * SECONDS // count)
        words = dice.choices(WORDS, cum_weights=WORD_WEIGHTS, k=32)
        title = " ".join(words[:7]).capitalize()
        domain = dice.choices(PROVIDERS, cum_weights=PROVIDER_WEIGHTS)[0]
        quality = dice.randrange(10, 100)
        is_headline = dice.random() < 0.85
        url = f"https://{domain}/news/{number}"
        yield (
            f"{at:%Y-%m-%d}-{'-'.join(words[:7])}-{number}",
            title,
            f"image-{dice.randrange(IMAGES)}" if dice.random() < 0.75 else None,
            domain,
            f"{domain.partition('.')[0].capitalize()} News",
            f"{at:%Y-%m-%dT%H:%M:%SZ}",
            dice.choice(TYPES),
            "news",
            quality + 10 * dice.choice((0, 0, 1, 2, 3)) if is_headline else -1,
            quality,
            int(is_headline),
            " ".join(words),
            url,
            url,
        )


def _links(ids: list[str], dice: random.Random) -> Iterator[tuple[str, str, int]]:
    for article_id in ids:
        count = dice.choice((1, 1, 2, 2, 2, 3, 4, 5))
        for place, topic in enumerate(dice.choices(TOPICS, cum_weights=TOPIC_WEIGHTS, k=count)):
            yield article_id, topic, place


def _related(ids: list[str], dice: random.Random) -> Iterator[tuple[str, int, str, str]]:
    for number, article_id in enumerate(ids):
        if dice.random() < 0.55:
            for place in range(dice.choice((1, 1, 2, 2, 3, 4))):
                other = ids[min(max(number + dice.randrange(-20, 21), 0), len(ids) - 1)]
                yield article_id, place, "Related", other


def build(path: Path, articles: int) -> None:
    """Create the database, unless it is there already."""
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    dice = random.Random(SEED)
    db = Database(part)
    db.execute("pragma synchronous = off")
    db.execute("pragma cache_size = -200000")
    schema.create(db)
    db.execute("drop trigger articles_ai")  # the full text is built at the end, at once
    images = [{"id": f"image-{n}", "url": f"https://images.example/{n}.jpg"} for n in range(IMAGES)]
    db.table("images").insert_all(images)
    db.table("providers").insert_all({"domain": name, "name": name} for name in PROVIDERS)
    db.table("topics").insert_all({"name": name} for name in TOPICS)
    marks = ", ".join("?" * len(COLUMNS))
    db.conn.executemany(
        f"insert into articles ({', '.join(COLUMNS)}) values ({marks})", _articles(articles, dice)
    )
    ids = [row[0] for row in db.execute("select id from articles order by rowid")]
    db.conn.executemany("insert or ignore into article_topics values (?, ?, ?)", _links(ids, dice))
    db.conn.executemany(
        "insert into related_articles (article_id, position, title, related_id) "
        "values (?, ?, ?, ?)",
        _related(ids, dice),
    )
    db.conn.commit()
    with db.atomic():
        index.create(db.conn)
        index.rebuild(db.conn)
        facet_index.build(db.conn)
    db.analyze()
    db.close()
    part.rename(path)


if __name__ == "__main__":
    build(Path(sys.argv[1]), int(sys.argv[2]))
