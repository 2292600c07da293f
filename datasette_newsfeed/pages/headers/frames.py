"""The setting `frames`: which other sites a page may show in frames, and be shown by.

    plugins:
      datasette-newsfeed:
        frames: [https://open.spotify.com]        # both ways
        frames:                                   # or each way by itself
          show: [https://open.spotify.com]
          shown_by: [https://www.example.org]

A site is written as in a Content-Security-Policy: `https://example.org`, `*.example.org`,
`https://example.org:8443`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .. import compat
from ..protocols import DatasetteLike

SETTING = "frames"
WAYS = ("show", "shown_by")

_SITE = re.compile(
    r"(?:https?://)?(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?:\d{1,5}|\*))?/?", re.I
)


@dataclass(frozen=True, slots=True)
class Frames:
    """Sites that pages may show in frames, and sites that may show pages in theirs."""

    shown: tuple[str, ...] = ()
    shown_by: tuple[str, ...] = ()


def read(value: Any) -> Frames:
    """Return what a value of the setting allows; None allows nothing.

    Raises ValueError, with what is wrong with it.
    """
    if value is None:
        return Frames()
    if isinstance(value, dict):
        unknown = [str(key) for key in value if key not in WAYS]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: the keys are {' and '.join(WAYS)}")
        return Frames(*(_sites(value.get(way)) for way in WAYS))
    sites = _sites(value)
    return Frames(sites, sites)


def _sites(value: Any) -> tuple[str, ...]:
    sites = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(sites, list):
        raise ValueError(f"{value!r} is no list of sites")
    for site in sites:
        if not isinstance(site, str) or not _SITE.fullmatch(site):
            raise ValueError(f"{site!r} is no site: write https://example.org or *.example.org")
    return tuple(sites)


def allowed(datasette: DatasetteLike, database: str) -> Frames:
    """Return what the setting allows on the pages of a database. A wrong one allows nothing."""
    try:
        return read(compat.setting(datasette, database, SETTING))
    except ValueError:
        return Frames()
