"""The query string of an articles page: which of its pairs select or order rows.

A page's address also states how it is shown: layout, facets, size. Two pages that
differ only in that hold the same articles, share one canonical address and one feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ...dimensions import DIMENSIONS
from ..protocols import RequestLike

SEARCH = "_search"
SORTS = ("_sort", "_sort_desc")
ARTICLES_QUERY = "_articles"
"""The word of `article_list` whose value is a query string of the articles page."""
SELECTING = (
    *(each.key for each in DIMENSIONS if each.key.startswith("_")),
    *("_searchmode", ARTICLES_QUERY, *SORTS),
)
"""The words with a leading underscore that say which articles, or in which order."""

KNOWN = frozenset(
    (
        *(*SELECTING, "_layout", "_next", "_size", "_col", "_nocol", "_labels", "_shape", "_json"),
        *("_json_infinity", "_nl", "_extra", "_trace", "_ttl", "_timelimit", "_stream", "_dl"),
        *("_nofacet", "_nosuggest", "_nocount", "_header", "_search_", "_facet_size", "_hash"),
        *("_from", "_from_period"),
    )
)
UNKNOWN = 500
"""Characters of words that nobody here knows, in the links of a page."""

MOST_LINKED = 100_000
"""Characters of the query, repeated in the links of one facet or of one list of filters."""

FEWEST_LINKED = 5


def most_links(query: Query) -> int:
    """Return in how many links of one list a query may be repeated: the longer, the fewer."""
    return max(FEWEST_LINKED, MOST_LINKED // (len(query) + 1))


def is_known(key: str) -> bool:
    """Return whether Datasette or this plugin knows a key; any other may be another plugin's."""
    return not key.startswith("_") or key in KNOWN or key.startswith(("_facet", "_search_"))


DEFAULT_SORT = ("_sort_desc", "published_at")
STORIES_SORT = ("_sort_desc", "last_published_at")
"""The order of articles, and of stories, that no address needs to say."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query string, as pairs. Each method returns another one.

    `_next` is left out from the start: it is a place in another list.
    """

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: RequestLike) -> Query:
        """Return the query of a request, its blank values included.

        A pair that is repeated counts once. Of words that neither Datasette nor we know, which
        other plugins may, there are no more than UNKNOWN characters: each link repeats them.
        """
        pairs = dict.fromkeys(parse_qsl(request.query_string, keep_blank_values=True))
        left = UNKNOWN
        found = []
        for key, value in pairs:
            left -= 0 if is_known(key) else len(key) + len(value)
            if key != "_next" and (left >= 0 or is_known(key)):
                found.append((key, value))
        return cls(tuple(found))

    def __len__(self) -> int:
        """The characters of the query in an address, about: percent-encoding makes it longer."""
        return sum(len(key) + len(value) + 2 for key, value in self.pairs)

    def all(self, key: str) -> list[str]:
        """Return the values of a key."""
        return [value for name, value in self.pairs if name == key]

    def plus(self, *pairs: tuple[str, str]) -> Query:
        """Return the query with these pairs at its end."""
        return Query((*self.pairs, *pairs))

    def without(self, *keys: str) -> Query:
        """Return the query without these keys."""
        return Query(tuple(pair for pair in self.pairs if pair[0] not in keys))

    def without_pair(self, key: str, value: str) -> Query:
        """Return the query without this value of a key; its other values stay."""
        return Query(tuple(pair for pair in self.pairs if pair != (key, value)))


def query_of(request: RequestLike, default_sort: tuple[str, str] = DEFAULT_SORT) -> Query:
    """Return what an address says about which rows and in which order, nothing else."""
    pairs = Query.of(request).pairs
    return Query(
        tuple(
            (key, value)
            for key, value in pairs
            if selects(key, value) and (key, value) != default_sort
        )
    )


def plain_key(key: str) -> str:
    """Return `type` for `type__exact`, the same filter; any other key as it is."""
    return key if key.startswith("_") else key.removesuffix("__exact")


def selects(key: str, value: str) -> bool:
    """Return whether a pair of an address says which articles, or in which order."""
    if not key.startswith("_"):
        return True  # a column, or a parameter of a query: a blank value means something
    return bool(value) and (key in SELECTING or key.startswith(f"{SEARCH}_"))


def is_filter(key: str) -> bool:
    """Return whether a key of an address is a filter, even of a blank value: see `narrows`."""
    return narrows(key, "any")


def narrows(key: str, value: str) -> bool:
    """Return whether a pair of an address is a filter, of this plugin or perhaps of another."""
    return key not in SORTS and (selects(key, value) or not is_known(key))


def merged(rest: Iterable[tuple[str, str]], chosen: Iterable[tuple[str, str]]) -> Query:
    """Return the query of a form in which several values of a facet were chosen.

    `rest` is what the page was asked for besides. Of a column any of the values holds, so that
    they become one filter `__in`; a word with an underscore, such as `_topic`, is repeated. The
    same choice gives the same query, in whatever order it was made.
    """
    chosen = set(chosen)
    columns = {key for key, _ in chosen if not key.startswith("_")}
    pairs = []
    for key, value in dict.fromkeys(rest):
        column = plain_key(key.removesuffix("__in"))
        if column in columns:
            # Values that the form had no box for.
            listed = listed_values(value) if key.endswith("__in") else [value]
            chosen |= {(column, each) for each in listed}
        elif key != "_next":
            pairs.append((key, value))
    values: dict[str, list[str]] = {}
    for key, value in sorted(chosen):
        values.setdefault(key, []).append(value)
    for key, found in values.items():
        if key.startswith("_") or len(found) == 1:
            pairs += [(key, value) for value in found]
        else:
            pairs.append((f"{key}__in", as_list(found)))
    return Query(tuple(pairs))


def as_list(values: Sequence[str]) -> str:
    """Return values as the value of a filter `__in`."""
    is_plain = not any("," in each or each.startswith("[") for each in values)
    return ",".join(values) if is_plain else json.dumps(values, ensure_ascii=False)


def listed_values(value: str) -> list[str]:
    """Return the values of a filter `__in`, read as Datasette reads them: JSON or commas."""
    try:
        found = json.loads(value) if value.startswith("[") else value.split(",")
    except ValueError:
        found = [value]
    return [str(each).strip() for each in found] or [""]
