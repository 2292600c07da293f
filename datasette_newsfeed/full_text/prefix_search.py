"""Beginnings of words in an index of stems.

SQLite's `porter` tokenizer stores `anim` for `animals`, so that the prefix `anima*` alone would
not find it. For each ending that Porter's algorithm takes off, the words that begin with the
prefix and end so are put together here, and the stems that are shorter than the prefix kept.
"""

from __future__ import annotations

from functools import cache, lru_cache

SHORTEST = 3
"""Letters. The algorithm leaves shorter words as they are."""

# Every suffix of https://tartarus.org/martin/PorterStemmer/def.txt
_ENDINGS = """
s es ed ing ings eed y ies ied ying ational ation ations ator ators tional tion al als alism
aliti ality ally ance ances ence ences enci ency anci ancy er ers izer izers izing ize izes ized
ization izations able ably ible ibly ability abilities ibility abli bli ant ants ement ements
ment ments ent ents ently ion ions ou ous ously ousness ousli ism isms ate ates ated ating iti
ity ities ive ives ively iveness iviti ivity ic ics ical ically icate icates icated icating
iciti icity ative atives ful fully fulness ness nesses eli ely entli logi logy e
"""


@cache
def _stemmer():  # type: ignore[no-untyped-def]
    import snowballstemmer

    return snowballstemmer.stemmer("porter").stemWord


@lru_cache(maxsize=256)
def words_of_shorter_stems(prefix: str) -> tuple[str, ...]:
    """Return words that begin with `prefix` and whose stems do not, one for each stem; sorted.

    A stem itself would be stemmed once more in a query.
    """
    if len(prefix) < SHORTEST or not prefix.isalpha():
        return ()
    stem = _stemmer()
    start = stem(prefix)
    words = {prefix + ending for ending in _ENDINGS.split()}
    for ending in _ENDINGS.split():
        for length in range(1, len(ending) + 1):
            if prefix.endswith(ending[:length]):
                words.add(prefix + ending[length:])
    # A doubled letter goes with its ending: `runn` is of `running`, whose stem is `run`.
    found = {stem(word): word for word in sorted(words, reverse=True)}
    return tuple(sorted(word for stem, word in found.items() if not stem.startswith(start)))
