"""The same from Python: calls as a frame, a report made of any such frame, and its documents."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

import tracereport
from tests.running import BARE, DEEP, SINGLE, environment, run_python
from tracereport.errors import InputError, UsageError
from tracereport.model import Report, decode_json, encode_json
from tracereport.sources.table import SCHEMA

PUBLIC = {"Report", "Selection", "Settings", "analyze", "chart", "read_calls", "render"}


def test_the_calls_are_a_frame_with_the_published_columns() -> None:
    calls = tracereport.read_calls(SINGLE)
    assert calls.schema == SCHEMA
    assert calls.height == 691
    assert calls["number"].is_sorted()
    assert calls.row(0, named=True) | {"process_name": "", "params": []} == {
        "file": str(SINGLE),
        "line": 3,
        "process": 0,
        "process_name": "",
        "judged": True,
        "number": 0,
        "function": "query_records",
        "caller": "get_next_version_for_node",
        "params": [],
        "elapsed_ns": calls["elapsed_ns"][0],
        "resolution_ns": 1_000_000,
        "metrics": calls["metrics"][0].to_list(),
        "tree": "flat",
        "parent": None,
        "test": None,
        "unit": 0,
        "unit_name": calls["process_name"][0],
        "attempt": None,
        "phase": None,
        "kind": "question",
        "values_known": True,
        "answer": "",
        "at": None,
        "via": None,
        "activation": None,
        "resource": "query_records",
        "writes": None,
        "start_ns": None,
        "implausible": False,
    }


def test_a_unit_is_a_try_of_a_test_or_else_a_process(tmp_path: Path) -> None:
    (tmp_path / "two.log").write_text(
        "PERF_TRACE|0|f|elapsed_us=1|test=a\nPERF_TRACE|1|f|elapsed_us=1|test=b\n"
        "PERF_TRACE|2|f|elapsed_us=1|test=a|try=2\nPERF_TRACE|3|f|elapsed_us=1|test=a\n"
    )
    calls = tracereport.read_calls(tmp_path / "two.log")
    assert calls["unit"].to_list() == [0, 1, 2, 0]
    assert calls["unit_name"].to_list() == ["a", "b", "a (try 2)", "a"]


def test_paths_may_be_one_or_many_texts_or_globs(tmp_path: Path) -> None:
    for name in ("b.log", "a.log"):
        (tmp_path / name).write_bytes(BARE.read_bytes())
    one = tracereport.read_calls(str(BARE))
    assert tracereport.read_calls([BARE]).equals(one)
    both = tracereport.read_calls(str(tmp_path / "*.log"))
    assert both["file"].unique(maintain_order=True).to_list() == [str(tmp_path / name) for name in ("a.log", "b.log")]
    assert both.height == 2 * one.height
    with pytest.raises(UsageError, match="given twice"):
        tracereport.read_calls([BARE, str(BARE)])
    with pytest.raises(InputError, match="no such file"):
        tracereport.read_calls("nosuch.log")


def test_a_log_that_breaks_off_is_refused_unless_its_part_is_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "cut.log.gz"
    packed = gzip.compress(DEEP.name.encode() + b"\n" + SINGLE.read_bytes())
    log.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="ends too early"):
        tracereport.read_calls(log)
    assert 0 < tracereport.read_calls(log, partial="keep").height < 691


def test_a_log_without_traces_is_an_empty_frame(tmp_path: Path) -> None:
    log = tmp_path / "empty.log"
    log.write_bytes(b"nothing\n")
    calls = tracereport.read_calls(log)
    assert (calls.height, calls.schema) == (0, SCHEMA)


def test_a_report_of_a_frame_has_the_logs_figures_and_no_input() -> None:
    report = tracereport.analyze(tracereport.read_calls(SINGLE), title="mine")
    assert report.input is None
    assert report.title == "mine"
    totals = report.totals
    assert (totals.calls, totals.redundant_calls, totals.unchanged_repeats) == (691, 492, 282)
    assert report.verdict.calls_removed == 221


def test_a_frame_can_be_filtered_and_put_together_first() -> None:
    calls = tracereport.read_calls([SINGLE, BARE])
    report = tracereport.analyze(calls.filter(function="query_records", caller="metadata"))
    assert report.totals.functions == 1
    assert {row.caller for row in report.callers.rows} == {"metadata"}


def test_settings_and_a_selection_are_taken() -> None:
    calls = tracereport.read_calls(DEEP)
    settings = tracereport.Settings(fan_out_values=1_000_000, top=3)
    selection = tracereport.Selection(functions=("load_node",))
    report = tracereport.analyze(calls, settings, selection=selection)
    assert (report.settings, report.selection) == (settings, selection)
    assert report.fanouts.total == 0
    assert [row.function for row in report.functions.rows] == ["load_node"]
    assert report.totals.calls == 7_050


def test_a_frame_without_the_columns_is_refused_by_name() -> None:
    calls = tracereport.read_calls(BARE)
    with pytest.raises(InputError, match="it lacks number, tree"):
        tracereport.analyze(calls.drop("number", "tree"))
    with pytest.raises(InputError, match="another type"):
        tracereport.analyze(calls.with_columns(number=pl.lit("seven")))
    with pytest.raises(InputError, match="line holds nulls"):
        tracereport.analyze(calls.with_columns(line=pl.lit(None, pl.UInt64)))


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        ("text", "====="),
        ("markdown", "**492 of 691"),
        ("html", "<!doctype html>"),
        ("json", b'{"schema_version":1'),
        ("json.gz", b"\x1f\x8b"),
        ("sarif", b"{"),
        ("github", "::"),
    ],
)
def test_a_report_is_rendered_as_the_command_does(kind: str, beginning: str | bytes) -> None:
    report = tracereport.analyze(tracereport.read_calls(SINGLE))
    document = tracereport.render(report, kind, location="a.rs")
    assert type(document) is type(beginning)
    assert document.startswith(beginning)  # type: ignore[arg-type]
    assert tracereport.render(decode_json(encode_json(report), Report), kind, location="a.rs") == document


def test_what_cannot_be_meant_is_refused_in_words() -> None:
    calls = tracereport.read_calls(BARE)
    with pytest.raises(UsageError, match="no input is named"):
        tracereport.read_calls([])
    with pytest.raises(InputError, match="dict: not a frame"):
        tracereport.analyze(calls.to_dict())  # type: ignore[arg-type]
    for kind in ("raw", "nosuch", None):
        with pytest.raises(UsageError, match=f"{kind}: no report can be rendered as that") as error:
            tracereport.render(tracereport.analyze(calls), kind)  # type: ignore[arg-type]
        assert "markdown" in error.value.remedy


def test_a_lazy_frame_is_collected() -> None:
    calls = tracereport.read_calls(BARE)
    assert tracereport.analyze(calls.lazy()) == tracereport.analyze(calls)


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    script = (
        "import json, sys, tracereport\n"
        "heavy = {'polars', 'numpy', 'altair', 'msgspec', 'jinja2', 'rich', 'click'}\n"
        "steps = [sorted(heavy & {*sys.modules})]\n"
        "tracereport.Settings; steps.append(sorted(heavy & {*sys.modules}))\n"
        "tracereport.read_calls; steps.append(sorted(heavy & {*sys.modules}))\n"
        "print(json.dumps(steps))"
    )
    done = run_python(script, **environment())
    assert done.returncode == 0, done.stderr
    nothing, settings, calls = json.loads(done.stdout)
    assert nothing == []
    assert settings == ["msgspec"]
    assert "polars" in calls
    assert "altair" not in calls


def test_no_room_of_the_package_stands_in_the_way_of_a_public_name() -> None:
    found = Path(tracereport.__file__).parent.iterdir()
    rooms = sorted(path.stem for path in found if path.suffix in ("", ".py") and not path.stem.startswith("_"))
    script = f"import {', '.join(f'tracereport.{room}' for room in rooms)}\nprint(callable(tracereport.render))"
    done = run_python(script, **environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True\n"


def test_its_names_are_those_that_are_published() -> None:
    assert set(tracereport.__all__) == PUBLIC
    assert all(getattr(tracereport, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="nosuch"):
        tracereport.nosuch  # noqa: B018
