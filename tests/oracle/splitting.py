"""The call numbers between two markers -> processes, the slow and obvious way: sets, counters and loops.

A *reading* is a list of cuts: the positions at which pieces start, and the end. A *block* is a range of pieces.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

GAP = 100_000
OPEN_CALLS = 100
LONG_PAUSE = 8
SMALL_START = 16
TELLING_PIECES = 8


@dataclass(frozen=True)
class Stretch:
    """A process, or lines of several that can't be told apart."""

    start: int
    end: int
    """Positions in the numbers that were given; implausible ones stand inside as well."""
    judged: bool


def split_numbers(numbers: Sequence[int]) -> tuple[list[Stretch], set[int]]:
    """The processes of one segment, and the positions of its implausible numbers."""
    groups = split_cut_off(numbers)
    stretches: list[Stretch] = []
    implausible: set[int] = set()
    for begin, end in pairwise(groups):
        own = numbers[begin:end]
        far = find_implausible(own)
        implausible |= {begin + position for position in far}
        plausible = [position for position in range(len(own)) if position not in far]
        found = judge([own[position] for position in plausible])
        # An implausible record stands with the plausible one before it; the first ones with the one behind.
        starts = [begin + (plausible[start] if start else 0) for start, _ in found]
        for (start, stop), (_, judged) in zip(pairwise([*starts, end]), found, strict=True):
            stretches.append(Stretch(start, stop, judged))
    return stretches, implausible


def split_cut_off(numbers: Sequence[int]) -> list[int]:
    """Where the end of a log that was cut off stops and the next process begins, if it does: positions, and the end."""
    least_before = list(accumulate(numbers, min))
    most_behind = list(accumulate(reversed(numbers), max))[::-1]
    for cut in range(1, len(numbers)):
        if least_before[cut - 1] - most_behind[cut] > OPEN_CALLS:
            is_dense = cut > 1 and 2 * cut > max(numbers[:cut]) - min(numbers[:cut])
            return [0, cut, len(numbers)] if is_dense else [0, len(numbers)]
    return [0, len(numbers)]


def find_implausible(numbers: Sequence[int]) -> set[int]:
    """Positions of numbers that are a few beside many in their piece, with a wide gap between; until none is left."""
    implausible: set[int] = set()
    while True:
        kept = [position for position in range(len(numbers)) if position not in implausible]
        cuts = cut_late([numbers[position] for position in kept])
        found = set().union(*(few_beside_many(kept[start:end], numbers) for start, end in pairwise(cuts)))
        if not found:
            return implausible
        implausible |= found


def few_beside_many(positions: Sequence[int], numbers: Sequence[int]) -> set[int]:
    """Those of one piece's positions that lie beyond a gap, fewer than a tenth of all."""
    ordered = sorted(positions, key=lambda position: numbers[position])
    few: set[int] = set()
    for rank in range(1, len(ordered)):
        if numbers[ordered[rank]] - numbers[ordered[rank - 1]] > GAP:
            for side in (ordered[:rank], ordered[rank:]):
                if 10 * len(side) < len(ordered):
                    few.update(side)
    return few


def cut_late(numbers: Sequence[int]) -> list[int]:
    """Each piece goes on up to the first number that it has used."""
    cuts = [0]
    used: set[int] = set()
    for position, number in enumerate(numbers):
        if number in used:
            cuts.append(position)
            used = set()
        used.add(number)
    return [*cuts, len(numbers)]


def cut_early(numbers: Sequence[int]) -> list[int]:
    """The same, read backwards."""
    return sorted(len(numbers) - cut for cut in cut_late(numbers[::-1]))


def judge(numbers: Sequence[int]) -> list[tuple[int, bool]]:
    """Where each process or mixed stretch starts, and whether it can be judged."""
    late, early = cut_late(numbers), cut_early(numbers)
    pieces = len(late) - 1
    blocks = join_blocks(numbers, late)
    clean = alone(blocks)
    judged = clean - find_doubtful(numbers, late, blocks)
    starts = late[:-1]
    early_clean = alone(join_blocks(numbers, early))
    well = {cut for cut in range(pieces + 1) if starts_well(numbers, early, late, cut, early_clean)}
    sure = [cut for cut in range(pieces + 1) if late[cut] == early[cut]]
    for first, end in pairwise(sure):
        zone = range(first, end)
        better = {piece for piece in zone if piece in early_clean and {piece, piece + 1} <= well}
        if len(zone) > 1 and better and not clean & set(zone):
            judged |= better
            starts[first:end] = early[first:end]
    return [
        (start, piece in judged)
        for piece, start in enumerate(starts)
        if piece in judged or piece == 0 or piece - 1 in judged
    ]


def starts_well(numbers: Sequence[int], early: Sequence[int], late: Sequence[int], cut: int, clean: set[int]) -> bool:
    """Whether a process may start at the early cut: nobody doubts it, or the lines in dispute fit better behind it."""
    if early[cut] == late[cut]:
        return True
    before, piece = numbers[early[cut - 1] : early[cut]], numbers[early[cut] : early[cut + 1]]
    disputed = numbers[early[cut] : late[cut]]
    if piece[0] >= SMALL_START or max(disputed) >= max(piece):
        return False
    smaller = [number for number in piece if number < piece[0]]
    return bool(set(disputed) & set(before)) or cut - 1 not in clean or falls(smaller)


@dataclass(frozen=True)
class Price:
    """A block read as the cheapest set of processes."""

    ends: set[int]
    """Their largest numbers."""
    gaps: list[range]
    """Runs of numbers that some of them lack."""
    was_cut_off: bool
    """The first gap stands where a log was cut off."""


def price(numbers: Sequence[int]) -> Price:
    """As many processes reach a number as the most frequent number from there on is frequent; the rarer are lacking."""
    count = Counter(numbers)
    ends: set[int] = set()
    gaps: list[range] = []
    reach = 0
    full_from = max(numbers) + 1
    for number in sorted(count, reverse=True):
        if count[number] < reach:
            continue
        if number + 1 < full_from:
            gaps.append(range(number + 1, full_from))
        full_from = number
        if count[number] > reach:
            ends.add(number)
            reach = count[number]
    if full_from:
        gaps.append(range(full_from))
    return Price(ends, gaps, min(numbers) > OPEN_CALLS)


def join_blocks(numbers: Sequence[int], cuts: Sequence[int]) -> list[range]:
    """Pieces in blocks, joined nearest first as long as one ends in a gap of another."""
    blocks = [range(piece, piece + 1) for piece in range(len(cuts) - 1)]
    while True:
        prices = [price(numbers[cuts[block.start] : cuts[block.stop]]) for block in blocks]
        pairs = [
            (min(one, other), max(one, other))
            for one in range(len(blocks))
            for other in range(len(blocks))
            if fills(prices[one], prices[other], other - one)
        ]
        nearest = min((upper - lower for lower, upper in pairs), default=0)
        if not nearest:
            return blocks
        joined = {block for lower, upper in pairs if upper - lower == nearest for block in range(lower + 1, upper + 1)}
        starts = [block.start for place, block in enumerate(blocks) if place not in joined]
        blocks = [range(first, end) for first, end in pairwise([*starts, len(cuts) - 1])]


def alone(blocks: Sequence[range]) -> set[int]:
    """The pieces that were joined to none."""
    return {block.start for block in blocks if len(block) == 1}


def fills(one: Price, other: Price, distance: int) -> bool:
    """Whether the other block, so many blocks behind, ends in a gap of the one."""
    if distance == 0:
        return False
    gaps = one.gaps
    if one.was_cut_off and distance > 0:
        gaps = [gap for gap in gaps if gap.start > 0]
    return any(end in gap for end in other.ends for gap in gaps if len(gap) > 1 or abs(distance) <= LONG_PAUSE)


def find_doubtful(numbers: Sequence[int], cuts: Sequence[int], blocks: Sequence[range]) -> set[int]:
    """The pieces beside a cut that may as well lie earlier.

    From the last cut to the first: lines that the next cut puts in doubt are left out of the piece behind this one.
    """
    clean = alone(blocks)
    doubtful: set[int] = set()
    nested: set[int] = set()
    pieces = [numbers[start:end] for start, end in pairwise(cuts)]
    sure = list(pieces)
    for piece in reversed(range(1, len(pieces))):
        if not {piece - 1, piece} & clean:
            continue
        before, behind = pieces[piece - 1], sure[piece]
        block = next(block for block in blocks if piece in block)
        gaps = price(numbers[cuts[block.start] : cuts[block.stop]]).gaps
        for size in range(1, len(before)):
            kept, moved = before[:-size], before[-size:]
            if set(moved) & set(behind):
                break
            lost = lacking(kept) - lacking(before) if piece - 1 in clean else 0
            if piece in clean:
                lost += lacking([*moved, *behind]) - lacking(behind)
            else:
                lost -= sum(any(number in gap for gap in gaps) for number in moved)
            if lost > 0:
                continue
            if max(moved) < max(behind) or moved[0] < max(behind):
                doubtful |= {piece - 1, piece}
                sure[piece - 1] = kept
            elif falls(behind):
                nested |= {piece - 1, piece}
    others = [pieces[piece] for piece in clean - doubtful - nested if not falls(pieces[piece])]
    if len(others) >= TELLING_PIECES and all(piece[-1] for piece in others):
        return doubtful
    return doubtful | nested


def lacking(piece: Sequence[int]) -> int:
    """How many numbers from 0 to the piece's largest it doesn't hold; it holds none twice."""
    return max(piece) + 1 - len(piece)


def falls(piece: Sequence[int]) -> bool:
    """Whether each number is smaller than the one before."""
    return all(number > following for number, following in pairwise(piece))
