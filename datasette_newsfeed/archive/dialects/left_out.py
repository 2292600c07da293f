"""Which files hold no article to import: by name, by folder, and templates by their values.

Drafts are told in drafts.py, pages and what a site excludes in generic.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .document import Document, Repetition

DRAFT = "draft"
SECTION = "section page"
NOT_DATED = "neither front matter nor a date in its path"
NO_ARTICLE = "README, LICENSE and their like"
TEMPLATE = "template"
PAGE = "page"
EXCLUDED = "excluded by the site's configuration"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that holds no article to import, and why: one of the reasons above."""

    reason: str
    repeated: tuple[Repetition, ...] = ()


_NO_ARTICLES = frozenset(("readme", "changelog", "license", "licence", "404"))
_OFTEN_NO_ARTICLES = frozenset(
    [
        *("authors", "changes", "code_of_conduct", "contributing", "copying", "history"),
        *("notice", "security", "summary", "support"),
    ]
)
"""Files of a repository where they have no front matter; with it, posts have such names, too."""

_OF_TOOLS = frozenset(
    (".git", ".github", ".gitlab", ".hg", ".svn", ".vscode", ".idea", ".obsidian", ".trash")
)
OF_TEMPLATES = frozenset(
    ("_layouts", "layouts", "_includes", "includes", "templates", "archetypes")
)
NOT_READ = frozenset(("node_modules", "_site", "vendor", "bower_components"))
OF_ARTICLES = frozenset(
    [
        *("_posts", "posts", "post", "_drafts", "drafts", "blog", "blogs", "news", "_news"),
        *("articles", "article", "stories", "story", "essays", "notes", "writing", "press"),
        *("releases", "updates", "announcements", "journal", "newsletters", "episodes"),
    ]
)
"""Folders whose files are articles, with a date or without."""

# As Hugo, Hexo, Jekyll and Eleventy write a value that is to come in: `title: {{ title }}`.
_TEMPLATE_VALUE = re.compile(r"^[ \t]*[\w.-]+[ \t]*[:=][ \t]*['\"]?(?:\{\{|\{%|<%|\$\{)", re.M)


def reason_of_name(document: Document) -> str | None:
    """Return why a file of this name is never an article, None where it may be one."""
    name = document.stem.partition(".")[0].lower()
    if name == "_index":
        return SECTION
    if not _OF_TOOLS.isdisjoint(document.folders):
        return NO_ARTICLE
    is_other = name in _OFTEN_NO_ARTICLES and document.syntax == "none"
    return NO_ARTICLE if is_other or name in _NO_ARTICLES else None


def is_template(path: str, beginning: str) -> bool:
    """Tell whether a file that cannot be read is a template, by its folder or its values."""
    folders = {folder.lower() for folder in path.split("/")[:-1]}
    return (
        bool(folders & {*OF_TEMPLATES, "scaffolds"})
        or _TEMPLATE_VALUE.search(beginning) is not None
    )
