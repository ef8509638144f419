"""Logs as they come from containers, CI and terminals give the report of the log that the program wrote."""

import json
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from tracereport.calls.calls import Calls
from tracereport.sources.envelopes import unwrapping
from tracereport.sources.envelopes.unwrapping import Envelope, unwrap
from tracereport.sources.inputs import read_raw
from tracereport.sources.perf_trace.reader import read_log
from tracereport.sources.table import make_table

Wrap = Callable[[Sequence[str]], list[str]]

LONG = "x" * 40_000
PROGRAM = [
    "     Running unittests src/lib.rs (target/debug/deps/shop-fc8961ee0bcdd593)",
    "running 2 tests",
    "PERF_TRACE|1|load|caller=page|id=1|elapsed_us=5|rows=1|parent=0",
    "PERF_TRACE|2|load|caller=page|id=1|elapsed_us=5|rows=1|parent=0",
    "PERF_TRACE|0|page|n=2|elapsed_us=19|parent=none",
    "",
    "     Running tests/orders.rs (target/debug/deps/orders-43da980639810445)",
    "[2024-05-01T10:00:00Z DEBUG perf_trace] PERF_TRACE|0|query|sql=SELECT a",
    "      FROM b|elapsed_us=7|rows=3|test=tests::a b",
    "[2024-05-01T10:00:00Z DEBUG perf_trace] PERF_TRACE|1|query|sql=SELECT a",
    "      FROM b|elapsed_us=7|rows=3|test=tests::a b",
    "[2024-05-01T10:00:00Z DEBUG shop::orders] an order without a customer",
    f"PERF_TRACE|2|query|sql={LONG}|elapsed_us=8|rows=0",
    'PERF_TRACE|3|query|sql=say "\\x7c" and \\ \t= é|elapsed_us=8|rows=0|escaped=1',
    "test result: ok. 2 passed",
]
"""What a program and cargo print, with all that an envelope can stand in the way of."""


def stamp(number: int) -> str:
    return f"2024-05-01T10:{number // 60:02}:{number % 60:02}.{number * 7 % 1000:03}456789Z"


def each(form: Callable[[int, str], str]) -> Wrap:
    return lambda lines: [form(number, line) for number, line in enumerate(lines)]


def in_parts(form: Callable[[int, str, bool], str], size: int) -> Wrap:
    """Each line in parts of some bytes; the form is told whether it is the last one."""

    def wrap(lines: Sequence[str]) -> list[str]:
        parts = [
            (line[start : start + size], start + size >= len(line))
            for line in lines
            for start in range(0, max(len(line), 1), size)
        ]
        return [form(number, text, is_last) for number, (text, is_last) in enumerate(parts)]

    return wrap


def with_inner_stamps(lines: Sequence[str]) -> list[str]:
    """Docker's client writes a time stamp in front of each part of 16 KiB, and no line feed behind it."""
    numbers = count()
    size = 16 << 10
    return [
        "".join(f"{stamp(next(numbers))} {line[start : start + size]}" for start in range(0, max(len(line), 1), size))
        for line in lines
    ]


def docker_file(number: int, text: str, is_last: bool = True) -> str:
    return json.dumps({"log": text + "\n" * is_last, "stream": "stderr", "time": stamp(number)})


def containerd(number: int, text: str, is_last: bool) -> str:
    return f"{stamp(number)} stderr {'F' if is_last else 'P'} {text}"


def logfmt(number: int, line: str) -> str:
    return f"time={stamp(number)} level=debug msg={json.dumps(line)} request_id={number} user=u{number * 37}"


SAME_LINES: dict[str, Wrap] = {
    "docker logs -t": with_inner_stamps,
    "compose": each(lambda _, line: f"web-1  | {line}"),
    "compose in colours": each(lambda _, line: f"\x1b[36mweb-1  |\x1b[0m {line}"),
    "compose with several services": lambda lines: [
        f"{'db-1 ' if number % 3 else 'web-1'}  | {line}" for number, line in enumerate(lines)
    ],
    "Actions": each(lambda number, line: f"2024-05-01T10:00:{number:02}.1234567Z {line}"),
    "gh run view --log": each(lambda number, line: f"test\tRun cargo test\t{stamp(number)} {line}"),
    "journald": each(lambda number, line: f"May 01 10:00:{number:02} host-3 shop[4711]: {line}"),
    "journald with times": each(lambda number, line: f"2024-05-01T10:00:{number:02}+0200 host-3 shop[4711]: {line}"),
    "kubectl logs --prefix": each(lambda _, line: f"[pod/shop-7d4b9c-x2x/web] {line}"),
    "kubectl logs --prefix --timestamps": each(
        lambda number, line: f"[pod/shop-7d4b9c-x2x/web] {stamp(number)} {line}"
    ),
    "GitLab": each(lambda number, line: f"{stamp(number)} 01O {line}"),
    "Heroku": each(lambda number, line: f"{stamp(number)} app[web.1]: {line}"),
    "Jenkins": each(lambda number, line: f"[2024-05-01T10:00:{number:02}.123Z] {line}"),
    "fluent-bit": each(
        lambda number, line: f'[{number}] app.log: [[171455{number}.123456789, {{}}], {{"log"=>{json.dumps(line)}}}]'
    ),
    "logfmt": each(logfmt),
    "zerolog": each(lambda number, line: json.dumps({"level": "debug", "request_id": number, "message": line})),
    "a collector of JSON": each(
        lambda number, line: json.dumps({"kubernetes": {"pod": "web", "n": number}, "event": {"original": line}})
    ),
    "CloudWatch around JSON": each(
        lambda number, line: f"{stamp(number)} {json.dumps({'level': 'debug', 'msg': line, 'n': number})}"
    ),
    "compose around Docker's file": each(lambda number, line: f"web-1  | {docker_file(number, line)}"),
    "CR CR LF": each(lambda _, line: f"{line}\r\r"),
    "erase": each(lambda _, line: f"{line}\x1b[K"),
    "colours put back": each(lambda _, line: f"{line}\x1b[0m"),
    "sgr0": each(lambda _, line: f"{line}\x1b(B\x1b[m"),
    "blanks": each(lambda _, line: line if line.endswith("SELECT a") else f"{line}  \t"),
}
"""What stands around each line, by who writes it so; as many lines as before."""
IN_PARTS: dict[str, Wrap] = {
    "containerd": in_parts(
        lambda number, text, is_last: f"{stamp(number)} stderr {'F' if is_last else 'P'} {text}", 16384
    ),
    "containerd with short parts": in_parts(containerd, 97),
    "Docker's file": in_parts(docker_file, 16384),
}


def read(folder: Path, lines: Sequence[str], end: str = "\n", *, chunk_bytes: int = 1 << 24) -> Calls:
    path = folder / "collected.log"
    path.write_text("".join(f"{line}{end}" for line in lines), encoding="utf-8", newline="")
    return read_log([str(path)], chunk_bytes=chunk_bytes)


@pytest.mark.parametrize("name", SAME_LINES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_stands_around_each_line_changes_nothing(name: str, end: str, tmp_path: Path) -> None:
    plain, wrapped = read(tmp_path, PROGRAM), read(tmp_path, SAME_LINES[name](PROGRAM), end)
    assert_frame_equal(make_table(wrapped), make_table(plain))
    assert plain.facts is not None
    assert wrapped.facts == plain.facts


@pytest.mark.parametrize("name", IN_PARTS)
@pytest.mark.parametrize("chunk_bytes", [1 << 24, 300])
def test_lines_in_parts_are_put_together(name: str, chunk_bytes: int, tmp_path: Path) -> None:
    lines = IN_PARTS[name](PROGRAM)
    plain, wrapped = read(tmp_path, PROGRAM), read(tmp_path, lines, chunk_bytes=chunk_bytes)
    assert_frame_equal(make_table(wrapped).drop("line"), make_table(plain).drop("line"))
    assert wrapped.facts is not None
    assert wrapped.facts.input.lines == len(lines)
    assert wrapped.facts.input.malformed_lines == 0
    other = wrapped.facts.input
    assert other.lines == other.records + other.continuation_lines + other.other_lines


@pytest.mark.parametrize("name", [*SAME_LINES, *IN_PARTS])
def test_raw_lines_are_given_without_what_stands_around_them(name: str, tmp_path: Path) -> None:
    wrap = {**SAME_LINES, **IN_PARTS}[name]
    calls = read(tmp_path, wrap(PROGRAM))
    again = b"".join(read_raw(calls, calls.line > 0, [str(tmp_path / "collected.log")]))
    assert len(read(tmp_path, again.decode().split("\n")[:-1])) == len(calls)
    assert b"request_id" not in again
    assert b'"}' not in again


@pytest.mark.parametrize("name", ["Actions", "zerolog", "compose"])
@pytest.mark.parametrize("chunk_bytes", [100, 1_000, 50_000])
def test_an_envelope_is_the_same_however_the_log_is_cut(name: str, chunk_bytes: int, tmp_path: Path) -> None:
    lines = SAME_LINES[name](PROGRAM)
    whole = make_table(read(tmp_path, lines))
    assert_frame_equal(make_table(read(tmp_path, lines, chunk_bytes=chunk_bytes)), whole)


def envelope_of(*lines: str) -> Envelope:
    envelope = Envelope()
    text = "".join(f"{line}\n" for line in lines).encode()
    assert b"".join(unwrap(iter([text]), envelope)).count(b"\n") == len(lines)
    return envelope


def test_text_behind_the_record_is_none_of_it(tmp_path: Path) -> None:
    for tail in (" request_id={0}", " (thread {0})", ' {{"request_id":{0}}}', " user=u{0} ms={0}"):
        lines = [
            f"5:35AM DBG PERF_TRACE|{number}|load|id=1|elapsed_us=5{tail.format(number + 7)}" for number in range(4)
        ]
        metrics = [line.replace("elapsed_us=5", "elapsed_us=5|rows=1|parent=none") for line in lines]
        for own, names in ((lines, ()), (metrics, ("rows",))):
            calls = read(tmp_path, own)
            assert len(calls) == 4, tail
            assert calls.metric_sets.names == names
            assert calls.facts is not None
            assert calls.facts.notices == {}


def test_text_behind_of_many_forms_is_named(tmp_path: Path) -> None:
    tails = (" a=1", " b=2 c=3", " (x)", " [y] z")
    lines = [f"PERF_TRACE|{number}|load|elapsed_us=5|rows=1{tails[number % 4]}" for number in range(8)]
    calls = read(tmp_path, lines)
    assert calls.facts is not None
    assert calls.facts.notices["text-behind"] == 8


def test_a_time_stamp_in_the_middle_of_a_value_is_named(tmp_path: Path) -> None:
    lines = [
        f"{stamp(number)} PERF_TRACE|{number}|load|sql={'x' * 90}{stamp(number)} {'x' * 90}|elapsed_us=5"
        for number in range(3)
    ]
    calls = read(tmp_path, lines)
    assert calls.facts is not None
    assert calls.facts.notices == {"split-lines": 3}


@pytest.mark.parametrize(
    "lines",
    [
        PROGRAM,
        [f"[2024-05-01T10:00:0{n}Z DEBUG perf_trace] PERF_TRACE|{n}|f|elapsed_ms=1" for n in range(5)],
        [
            *(f"[2024-05-01T10:00:0{n}Z DEBUG perf_trace] PERF_TRACE|{n}|f|elapsed_ms=1" for n in range(5)),
            *(f"[2024-05-01T10:00:0{n}Z DEBUG other::module] text {n}" for n in range(9)),
        ],
        ["test a ... PERF_TRACE|0|f|elapsed_ms=1", "test b ... ok", "PERF_TRACE|1|f|elapsed_ms=1", "test c ... ok"],
        # A time stamp before records alone, though lines that begin with a word stand between them.
        [
            *(f"2024-05-01T10:00:0{n}Z DEBUG shop: PERF_TRACE|{n}|f|elapsed_ms=1" for n in range(5)),
            "TIMEOUT-PASS [ 240.000s] (  3/100) shop module::slow_test",
            "test a1 ... ok",
            "running 3 tests",
        ],
        ["no mark", "at all"],
        [],
    ],
)
def test_a_logger_s_own_prefix_is_no_envelope(lines: list[str]) -> None:
    assert envelope_of(*lines).layers == []


def test_what_is_not_in_the_envelope_stays_as_it_stands(tmp_path: Path) -> None:
    lines = SAME_LINES["zerolog"](PROGRAM[2:5])
    broken = [*lines, '{"message": "PERF_TRACE|9', "PERF_TRACE|3|load|elapsed_us=1", '{"message": 7}', "[" * 90_000]
    calls = read(tmp_path, [*lines * 20, *broken])
    assert calls.number[-1] == 3
    assert calls.facts is not None
    assert calls.facts.input.malformed_lines == 1


def test_a_part_whose_end_never_comes_is_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unwrapping, "_MOST_WAITING_BYTES", 4_000)
    lines = [f"{stamp(1)} stderr F PERF_TRACE|0|load|elapsed_us=1"]
    lines += [f"{stamp(number)} stdout P {'y' * 50}" for number in range(200)]
    lines += [f"{stamp(2)} stderr F PERF_TRACE|1|load|elapsed_us=1"]
    calls = read(tmp_path, lines, chunk_bytes=500)
    assert calls.number.tolist() == [0, 1]
    assert calls.facts is not None
    assert calls.facts.input.lines == len(lines)


def test_parts_of_two_streams_may_alternate(tmp_path: Path) -> None:
    calls = read(
        tmp_path,
        [
            f"{stamp(0)} stderr P PERF_TRACE|0|load|i",
            f"{stamp(1)} stdout P hel",
            f"{stamp(2)} stderr P d=1|elap",
            f"{stamp(3)} stdout F lo",
            f"{stamp(4)} stderr F sed_us=5",
        ],
    )
    assert [(param.name, param.value) for param in calls.params_of(0)] == [("id", "1")]
    assert calls.facts is not None
    read_lines = calls.facts.input
    assert (read_lines.records, read_lines.continuation_lines, read_lines.other_lines) == (1, 2, 2)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_last_line_that_is_all_envelope_is_a_line(tmp_path: Path, end: str) -> None:
    path = tmp_path / "some.log"
    path.write_text(f"[DEBUG] a line\n[DEBUG] PERF_TRACE|1|f|elapsed_ns=37\n[DEBUG] {end}", encoding="utf-8")
    facts = read_log([str(path)]).facts
    assert facts is not None
    assert (facts.input.lines, facts.input.records, facts.input.other_lines) == (3, 1, 2)
