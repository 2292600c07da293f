"""Any record there may be: import, export and import again give the same bytes and rows.

And what the rows say is what the file says, value by value, by a second way to read it
(plain_reading.py). Over the real archive, the demo newsroom, the samples, and records
made up by hypothesis; `--long` tries 2,000 of those instead of a few.
"""

from __future__ import annotations

import json
import string
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import DEMO, SAMPLES, assert_sound, content, import_report, newsfeed, rows, write
from hypothesis import assume, example, given
from hypothesis import strategies as st
from plain_reading import Record, Stored, article_id, faults, json_leaves, shows


def round_trip(folder: Path, place: Path) -> dict[str, Any]:
    """Import, export, import again; return the first report."""
    db, again = place / "news.db", place / "again.db"
    report = import_report(db, folder, status=None)
    assert_sound(db)
    assert newsfeed("export", db, place / "out").status == 0
    refused = {Path(error["path"]).name for error in report["errors"]}
    originals = {path.name: path.read_bytes() for path in folder.rglob("*.md")}
    exported = {path.name: path.read_bytes() for path in (place / "out").rglob("*.md")}
    assert set(originals) - set(exported) <= refused | _no_articles(originals)
    assert all(originals[name] == data for name, data in exported.items())
    # A folder of which nothing was taken is an empty one on its way back, and that is a fault.
    import_report(again, place / "out", status=0 if exported else 1)
    one, other = content(db), content(again)
    one.pop("image_renditions")  # their pictures lie beside the first records
    other.pop("image_renditions")
    assert one == other
    return report


def _no_articles(files: dict[str, bytes]) -> set[str]:
    """Those without front matter, and those whose names say so. Hypothesis draws such names."""
    names = ("_index", "readme", "changelog", "license", "licence", "404")
    named = {name for name in files if name.split(".")[0].lower() in names}
    return named | {name for name, data in files.items() if b"---" not in data[:10]}


def compare(db: Path, files: list[Path]) -> int:
    """Compare these files with the rows, value by value; return how many values they have."""
    stored = {id for (id,) in rows(db, "select id from articles")}
    count = 0
    for file in files:
        if article_id(file) in stored:
            record = Record(file.read_bytes())
            if record.text("taxonomy") != "organization":
                assert faults(record, Stored(db, article_id(file))) == [], file.name
                count += len(record.leaves)
    return count


@pytest.mark.parametrize("source", ["archive", "demo", "samples"])
def test_every_value_of_every_file(
    source: str, request: pytest.FixtureRequest, tmp_path: Path, record_property: Any
) -> None:
    if source == "archive":
        folders = request.getfixturevalue("archive_folders")
    else:
        folders = [{"demo": DEMO, "samples": SAMPLES}[source]]
    db = tmp_path / "news.db"
    import_report(db, *folders)
    files = [path for folder in folders for path in folder.rglob("*.md")]
    values = compare(
        db, [path for path in files if path.read_bytes()[:6].strip(b"\xef\xbb\xbf")[:3] == b"---"]
    )
    assert values > 100
    record_property("cases", (f"values of the {source}", values))


def test_the_second_reading_finds_what_is_lost(tmp_path: Path) -> None:
    """A comparison that never finds anything proves nothing."""
    text = (
        "---\ntitle: A\nheat: 3\nprice: 2\ntopics: [AI]\nrelated: [{title: B, seen: 1}]\n"
        "images: [{url: /a, width: 4, title: C}]\nprovider: {name: D, domain: d.example}\n---\nE\n"
    )
    file = write(tmp_path / "a.md", text)
    db = tmp_path / "news.db"
    import_report(db, file)
    assert compare(db, [file]) == 11
    record = Record(file.read_bytes())
    for column, other in (
        *(("title", "B"), ("heat", 4), ("extra", None), ("extra", '{"price": "2"}')),
        *(("provider_name", "E"), ("provider_id", None), ("body", "F")),
        ("extra", '{"price": 2, "more": 1}'),
    ):
        stored = Stored(db, "a")
        stored.article[column] = other
        if column == "extra":
            stored.extra = {k: v for k, v in stored.extra.items() if k[0] == "related"}
            stored.extra |= json_leaves(json.loads(other or "{}"))
        assert faults(record, stored), column
    for part in ("topics", "images", "related"):
        stored = Stored(db, "a")
        setattr(stored, part, [])
        assert faults(record, stored), part


# Records made up

TEXT = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    st.text(string.printable, max_size=40),
    st.sampled_from(
        [
            *("---", "a\n---\nb", "...", "", " ", "\n", "~", "null", "yes", "No", "0x1F", "1_000"),
            *(
                "007",
                "1:30",
                "1e3",
                "2021-01-01",
                "'",
                '"',
                "<<",
                "*a",
                "&a",
                "!b",
                "%c",
                "@d",
                "`",
            ),
            *("# no comment", "a: b", "- a", "{a: b}", "[a]", "\u2028", "\x85", "\ufeff", "\u202e"),
            *(
                "9" * 30,
                "-.inf",
                ".nan",
                "é",
                "e\u0301",
                "👩‍👩‍👧",
                "\x7f",
                "\x1b[31m",
                "a\r\nb",
                "\t",
            ),
        ]
    ),
)
WORDS = TEXT.filter(shows)
KEYS = st.one_of(
    st.sampled_from(
        ["price", "items", "null", "yes", "1", "<<", "~", "", " a ", "Secured", "id", "key"]
    ),
    TEXT,
)
ANY = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), TEXT, st.dates(), st.datetimes()),
        st.floats(),
        st.integers(-(2**70), 2**70),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
URLS = st.one_of(
    st.builds("https://{}.example/{}".format, st.sampled_from("abc"), st.integers(0, 5)),
    st.sampled_from(["/assets/a.png", "https://a.example/?u=https%3A%2F%2Fb.example%2F%3Fx%3D1"]),
    WORDS,
)
TIMES = st.one_of(
    st.datetimes().map(lambda time: time.replace(microsecond=0)),
    st.dates(),
    st.datetimes().map(lambda time: f"{time.replace(microsecond=0).isoformat()}+02:00"),
).filter(lambda time: str(time) > "0001-01-03")
WHOLE = st.integers(-(2**63), 2**63 - 1)
SIZES = st.integers(1, 10_000)


def some(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional={**optional, "more": ANY})


IMAGES = st.lists(
    some(
        {"url": URLS},
        {
            "width": SIZES,
            "height": SIZES,
            "isCached": st.booleans(),
            "title": TEXT,
            "attribution": TEXT,
        },
    ),
    max_size=3,
)
PROVIDERS = some(
    {},
    {
        "name": TEXT,
        "domain": st.sampled_from(["a.example", "B.example", "c/d.example"]),
        "images": IMAGES,
        "authors": st.lists(some({"name": WORDS}, {}), max_size=3),
    },
)
COMMON = {
    "excerpt": TEXT,
    "publishedDateTime": TIMES,
    "webUrl": URLS,
    "originalUrl": URLS,
    "ampWebUrl": URLS,
    "cdnAmpWebUrl": URLS,
    "type": TEXT,
    "quality": WHOLE,
    "provider": PROVIDERS,
    "images": IMAGES,
}
FRONT = {
    **COMMON,
    "category": TEXT,
    "updatedDateTime": TIMES,
    "heat": WHOLE,
    "published": st.booleans(),
    "featuredContent": TEXT,
    "topics": st.lists(TEXT, max_size=4),
    "related": st.lists(some({}, {"title": TEXT, **COMMON}), max_size=3),
}
# Hypothesis draws words of the package as texts, too: its keys among them.
OTHER_KEYS = KEYS.filter(lambda key: key not in {*FRONT, "title", "taxonomy"})
RECORDS = st.builds(
    lambda front, others: {**others, **front},
    some({"title": WORDS}, FRONT),
    st.dictionaries(OTHER_KEYS, ANY, max_size=3),
)
STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, None, '"', "'", "|", ">"]),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([20, 80, 10_000]),
        "sort_keys": st.booleans(),
    }
)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=30
).filter(
    # "._x.md" is no record, but what macOS keeps of x.md.
    lambda name: len(name.encode()) < 200 and name not in (".", "..") and name[:2] != "._"
)


def count_keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(count_keys, value.values()))
    return sum(map(count_keys, value)) if isinstance(value, list) else 0


def as_file(front: Any, style: dict[str, Any], body: str, has_crlf: bool, has_mark: bool) -> bytes:
    written = yaml.safe_dump(front, **style)
    # PyYAML writes U+0085 as the line break that it is, so that two keys may become one.
    assume(count_keys(yaml.load(written, Loader=yaml.BaseLoader)) == count_keys(front))
    text = f"---\n{written}---\n{body}"
    text = text.replace("\n", "\r\n") if has_crlf else text
    return (b"\xef\xbb\xbf" if has_mark else b"") + text.encode("utf-8")


BODIES = st.one_of(st.just(""), st.text(string.printable, max_size=60), TEXT)
FILES = st.builds(as_file, RECORDS, STYLES, BODIES, st.booleans(), st.booleans())
FOLDERS = st.dictionaries(NAMES, FILES, min_size=1, max_size=6)


def keep_whole(files: dict[str, bytes], place: Path) -> tuple[dict[str, Any], list[Path]]:
    written = {}
    for name, data in files.items():
        # Two spellings of one name are two files of one id: tested elsewhere.
        written[unicodedata.normalize("NFC", name)] = (name, data)
    paths = [write(place / "records" / f"{name}.md", data) for name, data in written.values()]
    report = round_trip(place / "records", place)
    compare(place / "news.db", paths)
    return report, paths


@given(FOLDERS)
def test_records_that_are_in_order(files: dict[str, bytes]) -> None:
    """Each is imported, and nothing of it is lost."""
    with tempfile.TemporaryDirectory() as folder:
        report, _ = keep_whole(files, Path(folder))
        # Drawn twice, a long text may stand below `Secured` and beside it; that is refused.
        assert [e for e in report["errors"] if not e["reason"].startswith("repeats")] == []


def test_the_largest_whole_numbers(tmp_path: Path) -> None:
    """Those of 64 bits are numbers, whatever lies beyond is text."""
    numbers = [-(2**63) - 1, -(2**63), 2**63 - 1, 2**63]
    keep_whole({"a": f"---\ntitle: A\nfound: {numbers}\n---\n".encode()}, tmp_path)
    ((extra,),) = rows(tmp_path / "news.db", "select extra from articles")
    assert json.loads(extra)["found"] == [str(numbers[0]), numbers[1], numbers[2], str(numbers[3])]


ANYTHING = st.dictionaries(
    st.one_of(
        KEYS,
        st.sampled_from(
            [
                *COMMON,
                "title",
                "name",
                "taxonomy",
                "_id",
                "topics",
                "related",
                "heat",
                "published",
                "secured",
            ]
        ),
    ),
    ANY,
    max_size=8,
)
WILD = st.builds(
    as_file,
    st.one_of(
        ANYTHING, ANY, st.builds(lambda front, title: {**front, "title": title}, ANYTHING, TEXT)
    ),
    *(STYLES, BODIES, st.booleans(), st.booleans()),
)


@example({"0": b"---\n{}\n---\n"})
@example({".": b"---\ntitle: A\n---\n", "..": b"---\ntitle: B\n---\n"})
@given(st.dictionaries(NAMES, WILD, min_size=1, max_size=6))
def test_records_that_hold_anything(files: dict[str, bytes]) -> None:
    """Each is imported as it is meant, or refused with its place and a reason."""
    with tempfile.TemporaryDirectory() as folder:
        report, paths = keep_whole(files, Path(folder))
        for error in report["errors"]:
            assert error["reason"].strip(), error
        assert report["read"] + report["skipped"] == len(paths)
