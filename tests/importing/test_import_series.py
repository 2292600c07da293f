"""Whatever was done before: after `import --prune` the content is that of a fresh import.

A small disk of records is written, edited, moved, broken and deleted at random; between
that it is imported whole, in parts, in any order, and killed in the middle. The seed is
in the name of the test; `--long` tries more of them.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import (
    assert_sound,
    content,
    dump,
    found,
    import_report,
    newsfeed,
    record,
    rows,
    sources_of,
    write,
)
from processes import fork_server
from share import tries

from datasette_newsfeed.archive.importing import importer

SEEDS = tries(8, 100)
STEPS = 12
FOLDERS = ("", "a", "b", "a/deep", "b c", "site", "site/_posts", "2024/03")
IDS = [f"2024-0{n}-01-piece-{n}" for n in range(1, 8)] + ["undated", "Ünïcode"]
URLS = [f"https://paper-{n % 3}.example/{n}" for n in range(6)] + ["/relative"]
DOMAINS = ["one.example", "two.example", "three.example"]
NAMES = ["The One", "The Two", "Evening Edition", None]
TOPICS = ["AI", "ai", "Harbour", "Tides"]
NAMES_IN_NEWS = ["Tidewright", "Corvane", "Sterna", "Ottoline", "Solmoy", "Hjordis"]
PICTURES = [f"https://pictures.example/{n}.jpg" for n in range(4)]
# 30×40 and 40×30 are equally large: even that has to be decided by the data.
SIZES = [(30, 40), (40, 30), (10, 10), (None, None), (1200, None)]


class Disk:
    """The records on disk, as one seed makes them."""

    def __init__(self, root: Path, seed: str) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.clock = 1_700_000_000
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)

    def files(self) -> list[Path]:
        return sorted(self.root.rglob("*.md"))

    def put(self, path: Path, text: str) -> None:
        """Write a file with a time of its own: two edits never share one."""
        write(path, text)
        self.clock += 1
        os.utime(path, (self.clock, self.clock))

    def some(self, pool: list[Any], most: int) -> list[Any]:
        return [self.random.choice(pool) for _ in range(self.random.randint(0, most))]

    def image(self) -> dict[str, Any]:
        width, height = self.random.choice(SIZES)
        image = {"url": self.random.choice(PICTURES), "width": width, "height": height}
        if self.random.random() < 0.5:
            image["isCached"] = self.random.random() < 0.5
        return image

    def provider(self) -> dict[str, Any]:
        provider: dict[str, Any] = {"name": self.random.choice(NAMES)}
        if self.random.random() < 0.9:
            provider["domain"] = self.random.choice(DOMAINS)
        provider["images"] = [self.image() for _ in range(self.random.randint(0, 1))]
        provider["authors"] = [{"name": f"Desk {n}"} for n in self.some([1, 2, 3], 2)]
        return provider

    def article(self) -> str:
        chance = self.random.random
        front: dict[str, Any] = {
            "title": f"Title {' '.join(self.some(NAMES_IN_NEWS, 4))} {self.random.randint(1, 99)}",
            "heat": self.random.choice([-1, 20, 40, None]),
            "topics": self.some(TOPICS, 3),
            "images": [self.image() for _ in range(self.random.randint(0, 3))],
        }
        if chance() < 0.8:
            front["webUrl"] = self.random.choice(URLS)
        if chance() < 0.4:
            front["originalUrl"] = self.random.choice(URLS)
        if chance() < 0.8:
            front["provider"] = self.provider()
        if chance() < 0.7:
            front["published"] = chance() < 0.5
        if chance() < 0.7:
            front["publishedDateTime"] = f"2024-01-0{self.random.randint(1, 3)}T10:00:00Z"
        if chance() < 0.3:
            front["secured"] = f"{self.random.randint(1, 9**9)};x"
        front["related"] = [
            {
                "title": "Related",
                "webUrl": self.random.choice(URLS),
                "provider": self.provider(),
                "images": [self.image() for _ in range(self.random.randint(0, 2))],
                "price": self.random.randint(1, 3),
            }
            for _ in range(self.random.randint(0, 3))
        ]
        return f"---\n{json.dumps(front)}\n---\n{self.random.choice(['', 'Body word.'])}\n"

    def post(self) -> str:
        """A post as other generators write it; what it means depends on the site's files."""
        front: dict[str, Any] = {
            "layout": "post",
            "title": f"Post {self.random.randint(1, 99)}",
            "tags": self.some(TOPICS, 3),
            "author": self.random.choice(["ann", "ben", "Somebody Else"]),
            "date": f"2024-01-0{self.random.randint(1, 3)} 10:00",
        }
        for key, values in (
            ("draft", [True, False]),
            ("lang", ["de", "no such code"]),
            ("image", self.random.choice([PICTURES, ["/cover.png"]])),
            ("permalink", ["/a/:title/", "/b/"]),
        ):
            if self.random.random() < 0.3:
                front[key] = self.random.choice(values)
        return f"---\n{json.dumps(front)}\n---\n{self.random.choice(['', 'Body word.'])}\n"

    def configure(self) -> None:
        """The site's configuration, or its list of authors, is written, broken or deleted."""
        if self.random.random() < 0.5:
            path, texts = (
                "_config.yml",
                [
                    "title: Site\nurl: https://one.example\ntimezone: Europe/Paris\n",
                    "title: Other\nurl: https://two.example\npermalink: /:year/:title/\n",
                    "title: [\n",
                ],
            )
        else:
            path, texts = "_data/authors.yml", ["ann: Ann Pier\n", "ben: {name: Ben Quay}\n"]
        file = self.root / "site" / path
        if file.exists() and self.random.random() < 0.3:
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            self.put(file, self.random.choice(texts))

    def organization(self) -> str:
        front: dict[str, Any] = {"taxonomy": "organization"}
        front["_id"] = self.random.choice(DOMAINS)
        front["name"] = self.random.choice(["Org One", "Org Two", None])
        front["images"] = [self.image() for _ in range(self.random.randint(0, 2))]
        return f"---\n{json.dumps(front)}\n---\n"

    def place(self, name: str) -> Path:
        return self.root / self.random.choice(FOLDERS) / f"{name}.md"

    # What happens to records

    def write_articles(self) -> None:
        for _ in range(self.random.randint(1, 5)):
            text = self.random.choice([self.article, self.article, self.post])()
            self.put(self.place(self.random.choice(IDS)), text)

    def write_posts(self) -> None:
        for name in self.some(IDS, 4):
            self.put(self.root / "site" / "_posts" / f"{name}.md", self.post())

    def write_organization(self) -> None:
        self.put(self.place(self.random.choice([*DOMAINS, "org", IDS[0]])), self.organization())

    def edit(self) -> None:
        for path in self.some(self.files(), 3) if self.files() else []:
            self.put(path, self.article())

    def delete(self) -> None:
        for path in set(self.some(self.files(), 4)) if self.files() else ():
            path.unlink()

    def move(self) -> None:
        if self.files():
            path = self.random.choice(self.files())
            path.replace(self.place(self.random.choice([path.stem, self.random.choice(IDS)])))

    def swap(self) -> None:
        """Two files exchange their names: sizes and times go with them."""
        if len(self.files()) > 1:
            one, two = self.random.sample(self.files(), 2)
            one.rename(self.root / "swap")
            two.rename(one)
            (self.root / "swap").rename(two)

    def damage(self) -> None:
        if self.files():
            broken = ["---\ntitle: [\n---\n", "---\nheat: 3\n---\n", "\0\0\0", "# Only notes\n"]
            self.put(self.random.choice(self.files()), self.random.choice(broken))

    def touch(self) -> None:
        for path in self.files():
            self.clock += 1
            os.utime(path, (self.clock, self.clock))

    def change(self) -> None:
        ways = [self.write_articles, self.write_organization, self.edit, self.delete]
        ways += [self.move, self.swap, self.damage, self.touch, self.edit]
        ways += [self.write_posts, self.configure, self.configure]
        self.random.choice(ways)()

    # Which paths an import is given

    def paths(self) -> list[Path]:
        files = self.files()
        self.random.shuffle(files)
        folders = [self.root / name for name in FOLDERS]
        self.random.shuffle(folders)
        ways: list[list[Path]] = [
            [self.root],
            folders[: self.random.randint(1, len(folders))],
            files[: max(1, len(files) // 2)],
            files[::-1],
            [*files[:1], self.root],
        ]
        return self.random.choice(ways) or [self.root]


def die_before(statement: int) -> None:
    """End this process with SIGKILL before SQLite begins its statement of that number."""
    connect, left = sqlite3.connect, [statement]

    def count(_sql: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(count)
        return connection

    sqlite3.connect = counting  # type: ignore[assignment]


def import_and_die(statement: int, batch: int, db: Path, arguments: list[Path | str]) -> None:
    """What runs in the process that is to be killed."""
    importer.BATCH = batch
    die_before(statement)
    newsfeed("import", db, *arguments)


@pytest.fixture(scope="module")
def killed_import() -> Callable[..., bool]:
    """Run an import that is killed; return whether it was, or came to its end."""
    server = fork_server()

    def run(statement: int, db: Path, *arguments: Path | str) -> bool:
        process = server.Process(
            target=import_and_die, args=(statement, importer.BATCH, db, list(arguments))
        )
        process.start()
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL)
        return process.exitcode != 0

    return run


def in_order(errors: list[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((error["path"], error["place"]) for error in errors)


def fresh(root: Path, place: Path) -> tuple[dict[str, Any], list[Any]]:
    """The content of a fresh import, and its errors."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    report = import_report(place / "fresh.db", root, status=None)
    assert_sound(place / "fresh.db")
    return content(place / "fresh.db"), in_order(report["errors"])


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The rows that only one of two contents has, for a message that can be read."""
    return {
        table: {
            "only here": [row for row in one[table] if row not in other[table]],
            "only fresh": [row for row in other[table] if row not in one[table]],
        }
        for table in one
        if one[table] != other[table]
    }


def pieces(db: Path) -> dict[str, Any]:
    """Every article with all that its own file says, whole."""
    columns = "article_id, position, title, excerpt, url, provider_id, provider_name, image_id"
    computed = ("story_id", "is_headline")  # of all files together, by the end of a run
    own = [name for _, name, *_ in rows(db, "pragma table_info(articles)") if name not in computed]
    parts = {id: [row] for id, *row in rows(db, f"select {', '.join(own)} from articles")}
    for sql in (
        "select * from article_topics order by 1, 2",
        "select * from article_authors order by 1, 2",
        "select * from article_images order by 1, 2",
        f"select {columns}, extra from related_articles order by 1, 2",
    ):
        for id, *row in rows(db, sql):
            parts[id].append(row)
    return {id: json.dumps(part) for id, part in parts.items()}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_series_ends_like_a_fresh_import(seed, tmp_path, killed_import, monkeypatch):
    # Every other one in batches of three files: ties are met across batches, too.
    monkeypatch.setattr(importer, "BATCH", 3 if seed % 2 else importer.BATCH)
    disk = Disk(tmp_path / "records", f"series {seed}")
    db = tmp_path / "news.db"
    story = []
    for _ in range(STEPS):
        if disk.random.random() < 0.6:
            disk.change()
        paths = disk.paths()
        prune = ["--prune", "--allow-empty"] if disk.random.random() < 0.4 else []
        way = disk.random.choices(["import", "kill", "dry", "lose"], [70, 12, 10, 6])[0]
        story.append((way, [str(path.relative_to(disk.root)) for path in paths], prune))
        if way == "kill":
            killed_import(disk.random.randint(0, 150), db, *paths, *prune)
        elif way == "dry":
            before = dump(db) if db.exists() else None
            import_report(db, *paths, *prune, "--dry-run", status=None)
            assert (dump(db) if db.exists() else None) == before
        elif way == "lose":
            # Nothing else is lost: the same files, read again, are the same rows.
            import_report(db, disk.root, "--prune", "--allow-empty", status=None)
            sources_of(db).unlink()
            killed_import(disk.random.randint(0, 300), db, disk.root)
            import_report(db, disk.root, status=None)
        else:
            import_report(db, *paths, *prune, status=None)
            assert_sound(db)
    report = import_report(db, disk.root, "--prune", "--allow-empty", status=None)
    monkeypatch.undo()
    expected, errors = fresh(disk.root, tmp_path / "fresh")
    assert differences(content(db), expected) == {}, story
    assert in_order(report["errors"]) == errors, story
    assert_sound(db)
    before = dump(db)
    again = import_report(db, disk.root, "--prune", "--allow-empty", status=None)
    assert again["added"] == again["updated"] == again["removed"] == 0
    assert again["parsed"] == 0 or again["rejected"] or again["skipped"]
    assert in_order(again["errors"]) == errors
    assert dump(db) == before


@pytest.mark.parametrize("seed", range(tries(1, 2)))
def test_killed_before_any_statement(seed, tmp_path, killed_import):
    """The same update, killed at one place after the other: whole articles only."""
    disk = Disk(tmp_path / "records", f"killed {seed}")
    db = tmp_path / "news.db"
    for _ in range(2):
        disk.write_articles()
    disk.write_organization()
    import_report(db, disk.root, status=None)
    (tmp_path / "kept").mkdir()
    for path in (db, sources_of(db)):
        shutil.copy(path, tmp_path / "kept")
    old = pieces(db)
    disk.write_articles()
    disk.edit()
    disk.delete()
    disk.move()
    expected, _ = fresh(disk.root, tmp_path / "fresh")
    new = pieces(tmp_path / "fresh" / "fresh.db")
    statement, killed = disk.random.randint(0, 12), 0
    while True:
        shutil.copy(tmp_path / "kept" / db.name, db)
        shutil.copy(tmp_path / "kept" / sources_of(db).name, sources_of(db))
        if not killed_import(statement, db, disk.root, "--prune", "--allow-empty"):
            break
        killed += 1
        # The journal is taken back when the next one opens it: here, a reader may do that.
        sqlite3.connect(db).execute("select count(*) from articles").connection.close()
        assert_sound(db)
        for id, piece in pieces(db).items():
            assert piece in (old.get(id), new.get(id)), f"half an article: {id}"
        import_report(db, disk.root, "--prune", "--allow-empty", status=None)
        assert differences(content(db), expected) == {}, statement
        assert_sound(db)
        assert {path.name for path in tmp_path.glob("news.db*")} == {"news.db", "news.db-sources"}
        statement += disk.random.randint(8, 24)
    assert killed >= 3
    assert differences(content(db), expected) == {}


def test_killed_at_any_time(tmp_path):
    """A real process, a real SIGKILL: first imports of a larger archive."""
    disk = Disk(tmp_path / "records", "time")
    for number in range(400):
        disk.put(disk.root / "a" / f"piece-{number}.md", disk.article())
    command = [sys.executable, "-m", "sqlite_utils", "newsfeed", "import"]
    start = time.monotonic()
    subprocess.run([*command, tmp_path / "whole.db", disk.root], check=True, capture_output=True)
    whole = time.monotonic() - start
    db = tmp_path / "news.db"
    for _ in range(tries(2, 4)):
        process = subprocess.Popen(
            [*command, db, disk.root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(disk.random.uniform(whole * 0.3, whole))
        process.kill()
        process.wait()
    import_report(db, disk.root)
    assert differences(content(db), content(tmp_path / "whole.db")) == {}
    assert_sound(db)


@pytest.mark.parametrize("seed", range(3))
def test_order_and_halves(seed, tmp_path):
    """One file after the other in any order, then the folder: as if read at once."""
    disk = Disk(tmp_path / "records", f"order {seed}")
    for _ in range(5):
        disk.write_articles()
    disk.write_organization()
    expected, _ = fresh(disk.root, tmp_path / "fresh")
    for turn in range(3):
        db = tmp_path / f"{turn}.db"
        files = disk.files()
        disk.random.shuffle(files)
        halves = [files[::2], files[1::2]] if turn else [[file] for file in files]
        for half in halves:
            import_report(db, *half, status=None)
        import_report(db, disk.root, status=None)
        assert differences(content(db), expected) == {}


def test_full_text_follows(tmp_path):
    """Search finds what the records say now, through edits, moves and removals."""
    disk = Disk(tmp_path / "records", "search")
    db = tmp_path / "news.db"
    words: dict[str, str] = {}
    for turn in range(8):
        for _ in range(4):
            id = disk.random.choice(IDS)
            words[id] = f"word{turn}x{disk.random.randint(1, 9)}"
            disk.put(disk.root / f"{id}.md", record(f"About {words[id]}"))
        gone = disk.random.choice(sorted(words))
        (disk.root / f"{gone}.md").unlink()
        del words[gone]
        import_report(db, disk.root, "--prune", "--allow-empty")
        for word in set(words.values()):
            assert found(db, word) == sorted(id for id in words if words[id] == word)
        assert found(db, "about") == sorted(words)
        assert_sound(db)


def test_killed_while_a_file_moves(tmp_path, killed_import):
    """The file is gone at one place and there at another: the article stays, whole."""
    root, db = tmp_path / "records", tmp_path / "news.db"
    old = write(root / "moves.md", record("Moves", "topics: [A]", "secured: x"))
    write(root / "stays.md", record("Stays"))
    (root / "b").mkdir()
    statement = random.Random("moves").randint(0, 16)
    while True:
        import_report(db, root, "--prune", "--allow-empty")
        before = content(db)
        old.rename(root / "b" / "moves.md")
        killed = killed_import(statement, db, root, "--prune", "--allow-empty")
        import_report(db, root, "--prune", "--allow-empty")
        assert differences(content(db), before) == {}, statement
        (root / "b" / "moves.md").rename(old)
        if not killed:
            break
        statement += 17
    assert statement > 60


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_ties_are_decided_by_the_data(order, tmp_path):
    """Equal areas, several logos, two organizations of one domain: the order means nothing."""
    image = "url: https://pictures.example/tie.jpg"
    sizes = [
        "width: 30, height: 40",
        "width: 40, height: 30, isCached: true",
        "width: 40, height: 30",
    ]
    root = tmp_path / "records"
    for n in order:
        logo = f"{{url: https://pictures.example/logo-{n}.png, width: 10, height: 10}}"
        lines = [
            f"images: [{{{image}, {sizes[n]}}}]",
            f"provider: {{name: Same, domain: one.example, images: [{logo}]}}",
        ]
        article = write(root / f"article-{n}.md", record(f"Article {n}", *lines))
        front = f"taxonomy: organization\n_id: two.example\nname: Name {n}\nimages: [{logo}]"
        organization = write(root / f"organization-{n}.md", f"---\n{front}\n---\n")
        import_report(tmp_path / "news.db", article, organization)
    expected, _ = fresh(root, tmp_path / "fresh")
    import_report(tmp_path / "news.db", root)
    assert differences(content(tmp_path / "news.db"), expected) == {}
    ((width, height, is_cached),) = rows(
        tmp_path / "news.db",
        "select width, height, is_cached from images where url like '%/tie.jpg'",
    )
    assert (width, height, is_cached) == (40, 30, 1)
    names = dict(rows(tmp_path / "news.db", "select domain, name from providers"))
    assert names == {"one.example": "Same", "two.example": "Name 0"}
