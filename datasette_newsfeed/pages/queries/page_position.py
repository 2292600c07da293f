"""Where in its list a page of a table is: how many rows come before, and where the last page began.

Datasette continues a list after the last row of a page, so an address tells no number and no way
back. Both follow from the rows that are not after that row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasette.utils import escape_sqlite, tilde_encode

from ..access.archives import ArchiveView
from ..compat import LaterPage

NULL = "$null"
"""How an address of Datasette's writes that the last row has no value to sort by."""


async def find_place(
    view: ArchiveView, table: str, page: LaterPage, params: Mapping[str, Any], size: int
) -> tuple[int, str | None]:
    """Return how many rows come before a later page, and `_next` of the page before that.

    None where the page before is the first one. Raises QueryInterrupted past Datasette's limit.
    """
    others = f"({page.others}) and " if page.others else ""
    rows = f"from {escape_sqlite(table)} where {others}"
    counts = " + ".join(f"(select count(*) {rows}{each})" for each in page.before_apart)
    count = int((await view.ask(f"select {counts}", params))[0][0])
    if count <= size:
        return count, None
    row = (
        await view.ask(
            f"select {page.column} as value, {escape_sqlite(page.key)} as key {rows}{page.before} "
            f"order by {page.backwards} limit 1 offset {int(size)}",
            params,
        )
    )[0]
    value = NULL if row["value"] is None else tilde_encode(str(row["value"]))
    return count, f"{value},{tilde_encode(str(row['key']))}"
