"""Random commits to an archive, which remembers what it wrote."""

from __future__ import annotations

import random
from typing import Any

from git_archive import TOPICS, WORDS, GitArchive, record
from ways_of_writing import ODD_NAMES, Keys, Smartable, Writing

AUTHORS = ("Ann Lee", "Ben Moor", "Cleo Park")


class RandomNews:
    """Edits, noise, renames, removals, merges, broken files, changed configurations.

    `written` has the record of each content of each file there ever was, None of a broken one;
    `sites` the number of each configuration.
    """

    def __init__(
        self, archive: GitArchive, rng: random.Random, writing: Writing | None = None
    ) -> None:
        self.archive = archive
        self.rng = rng
        self.writing = writing or Smartable()
        self.records: dict[str, Keys] = {}
        self.gone: list[Keys] = []
        self.number = 0
        self.written: dict[tuple[str, bytes], Keys | None] = {}
        self.sites: dict[bytes, int] = {}
        self._configure()
        # A file that stays as it is: a bare repository is known by its files.
        self._put({**self._new(), "place": 0, "draft": False})
        self.records.clear()

    def commits(self, count: int) -> None:
        """Add commits; every seventh or so is a merge of a branch with some of its own."""
        for _ in range(count):
            if self.rng.random() < 0.15 and not self.archive.is_empty:
                self._merge()
            else:
                self._changes()
                self.archive.commit()

    def _merge(self) -> None:
        """Merge a branch: the first parent has none of its files, or it none of the other's."""
        self.number += 1
        side, archive = f"side-{self.number}", self.archive
        archive.fork(side)
        if self.rng.random() < 0.5:
            for _ in range(2):
                self._changes()
                archive.commit(branch=side)
        else:
            before = dict(archive.files)
            self._changes()
            archive.commit()
            path = self._put(self._new())
            merged = archive.files
            archive.files = {**before, path: merged[path]}
            archive.forget()
            archive.commit(branch=side)
            archive.files = merged
        archive.forget()
        archive.commit(merge=side)

    def _changes(self) -> None:
        for _ in range(self.rng.randrange(1, 4)):
            self._change()

    def _change(self) -> None:
        rng = self.rng
        if len(self.records) < 8 or rng.random() < 0.1:
            self._put(self._new())
            return
        path = rng.choice(sorted(self.records))
        keys = dict(self.records[path])
        kind = rng.randrange(20)
        if kind < 12:
            self._edit(keys, kind)
        match kind:
            case 12:
                self._write(path, self.writing.content(keys).replace(b"\n", b"\r\n"), keys)
                return
            case 13:
                self._write(path, self.writing.broken(keys), None)
                return
            case 14:
                self._remove(path)
                self.gone.append(keys)
                return
            case 15 if self.gone:
                keys = self.gone.pop(rng.randrange(len(self.gone)))
            case 16:
                keys["name"] = self._new()["name"]
                self._remove(path)
            case 17 | 18:
                if not self._place(path, keys, is_copy=kind == 18):
                    return
            case 19:
                self._configure()
                return
        self._put(keys)

    def _place(self, path: str, keys: Keys, is_copy: bool) -> bool:
        """Move or copy a record to where it has the same id or another, or is no article."""
        rng = self.rng
        keys["place"] = rng.randrange(len(self.writing.places))
        if rng.random() < 0.3:
            keys["form"], keys["date"] = self.writing.forms[-1], keys["date"] or keys["day"]
        if self.writing.path(keys) in self.records:
            return False
        if not is_copy:
            self._remove(path)
        elif rng.random() < 0.7:
            keys["title"] = " ".join(rng.sample(WORDS, 4))
        return True

    def _edit(self, keys: Keys, kind: int) -> None:
        rng = self.rng
        match kind:
            case 0 | 1:
                keys["title"] = " ".join(rng.sample(WORDS, 4))
            case 2 | 3:
                words = str(keys["body"]).split(" ")
                words[rng.randrange(len(words))] = rng.choice(WORDS)
                keys["body"] = " ".join(words)
            case 4:
                keys["topics"] = rng.sample(keys["topics"] or TOPICS, len(keys["topics"] or "ab"))
                if rng.random() < 0.7:
                    keys["topics"] = rng.sample(TOPICS, rng.randrange(4))
            case 5:
                keys["heat"], keys["quality"] = rng.randrange(100), rng.randrange(100)
            case 6:
                keys["secured"] = f"{rng.randrange(10**20):020}{rng.randrange(10**20):020}"
            case 7:
                keys["ratings"] = {"stars": rng.randrange(5), "note": "<b>&amp; "}
            case 8:
                keys["images"] = [*keys["images"][-2:], {"url": f"/{rng.choice(WORDS)}.png"}]
            case 9:
                keys["draft"] = not keys["draft"]
            case 10:
                day = f"2020-08-{rng.randrange(1, 29):02}"
                keys["date"] = rng.choice(("", day, f"{day}T08:30:00Z"))
                keys["authors"] = rng.sample(AUTHORS, rng.randrange(3))
            case _:
                keys["form"] = rng.choice(self.writing.forms)

    def _new(self) -> dict[str, Any]:
        rng = self.rng
        self.number += 1
        return record(
            rng,
            name=f"{rng.choice(WORDS)}-{self.number:04}{rng.choice(ODD_NAMES)}",
            day=f"2020-09-{rng.randrange(1, 29):02}",
            place=rng.randrange(len(self.writing.places)) if rng.random() < 0.5 else 0,
            form=rng.choice(self.writing.forms),
            date=rng.choice(("", "2020-09-10", "2020-09-10T08:00:00Z")),
            draft=rng.random() < 0.2,
            authors=rng.sample(AUTHORS, 1),
        )

    def _configure(self) -> None:
        if self.writing.configuration:
            number = self.rng.randrange(3)
            data = self.writing.configured(number)
            self.sites[data] = number
            self.archive.files[self.writing.configuration] = data

    def _put(self, keys: Keys) -> str:
        path = self.writing.path(keys)
        self.records[path] = keys
        self._write(path, self.writing.content(keys), keys)
        return path

    def _write(self, path: str, data: bytes, keys: Keys | None) -> None:
        self.written[path, data] = keys
        self.archive.files[path] = data

    def _remove(self, path: str) -> None:
        del self.records[path], self.archive.files[path]
