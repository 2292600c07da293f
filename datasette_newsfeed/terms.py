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

_END, _NOTHING = -1, -2


def plain(text: str) -> str:
    """Return the start of an excerpt or of Markdown without tags, entities and addresses."""
    text = html.unescape(text[:MOST_TEXT])
    return _ADDRESS.sub(" ", _TAG.sub(" ", text))


def tokens(text: str) -> list[str]:
    """Return the words of a text as written, and the signs that end a sentence."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TOKEN.findall(_APOSTROPHE.sub("", text))


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


def guess_language(words: Sequence[str]) -> str:
    """Return the language with the most small words in a text; English where that is unsure."""
    lower = [word.lower() for word in words]
    english = small_words(ENGLISH)
    known = sum(word in english for word in lower)
    if known * 3 >= len(lower):
        return ENGLISH
    languages = _languages_of()
    counts = Counter(each for word in lower for each in languages.get(word, ()))
    best = min(counts, key=lambda each: (-counts[each], each), default=ENGLISH)
    return best if counts[best] >= LEAST_SMALL and counts[best] > known else ENGLISH


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


class Vocabulary:
    """Numbers for terms: a term has the same number in each article."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._forms: dict[str, dict[str, int | tuple[int, ...]]] = {}

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
        written = {} if written is None else written
        headline, text = tokens(plain(title)), tokens(plain(lead))
        if language is None:
            language = guess_language([*headline, *text])
        language = language.replace("_", "-").partition("-")[0].lower()
        known = self._forms.setdefault(language, {})
        found: dict[int, int] = {}
        capitals = sum(word[0].isupper() for word in headline)
        shows_names = capitals <= _MOST_CAPITALS * len(headline)
        for words, mark, has_names in ((headline, IN_TITLE, shows_names), (text, 0, True)):
            starts = True
            for word in words:
                value = known.get(word)
                if value is None:
                    value = known[word] = self._value(word, language)
                if value == _END:
                    starts = True
                    continue
                if isinstance(value, tuple):
                    for at, number in enumerate(value):
                        found[number] = found.get(number, 0) | mark
                        written.setdefault(number, word[at : at + 2])
                elif value >= 0:
                    number, is_number, is_capital = value >> 2, value & 2, value & 1
                    is_name = is_number or (is_capital and has_names and not starts)
                    found[number] = found.get(number, 0) | mark | (IS_NAME if is_name else 0)
                    written.setdefault(number, word)
                starts = False
            if len(found) >= MOST_TERMS:
                break
        while len(found) > MOST_TERMS:
            found.popitem()
        return found

    def _value(self, word: str, language: str) -> int | tuple[int, ...]:
        """Return a word's term and whether it is a name, as one number; of CJK all terms."""
        if _IS_CJK.match(word):
            pairs = (word[at : at + 2] for at in range(max(len(word) - 1, 1)))
            return tuple(self.number(pair) for pair in pairs)
        if not word[0].isalnum():
            return _END
        lower = word.lower()
        if lower in small_words(language):
            return _NOTHING
        if word.isdigit():
            is_name = len(word) > 1 and not _YEAR.fullmatch(word)
            return self.number(word) * 4 + 2 * is_name
        term = stem(word, language)
        if len(term) < 2:
            return _NOTHING
        return self.number(term) * 4 + (word[0].isupper() and lower not in _CALENDAR)
