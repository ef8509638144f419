"""Logs for property tests: whole ones, with what was written into them, and damaged ones.

A program is simulated: threads that call and return give numbers at the start and lines at the end, as the real emitter
does. So trees, completion orders and callers are such as can happen. Names and values are few, so that calls repeat.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import assume
from hypothesis import strategies as st

from tests.hostile_values import values as hostile_values

FUNCTIONS = ("load_node", "exists_node", "query_records", "walk", "<Foo as Bar<'a>>::baz::{{closure}}")
PARAM_NAMES = ("id", "part_id", "entry_name")
VALUES = ("root", "data", "a", "1", "2", "3", "4", "5", "6", "")
HARMLESS_CHARACTERS = st.characters(codec="utf-8", exclude_characters="|\n\r\\", exclude_categories=["Cs"])
FEW_VALUES = st.sampled_from(VALUES)
UNIT_NS = {"ms": 1_000_000, "us": 1_000, "ns": 1, "s": 1_000_000_000}
TIMES = (
    ("ms", ("0", "0", "3", "27")),
    ("us", ("12", "1.5")),
    ("s", ("0.001", "2")),
    ("s", ("5000000000", "9223372036.854775807", "0")),
)
"""The units of elapsed times and their values; two of the last don't fit into 63 bits together."""

PREFIXES = (
    "",
    "[2026-11-22T19:54:07Z DEBUG utilities::perf_trace] ",
    "\x1b[0m\x1b[38;5;8m[\x1b[0m2026-11-22T19:54:43Z \x1b[34mDEBUG\x1b[0m\x1b[38;5;8m]\x1b[0m ",
    "2026-11-22T19:54:07.123456Z service_1 | ",
    "test tests::counts ... ",
)
MARKERS = (
    "     Running unittests src/lib.rs (target/debug/deps/minifs-fc8961ee0bcdd593)",
    "     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)",
    "\x1b[0m\x1b[0;32m\x1b[1m     Running\x1b[0m tests/listing.rs (target/debug/deps/listing-46469ca5aae9faea)",
    "   Doc-tests minifs",
    "     Running `/home/me/target/debug/deps/concurrent-6944d345dffe6c1f --nocapture`",
    "        PASS [   1.709s] ( 7/78) tlogfs module::test_name",
    "       START [         ] ( 1/78) tlogfs module::other_test",
    " FAIL + LEAK [   1.000s] (  9/100) tlogfs module::leaking_test",
    "TIMEOUT-PASS [ 240.000s] [ 3/12] (  3/100) tlogfs module::slow_test",
    "\x1b[35;1mTRY 2 LKFAIL\x1b[0m [   1.000s] (───────) \x1b[35;1mtlogfs\x1b[0m \x1b[34;1mtest_name\x1b[0m",
    "TRY 1 SIGSEGV [   1.000s] (-------) tlogfs module::crashing_test",
)
NEXTEST_MARKERS = (
    " FAIL + LEAK [   1.000s] (  9/100) tlogfs module::test_name",
    " SLOW + LEAK [  30.000s] ( 23/100) tlogfs module::test_name",
    " SLOW+TMPASS [ 300.000s] ( 24/100) tlogfs module::test_name",
    "TIMEOUT-PASS [ 240.000s] (  3/100) tlogfs module::test_name",
    "  TRY 1 FAIL [   1.000s] (───────) tlogfs module::test_name",
    "  TRY 1 FAIL [   1.000s] (-------) tlogfs module::test_name",
    " TRY 2 FL+LK [   1.000s] ( 16/100) tlogfs module::test_name",
    "TRY 2 LKFAIL [   1.000s] ( 17/100) tlogfs module::test_name",
    "TRY 1 SIGSEGV [   1.000s] (───────) tlogfs module::test_name",
    "ABORT SIG 37 [   1.000s] ( 14/100) tlogfs module::test_name",
    "TRY 10 SIGABRT [   1.000s] (───────) tlogfs module::test_name",
    "   RETRY 2/3 [         ] (───────) tlogfs module::test_name",
    "        PASS [   0.010s] [3/3] (1/1) tlogfs module::test_name",
    "        PASS [   0.010s] [ 3/12] (───) tlogfs module::test_name",
    "        PASS [   0.010s] [17] ( 1/78) tlogfs module::test_name",
)
"""Of nextest: what its snapshots and its source say of statuses, stress runs and tests that are tried again."""
FAR_AWAY = "PERF_TRACE|424242|far|caller=evil|elapsed_ms=77"
NEXTEST_SUMMARY = "     Summary [  38.611s] 78 tests run: 77 passed, 1 failed, 0 skipped"
OTHER_LINES = (
    "",
    "running 1 test",
    "test tests::counts ... ok",
    'load_node FileId { part: 1, node: 1 } "data"',
    "    indented by four",
    "        indented by eight",
    "a pipe | and a field|elapsed_ms=4",
    "  stderr ───",
    NEXTEST_SUMMARY,
)
ODD_LINES = (
    "a note that quotes PERF_TRACE|7|fake|elapsed_ms=3 in its middle",
    "PERF_TRACE|",
    "PERF_TRACE|12",
    "PERF_TRACE|x|fn|elapsed_ms=1",
    "PERF_TRACE|18446744073709551616|fn|elapsed_ms=1",
    "PERF_TRACE|5|fn|elapsed_s=9300000000",
    "PERF_TRACE|9|broken_off|id=1",
    "PERF_TRACE|PERF_TRACE|34|query_records|elapsed_ms=0",
    "PERF_TRACE|3|query_records|id=1|elapsed_ms=PERF_TRACE|4|walk|elapsed_ms=2",
    FAR_AWAY,
    "PERF_TRACE|6|dup|id=1|id=2|caller=a|caller=b|elapsed_ms=1|elapsed_us=1234|dup=1|dup=2|nameless|=3|x=-1|parent=2",
    "PERF_TRACE|8|escaped|id=a\\x7cb\\x0ac\\x5cd|elapsed_us=7|escaped=1|found=0",
    "PERF_TRACE|10|decimals|elapsed_ms=1.25|found=1",
    "PERF_TRACE|10|exponent|elapsed_ms=1.5e-05|found=1",
    "PERF_TRACE|10|exponent|elapsed_us=2E+3|elapsed_ms=7",
    "PERF_TRACE|10|too_late|elapsed_s=1e300",
    "PERF_TRACE|10|comma|elapsed_ms=15,5|found=1",
    "PERF_TRACE|10|negative|elapsed_ms=-3",
    "PERF_TRACE|15|reserved|write=3|sql=a|elapsed_us=4|test=a=b|at=x.py:3|process=7|activation=5|cached=1|try=2|phase=call",
    "PERF_TRACE|16|reserved|elapsed_us=4|write=orders|failed=2|frame=0|process=x|via=",
    "PERF_TRACE|11|elapsed_ms=3",
    "PERF_TRACE|12|empty|elapsed_ms=|a=2|elapsed_ms=3|elapsed_us=|found=1",
    "PERF_TRACE|13||elapsed_ms=3\x1b[0m",
    f"PERF_TRACE|{'0' * 20}14|zeros|elapsed_ms=1",
)


@dataclass
class WrittenCall:
    """A call of the simulated program, and what its line says."""

    number: int
    function: str
    caller: str | None
    params: tuple[tuple[str, str], ...]
    parent: int | None
    elapsed: str = "0"
    unit: str = "ms"
    metrics: tuple[tuple[str, int], ...] = ()
    tells_parent: bool = False
    said: tuple[tuple[str, str], ...] = ()
    """What the line says of its call beside parent and metrics: reserved fields, as written."""

    @property
    def elapsed_ns(self) -> int:
        """As the line tells it."""
        whole, _, decimals = self.elapsed.partition(".")
        unit_ns = UNIT_NS[self.unit]
        return int(whole) * unit_ns + (int(decimals) * unit_ns // 10 ** len(decimals) if decimals else 0)

    def trace(self) -> str:
        """The trace line, from the mark on."""
        caller = [] if self.caller is None else [("caller", self.caller)]
        pieces = [f"PERF_TRACE|{self.number}|{self.function}"]
        pieces += [f"{name}={value}" for name, value in (*caller, *self.params)]
        pieces.append(f"elapsed_{self.unit}={self.elapsed}")
        if self.tells_parent:
            pieces.append(f"parent={'none' if self.parent is None else self.parent}")
        pieces += [f"{name}={value}" for name, value in (*self.said, *self.metrics)]
        return "|".join(pieces)


@dataclass
class WrittenProcess:
    """A run of the simulated program: its calls in the order of their lines."""

    calls: list[WrittenCall] = field(default_factory=list)
    threads: int = 1


@dataclass
class WrittenLog:
    """A log without any damage: what it holds reads back exactly."""

    log: bytes
    processes: list[WrittenProcess]


@st.composite
def processes(
    draw: st.DrawFn, *, values: st.SearchStrategy[str] = FEW_VALUES, largest_size: int = 25
) -> WrittenProcess:
    """A run with nested calls in one or more threads; each run has its style of callers, units, values and depth."""
    threads = draw(st.sampled_from((1, 1, 1, 2, 3)))
    functions = draw(st.lists(st.sampled_from(FUNCTIONS), min_size=1, max_size=3, unique=True))
    names = {function: draw(st.sampled_from((("id",), ("id",), (), PARAM_NAMES))) for function in functions}
    knows_callers = draw(st.sampled_from((True, True, False, None)))
    tells_parent = draw(st.sampled_from((False, False, True)))
    keeps_root_open = draw(st.booleans())
    is_spread = draw(st.integers(0, 2)) == 0
    own_values = st.sampled_from(draw(st.lists(values, min_size=1, max_size=3)))
    unit, times = draw(st.sampled_from(TIMES))
    open_calls: list[list[WrittenCall]] = [[] for _ in range(threads)]
    process = WrittenProcess(threads=threads)
    numbers = count()

    def start(stack: list[WrittenCall], function: str, value: str | None) -> None:
        above = stack[-1] if stack else None
        number = next(numbers)
        caller = None
        if knows_callers is not None:
            caller = above.function if above and knows_callers else "unknown"
        call = WrittenCall(
            number=number,
            function=function,
            caller=caller,
            params=tuple((name, value if value and name == "id" else draw(own_values)) for name in names[function]),
            parent=above.number if above else None,
            elapsed=draw(st.sampled_from(times)),
            unit=unit,
            metrics=draw(metrics()),
            tells_parent=tells_parent,
        )
        stack.append(call)

    for step in range(draw(st.integers(1, largest_size))):
        stack = open_calls[draw(st.integers(0, threads - 1))]
        is_returning = keeps_root_open or draw(st.booleans())
        if is_returning and len(stack) > keeps_root_open:
            process.calls.append(stack.pop())
        function = draw(st.sampled_from(functions))
        start(stack, function, str(step) if is_spread else None)
        if is_spread and draw(st.integers(0, 5)) == 0:  # a loop that asks once per id
            asked = draw(st.sampled_from(functions))
            for value in range(draw(st.integers(3, 7))):
                start(stack, asked, str(value))
                process.calls.append(stack.pop())
    while any(open_calls):
        busy = [stack for stack in open_calls if stack]
        process.calls.append(busy[draw(st.integers(0, len(busy) - 1))].pop())
    return process


def metrics() -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    """Result and time metrics; often the same, so that answers repeat."""
    return st.sampled_from(
        (
            (("query_ms", 0), ("found", 0)),
            (("found", 0), ("query_ms", 1)),
            (("query_ms", 1), ("found", 1)),
            (("found", 1), ("count", 3)),
            (("count", 3), ("found", 1)),
            (("query_ms", 0),),
            (("bytes", 2**64 - 1), ("scan_us", 7)),
            (),
        )
    )


@st.composite
def clean_logs(draw: st.DrawFn) -> WrittenLog:
    """Processes one after the other, each behind a marker, with other lines between; values are harmless text."""
    values = st.sampled_from(VALUES) | st.text(HARMLESS_CHARACTERS, max_size=5)
    written = draw(st.lists(processes(values=values), min_size=1, max_size=3))
    prefix = draw(st.sampled_from(PREFIXES))
    lines = []
    for process in written:
        lines.append(draw(st.sampled_from(MARKERS)))
        for call in process.calls:
            lines += draw(st.lists(st.sampled_from(OTHER_LINES), max_size=1))
            lines.append(prefix + call.trace())
    return WrittenLog(join(lines, draw(st.sampled_from(("\n", "\r\n"))), final=draw(st.booleans())), written)


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """Logs of any sort: several processes, prefixes, markers, hostile values, and every damage that real logs show."""
    values = st.sampled_from(VALUES) | hostile_values
    prefix = draw(st.sampled_from(PREFIXES))
    indent = draw(st.sampled_from(("", "", "", "    ")))
    is_logger = draw(st.booleans())
    pieces = [
        [as_written(prefix, call.trace(), indent=indent, is_logger=is_logger) for call in process.calls]
        for process in draw(st.lists(processes(values=values, largest_size=15), min_size=1, max_size=4))
    ]
    if len(pieces) > 1 and draw(st.booleans()):
        pieces[:2] = [draw(interleaved(pieces[0], pieces[1]))]
    if draw(st.booleans()):
        pieces.append(pieces[draw(st.integers(0, len(pieces) - 1))])
    lines: list[str] = []
    for piece in pieces:
        lines += draw(st.lists(st.sampled_from(MARKERS), max_size=1))
        lines += piece
    if draw(st.integers(0, 3)) == 0:
        lines += [*nextest_failure(pieces[0]), NEXTEST_SUMMARY, *nextest_failure(pieces[0])]
    for _ in range(draw(st.integers(0, 6))):
        lines = draw(damaged(lines))
    if draw(st.integers(0, 5)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), FAR_AWAY)
    log = join(lines, draw(st.sampled_from(("\n", "\n", "\r\n"))), final=draw(st.booleans()))
    if draw(st.integers(0, 3)) == 0:
        log = draw(with_broken_bytes(log))
    assume(not may_be_wrapped(log))
    return log


def may_be_wrapped(log: bytes) -> bool:
    """Whether what cut lines begin with may be taken for a collector's prefix; wrapped logs have tests of their own."""
    others = [line for line in log.split(b"\n") if line.strip() and b"PERF_TRACE|" not in line]
    return len(others) > 1 and all(re.match(rb"[^ ]*[0-9|:\]>)] ", line) for line in others)


def as_written(prefix: str, trace: str, *, indent: str, is_logger: bool) -> str:
    """The line or lines of one record: a logger indents what follows a newline, nextest indents all."""
    lines = (prefix + trace).split("\n")
    inner = "    " if is_logger else ""
    return "\n".join(f"{indent}{inner if place else ''}{line}" for place, line in enumerate(lines))


def nextest_failure(lines: Sequence[str]) -> list[str]:
    """What nextest prints of a failed test, at once and again at its end."""
    indented = [f"    {line}" for several in lines for line in several.split("\n")]
    return ["        FAIL [   0.015s] ( 3/78) tlogfs module::failing", "  stderr ───", *indented, ""]


def join(lines: Sequence[str], end: str, *, final: bool) -> bytes:
    """The log that the lines make."""
    return (end.join(lines) + (end if final else "")).encode()


@st.composite
def interleaved(draw: st.DrawFn, first: list[str], second: list[str]) -> list[str]:
    """Two processes writing at the same time."""
    first, second, mixed = list(first), list(second), []
    while first and second:
        mixed.append((first if draw(st.booleans()) else second).pop(0))
    return mixed + first + second


@st.composite
def damaged(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """One more thing wrong: a line lost, cut off, torn, printed twice, or another between."""
    if not lines:
        return lines
    place = draw(st.integers(0, len(lines) - 1))
    line = lines[place]
    cut = draw(st.integers(0, len(line)))
    other = draw(st.sampled_from(OTHER_LINES) | st.sampled_from(ODD_LINES))
    changed = draw(
        st.sampled_from(
            (
                [],
                [line[:cut]],
                [line[:cut] + lines[-1], line[cut:]],
                [line[:cut], line[cut:]],
                [line, line],
                [other, line],
                [line, other],
                [line + "\x1b[0m"],
                [f"{line} and more"],
            )
        )
    )
    return lines[:place] + changed + lines[place + 1 :]


@st.composite
def with_broken_bytes(draw: st.DrawFn, log: bytes) -> bytes:
    """Bytes that aren't UTF-8 somewhere, or a byte-order mark, or the end cut off."""
    place = draw(st.integers(0, len(log)))
    return draw(
        st.sampled_from(
            (
                log[:place] + b"\xff" + log[place:],
                log[:place] + b"\xed\xa0\x80" + log[place:],
                log[:place] + b"\x00" + log[place:],
                b"\xef\xbb\xbf" + log,
                log[:place],
            )
        )
    )
