"""Records as they were split -> codes, and the tables of distinct texts that the codes point to.

Plain texts are interned by the native library. One that it can't read, because a field has no ``=``, a value isn't a
number or escapes are to be undone, meets ``grammar.py``: once per distinct text.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, Lookups, MetricSets, Signatures
from tracereport.calls.coding import spread
from tracereport.calls.constant import is_constant, narrow, shrink
from tracereport.calls.lookup_text import ODD_LOOKUP, decode_lookup, encode_lookup
from tracereport.calls.statements import STATEMENT, find_subjects
from tracereport.calls.texts import Texts, pack_texts
from tracereport.native.codes import PairTable, renumber
from tracereport.native.metrics import MISSING, MetricCodes, MetricTable
from tracereport.native.split import Records
from tracereport.native.texts import Interner, KeptTexts, find_byte
from tracereport.sources.perf_trace.chunks import Chunk
from tracereport.sources.perf_trace.grammar import (
    RESERVED_RULES,
    MetricFields,
    RecordText,
    parse_metrics,
    parse_signature,
)
from tracereport.sources.perf_trace.reading import Columns
from tracereport.sources.perf_trace.remarks import Remarks, make_remarks

Buffer = bytes | NDArray[np.uint8]


class Tables(msgspec.Struct, frozen=True, eq=False):
    """What the codes of all records stand for, and the codes that point into these tables."""

    names: tuple[str, ...]
    lookups: Lookups
    resources: tuple[str, ...]
    signatures: Signatures
    metric_sets: MetricSets
    signature: NDArray[np.int32]
    """Per record, as all that follow."""
    metric_set: NDArray[np.int32]
    remark: NDArray[np.int32]
    """Index into the remarks."""
    remarks: Remarks


class Encoder:
    """Codes the records of any number of chunks, whichever logs they are of."""

    def __init__(self) -> None:
        self._lookups = Interner()
        self._names = Interner()
        self._pairs = PairTable()
        """A signature is a lookup and a caller's name, ``NO_NAME`` where it has none."""
        self._metrics = MetricTable(RESERVED_RULES)
        self._reserved = _ReadTexts(self._metrics.reserved)
        self._odd = _ReadTexts(self._metrics.odd)
        self._signatures = tuple(_OddSignatures(self._lookups, self._names, escaped=kind) for kind in (False, True))

    def count_lookups(self) -> int:
        """How many distinct lookups have been coded."""
        return len(self._lookups)

    def encode_chunk(self, chunk: Chunk) -> Columns:
        """The plain records of a chunk."""
        return self._encode(chunk.text, chunk.split.records, chunk.split.lookups)

    def encode_records(self, records: Sequence[tuple[int, RecordText]]) -> Columns:
        """Records that the grammar has cut, each with its line."""
        texts = pack_texts([text for _, record in records for text in (record.signature, record.metrics)])
        line, number, elapsed_ns, resolution_ns = np.array(
            [(line, record.number, record.elapsed_ns, record.resolution_ns) for line, record in records], np.int64
        ).T
        none = np.full(len(records), -1, np.int64)
        rows = Records(
            line=line,
            number=number,
            elapsed_ns=elapsed_ns,
            resolution_ns=resolution_ns,
            signature_start=texts.offset[:-1:2],
            signature_end=texts.offset[1::2],
            caller_start=none,
            caller_end=none,
            lookup_start=none,
            lookup_end=none,
            metrics_start=texts.offset[1::2],
            metrics_end=texts.offset[2::2],
        )
        return self._encode(texts.data, rows, np.empty(0, np.uint8))

    def _encode(self, text: Buffer, records: Records, lookups: NDArray[np.uint8]) -> Columns:
        metrics = self._metrics.intern(text, records.metrics_start, records.metrics_end)
        self._reserved.read_new()
        self._odd.read_new()
        lookup_start, caller_start = records.lookup_start, records.caller_start
        escaped = self._find_escaped(metrics)
        odd = np.flatnonzero((lookup_start < 0) | escaped)
        if len(odd):
            lookup_start, caller_start = lookup_start.copy(), caller_start.copy()
            lookup_start[odd] = caller_start[odd] = -1
        lookup = self._lookups.intern(lookups, lookup_start, records.lookup_end)
        caller = self._names.intern(text, caller_start, records.caller_end)
        for signatures, rows in zip(self._signatures, (odd[~escaped[odd]], odd[escaped[odd]]), strict=True):
            if len(rows):
                slices = records.signature_start[rows], records.signature_end[rows]
                lookup[rows], caller[rows] = signatures.intern(text, *slices)
        metric_set, remark = metrics.metric_set, metrics.reserved
        if self._odd.fields:
            is_odd = metrics.odd >= 0
            metric_set, remark = (np.where(is_odd, -2 - metrics.odd, own) for own in (metric_set, remark))
        # Copies: what is split has room for places, too.
        return Columns(
            line=narrow(records.line.copy()),
            number=narrow(records.number.copy()),
            elapsed_ns=records.elapsed_ns.copy(),
            resolution_ns=_keep(records.resolution_ns),
            signature=self._pairs.intern(lookup, caller),
            metric_set=metric_set.copy(),
            remark=shrink(remark),
            parent=narrow(_keep(self._odd.number("parent", metrics.odd, metrics.parent))),
            activation=narrow(_keep(self._odd.number("activation", metrics.odd, metrics.activation))),
        )

    def _find_escaped(self, metrics: MetricCodes) -> NDArray[np.bool_]:
        """Which records' texts are escaped."""
        found = np.zeros(len(metrics.odd), bool)
        for texts, codes in ((self._reserved, metrics.reserved), (self._odd, metrics.odd)):
            if texts.fields:
                found |= texts.escaped[codes]
        return found

    def finish(self, records: Columns) -> Tables:
        """The tables, in the order in which the records use them; nothing can be encoded any more."""
        signature, used = renumber(records.signature)
        lookup, caller = self._pairs.pairs()[used].T
        lookup, used_lookup = renumber(lookup)
        text = _take_used(Texts(*self._lookups.finish()), used_lookup)
        plain = ~text.starts_with(ODD_LOOKUP)
        function = self._intern_functions(text, plain)
        names, name_code = _sort_names(Texts(*self._names.finish()), (function, caller))
        function, caller = name_code[function], name_code[caller]
        statements = np.flatnonzero(text.holds(STATEMENT))
        subjects = find_subjects(function, names, zip(statements.tolist(), text.take(statements), strict=True))
        remark, used_remarks = renumber(records.remark)
        metric_set, metric_sets = self._finish_metrics(records.metric_set)
        return Tables(
            names=names,
            lookups=Lookups(
                function=function,
                text=text,
                plain=plain,
                kind=subjects.kind,
                resource=subjects.resource,
                values_known=np.ones(len(text), bool),
            ),
            resources=subjects.resources,
            signatures=Signatures(caller=caller, lookup=lookup),
            metric_sets=metric_sets,
            signature=signature,
            metric_set=metric_set,
            remark=remark,
            remarks=make_remarks([self._fields_of(code) for code in used_remarks.tolist()]),
        )

    def _fields_of(self, remark: int) -> MetricFields:
        if remark == -1:
            return parse_metrics("")
        return self._odd.fields[-2 - remark] if remark < -1 else self._reserved.fields[remark]

    def _intern_functions(self, text: Texts, plain: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Of each lookup the code of its function's name."""
        function = self._names.intern(text.data, text.offset[:-1], find_byte(text.data, text.offset, "|"))
        odd = np.flatnonzero(~plain)
        if len(odd):
            function[odd] = _intern(self._names, [decode_lookup(own)[0] for own in text.take(odd)])
        return function

    def _finish_metrics(self, codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], MetricSets]:
        """The sets in the order of their first use, and which each record has."""
        offset, name, value = self._metrics.finish()
        names = Texts(*self._metrics.names.copy()).to_list()
        if self._odd.fields:
            name_code = {own: code for code, own in enumerate(names)}
            fields = [own.metrics for own in self._odd.fields]
            more = [(name_code.setdefault(own, len(name_code)), number) for own, number in chain(*fields)]
            codes = np.where(codes < -1, len(offset) - 3 - codes, codes).astype(np.int32)
            offset = np.concatenate((offset, offset[-1] + np.cumsum([len(metrics) for metrics in fields])))
            name = np.concatenate((name, np.array([code for code, _ in more], np.int32)))
            value = np.concatenate((value, np.array([number for _, number in more], np.uint64)))
            names = list(name_code)
        metric_set, used = renumber(codes)
        if len(used) < len(offset) - 1 or not np.array_equal(used, np.arange(len(used))):
            length = np.diff(offset)[used]
            field = spread(offset[used], length)
            offset, name, value = np.concatenate(([0], np.cumsum(length))), name[field], value[field]
        return metric_set, MetricSets(offset=offset, name=name, value=value, names=tuple(names))


class _ReadTexts:
    """What the grammar reads in texts that the library keeps by code."""

    def __init__(self, kept: KeptTexts) -> None:
        self._kept = kept
        self.fields: list[MetricFields] = []
        self._escaped = bytearray(1)
        self._numbers = {name: array("q", [MISSING]) for name in ("parent", "activation")}

    @property
    def escaped(self) -> NDArray[np.bool_]:
        """Per code whether the record's texts are escaped; the last entry is for the code -1."""
        return np.frombuffer(bytes(self._escaped), np.bool_)

    def read_new(self) -> None:
        """Reads those that were added since."""
        if len(self._kept) == len(self.fields):
            return
        for text in Texts(*self._kept.copy(len(self.fields))):
            read = parse_metrics(text)
            self.fields.append(read)
            self._escaped.insert(-1, "escaped" in read.flags)
            for name, numbers in self._numbers.items():
                numbers.insert(-1, read.numbers.get(name, MISSING))

    def number(self, name: str, code: NDArray[np.int32], others: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each record says; ``others`` is for those without a text among these."""
        if not self.fields:
            return others
        return np.where(code >= 0, np.frombuffer(self._numbers[name].tobytes(), np.int64)[code], others)


class _OddSignatures:
    """Signatures that the grammar has to read, once per distinct text."""

    def __init__(self, lookups: Interner, names: Interner, *, escaped: bool) -> None:
        self._texts = Interner()
        self._lookups = lookups
        self._names = names
        self._is_escaped = escaped
        self._lookup = np.empty(0, np.int32)
        self._caller = np.empty(0, np.int32)

    def intern(
        self, text: Buffer, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The codes of lookup and caller of each slice."""
        code = self._texts.intern(text, start, end)
        new = [parse_signature(own, escaped=self._is_escaped) for own in Texts(*self._texts.copy(len(self._lookup)))]
        if new:
            lookup = _intern(self._lookups, [encode_lookup(own.function, own.params) for own in new])
            caller = _intern(self._names, [own.caller or "" for own in new])
            caller[[own.caller is None for own in new]] = NO_NAME
            self._lookup = np.concatenate((self._lookup, lookup))
            self._caller = np.concatenate((self._caller, caller))
        return self._lookup[code], self._caller[code]


def _keep(column: NDArray[np.int64]) -> NDArray[np.int64]:
    """A copy of a column that is part of a larger array, or one value for all."""
    shrunk = shrink(column)
    return shrunk if is_constant(shrunk) else column.copy()


def _take_used(texts: Texts, used: NDArray[np.int32]) -> Texts:
    """The texts that are used, in this order; where that is all of them as they stand, nothing is copied."""
    if len(used) == len(texts) and np.array_equal(used, np.arange(len(used))):
        return texts
    return texts.take(used)


def _sort_names(texts: Texts, codes: Iterable[NDArray[np.int32]]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The names that are used, sorted, and the new code of each old one; behind them that of ``NO_NAME``."""
    is_used = np.zeros(len(texts) + 1, bool)
    for own in codes:
        is_used[own] = True
    used = np.flatnonzero(is_used[:-1])
    names = texts.take(used).to_list()
    order = sorted(range(len(names)), key=names.__getitem__)
    code = np.full(len(texts) + 1, NO_NAME, np.int32)
    code[used[order]] = np.arange(len(used))
    return tuple(names[index] for index in order), code


def _intern(interner: Interner, texts: Sequence[str]) -> NDArray[np.int32]:
    packed = pack_texts(texts)
    return interner.intern(packed.data, packed.offset[:-1], packed.offset[1:])
