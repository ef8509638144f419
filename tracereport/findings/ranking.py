"""Sections -> ranked findings: one thing worth changing each, with evidence; and the verdict that rests on them."""

from collections.abc import Iterable
from functools import partial

import msgspec
import numpy as np

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import (
    LONG_ROW_LIMIT,
    ROW_LIMIT,
    keep_rows,
    sum_exactly,
)
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.findings.candidates import EVIDENCE_LIMIT, Candidate, Key, describe_evidence
from tracereport.findings.fan_outs import find_fanout_findings
from tracereport.findings.repeated import find_repeat_findings, sort_repeats
from tracereport.findings.verdict import make_verdict
from tracereport.measures.fanout import FanOutGroups
from tracereport.measures.repeats import Repeats
from tracereport.measures.savings import find_promised, sum_saving
from tracereport.measures.slowest import SlowGroup
from tracereport.model import (
    Finding,
    ProcessFinding,
    Rows,
    Verdict,
)

VERDICT_CHANGES = 3


class Findings(msgspec.Struct, frozen=True, eq=False):
    """All findings, ranked, and what each process adds to them."""

    rows: Rows[Finding]
    by_process: dict[int, list[ProcessFinding]]
    verdict: Verdict


def find_findings(
    ordered: OrderedCalls,
    repeats: Repeats,
    fanouts: FanOutGroups,
    slow: Iterable[SlowGroup],
    shown: Shown | None = None,
) -> Findings:
    """All findings by calls saved, then possible ones, then time, then key; and the verdict that rests on the first."""
    sorted_repeats = sort_repeats(ordered, repeats)
    promised = find_promised(ordered)
    by_process: dict[int, list[ProcessFinding]] = {}
    candidates = [
        *find_repeat_findings(ordered, repeats, sorted_repeats, promised, by_process, shown),
        *find_fanout_findings(ordered, fanouts, by_process, shown),
        *_slow_findings(ordered.calls, slow, shown),
    ]
    candidates.sort(key=Candidate.rank)
    of_repeats = [candidate for candidate in candidates if candidate.key.kind in ("again", "shared")]
    changes = [candidate for candidate in of_repeats if candidate.calls_saved][:VERDICT_CHANGES]
    saved = np.zeros(len(ordered), bool)
    for candidate in changes:
        saved[sorted_repeats.places[sorted_repeats.of_key(sorted_repeats.keys.index(candidate.key))]] = True
    saved &= repeats.unchanged
    for found in by_process.values():
        found.sort(key=lambda row: (-row.repeats, -row.avoidable_calls, row.fingerprint))
    sure_fanouts = [candidate for candidate in candidates if candidate.key.kind == "fan-out" and not candidate.is_low]
    listed = [candidate for candidate in candidates if candidate.is_shown]
    kept = listed[:LONG_ROW_LIMIT]
    described = {candidate.key: candidate for candidate in (*kept, *changes, *sure_fanouts[:1])}
    findings = {key: candidate.describe() for key, candidate in described.items()}
    return Findings(
        rows=keep_rows([findings[candidate.key] for candidate in kept], LONG_ROW_LIMIT, len(listed)),
        by_process=by_process,
        verdict=make_verdict(
            repeats,
            [findings[candidate.key] for candidate in changes],
            [findings[candidate.key] for candidate in sure_fanouts[:1]],
            len(sure_fanouts),
            sum_saving(ordered, promised, saved, saved),
        ),
    )


def _slow_findings(calls: Calls, slow: Iterable[SlowGroup], shown: Shown | None) -> list[Candidate]:
    """One finding per shape with slow calls: nothing to leave out, but a place to look."""

    def describe(group: SlowGroup, key: Key, elapsed_ns: int) -> Finding:
        evidence = tuple(describe_evidence(calls, row) for row in group.rows[:EVIDENCE_LIMIT].tolist())
        return Finding(
            fingerprint=key.fingerprint(),
            kind=key.kind,
            function=key.function,
            callers=key.callers[:ROW_LIMIT],
            caller_count=len(key.callers),
            param_names=key.param_names,
            calls=len(group.rows),
            elapsed_ns=elapsed_ns,
            elapsed_upper_ns=elapsed_ns + sum_exactly(calls.resolution_ns[group.rows]),
            confidence="low",
            reason="times differ from run to run: look whether the same calls are slow again",
            evidence=Rows(len(group.rows), evidence),
        )

    candidates = []
    for group in slow:
        key = Key("slow", group.function, (group.caller,), group.param_names)
        elapsed_ns = sum_exactly(calls.elapsed_ns[group.rows])
        is_shown = shown is None or bool(shown.rows[group.rows].any())
        candidates.append(
            Candidate(
                key=key,
                calls_saved=0,
                possible_calls_saved=0,
                elapsed_ns=elapsed_ns,
                is_low=True,
                is_shown=is_shown,
                describe=partial(describe, group, key, elapsed_ns),
            )
        )
    return candidates
