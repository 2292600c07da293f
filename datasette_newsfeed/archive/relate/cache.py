"""The gists and ties of an archive, kept between runs. Knows neither records nor scores.

They stand in DB-sources, so that a run looks only at what changed; a database without
DB-sources keeps them for one run, in a file that nobody sees. They can always be worked
out again, and whenever it is not sure that they fit the archive, they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sqlite_utils import Database

from ..sources.references import chunks
from .clusters import components
from .same_story import Tie
from .term_vectors import Gist, unpack

GISTS_VERSION = 1
"""Of what is kept and of how it is compared; what another version kept is forgotten."""

MANY = 5
"""Where more than one in so many articles changed, everything is worked out anew."""

CURRENT, BEHIND, UNSURE = "current", "behind", "unsure"
"""What is kept fits the archive; it did before the last import; nothing is known."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS relating (version INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS gists (
  article_id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL, -- of all that the gist was made from
  at INTEGER,                -- seconds since 1970
  gist TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_gists_at ON gists (at);
CREATE TABLE IF NOT EXISTS ties (
  one TEXT NOT NULL,         -- article ids, the smaller first
  other TEXT NOT NULL,
  strength REAL NOT NULL,
  PRIMARY KEY (one, other)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_ties_other ON ties (other);
CREATE TEMP TABLE IF NOT EXISTS seen (article_id TEXT PRIMARY KEY)
"""

_NUMBER_TIED = """
DROP TABLE IF EXISTS temp.tied;
CREATE TEMP TABLE tied (
  number INTEGER PRIMARY KEY, -- from 1 on, without gaps
  article_id TEXT UNIQUE,
  first INTEGER               -- the smallest number that ties lead to
);
INSERT INTO tied (article_id) SELECT one FROM ties UNION SELECT other FROM ties
"""
_TIED_PAIRS = """
SELECT here.number, there.number FROM ties
JOIN tied AS here ON here.article_id = one JOIN tied AS there ON there.article_id = other
"""
_CONNECTED_TIES = """
SELECT first, one, other, strength FROM ties JOIN tied ON article_id = one
ORDER BY first, one, other
"""


@dataclass(slots=True)
class Changes:
    """What differs between the archive and the book: ids of articles new or changed, and gone.

    articles_before: how many the book knew; compared: how many are new or changed; was: how
    many of the changed and the gone ones held each word; touched: what was tied to them. But
    for the counts all are empty where `are_all`, that is where everything is worked out anew:
    it could be the whole archive.
    """

    articles_before: int
    are_all: bool = False
    compared: int = 0
    new: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    was: Counter[str] = field(default_factory=Counter)
    touched: set[str] = field(default_factory=set)

    @property
    def ids(self) -> set[str]:
        """All that differ."""
        return self.new | self.gone

    def add(self, changed: Iterable[str] = (), gone: Iterable[str] = ()) -> None:
        """Note what differs, unless it is so much that all is worked out anew."""
        if not self.are_all:
            self.new.update(changed)
            self.gone.update(gone)
            self.are_all = (len(self.new) + len(self.gone)) * MANY > self.articles_before
        if self.are_all:
            for each in (self.new, self.gone, self.was):
                each.clear()


class GistBook:
    """What is known of each article, and which of them tell the same news."""

    def __init__(self, db: Database) -> None:
        self._db = db
        with db.atomic():
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)
            row = db.execute("SELECT version, state FROM relating").fetchone()
            if row is None or row[0] != GISTS_VERSION:
                for table in ("relating", "gists", "ties"):
                    db.execute(f"DELETE FROM {table}")
                db.execute("INSERT INTO relating VALUES (?, ?)", [GISTS_VERSION, UNSURE])
                row = (GISTS_VERSION, UNSURE)
        self.state: str = row[1]

    def set_state(self, state: str) -> None:
        """Commit how far what is kept fits the archive, and all that was written until now."""
        if state != self.state:
            self._db.execute("UPDATE relating SET state = ?", [state])
        if self._db.conn.in_transaction:
            self._db.commit()
        self.state = state

    def fall_behind(self) -> None:
        """Commit that the archive is about to change."""
        if self.state == CURRENT:
            self.set_state(BEHIND)

    def count(self) -> int:
        """Return how many articles are known."""
        found: int = self._db.execute("SELECT count(*) FROM gists").fetchone()[0]
        return found

    def see(self, article_ids: Iterable[str]) -> None:
        """Note that these articles are there, until `unseen` is asked."""
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?)", ((each,) for each in article_ids)
        )

    def unseen(self) -> list[str]:
        """Return the articles known that were not seen since the last call."""
        rows = self._db.execute("SELECT article_id FROM gists WHERE article_id NOT IN temp.seen")
        found = [row[0] for row in rows]
        self._db.execute("DELETE FROM temp.seen")
        return found

    def fingerprints(self, article_ids: Collection[str]) -> dict[str, str]:
        """Return the fingerprints of those of these articles that are known, by id."""
        return dict(chunks(self._db, _FINGERPRINTS, sorted(article_ids)))

    def gists(self, article_ids: Collection[str]) -> Iterator[Gist]:
        """Yield the gists of these articles, as far as they are known."""
        for article_id, at, packed in chunks(self._db, _GISTS, sorted(article_ids)):
            yield unpack(article_id, at, packed)

    def all_gists(self) -> Iterator[Gist]:
        """Yield every gist in the order of the ids."""
        for row in self._db.execute("SELECT article_id, at, gist FROM gists ORDER BY article_id"):
            yield unpack(*row)

    def gists_in_time(self, spans: Iterable[tuple[int, int]]) -> Iterator[Gist]:
        """Yield the gists of some spans of time, which do not overlap, the earliest first."""
        for start, end in spans:
            for row in self._db.execute(
                "SELECT article_id, at, gist FROM gists WHERE at BETWEEN ? AND ? "
                "ORDER BY at, article_id",
                [start, end],
            ):
                yield unpack(*row)

    def span(self) -> list[tuple[int, int]]:
        """Return the one span from the earliest article to the latest; none without dates."""
        first, last = self._db.execute("SELECT min(at), max(at) FROM gists").fetchone()
        return [] if first is None else [(first, last)]

    def write(self, gist: Gist, fingerprint: str) -> None:
        """Remember the gist of an article."""
        self._db.execute(
            "INSERT OR REPLACE INTO gists (article_id, fingerprint, at, gist) VALUES (?, ?, ?, ?)",
            [gist.id, fingerprint, gist.at, gist.packed()],
        )

    def doubt(self, article_ids: Iterable[str]) -> None:
        """Commit that the rows of these articles are about to go: what they were is still
        known, and they count as changed even if they come back as they were."""
        with self._db.atomic():
            self._db.conn.executemany(
                "UPDATE gists SET fingerprint = '' WHERE article_id = ?",
                ((each,) for each in article_ids),
            )

    def remove(self, article_ids: Iterable[str]) -> None:
        """Forget the gists of articles that are gone."""
        self._db.conn.executemany(
            "DELETE FROM gists WHERE article_id = ?", ((each,) for each in article_ids)
        )

    def ties_of(self, article_ids: Collection[str]) -> list[Tie]:
        """Return the ties of these articles with any other."""
        found = chunks(self._db, _TIES, sorted(article_ids))
        return sorted({Tie(*row) for row in found}, key=lambda tie: (tie.one, tie.other))

    def tie_lists(self, size: int) -> Iterator[list[Tie]]:
        """Yield every tie, in lists of `size` or some more; connected ones stand in one list."""
        for statement in _NUMBER_TIED.split(";\n"):
            self._db.execute(statement)
        count = self._db.execute("SELECT count(*) FROM tied").fetchone()[0]
        firsts = components(self._db.execute(_TIED_PAIRS), count + 1)
        self._db.conn.executemany(
            "UPDATE tied SET first = ? WHERE number = ?",
            ((first, number) for number, first in enumerate(firsts)),
        )
        ties: list[Tie] = []
        last = None
        for first, *tie in self._db.execute(_CONNECTED_TIES):
            if first != last and len(ties) >= size:
                yield ties
                ties = []
            last = first
            ties.append(Tie(*tie))
        if ties:
            yield ties
        self._db.execute("DROP TABLE temp.tied")

    def drop_ties(self, article_ids: Collection[str] | None = None) -> None:
        """Forget the ties of these articles, or all of them."""
        if article_ids is None:
            self._db.execute("DELETE FROM ties")
            return
        for column in ("one", "other"):
            self._db.conn.executemany(
                f"DELETE FROM ties WHERE {column} = ?", ((each,) for each in article_ids)
            )

    def write_ties(self, ties: Iterable[Tie]) -> None:
        """Remember ties."""
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO ties (one, other, strength) VALUES (?, ?, ?)",
            ((tie.one, tie.other, tie.strength) for tie in ties),
        )

    def component(self, article_ids: Iterable[str]) -> tuple[set[str], list[Tie]]:
        """Return all articles that ties lead to from these, and the ties among them."""
        known: set[str] = set()
        ties: dict[tuple[str, str], Tie] = {}
        border = set(article_ids)
        while border:
            known |= border
            found = self.ties_of(border)
            ties.update({(tie.one, tie.other): tie for tie in found})
            border = {end for tie in found for end in (tie.one, tie.other)} - known
        return known, [ties[key] for key in sorted(ties)]


# Each takes a list of keys at once; `v` is its one column.
_FINGERPRINTS = """
SELECT article_id, fingerprint FROM (SELECT column1 AS v FROM {values})
JOIN gists ON gists.article_id = v
"""
_GISTS = """
SELECT article_id, at, gist FROM (SELECT column1 AS v FROM {values})
JOIN gists ON gists.article_id = v ORDER BY article_id
"""
_TIES = """
WITH some (v) AS {values}
SELECT one, other, strength FROM some JOIN ties ON ties.one = v
UNION SELECT one, other, strength FROM some JOIN ties ON ties.other = v
"""
