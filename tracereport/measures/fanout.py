"""Fan-outs (N+1): calls of one shape in one scope that one batch could replace.

Questions differ in one parameter, or in several that vary one to one. Where their values weren't recorded, several of
one shape under one parent are too many either way. Writes of one shape are row by row, whatever they write.
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import QUESTION, WRITE
from tracereport.calls.coding import code_tuples, code_values, spread
from tracereport.calls.constant import repeat_value
from tracereport.calls.grouping import count_by
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.calls.statements import STATEMENT
from tracereport.measures.answers import Answers
from tracereport.measures.batched import find_batched_questions, find_batched_writes
from tracereport.measures.fanout_groups import NO_GROUP, FanOutGroups, FoundGroups, describe_groups
from tracereport.measures.few_values import FEWEST_VALUES, Group, count_missing_signs, divide_by_place, tells_places
from tracereport.measures.rows_before import gave_as_many, list_rows
from tracereport.measures.scopes import LIKELY, LOW, NO_SCOPE, Scopes, find_scopes
from tracereport.measures.variation import NO_SET, Table, find_sets
from tracereport.native.codes import take
from tracereport.native.keys import find_distinct, group_order
from tracereport.native.pairs import NO_PAIR, number_pairs
from tracereport.native.tally import find_first_largest

_NOTHING_VARIES: tuple[int, ...] = ()
_JUST_BEFORE = 16
"""So many calls lie at most between the rows and the first of what is asked for each of them."""


def find_fanouts(
    ordered: OrderedCalls, answers: Answers, least_values: NDArray[np.int64], *, tells_few: bool = False
) -> FanOutGroups:
    """Finds the groups of enough distinct values; of calls, where values play no part.

    Args:
        ordered: all calls.
        answers: what their sets of metrics tell.
        least_values: so many are enough, process by process.
        tells_few: fewer are enough where the records tell of a loop over rows.
    """
    limits = find_distinct(least_values).tolist() or [0]
    tells_few = tells_few and tells_places(ordered.calls)
    scopes = find_scopes(ordered, FEWEST_VALUES if tells_few else min(limits))
    found: list[FoundGroups] = []
    for least in limits:
        own = scopes
        if len(limits) > 1:
            is_own = (least_values == least)[ordered.process]
            own = replace(scopes, scope=np.where(is_own, scopes.scope, np.int32(NO_SCOPE)))
        found += [
            _find_loops(ordered, own, least),
            _find_alike(ordered, own, _list_unrecorded(ordered, own), least, by_statement=False),
            _find_row_by_row(ordered, own, least),
        ]
    if scopes.is_run_alone is not None and scopes.is_run_alone.any():
        scopes, over_runs = _find_over_runs(ordered, scopes, found, limits, least_values)
        found += over_runs
    enough, unproven = sum(len(own.varying) for own in found), np.empty(0, np.int32)
    if tells_few:
        few, unproven = _find_few(ordered, scopes, found)
        found += few
    return describe_groups(ordered, answers, scopes, found, enough, unproven)


def _find_over_runs(
    ordered: OrderedCalls,
    scopes: Scopes,
    found: Sequence[FoundGroups],
    limits: Sequence[int],
    least_values: NDArray[np.int64],
) -> tuple[Scopes, list[FoundGroups]]:
    """Groups of a whole unit, of calls that no more than their runs are known of, and which are in no group of these.

    Returns:
        The scopes, in which these calls are no longer certain, and the groups.
    """
    is_left = np.array(scopes.is_run_alone)
    for own in found:
        is_left &= own.group == NO_GROUP
    over_runs: list[FoundGroups] = []
    for least in limits:
        is_own = is_left & (least_values == least)[ordered.process]
        scope = np.where(is_own, ordered.unit + np.int32(1), np.int32(NO_SCOPE))
        unit = replace(scopes, scope=scope, count=len(ordered.units) + 1, certainty=np.full(len(scope), LOW))
        over_runs += [_find_loops(ordered, unit, least), _find_row_by_row(ordered, unit, least)]
    certainty = scopes.certainty.copy()
    for own in over_runs:
        # The last one is for NO_GROUP.
        of_group = np.append(np.where(_follow_rows(ordered, own), LIKELY, LOW), [LOW])
        certainty = np.where(own.group == NO_GROUP, certainty, of_group[own.group])
    return replace(scopes, certainty=certainty), over_runs


def _follow_rows(ordered: OrderedCalls, found: FoundGroups) -> NDArray[np.bool_]:
    """Whether a question just before each group gave as many rows as it has values, or calls: it is over these."""
    count, first = len(found.varying), _list_first(ordered, found)
    follows = np.zeros(count, bool)
    rows = list_rows(ordered)
    if rows is not None:
        for wanted in (count_by(found.group, count, found.is_distinct), count_by(found.group, count)):
            follows |= gave_as_many(ordered, rows, first, wanted, _JUST_BEFORE)
    return follows


def _find_few(
    ordered: OrderedCalls, scopes: Scopes, enough: Sequence[FoundGroups]
) -> tuple[list[FoundGroups], NDArray[np.int32]]:
    """Groups of fewer values that are proven, among calls that are in none yet; the first calls of unproven ones."""
    is_taken = np.zeros(len(ordered), bool)
    for found in enough:
        is_taken |= found.group != NO_GROUP
    own = divide_by_place(ordered, scopes, is_taken)
    varying, unproven = _keep_proven(ordered, scopes, _find_loops(ordered, own, FEWEST_VALUES))
    alike, _ = _keep_proven(ordered, scopes, _find_row_by_row(ordered, own, FEWEST_VALUES))
    return [varying, alike], unproven


def _keep_proven(ordered: OrderedCalls, scopes: Scopes, found: FoundGroups) -> tuple[FoundGroups, NDArray[np.int32]]:
    """The groups that are proven, and the places of the first calls of those that lack one sign."""
    count, first = len(found.varying), _list_first(ordered, found)
    values = count_by(found.group, count, found.is_distinct)
    missing = count_missing_signs(ordered, scopes, Group(first, values, count_by(found.group, count)))
    return _keep(found, missing == 0), first[missing == 1]


def _find_loops(ordered: OrderedCalls, scopes: Scopes, least: int) -> FoundGroups:
    """Questions that differ in a value, without those that ask for many, or for a page, each."""
    found = _find_varying(ordered, scopes, least)
    varying, first = found.varying.tolist(), _list_first(ordered, found)
    batched, ranges = find_batched_questions(ordered, found.group, first, lambda group: found.choices[varying[group]])
    return _keep(replace(found, is_range=ranges), ~batched)


def _find_row_by_row(ordered: OrderedCalls, scopes: Scopes, least: int) -> FoundGroups:
    """Writes of one statement, without those that write many rows each, or the same one again."""
    found = _find_alike(ordered, scopes, np.flatnonzero(ordered.kind == WRITE), least, by_statement=True)
    batched, ranges = find_batched_writes(ordered, found.group, _list_first(ordered, found), least)
    return _keep(replace(found, is_range=ranges), ~batched)


def _list_first(ordered: OrderedCalls, found: FoundGroups) -> NDArray[np.int32]:
    """The place of the first call of each group."""
    nothing = repeat_value(np.int64(0), len(ordered))
    return find_first_largest(found.group, nothing, len(found.varying)).astype(np.int32)


def _keep(found: FoundGroups, is_kept: NDArray[np.bool_]) -> FoundGroups:
    """Some of the groups."""
    if is_kept.all():
        return found
    kept = np.flatnonzero(is_kept)
    # The last one is for NO_GROUP.
    number = np.full(len(is_kept) + 1, NO_GROUP, np.int32)
    number[kept] = np.arange(len(kept))
    group = take(number, found.group)
    return replace(
        found,
        group=group,
        is_distinct=found.is_distinct & (group != NO_GROUP),
        varying=found.varying[kept],
        is_range=None if found.is_range is None else found.is_range[kept],
    )


def _list_unrecorded(ordered: OrderedCalls, scopes: Scopes) -> NDArray[np.intp]:
    """The places of questions without values. Outside of a certain scope nothing can be said of them."""
    known = ordered.calls.lookups.values_known
    if known.all():
        return np.empty(0, np.intp)
    return np.flatnonzero((ordered.kind == QUESTION) & ~take(known, ordered.lookup) & (scopes.certainty != LOW))


def _find_alike(
    ordered: OrderedCalls, scopes: Scopes, place: NDArray[np.intp], least: int, *, by_statement: bool
) -> FoundGroups:
    """Calls of one shape and caller in one scope; of one statement, where that is asked for."""
    calls = ordered.calls
    place = place[scopes.scope[place] != NO_SCOPE]
    if not len(place):
        none = repeat_value(np.int32(NO_GROUP), len(ordered)), repeat_value(np.False_, len(ordered))
        return FoundGroups(*none, np.empty(0, np.int64), ())
    lookups, lookup = np.unique(ordered.lookup[place], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    statements: dict[str | None, int] = {None: 0}
    statement = np.zeros(len(lookups), np.int64)
    if by_statement:
        texts = calls.lookups.text.take(lookups).to_list()
        statement[:] = [statements.setdefault(_read_statement(text), len(statements)) for text in texts]
    _, group = code_tuples(
        (scopes.scope[place], max(scopes.count, 1)),
        (shapes.shape[lookup], max(len(shapes.function), 1)),
        (statement[lookup], len(statements)),
        (calls.signatures.caller[ordered.signature[place]] + 1, len(calls.names) + 1),
    )
    large = _is_frequent(group, least)
    place, group = place[large], group[large]
    distinct, group = code_values(group, int(group.max(initial=0)) + 1)
    group_of_place = np.full(len(ordered), NO_GROUP, np.int32)
    group_of_place[place] = group
    is_distinct = group_of_place != NO_GROUP
    return FoundGroups(group_of_place, is_distinct, np.zeros(len(distinct), np.int64), (_NOTHING_VARIES,))


def _read_statement(text: str) -> str | None:
    if STATEMENT not in text:
        return None
    return next((value for name, value in decode_lookup(text)[1] if name == "sql"), None)


def _find_varying(ordered: OrderedCalls, scopes: Scopes, least: int) -> FoundGroups:
    """Questions of one shape and caller in one scope that differ in one parameter, or some that vary one to one."""
    calls = ordered.calls
    # One row per scope and signature: what is asked again in a scope asks for no value of its own.
    scope = np.where(ordered.is_question & (scopes.scope != NO_SCOPE), scopes.scope, np.int32(NO_PAIR))
    row_of_place, asked = number_pairs(scope, scopes.count, ordered.signature, len(calls.signatures.lookup))
    del scope
    signature = ordered.signature[asked]
    row, asker, askers = _find_askers(ordered, scopes.scope[asked], signature, scopes.count, least)
    wanted, lookup = code_values(calls.signatures.lookup[signature[row]], len(calls.lookups.function))
    shapes = find_shapes(calls.lookups, wanted, with_params=True)
    group, _ = number_pairs(asker, askers, shapes.shape[lookup], len(wanted))
    large = np.flatnonzero(_is_frequent(group, least))
    large = large[group_order(group[large])]
    sets = find_sets(_build_table(shapes, lookup[large], group[large]), least)
    # The last one is for places of no row.
    set_of_row = np.full(len(asked) + 1, NO_GROUP, np.int32)
    set_of_row[row[large]] = np.where(sets.set_of_row == NO_SET, NO_GROUP, sets.set_of_row)
    is_distinct = np.zeros(len(ordered), bool)
    is_distinct[asked[set_of_row[:-1] != NO_GROUP]] = True
    return FoundGroups(take(set_of_row, row_of_place), is_distinct, sets.varying_of_set, sets.varying)


def _find_askers(
    ordered: OrderedCalls, scope: NDArray[np.int32], signature: NDArray[np.int32], scopes: int, least: int
) -> tuple[NDArray[np.intp], NDArray[np.int32], int]:
    """The rows in which a caller asks enough of another function.

    Each with a number of its scope, caller and function; and how many such numbers there are.
    """
    signatures = ordered.calls.signatures
    function = ordered.calls.lookups.function[signatures.lookup]
    names = len(ordered.calls.names) + 1
    edges, edge = code_values(function.astype(np.int64) * names + signatures.caller + 1, names * names)
    asker, first = number_pairs(scope, scopes, edge[signature], len(edges))
    row = np.flatnonzero(_is_frequent(asker, least))
    return row, asker[row], len(first)


def _is_frequent(codes: NDArray[np.integer], least: int) -> NDArray[np.bool_]:
    """Whether each code, from 0 on, occurs at least so often."""
    return take(count_by(codes, int(codes.max(initial=-1)) + 1) >= least, codes)


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
        start=(np.cumsum(shapes.params) - shapes.params)[lookup],
        value=shapes.param_hash,
        name_rank=ranks[spread((np.cumsum(width) - width)[shape], width[shape])],
    )
