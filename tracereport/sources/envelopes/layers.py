"""The kinds of envelopes. Each takes a line out of what stands around it, and leaves lines without it as they stand.

A layer never changes the number of lines: what it takes apart or puts together stays on as many.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from tracereport.sources.perf_trace.grammar import LINE_END, LINE_END_WINDOW, MARK, find_line_end

MARK_BYTES: Final = MARK.encode()
SPLIT_BYTES: Final = 16 << 10
"""Collectors write a longer line in parts of this size."""
TIME_STAMP: Final = (
    rb"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
LINE_END_BYTES: Final = re.compile(LINE_END.pattern.encode())
_BLANKS: Final = (b"", b" ", b"\t", b"\r", b"\x0f")
_ESCAPE_CHARACTER: Final = b"\x1b"
LONGEST_FIELD: Final = 1_000
"""So much of a line's end is looked at for what stands behind its record."""
_SPLIT_STAMP: Final = re.compile(TIME_STAMP + b" ")
_PART: Final = re.compile(rb"[^ ]{10,40} (stdout|stderr) ([PF]) ")
_QUOTED: Final = re.compile(rb'((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_CONTROL: Final = {b"n": rb"\x0a", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"a": b"\a", b"v": b"\v"}
"""A line feed stays an escape: what it stands in is one line."""
_LINE_FEED: Final = rb"\x0a"


class Layer(Protocol):
    """One envelope."""

    def take_off(self, lines: list[bytes]) -> "TakenOff":
        """The lines without it, as many as before."""
        ...


class TakenOff(msgspec.Struct):
    """Lines without an envelope."""

    lines: list[bytes]
    open_from: int | None = None
    """The first line of a part whose last part is still to come."""
    parts: int = 0
    """Lines that were put to a line before; they are empty now."""


class Prefix(msgspec.Struct, frozen=True):
    """A text of one form in front of each line."""

    form: re.Pattern[bytes]
    holds_time_stamp: bool = False

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The lines without it; in long ones, time stamps at the bounds of their parts are the collector's, too."""
        match = self.form.match
        texts = [line[found.end() :] if (found := match(line)) is not None else line for line in lines]
        if self.holds_time_stamp:
            texts = [_drop_inner_stamps(text) if len(text) > SPLIT_BYTES else text for text in texts]
        return TakenOff(texts)


def _drop_inner_stamps(text: bytes) -> bytes:
    pieces = [text[:SPLIT_BYTES]]
    place = SPLIT_BYTES
    while place < len(text) and (found := _SPLIT_STAMP.match(text, place)) is not None:
        pieces.append(text[found.end() : found.end() + SPLIT_BYTES])
        place = found.end() + SPLIT_BYTES
    return b"".join([*pieces, text[place:]])


class Parts(msgspec.Struct, frozen=True):
    """Kubernetes: a time, a stream, and whether the line is full (``F``) or a part that another one follows (``P``)."""

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The lines without it; the parts of a line stand together on the first one's."""
        joiner = _Joiner()
        for line in lines:
            found = _PART.match(line)
            if found is None:
                joiner.keep(line)
            else:
                joiner.add(line[found.end() :], found[1], is_last=found[2] == b"F")
        return joiner.finish()


def is_part(line: bytes) -> bool:
    """Whether the line has the envelope of ``Parts``."""
    return _PART.match(line) is not None


class Json(msgspec.Struct, frozen=True):
    """Each line is a JSON object that holds the text under a path of keys."""

    path: tuple[str, ...]
    ends_lines: bool
    """The text of a whole line ends in a line feed (Docker): one that doesn't is a part."""

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The texts; the parts of a line stand together on the first one's."""
        joiner = _Joiner()
        decode = msgspec.json.Decoder().decode
        for line in lines:
            held = decode_object(line, decode)
            text = find_text(held, self.path)
            if text is None:
                joiner.keep(line)
                continue
            whole = text.removesuffix("\n") if self.ends_lines else text
            stream = held.get("stream") if self.ends_lines else None
            is_last = not self.ends_lines or text.endswith("\n")
            encoded = whole.encode(errors="backslashreplace").replace(b"\n", _LINE_FEED)
            joiner.add(encoded, stream if isinstance(stream, str) else "", is_last=is_last)
        return joiner.finish()


def decode_object(line: bytes, decode: Any) -> dict[str, Any]:  # noqa: ANN401 - msgspec's own
    """The JSON object that the line is; an empty one if it is none."""
    if not line.startswith(b"{"):
        return {}
    try:
        held = decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def find_text(held: object, path: Sequence[str]) -> str | None:
    """The text under a path of keys."""
    for key in path:
        held = held.get(key) if isinstance(held, dict) else None
    return held if isinstance(held, str) else None


class _Joiner:
    """Puts parts together, stream by stream."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._open: dict[bytes | str, tuple[int, list[bytes]]] = {}
        self._parts = 0

    def keep(self, line: bytes) -> None:
        """A line without the envelope."""
        self._lines.append(line)

    def add(self, text: bytes, stream: bytes | str, *, is_last: bool) -> None:
        """The next part of a stream's line."""
        place, pieces = self._open.setdefault(stream, (len(self._lines), []))
        pieces.append(text)
        self._lines.append(b"")
        if is_last:
            self._lines[place] = b"".join(pieces)
            self._parts += len(pieces) - 1 if MARK_BYTES in self._lines[place] else 0
            del self._open[stream]

    def finish(self) -> TakenOff:
        """All lines; of parts without a last one, what there is."""
        for place, pieces in self._open.values():
            self._lines[place] = b"".join(pieces)
        open_from = min((place for place, _ in self._open.values()), default=None)
        return TakenOff(self._lines, open_from, self._parts)


class Quoted(msgspec.Struct, frozen=True):
    """The text is a quoted value: ``level=info msg="..." request_id=100``."""

    opening: bytes
    """What stands before it, with the quote."""

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The texts without quotes and escapes."""
        return TakenOff([self._unquote(line) for line in lines])

    def _unquote(self, line: bytes) -> bytes:
        start = line.find(self.opening)
        found = _QUOTED.match(line, start + len(self.opening)) if start >= 0 else None
        if found is None:
            return line
        return _ESCAPE.sub(_undo, found[1]) if b"\\" in found[1] else found[1]


def _undo(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    if len(code) > 1:
        number = int(code[1:], 16)
        return _LINE_FEED if number == ord("\n") else chr(number).encode(errors="backslashreplace")
    return _CONTROL.get(code, code)


class Suffix(msgspec.Struct, frozen=True):
    """A text of one form behind each record: a logger's fields."""

    form: re.Pattern[bytes]
    """Of the text from a record's last value on."""

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The lines without it; only those that hold the mark have it."""
        return TakenOff([self._cut(line) if MARK_BYTES in line else line for line in lines])

    def _cut(self, line: bytes) -> bytes:
        end = end_of_text(line)
        found = self.form.fullmatch(line, max(line.rfind(b"|", 0, end) + 1, end - LONGEST_FIELD), end)
        return line if found is None else line[: found.end(1)]


def end_of_text(line: bytes) -> int:
    """Where the part of a line ends that a terminal shows."""
    if line[-1:] not in _BLANKS and _ESCAPE_CHARACTER not in line[-LINE_END_WINDOW:]:
        return len(line)
    return find_line_end(line, LINE_END_BYTES)


class LineEnd(msgspec.Struct, frozen=True):
    """A text at the end of each line that a terminal doesn't show: carriage returns, sequences that erase or colour."""

    text: bytes

    def take_off(self, lines: list[bytes]) -> TakenOff:
        """The lines without it."""
        return TakenOff([line.removesuffix(self.text) for line in lines])
