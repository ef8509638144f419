"""Why a log may hold no traces: told by what stands in it instead."""

import re
from collections.abc import Sequence
from typing import Final

from tracereport.calls.calls import Facts
from tracereport.errors import InputError
from tracereport.sources.parquet_source import PARQUET_MAGIC
from tracereport.sources.perf_trace.grammar import MARK, Reason
from tracereport.sources.streams.names import STANDARD_INPUT
from tracereport.wording.phrases import format_counted

_COLLECT: Final = "RUST_LOG=debug cargo test 2> perf_trace.log"
_SAYS_WHAT_IS_LACKING: Final = "Run what wrote it by tracereport run -- COMMAND, which says what the command lacks"
_COLOUR: Final = rb"(?:\x1b\[[0-9;]*m)*"
_LOGGED: Final = rb"^" + _COLOUR + rb"\[?[0-9]{4}-[0-9]{2}-[0-9]{2}T[^\n]{0,60}\b"
_SIGNS: Final = tuple(
    (re.compile(sign, re.MULTILINE), cause, remedy)
    for sign, cause, remedy in (
        (
            rb"Nextest run ID|^ {0,20}" + _COLOUR + rb" {0,20}PASS" + _COLOUR + rb" \[",
            "nextest shows the output of failed tests only",
            "Show it always: RUST_LOG=debug cargo nextest run --no-capture 2> perf_trace.log",
        ),
        (
            _LOGGED + rb"(?:DEBUG|TRACE)\b",
            "it is logged at debug, but no traced function was called, or libtest captured the lines",
            "Let them through: RUST_LOG=debug cargo test -- --nocapture 2> perf_trace.log",
        ),
        (
            _LOGGED + rb"INFO\b",
            "the log level is info, and traces are logged at debug",
            f"Lower it: {_COLLECT}",
        ),
        (
            rb"^ {0,20}" + _COLOUR + rb" {0,20}(?:Running|Doc-tests|Finished|Compiling)" + _COLOUR + rb" ",
            "RUST_LOG isn't set, or libtest captured the lines",
            f"Set it: {_COLLECT} (with -- --nocapture if they are still missing)",
        ),
        (
            rb"^" + _COLOUR + rb"={3,} test session starts ={3,}|[0-9] (?:passed|failed)\b[^\n;]{0,200} in [0-9.]+s\b",
            "this looks like what pytest prints, and its traces go to a file",
            "Run pytest --perf-trace, and give perf_trace.log",
        ),
        (
            rb"^(?:running [0-9]+ tests?|test result: )",
            "this looks like standard output, and traces go to standard error",
            f"Collect standard error: {_COLLECT}",
        ),
    )
)
"""What stands in a log, the cause that it hints at, and the remedy; the first that is found counts."""
_OTHER_KINDS: Final = tuple(
    (re.compile(start, re.DOTALL), cause, remedy)
    for start, cause, remedy in (
        (rb"PK[\x03\x05]", "it is a ZIP archive", "Unpack it: unzip -p logs.zip | tracereport -"),
        (rb"BZh[1-9]", "it is packed by bzip2", "Unpack it: bzip2 -dc perf_trace.log.bz2 | tracereport -"),
        (rb"7z\xbc\xaf\x27\x1c", "it is a 7z archive", "Unpack it: 7z x -so logs.7z | tracereport -"),
        (rb"\x04\x22\x4d\x18", "it is packed by lz4", "Unpack it: lz4 -dc perf_trace.log.lz4 | tracereport -"),
        (
            PARQUET_MAGIC,
            "it is a Parquet file, which can't be read from a pipe",
            "Name the file: tracereport calls.parquet",
        ),
        (
            rb'\s*\{\s*"schema_version"',
            "it is a report, and reports aren't joined",
            "Join the logs, or the tables of their calls: -o calls.parquet. To compare with a report: --baseline FILE",
        ),
    )
)
"""How files start that are no logs, what they are, and what to do with them."""
_PRINT_NUMBERS: Final = "Print times in digits, with a point before decimals whatever the language."
_USE_A_STEADY_CLOCK: Final = "Measure by a clock that never goes back (monotonic)."
_LET_END: Final = "Let the program end before the log is taken."
_REMEDIES: Final = {
    Reason.TORN.value: "Let one process write at a time (cargo test -- --test-threads=1), or each to a log of its own.",
    Reason.BROKEN_OFF.value: _LET_END,
    Reason.BROKEN_MARK.value: _LET_END,
    Reason.OUT_OF_RANGE.value: "Look at what writes these numbers, or stands between it and the log.",
}
"""What to do about lines that can't be read, by why; about times that are no numbers, ``_PRINT_NUMBERS``."""
_RECORD: Final = "PERF_TRACE|<number>|<function>|...|elapsed_ms=<number>"
_NO_SIGN: Final = (
    f"no line holds {_RECORD}",
    f"{_SAYS_WHAT_IS_LACKING}; traces that a program prints go to standard error",
)


def shorten_head(head: bytes) -> bytes:
    """What of a log's beginning may tell why it holds no traces: the same is told by it, and it takes little room."""
    kind = next((found[0].lstrip() for start, _, _ in _OTHER_KINDS if (found := start.match(head))), b"")
    signs = [found[0] for sign, _, _ in _SIGNS if (found := sign.search(head))]
    marks = [MARK.encode()] if MARK.encode() in head else []
    return b"\n".join([kind, *signs, *marks])


def explain_no_traces(names: Sequence[str], facts: Facts | None) -> InputError:
    """The error for inputs without a single record, with its likely cause and what to do."""
    name = f"{len(names)} inputs" if len(names) > 1 else names[0]
    name = "standard input" if name == STANDARD_INPUT else name
    if facts is None:
        return InputError(f"{name}: no calls in the table", "Give the log itself.")
    read = facts.input
    if read.errors:
        return InputError(
            f"{read.errors[0]}, and no traces in the {format_counted(read.lines, 'line')} before that",
            "Collect the log again.",
        )
    if read.lines == 0:
        return InputError(f"{name}: empty", _SAYS_WHAT_IS_LACKING)
    for start, kind, remedy in _OTHER_KINDS:
        if start.match(facts.head):
            return InputError(f"{name}: {kind}", remedy)
    cause, remedy = _find_cause(facts)
    return InputError(f"{name}: no traces in {format_counted(read.lines, 'line')}: {cause}", remedy)


def _find_cause(facts: Facts) -> tuple[str, str]:
    """What is likely to be the reason, and what to do."""
    if facts.input.malformed_lines:
        first = facts.input.malformed.rows[0]
        count = format_counted(facts.input.malformed_lines, "line")
        return (
            f"{count} with the mark can't be read, the first is line {first.line} ({first.reason})",
            _REMEDIES.get(first.reason, _USE_A_STEADY_CLOCK if first.reason.endswith("below 0") else _PRINT_NUMBERS),
        )
    if quoted := facts.notices.get("quoted"):
        return (
            f"{format_counted(quoted, 'line holds', 'lines hold')} a record and text behind its elapsed time",
            "Give the logger a format that ends with the message, or cut the rest off.",
        )
    if MARK.encode() in facts.head:
        return "lines hold PERF_TRACE|, but no call number and no bar behind it", f"A record is {_RECORD}."
    found = ((cause, remedy) for sign, cause, remedy in _SIGNS if sign.search(facts.head))
    return next(found, _NO_SIGN)
