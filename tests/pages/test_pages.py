"""What Datasette's pages show of an archive, and what they show nobody."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import sqlite_utils
from datasette.database import Database, QueryInterrupted
from datasette.utils import tilde_encode
from pages_site import (
    ARTICLES,
    FOLLOWER,
    HOSTILE,
    LEAD_URL,
    LOGO_URL,
    ODD,
    REMOTE_URL,
    SCRIPT,
    SCRIPT_URL,
    STORY,
    VIDEO,
    build_archive,
    open_site,
    text_of,
)

from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.access.archives import ArchiveView
from datasette_newsfeed.pages.queries import cards

OUTSIDE = 'rel="noopener noreferrer external"'
DEEP = [
    *(
        "/",
        "/news",
        "/news/articles",
        "/news/articles?_layout=table",
        "/news/topics",
        "/news/providers",
        "/news/authors",
    ),
    *("/news/images", "/news/article_images", "/news/related_articles", "/news/article_list"),
    *("/news/article_topics", "/news/article_authors", "/news/image_renditions"),
    *(f"/news/articles/{tilde_encode(str(article['id']))}" for article in ARTICLES),
    *("/news/providers/strait~2Eexample", "/news/providers/hostile~2Eexample"),
    *(f"/news/topics/{tilde_encode(SCRIPT)}", f"/news/topics/{tilde_encode('R&D')}"),
    f"/news/authors/{tilde_encode('O' + chr(39) + f'Brien {SCRIPT}')}",
    *(f"/news/images/{image_id(url)}" for url in (LEAD_URL, REMOTE_URL, SCRIPT_URL)),
    *(f"/news/related_articles/{STORY},{position}" for position in range(3)),
    f"/news/article_images/{HOSTILE},0",
    "/news?sql=select+*+from+article_list",
    "/news?sql=select+featured_content%2C+body%2C+url+as+image_url+from+articles",
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("pages") / "news.db")


@pytest.fixture(scope="module")
def bare_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without a stored image."""
    return build_archive(tmp_path_factory.mktemp("bare") / "news.db", renditions=False)


async def get(datasette: Any, path: str, **more: Any) -> str:
    response = await datasette.client.get(path, follow_redirects=True, **more)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


def story_path(key: str = STORY, database: str = "news") -> str:
    return f"/{database}/articles/{tilde_encode(key)}"


def panel(page: str, name: str) -> str:
    """The part of a page from one of our panels on; fails if it is not there."""
    marker = f'class="newsfeed newsfeed-{name}"'
    assert marker in page
    return page[page.index(marker) :]


def part(page: str, name: str) -> str:
    """One section of an article's page."""
    return page[page.index(f'<section class="newsfeed-{name}"') :].partition("</section>")[0]


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


# -- nothing hostile, nothing broken ------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("path", DEEP)
async def test_every_page_is_there_and_harmless(archive: Path, path: str) -> None:
    page = await get(open_site(archive), path)
    assert SCRIPT not in page
    for tag, attributes in Tags(page).found:
        if tag in ("a", "img", "iframe"):
            address = (attributes.get("href") or attributes.get("src") or "").strip().lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:")), attributes
        if tag == "iframe":  # only the player of our own, never the one of the archive
            assert attributes["class"] == "newsfeed-player"
            assert "sandbox" in attributes
            assert "evil.example" not in str(attributes)
        assert not any(
            "alert" in (attributes[name] or "") for name in attributes if name[:2] == "on"
        )


@pytest.mark.asyncio
async def test_the_whole_archive_can_be_read(archive: Path) -> None:
    datasette = open_site(archive, immutable=True)
    for article in ARTICLES:
        page = await get(datasette, story_path(str(article["id"])))
        assert str(article["title"]).partition("<")[0].strip('" ') in text_of(panel(page, "full"))


# -- the front page and the database's page -----------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/", "/news"])
async def test_the_front_leads_to_the_articles(archive: Path, path: str) -> None:
    front = panel(await get(open_site(archive), path), "front")
    text = text_of(front)
    for words in ("6 articles", "4 topics", "4 providers", "1 March 2024 – 5 March 2024"):
        assert words in text
    for link in ("/news/articles", "/news/topics", "/news/providers", story_path()):
        assert f'href="{link}"' in front
    order = [text.index(words) for words in ("Tidal kites &", "Kites again", "A film of")]
    assert order == sorted(order)
    assert f"/news/-/newsfeed/image/{image_id(LEAD_URL)}/640" in front
    assert text.count("Nobody knows when") == 0  # the sixth


@pytest.mark.asyncio
async def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    from datasette_newsfeed import schema

    path = tmp_path / "news.db"
    db = sqlite_utils.Database(path)
    schema.create(db)
    db.close()
    datasette = open_site(path)
    for page in ("/", "/news", "/news/articles", "/news/topics", "/news/providers"):
        await get(datasette, page)
    assert "0 articles" in text_of(await get(datasette, "/"))


# -- an article ---------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_article_page(archive: Path) -> None:
    page = panel(await get(open_site(archive), story_path()), "full")
    assert 'id="newsfeed-headline">Tidal kites &amp; the quiet strait</h1>' in page
    assert f'src="/news/-/newsfeed/image/{image_id(LEAD_URL)}/1280?v=' in page
    assert 'alt="A kite over the strait"' in page
    assert 'width="1600" height="900"' in page
    assert f'src="/news/-/newsfeed/image/{image_id(LOGO_URL)}/64?v=' in page
    assert '<a class="newsfeed-provider" href="/news/providers/strait~2Eexample">' in page
    assert '<a href="/news/authors/Nell~20Strand">Nell Strand</a>' in page or (
        '<a href="/news/authors/Nell+Strand">Nell Strand</a>' in page
    )
    assert 'datetime="2024-03-05T08:30:00Z" title="5 March 2024, 08:30 UTC">5 March 2024<' in page
    assert "<h3>Why kites</h3>" in page
    assert "They <strong>pull</strong>" in page
    assert 'href="https://strait.example/plans?x=1&amp;y=2"' in page
    assert f'href="https://strait.example/kites?a=1&amp;b=2" {OUTSIDE}' in page
    assert f'href="https://strait.example/amp/kites" {OUTSIDE}' in page
    assert f'href="/news/topics/{tilde_encode("R&D")}"' in page
    assert "Photo: Nell Strand" in page


@pytest.mark.asyncio
async def test_the_raw_row_stays(archive: Path) -> None:
    page = await get(open_site(archive), story_path())
    assert page.index("newsfeed-full") < page.index('class="rows-and-columns"')


@pytest.mark.asyncio
async def test_related_articles_lead_inside_where_they_can(archive: Path) -> None:
    related = part(await get(open_site(archive), story_path()), "related")
    assert f'<a href="{story_path(FOLLOWER)}">Kites again</a>' in related
    assert "https://harbour.example/again" not in related
    assert f'<a href="https://elsewhere.example/far" {OUTSIDE}>Not in this archive</a>' in related
    assert "Harbour News" in related
    assert "4 March 2024" in related
    assert f"image/{image_id(LEAD_URL)}/640" in related
    assert 'src="https://images.example.org/only there.jpg"' in related


@pytest.mark.asyncio
async def test_the_related_one_links_back(archive: Path) -> None:
    page = await get(open_site(archive), story_path(FOLLOWER))
    assert f'<a href="{story_path()}">Tidal kites &amp; the quiet strait</a>' in part(
        page, "mentions"
    )
    assert '<section class="newsfeed-related"' not in page


@pytest.mark.asyncio
async def test_articles_that_mention_each_other_are_named_once_and_marked(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.table("related_articles").insert(
        {"article_id": FOLLOWER, "position": 0, "title": "x", "related_id": STORY}
    )
    db.close()
    page = await get(open_site(path), story_path())
    assert "Mentions this" in text_of(part(page, "related"))
    mentions = part(page, "mentions")
    assert "Mentioned in 1 article above" in text_of(mentions)
    assert f'href="{story_path(FOLLOWER)}"' not in mentions


@pytest.mark.asyncio
async def test_what_the_record_says_of_the_article_is_marked(archive: Path) -> None:
    datasette = open_site(archive)
    follower = panel(await get(datasette, story_path(FOLLOWER)), "full")
    # Its record says that another article leads, but there is no story.
    assert "Not the headline" not in follower
    assert "credited as A headline by mistake" in text_of(follower)
    video = panel(await get(datasette, story_path(VIDEO)), "full")
    assert "Video" in text_of(video)
    watch = "https://www.youtube.com/watch?v=abcdefghijk"
    assert f'href="{watch}" {OUTSIDE}>Watch on YouTube</a>' in video
    assert (
        "Not the headline"
        not in panel(await get(datasette, story_path()), "full").partition("</article>")[0]
    )


@pytest.mark.asyncio
async def test_a_row_that_is_not_there(archive: Path) -> None:
    for path in ("/news/articles/nothing", "/news/providers/nothing", "/news/topics/nothing"):
        response = await open_site(archive).client.get(path)
        assert response.status_code == 404


# -- topics, providers and their rows -----------------------------------------


@pytest.mark.asyncio
async def test_topics_by_number_of_articles(archive: Path) -> None:
    page = panel(await get(open_site(archive), "/news/topics"), "tallies")
    text = text_of(page)
    assert text.index("Tidal power 3 articles") < text.index("Harbours 1 article ")
    assert f'href="/news/topics/{tilde_encode("Tidal power")}"' in page
    assert "more" not in text.partition("row")[0]


@pytest.mark.asyncio
async def test_providers_by_number_of_articles(archive: Path) -> None:
    page = panel(await get(open_site(archive), "/news/providers"), "tallies")
    text = text_of(page)
    assert "The Strait Observer 1 article, newest 5 March 2024" in text
    assert 'href="/news/providers/strait~2Eexample"' in page
    assert f"image/{image_id(LOGO_URL)}/64" in page


@pytest.mark.asyncio
@pytest.mark.parametrize("table", ["topics", "providers"])
async def test_many_are_counted_not_listed(tmp_path: Path, table: str) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for number in range(100):
        name = f"n{number:03}"
        db.table("topics").insert({"name": name})
        db.table("article_topics").insert({"article_id": VIDEO, "topic": name, "position": number})
        db.table("providers").insert({"domain": name, "name": name})
        row = {**ARTICLES[0], "id": name, "provider_id": name, "image_id": None}
        db.table("articles").insert(row)
    db.close()
    page = panel(await get(open_site(path), f"/news/{table}"), "tallies").partition("</section>")[0]
    shown = page.count("<li")
    assert 10 < shown <= 60
    assert f"These are the {shown} with most articles." in page
    assert f'<a href="/news/{table}?_size=max">All 104 {table}</a>' in page


@pytest.mark.asyncio
async def test_above_a_selection_nothing_is_counted(archive: Path) -> None:
    datasette = open_site(archive)
    for path in ("/news/topics?name__contains=T", "/news/providers?_search=x"):
        assert "newsfeed-tallies" not in await get(datasette, path)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/news/providers/strait~2Eexample", "The Strait Observer 1 article"),
        (f"/news/topics/{tilde_encode('Tidal power')}", "Tidal power 3 articles"),
        (f"/news/authors/{tilde_encode('Nell Strand')}", "Nell Strand 1 article"),
        (f"/news/images/{image_id(LEAD_URL)}", "1 article"),
    ],
)
async def test_a_row_shows_its_newest_articles(archive: Path, path: str, words: str) -> None:
    page = panel(await get(open_site(archive), path), "newest")
    assert words in re.sub(r"\b[A-Z] (?=The Strait)", "", text_of(page))
    assert f'<a href="{story_path()}">Tidal kites &amp; the quiet strait</a>' in page


# -- cells --------------------------------------------------------------------


def thumbnails(page: str) -> list[dict[str, str | None]]:
    return [
        attributes
        for tag, attributes in Tags(page).found
        if tag == "img" and attributes.get("class") == "newsfeed-thumbnail"
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        *("/news/articles?_layout=table", "/news/providers", "/news/article_images"),
        *(
            "/news/related_articles",
            "/news/images",
            "/news/article_list",
            "/news?sql=select+*+from+article_list",
        ),
        *(story_path(), f"/news/related_articles/{STORY},0"),
    ],
)
@pytest.mark.parametrize("stored", [True, False])
async def test_thumbnails(archive: Path, bare_archive: Path, path: str, stored: bool) -> None:
    found = thumbnails(await get(open_site(archive if stored else bare_archive), path))
    assert found
    for image in found:
        assert image["loading"] == "lazy"
        assert image["decoding"] == "async"
        assert image["referrerpolicy"] == "no-referrer"
        assert image["width"] == "96"
        assert image["height"] == "64"
        assert "alt" in image
        source = image["src"] or ""
        ours = "/news/-/newsfeed/image/" if stored else "https://images.example.org/"
        assert source.startswith(ours)


@pytest.mark.asyncio
async def test_a_thumbnail_says_what_it_shows_and_leads_to_its_row(archive: Path) -> None:
    page = await get(open_site(archive), "/news/articles?_layout=table")
    assert "Tidal kites & the quiet strait" in [image["alt"] for image in thumbnails(page)]
    assert f'<a href="/news/images/{image_id(LEAD_URL)}"><img class="newsfeed-thumbnail"' in page


@pytest.mark.asyncio
async def test_an_image_without_address_on_the_web_is_a_placeholder(bare_archive: Path) -> None:
    page = await get(open_site(bare_archive), "/news/articles?_layout=table")
    assert page.count("newsfeed-thumbnail-empty") == 2  # relative, and hostile


@pytest.mark.asyncio
async def test_a_row_page_names_what_it_refers_to(archive: Path) -> None:
    page = await get(open_site(archive), f"/news/related_articles/{STORY},0")
    assert ">Harbour News</a>&nbsp;<em>harbour.example</em>" in page
    assert f'<a href="{story_path()}">Tidal kites &amp; the quiet strait</a>&nbsp;<em>' in page


@pytest.mark.asyncio
async def test_who_asks_for_keys_gets_keys(archive: Path) -> None:
    page = await get(open_site(archive), "/news/related_articles?_labels=off")
    assert "Harbour News" not in page
    assert "harbour.example" in page


@pytest.mark.asyncio
async def test_long_and_hostile_texts_are_shortened(archive: Path) -> None:
    datasette = open_site(archive)
    listed = await get(datasette, "/news/articles?_layout=table")
    assert "x" * 300 not in listed
    assert "&lt;iframe src=&#39;https://evil.example" in listed
    row = await get(datasette, story_path(HOSTILE))
    assert '<details class="newsfeed-long">' in row
    assert "x" * 400 in row


@pytest.mark.asyncio
async def test_json_and_csv_hold_what_the_table_holds(archive: Path) -> None:
    datasette = open_site(archive)
    rows = (await datasette.client.get("/news/articles.json?_shape=array")).json()
    by_id = {str(article["id"]): article for article in ARTICLES}
    assert len(rows) == len(by_id)
    for row in rows:
        expected = by_id[row["id"]]
        assert {key: row[key] for key in expected} == expected
    csv = (await datasette.client.get("/news/articles.csv")).text
    assert "newsfeed" not in csv


@pytest.mark.asyncio
@pytest.mark.parametrize("table", ["articles", "images", "related_articles"])
async def test_no_query_for_a_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for number in range(45):
        url = f"https://images.example.org/{number}.png"
        key = image_id(url)
        db.table("images").insert({"id": key, "url": url})
        db.table("articles").insert({**ARTICLES[0], "id": f"n{number}", "image_id": key})
        related = {"article_id": f"n{number}", "position": 0, "related_id": STORY, "image_id": key}
        db.table("related_articles").insert({**related, "provider_id": "strait.example"})
    db.close()
    datasette = open_site(path)
    counts = []
    plain = Database.execute_fn

    async def counting(self: Any, *arguments: Any, **more: Any) -> Any:
        counts[-1] += 1
        return await plain(self, *arguments, **more)

    monkeypatch.setattr(Database, "execute_fn", counting)
    shown = []
    for size in (1, 2, 45):
        counts.append(0)
        page = await get(
            datasette, f"/news/{table}?_layout=table&_size={size}&_nofacet=1&_nosuggest=1"
        )
        shown.append(len(thumbnails(page)))
    assert shown[2] > 10 * max(shown[0], 1)
    assert counts[2] == counts[1]  # the first also opens the database


@pytest.mark.asyncio
async def test_no_query_for_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    for number in range(20):
        row = {"article_id": VIDEO, "position": number, "title": f"x {number}"}
        db.table("related_articles").insert(row)
    db.close()
    datasette = open_site(path)
    asked = []
    plain = ArchiveView.ask

    async def counting(self: ArchiveView, *arguments: Any) -> Any:
        asked[-1] += 1
        return await plain(self, *arguments)

    monkeypatch.setattr(ArchiveView, "ask", counting)
    for key in (VIDEO, ODD):
        asked.append(0)
        page = await get(datasette, story_path(key))
        assert page.count('class="newsfeed-card') >= (20 if key == VIDEO else 0)
    # Topics of the cards, labels of the raw row on 0.65; what is before and after it of its
    # provider and of its topic.
    assert asked[0] - asked[1] <= 4 + 5


# -- who may see what ---------------------------------------------------------

SECRETS = {
    "articles": ["newsfeed-card", "newsfeed-front", "newsfeed-tallies"],
    "images": ["/newsfeed/image/", "images.example.org", "A kite over the strait"],
    "image_renditions": ["/newsfeed/image/"],
    "article_images": ["Photo: Nell Strand"],
    "providers": ["The Strait Observer</a>", image_id(LOGO_URL), "/news/providers/"],
    "topics": ["_topic=", "Tidal power"],
    "article_topics": ["_topic="],
    "authors": ["Nell Strand</a>"],
    "article_authors": ["Nell Strand</a>"],
    "related_articles": [
        "Not in this archive",
        "newsfeed-related",
        "newsfeed-mentions",
        "related<",
    ],
}


@pytest.mark.asyncio
@pytest.mark.parametrize("table", list(SECRETS))
@pytest.mark.parametrize("path", ["/", "/news", story_path(), story_path(FOLLOWER)])
async def test_who_may_not_see_a_table_sees_nothing_of_it(
    archive: Path, table: str, path: str
) -> None:
    metadata = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
    datasette = open_site(archive, metadata=metadata)
    response = await datasette.client.get(path)
    if table == "articles" and path.startswith("/news/articles"):
        assert response.status_code == 403
        return
    assert response.status_code == 200
    if path.startswith("/news/articles"):
        page = panel(response.text, "full").partition('class="rows-and-columns"')[0]
    else:
        page = response.text.partition("<form")[0]
    for secret in SECRETS[table]:
        assert secret not in page, secret


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("table", "path"),
    [
        *(("articles", path) for path in ("/news/topics", "/news/providers")),
        *(("articles", path) for path in ("/news/providers/strait~2Eexample",)),
        ("article_topics", "/news/topics"),
        ("article_topics", f"/news/topics/{tilde_encode('Tidal power')}"),
    ],
)
async def test_no_counts_of_what_one_may_not_see(archive: Path, table: str, path: str) -> None:
    metadata = {"databases": {"news": {"tables": {table: {"allow": False}}}}}
    page = await get(open_site(archive, metadata=metadata), path)
    assert 'class="newsfeed ' not in page


@pytest.mark.asyncio
@pytest.mark.parametrize("hidden", ["articles", "article_topics", "topics"])
async def test_a_selection_asks_for_all_its_tables(archive: Path, hidden: str) -> None:
    datasette = open_site(archive)
    await datasette.invoke_startup()
    seen = {"articles", "article_topics", "topics"}
    all_of_it = ArchiveView(datasette, "news", frozenset(seen), has_copies=False)
    of_topic = cards.SELECTIONS["topics"]
    assert await cards.count_articles(all_of_it, of_topic, "Tidal power") == 3
    assert len(await cards.find_cards(all_of_it, of_topic, 9, "Tidal power")) == 3
    less = ArchiveView(datasette, "news", frozenset(seen - {hidden}), has_copies=False)
    assert await cards.count_articles(less, of_topic, "Tidal power") == 0
    assert await cards.find_cards(less, of_topic, 9, "Tidal power") == ()


@pytest.mark.asyncio
async def test_cells_show_no_image_of_a_table_one_may_not_see(archive: Path) -> None:
    metadata = {"databases": {"news": {"tables": {"images": {"allow": False}}}}}
    datasette = open_site(archive, metadata=metadata)
    for path in ("/news/articles?_layout=table", "/news/providers", story_path()):
        page = await get(datasette, path)
        assert thumbnails(page) == []
        assert "images.example.org" not in page


@pytest.mark.asyncio
async def test_labels_of_a_table_one_may_not_see_stay_unseen(archive: Path) -> None:
    metadata = {"databases": {"news": {"tables": {"providers": {"allow": False}}}}}
    datasette = open_site(archive, metadata=metadata)
    for path in ("/news/related_articles?_nofacet=1", f"/news/related_articles/{STORY},0"):
        assert "Harbour News" not in await get(datasette, path)


@pytest.mark.asyncio
async def test_a_closed_database_shows_nothing(archive: Path) -> None:
    datasette = open_site(archive, metadata={"databases": {"news": {"allow": False}}})
    assert "newsfeed-front" not in await get(datasette, "/")


# -- other surroundings -------------------------------------------------------


@pytest.mark.asyncio
async def test_behind_a_base_url(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/archive/"})
    for path, name in (("/", "front"), (story_path(), "full"), ("/news/topics", "tallies")):
        page = panel(await get(datasette, path), name).partition("</section>")[0]
        for tag, attributes in Tags(page).found:
            address = attributes.get("href") or attributes.get("src") or ""
            if tag in ("a", "img") and address.startswith("/"):
                assert address.startswith("/archive/news")
                assert "/archive/archive" not in address
    page = await get(datasette, f"/news/related_articles/{STORY},0")
    assert ">Harbour News</a>&nbsp;<em>harbour.example</em>" in page
    assert '<link rel="stylesheet" href="/archive/-/static-plugins/datasette_newsfeed/' in page


@pytest.mark.asyncio
async def test_pages_of_queries_have_no_panel(archive: Path) -> None:
    page = await get(open_site(archive), "/news?sql=select+1")
    assert 'class="newsfeed ' not in page


@pytest.mark.asyncio
async def test_a_users_own_templates(archive: Path, tmp_path: Path) -> None:
    for name in ("row", "table", "database", "index"):
        template = '{% extends "default:NAME.html" %}{% block footer %}of our own{% endblock %}'
        (tmp_path / f"{name}.html").write_text(template.replace("NAME", name), encoding="utf-8")
    datasette = open_site(archive, template_dir=str(tmp_path))
    for path, name in (
        ("/", "front"),
        ("/news", "front"),
        ("/news/topics", "tallies"),
        (story_path(), "full"),
    ):
        page = await get(datasette, path)
        assert "of our own" in page
        panel(page, name)


@pytest.mark.asyncio
async def test_a_panel_that_takes_too_long_leaves_the_page(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(self: ArchiveView, sql: str, values: Any = ()) -> Any:
        raise QueryInterrupted(None, sql, values)

    datasette = open_site(archive)
    await get(datasette, "/news")
    monkeypatch.setattr(ArchiveView, "ask", late)
    for path in ("/", "/news", "/news/topics", "/news/providers/strait~2Eexample"):
        assert "took too long" in panel(await get(datasette, path), "late")


@pytest.mark.asyncio
async def test_a_visitor_sees_what_an_import_has_just_brought(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    datasette = open_site(path)
    assert "Just in" not in await get(datasette, "/")
    db = sqlite_utils.Database(path)
    row = {**ARTICLES[0], "id": "new", "title": "Just in", "published_at": "2025-01-01T00:00:00Z"}
    db.table("articles").insert(row)
    db.close()
    assert "Just in" in panel(await get(datasette, "/"), "front")


@pytest.mark.asyncio
async def test_the_demos_metadata_serves_both_lines(demo_db: Path) -> None:
    import yaml

    path = Path(__file__).resolve().parents[2] / "metadata.yml"
    metadata = yaml.safe_load(path.read_text(encoding="utf-8"))
    datasette = open_site(demo_db, metadata=metadata)
    words = metadata["databases"]["demo"]
    page = text_of(await get(datasette, "/demo"))
    for value in (words["title"], words["description"], words["source"], words["license"]):
        assert value in page
    for name, query in words["queries"].items():
        assert query["title"] in page
        topic = quote_plus("Ocean Science")
        result = (
            await datasette.client.get(f"/demo/{name}.json?_shape=array&topic={topic}")
        ).json()
        assert result, name
    front = await get(datasette, "/")
    assert f'class="newsfeed-unseen">{words["title"]}</h1>' in front


async def test_what_no_excerpt_leads_its_first_words_do(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    body = "# A heading\n\nThe *tide* turns <script>alert(1)</script>.\n\n![Map](map.png)\n"
    row = {"id": "turn", "title": "Turn", "published_at": "2025-01-01T00:00:00Z", "body": body}
    db.table("articles").insert(row)
    related = {"article_id": STORY, "position": 9, "related_id": "turn", "title": "A turn"}
    db.table("related_articles").insert(related)
    db.close()
    site = open_site(path)
    first = '<p class="newsfeed-excerpt">The tide turns .</p>'
    for address in ("/news/articles", "/news", f"/news/articles/{STORY}"):
        page = (await site.client.get(address)).text
        assert first in page, address
        assert "A heading" not in page, address
    page = (await site.client.get("/news/articles/turn")).text
    assert '<meta name="description" content="The tide turns .">' in page
    assert "newsfeed-lede" not in page
    feed = (await site.client.get("/news/articles.jsonfeed")).json()
    assert feed["items"][0]["summary"] == "The tide turns ."


async def test_a_browser_may_keep_the_stylesheet(archive: Path, datasette_line: str) -> None:
    """Its address changes with its content; Datasette 1.0 says so in the answer's headers."""
    datasette = open_site(archive)
    page = await get(datasette, "/news/articles")
    (address,) = re.findall(r'href="([^"]*newsfeed\.css[^"]*)"', page)
    answer = await datasette.client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    if datasette_line == "1.0":
        assert "immutable" in answer.headers["cache-control"]
