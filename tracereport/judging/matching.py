"""Which processes of two reports are the same one: by name, then by what they did.

A test that was added or dropped must not look like a regression or an improvement, and one that was renamed must not
look like both. Interleaved processes are a sort of their own: their repeats are withheld, so one that is interleaved on
one side only can't be compared.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import itemgetter

import msgspec

from tracereport.judging.comparable import count_of_finding
from tracereport.model import FindingKind, Process, Report

NUMBERED_NAME = re.compile(r"process \d+")
"""What a process without a marker is called: its position, which moves when a process before it comes or goes."""
NEAREST_LIMIT = 300
"""Processes of a side among which the nearest are looked for: each is held against each."""

Key = Callable[[Process], Hashable | None]
Pair = tuple[Process, Process]


class Matching(msgspec.Struct, frozen=True):
    """Which processes are the same one, what found no partner, and whether that is too much to be set apart."""

    pairs: tuple[Pair, ...]
    """The same process in the baseline and in this run."""
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

    pairs: list[Pair] = []
    for key in (given_name_and_profile, given_name, profile):
        pairs += _pair_equal(_unpaired(before, pairs, 0), _unpaired(after, pairs, 1), key)
    pairs += _pair_nearest(_unpaired(before, pairs, 0), _unpaired(after, pairs, 1))
    only_before, only_after = _unpaired(before, pairs, 0), _unpaired(after, pairs, 1)
    differ = any(
        2 * sum(process.calls for process in unmatched if not process.interleaved) > report.totals.judged_calls
        for report, unmatched in ((before, only_before), (after, only_after))
    )
    return Matching(tuple(pairs), only_before, only_after, differ)


def _is_numbered(process: Process) -> bool:
    return NUMBERED_NAME.fullmatch(process.name) is not None


def _unpaired(report: Report, pairs: Sequence[Pair], side: int) -> tuple[Process, ...]:
    paired = {id(pair[side]) for pair in pairs}
    return tuple(process for process in report.processes.rows if id(process) not in paired)


def _pair_equal(before: Sequence[Process], after: Sequence[Process], key: Key) -> Iterator[Pair]:
    """Processes of the same key, each once, in order."""
    free: dict[Hashable, deque[Process]] = defaultdict(deque)
    for process in after:
        free[key(process)].append(process)
    free[None].clear()
    for process in before:
        if partners := free[key(process)]:
            yield process, partners.popleft()


def _pair_nearest(before: Sequence[Process], after: Sequence[Process]) -> Iterator[Pair]:
    """Numbered processes, those of the nearest counts first.

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

    candidates = [
        (distance(one, other), one, other)
        for one in filter(_is_numbered, before[:NEAREST_LIMIT])
        for other in filter(_is_numbered, after[:NEAREST_LIMIT])
        if one.interleaved == other.interleaved
    ]
    paired: set[int] = set()
    for _, one, other in sorted(candidates, key=itemgetter(0)):
        if paired.isdisjoint((id(one), id(other))):
            paired |= {id(one), id(other)}
            yield one, other


def _profile(process: Process, kinds: dict[str, FindingKind]) -> Hashable:
    shares = frozenset(
        (share.fingerprint, count)
        for share in process.by_finding.rows
        if share.fingerprint in kinds and (count := count_of_finding(kinds[share.fingerprint], share))
    )
    return process.interleaved, process.by_edge.total, frozenset(process.by_edge.rows), shares
