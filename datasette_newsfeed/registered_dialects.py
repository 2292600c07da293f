"""The dialects of records that this package and other plugins register.

All come through the hook `register_newsfeed_dialects`, see docs/plugin-hooks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from .errors import OptionError

if TYPE_CHECKING:
    from .archive.dialects import Dialect

DIALECTS_HOOK = "register_newsfeed_dialects"


def registered_dialects() -> Sequence[Dialect]:
    """Return the dialects of records: those of other plugins first, then ours.

    Datasette's plugin manager is loaded only where another plugin of Datasette is installed:
    that takes as long as the rest of a small import.

    Raises OptionError where a plugin registers what is no dialect, or a name that is taken.
    """
    from .archive.dialects import DIALECTS

    if all(entry.name == "newsfeed" for entry in entry_points(group="datasette")):
        return DIALECTS
    from datasette.plugins import pm

    from . import hookspecs

    hook = getattr(pm.hook, DIALECTS_HOOK, None)
    if hook is None or not hook.has_spec():
        pm.add_hookspecs(hookspecs)
    found: list[Dialect] = []
    for registered in pm.hook.register_newsfeed_dialects():
        for each in registered if isinstance(registered, list | tuple) else [registered]:
            found.append(_checked_dialect(each, found))
    return found if found else DIALECTS


def _checked_dialect(each: Any, before: Sequence[Dialect]) -> Dialect:
    name = getattr(each, "name", None)
    if not isinstance(name, str) or not all(
        callable(getattr(each, method, None)) for method in ("claims", "read")
    ):
        raise OptionError(DIALECTS_HOOK, f"{each!r} is no dialect: it needs name, claims and read")
    if any(other.name == name for other in before):
        raise OptionError(DIALECTS_HOOK, f"two plugins register the dialect {name!r}")
    found: Dialect = each
    return found
