"""What a page may cost: in proportion to the page, whatever a record or an address holds.

Sizes are compared with limits and counted in characters; nothing here is timed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlite_utils
from datasette.database import Database
from pages_site import open_site
from share import IS_LONG, share, tries

from datasette_newsfeed import schema
from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.feeds.builder import MOST_TEXT
from datasette_newsfeed.pages.queries.cards import MOST_TOPICS
from datasette_newsfeed.pages.queries.full_articles import MOST_AUTHORS
from datasette_newsfeed.pages.queries.full_articles import MOST_TOPICS as MOST_TOPICS_IN_FULL
from datasette_newsfeed.pages.text.markdown import MARKDOWN_LIMIT

LONG = 200_000
"""Characters of each text of a record that is made to be large."""
ARTICLES = 50
KINDS = (".atom", ".rss", ".jsonfeed")


def build(path: Path, **values: Any) -> Path:
    """Fifty articles with some values; of their own tables, where it names these."""
    db = sqlite_utils.Database(path)
    schema.create(db)
    topics, authors = values.pop("topics", ()), values.pop("authors", ())
    provider, image = values.pop("provider", {}), values.pop("image", {})
    related = values.pop("related", {})
    with db.atomic():
        if provider:
            db.table("providers").insert({"name": None, **provider})
            values["provider_id"] = provider["domain"]
        if image:
            db.table("images").insert({"id": image_id(image["url"]), "url": image["url"]})
            values["image_id"] = image_id(image["url"])
        db.table("topics").insert_all([{"name": topic} for topic in topics])
        db.table("authors").insert_all([{"name": author} for author in authors])
        for number in range(ARTICLES):
            row = dict.fromkeys(schema.ARTICLES.column_names)
            row |= {"id": f"a{number:02}", "title": f"Title {number}", "is_headline": 1}
            row |= {"published_at": f"2021-01-{number % 28 + 1:02}T00:00:00Z", **values}
            db.table("articles").insert(row)
            here = {"article_id": row["id"], "position": 0}
            if image:
                words = {"title": image["title"], "attribution": image["title"]}
                db.table("article_images").insert({**here, "image_id": row["image_id"], **words})
            if related:
                other = dict.fromkeys(schema.RELATED_ARTICLES.column_names)
                db.table("related_articles").insert({**other, **here, **related})
            if number < 3:
                db.table("article_topics").insert_all(
                    {**here, "position": place, "topic": topic}
                    for place, topic in enumerate(topics)
                )
                db.table("article_authors").insert_all(
                    {**here, "position": place, "author": author}
                    for place, author in enumerate(authors)
                )
    db.close()
    return path


LARGE = {
    "title": {"title": "word " * (LONG // 5)},
    "one word": {"title": "w" * LONG},
    "excerpt": {"excerpt": "<b>word</b> " * (LONG // 12)},
    "body": {"body": "word " * (LONG // 5)},
    "type": {"type": "t" * LONG},
    "category": {"category": "c" * LONG},
    "language": {"language": "l" * LONG},
    "name of a provider": {"provider_name": "p" * LONG},
    "provider": {"provider": {"domain": "d" * LONG, "name": "n" * LONG}},
    "address": {
        "url": "https://a.example/" + "a" * LONG,
        "amp_url": "https://a.example/" + "b" * LONG,
    },
    "topics": {"topics": [f"Topic {number}" for number in range(20_000)]},
    "topics with a NUL": {"topics": [f"{number}\0" + "t" * LONG for number in range(3)]},
    "long topics": {"topics": [f"{number} " + "t" * LONG for number in range(3)]},
    "authors": {"authors": [f"Author {number}" for number in range(5_000)]},
    "long authors": {"authors": ["a" * LONG]},
    "image": {"image": {"url": "https://a.example/" + "i" * LONG, "title": "t" * LONG}},
    "player": {"featured_content": "<p>" * LONG},
    "related": {
        "related": {"title": "r" * LONG, "excerpt": "e " * LONG, "provider_name": "p" * LONG}
    },
}


def of_ours(page: str, *, is_row: bool = False) -> str:
    """The part of a page that is ours: Datasette's own, in the fold or not, shows all of it."""
    page = page[page.index('class="newsfeed newsfeed-') :]
    page = page.partition('<details class="newsfeed-data"')[0]
    return page.partition('<table class="rows-and-columns"')[0] if is_row else page


@pytest.mark.asyncio
@pytest.mark.parametrize("name", share(LARGE))
async def test_a_record_does_not_make_the_pages_of_others_large(name: str, tmp_path: Path) -> None:
    site = open_site(build(tmp_path / "news.db", **LARGE[name]))
    for path in ("/", "/news", "/news/articles", "/news/topics", "/news/providers"):
        response = await site.client.get(path)
        assert response.status_code == 200
        text = of_ours(response.text) if "newsfeed newsfeed-" in response.text else ""
        assert len(text) <= 400_000, path
    page = of_ours((await site.client.get("/news/articles/a01")).text, is_row=True)
    assert len(page) <= 300_000
    for kind in KINDS:
        response = await site.client.get(f"/news/articles{kind}?_size=50")
        assert response.status_code == 200
        assert len(response.text) <= 5_000_000, kind


@pytest.mark.asyncio
async def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    topics = [f"Topic {number}" for number in range(300)]
    authors = [f"Author {number}" for number in range(60)]
    site = open_site(build(tmp_path / "news.db", topics=topics, authors=authors))
    page = of_ours((await site.client.get("/news/articles?_nofacet=1")).text)
    assert page.count('class="newsfeed-topic"') == 3 * MOST_TOPICS
    assert page.count(f"and {300 - MOST_TOPICS} more") == 3
    page = of_ours((await site.client.get("/news/articles/a00")).text, is_row=True)
    article = page.partition("</article>")[0]
    assert article.count('class="newsfeed-topic"') == MOST_TOPICS_IN_FULL
    assert f"and {300 - MOST_TOPICS_IN_FULL} more" in article
    assert article.count('href="/news/authors/') == MOST_AUTHORS


# -- feeds --------------------------------------------------------------------

WORST = {
    "references": "[a]: https://x.example/" + "b" * 3_900 + "\n\n" + "[a] " * 20_000,
    "quotes": "> " * 49_000,
    "cells": "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|b\n" * 30_000,
    "marks": "&" * 99_999,
    "less-than": "<" * 99_999,
    "plain": "&<" * 60_000,
    "formatting": "<b><i><u><s><em><code><small>" + "<p>x" * 20_000,
    "four bytes": "\U0001f600" * 99_000,
}


# Seconds of processor time a text: in the long form only.
SLOW = ("cells", "references", "plain")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", share([name for name in WORST if IS_LONG or name not in SLOW]))
async def test_a_feed_of_the_worst_texts_is_bounded(name: str, tmp_path: Path) -> None:
    site = open_site(build(tmp_path / "news.db", body=WORST[name][:100_000]))
    place = list(WORST).index(name)
    for kind in KINDS if IS_LONG else (KINDS[place % 3],):
        response = await site.client.get(f"/news/articles{kind}?_size=50")
        assert response.status_code == 200
        assert len(response.content) <= 4 * MOST_TEXT + 2_000_000, kind
        assert len(response.content) <= 20_000_000, kind


MEASURE = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
import memory
from pages_site import open_site

async def main():
    site = open_site(sys.argv[1])
    query = f"_size={sys.argv[3]}&_col=body&_facet=type"
    answer = await site.client.get(f"/news/articles.atom?{query}")
    assert answer.status_code == 200
    assert len(answer.content) <= 20_000_000

asyncio.run(main())
print(memory.peak())
"""


def test_the_memory_of_such_a_feed_is_bounded(tmp_path: Path) -> None:
    body = "[a]: https://x.example/" + "b" * 70_000 + "\n\n" + "[a] " * 7_000
    path = build(tmp_path / "news.db", body=body, title="t" * 1_000_000)
    here = str(Path(__file__).parents[1] / "support")
    limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_CPU, (120, 120))}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), here, str(tries(5, ARTICLES))],
        capture_output=True,
        text=True,
        check=False,
        **limits,  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert int(done.stdout) < 300_000_000


READ = {
    "articles": ("", "&_col=body&_labels=on", "&_sort=heat", "&_sort_desc=url&_nocol=url"),
    "related_articles": ("", "&_sort=published_at", "&type__isblank=1"),
    "article_list": ("", "&_sort=type"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("table", "query"), share((table, query) for table in READ for query in READ[table])
)
async def test_a_feed_reads_no_more_than_it_shows(
    table: str, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Database.execute
    read: list[int] = []

    async def counting(self: Any, *args: Any, **options: Any) -> Any:
        results = await execute(self, *args, **options)
        read.extend(len(value) for row in results.rows for value in row if isinstance(value, str))
        return results

    monkeypatch.setattr(Database, "execute", counting)
    words = {"title": f"title {'t' * LONG}", "body": "b" * LONG, "extra": "e" * LONG}
    related = {"title": "r" * LONG, "excerpt": "e" * LONG, "extra": "e" * LONG}
    site = open_site(build(tmp_path / "news.db", **words, heat=3, related=related))
    ids: set[str] = set()
    pages = 0
    address = f"/news/{table}.jsonfeed?_size=20{query}"
    while address:
        read.clear()
        response = await site.client.get(address)
        assert response.status_code == 200, (address, response.text[:300])
        assert max(read) <= MARKDOWN_LIMIT + 1 < LONG
        assert sum(read) <= 20 * 2 * MARKDOWN_LIMIT
        feed = response.json()
        ids |= {item["id"] for item in feed["items"]}
        address, pages = feed.get("next_url", "").removeprefix("http://localhost"), pages + 1
    assert (len(ids), pages) == (ARTICLES, 3)


# -- addresses ----------------------------------------------------------------

QUERIES = {
    "topics": [("_topic", f"t{number}") for number in range(900)],
    "one topic": [("_topic", "AI")] * 1_400,
    "unknown": [("_x", "")] * 3_000,
    "many unknown": [(f"_x{number}", "") for number in range(500)],
    "filters": [("type", f"t{number}") for number in range(400)],
    "facets": [("_facet", name) for name in schema.ARTICLES.column_names] * 3,
    "words": [("_search", "word " * 1_900)],
    "where": [("_where", "1 = 1")] * 150,
    "bounds": [("heat__gte", str(number)) for number in range(700)],
    "long value": [("category", "c" * 9_000)],
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", share(list(QUERIES)))
async def test_an_address_is_not_repeated_without_end(name: str, tmp_path: Path) -> None:
    topics = [f"Topic {number}" for number in range(40)]
    path = build(tmp_path / "news.db", topics=topics, type="article", heat=50, quality=3)
    site = open_site(path)
    for more in ([], [("_facet_topic", "topics"), ("_facet_size", "max")]):
        query = urlencode([*QUERIES[name], *more])
        response = await site.client.get(f"/news/articles?{query}")
        assert response.status_code in (200, 400), response.text[:300]
        if response.status_code == 200 and "newsfeed-listing" in response.text:
            ours = response.text[response.text.index('class="newsfeed newsfeed-listing') :]
            ours = ours.partition('<details class="newsfeed-data"')[0]  # Datasette's own page
            assert len(ours) <= 1_500_000 + 3 * len(query), name
    response = await site.client.get(f"/news/articles.atom?{urlencode(QUERIES[name])}")
    assert len(response.text) <= 500_000 + 20 * len(query)
