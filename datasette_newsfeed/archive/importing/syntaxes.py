"""Front matter that is not YAML between two `---`: TOML, JSON, `Key: value` lines, fields of
reStructuredText, and the form of Hexo in which the first `---` is missing.

Each syntax is a handler of python-frontmatter: `detect`, `split`, `load`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from typing import Any, ClassVar

from frontmatter.default_handlers import BaseHandler

from ...errors import RecordError
from ..dialects.values import Plain

MAX_DEPTH = 50
"""The deepest nesting; libyaml's own time grows with its square."""
MAX_VALUES = 200_000
"""The most values in one record, aliases of YAML counted as often as they are used."""

MAX_LINES = 200
"""The most lines of a front matter without a mark of its own at its beginning."""

_WORD = r"[A-Za-z][\w .-]{0,40}"
_LINE = re.compile(rf"(?P<key>{_WORD}?)[ \t]*:(?:[ \t]+(?P<value>.*)|[ \t]*)")
_KEYS_OF_LINES = frozenset(("title", "date", "published", "pubdate"))


class Syntax(BaseHandler):
    """A handler that keeps the body as written: python-frontmatter strips it.

    `start` is where the front matter begins in the text given to `split`.
    """

    FM_BOUNDARY = re.compile("")
    name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.body = ""
        self.fence = ""
        self.start = 0

    def split(self, text: str) -> tuple[str, str]:
        """Return front matter and body."""
        raise NotImplementedError


def _not_closed(mark: str) -> RecordError:
    return RecordError(
        f"the front matter is not closed; end it with a line `{mark}`", place="line 1"
    )


_WORDS_OF_FILE = re.compile(r"( key) (['\"(]).*", re.S)
"""Where tomllib names a key in an error: it may stand in `secured`."""


class Toml(Syntax):
    """TOML between two lines `+++`, as Hugo and Zola write it."""

    name = "toml"
    _OPENING = re.compile(r"\+{3,}[ \t]*\n")
    _CLOSING = re.compile(r"^\+{3,}[ \t]*$\n?", re.M)

    def detect(self, text: str) -> bool:
        """Tell whether a text begins so."""
        return self._OPENING.match(text) is not None

    def split(self, text: str) -> tuple[str, str]:
        """Return front matter and body. Raises RecordError where it is not closed."""
        opening = self._OPENING.match(text)
        start = opening.end() if opening else 0
        closing = self._CLOSING.search(text, start)
        if closing is None:
            raise _not_closed("+++")
        self.start, self.fence = start, "+++"
        self.body = text[closing.end() :]
        return text[self.start : closing.start()], self.body

    def load(self, fm: str) -> dict[str, Any]:
        """Return the mapping. Raises RecordError with the line at fault."""
        try:
            return bounded(tomllib.loads(fm))
        except tomllib.TOMLDecodeError as error:
            # "... (at line 3, column 5)", or "(at end of document)"
            reason, _, where = str(error).rpartition(" (at ")
            reason = _WORDS_OF_FILE.sub(r"\1", reason)
            match = re.match(r"line (\d+)", where)
            line = int(match[1]) if match else fm.count("\n") + 1
            raise RecordError(f"broken TOML: {reason}", place=f"line {line}") from error
        except (RecursionError, ValueError) as error:
            raise RecordError("broken TOML: nested too deep, or a number too long") from error


class Json(Syntax):
    """JSON: an object that begins the file, between `---json` and `---`, or before `;;;`."""

    name = "json"
    _BLOCK = re.compile(r"---json[ \t]*\n")
    _BLOCK_END = re.compile(r"^---[ \t]*$\n?", re.M)
    _HEXO = re.compile(r"(?:;;;[ \t]*\n)?")
    _HEXO_END = re.compile(r"^;;;[ \t]*$\n?", re.M)

    def detect(self, text: str) -> bool:
        """Tell whether a text begins with a JSON object, alone or in one of the two blocks."""
        if self._BLOCK.match(text) or text.startswith(";;;"):
            return True
        if re.match(r'"[^"\n]+"[ \t]*:', text):  # Hexo's: without braces
            return self._HEXO_END.search(text) is not None
        # `{{` and `{%` begin the code of templates.
        return re.match(r'\{\s*(?:"|\})', text) is not None

    def split(self, text: str) -> tuple[str, str]:
        """Return front matter and body. Raises RecordError where it is not closed."""
        if opening := self._BLOCK.match(text):
            return self._fenced(text, opening.end(), self._BLOCK_END, "---", "---json")
        if text.startswith((";;;", '"')):
            opening = self._HEXO.match(text)
            start = opening.end() if opening else 0
            return self._fenced(text, start, self._HEXO_END, ";;;", ";;;")
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            # `load` says where it is broken.
            end = len(text)
        self.body = text[end:]
        return text[:end], self.body

    def _fenced(
        self, text: str, start: int, end: re.Pattern[str], mark: str, fence: str
    ) -> tuple[str, str]:
        closing = end.search(text, start)
        if closing is None:
            raise _not_closed(mark)
        self.start = start
        self.fence = fence
        self.body = text[closing.end() :]
        return text[start : closing.start()], self.body

    def load(self, fm: str) -> dict[str, Any]:
        """Return the mapping. Raises RecordError with the line at fault."""
        written = fm.strip()
        if self.fence == ";;;" and not written.startswith("{"):
            written = f"{{{written}}}"
        try:
            found = json.loads(written or "{}", parse_constant=_refuse_constant)
            json.dumps(found, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            raise RecordError(f"broken JSON: {error.msg}", place=f"line {error.lineno}") from error
        except UnicodeEncodeError as error:
            raise RecordError("broken JSON: half a character (\\ud800 to \\udfff)") from error
        except (RecursionError, ValueError) as error:
            raise RecordError(f"broken JSON: {error}") from error
        if not isinstance(found, dict):
            raise RecordError('the front matter is no object; write `{"key": "value"}`')
        return bounded(found)


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


class Lines(Syntax):
    """`Key: value` lines up to the first blank line, as Pelican and MultiMarkdown write them."""

    name = "lines"

    def detect(self, text: str) -> bool:
        """Tell whether a text begins with such lines, a title or a date among them."""
        keys = _keys_of_lines(text.split("\n", MAX_LINES))
        return bool(_KEYS_OF_LINES & {key.strip().lower() for key in keys})

    def split(self, text: str) -> tuple[str, str]:
        """Return front matter and body."""
        lines = text.split("\n")
        end = next((n for n, line in enumerate(lines) if not line.strip()), len(lines))
        self.body = "\n".join(lines[end + 1 :])
        return "\n".join(lines[:end]), self.body

    def load(self, fm: str) -> dict[str, Any]:
        """Return the mapping; a line that begins with blanks continues the one before."""
        found: dict[str, Any] = {}
        key = ""
        for line in fm.split("\n"):
            match = None if line[:1].isspace() else _LINE.fullmatch(line)
            if match:
                key = match["key"].strip()
                found[key] = _scalar(match["value"] or "")
            elif key:
                found[key] = Plain(f"{found[key] or ''}\n{line.strip()}".strip())
        return bounded(found)


class Comment(Syntax):
    """`.. key: value` lines in a comment, as Nikola writes them above Markdown.

    https://getnikola.com/handbook.html#metadata-fields
    """

    name = "comment"
    _BLOCK = re.compile(r"<!--[ \t]*\n((?:[ \t]*\.\.[ \t][\w-]+:[^\n]*\n)+)\s*-->[ \t]*\n?")

    def detect(self, text: str) -> bool:
        """Tell whether a text begins so."""
        return self._BLOCK.match(text) is not None

    def split(self, text: str) -> tuple[str, str]:
        """Return the lines and the body."""
        block = self._BLOCK.match(text)
        fields, self.body = (block[1], text[block.end() :]) if block else ("", text)
        return fields, self.body

    def load(self, fm: str) -> dict[str, Any]:
        """Return the fields."""
        return bounded(_fields_of_comment(fm))


_FIELD_OF_COMMENT = re.compile(r"^[ \t]*\.\.[ \t]+([\w-]+):(?:[ \t]+(.*)|[ \t]*)$", re.M)


def _fields_of_comment(text: str) -> dict[str, Any]:
    return {key: _scalar(value) for key, value in _FIELD_OF_COMMENT.findall(text)}


def _keys_of_lines(lines: Sequence[str]) -> list[str]:
    """Return the keys of the lines up to the first blank one; none where a line is no such."""
    keys: list[str] = []
    for line in lines[:MAX_LINES]:
        if not line.strip():
            return keys
        if line[:1].isspace() and keys:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            return []
        keys.append(match["key"])
    return keys if len(lines) <= MAX_LINES else []


def _scalar(written: str) -> str | None:
    value = written.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return Plain(value) if value else None


class RestructuredText(Syntax):
    """The title of a reStructuredText file and the fields below it."""

    name = "rst"
    _TITLE = re.compile(
        r"(?:(?P<over>[!-/:-@\[-`{-~])(?P=over){2,}[ \t]*\n)?[ \t]*(?P<title>\S[^\n]*)\n"
        r"(?P<under>[!-/:-@\[-`{-~])(?P=under){2,}[ \t]*(?:\n|\Z)"
    )
    _FIELD = re.compile(r":(?P<key>[A-Za-z][\w -]*):(?:[ \t]+(?P<value>.*)|[ \t]*)")
    _COMMENT = re.compile(
        r"\.\.(?:[ \t](?![^\n]*::)[^\n]*)?\n(?:[ \t]+[^\n]*\n|[ \t]*\n(?=[ \t]))*"
    )

    def __init__(self) -> None:
        super().__init__()
        self._above: dict[str, Any] = {}
        """The fields that Nikola has in comments above the title."""

    def detect(self, text: str) -> bool:
        """Tell nothing: the suffix of the file is what tells reStructuredText."""
        return True

    def split(self, text: str) -> tuple[str, str]:
        """Return title and fields, and the text below them."""
        position = 0
        while match := re.compile(r"\s*\n").match(text, position) or self._COMMENT.match(
            text, position
        ):
            position = match.end()
        fields_of_comment = _fields_of_comment(text[:position])
        self._above = fields_of_comment if "title" in fields_of_comment else {}
        self.start = position
        if title := self._TITLE.match(text, position):
            position = title.end()
        fields = re.compile(r"\s*(?=:[A-Za-z])").match(text, position)
        end = fields.end() if fields else position
        while end < len(text):
            stop = text.find("\n", end)
            stop = len(text) if stop < 0 else stop
            line = text[end:stop]
            if not (
                self._FIELD.fullmatch(line)
                or (line[:1].isspace() and line.strip() and end > position)
            ):
                break
            end = min(stop + 1, len(text))
        self.body = text[end:]
        return text[self.start : end], self.body

    def load(self, fm: str) -> dict[str, Any]:
        """Return the fields, and the title where no field gives it."""
        found: dict[str, Any] = dict(self._above)
        title = self._TITLE.match(fm)
        key = ""
        for line in fm[title.end() if title else 0 :].split("\n"):
            match = self._FIELD.fullmatch(line)
            if match:
                key = match["key"].strip()
                found[key] = _scalar(match["value"] or "")
            elif key and line.strip():
                found[key] = Plain(f"{found[key] or ''} {line.strip()}".strip())
        if title and not any(each.lower() == "title" for each in found):
            found["title"] = title["title"].strip()
        return bounded(found)


_CLOSING = re.compile(r"^-{3,}[ \t]*$\n?", re.M)


def closing_of_open_yaml(text: str) -> re.Match[str] | None:
    """Return where YAML ends whose first `---` is missing, as Hexo reads it; else None.

    Lines of keys, with a title or a date among them, stand above a line `---`.
    """
    closing = _CLOSING.search(text, 0, 20_000)
    if closing is None:
        return None
    above = text[: closing.start()]
    first = above.partition("\n")[0]
    if not _LINE.fullmatch(first) or above.count("\n") > MAX_LINES:
        return None
    keys = {line.partition(":")[0].strip().lower() for line in above.split("\n")}
    # `Title: words` above `---` alone is a heading of Markdown.
    is_front_matter = keys & _KEYS_OF_LINES and (above.count("\n") > 1 or "date" in keys)
    return closing if is_front_matter else None


def bounded(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping that is nested no deeper, and has no more values, than a record may.

    Raises RecordError.
    """
    count = 0
    left: list[tuple[Any, int]] = [(mapping, 1)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise RecordError(f"nested more than {MAX_DEPTH} deep")
        for item in value.values() if isinstance(value, dict) else value:
            count += 1
            if isinstance(item, dict | list):
                left.append((item, depth + 1))
        if count > MAX_VALUES:
            raise RecordError(f"more than {MAX_VALUES:,} values")
    return mapping
