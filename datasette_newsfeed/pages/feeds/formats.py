"""The feed formats of this package: Atom, RSS, JSON Feed, and citations."""

from __future__ import annotations

from typing import Any

from . import atom, citations, jsonfeed, rss

SHOWN_AS = "application/xml"
"""What browsers show by the style sheet of a feed. They show its own media type as plain text."""

BUILT_IN: list[dict[str, Any]] = [
    {
        "extension": "atom",
        "name": "Atom",
        "media_type": "application/atom+xml",
        "write": atom.write,
        "sent_as": SHOWN_AS,
    },
    {
        "extension": "rss",
        "name": "RSS",
        "media_type": "application/rss+xml",
        "write": rss.write,
        "sent_as": SHOWN_AS,
    },
    {
        "extension": "jsonfeed",
        "name": "JSON Feed",
        "media_type": "application/feed+json",
        "write": jsonfeed.write,
    },
    *citations.FORMATS,
]
"""What this package registers by its own hook."""
