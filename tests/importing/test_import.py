"""`newsfeed import` as a user sees it: files in, rows out, again and again.

Knows the contract only. What is read as meant is shown by tests/support/samples, one quirk
a file; what is rejected stands in test_reject.py, long series in test_import_series.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import (
    PROGRAMS,
    SAMPLES,
    assert_sound,
    content,
    counted,
    dump,
    found,
    import_report,
    newsfeed,
    program,
    reading,
    record,
    rows,
    sources_of,
    value,
    write,
)

STORM = "2024-01-24-related-articles"
SECOND = "2024-01-23-not-the-headline"


@pytest.fixture(scope="module")
def samples_db(tmp_path_factory):
    db = tmp_path_factory.mktemp("samples") / "news.db"
    report = import_report(db, SAMPLES)
    assert report["skipped"] == 1
    return db


@pytest.fixture
def folder(tmp_path):
    """Two small records about a pier and a boat."""
    folder = tmp_path / "records"
    pier = [
        "publishedDateTime: 2024-03-01T08:00:00Z",
        "webUrl: https://quay.example/pier",
        "heat: 10",
        "topics: [Harbour, Piers]",
        "provider: {name: Quay Press, domain: quay.example}",
        "images: [{url: https://pictures.example/pier.jpg, width: 30, height: 20}]",
    ]
    boat = [
        "publishedDateTime: 2024-03-02T08:00:00Z",
        "webUrl: https://bay.example/boat",
        "topics: [Harbour]",
        "provider: {name: Bay Herald, domain: bay.example, authors: [{name: The desk}]}",
        "related: [{title: The pier, webUrl: https://quay.example/pier}]",
    ]
    write(folder / "2024-03-01-pier.md", record("A pier", *pier))
    write(folder / "2024-03-02-boat.md", record("A boat", *boat))
    return folder


@pytest.fixture
def db(tmp_path):
    return tmp_path / "news.db"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# What the samples mean

READ_AS_MEANT = [
    ("2024-01-05-crlf-line-ends", "title", "Ferry timetable changes in spring"),
    ("2024-01-05-crlf-line-ends", "excerpt", "The first boat leaves at six."),
    ("2024-01-05-crlf-line-ends", "heat", 40),
    ("2024-01-05-crlf-line-ends", "published", 1),
    ("2024-01-06-byte-order-mark", "title", "A mark in front of everything"),
    ("2024-01-07-dashes-inside-quotes", "title", "Ships --- and the people on them"),
    ("2024-01-07-dashes-inside-quotes", "excerpt", "Before the dashes --- and after them"),
    ("2024-01-08-timestamp-with-offset", "published_at", "2024-01-09T03:15:00Z"),
    ("2024-01-08-timestamp-with-offset", "updated_at", "2024-01-08T19:30:00Z"),
    ("2024-01-09-date-without-time", "published_at", "2024-01-09T00:00:00Z"),
    ("2024-01-10-timestamp-as-text", "published_at", "2024-01-10T22:30:00Z"),
    ("2024-01-10-timestamp-as-text", "updated_at", "2024-01-11T00:00:00Z"),
    ("2024-01-11-date-only-in-the-name", "published_at", "2024-01-11T00:00:00Z"),
    ("no-date-anywhere", "published_at", ""),
    ("2024-01-15-numbers-as-text", "heat", -1),
    ("2024-01-15-numbers-as-text", "quality", 41),
    ("2024-01-15-numbers-as-text", "published", 0),
    ("2024-01-16-keys-without-value", "published", None),
    ("2024-01-16-keys-without-value", "heat", None),
    ("2024-01-16-keys-without-value", "url", None),
    ("2024-01-16-keys-without-value", "provider_id", None),
    ("2024-01-17-name-instead-of-title", "title", "Harbour Watch Club"),
    ("2024-01-17-name-instead-of-title", "type", "profile"),
    ("2024-01-18-unknown-keys", "category", "courses"),
    ("2024-01-21-no-newline-at-the-end", "title", "Cut short"),
    ("2024-01-22-video-without-web-url", "url", "https://video.example/watch?v=mast"),
    ("2024-01-22-video-without-web-url", "web_url", None),
    (
        "2024-01-22-video-without-web-url",
        "featured_content",
        '<iframe src="https://video.example/embed/mast"></iframe>',
    ),
    (SECOND, "heat", -1),
    (SECOND, "published", 0),
    (STORM, "url", "https://bay.example/storm"),
    (STORM, "original_url", "https://short.example/s1"),
    ("2024-01-26-letters-of-the-world", "title", "“Æther” — naïve café, 日本, Ωμέγα & 🛟"),
    (
        "2024-01-26-letters-of-the-world",
        "excerpt",
        'It&rsquo;s here: • one • two, "quoted" ...',
    ),
    (
        "2024-01-27-url-within-a-url",
        "url",
        "https://parcel.example/open?to=https%3A%2F%2Fquay.example%2Fa%3Fb%3Dc%26d&x=1#part",
    ),
    ("2024-01-28-anchors-and-aliases", "excerpt", "Said once, meant twice"),
    ("2024-01-31-block-scalars", "title", "Folded over two lines"),
    ("2024-02-01-spaces-after-the-dashes", "title", "Spaces nobody sees"),
    ("2024-02-03-provider-without-domain", "provider_id", None),
    ("2024-02-03-provider-without-domain", "provider_name", "Notice board"),
]


@pytest.mark.parametrize(("id", "column", "meant"), READ_AS_MEANT)
def test_read_as_meant(samples_db, id, column, meant):
    assert value(samples_db, f"select {column} from articles where id = ?", (id,)) == meant


@pytest.mark.parametrize(
    ("id", "topics"),
    [
        ("2024-01-05-crlf-line-ends", ["Ferries", "Harbour"]),
        ("2024-01-13-topics-as-text", ["Harbour"]),
        ("2024-01-14-empty-lists", []),
        ("2024-01-26-letters-of-the-world", ["AI", "ai", "Pier  side", "R&D", "50% / more?"]),
        ("2024-02-02-a-topic-twice", ["Harbour", "Ferries"]),
    ],
)
def test_topics_as_meant(samples_db, id, topics):
    sql = "select topic from article_topics where article_id = ? order by position"
    assert [topic for (topic,) in rows(samples_db, sql, (id,))] == topics


def test_bodies(samples_db):
    sql = "select body from articles where id = ?"
    body = value(samples_db, sql, ("2024-01-20-markdown-body",))
    assert body.strip().startswith("# Tides")
    assert "\n---\n\ntitle: not a key any more\n" in body
    body = value(samples_db, sql, ("2024-01-05-crlf-line-ends",))
    assert body.replace("\r\n", "\n").strip() == "First line.\n\nSecond line."
    assert value(samples_db, "select count(*) from articles where body <> ''") == 3


def test_images_as_meant(samples_db):
    sql = """select url, article_images.title, attribution, width, height
        from article_images join images on images.id = image_id
        where article_id = ? order by position"""
    assert rows(samples_db, sql, ("2024-01-25-several-images",)) == [
        # The largest size of any record, here that of a related article.
        (
            "https://pictures.example/storm.jpg",
            "The pier, small",
            "Pier Archive",
            1200,
            800,
        ),
        ("/assets/images/pier", None, None, None, None),
        ("https://pictures.example/pier.jpg?size=large&v=2", None, None, 800, None),
    ]
    assert rows(samples_db, sql, ("2024-01-15-numbers-as-text",)) == [
        ("https://pictures.example/quoted.jpg", None, None, 640, 480)
    ]
    sql = "select is_cached from images where url like '%/quoted.jpg'"
    assert value(samples_db, sql) == 1


def test_related_as_meant(samples_db):
    sql = """select related_articles.title, published_at, related_articles.url, amp_url,
          cdn_amp_url, type, quality, provider_id, provider_name, images.url, related_id
        from related_articles left join images on images.id = image_id
        where article_id = ? order by position"""
    # The article itself is never the target; another one with the same URL is.
    again = "2024-01-29-url-of-another"
    assert rows(samples_db, sql, (STORM,)) == [
        (
            "The same storm, told second",
            "2024-01-23T10:00:00Z",
            "https://second.example/storm",
            "https://second.example/amp/storm",
            "https://cdn.example/second/storm",
            "article",
            55,
            "second.example",
            "Second Look",
            "https://pictures.example/storm.jpg",
            SECOND,
        ),
        ("Nobody has this one", None, "https://elsewhere.example/storm", *[None] * 8),
        ("Itself", None, "https://bay.example/storm", *[None] * 7, again),
    ]
    # Two articles have this URL: the earlier one is meant.
    assert (
        value(samples_db, "select related_id from related_articles where article_id = ?", (SECOND,))
        == STORM
    )
    offset = ("2024-01-08-timestamp-with-offset",)
    assert rows(samples_db, sql, offset)[0][1] == "2024-01-09T03:15:00Z"
    assert rows(samples_db, sql, ("2024-01-15-numbers-as-text",))[0][6] == 17


def test_related_article_where_several_have_its_url(tmp_path, db):
    """Published first (unsaid counts as published), then the earliest, then the smallest id."""
    folder = tmp_path / "records"
    url = "webUrl: https://bay.example/storm"
    related = f"related: [{{title: The storm, {url}}}]"
    # In the order in which they are meant; each has a reason to come too early.
    lines = {
        "m-asking": [url, "publishedDateTime: 2020-01-01", related],
        "z-unsaid": [url, "publishedDateTime: 2021-01-01"],
        "y-published": [url, "publishedDateTime: 2022-01-01", "published: true"],
        "n-same-day": ["originalUrl: https://bay.example/storm", "publishedDateTime: 2023-01-01"],
        "o-same-day": [url, "publishedDateTime: 2023-01-01"],
        "b-not-published": [url, "publishedDateTime: 2021-01-01", "published: false"],
        "a-not-published": [url, "publishedDateTime: 2021-01-02", "published: false"],
    }
    for id, more in lines.items():
        write(folder / f"{id}.md", record(id, *more))
    meant = [id for id in lines if id != "m-asking"]
    while meant:
        import_report(db, folder, "--prune")
        assert rows(db, "select related_id from related_articles") == [(meant[0],)]
        (folder / f"{meant.pop(0)}.md").unlink()
    import_report(db, folder, "--prune")
    assert rows(db, "select related_id from related_articles") == [(None,)]


def test_providers_as_meant(samples_db):
    sql = "select domain, name, url from providers left join images on images.id = image_id"
    assert {domain: tuple(more) for domain, *more in rows(samples_db, sql)} == {
        # Named by its organization record, though its articles say "Quay Press".
        "quay.example": ("The Quay Press", "https://quay.example/logo.png"),
        # Two names are used and no organization record decides: the domain.
        "bay.example": ("bay.example", "https://bay.example/logo.png"),
        "second.example": ("Second Look", "https://second.example/logo.png"),
        "video.example": ("Masthead", None),
    }
    sql = "select author from article_authors where article_id = ? order by position"
    written = [("The harbour desk",), ("The weather desk",)]
    assert rows(samples_db, sql, ("2024-01-30-authors",)) == written
    assert value(samples_db, "select count(*) from articles where id = 'quay.example'") == 0


def test_unknown_keys_are_kept(samples_db):
    sql = "select extra from articles where id = ?"
    extra = json.loads(value(samples_db, sql, ("2024-01-18-unknown-keys",)))
    assert extra["price"] == 12.5
    assert extra["levels"] == ["beginner", "intermediate"]
    assert extra["items"][1] == {"name": "Figure eight", "minutes": 10}
    assert extra["ratings"] == {"average": 4.5, "count": 12}
    assert extra["removed"] is False
    assert extra["bio"] == "Taught since 1998 — on the quay"
    assert extra["twitter"] == {"handle": "knots"}
    assert extra["since"].startswith("1998-05-01")
    assert {"length", "actions", "members"} <= set(extra)
    # Also below a key that has columns: nothing is dropped.
    assert "1931" in json.dumps(extra)
    assert "staff of the quay" in json.dumps(extra)
    sql = "select extra from related_articles where article_id = ?"
    assert json.loads(value(samples_db, sql, ("2024-01-18-unknown-keys",))) == {"readingTime": 7}
    sql = "select extra from articles where id = ?"
    club = json.loads(value(samples_db, sql, ("2024-01-17-name-instead-of-title",)))
    assert club["members"] == 214


def test_nothing_unknown_is_no_extra(samples_db):
    for id in ("2024-01-16-keys-without-value", STORM):
        assert value(samples_db, "select extra from articles where id = ?", (id,)) in (None, "{}")


# The tables

COLUMNS = {
    "articles": "id title image_id provider_id provider_name published_at type category heat"
    " quality published excerpt body url original_url web_url amp_url cdn_amp_url updated_at"
    " featured_content extra story_id is_headline language",
    "providers": "domain name image_id",
    "topics": "name",
    "authors": "name",
    "article_topics": "article_id topic position",
    "article_authors": "article_id position author",
    "images": "id url width height is_cached",
    "article_images": "article_id position image_id title attribution",
    "related_articles": "article_id position title excerpt published_at url amp_url cdn_amp_url"
    " type quality provider_id provider_name image_id related_id extra",
    "stories": "id headline_id size first_published_at last_published_at",
    "similar_articles": "article_id position similar_id score",
}
LINKS = {
    ("articles", "image_id", "images"),
    ("articles", "provider_id", "providers"),
    ("providers", "image_id", "images"),
    ("article_topics", "article_id", "articles"),
    ("article_topics", "topic", "topics"),
    ("article_authors", "article_id", "articles"),
    ("article_authors", "author", "authors"),
    ("article_images", "article_id", "articles"),
    ("article_images", "image_id", "images"),
    ("related_articles", "article_id", "articles"),
    ("related_articles", "provider_id", "providers"),
    ("related_articles", "image_id", "images"),
    ("related_articles", "related_id", "articles"),
    ("articles", "story_id", "stories"),
    ("stories", "headline_id", "articles"),
    ("similar_articles", "article_id", "articles"),
    ("similar_articles", "similar_id", "articles"),
}


def test_tables_of_the_contract(samples_db):
    with reading(samples_db) as connection:
        for table, columns in COLUMNS.items():
            info = connection.execute(f"pragma table_info({table})").fetchall()
            assert [row[1] for row in info] == columns.split(), table
        without_rowid = {
            name
            for (name,) in connection.execute(
                "select name from sqlite_master where sql like '%without rowid%'"
            )
        }
        assert {t for t in COLUMNS if t.startswith("article_")} <= without_rowid
        assert "articles" not in without_rowid
        (info,) = (
            r for r in connection.execute("pragma table_info(articles)") if r[1] == "published_at"
        )
        assert info[3] == 1, "published_at is not null"
        assert connection.execute("pragma user_version").fetchone()[0] > 0
        assert connection.execute("pragma journal_mode").fetchone()[0] in ("delete", "wal")


def test_links_are_real_and_indexed(samples_db):
    with reading(samples_db) as connection:
        links = set()
        for table in COLUMNS:
            leading = {
                connection.execute(f"pragma index_info({name})").fetchone()[2]
                for _, name, *_ in connection.execute(f"pragma index_list({table})").fetchall()
            }
            for row in connection.execute(f"pragma foreign_key_list({table})").fetchall():
                links.add((table, row[3], row[2]))
                key = connection.execute(f"pragma table_info({table})").fetchall()
                first = [info[1] for info in key if info[5] == 1]
                assert row[3] in leading | set(first), f"{table}.{row[3]} has no index"
        assert links >= LINKS


def test_keys_come_from_the_record(samples_db, folder, db):
    import_report(db, folder)
    sql = "select id from images where url = ?"
    url = "https://pictures.example/storm.jpg"
    (folder / "2024-03-01-pier.md").unlink()
    shutil.copy(SAMPLES / f"{STORM}.md", folder)
    import_report(db, folder)
    assert rows(db, sql, (url,)) == rows(samples_db, sql, (url,)) != []


def test_full_text(samples_db):
    assert_sound(samples_db)
    assert found(samples_db, "ferry") == ["2024-01-05-crlf-line-ends"]
    assert found(samples_db, "noon") == ["2024-01-20-markdown-body"]
    assert found(samples_db, "rained") == []
    # Accents and endings do not matter.
    assert found(samples_db, "cafe") == ["2024-01-26-letters-of-the-world"]
    assert found(samples_db, "storms") == sorted([SECOND, STORM, "2024-01-29-url-of-another"])


# Again and again


def test_second_run(folder, db):
    first = import_report(db, folder)
    assert (first["added"], first["parsed"]) == (2, 2)
    before = dump(db), db.read_bytes()
    second = import_report(db, folder)
    assert (second["unchanged"], second["parsed"]) == (2, 0)
    assert (dump(db), db.read_bytes()) == before


def test_touch(folder, db):
    import_report(db, folder)
    before = dump(db)
    for path in folder.glob("*.md"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    report = import_report(db, folder)
    assert (report["unchanged"], report["parsed"]) == (2, 0)
    assert dump(db) == before


def test_edit(folder, db):
    import_report(db, folder)
    edit(folder / "2024-03-01-pier.md", "A pier", "A longer pier")
    edit(folder / "2024-03-01-pier.md", "[Harbour, Piers]", "[Jetties]")
    edit(folder / "2024-03-01-pier.md", "pictures.example/pier.jpg", "pictures.example/new.jpg")
    edit(folder / "2024-03-01-pier.md", "quay.example/pier", "quay.example/moved")
    report = import_report(db, folder)
    assert (report["updated"], report["unchanged"], report["parsed"]) == (1, 1, 1)
    assert value(db, "select title from articles where id like '%pier'") == "A longer pier"
    # What nothing uses any more is gone, also without --prune.
    assert rows(db, "select name from topics order by 1") == [("Harbour",), ("Jetties",)]
    assert rows(db, "select url from images") == [("https://pictures.example/new.jpg",)]
    assert rows(db, "select related_id from related_articles") == [(None,)]
    assert found(db, "longer") == ["2024-03-01-pier"]
    assert_sound(db)


def test_an_article_keeps_its_row(folder, db):
    """Upserted, never replaced: the rowid stays, and what refers to it."""
    import_report(db, folder)
    sql = "select id, rowid from articles order by id"
    before = rows(db, sql)
    edit(folder / "2024-03-01-pier.md", "A pier", "Another pier")
    import_report(db, folder)
    assert rows(db, sql) == before
    assert rows(db, "select related_id from related_articles") == [("2024-03-01-pier",)]


def test_edit_that_says_the_same(folder, db):
    import_report(db, folder)
    before = content(db)
    edit(folder / "2024-03-01-pier.md", "heat: 10", "heat:  10")
    assert import_report(db, folder)["parsed"] == 1
    assert content(db) == before


def test_rename(folder, db):
    import_report(db, folder)
    (folder / "2024-03-01-pier.md").rename(folder / "2024-03-05-jetty.md")
    report = import_report(db, folder, "--prune")
    assert (report["added"], report["unchanged"], report["removed"]) == (1, 1, 1)
    ids = [id for (id,) in rows(db, "select id from articles order by id")]
    assert ids == ["2024-03-02-boat", "2024-03-05-jetty"]
    assert rows(db, "select related_id from related_articles") == [("2024-03-05-jetty",)]
    assert_sound(db)


def test_moved_to_another_folder(folder, db):
    import_report(db, folder)
    before = content(db)
    (folder / "old").mkdir()
    (folder / "2024-03-01-pier.md").rename(folder / "old" / "2024-03-01-pier.md")
    import_report(db, folder)
    assert content(db) == before
    import_report(db, folder, "--prune")
    assert content(db) == before
    edit(folder / "old" / "2024-03-01-pier.md", "A pier", "A far pier")
    import_report(db, folder)
    assert value(db, "select title from articles where id like '%pier'") == "A far pier"


def test_delete_and_prune(folder, db):
    import_report(db, folder)
    before = content(db)
    (folder / "2024-03-02-boat.md").unlink()
    report = import_report(db, folder)
    assert (report["read"], report["removed"]) == (1, 0)
    assert content(db) == before, "without --prune nothing is removed"
    report = import_report(db, folder, "--prune")
    assert report["removed"] == 1
    assert rows(db, "select id from articles") == [("2024-03-01-pier",)]
    for table in ("authors", "article_authors", "related_articles"):
        assert rows(db, f"select * from {table}") == [], table
    assert rows(db, "select domain from providers") == [("quay.example",)]
    assert found(db, "boat") == []
    assert_sound(db)


def test_prune_of_a_related_article(folder, db):
    import_report(db, folder)
    (folder / "2024-03-01-pier.md").unlink()
    import_report(db, folder, "--prune")
    assert rows(db, "select title, related_id from related_articles") == [("The pier", None)]
    assert_sound(db)


def test_prune_only_below_the_paths_given(folder, db, tmp_path):
    other = write(tmp_path / "other" / "2024-04-01-crane.md", record("A crane"))
    import_report(db, folder, other.parent)
    other.unlink()
    (folder / "2024-03-02-boat.md").unlink()
    assert import_report(db, folder, "--prune")["removed"] == 1
    ids = [id for (id,) in rows(db, "select id from articles order by id")]
    assert ids == ["2024-03-01-pier", "2024-04-01-crane"]
    assert import_report(db, other.parent, "--prune", "--allow-empty")["removed"] == 1
    assert rows(db, "select id from articles") == [("2024-03-01-pier",)]


def test_prune_of_an_empty_folder(folder, db):
    import_report(db, folder)
    for path in folder.glob("*.md"):
        path.unlink()
    before = content(db)
    for options in (["--prune"], ["--prune", "--dry-run"]):
        outcome = newsfeed("import", db, folder, *options)
        assert outcome.status == 2
        assert "holds no record files now" in outcome.stderr
        assert "--allow-empty" in outcome.stderr
        assert content(db) == before
    assert import_report(db, folder, status=1)["removed"] == 0, "there is nothing to read"
    assert import_report(db, folder, "--prune", "--allow-empty")["removed"] == 2
    assert all(not table for table in content(db).values())


def test_sibling_folder_with_the_same_beginning(tmp_path, db):
    """`news` is no parent of `news-old`."""
    write(tmp_path / "news" / "one.md", record("One"))
    write(tmp_path / "news-old" / "two.md", record("Two"))
    import_report(db, tmp_path / "news", tmp_path / "news-old")
    assert import_report(db, tmp_path / "news", "--prune")["removed"] == 0
    assert value(db, "select count(*) from articles") == 2


def test_a_record_becomes_an_organization(folder, db):
    import_report(db, folder)
    organization = "---\ntaxonomy: organization\n_id: quay.example\nname: The Quay\n---\n"
    write(folder / "2024-03-01-pier.md", organization)
    import_report(db, folder)
    assert rows(db, "select id from articles") == [("2024-03-02-boat",)]
    names = dict(rows(db, "select domain, name from providers"))
    assert names == {"quay.example": "The Quay", "bay.example": "Bay Herald"}
    (folder / "2024-03-01-pier.md").unlink()
    import_report(db, folder, "--prune")
    assert rows(db, "select domain from providers") == [("bay.example",)]
    assert_sound(db)


def test_a_record_becomes_plain_markdown(folder, db):
    write(folder / "pier.md", record("The pier"))
    import_report(db, folder)
    write(folder / "pier.md", "# Only notes now\n")
    report = import_report(db, folder, "--prune")
    assert (report["read"], report["skipped"]) == (2, 1)
    assert "pier" not in [key for (key,) in rows(db, "select id from articles")]


def test_a_broken_file_keeps_its_last_good_rows(folder, db):
    import_report(db, folder)
    before = content(db)
    good = (folder / "2024-03-01-pier.md").read_bytes()
    write(folder / "2024-03-01-pier.md", "---\ntitle: [\n---\n")
    for _ in range(2):
        report = import_report(db, folder, status=1)
        assert (report["rejected"], report["unchanged"]) == (1, 1)
        assert content(db) == before
    report = import_report(db, folder, "--prune", status=1)
    assert rows(db, "select id from articles") == [("2024-03-02-boat",)]
    write(folder / "2024-03-01-pier.md", good)
    import_report(db, folder)
    assert content(db) == before


def test_files_of_macos_beside_records(folder, db, tmp_path):
    """`._x.md` holds attributes of `x.md` in binary, wherever a disk or an archive has no place."""
    apple_double = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X" + bytes(300)
    expected = import_report(db, folder)
    for name in ("._quay.md", "._Quay.MARKDOWN", "2024/._harbour.md", "._.md"):
        write(folder / name, apple_double)
    (folder / "._2024").mkdir(exist_ok=True)
    again = import_report(db, folder, folder / "._quay.md")
    assert (again["unchanged"], again["skipped"]) == (expected["added"], expected["skipped"])
    assert again["read"] == again["unchanged"]


# Two files with one id


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a"), ("both",)])
def test_two_files_with_one_id(tmp_path, db, order):
    root = tmp_path / "records"
    write(root / "a" / "twin.md", record("From a"))
    write(root / "b" / "twin.md", record("From b"))
    for name in order:
        import_report(db, *([root] if name == "both" else [root / name]), status=None)
    report = import_report(db, root, status=1)
    (error,) = report["errors"]
    assert error["path"].endswith(os.path.join("b", "twin.md"))
    assert error["place"] == "id"
    assert report["rejected"] == 1
    assert rows(db, "select id, title from articles") == [("twin", "From a")]
    # The winner goes: the other takes its place, with or without --prune.
    (root / "a" / "twin.md").unlink()
    report = import_report(db, root)
    assert rows(db, "select id, title from articles") == [("twin", "From b")]


def test_the_winner_comes_later(tmp_path, db):
    root = tmp_path / "records"
    write(root / "b" / "twin.md", record("From b"))
    import_report(db, root)
    write(root / "a" / "twin.md", record("From a"))
    import_report(db, root, status=1)
    assert rows(db, "select title from articles") == [("From a",)]


def test_one_file_under_two_paths(folder, db, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    sub = folder / "sub"
    write(sub / "deep.md", record("Deep"))
    assert import_report(db, folder, sub, link, sub / "deep.md")["read"] == 3
    before = content(db)
    report = import_report(db, link, sub)
    assert (report["unchanged"], report["parsed"]) == (3, 0)
    assert content(db) == before


def test_relative_and_absolute_paths_are_one(folder, db, monkeypatch):
    import_report(db, folder)
    monkeypatch.chdir(folder)
    assert import_report(db, ".")["parsed"] == 0
    assert import_report(db, "../records/2024-03-01-pier.md")["parsed"] == 0


# What stands beside the database


def test_sources_lie_beside(folder, db):
    import_report(db, folder)
    names = {path.name for path in db.parent.iterdir() if path.is_file()}
    assert names == {"news.db", "news.db-sources"}
    with closing(sqlite3.connect(sources_of(db))) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_lost_sources_are_made_again(folder, db):
    import_report(db, folder)
    before = content(db)
    sources_of(db).unlink()
    report = import_report(db, folder)
    assert report["parsed"] == 2
    assert content(db) == before
    assert sources_of(db).exists()
    assert import_report(db, folder)["parsed"] == 0


def test_sources_that_lag_behind(folder, db, tmp_path):
    import_report(db, folder)
    shutil.copy(sources_of(db), tmp_path / "kept")
    edit(folder / "2024-03-01-pier.md", "A pier", "A newer pier")
    write(folder / "2024-03-03-crane.md", record("A crane"))
    import_report(db, folder)
    before = content(db)
    shutil.copy(tmp_path / "kept", sources_of(db))
    assert import_report(db, folder)["parsed"] == 2
    assert content(db) == before


def test_lost_database_is_made_again(folder, db):
    """The fingerprints of a database that is gone must not hold files back."""
    import_report(db, folder)
    before = content(db)
    db.unlink()
    report = import_report(db, folder)
    assert report["parsed"] == report["added"] + report["updated"] == 2
    assert content(db) == before


def test_older_database_put_back(folder, db, tmp_path):
    """A copy of DB from before the last import: the newer fingerprints do not fit it."""
    import_report(db, folder)
    shutil.copy(db, tmp_path / "kept.db")
    edit(folder / "2024-03-01-pier.md", "A pier", "A newer pier")
    import_report(db, folder)
    before = content(db)
    shutil.copy(tmp_path / "kept.db", db)
    import_report(db, folder)
    assert content(db) == before


def test_another_schema_version_is_read_again(folder, db):
    import_report(db, folder)
    with closing(sqlite3.connect(db)) as connection:
        (version,) = connection.execute("pragma user_version").fetchone()
        connection.execute("pragma user_version = 0")
        connection.execute("update articles set title = 'as an older version wrote it'")
        connection.commit()
    assert import_report(db, folder)["parsed"] == 2
    assert value(db, "pragma user_version") == version
    assert rows(db, "select title from articles order by 1") == [("A boat",), ("A pier",)]
    assert_sound(db)


# Databases that are something else


def test_newer_database_is_refused(folder, db):
    import_report(db, folder)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("pragma user_version = 999")
    before = db.read_bytes()
    outcome = newsfeed("import", db, folder)
    assert outcome.status != 0
    assert "news.db" in outcome.stderr
    assert db.read_bytes() == before


def test_not_a_database(folder, db):
    write(db, "This is a letter, not a database. " * 50)
    before = db.read_bytes()
    outcome = newsfeed("import", db, folder)
    assert outcome.status != 0
    assert "news.db" in outcome.stderr
    assert db.read_bytes() == before


def test_database_with_other_tables(folder, db):
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("create table boats (name text)")
        connection.execute("insert into boats values ('Gull')")
        connection.commit()
    import_report(db, folder)
    import_report(db, folder, "--prune")
    assert rows(db, "select name from boats") == [("Gull",)]
    assert value(db, "select count(*) from articles") == 2


@pytest.mark.parametrize("table", ["articles", "topics", "images"])
def test_database_with_other_articles(folder, db, table):
    """A table of that name with other columns belongs to somebody else."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(f"create table {table} (number integer primary key, words text)")
        connection.execute(f"insert into {table} values (1, 'mine')")
        connection.commit()
    outcome = newsfeed("import", db, folder)
    assert outcome.status != 0
    assert "news.db" in outcome.stderr
    assert rows(db, f"select * from {table}") == [(1, "mine")]


def test_database_in_use(folder, db, monkeypatch):
    import_report(db, folder)
    connect = sqlite3.connect

    def impatient(*arguments, **more):
        return connect(*arguments, **{**more, "timeout": 0.2})

    edit(folder / "2024-03-01-pier.md", "A pier", "A busy pier")
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("begin exclusive")
        monkeypatch.setattr(sqlite3, "connect", impatient)
        outcome = newsfeed("import", db, folder)
        monkeypatch.undo()
        connection.execute("rollback")
    assert outcome.status not in (0, 2)
    assert "news.db" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    import_report(db, folder)
    assert value(db, "select title from articles where id like '%pier'") == "A busy pier"


# The command line


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_programs(name, folder, db):
    outcome = program(name, "import", db, folder)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert counted(outcome.stdout) == {"read": 2, "added": 2}
    write(folder / "broken.md", "---\ntitle: [\n---\n")
    outcome = program(name, "import", db, folder)
    assert outcome.status == 1
    assert counted(outcome.stdout) == {"read": 3, "unchanged": 2, "rejected": 1}
    assert re.fullmatch(r"\S*broken\.md: line \d+: [^\n]+\n", outcome.stderr)
    assert program(name, "import", db).status == 2
    assert program(name, "import").status == 2
    assert program(name, "import", db, folder / "no-such-folder").status == 2
    assert program(name, "import", db, folder, "--no-such-option").status == 2
    assert program(name, "--help").status == 0


def test_one_group_under_both_programs(folder, db):
    first, second = (program(name, "import", "--help").stdout for name in PROGRAMS)
    assert "--prune" in first
    # The first line names the program, the last one its ways to ask for help.
    assert first.rstrip().split("\n")[1:-1] == second.rstrip().split("\n")[1:-1]


def test_summary_line(folder, db):
    write(folder / "README.md", "# Notes\n")
    outcome = newsfeed("import", db, folder)
    assert outcome.stdout.startswith("2 read: 2 added")
    assert counted(outcome.stdout) == {"read": 2, "added": 2, "skipped": 1}
    edit(folder / "2024-03-01-pier.md", "A pier", "A new pier")
    (folder / "2024-03-02-boat.md").unlink()
    write(folder / "broken.md", "---\ntitle: [\n---\n")
    outcome = newsfeed("import", db, folder, "--prune")
    counts = {"read": 2, "updated": 1, "rejected": 1, "skipped": 1, "removed": 1}
    assert counted(outcome.stdout) == counts
    assert outcome.status == 1


def test_nothing_to_read(tmp_path, db):
    (tmp_path / "empty").mkdir()
    outcome = newsfeed("import", db, tmp_path / "empty")
    assert outcome.status == 1
    assert "found no files" in outcome.stderr
    assert outcome.stdout.startswith("0 read")
    report = import_report(db, tmp_path / "empty", status=1)
    assert set(report) >= {
        *("read", "added", "updated", "unchanged", "rejected"),
        *("skipped", "removed", "parsed", "errors"),
    }


def test_json_is_all_there_is_on_standard_output(folder, db):
    write(folder / "broken.md", "---\ntitle: [\n---\n")
    outcome = newsfeed("import", db, folder, "--json")
    report = outcome.report
    assert (report["read"], report["added"], report["rejected"]) == (3, 2, 1)
    (error,) = report["errors"]
    assert set(error) == {"path", "place", "reason"}
    assert Path(error["path"]).name == "broken.md"


def test_organizations_count_like_articles(db, tmp_path):
    shutil.copy(SAMPLES / "quay.example.md", tmp_path)
    assert counted(newsfeed("import", db, tmp_path).stdout) == {"read": 1, "added": 1}
    assert counted(newsfeed("import", db, tmp_path).stdout) == {"read": 1, "unchanged": 1}


def test_dry_run_creates_nothing(folder, db):
    before = sorted(db.parent.rglob("*"))
    report = import_report(db, folder, "--dry-run")
    assert report["added"] == 2
    assert sorted(db.parent.rglob("*")) == before


def test_dry_run_changes_nothing_and_tells_what_would_be(folder, db):
    import_report(db, folder)
    edit(folder / "2024-03-01-pier.md", "A pier", "A dry pier")
    (folder / "2024-03-02-boat.md").unlink()
    write(folder / "2024-03-03-crane.md", record("A crane"))
    write(folder / "broken.md", "---\ntitle: [\n---\n")
    before = db.read_bytes(), sources_of(db).read_bytes()
    dry = import_report(db, folder, "--prune", "--dry-run", status=1)
    assert (db.read_bytes(), sources_of(db).read_bytes()) == before
    assert import_report(db, folder, "--prune", status=1) == dry
    assert (dry["updated"], dry["added"], dry["removed"], dry["rejected"]) == (1, 1, 1, 1)


def test_without_text(folder, db):
    import_report(db, folder, "--without-text")
    assert import_report(db, folder, "--without-text")["parsed"] == 0
    assert b"A pier" not in sources_of(db).read_bytes()


def test_paths_of_single_files(folder, db):
    import_report(db, folder / "2024-03-01-pier.md")
    assert rows(db, "select id from articles") == [("2024-03-01-pier",)]


def test_other_files_are_left_alone(folder, db):
    write(folder / "notes.txt", record("Not a record"))
    write(folder / "picture.jpg", b"\xff\xd8\xff")
    assert import_report(db, folder)["read"] == 2


@pytest.mark.parametrize(
    "name", ["with space", "100% sure?", 'quote\'s "here"', "a;b--c", "日本-ニュース", "x" * 200]
)
def test_names_of_all_kinds(tmp_path, db, name):
    write(tmp_path / "records" / f"{name}.md", record("Named"))
    import_report(db, tmp_path / "records")
    assert rows(db, "select id from articles") == [(name,)]


# Pictures beside the records


def png(path: Path, size: tuple[int, int] = (60, 40), colour: str = "navy") -> Path:
    image = pytest.importorskip("PIL.Image")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.new("RGB", size, colour).save(path, "PNG")
    return path


def renditions(db: Path) -> dict[str, list[tuple[int, int, str]]]:
    sql = """select url, image_renditions.width, image_renditions.height, original_type
        from image_renditions join images on images.id = image_id order by 1, 2"""
    stored: dict[str, list[tuple[int, int, str]]] = {}
    for url, *more in rows(db, sql):
        stored.setdefault(url, []).append(tuple(more))
    return stored


def picture_record(*urls: str) -> str:
    return record("Pictures", "images:", *(f"  - url: {json.dumps(url)}" for url in urls))


def test_pictures_beside_the_records(tmp_path, db):
    root = tmp_path / "records"
    png(root / "assets" / "pier.png")
    png(root / "2024" / "boat.png")
    png(tmp_path / "secret.png")
    (root / "2024" / "link.png").symlink_to(tmp_path / "secret.png")
    write(root / "2024" / "notes.png", "no picture at all")
    write(
        root / "2024" / "one.md",
        picture_record(
            "/assets/pier.png",
            "boat.png",
            "../../secret.png",
            "/../secret.png",
            str(tmp_path / "secret.png"),
            "file://" + str(tmp_path / "secret.png"),
            "link.png",
            "notes.png",
            "no-such.png",
        ),
    )
    newsfeed("import", db, root)
    stored = renditions(db)
    assert set(stored) == {"/assets/pier.png", "boat.png"}
    assert stored["/assets/pier.png"] == [(60, 40, "image/png")]
    assert value(db, "select count(*) from articles") == 1
    assert_sound(db)


def test_a_picture_goes_with_its_record(tmp_path, db):
    root = tmp_path / "records"
    png(root / "pier.png")
    one = write(root / "one.md", picture_record("/pier.png"))
    write(root / "two.md", record("Two"))
    import_report(db, root)
    assert set(renditions(db)) == {"/pier.png"}
    before = dump(db)
    assert import_report(db, root)["parsed"] == 0
    assert dump(db) == before
    one.unlink()
    import_report(db, root, "--prune")
    assert value(db, "select count(*) from image_renditions") == 0
    assert_sound(db)


def test_a_picture_that_changes_or_comes_later(tmp_path, db):
    """The files are the truth, and the picture is one of them."""
    root = tmp_path / "records"
    write(root / "one.md", picture_record("/pier.png"))
    newsfeed("import", db, root)
    assert renditions(db) == {}
    png(root / "pier.png")
    newsfeed("import", db, root)
    assert renditions(db) == {"/pier.png": [(60, 40, "image/png")]}
    png(root / "pier.png", size=(30, 50), colour="olive")
    newsfeed("import", db, root)
    assert renditions(db) == {"/pier.png": [(30, 50, "image/png")]}


def test_a_picture_too_large_to_open(tmp_path, db):
    """A small file that unpacks into gigabytes of pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9999))
    )
    root = tmp_path / "records"
    write(root / "bomb.png", bomb + chunk(b"IEND", b""))
    write(root / "one.md", picture_record("/bomb.png"))
    outcome = program("sqlite_utils", "import", db, root, timeout=30, memory=2 << 30)
    assert "Traceback" not in outcome.stderr
    assert renditions(db) == {}
    assert value(db, "select count(*) from articles") == 1


def test_keys_without_a_column_are_told(db, tmp_path):
    folder = tmp_path / "records"
    write(folder / "a.md", record("A", "note: 2024-03-01", "editor: Nobody", "images: [{by: x}]"))
    write(folder / "b.md", record("B", "note: 2024-03-02", '"\\e[2J": 1', f"{'long' * 20}: 1"))
    outcome = newsfeed("import", db, folder)
    assert outcome.status == 0
    assert outcome.stderr == (
        "No column is for these keys, so they are kept in `extra`: "
        f"note (2), \\x1b[2J (1), editor (1), {'long' * 9}lon… (1)\n"
    )
    # Of what this run read: the next one reads nothing.
    assert newsfeed("import", db, folder).stderr == ""
    write(folder / "c.md", record("C", *(f"key{n}: 1" for n in range(1010))))
    outcome = newsfeed("import", db, folder, "--json")
    assert len(outcome.report["extra"]) == 1000
    assert outcome.stderr.endswith("key103 (1), key104 (1) and at least 992 more\n")
