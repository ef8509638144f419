"""One log in pieces gives the report of one pass: in sets, in ranges of its bytes, with markers at awkward places."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.test_same_report import DEFAULT, UNITS, PairwiseParts, ignore, measuring, of_one_process, of_parts
from tests.strategies import logs
from tests.truth import NAMES, log_path
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.selection import select_calls
from tracereport.command.cli import main
from tracereport.engine import run as engine
from tracereport.engine.in_turn import measure_in_turn
from tracereport.engine.report import finish_report, make_report
from tracereport.engine.run import measure_inputs
from tracereport.engine.tasks import run_task
from tracereport.model import Selection, Settings, UnitKind, encode_json
from tracereport.sources.inputs import cut_input, read_inputs
from tracereport.sources.perf_trace.reader import read_sets

REAL = [log_path(name) for name in NAMES]
SMALL_BYTES = 1_000


def in_sets(paths: Sequence[Path], calls_at_once: int = 1, own: Settings = DEFAULT) -> bytes:
    sets = read_sets([str(path) for path in paths], calls_at_once=calls_at_once, chunk_bytes=SMALL_BYTES)
    with measure_in_turn(sets, own, ROW_LIMIT) as parts:
        return encode_json(finish_report(parts, own, "same"))


def in_ranges(paths: Sequence[Path], folder: Path, **changes: Any) -> bytes:
    """Ranges are measured in this process, and kept."""
    return of_parts(paths, parts=str(folder), **({"range_bytes": SMALL_BYTES} | changes))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_each_real_log_gives_the_same_report_in_sets(path: Path) -> None:
    assert in_sets([path]) == of_one_process([path])


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_each_real_log_gives_the_same_report_in_ranges(path: Path, tmp_path: Path) -> None:
    assert in_ranges([path], tmp_path) == of_one_process([path])


@settings(max_examples=40, deadline=None)
@given(written=st.lists(logs(), min_size=1, max_size=4), seed=st.integers(0, 9), unit=UNITS)
def test_any_log_gives_the_same_report_in_pieces(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], seed: int, unit: UnitKind | None
) -> None:
    own = Settings(unit=unit)
    folder = tmp_path_factory.mktemp("any")
    log = folder / "any.log"
    log.write_bytes(b"".join(written))
    whole = of_one_process([log], own)
    assert in_sets([log], own=own) == whole
    kept = measuring([log], parts=str(folder / "parts"), range_bytes=SMALL_BYTES, settings=own)
    with measure_inputs(kept, ignore) as parts:
        assert encode_json(finish_report(PairwiseParts(parts, seed), own, "same")) == whole


UNIT = "     Running unittests src/lib.rs (target/debug/deps/{0}-fc8961ee0bcdd593)\n"
BINARY = "     Running tests/{0}.rs (target/debug/deps/{0}-43da98063981{1:04x})\n"
TEST = "        PASS [   0.010s] ( 1/78) tlogfs {}\n"


def calls(count: int, seed: int = 1, indent: str = "", first: int = 0) -> str:
    """Flat calls of which some repeat."""
    return "".join(
        f"{indent}PERF_TRACE|{first + number}|load|caller={'ab'[number % 2]}|id={number * seed % 5}"
        f"|elapsed_us={number * 37 % 11}|rows={number * seed % 3}\n"
        for number in range(count)
    )


def lines_of(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def in_envelope(text: str) -> str:
    """As a collector writes it."""
    return "".join(f"web-1  | {line}" for line in lines_of(text))


AWKWARD = {
    "in a broken record": f"{calls(9)}PERF_TRACE|9|load|id=\n{BINARY.format('a', 1)}elapsed_ms=1\n{calls(9, 2)}",
    "behind the first line of a record": f"{calls(9)}PERF_TRACE|9|load|id=a\n    b\n"
    f"{BINARY.format('a', 1)}    c|elapsed_ms=1\n",
    "first line": BINARY.format("a", 1) + calls(30),
    "last line": calls(30) + BINARY.format("a", 1),
    "last line without an end": calls(30) + BINARY.format("a", 1).rstrip("\n"),
    "no calls between": "".join(BINARY.format(name, 1) for name in "abcdefg") + calls(20) + BINARY.format("h", 1),
    "nothing but markers": "".join(BINARY.format(f"a{index}", index) for index in range(40)),
    "one name twice": "".join(BINARY.format("same", index) + calls(20, index + 1) for index in range(6)),
    "one name of two crates": "".join(
        UNIT.format(f"crate_{index}") + calls(12, 2) + BINARY.format("same", index) + calls(20, index + 1)
        for index in range(6)
    ),
    "a crate whose own binary has no calls": UNIT.format("far")
    + "".join(BINARY.format("same", index) + calls(20, index + 1) for index in range(6)),
    "interleaved": "".join(
        BINARY.format("a", index)
        + "".join(map("".join, zip(lines_of(calls(20, 1)), lines_of(calls(20, 2)), strict=True)))
        for index in range(6)
    ),
    "tail of a process": calls(30, first=500) + BINARY.format("a", 1) + calls(30) + BINARY.format("b", 1),
    "carriage returns": (BINARY.format("a", 1) + calls(30) + BINARY.format("b", 2) + calls(30)).replace("\n", "\r\n"),
    "a byte-order mark": "\ufeff" + BINARY.format("a", 1) + calls(30) + BINARY.format("b", 2) + calls(30),
    "printed twice": "".join(
        TEST.format(f"a::{test}") + "  stderr ───\n" + calls(12, test + 1, "    ") for test in (1, 2, 3, 2, 1, 4, 2)
    ),
    "printed twice with records that can't be read": "".join(
        TEST.format(f"a::{test}") + "  stderr ───\n" + "    PERF_TRACE|3|broken\n" * 700 + calls(2, 1, "    ")
        for test in (1, 2, 1, 3)
    ),
    "tests by libtest": "".join(
        BINARY.format("a", index)
        + "".join(f"test counts_{test} ... \n{calls(9, first=9 * test)}ok\n" for test in range(4))
        for index in range(5)
    ),
    "silent binaries": "".join(
        BINARY.format(f"a{index}", index) + (calls(9) * 3 if index % 2 else "") for index in range(12)
    ),
    "in an envelope": in_envelope(BINARY.format("a", 1) + calls(30) + BINARY.format("b", 2) + calls(30)),
    "in an envelope behind": calls(20) + in_envelope(BINARY.format("a", 1) + calls(30) + BINARY.format("b", 2)),
    "processes that say which they are": "".join(
        BINARY.format("a", index)
        + "".join(line.replace("\n", f"|process={at % 3}\n") for at, line in enumerate(lines_of(calls(30))))
        for index in range(5)
    ),
    "callers that are traced in another binary": "".join(
        BINARY.format("a", index)
        + calls(9).replace("|load|caller=a", "|load|caller=walk") * 2
        + "PERF_TRACE|0|walk|elapsed_ms=3\n" * (index == 4)
        for index in range(6)
    ),
    "tests that only some know, tried again": "".join(
        BINARY.format("a", index)
        + calls(20).replace("\n", f"|test=one|try={1 + index % 2}\n" if index == 3 else "|try=2\n", 11)
        for index in range(6)
    ),
}


@pytest.mark.parametrize("case", AWKWARD)
def test_markers_at_awkward_places_change_nothing(case: str, tmp_path: Path) -> None:
    log = tmp_path / "awkward.log"
    log.write_bytes(AWKWARD[case].encode())
    whole = of_one_process([log])
    assert in_sets([log]) == whole
    assert in_sets([log], calls_at_once=25) == whole
    for range_bytes in (1, 300):
        assert in_ranges([log], tmp_path / str(range_bytes), range_bytes=range_bytes) == whole


def test_bytes_that_are_no_utf8_do_not_shift_ranges(tmp_path: Path) -> None:
    log = tmp_path / "bytes.log"
    piece = BINARY.format("a", 1).encode() + b"\xff\xfe\x80 other\n" + calls(20).encode().replace(b"id=3", b"id=\xff")
    log.write_bytes(piece * 8)
    assert in_ranges([log], tmp_path / "parts") == of_one_process([log]) == in_sets([log])


def test_a_log_is_cut_where_processes_begin(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    pieces = [(BINARY.format("a", index) + calls(20, index)).encode() for index in range(9)]
    log.write_bytes(b"".join(pieces))
    ranges = cut_input(str(log), SMALL_BYTES)
    assert len(ranges) > 3
    content = log.read_bytes()
    read = [content[one.start : one.end] for one in ranges]
    assert b"".join(read) == content
    assert all(piece.startswith(b"     Running") for piece in read)
    assert [one.first_line for one in ranges] == [content[: one.start].count(b"\n") for one in ranges]


def test_the_last_ranges_are_smaller_so_that_workers_end_together(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(BINARY.format("a", index) + calls(4, index) for index in range(80)))
    sizes = [one.end - one.start for one in cut_input(str(log), 4 * SMALL_BYTES)]
    small = [size < 2 * SMALL_BYTES for size in sizes]
    assert small == sorted(small)
    assert sizes[0] >= 4 * SMALL_BYTES
    assert 4 * SMALL_BYTES < sum(size for size in sizes if size < 2 * SMALL_BYTES) < 8 * SMALL_BYTES


def test_a_log_of_few_records_is_not_cut_and_one_that_has_few_later_is(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    dense = "".join(BINARY.format("a", index) + calls(2_500, index) for index in range(9))
    sparse = "".join(BINARY.format("b", index) + "another line\n" * 20_000 for index in range(9))
    range_bytes = 500 * SMALL_BYTES
    log.write_text(sparse + dense)
    assert not cut_input(str(log), range_bytes)
    log.write_text(dense + sparse)
    assert len(cut_input(str(log), range_bytes)) > 3
    assert in_ranges([log], tmp_path / "parts", range_bytes=range_bytes) == of_one_process([log])


def test_ranges_that_workers_have_measured_stay_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(BINARY.format("a", index) + calls(40, index) for index in range(9)))
    parts = tmp_path / "parts"
    assert in_ranges([log], parts, workers="2") == of_one_process([log])
    first, *_, last = sorted(parts.iterdir())
    first.unlink()
    last.unlink()
    measured: list[Any] = []

    def measure(task: Any, *rest: Any) -> Any:
        measured.append(task)
        return run_task(task, *rest)

    monkeypatch.setattr(engine, "run_task", measure)
    assert in_ranges([log], parts) == of_one_process([log])
    assert len(measured) == 2


def test_names_that_several_files_share_are_told_apart_by_the_file(tmp_path: Path) -> None:
    paths = []
    for file in ("one/a.log", "two/a.log", "two/b.log"):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(BINARY.format("same", 1) + calls(9) + BINARY.format(path.stem, 1) + calls(9))
        paths.append(path)
    whole = make_report(read_inputs([str(path) for path in paths[1:]]), Settings(), "same")
    names = [row.name for row in whole.processes.rows]
    assert names == ["same (a.log)", "a", "same (b.log)", "b"]
    assert {row.process_name for row in whole.slowest_calls.rows} == set(names)
    assert of_parts(paths[1:]) == of_one_process(paths[1:]) == in_sets(paths[1:])
    read = read_inputs([str(path) for path in paths[1:]])
    for chosen, files in (("same", 2), ("same (b.log)", 1), ("b*", 1), ("", 0)):
        rows = select_calls(read, Selection(processes=(chosen,)))
        assert np.count_nonzero(rows) == 9 * files
    three = make_report(read_inputs([str(path) for path in paths]), Settings(), "same")
    assert three.processes.rows[0].name == f"same ({paths[0]})"
    assert in_sets(paths) == of_one_process(paths) == of_parts(paths)


def span(trace: str, number: int, parent: int | None, name: str) -> dict[str, Any]:
    return {
        "traceId": trace,
        "id": f"{number:016x}",
        **({} if parent is None else {"parentId": f"{parent:016x}"}),
        "name": name,
        "kind": "SERVER" if parent is None else "CLIENT",
        "timestamp": 1_000_000 + number * 100,
        "duration": 50,
        "localEndpoint": {"serviceName": "shop"},
        "tags": {"sql.query": "select * from item where id = 7"} if parent is not None else {},
    }


def test_a_trace_that_goes_on_in_the_next_input_is_whole_whoever_reads_it(tmp_path: Path) -> None:
    spans = [span("a" * 32, 1, None, "get /"), *(span("a" * 32, number, 1, "query") for number in range(2, 9))]
    paths = [tmp_path / f"{index}.json" for index in range(3)]
    for path, own in zip(paths, (spans[:3], spans[3:6], spans[6:]), strict=True):
        path.write_text(json.dumps(own))
    log = tmp_path / "4.log"
    log.write_text(calls(9))
    for inputs in (paths, [log, *paths], [*paths, log], [*paths[:2], log, paths[2]]):
        whole = of_one_process(inputs)
        assert of_parts(inputs) == of_parts(inputs, workers="2") == whole
    parts = str(tmp_path / "parts")
    names = [str(path) for path in (*paths, log)]
    for shard in ("2/3", "3/3", "1/3"):
        assert main(["measure", *names, "--parts", parts, "--shard", shard, "-q"]) == 0
    assert main(["join", parts, "-q", "--title", "same", "-o", str(tmp_path / "joined.json")]) == 0
    assert main([*names, "-q", "--title", "same", "-o", str(tmp_path / "whole.json")]) == 0
    assert (tmp_path / "joined.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_a_log_of_a_dozen_large_processes_is_cut_between_them(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    piece = (BINARY.format("a", 1) + calls(2_000) * 18).encode()
    log.write_bytes(piece * 12)
    ranges = cut_input(str(log), len(piece))
    assert [(one.start, one.end) for one in ranges] == [(at * len(piece), (at + 1) * len(piece)) for at in range(12)]


@pytest.mark.parametrize(("first", "is_cut"), [(1, True), (90, False)])
def test_a_log_whose_first_process_is_most_of_it_is_taken_for_one(first: int, is_cut: bool, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    sizes = [first, *[1] * (100 - first)]
    log.write_text("".join(BINARY.format("a", index) + calls(400) * size for index, size in enumerate(sizes)))
    assert bool(cut_input(str(log), SMALL_BYTES)) == is_cut
