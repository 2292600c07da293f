"""Chips: what narrows a list down, in words, each with the address of the list without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ...dimensions import heading
from ..access.archives import ArchiveView
from ..filter_description import conditions
from ..filters.query_string import Query, most_links, plain_key, query_of
from ..protocols import RequestLike


@dataclass(frozen=True, slots=True)
class Chip:
    """What kind of thing narrows a list down, which one, and the address without it."""

    heading: str
    label: str
    url: str


async def find_chips(
    view: ArchiveView,
    request: RequestLike,
    facets: Iterable[Mapping[str, Any]],
    address: Callable[[Query], str],
) -> list[Chip]:
    """Return the chips of a list, of which `address` makes the address of a query.

    First the words, then the values of facets, then the filters that no facet shows.
    """
    query = Query.of(request)
    found = []
    if words := request.args.get("_search"):
        found.append(Chip("Words", words, address(query.without("_search"))))
    left = [pair for pair in query_of(request).pairs if pair[0] != "_search"]
    for facet in facets:
        for value in facet["results"]:
            if value["selected"]:
                label = str(value["label"] or "–")
                found.append(Chip(heading(column_of(facet)), label, value["toggle_url"]))
                kept = _plain_pairs(value["toggle_url"])
                left = [(key, each) for key, each in left if (plain_key(key), each) in kept]
    for each in await conditions(view, left):
        rest = Query(tuple(pair for pair in query.pairs if pair not in each.pairs))
        found.append(Chip(heading(each.name), each.words or "–", address(rest)))
    most = most_links(query)
    if len(found) > most:
        more = f"and {len(found) - most + 1:,} more"
        found[most - 1 :] = [Chip("Filters", more, address(Query(())))]
    return found


def column_of(facet: Mapping[str, Any]) -> str:
    """Return the column that a facet counts.

    Where two facets show one column, ours has its type behind the name.
    """
    return str(facet["name"]).removesuffix(f"_{facet['type']}")


def _plain_pairs(address: str) -> set[tuple[str, str]]:
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return {(plain_key(key), value) for key, value in pairs}
