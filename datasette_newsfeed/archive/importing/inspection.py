"""What an import would read and why: sites, dialects, keys with their columns, what is left out.

`newsfeed inspect` reads the files as an import does, and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import RecordError
from ..dialects import DIALECTS, Dialect, Document, LeftOut, dialect_of, reason_of_name
from ..dialects.column_keys import COLUMNS
from ..dialects.fields import host, normal
from ..dialects.json_values import json_value
from ..dialects.secrets import is_secret_key
from ..dialects.smartable import KEYS
from ..files import Folders
from ..records import Article
from .front_matter import read
from .parse import contents
from .sites import Sites

MOST_EXAMPLE = 60
"""The most characters of an example."""

MOST_KEYS = 1000
"""So many different keys are counted: an archive may have any number of them."""

EXTRA = "extra"

_COLUMN_OF = {
    normal(key.partition(".")[0]): column
    for column, keys in reversed(COLUMNS.items())
    for key in keys
}


@dataclass
class Key:
    """A key of the front matter: how many records have it, where it goes, one value."""

    records: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    example: str = ""


@dataclass
class Group:
    """The records of one dialect and one site."""

    dialect: str
    folder: str
    site: str | None
    address: str | None
    timezone: str | None
    articles: int = 0
    without: Counter[str] = field(default_factory=Counter)
    keys: dict[str, Key] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)
    """The hosts of absolute addresses in the records: what `--site` may be."""


@dataclass
class Inspection:
    """What was found below the paths. `left_out` has the number and an example of each reason."""

    groups: list[Group] = field(default_factory=list)
    left_out: dict[str, tuple[int, str]] = field(default_factory=dict)
    errors: list[RecordError] = field(default_factory=list)
    files: int = 0


def inspect_archive(
    paths: Iterable[str | Path],
    *,
    given: Mapping[str, Any] | None = None,
    follow_links: bool = False,
    dialects: Sequence[Dialect] = DIALECTS,
) -> Inspection:
    """Read the files below `paths` and return what an import would make of them.

    `given` are fields of a Site that the user sets; `follow_links` takes links that lead out of
    the paths. Files that cannot be read are among the
    errors, each with its path.
    """
    found = Inspection()
    groups: dict[tuple[str, str], Group] = {}
    folders = Folders(paths, found.errors.append, follow_links=follow_links)
    options = {root: dict(given or {}) for root in folders.roots}
    sites = Sites(folders.roots, options, found.errors.append, follow_links)
    for file in folders.files():
        found.files += 1
        site = sites.of(file.file)
        try:
            document = read(contents(file), sites.path_of(file.file, file.path))
            reason = reason_of_name(document)
            dialect = dialect_of(document, site.site, dialects)
            record = LeftOut(reason) if reason else dialect.read(document, site.site)
        except RecordError as error:
            found.errors.append(error.at(folders.shown(file.file)))
            continue
        if isinstance(record, LeftOut):
            count, example = found.left_out.get(record.reason, (0, file.path))
            found.left_out[record.reason] = (count + 1, example)
        elif isinstance(record, Article):
            root = site.root or ""
            key = (dialect.name, root)
            if key not in groups:
                groups[key] = Group(
                    *(dialect.name, folders.shown(root) if root else "", site.site.name),
                    *(site.site.address, site.site.timezone),
                )
            _note(groups[key], document, record)
    found.groups = sorted(groups.values(), key=lambda group: (-group.articles, group.dialect))
    return found


def _note(group: Group, document: Document, article: Article) -> None:
    group.articles += 1
    for column, value in (
        ("date", article.published_at),
        ("address", article.url),
        ("provider", article.provider and article.provider.domain),
    ):
        if not value:
            group.without[column] += 1
    for name, value in document.mapping.items():
        if name not in group.keys and len(group.keys) >= MOST_KEYS:
            continue
        key = group.keys.setdefault(name, Key())
        key.records += 1
        key.columns[_column(group.dialect, name, article)] += 1
        if is_secret_key(name):
            continue
        key.example = key.example or _short(json_value(value))
        if isinstance(value, str) and (site := host(value)):
            group.hosts[site] += 1


def _column(dialect: str, name: str, article: Article) -> str:
    if name in article.extra:
        return EXTRA
    if dialect == "smartable":
        return KEYS.get(name, "")
    return _COLUMN_OF.get(normal(name), "")


def _short(value: Any) -> str:
    text = " ".join(str(value).split()) if value is not None else ""
    return text if len(text) <= MOST_EXAMPLE else f"{text[: MOST_EXAMPLE - 1]}…"


def lines_of(inspection: Inspection) -> list[str]:
    """Return an inspection as lines for a terminal."""
    lines: list[str] = []
    for group in inspection.groups:
        about = f"{group.dialect}: {group.articles:,} article{'s' * (group.articles != 1)}"
        if group.folder:
            about += f" of the site in {group.folder}"
        lines.append(about)
        known = [
            f"{word} {value}"
            for word, value in (
                ("name", group.site),
                ("address", group.address),
                ("time zone", group.timezone),
            )
            if value
        ]
        if known:
            lines.append(f"  {', '.join(known)}")
        lacking = [f"{count:,} without {word}" for word, count in sorted(group.without.items())]
        if lacking:
            lines.append(f"  {', '.join(lacking)}")
        if group.without.get("provider") and group.hosts:
            name, count = group.hosts.most_common(1)[0]
            if count > group.articles / 2:
                lines.append(f"  most addresses are of {name}: perhaps --site https://{name}")
        lines += _table(group)
    for reason, (count, example) in sorted(inspection.left_out.items()):
        lines.append(f"left out: {count:,} ({reason}), for example {example}")
    if not inspection.groups and not inspection.left_out:
        lines.append("no record files found")
    return lines


def _table(group: Group) -> list[str]:
    rows = [
        (name, " ".join(column for column, _ in key.columns.most_common() if column), key)
        for name, key in sorted(group.keys.items(), key=lambda each: (-each[1].records, each[0]))
    ]
    width = min(30, max((len(name) for name, _, _ in rows), default=0))
    columns = min(24, max((len(column) for _, column, _ in rows), default=0))
    return [
        f"  {name:{width}}  {column:{columns}}  {key.records:>7,}  {key.example}"
        for name, column, key in rows
    ]


def data_of(inspection: Inspection) -> dict[str, Any]:
    """Return an inspection as JSON values."""
    return {
        "files": inspection.files,
        "dialects": [
            {
                "dialect": group.dialect,
                "folder": group.folder or None,
                "name": group.site,
                "address": group.address,
                "timezone": group.timezone,
                "articles": group.articles,
                "without": dict(group.without),
                "keys": {
                    name: {
                        "records": key.records,
                        "columns": dict(key.columns),
                        "example": key.example,
                    }
                    for name, key in group.keys.items()
                },
            }
            for group in inspection.groups
        ],
        "left_out": {
            reason: {"files": count, "example": example}
            for reason, (count, example) in inspection.left_out.items()
        },
        "errors": [
            {"path": error.path, "place": error.place, "reason": error.reason}
            for error in inspection.errors
        ],
    }
