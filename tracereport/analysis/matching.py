"""Which processes of two reports are the same one: by name, then by what they did.

A test that was added or dropped must not look like a regression or an improvement, and one that was renamed must not
look like both. Interleaved processes are a sort of their own: their repeats are withheld, so one that is interleaved on
one side only can't be compared.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

import msgspec

from tracereport.analysis.comparable import count_of_finding
from tracereport.model import FindingKind, Process, Report

NUMBERED_NAME = re.compile(r"process \d+")
"""What a process without a marker is called: its position, which moves when a process before it comes or goes."""

Key = Callable[[Process], Hashable | None]


class Matching(msgspec.Struct, frozen=True):
    """What found no partner, and whether that is too much to be set apart."""

    only_before: tuple[Process, ...]
    only_after: tuple[Process, ...]
    differ: bool
    """The unmatched processes hold more than half of the judged calls of either side."""


def match_processes(before: Report, after: Report, kinds: dict[str, FindingKind]) -> Matching:
    """Pairs the processes of two reports, once each.

    By name, those with equal counts first; then by equal counts per edge and finding, whatever the name; a process that
    is only numbered goes by its counts before its number.

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

    def name(process: Process) -> Hashable:
        return process.name, process.interleaved

    def given_name(process: Process) -> Hashable | None:
        return None if NUMBERED_NAME.fullmatch(process.name) else name(process)

    def given_name_and_profile(process: Process) -> Hashable | None:
        return given_name(process) and (process.name, profile(process))

    only_before, only_after = before.processes.rows, after.processes.rows
    for key in (given_name_and_profile, given_name, profile, name):
        only_before, only_after = (
            _without_partner(only_before, only_after, key),
            _without_partner(only_after, only_before, key),
        )
    differ = any(
        2 * sum(process.calls for process in unmatched if not process.interleaved) > report.totals.judged_calls
        for report, unmatched in ((before, only_before), (after, only_after))
    )
    return Matching(only_before, only_after, differ)


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
