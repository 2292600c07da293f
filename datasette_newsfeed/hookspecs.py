"""Plugin hooks that other plugins may implement: docs/plugin-hooks.md describes them.

Datasette's plugin manager calls them. Their names begin with `register_newsfeed_`, so that
they cannot clash with a hook of Datasette or of another plugin.
"""

from __future__ import annotations

from typing import Any

from pluggy import HookspecMarker

hookspec = HookspecMarker("datasette")


@hookspec
def register_newsfeed_feed_formats(datasette: Any) -> Any:
    """Return a feed format as a dictionary, or a list of them.

    Keys: `extension`, `name`, `media_type` and `write`, a function from a Feed to bytes or text.
    """


@hookspec
def register_newsfeed_dialects() -> Any:
    """Return a dialect of records, or a list of them.

    A dialect has a `name`, `claims(document, site)` and `read(document, site)`.
    """
