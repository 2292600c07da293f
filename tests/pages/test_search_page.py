"""The search page beside its hits: filters, facets, order, names, addresses, what it offers."""

from __future__ import annotations

import html
import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote, urlencode, urlsplit

import pytest
import sqlite_utils
from commands import assert_sound, import_report, newsfeed, record, rows, write
from datasette import hookimpl
from datasette.facets import Facet
from datasette.filters import FilterArguments
from datasette.plugins import pm
from facet_archive import build
from pages_site import SCRIPT, open_site, text_of
from share import share

from datasette_newsfeed.full_text import index, spelling
from datasette_newsfeed.full_text.plain_text import plain_text
from datasette_newsfeed.full_text.query import Term
from datasette_newsfeed.pages.queries import search

HIT = re.compile(r'<h2 class="newsfeed-hit-title"><a href="([^"]*)">')
DATASETTE = "https://www.pages.example/News/The-Kite?id=7"


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build(tmp_path_factory.mktemp("page") / "news.db", articles=160)
    with closing(sqlite3.connect(path)) as conn, conn:
        index.keep(conn)
    return path


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a facet index."""
    from datasette_newsfeed import facet_index

    path = build(tmp_path_factory.mktemp("indexed") / "news.db", articles=160)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("begin")
        index.keep(conn)
        facet_index.build(conn)
        conn.commit()
    return path


async def get(datasette: Any, status: int = 200, database: str = "news", **asked: Any) -> Any:
    response = await datasette.client.get(
        f"/{database}/-/newsfeed/search?{urlencode(asked, doseq=True)}"
    )
    assert response.status_code == status, (asked, response.text[:500])
    return response


async def page_of(datasette: Any, **asked: Any) -> str:
    return str((await get(datasette, **asked)).text)


def keys(page: str) -> list[str]:
    return [
        urlsplit(html.unescape(address)).path.rpartition("/")[2] for address in HIT.findall(page)
    ]


def links(page: str, within: str = "newsfeed-filters") -> dict[str, str]:
    """The addresses in a part of the page, by what the link says."""
    part = page.partition(f'class="{within}"')[2]
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', part, re.S)
    return {text_of(text): html.unescape(address) for address, text in found}


# -- filters, facets, order ----------------------------------------------------

FILTERS = (
    {"type": "video"},
    {"_topic": ["Harbour", "Weather"]},
    {"heat__gte": "25", "heat__lt": "75"},
    {"published_at__gte": "2021-04-01", "published_at__lt": "2021-05-01"},
    {"provider_id__in": "harbour.example,ridge.example"},
    {"image_id__isblank": "1", "_related": "0"},
    {"title__contains": "ferry"},
    {"_where": "(heat > 20 or quality > 50)"},
)


@pytest.mark.parametrize("site", ["news", "indexed"])
@pytest.mark.parametrize("filters", share(FILTERS), ids=json.dumps)
async def test_every_filter_of_the_articles_page(
    request: pytest.FixtureRequest, site: str, filters: dict[str, Any]
) -> None:
    datasette = open_site(request.getfixturevalue(site))
    for words in ("bridge", ""):
        asked = {**filters, **({"_search": words} if words else {})}
        path = f"/news/articles.json?{urlencode(asked, doseq=True)}&_shape=array&_size=max"
        expected = sorted(row["id"] for row in (await datasette.client.get(path)).json())
        found: list[str] = []
        for number in range(1, 9):
            found += keys(await page_of(datasette, q=words, page=number, **filters))
        assert sorted(found) == expected
        assert expected


async def test_facets_and_timeline_lead_to_what_they_count(indexed: Path) -> None:
    datasette = open_site(indexed)
    page = await page_of(datasette, q="bridge -tram")
    assert "newsfeed-timeline" in page
    narrow = links(page)
    assert len(narrow) > 20
    for text in random.Random(1).sample(sorted(narrow), 12):
        count = re.search(r"(?<!\S)([\d,]+)$", text)
        if count and "newsfeed/search" in narrow[text]:
            path = narrow[text].replace("http://localhost", "")
            there = (await datasette.client.get(path)).text
            assert re.search(rf"\b{count[1]} articles?\.", text_of(there)), (text, path)
            assert 'name="q" value="bridge -tram"' in there
            assert "newsfeed-chip" in there


async def test_several_values_at_once(indexed: Path) -> None:
    datasette = open_site(indexed)
    page = await page_of(datasette, q="bridge", _topic="Harbour")
    form = page.partition('action="/news/-/newsfeed/select"')[2].partition("</form>")[0]
    (kept,) = re.findall(r'name="query" value="([^"]*)"', form)
    boxes = [("query", html.unescape(kept)), ("_topic", "Harbour")]
    boxes += [("type", "video"), ("type", "article")]
    path = f"/news/-/newsfeed/select?{urlencode(boxes)}"
    response = await datasette.client.get(path)
    assert response.status_code == 302
    there = (await datasette.client.get(response.headers["location"])).text
    assert response.headers["location"].startswith("/news/-/newsfeed/search?q=bridge")
    expected = await page_of(datasette, q="bridge", _topic="Harbour", type__in="video,article")
    assert keys(there) == keys(expected) != []


async def test_a_condition_with_or_is_one_of_several(news: Path) -> None:
    datasette = open_site(news)
    whole = await page_of(datasette, q="bridge", _where="(heat > 20 or quality > 50)")
    assert keys(await page_of(datasette, q="bridge", _where="heat > 20 or quality > 50")) == keys(
        whole
    )


async def test_the_filters_stay_with_the_next_search_and_can_be_taken_off(news: Path) -> None:
    page = await page_of(open_site(news), q="bridge", type="video", _topic="Harbour", page="1")
    form = page.partition("newsfeed-search-form")[2].partition("</form>")[0]
    assert re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form) == [
        ("type", "video"),
        ("_topic", "Harbour"),
    ]
    chips = links(page, "newsfeed-chips")
    assert "/news/-/newsfeed/search?q=bridge&_topic=Harbour" in chips["Types video ✖"]
    assert "/news/-/newsfeed/search?q=bridge&type=video" in chips["Topics Harbour ✖"]


@pytest.mark.parametrize("site", ["news", "indexed"])
async def test_by_time_and_heat(
    request: pytest.FixtureRequest, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasette = open_site(request.getfixturevalue(site))
    for most in (50_000, 5):  # the second way is for very many
        monkeypatch.setattr(search, "MOST_RANKED", most)
        for key, column in (("_sort_desc", "published_at"), ("_sort_desc", "heat")):
            asked = {"_search": "bridge", key: column, "_size": 40, "_shape": "array"}
            path = f"/news/articles.json?{urlencode(asked)}"
            expected = [row["id"] for row in (await datasette.client.get(path)).json()]
            found = [
                each
                for number in (1, 2)
                for each in keys(await page_of(datasette, q="bridge", page=number, **{key: column}))
            ]
            assert found == expected[: len(found)]
            assert len(found) == 40
    page = await page_of(datasette, q="bridge")
    assert list(links(page, "newsfeed-buttons"))[:2] == ["Newest", "Hottest"]  # 5 are too many


async def test_by_rank_is_the_same_with_the_facet_index(news: Path, indexed: Path) -> None:
    for asked in ({"q": "bridge ferry"}, {"q": "tram OR clock", "type": "article"}):
        assert keys(await page_of(open_site(news), **asked)) == keys(
            await page_of(open_site(indexed), **asked)
        )


class InitialFacet(Facet):
    """Another plugin's facet: the first letter of the title."""

    type = "initial"

    async def suggest(self) -> list[Any]:
        return []

    async def facet_results(self) -> tuple[list[Any], list[str]]:
        sql = f"select substr(title, 1, 1) as value, count(*) as n from ({self.sql}) group by 1"
        counted = (await self.ds.execute(self.database, sql, self.params)).rows
        results = [
            {
                "value": row["value"],
                "label": f"Initial {row['value']}",
                "count": row["n"],
                "toggle_url": f"/initial/{row['value']}",
                "selected": False,
            }
            for row in counted
        ]
        return [
            {
                "name": "initial",
                "type": "initial",
                "results": results,
                "hideable": False,
                "toggle_url": "/",
                "truncated": False,
            }
        ], []


@contextmanager
def another_plugin() -> Iterator[None]:
    plugin: Any = ModuleType("another-plugin")

    @hookimpl
    def register_facet_classes() -> list[Any]:
        return [InitialFacet]

    @hookimpl
    def filters_from_request(request: Any, table: str) -> Any:
        async def inner() -> Any:
            if table == "articles" and (letter := request.args.get("_initial")):
                return FilterArguments(["substr(title, 1, 1) = :initial"], {"initial": letter})
            return None

        return inner

    plugin.register_facet_classes = register_facet_classes
    plugin.filters_from_request = filters_from_request
    pm.register(plugin, plugin.__name__)
    try:
        yield
    finally:
        pm.unregister(plugin)


async def test_facets_and_filters_of_other_plugins(indexed: Path) -> None:
    with another_plugin():
        datasette = open_site(indexed)
        page = await page_of(datasette, q="bridge")
        count = re.search(r"Initial F</span> <span[^>]*>(\d+)", page)
        assert count
        found = await page_of(datasette, q="bridge", _initial="F")
        assert f"{count[1]} articles." in text_of(found)


# -- addresses and names --------------------------------------------------------


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    texts = {
        "2024-01-01-kite": record("The Kite of Évrenne", f"webUrl: {DATASETTE}", body="A weir."),
        "2024-01-02-mill": record("Windmills turn", "originalUrl: https://pages.example/mill/"),
        "2024-01-03-quay": record("Quays and windmills", "tags: [Energy]", body="Évrenne *waits*."),
    }
    for name, text in texts.items():
        write(folder / f"{name}.md", text)
    db = tmp_path_factory.mktemp("imported") / "news.db"
    import_report(db, folder)
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("insert into authors values ('Aino Quay'), (?)", [f"Quay {SCRIPT}"])
        conn.execute("insert into topics values ('Tidal Energy')")
        conn.execute("insert into article_authors values ('2024-01-03-quay', 0, 'Aino Quay')")
        conn.execute("insert into providers (domain, name) values ('quay.example', 'The Quay')")
    return db


@pytest.mark.parametrize(
    "address",
    [
        DATASETTE,
        "http://pages.example/News/The-Kite?id=7",
        "pages.example/News/The-Kite/?id=7&utm_source=mail#top",
        "  HTTPS://WWW.PAGES.EXAMPLE/News/The-Kite?fbclid=x&id=7 ",
    ],
)
async def test_a_pasted_address_leads_to_the_article(imported: Path, address: str) -> None:
    response = await get(open_site(imported), status=302, q=address)
    assert response.headers["location"] == "/news/articles/2024-01-01-kite"


async def test_an_address_of_no_article_is_searched_for(imported: Path) -> None:
    datasette = open_site(imported)
    for address in ("https://pages.example/nothing", "kite.example", f"a.b/{'x' * 9000}", "a..b/"):
        assert "Location" not in (await get(datasette, q=address)).headers
    assert (
        (await get(datasette, status=302, q="pages.example/mill"))
        .headers["location"]
        .endswith("mill")
    )


async def test_names_are_direct_hits_on_top(imported: Path) -> None:
    datasette = open_site(imported)
    page = await page_of(datasette, q="QUAY")
    named = links(page, "newsfeed-named")
    assert named["Aino Quay"] == "/news/authors/Aino+Quay"
    assert named["The Quay"] == "/news/providers/quay~2Eexample"
    assert "Author, 1 article" in text_of(page)
    assert SCRIPT not in page
    energy = links(await page_of(datasette, q="energy"), "newsfeed-named")
    assert list(energy)[:2] == ["Energy", "Tidal Energy"]
    for words in ("energy OR quay", "-quay", "ener*", "en", "quay energy"):
        assert "newsfeed-named" not in await page_of(datasette, q=words), words


# -- what is offered where nothing is found --------------------------------------


async def test_a_spelling_is_offered_as_the_archive_writes_it(imported: Path) -> None:
    datasette = open_site(imported)
    for typed, meant in {
        "evrene": "Évrenne",
        "windmlls": "windmills",
        "kiet evrenne": "Kite evrenne",
        '"the kiet"': '"the Kite"',
    }.items():
        page = await page_of(datasette, q=typed)
        assert text_of(page).count("Did you mean") == 1, typed
        offered = links(page, "newsfeed-spelling")
        assert meant in offered, (typed, offered)
        assert keys((await datasette.client.get(offered[meant])).text), typed


@pytest.mark.parametrize("words", ["windmill", "kite quays", "evrenne mill", "qzxv", "ki", "kiet*"])
async def test_no_spelling_is_offered_for_what_is_found(imported: Path, words: str) -> None:
    assert "Did you mean" not in await page_of(open_site(imported), q=words)


def slip(word: str, dice: random.Random) -> str:
    place, letter = dice.randrange(len(word)), dice.choice(spelling.LATIN)
    kind = dice.randrange(4)
    if kind == 3 and place:
        return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    middle = ("", letter, letter + word[place], "")[kind]
    return word[:place] + middle + word[place + 1 :]


async def test_most_slips_are_put_right(demo_db: Path, record_property: Any) -> None:
    """Of 200 words with one slip, 8 in 10 come first; none is offered for a word that is found."""
    datasette = open_site(demo_db)
    dice = random.Random("slips")
    with closing(sqlite3.connect(demo_db)) as conn:
        words = conn.execute(
            "select word from newsfeed_search_words where length(word) >= 4 and "
            "word not glob '*[^a-z]*' group by word"
        ).fetchall()
        right = tried = found = 0
        while tried < 200:
            word = dice.choice(words)[0]
            typed = slip(word, dice)
            sql = "select 1 from articles_fts where articles_fts match ? limit 1"
            is_found = bool(conn.execute(sql, [Term(typed).fts5]).fetchone())
            page = await page_of(datasette, database="demo", q=typed)
            offered = list(links(page, "newsfeed-spelling"))[:1] if "Did you" in page else []
            assert not (is_found and offered), typed
            found += is_found
            tried += not is_found
            right += [each.lower() for each in offered] == [word]
    assert found > 5
    record_property("spelling", f"{right} of {tried} slips put right")
    assert right >= 160


async def test_the_parts_that_match_are_offered(imported: Path) -> None:
    datasette = open_site(imported)
    offers = {
        "kite windmills quays": ["windmills quays", "kite", "windmills", "quays"],
        "kite windmills": ["kite", "windmills"],
        '"turn windmills"': [],
        "windmills -turn -quay": ["windmills"],
    }
    for words, expected in offers.items():
        page = await page_of(datasette, q=words)
        found = links(page, "newsfeed-offers") if "newsfeed-offers" in page else {}
        assert [each for each in found if each in expected] == expected, words
        for address in found.values():
            if "/search?" in address:
                assert keys((await datasette.client.get(address)).text)
    page = await page_of(datasette, q="kite", _topic="Energy")
    assert "1 article without the filters" in text_of(page)


# -- snippets --------------------------------------------------------------------


async def test_snippets_show_no_markup(tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    build(db, articles=0)
    body = (
        "## A moth\n\n| Moth | When |\n|:---|---:|\n| **Owl** moth | `night` |\n\n"
        "Read [the *list*](https://a.example/list) of *every\nmoth* we `saw`.\n\n> moth\n"
    )
    table = sqlite_utils.Database(db).table("articles")
    table.insert({"id": "a", "title": "Moths", "published_at": "", "body": body})
    excerpt = "See [moths](https://a.example/moths) and __more__"
    table.insert({"id": "b", "title": "x", "published_at": "", "excerpt": excerpt})
    page = await page_of(open_site(db), q="moth")
    snippets = [text_of(each) for each in re.findall(r"(?s)newsfeed-snippet\">(.*?)</p>", page)]
    assert len(snippets) == 2
    for snippet in snippets:
        assert not re.search(r"[|*`#>\[\]_]|https?:", snippet), snippet
    assert "Owl moth" in " ".join(snippets[0].split()) or "Owl moth" in " ".join(
        snippets[1].split()
    )


def test_bars_that_are_no_table_stay() -> None:
    assert plain_text("a|b\nc|d", is_markdown=True) == "a|b\nc|d"
    assert plain_text("`a|b`\n\n|x|\n|-|\n|y|", is_markdown=True).split() == ["a|b", "x", "y"]


# -- bounds ------------------------------------------------------------------------

LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=kite&_sort=title", 400),
        ("q=kite&_sort=published_at&_sort_desc=heat", 400),
        ("q=kite&_sort_desc=nothing", 400),
        ("q=kite&heat__gte=99999999999999999999", 400),
        ("q=kite&_related=2", 400),
        ("q=kite&_through={", 400),
        ("q=kite&_through={}", 400),
        ("q=kite&_through=[]", 400),
        ("q=kite&id__in=[", 400),
        ("q=kite&_facet={", 400),
        ("q=kite&_where=nonsense(", 400),
        ("_search_nothing=x", 400),
        ("&".join(["q=kite", *(f"type={number}" for number in range(900))]), 400),
        ("&".join(["q=kite", *(f"_topic={number}" for number in range(900))]), 400),
        (f"q={LONG}", 200),
        (f"q=kite&type={LONG}", 200),
        (f"q=kite&_topic={LONG}", 200),
        (f"q=kite&{LONG}=1", 200),
        (f"q=kite&_unknown={LONG}", 200),
        ("q=kite&_searchmode=raw&_layout=table&_next=x&_size=-1", 200),
        ("q=kite&nothing=1", 200),
        ("q=%22&_searchmode=raw", 200),
    ],
)
async def test_odd_parameters_are_answered_in_words(
    imported: Path, query: str, status: int
) -> None:
    response = await open_site(imported).client.get(f"/news/-/newsfeed/search?{query}")
    assert response.status_code == status, response.text[:300]
    assert "Traceback" not in response.text
    assert len(response.text) < 400_000
    if "no such column" in response.text:
        assert response.headers["content-type"].startswith("text/plain")
    if status == 400:
        assert len(text_of(response.text).split()) > 4


@pytest.mark.parametrize("payload", [SCRIPT, '"><img src=x onerror=pwn()>', "javascript:pwn()"])
async def test_what_is_typed_stays_text(imported: Path, payload: str) -> None:
    datasette = open_site(imported)
    for asked in (
        {"q": payload},
        {"q": f"kiet {payload}"},
        {"q": "kite", "_topic": payload},
        {"q": "kite", "type": payload, "_facet": "type"},
        {"q": "kite", "published_at__gte": payload},
        {"q": f"windmills kite {payload}"},
    ):
        page = await page_of(datasette, **asked)
        main = page.partition("<main")[2].partition("</main>")[0]
        assert "<script" not in main.lower()
        assert not re.search(r"<img[^>]*onerror", main)
        assert not re.search(r'(?:href|src|action)="\s*javascript:', main)


# -- who keeps the words -------------------------------------------------------------


def looked_up(db: Path) -> list[Any]:
    return [
        rows(db, f"select * from {table} order by 1, 2")
        for table in ("newsfeed_search_words", "newsfeed_search_addresses")
    ]


async def test_words_and_addresses_follow_the_files(tmp_path: Path) -> None:
    folder, db = tmp_path / "records", tmp_path / "news.db"
    write(folder / "2024-01-01-a.md", record("A kite", "webUrl: https://a.example/1"))
    write(folder / "2024-01-02-b.md", record("A KITE and a Kestrel"))
    import_report(db, folder)
    words = dict(
        (tuple(row[:2]), row[2]) for row in rows(db, "select * from newsfeed_search_words")
    )
    assert words[("kite", "")] == words[("kite", "KITE")] == words[("kestrel", "Kestrel")] == 1
    assert words[("", "")] == 2
    write(folder / "2024-01-01-a.md", record("A weir", "webUrl: https://a.example/2"))
    (folder / "2024-01-02-b.md").unlink()
    import_report(db, folder, "--prune")
    assert_sound(db)
    fresh = tmp_path / "fresh.db"
    import_report(fresh, folder)
    assert looked_up(db) == looked_up(fresh)
    # Another program's changes are counted by the next command.
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("update articles set title = 'A heron'")
    import_report(db, folder)
    assert_sound(db)
    assert rows(db, "select word from newsfeed_search_words where word = 'heron'")


@pytest.fixture
def published(imported: Path, tmp_path: Path) -> Path:
    out = tmp_path / "out.db"
    assert newsfeed("prepare", imported, out, "--filter", "id=2024-01-02-mill").status == 0
    assert_sound(out)
    return out


async def test_a_published_part_knows_its_own_words_alone(published: Path) -> None:
    out = published
    words = {row[0] for row in rows(out, "select word from newsfeed_search_words")}
    assert "windmills" in words
    assert not {"kite", "quays", "evrenne"} & words
    datasette = open_site(out, immutable=True)
    path = f"/out/-/newsfeed/search?q={quote_plus('pages.example/mill')}"
    assert (await datasette.client.get(path)).status_code == 302
    assert "Windmills" in (await datasette.client.get("/out/-/newsfeed/search?q=windmlls")).text


async def test_without_these_tables_the_rest_is_there(imported: Path, tmp_path: Path) -> None:
    old = tmp_path / "news.db"
    with closing(sqlite3.connect(imported)) as here, closing(sqlite3.connect(old)) as there:
        here.backup(there)
        for name in ("ai", "ad", "au"):
            there.execute(f"drop trigger articles_{name}")
        there.execute("drop table newsfeed_search_words")
        there.execute("drop table newsfeed_search_addresses")
        there.commit()
    datasette = open_site(old)
    assert "Did you mean" not in await page_of(datasette, q="kiet")
    assert keys(await page_of(datasette, q="kite"))
    await get(datasette, q=DATASETTE)


async def test_an_article_leads_back_to_the_search_that_found_it(news: Path) -> None:
    datasette = open_site(news)
    for asked in (
        {"q": "bridge"},
        {"q": "bridge", "type": "video", "page": "2"},
        {"q": "", "published_at__gte": "2000", "page": "2"},
    ):
        page = await page_of(datasette, **asked)
        address = html.unescape(HIT.findall(page)[0])
        article = (await datasette.client.get(address)).text
        back = html.unescape(
            re.findall(r'class="newsfeed newsfeed-back"><a href="([^"]*)"', article)[0]
        )
        there = urlsplit(back)
        assert there.path == "/news/-/newsfeed/search"
        assert dict(parse_qsl(there.query, keep_blank_values=True)) == asked
        key = keys(page)[0]
        assert f'id="a-{key}"' in page
        assert unquote(there.fragment) == f"a-{key}"


async def test_how_to_search_is_said_where_nothing_was_found(news: Path) -> None:
    page = await page_of(open_site(news), q="zzz")
    assert "<code>OR</code>" in page.partition("No article matches")[2]


def test_an_address_says_which_words_a_browser_marks() -> None:
    card: Any = None

    def of(*texts: str) -> str:
        parts = tuple(search.Part(text, number % 2 == 0) for number, text in enumerate(texts))
        return search.Hit(card, (), parts).fragment

    assert of("tide", " and ", "Tide", " or ", "sea-wall, & more") == (
        "#:~:text=Tide&text=sea%2Dwall%2C%20%26%20more"
    )
    assert of() == of(" ") == of("x" * 101) == ""
    assert of(*"a.b.c.d.e.f".replace(".", " ")).count("text=") == 4
