"""One record as its file states it: an article or an organization, with the parts it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..image_urls import image_id


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
    language: str | None = None

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
