"""The ways of writing a record: each dialect turns the keys of one front matter into an Article.

A dialect has a `name`, tells by `claims` whether a document is written so, and reads it. The
first that claims a document reads it; that the last one claims all of them is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..records import Article, Organization
from .document import Document, Site
from .generic import Generic
from .hexo import Hexo
from .hugo import Hugo
from .javascript import JavaScript
from .jekyll import Jekyll
from .left_out import LeftOut, reason_of_name
from .pelican import Pelican
from .smartable import Smartable
from .zola import Zola

__all__ = ["DIALECTS", "Dialect", "Document", "LeftOut", "Site", "dialect_of", "reason_of_name"]


class Dialect(Protocol):
    """One way of writing records. Instances have no state and can be pickled."""

    @property
    def name(self) -> str:
        """The name that users give and that reports show."""

    def claims(self, document: Document, site: Site) -> bool:
        """Tell whether a document is written so, by its own keys and syntax or by its site."""

    def read(self, document: Document, site: Site) -> Article | Organization | LeftOut:
        """Return what a document says. Raises RecordError with the key at fault."""


DIALECTS: tuple[Dialect, ...] = (
    *(Smartable(), Zola(), Hugo(), Hexo(), Jekyll(), Pelican(), JavaScript(), Generic()),
)
"""The built-in dialects, in the order in which they are asked."""


def dialect_of(document: Document, site: Site, dialects: Sequence[Dialect] = DIALECTS) -> Dialect:
    """Return the dialect that a document is written in.

    The one that the user named, else the first that claims it.
    """
    if site.dialect:
        return next(each for each in dialects if each.name == site.dialect)
    return next(each for each in dialects if each.claims(document, site))
