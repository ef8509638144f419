"""Where the calls of what is asked again stand: kept in each part, and asked for once it is known what is shown."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import spread
from tracereport.calls.grouping import NESTED_ROW_LIMIT, count_by, reference_limit
from tracereport.calls.texts import Texts, pack_texts
from tracereport.measures.context import Context
from tracereport.model import CallReference
from tracereport.native.keys import group_order, sum_groups
from tracereport.native.texts import Interner

Key = tuple[str, str | None]
"""A lookup's canonical text, and a caller (null where there is none, or where it is of all callers)."""
_CALLER_BITS: Final = 32
"""Of a key of a text and a caller."""


class Postings(msgspec.Struct, frozen=True, eq=False):
    """Where calls stand, by lookup and caller: the first ``NESTED_ROW_LIMIT`` of each, in the order of the input."""

    lookup: NDArray[np.int64]
    """Per lookup and caller: index into ``texts``."""
    texts: Texts
    caller: NDArray[np.int64]
    """Per lookup and caller: index into ``callers``, ``NO_NAME`` for a missing one."""
    callers: tuple[str, ...]
    calls: NDArray[np.int64]
    """Per lookup and caller: how many there are."""
    kept: NDArray[np.int64]
    """Per lookup and caller: how many of them are in the columns below, one after the other."""
    process: NDArray[np.int64]
    number: NDArray[np.int64]
    line: NDArray[np.int64]


def post(context: Context, places: NDArray[np.intp]) -> Postings:
    """Where the calls of these places stand."""
    calls, ordered = context.calls, context.ordered
    width = len(calls.names) + 1
    pair = ordered.lookup[places].astype(np.int64) * width + calls.signatures.caller[ordered.signature[places]] + 1
    order = group_order(pair)
    distinct, index = _renumber(pair[order])
    size = count_by(index, len(distinct))
    kept_size = np.minimum(size, NESTED_ROW_LIMIT)
    chosen = ordered.rows(places[order[spread(np.cumsum(size) - size, kept_size)]])
    lookups, lookup = np.unique(distinct // width, return_inverse=True)
    return Postings(
        lookup=lookup,
        texts=calls.lookups.text.take(lookups),
        caller=distinct % width - 1,
        callers=calls.names,
        calls=size,
        kept=kept_size,
        process=context.process_key(calls.process[chosen]),
        number=calls.number[chosen],
        line=calls.line[chosen],
    )


def _renumber(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct ones of codes in ascending order, and which of them each is."""
    is_new = np.ones(len(codes), bool)
    is_new[1:] = codes[1:] != codes[:-1]
    return codes[is_new], np.cumsum(is_new) - 1


class Located(msgspec.Struct, frozen=True):
    """What one caller calls of one row, in the whole input."""

    caller: str | None
    calls: int
    references: tuple[CallReference, ...]
    """The first ones, as many as the row shows."""


def collect(parts: Iterable[Postings], wanted: Sequence[Key], *, of_all_callers: bool) -> list[list[Located]]:
    """The calls of the wanted rows, caller by caller.

    Args:
        parts: of the input, in its order.
        wanted: the rows, each once, in their order; further down fewer calls are shown.
        of_all_callers: whether a row is of all callers, whatever it says.
    """
    finder = _Finder(wanted, of_all_callers=of_all_callers)
    found = _join([finder.choose(postings) for postings in parts]) if wanted else None
    rows: list[list[Located]] = [[] for _ in wanted]
    if found is None or not len(found.row):
        return rows
    order = group_order(found.row << _CALLER_BITS | found.caller)
    row, caller = found.row[order], found.caller[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (row[1:] != row[:-1]) | (caller[1:] != caller[:-1])
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(is_new) - 1
    first = np.flatnonzero(is_new)
    calls = sum_groups(group, found.calls, len(first))
    held = count_by(np.repeat(group, found.kept), len(first))
    shown = np.minimum(held, finder.limit[row[first]])
    chosen = group_order(np.repeat(group, found.kept))[spread(np.cumsum(held) - held, shown)]
    columns = zip(*(column[chosen].tolist() for column in (found.process, found.number, found.line)), strict=True)
    references = [CallReference(process=process, number=number, line=line) for process, number, line in columns]
    names = list(finder.callers)
    ends = np.cumsum(shown).tolist()
    groups = zip(row[first].tolist(), caller[first].tolist(), calls.tolist(), [0, *ends[:-1]], ends, strict=True)
    for own_row, own_caller, count, start, end in groups:
        rows[own_row].append(Located(names[own_caller], count, tuple(references[start:end])))
    return rows


class _Chosen(msgspec.Struct, frozen=True, eq=False):
    """The wanted pairs of a row and a caller, and where their calls stand."""

    row: NDArray[np.int64]
    caller: NDArray[np.int64]
    calls: NDArray[np.int64]
    kept: NDArray[np.int64]
    """Per pair: how many of its calls are in the columns below, one after the other."""
    process: NDArray[np.int64]
    number: NDArray[np.int64]
    line: NDArray[np.int64]


def _join(parts: Sequence[_Chosen]) -> _Chosen | None:
    columns = zip(*map(msgspec.structs.astuple, parts), strict=True)
    return _Chosen(*map(np.concatenate, columns)) if parts else None


class _Finder:
    """Finds wanted rows in parts, whose texts and names have codes of their own.

    Args:
        wanted: the rows.
        of_all_callers: whether a row is of all callers.
    """

    def __init__(self, wanted: Sequence[Key], *, of_all_callers: bool) -> None:
        self.callers: dict[str | None, int] = {}
        """The code of each caller seen so far."""
        self.limit = np.array([reference_limit(row) for row in range(len(wanted))], np.int64)
        self._of_all_callers = of_all_callers
        self._texts = Interner()
        packed = pack_texts(text for text, _ in wanted)
        text = self._texts.intern(packed.data, packed.offset[:-1], packed.offset[1:])
        key = self._key(text, self._code([caller for _, caller in wanted]))
        self._row = group_order(key)
        self._key_of_row = key[self._row]

    def choose(self, postings: Postings) -> _Chosen:
        """The wanted pairs of a part."""
        texts = postings.texts
        text = self._texts.find(texts.data, texts.offset[:-1], texts.offset[1:])[postings.lookup]
        pair = np.flatnonzero(text >= 0)
        # A missing caller's index is -1, the last one.
        caller = self._code([*postings.callers, None])[postings.caller[pair]]
        key = self._key(text[pair], caller)
        at = np.minimum(np.searchsorted(self._key_of_row, key), len(self._row) - 1)
        is_wanted = self._key_of_row[at] == key
        pair, row = pair[is_wanted], self._row[at[is_wanted]]
        kept = np.minimum(postings.kept[pair], self.limit[row])
        place = spread((np.cumsum(postings.kept) - postings.kept)[pair], kept)
        columns = (column[place] for column in (postings.process, postings.number, postings.line))
        return _Chosen(row, caller[is_wanted], postings.calls[pair], kept, *columns)

    def _code(self, names: Sequence[str | None]) -> NDArray[np.int64]:
        return np.array([self.callers.setdefault(name, len(self.callers)) for name in names], np.int64)

    def _key(self, text: NDArray[np.int32], caller: NDArray[np.int64]) -> NDArray[np.int64]:
        wide = text.astype(np.int64)
        return wide if self._of_all_callers else wide << _CALLER_BITS | caller
