"""The documents say what is: generated parts are current, nothing a user types is missing.

Knows no wording.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
GENERATED = ["README.md", "docs/tables.md", "docs/records.md"]
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def _commands() -> list[tuple[str, click.Command]]:
    from datasette_newsfeed.cli import newsfeed

    return sorted(newsfeed.commands.items())


def _targets() -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z-]+):.*## ", makefile, re.M)


def _unwritten(text: str) -> str:
    """A document without its generated parts."""
    return re.sub(r"\[\[\[cog.*?\[\[\[end\]\]\]", "", text, flags=re.S)


def _cog(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cogapp", "-I", str(ROOT / "docs"), "--check", *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_generated_parts_are_current() -> None:
    result = _cog(ROOT, *GENERATED)
    assert result.returncode == 0, f"run `make docs`\n{result.stdout}{result.stderr}"


def test_a_stale_part_is_noticed(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(text.replace("--help", "--halp"), encoding="utf-8")
    assert _cog(tmp_path, "README.md").returncode != 0


def test_every_command_and_option_is_documented() -> None:
    text = README.read_text(encoding="utf-8")
    for name, command in _commands():
        assert f"newsfeed {name}" in _unwritten(text), f"no prose about `newsfeed {name}`"
        for option in (p for p in command.params if isinstance(p, click.Option)):
            assert option.opts[-1] in text, f"{name} {option.opts[-1]}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_command_is_promised_that_is_not_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    promised = set(re.findall(r"(?:`|datasette |sqlite-utils )newsfeed (\w+)", text))
    assert promised <= {name for name, _ in _commands()}


@pytest.mark.parametrize("target", _targets())
def test_every_make_target_is_documented(target: str) -> None:
    assert f"make {target}" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    # What stands in a block of code is no link.
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|href)="([^"#]+)"', text)
    local = [target for target in targets if not re.match(r"https?:|mailto:", target)]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_inside_a_document_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    anchors = {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
