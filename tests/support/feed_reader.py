"""Reads a feed as others do: strictly, by the grammar of its format, then with feedparser.

Knows the formats, neither the archive nor the pages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import feedparser
from jsonschema import Draft202012Validator
from lxml import etree

FORMATS = ("atom", "rss", "jsonfeed")
_GRAMMARS = Path(__file__).parent / "feed_formats"
_XML = {name: etree.RelaxNG(file=str(_GRAMMARS / f"{name}.rng")) for name in ("atom", "rss")}
_JSON = Draft202012Validator(json.loads((_GRAMMARS / "jsonfeed.schema.json").read_text()))
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True)
class Read:
    """A feed as read: what the formats have in common. Times are as feedparser gives them."""

    title: str
    url: str
    self_url: str
    next_url: str | None
    entries: list[dict[str, Any]]

    @property
    def ids(self) -> list[str]:
        """The keys of the articles, from their addresses here."""
        return [key_of(entry["url"]) for entry in self.entries]


def key_of(url: str) -> str:
    """Return the key of an article whose page has this address."""
    last = urlsplit(url).path.rpartition("/")[2]
    # Datasette writes ~ for %, and + for a space.
    return unquote(last.replace("+", " ").replace("%", "%25").replace("~", "%"))


def read_feed(extension: str, document: bytes) -> Read:
    """Return a feed; fails where it breaks a rule of its format."""
    return _read_json(document) if extension == "jsonfeed" else _read_xml(extension, document)


def _read_json(document: bytes) -> Read:
    feed = json.loads(document)
    faults = [f"{list(each.path)}: {each.message[:200]}" for each in _JSON.iter_errors(feed)]
    assert faults == []
    entries = [
        {
            "id": item["id"],
            "url": item["url"],
            "source_url": item.get("external_url"),
            "title": item["title"],
            "summary": item.get("summary"),
            "content": item["content_html"],
            "published": item.get("date_published"),
            "updated": item.get("date_modified"),
            "authors": [each["name"] for each in item.get("authors", [])],
            "categories": item.get("tags", []),
            "enclosures": [
                (each["url"], each["mime_type"], each.get("size_in_bytes"))
                for each in item.get("attachments", [])
            ],
        }
        for item in feed["items"]
    ]
    _assert_ids_differ(entries)
    return Read(
        feed["title"], feed["home_page_url"], feed["feed_url"], feed.get("next_url"), entries
    )


def _read_xml(extension: str, document: bytes) -> Read:
    tree = etree.fromstring(document)
    grammar = _XML[extension]
    assert grammar.validate(tree), str(grammar.error_log)[:2000]
    found = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.bozo_exception
    assert found.version == {"atom": "atom10", "rss": "rss20"}[extension]
    entries = [_entry(entry) for entry in found.entries]
    _assert_ids_differ(entries)
    if extension == "atom":
        _assert_authors_and_links(tree)
    by_rel = {link["rel"]: link["href"] for link in found.feed.links}
    if extension == "rss":
        by_rel["alternate"] = found.feed.link
    return Read(
        found.feed.title,
        by_rel["alternate"],
        by_rel["self"],
        by_rel.get("next"),
        entries,
    )


def _entry(entry: Any) -> dict[str, Any]:
    via = [link["href"] for link in entry.links if link["rel"] == "via"]
    content = [each["value"] for each in entry.get("content", ())]
    summary = entry.get("summary")
    return {
        "id": entry.id,
        "url": entry.link,
        "source_url": via[0] if via else None,
        "title": entry.title,
        "summary": None if content and summary == content[0] else summary,
        "content": content[0] if content else "",
        "published": _time(entry.get("published_parsed")),
        "updated": _time(entry.updated_parsed) if "updated" in entry else None,
        "authors": [each["name"] for each in entry.get("authors", ()) if "name" in each],
        "categories": [tag["term"] for tag in entry.get("tags", ())],
        "enclosures": [
            (each["href"], each.get("type"), int(each["length"]) if each.get("length") else None)
            for each in entry.enclosures
        ],
    }


def _time(parsed: Any) -> str | None:
    return None if parsed is None else "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*parsed[:6])


def _assert_ids_differ(entries: list[dict[str, Any]]) -> None:
    assert len({entry["id"] for entry in entries}) == len(entries)


def _assert_authors_and_links(tree: Any) -> None:
    """What RFC 4287 asks for in words only: an author somewhere, no two alternates alike."""
    for element in (tree, *tree.findall(f"{ATOM}entry")):
        assert element.find(f"{ATOM}author") is not None or tree.find(f"{ATOM}author") is not None
        alternates = [
            link.get("type")
            for link in element.findall(f"{ATOM}link")
            if link.get("rel") == "alternate"
        ]
        assert len(set(alternates)) == len(alternates) == 1
