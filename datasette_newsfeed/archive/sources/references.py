"""What each file says about things that other files name too: URLs, images, organizations.

A row that many files share (a provider, an image) and a link between two articles are computed
from these facts when a file changes, without reading the other files again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...many_rows import write_rows

if TYPE_CHECKING:
    from sqlite_utils import Database

FACTS_SCHEMA = """
CREATE TABLE urls (
  key TEXT NOT NULL,      -- normalised
  source INTEGER NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
  position INTEGER NOT NULL, -- of the related article with that URL; -1: the article's own
  PRIMARY KEY (source, position, key)
) WITHOUT ROWID;
CREATE INDEX idx_urls_key ON urls (key);
CREATE TABLE image_uses (
  source INTEGER NOT NULL REFERENCES sources(id) ON DELETE CASCADE,
  image_id TEXT NOT NULL,
  provider_id TEXT NOT NULL, -- whose logo it is; empty: nobody's
  area INTEGER NOT NULL,
  width INTEGER,
  height INTEGER,
  is_cached INTEGER,
  url TEXT                -- as written, where it is relative to its file; null: that of `images`
);
CREATE INDEX idx_image_uses_source ON image_uses (source);
CREATE INDEX idx_image_uses_image_id ON image_uses (image_id, area, width, height, is_cached);
CREATE INDEX idx_image_uses_url ON image_uses (image_id, url) WHERE url IS NOT NULL;
CREATE INDEX idx_image_uses_provider_id ON image_uses (provider_id, area, image_id)
  WHERE provider_id != '';
CREATE TABLE organizations (
  source INTEGER PRIMARY KEY REFERENCES sources(id) ON DELETE CASCADE,
  domain TEXT NOT NULL,
  name TEXT NOT NULL,
  image_id TEXT
);
CREATE INDEX idx_organizations_domain ON organizations (domain);
"""


ImageUse = tuple[str, str, int, int | None, int | None, bool | None, str | None]
"""image_id, provider_id, area, width, height, is_cached, and the URL if it is relative."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file says about things that others speak of, too.

    urls: (key, position); organization: (domain, name, image_id).
    """

    urls: tuple[tuple[str, int], ...] = ()
    images: tuple[ImageUse, ...] = ()
    organization: tuple[str, str, str | None] | None = None


TRUSTED = "(sources.sha256 IS NOT NULL OR sources.file IS NULL)"
"""Whose rows stand in the archive: a file distrusted and not read again has none for sure."""

NOTHING_SAID = Facts()


@dataclass(frozen=True, slots=True)
class Before:
    """What some files said until now: the providers and images they named."""

    domains: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()


NOTHING_BEFORE = Before()


def chunks(
    db: Database, sql: str, values: Sequence[str] | Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query that takes a list of keys, some hundred keys at once."""
    unique = sorted(set(values))  # type: ignore[type-var]
    for start in range(0, len(unique), 500):
        some = unique[start : start + 500]
        rows = ", ".join(["(?)"] * len(some))
        yield from db.execute(sql.format(values=f"(VALUES {rows})", trusted=TRUSTED), list(some))


class FactBook:
    """The facts, in the connection of DB-sources and its transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(self, facts: Sequence[tuple[int, Facts]]) -> None:
        """Replace the facts of some sources: (source id, facts)."""
        run = self._db.conn.executemany
        for table in ("urls", "image_uses", "organizations"):
            run(f"DELETE FROM {table} WHERE source = ?", ((source,) for source, _ in facts))
        write_rows(
            self._db.conn,
            "INSERT OR IGNORE INTO urls (source, key, position) VALUES {values}",
            ((source, *url) for source, said in facts for url in said.urls),
        )
        write_rows(
            self._db.conn,
            "INSERT INTO image_uses (source, image_id, provider_id, area, width, height, "
            "is_cached, url) VALUES {values}",
            ((source, *use) for source, said in facts for use in said.images),
        )
        run(
            "INSERT INTO organizations (source, domain, name, image_id) VALUES (?, ?, ?, ?)",
            (
                (source, *said.organization)
                for source, said in facts
                if said.organization is not None
            ),
        )

    def before(self, source_ids: Sequence[int]) -> Before:
        """Return what these files said when they were last read."""
        named = list(chunks(self._db, _ORGANIZATIONS, source_ids))
        used = list(chunks(self._db, _USES, source_ids))
        return Before(
            frozenset(domain for domain, _ in [*named, *used] if domain),
            frozenset(image for _, image in [*named, *used] if image),
        )

    def organizations(self, domains: Sequence[str]) -> list[int]:
        """Return the sources that are organization records of these domains."""
        return [row[0] for row in chunks(self._db, _NAMING, domains)]

    def names_and_logos(self, domains: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
        """Return, for each domain, its organization's name and the image_id of its logo.

        Of two organization records the smaller path wins; without one, the logo
        is the largest that any record gives, then that with the smallest key.
        """
        return {row[0]: (row[1], row[2]) for row in chunks(self._db, _NAMES, domains)}

    def largest_uses(
        self, image_ids: Sequence[str]
    ) -> dict[str, tuple[int | None, int | None, bool | None, str | None]]:
        """Return width, height and is_cached of the largest use of each image, and its URL.

        The URL is the smallest of those by which records lead to a file, None for any other
        image.
        """
        return {row[0]: (*row[1:],) for row in chunks(self._db, _LARGEST, image_ids)}

    def related_to(self, keys: Sequence[str]) -> list[tuple[str, str, int]]:
        """Return (key, article_id, position) of the related articles with these URLs."""
        return list(chunks(self._db, _RELATED, keys))

    def articles_at(self, keys: Sequence[str]) -> list[tuple[str, str]]:
        """Return (key, article_id) of the articles with these URLs."""
        return list(chunks(self._db, _ARTICLES, keys))

    def files_naming(self, image_id: str) -> list[tuple[str, str, str | None]]:
        """Return file and path of the records that name an image, by path, and their URL of it
        if that is relative."""
        return self._db.execute(
            "SELECT DISTINCT file, path, url FROM sources "
            "JOIN image_uses ON image_uses.source = sources.id "
            "WHERE image_id = ? AND file IS NOT NULL ORDER BY path, file",
            [image_id],
        ).fetchall()


# Each takes a list of keys at once; `v` is its one column.
_ORGANIZATIONS = """
SELECT domain, image_id FROM (SELECT column1 AS v FROM {values})
JOIN organizations ON organizations.source = v
"""
_NAMING = """
SELECT organizations.source FROM (SELECT column1 AS v FROM {values})
JOIN organizations ON organizations.domain = v
"""
_USES = """
SELECT provider_id, image_id FROM (SELECT column1 AS v FROM {values})
JOIN image_uses ON image_uses.source = v
"""
# Of a provider's logos the first by `area DESC, image_id` would be a look at each of its
# articles; the largest area and the first of that area are one look into the index each.
_NAMES = """
SELECT v,
  (SELECT name FROM organizations JOIN sources ON sources.id = organizations.source
    WHERE domain = v AND {trusted} ORDER BY path IS NULL, path, sha256, name LIMIT 1),
  coalesce(
    (SELECT image_id FROM organizations JOIN sources ON sources.id = organizations.source
      WHERE domain = v AND image_id IS NOT NULL AND {trusted}
      ORDER BY path IS NULL, path, sha256, name LIMIT 1),
    (SELECT image_id FROM image_uses JOIN sources ON sources.id = image_uses.source
      WHERE provider_id = v AND provider_id != '' AND {trusted} AND area = (
        SELECT area FROM image_uses JOIN sources ON sources.id = image_uses.source
        WHERE provider_id = v AND provider_id != '' AND {trusted} ORDER BY area DESC LIMIT 1
      ) ORDER BY image_id LIMIT 1)
  )
FROM (SELECT column1 AS v FROM {values})
"""
_LARGEST = """
SELECT v, width, height, is_cached, (
  SELECT min(image_uses.url) FROM image_uses JOIN sources ON sources.id = image_uses.source
  WHERE image_id = v AND image_uses.url IS NOT NULL AND {trusted}
) FROM (SELECT column1 AS v FROM {values})
JOIN image_uses ON image_uses.rowid = (
  SELECT image_uses.rowid FROM image_uses JOIN sources ON sources.id = image_uses.source
  WHERE image_id = v AND {trusted}
  ORDER BY area DESC, width DESC, height DESC, is_cached DESC LIMIT 1
)
"""
_RELATED = """
SELECT urls.key, sources.article_id, urls.position FROM (SELECT column1 AS v FROM {values})
JOIN urls ON urls.key = v JOIN sources ON sources.id = urls.source
WHERE urls.position >= 0 AND sources.article_id IS NOT NULL
"""
_ARTICLES = """
SELECT DISTINCT urls.key, sources.article_id FROM (SELECT column1 AS v FROM {values})
JOIN urls ON urls.key = v JOIN sources ON sources.id = urls.source
WHERE urls.position = -1 AND sources.article_id IS NOT NULL
"""
