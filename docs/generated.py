"""The parts of the documents that a program can say better: commands, tables, limits.

`make docs` writes them into the documents through cog, `make lint` checks that they are current.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from datasette_newsfeed import schema
from datasette_newsfeed.archive.dates import FORMS
from datasette_newsfeed.archive.dialects.column_keys import COLUMNS
from datasette_newsfeed.cli import newsfeed
from datasette_newsfeed.full_text import tables

ROOT = Path(__file__).resolve().parent.parent

# The order of a reader, not that of creation: what the archive is about comes first.
TABLES = sorted(schema.TABLES, key=lambda table: table is not schema.ARTICLES)


def command_help() -> str:
    """What `datasette newsfeed COMMAND --help` prints, for each command."""
    return "\n".join(_help(name) for name in newsfeed.commands)


def _help(name: str) -> str:
    result = CliRunner().invoke(
        newsfeed, [name, "--help"], prog_name="datasette newsfeed", terminal_width=80
    )
    assert result.exit_code == 0, result.output
    return f"```\n$ datasette newsfeed {name} --help\n{result.output.strip()}\n```\n"


def date_forms() -> str:
    """One line for each way of writing dates that is read."""
    lines = ["| form | as |", "|---|---|"]
    for form in FORMS:
        examples = "<br>".join(f"`{example}`" for example in form.examples)
        lines.append(f"| {form.name} | {examples} |")
    return "\n".join(lines)


def dialect_keys() -> str:
    """One line for each column that the generic dialect fills: its keys, in order of trust."""
    lines = ["| column | keys |", "|---|---|"]
    for column, keys in COLUMNS.items():
        if keys:
            lines.append(f"| `{column}` | {', '.join(f'`{key}`' for key in keys)} |")
    return "\n".join(lines)


def table_list() -> str:
    """One line a table: name, primary key, what it holds."""
    lines = ["| table | primary key | holds |", "|---|---|---|"]
    for table in TABLES:
        key = ", ".join(f"`{column}`" for column in table.primary_key)
        lines.append(f"| `{table.name}` | {key} | {table.description} |")
    for table in TABLES:
        if table.full_text:
            columns = ", ".join(table.full_text)
            lines.append(f"| `{table.name}_fts` | | full text of {columns} |")
    return "\n".join(lines)


def table_columns() -> str:
    """One section a table with all its columns, and the view."""
    parts = [part for table in TABLES for part in _section(table)]
    parts += [f"## {schema.ARTICLE_LIST} (view)", "", "```sql", schema.ARTICLE_LIST_SQL, "```"]
    return "\n".join(parts)


def _section(table: schema.Table) -> Iterator[str]:
    yield f"## {table.name}\n\n{table.description}.\n"
    yield "| column | type | |"
    yield "|---|---|---|"
    for column in table.columns:
        notes = ["key"] if column.name in table.primary_key else []
        notes += [f"→ `{column.references}`"] if column.references else []
        notes += [column.description.replace("|", "\\|")] if column.description else []
        yield f"| `{column.name}` | {column.type.lower()} | {'; '.join(notes)} |"
    yield ""


def tokenizer() -> str:
    """How the full text is split into words."""
    return f"`{tables.TOKENIZER}`"


def repository() -> str | None:
    """The address of the repository, or None while pyproject.toml does not name it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project.get("urls", {}).get("Repository")
    return address and address.rstrip("/")


def badges() -> str:
    """The badges of the README: none while the repository's address is not known."""
    address = repository()
    if address is None:
        return ""
    package = "https://pypi.org/project/datasette-newsfeed/"
    tests = f"{address}/actions/workflows/tests.yml"
    return (
        f"[![PyPI](https://img.shields.io/pypi/v/datasette-newsfeed.svg)]({package})\n"
        f"[![Tests]({tests}/badge.svg)]({tests})\n"
        f"[![License](https://img.shields.io/badge/license-Apache%202.0-blue.svg)]"
        f"({address}/blob/main/LICENSE)\n\n"
    )


def clone() -> str:
    """The commands that make a clone: none while the repository's address is not known."""
    address = repository()
    if address is None:
        return ""
    return f"```console\ngit clone {address}\ncd {address.rpartition('/')[2]}\n```\n\n"


def package_index() -> str:
    """The README for a package index, where relative links and pictures lead nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return for_package_index(text, repository())


def for_package_index(text: str, address: str | None) -> str:
    """Return a README with absolute links; without an address, links are plain text.

    Pictures and comments are left out where they cannot be shown.
    """
    # Who reads it there needs no clone.
    text = re.sub(r"<!-- clone: -->.*?<!-- :clone -->\n", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\n", "", text, flags=re.S)

    def picture(found: re.Match[str]) -> str:
        return f"![{found[1]}]({address}/raw/main/{found[2]})" if address else ""

    def link(found: re.Match[str]) -> str:
        return f"[{found[1]}]({address}/blob/main/{found[2]})" if address else found[1]

    text = re.sub(r"!\[([^]]*)\]\((?!https?:)([^)]+)\)", picture, text)
    text = re.sub(r"(?<!!)\[([^]!]+)\]\((?!https?:|#)([^)]+)\)", link, text)
    if address is None:
        # A sentence about pictures would be about nothing.
        text = re.sub(r"^The pictures show .*?\n\n", "", text, flags=re.S | re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
