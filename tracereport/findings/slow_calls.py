"""Slow calls -> findings: one per shape. Nothing to leave out, but a place to look."""

from collections.abc import Sequence
from functools import partial

from tracereport.calls.grouping import ROW_LIMIT
from tracereport.findings.interface import EVIDENCE_LIMIT, Candidate, FindingKind, Key, UnitAmount
from tracereport.measures.context import Context
from tracereport.measures.interface import Whole
from tracereport.measures.slow import SlowGroup, find_slow_groups
from tracereport.model import Finding, Rows


def _measure_nothing(_context: Context) -> None:
    """The measure of slow calls has it all."""


def _merge_nothing(_parts: Sequence[None]) -> None:
    """As above."""


def find_slow_findings(whole: Whole) -> list[Candidate]:
    """The findings of all slow calls."""
    candidates = []
    for group in find_slow_groups(whole):
        key = Key("slow", group.shape.function, (group.shape.caller,), group.shape.param_names)
        candidates.append(
            Candidate(
                key=key,
                calls_saved=0,
                possible_calls_saved=0,
                elapsed_ns=group.elapsed_ns,
                is_low=True,
                is_shown=group.is_shown,
                describe=partial(_describe, group, key),
            )
        )
    return candidates


def _describe(group: SlowGroup, key: Key) -> Finding:
    return Finding(
        fingerprint=key.fingerprint(),
        kind="slow",
        function=key.function,
        callers=key.callers[:ROW_LIMIT],
        caller_count=len(key.callers),
        param_names=key.param_names,
        calls=group.calls,
        elapsed_ns=group.elapsed_ns,
        elapsed_upper_ns=group.elapsed_upper_ns,
        confidence="low",
        reason="times differ from run to run: look whether the same calls are slow again",
        evidence=Rows(group.calls, group.slowest[:EVIDENCE_LIMIT]),
    )


def _no_amounts(_whole: Whole) -> list[UnitAmount]:
    """Times aren't compared."""
    return []


KIND: FindingKind[None] = FindingKind(
    "slow_findings", _measure_nothing, _merge_nothing, find_slow_findings, _no_amounts
)
