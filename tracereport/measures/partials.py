"""What a measure knows of some of the calls, in a form that adds up: the parts of an input merge in any order.

A *table* holds sums by key. Its keys are names and numbers that mean the same everywhere, so that tables of different
parts add up row by row.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import sum_by
from tracereport.calls.texts import Texts, pack_texts
from tracereport.native.texts import Interner

Array = NDArray[Any]

NO_TEXT = -1
"""The code of a missing text in a key."""


class Column(msgspec.Struct, frozen=True, eq=False):
    """One part of a table's keys: integers, or codes of texts."""

    codes: Array
    texts: tuple[str, ...] | Texts | None = None
    """What the codes stand for, in any order; ``NO_TEXT`` stands for none. Null: the codes are the keys themselves."""

    def decode(self) -> list[str | None]:
        """The texts, one per row."""
        texts = (*(self.texts or ()), None)
        return [texts[code] for code in self.codes.tolist()]

    def pack(self) -> Texts:
        """The texts as a packed column, by code."""
        return self.texts if isinstance(self.texts, Texts) else pack_texts(self.texts or ())


class Table(msgspec.Struct, frozen=True, eq=False):
    """Sums by key: one row per distinct key, in no particular order."""

    key: dict[str, Column]
    sums: dict[str, Array]
    least: dict[str, Array] = msgspec.field(default_factory=dict)
    most: dict[str, Array] = msgspec.field(default_factory=dict)

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self.key.values())).codes)

    def rows(self, *columns: str) -> Iterable[tuple[Any, ...]]:
        """Columns side by side, of keys decoded and of sums as Python's integers."""
        return zip(*(self._list_column(name) for name in columns), strict=True)

    def _list_column(self, name: str) -> list[Any]:
        if name in self.key:
            column = self.key[name]
            return column.codes.tolist() if column.texts is None else column.decode()
        values = next(part[name] for part in (self.sums, self.least, self.most) if name in part)
        return values.tolist()  # type: ignore[no-any-return]

    def take(self, rows: Array) -> "Table":
        """Some rows, chosen by index or mask."""
        return Table(
            key={name: Column(column.codes[rows], column.texts) for name, column in self.key.items()},
            sums={name: values[rows] for name, values in self.sums.items()},
            least={name: values[rows] for name, values in self.least.items()},
            most={name: values[rows] for name, values in self.most.items()},
        )

    def by(self, *names: str) -> "Table":
        """The sums by fewer parts of the key."""
        return group_rows(Table({name: self.key[name] for name in names}, self.sums, self.least, self.most))


def group_rows(table: Table) -> Table:
    """Adds up the rows of equal keys."""
    columns = [column.codes for column in table.key.values()]
    if not len(columns[0]):
        return table
    order = np.lexsort(columns[::-1])
    is_new = np.zeros(len(order), bool)
    is_new[0] = True
    for codes in columns:
        ordered = codes[order]
        is_new[1:] |= ordered[1:] != ordered[:-1]
    if is_new.all():
        return table
    start = np.flatnonzero(is_new)
    group = np.cumsum(is_new) - 1
    return Table(
        key={name: Column(column.codes[order[start]], column.texts) for name, column in table.key.items()},
        sums={name: add_up(group, values[order], len(start)) for name, values in table.sums.items()},
        least={name: np.minimum.reduceat(values[order], start) for name, values in table.least.items()},
        most={name: np.maximum.reduceat(values[order], start) for name, values in table.most.items()},
    )


def add_up(group: Array, values: Array, count: int) -> Array:
    """The sum of the values of each of ``count`` groups, exactly: Python's integers where 64 bits might not do."""
    if values.dtype != object and not (values < 0).any():
        return sum_by(group, values, count)
    total = np.zeros(count, object)
    np.add.at(total, group, values.astype(object))
    return shrink(total)


def shrink(values: Array) -> Array:
    """Python's integers as 64-bit ones where all fit."""
    bound = 1 << 62
    return values.astype(np.int64) if all(-bound < value < bound for value in values.tolist()) else values


def merge_tables(tables: Sequence[Table]) -> Table:
    """The sums of all tables: they have the same columns."""
    if len(tables) == 1:
        return tables[0]
    first = tables[0]

    def join(part: str) -> dict[str, Array]:
        return {name: np.concatenate([getattr(table, part)[name] for table in tables]) for name in getattr(first, part)}

    key = {name: _join_column([table.key[name] for table in tables]) for name in first.key}
    return group_rows(Table(key, join("sums"), join("least"), join("most")))


def _join_column(columns: Sequence[Column]) -> Column:
    if columns[0].texts is None:
        return Column(np.concatenate([column.codes for column in columns]))
    if any(isinstance(column.texts, Texts) for column in columns):
        return _join_packed(columns)
    codes: dict[str, int] = {}
    parts = []
    for column in columns:
        own = [codes.setdefault(text, len(codes)) for text in column.texts or ()]
        parts.append(np.array([*own, NO_TEXT], np.int64)[column.codes])
    return Column(np.concatenate(parts), tuple(codes))


def _join_packed(columns: Sequence[Column]) -> Column:
    """As above, where there may be millions of texts."""
    interner = Interner()
    parts = []
    for column in columns:
        texts = column.pack()
        own = interner.intern(texts.data, texts.offset[:-1], texts.offset[1:])
        parts.append(np.append(own, NO_TEXT).astype(np.int64)[column.codes])
    return Column(np.concatenate(parts), Texts(*interner.finish()))
