"""The body of an article, Markdown or HTML or both, as HTML that is safe to show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from markupsafe import Markup

from ...html_scanner import ELEMENTS
from ...image_urls import image_id
from .link_addresses import LONGEST_ADDRESS
from .sanitizer import LONGEST_WORDS, MOST_ADDRESSES, NO_COPIES, Surroundings, safe_html

MARKDOWN_LIMIT = 100_000
"""Characters. A longer body is shown as plain text: rendering it would take too long."""

LONGEST_PLAIN = 1_000_000
"""Characters of such a body that are shown."""

MOST_IMAGES = 100
"""So many images of a text are looked for among the copies."""

_COMPONENT = re.compile(r"</?(?P<name>[A-Za-z][\w.-]{0,60})(?:\s[^<>]{0,1000})?>\s*")


def _component(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line with a tag that is none of HTML's, as `<callout-info>`: what follows is Markdown.

    CommonMark (4.6, condition 7) takes all up to the next blank line for HTML.
    """
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    match = _COMPONENT.fullmatch(line)
    if silent or match is None or match["name"].lower() in ELEMENTS or state.is_code_block(start):
        return False
    state.line = start + 1
    token = state.push("html_block", "", 0)
    token.map = [start, start + 1]
    token.content = line
    _dedent(state, start + 1, end)
    return True


def _dedent(state: StateBlock, start: int, end: int) -> None:
    """Take the indent of the first line from the lines up to a blank one: it makes no code."""
    indent = state.sCount[start] - state.blkIndent if start < end else 0
    for line in range(start, end):
        if state.isEmpty(line):
            break
        state.sCount[line] -= min(indent, state.sCount[line] - state.blkIndent)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.block.ruler.before("html_block", "component", _component)
    return parser


_MARKDOWN = _parser()
_INDENTED = _parser().disable("code")
"""For a body that is HTML throughout: its indented lines are not code."""

_IS_HTML = re.compile(
    r"\s*<(?:!--|(?:article|blockquote|div|figure|h[1-6]|main|ol|p|section|table|ul)[\s>]).*>\s*",
    re.DOTALL | re.IGNORECASE,
)


def html_of_markdown(
    text: str | None,
    base_url: str | None,
    *,
    with_images: bool = True,
    copies: Mapping[str, str] = NO_COPIES,
    is_page: bool = True,
) -> Markup | None:
    """Return Markdown as safe HTML; relative addresses are those of the article's own site.

    HTML in it passes the allow-list of `sanitizer`. copies: where an image is instead, by its
    key (`image_id`). Without images, each that has no copy is replaced by a link.
    is_page: whether it is for a page with our style sheet, not for a feed.
    """
    if not text or not text.strip():
        return None
    if len(text) > MARKDOWN_LIMIT:
        more = " …" if len(text) > LONGEST_PLAIN else ""
        shown = f"{text[:LONGEST_PLAIN]}{more}"
        return Markup('<pre class="newsfeed-plain">{}</pre>').format(shown)
    markdown = _INDENTED if _IS_HTML.fullmatch(text) else _MARKDOWN
    tokens = markdown.parse(text)
    _bound_addresses(tokens)
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    around = Surroundings(base_url, with_images, is_page, _Copies(copies).of)
    return Markup(safe_html(rendered, around, is_cut=markdown is _INDENTED))


def _all_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all_tokens(token.children or ())


def _bound_addresses(tokens: Sequence[Token]) -> None:
    """Take away the addresses beyond the budget: one definition may serve thousands of links."""
    left = MOST_ADDRESSES
    for token in _all_tokens(tokens):
        for attribute, longest in (
            ("href", LONGEST_ADDRESS),
            ("src", LONGEST_ADDRESS),
            ("title", LONGEST_WORDS),
        ):
            if attribute in token.attrs:
                length = len(str(token.attrs[attribute]))
                left -= min(length, longest)
                if length > longest or left < 0:
                    token.attrs[attribute] = ""


class _Copies:
    """The copies of images that one text may use."""

    def __init__(self, copies: Mapping[str, str]) -> None:
        self._copies = copies
        self._known: dict[str, str | None] = {}

    def of(self, written: str) -> str | None:
        """Return where an image is instead, by its address as written: a space may be %20."""
        if not self._copies:
            return None
        if written not in self._known:
            if len(self._known) >= MOST_IMAGES:
                return None
            exact, other = image_id(written), image_id(unquote(written))
            self._known[written] = self._copies.get(exact, self._copies.get(other))
        return self._known[written]
