"""What happens once, when Datasette starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from datasette.utils import StartupError

from . import compat
from .access import archives
from .headers import frames, page_cache
from .protocols import DatasetteLike


@contextmanager
def _said(setting: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise StartupError(f"datasette-newsfeed: {setting}: {error}") from None


async def start(datasette: DatasetteLike) -> None:
    """Check the settings, and give each archive its titles, order, labels and facets.

    Raises StartupError, which ends `datasette serve` with its message, where Datasette's version
    is not supported or a setting cannot be read.
    """
    compat.refuse_unsupported()
    with _said(compat.site_url.SETTING):
        compat.site_url.check(datasette)
    with _said(page_cache.SETTING):
        page_cache.check(datasette)
    for database in datasette.databases:
        with _said(frames.SETTING):
            frames.read(compat.setting(datasette, database, frames.SETTING))
    await archives.apply_defaults(datasette)
