"""Which processes of two reports are the same one: by name, then by what they did.

A test that was added or dropped must not look like a regression or an improvement, and one that was renamed must not
look like both. Interleaved processes are a sort of their own: their repeats are withheld, so one that is interleaved on
one side only can't be compared.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter

import msgspec

from tracereport.analysis.comparable import count_of_finding
from tracereport.model import FindingKind, Process, Report

NUMBERED_NAME = re.compile(r"process \d+")
"""What a process without a marker is called: its position, which moves when a process before it comes or goes."""
NEAREST_LIMIT = 300
"""Processes of a side among which the nearest are looked for: each is held against each."""

Key = Callable[[Process], Hashable | None]


class Matching(msgspec.Struct, frozen=True):
    """What found no partner, and whether that is too much to be set apart."""

    only_before: tuple[Process, ...]
    only_after: tuple[Process, ...]
    differ: bool
    """The unmatched processes hold more than half of the judged calls of either side."""


def match_processes(before: Report, after: Report, kinds: dict[str, FindingKind]) -> Matching:
    """Pairs the processes of two reports, once each.

    By name, those with equal counts first; then by equal counts per edge and finding, whatever the name. What is only
    numbered goes by its counts: the nearest to the nearest.

    Args:
        before: the baseline.
        after: the report to be judged.
        kinds: the findings that take part, by fingerprint.
    """
    profiles = {
        id(process): _profile(process, kinds) for report in (before, after) for process in report.processes.rows
    }

    def profile(process: Process) -> Hashable:
        return profiles[id(process)]

    def given_name(process: Process) -> Hashable | None:
        return None if _is_numbered(process) else (process.name, process.interleaved)

    def given_name_and_profile(process: Process) -> Hashable | None:
        return given_name(process) and (process.name, profile(process))

    only_before, only_after = before.processes.rows, after.processes.rows
    for key in (given_name_and_profile, given_name, profile):
        only_before, only_after = (
            _without_partner(only_before, only_after, key),
            _without_partner(only_after, only_before, key),
        )
    only_before, only_after = _without_nearest(only_before, only_after)
    differ = any(
        2 * sum(process.calls for process in unmatched if not process.interleaved) > report.totals.judged_calls
        for report, unmatched in ((before, only_before), (after, only_after))
    )
    return Matching(only_before, only_after, differ)


def _is_numbered(process: Process) -> bool:
    return NUMBERED_NAME.fullmatch(process.name) is not None


def _without_nearest(
    before: Sequence[Process], after: Sequence[Process]
) -> tuple[tuple[Process, ...], tuple[Process, ...]]:
    """What is left of either side when the numbered processes are paired, those of the nearest counts first.

    Ties go by how near their positions are, which is the same seen from both sides.
    """
    counts = {
        id(process): Counter({(edge.caller, edge.function): edge.calls for edge in process.by_edge.rows})
        for process in (*before, *after)
    }

    def distance(one: Process, other: Process) -> tuple[int, int, int]:
        here, there = counts[id(one)], counts[id(other)]
        calls = sum(abs(here[edge] - there[edge]) for edge in here.keys() | there.keys())
        return calls, abs(one.index - other.index), min(one.index, other.index)

    pairs = [
        (distance(one, other), one, other)
        for one in filter(_is_numbered, before[:NEAREST_LIMIT])
        for other in filter(_is_numbered, after[:NEAREST_LIMIT])
        if one.interleaved == other.interleaved
    ]
    paired: set[int] = set()
    for _, one, other in sorted(pairs, key=itemgetter(0)):
        if paired.isdisjoint((id(one), id(other))):
            paired |= {id(one), id(other)}
    return (
        tuple(process for process in before if id(process) not in paired),
        tuple(process for process in after if id(process) not in paired),
    )


def _profile(process: Process, kinds: dict[str, FindingKind]) -> Hashable:
    shares = frozenset(
        (share.fingerprint, count)
        for share in process.by_finding.rows
        if share.fingerprint in kinds and (count := count_of_finding(kinds[share.fingerprint], share))
    )
    return process.interleaved, process.by_edge.total, frozenset(process.by_edge.rows), shares


def _without_partner(processes: Sequence[Process], others: Sequence[Process], key: Key) -> tuple[Process, ...]:
    """The processes that find no other of the same key, when each of the others serves once, in order."""
    free = Counter(key(other) for other in others)
    free[None] = 0
    left = []
    for process in processes:
        if free[key(process)] > 0:
            free[key(process)] -= 1
        else:
            left.append(process)
    return tuple(left)
