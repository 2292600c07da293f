"""`secured`: text that a record holds encrypted, and that no table of the database may repeat."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

from ...errors import RecordError

SECRET = "secured"
_MOST_COMPARED = 200_000_000
"""The most characters that are searched for a record's secrets: some tenths of a second."""

_LEAST_SECRET = 16
"""A payload has a block of ciphertext at least; a shorter word may stand anywhere."""


def check_secrets(mapping: Mapping[str, Any]) -> None:
    """Refuse a record that says its secret a second time, as by an alias (`note: *s`)."""
    secrets: set[str] = set()
    texts: list[tuple[str, str]] = []
    # Each mapping and list once, a list with the key that it stands under.
    left: list[tuple[Any, str, bool]] = [(mapping, "", False)]
    for value, name, is_secret in left:
        items = value.items() if isinstance(value, dict) else zip(repeat(name), value)
        for key, item in items:
            if not isinstance(item, str):
                if isinstance(item, dict | list) and item:
                    left.append((item, key, is_secret or is_secret_key(key)))
            elif len(item) >= _LEAST_SECRET:
                if is_secret or is_secret_key(key):
                    secrets.add(item)
                else:
                    texts.append((key, item))
    if not secrets:
        return
    characters = sum(map(len, secrets)) + sum(len(text) for _, text in texts)
    if len(secrets) * characters > _MOST_COMPARED:
        raise RecordError(
            f"{len(secrets):,} of them are too many beside so much text; split the record",
            place=SECRET,
        )
    shortest = min(map(len, secrets))
    for key, said in texts:
        if len(said) >= shortest and any(text in said for text in secrets):
            raise RecordError(f"repeats what `{SECRET}` holds; remove it here", place=key)


def is_secret_key(key: str) -> bool:
    """Tell whether a key is `secured`, however it is written."""
    # Most keys are plainly none.
    return len(key) >= len(SECRET) and key.strip().lower() == SECRET
