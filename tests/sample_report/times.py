"""Where the time of the sample goes."""

import msgspec

from tests.sample_report.names import (
    FILE,
    FILE_ID,
    HOSTILE_CALLER,
    HOSTILE_FUNCTION,
    HOSTILE_PARAMS,
    MS,
    ONE_BY_ONE,
    ROOT_ID,
    ROOT_PART,
    params,
    references,
    rows,
)
from tracereport.model import (
    ActivityBin,
    Breakdown,
    CacheCurve,
    CachePoint,
    CallTree,
    MetricSummary,
    Rows,
    SlowCalls,
    SlowestCall,
    TreePath,
)


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
