"""What our pages use of Datasette and of its requests, on both lines: types for signatures.

What only one line has is used in compat/ alone, where these types do not apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class DatasetteLike(Protocol):
    """The part of `datasette.app.Datasette` that both lines have and our pages use."""

    @property
    def databases(self) -> Mapping[str, Any]:
        """The databases by name."""

    @property
    def urls(self) -> Any:
        """The addresses of Datasette's own pages, with `base_url`."""

    @property
    def cache_headers(self) -> bool:
        """Whether answers may be cached."""

    @property
    def template_dir(self) -> Any:
        """The folder of the user's own templates, if there is one."""

    @property
    def client(self) -> Any:
        """Requests to this server without HTTP."""

    @property
    def executor(self) -> Any:
        """The threads that run queries."""

    @property
    def renderers(self) -> Mapping[str, Any]:
        """Extension -> how rows are rendered, and whether they can be."""

    @property
    def crossdb(self) -> bool:
        """Whether `_memory` is connected to all databases."""

    def get_database(self, name: str | None = None, route: str | None = None) -> Any:
        """Return a database by its name, or by its part of an address. Raises KeyError."""

    def setting(self, key: str) -> Any:
        """Return the value of a setting."""

    def absolute_url(self, request: Any, path: str) -> Any:
        """Return a path as an address with scheme and host."""

    async def render_template(
        self, templates: Any, context: Any = None, request: Any = None, view_name: Any = None
    ) -> str:
        """Return a template of the site drawn with a context."""

    def plugin_config(
        self, plugin_name: str, database: str | None = None, table: str | None = None
    ) -> Any:
        """Return the configuration of a plugin."""


class RequestLike(Protocol):
    """The part of `datasette.utils.asgi.Request` that our pages use."""

    @property
    def args(self) -> Any:
        """The query string's keys and values."""

    @property
    def scope(self) -> Any:
        """The ASGI scope."""

    @property
    def url_vars(self) -> Mapping[str, Any]:
        """The named parts of the route."""

    @property
    def query_string(self) -> str:
        """The query string as sent."""

    @property
    def path(self) -> str:
        """The path, decoded."""

    @property
    def full_path(self) -> str:
        """Path and query string."""

    @property
    def method(self) -> str:
        """GET, HEAD, ..."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request, with names in lower case."""

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies of the request."""

    @property
    def actor(self) -> Mapping[str, Any] | None:
        """Who is signed in."""
