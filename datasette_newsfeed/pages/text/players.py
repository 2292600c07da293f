"""The players of known video sites in a piece of HTML, rebuilt from what names the video."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...html_scanner import parts
from ..models import Player
from .link_addresses import web_url
from .plain import MARKUP_LIMIT

_VIDEO = re.compile(r"/(?:embed|v|shorts|live)/(?P<key>[\w-]{6,20})/?")
_PLAYLISTS = re.compile(r"/embed(?:/videoseries)?/?")
_LIVE = re.compile(r"/embed/live_stream/?")
_VIMEO = re.compile(r"/video/(?P<key>\d{1,20})(?:/(?P<hash>[0-9A-Za-z]{4,64}))?/?")
_LIST = re.compile(r"[\w-]{2,100}")
_CHANNEL = re.compile(r"UC[\w-]{10,40}")
_HASH = re.compile(r"[0-9A-Za-z]{4,64}")

_WATCH = "https://www.youtube.com/"
_EMBED = "https://www.youtube-nocookie.com/embed/"
EMBED_SITES = ("https://www.youtube-nocookie.com", "https://player.vimeo.com")
"""What a frame may show once a visitor asks for a video."""


def _given(words: Mapping[str, str], key: str, pattern: re.Pattern[str]) -> dict[str, str]:
    value = words.get(key, "")
    return {key: value} if pattern.fullmatch(value) else {}


def _youtube(path: str, words: Mapping[str, str]) -> Player | None:
    """A video, with the playlist it is played from; a playlist; what a channel sends now."""
    playlist = _given(words, "list", _LIST)
    channel = _given(words, "channel", _CHANNEL)
    if _LIVE.fullmatch(path):
        page = f"{_WATCH}channel/{channel['channel']}/live" if channel else ""
        embed = f"{_EMBED}live_stream?{urlencode(channel)}"
    elif _PLAYLISTS.fullmatch(path):
        page = f"{_WATCH}playlist?{urlencode(playlist)}" if playlist else ""
        embed = f"{_EMBED}videoseries?{urlencode(playlist)}"
    elif match := _VIDEO.fullmatch(path):
        page = f"{_WATCH}watch?{urlencode({'v': match['key'], **playlist})}"
        embed = f"{_EMBED}{match['key']}" + (f"?{urlencode(playlist)}" if playlist else "")
    else:
        page = embed = ""
    return Player("YouTube", page, embed) if page else None


def _vimeo(path: str, words: Mapping[str, str]) -> Player | None:
    """A video; one that is not listed is found by its hash alone."""
    match = _VIMEO.fullmatch(path)
    if match is None:
        return None
    unlisted = _given(words, "h", _HASH) or ({"h": match["hash"]} if match["hash"] else {})
    page = "/".join(("https://vimeo.com", match["key"], *unlisted.values()))
    embed = f"https://player.vimeo.com/video/{match['key']}"
    return Player("Vimeo", page, f"{embed}?{urlencode({**unlisted, 'dnt': '1'})}")


PLAYERS: dict[str, Callable[[str, Mapping[str, str]], Player | None]] = {
    "www.youtube.com": _youtube,
    "youtube.com": _youtube,
    "m.youtube.com": _youtube,
    "www.youtube-nocookie.com": _youtube,
    "youtube-nocookie.com": _youtube,
    "player.vimeo.com": _vimeo,
}
"""The hosts of players, and what rebuilds them from path and parameters."""


def player_at(address: str) -> Player | None:
    """Return the player at an address, None if it is of no known host or names no video."""
    url = web_url("https:" + address if address.startswith("//") else address)
    if url is None:
        return None
    there = urlsplit(url)
    build = PLAYERS.get(there.hostname or "")
    words = dict(reversed(parse_qsl(there.query)))
    return build(there.path, words) if build else None


def find_player(featured_content: str | None) -> Player | None:
    """Return the first player of a known host, rebuilt from what names the video alone."""
    players = map(player_at, _frames((featured_content or "")[:MARKUP_LIMIT]))
    return next((player for player in players if player), None)


def _frames(text: str) -> Iterator[str]:
    """Yield the addresses of the iframes in a piece of HTML."""
    for part in parts(text, is_cut=True):
        if not isinstance(part, str) and part.name == "iframe":
            address = part.attributes.get("src") or part.attributes.get("data-src")
            if address:
                yield address.strip()
