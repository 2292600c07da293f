"""Tell the tags of a text from its words: `<em>` is a tag, the `<T>` of `Vec<T>` is not.

A browser takes every `<` before a letter for a tag and drops what it does not know, and the
words in it: of `Profit <EUR 5m in 2021` one word is left. Here a tag is one of HTML's, complete,
with attributes that read as such. Everything else is text. One pass, linear in the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field


def names(words: str) -> frozenset[str]:
    """Return the names in a text, which are separated by spaces."""
    return frozenset(words.split())


VOID = names("area base br col embed frame hr img input link meta param source track wbr")
"""Elements without content (HTML, 13.1.2), which no end tag closes."""

OPTIONAL_END = names(
    "body caption colgroup dd dt head html li optgroup option p rp rt tbody td tfoot th thead tr"
)
"""Elements whose end tag may be left out (HTML, 13.1.2.4)."""

BLOCKS = names(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html "
    "legend li main menu nav ol optgroup option p pre search section summary table tbody "
    "tfoot thead tr ul"
)
"""Elements that begin a line of their own: the words before and after them are apart."""

CELLS = frozenset(("td", "th"))

UNSEEN = frozenset(("script", "style", "template", "svg", "noembed", "noframes"))
"""Elements whose content is not for readers."""

RAW = UNSEEN | {"iframe"}
"""Elements whose content is not read as HTML either, up to their first end tag."""

INLINE = names(
    "a abbr acronym applet audio b bdi bdo big button canvas cite code data datalist del dfn "
    "em font i iframe ins kbd label map mark math marquee meter nobr noscript object output "
    "picture progress q rb rtc ruby s samp select slot small span strike strong sub sup "
    "textarea time title tt u var video xmp"
)
ELEMENTS = VOID | OPTIONAL_END | BLOCKS | CELLS | UNSEEN | INLINE
"""The elements of HTML, obsolete ones that old texts have included."""

_BOOLEAN = names(
    "allowfullscreen allowtransparency alt async autofocus autoplay checked class compact "
    "controls crossorigin default defer disabled download hidden href id inert ismap "
    "itemscope loop mozallowfullscreen multiple muted nomodule noshade novalidate nowrap open "
    "playsinline readonly required reversed selected src style title value "
    "webkitallowfullscreen"
)
"""Attributes that may have no value."""

MOST_STEPS = 4
"""Attempts to read a tag may go over so many times the text, all together. A text made so that
each `<` is read to its end would take quadratic time."""

_NAME = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:_.-]{0,60})(?=[\s/>])")
_ATTRIBUTE = re.compile(
    r"[\s/]*+(?P<name>[A-Za-z_:@*#.\[(][^\s\"'<>/=]{0,100})"
    r"(?:\s*+=\s*+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)'|(?P<bare>[^\s\"'=<>`]++)))?+"
    r"(?=[\s/>])"
)
_END = re.compile(r"\s*+/?\s*+>")
_CLOSING = re.compile(r"</([A-Za-z][A-Za-z0-9:_.-]{0,60})\s*+>")
_DECLARATION = re.compile(
    r"<(?:!doctype[^<>]{0,500}|\?xml[^<>]{0,500}|!\[[^<>\[\]]{0,80}\])>", re.I
)
_IN_CDATA = ("<![CDATA[", "]]>")
_IN_COMMENT = ("<!--", "-->")
_HTML = re.compile(
    rf"<(?:{'|'.join(sorted(OPTIONAL_END | {'br', 'hr', 'img'}))})[\s/>]|<[a-z]+ [a-z-]+=[\"']"
)


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag or an end tag. The name is in lower case, the values are decoded.

    is_closed: whether an end tag of that name is somewhere behind a start tag.
    """

    name: str
    is_end: bool = False
    is_closed: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def parts(text: str, *, is_cut: bool = False) -> Iterator[str | Tag]:
    """Yield the text between tags, as written (entities included), and the tags.

    Comments, declarations and the content of RAW elements are left out. is_cut: the text may be
    the beginning of a longer one, so that a start tag needs no end tag if the text has other
    tags.
    """
    scanner = _Scanner(text, is_cut)
    done = at = 0
    while (at := text.find("<", at)) >= 0:
        found = scanner.markup_at(at)
        if found is None:
            at += 1
            continue
        piece, end = found
        if done < at:
            yield text[done:at]
        if piece is not None:
            yield piece
        done = at = end
        if isinstance(piece, Tag) and piece.name in RAW and piece.is_closed:
            done = at = scanner.end_of(piece.name, at)
    if done < len(text):
        yield text[done:]


class _Scanner:
    """Reads what begins at a `<` of one text."""

    def __init__(self, text: str, is_cut: bool) -> None:
        self.text = text
        self._steps = MOST_STEPS * len(text) + 1_000
        self._last_end: dict[str, int] = {}
        for match in _CLOSING.finditer(text):
            self._last_end[match[1]] = match.start()
            self._last_end[match[1].lower()] = match.start()
        self._is_html = is_cut and (
            not ELEMENTS.isdisjoint(self._last_end) or _HTML.search(text) is not None
        )
        self._unclosed: set[str] = set()
        self._others: set[str] = set()
        """Names that are none of HTML's, of which a start tag was found."""

    def end_of(self, name: str, at: int) -> int:
        """Return where the first end tag of an element that has one begins."""
        found = re.compile(rf"</{name}\s*+>", re.IGNORECASE).search(self.text, at)
        return found.start() if found else len(self.text)

    def markup_at(self, at: int) -> tuple[str | Tag | None, int] | None:
        """Return what begins here and where it ends; None where this `<` is a character."""
        if self.text.startswith("<!", at) or self.text.startswith("<?", at):
            return self._declaration_at(at)
        match = _NAME.match(self.text, at)
        if match is None or self._steps <= 0:
            return None
        name = match["name"]
        if match["end"]:
            end = _CLOSING.match(self.text, at)
            if end is None or not (name.lower() in ELEMENTS or name in self._others):
                return None
            return Tag(name.lower(), is_end=True), end.end()
        attributes, end_at = self._attributes(match.end())
        self._steps -= end_at - at
        closed = _END.match(self.text, end_at)
        if closed is None or not self._is_start(name, attributes, at):
            return None
        values = {key.lower(): html.unescape(value or "") for key, value in attributes.items()}
        lower = name.lower()
        if lower not in ELEMENTS:
            self._others.add(name)
        is_closed = self._last_end.get(lower, -1) > at
        return Tag(lower, is_closed=is_closed, attributes=values), closed.end()

    def _declaration_at(self, at: int) -> tuple[str | Tag | None, int] | None:
        for opening, closing in (_IN_COMMENT, _IN_CDATA):
            if self.text.startswith(opening, at) and opening not in self._unclosed:
                end = self.text.find(closing, at + len(opening))
                if end >= 0:
                    inner = self.text[at + len(opening) : end]
                    is_text = opening == _IN_CDATA[0]
                    return (html.escape(inner) if is_text else None), end + len(closing)
                self._unclosed.add(opening)
        match = _DECLARATION.match(self.text, at)
        return (None, match.end()) if match else None

    def _attributes(self, at: int) -> tuple[dict[str, str | None], int]:
        found: dict[str, str | None] = {}
        while match := _ATTRIBUTE.match(self.text, at):
            values = (match["double"], match["single"], match["bare"])
            value = next((each for each in values if each is not None), None)
            found.setdefault(match["name"], value)
            at = match.end()
        return found, at

    def _is_start(self, name: str, attributes: dict[str, str | None], at: int) -> bool:
        has_values = any(value is not None for value in attributes.values())
        bare = (key.lower() for key in attributes)
        if not has_values and any(key not in _BOOLEAN and "-" not in key for key in bare):
            return False  # as in "if a <b and c> d"
        lower = name.lower()
        is_closed = self._last_end.get(name, -1) > at
        if lower not in ELEMENTS:
            return has_values or is_closed
        return (
            lower in VOID
            or lower in OPTIONAL_END
            or has_values
            or is_closed
            or self._last_end.get(lower, -1) > at
            or (self._is_html and name == lower)
        )
