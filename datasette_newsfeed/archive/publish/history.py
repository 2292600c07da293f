"""The history of the articles to publish: nothing of it that was withdrawn, unless asked for.

A version is published if it is of an article that is, if it is no draft, and if it was not replaced
before the article's publication. What a version that stays changes is told from the last one
that stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from ... import schema
from ...changes import DRAFT, Change, kinds_of, net, size_of

# The next version is what readers saw if it was there when the article was published.
_HIDDEN_SQL = """
SELECT versions.article_id, versions.number
FROM article_versions AS versions JOIN articles ON articles.id = versions.article_id
WHERE is_draft OR EXISTS (
  SELECT 1 FROM article_versions AS next
  WHERE next.article_id = versions.article_id AND next.number = versions.number + 1
    AND next.committed_at <= articles.published_at
)
ORDER BY 1, 2"""

_WITHDRAWN_SQL = """
DELETE FROM removed_articles WHERE NOT EXISTS (
  SELECT 1 FROM articles WHERE articles.id = moved_to AND removed_at >= published_at
)"""


def keep_history(db: Database, *, with_history: bool, with_removed: bool, is_part: bool) -> None:
    """Remove from a copy of an archive the history that is not to be published.

    with_removed: keep removed articles, drafts and versions from before the publication; is_part:
    articles were left out, and nothing of them is to stay.
    """
    with db.atomic():
        for name in schema.HISTORY_STATE:
            db.execute(f"DROP TABLE IF EXISTS {name}")
        if not with_history:
            for table in schema.HISTORY_TABLES:
                db.execute(f"DELETE FROM {table.name}")
            return
        if with_removed and not is_part:
            return
        for name in ("article_changes", "article_versions"):
            db.execute(f"DELETE FROM {name} WHERE article_id NOT IN (SELECT id FROM articles)")
        if not with_removed:
            _remove_hidden(db)
            db.execute(_WITHDRAWN_SQL)
        else:
            db.execute(
                "DELETE FROM removed_articles "
                "WHERE coalesce(moved_to, '') NOT IN (SELECT id FROM articles)"
            )


def _remove_hidden(db: Database) -> None:
    hidden = db.execute(_HIDDEN_SQL).fetchall()
    for article_id, rows in groupby(hidden, key=lambda row: row[0]):
        _rewrite(db, article_id, {number for _, number in rows})


def _rewrite(db: Database, article_id: str, hidden: set[int]) -> None:
    """Remove versions of an article; the next one tells what changed since the last before them."""
    steps: list[Change] | None = None  # None: there is none before that stays
    shown: int | None = None
    for number, repeats, changes in list(_versions(db, article_id)):
        if steps is not None:
            steps += changes
        if number in hidden:
            _delete(db, article_id, number)
            continue
        if steps is None:
            _replace(db, article_id, number, [])
        elif len(steps) != len(changes):
            said = [change for change in net(steps) if change.field != DRAFT]
            if not said:
                _delete(db, article_id, number)
                db.execute(
                    "UPDATE article_versions SET repeats = repeats + 1 + ? "
                    "WHERE article_id = ? AND number = ?",
                    [repeats, article_id, shown],
                )
                steps = []
                continue
            _replace(db, article_id, number, said)
        steps, shown = [], number


def _versions(db: Database, article_id: str) -> Iterator[tuple[int, int, list[Change]]]:
    for number, repeats in db.execute(
        "SELECT number, repeats FROM article_versions WHERE article_id = ? ORDER BY number",
        [article_id],
    ).fetchall():
        rows = db.execute(
            "SELECT field, before, after FROM article_changes "
            "WHERE article_id = ? AND number = ? ORDER BY position",
            [article_id, number],
        )
        yield number, repeats, [Change(*row) for row in rows]


def _delete(db: Database, article_id: str, number: int) -> None:
    for table in ("article_changes", "article_versions"):
        db.execute(f"DELETE FROM {table} WHERE article_id = ? AND number = ?", [article_id, number])


def _replace(db: Database, article_id: str, number: int, changes: list[Change]) -> None:
    """Write what a version changes in place of what it changed."""
    key = [article_id, number]
    committed_at, provider_id = db.execute(
        "SELECT committed_at, provider_id FROM article_versions "
        "WHERE article_id = ? AND number = ?",
        key,
    ).fetchone()
    db.execute("DELETE FROM article_changes WHERE article_id = ? AND number = ?", key)
    db.execute(
        "UPDATE article_versions SET kinds = ?, size = ? WHERE article_id = ? AND number = ?",
        [kinds_of(changes), size_of(changes), *key],
    )
    rows: list[list[Any]] = [
        [*key, position, committed_at, each.kind, each.field, each.size, provider_id,
         each.before, each.after]
        for position, each in enumerate(changes)
    ]  # fmt: skip
    db.conn.executemany(f"INSERT INTO article_changes VALUES ({', '.join('?' * 10)})", rows)
