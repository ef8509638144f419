"""Bytes -> lines -> records, one line after the other: slow, obvious, from the trace format's document only."""

import re
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, localcontext

from tests.oracle.markers import find_doubled_blocks, name_segments, parse_marker

MARK = re.compile(r"PERF_TRACE\|([0-9]+)\|")
ELAPSED = re.compile(r"\|elapsed_(ms|us|ns|s)=([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?)(?=\||\Z)")
BAD = re.compile(r"\|elapsed_(?:ms|us|ns|s)=([^|]*)")
NUMBER_LIKE = re.compile(r"[+-]?[0-9.,_']{0,40}[0-9]([eE][+-]?[0-9.,]{0,8}[0-9])?(ms|us|µs|ns|s)?")
NO_NUMBERS = {"None", "null", "undefined"} | {
    sign + word for sign in ("", "+", "-") for word in ("NaN", "nan", "inf", "Inf", "Infinity")
}
QUOTED = re.compile(r"\|elapsed_(?:ms|us|ns|s)=[0-9]+")
EMPTY_ELAPSED = re.compile(r"\|elapsed_(?:ms|us|ns|s)=(?=\|)")
EMPTY_BEFORE_ELAPSED = re.compile(r"\|elapsed_(?:ms|us|ns|s)=\|elapsed_(?:ms|us|ns|s)=")
ENDS_IN_ELAPSED = re.compile(r"\|elapsed_(?:ms|us|ns|s)=\Z")
CUT_MARK = re.compile(r"PERF_TRACE\|[0-9]*\Z")
TRAILING_COLOURS = re.compile(r"(?:\x1b\[[0-9;]*m)+\Z")
ESCAPED = re.compile(r"\\x(7c|0a|5c)")

UNIT_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
LARGEST = 2**63 - 1
LARGEST_METRIC = 2**64 - 1
LONGEST_RECORD = 1 << 20

TORN = "torn"
BROKEN_OFF = "broken off"
NO_ELAPSED = "no elapsed field"
BAD_VALUE = "bad value"
TOO_LARGE = "too large"


@dataclass(frozen=True)
class Record:
    """One finished call as its line tells it. ``line`` is 1-based; ``segment`` is the stretch between two markers."""

    line: int
    segment: int
    number: int
    function: str
    caller: str | None
    params: tuple[tuple[str, str], ...]
    elapsed_ns: int
    resolution_ns: int
    metrics: tuple[tuple[str, int], ...]
    has_parent: bool = False
    parent: int | None = None
    said: tuple[tuple[str, str], ...] = ()
    """The other reserved fields, by name: each name's last value that can be one. Flags are there if they are 1."""
    values_known: bool = True
    """Lines always hold the values of parameters; other sources may not."""

    def says(self, name: str) -> str | None:
        """The value of a reserved field."""
        return dict(self.said).get(name)

    @property
    def test(self) -> str | None:
        """The test that the call belongs to."""
        return self.says("test")

    @property
    def attempt(self) -> int:
        """The try of the test, from 1 on; 0 where the line doesn't say."""
        return int(self.says("try") or 0)

    @property
    def phase(self) -> str | None:
        """The part of its test that made the call."""
        return self.says("phase")

    @property
    def at(self) -> str | None:
        """The place in the source."""
        return self.says("at")

    @property
    def via(self) -> str | None:
        """The hook that wrote it."""
        return self.says("via")

    @property
    def write(self) -> str | None:
        """What the call changed, as written; ``1`` names nothing."""
        return self.says("write")

    @property
    def frame(self) -> bool:
        """Whether it is a place in the program."""
        return self.says("frame") is not None

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return self.says("failed") is not None

    @property
    def cached(self) -> bool:
        """Whether a cache answered it."""
        return self.says("cached") is not None

    @property
    def activation(self) -> int | None:
        """The run of its caller that asks."""
        said = self.says("activation")
        return None if said is None else int(said)


@dataclass(frozen=True)
class Malformed:
    """A line that holds the mark and is no record; ``text`` is its first 200 bytes."""

    line: int
    reason: str
    text: bytes


@dataclass
class Reading:
    """What one input holds. ``lines == len(records) + continuation_lines + len(malformed) + other_lines``."""

    file: str
    records: list[Record] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    lines: int = 0
    continuation_lines: int = 0
    other_lines: int = 0
    quoted: int = 0
    dropped_metrics: int = 0
    doubled_blocks: int = 0
    names: list[str | None] = field(default_factory=list)
    """Per segment: the name its marker gives, None before the first marker."""


class NotARecordError(ValueError):
    """The line holds the mark but can't be read; its text is the reason."""


def read_lines(log: bytes, file: str = "-") -> Reading:
    """Every line of ``log``, which is UTF-8 or nearly so, accounted for."""
    raw = split_lines(log)
    lines = [line.decode("utf-8", errors="backslashreplace") for line in raw]
    returned = find_returns(log)
    markers = [parse_marker(line) for line in lines]
    doubled = find_doubled_blocks(lines, markers)
    barrier = [marker is not None or index in doubled for index, marker in enumerate(markers)]
    reading = Reading(file, lines=len(lines), doubled_blocks=sum(index - 1 not in doubled for index in doubled))
    segment = index = 0
    while index < len(lines):
        segment += markers[index] is not None
        taken = 1
        if barrier[index]:
            reading.other_lines += 1
        else:
            try:
                taken = read_record(reading, lines, index, barrier, segment, returned)
            except NotARecordError as error:
                reading.malformed.append(Malformed(index + 1, str(error), raw[index][:200]))
        index += taken
    reading.names = name_segments(markers, {record.segment for record in reading.records})
    return reading


def split_lines(log: bytes) -> list[bytes]:
    """Lines end at ``\\n`` only, an optional ``\\r`` before it is dropped; an empty last line is none."""
    lines = log.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    last = lines.pop()
    whole = [line.removesuffix(b"\r") for line in lines]
    return [*whole, last] if last else whole


def find_returns(log: bytes) -> list[bool]:
    """Per line whether a carriage return stood before its end."""
    *lines, _ = log.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [*(line.endswith(b"\r") for line in lines), False]


def without_colours(text: str) -> str:
    """The text without the run of colour codes at its end."""
    return TRAILING_COLOURS.sub("", text)


def read_record(
    reading: Reading, lines: list[str], index: int, barrier: list[bool], segment: int, returned: list[bool]
) -> int:
    """Add what line ``index`` is to the reading, a record or an *other* line, and give the number of lines it takes.

    Raises:
        NotARecordError: the line is malformed.
    """
    own = without_colours(lines[index])
    mark = MARK.search(own)
    if mark is None and CUT_MARK.search(own):
        raise NotARecordError(BROKEN_OFF)
    body = own[mark.end() :] if mark else ""
    if "PERF_TRACE|" in body and (len(ELAPSED.findall(body)) <= 1 or EMPTY_ELAPSED.search(body)):
        raise NotARecordError(TORN)
    if mark and (EMPTY_BEFORE_ELAPSED.search(body) or ENDS_IN_ELAPSED.search(own[: mark.start()])):
        raise NotARecordError(TORN)
    if mark and not ELAPSED.search(body) and any(is_bad(value) for value in BAD.findall(body)):
        raise NotARecordError(BAD_VALUE)
    is_quoted = bool(QUOTED.search(body)) and not ELAPSED.search(body)
    if mark is None or is_quoted:
        reading.quoted += is_quoted
        reading.other_lines += 1
        return 1
    taken = 1
    if not ELAPSED.search(body):
        body, taken = join_following(lines, index, mark.end(), barrier, returned)
    record, dropped = parse_record(index + 1, segment, mark.group(1), body)
    reading.records.append(record)
    reading.dropped_metrics += dropped
    reading.continuation_lines += taken - 1
    return taken


def is_bad(value: str) -> bool:
    """Whether an elapsed time looks like a number in a notation that isn't read, or like none at all."""
    return bool(NUMBER_LIKE.fullmatch(value)) or value in NO_NUMBERS


def join_following(
    lines: list[str], index: int, start: int, barrier: list[bool], returned: list[bool]
) -> tuple[str, int]:
    """The body joined with as many of the following lines as complete it, and how many lines that are.

    Raises:
        NotARecordError: none does.
    """
    own = lines[index]
    indent = len(own) - len(own.lstrip(" "))
    logger = index + 1 < len(lines) and lines[index + 1].startswith(" " * (indent + 4))
    joined = [own[start:]]
    size = len(own[start:].encode())
    for after in range(index + 1, len(lines)):
        line = lines[after]
        if barrier[after]:
            break
        if logger:
            if not line.startswith(" " * (indent + 4)):
                break
            line = line[indent + 4 :]
        else:
            if "PERF_TRACE|" in line:
                break
            line = line.removeprefix(" " * indent)
        joined.append(line)
        size += 1 + len(line.encode())
        if size > LONGEST_RECORD:
            break
        # A field can't reach over a line's end, so the new line alone tells whether the joined text has one.
        if ELAPSED.search(without_colours(line)):
            if not returned[after]:
                # The log's own lines end without a carriage return: the one before this line's end is the value's.
                joined = [part + "\r" * returned[index + place] for place, part in enumerate(joined)]
            return without_colours("\n".join(joined)), after - index + 1
    raise NotARecordError(NO_ELAPSED)


def parse_record(line: int, segment: int, digits: str, body: str) -> tuple[Record, int]:
    """The record with this body, the text behind its mark, and how many metrics were dropped."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
        raise NotARecordError(TOO_LARGE)
    start, end, elapsed_ns, resolution_ns = find_boundary(body)
    function, params = parse_params(body[:start])
    metrics, parents, said, dropped = parse_metrics(body[end:])
    if "escaped" in said:
        said = {name: unescape(value) for name, value in said.items()}
        function = unescape(function)
        params = [(unescape(name), unescape(value)) for name, value in params]
    caller = None
    for position, (name, value) in enumerate(params):
        if name == "caller":
            caller = value
            del params[position]
            break
    if any(name == "sql" for name, _ in params):
        # An older hook counted writes so.
        params = [(name, value) for name, value in params if name != "write" or parse_unsigned(value) is None]
    record = Record(
        line=line,
        segment=segment,
        number=int(digits),
        function=function,
        caller=caller,
        params=tuple(params),
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
        metrics=tuple(metrics),
        has_parent=bool(parents),
        parent=parents[-1] if parents else None,
        said=tuple(sorted((name, value) for name, value in said.items() if name != "escaped")),
    )
    return record, dropped


def find_boundary(body: str) -> tuple[int, int, int, int]:
    """Where the boundary starts and ends, and the elapsed time and resolution in ns of its finest field."""
    fields = list(ELAPSED.finditer(body))
    boundary = [fields.pop()]
    while fields and fields[-1].end() == boundary[0].start():
        boundary.insert(0, fields.pop())
    units = [match.group(1) for match in boundary]
    while len(set(units)) < len(units):
        units.pop()
        boundary.pop()
    finest = min(boundary, key=lambda match: UNIT_NS[match.group(1)])
    unit_ns = UNIT_NS[finest.group(1)]
    digits, _, exponent = finest.group(2).lower().partition("e")
    whole, _, decimals = digits.partition(".")
    power = int(exponent or "0")
    with localcontext() as context:
        context.prec = len(whole) + len(decimals) + abs(power) + 20
        elapsed_ns = int((Decimal(finest.group(2)) * unit_ns).to_integral_value(ROUND_FLOOR))
        resolution_ns = max(1, int(Decimal(unit_ns).scaleb(power - len(decimals)).to_integral_value(ROUND_FLOOR)))
    resolution_ns = min(resolution_ns, 10**18)
    if elapsed_ns > LARGEST:
        raise NotARecordError(TOO_LARGE)
    return boundary[0].start(), boundary[-1].end(), elapsed_ns, resolution_ns


def parse_params(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Function and parameters; a field without ``=`` continues what stands before it."""
    function, *fields = text.split("|")
    params: list[tuple[str, str]] = []
    for part in fields:
        name, equals, value = part.partition("=")
        if equals:
            params.append((name, value))
        elif params:
            params[-1] = (params[-1][0], params[-1][1] + "|" + part)
        else:
            function += "|" + part
    return function, params


def parse_metrics(text: str) -> tuple[list[tuple[str, int]], list[int | None], dict[str, str], int]:
    """Metrics, parents, the other reserved fields by name, and how many fields were dropped."""
    metrics: list[tuple[str, int]] = []
    parents: list[int | None] = []
    said: dict[str, str] = {}
    dropped = 0
    pending = ""
    fields = text.split("|")[1:]
    for position, part in enumerate(fields):
        first_name, _, rest = part.partition("=")
        if not pending and "=" in part and first_name in ("test", "at", "via", "write"):
            name, equals, value = first_name, "=", rest
        else:
            name, equals, value = (pending + part).rpartition("=")
        if not equals:
            pending += part + "|"
            dropped += position == len(fields) - 1
            continue
        pending = ""
        number = parse_unsigned(value)
        is_small = number is not None and number <= LARGEST
        if name == "parent" and (value == "none" or is_small):
            parents.append(number)
        elif name in ("escaped", "frame", "failed", "cached") and value in ("0", "1"):
            said.pop(name, None)
            if value == "1":
                said[name] = value
        elif (
            name == "test"
            or (name in ("at", "via", "write") and value)
            or (name == "phase" and value in ("setup", "call", "teardown"))
            or (name in ("process", "try", "activation") and is_small)
        ):
            said[name] = value
        elif name in ("parent", "at", "via", "write", "phase", "process", "try", "activation") or number is None:
            dropped += 1
        else:
            metrics.append((name, number))
    return metrics, parents, said, dropped


def parse_unsigned(text: str) -> int | None:
    """The number that the digits stand for, if they are nothing but digits and it has at most 64 bits."""
    digits = text.lstrip("0") or "0"
    if not re.fullmatch(r"[0-9]+", text) or len(digits) > len(str(LARGEST_METRIC)):
        return None
    return int(digits) if int(digits) <= LARGEST_METRIC else None


def unescape(text: str) -> str:
    """The text with its three escapes undone, in one pass."""
    return ESCAPED.sub(lambda escape: chr(int(escape.group(1), 16)), text)
