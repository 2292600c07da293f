"""A site as its reader meets it: Datasette in a process of its own, a real browser before it.

Finds an installed Chrome or Chromium, or gets one (`python tests/support/browser.py`, as
`make test` does). Knows nothing of the pages it shows: what they must hold
stands in the tests.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from time_limits import PATIENT

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request, Response, Route

ROOT = Path(__file__).resolve().parents[2]
OWN_BROWSERS = ROOT / ".venv" / "browsers"
COMMANDS = (
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "chrome",
)
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DOWNLOADED = (
    "chromium-*/chrome-*/chrome",
    "chromium-*/chrome-*/*.app/Contents/MacOS/*",
)
DOWNLOAD_SECONDS = 240
START_SECONDS = 60
LOOPBACK = ("127.0.0.1", "localhost")
LAUNCH_OPTIONS = (
    "--no-sandbox",  # containers run as root; only pages of our own are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_browser() -> str | None:
    """Return the path of a Chrome or Chromium: an installed one, else one got before."""
    for command in COMMANDS:
        if path := shutil.which(command):
            return path
    for application in APPLICATIONS:
        if os.access(application, os.X_OK):
            return application
    for pattern in DOWNLOADED:
        for path in sorted(glob.glob(str(OWN_BROWSERS / pattern)), reverse=True):
            if os.access(path, os.X_OK):
                return path
    return None


def get_browser() -> str | None:
    """Return `find_browser()`; where there is none, let Playwright try to download one."""
    if path := find_browser():
        return path
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(OWN_BROWSERS)}
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    print("No Chrome or Chromium here: trying Playwright's ...", flush=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            env=environment,
            timeout=DOWNLOAD_SECONDS,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    return find_browser()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Tell whether a server answers, whatever it says."""
    try:
        # No proxy: this asks the own machine, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=5) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


# Datasette loads no installed plugin where it believes that its own tests call it.
WITHOUT_PLUGINS = "import sys; sys._called_from_test = True; from datasette.cli import cli; cli()"


@contextlib.contextmanager
def serve(*arguments: str | Path, plugins: bool = True) -> Iterator[str]:
    """Run `datasette serve ARGUMENTS` as a user does; yield its address, without final slash.

    Without the time limits of a page, except those among the arguments.
    Without `plugins` it is Datasette alone, for comparison. Raises RuntimeError with what
    Datasette printed if it does not answer.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    datasette = ["-m", "datasette"] if plugins else ["-c", WITHOUT_PLUGINS]
    limits = [word for name, value in PATIENT.items() for word in ("--setting", name, str(value))]
    command = [sys.executable, *datasette, "serve", *limits, *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(f"{url}/-/versions.json"):
                if process.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise RuntimeError(f"datasette did not start:\n{output.read()}")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Visit:
    """One browser window on a site, and a record of what went wrong in it.

    `strangers` are the addresses outside this machine that pages asked for (they
    are not let through), `complaints` what the browser's console and the server
    said: script errors, failed requests, answers of 400 and above.
    """

    page: Page
    url: str
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to listen."""
        self.page.route("**/*", self._on_route)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("response", self._on_response)

    def _on_route(self, route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in LOOPBACK:
            route.continue_()
        else:
            self.strangers.append(request.url)
            route.abort()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def open(self, path: str) -> None:
        """Go to a path of the site and wait until it is loaded."""
        self.page.goto(self.url + path, wait_until="load")

    def see_everything(self) -> None:
        """Open each fold, scroll to the end, then by each lazy image that has not come yet."""
        self.page.evaluate(
            """async () => {
                // A lazy image within a closed fold never comes.
                for (const fold of document.querySelectorAll("details")) fold.open = true;
                const frame = () => new Promise(done => requestAnimationFrame(done));
                // Browsers load a lazy image a screen or two before it is in sight.
                const step = window.innerHeight;
                for (let y = 0; y < document.documentElement.scrollHeight; y += step) {
                    window.scrollTo(0, y);
                    await frame();
                    await frame();
                }
                for (const image of [...document.images]) {
                    if (image.complete || !image.isConnected) continue;
                    image.scrollIntoView();
                    const late = new Promise(done => setTimeout(done, 10000));
                    const end = new Promise(done => { image.onload = image.onerror = done; });
                    if (!image.complete) await Promise.race([end, late]);
                }
                window.scrollTo(0, 0);
            }"""
        )

    def each(self, selector: str, script: str) -> Any:
        """Return `elements.SCRIPT` of the elements that a CSS selector finds, as the page runs it.

        By the page's own querySelectorAll: Playwright's asks each element `matches()`,
        and Datasette 1.0 has an element whose `matches` is a list.
        """
        return self.page.evaluate(
            f"selector => {{ const elements = [...document.querySelectorAll(selector)];"
            f" return elements.{script}; }}",
            selector,
        )

    def broken_images(self, selector: str = "img") -> list[str]:
        """Return the addresses of the images that show nothing, after scrolling by all of them."""
        self.see_everything()
        found: list[str] = self.each(selector, "filter(e => !e.naturalWidth).map(e => e.src)")
        return found

    def overflowing(self, selector: str) -> list[str]:
        """Return the classes of those elements that reach beyond the window's right edge."""
        edge = "document.documentElement.clientWidth + 1"
        script = f"filter(e => e.getBoundingClientRect().right > {edge}).map(e => e.className)"
        found: list[str] = self.each(selector, script)
        return found

    def assert_clean(self) -> None:
        """Fail if a page asked for anything outside this machine or the browser complained."""
        assert self.strangers == []
        assert self.complaints == []


def main(arguments: list[str]) -> int:
    """Print which browser the tests will use; with --find, download none and fail without one."""
    if arguments == ["--find"]:
        path = find_browser()
        print(path or "no browser")
        return 0 if path else 1
    print(f"Browser: {get_browser() or 'none; the browser tests will be skipped'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
