"""Which records a site does not publish: drafts, hidden and private ones, by key, status or folder.

Each dialect adds its own ways in `is_draft` (hugo.py, javascript.py).
"""

from __future__ import annotations

from .document import Document
from .fields import Fields, flag, text

DRAFT_FLAGS = ("draft", "isDraft", "unpublished", "headless")
PUBLISHED_FLAGS = ("published", "publish", "isPublished")
STATUS = ("status", "visibility")
HIDDEN = frozenset(("draft", "private", "pending", "unpublished", "skip", "wip"))
"""The words of a status under which a site does not publish a record."""

FOLDERS = frozenset(("_drafts", "drafts"))


def is_draft(fields: Fields, document: Document) -> bool:
    """Tell whether the site does not publish a record yet. Takes what says so."""
    draft = any(fields.take_all(DRAFT_FLAGS, flag))
    is_published = all(fields.take_all(PUBLISHED_FLAGS, flag))
    status = fields.peek(STATUS, text)
    hidden = isinstance(status, str) and status.strip().lower() in HIDDEN
    if hidden:
        fields.take(STATUS, text)
    is_below = any(folder.lower() in FOLDERS for folder in document.folders)
    return draft or not is_published or hidden or is_below
