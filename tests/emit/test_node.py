"""The Node emitter: what it writes reads back exactly, through promises, errors, timers and worker threads."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emitters import HERE, find_tool, run_scene
from tests.hostile_values import broken_values, join_pairs, values, write_surrogates
from tests.paths import EXAMPLES
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_line, read_written

DRIVER = str(HERE / "driver.mjs")
names = values.map(lambda text: text.replace("=", "-")).filter(lambda name: name != "caller")
calls = st.tuples(
    values,
    st.dictionaries(names, values, max_size=3),
    st.dictionaries(st.from_regex(r"[a-z]+_n", fullmatch=True), st.integers(0, 2**53 - 1), max_size=2),
)


@pytest.fixture(scope="module")
def node() -> str:
    return find_tool("node")


def run(node: str, scene: str, folder: Path, text: str = "", **environment: str) -> list[WrittenCall]:
    log = folder / "trace.log"
    run_scene([node, DRIVER, scene], log, text, **environment)
    return read_written(log)


@settings(max_examples=20, deadline=None)
@given(calls=st.lists(calls, max_size=30), test=st.none() | values.filter(lambda text: "\0" not in text))
def test_hostile_texts_read_back_exactly(
    node: str, calls: list[tuple[str, dict[str, str], dict[str, int]]], test: str | None
) -> None:
    environment = {} if test is None else {"PERF_TRACE_TEST": test}
    text = json.dumps([(name, [*params.items()], metrics) for name, params, metrics in calls])
    with tempfile.TemporaryDirectory() as folder:
        written = run(node, "values", Path(folder), text, **environment)
    assert [(call.function, dict(call.params), call.metrics, call.test) for call in written] == [
        (name, params, metrics, test) for name, params, metrics in calls
    ]
    assert [call.number for call in written] == list(range(len(calls)))


@settings(max_examples=10, deadline=None)
@given(texts=st.lists(broken_values, max_size=20))
def test_lone_surrogates_are_written_as_their_escapes(node: str, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = run(node, "values", Path(folder), json.dumps([(text, [("key", text)], {}) for text in texts]))
    expected = [write_surrogates(join_pairs(text)) for text in texts]
    assert [(call.function, call.params) for call in written] == [(text, (("key", text),)) for text in expected]


def test_calls_nest_and_carry_what_they_gave(node: str, tmp_path: Path) -> None:
    innermost, inner, sibling, outer = run(node, "nested", tmp_path)
    assert outer.params == (
        ("key", "1"),
        ("none", "undefined"),
        ("elapsed_ms_", "7"),
        ("bad", "<unprintable function>"),
    )
    assert outer.metrics == {"flag": 1, "largest": 2**64 - 1, "parent_": 3}
    assert (outer.caller, outer.parent, outer.number) == ("nested", None, 0)
    assert (inner.caller, inner.parent, inner.number, inner.metrics) == ("outer", 0, 1, {"rows": 2})
    assert (innermost.caller, innermost.parent, innermost.number) == ("someone", 1, 2)
    assert (sibling.caller, sibling.parent, sibling.number) == ("outer", 0, 3)


def test_calls_that_throw_or_reject_are_written_and_the_error_goes_on(node: str, tmp_path: Path) -> None:
    output = run_scene([node, DRIVER, "errors"], tmp_path / "trace.log")
    assert output == "on purpose later\n"
    assert [(call.function, call.parent) for call in read_written(tmp_path / "trace.log")] == [
        ("throws", None),
        ("rejects", None),
        ("after", None),
    ]


@pytest.mark.parametrize("target", ["trace.log", "0"])
def test_a_rejection_that_nobody_handles_stays_one(node: str, tmp_path: Path, target: str) -> None:
    log = tmp_path / target if target != "0" else target
    assert run_scene([node, DRIVER, "unhandled"], log) == "unhandled: on purpose\n"


def test_tasks_know_their_parents_and_callers(node: str, tmp_path: Path) -> None:
    calls = run(node, "tasks", tmp_path)
    by_number = {call.number: call for call in calls}
    assert [call.function for call in calls].count("load") == 3
    for call in calls:
        parent = None if call.parent is None else by_number[call.parent]
        assert call.caller == ("tasks" if parent is None else parent.function)
        if call.function == "read":
            assert parent is not None
            assert parent.params == call.params
        elif call.function == "load":
            assert parent is not None
            assert parent.function == "page"
            assert call.metrics == {"key": int(call.params[0][1])}


def test_each_line_names_its_place_and_its_process(node: str, tmp_path: Path) -> None:
    calls = run(node, "nested", tmp_path)
    source = Path(DRIVER).read_text(encoding="utf-8").splitlines()
    for call in calls:
        path, _, line = call.reserved["at"].rpartition(":")
        assert path == "tests/emitters/driver.mjs"
        assert f'trace("{call.function}"' in source[int(line) - 1]
    assert {call.reserved["via"] for call in calls} == {"node"}
    assert len({call.reserved["process"] for call in calls}) == 1


def test_an_error_marks_its_calls(node: str, tmp_path: Path) -> None:
    assert [call.reserved.get("failed") for call in run(node, "errors", tmp_path)] == ["1", "1", None]


def test_a_call_that_has_ended_is_no_parent(node: str, tmp_path: Path) -> None:
    assert [(call.function, call.parent) for call in run(node, "late", tmp_path)] == [("startup", None), ("work", None)]


def test_what_outlives_its_call_belongs_to_the_next_one_around(node: str, tmp_path: Path) -> None:
    assert [(call.function, call.number, call.parent) for call in run(node, "outlived", tmp_path)] == [
        ("page", 1, 0),
        ("inside", 3, 2),
        ("later", 2, 0),
        ("request", 0, None),
    ]


def test_different_objects_are_different_questions(node: str, tmp_path: Path) -> None:
    *calls, times = run(node, "objects", tmp_path)
    assert [call.params[0][1] for call in calls] == [
        '{"id":1}',
        '{"id":2}',
        "[1,[2,3]]",
        "[[1,2],3]",
        "Map(1) { 1 => 2 }",
        "Map(0) {}",
        "Point { x: 1 }",
        "Point { x: 2 }",
        "<ref *1> { circle: [Circular *1] }",
        "{ big: 1n }",
        calls[10].params[0][1],
        "http://a/",
        r"\ud800",
        r"\udc00",
        "\U0001f600",
    ]
    assert "1970" in calls[10].params[0][1]
    assert times.metrics == {"query_us": 12}


def test_a_query_that_is_sent_when_it_is_awaited_stays_what_it_is(node: str, tmp_path: Path) -> None:
    assert run_scene([node, DRIVER, "builders"], tmp_path / "trace.log") == "1 1\nno 2\n1 3\n"
    calls = read_written(tmp_path / "trace.log")
    assert [(call.function, call.parent) for call in calls] == [
        ("send", 0),
        ("rows", None),
        ("send", 2),
        ("fails", None),
        ("frozen", None),
        ("send", None),
    ]
    # What is frozen has ended before its query is sent; the others last until they are answered.
    assert all(call.elapsed_us > 15_000 for call in calls if call.function != "frozen")


def test_workers_that_share_a_pipe_tear_no_long_line(node: str) -> None:
    command = ["sh", "-c", '"$0" "$1" crowd 2>&1 | (sleep 0.5; cat)', node, DRIVER]
    done = subprocess.run(
        command, env={**os.environ, "PERF_TRACE": "1"}, capture_output=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert sorted(read_line(line).number for line in done.stdout.decode().splitlines()) == list(range(600))


def test_a_worker_that_is_ended_amid_a_line_stops_nobody(node: str) -> None:
    command = ["sh", "-c", '"$0" "$1" ended 2>&1 | (sleep 1; cat)', node, DRIVER]
    done = subprocess.run(
        command, env={**os.environ, "PERF_TRACE": "1"}, capture_output=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert b"|after|" in done.stdout.splitlines()[-1]


def test_a_fake_clock_of_the_tests_is_no_matter_of_ours(node: str, tmp_path: Path) -> None:
    calls = run(node, "fakes", tmp_path)
    assert [call.function for call in calls] == ["within", "out_of"]
    assert all(call.elapsed_us < 10_000_000 for call in calls)


def test_a_traced_method_keeps_its_object(node: str, tmp_path: Path) -> None:
    assert run_scene([node, DRIVER, "method"], tmp_path / "trace.log") == "shop greets you\n"
    [call] = read_written(tmp_path / "trace.log")
    assert (call.function, call.params) == ("Shop.greet", (("whom", "you"),))


def test_worker_threads_share_the_counter(node: str, tmp_path: Path) -> None:
    calls = run(node, "workers", tmp_path)
    assert sorted(call.number for call in calls) == list(range(600))
    by_number = {call.number: call for call in calls}
    for call in calls:
        if call.function == "inner":
            assert call.parent is not None
            assert by_number[call.parent].params == call.params


@pytest.mark.parametrize("word", ["", "0", "off"])
def test_off_is_the_default_and_has_words(node: str, word: str) -> None:
    environment = {**os.environ, "PERF_TRACE": word}
    done = subprocess.run([node, DRIVER, "nested"], env=environment, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_standard_error_takes_the_lines_too_and_a_bad_file_is_named(node: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PERF_TRACE": "1"}
    done = subprocess.run([node, DRIVER, "nested"], env=environment, capture_output=True, check=True)
    assert [read_line(line.decode()).number for line in done.stderr.splitlines()] == [2, 1, 3, 0]
    environment["PERF_TRACE"] = str(tmp_path / "missing" / "trace.log")
    done = subprocess.run([node, DRIVER, "nested"], env=environment, capture_output=True, check=True)
    assert b"ENOENT" in done.stderr
    assert done.stderr.endswith(b"; nothing is traced\n")


GIVEN_BACK = """
import * as tracing from "FILE";
const [pool, load, handle] = [{ query() {} }, (id) => id + 1, async (request) => request];
const before = { ...pool };
const same = [tracing.traceQueries(pool) === pool, pool.query === before.query];
same.push(tracing.traceHandler(handle) === handle);
same.push(tracing.traced("load", ["id"], load) === load, tracing.trace("load", {}, () => load(1)) === 2);
same.push(tracing.traceFetch() === fetch, tracing.answer(pool) === pool, !tracing.isOn);
same.push(await tracing.tracePrisma().query.$allOperations({ args: 1, query: load }) === 2);
tracing.traceFastify({}, {}, () => same.push(true));
tracing.traceExpress({}, {}, () => same.push(true));
await tracing.traceHono({}, async () => same.push(true));
tracing.record({ rows: 1 });
tracing.mark({ cached: true });
console.log(same.every(Boolean), same.length);
"""


@pytest.mark.parametrize("target", ["0", "trace.log"])
@pytest.mark.parametrize("form", ["mjs", "cjs"])
def test_what_is_given_is_given_back_where_nothing_traces(node: str, tmp_path: Path, target: str, form: str) -> None:
    (tmp_path / f"perf-trace.{form}").write_bytes((EXAMPLES / "node" / f"perf-trace.{form}").read_bytes())
    (tmp_path / "main.mjs").write_text(GIVEN_BACK.replace("FILE", f"./perf-trace.{form}"))
    done = subprocess.run(
        [node, "main.mjs"], cwd=tmp_path, env={**os.environ, "PERF_TRACE": target},
        check=True, capture_output=True, encoding="utf-8", timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.stdout == "true 12\n"
    is_told = "nothing is traced" in done.stderr and "tracereport emitter node-emitter" in done.stderr
    assert is_told == (target != "0")


def test_a_pipe_that_is_full_loses_nothing(node: str) -> None:
    environment = {**os.environ, "PERF_TRACE": "1"}
    command = f"'{node}' '{DRIVER}' bench 3000 2>&1 >/dev/null | (sleep 0.5; wc -l)"
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True)
    assert int(done.stdout) == 3000


def test_the_demo_runs(node: str, tmp_path: Path) -> None:
    output = run_scene([node, str(EXAMPLES / "node" / "demo.mjs")], tmp_path / "trace.log")
    assert output == "order 1: 7500 cents\norder 2: 13500 cents\n"
    calls = read_written(tmp_path / "trace.log")
    assert sorted(call.function for call in calls) == 12 * ["loadProduct"] + 2 * ["orderPage"]


TRACED = 'import { trace } from "FILE";\nfor (const id of [1, 2, 3]) trace("load", { id }, () => id);\n'
WORK = "for (const until = Date.now() + 60; Date.now() < until; );\n"


@pytest.mark.parametrize(
    "end",
    [
        "process.exit(0);",
        'process.on("exit", () => { trace("last", {}, () => {}); });',
        'process.on("uncaughtException", () => process.exit(0)); throw new Error("on purpose");',
        "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);",
        WORK + 'trace("last", {}, () => {});\nprocess.kill(process.pid, "SIGKILL");',
    ],
    ids=["exit", "a call at the exit", "an error", "killed", "killed amid what it does"],
)
def test_lines_are_there_however_the_process_ends(node: str, tmp_path: Path, end: str) -> None:
    log = tmp_path / "trace.log"
    module = TRACED.replace("FILE", (EXAMPLES / "node" / "perf-trace.mjs").as_uri())
    (tmp_path / "main.mjs").write_text(f"{module}{end}\n")
    subprocess.run(
        [node, "main.mjs"],
        cwd=tmp_path,
        env={**os.environ, "PERF_TRACE": str(log)},
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert [call.function for call in read_written(log)][:3] == 3 * ["load"]
    assert len(read_written(log)) == 3 + end.count('"last"')
