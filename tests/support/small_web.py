"""A server on the loopback that plays the web, its worst sides included.

Knows no test: what is asked for says how it is answered. `Canary` is a service inside,
which nobody must ever reach.
"""

from __future__ import annotations

import functools
import gzip
import io
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from odd_images import FAULTY_EXIF, turned
from PIL import Image

LOOPBACK = "127.0.0.1"


@functools.cache
def picture(number: int, kind: str = "JPEG", size: tuple[int, int] = (640, 400)) -> bytes:
    """Return a picture, another one for each number."""
    stream = io.BytesIO()
    image = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 90))
    image.paste((250, 250, 250), (number % size[0], 10, number % size[0] + 40, 60))
    image.save(stream, kind)
    return stream.getvalue()


@functools.cache
def bomb(side: int = 10_000) -> bytes:
    """Return `side` × `side` pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes(side // 8 + 1) * side)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@functools.cache
def packed_bomb() -> bytes:
    """Return 200 megabytes of nothing in about 200 kilobytes of gzip."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb") as packer:
        for _ in range(200):
            packer.write(bytes(1_000_000))
    return stream.getvalue()


class SmallWeb(ThreadingHTTPServer):
    """The web. `asked` counts how often each path was asked for, `seen` keeps the headers,
    `most_busy` is how many slow images were being waited for at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Answer)
        self.asked: dict[str, int] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.versions: dict[str, int] = {}
        self.busy = self.most_busy = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where it is."""
        return LOOPBACK, self.server_address[1]

    def url(self, path: str) -> str:
        """Return an address on it."""
        return f"http://{LOOPBACK}:{self.endpoint[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who hang up."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SmallWeb

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        with self.server.lock:
            self.server.asked[parts.path] = self.server.asked.get(parts.path, 0) + 1
            self.server.seen.append((parts.path, {k.lower(): v for k, v in self.headers.items()}))
        name, *rest = parts.path.strip("/").split("/")
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"give_{name}", self.give_nothing)(rest, parse_qs(parts.query))

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give_nothing(self, rest: list[str], query: Any) -> None:
        self._send(b"Not here", 404, Content_Type="text/plain")

    def give_status(self, rest: list[str], query: Any) -> None:
        more = {"Retry_After": rest[1]} if len(rest) > 1 else {}
        self._send(b"No", int(rest[0]), **more)

    def give_image(self, rest: list[str], query: Any) -> None:
        self._send(picture(int(rest[0])), Content_Type="image/jpeg")

    def give_slow(self, rest: list[str], query: Any) -> None:
        with self.server.lock:
            self.server.busy += 1
            self.server.most_busy = max(self.server.busy, self.server.most_busy)
        time.sleep(float(rest[0]))
        with self.server.lock:
            self.server.busy -= 1
        self._send(picture(int(rest[1])), Content_Type="image/jpeg")

    def give_kept(self, rest: list[str], query: Any) -> None:
        """An image with validators: another one for each version of this path."""
        version = self.server.versions.get(self.path, 0)
        etag, modified = f'"v{version}"', f"Wed, 0{version + 1} Jan 2025 10:00:00 GMT"
        known = (self.headers["If-None-Match"], self.headers["If-Modified-Since"])
        if known == (etag, modified):
            self.send_response(304)
            self.end_headers()
            return
        self._send(picture(version), ETag=etag, Last_Modified=modified)

    def give_wrong(self, rest: list[str], query: Any) -> None:
        """What claims to be an image and is none."""
        bodies = {
            "html": b"<!DOCTYPE html><title>Sign in</title>",
            "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "empty": b"",
            "cut": picture(1)[:900],
            "bomb": bomb(),
        }
        self._send(bodies[rest[0]], Content_Type="image/png")

    def give_odd(self, rest: list[str], query: Any) -> None:
        """A whole picture whose metadata is faulty."""
        exif = list(FAULTY_EXIF.values())[int(rest[1])]
        self._send(turned(rest[0], exif), Content_Type="image/png")

    def give_untyped(self, rest: list[str], query: Any) -> None:
        self._send(picture(3), Content_Type="text/html")

    def give_packed(self, rest: list[str], query: Any) -> None:
        body = packed_bomb() if rest[0] == "bomb" else gzip.compress(picture(4))
        self._send(body, Content_Encoding="br" if rest[0] == "br" else "gzip")

    def give_truncated(self, rest: list[str], query: Any) -> None:
        self._send(picture(5)[:1000], Content_Length=str(len(picture(5))))
        self.close_connection = True

    def give_large(self, rest: list[str], query: Any) -> None:
        self._send(b"", Content_Length=str(10**12))
        self.close_connection = True

    def give_endless(self, rest: list[str], query: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.is_over.is_set():
            self.wfile.write(bytes(200_000))

    def give_drip(self, rest: list[str], query: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.is_over.wait(0.05):
            self.wfile.write(b"x")

    def give_silent(self, rest: list[str], query: Any) -> None:
        self.close_connection = True
        self.server.is_over.wait(30)

    def give_rude(self, rest: list[str], query: Any) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def give_noise(self, rest: list[str], query: Any) -> None:
        self.close_connection = True
        self.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n" * 10)

    def give_once(self, rest: list[str], query: Any) -> None:
        """First the status given, then an image."""
        if self.server.asked[urlsplit(self.path).path] == 1:
            self.give_status(rest, query)
        else:
            self._send(picture(6), Set_Cookie="who=you; Path=/")

    def give_loop(self, rest: list[str], query: Any) -> None:
        self._send(b"", 302, Location=f"/loop/{int(rest[0]) + 1}")

    def give_to(self, rest: list[str], query: Any) -> None:
        self._send(b"", 302, Location=quote(query["url"][0], safe="%/:?&=@[]#"))


@contextmanager
def small_web() -> Iterator[SmallWeb]:
    """Run the web until the block ends."""
    web = SmallWeb()
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        web.is_over.set()
        web.shutdown()
        web.server_close()
        thread.join()


class Canary:
    """A service on every address of this machine; it counts who so much as connects."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._count)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self) -> None:
        """Let it go."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
