"""What an installed package holds, as `setup.py` declares it. Knows no behaviour.

An editable install finds every file and every library by luck; these do not.
"""

from __future__ import annotations

import ast
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "datasette_newsfeed"
# The name to install, where it is not the name to import.
INSTALLED_AS = {
    "PIL": "pillow",
    "frontmatter": "python-frontmatter",
    "markdown_it": "markdown-it-py",
    "sqlite_utils": "sqlite-utils",
    "stop_words": "stop-words",
    "yaml": "pyyaml",
}
COMES_WITH = {"jinja2": "datasette", "markupsafe": "datasette"}


def _setup() -> dict[str, Any]:
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "setup"
    )
    plain = {"package_data", "install_requires", "extras_require"}
    return {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg in plain}


def _libraries() -> set[str]:
    names = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=aliases):
                    names |= {alias.name.partition(".")[0] for alias in aliases}
                case ast.ImportFrom(level=0, module=str(module)):
                    names.add(module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {PACKAGE.name}


def test_every_file_of_the_package_is_installed() -> None:
    patterns = _setup()["package_data"][PACKAGE.name]
    files = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert len(files) > 5
    left = [file for file in files if not any(_matches(file, each) for each in patterns)]
    assert left == []


def _matches(file: str, pattern: str) -> bool:
    """Tell whether a pattern finds a file as setuptools does: `*` does not cross a slash."""
    return file.count("/") == pattern.count("/") and fnmatchcase(file, pattern)


def test_every_library_is_required() -> None:
    declared = _setup()
    extras = declared["extras_require"]
    required = [*declared["install_requires"]]
    required += [*extras["images"], *extras["relate"], *extras["collect"]]
    names = {re.split(r"[<>=!~\[ ]", each)[0].lower() for each in required}
    wanted = {COMES_WITH.get(each, INSTALLED_AS.get(each, each)) for each in _libraries()}
    assert wanted - names == set()
