"""Facets that Datasette does not have: by topic, period, band of a number, and what is there.

FACETS is what the face registers, and `replaced` puts faster ones in the place of Datasette's
own; DEFAULT_FACETS is what an archive's articles
show unasked, written as in a metadata file. Knows none of their insides.
"""

from __future__ import annotations

from typing import Final

from .bands import BandFacet
from .base import NewsFacet
from .columns import replaced
from .periods import PeriodFacet
from .presence import PresenceFacet
from .topics import TopicFacet

__all__ = ["DEFAULT_FACETS", "FACETS", "replaced"]

FACETS: Final[tuple[type[NewsFacet], ...]] = (TopicFacet, PeriodFacet, BandFacet, PresenceFacet)

# Text only: Datasette 1.0 answers 500 where a facet's configuration is a mapping.
DEFAULT_FACETS: Final[tuple[str | dict[str, str], ...]] = (
    {"topic": "topics"},
    "provider_id",
    "type",
    {"period": "published_at"},
    {"band": "heat"},
    {"presence": "image"},
)
