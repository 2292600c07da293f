"""Eleventy, Docusaurus, Astro, Next and Gatsby: YAML in Markdown and MDX.

Their configuration is a program, of which only plain texts are read: the site's name and
address, where Docusaurus serves its blog, Eleventy's folders. The addresses of the others are
made by the code of each site, so they are not known here.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from .article_ids import slug
from .document import Document, Site
from .fields import Fields, flag, path
from .generic import Generic, Reading
from .left_out import EXCLUDED
from .permalinks import resolve, slugify

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
# https://docusaurus.io/docs/blog#blog-post-date
_DATED_POST = re.compile(
    r"(?P<folder>.*)(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2})[-/]?(?P<text>.*?)(?:/index)?"
)
_TRANSLATED = "docusaurus-plugin-content-blog"
_FILE_SLUG = re.compile(r"\{\{-?\s*(?:page\.fileSlug|fileSlug)(?:\s*\|\s*slug(?:ify)?)?\s*-?\}\}")
_TITLE_SLUG = re.compile(r"\{\{-?\s*title\s*\|\s*slug(?:ify)?\s*-?\}\}")


class JavaScript(Generic):
    """The dialect that the generators written in JavaScript share."""

    name = "javascript"

    def claims(self, document: Document, site: Site) -> bool:
        """Tell whether the site's generator is one of these, or the file is written for one."""
        return site.generator in GENERATORS if site.generator else self.speaks(document)

    def speaks(self, document: Document) -> bool:
        """MDX, `---json`, or a key that only these generators have."""
        if document.suffix == ".mdx" or (document.syntax == "json" and document.fence == "---json"):
            return True
        return document.syntax == "yaml" and bool(document.mapping.keys() & _JS_KEYS)

    def reason_to_leave_out(self, document: Document, site: Site) -> str | None:
        """Docusaurus and Astro pass over names that begin with `_`."""
        if site.generator in ("docusaurus", "astro") and document.stem.startswith("_"):
            return EXCLUDED
        return super().reason_to_leave_out(document, site)

    def is_draft(self, fields: Fields, document: Document) -> bool:
        """Also what Eleventy does not write: `permalink: false`."""
        is_written = fields.peek(("permalink",), flag)
        return super().is_draft(fields, document) or is_written is False

    def topics(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """Without the names of Eleventy's collections, which `tags` holds, too."""
        return tuple(name for name in found if name.lower() not in _COLLECTIONS)

    def built_address(self, reading: Reading) -> str | None:
        """Return a path that the record itself gives, else what its generator makes of the file."""
        address = reading.site.address or ""
        given = reading.fields.peek(("permalink",), path)
        if given and not re.search(r"[:{$]", given):
            return resolve(address, re.sub(r"(?:^|(?<=/))index\.html$", "", given))
        if reading.site.generator == "docusaurus":
            return self._of_docusaurus(reading)
        if reading.site.generator == "eleventy":
            return self._of_eleventy(reading, given)
        return super().built_address(reading)

    def _of_docusaurus(self, reading: Reading) -> str | None:
        """https://docusaurus.io/docs/api/plugins/@docusaurus/plugin-content-blog."""
        site, document = reading.site, reading.document
        blogs = [PurePosixPath(each).parts for each in (*site.content, "blog")]
        folders = document.folders
        # https://docusaurus.io/docs/i18n/introduction#translation-files-location
        is_translated = folders[:1] == ("i18n",) and folders[2:3] == (_TRANSLATED,)
        locale = folders[1] if is_translated else ""
        found_blog = (len(each) for each in blogs if folders[: len(each)] == each)
        start = 3 if is_translated else next(found_blog, None)
        if start is None:
            return None
        given = reading.fields.peek(("slug",), path)
        below = "/".join((*folders[start:], document.stem))
        if given:
            found = given
        elif match := _DATED_POST.fullmatch(below):
            found = f"{match['date'].replace('-', '/')}/{match['folder']}{match['text']}"
        else:
            found = below.removesuffix("/index")
        route = site.blog_route.strip("/")
        whole = "/".join(filter(None, (locale, route, found.strip("/"))))
        return resolve(site.address or "", f"{whole}/" if site.ends_with_slash else whole)

    def _of_eleventy(self, reading: Reading, given: str | None) -> str | None:
        """https://www.11ty.dev/docs/permalinks/: a pattern, else the path below the input."""
        site, document = reading.site, reading.document
        name = document.stem
        if name == "index" and document.folders:
            name = document.folders[-1]
        pattern = given or site.permalinks.get("")
        if pattern:
            found = _FILE_SLUG.sub(lambda _: slug(name), pattern)
            found = _TITLE_SLUG.sub(lambda _: slugify(reading.title), found)
            if re.search(r"\{[{%]|\$\{|:[a-z]", found):
                return super().built_address(reading) if ":" in pattern else None
            return resolve(site.address or "", re.sub(r"(?:^|(?<=/))index\.html$", "", found))
        if site.input_folder is None or slug(name) != name:
            return None
        top = PurePosixPath(site.input_folder).parts
        if document.folders[: len(top)] != top:
            return None
        below = document.folders[len(top) :]
        parts = below if document.stem == "index" else (*below, document.stem)
        return resolve(site.address or "", "".join(f"{part}/" for part in parts))
