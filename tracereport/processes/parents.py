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
    """Per record: number of the call that made it in a nested or given tree; -1 for a root, or where it isn't known."""
    impossible: int
    """Calls that name as their parent one that can't have made them: the trees of their processes are unknown."""


def find_parents(
    process: NDArray[np.uint32],
    number: Whole,
    judged: Bools,
    implausible: Bools,
    signature: NDArray[np.int32],
    caller: NDArray[np.int32],
    function: NDArray[np.int32],
    elapsed_ns: Ints,
    resolution_ns: Ints,
    given_parent: Ints,
    has_parent: Bools,
) -> Trees:
    """The tree of each process, and the parent of each call.

    A process is *given* if all its calls carry ``parent=`` (but unknown if one names a number that isn't smaller than
    its own); else *flat* if its lines stand in the order of their numbers; *nested* if its lines are the pops of a
    stack and what the calls say confirms it (``_find_nested``); else *unknown*. Flat and nested need every number from
    0 to the largest. An interleaved stretch is unknown. Implausible records take no part and have no parent.

    Args:
        process: per record.
        number: per record: the call number, less than 2^63.
        judged: per process: false for an interleaved stretch.
        implausible: per record.
        signature: per record.
        caller: per signature: code of the caller's name, -1 where it is missing or unknown.
        function: per signature: code of the function's name, in the same code space as ``caller``.
        elapsed_ns: per record: its time as recorded.
        resolution_ns: per record: how finely that was measured.
        given_parent: per record: the number that ``parent=`` names, -1 where it names none.
        has_parent: per record: whether it carries ``parent=``.

    Returns:
        One kind per process and one parent per record.
    """
    if np.any(process[1:] < process[:-1]):  # they wrote at the same time, and said who they are
        together = np.argsort(process, kind="stable")
        trees = find_parents(
            process[together],
            number[together],
            judged,
            implausible[together],
            signature[together],
            caller,
            function,
            elapsed_ns[together],
            resolution_ns[together],
            given_parent[together],
            has_parent[together],
        )
        parent = np.empty_like(trees.parent)
        parent[together] = trees.parent
        return Trees(trees.kind, parent, trees.impossible)
    kind = np.full(len(judged), _UNKNOWN, np.uint8)
    rootless = repeat_value(np.int64(NO_PARENT), len(number))
    plausible = _rows_of(~implausible)
    order = number[plausible]
    if not len(order):
        return Trees(kind, rootless, 0)
    owner, first, calls = _processes(process[plausible])

    given = judged[owner] & np.logical_and.reduceat(has_parent[plausible], first)
    ordered = judged[owner] & ~given & (np.maximum.reduceat(order, first) == calls - 1)
    impossible = np.zeros(1, bool)
    if given.any():
        impossible = np.repeat(given, calls) & (given_parent[plausible] >= order)
        given &= ~np.logical_or.reduceat(impossible, first)
    flat = ordered & _ascending(order, first)
    kind[owner[given]] = _GIVEN
    kind[owner[flat]] = _FLAT
    perhaps_nested = ordered & ~flat
    parent = rootless.copy() if given.any() or perhaps_nested.any() else rootless
    if given.any():
        parent[plausible] = np.where(np.repeat(given, calls), given_parent[plausible], NO_PARENT)
    if perhaps_nested.any():
        chosen = _rows_of(np.repeat(perhaps_nested, calls))
        records = chosen if isinstance(plausible, slice) else plausible[chosen]
        size = calls[perhaps_nested]
        nested, parent[records] = _find_nested(
            order[chosen],
            signature[records],
            caller,
            function,
            elapsed_ns[records],
            resolution_ns[records],
            np.cumsum(size) - size,
        )
        kind[owner[perhaps_nested][nested]] = _NESTED
    return Trees(kind, parent, int(np.count_nonzero(impossible)))


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


def _find_nested(
    number: Ints,
    signature: NDArray[np.int32],
    caller: NDArray[np.int32],
    function: NDArray[np.int32],
    elapsed_ns: Ints,
    resolution_ns: Ints,
    first: Ints,
) -> tuple[Bools, Ints]:
    """Which processes are nested, and the parent of each record: its number, or -1.

    Besides the stack, what the calls say must confirm a tree. Calls of several threads can look like one stack, and
    these are the signs of it:

    - an adopted call names another caller than its parent's function, or fewer than three quarters of the adopted ones
      name that;
    - the times of a call's children add up to more than its own can have been: they ran side by side;
    - an adopted call doesn't know its caller, while other calls of its function do. Where a caller can be told, a call
      that has none was made outside of all traced functions.
    """
    found = replay(number, signature, caller, function, elapsed_ns, resolution_ns, first)
    nested = found.works & ~found.is_denied & ~found.is_silent & ~found.is_overfilled
    nested &= 4 * found.confirmed >= 3 * found.adopted
    if not nested.all():
        found.parent[np.repeat(~nested, np.diff(first, append=len(number)))] = NO_PARENT
    return nested, found.parent
