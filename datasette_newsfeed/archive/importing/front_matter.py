"""The bytes of a file become a Document: the mapping of its front matter, and its body.

The front matter is split off by python-frontmatter. YAML is read from libyaml's events,
not from its ready-made values: so nothing is guessed too early (`title: 007` keeps
its zeros), every fault has its line, and nesting, aliases and size are bounded
before they cost anything. `syntaxes` has the other syntaxes.
"""

from __future__ import annotations

import re
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from ...errors import RecordError
from ..dialects.document import Document, Repetition
from ..dialects.secrets import REPEATS, SECRET, is_secret_key
from ..dialects.values import Plain
from ..files import MAX_RECORD_BYTES
from .syntaxes import (
    MAX_DEPTH,
    MAX_VALUES,
    Comment,
    Json,
    Lines,
    RestructuredText,
    Syntax,
    Toml,
    closing_of_open_yaml,
)

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML without libyaml: the same events, slower
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_FRONT_MATTER_CHARACTERS = 2 * MAX_RECORD_BYTES
"""The most text in one record, aliases counted likewise."""

BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before UTF-8 text."""

_STR = "tag:yaml.org,2002:str"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_SCALAR_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null", "timestamp")
)
_STARTS = frozenset((yaml.MappingStartEvent, yaml.SequenceStartEvent))
_ENDS = frozenset((yaml.MappingEndEvent, yaml.SequenceEndEvent))
_LINE_BREAK = re.compile(r"\r\n?|\n")


def read(data: bytes, path: str = "") -> Document:
    """Return what a file holds; its syntax is "none" where it has no front matter.

    `path` is that of the file below its site. Raises RecordError with the line at fault.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise RecordError(
            f"{len(data):,} bytes are too many for a record; the limit is {MAX_RECORD_BYTES:,}"
        )
    text = _text(data)
    handler = _Handler(text)
    begun = handler.text.lstrip()
    if path.lower().endswith(".rst"):
        return _parsed(RestructuredText(), begun, path, text)
    if handler.detect(begun):
        return _yaml(handler, text, path)
    if closing_of_open_yaml(begun):
        return _yaml(_OpenHandler(text), text, path)
    for syntax in (Toml(), Json(), Lines(), Comment()):
        if syntax.detect(begun):
            return _parsed(syntax, begun, path, text)
    return Document({}, begun.rstrip(), path, "none", fence="")


def _yaml(handler: _Handler, text: str, path: str) -> Document:
    mapping, _ = frontmatter.parse(text, handler=handler)
    # python-frontmatter strips the body, and so the indentation of its first line.
    body = handler.body.lstrip("\n").rstrip()
    is_open = isinstance(handler, _OpenHandler)
    return Document(mapping, body, path, is_open=is_open, repeated=tuple(handler.repeated))


def _parsed(syntax: Syntax, begun: str, path: str, text: str) -> Document:
    try:
        mapping, _ = frontmatter.parse(begun, handler=syntax)
    except RecordError as error:
        number = re.fullmatch(r"line (\d+)", error.place)
        if number is None:
            raise
        blank = text[: len(text) - len(text.lstrip())]
        above = len(_LINE_BREAK.findall(blank)) + begun.count("\n", 0, syntax.start)
        raise RecordError(error.reason, place=f"line {int(number[1]) + above}") from error
    body = syntax.body.lstrip("\n").rstrip()
    return Document(mapping, body, path, syntax.name, fence=syntax.fence)


def _text(data: bytes) -> str:
    try:
        # Not "utf-8-sig": Python loads that codec from a file when it is first asked for, which
        # a process that may open no file cannot.
        text = data.decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise RecordError(
            f"not UTF-8 text: byte 0x{data[error.start]:02x}; save it as UTF-8",
            place=line_at(before, len(before)),
        ) from error
    if "\0" in text:
        raise RecordError(
            "holds a NUL byte, so it is not text", place=line_at(text, text.index("\0"))
        )
    return text


def line_at(text: str, position: int) -> str:
    """Return the line of a position in a text, `line 3`, as an editor counts lines.

    YAML 1.1 also takes U+0085, U+2028 and U+2029 for line breaks. Editors show none there.
    """
    return f"line {len(_LINE_BREAK.findall(text, 0, position)) + 1}"


class _Handler(YAMLHandler):
    """python-frontmatter's YAML handler, with our bounds and places.

    A line `...`, the end of a document of YAML, closes the front matter as in Jekyll.
    """

    FM_BOUNDARY = re.compile(r"^(?:-{3,}|\.\.\.)\s*$", re.M)
    # The same with the line's end before it: Python looks for a character many times as fast
    # as for the beginning of a line.
    _NEXT_BOUNDARY = re.compile(r"\n(?:-{3,}|\.\.\.)\s*$", re.M)

    def __init__(self, text: str) -> None:
        super().__init__()
        # python-frontmatter strips the text, too, and ends its lines so.
        self.text = text.replace("\r\n", "\n")
        self._start = len(self.text) - len(self.text.lstrip())
        self.body = ""
        self.repeated: list[Repetition] = []

    def detect(self, text: str) -> bool:
        return text.startswith("---") and bool(super().detect(text))

    def split(self, text: str) -> tuple[str, str]:
        opening = self.FM_BOUNDARY.match(text)
        start = opening.end() if opening else 0
        closing = self._NEXT_BOUNDARY.search(text, start)
        if closing is None:
            raise RecordError(
                "the front matter is not closed; end it with a line `---`",
                place=line_at(self.text, self._start),
            )
        # The front matter starts behind the opening `---` and the blank lines after it.
        self._start += start
        self.body = text[closing.end() :]
        return text[start : closing.start() + 1], self.body

    def load(self, fm: str, **_: object) -> dict[str, Any]:
        try:
            builder = _Builder(fm)
            found = builder.build()
            self.repeated.extend(
                Repetition(key, self._line(position)) for key, position in builder.repeated
            )
        except yaml.MarkedYAMLError as error:
            raise self._broken(error, fm) from error
        except yaml.reader.ReaderError as error:
            character = chr(error.character)
            raise RecordError(
                f"the control character U+{error.character:04X} may not stand in YAML; remove it",
                place=self._line(fm.find(character)),
            ) from error
        except _Fault as fault:
            raise RecordError(fault.reason, place=self._line(fault.position)) from fault
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise RecordError("the front matter is no mapping; write `key: value` lines")
        return found

    def _broken(self, error: Any, fm: str) -> RecordError:
        """Return the error of libyaml with the line at fault.

        Of a quote or bracket that is never closed, and of a key without its colon, this is
        where it begins: libyaml finds the fault later, at the end at worst.
        """
        found = (error.problem_mark or error.context_mark).index
        begun = (error.context_mark or error.problem_mark).index
        if found >= len(fm.rstrip()) or error.context == "while scanning a simple key":
            found = begun
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        first, place = self._line(begun), self._line(found)
        if first != place:
            problem += f" (begun in {first})"
        return RecordError(f"broken YAML: {problem}", place=place)

    def _line(self, position: int) -> str:
        return line_at(self.text, self._start + position)


class _OpenHandler(_Handler):
    """YAML whose first `---` is missing."""

    def split(self, text: str) -> tuple[str, str]:
        closing = closing_of_open_yaml(text)
        if closing is None:
            raise RecordError("the front matter is not closed; end it with a line `---`")
        self.body = text[closing.end() :]
        return text[: closing.start()], self.body


class _Fault(Exception):
    """What YAML allows and a record does not, at a position in the front matter."""

    def __init__(self, reason: str, mark: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position: int = mark.index


class _Builder:
    """Values from events, without recursion; aliases are counted at their full size."""

    def __init__(self, text: str) -> None:
        self._loader = Loader(text)
        # Anchor: value, how many values it holds, how many characters, whether it is secret.
        self._anchors: dict[str, tuple[Any, int, int, bool]] = {}
        self._open: set[str] = set()
        self._count = 0
        self._characters = 0
        self._documents = 0
        self.repeated: list[tuple[str, int]] = []
        """The keys that a mapping has twice, and where; the last value is taken."""

    def build(self) -> Any:
        """Return the document's value; None where there is none."""
        stack: list[_Frame] = []
        frame: _Frame | None = None
        result: Any = None
        next_event = self._loader.get_event
        # By type and not by isinstance, the most frequent first, and the scalars that have
        # neither tag nor anchor on the spot: a record has a hundred.
        event: Any
        value: Any
        while (kind := type(event := next_event())) is not yaml.StreamEndEvent:
            if kind is yaml.ScalarEvent:
                text = event.value
                self._count += 1
                self._characters += len(text)
                if self._count > MAX_VALUES or self._characters > MAX_FRONT_MATTER_CHARACTERS:
                    self._check_size(event)
                if event.tag is not None or event.anchor is not None:
                    value = self._scalar(event, frame)
                elif not event.implicit[0]:  # in quotes
                    value = text
                elif text in _NULLS:
                    value = None
                elif frame is not None and frame.key is None and text != _MERGE:
                    frame.key = text
                    frame.key_event = event
                    continue
                else:
                    value = Plain(text)
            elif kind in _ENDS:
                ended = stack.pop()
                value, event = self._closed(ended), ended.start
                frame = stack[-1] if stack else None
            elif kind is yaml.AliasEvent:
                value = self._alias(event, frame)
            elif kind in _STARTS:
                frame = self._start(event, len(stack), frame)
                stack.append(frame)
                continue
            else:
                self._other(event)
                continue
            if frame is None:
                result = value
            else:
                frame.take(value, event)
        return result

    def _other(self, event: Any) -> None:
        """Take the start or end of the stream, or of a document."""
        self._documents += type(event) is yaml.DocumentStartEvent
        if self._documents > 1:
            raise _Fault("more than one YAML document", event.start_mark)

    def _start(self, event: Any, depth: int, outer: _Frame | None) -> _Frame:
        if event.tag is not None:
            self._check_tag(event)
        if depth >= MAX_DEPTH:
            raise _Fault(f"nested more than {MAX_DEPTH} deep", event.start_mark)
        if event.anchor is not None:
            self._open.add(event.anchor)
        frame = _Frame(event, outer, self._count, self._characters, self.repeated)
        self._count += 1
        self._check_size(event)
        return frame

    def _closed(self, frame: _Frame) -> Any:
        value = frame.value()
        if frame.anchor is not None:
            self._open.discard(frame.anchor)
            self._anchors[frame.anchor] = (
                value,
                self._count - frame.count,
                self._characters - frame.characters,
                _is_secret(frame.outer),
            )
        return value

    def _check_size(self, event: Any) -> None:
        if self._count > MAX_VALUES or self._characters > MAX_FRONT_MATTER_CHARACTERS:
            raise _Fault(
                f"more than {MAX_VALUES:,} values or {MAX_FRONT_MATTER_CHARACTERS:,} characters, "
                "aliases (*) counted as often as used",
                event.start_mark,
            )

    def _alias(self, event: Any, frame: _Frame | None) -> Any:
        is_secret = _is_secret(frame)
        name = f"an alias in `{SECRET}`" if is_secret else f"the alias *{event.anchor}"
        if event.anchor in self._open:
            raise _Fault(f"{name} holds itself", event.start_mark)
        if event.anchor not in self._anchors:
            raise _Fault(f"{name} has no anchor", event.start_mark)
        value, count, characters, was_secret = self._anchors[event.anchor]
        # Whichever of the two stands in `secured`, the other would be published.
        if is_secret != was_secret:
            raise _Fault(REPEATS, event.start_mark)
        self._count += count
        self._characters += characters
        self._check_size(event)
        return value

    def _scalar(self, event: Any, frame: _Frame | None) -> str | None:
        """Return a scalar, already counted, that has a tag or an anchor."""
        text: str = event.value
        tag = event.tag
        value: str | None
        if tag is None:
            value = text if not event.implicit[0] else None if text in _NULLS else Plain(text)
        elif tag in ("!", _STR):
            value = text
        elif tag in _SCALAR_TAGS:
            value = None if text in _NULLS else Plain(text)
        else:
            raise _Fault(f"the YAML tag {tag} is not read; remove it", event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1, len(text), _is_secret(frame))
        return value

    def _check_tag(self, event: Any) -> None:
        kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        if event.tag not in ("!", f"tag:yaml.org,2002:{kind}"):
            raise _Fault(f"the YAML tag {event.tag} is not read; remove it", event.start_mark)


_MERGE = Plain("<<")
"""The key that takes another mapping in, https://yaml.org/type/merge.html."""

_ITEM = "an item of a list, which has no key"


class _Frame:
    """A mapping or list that is still open; `key` waits for its value, None for a key."""

    __slots__ = (
        "_found",
        "_merges",
        "anchor",
        "characters",
        "count",
        "key",
        "key_event",
        "outer",
        "repeated",
        "start",
    )

    def __init__(
        self,
        event: Any,
        outer: _Frame | None,
        count: int,
        characters: int,
        repeated: list[tuple[str, int]],
    ) -> None:
        self.outer = outer
        self.repeated = repeated
        self.anchor = event.anchor
        self.start = self.key_event = event
        self.count = count
        self.characters = characters
        is_list = type(event) is yaml.SequenceStartEvent
        self.key: str | None = _ITEM if is_list else None
        self._found: Any = [] if is_list else {}
        self._merges: list[dict[str, Any]] = []

    def take(self, value: Any, event: Any) -> None:
        """Take an item of a list, a key, or the value of one."""
        key = self.key
        if key is _ITEM:
            self._found.append(value)
            return
        if key is None:
            self.key = _key(value, event)
            self.key_event = event
            return
        if key is _MERGE:
            self._merges.extend(_merged(value, self.key_event))
        else:
            if key in self._found:
                named = f"{SECRET}.…" if _is_secret(self.outer) else key
                self.repeated.append((named, self.key_event.start_mark.index))
            self._found[key] = value
        self.key = None

    def value(self) -> dict[str, Any] | list[Any]:
        """Return the mapping or list, which has ended."""
        for merged in self._merges:  # the first wins
            for key, value in merged.items():
                self._found.setdefault(key, value)
        return self._found  # type: ignore[no-any-return]


def _is_secret(frame: _Frame | None) -> bool:
    """Tell whether what comes next in a mapping or list stands in `secured`."""
    while frame is not None:
        key = frame.key
        if key is not None and key is not _ITEM and is_secret_key(key):
            return True
        frame = frame.outer
    return False


def _key(value: Any, event: Any) -> str:
    """Return a key as text; `<<` in quotes is a key like any other."""
    if isinstance(value, str):
        return _MERGE if value == _MERGE and isinstance(value, Plain) else str(value)
    if value is None:
        return "null"
    raise _Fault("a list or mapping is no key", event.start_mark)


def _merged(value: Any, event: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in found):
        raise _Fault("`<<` takes a mapping or a list of mappings", event.start_mark)
    return found
