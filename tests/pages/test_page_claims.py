"""No page says what its rows do not bear out: every page of an archive, read and recounted.

The demo, a small archive of odd rows, and the real records where NEWSFEED_ARCHIVE names some.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

import page_claims as claims
import pytest
from archive_facts import Facts
from click.testing import CliRunner
from commands import import_report
from feed_reader import FORMATS, read_feed
from git_archive import as_file, record
from history_site import make_history
from page_claims import Page
from pages_site import build_archive, open_site
from share import share, tries

ARCHIVES = ("demo", "odd", "real")
MOST_LINKS, MOST_ROWS = tries(30, 60), tries(60, 150)
"""Facet values that are followed from one page, and rows of a table whose pages are read."""


@pytest.fixture(scope="module", params=ARCHIVES)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to be read from its pages."""
    if request.param == "demo":
        found: Path = request.getfixturevalue("demo_db")
        return found
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "odd":
        return build_archive(folder / "odd.db", renditions=False)
    from datasette_newsfeed.cli import newsfeed

    path = folder / "real.db"
    folders = [str(each) for each in request.getfixturevalue("archive_folders")]
    result = CliRunner().invoke(newsfeed, ["import", str(path), *folders])
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def facts(archive: Path) -> Iterator[Facts]:
    """The rows behind the pages."""
    found = Facts(archive)
    yield found
    found.close()


def told_of(faults: list[str]) -> str:
    """Return faults to be read, not all of thousands."""
    return "\n".join([f"{len(faults)} faults", *faults[:60]])


class Site:
    """The pages of an archive."""

    def __init__(self, archive: Path, facts: Facts) -> None:
        self.datasette = open_site(archive)
        self.facts = facts

    async def text(self, path: str) -> str:
        """Return the text of a page."""
        response = await self.datasette.client.get(path)
        assert response.status_code == 200, (path, response.text[:300])
        return str(response.text)

    async def page(self, path: str) -> Page:
        """Return a page, read."""
        return Page.of(self.facts, path, await self.text(path))

    async def faults(self, path: str, check: Callable[..., Any], *values: Any) -> list[str]:
        """Return what a page says and the rows do not."""
        page = await self.page(path)
        check(page, *values)
        return page.finish()


@pytest.fixture
def site(archive: Path, facts: Facts) -> Site:
    """The pages of this archive."""
    return Site(archive, facts)


def link(facts: Facts, table: str, *key: str) -> str:
    """Return the address of a table or of a row in it."""
    return "/".join([f"/{facts.name}/{table}", *(claims.tilde_encode(each) for each in key)])


async def test_the_front_pages(site: Site, facts: Facts) -> None:
    faults = await site.faults("/", claims.check_front)
    faults += await site.faults(f"/{facts.name}", claims.check_front)
    assert not faults, told_of(faults)


async def test_changed_articles_and_an_archive_of_three(tmp_path: Path) -> None:
    """How often an article changed; one topic, and one story, which leads."""
    folder = tmp_path / "three"
    folder.mkdir()
    for key, month, post in (
        ("harbour-opens", 3, "post"),
        ("harbour-closes", 4, "post"),
        ("harbour-is-closed", 4, "herald"),
    ):
        text = as_file(
            {
                **record(Random(month), title=key.replace("-", " ")),
                "topics": ["Harbour"],
                "provider": {"domain": f"{post}.example"},
                "webUrl": f"https://{post}.example/{key}",
                "publishedDateTime": f"2021-{month:02}-05T10:00:00Z",
            }
        )
        (folder / f"{key}.md").write_bytes(text)
    import_report(tmp_path / "three.db", folder)
    assert len(Facts(tmp_path / "three.db").stories) == 1
    faults = []
    for path in (make_history(tmp_path), tmp_path / "three.db"):
        facts = Facts(path)
        site = Site(path, facts)
        faults += await site.faults(f"/{facts.name}", claims.check_front)
        for key in facts.articles:
            faults += await site.faults(link(facts, "articles", key), claims.check_article, key)
        facts.close()
    assert not faults, told_of(faults)


async def test_every_article(site: Site, facts: Facts) -> None:
    faults = []
    for key in share(facts.articles):
        faults += await site.faults(link(facts, "articles", key), claims.check_article, key)
    assert not faults, told_of(faults)


async def test_every_story(site: Site, facts: Facts) -> None:
    faults = await site.faults(link(facts, "stories"), claims.check_stories)
    for key in facts.stories:
        faults += await site.faults(link(facts, "stories", key), claims.check_story, key)
    assert not faults, told_of(faults)


@pytest.mark.parametrize(
    ("table", "key"),
    [("topics", "name"), ("providers", "domain"), ("authors", "name"), ("images", "id")],
)
async def test_every_topic_provider_author_and_image(
    site: Site, facts: Facts, table: str, key: str
) -> None:
    faults = []
    if table in ("topics", "providers"):
        faults += await site.faults(link(facts, table), claims.check_tallies, table)
    for each in facts.column(f"select {key} from {table} order by 1 limit {MOST_ROWS}"):
        faults += await site.faults(link(facts, table, each), claims.check_selection, table, each)
    assert not faults, told_of(faults)


SEEDS = (
    "",
    "type__exact=video",
    "type__exact=article&_topic={topic}",
    "_topic={topic}&provider_id__exact={provider}",
    "published_at__gte=2021-01&published_at__lt=2021-04",
    "published_at__gte=2020&heat__lt=50",
    "published_at__lt=2023-07-15",
    "published_at__gt=2020-05-05T10:00:00Z",
    "heat__gte=30",
    "is_headline=0",
    "is_headline__exact=1&type=video",
    "_related=1&image_id__notblank=1",
    "image_id__isblank=1&_related=0",
    "type=nothing&_topic=Nothing",
    "published_at__isblank=1",
    "title__contains=the&provider_id__in={provider}&heat__gt=10",
    "id__in=a,b&type__not=video",
)
FACETS = "_facet_topic=topics&_facet=type&_facet=provider_id&_facet=is_headline"


async def test_the_articles_under_all_filters(site: Site, facts: Facts) -> None:
    """The seeds, and every value of the facets on the pages of the first and of one other."""
    (topic, *_), (provider, *_) = (
        facts.column("select topic from article_topics group by 1 order by count(*) desc"),
        facts.column(
            "select provider_id from articles where provider_id > ''"
            " group by 1 order by count(*) desc"
        ),
    )
    faults: list[str] = []
    seen = set()
    for number, seed in share(enumerate(SEEDS)):
        values = {"topic": topic, "provider": provider}
        query = urlencode(
            [
                (key, value.format(**values))
                for key, _, value in (pair.partition("=") for pair in seed.split("&") if pair)
            ]
        )
        todo = [f"{query}&{FACETS}" if number == 1 else query]
        follow = number in (0, 1)
        for each in todo:
            path = f"{link(facts, 'articles')}?{each}".removesuffix("?")
            if path in seen:
                continue
            seen.add(path)
            page = await site.page(path)
            claims.check_articles(page, each)
            faults += page.finish()
            if follow:
                links = page.tree.xpath(f"//*[{claims.having('newsfeed-facet')}]//li/a/@href")
                todo += [urlsplit(each).query for each in links[:MOST_LINKS]]
                follow = False
    assert not faults, told_of(faults)


async def test_the_titles_in_words(site: Site, facts: Facts) -> None:
    """Names and times of a selection stand in its title and in that of its feeds."""
    topic = facts.column("select topic from article_topics order by 1")[0]
    for query, words in (
        ({"_topic": topic}, f"Articles about {topic}"),
        (
            {"published_at__gte": "2021-01", "published_at__lt": "2021-04"},
            "Articles from January 2021 to March 2021",
        ),
        ({"type__exact": "video"}, "Articles of type video"),
        ({"published_at__gte": "2021-01"}, "Articles from January 2021"),
        ({"published_at__lt": "2021-03-05"}, "Articles before 5 March 2021"),
    ):
        address = f"{link(facts, 'articles')}?{urlencode(query)}"
        page = await site.page(address)
        (title,) = page.tree.xpath("//meta[@property='og:title']/@content")
        assert title == words
        for extension in FORMATS:
            path = address.replace("/articles?", f"/articles.{extension}?")
            feed = read_feed(extension, (await site.text(path)).encode())
            assert feed.title.startswith(f"{words} – ")


async def test_feeds_hold_what_their_pages_show(site: Site, facts: Facts) -> None:
    for query in ("", "_related=1", "type__exact=video", "is_headline=0"):
        for extension in FORMATS:
            path = f"/{facts.name}/articles.{extension}?_size=100&{query}"
            feed = read_feed(extension, (await site.text(path)).encode())
            assert feed.ids == facts.chosen(query)[:100], path
            assert [each["title"] for each in feed.entries] == [
                facts.title(key) for key in feed.ids
            ]


async def test_the_search(site: Site, facts: Facts) -> None:
    """What a page counts is what its pages show, and what the articles page finds."""
    titles = " ".join(facts.title(key) for key in facts.articles)
    words = sorted(set(re.findall(r"\b[A-Z][a-z]{5,}\b", titles)))[:12]
    faults = []
    for word in [*words, "xyzzyplugh"]:
        base = f"/{facts.name}/-/newsfeed/search?q={word}"
        page = await site.page(base)
        keys = claims.check_search(page, word)
        count = claims.only(page.tree, "newsfeed-count")
        said = claims.said(count)
        if not keys:
            page.same("no number of none", bool(re.search(r"\b0\b", said)), False)
        page.mark(count)
        total = max(claims.number(said), 0) if keys else 0
        for number in range(2, 1 + -(-total // 20)):
            more = await site.page(f"{base}&page={number}")
            keys += claims.check_search(more, word)
            more.mark(claims.only(more.tree, "newsfeed-count"))
            faults += more.finish()
        claims.check_search_facets(page, f"q={word}", keys)
        faults += page.finish()
        assert len(keys) == len(set(keys)) == total, word
        listed = await site.page(f"/{facts.name}/articles?_search={word}&_size=100")
        shown = [each for each, _ in claims.cards_in(listed, listed.tree)]
        assert sorted(map(str, shown)) == sorted(keys)[: len(shown)] or total > 100, word
    faults += await faults_of_offers(site, facts, words[0])
    assert not faults, told_of(faults)


async def faults_of_offers(site: Site, facts: Facts, word: str) -> list[str]:
    """Return what a search that finds nothing offers instead, and is not so."""
    faults = []
    base = f"/{facts.name}/-/newsfeed/search?q="
    for asked in (f"{word}+xyzzyplugh", f"{word}&type=xyzzyplugh", f"{word[:2]}{word[1:]}"):
        page = await site.page(f"{base}{asked}")
        if claims.check_search(page, word):
            continue
        offers = page.tree.xpath(f"//*[{claims.having('newsfeed-none')}]//a")
        if "xyzzyplugh" in asked:
            page.same("offers", bool(offers), True)
        for offer in offers:
            other = claims.only((await site.page(offer.get("href"))).tree, "newsfeed-count")
            count = claims.number(claims.said(other))
            told = claims.said(offer.getparent())
            page.same("offered", claims.counted(count, "article") in told, True)
            page.mark(offer.getparent())
        faults += page.finish()
    return faults
