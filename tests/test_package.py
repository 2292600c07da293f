"""What an installed package holds, as `pyproject.toml` declares it. Knows no behaviour.

An editable install finds every file and every library by luck; these do not.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import container
import oldest
import pytest
from commands import newsfeed

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
# Extras for those who work on the project, not for those who use it.
DEVELOPMENT = {"test", "lint"}


def _declared() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _extras() -> dict[str, list[str]]:
    return _declared()["project"]["optional-dependencies"]


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~\[ ]", requirement)[0].lower()


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


def _files() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_every_file_of_the_package_is_installed() -> None:
    patterns = _declared()["tool"]["setuptools"]["package-data"][PACKAGE.name]
    files = [name.partition("/")[2] for name in _files() if not name.endswith(".py")]
    assert len(files) > 5
    left = [file for file in files if not any(_matches(file, each) for each in patterns)]
    assert left == []


def _matches(file: str, pattern: str) -> bool:
    """Tell whether a pattern finds a file as setuptools does: `*` does not cross a slash."""
    return file.count("/") == pattern.count("/") and fnmatchcase(file, pattern)


def test_a_wheel_holds_the_package_and_nothing_of_an_earlier_build(tmp_path: Path) -> None:
    source = container.source_of_plugin(tmp_path / "source")
    stale = source / "build" / "lib" / PACKAGE.name / "removed.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    wheels = tmp_path / "wheels"
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", str(wheels), str(source)], check=True)
    (wheel,) = wheels.iterdir()
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        text = archive.read(metadata).decode("utf-8")
    assert names == _files()
    description = (ROOT / "docs" / "package-index.md").read_text(encoding="utf-8")
    assert text.partition("\n\n")[2].strip() == description.strip()
    assert "License-Expression: Apache-2.0" in text


def test_every_library_is_required() -> None:
    required = list(_declared()["project"]["dependencies"])
    for extra, requirements in _extras().items():
        if extra not in DEVELOPMENT:
            required += requirements
    wanted = {COMES_WITH.get(each, INSTALLED_AS.get(each, each)) for each in _libraries()}
    assert wanted - {_name(each) for each in required} == set()


def test_the_extra_all_has_every_extra_for_users() -> None:
    (everything,) = _extras()["all"]
    named = set(re.fullmatch(r"datasette-newsfeed\[(.+)\]", everything)[1].split(","))
    assert named == set(_extras()) - DEVELOPMENT - {"all"}


def test_every_library_of_users_has_a_lower_bound() -> None:
    lines = oldest.constraints()
    assert len(lines) > 10
    assert len(lines) == len({line.partition("==")[0] for line in lines})


def test_a_library_without_a_lower_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = oldest.project()
    declared["dependencies"].append("requests")
    monkeypatch.setattr(oldest, "project", lambda: declared)
    with pytest.raises(ValueError, match="requests"):
        oldest.constraints()


def test_the_version_is_told() -> None:
    outcome = newsfeed("--version")
    assert outcome.status == 0
    assert outcome.stdout.strip().endswith(_declared()["project"]["version"])
    assert version("datasette-newsfeed") == _declared()["project"]["version"]
