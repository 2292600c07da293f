"""The address of an image: which copy, which type, who may see it, what stands there instead."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from pages_site import (
    DRAWN,
    LEAD_URL,
    LOGO_URL,
    RELATIVE_URL,
    REMOTE_URL,
    SCRIPT_URL,
    V1,
    build_archive,
    open_site,
    png,
    rendition,
)

from datasette_newsfeed.image_urls import image_id
from datasette_newsfeed.pages.access.archives import ArchiveView


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("images") / "news.db")


def _path(url: str, width: object, database: str = "news") -> str:
    return f"/{database}/-/newsfeed/image/{image_id(url)}/{width}"


async def _get(datasette: Any, path: str, **more: Any) -> Any:
    return await datasette.client.get(path, **more)


@pytest.mark.asyncio
@pytest.mark.parametrize("immutable", [False, True])
@pytest.mark.parametrize(
    ("asked", "given"),
    [(1, 320), (320, 320), (321, 640), (640, 640), (1000, 1280), (9999, 1280)],
)
async def test_the_smallest_copy_that_is_wide_enough_else_the_widest(
    archive: Path, immutable: bool, asked: int, given: int
) -> None:
    response = await _get(open_site(archive, immutable=immutable), _path(LEAD_URL, asked))
    assert response.status_code == 200
    assert response.content == png(given, given * 9 // 16)


@pytest.mark.asyncio
async def test_the_headers(archive: Path) -> None:
    response = await _get(open_site(archive), _path(LEAD_URL, 320))
    assert response.headers["content-type"] == "image/png"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "public, max-age=86400"
    assert response.headers["etag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'


@pytest.mark.asyncio
async def test_who_has_the_copy_is_told_so_in_few_bytes(archive: Path) -> None:
    datasette = open_site(archive)
    etag = (await _get(datasette, _path(LEAD_URL, 320))).headers["etag"]
    for known in (etag, f"W/{etag}", f'"old", {etag}', "*"):
        response = await _get(datasette, _path(LEAD_URL, 320), headers={"If-None-Match": known})
        assert (response.status_code, response.content) == (304, b"")
    response = await _get(datasette, _path(LEAD_URL, 640), headers={"If-None-Match": etag})
    assert response.status_code == 200


@pytest.mark.asyncio
async def test_head_tells_all_but_the_bytes(archive: Path) -> None:
    datasette = open_site(archive)
    full = await _get(datasette, _path(LEAD_URL, 320))
    response = await datasette.client.head(_path(LEAD_URL, 320))
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-length"] == str(len(full.content))
    assert response.headers["etag"] == full.headers["etag"]


@pytest.mark.asyncio
async def test_without_a_copy_the_way_leads_to_the_original(archive: Path) -> None:
    response = await _get(open_site(archive), _path(REMOTE_URL, 320))
    assert response.status_code == 302
    assert response.headers["location"] == "https://images.example.org/only%20there.jpg"
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.content == b""


@pytest.mark.asyncio
@pytest.mark.parametrize("url", [SCRIPT_URL, RELATIVE_URL, "https://unknown.example/a.png"])
async def test_what_is_no_address_on_the_web_is_not_found(archive: Path, url: str) -> None:
    response = await _get(open_site(archive), _path(url, 320))
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/plain")
    assert "location" not in response.headers


@pytest.mark.asyncio
async def test_it_takes_no_address_from_outside(archive: Path) -> None:
    path = _path(SCRIPT_URL, 320) + "?url=https://evil.example/&_url=https://evil.example/"
    response = await _get(open_site(archive), path)
    assert response.status_code == 404


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "width", ["0", "-1", "1e3", "abc", "10001", "99999", "9" * 500, "%C2%B2", "3.5"]
)
async def test_a_width_that_is_none_is_answered_in_words(archive: Path, width: str) -> None:
    response = await _get(open_site(archive), _path(LEAD_URL, width))
    assert response.status_code == 400
    assert "width" in response.text


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["x", "'", "~", "%00", "%FF", "a" * 5000, "..", "%22%3E%3Cb%3E"])
async def test_a_key_that_is_none_is_not_found(archive: Path, key: str) -> None:
    response = await _get(open_site(archive), f"/news/-/newsfeed/image/{key}/320")
    assert response.status_code == 404
    assert "<b>" not in response.text


@pytest.mark.asyncio
async def test_other_databases_have_no_such_page(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    sqlite_utils.Database(other).table("images").insert({"id": "a", "url": LEAD_URL})
    datasette = open_site(archive, other)
    for database in ("other", "missing"):
        response = await _get(datasette, f"/{database}/-/newsfeed/image/a/320")
        assert response.status_code == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("table", ["images", "image_renditions"])
async def test_who_may_not_see_the_table_gets_no_image(archive: Path, table: str) -> None:
    tables = {table: {"allow": {"id": "editor"}}}
    datasette = open_site(archive, metadata={"databases": {"news": {"tables": tables}}})
    for url in (LEAD_URL, REMOTE_URL):
        response = await _get(datasette, _path(url, 320))
        assert response.status_code == 403
        assert "location" not in response.headers
    cookie = datasette.sign({"a": {"id": "editor"}}, "actor")
    response = await _get(datasette, _path(LEAD_URL, 320), cookies={"ds_actor": cookie})
    assert response.status_code == 200
    assert "private" in response.headers["cache-control"]
    assert "public" not in response.headers["cache-control"]


@pytest.mark.asyncio
async def test_no_more_is_asked_than_who_may_see_images(archive: Path) -> None:
    """A page of cards asks for a hundred of them, and 1.0 takes a query for each table."""
    datasette = open_site(archive, metadata=DRAWN)
    path = f"/news/-/newsfeed/image/{image_id(LEAD_URL)}/320"
    assert (await datasette.client.get(path)).status_code == 200
    datasette._permission_checks.clear()
    assert (await datasette.client.get(path)).status_code == 200
    checks = list(datasette._permission_checks)
    if V1:
        # Whether the database may be seen is one more, of which no table says anything.
        asked = {each.child for each in checks if each.child is not None}
        assert len([each for each in checks if each.child is None]) == 1
    else:
        asked = {each["resource"][1] for each in checks if each["action"] == "view-table"}
    assert asked == {"images", "image_renditions"}


@pytest.mark.asyncio
async def test_only_looking_is_allowed(archive: Path) -> None:
    response = await open_site(archive).client.request("PUT", _path(LEAD_URL, 320))
    assert response.status_code in (403, 405)


@pytest.mark.asyncio
async def test_a_type_that_can_hold_scripts_is_not_served(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.execute("update image_renditions set type = 'image/svg+xml'")
    db.conn.commit()
    db.close()
    response = await _get(open_site(path), _path(LOGO_URL, 64))
    assert response.status_code == 302


@pytest.mark.asyncio
async def test_behind_a_base_url(archive: Path) -> None:
    datasette = open_site(archive, settings={"base_url": "/archive/"})
    page = await _get(datasette, "/news/articles?_layout=table")
    address = f"/archive{_path(LEAD_URL, 192)}"
    assert f'src="{address}"' in page.text
    assert (await _get(datasette, _path(LEAD_URL, 192))).status_code == 200


@pytest.mark.asyncio
async def test_a_new_copy_is_seen_without_a_restart(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db", renditions=False)
    datasette = open_site(path)
    assert (await _get(datasette, _path(LEAD_URL, 320))).status_code == 302
    db = sqlite_utils.Database(path)
    db.table("image_renditions").insert(rendition(LEAD_URL, 320, 180))
    db.close()
    assert (await _get(datasette, _path(LEAD_URL, 320))).status_code == 200


def _fingerprint(width: int) -> str:
    return hashlib.sha256(png(width, width * 9 // 16)).hexdigest()[:12]


async def test_with_its_fingerprint_a_copy_may_be_kept_for_good(archive: Path) -> None:
    for immutable in (False, True):
        datasette = open_site(archive, immutable=immutable)
        for width in (320, 640):
            path = f"{_path(LEAD_URL, width)}?v={_fingerprint(width)}"
            for response in (await _get(datasette, path), await datasette.client.head(path)):
                assert response.status_code == 200
                assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            etag = response.headers["etag"]
            response = await _get(datasette, path, headers={"If-None-Match": etag})
            assert response.status_code == 304
            assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize("version", ["", "0", _fingerprint(640), _fingerprint(320)[:6], "%27"])
async def test_with_another_fingerprint_it_may_not(archive: Path, version: str) -> None:
    response = await _get(open_site(archive), f"{_path(LEAD_URL, 320)}?v={version}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=86400"


async def test_the_address_on_a_page_changes_with_the_copy(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    datasette = open_site(path)
    before = (await _get(datasette, "/news/articles")).text
    assert f"{_path(LEAD_URL, 640)}?v={_fingerprint(640)}" in before
    db = sqlite_utils.Database(path)
    content = png(640, 360, (1, 2, 3))
    sha256 = hashlib.sha256(content).hexdigest()
    sql = "update image_renditions set content = ?, sha256 = ? where width = 640"
    db.execute(sql, [content, sha256])
    db.conn.commit()
    db.close()
    after = (await _get(datasette, "/news/articles")).text
    assert f"{_path(LEAD_URL, 640)}?v={sha256[:12]}" in after
    assert _fingerprint(640) not in after
    # Who comes with the old address gets the new copy, and is not told to keep it for good.
    response = await _get(datasette, f"{_path(LEAD_URL, 640)}?v={_fingerprint(640)}")
    assert (response.status_code, response.content) == (200, content)
    assert "immutable" not in response.headers["cache-control"]


async def test_a_copy_is_read_only_where_it_is_sent(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = ArchiveView.ask

    async def noting(self: ArchiveView, sql: str, values: Any = ()) -> list[Any]:
        asked.append(sql)
        return await ask(self, sql, values)

    monkeypatch.setattr(ArchiveView, "ask", noting)
    datasette = open_site(archive, metadata=DRAWN)
    etag = (await datasette.client.head(_path(LEAD_URL, 320))).headers["etag"]
    await _get(datasette, _path(LEAD_URL, 320), headers={"If-None-Match": etag})
    assert not any("content from" in sql for sql in asked)
    await _get(datasette, _path(LEAD_URL, 320))
    assert any("content from" in sql for sql in asked)


@pytest.mark.parametrize("change", ["sha256 = upper(sha256)", "sha256 = x'00'", "content = 5"])
async def test_what_is_no_copy_is_neither_given_nor_offered(change: str, tmp_path: Path) -> None:
    path = build_archive(tmp_path / "news.db")
    db = sqlite_utils.Database(path)
    db.execute(f"update image_renditions set {change}")
    db.conn.commit()
    db.close()
    datasette = open_site(path)
    page = (await _get(datasette, "/news/articles")).text
    for width in (320, 640):
        response = await datasette.client.get(_path(LEAD_URL, width))
        assert response.status_code in (302, 404)
        assert f"{_path(LEAD_URL, width)}?v=" not in page
