"""Build a feed from the rows of a page.

The rows name articles. The articles are read from the archive, as far as the visitor may see
them, so that a feed has the same articles as its page. The rows of a query across databases
may name articles of several archives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from ... import default_metadata, schema
from .. import compat, filter_description
from ..access.archives import ArchiveView
from ..access.permissions import actor_of
from ..filters.query_string import Query, query_of
from ..links import Links
from ..models import Enclosure, FullArticle
from ..picture_places import Pictures
from ..protocols import RequestLike
from ..queries.full_articles import find_bodies, find_full_articles
from ..queries.history import find_changes
from ..text.link_addresses import uri
from ..text.markdown import MARKDOWN_LIMIT, html_of_markdown
from ..text.sanitizer import NO_COPIES
from .change_entries import KEY, are_changes, change_entries
from .feed import Entry, Feed, entry_id, rfc3339

MOST_READ = 2_000_000
"""Characters of bodies, as records have them, that are rendered for one feed."""

MOST_TEXT = 4_000_000
"""Characters of bodies in one feed, as the document has them. Articles after either come with
their summary alone."""

PORTION = 50
"""Articles whose texts are read at a time."""

ARTICLES = schema.ARTICLES.name
_OTHER_TABLES = {table.name for table in schema.TABLES} - {ARTICLES}


def article_column(columns: Iterable[str], table: str | None) -> str | None:
    """Return the column of a page that holds ids of articles, None without one.

    That is `article_id`, else `id` of articles, of a view or of an SQL query.
    """
    names = set(columns)
    if "article_id" in names and table != ARTICLES:
        return "article_id"
    return "id" if "id" in names and table not in _OTHER_TABLES else None


def _ids(rows: Iterable[Any], column: str) -> list[str]:
    """The keys in a column, each once. With `_labels=on` a foreign key comes with its label."""
    values = (row[column] for row in rows)
    keys = (value["value"] if isinstance(value, Mapping) else value for value in values)
    return list(dict.fromkeys(str(key) for key in keys if key is not None))


class FeedBuilder:
    """Builds the feed of one page of a database, for one visitor."""

    def __init__(
        self, views: Sequence[ArchiveView], request: RequestLike, database: str, extension: str
    ) -> None:
        self.views = views
        self.datasette = views[0].datasette
        self.request = request
        self.database = database
        self.extension = extension
        self._host = str(self.datasette.absolute_url(request, "/")).removesuffix("/")

    async def feed(
        self,
        rows: Sequence[Any],
        columns: Sequence[str],
        *,
        table: str | None,
        query_name: str | None,
        next_place: str | None,
        with_texts: bool = True,
    ) -> Feed:
        """Return the feed of these rows.

        next_place: where Datasette's next page begins. Without `with_texts` the entries have
        their summary alone.
        """
        column = article_column(columns, table)
        ids = _ids(rows, column) if column else []
        publisher = await self._publisher()
        words = await self._words(table, query_name)
        query = query_of(self.request)
        here = Query((*query.pairs, *self._pairs("_size")))
        place = self._pairs("_next")
        return Feed(
            title=f"{words} – {publisher}" if words else publisher,
            publisher=publisher,
            description=await self._text(self.database, "description")
            or default_metadata.DESCRIPTION,
            url=self._address(query, ""),
            self_url=self._address(here.plus(*place), self.extension),
            first_url=self._address(here, self.extension) if place else None,
            next_url=self._address(here.plus(("_next", next_place)), self.extension)
            if next_place
            else None,
            entries=await self._changes(rows, ids)
            if are_changes(table, columns)
            else await self._entries(await self._articles(ids), with_texts),
            stylesheet=compat.static_url(self.datasette, "feed.css"),
        )

    def address_in(self, extension: str) -> str:
        """Return the address of this selection in another format."""
        return self._address(query_of(self.request), extension)

    async def _text(self, database: str, key: str) -> str | None:
        return await compat.database_text(self.datasette, database, key)

    async def _publisher(self) -> str:
        titles = [await self._text(each.database, "title") or each.database for each in self.views]
        return await self._text(self.database, "title") or ", ".join(titles)

    async def _words(self, table: str | None, query_name: str | None) -> str | None:
        if table == ARTICLES:
            words = await filter_description.in_words(self.views[0], self.request)
            return None if words == filter_description.ALL else words
        if table is not None:
            return default_metadata.TITLES.get(table, table)
        if query_name is None:
            return "Articles of a query"
        actor = actor_of(self.request)
        title = await compat.query_title(self.datasette, self.database, query_name, actor)
        return title or query_name

    def _pairs(self, key: str) -> list[tuple[str, str]]:
        return [(key, value) for value in self.request.args.getlist(key) if value]

    def _address(self, query: Query, extension: str) -> str:
        # Datasette adds base_url, so the path must be without.
        path = self.request.scope.get("route_path") or self.request.path
        path = path.removesuffix(f".{self.extension}") + (f".{extension}" if extension else "")
        return self._absolute(
            self.datasette.urls.path(f"{path}?{urlencode(query.pairs)}" if query.pairs else path)
        )

    def _absolute(self, path: object) -> str:
        # Datasette would take this page's own address apart for each of a hundred.
        return f"{self._host}{path}"

    # -- entries --------------------------------------------------------------

    async def _articles(self, ids: Sequence[str]) -> list[tuple[ArchiveView, FullArticle]]:
        """The articles in the order of their page, each from the first archive that has it."""
        found: dict[str, tuple[ArchiveView, FullArticle]] = {}
        for view in self.views:
            left = [key for key in ids if key not in found]
            for article in await find_full_articles(view, left):
                found[str(article.card.id)] = view, article
        return [found[key] for key in ids if key in found]

    async def _changes(self, rows: Sequence[Any], ids: Sequence[str]) -> tuple[Entry, ...]:
        titles = {str(each.card.id): each.card.title for _, each in await self._articles(ids)}
        links = Links(self.datasette, self.views[0].database)
        keys = [[row[name] for name in KEY] for row in rows]
        changes = await find_changes(self.views[0], keys)
        return await asyncio.to_thread(change_entries, changes, titles, links, self._absolute)

    async def _entries(
        self, articles: Sequence[tuple[ArchiveView, FullArticle]], with_texts: bool
    ) -> tuple[Entry, ...]:
        images: dict[str, dict[str, Enclosure]] = {}
        bodies: dict[tuple[str, str], Markup] = {}
        if with_texts:
            images, bodies = await asyncio.gather(self._images(articles), self._bodies(articles))
        return tuple(
            [
                await self._entry(
                    view.database,
                    article,
                    bodies.get((view.database, str(article.card.id))),
                    images.get(view.database, {}),
                    with_content=with_texts,
                )
                for view, article in articles
            ]
        )

    async def _images(
        self, articles: Sequence[tuple[ArchiveView, FullArticle]]
    ) -> dict[str, dict[str, Enclosure]]:
        """The images of the articles by database and key."""
        images = {}
        for each in self.views:
            lead = [article.card.image for view, article in articles if view is each]
            drawn = Pictures(each, Links(self.datasette, each.database))
            images[each.database] = await drawn.enclosures(self.request, lead)
        return images

    async def _bodies(
        self, articles: Sequence[tuple[ArchiveView, FullArticle]]
    ) -> dict[tuple[str, str], Markup]:
        """The texts as HTML, by database and article, until the feed has MOST_TEXT of them."""
        found: dict[tuple[str, str], Markup] = {}
        left, unread = MOST_TEXT, MOST_READ
        for view, own in _portions(articles):
            if left <= 0 or unread <= 0:
                break
            keys = [str(article.card.id) for article in own]
            texts = await find_bodies(view, keys, MARKDOWN_LIMIT + 1)
            for key in keys:
                unread -= len(texts.get(key, ""))
                if unread < 0:
                    texts.pop(key, None)
            drawn = Pictures(view, Links(self.datasette, view.database))
            copies = {
                key: {image: self._absolute(path) for image, path in each.items()}
                for key, each in (await drawn.copies_in(texts)).items()
            }
            urls = {str(article.card.id): article.card.url for article in own}
            # Long texts take long: they must not hold up other visitors.
            rendered = await asyncio.to_thread(_rendered, texts, urls, copies, view.shows_remote)
            for key in keys:
                body = rendered.get(key)
                left -= _size_in_feed(body) if body else 0
                if body and left >= 0:
                    found[view.database, key] = body
        return found

    async def _entry(
        self,
        database: str,
        article: FullArticle,
        body: Markup | None,
        images: Mapping[str, Enclosure],
        *,
        with_content: bool,
    ) -> Entry:
        card = article.card
        published, updated = rfc3339(card.published_at), rfc3339(article.updated_at)
        image = images.get(card.image.id) if card.image else None
        source_url = uri(card.url) if card.url else None
        content = Markup("")
        if with_content:
            content = await compat.render(
                self.datasette,
                self.request,
                "_newsfeed_feed_entry.html",
                {"body": body, "summary": card.excerpt, "image": image, "source_url": source_url},
            )
        return Entry(
            id=entry_id(str(card.id)),
            title=card.title,
            url=self._absolute(Links(self.datasette, database).article(str(card.id))),
            source_url=source_url,
            published=published,
            updated=max(published, updated),
            summary=card.excerpt,
            content=content.strip() or None,
            authors=article.authors,
            publisher=card.provider_name,
            categories=tuple(
                dict.fromkeys([*([article.category] if article.category else []), *card.topics])
            ),
            image=image,
            language=card.lang,
            key=str(card.id),
        )


def _portions(
    articles: Sequence[tuple[ArchiveView, FullArticle]],
) -> Iterator[tuple[ArchiveView, list[FullArticle]]]:
    """A few articles of one archive at a time, in their order: their texts may be long."""
    for view, group in groupby(articles, key=lambda each: each[0]):
        own = [article for _, article in group]
        for first in range(0, len(own), PORTION):
            yield view, own[first : first + PORTION]


def _size_in_feed(body: str) -> int:
    """Characters of HTML as text of an XML document, in which each of its own marks is escaped."""
    return len(body) + 3 * (body.count("<") + body.count(">")) + 4 * body.count("&")


def _rendered(
    texts: Mapping[str, str],
    urls: Mapping[str, str | None],
    copies: Mapping[str, Mapping[str, str]],
    with_images: bool,
) -> dict[str, Markup]:
    """Texts as HTML, with or without the images of other sites, with the copies of each."""
    rendered = {
        key: html_of_markdown(
            text,
            urls[key],
            with_images=with_images,
            is_page=False,
            copies=copies.get(key, NO_COPIES),
        )
        for key, text in texts.items()
    }
    return {key: body for key, body in rendered.items() if body}
