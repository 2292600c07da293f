"""A generated archive for the facets: any number of articles, the same for the same seed.

Made through the schema alone, so that nothing here depends on the importer.
Every column that a facet reads has gaps, ties and odd values. Knows no test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from sqlite_utils import Database
from time_limits import PATIENT

from datasette_newsfeed import schema

TOPICS = (
    *("Harbour", "Weather", "Rail & Road", "Schools", 'The "Old" Mill', "Ärzte", "50% less"),
    *(f"Small topic {number}" for number in range(45)),
)
"""From common to rare; some need quoting."""

PROVIDERS = ("harbour.example", "ridge.example", "valley.example", "canal.example")
TYPES = ("article", "video", "collection")
WORDS = ("bridge", "ferry", "tide", "lamp", "orchard", "tram", "storm", "market", "clock", "river")
FIRST_DAY = datetime(2017, 11, 20)
DAYS = 1700


def _published_at(dice: random.Random) -> str:
    if dice.random() < 0.04:
        return ""
    if dice.random() < 0.3:  # a busy month, so that days have more than one article
        moment = datetime(2021, 4, 1) + timedelta(seconds=dice.randrange(30 * 86_400))
    else:
        moment = FIRST_DAY + timedelta(seconds=dice.randrange(DAYS * 86_400))
    if dice.random() < 0.2:  # the edge of a day, month or year
        moment = moment.replace(hour=0, minute=0, second=0)
        if dice.random() < 0.5:
            moment = moment.replace(day=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(dice: random.Random, most: int) -> int | None:
    draw = dice.random()
    if draw < 0.08:
        return None
    if draw < 0.2:
        return -1
    if draw < 0.35:
        return dice.choice([0, 24, 25, 49, 50, 75, 99, 100])
    return dice.randrange(most)


def _article(number: int, dice: random.Random) -> dict[str, Any]:
    words = " ".join(dice.choices(WORDS, k=4))
    published_at = _published_at(dice)
    day = published_at[:10] or "2021-04-21"
    return {
        "id": f"{day}-{words.replace(' ', '-')}-{number}",
        "title": f"{words.capitalize()} {number}",
        "image_id": f"image-{dice.randrange(6)}" if dice.random() < 0.7 else None,
        "provider_id": dice.choice(PROVIDERS) if dice.random() < 0.9 else None,
        "published_at": published_at,
        "type": dice.choice(TYPES) if dice.random() < 0.9 else dice.choice([None, ""]),
        "heat": _number(dice, 140),
        "quality": _number(dice, 100),
        "published": dice.choice([0, 1, None]),
        "excerpt": " ".join(dice.choices(WORDS, k=6)),
        "url": f"https://{PROVIDERS[0]}/{number}",
    }


def _topics(article_id: str, dice: random.Random) -> Iterator[dict[str, Any]]:
    weights = [1 / (place + 1) for place in range(len(TOPICS))]
    chosen = dict.fromkeys(dice.choices(TOPICS, weights, k=dice.randrange(5)))
    for position, topic in enumerate(chosen):
        yield {"article_id": article_id, "topic": topic, "position": position}


def build(path: Path, articles: int = 400, seed: int = 1) -> Path:
    """Create the database; return its path."""
    dice = random.Random(seed)
    # In the order of their files' names, as a folder is read.
    rows = sorted((_article(number, dice) for number in range(articles)), key=itemgetter("id"))
    ids = [row["id"] for row in rows]
    db = Database(path)
    schema.create(db)
    db.table("images").insert_all(
        {"id": f"image-{number}", "url": f"https://images.example/{number}"} for number in range(6)
    )
    db.table("providers").insert_all({"domain": name, "name": f"The {name}"} for name in PROVIDERS)
    db.table("topics").insert_all({"name": name} for name in TOPICS)
    db.table("articles").insert_all(rows, batch_size=5_000)
    db.table("article_topics").insert_all(
        (link for article_id in ids for link in _topics(article_id, dice)), batch_size=5_000
    )
    db.table("related_articles").insert_all(
        {
            "article_id": article_id,
            "position": position,
            "title": "Elsewhere",
            "published_at": _published_at(dice),
            "quality": _number(dice, 100),
        }
        for article_id in ids
        for position in range(dice.choice([0, 0, 1, 3]))
    )
    db.close()
    return path


def open_site(
    *paths: Path,
    settings: dict[str, Any] | None = None,
    tables: dict[str, Any] | None = None,
    database: str = "news",
) -> Datasette:
    """Return a Datasette of these databases; `tables` configures the tables of one of them.

    Without the time limits of a page, except those among the `settings`.
    """
    config = {"databases": {database: {"tables": tables}}} if tables else {}
    # Datasette 1.0 reads permissions and facets from its configuration, 0.65 from metadata.
    both = {"config": config} if hasattr(Datasette, "allowed") else {}
    settings = {**PATIENT, **(settings or {})}
    return Datasette([str(path) for path in paths], settings=settings, metadata=config, **both)


if __name__ == "__main__":
    import sys

    build(Path(sys.argv[1]), int(sys.argv[2]))
