"""What a text's terms are, which articles tell the same news, and which are alike.

The parts of `newsfeed relate`, one by one: terms, vectors, copies, clusters, both products.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import pytest
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.archive.relate import clusters, loops, matrix, rules, run, vectors
from datasette_newsfeed.archive.relate.copies import groups
from datasette_newsfeed.archive.relate.rules import DAY, Items
from datasette_newsfeed.archive.relate.vectors import Vectors
from datasette_newsfeed.terms import (
    IN_TITLE,
    IS_NAME,
    MOST_TERMS,
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
    assert guess_language(tokens(text)) == language
    assert small in small_words(language)
    assert stem(small, language) not in marks(text)
    assert told in marks(text)
    assert marks(text) == marks(text, language=language) == marks(text, language=f"{language}-XX")


def test_cjk_is_read_in_pairs_of_characters() -> None:
    assert set(marks("東京都の新型AI2台")) == {"東京", "京都", "都の", "の新", "新型", "ai2", "台"}
    vocabulary = Vocabulary()
    written = vocabulary.read_as_written("東京都", "").values()
    assert [word for _, word in written] == ["東京", "京都"]


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
        marked.append([(0, 0), (1 + number // 2, 0), *((30 + n, 0) for n in range(number, 50))])
    holders = [0] * 100
    for term in marked.terms:
        holders[term] += 1
    weighed = vectors.weigh(marked, holders)
    first = dict(weighed.row(0))
    assert first[0] < first[1] <= vectors.MOST_WEIGHT
    lone = Vectors()
    lone.append([(0, 0)])
    lone.append([(0, 0)])
    assert list(vectors.weigh(lone, [2]).weights) == [vectors.MOST_WEIGHT] * 2


# -- copies ------------------------------------------------------------------------


def found_groups(texts: list[list[int]], **more: Any) -> list[list[int]]:
    given = {
        "times": [number for number in range(len(texts))],
        "providers": [f"{number}.example" for number in range(len(texts))],
        "pages": {},
        **more,
    }
    return [
        group.members
        for group in groups(given["times"], given["providers"], given["pages"], texts.__getitem__)
    ]


def test_copies_are_one_group() -> None:
    text = list(range(100, 140))
    edited = [*text[:-2], 1007, 1008]
    assert found_groups([text, edited, list(range(40)), text]) == [[0, 1, 3], [2]]
    # A provider that prints a form again, and an old text.
    assert found_groups([text, text], providers=["a", "a"]) == [[0], [1]]
    assert found_groups([text, text], times=[0, 6 * DAY]) == [[0], [1]]
    assert found_groups([text, text], times=[0, None]) == [[0]]
    # Short texts are alike by chance.
    assert found_groups([[1, 2, 3], [1, 2, 3]]) == [[0], [1]]


def test_records_of_one_page_are_one_group() -> None:
    pages = {0: [5], 1: [5, 6], 2: [6]}
    texts: list[list[int]] = [[], [], []]
    assert found_groups(texts, pages=pages, providers=["a"] * 3) == [[0, 1, 2]]


# -- clusters ----------------------------------------------------------------------


def items(
    count: int, *, times: list[int] | None = None, providers: list[int] | None = None
) -> Items:
    rows = Vectors()
    for _ in range(count):
        rows.append([])
    return Items(rows, times or [0] * count, providers or list(range(count)), [40] * count, {})


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


# -- products -----------------------------------------------------------------------


def made_up(count: int, words: int, dice: random.Random) -> tuple[Vectors, list[int]]:
    marked = Vectors()
    holders = [0] * words
    for _ in range(count):
        row = sorted({int(words * dice.random() ** 3) for _ in range(25)})
        marked.append((term, dice.randrange(4)) for term in row)
        for term in row:
            holders[term] += 1
    return vectors.weigh(marked, holders), holders


@pytest.mark.parametrize("block", [(4_000_000, 500, 20_000), (200, 4, 9)])
def test_loops_and_matrices_find_the_same(
    monkeypatch: pytest.MonkeyPatch, block: tuple[int, int, int]
) -> None:
    for name, value in zip(("MOST_PRODUCTS", "LEAST_BLOCK", "SEGMENT"), block, strict=True):
        monkeypatch.setattr(matrix, name, value)
    monkeypatch.setattr(rules, "MOST_HOLDERS", 40)
    monkeypatch.setattr(rules, "MOST_CROWDED", 12)
    dice = random.Random("products")
    rows, holders = made_up(150, 200, dice)
    times = sorted(dice.randrange(20 * DAY) for _ in range(150))
    lists = list(matrix.similar(rows, holders, [*times[:-1], None]))
    assert lists == list(loops.similar(rows, holders, [*times[:-1], None]))
    assert sum(len(listed) for _, listed in lists) > 300
    pairs = [sorted(dice.sample(range(150), 2), reverse=True) for _ in range(60)]
    links = {(one, other): dice.choice([1, 2]) for one, other in pairs}
    providers = [dice.randrange(-1, 5) for _ in range(150)]
    of = Items(rows, times, providers, [25] * 150, links)
    found = sorted(matrix.same_news(of))
    assert found == sorted(loops.same_news(of))
    assert len(found) > 100


def test_nothing_and_one_article() -> None:
    for count in (0, 1):
        rows, holders = made_up(count, 5, random.Random("few"))
        of = Items(rows, [0] * count, [0] * count, [5] * count, {})
        for product in (loops, matrix):
            assert list(product.similar(rows, holders, [0] * count)) == [(0, [])] * count
            assert list(product.same_news(of)) == []


# -- hostile archives ------------------------------------------------------------------

MANY = 100_000


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


@pytest.mark.parametrize("kind", ["copies", "few words", "one moment"])
def test_what_one_archive_may_cost(kind: str) -> None:
    """100,000 articles of one moment cost at most thrice as much each as 10,000 do."""
    dice = random.Random(kind)
    names = [f"Name{n}x" for n in range(50_000)]

    def texts(count: int) -> Iterable[tuple[str, str, str]]:
        wire = " ".join(dice.choices(names, k=40))
        for n in range(count):
            if kind == "copies":
                yield f"{n}.example", f"Solmoy barrage closes {n % 7}", f"{wire} {n}"
            elif kind == "few words":
                yield f"{n % 900}.example", few_words(dice), few_words(dice)
            else:
                spread = (int(50_000 * dice.random() ** 3) for _ in range(30))
                yield f"{n % 900}.example", "Report", " ".join(names[each] for each in spread)

    spent = []
    for count in (MANY // 10, MANY):
        with closing(archive_of(texts(count)).conn) as connection:
            start = time.process_time()
            related = run.relate(Database(connection))
            spent.append((time.process_time() - start) / count)
            if kind == "copies":
                assert (related.stories, related.in_stories) == (1, count)
    print(f"{kind}: {[round(1e6 * each) for each in spent]} microseconds of processor an article")
    assert spent[1] < 3 * spent[0]
