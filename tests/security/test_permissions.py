"""Every combination of tables that a visitor may and may not see, on everything we serve.

Each table holds words and numbers of its own. Where one is denied they stand nowhere:
on no page, in no count, facet, feed, search, suggestion or download. Who may see
everything finds them all. `--long` tries all 511 combinations of the tables that hold
the records, and those of up to three tables with computed ones among them.
"""

from __future__ import annotations

import itertools
import random
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import V1, open_site, rendition
from share import IS_LONG, share

from datasette_newsfeed import default_metadata, schema
from datasette_newsfeed.full_text import index
from datasette_newsfeed.image_urls import image_id

ARTICLES, PROVIDERS, TOPICS = 41, 53, 61
"""Of each table another number, that no sum of others makes: the front page adds them up."""
KEY = "2024-03-05-first"
LIKE = "2024-03-05-nxbn"  # the last but one: the last is related
PICTURE = "https://zpicture.example/a.png"
LINKED = 23
"""So many articles have a topic, an author, an image, something related: another number."""
TABLES = (
    *("articles", "providers", "topics", "article_topics", "authors", "article_authors"),
    *("images", "article_images", "related_articles"),
)
COMPUTED = ("stories", "similar_articles")
STORY_SIZE = 31
"""Articles of the one story: another number."""


@dataclass(frozen=True)
class Mark:
    """What is read of some tables where all `needs` may be seen, and on pages of their own."""

    pattern: str
    needs: frozenset[str]
    own: frozenset[str]


def mark(pattern: str, *needs: str, own: Iterable[str] = ()) -> Mark:
    return Mark(pattern, frozenset(needs), frozenset(own or needs))


MARKS = (
    mark("Ztitle", "articles"),
    mark("Zexcerpt", "articles"),
    mark("Zbody", "articles"),
    mark("Zprovider", "providers"),
    mark("Ztopic", "topics", "article_topics"),
    mark("Zauthor", "authors", "article_authors"),
    mark("zpicture", "images"),
    mark("Zcaption", "images", "article_images", own=["article_images"]),
    mark("Zrelated", "related_articles"),
    mark("In both", "similar_articles", "articles"),
    mark("zfetched", "images", "image_fetches", own=["-"]),
    mark(rf"\b(?:{STORY_SIZE}|and {STORY_SIZE - 1} more)\b", "stories"),
    mark(rf"\b{ARTICLES}\b", "articles"),
    mark(rf"\b{PROVIDERS}\b", "providers"),
    mark(rf"\b{TOPICS}\b", "topics", own=["topics"]),
)

# Where: the table that a page is of, which is Datasette's own to show or refuse.
PAGES = {
    **dict.fromkeys(("/", "/news", "/news.json", "/-/search?q=Z"), ""),
    **dict.fromkeys(
        (
            *("/news/articles", "/news/articles?_layout=table", "/news/articles.json"),
            "/news/articles.json?_facet_topic=topics&_facet_presence=related&_facet_band=heat"
            "&_facet_period=published_at",
            "/news/articles?_facet=provider_id&_facet=image_id&_facet_presence=related"
            "&_facet_size=max",
            *("/news/articles.csv", "/news/articles.atom", "/news/articles.rss"),
            *("/news/articles.bib", "/news/articles.csljson", f"/news/articles/{KEY}.ris"),
            f"/news/articles/{KEY}.md",
            *("/news/articles.feed", "/news/articles.feed?_topic=Ztopic+xaa"),
            *("/news/articles.jsonfeed", f"/news/articles/{KEY}", f"/news/articles/{KEY}.json"),
            f"/news/articles/{LIKE}",
            *("/news/articles?_search=Ztitle", "/news/articles.atom?_search=Zbody"),
            "/news/articles?_from_period=2024-03&published_at__gte=2023-01-01"
            "&published_at__lt=2025-01-01",
            *("/news/articles?_topic=Ztopic+xaa", "/news/articles.rss?_topic=Ztopic+xaa"),
            *("/news/articles.json?_related=1", "/news/articles?provider_id=pxaa~2Eexample"),
            "/news/articles.atom?provider_id=pxaa.example",
            *("/news/articles?is_headline=1", f"/news/articles.atom?story_id={KEY}"),
        ),
        "articles",
    ),
    **dict.fromkeys(("/news/providers", "/news/providers/pxaa~2Eexample"), "providers"),
    **dict.fromkeys(("/news/topics", "/news/topics/Ztopic~20xaa"), "topics"),
    **dict.fromkeys(("/news/authors", "/news/authors/Zauthor"), "authors"),
    **dict.fromkeys(("/news/images", f"/news/images/{image_id(PICTURE)}"), "images"),
    **dict.fromkeys(
        (
            *("/news/related_articles", "/news/related_articles.atom"),
            *("/news/related_articles.csv", f"/news/related_articles/{KEY},0"),
        ),
        "related_articles",
    ),
    **dict.fromkeys(
        (
            *("/news/stories", "/news/stories?_layout=table", "/news/stories.json"),
            *(f"/news/stories/{KEY}", f"/news/stories/{KEY}.json", "/news/stories/2024-03-05-nxab"),
        ),
        "stories",
    ),
    **dict.fromkeys(("/news/similar_articles", f"/news/similar_articles/{KEY},0"), COMPUTED[1]),
    **dict.fromkeys(("/news/articles_fts", "/news/articles_fts.json"), "articles_fts"),
    **dict.fromkeys(("/news/image_fetches", "/news/image_fetches.json"), "image_fetches"),
    **dict.fromkeys(("/news/image_renditions", "/news/image_renditions.csv"), "image_renditions"),
    "/news/article_topics": "article_topics",
    "/news/article_authors": "article_authors",
    "/news/article_images": "article_images",
    **dict.fromkeys(
        (
            *("/news/article_list", "/news/article_list.csv", "/news/article_list.json"),
            *("/news/article_list.atom", "/news/article_list.jsonfeed"),
            "/news/article_list.csv?_articles=_search%3DZbody%26provider_id__not%3Dx",
            "/news/article_list?_articles=_topic%3DZtopic%2Bxaa%26_facet%3Dprovider_id",
        ),
        "article_list",
    ),
    **dict.fromkeys(
        (
            f"/news/-/newsfeed/list?id={KEY}&id={LIKE}",
            "/news/-/newsfeed/days?_from_day=2024-03-05",
            *("/news/-/newsfeed/search?q=Ztitle", "/news/-/newsfeed/search?q=Zbody"),
            *("/news/-/newsfeed/search?q=Ztitlf", "/news/-/newsfeed/search?q=Zauthor"),
            *("/news/-/newsfeed/search?q=Ztopic", "/news/-/newsfeed/search?q=Zprovider"),
            "/news/-/newsfeed/search?q=Ztitle&_topic=Ztopic+xaa&_facet=image_id&_facet_size=max"
            "&_facet_presence=related",
            "/news/newsfeed_search_words.json",
            "/news/-/newsfeed/compare?s=_topic%3DZtopic%2Bxaa&s=_search%3DZtitle",
            "/news/-/newsfeed/compare.json?s=_search%3DZbody&s=_related%3D1",
            "/news/-/newsfeed/compare?s=&s=provider_id%3Dpxaa.example&as=share",
            f"/news/-/newsfeed/compare.csv?s=story_id%3D{KEY}-n",
            f"/news/-/newsfeed/image/{image_id(PICTURE)}/320",
            f"/news/-/newsfeed/image/{image_id(PICTURE + '2')}/320",
            *("/-/jump?q=Z", "/-/jump.json?q=Z", "/-/tables.json?q=article"),
        ),
        "",
    ),
}
REPEATS = {
    "article_list": {"articles", "providers", "article_topics", "topics", "images"},
    "articles_fts": {"articles"},
    "stories": {"articles"},
    "similar_articles": {"articles", "article_topics", "topics"},
    "image_fetches": {"images"},
    "image_renditions": {"images"},
}
"""Tables that repeat others, and those: where one of these is denied, so is the table."""


def name(number: int) -> str:
    """A number in letters, which is not taken for a count."""
    return f"x{chr(97 + number // 26)}{chr(97 + number % 26)}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("permissions") / "news.db"
    db = sqlite_utils.Database(path)
    schema.create(db)
    pictures = [PICTURE, f"{PICTURE}2", f"{PICTURE}3"]
    db.table("images").insert_all({"id": image_id(url), "url": url} for url in pictures)
    db.table("providers").insert_all(
        {
            "domain": f"p{name(n)}.example",
            "name": f"Zprovider {name(n)}",
            "image_id": image_id(pictures[2]),
        }
        for n in range(PROVIDERS)
    )
    db.table("topics").insert_all({"name": f"Ztopic {name(n)}"} for n in range(TOPICS))
    db.table("authors").insert({"name": "Zauthor"})
    keys = [KEY, *(f"2024-03-05-n{name(n)}" for n in range(1, ARTICLES))]
    db.table("articles").insert_all(
        {
            "id": key,
            "title": f"Ztitle {name(n)}",
            "excerpt": "Zexcerpt of the Ashel" if n in (0, ARTICLES - 2) else "Zexcerpt",
            "body": "Zbody",
            "published_at": "2024-03-05T00:00:00Z",
            "provider_id": f"p{name(n % PROVIDERS)}.example",
            "image_id": image_id(pictures[n % 2]),
            "heat": 5,
            "story_id": KEY if n < STORY_SIZE else None,
            "is_headline": int(n == 0 or n >= STORY_SIZE),
        }
        for n, key in enumerate(keys)
    )
    times = dict.fromkeys(("first_published_at", "last_published_at"), "2024-03-05T00:00:00Z")
    db.table("stories").insert({"id": KEY, "headline_id": KEY, "size": STORY_SIZE, **times})
    for one, other in ((KEY, LIKE), (LIKE, KEY)):
        row = {"article_id": one, "position": 0, "similar_id": other, "score": 0.5}
        db.table("similar_articles").insert(row)
    for n, key in enumerate(keys[:LINKED]):
        here = {"article_id": key, "position": 0}
        db.table("article_topics").insert({**here, "topic": f"Ztopic {name(n)}"})
        db.table("article_authors").insert({**here, "author": "Zauthor"})
        caption = {"image_id": image_id(PICTURE), "title": "Zcaption", "attribution": "Zcaption"}
        db.table("article_images").insert({**here, **caption})
        related = {"title": "Zrelated", "provider_id": "pxab.example", "related_id": keys[n - 1]}
        db.table("related_articles").insert({**here, **related, "image_id": image_id(PICTURE)})
    db.table("image_renditions").insert(rendition(PICTURE, 320, 180))
    with db.atomic():
        index.keep(db.conn)
    db.table("image_fetches").insert(
        {
            "image_id": image_id(PICTURE),
            "url": "https://zfetched.example/a.png",
            "outcome": "gone",
            "fetched_at": "2024-03-05T00:00:00Z",
        }
    )
    db.close()
    return path


def told(answer: Any) -> str:
    """What an answer says: without what the visitor himself asked for, ids, and times taken."""
    text = answer.text
    if "html" in answer.headers.get("content-type", ""):
        text = re.sub(r"(?s)<footer.*", "", text)
        text = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", text)
        text = re.sub(r"20\d\d-\d\d-\d\d[\w:-]*|(?<=width=)\"\d+\"", "", text)
    text += answer.headers.get("location", "")
    return re.sub(r'"query_ms": [\d.]+|\d\d:\d\d', "", text)


def shown(answer: Any, path: str) -> list[Mark]:
    text = told(answer)
    if answer.headers.get("content-type", "").startswith("image/"):
        return [mark for mark in MARKS if mark.pattern == "zpicture"]
    # What the address asks for stands on the page, found or not.
    asked = set(re.findall(r"Z\w+|(?<==)\w+", path))
    # A hidden column of full text numbers SQLite's own cursors.
    counts = not path.startswith("/news/articles_fts")
    return [
        mark
        for mark in MARKS
        if (counts or mark.pattern[0] != "\\")
        and not (mark.pattern in asked and _only_asked(text, mark.pattern))
        and re.search(mark.pattern, text if mark.pattern[0] != "\\" else _words(text))
    ]


def _only_asked(text: str, word: str) -> bool:
    """Whether a word stands only as the address had it: in forms, links and the description."""
    bare = re.sub(rf"<(input|a|link|form|option)\b[^>]*{word}[^>]*>", "", text)
    return not re.search(rf"{word} x", re.sub(r'is "[^"]*"', "", bare))


def _words(text: str) -> str:
    return re.sub(r"<[^>]*>", " ", text)


def denying(tables: Iterable[str]) -> dict[str, Any]:
    rules = {table: {"allow": {"id": "editor"}} for table in tables}
    return {"databases": {"news": {"tables": rules}}}


def combinations() -> Iterator[tuple[str, ...]]:
    every = [
        combination
        for size in range(1, len(TABLES) + 1)
        for combination in itertools.combinations(TABLES, size)
    ]
    computed = [
        combination
        for size in (1, 2, 3)
        for combination in itertools.combinations((*TABLES, *COMPUTED), size)
        if set(COMPUTED) & set(combination)
    ]
    if IS_LONG:
        yield from (*every, *computed)
        return
    # tests/pages/test_sight.py denies each table by itself.
    chance = random.Random("permissions")
    single = chance.sample([each for each in every if len(each) == 1], 4)
    yield from share([*single, *(each for each in computed if len(each) == 1)])
    yield (*TABLES, *COMPUTED)
    yield from share(chance.sample([each for each in every if 1 < len(each) < 9], 4))


def signed_in(datasette: Any, name: str) -> dict[str, str]:
    return {"ds_actor": datasette.sign({"a": {"id": name}}, "actor")}


def visitors(datasette: Any, path: str) -> list[dict[str, str] | None]:
    """Who asks for a page: a stranger and somebody signed in; in the short form one of them."""
    return share((None, signed_in(datasette, "visitor")), len(path))


def leaks(answer: Any, path: str, denied: set[str]) -> list[str]:
    """The marks of denied tables in an answer to somebody who may not see them."""
    found = []
    for each in shown(answer, path):
        is_own = PAGES[path] in each.own and PAGES[path] not in denied
        if each.needs & denied and not is_own and (path, each.pattern) not in CORE:
            found.append(each.pattern)
    return found


# What Datasette itself tells of denied tables, on these lines and pages: docs/trust.md.
CORE: set[tuple[str, str]] = set()
if not V1:
    # 0.65 names what a foreign key leads to in JSON, whoever asks.
    CORE |= {(path, "Zprovider") for path in PAGES if path.startswith("/news/articles.json")}


async def test_the_marks_are_seen_where_nothing_is_denied(archive: Path) -> None:
    datasette = open_site(archive)
    seen: dict[str, set[str]] = {mark.pattern: set() for mark in MARKS}
    for path in PAGES:
        answer = await datasette.client.get(path)
        for each in shown(answer, path):
            seen[each.pattern].add(path)
    assert [pattern for pattern, paths in seen.items() if len(paths) < 2] == []


@pytest.mark.parametrize("denied", list(combinations()), ids="-".join)
async def test_nothing_of_denied_tables(
    archive: Path, denied: tuple[str, ...], record_property: Any
) -> None:
    datasette = open_site(archive, metadata=denying(denied))
    count, found = 0, []
    for path in PAGES:
        for cookies in visitors(datasette, path):
            answer = await datasette.client.get(path, cookies=cookies)
            assert answer.status_code in (200, 302, 400, 403, 404), (path, answer.status_code)
            found += [(path, leak) for leak in leaks(answer, path, set(denied))]
            if REPEATS.get(PAGES[path], set()) & set(denied):
                assert answer.status_code in (403, 404), path
            count += 1
    assert found == []
    record_property("cases", ("pages asked for with denied tables", count))


async def test_an_editor_sees_what_there_is(archive: Path) -> None:
    datasette = open_site(archive, metadata=denying((*TABLES, *COMPUTED)))
    plain = open_site(archive)
    editor = signed_in(datasette, "editor")
    for path in share(PAGES):
        answer = await datasette.client.get(path, cookies=editor)
        open_answer = await plain.client.get(path)
        assert answer.status_code == open_answer.status_code, path
        assert shown(answer, path) == shown(open_answer, path), path


@pytest.mark.parametrize("place", ["database", "instance"])
async def test_nothing_of_a_denied_database(
    archive: Path, tmp_path: Path, place: str, record_property: Any
) -> None:
    """Neither of the site as a whole; the open archive beside a denied one is still there."""
    other = tmp_path / "open.db"
    db = sqlite_utils.Database(other)
    schema.create(db)
    db.table("articles").insert({"id": "a", "title": "Free for all", "published_at": ""})
    db.close()
    rule: dict[str, Any] = {"allow": {"id": "editor"}}
    metadata = {"databases": {"news": rule}} if place == "database" else rule
    datasette = open_site(archive, other, metadata=metadata)
    count = 0
    for path in PAGES:
        for cookies in visitors(datasette, path):
            answer = await datasette.client.get(path, cookies=cookies)
            assert shown(answer, path) == [], path
            assert "/news/" not in answer.text or answer.status_code in (302, 403, 404), path
            count += 1
    front = await datasette.client.get("/")
    assert ("Free for all" in front.text) is (place == "database")
    record_property("cases", ("pages asked for with a denied database", count))


async def test_an_archive_that_came_after_the_start(archive: Path, tmp_path: Path) -> None:
    """What repeats denied tables is refused as if it had been there when Datasette started."""
    path = tmp_path / "news.db"
    db = sqlite_utils.Database(path)
    db.table("plain").insert({"id": 1})
    db.close()
    datasette = open_site(path, metadata=denying(["topics", "article_topics", "articles"]))
    assert (await datasette.client.get("/news")).status_code == 200
    shutil.copy(archive, path)
    db = sqlite_utils.Database(path)
    for name in default_metadata.CLOSED:
        row = {"facet": "topic", "value": "Ztopic xaa"}
        db.table(name).drop(ignore=True)
        db.table(name).insert(row)
    db.close()
    editor = signed_in(datasette, "editor")
    for name in (*REPEATS, *default_metadata.CLOSED):
        for address in (f"/news/{name}", f"/news/{name}.json?_shape=array", f"/news/{name}.csv"):
            answer = await datasette.client.get(address)
            if REPEATS.get(name) == {"images"}:
                assert answer.status_code == 200, address
                continue
            assert answer.status_code == 403, address
            assert "Ztopic xaa" not in answer.text
            answer = await datasette.client.get(address, cookies=editor)
            assert answer.status_code == (200 if name in REPEATS else 403), address


@pytest.mark.parametrize("rule", [{"id": "editor"}, False])
async def test_a_database_of_which_only_the_tables_are_open(archive: Path, rule: Any) -> None:
    """1.0 then names it nowhere, while its tables answer: nothing of ours is drawn from them."""
    metadata = {"databases": {"news": {"permissions": {"view-database": rule}}}}
    if not V1:
        tables = {"articles": {"allow": True}, "images": {"allow": True}}
        metadata = {"databases": {"news": {"allow": rule, "tables": tables}}}
    datasette = open_site(archive, metadata=metadata)
    for path in (
        *("/", "/news/-/newsfeed/search?q=Ztitle", "/news/articles.atom", "/news/articles.rss"),
        f"/news/-/newsfeed/image/{image_id(PICTURE)}/320",
    ):
        answer = await datasette.client.get(path)
        assert shown(answer, path) == [], path
        assert "/news/" not in answer.text or answer.status_code in (302, 403, 404), path
        if path != "/":
            assert answer.status_code in (403, 404), path
    if rule:
        front = await datasette.client.get("/", cookies=signed_in(datasette, "editor"))
        assert "Ztitle" in front.text


async def test_no_page_leads_to_sources(archive: Path, tmp_path: Path) -> None:
    """`datasette .` serves every database of a folder, and finds no DB-sources there."""
    from commands import import_report, record, write
    from datasette.app import Datasette

    folder = tmp_path / "site"
    write(tmp_path / "records" / "a.md", record("A", 'secured: "c2VjcmV0IHRleHQ=;aXY="'))
    folder.mkdir()
    import_report(folder / "news.db", tmp_path / "records")
    assert (folder / "news.db-sources").exists()
    datasette = Datasette(config_dir=folder)
    await datasette.invoke_startup()
    assert [name for name in datasette.databases if not name.startswith("_")] == ["news"]
    paths = [
        "/",
        "/news",
        "/-/databases.json",
        "/-/plugins.json",
        "/news/articles",
        "/-/config.json",
    ]
    for path in [*paths, "/-/settings.json", "/-/versions.json", "/nothing"]:
        answer = await datasette.client.get(path, follow_redirects=True)
        assert "db-sources" not in answer.text, path
    for name in ("news.db-sources", "news-sources", "news.db~2Dsources", "news~2Edb-sources"):
        for path in (f"/{name}", f"/{name}.db", f"/{name}/sources", f"/static/{name}"):
            assert (await datasette.client.get(path)).status_code in (403, 404), path
    assert V1 or "news" in datasette.databases
