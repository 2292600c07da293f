"""Links and images of an article that has no address of its own: none leads to nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import import_report, write
from pages_site import open_site

TEXT = """
[a](/x) [b](../x) [c](//host/x) [d](#part) [e]() [f](x.md) ![g](/x.png) ![h](../x.png) ![i]()
<a href="">j</a> <img src=""> <a href="/x">k</a> <img src="/x.png"> [l]({{< ref "x" >}})
"""


@pytest.mark.parametrize("canonical", ["", "canonical_url: https://pier.press/a/\n"])
async def test_no_link_and_no_image_is_empty(canonical: str, tmp_path: Path) -> None:
    head = f"---\ntitle: A\ndate: 2024-03-01\ntags: [x]\n{canonical}---\n"
    write(tmp_path / "site" / "posts" / "a.md", head + TEXT)
    import_report(tmp_path / "news.db", tmp_path / "site")
    datasette = open_site(tmp_path / "news.db")
    for page in ("/news/articles/a", "/news/articles", "/news/articles.atom"):
        answer = await datasette.client.get(page)
        assert answer.status_code == 200
        assert re.findall(r"<[^>]*\b(?:href|src)=(?:\"\"|'')[^>]*>", answer.text) == []
