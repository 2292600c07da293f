"""What a configuration that is a program, in JavaScript or Python, says in plain texts.

Nothing of it is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Any

_KEYS = ("title", "url", "baseUrl", "site", "base", "siteUrl", "permalink", "defaultLocale")
_FOLDERS = ("input", "data")
_LITERAL = re.compile(
    r"""(?:^|[\s{,])["']?(\w+)["']?\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)'|`([^`\n$]*)`)"""
)
_LOCALES = re.compile(r"\blocales\s*:\s*\[([^\]]{0,1000})\]")
_QUOTED = re.compile(r"""["']([\w-]+)["']""")
_TRAILING_SLASH = re.compile(r"\btrailingSlash\s*:\s*(true|false)")
_BLOG = re.compile(r"\bblog\s*:\s*\{((?:[^{}]|\{[^{}]*\}){0,4000})\}")
_PLACE = re.compile(r"""\b(path|routeBasePath)\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)')""")
_AUTHORS = re.compile(r"\bauthors\s*:\s*\{")
_AUTHOR = re.compile(
    r"""(?:^|[\s{,])(?:([\w-]+)|"([^"\n]+)"|'([^'\n]+)')\s*:\s*\{[^{}]{0,400}?"""
    r"""\bname\s*:\s*(?:"([^"\n]*)"|'([^'\n]*)')"""
)


def settings(program: str, generator: str) -> dict[str, Any]:
    """Return what the configuration of a generator written in JavaScript says in plain texts."""
    text = _without_comments(program)
    keys = (*_KEYS, *_FOLDERS) if generator == "eleventy" else _KEYS
    found: dict[str, Any] = dict(literals(text, keys))
    if generator != "eleventy":
        found.pop("permalink", None)
    if blog := _BLOG.search(text):
        for key, *values in _PLACE.findall(blog[1]):
            found["blogPath" if key == "path" else "blogRoute"] = "".join(values)
    if slash := _TRAILING_SLASH.search(text):
        found["trailingSlash"] = slash[1]
    if locales := _LOCALES.search(text):
        found["locales"] = _QUOTED.findall(locales[1])
    found["authors of the program"] = _authors_in(text)
    return found


def assignments(text: str) -> dict[str, Any]:
    """Return the constants that a Python file assigns to names; nothing is run."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(node.value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue
    return {key: list(v) if isinstance(v, tuple) else v for key, v in found.items()}


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", text, flags=re.S)


def literals(text: str, keys: Collection[str] = _KEYS) -> dict[str, str]:
    """Return the first plain text given for each of these keys in a JavaScript file."""
    found: dict[str, str] = {}
    for key, *values in _LITERAL.findall(_without_comments(text)):
        if key in keys:
            found.setdefault(key, "".join(values))
    return found


def _authors_in(text: str) -> dict[str, str]:
    """Return the authors that a JavaScript file names by ids: `authors: {ann: {name: 'Ann'}}`."""
    start = _AUTHORS.search(text)
    if start is None:
        return {}
    depth, end = 1, start.end()
    for end in range(start.end(), min(len(text), start.end() + 20_000)):
        depth += (text[end] == "{") - (text[end] == "}")
        if not depth:
            break
    found: dict[str, str] = {}
    for plain, double, single, name, quoted in _AUTHOR.findall(text[start.end() : end]):
        found.setdefault(plain or double or single, name or quoted)
    return found
