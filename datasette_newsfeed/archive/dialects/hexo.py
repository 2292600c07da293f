"""Hexo: posts in `source/_posts`; the first `---` may be missing, JSON ends with `;;;`.

https://hexo.io/docs/front-matter
"""

from __future__ import annotations

import itertools

from .article_ids import slug
from .column_keys import COLUMNS, UPDATED_AT
from .document import Document, Site
from .fields import Fields, names
from .generic import Generic, Reading
from .permalinks import slugify


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

    def is_page(self, document: Document, site: Site) -> bool:
        """Also a file of the site's source outside of its posts, whatever date it has."""
        source = next((each.partition("/")[0] for each in site.content), None)
        is_post = not {"_posts", "_drafts"}.isdisjoint(document.folders)
        is_beside = not is_post and document.folders[:1] == (source,)
        return is_beside or super().is_page(document, site)

    def columns(self) -> dict[str, tuple[str, ...]]:
        """`updated` is Hexo's own name."""
        return {**COLUMNS, "updated_at": ("updated", *UPDATED_AT)}

    def slug(self, reading: Reading) -> str:
        """The name of the file; a date in it stays, unless new posts are named with one."""
        name = reading.document.stem
        return slug(name) if reading.site.has_dated_names else name

    def title_in_address(self, reading: Reading) -> str:
        """The path below `_posts`: https://hexo.io/docs/permalinks#Variables."""
        return "/".join((*super().sections(reading), self.slug(reading)))

    def sections(self, reading: Reading) -> tuple[str, ...]:
        """Hexo has one pattern for all posts."""
        return ()

    def categories(self, reading: Reading) -> tuple[str, ...]:
        """The last category of the post, which alone stands for all in an address."""
        fields = Fields(reading.document.mapping)
        found = fields.peek(("categories", "category"), names(None)) or ()
        last = found[-1] if found else reading.site.default_category
        # Letters beyond ASCII stay in Hexo, so such a category is not known here.
        return (slugify(last),) if last and last.isascii() else ()
