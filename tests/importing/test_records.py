"""docs/records.md says what an archive holds: its example is read as its table says.

Knows the document, the columns it names, and the keys that the dialect spells.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from commands import newsfeed

ROOT = Path(__file__).resolve().parents[2]
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
KEYS = re.findall(r"^\| `([^`]+)` \|.*?\| `(\w+)\.(\w+)` \|$", RECORDS, re.M)


def _reached(value: Any, path: str) -> Iterator[Any]:
    """What stands in a record at a path such as `provider.authors[].name`."""
    key, _, rest = path.partition(".")
    found = value[key.removesuffix("[]")]
    for each in found if key.endswith("[]") else [found]:
        if rest:
            yield from _reached(each, rest)
        else:
            yield each


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{path}[]")
    else:
        yield path


def test_the_record_of_the_documents_has_every_key(tmp_path: Path) -> None:
    """Each key of it stands in the table, and what it holds in the column named there."""
    article, organization = re.findall(r"^```markdown\n(---\n.*?)^```$", RECORDS, re.M | re.S)
    for name, text in (("2024-05-14-the-ferry", article), ("kelby-herald", organization)):
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    mapping = yaml.safe_load(article.split("---\n")[1])
    db = tmp_path / "news.db"
    outcome = newsfeed("import", db, tmp_path)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert {key for key, *_ in KEYS} == set(_paths(mapping)) | {"topics[]"}
    conn = sqlite3.connect(db)
    for key, table, column in KEYS:
        stored = {row[0] for row in conn.execute(f"select {column} from {table}")}
        for value in _reached(mapping, key):
            written = f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
            assert written in stored, (key, value, stored)
    assert conn.execute("select name from providers where domain like 'kelby%'").fetchall() == [
        ("The Kelby Herald",)
    ]
    conn.close()


def test_the_documents_name_every_key_that_is_read() -> None:
    text = (ROOT / "datasette_newsfeed" / "archive" / "dialects" / "smartable.py").read_text(
        encoding="utf-8"
    )
    read = set(re.findall(r'\.(?:take|nested|listed)\(\s*"(\w+)"', text))
    assert len(read) > 20
    for key in read:
        assert re.search(rf"\b{key}\b", RECORDS), key
