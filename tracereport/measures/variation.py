"""Which rows of a group are equal in all fields but one, or but some that vary one to one: the arithmetic of a fan-out.

Fields are compared by 64 bit hashes, and rows in all fields but some by the sum of their hashes less those of the
others; what is found so is held against the fields themselves. Fields that vary one to one over a whole group are taken
together; of what is left every choice of fields is tried that some of its rows may vary in one to one, the small ones
first, as many as ``_MOST_CHOICES`` allow.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations as choose
from math import comb

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import HASH_LIMIT, code_values, count_up, mix_bits, spread
from tracereport.measures.answers import code_sequences
from tracereport.native.keys import find_distinct
from tracereport.native.pairs import SEVERAL_VARY, find_only_varying

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]

NO_SET = -1

_CELLS_AT_A_TIME = 1 << 19
_MOST_CHOICES = 64
"""Of up to six fields, or bundles of them, every choice; of up to ten any two; of more only single ones."""


class Table(msgspec.Struct, frozen=True, eq=False):
    """Distinct rows, group by group; the rows of a group have the same fields."""

    rows: Counts
    """Per group."""
    fields: Counts
    """Per group: the fields of each of its rows."""
    start: Counts
    """Row by row where its values begin."""
    value: Hashes
    """What stands for each field's value: equal where the values are, and nowhere else. Rows of several groups may have
    theirs in common."""
    name_rank: Counts
    """Group by group the rank of each field's name."""


class Sets(msgspec.Struct, frozen=True, eq=False):
    """Sets of rows that are equal but in the fields that vary; there each row of a set has a value of its own."""

    set_of_row: Counts
    """Per row; ``NO_SET`` where it is in none."""
    varying: tuple[tuple[int, ...], ...]
    """Positions of fields that vary together, the first by name first."""
    varying_of_set: Counts
    """Per set an index into ``varying``."""


class _Columns(msgspec.Struct, frozen=True, eq=False):
    """The fields of a table column by column: one column per group and field."""

    group: Counts
    position: Counts
    start: Counts
    """Where the entries of each column begin."""
    entry_column: Counts
    entry_row: Counts
    entry_hash: Hashes
    """Of value and position together, so that a sum of them tells which fields hold what."""


class _Bundles(msgspec.Struct, frozen=True, eq=False):
    """Columns of a group that vary one to one over all of its rows; group by group in the order of their names."""

    group: Counts
    column: Counts
    """All varying columns, bundle by bundle, each in the order of names."""
    owner: Counts
    """The bundle of each of those columns."""


class _Combinations(msgspec.Struct, frozen=True, eq=False):
    """Columns of a group that may vary together: one or several of its bundles."""

    group: Counts
    rank: Counts
    """By the first column's name and position, then by how many columns there are, then by the others."""
    column: Counts
    """All their columns, combination by combination, each in the order of names."""
    owner: Counts
    """The combination of each of those columns."""
    bundles: Counts
    """How many bundles each is made of."""
    lead: Counts
    """The first columns of the bundles, combination by combination."""


class _Memberships(msgspec.Struct, frozen=True, eq=False):
    """Which sets a row could be in: one entry per row and combination of its group."""

    row: Counts
    combination: Counts
    set: NDArray[np.int32]


def find_sets(table: Table, least: int) -> Sets:
    """The sets of at least ``least`` rows.

    A row that could be in several is in the one of most rows, ties by the name of the first field that varies, then its
    position, then by the number of fields, then by the others. A set that is left with too few rows is none.
    """
    only = find_only_varying(table.rows, table.fields, table.start, table.value)
    # Distinct rows that differ in one field alone are a set as they stand.
    plain = np.flatnonzero((only >= 0) & (table.rows >= least))
    positions = find_distinct(only[plain])
    codes: dict[tuple[int, ...], int] = {(position,): code for code, position in enumerate(positions.tolist())}
    varying_of_set = [np.searchsorted(positions, only[plain])]
    set_of_group = np.full(len(table.rows), NO_SET, np.int64)
    set_of_group[plain] = np.arange(len(plain))
    set_of_row = np.repeat(set_of_group, table.rows)
    first_set = len(plain)
    for rows, part in _cut_table(table, np.flatnonzero(only == SEVERAL_VARY)):
        found = _find_sets_of(part, least)
        set_of_row[rows] = np.where(found.set_of_row == NO_SET, NO_SET, found.set_of_row + first_set)
        code = np.array([codes.setdefault(varying, len(codes)) for varying in found.varying], np.int64)
        varying_of_set.append(code[found.varying_of_set])
        first_set += len(found.varying_of_set)
    return Sets(set_of_row, tuple(codes), np.concatenate(varying_of_set))


def _cut_table(table: Table, groups: NDArray[np.intp]) -> Iterator[tuple[Counts, Table]]:
    """Runs of some groups, so that what is worked on at a time stays small: their rows, and a table of these alone.

    The values of such a table stand row by row.
    """
    cells = np.cumsum((table.rows * table.fields)[groups])
    first_row, first_name = np.cumsum(table.rows) - table.rows, np.cumsum(table.fields) - table.fields
    begin = 0
    while begin < len(groups):
        done = int(cells[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(cells, done + _CELLS_AT_A_TIME, side="right")), begin + 1)
        own = groups[begin:end]
        rows, fields = spread(first_row[own], table.rows[own]), table.fields[own]
        width = np.repeat(fields, table.rows[own])
        yield (
            rows,
            Table(
                rows=table.rows[own],
                fields=fields,
                start=np.cumsum(width) - width,
                value=table.value[spread(table.start[rows], width)],
                name_rank=table.name_rank[spread(first_name[own], fields)],
            ),
        )
        begin = end


def _find_sets_of(table: Table, least: int) -> Sets:
    columns = _arrange_columns(table)
    combinations = _combine_bundles(_bundle_columns(columns, table), columns, table)
    members = _compare_rest(table, columns, combinations)
    members = _keep_large(members, least)
    members = _keep_one_to_one(members, table, columns, combinations)
    members = _choose_largest(members, combinations, int(table.rows.sum()))
    members = _keep_large(_keep_true(members, table, columns, combinations), least)
    sets, code = code_values(members.set, int(members.set.max(initial=-1)) + 1)
    set_of_row = np.full(int(table.rows.sum()), NO_SET, np.int64)
    set_of_row[members.row] = code
    combination_of_set = np.empty(len(sets), np.int64)
    combination_of_set[code] = members.combination
    return Sets(set_of_row, *_name_varying(columns, combinations, combination_of_set))


def _arrange_columns(table: Table) -> _Columns:
    group = np.repeat(np.arange(len(table.rows)), table.fields)
    position = count_up(table.fields)
    rows = table.rows[group]
    column = np.repeat(np.arange(len(group)), rows)
    row = spread((np.cumsum(table.rows) - table.rows)[group], rows)
    value = table.value[table.start[row] + position[column]]
    return _Columns(
        group=group,
        position=position,
        start=np.cumsum(rows) - rows,
        entry_column=column,
        entry_row=row,
        entry_hash=mix_bits(value + position[column].astype(np.uint64)),
    )


def _bundle_columns(columns: _Columns, table: Table) -> _Bundles:
    """Two columns vary one to one if they part the rows alike: if the sums over their parts of equal values agree."""
    key = columns.entry_hash + mix_bits(np.arange(len(columns.group)))[columns.entry_column]
    parts, part = code_values(key, HASH_LIMIT)
    part_rows = np.zeros(len(parts), np.uint64)
    np.add.at(part_rows, part, mix_bits(columns.entry_row))
    column_of_part = np.empty(len(parts), np.int64)
    column_of_part[part] = columns.entry_column
    pattern = np.zeros(len(columns.group), np.uint64)
    np.add.at(pattern, column_of_part, mix_bits(part_rows))

    column = np.flatnonzero(np.bincount(column_of_part, minlength=len(columns.group)) > 1)
    order = np.lexsort((columns.position[column], table.name_rank[column], columns.group[column]))
    column = column[order]
    bundles, bundle = code_values(pattern[column] + mix_bits(columns.group[column]), HASH_LIMIT)
    # Bundles stand in the order of their first columns.
    first = np.full(len(bundles), len(column), np.int64)
    np.minimum.at(first, bundle, np.arange(len(column)))
    lead = np.sort(first)
    owner = np.searchsorted(lead, first[bundle])
    order = np.argsort(owner, kind="stable")
    return _Bundles(group=columns.group[column[lead]], column=column[order], owner=owner[order])


def _combine_bundles(bundles: _Bundles, columns: _Columns, table: Table) -> _Combinations:
    """Every choice of a group's bundles but all of several: those would have become one bundle."""
    counts = np.bincount(bundles.group, minlength=len(table.rows))
    first_bundle = np.cumsum(counts) - counts
    group, bundle, bundle_count = [], [], []
    for count in find_distinct(counts[counts > 0]).tolist():
        own = np.flatnonzero(counts == count)
        sizes, members = _list_choices(count, _MOST_CHOICES)
        group.append(np.repeat(own, len(sizes)))
        bundle_count.append(np.tile(sizes, len(own)))
        bundle.append(np.add.outer(first_bundle[own], members).ravel())
    nothing = np.empty(0, np.int64)
    group_of, bundle_of = np.concatenate([nothing, *group]), np.concatenate([nothing, *bundle])
    bundles_of = np.concatenate([nothing, *bundle_count])
    width = np.bincount(bundles.owner, minlength=len(bundles.group))
    start = np.cumsum(width) - width
    column = bundles.column[spread(start[bundle_of], width[bundle_of])]
    owner = np.repeat(np.repeat(np.arange(len(group_of)), bundles_of), width[bundle_of])
    order = np.lexsort((columns.position[column], table.name_rank[column], owner))
    column = column[order]
    columns_of = np.bincount(owner, minlength=len(group_of))
    key = column[np.cumsum(columns_of) - columns_of]
    rank = np.empty(len(group_of), np.int64)
    # Choices of a group stand in the order of their bundles, which is that of their names.
    order = np.lexsort((np.arange(len(rank)), columns_of, columns.position[key], table.name_rank[key]))
    rank[order] = np.arange(len(rank))
    lead = bundles.column[start[bundle_of]]
    return _Combinations(group_of, rank, column, owner, bundles_of, lead)


@cache
def _list_choices(count: int, most: int) -> tuple[Counts, Counts]:
    """The size of each choice of some of ``count`` things, at most so many, and their members one after the other."""
    choices: list[tuple[int, ...]] = [(index,) for index in range(count)]
    for size in range(2, count):
        if len(choices) + comb(count, size) > most:
            break
        choices += choose(range(count), size)
    choices.sort()
    return np.array([len(own) for own in choices]), np.array([index for own in choices for index in own])


def _compare_rest(table: Table, columns: _Columns, combinations: _Combinations) -> _Memberships:
    """Rows of one set are equal in what a combination leaves of them."""
    whole = np.zeros(int(table.rows.sum()), np.uint64)
    np.add.at(whole, columns.entry_row, columns.entry_hash)
    rows = table.rows[combinations.group]
    combination = np.repeat(np.arange(len(rows)), rows)
    row = spread((np.cumsum(table.rows) - table.rows)[combinations.group], rows)
    rest = whole[row] + mix_bits(np.arange(len(rows)))[combination]
    # The rows of a column stand in the same order as those of its combination.
    lengths = rows[combinations.owner]
    entry = spread(columns.start[combinations.column], lengths)
    own = spread((np.cumsum(rows) - rows)[combinations.owner], lengths)
    np.subtract.at(rest, own, columns.entry_hash[entry])
    return _Memberships(row, combination, code_values(rest, HASH_LIMIT)[1])


def _keep_one_to_one(
    members: _Memberships, table: Table, columns: _Columns, combinations: _Combinations
) -> _Memberships:
    """Leaves out the sets in which some bundle has the same value twice: its rows don't vary one to one."""
    bundles = combinations.bundles[members.combination]
    several = np.flatnonzero(bundles > 1)
    if not len(several):
        return members
    combination, count = members.combination[several], bundles[several]
    lead = combinations.lead[spread((np.cumsum(combinations.bundles) - combinations.bundles)[combination], count)]
    first_row = np.cumsum(table.rows) - table.rows
    row = np.repeat(members.row[several], count)
    entry = columns.start[lead] + row - first_row[columns.group[lead]]
    owner = np.repeat(members.set[several], count)
    values, value = code_values(columns.entry_hash[entry] + mix_bits(owner), HASH_LIMIT)
    set_of_value = np.empty(len(values), np.int64)
    set_of_value[value] = owner
    sets = int(members.set.max()) + 1
    entries = np.bincount(owner, minlength=sets)
    is_one_to_one = np.bincount(set_of_value, minlength=sets) == entries
    kept = is_one_to_one[members.set]
    return _Memberships(members.row[kept], members.combination[kept], members.set[kept])


def _keep_true(members: _Memberships, table: Table, columns: _Columns, combinations: _Combinations) -> _Memberships:
    """Leaves out rows that differ from the first one of their set in other fields, or don't in those that vary.

    Sums of hashes may be equal by chance, or because somebody wants them to be.
    """
    if not len(members.row):
        return members
    group = np.repeat(np.arange(len(table.rows)), table.rows)
    head = np.full(int(members.set.max()) + 1, len(members.row), np.int64)
    np.minimum.at(head, members.set, np.arange(len(members.row)))
    head = head[members.set]
    fields = table.fields[group[members.row]]
    owner, position = np.repeat(np.arange(len(members.row)), fields), count_up(fields)
    value = table.value[spread(table.start[members.row], fields)]
    differs = value != table.value[spread(table.start[members.row[head]], fields)]
    width = int(table.fields.max())
    may_vary = np.zeros(len(combinations.group) * width, bool)
    may_vary[combinations.owner * width + columns.position[combinations.column]] = True
    varies = may_vary[members.combination[owner] * width + position]
    wrong = members.combination != members.combination[head]
    wrong[owner[differs & ~varies]] = True
    column = members.set[owner[varies]].astype(np.int64) * width + position[varies]
    order = np.lexsort((value[varies], column))
    is_again = (np.diff(column[order]) == 0) & (np.diff(value[varies][order].view(np.int64)) == 0)
    wrong[owner[varies][order[1:][is_again]]] = True
    return _Memberships(members.row[~wrong], members.combination[~wrong], members.set[~wrong])


def _keep_large(members: _Memberships, least: int) -> _Memberships:
    large = np.bincount(members.set)[members.set] >= least
    return _Memberships(members.row[large], members.combination[large], members.set[large])


def _choose_largest(members: _Memberships, combinations: _Combinations, rows: int) -> _Memberships:
    """Of the sets that each row could be in the one that it is in."""
    size = np.bincount(members.set)[members.set]
    rank = (size.max(initial=0) - size) * len(combinations.rank) + combinations.rank[members.combination]
    best = np.full(rows, np.iinfo(np.int64).max)
    np.minimum.at(best, members.row, rank)
    chosen = rank == best[members.row]
    return _Memberships(members.row[chosen], members.combination[chosen], members.set[chosen])


def _name_varying(
    columns: _Columns, combinations: _Combinations, combination_of_set: Counts
) -> tuple[tuple[tuple[int, ...], ...], Counts]:
    """The distinct combinations by their positions, and which of them each set has."""
    position = columns.position[combinations.column]
    code = code_sequences(combinations.owner, position, len(combinations.group))
    _, first, varying = np.unique(code[combination_of_set], return_index=True, return_inverse=True)
    ends = np.cumsum(np.bincount(combinations.owner, minlength=len(combinations.group)))
    lengths = np.diff(ends, prepend=0)
    names = tuple(
        tuple(position[ends[index] - lengths[index] : ends[index]].tolist())
        for index in combination_of_set[first].tolist()
    )
    return names, varying
