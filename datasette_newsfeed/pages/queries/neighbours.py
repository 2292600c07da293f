"""The articles before and after one: of its story, its provider, its topics."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...dimensions import BY_NAME, TOPICS, Dimension
from ..access.archives import ArchiveView
from ..models import Card
from ..text.plain import LONGEST_TITLE, cut
from .cards import bounded

MOST_TOPICS = 3
"""Topics of an article, its first, among which a reader can go on."""

FEW = 1_000
"""Articles of a topic that are sorted; of a topic with more, those nearest in time are tried."""

MOST_TRIED = 20_000
"""Articles that are tried in one direction."""

COUNT_SQL = "select count(*) from (select 1 from article_topics where topic = :value limit :most)"

_FOUND = f"id, published_at, {bounded('title', 'title', LONGEST_TITLE)}"
# Those of the same moment first. `union all` ends with its first row, and each part is served
# by the index on time or on provider and time.
_SIDE = f"""
select {_FOUND} from (
  select * from (
    select id, published_at, title from articles
    where published_at = :at and id {{after}} :key and {{condition}} order by id {{order}} limit 1
  )
  union all
  select * from (
    select id, published_at, title from {{source}}
    where published_at {{side}} :at and published_at > '' and {{condition}} {{by_time}} limit 1
  )
) limit 1"""
_BY_TIME = "order by published_at {time_order}, id {order}"
# Its rows are in order, and the first that fulfils the condition is taken: to sort them again
# would read all of them.
_NEAREST = f"""(
  select id, published_at, title from articles
  where published_at {{side}} :at and published_at > ''
  {_BY_TIME} limit {MOST_TRIED}
) as articles"""

_EARLIER = {"side": "<", "after": ">", "time_order": "desc", "order": "asc"}
_LATER = {"side": ">", "after": "<", "time_order": "asc", "order": "desc"}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An article before or after another one."""

    id: str
    title: str
    published_at: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The articles before and after one in a row of articles: the table and key of that row."""

    table: str
    key: str
    name: str
    earlier: Neighbour | None
    later: Neighbour | None


async def find_neighbours(view: ArchiveView, card: Card) -> list[Neighbours]:
    """Return what is before and after an article, as far as there is anything; two queries each.

    First in its story, then of its provider, then of its first topics.
    """
    if not view.sees("articles") or not card.published_at or card.id is None:
        return []
    asked: list[tuple[Dimension, str, str]] = []
    if card.story_size > 1 and card.story_id is not None:
        asked.append((BY_NAME["story_id"], card.story_id, "This story"))
    if card.provider_id is not None:
        name = card.provider_name or card.provider_id
        asked.append((BY_NAME["provider_id"], card.provider_id, name))
    asked += [(TOPICS, topic, topic) for topic in card.topics[:MOST_TOPICS]]
    found = await gather(
        *(
            _find(view, dimension, value, card, way)
            for dimension, value, _ in asked
            for way in (_EARLIER, _LATER)
        )
    )
    pairs = zip(asked, found[::2], found[1::2], strict=True)
    return [
        Neighbours(dimension.rows.table, value, name, earlier, later)
        for (dimension, value, name), earlier, later in pairs
        if earlier or later
    ]


async def _find(
    view: ArchiveView, dimension: Dimension, value: str, card: Card, way: Mapping[str, str]
) -> Neighbour | None:
    source, by_time = "articles", _BY_TIME.format(**way)
    if dimension is TOPICS:
        rows = await view.ask(COUNT_SQL, {"value": value, "most": FEW + 1})
        is_common = rows[0][0] > FEW
        condition = TOPICS.rows.common if is_common else TOPICS.rows.condition
        if is_common:
            source, by_time = _NEAREST.format(**way), ""
    else:
        condition = f"{dimension.column} = :{{bind}}"
    condition = condition.format(bind="value")
    sql = _SIDE.format(source=source, condition=condition, by_time=by_time, **way)
    values: dict[str, Any] = {"key": card.id, "at": card.published_at, "value": value}
    found = await view.ask(sql, values)
    if not found:
        return None
    title = cut(found[0]["title"], LONGEST_TITLE) or "Untitled"
    return Neighbour(found[0]["id"], title, found[0]["published_at"])
