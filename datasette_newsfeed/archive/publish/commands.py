"""The commands that publish a prepared database with the Datasette that is installed here.

They are text for the user to run: this module runs nothing.
"""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import distribution, version
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "datasette-newsfeed"
METADATA = "metadata.yml"
WHEELS = "plugins"
"""The folder for a wheel of this plugin; `datasette publish` takes it along."""

CACHED = 3600
"""Seconds for which browsers and caches may keep a page of a published archive."""

SERVICE_LENGTH = 49
"""Characters of a service's name at most, https://cloud.google.com/run/docs/deploying."""


def commands(out: str | Path) -> list[str]:
    """Return what to type, in order, to publish a prepared database.

    `datasette publish` puts the newest stable Datasette into the image, so the one of
    here is named. Where this plugin was installed from a folder, it goes along as a wheel.
    """
    datasette = version("datasette")
    settings = f"--setting default_cache_ttl {CACHED}"
    if not datasette.startswith("0."):
        # 1.0 takes titles from the metadata, queries and what is allowed from a configuration.
        settings = f"--config metadata.json {settings}"
    install, before = _plugin()
    publish = [
        *("datasette", "publish", "cloudrun", str(out), "--service", service(out)),
        *("-m", METADATA, *install, "--install", f"datasette=={datasette}"),
        *("--extra-options", settings),
    ]
    metadata = f"datasette newsfeed metadata {shlex.quote(str(out))} > {METADATA}"
    return [metadata, *before, shlex.join(publish)]


def service(out: str | Path) -> str:
    """Return a name for the service, which may hold a-z, 0-9 and hyphens, from that of the file."""
    name = re.sub("[^a-z0-9]+", "-", Path(out).stem.lower()).strip("-")
    return (name if name[:1].isalpha() else f"news-{name}".strip("-"))[:SERVICE_LENGTH].strip("-")


def _plugin() -> tuple[list[str], list[str]]:
    """What installs this plugin there, and what is to be done for it before."""
    installed = distribution(NAME)
    folder = _folder(installed.read_text("direct_url.json"))
    if folder is None:
        return ["--install", f"{NAME}=={installed.version}"], []
    wheel = f"{WHEELS}/{NAME.replace('-', '_')}-{installed.version}-py3-none-any.whl"
    build = ["pip", "wheel", "--no-deps", "--wheel-dir", WHEELS, folder]
    return ["--plugins-dir", WHEELS, "--install", wheel], [shlex.join(build)]


def _folder(direct_url: str | None) -> str | None:
    """The folder that a package was installed from, by what pip noted (PEP 610)."""
    url = json.loads(direct_url or "{}").get("url", "")
    parts = urlsplit(url)
    return url2pathname(parts.path) if parts.scheme == "file" else None
