"""What is published: a part of an archive as its page showed it, the metadata, the commands."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import facet_archive
import pytest
import yaml
from commands import (
    DEMO,
    PROGRAMS,
    assert_sound,
    content,
    import_report,
    newsfeed,
    program,
    record,
    rows,
    write,
)
from datasette.app import Datasette
from pages_site import STORY, build_archive, open_site
from test_facets import kept, load, random_query

from datasette_newsfeed.archive.publish import commands


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return facet_archive.build(tmp_path_factory.mktemp("publish") / "news.db", 300)


def prepared(db: Path, out: Path, *arguments: str, status: int = 0) -> Any:
    outcome = newsfeed("prepare", db, out, "--force", "--json", *arguments)
    assert outcome.status == status, outcome
    return outcome.report if status == 0 else outcome.stderr


def ids(db: Path) -> set[str]:
    return {key for (key,) in rows(db, "select id from articles")}


# -- a part of an archive -----------------------------------------------------


def test_any_filter_keeps_what_its_page_shows(news: Path, tmp_path: Path) -> None:
    dice = random.Random(11)
    articles = load(news)
    out = tmp_path / "out.db"
    tried = 0
    while tried < 8:
        query = random_query(dice, articles)
        expected = {row["id"] for row in kept(articles, query)}
        if not query or not expected:
            continue
        view = [("_layout", "table"), ("_sort_desc", "heat"), ("_size", "2")]
        prepared(news, out, "--filter", "?" + urlencode([*query, *view]))
        assert ids(out) == expected, query
        assert_sound(out)
        tried += 1


def test_a_part_is_what_an_import_of_its_files_would_be(tmp_path: Path) -> None:
    folder, chosen = tmp_path / "all", tmp_path / "chosen"
    all_db, part_db, out = tmp_path / "all.db", tmp_path / "part.db", tmp_path / "out.db"
    shutter = "images: [{url: 'https://pictures.example/%s.png'}]"
    for number in range(30):
        lines = [
            f"topics: [T{number % 4}, T{number % 7}]",
            f"heat: {number}",
            f"webUrl: https://site.example/{number // 2}",
            f"publishedDateTime: 2024-01-{number % 28 + 1:02}",
            f"provider: {{name: P{number % 5}, domain: p{number % 5}.example,"
            f" authors: [{{name: A{number % 6}}}]}}",
            shutter % (number % 9),
            f"related: [{{title: Other, webUrl: 'https://site.example/{(number * 3) % 15}'}},"
            " {title: Elsewhere, webUrl: 'https://else.example/1'}]",
        ]
        for place in [folder, *([chosen] if number >= 19 else [])]:
            place.mkdir(exist_ok=True)
            write(place / f"{number:02}.md", record(f"Boat {number}", *lines))
    import_report(all_db, folder)
    import_report(part_db, chosen)
    prepared(all_db, out, "--filter", "heat__gte=19")
    assert content(out) == content(part_db)
    related = rows(out, "select count(related_id), count(*) from related_articles")
    assert 0 < related[0][0] < related[0][1]
    assert_sound(out)


def test_headlines_only(tmp_path: Path) -> None:
    db = build_archive(tmp_path / "news.db")
    out = tmp_path / "out.db"
    report = prepared(db, out, "--headlines-only")
    assert report["rows"]["articles"] == len(ids(db)) - 1
    assert ids(db) - ids(out) == {"2024-03-04-kites-again"}
    # The one that was left out is still named where it is related, and nowhere led to.
    named = rows(
        out, "select title, related_id from related_articles where article_id = ?", [STORY]
    )
    assert named[0] == ("Kites again", None)
    both = prepared(db, out, "--headlines-only", "--filter", "_topic=Tidal power")
    assert both["rows"]["articles"] == 2


def test_no_byte_is_left_of_what_was_not_chosen(tmp_path: Path) -> None:
    folder, db, out = tmp_path / "records", tmp_path / "news.db", tmp_path / "out.db"
    folder.mkdir()
    for number in range(60):
        words = f"zebra{number}quagga " * 40
        lines = [f"heat: {number}", f"secured: 'okapi{number};aXY='", f"topics: [T{number}]"]
        write(folder / f"{number:02}.md", record(f"Title {number}", *lines, f"excerpt: {words}"))
    import_report(db, folder)
    assert b"okapi" not in db.read_bytes()
    prepared(db, out, "--filter", "heat__lt=3")
    data = out.read_bytes()
    assert b"zebra2quagga" in data
    for number in range(3, 60):
        assert f"zebra{number}quagga".encode() not in data
    assert b"okapi" not in data


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("topic=AI", "did you mean _topic?"),
        ("colour=red", "articles have no column colour"),
        ("", "chooses nothing"),
        ("_related=7", "_related is 1 or 0"),
        ("?_layout=cards", "chooses nothing"),
        ("heat__gte=9999", "nothing to publish"),
        ("heat__never=1", "heat__never chooses nothing"),
        ('type__in=["video"', 'type__in=["video"'),
        ("heat__gte=3&title__never=1", "title__never chooses nothing"),
        ("_where=nope", "nope"),
    ],
)
def test_a_filter_that_cannot_be_meant(news: Path, tmp_path: Path, query: str, words: str) -> None:
    out = tmp_path / "out.db"
    assert words in prepared(news, out, "--filter", query, status=2)
    assert not out.exists()


def test_no_database_and_no_archive(tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    assert "no such database" in prepared(tmp_path / "no.db", out, "--filter", "a=b", status=2)
    (tmp_path / "text.db").write_text("no database " * 100)
    for arguments in (["--filter", "heat=1"], ["--headlines-only"]):
        assert prepared(tmp_path / "text.db", out, *arguments, status=2)
    assert newsfeed("metadata", tmp_path / "no.db").status == 2
    assert "no such database" in newsfeed("metadata", tmp_path / "no.db").stderr
    assert newsfeed("metadata", tmp_path / "text.db").status == 2


# -- the metadata -------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_metadata_says_what_the_plugin_says(
    name: str, tmp_path: Path, datasette_line: str
) -> None:
    db = build_archive(tmp_path / "my news.db")
    printed = program(name, "metadata", db)
    assert printed.status == 0, printed
    metadata = yaml.safe_load(printed.stdout)
    assert list(metadata["databases"]) == ["my news"]
    assert json.loads(program(name, "metadata", db, "--json").stdout) == metadata


async def test_with_the_metadata_the_site_is_the_same(tmp_path: Path) -> None:
    db = build_archive(tmp_path / "news.db")
    metadata = yaml.safe_load(newsfeed("metadata", db).stdout)
    plain = open_site(db, immutable=True)
    for path in ("/", "/news", "/news/articles", f"/news/articles/{STORY}", "/news/topics"):
        found = [
            (await site.client.get(path)).text
            for site in (plain, open_site(db, immutable=True, metadata=metadata))
        ]
        # A facet that a metadata file asks for cannot be taken off on 0.65 either.
        assert found[0] == found[1], path


async def test_a_change_of_the_metadata_wins(tmp_path: Path) -> None:
    db = build_archive(tmp_path / "news.db")
    metadata = yaml.safe_load(newsfeed("metadata", db).stdout)
    metadata["databases"]["news"]["title"] = "My own words"
    metadata["databases"]["news"]["tables"]["articles"]["size"] = 2
    site = open_site(db, metadata=metadata)
    assert "My own words" in (await site.client.get("/news")).text
    assert len((await site.client.get("/news/articles.json?_shape=array")).json()) == 2


# -- the commands -------------------------------------------------------------


def test_the_commands_fit_the_datasette_of_here(tmp_path: Path, datasette_line: str) -> None:
    out = tmp_path / "public site.db"
    report = prepared(build_archive(tmp_path / "news.db"), out)
    metadata, *_, publish = report["publish"]
    assert metadata == f"datasette newsfeed metadata '{out}' > metadata.yml"
    words = shlex.split(publish)
    assert words[:4] == ["datasette", "publish", "cloudrun", str(out)]
    assert words[words.index("--service") + 1] == "public-site"
    installs = [words[place + 1] for place, word in enumerate(words) if word == "--install"]
    assert any("newsfeed" in install for install in installs)
    assert any(install.startswith("datasette==") for install in installs)
    options = words[words.index("--extra-options") + 1]
    assert "--setting default_cache_ttl 3600" in options
    assert ("--config metadata.json" in options) == (datasette_line == "1.0")
    said = newsfeed("prepare", tmp_path / "news.db", out, "--force").stdout
    assert publish in said
    assert f"{report['size']:,} bytes" in said


def test_the_plugin_goes_along_as_a_wheel_only_where_it_came_from_a_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Installed:
        version = "7.8"
        note: str | None = None

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return self.note

    installed = Installed()
    monkeypatch.setattr(commands, "distribution", lambda name: installed)
    _, publish = commands.commands("news.db")
    assert "--install datasette-newsfeed==7.8" in publish
    assert "plugins" not in publish
    installed.note = '{"url": "file:///some%20where/newsfeed", "dir_info": {"editable": true}}'
    _, wheel, publish = commands.commands("news.db")
    assert wheel == "pip wheel --no-deps --wheel-dir plugins '/some where/newsfeed'"
    assert "--plugins-dir plugins" in publish
    assert "--install plugins/datasette_newsfeed-7.8-py3-none-any.whl" in publish


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("news.db", "news"),
        ("My News (2024).db", "my-news-2024"),
        ("2024.db", "news-2024"),
        ("ÄÖ.db", "news"),
        ("a" * 80 + ".db", "a" * 49),
        (f"{'a' * 48}-b.db", "a" * 48),
    ],
)
def test_a_service_has_a_name_that_it_may_have(name: str, service: str) -> None:
    assert commands.service(name) == service


def test_the_demo_in_part(tmp_path: Path, demo_db: Path) -> None:
    out = tmp_path / "part.db"
    report = prepared(demo_db, out, "--filter", "_topic=Culture", "--headlines-only")
    assert 0 < report["rows"]["articles"] < report["rows"]["images"] + 20
    assert report["size"] < demo_db.stat().st_size
    assert report["rows"]["image_renditions"] > 0
    assert DEMO.is_dir()
    site = Datasette([], immutables=[str(out)])
    assert site.databases["part"].path == str(out)
