"""Where templates are found and how they are rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasette as datasette_package
from datasette.utils import to_css_class
from jinja2 import BaseLoader, ChoiceLoader, Environment, Template, TemplateNotFound
from markupsafe import Markup

from .version import is_v1

PACKAGE = Path(__file__).resolve().parents[2]
DEFAULT_TEMPLATES = PACKAGE / "default_templates"
DEFAULT_TEMPLATES_065 = PACKAGE / "default_templates_065"
DATASETTES = Path(datasette_package.__file__).resolve().parent / "templates"

ORIGINAL = "datasette:"
"""The prefix under which our templates find the file of Datasette's that they extend."""

BASE = "base.html"
LANGUAGE = '<html lang="en">'

Source = tuple[str, str | None, Callable[[], bool] | None]


class DefaultTemplates(ChoiceLoader):
    """Wherever Datasette's own template of a name would be used, uses ours of that name.

    A file of the user's or of another plugin is used as before, because ours is looked for
    only after the search has ended at Datasette's own. Where such a file extends or includes
    `default:NAME`, it gets ours. Ours extends `datasette:NAME`, which is Datasette's file.
    """

    def __init__(self, site: BaseLoader, folders: Sequence[Path]) -> None:
        # Other plugins may look for the loaders of the site and add their own.
        super().__init__(site.loaders if isinstance(site, ChoiceLoader) else [site])
        self.site = site
        self.ours = {path.name: path for folder in folders for path in folder.glob("*.html")}

    def get_source(self, environment: Environment, template: str) -> Source:
        """Return a template's source, the path of its file, and whether it is unchanged."""
        if template.startswith(ORIGINAL):
            return self._read(template, DATASETTES / template.removeprefix(ORIGINAL))
        found = self.site.get_source(environment, template)
        path = self.ours.get(template.removeprefix("default:"))
        if path is None or found[1] is None or Path(found[1]).resolve().parent != DATASETTES:
            return found
        return self._read(template, path)

    def _read(self, template: str, path: Path) -> Source:
        try:
            changed = path.stat().st_mtime
            text = path.read_text(encoding="utf-8")
            if path == DATASETTES / BASE:
                # 0.65 names no language, and has no block where one could be named.
                text = text.replace("<html>", LANGUAGE, 1)
        except OSError:
            raise TemplateNotFound(template) from None
        return text, str(path), lambda: path.exists() and path.stat().st_mtime == changed

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:
        """Return the compiled template, which a ChoiceLoader would ask its loaders for."""
        return BaseLoader.load(self, environment, name, globals)


def add_templates(env: Environment, datasette: Any) -> None:
    """Put our templates in the place of Datasette's own of the same names.

    0.65 has no `top_` hooks: a partial of the pages that have them takes their place.
    """
    folders = [DEFAULT_TEMPLATES, *(() if is_v1() else [DEFAULT_TEMPLATES_065])]
    if env.loader is not None and not isinstance(env.loader, DefaultTemplates):
        env.loader = DefaultTemplates(env.loader, folders)


def draws_by_ours(datasette: Any, request: Any, database: str, table: str) -> bool:
    """Return whether the page of a table and the table itself are drawn by templates of ours.

    Not by those of the user, or of another plugin.
    """
    env = datasette.get_jinja_environment(request) if is_v1() else datasette.jinja_env
    loader = env.loader
    if not isinstance(loader, DefaultTemplates):
        return False
    name = f"{to_css_class(database)}-{to_css_class(table)}"
    ours = {str(path) for path in loader.ours.values()}
    return all(
        env.select_template(names).filename in ours
        for names in (
            [f"table-{name}.html", "table.html"],
            [f"_table-{name}.html", f"_table-table-{name}.html", "_table.html"],
        )
    )


async def render(datasette: Any, request: Any, template: str, context: Mapping[str, Any]) -> Markup:
    """Return one of our templates as HTML, without what Datasette adds for a whole page."""
    env = datasette.get_jinja_environment(request) if is_v1() else datasette.jinja_env
    return Markup(await env.get_template(template).render_async(dict(context)))


def needs_partial(datasette: Any) -> bool:
    """Return whether panels are drawn by our partial because there are no `top_` hooks."""
    return not is_v1()


def keeps_facet_order(datasette: Any) -> bool:
    """Return whether facets are in the order of the configuration, not of their counts."""
    return is_v1()
