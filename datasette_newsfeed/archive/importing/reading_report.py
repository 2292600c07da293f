"""What a run read and left out, in a few lines: dialects, drafts, section pages, repeated keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import RecordError
from ..dialects.column_keys import PUBLISHED_AT, UPDATED_AT
from ..dialects.fields import normal
from ..dialects.left_out import (
    DRAFT,
    EXCLUDED,
    NO_ARTICLE,
    NOT_DATED,
    PAGE,
    SECTION,
    TEMPLATE,
)
from ..dialects.values import moment
from ..records import Article
from ..sources.source_file import ParsedFile

_WORDS = {
    DRAFT: ("draft", "drafts", "; --drafts imports them"),
    SECTION: ("section page", "section pages", ""),
    PAGE: ("page", "pages", ""),
    TEMPLATE: ("template", "templates", ""),
    NO_ARTICLE: ("README or its like", "README files and their like", ""),
    EXCLUDED: ("file that its site excludes", "files that their site excludes", ""),
    NOT_DATED: (
        "file with neither front matter nor a date in its path",
        "files with neither front matter nor a date in their paths",
        "",
    ),
}

_DATE_KEYS = frozenset(normal(key) for key in (*PUBLISHED_AT, *UPDATED_AT))


@dataclass
class Dialects:
    """The dialects of the files of a run, and what was left out for which reason."""

    read: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    first_repeated: str = ""
    unread_dates: int = 0
    first_unread_date: str = ""

    def note(self, parsed: ParsedFile) -> None:
        """Count a file."""
        if parsed.left_out:
            self.left_out[parsed.left_out] += 1
            self.examples.setdefault(parsed.left_out, parsed.file.path)
        elif parsed.record and parsed.dialect:
            self.read[parsed.dialect] += 1
        if parsed.repeated and parsed.record:
            self.repeated += 1
            first = parsed.repeated[0]
            self.first_repeated = (
                self.first_repeated or f"{parsed.file.path}: {first.place}: `{first.key}`"
            )

        if isinstance(parsed.record, Article) and (unread := unread_date(parsed.record.extra)):
            self.unread_dates += 1
            self.first_unread_date = self.first_unread_date or f"{parsed.file.path}: {unread}"

    def in_words(self) -> list[str]:
        """Return a line for each thing worth saying; none for records of one known format."""
        lines = []
        if set(self.read) - {"smartable"}:
            counts = [f"{name} ({count:,})" for name, count in self.read.most_common()]
            lines.append(f"Dialects: {', '.join(counts)}")
        for reason, count in sorted(self.left_out.items(), key=lambda each: (-each[1], each[0])):
            one, many, hint = _WORDS[reason]
            example = "" if count == 1 else "for example "
            lines.append(
                f"Left out {count:,} {one if count == 1 else many} "
                f"({example}{self.examples[reason]}){hint}"
            )
        if self.repeated:
            files = "file has" if self.repeated == 1 else "files have"
            lines.append(
                f"{self.repeated:,} {files} a key twice, of which the last value was taken: "
                f"{self.first_repeated}"
            )
        if self.unread_dates:
            files = "file has" if self.unread_dates == 1 else "files have"
            lines.append(
                f"{self.unread_dates:,} {files} a date that cannot be read; it is kept in `extra`: "
                f"{self.first_unread_date}"
            )
        return lines


def unread_date(extra: Mapping[str, Any]) -> str | None:
    """Return what to say of a date that was left over because it is in no known form, if any."""
    for key, value in extra.items():
        if normal(key) in _DATE_KEYS and not isinstance(value, bool | dict | list):
            written = str(value)
            # A word under such a key means something else.
            if any(character.isdigit() for character in written):
                try:
                    moment(written, key)
                except RecordError as error:
                    return str(error)
    return None
