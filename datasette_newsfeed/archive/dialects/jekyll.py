"""Jekyll: posts in `_posts/YEAR-MONTH-DAY-title.md`, drafts in `_drafts`.

https://jekyllrb.com/docs/front-matter/
"""

from __future__ import annotations

import re

from .document import Document, Site
from .fields import Fields, names
from .generic import Generic

_BLANKS = re.compile(r"[,;|]\s*|\s+")


class Jekyll(Generic):
    """The dialect of Jekyll's posts and collections."""

    name = "jekyll"
    generators = frozenset(("jekyll",))
    titles_from_name = True
    # Blanks part the words of one text: https://jekyllrb.com/docs/posts/#tags.
    splits_topics_at = _BLANKS
    default_permalink = "/:categories/:year/:month/:day/:title.html"

    def speaks(self, document: Document) -> bool:
        """A file in a folder `_posts` or `_drafts`."""
        return bool({"_posts", "_drafts"} & set(document.folders))

    def categories(self, document: Document, topics: tuple[str, ...]) -> tuple[str, ...]:
        """The folders above `_posts`, then the categories of the post."""
        folders = document.folders
        above = folders[: folders.index("_posts")] if "_posts" in folders else ()
        fields = Fields(document.mapping)
        own = fields.peek(("categories",), names(_BLANKS)) or ()
        one = fields.peek(("category",), names(None)) or ()
        return tuple(dict.fromkeys((*above, *one, *own)))

    def sections(self, document: Document, site: Site) -> tuple[str, ...]:
        """The name of a collection, whose pattern the configuration may give."""
        collection = next((each for each in document.folders if each.startswith("_")), "")
        return (collection.removeprefix("_"),) if collection else ()
