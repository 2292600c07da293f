"""The facet index as data: which facets it has, their values as SQL, its tables and triggers.

An article is identified by its row number. Triggers record the number of each row that
changes, in the transaction of the change, whichever program makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from .dimensions import BY_NAME, DIMENSIONS, TOPICS

NAME = "newsfeed_facet_index"
STATE = f"{NAME}_state"
LOG = f"{NAME}_log"
TABLES = (NAME, STATE, LOG)

TOPIC = TOPICS.name
DAY = BY_NAME["published_at"].name
"""The day of `published_at` as it is written; empty without a date, null where it is no date."""
IMAGE = BY_NAME["image"].name
RELATED = BY_NAME["related"].name

VALUES: Mapping[str, str] = {each.name: each.value_sql for each in DIMENSIONS if each.is_indexed}
"""The facets that have one value an article, with the SQL of that value."""

COLUMNS = tuple(name for name, sql in VALUES.items() if sql == name)

CREATE = f"""
create table {NAME} (
  facet text not null,
  value,
  n integer not null,
  rows blob not null
);
create unique index idx_{NAME} on {NAME} (facet, value);
create table {STATE} (
  build text not null,
  seq integer not null,
  facets text not null,
  probes text not null
);
create table {LOG} (seq integer primary key, n integer not null)
"""

_READ = (each.column for each in DIMENSIONS if each.is_indexed and each.column)
_WATCHED = tuple(dict.fromkeys(("rowid", "id", *_READ)))
_CHANGED = " or ".join(f"new.{column} is not old.{column}" for column in _WATCHED)
_NUMBER = f"insert into {LOG} (n) select rowid from articles where id = {{row}}.article_id"


def _of_links(table: str) -> dict[str, str]:
    return {
        f"{table}_insert": f"after insert on {table} begin {_NUMBER.format(row='new')}; end",
        f"{table}_delete": f"after delete on {table} begin {_NUMBER.format(row='old')}; end",
        f"{table}_update": f"after update on {table} begin "
        f"{_NUMBER.format(row='old')}; {_NUMBER.format(row='new')}; end",
    }


# REPLACE deletes rows without telling the delete trigger; so the row that
# would be replaced is recorded before the insert.
_TRIGGERS: Mapping[str, str] = {
    "articles_before_insert": f"before insert on articles begin insert into {LOG} (n) "
    "select rowid from articles where id = new.id or rowid = new.rowid; end",
    "articles_insert": f"after insert on articles begin "
    f"insert into {LOG} (n) values (new.rowid); end",
    "articles_before_update": "before update on articles "
    f"when new.id is not old.id or new.rowid is not old.rowid begin insert into {LOG} (n) "
    "select rowid from articles where id = new.id or rowid = new.rowid; end",
    "articles_update": f"after update on articles when {_CHANGED} begin "
    f"insert into {LOG} (n) values (old.rowid); insert into {LOG} (n) values (new.rowid); end",
    "articles_delete": f"after delete on articles begin "
    f"insert into {LOG} (n) values (old.rowid); end",
    **_of_links("article_topics"),
    **_of_links("related_articles"),
}
TRIGGERS: Mapping[str, str] = {
    f"{NAME}_{name}": f"CREATE TRIGGER {NAME}_{name} {sql}" for name, sql in _TRIGGERS.items()
}

VERSION = sha256(repr((CREATE, VALUES, TRIGGERS)).encode()).hexdigest()[:12]
"""Of what is stored. An index of another version is not trusted, and is built again."""
