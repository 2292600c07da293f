"""Reads what a page of an archive says, and holds it against the rows.

Every mark, count, date and list is compared with `archive_facts`. A text with a number in
it that no check here reads is a fault as well: whoever adds a sentence adds its check.
Knows the classes of the templates, nothing of the code that fills them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from archive_facts import (
    NEWEST,
    Facts,
    bare_letters,
    day_words,
    letters,
    moment_of,
    moment_words,
    newest_days,
    period_words,
)
from datasette.utils import tilde_decode, tilde_encode
from lxml import html

TAKEN = ("newsfeed-headline", "newsfeed-title", "newsfeed-credit", "newsfeed-authors")
NONSENSE = re.compile(
    r"\b(\w+) \1\b|\bNone\b|\bnull\b|\bundefined\b|\bnan\b|\{\{|\b1 (articles|stories|rows|topics"
    r"|providers|mentions|reports|others|times|words)\b|\bAll 1\b"
    r"|,\s*,|\(\s*\)|“\s*”|\s[.;](\s|$)|\bof 0\b",
)
"""What no sentence says, whatever the rows are."""

Element = Any


def having(name: str) -> str:
    """Return the XPath condition of a class."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def found(element: Element, name: str) -> list[Element]:
    """Return what has a class within an element, in order."""
    return element.xpath(f".//*[{having(name)}]")


def only(element: Element, name: str) -> Element | None:
    """Return the one thing with a class, None if there is none; the first of several."""
    return next(iter(found(element, name)), None)


def said(element: Element | None) -> str:
    """Return the text of an element in one line."""
    return "" if element is None else " ".join(element.text_content().split())


def number(text: str) -> int:
    """Return the first number in a text; -1 without one."""
    match = re.search(r"\d[\d,]*", text)
    return int(match[0].replace(",", "")) if match else -1


def counted(n: int, thing: str, things: str | None = None) -> str:
    """Return a number of things in words: `1 article`, `1,234 articles`."""
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


MOST_MONTHS = 36
"""Months that are shown as such; more are summed to years."""


def months_between(first: str, last: str) -> list[str]:
    """Return all months from one to another, as `2021-04`."""
    ends = [each.split("-") for each in (first, last)]
    numbers = [int(year) * 12 + int(month) - 1 for year, month in ends]
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(numbers[0], numbers[1] + 1)]


@dataclass
class Page:
    """A page, what it is checked against, and what was found wrong with it."""

    facts: Facts
    path: str
    tree: Element
    faults: list[str] = field(default_factory=list)
    _checked: set[Element] = field(default_factory=set)

    @classmethod
    def of(cls, facts: Facts, path: str, text: str) -> Page:
        """Read a page."""
        return cls(facts, path, html.document_fromstring(text))

    def link(self, *parts: str, **query: str) -> str:
        """Return the address of something in this archive."""
        path = "/".join([f"/{self.facts.name}", *parts])
        return f"{path}?{urlencode(query)}" if query else path

    def row(self, table: str, key: str) -> str:
        """Return the address of a row."""
        return self.link(table, tilde_encode(key))

    def same(self, what: str, shown: Any, true: Any) -> None:
        """Note a fault where a page says something else than the rows."""
        if shown != true:
            self.faults.append(f"{self.path}: {what}: shown {shown!r}, in the rows {true!r}")

    def mark(self, *elements: Element | None) -> None:
        """Note that what stands here was checked."""
        for element in elements:
            if element is not None:
                self._checked.update(element.iter())

    def check(self, what: str, element: Element | None, true: str) -> None:
        """Check the whole text of an element; an empty one may be missing."""
        self.same(what, said(element), true)
        self.mark(element)

    def check_time(self, what: str, element: Element | None, value: str | None) -> None:
        """Check a date in words and as data."""
        if element is None:
            self.same(what, None, value or None)
            return
        self.check(what, element, day_words(value))
        self.same(f"{what}, as data", element.get("datetime"), value if moment_of(value) else None)
        if element.get("title"):
            self.same(f"{what}, its title", element.get("title"), moment_words(value))

    def finish(self) -> list[str]:
        """Return the faults, those of sentences that nothing checked included."""
        check_masthead(self)
        for region in self.tree.xpath(f"//body//*[{having('newsfeed')}]"):
            for element in region.iter():
                for text, owner in ((element.text, element), (element.tail, element.getparent())):
                    words = " ".join((text or "").split())
                    if not isinstance(owner.tag, str) or owner.tag in ("script", "style"):
                        continue
                    if re.search(r"\d", words) and owner not in self._checked:
                        self.faults.append(f"{self.path}: nobody checks: {words!r}")
        for text in self._own_sentences():
            if NONSENSE.search(text):
                self.faults.append(f"{self.path}: no sentence: {text!r}")
        return self.faults

    def _own_sentences(self) -> Iterable[str]:
        """Sentences and titles of the package, as far as records do not speak in them."""
        names = (
            "count",
            "more",
            "again",
            "none",
            "computed",
            "heading",
            "mark",
            "extent",
            "chosen",
            "facts",
            "times",
            "listing-count",
            "timeline-title",
            "named-kind",
        )
        for name in names:
            for element in found(self.tree, f"newsfeed-{name}"):
                if not element.xpath(f"ancestor::*[{having('newsfeed-topics')}]"):
                    yield said(element)
        yield from self.tree.xpath("//meta[@property='og:title']/@content")


# -- cards --------------------------------------------------------------------


@dataclass(frozen=True)
class Beside:
    """Where a card stands: on the page of which article or story."""

    article: str | None = None
    story: str | None = None
    mentioning: Sequence[str] = ()
    related: Sequence[str] = ()


def key_in(page: Page, address: str, table: str = "articles") -> str | None:
    """Return the key of the row to which an address leads, None if to something else."""
    start = page.link(table) + "/"
    path = urlsplit(address).path
    return tilde_decode(path.removeprefix(start)) if path.startswith(start) else None


def cards_in(page: Page, part: Element | None) -> list[tuple[str | None, Element]]:
    """Return the cards in a part of a page, each with the key of its article if it has one."""
    cards = [] if part is None else found(part, "newsfeed-card")
    keys = []
    for card in cards:
        address = only(card, "newsfeed-card-title").xpath("string(.//a/@href)")
        keys.append(key_in(page, address))
    return list(zip(keys, cards, strict=True))


def check_card(page: Page, key: str, card: Element, where: Beside, entry: Any = None) -> None:
    """Check a card of an article; `entry` is what another article says of it as related."""
    facts, row = page.facts, page.facts.articles[key]

    def told(name: str) -> Any:
        return (entry and entry[name]) or row[name]

    title = only(card, "newsfeed-card-title")
    page.check("title", title, " ".join(str(told("title") or facts.title(key)).split()))
    _check_byline(page, card, key, entry)
    _check_marks(page, card, where, _marks(page, key, where, related=entry is None))
    excerpt = only(card, "newsfeed-excerpt")
    _check_excerpt(page, key, excerpt, told("excerpt"), row["body"])
    _check_topics(page, card, [] if entry is not None else facts.topics(key))
    if entry is None or not found(card, "newsfeed-reason"):
        _check_reason(page, card, where.article, key)


def check_entry(page: Page, card: Element, entry: Any) -> None:
    """Check a card of a related article that is not in this archive."""
    page.check(
        "title",
        only(card, "newsfeed-card-title"),
        " ".join(str(entry["title"] or entry["url"] or "Untitled").split()),
    )
    _check_byline(page, card, None, entry)
    marks = [("Video", None)] if entry["type"] == "video" else []
    _check_marks(page, card, Beside(), [*marks, ("Elsewhere on the web", None)])
    _check_excerpt(page, None, only(card, "newsfeed-excerpt"), entry["excerpt"], None)
    _check_topics(page, card, [])


def _check_byline(page: Page, card: Element, key: str | None, entry: Any) -> None:
    facts = page.facts
    row = facts.articles[key] if key is not None else entry
    domain = (entry and entry["provider_id"]) or row["provider_id"]
    name = facts.providers[domain]["name"] if domain in facts.providers else None
    name = name or (entry and entry["provider_name"]) or row["provider_name"]
    provider = only(card, "newsfeed-provider")
    page.check("provider", provider, " ".join((name or "").split()))
    if provider is not None and provider.tag == "a":
        page.same("provider's link", key_in(page, provider.get("href"), "providers"), domain)
    page.mark(*found(card, "newsfeed-logo"))
    time = (entry and entry["published_at"]) or row["published_at"]
    byline = only(card, "newsfeed-byline")
    page.check_time("date", next(iter(byline.iter("time")), None), time)


def _marks(page: Page, key: str, where: Beside, *, related: bool) -> list[tuple[str, str | None]]:
    """Return the marks that the rows of an article bear out, each with where it leads."""
    facts, row = page.facts, page.facts.articles[key]
    marks: list[tuple[str, str | None]] = []
    if row["type"] == "video":
        marks.append(("Video", None))
    if row["heat"] is not None and row["heat"] >= 0:
        marks.append((f"Heat {row['heat']}", None))
    named = [entry["related_id"] or number for number, entry in enumerate(facts.related(key))]
    entries = len(set(named)) if related else 0
    if entries:
        marks.append((f"{entries:,} related", None))
    if key in where.related:
        marks.append(("Related", None))
    if key in where.mentioning:
        marks.append(("Mentions this", None))
    lead, story = facts.lead_of(key), row["story_id"]
    if lead is None:
        return marks
    if story == where.story:
        return [*marks, ("Leads the story", None)] if lead == key else marks
    size = len(facts.members(story))
    if lead == key:
        return [*marks, (f"and {size - 1:,} more", page.row("stories", story))]
    marks.append((f"one of {size:,}", page.row("stories", story)))
    return [*marks, ("Not the headline", page.row("articles", lead))]


def _check_marks(
    page: Page, card: Element, where: Beside, true: Iterable[tuple[str, str | None]]
) -> None:
    shown = []
    for mark in found(card, "newsfeed-mark"):
        text = re.split(r" on: |: | \(computed\)", said(mark))[0]
        shown.append((text, mark.get("href")))
        page.mark(mark)
    page.same("marks", sorted(shown, key=str), sorted(true, key=str))


def _check_excerpt(
    page: Page, key: str | None, element: Element | None, excerpt: str | None, body: str | None
) -> None:
    shown = letters(said(element).removesuffix("…"))
    told = bare_letters(excerpt) or bare_letters(body) or ""
    # A text is cut, and what is markup in it is no word of it.
    is_told = shown[:40] in told or shown[:40] in letters(excerpt) + letters(body)
    page.same(f"excerpt of {key}", shown[:40] if not is_told else "", "")
    page.mark(element)


def _check_topics(page: Page, card: Element, topics: list[str]) -> None:
    """Check the chips of topics, folded or not: each leads to the page of its topic."""
    chips = found(card, "newsfeed-topic")
    shown = topics[: len(chips)]
    page.same("topics", [said(chip) for chip in chips], [" ".join(t.split()) for t in shown])
    for chip, topic in zip(chips, shown, strict=False):
        page.same("topic's link", key_in(page, chip.get("href"), "topics"), topic)
    rest = only(card, "newsfeed-more-topics")
    left = len(topics) - len(chips)
    page.check("more topics", rest, f"and {left:,} more topics" if left else "")
    for fold in found(card, "newsfeed-folded"):
        folded = len(topics) - len(chips) + len(found(fold, "newsfeed-topic"))
        page.check("folded topics", fold.find("summary"), f"and {folded:,} more topics")
    page.mark(*chips)


def _check_reason(page: Page, card: Element, article: str | None, key: str) -> None:
    reason = only(card, "newsfeed-reason")
    if reason is None or article is None:
        return
    match = re.fullmatch(r"In both: (?:“(.*?)”)?(?:; )?(?:topics? (.*))?", said(reason))
    page.same("reason", match is not None, True)
    if match:
        both = [page.facts.text(article), page.facts.text(key)]
        # Another form of a word is the same word.
        words = [letters(word) for word in re.split(r"[,\s]+", match[1] or "") if word]
        stems = [word[: max(3, len(word) // 2)] for word in words]
        page.same("words in both", [s for s in stems if any(s not in text for text in both)], [])
        shared = [t for t in page.facts.topics(article) if t in page.facts.topics(key)]
        left = match[2] or ""
        for topic in shared:
            left = left.replace(" ".join(topic.split()), "", 1)
        page.same("topics in both", left.strip(" ,"), "")
    page.mark(reason)


# -- pages of rows ------------------------------------------------------------


def check_article(page: Page, key: str) -> None:
    """Check the page of an article."""
    facts, row = page.facts, page.facts.articles[key]
    full = only(page.tree, "newsfeed-full")
    article = only(full, "newsfeed-article")
    page.check("title", only(article, "newsfeed-headline"), " ".join(facts.title(key).split()))
    _check_full_byline(page, article, key)
    _check_lead(page, article, key)
    _check_topics(page, article, facts.topics(key))
    body = only(article, "newsfeed-body")
    told = bare_letters(row["body"]) + letters(row["body"])
    words = [letters(word) for word in said(body).split()]
    page.same("words of the text", [word for word in words if word not in told], [])
    lede = only(article, "newsfeed-lede")
    page.same("lede", letters(said(lede)).removesuffix("…")[:60] in letters(row["excerpt"]), True)
    page.mark(body, lede, *article.iter("figure"), *found(article, "newsfeed-gallery"))
    page.mark(*found(article, "newsfeed-way"))

    _check_citation(page, article, key)
    _check_history(page, article, key)
    _check_around(page, article, key)

    lead, story = facts.lead_of(key), row["story_id"]
    fellows = facts.column(
        f"select id from articles where story_id = ? and id <> ? {NEWEST} limit 12", story, key
    )
    fellows = fellows if lead else []
    entries = facts.related(key)
    # Two entries may mean one article of the archive, which is shown once.
    once: dict[Any, Any] = {}
    for place, entry in enumerate(entries[:24]):
        once.setdefault(entry["related_id"] or place, entry)
    where = Beside(
        key,
        story if lead else None,
        facts.mentioning(key)[:12],
        [each for each in once if each in fellows],
    )
    _check_fellows(page, full, key, fellows, where)
    _check_related(page, full, key, once, where)
    similar = cards_in(page, only(full, "newsfeed-similar"))
    for other, card in similar:
        check_card(page, str(other), card, where)
    above = {*fellows, *(each for each in once if each in facts.articles)}
    page.same("similar, and above", above & {each for each, _ in similar}, set())
    _check_mentions(page, full, where, above | {each for each, _ in similar})


def _check_citation(page: Page, article: Element, key: str) -> None:
    """Check the words of a citation, those that are printed, too, and the way to an old copy."""
    facts, row = page.facts, page.facts.articles[key]
    authors, name = facts.authors(key), facts.provider(row)
    day = day_words(row["published_at"])
    words = f"{', '.join(authors)}. " if authors else ""
    words += f"“{facts.title(key)}”."
    facts_of_it = ", ".join(each for each in (name, day) if each)
    words += f" {facts_of_it}." if facts_of_it else ""
    url = row["url"] if re.match(r"https?://", row["url"] or "") else None
    words += f" {url}." if url else ""
    words += f" Archived at http://localhost{page.row('articles', key)}"
    for place in ("citation", "source"):
        element = only(article, f"newsfeed-{place}")
        page.check(place, element, " ".join(words.split()))
    for way in article.xpath(".//a[contains(@href, '//web.archive.org/web/')]"):
        asked = re.search(r"/web/(\d+)/", way.get("href"))
        told = f"{moment_of(row['published_at']):%Y%m%d}"
        page.same("day of the old copy", asked and asked[1], told)


def _check_history(page: Page, article: Element, key: str) -> None:
    """Check how often an article changed, and each of the changes that it shows."""
    facts = page.facts
    fold = only(article, "newsfeed-history")
    edits = facts.rows(
        "select number, committed_at, size, is_draft from article_versions"
        " where article_id = ? and number > 1 and kinds not in ('', 'rating')"
        " order by number desc",
        key,
    )
    if not edits:
        page.same("changes", fold is not None, False)
        return
    since = facts.one("select min(committed_at) from article_versions where article_id = ?", key)
    words = f"Changed {counted(len(edits), 'time')} since {day_words(since)}"
    page.check("changes", None if fold is None else fold.find("summary"), words)
    if fold is None:
        return
    versions = found(fold, "newsfeed-version")
    for version, edit in zip(versions, edits, strict=False):
        page.check_time("version", next(version.iter("time")), edit["committed_at"])
        told = only(version, "newsfeed-facts")
        page.same("draft", ", draft ·" in said(told), bool(edit["is_draft"]))
        page.same("length", said(told).rpartition(" · ")[2], counted(edit["size"], "word"))
        page.mark(version)
        _check_changes(page, version.getparent(), key, edit["number"])
    page.same("versions", len(versions), min(len(edits), len(versions)) or 1)


CHANGED = {"title": "Headline", "body": "Text", "id": "Key"}
"""What readers call a column; others by its own name."""


def _check_changes(page: Page, version: Element, key: str, number: int) -> None:
    """Check that the words of a change are words of the text before or after it."""
    changes = page.facts.rows(
        "select field, before, after from article_changes where article_id = ? and number = ?"
        " and kind <> 'rating' order by position",
        key,
        number,
    )
    before, after = (
        "".join(bare_letters(each[side]) + letters(each[side]) for each in changes)
        for side in ("before", "after")
    )
    for path, told in (("del", before), ("ins", after)):
        for part in only(version, "newsfeed-changes").iter(path):
            # Without the word that tells a screen reader what it is.
            texts = part.xpath(f".//text()[not(ancestor::*[{having('newsfeed-unseen')}])]")
            words = [letters(word) for word in " ".join(texts).split()]
            page.same(f"words of {path}", [word for word in words if word not in told], [])
    names = {CHANGED.get(each["field"], each["field"].capitalize()) for each in changes}
    shown = {said(each) for each in only(version, "newsfeed-changes").iter("dt")}
    page.same("what changed", shown - names, set())
    page.mark(only(version, "newsfeed-changes"))


def _check_around(page: Page, article: Element, key: str) -> None:
    """Check the articles before and after this one, in its story, provider and topics."""
    facts, row = page.facts, page.facts.articles[key]
    dated = "published_at > ''"
    groups: list[tuple[str, str, str, list[str]]] = []
    if facts.lead_of(key):
        sql = f"select id from articles where story_id = ? and {dated} {NEWEST}"
        members = facts.column(sql, row["story_id"])
        groups.append(("stories", row["story_id"], "This story", members))
    if row["provider_id"] is not None:
        sql = f"select id from articles where provider_id = ? and {dated} {NEWEST}"
        name = facts.provider(row) or row["provider_id"]
        groups.append(
            ("providers", row["provider_id"], name, facts.column(sql, row["provider_id"]))
        )
    for topic in facts.topics(key)[:3]:
        sql = f"select id from articles where id in ({SELECTIONS['topics']}) and {dated} {NEWEST}"
        groups.append(("topics", topic, topic, facts.column(sql, topic)))
    true = []
    for table, each, name, keys in groups if row["published_at"] else []:
        place = keys.index(key)
        earlier = keys[place + 1 : place + 2]
        later = keys[max(place - 1, 0) : place]
        if earlier or later:
            true.append((page.row(table, each), " ".join(name.split()), earlier, later))
    part = only(article, "newsfeed-around")
    shown = []
    for item in [] if part is None else part.xpath("./ul/li"):
        name = only(item, "newsfeed-around-name")
        beside = []
        for side in ("earlier", "later"):
            links = found(item, f"newsfeed-{side}")
            keys = [str(key_in(page, each.get("href"))) for each in links]
            for link, other in zip(links, keys, strict=True):
                day = day_words(facts.articles[other]["published_at"])
                words = f"{side.capitalize()}, {day} {facts.articles[other]['title'] or 'Untitled'}"
                page.check(side, link, " ".join(words.split()))
            beside.append(keys)
        shown.append((name.get("href"), said(name), *beside))
        page.mark(name)
    page.same("earlier and later", shown, true)


def _check_full_byline(page: Page, article: Element, key: str) -> None:
    facts, row = page.facts, page.facts.articles[key]
    name = facts.provider(row) or ""
    page.check("provider", only(article, "newsfeed-provider"), " ".join(name.split()))
    credit = article.xpath(f"./p//*[{having('newsfeed-credit')}]")
    if credit:
        page.same("credit", letters(row["provider_name"]) in letters(said(credit[0])), True)
        page.same("credit beside the same name", row["provider_name"] != name, True)
    names = facts.authors(key)
    authors = only(article, "newsfeed-authors")
    page.check("authors", authors, f"by {', '.join(names)}" if names else "")
    byline = only(article, "newsfeed-byline")
    updated = only(byline, "newsfeed-updated")
    times = list(byline.iter("time"))
    if updated is not None:
        page.check_time("updated", times.pop(), row["updated_at"])
        page.mark(updated)
    else:
        page.same("updated", None, row["updated_at"])
    page.check_time("date", times[0] if times else None, row["published_at"])
    page.mark(*credit, *found(byline, "newsfeed-logo"))


def _check_lead(page: Page, article: Element, key: str) -> None:
    lead = page.facts.lead_of(key)
    true: list[tuple[str, str | None]] = []
    if page.facts.articles[key]["type"] == "video":
        true.append(("Video", None))
    if lead and lead != key:
        words = f"Not the headline: {' '.join(page.facts.title(lead).split())} leads this story"
        true.append((words, page.row("articles", lead)))
    marks = article.xpath(f"./p[{having('newsfeed-marks')}]/*")
    shown = [(said(mark), mark.xpath("string(.//a/@href)") or None) for mark in marks]
    page.same("marks of the article", sorted(shown, key=str), sorted(true, key=str))
    page.mark(*marks)


def _check_related(
    page: Page, full: Element, key: str, once: dict[Any, Any], where: Beside
) -> None:
    """Check the related articles; those that are listed with the story are counted alone."""
    part = only(full, "newsfeed-related")
    cards = cards_in(page, part)
    entries = [entry for each, entry in once.items() if each not in where.related]
    page.same("related", [each for each, _ in cards], [e["related_id"] for e in entries])
    for (other, card), entry in zip(cards, entries, strict=False):
        if other is None:
            check_entry(page, card, entry)
        else:
            check_card(page, other, card, where, entry)
    page.same("a heading of related articles", part is not None, bool(once))
    if part is None:
        return
    start = "Also related: " if entries else ""
    above = counted(len(where.related), "article")
    words = f"{start}{above} above, marked “Related”." if where.related else ""
    page.check("related above", only(part, "newsfeed-again"), words)
    sql = "select count(distinct coalesce(related_id, position)) from related_articles"
    total = page.facts.one(f"{sql} where article_id = ?", key)
    words = f"All {counted(total, 'related article')}" if total > len(once) else ""
    page.check("more related", only(part, "newsfeed-more"), words)


def _check_fellows(page: Page, full: Element, key: str, fellows: list[str], where: Beside) -> None:
    part = only(full, "newsfeed-fellows")
    cards = cards_in(page, part)
    page.same("others on this story", [each for each, _ in cards], fellows)
    for other, card in cards:
        check_card(page, str(other), card, where)
    if part is not None:
        more, size = only(part, "newsfeed-more"), len(page.facts.members(str(where.story)))
        page.check("size", more, f"All {counted(size, 'article')} of this story")
        page.same("way to the story", more.xpath(".//@href"), [page.row("stories", where.story)])


def _check_mentions(page: Page, full: Element, where: Beside, above: set[Any]) -> None:
    part = only(full, "newsfeed-mentions")
    mentioning = list(where.mentioning)
    shown = mentioning[:12]
    cards = cards_in(page, part)
    page.same("mentions", [each for each, _ in cards], [e for e in shown if e not in above])
    for other, card in cards:
        check_card(page, str(other), card, Beside(where.article, where.story))
    if part is None:
        page.same("mentions", [], mentioning)
        return
    new = [each for each in mentioning[:12] if each not in above]
    start = "Also mentioned" if new else "Mentioned"
    count = counted(len(shown) - len(new), "article")
    words = f"{start} in {count} above, marked “Mentions this”." if len(new) < len(shown) else ""
    page.check("mentions above", only(part, "newsfeed-again"), words)
    total = len(page.facts.mentioning(str(where.article)))
    words = f"All {counted(total, 'mention')}" if total > len(shown) else ""
    page.check("all mentions", only(part, "newsfeed-more"), words)


def check_story(page: Page, key: str) -> None:
    """Check the page of a story."""
    facts = page.facts
    story, members = facts.stories[key], facts.members(key)
    part = only(page.tree, "newsfeed-story")
    lead = story["headline_id"]
    page.same("lead is of the story", lead in members, True)
    page.check("title", only(part, "newsfeed-headline"), " ".join(facts.title(lead).split()))
    _check_extent(page, only(part, "newsfeed-extent"), members)
    cards = cards_in(page, only(part, "newsfeed-course"))
    page.same("articles", [each for each, _ in cards], members[:100])
    whens = found(part, "newsfeed-when")
    for (each, card), when in zip(cards, whens, strict=True):
        time = facts.articles[each]["published_at"]
        page.check("when", when, moment_words(time) if time else "No date")
        check_card(page, str(each), card, Beside(story=key))
    _check_voices(page, part, members[:100])
    start = "These are the first 100. " if len(members) > 100 else ""
    size = counted(len(members), "article")
    words = f"{start}All {size} of this story, with filters · All stories"
    page.check("all of the story", only(part, "newsfeed-more"), words)


def _check_extent(page: Page, element: Element, members: list[str]) -> None:
    size = only(element, "newsfeed-size")
    page.check("size", size, counted(len(members), "article"))
    times = [page.facts.articles[each]["published_at"] for each in members]
    times = sorted(time for time in times if time)
    shown = list(element.iter("time"))
    if times:
        page.check_time("first", shown[0] if shown else None, times[0])
        page.check_time(
            "last", shown[-1] if shown else None, times[-1] if len(shown) > 1 else times[0]
        )
        page.same("days", len(shown), len({day_words(times[0]), day_words(times[-1])}))
    page.mark(element)


def _check_voices(page: Page, part: Element, members: list[str]) -> None:
    by_provider: dict[str, list[str]] = {}
    for each in members:
        row = page.facts.articles[each]
        by_provider.setdefault(row["provider_id"] or row["provider_name"] or "", []).append(each)
    voices = only(part, "newsfeed-voices").xpath("./li")
    page.same("providers", len(voices), len(by_provider))
    for voice, keys in zip(voices, by_provider.values(), strict=False):
        row = page.facts.articles[keys[0]]
        name = page.facts.provider(row) or "Unknown provider"
        page.check("provider", only(voice, "newsfeed-provider"), " ".join(name.split()))
        times = only(voice, "newsfeed-times")
        count = f" {len(keys)} articles" if len(keys) > 1 else ""
        first = moment_words(row["published_at"]) if row["published_at"] else ""
        page.check("first report", times, f"{first}{count}".strip())
        page.mark(voice)


SELECTIONS = {
    "topics": "select article_id from article_topics where topic = ?",
    "providers": "select id from articles where provider_id = ?",
    "authors": "select article_id from article_authors where author = ?",
    "images": "select article_id from article_images where image_id = ?",
}


def check_selection(page: Page, table: str, key: str) -> None:
    """Check the page of a topic, a provider, an author or an image."""
    facts = page.facts
    true = facts.column(
        f"select id from articles where id in ({SELECTIONS[table]}) order by published_at desc, id",
        key,
    )
    part = only(page.tree, "newsfeed-newest")
    if part is None:
        page.same("articles", [], true if table != "images" else [])
        return
    name = facts.providers[key]["name"] or key if table == "providers" else key
    if table != "images":
        page.check("name", only(part, "newsfeed-headline"), " ".join(name.split()))
    cards = cards_in(page, part)
    page.same("newest", [each for each, _ in cards], true[:12])
    for each, card in cards:
        check_card(page, str(each), card, Beside())
    words = counted(len(true), "article")
    page.check("count", only(part, "newsfeed-extent"), words if true else "")
    more = only(part, "newsfeed-more")
    name = " ".join(name.split())
    joint = {"topics": "about", "authors": "by"}.get(table, "from")
    is_more = len(true) > 12 and table != "images"
    page.check("all", more, f"All {words} {joint} {name}" if is_more else "")
    for way in part.xpath(f"./p[{having('newsfeed-extent')} or {having('newsfeed-more')}]/a"):
        if table == "authors":
            asked = ("author", key)
            page.same("all", asked in parse_qsl(urlsplit(way.get("href")).query), True)
        else:
            page.same("all", facts.chosen(urlsplit(way.get("href")).query), true)
    check_timeline(page, part, true)
    by = {"topics": "providers", "providers": "topics"}.get(table)
    figure = only(part, "newsfeed-multiples")
    if by is not None:
        check_multiples(page, figure, by, 8, within=(table, key))
        drawn_of = facts.column(f"{DISTINCT_PARTS[by]} in ({SELECTIONS[table]})", key)
        words = "These are the 8 with most articles. All of them are filters of the list."
        largest = only(part, "newsfeed-sentence")
        page.check("the largest parts", largest, words if len(drawn_of) >= 8 else "")
        for way in largest.xpath("./a") if largest is not None else ():
            page.same("all", facts.chosen(urlsplit(way.get("href")).query), true)
    else:
        page.same("parts over time", figure, None)
    page.mark(*found(part, "newsfeed-portrait"), *found(part, "newsfeed-figure"))


DISTINCT_PARTS = {
    "providers": "select distinct provider_id from articles where provider_id > '' and id",
    "topics": "select distinct topic from article_topics where article_id",
}

PARTS = {
    "topics": "select topic, article_id from article_topics",
    "providers": "select provider_id, id from articles where provider_id > ''",
}


BAR = re.compile(r"M(\d+) (\d+)v-([\d.]+)h\d+V\d+")


def check_multiples(
    page: Page, figure: Element | None, by: str, most: int, within: tuple[str, str] | None = None
) -> None:
    """Check topics or providers over time: names, numbers, bars with their titles, the table.

    within: the table and the key of the row whose articles they are; all articles without.
    """
    facts = page.facts
    kept = set(facts.column(SELECTIONS[within[0]], within[1]) if within else facts.articles)
    parts: dict[str, list[str]] = {}
    for part, article in facts.rows(PARTS[by]):
        if article in kept:
            parts.setdefault(part, []).append(article)
    order = sorted(parts, key=lambda part: (-len(parts[part]), part))[:most]
    months = {part: [day[:7] for day in newest_days(facts, parts[part])] for part in order}
    dated = sorted(month for each in months.values() for month in each)
    span = months_between(dated[0], dated[-1]) if dated else []
    unit, length = ("year", 4) if len(span) > MOST_MONTHS else ("month", 7)
    periods = list(dict.fromkeys(month[:length] for month in span))
    if not 2 <= len(periods) <= 120:
        page.same(f"{by} over time", figure is not None, False)
        return
    if figure is None:
        page.same(f"{by} over time", None, order)
        return
    true = {part: Counter(month[:length] for month in months[part]) for part in order}
    words = [period_words(period) for period in periods]
    highest = max(n for counts in true.values() for n in counts.values())
    title = f"{by.capitalize()} by {unit}" if within else f"Articles by {unit}"
    end = f" (highest: {highest:,} a {unit})" if within else ""
    caption = only(figure, "newsfeed-timeline-title")
    page.check("caption", caption, f"{title}, {words[0]} – {words[-1]}{end}")
    rows = figure.xpath("./ul/li")
    names = [" ".join(facts.name_of(by, part).split()) for part in order]
    page.same(by, [said(only(row, "newsfeed-multiple-name")) for row in rows], names)
    for row, part in zip(rows, order, strict=False):
        link = only(row, "newsfeed-multiple-name").get("href")
        if within:
            same = sorted(facts.chosen(urlsplit(link).query)) == sorted(set(parts[part]))
            page.same(f"articles behind {part}", same, True)
        else:
            page.same(f"link of {part}", key_in(page, link, by), part)
        count = counted(len(parts[part]), "article")
        page.check(f"number of {part}", only(row, "newsfeed-count"), count)
        spark = only(row, "newsfeed-spark")
        top = max(true[part].values(), default=0)
        first = next((p for p in periods if true[part][p] == top), "")
        words_of_top = f"highest: {top:,} in {period_words(first)}" if top else ""
        page.check(f"highest of {part}", spark.find("title"), words_of_top)
        _check_heights(page, spark, part, periods, true[part], highest if within else 0)
        page.mark(row)
    table = next(iter(figure.iter("table")), None)
    page.same("numbers as a table", table is not None, within is not None)
    if table is not None:
        cells = [[said(cell) for cell in row.xpath("./*")] for row in table.iter("tr")]
        page.same("head of the table", cells[0], [unit.capitalize(), *names])
        numbers = [
            [word, *(f"{true[part][period]:,}" for part in order)]
            for word, period in zip(words, periods, strict=True)
        ]
        page.same("numbers of the table", cells[1:], numbers)
        page.mark(table)


def _check_heights(
    page: Page, spark: Element, part: str, periods: list[str], true: Counter[str], highest: int
) -> None:
    """Check that each bar stands at its period, and is as high as its number, seen at least."""
    wide, high = (float(each) for each in spark.get("viewbox").split()[2:])
    top = highest or max(true.values(), default=0)
    bars = BAR.findall(spark.find("path").get("d") or "")
    drawn = [p for p in periods if true[p]]
    page.same(f"number of bars of {part}", len(bars), len(drawn))
    for (x, y, height), period in zip(bars, drawn, strict=False):
        shown = [float(each) for each in (x, y, height)]
        right = [
            periods.index(period) * wide / len(periods),
            high,
            max(high * true[period] / top, 3),
        ]
        is_right = all(abs(a - b) < 0.02 for a, b in zip(shown, right, strict=True))
        page.same(f"bar of {part} in {period}", shown if not is_right else right, right)


def check_tallies(page: Page, table: str) -> None:
    """Check the list of topics or of providers with their numbers."""
    facts = page.facts
    of = "topic" if table == "topics" else "provider_id"
    source = "article_topics" if table == "topics" else "articles where provider_id is not null"
    true = dict(facts.rows(f"select {of}, count(*) from {source} group by 1"))  # type: ignore[arg-type]
    shown = {}
    for item in found(page.tree, "newsfeed-tallies")[0].xpath(".//li"):
        key = str(key_in(page, item.xpath("string(.//a/@href)"), table))
        name = " ".join(facts.name_of(table, key).split())
        page.same("name", said(item.find(".//a"))[: len(name)], name)
        count = number(said(only(item, "newsfeed-count")))
        shown[key] = count
        words = said(item)
        page.same(
            f"grammar of {key}",
            bool(re.search(r"\b1 articles|\b(?!1\b)\d+ article\b", words)),
            False,
        )
        time = next(iter(item.iter("time")), None)
        if time is not None:
            newest = facts.one("select max(published_at) from articles where provider_id = ?", key)
            page.check_time("newest", time, newest)
        page.mark(item)
    limit = 60 if table == "topics" else 30
    page.same("numbers", {k: true.get(k) for k in shown}, shown)
    order = sorted(shown.values(), reverse=True)
    page.same("order", list(shown.values()), order)
    page.same("the most frequent", order, sorted(true.values(), reverse=True)[: len(order)])
    total = facts.one(f"select count(*) from {table}")
    more = only(page.tree, "newsfeed-more")
    if more is not None:
        words = f"These are the {len(shown)} with most articles. All {total:,} {table}"
        page.check("more", more, words)
    else:
        page.same("all are shown", len(shown) >= min(len(true), limit), True)


def check_stories(page: Page) -> None:
    """Check the list of stories."""
    facts = page.facts
    order = facts.column("select id from stories order by last_published_at desc, id limit 100")
    hits = found(page.tree, "newsfeed-hit")
    keys = [
        key_in(page, only(hit, "newsfeed-hit-title").xpath("string(.//a/@href)"), "stories")
        for hit in hits
    ]
    page.same("stories", keys, order[: len(keys)])
    count = only(page.tree, "newsfeed-listing-count")
    page.check(
        "count", count, counted(facts.one("select count(*) from stories"), "story", "stories")
    )
    for key, hit in zip(keys, hits, strict=True):
        story, members = facts.stories[str(key)], facts.members(str(key))
        page.same("size in its row", story["size"], len(members))
        title = " ".join(facts.title(story["headline_id"]).split())
        page.check("title", only(hit, "newsfeed-hit-title"), title)
        bylines = found(hit, "newsfeed-byline")
        _check_extent(page, bylines[0], members)
        names = list(
            dict.fromkeys(
                name for each in members if (name := facts.provider(facts.articles[each]))
            )
        )
        if bylines[1:]:
            words = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if names[6:] else "")
            page.check("providers", bylines[1], " ".join(words.split()))
        row = facts.articles[story["headline_id"]]
        _check_excerpt(page, key, only(hit, "newsfeed-excerpt"), row["excerpt"], row["body"])


# -- the articles page --------------------------------------------------------


def check_articles(page: Page, query: str, *, is_first: bool = True) -> None:
    """Check the articles page of a query: its cards, chips, facets and timeline."""
    facts = page.facts
    true = facts.chosen(query)
    listing = only(page.tree, "newsfeed-listing-main")
    cards = cards_in(page, listing)
    keys = [str(each) for each, _ in cards]
    if is_first:
        page.same("articles", keys, true[: len(keys)])
        page.same("none", bool(cards), bool(true))
    for key, card in zip(keys, [card for _, card in cards], strict=True):
        check_card(page, key, card, Beside())
    _check_row_count(page, len(true))
    count = only(page.tree, "newsfeed-listing-count")
    page.check("count", count, counted(len(true), "article"))
    title = page.tree.xpath("string(//meta[@property='og:title']/@content)")
    page.check("title", only(page.tree, "newsfeed-listing-title"), " ".join(title.split()))
    _check_place(page, len(true), len(cards), is_first=is_first)
    facets = found(page.tree, "newsfeed-facet")
    for facet in facets:
        _check_facet(page, facet, query, true)
    _check_chips(page, query)
    check_timeline(page, page.tree, true)
    _check_days(page, query)


DAY_FILTERS = ("published_at__gte", "published_at__lt")


def _check_days(page: Page, query: str) -> None:
    """Check the ways from the days chosen to others, and the days that the form begins with."""
    before = _pairs(f"?{query}")
    rest = sorted(pair for pair in before if pair[0] not in DAY_FILTERS)
    chosen = dict(before)
    first, end = (day_of(chosen.get(name)) for name in DAY_FILTERS)
    ways = page.tree.xpath(f"//*[{having('newsfeed-periods')}]/a[not({having('newsfeed-begin')})]")
    is_span = first is not None and end is not None and first < end
    if not is_span:
        page.same("other days", len(ways), 0)
    for way in ways if first and end else ():
        name, _, words = said(way).partition(": ")
        pairs = _pairs(way.get("href"))
        page.same("filters kept", sorted(p for p in pairs if p[0] not in DAY_FILTERS), rest)
        low, high = (day_of(dict(pairs).get(each)) for each in DAY_FILTERS)
        if low is None or high is None or first is None or end is None:
            page.same(f"days of {name}", (low, high), "two days")
            continue
        page.same("days in words", words, span_words(low, high))
        edge = {"Previous": (high, first), "Next": (low, end)}.get(name)
        months = {"Month": 1, "Quarter": 3, "Year": 12}.get(name)
        if months is not None:
            page.same(
                f"length of {name}", (high.year - low.year) * 12 + high.month - low.month, months
            )
            page.same(f"{name} begins", (low.day, (low.month - 1) % months), (1, 0))
            is_within = low <= first and end <= high, first <= low and high <= end
            page.same(f"{name} holds the days chosen, or is a part", any(is_within), True)
        elif edge is not None:
            page.same(f"{name} is beside the days chosen", *edge)
        else:
            page.same("a year before", (low.year, low.month), (first.year - 1, first.month))
        page.mark(way)
    begin = only(page.tree, "newsfeed-begin")
    if begin is not None and first is not None:
        name = dict(parse_qsl(urlsplit(begin.get("href")).query))["_from_period"]
        page.same(
            "a range begins",
            (said(begin), day_of(name)),
            (f"From {period_words(name)} until …", first),
        )
        page.mark(begin)
    form = only(page.tree, "newsfeed-days")
    if form is not None:
        last = None if end is None else end - timedelta(days=1)
        shown = [
            form.xpath(f"string(.//input[@name='{each}']/@value)")
            for each in ("_from_day", "_to_day")
        ]
        page.same("days of the form", shown, [str(first or ""), str(last or "")])


def day_of(bound: str | None) -> date | None:
    """Return the day with which a year, a month or a day begins; None without one."""
    text = {4: f"{bound}-01-01", 7: f"{bound}-01"}.get(len(bound or ""), bound or "")
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def span_words(first: date, end: date) -> str:
    """Return days in words, `end` not included: a year, month or day, or from one to another."""
    last = end - timedelta(days=1)
    is_of_months = first.day == end.day == 1
    length = (4 if first.month == end.month == 1 else 7) if is_of_months else 10
    words = [period_words(str(each)[:length]) for each in (first, last)]
    return words[0] if words[0] == words[1] else " to ".join(words)


def _check_place(page: Page, total: int, shown: int, *, is_first: bool) -> None:
    """Check where in its list a page says that it is: `1–50 of 87`."""
    place = only(page.tree, "newsfeed-pages")
    if place is None:
        page.same("one page", shown, total)
        return
    words = said(place.find("span"))
    numbers = [int(each.replace(",", "")) for each in re.findall(r"[\d,]+", words)]
    if is_first:
        page.same("place", numbers, [1, shown, total])
    page.same("place", [numbers[1] - numbers[0] + 1, numbers[2]], [shown, total])
    page.mark(place)


def _check_row_count(page: Page, count: int) -> None:
    """Datasette's own sentence over a table."""
    for heading in page.tree.xpath("//h3"):
        match = re.match(r"([\d,]+) rows?\b", said(heading))
        if match:
            page.same("rows", number(match[1]), count)


def _pairs(address: str) -> list[tuple[str, str]]:
    """What an address says about which rows."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return [
        (k, v) for k, v in pairs if not k.startswith("_") or k in ("_topic", "_related", "_search")
    ]


def check_search_facets(page: Page, query: str, keys: list[str]) -> None:
    """Check the facets and the timeline of a search, which found these articles."""
    for facet in found(page.tree, "newsfeed-facet"):
        _check_facet(page, facet, query, keys)
    check_timeline(page, page.tree, keys)


def _check_facet(page: Page, facet: Element, query: str, true: list[str]) -> None:
    column = facet.get("data-column")
    items = facet.xpath("./ul/li")
    page.same(f"{column}: a heading with nothing below", bool(items), True)
    labels = [said(only(item, "newsfeed-facet-label")) for item in items]
    if len(items) == 1 and not found(facet, "newsfeed-chosen"):
        page.same(f"{column}: nothing but no value", labels[0] in ("no value", "no date"), False)
    for item, label in zip(items, labels, strict=True):
        link = item.xpath("string(./a/@href)")
        shown = only(item, "newsfeed-facet-count")
        if shown is None:
            continue
        is_chosen = "newsfeed-chosen" in (item.get("class") or "")
        # Of a search those that it found are left by the filter, which the words do not tell.
        asked = urlsplit(link).query
        left = set(true) if "q=" in query else set(page.facts.articles)
        articles = true if is_chosen else [e for e in page.facts.chosen(asked) if e in left]
        page.same(f"{column}: {label}", number(said(shown)), len(articles))
        if not is_chosen:
            _check_label(page, column, label, link, query)
        page.mark(item)


def _check_label(page: Page, column: str, label: str, link: str, query: str) -> None:
    """Hold the words of a facet's value against the filter that it sets."""
    before = _pairs(f"?{query}")
    new = [pair for pair in _pairs(link) if pair not in before]
    if not new:
        return
    key, value = new[-1]
    bounds = dict(_pairs(link))
    if column == "topics":
        page.same("topic", label, " ".join(value.split()))
    elif column == "provider_id":
        page.same("provider", label, " ".join(page.facts.providers[value]["name"].split()))
    elif column == "type":
        page.same("kind", label, value)
    elif column == "is_headline":
        page.same("place", label, "Headlines" if value == "1" else "Other reports")
    elif key.endswith("__isblank") and column in ("heat", "published_at"):
        page.same("blank", label, {"heat": "no value", "published_at": "no date"}[column])
    elif column == "heat":
        low, high = bounds.get("heat__gte"), bounds.get("heat__lt")
        words = (
            f"below {high}"
            if low is None
            else f"from {low}"
            if high is None
            else f"{low} to {int(high) - 1}"
        )
        page.same("band", label, words)


def _plain(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0].removesuffix("__exact"), pair[1]


def _check_chips(page: Page, query: str) -> None:
    """Each filter of the address has a chip, and each chip takes off some filter, no other."""
    before = [_plain(pair) for pair in _pairs(f"?{query}")]
    chips = found(page.tree, "newsfeed-chip")
    taken = []
    for chip in chips:
        after = [_plain(pair) for pair in _pairs(chip.get("href"))]
        page.same("a chip adds nothing", [pair for pair in after if pair not in before], [])
        gone = [pair for pair in before if pair not in after]
        page.same("a chip takes something off", bool(gone), True)
        taken += gone
        page.mark(chip)
    asked = [(k, v) for k, v in before if v.strip()]
    page.same("filters with a chip", sorted(set(taken)), sorted(set(asked)))
    button = only(page.tree, "newsfeed-open-filters")
    if button is not None:
        count = only(button, "newsfeed-count")
        page.check("chosen", count, str(len(chips)) if chips else "")


def check_timeline(page: Page, part: Element, articles: list[str]) -> None:
    """Check bars over time, as a picture and as a table."""
    figure = only(part, "newsfeed-timeline")
    if figure is None:
        return
    caption = said(only(figure, "newsfeed-timeline-title"))
    unit = caption.removeprefix("Articles by ").split(" ")[0]
    length = {"year": 4, "month": 7, "day": 10}[unit]
    true: dict[str, int] = {}
    for day in newest_days(page.facts, articles):
        true[period_words(day[:length])] = true.get(period_words(day[:length]), 0) + 1
    rows = [
        (said(row.find("th")), number(said(row.find("td")))) for row in figure.xpath(".//tbody/tr")
    ]
    page.same("timeline", {label: n for label, n in rows if n}, true)
    page.same("highest", number(caption), max(true.values()))
    titles = [said(title) for title in figure.iter("title")]
    page.same("bars", titles, [f"{label}: {n:,}" for label, n in rows])
    ends = [said(each) for each in only(figure, "newsfeed-timeline-ends")]
    page.same("ends", ends, [rows[0][0], rows[-1][0]])
    page.mark(figure)


# -- the front, the search ----------------------------------------------------


def check_front(page: Page) -> None:
    """Check the front page of an archive, or the one of all with this archive alone."""
    facts = page.facts
    part = only(page.tree, "newsfeed-front")
    numbers = only(part, "newsfeed-numbers").xpath("./li")
    times = sorted(row["published_at"] for row in facts.articles.values() if row["published_at"])
    span = " – ".join(dict.fromkeys(day_words(each) for each in (*times[:1], *times[-1:])))
    things = {
        "articles": ("article", None, facts.one("select count(*) from articles")),
        "stories": ("story", "stories", facts.one("select count(*) from stories")),
        "topics": ("topic", None, facts.one("select count(*) from topics")),
        "providers": (
            "provider",
            None,
            facts.one(
                "select count(distinct provider_id) from articles"
                " where provider_id in (select domain from providers)"
            ),
        ),
    }
    true = [
        counted(n, one, many) for name, (one, many, n) in things.items() if n or name != "stories"
    ]
    page.same("numbers", [said(each) for each in numbers], [*true, *([span] if span else [])])
    for element in numbers:
        page.mark(element)
    told = _check_leading(page, part)
    story = told and facts.lead_of(told[0]) and facts.articles[told[0]]["story_id"]
    if not found(part, "newsfeed-reports"):
        story = None
    cards = cards_in(page, part)[bool(told) :]
    newest = [each for each in facts.chosen("") if each not in told]
    page.same("newest", [each for each, _ in cards], newest[:4])
    for each, card in cards:
        check_card(page, str(each), card, Beside())
    lists = part.xpath(f"./p[{having('newsfeed-more')}]")
    total = things["articles"][2]
    start = "All " if total != 1 else ""
    words = f"{start}{counted(total, 'article')}, newest first"
    page.check("all articles", lists[0] if lists else None, words if total else "")
    _check_front_stories(page, part, story, things["stories"][2])
    for table, most in (("topics", 12), ("providers", 10)):
        column = _column(part, table)
        figure = None if column is None else only(column, "newsfeed-multiples")
        check_multiples(page, figure, table, most)
        if column is not None:
            words = counted(things[table][2], things[table][0])
            words = f"All {words}" if things[table][2] != 1 else words
            page.check(f"all {table}", only(column, "newsfeed-more"), words)


def _column(part: Element, name: str) -> Element | None:
    """Return the stories, topics or providers of a front page."""
    headings = part.xpath(f".//*[starts-with(@id, 'newsfeed-front-{name}')]")
    return headings[0].getparent() if headings else None


def _check_leading(page: Page, part: Element) -> list[str]:
    """Check the article that leads a front page, and the reports beside it; return them."""
    facts = page.facts
    lead = only(part, "newsfeed-lead")
    if lead is None:
        page.same("what leads", None, None if not newest_days(facts, facts.articles) else "one")
        return []
    ((key, card),) = cards_in(page, lead)
    key = str(key)
    row = facts.articles[key]
    reports = only(lead, "newsfeed-reports")
    story = row["story_id"] if facts.lead_of(key) else None
    if reports is None:
        story = None
    check_card(page, key, card, Beside(story=story))
    keys = []
    if reports is not None:
        items = reports.xpath(".//li")
        for item in items:
            link = item.xpath("./a")[0]
            other = str(key_in(page, link.get("href")))
            keys.append(other)
            page.check("report", link, " ".join(facts.title(other).split()))
            name = facts.provider(facts.articles[other]) or ""
            page.check("provider", only(item, "newsfeed-provider"), " ".join(name.split()))
        members = facts.members(str(story))
        page.same("reports of the story", set(keys) <= set(members) - {key}, True)
        page.same("reports", len(set(keys)), min(len(members) - 1, 6))
        size = counted(len(members), "article")
        page.check("size", only(reports, "newsfeed-more"), f"All {size} of this story")
    _check_heat_of_lead(page, key)
    return [key, *keys]


def _check_heat_of_lead(page: Page, key: str) -> None:
    """Check that the hottest news of the latest days leads, with a picture if any has one."""
    facts = page.facts
    dated = [row for row in facts.articles.values() if (row["published_at"] or "") > ""]
    last = max(row["published_at"] for row in dated)[:10]
    story = None
    for days in (7, 31):
        first = (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat()
        latest = [row for row in dated if row["published_at"] >= first]
        told: dict[str, list[int]] = {}
        for row in latest:
            if row["story_id"]:
                told.setdefault(row["story_id"], []).append(heat_of(row))
        most = max(((max(heats), len(heats)) for heats in told.values()), default=None)
        if most is not None:
            stories = [each for each in told if (max(told[each]), len(told[each])) == most]
            newest = {row["story_id"]: row["published_at"] for row in sorted(latest, key=time_of)}
            story = max(stories, key=lambda each: newest[each])
            break
    first = (date.fromisoformat(last) - timedelta(days=6)).isoformat()
    latest = [row for row in dated if row["published_at"] >= first]
    seen = [row for row in latest if row["image_id"]] or latest
    members = facts.members(story) if story else []
    has_picture = any(facts.articles[each]["image_id"] for each in members)
    if members and (has_picture or not any(row["image_id"] for row in latest)):
        page.same("what leads is of the hottest story", key in members, True)
    else:
        hottest = max(heat_of(row) for row in seen)
        page.same("what leads is the hottest", heat_of(facts.articles[key]), hottest)


def time_of(row: Any) -> str:
    """Return when an article was published."""
    return str(row["published_at"])


def heat_of(row: Any) -> int:
    """Return the heat of an article, -1 without one."""
    return row["heat"] if isinstance(row["heat"], int) else -1


def _check_front_stories(page: Page, part: Element, leading: str | None, total: int) -> None:
    """Check the newest stories of a front page, each with its size and the day of its newest."""
    facts = page.facts
    column = _column(part, "stories")
    order = facts.column("select id from stories order by last_published_at desc, id")
    true = [each for each in order if each != leading][:5]
    items = [] if column is None else only(column, "newsfeed-lines").xpath("./li")
    keys = [key_in(page, item.xpath("string(./a/@href)"), "stories") for item in items]
    page.same("stories", keys, true)
    for item, key in zip(items, true, strict=False):
        members = facts.members(key)
        title = facts.title(facts.stories[key]["headline_id"])
        page.check("title", item.find("a"), " ".join(title.split()))
        last = max(facts.articles[each]["published_at"] or "" for each in members)
        page.check_time("newest", next(iter(item.iter("time")), None), last)
        size = counted(len(members), "article")
        words = f"{size}, {day_words(last)}" if last else size
        page.check("size", only(item, "newsfeed-facts"), words)
    if column is not None:
        words = counted(total, "story", "stories")
        more = only(column, "newsfeed-more")
        page.check("all stories", more, f"All {words}" if total != 1 else words)


def check_masthead(page: Page) -> None:
    """Check that the lists of the masthead are those that hold something."""
    masthead = only(page.tree, "newsfeed-masthead")
    if masthead is None:
        page.same("masthead", masthead is not None, True)
        return
    facts = page.facts
    filled = [
        name
        for name in ("articles", "stories", "topics", "providers")
        if facts.one(f"select count(*) from {name}")
    ]
    links = masthead.xpath(".//li/a[not(@data-newsfeed-list)]")
    page.same("lists", [each.get("href") for each in links], [page.link(each) for each in filled])
    page.same("names of lists", [said(each) for each in links], [n.capitalize() for n in filled])
    here = urlsplit(page.path).path
    for link in links:
        own = link.get("href")
        true = "page" if here == own else "true" if here.startswith(f"{own}/") else None
        page.same("the list of this page", link.get("aria-current"), true)
    words = dict(parse_qsl(urlsplit(page.path).query, keep_blank_values=True))
    fields = page.tree.xpath("//input[@type='search' and @name='q']/@value")
    page.same("what was searched for", fields, [words.get("q", words.get("_search", ""))[:300]])


def check_search(page: Page, words: str) -> list[str]:
    """Check a page of the search; return the articles it shows."""
    hits = found(page.tree, "newsfeed-hit")
    keys = []
    for hit in hits:
        title = only(hit, "newsfeed-hit-title")
        key = str(key_in(page, title.xpath("string(.//a/@href)")))
        keys.append(key)
        page.check("title", title, " ".join(page.facts.title(key).split()))
        _check_byline(page, hit, key, None)
        snippet = only(hit, "newsfeed-snippet")
        row = page.facts.articles[key]
        # Word by word: a piece may begin and end within a link of the Markdown.
        told = "".join(
            read(row[name]) for name in ("excerpt", "body") for read in (bare_letters, letters)
        )
        shown = [letters(word) for word in said(snippet).replace("…", " ").split()]
        page.same("snippet", [word for word in shown if word not in told], [])
        page.mark(snippet)
    _check_named(page)
    return keys


def _check_named(page: Page) -> None:
    """Check the topics, providers and authors that are found by name, each with its number."""
    for part in found(page.tree, "newsfeed-named"):
        for item in part.xpath("./li"):
            link = item.find("a")
            table = urlsplit(link.get("href")).path.split("/")[2]
            key = str(key_in(page, link.get("href"), table))
            page.same("name", said(link), " ".join(page.facts.name_of(table, key).split()))
            true = len(page.facts.column(SELECTIONS[table], key))
            kind = f"{table.removesuffix('s').capitalize()}, {counted(true, 'article')}"
            page.check("number", only(item, "newsfeed-named-kind"), kind)
            page.mark(item)


Check = Callable[[Page], None]
