"""An article's id, its date and its language, as the path of its file alone tells them.

docs/records.md states the rule. It needs no other file, so that an id never depends on
the order of imports or on what else an archive holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from ...languages import language_code
from ..dates import leading_date
from .document import stem_and_suffix

# After a dot, these are as often the end of another name: `socket.io`, `parser.pl`.
AMBIGUOUS = frozenset(("co", "cs", "ia", "ie", "io", "is", "ml", "my", "pl", "ps", "so", "vo"))

_SUFFIX = re.compile(
    r"(?P<name>.+)\.(?P<code>[a-z]{2}(?:[-_](?:[A-Za-z]{2}|[A-Za-z]{4}))?)", re.ASCII
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}", re.ASCII)
_MONTH_OR_DAY = re.compile(r"[0-9]{1,2}", re.ASCII)
_OWN_DATE = re.compile(r"(?:19|20)[0-9]{2}[-/]?[0-9]{1,2}(?![0-9])", re.ASCII)
_INDEX = "index"


def article_id(path: str, languages: Collection[str] = ()) -> str:
    """Return the id of the article in a file, in Unicode's normal form C.

    It is the name of the file without its suffix. `index` takes its folder's name. A folder
    that is one of `languages` is added as a suffix, `.es`. A name without a date of its own
    takes the folders above it that are a year, a month and a day.
    """
    folders, name, language = _parts(path)
    if language is None:
        named = {code for code in map(language_code, languages) if code}
        language = next((folder for folder in folders if language_code(folder) in named), None)
    date = _date_folders(folders)
    if date and not _OWN_DATE.match(name):
        name = "-".join((*date, name.zfill(2) if _MONTH_OR_DAY.fullmatch(name) else name))
    found = f"{name}.{language}" if language else name
    return unicodedata.normalize("NFC", found)


def path_language(path: str, languages: Collection[str] = ()) -> str | None:
    """Return the language that a file's suffix, or a folder named by `languages`, tells."""
    folders, _, suffix = _parts(path)
    named = {code for code in map(language_code, languages) if code}
    if suffix is not None and (suffix not in AMBIGUOUS or suffix in named):
        return language_code(suffix)
    codes = (language_code(folder) for folder in folders)
    return next((code for code in codes if code in named), None)


def path_date(path: str) -> str | None:
    """Return the day that a file's path tells, `2021-04-01`, None where it tells none.

    The file's name comes first, then the name of its folder where the file is its index, then
    the folders that are a year, a month and a day.
    """
    folders, name, _ = _parts(path)
    if day := leading_date(name):
        return day
    date = _date_folders(folders)
    if date and _MONTH_OR_DAY.match(name) and (day := leading_date("-".join((*date, name)))):
        return day
    if len(date) == 3:
        return leading_date("-".join(date))
    # A folder of one article: `2021-04-01-title/text.md`.
    return leading_date(folders[-1]) if folders else None


def slug(path: str) -> str:
    """Return the name of a file without its date, its language and its suffix."""
    _, name, _ = _parts(path)
    match = re.match(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[-_ ]?", name)
    return name[match.end() :] if match else name


def _parts(path: str) -> tuple[tuple[str, ...], str, str | None]:
    """Return folders, name and language suffix; of an index, the name is its folder's."""
    *above, file = path.split("/")
    folders, name = tuple(above), stem_and_suffix(file)[0]
    language = None
    match = _SUFFIX.fullmatch(name)
    if match and language_code(match["code"]):
        name, language = match["name"], match["code"]
    if name.lower() == _INDEX and folders:
        folders, name = folders[:-1], folders[-1]
    return folders, name, language


def _date_folders(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the last folders that are a year, or a year, a month and perhaps a day."""
    for start in range(max(0, len(folders) - 3), len(folders)):
        year, *rest = folders[start:]
        if _YEAR.fullmatch(year) and all(_MONTH_OR_DAY.fullmatch(part) for part in rest):
            return (year, *(part.zfill(2) for part in rest))
    return ()
