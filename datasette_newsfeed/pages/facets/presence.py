"""Facet by what is there: `?_facet_presence=image`, `=related`, `=dead_image` on articles.

Counts the articles with and without. A value toggles a filter: Datasette's own on
the column of the image, ours on related articles and on images that could not be
fetched. Knows no other table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..access.archives import find_archive
from ..filters.conditions import (
    ARTICLES,
    DEAD_IMAGE,
    DEAD_IMAGE_TABLES,
    RELATED,
    RELATED_TABLES,
    may_view_all,
)
from ..filters.query_string import Query
from .base import NewsFacet, Value


@dataclass(frozen=True, slots=True)
class Presence:
    """Something an article has or lacks: how to tell, and the filters that keep either.

    tables: what the visitor must be allowed to see.
    """

    test: str
    has: tuple[str, str]
    lacks: tuple[str, str]
    tables: tuple[str, ...] = ()


PRESENCES = {
    "image": Presence(
        "image_id is not null and image_id != ''",
        has=("image_id__notblank", "1"),
        lacks=("image_id__isblank", "1"),
    ),
    "related": Presence(
        "id in (select article_id from related_articles)",
        has=(RELATED, "1"),
        lacks=(RELATED, "0"),
        tables=RELATED_TABLES,
    ),
    "dead_image": Presence(
        """id in (
  select article_images.article_id
  from image_fetches join article_images on article_images.image_id = image_fetches.image_id
  where image_fetches.outcome <> 'stored'
)""",
        has=(DEAD_IMAGE, "1"),
        lacks=(DEAD_IMAGE, "0"),
        tables=DEAD_IMAGE_TABLES,
    ),
}

COUNTS_SQL = "select {test} as there, count(*) as n from ({rows}) group by 1"


def _holds(query: Query, pair: tuple[str, str]) -> bool:
    key, value = pair
    # Datasette's `__isblank` and `__notblank` take any value.
    return value in query.all(key) if key.startswith("_") else bool(query.all(key))


def _off(query: Query, pair: tuple[str, str]) -> Query:
    key, value = pair
    return query.without_pair(key, value) if key.startswith("_") else query.without(key)


class PresenceFacet(NewsFacet):
    """Two values: has it, has it not."""

    type = "presence"
    offers: ClassVar[Mapping[str, Sequence[str]]] = {ARTICLES: tuple(PRESENCES)}

    async def applies(self, name: str) -> bool:
        """Tell whether these are an archive's articles and the visitor may see what is counted."""
        if name not in PRESENCES or self.table != ARTICLES:
            return False
        archive = await find_archive(self.ds, self.request, self.database)
        return (
            archive is not None
            and (name != "dead_image" or archive.has_fetches)
            and await may_view_all(self.ds, self.request, self.database, PRESENCES[name].tables)
        )

    async def values(self, name: str) -> tuple[list[Value], bool]:
        """Return with and without, each if there is such an article or if it is chosen."""
        presence = PRESENCES[name]
        tally = await self.tally(name)
        if tally:
            counts = {bool(there): n for there, n in tally.counts(name).items()}
        else:
            rows = await self.rows()
            counted = await self.count(COUNTS_SQL.format(test=presence.test, rows=rows.sql), rows)
            counts = {bool(row["there"]): row["n"] for row in counted}
        query = self.query()
        shown = []
        for there, pair in ((True, presence.has), (False, presence.lacks)):
            selected = _holds(query, pair)
            if selected or counts.get(there):
                value = "1" if there else "0"
                words = name.replace("_", " ")
                label = f"has {words}" if there else f"no {words}"
                link = _off(query, pair) if selected else query.plus(pair)
                shown.append(Value(value, label, counts.get(there, 0), selected, link))
        return shown, False
