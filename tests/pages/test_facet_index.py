"""The facet index: exact whatever writes to the archive, and the same pages as by SQL.

Random edits by SQL, then by other programs; each state is counted again by SQL. Pages are
compared with those of a copy that has no index. Knows no bitmap but through its counts.
"""

from __future__ import annotations

import itertools
import logging
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import facet_archive
import pytest
from commands import import_report, newsfeed, record, write
from facet_archive import open_site
from sqlite_utils import Database

from datasette_newsfeed import default_metadata, facet_index, facet_index_schema
from datasette_newsfeed.pages import sql_conditions
from datasette_newsfeed.pages.facets import index_conditions, indexed_counts

ARTICLES = 600
EDITS = 240


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with an index. Shared: copy it before you change it."""
    path = facet_archive.build(tmp_path_factory.mktemp("index") / "news.db", ARTICLES, seed=3)
    with connected(path) as conn:
        assert facet_index.build(conn)
    return path


@pytest.fixture
def news(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(archive, tmp_path / "news.db"))


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in a transaction that is committed at the end."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("begin")
        yield conn


def by_sql(conn: sqlite3.Connection) -> dict[str, dict[Any, int]]:
    """What every facet of the index must count."""
    counted = {
        facet: dict(
            conn.execute(f"select {sql or facet}, count(*) from articles group by 1").fetchall()
        )
        for facet, sql in facet_index_schema.VALUES.items()
    }
    counted[facet_index_schema.TOPIC] = dict(
        conn.execute(
            "select topic, count(*) from article_topics join articles on id = article_id group by 1"
        ).fetchall()
    )
    return counted


def by_index(index: facet_index.FacetIndex) -> dict[str, dict[Any, int]]:
    return {facet: facet_index.counts(sets, index.articles) for facet, sets in index.facets.items()}


def assert_exact(
    conn: sqlite3.Connection, known: facet_index.FacetIndex | None = None
) -> facet_index.FacetIndex:
    index = facet_index.current(conn, known)
    assert index is not None
    assert by_index(index) == by_sql(conn)
    return index


# -- whoever writes -----------------------------------------------------------


def edit(conn: sqlite3.Connection, dice: random.Random, number: int) -> None:
    """Change something, in one of the ways SQL has."""
    one, two = dice.sample([row[0] for row in conn.execute("select id from articles")], 2)
    day = f"2024-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T00:00:00Z"
    statements: list[tuple[str, list[Any]]] = [
        ("delete from articles where id = ?", [one]),
        ("delete from article_topics where article_id = ?", [one]),
        ("delete from related_articles where article_id = ?", [one]),
        ("update articles set heat = ?, published_at = ? where id = ?", [number, day, one]),
        ("update articles set published_at = 'no date', image_id = '' where id = ?", [one]),
        ("update articles set provider_id = ?, type = null where id = ?", [f"p{number}", one]),
        ("insert into articles (id, title, published_at) values (?, 'x', '')", [f"n{number}"]),
        ("insert or replace into articles (id, title, published_at) values (?, '', ?)", [one, day]),
        ("insert or ignore into article_topics values (?, 'Harbour', 0)", [one]),
        ("insert or replace into article_topics values (?, 'New', 1)", [one]),
        ("update or ignore article_topics set topic = 'Renamed' where article_id = ?", [one]),
        ("update or replace articles set id = ? where id = ?", [two, one]),
        ("update or replace article_topics set article_id = ? where article_id = ?", [two, one]),
        ("insert or ignore into related_articles (article_id, position) values (?, 7)", [one]),
        (
            "insert into articles (id, title, published_at, heat) values (?, 'x', ?, 5) "
            "on conflict (id) do update set heat = excluded.heat",
            [one, day],
        ),
        (
            "update or replace articles set rowid = (select rowid from articles where id = ?) "
            "where id = ?",
            [one, two],
        ),
        (
            "insert or replace into articles (rowid, id, title, published_at) "
            "values ((select rowid from articles where id = ?), ?, 'x', '')",
            [one, f"r{number}"],
        ),
    ]
    conn.execute(*dice.choice(statements))


@pytest.mark.parametrize("recursive", [False, True])
def test_exact_after_random_edits(news: Path, recursive: bool) -> None:
    dice = random.Random(recursive)
    known = None
    with closing(sqlite3.connect(news)) as conn:
        conn.execute(f"pragma recursive_triggers = {recursive}")
        for number in range(EDITS):
            edit(conn, dice, number)
            conn.commit()
            if number % 9 == 0:
                known = assert_exact(conn, known)
            if number % 60 == 0:  # as an import ends
                assert facet_index.keep(conn)
                conn.commit()
                assert (
                    conn.execute(f"select count(*) from {facet_index_schema.LOG}").fetchone()[0]
                    <= 1
                )
                assert_exact(conn)
                assert_exact(conn, known)


def test_what_is_rolled_back_was_never_there(news: Path) -> None:
    with closing(sqlite3.connect(news)) as conn:
        before = by_sql(conn)
        conn.execute("delete from articles where heat > 50")
        assert by_index(assert_exact(conn)) != before
        conn.rollback()
        assert by_index(assert_exact(conn)) == before


def test_exact_after_sqlite_utils(news: Path) -> None:
    db = Database(news)
    first, second = (row["id"] for row in db.query("select id from articles limit 2"))
    row = {"id": first, "title": "x", "published_at": "2024-05-05", "heat": 3}
    db.table("articles").upsert(row, pk="id")
    db.table("articles").insert({**row, "id": second}, replace=True)
    db.table("articles").insert({**row, "id": "another"})
    db.table("articles").delete(first)
    db.vacuum()
    assert_exact(db.conn)
    db.close()


def test_what_changes_no_facet_is_not_written_down(news: Path) -> None:
    with connected(news) as conn:
        conn.execute("update articles set title = 'another', body = 'text'")
        assert conn.execute(f"select count(*) from {facet_index_schema.LOG}").fetchone()[0] == 0


def transform(news: Path) -> None:
    db = Database(news)
    db.table("articles").transform(rename={"excerpt": "summary"})
    db.close()


def restore(news: Path) -> None:
    """From a dump, which numbers rows anew."""
    with closing(sqlite3.connect(news)) as conn:
        conn.execute("delete from articles where rowid < 20")
        conn.commit()
        facet_index.keep(conn)
        conn.commit()
        conn.execute("drop table articles_fts")
        dump = "\n".join(line for line in conn.iterdump() if "sqlite_sequence" not in line)
    news.unlink()
    with closing(sqlite3.connect(news)) as conn:
        conn.executescript(dump)


def change_too_much(news: Path) -> None:
    with connected(news) as conn:
        for _ in range(facet_index.MOST_CHANGES // (2 * ARTICLES) + 1):
            conn.execute("update articles set heat = coalesce(heat, 0) + 1")


def drop_a_trigger(news: Path) -> None:
    with connected(news) as conn:
        conn.execute(f"drop trigger {next(iter(facet_index_schema.TRIGGERS))}")


def lame_a_trigger(news: Path) -> None:
    with connected(news) as conn:
        name, sql = next(iter(facet_index_schema.TRIGGERS.items()))
        conn.execute(f"drop trigger {name}")
        conn.execute(f"{sql.partition(' begin ')[0]} begin select 1; end")


def age(news: Path) -> None:
    with connected(news) as conn:
        conn.execute(f"update {facet_index_schema.STATE} set build = '0:' || substr(build, 3)")


LOSSES = (transform, restore, change_too_much, drop_a_trigger, lame_a_trigger, age)


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
def test_what_cannot_be_followed_is_not_trusted(news: Path, lose: Any) -> None:
    with connected(news) as conn:
        known = facet_index.current(conn)
    lose(news)
    with connected(news) as conn:
        assert facet_index.current(conn) is None
        if lose is not lame_a_trigger:  # of a known index only the number of them is looked at
            assert facet_index.current(conn, known) is None
    if lose is transform:
        return  # it is no archive any more
    with connected(news) as conn:
        assert facet_index.keep(conn)
        assert_exact(conn)


def test_a_facet_with_too_many_values_is_left_to_sql(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facet_index, "MOST_VALUES", 60)
    with connected(news) as conn:
        assert facet_index.build(conn)
        index = facet_index.current(conn)
        assert index is not None
        assert "topics" in index.facets
        assert not {"day", "heat"} & set(index.facets)
        numbers = "select distinct facet from newsfeed_facet_index"
        assert ("heat",) not in conn.execute(numbers).fetchall()


@pytest.mark.parametrize("number", [-1, 2**32])
def test_row_numbers_that_fit_no_set(news: Path, number: int) -> None:
    with connected(news) as conn:
        conn.execute("update articles set rowid = ? where rowid = 1", [number])
        assert facet_index.current(conn) is None
        assert not facet_index.keep(conn)
        assert not facet_index.exists(conn)


# -- the importer -------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if some articles were enough to have an index."""
    monkeypatch.setattr(facet_index, "PAYS_FROM", 3)


def records(folder: Path, numbers: range, heat: int = 5) -> None:
    for number in numbers:
        lines = (f"heat: {heat}", f"topics: [All, T{number % 2}]", "publishedDateTime: 2024-01-02")
        write(folder / f"{number}.md", record(f"Title {number}", *lines))


@pytest.mark.usefixtures("small")
def test_the_importer_keeps_it(tmp_path: Path) -> None:
    db, folder = tmp_path / "news.db", tmp_path / "records"
    records(folder, range(2))
    import_report(db, folder)
    with connected(db) as conn:
        assert not facet_index.exists(conn)  # SQL is fast enough for two
    records(folder, range(5))
    import_report(db, folder)
    with connected(db) as conn:
        assert by_index(assert_exact(conn))["topics"] == {"All": 5, "T0": 3, "T1": 2}
    records(folder, range(3), heat=7)
    (folder / "4.md").unlink()
    import_report(db, folder, "--prune")
    with connected(db) as conn:
        known = assert_exact(conn)
        assert known.facets["heat"].keys() == {5, 7}
        assert (
            known.seq
            == conn.execute(f"select seq from {facet_index_schema.STATE}").fetchone()[0]
            > 0
        )
        conn.execute("delete from article_topics where article_id = '0'")
    import_report(db, folder)  # nothing to read, but another program wrote
    with connected(db) as conn:
        assert conn.execute(f"select count(*) from {facet_index_schema.LOG}").fetchone()[0] <= 1
        assert_exact(conn)


@pytest.mark.usefixtures("small")
def test_a_large_import_makes_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db, folder = tmp_path / "news.db", tmp_path / "records"
    records(folder, range(4))
    import_report(db, folder)
    with connected(db) as conn:
        known = assert_exact(conn)
    monkeypatch.setattr(facet_index, "MOST_FILES", 3)
    records(folder, range(9))
    import_report(db, folder)
    with connected(db) as conn:
        assert assert_exact(conn, known).build != known.build


@pytest.mark.usefixtures("small")
def test_what_is_published_has_it(tmp_path: Path) -> None:
    db, folder, public = tmp_path / "news.db", tmp_path / "records", tmp_path / "public.db"
    records(folder, range(5))
    import_report(db, folder)
    assert newsfeed("prepare", db, public).status == 0
    uri = f"{public.as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        assert_exact(conn)


# -- pages --------------------------------------------------------------------

FACETS = (
    "_facet=provider_id&_facet=type&_facet=quality&_facet_topic=topics&_facet_band=heat"
    "&_facet_band=quality&_facet_period=published_at&_facet_presence=image"
    "&_facet_presence=related&_nosuggest=1&_size=5&_facet_size=7"
)
FILTERS = (
    "",
    "_topic=Harbour",
    "_topic=Small+topic+44",
    "_topic=Nothing+has+it",
    "_related=0",
    "provider_id=ridge.example",
    "provider_id__in=ridge.example,canal.example",
    "type__not=video",
    "type__isblank=1",
    "type__contains=ID",
    "heat__gte=25&heat__lt=50",
    "heat__lt=0",
    "heat=99",
    "heat__isblank=1",
    "quality__gt=50.5",
    "published=1",
    "image_id__notblank=1",
    "image_id__isblank=1",
    "image_id=image-3",
    "published_at__gte=2019",
    "published_at__lt=2021-04-05",
    "published_at__gt=2021-04-05",
    "published_at__lte=2021-04-05",
    "published_at__gte=2021-04-05T12:00:00Z",
    "published_at__gte=2021-04-01&published_at__lt=2021-05-01",
    "published_at__isblank=1",
    "published_at__date=2021-04-07",
    "_search=harbour+tide",
    "_search=ferry",
    "_search_title=tram",
    "title__contains=or",
    "_where=heat+between+10+and+60",
    "_where=type+%3D+'video'+or+quality+>+50",
    "_where=title+like+'%25)%25'+or+1",
    "_where=id+in+(select+article_id+from+article_topics+where+position+%3D+2)",
)


async def shown(site: Any, query: str) -> Any:
    response = await site.client.get(f"/news/articles.json?{FACETS}&{query}")
    if response.status_code != 200:
        return response.status_code
    found = response.json()["facet_results"]
    return {
        name: [facet["type"], facet["truncated"], facet["results"]]
        for name, facet in found.get("results", found).items()
    }


def pairs_of_filters() -> list[str]:
    dice = random.Random(7)
    both = ["&".join(pair) for pair in itertools.combinations(FILTERS[1:], 2)]
    return [*FILTERS, *dice.sample(both, 60)]


async def test_pages_are_those_of_sql(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain" / "news.db"
    plain.parent.mkdir()
    shutil.copy(news, plain)
    with connected(plain) as conn:
        facet_index.drop(conn)
    used: list[str] = []
    find = indexed_counts.find_tally

    async def spied(*arguments: Any) -> Any:
        found = await find(*arguments)
        used.append("index" if found else "sql")
        return found

    for module in ("base", "columns"):
        monkeypatch.setattr(f"datasette_newsfeed.pages.facets.{module}.find_tally", spied)
    with_index, without = (open_site(path) for path in (news, plain))
    for number, query in enumerate(pairs_of_filters()):
        used.clear()
        by_its_index = await shown(with_index, query)
        assert set(used) == {"index"}, query
        assert by_its_index == await shown(without, query), query
        if number % 10 == 5:
            with closing(sqlite3.connect(news)) as one, closing(sqlite3.connect(plain)) as other:
                for conn in (one, other):
                    conn.execute("update articles set heat = 77 where rowid = ?", [number])
                    conn.execute("delete from article_topics where position = ?", [number % 3])
                    conn.commit()


@pytest.mark.parametrize(
    "page", ["topics/Harbour", "topics/Small+topic+2", "providers/ridge~2Eexample"]
)
async def test_pages_of_topics_and_providers_are_those_of_sql(news: Path, page: str) -> None:
    one = (await open_site(news).client.get(f"/news/{page}")).text
    with connected(news) as conn:
        facet_index.drop(conn)
    other = (await open_site(news).client.get(f"/news/{page}")).text
    bars = [re.findall(r"<a\b[^>]*published_at__gte.*?</a>", text, re.S) for text in (one, other)]
    assert bars[0]
    assert bars[0] == bars[1]


async def test_the_second_page_counts_what_the_first_does(news: Path) -> None:
    site = open_site(news)
    query = "type=video&_sort_desc=published_at"
    response = await site.client.get(f"/news/articles.json?{query}&_size=5")
    following = f"{query}&_next={response.json()['next']}"
    counted = [
        {name: [(v["value"], v["count"]) for v in facet[2]] for name, facet in found.items()}
        for found in (await shown(site, query), await shown(site, following))
    ]
    assert counted[0] == counted[1]


async def test_rows_are_found_once_a_page(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = indexed_counts._rows
    monkeypatch.setattr(indexed_counts, "_rows", lambda *a: asked.append(a[2]) or find(*a))
    site = open_site(news)
    query = "title__contains=or"
    assert len(await shown(site, query)) > 7
    assert len(asked) == 1
    await shown(site, f"{query}&_sort=heat")  # the same filters in another order
    assert len(asked) == 1
    with connected(news) as conn:
        conn.execute("delete from articles where id like '%or%'")
    await shown(site, query)
    assert len(asked) == 2


async def test_sets_that_are_kept_are_bounded(news: Path) -> None:
    site = open_site(news)
    for number in range(indexed_counts.MOST_KEPT + 9):
        await shown(site, f"heat__gte={number}")
    (shelf,) = indexed_counts._shelves[site].values()
    assert len(shelf.sets) == indexed_counts.MOST_KEPT


async def test_without_trust_pages_count_by_sql_and_say_so_once(
    news: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = open_site(news)
    before = await shown(site, "_topic=Harbour")
    drop_a_trigger(news)
    with caplog.at_level(logging.WARNING):
        assert await shown(site, "_topic=Harbour") == before
        await shown(site, "_topic=Weather")
    assert [each.message for each in caplog.records if "facet index" in each.message] == [
        "The facet index of news does not agree with its tables any more; facets are counted "
        "by SQL until the next `newsfeed import`"
    ]


async def test_a_row_set_that_takes_too_long_times_every_facet_out_once(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexed_counts, "BUDGET", 0)
    monkeypatch.setattr(index_conditions.Clock, "SELDOM", 50)
    site = open_site(news, settings={"facet_time_limit_ms": 200})
    query = "_where=(select+count(*)+from+articles+a,+articles+b)+>+1&_nosuggest=1"
    response = await site.client.get(f"/news/articles?{query}")
    late = response.text.partition("These facets timed out: ")[2].partition("</p>")[0]
    assert set(late.replace(" ", "").split(",")) == {
        *("topics(topic)", "provider_id", "type", "published_at(period)"),
        *("heat(band)", "image(presence)", "is_headline", "language"),
    }


@pytest.mark.parametrize(
    ("query", "is_known"),
    [
        ("_topic=Harbour", True),
        ("published_at__gte=2021", True),
        ("body__like=%25e______%25", False),
        ("_topic=Harbour&title__glob=*a*", False),
        ("_search=tide", False),
        ("_where=length(body)+>+1", False),
        ("type__like=%25e%25", False),  # compared by a connection of its own
    ],
)
async def test_the_clock_is_looked_at_often_where_a_row_may_cost_anything(
    query: str, is_known: bool, news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: list[int] = []
    watch = index_conditions.Clock.watch

    def note(
        clock: Any, conn: sqlite3.Connection, steps: int = index_conditions.Clock.OFTEN
    ) -> None:
        watched.append(steps)
        watch(clock, conn, steps)

    monkeypatch.setattr(index_conditions.Clock, "watch", note)
    await shown(open_site(news), query)
    assert watched[0] == 200_000
    assert min(watched) == (200_000 if is_known else 1_000), "as often as Datasette"


async def test_hundreds_of_comparisons_end_in_time(
    news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    values_with = index_conditions._values_with

    def slow(column: str, *rest: Any) -> list[Any]:
        compared.append(column)
        rest[-1]._end = 0  # the time is over
        return values_with(column, *rest)

    monkeypatch.setattr(index_conditions, "_values_with", slow)
    query = "&".join(f"type__like=%25{n}%25" for n in range(100))
    site = open_site(news, settings={"facet_time_limit_ms": 200})
    page = await site.client.get(f"/news/articles?{query}&_nosuggest=1")
    assert "These facets timed out" in page.text
    assert len(compared) == 2  # for the rows of the page, and for its facets
    clock = index_conditions.Clock(0)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        values_with("type", ["a"] * 50_000, "type like :p", {"p": "%b%"}, clock)


async def test_nobody_sees_the_tables_of_the_index(news: Path) -> None:
    """They hold names of topics, whoever may see topics."""
    site = open_site(news)
    listed = (await site.client.get("/news.json")).json()["tables"]
    assert not {each["name"] for each in listed if not each["hidden"]} & set(
        facet_index_schema.TABLES
    )
    for table in facet_index_schema.TABLES:
        assert (await site.client.get(f"/news/{table}.json")).status_code == 403
        assert (await site.client.get(f"/news/{table}")).status_code == 403
    assert set(facet_index_schema.TABLES) <= set(default_metadata.of_database("news")["tables"])


# -- conditions ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "parts"),
    [
        ("a = 1", ["a = 1"]),
        ("a = 1 and b = 'x and y' AND (c or d)", ["a = 1", "b = 'x and y'", "(c or d)"]),
        ('"a and b" = :p0 and [c and d] = :p1', ['"a and b" = :p0', "[c and d] = :p1"]),
        ("a = 1 and b = 2 or c = 3", ["a = 1 and b = 2 or c = 3"]),
        ("a between 1 and 2 and b", ["a between 1 and 2 and b"]),
        ("case when a and b then 1 end", ["case when a and b then 1 end"]),
        ("exists (select 1 limit 1) and b", ["exists (select 1 limit 1)", "b"]),
        ("a limit 5", None),
        ("a union select 1", None),
        ("a group by b", None),
        ("a -- and b", None),
        ("a /* and */ and b", None),
        ("a) or (b", None),
        ("(a", None),
        ("a = 'open and b", None),
    ],
)
def test_conditions_are_taken_apart(where: str, parts: list[str] | None) -> None:
    assert sql_conditions.split(where) == parts


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 1000])
def test_row_numbers_are_read_piece_by_piece(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facet_index, "PARSED_AT_ONCE", at_once)
    with closing(sqlite3.connect(":memory:")) as connection:
        for most in (0, 1, 9, 10, 11, 120):
            sql = (
                "with recursive c (n) as (select 1 union all select n + 1 from c where n < 130) "
                f"select n from c where n <= {most}"
            )
            assert list(facet_index.rows_of(connection, sql)) == list(range(1, most + 1))
