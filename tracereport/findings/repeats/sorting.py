"""Every repeat with its finding: *again* by its caller, *shared* by the set of callers that ask for the lookup."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_values
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.findings.interface import Key
from tracereport.measures.answers import code_sequences
from tracereport.measures.context import Context
from tracereport.measures.traits import AGAIN, AVOIDABLE, CACHED, HANDED_ON, OWN, REPEAT, UNCHANGED
from tracereport.native.keys import factorize
from tracereport.native.tally import Mask

NO_FINDING: Final = -1
_SHARED_UNCHANGED: Final = Mask(UNCHANGED, lacking=AGAIN | CACHED)


class SortedRepeats(msgspec.Struct, frozen=True, eq=False):
    """The repeats by finding, as cells: calls that are alike in all that is counted are of one finding."""

    keys: tuple[str, ...]
    """The texts of the findings' keys, by code."""
    function: NDArray[np.int64]
    """Per finding the name code of its function."""
    finding: NDArray[np.int32]
    """Per cell the code of its finding; ``NO_FINDING`` for what is no repeat."""
    saver: NDArray[np.int32]
    """Per cell the finding whose fix saves it if its answers prove anything; ``NO_FINDING`` for none."""
    again: NDArray[np.int32]
    """Per group of a signature the finding of its *again* repeats; ``NO_FINDING`` without any."""
    shared: NDArray[np.int32]
    """Per group of a lookup the finding of its *shared* repeats; ``NO_FINDING`` without any."""
    callers: NDArray[np.int64]
    """Per group of a lookup how many ask for it."""

    def sizes(self, context: Context) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Of each finding's lookups and units how many repeats of it there are: the finding, and the size."""
        signatures = context.repeats.signatures
        has_again, has_shared = self.again != NO_FINDING, self.shared != NO_FINDING
        return (
            np.concatenate((self.again[has_again], self.shared[has_shared])),
            np.concatenate((signatures.length[has_again], self.callers[has_shared])) - 1,
        )

    def sizes_of(self, context: Context, chosen: NDArray[np.intp]) -> NDArray[np.int64]:
        """Of each of these cells how many repeats there are of its lookup and unit in its finding."""
        repeats, cells = context.repeats, context.cells
        is_again, place = Mask(AGAIN).of(cells.traits[chosen]), cells.place[chosen]
        again = repeats.signatures.length[repeats.signatures.of_place[place]]
        sizes: NDArray[np.int64] = np.where(is_again, again, self.callers[repeats.lookups.of_place[place]]) - 1
        return sizes


def sort_repeats(context: Context) -> SortedRepeats:
    """Puts the repeats into their findings, once for all who ask."""
    return context.make_once("sorted_repeats", lambda: _sort_repeats(context))


def _sort_repeats(context: Context) -> SortedRepeats:
    """Puts every cell of repeats into its finding, and finds which finding's fix would save it."""
    calls, repeats = context.calls, context.repeats
    lookups, signatures = repeats.lookups, repeats.signatures
    lookup_of_signature = lookups.of_place[signatures.first]
    callers = np.bincount(lookup_of_signature, minlength=len(lookups))
    again = np.flatnonzero(signatures.length > 1)
    shared = np.flatnonzero(callers > 1)
    caller = calls.signatures.caller[signatures.code].astype(np.int64) + 1
    sets, set_of_shared = _find_caller_sets(context, shared, lookup_of_signature, caller)
    shapes, shape_of_group = _find_shapes(context)
    width = max(len(calls.names) + 1, len(sets))
    keys = np.concatenate(
        (
            (shape_of_group[lookup_of_signature[again]] * 2 + 1) * width + caller[again],
            shape_of_group[shared] * 2 * width + set_of_shared,
        )
    )
    distinct, finding = code_values(keys, max(len(shapes.function), 1) * 2 * width)
    # Each has a last entry for places of no group.
    of_again = np.full(len(signatures) + 1, NO_FINDING, np.int32)
    of_shared = np.full(len(lookups) + 1, NO_FINDING, np.int32)
    of_again[again], of_shared[shared] = finding[: len(again)], finding[len(again) :]
    place, traits = context.cells.place, context.cells.traits
    shared_at = of_shared[lookups.of_places(place)]
    found = np.where(Mask(AGAIN).of(traits), of_again[signatures.of_places(place)], shared_at)
    found[~Mask(REPEAT).of(traits)] = NO_FINDING
    is_saved = Mask(OWN).of(traits) | _SHARED_UNCHANGED.of(traits)
    # Where one caller alone asks, nobody can hand on: a write stands between its questions.
    saver = np.where(is_saved, found, np.where(HANDED_ON.of(traits), shared_at, np.int32(NO_FINDING)))
    saver[Mask(AVOIDABLE).of(traits)] = NO_FINDING
    own_keys = [_make_key(context, value, width, shapes, sets) for value in distinct.tolist()]
    code_of_name = {name: code for code, name in enumerate(calls.names)}
    return SortedRepeats(
        keys=tuple(own.text() for own in own_keys),
        function=np.array([code_of_name[own.function] for own in own_keys], np.int64),
        finding=found,
        saver=saver,
        again=of_again[:-1],
        shared=of_shared[:-1],
        callers=callers,
    )


def _make_key(context: Context, value: int, width: int, shapes: Shapes, sets: list[tuple[str | None, ...]]) -> Key:
    shape_again, who = divmod(value, width)
    shape, is_again = divmod(shape_again, 2)
    callers = (context.calls.name(who - 1),) if is_again else sets[who]
    return Key("again" if is_again else "shared", shapes.function[shape], callers, shapes.param_names[shape])


def _find_shapes(context: Context) -> tuple[Shapes, NDArray[np.int64]]:
    """The shapes of what is asked for again, and of each such group of a lookup which one; -1 for others."""
    groups = context.repeats.lookups
    repeated = np.flatnonzero(groups.length > 1)
    lookup, first = factorize(groups.code[repeated])
    shapes = find_shapes(context.calls.lookups, groups.code[repeated[first]])
    shape_of_group = np.full(len(groups), -1, np.int64)
    shape_of_group[repeated] = shapes.shape[lookup]
    return shapes, shape_of_group


def _find_caller_sets(
    context: Context,
    shared: NDArray[np.intp],
    lookup_of_signature: NDArray[np.int32],
    caller: NDArray[np.int64],
) -> tuple[list[tuple[str | None, ...]], NDArray[np.int64]]:
    """The sets of callers that share lookups, and which of them each of these groups of a lookup has.

    Args:
        context: of the calls.
        shared: groups of lookups that several ask for.
        lookup_of_signature: per group of a signature that of its lookup.
        caller: per group of a signature the name code of who asks, moved up by one.
    """
    calls = context.calls
    index = np.full(len(context.repeats.lookups), -1, np.int64)
    index[shared] = np.arange(len(shared))
    owner = index[lookup_of_signature]
    caller, owner = caller[owner >= 0], owner[owner >= 0]
    # Names are sorted; a missing caller, moved up to 0, comes last.
    rank = np.concatenate(([len(calls.names)], np.arange(len(calls.names))))
    order = np.lexsort((rank[caller], owner))
    caller, owner = caller[order], owner[order]
    codes = code_sequences(owner, caller, len(shared))
    end = np.cumsum(np.bincount(owner, minlength=len(shared)))
    _, first_group, set_code = np.unique(codes, return_index=True, return_inverse=True)
    sets = [
        tuple(calls.name(code - 1) for code in caller[(end[index - 1] if index else 0) : end[index]].tolist())
        for index in first_group.tolist()
    ]
    return sets, set_code
