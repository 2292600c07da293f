"""The address of an article, from the pattern with which its site builds addresses.

A pattern with a part that is not known gives no address: a wrong one would make two articles
one. The words are those of the generators' documentation: gohugo.io/configuration/permalinks,
jekyllrb.com/docs/permalinks, hexo.io/docs/permalinks, docs.getpelican.com (URL settings).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urljoin, urlsplit

_WORD = re.compile(r":([A-Za-z_]+)(?:\[(\d*)(:?)(\d*|last)\])?|\{([^{}]*)\}")
_DATE_FORMAT = re.compile(r"date:((?:%-?[A-Za-z]|[-/_.])+)")

JEKYLL_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "weekdate": "/:categories/:year/W:week/:short_day/:title.html",
    "none": "/:categories/:title.html",
}
"""The named patterns of Jekyll."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pattern may be made of. `day` is the date as its site shows it, in its own zone."""

    slug: str
    title: str
    """What `:title` stands for, already as a part of an address."""
    filename: str
    path: str = ""
    """The path of the file below its collection, without suffix."""
    own_slug: str | None = None
    """The slug that the record itself gives."""
    day: datetime | None = None
    sections: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None


def expand(pattern: str, parts: Parts) -> str | None:
    """Return the path that a pattern makes of an article, None where a part is not known."""
    values = _values(parts)
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        word = (match[1] or match[5] or "").lower()
        found = _formatted(match[5], parts.day) if match[5] else None
        if word == "sections" and (match[2] or match[3] or match[4]):
            found = _sliced(parts.sections, match)
        if found is None:
            found = values.get(word)
        if found is None:
            missing = True
        return found or ""

    path = _WORD.sub(fill, pattern)
    last = path.rstrip("/").rpartition("/")[2]
    # Such as `1200`, a time of day: many articles share it.
    if not any(letter.isalpha() for letter in last.removesuffix(".html")):
        return None
    return None if missing else re.sub(r"/{2,}", "/", path)


def resolve(address: str, path: str) -> str | None:
    """Return a path below the address of a site as an address, percent-encoded where needed."""
    try:
        found = urljoin(address, quote(path.lstrip("/"), safe="/%:@!$&'()*+,;=~-._?#"))
        return found if urlsplit(found).netloc else None
    except ValueError:
        return None


def slugify(text: str) -> str:
    """Return text as the last part of an address: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def is_transliterable(text: str) -> bool:
    """Tell whether Latin letters with marks are all that is not ASCII in a text.

    Pelican and Zola write other letters with tables of their own: `ß` as `ss`, `东` as `dong`.
    """
    letters = (each for each in unicodedata.normalize("NFKD", text) if not each.isascii())
    return not any(each.isalnum() for each in letters)


def urlize(text: str) -> str:
    """Return text as Hugo writes it in an address: letters of all scripts stay.

    A blank becomes a hyphen unless a hyphen is beside it; what is no letter, digit or one of
    `./\\_#+~-@` goes.
    """
    kept: list[str] = []
    has_blank = False
    for letter in unicodedata.normalize("NFC", text.strip()):
        if letter in "./\\_#+~-@%" or letter.isalnum() or unicodedata.category(letter)[0] == "M":
            if has_blank and letter != "-":
                kept.append("-")
            has_blank = False
            kept.append(letter)
        elif letter.isspace():
            has_blank = bool(kept) and kept[-1] != "-"
    return "".join(kept).lower()


def _sliced(sections: tuple[str, ...], match: re.Match[str]) -> str | None:
    """Return `:sections[1:]` of Hugo; `[last]` is the last, None where there is none."""
    count = len(sections)
    first = int(match[2] or 0)
    end = max(0, count - 1) if match[4] == "last" else int(match[4] or count)
    if match[3]:
        return "/".join(sections[first:end])
    first = end if match[4] == "last" else first
    return sections[first] if first < count else None


def _formatted(written: str, day: datetime | None) -> str | None:
    """Return `{date:%Y/%m}` of Pelican, None where it is something else."""
    match = _DATE_FORMAT.fullmatch(written)
    return day.strftime(match[1]) if match and day and day.year >= 1000 else None


def _values(parts: Parts) -> Mapping[str, str]:
    found = {
        "slug": parts.slug,
        "title": parts.title,
        "slugorfilename": parts.own_slug or parts.filename,
        "slugorcontentbasename": parts.own_slug or parts.filename,
        "name": parts.slug,
        "post_title": parts.slug,
        "filename": parts.filename,
        "contentbasename": parts.filename,
        "section": parts.sections[0] if parts.sections else "",
        "sections": "/".join(parts.sections),
        "categories": "/".join(parts.categories),
        "slugified_categories": "/".join(slugify(each) for each in parts.categories),
        "collection": parts.sections[0] if parts.sections else "",
        "output_ext": ".html",
    }
    if parts.path:
        found["path"] = parts.path
    if parts.categories:
        found["category"] = parts.categories[0]
    if parts.language:
        found["lang"] = parts.language
    if day := parts.day:
        week = day.isocalendar()
        found |= {
            "year": f"{day.year:04}",
            "month": f"{day.month:02}",
            "day": f"{day.day:02}",
            "i_month": str(day.month),
            "i_day": str(day.day),
            "short_year": f"{day.year % 100:02}",
            "hour": f"{day.hour:02}",
            "minute": f"{day.minute:02}",
            "second": f"{day.second:02}",
            "y_day": f"{day.timetuple().tm_yday:03}",
            "yearday": str(day.timetuple().tm_yday),
            "week": f"{week.week:02}",
            "w_year": f"{week.year:04}",
            "w_day": str(week.weekday),
            "monthname": day.strftime("%B"),
            "short_month": day.strftime("%b"),
            "long_month": day.strftime("%B"),
            "short_day": day.strftime("%a"),
            "long_day": day.strftime("%A"),
            "weekdayname": day.strftime("%A"),
        }
    return found
