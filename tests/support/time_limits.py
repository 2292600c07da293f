"""Datasette's time limits as tests set them: what a page shows is not to hang on a busy machine."""

from __future__ import annotations

PATIENT = {
    "sql_time_limit_ms": 60_000,
    "facet_time_limit_ms": 60_000,
    "facet_suggest_time_limit_ms": 60_000,
}
