"""Documents of spans, whole, broken off or hostile: every span that can be read is read, and the rest accounted for."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.running import run
from tests.spans import CLIENT, SELECT, SERVER, facts_of, read_requests, request, rows, span
from tracereport.api import render
from tracereport.engine.report import make_report
from tracereport.model import Settings
from tracereport.sources.inputs import read_inputs, read_raw


def test_how_much_could_be_used_is_counted(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request([
            span("r", name="GET /", kind=SERVER, took=900), span("a", "r", kind=CLIENT, **SELECT),
            span("b", "r", "SELECT", CLIENT, db__system="mysql"),
            span("c", "r", kind=CLIENT, db__statement="select 1 from t where a = ?"), span("d", "r", "?", CLIENT),
            span("e", "r", kind=CLIENT, db__statement="update t set a = 1"),
        ]),
    )  # fmt: skip
    assert facts_of(calls) == {
        "spans": 6, "spans-questions": 3, "spans-writes": 1, "spans-frames": 2, "spans-without-statement": 1,
        "spans-without-values": 1, "spans-unknown-client": 1,
    }  # fmt: skip


def shapes(one: dict[str, Any]) -> dict[str, bytes]:
    """The same spans in every form that they come in."""
    line = json.dumps(one).encode()
    pretty = json.dumps(one, indent=2).encode()
    return {
        "a line": line + b"\n",
        "no line feed": line,
        "indented": pretty,
        "two behind each other": pretty + b"\n" + pretty,
        "gzip": gzip.compress(line),
        "zstd": zstandard.ZstdCompressor().compress(pretty),
        "with a mark": b"\xef\xbb\xbf" + line,
        "in UTF-16": pretty.decode().encode("utf-16"),
        "Windows": pretty.replace(b"\n", b"\r\n"),
        "blank lines": b"\n\n" + line + b"\n\n",
    }


@pytest.mark.parametrize("shape", shapes({}))
def test_documents_come_in_lines_or_indented_packed_or_not(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(
        shapes(request([span("r", name="GET /", kind=SERVER), span("q", "r", kind=CLIENT, **SELECT)]))[shape]
    )
    calls = read_inputs([str(path)])
    assert [call["function"] for call in rows(calls)] == ["GET /", "select users"]
    assert calls.facts is not None
    assert not calls.facts.input.errors


def test_of_a_document_that_breaks_off_every_whole_span_is_read(tmp_path: Path) -> None:
    spans = [span("r", name="GET /", kind=SERVER, took=99)] + [
        span(f"q{n}", "r", kind=CLIENT, start=n, **SELECT) for n in range(20)
    ]
    whole = json.dumps(request(spans), indent=1).encode()
    path = tmp_path / "traces.json"
    read = []
    for end in range(len(whole) // 2, len(whole) - 1, 37):
        path.write_bytes(whole[:end])
        calls = read_inputs([str(path)])
        assert calls.facts is not None
        assert calls.facts.input.errors == (f"{path}: the document ends too early",)
        read.append(len(calls))
    assert read == sorted(read)
    assert set(read) >= set(range(read[0], 21)), "no span is lost but the last"
    path.write_bytes(whole[: len(whole) // 2])
    done = run(path)
    assert done.returncode == 3
    assert b"the document ends too early" in done.stdout + done.stderr


def test_a_line_that_breaks_off_or_is_none_is_one_malformed_record(tmp_path: Path) -> None:
    good = json.dumps(request([span("r", name="GET /", kind=SERVER)]))
    path = tmp_path / "traces.jsonl"
    path.write_text(f"{good}\nnot json\n{good[:99]}\n")
    calls = read_inputs([str(path)])
    assert calls.facts is not None
    assert len(calls) == 1
    assert [(row.line, row.reason) for row in calls.facts.input.malformed.rows] == [
        (2, "is no document"),
        (3, "is no document"),
    ]


def test_numbers_as_texts_and_missing_parts_lose_nothing_else(tmp_path: Path) -> None:
    odd: dict[str, Any] = {
        "traceId": "AA",
        "spanId": "BB",
        "parentSpanId": None,
        "name": "GET /",
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": 1_700_000_000_000_000_000,
        "endTimeUnixNano": "1700000000000001000",
        "status": "STATUS_CODE_OK",
        "attributes": [
            {"key": "a", "value": {"arrayValue": {}}},
            {"key": "b", "value": {}},
            {"key": "c"},
            {},
            {"value": {"intValue": 3}},
        ],
    }
    worse = {**odd, "spanId": "CC", "parentSpanId": "BB", "kind": 3.0, "attributes": [7, None, {"key": 3, "value": []}]}
    worst: list[Any] = [7, None, [], {"name": ["x"]}, {**odd, "spanId": {}}]
    calls = read_requests(tmp_path, request([odd, worse, *worst]), {"resourceSpans": None}, {"resourceSpans": 7}, {})
    assert [call["function"] for call in rows(calls)] == ["GET /", "GET /"]
    assert calls.facts is not None
    assert calls.facts.input.malformed_lines == len(worst)


def test_nothing_in_it_is_said_and_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_text(json.dumps({"resourceSpans": []}))
    done = run(path)
    assert done.returncode == 3
    assert b"no span in it" in done.stderr
    path.write_text(json.dumps(request([{**span("q"), "endTimeUnixNano": 0}])))
    assert b"no span has ended" in run(path).stderr


def test_the_spans_behind_calls_are_given_as_they_stood(tmp_path: Path) -> None:
    spans = [span("r", name="GET /", kind=SERVER, took=99)] + [
        span(f"q{n}", "r", kind=CLIENT, start=n, **SELECT) for n in range(3)
    ]
    calls = read_requests(tmp_path, request(spans))
    raw = list(read_raw(calls, np.arange(4) >= 2, [str(tmp_path / "traces.jsonl")]))
    assert [json.loads(line) for line in raw] == spans[2:]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=9), inside, max_size=4),
    max_leaves=12,
)


KEYS = sorted(
    {
        "resourceSpans",
        "batches",
        "resource",
        "attributes",
        "scopeSpans",
        "spans",
        "traceId",
        "spanId",
        "parentSpanId",
        "kind",
        "name",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "status",
        "code",
        "key",
        "value",
        "stringValue",
        "intValue",
        "data",
        "processes",
        "traceID",
        "spanID",
        "operationName",
        "references",
        "startTime",
        "duration",
        "tags",
        "processID",
        "id",
        "timestamp",
        "localEndpoint",
        "serviceName",
        "start_timestamp",
        "span_id",
        "parent_span_id",
        "op",
        "description",
        "__meta",
        "utime",
        "queries",
        "statements",
        "sql",
        "type",
        "backtrace",
        "line",
        "row_count",
        "route",
        "uri",
    }
)


shaped = st.recursive(
    json_values,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=8),
    max_leaves=40,
)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=shaped, name=st.sampled_from(["otlp", "tempo", "jaeger", "zipkin", "sentry", "laravel"]))
def test_any_json_is_read_or_refused_and_accounted_for(tmp_path: Path, document: object, name: str) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(document))
    calls = read_inputs([str(path)], source=name)
    assert calls.facts is not None
    read = calls.facts.input
    assert read.lines == len(calls) + read.other_lines + read.malformed_lines
    assert (calls.elapsed_ns >= 0).all()


@pytest.mark.parametrize("source", ["otlp", "tempo", "jaeger", "zipkin", "sentry", "laravel"])
@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"resourceSpans":' * 50_000, '{"a":' * 9_000 + "1" + "}" * 9_000, '"\\ud800"']
)
def test_json_of_any_depth_is_refused_in_good_order(tmp_path: Path, source: str, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    assert len(read_inputs([str(path)], source=source)) == 0


def test_documents_call_a_span_a_span(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [span("r", name="GET /", kind=SERVER, took=50), *(span(f"c{at}", "r", start=at, **SELECT) for at in (1, 3))]
        ),
    )
    report = make_report(calls, Settings(), "spans")
    assert report.input is not None
    assert report.input.record_kind == "span"
    text, markdown, page = (render(report, kind) for kind in ("text", "markdown", "html"))
    for document in (text, markdown, page):
        assert "span 3" in document
        assert not re.search(r"\bline \d", str(document))


def test_bytes_that_are_no_utf8_are_shown_and_said(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    one = json.dumps(request([span("r", name="GET /", kind=SERVER), span("q", "r", name="q?", **SELECT)])).encode()
    odd = one.replace(b"q?", b"q\xff\xc3")
    for content in (odd, odd.replace(b'"kind": 1', b'"kind": "1"')):
        path.write_bytes(content + b"\n")
        calls = read_inputs([str(path)])
        assert calls.facts is not None
        assert calls.facts.notices["invalid-utf8"] == 1
        assert calls.facts.input.malformed_lines == 0
        (line,) = read_raw(calls, calls.line == 2, [str(path)])
        assert json.loads(line)["name"] == r"q\xff\xc3"


def test_a_last_line_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    whole, last = (
        json.dumps(request([span(f"{name}r", kind=SERVER), span(f"{name}q", f"{name}r", **SELECT)])) for name in "ab"
    )
    path.write_text(f"{whole}\n{last[:-200]}")
    done = run(path, "-o", tmp_path / "report.json")
    assert done.returncode == 3
    assert b"the document ends too early" in done.stderr
    calls = read_inputs([str(path)])
    assert [call["function"] for call in rows(calls)] == ["work", "select users", "work"]
