"""The addresses of rows, lists and images.

All are paths of this Datasette, with its base_url and its encoding of keys, without the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from datasette.utils import tilde_encode

from ..dimensions import FILTERED_BY
from .protocols import DatasetteLike, RequestLike
from .registered_formats import PAGE, feed_formats

HEADLINES_OF_STORIES = (("is_headline", "1"), ("story_id__notblank", "1"))
"""What keeps one article of each story, in the address of the articles."""

LONGEST_KEPT = 300
"""Characters of a key whose place in an address is kept."""

VERSION = "v"
"""The word for the fingerprint of a copy in the address of an image."""


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed as a page offers it: extension, name of the format, media type, address.

    page: the address of the page about it, for people.
    """

    extension: str
    name: str
    type: str
    url: str
    page: str = ""


_encoded_short = lru_cache(4_096)(tilde_encode)


def _encoded(key: str) -> str:
    """A key in an address. The same topics, providers and images stand on a page many times."""
    return _encoded_short(key) if len(key) <= LONGEST_KEPT else str(tilde_encode(key))


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one archive."""

    datasette: DatasetteLike
    database_name: str
    paths: dict[str, str] = field(default_factory=dict, compare=False, kw_only=True)
    """The paths of tables, and of the database by "". A page of cards has hundreds of links."""

    def database(self) -> str:
        """The database's page."""
        path = self.paths.get("")
        if path is None:
            path = self.paths[""] = str(self.datasette.urls.database(self.database_name))
        return path

    def table(self, table: str, **filters: str) -> str:
        """A table's page, with filters such as `provider_id="example.org"`."""
        path = self.paths.get(table)
        if path is None:
            path = str(self.datasette.urls.table(self.database_name, table))
            self.paths[table] = path
        return f"{path}?{urlencode(filters)}" if filters else path

    def search(self, **words: str) -> str:
        """The search page, for some words."""
        path = f"{self.database()}/-/newsfeed/search"
        return f"{path}?{urlencode(words)}" if words else path

    def list_of(self, ids: Iterable[str] = (), title: str = "", note: str = "") -> str:
        """The page of a list made by hand."""
        pairs = [*(("id", key) for key in ids), ("title", title), ("note", note)]
        query = urlencode([pair for pair in pairs if pair[1]])
        path = f"{self.database()}/-/newsfeed/list"
        return f"{path}?{query}" if query else path

    def articles_of(self, pairs: Iterable[tuple[str, str]]) -> str:
        """The articles that a query keeps."""
        query = urlencode(tuple(pairs))
        return f"{self.table('articles')}?{query}" if query else self.table("articles")

    def search_of(self, pairs: Iterable[tuple[str, str]]) -> str:
        """The search page for the query of an articles page."""
        words = [("q" if key == "_search" else key, value) for key, value in pairs]
        path = self.search()
        return f"{path}?{urlencode(words)}" if words else path

    def history(self, key: str | None = None, **more: str) -> str:
        """The page of an article's history."""
        path = f"{self.database()}/-/newsfeed/history"
        return f"{path}?{urlencode({'id': key, **more})}" if key else path

    def changes_feed(self, key: str) -> str:
        """The feed of the changes of an article."""
        path = self.datasette.urls.table(self.database_name, "article_changes", format="atom")
        return f"{path}?{urlencode({'article_id': key, 'kind__not': 'rating'})}"

    def compare(
        self, queries: Iterable[Iterable[tuple[str, str]]], extension: str = "", **more: str
    ) -> str:
        """The comparison over time of what some queries keep."""
        pairs = [("s", urlencode(tuple(query))) for query in queries]
        path = f"{self.database()}/-/newsfeed/compare{extension}"
        return f"{path}?{urlencode([*pairs, *more.items()])}" if pairs else path

    def compare_of(self, table: str, key: str) -> str | None:
        """The comparison that begins with a topic, provider or story; None for other rows."""
        word = FILTERED_BY.get(table)
        return self.compare([[(word, key)]]) if word else None

    def select(self) -> str:
        """Where the form of the facets goes."""
        return f"{self.database()}/-/newsfeed/select"

    def articles_as(self, extension: str, pairs: Iterable[tuple[str, str]]) -> str:
        """The articles that a query keeps, in another format."""
        path = str(self.datasette.urls.table(self.database_name, "articles", format=extension))
        query = urlencode(tuple(pairs))
        return f"{path}?{query}" if query else path

    def row(self, table: str, *keys: object, extension: str | None = None) -> str:
        """A row's own page, or what it is in another format."""
        path = ",".join([_encoded(str(key)) for key in keys])
        if extension is None:
            return f"{self.table(table)}/{path}"
        return str(self.datasette.urls.row(self.database_name, table, path, format=extension))

    def article(self, key: str) -> str:
        """An article's page."""
        return self.row("articles", key)

    def listed(self, key: str) -> str:
        """The page of an article that a list shows."""
        return self.article(key)

    def story(self, key: str) -> str:
        """A story's page; `key` is the id of any article of it."""
        return self.row("stories", key)

    def provider(self, key: str) -> str:
        """A provider's page."""
        return self.row("providers", key)

    def topic(self, key: str) -> str:
        """A topic's page."""
        return self.row("topics", key)

    def author(self, key: str) -> str:
        """An author's page."""
        return self.row("authors", key)

    def articles_of_provider(self, key: str) -> str:
        """The articles of a provider."""
        return self.table("articles", provider_id=key)

    def articles_of_topic(self, key: str) -> str:
        """The articles about a topic."""
        return self.table("articles", _topic=key)

    def feeds(self, pairs: Iterable[tuple[str, str]] = ()) -> list[FeedLink]:
        """The feeds of the articles that a query keeps, as a page offers them."""
        query = f"?{urlencode(tuple(pairs))}" if pairs else ""
        table = self.datasette.urls.table

        def address(extension: str) -> str:
            return str(table(self.database_name, "articles", format=extension)) + query

        return self._feeds(address)

    def citations_of(self, key: str) -> list[FeedLink]:
        """The citations of an article."""
        return [
            FeedLink(
                each.extension,
                each.name,
                each.media_type,
                self.row("articles", key, extension=each.extension),
            )
            for each in feed_formats(self.datasette).values()
            if each.whole
        ]

    def _feeds(self, address: Callable[[str], str]) -> list[FeedLink]:
        """The feeds of a selection, by the function that gives its address in a format."""
        page = address(PAGE)
        return [
            FeedLink(each.extension, each.name, each.media_type, address(each.extension), page)
            for each in feed_formats(self.datasette).values()
            if not each.whole
        ]

    def feeds_of(self, table: str, key: str) -> list[FeedLink]:
        """The feeds of the articles of a provider, topic or story, none for other rows."""
        word = FILTERED_BY.get(table)
        return self.feeds([(word, key)]) if word else []

    def feeds_of_page(self, request: RequestLike) -> list[FeedLink]:
        """The feeds of the page that is asked for, with all that its address says."""
        # Datasette adds base_url, so the path must be without.
        path = request.scope.get("route_path") or request.path
        query = f"?{request.query_string}" if request.query_string else ""

        def address(extension: str) -> str:
            return str(self.datasette.urls.path(f"{path}.{extension}")) + query

        return self._feeds(address)

    def image(self, key: str, width: int, fingerprint: str = "") -> str:
        """Our own address of an image, `width` pixels wide if there is a copy like that.

        With its fingerprint it is the address of this very copy, which never changes.
        """
        path = f"{self.database()}/-/newsfeed/image/{_encoded(key)}/{width}"
        return f"{path}?{urlencode({VERSION: fingerprint})}" if fingerprint else path
