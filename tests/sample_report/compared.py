"""The sample beside a baseline."""

import msgspec

from tests.sample_report import sample_report
from tests.sample_report.findings import FINDINGS
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_FUNCTION, MS, rows
from tracereport.model import (
    BaselineReference,
    BeforeAfter,
    Comparison,
    EdgeChange,
    Finding,
    FindingChange,
    FunctionChange,
    Gate,
    Report,
    Rows,
    SetApart,
)


def compared_report() -> Report:
    """The sample against a baseline: a new N+1, a finding worse, one better, one resolved; two of three gates hold."""
    changes = (
        finding_change(FINDINGS[3], before=0, after=80, state="new"),
        finding_change(FINDINGS[0], before=157, after=195, state="worse"),
        finding_change(FINDINGS[6], before=9, after=5, state="better"),
        FindingChange(
            fingerprint="0badcafe0000",
            kind="shared",
            function="list_file_versions",
            callers=("metadata", HOSTILE_CALLER),
            param_names=("id",),
            varying_params=(),
            before=4,
            after=0,
            state="resolved",
        ),
        finding_change(FINDINGS[1], before=147, after=147, state="unchanged"),
    )
    return msgspec.structs.replace(
        sample_report(),
        comparison=Comparison(
            baseline=BaselineReference(title="main", generator="tracereport 0.1.0"),
            verdict="+124 calls, 118 of them redundant: new N+1 in `load_directory`.",
            partial=False,
            processes_differ=False,
            totals=rows(
                BeforeAfter(figure="calls", before=6926, after=7050),
                BeforeAfter(figure="redundant_calls", before=5760, after=5878),
                BeforeAfter(figure="redundant_rate", before=5760 / 6926, after=5878 / 7050),
                BeforeAfter(figure="again_calls", before=5564, after=5682),
                BeforeAfter(figure="shared_calls", before=196, after=196),
                BeforeAfter(figure="elapsed_ns", before=None, after=14836 * MS),
            ),
            functions=rows(
                function_change("query_latest_record", calls=(600, 688), again=(454, 534)),
                function_change(HOSTILE_FUNCTION, calls=(16, 12), again=(9, 5)),
            ),
            edges=rows(
                EdgeChange(
                    caller="load_node",
                    function="query_latest_record",
                    calls_before=600,
                    calls_after=688,
                    again_before=454,
                    again_after=534,
                )
            ),
            findings=rows(*changes, total=5),
            functions_added=rows("plan_query"),
            functions_removed=rows("list_file_versions"),
            processes_only_before=rows(SetApart(name="tests::removed_one", calls=40, repeats=12)),
            processes_only_after=rows(SetApart(name=HOSTILE_CALLER, calls=12, repeats=3)),
        ),
        gates=rows(
            Gate(expression="new-findings", figure=1.0, limit=0.0, passed=False, note="fan-out of query_latest_record"),
            Gate(expression="redundant_rate > 0.9", figure=5878 / 7050, limit=0.9, passed=True, note=""),
            Gate(
                expression='p99_ms("query_records") > 50',
                figure=19.0,
                limit=50.0,
                passed=True,
                note="a time: differs from run to run",
            ),
        ),
    )


def function_change(name: str, *, calls: tuple[int, int], again: tuple[int, int]) -> FunctionChange:
    """A function before and after, which nobody shares."""
    return FunctionChange(
        function=name,
        calls_before=calls[0],
        calls_after=calls[1],
        redundant_before=again[0],
        redundant_after=again[1],
        again_before=again[0],
        again_after=again[1],
        shared_before=0,
        shared_after=0,
    )


def finding_change(found: Finding, *, before: int, after: int, state: str) -> FindingChange:
    return msgspec.convert(
        {
            "fingerprint": found.fingerprint,
            "kind": found.kind,
            "function": found.function,
            "callers": found.callers,
            "param_names": found.param_names,
            "varying_params": found.varying_params,
            "before": before,
            "after": after,
            "state": state,
            "accepted": found.accepted,
        },
        FindingChange,
    )


def unchanged_report() -> Report:
    """The sample against a baseline with the very same figures, of a log that can be trusted."""
    compared = compared_report()
    assert compared.comparison is not None
    return msgspec.structs.replace(
        compared,
        comparison=msgspec.structs.replace(
            compared.comparison,
            verdict="Nothing changed: 7,050 calls, 5,878 of them redundant, as in main.",
            processes_differ=False,
            totals=rows(*(msgspec.structs.replace(row, before=row.after) for row in compared.comparison.totals.rows)),
            functions=Rows(),
            edges=Rows(),
            findings=rows(
                *(
                    finding_change(found, before=found.repeats, after=found.repeats, state="unchanged")
                    for found in FINDINGS
                )
            ),
            functions_added=Rows(),
            functions_removed=Rows(),
            processes_only_before=Rows(),
            processes_only_after=Rows(),
        ),
        quality=Rows(),
        gates=None,
    )
