"""Other ways of writing records: syntaxes, keys, ids, addresses, drafts, their sites."""

from __future__ import annotations

import json
import math
import multiprocessing
import resource
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import content, import_report, newsfeed, write
from hypothesis import given, settings
from hypothesis import strategies as st
from share import tries

from datasette_newsfeed.archive import dialects
from datasette_newsfeed.archive.dialects import (
    DIALECTS,
    LeftOut,
    Site,
    column_keys,
    dialect_of,
    smartable,
)
from datasette_newsfeed.archive.dialects.article_ids import article_id, path_date
from datasette_newsfeed.archive.dialects.bodies import first_heading, readable
from datasette_newsfeed.archive.importing.front_matter import read
from datasette_newsfeed.archive.importing.sites import Sites
from datasette_newsfeed.archive.records import Article
from datasette_newsfeed.errors import RecordError

NOWHERE = Site()


def article(text: str, path: str = "pier.md", site: Site = NOWHERE) -> Any:
    document = read(text.encode(), path)
    return dialect_of(document, site).read(document, site)


# -- syntaxes -------------------------------------------------------------------------

PIER = {"title": "The pier opens", "date": "2024-03-01T10:00:00Z", "tags": ["Harbour", "Pier"]}
SYNTAXES = {
    "yaml": (
        "p.md",
        "---\ntitle: The pier opens\ndate: 2024-03-01T10:00:00Z\ntags: [Harbour, Pier]\n---\n",
    ),
    "toml": (
        "p.md",
        '+++\ntitle = "The pier opens"\ndate = 2024-03-01T10:00:00Z\n'
        'tags = ["Harbour", "Pier"]\n+++\n',
    ),
    "json": ("p.md", json.dumps(PIER, indent=1) + "\n\n"),
    "json of Eleventy": ("p.md", f"---json\n{json.dumps(PIER)}\n---\n"),
    "json of Hexo": ("p.md", json.dumps(PIER)[1:-1] + "\n;;;\n"),
    "lines": (
        "p.md",
        "Title: The pier opens\nDate: 2024-03-01T10:00:00Z\nTags: Harbour, Pier\n\n",
    ),
    "open yaml": (
        "p.md",
        "title: The pier opens\ndate: 2024-03-01T10:00:00Z\ntags:\n- Harbour\n- Pier\n---\n",
    ),
    "rst": (
        "p.rst",
        "The pier opens\n##############\n\n:date: 2024-03-01T10:00:00Z\n:tags: Harbour, Pier\n\n",
    ),
    "html": (
        "p.html",
        "---\ntitle: The pier opens\ndate: 2024-03-01T10:00:00Z\ntags: [Harbour, Pier]\n---\n",
    ),
    "mdx": (
        "p.mdx",
        "---\ntitle: The pier opens\ndate: 2024-03-01T10:00:00Z\ntags: [Harbour, Pier]\n---\n",
    ),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_one_article_in_each_syntax(syntax: str, ends: str) -> None:
    path, front_matter = SYNTAXES[syntax]
    found = article((front_matter + "It opens at noon.\n").replace("\n", ends), path)
    assert isinstance(found, Article)
    assert (found.title, found.published_at) == ("The pier opens", "2024-03-01T10:00:00Z")
    assert found.topics == ("Harbour", "Pier")
    assert "It opens at noon." in (found.body or "")
    assert found.extra == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('+++\ntitle = "a"\nx = \n+++\n', "line 3"),
        ('+++\ntitle = "a"\n', "line 1"),
        ('{\n"title": "a",\n"x": }\n', "line 3"),
        ("---json\n{\n]\n---\n", "line 3"),
        ("---json\n{\n", "line 1"),
    ],
)
def test_a_fault_of_a_syntax_has_its_line(text: str, place: str) -> None:
    with pytest.raises(RecordError) as caught:
        read(text.encode(), "a.md")
    assert caught.value.place == place


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is a sentence.\nAnother one.\n",
        "{{< figure src=x >}}\n\nText\n",
        "{% include a.html %}\nText",
        "Title: a heading\n---\n\nText",
        "# A heading\n\nText",
    ],
)
def test_text_that_is_no_front_matter(text: str) -> None:
    assert read(text.encode(), "a.md").syntax == "none"


# -- keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "attribute", "value"),
    [
        ("published: 2024-03-01", "published_at", "2024-03-01T00:00:00Z"),
        ("pubDate: Mar 1 2024", "published_at", "2024-03-01T00:00:00Z"),
        ("publish_date: 2024-03-01 10:00", "published_at", "2024-03-01T10:00:00Z"),
        ("lastmod: 2024-03-02", "updated_at", "2024-03-02T00:00:00Z"),
        ("last_update: {date: 2024-03-02}", "updated_at", "2024-03-02T00:00:00Z"),
        ("tags: a, b", "topics", ("a", "b")),
        ("tags: [a, A, b]", "topics", ("a", "b")),
        ("tags: [{name: a, slug: x}]", "topics", ("a",)),
        ("categories: [[a, b], [c]]", "topics", ("a", "b", "c")),
        ("taxonomies: {tags: [a]}", "topics", ("a",)),
        ("tags: [a]\ncategory: b", "topics", ("a", "b")),
        ("description: Short", "excerpt", "Short"),
        ("excerpt: ''\nsummary: Short", "excerpt", "Short"),
        ("lang: pt_br", "language", "pt-BR"),
        ("canonical_url: https://pier.example/a", "web_url", "https://pier.example/a"),
        ("source_url: https://else.example/a", "original_url", "https://else.example/a"),
    ],
)
def test_a_key_and_its_column(lines: str, attribute: str, value: object) -> None:
    assert getattr(article(f"---\ntitle: A\nlayout: post\n{lines}\n---\n"), attribute) == value


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        ("author: Ann Pier", ("Ann Pier",)),
        ("authors: [Ann Pier, Ben Quay]", ("Ann Pier", "Ben Quay")),
        ("author: Ann Pier and Ben Quay", ("Ann Pier", "Ben Quay")),
        (
            "author: '[Ann Pier](https://a.example), [Ben Quay](https://b.example)'",
            ("Ann Pier", "Ben Quay"),
        ),
        ("authors: {name: Ann Pier, url: https://a.example}", ("Ann Pier",)),
        ("authors: [{name: Ann Pier}, ben]", ("Ann Pier", "Benjamin Quay")),
        ("byline: Ann Pier, Jr.", ("Ann Pier, Jr.",)),
    ],
)
def test_authors(lines: str, authors: tuple[str, ...]) -> None:
    found = article(
        f"---\ntitle: A\nlayout: post\n{lines}\n---\n", site=Site(authors={"ben": "Benjamin Quay"})
    )
    assert found.provider.authors == authors


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        ("image: /img/a.png", "/img/a.png"),
        ("cover: {image: a.png, alt: A}", "a.png"),
        ("hero: true\nfeatured_image: a.png", "a.png"),
        ("images: [a.png, b.png]", "a.png"),
        ("header: {teaser: /a.png}", "/a.png"),
        ("image: {light: a.png, dark: b.png}", "a.png"),
    ],
)
def test_the_lead_image(lines: str, url: str) -> None:
    found = article(f"---\ntitle: A\nlayout: post\n{lines}\n---\n![b](body.png)\n")
    assert found.images[0].url == url


def test_without_a_key_the_first_image_of_the_text_leads() -> None:
    text = "---\ntitle: A\nlayout: post\n---\n`![no](x.png)`\n\n```\n![no](y.png)\n```\n"
    assert article(text).images == ()
    assert article(text + "![b][c]\n\n[c]: body.png").images[0].url == "body.png"
    assert article(text + '<img alt="b" src="body.png">').images[0].url == "body.png"


ODD_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2024-03-01", "https://a.example/x", "a.png", "en", "draft"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FLAGS = ("draft", "isDraft", "published", "publish", "isPublished", "unpublished", "headless")
MAPPED = sorted(
    {"draft", "published", "status", "slug", "layout", "secure", "whatever"}
    | {key for keys in column_keys.COLUMNS.values() for key in keys if "." not in key} - {"title"}
)


def _in_yaml(front_matter: dict[str, Any]) -> str:
    return f"---\n{yaml.safe_dump(front_matter, allow_unicode=True)}---\nText"


def _in_json(front_matter: dict[str, Any]) -> str:
    return json.dumps(front_matter) + "\n\nText"


def _in_toml(front_matter: dict[str, Any]) -> str:
    """TOML has no null; keys and texts as JSON writes them, without escapes of halves."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            pairs = (f"{written(k)} = {written(v)}" for k, v in value.items() if v is not None)
            return f"{{{', '.join(pairs)}}}"
        if isinstance(value, list):
            return f"[{', '.join(written(item) for item in value if item is not None)}]"
        if isinstance(value, float) and not math.isfinite(value):
            return {"inf": "inf", "-inf": "-inf"}.get(str(value), "nan")
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    lines = [f"{written(k)} = {written(v)}" for k, v in front_matter.items() if v is not None]
    return "+++\n" + "\n".join(lines) + "\n+++\nText"


def _as_words(front_matter: dict[str, Any]) -> dict[str, str]:
    """The same for a syntax that has text alone: what fits into one line of visible words."""
    found = {}
    for key, value in front_matter.items():
        text = " ".join(str(leaf) for leaf in leaves(value)).split()
        words = " ".join(word for word in text if word.isprintable())
        found[key] = words
    return found


def _in_lines(front_matter: dict[str, Any]) -> str:
    lines = [f"{key}: {value}" for key, value in _as_words(front_matter).items()]
    return "\n".join(["title: A", *(line for line in lines if line[:6] != "title:")]) + "\n\nText"


def _in_rst(front_matter: dict[str, Any]) -> str:
    lines = [f":{key}: {value}" for key, value in _as_words(front_matter).items() if key != "title"]
    return "A\n###\n\n" + "\n".join(lines) + "\n\nText\n"


@pytest.mark.parametrize(
    ("write_front_matter", "path"),
    [
        (_in_json, "pier.md"),
        (_in_yaml, "pier.md"),
        (_in_toml, "pier.md"),
        (_in_lines, "pier.md"),
        (_in_rst, "pier.rst"),
    ],
)
@settings(max_examples=tries(100, 2000))
@given(front_matter=st.dictionaries(st.sampled_from(MAPPED), ODD_VALUES, max_size=6))
def test_no_value_of_any_type_is_a_fault_or_lost(
    write_front_matter: Callable[[dict[str, Any]], str], path: str, front_matter: dict[str, Any]
) -> None:
    try:
        # Not valid in UTF-8: half a character, which no file can hold.
        text = write_front_matter({**front_matter, "title": "A"})
        text.encode()
        found = article(text, path)
    except (RecordError, UnicodeEncodeError):  # what the syntax or a database cannot hold
        return
    if isinstance(found, LeftOut):
        return
    kept = json.dumps(found.extra, ensure_ascii=False) + repr(found)
    has_text_alone = write_front_matter in (_in_lines, _in_rst)
    given_values = _as_words(front_matter) if has_text_alone else front_matter
    for key, value in given_values.items():
        for leaf in leaves(value):
            written = str(leaf)
            if isinstance(leaf, bool) or not written.strip() or key in FLAGS:
                continue
            if any(character not in kept for character in written if character.isalnum()):
                raise AssertionError((key, leaf, found))


HOSTILE_LINES = st.lists(
    st.sampled_from(
        [
            *("A", "===", "#", "---", "+++", "...", "", "", "   ", "\t", "A: b", "::", "{", ";;;"),
            *(
                "Title: A",
                "Date: 2024-03-01",
                ":date: 2024-03-01",
                ":title: B",
                ":a:",
                ": x",
                ":a b",
            ),
            *("<!--", "-->", ".. title: A", ".. date: x", "..", ".. a comment", "   more of it"),
            *(
                ".. include:: /etc/passwd",
                ".. raw:: html",
                "   <script>1</script>",
                ".. |a| date::",
            ),
            *(".. figure:: a.png", "   :width: x", ".. csv-table::", "   :file: /etc/passwd"),
            *(".. code:: python", ".. math::", ".. role:: x(raw)", ".. default-role:: x", "`a`_"),
            *(".. _a: a_", "a_", "|a|", "[1]_", ".. [1] x", "+--+--+", "| a | b", "====  ===="),
            *(".. class::", ".. meta::", ".. contents::", ".. unicode:: 0xFFFFFFFFFF", "*", "**a"),
            *(
                ".. replace:: x",
                ".. list-table::",
                "   * - a",
                ".. parsed-literal::",
                "Tags: [a, b",
            ),
        ]
    )
    | st.text(max_size=20),
    max_size=25,
)


@pytest.mark.parametrize("path", ["a.rst", "2024-03-01-a.md", "posts/a.mdx", "a.html"])
@settings(max_examples=tries(150, 5000))
@given(lines=HOSTILE_LINES, ends=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_text_is_read_or_refused(path: str, lines: list[str], ends: str) -> None:
    """Never another exception, and nothing of a file beside it."""
    try:
        found = article(ends.join(lines).encode("utf-8", "replace").decode(), path)
    except RecordError:
        return
    assert isinstance(found, Article | LeftOut)
    assert "root:x:" not in repr(found)


@settings(max_examples=tries(15, 2000))
@given(
    front_matters=st.lists(
        st.dictionaries(st.sampled_from(MAPPED), ODD_VALUES, max_size=4), min_size=2, max_size=4
    ),
    order=st.randoms(use_true_random=False),
)
def test_the_rows_are_the_same_in_any_order_of_import(
    front_matters: list[dict[str, Any]], order: Any
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "posts"
        files = []
        for number, front_matter in enumerate(front_matters):
            write_front_matter = (_in_json, _in_yaml, _in_toml, _in_lines)[number]
            text = write_front_matter(
                {**front_matter, "title": f"A {number}", "date": "2024-03-01"}
            )
            data = text.encode("utf-8", "replace").replace(b"\0", b"")
            file = root / f"post-{number}.md"
            write(file, data)
            files.append(file)
        whole, parts = Path(place) / "whole.db", Path(place) / "parts.db"
        newsfeed("import", whole, root, "--no-relate")
        order.shuffle(files)
        # The root first, so that paths are below it whatever comes when.
        newsfeed("import", parts, *files[:1], root, "--no-relate")
        for file in files:
            newsfeed("import", parts, file, "--no-relate")
        assert content(parts) == content(whole)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [] if value is None else [value]


# The keys of twenty-six public archives, and where each goes: `-` is `extra`.
TALLY = {
    "published_at": "date pubDate published_at publishDate created datePublished",
    "updated_at": "updated lastmod modified updated_at updatedDate last_modified_at",
    "topics": "tags categories category topics series",
    "authors": "author authors byline",
    "excerpt": "excerpt description summary teaser spoiler blurb deck subtitle",
    "image": "image cover hero feature_image featured_image primary_image socialImage og_image"
    " twitterImg",
    "language": "lang language-code",
    "web_url": "canonical_url canonical",
    "original_url": "link url source_url",
    "-": "slug layout aliases redirect_from kicker path weight comments wordpress_id expirydate"
    " params extra license translations bannerCloudinaryId keywords toc math internal-id"
    " image-credit image-description title-tag",
}
VALUES = {
    "published_at": "2024-03-05",
    "updated_at": "2024-03-05",
    "topics": "harbour",
    "authors": "Ann Pier",
    "excerpt": "Some words",
    "image": "pier.png",
    "language": "de",
    "web_url": "https://pier.example/a",
    "original_url": "https://else.example/b",
    "-": "something",
}


@pytest.mark.parametrize(
    ("column", "key"), [(column, key) for column in TALLY for key in TALLY[column].split()]
)
def test_a_key_of_the_tally_has_a_column_or_is_extra(column: str, key: str) -> None:
    value = VALUES[column]
    site = Site(generator="hugo", address="https://pier.example/")
    path = "content/blog/2024-03-01-a.md"
    found = article(f"---\ntitle: A\nlayout: post\n{key}: {value}\n---\nText\n", path, site)
    in_columns = {
        "published_at": found.published_at[:10],
        "updated_at": (found.updated_at or "")[:10],
        "topics": ", ".join(found.topics),
        "authors": ", ".join(found.provider.authors if found.provider else ()),
        "excerpt": found.excerpt,
        "image": found.images[0].url if found.images else None,
        "language": found.language,
        "web_url": found.web_url,
        "original_url": found.original_url,
    }
    if column == "-":
        assert found.extra[key] == value
        assert value not in in_columns.values()
    else:
        assert in_columns[column] == value
        assert key not in found.extra


# -- drafts and what is no article ----------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.md", "---\ntitle: A\ndate: 2024-03-01\ndraft: true\n---\n"),
        ("a.md", '+++\ntitle = "A"\ndraft = true\n+++\n'),
        ("_posts/2024-03-01-a.md", "---\ntitle: A\npublished: false\n---\n"),
        ("_drafts/a.md", "---\ntitle: A\n---\n"),
        ("content/a.md", "Title: A\nDate: 2024-03-01\nStatus: draft\n\nText"),
        ("a.rst", "A\n###\n\n:date: 2024-03-01\n:status: draft\n\nText"),
        ("source/_posts/a.md", "title: A\ndate: 2024-03-01\npublished: false\n---\nText"),
        ("a.mdx", "---\ntitle: A\ndraft: true\n---\n"),
        ("a.md", '{"title": "A", "date": "2024-03-01", "draft": true}\n\nText'),
        ("a.md", '---json\n{"title": "A", "status": "draft"}\n---\nText'),
    ],
)
def test_a_draft_is_left_out_unless_asked_for(path: str, text: str) -> None:
    found = article(text, path)
    assert isinstance(found, LeftOut)
    assert found.reason == "draft"
    assert article(text, path, Site(takes_drafts=True)).title == "A"


def test_in_the_first_format_published_says_nothing_of_drafts() -> None:
    found = article("---\ntitle: A\npublishedDateTime: 2024-03-01\npublished: false\n---\n")
    assert found.published is False


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("content/blog/_index.md", "---\ntitle: Blog\ndate: 2024-03-01\n---\n"),
        ("README.md", "---\nlayout: post\ntitle: A\n---\n"),
        ("notes.md", "Only text."),
        ("podcast.html", "---\nlayout: post\ntitle: '{{ page.title }}'\n---\n"),
        ("about.md", "---\nlayout: page\ntitle: About\n---\n"),
    ],
)
def test_what_is_no_article(path: str, text: str, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    write(root / path, text)
    write(root / "2024-03-01-a.md", "# A title\n\nText")
    report = import_report(tmp_path / "news.db", root)
    assert (report["added"], report["skipped"]) == (1, 1)


def test_a_name_of_a_repository_s_file_is_one_without_front_matter(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    for name in ("security", "history", "summary"):
        write(root / "posts" / f"{name}.md", f"---\ntitle: On {name}\ndate: 2024-03-01\n---\n")
        write(root / "2024" / "03" / f"{name}.md", f"# On {name}\n\nText")
    assert import_report(tmp_path / "news.db", root)["added"] == 3


# -- ids ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "languages", "key"),
    [
        ("2024-03-01-pier.md", (), "2024-03-01-pier"),
        ("blog/pier/index.md", (), "pier"),
        ("blog/pier/index.es.md", (), "pier.es"),
        ("pier.es.md", (), "pier.es"),
        ("v0.11.9.md", (), "v0.11.9"),
        ("es/news/pier.md", ("es",), "pier.es"),
        ("es/news/pier.md", (), "pier"),
        ("es/news/pier.fr.md", ("es",), "pier.fr"),
        ("2021/03/pier.md", (), "2021-03-pier"),
        ("2021/3/pier/index.md", (), "2021-03-pier"),
        ("2021/03/2021-03-04-pier.md", (), "2021-03-04-pier"),
        ("docs/2019/03/29.md", (), "2019-03-29"),
        ("docs/2019/03/9.md", (), "2019-03-09"),
        ("index.md", (), "index"),
        *(("...md", (), ".."), ("..md", (), "."), ("a/.md", (), ".md")),
        ("cafe\u0301.md", (), "café"),
    ],
)
def test_an_id_comes_from_the_path(path: str, languages: tuple[str, ...], key: str) -> None:
    assert article_id(path, languages) == key


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2024-3-1-pier.md", "2024-03-01"),
        ("2019/03/29.md", "2019-03-29"),
        ("2019/03/29-pier.md", "2019-03-29"),
        ("2019/03/29/pier.md", "2019-03-29"),
        ("2017-09-08-pier/index.md", "2017-09-08"),
        ("2017-09-08-pier/text.md", "2017-09-08"),
        ("2019/03/pier.md", None),
        ("2019-13-45-pier.md", None),
    ],
)
def test_a_path_may_hold_a_date(path: str, day: str | None) -> None:
    assert path_date(path) == day


# -- sites ----------------------------------------------------------------------------

SITES = {
    "hugo": (
        {
            "hugo.toml": 'baseURL = "https://pier.example.net.test/"\ntitle = "Pier News"\n'
            '[permalinks]\nblog = "/:section/:year/:month/:slug/"\n',
            "content/blog/a.md": "---\ntitle: A b\nslug: a-b\n"
            "date: 2024-03-01T23:30:00-04:00\n---\n",
        },
        "https://pier.example.net.test/blog/2024/03/a-b/",
    ),
    "zola": (
        {
            "config.toml": 'base_url = "https://pier.test.example.pier/"\ntitle = "Pier News"\n',
            "content/a.md": '+++\ntitle = "A"\npath = "2024/03/01/a-b"\n+++\n',
        },
        "https://pier.test.example.pier/2024/03/01/a-b/",
    ),
    "jekyll": (
        {
            "_config.yml": "title: Pier News\nurl: https://pier.test.pier\nbaseurl: /news\n"
            "permalink: pretty\n",
            "_posts/2024-03-01-a-b.md": "---\ntitle: A\ncategories: harbour\n---\n",
        },
        "https://pier.test.pier/news/harbour/2024/03/01/a-b/",
    ),
    "hexo": (
        {
            "_config.yml": "title: Pier News\nurl: https://pier.test.pier\nsource_dir: source\n"
            "permalink: :year/:month/:day/:title/\n",
            "source/_posts/a-b.md": "title: A\ndate: 2024-03-01 10:00:00\n---\nText\n",
        },
        "https://pier.test.pier/2024/03/01/a-b/",
    ),
    "pelican": (
        {
            "pelicanconf.py": "SITENAME = 'Pier News'\nSITEURL = 'https://pier.test.pier'\n"
            "TIMEZONE = 'Europe/Paris'\nARTICLE_URL = '{date:%Y}/{slug}.html'\n",
            "content/a.md": "Title: A b\nDate: 2024-03-01 10:00\n\nText\n",
        },
        "https://pier.test.pier/2024/a-b.html",
    ),
    "docusaurus": (
        {
            "docusaurus.config.js": "module.exports = {\n  title: 'Pier News',\n"
            "  url: 'https://pier.test.pier',\n  baseUrl: '/',\n};\n",
            "blog/2024-03-01-a-b.md": "---\ntitle: A\nauthors: ann\n---\n",
        },
        "https://pier.test.pier/blog/2024/03/01/a-b",
    ),
}


def stored(db: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("generator", SITES)
def test_a_site_gives_address_and_provider(generator: str, tmp_path: Path) -> None:
    files, address = SITES[generator]
    root = tmp_path / "site"
    for name, text in files.items():
        write(root / name, text)
    import_report(tmp_path / "news.db", root)
    ((url, provider, day),) = stored(
        tmp_path / "news.db",
        "select a.url, p.name, substr(published_at, 1, 7) from articles a"
        " join providers p on p.domain = a.provider_id",
    )
    assert (url, provider, day) == (address, "Pier News", "2024-03")
    # The same from a folder within the site: the configuration stands above it.
    inner = root / next(name for name in files if name.endswith(".md"))
    import_report(tmp_path / "inner.db", inner.parent)
    assert stored(tmp_path / "inner.db", "select id, url from articles") == stored(
        tmp_path / "news.db", "select id, url from articles"
    )


def test_records_are_read_again_when_their_site_changes(tmp_path: Path) -> None:
    root = tmp_path / "site"
    files, _ = SITES["jekyll"]
    for name, text in files.items():
        write(root / name, text)
    db = tmp_path / "news.db"
    import_report(db, root)
    assert import_report(db, root)["unchanged"] == 1
    write(root / "_config.yml", files["_config.yml"].replace("Pier News", "Quay News"))
    assert import_report(db, root)["updated"] == 1
    assert stored(db, "select name from providers") == [("Quay News",)]
    write(root / "_data/authors.yml", "ann: {name: Ann Pier}\n")
    write(root / "_posts/2024-03-02-b.md", "---\ntitle: B\nauthor: ann\n---\n")
    import_report(db, root)
    assert stored(db, "select name from authors") == [("Ann Pier",)]
    import_report(tmp_path / "fresh.db", root)
    assert content(db) == content(tmp_path / "fresh.db")


def test_a_broken_configuration_is_reported_and_nothing_of_it_used(tmp_path: Path) -> None:
    root = tmp_path / "site"
    write(root / "_config.yml", "title: [\n")
    write(root / "_posts/2024-03-02-b.md", "---\ntitle: B\n---\n")
    outcome = newsfeed("import", tmp_path / "news.db", root)
    assert "_config.yml" in outcome.stderr
    assert stored(tmp_path / "news.db", "select id from articles") == [("2024-03-02-b",)]


def test_a_site_is_found_at_its_root_only(tmp_path: Path) -> None:
    write(tmp_path / "site/.cargo/config.toml", "[build]\n")
    write(tmp_path / "site/a.md", "# A\n")
    assert Sites([str(tmp_path / "site")]).of(str(tmp_path / "site/a.md")).root is None


# -- bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a\n\n<!-- more -->\n\nb", "a\n\nb"),
        ("a {/* truncate */} b", "a  b"),
        (
            '{{< figure src="a.png" alt="The pier" caption="At noon" >}}',
            "![The pier](a.png)\n\nAt noon",
        ),
        (
            "{% youtube dQw4w9WgXcQ %}",
            "[Video on YouTube](https://www.youtube.com/watch?v=dQw4w9WgXcQ)",
        ),
        ("{{< vimeo 76979871 >}}", "[Video on Vimeo](https://vimeo.com/76979871)"),
        ('{{< tweet user="pier" id="123" >}}', "[Post on X](https://x.com/pier/status/123)"),
        ("{{< note >}}Inner text{{< /note >}}", "Inner text"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}", "```ruby\nputs 1\n```"),
        ("[a]({% post_url 2024-03-01-a %}) b", "a b"),
        ("[a]({{ site.baseurl }}/b) c", "[a](/b) c"),
        ("{{ page.title }} x", " x"),
        (":::note Take care\n\nText\n\n:::", "**Take care**\n\nText\n"),
        ("Text\n{: .lead}", "Text"),
        ("## Head {#head}\n", "## Head"),
        ("`{{ code }}` and {{ gone }}", "`{{ code }}` and "),
        ("```\n{{ code }}\n```", "```\n{{ code }}\n```"),
        ("{% raw %}a{% endraw %}", "a"),
    ],
)
def test_code_of_the_generator_becomes_what_it_means(body: str, text: str) -> None:
    assert readable(body).text.strip() == text.strip()


def test_mdx() -> None:
    body = (
        "import Pier from './pier'\n\nText <Pier size={2}>inner</Pier> end\n\n"
        '<YouTube id="dQw4w9WgXcQ" />\n\n<Image src="a.png" alt="A" />\n'
    )
    found = readable(body, ".mdx")
    assert found.text == (
        "Text inner end\n\n[Video on YouTube](https://www.youtube.com/watch?v=dQw4w9WgXcQ)\n\n"
        "![A](a.png)"
    )
    assert "dQw4w9WgXcQ" in (found.player or "")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# A **b** [c](d)\n\nText", "A b c"),
        ("Title\n=====\n\nText", "Title"),
        ("```\n# no\n```\n\n## Yes", "Yes"),
        ("No heading", None),
    ],
)
def test_the_first_heading(body: str, title: str | None) -> None:
    assert first_heading(body)[0] == title


@settings(max_examples=tries(200, 2000))
@given(st.text(alphabet="{}<>%[]()!`~:#.=-/\\\"' \nabc*_", max_size=300))
def test_any_text_is_readable(body: str) -> None:
    readable(body)
    readable(body, ".mdx")
    first_heading(body)


def test_an_image_that_mdx_imports_is_its_file() -> None:
    body = "import pier from '../pier.png'\n\n<Image src={pier} alt='A' />\n<Image src={other} />"
    assert readable(body, ".mdx").text == "![A](../pier.png)"
    assert [each.url for each in readable(body, ".mdx").images] == ["../pier.png"]


MARKS = [
    *("{% x ", "{{< x ", '{{% x "', "{{< x `", "{{", "{#", "{: ", "{% code x %}", "{% comment %}"),
    *(
        "{{< highlight x >}}",
        "[a]({{ }}",
        "![",
        "![a](",
        "![a][b]",
        "<A ",
        "<A b={",
        "<img ",
        "<!--",
    ),
    *("{/*", "import {", "export const a\nb", "`", "``` \n", "# ", "a\n", "***a", "<h1>", ":::"),
    *("youtube.com/watch?v=&", "    ", "é", "\n \n", "{::a", "a `b "),
]


def _read_all_of(marks: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    for mark in marks:
        text = mark * (300_000 // len(mark))
        readable(text)
        readable(text, ".mdx")
        first_heading(text)


def test_the_time_that_a_text_takes_grows_with_its_length_alone() -> None:
    """Each of these took minutes where a pattern looked from every mark to the end of the text."""
    process = multiprocessing.get_context("fork").Process(target=_read_all_of, args=(MARKS,))
    process.start()
    process.join()
    assert process.exitcode == 0


@pytest.mark.parametrize("key", ["heat: 70", "quality: 4", "taxonomy: {tag: [Harbour, Boats]}"])
def test_a_word_that_any_site_may_use_makes_no_record_of_the_first_format(key: str) -> None:
    text = f"---\ntitle: Pier\ndate: 2021-05-02\ntags: [Tide]\n{key}\n---\n"
    for site in (NOWHERE, Site(generator="hugo")):
        found = article(text, site=site)
        assert found.published_at == "2021-05-02T00:00:00Z"
        assert "Tide" in found.topics
        assert found.heat is None  # a scale of its own; `--map heat=heat` takes it
    assert article("---\ntitle: Pier\nheat: 70\n---\n", "2021-05-02-pier.md").heat == 70


# -- which dialect reads a record -----------------------------------------------------

OF_GENERATORS = {
    "title": ("The pier opens", "The pier opens"),
    "published_at": ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z"),
    "updated_at": ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z"),
}


@pytest.mark.parametrize(
    ("column", "key"),
    [
        (column, key)
        for column in OF_GENERATORS
        for key in column_keys.COLUMNS[column]
        if "." not in key and key not in smartable.KEYS
    ],
)
def test_a_key_of_generators_alone_says_that_a_record_is_no_first_format(
    column: str, key: str
) -> None:
    written, value = OF_GENERATORS[column]
    lines = [f"{key}: {written}"] + ([] if column == "title" else ["title: The pier opens"])
    record = article("---\n" + "\n".join(lines) + "\n---\nText\n")
    assert getattr(record, column) == value


@pytest.mark.parametrize(
    "lines",
    [
        *("permalink: /pier/\npublished: false", "slug: pier\npublished: false"),
        *("isDraft: true", "publish: false", "unpublished: true", "draft: true", "status: draft"),
    ],
)
def test_a_draft_of_another_dialect_is_left_out(lines: str) -> None:
    assert article(f"---\ntitle: The pier opens\n{lines}\n---\n") == LeftOut("draft")


def test_an_address_alone_says_whose_record_it_is() -> None:
    site = Site(address="https://pier.example/")
    record = article("---\ntitle: The pier opens\npermalink: /news/pier/\n---\n", site=site)
    assert record.web_url == "https://pier.example/news/pier/"


PARTS = """\
provider: {name: The Mast, domain: mast.example, authors: [{name: Ada Fisk}]}
topics: [Harbour]
related: [{title: The quay, webUrl: https://quay.example/1}]
"""


@pytest.mark.parametrize(
    "key",
    sorted(
        {key for keys in column_keys.COLUMNS.values() for key in keys if "." not in key}
        - smartable.KEYS.keys()
    ),
)
def test_a_record_of_the_first_format_keeps_its_parts_whatever_else_it_says(key: str) -> None:
    head = f"title: The pier opens\npublished: false\n{key}: Reuters"
    for parts in PARTS.splitlines()[0], PARTS.splitlines()[2], PARTS:
        record = article(f"---\n{head}\n{parts}\n---\n")
        assert isinstance(record, Article), parts
        assert record.published is False
        assert record.extra[key] == "Reuters"


@pytest.mark.parametrize("key", ["source", "link", "via", "by", "lead", "intro", "tag", "photo"])
def test_a_word_of_everyday_stays_in_extra(key: str) -> None:
    record = article(f"---\ntitle: The pier opens\ntype: brief\n{key}: Reuters\n---\n")
    assert record.type == "brief"
    assert record.extra == {key: "Reuters"}


def test_the_last_dialect_claims_everything() -> None:
    for syntax in ("yaml", "toml", "json", "lines", "rst", "comment", "none"):
        document = dialects.Document({}, "", "a.md", syntax)
        for site in (Site(), Site(generator="mkdocs"), Site(generator="hugo")):
            assert DIALECTS[-1].claims(document, site)
