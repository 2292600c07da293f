"""From archived text to HTML that is safe to show. Knows no page and no database.

Whatever an archive holds is hostile until it has been here: Markdown is
rendered without raw HTML and then sanitised as well, URLs are http(s) or
nothing, players are recognised by host and rebuilt, never copied.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from types import MappingProxyType
from urllib.parse import quote, unquote, urljoin, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from ...image_urls import image_id
from ..models import Player

MARKDOWN_LIMIT = 100_000
"""Characters. A longer body is shown as plain text: rendering it would hold up all visitors."""

EXCERPT_LIMIT = 280
"""Characters of an excerpt on a card; its three lines hold no more."""

BEGINNING_LENGTH = 500
"""Characters of a text in which its first words are looked for."""

MARKUP_LIMIT = 20_000
"""Characters of a text, tags included, that are read to show it without them, or to find a
player in it. The time for more grows with the square of a text made for that."""

MOST_IMAGES = 100
"""So many images of a text are looked for among the copies."""

NO_COPIES: Mapping[str, str] = MappingProxyType({})

HEADING_SHIFT = 2
"""The page's own headings come first, so a body's # becomes h3."""

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code"),
    *("ul", "ol", "li", "em", "strong", "s", "a", "img"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
IMAGE_ATTRIBUTES = {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"}
"""What every image of a text gets. From us: nh3 would set them in another order each time, and a
page with other bytes has another ETag."""

ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", *IMAGE_ATTRIBUTES},
    "ol": {"start"},
}
LINK_REL = "noopener noreferrer external"

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_URI_CHARACTERS = "%/:=&?~#+!$,;'@()*[]"
_MARKED = re.compile("[<&\r\0\ufeff]")
"""What alone HTML reads as anything else than itself."""

_CUT_OFF = re.compile(r"!?\[[^\[\]]*(?:\]\([^\s()]*)?\Z")
_WORDS = {"softbreak": " ", "hardbreak": " ", "image": ""}
"""What stands for these in plain text; all else is its own words."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def web_url(value: object) -> str | None:
    """Return a URL if it is http or https and names a host, else None."""
    if not isinstance(value, str):
        return None
    url = value.strip()
    if _CONTROL.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # as of "http://[half an address"
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def uri(url: str) -> str:
    """Return a URL that may hold other letters as one that holds ASCII alone (RFC 3986)."""
    return quote(url, safe=_URI_CHARACTERS)


def plain_text(value: str | None, limit: int | None = None) -> str | None:
    """Return text without tags and entities, cut at a word if a limit is given.

    Only the beginning of a very long text is read: see MARKUP_LIMIT.
    """
    if not value:
        return None
    text = value[:MARKUP_LIMIT]
    if _MARKED.search(text):  # most are plain
        text = html.unescape(nh3.clean(text, tags=set()))
    text = text.strip()
    if limit is not None:
        text = " ".join(text.split())
        if len(text) > limit:
            text = text[:limit].rsplit(" ", 1)[0].rstrip(" .,;:") + " …"
    return text or None


def first_words(body: str | None, limit: int) -> str | None:
    """Return what Markdown begins with, as plain text: its headings, images and code left out.

    Only BEGINNING_LENGTH characters are read: it takes longer than all the rest of a card.
    """
    return _first_words(body[:BEGINNING_LENGTH], limit) if body else None


@functools.lru_cache(maxsize=1024)
def _first_words(beginning: str, limit: int) -> str | None:
    words: list[str] = []
    before = ""
    if len(beginning) == BEGINNING_LENGTH:
        # A link or image that is cut off would be shown as it is written.
        beginning = _CUT_OFF.sub("", beginning)
    for token in _MARKDOWN.parse(beginning):
        if token.type == "inline" and before != "heading_open":
            for child in token.children or ():
                is_code = child.type == "code_inline"
                said = html.escape(child.content) if is_code else child.content
                words.append(_WORDS.get(child.type, said))
            words.append(" ")
        before = token.type
    return plain_text("".join(words), limit)


def _all_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all_tokens(token.children or ())


def _copied(tokens: Sequence[Token], copies: Mapping[str, str]) -> dict[str, str]:
    """Where the images of a text are instead, by their address there: a space may be %20."""
    if not copies:
        return {}
    images = (token for token in _all_tokens(tokens) if token.type == "image")
    named = dict.fromkeys(str(image.attrs["src"]) for image in images)
    keys = {each: (image_id(each), image_id(unquote(each))) for each in tuple(named)[:MOST_IMAGES]}
    return {
        address: copies[exact if exact in copies else other]
        for address, (exact, other) in keys.items()
        if exact in copies or other in copies
    }


def html_of_markdown(
    text: str | None,
    base_url: str | None,
    *,
    with_images: bool = True,
    copies: Mapping[str, str] = NO_COPIES,
) -> Markup | None:
    """Return Markdown as safe HTML; relative addresses are those of the article's own site.

    copies: where an image is instead, by its key (`image_id`). Without images a link stands
    in the place of each that has no copy.
    """
    if not text or not text.strip():
        return None
    if len(text) > MARKDOWN_LIMIT:
        return Markup('<pre class="newsfeed-plain">{}</pre>').format(text)
    tokens = _MARKDOWN.parse(text)
    copied = _copied(tokens, copies)
    if not with_images:
        for inline in tokens:
            inline.children = inline.children and list(_without_images(inline.children, copied))
    for token in _all_tokens(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + HEADING_SHIFT, 6)}"
        if token.type == "image":
            token.attrs.update(IMAGE_ATTRIBUTES)
        for attribute in ("href", "src"):
            if attribute in token.attrs:
                written = str(token.attrs[attribute])
                copy = copied.get(written) if token.type == "image" else None
                token.attrs[attribute] = copy or web_url(_absolute(written, base_url)) or ""
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel=LINK_REL,
    )
    return Markup(clean)


def _without_images(tokens: Sequence[Token], copied: Mapping[str, str]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("link_") else 0
        if token.type != "image" or token.attrs["src"] in copied:
            yield token
            continue
        words = Token("text", "", 0, content=token.content or "Image")
        if depth:  # a link leads somewhere already
            yield words
        else:
            yield Token("link_open", "a", 1, attrs={"href": token.attrs.get("src", "")})
            yield words
            yield Token("link_close", "a", -1)


def _absolute(address: str, base_url: str | None) -> str:
    try:
        return urljoin(base_url or "", address)
    except ValueError:
        return ""


class _Frames(HTMLParser):
    """Collects the addresses of the iframes in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address if this is an iframe."""
        if tag == "iframe":
            self.addresses.extend(value for name, value in attrs if name == "src" and value)


_YOUTUBE = re.compile(r"/embed/(?P<key>[\w-]{6,20})/?")
_VIMEO = re.compile(r"/video/(?P<key>\d{1,20})/?")
# host -> name, path, page, player
PLAYERS = {
    "youtube.com": (
        "YouTube",
        _YOUTUBE,
        "https://www.youtube.com/watch?v={}",
        "https://www.youtube-nocookie.com/embed/{}",
    ),
    "vimeo.com": (
        "Vimeo",
        _VIMEO,
        "https://vimeo.com/{}",
        "https://player.vimeo.com/video/{}?dnt=1",
    ),
}
HOSTS = {
    "www.youtube.com": "youtube.com",
    "youtube.com": "youtube.com",
    "m.youtube.com": "youtube.com",
    "www.youtube-nocookie.com": "youtube.com",
    "youtube-nocookie.com": "youtube.com",
    "player.vimeo.com": "vimeo.com",
}


def find_player(featured_content: str | None) -> Player | None:
    """Return the first player of a known host, rebuilt from the video's key alone."""
    frames = _Frames()
    frames.feed((featured_content or "")[:MARKUP_LIMIT])
    for address in frames.addresses:
        url = web_url("https:" + address if address.startswith("//") else address)
        parts = urlsplit(url or "")
        if parts.hostname not in HOSTS:
            continue
        name, path, page_url, embed_url = PLAYERS[HOSTS[parts.hostname]]
        if match := path.fullmatch(parts.path):
            return Player(name, page_url.format(match["key"]), embed_url.format(match["key"]))
    return None


def shorten(value: str, limit: int) -> Markup:
    """Return the beginning of a text, escaped."""
    return escape(value if len(value) <= limit else value[:limit].rstrip() + "…")
