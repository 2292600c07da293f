"""Content-Security-Policy: what a page may run and load, and which sites may frame it.

It is a second barrier behind escaping (https://www.w3.org/TR/CSP3/). Datasette's own pages have
inline scripts, so their policy restricts only frames, embedded objects and the targets of
forms. Our own pages name each script that may run. A policy that another plugin set is kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from .. import compat
from ..access.archives import find_archive, requested_databases
from ..protocols import DatasetteLike, RequestLike
from ..text.players import EMBED_SITES
from . import frames

HEADER = "Content-Security-Policy"

NOTHING = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is no page: images run and load nothing."""

FEED = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; sandbox"
"""A feed loads its style sheet and nothing else."""


def restrict_pages(datasette: DatasetteLike, app: compat.App) -> compat.App:
    """Wrap the application so that each page of an archive says what it may frame."""

    async def restricting(scope: compat.Scope, receive: Any, send: Any) -> None:
        async def sending(message: dict[str, Any]) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and _is_bare_page(message["headers"]):
                archives = await _shown_archives(datasette, scope)
                if archives:
                    policy = (HEADER.lower().encode(), of_table_page(datasette, archives).encode())
                    message = {**message, "headers": [*message["headers"], policy]}
            await send(message)

        await app(scope, receive, sending if scope.get("type") == "http" else send)

    return restricting


def _is_bare_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether an answer is a page without any policy."""
    found = {key.lower(): value for key, value in headers}
    is_page = found.get(b"content-type", b"").startswith(b"text/html")
    return is_page and HEADER.lower().encode() not in found


async def _shown_archives(datasette: DatasetteLike, scope: compat.Scope) -> list[str]:
    asked = requested_databases(datasette, scope)
    return [name for name in asked if await find_archive(datasette, None, name)]


def of_table_page(datasette: DatasetteLike, archives: Iterable[str]) -> str:
    """Return the policy for a page of Datasette's that shows something of these archives."""
    allowed = [frames.allowed(datasette, archive) for archive in archives]
    shown = [site for each in allowed for site in each.shown]
    shown_by = [site for each in allowed for site in each.shown_by]
    return "; ".join(
        (
            _directive("frame-ancestors", "'self'", *shown_by),
            _directive("frame-src", "'self'", *EMBED_SITES, *shown),
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def _directive(name: str, *sources: str) -> str:
    return " ".join([name, *dict.fromkeys(sources)])


async def of_own_page(
    datasette: DatasetteLike, request: RequestLike, database: str, view_name: str
) -> str:
    """Return the policy for a page of ours: what the site's own frame has, and nothing else.

    The frame is the site's base template without any content, so no record can add to
    what it names.
    """
    frame = _Frame()
    frame.feed(
        await datasette.render_template("base.html", {}, request=request, view_name=view_name)
    )
    frame.close()
    scripts = " ".join(["'self'", *sorted(frame.script_sources)])
    # Datasette 1.0 styles its menus from within a script.
    styles = " ".join(["'self'", "'unsafe-inline'", *sorted(frame.style_sites)])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "img-src 'self' http: https: data:",
            "font-src 'self' https: data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            _directive("frame-ancestors", "'self'", *frames.allowed(datasette, database).shown_by),
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


class _Frame(HTMLParser):
    """Collects what a page's scripts and style sheets are: hashes of those in it, and sites."""

    def __init__(self) -> None:
        super().__init__()
        self.script_sources: set[str] = set()
        self.style_sites: set[str] = set()
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a script or style sheet comes from."""
        given = dict(attrs)
        if tag == "script":
            if source := given.get("src"):
                self.script_sources |= _site(source)
            else:
                self._script = []
        elif tag == "link" and given.get("rel") == "stylesheet":
            self.style_sites |= _site(given.get("href") or "")

    def handle_data(self, data: str) -> None:
        """Keep the text of a script."""
        if self._script is not None:
            self._script.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note the hash of a script."""
        if tag == "script" and self._script is not None:
            text = "".join(self._script).encode("utf-8")
            digest = base64.b64encode(hashlib.sha256(text).digest()).decode("ascii")
            self.script_sources.add(f"'sha256-{digest}'")
            self._script = None


def _site(address: str) -> set[str]:
    parts = urlsplit(address)
    return {f"{parts.scheme or 'https'}://{parts.netloc}"} if parts.netloc else set()
