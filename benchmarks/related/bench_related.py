"""How well stories and similar articles are found, side by side with four known ways.

    make bench-related

Two questions:

- Stories: which pairs of articles tell the same news? Our rule was fitted to samples.yml,
  and each baseline gets the threshold that does best there. held_out.yml was written
  before that, and is for reporting alone.
- Similar: the related lists of the demo's records are hidden; which of the articles they
  name are among the first 5 and 10? A set of articles that name one another belongs to
  the held-out half by a hash of its smallest id. The demo's records name what is nearest
  in time, so that time alone finds all of them: what tells is the line without nearness.

The baselines look at the same articles. For stories they also know that news is told
within five days, and that a provider tells it once: so what is measured is the text.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy
import yaml
from datasketch import MinHash
from sklearn.feature_extraction.text import TfidfVectorizer
from sqlite_utils import Database

from datasette_newsfeed import schema
from datasette_newsfeed.archive.dialects.smartable import adapt
from datasette_newsfeed.archive.importing.front_matter import read
from datasette_newsfeed.archive.records import Article
from datasette_newsfeed.archive.relate import rules, run
from datasette_newsfeed.archive.relate.articles import seconds
from datasette_newsfeed.url_keys import url_key
from datasette_newsfeed.vocabulary import MOST_TEXT, plain

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "demo" / "articles"
HALVES = ("development", "held-out")
FILES = {"development": "samples.yml", "held-out": "held_out.yml"}
NONE = -1.0


def half_of(name: str) -> str:
    """Return the half that a name belongs to, the same for ever."""
    return HALVES[hashlib.sha256(name.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Sample:
    """A labelled article; `label` is the news it tells."""

    id: str
    at: str
    provider: str | None
    label: str
    kind: str
    title: str
    text: str
    topics: tuple[str, ...]
    lead: str = ""

    @property
    def seconds(self) -> int:
        """When it was published, since 1970; 0 without a date."""
        return seconds(self.at) or 0


Ranking = Callable[[Sequence[Sample]], numpy.ndarray]
"""Articles -> how alike each two of them are; NONE where they are not compared."""


def samples(half: str) -> list[Sample]:
    """Return the labelled articles to fit to, or those held out."""
    found = []
    for each in yaml.safe_load((HERE / FILES[half]).read_text(encoding="utf-8")):
        for number, (story, provider, at, title, excerpt) in enumerate(each["articles"]):
            label = f"{each['group']} {story}"
            text = f"{title}. {excerpt}"
            key = f"{each['group']}-{number}"
            topics = tuple(each["topics"])
            found.append(
                Sample(key, at, provider, label, each["kind"], title, text, topics, excerpt)
            )
    return found


# -- the baselines ------------------------------------------------------------


def by_topics(articles: Sequence[Sample]) -> numpy.ndarray:
    """The share of topics, then the newest first."""
    newest = max(a.seconds for a in articles)
    scores = numpy.full((len(articles), len(articles)), NONE)
    for (i, one), (j, other) in itertools.permutations(enumerate(articles), 2):
        both = set(one.topics) & set(other.topics)
        if both:
            age = (newest - other.seconds) / 1e9
            scores[i, j] = len(both) / len({*one.topics, *other.topics}) - age / 100
    return scores


def by_bm25(articles: Sequence[Sample]) -> numpy.ndarray:
    """FTS5's bm25 of the words of the title, in title and excerpt."""
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table t using fts5 (title, text, tokenize='porter unicode61')")
    db.executemany(
        "insert into t (title, text) values (?, ?)", ((a.title, a.text) for a in articles)
    )
    scores = numpy.full((len(articles), len(articles)), NONE)
    for i, article in enumerate(articles):
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", article.title))
        rows = db.execute("select rowid, bm25(t) from t where t match ?", [words]).fetchall()
        own = max((-score for rowid, score in rows if rowid == i + 1), default=1.0)
        for rowid, score in rows:
            if rowid != i + 1:
                scores[i, rowid - 1] = -score / own
    return scores


def by_tfidf(articles: Sequence[Sample]) -> numpy.ndarray:
    """The cosine of TF-IDF vectors, as scikit-learn makes them."""
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(
        [article.text for article in articles]
    )
    return (vectors @ vectors.T).toarray()


def by_minhash(articles: Sequence[Sample]) -> numpy.ndarray:
    """The Jaccard index of words, as MinHash estimates it."""
    hashes = []
    for article in articles:
        made = MinHash(num_perm=256)
        for word in set(re.findall(r"\w+", article.text.lower())):
            made.update(word.encode())
        hashes.append(made)
    return numpy.array([[one.jaccard(other) for other in hashes] for one in hashes])


BASELINES: dict[str, Ranking] = {
    "same topics, newest first": by_topics,
    "FTS5 bm25 on the title": by_bm25,
    "TF-IDF cosine": by_tfidf,
    "MinHash": by_minhash,
}


# -- stories --------------------------------------------------------------------


Pairs = set[tuple[str, str]]


def pairs_of(groups: Iterable[Iterable[str]]) -> Pairs:
    """Return every pair of members, the smaller id first."""
    return {pair for members in groups for pair in itertools.combinations(sorted(members), 2)}


def grouped(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Return the pairs of connected components: for baselines, without a guard."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        both = groups.get(one, {one}) | groups.get(other, {other})
        groups.update(dict.fromkeys(both, both))
    return pairs_of({frozenset(members) for members in groups.values()})


def true_pairs(articles: Sequence[Sample]) -> Pairs:
    """Return the pairs that the labels name."""
    labels: dict[str, list[str]] = {}
    for article in articles:
        labels.setdefault(article.label, []).append(article.id)
    return pairs_of(labels.values())


def related(articles: Sequence[Sample]) -> Database:
    """Return a database of these articles that knows stories and similar articles."""
    db = Database(sqlite3.connect(":memory:"))
    schema.create(db)
    with db.atomic():
        for each in articles:
            row = {"id": each.id, "title": each.title, "excerpt": each.lead}
            row |= {"published_at": each.at, "provider_name": each.provider}
            db.table("articles").insert(row)
            for position, topic in enumerate(each.topics):
                db.execute("INSERT OR IGNORE INTO topics VALUES (?)", [topic])
                db.execute(
                    "INSERT INTO article_topics VALUES (?, ?, ?)", [each.id, topic, position]
                )
    run.relate(db)
    return db


def our_stories(articles: Sequence[Sample]) -> dict[str, str]:
    """Return the story of each article that is in one."""
    sql = "SELECT id, story_id FROM articles WHERE story_id IS NOT NULL"
    return dict(related(articles).execute(sql))


def our_pairs(articles: Sequence[Sample]) -> Pairs:
    """Return the pairs that share a story of ours."""
    stories: dict[str, list[str]] = {}
    for key, story in our_stories(articles).items():
        stories.setdefault(story, []).append(key)
    return pairs_of(stories.values())


def found_by(ranking: Ranking, articles: Sequence[Sample]) -> list[tuple[float, str, str]]:
    """Return the score of each pair that may be one story, the best first."""
    scores = ranking(articles)
    found = []
    for i, j in itertools.combinations(range(len(articles)), 2):
        one, other = articles[i], articles[j]
        if one.provider != other.provider and abs(one.seconds - other.seconds) <= rules.MOST_APART:
            score = max(scores[i, j], scores[j, i])
            found.append((float(score), *sorted((one.id, other.id))))
    return sorted(found, reverse=True)


def quality(found: Pairs, true: Pairs) -> tuple[float, float, float]:
    """Return precision, recall, and the harmonic mean of both."""
    right = len(found & true)
    precision, recall = right / len(found) if found else 1.0, right / len(true)
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def best_threshold(ranking: Ranking, articles: Sequence[Sample]) -> float:
    """Return the score from which pairs are one story, for the best mean on these articles."""
    ranked, true = found_by(ranking, articles), true_pairs(articles)
    best = max(
        range(1, min(len(ranked), 3 * len(true))),
        key=lambda n: quality(grouped((one, other) for _, one, other in ranked[:n]), true)[2],
    )
    return ranked[best - 1][0]


def before_first_wrong(ranked: Sequence[tuple[float, str, str]], true: Pairs) -> int:
    """Return how many true pairs stand before the first wrong one."""
    return sum(1 for _ in itertools.takewhile(lambda pair: (pair[1], pair[2]) in true, ranked))


def print_stories() -> None:
    """Print precision and recall of each way, on both halves."""
    halves = {half: samples(half) for half in HALVES}
    counts = [len(true_pairs(halves[half])) for half in HALVES]
    print(f"Stories: {counts} pairs of articles in one story (precision, recall, F1)\n")
    print(f"{'':28}{'development':>22}{'held-out':>22}")
    for name, ranking in BASELINES.items():
        threshold = best_threshold(ranking, halves["development"])
        line = f"{name:28}"
        for half in HALVES:
            ranked = found_by(ranking, halves[half])
            found = grouped((one, other) for score, one, other in ranked if score >= threshold)
            line += _shown(quality(found, true_pairs(halves[half])))
        print(line)
    print(
        f"{'newsfeed relate':28}"
        + "".join(
            _shown(quality(our_pairs(halves[half]), true_pairs(halves[half]))) for half in HALVES
        )
    )
    held_out = halves["held-out"]
    true = true_pairs(held_out)
    print(f"\nHeld out: true pairs before the first wrong one, of {len(true)}\n")
    for name, ranking in BASELINES.items():
        print(f"{name:28}{before_first_wrong(found_by(ranking, held_out), true):>6}")
    # Which ones, of those to learn from alone: who reads what goes wrong in the others fits to it.
    development = halves["development"]
    kinds = {article.id: article.kind for article in development}
    found, true = our_pairs(development), true_pairs(development)
    print("\nDevelopment, ours: wrong", [(kinds[a], a, b) for a, b in sorted(found - true)])
    print("Development, ours: missed", [(kinds[a], a, b) for a, b in sorted(true - found)])


def _shown(figures: tuple[float, float, float]) -> str:
    return "{:>10.2f}{:>6.2f}{:>6.2f}".format(*figures)


# -- similar --------------------------------------------------------------------


@cache
def demo() -> tuple[tuple[Sample, ...], Mapping[str, frozenset[str]]]:
    """Return the demo's articles, and for each the articles that its record names."""
    records = []
    for path in sorted(DEMO.glob("*.md")):
        document = read(path.read_bytes())
        has_record = document.syntax != "none"
        record = adapt(document.mapping, document.body, path.stem) if has_record else None
        if isinstance(record, Article):
            records.append(record)
    at = {url_key(url): r.id for r in records for url in (r.web_url, r.original_url) if url}
    named = {
        record.id: frozenset(
            at[key] for other in record.related if other.url and (key := url_key(other.url)) in at
        )
        - {record.id}
        for record in records
    }
    found = []
    for record in records:
        lead = record.excerpt or record.body
        text = f"{record.title}. {plain(lead or '')}"
        provider = record.provider.domain if record.provider else None
        at = record.published_at or ""
        found.append(
            Sample(record.id, at, provider, "", "", record.title, text, record.topics, lead or "")
        )
    return tuple(found), named


def halves_of_demo() -> dict[str, set[str]]:
    """Return the articles of each half; those that name one another are in the same."""
    articles, named = demo()
    groups = {article.id: {article.id} for article in articles}
    for one, others in named.items():
        for other in others:
            both = groups[one] | groups[other]
            groups.update(dict.fromkeys(both, both))
    halves: dict[str, set[str]] = {half: set() for half in HALVES}
    for article in articles:
        halves[half_of(min(groups[article.id]))].add(article.id)
    return halves


def recall(lists: Mapping[str, Sequence[str]], of: set[str], first: int) -> float:
    """Return the share of hidden links among the first so many of each list."""
    _, named = demo()
    hidden = sum(len(named[each]) for each in of)
    return sum(len(named[each] & set(lists[each][:first])) for each in of) / hidden


def lists_of(ranking: Ranking) -> dict[str, list[str]]:
    """Return the articles most like each one, by a baseline."""
    articles, _ = demo()
    scores = ranking(articles)
    numpy.fill_diagonal(scores, NONE)
    return {
        article.id: [articles[j].id for j in numpy.argsort(-scores[i], kind="stable")]
        for i, article in enumerate(articles)
    }


def our_lists() -> dict[str, list[str]]:
    """Return the articles most like each one, by ours."""
    lists: dict[str, list[str]] = {article.id: [] for article in demo()[0]}
    sql = "SELECT article_id, similar_id FROM similar_articles ORDER BY article_id, position"
    for one, other in related(demo()[0]).execute(sql):
        lists[one].append(other)
    return lists


def by_time(articles: Sequence[Sample]) -> numpy.ndarray:
    """The nearest in time first, whatever they say: what the demo's lists could be guessed by."""
    at = numpy.array([article.seconds for article in articles], float)
    return -numpy.abs(at[:, None] - at[None, :]) / 1e12


def print_similar() -> None:
    """Print the recall of hidden links, on both halves."""
    halves, (_, named) = halves_of_demo(), demo()
    counts = [sum(len(named[each]) for each in halves[half]) for half in HALVES]
    print("\n\nSimilar: hidden links found among the first 5 and 10", counts, "\n")
    print(f"{'':28}{'development':>22}{'held-out':>22}")
    for name, ranking in BASELINES.items():
        _print_recall(name, lists_of(ranking), halves)
    nearness, rules.NEARNESS = rules.NEARNESS, 0
    _print_recall("newsfeed relate, no nearness", our_lists(), halves)
    rules.NEARNESS = nearness
    _print_recall("newsfeed relate", our_lists(), halves)
    _print_recall("nearest in time alone", lists_of(by_time), halves)


def _print_recall(
    name: str, lists: Mapping[str, Sequence[str]], halves: Mapping[str, set[str]]
) -> None:
    shares = (recall(lists, halves[half], first) for half in HALVES for first in (5, 10))
    print(f"{name:28}" + "{:>14.2f}{:>8.2f}{:>14.2f}{:>8.2f}".format(*shares))


def spread(path: Path, days: int, seed: int) -> list[Sample]:
    """Return labelled news without dates, its events on random ones of so many days."""
    dice = random.Random(seed)
    news = json.loads(path.read_text(encoding="utf-8"))
    events = sorted({each["event"] for each in news})
    day = {event: dice.randrange(days) if days else 0 for event in events}
    found = []
    for each in news:
        at = datetime(2021, 3, 1 + day[each["event"]])
        at += timedelta(seconds=dice.randrange(86_400) if days else 0)
        provider = each["provider"] or each["id"]
        text = each["text"][:MOST_TEXT]
        time = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        found.append(
            Sample(each["id"], time, provider, each["event"], "", each["title"], text, (), text)
        )
    return found


def b_cubed(articles: Sequence[Sample], stories: Mapping[str, str]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of each article's story, on average."""
    labels: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for each in articles:
        labels.setdefault(each.label, set()).add(each.id)
        found.setdefault(stories.get(each.id, f"alone {each.id}"), set()).add(each.id)
    both = []
    for each in articles:
        own, here = labels[each.label], found[stories.get(each.id, f"alone {each.id}")]
        both.append((len(own & here) / len(here), len(own & here) / len(own)))
    precision, recall = (sum(values) / len(both) for values in zip(*both, strict=True))
    return precision, recall, 2 * precision * recall / (precision + recall)


def print_labelled(path: Path) -> None:
    """Print how well stories are found on labelled news, at three densities."""
    print(f"\n\n{path.name}: B-cubed and pairs (precision, recall, F1), mean of 5 spreads\n")
    for days in (0, 5, 15):
        figures = []
        for seed in range(1, 6 if days else 2):
            articles = spread(path, days, seed)
            stories = our_stories(articles)
            groups: dict[str, list[str]] = {}
            for key, story in stories.items():
                groups.setdefault(story, []).append(key)
            pairs = quality(pairs_of(groups.values()), true_pairs(articles))
            figures.append((*b_cubed(articles, stories), *pairs))
        means = [sum(values) / len(figures) for values in zip(*figures, strict=True)]
        print(f"over {days:2} days" + "".join(f"{mean:8.3f}" for mean in means))


if __name__ == "__main__":
    print_stories()
    print_similar()
    for labelled in sys.argv[1:]:
        print_labelled(Path(labelled))
    sys.exit()
