"""Facet by topic: `?_facet_topic=topics` on the articles of an archive.

Counts the rows of article_topics that match all other filters. A value toggles `_topic`.
Articles must have all of the chosen topics. Those with longer names than a page shows are not
listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ... import facet_index_schema
from ..filters.conditions import ARTICLES, TOPIC, TOPIC_TABLES, chosen, may_view_all
from ..text.plain import LONGEST_NAME, is_short_name
from .base import NewsFacet, Value

# With no filter the links alone are counted, along their index.
ALL_SQL = "select topic as value, count(*) as n from article_topics group by topic"

# `cross join` keeps the order: from the rows to their topics, never the other way round.
COUNTS_SQL = """\
select links.topic as value, count(*) as n
from ({rows}) as rows_in_view
  cross join article_topics as links on links.article_id = rows_in_view.id
group by links.topic"""

# The chosen topics come first and are never cut off. The list begins with null, which no
# topic is: SQLite 3.34 takes `in ()` for the number of a column to sort by, and fails.
LIST_SQL = f"""\
select value, n from ({{counts}})
where {is_short_name("value")} or value in (null{{chosen}})
order by value in (null{{chosen}}) desc, n desc, value limit :newsfeed_limit"""


class TopicFacet(NewsFacet):
    """Topics, the most frequent first after those that are chosen."""

    type = "topic"
    offers: ClassVar[Mapping[str, Sequence[str]]] = {ARTICLES: ("topics",)}

    async def applies(self, name: str) -> bool:
        """Return whether these are an archive's articles, whose topics the visitor may see."""
        return (
            name == "topics"
            and self.table == ARTICLES
            and await self.in_archive()
            and await may_view_all(self.ds, self.request, self.database, TOPIC_TABLES)
        )

    async def values(self, name: str) -> tuple[list[Value], bool]:
        """Return the chosen topics and the most frequent others."""
        picked = chosen(self.request, TOPIC)
        size = self.get_facet_size()
        tally = await self.tally(facet_index_schema.TOPIC)
        if tally:
            found = tally.counts(facet_index_schema.TOPIC)
            listed = [each for each in found if each in picked or len(each) <= LONGEST_NAME]
            order = sorted(listed, key=lambda topic: (topic not in picked, -found[topic], topic))
            counts = {topic: found[topic] for topic in order[: len(picked) + size + 1]}
        else:
            counts = await self._count(picked, len(picked) + size + 1)
        others = [topic for topic in counts if topic not in picked]
        query = self.query()
        shown = [
            Value(topic, topic, counts.get(topic, 0), True, query.without_pair(TOPIC, topic))
            for topic in picked
        ]
        shown += [
            Value(topic, topic, counts[topic], False, query.plus((TOPIC, topic)))
            for topic in others[:size]
        ]
        return shown, len(others) > size

    async def _count(self, picked: Sequence[str], limit: int) -> dict[str, int]:
        rows = await self.rows()
        binds = {f"chosen_{number}": topic for number, topic in enumerate(picked)}
        counted = await self.count(
            LIST_SQL.format(
                counts=ALL_SQL if rows.are_all else COUNTS_SQL.format(rows=rows.sql),
                chosen="".join(f", :newsfeed_{bind}" for bind in binds),
            ),
            rows,
            **binds,
            limit=limit,
        )
        return {row["value"]: row["n"] for row in counted}
