"""A report of nothing: every list is empty, every figure that may be missing is."""

from tests.sample_report.blank import blank
from tests.sample_report.functions import function
from tests.sample_report.names import rows
from tracereport.model import Generator, Input, Process, ProcessEdge, Report, Settings, Totals, Verdict

CALLS = 1523


def empty_report() -> Report:
    """1,523 calls of one function, none of them made twice: good news."""
    return blank(
        Report,
        schema_version=1,
        generator=Generator(name="tracereport", version="0.1.0"),
        title="perf_trace",
        settings=Settings(),
        input=blank(Input, files=("perf_trace.log",), lines=CALLS, records=CALLS),
        totals=blank(
            Totals,
            calls=CALLS,
            judged_calls=CALLS,
            processes=1,
            functions=1,
            lookups=CALLS,
            first_calls=CALLS,
            redundant_rate=0.0,
            questions=CALLS,
            judged_questions=CALLS,
            units=1,
        ),
        processes=rows(
            blank(
                Process,
                name="process 0",
                file="perf_trace.log",
                first_line=1,
                last_line=CALLS,
                calls=CALLS,
                by_edge=rows(ProcessEdge(caller="load_node", function="query_records", calls=CALLS, again_calls=0)),
                tree="unknown",
            )
        ),
        functions=rows(
            function("query_records", (CALLS, CALLS, 0, 0, 0, 0, 0), (412, 0, 1, 2, 4), self_ms=None),
        ),
        verdict=blank(
            Verdict,
            message="None of the 1,523 calls was made twice.",
            headline="None of the 1,523 calls was made twice.",
        ),
    )
