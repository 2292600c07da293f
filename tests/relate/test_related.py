"""What a text's terms are, which articles tell the same news, and which are alike.

The parts of `newsfeed relate`, one by one: terms, vectors, copies, clusters, the nearest.
"""

from __future__ import annotations

import importlib
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
from share import tries
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.archive.relate import (
    clusters,
    nearest,
    rules,
    run,
    stories,
    vectors,
)
from datasette_newsfeed.archive.relate.articles import NO_HASH, Articles
from datasette_newsfeed.archive.relate.clusters import Items
from datasette_newsfeed.archive.relate.rules import DAY
from datasette_newsfeed.archive.relate.vectors import Vectors
from datasette_newsfeed.vocabulary import (
    IN_TITLE,
    IS_NAME,
    MOST_TERMS,
    STEMMERS,
    Vocabulary,
    guess_language,
    is_everyday,
    small_words,
    stem,
    tokens,
)

# -- terms ----------------------------------------------------------------------


def marks(title: str, lead: str = "", language: str | None = None) -> dict[str, int]:
    vocabulary = Vocabulary()
    found = vocabulary.read(title, lead, language)
    names = {number: term for term, number in vocabulary.numbers.items()}
    return {names[number]: mark for number, mark in found.items()}


def test_marks_of_terms() -> None:
    found = marks(
        "Tidewright raises the barrage at Solmoy",
        "The gate closed. Engineers of Corvane saw 412 boats on Monday in 2026.",
    )
    assert found["tidewright"] == IN_TITLE  # the first word has a capital in any case
    assert found["solmoy"] == IN_TITLE | IS_NAME
    assert found["corvan"] == found["412"] == IS_NAME
    assert found["engin"] == found["monday"] == found["2026"] == 0
    assert not {"the", "of", "at"} & set(found)
    assert marks("Tidewright Raises The Barrage At Solmoy")["solmoy"] == IN_TITLE


def test_forms_of_one_word_meet() -> None:
    assert tokens("Tidewright’s low-code café, it's") == ["Tidewright", "low", "code", "café", "it"]
    assert stem("Cafés") == stem("cafe")
    assert stem("Häfen", "de") == stem("Hafen", "de")
    assert stem("лодками", "ru") == stem("лодка", "ru")


@pytest.mark.parametrize(
    ("language", "text", "small", "told"),
    [
        ("de", "Der Hafen von Elsinge wird für die Schleuse nicht geschlossen", "wird", "haf"),
        ("fr", "Le port d'Elsinge sera fermé pour trois semaines dans la ville", "pour", "port"),
        (
            "es",
            "La huelga de los marineros, pero también para el puerto y una ciudad",
            "para",
            "puert",
        ),
        ("ru", "Он сказал, что это было не так, как он хотел для порта", "что", "порт"),
    ],
)
def test_the_language_is_guessed_from_small_words(
    language: str, text: str, small: str, told: str
) -> None:
    assert guess_language(text.split()) == language
    assert small in small_words(language)
    assert stem(small, language) not in marks(text)
    assert told in marks(text)
    assert marks(text) == marks(text, language=language) == marks(text, language=f"{language}-XX")


def test_stems_are_the_same_in_c_and_in_python() -> None:
    compiled = pytest.importorskip("Stemmer")
    words = {word for language in STEMMERS for word in small_words(language)}
    words |= {"general", "Häfen", "лодками", "announcement", "marineros", "vergadering"}
    for name in sorted(set(STEMMERS.values())):
        module = importlib.import_module(f"snowballstemmer.{name}_stemmer")
        in_python = getattr(module, f"{name.title()}Stemmer")()
        some = sorted(words)[::23]
        in_c = compiled.Stemmer(name)
        assert in_c.stemWords(some) == [in_python.stemWord(word) for word in some], name


def test_cjk_is_read_in_pairs_of_characters() -> None:
    assert set(marks("東京都の新型AI2台")) == {"東京", "京都", "都の", "の新", "新型", "ai2", "台"}
    written: dict[int, str] = {}
    Vocabulary().read("東京都", "", written=written)
    assert list(written.values()) == ["東京", "京都"]


def test_a_text_is_read_without_markup_and_no_further_than_its_lead() -> None:
    found = marks('<p class="zebra">Quagga &amp; [okapi](https://site.example/hidden) </p>')
    assert {"quagga", "okapi"} == set(found)
    long = marks("Title", " ".join(f"Name{number}x" for number in range(5000)))
    assert len(long) == MOST_TERMS


def test_everyday_words() -> None:
    assert is_everyday("Weeks")
    assert is_everyday("announcing")
    assert not is_everyday("Corvane")


# -- vectors ----------------------------------------------------------------------


def test_the_logarithm_is_exact() -> None:
    assert [vectors.log2(2**n) for n in range(40)] == [16 * n for n in range(40)]
    assert vectors.log2(2**40 - 1) == 16 * 40 - 1
    assert vectors.log2(3, 2) == 9


def test_rare_terms_weigh_more_and_none_too_much() -> None:
    marked = Vectors()
    for number in range(40):
        put(marked, [0, 1 + number // 2, *(30 + n for n in range(number, 50))])
    weighed = weighed_of(marked)
    first = dict(weighed.row(0))
    assert 30 not in first  # only one article holds it
    assert 0 < first[0] < first[1] <= vectors.MOST_WEIGHT
    lone = Vectors()
    put(lone, [0])
    put(lone, [0])
    assert list(weighed_of(lone).weights) == [vectors.MOST_WEIGHT] * 2


def put(rows: Vectors, terms: list[int]) -> None:
    rows.append(terms, [0] * len(terms))


def weighed_of(rows: Vectors) -> Vectors:
    holders = [0] * (max(rows.terms, default=0) + 1)
    for term in rows.terms:
        holders[term] += 1
    sizes = [len(rows.terms_of(number)) for number in range(len(rows))]
    return vectors.weigh(rows, holders, sizes)


# -- copies ------------------------------------------------------------------------


def found_copies(
    texts: list[list[int]],
    *,
    times: list[int | None] | None = None,
    providers: list[int] | None = None,
    pages: list[list[int]] | None = None,
    topics: int = 0,
) -> list[list[int]]:
    """The copies among texts of terms, the last `topics` of each being topics."""
    articles = Articles(ids=[str(number) for number in range(len(texts))])
    for number, text in enumerate(texts):
        put(articles.vectors, text)
        articles.sizes.append(len(text) - topics)
        articles.pages.extend([*(pages[number] if pages else []), 0, 0][:2])
        articles.times.append(times[number] if times else number)
        articles.providers.append(providers[number] if providers else number)
    articles.hashes.extend(range(2000))
    articles.topics = {each for text in texts for each in text[len(text) - topics :]}
    for topic in articles.topics:
        articles.hashes[topic] = NO_HASH
    return stories.copies(articles)


def test_copies_are_one_group() -> None:
    text = list(range(100, 140))
    edited = [*text[:-2], 1007, 1008]
    assert found_copies([text, edited, list(range(40)), text]) == [[0, 1, 3], [2]]
    # A provider that prints a form again, and an old text.
    assert found_copies([text, text], providers=[1, 1]) == [[0], [1]]
    assert found_copies([text, text], times=[0, 6 * DAY]) == [[0], [1]]
    assert found_copies([text, text], times=[0, None]) == [[0]]
    # Short texts are alike by chance, and topics are no text.
    assert found_copies([[1, 2, 3], [1, 2, 3]]) == [[0], [1]]
    one, other = [*range(100, 107), 1, 2], [*range(100, 105), 201, 202, 1, 2]
    assert found_copies([one, one], topics=2) == [[0, 1]]
    assert found_copies([one, other], topics=2) == [[0], [1]]


def test_records_of_one_page_are_one_group() -> None:
    pages = [[5], [5, 6], [6]]
    assert found_copies([[], [], []], pages=pages, providers=[1] * 3) == [[0, 1, 2]]
    assert found_copies([[], []], pages=[[5], [6]]) == [[0], [1]]


# -- clusters ----------------------------------------------------------------------


def items(
    count: int, *, times: list[int] | None = None, providers: list[int] | None = None
) -> Items:
    return Items(
        times or [0] * count,
        providers or list(range(count)),
        [rules.BAR] * count,
        [rules.EVIDENCE // 40] * count,
    )


def found_clusters(pairs: Iterable[tuple[int, int, int]], of: Items) -> list[list[int]]:
    return list(clusters.clusters(pairs, of))


def test_a_chain_is_no_story() -> None:
    pairs = [(n + 1, n, 60_000) for n in range(9)]
    found = found_clusters(pairs, items(10))
    assert found
    assert max(map(len, found)) <= 3
    dice = random.Random("chain")
    for _ in range(20):
        dice.shuffle(pairs)
        assert found_clusters(pairs, items(10)) == found


def test_weak_pairs_count_within_a_cluster() -> None:
    sure = [(1, 0, 200_000), (3, 2, 200_000), (2, 1, 30_000)]
    assert found_clusters(sure, items(4)) == [[0, 1], [2, 3]]
    weak = [(2, 0, -10_000), (3, 0, -10_000), (3, 1, -5_000)]
    assert found_clusters([*sure, *weak], items(4)) == [[0, 1, 2, 3]]


def test_a_story_lasts_a_week_and_has_two_providers() -> None:
    pairs = [(1, 0, 90_000), (2, 1, 90_000), (2, 0, 90_000)]
    assert found_clusters(pairs, items(3)) == [[0, 1, 2]]
    assert len(found_clusters(pairs, items(3, times=[0, 4 * DAY, 8 * DAY]))[0]) == 2
    assert found_clusters(pairs, items(3, providers=[0, 0, 0])) == []


def test_connected_numbers_have_one_first() -> None:
    pairs = [(5, 3), (7, 8), (3, 1), (8, 9), (2, 2)]
    assert list(clusters.components(pairs, 10)) == [0, 1, 2, 1, 4, 1, 6, 7, 7, 7]


# -- the nearest ------------------------------------------------------------------------


def made_up(count: int, words: int, dice: random.Random) -> Vectors:
    found = Vectors()
    for _ in range(count):
        row = sorted({int(words * dice.random() ** 3) for _ in range(25)})
        found.append(row, [dice.randrange(4) for _ in row])
    return weighed_of(found)


def both_ways(
    monkeypatch: pytest.MonkeyPatch, rows: Vectors, times: list[int], groups: list[int], **more: Any
) -> list[list[tuple[int, int]]]:
    """What is nearest, found with numpy and without."""
    found = []
    for has_numpy in (True, False):
        with monkeypatch.context() as patch:
            patch.setattr(nearest, "has_numpy", lambda has_numpy=has_numpy: has_numpy)
            found.append(nearest.nearest(rows, times, groups, score, **more))
    assert found[0] == found[1]
    return [list(found[0].row(number)) for number in range(len(rows))]


def score(product: Any, gap: Any) -> Any:
    return product - gap * 10_000 // DAY


@pytest.mark.parametrize("block", [(4_000_000, 500, 20_000), (200, 4, 9)])
@pytest.mark.parametrize("reach", [None, 5 * DAY])
def test_loops_and_matrices_find_the_same(
    monkeypatch: pytest.MonkeyPatch, block: tuple[int, int, int], reach: int | None
) -> None:
    for name, value in zip(("MOST_PRODUCTS", "LEAST_BLOCK", "MOST_BLOCK"), block, strict=True):
        monkeypatch.setattr(nearest, name, value)
    dice = random.Random("nearest")
    rows = made_up(150, 200, dice)
    times = [dice.randrange(20 * DAY) for _ in range(150)]
    times = sorted(times) if reach else [-(1 << 40), *times[1:]]
    groups = [dice.randrange(-1, 5) for _ in range(150)]
    found = both_ways(monkeypatch, rows, times, groups, least=30_000, most=7, reach=reach)
    # As the definition says, pair by pair.
    weights = [dict(rows.row(number)) for number in range(150)]
    for one, listed in enumerate(found):
        expected = []
        for other in set(range(150)) - {one}:
            product = sum(w * weights[other].get(term, 0) for term, w in weights[one].items())
            alike = score(product, abs(times[one] - times[other]))
            is_near = reach is None or abs(times[one] - times[other]) <= reach
            if is_near and alike >= 30_000 and (groups[one] < 0 or groups[one] != groups[other]):
                expected.append((-alike, other))
        assert listed == [(other, -alike) for alike, other in sorted(expected)[:7]]
    assert sum(map(len, found)) > 300


def test_nothing_and_one_article(monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (0, 1):
        rows = made_up(count, 5, random.Random("few"))
        for reach in (None, DAY):
            found = both_ways(
                monkeypatch, rows, [0] * count, [-1] * count, least=1, most=5, reach=reach
            )
            assert found == [[]] * count


# -- hostile archives ------------------------------------------------------------------

MANY = tries(5_000, 100_000)
MOST_COMPARED = {"copies": 100, "few words": 100, "one moment": tries(2_000, 10_000)}
"""Products of two weights that an article may cost, by kind of archive."""


def archive_of(texts: Iterable[tuple[str, str, str]], at: str = "2026-03-02T08:00:00Z") -> Database:
    db = Database(sqlite3.connect(":memory:"))
    schema.create(db)
    with db.atomic():
        for trigger in ("articles_ai", "articles_ad", "articles_au"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.conn.executemany(
            "INSERT INTO articles (id, provider_name, title, excerpt, published_at) "
            "VALUES (?, ?, ?, ?, ?)",
            ((f"{n:06}", *text, at) for n, text in enumerate(texts)),
        )
    return db


def few_words(dice: random.Random) -> str:
    return " ".join(dice.choices([f"word{n}x" for n in range(300)], k=20))


def texts(kind: str, count: int) -> Iterable[tuple[str, str, str]]:
    dice = random.Random(kind)
    names = [f"Name{n}x" for n in range(50_000)]
    wire = " ".join(dice.choices(names, k=40))
    for n in range(count):
        if kind == "copies":
            yield f"{n}.example", f"Solmoy barrage closes {n % 7}", f"{wire} {n}"
        elif kind == "few words":
            yield f"{n % 900}.example", few_words(dice), few_words(dice)
        else:
            spread = (int(50_000 * dice.random() ** 3) for _ in range(30))
            yield f"{n % 900}.example", "Report", " ".join(names[each] for each in spread)


@pytest.mark.parametrize("kind", sorted(MOST_COMPARED))
def test_what_one_archive_may_cost(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many articles of one moment: what is multiplied is bounded for each of them."""
    spent = largest = 0
    products = nearest._products

    def counted(rows: Any, columns: Any) -> Iterator[tuple[int, Any]]:
        nonlocal spent, largest
        holders = columns.getnnz(axis=1)
        for start, product in products(rows, columns):
            work = int(holders[rows[start : start + product.shape[0]].indices].sum())
            spent += work
            if product.shape[0] > 1:
                largest = max(largest, work)
            yield start, product

    monkeypatch.setattr(nearest, "_products", counted)
    with closing(archive_of(texts(kind, MANY)).conn) as connection:
        related = run.relate(Database(connection))
    if kind == "copies":
        assert (related.stories, related.in_stories) == (1, MANY)
    assert spent <= MOST_COMPARED[kind] * MANY, spent / MANY
    assert largest <= nearest.MOST_PRODUCTS
