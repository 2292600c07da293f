"""The languages of articles: facet, title, mark on cards, feeds; nothing where there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from commands import import_report, record, rows, write
from pages_site import open_site, text_of

LANGUAGES = {"quay": "es", "ferry": "pt_BR", "tram": "en", "kelp": None, "lamp": "Islander"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DC = "{http://purl.org/dc/elements/1.1/}"
ATOM = "{http://www.w3.org/2005/Atom}"


def build(folder: Path, languages: Mapping[str, str | None]) -> Path:
    for day, (name, language) in enumerate(languages.items(), 1):
        lines = [f"publishedDateTime: 2024-05-0{day}T08:00:00Z", f"topics: [{name}]"]
        lines += [f"language: {language}"] if language else []
        write(folder / "r" / f"2024-05-0{day}-{name}.md", record(f"The {name}", *lines))
    import_report(folder / "news.db", folder / "r")
    return folder / "news.db"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return build(tmp_path, LANGUAGES)


async def page(datasette: Any, path: str) -> str:
    response = await datasette.client.get(path)
    assert response.status_code == 200, response.text
    return str(response.text)


def section(html: str, column: str) -> str:
    """The words of a facet."""
    found = html.partition(f'data-column="{column}"')[2].partition("</section>")[0]
    return text_of(f"<p {found}")


async def test_where_there_are_several(archive: Path) -> None:
    assert len(rows(archive, "select distinct language from articles")) == 5
    datasette = open_site(archive)
    html = await page(datasette, "/news/articles")
    facet = section(html, "language")
    assert "Languages" in facet
    for name in ("Spanish", "Portuguese (BR)", "English", "Islander"):
        assert name in facet
        assert f'<span class="newsfeed-mark">{name}</span>' in html
    chosen = await page(datasette, "/news/articles?language=es")
    assert "Articles in Spanish" in text_of(chosen)
    assert "The quay" in text_of(chosen)
    assert 'aria-label="Remove the filter Languages: Spanish"' in chosen
    either = await page(datasette, "/news/articles?language__in=es,en&_topic=tram")
    assert "Articles about tram in Spanish or English" in text_of(either)
    article = await page(datasette, "/news/articles/2024-05-01-quay")
    assert '<span class="newsfeed-mark">Spanish</span>' in article


@pytest.mark.parametrize("language", ["es", None])
async def test_where_there_is_one_or_none_it_is_no_news(
    tmp_path: Path, language: str | None
) -> None:
    datasette = open_site(build(tmp_path, dict.fromkeys(("quay", "ferry"), language)))
    html = await page(datasette, "/news/articles")
    assert "The quay" in html
    assert "Languages" not in html
    assert "Spanish" not in html
    if language:
        chosen = text_of(await page(datasette, "/news/articles?language=es"))
        assert "Articles in Spanish" in chosen
        assert "Languages" in chosen


async def test_in_feeds(archive: Path) -> None:
    datasette = open_site(archive)
    wanted = {"The quay": "es", "The ferry": "pt-BR", "The tram": "en"}
    atom = ET.fromstring(await page(datasette, "/news/articles.atom"))
    entries = {each.findtext(f"{ATOM}title"): each for each in atom.iter(f"{ATOM}entry")}
    assert len(entries) == len(LANGUAGES)
    assert {k: e.get(XML_LANG) for k, e in entries.items() if e.get(XML_LANG)} == wanted
    rss = ET.fromstring(await page(datasette, "/news/articles.rss"))
    items = {each.findtext("title"): each.findtext(f"{DC}language") for each in rss.iter("item")}
    assert {title: language for title, language in items.items() if language} == wanted
    feed = json.loads(await page(datasette, "/news/articles.jsonfeed"))
    found = {each["title"]: each["language"] for each in feed["items"] if "language" in each}
    assert found == wanted
