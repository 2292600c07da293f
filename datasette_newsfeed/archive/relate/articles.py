"""The articles of an archive as `newsfeed relate` reads them: term vectors, times, providers."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zlib import crc32

from sqlite_utils import Database

from ...url_keys import url_key
from ...vocabulary import MOST_TEXT, Vocabulary
from .rows import Progress, create_function
from .vectors import IS_TOPIC, Vectors, weigh

TOPIC_SHARE = 3
"""A topic of more than one in three articles says nothing."""
NO_HASH = (1 << 32) - 1
_BREAK = "\x1f"
_ARTICLES = """
SELECT id, substr(title, 1, {most}),
  substr(coalesce(nullif(excerpt, ''), body, ''), 1, {most}), {language},
  published_at, coalesce(provider_id, provider_name, ''), web_url, original_url,
  (SELECT group_concat(topic, char(31)) FROM article_topics WHERE article_id = articles.id)
FROM articles ORDER BY {order}
"""
COUNT_SQL = "SELECT count(*) FROM articles"
_TOPICS = "SELECT topic, count(*) FROM article_topics GROUP BY topic"


@dataclass(slots=True)
class Articles:
    """Articles in order of their ids; an entry for each, but in holders, hashes and topics."""

    ids: list[str] = field(default_factory=list)
    vectors: Vectors = field(default_factory=Vectors)
    times: list[int | None] = field(default_factory=list)
    """Seconds since 1970; None: not known."""
    providers: array[int] = field(default_factory=lambda: array("i"))
    """A number for each provider."""
    sizes: array[int] = field(default_factory=lambda: array("i"))
    """How many terms an article has, without its topics."""
    pages: array[int] = field(default_factory=lambda: array("Q"))
    """A hash of each of an article's URLs, two an article; 0: none."""
    holders: array[int] = field(default_factory=lambda: array("i"))
    """How many articles hold each term."""
    hashes: array[int] = field(default_factory=lambda: array("I"))
    """A hash of each term; NO_HASH, the greatest: a topic."""
    topics: set[int] = field(default_factory=set)
    """The terms that are topics: they make articles alike, but tell no news."""


def read_articles(db: Database, on_progress: Progress) -> Articles:
    """Return the articles of a database."""
    found, vocabulary, marked = Articles(), Vocabulary(), Vectors(weights=array("B"))
    count = db.execute(COUNT_SQL).fetchone()[0]
    create_function(db)
    is_utf8 = db.execute("PRAGMA encoding").fetchone()[0] == "UTF-8"
    has_language = "language" in db.table("articles").columns_dict
    sql = _ARTICLES.format(
        most=MOST_TEXT,
        language="language" if has_language else "NULL",
        order="id" if is_utf8 else "utf8(id)",
    )
    rare = {topic for topic, n in db.execute(_TOPICS) if n * TOPIC_SHARE <= count}
    numbers: dict[str, int] = {}
    for row in db.execute(sql):
        # What another program wrote and is no text says nothing.
        texts = (each if isinstance(each, str) else "" for each in row)
        article_id, title, lead, language, published_at, provider, *urls, topics = texts
        marks = vocabulary.read(title, lead, language or None)
        found.sizes.append(len(marks))
        for topic in rare.intersection(topics.split(_BREAK) if topics else ()):
            number = vocabulary.number(f"#{topic}")
            marks[number] = IS_TOPIC
            found.topics.add(number)
        found.ids.append(article_id)
        found.times.append(seconds(published_at))
        found.providers.append(numbers.setdefault(provider, len(numbers)))
        marked.append(marks, marks.values())
        found.holders.extend([0] * (len(vocabulary.numbers) - len(found.holders)))
        for term in marks:
            found.holders[term] += 1
        keys = {int(key, 16) for url in urls if url and (key := url_key(url))}
        found.pages.extend([*keys, 0, 0][:2])
        if len(found.ids) % 1000 == 0:
            on_progress(len(found.ids), 2 * count)
    found.hashes.extend(crc32(term.encode("utf-8", "replace")) for term in vocabulary.numbers)
    for topic in found.topics:
        found.hashes[topic] = NO_HASH
    found.vectors = weigh(marked, found.holders, found.sizes)
    return found


def seconds(published_at: str) -> int | None:
    """Return a time in seconds since 1970, None where it is no full date."""
    try:
        time = datetime.fromisoformat(published_at)
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
