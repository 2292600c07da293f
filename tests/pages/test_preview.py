"""What a page says of itself, read as a chat, a search engine and a feed reader read it.

Knows the head of pages; what their bodies show stands in other tests.
"""

from __future__ import annotations

import html
import json
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import sqlite_utils
from datasette.utils import tilde_encode
from pages_site import (
    FOLLOWER,
    HOSTILE,
    LEAD_URL,
    ODD,
    SCRIPT,
    STORY,
    VIDEO,
    build_archive,
    open_site,
)
from test_hostile import PAYLOADS

from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.feeds.formats import BUILT_IN
from datasette_newsfeed.pages.views import page_metadata

SITE = "news: a news archive"
DAY = {"published_at__gte": "2024-03-04", "published_at__lt": "2024-03-05"}
FEEDS = {
    each["extension"]: (each["name"], each["media_type"])
    for each in BUILT_IN
    if not each.get("whole")  # citations, which nobody subscribes to
}
TYPES = [media_type for _, media_type in FEEDS.values()]


class Head(HTMLParser):
    """The head of a page: its meta elements, links and data, each in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.meta: list[tuple[str, str]] = []
        self.links: list[dict[str, str]] = []
        self.data: list[dict[str, Any]] = []
        self._in_data = False
        self.is_over = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.is_over = self.is_over or tag == "body"
        if self.is_over:
            assert tag not in ("meta", "link"), "the head ended too early"
        if tag == "meta" and "content" in found:
            self.meta.append((found.get("property") or found.get("name", ""), found["content"]))
        elif tag == "link":
            self.links.append(found)
        self._in_data = found.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(json.loads(data))
            self._in_data = False

    def all(self, name: str) -> list[str]:
        return [content for key, content in self.meta if key == name]

    def __getitem__(self, name: str) -> str | None:
        found = self.all(name)
        assert len(found) < 2, f"{name} stands there {len(found)} times"
        return found[0] if found else None

    @property
    def canonical(self) -> str | None:
        (*found,) = (link["href"] for link in self.links if link.get("rel") == "canonical")
        assert len(found) < 2
        return found[0] if found else None

    @property
    def feeds(self) -> dict[str, dict[str, str]]:
        found = [
            link
            for link in self.links
            if link.get("rel") == "alternate" and link.get("type") in TYPES
        ]
        assert len({link["href"] for link in found}) == len(found)
        return {urlsplit(link["href"]).path.rpartition(".")[2]: link for link in found}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("preview") / "news.db")


async def head_of(datasette: Any, path: str, **more: Any) -> Head:
    response = await datasette.client.request("GET", path, follow_redirects=True, **more)
    assert response.status_code == 200, response.text
    return Head(response.text)


# -- an article ---------------------------------------------------------------


async def test_an_article(archive: Path) -> None:
    head = await head_of(open_site(archive), f"/news/articles/{STORY}")
    url = f"http://localhost/news/articles/{STORY}"
    image = f"http://localhost/news/-/newsfeed/image/{image_id(LEAD_URL)}/1280"
    excerpt = "A kite pulls power ‘out of the tide’. Quietly."
    assert head["og:type"] == "article"
    assert head["og:title"] == "Tidal kites & the quiet strait"
    assert head["og:description"] == head["description"] == excerpt
    assert head["og:site_name"] == SITE
    assert head["og:url"] == head.canonical == url
    assert head["og:image"] == image
    assert head["og:image:type"] == "image/png"
    assert (head["og:image:width"], head["og:image:height"]) == ("1280", "720")
    assert head["og:image:alt"]
    assert head["twitter:card"] == "summary_large_image"
    assert head["article:published_time"] == "2024-03-05T08:30:00Z"
    assert head["article:modified_time"] == "2024-03-05T10:00:00Z"
    assert head.all("article:author") == ["Nell Strand"]
    assert head.all("article:tag") == ["Tidal power", "R&D"]
    (data,) = head.data
    publisher = {
        "@type": "Organization",
        "name": "The Strait Observer",
        "url": "https://strait.example",
    }
    assert data == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": "Tidal kites & the quiet strait",
        "description": excerpt,
        "url": url,
        "mainEntityOfPage": url,
        "isBasedOn": "https://strait.example/kites?a=1&b=2",
        "datePublished": "2024-03-05T08:30:00Z",
        "dateModified": "2024-03-05T10:00:00Z",
        "image": [image],
        "author": [{"@type": "Person", "name": "Nell Strand"}],
        "publisher": publisher,
        "keywords": ["Tidal power", "R&D"],
    }


async def test_an_article_of_which_nothing_is_known_says_nothing_more(archive: Path) -> None:
    head = await head_of(open_site(archive), f"/news/articles/{tilde_encode(ODD)}")
    assert head["og:title"] == "An odd key"
    assert head["og:image"] is None
    assert head["twitter:card"] == "summary"
    assert head["description"] is None
    (data,) = head.data
    assert not {"image", "author", "publisher", "description", "isBasedOn"} & set(data)
    assert "dateModified" not in data  # nothing says when, if ever
    assert data["@type"] == "Article"
    (video,) = (await head_of(open_site(archive), f"/news/articles/{VIDEO}")).data
    assert video["@type"] == "CreativeWork"
    undated = await head_of(open_site(archive), "/news/articles/undated")
    assert undated["article:published_time"] is None
    assert "datePublished" not in undated.data[0]


async def test_tags_that_a_text_tells_of_are_words(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    with sqlite3.connect(path) as conn:
        conn.execute(
            "update articles set excerpt = ? where id = ?",
            ["<p>Write <em>&lt;p&gt;</em> or &amp;lt; for a &lt;br&gt;.</p>", STORY],
        )
    head = await head_of(open_site(path), f"/news/articles/{STORY}")
    words = "Write <p> or &lt; for a <br>."
    assert head["description"] == head["og:description"] == words
    assert head.data[0]["description"] == words


async def test_a_remote_image_stands_for_itself(archive: Path) -> None:
    head = await head_of(open_site(archive), f"/news/articles/{FOLLOWER}")
    assert head["og:image"] == "https://images.example.org/only%20there.jpg"
    assert head["og:image:type"] == "image/jpeg"
    assert head["og:image:width"] == "800"


async def test_hostile_texts_stay_texts(archive: Path) -> None:
    head = await head_of(open_site(archive), f"/news/articles/{HOSTILE}")
    assert head["og:image"] is None  # its address is a script
    assert head["og:title"] == f'"Quotes" {SCRIPT}'
    assert "isBasedOn" not in head.data[0]
    assert head.data[0]["author"] == [{"@type": "Person", "name": f"O'Brien {SCRIPT}"}]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_whatever_an_address_holds_the_head_holds(archive: Path, payload: str) -> None:
    query = urlencode({"_topic": payload, "title__contains": payload})
    head = await head_of(open_site(archive), f"/news/articles?{query}")
    assert head.is_over
    assert len(head.data) == 1
    assert head["og:url"] == head.canonical == f"http://localhost/news/articles?{query}"
    assert len(head["og:title"] or "") <= page_metadata.LONGEST_TITLE + 2


# -- a selection --------------------------------------------------------------


async def test_a_selection_in_words(archive: Path) -> None:
    query = urlencode({"_topic": "Tidal power", **DAY})
    head = await head_of(open_site(archive), f"/news/articles?{query}&_layout=cards&_facet=type")
    assert head["og:title"] == "Articles about Tidal power on 4 March 2024"
    assert head["og:description"] == "Kites again"
    assert head["og:image"] == "https://images.example.org/only%20there.jpg"
    assert head["og:url"] == head.canonical == f"http://localhost/news/articles?{query}"
    assert head["og:type"] == "website"
    assert head.data[0]["@type"] == "CollectionPage"
    assert head.data[0]["name"] == head["og:title"]
    assert list(head.feeds) == list(FEEDS)
    for extension, link in head.feeds.items():
        assert link["href"] == f"/news/articles.{extension}?{query}"
        assert link["title"] == f"{head['og:title']} ({FEEDS[extension][0]})"


@pytest.mark.parametrize("layout", ["cards", "table"])
async def test_both_layouts_are_one_page(archive: Path, layout: str) -> None:
    head = await head_of(open_site(archive), f"/news/articles?_layout={layout}")
    assert head.canonical == "http://localhost/news/articles"
    assert head["og:title"] == "Articles"
    assert head["og:description"].startswith("Tidal kites & the quiet strait · Kites again · ")
    assert head["og:image"].endswith("/1280")


async def test_a_later_page_has_its_own_address_and_the_feed_of_the_first(archive: Path) -> None:
    datasette = open_site(archive)
    rows = (await datasette.client.get("/news/articles.json?_size=2")).json()
    query = urlencode({"_size": 2, "_next": rows["next"]})
    head = await head_of(datasette, f"/news/articles?{query}")
    assert head.canonical == f"http://localhost/news/articles?{urlencode({'_next': rows['next']})}"
    assert head.feeds["atom"]["href"] == "/news/articles.atom"


async def test_no_articles_no_description(archive: Path) -> None:
    head = await head_of(open_site(archive), "/news/articles?_topic=Nothing")
    assert head["og:title"] == "Articles about Nothing"
    assert head["og:description"] is None
    assert list(head.feeds) == list(FEEDS)


# -- the other pages ----------------------------------------------------------


async def test_the_archive_and_the_front_page(archive: Path) -> None:
    for path in ("/news", "/"):
        head = await head_of(open_site(archive), path)
        assert head["og:title"] == head["og:site_name"] == SITE
        assert head.canonical == f"http://localhost{path}"
        assert head["og:image"].endswith("/1280")
        assert head.feeds["rss"]["href"] == "/news/articles.rss"


async def test_a_front_page_over_two_archives_has_the_feeds_of_both(
    archive: Path, tmp_path: Path
) -> None:
    other = build_archive(tmp_path / "older.db", renditions=False)
    response = await open_site(archive, other).client.get("/")
    head = Head(response.text)
    assert head["og:title"] == f"{SITE}, older: a news archive"
    found = [link["href"] for link in head.links if link.get("type") in TYPES]
    assert found == [f"/{name}/articles.{ext}" for name in ("news", "older") for ext in FEEDS]


@pytest.mark.parametrize(
    ("path", "title", "query"),
    [
        ("providers/strait~2Eexample", "The Strait Observer", "provider_id=strait.example"),
        ("topics/Tidal+power", "Tidal power", "_topic=Tidal+power"),
    ],
)
async def test_providers_and_topics_lead_to_their_feeds(
    archive: Path, path: str, title: str, query: str
) -> None:
    response = await open_site(archive).client.get(f"/news/{path}")
    head = Head(response.text)
    assert head["og:title"] == title
    assert head["og:description"].startswith("Tidal kites")
    for extension in FEEDS:
        assert head.feeds[extension]["href"] == f"/news/articles.{extension}?{query}"
    assert f'href="/news/articles.feed?{query}">Subscribe</a>' in response.text


async def test_a_query_offers_its_feeds_only_where_it_names_articles(
    archive: Path, datasette_line: str
) -> None:
    datasette = open_site(archive)
    base = "/news" if datasette_line == "0.65" else "/news/-/query"
    sql = "select id from articles limit 2"
    head = await head_of(datasette, f"{base}?{urlencode({'sql': sql})}")
    assert head.feeds["jsonfeed"]["href"] == f"{base}.jsonfeed?{urlencode({'sql': sql})}"
    assert head.canonical is None
    other = await head_of(datasette, f"{base}?{urlencode({'sql': 'select 1 as one'})}")
    assert other.feeds == {}


async def test_other_tables_and_databases_are_left_alone(archive: Path, tmp_path: Path) -> None:
    sqlite_utils.Database(tmp_path / "plain.db").table("articles").insert({"id": "a"}, pk="id")
    datasette = open_site(archive, tmp_path / "plain.db")
    for path in ("/plain", "/plain/articles", "/plain/articles/a", "/news/images"):
        head = await head_of(datasette, path)
        assert head.feeds == {}
        assert head.canonical is None
        assert head["og:title"] is None


@pytest.mark.parametrize("table", ["articles", "images", "providers", "topics", "authors"])
async def test_nothing_is_told_of_a_table_that_one_may_not_see(archive: Path, table: str) -> None:
    denied = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
    datasette = open_site(archive, metadata=denied)
    pages = ["/", "/news", "/news/articles", f"/news/articles/{STORY}"]
    pages += ["/news/providers/strait~2Eexample", "/news/topics/Tidal+power"]
    told = {
        "articles": "Tidal kites",
        "images": "/-/newsfeed/image/",
        "providers": "The Strait Observer",
        "topics": "R&amp;D",
        "authors": "Nell Strand",
    }[table]
    heads = 0
    for path in pages:
        response = await datasette.client.get(path)
        if response.status_code == 200:
            text = response.text[: response.text.index("<body")]
            # What the record itself says of its provider is no row of another table.
            own = path.endswith(STORY) and table == "providers"
            assert own or told not in text, path
            heads += 1
    assert heads >= 2


# -- where the site stands ----------------------------------------------------


@pytest.mark.parametrize("is_stripped", [True, False])
async def test_behind_a_base_url_and_https(archive: Path, is_stripped: bool) -> None:
    settings = {"base_url": "/archive/", "force_https_urls": True}
    datasette = open_site(archive, settings=settings)
    # The client of the tests passes the prefix on, unless told not to rewrite paths.
    plain = {"avoid_path_rewrites": is_stripped}
    head = await head_of(datasette, "/news/articles?_topic=Harbours", **plain)
    assert head.canonical == "https://localhost/archive/news/articles?_topic=Harbours"
    assert head.feeds["atom"]["href"] == "/archive/news/articles.atom?_topic=Harbours"
    story = await head_of(datasette, f"/news/articles/{STORY}", **plain)
    assert story.canonical == f"https://localhost/archive/news/articles/{STORY}"
    assert story["og:image"].startswith("https://localhost/archive/news/-/newsfeed/image/")


async def test_a_template_of_ones_own_keeps_the_head(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "table.html").write_text(
        '{% extends "default:table.html" %}{% block content %}mine{{ super() }}{% endblock %}'
    )
    datasette = open_site(archive, template_dir=str(tmp_path))
    response = await datasette.client.get("/news/articles")
    assert "mine" in response.text
    assert Head(response.text).canonical == "http://localhost/news/articles"


@pytest.mark.asyncio
async def test_a_page_is_called_by_what_it_shows(archive: Path) -> None:
    """In the tab of a browser, among bookmarks, in the history."""
    datasette = open_site(archive, metadata={"databases": {"news": {"title": "Strait News"}}})
    for path, title in (
        (f"/news/articles/{STORY}", "Tidal kites & the quiet strait – Strait News"),
        ("/news/topics/Harbours", "Harbours – Strait News"),
        ("/news/providers/strait~2Eexample", "The Strait Observer – Strait News"),
        ("/news/articles?_topic=Harbours", "Articles about Harbours – Strait News"),
        ("/news/articles?_topic=Harbours&_layout=table", "Articles about Harbours – Strait News"),
        ("/news/related_articles", "news: related_articles"),
    ):
        page = (await datasette.client.get(path)).text
        found = html.unescape(page.partition("<title>")[2].partition("</title>")[0])
        assert found.strip().startswith(title), path
