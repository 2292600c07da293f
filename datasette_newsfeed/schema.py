"""The tables as data: columns, keys, indexes, full text.

The importer creates the tables from it, the pages recognise an archive by it, and the
documentation prints it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .full_text import index, tables

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA_VERSION = 4
"""Kept in `PRAGMA user_version`. A database of another version is read again."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `references` is the `table(column)` its foreign key leads to."""

    name: str
    type: str
    description: str = ""
    not_null: bool = False
    references: str | None = None
    default: int | None = None
    since: int = 1
    """The schema version that brought it: an older database is still a news archive."""

    @property
    def leads_to(self) -> str | None:
        """The table that its foreign key leads to."""
        return self.references.partition("(")[0] if self.references else None


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `rowid=False` makes it WITHOUT ROWID, as fits a join table."""

    name: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    rowid: bool = True
    full_text: tuple[str, ...] = ()
    foreign_keys: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Foreign keys of several columns, and the table to whose columns of these names they lead."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in reading order."""
        return tuple(column.name for column in self.columns)

    @property
    def first_column_names(self) -> tuple[str, ...]:
        """Those of them that the first version of the schema had."""
        return tuple(column.name for column in self.columns if column.since == 1)


def _text(name: str, description: str = "", **more: Any) -> Column:
    return Column(name, "TEXT", description, **more)


def _integer(name: str, description: str = "", **more: Any) -> Column:
    return Column(name, "INTEGER", description, **more)


IMAGES = Table(
    "images",
    "Images, one row per address",
    (
        _text(
            "id",
            "made from the URL as written; of a relative one, from the path that it leads to",
            not_null=True,
        ),
        _text("url", "as written, so it may be relative to the source's site", not_null=True),
        _integer("width", "pixels; the largest that any record gives"),
        _integer("height", "pixels"),
        _integer("is_cached", "1: the source kept a copy"),
    ),
    primary_key=("id",),
)

PROVIDERS = Table(
    "providers",
    "Sites that publish articles, one row per domain",
    (
        _text("domain", "the site", not_null=True),
        _text("name", "from its organization record, else the only name used, else the domain"),
        _text("image_id", "logo", references="images(id)"),
    ),
    primary_key=("domain",),
    indexes=(("image_id",),),
)

TOPICS = Table(
    "topics",
    "What the articles are about",
    (_text("name", not_null=True),),
    primary_key=("name",),
)

AUTHORS = Table(
    "authors",
    "People and teams named as authors",
    (_text("name", not_null=True),),
    primary_key=("name",),
)

ARTICLES = Table(
    "articles",
    "Articles, one row per source file",
    (
        _text("id", "the file's name without suffix", not_null=True),
        _text("title", not_null=True),
        _text("image_id", "lead image", references="images(id)"),
        _text("provider_id", "the site that published it", references="providers(domain)"),
        _text("provider_name", "the provider as this record names it"),
        # Not null: Datasette pages through a nullable column thousands of times slower.
        _text("published_at", "UTC; empty where the record has no date", not_null=True),
        _text("type", "article, video, ..."),
        _text("category"),
        _integer(
            "heat",
            "how much the news is reported; -1: its source led with another article",
        ),
        _integer("quality"),
        _integer("published", "0: not on the front page of the source"),
        _text("excerpt"),
        _text("body", "Markdown"),
        _text("url", "the article's page: web_url, else original_url"),
        _text("original_url"),
        _text("web_url"),
        _text("amp_url"),
        _text("cdn_amp_url"),
        _text("updated_at", "UTC"),
        _text("featured_content", "HTML of an embedded player, as archived: never trust it"),
        _text("extra", "JSON: keys of the record that have no column"),
        # Last, so that they can be added to a table that is there.
        _text(
            "story_id", "computed: the story that it belongs to", references="stories(id)", since=2
        ),
        _integer(
            "is_headline",
            "computed: 0 if another article leads its story",
            not_null=True,
            default=1,
            since=2,
        ),
        _text("language", "code, such as en or pt-BR", since=3),
    ),
    primary_key=("id",),
    indexes=(
        ("published_at",),  # newest first, the order of every list
        ("provider_id", "published_at"),  # newest of a provider, and the foreign key
        ("provider_id", "provider_name"),  # how many names a provider has
        ("image_id",),
        ("heat",),
        ("quality",),
        ("type",),
        ("story_id",),
        ("is_headline", "published_at"),  # newest headlines
        ("language",),
    ),
    full_text=tables.COLUMNS,
)

ARTICLE_TOPICS = Table(
    "article_topics",
    "Topics of each article, in the order of its record",
    (
        _text("article_id", not_null=True, references="articles(id)"),
        _text("topic", not_null=True, references="topics(name)"),
        _integer("position", "from 0, in the order of the record", not_null=True),
    ),
    primary_key=("article_id", "topic"),
    indexes=(("topic", "article_id"),),
    rowid=False,
)

ARTICLE_AUTHORS = Table(
    "article_authors",
    "Authors of each article, in the order of its record",
    (
        _text("article_id", not_null=True, references="articles(id)"),
        _integer("position", "from 0, in the order of the record", not_null=True),
        _text("author", not_null=True, references="authors(name)"),
    ),
    primary_key=("article_id", "position"),
    indexes=(("author", "article_id"),),
    rowid=False,
)

ARTICLE_IMAGES = Table(
    "article_images",
    "All images of an article; the first is its lead image",
    (
        _text("article_id", not_null=True, references="articles(id)"),
        _integer("position", "from 0, in the order of the record", not_null=True),
        _text("image_id", not_null=True, references="images(id)"),
        _text("title"),
        _text("attribution"),
    ),
    primary_key=("article_id", "position"),
    indexes=(("image_id", "article_id"),),
    rowid=False,
)

RELATED_ARTICLES = Table(
    "related_articles",
    "Related articles that the record of an article names",
    (
        _text("article_id", not_null=True, references="articles(id)"),
        _integer("position", "from 0, in the order of the record", not_null=True),
        _text("title"),
        _text("excerpt"),
        _text("published_at", "UTC"),
        _text("url"),
        _text("amp_url"),
        _text("cdn_amp_url"),
        _text("type"),
        _integer("quality"),
        _text("provider_id", references="providers(domain)"),
        _text("provider_name", "the provider as this entry names it"),
        _text("image_id", references="images(id)"),
        _text("related_id", "the article of this archive with that URL", references="articles(id)"),
        _text("extra", "JSON: keys that have no column"),
    ),
    primary_key=("article_id", "position"),
    indexes=(("related_id",), ("provider_id", "provider_name"), ("image_id",)),
    rowid=False,
)

STORIES = Table(
    "stories",
    "Computed: groups of articles about the same news",
    (
        _text("id", "that of its earliest article", not_null=True),
        _text("headline_id", "the article that leads it", not_null=True, references="articles(id)"),
        _integer("size", "articles", not_null=True),
        _text("first_published_at", "UTC", not_null=True),
        _text("last_published_at", "UTC", not_null=True),
    ),
    primary_key=("id",),
    indexes=(("headline_id",), ("last_published_at",), ("size",)),
)

SIMILAR_ARTICLES = Table(
    "similar_articles",
    "Computed: the most similar articles of each article, whenever published",
    (
        _text("article_id", not_null=True, references="articles(id)"),
        _integer("position", "from 0, the most alike first", not_null=True),
        _text("similar_id", not_null=True, references="articles(id)"),
        Column("score", "REAL", "0 to 1.2: words, topics, nearness in time", not_null=True),
    ),
    primary_key=("article_id", "position"),
    indexes=(("similar_id",),),
    rowid=False,
)

IMAGE_RENDITIONS = Table(
    "image_renditions",
    "Stored copies of images, resized",
    (
        _text("image_id", not_null=True, references="images(id)"),
        _integer("width", "pixels", not_null=True),
        _integer("height", "pixels", not_null=True),
        _text("type", "media type of the copy", not_null=True),
        _text("sha256", "of the copy, hexadecimal", not_null=True),
        _text("original_type", "media type, from the bytes themselves", not_null=True),
        _integer("original_width", "pixels", not_null=True),
        _integer("original_height", "pixels", not_null=True),
        _integer("original_size", "bytes", not_null=True),
        Column("content", "BLOB", "the copy", not_null=True),
    ),
    primary_key=("image_id", "width"),
)

OUTCOMES = ("stored", "gone", "failed", "refused", "unfit")
"""How a fetch ends: a copy is stored; the server has it no more; it could not be had this
time; its address may not be asked; what came is no image to be kept. All but the first
are dead images, even where an older copy is still stored."""

IMAGE_FETCHES = Table(
    "image_fetches",
    "How the last fetch of each image from the web ended",
    (
        _text("image_id", not_null=True, references="images(id)"),
        _text("url", "the address asked for", not_null=True),
        _text("outcome", ", ".join(OUTCOMES), not_null=True),
        _text("reason", "why nothing was stored, in words"),
        _integer("status", "of HTTP; null: nobody answered"),
        _text("fetched_at", "UTC", not_null=True),
        _text("etag", "as the server gave it, to ask whether the image changed"),
        _text("last_modified", "as the server gave it"),
    ),
    primary_key=("image_id",),
    indexes=(("outcome", "image_id"),),
)

IMAGE_BASE = Table(
    "image_base",
    "The site to which image URLs without a host belong: one row, or none",
    (_text("base_url", "as `import --base-url` gave it", not_null=True),),
    primary_key=("base_url",),
)

ARTICLE_VERSIONS = Table(
    "article_versions",
    "What the files of the articles said over time, one row per version that says something new",
    (
        # No foreign key: the article may be removed.
        _text("article_id", "of an article, or of a removed one", not_null=True),
        _integer("number", "from 1, in the order of the commits", not_null=True),
        _text("committed_at", "UTC", not_null=True),
        _text("commit_hash", "of git", not_null=True),
        _text("kinds", "what changed: headline, text, ...; empty: the first", not_null=True),
        _integer("size", "words that changed; heat and quality are not counted", not_null=True),
        _integer("repeats", "later commits that say the same", not_null=True),
        _text("last_committed_at", "UTC; of the last of those", not_null=True),
        _integer("is_draft", "1: not published", not_null=True),
        _text("title", not_null=True),
        _text("provider_id", "the site that published it"),
        _text("path", "of the file, below the folder of the archive", not_null=True),
        _text("blob", "the file as git has it: git cat-file blob BLOB", not_null=True),
    ),
    primary_key=("article_id", "number"),
    indexes=(("committed_at",),),
    rowid=False,
)

ARTICLE_CHANGES = Table(
    "article_changes",
    "What changed in the articles, one row per column or topic, author, image, related article",
    (
        _text("article_id", not_null=True),
        _integer("number", "of the version that the change leads to", not_null=True),
        _integer("position", "from 0", not_null=True),
        _text("committed_at", "UTC", not_null=True),
        _text("kind", "headline, text, topics, images, ...", not_null=True),
        _text("field", "a column of articles; topic, author, image, related", not_null=True),
        _integer("size", "words that changed, at least 1", not_null=True),
        _text("provider_id", "the site that published it"),
        _text("before", "null: there was none"),
        _text("after", "null: there is none"),
    ),
    primary_key=("article_id", "number", "position"),
    indexes=(("committed_at",), ("kind", "committed_at"), ("provider_id", "committed_at")),
    rowid=False,
    foreign_keys=((("article_id", "number"), "article_versions"),),
)

REMOVED_ARTICLES = Table(
    "removed_articles",
    "Articles that once were in the archive, as their last version said, or the ids of moved ones",
    (
        _text("id", not_null=True),
        _text("moved_to", "the id that the article has now"),
        _text("title"),
        _text("provider_id", "the site that published it"),
        *(_text("provider_name"), _text("published_at", "UTC")),
        *map(_text, ("type", "category")),
        *map(_integer, ("heat", "quality", "published")),
        *map(_text, ("excerpt", "body", "url")),
        _text("topics", "JSON"),
        _text("first_seen_at", "UTC; the first commit that has it", not_null=True),
        _text("last_seen_at", "UTC; the last commit that wrote it", not_null=True),
        _text("removed_at", "UTC; the commit that removed or moved it", not_null=True),
        _text("commit_hash", "of git", not_null=True),
    ),
    primary_key=("id",),
    indexes=(("moved_to",), ("removed_at",)),
)

TABLES: tuple[Table, ...] = (
    # Parents before children, so that they can be created and filled in this order.
    IMAGES,
    PROVIDERS,
    TOPICS,
    AUTHORS,
    ARTICLES,
    ARTICLE_TOPICS,
    ARTICLE_AUTHORS,
    ARTICLE_IMAGES,
    RELATED_ARTICLES,
    STORIES,
    SIMILAR_ARTICLES,
    IMAGE_RENDITIONS,
    IMAGE_FETCHES,
    IMAGE_BASE,
    ARTICLE_VERSIONS,
    ARTICLE_CHANGES,
    REMOVED_ARTICLES,
)

COLUMNS: Mapping[str, frozenset[str]] = {
    table.name: frozenset(table.column_names) for table in TABLES
}
"""The columns of each table, as this version makes them."""

COMPUTED_TABLES = (STORIES, SIMILAR_ARTICLES)
"""What `newsfeed relate` makes of the others; it can always be made again."""

HISTORY_TABLES = (ARTICLE_CHANGES, ARTICLE_VERSIONS, REMOVED_ARTICLES)
"""What `newsfeed history` makes of a git repository, children before parents."""

HISTORY_STATE = ("newsfeed_history", "newsfeed_history_files")
"""Tables that remember how far a history is read, and what its files hold there."""

_LATER_TABLES = (*COMPUTED_TABLES, IMAGE_RENDITIONS, IMAGE_FETCHES, IMAGE_BASE, *HISTORY_TABLES)
CORE_TABLES: tuple[Table, ...] = tuple(table for table in TABLES if table not in _LATER_TABLES)
"""The tables by which a database is recognised as a news archive."""

HISTORY_NEEDS = tuple(table.name for table in (*CORE_TABLES, *HISTORY_TABLES))
"""What a visitor must be allowed to see of histories: they quote all tables of the records."""

ARTICLE_LIST = "article_list"
ARTICLE_LIST_SQL = """\
select
  articles.id,
  articles.title,
  articles.published_at,
  coalesce(providers.name, articles.provider_name) as provider,
  articles.type,
  articles.heat,
  articles.quality,
  (
    select group_concat(topic, ', ')
    from (
      select topic from article_topics
      where article_id = articles.id order by position
    )
  ) as topics,
  articles.excerpt,
  articles.url,
  images.url as image_url
from articles
  left join providers on providers.domain = articles.provider_id
  left join images on images.id = articles.image_id"""
"""One line an article, as one wants it in a spreadsheet."""

DEAD_LINKS = "dead_image_links"
DEAD_LINKS_SQL = """\
with used (image_id, provider_id, article_id) as (
  select article_images.image_id, articles.provider_id, articles.id
    from article_images join articles on articles.id = article_images.article_id
  union
  select image_id, provider_id, article_id from related_articles
  union
  select image_id, domain, null from providers
)
select
  coalesce(providers.name, used.provider_id, 'unknown') as provider,
  image_fetches.url as dead_link,
  image_fetches.outcome,
  image_fetches.reason,
  image_fetches.fetched_at,
  image_fetches.image_id in (select image_id from image_renditions) as has_copy,
  count(used.article_id) as articles
from image_fetches
  join used on used.image_id = image_fetches.image_id
  left join providers on providers.domain = used.provider_id
where image_fetches.outcome <> 'stored'
group by used.provider_id, image_fetches.image_id
order by provider, dead_link"""
"""The images that the last fetch did not bring, by the provider of their articles."""

DEAD_LINKS_TABLES = (
    "articles",
    "images",
    "article_images",
    "related_articles",
    "providers",
    "image_renditions",
    "image_fetches",
)
"""What it tells something about."""


def is_archive(columns_by_table: Mapping[str, Collection[str]]) -> bool:
    """Return whether a database with these tables and columns is a news archive.

    By all core tables with all their columns, never by a table's name alone.
    """
    return all(
        table.name in columns_by_table
        and set(table.first_column_names) <= set(columns_by_table[table.name])
        for table in CORE_TABLES
    )


def usable_tables(columns_by_table: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the names of our tables that pages can read in a news archive, in our order.

    Such a table has all columns that it had from the start, and every other table that is
    there has the columns that lead to it: `stories` needs `articles.story_id`.
    """

    def has(table: Table, columns: Iterable[Column]) -> bool:
        return {column.name for column in columns} <= set(columns_by_table[table.name])

    there = [table for table in TABLES if table.name in columns_by_table]
    complete = [
        table for table in there if has(table, (each for each in table.columns if each.since == 1))
    ]
    return tuple(
        table.name
        for table in complete
        if all(
            has(other, [column for column in other.columns if column.leads_to == table.name])
            for other in complete
        )
    )


def create_table_sql(table: Table) -> str:
    """Return the CREATE TABLE statement.

    Spelled here because sqlite-utils cannot make a table WITHOUT ROWID. The
    descriptions are comments in it: Datasette shows them below the table.
    """
    lines = []
    for column in table.columns:
        lines.append((column_sql(column), column.description))
    keys = [(f"PRIMARY KEY ({', '.join(table.primary_key)})", "")]
    for columns, other in table.foreign_keys:
        names = ", ".join(columns)
        keys.append((f"FOREIGN KEY ({names}) REFERENCES {other}({names})", ""))
    body = ""
    rows = lines + keys
    for number, (line, description) in enumerate(rows, 1):
        body += "  " + line + ("," if number < len(rows) else "")
        body += f" -- {description}\n" if description else "\n"
    ending = "" if table.rowid else " WITHOUT ROWID"
    return f"CREATE TABLE {table.name} (\n{body}){ending}"


def column_sql(column: Column) -> str:
    """Return the definition of a column, as CREATE TABLE and ALTER TABLE have it."""
    line = f"{column.name} {column.type}"
    if column.not_null:
        line += " NOT NULL"
    if column.default is not None:
        line += f" DEFAULT {column.default}"
    if column.references:
        line += f" REFERENCES {column.references}"
    return line


def create(db: Database) -> None:
    """Create whatever of the schema is missing, in one transaction; else write nothing."""
    if _is_complete(db):
        return
    with db.atomic():
        existing = set(db.table_names())
        for table in TABLES:
            if table.name not in existing:
                db.execute(create_table_sql(table))
            else:
                _add_columns(db, table)
            for columns in table.indexes:
                db.table(table.name).create_index(columns, if_not_exists=True)
        index.create(db.conn)
        index.keep(db.conn)
        db.create_view(ARTICLE_LIST, ARTICLE_LIST_SQL, replace=True)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _add_columns(db: Database, table: Table) -> None:
    existing = db.table(table.name).columns_dict
    if table is SIMILAR_ARTICLES and "shared_words" in existing:  # until schema version 3
        names = ", ".join(table.column_names)
        db.execute(f"ALTER TABLE {table.name} RENAME TO old_similar_articles")
        db.execute(f"DROP INDEX IF EXISTS idx_{table.name}_similar_id")
        db.execute(create_table_sql(table))
        db.execute(f"INSERT INTO {table.name} SELECT {names} FROM old_similar_articles")
        db.execute("DROP TABLE old_similar_articles")
        return
    for column in table.columns:
        if column.name not in existing:
            db.execute(f"ALTER TABLE {table.name} ADD COLUMN {column_sql(column)}")


def _is_complete(db: Database) -> bool:
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        return False
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    wanted = {ARTICLE_LIST}
    for table in TABLES:
        wanted.add(table.name)
        wanted |= {f"idx_{table.name}_{'_'.join(columns)}" for columns in table.indexes}
    return wanted <= names and index.is_complete(db.conn)
