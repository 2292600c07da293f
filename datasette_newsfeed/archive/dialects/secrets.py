"""`secured`: text that a record holds encrypted, and that no table of the database may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import repeat
from typing import Any

from ...errors import RecordError

SECRET = "secured"
_MOST_COMPARED = 200_000_000
"""The most characters that are searched for a record's secrets: some tenths of a second."""

_LEAST_SECRET = 16
"""A payload has a block of ciphertext at least; a shorter word may stand anywhere."""


_NAME = re.compile(r"[A-Za-z_]+")
"""A key of a plain mapping, which other mappings have as well; a ciphertext is none."""

REPEATS = f"repeats what `{SECRET}` holds; remove it here"


def check_secrets(mapping: Mapping[str, Any], body: str = "") -> None:
    """Refuse a record that says its secret a second time: as a text, a key, or in its body.

    An alias of YAML is refused where it is read, however short the text is.
    """
    secrets, texts = _secrets_and_texts(mapping)
    if not secrets:
        return
    texts.append(("body", body))
    characters = sum(map(len, secrets)) + sum(len(text) for _, text in texts)
    if len(secrets) * characters > _MOST_COMPARED:
        raise RecordError(
            f"{len(secrets):,} of them are too many beside so much text; split the record",
            place=SECRET,
        )
    shortest = min(map(len, secrets))
    for key, said in texts:
        if len(said) >= shortest and any(text in said for text in secrets):
            raise RecordError(REPEATS, place=key)


def _secrets_and_texts(mapping: Mapping[str, Any]) -> tuple[set[str], list[tuple[str, str]]]:
    """Return the texts and keys in `secured`, and all others with the key they stand under."""
    secrets: set[str] = set()
    texts: list[tuple[str, str]] = []
    # Each mapping and list once, a list with the key that it stands under.
    left: list[tuple[Any, str, bool]] = [(mapping, "", False)]
    for value, name, is_secret in left:
        if isinstance(value, dict):
            items: Iterable[tuple[str, Any]] = value.items()
            for key in value:
                if len(key) >= _LEAST_SECRET:
                    if not is_secret:
                        texts.append((name, key))
                    elif not _NAME.fullmatch(key):
                        secrets.add(key)
        else:
            items = zip(repeat(name), value)
        for key, item in items:
            if not isinstance(item, str):
                if isinstance(item, dict | list) and item:
                    left.append((item, key, is_secret or is_secret_key(key)))
            elif len(item) >= _LEAST_SECRET:
                if is_secret or is_secret_key(key):
                    secrets.add(item)
                else:
                    texts.append((key, item))
    return secrets, texts


def is_secret_key(key: str) -> bool:
    """Tell whether a key is `secured`, however it is written."""
    return _is_short_secret(key) if len(key) < _LEAST_SECRET else key.strip().lower() == SECRET


@lru_cache(maxsize=4096)  # Asked of each key, and records have the same ones.
def _is_short_secret(key: str) -> bool:
    return key.strip().lower() == SECRET
