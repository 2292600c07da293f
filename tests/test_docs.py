"""The documents say what is: generated parts are current, nothing a user types is missing.

Their commands run, in order, in an empty folder.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import container
import generated
import pytest
import yaml
from share import IS_LONG, LINE

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
README_BYTES = 7 * 1024
DOCUMENTS = [
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
# What a user runs, in the order in which a user would; the others have no blocks of commands.
GUIDES = [
    "README",
    "docs/archives",
    "docs/import",
    "docs/collect",
    "docs/images",
    "docs/publish",
    "CONTRIBUTING",
]
# These go on with the database that the README makes.
WITH_A_DATABASE = ["docs/images", "docs/publish"]
# What depends on the line of Datasette: in the short form the others are run on one of them.
OF_EITHER_LINE = ["README", "docs/publish"]
NEEDS_THE_INDEX = ("datasette install ", "pip install ")
GENERATED = [path for path in DOCUMENTS if "[[[cog" in path.read_text(encoding="utf-8")]
FEED = """<rss version="2.0"><channel><title>Pier News</title><link>https://pier.example/</link>
<item><title>The pier is painted</title><link>https://pier.example/paint</link></item>
</channel></rss>"""
START_SECONDS, STOP_SECONDS = 60, 20


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
    assert len(GENERATED) > 4
    result = _cog(ROOT, *map(str, GENERATED))
    assert result.returncode == 0, f"run `make docs`\n{result.stdout}{result.stderr}"


def test_a_stale_part_is_noticed(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    (tmp_path / "cli.md").write_text(text.replace("--help", "--halp"), encoding="utf-8")
    assert _cog(tmp_path, "cli.md").returncode != 0


def test_make_checks_every_document_with_a_generated_part() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (names,) = re.findall(r"^DOCUMENTS := (.+)$", makefile, re.M)
    assert {ROOT / name for name in names.split()} == set(GENERATED)
    # That of the package index is made of the README.
    assert names.split()[-1] == "docs/package-index.md"


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) <= README_BYTES


def test_every_document_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((\S+?\.md)\)", README.read_text(encoding="utf-8")))
    names = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS}
    assert names - linked == {"README.md", "docs/package-index.md"}


def test_every_command_and_option_is_documented() -> None:
    prose = "".join(_unwritten(path.read_text(encoding="utf-8")) for path in DOCUMENTS[3:])
    for name, command in _commands():
        assert f"newsfeed {name}" in prose, f"no prose about `newsfeed {name}`"
        for option in (p for p in command.params if isinstance(p, click.Option)):
            assert option.opts[-1] in prose, f"no prose about {name} {option.opts[-1]}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_command_is_promised_that_is_not_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    promised = set(re.findall(r"(?:`|datasette |sqlite-utils )newsfeed (\w+)", text))
    assert promised <= {name for name, _ in _commands()}


@pytest.mark.parametrize("target", _targets())
def test_every_make_target_is_documented(target: str) -> None:
    assert f"`make {target}`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


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


# -- the architecture ---------------------------------------------------------


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GLOSSARY_WORDS = 25


def _tree() -> set[str]:
    """The modules and folders of the tree in docs/architecture.md, by their paths."""
    paths, folders = set(), [""]
    (block,) = re.findall(r"^## The tree\n\n```\n(.*?)^```", ARCHITECTURE, re.M | re.S)
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        path = "".join(folders[: depth + 1]) + name
        paths.add(path.rstrip("/"))
        folders[depth + 1 :] = [name]
    return paths


def test_the_tree_of_the_documents_is_that_of_the_package() -> None:
    package = ROOT / "datasette_newsfeed"
    listed = _tree()
    assert [path for path in listed if not (ROOT / path).exists()] == []
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in (package, package / "archive", package / "pages")
        for path in folder.iterdir()
        if path.suffix in (".py", "") and path.name != "__pycache__"
    }
    named = {name for name in there if Path(name).name in ARCHITECTURE}
    assert {name for name in there - named if not name.endswith("__init__.py")} == set()


def test_the_glossary_is_short() -> None:
    section = ARCHITECTURE.partition("## Glossary")[2].partition("\n## ")[0]
    assert 10 < section.count("\n| ") - 1 <= GLOSSARY_WORDS


def test_modules_that_are_named_are_there() -> None:
    text = ARCHITECTURE
    names = re.findall(
        r"`((?:archive|pages|tests|templates|docs|default_templates)/[\w./]*)`", text
    )
    lost = [
        name
        for name in names
        if not any((folder / name).exists() for folder in (ROOT, ROOT / "datasette_newsfeed"))
    ]
    assert len(names) > 10
    assert lost == []


# -- the commands -------------------------------------------------------------


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def _lines(guide: str) -> Iterator[str]:
    """The commands of a guide, one by one."""
    text = (ROOT / f"{guide}.md").read_text(encoding="utf-8")
    for block in _blocks(text, "sh"):
        yield from block.replace("\\\n", " ").strip().splitlines()


def test_every_document_with_commands_is_run() -> None:
    with_blocks = [path for path in DOCUMENTS if _blocks(path.read_text(encoding="utf-8"), "sh")]
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in with_blocks}
    assert names - {"docs/package-index"} == set(GUIDES)


def test_the_documented_commands_run_in_order_in_an_empty_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(ROOT / "demo", home / "archive")
    shutil.copytree(ROOT / "examples" / "hugo", home / "site")
    (home / "feed.xml").write_text(FEED, encoding="utf-8")
    (home / "gcloud").mkdir()
    source = container.source_of_plugin(tmp_path / "datasette-newsfeed")
    programs = (container.STAND_IN, Path(sys.executable).parent)
    environment = {
        **os.environ,
        "HOME": str(home),
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "GCLOUD_RECORD": str(home / "gcloud"),
    }
    guides = GUIDES if IS_LONG or LINE == "0.65" else OF_EITHER_LINE
    for guide in guides:
        folder = tmp_path / guide
        folder.mkdir(parents=True)
        if guide in WITH_A_DATABASE:
            shutil.copy(tmp_path / "README" / "news.db", folder)
        for line in _lines(guide):
            command = line.partition(" #")[0].strip()
            if command.startswith(NEEDS_THE_INDEX):
                _is_a_package(command)
            elif command.startswith("make "):
                # The target is known; what it does is the test that runs here.
                _run(re.sub("^make", "make -n", command), ROOT, environment)
            elif re.match(r"datasette \S+\.db$", command):
                _is_served(command, folder, environment)
            else:
                here = command.replace("/path/to/datasette-newsfeed", str(source))
                _run(here, folder, environment)
    assert (tmp_path / "docs" / "import" / "copy").is_dir() is ("docs/import" in guides)
    metadata = (tmp_path / "docs" / "publish" / "metadata.yml").read_text(encoding="utf-8")
    assert metadata.startswith("databases:\n  public:")
    assert (home / "gcloud" / "context" / "Dockerfile").exists()


def _run(command: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def _is_a_package(command: str) -> None:
    """An install names this project, or the folder, and an extra that there is."""
    found = re.search(r" '(\.|datasette-newsfeed)\[(\w+)\]'$", command)
    assert found, command
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert found[2] in project["optional-dependencies"]


def _is_served(command: str, folder: Path, environment: dict[str, str]) -> None:
    server = subprocess.Popen(
        f"exec {command} --port 0",
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"running on (http://\S+)", line):
                with urllib.request.urlopen(found[1], timeout=START_SECONDS) as answer:
                    assert answer.status == 200
                break
        else:
            pytest.fail(f"{command}: no server")
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=STOP_SECONDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_of_yaml_can_be_read(document: Path) -> None:
    for block in _blocks(document.read_text(encoding="utf-8"), "yaml"):
        assert isinstance(yaml.safe_load(block), dict)


# -- the repository's address -------------------------------------------------


def test_without_an_address_no_link_badge_or_clone_is_invented() -> None:
    if generated.repository() is not None:
        pytest.skip("pyproject.toml names the repository")
    assert generated.badges() == generated.clone() == ""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for sign in ("git clone", "badge.svg", "img.shields.io", "/datasette-newsfeed.git"):
            assert sign not in text, f"{document.name}: {sign}"


def test_with_an_address_there_are_badges_and_a_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://code.example/news/datasette-newsfeed"
    monkeypatch.setattr(generated, "repository", lambda: address)
    assert f"]({address}/actions/workflows/tests.yml)" in generated.badges()
    assert f"git clone {address}\ncd datasette-newsfeed\n" in generated.clone()


@pytest.mark.parametrize("address", [None, "https://code.example/news/datasette-newsfeed"])
def test_what_a_package_index_shows_has_no_relative_link(address: str | None) -> None:
    text = generated.for_package_index(README.read_text(encoding="utf-8"), address)
    targets = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    assert [each for each in targets if not each.startswith("https://")] == []
    assert text.count("![") == (README.read_text(encoding="utf-8").count("![") if address else 0)
    assert "cog" not in text
    own = [each for each in targets if "code.example" in each]
    assert all(each.startswith(f"{address}/") for each in own)
    assert bool(own) == bool(address)
    for each in own:
        path = re.sub(r"^/(blob|raw)/main/", "", each.removeprefix(str(address)))
        assert (ROOT / path).exists(), each
