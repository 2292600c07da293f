"""Which Datasette this is: the 0.65 line or 1.0, and whether it is one that we support.

Decided by the version alone. That a method is there says little: `Datasette.allowed` is planned
for 0.66 (simonw/datasette#2638), without the tables and templates of 1.0 that go with it here.
"""

from __future__ import annotations

import re

import click
from datasette import __version__
from datasette.utils import StartupError

OLDEST_065 = "0.65"
OLDEST_1 = "1.0a39"
"""1.0a38 and before answer nearly every page of an archive with 500, or do not start."""

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:(a|b|rc)(\d+))?")
_FINAL = "~"  # sorts after a, b and rc

Version = tuple[int, int, int, str, int]


def read(version: str) -> Version:
    """Return a version of Datasette such as `1.0a41` in a form that sorts.

    Raises ValueError for what is no version.
    """
    found = _VERSION.match(version)
    if found is None:
        raise ValueError(f"{version} is no version")
    major, minor, patch, stage, number = found.groups()
    return int(major), int(minor), int(patch or 0), stage or _FINAL, int(number or 0)


V1 = read(__version__)[0] >= 1


def is_v1() -> bool:
    """Tell 1.0 from 0.65."""
    return V1


def is_supported(version: str) -> bool:
    """Tell whether pages work on a version: 0.65 and what follows on its line, 1.0a39 and later."""
    number = read(version)
    return number >= read(OLDEST_1 if number[0] >= 1 else OLDEST_065)


class UnsupportedVersion(StartupError, click.ClickException):
    """Ends `datasette serve` with its message: 1.0a20 and before catch no StartupError here."""


def refuse_unsupported(version: str = __version__) -> None:
    """Raise UnsupportedVersion, a StartupError, where the pages do not work."""
    if not is_supported(version):
        raise UnsupportedVersion(
            f"datasette-newsfeed needs Datasette 0.65, or 1.0a39 or later, and this is {version}: "
            f"pip install 'datasette{'>=1.0a39' if read(version)[0] >= 1 else '>=0.65.5'}'"
        )
