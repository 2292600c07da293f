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
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy
import yaml
from datasketch import MinHash
from sklearn.feature_extraction.text import TfidfVectorizer

from datasette_newsfeed.archive.dialects.smartable import adapt
from datasette_newsfeed.archive.importing.front_matter import read
from datasette_newsfeed.archive.records import Article
from datasette_newsfeed.archive.relate import nearest
from datasette_newsfeed.archive.relate.clusters import group
from datasette_newsfeed.archive.relate.nearest import SimilarIndex
from datasette_newsfeed.archive.relate.same_story import MOST_SECONDS, find_ties
from datasette_newsfeed.archive.relate.term_vectors import Gist, make_gist, plain
from datasette_newsfeed.archive.urls import url_key

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

    gist: Gist
    label: str
    kind: str
    title: str
    text: str
    topics: tuple[str, ...]


Ranking = Callable[[Sequence[Sample]], numpy.ndarray]
"""Articles -> how alike each two of them are; NONE where they are not compared."""


def samples(half: str) -> list[Sample]:
    """Return the labelled articles to fit to, or those held out."""
    found = []
    for each in yaml.safe_load((HERE / FILES[half]).read_text(encoding="utf-8")):
        for number, (story, provider, at, title, excerpt) in enumerate(each["articles"]):
            gist = make_gist(
                f"{each['group']}-{number}",
                title=title,
                lead=excerpt,
                published_at=at,
                provider=provider,
                topics=each["topics"],
            )
            label = f"{each['group']} {story}"
            text = f"{title}. {excerpt}"
            found.append(Sample(gist, label, each["kind"], title, text, tuple(each["topics"])))
    return found


# -- the baselines ------------------------------------------------------------


def by_topics(articles: Sequence[Sample]) -> numpy.ndarray:
    """The share of topics, then the newest first."""
    newest = max(a.gist.at or 0 for a in articles)
    scores = numpy.full((len(articles), len(articles)), NONE)
    for (i, one), (j, other) in itertools.permutations(enumerate(articles), 2):
        both = set(one.topics) & set(other.topics)
        if both:
            age = (newest - (other.gist.at or 0)) / 1e9
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
        labels.setdefault(article.label, []).append(article.gist.id)
    return pairs_of(labels.values())


def our_pairs(articles: Sequence[Sample]) -> Pairs:
    """Return the pairs that share a story of ours."""
    gists = in_time(articles)
    return pairs_of(group(find_ties(gists), {gist.id: gist.at or 0 for gist in gists}))


def in_time(articles: Sequence[Sample]) -> list[Gist]:
    """Return the gists of articles, the earliest first."""
    return sorted((a.gist for a in articles), key=lambda gist: (gist.at or 0, gist.id))


def found_by(ranking: Ranking, articles: Sequence[Sample]) -> list[tuple[float, str, str]]:
    """Return the score of each pair that may be one story, the best first."""
    scores = ranking(articles)
    found = []
    for i, j in itertools.combinations(range(len(articles)), 2):
        one, other = articles[i].gist, articles[j].gist
        if one.provider != other.provider and abs((one.at or 0) - (other.at or 0)) <= MOST_SECONDS:
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
    ties = sorted(find_ties(in_time(held_out)), key=lambda tie: -tie.strength)
    ranked = [(tie.strength, tie.one, tie.other) for tie in ties]
    print(f"{'newsfeed relate':28}{before_first_wrong(ranked, true):>6}")
    # Which ones, of those to learn from alone: who reads what goes wrong in the others fits to it.
    development = halves["development"]
    kinds = {article.gist.id: article.kind for article in development}
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
        parts = read(path.read_bytes())
        record = adapt(*parts, path.stem) if parts else None
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
        gist = make_gist(
            record.id,
            title=record.title,
            lead=lead,
            published_at=record.published_at,
            provider=record.provider.domain if record.provider else None,
            topics=record.topics,
        )
        text = f"{record.title}. {plain(lead or '')}"
        found.append(Sample(gist, "", "", record.title, text, record.topics))
    return tuple(found), named


def halves_of_demo() -> dict[str, set[str]]:
    """Return the articles of each half; those that name one another are in the same."""
    articles, named = demo()
    groups = {article.gist.id: {article.gist.id} for article in articles}
    for one, others in named.items():
        for other in others:
            both = groups[one] | groups[other]
            groups.update(dict.fromkeys(both, both))
    halves: dict[str, set[str]] = {half: set() for half in HALVES}
    for article in articles:
        halves[half_of(min(groups[article.gist.id]))].add(article.gist.id)
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
        article.gist.id: [articles[j].gist.id for j in numpy.argsort(-scores[i], kind="stable")]
        for i, article in enumerate(articles)
    }


def our_lists() -> dict[str, list[str]]:
    """Return the articles most like each one, by ours."""
    with SimilarIndex() as index:
        for article in demo()[0]:
            index.add(article.gist)
        ids = [entry.id for entry in index.entries()]
        return {ids[one]: [ids[other] for _, other in rest] for one, rest in index.all_nearest()}


def by_time(articles: Sequence[Sample]) -> numpy.ndarray:
    """The nearest in time first, whatever they say: what the demo's lists could be guessed by."""
    at = numpy.array([article.gist.at or 0 for article in articles], float)
    return -numpy.abs(at[:, None] - at[None, :]) / 1e12


def print_similar() -> None:
    """Print the recall of hidden links, on both halves."""
    halves, (_, named) = halves_of_demo(), demo()
    counts = [sum(len(named[each]) for each in halves[half]) for half in HALVES]
    print("\n\nSimilar: hidden links found among the first 5 and 10", counts, "\n")
    print(f"{'':28}{'development':>22}{'held-out':>22}")
    for name, ranking in BASELINES.items():
        _print_recall(name, lists_of(ranking), halves)
    nearness, nearest.NEARNESS = nearest.NEARNESS, 0.0
    _print_recall("newsfeed relate, no nearness", our_lists(), halves)
    nearest.NEARNESS = nearness
    _print_recall("newsfeed relate", our_lists(), halves)
    _print_recall("nearest in time alone", lists_of(by_time), halves)


def _print_recall(
    name: str, lists: Mapping[str, Sequence[str]], halves: Mapping[str, set[str]]
) -> None:
    shares = (recall(lists, halves[half], first) for half in HALVES for first in (5, 10))
    print(f"{name:28}" + "{:>14.2f}{:>8.2f}{:>14.2f}{:>8.2f}".format(*shares))


if __name__ == "__main__":
    print_stories()
    print_similar()
    sys.exit()
