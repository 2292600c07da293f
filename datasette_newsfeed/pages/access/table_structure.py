"""What Datasette asks a database about the structure of its tables, kept until the file changes.

It asks for columns, keys and full texts of each table by a turn of a thread of its own, each time:
seventy times on a front page, twenty on a page of articles. The answers depend on the schema alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import compat
from .database_state import IMMUTABLE, FileState

METHODS = (
    *("table_exists", "view_exists", "table_names", "view_names", "table_columns"),
    *("table_column_details", "primary_keys", "fts_table", "foreign_keys_for_table"),
    *("get_all_foreign_keys", "get_table_definition", "get_view_definition"),
    "derived_table_dependencies",
)
"""Of `datasette.database.Database`; 0.65 has not all of them."""

FUNCTIONS = frozenset({"sqlite_hidden_table_names", "detect_spatialite"})
"""Of `datasette.utils`, which it runs by `execute_fn`: they read the schema alone."""

MOST = 1_000
"""Answers of one database. Addresses may name tables that are none without end."""


def keep_structure(db: Any) -> None:
    """Keep from now on what these methods of a database return; nothing of one without a file."""
    if not db.path:
        return
    kept = _Answers(FileState(str(db.path)) if db.is_mutable else None)
    for name in filter(partial(hasattr, db), METHODS):
        compat.wrap_once(db, name, kept.keeping(name))
    compat.wrap_once(db, "execute_fn", kept.running)


class _Answers:
    """The answers of one database in one state of its file, of which None is immutable."""

    def __init__(self, file: FileState | None) -> None:
        self._file = file
        self._state: object = None
        self._found: dict[object, Any] = {}

    def keeping(self, name: str) -> compat.Wrap:
        """Return what wraps the method of this name."""

        def table_structure(method: compat.Method) -> compat.Method:
            async def keeping(*args: Any, **kwargs: Any) -> Any:
                key = (name, args, *kwargs.items())
                return await self._kept(key, method, *args, **kwargs)

            return keeping

        return table_structure

    def running(self, method: compat.Method) -> compat.Method:
        """Wrap `execute_fn`."""

        async def running(fn: Any, *args: Any, **kwargs: Any) -> Any:
            name, module = getattr(fn, "__name__", ""), getattr(fn, "__module__", "") or ""
            if name in FUNCTIONS and module.startswith("datasette.utils"):
                return await self._kept(name, method, fn, *args, **kwargs)
            return await method(fn, *args, **kwargs)

        return running

    async def _kept(self, key: object, method: compat.Method, *args: Any, **kwargs: Any) -> Any:
        # Of the moment before the question: an answer of a later state is asked for again.
        state = IMMUTABLE if self._file is None else self._file.read()
        if state is None:
            return await method(*args, **kwargs)
        if state != self._state or len(self._found) >= MOST:
            self._state, self._found = state, {}
        found = self._found
        if key not in found:
            found[key] = await method(*args, **kwargs)
        return _copied(found[key])


def _copied(answer: Any) -> Any:
    """A copy that its receiver may change: of a list, a dict, or a list of dicts."""
    if isinstance(answer, dict):
        return {key: _copied(value) for key, value in answer.items()}
    return [_copied(each) for each in answer] if isinstance(answer, list) else answer
