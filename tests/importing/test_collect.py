"""`newsfeed collect`: what each format says stands in the records, and in the rows after an import.

All feeds here are made up. Where the shared feeds of others lie beside the checkout, every entry
of each is counted by a second reading of the file.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unicodedata import normalize
from xml.sax.saxutils import escape

import frontmatter
import pytest
from commands import import_report, newsfeed, rows, write
from conftest import NO_ARCHIVE
from small_web import SmallWeb, small_web

from datasette_newsfeed.archive.collect import (
    bounded_parsing,
    formats,
    html_text,
    record_files,
    run,
)
from datasette_newsfeed.archive.images.http_client import Limits

NAMESPACES = " ".join(
    f'xmlns:{name}="{url}"'
    for name, url in {
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "excerpt": "http://wordpress.org/export/1.2/excerpt/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "media": "http://search.yahoo.com/mrss/",
        "yt": "http://www.youtube.com/xml/schemas/2015",
    }.items()
)
CHANNEL = "<title>The Quay</title><link>https://quay.example/</link><language>en</language>"


def rss(*items: str, channel: str = CHANNEL, more: str = "") -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {NAMESPACES} {more}><channel>{channel}{inner}</channel></rss>'


def atom(*entries: str, head: str = "", more: str = "") -> str:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {more}><title>The Quay</title>'
        f'<link href="https://quay.example/"/>{head}{inner}</feed>'
    )


def jsonfeed(*items: dict[str, Any], **more: Any) -> str:
    top = {"version": "https://jsonfeed.org/version/1.1", "title": "The Quay"}
    return json.dumps({**top, "home_page_url": "https://quay.example/", **more, "items": items})


def collected(folder: Path, *sources: str | bytes, options: tuple[str, ...] = ()) -> list[Any]:
    """Return the records of some documents, by their names: metadata with the body in `text`."""
    paths = [write(folder / f"source-{i}", source) for i, source in enumerate(sources)]
    outcome = newsfeed("collect", folder / "out", *paths, *options)
    assert outcome.status == 0, outcome
    return records(folder / "out")


def records(folder: Path) -> list[Any]:
    found = [frontmatter.load(str(path)) for path in sorted(folder.rglob("*.md"))]
    return [{**each.metadata, "text": each.content} for each in found]


def only(folder: Path, source: str | bytes, *options: str) -> dict[str, Any]:
    (record,) = collected(folder, source, options=options)
    return record


# -- formats ------------------------------------------------------------------


def test_rss(tmp_path: Path) -> None:
    record = only(
        tmp_path,
        rss(
            "<title>Ferry late</title><link>/2024/ferry</link><guid isPermaLink='false'>5</guid>"
            "<dc:creator>Ada Moor</dc:creator><dc:creator>Bo Lund</dc:creator>"
            "<pubDate>Tue, 14 May 2024 09:30:00 +0200</pubDate>"
            "<atom:updated>2024-05-14T09:00:00Z</atom:updated>"
            "<description>Nobody &lt;b&gt;looked&lt;/b&gt; at a watch.</description>"
            "<content:encoded><![CDATA[<p>It came.</p>\n\n<pre>a\n\nb</pre>]]></content:encoded>"
            "<category>Ferries</category><category>Quay</category>"
            "<media:content url='/f.jpg' medium='image' width='1600' height='900'/>"
            "<source url='https://bay.example/rss'>Bay Post</source>"
        ),
    )
    assert record == {
        "title": "Ferry late",
        "excerpt": "Nobody looked at a watch.",
        "publishedDateTime": record["publishedDateTime"],
        "updatedDateTime": record["updatedDateTime"],
        "webUrl": "https://quay.example/2024/ferry",
        "language": "en",
        "topics": ["Ferries", "Quay"],
        "provider": {
            "name": "Bay Post",
            "domain": "bay.example",
            "authors": [{"name": "Ada Moor"}, {"name": "Bo Lund"}],
        },
        "images": [{"url": "https://quay.example/f.jpg", "width": 1600, "height": 900}],
        "guid": "5",
        "text": "<p>It came.</p>\n<pre>a&#10;\nb</pre>",
    }
    assert record["publishedDateTime"].isoformat() == "2024-05-14T07:30:00+00:00"
    assert record["updatedDateTime"].isoformat() == "2024-05-14T09:00:00+00:00"


def test_rdf(tmp_path: Path) -> None:
    record = only(
        tmp_path,
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel rdf:about="https://quay.example/rss"><title>The Quay</title>'
        "<link>https://quay.example/</link></channel>"
        '<item rdf:about="https://quay.example/1"><title>One</title>'
        "<link>https://quay.example/1</link><dc:date>2024-05-14T07:30:00Z</dc:date>"
        "<dc:creator>Ada Moor</dc:creator></item></rdf:RDF>",
    )
    assert (record["title"], record["webUrl"]) == ("One", "https://quay.example/1")
    assert record["publishedDateTime"].isoformat() == "2024-05-14T07:30:00+00:00"
    assert record["provider"]["authors"] == [{"name": "Ada Moor"}]


def test_atom_with_only_updated_and_authors_of_the_feed(tmp_path: Path) -> None:
    record = only(
        tmp_path,
        atom(
            "<id>tag:quay.example,2024:1</id>"
            "<title type='html'>A &amp;lt;b&amp;gt; &amp;amp; c</title>"
            "<link href='1'/><link rel='via' href='https://bay.example/1'/>"
            "<updated>2024-05-14T07:30:00Z</updated><category term='f' label='Ferries'/>"
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
            "<p>Hi <a href='z'>z</a></p></div></content>",
            head="<author><name>Ada Moor</name></author>",
            more='xml:base="https://quay.example/d/" xml:lang="fr"',
        ),
    )
    assert record["title"] == "A <b> & c"
    assert record["webUrl"] == "https://quay.example/d/1"
    assert record["originalUrl"] == "https://bay.example/1"
    assert record["publishedDateTime"].isoformat() == "2024-05-14T07:30:00+00:00"
    assert "updatedDateTime" not in record
    assert record["language"] == "fr"
    assert record["topics"] == ["Ferries"]
    assert record["provider"]["authors"] == [{"name": "Ada Moor"}]
    assert record["text"] == '<p>Hi <a href="https://quay.example/d/z">z</a></p>'


@pytest.mark.parametrize(
    "version", ["https://jsonfeed.org/version/1", "http://jsonfeed.org/version/1.1"]
)
def test_json_feed(tmp_path: Path, version: str) -> None:
    item = {
        "id": 7,
        "content_text": "The *ferry* came <late>.\n\nSecond\nline",
        "url": "https://quay.example/7",
        "external_url": "https://bay.example/7",
        "date_modified": "2024-05-14T09:30:00+02:00",
        "author": {"name": "Ada Moor"},
        "banner_image": "/b.jpg",
        "tags": ["Ferries", 5, "Ferries"],
        "language": "de",
        "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "duration_in_seconds": 3725}],
    }
    record = only(tmp_path, jsonfeed(item, version=version, authors=[{"name": "Nobody"}]))
    assert record["title"] == "The *ferry* came <late>. Second line"
    assert record["originalUrl"] == "https://bay.example/7"
    assert record["provider"]["authors"] == [{"name": "Ada Moor"}]
    assert record["images"] == [{"url": "https://quay.example/b.jpg"}]
    assert (record["topics"], record["language"], record["type"]) == (["Ferries"], "de", "audio")
    assert record["enclosures"][0]["duration"] == "3725"
    assert record["text"] == (
        "<p>The *ferry* came &lt;late&gt;.</p>\n<p>Second<br>\nline</p>\n"
        '<p><a href="https://quay.example/a.mp3">Audio, 1:02:05</a></p>'
    )


def test_podcast_and_video(tmp_path: Path) -> None:
    first, second = collected(
        tmp_path,
        rss(
            "<title>Episode 1</title><guid>e1</guid>"
            "<pubDate>Tue, 14 May 2024 07:30:00 GMT</pubDate>"
            "<enclosure url='https://quay.example/1.mp3' length='5' type='audio/mpeg'/>"
            "<itunes:duration>31:38</itunes:duration>"
            "<itunes:image href='https://quay.example/1.png'/>",
            "<title>Film</title><guid>yt:video:abcdefghijk</guid>"
            "<pubDate>Wed, 15 May 2024 07:30:00 GMT</pubDate><yt:videoId>abcdefghijk</yt:videoId>",
        ),
    )
    assert first["type"] == "audio"
    assert first["images"] == [{"url": "https://quay.example/1.png"}]
    assert first["enclosures"] == [
        {"url": "https://quay.example/1.mp3", "type": "audio/mpeg", "size": 5, "duration": "31:38"}
    ]
    assert first["text"] == '<p><a href="https://quay.example/1.mp3">Audio, 31:38</a></p>'
    assert second["type"] == "video"
    assert (
        second["featuredContent"]
        == '<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>'
    )


NEWSAPI = {
    "source": {"id": None, "name": "Bay Post"},
    "author": "By Ada Moor, https://bay.example/people and Bo Lund",
    "title": "Ferry",
    "description": "Late.",
    "url": "https://www.bay.example/ferry?apiKey=SECRET&x=1",
    "urlToImage": "https://bay.example/f.jpg",
    "publishedAt": "2024-05-14T07:30:00Z",
    "content": "It came… [+950 chars]",
}


def test_newsapi_without_the_key_of_its_request(tmp_path: Path) -> None:
    removed = {**NEWSAPI, "title": "[Removed]", "url": "https://removed.com"}
    document = {"status": "ok", "totalResults": 3, "articles": [NEWSAPI, NEWSAPI, removed]}
    text = "// https://newsapi.org/v2/everything?apiKey=SECRET\n\n" + json.dumps(document)
    record = only(tmp_path, text)
    assert record["webUrl"] == "https://www.bay.example/ferry?x=1"
    assert record["provider"] == {
        "name": "Bay Post",
        "domain": "bay.example",
        "authors": [{"name": "Ada Moor"}, {"name": "Bo Lund"}],
    }
    assert record["text"] == "<p>It came …</p>"
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert b"SECRET" not in written
    outcome = newsfeed("collect", tmp_path / "out", tmp_path / "source-0", "--json")
    assert outcome.report["left_out"] == {"removed by the API": 1}
    assert outcome.report["repeated"] == 1


def test_guardian_and_gdelt(tmp_path: Path) -> None:
    guardian = {
        "id": "world/1",
        "type": "article",
        "sectionName": "World",
        "webPublicationDate": "2024-05-14T07:30:00Z",
        "webTitle": "Fog",
        "webUrl": "https://www.theguardian.com/world/1",
        "apiUrl": "https://content.guardianapis.com/world/1?api-key=SECRET",
        "fields": {"body": "<p>Grey.</p><figure><img src='https://i.example/g.jpg'></figure>",
                   "trailText": "<strong>So</strong> grey", "byline": "Ada Moor and Bo Lund"},
        "tags": [{"type": "keyword", "webTitle": "Weather"}],
    }  # fmt: skip
    gdelt = {"url": "https://bay.example/x", "title": "Haar", "seendate": "20240513T120000Z",
             "socialimage": "https://bay.example/x.jpg", "domain": "bay.example",
             "language": "Spanish", "sourcecountry": "Spain"}  # fmt: skip
    seen, fog = collected(
        tmp_path,
        json.dumps({"response": {"status": "ok", "results": [guardian]}}),
        json.dumps({"articles": [gdelt]}),
    )
    assert (fog["category"], fog["topics"]) == ("World", ["Weather"])
    assert fog["excerpt"] == "So grey"
    assert fog["provider"] == {
        "name": "The Guardian",
        "domain": "theguardian.com",
        "authors": [{"name": "Ada Moor"}, {"name": "Bo Lund"}],
    }
    assert fog["images"] == [{"url": "https://i.example/g.jpg"}]
    assert "SECRET" not in str(fog)
    assert seen["publishedDateTime"].isoformat() == "2024-05-13T12:00:00+00:00"
    assert (seen["language"], seen["provider"]) == ("es", {"domain": "bay.example"})
    assert seen["images"] == [{"url": "https://bay.example/x.jpg"}]


def ghost(*posts: dict[str, Any]) -> str:
    usual = {"type": "post", "status": "published", "visibility": "public"}
    data = {
        "posts": [{**usual, "id": str(i), **post} for i, post in enumerate(posts)],
        "tags": [{"id": "t", "name": "Ferries"}, {"id": "h", "name": "#import"}],
        "posts_tags": [{"post_id": "0", "tag_id": "h"}, {"post_id": "0", "tag_id": "t"}],
        "users": [{"id": "u", "name": "Ada Moor", "password": "SECRET", "email": "a@b.example"}],
        "posts_authors": [{"post_id": "0", "author_id": "u"}],
        "settings": [{"key": "title", "value": "The Quay"}],
    }
    return json.dumps({"db": [{"meta": {"version": "5"}, "data": data}]})


POST = {
    "title": "Ferry",
    "slug": "ferry",
    "html": '<p>See <a href="__GHOST_URL__/pier/">it</a></p>',
    "feature_image": "__GHOST_URL__/content/images/f.jpg",
    "published_at": "2024-05-14T07:30:00.000Z",
    "custom_excerpt": "Late.",
}


def test_ghost(tmp_path: Path) -> None:
    draft = {**POST, "status": "draft", "slug": "d"}
    members = {**POST, "title": "M", "visibility": "paid", "slug": "m"}
    page = {**POST, "type": "page", "slug": "about"}
    text = ghost(POST, draft, members, page)
    ferry, paid = sorted(
        collected(tmp_path, text, options=("--site", "https://quay.example")),
        key=lambda each: each["title"],
    )
    assert ferry["webUrl"] == "https://quay.example/ferry/"
    assert ferry["text"] == '<p>See <a href="https://quay.example/pier/">it</a></p>'
    assert ferry["images"] == [{"url": "https://quay.example/content/images/f.jpg"}]
    assert ferry["topics"] == ["Ferries"]
    assert ferry["provider"] == {
        "name": "The Quay", "domain": "quay.example", "authors": [{"name": "Ada Moor"}]
    }  # fmt: skip
    assert (paid["title"], paid["excerpt"], paid["text"]) == ("M", "Late.", "")
    assert "SECRET" not in str([ferry, paid])
    outcome = newsfeed("collect", tmp_path / "all", tmp_path / "source-0", "--drafts", "--json")
    assert (outcome.report["added"], outcome.report["left_out"]) == (3, {"page": 1})


def wxr(*items: str) -> str:
    head = (
        "<title>The Quay</title><link>https://quay.example</link><language>en-GB</language>"
        "<wp:wxr_version>1.2</wp:wxr_version><wp:author><wp:author_login>ada</wp:author_login>"
        "<wp:author_display_name>Ada Moor</wp:author_display_name></wp:author>"
    )
    return rss(*items, channel=head, more='xmlns:wp="http://wordpress.org/export/1.2/"')


def wp_post(number: int, content: str = "x", status: str = "publish", more: str = "") -> str:
    return (
        f"<title>Post {number}</title><link>https://quay.example/{number}/</link>"
        f"<guid isPermaLink='false'>https://quay.example/?p={number}</guid>"
        f"<dc:creator>ada</dc:creator><content:encoded>{escape(content)}</content:encoded>"
        f"<excerpt:encoded>Short {number}</excerpt:encoded><wp:post_id>{number}</wp:post_id>"
        f"<wp:post_date_gmt>2024-05-1{number} 07:30:00</wp:post_date_gmt>"
        f"<wp:post_type>post</wp:post_type><wp:status>{status}</wp:status>{more}"
    )


def test_wordpress(tmp_path: Path) -> None:
    text = (
        "First\nline\n\n[caption id='a' width='3']<img src='/i.jpg' /> At sea[/caption]\n\n"
        "<!-- wp:heading --><h2>Head</h2><!-- /wp:heading -->\n\n<!--more-->Last [gallery ids='1']"
    )
    first, second = collected(
        tmp_path,
        wxr(
            wp_post(
                1,
                text,
                more="<category domain='post_tag' nicename='f'>Ferries</category>"
                "<category domain='category' nicename='uncategorized'>Uncategorized</category>"
                "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>"
                "<wp:meta_value>9</wp:meta_value></wp:postmeta>",
            ),
            wp_post(2, "secret", more="<wp:post_password>x</wp:post_password>"),
            wp_post(3, status="draft"),
            wp_post(4, status="private"),
            "<title>f</title><wp:post_id>9</wp:post_id><wp:post_type>attachment</wp:post_type>"
            "<wp:attachment_url>https://quay.example/f.jpg</wp:attachment_url>",
            "<title>About</title><wp:post_type>page</wp:post_type><wp:status>publish</wp:status>",
        ),
    )
    assert first["webUrl"] == "https://quay.example/1/"
    assert first["publishedDateTime"].isoformat() == "2024-05-11T07:30:00+00:00"
    assert (first["excerpt"], first["topics"], first["language"]) == (
        "Short 1",
        ["Ferries"],
        "en-GB",
    )
    assert first["provider"] == {
        "name": "The Quay", "domain": "quay.example", "authors": [{"name": "Ada Moor"}]
    }  # fmt: skip
    assert first["images"] == [{"url": "https://quay.example/f.jpg"}]
    assert first["text"].replace("\n", "") == (
        "<p>First<br>line</p><figure><img src='/i.jpg' /><figcaption>At sea</figcaption></figure>"
        "<h2>Head</h2><p>Last</p>"
    )
    assert (second["title"], second["text"]) == ("Post 2", "")


# -- traps --------------------------------------------------------------------


def test_entries_without_title_date_or_text(tmp_path: Path) -> None:
    found = collected(
        tmp_path,
        rss(
            "<guid isPermaLink='false'>1</guid>"
            "<description>&lt;p&gt;Only words here&lt;/p&gt;</description>",
            "<guid isPermaLink='false'>2</guid><link>https://quay.example/a/last-part/</link>",
            "<guid isPermaLink='false'>3</guid>",
        ),
    )
    assert sorted(each["title"] for each in found) == ["Only words here", "last-part"]
    assert all("publishedDateTime" not in each for each in found)


@pytest.mark.parametrize(
    ("written", "body"),
    [
        (escape(escape("<p>A</p><p>B</p>")), "<p>A</p>\n<p>B</p>"),
        ("one &amp;amp; two\n\nthree", "<p>one &amp; two</p>\n<p>three</p>"),
        ("&lt;p&gt;if a &amp;lt;b&amp;gt; c&lt;/p&gt;", "<p>if a &lt;b&gt; c</p>"),
        ("words &lt;i&gt;x&lt;/i&gt; # no heading", "<div>words <i>x</i> # no heading</div>"),
        (escape("<p>a</p>\n\n    code?\n\n---\n<!-- c -->"), "<div><p>a</p>\ncode?\n---</div>"),
    ],
)  # fmt: skip
def test_html_escaped_twice_and_text_that_looks_like_markdown(
    tmp_path: Path, written: str, body: str
) -> None:
    item = f"<title>t</title><guid>g</guid><content:encoded>{written}</content:encoded>"
    assert only(tmp_path, rss(item))["text"] == body


def test_several_entries_with_one_link(tmp_path: Path) -> None:
    item = "<title>{0}</title><link>https://quay.example/</link><pubDate>1{0} May 2024</pubDate>"
    by_date = [item.format(n) for n in (1, 2, 3)]
    undated = [f"<title>t{n}</title><link>https://quay.example/x</link>" for n in (1, 2)]
    guids = [
        f"<title>g{n}</title><link>https://quay.example/</link><guid>k{n}</guid>" for n in (1, 2)
    ]
    found = collected(tmp_path, rss(*by_date, *undated, *guids))
    assert sorted(each["title"] for each in found) == ["1", "2", "3", "g1", "g2", "t1", "t2"]
    before = _files(tmp_path / "out")
    write(tmp_path / "source-0", rss(item.format(4), *reversed(by_date), *undated, *guids))
    assert newsfeed("collect", tmp_path / "out", tmp_path / "source-0").status == 0
    assert _files(tmp_path / "out").items() > before.items()


def test_of_two_versions_of_an_entry_the_newest_counts(tmp_path: Path) -> None:
    entry = (
        "<id>tag:q,1</id><title>{0}</title><link href='https://quay.example/1'/>"
        "<updated>2024-05-1{0}T00:00:00Z</updated>"
    )
    assert only(tmp_path, atom(entry.format(2), entry.format(3), entry.format(1)))["title"] == "3"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("ada@quay.example (Ada Moor)", ["Ada Moor"]),
        ("Ada Moor &lt;ada@quay.example&gt;", ["Ada Moor"]),
        ("ada@quay.com (Ada Moor)", ["Ada Moor"]),
        ("Ada @ the quay", ["Ada @ the quay"]),
        ("ada@quay.example", []),
    ],
)
def test_mail_addresses_are_no_names(tmp_path: Path, written: str, names: list[str]) -> None:
    item = f"<title>t</title><guid>g</guid><author>{written}</author>"
    authors = only(tmp_path, rss(item))["provider"].get("authors", [])
    assert authors == [{"name": name} for name in names]


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-be", "windows-1252", "iso-8859-15"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{name}"?>' + rss(
        "<title>Fähre “x”</title><guid>g</guid>"
    )
    if encoding == "iso-8859-15":
        text = text.replace("“x”", "€")
    title = only(tmp_path, text.encode(encoding))["title"]
    assert title == ("Fähre €" if encoding == "iso-8859-15" else "Fähre “x”")


def test_xml_that_is_not_well_formed(tmp_path: Path) -> None:
    item = (
        "<title>Q & A</title><link>https://quay.example/?a=1&b=2</link>"
        "<pubDate>Mon, 04 May 2026 18:26:00 +0900</pubDate>"
    )
    record = only(tmp_path, rss(item))
    assert record["title"] == "Q & A"
    assert record["webUrl"] == "https://quay.example/?a=1&b=2"
    assert record["publishedDateTime"].isoformat() == "2026-05-04T09:26:00+00:00"


NONE = {
    "template-1": "---\n---\n<rss><channel><item><title>x</title></item></channel></rss>",
    "template-2": rss("<title>{{ x }}</title><guid>g</guid>").replace("<item>", "{% x %}<item>"),
    "template-3": rss("<title>a & b</title><guid>{{ page.url }}</guid>"),
    "template-4": "{% for x in y %}<rss></rss>",
    "template-5": '<?php echo "<rss>"; ?><rss></rss>',
    "template-6": '{"version": "https://jsonfeed.org/version/1", "items": [{% for p in x %}]}',
    "stylesheet": '<xsl:stylesheet xmlns:xsl="x"><rss/></xsl:stylesheet>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "page": "<!DOCTYPE html><html><head></head></html>",
    "text": "Dear reader,\n<rss>",
    "empty": " \n",
    "statistics": '{"all": {"hits": 4}, "games": [{"title": "x", "url": "y"}]}',
    "list": '["strike", "lockout"]',
    "articles": '{"articles": [1, 2, 3]}',
    "number": "5",
    "version": '{"version": "https://jsonfeed.org/version/1", "items": {}}',
    "deep": "[" * 100_000,
    "deep-2": '{"items":' * 300 + "1" + "}" * 300,
    "deep-3": "<rss>" + "<a>" * 300 + "</a>" * 300 + "</rss>",
    "laughs": '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><channel/>&b;</rss>',
    "laughs-2": '<!DOCTYPE r [<!ENTITY x "<b/>]>"><!ENTITY a "' + "h" * 10_000 + '">]><rss>'
    + "&a;" * 2_000 + "</rss>",
    "outside": '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><item>'
    "<title>&a;</title></item></channel></rss>",
    "binary": "\x00\x01\x02",
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_feed_is_said_to_be_none(tmp_path: Path, name: str) -> None:
    source = write(tmp_path / name, NONE[name])
    feed = write(tmp_path / "feed", rss("<title>t</title><guid>g</guid>"))
    outcome = newsfeed("collect", tmp_path / "out", source, feed)
    assert outcome.status == 1
    assert outcome.stderr.startswith(f"{source}: ")
    assert outcome.stderr.count("\n") == 1
    assert "root:" not in outcome.stderr
    # The others are collected all the same.
    assert [each["title"] for each in records(tmp_path / "out")] == ["t"]


def test_characters_that_xml_has_not(tmp_path: Path) -> None:
    item = "<title>a&#0;b&#xD800;c&#xFFFFFFFF;d & e&#233;</title><guid>http://[</guid>"
    assert only(tmp_path, rss(item))["title"] == "abcd & eé"


ODD = [None, True, 0, -1, 10**400, "", " ", "\0", "\ud800", "http://[", "//h/p", "<p>x</p>",
       "<b", "&lt;p&gt;", "0000-00-00", "2024-05-14", [], {}, [None], [[1]], {"name": 5},
       ["a", None]]  # fmt: skip


def _odd(dice: random.Random, value: Any) -> Any:
    """Return a JSON value with some of its parts replaced or left out."""
    if dice.random() < 0.1:
        return dice.choice(ODD)
    if isinstance(value, dict):
        return {key: _odd(dice, each) for key, each in value.items() if dice.random() > 0.05}
    return [_odd(dice, each) for each in value] if isinstance(value, list) else value


def test_values_of_any_type_under_any_key() -> None:
    dice = random.Random(8)
    item = {"id": "1", "url": "/1", "title": "t", "content_html": "<p>x</p>", "summary": "s",
            "tags": ["a"], "authors": [{"name": "A"}], "image": "/i",
            "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg",
                             "duration_in_seconds": 10**400}]}  # fmt: skip
    fields = {"body": "<p>x</p>", "byline": "A", "thumbnail": "/t"}
    article = {"webTitle": "t", "webUrl": "https://q.example/", "fields": fields, "tags": [{}]}
    sources = [
        json.loads(jsonfeed(item, item)),
        json.loads(ghost(POST, POST)),
        {"articles": [NEWSAPI] * 4},
        {"articles": [{"url": "https://q.example/", "seendate": "20240513T120000Z"}] * 4},
        {"response": {"results": [article] * 4}},
    ]
    read = 0
    for _ in range(1_000):
        try:
            feed = formats.read_source(json.dumps(_odd(dice, dice.choice(sources))).encode())
        except bounded_parsing.NoFeed:
            continue
        for entry in feed.entries:
            read += record_files.has_content(entry) and bool(record_files.record(entry))
            record_files.entry_key(entry, feed.site)
    assert read > 1_000


def test_a_feed_may_declare_entities_of_letters(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE rss [<!ENTITY eacute "&#233;">]>'
    assert (
        only(tmp_path, doctype + rss("<title>Caf&eacute;</title><guid>g</guid>"))["title"] == "Café"
    )


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "a", rss(*(f"<title>{i}</title><guid>{i}</guid>" for i in range(9))))
    monkeypatch.setattr("datasette_newsfeed.archive.collect.xml_feeds.MOST_ENTRIES", 8)
    assert "more than 8 entries" in newsfeed("collect", tmp_path / "out", source).stderr
    monkeypatch.setattr(run, "MAX_SOURCE_BYTES", 100)
    assert "more than 100 bytes" in newsfeed("collect", tmp_path / "out", source).stderr
    monkeypatch.undo()
    monkeypatch.setattr("datasette_newsfeed.archive.collect.record_files.MAX_RECORD", 200)
    long = jsonfeed({"id": "1", "title": "x" * 300}, {"id": "2", "title": "short"})
    outcome = newsfeed("collect", tmp_path / "out", write(tmp_path / "b", long), "--json")
    assert (outcome.status, outcome.report["rejected"], outcome.report["added"]) == (1, 1, 1)


@pytest.mark.parametrize(
    "text",
    ["<!--" * 200_000, "<pre>" * 200_000, "\n " * 400_000, "<p " * 300_000, "&lt;p" * 200_000],
    ids=["comments", "code", "blanks", "tags", "entities"],
)
def test_texts_made_to_take_long_do_not(text: str) -> None:
    # Quadratic work would take minutes, and the run be killed.
    html_text.block_of_html(text)
    html_text.excerpt_and_body(text, None)
    html_text.excerpt_and_body(text, f"<p>{text}")


# -- again and again ----------------------------------------------------------


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _item(number: int, title: str, day: int = 14) -> str:
    return (
        f"<title>{title}</title><guid isPermaLink='false'>{number}</guid>"
        f"<pubDate>{day} May 2024 07:30:00 GMT</pubDate>"
    )


def test_again_and_edited(tmp_path: Path) -> None:
    source, out = tmp_path / "feed", tmp_path / "out"
    write(source, rss(_item(1, "One"), _item(2, "Two")))
    first = newsfeed("collect", out, source)
    assert first.stdout == "2 entries of 1 source: 2 added, 0 updated, 0 unchanged\n"
    before = _files(out)
    assert all(re.fullmatch(r"2024-05-14-[0-9a-f]{16}\.md", name) for name in before)
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = newsfeed("collect", out, source)
    assert again.stdout == "2 entries of 1 source: 0 added, 0 updated, 2 unchanged\n"
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times
    # The title and the day change, an entry is gone, another has come; a user sorts the files.
    write(source, rss(_item(3, "Three"), _item(1, "One, edited", 20)))
    for path in out.iterdir():
        path.rename(write(out / "2024" / path.name, "") if "One" in path.read_text() else path)
    report = newsfeed("collect", out, source, "--json").report
    assert {k: report[k] for k in ("added", "updated", "unchanged")} == {
        "added": 1,
        "updated": 1,
        "unchanged": 0,
    }
    assert sorted(each["title"] for each in records(out)) == ["One, edited", "Three", "Two"]
    assert {path.name for path in out.rglob("*.md")} > set(before)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_interrupted_at_any_moment(sent: signal.Signals, tmp_path: Path) -> None:
    """Only whole records are there, and the next run ends as if nothing had been."""
    sources = [
        write(
            tmp_path / f"feed-{number:02}",
            rss(*(_item(number * 100 + each, f"Title {each} " * 50) for each in range(80))),
        )
        for number in range(8)
    ]
    newsfeed("collect", tmp_path / "whole", *sources)
    whole = _files(tmp_path / "whole")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "sqlite_utils", "newsfeed", "collect", str(out)]
    for _ in range(10):  # on a busy machine the signal may come too late
        shutil.rmtree(out, ignore_errors=True)
        process = subprocess.Popen(
            [*command, *map(str, sources)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        while process.poll() is None and not any(out.glob("*.md")):
            time.sleep(0.01)
        process.send_signal(sent)
        _, said = process.communicate()
        if process.returncode != 0:
            break
    assert process.returncode != 0
    assert b"Traceback" not in said
    found = _files(out)
    assert 0 < len([name for name in found if name.endswith(".md")]) < len(whole)
    assert {name: data for name, data in found.items() if name.endswith(".md")}.items() <= (
        whole.items()
    )
    assert newsfeed("collect", out, *sources).status == 0
    assert _files(out) == whole


def test_one_entry_of_several_sources_is_one_record(tmp_path: Path) -> None:
    a = write(tmp_path / "a", rss("<title>RSS</title><guid>https://quay.example/1</guid>"))
    b = write(tmp_path / "b", jsonfeed({"id": "https://quay.example/1", "title": "JSON"}))
    c = write(tmp_path / "c", rss(_item(1, "x")).replace("quay.example", "bay.example"))
    d = write(tmp_path / "d", rss(_item(1, "y")))
    report = newsfeed("collect", tmp_path / "out", a, b, c, d, "--json").report
    assert (report["entries"], report["added"], report["repeated"]) == (4, 3, 1)
    assert sorted(each["title"] for each in records(tmp_path / "out")) == ["RSS", "x", "y"]
    report = newsfeed("collect", tmp_path / "out", a, b, c, d, "--json").report
    assert (report["unchanged"], report["repeated"]) == (3, 1)


def test_records_are_imported_as_written(tmp_path: Path) -> None:
    """Whatever a title, a name or a text is, the rows have it."""
    dice = random.Random(5)
    odd = [": #x", "- a", "yes", "1_000", "2024-05-14", "'", '"', "{{ x }}", "---", "...", "&a *b",
           "!tag", "null", "~", "0x1F", "é\u0301", "日本", "\u2028x", "\ufeffy", "a\\b", "%", "🚢",
           "1:30", "=", "<<", "@x", "`", "| x", "> y", "? z", "true"]  # fmt: skip
    items = []
    for number in range(60):
        words = [
            dice.choice(odd) + dice.choice(["", " ", "\n"]) + dice.choice(odd) for _ in range(5)
        ]
        items.append(
            {"id": str(number), "title": words[0], "content_text": words[1], "summary": words[2],
             "authors": [{"name": words[3]}], "tags": [words[4]]}
        )  # fmt: skip
    collected(tmp_path, jsonfeed(*items))
    report = import_report(tmp_path / "news.db", tmp_path / "out")
    assert report["added"] == 60
    titles = [row[0] for row in rows(tmp_path / "news.db", "select title from articles")]
    expected = [html_text.line_of_text(item["title"]) for item in items]
    assert sorted(titles) == sorted(expected)
    topics = {row[0] for row in rows(tmp_path / "news.db", "select topic from article_topics")}
    assert topics == {normalize("NFC", html_text.line_of_text(i["tags"][0]) or "") for i in items}


def test_wrong_use_and_a_file_in_the_way(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed", rss(_item(1, "One")))
    assert newsfeed("collect", tmp_path / "out", tmp_path / "absent").status == 2
    assert newsfeed("collect", tmp_path / "out").status == 2
    assert newsfeed("collect", feed / "inner", feed).status == 2
    assert newsfeed("collect", tmp_path / "out", feed, "--site", "nowhere").status == 2
    assert newsfeed("collect", tmp_path / "out", tmp_path).stderr.endswith(
        "is a folder; name the files in it\n"
    )
    newsfeed("collect", tmp_path / "out", feed)
    (record,) = (tmp_path / "out").iterdir()
    elsewhere = write(tmp_path / "elsewhere", "precious")
    record.unlink()
    record.symlink_to(elsewhere)
    assert newsfeed("collect", tmp_path / "out", feed).status == 1
    assert elsewhere.read_text() == "precious"


def test_without_feedparser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasette_newsfeed.archive.collect.xml_feeds.can_read", lambda: False)
    a = write(tmp_path / "a", rss(_item(1, "One")))
    b = write(tmp_path / "b", jsonfeed({"id": "1", "title": "JSON"}))
    outcome = newsfeed("collect", tmp_path / "out", a, b)
    assert outcome.status == 1
    assert "pip install 'datasette-newsfeed[collect]'" in outcome.stderr
    assert [each["title"] for each in records(tmp_path / "out")] == ["JSON"]


# -- the web ------------------------------------------------------------------


class FeedWeb(SmallWeb):
    """The small web, with documents under paths of their own."""

    documents: dict[str, str]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Any:
    import small_web as module

    with small_web() as server:
        server.documents = {}  # type: ignore[attr-defined]

        def give_feed(self: Any, rest: list[str], query: Any) -> None:
            text = self.server.documents[rest[0]]
            etag = f'"{hash(text)}"'
            if self.headers["If-None-Match"] == etag:
                self.send_response(304)
                self.end_headers()
                return
            self._send(text.encode(), ETag=etag)

        monkeypatch.setattr(module._Answer, "give_feed", give_feed, raising=False)
        yield server


def collect_from(web: Any, folder: Path, *sources: str) -> run.CollectReport:
    quick = Limits(wait_initial=0.01, attempts=2, bytes=100_000)
    return run.collect(folder, sources, limits=quick, own_endpoints=frozenset({web.endpoint}))


def test_an_address_is_only_read_again_if_it_changed(web: Any, tmp_path: Path) -> None:
    item = "<title>One</title><link>../x</link><guid isPermaLink='false'>1</guid>"
    web.documents["a"] = rss(item, channel="<title>T</title>")
    address = web.url("/feed/a?apikey=SECRET")
    report = collect_from(web, tmp_path, address)
    assert (report.outcomes["added"], report.not_modified) == (1, 0)
    (record,) = records(tmp_path)
    assert record["webUrl"] == web.url("/x")
    before = _files(tmp_path)
    report = collect_from(web, tmp_path, address)
    assert (report.outcomes.total(), report.not_modified) == (0, 1)
    assert _files(tmp_path) == before
    assert set(before) == {".newsfeed-collect.json", *(p.name for p in tmp_path.glob("*.md"))}
    assert b"SECRET" not in b"".join(before.values())
    web.documents["a"] = web.documents["a"].replace("One", "Two")
    report = collect_from(web, tmp_path, address)
    assert (report.outcomes["updated"], report.not_modified) == (1, 0)
    # What is no state, or that of another version, only means to read again.
    for text in ("{", '{"version": 9}', '{"version": 1, "feeds": [1]}', "[" * 9_000):
        write(tmp_path / ".newsfeed-collect.json", text)
        assert collect_from(web, tmp_path, address).outcomes["unchanged"] == 1
    assert import_report(tmp_path.parent / "news.db", tmp_path)["read"] == 1


def test_a_list_of_feeds(web: Any, tmp_path: Path) -> None:
    for name in "abc":
        web.documents[name] = rss(_item(1, name)).replace("quay.example", f"{name}.example")
    outlines = "".join(f'<outline xmlUrl="{web.url("/feed/" + name)}"/>' for name in "abca")
    inner = f"<outline text='x'>{outlines}<outline xmlUrl='file:///etc/passwd'/></outline>"
    lonely = f'<outline xmlUrl="{web.url("/status/404")}"/>'
    opml = f'<opml version="2.0"><head/><body>{inner}{lonely}</body></opml>'
    source = write(tmp_path / "list.opml", opml)
    report = collect_from(web, tmp_path / "out", str(source))
    assert (report.sources, report.outcomes["added"]) == (5, 3)
    assert report.left_out == {"no address of the web": 1}
    assert [each.reason for each in report.errors] == ["404 Not Found"]
    # A list that names itself ends, too.
    web.documents["loop"] = f'<opml><body><outline xmlUrl="{web.url("/feed/loop")}"/></body></opml>'
    report = collect_from(web, tmp_path / "out", web.url("/feed/loop"))
    assert [each.reason for each in report.errors] == [
        "is a list of feeds within another; name it itself"
    ]


def test_addresses_of_this_machine_are_refused(web: Any, tmp_path: Path) -> None:
    web.documents["a"] = rss(_item(1, "One"))
    outcome = newsfeed("collect", tmp_path, web.url("/feed/a?key=SECRET"))
    assert outcome.status == 1
    assert "no public address" in outcome.stderr
    assert "SECRET" not in outcome.stderr
    assert web.asked == {}


def test_too_large_an_answer(web: Any, tmp_path: Path) -> None:
    report = collect_from(web, tmp_path, web.url("/endless"), web.url("/packed/bomb"))
    assert len(report.errors) == 2
    assert all("more than 100,000 bytes" in each.reason for each in report.errors)


# -- feeds of others ----------------------------------------------------------

SHARED = Path(__file__).parents[3] / "shared" / "feeds"


def entries_of(text: str) -> int:
    """Count the entries of a document, without any of the code under test."""
    if text.startswith("---"):
        return 0
    if text.lstrip().startswith("<"):
        return len(re.findall(r"<(?:item|entry)[\s>]", text))
    value = json.loads("\n".join(x for x in text.splitlines() if not x.startswith("//")))
    for path in (("items",), ("articles",), ("response", "results")):
        found: Any = value
        for key in path:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        if isinstance(found, list):
            return len(found)
    data = value.get("db", [{}])[0].get("data", {})
    return sum(p["type"] == "post" and p["status"] == "published" for p in data.get("posts", []))


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_ARCHIVE)
def test_every_entry_of_the_feeds_of_others(tmp_path: Path) -> None:
    for path in sorted(SHARED.iterdir()):
        if path.suffix == ".md":
            continue
        expected = entries_of(path.read_text(encoding="utf-8"))
        out = tmp_path / path.name
        report = newsfeed("collect", out, path, "--json").report
        assert report["entries"] == expected, path
        assert report["added"] + report["repeated"] == expected
        assert bool(report["errors"]) == (expected == 0)
        before = _files(out)
        newsfeed("collect", out, path)
        assert _files(out) == before
        if expected:
            assert import_report(tmp_path / f"{path.name}.db", out)["added"] == report["added"]
