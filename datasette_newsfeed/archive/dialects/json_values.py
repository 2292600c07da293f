"""Values of a front matter as JSON has them, for the column `extra`."""

from __future__ import annotations

from typing import Any

from .secrets import is_secret_key
from .values import NATIVE, Plain, written


def json_value(value: Any) -> Any:
    """Return a value as JSON has it, without `secured` at any depth.

    Dates, and numbers that do not fit into 64 bits, become text.
    """
    if isinstance(value, Plain):
        return value.value()
    if isinstance(value, NATIVE):
        is_number = isinstance(value, int | float) and -(2.0**63) <= value < 2.0**63
        return value if is_number else written(value)
    if isinstance(value, dict):
        return {key: json_value(item) for key, item in value.items() if not is_secret_key(key)}
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return value
