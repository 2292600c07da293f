"""The masthead: on which pages it is, what it leads to, and who sees what of it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import HOSTILE, SCRIPT, STORY, V1, build_archive, open_site

PLUGIN = "datasette-newsfeed"
MASTHEAD = re.compile(r'<div class="newsfeed-masthead">.*?</div>', re.S)
OFF = {"plugins": {PLUGIN: {"masthead": False}}}
PAGES = (
    "/news",
    "/news/articles",
    "/news/articles?_layout=table",
    f"/news/articles/{STORY}",
    "/news/topics",
    "/news/providers/strait~2Eexample",
    "/news/images",
    "/news/-/newsfeed/search?q=kites",
    "/news/-/query?sql=select+1" if V1 else "/news?sql=select+1",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("masthead") / "news.db")


async def _page(datasette: Any, path: str) -> str:
    response = await datasette.client.get(path, follow_redirects=True)
    assert response.status_code == 200, (path, response.text)
    return str(response.text)


def _masthead(page: str) -> str:
    found = MASTHEAD.findall(page)
    assert len(found) == 1, page
    return str(found[0])


async def test_each_page_of_an_archive_has_one_masthead(archive: Path) -> None:
    datasette = open_site(archive)
    for path in PAGES:
        found = _masthead(await _page(datasette, path))
        # No stories were computed: what is empty is not led to.
        assert re.findall(r'<li><a href="([^"]*)"', found) == [
            "/news/articles",
            "/news/topics",
            "/news/providers",
            "/news/-/newsfeed/list",
        ], path
        page = await _page(datasette, path)
        # One field: on the page of the search it stands there, with the filters of the search.
        assert page.count('action="/news/-/newsfeed/search"') == 1, path
        assert ('action="/news/-/newsfeed/search"' in found) is ("/search" not in path), path


async def test_it_says_where_the_reader_is(archive: Path) -> None:
    datasette = open_site(archive)
    lists = _masthead(await _page(datasette, "/news/topics"))
    assert '/news/topics" aria-current="page"' in lists
    assert lists.count("aria-current") == 1
    row = _masthead(await _page(datasette, f"/news/articles/{STORY}"))
    assert '/news/articles" aria-current="true"' in row
    assert "aria-current" not in _masthead(await _page(datasette, "/news"))


async def test_the_first_link_of_a_page_leads_past_it(archive: Path) -> None:
    datasette = open_site(archive)
    for path, target in (
        ("/news/articles", "newsfeed-articles"),
        ("/news/topics", "newsfeed-content"),
    ):
        page = await _page(datasette, path)
        body = page[page.index("<body") :]
        assert body[body.index("<a ") :].startswith(f'<a class="newsfeed-skip" href="#{target}"'), (
            path
        )
        assert page.count(f'id="{target}"') == 1


async def test_the_setting_turns_it_off(archive: Path) -> None:
    datasette = open_site(archive, metadata=OFF)
    for path in PAGES:
        page = await _page(datasette, path)
        assert "newsfeed-masthead" not in page, path
        assert 'class="newsfeed-skip" href="#newsfeed-content"' not in page


async def test_its_name_is_the_title_and_the_words_are_shown_again(archive: Path) -> None:
    named = {"databases": {"news": {"title": f"The Strait {SCRIPT}"}}}
    found = _masthead(
        await _page(open_site(archive, metadata=named), f"/news/articles?_search={SCRIPT}")
    )
    assert found.count("The Strait &lt;script&gt;") >= 2
    assert 'value="&lt;script&gt;' in found
    assert "<script" not in found
    # The title that nobody wrote says more than a name has to.
    assert ">news</a>" in _masthead(await _page(open_site(archive), "/news"))


async def test_it_leads_to_nothing_that_a_visitor_may_not_see(archive: Path) -> None:
    denied = {"databases": {"news": {"tables": {"providers": {"allow": False}}}}}
    found = _masthead(await _page(open_site(archive, metadata=denied), "/news/articles"))
    assert "/news/providers" not in found
    assert "/news/topics" in found
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    found = _masthead(await _page(open_site(archive, metadata=denied), "/news/topics"))
    assert "/news/articles" not in found
    assert "newsfeed/search" not in found


async def test_the_front_page_has_that_of_the_only_archive(archive: Path, tmp_path: Path) -> None:
    assert ">news</a>" in _masthead(await _page(open_site(archive), "/"))
    other = build_archive(tmp_path / "other.db")
    assert "newsfeed-masthead" not in await _page(open_site(archive, other), "/")


async def test_other_databases_are_left_alone(archive: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.db"
    sqlite_utils.Database(plain)["things"].insert({"id": 1, "name": "one"}, pk="id")
    datasette = open_site(archive, plain)
    for path in ("/plain", "/plain/things", "/plain/things/1"):
        page = await _page(datasette, path)
        assert "newsfeed" not in page, path


async def test_a_page_has_a_language_and_colours_by_the_readers_preference(archive: Path) -> None:
    datasette = open_site(archive)
    for path in ("/", *PAGES):
        page = await _page(datasette, path)
        assert page.count('<html lang="en">') == 1, path
        assert page.count('<meta name="theme-color"') == 2, path
        assert page.count("newsfeed-dark.css") == 1, path
        assert page.count("newsfeed.js") == 1, path
    page = await _page(datasette, f"/news/articles/{HOSTILE}")
    dark = re.findall(
        r'href="([^"]*newsfeed-dark[^"]*)" media="\(prefers-color-scheme: dark\)"', page
    )
    assert len(dark) == 1
    assert (await datasette.client.get(dark[0])).status_code == 200


async def test_addresses_have_the_prefix_of_the_site(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/under/"})
    page = await _page(datasette, "/news/articles")
    found = _masthead(page)
    assert all(
        address.startswith("/under/news")
        for address in re.findall(r'(?:href|action)="([^"]*)"', found)
    )
    assert "/under/-/static-plugins/datasette_newsfeed/newsfeed-dark.css" in page


# -- the front page ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/news"])
@pytest.mark.parametrize("has_masthead", [True, False])
async def test_an_archive_that_stands_alone_is_named_once(
    archive: Path, path: str, has_masthead: bool
) -> None:
    metadata: dict[str, Any] = {
        "title": "All of it",
        "databases": {"news": {"title": "The Strait", "description": "News of the water"}},
        **({} if has_masthead else OFF),
    }
    page = await _page(open_site(archive, metadata=metadata), path)
    shown, fold = page[page.index("<body") :].split('<details class="newsfeed-data"')
    headings = re.findall(r'<h1 id="newsfeed-title" class="([^"]*)">([^<]*)</h1>', shown)
    # The masthead says it to who sees, the heading to who hears.
    assert headings == [("newsfeed-unseen" if has_masthead else "newsfeed-headline", "The Strait")]
    assert "All of it" not in shown
    assert shown.count(">The Strait<") == 1 + has_masthead
    assert "newsfeed-front" in shown
    assert "newsfeed-front" not in fold
    assert shown.count("News of the water") == (path == "/news")
    assert fold.count("News of the water") == 0
    if path == "/":
        assert "<title>The Strait</title>" in page
        assert "All of it" in fold


async def test_several_archives_are_named_each(archive: Path, tmp_path: Path) -> None:
    other = build_archive(tmp_path / "other.db")
    metadata = {"title": f"All {SCRIPT}", "description": "What there is"}
    page = await _page(open_site(archive, other, metadata=metadata), "/")
    shown, fold = page[page.index("<body") :].split('<details class="newsfeed-data"')
    headings = re.findall(r"<h1[^>]*>([^<]*)</h1>", shown)
    assert [html.unescape(each) for each in headings] == [f"All {SCRIPT}"]
    assert re.findall(r'<h2 class="newsfeed-title"><a href="([^"]*)">([^<]*)<', shown) == [
        ("/news", "news"),
        ("/other", "other"),
    ]
    assert shown.count("What there is") == 1
    assert "What there is" not in fold
    assert 'href="/other"' in fold


async def test_what_is_no_archive_is_not_folded(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "plain.db"
    sqlite_utils.Database(other)["plants"].insert({"name": "Reed"})  # type: ignore[union-attr]
    datasette = open_site(archive, other)
    page = await _page(datasette, "/")
    assert "newsfeed-data" not in page
    assert "newsfeed-front" in page
    assert "newsfeed-data" not in await _page(datasette, "/plain")
    # Nor is it for who may not see it.
    hidden = {"databases": {"plain": {"allow": {"id": "owner"}}}}
    page = await _page(open_site(archive, other, metadata=hidden), "/")
    assert 'class="newsfeed-data"' in page


async def test_data_holds_what_datasette_shows_of_an_archive(archive: Path) -> None:
    datasette = open_site(archive)
    page = await _page(datasette, "/news")
    fold = page.partition('<details class="newsfeed-data">')[2]
    assert 'name="sql"' in fold
    assert 'href="/news/topics"' in fold
    # Its link to hidden tables leads to the fold as it was left: open.
    assert '<details class="newsfeed-data" open>' in await _page(datasette, "/news?_show_hidden=1")
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    for path in ("/", "/news", "/news/topics", "/news/providers"):
        assert "newsfeed-data" not in await _page(open_site(archive, metadata=denied), path), path


@pytest.mark.parametrize("table", ["topics", "providers"])
async def test_lists_with_numbers_fold_the_table(archive: Path, table: str) -> None:
    datasette = open_site(archive)
    shown, fold = (await _page(datasette, f"/news/{table}")).split('<details class="newsfeed-data"')
    assert re.findall(r"<h1[^>]*>(.*?)</h1>", shown) == [table.capitalize()]
    assert "newsfeed-tallies" in shown
    assert "newsfeed-tallies" not in fold
    assert "rows-and-columns" in fold
    assert f'href="/news/{table}.json' in fold
    # A part of the table is Datasette's own page.
    assert "newsfeed-data" not in await _page(datasette, f"/news/{table}?_size=max")


async def test_a_list_that_holds_nothing_says_so(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.execute("delete from article_topics")
    db.execute("delete from topics")
    db.conn.commit()
    db.close()
    page = await _page(open_site(path), "/news/topics")
    assert "No topics." in page.partition('<details class="newsfeed-data"')[0]
