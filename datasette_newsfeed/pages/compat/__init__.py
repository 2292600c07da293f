"""The differences between Datasette 0.65 and 1.0.

Only this package depends on the version. What both versions do alike is called directly
elsewhere; what they do differently has one name here.
"""

from __future__ import annotations

from . import site_url
from .jump import jump_item
from .permissions import (
    is_asking,
    may_view_database,
    refused_tables,
    skips_checks,
    viewable,
)
from .request import (
    Answer,
    App,
    Method,
    Scope,
    Wrap,
    asks_for_feed,
    asks_for_row,
    current_request,
    forget_prefix,
    has_actor,
    is_late,
    note_late,
    notes,
    remember_request,
    was_interrupted,
    watch_interruptions,
    wrap_once,
)
from .row_order import LaterPage, RowOrder, complete_next, later_page, replace_statements
from .settings import (
    apply_defaults,
    close,
    facet_config,
    has_column_types,
    internal_path,
    metadata_065,
    ordered_facets,
    setting,
    sortable_columns,
    table_config,
)
from .static_files import static_url
from .templates import add_templates, draws_by_ours, keeps_facet_order, needs_partial, render
from .titles import database_text, query_title
from .version import refuse_unsupported

__all__ = [
    "Answer",
    "App",
    "LaterPage",
    "Method",
    "RowOrder",
    "Scope",
    "Wrap",
    "add_templates",
    "apply_defaults",
    "asks_for_feed",
    "asks_for_row",
    "close",
    "complete_next",
    "current_request",
    "database_text",
    "draws_by_ours",
    "facet_config",
    "forget_prefix",
    "has_actor",
    "has_column_types",
    "internal_path",
    "is_asking",
    "is_late",
    "jump_item",
    "keeps_facet_order",
    "later_page",
    "may_view_database",
    "metadata_065",
    "needs_partial",
    "note_late",
    "notes",
    "ordered_facets",
    "query_title",
    "refuse_unsupported",
    "refused_tables",
    "remember_request",
    "render",
    "replace_statements",
    "setting",
    "site_url",
    "skips_checks",
    "sortable_columns",
    "static_url",
    "table_config",
    "viewable",
    "was_interrupted",
    "watch_interruptions",
    "wrap_once",
]
