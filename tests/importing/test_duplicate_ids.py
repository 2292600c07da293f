"""Who holds an id is decided by the files alone, and each that loses it is named once."""

from __future__ import annotations

import random
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from datasette_newsfeed.archive.files import File
from datasette_newsfeed.archive.importing.duplicate_ids import Duplicate, resolve
from datasette_newsfeed.archive.records import Article, Organization
from datasette_newsfeed.archive.sources.source_file import ParsedFile, StoredFile

PATHS = ("a/x.md", "b/x.md", "b/c/x.md", "x.md", "z.md")


def parsed(path: str, root: str = "/one", id: str = "x", sha256: str = "1") -> ParsedFile:
    return ParsedFile(File(f"{root}/{path}", path, 1, 1), sha256=sha256, record=Article(id, "T"))


def stored(path: str, root: str = "/one", id: str = "x", number: int = 1) -> StoredFile:
    return StoredFile(number, f"{root}/{path}", path, "1", id, 3)


def test_the_smallest_path_wins() -> None:
    files = [parsed("b/x.md"), parsed("a/x.md"), parsed("c/x.md")]
    found = resolve(files, {}, {})
    assert found.winners == (files[1],)
    assert found.duplicates == (
        Duplicate("x", "/one/b/x.md", "/one/a/x.md"),
        Duplicate("x", "/one/c/x.md", "/one/a/x.md"),
    )
    assert found.gone == ()


def test_a_stored_file_of_a_smaller_or_equal_path_keeps_its_id() -> None:
    for path, root in (("a/x.md", "/one"), ("b/x.md", "/two")):
        holder, loser = stored(path, root), parsed("b/x.md")
        known = stored("b/x.md", id="other", number=2)
        found = resolve([loser], {loser.file.file: known}, {"x": [holder]})
        assert found.winners == ()
        assert found.duplicates == (Duplicate("x", loser.file.file, holder.file or ""),)
        # What the file held before, under another id, goes.
        assert found.gone == (known,)


def test_a_stored_file_of_a_larger_path_gives_its_id_up() -> None:
    holder, winner = stored("b/x.md"), parsed("a/x.md")
    found = resolve([winner], {}, {"x": [holder]})
    assert found.winners == (winner,)
    assert found.duplicates == (Duplicate("x", "/one/b/x.md", "/one/a/x.md"),)
    assert found.gone == (holder,)


def test_files_that_name_providers_claim_no_id() -> None:
    named = [
        ParsedFile(File(f"/{n}.md", f"{n}.md", 1, 1), record=Organization("a.example"))
        for n in range(3)
    ]
    assert resolve(named, {}, {}).winners == tuple(named)


CLAIMS = st.lists(
    st.tuples(st.sampled_from(PATHS), st.sampled_from("xy"), st.sampled_from(["/one", "/two"])),
    unique_by=lambda claim: (claim[0], claim[2]),
)


@given(CLAIMS, st.integers(0, 10), st.randoms(use_true_random=False))
def test_the_same_in_any_order(
    claims: list[tuple[str, str, str]], split: int, dice: random.Random
) -> None:
    """Also in any division into files stored before and files read now."""
    numbers = count(1)
    old, new = claims[:split], claims[split:]
    files = [parsed(path, root, id) for path, id, root in new]
    holders: dict[str, list[StoredFile]] = {}
    for path, id, root in old:
        holders.setdefault(id, []).append(stored(path, root, id, next(numbers)))
    found = resolve(files, {}, holders)
    claimed = {id for _, id, _ in new}
    smallest = {id: min(path for path, other, _ in claims if other == id) for id in claimed}
    for winner in found.winners:
        assert winner.file.path == smallest[winner.article_id or ""]
    losers = [each.file for each in found.duplicates]
    contested = [f"{root}/{path}" for path, id, root in claims if id in claimed]
    assert len(losers) == len(set(losers)) == len(contested) - len(claimed)
    assert {each.winner for each in found.duplicates} & set(losers) == set()
    assert {each.file for each in found.gone} == {
        each.file for id in claimed for each in holders.get(id, ()) if each.file in losers
    }
    dice.shuffle(files)
    again = resolve(files, {}, holders)
    paths = [sorted((w.article_id, w.file.path) for w in each.winners) for each in (found, again)]
    assert paths[0] == paths[1]
