"""What of two reports is the same: tests by name, wherever they ran, and processes where no test is known.

Which worker runs which test, in which order and how often, is what a scheduler decides. So tests are held against tests
of their name. A name that one side has more often (a test that was tried again) is set apart, and so is what only one
side has: a test that was added or dropped must not look like a regression or an improvement, and one that was renamed
must not look like both.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import itemgetter

import msgspec

from tracereport.judging.comparable import count_of_finding
from tracereport.judging.shares import Share
from tracereport.model import FindingKind

NEAREST_LIMIT = 300
"""Processes of a side among which the nearest are looked for: each is held against each."""

Shares = tuple[Share, ...]
Key = Callable[[Share], Hashable]


class Pair(msgspec.Struct, frozen=True):
    """What is the same on both sides: as many units there as here, summed."""

    before: Shares
    after: Shares

    def of_side(self, side: int) -> Shares:
        """Those of the baseline (0) or of this run (1)."""
        return self.after if side else self.before

    @property
    def has_trees(self) -> bool:
        """Whether every tree of it is known, so that a fan-out can't hide on one side."""
        return all(share.tree != "unknown" for share in (*self.before, *self.after))


class Matching(msgspec.Struct, frozen=True):
    """What is the same on both sides, and what is set apart."""

    pairs: tuple[Pair, ...]
    only_before: Shares
    only_after: Shares

    def of_side(self, side: int) -> Shares:
        """What is compared of the baseline (0) or of this run (1)."""
        return tuple(share for pair in self.pairs for share in pair.of_side(side))

    @property
    def nothing_common(self) -> bool:
        """Each side has something, and nothing is on both."""
        return not self.pairs and bool(self.only_before) and bool(self.only_after)


def match_shares(before: Shares, after: Shares, kinds: dict[str, FindingKind]) -> Matching:
    """Pairs what two reports hold, each once.

    By name, where both sides have it equally often. Of the names that one side alone has, those with equal counts per
    edge and finding: they were renamed. What is only numbered goes by its counts as well, and then the nearest to the
    nearest.

    Args:
        before: of the baseline.
        after: of the report to be judged.
        kinds: the findings that take part, by fingerprint.
    """
    pairs, left, uneven = _match_names(before, after)
    profiles = {id(share): _profile(share, kinds) for side in left for share in side}
    pairs += _pair_equal(*left, lambda share: profiles[id(share)])
    pairs += _pair_nearest(*(_unpaired(side, pairs) for side in left))
    rest = [_unpaired(own, pairs) + more for own, more in zip(left, uneven, strict=True)]
    only_before, only_after = (tuple(sorted(side, key=lambda share: share.index)) for side in rest)
    return Matching(tuple(sorted(pairs, key=lambda pair: pair.after[0].index)), only_before, only_after)


def _unpaired(shares: Sequence[Share], pairs: Sequence[Pair]) -> list[Share]:
    paired = {id(share) for pair in pairs for share in (*pair.before, *pair.after)}
    return [share for share in shares if id(share) not in paired]


Halves = tuple[list[Share], list[Share]]
"""Some of the baseline, some of this run."""


def _match_names(before: Shares, after: Shares) -> tuple[list[Pair], Halves, Halves]:
    """The pairs of one name, what has a name of its own on each side, and what both have in different numbers."""
    here, there = _group(before), _group(after)
    pairs: list[Pair] = []
    uneven: Halves = [], []
    for key in here.keys() & there.keys():
        if len(here[key]) == len(there[key]):
            pairs.append(Pair(tuple(here[key]), tuple(there[key])))
        else:
            uneven[0].extend(here[key])
            uneven[1].extend(there[key])
    known = {id(share) for shares in uneven for share in shares}
    left = [[share for share in _unpaired(side, pairs) if id(share) not in known] for side in (before, after)]
    return pairs, (left[0], left[1]), uneven


def _group(shares: Shares) -> dict[Hashable, list[Share]]:
    groups: dict[Hashable, list[Share]] = defaultdict(list)
    for share in shares:
        if not share.is_numbered:
            groups[share.name, share.interleaved].append(share)
    return groups


def _pair_equal(before: Sequence[Share], after: Sequence[Share], key: Key) -> Iterator[Pair]:
    """Those of the same key, each once, in order."""
    free: dict[Hashable, deque[Share]] = defaultdict(deque)
    for share in after:
        free[key(share)].append(share)
    for share in before:
        if partners := free[key(share)]:
            yield Pair((share,), (partners.popleft(),))


def _pair_nearest(before: Sequence[Share], after: Sequence[Share]) -> Iterator[Pair]:
    """Numbered processes, those of the nearest counts first.

    Ties go by how near their positions are, which is the same seen from both sides.
    """
    sides = [[share for share in side if share.is_numbered][:NEAREST_LIMIT] for side in (before, after)]
    counts = {
        id(share): Counter({(edge.caller, edge.function): edge.calls for edge in share.by_edge.rows})
        for side in sides
        for share in side
    }

    def distance(one: Share, other: Share) -> tuple[int, int, int]:
        here, there = counts[id(one)], counts[id(other)]
        calls = sum(abs(here[edge] - there[edge]) for edge in here.keys() | there.keys())
        return calls, abs(one.process - other.process), min(one.process, other.process)

    candidates = [
        (distance(one, other), one, other)
        for one in sides[0]
        for other in sides[1]
        if one.interleaved == other.interleaved
    ]
    paired: set[int] = set()
    for _, one, other in sorted(candidates, key=itemgetter(0)):
        if paired.isdisjoint((id(one), id(other))):
            paired |= {id(one), id(other)}
            yield Pair((one,), (other,))


def _profile(share: Share, kinds: dict[str, FindingKind]) -> Hashable:
    shares = frozenset(
        (row.fingerprint, count)
        for row in share.by_finding.rows
        if row.fingerprint in kinds and (count := count_of_finding(kinds[row.fingerprint], row))
    )
    return share.interleaved, share.by_edge.total, frozenset(share.by_edge.rows), shares
