"""The Datasette hooks of this plugin, a few lines each.

Each hook imports its module inside its body. Importing this package stays cheap, because
each call of `datasette` or `sqlite-utils` does it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pluggy import HookimplMarker

# Datasette's own marker, without the import of Datasette: `sqlite-utils` runs this as well.
hookimpl = HookimplMarker("datasette")


@hookimpl(trylast=True)
def prepare_connection(conn: Any) -> None:
    """How the words of a search are read, in archives; last, to replace Datasette's way."""
    from .pages.queries import search

    search.take_over_escape_fts(conn)


@hookimpl
def register_commands(cli: Any) -> Any:
    """`datasette newsfeed ...`."""
    from .cli import newsfeed

    cli.add_command(newsfeed)


@hookimpl
def startup(datasette: Any) -> Any:
    """Check version and settings, give every archive its defaults."""
    from .pages.startup import start

    return lambda: start(datasette)


@hookimpl
def get_metadata(datasette: Any, key: str | None, database: str | None, table: str | None) -> Any:
    """The defaults, for Datasette 0.65."""
    from .pages import compat

    return compat.metadata_065(datasette, key, database, table)


@hookimpl
def permission_allowed(datasette: Any, actor: Any, action: Any, resource: Any) -> Any:
    """Whether a list or a query of ours may be seen, for Datasette 0.65."""
    from .pages.access import permissions, repeated_tables

    return repeated_tables.refuse_derived(
        datasette, actor, action, resource
    ) or permissions.may_run(datasette, actor, action, resource)


@hookimpl
def permission_resources_sql(datasette: Any, actor: Any, action: Any) -> Any:
    """Whether `article_list` may be seen."""
    from .pages.access import repeated_tables

    return repeated_tables.refused_lists(datasette, actor, action)


@hookimpl(tryfirst=True)
def asgi_wrapper(datasette: Any) -> Any:
    """Let cells know the request, caches what they may keep, browsers what a page may do.

    First, so innermost: of what is kept in memory nothing is of the wrappers of other plugins.
    """
    from .pages import compat
    from .pages.headers import http_caching, page_cache, security_policy

    def wrapped(app: Any) -> Any:
        kept = http_caching.keep_pages(datasette, security_policy.restrict_pages(datasette, app))
        remembered = page_cache.serve_from_memory(datasette, kept)
        return compat.remember_request(datasette, remembered)

    return wrapped


@hookimpl(trylast=True)
def prepare_jinja2_environment(env: Any, datasette: Any) -> Any:
    """Our template filters, and our templates in the place of Datasette's own."""
    from .pages.views import panels

    panels.add_to_templates(env, datasette)


@hookimpl
def extra_css_urls(datasette: Any, request: Any, database: Any) -> Any:
    """Our stylesheet, on the pages of archives only."""
    from .pages.views import assets

    return assets.stylesheets(datasette, request, database)


@hookimpl
def extra_js_urls(datasette: Any, request: Any, database: Any) -> Any:
    """Our script, for keys, on the same pages."""
    from .pages.views import assets

    return assets.scripts(datasette, request, database)


@hookimpl
def extra_template_vars(
    datasette: Any, request: Any, view_name: Any, template: Any, database: Any, table: Any
) -> Any:
    """The articles page as cards; panels, for Datasette 0.65."""
    from .pages.views import panels

    return panels.template_variables(datasette, request, view_name, template, database, table)


@hookimpl
def top_homepage(datasette: Any, request: Any) -> Any:
    """The newest articles of each archive."""
    from .pages.views import panels

    return panels.draw_home(datasette, request)


@hookimpl
def top_database(datasette: Any, request: Any, database: Any) -> Any:
    """The newest articles."""
    from .pages.views import panels

    return panels.draw_database(datasette, request, database)


@hookimpl
def top_table(datasette: Any, request: Any, database: Any, table: Any) -> Any:
    """Topics and providers in numbers."""
    from .pages.views import panels

    return panels.draw_table(datasette, request, database, table)


@hookimpl
def top_row(datasette: Any, request: Any, database: Any, table: Any, row: Any) -> Any:
    """The article, or the newest articles of this row."""
    from .pages.views import panels

    return panels.draw_row(datasette, request, database, table, str(row[0]))


@hookimpl(trylast=True)
def render_cell(
    datasette: Any,
    database: Any,
    table: Any,
    column: Any,
    row: Any,
    value: Any,
    request: Any = None,
) -> Any:
    """Thumbnails, labels, long texts; last, so that a plugin which the user configured wins."""
    return _cells().draw_cell(datasette, request, database, table, column, row=row, value=value)


@cache
def _cells() -> Any:
    # Asked a thousand times a page, where even a look at what was imported takes its time.
    from .pages.views import table_cells

    return table_cells


@hookimpl
def register_routes() -> Any:
    """Pages of our own."""
    from .pages.views import (
        chosen_days,
        compare_page,
        facet_form_route,
        history_page,
        image_route,
        list_page,
        search_page,
    )

    ours = r"^/(?P<database>[^/]+)/-/newsfeed/"
    return [
        (ours + r"image/(?P<image>[^/]+)/(?P<width>[^/]+)$", image_route.serve_image),
        (ours + r"search$", search_page.show_search),
        (ours + r"history$", history_page.show_history),
        (ours + r"compare(?P<format>\.csv|\.json)?$", compare_page.show_comparison),
        (ours + r"days$", chosen_days.lead_to_days),
        (ours + r"list$", list_page.show_list),
        (ours + r"select$", facet_form_route.redirect_to_selection),
    ]


@hookimpl
def jump_items_sql(datasette: Any, actor: Any, request: Any) -> Any:
    """Topics, providers and stories in the jump menu of Datasette 1.0."""
    from .pages.views import menus

    return lambda: menus.jump_items(datasette, request)


@hookimpl
def table_actions(datasette: Any, actor: Any, database: Any, table: Any, request: Any) -> Any:
    """Subscribe and cite, in the menu of the articles."""
    from .pages.views import menus

    return lambda: menus.table_actions(datasette, request, database, table)


@hookimpl
def row_actions(datasette: Any, request: Any, database: Any, table: Any, row: Any) -> Any:
    """Cite, list and subscribe, in the menu of a row of Datasette 1.0."""
    from .pages.views import menus

    return lambda: menus.row_actions(datasette, request, database, table, str(row[0]))


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Any) -> Any:
    """The way to a story by the id of any of its articles, and to an article by its old id."""
    from .pages.views import history_page, story_page

    if request is not None and request.url_vars.get("table") == "articles":
        return history_page.lead_to_new_id(datasette, request, exception)
    return story_page.lead_to_story(datasette, request, exception)


@hookimpl(hookwrapper=True)
def register_output_renderer(datasette: Any) -> Any:
    """The feed formats; last, so that no renderer of another plugin takes their place."""
    from .pages.feeds import shared_extensions
    from .pages.feeds.renderer import renderers
    from .pages.views import feed_page, markdown_export

    feeds = [*renderers(datasette), feed_page.renderer(), markdown_export.renderer()]
    outcome = yield
    others = outcome.get_result()
    ours = shared_extensions.beside_others(feeds, shared_extensions.flat(others))
    outcome.force_result([*others, ours])


@hookimpl(tryfirst=True)
def register_newsfeed_feed_formats() -> Any:
    """Atom, RSS and JSON Feed: a hook of our own, see hookspecs.py."""
    from .pages.feeds.formats import BUILT_IN

    return BUILT_IN


@hookimpl(trylast=True)
def register_newsfeed_dialects() -> Any:
    """The dialects of records: a hook of our own, see hookspecs.py."""
    from .archive.dialects import DIALECTS

    return DIALECTS


@hookimpl
def sitemap_extra_paths(datasette: Any, request: Any) -> Any:
    """What search engines should read: a hook of datasette-sitemap, unheard without it."""
    from .pages.views import sitemap

    return sitemap.find_paths(datasette, request)


@hookimpl(hookwrapper=True)
def register_facet_classes() -> Any:
    """Facets by topic, period, band of a number, and what is there; Datasette's own, faster."""
    from .pages.facets import FACETS, replaced

    outcome = yield
    outcome.force_result([*map(replaced, outcome.get_result()), FACETS])


@hookimpl
def filters_from_request(request: Any, database: Any, table: Any, datasette: Any) -> Any:
    """`?_topic=` and `?_related=`; the rows of large selections by the facet index."""
    from .pages.facets import articles_query, indexed_rows

    if table == articles_query.LIST:
        return articles_query.filters_from_request(datasette, request, database)
    return indexed_rows.filters_from_request(datasette, request, database, table)
