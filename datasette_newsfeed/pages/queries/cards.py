"""Selections of articles, and their Cards.

Each selection gives ids, the newest first, and is served by an index.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ...dimensions import DIMENSIONS, MARKS, TOPICS, Dimension
from ..access.archives import ArchiveView
from ..models import Card, Lead
from ..text.link_addresses import LONGEST_ADDRESS, web_url
from ..text.plain import (
    BEGINNING_LENGTH,
    EXCERPT_LIMIT,
    HTML_BEGINNING_LENGTH,
    LONGEST_NAME,
    LONGEST_TITLE,
    MARKUP_LIMIT,
    cut,
    first_words,
    is_short_name,
    plain_text,
)
from .image_rows import picture, stored

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles; `needs` are the tables, beside articles, that it tells something about."""

    condition: str
    count_sql: str
    needs: tuple[str, ...] = ()

    @property
    def ids_sql(self) -> str:
        """The SQL of the newest ids, no more than `:limit`."""
        return IDS_SQL.format(condition=self.condition)


IDS_SQL = """
select id from articles where {condition}
order by published_at desc, id limit :limit"""

NEWEST = Selection("true", "select count(*) from articles")
OF_SAME_STORY = Selection(
    """id in (
  select id from articles where story_id = (select story_id from articles where id = :key)
) and id <> :key""",
    "select size - 1 from stories where id = (select story_id from articles where id = :key)",
    ("stories",),
)
MENTIONING = Selection(
    "id in (select article_id from related_articles where related_id = :key) and id <> :key",
    """
select count(distinct article_id) from related_articles
where related_id = :key and article_id <> :key""",
    ("related_articles",),
)


def bounded(expression: str, name: str, limit: int) -> str:
    """Return the SQL of a text, as a column of that name, no longer than shows that it is."""
    return f"substr({expression}, 1, {limit + 1}) as {name}"


def key_within(expression: str, name: str) -> str:
    """Return the SQL of a key, as a column of that name; null where it is too long to be linked."""
    return f"case when {is_short_name(expression)} then {expression} end as {name}"


CARDS_SQL = f"""
select
  articles.id, articles.published_at,
  {bounded("articles.title", "title", LONGEST_TITLE)},
  {bounded("articles.url", "url", LONGEST_ADDRESS)},
  {bounded("articles.excerpt", "excerpt", MARKUP_LIMIT)},
  {{beginning}} as beginning,
  {bounded("articles.type", "type", LONGEST_NAME)}, articles.heat,
  {key_within("articles.provider_id", "provider_id")},
  {bounded("providers.name", "provider_name", LONGEST_NAME)},
  {bounded("articles.provider_name", "credited_as", LONGEST_NAME)},
  pictures.id as image_id, {bounded("pictures.url", "image_url", LONGEST_ADDRESS)},
  pictures.width as image_width, pictures.height as image_height,
  {{image_stored}} as image_stored,
  logos.id as logo_id, {bounded("logos.url", "logo_url", LONGEST_ADDRESS)},
  logos.width as logo_width, logos.height as logo_height,
  {{logo_stored}} as logo_stored,
  (
    select count(distinct coalesce(related_id, position)) from related_articles
    where article_id = articles.id
  ) as related_count,
  {{story}}, {{values}}
from articles
  left join providers on providers.domain = articles.provider_id
  left join images as pictures on pictures.id = articles.image_id
  left join images as logos on logos.id = providers.image_id
where articles.id in ({{chosen}})
order by articles.published_at desc, articles.id"""

NEWEST_IDS_SQL = "select id from articles order by published_at desc, id limit :limit"

# Full dates only, as the period facet counts: shorter ones lie outside their own month's bounds.
MONTHS_SQL = """
select substr(published_at, 1, 7) as month, count(*) as n from articles
where {condition}
  and published_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
group by 1 order by 1"""

BEGINNING = (
    "case when nullif(trim({excerpt}), '') is null"
    " then substr(articles.body, 1, case when ltrim(substr(articles.body, 1, 50)) like '<%'"
    f" then {HTML_BEGINNING_LENGTH} else {BEGINNING_LENGTH} end) end"
)
"""What an article begins with, where nothing else leads it."""

_STORY = f"""
  articles.story_id,
  (select size from stories where stories.id = articles.story_id) as story_size,
  (select headline_id from stories where stories.id = articles.story_id) as lead_id,
  (
    select substr(leads.title, 1, {LONGEST_TITLE + 1})
    from stories join articles as leads on leads.id = stories.headline_id
    where stories.id = articles.story_id
  ) as lead_title"""
_NO_STORY = "null as story_id, null as story_size, null as lead_id, null as lead_title"

MOST_AT_ONCE = 5_000
"""Topics of the articles of a page that are read in one query. A page with more, as that of one
record with tens of thousands, counts those of each article and reads the first of them."""

CARD_TOPICS_SQL = f"""
select article_id, substr(topic, 1, {LONGEST_NAME + 1}) as topic from article_topics
where article_id in ({{places}}) order by article_id, position limit {MOST_AT_ONCE + 1}"""

TOPIC_COUNTS_SQL = """
select article_id, count(*) as n from article_topics
where article_id in ({places}) group by article_id"""

FIRST_TOPICS_SQL = f"""
select topic from article_topics
where article_id = :key and {is_short_name("topic")} order by position limit :most"""

MOST_TOPICS = 20
"""Topics on a card."""


SELECTIONS = {
    each.rows.table: Selection(
        each.rows.condition.format(bind="key"), each.rows.count.format(bind="key"), each.tables
    )
    for each in DIMENSIONS
    if each.rows.condition
}
"""Rows whose page shows their newest articles."""

OF_COMMON_TOPIC = replace(
    SELECTIONS[TOPICS.rows.table], condition=TOPICS.rows.common.format(bind="key")
)
"""The same articles, found faster where there are many: see `common_topics`."""

NEWEST_LIMIT = 11
"""Of all articles: as many as a front page reads, of which some lead, and its head."""
LIST_LIMIT = 12


def story_columns(view: ArchiveView) -> str:
    """Return the SQL of the columns that tell the place of `articles` in its story."""
    return _STORY if view.sees("stories") else _NO_STORY


SEVERAL_SQL = """
select exists (
  select 1 from articles where {column} > (select min({column}) from articles where {column} > '')
)"""
"""Whether a column has several values; along its index, however many articles there are."""


def _values(view: ArchiveView) -> str:
    """Return the SQL of the columns that cards name the values of."""
    found = [
        bounded(f"articles.{each.column}", f"value_{each.name}", LONGEST_NAME)
        for each in MARKS
        if view.has("articles", each.column)
    ]
    return ", ".join(found or ["null as value_"])


async def _marks(view: ArchiveView) -> list[Dimension]:
    """Return what cards name the values of, as far as there is something to tell."""
    return [
        each
        for each in MARKS
        if view.has("articles", each.column)
        and (
            not each.is_shown_if_several
            or (await view.ask(SEVERAL_SQL.format(column=each.column)))[0][0]
        )
    ]


def card(
    view: ArchiveView,
    row: Any,
    topics: tuple[Iterable[str], int] = ((), 0),
    marks: Iterable[Dimension] = (),
) -> Card:
    """Return the Card in a row of CARDS_SQL, less what the visitor may not see.

    topics: the first ones of the article, and how many it has; marks: what to name the values of.
    """
    there = set(row.keys())
    found = {
        each.name: cut(row[f"value_{each.name}"], LONGEST_NAME)
        for each in MARKS
        if f"value_{each.name}" in there
    }
    values = {name: value for name, value in found.items() if value}
    sees_providers = view.sees("providers")
    return Card(
        id=row["id"],
        title=cut(row["title"] or row["url"], LONGEST_TITLE) or "Untitled",
        published_at=row["published_at"] or "",
        url=web_url(row["url"]),
        excerpt=plain_text(row["excerpt"], EXCERPT_LIMIT)
        or first_words(row["beginning"], EXCERPT_LIMIT),
        type=cut(row["type"], LONGEST_NAME),
        heat=row["heat"],
        provider_id=row["provider_id"] if sees_providers else None,
        provider_name=cut(
            (row["provider_name"] if sees_providers else None) or row["credited_as"], LONGEST_NAME
        ),
        logo=picture(view, row, "logo") if sees_providers else None,
        image=picture(view, row, "image"),
        topics=tuple(topics[0]),
        topic_count=topics[1],
        related_count=row["related_count"] if view.sees("related_articles") else 0,
        story_id=row["story_id"],
        story_size=row["story_size"] or 0,
        lead=_lead(row),
        values=values,
        marks=tuple(each.name_of(values[each.name]) for each in marks if each.name in values),
    )


async def drawn(rows: Iterable[Any], draw: Callable[[], T]) -> T:
    """Return what a function makes of rows of cards, in a thread where their texts take long."""
    # To read Markdown takes long, or HTML made to be: it must not hold up other visitors.
    if any(row["beginning"] or len(row["excerpt"] or "") > BEGINNING_LENGTH for row in rows):
        return await asyncio.to_thread(draw)
    return draw()


def _lead(row: Any) -> Lead | None:
    """Return the article that leads the story in this row; None if that is the row's own."""
    if (row["story_size"] or 0) < 2 or row["lead_id"] in (None, row["id"]):
        return None
    return Lead(row["lead_id"], cut(row["lead_title"], LONGEST_TITLE) or "Untitled")


async def find_cards(
    view: ArchiveView, chosen: Selection, limit: int, key: str = ""
) -> tuple[Card, ...]:
    """Return the Cards of a selection, the newest first; two queries."""
    if not limit or not view.sees("articles", *chosen.needs):
        return ()
    return await _find(view, chosen.ids_sql, {"key": key, "limit": limit})


async def find_newest(
    view: ArchiveView, chosen: Selection = NEWEST, key: str = ""
) -> tuple[Card, ...]:
    """Return the first Cards of a selection, as many as its page needs."""
    limit = NEWEST_LIMIT if chosen is NEWEST else LIST_LIMIT
    return await find_cards(view, chosen, limit, key)


async def find_newest_ids(view: ArchiveView, limit: int) -> list[str]:
    """Return the keys of so many articles, the newest first."""
    return [row["id"] for row in await view.ask(NEWEST_IDS_SQL, {"limit": max(limit, 0)})]


async def find_cards_by_id(
    view: ArchiveView, ids: Sequence[str], *, most_topics: int = MOST_TOPICS
) -> tuple[Card, ...]:
    """Return the Cards of these articles, in the order given; two queries."""
    if not ids or not view.sees("articles"):
        return ()
    places = {f"id{number}": key for number, key in enumerate(ids)}
    chosen = ", ".join(f":{name}" for name in places)
    found = await _find(view, chosen, places, most_topics, ids)
    cards = {card.id: card for card in found}
    return tuple(cards[key] for key in ids if key in cards)


async def find_cards_by_row(view: ArchiveView, rows: Sequence[int]) -> tuple[Card, ...]:
    """Return the Cards of these row numbers, the newest first."""
    if not rows or not view.sees("articles"):
        return ()
    chosen = f"select id from articles where rowid in ({', '.join(map(str, rows))})"
    return await _find(view, chosen, {})


async def _find(
    view: ArchiveView,
    chosen: str,
    values: Mapping[str, Any],
    most_topics: int = MOST_TOPICS,
    ids: Sequence[str] = (),
) -> tuple[Card, ...]:
    """Return the Cards of the articles that SQL chooses. ids: their keys, if they are known."""
    sql = CARDS_SQL.format(
        chosen=chosen,
        image_stored=stored(view, "pictures"),
        logo_stored=stored(view, "logos"),
        story=story_columns(view),
        values=_values(view),
        beginning=BEGINNING.format(excerpt="articles.excerpt"),
    )
    rows, marks, topics = await asyncio.gather(
        view.ask(sql, values), _marks(view), _find_topics(view, ids, most_topics)
    )
    if not ids:
        topics = await _find_topics(view, [row["id"] for row in rows], most_topics)

    def draw() -> tuple[Card, ...]:
        return tuple(card(view, row, topics.get(row["id"], ((), 0)), marks) for row in rows)

    return await drawn(rows, draw)


async def _find_topics(
    view: ArchiveView, ids: Sequence[str], most: int
) -> dict[str, tuple[list[str], int]]:
    """The first topics of each article, and how many it has."""
    if not ids or not view.sees("topics", "article_topics"):
        return {}
    places = ", ".join("?" for _ in ids)
    rows = await view.ask(CARD_TOPICS_SQL.format(places=places), ids)
    if len(rows) > MOST_AT_ONCE:
        counts = await view.ask(TOPIC_COUNTS_SQL.format(places=places), ids)
        return {key: (await _first_topics(view, key, most), count) for key, count in counts}
    found: dict[str, list[str]] = {}
    for article_id, topic in rows:
        found.setdefault(article_id, []).append(topic)
    return {
        key: ([each for each in topics if len(each) <= LONGEST_NAME][:most], len(topics))
        for key, topics in found.items()
    }


async def _first_topics(view: ArchiveView, key: str, most: int) -> list[str]:
    return [row["topic"] for row in await view.ask(FIRST_TOPICS_SQL, {"key": key, "most": most})]


async def count_articles(view: ArchiveView, chosen: Selection, key: str) -> int:
    """Return how many articles a selection would hold without its limit."""
    if not view.sees("articles", *chosen.needs):
        return 0
    return int((await view.ask(chosen.count_sql, {"key": key}))[0][0])


async def count_by_month(view: ArchiveView, chosen: Selection, key: str) -> list[tuple[str, int]]:
    """Return how many articles of a selection each month has, in order: (`2021-04`, 12)."""
    if not view.sees("articles", *chosen.needs):
        return []
    sql = MONTHS_SQL.format(condition=chosen.condition)
    return [(row["month"], row["n"]) for row in await view.ask(sql, {"key": key})]
