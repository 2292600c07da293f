"""The nouns of the archive, frozen: what a file says, and what a page shows.

No input, no output, no library: the adapter makes an Article from a file, the
importer stores it, queries bring it back as a Card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin


def absolute_url(url: str, base_url: str | None) -> str:
    """Return an image's URL with the host of the site that wrote it, if it is `/like/this`.

    Any other stays as it is, and so does each where the site is not known.
    """
    if not base_url or not url.startswith("/"):
        return url
    try:
        return urljoin(base_url, url)
    except ValueError:  # as of "//[half an address"
        return url


def image_id(url: str) -> str:
    """Return the key of an image: 20 hexadecimal digits of its URL as written.

    A hash (BLAKE2b, 80 bits), because a URL is no key that fits into another URL.
    """
    return hashlib.blake2b(url.encode("utf-8"), digest_size=10).hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a record names it. Sizes are in pixels, None where unknown."""

    url: str
    width: int | None = None
    height: int | None = None
    is_cached: bool | None = None
    title: str | None = None
    attribution: str | None = None
    id: str = field(init=False, compare=False)
    """The key of this image, the same in every archive. Made once: an import asks for it often."""

    def __post_init__(self) -> None:
        """Make the key."""
        object.__setattr__(self, "id", image_id(self.url))

    @property
    def area(self) -> int:
        """Pixels; 0 where the size is unknown."""
        return (self.width or 0) * (self.height or 0)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who published something. The domain is the key; the name is as written."""

    domain: str | None = None
    name: str | None = None
    logo: Image | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A related article as another article's record nests it."""

    title: str | None = None
    excerpt: str | None = None
    published_at: str | None = None
    url: str | None = None
    amp_url: str | None = None
    cdn_amp_url: str | None = None
    type: str | None = None
    quality: int | None = None
    provider: Provider | None = None
    image: Image | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Article:
    """One record of the archive: one file. Times are UTC, ISO 8601, ending in Z."""

    id: str
    title: str
    published_at: str = ""
    provider: Provider | None = None
    type: str | None = None
    category: str | None = None
    heat: int | None = None
    quality: int | None = None
    published: bool | None = None
    excerpt: str | None = None
    body: str | None = None
    original_url: str | None = None
    web_url: str | None = None
    amp_url: str | None = None
    cdn_amp_url: str | None = None
    updated_at: str | None = None
    featured_content: str | None = None
    topics: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Reference, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str | None:
        """The article's own page: webUrl, else originalUrl (videos have only that)."""
        return self.web_url or self.original_url


@dataclass(frozen=True, slots=True)
class Organization:
    """A record that names a provider (`taxonomy: organization`); no article."""

    domain: str
    name: str | None = None
    logo: Image | None = None


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
    """An image as other programs are told of it; media type, bytes and pixels where known.

    The address is absolute and holds ASCII alone.
    """

    url: str
    type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    title: str | None = None


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
    published: bool | None = None
    provider_id: str | None = None
    provider_name: str | None = None
    logo: Picture | None = None
    image: Picture | None = None
    topics: tuple[str, ...] = ()
    related_count: int = 0
    story_id: str | None = None
    story_size: int = 0
    is_headline: bool = True

    @property
    def followers(self) -> int:
        """How many other articles tell its story, if it is the one that leads it."""
        return max(self.story_size - 1, 0) if self.is_headline else 0

    @property
    def is_video(self) -> bool:
        """Whether there is something to watch."""
        return self.type == "video"

    @property
    def follows(self) -> bool:
        """True if the record itself says that another article leads the story."""
        return self.published is False or (self.heat is not None and self.heat < 0)

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
    """Others of the same story, without those among the related ones."""
    similar: tuple[Resemblance, ...] = ()
    """Those most like it, without those that stand above."""
    mentions: tuple[Card, ...] = ()
    mention_count: int = 0

    @property
    def _shown(self) -> set[str | None]:
        cards = (*self.related, *self.fellows, *(each.card for each in self.similar))
        return {card.id for card in cards}

    @property
    def new_mentions(self) -> tuple[Card, ...]:
        """The mentioning articles that do not stand above already."""
        return tuple(card for card in self.mentions if card.id not in self._shown)

    @property
    def mentions_above(self) -> tuple[Card, ...]:
        """The mentioning articles that stand above: related, of the same story, or similar."""
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
