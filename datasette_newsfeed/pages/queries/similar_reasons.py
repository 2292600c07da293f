"""The articles most like one, each with the reason: what both share and few others have."""

from __future__ import annotations

import json
from asyncio import gather
from collections.abc import Collection, Mapping, Sequence

from ...vocabulary import IS_NAME, MOST_TEXT, Vocabulary, is_everyday
from ..access.archives import FULL_TEXT, ArchiveView
from ..models import Resemblance
from ..text.plain import is_short_name
from .cards import find_cards_by_id

SIMILAR_LIMIT = 5
FIRST = 8
"""Of those listed, whose texts are read first: mostly there is a reason for enough of them."""

MOST_WORDS = 4
FEW = 3
MOST_SHARE = 20
MOST_HOLDERS = 200
"""A reason is what at most one in twenty articles holds, at most 200 of them; three may always."""

LISTED_SQL = """
select similar_id from similar_articles where article_id = :key
order by position limit 20"""

TEXTS_SQL = f"""
select
  id, substr(title, 1, {MOST_TEXT}) as title,
  substr(coalesce(nullif(excerpt, ''), body, ''), 1, {MOST_TEXT}) as lead
from articles where id in (select value from json_each(:ids))"""

TOTAL_SQL = "select count(*) from (select 1 from articles limit :most)"

# Counted as far as it matters: a common word ends the search early.
DOCUMENT_FREQUENCY_SQL = """
select value, (
  select count(*) from (select 1 from articles_fts where articles_fts match value limit :most)
) as holders
from json_each(:words)"""

MOST_TOPICS = 100
"""Topics of an article that may be a reason: a record may have tens of thousands."""

TOPICS_SQL = f"""
select topic, (
  select count(*) from (
    select 1 from article_topics as all_topics
    where all_topics.topic = article_topics.topic limit :most
  )
) as holders
from article_topics where article_id = :key and {is_short_name("topic")}
order by position limit {MOST_TOPICS}"""

Shared = tuple[int, int, str]
"""Articles that hold a term (0: not known), its marks negated, and how it is written."""


async def find_similar(
    view: ArchiveView, key: str, shown: Collection[str | None]
) -> tuple[Resemblance, ...]:
    """Return the articles most like one, without those `shown` and those without a reason."""
    if not view.sees("articles", "similar_articles"):
        return ()
    rows, totals = await gather(
        view.ask(LISTED_SQL, {"key": key}),
        view.ask(TOTAL_SQL, {"most": MOST_SHARE * MOST_HOLDERS}),
    )
    listed = [row["similar_id"] for row in rows if row["similar_id"] not in shown]
    if not listed:
        return ()
    total = int(totals[0][0])
    reasons = _Reasons(view, key, max(FEW, total // MOST_SHARE), total // 3)
    found = await reasons.find(listed[:FIRST])
    if len(found) < SIMILAR_LIMIT:
        found += await reasons.find(listed[FIRST:])
    return tuple(found[:SIMILAR_LIMIT])


class _Reasons:
    """What one article shares with others, and at most `most` articles hold.

    Of topics at most as many as well, and no more than `most_of_topic`.
    """

    def __init__(self, view: ArchiveView, key: str, most: int, most_of_topic: int) -> None:
        self._view = view
        self._key = key
        self._most = most
        self._most_of_topic = min(most, most_of_topic)
        self._vocabulary = Vocabulary()

    async def find(self, ids: Sequence[str]) -> list[Resemblance]:
        """Return those of some articles for which there is a reason, in their order."""
        if not ids:
            return []
        asked = {"ids": json.dumps([self._key, *ids])}
        rows, cards, topics = await gather(
            self._view.ask(TEXTS_SQL, asked),
            find_cards_by_id(self._view, ids),
            _rare_topics(self._view, self._key, self._most_of_topic),
        )
        texts = {row["id"]: (row["title"] or "", row["lead"] or "") for row in rows}
        own = self._read(*texts.pop(self._key, ("", "")))
        others = {key: self._vocabulary.read(*text) for key, text in texts.items()}
        there = set().union(*others.values())
        both = {number: marks for number, marks in own.items() if number in there}
        words = await _rare_words(self._view, both, self._most)
        found = []
        for card in cards:
            key = card.id or ""
            numbers = words.keys() & others.get(key, {}).keys()
            shared = sorted(words[number] for number in numbers)
            same = [topic for topic in topics if topic in card.topics]
            # One word, or number, that names nothing may be chance. Here a name, there a word: too.
            naming = [number for number in numbers if own[number][0] & IS_NAME]
            if same or len(shared) > 1 or (naming and self._is_name(texts[key], naming)):
                names = [word for _, _, word in shared[: max(MOST_WORDS - len(same), 1)]]
                found.append(Resemblance(card, ", ".join(names), ", ".join(same[:MOST_WORDS])))
        return found

    def _read(self, title: str, lead: str) -> dict[int, tuple[int, str]]:
        """Return the marks of an article's terms by number, and how it writes them."""
        written: dict[int, str] = {}
        terms = self._vocabulary.read(title, lead, written=written)
        return {number: (marks, written[number]) for number, marks in terms.items()}

    def _is_name(self, text: tuple[str, str], numbers: Collection[int]) -> bool:
        """Return whether an article writes one of these terms with a capital."""
        found = self._read(*text)
        return any(found[number][1][0].isupper() for number in numbers)


async def _rare_words(
    view: ArchiveView, terms: Mapping[int, tuple[int, str]], most: int
) -> dict[int, Shared]:
    """Return those of some terms that few articles hold, by their number.

    Without full text nobody knows: then it is those that are names or numbers.
    """
    candidates = {
        number: (marks, word)
        for number, (marks, word) in terms.items()
        if not is_everyday(word) and not (len(word) == 1 and word.isdigit())
    }
    if not view.sees(FULL_TEXT):
        return {n: (0, -marks, word) for n, (marks, word) in candidates.items() if marks & IS_NAME}
    quoted = json.dumps([f'"{word}"' for _, word in candidates.values()])
    rows = await view.ask(DOCUMENT_FREQUENCY_SQL, {"words": quoted, "most": most + 1})
    holders = {row["value"].strip('"'): row["holders"] for row in rows}
    return {
        number: (holders[word], -marks, word)
        for number, (marks, word) in candidates.items()
        if holders[word] <= most
    }


async def _rare_topics(view: ArchiveView, key: str, most: int) -> list[str]:
    if not view.sees("topics", "article_topics"):
        return []
    rows = await view.ask(TOPICS_SQL, {"key": key, "most": most + 1})
    return [row["topic"] for row in rows if row["holders"] <= most]
