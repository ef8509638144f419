"""The functions of the sample, who calls them, and how often."""

from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_FUNCTION, MS, ONE_BY_ONE, rows
from tracereport.model import Caller, Edge, Function, HistogramBin


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
