"""A chunk's plain records are those that the grammar reads; every other line with the mark is handed over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import logs
from tests.truth import NAMES, read_log
from tracereport.calls.texts import Texts
from tracereport.native.metrics import MISSING, NONE, MetricTable
from tracereport.native.split import Records, Split, is_utf8, split_chunk
from tracereport.sources.perf_trace.grammar import (
    MARK,
    RESERVED_RULES,
    RecordText,
    parse_metrics,
    parse_record,
    parse_signature,
    strip_line_end,
)
from tracereport.sources.perf_trace.markers import COLOURS, parse_marker
from tracereport.sources.streams.encoding import make_valid

PIECES = (
    *(
        "PERF_TRACE",
        "PERF_TRACE|",
        "PERF_TRACE|7|load",
        "PERF_TRACE|007|",
        "|elapsed_",
        "|elapsed_ms=",
        "|elapsed_ms=3",
    ),
    *("|elapsed_us=12.5", "|elapsed_s=9223372036", "|elapsed_ns=3.5", "|elapsed_ms=99999999999999999999", "elapsed_ms"),
    *("|caller=", "|caller=a", "|id=1", "|id", "|", "=", "||", "|found=1", "|found=-1", "|parent=3", "|parent=none"),
    *(
        "|parent=",
        "|test=a=b",
        "|process=4",
        "|process=4=5",
        "|try=x",
        "|phase=call",
        "|at=",
        "|at=a:3",
        "|cached=0",
        "|cached=7",
        "|activation=8",
        "|sql=a",
        "|write=1",
        "|escaped=1",
        "|escaped=2",
        "|m=18446744073709551616",
        "\x1b[0m",
        "\x1b[K",
        "m",
        " ",
    ),
    *(
        "\r",
        "\r\r",
        "\n",
        "\n",
        "ü",
        "\0",
        "test ",
        "ok",
        "FAILED",
        "     Running tests/a.rs (b-0123456789abcdef)",
        "12",
    ),
)
LINES = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=40).map("".join)


def lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def hold_against_grammar(text: str) -> None:
    chunk = text.encode()
    split = split_chunk(chunk)
    lines = lines_of(text)
    assert split.lines == len(lines)
    odd = dict(split.odd.tolist())
    candidates = split.candidates["line"].tolist()
    marked = [line for line, own in enumerate(lines) if MARK in own]
    assert sorted([*odd, *split.records.line.tolist()]) == marked
    for line, start in [*odd.items(), *split.candidates.tolist()]:
        assert chunk[start:].decode().partition("\n")[0].removesuffix("\r") == lines[line]
    for line, own in enumerate(lines):
        # A test's result on a line of its own is looked for at its start only.
        is_result = own[:1].isspace() and COLOURS.sub("", own).strip() in {"ok", "FAILED"}
        assert parse_marker(own) is None or is_result or line in candidates
    hold_records(split, chunk, lines)


def hold_records(split: Split, chunk: bytes, lines: list[str]) -> None:
    for record in (Records(*own) for own in zip(*(column.tolist() for column in split.records), strict=True)):
        read = parse_record(strip_line_end(lines[record.line]))
        assert isinstance(read, RecordText)
        signature = chunk[record.signature_start : record.signature_end].decode()
        metrics = chunk[record.metrics_start : record.metrics_end].decode()
        found: tuple[object, ...] = (record.number, signature, record.elapsed_ns, record.resolution_ns, metrics)
        assert found == (read.number, read.signature, read.elapsed_ns, read.resolution_ns, read.metrics)
        fields = signature.split("|")[1:]
        starts = {field.partition("=")[0] for field in fields}
        has_odd_field = any("=" not in field for field in fields) or {"sql", "write"} <= starts
        assert (record.lookup_start < 0) == has_odd_field
        if has_odd_field:
            continue
        read_fields = parse_signature(signature, escaped=False)
        lookup = bytes(split.lookups[record.lookup_start : record.lookup_end]).decode()
        assert lookup == "|".join([read_fields.function, *(f"{name}={value}" for name, value in read_fields.params)])
        caller = chunk[record.caller_start : record.caller_end].decode()
        assert (None if record.caller_start < 0 else caller) == read_fields.caller


@given(LINES)
def test_any_lines_are_split_as_the_grammar_reads_them(text: str) -> None:
    hold_against_grammar(text)


@given(logs())
def test_whole_logs_are_split_as_the_grammar_reads_them(log: bytes) -> None:
    hold_against_grammar(make_valid(log)[0].decode())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "duckpond-debug"])
def test_nearly_all_records_of_real_logs_are_plain(name: str) -> None:
    text = make_valid(read_log(name)[: 1 << 20])[0].decode()
    hold_against_grammar(text)
    split = split_chunk(text.encode())
    if "hostile" not in name and "torn" not in name:
        assert len(split.odd) <= max(len(split.records.line) // 50, 2)


@given(st.lists(LINES.map(lambda text: text.partition("\n")[0]), max_size=8))
def test_metrics_are_what_the_grammar_reads(texts: list[str]) -> None:
    texts = [f"|{text}" if text and not text.startswith("|") else text for text in texts]
    table = MetricTable(RESERVED_RULES)
    chunk = "".join(texts).encode()
    ends, end = [], 0
    for text in texts:
        end += len(text.encode())
        ends.append(end)
    codes = table.intern(chunk, *(_array(own) for own in ([0, *ends][:-1], ends)))
    names, reserved, odd = (_texts(kept.copy()) for kept in (table.names, table.reserved, table.odd))
    offset, name, value = table.finish()
    columns = [column.tolist() for column in codes]
    for text, own, kept, handed_over, *numbers in zip(texts, *columns, strict=True):
        if handed_over >= 0:
            assert odd[handed_over] == text
            assert (own, kept, *numbers) == (-1, -1, MISSING, MISSING)
            continue
        read = parse_metrics(text)
        remarks = parse_metrics(reserved[kept]) if kept >= 0 else parse_metrics("")
        fields = range(offset[own], offset[own + 1])
        assert tuple((names[name[field]], int(value[field])) for field in fields) == read.metrics
        told = {
            name: number for name, number in zip(("parent", "activation"), numbers, strict=True) if number != MISSING
        }
        assert remarks._replace(numbers=remarks.numbers | told) == read._replace(metrics=())


def test_equal_sets_have_one_code() -> None:
    table = MetricTable(RESERVED_RULES)
    texts = ["|a=1|b=2", "|a=1|parent=5|b=2", "|b=2|a=1", "|a=1|b=2|test=x", "", "|parent=none"]
    chunk = "".join(texts).encode()
    ends = [sum(map(len, texts[: index + 1])) for index in range(len(texts))]
    codes = table.intern(chunk, _array([0, *ends][:-1]), _array(ends))
    assert codes.metric_set.tolist() == [0, 0, 1, 0, 2, 2]
    assert codes.parent.tolist() == [MISSING, 5, MISSING, MISSING, MISSING, NONE]


def test_metrics_outside_of_the_chunk_are_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        MetricTable(RESERVED_RULES).intern(b"|a=1", _array([0]), _array([5]))


@given(st.binary(max_size=12) | st.text(max_size=12).map(str.encode))
def test_utf_8_is_what_python_takes_for_it(text: bytes) -> None:
    try:
        text.decode()
    except UnicodeDecodeError:
        assert not is_utf8(text)
    else:
        assert is_utf8(text)


@pytest.mark.parametrize(
    "text",
    [
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xf0\x80\x80\x80",
        b"\xc3",
        b"12345678\xe2\x82",
    ],
)
def test_what_only_looks_like_utf_8_is_none(text: bytes) -> None:
    assert not is_utf8(text)


def _array(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def _texts(table: tuple[np.ndarray, np.ndarray]) -> list[str]:
    return Texts(*table).to_list()


def test_a_split_can_be_read_after_its_chunk_is_gone() -> None:
    records = split_chunk(b"PERF_TRACE|1|f|elapsed_ms=2\n" * 1000).records
    assert records.elapsed_ns.tolist() == [2_000_000] * 1000
