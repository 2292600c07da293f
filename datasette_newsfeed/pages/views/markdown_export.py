"""An article as a Markdown file with front matter: `/DB/articles/ID.md`."""

from __future__ import annotations

import json
import re
from typing import Any

from ...html_scanner import parts
from ..access.archives import view_archive
from ..compat import Answer
from ..feeds.citations import in_line
from ..feeds.feed import rfc3339
from ..headers import security_policy
from ..links import Links
from ..models import FullArticle
from ..protocols import DatasetteLike, RequestLike
from ..queries.full_articles import find_bodies, find_full_articles
from ..text.markdown import MARKDOWN_LIMIT, html_of_markdown

EXTENSION = "md"

_MARKUP = re.compile(r"([\\`*_\[\]#|~])")


def can_render(table: Any, view_name: Any, database: Any) -> bool:
    """Return whether a page offers itself as Markdown: an article's alone."""
    return bool(view_name == "row" and table == "articles")


async def render(
    datasette: DatasetteLike,
    rows: Any,
    database: Any,
    table: Any,
    view_name: Any,
    request: RequestLike,
) -> Answer | None:
    """Return an article as Markdown with front matter; None, which is 404, for anything else."""
    view = await view_archive(datasette, request, database)
    if view is None or not rows or not can_render(table, view_name, database):
        return None
    key = str(rows[0]["id"])
    found = await find_full_articles(view, [key])
    if not found:
        return None
    bodies = await find_bodies(view, [key], MARKDOWN_LIMIT + 1)
    address = str(datasette.absolute_url(request, Links(datasette, database).article(key)))
    headers = {
        "X-Content-Type-Options": "nosniff",
        security_policy.HEADER: security_policy.NOTHING,
    }
    return Answer(
        write(found[0], bodies.get(key), address),
        headers=headers,
        content_type="text/markdown; charset=utf-8",
    )


def write(article: FullArticle, body: str | None, address: str) -> str:
    """Return an article as Markdown. HTML in its text is sanitised, as on its page."""
    card = article.card
    front = {
        "title": in_line(card.title),
        "authors": [in_line(name) for name in article.authors],
        "provider": in_line(card.provider_name),
        "date": rfc3339(card.published_at),
        "url": card.url,
        "archived": address,
        "topics": [in_line(topic) for topic in card.topics],
        "language": card.lang,
    }
    # JSON is YAML as well, and needs no rules for what must be quoted.
    lines = [
        f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items() if value
    ]
    title = _MARKUP.sub(r"\\\1", in_line(card.title)).replace("<", "&lt;")
    text = _safe(body, card.url) if body else in_line(card.excerpt)
    return "\n".join(["---", *lines, "---", "", f"# {title}", "", text.strip(), ""])


def _safe(body: str, url: str | None) -> str:
    """Return a text as it is; as sanitised HTML, which is Markdown too, where it has tags."""
    if any(not isinstance(part, str) for part in parts(body[:MARKDOWN_LIMIT], is_cut=True)):
        return str(html_of_markdown(body, url, is_page=False) or "")
    return body[:MARKDOWN_LIMIT].replace("\r\n", "\n").replace("\r", "\n")


def renderer() -> dict[str, Any]:
    """Return Markdown as one of Datasette's output renderers."""
    return {"extension": EXTENSION, "render": render, "can_render": can_render}
