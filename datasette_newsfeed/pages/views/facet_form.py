"""The form of the facets, which chooses several values at once; `facet_form_route` answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ..facets.topics import TopicFacet
from ..filters.conditions import TOPIC
from ..filters.query_string import Query, as_list, listed_values, plain_key
from ..protocols import RequestLike
from .chips import column_of


@dataclass(frozen=True, slots=True)
class FacetForm:
    """The form on one list's page, and the address it goes to."""

    request: RequestLike
    url: str

    def key_of(self, facet: Mapping[str, Any]) -> str | None:
        """Return the filter of which several values can be chosen; None where one excludes others.

        Ranges do, and so does whether something is there.
        """
        if facet["type"] == TopicFacet.type:
            return TOPIC
        return column_of(facet) if facet["type"] == "column" else None

    def is_checked(self, key: str, value: Mapping[str, Any]) -> bool:
        """Return whether a value is chosen, alone or as one of several."""
        listed = self.request.args.getlist(f"{key}__in")
        return value["selected"] or any(str(value["value"]) in listed_values(e) for e in listed)

    def query_besides(self, facets: Iterable[Mapping[str, Any]]) -> str:
        """Return the query without the values that the form has boxes for."""
        boxes = {
            (key, str(value["value"])): key
            for facet in facets
            if (key := self.key_of(facet))
            for value in facet["results"]
        }
        keys = set(boxes.values())
        pairs = []
        for key, value in Query.of(self.request).pairs:
            column = key.removesuffix("__in")
            if column in keys and key.endswith("__in"):
                # What a list has besides stays chosen.
                left = [each for each in listed_values(value) if (column, each) not in boxes]
                pairs += [(f"{column}__in", as_list([each])) for each in left if each]
            elif (plain_key(key), value) not in boxes:
                pairs.append((key, value))
        return urlencode(pairs)
