"""examples/hugo, the small site in Hugo's way, as an import reads it and as a page shows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from commands import import_report
from pages_site import open_site

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "hugo"
ADDRESS = "https://lantern-log.example.test/log"


def test_the_example_is_read_as_its_site_means_it(tmp_path: Path) -> None:
    db = tmp_path / "lantern.db"
    report = import_report(db, EXAMPLE)
    assert (report["added"], report["rejected"]) == (18, 0)
    assert report["dialects"] == {"hugo": 18}
    assert report["left_out"]["draft"] == 2
    assert report["images"] == 2
    with closing(sqlite3.connect(db)) as connection:
        rows = dict(connection.execute("select id, url from articles").fetchall())
        times = dict(connection.execute("select id, published_at from articles").fetchall())
        authors = {name for (name,) in connection.execute("select name from authors")}
        languages = dict(connection.execute("select id, language from articles").fetchall())
        (provider,) = connection.execute("select domain, name from providers").fetchall()
        bodies = " ".join(body for (body,) in connection.execute("select body from articles"))
    assert provider == ("lantern-log.example.test", "The Lantern Log")
    assert authors == {"Ragna Tolleif", "Bo Estervik", "Mirja Halonkoski"}
    assert rows["2024-01-03-first-light"] == f"{ADDRESS}/2024/01/first-light/"
    # Midnight in Oslo is the day before in UTC; a day alone stays that day.
    assert times["2024-06-01-lamp-out-for-summer"] == "2024-05-31T22:05:00Z"
    assert times["2024-04-28-paint"] == "2024-04-28T00:00:00Z"
    assert rows["2024-06-01-lamp-out-for-summer"].startswith(f"{ADDRESS}/2024/06/")
    # A translation has its language before its section.
    assert (
        rows["2024-06-21-midsummer.no"]
        == ADDRESS.replace("/log", "/no/log") + "/2024/06/midsummer/"
    )
    assert languages["2024-06-21-midsummer.no"] == "no"
    assert "{{" not in bodies
    assert "The barometer had said so" in bodies


async def test_the_example_is_a_site(tmp_path: Path) -> None:
    db = tmp_path / "lantern.db"
    import_report(db, EXAMPLE)
    site = open_site(db)
    page = (await site.client.get("/lantern/articles/2024-05-12-a-day-without-wind")).text
    assert "Ragna Tolleif" in page
    assert "youtube" in page
    listing = (await site.client.get("/lantern/articles")).text
    assert "The Lantern Log" in listing
    assert "Plans for the new year" not in listing
