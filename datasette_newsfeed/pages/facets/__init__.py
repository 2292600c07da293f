"""Facets that Datasette does not have: by topic, period, band of a number, and what is there.

FACETS is what the face registers, and `replaced` puts faster ones in the place of Datasette's
own.
"""

from __future__ import annotations

from typing import Final

from .bands import BandFacet
from .base import NewsFacet
from .columns import replaced
from .periods import PeriodFacet
from .presence import PresenceFacet
from .topics import TopicFacet

__all__ = ["FACETS", "replaced"]

FACETS: Final[tuple[type[NewsFacet], ...]] = (TopicFacet, PeriodFacet, BandFacet, PresenceFacet)
