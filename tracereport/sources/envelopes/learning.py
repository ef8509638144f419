"""Which envelopes a log has, told by a sample of its lines.

What stands before the marks is cut into words, blanks and other characters. Where nine in ten lines agree, that is its
form: a word that is the same everywhere is itself, any other one is any word. It is an envelope as far as the lines
without a mark begin so, too; the rest of it is the logger's, who writes it before records alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from tracereport.sources.envelopes.layers import (
    LONGEST_FIELD,
    MARK_BYTES,
    TIME_STAMP,
    Json,
    Layer,
    LineEnd,
    Parts,
    Prefix,
    Quoted,
    Suffix,
    decode_object,
    end_of_text,
    is_part,
)
from tracereport.sources.perf_trace.grammar import RECORD_START, RESERVED_VALUES

_RECORD: Final = re.compile(RECORD_START.pattern.encode())
_COLOUR: Final = rb"\x1b\[[0-9;]*m"
_TOKEN: Final = re.compile(_COLOUR + rb"|[A-Za-z0-9_.:/+@\x80-\xff-]+|[ \t]+|[\x00-\xff]", re.DOTALL)
_WORD: Final = rb"[A-Za-z0-9_.:/+@\x80-\xff-]+"
_SHAPE_RUN: Final = re.compile(rb"[0-9]+|[A-Za-z\x80-\xff]+")
_RUNS: Final = {b"0": rb"[0-9]+", b"a": rb"[A-Za-z\x80-\xff]+"}
_DIGIT: Final = re.compile(rb"[0-9]")
_WORD_WITH_DIGIT: Final = rb"(?=[^ \t]*[0-9])" + _WORD
_ANY_WORD: Final = re.compile(_WORD)
_BLANKS: Final = rb"[ \t]+"
_PAIRS: Final = {b"]": b"[", b")": b"(", b"}": b"{", b">": b"<"}
_LAST_FIELD: Final = re.compile(rb"([^=|]*=(?:[0-9]+(?:\.[0-9]+)?|none))([^0-9A-Za-z_.,-].*)", re.DOTALL)
_TIME_STAMP: Final = re.compile(TIME_STAMP)
_INNER_STAMP: Final = re.compile(rb"(?<=[^\s=\"'(,|])" + TIME_STAMP + b" ")
_KEY_AND_QUOTE: Final = re.compile(rb"[\w.@-]+\"?[ ]?(?:=>|=|:)[ ]?\"")
_UNCLOSED: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
"""What stands inside of quotes."""
_ENVELOPE_END: Final = re.compile(rb"[0-9]|[]|:>)]\Z")
_REPORT: Final = re.compile(rb'\{\s*"schema_version"')
"""How a report begins, which holds records in its findings."""
_LONGEST_PREFIX: Final = 400
_MOST_TOKENS: Final = 60
_DEEPEST_JSON: Final = 4
_AGREE: Final = 0.9
"""So many of the lines that hold the mark have one form."""
_ALL_LINES: Final = 0.95
"""So many of the others begin so where it is an envelope: a few were written by somebody else."""
_FEWEST_OTHERS: Final = 2


class Marked(NamedTuple):
    """A line that holds a record."""

    line: bytes
    mark: int
    """Where its mark begins."""
    end: int
    """Where the part of the line ends that a terminal shows."""


class Sample:
    """Some lines of a log."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    @cached_property
    def marked(self) -> list[Marked]:
        """Those that hold a record's mark."""
        found = ((line, _RECORD.search(line)) for line in self.lines if MARK_BYTES in line)
        return [Marked(line, mark.start(), end_of_text(line)) for line, mark in found if mark is not None]

    @cached_property
    def others(self) -> list[bytes]:
        """Those that hold no mark, nor are blank."""
        return [line for line in self.lines if MARK_BYTES not in line and line.strip()]

    @cached_property
    def tails(self) -> "Tails":
        """What stands behind its records."""
        return _find_tails(self.marked)


class Tails(NamedTuple):
    """What stands behind the records' last values, as far as that can be told."""

    texts: list[bytes]
    telling: int
    """Of how many lines it can be told."""


def learn_layer(sample: Sample) -> Layer | None:
    """The outermost envelope of the lines; None if they have none."""
    marked = sample.marked
    if not marked or any(_REPORT.match(line) for line, _, _ in marked):
        return None
    return _learn_line_end(marked, sample.others) or _learn_in_front(sample) or _learn_suffix(sample.tails)


def _agreed(values: Sequence[object], of: int) -> bool:
    return len(values) > 0 and len(values) >= _AGREE * of


def _learn_in_front(sample: Sample) -> Layer | None:
    """An envelope that stands in front of the marks, whatever it has behind the records."""
    marked = sample.marked
    if not _agreed([line for line, mark, _ in marked if mark], len(marked)):
        return None
    return _learn_json(marked) or _learn_parts(marked) or _learn_prefix(marked, sample.others) or _learn_quotes(marked)


def _learn_line_end(marked: Sequence[Marked], others: Sequence[bytes]) -> LineEnd | None:
    ends = Counter(line[end:] for line, _, end in marked)
    end, count = ends.most_common(1)[0]
    if count < _AGREE * len(marked) or (b"\r" not in end and b"\x1b" not in end):
        return None
    if not re.sub(_COLOUR, b"", end):
        # A logger puts colours back behind its own lines: reading knows that.
        alike = sum(line.endswith(end) for line in others)
        if alike < max(_ALL_LINES * len(others), _FEWEST_OTHERS):
            return None
    return LineEnd(end)


def _learn_json(marked: Sequence[Marked]) -> Json | None:
    objects = [line for line, _, _ in marked if line.startswith(b"{") and line.rstrip().endswith(b"}")]
    if not _agreed(objects, len(marked)):
        return None
    decode = msgspec.json.Decoder().decode
    paths = Counter(path for line in objects for path in _find_paths(decode_object(line, decode), _DEEPEST_JSON))
    if not paths:
        return None
    (path, ends), count = paths.most_common(1)[0]
    either = count + paths[path, not ends]
    if either < _AGREE * len(marked):
        return None
    return Json(path, ends_lines=2 * paths[path, True] > either)


def _find_paths(held: object, depth: int) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The paths to texts that hold the mark, and whether the text ends in a line feed."""
    if not isinstance(held, dict) or not depth:
        return
    for key, value in held.items():
        if isinstance(value, str):
            if _RECORD.search(value.encode(errors="backslashreplace")):
                yield (key,), value.endswith("\n")
        else:
            yield from (((key, *path), ends) for path, ends in _find_paths(value, depth - 1))


def _learn_parts(marked: Sequence[Marked]) -> Parts | None:
    return Parts() if _agreed([line for line, _, _ in marked if is_part(line)], len(marked)) else None


def _tokenise(text: bytes) -> list[bytes]:
    tokens = []
    for found in _TOKEN.finditer(text):
        tokens.append(found[0])
        if len(tokens) == _MOST_TOKENS:
            break
    return tokens


def _kind(token: bytes) -> bytes:
    """What a token's form is compared by: ``w`` for words, ``m`` for colours, a blank for blanks, else itself."""
    if _ANY_WORD.fullmatch(token):
        return b"w"
    if len(token) > 1 and token.startswith(b"\x1b"):
        return b"m"
    return b" " if token[:1] in b" \t" else token


def _learn_prefix(marked: Sequence[Marked], others: Sequence[bytes]) -> Prefix | None:
    prefixes = [_tokenise(line[: min(mark, _LONGEST_PREFIX)]) for line, mark, _ in marked]
    cuts = list(_find_cuts(prefixes))
    if not cuts:
        return None
    if len(others) < _FEWEST_OTHERS:
        # Nothing tells how far the envelope goes: it is of use only if it hides another one.
        longest, stamp = cuts[-1]
        hides = [
            line for line, _, _ in marked if (found := longest.match(line)) and line[found.end() :].startswith(b"{")
        ]
        return Prefix(longest, stamp) if _agreed(hides, len(marked)) else None
    chosen: tuple[re.Pattern[bytes], bool] | None = None
    matched = 0
    for form, stamp in cuts:
        count = sum(form.match(line) is not None for line in others)
        if chosen is None:
            if count < _ALL_LINES * len(others):
                return None
            matched = count
        if count < matched:
            break
        chosen = form, stamp
    return Prefix(*chosen) if chosen is not None else None


def _find_cuts(prefixes: Sequence[list[bytes]]) -> Iterator[tuple[re.Pattern[bytes], bool]]:
    """The forms that the prefixes share, from short to long, and whether each holds a time stamp.

    Each ends in a blank, with all brackets closed that it opens, and all quotes. Before the blank stands what nobody
    begins a sentence with: a bar, a colon, a bracket, or a word with a digit, as a time has. So an indentation isn't
    one (cargo-nextest indents all), nor what libtest prints (``test name ... ``).
    """
    form, ends_well, stamp = b"", False, False
    opened = _Opened()
    alike = list(prefixes)
    for place in range(_MOST_TOKENS):
        kinds = Counter(_kind(tokens[place]) for tokens in alike if len(tokens) > place)
        kind = kinds.most_common(1)[0][0] if kinds else b" "
        alike = [tokens for tokens in alike if len(tokens) > place and _kind(tokens[place]) == kind]
        if not _agreed(alike, len(prefixes)) or (kind == b" " and not place):
            return
        texts = _alike([tokens[place] for tokens in alike])
        if kind == b" " and ends_well and not opened:
            yield re.compile(form + re.escape(min(texts, key=len))), stamp
        ends_well = ends_well if kind in (b" ", b"m") else all(_ENVELOPE_END.search(text) for text in texts)
        stamp = stamp or (kind == b"w" and all(_TIME_STAMP.match(text) for text in texts))
        opened.pass_by(kind)
        form += _form_of(kind, texts)


def _alike(texts: Sequence[bytes]) -> set[bytes]:
    """The distinct texts, without a few that aren't made like nearly all others."""
    shapes = Counter(_SHAPE_RUN.sub(_shape_of_run, text) for text in texts)
    shape, count = shapes.most_common(1)[0]
    if count < _AGREE * len(texts):
        return set(texts)
    return {text for text in texts if _SHAPE_RUN.sub(_shape_of_run, text) == shape}


def _shape_of_run(run: re.Match[bytes]) -> bytes:
    return b"0" if run[0][:1].isdigit() else b"a"


def _form_of(kind: bytes, texts: Collection[bytes]) -> bytes:
    """The regular expression of tokens of one kind.

    A word that differs from line to line is made of the same runs of digits and letters everywhere; else it is any
    word, with a digit where all have one.
    """
    if kind != b"w":
        return {b" ": _BLANKS, b"m": _COLOUR}.get(kind, re.escape(kind))
    if len(texts) == 1:
        return re.escape(min(texts))
    shapes = {_SHAPE_RUN.sub(_shape_of_run, text) for text in texts}
    if len(shapes) == 1:
        parts = (_RUNS.get(bytes((byte,)), re.escape(bytes((byte,)))) for byte in shapes.pop())
        return b"".join(parts)
    if all(_TIME_STAMP.fullmatch(text) for text in texts):
        return TIME_STAMP
    return _WORD_WITH_DIGIT if all(_DIGIT.search(text) for text in texts) else _WORD


class _Opened:
    """The brackets and quotes that are open."""

    def __init__(self) -> None:
        self._open: Counter[bytes] = Counter()

    def pass_by(self, character: bytes) -> None:
        if character == b'"':
            self._open[character] ^= 1
        elif character in _PAIRS:
            self._open[_PAIRS[character]] -= self._open[_PAIRS[character]] > 0
        elif character in _PAIRS.values():
            self._open[character] += 1

    def __bool__(self) -> bool:
        return any(self._open.values())


def _learn_quotes(marked: Sequence[Marked]) -> Quoted | None:
    openings = Counter(opening for line, mark, _ in marked if (opening := _find_opening(line[:mark])) is not None)
    if not openings:
        return None
    opening, count = openings.most_common(1)[0]
    return Quoted(opening) if count >= _AGREE * len(marked) else None


def _find_opening(prefix: bytes) -> bytes | None:
    """The key and the quote behind which the text begins that holds the mark."""
    start = max(len(prefix) - _LONGEST_PREFIX, 0)
    found = [key for key in _KEY_AND_QUOTE.finditer(prefix, start) if _UNCLOSED.fullmatch(prefix, key.end())]
    return found[0][0] if found else None


def _find_tails(marked: Sequence[Marked]) -> Tails:
    tails = []
    telling = 0
    for line, mark, end in marked:
        field = line.rfind(b"|", mark, end) + 1
        name = line[field : field + LONGEST_FIELD].partition(b"=")[0].decode(errors="replace")
        if end - field > LONGEST_FIELD or name in RESERVED_VALUES - {"parent"}:
            continue
        telling += 1
        if (found := _LAST_FIELD.fullmatch(line, field, end)) is not None:
            tails.append(found[2])
    return Tails(tails, telling)


def starts_with_time_stamp(line: bytes) -> bool:
    """Whether a collector may have written it."""
    return _TIME_STAMP.match(line) is not None


def holds_inner_stamp(line: bytes) -> bool:
    """Whether a record holds a time stamp in the middle of a word, as where a collector has split a long line."""
    found = _RECORD.search(line)
    return found is not None and _INNER_STAMP.search(line, found.end()) is not None


def _learn_suffix(found: Tails) -> Suffix | None:
    tails, telling = found
    if telling < _FEWEST_OTHERS or not _agreed(tails, telling):
        return None
    shapes = Counter(tuple(_kind(token) for token in _tokenise(tail)) for tail in tails)
    shape, count = shapes.most_common(1)[0]
    if count < _AGREE * len(tails) or len(shape) == _MOST_TOKENS:
        return None
    alike = [tokens for tokens in map(_tokenise, tails) if tuple(map(_kind, tokens)) == shape]
    form = b"".join(_form_of(kind, set(texts)) for kind, texts in zip(shape, zip(*alike, strict=True), strict=True))
    return Suffix(re.compile(rb"(.*)" + form, re.DOTALL))
