"""An importer as one writes it first: sqlite-utils, record by record. Knows nothing of the package.

Each record is upserted with its provider, its topics are looked up and linked, its images
and related articles go to tables of their own; articles have full text. Less than the
importer of the package does, and what a script of fifty lines does. With
`--one-transaction` all is committed at the end, else each record by itself.

    python benchmarks/plain_importer.py news.db FOLDER
"""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import frontmatter
from sqlite_utils import Database


def prepare(db: Database) -> None:
    """Make the tables that records are put into, with full text of the articles."""
    db.table("providers").create({"domain": str, "name": str, "logo": str}, pk="domain")
    columns = {"id": str, "title": str, "excerpt": str, "published_at": str, "type": str}
    numbers = {"heat": int, "quality": int, "published": int}
    more = {"url": str, "original_url": str, "provider": str, "body": str}
    articles = db.table("articles")
    articles.create(
        {**columns, **numbers, **more}, pk="id", foreign_keys=[("provider", "providers")]
    )
    articles.enable_fts(["title", "excerpt", "body"], create_triggers=True)
    articles.create_index(["published_at"])
    related = {"article": str, "position": int, "title": str, "url": str, "provider": str}
    db.table("related").create(
        related, pk=("article", "position"), foreign_keys=[("article", "articles", "id")]
    )


def put(db: Database, path: Path) -> None:
    """Put one record into the tables."""
    with open(path, encoding="utf-8") as stream:
        post = frontmatter.load(stream)
    provider: dict[str, Any] = post.get("provider") or {}
    logos = provider.get("images") or [{}]
    db.table("providers").upsert(
        {
            "domain": provider.get("domain"),
            "name": provider.get("name"),
            "logo": logos[0].get("url"),
        },
        pk="domain",
    )
    article = db.table("articles").upsert(
        {
            "id": path.stem,
            "title": post["title"],
            "excerpt": post.get("excerpt"),
            "published_at": str(post.get("publishedDateTime")),
            "type": post.get("type"),
            "heat": post.get("heat"),
            "quality": post.get("quality"),
            "published": post.get("published"),
            "url": post.get("webUrl"),
            "original_url": post.get("originalUrl"),
            "provider": provider.get("domain"),
            "body": post.content,
        },
        pk="id",
    )
    for topic in post.get("topics") or []:
        article.m2m("topics", lookup={"name": topic})
    for image in post.get("images") or []:
        size = {"width": image.get("width"), "height": image.get("height")}
        article.m2m("images", {"url": image["url"], **size}, pk="url")
    for position, other in enumerate(post.get("related") or []):
        db.table("related").upsert(
            {
                "article": path.stem,
                "position": position,
                "title": other.get("title"),
                "url": other.get("webUrl"),
                "provider": (other.get("provider") or {}).get("domain"),
            },
            pk=("article", "position"),
        )


def main() -> None:
    """Import a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--one-transaction", action="store_true")
    arguments = parser.parse_args()
    db = Database(arguments.database)
    prepare(db)
    with db.atomic() if arguments.one_transaction else nullcontext():
        for path in sorted(arguments.folder.rglob("*.md")):
            put(db, path)


if __name__ == "__main__":
    main()
