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

_WORD = re.compile(r":([A-Za-z_]+)|\{([^{}]*)\}")
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
    filename: str
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
        word = (match[1] or match[2]).lower()
        found = _formatted(match[2], parts.day) if match[2] else None
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


def urlize(text: str) -> str:
    """Return text as Hugo writes it in an address: letters of all scripts stay."""
    words = re.sub(r"[^\w\s./\\+#%-]", "", unicodedata.normalize("NFC", text).strip())
    return re.sub(r"-{2,}", "-", re.sub(r"\s+", "-", words)).strip("-").lower()


def _formatted(written: str, day: datetime | None) -> str | None:
    """Return `{date:%Y/%m}` of Pelican, None where it is something else."""
    match = _DATE_FORMAT.fullmatch(written)
    return day.strftime(match[1]) if match and day and day.year >= 1000 else None


def _values(parts: Parts) -> Mapping[str, str]:
    found = {
        "slug": parts.slug,
        "title": parts.slug,
        "slugorfilename": parts.own_slug or parts.filename,
        "slugorcontentbasename": parts.own_slug or parts.filename,
        "name": parts.slug,
        "post_title": parts.slug,
        "filename": parts.filename,
        "contentbasename": parts.filename,
        "section": parts.sections[0] if parts.sections else "",
        "sections": "/".join(parts.sections),
        "categories": "/".join(slugify(each) or each.lower() for each in parts.categories),
        "category": "/".join(slugify(each) or each.lower() for each in parts.categories[:1]),
        "output_ext": ".html",
    }
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
