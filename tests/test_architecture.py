"""The house rules, held by walking the syntax trees of the package.

Which package may import which, that no modules import one another in a circle, which
libraries are imported where, where SQL is written, how long modules and functions get.
Each rule is also shown to catch a planted breach.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "datasette_newsfeed"
NAME = PACKAGE.name

# The root's modules, and the packages and modules of each part, in the order of their imports:
# each imports only what is listed before it. Inside one package any order goes, but no circle.
ROOT = (
    "errors",
    "many_rows",
    "hookspecs",
    "image_urls",
    "html_scanner",
    "url_keys",
    "full_text",
    "vocabulary",
    "schema",
    "changes",
    "languages",
    "dimensions",
    "facet_index_schema",
    "default_metadata",
    "facet_index",
)
ARCHIVE = (
    "records",
    "database",
    "dates",
    "files",
    "dialects",
    "sources",
    "images",
    "relate",
    "importing",
    "history",
    "collect",
    "exporter",
    "publish",
)
PAGES = (
    "protocols",
    "models",
    "sql_conditions",
    "registered_formats",
    "links",
    "other_plugins",
    "compat",
    "access",
    "text",
    "headers",
    "queries",
    "picture_places",
    "filters",
    "facets",
    "filter_description",
    "feeds",
    "views",
    "startup",
)
# Only Datasette can tell which rows a filter keeps.
CLI_ASKS = ("pages.filters.selected_ids",)
PARTS = {"archive": ARCHIVE, "pages": PAGES}
EMPTY_NAMES = frozenset({"utils", "util", "helpers", "helper", "manager", "common", "misc"})

# Third parties, by who may import them. The root has those of its index and of terms.
FENCES = {
    # snowballstemmer: only full_text and terms; stop_words: only terms; w3lib: only urls.
    "root": {"pluggy", "pyroaring", "snowballstemmer", "stop_words", "w3lib"},
    "archive": {
        *("PIL", "docutils", "frontmatter", "sqlite_utils", "w3lib", "yaml"),
        "feedparser",  # only archive.collect.xml_feeds
        *("numpy", "scipy"),  # only archive.relate.nearest, where they are installed
        *(
            "httpcore",
            "httpx",
            "stamina",
        ),  # only archive.images: connections, http_*
    },
    "cli": {"click", "datasette", "sqlite_utils", "yaml"},
    "pages": {
        *("datasette", "idna", "jinja2", "markdown_it", "markupsafe", "nh3", "pyroaring"),
        "click",  # only pages.compat.version
    },
    "face": {"pluggy", "markdown_it", "markupsafe", "nh3"},
}
# For types alone (`if TYPE_CHECKING`).
TYPE_FENCES = {"root": {"sqlite_utils"}}

SQL_ROOMS = (
    "schema",
    "dimensions",
    "full_text.tables",
    "full_text.index",
    "full_text.words_and_addresses",
    "full_text.highlights",
    "facet_index_schema",
    "facet_index",
    "archive",
    "pages.access.archives",  # how an archive is recognised, before anything is asked of it
    "pages.access.repeated_tables",  # which tables Datasette 1.0 refuses, as it asks for it: SQL
    "pages.compat.internal_tables",
    "pages.compat.row_order",  # it completes the statements of Datasette
    "pages.compat.table_names",
    "pages.queries",
    "pages.filters",
    "pages.facets",
)
SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert (or \w+ )?into\b|\bdelete from\b|\bupdate \w+ set\b",
    re.I | re.S,
)

MOST_MODULE_LINES = 600
MOST_FUNCTION_LINES = 60
# Raised by decision: "room" or "room:function" -> lines. Say why beside it.
LONGER: dict[str, int] = {}

# Modules that may take any exception for one of ours, as `raise OurError(...) from error`: what
# an image decoder or a parser of malformed XML raises is written nowhere, and one image or feed
# must not end a run over all.
RAISES_ANYTHING = (
    "archive.collect.xml_feeds",
    "archive.images.renditions",
)


@cache
def _parsed(text: str) -> ast.Module:
    """The syntax tree of a text, which each rule reads."""
    return ast.parse(text)


class Room:
    """One module: its dotted name inside the package ("" is the face), its text, its tree."""

    def __init__(self, package: Path, path: Path, modules: set[str]) -> None:
        parts = path.relative_to(package).with_suffix("").parts
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.text = path.read_text(encoding="utf-8")
        self.tree = _parsed(self.text)
        self.modules = modules

    @property
    def wing(self) -> str:
        """The part of the house: face, cli, archive, pages, or root."""
        first = self.name.partition(".")[0]
        return {"": "face", "cli": "cli", "cli_options": "cli", "registered_dialects": "cli"}.get(
            first, first if first in PARTS else "root"
        )

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
    paths = sorted(package.rglob("*.py"))
    modules = {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for path in paths
    }
    return [Room(package, path, modules) for path in paths]


def _own(name: str) -> str | None:
    """A module of ours without the package's name ("" is the face), else None."""
    if name == NAME:
        return ""
    return name.removeprefix(NAME + ".") if name.startswith(NAME + ".") else None


def _may_import(room: Room, target: str) -> bool:
    wing, _, inner = target.partition(".")
    if room.wing == "face":
        return True
    if wing in ROOT:
        head = room.name.partition(".")[0]
        if room.wing != "root" or head == wing:
            return True
        return head in ROOT and ROOT.index(wing) < ROOT.index(head)
    if room.name == "cli" and target.startswith(("cli_options", "registered_dialects")):
        return True
    if room.wing == "cli":
        return (wing == "archive" and inner != "") or target in CLI_ASKS
    if room.wing != wing or not inner:
        return False
    order = PARTS[wing]
    here = room.name.split(".")[1] if "." in room.name else ""
    there = inner.partition(".")[0]
    if here == there:
        return True
    return here in order and there in order and order.index(there) < order.index(here)


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


def circular_imports(package: Path) -> list[str]:
    """Modules that import one another, directly or through others, when they are loaded."""
    found = rooms(package)
    names = {room.name for room in found}
    arrows = {
        room.name: {
            target
            for name, lazy, typing in room.imports()
            if not (lazy or typing) and (target := _own(name)) in names and target is not None
        }
        for room in found
    }
    while leaves := {name for name, targets in arrows.items() if not targets & arrows.keys()}:
        for name in leaves:
            del arrows[name]
    # What is left lies on a circle, or imports one.
    while tops := {
        name for name in arrows if not any(name in targets for targets in arrows.values())
    }:
        for name in tops:
            del arrows[name]
    return [f"a circle: {', '.join(sorted(arrows))}"] if arrows else []


def unlisted_rooms(package: Path) -> list[str]:
    """Modules and packages that no list above names, and names that say nothing."""
    listed = {"", "cli", "cli_options", "registered_dialects", *PARTS, *ROOT}
    for part, names in PARTS.items():
        listed |= {f"{part}.{name}" for name in names}
    faults = []
    for room in rooms(package):
        depth = 2 if room.name.partition(".")[0] in PARTS else 1
        if ".".join(room.name.split(".")[:depth]) not in listed:
            faults.append(room.name)
        elif EMPTY_NAMES & set(room.name.split(".")):
            faults.append(f"{room.name}: the name says nothing")
    return faults


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
    """Clauses that catch everything, unless it is to clean up and raise it again, or, in
    RAISES_ANYTHING, to raise an error of our own."""
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
                case ast.Raise(exc=ast.Call(), cause=ast.Name(id=cause)) if (
                    room.name in RAISES_ANYTHING and cause == node.name and names == {"Exception"}
                ):
                    continue
            if node.type is None or names & {"Exception", "BaseException"}:
                faults.append(f"{room.name or 'the face'}:{node.lineno}: catches everything")
    return faults


RULES: tuple[Callable[[Path], list[str]], ...] = (
    wrong_imports,
    circular_imports,
    unlisted_rooms,
    broken_fences,
    stray_sql,
    too_long,
    careless_excepts,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Callable[[Path], list[str]]) -> None:
    assert rule(PACKAGE) == []


DOCSTRING = '"""Does one thing."""\n'
CLEAN = {
    "__init__.py": "from pluggy import HookimplMarker\n"
    "def render_cell():\n    from datasette_newsfeed.pages.views import cells\n    return cells\n",
    "cli.py": "import click\nfrom .archive.importing import importer\nfrom . import schema\n",
    "errors.py": "import re\n",
    "image_urls.py": "from .errors import x\n",
    "schema.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from sqlite_utils import Database\nSQL = 'select 1 from t'\n",
    "archive/__init__.py": "",
    "archive/records.py": "from ..image_urls import image_id\n",
    "archive/importing/__init__.py": "",
    "archive/importing/front_matter.py": "import yaml\nfrom ...errors import RecordError\n",
    "archive/importing/importer.py": "from . import front_matter\n"
    "from .front_matter import read\nfrom ..records import Article\n"
    "from datasette_newsfeed import schema\n"
    "try:\n    pass\nexcept BaseException:\n    print()\n    raise\n",
    "pages/__init__.py": "",
    "pages/models.py": "",
    "pages/queries.py": "from datasette_newsfeed.pages.models import Card\n"
    "X = f'select {1} from t'\n",
    "pages/views/__init__.py": "",
    "pages/views/cells.py": "from ..queries import find\nimport markupsafe\n"
    "'select it from the list'\n",
    "pages/facets/__init__.py": "from .topics import T\nfrom .. import queries\n",
    "pages/facets/topics.py": "from .base import Facet\nfrom ..queries import x\n",
    "pages/facets/base.py": "",
}
CELLS = "pages/views/cells.py"
FRONT_MATTER = "archive/importing/front_matter.py"
BREACHES = [
    (wrong_imports, "image_urls.py", "import datasette_newsfeed"),
    (wrong_imports, "image_urls.py", "from . import __version__"),
    (wrong_imports, CELLS, "from datasette_newsfeed import plugin_name"),
    (wrong_imports, "schema.py", "from .archive import records"),
    (wrong_imports, "errors.py", "def f():\n    from .image_urls import image_id"),
    (wrong_imports, "image_urls.py", "def f():\n    from .cli import newsfeed"),
    (wrong_imports, FRONT_MATTER, "from ...pages import queries"),
    (wrong_imports, "archive/records.py", "from .importing.front_matter import read"),
    (wrong_imports, "archive/importing/importer.py", "def f():\n    from ...cli import newsfeed"),
    (wrong_imports, "pages/queries.py", "from ..archive.records import Article"),
    (wrong_imports, "pages/queries.py", "def f():\n    from .views.cells import draw"),
    (wrong_imports, "pages/facets/base.py", "from datasette_newsfeed.pages.feeds import write"),
    (wrong_imports, "cli.py", "from .pages import queries"),
    (wrong_imports, "__init__.py", "from .pages.views import cells"),
    (circular_imports, FRONT_MATTER, "from . import importer"),
    (circular_imports, "pages/facets/base.py", "from .topics import T"),
    (unlisted_rooms, "pages/panes.py", ""),
    (unlisted_rooms, "pages/views/helpers.py", ""),
    (unlisted_rooms, "utils.py", ""),
    (unlisted_rooms, "shop/till.py", ""),
    (broken_fences, "image_urls.py", "import yaml"),
    (broken_fences, "schema.py", "from sqlite_utils import Database"),
    (broken_fences, FRONT_MATTER, "import datasette.utils"),
    (broken_fences, CELLS, "def f():\n    from PIL import Image"),
    (broken_fences, "pages/queries.py", "import sqlite_utils"),
    (broken_fences, "cli.py", "import frontmatter"),
    (broken_fences, "__init__.py", "import frontmatter"),
    (stray_sql, CELLS, "X = 'select a from b'"),
    (stray_sql, CELLS, "def f(t):\n    return g(f'SELECT * FROM {t}')"),
    (stray_sql, "cli.py", "db.execute('select a from b')"),
    (stray_sql, "cli.py", "X = '''delete from articles'''"),
    (stray_sql, "__init__.py", "X = 'with a as (select b\\nfrom c) select d from a'"),
    (too_long, "image_urls.py", "\n" * 600),
    (too_long, "image_urls.py", "def f():\n" + "    a = 1\n" * 60),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept Exception:\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept (OSError, BaseException):\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept:\n    pass"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept BaseException as e:\n    raise e"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept Exception:\n    raise"),
    (careless_excepts, "cli.py", "try:\n    pass\nexcept Exception as e:\n    raise X() from e"),
    (
        careless_excepts,
        "archive/images/renditions.py",
        "try:\n    pass\nexcept Exception as e:\n    print(e)",
    ),
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
