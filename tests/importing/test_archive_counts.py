"""Every table against an independent count, made straight from the YAML.

Shares no code with the importer: own splitting, PyYAML's own safe loader, own reading
of the contract. Over the real archive (NEWSFEED_ARCHIVE), the demo newsroom and the samples.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import DEMO, SAMPLES, assert_sound, content, dump, import_report, newsfeed, rows

COLUMN_OF = {
    "title": "title",
    "publishedDateTime": "published_at",
    "type": "type",
    "category": "category",
    "heat": "heat",
    "quality": "quality",
    "published": "published",
    "excerpt": "excerpt",
    "originalUrl": "original_url",
    "webUrl": "web_url",
    "ampWebUrl": "amp_url",
    "cdnAmpWebUrl": "cdn_amp_url",
    "updatedDateTime": "updated_at",
    "featuredContent": "featured_content",
}
ELSEWHERE = {"provider", "topics", "images", "related", "secured"}
RELATED_COLUMN_OF = {
    "title": "title",
    "excerpt": "excerpt",
    "publishedDateTime": "published_at",
    "webUrl": "url",
    "ampWebUrl": "amp_url",
    "cdnAmpWebUrl": "cdn_amp_url",
    "type": "type",
    "quality": "quality",
}


def in_utc(when: Any) -> str:
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


class PlainArchive:
    """The records of some folders, as PyYAML reads them: articles and organizations by id."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.articles: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, str] = {}
        self.organizations: list[dict[str, Any]] = []
        self.without_front_matter = 0
        for path in sorted(path for folder in folders for path in folder.rglob("*.md")):
            lines = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
            if lines[0].rstrip() != "---":
                self.without_front_matter += 1
                continue
            end = next(n for n, line in enumerate(lines) if n and line.rstrip() == "---")
            front = yaml.safe_load("\n".join(lines[1:end]))
            if front.get("taxonomy") == "organization":
                self.organizations.append(front)
            else:
                assert path.stem not in self.articles
                self.articles[path.stem] = front
                self.bodies[path.stem] = "\n".join(lines[end + 1 :])

    @property
    def size(self) -> int:
        return len(self.articles) + len(self.organizations)

    def topics(self) -> set[tuple[str, str]]:
        found = set()
        for id, article in self.articles.items():
            topics = article.get("topics") or []
            found |= {(id, t) for t in ([topics] if isinstance(topics, str) else topics)}
        return found

    def related(self) -> Iterator[tuple[str, int, dict[str, Any]]]:
        for id, article in self.articles.items():
            for position, related in enumerate(article.get("related") or []):
                yield id, position, related

    def mentions(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Every article and related article, with its provider."""
        for article in self.articles.values():
            yield article, article.get("provider") or {}
        for _, _, related in self.related():
            yield related, related.get("provider") or {}

    def provider_names(self) -> dict[str, str]:
        used = defaultdict(set)
        for _, provider in self.mentions():
            if provider.get("domain"):
                used[provider["domain"]].add(provider.get("name"))
        names = {}
        for domain, written in used.items():
            written.discard(None)
            names[domain] = written.pop() if len(written) == 1 else domain
        for organization in self.organizations:
            domain = organization["_id"]
            names[domain] = organization.get("name") or names.get(domain, domain)
        return names

    def logos(self) -> dict[str, set[str]]:
        """The URLs that each provider's logo may have; the organization's goes first."""
        offered = defaultdict(set)
        for _, provider in self.mentions():
            for image in (provider.get("images") or [])[:1]:
                offered[provider.get("domain")].add(image["url"])
        for organization in self.organizations:
            if organization.get("images"):
                offered[organization["_id"]] = {organization["images"][0]["url"]}
        offered.pop(None, None)
        return offered

    def sizes(self) -> dict[str, set[tuple[Any, Any]]]:
        """Every image URL that has a row, with all sizes that records give it."""
        images = [i for a in self.articles.values() for i in a.get("images") or []]
        images += [i for *_, r in self.related() for i in (r.get("images") or [])[:1]]
        used = {image["url"] for image in images}
        logos = [i for _, p in self.mentions() for i in (p.get("images") or [])[:1]]
        logos += [i for o in self.organizations for i in (o.get("images") or [])[:1]]
        chosen = {url for urls in self.logos().values() for url in urls}
        images += [image for image in logos if image["url"] in chosen | used]
        sizes = defaultdict(set)
        for image in images:
            as_number = [image.get(k) and int(image[k]) for k in ("width", "height")]
            sizes[image["url"]].add(tuple(as_number))
        return sizes

    def target(self, id: str, url: str | None) -> str | None:
        """The article that a related URL leads to, by the contract's rule for ties."""
        candidates = [
            (
                a.get("published") is False,
                not self.published_at(other),
                self.published_at(other),
                other,
            )
            for other, a in self.articles.items()
            if other != id
            and url
            and url in (a.get("webUrl") or a.get("originalUrl"), a.get("originalUrl"))
        ]
        return min(candidates)[-1] if candidates else None

    def published_at(self, id: str) -> str:
        when = self.articles[id].get("publishedDateTime")
        if when:
            return in_utc(when)
        try:
            return in_utc(date.fromisoformat(id[:10]))
        except ValueError:
            return ""


def as_column(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column in ("published_at", "updated_at"):
        return in_utc(value)
    if column in ("heat", "quality"):
        return int(value)
    if column == "published":
        return int(value in (True, "true"))
    return value


@pytest.fixture(scope="module", params=["archive", "demo", "samples"])
def imported(request, tmp_path_factory):
    """The folders of one archive, and the database made from them."""
    if request.param == "archive":
        folders = request.getfixturevalue("archive_folders")
    else:
        folders = [{"demo": DEMO, "samples": SAMPLES}[request.param]]
    db = tmp_path_factory.mktemp("counts") / "news.db"
    report = import_report(db, *folders)
    return PlainArchive(folders), db, report, folders


def test_every_file_is_read(imported):
    plain, db, report, _ = imported
    assert plain.size > 0
    assert report["read"] == report["added"] == report["parsed"] == plain.size
    assert report["skipped"] == plain.without_front_matter
    assert report["rejected"] == 0
    assert report["errors"] == []
    assert_sound(db)


def test_counts(imported):
    plain, db, _, _ = imported
    related = list(plain.related())
    authors = {
        author["name"]
        for article in plain.articles.values()
        for author in (article.get("provider") or {}).get("authors") or []
    }
    expected = {
        "articles": len(plain.articles),
        "providers": len(plain.provider_names()),
        "topics": len({topic for _, topic in plain.topics()}),
        "article_topics": len(plain.topics()),
        "images": len(plain.sizes()),
        "article_images": sum(len(a.get("images") or []) for a in plain.articles.values()),
        "authors": len(authors),
        "related_articles": len(related),
        "article_list": len(plain.articles),
    }
    counted = {table: rows(db, f"select count(*) from {table}")[0][0] for table in expected}
    assert counted == expected


def test_articles_value_by_value(imported):
    plain, db, _, _ = imported
    columns = list(COLUMN_OF.values())
    stored = {row[0]: row[1:] for row in rows(db, f"select id, {', '.join(columns)} from articles")}
    assert set(stored) == set(plain.articles)
    for id, front in plain.articles.items():
        expected = {c: as_column(c, front.get(key)) for key, c in COLUMN_OF.items()}
        expected["title"] = front.get("title") or front["name"]
        expected["published_at"] = plain.published_at(id)
        assert dict(zip(columns, stored[id], strict=True)) == expected, id


def test_urls_bodies_and_other_keys(imported):
    plain, db, _, _ = imported
    for id, url, body, extra in rows(db, "select id, url, body, extra from articles"):
        front = plain.articles[id]
        assert url == (front.get("webUrl") or front.get("originalUrl")), id
        assert (body or "").replace("\r\n", "\n").strip() == plain.bodies[id].strip(), id
        kept = set(json.loads(extra)) if extra else set()
        unknown = set(front) - set(COLUMN_OF) - ELSEWHERE
        if "title" not in front:
            unknown.discard("name")
            kept.discard("name")
        # Parts of provider and images without a column may stand under their own keys.
        assert unknown <= kept <= unknown | {"provider", "images"}, id


def test_topics_in_their_order(imported):
    plain, db, _, _ = imported
    sql = "select article_id, topic from article_topics order by article_id, position"
    stored = defaultdict(list)
    for id, topic in rows(db, sql):
        stored[id].append(topic)
    for id, front in plain.articles.items():
        topics = front.get("topics") or []
        topics = [topics] if isinstance(topics, str) else topics
        assert stored[id] == list(dict.fromkeys(topics)), id
    named = rows(db, "select name from topics")
    assert {name for (name,) in named} == {topic for _, topic in plain.topics()}


def test_providers(imported):
    plain, db, _, _ = imported
    assert dict(rows(db, "select domain, name from providers")) == plain.provider_names()
    stored = rows(db, "select id, provider_id, provider_name from articles")
    for id, domain, name in stored:
        provider = plain.articles[id].get("provider") or {}
        assert (domain, name) == (provider.get("domain"), provider.get("name")), id
    sql = "select domain, url from providers left join images on images.id = providers.image_id"
    offered = plain.logos()
    for domain, url in rows(db, sql):
        assert url in offered[domain] if offered.get(domain) else url is None, domain


def test_images(imported):
    plain, db, _, _ = imported
    sizes = plain.sizes()
    stored = {
        url: (width, height)
        for url, width, height in rows(db, "select url, width, height from images")
    }
    assert set(stored) == set(sizes)
    for url, size in stored.items():
        largest = max((w or 0) * (h or 0) for w, h in sizes[url])
        assert tuple(size) in sizes[url], url
        assert (size[0] or 0) * (size[1] or 0) == largest, url
    assert len(rows(db, "select distinct id from images")) == len(sizes)


def test_images_of_articles(imported):
    plain, db, _, _ = imported
    sql = """select article_id, position, url, title, attribution
        from article_images join images on images.id = article_images.image_id"""
    expected = {
        (id, position, image["url"], image.get("title"), image.get("attribution"))
        for id, front in plain.articles.items()
        for position, image in enumerate(front.get("images") or [])
    }
    assert set(rows(db, sql)) == expected
    sql = """select articles.id, images.url
        from articles left join images on images.id = articles.image_id"""
    for id, url in rows(db, sql):
        images = plain.articles[id].get("images")
        assert url == (images[0]["url"] if images else None), id


def test_authors(imported):
    plain, db, _, _ = imported
    expected = {
        (id, position, author["name"])
        for id, front in plain.articles.items()
        for position, author in enumerate((front.get("provider") or {}).get("authors") or [])
    }
    assert set(rows(db, "select article_id, position, author from article_authors")) == expected


def test_related_articles(imported):
    plain, db, _, _ = imported
    columns = list(RELATED_COLUMN_OF.values())
    names = ", ".join(f"related_articles.{column}" for column in columns)
    sql = f"""select article_id, position, {names}, provider_id, provider_name, images.url
        from related_articles left join images on images.id = related_articles.image_id"""
    expected = set()
    for id, position, related in plain.related():
        values = [as_column(c, related.get(key)) for key, c in RELATED_COLUMN_OF.items()]
        provider = related.get("provider") or {}
        images = related.get("images") or [{}]
        expected.add(
            (
                id,
                position,
                *values,
                provider.get("domain"),
                provider.get("name"),
                images[0].get("url"),
            )
        )
    assert set(rows(db, sql)) == expected


def test_related_articles_lead_to_articles(imported):
    plain, db, _, _ = imported
    expected = {
        (id, position): plain.target(id, related.get("webUrl"))
        for id, position, related in plain.related()
    }
    stored = rows(db, "select article_id, position, related_id from related_articles")
    assert {(id, position): target for id, position, target in stored} == expected
    assert any(expected.values())


def test_second_run_parses_nothing_and_changes_nothing(imported):
    plain, db, _, folders = imported
    before, bytes_before = dump(db), db.read_bytes()
    report = import_report(db, *folders)
    assert report["parsed"] == 0
    assert report["unchanged"] == report["read"] == plain.size
    assert dump(db) == before
    assert db.read_bytes() == bytes_before


def test_order_of_reading_does_not_matter(imported, tmp_path):
    _, db, _, folders = imported
    other = tmp_path / "other.db"
    files = sorted(path for folder in folders for path in folder.rglob("*.md"))
    # Single files one by one and backwards, then the folders as before.
    assert newsfeed("import", other, *files[::-1]).status == 0
    import_report(other, *folders)
    assert content(other) == content(db)
