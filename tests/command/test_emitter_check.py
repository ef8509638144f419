"""``tracereport check-emitter``: our emitters keep every rule, and whoever breaks one is told which, and where."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emitters import HERE, compile_rust, find_tool, run_scene
from tests.hostile_values import values
from tests.running import run
from tracereport.command.emitter_check import check_log, format_verdicts
from tracereport.sources.perf_trace.emitter_rules import PROMISES, EmitterCheck, Verdict

GOOD = (
    "PERF_TRACE|1|load|caller=page|id=1|elapsed_us=5|rows=1|at=shop.go:7|process=4711|via=go|parent=0",
    r"PERF_TRACE|2|load|caller=page|id=a\x7cb\x5c|elapsed_us=5|process=4711|parent=0|escaped=1",
    "PERF_TRACE|0|page|elapsed_ns=12000|test=t|try=2|phase=call|frame=1|process=4711|parent=none",
    "PERF_TRACE|0|save|elapsed_ms=0|elapsed_us=3|failed=1|write=orders|activation=3|process=4712|parent=none",
)


def check(lines: tuple[str, ...]) -> dict[str, Verdict]:
    emitter = EmitterCheck()
    for line in lines:
        emitter.take(line.encode("utf-8", "surrogateescape") + b"\n")
    return {verdict.rule: verdict for verdict in emitter.finish()}


def test_a_log_that_keeps_every_rule_has_tried_them_all() -> None:
    verdicts = check(GOOD)
    assert verdicts.keys() == PROMISES.keys()
    assert all(verdict.is_tried and not verdict.breaches for verdict in verdicts.values())


@pytest.mark.parametrize(
    ("line", "old", "new", "rule", "what"),
    [
        (1, "PERF_TRACE|1|", "PERF_TRACE|01|", "lines", "without a call number"),
        (1, "PERF_TRACE|1|", f"PERF_TRACE|{'9' * 5_000}|", "lines", "without a call number"),
        (1, "elapsed_us=5|", f"elapsed_us={'9' * 5_000}|", "lines", "a time of 5,000 digits"),
        (1, "rows=1", f"rows={'9' * 5_000}", "fields", "isn't an unsigned 64-bit number"),
        (1, "elapsed_us=5|", "", "lines", "no elapsed_us"),
        (1, "elapsed_us=5|", "elapsed=5ms|", "lines", "no elapsed_us=<number> field: elapsed=5ms is none"),
        (1, "elapsed_us=5|", "elapsed_us=-5|", "lines", "elapsed_us=-5 is none"),
        (1, "id=1|", "id=\udcff|", "lines", "isn't UTF-8"),
        (1, "id=1|", "id=PERF_TRACE|", "lines", "torn"),
        (1, "id=1|", "elapsed_us=9|id=1|", "fields", "a parameter is called elapsed_us"),
        (1, "rows=1", "rows=-1", "fields", "isn't an unsigned 64-bit number"),
        (1, "rows=1", "rows=18446744073709551616", "fields", "isn't an unsigned 64-bit number"),
        (1, "rows=1", "elapsed_ms=1|rows=1", None, ""),
        (1, "id=1|", "1|", "escapes", "isn't escaped"),
        (2, r"\x5c", "\\n", "escapes", "no escape"),
        (1, "PERF_TRACE|1|", "PERF_TRACE|2|", "numbers", "2 is already used in line 1"),
        (1, "PERF_TRACE|1|", "PERF_TRACE|3|", "numbers", "there is no 1"),
        (1, "parent=0", "parent=none|parent=0", "reserved", "parent occurs twice"),
        (1, "parent=0", "parent=7", "order", "has the parent 7"),
        (
            4,
            "parent=none",
            "parent=x",
            "reserved",
            "parent=x isn't a value of parent: it must be a call's number, or none",
        ),
        (2, "|parent=0", "", "parents", "no parent, and other lines have one"),
        (2, "elapsed_us=5", "elapsed_us=50", "parents", "lasts longer than its parent"),
        (4, "|process=4712", "", "processes", "this line names none"),
        (
            3,
            "phase=call",
            "phase=run",
            "reserved",
            "phase=run isn't a value of phase: it must be setup, call or teardown",
        ),
        (3, "try=2", "try=0", "reserved", "try=0"),
        (3, "frame=1", "frame=true", "reserved", "frame=true isn't a value of frame: a flag is 1, or left out"),
        (1, "at=shop.go:7", "at=shop.go", "reserved", "at=shop.go isn't a value of at: it must be <path>:<line>"),
        (1, "at=shop.go:7", "at=/home/me/shop.go:7", "reserved", "the root of the repository"),
        (1, "at=shop.go:7", r"at=C:\src\shop.cs:7", "reserved", "the root of the repository"),
        (1, "|at=shop.go:7", "", None, ""),
        (1, "id=1|", "id=1|at=shop.go:7|", None, ""),  # a parameter of the program's, beside the field
        (2, "|id=", "|at=shop.go:7|id=", "reserved", "is before the time"),
        (1, "id=1", "id=<User object at 0x7f3ab4c0>", "values", "id contains the address 'at 0x7f3ab4c0'"),
        (1, "id=1", "id=shop.User@1b6d3586", "values", "address"),
        (1, "id=1", "id=&{0xc000012080}", "values", "address"),
        (1, "id=1", "id=0x00f3ab4c1", None, ""),
        (1, "id=1", "id=ann@feed01.example", None, ""),
        (1, "caller=page", "caller=load", None, ""),  # it calls itself
        (4, "write=orders", "write=", "reserved", "write="),
    ],
)
def test_each_breach_is_told_of_its_rule_alone(line: int, old: str, new: str, rule: str | None, what: str) -> None:
    lines = list(GOOD)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    broken = {verdict.rule: verdict.breaches for verdict in check(tuple(lines)).values() if verdict.breaches}
    if rule is None:
        assert not broken
        return
    assert rule in broken
    places = {line} if rule != "numbers" else {line, line + 1}
    assert any(place in places and what in text for place, text in broken[rule]), broken
    assert broken.keys() <= {rule, "numbers"}, "what is left out is missed, too"


def test_a_newline_in_a_text_is_told_where_the_record_goes_on() -> None:
    broken = check((GOOD[0].replace("id=1", "id=1\n2").split("\n")[0], "2|elapsed_us=5|parent=0"))["escapes"]
    assert broken.breaches == ((2, "a record goes on here: the newline in a text isn't escaped"),)


def test_lines_that_are_written_at_the_start_are_found() -> None:
    assert check(GOOD[2:3] + GOOD[:2])["order"].breaches[0] == (2, "its parent's line comes before it")


def test_what_nothing_in_the_log_tries_is_said() -> None:
    untried = {rule for rule, verdict in check(("PERF_TRACE|0|f|elapsed_ms=1",)).items() if not verdict.is_tried}
    others = {"callers", "values"}
    assert untried == {"order", "parents", "processes", "escapes", "reserved", "answers", "units", *others}


@pytest.mark.parametrize(("function", "caller"), [("load", "load"), ("Load", "shop.Load"), ("load_it", "Shop::loadIt")])
def test_a_log_whose_callers_are_all_the_functions_themselves_names_nobody_who_asks(function: str, caller: str) -> None:
    line = f"PERF_TRACE|0|{function}|caller={caller}|elapsed_us=1|parent=none"
    twice = (line, line.replace("|0|", "|1|"))
    assert [line for line, _ in check(twice)["callers"].breaches] == [1, 2]
    assert "one frame further out" in check(twice)["callers"].breaches[0][1]
    others = [line.replace("|0|", f"|{number}|").replace(f"={caller}", "=page") for number in (2, 3)]
    assert not check((*twice, *others))["callers"].breaches
    inside = [line.replace("|0|", f"|{number}|").replace("none", str(number - 1)) for number in (1, 2)]
    assert not check((*reversed(inside), line.replace(f"caller={caller}", "caller=page")))["callers"].breaches


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(compile_rust(HERE / "driver.rs", tmp_path_factory.mktemp("rust") / "driver"))


def hold(log: Path) -> None:
    emitter, verdicts = check_log(str(log))
    assert not any(verdict.breaches for verdict in verdicts), format_verdicts(emitter, verdicts)


@pytest.mark.parametrize(
    "scene", ["nested", "panic", "threads", "async", "held", "fork", "late", "disorder", "answers"]
)
def test_the_rust_emitter_keeps_the_rules(driver: str, tmp_path: Path, scene: str) -> None:
    run_scene([driver, scene], tmp_path / "trace.log")
    hold(tmp_path / "trace.log")


@pytest.mark.parametrize("scene", ["nested", "errors", "tasks", "late", "outlived", "objects", "builders", "workers"])
def test_the_node_emitter_keeps_the_rules(tmp_path: Path, scene: str) -> None:
    run_scene([find_tool("node"), str(HERE / "driver.mjs"), scene], tmp_path / "trace.log")
    hold(tmp_path / "trace.log")


@settings(max_examples=10, deadline=None)
@given(calls=st.lists(st.tuples(values, st.dictionaries(values, values, max_size=2), st.just({"rows": 1})), min_size=1))
def test_hostile_texts_keep_the_rules(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[str, dict[str, str], dict[str, int]]]
) -> None:
    log = tmp_path_factory.mktemp("hostile") / "trace.log"
    named = [(f"f{name}", [(f"p{key}", value) for key, value in params.items()], rows) for name, params, rows in calls]
    run_scene([find_tool("node"), str(HERE / "driver.mjs"), "values"], log, json.dumps(named))
    hold(log)


def test_the_command_prints_a_table_and_fails_where_a_rule_is_broken(tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    log.write_text("".join(f"{line}\n" for line in GOOD))
    done = run("check-emitter", str(log))
    assert (done.returncode, done.stderr) == (0, b"")
    first, *rows = done.stdout.decode().splitlines()
    assert first == "4 calls of 2 processes in 4 lines"
    assert [row.split()[:2] for row in rows] == [["ok", rule] for rule in PROMISES]
    log.write_text(GOOD[3])
    done = run("check-emitter", str(log))
    assert done.returncode == 1
    assert b"FAILED  lines" in done.stdout
    assert b"line 1: the log ends without a line feed" in done.stdout
    log.write_text("nothing\n")
    assert run("check-emitter", str(log)).returncode == 3
