"""A record read a second way: every value of it, with its place, and where the tables have it.

Shares nothing with the importer: own splitting, PyYAML's parser in Python (the importer
has libyaml's), own reading of the contract. It asks no table for what it expects but
goes by places: each value of the file has to be found, and each value found has to be
of the file.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from commands import rows

Place = tuple[str | int, ...]

TEXTS = {
    "category": "category",
    "excerpt": "excerpt",
    "featuredContent": "featured_content",
    "type": "type",
    "originalUrl": "original_url",
    "webUrl": "web_url",
    "ampWebUrl": "amp_url",
    "cdnAmpWebUrl": "cdn_amp_url",
}
RELATED_TEXTS = {
    "title": "title",
    "excerpt": "excerpt",
    "type": "type",
    "ampWebUrl": "amp_url",
    "cdnAmpWebUrl": "cdn_amp_url",
}


@dataclass(frozen=True)
class Leaf:
    """A value of a record: as written, and whether YAML may take it for more than text."""

    text: str
    is_plain: bool

    @property
    def readings(self) -> list[Any]:
        """What JSON may say for it: the text, or the number or truth value that it spells."""
        if not self.is_plain:
            return [self.text]
        found = yaml.safe_load(f"[{self.text}]")[0] if re.fullmatch(r"[\w.+-]+", self.text) else ""
        is_json = isinstance(found, bool | int | float) and found == found
        if not is_json or not -(2.0**63) <= found < 2.0**63 or ":" in self.text:
            return [self.text]
        return [found]


class Record:
    """The values of one file by place; what lies below `secured` is left out."""

    def __init__(self, data: bytes) -> None:
        lines = data.decode("utf-8-sig").lstrip().split("\n")
        assert re.fullmatch(r"---+\s*", lines[0])
        # Jekyll closes with a line of dots as well, by which PyYAML ends some texts.
        ends = (n for n, line in enumerate(lines) if re.fullmatch(r"(---+|\.\.\.)\s*", line))
        end = next(n for n in ends if n)
        front = "\n".join(lines[1:end]) + "\n"
        self.body = "\n".join(lines[end + 1 :])
        self.leaves: dict[Place, Leaf] = dict(
            _leaves(yaml.compose(front, Loader=yaml.SafeLoader), ())
        )

    def below(self, *start: str | int) -> bool:
        """Tell whether there is any value at or below a place."""
        return any(place[: len(start)] == start for place in self.leaves)

    def text(self, *place: str | int) -> str | None:
        """Return what stands at a place, None if it is blank."""
        leaf = self.leaves.get(place)
        return leaf.text if leaf and shows(leaf.text) else None

    def name(self, *place: str | int) -> str | None:
        """Return the key that stands at a place, in NFC."""
        found = self.text(*place)
        return found and unicodedata.normalize("NFC", found)


# As in https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, under
# Default_Ignorable_Code_Point; then the Braille pattern and the annotation marks that show nothing.
IGNORABLE = (
    "AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF "
    "FFA0 FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF 2800 FFF9-FFFB"
)
UNSEEN = {
    chr(code)
    for each in IGNORABLE.split()
    for first, _, last in [each.partition("-")]
    for code in range(int(first, 16), int(last or first, 16) + 1)
}


def shows(text: str) -> bool:
    """Tell whether a reader sees anything of a text."""
    return any(
        character not in UNSEEN and unicodedata.category(character) not in ("Cc", "Zs", "Zl", "Zp")
        for character in text
    )


def _leaves(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, Leaf]]:
    match node:
        case yaml.ScalarNode(value=text, tag=tag):
            if not tag.endswith(":null"):
                yield place, Leaf(text, not tag.endswith(":str"))
        case yaml.SequenceNode(value=items):
            for position, item in enumerate(items):
                yield from _leaves(item, (*place, position))
        case yaml.MappingNode(value=pairs):
            merged: dict[Place, Leaf] = {}
            own: dict[Place, Leaf] = {}
            for key, value in pairs:
                is_merge = key.style is None and key.value == "<<"
                if is_merge:
                    maps = value.value if isinstance(value, yaml.SequenceNode) else [value]
                    for each in maps:
                        for at, leaf in _leaves(each, place):
                            merged.setdefault(at, leaf)
                    continue
                name = "null" if key.tag.endswith(":null") else key.value
                if name.strip().lower() != "secured":
                    own |= dict(_leaves(value, (*place, name)))
                    merged = {
                        a: v for a, v in merged.items() if a[: len(place) + 1] != (*place, name)
                    }
            yield from {**merged, **own}.items()


def in_utc(text: str) -> str:
    """Return a time as the tables write it."""
    found = yaml.safe_load(text.strip())
    if not isinstance(found, datetime):
        found = datetime.fromisoformat(str(found))
    found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return f"{found.year:04}{found:-%m-%dT%H:%M:%SZ}"


def whole(text: str | None) -> int:
    """Return a whole number as it is written; a fraction of zeros says nothing."""
    return int((text or "0").partition(".")[0])


def json_leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield the values of a JSON document with their places."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from json_leaves(item, (*place, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from json_leaves(item, (*place, position))
    elif value is not None:
        yield place, value


class Stored:
    """What the tables hold of one article, by the places of its record."""

    def __init__(self, db: Path, article_id: str) -> None:
        self.id = article_id
        (self.article,) = self._rows(db, "articles", "id = ?")
        self.topics = self._rows(db, "article_topics", "article_id = ? order by position")
        self.authors = self._rows(db, "article_authors", "article_id = ? order by position")
        self.related = self._rows(db, "related_articles", "article_id = ? order by position")
        self.images = self._rows(db, "article_images", "article_id = ? order by position")
        self.urls = {id: _of_file(url) for id, url in rows(db, "select id, url from images")}
        self.sizes = {
            _of_file(row[0]): row[1:]
            for row in rows(db, "select url, width, height, is_cached from images")
        }
        self.logos = dict(rows(db, "select domain, image_id from providers"))
        self.extra: dict[Place, Any] = dict(json_leaves(json.loads(self.article["extra"] or "{}")))
        for row in self.related:
            start = ("related", row["position"])
            self.extra |= json_leaves(json.loads(row["extra"] or "{}"), start)

    def _rows(self, db: Path, table: str, where: str) -> list[dict[str, Any]]:
        names = [row[1] for row in rows(db, f"pragma table_info({table})")]
        found = rows(db, f"select * from {table} where {where}", [self.id])
        return [dict(zip(names, row, strict=True)) for row in found]


def faults(record: Record, stored: Stored) -> list[str]:
    """Return what a record says and the tables do not, or the other way round, in words."""
    found = []
    expected = _expected(record, stored)
    for place, leaf in record.leaves.items():
        if not shows(leaf.text) and place not in stored.extra:
            continue  # blank text is no value
        if place in expected:
            is_there = expected[place]
        else:
            # Types matter: 1 is not true, and not 1.0.
            readings = [(type(each), each) for each in leaf.readings]
            value = stored.extra.get(_listed(place, record, stored))
            is_there = (type(value), value) in readings
        if not is_there:
            found.append(f"lost: {place} {leaf}")
    known = {_listed(place, record, stored) for place in record.leaves}
    found += [
        f"invented: {place} {value!r}"
        for place, value in stored.extra.items()
        if place not in known
    ]
    return found + _wrong_counts(record, stored)


def _listed(place: Place, record: Record, stored: Stored) -> Place:
    """A single thing that stands without its list is kept as the first of one."""
    for at, name in enumerate(place):
        if name in ("images", "related", "authors") and isinstance((*place, 0)[at + 1], str):
            listed = (*place[: at + 1], 0, *place[at + 1 :])
            if listed in stored.extra:
                return listed
    return place


def _wrong_counts(record: Record, stored: Stored) -> list[str]:
    """Rows that no value of the record asks for."""
    topics = _items(record, "topics")
    names = list(dict.fromkeys(name for at in topics if (name := record.name(*at))))
    found = []
    if [row["topic"] for row in stored.topics] != names:
        found.append(f"topics {stored.topics}")
    authors = [
        name for at in _items(record, "provider", "authors") if (name := _author(record, at))
    ]
    if [row["author"] for row in stored.authors] != authors:
        found.append(f"authors {stored.authors}")
    urls = [url for at in _items(record, "images") if (url := _url(record, at))]
    if [stored.urls[row["image_id"]] for row in stored.images] != urls:
        found.append(f"images {stored.images}")
    body = record.body.replace("\r\n", "\n").strip()
    if (stored.article["body"] or "").strip() != body:
        found.append(f"body {stored.article['body']!r}")
    return found


def _items(record: Record, *start: str | int) -> list[Place]:
    """The places of a list's items, or of the one thing that stands in its place."""
    depth = len(start)
    inner = [place for place in record.leaves if place[:depth] == start]
    if any(len(place) == depth or isinstance(place[depth], str) for place in inner):
        return [start]
    return sorted({place[: depth + 1] for place in inner}, key=lambda place: place[-1])


def _author(record: Record, at: Place) -> str | None:
    return record.name(*at) or record.name(*at, "name")


def _url(record: Record, at: Place) -> str | None:
    url = record.text(*at) or record.text(*at, "url")
    return url and _of_file(url)


def _of_file(url: str) -> str:
    """An image of the archive is one file, in whatever normal form its path is written."""
    return url if "://" in url else unicodedata.normalize("NFC", url)


def _expected(record: Record, stored: Stored) -> dict[Place, bool]:
    """For each place that has a column: whether what stands there is in it."""
    article, text = stored.article, record.text
    found: dict[Place, bool] = {}
    title = "title" if text("title") else "name"
    found[(title,)] = article["title"] == text(title)
    for key, column in TEXTS.items():
        found[(key,)] = article[column] == text(key)
    for key, column in (("publishedDateTime", "published_at"), ("updatedDateTime", "updated_at")):
        found[(key,)] = not text(key) or article[column] == in_utc(text(key) or "")
    for key in ("heat", "quality"):
        found[(key,)] = not text(key) or article[key] == whole(text(key))
    if text("published"):
        is_true = text("published").strip().lower() in ("true", "yes", "y", "on", "1")
        found[("published",)] = article["published"] == is_true
    _expect_provider(record, article, found, ("provider",))
    for at in _items(record, "topics"):
        found[at] = True  # their order is compared as a whole
    for at in _items(record, "provider", "authors"):
        found[at if at in record.leaves else (*at, "name")] = True
    images = [at for at in _items(record, "images") if _url(record, at)]
    for at, row in zip(images, stored.images, strict=False):
        _expect_image(record, stored, found, at)
        for key in ("title", "attribution"):
            found[(*at, key)] = row[key] == text(*at, key)
    _expect_logo(record, stored, found, ("provider",))
    for at, row in zip(_related(record), stored.related, strict=False):
        _expect_related(record, stored, found, at, row)
    return found


def _related(record: Record) -> list[Place]:
    """One row for each item: the last with a value is as far as values can tell."""
    items = _items(record, "related")
    if not items or items == [("related",)]:
        return items
    return [("related", position) for position in range(int(items[-1][-1]) + 1)]


def _expect_related(
    record: Record, stored: Stored, found: dict[Place, bool], at: Place, row: dict[str, Any]
) -> None:
    text = record.text
    for key, column in RELATED_TEXTS.items():
        found[(*at, key)] = row[column] == text(*at, key)
    url = "webUrl" if text(*at, "webUrl") else "originalUrl"
    found[(*at, url)] = row["url"] == text(*at, url)
    if text(*at, "publishedDateTime"):
        moment = in_utc(text(*at, "publishedDateTime") or "")
        found[(*at, "publishedDateTime")] = row["published_at"] == moment
    if text(*at, "quality"):
        found[(*at, "quality")] = row["quality"] == whole(text(*at, "quality"))
    _expect_provider(record, row, found, (*at, "provider"))
    _expect_logo(record, stored, found, (*at, "provider"))
    lead = next((each for each in _items(record, *at, "images") if _url(record, each)), None)
    if lead:
        _expect_image(record, stored, found, lead)
        found[lead if lead in record.leaves else (*lead, "url")] = stored.urls.get(
            row["image_id"]
        ) == _url(record, lead)


def _expect_provider(
    record: Record, row: dict[str, Any], found: dict[Place, bool], at: Place
) -> None:
    if at in record.leaves:
        found[at] = row["provider_name"] == record.name(*at)
        return
    found[(*at, "name")] = row["provider_name"] == record.name(*at, "name")
    domain = record.name(*at, "domain")
    found[(*at, "domain")] = row["provider_id"] == (domain.strip().lower() if domain else None)


def _expect_logo(record: Record, stored: Stored, found: dict[Place, bool], at: Place) -> None:
    if not record.text(*at, "domain"):
        return
    logo = next((each for each in _items(record, *at, "images") if _url(record, each)), None)
    if logo is None:
        return
    # Which of several logos a provider has is decided by all records together.
    url = _url(record, logo)
    is_shown = url in stored.sizes
    domain = (record.text(*at, "domain") or "").strip().lower()
    found[logo if logo in record.leaves else (*logo, "url")] = (
        is_shown or stored.logos.get(domain) is not None
    )
    if is_shown:
        _expect_image(record, stored, found, logo)
    else:
        found |= {(*logo, key): True for key in ("width", "height", "isCached")}


def _expect_image(record: Record, stored: Stored, found: dict[Place, bool], at: Place) -> None:
    if at in record.leaves:
        found[at] = _url(record, at) in stored.sizes
        return
    width, height, is_cached = stored.sizes.get(_url(record, at) or "", (None, None, None))
    found[(*at, "url")] = _url(record, at) in stored.sizes
    mine = [whole(record.text(*at, key)) for key in ("width", "height")]
    # Of several sizes given for one image the largest stands.
    is_larger = (width or 0) * (height or 0) > max(mine[0], 0) * max(mine[1], 0)
    shown = (width or 0, height or 0)
    is_same = shown == tuple(max(each, 0) for each in mine)
    for key in ("width", "height", "isCached"):
        found[(*at, key)] = is_same or is_larger or shown[0] * shown[1] == mine[0] * mine[1]
    assert is_cached in (None, 0, 1)


def article_id(path: Path) -> str:
    """Return the key of the article in a file of this name."""
    return unicodedata.normalize("NFC", path.stem)
