"""The history of an article: its changes in time, and any two of its versions side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup

from ...changes import KINDS, Change
from ..access.archives import ArchiveView, view_archive, view_requested
from ..headers import security_policy
from ..links import Links
from ..protocols import DatasetteLike, RequestLike
from ..queries.history import Curve, History, Version, find_between, find_history, find_new_id
from ..text.change_labels import field_name, in_words
from ..text.word_diff import two_sides, word_diff

VIEW = "newsfeed_history"

ON_ARTICLE = 3
"""Edits that the page of an article shows."""

ON_PAGE = 50
"""Edits that the page of a history shows."""

CURVE = (240, 40)
"""Units of the box of a curve."""


@dataclass(frozen=True, slots=True)
class DrawnChange:
    """A change as a page shows it: both texts in one, and each for itself."""

    name: str
    diff: Markup
    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True)
class DrawnVersion:
    """A version with its changes, and the kinds of them in words."""

    version: Version
    kinds: str
    changes: tuple[DrawnChange, ...]


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """A curve as the points of an SVG line, with its first, last, least and greatest value."""

    name: str
    points: str
    first: int
    last: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class DrawnHistory:
    """The history of an article as its pages show it."""

    history: History
    versions: tuple[DrawnVersion, ...]
    curves: tuple[DrawnCurve, ...]


async def draw_history(view: ArchiveView, key: str, most: int) -> DrawnHistory | None:
    """Return the history of an article with its latest edits drawn, None without one."""
    history = await find_history(view, key, most)
    if history is None:
        return None
    # To compare long texts takes long: it must not hold up other visitors.
    return await asyncio.to_thread(_drawn, history)


def _drawn(history: History) -> DrawnHistory:
    versions = tuple(
        DrawnVersion(each, _kinds(each.kinds), tuple(_changes(each.changes)))
        for each in history.edited
    )
    return DrawnHistory(history, versions, tuple(map(_curve, history.curves)))


def _kinds(kinds: Sequence[str]) -> str:
    return ", ".join(KINDS[kind].lower() for kind in kinds if kind in KINDS)


def _changes(changes: Iterable[Change]) -> Iterable[DrawnChange]:
    for change in changes:
        before, after = in_words(change.field, change.before), in_words(change.field, change.after)
        yield DrawnChange(
            field_name(change.field), word_diff(before, after), *two_sides(before, after)
        )


def _curve(curve: Curve) -> DrawnCurve:
    values = [value for _, value in curve.values]
    times = [_seconds(time) for time, _ in curve.values]
    least, most = min(values), max(values)
    width, height = CURVE
    span, rise = (max(times) - min(times)) or 1, (most - least) or 1
    points: list[str] = []
    for number, (time, value) in enumerate(zip(times, values, strict=True)):
        x = width * (time - min(times)) / span
        y = 2 + (height - 4) * (most - value) / rise
        if points:  # it stays until it changes
            points.append(f"{x:.1f},{2 + (height - 4) * (most - values[number - 1]) / rise:.1f}")
        points.append(f"{x:.1f},{y:.1f}")
    return DrawnCurve(curve.name, " ".join(points), values[0], values[-1], least, most)


def _seconds(time: str) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


async def show_history(datasette: DatasetteLike, request: RequestLike) -> Response:
    """Answer `/DB/-/newsfeed/history?id=`, with `from` and `to` for two versions side by side."""
    view = await view_requested(datasette, request)
    key = request.args.get("id")
    if view is None or not key:
        raise NotFound("There is no history of articles here")
    database = view.database
    try:
        drawn = await draw_history(view, key, ON_PAGE)
        if drawn is None:
            raise NotFound("This article has no history")
        numbers = [each.number for each in drawn.history.versions]
        low, high = (_number(request.args.get(name), numbers) for name in ("from", "to"))
        between = None
        if low is not None and high is not None:
            low, high = sorted((low, high))
            changes = await find_between(view, key, low, high)
            between = await asyncio.to_thread(lambda: tuple(_changes(changes)))
    except QueryInterrupted:
        return Response.text("This history takes too long to read.", status=503)
    links = Links(datasette, database)
    html = await datasette.render_template(
        "newsfeed_history.html",
        {
            "database": database,
            "links": links,
            "drawn": drawn,
            "low": low if low is not None else numbers[-1],
            "high": high if high is not None else numbers[0],
            "between": between,
            "is_there": drawn.history.is_there,
            "curve": CURVE,
        },
        request=request,
        view_name=VIEW,
    )
    rules = await security_policy.of_own_page(datasette, request, database, VIEW)
    return Response.html(html, headers={security_policy.HEADER: rules})


def _number(text: str | None, numbers: Sequence[int]) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return int(text) if int(text) in numbers else None


async def lead_to_new_id(
    datasette: DatasetteLike, request: RequestLike, exception: Exception
) -> Response | None:
    """Return the way to an article that was renamed, where a page of its old id was not found."""
    parts = request.url_vars if request is not None else {}
    if not isinstance(exception, NotFound) or parts.get("table") != "articles":
        return None
    if not parts.get("pks"):
        return None
    route = tilde_decode(parts.get("database") or "")
    databases = datasette.databases.items()
    database = next((name for name, db in databases if (db.route or name) == route), None)
    view = await view_archive(datasette, request, database) if database is not None else None
    if view is None:
        return None
    found = await find_new_id(view, tilde_decode(parts["pks"]))
    if found is None:
        return None
    links = Links(datasette, view.database)
    return Response.redirect(links.row("articles", found, extension=parts.get("format")))
