"""A small archive with everything a page must cope with, hostile rows included.

Built with the schema and sqlite-utils alone, so that the pages can be tested
without the importer. All of it is fiction.
"""

from __future__ import annotations

import hashlib
import html
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import sqlite_utils
from datasette.app import Datasette
from share import LINE
from time_limits import PATIENT

from datasette_newsfeed import schema
from datasette_newsfeed.image_urls import image_id

V1 = LINE == "1.0"

SCRIPT = "<script>alert('hostile')</script>"
HOSTILE = "2024-03-03-hostile"
STORY = "2024-03-05-tidal-kites"
FOLLOWER = "2024-03-04-kites-again"
VIDEO = "2024-03-02-harbour-film"
ODD = "2024-03-01-it's 100% a/b~c,d"

LEAD_URL = "https://images.example.org/kite.png"
REMOTE_URL = "https://images.example.org/only there.jpg"
RELATIVE_URL = "/assets/images/local.png"
SCRIPT_URL = "javascript:alert(1)"
LOGO_URL = "https://images.example.org/logo.png"


def png(width: int, height: int, colour: tuple[int, int, int] = (40, 110, 160)) -> bytes:
    """Return a picture of one colour."""
    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def rendition(url: str, width: int, height: int) -> dict[str, Any]:
    """Return a stored copy as a row."""
    content = png(width, height)
    return {
        "image_id": image_id(url),
        "width": width,
        "height": height,
        "type": "image/png",
        "sha256": hashlib.sha256(content).hexdigest(),
        "original_type": "image/png",
        "original_width": 1600,
        "original_height": 900,
        "original_size": 12345,
        "content": content,
    }


def _article(key: str, title: str, published_at: str, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(schema.ARTICLES.column_names)
    return {
        **row,
        "id": key,
        "title": title,
        "published_at": published_at,
        "is_headline": 1,
        **more,
    }


ARTICLES = [
    _article(
        STORY,
        "Tidal kites & the quiet strait",
        "2024-03-05T08:30:00Z",
        image_id=image_id(LEAD_URL),
        provider_id="strait.example",
        provider_name="The Strait Observer",
        type="article",
        heat=40,
        quality=30,
        published=1,
        excerpt="A kite pulls power &#8216;out of the tide&#8217;. <b>Quietly.</b>",
        body="# Why kites\n\nThey **pull**. See [the plans](/plans?x=1&y=2) and\n"
        "[this](javascript:alert(1)).\n\n<img src=x onerror=alert(1)>\n\n- one\n- two\n",
        url="https://strait.example/kites?a=1&b=2",
        web_url="https://strait.example/kites?a=1&b=2",
        amp_url="https://strait.example/amp/kites",
        updated_at="2024-03-05T10:00:00Z",
    ),
    _article(
        FOLLOWER,
        "Kites again",
        "2024-03-04T07:00:00Z",
        image_id=image_id(REMOTE_URL),
        provider_id="harbour.example",
        provider_name="A headline by mistake",
        type="article",
        heat=-1,
        published=0,
        url="https://harbour.example/again",
    ),
    _article(
        HOSTILE,
        f'"Quotes" {SCRIPT}',
        "2024-03-03T07:00:00Z",
        image_id=image_id(SCRIPT_URL),
        provider_id="hostile.example",
        type="article",
        excerpt=f"{SCRIPT} & <img src=x onerror=alert(2)>",
        body=f"{SCRIPT}\n\n[x](javascript:alert(3)) ![y](data:text/html,z)\n\n" + "word " * 100,
        url=SCRIPT_URL,
        amp_url="data:text/html,boo",
        featured_content=f"<iframe src='https://evil.example/embed/abcdefgh'></iframe>{SCRIPT}"
        + "x" * 400,
        extra='{"key": "<script>alert(4)</script>"}',
    ),
    _article(
        VIDEO,
        "A film of the harbour",
        "2024-03-02T07:00:00Z",
        image_id=image_id(RELATIVE_URL),
        provider_id="youtube.com",
        provider_name="Harbour Films",
        type="video",
        url="https://www.youtube.com/watch?v=abcdefghijk",
        featured_content='<iframe src="//www.youtube.com/embed/abcdefghijk?autoplay=1"></iframe>',
    ),
    _article(ODD, "An odd key", "2024-03-01T07:00:00Z"),
    _article("undated", "Nobody knows when", ""),
]

PROVIDERS = [
    {"domain": "strait.example", "name": "The Strait Observer", "image_id": image_id(LOGO_URL)},
    {"domain": "harbour.example", "name": "Harbour News", "image_id": None},
    {"domain": "hostile.example", "name": SCRIPT, "image_id": None},
    {"domain": "youtube.com", "name": "youtube.com", "image_id": None},
    {"domain": "elsewhere.example", "name": "Elsewhere", "image_id": None},
]

TOPICS = {
    STORY: ["Tidal power", "R&D"],
    FOLLOWER: ["Tidal power"],
    HOSTILE: [SCRIPT, "Tidal power"],
    VIDEO: ["Harbours"],
}


def _related(article: str, position: int, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(schema.RELATED_ARTICLES.column_names)
    return {**row, "article_id": article, "position": position, **more}


RELATED = [
    _related(
        STORY,
        0,
        title="Kites again",
        published_at="2024-03-04T07:00:00Z",
        url="https://harbour.example/again",
        provider_id="harbour.example",
        image_id=image_id(REMOTE_URL),
        related_id=FOLLOWER,
    ),
    _related(
        STORY,
        1,
        title="Not in this archive",
        url="https://elsewhere.example/far",
        provider_id="elsewhere.example",
        image_id=image_id(LEAD_URL),
    ),
    _related(STORY, 2, title=SCRIPT, url=SCRIPT_URL),
]


def build_archive(path: Path, renditions: bool = True) -> Path:
    """Write the archive; with `renditions` the lead image and the logo have stored copies."""
    db = sqlite_utils.Database(path)
    schema.create(db)
    images = [
        {"id": image_id(url), "url": url, "width": width, "height": height, "is_cached": None}
        for url, width, height in [
            (LEAD_URL, 1600, 900),
            (REMOTE_URL, 800, 600),
            (RELATIVE_URL, None, None),
            (SCRIPT_URL, None, None),
            (LOGO_URL, 64, 64),
        ]
    ]
    db.table("images").upsert_all(images, pk="id")
    db.table("providers").upsert_all(PROVIDERS, pk="domain")
    topics = sorted({topic for names in TOPICS.values() for topic in names})
    db.table("topics").insert_all({"name": topic} for topic in topics)
    db.table("authors").insert_all([{"name": "Nell Strand"}, {"name": f"O'Brien {SCRIPT}"}])
    db.table("articles").upsert_all(ARTICLES, pk="id")
    rows = [
        {"article_id": article, "topic": topic, "position": position}
        for article, names in TOPICS.items()
        for position, topic in enumerate(names)
    ]
    db.table("article_topics").insert_all(rows)
    db.table("article_authors").insert_all(
        [
            {"article_id": STORY, "position": 0, "author": "Nell Strand"},
            {"article_id": HOSTILE, "position": 0, "author": f"O'Brien {SCRIPT}"},
        ]
    )
    db.table("article_images").insert_all(
        [
            {
                "article_id": article["id"],
                "position": 0,
                "image_id": article["image_id"],
                "title": SCRIPT if article["id"] == HOSTILE else "A kite over the strait",
                "attribution": "Photo: Nell Strand",
            }
            for article in ARTICLES
            if article["image_id"]
        ]
    )
    db.table("related_articles").insert_all(RELATED)
    if renditions:
        copies = [rendition(LEAD_URL, width, width * 9 // 16) for width in (320, 640, 1280)]
        db.table("image_renditions").insert_all([*copies, rendition(LOGO_URL, 64, 64)])
    db.execute("PRAGMA foreign_key_check")
    db.close()
    return path


DRAWN = {"plugins": {"datasette-newsfeed": {"page_cache_mb": 0}}}
"""Metadata of a site that draws each page again: for tests of what drawing asks."""


def open_site(*paths: Path, immutable: bool = False, **settings: Any) -> Datasette:
    """Return Datasette on some databases. `metadata` serves both lines, all else is passed on.

    Without the time limits of a page, except those among the `settings`.
    """
    settings["settings"] = {**PATIENT, **(settings.get("settings") or {})}
    metadata = settings.pop("metadata", None)
    if metadata is not None:
        settings["metadata"] = metadata
        if V1:
            settings["config"] = metadata
    files = [str(path) for path in paths]
    if immutable:
        return Datasette([], immutables=files, **settings)
    return Datasette(files, **settings)


def text_of(page: str) -> str:
    """Return what can be read on a page, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
