"""What the articles of an archive can be filtered, counted and named by, one Dimension for each.

A dimension has a facet, the filter that a value of it sets, a heading and a phrase for readers, the
SQL that the facet index counts by, and the tables that a visitor must be allowed to see. Default
metadata, facet index, filters, facets, cards and headings are all made from this list: a
new dimension is one entry of DIMENSIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import schema
from .languages import language_name

COLUMN, TOPIC, PERIOD, BAND, PRESENCE = "column", "topic", "period", "band", "presence"
"""Kinds of facets: `?_facet=NAME`, `?_facet_topic=NAME` and so on."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A filter with a phrase of its own, such as `image_id__isblank=1`, "without an image"."""

    key: str
    value: str
    phrase: str

    @property
    def pair(self) -> tuple[str, str]:
        """The filter as a pair of the address."""
        return self.key, self.value

    def holds(self, key: str, value: str) -> bool:
        """Return whether a pair of an address is this filter."""
        # Datasette's own `__isblank` and `__notblank` take any value.
        return key == self.key and (value == self.value or not key.startswith("_"))


@dataclass(frozen=True, slots=True)
class Presence:
    """Something that an article has or not: its SQL, and the filters for either case."""

    condition: str
    has: Flag
    lacks: Flag
    labels: tuple[str, str] | None = None
    """What the values of the facet are called, if not "has image" and "no image"."""

    def label(self, name: str, there: bool) -> str:
        """Return what the facet calls a value."""
        if self.labels:
            return self.labels[0 if there else 1]
        return f"{'has' if there else 'no'} {name.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table whose pages show articles: by the SQL of a condition and of a count.

    `{bind}` is the name of the parameter that is the row's key; where many articles fulfil the
    condition, `common` finds the same ones faster. Rows without SQL have pages of another kind.
    """

    table: str = ""
    condition: str = ""
    count: str = ""
    common: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One thing that articles are filtered, counted or named by."""

    name: str
    """What its facet is called in an address."""
    heading: str
    """What readers call it."""
    facet: str = ""
    """The kind of its facet; empty where there is none."""
    is_default: bool = False
    """Whether the articles of an archive show the facet unasked."""
    column: str = ""
    """The column of `articles` that it reads, if it reads one."""
    is_indexed: bool = False
    """Whether the facet index counts it: an article has one value of it."""
    sql: str = ""
    """The SQL of that value, where it is not the column."""
    key: str = ""
    """The key of its filter in an address."""
    phrase: str = ""
    """A selection in words: "of type {}"; what is filled in are the values."""
    name_of: Callable[[str], str] = str
    """What readers call a value, where that is not the value itself."""
    is_mark: bool = False
    """Whether cards name the value."""
    is_shown_if_several: bool = False
    """Whether facet and mark are shown only where there are several values."""
    flags: tuple[Flag, ...] = ()
    presence: Presence | None = None
    rows: Rows = Rows()
    tables: tuple[str, ...] = ()
    """What a visitor must be allowed to see, beside articles."""

    @property
    def value_sql(self) -> str:
        """The SQL of the one value that an article has."""
        return self.sql or (self.presence.condition if self.presence else self.column)

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        """The filters that have a phrase of their own."""
        own = (self.presence.has, self.presence.lacks) if self.presence else ()
        return (*self.flags, *own)

    @property
    def configured(self) -> str | dict[str, str]:
        """The facet as a metadata file has it."""
        return self.name if self.facet == COLUMN else {self.facet: self.name}


HEADLINES: Mapping[str, str] = {"1": "Headlines", "0": "Other reports"}

_DATED = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"

_LINKED = "articles.id in (select article_id from {table} where {column} = :{{bind}})"

DIMENSIONS: tuple[Dimension, ...] = (
    # In the order in which a page shows the facets and a title has the phrases.
    Dimension(
        name="story_id",
        heading="Story",
        column="story_id",
        key="story_id",
        phrase="on the story {}",
        flags=(Flag("story_id__notblank", "1", "of stories"),),
        rows=Rows("stories"),
        tables=("stories",),
    ),
    Dimension(
        name="topics",
        heading="Topics",
        facet=TOPIC,
        is_default=True,
        key="_topic",
        phrase="about {}",
        rows=Rows(
            "topics",
            condition=_LINKED.format(table="article_topics", column="topic"),
            count="select count(*) from article_topics where topic = :{bind}",
            common="""\
exists (
  select 1 from article_topics
  where article_topics.article_id = articles.id and article_topics.topic = :{bind}
)""",
        ),
        tables=("article_topics", "topics"),
    ),
    Dimension(
        name="provider_id",
        heading="Providers",
        facet=COLUMN,
        is_default=True,
        column="provider_id",
        is_indexed=True,
        key="provider_id",
        phrase="from {}",
        rows=Rows(
            "providers",
            condition="provider_id = :{bind}",
            count="select count(*) from articles where provider_id = :{bind}",
        ),
        tables=("providers",),
    ),
    Dimension(
        name="authors",
        heading="Authors",
        rows=Rows(
            "authors",
            condition=_LINKED.format(table="article_authors", column="author"),
            count="select count(distinct article_id) from article_authors where author = :{bind}",
        ),
        tables=("authors", "article_authors"),
    ),
    Dimension(
        name="images",
        heading="Images",
        rows=Rows(
            "images",
            condition=_LINKED.format(table="article_images", column="image_id"),
            count="select count(distinct article_id) from article_images where image_id = :{bind}",
        ),
        tables=("images", "article_images"),
    ),
    Dimension(
        name="type",
        heading="Types",
        facet=COLUMN,
        is_default=True,
        column="type",
        is_indexed=True,
        key="type",
        phrase="of type {}",
    ),
    Dimension(
        name="category",
        heading="Categories",
        facet=COLUMN,
        column="category",
        is_indexed=True,
        key="category",
    ),
    Dimension(
        name="language",
        heading="Languages",
        facet=COLUMN,
        is_default=True,
        column="language",
        is_indexed=True,
        key="language",
        phrase="in {}",
        name_of=language_name,
        is_mark=True,
        is_shown_if_several=True,
    ),
    Dimension(name="id", heading="Articles", column="id", key="id", phrase="from a list of {}"),
    Dimension(
        name="published_at",
        heading="Time",
        facet=PERIOD,
        is_default=True,
        column="published_at",
        # The day as it is written; empty without a date, null where it is no date.
        is_indexed=True,
        sql=f"""case when published_at is null or published_at = '' then ''
      when published_at glob '{_DATED}' then substr(published_at, 1, 10) end""",
        flags=(
            Flag("published_at__isblank", "1", "without a date"),
            Flag("published_at__notblank", "1", "with a date"),
        ),
    ),
    Dimension(
        name="heat",
        heading="Heat",
        facet=BAND,
        is_default=True,
        column="heat",
        is_indexed=True,
        phrase="with heat {}",
    ),
    Dimension(
        name="quality",
        heading="Quality",
        facet=BAND,
        column="quality",
        is_indexed=True,
        phrase="with quality {}",
    ),
    Dimension(
        name="published",
        heading="Published",
        facet=COLUMN,
        column="published",
        is_indexed=True,
        key="published",
    ),
    Dimension(
        name="is_headline",
        heading="Stories",
        facet=COLUMN,
        is_default=True,
        column="is_headline",
        is_indexed=True,
        key="is_headline",
        name_of=lambda value: HEADLINES.get(value, value),
    ),
    Dimension(
        name="image",
        heading="Images",
        facet=PRESENCE,
        is_default=True,
        column="image_id",
        is_indexed=True,
        presence=Presence(
            "image_id is not null and image_id != ''",
            has=Flag("image_id__notblank", "1", "with an image"),
            lacks=Flag("image_id__isblank", "1", "without an image"),
        ),
    ),
    Dimension(
        name="related",
        heading="Related articles",
        facet=PRESENCE,
        is_indexed=True,
        key="_related",
        presence=Presence(
            """\
exists (select 1 from related_articles where related_articles.article_id = articles.id)""",
            has=Flag("_related", "1", "with related articles"),
            lacks=Flag("_related", "0", "without related articles"),
        ),
        tables=("related_articles",),
    ),
    Dimension(
        name="changed",
        heading="Changed after publication",
        facet=PRESENCE,
        key="_changed",
        presence=Presence(
            """\
exists (
  select 1 from article_versions
  where article_versions.article_id = articles.id and number > 1
    and kinds not in ('', 'rating') and committed_at > articles.published_at
)""",
            has=Flag("_changed", "1", "changed after publication"),
            lacks=Flag("_changed", "0", "not changed after publication"),
            labels=("changed", "not changed"),
        ),
        tables=schema.HISTORY_NEEDS,
    ),
    Dimension(
        name="dead_image",
        heading="Dead images",
        facet=PRESENCE,
        key="_dead_image",
        presence=Presence(
            """\
articles.id in (
  select article_images.article_id
  from image_fetches join article_images on article_images.image_id = image_fetches.image_id
  where image_fetches.outcome <> 'stored'
)""",
            has=Flag("_dead_image", "1", "with a dead image"),
            lacks=Flag("_dead_image", "0", "without a dead image"),
        ),
        tables=("article_images", "image_fetches"),
    ),
    Dimension(name="_search", heading="Words", key="_search", phrase="with the words {}"),
    Dimension(name="_where", heading="SQL", key="_where"),
    Dimension(name="_through", heading="Linked rows", key="_through"),
)

BY_NAME: Mapping[str, Dimension] = {each.name: each for each in DIMENSIONS}

MARKS: tuple[Dimension, ...] = tuple(each for each in DIMENSIONS if each.is_mark)
"""Whose values cards name; each is of a column."""

TOPICS = BY_NAME["topics"]
RELATED = BY_NAME["related"]
DEAD_IMAGE = BY_NAME["dead_image"]

FILTERED_BY: Mapping[str, str] = {
    each.rows.table: each.key for each in DIMENSIONS if each.rows.table and each.key
}
"""The key that keeps the articles of a row, in the address of the articles, by the row's table."""


def heading(name: str) -> str:
    """Return what readers call a facet or a filter; its own name where it is none of ours."""
    return BY_NAME[name].heading if name in BY_NAME else name


def of_kind(facet: str) -> tuple[str, ...]:
    """Return the names of the facets of a kind that are ours."""
    return tuple(each.name for each in DIMENSIONS if each.facet == facet)


def of_pair(key: str, value: str) -> tuple[Dimension, Flag | None] | None:
    """Return the dimension that a filter is of, with the flag that it sets; None if it is of none.

    `type__in=a,b` is of the dimension of `type`, as is every operator of Datasette.
    """
    for each in DIMENSIONS:
        for flag in each.all_flags:
            if flag.holds(key, value):
                return each, flag
    plain = key if key.startswith("_") else key.partition("__")[0]
    found = next((each for each in DIMENSIONS if plain and each.key == plain), None)
    return (found, None) if found else None
