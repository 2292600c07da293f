"""Which cases of a long list are tried: `make test` tries each on one of the two Datasette lines.

The option `--long` (`make fuzz`, `crash`, `load`, `matrix`) tries all of them on both.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import TypeVar

IS_LONG = False
"""Whether `--long` is given: conftest.py sets it before a test file is imported."""
LINE = "0.65" if version("datasette").startswith("0.") else "1.0"
WITHOUT_DATASETTE = frozenset(
    f"test_{name}"
    for name in (
        *(
            "archive_counts",
            "collect",
            "dates",
            "dialects",
            "duplicate_ids",
            "export",
            "fetch",
            "history",
            "import",
            "import_effort",
            "import_recovery",
            "import_series",
        ),
        *("inspect", "records", "reject", "relate", "relate_series", "related", "round_trip"),
        *("secrets", "sites", "trust_files", "values", "workers"),
        *("architecture", "markup", "package", "text"),
    )
)
"""Files that ask no Datasette for anything: both lines come with the same of all else."""

_FIRST = 0 if LINE == "0.65" else 1

Case = TypeVar("Case")


def is_tried(file: str) -> bool:
    """Tell whether the tests of a file are tried on this line."""
    return IS_LONG or LINE == "0.65" or file not in WITHOUT_DATASETTE


def tries(short: int, long: int) -> int:
    """Return how often something is tried: `short`, with `--long` so often as `long`."""
    return long if IS_LONG else short


def share(cases: Iterable[Case], first: int = 0) -> list[Case]:
    """Return every second case from the `first` one on, on the other line the others.

    In the long form all of them.
    """
    found = list(cases)
    return found if IS_LONG else found[(_FIRST + first) % 2 :: 2]
