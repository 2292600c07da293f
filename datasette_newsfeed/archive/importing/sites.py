"""The site that a record file belongs to: its generator's configuration and its data files.

They are looked for in the folder of the file and above it, up to the root of the repository.
What is found is read in bounds, and given with its fingerprint: when one of these files
changes, the records below it are read again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ...errors import RecordError
from ..dialects.document import NO_SITE, Site
from ..dialects.site import author_names, site_of
from ..files import LEADS_OUT, leads_out, relative

try:
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES = 1_000_000
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
_LITERAL = re.compile(
    r"""(?:^|[\s{,])(title|url|baseUrl|site|base|siteUrl|blogBasePath)\s*:\s*(["'`])([^"'`\n$]*)\2"""
)
_AUTHOR_FILES = tuple(
    f"{place}{name}{suffix}"
    for place in ("", "_data/", "data/", "src/_data/", "source/_data/", "src/data/", "blog/")
    for name in ("authors", "people", "members")
    for suffix in SUFFIXES
)
_AUTHOR_FOLDERS = ("_data/authors", "data/authors", "src/data/authors", "src/content/authors")


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
        for place in self._upwards(folder, root):
            for file in self._author_files(place):
                read.append(file)
                names = self._data(file)
                if "/authors/" in file.replace(os.sep, "/"):
                    names = {Path(file).stem: names}
                for key, name in author_names(names).items():
                    authors.setdefault(key, name)
            if configured := self._configuration(place):
                generator, configuration, files = configured
                return self._site(place, generator, configuration, authors, [*files, *read], given)
        site = replace(NO_SITE, authors=authors, **_options(given))
        if site == NO_SITE:
            return NOT_FOUND
        return FoundSite(site, None, self._fingerprint(read, given))

    def _site(
        self,
        place: str,
        generator: str,
        configuration: Mapping[str, Any],
        authors: Mapping[str, str],
        files: Sequence[str],
        given: Mapping[str, Any],
    ) -> FoundSite:
        key = json.dumps([place, generator, list(files), dict(given)], sort_keys=True)
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
                found += [
                    os.path.join(place, each, name) for name in inner if name.endswith(SUFFIXES)
                ]
        return [file for file in found if os.path.isfile(file)]

    def _configuration(self, place: str) -> tuple[str, Mapping[str, Any], list[str]] | None:
        """Return the generator of a folder, its configuration and the files it was read from."""
        names = self._names(place)
        if "pelicanconf.py" in names:
            files = [each for each in ("pelicanconf.py", "publishconf.py") if each in names]
            found: dict[str, Any] = {}
            paths = [os.path.join(place, each) for each in files]
            for each in paths:
                found |= _assignments(self._text(each))
            return "pelican", found, paths
        for name in sorted(names & _JEKYLL_NAMES):
            file = os.path.join(place, name)
            data = self._data(file)
            if isinstance(data, dict):
                return _jekyll_or_hexo(data, names), data, [file]
        if found_hugo := self._hugo_or_zola(place, names):
            return found_hugo
        for generator, pattern in _PROGRAMS.items():
            for name in sorted(names):
                if pattern.fullmatch(name):
                    file = os.path.join(place, name)
                    return generator, _literals(self._text(file)), [file]
        if ".vuepress" in names or ".vitepress" in names:
            generator = "vuepress" if ".vuepress" in names else "vitepress"
            return generator, {}, []
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
                    merged |= data if stem in ("hugo", "config") else {stem.split(".")[0]: data}
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
        if len(data) > MAX_BYTES:
            self.report(RecordError(f"more than {MAX_BYTES:,} bytes; it is not read", path=file))
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
            return yaml.load(text, Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.report(RecordError(f"broken, so nothing of it is used: {reason}", path=file))
            return None


def _jekyll_or_hexo(data: Mapping[str, Any], names: frozenset[str]) -> str:
    own = ("source_dir", "public_dir", "new_post_name", "skip_render", "tag_dir", "render_drafts")
    return "hexo" if any(key in data for key in own) or "scaffolds" in names else "jekyll"


def _assignments(text: str) -> dict[str, Any]:
    """Return the constants that a Python file assigns to names; nothing is run."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(node.value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue
    return {key: list(v) if isinstance(v, tuple) else v for key, v in found.items()}


def _literals(text: str) -> dict[str, str]:
    """Return the first plain text given for each of a few keys in a JavaScript file."""
    found: dict[str, str] = {}
    without_comments = re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", text, flags=re.S)
    for key, _, value in _LITERAL.findall(without_comments):
        found.setdefault(key, value)
    return found


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a Site that the user's options set."""
    return {key: value for key, value in given.items() if value is not None}


def _beginning(file: str) -> bytes:
    """Return as much of a file as is looked at; raises OSError, also for a pipe or device."""
    if not os.path.isfile(file) and os.path.exists(file):
        raise OSError("not a regular file")
    with open(file, "rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
