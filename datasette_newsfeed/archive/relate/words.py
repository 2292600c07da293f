"""The words of a text, as stems, and how much each one tells. Knows no records.

What a word weighs comes from fixed lists: of everyday English and of the language of news,
made for this purpose, and of the small words of other languages. So it is the same in
every archive and does not change when articles are added. What no list has weighs as
names do: so do, in other languages, everyday words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import snowballstemmer
import stop_words

# Joined by a hyphen or an apostrophe they are words of their own: "low-code", "AI's".
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_APOSTROPHE = re.compile(r"['’]s\b")
_stem = snowballstemmer.stemmer("english").stemWord

FULL = 8
"""What a name or a rare word weighs; numbers and everyday words weigh less, small words nothing."""
NUMBER = 4
NEWS = 3
EVERYDAY = 1

_SMALL = """
a about above after again against ago all almost along already also although always am among an
and another any anyone anything are around as at away back be became because become been before
behind being below between both but by came can cannot could did do does doing done down during
each either else enough even ever every everyone everything few first for from further get gets
getting given gives go goes going gone got had has have having he her here hers herself him
himself his how however i if in indeed instead into is it its itself just keep kept last later
least less let like likely made make makes making many may maybe me might mine more most mostly
much must my myself near nearly never next no nobody none nor not nothing now of off often on once
one only onto or other others our ours out over own per perhaps put quite rather really s same say
says said seem seems seen several shall she should since so some somebody someone something
sometimes soon still such t take taken takes than that the their theirs them themselves then there
these they thing things this those though through thus to together too took toward towards two
under until up upon us use used uses using very via want wants was way ways we well went were what
whatever when where whether which while who whole whom whose why will with within without would
yet you your yours yourself re ve ll don isn doesn didn wasn weren won wouldn couldn shouldn aren
hasn haven
"""

_EVERYDAY = """
ask asked bad best better big bring call called case change changed changes close come comes
coming day days different early easier easily easy end ends expect expected fact far feel find
found full good great group half hand hard help helps high hold home hour hours house idea
important include included includes including job keep know known large late learn left life line
list little live long longer look looks lot low main man men matter mean means minute minutes
moment month months morning move name need needs night number old open opens opened order part
past people person place places plan plans point possible problem question quick quickly read
ready real reason right room run running second see set sets show shows showed shown side simple
single small speak stand start starts started stay step stop stops story sure talk tell tells ten
test think three time times today tonight tomorrow try turn turned twice understand view visit
wait walk watch week weeks woman women word words work worked working works world write year years
yesterday young four five six seven eight nine twelve dozen hundred thousand million billion third
front top free around whether nearly everyday
"""

_NEWS = """
accept access according account action add added adds agree agreed aim allow allows amount
announce announced announcement announces announcing answer appear apply approach area arrive
article ask available award base based become begin begins behavior benefit board build building
built business buy cause center centre chance check chief child children choice choose city claim
clear common community company companies complete concern condition conference connect consider
contact content continue control cost costs council country couple course court cover create
created creates creating crisis critical current currently customer customers cut data date deal
decide decided decision deliver demand design detail details develop developed developer
developers development director discover discuss document drive easy economy edition effect effort
employee enable enables event events example excited executive experience expert experts explain
explore extend fail family fast feature features field figure final firm focus follow following
force form future gain general generally global government grow growth guide guest head health
hear host impact improve improved improvement improvements improving increase industry information
innovation insight interest international introduce introduces introducing issue issues join key
kind latest launch launched launches law lead leader leaders leading leave level link local loss
lower maker makers manage management manager market meet meeting member members method minister
model modern monthly national nearly network new news newest note notes offer offers office
official officials online operation option organization organizations overview owner park partner
partners pay percent performance plan platform please pleased police policy popular post power
powerful present president press preview price prices proud product products professional profit
program project provide provides public publish quarter range rate reach recent recently record
reduce register release released releases report reported reports research researchers resource
resources response result results return review rise role rule sale sales save scale schedule
school scientist scientists search sector security select sell send series serve service services
session share shared shares sign simplify site society software solution solutions source south
north east west speaker special spend staff standard state statement strategy strong student
students studio study success successful suggest summary support supports system systems task team
teams technical technology term thank tip tips tool tools topic total town trade train transform
transforming transforms trend trends true unit university update updated updates user users value
version video visitors vote warn warning web website weekly win winner wins worker workers write
january february march april june july august september october november december jan feb mar apr
jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday spring
summer autumn fall winter am pm today daily annual yearly quarterly
"""


def words(text: str) -> list[str]:
    """Return the words of a text as written, in order."""
    text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(_APOSTROPHE.sub("", text))


ENGLISH = "en"
LEAST_FOREIGN = 3
"""Small words of another language, and more than there are English ones, make a text foreign."""


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """Return the languages in which each word is a small one."""
    found: dict[str, list[str]] = {}
    for language in sorted(stop_words.LANGUAGE_MAPPING):
        for word in set(stop_words.get_stop_words(language)):
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


def foreign_small_words(text: Iterable[str]) -> set[str]:
    """Return the stems of a text's small words where it is not in English; else none."""
    languages = _languages()
    small = {lower: languages[lower] for word in text if (lower := word.lower()) in languages}
    counts = Counter(language for found in small.values() for language in found)
    best = min(counts, key=lambda each: (-counts[each], each), default=ENGLISH)
    if counts[best] < LEAST_FOREIGN or counts[best] <= counts[ENGLISH]:
        return set()
    return {stem(word) for word, found in small.items() if best in found}


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the stem under which forms of one word meet: lower case, without accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return str(_stem("".join(c for c in plain if not unicodedata.combining(c))))


@cache
def _weights() -> dict[str, int]:
    """Return what the stems of the lists weigh; not made before it is asked for."""
    return {
        **{stem(word): NEWS for word in _NEWS.split()},
        **{stem(word): EVERYDAY for word in _EVERYDAY.split()},
        **{stem(word): 0 for word in _SMALL.split()},
    }


@lru_cache(maxsize=200_000)
def weight(stem: str) -> int:
    """Return what a stem tells: 0 to FULL."""
    known = _weights().get(stem)
    if known is not None:
        return known
    if stem.isdigit():
        # A year says no more than "this year" does.
        return EVERYDAY if len(stem) == 1 or _YEAR.fullmatch(stem) else NUMBER
    return FULL if len(stem) > 1 else 0
