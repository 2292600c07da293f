"""One Datasette with other plugins beside ours: asks it for addresses, prints the answers as JSON.

    python site.py datasette-newsfeed datasette-atom < wanted.json

Run by tests/pages/test_other_plugins.py in an environment where those plugins are installed.
Only the plugins named are loaded, in this order. The input names the databases, the metadata
and the requests; with a `port` instead of requests the site is served.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

# Datasette loads every plugin that is installed, in the order of a folder's listing, unless it
# finds this name. 1.0 has a variable for what is loaded (DATASETTE_LOAD_PLUGINS), 0.65 has none.
sys._called_from_test = True

from datasette import __version__  # noqa: E402
from datasette.app import Datasette  # noqa: E402
from datasette.plugins import pm  # noqa: E402


def load(distributions: list[str]) -> list[str]:
    """Register the Datasette plugins of these distributions in this order; return their names."""
    names = []
    for distribution in distributions:
        for entry in importlib.metadata.distribution(distribution).entry_points:
            if entry.group == "datasette":
                pm.register(entry.load(), entry.name)
                names.append(entry.name)
    return names


def open_site(databases: list[str], metadata: dict[str, Any]) -> Datasette:
    """Return Datasette on immutable databases, with the same metadata on either line."""
    # A page on which something took too long is another page: not what is tried here.
    limits = {"sql_time_limit_ms": 30_000, "facet_time_limit_ms": 30_000}
    settings: dict[str, Any] = {"metadata": metadata, "settings": limits}
    if not __version__.startswith("0."):
        settings["config"] = metadata
    return Datasette([], immutables=databases, **settings)


async def ask(site: Datasette, request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one request; an exception is told as status 599."""
    options: dict[str, Any] = {"headers": request.get("headers", {}), "follow_redirects": True}
    if "data" in request:
        options["data"] = request["data"]
    if "json" in request:
        options["json"] = request["json"]
    method = site.client.post if "data" in request or "json" in request else site.client.get
    try:
        answer = await method(request["path"], **options)
    except Exception as error:  # noqa: BLE001
        return {"status": 599, "headers": {}, "text": f"{type(error).__name__}: {error}"}
    return {
        "status": answer.status_code,
        "headers": {key.lower(): value for key, value in answer.headers.items()},
        "text": answer.text,
    }


@asynccontextmanager
async def running(site: Datasette) -> AsyncIterator[None]:
    """A site as a server has it: started before the first request, ended after the last.

    That is the lifespan protocol of ASGI, which the site's own client leaves out.
    """
    requests: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    site_runs = asyncio.create_task(site.app()({"type": "lifespan"}, requests.get, answers.put))
    for moment in ("startup", "shutdown"):
        await requests.put({"type": f"lifespan.{moment}"})
        answer = await answers.get()
        assert answer["type"] == f"lifespan.{moment}.complete", answer
        if moment == "startup":
            yield
    await site_runs


async def answers_of(site: Datasette, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers to requests, one after the other."""
    await site.invoke_startup()
    async with running(site):
        return [await ask(site, request) for request in requests]


def main() -> None:
    """Load the plugins named as arguments, and do what the input says."""
    plugins = load(sys.argv[1:])
    wanted = json.load(sys.stdin)
    site = open_site(wanted["databases"], wanted["metadata"])
    if "port" in wanted:
        import uvicorn

        asyncio.run(site.invoke_startup())
        uvicorn.run(site.app(), host="127.0.0.1", port=wanted["port"], log_level="warning")
        return
    answers = asyncio.run(answers_of(site, wanted["requests"]))
    json.dump({"version": __version__, "plugins": plugins, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
