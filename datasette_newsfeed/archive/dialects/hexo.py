"""Hexo: posts in `source/_posts`; the first `---` may be missing, JSON ends with `;;;`.

https://hexo.io/docs/front-matter
"""

from __future__ import annotations

import itertools

from .document import Document, Site
from .fields import Fields, names
from .generic import COLUMNS, UPDATED_AT, Generic


class Hexo(Generic):
    """The dialect of Hexo's posts."""

    name = "hexo"
    generators = frozenset(("hexo",))
    titles_from_name = True
    default_permalink = "/:year/:month/:day/:title/"

    def speaks(self, document: Document) -> bool:
        """A file in `source/_posts`, one without its first `---`, or JSON that `;;;` ends."""
        folders = document.folders
        in_source = any(pair == ("source", "_posts") for pair in itertools.pairwise(folders))
        return in_source or document.is_open or document.fence == ";;;"

    def columns(self) -> dict[str, tuple[str, ...]]:
        """`updated` is Hexo's own name."""
        return {**COLUMNS, "updated_at": ("updated", *UPDATED_AT)}

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """Hexo has one pattern for all posts."""
        return ()

    def categories(self, document: Document, topics: tuple[str, ...]) -> tuple[str, ...]:
        """The categories of the post."""
        return Fields(document.mapping).peek(("categories", "category"), names(None)) or ()
