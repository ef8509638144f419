"""The page about the trace line: lines are read as it says, and its names and limits are the program's."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.paths import ROOT
from tracereport.sources.perf_trace.continuation import LARGEST_BYTES
from tracereport.sources.perf_trace.grammar import (
    FLAG_FIELDS,
    MAXIMUM,
    METRIC_MAXIMUM,
    NUMBER_FIELDS,
    PHASE_FIELD,
    PHASE_VALUES,
    TEXT_FIELDS,
    MetricFields,
    Reason,
    RecordText,
    parse_metrics,
    parse_record,
    parse_signature,
)
from tracereport.sources.perf_trace.markers import MarkerKind, parse_marker
from tracereport.sources.perf_trace.reading import MALFORMED_BYTES
from tracereport.sources.streams.chunks import LONGEST_LINE_BYTES
from tracereport.sources.streams.unpacking import LEAST_UNPACKED_LIMIT_BYTES, UNPACKED_RATIO
from tracereport.wording.units import format_time

PAGE = (ROOT / "docs" / "trace-format.md").read_text(encoding="utf-8")
SHOWN = "=> "


def shown_lines() -> Iterator[tuple[str, str]]:
    """Each line of the page that is followed by what it is read as."""
    for block in re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        lines = block.splitlines()
        yield from ((line, said.removeprefix(SHOWN)) for line, said in pairwise(lines) if said.startswith(SHOWN))


LINES = list(shown_lines())
RECORDS = [(line, said) for line, said in LINES if not said.startswith("a ")]
MARKERS = [(line, said) for line, said in LINES if said.startswith("a ")]


def describe_record(line: str) -> str:
    """What a line says, in the page's words."""
    record = parse_record(line)
    assert isinstance(record, RecordText)
    results = parse_metrics(record.metrics)
    own = parse_signature(record.signature, escaped="escaped" in results.flags)
    asked = ", ".join(f"{name} {json.dumps(value)}" for name, value in own.params)
    times = f"{format_time(record.elapsed_ns)} + {format_time(record.resolution_ns)}"
    who = f"{record.number} {own.function} by {own.caller or 'nobody'}"
    return "; ".join([f"{who}: {asked}" if asked else who, times, *describe_results(results)])


def describe_results(results: MetricFields) -> Iterator[str]:
    if results.metrics:
        yield ", ".join(f"{name} {value}" for name, value in results.metrics)
    if results.dropped:
        yield f"{results.dropped} dropped"


@pytest.mark.parametrize(("line", "said"), RECORDS)
def test_a_line_is_read_as_the_page_says(line: str, said: str) -> None:
    assert describe_record(line) == said


@pytest.mark.parametrize(("line", "said"), MARKERS)
def test_a_marker_is_what_the_page_says(line: str, said: str) -> None:
    marker = parse_marker(line)
    assert marker is not None
    if marker.kind is MarkerKind.LIBTEST:
        assert said == (f"a test begins: {marker.name}" if marker.name else "a test ends")
    else:
        assert said == f"a process begins: {marker.name}"


def test_the_page_shows_both() -> None:
    assert len(RECORDS) > 5
    assert len(MARKERS) > 5


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the first table behind a heading, without its head."""
    table = PAGE.partition(f"## {heading}\n")[2].partition("\n|")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_every_reserved_field_is_named_with_its_values() -> None:
    rows = [(re.findall(r"`(\w+)`", names), values) for names, values, *_ in rows_below("Reserved fields")]
    named = {name: values for names, values in rows for name in names}
    assert named.keys() == {*TEXT_FIELDS, *NUMBER_FIELDS, PHASE_FIELD, *FLAG_FIELDS}
    assert tuple(re.findall(r"`(\w+)`", named[PHASE_FIELD])) == PHASE_VALUES


@pytest.mark.parametrize(
    ("reason", "field"),
    [
        (Reason.TORN, "PERF_TRACE|7|load|PERF_TRACE|8|load|elapsed_ms=1"),
        (Reason.TORN, "PERF_TRACE|7|load|elapsed_ms=|elapsed_us=3"),
        (Reason.BROKEN_OFF, "PERF_TRACE|7|load|id=7"),
        (Reason.BROKEN_MARK, "PERF_TRACE|7"),
        *((Reason.BAD_VALUE, f"PERF_TRACE|7|load|elapsed_ms={value}") for value in re.findall(
            r"`([^`]+)`", next(when for reason, when in rows_below("What is no record") if reason == "no number")
        )),
        (Reason.OUT_OF_RANGE, f"PERF_TRACE|{MAXIMUM + 1}|load|elapsed_ms=1"),
        (Reason.OUT_OF_RANGE, f"PERF_TRACE|7|load|elapsed_ns={MAXIMUM + 1}"),
        (Reason.QUOTED, "a note that quotes PERF_TRACE|7|load|elapsed_ms=3 in its middle"),
        (Reason.NO_RECORD, "PERF_TRACE|load|elapsed_ms=3"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_record_is_so_for_the_reason_that_is_told(reason: Reason, field: str) -> None:
    assert parse_record(field) is reason


def test_the_limits_are_the_program_s() -> None:
    limits = dict(rows_below("Limits"))
    assert limits["call number; time in ns"] == f"2^{(MAXIMUM + 1).bit_length() - 1} - 1"
    assert limits["metric"] == f"2^{(METRIC_MAXIMUM + 1).bit_length() - 1} - 1"
    assert limits["record over several lines"] == f"{LARGEST_BYTES >> 20} MiB"
    assert limits["line"].startswith(f"{LONGEST_LINE_BYTES >> 20} MiB")
    unpacked = next(limit for what, limit in limits.items() if what.startswith("unpacked size"))
    assert unpacked.startswith(
        f"{UNPACKED_RATIO} times the packed size, and at least {LEAST_UNPACKED_LIMIT_BYTES // 10**9} GB"
    )
    assert f"first {MALFORMED_BYTES} bytes" in PAGE
