"""Lists made by hand: their page, their form, what is said of them elsewhere."""

from __future__ import annotations

import html
import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from datasette.utils import tilde_encode
from pages_site import (
    FOLLOWER,
    HOSTILE,
    ODD,
    SCRIPT,
    STORY,
    VIDEO,
    build_archive,
    open_site,
    text_of,
)

from datasette_newsfeed.full_text import index

pytestmark = pytest.mark.asyncio

PATH = "/news/-/newsfeed/list"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("lists") / "news.db")
    conn = sqlite3.connect(path)
    index.keep(conn)
    conn.commit()
    conn.close()
    return path


def path_of(*ids: str, **more: str) -> str:
    return f"{PATH}?{urlencode([*(('id', key) for key in ids), *more.items()])}"


async def get(datasette: Any, path: str, status: int = 200) -> Any:
    answer = await datasette.client.get(path)
    assert answer.status_code == status, answer.text[:300]
    return answer


def shown(page: str) -> list[str]:
    return re.findall(r'newsfeed-card-title"[^>]*><a href="/news/articles/([^"]*)"', page)


async def test_a_list_has_its_articles_in_its_order(archive: Path) -> None:
    datasette = open_site(archive)
    ids = [VIDEO, ODD, STORY, VIDEO, "nothing"]
    answer = await get(datasette, path_of(*ids, title="My <b>list", note="One\ntwo"))
    page = answer.text
    assert shown(page) == [tilde_encode(key) for key in (VIDEO, ODD, STORY)]
    text = text_of(page)
    assert "My <b>list" in text
    assert "<b>list" not in page
    assert "Title and note: in the words of whoever made this link, not of this archive." in text
    assert "1 article of this list is not in the archive: nothing" in text
    assert 'name="robots" content="noindex, nofollow"' in page
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    # The form has the list as it is.
    form = page.partition('<form class="newsfeed-list-form"')[2].partition("</form>")[0]
    area = re.findall(r'name="ids"[^>]*>([^<]*)<', form)[0]
    assert html.unescape(area).split("\n") == list(dict.fromkeys(ids))


async def test_the_same_articles_in_other_forms_and_no_other_link_repeats_the_list(
    archive: Path,
) -> None:
    datasette = open_site(archive)
    page = (await get(datasette, path_of(STORY, ODD, FOLLOWER))).text
    forms = page.partition("newsfeed-list-forms")[2].partition("</p>")[0]
    links = {
        words: html.unescape(address)
        for address, words in re.findall(r'<a href="([^"]*)">([^<]*)</a>', forms)
    }
    assert list(links) == ["Feed", "CSV", "BibTeX", "RIS", "CSL-JSON"]
    for address in links.values():
        text = (await get(datasette, address)).text
        assert "Tidal kites" in text
        assert "Kites again" in text
        assert "A film" not in text
    repeated = re.findall(rf'href="([^"]*{quote(FOLLOWER)}[^"]*)"', page)
    several = [each for each in repeated if quote(STORY) in each]
    assert len(several) == len(links)


async def test_a_list_as_markdown(archive: Path) -> None:
    page = (await get(open_site(archive), path_of(HOSTILE, STORY, title="A [list]"))).text
    area = re.findall(r'<textarea id="newsfeed-markdown"[^>]*>([^<]*)<', page)[0]
    lines = html.unescape(area).strip().split("\n")
    assert lines[0] == r"# A \[list\]"
    assert lines[2].startswith('- ["Quotes" &lt;script>alert(')
    assert lines[3] == (
        "- [Tidal kites & the quiet strait]"
        f"(http://localhost/news/articles/{tilde_encode(STORY)}), The Strait Observer, 2024-03-05"
    )


async def test_a_list_says_its_address_and_an_entity_in_markdown_stays_text(archive: Path) -> None:
    path = path_of(STORY, title="R&amp;D & co", note="A <b> note")
    page = (await get(open_site(archive), path)).text
    area = re.findall(r'<textarea id="newsfeed-markdown"[^>]*>([^<]*)<', page)[0]
    assert html.unescape(area).strip().split("\n")[0] == "# R&amp;amp;D & co"
    value = re.findall(r'<input id="newsfeed-list-address"[^>]* value="([^"]*)"', page)[0]
    there = urlsplit(html.unescape(value))
    assert there.netloc == "localhost"
    assert parse_qsl(there.query) == parse_qsl(urlsplit(path).query)


@pytest.mark.parametrize(
    ("pasted", "ids"),
    [
        (f"{STORY}\n {FOLLOWER} \r\n", [STORY, FOLLOWER]),
        (f"http://localhost/news/articles/{tilde_encode(ODD)}", [ODD]),
        (f"/news/articles/{tilde_encode(ODD)}", [ODD]),
        ("https://harbour.example/again", [FOLLOWER]),
        ("http://www.harbour.example/again/", [FOLLOWER]),
        ("https://strait.example/kites?a=1&b=2", [STORY]),
        (f"https://nowhere.example/x {STORY}", ["https://nowhere.example/x", STORY]),
        ("http://[half https://harbour.example/again", ["http://[half", FOLLOWER]),
    ],
)
async def test_ids_and_addresses_are_pasted(archive: Path, pasted: str, ids: list[str]) -> None:
    query = urlencode({"ids": pasted, "title": "T & t", "note": ""})
    answer = await open_site(archive).client.get(f"{PATH}?{query}")
    assert answer.status_code == 302
    there = urlsplit(answer.headers["location"])
    assert there.path == PATH
    assert parse_qsl(there.query) == [*(("id", key) for key in ids), ("title", "T & t")]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("id=&title=&note=", 200),
        (urlencode([("id", f"n{n}") for n in range(100)]), 200),
        (urlencode([("id", f"n{n}") for n in range(101)]), 400),
        (urlencode({"ids": " ".join(f"n{n}" for n in range(101))}), 400),
        ("id=" + "x" * 600, 400),
        ("id=" + "x" * 30_000, 400),
        (urlencode({"id": SCRIPT, "title": SCRIPT, "note": SCRIPT}), 200),
        (urlencode({"title": "t" * 5_000, "note": "n" * 5_000}), 200),
        (urlencode({"title": "a\x00b\u202ec\r\nd", "note": "\x1b[31m\nx"}), 200),
    ],
)
async def test_odd_lists_are_bounded(archive: Path, query: str, status: int) -> None:
    answer = await open_site(archive).client.get(f"{PATH}?{query}")
    assert answer.status_code == status
    assert SCRIPT not in answer.text
    assert "t" * 201 not in answer.text
    assert "n" * 2_001 not in answer.text
    assert "\x00" not in answer.text
    assert len(answer.text) < 60_000


async def test_cards_articles_and_masthead_lead_to_a_list(archive: Path) -> None:
    datasette = open_site(archive)
    page = (await get(datasette, "/news/articles")).text
    assert f'href="{PATH}?id={STORY}" rel="nofollow" data-newsfeed-id="{STORY}"' in page
    assert f'<a href="{PATH}" rel="nofollow" data-newsfeed-list>List</a>' in page
    page = (await get(datasette, f"/news/articles/{tilde_encode(STORY)}")).text
    assert ">Add to the list</a>" in page


async def test_nobody_sees_a_list_of_what_they_may_not_see(archive: Path) -> None:
    denied = {"databases": {"news": {"tables": {"articles": {"allow": False}}}}}
    await get(open_site(archive, metadata=denied), path_of(STORY), 404)
    await get(open_site(archive), path_of(STORY).replace("/news/", "/nothing/"), 404)
    closed = {"databases": {"news": {"tables": {"providers": {"allow": False}}}}}
    page = (await get(open_site(archive, metadata=closed), path_of(FOLLOWER))).text
    assert "Harbour News" not in page
