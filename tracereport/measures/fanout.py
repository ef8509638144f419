"""Fan-outs (N+1): calls of one shape under one parent that differ in one parameter, which one batch call could replace.

Where no tree is known, and among roots, they are looked for in the whole process and marked low: a busy caller of a
test suite looks the same. Parameters that vary one to one in a group vary together. Recursion is none.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT
from tracereport.calls.coding import code_values, spread
from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank, stable_order, sum_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.measures.variation import NO_SET, Table, find_sets
from tracereport.model import FanOut, Rows

NO_GROUP = -1
NO_SCOPE = 0


class FanOutGroups(msgspec.Struct, frozen=True, eq=False):
    """All fan-outs, in the order of their first calls: one entry per group but for ``group_of_place``."""

    shapes: Shapes
    varying: tuple[tuple[int, ...], ...]
    """Positions of the parameters that vary together, the first by name first."""
    shape: NDArray[np.int32]
    caller: NDArray[np.int32]
    """Name code."""
    varying_code: NDArray[np.int64]
    """Index into ``varying``."""
    process: NDArray[np.int32]
    parent: NDArray[np.intp]
    """Place of the parent; ``NOWHERE`` without one, or where it never printed."""
    is_low: NDArray[np.bool_]
    """No parent is known: the group is of the whole process."""
    distinct_values: NDArray[np.int64]
    calls: NDArray[np.int64]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]
    first: NDArray[np.int64]
    """Place of the first call."""
    group_of_place: NDArray[np.int32]
    """Per judged call the group that it is in, ``NO_GROUP`` if none."""
    is_avoidable: NDArray[np.bool_]
    """Per judged call whether it is the first in its group to ask for its value, and not the first of them all."""

    def __len__(self) -> int:
        """The number of fan-outs."""
        return len(self.shape)

    def varying_params(self, group: int) -> tuple[str, ...]:
        """The names of the parameters that vary in a group, the key first."""
        names = self.shapes.param_names[self.shape[group]]
        return tuple(names[position] for position in self.varying[self.varying_code[group]])


class _Asked(msgspec.Struct, frozen=True, eq=False):
    """What is asked in each scope: one row per scope and signature."""

    row_of_place: NDArray[np.int32]
    """The row of each judged call."""
    scope: NDArray[np.int64]
    signature: NDArray[np.int64]


def find_fanouts(ordered: OrderedCalls, least_values: int) -> FanOutGroups:
    """Finds the groups of at least ``least_values`` distinct values, on the distinct lookups of each scope."""
    calls = ordered.calls
    scope, scopes = _code_scopes(ordered, least_values)
    asked = _list_asked(ordered, scope, scopes)
    row, asker = _find_askers(ordered, asked, scopes, least_values)
    wanted, lookup = code_values(calls.signatures.lookup[asked.signature[row]], len(calls.lookups.function))
    shapes = find_shapes(calls.lookups, wanted)
    _, group = code_values(asker * len(wanted) + shapes.shape[lookup], len(asked.scope) * len(wanted))
    large = np.flatnonzero(_is_frequent(group, least_values))
    large = large[stable_order(group[large], len(group))]
    sets = find_sets(_build_table(shapes, lookup[large], group[large]), least_values)

    # Groups are numbered by their first calls: nothing may depend on hashes.
    set_of_row = np.full(len(asked.scope), NO_SET, np.int32)
    set_of_row[row[large]] = sets.set_of_row
    first_of_row = np.empty(len(asked.scope), np.int64)
    first_of_row[asked.row_of_place[::-1]] = np.arange(len(ordered) - 1, -1, -1)
    in_set = np.flatnonzero(set_of_row != NO_SET)
    first = np.full(len(sets.varying_of_set), len(ordered), np.int64)
    np.minimum.at(first, set_of_row[in_set], first_of_row[in_set])
    order = np.argsort(first)
    # The last one is for NO_SET.
    group_of_set = np.append(np.argsort(order), NO_GROUP).astype(np.int32)
    group_of_row = group_of_set[set_of_row]
    group_of_place = group_of_row[asked.row_of_place]
    first = first[order]
    is_avoidable = np.zeros(len(ordered), np.bool_)
    is_avoidable[first_of_row[in_set]] = True
    is_avoidable[first] = False
    columns = (calls.elapsed_ns[ordered.row], calls.resolution_ns[ordered.row])
    elapsed_ns, resolution_ns = (sum_by(group_of_place + 1, column, len(first) + 1)[1:] for column in columns)
    return FanOutGroups(
        shapes=shapes,
        varying=sets.varying,
        shape=shapes.shape[np.searchsorted(wanted, ordered.lookup[first])],
        caller=calls.signatures.caller[ordered.signature[first]],
        varying_code=sets.varying_of_set[order],
        process=ordered.process[first],
        parent=ordered.parent[first],
        is_low=~ordered.in_tree[first] | (calls.parent[ordered.row[first]] == NO_PARENT),
        distinct_values=np.bincount(group_of_row[in_set], minlength=len(first)),
        calls=np.bincount(group_of_place + 1, minlength=len(first) + 1)[1:],
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
        first=first,
        group_of_place=group_of_place,
        is_avoidable=is_avoidable,
    )


def _code_scopes(ordered: OrderedCalls, least: int) -> tuple[NDArray[np.int64], int]:
    """The scope of each judged call, and how many there are: the parent, else the process.

    Those of fewer than ``least`` calls are all ``NO_SCOPE``, and so is recursion that the tree tells of. Calls of a
    parent that never printed are under it nevertheless.
    """
    processes = len(ordered.calls.processes.name)
    scope = ordered.process.astype(np.int64)
    scopes = processes
    if ordered.in_tree.any():
        is_child = ordered.parent != NOWHERE
        scope[is_child] = processes + ordered.parent[is_child]
        parent = ordered.calls.parent[ordered.row]
        orphan = np.flatnonzero(ordered.in_tree & ~is_child & (parent != NO_PARENT))
        keys = np.stack((ordered.process[orphan].astype(np.int64), parent[orphan]), axis=1)
        distinct, code = np.unique(keys, axis=0, return_inverse=True)
        scope[orphan] = processes + len(ordered) + code
        scopes = processes + len(ordered) + len(distinct)
    frequent = np.bincount(scope, minlength=scopes) >= least
    code = np.where(frequent, np.cumsum(frequent), NO_SCOPE)[scope]
    child = np.flatnonzero(ordered.parent != NOWHERE)
    function = ordered.calls.lookups.function
    recursive = function[ordered.lookup[child]] == function[ordered.lookup[ordered.parent[child]]]
    code[child[recursive]] = NO_SCOPE
    return code, int(np.count_nonzero(frequent)) + 1


def _list_asked(ordered: OrderedCalls, scope: NDArray[np.int64], scopes: int) -> _Asked:
    signatures = max(len(ordered.calls.signatures.lookup), 1)
    distinct, row = code_values(scope * signatures + ordered.signature, scopes * signatures)
    return _Asked(row, *np.divmod(distinct, signatures))


def _find_askers(
    ordered: OrderedCalls, asked: _Asked, scopes: int, least: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The rows in which a caller asks enough of another function, and a number of scope, caller and function."""
    signatures = ordered.calls.signatures
    function = ordered.calls.lookups.function[signatures.lookup]
    row = np.flatnonzero((asked.scope != NO_SCOPE) & (signatures.caller != function)[asked.signature])
    names = len(ordered.calls.names) + 1
    edges, edge = code_values(function.astype(np.int64) * names + signatures.caller + 1, names * names)
    key = asked.scope[row] * len(edges) + edge[asked.signature[row]]
    _, asker = code_values(key, scopes * len(edges))
    enough = _is_frequent(asker, least)
    return row[enough], asker[enough].astype(np.int64)


def _is_frequent(codes: NDArray[np.integer], least: int) -> NDArray[np.bool_]:
    """Whether each code occurs at least so often."""
    return np.bincount(codes)[codes] >= least if len(codes) else np.zeros(0, np.bool_)


def _build_table(shapes: Shapes, lookup: NDArray[np.int32], group: NDArray[np.int32]) -> Table:
    """The parameters of the rows' lookups (as indices into those of ``shapes``), group by group."""
    names = sorted({name for names in shapes.param_names for name in names})
    rank = {name: index for index, name in enumerate(names)}
    ranks = np.array([rank[name] for names in shapes.param_names for name in names], np.int64)
    width = np.array([len(names) for names in shapes.param_names], np.int64)
    first_of_group = np.flatnonzero(np.diff(group, prepend=-1))
    shape = shapes.shape[lookup[first_of_group]]
    return Table(
        rows=np.diff(first_of_group, append=len(group)),
        fields=width[shape],
        value=shapes.param_hash[spread((np.cumsum(shapes.params) - shapes.params)[lookup], shapes.params[lookup])],
        name_rank=ranks[spread((np.cumsum(width) - width)[shape], width[shape])],
    )


def list_fanouts(
    ordered: OrderedCalls, fanouts: FanOutGroups, shown: Shown | None = None, limit: int = ROW_LIMIT
) -> Rows[FanOut]:
    """One row per fan-out, by avoidable calls; ties by function, caller and names, then by the first call."""
    ranked = _rank_groups(ordered, fanouts)
    if shown is not None:
        is_shown = np.zeros(len(fanouts) + 1, bool)
        is_shown[fanouts.group_of_place[shown.places]] = True
        ranked = ranked[is_shown[ranked]]
    kept = ranked[:limit]
    # The last one is for NO_GROUP.
    row_of_group = np.full(len(fanouts) + 1, NO_GROUP, np.int32)
    row_of_group[kept] = np.arange(len(kept))
    row = row_of_group[fanouts.group_of_place]
    place = np.flatnonzero(row != NO_GROUP)
    place = place[stable_order(row[place], len(kept))]
    members = np.split(place, np.cumsum(fanouts.calls[kept])[:-1])
    rows = [_describe(ordered, fanouts, group, own) for group, own in zip(kept.tolist(), members, strict=False)]
    return Rows(len(ranked), tuple(rows))


def _rank_groups(ordered: OrderedCalls, fanouts: FanOutGroups) -> NDArray[np.intp]:
    shapes = fanouts.shapes
    kinds, kind = np.unique(
        np.stack((fanouts.shape, fanouts.caller, fanouts.varying_code), axis=1), axis=0, return_inverse=True
    )
    names = [
        (
            shapes.function[shape],
            caller_rank(ordered.calls.name(caller)),
            shapes.param_names[shape],
            fanouts.varying[code],
        )
        for shape, caller, code in kinds.tolist()
    ]
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return np.lexsort((rank[kind], -fanouts.distinct_values))


def _describe(ordered: OrderedCalls, fanouts: FanOutGroups, group: int, places: NDArray[np.intp]) -> FanOut:
    calls = ordered.calls
    shape, parent = int(fanouts.shape[group]), int(fanouts.parent[group])
    varying = fanouts.varying[fanouts.varying_code[group]]
    params = calls.params_of(int(ordered.lookup[places[0]]))
    elapsed_ns = int(fanouts.elapsed_ns[group])
    return FanOut(
        function=fanouts.shapes.function[shape],
        caller=calls.name(int(fanouts.caller[group])),
        fixed_params=tuple(param for position, param in enumerate(params) if position not in varying),
        varying_params=fanouts.varying_params(group),
        distinct_values=int(fanouts.distinct_values[group]),
        calls=int(fanouts.calls[group]),
        avoidable_calls=int(fanouts.distinct_values[group]) - 1,
        parent=None if parent == NOWHERE else ordered.reference(parent),
        parent_function=None if parent == NOWHERE else calls.names[calls.lookups.function[ordered.lookup[parent]]],
        process=int(fanouts.process[group]),
        elapsed_ns=elapsed_ns,
        elapsed_upper_ns=elapsed_ns + int(fanouts.resolution_ns[group]),
        confidence="low" if fanouts.is_low[group] else "sure",
        call_references=Rows(len(places), ordered.references(places[:NESTED_ROW_LIMIT])),
    )
