"""A published archive as Cloud Run would build and run it, where there is no Cloud Run.

`publish` runs the commands of docs/publish.md with a stand-in for `gcloud` that keeps what
would be sent, `build` replays the lines of its Dockerfile in a fresh environment on the
SQLite of the image, `run` starts its server. Knows no page.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "tests" / "support" / "stand_in"
HOST = "news.example"
"""Where readers would find the site; its load balancer takes the TLS off and passes the name on."""

BUILD_SECONDS, START_SECONDS, ANSWER_SECONDS = 600, 60, 30


# -- publish ------------------------------------------------------------------


def documented_commands(line: str) -> list[str]:
    """Return the commands of docs/publish.md, with what it adds for the 1.0 line."""
    text = (ROOT / "docs" / "publish.md").read_text(encoding="utf-8")
    block = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)[0]
    commands: list[str] = block.replace("\\\n", " ").strip().splitlines()
    if line == "1.0":
        (more,) = re.findall(r"`(--install datasette==[^`]+)`", text.replace("\n", " "))
        commands[-1] += f" {more}"
    return commands


@dataclass(frozen=True)
class Publication:
    """What reached the cloud: the calls of `gcloud`, and the folder to be built."""

    calls: list[str]
    context: Path


def publish(folder: Path, line: str, replacements: Mapping[str, str]) -> Publication:
    """Run the documented commands in `folder`, with some words of them replaced."""
    record = folder / "gcloud"
    record.mkdir()
    programs = (STAND_IN, Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
        "GCLOUD_RECORD": str(record),
    }
    for command in documented_commands(line):
        for old, new in replacements.items():
            command = command.replace(old, new)
        _run(command, folder, environment)
    calls = (record / "calls").read_text(encoding="utf-8").splitlines()
    return Publication(calls, record / "context")


def source_of_plugin(folder: Path) -> Path:
    """Return a copy of what the plugin is built from: a build leaves files where it is made."""
    for name in ("setup.py", "pyproject.toml", "docs/package-index.md", "LICENSE"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(
        ROOT / "datasette_newsfeed",
        folder / "datasette_newsfeed",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


# -- build --------------------------------------------------------------------


@dataclass(frozen=True)
class Image:
    """What a Dockerfile's lines made: the folder of the application, and how it is started."""

    folder: Path
    environment: Mapping[str, str]
    command: str
    base: str


def build(context: Path, folder: Path, library: Path) -> Image:
    """Replay the Dockerfile of a context; everything in it runs on the SQLite given.

    Knows the instructions that Datasette writes; any other is an error.
    """
    app, venv = folder / "app", folder / "environment"
    # `python3 -m venv`, and not a copy of ours: the image has Python and pip, nothing else.
    _run(shlex.join([sys.executable, "-m", "venv", str(venv)]), folder, _own_environment())
    environment = _own_environment()
    environment["PATH"] = os.pathsep.join([str(venv / "bin"), environment["PATH"]])
    environment["LD_PRELOAD"] = str(library)
    # Of what is installed little is imported: only that is compiled, when it is.
    environment["PIP_NO_COMPILE"] = "1"
    base = command = ""
    for line in (context / "Dockerfile").read_text(encoding="utf-8").splitlines():
        instruction, _, rest = line.strip().partition(" ")
        match instruction:
            case "FROM":
                base = rest
            case "COPY":
                assert rest == ". /app", line
                shutil.copytree(context, app)
            case "WORKDIR":
                assert rest == "/app", line
            case "ENV":
                name, value = shlex.split(rest)
                environment[name] = value
            case "RUN":
                _run(rest, app, environment)
            case "CMD":
                command = rest
            case "EXPOSE" | "":
                pass
            case _:
                raise ValueError(f"Dockerfile: {line}: not replayed here")
    assert command, "the Dockerfile starts nothing"
    return Image(app, environment, command, base)


def _own_environment() -> dict[str, str]:
    """The environment of this process, without what would lead to its own packages."""
    ours = ("PYTHON", "VIRTUAL_ENV", "DATASETTE", "COVERAGE", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}\n{done.stdout}\n{done.stderr}")


# -- run ----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What the server said to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Container:
    """A running server, and the seconds from its start to its first front page."""

    process: int
    port: int
    cold_start: float

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a path as the load balancer does: plain HTTP, with the name readers use."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": HOST, **(headers or {})})
            response = connection.getresponse()
            named = {key.lower(): value for key, value in response.getheaders()}
            return Answer(response.status, named, response.read())

    def peak_memory(self) -> int:
        """Return the most bytes of memory that the server has had at one time."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.M)[0]) * 1024


@contextlib.contextmanager
def run(image: Image) -> Iterator[Container]:
    """Start the server of an image with PORT set, wait for its front page, and end it after use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {**image.environment, "PORT": str(port)}
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            f"exec {image.command}",  # so that the process is the server and no shell
            shell=True,
            cwd=image.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _shows_front_page(port):
                if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                    output.seek(0)
                    raise RuntimeError(f"{image.command}\n{output.read()}")
                time.sleep(0.02)
            yield Container(process.pid, port, time.monotonic() - began)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _shows_front_page(port: int) -> bool:
    try:
        return Container(0, port, 0).get("/").status == 200
    except ConnectionRefusedError:
        return False
