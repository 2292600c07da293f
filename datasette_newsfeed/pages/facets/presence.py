"""Facet by presence: `?_facet_presence=image`, `=related`, `=changed`, `=dead_image` on articles.

Counts the articles with and without. A value toggles a filter: Datasette's own for the image
column, ours for related articles and for images that could not be fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ...dimensions import BY_NAME, PRESENCE, Flag, of_kind
from ..access.archives import find_archive
from ..filters.conditions import ARTICLES, may_view_all
from ..filters.query_string import Query
from .base import NewsFacet, Value

PRESENCES = of_kind(PRESENCE)

COUNTS_SQL = "select {test} as there, count(*) as n from ({rows}) as articles group by 1"


def _holds(query: Query, flag: Flag) -> bool:
    return any(flag.holds(*pair) for pair in query.pairs)


def _off(query: Query, flag: Flag) -> Query:
    return Query(tuple(pair for pair in query.pairs if not flag.holds(*pair)))


class PresenceFacet(NewsFacet):
    """Two values: has it, has it not."""

    type = "presence"
    offers: ClassVar[Mapping[str, Sequence[str]]] = {ARTICLES: PRESENCES}

    async def applies(self, name: str) -> bool:
        """Tell whether these are an archive's articles and the visitor may see what is counted."""
        if name not in PRESENCES or self.table != ARTICLES:
            return False
        archive = await find_archive(self.ds, self.request, self.database)
        return (
            archive is not None
            and archive.knows(name)
            and await may_view_all(self.ds, self.request, self.database, BY_NAME[name].tables)
        )

    async def values(self, name: str) -> tuple[list[Value], bool]:
        """Return with and without, each if there is such an article or if it is chosen."""
        presence = BY_NAME[name].presence
        assert presence is not None  # as `applies` made sure
        tally = await self.tally(name)
        if tally:
            counts = {bool(there): n for there, n in tally.counts(name).items()}
        else:
            rows = await self.rows()
            counted = await self.count(
                COUNTS_SQL.format(test=presence.condition, rows=rows.sql), rows
            )
            counts = {bool(row["there"]): row["n"] for row in counted}
        query = self.query()
        shown = []
        for there, flag in ((True, presence.has), (False, presence.lacks)):
            selected = _holds(query, flag)
            if selected or counts.get(there):
                value = "1" if there else "0"
                label = presence.label(name, there)
                link = _off(query, flag) if selected else query.plus(flag.pair)
                shown.append(Value(value, label, counts.get(there, 0), selected, link))
        return shown, False
