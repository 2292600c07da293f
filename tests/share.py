"""Which cases of a long list are tried: `make test` tries each on one of the two Datasette lines.

`make fuzz` and `make crash` try all of them on both. Knows no page and no case.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.metadata import version
from typing import TypeVar

IS_LONG = bool(os.environ.keys() & {"NEWSFEED_FUZZ", "NEWSFEED_RUNS", "NEWSFEED_SEEDS"})
_FIRST = 0 if version("datasette").startswith("0.") else 1


Case = TypeVar("Case")


def share(cases: Iterable[Case], first: int = 0) -> list[Case]:
    """Return every second case from the `first` one on, on the other line the others.

    In the long form all of them.
    """
    found = list(cases)
    return found if IS_LONG else found[(_FIRST + first) % 2 :: 2]
