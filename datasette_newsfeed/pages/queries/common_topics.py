"""How common a topic is, which decides the SQL that lists its articles.

SQLite sorts an `in` list before it returns the first row, and evaluates an `exists` row by
row: the one is slow for common topics, the other for rare ones, either a thousand times
at a million articles. They cost the same at about 8 % of the articles.
"""

from __future__ import annotations

from datasette.database import QueryInterrupted

from ... import facet_index_schema
from ..access.archives import Archive
from ..protocols import DatasetteLike

# The highest rowid is near enough to the number of articles, and costs nothing to find.
ENOUGH = "select 1 + coalesce(max(rowid), 0) * 8 / 100 as enough from articles"

COUNTED_SQL = f"""\
with share as ({ENOUGH})
select enough <= (
  select count(*) from (
    select 1 from article_topics where topic = :topic limit (select enough from share)
  )
)
from share"""

# As the last import left it: near enough as well.
STORED_SQL = f"""\
with share as ({ENOUGH})
select enough <= coalesce((
  select n from {facet_index_schema.NAME}
  where facet = '{facet_index_schema.TOPIC}' and value = :topic
), 0)
from share"""


async def is_common_topic(datasette: DatasetteLike, archive: Archive, topic: str) -> bool:
    """Return whether so many articles are about a topic that `exists` finds them faster."""
    sql = STORED_SQL if archive.has_facet_index else COUNTED_SQL
    try:
        rows = await datasette.get_database(archive.database).execute(sql, {"topic": topic})
    except QueryInterrupted:  # a busy machine: then the shape that shows first rows soonest
        return True
    return bool(rows.rows[0][0])
