"""HTML from anywhere as HTML that is safe to show: allowed elements, balanced, links checked.

Two walls: `_Writer` writes the allowed elements again, each opened and closed in order, and nh3
(ammonia) checks what it wrote. What is not allowed loses its tags, never its words. The output
grows in proportion to the input: elements are never opened again as a browser would, and links
are written within a budget.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

import nh3

from ...html_scanner import BLOCKS, CELLS, Tag, names, parts
from .link_addresses import absolute, link_url, web_url

HEADING_SHIFT = 2
"""The page's own headings come first, so a text's h1 becomes h3."""

MOST_DEPTH = 40
"""Elements within one another. Deeper ones lose their tags."""

MOST_ADDRESSES = 400_000
"""Characters of all the links of a text. Links after that lose their address."""

LONGEST_WORDS = 1_000
"""Characters of a `title` or an `alt`."""

_INLINE = names(
    "a abbr b bdi cite code del dfn em i img ins kbd mark q rp rt ruby s samp small strong "
    "sub sup u var"
)
_BLOCK = names(
    "blockquote caption dd details div dl dt figcaption figure h3 h4 h5 h6 hr li ol p pre "
    "summary table tbody td tfoot th thead tr ul"
)
ALLOWED_ELEMENTS = _INLINE | _BLOCK | {"br", "wbr"}
"""The elements that a text may have."""

_EMPTY = frozenset(("br", "hr", "img", "wbr"))
_RENAMED = {
    **{f"h{level}": f"h{min(level + HEADING_SHIFT, 6)}" for level in range(1, 7)},
    "strike": "s",
    "tt": "code",
    "acronym": "abbr",
    "dir": "ul",
    "menu": "ul",
    "dialog": "div",
    "legend": "div",
    "option": "div",
}
_TABLE = frozenset(("caption", "tbody", "td", "tfoot", "th", "thead", "tr"))
_ONE_OF = (
    frozenset(("li",)),
    frozenset(("dt", "dd")),
    frozenset(("td", "th")),
    frozenset(("tr",)),
    frozenset(("caption", "tbody", "thead", "tfoot")),
    frozenset(("h3", "h4", "h5", "h6")),
    frozenset(("a",)),
)
"""A start tag of one of these ends another one of them that is open beside it."""
_SCOPES = {
    "li": frozenset(("ul", "ol")),
    "dt": frozenset(("dl",)),
    "dd": frozenset(("dl",)),
    **dict.fromkeys(_TABLE, frozenset(("table",))),
}
_CELL_SCOPE = frozenset(("td", "th", "caption"))

_EMBEDDED = {"iframe": "Embedded", "embed": "Embedded", "video": "Video", "audio": "Audio"}
"""Elements that load from elsewhere, and the words of the link in their place."""

_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")
"""Where an image is; scripts that load images late leave it in one of the others."""

IMAGE_ATTRIBUTES = {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"}
SCROLLING = {"class": "newsfeed-scroll", "tabindex": "0", "role": "region", "aria-label": "Table"}
"""The element around a table on a page: a wide table scrolls, also by keyboard."""

_SPANS = frozenset(("colspan", "rowspan"))
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", *IMAGE_ATTRIBUTES},
    "ol": {"start"},
    "td": set(_SPANS),
    "th": set(_SPANS),
}
_ATTRIBUTE_VALUES = {"div": {name: {value} for name, value in SCROLLING.items()}}
LINK_REL = "noopener noreferrer external"

NO_COPIES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a text is shown.

    base_url: the page that its relative addresses start from. with_images: whether images of
    other sites are shown, or a link in their place. copy_of: where an image is instead, by its
    address as written. is_page: whether our style sheet applies; a feed is read without it.
    """

    base_url: str | None = None
    with_images: bool = True
    is_page: bool = True
    copy_of: Callable[[str], str | None] = field(default=lambda written: None)


def safe_html(text: str, around: Surroundings, *, is_cut: bool = False) -> str:
    """Return HTML with the allowed elements alone; what is no tag (see `tags`) stays as words."""
    return nh3.clean(
        _Writer(around).write(text, is_cut),
        tags=ALLOWED_ELEMENTS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_ATTRIBUTE_VALUES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=LINK_REL,
    )


class _Writer:
    """Writes the allowed elements of one text again."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._written: list[str] = []
        self._open: list[str] = []
        self._left = MOST_ADDRESSES
        self._within = ""
        """The film or sound that is being read: nothing of it is shown but where it is."""
        self._is_linked = False

    def write(self, text: str, is_cut: bool) -> str:
        """Return the text with every element closed."""
        for part in parts(text, is_cut=is_cut):
            if isinstance(part, str):
                self._words(part)
            elif self._within:
                self._within_embedded(part)
            elif part.is_end:
                self._end(_RENAMED.get(part.name, part.name))
            else:
                self._start(part)
        self._close_to(0)
        return "".join(self._written)

    def _words(self, text: str) -> None:
        if not self._within:
            self._written.append(html.escape(html.unescape(text), quote=False))

    # -- what is elsewhere ----------------------------------------------------

    def _embed(self, tag: Tag) -> None:
        has_link = self._link_to(tag, tag.name)
        if tag.name in ("video", "audio") and tag.is_closed:
            self._within = tag.name
            self._is_linked = has_link

    def _within_embedded(self, tag: Tag) -> None:
        if tag.name == self._within and tag.is_end:
            self._within = ""
        elif tag.name == "source" and not self._is_linked:
            self._is_linked = self._link_to(tag, self._within)

    def _link_to(self, tag: Tag, element: str) -> bool:
        """Write a link to what an element loads, and tell whether it loads anything."""
        written = next((tag.attributes[key] for key in _SOURCES if tag.attributes.get(key)), "")
        address = "https:" + written if written.startswith("//") else written
        url = self._address(web_url(absolute(address, self._around.base_url)))
        if not written or url is None:
            return False
        words = html.escape(f"{_EMBEDDED[element]}: {urlsplit(url).hostname}")
        link = f'<a href="{html.escape(url)}">{words}</a>'
        self._written.append(words if "a" in self._open else link)
        return True

    # -- elements -------------------------------------------------------------

    def _start(self, tag: Tag) -> None:
        name = _RENAMED.get(tag.name, tag.name)
        if tag.name in _EMBEDDED:
            self._embed(tag)
        elif name == "img":
            self._image(tag)
        elif name in ALLOWED_ELEMENTS:
            self._open_element(name, tag)
        elif name in BLOCKS:
            self._open_element("div", tag)
        # Any other is left out; its words stay.

    def _open_element(self, name: str, tag: Tag) -> None:
        if name in _TABLE and not self._in_table():
            name = "div"  # a browser would leave it out, and its words would run together
        if name in _BLOCK:
            self._end("p")
        for group in _ONE_OF:
            if name in group:
                for each in group:
                    self._end(each)
        attributes = self._attributes(name, tag)
        if name == "a" and not attributes:
            return
        if len(self._open) >= MOST_DEPTH and name not in _EMPTY:
            self._written.append(" " if name in _BLOCK else "")
            return
        if name == "table" and self._is_scrolling():
            self._written.append(_start_tag("div", SCROLLING))
        self._written.append(_start_tag(name, attributes))
        if name not in _EMPTY:
            self._open.append(name)

    def _end(self, name: str) -> None:
        """Close an element, and what is open within it; pass over an end tag without a start."""
        is_stray = name in _TABLE and not self._in_table()
        if is_stray or (name in BLOCKS and name not in ALLOWED_ELEMENTS):
            name = "div"
        if name not in self._open:
            return
        scope = _SCOPES.get(name) or (_CELL_SCOPE if name != "table" else frozenset())
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place] == name:
                self._close_to(place)
                return
            if self._open[place] in scope:
                return

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            name = self._open.pop()
            self._written.append(f"</{name}>")
            if name == "table" and self._is_scrolling():
                self._written.append("</div>")

    def _in_table(self) -> bool:
        return "table" in self._open

    def _is_scrolling(self) -> bool:
        """Whether a table that begins or ends here has a scrolling frame of its own."""
        return self._around.is_page and not self._in_table()

    # -- attributes -----------------------------------------------------------

    def _attributes(self, name: str, tag: Tag) -> dict[str, str]:
        given: dict[str, str] = {}
        if name == "a":
            url = link_url(tag.attributes.get("href", ""), self._around.base_url)
            if not tag.attributes.get("href", "").strip() or not (url := self._address(url)):
                return given
            given["href"] = url
        if name in ("a", "abbr") and tag.attributes.get("title"):
            given |= self._title(tag)
        for key in ("start",) if name == "ol" else _SPANS if name in CELLS else ():
            value = tag.attributes.get(key, "").strip()
            if value.isascii() and value.isdigit() and len(value) <= (6 if key == "start" else 2):
                given[key] = value
        return given

    def _title(self, tag: Tag) -> dict[str, str]:
        words = tag.attributes["title"][:LONGEST_WORDS]
        self._left -= len(words)
        return {"title": words} if self._left >= 0 else {}

    def _address(self, url: str | None) -> str | None:
        """An address within what is left of the budget for addresses."""
        if url is not None:
            self._left -= len(url)
        return url if self._left >= 0 else None

    def _image(self, tag: Tag) -> None:
        words = tag.attributes.get("alt", "")[:LONGEST_WORDS]
        source = copy = None
        for key in _SOURCES:
            if source := tag.attributes.get(key, "").strip():
                copy = self._around.copy_of(source)
                source = copy or web_url(absolute(source, self._around.base_url))
                if source := self._address(source):
                    break
        if source and (copy or self._around.with_images):
            given = {"src": source, "alt": words}
            given |= self._title(tag) if tag.attributes.get("title") else {}
            self._written.append(_start_tag("img", {**given, **IMAGE_ATTRIBUTES}))
        elif source and "a" not in self._open:
            link = _start_tag("a", {"href": source})
            self._written.append(f"{link}{html.escape(words or 'Image')}</a>")
        else:  # a link leads somewhere already, or the image nowhere
            self._written.append(html.escape(words or ("Image" if source else "")))


def _start_tag(name: str, attributes: Mapping[str, str]) -> str:
    given = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{given}>"
