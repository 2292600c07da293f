"""What a generator's configuration says: addresses, languages, authors, what is no article."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import import_report, write

from datasette_newsfeed.archive.dialects.bylines import names_in

HUGO = 'baseURL = "https://pier.press/"\ntitle = "Pier News"\n'
HUGO_FOLDER = {
    "config/_default/hugo.toml": HUGO + 'defaultContentLanguage = "en"\n'
    '[permalinks]\npost = "/:year/:month/:day/:slug/"\n[uglyURLs]\npost = true\n',
    "config/_default/languages.en.toml": 'title = "Pier"\ncontentDir = "content/en"\n',
    "config/_default/languages.fr.toml": 'title = "La jetée"\ncontentDir = "content/fr"\n',
    "config/_default/menus.en.toml": '[[main]]\nname = "x"\n',
}
JEKYLL = "title: Pier\nurl: https://pier.press\n"
PELICAN = "SITEURL = 'https://pier.press'\nSITENAME = 'Pier'\nDEFAULT_LANG = 'en'\n"
HEXO = "title: Pier\nurl: https://pier.press\nsource_dir: source\n"
ZOLA = 'base_url = "https://pier.press"\ndefault_language = "en"\n[languages.fr]\n'
ELEVENTY = {
    ".eleventy.js": "module.exports = (c) => ({ dir: { input: 'src' } });\n",
    "src/_data/metadata.json": '{"title": "Pier", "url": "https://pier.press/"}',
}
DOCUSAURUS = "module.exports = { title: 'Pier', url: 'https://pier.press', baseUrl: '/',\n"


def dated(*lines: str) -> str:
    return "\n".join(("---", "title: Noon, at the Pier", "date: 2024-03-01", *lines, "---", "x"))


# The files of a site, and the address of its one article.
ADDRESSES: dict[str, tuple[dict[str, str], str | None]] = {
    "docusaurus, a translation": (
        {
            "docusaurus.config.js": DOCUSAURUS + "i18n: { locales: ['en', 'fr'] } };",
            "i18n/fr/docusaurus-plugin-content-blog/2024-03-01-a.md": dated(),
        },
        "https://pier.press/fr/blog/2024/03/01/a",
    ),
    "eleventy, data that is a program": (
        {
            "eleventy.config.js": 'export let config = {dir: {input: "in", data: "../_data"}};',
            "_data/metadata.js": 'export default { title: "Pier", url: "https://pier.press/" };',
            "in/blog/a.md": dated(),
        },
        "https://pier.press/blog/a/",
    ),
    "hugo, a language that the site has not": (
        {"hugo.toml": HUGO, "content/blog/a.de.md": dated()},
        "https://pier.press/blog/a.de/",
    ),
    "hugo, the path": (
        {"hugo.toml": HUGO, "content/Blog/My Pier.md": dated()},
        "https://pier.press/blog/my-pier/",
    ),
    "hugo, title although a slug": (
        {
            "hugo.toml": HUGO + '[permalinks]\nblog = "/:section/:title/"\n',
            "content/blog/a.md": dated("slug: other"),
        },
        "https://pier.press/blog/noon-at-the-pier/",
    ),
    "hugo, permalinks of pages": (
        {
            "hugo.toml": HUGO + '[permalinks.page]\nblog = "/:year/:slugorcontentbasename/"\n',
            "content/blog/a/index.md": dated(),
        },
        "https://pier.press/2024/a/",
    ),
    "hugo, a slice of sections": (
        {
            "hugo.toml": HUGO + '[permalinks]\nblog = "/:sections[1:]/:slugorfilename/"\n',
            "content/blog/b/c/a.md": dated(),
        },
        "https://pier.press/b/c/a/",
    ),
    "hugo, ugly": (
        {"hugo.toml": HUGO + "uglyURLs = true\n", "content/blog/a.md": dated()},
        "https://pier.press/blog/a.html",
    ),
    "hugo, url": (
        {"hugo.toml": HUGO, "content/blog/a.md": dated("url: /elsewhere/a.html")},
        "https://pier.press/elsewhere/a.html",
    ),
    "hugo, dates in names": (
        {
            "hugo.toml": HUGO + '[frontmatter]\ndate = [":filename", ":default"]\n',
            "content/blog/2024-03-01-a.md": "---\ntitle: A\n---\n",
        },
        "https://pier.press/blog/a/",
    ),
    "hugo, no dates in names": (
        {"hugo.toml": HUGO, "content/blog/2024-03-01-a.md": dated()},
        "https://pier.press/blog/2024-03-01-a/",
    ),
    "hugo, configuration folder": (
        {**HUGO_FOLDER, "content/en/post/a.md": dated("slug: a-b")},
        "https://pier.press/2024/03/01/a-b.html",
    ),
    "hugo, a translation": (
        {**HUGO_FOLDER, "content/fr/post/a.md": dated("slug: a-b")},
        "https://pier.press/fr/2024/03/01/a-b.html",
    ),
    "hugo, a translation by its suffix": (
        {
            "hugo.toml": HUGO
            + 'defaultContentLanguage = "en"\n[languages.en]\n[languages.pt-br]\n',
            "content/blog/a/index.pt-br.md": dated(),
        },
        "https://pier.press/pt-br/blog/a/",
    ),
    "hugo, the main language in the path": (
        {
            "hugo.toml": HUGO + 'defaultContentLanguage = "en"\n'
            "defaultContentLanguageInSubdir = true\n[languages.en]\n[languages.fr]\n",
            "content/blog/a.md": dated(),
        },
        "https://pier.press/en/blog/a/",
    ),
    "hugo, no address of its own": (
        {"hugo.toml": 'baseURL = "/"\ntitle = "Pier"\n', "content/blog/a.md": dated()},
        None,
    ),
    "jekyll, categories": (
        {
            "_config.yml": JEKYLL,
            "_posts/2024-03-01-My.Pier.md": dated("categories: Harbour Pier", "category: Old Town"),
        },
        "https://pier.press/old%20town/harbour/pier/2024/03/01/My.Pier.html",
    ),
    "jekyll, folders above": (
        {"_config.yml": JEKYLL + "permalink: pretty\n", "news/_posts/2024-03-01-a.md": dated()},
        "https://pier.press/news/2024/03/01/a/",
    ),
    "jekyll, the date of the keys": (
        {"_config.yml": JEKYLL, "_posts/2024-02-28-a.md": dated()},
        "https://pier.press/2024/03/01/a.html",
    ),
    "jekyll, a slug of plain letters": (
        {"_config.yml": JEKYLL + "permalink: /:slug/\n", "_posts/2024-03-01-My.Pier.md": dated()},
        "https://pier.press/my-pier/",
    ),
    "jekyll, defaults": (
        {
            "_config.yml": JEKYLL + "defaults:\n- scope: {path: '', type: posts}\n"
            "  values: {permalink: '/blog/:title/'}\n",
            "_posts/2024-03-01-a.md": dated(),
        },
        "https://pier.press/blog/a/",
    ),
    "jekyll, a collection": (
        {
            "_config.yml": JEKYLL + "permalink: /:year/:title/\ncollections: {news: {output: 1}}\n",
            "_news/2024/a.md": dated(),
        },
        "https://pier.press/news/2024/a/",
    ),
    "pelican, the category": (
        {
            "pelicanconf.py": PELICAN + "ARTICLE_URL = '{category}/{slug}.html'\n",
            "content/a.md": "Title: A b\nDate: 2024-03-01\nCategory: Old Town\n\nx\n",
        },
        "https://pier.press/old-town/a-b.html",
    ),
    "pelican, the folder as category": (
        {
            "pelicanconf.py": PELICAN + "ARTICLE_URL = '{category}/{slug}/'\n",
            "content/news/a.md": "Title: A b\nDate: 2024-03-01\n\nx\n",
        },
        "https://pier.press/news/a-b/",
    ),
    "pelican, no category": (
        {
            "pelicanconf.py": PELICAN + "ARTICLE_URL = '{category}/{slug}/'\n",
            "content/a.md": "Title: A b\nDate: 2024-03-01\n\nx\n",
        },
        "https://pier.press/misc/a-b/",
    ),
    "pelican, the address of publishing": (
        {
            "pelicanconf.py": "SITEURL = ''\nSITENAME = 'Pier'\n",
            "publishconf.py": "SITEURL = 'https://pier.press'\n",
            "content/a.md": "Title: Jetée\nDate: 2024-03-01\n\nx\n",
        },
        "https://pier.press/jetee.html",
    ),
    "pelican, letters of its own table": (
        {"pelicanconf.py": PELICAN, "content/a.md": "Title: Straße\nDate: 2024-03-01\n\nx\n"},
        None,
    ),
    "pelican, a translation": (
        {"pelicanconf.py": PELICAN, "content/a.md": "Title: A\nDate: 2024-03-01\nLang: fr\n\nx\n"},
        None,
    ),
    "pelican, slugs of names": (
        {
            "pelicanconf.py": PELICAN + "SLUGIFY_SOURCE = 'basename'\n",
            "content/my-file.md": "Title: A\nDate: 2024-03-01\n\nx\n",
        },
        "https://pier.press/my-file.html",
    ),
    "hexo, a dated name": (
        {"_config.yml": HEXO, "source/_posts/2024-03-01-a.md": dated()},
        "https://pier.press/2024/03/01/2024-03-01-a/",
    ),
    "hexo, names with dates": (
        {
            "_config.yml": HEXO + "new_post_name: :year-:month-:day-:title.md\n",
            "source/_posts/2024-03-01-a.md": dated(),
        },
        "https://pier.press/2024/03/01/a/",
    ),
    "hexo, the last category": (
        {
            "_config.yml": HEXO + "permalink: :category/:title/\n",
            "source/_posts/a.md": dated("categories: [Old, Town]"),
        },
        "https://pier.press/town/a/",
    ),
    "hexo, no category": (
        {
            "_config.yml": HEXO + "permalink: :category/:title/\n",
            "source/_posts/a.md": dated(),
        },
        "https://pier.press/uncategorized/a/",
    ),
    "hexo, a folder below": (
        {"_config.yml": HEXO, "source/_posts/old/a.md": dated()},
        "https://pier.press/2024/03/01/old/a/",
    ),
    "zola, the path": (
        {"config.toml": ZOLA, "content/blog/2024-03-01-my_pier.md": '+++\ntitle = "A"\n+++\nx'},
        "https://pier.press/blog/my-pier/",
    ),
    "zola, a translation": (
        {"config.toml": ZOLA, "content/blog/2024-03-01-a.fr.md": '+++\ntitle = "A"\n+++\nx'},
        "https://pier.press/fr/blog/a/",
    ),
    "docusaurus, at the root": (
        {
            "docusaurus.config.js": DOCUSAURUS + "presets: [['classic', { docs: false, blog: {"
            " path: './posts', routeBasePath: '/', feedOptions: { type: 'all' } } }]],"
            " trailingSlash: true };",
            "posts/2024-03-01-a.md": dated(),
        },
        "https://pier.press/2024/03/01/a/",
    ),
    "docusaurus, a folder": (
        {
            "docusaurus.config.ts": DOCUSAURUS + "};",
            "blog/2024/03-01-a/index.mdx": dated(),
        },
        "https://pier.press/blog/2024/03/01/a",
    ),
    "docusaurus, a slug": (
        {"docusaurus.config.js": DOCUSAURUS + "};", "blog/2024-03-01-a.md": dated("slug: /b")},
        "https://pier.press/blog/b",
    ),
    "docusaurus, no date in the name": (
        {"docusaurus.config.js": DOCUSAURUS + "};", "blog/a.md": dated()},
        "https://pier.press/blog/a",
    ),
    "eleventy, the path": (
        {**ELEVENTY, "src/blog/a.md": dated()},
        "https://pier.press/blog/a/",
    ),
    "eleventy, the pattern of a folder": (
        {
            **ELEVENTY,
            "src/blog/blog.json": '{"permalink": "/posts/{{ page.fileSlug }}/index.html"}',
            "src/blog/2024-03-01-a.md": dated(),
        },
        "https://pier.press/posts/a/",
    ),
    "eleventy, a program": (
        {
            **ELEVENTY,
            "src/blog/blog.11tydata.js": "module.exports = { permalink: (data) => data.slug };",
            "src/blog/a.md": dated(),
        },
        None,
    ),
    "eleventy, its own": (
        {**ELEVENTY, "src/blog/2024-03-01-a.md": dated("permalink: /2024/03/a/")},
        "https://pier.press/2024/03/a/",
    ),
    "astro": (
        {
            "astro.config.mjs": 'export default defineConfig({ site: "https://pier.press" });',
            "src/content/blog/a.md": dated(),
        },
        None,
    ),
}


def stored(db: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(sql).fetchall()


def imported(files: dict[str, str], folder: Path) -> Path:
    for name, text in files.items():
        write(folder / "site" / name, text)
    import_report(folder / "news.db", folder / "site")
    return folder / "news.db"


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_is_that_of_the_site(case: str, tmp_path: Path) -> None:
    files, address = ADDRESSES[case]
    found = stored(imported(files, tmp_path), "select url, provider_id from articles")
    assert [url for url, _ in found] == [address]
    assert address is None or found[0][1] == "pier.press"


# -- authors --------------------------------------------------------------------------

ANN = "title: A\ndate: 2024-03-01\n"
AUTHORS = {
    "_data/authors.yml": {
        "_config.yml": JEKYLL,
        "_data/authors.yml": "ann: {full_name: Ann Pier}\n",
    },
    "_data/authors.json, a list": {
        "_config.yml": JEKYLL,
        "_data/authors.json": '[{"id": "ann", "name": "Ann Pier"}]',
    },
    "_data/authors/ann.yml": {"_config.yml": JEKYLL, "_data/authors/ann.yml": "name: Ann Pier\n"},
    "_authors/ann.md": {"_config.yml": JEKYLL, "_authors/ann.md": "---\nname: Ann Pier\n---\n"},
    "data/authors/ann.toml": {"hugo.toml": HUGO, "data/authors/ann.toml": 'name = "Ann Pier"\n'},
    "content/authors/ann/_index.md": {
        "hugo.toml": HUGO,
        "content/authors/ann/_index.md": "---\ndisplay_name: Ann Pier\nfirst_name: Ann\n---\n",
    },
    "blog/.authors.yml": {
        "mkdocs.yml": "site_name: Pier\nextra: !!python/name:a.b\n",
        "blog/.authors.yml": "authors:\n  ann: {name: Ann Pier, avatar: x}\n",
    },
    "blog/authors.yml": {
        "docusaurus.config.js": DOCUSAURUS + "};",
        "blog/authors.yml": "ann: {name: Ann Pier, title: Harbour master}\n",
    },
    "src/content/authors/ann.json": {
        "astro.config.mjs": "export default {};",
        "src/content/authors/ann.json": '{"name": "Ann Pier"}',
    },
    "the program": {
        "astro.config.mjs": "export default defineConfig({ integrations: [blog({ authors: {\n"
        "  ben: { title: 'x', name: 'Ben' },\n  ann: { name: 'Ann Pier', url: 'x' } } })] });",
    },
}


@pytest.mark.parametrize("place", AUTHORS)
def test_an_author_by_id_has_the_name_of_the_data_file(place: str, tmp_path: Path) -> None:
    post = {"blog/2024-03-01-a.md": f"---\n{ANN}authors: [ann]\n---\nx"}
    db = imported(AUTHORS[place] | post, tmp_path)
    assert stored(db, "select name from authors") == [("Ann Pier",)]
    assert stored(db, "select count(*) from articles") == [(1,)]


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("[Ann Pier](https://a.example/a) (Harbour Co)", "Ann Pier"),
        ("[Ann Pier](https://a.example) (A, B and C), [Ben](https://b.example)", "Ann Pier|Ben"),
        ("Ann Pier ([@ann](https://a.example/ann)), chief of all piers", "Ann Pier"),
        (
            "Ann Pier ([@ann](https://a.example/ann)), Ben Quay, and Cy Rand",
            "Ann Pier|Ben Quay|Cy Rand",
        ),
        ("Ann Pier (guest), Ben Quay", "Ann Pier (guest)|Ben Quay"),
        ("by Ann Pier, Ph.D., & Ben Quay", "Ann Pier, Ph.D.|Ben Quay"),
        ("Ann Pier <ann@a.example>; ben", "Ann Pier|ben"),
        ("Wendy Anderson", "Wendy Anderson"),
        ("((((", "(((("),
    ],
)
def test_the_names_in_a_byline(byline: str, names: str) -> None:
    assert "|".join(names_in(byline)) == names


def test_a_role_is_no_author_and_is_kept(tmp_path: Path) -> None:
    post = f"---\n{ANN}author: Ann Pier\nauthorTitle: Harbour master\nbyline: A. P.\n---\nx"
    db = imported({"blog/a.md": post}, tmp_path)
    assert stored(db, "select name from authors") == [("Ann Pier",)]
    ((extra,),) = stored(db, "select extra from articles")
    assert "Harbour master" in extra
    assert "A. P." in extra


# -- what is no article ---------------------------------------------------------------

NO_ARTICLES = {
    "a page of documentation": (DOCUSAURUS, "docs/intro.md", "---\ntitle: Intro\n---\nx"),
    "a part of one": (DOCUSAURUS, "blog/_part.mdx", dated()),
    "its last update is no date": (
        DOCUSAURUS,
        "docs/intro.md",
        "---\ntitle: Intro\nlast_update: {date: 2024-03-01}\n---\nx",
    ),
}


@pytest.mark.parametrize("case", NO_ARTICLES)
def test_what_a_site_does_not_list_is_no_article(case: str, tmp_path: Path) -> None:
    config, path, text = NO_ARTICLES[case]
    files = {"docusaurus.config.js": config + "};", path: text, "blog/2024-03-01-b.md": dated()}
    assert stored(imported(files, tmp_path), "select id from articles") == [("2024-03-01-b",)]


def test_what_is_no_post_of_a_repository(tmp_path: Path) -> None:
    files = {
        "_config.yml": HEXO,
        "scaffolds/post.md": "---\ntitle: {{ title }}\ndate: {{ date }}\n---\n",
        "source/about/index.md": "---\ntitle: About\ndate: 2013-01-01\n---\n",
        ".github/ISSUE_TEMPLATE/bug.md": "---\nname: A bug\nabout: Of the site\n---\n",
        "podcast.html": "---\ntitle: {{ site.title }}\n---\n",
        "source/_posts/b.md": dated(),
    }
    assert stored(imported(files, tmp_path), "select id from articles") == [("b",)]


@pytest.mark.parametrize(
    ("config", "path", "text"),
    [
        (
            {"conf.py": "BLOG_TITLE = 'Pier'\nSITE_URL = 'https://pier.press/'\n"},
            "posts/a.rst",
            ".. title: Noon\n.. slug: a\n.. date: 2024-03-01 11:00:00 UTC+01:00\n.. tags: x, y\n\n"
            "Text",
        ),
        (
            {"conf.py": "BLOG_TITLE = 'Pier'\nSITE_URL = 'https://pier.press/'\n"},
            "posts/a.md",
            "<!--\n.. title: Noon\n.. date: 2024-03-01 10:00\n.. tags: x, y\n.. link:\n-->\n\nText",
        ),
        (
            {"mkdocs.yml": "site_name: Pier\nsite_url: https://pier.press/\n"},
            "docs/blog/posts/a.md",
            "---\ndate:\n  created: 2024-03-01T10:00:00Z\ntags: [x, y]\n---\n\n# Noon\n\nText",
        ),
        (
            {"_config.yml": JEKYLL},
            "_posts/2024-03-01-a.md",
            "---\ntitle: Noon\ndate: 2024-03-01 10:00\ntags: [x, y]\n...\nText",
        ),
    ],
    ids=["Nikola", "Nikola, Markdown", "MkDocs", "a line ..."],
)
def test_other_generators(config: dict[str, str], path: str, text: str, tmp_path: Path) -> None:
    db = imported({**config, path: text}, tmp_path)
    sql = "select title, published_at, provider_id, body like '%Text%' from articles"
    assert stored(db, sql) == [("Noon", "2024-03-01T10:00:00Z", "pier.press", 1)]
    assert stored(db, "select topic from article_topics") == [("x",), ("y",)]


@pytest.mark.parametrize(
    "lines",
    [
        "draft: yes",
        "published: false",
        "isDraft: true",
        "isPublished: false",
        "status: Draft",
        "status: private",
        "unpublished: true",
        "headless: true",
        "build: {render: never}",
        "_build: {render: false}",
        "permalink: false",
    ],
)
def test_every_way_of_marking_a_draft(lines: str, tmp_path: Path) -> None:
    kind = {
        "build": {"hugo.toml": HUGO},
        "_buil": {"hugo.toml": HUGO},
        "perma": ELEVENTY,
    }
    files = {
        **kind.get(lines[:5], {}),
        "content/news/a.md": dated(lines),
        "content/news/b.md": dated(),
    }
    db = imported(files, tmp_path)
    assert stored(db, "select id from articles") == [("b",)]
    import_report(tmp_path / "all.db", tmp_path / "site", "--drafts")
    assert stored(tmp_path / "all.db", "select count(*) from articles") == [(2,)]
