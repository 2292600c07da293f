"""Print the oldest version of each library that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What people install; the tools of the tests may be any.
EXTRAS = ("images", "relate", "collect", "serve")


def project() -> dict[str, Any]:
    """Return the table [project] of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def constraints() -> list[str]:
    """Return one line `name==version` for each requirement; an error if it has no lower bound.

    Datasette is left out: the Makefile names the oldest version of each line.
    """
    declared = project()
    required = list(declared["dependencies"])
    for extra in EXTRAS:
        required += declared["optional-dependencies"][extra]
    lines = []
    for requirement in required:
        found = re.match(r"([\w-]+)>=([\w.]+)", requirement)
        if found is None:
            raise ValueError(f"pyproject.toml: {requirement!r} has no lower bound")
        if found[1] != "datasette":
            lines.append(f"{found[1]}=={found[2]}")
    return lines


if __name__ == "__main__":
    print("\n".join(constraints()))
