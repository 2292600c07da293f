"""Articles by month for each provider or topic: of all articles, or of one topic or provider.

The facet index counts, where the archive has one. Else SQL counts, but only a few articles: a large
archive without an index is shown without these numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ... import facet_index_schema
from ...dimensions import TOPICS, Dimension
from ..access.archives import ArchiveView
from ..protocols import RequestLike
from ..queries.counts import largest
from ..text.plain import LONGEST_NAME, is_short_name
from .counted_rows import Rows
from .indexed_counts import Tally, find_tally
from .periods import first_of_month, rows_of

MOST_COUNTED = 50_000
"""Articles that SQL counts."""

MOST_ROWS = 50_000
"""Parts times months that SQL returns."""

_MONTH = """case when articles.published_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
  then substr(articles.published_at, 1, 7) end as month"""

BY_COLUMN_SQL = f"""
select articles.{{column}} as part, {_MONTH}, count(*) as n from articles
where articles.{{column}} > '' and {is_short_name("articles.{column}")} and {{condition}}
group by 1, 2 limit {MOST_ROWS + 1}"""

BY_TOPIC_SQL = f"""
select article_topics.topic as part, {_MONTH}, count(*) as n
from articles join article_topics on article_topics.article_id = articles.id
where {is_short_name("article_topics.topic")} and {{condition}}
group by 1, 2 limit {MOST_ROWS + 1}"""


@dataclass(frozen=True, slots=True)
class Part:
    """A provider or topic with its articles: how many, and how many in each month (`2021-04`)."""

    key: str
    count: int
    months: tuple[tuple[str, int], ...]


async def parts_by_month(
    view: ArchiveView,
    request: RequestLike,
    by: Dimension,
    limit: int,
    *,
    within: Dimension | None = None,
    key: str = "",
    total: int,
) -> list[Part]:
    """Return the providers or topics with most articles, the first first; none without numbers.

    by: what the articles are divided by. within, key: the topic or provider that they are of; all
    articles without. total: how many these are.
    """
    tables = (*by.tables, *(within.tables if within else ()))
    if not view.sees("articles", *tables):
        return []
    rows = rows_of(within, key) if within else Rows("select id from articles", {})
    tally = await find_tally(view.datasette, request, view.database, rows)
    if tally is not None and {by.name, facet_index_schema.DAY} <= set(tally.index.facets):
        return _by_index(tally, by, limit)
    if total > MOST_COUNTED:
        return []
    condition = within.rows.condition.format(bind="key") if within else "true"
    sql = BY_TOPIC_SQL if by is TOPICS else BY_COLUMN_SQL
    found = await view.ask(sql.format(column=by.column, condition=condition), {"key": key})
    return _by_sql(found, limit) if len(found) <= MOST_ROWS else []


async def count_by_value(
    view: ArchiveView, request: RequestLike, by: Dimension
) -> dict[str, int] | None:
    """Return how many of all articles each provider or topic has, by the facet index.

    None where SQL must count them. Raises QueryInterrupted where it takes too long.
    """
    if not view.sees("articles", *by.tables):
        return None
    everything = Rows("select id from articles", {})
    tally = await find_tally(view.datasette, request, view.database, everything)
    if tally is None or by.name not in tally.index.facets:
        return None
    return _counts(tally, by)


def _counts(tally: Tally, by: Dimension) -> dict[str, int]:
    """The articles of each value, of those that have any."""
    return {key: n for key, n in tally.counts(by.name).items() if n and isinstance(key, str)}


def _by_index(tally: Tally, by: Dimension, limit: int) -> list[Part]:
    counts = {key: n for key, n in _counts(tally, by).items() if 0 < len(key) <= LONGEST_NAME}
    found = []
    for value, n in largest(counts, limit):
        own = Tally(tally.index, tally.rows & tally.index.rows(by.name, value))
        months = own.counts_by(facet_index_schema.DAY, "month", first_of_month)
        dated = sorted((first[:7], count) for first, count in months.items() if first and count)
        found.append(Part(value, n, tuple(dated)))
    return found


def _by_sql(rows: list[Any], limit: int) -> list[Part]:
    counts: Counter[str] = Counter()
    months: dict[str, list[tuple[str, int]]] = {}
    for part, month, n in rows:
        counts[part] += n
        if month:
            months.setdefault(part, []).append((month, n))
    return [
        Part(value, n, tuple(sorted(months.get(value, ())))) for value, n in largest(counts, limit)
    ]
