"""The house rules, held by walking the syntax trees of the package.

Who may import whom, which libraries stay behind which door, where SQL is
spelled, how long things get. Knows no behaviour. Each rule is also shown to
catch a planted breach.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "datasette_newsfeed"
NAME = PACKAGE.name

# A room imports only rooms listed before it in its own list; `cli` and the
# wings import the root as well, never each other. A new room is one line here.
ROOT_ROOMS = ("errors", "record", "schema", "facet_tables", "defaults", "publishing", "facet_index")
ARCHIVE_ROOMS = (
    "folders",
    "reader",
    "values",
    "adapter",
    "unplaced",
    "urls",
    "database",
    "facts",
    "taken",
    "shared",
    "sources",
    "found",
    "claims",
    "words",
    "gists",
    "wordfile",
    "ties",
    "stories",
    "similar",
    "gistbook",
    "story_rows",
    "similar_rows",
    "rows",
    "readings",
    "relating",
    "counter",
    "renditions",
    "addresses",
    "image_base",
    "images",
    "importer",
    "exporter",
    "part",
    "prepare",
    "web",
    "fetches",
    "fetching",
)
PAGES_ROOMS = (
    "links",
    "compat",
    "access",
    "sight",
    "freshness",
    "markup",
    "policy",
    "queries",
    "images",
    "cells",
    "filters",
    "facets",
    "narrowing",
    "selection",
    "timeline",
    "listing",
    "search",
    "feeds",
    "preview",
    "sitemap",
    "head",
    "stories",
    "articles",
)
# What a filter keeps only Datasette can say.
CLI_ASKS = ("pages.selection",)
WINGS = {"archive": ARCHIVE_ROOMS, "pages": PAGES_ROOMS}

# Third parties, by who may import them. The root has none but that of its index.
FENCES = {
    "root": {"pyroaring"},
    "archive": {
        *("PIL", "frontmatter", "sqlite_utils", "w3lib", "yaml"),
        *("snowballstemmer", "stop_words"),  # none but archive.words
        *("httpx", "httpx_secure", "stamina"),  # none but archive.web
    },
    "cli": {"click", "sqlite_utils", "yaml"},
    "pages": {"datasette", "jinja2", "markdown_it", "markupsafe", "nh3", "pyroaring"},
    "face": {"datasette", "markdown_it", "markupsafe", "nh3"},
}
# For types alone (`if TYPE_CHECKING`).
TYPE_FENCES = {"root": {"sqlite_utils"}}

SQL_ROOMS = (
    "schema",
    "facet_tables",
    "facet_index",
    "archive",
    "pages.sight",  # how an archive is recognised, before anything is asked of it
    "pages.compat.told",
    "pages.queries",
    "pages.filters",
    "pages.facets",
)
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert (or \w+ )?into\b|\bdelete from\b|\bupdate \w+ set\b",
    re.I | re.S,
)

MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 60
# Raised by decision: "room" or "room:function" -> lines. Say why beside it.
LONGER: dict[str, int] = {
    "schema": 500,  # the tables in one place, as data: a list grows, no logic does
}


class Room:
    """One module: its dotted name inside the package ("" is the face), its text, its tree."""

    def __init__(self, package: Path, path: Path) -> None:
        parts = path.relative_to(package).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self.modules = {
            ".".join(other.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
            for other in package.rglob("*.py")
        }

    @property
    def wing(self) -> str:
        """The part of the house: face, cli, archive, pages, or root."""
        first = self.name.partition(".")[0]
        return {"": "face", "cli": "cli"}.get(first, first if first in WINGS else "root")

    def imports(self) -> Iterator[tuple[str, bool, bool]]:
        """Yield what is imported: absolute name, inside a function, for types alone."""
        yield from self._imports_in(self.tree, lazy=False, typing=False)

    def _imports_in(
        self, node: ast.AST, *, lazy: bool, typing: bool
    ) -> Iterator[tuple[str, bool, bool]]:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Import(names=names):
                    yield from ((alias.name, lazy, typing) for alias in names)
                case ast.ImportFrom():
                    yield from ((name, lazy, typing) for name in self._from(child))
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    yield from self._imports_in(child, lazy=True, typing=typing)
                case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=orelse):
                    for inner in body:
                        module = ast.Module([inner], [])
                        yield from self._imports_in(module, lazy=lazy, typing=True)
                    yield from self._imports_in(ast.Module(orelse, []), lazy=lazy, typing=typing)
                case _:
                    yield from self._imports_in(child, lazy=lazy, typing=typing)

    def _from(self, node: ast.ImportFrom) -> Iterator[str]:
        base = node.module or ""
        if node.level:
            here = [NAME, *self.name.split(".")] if self.name else [NAME]
            up = node.level - 1 if self.is_package else node.level
            base = ".".join([*here[: len(here) - up], *([base] if base else [])])
        for alias in node.names:
            # `from package import room` names a module, all else a thing inside base.
            inner = f"{base}.{alias.name}".removeprefix(NAME + ".")
            yield (
                f"{base}.{alias.name}" if inner in self.modules and base.startswith(NAME) else base
            )


def rooms(package: Path) -> list[Room]:
    """All modules of a package."""
    return [Room(package, path) for path in sorted(package.rglob("*.py"))]


def _own(name: str) -> str | None:
    """A module of ours without the package's name ("" is the face), else None."""
    if name == NAME:
        return ""
    return name.removeprefix(NAME + ".") if name.startswith(NAME + ".") else None


def _may_import(room: Room, target: str) -> bool:
    wing, _, inner = target.partition(".")
    if room.wing == "face":
        return True
    if target in ROOT_ROOMS:
        if room.wing != "root":
            return True
        return room.name in ROOT_ROOMS and ROOT_ROOMS.index(target) < ROOT_ROOMS.index(room.name)
    if room.wing == "cli":
        return (wing == "archive" and inner != "") or target in CLI_ASKS
    if room.wing != wing or not inner:
        return False
    here, there = room.name.partition(".")[2], inner.partition(".")[0]
    if here.partition(".")[0] == there:
        return True  # inside one small package, such as facets
    order = WINGS[wing]
    head = here.partition(".")[0]
    return head in order and there in order and order.index(there) < order.index(head)


def wrong_imports(package: Path) -> list[str]:
    """Imports of our own modules that the house does not allow."""
    faults = []
    for room in rooms(package):
        for name, lazy, typing in room.imports():
            target = _own(name)
            if target is None:
                continue
            if target == "":
                faults.append(f"{room.name}: imports the face")
            elif room.wing == "face" and not (lazy or typing):
                faults.append(f"the face imports {target} outside a function")
            elif not _may_import(room, target):
                faults.append(f"{room.name}: imports {target}")
    return faults


def unlisted_rooms(package: Path) -> list[str]:
    """Modules that no list above names: a new room is a decision."""
    listed = {"", "cli", *WINGS, *ROOT_ROOMS}
    for wing, names in WINGS.items():
        listed |= {f"{wing}.{name}" for name in names}
    return [
        room.name
        for room in rooms(package)
        if room.name not in listed and room.name.rpartition(".")[0] not in listed - {"", *WINGS}
    ]


def broken_fences(package: Path) -> list[str]:
    """Third-party libraries imported where they do not belong."""
    faults = []
    for room in rooms(package):
        for name, _, typing in room.imports():
            library = name.partition(".")[0]
            if library in sys.stdlib_module_names or library == NAME:
                continue
            allowed = FENCES[room.wing] | (TYPE_FENCES.get(room.wing, set()) if typing else set())
            if library not in allowed:
                faults.append(f"{room.name or 'the face'}: imports {library}")
    return faults


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string that is more than a docstring, f-strings as one."""
    passed_over = set()
    for node in ast.walk(tree):  # parents come before children
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                passed_over.add(docstring)
            case ast.JoinedStr(values=values):
                passed_over.update(values)
                parts = (str(v.value) if isinstance(v, ast.Constant) else "?" for v in values)
                yield node.lineno, "".join(parts)
            case ast.Constant(value=str(text)) if node not in passed_over:
                yield node.lineno, text


def stray_sql(package: Path) -> list[str]:
    """SQL spelled outside the rooms that may."""
    return [
        f"{room.name or 'the face'}:{line}: SQL"
        for room in rooms(package)
        if not any(room.name == name or room.name.startswith(name + ".") for name in SQL_ROOMS)
        for line, text in _texts(room.tree)
        if SQL.search(text)
    ]


def poor_docstrings(package: Path) -> list[str]:
    """Modules that do not say in two sentences what they do and what they do not know."""
    return [
        room.name
        for room in rooms(package)
        if len(re.findall(r"[.!?](?:\s|$)", ast.get_docstring(room.tree) or "")) < 2
    ]


def too_long(package: Path) -> list[str]:
    """Modules and functions beyond the measure."""
    faults = []
    for room in rooms(package):
        length = len(room.text.splitlines())
        if length > LONGER.get(room.name, MOST_MODULE_LINES):
            faults.append(f"{room.name}: {length} lines")
        for node in ast.walk(room.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                key = f"{room.name}:{node.name}"
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGER.get(key, MOST_FUNCTION_LINES):
                    faults.append(f"{key}: {length} lines")
    return faults


def careless_excepts(package: Path) -> list[str]:
    """Clauses that catch everything, unless it is to clean up and raise it again."""
    faults = []
    for room in rooms(package):
        for node in ast.walk(room.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {each.id for each in caught if isinstance(each, ast.Name)}
            match node.body[-1]:
                case ast.Raise(exc=None) if names == {"BaseException"}:
                    continue
            if node.type is None or names & {"Exception", "BaseException"}:
                faults.append(f"{room.name or 'the face'}:{node.lineno}: catches everything")
    return faults


RULES: tuple[Callable[[Path], list[str]], ...] = (
    wrong_imports,
    unlisted_rooms,
    broken_fences,
    stray_sql,
    poor_docstrings,
    too_long,
    careless_excepts,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Callable[[Path], list[str]]) -> None:
    assert rule(PACKAGE) == []


DOCSTRING = '"""Does one thing. Knows nothing of the others."""\n'
CLEAN = {
    "__init__.py": "from datasette import hookimpl\n"
    "def render_cell():\n    from datasette_newsfeed.pages import cells\n    return cells\n",
    "cli.py": "import click\nfrom .archive import importer\nfrom . import schema\n",
    "errors.py": "import re\n",
    "record.py": "from .errors import x\n",
    "schema.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from sqlite_utils import Database\nSQL = 'select 1 from t'\n",
    "archive/__init__.py": "",
    "archive/reader.py": "import yaml\nfrom ..errors import RecordError\n",
    "archive/importer.py": "from . import reader\nfrom .reader import read\n"
    "from datasette_newsfeed import schema\n"
    "try:\n    pass\nexcept BaseException:\n    print()\n    raise\n",
    "pages/__init__.py": "",
    "pages/queries.py": "from datasette_newsfeed.record import Card\nX = f'select {1} from t'\n",
    "pages/cells.py": "from .queries import find\nimport markupsafe\n'select it from the list'\n",
    "pages/facets/__init__.py": "from .topics import T\nfrom .. import queries\n",
    "pages/facets/topics.py": "from .base import Facet\nfrom ..queries import x\n",
    "pages/facets/base.py": "",
}
BREACHES = [
    (wrong_imports, "record.py", "import datasette_newsfeed"),
    (wrong_imports, "record.py", "from . import __version__"),
    (wrong_imports, "pages/cells.py", "from datasette_newsfeed import plugin_name"),
    (wrong_imports, "errors.py", "from .record import Article"),
    (wrong_imports, "schema.py", "from .archive import reader"),
    (wrong_imports, "record.py", "from .cli import newsfeed"),
    (wrong_imports, "archive/reader.py", "from ..pages import queries"),
    (wrong_imports, "archive/reader.py", "from .importer import run"),
    (wrong_imports, "archive/importer.py", "def f():\n    from ..cli import newsfeed"),
    (wrong_imports, "pages/queries.py", "from ..archive.reader import read"),
    (wrong_imports, "pages/queries.py", "from .facets.topics import T"),
    (wrong_imports, "pages/facets/base.py", "from datasette_newsfeed.pages.feeds import write"),
    (wrong_imports, "cli.py", "from .pages import queries"),
    (wrong_imports, "__init__.py", "from .pages import cells"),
    (unlisted_rooms, "pages/helpers.py", ""),
    (unlisted_rooms, "utils.py", ""),
    (unlisted_rooms, "shop/till.py", ""),
    (broken_fences, "record.py", "import yaml"),
    (broken_fences, "schema.py", "from sqlite_utils import Database"),
    (broken_fences, "archive/reader.py", "import datasette.utils"),
    (broken_fences, "pages/cells.py", "def f():\n    from PIL import Image"),
    (broken_fences, "pages/queries.py", "import sqlite_utils"),
    (broken_fences, "cli.py", "import frontmatter"),
    (broken_fences, "__init__.py", "import frontmatter"),
    (stray_sql, "pages/cells.py", "X = 'select a from b'"),
    (stray_sql, "pages/cells.py", "def f(t):\n    return g(f'SELECT * FROM {t}')"),
    (stray_sql, "cli.py", "db.execute('select a from b')"),
    (stray_sql, "cli.py", "X = '''delete from articles'''"),
    (stray_sql, "__init__.py", "X = 'with a as (select b\\nfrom c) select d from a'"),
    (too_long, "record.py", "\n" * 400),
    (too_long, "record.py", "def f():\n" + "    a = 1\n" * 60),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept Exception:\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept (OSError, BaseException):\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept:\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept BaseException as e:\n    raise e"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept Exception:\n    raise"),
]


def _build(folder: Path, files: dict[str, str]) -> Path:
    package = folder / NAME
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DOCSTRING + text, encoding="utf-8")
    return package


def test_a_house_in_order_has_no_faults(tmp_path: Path) -> None:
    package = _build(tmp_path, CLEAN)
    assert [rule(package) for rule in RULES] == [[] for _ in RULES]


@pytest.mark.parametrize(("rule", "file", "breach"), BREACHES)
def test_a_planted_breach_is_caught(
    tmp_path: Path, rule: Callable[[Path], list[str]], file: str, breach: str
) -> None:
    package = _build(tmp_path, {**CLEAN, file: CLEAN.get(file, "") + breach + "\n"})
    assert len(rule(package)) == 1
    assert [other(package) for other in RULES if other is not rule] == [[]] * (len(RULES) - 1)


@pytest.mark.parametrize("docstring", ["", '"""Only what it does."""\n'])
def test_a_poor_docstring_is_caught(tmp_path: Path, docstring: str) -> None:
    package = _build(tmp_path, CLEAN)
    (package / "record.py").write_text(docstring, encoding="utf-8")
    assert poor_docstrings(package) == ["record"]
