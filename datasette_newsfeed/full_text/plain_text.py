"""The text of an article as its readers see it: HTML and Markdown without their markup.

`plain_text` is the one place that decides which words of a text can be found. It is a scanner,
not a parser: it reads a megabyte in well under a second, whatever the text, and never fails.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from ..html_scanner import BLOCKS, CELLS, parts

_MARKED_HTML = re.compile("[<&]")
_MARKED_MARKDOWN = re.compile(r"[<&*_~`\[\]\\#>|]")

_FENCE = re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[^\n]*$", re.M)
_CODE = re.compile(r"(?<!`)(?:`([^`\n]{1,1000})`|``((?:[^`\n]|`(?!`)){1,1000})``)(?!`)")
_KEPT, _KEPT_END = "\ue002", "\ue003"
_IS_KEPT = re.compile(f"{_KEPT}([0-9]+){_KEPT_END}")
"""Where code and escaped characters were, while all else is read as Markdown."""

_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\]\n]{1,500}\]:[ \t]*\S[^\n]*$", re.M)
_TARGET = re.compile(
    r"\]\([ \t]*(?:<[^<>\n]{0,2000}>|[^\s()]{0,2000}(?:\([^\s()]{0,500}\)[^\s()]{0,500}){0,5})"
    r"(?:\s+(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'))?[ \t]*\)"
)
_REFERENCE = re.compile(r"\]\[[^\[\]\n]{0,200}\]")
_EMPHASIS = re.compile(r"(\*{1,3}|~~)(?=[^\s*~])([^*~\n]{1,500}?)(?<=\S)\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])([^_\n]{1,500}?)(?<=\S)\1(?!\w)")
_LINE_START = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|\|)", re.M)
_RULE = re.compile(r"^[ \t]{0,3}[-*_=|: \t]{3,}$", re.M)
_DELIMITERS = re.compile(r"[ \t]{0,3}[|:-][|: \t-]*-[|: \t-]*")
"""The row between the head of a table and its other rows."""
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BRACKETS = re.compile(r"!?\[([^\[\]\n]{0,2000})\](?![\[(])")


def plain_text(text: str | None, *, is_markdown: bool = False) -> str:
    """Return a text without its tags, attributes, comments, scripts, addresses of links and,
    of Markdown, marks of emphasis and structure; entities are replaced by their characters.

    Elements that separate paragraphs, lines or cells leave a space, elements within a line
    leave nothing. What only looks like a tag (`Vec<T>`, `<EUR 5m`) is text. Code keeps all of
    its words, those of tags too.
    """
    if not text:
        return ""
    if not (_MARKED_MARKDOWN if is_markdown else _MARKED_HTML).search(text):
        return text
    if not is_markdown:
        return html.unescape(_without_tags(text))
    kept: list[str] = []

    def keep(part: str) -> str:
        kept.append(part)
        return f"{_KEPT}{len(kept) - 1}{_KEPT_END}"

    text = _code_kept(text.replace(_KEPT, " "), keep)
    text = _ESCAPED.sub(lambda match: keep(match[1]), text)
    return html.unescape(_IS_KEPT.sub(lambda match: kept[int(match[1])], _prose(text)))


def _prose(text: str) -> str:
    text = _without_tags(text)
    if "[" in text:
        text = _DEFINITION.sub("", text)
        text = _TARGET.sub("]", text)
        text = _REFERENCE.sub("]", text)
        text = _BRACKETS.sub(r"\1", text)
    if "|" in text:
        text = _without_bars(text)
    text = _RULE.sub("", _LINE_START.sub("", text))
    if "*" in text or "~" in text:
        # Twice: emphasis may be nested.
        text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text))
    if "_" in text:
        text = _UNDERSCORES.sub(r"\2", text)
    return text


def _without_bars(text: str) -> str:
    """Return Markdown without the bars between the cells of its tables."""
    lines = text.split("\n")
    is_table = False
    for number, line in enumerate(lines):
        if not is_table and number and "|" in line and "|" in lines[number - 1]:
            is_table = _DELIMITERS.fullmatch(line) is not None
            if is_table:
                lines[number - 1] = lines[number - 1].replace("|", " ")
        elif "|" not in line:
            is_table = False
        if is_table:
            lines[number] = line.replace("|", " ")
    return "\n".join(lines)


def _code_kept(text: str, keep: Callable[[str], str]) -> str:
    """Return Markdown with each piece of code replaced by what `keep` makes of its content."""
    if "`" not in text and "~~~" not in text:
        return text
    found: list[str] = []
    start = 0
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            found.append(_spans_kept(text[start : fence.start()], keep))
            opened, start = fence, fence.end()
        elif fence[1].startswith(opened[1]):
            found.append(keep(text[start : fence.start()]))
            opened, start = None, fence.end()
    rest = text[start:]
    return "".join(found) + (_spans_kept(rest, keep) if opened is None else keep(rest))


def _spans_kept(text: str, keep: Callable[[str], str]) -> str:
    return _CODE.sub(lambda match: keep(match[1] or match[2]), text)


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    return "".join(
        part if isinstance(part, str) else " " * (part.name in BLOCKS or part.name in CELLS)
        for part in parts(text)
    )
