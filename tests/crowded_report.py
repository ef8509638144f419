"""A report as large as reports get: thousands of rows in every list, with names as long and foreign as logs hold."""

from typing import TypeVar

import msgspec

from tests.sample_report import sample_report
from tracereport.model import CallTree, HistogramBin, Record, Report, Rows, TreePath

FUNCTIONS = 10_000
ROWS = 1_000
LONG = "Größe-日本語-\u202e<b>&'\"" * 60

AnyRecord = TypeVar("AnyRecord", bound=Record)


def crowded_report(top: int = 1_000) -> Report:
    """The sample with every list drawn out, asked to show ``top`` rows of each."""
    sample = sample_report()
    first = sample.functions.rows[3]
    functions = [
        msgspec.structs.replace(
            first,
            function=_long(index),
            calls=FUNCTIONS - index + 600,
            histogram=Rows(40, tuple(HistogramBin(lower_ns=(1 << bit) if bit else 0, calls=9) for bit in range(40))),
        )
        for index in range(FUNCTIONS)
    ]
    findings = [
        msgspec.structs.replace(
            finding, fingerprint=f"{index:012x}", function=_long(index), callers=(_long(index + 1), _long(index + 2))
        )
        for index in range(ROWS)
        for finding in [sample.findings.rows[index % len(sample.findings.rows)]]
    ]
    paths = [
        TreePath(path=("main", _long(index)), calls=9, total_ns=10**9, self_ns=10**6, redundant_calls=3)
        for index in range(ROWS)
    ]
    return msgspec.structs.replace(
        sample,
        settings=msgspec.structs.replace(sample.settings, top=top),
        functions=Rows(FUNCTIONS, tuple(functions)),
        edges=_draw_out(sample.edges, "function"),
        callers=_draw_out(sample.callers, "caller"),
        asked_again=_draw_out(sample.asked_again, "caller"),
        redundant_signatures=_draw_out(sample.redundant_signatures, "function"),
        redundant_lookups=_draw_out(sample.redundant_lookups, "function"),
        cache_candidates=_draw_out(sample.cache_candidates, "function"),
        slowest_calls=_draw_out(sample.slowest_calls, "function"),
        shared_lookups=_draw_out(sample.shared_lookups, "function"),
        sequential_duplicates=_draw_out(sample.sequential_duplicates, "function"),
        fanouts=_draw_out(sample.fanouts, "function"),
        breakdown=_draw_out(sample.breakdown, "function"),
        cache_curves=_draw_out(sample.cache_curves, "function"),
        processes=_draw_out(sample.processes, "name"),
        findings=Rows(5_000, tuple(findings)),
        call_tree=CallTree(processes=1, calls=7050, paths=Rows(ROWS, tuple(paths)), deepest=Rows(ROWS, tuple(paths))),
    )


def _long(index: int) -> str:
    return f"{index}{LONG}{index}"


def _draw_out(rows: Rows[AnyRecord], name: str) -> Rows[AnyRecord]:
    drawn = [
        msgspec.structs.replace(rows.rows[index % len(rows.rows)], **{name: _long(index)}) for index in range(ROWS)
    ]
    return Rows(10 * ROWS, tuple(drawn))
