"""The orders that a reader can choose, as buttons: of the articles page and of a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..filters.query_string import SORTS, Query
from ..queries.search import NEWEST

Order = tuple[str, str]
"""As the address has it: `_sort` or `_sort_desc`, and the column."""

HOTTEST: Order = ("_sort_desc", "heat")
"""By heat, highest first."""

OF_SEARCH: Sequence[tuple[Order | None, str]] = (
    (None, "Best match"),
    (NEWEST, "Newest"),
    (HOTTEST, "Hottest"),
)
"""The orders of a search and their names; None is by rank."""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order to choose: its name, its address, whether the page has it."""

    name: str
    url: str
    is_chosen: bool


def order_of(query: Query) -> list[Order]:
    """Return the orders that a query asks for, none for the usual one."""
    return [pair for pair in query.pairs if pair[0] in SORTS]


def sorts_of_articles(
    query: Query,
    chosen: Sequence[Order],
    address: Callable[[Query], str],
    *,
    has_heat: bool,
    search_url: str | None,
) -> list[Sort]:
    """Return the orders of the articles page; the best match is one of the search."""
    rest = query.without(*SORTS)
    found = [Sort("Newest", address(rest), not chosen)]
    if has_heat:
        found.append(Sort("Hottest", address(rest.plus(HOTTEST)), list(chosen) == [HOTTEST]))
    if search_url:
        found.append(Sort("Best match", search_url, False))
    return found


def sorts_of_search(
    query: Query, chosen: Order | None, address: Callable[[Query], str], *, has_rank: bool
) -> list[Sort]:
    """Return the orders of a search; by rank where there are words, and not too many articles."""
    plain = query.without(*SORTS)
    return [
        Sort(name, address(plain.plus(order) if order else plain), order == chosen)
        for order, name in OF_SEARCH
        if order or has_rank
    ]
