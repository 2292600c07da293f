"""What two articles share, when that makes them one story, and which articles are alike.

Rooms below `newsfeed relate`, one by one: words, gists, ties, stories, similar.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from datasette_newsfeed.archive.relate import nearest, term_index, term_vectors, words
from datasette_newsfeed.archive.relate.clusters import (
    MOST_SPAN,
    Member,
    components,
    group,
    make_story,
)
from datasette_newsfeed.archive.relate.nearest import MOST_SIMILAR, SimilarIndex, most_holders
from datasette_newsfeed.archive.relate.same_story import (
    DAY,
    MOST_SECONDS,
    SAME_PAGE,
    Tie,
    find_tie,
    find_ties,
)
from datasette_newsfeed.archive.relate.term_vectors import Gist, make_gist, unpack
from datasette_newsfeed.errors import DiskError

TITLE = "Tidewright and Corvane raise the Solmoy barrage"
LEAD = "Engineers of Tidewright closed the last gate of the Solmoy barrage at noon."


def gist(key: str, title: str = TITLE, lead: str | None = LEAD, **more: Any) -> Gist:
    given = {"published_at": "2026-03-02T08:00:00Z", "provider": f"{key}.example", **more}
    return make_gist(key, title=title, lead=lead, **given)


# -- words ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "weight"),
    [
        ("the", 0),
        ("Weeks", words.EVERYDAY),
        ("announces", words.NEWS),
        ("Announcing", words.NEWS),
        ("2026", words.EVERYDAY),
        ("412", words.NUMBER),
        ("7", words.EVERYDAY),
        ("Corvane", words.FULL),
        ("Ö", 0),
        ("東京", words.FULL),
    ],
)
def test_what_a_word_tells(word: str, weight: int) -> None:
    assert words.weight(words.stem(word)) == weight


def test_forms_of_one_word_meet() -> None:
    assert words.words("Tidewright’s low-code café, it's") == [
        *("Tidewright", "low", "code", "café", "it")
    ]
    assert words.stem("Cafés") == words.stem("cafe")
    assert words.stem("barrages") == words.stem("Barrage")


@pytest.mark.parametrize(
    ("text", "small", "told"),
    [
        ("Der Hafen von Elsinge wird für die Schleuse nicht geschlossen", "wird", "hafen"),
        ("Le port d'Elsinge sera fermé pour trois semaines dans la ville", "pour", "elsing"),
        ("La huelga de los marineros no es para el puerto", "para", "puerto"),
    ],
)
def test_small_words_of_other_languages_tell_nothing(text: str, small: str, told: str) -> None:
    found = gist("a", text, None)
    assert words.stem(small) not in found.weights
    assert told in {words.stem(each) for each in found.weights} | set(found.weights)
    # In English such a word may be a word like any other.
    assert (
        words.foreign_small_words(
            ["War", "in", "the", "valley:", "will", "men", "die", "for", "the", "dam?"]
        )
        == set()
    )


def test_reports_in_another_language_are_no_story_for_their_grammar() -> None:
    texts = [
        (
            "Der Hafen wird nicht vor dem Sommer fertig",
            "Das sagte die Stadt, weil es an Steinen fehlt.",
        ),
        (
            "Das Museum wird nicht vor dem Winter voll",
            "Das sagte die Leitung, weil es an Bildern fehlt.",
        ),
    ]
    one, other = (gist(key, *text) for key, text in zip("ab", texts, strict=True))
    assert find_tie(one, other) is None


# -- gists ----------------------------------------------------------------------


def test_a_gist_is_kept_whole() -> None:
    made = gist(
        "a",
        topics=["Sea", "Energy"],
        own_urls=["x.example/1"],
        related_urls=["y.example/2", "x.example/3"],
    )
    assert unpack("a", made.at, made.packed()) == made
    assert unpack("a", made.at, made.packed()).norm == made.norm


def test_a_gist_is_small_and_of_text_alone() -> None:
    text = '<p class="zebra">Quagga &amp; [okapi](https://site.example/hidden) </p>'
    made = gist("a", text, " ".join(f"Name{number}" for number in range(5000)))
    assert {"quagga", "okapi"} <= set(made.weights)
    assert not {"zebra", "hidden", "site", "amp", "class"} & set(made.weights)
    assert len(made.weights) == term_vectors.MOST_WORDS
    assert len(made.packed()) < 1000


def test_own_topics_and_the_provider_tell_little() -> None:
    made = gist(
        "a", "Robots harvest for Corvane", None, topics=["Robots"], provider="corvane.example"
    )
    assert made.weights["robot"] == made.weights["corvan"] == term_vectors.IN_TITLE * words.NEWS


@pytest.mark.parametrize("date", ["", "2026", "yesterday"])
def test_without_a_full_date_there_is_no_story(date: str) -> None:
    assert find_tie(gist("a", published_at=date), gist("b")) is None


# -- ties -------------------------------------------------------------------------


def test_the_same_news_within_days() -> None:
    one, other = gist("a"), gist("b", "Solmoy barrage: Corvane and Tidewright close last gate")
    tie = find_tie(one, other)
    assert tie is not None
    assert tie == find_tie(other, one)
    assert (tie.one, tie.other) == ("a", "b")
    later = gist("b", published_at="2026-03-04T08:00:00Z")
    much_later = gist("b", published_at="2026-03-08T08:00:00Z")
    assert find_tie(one, later) is not None
    assert find_tie(one, much_later) is None


def test_a_provider_tells_news_once() -> None:
    one, other = gist("a", provider="x.example"), gist("b", provider="x.example")
    assert find_tie(one, other) is None
    # But one page is one page, whatever else the two records say.
    one, other = (
        gist(key, title, None, provider="x.example", own_urls=["x.example/1"])
        for key, title in (("a", "Barrage"), ("b", "Quay"))
    )
    assert find_tie(one, other) == Tie("a", "b", SAME_PAGE)


def test_named_as_related_less_is_enough() -> None:
    one = gist("a", "Corvane barrage closed", None, own_urls=["a.example/1"])
    other = gist("b", "Storm warning for Corvane", None, related_urls=["a.example/1"])
    stranger = gist("b", "Storm warning for Corvane", None)
    assert find_tie(one, stranger) is None
    assert find_tie(one, other) is not None
    # An archive lists what else happened on that day, too.
    unlike = gist("b", "Museum finds a bell", None, related_urls=["a.example/1"])
    assert find_tie(one, unlike) is None


def test_no_pair_is_passed_over() -> None:
    """The window finds what comparing each two of them finds."""
    dice = random.Random("ties")
    names = ["Tidewright", "Corvane", "Solmoy", "Sterna", "Ottoline", "Hjordis", "Elsinge"]
    found = []
    for number in range(150):
        title = " ".join(dice.sample(names, 5))
        at = f"2026-03-{dice.randint(1, 20):02}T{dice.randint(0, 23):02}:00:00Z"
        urls = [f"x.example/{dice.randint(1, 90)}"]
        more = {"own_urls": urls} if dice.random() < 0.5 else {"related_urls": urls}
        found.append(gist(f"{number:03}", title, None, published_at=at, **more))
    found.sort(key=lambda each: (each.at, each.id))
    pairs = itertools.combinations(found, 2)
    expected = {tie for one, other in pairs if (tie := find_tie(one, other))}
    assert len(expected) > 50
    assert set(find_ties(found)) == expected
    wanted = {"003", "077", "120"}
    of_wanted = {tie for tie in expected if wanted & {tie.one, tie.other}}
    assert set(find_ties(found, wanted)) == of_wanted


# -- stories ----------------------------------------------------------------------


def ties(*pairs: str, strength: float = 1.0) -> list[Tie]:
    return [Tie(*sorted(pair), strength) for pair in pairs]


def test_a_chain_is_no_story() -> None:
    times = dict.fromkeys("abcdefgh", 0)
    pairs = ties("ab", "bc", "cd", "de", "ef", "fg", "gh")
    found = group(pairs, times)
    assert max(len(members) for members in found) <= 3
    dice = random.Random("chain")
    for _ in range(20):
        dice.shuffle(pairs)
        assert group(pairs, times) == found


def test_one_report_that_all_others_are_like_holds_a_story() -> None:
    assert group(ties("ab", "ac", "ad", "ae"), dict.fromkeys("abcde", 0)) == [tuple("abcde")]


def test_a_story_lasts_days() -> None:
    times = {"a": 0, "b": MOST_SECONDS, "c": 2 * MOST_SECONDS}
    assert 2 * MOST_SECONDS > MOST_SPAN > DAY
    assert len(group(ties("ab", "bc", "ac"), times)) == 1
    assert len(group(ties("ab", "bc", "ac"), times)[0]) == 2


@pytest.mark.parametrize(
    ("members", "headline"),
    [
        ([Member("a", "1", -1), Member("b", "2", 10)], "b"),
        ([Member("a", "1", 90, published=False), Member("b", "2", 10)], "b"),
        ([Member("a", "1", 10, 5), Member("b", "2", 10, 6)], "b"),
        ([Member("a", "2", 10, 5), Member("b", "1", 10, 5)], "b"),
        ([Member("b", "1"), Member("a", "1")], "a"),
        ([Member("a", "1", None, 40), Member("b", "2", -1, 50)], "a"),
    ],
)
def test_who_leads_a_story(members: list[Member], headline: str) -> None:
    story = make_story(members)
    assert story.headline_id == make_story(members[::-1]).headline_id == headline
    assert story.id == min(members, key=lambda each: (each.published_at, each.id)).id


def test_connected_numbers_have_one_first() -> None:
    pairs = [(5, 3), (7, 8), (3, 1), (8, 9), (2, 2)]
    assert list(components(pairs, 10)) == [0, 1, 2, 1, 4, 1, 6, 7, 7, 7]


# -- similar ----------------------------------------------------------------------


NAMES = ("Corv", "Stern", "Ott", "Hjord", "Elsin", "Brask", "Vell", "Tarn")


def index_of(*found: Gist) -> SimilarIndex:
    index = SimilarIndex()
    for each in sorted(found, key=lambda each: each.id):
        index.add(each)
    return index


def listed_for(index: SimilarIndex, key: str) -> list[tuple[float, str]]:
    number = index.number(key)
    assert number is not None
    ((_, listed),) = index.nearest([number])
    return [(score, index.entry(other).id) for score, other in listed]


def test_the_most_alike_stand_first_and_say_why() -> None:
    one = gist("a", topics=["Sea"])
    near = gist("b", "Solmoy barrage raised by Corvane", None, topics=["Sea"])
    far = gist("c", "Corvane opens museum", None, published_at="2019-03-02T08:00:00Z")
    unlike = gist("d", "Herons win the derby", None)
    with index_of(one, near, far, unlike) as index:
        listed = listed_for(index, "a")
        assert [key for _, key in listed] == ["b", "c"]
        assert listed[0][0] > listed[1][0] > 0
        theirs = set(index.entry(1).words)
        shared = [form for word, form in index.told_by(one) if word in theirs]
        assert shared[:3] == ["barrage", "Corvane", "raise"]
        assert [(word in theirs, name) for word, name in index.topics_of(one)] == [(True, "Sea")]
        assert dict(index.all_nearest())[0] == [(score, index.number(key)) for score, key in listed]


@pytest.mark.parametrize("block", [1, 7, 80, 1000])
@pytest.mark.parametrize("in_memory", [16_000_000, 100])
def test_each_list_is_the_same_alone_and_with_all_others(
    monkeypatch: pytest.MonkeyPatch, block: int, in_memory: int
) -> None:
    """However many are compared at a time, and whether they stand in memory or in a file."""
    dice = random.Random("lists")
    names = [f"{a}{b}" for a in NAMES for b in ("ane", "um", "ik", "oline", "ost", "ulf", "ev")]
    found = [gist(f"{n:03}", " ".join(dice.sample(names, 6)), None) for n in range(80)]
    with index_of(*found) as index:
        expected = dict(index.all_nearest())
    monkeypatch.setattr(nearest, "BLOCK", block)
    monkeypatch.setattr(term_index, "IN_MEMORY", in_memory)
    with index_of(*found) as index:
        lists = dict(index.all_nearest())
        assert lists == expected
        pairs: dict[int, set[int]] = {}
        for number, listed in index.nearest(
            range(80), lambda score, one, other: pairs.setdefault(one, set()).add(other)
        ):
            assert listed == lists[number]
            assert len(listed) == MOST_SIMILAR
            assert number not in {other for _, other in listed}
            assert {other for _, other in listed} <= pairs[number]
        assert sum(map(len, pairs.values())) > 80 * MOST_SIMILAR


def test_words_of_the_whole_archive_tell_nothing() -> None:
    count = 200
    found = [gist(f"{n:03}", f"Corvane Name{n // 2}", None) for n in range(count)]
    with index_of(*found) as index:
        assert index.holders("corvan") > most_holders(count)
        assert [key for _, key in listed_for(index, "000")] == ["001"]
        assert [form for _, form in index.told_by(found[0])] == ["Name0"]


def test_articles_are_found_by_id_and_by_word() -> None:
    keys = ["", "a", "b/ö", "z", "\U0001f4f0"]
    found = [gist(key, f"Corvane Name{n % 2}", None, topics=["Sea"]) for n, key in enumerate(keys)]
    with index_of(*found) as index:
        assert [index.number(key) for key in keys] == list(range(5))
        assert [index.number(key) for key in ("A", "aa", "zz", "\U0001f4f1")] == [None] * 4
        assert [entry.id for entry in index.entries(2)] == keys[2:]
        assert index.holding({"name1"}) == {1, 3}
        assert index.holding({"#Sea"}) == set(range(5))
        assert index.holding({"unheard"}) == set()


def test_a_full_disk_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(term_index, "IN_MEMORY", 100)
    with index_of(*(gist(f"{n:03}") for n in range(20))) as index:
        real = index._file._file  # type: ignore[attr-defined]

        class Full:
            def seek(self, *_: object) -> None:
                raise OSError(28, "No space left on device")

            def close(self) -> None:
                real.close()
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(index._file, "_file", Full())
        with pytest.raises(DiskError, match="No space left"):
            index.add(gist("999"))
        with pytest.raises(DiskError):
            next(index.entries())
