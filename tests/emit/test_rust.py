"""The Rust emitter: what it writes reads back exactly, through threads, futures, panics and forks."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emitters import HERE, compile_rust, run_scene
from tests.hostile_values import values
from tests.paths import EXAMPLES
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import WrittenCall, read_line, read_written

names = values.map(lambda text: text.replace("=", "-")).filter(lambda name: name != "caller")
texts = st.tuples(values, values, st.lists(st.tuples(names, values), max_size=3))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(compile_rust(HERE / "driver.rs", tmp_path_factory.mktemp("rust") / "driver"))


def run(driver: str, scene: str, folder: Path, text: str = "", **environment: str) -> list[WrittenCall]:
    log = folder / "trace.log"
    run_scene([driver, scene], log, text, **environment)
    return read_written(log)


def in_hexadecimal(call: tuple[str, str, list[tuple[str, str]]]) -> str:
    function, caller, params = call
    return " ".join(text.encode().hex() for text in (function, caller, *(part for param in params for part in param)))


@settings(max_examples=25, deadline=None)
@given(calls=st.lists(texts, max_size=20), test=st.none() | values.filter(lambda text: "\0" not in text))
def test_hostile_texts_read_back_exactly(
    driver: str, calls: list[tuple[str, str, list[tuple[str, str]]]], test: str | None
) -> None:
    environment = {} if test is None else {"PERF_TRACE_TEST": test}
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(f"{in_hexadecimal(call)}\n" for call in calls)
        written = run(driver, "values", Path(folder), lines, **environment) if calls else []
    assert [(call.function, call.caller, [*call.params], call.test) for call in written] == [
        (*call, test) for call in calls
    ]
    assert [call.number for call in written] == list(range(len(calls)))


def test_calls_nest_and_carry_what_they_gave(driver: str, tmp_path: Path) -> None:
    innermost, inner, sibling, outer = run(driver, "nested", tmp_path)
    assert outer.params == (("key", "1"), ("name of another", "x"), ("elapsed_ms_", "7"))
    assert outer.metrics == {"flag": 1, "largest": 2**64 - 1, "parent_": 3}
    assert (outer.caller, outer.parent, outer.number) == ("unknown", None, 0)
    assert (inner.caller, inner.parent, inner.number, inner.metrics) == ("outer", 0, 1, {"rows": 2})
    assert (innermost.caller, innermost.parent, innermost.number) == ("someone", 1, 2)
    assert (sibling.caller, sibling.parent, sibling.number) == ("outer", 0, 3)


def test_a_call_that_ends_by_a_panic_is_written(driver: str, tmp_path: Path) -> None:
    assert [(call.function, call.parent) for call in run(driver, "panic", tmp_path)] == [
        ("inner", 0),
        ("outer", None),
        ("after", None),
    ]


def test_threads_share_the_counter_and_nest_each_by_itself(driver: str, tmp_path: Path) -> None:
    calls = run(driver, "threads", tmp_path)
    assert sorted(call.number for call in calls) == list(range(1600))
    by_number = {call.number: call for call in calls}
    for call in calls:
        if call.function == "inner":
            assert call.parent is not None
            assert by_number[call.parent].params == call.params
        else:
            assert call.parent is None


def test_futures_keep_their_calls_from_thread_to_thread(driver: str, tmp_path: Path) -> None:
    calls = run(driver, "async", tmp_path)
    by_number = {call.number: call for call in calls}
    assert {call.function for call in calls} == {"page", "load", "read", "between"}
    for call in calls:
        parent = None if call.parent is None else by_number[call.parent]
        if call.function == "read":
            assert parent is not None
            assert (parent.function, parent.params[0]) == ("load", call.params[0])
        elif call.function == "load":
            assert parent is not None
            assert (parent.function, parent.metrics) == ("page", {"loads": 2})
        else:
            assert parent is None


def test_a_thread_can_become_part_of_a_call(driver: str, tmp_path: Path) -> None:
    calls = run(driver, "context", tmp_path)
    assert [(call.function, call.parent) for call in calls] == [("inside", 0), ("outside", None), ("page", None)]


def test_what_outlives_its_call_belongs_to_the_next_one_around(driver: str, tmp_path: Path) -> None:
    assert [(call.function, call.number, call.parent) for call in run(driver, "late", tmp_path)] == [
        ("page", 1, 0),
        ("in_thread", 3, 0),
        ("in_future", 4, 2),
        ("followed", 2, 1),
        ("request", 0, None),
    ]


def test_calls_and_threads_may_leave_in_any_order(driver: str, tmp_path: Path) -> None:
    assert [(call.function, call.number, call.parent) for call in run(driver, "disorder", tmp_path)] == [
        ("first", 0, None),
        ("inside", 2, 1),
        ("inside", 4, 3),
        ("third", 3, None),
        ("second", 1, 0),
        ("after", 5, None),
    ]


def test_an_answer_says_what_it_is_and_is_given_back(driver: str, tmp_path: Path) -> None:
    calls = run(driver, "answers", tmp_path)
    none, two, again, three, failed = (call for call in calls if call.function == "find")
    assert [call.params for call in (none, two)] == [(("key", "1"), ("keys", "[1]")), (("key", "2"), ("keys", "[2]"))]
    assert [call.metrics.get("found") for call in (none, two, again, three, failed)] == [0, 1, 1, 1, None]
    assert two.metrics == again.metrics
    assert len({call.metrics["digest"] for call in (none, two, three)}) == 3
    assert (failed.metrics, failed.reserved["failed"]) == ({}, "1")
    insert, look, request = calls[5:]
    assert (insert.reserved["write"], insert.metrics) == ("orders|2026", {"process_": 1})
    assert (look.reserved["cached"], look.reserved["failed"]) == ("1", "1")
    assert request.reserved["frame"] == "1"
    assert request.metrics["found"] == 1
    assert not {"frame", "failed", "cached", "write"} & two.reserved.keys()


def test_a_guard_held_over_an_await_inside_a_followed_future_holds_that_future_alone(
    driver: str, tmp_path: Path
) -> None:
    calls = run(driver, "held", tmp_path)
    by_number = {call.number: call for call in calls}
    assert [call.function for call in calls].count("load") == 3
    for call in calls:
        parent = None if call.parent is None else by_number[call.parent]
        expected = {"read": "load", "load": "page"}.get(call.function)
        assert (None if parent is None else parent.function) == expected
        assert parent is None or parent.params[0] == call.params[0]


def test_the_place_is_the_macros_or_whoever_calls_a_function_that_tracks_its_caller(
    driver: str, tmp_path: Path
) -> None:
    places = [call.reserved["at"].rpartition(":") for call in run(driver, "places", tmp_path)]
    assert {path for path, _, _ in places} == {"driver.rs"}
    source = (HERE / "driver.rs").read_text().splitlines()
    assert [source[int(line) - 1].strip() for _, _, line in places] == [
        "load(1);",
        "load(2);",
        'drop(trace!("own"));',
    ]


def test_each_line_names_its_process_and_who_wrote_it(driver: str, tmp_path: Path) -> None:
    run_scene([driver, "fork"], tmp_path / "trace.log")
    calls = read_written(tmp_path / "trace.log")
    assert {call.reserved["via"] for call in calls} == {"rust"}
    child, *parent = ({call.reserved["process"] for call in calls if call.function == name} for name in
                      ("child", "before", "parent", "around"))  # fmt: skip
    assert parent == 3 * parent[:1]
    assert len(child | parent[0]) == 2


def test_a_call_that_a_panic_ends_has_failed(driver: str, tmp_path: Path) -> None:
    assert [call.reserved.get("failed") for call in run(driver, "panic", tmp_path)] == ["1", "1", None]


@pytest.mark.parametrize("blocking", [True, False])
def test_threads_that_share_a_pipe_tear_and_lose_no_long_line(driver: str, blocking: bool) -> None:
    command = f"import os, sys; os.set_blocking(2, {blocking}); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$COMMAND" "$1" crowd 2>&1 | (sleep 0.3; cat)', sys.executable, driver],
        env={**os.environ, "PERF_TRACE": "1", "COMMAND": command},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    assert sorted(read_line(line).number for line in done.stdout.splitlines()) == list(range(240))


def test_a_forked_process_counts_from_zero_in_a_file_of_its_own(driver: str, tmp_path: Path) -> None:
    run_scene([driver, "fork"], tmp_path / "trace-%p.log")
    logs = [read_written(path) for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_size)]
    assert [[(call.number, call.function, call.parent) for call in log] for log in logs] == [
        [(0, "child", None)],
        [(0, "before", None), (2, "parent", 1), (1, "around", None)],
    ]


@pytest.mark.parametrize("word", ["", "0", "off"])
def test_off_is_the_default_and_has_words(driver: str, word: str) -> None:
    done = subprocess.run([driver, "nested"], env={**os.environ, "PERF_TRACE": word}, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_standard_error_takes_the_lines_too_and_a_bad_file_is_named(driver: str, tmp_path: Path) -> None:
    done = subprocess.run([driver, "nested"], env={**os.environ, "PERF_TRACE": "1"}, capture_output=True, check=True)
    assert [read_line(line.decode()).number for line in done.stderr.splitlines()] == [2, 1, 3, 0]
    path = str(tmp_path / "missing" / "trace.log")
    done = subprocess.run([driver, "nested"], env={**os.environ, "PERF_TRACE": path}, capture_output=True, check=True)
    assert done.stderr == b"PERF_TRACE: No such file or directory (os error 2); nothing is traced\n"


LOG_CRATE = """
pub enum Level { Debug }
#[macro_export] macro_rules! log_enabled { (target: $target:expr, $level:expr) => {{
    let _ = ($target, $level);
    std::env::var("RUST_LOG").is_ok()
}} }
#[macro_export] macro_rules! debug { (target: $target:expr, $($rest:tt)*) => {
    eprintln!("[DEBUG {}] {}", $target, format_args!($($rest)*))
} }
"""
"""The two macros that the emitter asks of the crate, without the rest of it."""


def test_with_the_log_crate_the_logger_decides(tmp_path: Path) -> None:
    (tmp_path / "log.rs").write_text(LOG_CRATE)
    library = compile_rust(tmp_path / "log.rs", tmp_path / "liblog.rlib", "--crate-type", "rlib", "--crate-name", "log")
    options = ("--cfg", 'feature="log"', "--extern", f"log={library}")
    program = compile_rust(HERE / "driver.rs", tmp_path / "driver", *options)
    quiet = subprocess.run([program, "nested"], env={"PERF_TRACE": "1"}, capture_output=True, check=True)
    assert quiet.stderr == b""
    loud = subprocess.run([program, "nested"], env={"RUST_LOG": "debug"}, capture_output=True, check=True)
    prefix = "[DEBUG perf_trace] "
    lines = loud.stderr.decode().splitlines()
    assert all(line.startswith(prefix) for line in lines)
    assert [read_line(line.removeprefix(prefix)).number for line in lines] == [2, 1, 3, 0]


def test_unit_tests_name_their_calls_by_their_threads(tmp_path: Path) -> None:
    (tmp_path / "lib.rs").write_text(
        f'#[path = "{EXAMPLES / "rust" / "perf_trace.rs"}"]\nmod perf_trace;\n'
        "mod tests {\n"
        'fn load() { drop(crate::perf_trace::trace!("load")); }\n'
        'fn spawn(f: impl FnOnce() + Send + \'static) { std::thread::Builder::new().name("worker-3".into())\n'
        "    .spawn(f).unwrap().join().unwrap(); }\n"
        "#[test] fn counts() { load(); spawn(load); }\n"
        '#[test] fn adds() { let _page = crate::perf_trace::trace!("page");\n'
        "    let context = crate::perf_trace::context();\n"
        "    spawn(move || { let _inside = context.enter(); load(); }); } }\n"
    )
    program = compile_rust(tmp_path / "lib.rs", tmp_path / "tests", "--test")
    log = tmp_path / "trace.log"
    subprocess.run([program, "--test-threads=2"], env={"PERF_TRACE": str(log)}, capture_output=True, check=True)
    assert sorted((call.function, str(call.test)) for call in read_written(log)) == [
        ("load", "None"),
        ("load", "tests::adds"),
        ("load", "tests::counts"),
        ("page", "tests::adds"),
    ]


def test_a_program_of_several_crates_has_one_counter(tmp_path: Path) -> None:
    copy = f'#[path = "{EXAMPLES / "rust" / "perf_trace.rs"}"]\npub mod perf_trace;\n'
    load = '{} fn load(key: u32) {{ let call = trace!("load", key = key); call.record("rows", 1); }}\n'
    sources = {
        "tracing": copy,
        "storage": f"use tracing::perf_trace::trace;\n{load.format('pub')}",
        "main": f"use tracing::perf_trace::trace;\n{load.format('')}"
        'fn main() { let _page = trace!("page"); load(1); storage::load(2); }\n',
    }
    options: tuple[str, ...] = ("-L", str(tmp_path))
    for name, source in sources.items():
        (tmp_path / f"{name}.rs").write_text(source)
        kind = ("--crate-type", "rlib") if name != "main" else ()
        target = tmp_path / ("main" if name == "main" else f"lib{name}.rlib")
        compile_rust(tmp_path / f"{name}.rs", target, *kind, *options)
        options = (*options, "--extern", f"{name}={target}")
    run_scene([str(tmp_path / "main")], tmp_path / "trace.log")
    assert [(call.function, call.number, call.parent) for call in read_written(tmp_path / "trace.log")] == [
        ("load", 1, 0),
        ("load", 2, 0),
        ("page", 0, None),
    ]


def test_the_demo_runs(tmp_path: Path) -> None:
    program = compile_rust(EXAMPLES / "rust" / "demo.rs", tmp_path / "demo")
    output = run_scene([str(program)], tmp_path / "trace.log")
    assert output == "order 1: 7500 cents\norder 2: 13500 cents\n"
    calls = read_written(tmp_path / "trace.log")
    assert [call.function for call in calls] == 2 * (6 * ["load_product"] + ["order_page"])
