"""The terms of a text: the stems of its words, without the small words of its language.

`newsfeed relate` compares articles by their terms, and a page says which ones two articles
share. CJK text has no spaces between words, so its terms are pairs of characters.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

import snowballstemmer
import stop_words

MOST_TEXT = 700
"""Characters of the excerpt, or else of the body, that are read: the lead paragraph."""
MOST_TERMS = 60
"""Terms of an article, in reading order."""
IN_TITLE, IS_NAME = 1, 2
"""Marks of a term: it is in the title; it is a number, or has a capital within a sentence."""

_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"\]\([^)]*\)|\bhttps?://\S+")
_APOSTROPHE = re.compile(r"['’]s\b")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+|[.!?:;…“”„«»\"]")
_IS_CJK = re.compile(rf"[{_CJK}]")
_MOST_CAPITALS = 0.6
"""A title with more capitals than that is written in capitals: they mark no names."""

ENGLISH = "en"
LEAST_SMALL = 3
"""Small words by which a language is guessed."""
# ISO 639-1 -> Snowball.
_STEMMERS = (
    "ar:arabic hy:armenian eu:basque ca:catalan cs:czech da:danish nl:dutch en:english "
    "eo:esperanto et:estonian fi:finnish fr:french de:german el:greek hi:hindi hu:hungarian "
    "id:indonesian ga:irish it:italian lt:lithuanian ne:nepali no:norwegian nb:norwegian "
    "nn:norwegian fa:persian pl:polish pt:portuguese ro:romanian ru:russian sr:serbian st:sesotho "
    "es:spanish sv:swedish ta:tamil tr:turkish yi:yiddish"
)
STEMMERS = dict(pair.split(":") for pair in _STEMMERS.split())
# Of the package's list: "no", of the records: "nb".
_SMALL_WORDS_OF = {"no": "nb", "nn": "nb"}
_REPORTED = "say says said saying told tell tells mr mrs ms new news"
"""English small words of reports; stop-words does not have them."""
_DATES = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december jan feb mar apr jun jul aug sep sept "
    "oct nov dec"
)
_CALENDAR = frozenset(_DATES.split())
"""English words with a capital that name nothing; no more does a year."""
_YEAR = re.compile(r"(?:19|20)\d\d")

_END, _NOTHING = -4, -8
_MOST_PIECES, _LONGEST_PIECE = 100_000, 30
"""Pieces of text between blanks that are read only once, and their characters."""
_MOST_KEPT = 5_000
"""Of these, the terms that are kept for the next vocabulary: a page begins one of its own."""


def plain(text: str) -> str:
    """Return the start of an excerpt or of Markdown without tags, entities and addresses."""
    text = _TAG.sub(" ", html.unescape(text[:MOST_TEXT]))
    # Asked first: the pattern begins with nothing that could be looked for fast.
    return _ADDRESS.sub(" ", text) if "](" in text or "://" in text else text


def tokens(text: str) -> list[str]:
    """Return the words of a text as written, and the signs that end a sentence."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TOKEN.findall(_APOSTROPHE.sub("", text))


def _words(piece: str) -> Sequence[str]:
    """Return the tokens of a text between blanks, of CJK words the pairs of characters."""
    if piece.isascii() and piece.isalnum():
        return (piece,)
    found: list[str] = []
    for word in tokens(piece):
        if len(word) < 3 or not _IS_CJK.match(word):
            found.append(word)
        else:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
    return found


@cache
def small_words(language: str) -> frozenset[str]:
    """Return the small words of a language (ISO 639-1), in lower case; none if not known."""
    language = _SMALL_WORDS_OF.get(language, language)
    if language not in stop_words.LANGUAGE_MAPPING:
        return frozenset()
    words = frozenset(word.lower() for word in stop_words.get_stop_words(language))
    return words.union(_REPORTED.split()) if language == ENGLISH else words


@cache
def _languages_of() -> Mapping[str, Sequence[str]]:
    """Return the languages in which each word is a small one."""
    found: dict[str, list[str]] = {}
    for language in sorted(stop_words.LANGUAGE_MAPPING):
        for word in small_words(language):
            found.setdefault(word, []).append(language)
    return found


@lru_cache(_MOST_PIECES)
def _languages_in(piece: str) -> Sequence[str]:
    languages = _languages_of()
    return [each for word in _words(piece.lower()) for each in languages.get(word, ())]


def guess_language(pieces: Sequence[str]) -> str:
    """Return the language with the most small words in a text; English where that is unsure."""
    counts = Counter(chain.from_iterable(map(_languages_in, pieces)))
    most, english = max(counts.values(), default=0), counts[ENGLISH]
    if most < LEAST_SMALL or most == english or english * 3 >= len(pieces):
        return ENGLISH
    return min(language for language, count in counts.items() if count == most)


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    name = STEMMERS.get(language)
    if name is None or name not in snowballstemmer.algorithms():
        return lambda word: word
    stem: Callable[[str], str] = snowballstemmer.stemmer(name).stemWord
    return stem


@lru_cache(maxsize=50_000)
def stem(word: str, language: str = ENGLISH) -> str:
    """Return the stem under which forms of one word meet: lower case, without accents."""
    stemmed = _stemmer(language)(word.casefold())
    if stemmed.isascii():
        return stemmed
    parts = unicodedata.normalize("NFKD", stemmed)
    return "".join(c for c in parts if not unicodedata.combining(c))


@cache
def _everyday() -> frozenset[str]:
    text = files(__package__).joinpath("everyday_words.txt").read_text("utf-8")
    return frozenset(stem(word) for line in text.splitlines()[1:] for word in line.split())


def is_everyday(word: str) -> bool:
    """Return whether an English word is one of everyday language or of news."""
    return stem(word) in _everyday()


def _terms_in(piece: str, language: str) -> tuple[tuple[str, int], ...]:
    """Return the term of each word of a piece of text, with a mark: see `_Pieces`."""
    return tuple([_term(word, language) for word in _words(piece)])


_terms_in_short = lru_cache(_MOST_KEPT)(_terms_in)


def _term(word: str, language: str) -> tuple[str, int]:
    if not word[0].isalnum():
        return "", _END
    if not word.isascii() and _IS_CJK.match(word):
        return word, 0
    lower = word.lower()
    if lower in small_words(language):
        return "", _NOTHING
    if word.isdigit():
        return word, 2 * (len(word) > 1 and not _YEAR.fullmatch(word))
    term = stem(word, language)
    if len(term) < 2:
        return "", _NOTHING
    return term, int(word[0].isupper() and lower not in _CALENDAR)


class _Pieces(dict[str, tuple[int, ...]]):
    """What each piece of a text between blanks says in one language, a number for each word.

    That of a term is four times its own, with 2 for a number that names, or 1 for a capital.
    """

    def __init__(self, number: Callable[[str], int], language: str) -> None:
        self._number, self._language = number, language

    def __missing__(self, piece: str) -> tuple[int, ...]:
        is_short = len(piece) <= _LONGEST_PIECE
        terms = (_terms_in_short if is_short else _terms_in)(piece, self._language)
        values = tuple([self._number(term) * 4 + mark if term else mark for term, mark in terms])
        if is_short:
            if len(self) >= _MOST_PIECES:
                self.clear()
            self[piece] = values
        return values


class Vocabulary:
    """Numbers for terms: a term has the same number in each article."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._pieces: dict[str, _Pieces] = {}

    def number(self, term: str) -> int:
        """Return the number of a term, a new one if it has none yet."""
        return self.numbers.setdefault(term, len(self.numbers))

    def read(
        self,
        title: str,
        lead: str,
        language: str | None = None,
        written: dict[int, str] | None = None,
    ) -> dict[int, int]:
        """Return the marks of an article's terms by number, in reading order.

        language: ISO 639-1, as `en` or `pt-BR`; None: guessed. written: takes how the article
        writes each term first.
        """
        words, lead_words = plain(title).split(), plain(lead).split()
        code = language or guess_language(words + lead_words)
        code = code.replace("_", "-").partition("-")[0].lower()
        if code not in self._pieces:
            self._pieces[code] = _Pieces(self.number, code)
        pieces = self._pieces[code]
        capitals = sum([word[0].isupper() for word in words])
        shows_names = capitals <= _MOST_CAPITALS * len(words)
        headline = list(chain.from_iterable(map(pieces.__getitem__, words)))
        text = list(chain.from_iterable(map(pieces.__getitem__, lead_words)))
        in_title = [value >> 2 for value in headline if value >= 0]
        found = dict.fromkeys(in_title, IN_TITLE)
        for value in text:
            if value >= 0:
                found.setdefault(value >> 2, 0)
        for values, naming in ((headline, 3 if shows_names else 2), (text, 3)):
            # The first word of a sentence has a capital in any case.
            for before, value in zip(chain((_END,), values), values, strict=False):
                if value & naming and (value & 2 or before != _END):
                    found[value >> 2] |= IS_NAME
        while len(found) > MOST_TERMS:
            found.popitem()
        if written is not None:
            for word in chain.from_iterable(map(_words, words + lead_words)):
                for value in pieces[word]:
                    written.setdefault(value >> 2, word)
        return found
