"""What a page shows: cards, full articles, stories, images. Queries make them from rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..languages import language_code


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as a page shows it. `url` is http(s) or None; sizes are in pixels.

    copies: width and fingerprint of each copy that is stored, the narrowest first.
    """

    id: str
    url: str | None = None
    width: int | None = None
    height: int | None = None
    copies: tuple[tuple[int, str], ...] = ()
    title: str | None = None
    attribution: str | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A stored copy of an image: pixels, media type, bytes."""

    width: int
    height: int
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An image as feeds and previews describe it; media type, bytes and pixels where known.

    The address is absolute and holds ASCII alone.
    """

    url: str
    type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """The article that leads a story: its key and its title."""

    id: str
    title: str


OPEN_TOPICS = 6
"""Topics that a card shows before the others are folded."""


@dataclass(frozen=True, slots=True)
class Card:
    """An article in short, as lists show it.

    `id` is None for a related article that is not in this archive; then `url`
    leads to it. URLs are http(s) or None, `excerpt` is plain text: that of the record, else
    what its body begins with.
    """

    id: str | None
    title: str
    published_at: str = ""
    url: str | None = None
    excerpt: str | None = None
    type: str | None = None
    heat: int | None = None
    provider_id: str | None = None
    provider_name: str | None = None
    logo: Picture | None = None
    image: Picture | None = None
    topics: tuple[str, ...] = ()
    """The first of its topics, in the order of the record."""
    topic_count: int = 0
    related_count: int = 0
    story_id: str | None = None
    story_size: int = 0
    lead: Lead | None = None
    """The article that leads its story, where that is another one."""
    values: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Its values of the dimensions that cards name, such as `language`."""
    marks: tuple[str, ...] = ()
    """Those of them that are shown, as readers call them."""

    @property
    def followers(self) -> int:
        """How many other articles tell its story, if it is the one that leads it."""
        return 0 if self.lead else max(self.story_size - 1, 0)

    @property
    def open_topics(self) -> tuple[str, ...]:
        """The topics that are always shown; nothing is folded for the sake of one topic."""
        return self.topics if len(self.topics) <= OPEN_TOPICS + 1 else self.topics[:OPEN_TOPICS]

    @property
    def folded_topics(self) -> tuple[str, ...]:
        """Those of `topics` that are shown on demand."""
        return self.topics[len(self.open_topics) :]

    @property
    def folded_count(self) -> int:
        """How many topics it has beyond `open_topics`."""
        return max(self.topic_count, len(self.topics)) - len(self.open_topics)

    @property
    def more_topics(self) -> int:
        """How many topics it has beyond `topics`."""
        return max(self.topic_count - len(self.topics), 0)

    @property
    def lang(self) -> str | None:
        """The code of its language for `lang=` (RFC 5646); None where it is not known."""
        return language_code(self.values.get("language", ""))

    @property
    def is_video(self) -> bool:
        """Whether there is something to watch."""
        return self.type == "video"

    @property
    def initial(self) -> str:
        """One letter for the place of a missing image."""
        name = self.provider_name or self.title
        return next((letter.upper() for letter in name if letter.isalnum()), "•")


@dataclass(frozen=True, slots=True)
class Player:
    """Where a video can be seen: the name of the host, its page, its embeddable player."""

    host: str
    page_url: str
    embed_url: str


@dataclass(frozen=True, slots=True)
class Resemblance:
    """An article like another one, and what they share, in words."""

    card: Card
    words: str = ""
    topics: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """A provider in a story, with its articles there in order of time."""

    cards: tuple[Card, ...]

    @property
    def card(self) -> Card:
        """The first of them: it names the provider."""
        return self.cards[0]


@dataclass(frozen=True, slots=True)
class Story:
    """Articles that tell the same news, the earliest first; `size` counts those not shown, too.

    A list of stories has no `cards`, but the names of the `providers`.
    """

    id: str
    headline: Card
    size: int
    first_published_at: str
    last_published_at: str
    cards: tuple[Card, ...] = ()
    providers: tuple[str, ...] = ()

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Its providers, in the order in which they came."""
        found: dict[str, list[Card]] = {}
        for card in self.cards:
            found.setdefault(card.provider_id or card.provider_name or "", []).append(card)
        return tuple(Voice(tuple(cards)) for cards in found.values())


@dataclass(frozen=True, slots=True)
class FullArticle:
    """An article in full: its Card and all that its own page adds to it."""

    card: Card
    body: str | None = None
    updated_at: str | None = None
    category: str | None = None
    quality: int | None = None
    credited_as: str | None = None
    original_url: str | None = None
    amp_url: str | None = None
    featured_content: str | None = None
    authors: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    related: tuple[Card, ...] = ()
    related_count: int = 0
    fellows: tuple[Card, ...] = ()
    """Others of the same story: they are shown first."""
    similar: tuple[Resemblance, ...] = ()
    """Those most like it, without those listed above."""
    mentions: tuple[Card, ...] = ()
    mention_count: int = 0

    @property
    def _shown(self) -> set[str | None]:
        cards = (*self.related, *self.fellows, *(each.card for each in self.similar))
        return {card.id for card in cards if card.id is not None}

    @property
    def new_related(self) -> tuple[Card, ...]:
        """The related articles that are not among the others of the same story."""
        fellows = {card.id for card in self.fellows}
        return tuple(card for card in self.related if card.id is None or card.id not in fellows)

    @property
    def related_above(self) -> tuple[Card, ...]:
        """The related articles that are listed with the story."""
        fellows = {card.id for card in self.fellows}
        return tuple(card for card in self.related if card.id is not None and card.id in fellows)

    @property
    def ties(self) -> Mapping[str, tuple[str, ...]]:
        """What joins the articles listed beside this one to it, in words, by their keys."""
        found: dict[str, tuple[str, ...]] = {}
        for card in self.related_above:
            found[str(card.id)] = ("Related",)
        for card in self.mentions:
            found[str(card.id)] = (*found.get(str(card.id), ()), "Mentions this")
        return found

    @property
    def new_mentions(self) -> tuple[Card, ...]:
        """The mentioning articles that are not listed above."""
        return tuple(card for card in self.mentions if card.id not in self._shown)

    @property
    def mentions_above(self) -> tuple[Card, ...]:
        """The mentioning articles that are listed above: related, of the same story, or similar."""
        return tuple(card for card in self.mentions if card.id in self._shown)


@dataclass(frozen=True, slots=True)
class Tally:
    """A topic or a provider with the number of its articles; `key` is its primary key."""

    key: str
    name: str
    count: int
    newest: str = ""
    logo: Picture | None = None

    @property
    def initial(self) -> str:
        """One letter for the place of a missing logo."""
        return next((letter.upper() for letter in self.name if letter.isalnum()), "•")


@dataclass(frozen=True, slots=True)
class Numbers:
    """An archive in numbers; None where the visitor may not see the table."""

    articles: int
    providers: int | None = None
    topics: int | None = None
    stories: int | None = None
    first: str = ""
    last: str = ""
