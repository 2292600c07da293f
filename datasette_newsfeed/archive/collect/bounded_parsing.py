"""The bytes of a source become XML or JSON within bounds, or nothing that can be collected."""

from __future__ import annotations

import codecs
import json
import re
import sys
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

MAX_SOURCE_BYTES = 100_000_000
"""Bytes of a source."""

MAX_MALFORMED = 10_000_000
"""Characters of XML that is not well-formed: reading it takes longer."""

MOST_NESTED = 200
"""Elements, or objects and lists, within one another."""

MOST_EXPANDED = 10_000_000
"""Characters that the entities of an XML document may stand for."""

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_HEAD = re.compile(r"\s*(?:<\?xml\b[^>]{0,500}\?>\s*|<!--|<!DOCTYPE\b|<\?)", re.IGNORECASE)
_ENTITY = re.compile(
    r"<!ENTITY\s+(%\s+)?([^\s%\"'>]{1,200})\s+(?:\"([^\"]*)\"|'([^']*)'|(\S+))", re.IGNORECASE
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-f]{1,20}|[0-9]{1,20});", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"\s*(?://|#|/\*|\*|https?://|(?:GET|POST|curl)\s)", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{|\{%|<%|<\?(?:php|=)|\$\{")
MOST_LINES_ABOVE = 50
"""Lines above the JSON of a dump: the request as whoever kept it noted it down."""


class NoFeed(ValueError):
    """A document that is none that can be collected; its text says why."""


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """An XML document as text, without its declaration.

    root: the name of its outermost element, as written. namespaces: all that its tags declare.
    is_well_formed: whether a strict parser reads it.
    """

    text: str
    root: str
    namespaces: frozenset[str]
    is_well_formed: bool


def read_document(data: bytes) -> XmlDocument | Any:
    """Return an XML document, or the value of a JSON document. Raises NoFeed for any other."""
    if not data.strip():
        raise NoFeed("is empty")
    text = decoded(data).lstrip("\ufeff \t\r\n")
    if text.startswith("---"):
        raise NoFeed("begins with front matter: it is a template or a record, no feed")
    if text.startswith("<"):
        return _xml(text)
    return _json(text)


def decoded(data: bytes) -> str:
    """Return the text of a document: as its mark or XML declaration says, else UTF-8, else
    Windows-1252."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (b"<\0?\0", "utf-16-le"),
        (b"\0<\0?", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace")
    declared = _DECLARED.match(data.lstrip()[:400])
    names = [declared[1].decode("ascii")] if declared else []
    for name in (*names, "utf-8"):
        try:
            if codecs.lookup(name).name.startswith(("utf-16", "utf-32")):
                continue  # the declaration itself was read as bytes
            return data.decode(name)
        except (LookupError, UnicodeError):
            continue
    return data.decode("windows-1252", "replace")


def _json(text: str) -> Any:
    lines = text.split("\n", MOST_LINES_ABOVE)
    for number, line in enumerate(lines):
        if line.lstrip()[:1] in ("{", "["):
            text = "\n".join(lines[number:])
            break
        if line.strip() and not _REQUEST_LINE.match(line):
            raise NoFeed("is neither XML nor JSON")
    else:
        raise NoFeed("is neither XML nor JSON")
    try:
        value, end = json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        line_number = error.lineno + number
        kind = "a template, no JSON" if _TEMPLATE.search(text[:20_000]) else "no JSON"
        raise NoFeed(f"is {kind}: line {line_number}: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # or a number of thousands of digits
        raise NoFeed("is JSON nested too deeply, or with a number too long") from error
    rest = text.lstrip()[end:].strip()
    if rest and not all(_REQUEST_LINE.match(line) for line in rest.splitlines() if line.strip()):
        raise NoFeed("goes on after its JSON ends")
    _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MOST_NESTED):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise NoFeed(f"is JSON nested more than {MOST_NESTED} levels deep")


def _xml(text: str) -> XmlDocument:
    root = _root_name(text)
    if root.lower() == "html":
        raise NoFeed("is a web page; give the address of its feed")
    _check_entities(text)
    text = re.sub(r"\A<\?xml\b[^>]{0,500}\?>", "", text).lstrip()
    text = _NOT_XML.sub("", text)
    text = _REFERENCE.sub(_character, text)
    outline = _Outline()
    try:
        outline.read(text)
        is_well_formed = True
    except expat.ExpatError:
        is_well_formed = False
        if len(text) > MAX_MALFORMED:
            raise NoFeed(
                f"is no well-formed XML, and has more than {MAX_MALFORMED:,} characters"
            ) from None
    return XmlDocument(text, root, frozenset(outline.namespaces), is_well_formed)


def _character(match: re.Match[str]) -> str:
    """Return a reference to a character as it is; nothing for a character that XML has not."""
    digits = match[1].lower()
    number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    return match[0] if number <= sys.maxunicode and not _NOT_XML.match(chr(number)) else ""


def _root_name(text: str) -> str:
    """Return the name of the outermost element: the first tag outside comments and DOCTYPE."""
    at = 0
    while text.startswith("<", at):
        if text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text[at : at + 9].lower() == "<!doctype":
            end = _end_of_doctype(text, at)
        elif text.startswith("<?", at):
            if text[at : at + 5].lower() == "<?php" or text.startswith("<?=", at):
                break
            end = text.find("?>", at)
        else:
            match = _ROOT.match(text, at)
            if match:
                return match[1]
            break
        if end < 0:
            break
        at = text.find("<", end + 1)
        if at < 0:
            break
    raise NoFeed("is a template, no feed" if _TEMPLATE.search(text[:20_000]) else "is no XML")


def _end_of_doctype(text: str, at: int) -> int:
    bracket, end = text.find("[", at), text.find(">", at)
    if 0 <= bracket < end:
        close = text.find("]", bracket)
        # A value of an entity may hold a bracket, a declaration after it is then read as a tag.
        return text.find(">", close) if close >= 0 else -1
    return end


def _check_entities(text: str) -> None:
    """Refuse entities that lead to files, to other entities, or stand for much text."""
    if "<!ENTITY" not in text[: text.find("<", 0) + 200_000].upper():
        return
    expanded = 0
    for match in _ENTITY.finditer(text, 0, 1_000_000):
        value = match[3] if match[3] is not None else match[4]
        if match[1] or value is None or re.search(r"&(?!#)|%", value):
            raise NoFeed("declares XML entities that lead elsewhere; it is not read")
        expanded += len(value) * text.count(f"&{match[2]};")
        if expanded > MOST_EXPANDED:
            raise NoFeed(f"has XML entities for more than {MOST_EXPANDED:,} characters")


class _Outline:
    """What a strict parser sees of a document: its depth, namespaces, stray text."""

    def __init__(self) -> None:
        self.namespaces: set[str] = set()
        self._depth: list[str] = []

    def read(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(text.encode("utf-8"), True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth.append(name.rpartition(":")[2].lower())
        if len(self._depth) > MOST_NESTED:
            raise NoFeed(f"is XML nested more than {MOST_NESTED} levels deep")
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                self.namespaces.add(value)

    def _end(self, name: str) -> None:
        self._depth.pop()

    def _text(self, text: str) -> None:
        # These hold elements alone, so a mark of a template here is none of a text.
        if self._depth[-1:] in (["rss"], ["channel"], ["feed"], ["rdf"]) and _TEMPLATE.search(text):
            raise NoFeed("is a template, no feed")
