"""Counts the keys of records that no column holds, to report them once per run.

Such keys are kept in `extra`. The report helps a user who misspelled one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..dialects.column_keys import COLUMNS
from ..dialects.fields import normal
from ..dialects.smartable import PARTS
from ..records import Article

MOST_KEYS = 1000
"""So many different keys are counted: an archive may have any number of them."""

_KNOWN = frozenset(normal(key.partition(".")[0]) for keys in COLUMNS.values() for key in keys)

MOST_SHOWN = 8
MOST_LETTERS = 40


class Unplaced:
    """How many articles of a run have each key that no column is for."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, articles: Iterable[Article]) -> None:
        """Count the keys of these articles."""
        for article in articles:
            for key in article.extra:
                if not _is_known(key) and (key in self.counts or len(self.counts) < MOST_KEYS):
                    self.counts[key] += 1

    def in_words(self) -> str | None:
        """Return what to say of them, the most frequent first; None where there are none."""
        if not self.counts:
            return None
        ordered = sorted(self.counts.items(), key=lambda each: (-each[1], each[0]))
        named = [f"{_short(key)} ({count:,})" for key, count in ordered[:MOST_SHOWN]]
        least = "at least " if len(ordered) == MOST_KEYS else ""
        left = len(ordered) - MOST_SHOWN
        others = f" and {least}{left:,} more" if left > 0 else ""
        return (
            f"No column is for these keys, so they are kept in `extra`: {', '.join(named)}{others}"
        )


def _is_known(key: str) -> bool:
    """Tell whether a column is for a key, though what this record holds has left something."""
    return key in PARTS or normal(key) in _KNOWN


def _short(key: str) -> str:
    return key if len(key) <= MOST_LETTERS else key[: MOST_LETTERS - 1] + "…"
