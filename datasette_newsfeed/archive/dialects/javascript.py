"""Eleventy, Docusaurus, Astro, Next and Gatsby: YAML in Markdown and MDX.

Their configuration is a program, of which only plain texts are read: the site's name and
address. Their addresses are made by its code, so only Docusaurus' default is known here.
"""

from __future__ import annotations

import re
from typing import Any

from .document import Document, Site
from .fields import Fields, path
from .generic import Generic
from .permalinks import resolve

GENERATORS = frozenset(
    ("eleventy", "docusaurus", "astro", "next", "gatsby", "vuepress", "vitepress", "nuxt")
)
_COLLECTIONS = frozenset(("post", "posts", "all", "blog"))
_JS_KEYS = frozenset(
    (
        "pubDate",
        "heroImage",
        "updatedDate",
        "hide_table_of_contents",
        "eleventyExcludeFromCollections",
    )
)


class JavaScript(Generic):
    """The dialect that the generators written in JavaScript share."""

    name = "javascript"
    generators = GENERATORS

    def claims(self, document: Document, site: Site) -> bool:
        """Tell whether the site's generator is one of these, or the file is written for one."""
        return site.generator in GENERATORS if site.generator else self.speaks(document)

    def speaks(self, document: Document) -> bool:
        """MDX, `---json`, or a key that only these generators have."""
        if document.suffix == ".mdx" or (document.syntax == "json" and document.fence == "---json"):
            return True
        return document.syntax == "yaml" and bool(document.mapping.keys() & _JS_KEYS)

    def topics(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Without the names of Eleventy's collections, which `tags` holds, too."""
        return tuple(name for name in found if name.lower() not in _COLLECTIONS)

    def built_address(
        self, document: Document, site: Site, fields: Fields, day: Any, *about: Any
    ) -> str | None:
        """Return a path that the record itself gives, and Docusaurus' address of a post."""
        given = fields.peek(("permalink",), path)
        if given and not re.search(r"[:{$]", given):
            return resolve(site.address or "", given)
        if site.generator != "docusaurus" or "blog" not in document.folders:
            return super().built_address(document, site, fields, day, *about)
        below = document.folders[document.folders.index("blog") :]
        slug = fields.peek(("slug",), path)
        if slug:
            return resolve(site.address or "", f"blog/{slug.lstrip('/')}")
        name = document.stem if document.stem.lower() != "index" else document.folders[-1]
        match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)-(.+)", name)
        if match is None or len(below) > 1 + (name != document.stem):
            return None
        return resolve(site.address or "", "/".join(("blog", *match.groups())))
