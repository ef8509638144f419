"""Which rows of a group are equal in all fields but one, or but some that vary one to one: the arithmetic of a fan-out.

Fields are compared by 64 bit hashes, and rows in all fields but some by the sum of their hashes less those of the
others.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.analysis.coding import HASH_LIMIT, code_values, count_up, mix_bits, spread
from tracereport.analysis.repeats import code_sequences

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]

NO_SET = -1

_CELLS_AT_A_TIME = 1 << 19


class Table(msgspec.Struct, frozen=True, eq=False):
    """Distinct rows, group by group; the rows of a group have the same fields."""

    rows: Counts
    """Per group."""
    fields: Counts
    """Per group: the fields of each of its rows."""
    value: Hashes
    """Row by row the hash of each field's value."""
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


class _Combinations(msgspec.Struct, frozen=True, eq=False):
    """Columns of a group that vary one to one, as one."""

    group: Counts
    rank: Counts
    """By the name and the position of their first column."""
    column: Counts
    """All varying columns, combination by combination, each in the order of names."""
    owner: Counts
    """The combination of each of those columns."""


class _Memberships(msgspec.Struct, frozen=True, eq=False):
    """Which sets a row could be in: one entry per row and combination of its group."""

    row: Counts
    combination: Counts
    set: NDArray[np.int32]


def find_sets(table: Table, least: int) -> Sets:
    """The sets of at least ``least`` rows.

    A row that could be in several is in the one of most rows, ties by the name of the first field that varies, then its
    position. A set that is left with too few rows is none.
    """
    set_of_row = np.full(int(table.rows.sum()), NO_SET, np.int64)
    varying_of_set: list[Counts] = []
    codes: dict[tuple[int, ...], int] = {}
    first_row = first_set = 0
    for part in _cut_table(table):
        found = _find_sets_of(part, least)
        own = set_of_row[first_row : first_row + len(found.set_of_row)]
        own[:] = np.where(found.set_of_row == NO_SET, NO_SET, found.set_of_row + first_set)
        code = np.array([codes.setdefault(varying, len(codes)) for varying in found.varying], np.int64)
        varying_of_set.append(code[found.varying_of_set])
        first_row += len(own)
        first_set += len(found.varying_of_set)
    return Sets(set_of_row, tuple(codes), np.concatenate([np.empty(0, np.int64), *varying_of_set]))


def _cut_table(table: Table) -> Iterator[Table]:
    """Runs of whole groups, so that what is worked on at a time stays small."""
    cells = np.cumsum(table.rows * table.fields)
    names = np.cumsum(table.fields)
    start = 0
    while start < len(cells):
        done = int(cells[start - 1]) if start else 0
        end = max(int(np.searchsorted(cells, done + _CELLS_AT_A_TIME, side="right")), start + 1)
        yield Table(
            rows=table.rows[start:end],
            fields=table.fields[start:end],
            value=table.value[done : cells[end - 1]],
            name_rank=table.name_rank[(names[start - 1] if start else 0) : names[end - 1]],
        )
        start = end


def _find_sets_of(table: Table, least: int) -> Sets:
    columns = _arrange_columns(table)
    combinations = _combine_columns(columns, table)
    members = _compare_rest(table, columns, combinations)
    members = _keep_large(members, least)
    members = _keep_large(_choose_largest(members, combinations, int(table.rows.sum())), least)
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
    row_in_group = count_up(rows)
    first_row = np.cumsum(table.rows) - table.rows
    cells = table.rows * table.fields
    first_cell = (np.cumsum(cells) - cells)[group] + position
    value = table.value[first_cell[column] + row_in_group * table.fields[group][column]]
    return _Columns(
        group=group,
        position=position,
        start=np.cumsum(rows) - rows,
        entry_column=column,
        entry_row=first_row[group][column] + row_in_group,
        entry_hash=mix_bits(value + position[column].astype(np.uint64)),
    )


def _combine_columns(columns: _Columns, table: Table) -> _Combinations:
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
    name_rank, position = table.name_rank[column], columns.position[column]
    order = np.lexsort((position, name_rank, pattern[column], columns.group[column]))
    column = column[order]
    is_first = np.ones(len(column), np.bool_)
    same_group = columns.group[column[1:]] == columns.group[column[:-1]]
    is_first[1:] = ~(same_group & (pattern[column[1:]] == pattern[column[:-1]]))
    first = order[is_first]
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((position[first], name_rank[first]))] = np.arange(len(first))
    return _Combinations(group=columns.group[column[is_first]], rank=rank, column=column, owner=np.cumsum(is_first) - 1)


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
