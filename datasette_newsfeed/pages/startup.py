"""What happens once, when Datasette starts."""

from __future__ import annotations

from typing import Any

from datasette.utils import StartupError

from . import compat
from .access import archives
from .headers import frames


async def start(datasette: Any) -> None:
    """Check the settings, and give each archive its titles, order, labels and facets.

    Raises StartupError, which ends `datasette serve` with its message, where Datasette's version
    is not supported or a setting cannot be read.
    """
    compat.refuse_unsupported()
    for database in datasette.databases:
        try:
            frames.read(compat.setting(datasette, database, frames.SETTING))
        except ValueError as error:
            raise StartupError(f"datasette-newsfeed: {frames.SETTING}: {error}") from None
    await archives.apply_defaults(datasette)
