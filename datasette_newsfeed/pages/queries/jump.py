"""Topics, providers and stories by a part of their name, for the jump menu of Datasette 1.0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..access.archives import ArchiveView
from ..text.plain import LONGEST_NAME, LONGEST_TITLE, cut, is_short_name
from .cards import bounded

MOST_OF_A_KIND = 8
"""Topics, providers or stories of one archive in the menu."""

MOST_STORIES = 5_000
"""The newest stories, among whose titles is looked."""

_MATCHES = "{name} like :pattern escape '\\'"
_ORDER = "order by {name} not like :prefix escape '\\', length({name}), {name} limit :most"

TOPICS_SQL = f"""
select name as key, name from topics
where {_MATCHES.format(name="name")} and {is_short_name("name")}
{_ORDER.format(name="name")}"""

PROVIDERS_SQL = f"""
select domain as key, {bounded("coalesce(name, domain)", "name", LONGEST_NAME)} from providers
where ({_MATCHES.format(name="name")} or {_MATCHES.format(name="domain")})
  and {is_short_name("domain")}
{_ORDER.format(name="domain")}"""

STORIES_SQL = f"""
select newest.id as key, {bounded("articles.title", "name", LONGEST_TITLE)}
from (
  select id, headline_id, last_published_at from stories
  order by last_published_at desc, id limit {MOST_STORIES}
) as newest join articles on articles.id = newest.headline_id
where {_MATCHES.format(name="articles.title")}
order by newest.last_published_at desc, newest.id limit :most"""

KINDS = (
    ("topics", "topic", ("articles", "topics", "article_topics"), TOPICS_SQL),
    ("providers", "provider", ("articles", "providers"), PROVIDERS_SQL),
    ("stories", "story", ("articles", "stories"), STORIES_SQL),
)
"""Tables, what a row is called, the tables that the visitor must be allowed to see, the SQL."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row that the jump menu leads to. kind: what it is, such as "topic"."""

    table: str
    key: str
    kind: str
    name: str


async def find_places(view: ArchiveView, words: str) -> list[Place]:
    """Return what has these words in its name, topics first; three queries."""
    plain = "".join(f"\\{each}" if each in "\\%_" else each for each in words)
    values = {"pattern": f"%{plain}%", "prefix": f"{plain}%", "most": MOST_OF_A_KIND}
    found = []
    for table, kind, needs, sql in KINDS:
        if view.sees(*needs):
            found += list(_places(table, kind, await view.ask(sql, values)))
    return found


def _places(table: str, kind: str, rows: list[Any]) -> Iterator[Place]:
    for key, name in rows:
        yield Place(table, key, kind, cut(name, LONGEST_TITLE) or key)
