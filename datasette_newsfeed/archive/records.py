"""One record as its file states it: an article or an organization, with the parts it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..image_urls import image_id, is_relative, path_below


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a record names it. Sizes are in pixels, None where unknown.

    `url` is as written. `path` is where it leads below the archive if it is relative to its file.
    """

    url: str
    width: int | None = None
    height: int | None = None
    is_cached: bool | None = None
    title: str | None = None
    attribution: str | None = None
    path: str | None = None
    id: str = field(init=False, compare=False)
    """The key of this image, the same in every archive. Made once: an import asks for it often."""

    def __post_init__(self) -> None:
        """Make the key."""
        object.__setattr__(self, "id", image_id(self.path or self.url))

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
class RelatedArticle:
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
    related: tuple[RelatedArticle, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None

    @property
    def url(self) -> str | None:
        """The article's own page: webUrl, else originalUrl (videos have only that)."""
        return self.web_url or self.original_url

    @property
    def providers(self) -> list[Provider]:
        """All that it names: its own provider, and those of its related articles."""
        found = [self.provider, *(other.provider for other in self.related)]
        return [provider for provider in found if provider]


@dataclass(frozen=True, slots=True)
class Organization:
    """A record that names a provider (`taxonomy: organization`); no article."""

    domain: str
    name: str | None = None
    logo: Image | None = None


def with_image_paths(record: Article | Organization, path: str) -> Article | Organization:
    """Return a record whose relative images know where they lead.

    path: of the record's file, below the archive.
    """
    if isinstance(record, Organization):
        return replace(record, logo=_led(record.logo, path)) if _leads(record.logo) else record
    providers = [record.provider, *(other.provider for other in record.related)]
    images = [*record.images, *(other.image for other in record.related)]
    images += [provider.logo for provider in providers if provider]
    if not any(map(_leads, images)):  # most records
        return record
    return replace(
        record,
        images=tuple(led for image in record.images if (led := _led(image, path))),
        provider=_with_logo_path(record.provider, path),
        related=tuple(
            replace(
                other,
                image=_led(other.image, path),
                provider=_with_logo_path(other.provider, path),
            )
            for other in record.related
        ),
    )


def _leads(image: Image | None) -> bool:
    return image is not None and is_relative(image.url)


def _led(image: Image | None, path: str) -> Image | None:
    if image is None or not is_relative(image.url):
        return image
    return replace(image, path=path_below(image.url, path))


def _with_logo_path(provider: Provider | None, path: str) -> Provider | None:
    return replace(provider, logo=_led(provider.logo, path)) if provider else None
