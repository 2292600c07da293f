"""The page of a story: its articles in order of time.

The key of a story is the id of its earliest article. An earlier one may be imported later,
so the id of each member leads to the story.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from ..access.archives import view_archive
from ..links import Links
from ..models import Card, Story, Voice
from ..protocols import DatasetteLike, RequestLike
from ..queries.stories import find_place


@dataclass(frozen=True, slots=True)
class Course:
    """A story as it went on: its articles by provider, each in its place between first and last."""

    story: Story

    @property
    def voices(self) -> list[tuple[Voice, list[float]]]:
        """The providers in the order in which they came, each with the places of its articles.

        A place is a percentage of the story's time; an article without a time has none.
        """
        times = [time for time in map(_time, self.story.cards) if time]
        if not times:
            return [(voice, []) for voice in self.story.voices]
        first, span = min(times), (max(times) - min(times)).total_seconds()
        return [
            (
                voice,
                [
                    round(100 * (time - first).total_seconds() / span, 1) if span else 50.0
                    for time in map(_time, voice.cards)
                    if time
                ],
            )
            for voice in self.story.voices
        ]


def _time(card: Card) -> datetime | None:
    try:
        time = datetime.fromisoformat(card.published_at)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


async def lead_to_story(
    datasette: DatasetteLike, request: RequestLike, exception: Exception
) -> Response | None:
    """Return the way to the story of an article, where a page of that key was not found.

    An article that no story has, or has no longer, is shown itself.
    """
    if not isinstance(exception, NotFound) or request is None:
        return None
    parts = request.url_vars
    if parts.get("table") != "stories" or not parts.get("pks"):
        return None
    route = tilde_decode(parts.get("database") or "")
    databases = datasette.databases.items()
    database = next((name for name, db in databases if (db.route or name) == route), None)
    view = await view_archive(datasette, request, database) if database is not None else None
    if view is None:
        return None
    key = tilde_decode(parts["pks"])
    is_there, story = await find_place(view, key)
    if not is_there:
        return None
    links = Links(datasette, view.database)
    table, found = ("stories", story) if story else ("articles", key)
    address = links.row(table, found, extension=parts.get("format"))
    query = request.query_string
    joint = "&" if "?" in address else "?"
    return Response.redirect(f"{address}{joint}{query}" if query else address)
