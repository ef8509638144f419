"""Reports made by hand, for the tests of documents: a real suite's figures, every section filled, some of it hostile.

The figures are those of 7,050 calls of twelve traced functions in one process. Three callers, a function and a few
values are planted to hurt: they hold HTML, Markdown, mentions, control and bidirectional characters.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from tracereport.model import (
    Acceptance,
    ActivityBin,
    AdjacentPair,
    AskedAgain,
    Asks,
    BaselineReference,
    BeforeAfter,
    Breakdown,
    CacheCurve,
    CachePoint,
    Caller,
    CallerShare,
    CallReference,
    CallTree,
    Comparison,
    Edge,
    EdgeChange,
    Evidence,
    FanOut,
    Finding,
    FindingChange,
    Function,
    FunctionChange,
    Gate,
    Generator,
    HistogramBin,
    Input,
    MalformedLine,
    Metric,
    MetricSummary,
    Param,
    Process,
    ProcessEdge,
    ProcessFinding,
    QualityWarning,
    RedundantLookup,
    RedundantSignature,
    RepeatPair,
    Report,
    Rows,
    SequentialDuplicate,
    SetApart,
    Settings,
    SharedLookup,
    SlowCalls,
    SlowestCall,
    TestShare,
    Timeline,
    TimelineCall,
    Totals,
    TreePath,
    Unit,
    Verdict,
)

MS = 1_000_000
FILE = "logs/duckpond-deep-single-thread.log.zst"
ROOT_ID = (
    "<00000000-0000-7100-8000-000000000000/[00000000-0000-7100-8000-000000000000]@01a206f8-3657-74f1-bb00-9ca08cf217bd>"
)
FILE_ID = (
    "<01a206f8-3761-71e2-833e-817e352edfd6/[01a206f8-3763-77f3-a5cc-3fa3306d2e17]@01a206f8-3657-74f1-bb00-9ca08cf217bd>"
)
ROOT_PART = "00000000-0000-7100-8000-000000000000"

HOSTILE_FUNCTION = "<Foo as Bar<'a>>::baz::{{closure}}"
HOSTILE_CALLER = "`evil`|caller</details></summary></script><script>alert(1)</script> @octocat #123"
HOSTILE_VALUES = (
    "abc\u202edef",
    "line1\nline2\r\x1b[31mred\x1b[0m\x00",
    "a|b\\|c",
    "``` ~~~ `x` </details>",
    "<img src=x onerror=alert(1)>&amp;",
    "[link](https://evil.example) ![image](https://evil.example/x.png) https://evil.example www.evil.example",
    "@octocat #123 GH-1 octo/cat#1 0123456789abcdef0123456789abcdef01234567 <!-- -->",
    "",
    "  two words  ",
    "Größe-日本語-🦀-é",
    "x" * 500,
)

Row = TypeVar("Row")


def rows(*shown: Row, total: int | None = None) -> Rows[Row]:
    """All rows there are, or the first of ``total``."""
    return Rows(len(shown) if total is None else total, shown)


def references(*numbers: int, total: int | None = None, process: int = 0) -> Rows[CallReference]:
    """Call references whose line is near their number, as in a log of one process."""
    return rows(*(CallReference(process=process, number=number, line=number + 4) for number in numbers), total=total)


def params(**values: str) -> tuple[Param, ...]:
    return tuple(Param(name=name, value=value) for name, value in values.items())


HOSTILE_PARAMS = tuple(Param(name=f"p{index}", value=value) for index, value in enumerate(HOSTILE_VALUES))


def function(
    name: str,
    counts: tuple[int, int, int, int, int, int, int],
    times_ms: tuple[int, int, int, int, int],
    *,
    self_ms: int | None,
    evidence: tuple[str, ...] = (),
) -> Function:
    """Counts: calls, lookups, again, shared, unchanged, changed, unproven. Times: total, p50, p90, p99, max."""
    calls, lookups, again, shared, unchanged, changed, unproven = counts
    one_by_one = ONE_BY_ONE if name == "query_latest_record" else 0
    total, p50, p90, p99, longest = times_ms
    return Function(
        function=name,
        calls=calls,
        lookups=lookups,
        first_calls=lookups - one_by_one,
        fan_out_calls=one_by_one,
        redundant_calls=again + shared,
        again_calls=again,
        shared_calls=shared,
        unchanged=unchanged,
        changed=changed,
        unproven=unproven,
        total_elapsed_ns=total * MS,
        total_elapsed_upper_ns=(total + calls) * MS,
        self_ns=None if self_ms is None else self_ms * MS,
        mean_elapsed_ns=total * MS / calls,
        p50_elapsed_ns=p50 * MS,
        p90_elapsed_ns=p90 * MS,
        p99_elapsed_ns=p99 * MS,
        max_elapsed_ns=longest * MS,
        resolution_ns=MS,
        evidence_metrics=evidence,
        histogram=rows(
            HistogramBin(lower_ns=0, calls=calls - calls // 3),
            HistogramBin(lower_ns=MS, calls=calls // 3 - calls // 6),
            HistogramBin(lower_ns=16 * MS, calls=calls // 6),
        ),
        judged_calls=lookups + again + shared,
        self_upper_ns=None if self_ms is None else (self_ms + calls) * MS,
        percentiles_exact=True,
        evidence_grade="content",
        judged_questions=lookups + again + shared,
    )


ONE_BY_ONE = 80
"""Of the calls that ask for the first time: those that a batch would have answered."""

FUNCTIONS = (
    function("ensure_partition_cached", (1818, 69, 1660, 89, 0, 0, 1749), (14062, 0, 28, 44, 65), self_ms=14062),
    function("ensure_directory_loaded", (1204, 118, 1086, 0, 0, 0, 1086), (309, 0, 1, 1, 1), self_ms=233),
    function("load_node", (1095, 178, 917, 0, 0, 0, 917), (12644, 0, 32, 49, 66), self_ms=147),
    function(
        "query_records",
        (691, 199, 389, 103, 282, 210, 0),
        (1730, 0, 13, 19, 22),
        self_ms=32,
        evidence=("committed_count", "pending_count", "total_count"),
    ),
    function("query_latest_record", (688, 154, 534, 0, 0, 0, 534), (12497, 22, 35, 52, 66), self_ms=133),
    function("query_directory_entries", (451, 94, 357, 0, 0, 0, 357), (76, 0, 1, 1, 1), self_ms=76),
    function("query_latest_directory_record", (451, 94, 357, 0, 0, 0, 357), (0, 0, 0, 0, 0), self_ms=0),
    function("get_next_version_for_node", (346, 199, 143, 4, 0, 0, 147), (1871, 0, 16, 20, 114), self_ms=141),
    function("metadata", (292, 59, 233, 0, 0, 0, 233), (11, 0, 0, 1, 1), self_ms=11),
    function(HOSTILE_FUNCTION, (12, 7, 5, 0, 0, 0, 5), (1, 0, 0, 1, 1), self_ms=1),
    function("load_symlink_target", (2, 1, 1, 0, 0, 0, 1), (0, 0, 0, 0, 0), self_ms=0),
)

EDGES = tuple(
    Edge(
        caller=caller,
        function=name,
        calls=calls,
        again_calls=again,
        total_elapsed_ns=total_ms * MS,
        total_elapsed_upper_ns=(total_ms + calls) * MS,
    )
    for caller, name, calls, again, total_ms in (
        ("unknown", "ensure_directory_loaded", 1204, 1086, 309),
        ("unknown", "load_node", 1095, 917, 12644),
        ("query_records", "ensure_partition_cached", 691, 622, 1698),
        ("load_node", "query_latest_record", 688, 534, 12497),
        ("query_latest_record", "ensure_partition_cached", 676, 631, 12364),
        ("ensure_directory_loaded", "query_directory_entries", 451, 357, 76),
        ("query_directory_entries", "query_latest_directory_record", 451, 357, 0),
        ("query_latest_directory_record", "ensure_partition_cached", 451, 407, 0),
        ("get_next_version_for_node", "query_records", 346, 147, 1730),
        ("unknown", "metadata", 292, 233, 11),
        ("metadata", "query_records", 233, 195, 0),
        ("async_file_reader_bounded", "query_records", 88, 37, 0),
        (HOSTILE_CALLER, HOSTILE_FUNCTION, 12, 5, 1),
        (None, "load_symlink_target", 2, 1, 0),
    )
)

CALLERS = tuple(
    Caller(
        caller=caller,
        calls=calls,
        first_calls=calls - unchanged - changed - unproven - (ONE_BY_ONE if caller == "load_node" else 0),
        fan_out_calls=ONE_BY_ONE if caller == "load_node" else 0,
        again_calls=again,
        repeats=unchanged + changed + unproven,
        unchanged=unchanged,
        changed=changed,
        unproven=unproven,
        total_elapsed_ns=total_ms * MS,
        total_elapsed_upper_ns=(total_ms + calls) * MS,
        judged_calls=calls,
    )
    for caller, calls, again, unchanged, changed, unproven, total_ms in (
        ("unknown", 2620, 2247, 8, 2, 2247, 12965),
        ("query_records", 691, 622, 0, 0, 622, 1698),
        ("load_node", 688, 534, 0, 0, 534, 12497),
        ("query_latest_record", 676, 631, 0, 0, 676, 12364),
        ("get_next_version_for_node", 346, 147, 72, 75, 0, 1730),
        ("metadata", 233, 195, 167, 66, 0, 0),
        ("async_file_reader_bounded", 88, 37, 33, 55, 0, 0),
        (HOSTILE_CALLER, 12, 5, 0, 0, 5, 1),
        (None, 2, 1, 0, 0, 1, 0),
    )
)


def evidence(
    number: int, previous: int | None, caller: str | None, asked: tuple[Param, ...], *metrics: tuple[str, int]
) -> Evidence:
    return Evidence(
        process=0,
        number=number,
        line=number + 4,
        file=FILE,
        caller=caller,
        params=asked,
        elapsed_ns=0,
        metrics=tuple(Metric(name=name, value=value) for name, value in metrics),
        previous=None if previous is None else CallReference(process=0, number=previous, line=previous + 4),
    )


def pair(previous: str | None, caller: str | None, unchanged: int, changed: int, unproven: int = 0) -> RepeatPair:
    return RepeatPair(
        previous_caller=previous,
        caller=caller,
        unchanged=unchanged,
        changed=changed,
        unproven=unproven,
        own=0,
        handed_on=0,
    )


COUNTS = (("query_ms", 0), ("committed_count", 1), ("pending_count", 0), ("total_count", 1))
TESTS = rows(
    TestShare(test="tests::large_files::append_many_versions", repeats=61, avoidable_calls=0),
    TestShare(test="tests::directory::list_after_rename", repeats=34, avoidable_calls=0),
    total=31,
)


def finding(kind: str, name: str, callers: Sequence[str | None], /, **changes: object) -> Finding:
    """A finding in which nothing was asked again, but for what ``changes`` say."""
    plain: dict[str, object] = {
        "fingerprint": f"{abs(sum(map(ord, kind + name + str(callers)))) * 2654435761 % 2**48:012x}",
        "kind": kind,
        "function": name,
        "callers": tuple(callers),
        "param_names": ("id",),
        "varying_params": (),
        "parent_functions": (),
        "unchanged": 0,
        "changed": 0,
        "unproven": 0,
        "possible_calls_saved": 0,
        "elapsed_ns": 0,
        "saving_ns": 0,
        "saving_upper_ns": 0,
        "worst": (),
        "avoidable_calls": 0,
        "pairs": Rows(),
        "sequential": 0,
        "negative": 0,
        "evidence": Rows(),
        "tests": Rows(),
    }
    known = msgspec.convert(plain | changes, Finding)
    upper_ns = known.elapsed_ns + known.calls * MS
    return msgspec.structs.replace(known, elapsed_upper_ns=upper_ns, caller_count=len(known.callers))


FINDINGS = (
    finding(
        "again",
        "query_records",
        ["metadata"],
        calls=233,
        repeats=195,
        unchanged=152,
        changed=43,
        calls_saved=152,
        possible_calls_saved=152,
        saving_upper_ns=152 * MS,
        lookups=26,
        worst=(29, 16, 15, 13, 12),
        pairs=rows(
            pair("get_next_version_for_node", "metadata", 67, 9),
            pair("metadata", "metadata", 58, 0),
            pair("async_file_reader_bounded", "metadata", 27, 34),
        ),
        sequential=40,
        sequential_own=31,
        confidence="sure",
        reason="the result metrics committed_count, pending_count and total_count were equal",
        evidence=rows(
            evidence(122, 98, "metadata", params(id=FILE_ID), *COUNTS),
            evidence(131, 122, "metadata", params(id=FILE_ID), *COUNTS),
            evidence(143, 131, "metadata", params(id=FILE_ID), *COUNTS),
            total=152,
        ),
        tests=TESTS,
    ),
    finding(
        "again",
        "query_records",
        ["get_next_version_for_node"],
        calls=346,
        repeats=147,
        unchanged=72,
        changed=75,
        calls_saved=72,
        possible_calls_saved=72,
        elapsed_ns=1730 * MS,
        saving_ns=311 * MS,
        saving_upper_ns=383 * MS,
        lookups=86,
        worst=(15, 7, 6, 5, 5),
        pairs=rows(
            pair("metadata", "get_next_version_for_node", 64, 0),
            pair("get_next_version_for_node", "get_next_version_for_node", 8, 75),
        ),
        negative=38,
        confidence="sure",
        reason="the result metrics committed_count, pending_count and total_count were equal",
        evidence=rows(
            evidence(
                343, 33, "get_next_version_for_node", params(id=ROOT_ID), ("committed_count", 0), ("total_count", 0)
            ),
            total=72,
        ),
    ),
    finding(
        "shared",
        "query_records",
        ["async_file_reader_bounded", "get_next_version_for_node", "metadata"],
        calls=262,
        repeats=54,
        unchanged=21,
        changed=33,
        calls_saved=21,
        possible_calls_saved=21,
        saving_upper_ns=21 * MS,
        lookups=27,
        worst=(2, 2, 2),
        pairs=rows(
            pair("get_next_version_for_node", "metadata", 13, 20), pair("metadata", "async_file_reader_bounded", 8, 13)
        ),
        sequential=4,
        confidence="sure",
        reason="the result metrics committed_count, pending_count and total_count were equal",
        evidence=rows(evidence(98, 67, "metadata", params(id=FILE_ID), *COUNTS), total=21),
    ),
    finding(
        "fan-out",
        "query_latest_record",
        ["load_node"],
        varying_params=("id",),
        parent_functions=("load_directory",),
        worst_parent="load_directory",
        calls=88,
        repeats=0,
        calls_saved=80,
        possible_calls_saved=80,
        elapsed_ns=940 * MS,
        saving_ns=820 * MS,
        saving_upper_ns=908 * MS,
        lookups=0,
        worst=(31, 22, 14),
        avoidable_calls=80,
        confidence="sure",
        reason="each group stands under one parent call",
        evidence=rows(
            evidence(511, None, "load_node", params(id=FILE_ID)),
            evidence(514, None, "load_node", params(id=ROOT_ID)),
            total=88,
        ),
    ),
    finding(
        "again",
        "ensure_partition_cached",
        ["query_latest_record"],
        param_names=("part_id",),
        calls=676,
        repeats=631,
        unproven=631,
        calls_saved=0,
        possible_calls_saved=631,
        elapsed_ns=12364 * MS,
        lookups=42,
        worst=(266, 48, 31, 27, 20),
        pairs=rows(
            pair("query_latest_directory_record", "query_latest_record", 0, 0, 316),
            pair("query_records", "query_latest_record", 0, 0, 315),
        ),
        confidence="likely",
        reason="the calls carry no result metric, so nothing shows whether the answer had changed",
        evidence=rows(
            evidence(35, 9, "query_latest_record", params(part_id=ROOT_PART)),
            evidence(73, 67, "query_latest_record", params(part_id=ROOT_PART)),
            total=631,
        ),
    ),
    finding(
        "again",
        "load_node",
        ["unknown"],
        calls=1095,
        repeats=917,
        unproven=917,
        calls_saved=0,
        possible_calls_saved=917,
        elapsed_ns=12644 * MS,
        lookups=147,
        worst=(34, 28, 28, 28, 28),
        pairs=rows(pair("unknown", "unknown", 0, 0, 917)),
        confidence="likely",
        reason="the calls carry no result metric, so nothing shows whether the answer had changed",
        evidence=rows(evidence(10, 6, "unknown", params(id=ROOT_ID)), total=917),
    ),
    finding(
        "again",
        HOSTILE_FUNCTION,
        [HOSTILE_CALLER],
        param_names=tuple(param.name for param in HOSTILE_PARAMS),
        calls=12,
        repeats=5,
        unproven=5,
        calls_saved=0,
        possible_calls_saved=5,
        lookups=4,
        worst=(2, 1, 1, 1),
        pairs=rows(pair(HOSTILE_CALLER, HOSTILE_CALLER, 0, 0, 5)),
        confidence="likely",
        reason="the calls carry no result metric, so nothing shows whether the answer had changed",
        evidence=rows(evidence(6001, 6000, HOSTILE_CALLER, HOSTILE_PARAMS), total=5),
    ),
    finding(
        "shared",
        "ensure_partition_cached",
        [None, "query_latest_directory_record", "query_latest_record", "query_records"],
        param_names=("part_id",),
        calls=400,
        repeats=89,
        unproven=89,
        calls_saved=0,
        possible_calls_saved=89,
        lookups=36,
        worst=(3, 3, 2),
        pairs=rows(pair("query_records", "query_latest_record", 0, 0, 45), pair(None, "query_records", 0, 0, 44)),
        confidence="likely",
        reason="the calls carry no result metric, so nothing shows whether the answer had changed",
        evidence=rows(evidence(36, 35, None, params(part_id=ROOT_PART)), total=89),
        accepted="the cache is filled lazily by design",
    ),
    finding(
        "fan-out",
        "query_directory_entries",
        ["ensure_directory_loaded"],
        varying_params=("id",),
        calls=112,
        repeats=0,
        calls_saved=93,
        possible_calls_saved=93,
        lookups=0,
        worst=(94,),
        avoidable_calls=93,
        confidence="low",
        reason="no call tree: a busy caller of a test suite looks the same",
        evidence=rows(evidence(700, None, "ensure_directory_loaded", params(id=FILE_ID)), total=94),
    ),
    finding(
        "slow",
        "get_next_version_for_node",
        ["flush_directory_operations"],
        calls=2,
        repeats=0,
        calls_saved=0,
        elapsed_ns=190 * MS,
        lookups=0,
        confidence="low",
        reason="times differ from run to run: look whether the same calls are slow again",
        evidence=rows(evidence(0, None, "flush_directory_operations", params(id=ROOT_ID)), total=2),
    ),
)

VERDICT = Verdict(
    message=(
        "5,878 of 7,050 calls ask again: 282 for an unchanged answer, 210 for a changed one, "
        "5,386 without evidence. Three changes would remove 245 of the 282."
    ),
    headline="Three changes would remove 245 of the 282.",
    sums=(
        "5,878 of 7,050 calls ask again: 282 for an unchanged answer, 210 for a changed one, 5,386 without evidence.",
    ),
    changes=3,
    calls_removed=245,
    of_unchanged=282,
    saving_ns=311 * MS,
    saving_upper_ns=556 * MS,
    fingerprints=tuple(found.fingerprint for found in FINDINGS[:3]),
    own_calls=147,
    one_cache_calls=282,
)


def signature(name: str, caller: str | None, asked: tuple[Param, ...], *numbers: int, calls: int) -> RedundantSignature:
    fields = [name, *([] if caller is None else [f"caller={caller}"]), *(f"{p.name}={p.value}" for p in asked)]
    return RedundantSignature(
        signature="|".join(fields),
        function=name,
        caller=caller,
        params=asked,
        calls=calls,
        processes=1,
        elapsed_ns=calls * MS,
        elapsed_upper_ns=2 * calls * MS,
        unchanged=0,
        changed=0,
        unproven=calls - 1,
        call_references=references(*numbers, total=calls),
        units=1,
    )


SIGNATURES = (
    signature(
        "ensure_partition_cached",
        "query_latest_record",
        params(part_id=ROOT_PART),
        *range(5, 900, 31),
        calls=267,
    ),
    signature(
        "ensure_partition_cached",
        "query_latest_directory_record",
        params(part_id=ROOT_PART),
        *range(9, 800, 37),
        calls=236,
    ),
    signature("ensure_partition_cached", "query_records", params(part_id=ROOT_PART), 2, 32, 67, 342, 366, calls=176),
    signature("query_records", "metadata", params(id=FILE_ID), 98, 122, 131, 143, 149, 178, 202, calls=16),
    signature(HOSTILE_FUNCTION, HOSTILE_CALLER, HOSTILE_PARAMS, 6000, 6001, 6002, calls=3),
    signature("load_symlink_target", None, params(id=FILE_ID), 400, 401, calls=2),
)


def share(caller: str | None, *numbers: int) -> CallerShare:
    return CallerShare(caller=caller, calls=len(numbers), call_references=references(*numbers))


def metric(name: str, kind: str, total: int, calls: int, *, share_of_elapsed: float | None = None) -> MetricSummary:
    return msgspec.convert(
        {
            "name": name,
            "kind": kind,
            "calls": calls,
            "total": total,
            "mean": total / calls,
            "min": 0,
            "max": 1 if kind == "flag" else 9 * total // calls,
            "share_of_elapsed": share_of_elapsed,
        },
        MetricSummary,
    )


def tree_path(*path: str, calls: int, total_ms: int, self_ms: int, redundant: int) -> TreePath:
    one_by_one = ONE_BY_ONE if path[-1] == "query_latest_record" else 0
    return TreePath(
        path=path,
        calls=calls,
        total_ns=total_ms * MS,
        self_ns=self_ms * MS,
        redundant_calls=redundant,
        first_calls=calls - redundant - one_by_one,
        fan_out_calls=one_by_one,
        unproven=redundant,
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

TOTALS = Totals(
    calls=7050,
    judged_calls=7050,
    processes=1,
    functions=11,
    lookups=1172,
    first_calls=1172 - ONE_BY_ONE,
    fan_out_calls=ONE_BY_ONE,
    other_calls=0,
    redundant_calls=5878,
    redundant_rate=5878 / 7050,
    again_calls=5682,
    shared_calls=196,
    unchanged_repeats=282,
    changed_repeats=210,
    unproven_repeats=5386,
    unfinished_calls=0,
    elapsed_ns=14836 * MS,
    elapsed_upper_ns=17456 * MS,
    saving_ns=311 * MS,
    saving_upper_ns=593 * MS,
    possible_saving_ns=10_400 * MS,
    possible_saving_upper_ns=15_786 * MS,
    questions=7050,
    judged_questions=7050,
    writes=0,
    frames=0,
    units=1,
    may_have_changed_repeats=0,
    own_calls=147,
    handed_on_calls=99,
    across_units_repeats=0,
    across_units_lookups=0,
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

SLOWEST_CALLS = rows(
    *(
        SlowestCall(
            process=0,
            number=number,
            line=number + 6,
            file=FILE,
            process_name="tlogfs (unit)",
            function=name,
            caller=caller,
            params=asked,
            elapsed_ns=elapsed_ms * MS,
            elapsed_upper_ns=(elapsed_ms + 1) * MS,
            metrics=(),
        )
        for number, name, caller, asked, elapsed_ms in (
            (0, "get_next_version_for_node", "flush_directory_operations", params(id=ROOT_ID), 114),
            (4814, "load_node", "unknown", params(id=FILE_ID), 66),
            (4815, "query_latest_record", "load_node", params(id=FILE_ID), 66),
            (4816, "ensure_partition_cached", "query_latest_record", params(part_id=ROOT_PART), 65),
            (6001, HOSTILE_FUNCTION, HOSTILE_CALLER, HOSTILE_PARAMS, 1),
            (7049, "load_symlink_target", None, params(id=FILE_ID), 0),
        )
    ),
    total=7050,
)

REDUNDANT_LOOKUPS = rows(
    RedundantLookup(
        function="ensure_partition_cached",
        params=params(part_id=ROOT_PART),
        calls=679,
        processes=1,
        elapsed_ns=6_100 * MS,
        elapsed_upper_ns=6_779 * MS,
        unchanged=0,
        changed=0,
        unproven=678,
        callers=rows(
            share("query_latest_record", 5, 35, 73),
            share("query_latest_directory_record", 9, 39),
            share("query_records", 2, 32),
        ),
        call_references=references(2, 5, 9, 32, 35, 39, 73, total=679),
        units=1,
    ),
    RedundantLookup(
        function=HOSTILE_FUNCTION,
        params=HOSTILE_PARAMS,
        calls=3,
        processes=1,
        elapsed_ns=0,
        elapsed_upper_ns=3 * MS,
        unchanged=0,
        changed=0,
        unproven=2,
        callers=rows(share(HOSTILE_CALLER, 6000, 6001, 6002)),
        call_references=references(6000, 6001, 6002),
        units=1,
    ),
    total=411,
)

ASKED_AGAIN = rows(
    *(
        AskedAgain(
            previous_caller=previous,
            caller=caller,
            function=name,
            repeats=unchanged + changed + unproven,
            again_calls=changed + unproven + unchanged // 2,
            shared_calls=unchanged - unchanged // 2,
            own_calls=unchanged // 3,
            handed_on_calls=unchanged // 2 - unchanged // 3,
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
            elapsed_ns=0,
            elapsed_upper_ns=(unchanged + changed + unproven) * MS,
        )
        for previous, caller, name, unchanged, changed, unproven in (
            ("get_next_version_for_node", "metadata", "query_records", 67, 9, 0),
            ("metadata", "get_next_version_for_node", "query_records", 64, 0, 0),
            ("metadata", "metadata", "query_records", 58, 0, 0),
            ("async_file_reader_bounded", "metadata", "query_records", 36, 34, 0),
            ("metadata", "async_file_reader_bounded", "query_records", 15, 13, 0),
            ("async_file_reader_bounded", "async_file_reader_bounded", "query_records", 8, 20, 0),
            ("unknown", "unknown", "ensure_directory_loaded", 0, 0, 1086),
            (HOSTILE_CALLER, None, HOSTILE_FUNCTION, 0, 0, 5),
        )
    ),
    total=31,
)

SEQUENTIAL_DUPLICATES = rows(
    SequentialDuplicate(
        function="query_records",
        params=params(id=FILE_ID),
        callers=rows("metadata", "async_file_reader_bounded"),
        process=0,
        runs=rows(references(42, 43, 44), references(122, 123), total=7),
        calls=19,
    ),
    SequentialDuplicate(
        function=HOSTILE_FUNCTION,
        params=HOSTILE_PARAMS,
        callers=rows(HOSTILE_CALLER, None),
        process=0,
        runs=rows(references(6000, 6001, 6002)),
        calls=3,
    ),
    total=61,
)

SHARED_LOOKUPS = rows(
    SharedLookup(
        process=0,
        function="query_records",
        params=params(id=FILE_ID),
        calls=23,
        callers=rows(
            share("metadata", 98, 122, 131, 143, 149, 178),
            share("get_next_version_for_node", 67, 180),
            share("async_file_reader_bounded", 99),
        ),
        adjacent_pairs=rows(AdjacentPair(previous_caller="metadata", caller="async_file_reader_bounded", pairs=1)),
    ),
    SharedLookup(
        process=0,
        function=HOSTILE_FUNCTION,
        params=HOSTILE_PARAMS,
        calls=3,
        callers=rows(share(HOSTILE_CALLER, 6000, 6001), share(None, 6002)),
        adjacent_pairs=Rows(),
    ),
    total=90,
)

FANOUTS = rows(
    FanOut(
        function="query_latest_record",
        caller="load_node",
        fixed_params=(),
        varying_params=("id",),
        distinct_values=31,
        calls=33,
        avoidable_calls=30,
        parent=CallReference(process=0, number=510, line=560),
        parent_function="load_directory",
        process=0,
        elapsed_ns=310 * MS,
        elapsed_upper_ns=343 * MS,
        confidence="sure",
        call_references=references(511, 514, 517, 520, total=33),
        param_names=(),
    ),
    FanOut(
        function=HOSTILE_FUNCTION,
        caller=HOSTILE_CALLER,
        fixed_params=HOSTILE_PARAMS[:2],
        varying_params=("p2", "p3"),
        distinct_values=5,
        calls=5,
        avoidable_calls=4,
        parent=None,
        parent_function=None,
        process=0,
        elapsed_ns=0,
        elapsed_upper_ns=5 * MS,
        confidence="low",
        call_references=references(6010, 6011, 6012, 6013, 6014),
        param_names=(),
    ),
    total=9,
)

BREAKDOWN = rows(
    Breakdown(
        function="query_records",
        calls=691,
        total_elapsed_ns=1730 * MS,
        metrics=rows(
            metric("query_ms", "time", 1690 * MS, 691, share_of_elapsed=1690 / 1730),
            metric("memory_scan_us", "time", 3 * MS, 691, share_of_elapsed=3 / 1730),
            metric("committed_count", "count", 2073, 691),
            metric("found", "flag", 504, 691),
        ),
        unaccounted_ns=37 * MS,
        unaccounted_share=37 / 1730,
    ),
    Breakdown(
        function=HOSTILE_FUNCTION,
        calls=12,
        total_elapsed_ns=1 * MS,
        metrics=rows(metric("`a|b`_ms", "time", 3 * MS, 12, share_of_elapsed=3.0)),
        unaccounted_ns=-2 * MS,
        unaccounted_share=-2.0,
    ),
)

CACHE_CURVES = rows(
    CacheCurve(
        function="query_records",
        calls=691,
        possible_hits=492,
        points=rows(
            *(
                CachePoint(capacity=2**power, hits=hits, stale_hits=stale, saved_ns=(hits - stale) * MS)
                for power, (hits, stale) in enumerate(
                    ((61, 2), (148, 20), (239, 71), (330, 120), (402, 161), (455, 190), (481, 204), (492, 210))
                )
            )
        ),
        capacity_for_50=4,
        capacity_for_80=14,
        capacity_for_95=37,
    ),
    CacheCurve(
        function="ensure_partition_cached",
        calls=1818,
        possible_hits=1749,
        points=rows(
            CachePoint(capacity=1, hits=1100, stale_hits=0, saved_ns=8_000 * MS),
            CachePoint(capacity=2, hits=1749, stale_hits=0, saved_ns=13_000 * MS),
        ),
        capacity_for_50=1,
        capacity_for_80=2,
        capacity_for_95=2,
    ),
    CacheCurve(
        function="plan_query",
        calls=40,
        possible_hits=0,
        points=Rows(),
        capacity_for_50=None,
        capacity_for_80=None,
        capacity_for_95=None,
    ),
)

CALL_TREE = CallTree(
    processes=1,
    calls=7050,
    paths=rows(
        tree_path("load_node", calls=1095, total_ms=12644, self_ms=147, redundant=917),
        tree_path("load_node", "query_latest_record", calls=688, total_ms=12497, self_ms=133, redundant=534),
        tree_path(
            "load_node",
            "query_latest_record",
            "ensure_partition_cached",
            calls=676,
            total_ms=12364,
            self_ms=12364,
            redundant=676,
        ),
        tree_path("get_next_version_for_node", calls=346, total_ms=1871, self_ms=141, redundant=147),
        tree_path("get_next_version_for_node", "query_records", calls=346, total_ms=1730, self_ms=32, redundant=147),
        tree_path("ensure_directory_loaded", calls=1204, total_ms=309, self_ms=233, redundant=1086),
        tree_path("(unfinished)", HOSTILE_FUNCTION, calls=12, total_ms=1, self_ms=1, redundant=5),
        total=18,
    ),
    deepest=rows(
        tree_path(
            "ensure_directory_loaded",
            "query_directory_entries",
            "query_latest_directory_record",
            "ensure_partition_cached",
            calls=451,
            total_ms=0,
            self_ms=0,
            redundant=451,
        ),
        total=1,
    ),
)

SLOW_CALLS = rows(
    SlowCalls(
        function="get_next_version_for_node",
        caller="flush_directory_operations",
        rule="above the third quartile of the times above zero plus three times their spread (Tukey 1977)",
        limit_ns=66 * MS,
        calls=2,
        elapsed_ns=190 * MS,
        worst=references(0, 3004),
        elapsed_upper_ns=192 * MS,
    )
)

ACTIVITY = rows(
    *(
        ActivityBin(
            process=0,
            first_number=start,
            last_number=start + 704,
            first_calls=300 - start // 40,
            repeats=405 + start // 40,
        )
        for start in range(0, 7050, 705)
    )
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


def sample_report() -> Report:
    """A report with every section filled and no comparison, in which many rows are left out."""
    return Report(
        schema_version=1,
        generator=Generator(name="tracereport", version="0.1.0"),
        title="duckpond-deep-single-thread",
        settings=Settings(),
        selection=None,
        units=UNITS,
        input=INPUT,
        totals=TOTALS,
        processes=PROCESSES,
        quality=QUALITY,
        functions=rows(*FUNCTIONS),
        callers=rows(*CALLERS, total=14),
        edges=rows(*EDGES, total=22),
        slowest_calls=SLOWEST_CALLS,
        redundant_signatures=rows(*SIGNATURES, total=856),
        redundant_lookups=REDUNDANT_LOOKUPS,
        asked_again=ASKED_AGAIN,
        cache_candidates=rows(*SIGNATURES[:5], total=402),
        sequential_duplicates=SEQUENTIAL_DUPLICATES,
        shared_lookups=SHARED_LOOKUPS,
        fanouts=FANOUTS,
        breakdown=BREAKDOWN,
        cache_curves=CACHE_CURVES,
        call_tree=CALL_TREE,
        slow_calls=SLOW_CALLS,
        activity=ACTIVITY,
        verdict=VERDICT,
        acceptances=ACCEPTANCES,
        findings=rows(*FINDINGS, total=23),
        timelines=TIMELINES,
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
                FunctionChange(
                    function="query_latest_record",
                    calls_before=600,
                    calls_after=688,
                    redundant_before=454,
                    redundant_after=534,
                    again_before=454,
                    again_after=534,
                    shared_before=0,
                    shared_after=0,
                ),
                FunctionChange(
                    function=HOSTILE_FUNCTION,
                    calls_before=16,
                    calls_after=12,
                    redundant_before=9,
                    redundant_after=5,
                    again_before=9,
                    again_after=5,
                    shared_before=0,
                    shared_after=0,
                ),
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


def empty_report() -> Report:
    """1,523 calls of one function, none of them made twice: good news."""
    return Report(
        schema_version=1,
        generator=Generator(name="tracereport", version="0.1.0"),
        title="perf_trace",
        settings=Settings(),
        selection=None,
        units=Rows(),
        input=Input(
            files=("perf_trace.log",),
            lines=1523,
            records=1523,
            continuation_lines=0,
            malformed_lines=0,
            other_lines=0,
            malformed=Rows(),
        ),
        totals=Totals(
            calls=1523,
            judged_calls=1523,
            processes=1,
            functions=1,
            lookups=1523,
            first_calls=1523,
            fan_out_calls=0,
            other_calls=0,
            redundant_calls=0,
            redundant_rate=0.0,
            again_calls=0,
            shared_calls=0,
            unchanged_repeats=0,
            changed_repeats=0,
            unproven_repeats=0,
            unfinished_calls=0,
            elapsed_ns=None,
            elapsed_upper_ns=None,
            saving_ns=0,
            saving_upper_ns=0,
            possible_saving_ns=0,
            possible_saving_upper_ns=0,
            questions=1523,
            judged_questions=1523,
            writes=0,
            frames=0,
            units=1,
            may_have_changed_repeats=0,
            own_calls=0,
            handed_on_calls=0,
            across_units_repeats=0,
            across_units_lookups=0,
        ),
        processes=rows(
            Process(
                index=0,
                name="process 0",
                file="perf_trace.log",
                first_line=1,
                last_line=1523,
                calls=1523,
                by_edge=rows(ProcessEdge(caller="load_node", function="query_records", calls=1523, again_calls=0)),
                by_finding=Rows(),
                unfinished_calls=0,
                tree="unknown",
                interleaved=False,
            )
        ),
        quality=Rows(),
        functions=rows(
            function("query_records", (1523, 1523, 0, 0, 0, 0, 0), (412, 0, 1, 2, 4), self_ms=None),
        ),
        callers=Rows(),
        edges=Rows(),
        slowest_calls=Rows(),
        redundant_signatures=Rows(),
        redundant_lookups=Rows(),
        asked_again=Rows(),
        cache_candidates=Rows(),
        sequential_duplicates=Rows(),
        shared_lookups=Rows(),
        fanouts=Rows(),
        breakdown=Rows(),
        cache_curves=Rows(),
        call_tree=None,
        slow_calls=Rows(),
        activity=Rows(),
        verdict=Verdict(
            message="No call was made twice in 1,523 calls.",
            headline="No call was made twice in 1,523 calls.",
            sums=(),
            changes=0,
            calls_removed=0,
            of_unchanged=0,
            saving_ns=0,
            saving_upper_ns=0,
            fingerprints=(),
            own_calls=0,
            one_cache_calls=0,
        ),
        acceptances=Rows(),
        findings=Rows(),
    )
