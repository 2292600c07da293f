"""An entry of the jump menu, which Datasette 1.0 alone has."""

from __future__ import annotations

from typing import Any


def jump_item(label: str, url: str, description: str, search_text: str) -> Any:
    """Return an entry of the jump menu. search_text: what it is found by."""
    from datasette.jump import JumpSQL

    return JumpSQL.menu_item(
        label=label, url=url, description=description, search_text=search_text, item_type="news"
    )
