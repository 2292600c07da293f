"""Citations of articles: BibTeX, RIS and CSL-JSON.

BibTeX as biblatex reads it (https://ctan.org/pkg/biblatex), RIS as reference managers do, and
CSL-JSON (https://docs.citationstyles.org). Each article is a newspaper article with title, authors,
provider, date, and its address at the provider; the address in this archive is where it is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any

from .feed import Entry, Feed

MOST_CHARACTERS = 2_000
"""Of one field: a title is shorter."""

LONGEST_KEY = 120

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        **{each: f"\\{each}" for each in "&%$#_"},
    }
)
_LIGATURE = re.compile(r"(?<=([-'`,<>]))(?=\1)|(?<=[?!])(?=`)")
"""Where LaTeX would make one character of two, such as a dash of `--`."""

_IN_ADDRESS = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NOT_IN_KEY = re.compile(r"[^A-Za-z0-9_:.-]+")
_PLAIN_NAME = re.compile(r"[^\W\d_][\w'’.-]*", re.UNICODE)


def in_line(text: str | None) -> str:
    """Return text in one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text or "").split())[:MOST_CHARACTERS]


def split_name(name: str) -> tuple[str, str] | None:
    """Return given and family name; None where that is not certain: such a name stays whole."""
    words = name.split(" ")
    is_plain = len(words) == 2 and all(_PLAIN_NAME.fullmatch(each) for each in words)
    if not is_plain or not all(each[0].isupper() for each in words):
        return None
    return words[0], words[1]


def day_of(entry: Entry) -> date | None:
    """Return the day of an entry, None where it has no date."""
    return date.fromisoformat(entry.published[:10]) if entry.published else None


def _names(entry: Entry) -> list[str]:
    return [name for name in map(in_line, entry.authors) if name]


# -- BibTeX ---------------------------------------------------------------------


def write_bibtex(feed: Feed) -> str:
    """Return the entries of a feed as BibTeX."""
    cut = (
        [f"@comment{{The first {len(feed.entries):,}: more at {_bibtex_url(feed.next_url)}}}\n"]
        if feed.next_url
        else []
    )
    return "\n".join([*cut, *map(_bibtex, feed.entries)])


def _bibtex(entry: Entry) -> str:
    day = day_of(entry)
    fields = {
        "author": " and ".join(_bibtex_name(name) for name in _names(entry)),
        "title": f"{{{_latex(in_line(entry.title))}}}",
        "journal": _latex(in_line(entry.publisher)),
        "date": day.isoformat() if day else "",
        "year": f"{day.year:04}" if day else "",
        "url": _bibtex_url(entry.source_url or entry.url),
        "langid": _latex(in_line(entry.language)),
        "keywords": ", ".join(_latex(in_line(each).replace(",", " ")) for each in entry.categories),
        "note": f"Archived at {_latex(in_line(entry.url))}" if entry.source_url else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@article{{{key_of(entry)},", *lines, "}", ""])


def _latex(text: str) -> str:
    return _LIGATURE.sub("{}", text.translate(_LATEX))


def key_of(entry: Entry) -> str:
    """Return a key for BibTeX: the article's, as far as BibTeX allows, else with a hash of it."""
    key = entry.key or entry.id
    plain = _NOT_IN_KEY.sub("-", key)
    if plain == key and len(key) <= LONGEST_KEY:
        return key
    return f"{plain[:LONGEST_KEY]}-{sha256(key.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _bibtex_name(name: str) -> str:
    parts = split_name(name)
    if parts is None or "and" in (part.lower() for part in parts):
        return f"{{{_latex(name)}}}"  # in braces: one name, whatever it contains
    given, family = map(_latex, parts)
    return f"{family}, {given}"


def _bibtex_url(url: str | None) -> str:
    return in_line(url).translate(_IN_ADDRESS)


# -- RIS ------------------------------------------------------------------------


RIS_TYPE = "MGZN"
"""A magazine's article. Of a newspaper's (NEWS) citation-js takes the authors for reporters of no
author, and the year alone; both types have the same fields."""


def write_ris(feed: Feed) -> str:
    """Return the entries of a feed as RIS."""
    return "".join(f"{line}\r\n" for entry in feed.entries for line in _ris(entry))


def _ris(entry: Entry) -> Iterable[str]:
    day = day_of(entry)
    names = []
    for name in _names(entry):
        parts = split_name(name)
        names.append(f"{parts[1]}, {parts[0]}" if parts else name)
    lines: list[tuple[str, str]] = [
        ("TY", RIS_TYPE),
        ("ID", key_of(entry)),
        ("TI", in_line(entry.title)),
        *(("AU", name) for name in names),
        ("T2", in_line(entry.publisher)),
        ("PY", f"{day.year:04}" if day else ""),
        ("DA", day.strftime("%Y/%m/%d") if day else ""),
        ("UR", in_line(entry.source_url or entry.url)),
        ("LA", in_line(entry.language)),
        *(("KW", in_line(each)) for each in entry.categories),
        ("AB", in_line(entry.summary)),
        ("N1", f"Archived at {in_line(entry.url)}" if entry.source_url else ""),
    ]
    yield from (f"{tag}  - {value}" for tag, value in lines if value)
    yield "ER  - "


# -- CSL-JSON -------------------------------------------------------------------


def write_csl_json(feed: Feed) -> str:
    """Return the entries of a feed as CSL-JSON."""
    items = [_csl(feed, entry) for entry in feed.entries]
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _csl(feed: Feed, entry: Entry) -> dict[str, Any]:
    day = day_of(entry)
    item = {
        "id": key_of(entry),
        "type": "article-newspaper",
        "title": in_line(entry.title),
        "author": [_csl_name(name) for name in _names(entry)],
        "container-title": in_line(entry.publisher),
        "issued": {"date-parts": [[day.year, day.month, day.day]]} if day else None,
        "URL": in_line(entry.source_url or entry.url),
        "language": in_line(entry.language),
        "abstract": in_line(entry.summary),
        "archive": in_line(feed.publisher),
        "archive_location": in_line(entry.url),
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    parts = split_name(name)
    return {"given": parts[0], "family": parts[1]} if parts else {"literal": name}


FORMATS: list[dict[str, Any]] = [
    {
        "extension": extension,
        "name": name,
        "media_type": media_type,
        "write": write,
        "whole": True,
    }
    for extension, name, media_type, write in (
        ("bib", "BibTeX", "application/x-bibtex", write_bibtex),
        ("ris", "RIS", "application/x-research-info-systems", write_ris),
        ("csljson", "CSL-JSON", "application/vnd.citationstyles.csl+json", write_csl_json),
    )
]
