"""Where templates are found and drawn. Knows none of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from .version import is_v1

TEMPLATES_065 = Path(__file__).resolve().parents[2] / "templates_065"


def add_templates(env: Any, datasette: Any) -> None:
    """Put the partial that stands in for the `top_` hooks before the templates of 0.65."""
    if is_v1(datasette):
        return
    paths = env.loader.loaders[0].searchpath  # the user's, the plugins', Datasette's own
    if str(TEMPLATES_065) not in paths:
        paths.insert(len(paths) - 1, str(TEMPLATES_065))


async def render(datasette: Any, request: Any, template: str, context: Mapping[str, Any]) -> Markup:
    """Return one of our templates as HTML, without what Datasette adds for a whole page."""
    env = datasette.get_jinja_environment(request) if is_v1(datasette) else datasette.jinja_env
    return Markup(await env.get_template(template).render_async(dict(context)))


def needs_partial(datasette: Any) -> bool:
    """Tell whether panels are drawn by our partial because there are no `top_` hooks."""
    return not is_v1(datasette)


def keeps_facet_order(datasette: Any) -> bool:
    """Tell whether facets stand in the order of the configuration, not of their numbers."""
    return is_v1(datasette)
