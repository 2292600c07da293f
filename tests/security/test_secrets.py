"""`secured` stands in DB-sources and nowhere else: not as text, not decoded, not in a part.

The bytes of the files are searched, free pages and journals included, for what is
planted into the records here. The search is tried on a planted copy first.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import lzma
import re
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from commands import SAMPLES, import_report, newsfeed, record, rows, sources_of, value, write

PIECE = 24
"""Bytes of a payload that make a find: no text holds so many of them by chance."""


def payload(word: str, blocks: int = 4) -> str:
    """A payload in the real form: base64 of a ciphertext, `;`, base64 of an IV."""
    digests = (hashlib.sha256(f"{word} {n}".encode()).digest() for n in range(blocks))
    iv = hashlib.md5(word.encode()).digest()
    return base64.b64encode(b"".join(digests)).decode() + ";" + base64.b64encode(iv).decode()


def traces(secret: str) -> set[bytes]:
    """The bytes by which a payload is known: as text, in parts, decoded, JSON-escaped."""
    parts = [secret, *secret.split(";")]
    found = {part.encode() for part in parts}
    found |= {base64.b64decode(part) for part in secret.split(";")}
    found |= {json.dumps(part)[1:-1].encode() for part in parts}
    found |= {part.replace("/", "\\/").encode() for part in parts}
    # A large value is spread over pages: its beginning and end are on one each.
    found |= {piece for long in list(found) for piece in (long[:PIECE], long[-PIECE:])}
    return {trace for trace in found if len(trace) >= 16}


def served_bytes(db: Path) -> bytes:
    """Every byte that lies where DB lies and may be served with it."""
    beside = [db.with_name(db.name + ending) for ending in ("-wal", "-shm", "-journal")]
    return b"".join(path.read_bytes() for path in (db, *beside) if path.exists())


def revealed(db: Path, secrets: Iterable[str]) -> list[str]:
    """The payloads of which any trace is in the database."""
    served = served_bytes(db)
    return [secret for secret in secrets if any(trace in served for trace in traces(secret))]


def kept(db: Path) -> bytes:
    """All that DB-sources holds, unpacked by whichever method fits."""
    unpack: list[Callable[[bytes], bytes]] = [
        zlib.decompress,
        gzip.decompress,
        lzma.decompress,
        bytes,
    ]
    everything = []
    with closing(sqlite3.connect(sources_of(db))) as connection:
        tables = connection.execute(
            "select name from sqlite_master where type = 'table'"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(f'select * from "{table}"'):
                for cell in row:
                    if isinstance(cell, bytes):
                        for method in unpack:
                            try:
                                everything.append(method(cell))
                            except (zlib.error, OSError, lzma.LZMAError):
                                continue
                            break
                    else:
                        everything.append(str(cell).encode())
    return b"\0".join(everything)


def secret_record(name: str, at: dict[str, str]) -> str:
    """A record with a payload at every depth that `at` names."""
    return record(
        f"Sealed {name}",
        "webUrl: https://quay.example/sealed",
        "provider:",
        "  name: Quay Press",
        "  domain: quay.example",
        f'  secured: "{at["provider"]}"',
        f'  authors: [{{name: The desk, secured: "{at["author"]}"}}]',
        f'  images: [{{url: /logo.png, secured: "{at["logo"]}"}}]',
        f'images: [{{url: /a.png, secured: "{at["image"]}"}}]',
        "related:",
        "  - title: Within",
        f'    secured: "{at["related"]}"',
        f'    provider: {{domain: bay.example, secured: "{at["related provider"]}"}}',
        f'    images: [{{url: /b.png, secured: "{at["related image"]}"}}]',
        f'    notes: {{deep: [{{secured: "{at["related note"]}"}}]}}',
        "items:",
        "  - name: One",
        f'    content: [[{{secured: "{at["item"]}", open: "yes"}}]]',
        f'ratings: {{secured: ["{at["list"]}", {{more: "{at["mapping in list"]}"}}]}}',
        f'twitter: {{secured: {{text: "{at["mapping"]}", iv: "none"}}}}',
        f'base: &base {{secured: "{at["merged"]}"}}',
        "merged: {<<: *base, open: 1}",
        f"secured: '{at['top']}'",
    )


PLACES = (
    *("top", "provider", "author", "logo", "image", "related", "related provider"),
    *("related image", "related note", "item", "list", "mapping in list", "mapping", "merged"),
)


def secrets_of(name: str) -> dict[str, str]:
    return {place: payload(f"{name} {place}", 4 if place != "top" else 200) for place in PLACES}


@pytest.fixture
def db(tmp_path):
    return tmp_path / "news.db"


def test_the_search_finds_what_is_planted(tmp_path, db):
    """A search that never finds anything proves nothing."""
    secret = payload("planted", 200)
    write(tmp_path / "records" / "open.md", record("Open", body=secret))
    import_report(db, tmp_path / "records")
    assert revealed(db, [secret]) == [secret]
    for planted in (secret, secret.split(";")[1], base64.b64decode(secret.split(";")[0])):
        other = tmp_path / "planted.db"
        other.unlink(missing_ok=True)
        with closing(sqlite3.connect(other)) as connection:
            connection.execute("pragma secure_delete = off")
            connection.execute("create table t (c)")
            connection.execute("insert into t values (?)", (planted,))
            connection.commit()
            assert revealed(other, [secret]) == [secret]
            connection.execute("delete from t")
            connection.commit()
        assert revealed(other, [secret]) == [secret], "also in free pages"


def test_nothing_is_revealed_at_any_depth(tmp_path, db):
    secrets = secrets_of("first")
    write(tmp_path / "records" / "sealed.md", secret_record("first", secrets))
    import_report(db, tmp_path / "records")
    assert value(db, "select count(*) from related_articles") == 1
    assert revealed(db, secrets.values()) == []
    stored = kept(db)
    assert [secret for secret in secrets.values() if secret.encode() not in stored] == []
    # The word itself is no secret, but no key of that name is left in any JSON.
    for table in ("articles", "related_articles"):
        for (extra,) in rows(db, f"select extra from {table} where extra is not null"):
            assert '"secured"' not in extra
    assert '"open": "yes"' in re.sub(r'"\s*:\s*', '": ', value(db, "select extra from articles"))


def test_nothing_is_revealed_by_updates_and_prunes(tmp_path, db):
    folder = tmp_path / "records"
    every: list[str] = []
    for turn in range(4):
        for name in ("a", "b"):
            secrets = secrets_of(f"{name} {turn}")
            every += secrets.values()
            write(folder / f"{name}.md", secret_record(f"{name} {turn}", secrets))
        if turn == 3:
            (folder / "b.md").unlink()
        report = import_report(db, folder, "--prune")
        assert report["read"] == (1 if turn == 3 else 2)
        assert revealed(db, every) == []
    assert report["removed"] == 1
    out = tmp_path / "out.db"
    assert newsfeed("prepare", db, out).status == 0
    assert revealed(out, every) == []
    assert not sources_of(out).exists()


def test_nothing_is_revealed_while_it_is_written(tmp_path, db):
    """A rollback journal holds the pages as they were: they never held a payload."""
    folder = tmp_path / "records"
    secrets = secrets_of("journal")
    write(folder / "sealed.md", secret_record("journal", secrets))
    import_report(db, folder)
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("pragma cache_size = 1")
        connection.execute("begin")
        connection.execute("update articles set title = title || '!'")
        connection.execute("delete from images where id not in (select image_id from articles)")
        assert revealed(db, secrets.values()) == []
        connection.execute("rollback")


def test_samples_and_organizations(tmp_path, db):
    folder = tmp_path / "records"
    secret = payload("organization")
    organization = [
        "---",
        "taxonomy: organization",
        "_id: quay.example",
        "name: The Quay",
        f'secured: "{secret}"',
        f'bio: {{secured: "{secret}"}}',
        "---",
        "",
    ]
    write(folder / "quay.md", "\n".join(organization))
    shutil.copytree(SAMPLES, folder / "samples")
    (folder / "samples" / "quay.example.md").unlink()
    import_report(db, folder)
    text = (SAMPLES / "2024-01-19-secured-at-every-depth.md").read_text("utf-8")
    in_samples = re.findall(r'secured: "([^"]+)"', text)
    assert len(in_samples) == 5
    assert revealed(db, [secret, *in_samples]) == []
    assert all(each.encode() in kept(db) for each in [secret, *in_samples])


@pytest.mark.parametrize(
    "lines",
    [
        ["secured: |", "  {}"],
        ["secured: >-", "  {}"],
        ['"secured": "{}"'],
        ["? secured", ": {}"],
        ["secured: !!str {}"],
        ["items: [{{a: {{b: {{c: [{{secured: '{}'}}]}}}}}}]"],
        ["secured:", "  - {}", "  - second: {}"],
        ["related: [{{title: A, related: [{{title: B, secured: '{}'}}]}}]"],
        ["items: !!omap [secured: '{}', open: 1]"],
    ],
    ids=lambda lines: lines[0],
)
def test_ways_to_write_it(lines, tmp_path, db):
    secret = payload("spelled")
    text = record("Spelled", *(line.format(secret) for line in lines))
    assert secret in str(yaml.safe_load(text.split("---")[1]))
    write(tmp_path / "records" / "sealed.md", text)
    report = import_report(db, tmp_path / "records", status=None)
    assert revealed(db, [secret]) == []
    assert secret.encode() in kept(db) or report["rejected"] == 1


def test_binary_payload(tmp_path, db):
    secret = payload("binary").split(";")[0]
    write(tmp_path / "records" / "sealed.md", record("B", f"secured: !!binary {secret}"))
    import_report(db, tmp_path / "records", status=None)
    assert revealed(db, [secret]) == []


def test_a_rejected_record_reveals_nothing(tmp_path, db):
    """Neither in the database nor in what is printed about it."""
    secret = payload("rejected")
    folder = tmp_path / "records"
    write(folder / "types.md", record("A", f'secured: "{secret}"', "heat: hot"))
    write(folder / "yaml.md", f'---\ntitle: "A"\nsecured: "{secret}" x\n---\n')
    write(folder / "good.md", record("Good"))
    outcome = newsfeed("import", db, folder)
    assert outcome.status == 1
    assert revealed(db, [secret]) == []
    assert not any(t in (outcome.stderr + outcome.stdout).encode() for t in traces(secret))


def test_real_archive(archive_folders, tmp_path, db):
    import_report(db, *archive_folders)
    out = tmp_path / "out.db"
    assert newsfeed("prepare", db, out).status == 0
    secrets = [
        front["secured"]
        for folder in archive_folders
        for path in folder.rglob("*.md")
        for front in yaml.safe_load_all(path.read_text("utf-8-sig"))
        if isinstance(front, dict) and "secured" in front
    ]
    assert len(secrets) > 50
    assert revealed(db, secrets) == []
    assert revealed(out, secrets) == []
    stored = kept(db)
    assert all(secret.encode() in stored for secret in secrets)


def test_without_text_keeps_no_secret_anywhere(tmp_path, db):
    secrets = secrets_of("without")
    write(tmp_path / "records" / "sealed.md", secret_record("without", secrets))
    import_report(db, tmp_path / "records", "--without-text")
    assert revealed(db, secrets.values()) == []
    assert not any(secret.encode() in kept(db) for secret in secrets.values())


def test_without_text_takes_away_what_was_kept(tmp_path, db):
    """Asked to keep no text, the importer also drops what an earlier run kept."""
    secrets = secrets_of("dropped")
    write(tmp_path / "records" / "sealed.md", secret_record("dropped", secrets))
    import_report(db, tmp_path / "records")
    import_report(db, tmp_path / "records", "--without-text")
    assert not any(secret.encode() in kept(db) for secret in secrets.values())


@pytest.mark.parametrize(
    "front_matter",
    [
        'secured: &s "{0}"\nnote: *s',
        'secured: "{0}"\nexcerpt: "before {0} after"',
        'related:\n  - title: Other\n    secured: &s "{0}"\n    excerpt: *s',
        'secured: ["x", &s "{0}"]\ntitle2: *s',
    ],
)
def test_a_secret_said_twice_is_refused(front_matter, tmp_path, db):
    """What a record repeats under another key would be published there."""
    secret = "c2VjcmV0IHRleHQgdGhhdCBzdGF5cw==;aW5pdGlhbGl6YXRpb24="
    write(tmp_path / "records" / "a.md", f"---\ntitle: A\n{front_matter.format(secret)}\n---\n")
    report = import_report(db, tmp_path / "records", status=1)
    assert report["rejected"] == 1
    assert "secured" in report["errors"][0]["reason"]
    assert secret.encode() not in db.read_bytes()
