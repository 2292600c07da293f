"""Tells the two lines of Datasette apart. Knows nothing else of them."""

from __future__ import annotations

from typing import Any


def is_v1(datasette: Any) -> bool:
    """Tell 1.0 from 0.65."""
    return hasattr(datasette, "allowed")
