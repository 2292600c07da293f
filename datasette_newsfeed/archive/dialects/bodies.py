"""The text of a body without the code of its generator: shortcodes, tags, components, comments.

What is known becomes what it means: a figure an image, a video a link and a player, a
highlighted block a block of code. Of all else the inner text stays. Code is left as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..records import Image

MAX_CHARACTERS = 2_000_000
"""Longer texts stay as they are: the patterns below are made for articles."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A body to show: its text, the images in it, and the player of its first video."""

    text: str
    images: tuple[Image, ...] = ()
    player: str | None = None


# No pattern looks further than the next mark of its own kind, or a bounded way: so the time that
# a text takes grows with its length alone.
_FENCE = re.compile(
    r"^[ ]{0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n.*?(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)", re.M | re.S
)
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)([^\n]{1,2000}?)(?<!`)\1(?!`)")
_STASHED = re.compile("\ue000([0-9]+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")

_MORE = r"\s*(?:more|truncate|excerpt|readmore|read more|end_?excerpt|summary|cut)\s*"
_COMMENT = re.compile(
    r"<!--.*?(?:-->|\Z)|\{/\*(?:(?!\{/\*).)*?\*/\}|\{#(?![A-Za-z_])(?:(?!\{#).)*?#\}", re.S
)
_LIQUID_COMMENT = re.compile(
    r"\{%-?\s*comment\s*-?%\}(?:(?!\{%-?\s*comment\b).)*?\{%-?\s*endcomment\s*-?%\}", re.S
)
_CODE_BLOCK = re.compile(
    r"\{%-?\s*(highlight|codeblock|code)\b\s*([^\n%]*?)-?%\}[ \t]*\n?"
    r"((?:(?!\{%-?\s*\1\b).)*?)\n?[ \t]*"
    r"\{%-?\s*end\1\s*-?%\}"
    r"|\{\{[<%]\s*(highlight)\b\s*([^\n{}]*?)\s*[%>]\}\}[ \t]*\n?"
    r"((?:(?!\{\{[<%]\s*highlight\b).)*?)\n?[ \t]*"
    r"\{\{[<%]\s*/\s*highlight\s*[%>]\}\}",
    re.S,
)
_SHORTCODE = re.compile(
    r"\{\{(?P<mark>[<%])-?\s*(?P<end>/?)\s*(?P<name>[\w./-]+)\s*"
    r"(?P<arguments>(?:\"(?:\\.|[^\"\\{]|\{(?!\{))*\"|`(?:[^`{]|\{(?!\{))*`|[^\"`{]|\{(?!\{))*?)"
    r"/?\s*[%>]\}\}",
    re.S,
)
_TAG = re.compile(r"\{%-?\s*(?P<name>\w+)\b\s*(?P<arguments>(?:(?!\{%).)*?)-?%\}", re.S)
_OUTPUT = re.compile(r"\{\{(?![<%])(?P<inner>[^{}]*)\}\}")
_LINKED_TAG = re.compile(
    r"(!?)\[([^\[\]]*)\]\(\s*<?\{[%{][^()%}]{0,300}[%}]\}>?([^()\s]*)[^()]{0,300}\)"
)
_ADMONITION = re.compile(
    r"^[ \t]*:{3,}(?:[ \t]*\{?([\w-]+)\}?)?(?:\[([^\]\n]*)\]|[ \t]+([^\n]*))?[ \t]*\n?", re.M
)
_ATTRIBUTES = re.compile(
    r"(?<![ \t])[ \t]*\{(?::|#|\.(?=\w))[^{}\n]*\}(?=\s|$)|^\{::?[^{}\n]*/?\}[ \t]*\n?", re.M
)
_KRAMDOWN_BLOCK = re.compile(r"\{::(/?)[\w]+(?:[^{}\n]*)\}")
_TOC = re.compile(
    r"^[ \t]*(?:\[\[?_?toc_?\]?\]|\$\{toc\}|[*-] (?:toc|this will become a table of contents.*))"
    r"[ \t]*$\n?",
    re.M | re.I,
)
_HTML_VIDEO = re.compile(
    r"(?:youtube(?:-nocookie)?\.com/(?:embed/|watch\?(?:[^\"'\s&]{0,200}&){0,10}?v=)|youtu\.be/)([\w-]{11})"
)
_MDX_STATEMENT = re.compile(
    r"^(?:import\s+(?:[\w*{][^\n;]*?|\{[^{}]*\}[^\n;]*?)\s*from\s*['\"][^'\"\n]+['\"];?"
    r"|import\s*['\"][^'\"\n]+['\"];?"
    r"|export\s+(?:const|let|var|default|function|async)\b[^\n]*(?:\n[^\n]+)*)[ \t]*$\n?",
    re.M,
)
_IMPORTED = re.compile(r"^import\s+(\w{1,100})\s+from\s*['\"]([^'\"\n]{1,1000})['\"]", re.M)
_COMPONENT = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Z][\w.]*)(?P<arguments>(?:\s+[\w:-]+(?:=(?:\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{[^{}]*\})*\}))?|\s*\{\.\.\.[^{}]*\})*)\s*/?>"
    r"|</?>"
)
_EXPRESSION = re.compile(r"\{(?:[\"'`]([^\"'`{}\n]*)[\"'`]|[^{}\n]*)\}")

_ARGUMENT = re.compile(
    r"(?:([\w:-]+)\s*=\s*)?(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|`([^`]*)`"
    r"|\{\s*[\"'`]?([^{}\"'`]*)[\"'`]?\s*\}|([^\s\"'=]+))"
)

_IMAGE = re.compile(
    r"!\[(?P<alt>(?:\\.|[^\[\]\\]|\[[^\[\]]*\])*)\]"
    r"(?:\(\s*(?:<(?P<angled>[^<>\n]+)>|(?P<plain>[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*))"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)|\[(?P<reference>[^\[\]]*)\])"
    r"|<img\b(?P<html>[^<>]*)>",
    re.I,
)
_DEFINITION = re.compile(r"^[ ]{0,3}\[([^\[\]\n]+)\]:\s*<?([^\s<>]+)>?", re.M)
_SOURCE = re.compile(r"\b(?:data-)?src\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.I)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)

_HEADING = re.compile(
    r"^[ ]{0,3}#{1,6}[ \t]+(?P<atx>[^\n]{0,1000})$"
    r"|^(?P<setext>(?![ ]{0,3}(?:[-*+>]|\d+[.)])[ \t])[^\n]{1,1000})\n[ ]{0,3}(?:=+|-{2,})[ \t]*$"
    r"|<h1\b[^<>]*>(?P<html>(?:(?!<h1\b).)*?)</h1>",
    re.M | re.S | re.I,
)
_MARKS = re.compile(r"(\*\*|__|`|~~)|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")


class _Stash:
    """Code, taken out of a text while the rest is changed."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def keep(self, text: str) -> str:
        self._kept.append(text)
        return f"\ue000{len(self._kept) - 1}\ue001"

    def put_back(self, text: str) -> str:
        while "\ue000" in text:
            text = _STASHED.sub(lambda match: self._kept[int(match[1])], text)
        return text


def readable(body: str, suffix: str = ".md") -> Readable:
    """Return a body without the code of its generator. `suffix` is that of its file."""
    if len(body) > MAX_CHARACTERS:
        return Readable(body)
    stash = _Stash()
    videos: list[str] = []
    text = _PRIVATE.sub("", body)
    text = _CODE_BLOCK.sub(lambda match: stash.keep(_fenced(match)), text)
    text = _FENCE.sub(lambda match: stash.keep(match[0]), text)
    text = _INLINE_CODE.sub(lambda match: stash.keep(match[0]), text)
    text = _LIQUID_COMMENT.sub("", text)
    text = _COMMENT.sub("", text)
    text = _LINKED_TAG.sub(_linked, text)
    text = _SHORTCODE.sub(lambda match: _meaning(match, videos, stash), text)
    text = _TAG.sub(lambda match: _meaning(match, videos, stash), text)
    text = _OUTPUT.sub("", text)
    text = _ADMONITION.sub(_admonition, text)
    text = _KRAMDOWN_BLOCK.sub("", text)
    text = _ATTRIBUTES.sub("", text)
    text = _TOC.sub("", text)
    if suffix == ".mdx":
        imported = dict(_IMPORTED.findall(text))
        text = _MDX_STATEMENT.sub("", text)
        text = _COMPONENT.sub(lambda match: _component(match, videos, imported), text)
        text = _EXPRESSION.sub(lambda match: match[1] or "", text)
    if not videos and (found := _HTML_VIDEO.search(text)):
        videos.append(_youtube_player(found[1]))
    images = _images(text)
    text = re.sub(r"\n{3,}", "\n\n", text) if text != body else text
    return Readable(stash.put_back(text).strip("\n").rstrip(), images, next(iter(videos), None))


def first_heading(body: str) -> tuple[str | None, str]:
    """Return the first heading of a text in plain words, and the text without it.

    Only a heading that stands first is taken out of the text.
    """
    hidden = _FENCE.sub(lambda match: " " * len(match[0]), body[:MAX_CHARACTERS])
    for match in _HEADING.finditer(hidden):
        atx = re.sub(r"(?:^|[ \t])#+[ \t]*$", "", match["atx"] or "")
        written = atx or match["setext"] or match["html"] or ""
        words = " ".join(_plain(written).split())
        if not words:
            continue
        is_first = not hidden[: match.start()].strip()
        return words, body[match.end() :].lstrip("\n") if is_first else body
    return None, body


def _plain(written: str) -> str:
    text = re.sub(r"<[^<>]*>|\{[:#][^{}]*\}", "", _LINK.sub(r"\1", written))
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", _MARKS.sub("", text)))


def _fenced(match: re.Match[str]) -> str:
    words = (match[2] or match[5] or "").split()
    language = next((word for word in words if re.fullmatch(r"[\w+#-]+", word)), "")
    code = match[3] if match[1] else match[6]
    mark = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f"\n{mark}{language if not language.startswith('lang') else ''}\n{code}\n{mark}\n"


def _linked(match: re.Match[str]) -> str:
    """A link or image whose address begins with a tag of the generator."""
    rest = match[3]
    if rest.startswith("/"):
        return f"{match[1]}[{match[2]}]({rest})"
    return "" if match[1] else match[2]


def _arguments(written: str) -> tuple[dict[str, str], list[str]]:
    named: dict[str, str] = {}
    ordered: list[str] = []
    for match in _ARGUMENT.finditer(written[:4000]):
        value = next((group for group in match.groups()[1:] if group is not None), "")
        value = value.replace('\\"', '"')
        if match[1]:
            named[match[1].lower()] = value
        else:
            ordered.append(value)
    return named, ordered


def _meaning(match: re.Match[str], videos: list[str], stash: _Stash) -> str:
    """What a shortcode or a tag means as Markdown; nothing where it only has inner text."""
    name = match["name"].lower().rpartition("/")[2]
    if (match.groupdict().get("end") or "") or name.startswith("end"):
        return ""
    named, ordered = _arguments(match["arguments"])
    draw = _KNOWN.get(name)
    return draw(named, ordered, videos) if draw else ""


def _image(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
    source = next(
        (named[key] for key in ("src", "url", "image", "path", "link") if named.get(key)), ""
    )
    if not source:
        source = next(
            (each for each in ordered if re.search(r"\.\w{2,5}(?:[?#]|$)|^https?:", each)), ""
        )
    if not source or re.search(r"[\s<>]", source):
        return named.get("caption") or ""
    words = named.get("alt") or named.get("title") or ""
    if not words:
        after = ordered[ordered.index(source) + 1 :] if source in ordered else []
        words = " ".join(each for each in after if not each.isdigit())
    caption = named.get("caption") or (named.get("title") if named.get("alt") else "") or ""
    drawn = f"![{words.replace('[', '(').replace(']', ')')}]({source})"
    return f"{drawn}\n\n{caption}" if caption and caption != words else drawn


def _youtube_player(key: str) -> str:
    return f'<iframe src="https://www.youtube.com/embed/{key}" title="YouTube"></iframe>'


def _youtube(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
    given = next(
        (
            named[key]
            for key in ("id", "youtubeid", "videoid", "v", "url", "src", "youtube_id")
            if key in named
        ),
        ordered[0] if ordered else "",
    )
    found = _HTML_VIDEO.search(given)
    key = found[1] if found else given
    if not re.fullmatch(r"[\w-]{11}", key):
        return ""
    videos.append(_youtube_player(key))
    return f"[Video on YouTube](https://www.youtube.com/watch?v={key})"


def _vimeo(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
    given = named.get("id") or named.get("url") or (ordered[0] if ordered else "")
    found = re.search(r"(\d{5,})", given)
    if not found:
        return ""
    videos.append(
        f'<iframe src="https://player.vimeo.com/video/{found[1]}" title="Vimeo"></iframe>'
    )
    return f"[Video on Vimeo](https://vimeo.com/{found[1]})"


def _tweet(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
    given = named.get("url") or (ordered[0] if ordered else "")
    if re.match(r"https?://[^\s()<>]+$", given):
        return f"[Post on X]({given})"
    key = named.get("id") or next((each for each in ordered if each.isdigit()), "")
    user = named.get("user") or "i"
    return f"[Post on X](https://x.com/{user}/status/{key})" if key.isdigit() else ""


def _link_to(site: str, words: str) -> Callable[[dict[str, str], list[str], list[str]], str]:
    def draw(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
        given = [named[key] for key in ("user", "id") if key in named] or ordered
        path = "/".join(each for each in given[:2] if re.fullmatch(r"[\w.-]+", each))
        return f"[{words}]({site}{path})" if path else ""

    return draw


def _link(named: dict[str, str], ordered: list[str], videos: list[str]) -> str:
    """Hexo's `link text address`."""
    address = next((each for each in ordered if re.match(r"https?://[^\s()<>]+$", each)), "")
    text = " ".join(ordered[: ordered.index(address)]) if address else ""
    return f"[{text or address}]({address})" if address else ""


_KNOWN: dict[str, Callable[[dict[str, str], list[str], list[str]], str]] = {
    **dict.fromkeys(
        [
            "figure",
            "figure_markup",
            "img",
            "image",
            "picture",
            "asset_img",
            "imgproc",
            "photo",
            "responsive_image",
            "lightbox",
            "blogimage",
        ],
        _image,
    ),
    **dict.fromkeys(("youtube", "youtubelite", "youtubevideo", "yt", "video_youtube"), _youtube),
    **dict.fromkeys(("vimeo", "vimeovideo"), _vimeo),
    **dict.fromkeys(("tweet", "twitter", "x", "twitter_simple", "tweetembed"), _tweet),
    "gist": _link_to("https://gist.github.com/", "Code on GitHub Gist"),
    "instagram": _link_to("https://www.instagram.com/p/", "Post on Instagram"),
    "link": _link,
}


def _admonition(match: re.Match[str]) -> str:
    title = match[2] or match[3]
    return f"**{title.strip()}**\n\n" if title and title.strip() else ""


def _component(match: re.Match[str], videos: list[str], imported: Mapping[str, str]) -> str:
    """What a component means; `src={pier}` is the file that the text imports as `pier`."""
    if match["name"] is None or match["end"]:
        return ""
    named, _ = _arguments(match["arguments"] or "")
    source = named.get("src", "")
    named["src"] = imported.get(source, source if "." in source or "/" in source else "")
    draw = _KNOWN.get(match["name"].lower())
    if draw is None and match["name"] in ("Image", "Img", "CloudinaryImage"):
        draw = _image
    return draw(named, [], videos) if draw else ""


def _images(text: str) -> tuple[Image, ...]:
    """The images in a text, in order, at most as many as a card may need."""
    references: dict[str, str] | None = None
    found = []
    for match in _IMAGE.finditer(text):
        alt = match["alt"]
        address = match["angled"] or match["plain"] or ""
        if match["html"] is not None:
            source = _SOURCE.search(match["html"])
            words = _ALT.search(match["html"])
            address = html.unescape(next(filter(None, source.groups()), "")) if source else ""
            alt = html.unescape(next(filter(None, words.groups()), "")) if words else ""
        elif match["reference"] is not None:
            if references is None:
                references = {each[1].casefold(): each[2] for each in _DEFINITION.finditer(text)}
            address = references.get((match["reference"] or alt or "").casefold(), "")
        address = address.strip()
        if address and len(address) <= 4000 and not address.startswith(("data:", "#")):
            found.append(Image(address, title=(alt or "").strip() or None))
            if len(found) == 8:
                break
    return tuple(found)
