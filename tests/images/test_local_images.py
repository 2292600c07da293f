"""Image files that records name: which file is meant, and what is said of those not taken."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from commands import (
    assert_sound,
    content,
    import_report,
    newsfeed,
    record,
    rows,
    sources_of,
    write,
)
from odd_images import FAULTY_EXIF, image_bytes, turned
from pages_site import open_site
from PIL import Image

from datasette_newsfeed.image_urls import image_id, path_below

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
    for article_id, copy in rows(db, sql):
        name = None
        if copy is not None:
            image = Image.open(io.BytesIO(copy)).convert("RGB")
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


# Which image is meant


def keys(db: Path) -> dict[str, list[str]]:
    """Return the keys of each article's images."""
    sql = "select article_id, image_id from article_images order by article_id, position"
    found: dict[str, list[str]] = {}
    for article_id, key in rows(db, sql):
        found.setdefault(article_id, []).append(key)
    return found


@pytest.fixture
def two_covers(folder: Path) -> Path:
    """Two folders, each with its own cover.png."""
    picture(folder / "north" / "cover.png", RED)
    picture(folder / "south" / "cover.png", BLUE)
    article(folder / "north" / "red.md", "cover.png")
    article(folder / "south" / "blue.md", "cover.png")
    return folder


RED_AND_BLUE = {"red": ["red"], "blue": ["blue"]}


def test_each_folder_has_its_own_cover(two_covers: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    report = import_report(db, two_covers)
    assert report["images"] == 2
    assert colours(db) == RED_AND_BLUE
    assert keys(db) == {
        "red": [image_id("north/cover.png")],
        "blue": [image_id("south/cover.png")],
    }
    assert rows(db, "select url from images") == [("cover.png",), ("cover.png",)]
    assert_sound(db)


def test_each_spelling_of_one_path_is_one_image(folder: Path, tmp_path: Path) -> None:
    picture(folder / "north" / "img" / "a.png")
    article(folder / "north" / "one.md", "img/a.png", "./img/a.png", "img//a.png")
    article(folder / "north" / "deep" / "two.md", "../img/a.png", "../../north/img/./a.png")
    article(folder / "three.md", "north/img/a.png", "north/img/../../north/img/a.png")
    db = tmp_path / "news.db"
    import_report(db, folder)
    found = keys(db)
    assert {key for each in found.values() for key in each} == {image_id("north/img/a.png")}
    # Of the spellings the smallest, whatever the order of import.
    assert rows(db, "select url from images") == [("../../north/img/./a.png",)]
    again = tmp_path / "again.db"
    for path in ("three.md", "north/one.md", "north/deep"):
        import_report(again, folder / path)
    assert content(again) == content(db)
    (folder / "north" / "deep" / "two.md").unlink()
    import_report(db, folder, "--prune")
    assert rows(db, "select url from images") == [("./img/a.png",)]


def test_an_address_of_the_web_or_of_the_site_keeps_its_key(folder: Path, tmp_path: Path) -> None:
    urls = [
        "https://a.example/cover.png",
        "//a.example/cover.png",
        "/assets/cover.png",
        "data:image/png;base64,AAAA",
        "HTTP://a.example/../x.png",
        "/_next/image?url=https://a.example/x.png",
    ]
    article(folder / "north" / "a.md", *urls)
    db = tmp_path / "news.db"
    import_report(db, folder)
    assert keys(db)["a"] == [image_id(url) for url in urls]


def test_logos_and_related_images_lead_below_the_archive_too(folder: Path, tmp_path: Path) -> None:
    picture(folder / "north" / "logo.png", GREEN)
    lines = [
        "provider: {domain: a.example, images: [{url: logo.png}]}",
        "related: [{title: R, webUrl: 'https://b.example/r', images: [{url: ../r.png}],"
        " provider: {domain: b.example, images: [{url: ./logo.png}]}}]",
    ]
    write(folder / "north" / "a.md", record("A", *lines))
    organization = (
        "---\ntaxonomy: organization\n_id: c.example\nname: C\nimages: [{url: logo.png}]\n---\n"
    )
    write(folder / "north" / "c.md", organization)
    write(folder / "b.md", record("B", "provider: {domain: c.example}"))
    db = tmp_path / "news.db"
    import_report(db, folder)
    logo, related = image_id("north/logo.png"), image_id("r.png")
    assert rows(db, "select domain, image_id from providers order by domain") == [
        ("a.example", logo),
        ("b.example", logo),
        ("c.example", logo),
    ]
    assert rows(db, "select image_id from related_articles") == [(related,)]


# Roots


@pytest.mark.parametrize(
    "series",
    [
        [""],
        ["north", "south", ""],
        ["", "north", "south"],
        ["south/blue.md", "", "north"],
        ["north", ""],
        ["south", "north/red.md", "", "south"],
    ],
)
def test_a_key_does_not_depend_on_the_order_of_imports(
    two_covers: Path, tmp_path: Path, series: list[str]
) -> None:
    article(two_covers / "north" / "both.md", "../south/cover.png")
    db = tmp_path / "news.db"
    for path in series:
        import_report(db, two_covers / path, status=None)
    assert colours(db) == {**RED_AND_BLUE, "both": ["blue"]}
    assert keys(db)["red"] == [image_id("north/cover.png")]
    fresh = tmp_path / "fresh.db"
    import_report(fresh, two_covers)
    assert content(db) == content(fresh)
    assert import_report(db, two_covers)["unchanged"] == 3


def test_a_path_inside_a_known_root_is_part_of_it(two_covers: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    article(two_covers / "south" / "new.md", "cover.png", "../north/cover.png", "/north/cover.png")
    import_report(db, two_covers / "south")
    assert colours(db)["new"] == ["blue", "red", "red"]


def test_a_root_above_is_part_of_it_from_then_on(two_covers: Path, tmp_path: Path) -> None:
    """Also where the file is gone, or not of this run: its text is kept."""
    db = tmp_path / "news.db"
    import_report(db, two_covers / "north")
    assert keys(db) == {"red": [image_id("cover.png")]}
    (two_covers / "north" / "red.md").unlink()
    article(two_covers / "above.md", "north/cover.png")
    import_report(db, two_covers / "above.md")
    assert colours(db) == {"above": ["red"], "red": ["red"]}
    assert keys(db)["red"] == [image_id("north/cover.png")]


def test_one_path_in_two_roots_is_said_and_the_smallest_wins(
    two_covers: Path, tmp_path: Path
) -> None:
    for number, series in enumerate((["north", "south"], ["south", "north"])):
        db = tmp_path / f"{number}.db"
        for path in series:
            outcome = newsfeed("import", db, two_covers / path)
        outcome = newsfeed("import", db, two_covers / "north", two_covers / "south")
        assert outcome.status == 1
        assert "south/cover.png: another image than" in outcome.stderr
        assert outcome.stderr.count("another image than") == 1
        assert colours(db) == {"red": ["red"], "blue": ["red"]}
    (two_covers / "south" / "cover.png").write_bytes((two_covers / "north/cover.png").read_bytes())
    report = import_report(db, two_covers / "north", two_covers / "south")
    assert report["errors"] == []


def test_a_root_without_files_is_forgotten(two_covers: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    moved = two_covers.rename(tmp_path / "moved")
    two_covers.mkdir()
    import_report(db, two_covers, moved / "north", "--prune", "--allow-empty", status=None)
    fresh = tmp_path / "fresh.db"
    import_report(fresh, moved / "north")
    assert content(db) == content(fresh)


def test_a_database_of_the_version_before(two_covers: Path, tmp_path: Path) -> None:
    """Made by the rules of before: the key of the URL as written, one row for both covers."""
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    with closing(sqlite3.connect(db)) as connection:
        connection.executescript(
            f"""
            pragma foreign_keys = off; pragma user_version = 2;
            update images set id = '{image_id("cover.png")}'
              where id = '{image_id("north/cover.png")}';
            delete from images where id = '{image_id("south/cover.png")}';
            delete from image_renditions where image_id = '{image_id("south/cover.png")}';
            update article_images set image_id = '{image_id("cover.png")}';
            update articles set image_id = '{image_id("cover.png")}';
            update image_renditions set image_id = '{image_id("cover.png")}';
            """
        )
    with closing(sqlite3.connect(sources_of(db))) as connection:
        connection.executescript(
            f"""
            drop table roots; drop index idx_image_uses_url;
            alter table image_uses drop column url; alter table image_files drop column rendering;
            alter table sources drop column site;
            update image_uses set image_id = '{image_id("cover.png")}';
            update image_files set image_id = '{image_id("cover.png")}' where file like '%north%';
            delete from image_files where file like '%south%';
            update sources set schema_version = 2; pragma user_version = 1;
            """
        )
    report = import_report(db, two_covers)
    assert report["updated"] == 2
    assert colours(db) == RED_AND_BLUE
    fresh = tmp_path / "fresh.db"
    import_report(fresh, two_covers)
    assert content(db) == content(fresh)
    assert import_report(db, two_covers)["unchanged"] == 2


def test_copies_by_older_rules_are_made_again(two_covers: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    with closing(sqlite3.connect(sources_of(db))) as connection:
        connection.execute("update image_files set rendering = '1 (160,)'")
        connection.commit()
    assert import_report(db, two_covers)["images"] == 2
    assert import_report(db, two_covers)["images"] == 0


# Names


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("photo #1.png", "photo #1.png"),
        ("photo #1.png", "photo%20%231.png"),
        ("what?.png", "what?.png"),
        ("what?.png", "what%3F.png"),
        ("a%20b.png", "a%20b.png"),
        ("a%20b.png", "a%2520b.png"),
        ("a b.png", "a%20b.png"),
        ("caf%C3%A9.png", "caf%C3%A9.png"),
        ("café.png", "caf%C3%A9.png"),
        ("cafe\u0301.png", "caf%C3%A9.png"),
        ("cafe\u0301.png", "caf\u00e9.png"),
        ("caf\u00e9.png", "cafe\u0301.png"),
        ("Mu\u0308ller.png", "M\u00fcller.png"),
        ("Mu\u0308ller/bild.png", "M\u00fcller/bild.png"),
        ("a.png", "a.png?v=2"),
        ("a.png", "a.png#top"),
        ("a.png", "a.png?x=../../b"),
        ("a.png?v=2", "a.png?v=2"),
        ("100%.png", "100%.png"),
        ("100%.png", "100%25.png"),
        ("a&b;c=d+e.png", "a&b;c=d+e.png"),
        ("10:30.png", "10:30.png"),
        ("a\\b.png", "a\\b.png"),
        ("[1].png", "[1].png"),
        ("日本 語.png", "日本%20語.png"),
        ("dir?/x.png", "dir?/x.png"),
    ],
)
@pytest.mark.parametrize("is_absolute", [False, True])
def test_a_file_of_any_name_is_taken(
    folder: Path, tmp_path: Path, name: str, url: str, is_absolute: bool
) -> None:
    picture(folder / "north" / name)
    article(folder / "north" / "a.md", f"/north/{url}" if is_absolute else url)
    db = tmp_path / "news.db"
    outcome = newsfeed("import", db, folder)
    assert outcome.status == 0
    assert colours(db) == {"a": ["red"]}
    assert "not there" not in outcome.stderr
    assert "no file" not in outcome.stderr


def test_a_file_of_the_very_name_comes_first(folder: Path, tmp_path: Path) -> None:
    picture(folder / "a%20b.png", RED)
    picture(folder / "a b.png", BLUE)
    picture(folder / "c.png?d", RED)
    picture(folder / "c.png", BLUE)
    article(folder / "a.md", "a%20b.png", "a b.png", "c.png?d", "c.png", "c.png?e")
    db = tmp_path / "news.db"
    import_report(db, folder)
    assert colours(db) == {"a": ["red", "blue", "red", "blue", "blue"]}


@pytest.mark.parametrize(
    "url",
    [
        "no-such.png",
        "../../secret.png",
        "%2e%2e/%2e%2e/secret.png",
        "link.png",
        "x" * 5_000,
        "north",
    ],
)
def test_an_image_that_is_not_there_is_said(folder: Path, tmp_path: Path, url: str) -> None:
    picture(tmp_path / "secret.png")
    article(folder / "north" / "a.md", url)
    (folder / "north" / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "north" / "north").mkdir()
    db = tmp_path / "news.db"
    for _ in range(2):
        outcome = newsfeed("import", db, folder)
        assert outcome.status == 0
        said = "leads out of the PATH given; --follow-links" if url == "link.png" else "not there"
        (line,) = [line for line in outcome.stderr.splitlines() if said in line]
        assert "north/a.md" in line
        assert url[:200] in line
        assert colours(db) == {"a": [None]}
    article(folder / "north" / "a.md", "https://a.example/a.png")
    assert "not there" not in newsfeed("import", db, folder).stderr


def test_many_images_that_are_not_there_are_counted(folder: Path, tmp_path: Path) -> None:
    for number in range(60):
        article(folder / f"{number}.md", f"{number}.png", f"/{number}.png")
    db = tmp_path / "news.db"
    said = newsfeed("import", db, folder).stderr
    assert said.count("is not there") == 20
    assert "40 more image files are not taken" in said
    assert "60 image URLs such as /" in said
    said = newsfeed("import", db, folder, "--base-url", "https://a.example/").stderr
    assert "--base-url" not in said
    assert said.count("is not there") == 20


def test_the_path_below_is_made_from_the_record_alone() -> None:
    for url, path, below in (
        ("a.png", "x.md", "a.png"),
        ("a.png", "b/x.md", "b/a.png"),
        ("../a.png", "b/x.md", "a.png"),
        ("../../a.png", "b/x.md", "../a.png"),
        ("./c//a.png", "b/x.md", "b/c/a.png"),
        ("a.png?x=../../y", "b/x.md", "b/a.png?x=../../y"),
        ("a.png#../y", "b/x.md", "b/a.png#../y"),
        ("?a", "b/x.md", "b/?a"),
        ("e\u0301.png", "u\u0308/x.md", "\u00fc/\u00e9.png"),
        ("a%20b.png", "b/x.md", "b/a%20b.png"),
    ):
        assert path_below(url, path) == below


# On pages


async def test_each_article_shows_its_own_cover(two_covers: Path, tmp_path: Path) -> None:
    for name in ("north/red.md", "south/blue.md"):
        text = (two_covers / name).read_text() + "\n![A cover](cover.png)\n"
        write(two_covers / name, text)
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    site = open_site(db)
    for name, path in (("red", "north/cover.png"), ("blue", "south/cover.png")):
        page = (await site.client.get(f"/news/articles/{name}")).text
        (image,) = re.findall(r'<img [^>]*alt="A cover"[^>]*>', page)
        assert f"/news/-/newsfeed/image/{image_id(path)}/" in image, name


@pytest.mark.parametrize("path", ["articles?_layout=table", "article_list", "images"])
async def test_each_row_shows_its_own_cover(two_covers: Path, tmp_path: Path, path: str) -> None:
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    page = (await open_site(db).client.get(f"/news/{path}")).text
    found = re.findall(r'<img [^>]*src="/news/-/newsfeed/image/([0-9a-f]+)/', page)
    assert sorted(set(found)) == sorted(map(image_id, ("north/cover.png", "south/cover.png")))


async def test_a_query_that_does_not_tell_the_article_shows_no_other_image(
    two_covers: Path, tmp_path: Path
) -> None:
    picture(two_covers / "cover.png", GREEN)
    article(two_covers / "green.md", "cover.png")
    db = tmp_path / "news.db"
    import_report(db, two_covers)
    site = open_site(db)
    for sql in (
        "select 'red' as title, 'cover.png' as image_url",
        "select 'no such' as id, 'cover.png' as image_url",
        "select 'red' as id, '../other.png' as image_url",
    ):
        path = f"/news?{urlencode({'sql': sql})}"
        page = await site.client.get(path, follow_redirects=True)
        assert page.status_code == 200
        assert ".png</td>" in page.text, sql
        assert "newsfeed/image/" not in page.text, sql
