"""Which call made which: the kind of each process's call tree, and each call's parent, as far as the log proves them.

Numbers are given when a call starts, and lines are written when it ends. In one thread the two orders are the pushes
and the pops of one stack, and together they fix the tree; with threads they may look so by chance, and only the callers
that the calls themselves named can tell. So a tree is claimed where the stack works out *and* the callers confirm it.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT, TREE_KINDS
from tracereport.calls.grouping import sum_by

_FLAT, _NESTED, _GIVEN, _UNKNOWN = range(len(TREE_KINDS))
_DEEPEST_RADIX_SORT = np.iinfo(np.uint16).max

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Narrow = NDArray[np.signedinteger[Any]]
"""Positions in as few bytes as they fit in."""


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
    number: NDArray[np.uint64],
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
    parent = np.full(len(number), NO_PARENT, np.int64)
    plausible = np.flatnonzero(~implausible) if implausible.any() else slice(None)
    order = number.view(np.int64)[plausible]
    if not len(order):
        return Trees(kind, parent, 0)
    owner, first, calls = _processes(process[plausible])

    given = judged[owner] & np.logical_and.reduceat(has_parent[plausible], first)
    ordered = judged[owner] & ~given & (np.maximum.reduceat(order, first) == calls - 1)
    impossible = np.repeat(given, calls) & (given_parent[plausible] >= order)
    given &= ~np.logical_or.reduceat(impossible, first)
    flat = ordered & _ascending(order, first)
    kind[owner[given]] = _GIVEN
    kind[owner[flat]] = _FLAT
    if given.any():
        parent[plausible] = np.where(np.repeat(given, calls), given_parent[plausible], NO_PARENT)

    perhaps_nested = np.flatnonzero(np.repeat(ordered & ~flat, calls))
    if len(perhaps_nested):
        records = perhaps_nested if isinstance(plausible, slice) else plausible[perhaps_nested]
        nested, parent[records] = _find_nested(
            order[perhaps_nested],
            process[records],
            caller[signature[records]],
            function[signature[records]],
            elapsed_ns[records],
            resolution_ns[records],
        )
        kind[nested] = _NESTED
    return Trees(kind, parent, int(np.count_nonzero(impossible)))


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
    process: NDArray[np.uint32],
    caller: NDArray[np.int32],
    function: NDArray[np.int32],
    elapsed_ns: Ints,
    resolution_ns: Ints,
) -> tuple[NDArray[np.uint32], Ints]:
    """The processes that are nested, and the parent of each record: its number, or -1.

    Besides the stack, what the calls say must confirm a tree. Calls of several threads can look like one stack, and
    these are the signs of it:

    - an adopted call names another caller than its parent's function, or fewer than three quarters of the adopted ones
      name that;
    - the times of a call's children add up to more than its own can have been: they ran side by side;
    - an adopted call doesn't know its caller, while other calls of its function do. Where a caller can be told, a call
      that has none was made outside of all traced functions.

    All processes are seen as one run of the counter: ``start`` is a call's place in the order of starts, as its
    position here is its place in the order of ends.
    """
    owner, first, calls = _processes(process)
    narrow = np.int32 if len(number) <= np.iinfo(np.int32).max else np.int64
    first_of_call: Narrow = np.repeat(first.astype(narrow), calls)
    start: Narrow = np.add(number, first_of_call, dtype=narrow, casting="same_kind")
    pushed_at, nested = _replay(start, first)

    below = _top_below(pushed_at)[start]
    adopted = (below != NO_PARENT) & np.repeat(nested, calls)
    function_of = np.empty_like(function)
    function_of[start] = function
    named = adopted & (caller >= 0)
    confirmed = named & (caller == function_of[below])
    nested &= _count(named & ~confirmed, first) == 0
    nested &= 4 * _count(confirmed, first) >= 3 * _count(adopted, first)
    nested &= _count(adopted & (caller < 0) & _is_named_elsewhere(first, calls, caller, function), first) == 0
    nested &= _count(_overfilled(start, below, adopted, elapsed_ns, resolution_ns), first) == 0

    adopted &= np.repeat(nested, calls)
    below -= first_of_call
    return owner[nested], np.where(adopted, below, np.int64(NO_PARENT))


def _is_named_elsewhere(first: Ints, calls: Ints, caller: NDArray[np.int32], function: NDArray[np.int32]) -> Bools:
    """Per record: whether a call of its function in its process names its caller."""
    owner = np.repeat(np.arange(len(first)), calls)
    key = owner * (int(function.max(initial=0)) + 1) + function
    distinct, code = np.unique(key, return_inverse=True)
    named = np.zeros(len(distinct), bool)
    named[code[caller >= 0]] = True
    return named[code]


def _overfilled(start: Narrow, below: Narrow, adopted: Bools, elapsed_ns: Ints, resolution_ns: Ints) -> Bools:
    """Per record: whether its children's recorded times add up to more than its own time can have been."""
    inside_ns = sum_by(below[adopted], elapsed_ns[adopted], len(start))[start]
    overfilled: Bools = inside_ns - elapsed_ns >= resolution_ns
    return overfilled


def _count(chosen: Bools, first: Ints) -> Ints:
    """Per process: how many of its records are chosen."""
    return np.add.reduceat(chosen, first, dtype=np.int64)


def _replay(start: Narrow, first: Ints) -> tuple[Narrow, Bools]:
    """Run the log on a stack: the line before which each call is pushed, in the order of starts, and if that works out.

    Before a line is written, every call up to the largest one so far has been pushed. So at its pop the stack holds
    (largest + 1) - (lines before) calls, and at its push it held (its start) - (lines before). The log is that of a
    stack if and only if each call pops from where it was pushed: at one depth pushes and pops take turns, and no call
    pops before its push.
    """
    line = np.arange(len(start), dtype=start.dtype)
    largest = np.maximum.accumulate(start)
    pushed_at = np.repeat(line, np.diff(largest, prepend=start.dtype.type(-1)))
    largest -= line
    works = largest == start - pushed_at[start]
    present = np.zeros(len(start), bool)
    present[start] = True
    return pushed_at, np.logical_and.reduceat(works, first) & np.logical_and.reduceat(present, first)


def _top_below(pushed_at: Narrow) -> Narrow:
    """Per call in the order of starts: the call that it is pushed onto, -1 at the bottom of the stack.

    A call pushed together with the one before it comes to lie on that one. Any other takes the place of the last call
    at its depth, and lies on what that one lay on: so in the order of depth, then start, a call takes the parent of the
    last one up to it that has its own.
    """
    call = np.arange(len(pushed_at), dtype=pushed_at.dtype)
    depth = call - pushed_at
    above = np.flatnonzero(depth > 0)
    depth = depth[above]
    if len(depth) and depth.max() <= _DEEPEST_RADIX_SORT:
        depth = depth.astype(np.uint16)
    above = above[np.argsort(depth, kind="stable")].astype(pushed_at.dtype)
    on_the_one_before = pushed_at[above] == pushed_at[above - 1]
    latest = np.maximum.accumulate(np.where(on_the_one_before, call[: len(above)], 0))
    parent = np.full(len(pushed_at), NO_PARENT, pushed_at.dtype)
    parent[above] = above[latest] - 1
    return parent
