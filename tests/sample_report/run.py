"""What was read for the sample: lines, processes, units of work, and what is wrong with them."""

from tests.sample_report.blank import blank
from tests.sample_report.findings import FINDINGS
from tests.sample_report.functions import EDGES
from tests.sample_report.names import (
    FILE,
    FILE_ID,
    HOSTILE_CALLER,
    HOSTILE_FUNCTION,
    HOSTILE_PARAMS,
    MS,
    ONE_BY_ONE,
    params,
    rows,
)
from tracereport.model import (
    Acceptance,
    Asks,
    Input,
    MalformedLine,
    Param,
    Process,
    ProcessEdge,
    ProcessFinding,
    QualityWarning,
    Rows,
    Timeline,
    TimelineCall,
    Totals,
    Unit,
)


def timeline_call(
    number: int, name: str, asks: Asks, asked: tuple[Param, ...], *, parent: int | None = None
) -> TimelineCall:
    return TimelineCall(
        number=number,
        line=number + 4,
        parent=parent,
        depth=0 if parent is None else 1,
        function=name,
        caller="load_node",
        params=asked,
        asks=asks,
        elapsed_ns=MS,
        elapsed_upper_ns=2 * MS,
    )


UNITS = rows(
    *(
        Unit(
            name=name,
            process=0,
            kind="test",
            tree="nested",
            calls=calls,
            judged_questions=calls - 3,
            writes=3,
            frames=0,
            by_edge=Rows(),
            by_finding=rows(ProcessFinding(fingerprint=FINDINGS[0].fingerprint, repeats=61, avoidable_calls=0)),
        )
        for name, calls in (("tests::large_files::append_many_versions", 812), (HOSTILE_CALLER, 34))
    ),
    total=78,
)


TIMELINES = rows(
    Timeline(
        fingerprints=(FINDINGS[3].fingerprint,),
        process=0,
        tree="nested",
        calls_before=510,
        calls=rows(
            timeline_call(510, "load_directory", "frame", ()),
            timeline_call(511, "query_latest_record", "first", params(id=FILE_ID), parent=510),
            *(
                timeline_call(number, "query_latest_record", "fan-out", params(id=f"id-{number}"), parent=510)
                for number in (512, 513, 514)
            ),
            timeline_call(515, HOSTILE_FUNCTION, "unproven", HOSTILE_PARAMS),
            total=7050,
        ),
    )
)


INPUT = Input(
    files=(FILE,),
    lines=7053,
    records=7049,
    continuation_lines=1,
    malformed_lines=2,
    other_lines=1,
    malformed=rows(
        MalformedLine(file=FILE, line=7001, reason="torn", text="PERF_TRACE|PERF_TRACE|34|query_records|\x1b[2J\u202e"),
        MalformedLine(file=FILE, line=7052, reason="no elapsed field", text="PERF_TRACE|7050|load_no"),
    ),
)


TOTALS = blank(
    Totals,
    calls=7050,
    judged_calls=7050,
    processes=1,
    functions=11,
    lookups=1172,
    first_calls=1172 - ONE_BY_ONE,
    fan_out_calls=ONE_BY_ONE,
    redundant_calls=5878,
    redundant_rate=5878 / 7050,
    again_calls=5682,
    shared_calls=196,
    unchanged_repeats=282,
    changed_repeats=210,
    unproven_repeats=5386,
    elapsed_ns=14836 * MS,
    elapsed_upper_ns=17456 * MS,
    saving_ns=311 * MS,
    saving_upper_ns=593 * MS,
    possible_saving_ns=10_400 * MS,
    possible_saving_upper_ns=15_786 * MS,
    questions=7050,
    judged_questions=7050,
    units=1,
    own_calls=147,
    handed_on_calls=99,
)


PROCESSES = rows(
    Process(
        index=0,
        name="tlogfs (unit)",
        file=FILE,
        first_line=4,
        last_line=7053,
        calls=7050,
        by_edge=rows(
            *(
                ProcessEdge(caller=edge.caller, function=edge.function, calls=edge.calls, again_calls=edge.again_calls)
                for edge in EDGES
            )
        ),
        by_finding=rows(
            *(
                ProcessFinding(
                    fingerprint=found.fingerprint, repeats=found.repeats, avoidable_calls=found.avoidable_calls
                )
                for found in FINDINGS
            )
        ),
        unfinished_calls=0,
        tree="nested",
        interleaved=False,
    )
)


QUALITY = rows(
    QualityWarning(
        code="malformed",
        message="2 lines hold the mark and could not be read as a record.",
        remedy="See the lines under input; one file per process keeps writers apart.",
        count=2,
    ),
    QualityWarning(
        code="truncated-times",
        message="4,512 of 7,050 calls read 0 ms: milliseconds are cut off, so sums of times are lower bounds.",
        remedy="Write elapsed_us instead of elapsed_ms.",
        count=4512,
        misleading=False,
    ),
    QualityWarning(
        code="symbol-loading",
        message="The first call of 1 process carries the loading of symbols for its backtrace.",
        remedy="Leave the first calls aside when you compare times.",
        count=1,
        misleading=False,
    ),
)


ACCEPTANCES = rows(
    Acceptance(
        match="function=ensure_partition_cached kind=shared",
        reason="the cache is filled lazily by design",
        until="2027-01-31",
        state="applied",
        fingerprints=(FINDINGS[7].fingerprint,),
    ),
    Acceptance(match="fingerprint=00c0ffee0000", reason="fixed in June", until=None, state="stale", fingerprints=()),
)
