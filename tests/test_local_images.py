"""Image files that records name: which file is meant, and what is said of those not taken."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from commands import assert_sound, import_report, newsfeed, record, rows, write
from odd_images import FAULTY_EXIF, image_bytes, turned
from PIL import Image

RED, BLUE, GREEN = (220, 20, 20), (20, 20, 220), (20, 200, 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "records"


def picture(path: Path, colour: tuple[int, int, int] = RED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image_bytes(Image.new("RGB", (40, 30), colour), "PNG"))
    return path


def article(path: Path, *urls: str) -> Path:
    """Write a record that names images."""
    lines = [f"  - url: {json.dumps(url, ensure_ascii=False)}" for url in urls]
    return write(path, record(path.stem, "images:", *lines))


def colours(db: Path) -> dict[str, list[str | None]]:
    """Return, for each article, what its images look like: red, blue, green; None for no copy."""
    sql = """select article_id, content from article_images
        left join image_renditions using (image_id) order by article_id, position"""
    found: dict[str, list[str | None]] = {}
    for article_id, content in rows(db, sql):
        name = None
        if content is not None:
            image = Image.open(io.BytesIO(content)).convert("RGB")
            shown = image.getpixel((image.width // 2, image.height // 4))
            name = ("red", "green", "blue")[shown.index(max(shown))]
        found.setdefault(article_id, []).append(name)
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_faulty_image_ends_no_import(folder: Path, tmp_path: Path, kind: str) -> None:
    """Neither the first run nor the next, and what is whole is stored."""
    db = tmp_path / "news.db"
    for number, (fault, exif) in enumerate(FAULTY_EXIF.items()):
        (folder / "images").mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{number}.bin").write_bytes(turned(kind, exif))
        article(folder / f"{number} {fault}.md", f"images/{number}.bin")
    (folder / "images" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    article(folder / "broken.md", "images/broken.png")
    picture(folder / "images" / "last.png", BLUE)
    article(folder / "last.md", "images/last.png")
    for _ in range(2):
        outcome = newsfeed("import", db, folder)
        assert outcome.status == 1
        assert "images/broken.png: is " in outcome.stderr
        assert outcome.stderr.count(": is ") == 1
        stored = colours(db)
        assert stored.pop("broken") == [None]
        assert stored.pop("last") == ["blue"]
        assert set(map(tuple, stored.values())) == {("red",)}
    assert_sound(db)
    (folder / "broken.md").unlink()
    report = import_report(db, folder, "--prune")
    assert report["images"] == 0
