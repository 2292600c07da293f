"""A record file after its syntax is read, and the site it belongs to: what a dialect is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo


def stem_and_suffix(path: str) -> tuple[str, str]:
    """Return the name of a file, and its suffix with its dot: `..` and `.md` of `...md`.

    `os.path.splitext` sees no suffix behind dots alone, and pathlib only since Python 3.14:
    ids would depend on it. The one dot of `.md` begins its name.
    """
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem else (name, "")


@dataclass(frozen=True, slots=True)
class Repetition:
    """A key that one mapping of the front matter has twice; the last value was taken."""

    key: str
    place: str


@dataclass(frozen=True, slots=True)
class Document:
    """The front matter of a file as a mapping, and the text below it.

    Values are text, Plain (YAML's unquoted scalars), None, lists and mappings with text keys;
    of TOML and JSON also bool, int, float, and of TOML date, time and datetime. `syntax` is one
    of "yaml", "toml", "json", "lines", "rst", "comment" and "none". `path` is the file's path, with
    slashes, below the root of its site or below the PATH given.
    """

    mapping: Mapping[str, Any]
    body: str
    path: str
    syntax: str = "yaml"
    is_open: bool = False
    """The first `---` was missing, as Hexo allows."""
    fence: str = "---"
    """The mark between front matter and body, "" where there is none."""
    repeated: tuple[Repetition, ...] = ()

    @property
    def stem(self) -> str:
        """The name of the file without its suffix."""
        return stem_and_suffix(self.path)[0]

    @property
    def suffix(self) -> str:
        """The suffix of the file in lower case, with its dot."""
        return stem_and_suffix(self.path)[1].lower()

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that the file lies in, the outermost first."""
        return tuple(self.path.split("/")[:-1])


@dataclass(frozen=True)
class Site:
    """What a generator's configuration, and the user, say about the records below a folder.

    Everything may be unknown. `permalinks` has a pattern for each section, "" for all others;
    `authors` and the languages are those that the site's data files name.
    """

    generator: str | None = None
    name: str | None = None
    address: str | None = None
    """The address of the site's front page, with a slash at its end."""
    timezone: str | None = None
    language: str | None = None
    languages: frozenset[str] = frozenset()
    permalinks: Mapping[str, str] = field(default_factory=dict)
    content: tuple[str, ...] = ()
    """The folders that hold articles, below the root of the site; empty where not known."""
    excluded: tuple[str, ...] = ()
    """The folders and files that the site does not publish."""
    authors: Mapping[str, str] = field(default_factory=dict)
    dialect: str | None = None
    """The dialect that the user asked for."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Keys, and the columns that the user wants them in."""
    takes_drafts: bool = False
    ugly_sections: frozenset[str] = frozenset()
    """The sections whose addresses end with `.html` and not with a slash; "" is all of them."""
    is_language_in_path: bool = False
    """Addresses of the site's main language, too, begin with its code."""
    has_dated_names: bool = False
    """The date at the beginning of a file's name is no part of its address."""
    has_slugs_of_names: bool = False
    """Addresses are made of the names of files where its generator usually takes the titles."""
    ends_with_slash: bool = False
    """Addresses that a generator serves without a slash at their end have one."""
    blog_route: str = "blog"
    """Where the posts of a site with more than a blog are served."""
    input_folder: str | None = None
    """The folder whose paths are those of the site's addresses; None where it is not known."""
    default_category: str | None = None
    """What stands for the category in an address of an article without one."""

    @cached_property
    def zone(self) -> tzinfo:
        """The zone of times that are written without one; UTC where the site names none."""
        return ZoneInfo(self.timezone) if self.timezone else UTC


NO_SITE = Site()
