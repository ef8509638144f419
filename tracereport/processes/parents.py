"""Which call made which: the kind of each process's call tree, and each call's parent, as far as the log proves them.

Numbers are given when a call starts, and lines are written when it ends. In one thread the two orders are the pushes
and the pops of one stack, and together they fix the tree; with threads they may look so by chance, and only the callers
that the calls themselves named can tell. So a tree is claimed where the stack works out *and* the callers confirm it.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT, TREE_KINDS
from tracereport.calls.constant import Whole, repeat_value
from tracereport.native.stack import replay

_FLAT, _NESTED, _GIVEN, _UNKNOWN = range(len(TREE_KINDS))

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Trees(msgspec.Struct, frozen=True):
    """The call trees of all processes."""

    kind: NDArray[np.uint8]
    """Per process: index into ``TREE_KINDS``."""
    parent: Ints
    """Per record: number of the call that made it in a nested or given tree; ``NO_PARENT`` for a root or unknown."""
    impossible: int
    """Calls that name as their parent one that can't have made them: the trees of their processes are unknown."""


class TreeRecords(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What records say that tells of their trees: one entry each, but for callers and functions."""

    process: NDArray[np.uint32]
    number: Whole
    """The call number, less than 2^63."""
    implausible: Bools
    """It takes no part, and has no parent."""
    signature: NDArray[np.int32]
    elapsed_ns: Ints
    """The time as recorded."""
    resolution_ns: Ints
    """How finely that was measured."""
    given_parent: Ints
    """The number that ``parent=`` names; ``NO_PARENT`` where it names none."""
    has_parent: Bools
    """Whether it carries ``parent=``."""
    caller: NDArray[np.int32]
    """Per signature: the code of the caller's name; ``NO_NAME`` where it is missing or unknown."""
    function: NDArray[np.int32]
    """Per signature: the code of the function's name, of the same names."""

    def take(self, rows: Ints) -> "TreeRecords":
        """Some of the records, by their indices."""
        return TreeRecords(
            process=self.process[rows],
            number=self.number[rows],
            implausible=self.implausible[rows],
            signature=self.signature[rows],
            elapsed_ns=self.elapsed_ns[rows],
            resolution_ns=self.resolution_ns[rows],
            given_parent=self.given_parent[rows],
            has_parent=self.has_parent[rows],
            caller=self.caller,
            function=self.function,
        )


def find_parents(records: TreeRecords, judged: Bools) -> Trees:
    """The tree of each process, and the parent of each call.

    A process is *given* if all its calls carry ``parent=`` (but unknown if one names a number that isn't smaller than
    its own); else *flat* if its lines stand in the order of their numbers; *nested* if its lines are the pops of a
    stack and what the calls say confirms it (``_find_nested``); else *unknown*. Flat and nested need every number from
    0 to the largest. An interleaved stretch is unknown.

    Args:
        records: in the order of the log.
        judged: per process: false for an interleaved stretch.

    Returns:
        One kind per process and one parent per record.
    """
    if np.all(records.process[1:] >= records.process[:-1]):
        return _find_parents(records, judged)
    # Several processes wrote at the same time, and said who they are.
    together = np.argsort(records.process, kind="stable")
    trees = _find_parents(records.take(together), judged)
    parent = np.empty_like(trees.parent)
    parent[together] = trees.parent
    return Trees(trees.kind, parent, trees.impossible)


def _find_parents(records: TreeRecords, judged: Bools) -> Trees:
    """As above, of processes that stand one behind the other."""
    kind = np.full(len(judged), _UNKNOWN, np.uint8)
    parent = repeat_value(np.int64(NO_PARENT), len(records.number))
    plausible = _rows_of(~records.implausible)
    number = records.number[plausible]
    if not len(number):
        return Trees(kind, parent, 0)
    owner, first, calls = _processes(records.process[plausible])
    given = judged[owner] & np.logical_and.reduceat(records.has_parent[plausible], first)
    is_whole = judged[owner] & ~given & (np.maximum.reduceat(number, first) == calls - 1)
    flat = is_whole & _ascending(number, first)
    perhaps_nested = is_whole & ~flat
    impossible = 0
    if given.any() or perhaps_nested.any():
        parent = parent.copy()
    if given.any():
        is_impossible = np.repeat(given, calls) & (records.given_parent[plausible] >= number)
        given &= ~np.logical_or.reduceat(is_impossible, first)
        impossible = int(np.count_nonzero(is_impossible))
        parent[plausible] = np.where(np.repeat(given, calls), records.given_parent[plausible], NO_PARENT)
    if perhaps_nested.any():
        chosen = _rows_of(np.repeat(perhaps_nested, calls))
        rows = chosen if isinstance(plausible, slice) else plausible[chosen]
        size = calls[perhaps_nested]
        nested, parent[rows] = _find_nested(records, rows, np.cumsum(size) - size)
        kind[owner[perhaps_nested][nested]] = _NESTED
    kind[owner[given]] = _GIVEN
    kind[owner[flat]] = _FLAT
    return Trees(kind, parent, impossible)


def _rows_of(mask: Bools) -> Ints | slice:
    """The indices of a mask; all of them as a slice, by which nothing is copied."""
    return slice(None) if mask.all() else np.flatnonzero(mask)


def _processes(process: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], Ints, Ints]:
    """The processes that occur, the position of each one's first record, and how many it has."""
    first = np.flatnonzero(np.concatenate(([True], process[1:] != process[:-1])))
    return process[first], first, np.diff(first, append=len(process))


def _ascending(number: Ints, first: Ints) -> Bools:
    """Per process: whether its lines stand in the order of their numbers."""
    rises = np.concatenate(([True], number[1:] > number[:-1]))
    rises[first] = True
    return np.logical_and.reduceat(rises, first)


def _find_nested(records: TreeRecords, rows: Ints | slice, first: Ints) -> tuple[Bools, Ints]:
    """Which processes are nested, and the parent of each of these rows: its number, or ``NO_PARENT``.

    Besides the stack, what the calls say must confirm a tree. Calls of several threads can look like one stack, and
    these are the signs of it:

    - an adopted call names another caller than its parent's function, or fewer than three quarters of the adopted ones
      name that;
    - the times of a call's children add up to more than its own can have been: they ran side by side;
    - an adopted call doesn't know its caller, while other calls of its function do. Where a caller can be told, a call
      that has none was made outside of all traced functions.
    """
    number = records.number[rows]
    found = replay(
        number,
        records.signature[rows],
        records.caller,
        records.function,
        records.elapsed_ns[rows],
        records.resolution_ns[rows],
        first,
    )
    nested = found.works & ~found.is_denied & ~found.is_silent & ~found.is_overfilled
    nested &= 4 * found.confirmed >= 3 * found.adopted
    if not nested.all():
        found.parent[np.repeat(~nested, np.diff(first, append=len(number)))] = NO_PARENT
    return nested, found.parent
