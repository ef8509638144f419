"""Close events of Rust's tracing -> calls, whose tree is found without ids."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.paths import INPUTS
from tests.spans import rows
from tracereport.calls.calls import Calls
from tracereport.sources.inputs import choose_source, read_inputs
from tracereport.sources.rust_tracing import read_duration
from tracereport.sources.streams.stream import Stream


def event(
    name: str,
    end_us: int,
    took_us: int,
    around: tuple[dict[str, object], ...] = (),
    thread: str = "main",
    **fields: object,
) -> str:
    """A close event in JSON."""
    second, micro = divmod(end_us, 1_000_000)
    return json.dumps(
        {
            "timestamp": f"2026-01-02T03:04:{second:02d}.{micro:06d}Z",
            "level": "INFO",
            "threadName": thread,
            "fields": {"message": "close", "time.busy": f"{took_us}µs", "time.idle": "0ns"},
            "target": "shop",
            "span": {"name": name, **fields},
            "spans": [*around],
        }
    )


def read(tmp_path: Path, *lines: str) -> tuple[Calls, list[dict[str, Any]]]:
    path = tmp_path / "log"
    path.write_text("".join(f"{line}\n" for line in lines))
    calls = read_inputs([str(path)], source="rust-tracing")
    return calls, rows(calls)


def test_a_span_is_a_call_with_its_fields_under_the_one_around_it(tmp_path: Path) -> None:
    root: dict[str, object] = {"name": "request", "path": "/"}
    calls, found = read(
        tmp_path,
        event("load", 200, 100, (root,), id=1),
        event("load", 400, 100, (root,), id=2),
        event("request", 500, 450, path="/"),
        event("load", 700, 100, (root,), id=1),
        event("request", 800, 200, path="/"),
    )
    assert [
        (call["function"], call["caller"], call["params"], call["parent"])
        for call in sorted(found, key=lambda call: call["line"])
    ] == [
        ("shop::load", "request", {"id": "1"}, "shop::request"),
        ("shop::load", "request", {"id": "2"}, "shop::request"),
        ("shop::request", None, {"path": "/"}, None),
        ("shop::load", "request", {"id": "1"}, "shop::request"),
        ("shop::request", None, {"path": "/"}, None),
    ]
    assert len(calls.processes.name) == 2, "each root is a unit"
    assert calls.judged.all()


def test_of_two_that_look_alike_the_one_that_was_open_is_the_parent(tmp_path: Path) -> None:
    root: dict[str, object] = {"name": "request"}
    calls, found = read(
        tmp_path,
        event("load", 150, 100, (root,), id=1), event("request", 400, 100), event("request", 450, 450),
    )  # fmt: skip
    child = next(call for call in found if call["function"] == "shop::load")
    at = next(row for row, call in enumerate(found) if call["function"] == "shop::load")
    parents = [row for row in range(3) if calls.process[row] == calls.process[at] and row != at]
    assert [found[row]["elapsed_us"] for row in parents] == [450]
    assert child["parent"] == "shop::request"


def test_a_span_without_fields_is_not_known_to_ask_the_same(tmp_path: Path) -> None:
    _, found = read(tmp_path, event("load", 10, 5), event("load", 20, 5, id=1))
    assert [call["known"] for call in found] == [False, True]


def test_what_never_closed_is_missed(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, event("load", 10, 5, ({"name": "request"},), id=1))
    assert not calls.judged.any()
    assert calls.facts is not None
    assert calls.facts.notices["rust-tracing-cut"] == 1


def test_threads_that_are_named_as_tests_are_tests(tmp_path: Path) -> None:
    calls, _ = read(
        tmp_path, event("load", 10, 5, thread="tests::reads", id=1), event("load", 20, 5, thread="tokio-runtime-worker")
    )
    assert calls.tests == ("tests::reads",)
    assert sorted(calls.test.tolist()) == [-1, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("921µs", (921_000, 1_000)),
        ("1.28ms", (1_280_000, 10_000)),
        ("375ns", (375, 1)),
        ("2.30s", (2_300_000_000, 10_000_000)),
        ("x", None),
    ],
)
def test_times_are_as_fine_as_they_are_written(text: str, expected: tuple[int, int] | None) -> None:
    assert read_duration(text) == expected


def test_text_and_json_are_read_alike(tmp_path: Path) -> None:
    path = INPUTS / "rust-tracing-close.txt"
    assert choose_source(Stream(str(path))).name == "rust-tracing"
    calls = read_inputs([str(path)])
    assert [(call["function"], call["caller"]) for call in sorted(rows(calls), key=lambda call: call["line"])] == [
        ("testme::bbb", "aaa"), ("testme::aaa", None), ("iw::time::calc_tics", "frame"), ("iw::play::frame", None),
        ("bts::dsl::parse", "compile"),
    ]  # fmt: skip
    _, full = read(
        tmp_path,
        '\x1b[2m2026-01-02T03:04:05.000006Z\x1b[0m \x1b[32m INFO\x1b[0m request{path="/a b"}:load{id=3}: shop::db: '
        "close time.busy=4.5µs time.idle=500ns",
        '2026-01-02T03:04:05.000016Z  INFO request{path="/a b"}: shop: close time.busy=15.0µs time.idle=1.00µs',
    )
    assert [(call["function"], call["params"], call["parent"]) for call in full] == [
        ("shop::db::load", {"id": "3"}, "shop::request"),
        ("shop::request", {"path": "/a b"}, None),
    ]


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                event("a", 5, 3),
                event("b", 9, 3, ({"name": "a"},)),
                "{",
                "[]",
                '{"fields": 7}',
                "close time.busy=1ns time.idle=1ns",
                " INFO a: close time.busy=1ns time.idle=1ns",
                '{"message": "close", "span": {}, "time.busy": "1ns"}',
            ]
        )
        | st.text(max_size=20),
        max_size=20,
    )
)
def test_any_lines_are_accounted_for(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "any.log"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    calls = read_inputs([str(path)], source="rust-tracing")
    assert calls.facts is not None
    assert calls.facts.input.lines == len(calls) + calls.facts.input.other_lines
