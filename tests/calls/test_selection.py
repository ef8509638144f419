"""Selections: every format shows what is selected and says so, and no figure changes."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from msgspec.structs import replace

from tests.paths import LOGS
from tests.running import DEEP, SINGLE
from tracereport.calls.calls import Calls
from tracereport.calls.selection import select_calls
from tracereport.command.cli import main
from tracereport.command.reporting import report as command
from tracereport.engine.report import make_report
from tracereport.errors import UsageError
from tracereport.model import OPTION_OF_FIELD, Report, Rows, Selection, Settings
from tracereport.sources.inputs import read_inputs
from tracereport.sources.table import make_table
from tracereport.wording.scope import describe_selection

NEXTEST = LOGS / "duckpond-deep-nextest.log.zst"


@cache
def calls_of(log: Path) -> Calls:
    return read_inputs([str(log)])


@cache
def report_of(log: Path, selection: Selection | None = None) -> Report:
    return make_report(calls_of(log), Settings(), "title", selection)


def lists_of(report: Report) -> dict[str, Rows[Any]]:
    """All lists of a report, the paths of the call tree among them."""
    found = {name: value for name, value in msgspec.structs.asdict(report).items() if isinstance(value, Rows)}
    return found | ({"paths": report.call_tree.paths} if report.call_tree is not None else {})


def figures_of(row: msgspec.Struct) -> bytes:
    """All of a row but the rows inside of it: the first of a list show more of theirs."""
    inner = {name: value.total for name, value in msgspec.structs.asdict(row).items() if isinstance(value, Rows)}
    return msgspec.json.encode(msgspec.structs.asdict(row) | inner)


SELECTIONS = [
    (SINGLE, Selection(callers=("metadata",))),
    (SINGLE, Selection(callers=("meta*", "list_*"))),
    (DEEP, Selection(functions=("load_node",))),
    (DEEP, Selection(functions=("query_*",), callers=("load_node",))),
    (DEEP, Selection(calls=(42, 43))),
    (NEXTEST, Selection(processes=("*series*",))),
    (NEXTEST, Selection(tests=("*series*",), functions=("load_node", "query_records"))),
]


@pytest.mark.parametrize(("log", "selection"), SELECTIONS)
def test_a_report_shows_fewer_rows_and_the_same_figures(log: Path, selection: Selection) -> None:
    whole, narrowed = report_of(log), report_of(log, selection)
    assert narrowed.totals == whole.totals
    assert narrowed.verdict == whole.verdict
    assert narrowed.quality == whole.quality
    assert narrowed.input == whole.input
    assert narrowed.selection == selection
    before, after = lists_of(whole), lists_of(narrowed)
    del before["timelines"], after["timelines"]  # of the first findings, which are others
    for name, rows in after.items():
        assert rows.total <= before[name].total, name
        if before[name].total == len(before[name].rows):
            assert {figures_of(row) for row in rows.rows} <= {figures_of(row) for row in before[name].rows}, name
    assert any(rows.total < before[name].total for name, rows in after.items())


@pytest.mark.parametrize(("log", "selection"), SELECTIONS)
def test_every_list_holds_what_is_selected_and_nothing_else(log: Path, selection: Selection) -> None:
    report = report_of(log, selection)
    table = make_table(calls_of(log)).filter(pl.Series(select_calls(calls_of(log), selection)))
    functions, callers, processes = (set(table[name].unique().to_list()) for name in ("function", "caller", "process"))
    signatures = {(row["function"], row["caller"]) for row in table.select("function", "caller").unique().to_dicts()}
    assert {row.function for row in report.functions.rows} == functions
    assert {row.caller for row in report.callers.rows} == callers
    assert {(row.function, row.caller) for row in report.edges.rows} == signatures
    assert {row.index for row in report.processes.rows} == processes
    assert {row.process for row in report.activity.rows} <= processes
    for name in (
        "breakdown",
        "cache_curves",
        "slow_calls",
        "asked_again",
        "redundant_lookups",
        "sequential_duplicates",
    ):
        assert {row.function for row in getattr(report, name).rows} <= functions, name
    for name in ("redundant_signatures", "cache_candidates", "slowest_calls", "fanouts"):
        assert {(row.function, row.caller) for row in getattr(report, name).rows} <= signatures, name
    for row in report.findings.rows:
        assert row.function in functions
        assert callers & {*row.callers}, "one of the callers at least"
    if report.call_tree is not None:
        assert {row.path[-1] for row in report.call_tree.paths.rows} <= functions


def test_conditions_of_one_kind_are_alternatives_and_of_different_kinds_hold_together() -> None:
    calls = calls_of(DEEP)
    table = make_table(calls)

    def count(**conditions: tuple[Any, ...]) -> int:
        return int(select_calls(calls, Selection(**conditions)).sum())

    load, query = (table.filter(pl.col("function") == name).height for name in ("load_node", "query_records"))
    assert count(functions=("load_node",)) == load > 0
    assert count(functions=("load_node", "query_records")) == load + query
    both = table.filter((pl.col("function") == "query_latest_record") & (pl.col("caller") == "load_node")).height
    assert count(functions=("query_latest_record",), callers=("load_node",)) == both
    assert count(functions=("*",)) == count() == len(calls)
    assert count(functions=("LOAD_NODE",)) == 0
    assert count(calls=(42,)) == 1


def test_a_parameter_is_selected_by_its_whole_value(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    values = ("a", "a|b", "a=b", "ab", "", ".*")
    log.write_text("".join(f"PERF_TRACE|{n}|f|x={value}|y=a|elapsed_ms=1\n" for n, value in enumerate(values)))
    calls = read_inputs([str(log)])
    for number, value in enumerate(values):
        rows = select_calls(calls, Selection(params=(f"x={value}",)))
        assert calls.number[rows].tolist() == [number]
    assert select_calls(calls, Selection(params=("y=a",))).all()
    assert select_calls(calls, Selection(params=("x=a", "x=ab"))).sum() == 2
    with pytest.raises(UsageError, match="no value"):
        make_report(calls, Settings(), "title", Selection(params=("x",)))


@pytest.mark.parametrize("field", Selection.__struct_fields__)
def test_a_selection_is_called_by_its_option(field: str) -> None:
    option = OPTION_OF_FIELD[field]
    assert f"--{option}" in {name for parameter in command.params for name in parameter.opts}
    chosen = (1, 2) if field == "calls" else ("1", "2")
    written = "#1 or #2" if field == "calls" else "1 or 2"
    assert describe_selection(replace(Selection(), **{field: chosen}), str) == f"{option} {written}"


def test_a_call_number_is_looked_for_in_every_process() -> None:
    calls = calls_of(NEXTEST)
    rows = select_calls(calls, Selection(calls=(0,)))
    assert rows.sum() == len(calls.processes.name)


def test_a_name_with_brackets_is_selected_as_it_stands(tmp_path: Path) -> None:
    log = tmp_path / "bracketed.log"
    log.write_bytes(b"PERF_TRACE|0|f[0]|elapsed_us=1\nPERF_TRACE|1|f0|elapsed_us=1\n")
    calls = read_inputs([str(log)])
    assert select_calls(calls, Selection(functions=("f[0]",))).tolist() == [True, True]
    assert select_calls(calls, Selection(functions=("f[[]0]",))).tolist() == [True, False]


def test_calls_without_a_test_or_a_caller_match_no_glob(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("PERF_TRACE|0|f|elapsed_ms=1\nPERF_TRACE|1|f|caller=g|elapsed_ms=1\n")
    calls = read_inputs([str(log)])
    assert select_calls(calls, Selection(callers=("*",))).tolist() == [False, True]
    assert not select_calls(calls, Selection(tests=("*",))).any()


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All documents of the calls of ``query_latest_record`` by ``load_node``."""
    monkeypatch.chdir(tmp_path)
    suffixes = ("txt", "md", "html", "json", "parquet", "speedscope.json", "sarif")
    selection = ("--function", "query_latest_record", "--caller", "load_node")
    assert main([str(DEEP), "-q", *selection, "--location=a.rs", *(f"-onarrow.{suffix}" for suffix in suffixes)]) == 0
    assert main([str(DEEP), "-q", *selection, "--format", "raw", "-o", "narrow.raw"]) == 0
    return tmp_path


def test_every_format_is_narrowed_and_says_so(documents: Path) -> None:
    selected = make_table(calls_of(DEEP)).filter(function="query_latest_record", caller="load_node")
    for suffix in ("txt", "md"):
        text = " ".join((documents / f"narrow.{suffix}").read_text(encoding="utf-8").replace("`", "").split())
        assert "arrowed to function query_latest_record, caller load_node" in text
        assert "7,050 calls" in text or "Total traces: 7050" in text
    assert "This page shows only" in (documents / "narrow.html").read_text(encoding="utf-8")
    report = json.loads((documents / "narrow.json").read_bytes())
    assert report["selection"]["functions"] == ["query_latest_record"]
    assert report["functions"]["total"] == 1
    assert report["totals"]["calls"] == 7_050
    raw = (documents / "narrow.raw").read_bytes().splitlines()
    assert len(raw) == selected.height
    assert all(b"|query_latest_record|caller=load_node|" in line for line in raw)
    sarif = json.loads((documents / "narrow.sarif").read_bytes())
    assert all("query_latest_record" in result["message"]["text"] for run in sarif["runs"] for result in run["results"])


def test_a_narrowed_table_is_partial_and_says_so(documents: Path) -> None:
    path = documents / "narrow.parquet"
    table = pl.read_parquet(path)
    assert table.equals(make_table(calls_of(DEEP)).filter(function="query_latest_record", caller="load_node"))
    report = make_report(read_inputs([str(path)]), Settings(), "title")
    assert report.input is not None
    assert report.input.partial
    assert "partial-table" in {warning.code for warning in report.quality.rows}


def test_a_narrowed_call_tree_holds_the_selected_calls_under_their_callers(documents: Path) -> None:
    whole = documents / "whole.speedscope.json"
    main([str(DEEP), "-q", "-o", str(whole)])
    for path, expected in ((whole, 7_050), (documents / "narrow.speedscope.json", None)):
        document = json.loads(path.read_bytes())
        names = [frame["name"] for frame in document["shared"]["frames"]]
        by_calls = next(profile for profile in document["profiles"] if profile["unit"] == "none")
        leaves = set()
        for event, following in pairwise(by_calls["events"]):
            if following["at"] > event["at"]:
                leaves.add(names[event["frame"]])
        if expected is not None:
            assert by_calls["endValue"] == expected
            assert len(leaves) > 5
        else:
            assert leaves == {"query_latest_record"}
            assert 0 < by_calls["endValue"] < 7_050


def test_top_and_title_narrow_documents_and_change_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for top in ("1", "10"):
        assert (
            main([str(DEEP), "-q", "--top", top, "--title", "Deep water", "-o", f"{top}.txt", "-o", f"{top}.json"]) == 0
        )
    one, ten = (json.loads(Path(f"{top}.json").read_bytes()) for top in ("1", "10"))
    assert (one["settings"].pop("top"), ten["settings"].pop("top")) == (1, 10)
    assert one == ten
    assert one["title"] == "Deep water"
    text = Path("1.txt").read_text(encoding="utf-8")
    assert "\nDeep water\n" in text
    assert "=== Top 1 Functions by Call Count ===" in text
    assert len(text.splitlines()) < len(Path("10.txt").read_text(encoding="utf-8").splitlines()) / 2
