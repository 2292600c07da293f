"""Conditions of SQL as text: whether one is a condition alone, its parts, its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    # https://sqlite.org/lang_expr.html; a quotation mark that is not closed stands alone.
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] | -- | /\*
    | [:@$](?P<parameter>\w+) | \w+ | \S""",
    re.VERBOSE,
)
_NOT_SPLIT = frozenset(("or", "between", "case"))
_NO_CONDITION = frozenset(
    ("limit", "order", "group", "having", "union", "except", "intersect", "window")
)
_NEVER = frozenset((";", "--", "/*", "'", '"', "`", "["))
"""What ends a condition; a quotation mark alone is one that is not closed."""


def split(where: str) -> list[str] | None:
    """Return the conditions that `and` joins; the whole as one where it cannot be taken apart.

    None where it is more than a condition, as what a visitor writes into `_where` may be.
    """
    parts, start, depth, whole = [], 0, 0, False
    for match in _TOKEN.finditer(where):
        token = match[0].lower()
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth < 0:
                return None
        elif token in _NEVER or (depth == 0 and token in _NO_CONDITION):
            return None
        elif depth == 0 and token in _NOT_SPLIT:
            whole = True
        elif depth == 0 and token == "and":
            parts.append(where[start : match.start()].strip())
            start = match.end()
    if depth:
        return None
    parts.append(where[start:].strip())
    return [where.strip()] if whole else parts


def is_condition(sql: str) -> bool:
    """Return whether a text is one condition, which can stand between brackets."""
    return bool(sql.strip()) and split(sql) is not None


def with_parameters(sql: str, name_of: Callable[[str], str]) -> str:
    """Return a condition whose parameters have other names."""

    def rename(token: re.Match[str]) -> str:
        name = token["parameter"]
        return token[0] if name is None else f":{name_of(name)}"

    return _TOKEN.sub(rename, sql)
