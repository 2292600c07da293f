"""The words of an address that Datasette does not know: `_topic`, `_related`, `_dead_image`.

`?_topic=AI&_topic=Robotics` keeps the articles that have all of these topics,
`?_related=1` those that name related articles, `?_related=0` those that name none,
`?_dead_image=1` those of which an image could not be fetched, `?_dead_image=0` the others.
They hold on the articles of a news archive, and on its list of them; everywhere else they are
passed over.
Knows nothing of facets, which only make links of these words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from datasette.filters import FilterArguments
from datasette.utils.asgi import BadRequest, Forbidden

from ... import schema
from .. import compat
from ..access import permissions
from ..access.archives import find_archive
from ..queries.topic_frequency import is_common_topic
from . import table_order

ARTICLES = schema.ARTICLES.name
TOPIC = "_topic"
TOPIC_TABLES = (schema.ARTICLE_TOPICS.name, schema.TOPICS.name)
"""What a visitor must be allowed to see before topics filter or count anything."""
NUMERIC = ("__gt", "__gte", "__lt", "__lte")
"""How filters end that Datasette gives digits to as a number."""
RELATED = "_related"
RELATED_TABLES = (schema.RELATED_ARTICLES.name,)

TOPIC_BIND = "newsfeed_topic_"
HAS_COMMON_TOPIC = """\
exists (
  select 1 from article_topics
  where article_topics.article_id = articles.id and article_topics.topic = :{bind}
)"""
HAS_RARE_TOPIC = "articles.id in (select article_id from article_topics where topic = :{bind})"

HAS_RELATED = """\
exists (select 1 from related_articles where related_articles.article_id = articles.id)"""
DEAD_IMAGE = "_dead_image"
DEAD_IMAGE_TABLES = (schema.ARTICLE_IMAGES.name, schema.IMAGE_FETCHES.name)
HAS_DEAD_IMAGE = """\
articles.id in (
  select article_images.article_id
  from image_fetches join article_images on article_images.image_id = image_fetches.image_id
  where image_fetches.outcome <> 'stored'
)"""


@dataclass(frozen=True, slots=True)
class YesOrNo:
    """A word whose value is 1 or 0: its condition, what it is called, whom it is told."""

    condition: str
    words: str
    tables: tuple[str, ...]

    def of(self, value: str) -> tuple[str, str]:
        """Return condition and description of a value."""
        if value == "1":
            return self.condition, f"it has {self.words}"
        return f"not {self.condition}", f"it has no {self.words}"


YES_OR_NO = {
    RELATED: YesOrNo(HAS_RELATED, "related articles", RELATED_TABLES),
    DEAD_IMAGE: YesOrNo(HAS_DEAD_IMAGE, "dead images", DEAD_IMAGE_TABLES),
}
NONE_IS_DEAD = YesOrNo("1 = 0", YES_OR_NO[DEAD_IMAGE].words, ())
"""Where no image was fetched, as on a published site: so a shared link keeps its meaning."""


async def from_request(
    datasette: Any, request: Any, database: str, table: str
) -> FilterArguments | None:
    """Return what our words ask of a table, None if nothing.

    Raises BadRequest for what Datasette itself would trip over, and Forbidden, as its
    own `_through` does, where the visitor may not see the tables in which the answer
    stands: which rows remain would tell it.
    """
    archive = await find_archive(datasette, request, database)
    if archive is None:
        return None
    compat.forget_prefix(request)
    await table_order.make_total(datasette, request, database, table)
    wrong = [f"{key} is a number beyond 64 bits" for key, n in _numbers(request) if not _fits(n)]
    wrong += [f"{key} is neither a name nor JSON" for key, text in _facets(request) if _torn(text)]
    if wrong:
        raise BadRequest(wrong[0])
    if table not in (ARTICLES, schema.ARTICLE_LIST):
        return None
    topics = chosen(request, TOPIC)
    asked = [(word, value) for word in YES_OR_NO for value in chosen(request, word)]
    if not (topics or asked):
        return None
    _check(asked)
    known = YES_OR_NO if archive.has_fetches else {**YES_OR_NO, DEAD_IMAGE: NONE_IS_DEAD}
    needs: dict[str, tuple[str, ...]] = {TOPIC: TOPIC_TABLES} if topics else {}
    needs |= {word: known[word].tables for word, _ in asked}
    for word, tables in needs.items():
        if not await may_view_all(datasette, request, database, tables):
            raise Forbidden(f"{word} needs permission to view {' and '.join(tables)}")
    clauses, params, words = [], {}, []
    for number, topic in enumerate(topics):
        bind = f"{TOPIC_BIND}{number}"
        common = await is_common_topic(datasette, archive, topic)
        clauses.append((HAS_COMMON_TOPIC if common else HAS_RARE_TOPIC).format(bind=bind))
        params[bind] = topic
        words.append(f'topic is "{topic}"')
    for word, value in asked:
        clause, description = known[word].of(value)
        clauses.append(clause)
        words.append(description)
    if table != ARTICLES:
        clauses = [clause.replace("articles.id", f"{table}.id") for clause in clauses]
    return FilterArguments(clauses, params, words)


def _check(asked: Iterable[tuple[str, str]]) -> None:
    """Raise BadRequest for a value that is neither 1 nor 0."""
    for word, value in asked:
        if value not in ("0", "1"):
            raise BadRequest(f"{word} is 1 or 0")


def _numbers(request: Any) -> Iterator[tuple[str, str]]:
    """Yield the filters of columns whose values Datasette takes for whole numbers."""
    for key in request.args:
        if key.endswith(NUMERIC) and not key.startswith("_"):
            yield from ((key, value) for value in request.args.getlist(key) if value.isdigit())


def _fits(digits: str) -> bool:
    # Some digits, as ², are none to those who read numbers.
    return digits.isdecimal() and len(digits) <= 400 and int(digits) < 2**63


def _facets(request: Any) -> Iterator[tuple[str, str]]:
    """Yield the facets that an address asks for."""
    for key in request.args:
        if key.startswith("_facet"):
            yield from ((key, value) for value in request.args.getlist(key))


def _torn(text: str) -> bool:
    """Tell whether a facet begins as JSON does, for then Datasette reads it so, and is none."""
    try:
        return text.startswith("{") and not isinstance(json.loads(text), dict)
    except ValueError:
        return True


def chosen(request: Any, word: str) -> list[str]:
    """Return the values that an address gives for a word: each once, none blank."""
    return [value for value in dict.fromkeys(request.args.getlist(word)) if value.strip()]


async def may_view_all(
    datasette: Any, request: Any, database: str, tables: tuple[str, ...]
) -> bool:
    """Tell whether the visitor may see every one of the tables."""
    return await permissions.viewable(datasette, request, database, tables) == set(tables)
