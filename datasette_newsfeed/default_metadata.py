"""The default metadata of an archive, as data.

It has the shape of a Datasette metadata file. The pages apply it and `newsfeed metadata`
prints it. The user's own metadata of a table takes precedence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from . import facet_index_schema, schema
from .dimensions import DIMENSIONS
from .full_text import tables as full_text_tables

TITLE = "{database}: a news archive"
DESCRIPTION = "Articles with their providers, topics, images and related articles."

LIST_DESCRIPTION = "Articles with provider, topics and image address: one line each, for CSV"

TITLES = {
    "articles": "Articles",
    "providers": "Providers",
    "topics": "Topics",
    "authors": "Authors",
    "images": "Images",
    "related_articles": "Related articles",
    "article_topics": "Topics of articles",
    "article_authors": "Authors of articles",
    "article_images": "Images of articles",
    "stories": "Stories",
    "similar_articles": "Similar articles",
    "image_renditions": "Stored images",
    "image_fetches": "Fetched images",
    "image_base": "Base URL of images",
    "article_versions": "Versions of articles",
    "article_changes": "Changes of articles",
    "removed_articles": "Removed articles",
    schema.ARTICLE_LIST: "Article list",
}

LABELS = {
    # Datasette would take the id for the label of a row: the only unique text column.
    "articles": "title",
    "providers": "name",
    "images": "url",
    "topics": "name",
    "authors": "name",
    # Nothing else names a story. Without a label Datasette names even one that no row refers to.
    "stories": "id",
}

FACETS: dict[str, list[Any]] = {
    "articles": [each.configured for each in DIMENSIONS if each.is_default],
    "article_changes": ["kind", "provider_id", {"period": "committed_at"}, {"band": "size"}],
}

NEWEST_FIRST = {
    "articles": "published_at",
    schema.ARTICLE_LIST: "published_at",
    "stories": "last_published_at",
    "article_versions": "committed_at",
    "article_changes": "committed_at",
    "removed_articles": "removed_at",
}
"""The column that the rows of a table are sorted by, the latest first."""

SIZES = {"articles": 50, "images": 50, "article_images": 50, "related_articles": 50}
"""Rows a page, where rows show pictures."""

LONG_TEXTS = {
    "articles": ("excerpt", "body", "featured_content", "extra"),
    "related_articles": ("excerpt", "extra"),
    "image_renditions": ("content",),
    "article_changes": ("before", "after"),
    "removed_articles": ("excerpt", "body", "topics"),
    schema.ARTICLE_LIST: ("excerpt",),
}
"""Columns that no list may be sorted by: the address of its next page would hold a whole text."""

HIDDEN = (
    "article_topics",
    "article_authors",
    "article_images",
    "similar_articles",
    "image_renditions",
    "image_fetches",
    "image_base",
    "article_versions",
    "article_changes",
    "removed_articles",
)
"""What the pages of articles, topics and images show better. Still there to be queried."""

CLOSED = (
    *facet_index_schema.TABLES,
    *full_text_tables.CLOSED,
    *schema.HISTORY_STATE,
)
"""What no page shows: they repeat texts and names of topics that other tables may keep closed."""

QUERIES = {
    schema.DEAD_LINKS: {
        "title": "Dead links of images, by provider",
        "description": "Images that the last `newsfeed images` could not fetch, with the reason.",
        "sql": schema.DEAD_LINKS_SQL,
    }
}


_KEYS = {table.name: table.primary_key for table in schema.TABLES}


def of_table(name: str, *, hides_references: bool = True) -> dict[str, Any]:
    """Return the defaults of one table or view."""
    found: dict[str, Any] = {"title": TITLES[name]}
    table = next((table for table in schema.TABLES if table.name == name), None)
    if table is None:
        found["description"] = LIST_DESCRIPTION
    else:
        if table is not schema.ARTICLES:  # on a page of news its title says enough
            found["description"] = table.description
        described = {column.name: column.description for column in table.columns}
        found["columns"] = {column: text for column, text in described.items() if text}
    if name in NEWEST_FIRST:
        found["sort_desc"] = NEWEST_FIRST[name]
    if name in LABELS:
        found["label_column"] = LABELS[name]
    if name in FACETS:
        found["facets"] = list(FACETS[name])
    if name in LONG_TEXTS and table is not None:
        found["sortable_columns"] = sortable_columns(name, table.column_names)
    if name in SIZES:
        found["size"] = SIZES[name]
    refers = table is not None and (
        bool(table.foreign_keys) or any(column.references for column in table.columns)
    )
    if name in HIDDEN and (hides_references or not refers):
        found["hidden"] = True
    return found


def sortable_columns(table: str, columns: Iterable[str]) -> list[str]:
    """Return those of a table's columns that its rows may be sorted by."""
    return [column for column in columns if column not in LONG_TEXTS.get(table, ())]


def of_database(
    name: str,
    *,
    has_fetches: bool = False,
    columns: Mapping[str, Collection[str]] = schema.COLUMNS,
    hides_references: bool = True,
) -> dict[str, Any]:
    """Return the defaults of a database and its tables, as below `databases: NAME:`.

    has_fetches: images were fetched from the web, so that there may be dead links.
    columns: those of each table; nothing is said of a column that is not there.
    Without `hides_references` no table with a foreign key is hidden: datasette-graphql fails on
    hidden tables that refer to others.
    """
    tables = {table: of_table(table, hides_references=hides_references) for table in TITLES}
    for table in tables:
        if not {LABELS.get(table), *_KEYS.get(table, ())}.issubset(columns.get(table, ())):
            tables[table].pop("label_column", None)  # Datasette would ask the table for it
    for table in columns.keys() & tables.keys():
        if described := tables[table].get("columns"):
            tables[table]["columns"] = {
                column: text for column, text in described.items() if column in columns[table]
            }
    tables["articles"]["facets"] = [
        each.configured
        for each in DIMENSIONS
        if each.is_default and (not each.column or each.column in columns["articles"])
    ]
    return {
        "title": TITLE.format(database=name),
        "description": DESCRIPTION,
        "tables": {
            **tables,
            **{table: {"hidden": True, "allow": False} for table in CLOSED},
        },
        "queries": QUERIES if has_fetches else {},
    }
