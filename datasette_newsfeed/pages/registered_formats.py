"""The feed formats of a site: the built-in ones and those of other plugins.

All come through the hook `register_newsfeed_feed_formats`, see docs/plugin-hooks.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

from datasette.plugins import pm
from datasette.utils import StartupError

from .. import hookspecs
from .protocols import DatasetteLike

EXTENSION = re.compile(r"[a-z][a-z0-9_]*")
"""What Datasette takes for a format in an address: `\\w+` after the dot."""
PAGE = "feed"
"""The extension of the page about a feed, which is for people."""

RESERVED = ("blob", "csv", "db", PAGE, "html", "json", "md")
"""Extensions that mean something else in an address."""


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """What follows the dot in a feed's address, what pages call it, and what writes it.

    `write` takes a Feed (pages/feeds/feed.py) and returns the document as bytes, or as text
    that becomes UTF-8. sent_as: the media type of the answer, if that is another one than pages
    name. whole: one document holds all of a selection, up to Datasette's max_returned_rows, and no
    text of an article; such a format is no feed, and pages do not offer it as one.
    """

    extension: str
    name: str
    media_type: str
    write: Callable[[Any], bytes | str]
    sent_as: str = ""
    whole: bool = False

    def document(self, feed: Any) -> bytes:
        """Return a feed as a document."""
        found = self.write(feed)
        return found.encode("utf-8") if isinstance(found, str) else bytes(found)


_formats: WeakKeyDictionary[Any, Mapping[str, FeedFormat]] = WeakKeyDictionary()


def feed_formats(datasette: DatasetteLike) -> Mapping[str, FeedFormat]:
    """Return the formats of a site by extension: ours, then others by extension.

    Raises StartupError where a plugin registers what is no format, or what another one has.
    """
    found = _formats.get(datasette)
    if found is None:
        found = _formats[datasette] = _collect(datasette)
    return found


def _collect(datasette: DatasetteLike) -> dict[str, FeedFormat]:
    hook = getattr(pm.hook, hookspecs.register_newsfeed_feed_formats.__name__, None)
    if hook is None or not hook.has_spec():
        pm.add_hookspecs(hookspecs)
    # Our own implementation is marked `tryfirst`; the order of the others is that of loading.
    ours, *others = pm.hook.register_newsfeed_feed_formats(datasette=datasette)
    more = [_checked(entry) for registered in others for entry in _entries(registered)]
    found: dict[str, FeedFormat] = {}
    for each in (*map(_checked, _entries(ours)), *sorted(more, key=lambda each: each.extension)):
        if each.extension in found:
            raise StartupError(f"{_HOOK}: two plugins register the extension {each.extension!r}")
        found[each.extension] = each
    return found


def _entries(registered: Any) -> Iterator[Any]:
    yield from registered if isinstance(registered, list | tuple) else [registered]


_HOOK = hookspecs.register_newsfeed_feed_formats.__name__
_KEYS = tuple(field.name for field in fields(FeedFormat) if field.default is MISSING)
_OPTIONAL = tuple(field.name for field in fields(FeedFormat) if field.default is not MISSING)


def _checked(entry: Any) -> FeedFormat:
    """Return what a plugin registers as a format. Raises StartupError, saying what is wrong."""
    is_mapping = isinstance(entry, Mapping)
    if not is_mapping or not set(_KEYS) <= set(entry) <= {*_KEYS, *_OPTIONAL}:
        raise StartupError(
            f"{_HOOK}: a format is a dictionary of {', '.join(_KEYS)}, and if it is wanted "
            f"{', '.join(_OPTIONAL)}: {entry!r}"
        )
    found = FeedFormat(**entry)
    texts = {"sent_as": found.media_type, **entry}
    keys = ("extension", "name", "media_type", "sent_as")
    wrong = [key for key in keys if not _is_text(texts[key])]
    if wrong:
        raise StartupError(f"{_HOOK}: {wrong[0]} is no text: {entry!r}")
    if not EXTENSION.fullmatch(found.extension) or found.extension in RESERVED:
        raise StartupError(
            f"{_HOOK}: {found.extension!r} cannot be an extension; it is one word of a-z, 0-9 and "
            f"_, and none of {', '.join(RESERVED)}"
        )
    if not isinstance(found.whole, bool):
        raise StartupError(f"{_HOOK}: whole of .{found.extension} is neither true nor false")
    if not callable(found.write):
        raise StartupError(f"{_HOOK}: write of .{found.extension} is no function")
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()
