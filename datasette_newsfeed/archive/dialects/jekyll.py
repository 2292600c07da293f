"""Jekyll: posts in `_posts/YEAR-MONTH-DAY-title.md`, drafts in `_drafts`.

https://jekyllrb.com/docs/front-matter/
"""

from __future__ import annotations

import re

from .article_ids import slug
from .document import Document
from .fields import Fields, names
from .generic import Generic, Reading
from .permalinks import Parts

_BLANKS = re.compile(r"[,;|]\s*|\s+")
_NO_PART_OF_TITLES = re.compile(r"[^\w.~!$&'()+,;=@]+")
_NO_PART_OF_SLUGS = re.compile(r"[\W_]+")


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

    def categories(self, reading: Reading) -> tuple[str, ...]:
        """The folders above `_posts`, then the categories of the post, in small letters."""
        folders = reading.document.folders
        above = folders[: folders.index("_posts")] if "_posts" in folders else ()
        fields = Fields(reading.document.mapping)
        own = fields.peek(("categories",), names(str.split)) or ()
        one = fields.peek(("category",), names(None)) or ()
        return tuple(dict.fromkeys(each.lower() for each in (*above, *one, *own)))

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """The name of a collection, whose pattern the configuration may give."""
        folders = reading.document.folders
        collection = next((each for each in folders if each.startswith("_")), "")
        return (collection.removeprefix("_"),) if collection else ()

    def pattern(self, reading: Reading) -> str | None:
        """That of the posts, or of a collection: https://jekyllrb.com/docs/permalinks/#collections."""
        patterns = reading.site.permalinks
        collection = next(iter(self.sections(reading)), "posts")
        if collection in ("posts", "drafts"):
            return patterns.get("posts") or patterns.get("") or self.default_permalink
        of_posts = patterns.get("") or ""
        end = "/" if of_posts.endswith("/") else "" if of_posts.endswith(":title") else ".html"
        return patterns.get(collection) or f"/:collection/:path{end}"

    def parts(self, reading: Reading) -> Parts:
        """With the path of the file below its collection."""
        folders = reading.document.folders
        start = next((n for n, each in enumerate(folders) if each.startswith("_")), -1)
        written = self.own_slug(reading) or slug(reading.document.path)
        return Parts(
            slug=_NO_PART_OF_SLUGS.sub("-", written).strip("-").lower(),
            title=_NO_PART_OF_TITLES.sub("-", written).strip("-"),
            filename=slug(reading.document.path),
            path="/".join((*folders[start + 1 :], reading.document.stem)),
            own_slug=self.own_slug(reading),
            day=reading.day,
            sections=self.sections(reading),
            categories=self.categories(reading),
            language=reading.language,
        )
