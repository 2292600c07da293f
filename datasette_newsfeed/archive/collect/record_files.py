"""Entries as record files in a folder, in the format of docs/records.md.

The name of a file comes from the id of its entry, so an edited title renames nothing. A file that
is known is rewritten only where its bytes change; nothing is deleted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ...errors import ArchiveError, DiskError
from ..files import replace_file
from .access_keys import without_keys
from .entries import Entry, EntryImage, Publisher
from .html_text import first_words

MAX_RECORD = 10_000_000
"""Bytes of a record that `newsfeed import` reads."""

MOST_FILES = 1_000_000
"""Files of a folder that are looked at for records of earlier runs."""

_NAME = re.compile(r"(?:\d{4}-\d\d-\d\d-)?([0-9a-f]{16})\.md", re.ASCII)
_HAS_SCHEME = re.compile(r"(?:https?://[^/]|urn:|tag:)[^\s]+", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?", re.ASCII)


class Folder:
    """A folder of record files, with those that earlier runs wrote."""

    def __init__(self, path: str | Path) -> None:
        """Look for record files below a folder, and make it if needed. Raises ArchiveError."""
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._known = self._find()
        except OSError as error:
            raise ArchiveError(str(path), f"cannot be used: {error.strerror or error}") from error

    def _find(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        seen = 0
        for folder, inner, names in os.walk(self.path, onerror=_raise):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                if match := _NAME.fullmatch(name):
                    found.setdefault(match[1], Path(folder, name))
            seen += len(names)
            if seen > MOST_FILES:
                raise ArchiveError(str(self.path), f"holds more than {MOST_FILES:,} files")
        return found

    def write(self, key: str, entry: Entry) -> str:
        """Write the record of an entry; return "added", "updated" or "unchanged".

        Raises ValueError where the entry is too long for a record, DiskError where the disk
        is full or fails.
        """
        data = record(entry)
        if len(data) > MAX_RECORD:
            raise ValueError(f"its record would have {len(data):,} bytes; {MAX_RECORD:,} are read")
        target = self._known.get(key)
        is_new = target is None
        if target is None:
            day = (entry.published or entry.updated or "")[:10]
            target = self.path / (f"{day}-{key}.md" if day else f"{key}.md")
        try:
            if not is_new and target.read_bytes() == data:
                return "unchanged"
            if target.is_symlink():
                raise ValueError(f"{target} is a link; remove it")
            replace_file(target, data)
        except OSError as error:
            raise DiskError(str(target), f"cannot be written: {error.strerror or error}") from error
        self._known[key] = target
        return "added" if is_new else "updated"


def _raise(error: OSError) -> None:
    raise error


def entry_key(entry: Entry, site: str) -> str:
    """Return the key of an entry: the same however its title or text is edited.

    An id that is a URI counts wherever it is found; any other is one of its site. Without an id
    the address, the enclosure and the time of publication together are one.
    """
    written = without_keys((entry.id or "").strip())
    if written:
        return _hash(written) if _HAS_SCHEME.match(written) else _hash(site, written)
    enclosure = entry.enclosures[0].url if entry.enclosures else ""
    if entry.url or enclosure:
        return _hash("", entry.url or "", enclosure, entry.published or "")
    return _hash("", site, entry.published or "", entry.title or entry.body or entry.excerpt or "")


def other_key(key: str, entry: Entry) -> str:
    """Return the key of an entry that has the id of another one."""
    return _hash(key, entry.url or "", entry.title or "", entry.published or "")


def _hash(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return sha256(text).hexdigest()[:16]


def has_content(entry: Entry) -> bool:
    """Tell whether there is anything to make a record of."""
    return bool(entry.title or entry.body or entry.excerpt or entry.url or entry.enclosures)


def record(entry: Entry) -> bytes:
    """Return the record file of an entry: the same bytes each time."""
    found = {key: value for key, value in _mapping(entry).items() if value not in (None, [], {})}
    front = yaml.dump(
        found,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1_000_000,
    )
    body = f"\n{entry.body}\n" if entry.body else ""
    return f"---\n{front}---\n{body}".encode()


def _mapping(entry: Entry) -> dict[str, Any]:
    guid = without_keys(entry.id or "")
    return {
        "title": _title(entry),
        "excerpt": entry.excerpt,
        "publishedDateTime": _moment(entry.published),
        "updatedDateTime": _moment(entry.updated),
        "webUrl": entry.url,
        "originalUrl": entry.original_url if entry.original_url != entry.url else None,
        "category": entry.category,
        "type": entry.type,
        "language": entry.language,
        "featuredContent": entry.player,
        "topics": list(entry.topics),
        "provider": _provider(entry.publisher, entry.authors),
        "images": [_image(image) for image in entry.images],
        "enclosures": [
            _given({"url": e.url, "type": e.type, "size": e.size, "duration": e.duration})
            for e in entry.enclosures
        ],
        **entry.more,
        "guid": guid if guid not in ("", entry.url, entry.original_url) else None,
    }


def _title(entry: Entry) -> str:
    words = entry.title or first_words(entry.body) or first_words(entry.excerpt)
    if words:
        return words
    address = entry.url or (entry.enclosures[0].url if entry.enclosures else "")
    parts = urlsplit(address)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.netloc or "Untitled"


def _provider(publisher: Publisher, authors: tuple[str, ...]) -> Mapping[str, Any]:
    logo = [{"url": publisher.logo}] if publisher.logo and publisher.domain else None
    return _given(
        {
            "name": publisher.name,
            "domain": publisher.domain,
            "authors": [{"name": name} for name in authors],
            "images": logo,
        }
    )


def _image(image: EntryImage) -> Mapping[str, Any]:
    return _given(
        {
            "url": image.url,
            "width": image.width,
            "height": image.height,
            "title": image.title,
            "attribution": image.attribution,
        }
    )


def _given(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value not in (None, [], "")}


class _Moment(str):
    """A time or day, written without quotes."""

    __slots__ = ()


def _moment(text: str | None) -> _Moment | None:
    return _Moment(text) if text and _TIME.fullmatch(text) else None


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: lists indented, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _write_moment(dumper: yaml.SafeDumper, value: _Moment) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", str(value))


_Dumper.add_representer(_Moment, _write_moment)
