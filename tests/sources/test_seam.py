"""A format of input is one file: here is one, for a log of minutes that nobody writes."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.running import run
from tracereport import sources
from tracereport.calls.build import CallsBuilder
from tracereport.calls.calls import FRAME, QUESTION, WRITE, Calls, Facts
from tracereport.errors import InputError, TracereportError, UsageError
from tracereport.model import Input, Rows
from tracereport.sources import inputs
from tracereport.sources.interface import Source
from tracereport.sources.streams.raw import Progress
from tracereport.sources.streams.stream import Stream

_LINE = re.compile(rb"(?P<who>\w+) asked (?P<whom>\w+) about (?P<what>\w+) for (?P<minutes>\d+) minutes")
MEETING = b"""\
MINUTES of Monday
ada asked bob about rates for 3 minutes
ada asked bob about rates for 2 minutes
MINUTES of Tuesday
cy asked bob about rates for 1 minutes
(a phone rang)
"""


class MinutesSource:
    """Logs of meetings: each a process, each question a call."""

    name: ClassVar[str] = "minutes"

    def recognises(self, path: str, head: bytes) -> bool:
        return head.startswith(b"MINUTES") or path.endswith(".minutes")

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
        for stream in streams:
            builder = CallsBuilder([stream.name])
            text = b"".join(stream.read_chunks(progress))
            process, line = 0, 0
            for line, one in enumerate(text.splitlines(), start=1):
                if one.startswith(b"MINUTES"):
                    process = builder.add_process(one.decode().removeprefix("MINUTES of "), tree="flat")
                elif found := _LINE.fullmatch(one):
                    builder.add(
                        found["whom"].decode(),
                        caller=found["who"].decode(),
                        params=(("about", found["what"].decode()),),
                        process=process,
                        line=line,
                        elapsed_ns=int(found["minutes"]) * 60_000_000_000,
                        resolution_ns=60_000_000_000,
                    )
            yield builder.build(make_facts(stream.name, line, len(builder)))

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
        for file, name in enumerate(inputs):
            if name is None:
                continue
            lines = Path(name).read_bytes().splitlines()
            yield from (lines[line - 1] + b"\n" for line in calls.line[rows & (calls.file == file)].tolist())

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:
        assert facts is not None
        return InputError(f"{names[0]}: nobody asked anything", "Meet again.")


def make_facts(name: str, lines: int, records: int) -> Facts:
    return Facts(
        Input(
            files=(name,), lines=lines, records=records, continuation_lines=0, malformed_lines=0,
            other_lines=lines - records, malformed=Rows(),
        )
    )  # fmt: skip


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch) -> Source:
    source = MinutesSource()
    monkeypatch.setattr(inputs, "SOURCES", (*sources.SOURCES, source))
    return source


@pytest.fixture
def meeting(tmp_path: Path) -> str:
    path = tmp_path / "monday.txt"
    path.write_bytes(MEETING)
    return str(path)


@pytest.mark.usefixtures("minutes")
def test_a_format_of_ones_own_gives_calls_like_any_other(meeting: str) -> None:
    calls = inputs.read_inputs([meeting])
    assert calls.names == ("ada", "bob", "cy")
    assert [calls.names[code] for code in calls.caller] == ["ada", "ada", "cy"]
    assert calls.processes.name == ("Monday", "Tuesday")
    assert calls.process.tolist() == [0, 0, 1]
    assert calls.number.tolist() == [0, 1, 0]
    assert calls.lookup.tolist() == [0, 0, 0], "the same question, whoever asks"
    assert calls.line.tolist() == [2, 3, 5]
    assert calls.facts is not None
    assert calls.facts.input.other_lines == 3


@pytest.mark.usefixtures("minutes")
def test_formats_mix_on_one_command_line(meeting: str, tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    log.write_text("PERF_TRACE|0|bob|caller=ada|about=rates|elapsed_ms=1\n")
    calls = inputs.read_inputs([str(log), meeting])
    assert len(calls) == 4
    assert calls.files == (str(log), meeting)
    assert calls.processes.name == ("process 0", "Monday", "Tuesday")
    every = np.ones(len(calls), bool)
    raw = list(inputs.read_raw(calls, every, [str(log), meeting]))
    assert raw == [log.read_bytes(), *MEETING.splitlines(keepends=True)[1:3], MEETING.splitlines(keepends=True)[4]]


@pytest.mark.usefixtures("minutes")
def test_what_two_formats_claim_is_nobodys_until_it_is_said_whose(tmp_path: Path) -> None:
    both = tmp_path / "both.txt"
    both.write_bytes(MEETING + b"PERF_TRACE|0|bob|elapsed_ms=1\n")
    with pytest.raises(InputError, match="it can be read as perf_trace and minutes") as caught:
        inputs.read_inputs([str(both)])
    assert "--from perf_trace" in str(caught.value.remedy)
    assert len(inputs.read_inputs([str(both)], source="minutes")) == 3
    assert len(inputs.read_inputs([str(both)], source="perf_trace")) == 1


def test_a_format_that_there_is_none_of_is_refused_by_name(meeting: str) -> None:
    with pytest.raises(UsageError, match="unknown format") as caught:
        inputs.read_inputs([meeting], source="mintues")
    assert "perf_trace, parquet" in str(caught.value.remedy)


@pytest.mark.usefixtures("minutes")
def test_each_format_says_in_its_own_words_that_it_holds_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.minutes"
    empty.write_bytes(b"(silence)\n")
    facts = inputs.read_inputs([str(empty)]).facts
    error = inputs.explain_nothing([str(empty)], ["the minutes"], facts)
    assert error.message == "the minutes: nobody asked anything"
    assert isinstance(error, TracereportError)


def test_the_command_takes_the_format_and_so_does_the_configuration(meeting: str, tmp_path: Path) -> None:
    refused = run(meeting, "--from", "minutes")
    assert refused.returncode == 2
    assert "minutes: unknown format" in refused.stderr.decode()
    (tmp_path / "tracereport.toml").write_text('from = "nothing"\n')
    assert run(meeting, cwd=tmp_path).stderr.startswith(b"tracereport: nothing: unknown format")


def test_a_pipe_is_looked_at_and_read_once(tmp_path: Path) -> None:
    log = b"PERF_TRACE|0|a|elapsed_ms=1\n" * 40_000
    report = run("-", "--format", "json", stdin=log, cwd=tmp_path)
    assert b'"records":40000' in report.stdout.replace(b" ", b"")


def test_a_builder_keeps_what_a_record_says() -> None:
    builder = CallsBuilder(["log"])
    process = builder.add_process("GET /", tree="given")
    root = builder.add("GET /", process=process, line=1, elapsed_ns=50, resolution_ns=1, kind="frame")
    sql = (("sql", "select * from users where id = ?"),)
    builder.add(
        "select users", process=process, line=2, elapsed_ns=3, resolution_ns=1, params=sql, values_known=False,
        parent=root, at="app.py:3", via="otlp", metrics=(("rows", 2),), start_ns=7, test="a test", attempt=2,
    )  # fmt: skip
    builder.add("publish bills", process=process, line=3, elapsed_ns=3, resolution_ns=1, kind="write", writes="bills")
    builder.add("GET x/{}", process=process, line=4, elapsed_ns=3, resolution_ns=1, resource="x", answer="failed")
    builder.add_process("never used")
    calls = builder.build(None)
    assert calls.kind.tolist() == [FRAME, QUESTION, WRITE, QUESTION]
    assert calls.lookups.values_known[calls.lookup].tolist() == [True, False, True, True]
    assert [calls.resources[code] for code in calls.lookups.resource[calls.lookup]] == [
        "get /", "users", "publish bills", "x",
    ]  # fmt: skip
    origins = calls.origins
    assert [origins.answer[origin] for origin in calls.origin] == [0, 0, 0, 1]
    assert calls.resources[origins.writes[calls.origin[2]]] == "bills"
    assert origins.texts[origins.at[calls.origin[1]]] == "app.py:3"
    assert origins.texts[origins.via[calls.origin[1]]] == "otlp"
    assert origins.attempt[calls.origin].tolist() == [0, 2, 0, 0]
    assert calls.tests == ("a test",)
    assert calls.test.tolist() == [-1, 0, -1, -1]
    assert calls.processes.name == ("GET /",)
    assert [metric.name for metric in calls.metric_sets.metrics_of(calls.metric_set[1])] == ["rows"]
    assert calls.start_ns is None, "of some calls it isn't known"


def test_what_isnt_kept_leaves_no_trace_in_the_tables() -> None:
    builder = CallsBuilder(["log"])
    process = builder.add_process()
    values = ("a|b", "x=y", "plain", "a|b")
    for line, value in enumerate(values, start=1):
        builder.add("f", process=process, line=line, elapsed_ns=1, resolution_ns=1, params=(("k", value),))
    calls = builder.build(None)
    assert [param.value for code in calls.lookup for param in calls.params_of(code)] == list(values)
    assert calls.lookup.tolist() == [0, 1, 2, 0]
    assert calls.lookups.plain.tolist() == [False, True, True]
