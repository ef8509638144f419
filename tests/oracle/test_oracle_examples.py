"""The oracle by examples: one line, one marker, one row of call numbers each, and what the documents say of it."""

import pytest

from tests.oracle import find_processes, measure, read_lines
from tests.oracle.markers import parse_marker
from tests.oracle.reading import BROKEN_OFF, NO_ELAPSED, TOO_LARGE, TORN
from tests.strategies import NEXTEST_MARKERS

MS = 1_000_000


def numbered(*numbers: int) -> bytes:
    return "".join(f"PERF_TRACE|{number}|f|id={number}|elapsed_ms=0\n" for number in numbers).encode()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("PERF_TRACE|1|f|elapsed_ms=15", ("f", None, (), 15 * MS, MS, ())),
        ("PERF_TRACE|1|f|caller=g|id=1|elapsed_ms=0|found=1", ("f", "g", (("id", "1"),), 0, MS, (("found", 1),))),
        ("x | y PERF_TRACE|1|f|elapsed_us=7\x1b[0m\x1b[m", ("f", None, (), 7_000, 1_000, ())),
        ("PERF_TRACE|1||elapsed_ns=7", ("", None, (), 7, 1, ())),
        ("PERF_TRACE|1|f|g|id=a|b|=c|elapsed_ms=0", ("f|g", None, (("id", "a|b"), ("", "c")), 0, MS, ())),
        ("PERF_TRACE|1|f|caller=a|caller=b|elapsed_ms=0", ("f", "a", (("caller", "b"),), 0, MS, ())),
        ("PERF_TRACE|1|f|elapsed_ms=9|i=|elapsed_ms=3", ("f", None, (("elapsed_ms", "9"), ("i", "")), 3 * MS, MS, ())),
        ("PERF_TRACE|1|f|elapsed_ms=3|a|b=c=4|caller=5", ("f", None, (), 3 * MS, MS, (("a|b=c", 4), ("caller", 5)))),
        ("PERF_TRACE|1|f|elapsed_ms=1|elapsed_us=1234|elapsed_s=9", ("f", None, (), 1_234_000, 1_000, ())),
        ("PERF_TRACE|1|f|elapsed_ms=1|elapsed_ms=2", ("f", None, (), MS, MS, (("elapsed_ms", 2),))),
        ("PERF_TRACE|1|f|elapsed_ms=1.25", ("f", None, (), 1_250_000, 10_000, ())),
        ("PERF_TRACE|1|f|elapsed_ns=1.99", ("f", None, (), 1, 1, ())),
        (r"PERF_TRACE|1|f\x7c|id=\x5cx0a\x0a|elapsed_ms=0|escaped=1", ("f|", None, (("id", "\\x0a\n"),), 0, MS, ())),
        ("PERF_TRACE|PERF_TRACE|1|f|elapsed_ms=0", ("f", None, (), 0, MS, ())),
        ("PERF_TRACE|1|f|elapsed_ms=|a=2|elapsed_ms=3", ("f", None, (("elapsed_ms", ""), ("a", "2")), 3 * MS, MS, ())),
        ("PERF_TRACE|1|f|elapsed_ms=3|elapsed_ms=|n=1", ("f", None, (), 3 * MS, MS, (("n", 1),))),
    ],
)  # fmt: skip
def test_a_record(line: str, expected: tuple[object, ...]) -> None:
    """Expected are function, caller, params, elapsed time and resolution in ns, and metrics."""
    (record,) = read_lines(line.encode()).records
    assert record.number == 1
    names = ("function", "caller", "params", "elapsed_ns", "resolution_ns", "metrics")
    assert tuple(getattr(record, name) for name in names) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PERF_TRACE|1|f|id=PERF_TRACE|2|g|elapsed_ms=0", TORN),
        ("PERF_TRACE|1|f|elapsed_ms=0|found=1PERF_TRACE|", TORN),
        ("PERF_TRACE|1|f|elapsed_ms=PERF_TRACE|2|g|elapsed_ms=|elapsed_ms=3|elapsed_ms=4", TORN),
        ("PERF_TRACE|1|f|id=1|elapsed_ms=|elapsed_ms=0|n=1", TORN),
        ("PERF_TRACE|1|f|elapsed_ms=|n=1", NO_ELAPSED),
        ("PERF_TRACE|1|f|id=1", NO_ELAPSED),
        ("PERF_TRACE|1|f|elapsed_ms=", NO_ELAPSED),
        ("PERF_TRACE|1|elapsed_ms=3", NO_ELAPSED),
        ("[DEBUG] PERF_TRACE|", BROKEN_OFF),
        ("PERF_TRACE|12", BROKEN_OFF),
        ("PERF_TRACE|9223372036854775808|f|elapsed_ms=0", TOO_LARGE),
        ("PERF_TRACE|1|f|elapsed_ns=9223372036854775808", TOO_LARGE),
        ("PERF_TRACE|1|f|elapsed_s=9223372037", TOO_LARGE),
    ],
)
def test_a_malformed_line(line: str, reason: str) -> None:
    log = read_lines(line.encode())
    assert [(malformed.line, malformed.reason, malformed.text) for malformed in log.malformed] == [
        (1, reason, line.encode())
    ]
    assert (log.lines, log.records) == (1, [])


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("a note that quotes PERF_TRACE|7|fake|elapsed_ms=3 in its middle", 1),
        ("PERF_TRACE|7|fake|elapsed_ms=3.", 1),
        ("PERF_TRACE|x|f|elapsed_ms=3", 0),
        ("PERF_TRACE||f|elapsed_ms=3", 0),
        ("", 0),
    ],
)
def test_another_line(line: str, quoted: int) -> None:
    log = read_lines(line.encode() + b"\n")
    assert (log.lines, log.other_lines, log.quoted) == (1, 1, quoted)


@pytest.mark.parametrize(
    ("log", "value", "continuation"),
    [
        ("[D] PERF_TRACE|1|f|id=a\n    b|elapsed_ms=0", "a\nb", 1),
        ("[D] PERF_TRACE|1|f|id=a\n    \n    PERF_TRACE|7|\n    b|elapsed_ms=0", "a\n\nPERF_TRACE|7|\nb", 3),
        ("    [D] PERF_TRACE|1|f|id=a\n        b|elapsed_ms=0", "a\nb", 1),
        ("PERF_TRACE|1|f|id=a\nb\n\nc|elapsed_ms=0", "a\nb\n\nc", 3),
        ("    PERF_TRACE|1|f|id=a\n    b|elapsed_ms=0", "a\nb", 1),
        ("PERF_TRACE|1|f|id=a\r\nb|elapsed_ms=0\r\n", "a\nb", 1),
    ],
)  # fmt: skip
def test_a_value_with_a_newline(log: str, value: str, continuation: int) -> None:
    read = read_lines(log.encode())
    assert [record.params for record in read.records] == [(("id", value),)]
    assert (read.continuation_lines, read.malformed, read.other_lines) == (continuation, [], 0)


@pytest.mark.parametrize(
    "stop", ["PERF_TRACE|2|g|elapsed_ms=0", "     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)"]
)
def test_a_broken_record_ends_at_the_next_record_or_marker(stop: str) -> None:
    log = read_lines(f"PERF_TRACE|1|f|id=a\nb\n{stop}\nc|elapsed_ms=0\n".encode())
    assert [(malformed.line, malformed.reason) for malformed in log.malformed] == [(1, NO_ELAPSED)]
    assert log.continuation_lines == 0


def test_a_record_goes_on_for_one_mebibyte() -> None:
    fits, too_long = (
        "PERF_TRACE|1|f|id=" + "\n".join(["x" * 1023] * lines) + "|elapsed_ms=0" for lines in (1023, 1025)
    )
    assert len(read_lines(fits.encode()).records) == 1
    assert len(read_lines(too_long.encode()).malformed) == 1


def test_metrics_that_are_none_are_dropped_and_counted() -> None:
    log = read_lines(
        b"PERF_TRACE|5|f|elapsed_ms=0|a=-1|b=1.5|c=18446744073709551616|d=007|parent=2|parent=x|parent=none|e|f"
    )
    (record,) = log.records
    assert record.metrics == (("d", 7),)
    assert (record.has_parent, record.parent, log.dropped_metrics) == (True, None, 5)


def test_bytes_that_are_not_utf8_stay_readable() -> None:
    (record,) = read_lines(b"\xef\xbb\xbfPERF_TRACE|1|f|id=\xff\xed\xa0\x80|elapsed_ms=0").records
    assert record.params == (("id", r"\xff\xed\xa0\x80"),)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("     Running unittests src/lib.rs (target/debug/deps/minifs-fc8961ee0bcdd593)", "minifs (unit)"),
        ("     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)", "lookup"),
        (
            "\x1b[1m\x1b[92m     Running\x1b[0m tests/lookup.rs (target\\debug\\deps\\lookup-43da980639810445.exe)",
            "lookup",
        ),
        ("   Doc-tests minifs", "minifs (doc)"),
        ("     Running `X=1 /home/me/target/debug/deps/lookup-43da980639810445 --nocapture`", "lookup"),
        ("     Running `rustdoc --crate-type lib --crate-name minifs --test src/lib.rs`", "minifs (doc)"),
        ("        PASS [   1.709s] ( 7/78) tlogfs module::test_name", "module::test_name"),
        ("        FAIL [   1.709s] tlogfs module::test_name", "module::test_name"),
        ("       START [         ] ( 1/78) tlogfs module::test_name", "module::test_name"),
        ("  TRY 2 PASS [   0.010s] ( 1/78) tlogfs module::test_name", "module::test_name"),
        *((line, "module::test_name") for line in NEXTEST_MARKERS),
    ],
)
def test_a_marker_names_the_process(line: str, name: str) -> None:
    marker = parse_marker(line)
    assert marker is not None
    assert marker.name == name


@pytest.mark.parametrize(
    "line",
    [
        "        SLOW [> 60.000s] ( 7/78) tlogfs module::test_name",
        "     Summary [  38.611s] 78 tests run: 78 passed, 0 skipped",
        "    Finished `test` profile [unoptimized] target(s) in 4.18s",
        "INFO [1.709s] some text",
        "WARN  MODULE [123] some text",
        "   TERMINATING [>120.000s] (─────────) tlogfs module::test_name",
        "TRY 2 TRMNTG [>120.000s] (─────────) tlogfs module::test_name",
        "Running tests/lookup.rs (it says)",
    ],
)
def test_no_marker(line: str) -> None:
    assert parse_marker(line) is None


def test_binaries_of_one_name_are_told_apart_by_their_crate() -> None:
    targets = (("unittests src/lib.rs", "one-1111111111111111"), ("tests/lookup.rs", "lookup-2222222222222222"))
    others = (("unittests src/lib.rs", "two-3333333333333333"), ("tests/lookup.rs", "lookup-4444444444444444"))
    log = b"".join(
        f"     Running {source} (target/debug/deps/{binary})\n".encode() + numbered(0)
        for source, binary in targets + others
    )
    names = [process.name for process in find_processes(read_lines(log))]
    assert names == ["one (unit)", "one::lookup", "two (unit)", "two::lookup"]


def test_output_that_nextest_prints_again_counts_once() -> None:
    block = b"        FAIL [   0.015s] ( 3/78) tlogfs failing\n  stderr ---\n" + b"    " + numbered(0) + b"\n"
    log = read_lines(block + b"     Summary [   1.0s] 1 test run\n" + block)
    assert (len(log.records), log.other_lines, log.doubled_blocks) == (1, 8, 1)


@pytest.mark.parametrize(
    ("numbers", "sizes", "judged"),
    [
        ((2, 1, 0, 5, 4, 3), [6], [True]),
        ((0, 1, 2, 0, 1), [3, 2], [True, True]),
        ((2, 1, 0, 2, 1, 0), [3, 3], [True, True]),
        # The second process starts with its deepest calls, which the first hasn't used.
        ((0, 1, 3, 2, 1, 0, 5, 4), [2, 6], [True, True]),
        ((0, 2, 3), [3], [True]),
        ((0, 1, 2, 0, 2), [3, 2], [True, True]),
        # Two that did the same at once; and three numbers of which one is missing.
        ((0, 0, 1, 1, 2, 2), [3, 3], [True, True]),
        ((0, 0, 2, 1, 2), [5], [False]),
    ],
)
def test_where_a_process_ends(numbers: tuple[int, ...], sizes: list[int], judged: list[bool]) -> None:
    processes = find_processes(read_lines(numbered(*numbers)))
    assert [len(process.records) for process in processes] == sizes
    assert [process.judged for process in processes] == judged


def test_an_implausible_number_neither_splits_nor_is_missed() -> None:
    (process,) = find_processes(read_lines(numbered(*range(20), 424242, *range(20, 40))))
    assert [process.records[position].number for position in process.implausible] == [424242]
    assert process.tree == "flat"
    assert measure([process])["totals"]["unfinished_calls"] == 0


def test_the_tail_of_a_longer_log_is_plausible() -> None:
    (process,) = find_processes(read_lines(numbered(*range(500_000, 500_020))))
    assert not process.implausible


@pytest.mark.parametrize(
    ("lines", "tree", "parents"),
    [
        (("0|f|caller=unknown", "1|f|caller=unknown"), "flat", {}),
        (("1|g|caller=f", "2|g|caller=f", "0|f|caller=unknown"), "nested", {1: 0, 2: 0}),
        (("2|h|caller=g", "1|g|caller=f", "0|f"), "nested", {2: 1, 1: 0}),
        (("1|g|caller=x", "2|g|caller=f", "0|f"), "unknown", {}),
        (("1|g|caller=unknown", "0|f|caller=unknown"), "unknown", {}),
        (("1|g|caller=f", "2|g|caller=f", "3|g|caller=f", "4|h", "0|f"), "nested", {1: 0, 2: 0, 3: 0, 4: 0}),
        (("1|g|caller=f", "2|g|caller=f", "3|h", "0|f"), "unknown", {}),
        (("1|g|caller=f", "2|g|caller=f", "3|g|caller=f", "4|g", "0|f"), "unknown", {}),
        (("2|g|caller=f", "0|f", "1|f"), "unknown", {}),
        (("1|g|caller=f", "0|f", "3|g|caller=f"), "unknown", {}),
    ],
)
def test_the_tree_of_a_process(lines: tuple[str, ...], tree: str, parents: dict[int, int]) -> None:
    log = "".join(f"PERF_TRACE|{line}|elapsed_ms=0\n" for line in lines)
    (process,) = find_processes(read_lines(log.encode()))
    assert (process.tree, process.parents) == (tree, parents)


@pytest.mark.parametrize(
    ("parents", "tree"),
    [(("none", "0", "1"), "given"), (("none", "7", "none"), "unknown"), (("none", "0", ""), "flat")],
)
def test_given_parents(parents: tuple[str, ...], tree: str) -> None:
    log = "".join(
        f"PERF_TRACE|{number}|f|elapsed_ms=0{'|parent=' + parent if parent else ''}\n"
        for number, parent in enumerate(parents)
    )
    (process,) = find_processes(read_lines(log.encode()))
    assert process.tree == tree


def test_the_quick_start_example_is_a_run_and_a_shared_lookup() -> None:
    log = (
        b"PERF_TRACE|42|query_single_directory_entry|caller=exists_node|part_id=root|entry_name=data|elapsed_ms=15|query_ms=12|found=1\n"
        b"PERF_TRACE|43|query_single_directory_entry|caller=load_node|part_id=root|entry_name=data|elapsed_ms=14|query_ms=12|found=1\n"
    )
    result = measure(find_processes(read_lines(log)))
    (run,) = result["sequential_duplicates"]
    assert [[call["number"] for call in calls] for calls in run["runs"]] == [[42, 43]]
    (shared,) = result["shared_lookups"]
    assert shared["adjacent_pairs"] == [{"previous_caller": "exists_node", "caller": "load_node", "pairs": 1}]
    (finding,) = result["findings"]
    assert (finding["kind"], finding["calls_saved"], finding["sequential"]) == ("shared", 1, 1)
    (breakdown,) = result["breakdown"]
    assert breakdown["unaccounted_ns"] == 5 * MS


def test_a_loop_that_asks_once_per_id_is_a_fan_out() -> None:
    children = [f"{number}|g|caller=f|part=1|id={number}|elapsed_ms=0" for number in (1, 2, 3, 4, 5)]
    again = "6|g|caller=f|part=1|id=5|elapsed_ms=0"
    log = "".join(f"PERF_TRACE|{line}\n" for line in (*children, again, "0|f|elapsed_ms=3"))
    result = measure(find_processes(read_lines(log.encode())))
    (row,) = result["fanouts"]
    assert (row["varying_params"], row["fixed_params"]) == (["id"], [("part", "1")])
    assert (row["distinct_values"], row["calls"], row["avoidable_calls"], row["confidence"]) == (5, 6, 4, "sure")
    assert row["parent"]["number"] == 0


def test_a_cache_of_the_right_size() -> None:
    log = "".join(
        f"PERF_TRACE|{number}|f|id={lookup}|elapsed_ms=1|found=1\n" for number, lookup in enumerate("abcabca")
    )
    (curve,) = measure(find_processes(read_lines(log.encode())))["cache_curves"]
    assert [(point["capacity"], point["hits"]) for point in curve["curve"]] == [(1, 0), (2, 0), (3, 4)]
    assert (curve["possible_hits"], curve["capacity_for_50"]) == (4, 3)


def test_a_spared_call_inside_a_spared_call_is_counted_once() -> None:
    lines = [
        "1|g|caller=f|id=1|elapsed_ms=5|n=1",
        "0|f|id=1|elapsed_ms=6|n=1",
        "3|g|caller=f|id=1|elapsed_ms=5|n=1",
        "2|f|id=1|elapsed_ms=6|n=1",
    ]
    totals = measure(find_processes(read_lines("".join(f"PERF_TRACE|{line}\n" for line in lines).encode())))["totals"]
    assert (totals["unchanged_repeats"], totals["saving_ns"], totals["saving_upper_ns"]) == (2, 6 * MS, 7 * MS)
