"""The public table of calls: exactly the published columns, and a report from it that is the log's."""

import errno
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

import tracereport
from tests.strategies import logs
from tests.truth import NAMES, log_path
from tracereport.calls.calls import Calls
from tracereport.engine.report import make_report
from tracereport.errors import InputError
from tracereport.model import Input, Report, Selection, Settings
from tracereport.sources import parquet
from tracereport.sources.frames import read_frame
from tracereport.sources.inputs import read_inputs
from tracereport.sources.parquet import METADATA_KEY, read_table, write_table
from tracereport.sources.perf_trace.reader import read_log as read_calls
from tracereport.sources.table import CallTable, make_table

COLUMNS: dict[str, Any] = {
    "file": pl.String,
    "line": pl.UInt64,
    "process": pl.UInt32,
    "process_name": pl.String,
    "judged": pl.Boolean,
    "number": pl.UInt64,
    "function": pl.String,
    "caller": pl.String,
    "params": pl.List(pl.Struct({"name": pl.String, "value": pl.String})),
    "elapsed_ns": pl.UInt64,
    "resolution_ns": pl.UInt64,
    "metrics": pl.List(pl.Struct({"name": pl.String, "value": pl.UInt64})),
    "tree": pl.String,
    "parent": pl.UInt64,
    "test": pl.String,
    "unit": pl.UInt32,
    "unit_name": pl.String,
    "attempt": pl.UInt32,
    "phase": pl.String,
    "kind": pl.String,
    "values_known": pl.Boolean,
    "answer": pl.String,
    "at": pl.String,
    "via": pl.String,
    "activation": pl.UInt64,
    "resource": pl.String,
    "writes": pl.String,
    "start_ns": pl.Int64,
    "implausible": pl.Boolean,
}
"""As published: others read them, so nothing here is ever renamed or removed."""

ONLY_LINES_TELL = {
    "whole-processes",
    "captured",
    "cut-off",
    "doubled-output",
    "dropped-metrics",
    "invalid-utf8",
    "malformed",
    "quoted",
}
ONLY_LINES_TELL |= {"bad-value", "torn-lines", "unreadable", "text-behind", "split-lines"}
"""Warnings that no row gives cause for."""
OPTIONAL = {"test", "attempt", "phase", "kind", "values_known", "answer", "at", "via", "activation", "resource"}
OPTIONAL |= {"writes", "start_ns", "implausible", "unit", "unit_name"}
"""Columns that a frame made by hand needn't have."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def report_on(calls: Calls, selection: Selection | None = None) -> Report:
    return make_report(calls, Settings(), "a title", selection)


def hold_round_trip(calls: Calls, path: Path) -> None:
    write_table(calls, path)
    back = read_table(str(path))
    assert_frame_equal(make_table(back), make_table(calls))
    assert back.facts == calls.facts
    assert report_on(back) == report_on(calls)


@pytest.mark.parametrize("selected", [False, True])
def test_a_table_is_written_a_few_rows_at_a_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, selected: bool
) -> None:
    calls = read_calls([str(log_path("hostile"))])
    rows = calls.number % 3 > 0 if selected else np.ones(len(calls), bool)
    at_once: list[int] = []

    class Watched(CallTable):
        def make_rows(self, rows: NDArray[np.intp]) -> pl.DataFrame:
            at_once.append(len(rows))
            return super().make_rows(rows)

    monkeypatch.setattr(parquet, "CallTable", Watched)
    monkeypatch.setattr(parquet, "ROW_GROUP_CALLS", 7)
    write_table(calls, folder / "few.parquet", rows if selected else None)
    assert_frame_equal(pl.read_parquet(folder / "few.parquet"), make_table(calls).filter(pl.Series(rows)))
    assert sum(at_once) == np.count_nonzero(rows)
    assert len(at_once) > 2
    assert max(at_once) == 7


def without_lines(report: Report) -> Report:
    """The report without what only a log's lines can tell."""
    quality = tuple(
        # How the tests were run decides on the advice.
        msgspec.structs.replace(row, remedy="")
        for row in report.quality.rows
        if row.code not in ONLY_LINES_TELL
    )
    return msgspec.structs.replace(
        report, input=None, title="", quality=msgspec.structs.replace(report.quality, total=len(quality), rows=quality)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_table_gives_the_same_report_as_its_log(name: str, folder: Path) -> None:
    hold_round_trip(read_calls([str(log_path(name))]), folder / f"{name}.parquet")


@given(log=logs())
@settings(max_examples=25)
def test_a_table_of_any_log_gives_the_same_report(folder: Path, log: bytes) -> None:
    (folder / "any.log").write_bytes(log)
    hold_round_trip(read_calls([str(folder / "any.log")]), folder / "any.parquet")


@given(log=logs())
@settings(max_examples=25)
def test_a_bare_frame_gives_the_same_report_but_for_what_only_lines_tell(folder: Path, log: bytes) -> None:
    (folder / "any.log").write_bytes(log)
    calls = read_calls([str(folder / "any.log")])
    report = tracereport.analyze(make_table(calls))
    assert report.input is None
    assert without_lines(report) == without_lines(report_on(calls))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_from_python_gives_the_figures_of_the_command(name: str) -> None:
    path = log_path(name)
    report = tracereport.analyze(tracereport.read_calls(path))
    assert without_lines(report) == without_lines(report_on(read_calls([str(path)])))


def test_the_columns_are_the_published_ones() -> None:
    for name in ("hostile", "no-traces-info-level"):
        assert dict(tracereport.read_calls(log_path(name)).schema) == COLUMNS


def test_the_file_holds_the_columns_and_what_only_the_lines_tell(folder: Path) -> None:
    path = folder / "hostile-bare.parquet"
    calls = read_calls([str(log_path("hostile-bare"))])
    write_table(calls, path)
    assert dict(pl.read_parquet_schema(path)) == COLUMNS
    facts = msgspec.json.decode(pl.read_parquet_metadata(path)[METADATA_KEY])["facts"]
    assert calls.facts is not None
    assert msgspec.convert(facts["input"], Input) == calls.facts.input
    assert facts["input"]["malformed_lines"] == 4


def test_tables_and_logs_given_together_are_the_logs_given_together(folder: Path) -> None:
    first, second = str(log_path("duckpond-nextest")), str(log_path("hostile-bare"))
    table = str(folder / "first.parquet")
    write_table(read_calls([first]), Path(table))
    assert report_on(read_inputs([table, second])) == report_on(read_inputs([first, second]))
    write_table(read_calls([second]), folder / "second.parquet")
    assert report_on(read_inputs([table, str(folder / "second.parquet")])) == report_on(read_inputs([first, second]))


def test_a_table_written_under_a_selection_says_that_it_is_partial(folder: Path) -> None:
    calls = read_calls([str(log_path("duckpond-single-thread"))])
    path = folder / "partial.parquet"
    write_table(calls, path, rows=calls.number < 100)
    part = read_table(str(path))
    assert len(part) == 100
    assert part.facts is not None
    assert part.facts.input.partial
    assert "partial-table" in {warning.code for warning in report_on(part).quality.rows}


def test_what_a_frame_does_not_say_is_told_by_its_other_columns(folder: Path) -> None:
    path = folder / "fewer.parquet"
    frame = tracereport.read_calls(log_path("duckpond-nextest"))
    frame.drop(OPTIONAL).write_parquet(path)
    assert_frame_equal(tracereport.read_calls(path).drop("test"), frame.drop("test"))
    hostile = tracereport.read_calls(log_path("hostile-bare"))
    assert hostile["implausible"].sum() == 4
    assert read_frame(hostile.drop("implausible")).implausible.sum() == 4


RESERVED = """\
PERF_TRACE|4|load|id=1|elapsed_us=5|parent=3|at=shop/views.py:12|via=django|activation=9|cached=1|process=7|test=a|try=2
PERF_TRACE|3|request|elapsed_us=9|parent=none|frame=1|process=7|phase=setup
PERF_TRACE|1|save|elapsed_us=5|parent=none|write=orders|process=8
PERF_TRACE|2|save|elapsed_us=5|parent=none|write=1|process=7|failed=1
PERF_TRACE|0|insert items|sql=INSERT INTO Items VALUES (?)|elapsed_us=5|parent=none|process=8
PERF_TRACE|1|Items|elapsed_us=5|parent=none|process=7|write=Items
PERF_TRACE|0|select items|elapsed_us=5|parent=none|process=7
"""


def test_what_records_say_beside_the_answer_stands_in_the_table_and_is_read_back(folder: Path) -> None:
    (folder / "reserved.log").write_text(RESERVED, encoding="utf-8")
    calls = read_calls([str(folder / "reserved.log")])
    frame = make_table(calls)
    assert frame["process"].to_list() == [0, 0, 1, 0, 1, 0, 0]
    assert frame["kind"].to_list() == ["question", "frame", "write", "write", "write", "write", "question"]
    assert frame["answer"].to_list() == ["cached", "", "", "failed", "", "", ""]
    assert frame["writes"].to_list() == [None, None, "orders", "*", "items", "items", None]
    assert frame["activation"].to_list() == [9, *[None] * 6]
    assert frame["at"][0] == "shop/views.py:12"
    assert (frame["attempt"][0], frame["phase"][1], frame["via"][0]) == (2, "setup", "django")
    hold_round_trip(calls, folder / "reserved.parquet")
    assert_frame_equal(make_table(read_frame(frame.sample(fraction=1, shuffle=True, seed=3))), frame)


def test_tables_are_joined_with_all_they_say(folder: Path) -> None:
    (folder / "reserved.log").write_text(RESERVED, encoding="utf-8")
    for names in (("reserved.log", "reserved.log"), ("nothing.log", "reserved.log")):
        (folder / "nothing.log").write_text("PERF_TRACE|0|Items|elapsed_us=5\n", encoding="utf-8")
        paths = [folder / f"{index}-{name}" for index, name in enumerate(names)]
        for path, name in zip(paths, names, strict=True):
            path.write_bytes((folder / name).read_bytes())
        tables = [path.with_suffix(".parquet") for path in paths]
        for path, table in zip(paths, tables, strict=True):
            write_table(read_calls([str(path)]), table)
        of_logs = make_table(read_calls([str(path) for path in paths]))
        of_tables = make_table(read_inputs([str(table) for table in tables]))
        assert_frame_equal(of_tables, of_logs)
        assert_frame_equal(make_table(read_frame(of_logs)), of_logs)


def test_starts_and_unrecorded_values_are_read_back(folder: Path) -> None:
    frame = tracereport.read_calls(log_path("single-thread")).head(3)
    said = frame.with_columns(
        start_ns=pl.Series([-5, None, 7]), values_known=pl.Series([True, False, False]), resource=pl.lit("disk")
    )
    calls = read_frame(said)
    assert calls.start_ns is not None
    assert calls.lookups.values_known[calls.lookup].tolist() == [True, False, False]
    assert_frame_equal(make_table(calls), said.cast({"start_ns": pl.Int64}))
    write_table(calls, folder / "starts.parquet")
    assert_frame_equal(make_table(read_table(str(folder / "starts.parquet"))), make_table(calls))


@pytest.mark.parametrize("tree", ["given", "nested"])
def test_a_call_that_is_its_own_parent_or_began_before_it_has_no_tree(tree: str) -> None:
    frame = tracereport.read_calls(log_path("single-thread")).with_columns(tree=pl.lit(tree), parent=pl.col("number"))
    calls = read_frame(frame)
    assert calls.processes.has_tree("unknown").all()
    assert (calls.parent == -1).all()
    assert calls.impossible_parents == len(calls)
    assert "impossible-parents" in {warning.code for warning in report_on(calls).quality.rows}


def test_joined_tables_keep_as_many_malformed_lines_as_logs(folder: Path) -> None:
    paths = [folder / f"broken-{index}.log" for index in range(2)]
    for path in paths:
        path.write_text("PERF_TRACE|0|a|elapsed_ms=1\n" + "PERF_TRACE|7\n" * 700, encoding="utf-8")
        write_table(read_calls([str(path)]), path.with_suffix(".parquet"))
    of_logs = read_calls([str(path) for path in paths])
    of_tables = read_inputs([str(path.with_suffix(".parquet")) for path in paths])
    assert of_tables.facts == of_logs.facts
    assert of_logs.facts is not None
    assert (of_logs.facts.input.malformed.total, len(of_logs.facts.input.malformed.rows)) == (1400, 1000)


def test_columns_may_stand_in_any_order_beside_others() -> None:
    frame = tracereport.read_calls(log_path("single-thread"))
    changed = frame.select(sorted(frame.columns)).with_columns(mine=pl.lit(1))
    assert tracereport.analyze(changed) == tracereport.analyze(frame)


def test_rows_may_be_left_out() -> None:
    frame = tracereport.read_calls(log_path("duckpond-single-thread"))
    report = tracereport.analyze(frame.filter(caller="metadata"))
    assert report.totals.calls == 233
    assert [row.caller for row in report.callers.rows] == ["metadata"]
    assert tracereport.analyze(frame.clear()).totals.calls == 0


def test_rows_may_stand_in_any_order() -> None:
    frame = tracereport.read_calls(log_path("duckpond-deep-nextest"))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    assert tracereport.analyze(shuffled) == tracereport.analyze(frame)


def test_frames_put_one_behind_the_other_keep_their_processes_apart() -> None:
    names = ("single-thread", "duckpond-single-thread", "hostile")
    paths = [log_path(name) for name in names]
    joined = pl.concat([tracereport.read_calls(path) for path in paths])
    together = tracereport.read_calls(paths)
    assert tracereport.analyze(joined) == tracereport.analyze(together)
    assert_frame_equal(make_table(read_frame(joined)), together)


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in OPTIONAL])
def test_a_missing_column_is_named(column: str) -> None:
    frame = tracereport.read_calls(log_path("hostile"))
    with pytest.raises(InputError, match=f"lacks {column}"):
        tracereport.analyze(frame.drop(column))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit("many").alias("elapsed_ns"), "a column has another type"),
        (pl.lit(-1).alias("number"), "a column has another type"),
        (pl.lit(None, dtype=pl.String).alias("function"), "the column function holds nulls"),
        (pl.lit("birch").alias("tree"), "unknown tree 'birch'"),
        (pl.lit("answer").alias("kind"), "unknown kind 'answer'"),
        (pl.lit("later").alias("phase"), "unknown phase 'later'"),
        (pl.lit(0).alias("resolution_ns"), "the column resolution_ns holds a 0"),
        *(
            (pl.lit(2**63, dtype=pl.UInt64).alias(column), f"the column {column} holds a number beyond")
            for column in ("line", "number", "elapsed_ns", "resolution_ns", "parent", "activation")
        ),
        *(
            (pl.lit([item], dtype=COLUMNS[column]).alias(column), f"the column {column} holds nulls")
            for column, value in (("params", "a"), ("metrics", 1))
            for item in (None, {"name": "a", "value": None}, {"name": None, "value": value})
        ),
    ],
)
def test_what_no_table_of_calls_can_hold_is_named(change: pl.Expr, message: str) -> None:
    frame = tracereport.read_calls(log_path("hostile"))
    with pytest.raises(InputError, match=message):
        tracereport.analyze(frame.with_columns(change))


def test_a_call_may_stand_there_once_only() -> None:
    frame = tracereport.read_calls(log_path("duckpond-single-thread"))
    line = min(frame["line"].to_list())
    for twice in (pl.concat([frame, frame]), pl.concat([frame.head(1), frame])):
        with pytest.raises(InputError, match=f"a call stands there twice: line {line} of .*duckpond-single-thread"):
            tracereport.analyze(twice)
    assert tracereport.analyze(pl.concat([frame.tail(5), frame.head(5)])).totals.calls == 10


def test_a_damaged_file_is_an_error_and_no_panic(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    table, damaged = folder / "whole.parquet", folder / "damaged.parquet"
    # The table holds the log's name: a short one makes the same table, and so the same damages, wherever it is tried.
    Path("calls.log").write_bytes(log_path("duckpond-single-thread").read_bytes())
    write_table(read_calls(["calls.log"]), table)
    content = table.read_bytes()
    random = Random(3)  # noqa: S311 - the same damages each time
    refused = 0
    for _ in range(30):
        changed = bytearray(content)
        for _ in range(3):
            changed[
                random.randrange(max(4, len(content) - random.choice((6_000, len(content)))), len(content) - 4)
            ] ^= 7
        damaged.write_bytes(changed)
        try:
            read_table(str(damaged))
        except InputError:
            refused += 1
    assert refused > 7


def test_what_is_no_table_of_calls_is_an_error_with_a_remedy(folder: Path) -> None:
    broken, other, damaged = folder / "broken.parquet", folder / "other.parquet", folder / "damaged.parquet"
    broken.write_bytes(b"PAR1 and then nothing of the kind")
    pl.DataFrame({"a": [1]}).write_parquet(other)
    tracereport.read_calls(log_path("hostile")).write_parquet(damaged, metadata={METADATA_KEY: "{"})
    for path, message in ((broken, "can't be read as Parquet"), (other, "it lacks file"), (damaged, "metadata")):
        with pytest.raises(InputError, match=message) as error:
            tracereport.read_calls(path)
        assert str(path) in error.value.message
        assert error.value.remedy
        assert error.value.exit_code == 3


@pytest.mark.parametrize("name", ["single-thread", "duckpond-deep-single-thread"])
def test_a_full_disk_is_an_error_of_the_system(name: str) -> None:
    """Of a small table the last bytes don't find room, of a large one its pages: Polars words the two differently."""
    with pytest.raises(OSError, match="No space left on device") as raised:
        write_table(read_calls([str(log_path(name))]), Path("/dev/full"))
    assert raised.value.errno == errno.ENOSPC
