"""An archive as an older version made it, with the folder of records beside it.

`schema_2` unpacks the one of tests/support/fixtures/schema-2, whose README says how it was made.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from commands import DEMO, SAMPLES

SCHEMA_2 = Path(__file__).parent / "fixtures" / "schema-2"

_ARTICLES = (
    *((DEMO / "articles", f"{start}*.md") for start in ("2023-01-19-the-library", "2023-03-1")),
    *((DEMO / "articles", f"{start}*.md") for start in ("2023-08-10-a-bord", "2023-11-1")),
    *((SAMPLES, f"2024-01-{start}*.md") for start in ("18-unk", "24-rel", "25-sev", "30-aut")),
    (SAMPLES, "no-date*.md"),
)
_IMAGES = DEMO / "assets" / "images"
_COPIED = {
    "organizations": (DEMO / "organizations", ("*.md",)),
    "assets/images": (_IMAGES, ("corvane-sound-rotors-below.webp", "storm-ottoline-sea-wall.webp")),
    "assets/images/organizations": (
        _IMAGES / "organizations",
        ("tidewire*", "coast-radio*", "solmoy-avis*", "evrenne-matin*"),
    ),
}


def records(folder: Path) -> Path:
    """Put the records of that archive together; return their folder."""
    copied = [
        *((source, pattern, "articles") for source, pattern in _ARTICLES),
        *(
            (source, pattern, target)
            for target, (source, patterns) in _COPIED.items()
            for pattern in patterns
        ),
    ]
    for source, pattern, target in copied:
        (folder / target).mkdir(parents=True, exist_ok=True)
        found = sorted(source.glob(pattern))
        assert found, pattern
        for path in found:
            shutil.copyfile(path, folder / target / path.name)
    return folder


def schema_2(folder: Path) -> Path:
    """Unpack the archive of schema 2 into a folder, with its DB-sources; return its path."""
    for name in ("news.db", "news.db-sources"):
        packed = (SCHEMA_2 / f"{name}.gz").read_bytes()
        (folder / name).write_bytes(gzip.decompress(packed))
    return folder / "news.db"
