"""One list of dimensions, and what is made from it: facets, filters, headings, phrases, marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import import_report, record, write
from pages_site import open_site

from datasette_newsfeed import default_metadata, dimensions, facet_index_schema, languages, schema
from datasette_newsfeed.dimensions import DIMENSIONS, Dimension
from datasette_newsfeed.pages.facets import FACETS
from datasette_newsfeed.pages.queries import cards


@pytest.mark.parametrize("each", DIMENSIONS, ids=lambda each: each.name)
def test_each_names_what_there_is(each: Dimension) -> None:
    tables = {table.name for table in schema.TABLES}
    assert each.heading
    assert set(each.tables) <= tables
    assert not each.column or each.column in schema.ARTICLES.column_names
    assert not each.rows.table or each.rows.table in tables
    assert not each.is_default or each.facet
    assert not each.is_indexed or each.value_sql
    assert not each.is_mark or each.column
    assert each.facet in ("", dimensions.COLUMN, *(facet.type for facet in FACETS))
    assert each.phrase == "" or each.phrase.count("{}") == 1


def test_what_is_made_from_them() -> None:
    names = [each.name for each in DIMENSIONS]
    assert len(set(names)) == len(names)
    assert default_metadata.FACETS["articles"][0] == {"topic": "topics"}
    assert "type" in default_metadata.FACETS["articles"]
    assert facet_index_schema.VALUES["type"] == "type"
    assert dimensions.FILTERED_BY == {
        "stories": "story_id",
        "topics": "_topic",
        "providers": "provider_id",
    }
    assert set(cards.SELECTIONS) == {"topics", "providers", "authors", "images"}


@pytest.mark.parametrize(
    ("pair", "name", "phrase"),
    [
        (("type", "video"), "type", None),
        (("type__in", "video,article"), "type", None),
        (("_topic", "Sea"), "topics", None),
        (("_related", "1"), "related", "with related articles"),
        (("_related", "0"), "related", "without related articles"),
        (("_related", "2"), "related", None),
        (("image_id__isblank", ""), "image", "without an image"),
        (("published_at__notblank", "x"), "published_at", "with a date"),
    ],
)
def test_a_filter_is_of_a_dimension(pair: tuple[str, str], name: str, phrase: str | None) -> None:
    found = dimensions.of_pair(*pair)
    assert found is not None
    assert found[0].name == name
    assert (found[1] and found[1].phrase) == phrase


@pytest.mark.parametrize("key", ["title", "title__contains", "_nothing", "topics", "_topics", ""])
def test_any_other_filter_is_of_none(key: str) -> None:
    assert dimensions.of_pair(key, "1") is None
    assert dimensions.heading(key) == (key if key != "topics" else "Topics")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("es", "Spanish"),
        ("EN", "English"),
        ("pt_br", "Portuguese (BR)"),
        ("zh-hant", "Chinese (traditional)"),
        ("es-419", "Spanish (419)"),
        ("xx", "xx"),
        ("Klingon", "Klingon"),
        ("", ""),
    ],
)
def test_names_of_languages(written: str, name: str) -> None:
    assert languages.language_name(written) == name


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (6, 6), (7, 7), (8, 6), (40, 6)])
async def test_topics_beyond_a_handful_fold(tmp_path: Path, count: int, shown: int) -> None:
    topics = [f"Topic {number:02}" for number in range(count)]
    lines = ("publishedDateTime: 2024-05-01T08:00:00Z", f"topics: [{', '.join(topics)}]")
    write(tmp_path / "r" / "2024-05-01-a.md", record("One", *lines))
    import_report(tmp_path / "news.db", tmp_path / "r")
    answer = await open_site(tmp_path / "news.db").client.get("/news/articles")
    card = answer.text.partition('<article class="newsfeed-card')[2].partition("</article>")[0]
    opened, mark, folded = card.partition("<details")
    assert opened.count('class="newsfeed-topic"') == shown
    assert folded.count('class="newsfeed-topic"') == min(count, cards.MOST_TOPICS) - shown
    assert bool(mark) == (count > shown)
    assert (f"<summary>and {count - shown} more" in card) == bool(mark)
    assert "Heat" not in answer.text.partition("CREATE TABLE")[0].partition("<main")[2]
