"""From hostile text to safe HTML."""

from __future__ import annotations

import re

import pytest

from datasette_newsfeed.pages.text.link_addresses import web_url
from datasette_newsfeed.pages.text.markdown import MARKDOWN_LIMIT, html_of_markdown
from datasette_newsfeed.pages.text.plain import (
    EXCERPT_LIMIT,
    MARKUP_LIMIT,
    first_words,
    plain_text,
)
from datasette_newsfeed.pages.text.players import find_player

BASE = "https://example.org/news/1"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:8080/a?b=c#d",
        "HTTPS://EXAMPLE.ORG/",
        " https://example.org/a b ",
        "https://example.org/?u=javascript:alert(1)",
        "https://例え.example/ü",
    ],
)
def test_addresses_on_the_web(url: str) -> None:
    assert web_url(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", 5, "example.org", "/a.png", "//example.org/a", "https://", "https:///a"),
        *(
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
        ),
        *("vbscript:x", "file:///etc/passwd", "ftp://example.org/", "https:example.org"),
        *("https://example.org/\r\nSet-Cookie: a=b", "http://[half", "\x00https://example.org"),
    ],
)
def test_no_addresses_on_the_web(url: object) -> None:
    assert web_url(url) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Caf&eacute; &#8217;n&#8217; &amp; tea", "Café ’n’ & tea"),
        ("<b>bold</b> <script>alert(1)</script>", "bold"),
        ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("&lt;script&gt;", "<script>"),  # a text again, to be escaped by the template
        ("\ufeffA mark before", "A mark before"),
        ("A\rB", "A\nB"),
        ("  ", None),
        (None, None),
    ],
)
def test_plain_text(text: str | None, plain: str | None) -> None:
    assert plain_text(text) == plain


def test_a_long_text_is_cut_at_a_word() -> None:
    text = plain_text("word\n " * 200, EXCERPT_LIMIT)
    assert text is not None
    assert len(text) <= EXCERPT_LIMIT + 2
    assert text.endswith("word …")


def test_markdown_becomes_html_below_the_pages_own_headings() -> None:
    html = html_of_markdown(
        "# One\n\n##### Five\n\n*a* **b**\n\n> c\n\n1. d\n\n| e |\n|---|\n| f |", BASE
    )
    for tag in ("<h3>One</h3>", "<h6>Five</h6>", "<em>a</em>", "<td>f</td>"):
        assert tag in str(html)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src='https://evil.example'></iframe>",
        "[a](javascript:alert(1))",
        "[a](JAVASCRIPT:alert(1))",
        "![a](javascript:alert(1))",
        "![a](data:image/svg+xml;base64,AAAA)",
        "[a](data:text/html,b)",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
        '[a](https://example.org "x\\" onmouseover=\\"alert(1)")',
        "`<script>`",
        "| <b onclick=x> |\n|---|\n| <style>a</style> |",
    ],
)
def test_nothing_hostile_survives(text: str) -> None:
    tags = re.findall(r"<[^>]*>", str(html_of_markdown(text, BASE) or ""))
    for tag in tags:
        assert re.fullmatch(r"</?(p|a|b|div|img|code|table|thead|tbody|tr|th|td)\b[^>]*>", tag)
        assert not re.search(r"javascript:|data:| on\w+=", re.sub(r'title="[^"]*"', "", tag), re.I)


def test_relative_addresses_are_those_of_the_articles_site() -> None:
    html = str(html_of_markdown("[a](/b?c=1&d=2) ![e](f.png)", BASE))
    assert 'href="https://example.org/b?c=1&amp;d=2"' in html
    assert 'src="https://example.org/news/f.png"' in html
    assert "example.org" not in str(html_of_markdown("[a](/b) ![e](f.png)", None))
    assert "/b" not in str(html_of_markdown("[a](/b)", None))


def test_links_and_images_keep_their_manners() -> None:
    html = str(html_of_markdown("[a](https://example.org/) ![b](https://example.org/c.png)", BASE))
    assert 'rel="noopener noreferrer external"' in html
    for attribute in ('loading="lazy"', 'decoding="async"', 'referrerpolicy="no-referrer"'):
        assert attribute in html


def test_the_same_text_becomes_the_same_bytes() -> None:
    """Else a page has another ETag each time, and its readers load it again and again."""
    text = '![A quay](https://a.example/quay.png "At noon") and [more](https://a.example/ "More").'
    assert len({html_of_markdown(text, None) for _ in range(40)}) == 1


def test_a_text_too_long_to_render_is_shown_as_it_stands() -> None:
    html = str(html_of_markdown("*a* <b>" * MARKDOWN_LIMIT, BASE))
    assert html.startswith('<pre class="newsfeed-plain">*a* &lt;b&gt;')


@pytest.mark.parametrize(
    ("html", "page"),
    [
        (
            '<iframe width="8" src="https://www.youtube.com/embed/abc-DEF_123?autoplay=1"></iframe>',
            "https://www.youtube.com/watch?v=abc-DEF_123",
        ),
        (
            "<p><IFRAME SRC='//www.youtube-nocookie.com/embed/abcdefghijk'>",
            "https://www.youtube.com/watch?v=abcdefghijk",
        ),
        (
            '<iframe src="https://player.vimeo.com/video/12345?h=x"></iframe>',
            "https://vimeo.com/12345",
        ),
        ('<iframe src="https://evil.example/embed/abcdefghijk"></iframe>', None),
        ('<iframe src="https://www.youtube.com.evil.example/embed/abcdefghijk"></iframe>', None),
        ('<iframe src="https://www.youtube.com@evil.example/embed/abcdefghijk"></iframe>', None),
        ('<iframe src="javascript:alert(1)//www.youtube.com/embed/abcdefghijk"></iframe>', None),
        ('<iframe src="https://www.youtube.com/embed/abc&quot;onload=x"></iframe>', None),
        ("<script>https://www.youtube.com/embed/abcdefghijk</script>", None),
        ("no html", None),
        (None, None),
    ],
)
def test_players_are_known_by_their_host(html: str | None, page: str | None) -> None:
    player = find_player(html)
    assert (player.page_url if player else None) == page


def test_only_the_beginning_of_a_text_made_to_be_slow_is_read() -> None:
    """Two million of these, read to their end, hold up every list they stand in for a minute."""
    text = plain_text("&amp;" * 2_000_000)
    assert text == "&" * (MARKUP_LIMIT // 5)
    frame = '<iframe src="https://player.vimeo.com/video/1"></iframe>'
    assert find_player("x" * 100 + frame) is not None
    assert find_player("x" * MARKUP_LIMIT + frame) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("# Head\n\nThe *ferry* [left](https://a.example/x) at `9`.", "The ferry left at 9."),
        ("One line\nand  \nanother", "One line and another"),
        ("![A quay](quay.png)\n\nA <b>bold</b> word, 3 &lt; 4", "A bold word, 3 < 4"),
        ("```\ncode\n```\n\n- one\n- two", "one two"),
        ("word " * 100, "word " * 4 + "…"),
        ("Use `<div>` & <b>more</b>", "Use <div> & more"),
        ("Cut. ![a](data:image/png;base64," + "A" * 600 + ")\n\nText.", "Cut."),
        ("Cut. [a" + "b" * 600 + "](https://a.example/)", "Cut."),
        ("# Only a heading", None),
        ("![Only an image](a.png)", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_words_of_a_text(body: str | None, words: str | None) -> None:
    limit = 21 if body and body.startswith("word") else 280
    assert first_words(body, limit) == words
