"""Citations of articles: BibTeX, RIS, CSL-JSON, Markdown, `<meta>` tags, the Wayback Machine."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
import yaml
from datasette.utils import tilde_encode
from pages_site import HOSTILE, SCRIPT, STORY, build_archive, open_site, text_of

from datasette_newsfeed.pages.feeds import citations

pytestmark = pytest.mark.asyncio

ODD_TITLES = (
    r"Back\slash {unbalanced",
    "} closes early, @article{x, title = {y}}",
    "100% & #1 _under_ $5 ^ ~",
    "He said ''hi'' --- ``no'' ?` !` << >> ,,",
    "Line\nbreak\r\nER  - \r\nTY  - JOUR\u2028x",
    SCRIPT,
    "名前 – Ærøskøbing “quoted”",
    r"\input{/etc/passwd}",
    ", and others",
    "x" * 250,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("citations") / "news.db")
    db = sqlite_utils.Database(path)
    for number, title in enumerate(ODD_TITLES):
        key = f"odd {number} {{}}%\\"
        db.table("articles").insert(
            {
                "id": key,
                "title": title,
                "published_at": f"2020-01-{number + 1:02}T23:30:00Z",
                "provider_name": title,
                "excerpt": title,
                "url": f"https://odd.example/a_b%20c?x={number}&y=#f",
            }
        )
        db.table("authors").insert_all([{"name": title}, {"name": "Nell Strand"}], ignore=True)
        for position, name in enumerate((title, "Nell Strand")):
            row = {"article_id": key, "position": position, "author": name}
            db.table("article_authors").insert(row)
    db.close()
    return path


async def get(datasette: Any, path: str, status: int = 200) -> Any:
    answer = await datasette.client.get(path)
    assert answer.status_code == status, answer.text[:300]
    return answer


def line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\u2028]", " ", text).split())


def read_bibtex(text: str) -> list[dict[str, str]]:
    """Read BibTeX as BibTeX does: by counting braces, whatever stands before them."""
    entries = []
    for body in re.split(r"^@article\{", text, flags=re.M)[1:]:
        key, _, rest = body.partition(",\n")
        fields = {"": key}
        depth, start = 1, 0
        for place, letter in enumerate(rest):
            depth += {"{": 1, "}": -1}.get(letter, 0)
            if depth == 0:
                break
            if depth == 1 and letter == ",":
                name, _, value = rest[start:place].partition(" = ")
                fields[name.strip()] = value.strip()[1:-1]
                start = place + 1
        assert depth == 0
        assert rest[place + 1 :].strip() == ""
        entries.append(fields)
    return entries


LATEX = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
}


def from_latex(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        return LATEX.get(match[0], match[0][1:] if match[0].startswith("\\") else "")

    return re.sub(r"\\text\w+\{\}|\\[&%$#_]|[{}]", plain, text)


async def test_bibtex_of_everything_is_read_back(archive: Path) -> None:
    answer = await get(open_site(archive), "/news/articles.bib")
    assert answer.headers["content-type"] == "application/x-bibtex; charset=utf-8"
    found = read_bibtex(answer.text)
    shown = (await get(open_site(archive), "/news/articles.json?_shape=array&_size=max")).json()
    assert [from_latex(each["title"]) for each in found] == [line(row["title"]) for row in shown]
    assert len({each[""] for each in found}) == len(found)
    odd = [each for each in found if each["url"].startswith("https://odd.example/")]
    titles = [line(title) for title in reversed(ODD_TITLES)]
    assert [from_latex(each["title"]) for each in odd] == titles
    assert [from_latex(each["author"]) for each in odd] == [f"{t} and Strand, Nell" for t in titles]
    assert odd[0]["url"] == "https://odd.example/a_b%20c?x=9&y=#f"
    assert odd[0]["date"] == "2020-01-10"
    story = next(each for each in found if each[""] == STORY)
    assert story["journal"] == "The Strait Observer"
    assert story["note"].startswith(r"Archived at http://localhost/news/articles/2024")
    assert "url" in next(each for each in found if each[""] == HOSTILE)
    # No ligature: TeX would set two hyphens as a dash.
    assert "--" not in answer.text.partition("odd 3")[2].partition("@article")[0]


async def test_ris_and_csl_json_say_the_same(archive: Path) -> None:
    datasette = open_site(archive)
    ris = (await get(datasette, "/news/articles.ris")).text
    csl = (await get(datasette, "/news/articles.csljson")).json()
    lines = ris.split("\r\n")
    assert lines.pop() == ""
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", each) for each in lines)
    records = ris.split("ER  - \r\n")[:-1]
    assert len(records) == len(csl) == lines.count("TY  - MGZN")
    for record, item in zip(records, csl, strict=True):
        tags: dict[str, list[str]] = {}
        for each in record.split("\r\n")[:-1]:
            tags.setdefault(each[:2], []).append(each[6:])
        assert tags["TI"] == [item["title"]]
        assert tags["UR"] == [item["URL"]]
        assert tags.get("T2", [None])[0] == item.get("container-title")
        day = item["issued"]["date-parts"][0] if "issued" in item else None
        assert tags.get("DA") == (["{:04}/{:02}/{:02}".format(*day)] if day else None)
        names = [
            each.get("literal") or f"{each['family']}, {each['given']}"
            for each in item.get("author", [])
        ]
        assert tags.get("AU", []) == names
    assert {each["title"] for each in csl} >= {line(title) for title in ODD_TITLES}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Nell Strand", ("Nell", "Strand")),
        ("Élodie O’Brien-Kay", ("Élodie", "O’Brien-Kay")),
        ("Microsoft", None),
        ("The Power Apps Team", None),
        ("Strand, Nell", None),
        ("van Dyck", None),
        ("Nell 2", None),
    ],
)
async def test_a_name_is_split_only_where_that_is_certain(
    name: str, parts: tuple[str, str] | None
) -> None:
    assert citations.split_name(name) == parts


@pytest.mark.parametrize("extension", ["bib", "ris", "csljson"])
async def test_a_selection_is_whole_up_to_the_most_rows_and_says_where_it_is_cut(
    archive: Path, extension: str
) -> None:
    def count(answer: Any) -> int:
        return len(re.findall(r'^@article|^TY  - |"type": "article', answer.text, re.M))

    datasette = open_site(archive, settings={"default_page_size": 3})
    answer = await get(datasette, f"/news/articles.{extension}")
    assert count(answer) == 16
    assert "link" not in answer.headers or "canonical" in answer.headers["link"]
    few = open_site(archive, settings={"default_page_size": 3, "max_returned_rows": 10})
    answer = await get(few, f"/news/articles.{extension}")
    assert count(answer) == 10
    following = re.findall(r'<http://localhost([^>]*)>; rel="next"', answer.headers["link"])[0]
    assert count(await get(few, following)) == 6
    assert ("@comment{The first 10: more at" in answer.text) == (extension == "bib")
    assert count(await get(few, f"/news/articles.{extension}?_topic=Tidal+power&_size=2")) == 2
    assert count(await get(few, f"/news/articles.{extension}?_topic=Nothing")) == 0
    assert count(await get(few, f"/news/articles/{tilde_encode(STORY)}.{extension}")) == 1
    # Not a feed: no page offers it as one.
    assert f".{extension}" not in (await get(few, "/news")).text
    await get(few, f"/news/topics.{extension}", 400)


# -- an article's page ------------------------------------------------------------


async def test_an_article_can_be_cited(archive: Path) -> None:
    datasette = open_site(archive)
    path = f"/news/articles/{tilde_encode(STORY)}"
    page = (await get(datasette, path)).text
    assert (
        "Nell Strand. “Tidal kites & the quiet strait”. The Strait Observer, 5 March 2024. "
        f"https://strait.example/kites?a=1&b=2. Archived at http://localhost{path}"
    ) in text_of(page)
    for extension in ("bib", "ris", "csljson", "md"):
        assert f'href="{path}.{extension}"' in page
        await get(datasette, f"{path}.{extension}")
    tags = re.findall(r'<meta name="((?:citation_|z:)\w+)" content="([^"]*)"', page)
    assert [(name, html.unescape(value)) for name, value in tags] == [
        ("z:itemType", "newspaperArticle"),
        ("citation_title", "Tidal kites & the quiet strait"),
        ("citation_author", "Nell Strand"),
        ("citation_journal_title", "The Strait Observer"),
        ("citation_publication_date", "2024/03/05"),
        ("citation_public_url", "https://strait.example/kites?a=1&b=2"),
        ("citation_abstract_html_url", f"http://localhost{path}"),
    ]
    wayback = "https://web.archive.org/web/20240305/https://strait.example/kites?a=1&b=2"
    assert f'href="{html.escape(wayback)}" rel="noopener noreferrer external"' in page
    # An address that is none is cited nowhere.
    page = (await get(datasette, f"/news/articles/{tilde_encode(HOSTILE)}")).text
    assert "web.archive.org" not in page
    assert "javascript:" not in page.partition('class="newsfeed-cite"')[2].partition("<table")[0]
    assert SCRIPT not in page


async def test_an_article_as_markdown(archive: Path) -> None:
    datasette = open_site(archive)
    answer = await get(datasette, f"/news/articles/{tilde_encode(STORY)}.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    _, front, text = answer.text.split("---\n", 2)
    assert yaml.safe_load(front) == {
        "title": "Tidal kites & the quiet strait",
        "authors": ["Nell Strand"],
        "provider": "The Strait Observer",
        "date": "2024-03-05T08:30:00Z",
        "url": "https://strait.example/kites?a=1&b=2",
        "archived": f"http://localhost/news/articles/{tilde_encode(STORY)}",
        "topics": ["Tidal power", "R&D"],
    }
    assert text.startswith("\n# Tidal kites & the quiet strait\n")
    assert "onerror" not in text
    hostile = (await get(datasette, f"/news/articles/{tilde_encode(HOSTILE)}.md")).text
    front, _, text = hostile.partition("\n---\n")
    assert "<script" not in text
    assert json.dumps(SCRIPT)[1:-1] in front  # as data, in quotes
    for number, title in enumerate(ODD_TITLES):
        key = tilde_encode(f"odd {number} {{}}%\\")
        found = (await get(datasette, f"/news/articles/{key}.md")).text
        assert yaml.safe_load(found.split("---\n", 2)[1])["title"] == line(title)
    for path in ("/news/articles.md", "/news/topics/R~26D.md", "/news/articles/nothing.md"):
        await get(datasette, path, 404)
