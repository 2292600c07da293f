"""Who sees what: a table that is denied leaves no text of it on any page that joins it.

For each table there are words that stand in it alone. Visitors who may not see it find
them nowhere; a signed-in one who may finds them where they were.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import STORY, V1, open_site, rendition
from share import share

from datasette_newsfeed import schema
from datasette_newsfeed.image_urls import image_id

OTHER = "2024-03-04-other"
LEAD, LOGO, MORE = (
    f"https://images.example/{name}.png" for name in ("lead-of-images", "logo-of-images", "more")
)

WORDS = {
    "providers": ["Name of providers", image_id(LOGO)],
    "topics": ["Word of topics"],
    "article_topics": ["Word of topics"],
    "images": ["of-images", "/newsfeed/image/", "images.example"],
    "image_renditions": ["/newsfeed/image/"],
    "article_images": ["Title of article_images", "Credit of article_images"],
    "related_articles": ["Title of related_articles", "Excerpt of related_articles", "1 related"],
    "stories": ["and 1 more", "one of 2", "/news/stories/", "newsfeed-fellows"],
    "similar_articles": ["In both"],
    "authors": ["Name of authors"],
    "article_authors": ["Name of authors"],
    "articles_fts": [">Best match<", "<mark>"],
    "articles": ["Title of articles", "Excerpt of articles", "newsfeed-card", "newsfeed-bar"],
}
"""What is read of a table where it may be seen, and nowhere else."""

FRONT = ("/", "/news")
LISTS = (
    *("/news/articles", "/news/articles?_layout=table", "/news/articles?_search=articles"),
    "/news/articles?_facet=provider_id&_facet=image_id&_facet_presence=related&_facet_size=max",
    "/news/articles?_layout=table&_facet=provider_id&_facet=image_id&_facet_presence=related",
)
OTHERS = (
    "/news/-/newsfeed/search?q=articles",
    f"/news/articles/{STORY}",
    f"/news/articles/{OTHER}",
    "/news/providers/a~2Eexample",
    "/news/topics/Word~20of~20topics",
    "/news/topics",
    "/news/providers",
    f"/news/images/{image_id(LEAD)}",
)
STORIES = ("/news/stories", f"/news/stories/{STORY}", f"/news/stories/{OTHER}")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sight") / "news.db"
    db = sqlite_utils.Database(path)
    schema.create(db)
    db.table("images").insert_all({"id": image_id(url), "url": url} for url in (LEAD, LOGO, MORE))
    provider = {"domain": "a.example", "name": "Name of providers", "image_id": image_id(LOGO)}
    db.table("providers").insert(provider)
    db.table("topics").insert({"name": "Word of topics"})
    db.table("authors").insert({"name": "Name of authors"})
    article = {
        "excerpt": "Excerpt of articles of the Ashel",
        "body": "Body",
        "type": "article",
        "heat": 5,
    }
    article |= {"provider_id": "a.example", "image_id": image_id(LEAD)}
    for number, (key, day) in enumerate([(STORY, "2024-03-05"), (OTHER, "2024-04-04")]):
        article |= {"title": f"Title of articles {number}", "published_at": f"{day}T00:00:00Z"}
        db.table("articles").insert({"id": key, **article})
    times = {"first_published_at": "2024-03-05T00:00:00Z", "last_published_at": ""}
    db.table("stories").insert({"id": STORY, "headline_id": OTHER, "size": 2, **times})
    for key in (STORY, OTHER):
        db.table("articles").update(key, {"story_id": STORY, "is_headline": int(key == OTHER)})
    like = {"id": "like", "title": "Like the Ashel", "published_at": "2020-01-01"}
    db.table("articles").insert(like)
    here = {"article_id": STORY, "position": 0, "score": 0.5}
    db.table("similar_articles").insert({**here, "similar_id": "like"})
    for key, other in ((STORY, OTHER), (OTHER, None)):
        here = {"article_id": key, "position": 0}
        db.table("article_topics").insert({**here, "topic": "Word of topics"})
        db.table("article_authors").insert({**here, "author": "Name of authors"})
        image = {"title": "Title of article_images", "attribution": "Credit of article_images"}
        db.table("article_images").insert({**here, **image, "image_id": image_id(MORE)})
        related = {"title": "Title of related_articles", "excerpt": "Excerpt of related_articles"}
        related |= {"provider_id": "a.example", "image_id": image_id(LEAD), "related_id": other}
        db.table("related_articles").insert({**here, **related})
    db.table("image_renditions").insert_all(rendition(url, 320, 180) for url in (LEAD, LOGO))
    db.close()
    return path


def signed_in(datasette: Any, name: str) -> dict[str, str]:
    return {"ds_actor": datasette.sign({"a": {"id": name}}, "actor")}


async def read(datasette: Any, path: str, cookies: dict[str, str] | None) -> tuple[int, str]:
    response = await datasette.client.get(path, cookies=cookies, follow_redirects=True)
    return response.status_code, response.text


@pytest.fixture(scope="module")
def open_pages() -> dict[str, str]:
    """The pages as everybody sees them where nothing is denied, as far as they were asked for."""
    return {}


@pytest.mark.parametrize("table", share(WORDS))
async def test_a_denied_table_leaves_no_word_of_it(
    archive: Path, open_pages: dict[str, str], table: str
) -> None:
    metadata = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
    datasette = open_site(archive, metadata=metadata)
    open_to_all = open_site(archive)
    editor = signed_in(datasette, "editor")
    seen: dict[str, int] = dict.fromkeys(WORDS[table], 0)
    # Whoever asks for a story by its address, which says where it is, names that himself.
    paths = (*FRONT, *LISTS, *OTHERS, *(() if table == "stories" else STORIES))
    for path in paths:
        for cookies in (None, signed_in(datasette, "visitor")):
            status, page = await read(datasette, path, cookies)
            assert status in (200, 403, 404), path
            for words in WORDS[table]:
                # The row of a topic says what it is called, and is asked for by that name.
                if not (table == "article_topics" and "/topics" in path):
                    assert words not in page, (path, words)
        status, page = await read(datasette, path, editor)
        assert status == 200, path
        if path not in open_pages:
            _, open_pages[path] = await read(open_to_all, path, None)
        for words in WORDS[table]:
            assert (words in page) is (words in open_pages[path]), (path, words)
            seen[words] += words in page
    assert all(seen.values()), seen


@pytest.mark.parametrize("table", ["providers", "images", "image_renditions"])
async def test_what_only_strangers_may_see_is_hidden_from_others(archive: Path, table: str) -> None:
    """Who asks is known to every part of a page, cells included: they hide it from him."""
    allow = {"allow": {"unauthenticated": True}}
    datasette = open_site(archive, metadata={"databases": {"news": {"tables": {table: allow}}}})
    visitor = signed_in(datasette, "visitor")
    for path in (*LISTS, f"/news/articles/{STORY}", f"/news/related_articles/{STORY},0"):
        _, page = await read(datasette, path, visitor)
        found = [words for words in WORDS[table] if words in page]
        assert found == [], path
        _, page = await read(datasette, path, None)
        assert [words for words in WORDS[table] if words in page], path


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ("topics", "/news/articles?_topic=Word+of+topics"),
        ("article_topics", "/news/articles?_topic=Word+of+topics"),
        ("related_articles", "/news/articles?_related=1"),
    ],
)
async def test_no_filter_tells_what_a_denied_table_holds(
    archive: Path, table: str, path: str
) -> None:
    metadata = {"databases": {"news": {"tables": {table: {"allow": {"id": "editor"}}}}}}
    datasette = open_site(archive, metadata=metadata)
    for more in ("", "&_layout=table"):
        assert (await read(datasette, path + more, None))[0] == 403
        assert (await read(datasette, path + more, signed_in(datasette, "visitor")))[0] == 403
        assert (await read(datasette, path + more, signed_in(datasette, "editor")))[0] == 200


async def test_all_joined_tables_denied_at_once_leave_the_articles(archive: Path) -> None:
    tables = {name: {"allow": False} for name in WORDS if name != "articles"}
    datasette = open_site(archive, metadata={"databases": {"news": {"tables": tables}}})
    for path in (*FRONT, *LISTS, f"/news/articles/{STORY}"):
        status, page = await read(datasette, path, None)
        # 1.0 searches only for those who may see the full text.
        assert status == 200 or (V1 and "_search" in path)
        for name in tables:
            for words in WORDS[name]:
                assert words not in page, (path, words)
    assert page.count("Title of articles 0") > 1
    status, page = await read(datasette, "/news/articles", None)
    assert page.count('<article class="newsfeed-card') == 3
