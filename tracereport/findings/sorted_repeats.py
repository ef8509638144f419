"""Every repeat with its finding: *again* by its caller, *shared* by the set of callers that ask for the lookup."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_values
from tracereport.calls.grouping import stable_order
from tracereport.calls.groups import places_of_groups
from tracereport.calls.shapes import find_shapes
from tracereport.findings.interface import Key
from tracereport.measures.answers import code_sequences
from tracereport.measures.context import Context
from tracereport.measures.fanout import NO_GROUP
from tracereport.measures.scopes import LOW

NO_FINDING: Final = -1
NO_SET: Final = -1


class SortedRepeats(msgspec.Struct, frozen=True, eq=False):
    """The repeats by finding, and within one by lookup, unit and number. Columns run over all repeats."""

    keys: tuple[str, ...]
    """The texts of the findings' keys, by code."""
    function: NDArray[np.int64]
    """Per finding the name code of its function."""
    finding: NDArray[np.int64]
    """The code of each repeat's finding, ascending."""
    place: NDArray[np.intp]
    group: NDArray[np.int64]
    """A number of the repeat's lookup and unit, ascending within a finding."""
    is_avoidable: NDArray[np.bool_]
    """A batch would replace it: it saves nothing else."""
    saver: NDArray[np.int64]
    """The finding whose fix saves it if its answers prove anything; ``NO_FINDING`` for none."""

    def is_first_of_group(self) -> NDArray[np.bool_]:
        """Which repeats are the first of their lookup and unit in their finding."""
        first = np.ones(len(self.place), bool)
        first[1:] = (self.group[1:] != self.group[:-1]) | (self.finding[1:] != self.finding[:-1])
        return first

    def sizes(self) -> NDArray[np.int64]:
        """Of each repeat how many there are of its lookup and unit in its finding."""
        start = np.flatnonzero(self.is_first_of_group())
        size = np.diff(start, append=len(self.place))
        return np.repeat(size, size)


def sort_repeats(context: Context) -> SortedRepeats:
    """Puts every repeat into its finding, and finds which finding's fix would save it."""
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    groups = repeats.lookups
    repeated = np.flatnonzero(groups.length > 1)
    place = groups.order[~groups.is_first]
    group = np.repeat(np.arange(len(repeated)), groups.length[repeated] - 1)
    shapes = find_shapes(calls.lookups, groups.code[repeated])
    shape = shapes.shape[group].astype(np.int64)
    again = repeats.again[place]
    sets, set_of_group = _find_caller_sets(context, repeated)
    own_caller = calls.signatures.caller[ordered.signature[place]].astype(np.int64) + 1
    width = max(len(calls.names) + 1, len(sets))
    shared_key = shape * 2 * width + np.maximum(set_of_group[group], 0)
    key = np.where(again, (shape * 2 + 1) * width + own_caller, shared_key)
    distinct, finding = code_values(key, max(len(shapes.function), 1) * 2 * width)
    keys = []
    for value in distinct.tolist():
        shape_again, who = divmod(value, width)
        own_shape, is_again = divmod(shape_again, 2)
        callers = (calls.name(who - 1),) if is_again else sets[who]
        kind = "again" if is_again else "shared"
        keys.append(Key(kind, shapes.function[own_shape], callers, shapes.param_names[own_shape]))
    is_avoidable = _find_avoidable(context)[place]
    saver = np.full(len(place), NO_FINDING)
    is_saved = (repeats.own | (repeats.unchanged & ~repeats.again & ~repeats.cached))[place] & ~is_avoidable
    saver[is_saved] = finding[is_saved]
    # Where one caller alone asks, nobody can hand on: a write stands between its questions.
    is_handed = repeats.handed_on[place] & ~is_avoidable & (set_of_group[group] != NO_SET)
    saver[is_handed] = np.searchsorted(distinct, shared_key[is_handed])
    order = stable_order(finding, max(len(keys), 1))
    code_of_name = {name: code for code, name in enumerate(calls.names)}
    return SortedRepeats(
        keys=tuple(own.text() for own in keys),
        function=np.array([code_of_name[own.function] for own in keys], np.int64),
        finding=finding[order].astype(np.int64),
        place=place[order],
        group=group[order],
        is_avoidable=is_avoidable[order],
        saver=saver[order],
    )


def _find_avoidable(context: Context) -> NDArray[np.bool_]:
    """Which calls a batch would replace, in scopes that are certain enough."""
    fanouts = context.fanouts
    is_certain = np.append(fanouts.certainty != LOW, [False])
    group = np.where(fanouts.group_of_place == NO_GROUP, -1, fanouts.group_of_place)
    avoidable: NDArray[np.bool_] = fanouts.is_avoidable & is_certain[group]
    return avoidable


def _find_caller_sets(
    context: Context, repeated: NDArray[np.intp]
) -> tuple[list[tuple[str | None, ...]], NDArray[np.int64]]:
    """The sets of callers that share lookups, and which of them each repeated group has (``NO_SET`` where one asks)."""
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    groups = repeats.lookups
    shared = np.flatnonzero(groups.count(~repeats.again)[repeated] > 1)
    places = places_of_groups(groups, repeated[shared])
    owner = np.repeat(np.arange(len(shared)), groups.length[repeated[shared]])
    # A group's callers are those of the calls that come first of their signature.
    first = ~repeats.again[places]
    caller = calls.signatures.caller[ordered.signature[places[first]]].astype(np.int64) + 1
    owner = owner[first]
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
    set_of_group = np.full(len(repeated), NO_SET)
    set_of_group[shared] = set_code
    return sets, set_of_group
