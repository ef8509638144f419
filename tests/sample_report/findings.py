"""The findings of the sample, and its verdict."""

from collections.abc import Sequence

import msgspec

from tests.sample_report.blank import blank
from tests.sample_report.names import (
    FILE,
    FILE_ID,
    HOSTILE_CALLER,
    HOSTILE_FUNCTION,
    HOSTILE_PARAMS,
    MS,
    ROOT_ID,
    ROOT_PART,
    params,
    rows,
)
from tracereport.model import (
    CallReference,
    Evidence,
    Finding,
    FindingKind,
    Metric,
    Param,
    RepeatPair,
    TestShare,
    Verdict,
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
    return blank(
        RepeatPair, previous_caller=previous, caller=caller, unchanged=unchanged, changed=changed, unproven=unproven
    )


EQUAL = "the result metrics committed_count, pending_count and total_count were equal"
UNPROVEN = "the calls carry no result metric, so nothing shows whether the answer had changed"
COUNTS = (("query_ms", 0), ("committed_count", 1), ("pending_count", 0), ("total_count", 1))


TESTS = rows(
    TestShare(test="tests::large_files::append_many_versions", repeats=61, avoidable_calls=0),
    TestShare(test="tests::directory::list_after_rename", repeats=34, avoidable_calls=0),
    total=31,
)


def finding(kind: FindingKind, name: str, callers: Sequence[str | None], /, **changes: object) -> Finding:
    """A finding in which nothing was asked again, but for what ``changes`` say.

    What isn't proven may be saved beside what is.
    """
    fingerprint = f"{abs(sum(map(ord, kind + name + str(callers)))) * 2654435761 % 2**48:012x}"
    fields = {"fingerprint": fingerprint, "param_names": ("id",), **changes}
    known = blank(Finding, kind=kind, function=name, callers=tuple(callers), **fields)
    return msgspec.structs.replace(
        known,
        elapsed_upper_ns=known.elapsed_ns + known.calls * MS,
        caller_count=len(known.callers),
        possible_calls_saved=known.calls_saved + known.unproven,
    )


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
        reason=EQUAL,
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
        reason=EQUAL,
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
        saving_upper_ns=21 * MS,
        lookups=27,
        worst=(2, 2, 2),
        pairs=rows(
            pair("get_next_version_for_node", "metadata", 13, 20), pair("metadata", "async_file_reader_bounded", 8, 13)
        ),
        sequential=4,
        confidence="sure",
        reason=EQUAL,
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
        calls_saved=80,
        elapsed_ns=940 * MS,
        saving_ns=820 * MS,
        saving_upper_ns=908 * MS,
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
        elapsed_ns=12364 * MS,
        lookups=42,
        worst=(266, 48, 31, 27, 20),
        pairs=rows(
            pair("query_latest_directory_record", "query_latest_record", 0, 0, 316),
            pair("query_records", "query_latest_record", 0, 0, 315),
        ),
        confidence="likely",
        reason=UNPROVEN,
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
        elapsed_ns=12644 * MS,
        lookups=147,
        worst=(34, 28, 28, 28, 28),
        pairs=rows(pair("unknown", "unknown", 0, 0, 917)),
        confidence="likely",
        reason=UNPROVEN,
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
        lookups=4,
        worst=(2, 1, 1, 1),
        pairs=rows(pair(HOSTILE_CALLER, HOSTILE_CALLER, 0, 0, 5)),
        confidence="likely",
        reason=UNPROVEN,
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
        lookups=36,
        worst=(3, 3, 2),
        pairs=rows(pair("query_records", "query_latest_record", 0, 0, 45), pair(None, "query_records", 0, 0, 44)),
        confidence="likely",
        reason=UNPROVEN,
        evidence=rows(evidence(36, 35, None, params(part_id=ROOT_PART)), total=89),
        accepted="the cache is filled lazily by design",
    ),
    finding(
        "fan-out",
        "query_directory_entries",
        ["ensure_directory_loaded"],
        varying_params=("id",),
        calls=112,
        calls_saved=93,
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
        elapsed_ns=190 * MS,
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
