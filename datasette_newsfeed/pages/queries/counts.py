"""The archive in numbers: totals, topics, providers.

Counts of articles are shown only to visitors who may see articles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasette.database import QueryInterrupted

from ..access.archives import ArchiveView
from ..models import Numbers, Tally
from ..text.link_addresses import LONGEST_ADDRESS
from ..text.plain import LONGEST_NAME, cut, is_short_name
from .image_rows import picture, stored

NUMBERS_SQL = """
select
  (select count(*) from articles) as articles,
  (
    select count(*) from providers
    where exists (select 1 from articles where provider_id = providers.domain)
  ) as providers,
  (select count(*) from topics) as topics,
  (select min(published_at) from articles where published_at > '') as first,
  (select max(published_at) from articles) as last"""

TOPIC_TALLIES_SQL = f"""
select topic as key, topic as name, count(*) as count
from article_topics group by topic having {is_short_name("topic")}
order by count desc, topic limit :limit"""

# The newest of each group is the last entry of its part of the index.
_COUNTED_PROVIDERS = f"""
  select provider_id, count(*) as count, max(published_at) as newest
  from articles where provider_id is not null
  group by provider_id having {is_short_name("provider_id")}
  order by count desc, provider_id limit :limit"""

_GIVEN_PROVIDERS = """
  select given.key as provider_id, given.value as count,
    (select max(published_at) from articles where provider_id = given.key) as newest
  from json_each(:counts) as given"""

PROVIDER_TALLIES_SQL = f"""
with tallies as ({{tallies}}
)
select
  providers.domain as key,
  substr(coalesce(providers.name, providers.domain), 1, {LONGEST_NAME + 1}) as name,
  tallies.count, tallies.newest,
  logos.id as logo_id, substr(logos.url, 1, {LONGEST_ADDRESS + 1}) as logo_url,
  logos.width as logo_width, logos.height as logo_height,
  {{logo_stored}} as logo_stored
from tallies
  join providers on providers.domain = tallies.provider_id
  left join images as logos on logos.id = providers.image_id
order by tallies.count desc, providers.domain"""

TABLE_COUNTS = {
    "topics": "select count(distinct topic) from article_topics",
    "providers": "select count(distinct provider_id) from articles",
}

PROVIDER_SQL = f"""
select
  providers.domain as key,
  substr(coalesce(providers.name, providers.domain), 1, {LONGEST_NAME + 1}) as name,
  (select count(*) from articles where provider_id = :key) as count,
  (select max(published_at) from articles where provider_id = :key) as newest,
  logos.id as logo_id, substr(logos.url, 1, {LONGEST_ADDRESS + 1}) as logo_url,
  logos.width as logo_width, logos.height as logo_height,
  {{logo_stored}} as logo_stored
from providers left join images as logos on logos.id = providers.image_id
where providers.domain = :key"""


NAMES_SQL = f"""
select domain, substr(name, 1, {LONGEST_NAME + 1}) as name from providers
where name > '' and domain in ({{places}})"""

STORIES_SQL = "select count(*) from stories"
"""Apart: an archive that an older version made has no stories."""


async def find_numbers(view: ArchiveView) -> Numbers:
    """Return the archive in numbers."""
    row = (await view.ask(NUMBERS_SQL))[0]
    has_stories = view.sees("articles", "stories")
    stories = int((await view.ask(STORIES_SQL))[0][0]) if has_stories else None
    return Numbers(
        articles=row["articles"],
        providers=row["providers"] if view.sees("providers") else None,
        topics=row["topics"] if view.sees("topics", "article_topics") else None,
        stories=stories,
        first=row["first"] or "",
        last=row["last"] or "",
    )


async def find_topics(
    view: ArchiveView, limit: int, counts: Mapping[str, int] | None = None
) -> tuple[tuple[Tally, ...], int]:
    """Return the topics with most articles, and how many topics have any.

    counts: the articles of each topic, where they are known; else they are counted.
    """
    if not view.sees("articles", "topics", "article_topics"):
        return (), 0
    if counts is not None:
        tallies = tuple(Tally(key, key, count) for key, count in largest(_named(counts), limit))
        return tallies, len(counts)
    rows = await view.ask(TOPIC_TALLIES_SQL, {"limit": limit})
    total = int((await view.ask(TABLE_COUNTS["topics"]))[0][0])
    return tuple(Tally(row["key"], row["name"], row["count"]) for row in rows), total


async def find_providers(
    view: ArchiveView, limit: int, counts: Mapping[str, int] | None = None
) -> tuple[tuple[Tally, ...], int]:
    """Return the providers with most articles, and how many providers have any.

    counts: the articles of each provider, where they are known; else they are counted.
    """
    if not view.sees("articles", "providers"):
        return (), 0
    values: dict[str, int | str]
    if counts is None:
        tallies, values = _COUNTED_PROVIDERS, {"limit": limit}
        total = int((await view.ask(TABLE_COUNTS["providers"]))[0][0])
    else:
        given = dict(largest(_named(counts), limit))
        tallies, values, total = _GIVEN_PROVIDERS, {"counts": json.dumps(given)}, len(counts)
    sql = PROVIDER_TALLIES_SQL.format(tallies=tallies, logo_stored=stored(view, "logos"))
    return tuple(_provider(view, row) for row in await view.ask(sql, values)), total


def largest(counts: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    """Return the keys with most articles and their numbers, the first first."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]


def _named(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if len(key) <= LONGEST_NAME}


def _provider(view: ArchiveView, row: Any) -> Tally:
    logo = picture(view, row, "logo")
    name = cut(row["name"], LONGEST_NAME) or row["key"]
    return Tally(row["key"], name, row["count"], row["newest"] or "", logo)


async def find_provider(view: ArchiveView, key: str) -> Tally | None:
    """Return a provider with the number of its articles, None if there is none such."""
    if not view.sees("articles", "providers"):
        return None
    sql = PROVIDER_SQL.format(logo_stored=stored(view, "logos"))
    rows = await view.ask(sql, {"key": key})
    return _provider(view, rows[0]) if rows else None


async def find_filled(view: ArchiveView, tables: Iterable[str]) -> tuple[str, ...]:
    """Return those of these tables that the archive has, the visitor may see, and that have rows.

    Raises QueryInterrupted past Datasette's time limit.
    """
    seen = [name for name in tables if view.sees(name)]
    if not seen:
        return ()
    first = ", ".join(f"exists (select 1 from {name} limit 1)" for name in seen)
    found = (await view.ask(f"select {first}"))[0]
    return tuple(name for name, is_filled in zip(seen, found, strict=True) if is_filled)


async def find_provider_names(view: ArchiveView, keys: Sequence[str]) -> dict[str, str]:
    """Return what these providers are called, as far as they have a name."""
    if not keys or not view.sees("providers"):
        return {}
    sql = NAMES_SQL.format(places=", ".join("?" for _ in keys))
    return {key: cut(name, LONGEST_NAME) or key for key, name in await view.ask(sql, keys)}


async def has_heat(view: ArchiveView) -> bool:
    """Return whether any article has a heat, so that the hottest can come first."""
    if not view.has("articles", "heat"):
        return False
    try:
        return bool(await view.ask("select 1 from articles where heat >= 0 limit 1"))
    except QueryInterrupted:
        return False
