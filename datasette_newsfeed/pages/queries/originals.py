"""The articles that were published at some addresses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..access.archives import ArchiveView
from ..text.addresses import web_url

BY_ADDRESS_SQL = """
select id, url, original_url from articles
where url in (select value from json_each(:urls))
  or original_url in (select value from json_each(:urls))
order by published_at, id limit 1000"""


async def find_by_address(view: ArchiveView, addresses: Sequence[str]) -> dict[str, str]:
    """Return the ids of the articles at these addresses, as far as there are any; one query.

    Scheme, `www.` and a slash at the end make no difference. Of several articles at one address it
    is the first.
    """
    wanted = {each: _forms(each) for each in addresses if web_url(each)}
    if not wanted or not view.sees("articles"):
        return {}
    urls = [form for forms in wanted.values() for form in forms]
    rows = await view.ask(BY_ADDRESS_SQL, {"urls": json.dumps(urls)})
    by_url: dict[str, str] = {}
    for row in rows:
        for url in (row["url"], row["original_url"]):
            by_url.setdefault(url, row["id"])
    return {
        each: by_url[form]
        for each, forms in wanted.items()
        if (form := next((form for form in forms if form in by_url), None))
    }


def _forms(address: str) -> list[str]:
    """The ways in which an address may be written: as it is first."""
    rest = address.partition("://")[2].rstrip("/")
    plain = rest.removeprefix("www.")
    return list(dict.fromkeys([address, *_written(plain)]))


def _written(plain: str) -> Iterable[str]:
    for scheme in ("https", "http"):
        for host in ("", "www."):
            yield f"{scheme}://{host}{plain}"
            yield f"{scheme}://{host}{plain}/"
