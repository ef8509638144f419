"""``tracereport run`` receives the spans that a command exports: as the protocol says, on the loopback alone."""

import gzip
import http.client
import json
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT
from tests.running import run as run_tracereport
from tests.spans import CLIENT, SERVER, request, rows, span
from tests.waiting import PATIENCE_SECONDS
from tracereport.sources.inputs import read_inputs

pytest.importorskip("opentelemetry.proto", reason="needs opentelemetry-proto: pip install 'tracereport[otlp]'")

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tracereport.command import receiver as receiver_module
from tracereport.command.receiver import JSON, LOOPBACK, PROTOBUF, Receiver, receiving

SPANS = request(
    [span("r", name="GET /", kind=SERVER, took=99)]
    + [span(f"q{n}", "r", kind=CLIENT, start=n, db__statement=f"SELECT * FROM t WHERE id = {n}") for n in range(6)]  # noqa: S608
)


def to_protobuf(one: dict[str, Any]) -> bytes:
    """The same request as an exporter of protobuf sends it."""
    import base64  # noqa: PLC0415

    text = json.loads(json.dumps(one))
    for item in text["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in item:
                item[name] = base64.b64encode(bytes.fromhex(item[name])).decode()
    return bytes(ParseDict(text, ExportTraceServiceRequest()).SerializeToString())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Receiver, int]]:
    with receiving(tmp_path, {}) as (receiver, environment):
        yield receiver, int(environment["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition(":")[2])


def post(port: int, body: bytes, kind: str = JSON, path: str = "/v1/traces", **headers: str) -> tuple[int, str, bytes]:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("POST", path, body, {"Content-Type": kind, **named})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()


def functions(receiver: Receiver) -> list[str]:
    return [call["function"] for call in rows(read_inputs(receiver.inputs))]


@pytest.mark.parametrize("packing", ["", "gzip"])
@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_both_kinds_are_taken_packed_or_not(server: tuple[Receiver, int], kind: str, packing: str) -> None:
    receiver, port = server
    body = json.dumps(SPANS, indent=1).encode() if kind == JSON else to_protobuf(SPANS)
    headers = {"Content_Encoding": packing} if packing else {}
    status, answer_kind, answer = post(port, gzip.compress(body) if packing else body, kind, **headers)
    assert (status, answer_kind, answer) == (200, kind, b"{}" if kind == JSON else b"")
    assert functions(receiver) == ["GET /"] + ["select t"] * 6


def test_a_body_may_come_in_chunks_and_a_connection_is_kept(server: tuple[Receiver, int]) -> None:
    receiver, port = server
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)) as connection:
        for one in SPANS, request([span("x", name="other", trace="u")]):
            text = json.dumps(one).encode()
            headers = {"Content-Type": f"{JSON}; charset=utf-8"}
            connection.request("POST", "/v1/traces", iter([text[:100], text[100:]]), headers, encode_chunked=True)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"{}")
    assert functions(receiver) == ["GET /", *["select t"] * 6, "other"]


@pytest.mark.parametrize(
    ("body", "kind", "path", "headers", "status"),
    [
        (b"not json", JSON, "/v1/traces", {}, 400),
        (b"[1]", JSON, "/v1/traces", {}, 400),
        (b"\xff\xff\xff", PROTOBUF, "/v1/traces", {}, 400),
        (b"{}", "text/plain", "/v1/traces", {}, 415),
        (b"{}", JSON, "/v1/metrics", {}, 404),
        (b"{}", JSON, "/v1/traces", {"Content_Encoding": "br"}, 415),
        (b"no gzip", JSON, "/v1/traces", {"Content_Encoding": "gzip"}, 400),
    ],
)
def test_what_isnt_the_protocols_is_refused_with_the_reason(
    server: tuple[Receiver, int], body: bytes, kind: str, path: str, headers: dict[str, str], status: int
) -> None:
    receiver, port = server
    got, answer_kind, answer = post(port, body, kind, path, **headers)
    assert got == status
    assert json.loads(answer)["message"] if answer_kind == JSON else answer[4:]
    assert receiver.inputs == []
    assert receiver.refused == 1


def test_what_is_too_large_is_refused_packed_or_not(
    server: tuple[Receiver, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, port = server
    monkeypatch.setattr(receiver_module, "LARGEST_BODY_BYTES", 1_000)
    monkeypatch.setattr(receiver_module, "LARGEST_REQUEST_BYTES", 2_000)
    assert post(port, b" " * 1_001)[0] == 413
    assert post(port, gzip.compress(b" " * 100_000), Content_Encoding="gzip")[0] == 413
    assert receiver.inputs == []


def test_too_many_requests_are_refused(server: tuple[Receiver, int], monkeypatch: pytest.MonkeyPatch) -> None:
    receiver, port = server
    monkeypatch.setattr(receiver_module, "MOST_REQUESTS", 2)
    text = json.dumps(SPANS).encode()
    assert [post(port, text)[0] for _ in range(4)] == [200, 200, 429, 429]
    assert receiver.refused == 2


def test_other_methods_and_what_is_no_http_change_nothing(server: tuple[Receiver, int]) -> None:
    receiver, port = server
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("GET", "/v1/traces")
        assert connection.getresponse().status == 405
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE_SECONDS) as raw:
        raw.sendall(b"\x00\x01\x02 no http\r\n\r\n")
        raw.recv(100)
    assert post(port, json.dumps(SPANS).encode())[0] == 200
    assert len(functions(receiver)) == 7


def test_nobody_else_can_reach_it(server: tuple[Receiver, int]) -> None:
    _, port = server
    socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS).close()
    # Whoever listens to every address of the machine is reached at this one, too.
    with pytest.raises(OSError, match=r"."):
        socket.create_connection(("127.0.0.2", port), timeout=PATIENCE_SECONDS)


def test_spans_that_go_elsewhere_go_on_to_do_so(tmp_path: Path) -> None:
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    with receiving(tmp_path, own) as (receiver, environment):
        assert environment == own
    assert receiver.inputs == []


def test_a_file_of_requests_in_protobuf_is_read_alone_or_many_behind_their_lengths(tmp_path: Path) -> None:
    one = to_protobuf(SPANS)
    alone, many = tmp_path / "one.pb", tmp_path / "many.pb"
    alone.write_bytes(one)
    many.write_bytes((len(one).to_bytes(4) + one) * 2 + len(one).to_bytes(4) + one[:20])
    assert len(read_inputs([str(alone)])) == 7
    calls = read_inputs([str(many)])
    assert len(calls) == 7
    assert calls.facts is not None
    assert calls.facts.notices["spans-doubled"] == 7
    assert calls.facts.input.errors == (f"{many}: the document ends too early",)


def test_of_a_request_in_protobuf_that_was_cut_the_whole_spans_are_read(tmp_path: Path) -> None:
    one, path = to_protobuf(SPANS), tmp_path / "cut.pb"
    seen = []
    for length in range(len(one) - 1, 20, -1):
        path.write_bytes(one[:length])
        calls = read_inputs([str(path)], source="otlp-proto")
        assert calls.facts is not None
        assert calls.facts.input.errors == (f"{path}: the document ends too early",)
        assert calls.facts.input.malformed_lines == 0
        seen.append(len(calls))
    assert seen == sorted(seen, reverse=True)
    assert set(seen) == set(range(7))
    path.write_bytes((len(one).to_bytes(4) + one) + (len(one) + 9).to_bytes(4) + one[:-40])
    calls = read_inputs([str(path)])
    assert calls.facts is not None
    assert calls.facts.input.lines == 13


# real programs

PROGRAM = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")
with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER):
    for item in (1, 2, 3, 4, 5, 6, 1):
        statement = {"db.system": "sqlite", "db.statement": f"SELECT * FROM items WHERE id = {item}"}
        with tracer.start_as_current_span("SELECT items", kind=SpanKind.CLIENT, attributes=statement):
            pass
provider.shutdown()
"""


def run_and_read(tmp_path: Path, *command: str, **environment: str) -> tuple[subprocess.CompletedProcess[bytes], Any]:
    """Runs a command under ``tracereport run``; gives what it printed, and the calls."""
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": "", **environment}
    done = run_tracereport(
        "run", "-o", "calls.parquet", "-o", "report.json", "--", *command, cwd=tmp_path, variables=variables
    )
    return done, rows(read_inputs([str(tmp_path / "calls.parquet")])) if (tmp_path / "calls.parquet").exists() else None


def test_a_program_with_the_python_sdk_needs_no_more_than_to_be_run(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    done, calls = run_and_read(tmp_path, sys.executable, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr.decode()
    assert [call["function"] for call in calls if call["kind"] == "question"] == ["select items"] * 7
    assert [call["params"]["p1"] for call in sorted(calls, key=lambda call: call["number"])[1:]] == list("1234561")
    assert {call["parent"] for call in calls} == {None, "GET /cart"}


def test_of_a_program_that_writes_trace_lines_as_well_these_count(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    line = "import os; os.write(2, b'PERF_TRACE|0|load|id=1|elapsed_ms=1\\n')\n"
    done, calls = run_and_read(tmp_path, sys.executable, "-c", line + PROGRAM)
    assert done.returncode == 0, done.stderr.decode()
    assert {call["function"] for call in calls} == {"load"}
    assert b"its spans are left out" in done.stderr


def test_a_program_under_auto_instrumentation_shows_its_statements(tmp_path: Path) -> None:
    instrument = shutil.which("opentelemetry-instrument", path=str(Path(sys.executable).parent))
    pytest.importorskip("opentelemetry.instrumentation.sqlite3")
    if instrument is None:
        pytest.skip("needs opentelemetry-distro")
    (tmp_path / "shop.py").write_text(
        "import sqlite3\n"
        "from opentelemetry import trace\n"
        "db = sqlite3.connect(':memory:').cursor()\n"
        "db.execute('create table items (id, price)')\n"
        "with trace.get_tracer('shop').start_as_current_span('GET /cart', kind=trace.SpanKind.SERVER):\n"
        "    for item in range(9):\n"
        "        db.execute('select price from items where id = ?', (item,)).fetchall()\n"
    )
    done, calls = run_and_read(tmp_path, instrument, sys.executable, "shop.py", OTEL_SERVICE_NAME="shop")
    assert done.returncode == 0, done.stderr.decode()
    asked = [call for call in calls if call["function"] == "select items"]
    assert len(asked) == 9
    assert {(call["unit"], call["parent"], call["known"]) for call in asked} == {
        ("shop: GET /cart", "GET /cart", False)
    }


PLANTED = """
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")

def ask(sql):
    with tracer.start_as_current_span(sql.split()[0], kind=SpanKind.CLIENT, attributes={"db.statement": sql}):
        pass

for _ in range(3):
    with tracer.start_as_current_span("GET /list", kind=SpanKind.SERVER):
        ask("SELECT * FROM books")
        for author in range(8):
            ask(f"SELECT * FROM authors WHERE id = {author}")
    with tracer.start_as_current_span("GET /show", kind=SpanKind.SERVER):
        ask("SELECT * FROM books WHERE id = 3")
        ask("SELECT * FROM books WHERE id = 3")
    with tracer.start_as_current_span("GET /rename", kind=SpanKind.SERVER):
        ask("SELECT * FROM books WHERE id = 4")
        ask("UPDATE books SET title = 'x' WHERE id = 4")
        ask("SELECT * FROM books WHERE id = 4")
provider.shutdown()
"""


def test_what_was_planted_stands_in_the_calls_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    done, _ = run_and_read(tmp_path, sys.executable, "-c", PLANTED)
    assert done.returncode == 0, done.stderr.decode()
    calls = read_inputs([str(tmp_path / "calls.parquet")])
    found = rows(calls)
    asked = Counter(
        (call["unit"].rpartition("/")[2], int(calls.process[row]), int(calls.lookup[row]))
        for row, call in enumerate(found)
        if call["kind"] == "question"
    )
    assert Counter(unit for (unit, _, _), count in asked.items() if count > 1) == {"show": 3, "rename": 3}
    authors = [call for call in found if call["function"] == "select authors"]
    assert len({call["params"]["p1"] for call in authors}) == 8
    assert {call["parent"] for call in authors} == {"GET /list"}
    (write,) = {(call["function"], call["resource"]) for call in found if call["kind"] == "write"}
    assert write == ("update books", "books")


NODE_PROGRAM = """
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-%s");
const { trace, context, SpanKind } = require("@opentelemetry/api");
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
const tracer = provider.getTracer("shop");
const root = tracer.startSpan("GET /cart", { kind: SpanKind.SERVER });
const inside = trace.setSpan(context.active(), root);
for (const item of [1, 2, 3, 4, 5, 1]) {
  const attributes = { "db.system": "sqlite", "db.statement": `SELECT * FROM items WHERE id = ${item}` };
  tracer.startSpan("SELECT items", { kind: SpanKind.CLIENT, attributes }, inside).end();
}
root.end();
provider.shutdown();
"""


@pytest.mark.node
@pytest.mark.parametrize("kind", ["proto", "http"])
def test_a_program_with_the_node_sdk_needs_no_more_than_to_be_run(tmp_path: Path, kind: str) -> None:
    modules = ROOT / "node_modules"
    if shutil.which("node") is None or not (modules / "@opentelemetry" / f"exporter-trace-otlp-{kind}").exists():
        pytest.skip("needs node, and npm install in the checkout")
    (tmp_path / "node_modules").symlink_to(modules.resolve())
    (tmp_path / "shop.cjs").write_text(NODE_PROGRAM % kind)
    done, calls = run_and_read(tmp_path, "node", "shop.cjs")
    assert done.returncode == 0, done.stderr.decode()
    assert [call["function"] for call in calls if call["kind"] == "question"] == ["select items"] * 6
    assert sorted(call["params"]["p1"] for call in calls if call["kind"] == "question") == sorted("123451")


def test_a_command_that_exports_nothing_is_told_so_as_before(tmp_path: Path) -> None:
    done, calls = run_and_read(tmp_path, sys.executable, "-c", "print(1)")
    assert done.returncode == 3
    assert calls is None
    assert b"nothing was traced" in done.stderr
    assert not [*tmp_path.iterdir()]
