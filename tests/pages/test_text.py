"""Which words of a text are shown, and as what: tags and words, HTML bodies, addresses, players."""

from __future__ import annotations

import re

import pytest

from datasette_newsfeed.html_scanner import ELEMENTS, Tag, parts
from datasette_newsfeed.pages.text.link_addresses import LONGEST_ADDRESS, link_url, uri, web_url
from datasette_newsfeed.pages.text.markdown import MARKDOWN_LIMIT, html_of_markdown
from datasette_newsfeed.pages.text.plain import first_words, plain_text
from datasette_newsfeed.pages.text.players import find_player
from datasette_newsfeed.pages.text.sanitizer import MOST_DEPTH

BASE = "https://example.org/news/1"


def body(text: str, base_url: str | None = BASE, **more: bool) -> str:
    return str(html_of_markdown(text, base_url, **more) or "")


def words_of(html: str) -> str:
    """The words of HTML that has no entity but those of `html.escape`."""
    text = re.sub(r"<[^<>]*>", " ", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return " ".join(text.split())


# -- words that are no tags -----------------------------------------------------

WORDS = [
    "Profit <EUR 5m in 2021, says the board. Shares fell.",
    "Temperatures <minus 20 expected tomorrow.",
    "A Vec<T> and a Map<String, List<B>> and Option<A>",
    "if a <b and c> d, else <i",
    "I <3 it </3 -> and <- or <= 5 <> 6",
    "The <div> element, the <script> element, the <title> element",
    "Unclosed <!-- comment, unclosed <![CDATA[ section, <?php echo 1",
    "Set <your name> and <your-key>",
    "10 <x>20 <y",
    "<redacted> said <nothing>",
    "and </unknown> ends what never began",
    "a<b>c",
    'quote <a "b" c> and <a href=">',
    "x < y & y > z",
]


@pytest.mark.parametrize("words", WORDS)
def test_what_is_no_tag_is_text(words: str) -> None:
    assert plain_text(words) == words
    assert words_of(body(words)) == words
    assert first_words(words, 280) == words


@pytest.mark.parametrize("words", WORDS)
def test_what_is_no_tag_is_text_within_html(words: str) -> None:
    assert words_of(body(f"<p>{words}</p>\n\nMore")) == f"{words} More"
    if "<div>" not in words and "<b>" not in words:
        # An excerpt that was cut off may have start tags alone, these would be taken for such.
        assert plain_text(f"<p>{words}</p><p>More</p>") == f"{words}\nMore"


HIDDEN = ("script", "style", "template", "svg", "noembed", "noframes", "iframe")
FRAMED = (*HIDDEN, "video", "audio")


@pytest.mark.parametrize("name", sorted(ELEMENTS | {"x", "T", "EUR", "a-b"}))
def test_no_word_between_tags_is_lost(name: str) -> None:
    """Whatever the element, opened, closed or neither; but for content that is not for readers."""
    closed = f"before <{name}>within</{name}> after"
    for text in (
        closed,
        f"before <{name}>within after",
        f'before <{name} data-x="1">within after',
        f"before within</{name}> after",
        f"before <{name}/>within after",
        f"<p>before</p><{name}>within<p>after</p>",
        f"<p>before</p><{name} class=y>within<p>after</p>",
    ):
        for found, more in (
            (plain_text(text) or "", ()),
            (words_of(body(text)), ("video", "audio")),
        ):
            wanted = ["before", "within", "after"]
            if text == closed and name in (*HIDDEN, *more):
                wanted.remove("within")
            assert re.findall("before|within|after", found) == wanted, (text, found)


# -- plain text -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<p>First.</p><p>Second.</p>", "First. Second."),
        ("one<br>two<BR/>three<br />four", "one two three four"),
        ("<ul><li>A</li><li>B</li></ul>C", "A B C"),
        ("<div>A</div><div>B</div>", "A B"),
        ("<table><tr><td>A<td>B<tr><td>C</table>", "A B C"),
        ("<h2>Head</h2>Text<hr>More", "Head Text More"),
        ("<dl><dt>A<dd>B</dl>", "A B"),
        ("H<sub>2</sub>O and <em>w</em>ords<wbr>!", "H2O and words!"),
        ("A<!-- hidden -->B", "AB"),
        ("<![CDATA[A & B]]>", "A & B"),
        ("<!DOCTYPE html><?xml version='1.0'?>A", "A"),
        ("<style>p{}</style>A<script>x()</script>B<svg><path/></svg>", "AB"),
        ("Caf&eacute; &#8217;n&#8217; &amp; tea", "Café ’n’ & tea"),
        ("&lt;script&gt;", "<script>"),
        ("A <B>bold</B> <A HREF='x'>link</A>", "A bold link"),
        ("<custom-element>A</custom-element><Thing x={1}>B</Thing>", "AB"),
        ("<div><p><strong>Cut text", "Cut text"),
        ("A\rB\r\nC\n\n\nD", "A B C D"),
        ("\ufeffA mark before", "A mark before"),
        ("A\0B", "A\ufffdB"),
        ("<p> </p>", None),
        ("", None),
        (None, None),
    ],
)
def test_blocks_are_apart_and_nothing_else(text: str | None, line: str | None) -> None:
    assert plain_text(text, 280) == line


def test_a_tag_that_the_limit_cuts_is_not_shown() -> None:
    text = plain_text("word " * 3_990 + '<a href="https://a.example/' + "x" * 200 + '">more</a>')
    assert text is not None
    assert "href" not in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "<p>Hello <em>world</em></p>\n\nIntro<br>line\n\n<!--more-->\n\nMore",
            "Hello world Intro line More",
        ),
        ("<h2>Head</h2><p>First.</p><p>Second.</p>", "First. Second."),
        ('<div class="a"><figure><img src="x"><figcaption>C</figcaption></figure><p>A', "A"),
        ('<figure class="' + "x" * 600 + '"></figure><p>Late.</p>', "Late."),
        ("A &lt;b&gt; c, `Vec<T>` and Vec<T>", "A <b> c, Vec<T> and Vec<T>"),
    ],
)
def test_the_first_words_of_html(text: str, words: str) -> None:
    assert first_words(text, 280) == words


# -- bodies -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<p>Hello <em>world</em></p>", "<p>Hello <em>world</em></p>"),
        ("Intro<br>line", "<p>Intro<br>line</p>"),
        ("H<sub>2</sub>O, x<sup>2</sup>", "<p>H<sub>2</sub>O, x<sup>2</sup></p>"),
        ("A\n\n<!--more-->\n\nB", "<p>A</p>\n\n<p>B</p>"),
        ("<h1>One</h1><h2>Two</h2><h6>Six</h6>", "<h3>One</h3><h4>Two</h4><h6>Six</h6>"),
        ("<center><font color=red>A</font></center>", "<div>A</div>"),
        ("<B>a</B> <strike>b</strike> <tt>c</tt>", "<p><b>a</b> <s>b</s> <code>c</code></p>"),
        ("<p>a<p>b<ul><li>c<li>d</ul>e", "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>e"),
        ("<p><b>a<p>b</b>", "<p><b>a</b></p><p>b</p>"),
        ("<b><i>a</b>b</i>", "<p><b><i>a</i></b>b</p>"),
        ("<td>a</td><td>b</td>", "<div>a</div><div>b</div>"),
        ("<p style='x' class=y id=z onclick=a()>a</p>", "<p>a</p>"),
        ("<ol start=5><li>a</ol>", '<ol start="5"><li>a</li></ol>'),
        ('<abbr title="A B">ab</abbr>', '<p><abbr title="A B">ab</abbr></p>'),
        ("<details><summary>s</summary>t</details>", "<details><summary>s</summary>t</details>"),
        ("<script>alert(1)</script>a", "a"),
        ("<iframe src=//v.example/1></iframe>", '<a href="https://v.example/1"'),
        ("<video><source src='/m.mp4'>x</video>", '<a href="https://example.org/m.mp4"'),
        ("Use `<div>` and\n\n```\n<p>code</p>\n```", "<code>&lt;p&gt;code&lt;/p&gt;\n</code>"),
        ("| a |\n|---|\n| <b>b</b> |", "<td><b>b</b></td>"),
        ("<div>\n\n    <p>indented</p>\n\n</div>", "<p>indented</p>"),
        ("Text\n\n    <p>code</p>\n", "<pre><code>&lt;p&gt;code&lt;/p&gt;"),
        (
            "<callout-info class='a'>\n[a](/b)\nc\n</callout-info>",
            '<a href="https://example.org/b"',
        ),
        ("<callout-info>\n    *a*\n    - b\n</callout-info>", "<p><em>a</em></p>\n<ul>"),
        ("<Themed>\n\n*a*\n\n</Themed>", "<p><em>a</em></p>"),
        ("<T>\n*a*", "&lt;T&gt;<p><em>a</em></p>"),
        ("<ruby>漢<rt>kan</rt></ruby>", "<ruby>漢<rt>kan</rt></ruby>"),
    ],
)
def test_html_in_a_body_passes_the_allow_list(text: str, html: str) -> None:
    assert html in body(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[me](mailto:me@x.example)", '<a href="mailto:me@x.example"'),
        ("<me@x.example>", '<a href="mailto:me@x.example"'),
        ("[me](mailto:me@x.example?subject=Hi%20you&cc=a@b.example)", "subject=Hi%20you&amp;cc="),
        ("[call](tel:+49-30-123)", '<a href="tel:+49-30-123"'),
        ("<a href='tel:+123'>call</a>", '<a href="tel:+123"'),
        ("<a href=/b>x</a>", '<a href="https://example.org/b"'),
    ],
)
def test_links_lead_to_the_web_to_mail_and_to_telephones(text: str, html: str) -> None:
    assert html in body(text)


@pytest.mark.parametrize(
    "written",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "ftp://x.example/a"),
        *("mailto:", "tel:", "tel:javascript", "x:y", "vbscript:x"),
        "https://x.example/" + "a" * LONGEST_ADDRESS,
    ],
)
def test_a_link_that_leads_nowhere_is_words(written: str) -> None:
    for text in (f"[words](<{written}>)", f'<a href="{written}">words</a>'):
        assert body(text) == "<p>words</p>\n" or "href" not in body(text)
        assert "words" in body(text)


def test_images_of_html_are_as_those_of_markdown() -> None:
    image = body('<img alt="a kite" src="/kite.png">').strip()
    assert body("![a kite](/kite.png)").strip() == f"<p>{image}</p>"
    assert 'src="https://example.org/late.png"' in body("<img data-src=/late.png src=data:x>")
    assert "a kite" in body('<img alt="a kite">')
    assert '<a href="https://example.org/kite.png"' in body(
        "<img src=/kite.png>", with_images=False
    )
    assert "<img" not in body("<img src=/kite.png>", with_images=False)


def test_a_table_scrolls_on_a_page_and_is_plain_in_a_feed() -> None:
    for text in ("| a |\n|---|\n| b |", "<table><tr><td>b</table>"):
        assert '<div class="newsfeed-scroll" tabindex="0" role="region"' in body(text)
        assert body(text).index("newsfeed-scroll") < body(text).index("<table>")
        assert "<div" not in body(text, is_page=False)
    nested = "<table><tr><td><table><tr><td>b</table></table>"
    assert body(nested).count("newsfeed-scroll") == 1
    assert 'class="' not in body('<div class="newsfeed-scroll" tabindex="0">x</div>')


# -- what a text may cost ---------------------------------------------------------

BOMBS = {
    "references": "[a]: https://x.example/" + "b" * 20_000 + "\n\n" + "[a] " * 12_000,
    "shorter references": "[a]: https://x.example/" + "b" * 3_900 + "\n\n" + "[a] " * 20_000,
    "titles": '[a]: /x "' + "b" * 20_000 + '"\n\n' + "[a] " * 12_000,
    "images": "[a]: https://x.example/" + "b" * 3_900 + "\n\n" + "![a] " * 18_000,
    "formatting": "".join(f'<b title="{number}">' for number in range(4_000)) + "<p>x" * 7_000,
    "identical formatting": "<b><i><u><s><em><code><small>" + "<p>x" * 20_000,
    "links": "".join(f"<a href=/{number}>" for number in range(6_000)) + "<p>" * 5_000,
    "depth": "<div>" * 9_000 + "</div>" * 9_000,
    "quotes": "> " * 40_000,
    "lists": "- " * 40_000,
    "cells": "|a" * 3_000 + "\n" + "|-" * 3_000 + "\n" + "|b\n" * 25_000,
    "emphasis": "*a **b " * 13_000,
    "open tags": "<a b=" * 19_000,
    "quoted tags": "<a b=\"<a c='" * 8_000,
    "many attributes": ("<a " + 'b="<a" ' * 400) * 35,
    "comments": "<!--" * 24_000,
    "sections": "<![CDATA[" * 11_000,
    "entities": "&amp;" * 19_000,
    "less-than": "<" * 99_000,
    "scripts": "<script>" * 12_000,
    "tables": "<table><tr><td>" * 6_000,
    "empty cells": "<table>" + "<td>" * 23_000,
    "unknown": "".join(f"<x{number}>" for number in range(12_000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_grows_in_proportion(name: str) -> None:
    text = BOMBS[name][:MARKDOWN_LIMIT]
    for base_url in (None, "https://a.example/" + "x" * 3_900 + "/"):
        assert len(body(text, base_url)) <= 20 * MARKDOWN_LIMIT
    assert len(plain_text(text) or "") <= len(text)


def test_relative_links_below_a_long_page_stay_short() -> None:
    html = body("[a](x) " * 1_000, "https://a.example/" + "x" * 200_000 + "/")
    assert len(html) < 100_000
    assert body("[a](x)", "https://a.example/" + "x" * 3_900 + "/").count("x") > 3_900


def test_reading_tags_goes_over_the_text_a_few_times_only() -> None:
    """Each `<` here is read to the end; after some attempts the others are characters."""
    text = "<a " + "b='<a c=\"' " * 8_000
    found = list(parts(text * 2))
    assert len([part for part in found if isinstance(part, Tag)]) <= len(text)
    assert "".join(part for part in found if isinstance(part, str))


def test_depth_is_bounded() -> None:
    html = body("<blockquote>" * 500 + "deep" + "</blockquote>" * 500)
    assert html.count("<blockquote>") <= MOST_DEPTH
    assert "deep" in html


# -- addresses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "ascii_url"),
    [
        ("https://例え.example/ü", "https://xn--r8jz45g.example/%C3%BC"),
        (
            "https://münchen.example:8080/a b?ü=1#é",
            "https://xn--mnchen-3ya.example:8080/a%20b?%C3%BC=1#%C3%A9",
        ),
        ("http://user:p@ÉCOLE.example/", "http://user:p@xn--cole-9oa.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://☕.example/", "https://xn--53h.example/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://a_b.example/100%25", "https://a_b.example/100%25"),
        ("https://[2001:db8::1]/ü", "https://[2001:db8::1]/%C3%BC"),
        ("https://xn--r8jz45g.example/", "https://xn--r8jz45g.example/"),
    ],
)
def test_addresses_in_ascii(url: str, ascii_url: str) -> None:
    assert uri(url) == ascii_url
    assert uri(uri(url)) == ascii_url


def test_a_long_address_is_none() -> None:
    assert web_url("https://x.example/" + "a" * (LONGEST_ADDRESS - 18)) is not None
    assert web_url("https://x.example/" + "a" * LONGEST_ADDRESS) is None
    assert web_url("https://x.example/" + "漢" * (LONGEST_ADDRESS // 3)) is None
    assert link_url("mailto:" + "a" * LONGEST_ADDRESS, None) is None


# -- players ----------------------------------------------------------------------

YOUTUBE = "https://www.youtube.com"
EMBED = "https://www.youtube-nocookie.com/embed"


@pytest.mark.parametrize(
    ("source", "page", "embed"),
    [
        (
            f"{YOUTUBE}/embed/live_stream?channel=UC1234567890123456789012",
            f"{YOUTUBE}/channel/UC1234567890123456789012/live",
            f"{EMBED}/live_stream?channel=UC1234567890123456789012",
        ),
        (
            f"{YOUTUBE}/embed/videoseries?si=x&amp;list=PLx0-_1&amp;index=2",
            f"{YOUTUBE}/playlist?list=PLx0-_1",
            f"{EMBED}/videoseries?list=PLx0-_1",
        ),
        (
            f"{YOUTUBE}/embed?listType=playlist&list=PLx0-_1",
            f"{YOUTUBE}/playlist?list=PLx0-_1",
            f"{EMBED}/videoseries?list=PLx0-_1",
        ),
        (
            f"{YOUTUBE}/embed/abc-DEF_123?list=PLx0&start=5",
            f"{YOUTUBE}/watch?v=abc-DEF_123&list=PLx0",
            f"{EMBED}/abc-DEF_123?list=PLx0",
        ),
        (
            f"{YOUTUBE}/embed/abc-DEF_123?list=%22onload%3D",
            f"{YOUTUBE}/watch?v=abc-DEF_123",
            f"{EMBED}/abc-DEF_123",
        ),
        (f"{YOUTUBE}/embed/videoseries", None, None),
        (f"{YOUTUBE}/embed/live_stream?channel=../evil", None, None),
        (
            "https://player.vimeo.com/video/76979871?h=8272103f6e",
            "https://vimeo.com/76979871/8272103f6e",
            "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1",
        ),
        (
            "//player.vimeo.com/video/76979871?title=0&amp;h=8272103f6e&amp;byline=0",
            "https://vimeo.com/76979871/8272103f6e",
            "https://player.vimeo.com/video/76979871?h=8272103f6e&dnt=1",
        ),
        (
            "https://player.vimeo.com/video/76979871?h=../x",
            "https://vimeo.com/76979871",
            "https://player.vimeo.com/video/76979871?dnt=1",
        ),
    ],
)
def test_players_keep_what_names_the_video(
    source: str, page: str | None, embed: str | None
) -> None:
    for quote in ('"', "'"):
        player = find_player(f"<iframe width=1 src={quote}{source}{quote}></iframe>")
        found = (player.page_url, player.embed_url) if player else (None, None)
        assert found == (page, embed)
