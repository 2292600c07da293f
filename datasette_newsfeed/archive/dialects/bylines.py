"""The names in a byline: `[Ann Pier](https://…) (Harbour Co), Ben Quay ([@ben](https://…)) and Cy`.

A byline is one text with several names, their links, accounts, employers and roles. Only the
names are authors.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 2000
"""A longer text is no byline: it is one name."""

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s[^()]*)?\)")
_GROUP = re.compile(r"\s*\([^()]*\)")
_BY = re.compile(r"(?:written |posted )?by:?\s+(?=\S)", re.I)
# A comma before such words is part of the name, https://en.wikipedia.org/wiki/Suffix_(name).
_SUFFIX = r"(?:Jr|Sr|Ph\.?\s?D|M\.?D|Esq|M\.?A|M\.?Sc|R\.?N|CPA|I{2,3}|IV)\b"
_SEPARATOR = re.compile(
    rf"(?:\s*(?:;|\||,(?!\s*{_SUFFIX})|(?<=\s)[&+](?=\s)|(?<!\w)and(?!\w)))+\s*", re.I
)
_HANDLE = re.compile(r"\(\s*@[\w.-]+\s*\)|\(https?://[^()\s]*\)|<[^<>\s]+>")
_MARKS = " *_`\"'"


def names_in(byline: str) -> tuple[str, ...]:
    """Return the names in a text, in order, each once; none where no name is in it.

    A separator within parentheses parts nothing. Of a name with a link or an account, the
    parentheses behind it (the account, the employer) are left out, and so is a part after it
    that begins with a small letter (the role).
    """
    if len(byline) > MAX_CHARACTERS:
        return (byline.strip(),)
    found: list[str] = []
    was_linked = False
    for part in _parts(byline):
        is_linked = _LINK.search(part) is not None or _HANDLE.search(part) is not None
        name = one_name(part)
        if not name or (was_linked and not is_linked and name[0].islower() and " " in name):
            continue
        found.append(name)
        was_linked = was_linked or is_linked
    return tuple(dict.fromkeys(found))


def one_name(written: str) -> str:
    """Return a name without links, marks, and the account or the employer behind it."""
    text = _LINK.sub(r"\1", written)
    if text != written or _HANDLE.search(written):
        text = _GROUP.sub("", _HANDLE.sub("", text))
    return _BY.sub("", text.strip(_MARKS), count=1).strip(_MARKS)


def _parts(byline: str) -> list[str]:
    """Cut at the separators that stand outside of brackets."""
    depth, start, parts = 0, 0, []
    position = 0
    while position < len(byline):
        letter = byline[position]
        if letter in "([":
            depth += 1
        elif letter in ")]":
            depth = max(0, depth - 1)
        elif depth == 0 and (match := _SEPARATOR.match(byline, position)):
            parts.append(byline[start:position])
            start = position = match.end()
            continue
        position += 1
    return [part for part in (*parts, byline[start:]) if part.strip()]
