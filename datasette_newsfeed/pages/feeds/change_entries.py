"""The entries of a feed of changes: one for each version of an article, with what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid5

from markupsafe import Markup

from ... import schema
from ...changes import Change
from ..links import Links
from ..text.change_labels import field_name, in_words
from ..text.word_diff import word_diff
from .feed import NAMESPACE, Entry, rfc3339, xml_text

KEY = schema.ARTICLE_CHANGES.primary_key

MOST_SUMMARY = 300


def are_changes(table: str | None, columns: Iterable[str]) -> bool:
    """Return whether rows are changes that can be told apart."""
    return table == schema.ARTICLE_CHANGES.name and set(KEY) <= set(columns)


def change_entries(
    rows: Sequence[Any], titles: Mapping[str, str], links: Links, absolute: Callable[[str], str]
) -> tuple[Entry, ...]:
    """Return the entries of some changes, in their order: those of one version are one entry."""
    versions: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        versions.setdefault((str(row["article_id"]), int(row["number"])), []).append(row)
    return tuple(
        _entry(key, number, changes, titles.get(key, key), links, absolute)
        for (key, number), changes in versions.items()
    )


def _entry(
    key: str,
    number: int,
    rows: Sequence[Any],
    title: str,
    links: Links,
    absolute: Callable[[str], str],
) -> Entry:
    changes = [Change(row["field"], row["before"], row["after"]) for row in rows]
    names = ", ".join(dict.fromkeys(field_name(change.field) for change in changes))
    between = {"from": str(max(1, number - 1)), "to": str(number)}
    committed_at = rfc3339(rows[0]["committed_at"])
    content = Markup("").join(
        Markup("<h3>{}</h3><p>{}</p>").format(
            field_name(each.field),
            word_diff(in_words(each.field, each.before), in_words(each.field, each.after)),
        )
        for each in changes
    )
    first = changes[0]
    before, after = ((each or "nothing")[:MOST_SUMMARY] for each in (first.before, first.after))
    return Entry(
        id=uuid5(NAMESPACE, f"change:{key}:{number}").urn,
        title=xml_text(f"{names} changed: {title}"),
        url=absolute(links.history(key, **between)),
        published=committed_at,
        updated=committed_at,
        summary=xml_text(f"{field_name(first.field)}: {before} → {after}"),
        content=xml_text(content),
        key=key,
    )
