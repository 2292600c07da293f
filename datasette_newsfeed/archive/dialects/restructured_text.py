"""reStructuredText as HTML, by docutils; the pages put it through their allow-list."""

from __future__ import annotations

import re

from ...errors import RecordError

MAX_CHARACTERS = 500_000
"""docutils takes about a second for these."""

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "embed_stylesheet": False,
    "initial_header_level": 2,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "smart_quotes": False,
}
_PELICAN_LINK = re.compile(
    r"\{(?:static|filename|attach|author|tag|category|index)\}|\|(?:static|filename)\|"
)


def html_of(text: str) -> str:
    """Return reStructuredText as HTML without a page around it.

    Raises RecordError where docutils is not there, or cannot read the text.
    """
    try:
        from docutils.core import publish_parts
        from docutils.utils import SystemMessage
    except ImportError as error:
        raise RecordError("reStructuredText is read by docutils: pip install docutils") from error
    if len(text) > MAX_CHARACTERS:
        raise RecordError(f"more than {MAX_CHARACTERS:,} characters of reStructuredText")
    try:
        parts = publish_parts(
            _PELICAN_LINK.sub("", text), writer="html5", settings_overrides=dict(_SETTINGS)
        )
    except (
        SystemMessage,
        RecursionError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
    ) as error:
        raise RecordError(f"docutils cannot read it: {str(error)[:200]}") from error
    return str(parts["body"]).strip()
