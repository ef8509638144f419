"""The grammar of one record, exactly, for the odd lines and for the distinct texts that the fast path hands over.

A record is cut in three: what stands before the elapsed field (the *signature text*: function and parameters), the
elapsed time, and what stands behind it (the *metrics text*). The two texts are read once per distinct text, not once
per call.
"""

import re
from enum import Enum
from itertools import pairwise
from typing import AnyStr, NamedTuple

import msgspec

MARK = "PERF_TRACE|"
MAXIMUM = 2**63 - 1
MAXIMUM_DIGITS = len(str(MAXIMUM))
METRIC_MAXIMUM = 2**64 - 1
METRIC_MAXIMUM_DIGITS = len(str(METRIC_MAXIMUM))
UNIT_NS = {"ms": 1_000_000, "us": 1_000, "ns": 1, "s": 1_000_000_000}
UNITS = "|".join(UNIT_NS)
"""Alternatives of a regular expression."""

RECORD_START = re.compile(rf"{re.escape(MARK)}([0-9]+)\|")
ELAPSED_START = rf"\|elapsed_(?:{UNITS})="
ELAPSED_FIELD = re.compile(rf"\|elapsed_({UNITS})=([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{{1,4}}))?(?=\||\Z)")
BAD_ELAPSED = re.compile(
    rf"\|(elapsed_(?:{UNITS})=(?:[+-]?[0-9.,_']{{0,40}}[0-9](?:[eE][+-]?[0-9.,]{{0,8}}[0-9])?(?:ms|us|µs|ns|s)?"
    r"|[+-]?(?:NaN|nan|inf|Inf|Infinity)|None|null|undefined))(?=\||\Z)"
)
"""A time that is no number, as a program prints it in another notation, or where it has none."""
EMPTY_ELAPSED = re.compile(rf"{ELAPSED_START}\|")
ROBBED_ELAPSED = re.compile(rf"{ELAPSED_START}(?={ELAPSED_START})")
CUT_ELAPSED = re.compile(rf"{ELAPSED_START}\Z")
QUOTED_ELAPSED = re.compile(rf"{ELAPSED_START}[0-9]")
BROKEN_MARK = re.compile(rf"{re.escape(MARK)}[0-9]*\Z")
LINE_END = re.compile(r"(?:[ \t\r\x0f]|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-Za-z])+\Z")
"""What a terminal doesn't show at the end of a line: blanks, carriage returns, sequences that colour or erase."""
LINE_END_WINDOW = 64
ESCAPED_CHARACTER = re.compile(r"\\x(7c|0a|5c)")


class Reason(Enum):
    """Why a line that holds the mark is no record."""

    TORN = "two writers tore the line: a second record starts before the first one's elapsed time"
    BROKEN_OFF = "broken off: no elapsed time on this line or on those that continue it"
    BROKEN_MARK = "broken off: the line ends within the mark or the call number"
    BAD_VALUE = "the elapsed time is no number"
    OUT_OF_RANGE = "the call number or the elapsed time is beyond 2^63 - 1"
    QUOTED = "a record quoted in other text"
    NO_RECORD = "the mark without a call number"


class RecordText(msgspec.Struct, frozen=True):
    """One record, cut in three."""

    number: int
    signature: str
    elapsed_ns: int
    resolution_ns: int
    metrics: str
    """What stands behind the elapsed field, with its leading ``|``; empty if nothing does."""


class SignatureFields(NamedTuple):
    """A signature text, read."""

    function: str
    caller: str | None
    params: tuple[tuple[str, str], ...]


TEXT_FIELDS = ("test", "at", "write", "via")
"""Reserved names behind the elapsed field whose value is any text, up to the field's end."""
NUMBER_FIELDS = ("parent", "process", "try", "activation")
"""Those whose value is a number up to ``MAXIMUM``; ``parent`` may also be ``none``."""
FLAG_FIELDS = ("escaped", "frame", "failed", "cached")
"""Those that are 1, or 0, which says no more than leaving them out. With any other value they are metrics."""
PHASE_FIELD = "phase"
PHASE_VALUES = ("setup", "call", "teardown")
RESERVED_VALUES = frozenset({*TEXT_FIELDS, *NUMBER_FIELDS, PHASE_FIELD})
"""The reserved names that are never metrics, whatever their value: one that can't be is dropped."""


RESERVED_RULES = (
    *(f"{name}=*" for name in TEXT_FIELDS),
    *(f"{name}=" for name in ("process", "try", PHASE_FIELD)),
    *(f"{name}={value}" for name in FLAG_FIELDS for value in "01"),
)
"""The fields that the fast path keeps as one text per record, whose distinct ones ``parse_metrics`` reads.

A rule is a field as a whole, one of this name whose value holds no ``=``, or with a star one of this name with any
value. The parent and the activation differ from call to call and aren't among them."""


class MetricFields(NamedTuple):
    """A metrics text, read. Where a reserved field comes twice, the last one counts."""

    metrics: tuple[tuple[str, int], ...]
    texts: dict[str, str]
    """The values of ``TEXT_FIELDS`` and ``phase`` as logged: escapes are still to be undone."""
    numbers: dict[str, int]
    """The values of ``NUMBER_FIELDS``; ``parent=none`` is -1."""
    flags: frozenset[str]
    """Those of ``FLAG_FIELDS`` that are 1."""
    dropped: int


def parse_record(text: str) -> RecordText | Reason:
    """Cuts a record that stands on one line (from anywhere before its mark on).

    Gives ``Reason.BROKEN_OFF`` where the elapsed field is missing: the following lines may hold it. Torn is what
    holds a second mark before its elapsed time, and what tells that another writer has carried off an elapsed number:
    the field is empty beside a second mark or directly before another one, or the mark follows it. By itself an empty
    field is one like any other.
    """
    start = RECORD_START.search(text)
    if start is None:
        return Reason.BROKEN_MARK if BROKEN_MARK.search(text) else Reason.NO_RECORD
    body = text[start.end() :]
    elapsed_fields = len(ELAPSED_FIELD.findall(body))
    holds_mark = MARK in body
    if (
        (holds_mark and elapsed_fields <= 1)
        or (EMPTY_ELAPSED if holds_mark else ROBBED_ELAPSED).search(body)
        or CUT_ELAPSED.search(text[: start.start()])
    ):
        return Reason.TORN
    if not elapsed_fields:
        if BAD_ELAPSED.search(body):
            return Reason.BAD_VALUE
        return Reason.QUOTED if QUOTED_ELAPSED.search(body) else Reason.BROKEN_OFF
    return parse_body(start[1], body)


def strip_line_end(text: str) -> str:
    """The text without what a terminal doesn't show at its end."""
    return text[: find_line_end(text, LINE_END)]


def find_line_end(text: AnyStr, form: re.Pattern[AnyStr]) -> int:
    """Where that begins. A window is looked at a time: from each place of a long run, it is long to its end."""
    end = len(text)
    while (found := form.search(text, max(end - LINE_END_WINDOW, 0), end)) is not None:
        end = found.start()
    return end


def parse_body(digits: str, body: str) -> RecordText | Reason:
    """Cuts what stands behind the mark's last ``|`` at its last elapsed field; there must be one.

    Elapsed fields directly before the last one belong to it as long as their units differ: the finest wins. Where a
    unit comes again, what comes again is a metric of that name.
    """
    fields = list(ELAPSED_FIELD.finditer(body))
    first = len(fields) - 1
    while first and fields[first - 1].end() == fields[first].start():
        first -= 1
    adjacent = fields[first:]
    boundary: dict[str, re.Match[str]] = {}
    for found in adjacent:
        if found[1] in boundary:
            break
        boundary[found[1]] = found
    finest = boundary[min(boundary, key=lambda unit: UNIT_NS[unit])]
    elapsed_ns, resolution_ns = parse_elapsed(finest[1], finest[2], finest[3] or "", int(finest[4] or 0))
    number = digits.lstrip("0") or "0"
    if len(number) > MAXIMUM_DIGITS or int(number) > MAXIMUM or elapsed_ns > MAXIMUM:
        return Reason.OUT_OF_RANGE
    end = max(found.end() for found in boundary.values())
    return RecordText(int(number), body[: adjacent[0].start()], elapsed_ns, resolution_ns, body[end:])


def describe_bad_value(text: str) -> str:
    """What is wrong with the elapsed time of a line that ``parse_record`` calls ``BAD_VALUE``."""
    found = BAD_ELAPSED.search(text)
    if found is None:
        return Reason.BAD_VALUE.value
    value = found[1].partition("=")[2]
    if "," in value:
        return f"{found[1]} is no number: decimals stand behind a point"
    return f"{found[1]} is no number" if not value.startswith("-") else f"{found[1]} is below 0"


def parse_elapsed(unit: str, whole: str, decimals: str, exponent: int = 0) -> tuple[int, int]:
    """Elapsed time and resolution in ns; decimals finer than a nanosecond are cut off."""
    digits = (whole + decimals).lstrip("0") or "0"
    power = len(str(UNIT_NS[unit])) - 1 - len(decimals) + exponent
    if digits != "0" and len(digits) + power > MAXIMUM_DIGITS:
        return MAXIMUM + 1, UNIT_NS[unit]
    if power < 0:
        return int(digits[:power] or "0"), 1
    # Only zeros may stand before so many more.
    resolution_ns = 10 ** min(power, MAXIMUM_DIGITS - 1)
    return int(digits) * resolution_ns, resolution_ns


def parse_signature(text: str, *, escaped: bool) -> SignatureFields:
    """Function, caller and parameters of a signature text; ``escaped`` undoes the emitter's escapes in all of them.

    A number called ``write`` beside a statement is what an older hook counted writes by, and no part of the question.
    """
    fields = text.split("|")
    starts = [index for index, field in enumerate(fields) if index and "=" in field]
    function, *texts = ["|".join(fields[start:end]) for start, end in pairwise((0, *starts, len(fields)))]
    params = [(name, value) for name, _, value in (own.partition("=") for own in texts)]
    if escaped:
        function = undo_escapes(function)
        params = [(undo_escapes(name), undo_escapes(value)) for name, value in params]
    position = next((index for index, (name, _) in enumerate(params) if name == "caller"), None)
    caller = params.pop(position)[1] if position is not None else None
    if any(name == "sql" for name, _ in params):
        params = [(name, value) for name, value in params if name != "write" or parse_unsigned(value) is None]
    return SignatureFields(function, caller, tuple(params))


def parse_metrics(text: str) -> MetricFields:
    """Metrics and reserved fields of a metrics text; what is neither is counted as dropped."""
    metrics: list[tuple[str, int]] = []
    texts: dict[str, str] = {}
    numbers: dict[str, int] = {}
    flags: set[str] = set()
    dropped = 0
    before: list[str] = []  # fields without a "=": the next one's name begins with them
    for field in strip_line_end(text).split("|")[1:]:
        # A reserved text may hold a "=": it ends where the field does.
        name, equals, value = field.partition("=")
        if before or name not in TEXT_FIELDS:
            name, equals, value = field.rpartition("=")
        if not equals:
            before.append(field)
            continue
        if before:
            name, before = "|".join((*before, name)), []
        number = parse_unsigned(value)
        if _is_reserved_text(name, value):
            texts[name] = value
        elif name == "parent" and value == "none":
            numbers[name] = -1
        elif name in NUMBER_FIELDS and number is not None and number <= MAXIMUM:
            numbers[name] = number
        elif name in FLAG_FIELDS and value in ("0", "1"):
            (flags.add if value == "1" else flags.discard)(name)
        elif number is None or name in RESERVED_VALUES:
            dropped += 1
        else:
            metrics.append((name, number))
    return MetricFields(tuple(metrics), texts, numbers, frozenset(flags), dropped + bool(before))


def _is_reserved_text(name: str, value: str) -> bool:
    return value in PHASE_VALUES if name == PHASE_FIELD else name in TEXT_FIELDS and (value != "" or name == "test")


def parse_unsigned(text: str) -> int | None:
    """An unsigned 64-bit integer in ASCII digits, or nothing."""
    digits = text.lstrip("0") or "0"
    if not (text.isascii() and text.isdigit()) or len(digits) > METRIC_MAXIMUM_DIGITS:
        return None
    value = int(digits)
    return value if value <= METRIC_MAXIMUM else None


def undo_escapes(text: str) -> str:
    r"""Turns ``\x7c``, ``\x0a`` and ``\x5c`` back into the characters that an emitter escaped."""
    return ESCAPED_CHARACTER.sub(lambda found: chr(int(found[1], 16)), text)
