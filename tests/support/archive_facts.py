"""What an archive's rows say, read by SQL that shares nothing with the package.

The second reader of the site: `page_claims` reads a page and asks here whether its
rows bear it out. Knows the tables of docs/tables.md and the words of an address.
"""

from __future__ import annotations

import html
import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
OPERATORS = {
    "": "{} = ?",
    "exact": "{} = ?",
    "gt": "{} > ?",
    "gte": "{} >= ?",
    "lt": "{} < ?",
    "not": "{} <> ?",
    "contains": "{} like '%' || ? || '%'",
    "in": "(',' || ? || ',') like '%,' || {} || ',%'",
    "lte": "{} <= ?",
    "isblank": "({0} is null or {0} = '')",
    "notblank": "({0} is not null and {0} <> '')",
}
NEWEST = "order by published_at desc, id"


def letters(text: str | None) -> str:
    """Return the letters and digits of a text alone, entities read, case and accents set aside."""
    plain = unicodedata.normalize("NFKD", html.unescape(html.unescape(text or "")))
    return "".join(each for each in plain.casefold() if each.isalnum())


def bare_letters(text: str | None) -> str:
    """Return those letters of a text in HTML or Markdown, without its tags and addresses."""
    shown = re.sub(r"<[^>]*>|\]\([^)]*\)", " ", html.unescape(text or ""))
    return letters(shown)


def moment_of(value: str | None) -> datetime | None:
    """Return a stored time, None where it is none."""
    try:
        found = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day_words(value: str | None) -> str:
    """Return the day of a stored time as pages write it: `2 May 2021`."""
    moment = moment_of(value)
    if moment is None:
        return value or ""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def moment_words(value: str | None) -> str:
    """Return a stored time as pages write it to the minute."""
    moment = moment_of(value)
    return f"{day_words(value)}, {moment:%H:%M} UTC" if moment else value or ""


def period_words(name: str) -> str:
    """Return 2021, 2021-04 or 2021-04-21 in words."""
    parts = name.split("-")
    words = [parts[0]]
    if len(parts) > 1:
        words.insert(0, MONTHS[int(parts[1]) - 1])
    if len(parts) > 2:
        words.insert(0, str(int(parts[2])))
    return " ".join(words)


class Facts:
    """One archive's rows."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row
        self.articles = {row["id"]: row for row in self.rows("select * from articles")}
        self.providers = {row["domain"]: row for row in self.rows("select * from providers")}
        self.stories = {row["id"]: row for row in self.rows("select * from stories")}

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def column(self, sql: str, *values: Any) -> list[Any]:
        """Return the first column of a query."""
        return [row[0] for row in self.rows(sql, *values)]

    def one(self, sql: str, *values: Any) -> Any:
        """Return the only value of a query."""
        ((found,),) = self.rows(sql, *values)
        return found

    # -- an article -----------------------------------------------------------

    def title(self, key: str) -> str:
        """Return what an article is called."""
        row = self.articles[key]
        return str(row["title"] or row["url"] or "Untitled")

    def provider(self, row: sqlite3.Row) -> str | None:
        """Return what the provider of an article, or of a related one, is called."""
        named = self.providers.get(row["provider_id"])
        return (named and named["name"]) or row["provider_name"]

    def name_of(self, table: str, key: str) -> str:
        """Return what a provider is called, or another row that is its own name."""
        named = self.providers.get(key) if table == "providers" else None
        return str((named and named["name"]) or key)

    def authors(self, key: str) -> list[str]:
        """Return the authors of an article in order."""
        return self.column(
            "select author from article_authors where article_id = ? order by position", key
        )

    def topics(self, key: str) -> list[str]:
        """Return the topics of an article in order."""
        return self.column(
            "select topic from article_topics where article_id = ? order by position", key
        )

    def related(self, key: str) -> list[sqlite3.Row]:
        """Return what an article names as related, in order."""
        return self.rows(
            "select * from related_articles where article_id = ? order by position", key
        )

    def mentioning(self, key: str) -> list[str]:
        """Return the articles that name this one as related, the newest first."""
        return self.column(
            "select id from articles where id <> ?1 and id in"
            f" (select article_id from related_articles where related_id = ?1) {NEWEST}",
            key,
        )

    def text(self, key: str) -> str:
        """Return the letters of all that an article says."""
        row = self.articles[key]
        return "".join(letters(row[name]) for name in ("title", "excerpt", "body"))

    # -- stories --------------------------------------------------------------

    def members(self, story: str) -> list[str]:
        """Return the articles of a story, the earliest first."""
        return self.column(
            "select id from articles where story_id = ? order by published_at, id", story
        )

    def lead_of(self, key: str | None) -> str | None:
        """Return the article that leads the story of an article, None without a story of several.

        It may be the article itself.
        """
        story = key and self.articles[key]["story_id"]
        if not story or len(self.members(story)) < 2:
            return None
        return str(self.stories[story]["headline_id"])

    # -- selections -----------------------------------------------------------

    def chosen(self, query: str) -> list[str]:
        """Return the articles that the query of an articles page keeps, the newest first."""
        conditions, values = [], []
        for key, value in parse_qsl(query, keep_blank_values=True):
            condition = self._condition(key)
            if condition:
                conditions.append(condition)
                values += [value] * condition.count("?")
        where = f"where {' and '.join(conditions)}" if conditions else ""
        return self.column(f"select id from articles {where} {NEWEST}", *values)

    def _condition(self, key: str) -> str | None:
        if key == "_topic":
            return "id in (select article_id from article_topics where topic = ?)"
        if key == "_related":
            return "(id in (select article_id from related_articles)) = cast(? as integer)"
        if key.startswith("_") or key == "q":
            return None
        column, _, operator = key.partition("__")
        return OPERATORS[operator].format(column)


def newest_days(facts: Facts, keys: Iterable[str]) -> list[str]:
    """Return the full days of articles, in order."""
    days = (str(facts.articles[key]["published_at"])[:10] for key in keys)
    return sorted(day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day))
