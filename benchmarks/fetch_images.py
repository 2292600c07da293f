"""How long `newsfeed images` takes, and how much memory, beside a plain httpx loop.

    python benchmarks/fetch_images.py                 1,000 photographs: time, three rounds
    python benchmarks/fetch_images.py --memory        1,000 and 10,000 small images: memory

A server on the loopback, in a process of its own, gives a picture for each number. The
loop asks for the same URLs with one client, one after the other, and keeps nothing; the
drawing is that of the same pictures, as `newsfeed images` does it, without any network.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import sqlite_utils
from PIL import Image, ImageFilter

from datasette_newsfeed import schema
from datasette_newsfeed.archive.images.fetch import DRAWING, fetch_images
from datasette_newsfeed.archive.images.renditions import render
from datasette_newsfeed.image_urls import image_id

HOST = "127.0.0.1"
PICTURES = 16


def picture(number: int, size: tuple[int, int]) -> bytes:
    """Return something as detailed as a photograph."""
    dice = random.Random(number)
    small = Image.frombytes(
        "RGB", (size[0] // 4, size[1] // 4), dice.randbytes(size[0] * size[1] // 16 * 3)
    )
    image = small.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def serve(size: tuple[int, int], ready: Any) -> None:
    """Answer any number with a picture, until killed."""
    pictures = [picture(number, size) for number in range(PICTURES)]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            number = int(line.split()[1].rpartition(b"/")[2])
            while await reader.readline() not in (b"\r\n", b""):
                pass
            body = pictures[number % PICTURES]
            head = f'HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nETag: "{number}"\r\n\r\n'
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, HOST, 0)
        ready.send((server.sockets[0].getsockname()[1], sum(map(len, pictures)) // PICTURES))
        await server.serve_forever()

    asyncio.run(run())


def build(path: Path, urls: list[str]) -> None:
    """Write an archive with one article for each image."""
    db = sqlite_utils.Database(path)
    schema.create(db)
    db.table("images").insert_all({"id": image_id(url), "url": url} for url in urls)
    db.table("articles").insert_all(
        {
            "id": f"a{n}",
            "title": "A",
            "published_at": f"2024-01-01T{n:06}",
            "image_id": image_id(url),
        }
        for n, url in enumerate(urls)
    )
    db.table("article_images").insert_all(
        {"article_id": f"a{n}", "position": 0, "image_id": image_id(url)}
        for n, url in enumerate(urls)
    )
    db.close()


async def plain_loop(urls: list[str]) -> None:
    """What one would write down first."""
    async with httpx.AsyncClient() as client:
        for url in urls:
            response = await client.get(url)
            response.raise_for_status()


def draw(urls: list[str], size: tuple[int, int]) -> None:
    """Draw the copies of as many pictures, without network and database."""
    pictures = [picture(number, size) for number in range(PICTURES)]
    with ThreadPoolExecutor(DRAWING) as drawing:
        for _ in drawing.map(lambda n: render(pictures[n % PICTURES]), range(len(urls))):
            pass


def fetch(path: Path, port: int) -> None:
    """Run `newsfeed images` on the archive."""
    report = fetch_images(path, max_age=timedelta(days=30), own_endpoints=frozenset({(HOST, port)}))
    assert report.outcomes["stored"] == report.wanted > 0, report


def timed(function: Any, *arguments: Any) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def in_child(path: Path, port: int, found: Any) -> None:
    """Fetch in this process, and tell its peak of memory before and after, in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = timed(fetch, path, port)
    found.send((before / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds))


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    size = (320, 200) if options.memory else (1200, 800)
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    server = spawn.Process(target=serve, args=(size, there), daemon=True)
    server.start()
    port, mean_bytes = here.recv()
    found: dict[str, Any] = {"size": size, "mean_bytes": mean_bytes}
    try:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            if options.memory:
                found["peaks"] = {}
                for count in (options.images, options.images * 10):
                    path = Path(name) / f"{count}.db"
                    build(path, [f"http://{HOST}:{port}/{n}" for n in range(count)])
                    ours, theirs = spawn.Pipe()
                    child = spawn.Process(target=in_child, args=(path, port, theirs))
                    child.start()
                    before, after, seconds = ours.recv()
                    child.join()
                    found["peaks"][count] = {
                        "before_mb": round(before, 1),
                        "peak_mb": round(after, 1),
                        "seconds": round(seconds, 1),
                    }
            else:
                urls = [f"http://{HOST}:{port}/{n}" for n in range(options.images)]
                times: dict[str, list[float]] = {"loop": [], "drawing": [], "images": []}
                for number in range(options.rounds):
                    path = Path(name) / f"{number}.db"
                    build(path, urls)
                    times["loop"].append(timed(lambda: asyncio.run(plain_loop(urls))))
                    times["drawing"].append(timed(draw, urls, size))
                    times["images"].append(timed(fetch, path, port))
                    sizes = "sum(length(content)) / count(distinct image_id)"
                    copies = sqlite_utils.Database(path).execute(
                        f"select {sizes} from image_renditions"
                    )
                    found["copies_bytes"] = copies.fetchone()[0]
                    path.unlink()
                found["seconds"] = {
                    name: [round(t, 2) for t in each] for name, each in times.items()
                }
                middle = {name: median(each) for name, each in times.items()}
                found["images_to_loop"] = round(middle["images"] / middle["loop"], 2)
                found["images_to_loop_and_drawing"] = round(
                    middle["images"] / (middle["loop"] + middle["drawing"]), 2
                )
    finally:
        server.terminate()
    json.dump(found, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
