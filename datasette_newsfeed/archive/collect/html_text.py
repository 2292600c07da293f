"""Texts of feeds: plain text of titles and summaries, HTML that stays one block in a record.

A record's body is Markdown in which HTML is allowed. An HTML block of Markdown ends at a blank
line (https://spec.commonmark.org/0.31.2/#html-blocks), so a body has none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from ...full_text.plain_text import plain_text
from ...html_scanner import Tag, parts
from ..dialects.values import is_visible
from .access_keys import without_keys
from .entries import Enclosure, EntryImage

LONGEST_TITLE = 80
"""Characters of a title that is made of the first words of a text."""

LONGEST_EXCERPT = 500
"""Characters. A longer description of a feed without full text is the text."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ESCAPED_TAG = re.compile(
    r"&(?:lt|#60|#x3c);/?(?:p|br|a|b|i|em|strong|div|span|img|ul|ol|li|h[1-6]|blockquote|figure|"
    r"table)(?:\s|/|&(?:gt|#62|#x3e);)",
    re.IGNORECASE,
)
_VERBATIM = re.compile(r"<(/?)(pre|textarea|script|style)\b[^<>]{0,2000}>", re.IGNORECASE)
_BLOCK_START = re.compile(
    r"<(?:article|blockquote|div|figure|h[1-6]|main|ol|p|section|table|ul)[\s>]", re.IGNORECASE
)
_BETWEEN_BLOCKS = re.compile(
    r"(?<=>)[ \t]*(?=<(?:p|h[1-6]|ul|ol|li|blockquote|figure|table|tr|div|hr|pre)\b)",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"(?<![ \t])[ \t]*\n\s*")
_BEFORE_BLANK = re.compile(r"\n(?=[ \t]*\n)")
_MORE_THAN_WORDS = re.compile(r"<(?:a|img|iframe|video|audio|table)\b", re.IGNORECASE)
_PIXEL = frozenset(("0", "1"))


def clean(text: str) -> str:
    """Return a text without control characters, its lines ended by a line feed."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def line_of_text(value: object) -> str | None:
    """Return plain text in one line; None for what is no text, or shows nothing."""
    if not isinstance(value, str):
        return None
    line = " ".join(clean(value).split())
    return line if is_visible(line) else None


def line_of_html(value: object) -> str | None:
    """Return HTML as plain text in one line, escaped once too often or not; None for nothing."""
    if not isinstance(value, str):
        return None
    return line_of_text(plain_text(unescaped(value)))


def unescaped(text: str) -> str:
    """Return HTML that was escaped twice as what was meant, any other as it is."""
    if _ESCAPED_TAG.search(text) and not has_tags(text):
        return html.unescape(text)
    return text


def has_tags(text: str) -> bool:
    """Tell whether a text has a tag of HTML."""
    return "<" in text and any(isinstance(part, Tag) for part in parts(text))


def block_of_html(value: object) -> str | None:
    """Return HTML as one block of Markdown; None where nothing of it shows.

    A text without any tag keeps its lines: it is plain text that calls itself HTML.
    """
    if not isinstance(value, str):
        return None
    text = unescaped(clean(value))
    if not has_tags(text):
        return block_of_text(html.unescape(text))
    found = "".join(_lines(_without_comments(text))).strip()
    if not found:
        return None
    if not (_BLOCK_START.match(found) and found.endswith(">")):
        found = f"<div>{found}</div>"
    return found


def _without_comments(text: str) -> str:
    kept: list[str] = []
    done = 0
    while (start := text.find("<!--", done)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[done:start])
        done = end + 3
    return "".join(kept) + text[done:]


def _lines(text: str) -> Iterator[str]:
    """Yield HTML without blank lines, each block on a line of its own; code keeps its lines."""
    verbatim = ""
    done = 0
    for tag in _VERBATIM.finditer(text):
        name = tag[2].lower()
        if not verbatim and not tag[1]:
            yield _prose(text[done : tag.start()])
            verbatim, done = name, tag.start()
        elif name == verbatim and tag[1]:
            yield _BEFORE_BLANK.sub("&#10;", text[done : tag.end()])
            verbatim, done = "", tag.end()
    yield _BEFORE_BLANK.sub("&#10;", text[done:]) if verbatim else _prose(text[done:])


def _prose(text: str) -> str:
    return _BETWEEN_BLOCKS.sub("\n", _BLANK_LINES.sub("\n", text))


def block_of_text(value: object) -> str | None:
    """Return plain text as HTML: its paragraphs and lines; None where nothing of it shows."""
    if not isinstance(value, str) or not is_visible(text := clean(value)):
        return None
    paragraphs = (each.strip() for each in re.split(r"\n\s*\n", text))
    return "\n".join(
        "<p>" + html.escape(each, quote=False).replace("\n", "<br>\n") + "</p>"
        for each in paragraphs
        if each
    )


def first_words(body: str | None) -> str | None:
    """Return what a text begins with, as a title for an entry without one."""
    line = line_of_html((body or "")[:4_000])
    if line is None or len(line) <= LONGEST_TITLE:
        return line
    cut = line[:LONGEST_TITLE]
    return f"{(cut.rsplit(' ', 1)[0] or cut).rstrip(' .,;:')} …"


def excerpt_and_body(summary: str | None, content: str | None) -> tuple[str | None, str | None]:
    """Return the excerpt and the text of an entry from its summary and its content, both HTML.

    Without content, a summary that is long, or has links or images, is the text.
    """
    body = block_of_html(content)
    excerpt = line_of_html(summary)
    if body is not None:
        return (None if excerpt == line_of_html(body) else excerpt), body
    if summary and excerpt and (len(excerpt) > LONGEST_EXCERPT or _MORE_THAN_WORDS.search(summary)):
        return None, block_of_html(summary)
    if summary and not excerpt:
        return None, block_of_html(summary)  # an image alone
    return excerpt, None


def first_image(body: str | None, base: str | None) -> EntryImage | None:
    """Return the first image of a text that is more than a counting pixel."""
    if not body or "<img" not in body.lower():
        return None
    for part in parts(body):
        if isinstance(part, Tag) and part.name == "img" and not part.is_end:
            given = part.attributes
            if _PIXEL & {given.get("width"), given.get("height")}:
                continue
            url = absolute(given.get("src"), base) or absolute(given.get("data-src"), base)
            if url:
                return EntryImage(
                    url, pixels(given.get("width")), pixels(given.get("height")),
                    line_of_text(given.get("alt")),
                )  # fmt: skip
    return None


def pixels(value: object) -> int | None:
    """Return a size in pixels, None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value < 100_000 else None
    text = str(value or "").strip()
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 6 else None


def absolute(value: object, base: str | None) -> str | None:
    """Return an address of the web, a relative one resolved; None for any other."""
    if not isinstance(value, str):
        return None
    written = clean(value).strip().replace("\n", "")
    if not written or len(written) > 4_000:
        return None
    try:
        url = urljoin(base or "", written)
        parts_of_url = urlsplit(url)
        is_web = parts_of_url.scheme in ("http", "https") and bool(parts_of_url.hostname)
    except ValueError:
        return None
    return without_keys(url) if is_web else None


def unique(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return texts that show something, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if name))


def with_links(body: str | None, enclosures: Iterable[Enclosure]) -> str | None:
    """Return a text followed by a link to each sound and video: a reader can play them there."""
    lines = [body] if body else []
    for each in enclosures:
        kind = (each.type or "").partition("/")[0]
        if kind not in ("audio", "video"):
            continue
        words = ", ".join(word for word in (kind.capitalize(), _clock(each.duration)) if word)
        lines.append(f'<p><a href="{html.escape(each.url)}">{html.escape(words)}</a></p>')
    return "\n".join(lines) or None


def _clock(duration: str | None) -> str | None:
    """Return a duration as hours, minutes and seconds; feeds give it so, or in seconds."""
    if duration is None or not (duration.isascii() and duration.isdigit() and len(duration) < 7):
        return duration
    minutes, seconds = divmod(int(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
