"""Full text: which words find an article, by both searches; that the index follows every change.

The right values are those of a reader: what stands on the page is found, what does not is not.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import sqlite_utils
from commands import assert_sound, import_report, newsfeed, record, write
from datasette.utils import escape_fts, tilde_decode
from facet_archive import build
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pages_site import open_site
from share import tries

from datasette_newsfeed import schema
from datasette_newsfeed.full_text import index, prefix_search, query, tables
from datasette_newsfeed.full_text.highlights import find_marks, located_terms
from datasette_newsfeed.full_text.index_terms import indexed, terms_in
from datasette_newsfeed.full_text.letter_folding import fold
from datasette_newsfeed.full_text.plain_text import plain_text

HIT = re.compile(r'<h2 class="newsfeed-hit-title"><a href="[^"]*/articles/([^"?]*)[^"]*">')

TITLES = {
    "quake": "東日本大震災から10年、ＡＩが地震を予測",
    "chinese": "中国科学家发现新的量子材料",
    "korean": "대통령이 지진 피해지역을 방문했다",
    "thai": "แผ่นดินไหวรุนแรงที่ประเทศญี่ปุ่น",
    "island": "Sølmøy får ny ferge",
    "lodz": "Łódź opens its tram",
    "street": "Die Straße am Fluß",
    "works": "Œuvres complètes en bœuf",
    "danang": "Đà Nẵng bridges",
    "decomposed": unicodedata.normalize("NFD", "Évrenne café déjà vu"),
    "hyphen": "Soft\u00adware and wind\u00admills",
    "kanji-mix": "Windows版の第3回大会",
    "halfwidth": "ｶﾞﾗｽの灯台",
    "hindi": "हिन्दी में समाचार",
    "plain": "The harbour lights of Marenholt",
    "hangul-nfd": unicodedata.normalize("NFD", "서울시 버스"),
}
MARKUP = """<p class="strong lead" style="color:red">
A <strong>Kite</strong>flyer's <em>b</em>ook.</p>
<p>First.</p><p>Second.</p><!-- hidden comment --><script>var invisible = 1</script>

See [the plans](https://target.example/secretpath "tooltip") and ![a drawing](picturefile.png).

Use `<blockquote>` or Vec<Widget> &amp; caf&eacute;; **un**bound. Profit <EUR 5m more.

[ref]: https://definition.example/

```html
<figcaption>inside code</figcaption>
```
"""

# What is typed, and what it finds, in any order.
FOUND: list[tuple[str, set[str]]] = [
    ("地震", {"quake"}),
    ("震災", {"quake"}),
    ("大震災", {"quake"}),
    ("東日本大震災", {"quake"}),
    ("本日", set()),
    ("震", {"quake"}),
    ("測", {"quake"}),
    ("AI 地震", {"quake"}),
    ("量子", {"chinese"}),
    ("科学家发现", {"chinese"}),
    ("지진", {"korean"}),
    ("대통령", {"korean"}),
    ("피해", {"korean"}),
    ("แผ่นดินไหว", {"thai"}),
    ("ญี่ปุ่น", {"thai"}),
    ("ประเทศ", {"thai"}),
    ("ดินไหว", {"thai"}),
    ("solmoy", {"island"}),
    ("SØLMØY", {"island"}),
    ("lodz", {"lodz"}),
    ("Łódź", {"lodz"}),
    ("łodz", {"lodz"}),
    ("strasse", {"street"}),
    ("Straße", {"street"}),
    ("fluss", {"street"}),
    ("oeuvre", {"works"}),
    ("œuvres", {"works"}),
    ("boeuf", {"works"}),
    ("da nang", {"danang"}),
    ("Đà Nẵng", {"danang"}),
    ("Évrenne", {"decomposed"}),
    ("evrenne", {"decomposed"}),
    (unicodedata.normalize("NFD", "café"), {"decomposed", "markup"}),
    ("software", {"hyphen"}),
    ("wind\u00admill", {"hyphen"}),
    ("soft", set()),
    ("windows", {"kanji-mix"}),
    ("第3回", {"kanji-mix"}),
    ("3回大会", {"kanji-mix"}),
    ("windows版", {"kanji-mix"}),
    ("ガラス", {"halfwidth"}),
    ("灯台", {"halfwidth"}),
    ("हिन्दी", {"hindi"}),
    ("서울", {"hangul-nfd"}),
    ("버스", {"hangul-nfd"}),
    # Markup.
    ("class", set()),
    ("strong", set()),
    ("style", set()),
    ("invisible", set()),
    ("comment", set()),
    ("kiteflyer", {"markup"}),
    ("book", {"markup"}),
    ("first second", {"markup"}),
    ("secretpath", set()),
    ("tooltip", set()),
    ("picturefile", set()),
    ("definition", set()),
    ("plans drawing", {"markup"}),
    ("blockquote", {"markup"}),
    ("widget", {"markup"}),
    ("vec", {"markup"}),
    ("café", {"markup", "decomposed"}),
    ("unbound", {"markup"}),
    ("EUR 5m more", {"markup"}),
    ("figcaption", {"markup"}),
    # Syntax.
    ('"harbour lights"', {"plain"}),
    ('"lights harbour"', set()),
    ("“harbour lights”", {"plain"}),
    ("harbour -lights", set()),
    ("opens OR bridges", {"lodz", "danang"}),
    ("harbour lights OR lodz tram", {"plain", "lodz"}),
    ("lodz OR harbour -lights", {"lodz"}),
    ("opens OR bridges -nang", {"lodz"}),
    ('bridges OR -"a"', set(TITLES)),
    ("marenh*", {"plain"}),
    ("harb* lig*", {"plain"}),
    ("mar*ren", set()),
    ("bridges AND nang", {"danang"}),
    ("harbour OR", {"plain"}),
    ("OR harbour", {"plain"}),
    ('"harbour lights', {"plain"}),
    ("harbours", {"plain"}),
    ("-harbour -地震", set(TITLES) - {"plain", "quake"} | {"markup"}),
    ('-"harbour lights" -kiteflyer', set(TITLES) - {"plain"}),
    ("地* -量", {"quake"}),
    ("title:harbour", set()),
    ("(harbour)", {"plain"}),
    ("", set()),
    ('"', set()),
    ("***", set()),
    ("👍 harbour", {"plain"}),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full-text")
    for number, (key, title) in enumerate(TITLES.items()):
        day = f"publishedDateTime: 2024-05-{number + 1:02}"
        write(folder / f"records/{key}.md", record(title, day))
    write(folder / "records/markup.md", record("Of markup", body=MARKUP))
    assert newsfeed("import", folder / "news.db", folder / "records").status == 0
    assert_sound(folder / "news.db")
    return folder / "news.db"


async def rows_of(datasette: Any, words: str, database: str = "news", **more: str) -> set[str]:
    path = f"/{database}/articles.json?_shape=array&_size=max&_search={quote_plus(words)}"
    path += "".join(f"&{key}={value}" for key, value in more.items())
    response = await datasette.client.get(path)
    assert response.status_code == 200, (words, response.text)
    return {row["id"] for row in response.json()}


async def hits_of(datasette: Any, words: str, database: str = "news") -> set[str]:
    response = await datasette.client.get(f"/{database}/-/newsfeed/search?q={quote_plus(words)}")
    assert response.status_code == 200, (words, response.text)
    return {tilde_decode(key) for key in HIT.findall(response.text)}


@pytest.mark.parametrize(("words", "ids"), FOUND, ids=[ascii(words)[:30] for words, _ in FOUND])
async def test_both_searches_find_what_readers_see(
    archive: Path, words: str, ids: set[str]
) -> None:
    datasette = open_site(archive)
    assert await hits_of(datasette, words) == ids
    if words:  # an empty `_search` is no search
        assert await rows_of(datasette, words) == ids


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        ("地震", ["地震"]),
        ("大震災", ["大震災"]),
        ("ญี่ปุ่น", ["ญี่ปุ่น"]),
        ("lodz tram", ["Łódź", "tram"]),
        ("software", ["Soft\u00adware"]),
        ("ガラス", ["ｶﾞﾗｽ"]),
        ("oeuvre", ["Œuvres"]),
        ("evrenne", [unicodedata.normalize("NFD", "Évrenne")]),
        ("서울", [unicodedata.normalize("NFD", "서울")]),
        ("第3回", ["第3回"]),
    ],
)
async def test_what_was_found_is_marked_as_it_is_written(
    archive: Path, words: str, marked: list[str]
) -> None:
    response = await open_site(archive).client.get(f"/news/-/newsfeed/search?q={quote_plus(words)}")
    title = response.text.partition("newsfeed-hit-title")[2].partition("</h2>")[0]
    assert re.findall("<mark>(.*?)</mark>", title) == marked


# -- text, terms, syntax ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<p>First.</p><p>Second.</p>one<br>two", "First. Second. one two"),
        ("<b>K</b>ite <span>a</span>b", "Kite ab"),
        ("Vec<T> <desk@news.example> <EUR 5m", "Vec<T> <desk@news.example> <EUR 5m"),
        ("<a href=\"x>y\" title='p>'>z</a>", "z"),
        ("<my-player src='x'>a</my-player><o:p>b</o:p>", "ab"),
        ("a<!-- <p>b</p> -->c", "ac"),
        ("a <!-- never closed", "a <!-- never closed"),
        ("<STYLE>p {}</STYLE>a<script >x</script>b", "ab"),
        ("&lt;strong&gt; &amp; AT&amp;T", "<strong> & AT&T"),
        ("<td>a</td><td>b</td>", "a b"),
        ("a < b and c > d", "a < b and c > d"),
        ("", ""),
    ],
)
def test_text_without_html(text: str, shown: str) -> None:
    assert " ".join(plain_text(text).split()) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# A *b* **c** ~~d~~ __e__ snake_case", "A b c d e snake_case"),
        ("**bo**ld 地**震**", "bold 地震"),
        ("[a](http://x.example/(y)) [b](<z z>) [c](u 'v')", "a b c"),
        ("![alt](x.png)", "alt"),
        ("[a][1] [b]\n\n[1]: http://x.example", "a b"),
        ("> a\n- b\n* c\n\n---\n| d | e |", "a b c d | e |"),
        ("`<b>` ``x`y`` **`*c*`**", "<b> x`y *c*"),
        ("```html\n<b>x</b>\n```\n<b>y</b>", "<b>x</b> y"),
        ("~~~\n<b>\n", "<b>"),
        (r"\*a\* 2\_b", "*a* 2_b"),
    ],
)
def test_text_without_markdown(text: str, shown: str) -> None:
    assert " ".join(plain_text(text, is_markdown=True).split()) == shown


@given(st.text(st.sampled_from("<>!-/ap\"'=`*_~[]()\\&;#|\n é地")))
@settings(max_examples=tries(300, 2000))
def test_any_markup_is_read(text: str) -> None:
    for is_markdown in (False, True):
        assert isinstance(plain_text(text, is_markdown=is_markdown), str)


def test_terms() -> None:
    assert [term for term, _, _ in terms_in(fold("地震速報 AI"))] == [
        "地震",
        "震速",
        "速報",
        "報",
        "ai",
    ]
    assert indexed("Plain ASCII, as it is") == "Plain ASCII, as it is"
    assert fold("Ёлка İŞ ½ x²").split() == ["елка", "is", "1", "2", "x2"]
    assert fold("a\u200bb\u00adc\ufeffd e\u0301") == "abcd e"


@given(st.text(max_size=60))
@example("ｶﾞｶﾞ")
@example("각ᆨ")
@settings(max_examples=tries(300, 2000))
def test_places_of_terms_lie_within_the_text_in_order(text: str) -> None:
    places = [(start, end) for _, start, end in located_terms(text)]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places, key=lambda place: place[0])


@pytest.mark.parametrize(
    ("typed", "expression"),
    [
        ("wind farm", '("wind" AND "farm")'),
        ('"wind farm"', '("wind farm")'),
        ("wind -farm", '(("wind") NOT ("farm"))'),
        ('wind -"farm land"', '(("wind") NOT ("farm land"))'),
        ("a b OR c", '("a" AND "b") OR ("c")'),
        ("wind*", '("wind"*)'),
        ("地震", '("地震")'),
        ("地", '("地"*)'),
        ("low-code", '("low code")'),
        ("a a", '("a")'),
        ("-wind", f'(("{tables.EVERY_ARTICLE}") NOT ("wind"))'),
    ],
)
def test_syntax(typed: str, expression: str) -> None:
    assert query.to_fts5(typed) == expression


WORDS = """
animals national university happiness running cities ferries studies hopping generally argument
possibility connected differently relational sensibilities electricity agreed plastered motoring
conflated sized falling hissing failing filing triplicate formative callousness adoption revival
allowance inference airliner adjustable defensible irritant replacement adjustment dependent
bowdlerize effective rating ceased controlling rolled news harbour lighthouse dying
"""


def test_the_beginning_of_a_word_finds_it() -> None:
    """The index has stems: `anim` of animals. Each beginning of each word finds it all the same."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f'create virtual table t using fts5(x, tokenize="{tables.TOKENIZER}")')
        conn.executemany("insert into t values (?)", [(word,) for word in WORDS.split()])
        missed = [
            (word, word[:length])
            for word in WORDS.split()
            for length in range(1, len(word) + 1)
            if (word,)
            not in conn.execute(
                "select x from t where t match ?", [query.to_fts5(word[:length] + "*")]
            ).fetchall()
        ]
    assert missed == []
    assert prefix_search.words_of_shorter_stems("anima") == ("animabilities",)  # as stemmed: anim


# -- nothing that is typed is an error ----------------------------------------

TYPED = st.one_of(
    st.text(st.sampled_from("\"'()*^:-+{}|,. \n\t\0abANDORNEAR\x02é新ไ\ue001\\"), max_size=40),
    st.text(max_size=40),
    st.lists(st.sampled_from(["OR", "AND", "NOT", "a", '"', "-", "*", "b*", "地", "(", ")"])).map(
        " ".join
    ),
)


@given(typed=TYPED)
@example('"')
@example("OR OR")
@example('- * " OR -')
@example("a " * 5_000)
@example("a OR " * 5_000)
@example('-"a" ' * 5_000)
@settings(max_examples=tries(400, 2000))
def test_any_input_is_a_valid_expression(archive: Path, typed: str) -> None:
    expression = query.to_fts5(typed)
    with closing(sqlite3.connect(archive)) as conn:
        for column in ("articles_fts", *tables.COLUMNS):
            sql = f"select count(*) from articles_fts where {column} match ?"
            assert conn.execute(sql, [expression]).fetchone()[0] >= 0
    find_marks([["a 地 b", "", typed]], expression)


@given(title=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@example("ﬁne ǅ ŉ")
@example("น้ำ กำ")
@example("ᄀ각가")
@settings(max_examples=tries(400, 2000))
def test_every_word_of_a_title_finds_it(title: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f'create virtual table t using fts5(x, tokenize="{tables.TOKENIZER}")')
        conn.execute("insert into t values (?)", [indexed(title)])
        words = [title, *title.split()]
        for typed in words:
            plain = re.sub(r'["“”„‟＂«»]', " ", typed)
            expression = query.to_fts5(f'"{plain}"')
            if not query.read(f'"{plain}"').is_empty and len(plain.split()) == len(typed.split()):
                sql = "select count(*) from t where t match ?"
                assert conn.execute(sql, [expression]).fetchone() == (1,), (typed, expression)


@pytest.mark.parametrize("typed", ['"', "OR", "-", "*", "a OR", '-"', "(", "NEAR(", "\0", "^a"])
@pytest.mark.parametrize("more", [{}, {"_searchmode": "escaped"}])
async def test_the_search_box_of_the_table_never_fails(
    archive: Path, typed: str, more: dict[str, str]
) -> None:
    datasette = open_site(archive)
    await rows_of(datasette, typed, **more)
    for suffix in ("", ".json", ".csv", ".atom"):
        path = f"/news/articles{suffix}?_search={quote_plus(typed)}&_facet_topic=topics"
        assert (await datasette.client.get(path)).status_code == 200
    path = f"/news/articles.json?_search_title={quote_plus(typed)}"
    assert (await datasette.client.get(path)).status_code == 200


# -- other databases, other tables, older archives ----------------------------


async def test_other_databases_keep_datasettes_own_reading(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    db = sqlite_utils.Database(other)
    db.table("articles").insert({"id": 1, "title": "Teams and Slack"}, pk="id")
    db.table("articles").enable_fts(["title"])
    db.close()
    datasette = open_site(archive, other)
    typed = 'Teams -Slack OR "x'

    async def escaped(database: str) -> str:
        result = await datasette.get_database(database).execute("select escape_fts(?)", [typed])
        return str(result.rows[0][0])

    await datasette.invoke_startup()
    assert await escaped("other") == escape_fts(typed)
    assert await escaped("news") == query.to_fts5(typed)
    assert await rows_of(datasette, "Teams -Slack", "other") == {1}


async def test_datasette_finds_the_full_text_of_articles(archive: Path) -> None:
    datasette = open_site(archive)
    assert await datasette.get_database("news").fts_table("articles") == "articles_fts"
    db = sqlite_utils.Database(archive)
    assert db.table("articles").detect_fts() == "articles_fts"
    assert [row["id"] for row in db.table("articles").search("lodz")] == ["lodz"]
    db.close()


def as_older_version(path: Path) -> None:
    """Give an archive the full text that schema 2 had."""
    db = sqlite_utils.Database(path)
    for name in tables.TRIGGERS:
        db.execute(f"drop trigger if exists {name}")
    db.execute(f"drop table {tables.LOG}")
    db.execute(f"drop table {tables.TABLE}")
    db.table("articles").enable_fts(
        tables.COLUMNS, create_triggers=True, tokenize="porter unicode61 remove_diacritics 2"
    )
    db.execute("pragma user_version = 2")
    db.close()


async def test_an_archive_of_an_older_version_is_searched_as_before(
    archive: Path, tmp_path: Path
) -> None:
    old = tmp_path / "news.db"
    with closing(sqlite3.connect(archive)) as here, closing(sqlite3.connect(old)) as there:
        here.backup(there)
    as_older_version(old)
    datasette = open_site(old)
    for words, ids in {
        "harbour": {"plain"},
        "Łódź": {"lodz"},
        "Straße": {"street"},
        "evrenne": {"decomposed"},
        "class": {"markup"},
        "หิว": set(),
        "harbour -lights": set(),
        "marenh*": {"plain"},
        '"': set(),
        TITLES["chinese"]: {"chinese"},
    }.items():
        assert await rows_of(datasette, words) == await hits_of(datasette, words) == ids, words
    # The next command makes it anew, from the rows alone.
    assert newsfeed("relate", old).status == 0
    assert_sound(old)
    assert await rows_of(open_site(old), "class") == set()
    assert await rows_of(open_site(old), "地震") == {"quake"}


@pytest.fixture
def prepared(archive: Path, tmp_path: Path) -> Path:
    old, out = tmp_path / "news.db", tmp_path / "out.db"
    with closing(sqlite3.connect(archive)) as here, closing(sqlite3.connect(old)) as there:
        here.backup(there)
    as_older_version(old)
    assert newsfeed("prepare", old, out, "--filter", "published_at__gte=2024-05-03").status == 0
    assert_sound(out)
    return out


async def test_what_an_older_version_made_is_prepared(prepared: Path) -> None:
    datasette = open_site(prepared)
    assert await rows_of(datasette, "대통령", "out") == {"korean"}
    assert await rows_of(datasette, "地震", "out") == set()
    assert await hits_of(datasette, "lodz", "out") == {"lodz"}


@pytest.mark.parametrize("name", [*tables.CLOSED, "articles_fts_data"])
async def test_helper_tables_are_closed(archive: Path, name: str) -> None:
    datasette = open_site(archive)
    status = (await datasette.client.get(f"/news/{name}")).status_code
    assert status in (403, 404) if name in tables.CLOSED else status
    tables_shown = (await datasette.client.get("/news.json")).json()["tables"]
    assert not [each for each in tables_shown if each["name"] == name and not each["hidden"]]


# -- the index follows ---------------------------------------------------------

TEXTS = st.sampled_from(
    [
        "plain words",
        "<b>Bold</b> text",
        "Łódź ist schön",
        "地震速報です",
        "a & b",
        "runs ran",
        "",
        "*x*",
    ]
)
KEYS = st.sampled_from("abc")
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "delete", "upsert", "ours"]), KEYS, TEXTS, TEXTS
    ),
    max_size=12,
)


@given(CHANGES)
@example([("ours", "a", "<b>x</b>", ""), ("delete", "a", "", ""), ("insert", "a", "地震", "")])
@example([("ours", "a", "<b>", ""), ("update", "a", "<i>", ""), ("update", "a", "plain", "")])
@settings(max_examples=tries(150, 2000))
def test_the_index_follows_whoever_writes(changes: list[tuple[str, str, str, str]]) -> None:
    db = sqlite_utils.Database(memory=True)
    schema.create(db)
    for how, key, title, body in changes:
        row = {"id": key, "title": title, "body": body, "published_at": ""}
        match how:
            case "insert":
                db.table("articles").insert(row, ignore=True)
            case "update":
                db.execute(
                    "update articles set title = ?, body = ? where id = ?", [title, body, key]
                )
            case "delete":
                db.execute("delete from articles where id = ?", [key])
            case "upsert":
                db.table("articles").upsert(row, pk="id")
            case "ours":
                with db.atomic(), index.following(db.conn, f"select '{key}'"):
                    db.table("articles").upsert(row, pk="id")
        db.conn.commit()
        # What another program writes is found at once, as far as SQL can index it.
        plain = db.execute("select id from articles where title = 'plain words'").fetchall()
        sql = """select id from articles join articles_fts on articles_fts.rowid = articles.rowid
            where articles_fts match 'plain'"""
        assert set(plain) <= set(db.execute(sql))
    index.keep(db.conn)
    assert index.is_current(db.conn)
    kept = index_of(db.conn)
    db.execute("insert into articles_fts(articles_fts) values ('integrity-check')")
    index.rebuild(db.conn)
    assert index_of(db.conn) == kept
    db.close()


def index_of(conn: sqlite3.Connection) -> list[Any]:
    conn.execute(
        "create virtual table if not exists temp.terms "
        "using fts5vocab(main, articles_fts, instance)"
    )
    terms = conn.execute("select term, doc, col, offset from temp.terms order by 1, 2, 3, 4")
    return [*terms, *conn.execute("select id, sz from articles_fts_docsize order by 1")]


def test_an_index_that_another_program_rebuilt_is_made_anew(archive: Path, tmp_path: Path) -> None:
    db = tmp_path / "news.db"
    with closing(sqlite3.connect(archive)) as here, closing(sqlite3.connect(db)) as there:
        here.backup(there)
    opened = sqlite_utils.Database(db)
    opened.table("articles").rebuild_fts()
    opened.close()
    with pytest.raises(AssertionError):
        assert_sound(db)
    assert newsfeed("relate", db).status == 0
    assert_sound(db)


def test_an_import_leaves_the_terms_of_unchanged_texts_alone(tmp_path: Path) -> None:
    root, db = tmp_path / "records", tmp_path / "news.db"
    write(root / "1.md", record("地震", "heat: 10", body="<b>x</b>"))
    import_report(db, root)
    with closing(sqlite3.connect(db)) as conn:
        before = conn.execute("select * from articles_fts_data order by id").fetchall()
    write(root / "1.md", record("地震", "heat: 20", body="<b>x</b>"))
    assert import_report(db, root)["updated"] == 1
    with closing(sqlite3.connect(db)) as conn:
        assert conn.execute("select * from articles_fts_data order by id").fetchall() == before
    write(root / "1.md", record("地異", "heat: 20", body="<b>y</b>"))
    write(root / "2.md", record("Łódź"))
    import_report(db, root)
    assert_sound(db)
    (root / "1.md").unlink()
    import_report(db, root, "--prune")
    assert_sound(db)


async def test_rows_of_another_program_are_found_at_once(tmp_path: Path) -> None:
    path = build(tmp_path / "news.db", articles=0)
    db = sqlite_utils.Database(path)
    db.table("articles").insert({"id": "a", "title": "Łódź harbour", "published_at": ""})
    db.close()
    datasette = open_site(path)
    assert await rows_of(datasette, "harbour") == await rows_of(datasette, "Łódź") == {"a"}
