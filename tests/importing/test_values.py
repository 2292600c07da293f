"""Values of a record: the same record in YAML, TOML or JSON says the same.

YAML hands on text, other syntaxes numbers, truth values and dates of their own.
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from commands import import_report, record, rows, value, write

from datasette_newsfeed.archive.dialects.smartable import adapt
from datasette_newsfeed.archive.importing.front_matter import read
from datasette_newsfeed.errors import RecordError

YAML = """---
title: 2021
excerpt: 1.5
category: false
publishedDateTime: 2021-04-21
updatedDateTime: 2021-04-21T19:15:00+02:00
type: 2021-04-21
heat: 0
quality: -5
published: false
topics: [AI, 2021, true, 1.5]
provider: {name: 7, domain: a.example, authors: [{name: 1984}], since: 2001-02-03}
images: [{url: /a.png, width: 640, height: 0, isCached: true}]
related: [{title: 2001, quality: 3, publishedDateTime: 2021-04-20T10:00:00Z}]
price: 2.5
length: 0
seen: false
nested: [{since: 2021-04-21, huge: 99999999999999999999, none: .nan}, 1, true]
---
"""
TOML = """
title = 2021
excerpt = 1.5
category = false
publishedDateTime = 2021-04-21
updatedDateTime = 2021-04-21T19:15:00+02:00
type = 2021-04-21
heat = 0
quality = -5
published = false
topics = ["AI", 2021, true, 1.5]
provider = {name = 7, domain = "a.example", authors = [{name = 1984}], since = 2001-02-03}
images = [{url = "/a.png", width = 640, height = 0, isCached = true}]
related = [{title = 2001, quality = 3, publishedDateTime = 2021-04-20T10:00:00Z}]
price = 2.5
length = 0
seen = false
nested = [{since = 2021-04-21, huge = 99999999999999999999, none = ".nan"}, 1, true]
"""


def test_typed_values_say_what_text_says() -> None:
    mapping = read(YAML.encode()).mapping
    typed = tomllib.loads(TOML)
    assert adapt(typed, "", "a") == adapt(mapping, "", "a")
    # JSON has no dates: there they are text.
    assert adapt(json.loads(json.dumps(typed, default=str)), "", "a") == adapt(typed, "", "a")


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ({"heat": 4.5}, "heat"),
        ({"heat": True}, "heat"),
        ({"heat": 2**63}, "heat"),
        ({"heat": 10**5000}, "heat"),
        ({"heat": float("inf")}, "heat"),
        ({"published": 2}, "published"),
        ({"published": 1.5}, "published"),
        ({"publishedDateTime": True}, "publishedDateTime"),
        ({"publishedDateTime": 1.5}, "publishedDateTime"),
        ({"provider": 5}, "provider"),
        ({"provider": True}, "provider"),
        ({"images": [5]}, "images[0]"),
        ({"related": 1.5}, "related"),
        ({"topics": {"a": 1}}, "topics"),
    ],
)
def test_typed_values_that_cannot_be_meant(found: dict[str, Any], place: str) -> None:
    with pytest.raises(RecordError) as caught:
        adapt({"title": "A", **found}, "", "a")
    assert caught.value.place == place
    assert "a list" not in caught.value.reason


def test_numbers_beyond_json_are_kept_as_text() -> None:
    found = adapt({"title": "A", "n": [float("nan"), 2**70, 10**5000], "secured": 5}, "", "a")
    extra = json.loads(json.dumps(found.extra, allow_nan=False))
    assert extra["n"][:2] == ["nan", str(2**70)]
    assert int(extra["n"][2], 16) == 10**5000


# One name, one row

COMPOSED = "Caf\u00e9 \u1112\u1161\u11ab"  # the Hangul half apart in both
APART = unicodedata.normalize("NFD", COMPOSED)
NAMES = unicodedata.normalize("NFC", COMPOSED)


def test_names_are_one_however_their_letters_are_composed(tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    for name, word in (("a", COMPOSED), ("b", APART)):
        write(
            tmp_path / "records" / f"{name}.md",
            record(
                word,
                f"topics: [{word}, x, {APART}]",
                f"provider: {{name: {word}, domain: {word[:4]}.example, authors: [{word}]}}",
                f"related: [{{title: C, provider: {{name: {word}, domain: {word[:4]}.example}}}}]",
            ),
        )
    write(
        tmp_path / "records" / "org.md",
        f"---\ntaxonomy: organization\n_id: {APART[:4]}\u0301.example\nname: {APART}\n---\n",
    )
    import_report(db, tmp_path / "records")
    assert rows(db, "select name from topics order by name") == [(NAMES,), ("x",)]
    assert rows(db, "select name from authors") == [(NAMES,)]
    assert set(rows(db, "select provider_name from articles")) == {(NAMES,)}
    assert set(rows(db, "select provider_name from related_articles")) == {(NAMES,)}
    assert rows(db, "select topic, position from article_topics where article_id = 'b'") == [
        (NAMES, 0),
        ("x", 1),
    ]
    for (domain,) in rows(db, "select domain from providers"):
        assert domain == unicodedata.normalize("NFC", domain)
    # Texts stay as written.
    assert value(db, "select title from articles where id = 'b'") == APART


# What nobody can see

UNSEEN = {
    "zero-width space": "\u200b",
    "soft hyphens": "\u00ad\u00ad",
    "word joiner and byte order mark": "\u2060\ufeff",
    "direction marks": "\u200e\u202e\u2066 \u2069",
    "no-break and ideographic spaces": "\u00a0\u3000",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "variation selectors": "\ufe0f\U000e0101",
    "tags": "\U000e0041\U000e007f",
    "Braille blank": "\u2800",
    "combining grapheme joiner": "\u034f",
    "line separators": "\u2028\u2029",
    "controls": "\\x07\\x1b\\x85",
    "Mongolian vowel separator": "\u180e",
    "musical format controls": "\U0001d173",
}


@pytest.mark.parametrize("case", UNSEEN)
def test_a_title_of_invisible_characters_is_none(case: str, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    text = UNSEEN[case]
    write(tmp_path / "records" / "a.md", f'---\ntitle: "{text}"\n---\n')
    write(tmp_path / "records" / "b.md", f'---\ntitle: "{text}"\nname: "B"\n---\n')
    write(tmp_path / "records" / "c.md", f'---\ntitle: "C"\ntopics: ["{text}", "T"]\n---\n')
    write(tmp_path / "records" / "d.md", f'---\ntitle: "{text}D{text}"\n---\n')
    report = import_report(db, tmp_path / "records", status=1)
    (error,) = report["errors"]
    assert (Path(error["path"]).name, error["place"]) == ("a.md", "title")
    assert value(db, "select title from articles where id = 'b'") == "B"
    assert rows(db, "select name from topics") == [("T",)]
    assert "D" in value(db, "select title from articles where id = 'd'")


@pytest.mark.parametrize("title", ["👩\u200d👩\u200d👧", "·", "\u0301", "🏴\U000e0067", "ـ", "ㅤx"])
def test_a_title_of_which_anything_shows_is_one(title: str, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    write(tmp_path / "records" / "a.md", f'---\ntitle: "{title}"\n---\n')
    import_report(db, tmp_path / "records")
    assert value(db, "select title from articles") == title
