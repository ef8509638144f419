"""The report as data: published names and schema hold, and what is read back gives the same documents."""

from functools import cache
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from tests.sample_report import sample_report
from tests.sample_report.empty import empty_report
from tests.truth import NAMES, log_path
from tracereport.api import render
from tracereport.documents.page.page import render_html
from tracereport.engine.report import make_report
from tracereport.model import (
    Record,
    Report,
    Selection,
    Settings,
    decode_json,
    encode_json,
    json_schema,
)
from tracereport.sources.perf_trace.reader import read_log as read_calls

ELAPSED = "elapsed_ns elapsed_upper_ns"
EVIDENCE = "unchanged changed unproven"
REFERENCE = "process number line"
SIGNATURE = f"signature function caller params calls processes {ELAPSED} {EVIDENCE} call_references"
PUBLISHED = {
    "": "schema_version generator title label at_time settings configuration selection input totals processes quality "
    "functions callers edges slowest_calls redundant_signatures redundant_lookups asked_again cache_candidates "
    "sequential_duplicates shared_lookups fanouts breakdown cache_curves call_tree slow_calls activity verdict "
    "acceptances findings comparison gates",
    "generator": "name version",
    "configuration": "fail_on today redact redact_key marker markdown_limit location",
    "input": "files lines records continuation_lines malformed_lines other_lines malformed",
    "input.malformed": "file line reason text",
    "totals": "calls judged_calls processes functions lookups redundant_calls redundant_rate again_calls shared_calls "
    "unchanged_repeats changed_repeats unproven_repeats unfinished_calls elapsed_ns elapsed_upper_ns saving_ns "
    "saving_upper_ns possible_saving_ns possible_saving_upper_ns",
    "processes": "index name file first_line last_line calls by_edge by_finding unfinished_calls tree interleaved",
    "processes.by_edge": "caller function calls again_calls",
    "processes.by_finding": "fingerprint repeats avoidable_calls",
    "quality": "code message remedy count misleading",
    "functions": f"function calls judged_calls lookups redundant_calls again_calls shared_calls {EVIDENCE} "
    "total_elapsed_ns total_elapsed_upper_ns self_ns mean_elapsed_ns p50_elapsed_ns p90_elapsed_ns p99_elapsed_ns "
    "max_elapsed_ns evidence_metrics histogram",
    "functions.histogram": "lower_ns calls",
    "callers": f"caller calls judged_calls again_calls repeats {EVIDENCE} total_elapsed_ns total_elapsed_upper_ns",
    "edges": "caller function calls again_calls total_elapsed_ns total_elapsed_upper_ns",
    "slowest_calls": f"{REFERENCE} file process_name function caller params {ELAPSED} metrics",
    "redundant_signatures": SIGNATURE,
    "redundant_signatures.call_references": REFERENCE,
    "redundant_lookups": f"function params calls processes {ELAPSED} {EVIDENCE} callers call_references",
    "redundant_lookups.callers": "caller calls call_references",
    "asked_again": f"previous_caller caller function repeats {EVIDENCE} {ELAPSED}",
    "cache_candidates": SIGNATURE,
    "sequential_duplicates": "function params callers process runs calls",
    "shared_lookups": "process function params callers adjacent_pairs",
    "shared_lookups.callers": "caller calls call_references",
    "fanouts": f"function caller fixed_params varying_params distinct_values calls avoidable_calls parent process "
    f"{ELAPSED} confidence",
    "breakdown": "function metrics unaccounted_ns unaccounted_share",
    "breakdown.metrics": "name kind total mean min max share_of_elapsed",
    "cache_curves": "function possible_hits points capacity_for_50 capacity_for_80 capacity_for_95",
    "cache_curves.points": "capacity hits stale_hits saved_ns",
    "call_tree": "paths deepest",
    "call_tree.paths": "path calls total_ns self_ns",
    "slow_calls": f"function caller rule limit_ns calls {ELAPSED} worst",
    "activity": "process first_number last_number first_calls repeats",
    "verdict": "message changes calls_removed of_unchanged saving_ns saving_upper_ns fingerprints",
    "acceptances": "match reason until state fingerprints",
    "findings": "fingerprint kind function callers param_names varying_params calls repeats calls_saved "
    "possible_calls_saved saving_ns lookups worst avoidable_calls pairs sequential negative confidence reason "
    "evidence accepted",
    "findings.pairs": f"previous_caller caller {EVIDENCE}",
    "findings.evidence": REFERENCE,
    "comparison": "baseline verdict partial processes_differ totals functions edges findings functions_added "
    "functions_removed processes_only_before processes_only_after cautions processes_without_tree callers processes",
    "comparison.baseline": "title generator",
    "comparison.callers": "caller calls_before calls_after again_before again_after",
    "comparison.processes": "index name calls_before calls_after repeats_before repeats_after",
    "comparison.findings": "before after state",
    "gates": "expression figure limit passed note",
}
"""Names that others rely on, by the section that holds them: none is ever renamed or removed."""


@cache
def report_of(name: str) -> Report:
    return make_report(read_calls([str(log_path(name))]), Settings(), name)


def find_structs(path: str) -> msgspec.inspect.StructType:
    """The records that a section holds, one of them or in a list."""
    found = msgspec.inspect.type_info(Report)
    for name in filter(None, path.split(".")):
        assert isinstance(found, msgspec.inspect.StructType)
        found = find_struct(next(field.type for field in found.fields if field.name == name))
    assert isinstance(found, msgspec.inspect.StructType)
    return found


def find_struct(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """What may be null as itself, and a list as what its rows are."""
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType))
    if isinstance(kind, msgspec.inspect.StructType) and {field.name for field in kind.fields} == {"total", "rows"}:
        (rows,) = (field.type for field in kind.fields if field.name == "rows")
        assert isinstance(rows, msgspec.inspect.VarTupleType)
        return rows.item_type
    return kind


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path or "report")
def test_every_published_name_is_there(path: str) -> None:
    names = {field.encode_name for field in find_structs(path).fields}
    assert {*PUBLISHED[path].split()} <= names


@pytest.mark.parametrize("name", NAMES)
def test_the_json_of_every_log_is_as_the_schema_says(name: str) -> None:
    validator = Draft202012Validator(json_schema(Report))
    validator.validate(msgspec.json.decode(encode_json(report_of(name))))


@pytest.mark.parametrize("report", [sample_report(), empty_report()], ids=["full", "empty"])
def test_the_json_with_all_sections_filled_or_none_is_as_the_schema_says(report: Report) -> None:
    Draft202012Validator(json_schema(Report)).validate(msgspec.json.decode(encode_json(report)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema(Report))


@pytest.mark.parametrize("change", [{"totals": None}, {"findings": {"total": "many", "rows": []}}, {"title": 1}])
def test_the_schema_refuses_what_is_no_report(change: dict[str, Any]) -> None:
    broken = msgspec.json.decode(encode_json(sample_report())) | change
    assert not Draft202012Validator(json_schema(Report)).is_valid(broken)
    with pytest.raises(msgspec.ValidationError):
        decode_json(msgspec.json.encode(broken), Report)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_read_back_is_the_same(name: str) -> None:
    report = report_of(name)
    assert decode_json(encode_json(report), Report) == report


@pytest.mark.parametrize("kind", ["text", "markdown", "json", "sarif"])
@pytest.mark.parametrize("name", ["duckpond-deep-nextest", "hostile-bare", "single-thread"])
def test_a_report_read_back_gives_the_same_documents(name: str, kind: str) -> None:
    report = report_of(name)
    assert render(decode_json(encode_json(report), Report), kind, location="a") == render(report, kind, location="a")


@pytest.mark.parametrize("name", ["duckpond-deep-nextest", "hostile-bare"])
def test_a_report_read_back_gives_the_same_page(name: str) -> None:
    report = report_of(name)
    back = decode_json(encode_json(report), Report)
    assert render_html(back, pictures=False) == render_html(report, pictures=False)


def test_what_a_reader_does_not_know_it_ignores() -> None:
    later = msgspec.json.decode(encode_json(sample_report())) | {"weather": {"rain": True}}
    later["totals"]["mood"] = "good"
    assert decode_json(msgspec.json.encode(later), Report) == sample_report()


@pytest.mark.parametrize("record", Record.__subclasses__(), ids=lambda record: record.__name__)
def test_the_fields_of_every_record_are_given_by_name_and_never_changed(record: type[Record]) -> None:
    assert record.__struct_config__.frozen
    with pytest.raises(TypeError, match="positional"):
        record(None)


def test_a_selection_travels_with_the_report() -> None:
    selection = Selection(callers=("metadata",), calls=(1, 2))
    report = make_report(read_calls([str(log_path("duckpond-nextest"))]), Settings(), "narrowed", selection)
    assert decode_json(encode_json(report), Report).selection == selection
