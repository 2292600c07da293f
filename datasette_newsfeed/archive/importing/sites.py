"""The site that a record file belongs to: its generator's configuration and its data files.

They are looked for in the folder of the file and above it, up to the root of the repository.
What is found is read in bounds, and given with its fingerprint: when one of these files
changes, the records below it are read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from ...errors import RecordError
from ..dialects.document import NO_SITE, Site
from ..dialects.site_configuration import author_names, site_of
from ..files import LEADS_OUT, leads_out, relative
from . import front_matter, script_configuration

try:
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class _TolerantLoader(Loader):  # type: ignore[misc,valid-type,unused-ignore]
    """Reads a value of an unknown tag, such as `!!python/name:…` of MkDocs, as None."""


_TolerantLoader.add_constructor(None, lambda loader, node: None)

MAX_CONFIGURATION_BYTES = 1_000_000
MAX_ALIASES = 100
"""The largest configuration or data file that is read, and the most aliases of YAML in it."""

MAX_FILES = 5000
"""The most data files of one site that are read."""

MAX_LEVELS = 8
"""How many folders above PATH are looked at."""

SUFFIXES = (".toml", ".yaml", ".yml", ".json")
_HUGO_NAMES = frozenset(f"{name}{suffix}" for name in ("hugo", "config") for suffix in SUFFIXES)
_JEKYLL_NAMES = frozenset(("_config.yml", "_config.yaml", "_config.toml"))
_PROGRAMS = {
    "docusaurus": re.compile(r"docusaurus\.config\.[cm]?[jt]s"),
    "eleventy": re.compile(r"\.eleventy\.[cm]?js|eleventy\.config\.[cm]?[jt]s"),
    "astro": re.compile(r"astro\.config\.[cm]?[jt]s"),
    "next": re.compile(r"next\.config\.[cm]?[jt]s"),
    "gatsby": re.compile(r"gatsby-config\.[cm]?[jt]s"),
    "nuxt": re.compile(r"nuxt\.config\.[cm]?[jt]s"),
}
_SITE_DATA = tuple(
    f"{stem}{suffix}"
    for stem in ("site", "metadata", "meta")
    for suffix in (*SUFFIXES, ".js", ".cjs", ".mjs", ".ts")
)
_OF_SITE_DATA = ("title", "name", "url", "language")
_AUTHOR_FILES = tuple(
    f"{place}{name}{suffix}"
    for place in ("", "_data/", "data/", "src/_data/", "source/_data/", "src/data/", "blog/")
    for name in ("authors", ".authors", "people", "members")
    for suffix in SUFFIXES
)
_AUTHOR_FOLDERS = (
    *("_data/authors", "data/authors", "src/data/authors", "src/content/authors", "_authors"),
    *("content/authors", "content/author", "content/people", "authors", "_data/people"),
    *("data/people", "src/data/people", "src/content/people", "_people"),
)
_PAGES = (".md", ".mdx", ".markdown")


_Configured = tuple[str, Mapping[str, Any], list[str]]


@dataclass(frozen=True, slots=True)
class FoundSite:
    """The site of a folder: what is known of it, its root, and the fingerprint of its files."""

    site: Site
    root: str | None
    fingerprint: str


NOT_FOUND = FoundSite(NO_SITE, None, "")


@dataclass
class Sites:
    """The sites of the files of one run. `roots` are the PATHs given.

    `given` has, for each of them, what the user says of the records below it.
    """

    roots: Sequence[str]
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    report: Callable[[RecordError], None] = lambda error: None
    follow_links: bool = False
    _led_out: set[str] = field(default_factory=set)
    """Configuration and data files that are not read, as links lead out to them."""
    _found: dict[str, FoundSite] = field(default_factory=dict)
    _read: dict[str, FoundSite] = field(default_factory=dict)
    _listings: dict[str, frozenset[str]] = field(default_factory=dict)
    _authors: dict[str, tuple[list[str], dict[str, str]]] = field(default_factory=dict)
    _configured: dict[str, _Configured | None] = field(default_factory=dict)

    def of(self, file: str) -> FoundSite:
        """Return the site of a file; the folder is looked at once."""
        folder = os.path.dirname(file)
        found = self._found.get(folder)
        if found is None:
            found = self._found[folder] = self._of_folder(folder)
        return found

    def path_of(self, file: str, path: str) -> str:
        """Return the path of a file below its site; where there is none, `path` as it is."""
        root = self.of(file).root
        return relative(file, root) if root else path

    def known(self) -> list[FoundSite]:
        """Return the sites found so far, each once."""
        return list({id(found): found for found in self._found.values()}.values())

    def _of_folder(self, folder: str) -> FoundSite:
        root = next((each for each in self.roots if _is_below(folder, each)), folder)
        given = dict(self.given.get(root, {}))
        authors: dict[str, str] = {}
        read: list[str] = []
        directory: dict[str, Any] = {}
        for place in self._upwards(folder, root):
            files, names = self._authors_of(place)
            read += files
            authors = {**names, **authors}
            for file, data in self._directory_data(place):
                read.append(file)
                directory = {**data, **directory}
            if configured := self._configuration(place):
                generator, configuration, files = configured
                if generator == "eleventy":
                    configuration = {**configuration, **directory}
                authors = {**configuration.get("authors of the program", {}), **authors}
                return self._site(place, generator, configuration, authors, [*files, *read], given)
        site = replace(NO_SITE, authors=authors, **_options(given))
        if site == NO_SITE:
            return NOT_FOUND
        return FoundSite(site, None, self._fingerprint(read, given))

    def _authors_of(self, place: str) -> tuple[list[str], dict[str, str]]:
        """Return the files of a folder that name authors, and the names by their ids."""
        if place not in self._authors:
            found: dict[str, str] = {}
            files = self._author_files(place)
            for file in files:
                folder, name = os.path.split(file)
                stem = os.path.splitext(name)[0]
                if name.endswith(_PAGES):
                    page = self._page(file)
                    if stem.partition(".")[0] in ("_index", "index"):
                        stem = os.path.basename(folder)
                    data: Any = {stem: page}
                elif os.path.basename(folder) in ("authors", "people"):
                    data = {stem: self._data(file)}
                else:
                    data = self._data(file)
                for key, author in author_names(data).items():
                    found.setdefault(key, author)
            self._authors[place] = files, found
        return self._authors[place]

    def _page(self, file: str) -> Any:
        """Return the front matter of an author's page; None where it cannot be read."""
        try:
            return dict(front_matter.read(self._text(file).encode(), file).mapping)
        except RecordError:
            return None

    def _directory_data(self, place: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what Eleventy's data file of a folder says of the addresses in it."""
        name = os.path.basename(place)
        found = []
        for each in (f"{name}.json", f"{name}.11tydata.json"):
            if each in self._names(place):
                file = os.path.join(place, each)
                data = self._data(file)
                if isinstance(data, dict) and "permalink" in data:
                    found.append((file, {"permalink": data["permalink"]}))
        for each in (f"{name}.11tydata.{suffix}" for suffix in ("js", "cjs", "mjs")):
            if each in self._names(place):
                file = os.path.join(place, each)
                text = self._text(file)
                if "permalink" in text:
                    # A program makes them, unless it is a plain text.
                    pattern = script_configuration.literals(text).get("permalink", "{{ unknown }}")
                    found.append((file, {"permalink": pattern}))
        return found

    def _site(
        self,
        place: str,
        generator: str,
        configuration: Mapping[str, Any],
        authors: Mapping[str, str],
        files: Sequence[str],
        given: Mapping[str, Any],
    ) -> FoundSite:
        key = json.dumps(
            [place, generator, list(files), dict(given), str(configuration.get("permalink"))],
            sort_keys=True,
        )
        if key not in self._read:
            site = replace(site_of(generator, configuration, authors), **_options(given))
            self._read[key] = FoundSite(site, place, self._fingerprint(files, given))
        return self._read[key]

    def _upwards(self, folder: str, root: str) -> Iterator[str]:
        """Yield a folder and those above it, up to the repository's root, or a few levels."""
        above = 0
        home = os.path.expanduser("~")
        place = folder
        while True:
            yield place
            if ".git" in self._names(place):
                return
            parent = os.path.dirname(place)
            if parent == place:
                return
            if not _is_below(parent, root):
                above += 1
                if above > MAX_LEVELS or parent in (home, os.path.dirname(parent)):
                    return
            place = parent

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _author_files(self, place: str) -> list[str]:
        names = self._names(place)
        found = []
        for each in _AUTHOR_FILES:
            first, _, rest = each.partition("/")
            if (
                first in names
                and (file := os.path.join(place, each))
                and (not rest or os.path.isfile(file))
            ):
                found.append(file)
        for each in _AUTHOR_FOLDERS:
            if each.partition("/")[0] in names and os.path.isdir(os.path.join(place, each)):
                inner = sorted(self._names(os.path.join(place, each)))[:MAX_FILES]
                for name in inner:
                    file = os.path.join(place, each, name)
                    if name.endswith((*SUFFIXES, *_PAGES)):
                        found.append(file)
                    elif "." not in name:  # a page of Hugo: `authors/ann/_index.md`
                        found += [os.path.join(file, page) for page in ("_index.md", "index.md")]
        return [file for file in found if os.path.isfile(file)]

    def _configuration(self, place: str) -> _Configured | None:
        """Return the generator of a folder, its configuration and the files it was read from.

        Looked for once: an archive with a folder for each article asks for the one above
        them as often as it has articles, and that has as many names.
        """
        if place not in self._configured:
            self._configured[place] = self._read_configuration(place)
        return self._configured[place]

    def _read_configuration(self, place: str) -> _Configured | None:
        names = self._names(place)
        if "pelicanconf.py" in names:
            files = [each for each in ("pelicanconf.py", "publishconf.py") if each in names]
            found: dict[str, Any] = {}
            paths = [os.path.join(place, each) for each in files]
            for each in paths:
                found |= script_configuration.assignments(self._text(each))
            return "pelican", found, paths
        for name in sorted(names & _JEKYLL_NAMES):
            file = os.path.join(place, name)
            data = self._data(file)
            if isinstance(data, dict):
                return _jekyll_or_hexo(data, names), data, [file]
        if found_hugo := self._hugo_or_zola(place, names):
            return found_hugo
        if found_other := self._nikola_or_mkdocs(place, names):
            return found_other
        for generator, pattern in _PROGRAMS.items():
            for name in sorted(names):
                if pattern.fullmatch(name):
                    file = os.path.join(place, name)
                    return generator, *self._program(generator, place, file)
        if ".vuepress" in names or ".vitepress" in names:
            generator = "vuepress" if ".vuepress" in names else "vitepress"
            return generator, {}, []
        return None

    def _program(self, generator: str, place: str, file: str) -> tuple[dict[str, Any], list[str]]:
        """Return the plain texts of a configuration that is a program, and the files read."""
        found = script_configuration.settings(self._text(file), generator)
        files = [file]
        if generator == "eleventy":
            found["input"] = found.setdefault("input", "").strip("./") or "."
            folder = os.path.normpath(
                os.path.join(place, found["input"], found.get("data") or "_data")
            )
            for name in _SITE_DATA if _is_below(folder, place) else ():
                if name in self._names(folder):
                    each = os.path.join(folder, name)
                    data = (
                        self._data(each)
                        if name.endswith(SUFFIXES)
                        else script_configuration.literals(self._text(each), _OF_SITE_DATA)
                    )
                    files.append(each)
                    if isinstance(data, dict):
                        found |= {key: data[key] for key in _OF_SITE_DATA if key in data}
        return found, files

    def _nikola_or_mkdocs(
        self, place: str, names: frozenset[str]
    ) -> tuple[str, Mapping[str, Any], list[str]] | None:
        if "conf.py" in names:
            file = os.path.join(place, "conf.py")
            found = script_configuration.assignments(self._text(file))
            if "BLOG_TITLE" in found:  # Sphinx has a file of this name, too.
                return "nikola", found, [file]
        for name in sorted(names & {"mkdocs.yml", "mkdocs.yaml"}):
            file = os.path.join(place, name)
            if isinstance(data := self._data(file), dict):
                return "mkdocs", data, [file]
        return None

    def _hugo_or_zola(
        self, place: str, names: frozenset[str]
    ) -> tuple[str, Mapping[str, Any], list[str]] | None:
        merged: dict[str, Any] = {}
        files = []
        if "config" in names and os.path.isdir(
            default := os.path.join(place, "config", "_default")
        ):
            for name in sorted(self._names(default)):
                stem, suffix = os.path.splitext(name)
                if suffix not in SUFFIXES:
                    continue
                file = os.path.join(default, name)
                data = self._data(file)
                if isinstance(data, dict):
                    files.append(file)
                    merged = _merged(merged, _placed(stem, data))
        for name in sorted(names & (_HUGO_NAMES | {"zola.toml"})):
            file = os.path.join(place, name)
            data = self._data(file)
            if isinstance(data, dict):
                files.append(file)
                merged = {**merged, **data}
        keys = {str(key).lower() for key in merged}
        if "base_url" in keys:
            return "zola", merged, files
        is_hugo = "baseurl" in keys or any(
            os.path.basename(file).startswith("hugo.") for file in files
        )
        is_hugo = is_hugo or bool(
            files and "content" in names and {"theme", "languagecode", "title"} & keys
        )
        return ("hugo", merged, files) if is_hugo else None

    def _text(self, file: str) -> str:
        if not self.follow_links and leads_out(file, (os.path.dirname(file), *self.roots)):
            self._led_out.add(file)
            self.report(RecordError(LEADS_OUT, path=file))
            return ""
        try:
            data = _beginning(file)
        except OSError as error:
            self.report(RecordError(f"cannot be read: {error.strerror or error}", path=file))
            return ""
        if len(data) > MAX_CONFIGURATION_BYTES:
            self.report(
                RecordError(
                    f"more than {MAX_CONFIGURATION_BYTES:,} bytes; it is not read", path=file
                )
            )
            return ""
        return data.decode("utf-8", "replace").removeprefix("\ufeff")

    def _fingerprint(self, files: Sequence[str], given: Mapping[str, Any]) -> str:
        digest = hashlib.sha256(json.dumps(dict(given), sort_keys=True, default=str).encode())
        for file in sorted(set(files)):
            try:
                digest.update(b"?" if file in self._led_out else _beginning(file))
            except OSError:
                digest.update(b"?")
        return digest.hexdigest()

    def _data(self, file: str) -> Any:
        """Return what a YAML, TOML or JSON file holds; a broken one is reported, and None."""
        text = self._text(file)
        try:
            if file.endswith(".toml"):
                return tomllib.loads(text)
            if file.endswith(".json"):
                return json.loads(text or "null")
            if len(re.findall(r"(?:^|[\s\[{,])\*\w", text)) > MAX_ALIASES:
                raise ValueError("too many aliases")
            return yaml.load(text, _TolerantLoader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.report(RecordError(f"broken, so nothing of it is used: {reason}", path=file))
            return None


def _jekyll_or_hexo(data: Mapping[str, Any], names: frozenset[str]) -> str:
    own = ("source_dir", "public_dir", "new_post_name", "skip_render", "tag_dir", "render_drafts")
    return "hexo" if any(key in data for key in own) or "scaffolds" in names else "jekyll"


def _placed(stem: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return a file of Hugo's configuration folder in its place: `languages.en` of two levels.

    https://gohugo.io/configuration/introduction/#configuration-directory
    """
    first, _, second = stem.partition(".")
    if first in ("hugo", "config"):
        return data
    if second and first.lower() == "languages":
        return {first: {second: data}}
    return {} if second else {first: data}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return two configurations as one; mappings in both become one mapping."""
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            found[key] = {**before, **value}
        else:
            found[key] = value
    return found


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a Site that the user's options set."""
    return {key: value for key, value in given.items() if value is not None}


def _beginning(file: str) -> bytes:
    """Return as much of a file as is looked at; raises OSError, also for a pipe or device."""
    if not os.path.isfile(file) and os.path.exists(file):
        raise OSError("not a regular file")
    with open(file, "rb") as stream:
        return stream.read(MAX_CONFIGURATION_BYTES + 1)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
