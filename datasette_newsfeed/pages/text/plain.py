"""Plain words from HTML and Markdown, for cards, feeds, previews and captions."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from ...html_scanner import BLOCKS, CELLS, parts

MARKUP_LIMIT = 20_000
"""Characters of a text, tags included, that are read to show it without them, or to find a
player in it."""

EXCERPT_LIMIT = 280
"""Characters of an excerpt on a card; its three lines hold no more."""

LONGEST_TITLE = 500
"""Characters of a title. A longer one is cut: every list that has the article shows it."""

LONGEST_NAME = 300
"""Characters of the name of a provider, topic, author or category. A longer one is cut, and as a
key it has no link: the link would be as long."""


def is_short_name(expression: str) -> str:
    """Return the SQL condition that a text is a name that a page shows whole.

    SQLite's `length` stops at a NUL character (https://www.sqlite.org/lang_corefunc.html#length).
    """
    return f"(length({expression}) <= {LONGEST_NAME} and instr({expression}, char(0)) = 0)"


BEGINNING_LENGTH = 500
"""Characters of a text in which its first words are looked for."""

HTML_BEGINNING_LENGTH = 4_000
"""The same of a text that begins with a tag: attributes may be long."""

_MARKED = re.compile("[<&\r\0\ufeff]")
"""What alone HTML reads as anything else than itself."""

_CUT_TAG = re.compile(r"<[^<>]*\Z")
_CUT_LINK = re.compile(r"!?\[[^\[\]]*(?:\]\([^\s()]*)?\Z")
_LINES = re.compile(r"[ \t]*\n\s*")
_NOT_BEGINNING = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "pre", "figure"))
"""Elements that are passed over where first words are looked for."""

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_WORDS = {"softbreak": " ", "hardbreak": " ", "image": ""}
"""The plain text of these tokens; all others have their own content."""


def plain_text(value: str | None, limit: int | None = None) -> str | None:
    """Return text without tags and entities, cut at a word if a limit is given.

    Blocks (`<p>`, `<br>`, `<li>`, ...) are on lines of their own. Only the beginning of a very
    long text is read: see MARKUP_LIMIT.
    """
    return _plain_text(value, limit, frozenset()) if value else None


def _plain_text(value: str, limit: int | None, unseen: frozenset[str]) -> str | None:
    text = value[:MARKUP_LIMIT]
    if len(value) > MARKUP_LIMIT:
        text = _CUT_TAG.sub("", text)
    if _MARKED.search(text):  # most are plain
        text = "".join(_beginning(_words(text, unseen), limit))
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        text = _LINES.sub("\n", text.replace("\0", "\ufffd"))
    text = text.strip()
    return (text if limit is None else in_one_line(text, limit)) or None


def cut(text: str | None, limit: int) -> str | None:
    """Return text, cut at a word, with an ellipsis, where it is longer than a limit."""
    return text if text is None or len(text) <= limit else in_one_line(text, limit)


def in_one_line(text: str, limit: int) -> str:
    """Return text in one line, cut at a word, with an ellipsis, where it is longer than a limit."""
    line = " ".join(text[: 2 * limit + 200].split()) if len(text) > 2 * limit else text
    line = " ".join(line.split())
    if len(line) <= limit and len(text) <= 2 * limit:
        return line
    cut = line[:limit]
    return f"{(cut.rsplit(' ', 1)[0] or cut).rstrip(' .,;:')} …"


def _beginning(pieces: Iterable[str], limit: int | None) -> Iterator[str]:
    """The pieces of a text up to a limit, and some more: spaces are taken out afterwards."""
    left = MARKUP_LIMIT if limit is None else 2 * limit + 1_000
    for piece in pieces:
        yield piece
        left -= len(piece.strip())
        if left < 0:
            break


def _words(text: str, unseen: frozenset[str]) -> Iterator[str]:
    within = ""
    for part in parts(text, is_cut=True):
        if isinstance(part, str):
            yield "" if within else html.unescape(part)
            continue
        if part.name in BLOCKS or part.name in CELLS:
            yield "\n" if part.name in BLOCKS else " "
        if within:
            within = "" if part.name == within and part.is_end else within
        elif part.name in unseen and part.is_closed:
            within = part.name


def first_words(body: str | None, limit: int) -> str | None:
    """Return what a body begins with, as plain text: its headings, images and code left out.

    Only BEGINNING_LENGTH characters are read: it takes longer than all the rest of a card.
    """
    if not body:
        return None
    is_html = body[:50].lstrip()[:1] == "<"
    return _first_words(body[: HTML_BEGINNING_LENGTH if is_html else BEGINNING_LENGTH], limit)


@functools.lru_cache(maxsize=1024)
def _first_words(beginning: str, limit: int) -> str | None:
    words: list[str] = []
    before = ""
    if len(beginning) in (BEGINNING_LENGTH, HTML_BEGINNING_LENGTH):
        # A link, image or tag that is cut off would be shown as it is written.
        beginning = _CUT_TAG.sub("", _CUT_LINK.sub("", beginning))
    for token in _MARKDOWN.parse(beginning):
        if token.type == "html_block":
            words += [token.content, "\n"]
        elif token.type == "inline" and before != "heading_open":
            for child in token.children or ():
                is_html = child.type == "html_inline"
                said = child.content if is_html else html.escape(child.content, quote=False)
                words.append(_WORDS.get(child.type, said))
            words.append("\n")
        before = token.type
    return _plain_text("".join(words), limit, _NOT_BEGINNING)


def shorten(value: str, limit: int) -> Markup:
    """Return the beginning of a text, escaped."""
    return escape(value if len(value) <= limit else value[:limit].rstrip() + "…")
