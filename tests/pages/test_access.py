"""What may be seen, asked for together: the answers that Datasette gives one by one.

Under rules for tables, databases and all, of metadata and of a plugin. And how much is
asked for a page, because a site pays for it on each.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils.asgi import Forbidden
from pages_site import STORY, V1, build_archive, open_site

from datasette_newsfeed import schema
from datasette_newsfeed.pages import compat
from datasette_newsfeed.pages.access import archives, repeated_tables
from datasette_newsfeed.pages.compat import table_names

EDITOR = {"id": "editor"}
NO, YES, MINE = {"allow": False}, {"allow": True}, {"allow": EDITOR}
TABLES = [*(table.name for table in schema.TABLES), "articles_fts", "not there"]


def of_tables(**rules: Any) -> dict[str, Any]:
    return {"databases": {"news": {"tables": rules}}}


RULES: dict[str, dict[str, Any]] = {
    "none": {},
    "tables": of_tables(articles=NO, topics=MINE, images=YES),
    "database": {"databases": {"news": NO}},
    "all": NO,
    "all but one table": {**MINE, **of_tables(articles=YES)},
    "database but one table": {"databases": {"news": {**MINE, "tables": {"topics": YES}}}},
    "all but the database": {**NO, "databases": {"news": YES}},
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("access") / "news.db"
    build_archive(path)
    return path


async def _one_by_one(datasette: Any, actor: Any, table: str) -> bool:
    if V1:
        from datasette.resources import TableResource

        resource = TableResource("news", table)
        allowed: bool = await datasette.allowed(action="view-table", resource=resource, actor=actor)
        return allowed
    try:
        await datasette.ensure_permissions(
            actor, [("view-table", ("news", table)), ("view-database", "news"), "view-instance"]
        )
    except Forbidden:
        return False
    return True


class _Strict:
    """A plugin that lets nobody see authors; on 0.65 strangers nothing at all."""

    __name__ = "strict"

    if V1:

        @hookimpl
        def permission_resources_sql(self, actor: Any, action: str) -> Any:
            from datasette.permissions import PermissionSQL

            if action != "view-table":
                return None
            # Under a name that Datasette has for one of its own.
            sql = (
                "select 'news' as parent, 'authors' as child, 0 as allow, 'no' as reason"
                " where :limit = 3"
            )
            return PermissionSQL(sql=sql, params={"limit": 3})

    else:

        @hookimpl
        def permission_allowed(self, actor: Any, action: str, resource: Any) -> Any:
            if action == "view-instance" and actor is None:
                return False
            return False if (action, resource) == ("view-table", ("news", "authors")) else None


@pytest.mark.parametrize("actor", [None, EDITOR, {"id": "visitor"}], ids=["none", "editor", "any"])
@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("is_strict", [False, True], ids=["", "plugin"])
async def test_all_tables_together(
    archive: Path, rules: dict[str, Any], actor: Any, is_strict: bool
) -> None:
    datasette = open_site(archive, metadata=rules)
    await datasette.invoke_startup()
    if is_strict:
        pm.register(_Strict(), name="strict")
    try:
        # Tables that repeat denied ones are refused on pages of their own alone.
        repeating = {*repeated_tables.REPEATED, *([] if V1 else [archives.FULL_TEXT])}
        tables = [table for table in TABLES if table not in repeating]
        each = {table for table in tables if await _one_by_one(datasette, actor, table)}
        seen = await compat.viewable(datasette, actor, "news", TABLES)
        assert seen - repeating == each
        few = TABLES[:2]
        assert await compat.viewable(datasette, actor, "news", few) == each & set(few)
    finally:
        if is_strict:
            pm.unregister(name="strict")
    assert ("authors" in each) <= (not is_strict)


async def test_a_table_that_datasette_has_not_listed_yet(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    build_archive(path)
    datasette = open_site(path)
    await datasette.client.get("/news/articles")
    db = sqlite_utils.Database(path)
    db.create_view("new", "select 1")
    db.table("newer").insert({"id": 1})
    db.close()
    wanted = ["articles", "topics", "images", "newer"]
    assert await compat.viewable(datasette, None, "news", wanted) == set(wanted)


class _Listener:
    """Counts what Datasette asks its plugins."""

    __name__ = "listener"

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    if V1:

        @hookimpl
        def permission_resources_sql(self, action: str) -> None:
            self.asked[action] += 1

    else:

        @hookimpl
        def permission_allowed(self, action: str) -> None:
            self.asked[action] += 1


@pytest.mark.parametrize(
    "path", ["/news/articles", f"/news/articles/{STORY}", "/news/articles.atom", "/news/topics"]
)
async def test_a_page_asks_once(archive: Path, path: str) -> None:
    datasette = open_site(archive)
    await datasette.client.get(path)
    listener = _Listener()
    pm.register(listener, name="listener")
    try:
        assert (await datasette.client.get(path)).status_code == 200
    finally:
        pm.unregister(name="listener")
    # Some of these are Datasette's own: of each table that a cell leads to, and of the crumbs.
    assert listener.asked["view-database"] < 8
    assert listener.asked["view-table"] < (14 if V1 else len(TABLES) + 8)


class _Named:
    """Notes of which tables plugins are asked, by the names that Datasette gives them."""

    __name__ = "named"

    def __init__(self) -> None:
        self.tables: list[str] = []

    @hookimpl
    def permission_allowed(self, action: str, resource: Any) -> None:
        if action == "view-table":
            self.tables.append(resource[1])


if not V1:

    async def test_names_are_spelled_as_datasette_does_and_by_one_query(tmp_path: Path) -> None:
        path = build_archive(tmp_path / "news.db")
        db = sqlite_utils.Database(path)
        for name in ("Odd Table", "\u212aelvin", "\xc4rger", "ARGER", "İ"):
            db.table(name).insert({"id": 1})
        db.close()
        asked = ["ARTICLES", "topics", "odd TABLE", "kelvin", "\u212aELVIN", "\xe4rger", "argeR"]
        asked += ["\xc4rger", "i", "new", "İ"]
        spelled: list[list[str]] = []
        statements: list[str] = []
        for by_one_query in (False, True):
            datasette = open_site(path)
            await datasette.invoke_startup()
            news = datasette.get_database("news")
            if by_one_query:
                execute = news.execute

                async def noting(sql: str, *args: Any, execute: Any = execute, **more: Any) -> Any:
                    statements.append(sql)
                    return await execute(sql, *args, **more)

                news.execute = noting
                table_names.spell_by_one_query(news)
                table_names.spell_by_one_query(news)
            listener = _Named()

            async def app(*_: Any, datasette: Any = datasette) -> None:
                for table in asked:
                    await datasette.permission_allowed(None, "view-table", ("news", table))

            pm.register(listener, name="named")
            try:
                scope = {"type": "http", "path": "/news", "query_string": b"", "headers": []}
                await compat.remember_request(datasette, app)(scope, None, None)
            finally:
                pm.unregister(name="named")
            spelled.append(listener.tables)
        assert spelled[1] == spelled[0]
        assert spelled[0][:3] == ["articles", "topics", "Odd Table"]
        assert statements.count(table_names.NAMES_SQL) == 1
        # Those alone that are not ASCII, or of which there is no table.
        assert statements.count(table_names.SPELLING_SQL) == 7


if V1:

    async def test_what_is_skipped_for_once_is_not_kept(archive: Path) -> None:
        from datasette.permissions import SkipPermissions

        datasette = open_site(archive, metadata=NO)
        await datasette.invoke_startup()
        seen = []

        async def app(*_: Any) -> None:
            with SkipPermissions():
                seen.append(await compat.viewable(datasette, None, "news", TABLES[:4]))
            seen.append(await compat.viewable(datasette, None, "news", TABLES[:4]))

        scope = {"type": "http", "path": "/news", "query_string": b"", "headers": []}
        await compat.remember_request(datasette, app)(scope, None, None)
        assert seen == [set(TABLES[:4]), set()]

    async def test_many_full_texts_beside_an_archive(tmp_path: Path) -> None:
        """1.0 asks about the table of each, so that one question about all is hundreds."""
        path = build_archive(tmp_path / "news.db")
        db = sqlite_utils.Database(path)
        for number in range(40):
            db.table(f"t{number}").insert({"a": "b"}).enable_fts(["a"])
        db.close()
        datasette = open_site(path)
        await datasette.invoke_startup()
        listener = _Listener()
        pm.register(listener, name="listener")
        try:
            assert await compat.viewable(datasette, None, "news", TABLES) == set(TABLES)
        finally:
            pm.unregister(name="listener")
        # Each is asked for once, and the full text's own table with it.
        assert listener.asked["view-table"] <= len(TABLES) + 1
