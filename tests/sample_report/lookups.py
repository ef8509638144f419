"""What the sample asks for again: by whom, after whom, one by one."""

from tests.sample_report.names import (
    FILE_ID,
    HOSTILE_CALLER,
    HOSTILE_FUNCTION,
    HOSTILE_PARAMS,
    MS,
    ROOT_PART,
    params,
    references,
    rows,
)
from tracereport.model import (
    AdjacentPair,
    AskedAgain,
    CallerShare,
    CallReference,
    FanOut,
    Param,
    RedundantLookup,
    RedundantSignature,
    Rows,
    SequentialDuplicate,
    SharedLookup,
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
