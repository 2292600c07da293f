"""An archive of any size in the record format, the same for the same size and seed.

Six years of made-up news: few providers and topics have most of the articles, the
related lists of an article point at articles close to it in time, every tenth record
has a body and every fourth Windows line ends. Knows no database and nothing of the package.

    python benchmarks/archive.py FOLDER 100000
"""

from __future__ import annotations

import base64
import itertools
import random
import sys
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

SEED = 5
FIRST_DAY = datetime(2019, 1, 1)
SECONDS = 6 * 365 * 86_400

SYLLABLES = (
    *("ba", "den", "fi", "gor", "hal", "in", "kel", "lo", "mar", "nu"),
    *("or", "pel", "qua", "ri", "sol", "ter", "ul", "vin", "wes", "zan"),
)
WORDS = tuple("".join(parts) for parts in itertools.product(SYLLABLES, repeat=2)) + tuple(
    "".join(parts) for parts in itertools.product(SYLLABLES[:14], repeat=3)
)
TOPICS = tuple(f"{word.capitalize()} {number}" for number, word in enumerate(WORDS[20:60]))
PROVIDERS = tuple(f"{word}.example" for word in WORDS[60:360])
TYPES = ("article",) * 8 + ("video",) * 2


def _cumulated(count: int, power: float) -> list[float]:
    """The skew of names: the first is the most frequent."""
    return list(itertools.accumulate((place + 1) ** -power for place in range(count)))


WORD_WEIGHTS = _cumulated(len(WORDS), 0.9)
TOPIC_WEIGHTS = _cumulated(len(TOPICS), 0.9)
PROVIDER_WEIGHTS = _cumulated(len(PROVIDERS), 1.0)


def _pick(dice: random.Random, names: Sequence[str], weights: Sequence[float]) -> str:
    return names[bisect(weights, dice.random() * weights[-1])]


def _text(dice: random.Random, count: int) -> str:
    return " ".join([_pick(dice, WORDS, WORD_WEIGHTS) for _ in range(count)])


class Archive:
    """Records by number, from 0; each can be made without the others."""

    def __init__(self, articles: int, seed: int = SEED) -> None:
        self.articles = articles
        self._seed = seed

    def _head(self, number: int) -> tuple[random.Random, str, datetime, str]:
        """The dice of a record, and what those that name it need: title, time, provider."""
        dice = random.Random(self._seed * 1_000_003 + number)
        at = FIRST_DAY + timedelta(seconds=(number + dice.random()) * SECONDS // self.articles)
        title = _text(dice, dice.randrange(5, 11)).capitalize()
        return dice, title, at, _pick(dice, PROVIDERS, PROVIDER_WEIGHTS)

    def path(self, number: int) -> str:
        """A record's path below the folder: a folder a month."""
        _, title, at, _ = self._head(number)
        return f"{at:%Y/%m}/{_name(number, title, at)}.md"

    def record(self, number: int) -> tuple[str, str]:
        """A record's path and text."""
        dice, title, at, provider = self._head(number)
        quality = dice.randrange(10, 100)
        related = [] if dice.random() < 0.45 else self._near(dice, number)
        is_headline = dice.random() < 0.85
        lines = [
            "---",
            "category: news",
            f'title: "{title}"',
            f'excerpt: "{_text(dice, dice.randrange(20, 60)).capitalize()} ..."',
            f"publishedDateTime: {at:%Y-%m-%dT%H:%M:%SZ}",
            f'originalUrl: "https://{provider}/news/{number}"',
            f'webUrl: "https://{provider}/news/{number}"',
            f"type: {dice.choice(TYPES)}",
            f"quality: {quality}",
            f"heat: {quality + 10 * len(related) if is_headline else -1}",
            f"published: {'true' if is_headline else 'false'}",
            "",
            *_provider(provider, ""),
            "",
            "topics:",
            *[f"  - {topic}" for topic in _topics(dice)],
            "",
            *(_images(dice, number) if dice.random() < 0.75 else ()),
            *(["related:"] if related else []),
            *[line for other in related for line in self._related(other)],
            f'secured: "{_secret(dice)}"',
            "---",
            _text(dice, 150) if dice.random() < 0.1 else "",
        ]
        return f"{at:%Y/%m}/{_name(number, title, at)}.md", "\n".join(lines)

    def _near(self, dice: random.Random, number: int) -> list[int]:
        count = dice.choice((1, 1, 2, 2, 3, 4))
        places = (min(max(number + dice.randrange(-20, 21), 0), self.articles - 1) for _ in "x" * 9)
        return list(dict.fromkeys(place for place in places if place != number))[:count]

    def _related(self, number: int) -> list[str]:
        _, title, at, provider = self._head(number)
        return [
            f'  - title: "{title}"',
            f'    excerpt: "{title} and more ..."',
            f"    publishedDateTime: {at:%Y-%m-%dT%H:%M:%SZ}",
            f'    webUrl: "https://{provider}/news/{number}"',
            "    type: article",
            *_provider(provider, "    "),
            "    quality: 50",
        ]


def _name(number: int, title: str, at: datetime) -> str:
    return f"{at:%Y-%m-%d}-{title.lower().replace(' ', '-')[:48]}-{number}"


def _provider(domain: str, indent: str) -> list[str]:
    lines = [
        "provider:",
        f"  name: {domain.partition('.')[0].capitalize()} News",
        f"  domain: {domain}",
        "  images:",
        f'    - url: "https://{domain}/logo-50x50.png"',
        "      width: 50",
        "      height: 50",
    ]
    return [indent + line for line in lines]


def _topics(dice: random.Random) -> list[str]:
    count = dice.choice((1, 1, 2, 2, 2, 3, 4, 5))
    return list(dict.fromkeys(_pick(dice, TOPICS, TOPIC_WEIGHTS) for _ in range(count)))


def _images(dice: random.Random, number: int) -> list[str]:
    # Some pictures serve many articles.
    picture = dice.randrange(500) if dice.random() < 0.1 else 1_000 + number
    return [
        "images:",
        f'  - url: "https://images.example/{picture}.jpg"',
        "    width: 1280",
        "    height: 720",
        "    isCached: true",
        "",
    ]


def _secret(dice: random.Random) -> str:
    """Noise in the shape of the format: ciphertext;IV."""
    cipher = base64.b64encode(dice.randbytes(16 * dice.randrange(8, 24))).decode()
    return f"{cipher};{base64.b64encode(dice.randbytes(16)).decode()}"


def write(folder: Path, articles: int) -> None:
    """Write the records of an archive, unless it is there already."""
    done = folder / f".complete-{articles}"
    if done.exists():
        return
    archive = Archive(articles)
    made: set[str] = set()
    for number in range(articles):
        path, text = archive.record(number)
        month = path[:7]
        if month not in made:
            (folder / month).mkdir(parents=True, exist_ok=True)
            made.add(month)
        # Line ends as archives have them: some come from Windows.
        ends = "\r\n" if number % 4 == 3 else "\n"
        (folder / path).write_text(text, encoding="utf-8", newline=ends)
    done.touch()


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
