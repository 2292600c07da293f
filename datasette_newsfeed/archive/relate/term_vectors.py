"""What an article is about, as weighed words: all that is ever compared of two articles.

Made from one record alone, in a few hundred bytes. Knows texts, no tables and no other
article.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .words import FULL, NEWS, foreign_small_words, stem, weight, words

MOST_WORDS = 40
"""Words kept of an article, those of the title first, then those that weigh most."""
MOST_TEXT = 700
"""Characters of the excerpt, or else of the body, that are read: the lead paragraph."""
IN_TITLE = 2
"""A word of the title weighs twice."""

_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"\]\([^)]*\)|\bhttps?://\S+")


@dataclass(frozen=True, slots=True)
class Gist:
    """An article in weighed words.

    at: seconds since 1970, None without a full date. weights, forms: what a stem weighs,
    and how the record writes it. own_urls, related_urls: keys as `url_key` makes them.
    """

    id: str
    at: int | None
    provider: str
    weights: Mapping[str, int]
    forms: Mapping[str, str]
    topics: tuple[str, ...] = ()
    own_urls: tuple[str, ...] = ()
    related_urls: tuple[str, ...] = ()
    norm: int = field(init=False, compare=False)
    """The square of its length as a vector of weights."""
    names: frozenset[str] = field(init=False, compare=False)
    """The stems of names and rare words."""

    def __post_init__(self) -> None:
        """Work out once what each comparison asks for."""
        object.__setattr__(self, "norm", sum(w * w for w in self.weights.values()))
        names = frozenset(each for each, w in self.weights.items() if w >= FULL)
        object.__setattr__(self, "names", names)

    def packed(self) -> str:
        """Return all but id and time as text, to be kept; `unpack` reads it."""
        by_weight: dict[int, list[str]] = {}
        for each, w in self.weights.items():
            by_weight.setdefault(w, []).append(self.forms[each])
        text = {w: " ".join(forms) for w, forms in by_weight.items()}
        rest = (self.provider, self.topics, self.own_urls, self.related_urls)
        return json.dumps([text, *rest], ensure_ascii=False, separators=(",", ":"))


def unpack(article_id: str, at: int | None, packed: str) -> Gist:
    """Return the Gist that was kept as text."""
    text, provider, topics, own_urls, related_urls = json.loads(packed)
    weights, forms = {}, {}
    for w, some in text.items():
        for form in some.split(" "):
            each = stem(form)
            weights[each] = int(w)
            forms[each] = form
    return Gist(
        article_id,
        at,
        provider,
        weights,
        forms,
        tuple(topics),
        tuple(own_urls),
        tuple(related_urls),
    )


def make_gist(
    article_id: str,
    *,
    title: str,
    lead: str | None,
    published_at: str,
    provider: str | None,
    topics: Iterable[str] = (),
    own_urls: Iterable[str] = (),
    related_urls: Iterable[str] = (),
) -> Gist:
    """Return what an article is about; `lead` is its excerpt, else the start of its body.

    Words of its own topics and of its provider's domain weigh no more than the language of
    news: they say what all articles of a shelf share.
    """
    shelves = sorted(set(topics))
    about = {stem(word) for shelf in (*shelves, provider or "") for word in words(shelf)}
    forms: dict[str, str] = {}
    title_words, lead_words = words(plain(title)), words(plain(lead or ""))
    small = foreign_small_words([*title_words, *lead_words])
    headline = _weigh(title_words, about, small, forms)
    rest = _weigh(lead_words, about, small, forms)
    weights = {each: IN_TITLE * w for each, w in _heaviest(headline)}
    for each, w in _heaviest((each, w) for each, w in rest if each not in weights):
        if len(weights) < MOST_WORDS:
            weights[each] = w
    return Gist(
        article_id,
        seconds(published_at),
        provider or "",
        weights,
        {each: forms[each] for each in weights},
        tuple(shelves),
        tuple(sorted(set(own_urls))),
        tuple(sorted(set(related_urls))),
    )


def _weigh(
    text: Sequence[str], about: set[str], small: set[str], forms: dict[str, str]
) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for form in text:
        each = stem(form)
        w = weight(each)
        if w and each not in small:
            found[each] = min(w, NEWS) if each in about else w
            forms.setdefault(each, form)
    return list(found.items())


def _heaviest(weighed: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(weighed, key=lambda each: (-each[1], each[0]))[:MOST_WORDS]


def plain(text: str) -> str:
    """Return the text of an excerpt or of Markdown without tags, entities and addresses."""
    return _ADDRESS.sub(" ", _TAG.sub(" ", html.unescape(text[:MOST_TEXT])))


def seconds(published_at: str) -> int | None:
    """Return a time in seconds since 1970, None where it is no full date."""
    try:
        time = datetime.fromisoformat(published_at)
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
